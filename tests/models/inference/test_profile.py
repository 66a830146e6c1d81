"""Penalised likelihood ratio tests and profile intervals against scipy:
BFGS under a root finder, nothing of ours in it.
"""

import numpy as np
import pandas as pd
import pytest
from firthmodels import FirthLogisticRegression
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq, minimize
from scipy.special import expit
from scipy.stats import chi2

import peacestudy as ps
from peacestudy.models.inference import profile
from peacestudy.models.inference.profile import likelihood_ratio, profile_interval
from peacestudy.models.kernels.firth import fit_firth

RATIO = 1e-6  # of a likelihood ratio, where BFGS stops
END = 1e-5  # of an end in standard errors, as that
ORACLE = 2e-4  # of an end in standard errors, where firthmodels stops


def penalised(b, X, y):
    eta = X @ b
    sign, logdet = np.linalg.slogdet(X.T @ (X * (expit(eta) * expit(-eta))[:, None]))
    return np.inf if sign <= 0 else -(y @ eta - np.logaddexp(0, eta).sum()) - logdet / 2


def score(b, X, y):
    p = expit(X @ b)
    W = p * (1 - p)
    h = W * np.einsum("ni,ij,nj->n", X, np.linalg.inv(X.T @ (X * W[:, None])), X)
    return -X.T @ (y - p + h * (0.5 - p))


def held(X, y, j, value, start):
    """The lowest minus penalised log-likelihood with coefficient j held at a value."""
    free = [i for i in range(X.shape[1]) if i != j]

    def whole(v):
        return np.insert(v, j, value)

    if not free:
        return penalised(np.array([value]), X, y)
    return minimize(
        lambda v: penalised(whole(v), X, y),
        start[free],
        jac=lambda v: score(whole(v), X, y)[free],
        method="BFGS",
        options={"gtol": 1e-8},
    ).fun


def draw(seed, K=3, N=50, rare=False):
    rng = np.random.default_rng(seed)
    x = (rng.random(N) < 0.15).astype(float) if rare else rng.normal(size=N)
    X = np.column_stack([np.ones(N), x, rng.normal(size=(N, 2))])[:, :K]
    y = (rng.random(N) < 0.3).astype(float)
    y[:2] = [0, 1]
    return X, y


def estimate(X, y):
    found = fit_firth(X[None], y[None])
    return found.beta[0], np.sqrt(np.diag(found.classical[0])), found.loglik[0]


@pytest.mark.parametrize("rare", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_tests_are_those_of_scipy(seed, rare):
    X, y = draw(seed, rare=rare)
    b, _, top = estimate(X, y)
    statistic, p = likelihood_ratio(X, y, b)
    want = [2 * (top + held(X, y, j, 0.0, np.zeros(3))) for j in range(3)]
    np.testing.assert_allclose(statistic, want, atol=RATIO)
    np.testing.assert_allclose(p, chi2.sf(statistic, 1), rtol=1e-12)


@pytest.mark.parametrize("level", [0.8, 0.95, 0.999])
@pytest.mark.parametrize("seed", range(4))
def test_ends_are_those_of_scipy(seed, level):
    X, y = draw(seed)
    b, se, top = estimate(X, y)
    found = profile_interval(X, y, b, se, level)
    for j in range(3):
        for side, sign in enumerate((-1, 1)):
            want = brentq(
                lambda t, j=j: 2 * (top + held(X, y, j, t, b)) - chi2.ppf(level, 1),
                b[j],
                b[j] + sign * 8 * se[j],
                xtol=1e-10,
            )
            assert found[j, side] == pytest.approx(want, abs=END * se[j])


@pytest.mark.parametrize("seed", range(5))
def test_ends_are_firthmodels(seed):
    X, y = draw(seed)
    b, se, _ = estimate(X, y)
    oracle = FirthLogisticRegression(gtol=1e-7, xtol=1e-7, max_iter=500, backend="numpy").fit(
        X[:, 1:], y.astype(int)
    )
    # it puts the intercept last
    want = np.roll(oracle.conf_int(method="pl", tol=1e-7, max_iter=500), 1, axis=0)
    np.testing.assert_allclose(
        profile_interval(X, y, b, se, 0.95) / se[:, None], want / se[:, None], atol=ORACLE
    )


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.integers(1, 4), st.booleans())
def test_every_end_lies_on_the_quantile(seed, K, rare):
    X, y = draw(seed, K=K, rare=rare)
    assume(np.linalg.matrix_rank(X) == K)
    b, se, top = estimate(X, y)
    ends = profile_interval(X, y, b, se, 0.95)
    assert ((ends[:, 0] < b) & (b < ends[:, 1])).all()
    for j in range(K):
        for end in ends[j]:
            # BFGS may find a higher maximum than the one continuous with the estimate, never a
            # lower one
            assert 2 * (top + held(X, y, j, end, b)) <= chi2.ppf(0.95, 1) + 1e-4


@settings(max_examples=40)
@given(st.integers(0, 10**6))
def test_an_interval_holds_zero_exactly_if_the_test_does_not_reject(seed):
    X, y = draw(seed)
    b, se, _ = estimate(X, y)
    _, p = likelihood_ratio(X, y, b)
    ends = profile_interval(X, y, b, se, 0.95)
    clear = np.abs(p - 0.05) > 1e-6
    assert (((ends[:, 0] < 0) & (ends[:, 1] > 0)) == (p > 0.05))[clear].all()


def test_one_coefficient_alone_is_a_matter_of_one_equation():
    y = np.array([1.0] * 7 + [0.0] * 22)
    X = np.ones((29, 1))
    b, se, top = estimate(X, y)
    found = profile_interval(X, y, b, se, 0.95)[0]
    for end in found:
        assert 2 * (top + penalised(np.array([end]), X, y)) == pytest.approx(
            chi2.ppf(0.95, 1), abs=1e-8
        )
    assert likelihood_ratio(X, y, b)[0][0] == pytest.approx(
        2 * (top + penalised(np.zeros(1), X, y)), abs=1e-9
    )


def test_complete_separation_has_finite_ends():
    rng = np.random.default_rng(1)
    for seed in range(20):
        X, _ = draw(seed, K=4)
        y = (X[:, 1] > rng.normal() / 2).astype(float)
        b, se, _ = estimate(X, y)
        ends = profile_interval(X, y, b, se, 0.95)
        assert np.isfinite(ends).all()
        assert ((ends[:, 0] < b) & (b < ends[:, 1])).all()
        assert ends[1, 0] > 0


@pytest.mark.parametrize("offset", [0, 2000, 10**6])
def test_a_calendar_year_has_the_interval_of_years_since(offset):
    X, y = draw(3)
    year = np.round(X[:, 1] * 8)
    since, plain = X.copy(), X.copy()
    since[:, 1], plain[:, 1] = year, year + offset
    ends = [profile_interval(D, y, *estimate(D, y)[:2], 0.95) for D in (since, plain)]
    np.testing.assert_allclose(ends[0][1:], ends[1][1:], atol=1e-7)


def test_a_level_nearer_one_is_wider():
    rng = np.random.default_rng(0)
    d = pd.DataFrame({"x": rng.normal(size=40), "y": rng.integers(0, 2, 40)})
    fit = ps.fit(d, ps.ModelSpec("m", "y ~ x", "firth", "classical"))
    widths = [
        np.diff(fit.tidy(level)[["conf_low", "conf_high"]])[1, 0]
        for level in (0.5, 0.9, 0.95, 0.999)
    ]
    assert (np.diff(widths) > 0).all()
    pd.testing.assert_frame_equal(fit.tidy(0.95), fit.terms)


def test_ends_that_cannot_be_found_are_an_error(monkeypatch):
    X, y = draw(0)
    b, se, _ = estimate(X, y)
    monkeypatch.setattr(profile, "MOST_CUTS", 1)
    with pytest.raises(ps.FitError, match="6 profile intervals cannot be found"):
        profile_interval(X, y, b, se, 0.95)


def test_an_end_beyond_reach_is_infinite(monkeypatch):
    X, y = draw(0)
    b, se, _ = estimate(X, y)
    monkeypatch.setattr(profile, "FARTHEST", 0.5)
    assert np.isinf(profile_interval(X, y, b, se, 0.95)).all()


def test_a_maximum_that_cannot_be_found_is_an_error(monkeypatch):
    X, y = draw(0)
    b, _, _ = estimate(X, y)
    monkeypatch.setattr(profile, "ROUGH", -1.0)
    with pytest.raises(ps.FitError, match="no maximum that can be found with a coefficient held"):
        likelihood_ratio(X, y, b)
