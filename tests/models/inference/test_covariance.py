"""Robust covariances against explicit loops, hat matrices and statsmodels with known factors."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import root
from scipy.special import expit

import peacestudy as ps
from peacestudy.models.inference.covariance import covariance
from peacestudy.models.kernels.firth import fit_firth

LOOPS = 1e-9  # relative, against loops over the cases
SAME = 1e-7  # relative, against statsmodels' own optimum


def fit(data, engine, vcov, formula="y ~ x + z", **more):
    return ps.fit(data, ps.ModelSpec("m", formula, engine, vcov, **more))


def draw(seed=0, N=60, G=9, H=6):
    rng = np.random.default_rng(seed)
    d = pd.DataFrame(
        {
            "x": rng.normal(size=N),
            "z": rng.normal(size=N),
            "g": rng.integers(0, G, N),
            "h": rng.integers(0, H, N),
        }
    )
    d["v"] = d.x + rng.normal(size=N) + rng.normal(size=G)[d.g]
    d["y"] = (rng.random(N) < expit(d.x + rng.normal(size=G)[d.g] / 2)).astype(int)
    return d


def pieces(found):
    """Bread and score contributions, written out for the three engines."""
    X, y, b = found.design.X, found.design.y, found.terms.estimate.to_numpy()
    if found.spec.engine == "linear":
        return np.linalg.inv(X.T @ X), X * (y - X @ b)[:, None]
    p = expit(X @ b)
    W = p * (1 - p)
    bread = np.linalg.inv(X.T @ (X * W[:, None]))
    h = (
        W * np.einsum("ni,ij,nj->n", X, bread, X)
        if found.spec.engine == "firth"
        else np.zeros(len(y))
    )
    return bread, X * (y - p + h * (0.5 - p))[:, None]


def looped(found, groups):
    """The covariance clustered on groups, case by case and pair by pair, without a factor."""
    bread, scores = pieces(found)
    meat = np.zeros(bread.shape)
    for i in range(len(scores)):
        for j in range(len(scores)):
            if groups[i] == groups[j]:
                meat += np.outer(scores[i], scores[j])
    return bread @ meat @ bread


def factor(groups, N, K, engine):
    G = len(set(groups))
    return G / (G - 1) * ((N - 1) / (N - K) if engine == "linear" else 1)


@pytest.mark.parametrize("engine", ["linear", "logit", "firth"])
@pytest.mark.parametrize("seed", range(3))
def test_clusters_are_loops(engine, seed):
    d = draw(seed)
    found = fit(
        d, engine, "cluster", "v ~ x + z" if engine == "linear" else "y ~ x + z", cluster="g"
    )
    want = looped(found, d.g.to_numpy()) * factor(d.g, 60, 3, engine)
    np.testing.assert_allclose(found.vcov, want, rtol=LOOPS, atol=1e-14)
    np.testing.assert_allclose(found.terms.std_error, np.sqrt(np.diag(want)), rtol=LOOPS)
    assert found.n_clusters == d.g.nunique()
    assert found.df == (d.g.nunique() - 1 if engine == "linear" else np.inf)


@pytest.mark.parametrize("engine", ["linear", "logit", "firth"])
@pytest.mark.parametrize("seed", range(3))
def test_two_ways_are_three_loops(engine, seed):
    d = draw(seed)
    found = fit(
        d, engine, "cluster", "v ~ x + z" if engine == "linear" else "y ~ x + z", cluster=["g", "h"]
    )
    both = [f"{g}-{h}" for g, h in zip(d.g, d.h, strict=True)]
    parts = [(1, d.g.tolist()), (1, d.h.tolist()), (-1, both)]
    want = sum(
        sign * looped(found, groups) * factor(groups, 60, 3, engine) for sign, groups in parts
    )
    np.testing.assert_allclose(found.vcov, want, rtol=1e-8, atol=1e-13)
    assert found.n_clusters == (d.g.nunique(), d.h.nunique())
    assert found.df == (min(d.g.nunique(), d.h.nunique()) - 1 if engine == "linear" else np.inf)


@pytest.mark.parametrize("vcov", ["hc0", "hc1", "hc2", "hc3"])
@pytest.mark.parametrize("seed", range(3))
def test_hc_of_linear_is_the_hat_matrix_and_statsmodels(vcov, seed):
    d = draw(seed)
    found = fit(d, "linear", vcov, "v ~ x + z")
    bread, scores = pieces(found)
    X = found.design.X
    leverage = np.diag(X @ bread @ X.T)
    power = {"hc0": 0, "hc1": 0, "hc2": 1, "hc3": 2}[vcov]
    meat = sum(np.outer(s, s) / (1 - h) ** power for s, h in zip(scores, leverage, strict=True))
    want = bread @ meat @ bread * (60 / 57 if vcov == "hc1" else 1)
    np.testing.assert_allclose(found.vcov, want, rtol=LOOPS, atol=1e-15)
    other = sm.OLS(d.v.to_numpy(), X).fit(cov_type=vcov.upper(), use_t=True)
    np.testing.assert_allclose(found.terms.std_error, other.bse, rtol=LOOPS)
    np.testing.assert_allclose(found.terms.p_value, other.pvalues, rtol=1e-8)


@pytest.mark.parametrize("engine", ["logit", "firth"])
def test_hc_of_the_others_is_every_case_a_cluster(engine):
    d = draw(1)
    hc0, hc1 = fit(d, engine, "hc0"), fit(d, engine, "hc1")
    np.testing.assert_allclose(hc0.vcov, looped(hc0, np.arange(60)), rtol=LOOPS, atol=1e-14)
    np.testing.assert_allclose(hc1.vcov, hc0.vcov * 60 / 57, rtol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_clusters_of_linear_are_statsmodels(seed):
    d = draw(seed)
    found = fit(d, "linear", "cluster", "v ~ x + z", cluster="g")
    want = sm.OLS(d.v.to_numpy(), found.design.X).fit(
        cov_type="cluster", cov_kwds={"groups": d.g.to_numpy()}, use_t=True
    )
    np.testing.assert_allclose(found.terms.std_error, want.bse, rtol=SAME)
    np.testing.assert_allclose(found.terms.p_value, want.pvalues, rtol=1e-6)
    np.testing.assert_allclose(found.terms[["conf_low", "conf_high"]], want.conf_int(), rtol=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_clusters_of_logit_are_statsmodels_without_its_second_factor(seed):
    d = draw(seed)
    found = fit(d, "logit", "cluster", cluster="g")
    groups = {"groups": d.g.to_numpy()}
    logit = sm.Logit(d.y.to_numpy(), found.design.X).fit(
        disp=0, tol=1e-10, cov_type="cluster", cov_kwds=groups
    )
    glm = sm.GLM(d.y.to_numpy(), found.design.X, sm.families.Binomial())
    for want in (logit, glm.fit(tol=1e-14, cov_type="cluster", cov_kwds=groups)):
        np.testing.assert_allclose(found.terms.std_error, want.bse * np.sqrt(57 / 59), rtol=SAME)


def test_two_ways_of_linear_are_statsmodels_part_by_part():
    d = draw(2)
    found = fit(d, "linear", "cluster", "v ~ x + z", cluster=["g", "h"])
    model = sm.OLS(d.v.to_numpy(), found.design.X)
    both = pd.factorize(d.g * 100 + d.h)[0]
    one, two, three = (
        model.fit(cov_type="cluster", cov_kwds={"groups": np.asarray(g)}).cov_params()
        for g in (d.g, d.h, both)
    )
    np.testing.assert_allclose(found.vcov, one + two - three, rtol=SAME, atol=1e-13)


# Three small data sets, the sandwich of clustered Firth by hand: outcome, one column, cluster.
BY_HAND = [
    ([1, 0, 0, 1, 0, 1], [0.0, 1, 2, 3, 4, 5], [0, 0, 1, 1, 2, 2]),
    ([0, 0, 0, 1, 1, 1, 1], [1.0, 2, 3, 4, 5, 6, 7], [0, 1, 1, 2, 2, 3, 3]),  # completely separated
    ([1, 1, 0, 0, 0, 0, 0, 1], [1.0, 1, 1, 0, 0, 0, 0, 0], [5, 5, 7, 7, 7, 9, 9, 9]),
]


@pytest.mark.parametrize(("y", "x", "g"), BY_HAND)
def test_clustered_firth_is_the_sandwich_by_hand(y, x, g):
    def modified(b):
        """Scores x(y - p + h(1/2 - p)) of every case, two by two, without a matrix library."""
        p = [1 / (1 + np.exp(-(b[0] + b[1] * v))) for v in x]
        w = [q * (1 - q) for q in p]
        a, c, e = (
            sum(w),
            sum(q * v for q, v in zip(w, x, strict=True)),
            sum(q * v * v for q, v in zip(w, x, strict=True)),
        )
        det = a * e - c * c
        h = [q * (e - 2 * c * v + a * v * v) / det for q, v in zip(w, x, strict=True)]
        r = [t - q + k * (0.5 - q) for t, q, k in zip(y, p, h, strict=True)]
        return r, [[e / det, -c / det], [-c / det, a / det]]

    def equations(b):
        r, _ = modified(b)
        return [sum(r), sum(q * v for q, v in zip(r, x, strict=True))]

    answer = root(equations, [0.0, 0.0], tol=1e-13)
    r, bread = modified(answer.x)
    sums = {}
    for q, v, group in zip(r, x, g, strict=True):
        s = sums.setdefault(group, [0.0, 0.0])
        sums[group] = [s[0] + q, s[1] + q * v]
    meat = np.array([[sum(s[i] * s[j] for s in sums.values()) for j in (0, 1)] for i in (0, 1)])
    want = np.array(bread) @ meat @ np.array(bread) * len(sums) / (len(sums) - 1)
    found = fit(pd.DataFrame({"y": y, "x": x, "g": g}), "firth", "cluster", "y ~ x", cluster="g")
    np.testing.assert_allclose(found.terms.estimate, answer.x, atol=1e-8)
    est = fit_firth(found.design.X[None], found.design.y[None])
    V = covariance(est, "cluster", found.design.clusters, small_sample=False)[0]
    np.testing.assert_allclose(V, want, rtol=1e-7, atol=1e-10)
    separated = any(n.kind == "separation" for n in found.notes)
    assert found.vcov.isna().all().all() if separated else np.array_equal(found.vcov, V)
    assert any("modified scores" in str(n) and "Wald z" in str(n) for n in found.notes)


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.sampled_from(["linear", "logit", "firth"]))
def test_neither_row_order_nor_names_of_clusters_matter(seed, engine):
    d = draw(seed % 50)
    rng = np.random.default_rng(seed)
    formula = "v ~ x + z" if engine == "linear" else "y ~ x + z"
    names = {g: f"group {v}" for g, v in enumerate(rng.permutation(9))}
    other = d.assign(g=d.g.map(names)).iloc[rng.permutation(60)]
    one, two = (fit(t, engine, "cluster", formula, cluster=["g", "h"]) for t in (d, other))
    np.testing.assert_allclose(one.vcov, two.vcov, rtol=1e-7, atol=1e-10)
    np.testing.assert_allclose(one.terms.estimate, two.terms.estimate, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("engine", ["linear", "logit", "firth"])
def test_clusters_of_one_case_are_hc(engine):
    d = draw(3).assign(own=np.arange(60))
    formula = "v ~ x + z" if engine == "linear" else "y ~ x + z"
    one, hc0 = fit(d, engine, "cluster", formula, cluster="own"), fit(d, engine, "hc0", formula)
    np.testing.assert_allclose(
        one.vcov, hc0.vcov * 60 / 59 * (59 / 57 if engine == "linear" else 1), rtol=1e-10
    )


def test_two_ways_with_the_coarser_grouping_nested_are_the_coarser_with_its_factor():
    d = draw(4).assign(fine=lambda t: t.g * 10 + t.h)
    two = fit(d, "logit", "cluster", cluster=["g", "fine"])
    np.testing.assert_allclose(two.vcov, fit(d, "logit", "cluster", cluster="g").vcov, rtol=1e-10)


def test_two_clusters_are_allowed_with_one_degree_of_freedom_and_a_note():
    d = draw(5).assign(g=lambda t: t.g > 4)
    found = fit(d, "linear", "cluster", "v ~ x", cluster="g")
    assert found.df == 1
    assert found.n_clusters == 2
    assert "few_clusters" in [n.kind for n in found.notes]


@pytest.mark.parametrize("engine", ["linear", "firth"])
def test_dummies_of_the_clusters_have_no_standard_error(engine):
    """A dummy for every cluster leaves sums of scores of zero: 1e-33
    is not a variance, nor 4e15 a t value.
    """
    d = draw(6)
    found = fit(d, engine, "cluster", "v ~ C(g)" if engine == "linear" else "y ~ C(g)", cluster="g")
    assert (
        found.terms[["std_error", "statistic", "p_value", "conf_low", "conf_high"]]
        .isna()
        .all()
        .all()
    )
    assert any(
        n.kind == "no_robust_error" and "rest on one cluster each" in n.text for n in found.notes
    )
    assert not any(n.kind == "variance" for n in found.notes)
    with pytest.raises(
        ps.FitError,
        match=r"there is no standard error\. No robust standard error.*rest on one cluster each",
    ):
        found.joint_test(["C(g)[1]", "C(g)[2]"])


def test_a_negative_variance_of_two_ways_is_missing_and_said():
    for seed in range(200):
        d = draw(seed, N=25, G=3, H=4)
        found = fit(d, "linear", "cluster", "v ~ x + z", cluster=["g", "h"])
        negative = np.diag(found.vcov) < 0
        assert (found.terms.std_error.isna() == negative).all()
        assert negative.any() == any(n.kind == "variance" for n in found.notes)
        if negative.any():
            return
    pytest.fail("no draw had a negative variance")


@pytest.mark.parametrize("vcov", ["hc2", "hc3"])
def test_beside_a_case_with_its_own_term_the_others_are_those_without_both(vcov):
    d = draw(7).assign(lone=lambda t: (t.index == 17).astype(int))
    found = fit(d, "linear", vcov, "v ~ x + lone").vcov
    want = fit(d.drop(index=17), "linear", vcov, "v ~ x").vcov
    np.testing.assert_allclose(found.loc[want.index, want.columns], want, rtol=LOOPS)
    assert found["lone"].isna().all() and found.loc["lone"].isna().all()


def test_a_batch_is_its_members():
    rng = np.random.default_rng(0)
    est = SimpleNamespace(
        influence=rng.normal(size=(3, 20, 2)),
        leverage=rng.uniform(0, 0.5, (3, 20)),
        classical=np.ones((3, 2, 2)),
    )
    groups = (np.arange(20) % 4, np.arange(20) % 3)
    for vcov, clusters in (
        ("hc0", ()),
        ("hc1", ()),
        ("hc2", ()),
        ("hc3", ()),
        ("cluster", groups[:1]),
        ("cluster", groups),
    ):
        together = covariance(est, vcov, clusters, small_sample=True)
        for b in range(3):
            one = SimpleNamespace(
                influence=est.influence[b : b + 1], leverage=est.leverage[b : b + 1]
            )
            np.testing.assert_allclose(
                together[b], covariance(one, vcov, clusters, small_sample=True)[0], rtol=1e-12
            )
    assert covariance(est, "classical", (), small_sample=False) is est.classical
