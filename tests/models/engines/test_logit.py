"""Logit against closed forms, statsmodels, scipy's optimiser and
arithmetic in extended precision.
"""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import expit

import peacestudy as ps
from peacestudy.models.kernels.designs import orthonormal, roots
from peacestudy.models.kernels.logit import fit_logit, mcfadden

CLOSED = 1e-11  # relative, against formulas
SAME = 1e-7  # relative, against statsmodels, whose Newton stops at 1e-8
# relative, against extended precision: unit roundoff times the condition number (5e4) with a margin
LONG = 1e-10
# relative; members stop at the same step, the blocks of a product may be cut otherwise
BATCH = 1e-11


def fit(data, formula, vcov="classical", **more):
    return ps.fit(data, ps.ModelSpec("m", formula, "logit", vcov, **more))


def draw(n=150, seed=0):
    rng = np.random.default_rng(seed)
    d = pd.DataFrame(
        {"x": rng.normal(size=n), "z": rng.normal(size=n), "k": rng.choice(list("abc"), n)}
    )
    d["year"] = rng.integers(1989, 2020, n)
    d["y"] = (rng.random(n) < expit(-0.5 + d.x)).astype(int)
    return d


def table(a, b, c, e):
    """A two-by-two table as rows: a and b events and others with x 1, c and e with x 0."""
    return pd.DataFrame(
        {"x": [1] * (a + b) + [0] * (c + e), "y": [1] * a + [0] * b + [1] * c + [0] * e}
    )


@pytest.mark.parametrize("cells", [(12, 5, 7, 22), (1, 30, 2, 19), (9, 9, 9, 9)])
def test_a_two_by_two_table_is_its_odds_ratio(cells):
    a, b, c, e = cells
    t = fit(table(*cells), "y ~ x").terms
    np.testing.assert_allclose(
        t.estimate, [np.log(c / e), np.log(a * e / (b * c))], rtol=CLOSED, atol=1e-12
    )
    np.testing.assert_allclose(
        t.std_error, np.sqrt([1 / c + 1 / e, 1 / a + 1 / b + 1 / c + 1 / e]), rtol=CLOSED
    )


def test_an_intercept_alone_is_the_log_odds():
    found = fit(table(12, 5, 7, 22), "y ~ 1")
    assert found.terms.estimate[0] == pytest.approx(np.log(19 / 27), rel=CLOSED)
    assert found.loglik == pytest.approx(19 * np.log(19 / 46) + 27 * np.log(27 / 46), rel=CLOSED)
    assert found.pseudo_r2 == pytest.approx(0, abs=1e-14)


@pytest.mark.parametrize(
    "formula", ["y ~ x", "y ~ x*z + C(k)", "y ~ 0 + C(k)", "y ~ 0 + x", "y ~ year + x"]
)
def test_everything_is_statsmodels(formula):
    d = draw()
    found = fit(d, formula)
    want = sm.Logit(d.y.to_numpy(), found.design.X).fit(disp=0, tol=1e-10, maxiter=100)
    np.testing.assert_allclose(found.terms.estimate, want.params, rtol=SAME)
    np.testing.assert_allclose(found.terms.std_error, want.bse, rtol=SAME)
    np.testing.assert_allclose(found.terms.statistic, want.tvalues, rtol=SAME)
    np.testing.assert_allclose(found.terms.p_value, want.pvalues, rtol=1e-6)
    np.testing.assert_allclose(found.terms[["conf_low", "conf_high"]], want.conf_int(), rtol=SAME)
    assert found.loglik == pytest.approx(want.llf, rel=1e-12)
    assert found.aic == pytest.approx(want.aic, rel=1e-12)
    # its null model is climbed to, not computed
    assert found.pseudo_r2 == pytest.approx(want.prsquared, abs=1e-8)
    assert found.n_events == d.y.sum()
    assert found.scale == 1
    assert np.isinf(found.df)


def test_no_other_point_is_higher():
    d = draw(60)
    found = fit(d, "y ~ x + z")
    X = found.design.X
    best = minimize(
        lambda b: np.logaddexp(0, X @ b).sum() - d.y @ (X @ b), np.zeros(3), method="BFGS"
    )
    assert found.loglik >= -best.fun - 1e-12
    # a derivative by differences
    np.testing.assert_allclose(found.terms.estimate, best.x, atol=1e-4)


def eliminate(A, B):
    """Solve by elimination in the precision of the arrays, which LAPACK does not have."""
    A, B = A.copy(), B.copy()
    for c in range(len(A)):
        p = c + int(np.abs(A[c:, c]).argmax())
        A[[c, p]], B[[c, p]] = A[[p, c]], B[[p, c]]
        B[c], A[c] = B[c] / A[c, c], A[c] / A[c, c]
        for i in set(range(len(A))) - {c}:
            B[i], A[i] = B[i] - A[i, c] * B[c], A[i] - A[i, c] * A[c]
    return B


@pytest.mark.skipif(np.finfo(np.longdouble).eps > 1e-18, reason="no extended precision here")
def test_a_year_and_its_square_keep_their_digits_against_extended_precision():
    d = draw(200, seed=3).assign(year2=lambda t: t.year**2)
    found = fit(d, "y ~ year + year2", "hc0")
    model = fit(d, "y ~ year + year2")
    # centred columns span the same space; only the last step, exact in the unit, goes back to the
    # raw ones
    u = (d.year - 2004).to_numpy(np.longdouble)
    U, y, b = (
        np.column_stack([np.ones(len(u), np.longdouble), u, u**2]),
        d.y.to_numpy(np.longdouble),
        np.zeros(3),
    )
    for _ in range(30):
        p = 1 / (1 + np.exp(-(U @ b)))
        H = U.T @ (U * (p * (1 - p))[:, None])
        b = b + eliminate(H, (U.T @ (y - p))[:, None])[:, 0]
    L = np.array([[1, -2004, 2004**2], [0, 1, -4008], [0, 0, 1]], np.longdouble)
    P = eliminate(H, np.eye(3, dtype=np.longdouble))
    S = U * (y - p)[:, None]
    np.testing.assert_allclose(model.terms.estimate, (L @ b).astype(float), rtol=LONG)
    np.testing.assert_allclose(
        model.terms.std_error**2, np.diag(L @ P @ L.T).astype(float), rtol=LONG
    )
    np.testing.assert_allclose(
        found.terms.std_error**2, np.diag(L @ P @ S.T @ S @ P @ L.T).astype(float), rtol=LONG
    )


@pytest.mark.parametrize("unit", [1e-12, 1e12])
def test_units_change_nothing_but_the_coefficient(unit):
    d = draw()
    plain, scaled = fit(d, "y ~ x + z"), fit(d.assign(x=d.x * unit), "y ~ x + z")
    factor = np.array([1, unit, 1])
    np.testing.assert_allclose(scaled.terms.estimate * factor, plain.terms.estimate, rtol=1e-10)
    np.testing.assert_allclose(scaled.terms.std_error * factor, plain.terms.std_error, rtol=1e-10)
    assert scaled.loglik == pytest.approx(plain.loglik, rel=1e-13)
    assert scaled.pseudo_r2 == pytest.approx(plain.pseudo_r2, rel=1e-12)


def test_the_other_outcome_has_the_other_sign():
    d = draw()
    one, other = fit(d, "y ~ x + z"), fit(d.assign(y=1 - d.y), "y ~ x + z")
    np.testing.assert_allclose(one.terms.estimate, -other.terms.estimate, rtol=1e-10)
    np.testing.assert_allclose(one.terms.std_error, other.terms.std_error, rtol=1e-10)


@given(st.integers(0, 10**6), st.integers(2, 5), st.integers(1, 3))
def test_a_batch_is_its_members(seed, B, K):
    rng = np.random.default_rng(seed)
    X = np.concatenate([np.ones((B, 80, 1)), rng.normal(size=(B, 80, K))], axis=2)
    y = (rng.random((B, 80)) < 0.4).astype(float)
    together = fit_logit(X, y)
    assert together.converged.all()
    for b in range(B):
        alone = fit_logit(X[b : b + 1], y[b : b + 1])
        for name in ("beta", "influence", "leverage", "classical", "loglik", "r2"):
            np.testing.assert_allclose(
                getattr(together, name)[b], getattr(alone, name)[0], rtol=BATCH, atol=1e-12
            )


@given(st.integers(0, 10**6))
def test_the_score_is_zero_and_the_influence_is_that_of_the_formula(seed):
    rng = np.random.default_rng(seed)
    X = np.column_stack([np.ones(60), rng.normal(size=60), rng.integers(0, 2, 60)])
    y = (rng.random(60) < 0.5).astype(float)
    found = fit_logit(X[None], y[None])
    p = expit(X @ found.beta[0])
    W = p * (1 - p)
    P = np.linalg.inv(X.T @ (X * W[:, None]))
    np.testing.assert_allclose(X.T @ (y - p), 0, atol=1e-9)
    np.testing.assert_allclose(
        found.influence[0], (X * (y - p)[:, None]) @ P, rtol=1e-8, atol=1e-12
    )
    np.testing.assert_allclose(found.classical[0], P, rtol=1e-9)
    np.testing.assert_allclose(found.leverage[0], W * np.einsum("ni,ij,nj->n", X, P, X), rtol=1e-9)


def test_orthonormal_columns_give_the_design_back():
    X = np.random.default_rng(0).normal(size=(2, 9, 3)) * [1, 1e6, 1e-6]
    Z, T = orthonormal(X)
    np.testing.assert_allclose(Z @ T, X, rtol=1e-12)
    np.testing.assert_allclose(
        Z.transpose(0, 2, 1) @ Z / 9, np.broadcast_to(np.eye(3), (2, 3, 3)), atol=1e-13
    )
    A, M = roots(Z, T, np.full((2, 9), 0.25))
    np.testing.assert_allclose(
        A @ A.transpose(0, 2, 1), np.linalg.inv(Z.transpose(0, 2, 1) @ Z / 4), atol=1e-12
    )
    np.testing.assert_allclose(T @ M, A, atol=1e-12)


def test_mcfadden_is_zero_at_the_share_and_one_in_the_limit():
    y = np.array([[1.0, 0, 0, 0]])
    assert mcfadden(np.full((1, 4), np.log(1 / 3)), y)[0] == pytest.approx(0, abs=1e-15)
    assert mcfadden(np.where(y == 1, 40.0, -40.0), y)[0] == pytest.approx(1, abs=1e-15)
