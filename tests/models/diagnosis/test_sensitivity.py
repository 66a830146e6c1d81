"""Robustness values against published ones and against the very
regressions they speak of; E-values against the paper's.
"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import peacestudy as ps
from peacestudy.models.diagnosis.ratio_sensitivity import e_value, e_values
from peacestudy.models.diagnosis.sensitivity import (
    _bounds,
    adjusted,
    benchmarks,
    robustness,
    robustness_value,
)


def spec(formula, engine="linear", vcov="classical", **more):
    return ps.ModelSpec("m", formula, engine, vcov, **more)


def r2(y, X):
    """R2 of y on the columns of X and a constant."""
    X = np.column_stack([np.ones(len(y)), X])
    e = y - X @ np.linalg.lstsq(X, y, rcond=None)[0]
    return 1 - (e**2).sum() / ((y - y.mean()) ** 2).sum()


def partial(y, z, X):
    """Partial R2 of z with y, given X."""
    without, whole = r2(y, X), r2(y, np.column_stack([X, z]))
    return (whole - without) / (1 - without)


def draw(seed, N=120):
    rng = np.random.default_rng(seed)
    x, w = rng.normal(size=(2, N))
    z = rng.normal(size=N)
    d = 0.5 * x + 0.6 * z + 0.3 * w + rng.normal(size=N)
    return pd.DataFrame(
        {"d": d, "x": x, "w": w, "z": z, "y": 1.0 * d + 0.4 * x + 0.7 * z + rng.normal(size=N)}
    )


def test_published_values_darfur():
    """Exposure to violence and attitudes to peace in Darfur: Cinelli and Hazlett (2020), section 5;
    digits of the authors' sensemakr.

    Estimate, error and degrees of freedom by R's lm on the data of that package (1,276 rows), what
    follows from them as its own tests have it (carloscinelli/sensemakr,
    tests/testthat/test-02-darfur.R). This library's fit of those data gives the same.
    """
    estimate, error, df = 0.0973158192850, 0.0232565378098, 783
    t = estimate / error
    assert t**2 / (t**2 + df) == pytest.approx(0.02187, abs=5e-6)
    assert robustness_value(t, df) == pytest.approx(0.13878, abs=5e-6)
    assert robustness_value(t, df, 0.05) == pytest.approx(0.07626, abs=5e-6)
    # a cause once, twice, three times as strong as being a woman
    bounds = [
        (1, 0.00916428667504862, 0.12464092303637, 0.0752202712144491, 0.0218733277437572),
        (2, 0.0183285733500972, 0.249324064199975, 0.0529151723844518, 0.0203500620779637),
        (3, 0.0274928600251459, 0.374050471038094, 0.0303960234641548, 0.0186700648170924),
    ]
    for _, treatment, outcome, want, want_error in bounds:
        assert adjusted(estimate, error, df, treatment, outcome) == pytest.approx(
            (want, want_error), rel=1e-8
        )
    # what the bounds say of the benchmark itself: its share of the treatment, and of the outcome
    # beside the treatment
    of_treatment = bounds[0][1] / (1 + bounds[0][1])
    shared = of_treatment**2 / (1 - of_treatment) ** 2
    of_outcome = bounds[0][2] * (1 - shared) / (1 + np.sqrt(shared)) ** 2
    of_outcome /= 1 + of_outcome
    for k, treatment, outcome, *_ in bounds:
        found = _bounds(of_treatment, of_outcome, k, "d", "x")
        assert found == pytest.approx((treatment, outcome), rel=1e-6)


@pytest.mark.slow(reason="fits 100 generated data sets, 2 s")
@given(st.integers(0, 10**6))
def test_the_adjusted_estimate_is_that_with_the_cause_in_the_model(seed):
    d = draw(seed)
    short, long = ps.fit(d, spec("y ~ d + x + w")), ps.fit(d, spec("y ~ d + x + w + z"))
    b, error = short.terms.loc[1, ["estimate", "std_error"]]
    controls = d[["x", "w"]].to_numpy()
    of_treatment, of_outcome = (
        partial(d.d, d.z, controls),
        partial(d.y, d.z, d[["d", "x", "w"]].to_numpy()),
    )
    found, found_error = adjusted(b, error, short.df, of_treatment, of_outcome)
    want, want_error = long.terms.loc[1, ["estimate", "std_error"]]
    # the formula takes the cause to speak against the estimate; it moves as far the other way
    assert found == pytest.approx(b - np.sign(b) * abs(b - want), rel=1e-7)
    assert found_error == pytest.approx(want_error, rel=1e-7)


@given(st.floats(0.1, 30), st.integers(5, 2000), st.sampled_from([None, 0.05, 0.01]))
def test_a_cause_of_that_robustness_value_does_exactly_what_is_said(t, df, level):
    rv = robustness_value(t, df, level)
    assert 0 <= rv < 1
    if rv == 0:
        assert level is not None
        return
    b, error = adjusted(t, 1.0, df, rv, rv)
    if level is None:
        assert b == pytest.approx(0, abs=1e-9 * max(t, 1))
        return
    from scipy import stats

    critical = stats.t.ppf(1 - level / 2, df - 1)
    if t / np.sqrt(df) <= np.sqrt(df - 1) / critical:  # else the outcome's share alone decides
        assert b / error == pytest.approx(critical, rel=1e-7)


def test_the_table_is_that_of_classical_least_squares():
    d = draw(3)
    plain, robust = (
        robustness(ps.fit(d, spec("y ~ d + x + w", vcov=v))) for v in ("classical", "hc3")
    )
    pd.testing.assert_frame_equal(plain, robust)
    for term in ("d", "x", "w"):
        others = d[[c for c in ("d", "x", "w") if c != term]].to_numpy()
        assert plain.set_index("term").loc[term, "partial_r2"] == pytest.approx(
            partial(d.y, d[term], others), rel=1e-7
        )


@pytest.mark.slow(reason="fits 80 data sets, 2 s")
def test_bounds_hold_for_a_cause_of_that_strength():
    """A cause apart from the other terms, as strong as it happens to be beside x: the treatment's
    share as said, the outcome's below.
    """
    held = 0
    for seed in range(80):
        d, rng = draw(seed), np.random.default_rng(seed + 1)
        w, base = d[["w"]].to_numpy(), np.column_stack([np.ones(len(d)), d.x, d.w])
        z = 0.3 * d.d + rng.normal(0, 0.3) * d.y + rng.normal(size=len(d))
        z = z - base @ np.linalg.lstsq(base, z, rcond=None)[0]
        fit = ps.fit(d, spec("y ~ d + x + w"))
        of_treatment = partial(d.d, z, w) / partial(d.d, d.x, w)
        of_outcome = partial(d.y, z, d[["d", "w"]].to_numpy()) / partial(
            d.y, d.x, d[["d", "w"]].to_numpy()
        )
        try:
            found = benchmarks(fit, "d", ["x"], [of_treatment, max(of_treatment, of_outcome)])
        except ps.FitError:  # stronger than the formula knows
            continue
        held += 1
        assert found["r2_treatment"][0] == pytest.approx(
            partial(d.d, z, d[["x", "w"]].to_numpy()), rel=1e-7
        )
        assert found["r2_outcome"][1] >= partial(d.y, z, d[["d", "x", "w"]].to_numpy()) - 1e-12
        b, error = fit.terms.loc[1, ["estimate", "std_error"]]
        want = adjusted(b, error, fit.df, found["r2_treatment"][0], found["r2_outcome"][0])
        assert (found["estimate"][0], found["std_error"][0]) == pytest.approx(want, rel=1e-9)
    assert held > 40


def test_benchmarks_that_are_none_are_refused():
    fit = ps.fit(draw(1), spec("y ~ d + x + w"))
    assert benchmarks(fit, "d", ["x", "w"], (1, 2)).shape == (4, 10)
    with pytest.raises(ps.SpecError, match="term is 'xx'"):
        benchmarks(fit, "d", ["xx"], (1,))
    with pytest.raises(ps.SpecError, match="terms other than 'd'"):
        benchmarks(fit, "d", ["d"], (1,))
    with pytest.raises(ps.SpecError, match="above zero"):
        benchmarks(fit, "d", ["x"], (0,))
    with pytest.raises(
        ps.FitError,
        match=r"a confounder cannot be 1000 times as strong as 'x'.*Write a smaller strength",
    ):
        benchmarks(fit, "d", ["x"], (1000,))
    for other in (
        ps.fit(draw(1).assign(y=lambda t: t.y > 0), spec("y ~ d", "logit")),
        ps.fit(
            draw(1).assign(v=1.0 + draw(1).index),
            spec("y ~ d", vcov="hc1", options={"weights": "v"}),
        ),
    ):
        with pytest.raises(ps.SpecError, match="without weights"):
            robustness(other)


def test_published_e_values():
    """VanderWeele and Ding (2017): infants not breastfed and deaths by
    respiratory infection, RR 3.9 (1.8 to 8.7).
    """
    assert round(e_value(3.9), 2) == 7.26
    assert round(e_value(1.8), 1) == 3.0
    assert e_value(1 / 3.9) == pytest.approx(e_value(3.9))
    assert e_value(1.0) == 1.0
    for bad in (0.0, -1.0, np.nan):
        with pytest.raises(ps.SpecError, match="a finite number above zero"):
            e_value(bad)


@given(st.floats(1.0001, 50))
def test_an_e_value_explains_the_ratio_away(rr):
    e = e_value(rr)
    # the largest bias of a cause with these two ratios
    assert e * e / (e + e - 1) == pytest.approx(rr, rel=1e-9)


def test_ratios_are_found_as_the_paper_says():
    rng = np.random.default_rng(8)
    d = pd.DataFrame({"a": rng.normal(size=300), "t": rng.integers(1, 9, 300), "e": 1})
    d["y"], d["v"] = (rng.random(300) < 0.4).astype(int), d.a + 3 * rng.normal(size=300)
    d["r"], d["f"] = (rng.random(300) < 0.08).astype(int), (rng.random(300) < 0.1).astype(int)

    def first(formula, engine):
        fit = ps.fit(d, spec(formula, engine))
        return e_values(fit).iloc[0], fit.terms.set_index("term").loc["a"]

    row, b = first("y ~ a", "logit")
    assert (row["by"], row["risk_ratio"]) == (
        "root of the odds ratio",
        pytest.approx(np.exp(b.estimate / 2)),
    )
    row, b = first("r ~ a", "firth")
    assert (row["by"], row["risk_ratio"]) == ("odds ratio", pytest.approx(np.exp(b.estimate)))
    assert row["conf_high"] == pytest.approx(np.exp(b.conf_high))
    row, b = first("Surv(t, f) ~ a", "cox")
    assert (row["by"], row["risk_ratio"]) == ("hazard ratio", pytest.approx(np.exp(b.estimate)))
    row, b = first("Surv(t, e) ~ a", "cox")
    hr = np.exp(b.estimate)
    assert (row["by"], row["risk_ratio"]) == (
        "hazard ratio, events common",
        pytest.approx((1 - 0.5 ** np.sqrt(hr)) / (1 - 0.5 ** np.sqrt(1 / hr))),
    )
    row, b = first("v ~ a", "linear")
    sd = d.v.std()
    assert (row["by"], row["risk_ratio"]) == (
        "difference",
        pytest.approx(np.exp(0.91 * b.estimate / sd)),
    )
    assert row["conf_low"] == pytest.approx(np.exp((0.91 * b.estimate - 1.78 * b.std_error) / sd))
    assert row["e_value_limit"] == pytest.approx(e_value(row["conf_low"]))
    null, _ = first("y ~ a", "logit")
    assert null["conf_low"] < 1 < null["conf_high"]
    assert null["e_value_limit"] == 1.0
