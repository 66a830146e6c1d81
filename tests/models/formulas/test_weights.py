"""Probability weights against statsmodels' estimates, the sandwich written
out, copies of rows, and a sampled population.
"""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import peacestudy as ps

SAME = 1e-8  # relative, against statsmodels
ROUNDING = 1e-10  # relative, against formulas
ENGINES = [("linear", "v ~ a + b"), ("logit", "y ~ a + b")]


def draw(N=90):
    rng = np.random.default_rng(2)
    d = pd.DataFrame(
        {
            "a": rng.normal(size=N),
            "b": rng.normal(size=N),
            "g": rng.integers(0, 25, N),
            "w": rng.exponential(3, N) + 0.1,
        }
    )
    return d.assign(
        v=lambda t: t.a + rng.normal(size=N),
        y=lambda t: (rng.random(N) < 1 / (1 + np.exp(-t.a))) * 1,
    )


def fit(d, engine, formula, vcov="hc0", **more):
    return ps.fit(
        d, ps.ModelSpec("m", formula, engine, vcov, **({"options": {"weights": "w"}} | more))
    )


def sandwich(d, engine, beta):
    """Bread, and the scores of the rows, with weights of mean one."""
    X, w = np.column_stack([np.ones(len(d)), d.a, d.b]), d.w.to_numpy() / d.w.mean()
    if engine == "linear":
        return np.linalg.inv(X.T @ (w[:, None] * X)), X * (w * (d.v.to_numpy() - X @ beta))[:, None]
    p = 1 / (1 + np.exp(-X @ beta))
    return (
        np.linalg.inv(X.T @ ((w * p * (1 - p))[:, None] * X)),
        X * (w * (d.y.to_numpy() - p))[:, None],
    )


@pytest.mark.parametrize(("engine", "formula"), ENGINES)
def test_estimates_are_those_of_statsmodels(engine, formula):
    d = draw()
    X = sm.add_constant(d[["a", "b"]])
    family = sm.families.Gaussian() if engine == "linear" else sm.families.Binomial()
    want = sm.GLM(d.v if engine == "linear" else d.y, X, family=family, freq_weights=d.w).fit(
        tol=1e-14
    )
    found = fit(d, engine, formula)
    np.testing.assert_allclose(found.terms.estimate, want.params, rtol=SAME)
    if engine == "linear":
        wls = sm.WLS(d.v, X, weights=d.w).fit()
        assert found.r_squared == pytest.approx(wls.rsquared, rel=SAME)
        np.testing.assert_allclose(
            found.vcov, wls.get_robustcov_results("HC0").cov_params(), rtol=SAME
        )
        one = fit(d, engine, formula, "hc1").vcov
        np.testing.assert_allclose(one, wls.get_robustcov_results("HC1").cov_params(), rtol=SAME)


@pytest.mark.parametrize(("engine", "formula"), ENGINES)
def test_covariances_are_the_sandwich_written_out(engine, formula):
    d = draw()
    N, K, G = 90, 3, d.g.nunique()
    for vcov, more in (("hc0", {}), ("hc1", {}), ("cluster", {"cluster": "g"})):
        found = fit(d, engine, formula, vcov, **more)
        bread, scores = sandwich(d, engine, found.terms.estimate.to_numpy())
        if vcov == "cluster":
            scores = pd.DataFrame(scores).groupby(d.g).sum().to_numpy()
        factor = {
            "hc0": 1,
            "hc1": N / (N - K),
            "cluster": G / (G - 1) * ((N - 1) / (N - K) if engine == "linear" else 1),
        }
        want = bread @ scores.T @ scores @ bread * factor[vcov]
        np.testing.assert_allclose(found.vcov, want, rtol=ROUNDING)


@pytest.mark.parametrize(("engine", "formula"), ENGINES)
def test_whole_weights_with_clusters_are_copies_of_rows(engine, formula):
    d = draw().assign(w=lambda t: 1 + t.index % 3, case=lambda t: t.index)
    copies = d.loc[d.index.repeat(d.w)].reset_index(drop=True)
    one = fit(d, engine, formula, "cluster", cluster="case")
    two = fit(copies.assign(w=1), engine, formula, "cluster", cluster="case")
    np.testing.assert_allclose(one.terms.estimate, two.terms.estimate, rtol=ROUNDING)
    small = (
        (len(d) - 1) / (len(d) - 3) * (len(copies) - 3) / (len(copies) - 1)
        if engine == "linear"
        else 1
    )
    np.testing.assert_allclose(one.vcov, two.vcov * small, rtol=1e-9)


@pytest.mark.parametrize(("engine", "formula"), ENGINES)
def test_neither_equal_weights_nor_their_unit_matter(engine, formula):
    d = draw()
    plain = fit(d, engine, formula, options={})
    for equal in (1, 7.5, 1e-300, 1e300):
        found = fit(d.assign(w=equal), engine, formula)
        pd.testing.assert_frame_equal(found.terms, plain.terms, rtol=ROUNDING)
        assert found.loglik == pytest.approx(plain.loglik, rel=1e-12)
        assert (found.pseudo_r2, found.r_squared) == pytest.approx(
            (plain.pseudo_r2, plain.r_squared), nan_ok=True
        )
    one, two = fit(d, engine, formula), fit(d.assign(w=d.w * 1e6), engine, formula)
    pd.testing.assert_frame_equal(one.terms, two.terms, rtol=ROUNDING)


def test_weights_undo_a_selective_sample():
    rng = np.random.default_rng(9)
    a, b = rng.normal(size=200_000), rng.normal(size=200_000)
    y = rng.random(200_000) < 1 / (1 + np.exp(0.5 - a - 0.5 * b))
    chance = np.where(y == (a > 0), 0.05, 0.01)  # selection on the outcome, differently by a
    kept = rng.random(200_000) < chance
    d = pd.DataFrame({"a": a, "b": b, "y": y * 1, "w": 1 / chance})[kept]
    weighted, plain = fit(d, "logit", "y ~ a + b"), fit(d, "logit", "y ~ a + b", options={})
    t = weighted.terms
    assert (np.abs(t.estimate - [-0.5, 1, 0.5]) < 3 * t.std_error).all()
    assert np.abs(plain.terms.estimate[1] - 1) > 5 * plain.terms.std_error[1]


@pytest.mark.parametrize(("engine", "formula"), ENGINES)
def test_rows_without_a_weight_are_left_out_with_the_reason(engine, formula):
    d = draw().assign(w=lambda t: t.w.mask(t.index == 5).mask(t.index == 7, np.inf))
    found = fit(d, engine, formula)
    assert found.dropped.values.tolist() == [[5, "w", "w is missing"], [7, "w", "w is infinite"]]
    pd.testing.assert_frame_equal(found.terms, fit(d.drop(index=[5, 7]), engine, formula).terms)


@pytest.mark.parametrize(
    ("value", "said"),
    [(0, r"must be above zero; 1 are not \(cases 3: 0\)"), (-2, r"\(cases 3: -2\)")],
)
def test_weights_that_are_none_are_refused_with_their_cases(value, said):
    for engine, formula in ENGINES:
        with pytest.raises(ps.FitError, match=said):
            fit(draw().assign(w=lambda t: t.w.mask(t.index == 3, value)), engine, formula)
        with pytest.raises(ps.SpecError, match="not numbers"):
            fit(draw().assign(w="1"), engine, formula)
        with pytest.raises(ps.SpecError, match=r"'ww' is not in the data\. Did you mean 'w'"):
            fit(draw(), engine, formula, options={"weights": "ww"})


@pytest.mark.parametrize(
    ("engine", "vcov"),
    [("linear", "classical"), ("logit", "classical"), ("linear", "hc2"), ("linear", "hc3")],
)
def test_a_covariance_that_takes_them_for_counts_is_refused(engine, vcov):
    with pytest.raises(
        ps.SpecError,
        match="probability weights for counts of cases; vcov must be one of hc0, hc1, cluster",
    ):
        ps.ModelSpec("m", "y ~ a", engine, vcov, options={"weights": "w"})


def test_no_other_engine_takes_them():
    for engine in ("firth", "cox", "discrete_time"):
        with pytest.raises(ps.SpecError, match="no option weights"):
            ps.ModelSpec("m", "y ~ a", engine, "hc0", options={"weights": "w"})


def test_what_they_are_taken_for_is_said():
    d = draw()
    found = fit(d, "logit", "y ~ a + b")
    note = next(str(n) for n in found.notes if n.kind == "weights")
    assert (
        f"90 rows have an effective sample size of {d.w.sum() ** 2 / (d.w**2).sum():.1f}." in note
    )
    assert np.isnan(found.aic)
    assert "no AIC" in note


def test_separation_is_still_refused():
    d = draw().assign(y=lambda t: (t.a > 0) * 1)
    with pytest.raises(ps.FitError, match="completely separated by a"):
        fit(d, "logit", "y ~ a + b")
