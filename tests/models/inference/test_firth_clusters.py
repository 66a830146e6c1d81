"""Firth with clusters and the score bootstrap, which no other program offers: closed forms, refits
by firthmodels, bootstraps of clusters.
"""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from firthmodels import FirthLogisticRegression
from scipy.special import expit

import peacestudy as ps
from peacestudy.models.engines.registry import ENGINES
from peacestudy.models.inference.covariance import covariance
from peacestudy.models.inference.jackknife import jackknife
from peacestudy.models.kernels.firth import fit_firth
from peacestudy.models.kernels.logit import fit_logit

DATA = Path(__file__).resolve().parents[2] / "references" / "robust" / "data.csv"
CLOSED = 1e-9  # relative, against formulas
MATRIX = 1e-7  # relative, of covariances of estimates that stop at a decrement of 1e-16
# relative, of standard errors from firthmodels' refits, which stop at gradients of 1e-7
ORACLE = 1e-5

CELLS = [  # clusters of a dummy x: events and others with x 1, events and others with x 0
    [(3, 1, 2, 4), (0, 2, 1, 3), (2, 2, 0, 5)],
    [(4, 0, 1, 3), (3, 0, 0, 4), (1, 0, 2, 2), (2, 0, 1, 6)],  # all with x have the event
    [(1, 0, 0, 2), (2, 3, 1, 1), (0, 1, 4, 9), (5, 2, 2, 2), (1, 1, 1, 1)],
]


def rows(clusters):
    """The cells as rows with x, y and the cluster g."""
    out = [
        (x, y, g)
        for g, (a, b, c, e) in enumerate(clusters)
        for x, y, n in ((1, 1, a), (1, 0, b), (0, 1, c), (0, 0, e))
        for _ in range(n)
    ]
    return pd.DataFrame(out, columns=["x", "y", "g"])


def half_added(clusters):
    """Firth's estimate with one dummy: a half more in every cell (Firth 1993, 3.3)."""
    a, b, c, e = np.sum(clusters, axis=0) + 0.5
    return np.array([np.log(c / e), np.log(a * e / (b * c))])


@pytest.mark.parametrize("clusters", CELLS)
def test_firth_with_a_dummy_in_closed_form(clusters):
    """A row of a column of n rows has leverage 1/n, so its modified score is
    y - p + (1/2 - p)/n, and the bread 1/(n p q).
    """
    a, b, c, e = np.sum(clusters, axis=0)
    n = np.array([c + e, a + b])
    p = (np.array([c, a]) + 0.5) / (n + 1)
    shift = (0.5 - p) / n
    bread = 1 / (n * p * (1 - p))
    L = np.array([[1.0, 0.0], [-1.0, 1.0]])  # from logits of the two columns to intercept and x

    def sandwich(events, others, factor):
        sums = events * (1 - p + shift) + others * (shift - p)
        meat = sums.T @ sums * np.outer(bread, bread)
        return L @ meat @ L.T * factor

    t = np.array(clusters)
    single = np.concatenate(
        [np.repeat(np.eye(2)[[0]], c + e, axis=0), np.repeat(np.eye(2)[[1]], a + b, axis=0)]
    )
    y = np.repeat([1.0, 0.0, 1.0, 0.0], [c, e, a, b])[:, None]
    N, G = n.sum(), len(clusters)
    want = {
        "hc0": sandwich(single * y, single * (1 - y), 1),
        "hc1": sandwich(single * y, single * (1 - y), N / (N - 2)),
        "cluster": sandwich(t[:, [2, 0]], t[:, [3, 1]], G / (G - 1)),
    }
    left_out = np.array(
        [half_added(clusters[:i] + clusters[i + 1 :]) for i in range(G)]
    ) - half_added(clusters)
    want["jackknife"] = left_out.T @ left_out * (G - 1) / G
    for vcov, V in want.items():
        cluster = "g" if vcov in ("cluster", "jackknife") else None
        found = ps.fit(rows(clusters), ps.ModelSpec("m", "y ~ x", "firth", vcov, cluster))
        np.testing.assert_allclose(
            found.terms.estimate, half_added(clusters), rtol=CLOSED, atol=1e-10
        )
        own = found.vcov.to_numpy()
        # x separates, and a fit prints no robust standard error of it
        if (clusters[0][1], clusters[1][1]) == (0, 0):
            assert np.isnan(own[1]).all() and np.isnan(own[:, 1]).all()
            own = unblanked(found)
        np.testing.assert_allclose(own, V, rtol=MATRIX, atol=1e-12)


def unblanked(found):
    """The covariance by its definition, also where a fit leaves it out."""
    est = fit_firth(found.design.X[None], found.design.y[None])
    if found.spec.vcov == "jackknife":
        return jackknife(found.design, est.beta[0], ENGINES["firth"], fit_firth)
    return covariance(est, found.spec.vcov, found.design.clusters, small_sample=False)[0]


def test_the_jackknife_of_firth_is_firthmodels_without_each_cluster():
    d = pd.read_csv(DATA)
    found = ps.fit(d, ps.ModelSpec("m", "b ~ x + z + r", "firth", "jackknife", "g"))

    def other(part):
        model = FirthLogisticRegression(gtol=1e-7, xtol=1e-7, max_iter=500, backend="numpy")
        model.fit(part[["x", "z", "r"]].to_numpy(float), part.b.to_numpy())
        return np.array([model.intercept_, *model.coef_])

    full = other(d)
    D = np.array([other(d[d.g != g]) - full for g in d.g.unique()])
    V = D.T @ D * (len(D) - 1) / len(D)
    root = np.sqrt(np.diag(V))
    own = unblanked(found)
    assert found.vcov.columns[found.vcov.isna().all()].tolist() == ["r"]  # it separates the outcome
    np.testing.assert_allclose(np.sqrt(np.diag(own)), root, rtol=ORACLE)
    np.testing.assert_allclose(found.terms.std_error[:3], root[:3], rtol=ORACLE)
    np.testing.assert_allclose(own / np.outer(root, root), V / np.outer(root, root), atol=ORACLE)


def draw(seed, G, size, start, x, z):
    """Clusters of one size; x differs within them, z between them."""
    rng, g = np.random.default_rng(seed), np.repeat(np.arange(G), size)
    d = pd.DataFrame(
        {
            "g": g,
            "x": rng.normal(size=G)[g] / 2 + rng.normal(size=G * size),
            "z": rng.normal(size=G)[g],
        }
    )
    u = rng.normal(size=G)[g]
    return d.assign(y=(rng.random(G * size) < expit(start + x * d.x + z * d.z + u)).astype(int))


def resampled(d, kernel, seed, draws=2000):
    """Estimates and their clustered variances, on whole clusters drawn with replacement."""
    G, K = d.g.nunique(), 3
    X, y = np.column_stack([np.ones(len(d)), d.x, d.z]), d.y.to_numpy(float)
    at = np.arange(len(d)).reshape(G, -1)
    chosen = at[np.random.default_rng(seed).integers(0, G, (draws, G))].reshape(draws, -1)
    beta, variance = [], []
    for i, j in pairwise(range(0, draws + 1, 250)):
        found = kernel(X[chosen[i:j]], y[chosen[i:j]])
        sums = found.influence.reshape(j - i, G, -1, K).sum(axis=2)
        beta.append(found.beta)
        variance.append((sums**2).sum(axis=1) * G / (G - 1))
    return np.concatenate(beta), np.concatenate(variance)


@pytest.mark.slow(reason="bootstraps clusters 2,000 times, 3 s")
def test_clusters_of_firth_are_a_bootstrap_of_clusters_within_simulation_error():
    """200 clusters, 133 events: the bias of few clusters is under 1
    %, and 2,000 draws know a spread to 1.6 %.
    """
    d = draw(21, 200, 6, -2.5, 0.12, 0.3)
    spec = ps.ModelSpec("m", "y ~ x + z", "firth", "cluster", "g")
    found, plain = (
        ps.fit(d, spec).terms,
        ps.fit(d, ps.ModelSpec("m", "y ~ x + z", "firth", "hc0")).terms,
    )
    beta, _ = resampled(d, fit_firth, seed=5)
    spread, error = beta.std(axis=0, ddof=1), 1 / np.sqrt(2 * len(beta))
    np.testing.assert_allclose(found.std_error, spread, rtol=3 * error)
    # without the clusters z would be off by far more
    assert plain.std_error[2] < spread[2] * (1 - 6 * error)


@pytest.mark.slow(reason="bootstraps clusters 2,000 times, 5 s")
@pytest.mark.parametrize("seed", [0, 1, 3])
def test_the_score_bootstrap_is_a_bootstrap_of_clusters_within_simulation_error(seed):
    """The other bootstrap refits the logit on clusters drawn anew and compares studentised
    estimates: no sign, no score, no null.

    With 250 clusters and outcomes half and half the two differ by less than their draws; with few
    or skewed ones they need not.
    """
    d = draw(seed, 250, 4, 0.1, 0.12, 0.2)
    options = {"bootstrap": "rademacher", "bootstrap_draws": 9999, "bootstrap_seed": 1}
    p = ps.fit(
        d, ps.ModelSpec("m", "y ~ x + z", "logit", "cluster", "g", options)
    ).terms.p_value.to_numpy()
    t = ps.fit(d, ps.ModelSpec("m", "y ~ x + z", "logit", "cluster", "g")).terms
    beta, variance = resampled(d, fit_logit, seed=5)
    drawn = np.abs(beta - t.estimate.to_numpy()) / np.sqrt(variance)
    other = (drawn >= np.abs(t.statistic.to_numpy())).mean(axis=0)
    error = np.sqrt(p * (1 - p) * (1 / len(beta) + 1 / 9999))
    assert (np.abs(p - other) < 3 * error).all()
    assert 0.001 < p.min() < 0.15
