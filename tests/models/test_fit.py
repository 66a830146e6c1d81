"""The verb: specs and tables in, fits out, notes and errors of every degenerate model."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import peacestudy as ps

SAME = 1e-9  # relative; two ways to the same model
ENGINES = [("linear", "v ~ "), ("logit", "y ~ "), ("firth", "y ~ ")]


def draw(seed=0, N=90):
    rng = np.random.default_rng(seed)
    d = pd.DataFrame(
        {
            "a": rng.normal(size=N),
            "b": rng.normal(size=N),
            "k": rng.choice(list("xyz"), N),
            "g": rng.integers(0, 25, N),
        }
    )
    d["y"] = (rng.random(N) < 0.4).astype(int)
    d["v"] = d.a + rng.normal(size=N)
    return d


def spec(formula, engine="linear", vcov="classical", **more):
    return ps.ModelSpec("m", formula, engine, vcov, **more)


def kinds(fit):
    return [n.kind for n in fit.notes]


def test_a_list_of_specs_gives_a_list_of_fits_in_order():
    specs = [
        spec("v ~ a"),
        spec("y ~ a", "logit"),
        spec("y ~ a + b", "firth", "cluster", cluster="g"),
    ]
    fits = ps.fit(draw(), specs)
    assert [f.spec for f in fits] == specs
    for found, one in zip(fits, specs, strict=True):
        pd.testing.assert_frame_equal(found.terms, ps.fit(draw(), one).terms)
    assert ps.fit(draw(), []) == []


def test_a_study_frame_names_its_cases_and_hands_its_notes_on():
    d = draw(N=30).assign(case_id=[f"c{i}" for i in range(30)], a=lambda t: t.a.mask(t.index == 4))
    frame = ps.StudyFrame(d, "treaty", "case_id", notes=(ps.Note("source", "Coded by one coder."),))
    found = ps.fit(frame, spec("v ~ a"))
    assert found.cases[:5] == ("c0", "c1", "c2", "c3", "c5")
    assert found.dropped.case.tolist() == ["c4"]
    assert str(found.notes[0]) == "Coded by one coder."
    pd.testing.assert_frame_equal(found.terms, ps.fit(d, spec("v ~ a")).terms)


@pytest.mark.parametrize(("engine", "left"), ENGINES)
@pytest.mark.parametrize("vcov", ["classical", "hc1", "cluster"])
def test_neither_the_order_of_rows_nor_of_terms_nor_the_index_matters(engine, left, vcov):
    d = draw()
    cluster = "g" if vcov == "cluster" else None
    one = ps.fit(d, spec(left + "a + C(k) + b", engine, vcov, cluster=cluster)).terms.set_index(
        "term"
    )
    order = np.random.default_rng(1).permutation(90)
    other = d.iloc[order].set_index(pd.Index(["same label"] * 90))
    two = ps.fit(other, spec(left + "b + a + C(k)", engine, vcov, cluster=cluster)).terms.set_index(
        "term"
    )
    pd.testing.assert_frame_equal(one, two.loc[one.index], rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize(("engine", "left"), ENGINES)
@pytest.mark.parametrize("vcov", ["classical", "hc1", "cluster"])
@settings(max_examples=8)
@given(power=st.sampled_from([-12, -3, 6, 12]), seed=st.integers(0, 20))
def test_the_unit_of_a_column_changes_its_coefficient_alone(engine, left, vcov, power, seed):
    d, cluster = draw(seed), "g" if vcov == "cluster" else None
    s = spec(left + "a + b", engine, vcov, cluster=cluster)
    one, two = ps.fit(d, s), ps.fit(d.assign(a=d.a * 10.0**power), s)
    unit = np.array([1, 10.0**power, 1])
    for column in ("estimate", "std_error", "conf_low", "conf_high"):
        np.testing.assert_allclose(
            two.terms[column] * unit, one.terms[column], rtol=1e-6, atol=1e-9
        )
    for column in ("statistic", "p_value"):
        np.testing.assert_allclose(two.terms[column], one.terms[column], rtol=1e-6, atol=1e-9)
    assert (two.pseudo_r2, two.r_squared) == pytest.approx(
        (one.pseudo_r2, one.r_squared), rel=1e-8, nan_ok=True
    )


@pytest.mark.parametrize(("engine", "left"), ENGINES)
def test_scale_is_the_same_model(engine, left):
    d = draw()
    plain, scaled = (
        ps.fit(d, spec(left + "a + b", engine)).terms,
        ps.fit(d, spec(left + "scale(a) + b", engine)).terms,
    )
    assert scaled.estimate[1] == pytest.approx(plain.estimate[1] * d.a.std(ddof=1), rel=1e-8)
    assert scaled.p_value[1] == pytest.approx(plain.p_value[1], rel=1e-7)


def test_another_reference_category_is_the_same_model():
    d = draw()
    one = ps.fit(d, spec("y ~ C(k)", "firth")).loglik
    other = ps.fit(d.assign(k=pd.Categorical(d.k, ["z", "y", "x"])), spec("y ~ C(k)", "firth"))
    assert other.terms.term.tolist() == ["Intercept", "C(k)[y]", "C(k)[x]"]
    assert other.loglik == pytest.approx(one, rel=1e-10)


def test_rows_left_out_are_in_dropped_and_in_the_notes():
    d = draw().assign(
        a=lambda t: t.a.mask(t.index.isin([3, 5])), g=lambda t: t.g.astype(float).mask(t.index == 7)
    )
    found = ps.fit(d, spec("v ~ a", vcov="cluster", cluster="g"))
    assert found.n == 87
    assert found.dropped.values.tolist() == [
        [3, "a", "a is missing"],
        [5, "a", "a is missing"],
        [7, "g", "g is missing"],
    ]
    assert "3 row(s) left out" in " ".join(map(str, found.notes))
    pd.testing.assert_frame_equal(
        found.terms,
        ps.fit(d.drop(index=[3, 5, 7]), spec("v ~ a", vcov="cluster", cluster="g")).terms,
    )


def test_separation_stops_a_logit_and_is_the_first_note_of_a_firth():
    d = (
        draw()
        .assign(s=lambda t: (t.index < 9).astype(int))
        .assign(y=lambda t: np.where(t.s == 1, 0, t.y))
    )
    with pytest.raises(
        ps.FitError,
        match=(
            r"m: the outcome is quasi-completely separated by s: .* 9 of 90 rows.*Use engine"
            r" 'firth'"
        ),
    ):
        ps.fit(d, spec("y ~ a + s", "logit"))
    found = ps.fit(d, spec("y ~ a + s", "firth"))
    assert found.notes[0].kind == "separation"
    assert "quasi-completely separated by s" in str(found.notes[0])
    assert np.isfinite(found.terms.drop(columns="term").to_numpy()).all()


def test_complete_separation_is_called_so():
    d = draw().assign(y=lambda t: (t.a > 0.5).astype(int))
    with pytest.raises(
        ps.FitError, match="completely separated by a: it is predicted without error in 90 of 90"
    ):
        ps.fit(d, spec("y ~ a + b", "logit"))
    found = ps.fit(d, spec("y ~ a + b", "firth", "cluster", cluster="g"))
    assert "separated" in str(found.notes[0])
    assert np.isfinite(found.terms["estimate"]).all() and found.terms["std_error"].isna().all()


@pytest.mark.parametrize(("engine", "left"), ENGINES)
def test_no_collinear_model_is_fitted(engine, left):
    d = draw().assign(c=lambda t: t.a - t.b)
    with pytest.raises(ps.FitError, match="'a', 'b', 'c' are exact combinations"):
        ps.fit(d, spec(left + "a + b + c", engine))
    with pytest.raises(ps.FitError, match="the term 'c' is 1 in all 90 rows used"):
        ps.fit(d.assign(c=1.0), spec(left + "a + c", engine))


@pytest.mark.parametrize(("engine", "left"), ENGINES)
def test_a_model_without_slopes_is_fitted(engine, left):
    found = ps.fit(draw(), spec(left + "1", engine))
    assert found.terms.term.tolist() == ["Intercept"]
    assert np.isfinite(found.terms.drop(columns="term").to_numpy()).all()


@pytest.mark.parametrize(("engine", "left"), ENGINES)
@pytest.mark.parametrize(
    "right",
    [
        "0 + a",
        "-1 + C(k)",
        "a:b",
        "a*b - a",
        "a + a",
        "a*C(k)",
        "C(k):a + b",
        "square(a)",
        "0 + a + b",
    ],
)
def test_every_shape_of_formula_is_fitted_by_every_engine(engine, left, right):
    found = ps.fit(draw(), spec(left + right, engine))
    assert found.terms.term.is_unique
    assert np.isfinite(found.terms.drop(columns="term").to_numpy()).all()
    assert (found.terms.conf_low < found.terms.estimate).all()
    assert (found.terms.estimate < found.terms.conf_high).all()


@pytest.mark.parametrize("engine", ["logit", "firth"])
@pytest.mark.parametrize("kind", ["int64", "bool", "boolean", "Int8", "float64", "Float64"])
def test_an_outcome_of_0_and_1_may_have_any_type(engine, kind):
    d = draw()
    found = ps.fit(d.assign(y=d.y.astype(kind)), spec("y ~ a", engine))
    pd.testing.assert_frame_equal(found.terms, ps.fit(d, spec("y ~ a", engine)).terms)
    assert found.n_events == d.y.sum()


@pytest.mark.parametrize("engine", ["logit", "firth"])
def test_another_outcome_is_refused(engine):
    d = draw()
    for values, said in (
        ([1, 2] * 45, "must be 0 or 1; it holds 2"),
        (d.v, "must be 0 or 1"),
        (1, "is 1 in all 90 rows"),
    ):
        with pytest.raises(ps.FitError, match=said):
            ps.fit(d.assign(y=values), spec("y ~ a", engine))
    with pytest.raises(ps.SpecError, match="not numbers"):
        ps.fit(d.assign(y=["yes", "no"] * 45), spec("y ~ a", engine))


def test_an_exact_fit_is_said():
    d = draw().assign(v=lambda t: 1 + 2 * t.a)
    assert "exact_fit" in kinds(ps.fit(d, spec("v ~ a")))
    assert "exact_fit" in kinds(ps.fit(draw().assign(w=lambda t: 3 * t.v), spec("v ~ w + a")))
    assert "exact_fit" not in kinds(ps.fit(draw(), spec("v ~ a")))
    with pytest.raises(ps.FitError, match="completely separated by w"):
        ps.fit(draw().assign(w=lambda t: 3 * t.y), spec("y ~ w + a", "logit"))


def test_conventions_are_said():
    d = draw()
    said = {
        ("linear", "hc1"): "factor N/(N-K) = 1.0227",
        ("linear", "cluster"): "G/(G-1) * (N-1)/(N-K)",
        ("logit", "cluster"): "factor G/(G-1).",
        (
            "firth",
            "cluster",
        ): "bread the inverse information at the Firth estimate, meat the modified scores, Wald z",
        ("firth", "classical"): "p by penalised likelihood ratio, interval by profile",
    }
    for (engine, vcov), text in said.items():
        left = "v ~ " if engine == "linear" else "y ~ "
        found = ps.fit(
            d, spec(left + "a", engine, vcov, cluster="g" if vcov == "cluster" else None)
        )
        assert text in " ".join(map(str, found.notes))
    two = ps.fit(d, spec("v ~ a", vcov="cluster", cluster=["g", "k"]))
    assert f"{d.g.nunique()} of g and 3 of k" in " ".join(map(str, two.notes))


def test_a_fit_is_frozen_and_touches_nothing():
    d = draw()
    before = d.copy()
    found = ps.fit(d, spec("log(square(v)) ~ scale(a) + C(k)", vcov="cluster", cluster="g"))
    pd.testing.assert_frame_equal(d, before)
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.loglik = 0.0


def test_few_cases_are_enough_where_there_are_more_than_terms():
    d = pd.DataFrame({"a": [1.0, 2, 4, 3], "v": [1.0, 3, 2, 5], "y": [0, 1, 0, 1]})
    assert ps.fit(d, spec("v ~ a")).df == 2
    assert ps.fit(d, spec("y ~ a", "firth")).n_events == 2
    with pytest.raises(ps.FitError, match="4 rows cannot give 4 terms"):
        ps.fit(d.assign(b=[1, 0, 0, 0], c=[0, 1, 0, 0]), spec("v ~ a + b + c"))


def test_no_convergence_is_an_error(monkeypatch):
    monkeypatch.setattr("peacestudy.models.kernels.newton.MOST_STEPS", 1)
    for engine in ("logit", "firth"):
        with pytest.raises(ps.FitError, match="m: no convergence after 1 steps"):
            ps.fit(draw(), spec("y ~ a", engine))


def test_every_error_is_one_of_ours():
    d = draw()
    for formula in ("y ~ nope", "y ~", "y ~ k", "y ~ log(a)", "y ~ 0", "C(k) ~ a"):
        with pytest.raises(ps.PeacestudyError):
            ps.fit(d, spec(formula, "logit"))
