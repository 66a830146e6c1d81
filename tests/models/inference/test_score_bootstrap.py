"""The score bootstrap of the logit against a slow derivation by other
means, and by its size with few clusters.
"""

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.special import expit

import peacestudy as ps
from peacestudy.models.inference.score_bootstrap import cluster_scores, extreme
from peacestudy.models.inference.signs import signs_of
from peacestudy.models.kernels.designs import orthonormal

REFERENCES = Path(__file__).resolve().parents[2] / "references" / "clusters"
BRUTE = 1e-12  # p values are counts of draws


def data(set_):
    return pd.read_csv(REFERENCES / "data.csv").query("set == @set_").reset_index(drop=True)


def fit(d, kind="rademacher", draws=9999, seed=1, formula="b ~ x + z"):
    options = {"bootstrap": kind, "bootstrap_draws": draws, "bootstrap_seed": seed}
    return ps.fit(d, ps.ModelSpec("m", formula, "logit", "cluster", cluster="g", options=options))


def slow(X, y, groups, j, null, points):
    """Kline and Santos from scratch: the restricted estimate by a
    trust region, every sign vector in a loop.
    """
    rest = np.delete(X, j, axis=1)

    def eta(b):
        return rest @ b + null * X[:, j]

    def curvature(b):
        return rest.T @ (rest * (expit(eta(b)) * expit(-eta(b)))[:, None])

    b = minimize(
        lambda b: (np.logaddexp(0, eta(b)) - y * eta(b)).sum(),
        np.zeros(rest.shape[1]),
        jac=lambda b: rest.T @ (expit(eta(b)) - y),
        hess=curvature,
        method="trust-exact",
        options={"gtol": 1e-11},
    ).x
    p = expit(eta(b))
    A = np.linalg.inv(X.T @ (X * (p * (1 - p))[:, None]))
    names = np.unique(groups)
    S = np.array([(X[groups == g] * (y - p)[groups == g][:, None]).sum(axis=0) for g in names])

    def statistic(turned):
        centred = turned - turned.mean(axis=0)
        return (A @ turned.sum(axis=0))[j] ** 2 / (A @ centred.T @ centred @ A)[j, j]

    found = statistic(S)
    all_ = [statistic(S * np.array(w)[:, None]) for w in product(points, repeat=len(names))]
    return np.mean(np.array(all_) >= found * (1 - 1e-7))


@pytest.mark.parametrize("set_", ["uneven", "even", "large"])
def test_p_and_interval_are_those_of_the_slow_derivation(set_):
    d = data(set_)
    found = fit(d)
    X, y, groups = found.design.X, found.design.y, d.g.to_numpy()
    for j, row in found.terms.iterrows():
        assert row.p_value == pytest.approx(slow(X, y, groups, j, 0.0, (-1, 1)), abs=BRUTE)
        for end, outward in ((row.conf_low, -1), (row.conf_high, 1)):
            step = outward * 1e-5 * row.std_error
            if np.isfinite(end):
                assert (
                    slow(X, y, groups, j, end - step, (-1, 1))
                    > 0.05
                    >= slow(X, y, groups, j, end + step, (-1, 1))
                )
            else:
                assert (
                    f"The interval of {row.term}" in found.notes[-1].text
                    or row.term in found.notes[-1].text
                )


def test_webb_signs_of_few_clusters():
    d = data("even").query("g < 5").reset_index(drop=True)
    found = fit(d, "webb", formula="b ~ x")
    points = [s * v**0.5 for s in (-1, 1) for v in (0.5, 1, 1.5)]
    for j, row in found.terms.iterrows():
        expected = slow(found.design.X, found.design.y, d.g.to_numpy(), j, 0.0, points)
        assert row.p_value == pytest.approx(expected, abs=BRUTE)


def test_estimates_stay_and_the_rule_is_told():
    d = data("even")
    one = fit(d, draws=499, seed=3)
    plain = ps.fit(d, ps.ModelSpec("m", "b ~ x + z", "logit", "cluster", cluster="g"))
    pd.testing.assert_frame_equal(one.terms.iloc[:, :4], plain.terms.iloc[:, :4])
    text = one.notes[-1].text
    assert (
        "score bootstrap, null imposed, Lagrange multiplier statistic, rademacher signs of"
        " clusters, 499 draws, seed 3" in text
    )
    pd.testing.assert_frame_equal(one.tidy(0.95), one.terms)
    pd.testing.assert_frame_equal(one.terms, fit(d, draws=499, seed=3).terms)


def test_its_size_with_10_clusters_of_which_4_are_treated():
    """Nominal .05, found .062."""
    rng = np.random.default_rng(12)
    groups = np.repeat(np.arange(10), [6, 8, 10, 12, 14, 16, 18, 20, 25, 31])
    treated = np.isin(groups, (1, 3, 6, 8)).astype(float)
    signs = signs_of("rademacher", 10, 1024, 0)
    Z, _ = orthonormal(np.column_stack([np.ones(len(groups)), treated])[None])
    draws, rejected = 1000, 0
    for _ in range(draws):
        y = (rng.random(len(groups)) < 1 / (1 + np.exp(-0.6 * rng.normal(size=10)[groups]))).astype(
            float
        )
        parts = cluster_scores(Z, y, groups, np.zeros(1), np.zeros((1, 2)))
        rejected += signs.share(extreme(parts, signs.values))[0] <= 0.05
    assert abs(rejected / draws - 0.05) < 3 * np.sqrt(0.05 * 0.95 / draws)
