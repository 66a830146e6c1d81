"""The verb: every table of every engine, what it says, and what it refuses."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

import peacestudy as ps
from peacestudy.models import diagnose, left_out
from peacestudy.models.diagnosis import Diagnosis
from peacestudy.models.diagnosis.calibration import calibration, wilson


def draw(N=60, seed=2):
    rng = np.random.default_rng(seed)
    d = pd.DataFrame(
        {
            "a": rng.normal(size=N),
            "b": rng.normal(size=N),
            "g": rng.choice(list("pqrstu"), N),
            "h": rng.integers(0, 5, N),
        }
    )
    d["y"] = (rng.random(N) < 1 / (1 + np.exp(-d.a))).astype(int)
    d["v"], d["t"], d["e"] = (
        d.a + rng.normal(size=N),
        rng.integers(1, 7, N),
        (rng.random(N) < 0.7).astype(int),
    )
    return d.set_index(pd.Index([f"c{i}" for i in range(N)]))


def spec(formula, engine="linear", vcov="classical", **more):
    return ps.ModelSpec("m", formula, engine, vcov, **more)


def test_a_linear_model_has_every_table_but_those_of_events():
    fit = ps.fit(draw(), spec("v ~ a + b", vcov="cluster", cluster=["g", "h"]))
    found = diagnose(fit, focus="a", benchmarks=["b"])
    assert isinstance(found, Diagnosis)
    assert (found.calibration, found.events) == (None, None)
    assert set(found.left_out) == {"case", "g", "h"}
    assert set(found.left_out["g"]["left_out"]) == set("pqrstu")
    assert set(found.left_out["h"]["left_out"]) == set(range(5))
    assert (
        found.robustness["term"].tolist()
        == found.collinearity["term"].tolist()
        == found.e_values["term"].tolist()
        == ["a", "b"]
    )
    assert found.benchmarks["strength"].tolist() == [1, 2, 3]
    assert found.cases["case"].tolist() == list(fit.cases)
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.name = "other"
    assert found._repr_html_().count("<tr>") > 9


@pytest.mark.parametrize(
    ("engine", "formula"),
    [
        ("logit", "y ~ a + b"),
        ("firth", "y ~ a + b"),
        ("discrete_time", "Surv(t, e) ~ a + b"),
        ("cox", "Surv(t, e) ~ a + b"),
    ],
)
def test_every_engine_is_diagnosed(engine, formula):
    how = {"vcov": "cluster", "cluster": "g"}
    fit = ps.fit(draw(), spec(formula, engine, **how))
    found = diagnose(fit, by=["g"])
    assert found.robustness is found.benchmarks is None
    assert (found.calibration is None) == (engine == "cox")
    assert found.events["n_slopes"].tolist() == [2]
    assert found.events["n_events"].tolist() == [fit.n_events]
    assert list(found.left_out) == ["g"]
    assert np.isfinite(found.condition_number)
    assert found.e_values["e_value"].ge(1).all()
    assert found.cases["outcome"].sum() == fit.n_events


def test_ranges_name_whom_a_coefficient_hangs_on():
    d = draw()
    d.loc["c7", ["a", "v"]] = [8.0, -20.0]
    fit = ps.fit(d, spec("v ~ a + b"))
    found = diagnose(fit)
    row = found.ranges.set_index("term").loc["a"]
    assert row["without_highest"] == "c7"
    assert row["highest"] == pytest.approx(
        ps.fit(d.drop(index="c7"), spec("v ~ a + b")).terms["estimate"][1], rel=1e-9
    )
    table = left_out(fit)
    assert row["lowest"] == table.loc[table["term"] == "a", "estimate"].min()
    assert row["p_highest"] == table.loc[table["term"] == "a", "p_value"].max()
    assert row["not_fitted"] == 0
    said = " ".join(map(str, found.notes))
    assert "Cook's distance is largest" in said
    assert "for c7." in said
    assert "case c7 moves a slope most when left out: a by" in said


def test_what_cannot_be_fitted_without_one_is_counted_and_said():
    d = draw().assign(s=lambda t: (t.index == "c3").astype(int) + (t.index == "c4"))
    d.loc[["c3", "c4"], "y"] = [1, 0]
    found = diagnose(ps.fit(d, spec("y ~ a + s", "logit")), by=["case"])
    assert found.ranges["not_fitted"].tolist() == [2, 2, 2]
    assert any(
        "Without case c3 nothing can be fitted: m: the outcome is quasi-completely separated by s"
        in str(n)
        for n in found.notes
    )


def test_separation_is_said():
    d = (
        draw()
        .assign(s=lambda t: t.index.isin(["c1", "c2", "c3"]).astype(int))
        .assign(y=lambda t: np.where(t.s == 1, 1, t.y))
    )
    found = diagnose(ps.fit(d, spec("y ~ a + s", "firth")), by=[])
    assert found.notes[0].kind == "separation"
    assert "separated by s" in str(found.notes[0])
    assert (found.left_out, len(found.ranges)) == ({}, 0)


@pytest.mark.parametrize("engine", ["logit", "firth"])
def test_calibration_adds_up(engine):
    d = draw(200)
    fit = ps.fit(d, spec("y ~ a + b", engine))
    table = calibration(fit, 5)
    assert table["n"].tolist() == [40] * 5
    assert (table["predicted"] * table["n"]).sum() == pytest.approx(
        d.y.sum(), rel=1e-7
    )  # the intercept sees to it; with Firth FLIC
    assert (table["observed"] * table["n"]).sum() == pytest.approx(d.y.sum())
    assert table["predicted"].is_monotonic_increasing
    for row in table.itertuples():
        want = proportion_confint(round(row.observed * row.n), row.n, method="wilson")
        assert (row.conf_low, row.conf_high) == pytest.approx(want, rel=1e-9)
    # equal probabilities stay together
    assert len(calibration(ps.fit(d, spec("y ~ C(h)", engine)), 10)) == 5
    assert wilson(0.0, 5)[0] == pytest.approx(0, abs=1e-12)


def test_events_are_those_of_the_rarer_outcome():
    d = draw().assign(y=lambda t: (np.arange(60) < 48).astype(int))
    row = diagnose(ps.fit(d, spec("y ~ a + b", "firth")), by=[]).events.iloc[0]
    assert (row.n_events, row.n_rarer, row.events_per_variable) == (48, 12, 6.0)


@pytest.mark.parametrize(
    ("formula", "engine", "how", "said"),
    [
        ("v ~ a + b", "linear", {"benchmarks": ["b"]}, "benchmarks and focus go together"),
        ("v ~ a + b", "linear", {"focus": "a"}, "benchmarks and focus go together"),
        (
            "y ~ a + b",
            "logit",
            {"focus": "a", "benchmarks": ["b"]},
            "not for this fit of engine 'logit'",
        ),
        ("v ~ a + b", "linear", {"focus": "z", "benchmarks": ["b"]}, "term is 'z'"),
        ("v ~ a + b", "linear", {"by": ["g"]}, "by is 'g'; it must be one of case"),
        ("y ~ a + b", "logit", {"groups": 1}, "groups is 1; write two or more"),
    ],
)
def test_what_there_is_not_is_refused(formula, engine, how, said):
    with pytest.raises(ps.SpecError, match=said):
        diagnose(ps.fit(draw(), spec(formula, engine)), **how)


def test_what_is_no_fit_is_refused():
    with pytest.raises(
        ps.SpecError, match=r"diagnose takes a Fit, as ps.fit gives it, not a DataFrame"
    ):
        diagnose(draw())
    with pytest.raises(ps.SpecError, match="calibration compares probabilities"):
        calibration(ps.fit(draw(), spec("v ~ a")), 5)


def test_markup_in_names_is_escaped():
    d = draw().rename(columns={"b": "<script>b"}).rename(index={"c7": "<b>c7"})
    html = diagnose(ps.fit(d, spec("v ~ a + `<script>b`")))._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;b" in html
