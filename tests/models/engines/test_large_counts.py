"""Counts of any size: against R's MASS, exact sums over all smaller counts,
Poisson's limit; memory does not grow with them.
"""

import tracemalloc
from decimal import Decimal, localcontext
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import gammaln
from scipy.stats import nbinom, poisson

import peacestudy as ps
from peacestudy.models.kernels import negative_binomial as nb
from peacestudy.models.kernels.poisson import loglik as poisson_loglik
from peacestudy.models.kernels.saddle_point import deviance_part, stirling_error

HERE = Path(__file__).resolve().parents[2] / "references" / "counts"
R = 1e-8  # relative; coefficients, alpha and log-likelihood of glm.nb, iterated until neither moves
SUMS = 1e-10  # relative, of the largest of the terms that are added
SMALL = (0, 1, 2, 7, 90)
MEANS = (1e-3, 0.5, 6.0, 900.0)
ALPHAS = (1e-10, 1e-6, 0.01, 1 / 15.01, 1 / 14.99, 0.4, 3.0, 100.0)


@pytest.fixture(scope="module")
def table():
    return pd.read_csv(HERE / "large.csv")


def fitted(d, outcome, engine="negative_binomial"):
    return ps.fit(d, ps.ModelSpec("m", f"{outcome} ~ x", engine, "classical"))


@pytest.mark.parametrize("outcome", ["hundreds", "millions", "billions", "near_poisson"])
def test_it_is_glm_nb(outcome, table):
    want = pd.read_csv(HERE / "large_expected.csv", keep_default_na=False)
    want = want[want["outcome"] == outcome]
    fit = fitted(table, outcome)
    estimates = want[want["quantity"] == "estimate"]
    assert fit.terms["term"].tolist() == estimates["term"].tolist()
    assert fit.terms["estimate"].to_numpy() == pytest.approx(estimates["value"].to_numpy(), rel=R)
    assert fit.loglik == pytest.approx(want[want["quantity"] == "loglik"]["value"].iloc[0], rel=R)


def exact(y, mean, size):
    """Log-likelihood, score and minus the second derivative in alpha by
    sums over all smaller counts, with 60 digits.
    """
    with localcontext() as context:
        context.prec = 60
        mu, alpha = Decimal(mean), Decimal(size)
        theta, one = 1 / alpha, 1 + alpha * mu
        log = one.ln()
        value = y * mu.ln() - (y + theta) * log
        score = theta**2 * log - (y + theta) * mu / one
        bend = 2 * theta**3 * log - 2 * theta**2 * mu / one - (y + theta) * (mu / one) ** 2
        for j in range(y):
            part = Decimal(j) / (1 + alpha * j)
            value += (1 + alpha * j).ln() - Decimal(j + 1).ln()
            score += part
            bend += part**2
        return float(value), float(score), float(bend)


@pytest.mark.parametrize("alpha", ALPHAS)
def test_value_and_derivatives_are_the_sums_over_smaller_counts(alpha):
    for y in SMALL:
        for mean in MEANS:
            eta, count = np.log([mean]), np.array([float(y)])
            value, score, bend = exact(y, float(np.exp(eta[0])), alpha)
            found = nb.at(eta, alpha, count)
            assert nb.loglik(eta, alpha, count) == pytest.approx(value, rel=SUMS)
            # terms that are added: y / (1 + alpha y) is what each smaller count adds at most
            size = min(y, 1 / alpha)
            assert found.alpha[0] == pytest.approx(score, rel=SUMS, abs=SUMS * size)
            assert found.alpha_alpha[0] == pytest.approx(bend, rel=SUMS, abs=SUMS * size**2)


def test_the_derivatives_are_those_of_the_value_at_large_counts():
    rng = np.random.default_rng(2)
    for top in (1e4, 1e7, 1e10):
        y, eta, alpha = np.round(rng.gamma(2, top, 30)), np.log(rng.gamma(5, top / 3, 30)), 0.4
        found, h = nb.at(eta, alpha, y), 1e-5
        up, down = nb.at(eta, alpha + h, y), nb.at(eta, alpha - h, y)
        rise = (nb.loglik(eta, alpha + h, y) - nb.loglik(eta, alpha - h, y)) / (2 * h)
        assert found.alpha.sum() == pytest.approx(rise, rel=1e-7)
        assert found.alpha_alpha == pytest.approx((down.alpha - up.alpha) / (2 * h), rel=1e-7)
        tilt = (nb.at(eta, alpha + h, y).eta - nb.at(eta, alpha - h, y).eta) / (2 * h)
        assert found.eta_alpha == pytest.approx(-tilt, rel=1e-7)


def test_as_alpha_nears_zero_it_becomes_poisson():
    y, eta = np.array([0.0, 1, 3, 50, 2e5, 1e9]), np.array([0.1, 0.0, 1.0, 3.9, 12.2, 20.72])
    mu = np.exp(eta)
    for alpha in (1e-18, 1e-22):
        found = nb.at(eta, alpha, y)
        assert nb.loglik(eta, alpha, y) == pytest.approx(poisson_loglik(mu, y), rel=1e-7)
        assert found.alpha == pytest.approx(((y - mu) ** 2 - y) / 2, rel=1e-7)
        limit = y * (y - 1) * (2 * y - 1) / 6 - mu**2 * y + 2 * mu**3 / 3
        assert found.alpha_alpha == pytest.approx(limit, rel=1e-5)
    assert poisson_loglik(mu[:4], y[:4]) == pytest.approx(
        (y * eta - mu - gammaln(y + 1))[:4].sum(), rel=1e-13
    )


def test_log_likelihoods_of_large_counts_are_scipys():
    rng = np.random.default_rng(3)
    y, mu, alpha = np.round(rng.gamma(2, 5e5, 40)), rng.gamma(5, 2e5, 40), 0.4
    theirs = nbinom.logpmf(y, 1 / alpha, 1 / (1 + alpha * mu))
    assert nb.loglik(np.log(mu), alpha, y) == pytest.approx(theirs.sum(), rel=1e-9)
    y = rng.poisson(mu).astype(float)
    assert poisson_loglik(mu, y) == pytest.approx(poisson.logpmf(y, mu).sum(), rel=1e-9)
    z = np.array([1e-3, 0.5, 3.0, 14.99, 15.01, 100.0])
    by_gamma = gammaln(z + 1) - (z + 0.5) * np.log(z) + z - 0.5 * np.log(2 * np.pi)
    assert stirling_error(z) == pytest.approx(by_gamma, abs=1e-13)
    assert deviance_part(
        np.array([0.0, 4.0]), np.array([3.0, 2.0]), np.array([-3.0, 2.0])
    ) == pytest.approx([3.0, 4 * np.log(2) - 2])


def test_neither_steps_nor_memory_grow_with_the_counts(table):
    """At 2e9 the sums over smaller counts took 16 GB; from 1e3 to
    9e11 nothing but the intercept changes.
    """
    shares = table["billions"] / table["billions"].max()
    fits = {}
    tracemalloc.start()
    for top in (1e6, 1e9, 9e11):
        tracemalloc.reset_peak()
        fits[top] = fitted(table.assign(count=(shares * top).round()), "count")
        assert tracemalloc.get_traced_memory()[1] < 50e6
    tracemalloc.stop()
    first, last = fits[1e6].terms["estimate"], fits[9e11].terms["estimate"]
    assert last[0] - first[0] == pytest.approx(np.log(9e5), rel=1e-6)
    assert last[1:].to_numpy() == pytest.approx(first[1:].to_numpy(), rel=1e-4)
    small = fitted(
        table.assign(count=table["billions"] * 0 + table["hundreds"]), "count", "poisson"
    )
    assert fitted(table.assign(count=table["hundreds"] * 1e9), "count", "poisson").terms[
        "estimate"
    ][1] == pytest.approx(small.terms["estimate"][1], rel=1e-9)


def test_little_overdispersion_of_large_counts_is_found():
    """Alpha times the mean decides what is Poisson's law, not alpha:
    here the variance is five times the mean.
    """
    rng = np.random.default_rng(4)
    x = rng.normal(size=400)
    mu = np.exp(26 + 0.1 * x)
    y = np.round(mu + np.sqrt(5 * mu) * rng.normal(size=400))
    fit = fitted(pd.DataFrame({"x": x, "y": y}), "y")
    alpha = fit.terms["estimate"].iloc[-1]
    assert alpha * np.exp(26) == pytest.approx(4, abs=1.2)
    assert fit.terms["conf_low"].iloc[-1] < 4 / np.exp(26) < fit.terms["conf_high"].iloc[-1]


def test_counts_beyond_what_a_mean_can_be_rounded_to_are_refused(table):
    with pytest.raises(
        ps.FitError,
        match=r"up to 1,000,000,000,000; it is not in 1 row\(s\) \(cases 5: 3000000000000\)",
    ):
        fitted(table.assign(count=table["hundreds"].where(table.index != 5, 3 * 10**12)), "count")
    with pytest.raises(ps.FitError, match=r"must be a count.*cases 2: 2\.9999999999\)"):
        fitted(table.assign(count=table["hundreds"].where(table.index != 2, 3 - 1e-10)), "count")


def test_a_rare_event_is_shown_to_have_a_maximum_without_a_linear_program():
    from peacestudy.models.kernels.separation import has_maximum

    rng = np.random.default_rng(7)
    x, y = rng.normal(size=200_000), np.zeros(200_000)
    y[rng.choice(200_000, 20, replace=False)] = 1.0
    assert has_maximum(np.column_stack([np.ones(200_000), x]), y)
