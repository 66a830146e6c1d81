"""Least squares against NIST's certified values, exact rational arithmetic and statsmodels."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import peacestudy as ps
from peacestudy.models.kernels.linear import fit_linear

CERTIFIED = 1e-12  # relative; NIST gives 15 digits and these designs are benign
# relative, against rational arithmetic: unit roundoff times the condition number (5e4) with a
# margin
EXACT = 1e-10
SAME = 1e-9  # relative, against statsmodels, which squares the condition number in places
BATCH = 1e-12  # relative; the same arithmetic, but the blocks of a product may be cut otherwise


def fit(data, formula, vcov="classical", **more):
    return ps.fit(data, ps.ModelSpec("m", formula, "linear", vcov, **more))


def years(n=40, seed=0):
    rng = np.random.default_rng(seed)
    d = pd.DataFrame(
        {
            "year": rng.integers(1989, 2020, n),
            "x": rng.integers(-9, 10, n),
            "g": rng.integers(0, 9, n),
        }
    )
    d["year2"] = d.year**2
    d["y"] = ((d.year - 2003) ** 2 / 32 + rng.integers(-64, 65, n) / 16).astype(float)
    return d


def solve(A, B):
    """Gauss-Jordan on fractions: no rounding anywhere."""
    rows = [[*a, *b] for a, b in zip(A, B, strict=True)]
    for c in range(len(A)):
        pivot = next(i for i in range(c, len(A)) if rows[i][c])
        rows[c], rows[pivot] = rows[pivot], rows[c]
        rows[c] = [v / rows[c][c] for v in rows[c]]
        for i in range(len(A)):
            if i != c:
                rows[i] = [v - rows[i][c] * w for v, w in zip(rows[i], rows[c], strict=True)]
    return [row[len(A) :] for row in rows]


def rational(X, y, groups):
    """Coefficients, R2 and standard errors (classical, hc1, clustered) in
    rational arithmetic, to the last square root.
    """
    X, y = [[Fraction(float(v)) for v in row] for row in X], [Fraction(float(v)) for v in y]
    N, K = len(X), len(X[0])
    cross = [[sum(r[i] * r[j] for r in X) for j in range(K)] for i in range(K)]
    P = np.array(
        solve(cross, [[Fraction(int(i == j)) for j in range(K)] for i in range(K)]), object
    )
    X, y = np.array(X, object), np.array(y, object)
    b = P @ (X.T @ y)
    e = y - X @ b
    scores = X * e[:, None]
    sums = np.array([scores[groups == g].sum(axis=0) for g in np.unique(groups)], object)
    G = len(sums)
    covariances = {
        "classical": P * (e @ e) / (N - K),
        "hc1": P @ scores.T @ scores @ P * Fraction(N, N - K),
        "cluster": P @ sums.T @ sums @ P * Fraction(G, G - 1) * Fraction(N - 1, N - K),
    }
    spread = y - y.sum() / N
    errors = {name: [float(v) ** 0.5 for v in np.diag(V)] for name, V in covariances.items()}
    return b.astype(float), float(1 - e @ e / (spread @ spread)), errors


@pytest.mark.parametrize("terms", [["year"], ["year", "year2"], ["year", "year2", "x"]])
def test_a_year_and_its_square_keep_their_digits_in_every_covariance(terms):
    d = years()
    b, r2, errors = rational(np.column_stack([np.ones(len(d)), d[terms]]), d.y, d.g.to_numpy())
    for vcov, want in errors.items():
        found = fit(d, "y ~ " + " + ".join(terms), vcov, cluster="g" if vcov == "cluster" else None)
        np.testing.assert_allclose(found.terms.estimate, b, rtol=EXACT)
        np.testing.assert_allclose(found.terms.std_error, want, rtol=EXACT)
        assert found.r_squared == pytest.approx(r2, rel=EXACT)


def test_no_intercept_is_nist_noint1():
    found = fit(pd.DataFrame({"x": np.arange(60.0, 71), "y": np.arange(130.0, 141)}), "y ~ 0 + x")
    np.testing.assert_allclose(found.terms.estimate, 2.07438016528926, rtol=CERTIFIED)
    np.testing.assert_allclose(found.terms.std_error, 0.165289256198347e-01, rtol=CERTIFIED)
    assert np.sqrt(found.scale) == pytest.approx(3.56753034006338, rel=CERTIFIED)
    assert found.r_squared == pytest.approx(0.999365492298663, rel=CERTIFIED)


def test_no_intercept_is_nist_noint2():
    found = fit(pd.DataFrame({"x": [4.0, 5, 6], "y": [3.0, 4, 4]}), "y ~ 0 + x")
    np.testing.assert_allclose(found.terms.estimate, 0.727272727272727, rtol=CERTIFIED)
    np.testing.assert_allclose(found.terms.std_error, 0.420827318078432e-01, rtol=CERTIFIED)
    assert found.r_squared == pytest.approx(0.993348115299335, rel=CERTIFIED)


@pytest.mark.parametrize(("unit", "want"), [(1.0, np.ones(6)), (10.0, 10.0 ** -np.arange(6))])
def test_an_exact_quintic_is_nist_wampler_1_and_2(unit, want):
    x = np.arange(21.0)
    d = pd.DataFrame({f"x{i}": x**i for i in range(1, 6)}).assign(
        y=sum((x / unit) ** i for i in range(6))
    )
    found = fit(d, "y ~ x1 + x2 + x3 + x4 + x5")
    np.testing.assert_allclose(found.terms.estimate, want, rtol=1e-8)  # condition number 6e6
    assert found.r_squared == pytest.approx(1, abs=1e-14)
    assert "exact_fit" in [n.kind for n in found.notes]


@pytest.mark.parametrize(
    "formula", ["y ~ x", "y ~ x + C(k)", "y ~ 0 + C(k)", "y ~ x*z", "y ~ 0 + x", "y ~ 1"]
)
def test_everything_is_statsmodels(formula):
    rng = np.random.default_rng(1)
    d = pd.DataFrame(
        {"x": rng.normal(size=50), "z": rng.normal(size=50), "k": rng.choice(list("abc"), 50)}
    )
    d["y"] = 3 + d.x + rng.normal(size=50)
    found = fit(d, formula)
    want = sm.OLS(d.y.to_numpy(), found.design.X).fit()
    np.testing.assert_allclose(found.terms.estimate, want.params, rtol=SAME, atol=1e-12)
    np.testing.assert_allclose(found.terms.std_error, want.bse, rtol=SAME)
    np.testing.assert_allclose(found.terms.p_value, want.pvalues, rtol=1e-7, atol=1e-30)
    np.testing.assert_allclose(found.terms[["conf_low", "conf_high"]], want.conf_int(), rtol=SAME)
    assert found.loglik == pytest.approx(want.llf, rel=SAME)
    # R's lm counts sigma, statsmodels does not
    assert found.aic == pytest.approx(want.aic + 2, rel=SAME)
    assert found.r_squared == pytest.approx(want.rsquared, rel=SAME, abs=1e-12)
    assert found.scale == pytest.approx(want.scale, rel=SAME)
    assert found.df == want.df_resid
    assert np.isnan(found.pseudo_r2)
    assert found.n_events is None


@pytest.mark.parametrize("unit", [1e-12, 1e12])
def test_units_change_nothing_but_the_coefficient(unit):
    d = years()
    plain, scaled = fit(d, "y ~ year + x"), fit(d.assign(x=d.x * unit), "y ~ year + x")
    factor = np.array([1, 1, unit])
    np.testing.assert_allclose(scaled.terms.estimate * factor, plain.terms.estimate, rtol=EXACT)
    np.testing.assert_allclose(scaled.terms.std_error * factor, plain.terms.std_error, rtol=EXACT)
    np.testing.assert_allclose(scaled.terms.p_value, plain.terms.p_value, rtol=1e-8)
    assert scaled.r_squared == pytest.approx(plain.r_squared, rel=EXACT)


@given(st.integers(0, 10**6), st.integers(1, 5), st.integers(6, 20), st.integers(1, 4))
def test_a_batch_is_its_members(seed, B, N, K):
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(B, N, K)), rng.normal(size=(B, N))
    together = fit_linear(X, y)
    for b in range(B):
        alone = fit_linear(X[b : b + 1], y[b : b + 1])
        for name in ("beta", "influence", "leverage", "classical", "loglik", "r2", "scale"):
            np.testing.assert_allclose(
                getattr(together, name)[b], getattr(alone, name)[0], rtol=BATCH, atol=1e-13
            )


@given(st.integers(0, 10**6))
def test_the_normal_equations_hold(seed):
    rng = np.random.default_rng(seed)
    X, y = (
        rng.normal(size=(1, 12, 3)) * 10.0 ** rng.integers(-6, 7, 3),
        rng.normal(size=(1, 12)) + 5,
    )
    found = fit_linear(X, y)
    e = y[0] - X[0] @ found.beta[0]
    U = X[0] / np.abs(X[0]).max(axis=0)
    np.testing.assert_allclose(U.T @ e, 0, atol=1e-12)
    np.testing.assert_allclose(
        found.leverage[0], np.diag(U @ np.linalg.inv(U.T @ U) @ U.T), rtol=1e-9, atol=1e-12
    )
    np.testing.assert_allclose(
        found.influence[0].sum(axis=0) * np.abs(X[0]).max(axis=0), 0, atol=1e-11
    )


def test_ninety_five_percent_intervals_cover_ninety_five_percent():
    rng = np.random.default_rng(5)
    B, N = 4000, 12
    X = np.stack([np.ones((B, N)), rng.normal(size=(B, N))], axis=2)
    found = fit_linear(X, 1 + 2 * X[:, :, 1] + rng.normal(size=(B, N)))
    se = np.sqrt(found.classical[:, 1, 1])
    covered = np.abs(found.beta[:, 1] - 2) < stats.t.ppf(0.975, N - 2) * se
    assert abs(covered.mean() - 0.95) < 4 * np.sqrt(0.95 * 0.05 / B)
