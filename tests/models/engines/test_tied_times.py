"""Survival times with the noise of subtracted decimal years, against R's survival (timefix) and
against times without noise.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import peacestudy as ps
from peacestudy.models.diagnosis.cross_validation import out_of_sample
from peacestudy.models.fit_notes import proportional_hazards
from peacestudy.models.interpretation import kaplan_meier
from peacestudy.models.interpretation.average_effects import effects
from peacestudy.models.missing.hazard import lived_through
from peacestudy.models.missing.imputation import impute

HERE = Path(__file__).resolve().parents[2] / "references" / "cox"
# relative; R was told to stop at 1e-14 of the log-likelihood, which leaves half as many digits to
# the coefficients
R = 1e-7
SAME = 1e-9  # relative; times without noise, measured in another unit
MODELS = {
    "": ("cases", "Surv(years, event) ~ x + z", {}),
    "_strata": ("cases", "Surv(years, event) ~ x + z", {"strata": "region"}),
    "_rows": ("rows", "Surv(start, stop, event) ~ x", {}),
}


@pytest.fixture(scope="module")
def tables():
    return {
        "cases": pd.read_csv(HERE / "ties.csv", skipinitialspace=True),
        "rows": pd.read_csv(HERE / "ties_rows.csv", skipinitialspace=True),
    }


@pytest.fixture(scope="module")
def expected():
    return pd.read_csv(
        HERE / "ties_expected.csv",
        keep_default_na=False,
        dtype={"value": float},
        skipinitialspace=True,
    )


def cox(data, formula, vcov="classical", **options):
    return ps.fit(data, ps.ModelSpec("m", formula, "cox", vcov, options=options))


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("model", MODELS)
def test_cox_is_r_with_timefix(model, ties, tables, expected):
    data, formula, options = MODELS[model]
    fit = cox(tables[data], formula, ties=ties, **options)
    want = expected[expected["model"] == ties + model]
    for quantity in ("estimate", "std_error"):
        values = want[want["quantity"] == quantity]
        assert fit.terms["term"].tolist() == values["term"].tolist()
        assert fit.terms[quantity].to_numpy() == pytest.approx(values["value"].to_numpy(), rel=R)
    assert fit.loglik == pytest.approx(want[want["quantity"] == "loglik"]["value"].iloc[0], rel=R)
    tested = proportional_hazards(fit)["statistic"].to_numpy()
    assert tested == pytest.approx(want[want["quantity"] == "zph"]["value"].to_numpy(), rel=R)
    assert any(
        n.kind == "tied_times" and "distinct times are treated as 1" in n.text for n in fit.notes
    )
    # the noise decides the answer where it is not removed
    noisy = expected[
        (expected["model"] == f"{ties}_noise{model}") & (expected["quantity"] == "estimate")
    ]
    assert abs(fit.terms["estimate"][0] - noisy["value"].iloc[0]) > 0.01


def test_kaplan_meier_is_r(tables, expected):
    d = tables["cases"]
    curve = kaplan_meier(d["years"].to_numpy() * 10, d["event"].to_numpy()).iloc[1:]
    want = expected[expected["model"] == "survfit"]
    for column in ("survival", "at_risk"):
        values = want[want["quantity"] == column]["value"].to_numpy()
        assert curve[column].to_numpy() == pytest.approx(values, rel=1e-12)
    plain = kaplan_meier(d["tenths"].to_numpy(dtype=float), d["event"].to_numpy())
    assert (
        "floating-point noise"
        in kaplan_meier(d["years"].to_numpy() * 10, d["event"].to_numpy()).attrs["notes"][0]
    )
    assert "notes" not in plain.attrs


def test_the_hazard_of_an_imputation_is_r(tables, expected):
    d = tables["cases"]
    hazard, notes = lived_through(d, ("years", "event"), ["years", "event"])
    assert [n.kind for n in notes] == ["tied_times"]
    want = expected[expected["model"] == "nelson_aalen"]
    by_time = dict(zip(want["term"].astype(float).round(1), want["value"], strict=True))
    assert hazard.to_numpy() == pytest.approx([by_time[t / 10] for t in d["tenths"]], rel=1e-12)
    rows = tables["rows"]
    noisy = lived_through(rows, ("start", "stop", "event"), list(rows))[0]
    assert noisy.tolist() == lived_through(rows, ("first", "last", "event"), list(rows))[0].tolist()
    holes = d.assign(x=d["x"].where(d.index % 5 > 0))
    filled = impute(
        holes,
        ["years", "event", "x", "z"],
        m=2,
        cycles=1,
        donors=3,
        seed=1,
        survival=("years", "event"),
    )
    assert "tied_times" in {n.kind for n in filled.notes}
    empty = rows.assign(stop=rows["stop"].where(rows.index > 0, rows["start"] + 1e-12))
    with pytest.raises(ps.FitError, match=r"1 row\(s\) of survival end at their start"):
        lived_through(empty, ("start", "stop", "event"), list(rows))


def test_a_unit_in_two_rows_is_in_a_risk_set_once(tables):
    """Rows cut where nothing changes are the uncut rows, also where the
    two rows write the cut with different noise.
    """
    d, rows = tables["cases"], tables["rows"]
    cut = rows.assign(x=rows["id"].map(d.set_index("id")["x"]))
    for ties in ("efron", "breslow"):
        whole = cox(d, "Surv(tenths, event) ~ x", ties=ties)
        split = cox(cut, "Surv(start, stop, event) ~ x", ties=ties)
        assert split.terms["estimate"][0] == pytest.approx(whole.terms["estimate"][0], rel=SAME)
        assert split.loglik == pytest.approx(whole.loglik, rel=SAME)


def test_an_interval_of_noise_alone_is_refused_by_name(tables):
    """R stops as well: an interval has effective length 0."""
    rows = tables["rows"]
    bad = rows.assign(stop=rows["stop"].where(rows.index != 4, rows["start"] + 1e-12))
    with pytest.raises(
        ps.FitError, match=r"by more than floating-point noise; it is not in 1 row\(s\) \(cases 4: "
    ):
        cox(bad, "Surv(start, stop, event) ~ x")
    assert (
        cox(
            rows.assign(start=rows["start"].where(rows["start"] > 0, -2.8e-17)),
            "Surv(start, stop, event) ~ x",
        ).n
        == 290
    )


@pytest.mark.parametrize("baseline", ["constant", "dummies", "cubic"])
def test_discrete_time_counts_periods_that_are_whole_but_for_noise(baseline, tables):
    d, rows = tables["cases"], tables["rows"]
    noisy = d.assign(periods=d["years"] * 10)
    assert not (noisy["periods"] == noisy["tenths"]).all()
    pairs = [
        (noisy, "Surv(periods, event) ~ x", "Surv(tenths, event) ~ x"),
        (
            rows.assign(a=rows["start"] * 10, b=rows["stop"] * 10),
            "Surv(a, b, event) ~ x",
            "Surv(first, last, event) ~ x",
        ),
    ]
    for data, noise, clean in pairs:
        specs = [
            ps.ModelSpec("m", f, "discrete_time", "hc0", options={"baseline": baseline})
            for f in (noise, clean)
        ]
        found, want = (ps.fit(data, spec) for spec in specs)
        pd.testing.assert_frame_equal(found.terms, want.terms)
        assert "tied_times" in {n.kind for n in found.notes}
        assert "tied_times" not in {n.kind for n in want.notes}
    fits = ps.fit(
        noisy,
        ps.ModelSpec(
            "m", "Surv(periods, event) ~ x", "discrete_time", "hc0", options={"baseline": "cubic"}
        ),
    )
    by_noise = effects(fits, noisy, "comparisons", {"x": (0, 1)}, horizon=3 - 1e-13)
    assert (
        by_noise["estimate"][0]
        == effects(fits, noisy, "comparisons", {"x": (0, 1)}, horizon=3)["estimate"][0]
    )
    with pytest.raises(
        ps.SpecError, match=r"horizon is 3\.001; it must be a whole number of periods"
    ):
        effects(fits, noisy, "comparisons", {"x": (0, 1)}, horizon=3.001)
    with pytest.raises(ps.FitError, match=r"cases 0: 0 to 3\.01"):
        ps.fit(noisy.assign(periods=noisy["periods"].where(d.index > 0, 3.01)), fits.spec)


def test_restricted_means_and_their_horizons(tables):
    d = tables["cases"].assign(tenth=lambda t: t["tenths"] / 10)
    noisy, clean = (cox(d, f"Surv({time}, event) ~ x + z") for time in ("years", "tenth"))
    last = float(d["tenth"].max())
    for horizon in (0.55, last, last * (1 + 1e-13)):
        found, want = (
            effects(f, d, "comparisons", {"x": (0, 1)}, horizon=horizon) for f in (noisy, clean)
        )
        for column in ("estimate", "std_error"):
            assert found[column][0] == pytest.approx(want[column][0], rel=SAME)
    with pytest.raises(ps.FitError, match="no case is observed beyond"):
        effects(noisy, d, "comparisons", {"x": (0, 1)}, horizon=last + 1e-6)


def test_years_of_a_curve_that_are_none_are_refused():
    with pytest.raises(
        ps.FitError,
        match=r"years must be whole, above 0, up to 10,000; 1 of 2 are not \(position 1: 2.5\)",
    ):
        kaplan_meier(np.array([1.0, 2.5]), np.array([1, 0]))
    with pytest.raises(ps.FitError, match=r"years must be whole.*position 0: 2000000000"):
        kaplan_meier(np.array([2e9, 2.0]), np.array([1, 0]))
    with pytest.raises(ps.FitError, match="event must be 0 or 1"):
        kaplan_meier(np.array([1.0, 2.0]), np.array([1, 2]))


def test_a_cut_in_time_is_not_moved_by_noise():
    rng = np.random.default_rng(5)
    d = pd.DataFrame(
        {
            "x": rng.normal(size=60),
            "y": rng.integers(0, 2, 60),
            "when": np.repeat([0.1, 0.2, 0.3], 20),
        }
    )
    noisy = d.assign(when=d["when"].where(d["when"] != 0.2, 0.5 - 0.3 + 3e-13))
    spec = ps.ModelSpec("m", "y ~ x", "firth", "classical")
    one, other = (
        out_of_sample(t, [spec], time=("when", 0.2), draws=2, seed=1).predictions
        for t in (d, noisy)
    )
    pd.testing.assert_frame_equal(one, other)


def test_the_horizon_of_a_discrete_time_model_is_bounded():
    """Two periods at the far end of a long clock: the horizon,
    not the rows, would decide the memory.
    """
    rng = np.random.default_rng(6)
    d = pd.DataFrame(
        {"start": 10**6, "stop": 10**6 + rng.integers(1, 4, 80), "x": rng.normal(size=80)}
    )
    d["event"] = rng.integers(0, 2, 80)
    fit = ps.fit(
        d,
        ps.ModelSpec(
            "m",
            "Surv(start, stop, event) ~ x",
            "discrete_time",
            "hc0",
            options={"baseline": "constant"},
        ),
    )
    with pytest.raises(ps.FitError, match="too many for memory"):
        effects(fit, d, "comparisons", {"x": (0, 1)}, horizon=10**6)
