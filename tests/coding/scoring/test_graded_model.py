"""The graded response model: R's ltm, brute-force integration,
numeric derivatives, recovery of what was put in.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from peacestudy.coding.scoring.graded_likelihood import (
    gradient,
    log_chances,
    log_likelihood,
    patterns_of,
    posterior,
    quadrature,
    slopes,
)
from peacestudy.coding.scoring.graded_model import BOUND, FLAT, graded_response
from peacestudy.errors import CodingError

FOLDER = Path(__file__).resolve().parents[2] / "references" / "graded_response"
# of the log-likelihood: R's search stops at slopes of 4e-4, which lies below the top by far less
TOP = 1e-8
FOUND = 3e-5  # of a parameter or score: R's slope of at most 4.4e-4 over curvatures from 15
NODES = 61  # of R's quadrature
ERRORS = 1e-4  # of a standard error: R takes its curvature by differences of 1e-3
AREA = 1e-9  # of an integral of smooth items
SETS = ("graded", "gaps", "binary", "lsat")


@pytest.fixture(scope="module")
def expected():
    rows = pd.read_csv(FOLDER / "expected.csv")
    return {
        key: part["value"].to_numpy()
        for key, part in rows.groupby(["data", "quantity"], sort=False)
    }


def data(name):
    table = pd.read_csv(FOLDER / f"{name}.csv")
    if name == "lsat":
        table = table.loc[table.index.repeat(table["count"])].drop(columns="count")
    return table.fillna(-1).to_numpy(dtype=int)


@pytest.fixture(scope="module")
def fits():
    return {name: graded_response(data(name), [1] * data(name).shape[1], NODES) for name in SETS}


@pytest.mark.parametrize("name", SETS)
def test_estimates_are_those_of_another_program(fits, expected, name):
    found = fits[name]
    assert found.converged and not found.at_bound.any()
    assert found.log_likelihood == pytest.approx(expected[name, "loglik"][0], abs=TOP * 1000)
    assert found.log_likelihood >= expected[name, "loglik"][0] - TOP
    np.testing.assert_allclose(found.discrimination, expected[name, "discrimination"], atol=FOUND)
    np.testing.assert_allclose(
        np.concatenate(found.intercepts), expected[name, "intercept"], atol=FOUND
    )


@pytest.mark.parametrize("name", SETS)
def test_scores_are_the_posterior_integrated_by_another_program(fits, expected, name):
    trait, spread = fits[name].scores(data(name)[:25])
    np.testing.assert_allclose(trait, expected[name, "eap"], atol=FOUND)
    np.testing.assert_allclose(spread, expected[name, "eap_sd"], atol=FOUND)


@pytest.mark.parametrize("name", ["binary", "lsat"])
def test_two_codes_are_the_two_parameter_logistic_model(fits, expected, name):
    found = fits[name]
    assert found.log_likelihood == pytest.approx(
        expected[name, "two_parameter_loglik"][0], abs=TOP * 1000
    )
    np.testing.assert_allclose(
        found.discrimination, expected[name, "two_parameter_slope"], atol=FOUND
    )
    np.testing.assert_allclose(
        np.concatenate(found.intercepts), expected[name, "two_parameter_intercept"], atol=FOUND
    )
    errors = np.sqrt(np.diag(found.covariance))[::2]
    np.testing.assert_allclose(errors, expected[name, "two_parameter_slope_std_error"], rtol=ERRORS)


ITEM = np.array([1.3, 1.5, 0.2, -1.1])


def test_chances_of_an_item_by_hand():
    at = np.array([-40.0, -1.0, 0.0, 2.0])
    above = np.vstack([np.ones(4), 1 / (1 + np.exp(-(1.3 * at + ITEM[1:, None]))), np.zeros(4)])
    np.testing.assert_allclose(
        np.exp(log_chances(ITEM, at)), above[:-1] - above[1:], rtol=1e-12, atol=1e-15
    )
    # far in the tail the difference has lost its digits, the logarithm has not
    assert log_chances(ITEM, np.array([-400.0]))[3, 0] == pytest.approx(-1.3 * 400 - 1.1, rel=1e-12)


def test_slopes_of_an_item_are_its_numeric_derivatives():
    at, h = np.linspace(-4, 4, 9), 1e-6
    for p in range(4):
        e = np.eye(4)[p] * h
        numeric = (log_chances(ITEM + e, at) - log_chances(ITEM - e, at)) / (2 * h)
        np.testing.assert_allclose(slopes(ITEM, at)[:, p], numeric, atol=1e-8)


def test_likelihood_and_posterior_are_the_integrals():
    items, row = [ITEM, np.array([2.0, 0.5]), np.array([-0.7, 0.3, -0.4])], np.array([2, 1, -1])
    at, weight = quadrature(101)

    def joint(t):
        one = np.array([t])
        return norm.pdf(t) * np.exp(
            log_chances(items[0], one)[2, 0] + log_chances(items[1], one)[1, 0]
        )

    total = quad(joint, -12, 12, epsabs=1e-13)[0]
    mean = quad(lambda t: t * joint(t), -12, 12, epsabs=1e-13)[0] / total
    found, given = posterior(items, row[None], at, weight)
    assert found[0] == pytest.approx(np.log(total), abs=AREA)
    assert given[0] @ at == pytest.approx(mean, abs=AREA)


def test_an_item_at_the_bound_is_still_integrated_well():
    items, row = (
        [
            np.array([BOUND, 1.7]),
            np.array([BOUND, -2.0]),
            np.array([BOUND, 0.0]),
        ],
        np.array([[1, 0, 1]]),
    )

    def joint(t):
        return norm.pdf(t) * np.exp(
            sum(log_chances(i, np.array([t]))[c, 0] for i, c in zip(items, row[0], strict=True))
        )

    total = quad(joint, -12, 12, points=[-0.2, 0, 0.25], epsabs=1e-13, limit=500)[0]
    assert np.exp(posterior(items, row, *quadrature(101))[0][0]) == pytest.approx(total, rel=3e-3)


@pytest.mark.parametrize("name", ["graded", "gaps"])
def test_at_the_optimum_the_likelihood_is_flat_and_falls_on_every_side(fits, name):
    found, patterns = fits[name], patterns_of(data(name))
    at, weight = quadrature(found.nodes)
    sizes = np.cumsum([len(i) for i in found.items])[:-1]
    x = np.concatenate(found.items)

    def height(y):
        return log_likelihood(np.split(y, sizes), patterns, at, weight)

    assert np.abs(gradient(found.items, patterns, at, weight)).max() < FLAT
    for e in np.eye(len(x)):
        assert (height(x + 1e-4 * e) - height(x - 1e-4 * e)) / 2e-4 == pytest.approx(0, abs=1e-4)
        assert max(height(x + 0.05 * e), height(x - 0.05 * e)) < height(x)


def test_the_gradient_is_the_numeric_one_away_from_the_optimum():
    patterns, (at, weight) = patterns_of(data("gaps")), quadrature(41)
    items = [np.array([0.5 + 0.1 * j, 1.0, 0.0, -1.2]) for j in range(6)]
    x, found = np.concatenate(items), gradient(items, patterns, at, weight)
    for n, e in enumerate(np.eye(len(x)) * 1e-5):
        up, down = (log_likelihood(np.split(x + s * e, 6), patterns, at, weight) for s in (1, -1))
        assert found[n] == pytest.approx((up - down) / 2e-5, abs=1e-4)


def drawn(n, slopes_, levels, seed):
    rng = np.random.default_rng(seed)
    trait = rng.normal(size=n)
    chance = 1 / (
        1 + np.exp(-(np.asarray(slopes_)[:, None] * trait)[:, :, None] - np.asarray(levels))
    )
    return trait, (rng.uniform(size=(len(slopes_), n, 1)) < chance).sum(axis=2).T


@pytest.mark.slow(reason="simulates recovery and coverage, 15 s, 15 s")
def test_what_was_put_in_comes_out():
    """Over 24 samples of 600: means within three of their standard errors, 95 % intervals cover,
    true items give the scores' true error.
    """
    true, levels = np.array([0.8, 1.2, 1.6, 2.0, 1.0]), np.array([1.5, 0.0, -1.5])
    found, inside, excess = [], [], []
    for seed in range(24):
        trait, codes = drawn(600, true, levels, seed)
        fit = graded_response(codes, [1] * 5)
        errors = np.sqrt(np.diag(fit.covariance))[::4]
        found.append(fit.discrimination)
        inside.append(np.abs(fit.discrimination - true) < 1.96 * errors)
        score, spread = replace(fit, discrimination=true, intercepts=(levels,) * 5).scores(codes)
        excess.extend((score - trait) ** 2 - spread**2)
    bias = (np.mean(found, axis=0) - true) / (np.std(found, axis=0, ddof=1) / np.sqrt(24))
    assert np.abs(bias).max() < 3
    assert 0.89 < np.mean(inside) < 1  # 120 intervals: three standard errors of .95
    assert abs(np.mean(excess)) < 3 * np.std(excess) / np.sqrt(len(excess))


def test_codes_missing_at_random_leave_the_items_where_they_are():
    """Codes withheld where an earlier, seen code is low: the estimates
    stay, those of whole cases alone would not.
    """
    _, codes = drawn(6000, [1.5] * 5, np.array([1.0, -1.0]), 1)
    holed = codes.copy()
    holed[holed[:, 0] == 0, 3:] = -1
    found = graded_response(holed, [1] * 5)
    assert np.abs(found.discrimination - 1.5).max() < 0.2  # some three standard errors
    assert np.abs(np.array(found.intercepts) - [1.0, -1.0]).max() < 0.2
    whole = holed[(holed >= 0).all(axis=1)]
    assert np.mean(whole[:, 3] == 2) > np.mean(codes[:, 3] == 2) + 0.05


def test_the_direction_sets_the_sign_and_nothing_else():
    codes = data("graded")
    up, down = graded_response(codes, [1] * 6), graded_response(codes, [-1] * 6)
    np.testing.assert_allclose(down.discrimination, -up.discrimination, atol=1e-6)
    np.testing.assert_allclose(down.scores(codes)[0], -up.scores(codes)[0], atol=1e-6)
    assert up.discrimination.sum() > 0 and down.log_likelihood == pytest.approx(
        up.log_likelihood, abs=1e-8
    )


def test_order_of_items_and_cases_does_not_matter():
    codes = data("gaps")
    found, other = graded_response(codes, [1] * 6), graded_response(codes[::-1, ::-1], [1] * 6)
    np.testing.assert_allclose(other.discrimination[::-1], found.discrimination, atol=1e-6)


def test_a_case_without_codes_stands_at_the_mean_and_adds_nothing():
    codes = np.vstack([data("graded"), np.full((30, 6), -1)])
    found = graded_response(codes, [1] * 6)
    assert found.cases == 400 and found.log_likelihood == pytest.approx(
        graded_response(codes[:400], [1] * 6).log_likelihood
    )
    np.testing.assert_allclose(np.array(found.scores(codes[400:401])).ravel(), [0, 1], atol=1e-12)


def test_a_discrimination_without_end_stops_at_the_bound():
    """Two copies of one item are explained best by a trait that is that item."""
    rng = np.random.default_rng(5)
    trait = rng.normal(size=300)
    one = (trait > 0.3).astype(int)
    other = (0.5 * trait + rng.logistic(size=300) > 0).astype(int)
    found = graded_response(np.column_stack([one, one, other]), [1, 1, 1])
    assert found.converged and found.at_bound.tolist() == [True, True, False]
    assert found.discrimination[:2].tolist() == [BOUND, BOUND]
    assert np.isnan(found.covariance[0]).all() and found.covariance[-1, -1] > 0


@pytest.mark.parametrize(
    "codes",
    [
        np.tile([[0, 1], [1, 0]], (5, 1)),
        np.c_[np.tile([[0, 1], [1, 0]], (5, 1)), np.zeros(10, dtype=int)],
        np.c_[np.tile([[0, 1], [1, 0]], (5, 1)), np.tile([0, 2], 5)],
        np.c_[np.tile([[0, 1], [1, 0]], (5, 1)), np.full(10, -1)],
    ],
    ids=["two items", "constant", "a rank that nobody has", "nobody coded"],
)
def test_what_cannot_be_fitted_is_refused(codes):
    with pytest.raises(CodingError, match="three items or more"):
        graded_response(codes, [1] * codes.shape[1])
