"""Intervals of effects and predictions: the base rate of FLIC counts, probabilities next to 0 and 1
keep theirs, a missing error stays missing.
"""

import hashlib
import sys
import warnings
from dataclasses import replace
from decimal import Decimal, localcontext
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq
from scipy.special import expit, logit

import peacestudy as ps
from peacestudy.models import conditional_effects, effects, impute, predict
from peacestudy.models.interpretation.effect_scale import coefficients
from peacestudy.models.interpretation.responses import Category
from peacestudy.models.kernels.flac import fit_flac
from peacestudy.models.kernels.flic import fit_flic

FOLDER = Path(__file__).resolve().parents[2] / "references" / "interval_coverage"
sys.path.insert(0, str(FOLDER))
import interval_coverage  # noqa: E402
from interval_coverage import Cell  # noqa: E402

CLOSED = 1e-9  # relative
AGAIN = 1e-7  # relative; sums are taken in another order on another machine
Z = 1.959963984540054
ENDS = ["estimate", "conf_low", "conf_high"]


def draw(N=160, seed=3):
    rng = np.random.default_rng(seed)
    d = pd.DataFrame(
        {"x": rng.normal(size=N), "m": rng.integers(0, 4, N) * 1.0, "g": np.arange(N) % 20}
    )
    eta = 0.8 * d.x - 0.9 + 0.3 * d.m * d.x
    d["y"] = (rng.random(N) < expit(eta)) * 1
    d["v"] = eta + rng.normal(size=N)
    d["c"] = rng.poisson(np.exp(0.4 * d.x))
    d["o"] = np.digitize(eta + rng.logistic(size=N), [-1, 1])
    d["t"] = rng.integers(1, 7, N)
    d["deaths"] = np.exp(d.v)
    return d


D = draw()


def fit(formula, engine, vcov="classical", data=D, **options):
    cluster = "g" if vcov in ("cluster", "jackknife", "cr2") else None
    return ps.fit(data, ps.ModelSpec("m", formula, engine, vcov, cluster, options))


# ---- the base rate


def test_without_a_term_flic_is_the_observed_share_with_its_binomial_error():
    p, N = D.y.mean(), len(D)
    error = (1 / (N * p * (1 - p))) ** 0.5  # of the logit
    want = expit(logit(p) + np.array([0, -Z, Z]) * error)
    found = fit("y ~ 1", "firth")
    np.testing.assert_allclose(
        effects(found, D, "predictions", scale="flic")[ENDS].iloc[0], want, rtol=CLOSED
    )
    np.testing.assert_allclose(predict(found, D.head(1), "flic")[ENDS].iloc[0], want, rtol=CLOSED)
    robust = effects(fit("y ~ 1", "firth", "hc0"), D, "predictions", scale="flic").iloc[0]
    assert robust.std_error == pytest.approx((p * (1 - p) / N) ** 0.5, rel=CLOSED)


def test_the_mean_of_flic_has_the_error_of_a_sum_of_outcomes():
    found = fit("y ~ x*m", "firth")
    p = predict(found, D, "flic").estimate
    got = effects(found, D, "predictions", scale="flic").iloc[0]
    assert got.estimate == pytest.approx(D.y.mean(), rel=CLOSED)
    assert got.std_error == pytest.approx((p * (1 - p)).sum() ** 0.5 / len(D), rel=CLOSED)


def test_flic_is_an_m_estimate_by_numeric_derivatives():
    """The stacked equations differentiated as they stand, leverages too:
    what the house leaves out is of order 1/N.
    """
    d = draw(1200, 5)
    X, y = np.column_stack([np.ones(len(d)), d.x]), d.y.to_numpy()

    def equations(theta):
        p, q = expit(X @ theta[:2]), expit(theta[2] + d.x.to_numpy() * theta[1])
        W = p * (1 - p)
        h = W * np.einsum("ij,jk,ik->i", X, np.linalg.inv(X.T @ (X * W[:, None])), X)
        return np.column_stack([X * (y - p + h * (0.5 - p))[:, None], y - q])

    est = fit_flic(X[None], y[None], 0)
    firth = fit("y ~ x", "firth", data=d).terms.estimate.to_numpy()
    theta = np.array([*firth, est.beta[0, 0]])
    np.testing.assert_allclose(equations(theta).sum(axis=0), 0, atol=1e-7)
    A = np.column_stack(
        [
            (equations(theta + e).sum(axis=0) - equations(theta - e).sum(axis=0)) / 2e-5
            for e in 1e-5 * np.eye(3)
        ]
    )
    psi = equations(theta)
    V = np.linalg.inv(A) @ psi.T @ psi @ np.linalg.inv(A).T
    got = est.influence[0].T @ est.influence[0]
    scale = np.sqrt(np.diag(V)[[2, 1]])
    np.testing.assert_allclose(
        got / np.outer(scale, scale), V[np.ix_([2, 1], [2, 1])] / np.outer(scale, scale), atol=0.01
    )


def by_refits(d, kind):
    """Intercept and slope of FLIC or FLAC without each cluster, from the definitions."""
    out = []
    for g in np.unique(d.g):
        rest = d[d.g != g]
        X, y = np.column_stack([np.ones(len(rest)), rest.x]), rest.y.to_numpy()
        found = ps.fit(
            rest, ps.ModelSpec("m", "y ~ x", "firth", "classical")
        ).terms.estimate.to_numpy()
        if kind == "flic":
            shift = brentq(
                lambda s, X=X, b=found, y=y: expit(X @ b + s).sum() - y.sum(), -9, 9, xtol=1e-13
            )
            out.append([found[0] + shift, found[1]])
        else:
            out.append(fit_flac(X[None], y[None]).beta[0])
    return np.array(out)


@pytest.mark.parametrize("kind", ["flic", "flac"])
def test_the_jackknife_corrects_anew_without_each_cluster(kind):
    found = fit("y ~ x", "firth", "jackknife")
    c = coefficients(found, kind)
    moved = by_refits(D, kind) - c.b
    V = moved.T @ moved * 19 / 20
    np.testing.assert_allclose(c.V, V, rtol=1e-6)
    got = predict(found, pd.DataFrame({"x": [0.7]}), kind).iloc[0]
    half = Z * (np.array([1, 0.7]) @ V @ np.array([1, 0.7])) ** 0.5
    at = c.b @ [1, 0.7]
    np.testing.assert_allclose(
        got[ENDS].astype(float), expit([at, at - half, at + half]), rtol=1e-6
    )


def test_draws_of_flic_know_the_base_rate_no_better_than_the_delta_method():
    found = fit("y ~ x", "firth", "cluster")
    ask = {"at": {"x": 0.0}, "scale": "flic"}
    delta = effects(found, D, "predictions", **ask).iloc[0]
    drawn = effects(found, D, "predictions", interval="simulation", draws=4000, seed=1, **ask).iloc[
        0
    ]
    assert drawn.std_error == pytest.approx(delta.std_error, rel=0.05)
    assert [drawn.conf_low, drawn.conf_high] == pytest.approx(
        [delta.conf_low, delta.conf_high], abs=0.01
    )


# ---- predict and effects are one

PAIRS = [
    ("linear", "v ~ x*m", "hc1", "response", {}),
    ("linear", "v ~ x*m", "cr2", "response", {}),
    ("logit", "y ~ x*m", "cluster", "response", {}),
    ("firth", "y ~ x*m", "classical", "response", {}),
    ("firth", "y ~ x*m", "classical", "flic", {}),
    ("firth", "y ~ x*m", "hc1", "flic", {}),
    ("firth", "y ~ x*m", "jackknife", "flic", {}),
    ("ridge", "y ~ x*m", "hc0", "response", {"penalty": 1}),
    ("ordered", "o ~ x*m", "cluster", "response", {}),
    ("poisson", "c ~ x*m", "hc1", "response", {}),
    ("negative_binomial", "deaths0 ~ x*m", "classical", "response", {}),
    ("mixed_logit", "y2 ~ x*m", "classical", "average", {"group": "g"}),
    ("mixed_logit", "y2 ~ x*m", "classical", "response", {"group": "g"}),
]


def with_counts_and_groups():
    rng = np.random.default_rng(4)
    d = draw(400, 6)
    d["deaths0"] = rng.negative_binomial(1.2, 1.2 / (1.2 + np.exp(0.5 + 0.3 * d.x)))
    return d.assign(y2=(rng.random(400) < expit(0.6 * d.x + 1.3 * rng.normal(size=20)[d.g])) * 1)


@pytest.mark.parametrize(("engine", "formula", "vcov", "scale", "options"), PAIRS)
def test_a_prediction_is_that_of_effects(engine, formula, vcov, scale, options):
    d = with_counts_and_groups()
    found = fit(formula, engine, vcov, d, **options)
    ask = {"scale": scale} if engine in ("firth", "mixed_logit") else {}
    got = effects(found, d, "predictions", at={"x": [-2.0, 0.3], "m": 2.0}, conf_level=0.9, **ask)
    want = predict(found, pd.DataFrame({"x": [-2.0, 0.3], "m": 2.0}), scale, 0.9)
    np.testing.assert_allclose(got[ENDS], want[ENDS], rtol=1e-8)
    assert (want.conf_low < want.estimate).all() and (want.estimate < want.conf_high).all()


def test_a_mean_over_groups_counts_the_error_of_their_spread():
    d = with_counts_and_groups()
    found = fit("y2 ~ x", "mixed_logit", data=d, group="g")
    b, V = found.terms.estimate.to_numpy(), found.vcov.to_numpy()
    u = np.linspace(-9, 9, 6001)
    weight = np.exp(-(u**2) / 2) / np.exp(-(u**2) / 2).sum()

    def value(theta):
        return logit(expit(theta[0] + 2.5 * theta[1] + theta[2] * u) @ weight)

    g = np.array([(value(b + e) - value(b - e)) / 2e-5 for e in 1e-5 * np.eye(3)])
    assert abs(g[2]) > 0.05  # so that there is something to count
    half = Z * (g @ V @ g) ** 0.5
    got = predict(found, pd.DataFrame({"x": [2.5]}), "average")[ENDS].iloc[0].astype(float)
    np.testing.assert_allclose(got, expit([value(b), value(b) - half, value(b) + half]), rtol=1e-7)


# ---- next to 0 and 1


def exact_logit(eta, low, high):
    """Logit of F(high - eta) - F(low - eta) in 80 digits."""
    with localcontext() as context:
        context.prec = 80
        below, above = ((1 + (Decimal(eta) - Decimal(c)).exp()) ** -1 for c in (low, high))
        p = above - below
        return (p / (1 - p)).ln()


@pytest.mark.parametrize("eta", [-60.0, -12.0, -0.3, 0.4, 5.0, 44.0])
@pytest.mark.parametrize("cuts", [(-1.0, 1.5), (-0.001, 0.001), (-50.0, 48.0)])
def test_the_logit_of_a_middle_category_keeps_its_digits(eta, cuts):
    got = Category(1).predictor(np.array([eta]), np.array(cuts))
    assert got.value[0] == pytest.approx(float(exact_logit(eta, *cuts)), rel=1e-11)
    h = 1e-20
    steps = [(h, 0, 0), (0, h, 0), (0, 0, h)]
    numeric = []
    for moved in steps:
        ends = [
            exact_logit(
                *(Decimal(v) + s * Decimal(e) for v, e in zip((eta, *cuts), moved, strict=True))
            )
            for s in (1, -1)
        ]
        numeric.append(float((ends[0] - ends[1]) / (2 * Decimal(h))))
    found = [got.first[0], *got.by_extra[0]]
    np.testing.assert_allclose(found, numeric, rtol=1e-9, atol=1e-12)


def test_end_categories_are_exact_and_nothing_warns():
    far = pd.DataFrame({"x": [40.0, -45.0, 400.0]})
    found = fit("o ~ x", "ordered", "hc1")
    b, V = found.terms.estimate.to_numpy(), found.vcov.to_numpy()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        got = predict(found, far, "response").set_index(["case", "category"])
        also = effects(found, D, "predictions", at={"x": far.x.tolist()})
        effects(found, D, "comparisons", {"x": (40.0, 41.0)})
        conditional_effects(
            fit("o ~ x*m", "ordered"), D, "x", (30.0, 31.0), "m", [0, 3], near=0, min_cases=1
        )
        effects(found, D, "predictions", at={"x": 40.0}, interval="simulation", draws=200, seed=1)
    assert (got.reason == "").all() and got[ENDS].notna().all(axis=None)
    for case, (category, cut, sign) in ((0, ("0", 1, 1)), (1, ("2", 2, -1))):
        x = far.x[case]
        eta = sign * (b[cut] - b[0] * x)
        g = np.array([-sign * x, *(sign * (np.arange(1, 3) == cut))])
        half = Z * (g @ V @ g) ** 0.5
        row = got.loc[(case, category)]
        assert row[ENDS].tolist() == pytest.approx(
            [np.exp(e) for e in (eta, eta - half, eta + half)], rel=1e-6
        )
    np.testing.assert_allclose(also.estimate, got.estimate, rtol=1e-8)
    # of a probability that is next to nothing the error of its logarithm
    small = also.std_error[0] / also.estimate[0]
    assert np.isfinite(small) and small > 0


FAR = [
    ("logit", "y ~ x", {}, {}),
    ("firth", "y ~ x", {}, {"scale": "response"}),
    ("firth", "y ~ x", {}, {"scale": "flic"}),
    ("poisson", "c ~ x", {}, {}),
    ("ridge", "y ~ x", {"penalty": 1}, {}),
    ("mixed_logit", "y2 ~ x", {"group": "g"}, {"scale": "average"}),
    ("discrete_time", "Surv(t, y) ~ x", {"baseline": "log"}, {"horizon": 3}),
    ("cox", "Surv(t, y) ~ x", {}, {"horizon": 5}),
]


@pytest.mark.parametrize(("engine", "formula", "options", "ask"), FAR)
@pytest.mark.parametrize("kind", ["delta", "simulation"])
def test_a_probability_that_rounds_keeps_its_interval(engine, formula, options, ask, kind):
    d = with_counts_and_groups()
    found = fit(formula, engine, data=d, **options)
    more = {"interval": "simulation", "draws": 200, "seed": 1} if kind == "simulation" else {}
    at = [-30.0, 30.0] if engine != "cox" else [-6.0, 6.0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        got = effects(found, d, "predictions", at={"x": at}, **ask, **more)
        change = effects(found, d, "comparisons", {"x": (at[1], at[1] + 1)}, **ask, **more)
    assert (
        (got.std_error > 0).all()
        and (got.conf_low <= got.estimate).all()
        and (got.estimate <= got.conf_high).all()
    )
    assert not got.note.str.contains("variance").any()
    assert change.estimate[0] != 0 and change.std_error[0] > 0


def test_a_difference_of_probabilities_that_both_round_to_one_is_that_of_their_complements():
    found = fit("y ~ x", "logit")
    b = found.terms.estimate.to_numpy()
    got = effects(found, D, "comparisons", {"x": (50.0, 51.0)}).iloc[0]
    want = expit(-b[0] - 50 * b[1]) - expit(-b[0] - 51 * b[1])
    assert expit(b[0] + 50 * b[1]) == expit(
        b[0] + 51 * b[1]
    ) == 1 and got.estimate == pytest.approx(want, rel=1e-9)
    ratio = effects(found, D, "comparisons", {"x": (50.0, 51.0)}, comparison="ratio").iloc[0]
    assert ratio.statistic == pytest.approx(got.statistic, rel=1e-6)


def test_a_horizon_before_the_first_event_says_that_it_has_no_interval():
    d = D.assign(t=D.t + 10)
    found = fit("Surv(t, y) ~ x", "cox", data=d)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        got = effects(found, d, "predictions", horizon=5.0).iloc[0]
    assert got.estimate == 5 and np.isnan(got.conf_low) and "variance" in got.note


def test_restricted_means_stay_within_their_horizon():
    d = D.assign(y=(D.index % 13 == 0) * 1)
    got = effects(
        fit("Surv(t, y) ~ x", "cox", data=d), d, "predictions", at={"x": [-3.0, 3.0]}, horizon=5.0
    )
    assert ((got.conf_low > 0) & (got.conf_high < 5)).all()


# ---- terms without a standard error


def planted(found, *terms):
    V = found.vcov.copy()
    V.loc[list(terms), :] = np.nan
    V.loc[:, list(terms)] = np.nan
    return replace(found, vcov=V)


def dummies(N=200):
    d = draw(N, 8)
    return d.assign(k=np.array(["a", "b", "c"])[np.arange(N) % 3])


HOLED = [
    ("linear", "v ~ x + C(k)", "hc1", {}, {}),
    ("linear", "v ~ x + C(k)", "cr2", {}, {}),
    ("logit", "y ~ x + C(k)", "hc1", {}, {}),
    ("firth", "y ~ x + C(k)", "cluster", {}, {"scale": "response"}),
    ("firth", "y ~ x + C(k)", "cluster", {}, {"scale": "flic"}),
    ("ordered", "o ~ x + C(k)", "hc1", {}, {}),
    ("poisson", "c ~ x + C(k)", "hc1", {}, {}),
    ("ridge", "y ~ x + C(k)", "hc1", {"penalty": 1}, {}),
]


@pytest.mark.parametrize(("engine", "formula", "vcov", "options", "ask"), HOLED)
def test_what_needs_a_term_without_an_error_has_none_and_the_rest_is_as_it_was(
    engine, formula, vcov, options, ask
):
    d = dummies()
    whole = fit(formula, engine, vcov, d, **options)
    found = planted(whole, "C(k)[c]")
    said = "no standard error, because C(k)[c] has none"
    at = {"x": 0.4, "k": ["a", "b", "c"]}
    before, after = (effects(f, d, "predictions", at=at, **ask) for f in (whole, found))
    needs = after["at"].str.contains("k = c")
    numbers = ["estimate", "std_error", "conf_low", "conf_high"]
    np.testing.assert_allclose(after.loc[~needs, numbers], before.loc[~needs, numbers], rtol=1e-9)
    assert (
        after.loc[needs, numbers[1:]].isna().all(axis=None)
        and after.note[needs].str.startswith(said).all()
    )
    np.testing.assert_allclose(after.estimate, before.estimate, rtol=1e-12)
    averaged = effects(found, d, "predictions", **ask).iloc[0]
    assert np.isnan(averaged.std_error) and said in averaged.note
    rows = pd.DataFrame({"x": 0.4, "k": ["a", "b", "c"]})
    kind = ask.get("scale", "response")
    shown, as_before = predict(found, rows, kind), predict(whole, rows, kind)
    gone = shown.case == 2
    pd.testing.assert_frame_equal(shown[~gone], as_before[~gone])
    assert shown.loc[gone, ENDS[1:]].isna().all(axis=None) and (shown.reason[gone] == said).all()
    assert shown.estimate.notna().all()
    contrast = effects(found, d, "comparisons", {"k": ("a", "b")}, at={"x": 0.4}, **ask)
    assert contrast.std_error.notna().all()
    lost = effects(found, d, "comparisons", {"k": ("a", "c")}, at={"x": 0.4}, **ask)
    assert (
        lost[["std_error", "statistic", "p_value", "conf_low"]].isna().all(axis=None)
        and lost.note.str.startswith(said).all()
    )
    if vcov == "cr2":
        return
    more = {"interval": "simulation", "draws": 300, "seed": 2}
    drawn = effects(found, d, "predictions", at=at, **more, **ask)
    assert (
        drawn.conf_low.isna().tolist() == needs.tolist()
        and drawn.note[needs].str.startswith(said).all()
    )
    np.testing.assert_allclose(drawn.std_error[~needs], before.std_error[~needs], rtol=0.2)


def test_slopes_of_a_linear_model_do_not_need_the_other_terms():
    d = dummies()
    whole = fit("v ~ log(deaths) + square(x) + C(k)", "linear", "hc1", d)
    found = planted(whole, "C(k)[c]")
    assert effects(found, d, "slopes", "x").std_error.notna().all()
    pd.testing.assert_frame_equal(effects(found, d, "slopes"), effects(whole, d, "slopes"))
    interact = fit("v ~ x*C(k) + m", "linear", "hc1", d)
    got = conditional_effects(
        planted(interact, "x:C(k)[c]"),
        d,
        "x",
        "slope",
        "k",
        ["a", "b", "c"],
        near=None,
        min_cases=1,
        difference=("a", "b"),
    )
    assert got.std_error.isna().tolist() == [False, False, True, False]
    assert "no standard error, because x:C(k)[c] has none" in got.note[2]


def test_restricted_means_and_chances_of_periods_pass_it_on():
    d = dummies()
    for engine, more in (("cox", {}), ("discrete_time", {"baseline": "constant"})):
        found = fit("Surv(t, y) ~ x + C(k)", engine, "hc0", d, **more)
        got = effects(
            planted(found, "C(k)[c]"), d, "comparisons", {"k": ("a", "c"), "x": (0, 1)}, horizon=4
        )
        assert (
            got.std_error.isna().all()
            and got.note.str.contains("because C(k)[c] has none", regex=False).all()
        )
    link = effects(
        planted(found, "C(k)[c]"), d, "comparisons", {"k": ("a", "b")}, scale="link"
    ).iloc[0]
    assert link.std_error == pytest.approx(
        found.terms.set_index("term").std_error["C(k)[b]"], rel=1e-9
    )


def test_pooled_effects_pass_it_on():
    d = dummies()
    d["x"] = d.x.where(d.index % 9 > 0)
    filled = impute(d, ["x", "y", "k", "m"], m=3, cycles=1, donors=3, seed=1)
    pooled = ps.fit(filled, ps.ModelSpec("m", "y ~ x + C(k)", "logit", "hc1"))
    found = replace(pooled, fits=tuple(planted(f, "C(k)[c]") for f in pooled.fits))
    got = effects(found, filled, "predictions", at={"x": 0.0, "k": ["b", "c"]})
    want = effects(pooled, filled, "predictions", at={"x": 0.0, "k": ["b", "c"]})
    pd.testing.assert_series_equal(got.iloc[0], want.iloc[0])
    assert got.estimate[1] == pytest.approx(want.estimate[1]) and np.isnan(got.conf_low[1])
    assert got.note[1] == "no standard error, because C(k)[c] has none"


def test_flic_where_a_dummy_is_zero_hardly_depends_on_the_cell_of_the_dummy():
    """The dummy's slope takes up what happens in its cell, so the prediction outside it has the
    error of the other cases alone.
    """
    d = draw(200, 9).assign(
        s=lambda t: (t.index % 5 == 0) * 1.0, y=lambda t: np.where(t.s == 1, 1, t.y)
    )
    row = pd.DataFrame({"x": [0.2], "s": [0.0]})
    found = fit("y ~ x + s", "firth", "hc1", d)
    one = predict(planted(found, "s"), row, "flic").iloc[0]
    alone = predict(fit("y ~ x", "firth", "hc1", d[d.s == 0]), row, "flic").iloc[0]
    widths = [logit(r.conf_high) - logit(r.conf_low) for r in (one, alone)]
    assert widths[0] == pytest.approx(widths[1], rel=0.02)


# ---- a transformed outcome


def test_a_transformed_outcome_is_named_wherever_its_numbers_stand():
    said = "in the unit of log(deaths), the outcome as the formula transforms it, not of deaths"
    found = fit("log(deaths) ~ x*m", "linear", "hc1")
    tables = [
        effects(found, D, "predictions"),
        effects(found, D, "slopes"),
        effects(found, D, "comparisons", {"x": (0, 1)}),
        effects(found, D, "predictions", scale="link"),
        predict(found, D.head(3), "response"),
        predict(found, D.head(3), "link"),
        conditional_effects(found, D, "x", "slope", "m", [0, 2], near=0, min_cases=1),
    ]
    filled = impute(
        D.assign(x=D.x.where(D.index > 20)), ["x", "m", "deaths"], m=2, cycles=1, donors=3, seed=1
    )
    pooled = ps.fit(filled, found.spec)
    tables += [
        effects(pooled, filled, "predictions"),
        predict(pooled, D.head(2), "response"),
        conditional_effects(pooled, filled, "x", "slope", "m", [0, 2], near=0, min_cases=1),
    ]
    for table in tables:
        assert table.note.str.contains(said, regex=False).all()
    root = fit("sqrt(deaths) ~ x", "linear")
    assert (
        "sqrt(deaths)" in effects(root, D, "predictions").note[0]
        and "geometric" not in effects(root, D, "slopes").note[0]
    )
    assert "geometric" in effects(found, D, "predictions").note[0]
    plain = fit("deaths ~ log(deaths2)", "linear", data=D.assign(deaths2=D.deaths + 1))
    assert effects(plain, D.assign(deaths2=D.deaths + 1), "predictions").note[0] == ""


# ---- coverage


@pytest.fixture(scope="module")
def stored():
    return pd.read_csv(FOLDER / "coverage.csv", keep_default_na=False, na_values=["nan"])


def test_the_stored_coverage_is_that_of_the_script():
    script = (FOLDER / "interval_coverage.py").read_bytes()
    assert (FOLDER / "script.sha256").read_text().strip() == hashlib.sha256(script).hexdigest()


@pytest.mark.parametrize(
    "cell", [Cell("firth", "classical", ("response", "flic"), 0.3, 100)], ids=lambda c: c.name
)
def test_a_cell_is_found_again(cell, stored):
    got = interval_coverage.run(cell, interval_coverage.FIRST)
    want = stored[stored.cell == cell.name].reset_index(drop=True)
    for column in ("first_covered", "first_low", "first_high", "truth"):
        np.testing.assert_allclose(got[column], want[column].astype(float), rtol=AGAIN)


CELLS = [
    Cell("firth", "cluster", ("flic",), 0.3, 200),
    Cell("logit", "hc1", ("response",), 0.1, 200),
    Cell("ordered", "classical", ("response",), 0.3, 100, middle=True),
    Cell("linear", "hc1", ("response",), 0.5, 100),
    Cell("poisson", "hc1", ("response",), 2.0, 100),
]


@pytest.mark.parametrize("cell", CELLS, ids=lambda c: c.name)
def test_the_numbers_of_the_simulation_are_those_of_effects(cell):
    x, scale = interval_coverage.covariate(cell.n), cell.scales[0]
    drawn = interval_coverage.draw(cell, x, np.random.default_rng(5))
    keys, truth, values = interval_coverage.by_kernels(cell, scale, [drawn])
    d = interval_coverage.table_of(cell, drawn)
    found = interval_coverage.template(cell, d)
    how = {"scale": scale} if cell.engine == "firth" else {}
    asked = {
        "prediction at 0": ("predictions", None, {"at": {"x": 0.0}}),
        "prediction at 1": ("predictions", None, {"at": {"x": 1.0}}),
        "mean prediction": ("predictions", None, {}),
        "difference": ("comparisons", {"x": (0.0, 1.0)}, {}),
        "ratio": ("comparisons", {"x": (0.0, 1.0)}, {"comparison": "ratio"}),
        "slope": ("slopes", "x", {}),
    }
    for name in dict.fromkeys(name for name, _ in keys):
        kind, what, more = asked[name]
        want = effects(found, d, kind, what, **how, **more)[
            ["estimate", "std_error", "conf_low", "conf_high"]
        ]
        got = values[[key[0] == name for key in keys], 0]
        np.testing.assert_allclose(got, want, rtol=1e-6)
    if cell.engine == "linear":
        assert truth == pytest.approx([0.0, 0.7, 0.0, 0.7, 0.7], abs=1e-12)
