"""Firth's logit against closed forms, R's logistf, firthmodels and
the penalised likelihood climbed by scipy.

The closed forms: with an intercept alone, or one dummy, Firth's penalty
adds a half to every cell (Firth 1993, 3.3).
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from firthmodels import FirthLogisticRegression
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import approx_fprime, minimize
from scipy.special import expit

import peacestudy as ps
from peacestudy.models.kernels.firth import climb_firth, curvature, fit_firth, penalised_loglik

REFERENCES = Path(__file__).resolve().parents[3].parent / "shared" / "references" / "regression"
CLOSED = 1e-10  # relative, against formulas
PEAK = 1e-7  # likelihood units: no point found by another optimiser may be higher by more
# of a linear predictor, where BFGS stops on a likelihood as flat as Firth's under separation
FLAT = 2e-3
# of an estimate, firthmodels with gtol = xtol = 1e-7 instead of its 1e-4; it cannot take less
ORACLE = 1e-6
BATCH = 1e-9  # relative; members stop at decrement 1e-16, which is 1e-8 standard errors


def fit(data, formula, vcov="classical", **more):
    return ps.fit(data, ps.ModelSpec("m", formula, "firth", vcov, **more))


def table(a, b, c, e):
    """A two-by-two table as rows: a and b events and others with x 1, c and e with x 0."""
    return pd.DataFrame(
        {"x": [1] * (a + b) + [0] * (c + e), "y": [1] * a + [0] * b + [1] * c + [0] * e}
    )


def penalised(b, X, y):
    """Minus the penalised log-likelihood, written down from Firth (1993) without our kernels."""
    eta = X @ b
    sign, logdet = np.linalg.slogdet(X.T @ (X * (expit(eta) * expit(-eta))[:, None]))
    return np.inf if sign <= 0 else -(y @ eta - np.logaddexp(0, eta).sum()) - logdet / 2


def draw(seed, kind):
    """Designs of the kinds that the field has: a rare dummy, a year, a
    heavy tail, an outcome that is separated.
    """
    rng = np.random.default_rng(seed)
    N = int(rng.integers(25, 70))
    x = {
        "normal": lambda: rng.normal(size=N),
        "rare": lambda: (np.arange(N) < 2).astype(float),
        "year": lambda: rng.integers(1989, 2020, N).astype(float),
        "dollars": lambda: np.exp(rng.normal(size=N) * 2 + 23),
        "separated": lambda: rng.normal(size=N),
    }[kind]()
    X = np.column_stack([np.ones(N), x, rng.normal(size=N)])
    y = (x > 0).astype(float) if kind == "separated" else (rng.random(N) < 0.3).astype(float)
    y[-2:] = [0, 1] if kind != "separated" else y[-2:]
    return X, y


KINDS = ["normal", "rare", "year", "dollars", "separated"]


@pytest.mark.parametrize(
    "cells", [(12, 5, 7, 22), (1, 30, 2, 19), (0, 8, 5, 9), (6, 0, 0, 7), (0, 1, 3, 20)]
)
def test_a_two_by_two_table_gains_a_half_in_every_cell(cells):
    a, b, c, e = cells
    t = fit(table(*cells), "y ~ x").terms
    want = np.log((a + 0.5) / (b + 0.5)) - np.log((c + 0.5) / (e + 0.5))
    np.testing.assert_allclose(
        t.estimate, [np.log((c + 0.5) / (e + 0.5)), want], rtol=CLOSED, atol=1e-10
    )
    # h is 1/n in a cell of n rows: its augmented information is n w (1 + 1/n) = (n + 1) w
    one = (a + b + 1) * ((a + 0.5) / (a + b + 1)) * ((b + 0.5) / (a + b + 1))
    zero = (c + e + 1) * ((c + 0.5) / (c + e + 1)) * ((e + 0.5) / (c + e + 1))
    np.testing.assert_allclose(t.std_error, np.sqrt([1 / zero, 1 / one + 1 / zero]), rtol=CLOSED)


def test_an_intercept_alone_gains_a_half():
    found = fit(table(0, 0, 7, 22), "y ~ 1")
    assert found.terms.estimate[0] == pytest.approx(np.log(7.5 / 22.5), rel=CLOSED)
    assert np.isnan(found.aic)


@pytest.mark.skipif(
    not REFERENCES.is_dir(), reason="the reference data are not at hand (../shared/references)"
)
def test_the_null_model_is_logistf():
    d = pd.read_csv(REFERENCES / "sex2.csv")
    X = np.column_stack([np.ones(len(d)), d[["age", "oc", "vic", "vicl", "vis", "dia"]]])
    null = climb_firth(X[None], d.case.to_numpy(float)[None], np.zeros((1, 7)), free=1)
    # logistf keeps the penalty of the whole design
    assert null.value[0] == pytest.approx(-157.0847009, abs=1e-7)


@pytest.mark.skipif(
    not REFERENCES.is_dir(), reason="the reference data are not at hand (../shared/references)"
)
def test_the_three_standard_errors_of_dia_are_told_apart():
    d = pd.read_csv(REFERENCES / "sex2.csv")
    found = fit(d, "case ~ age + oc + vic + vicl + vis + dia")
    X, y, b = found.design.X, found.design.y, found.terms.estimate.to_numpy()
    p = expit(X @ b)
    inverse = np.linalg.inv(X.T @ (X * (p * (1 - p))[:, None]))
    J = curvature(X[None], b[None])[0]
    np.testing.assert_allclose(
        [inverse[6, 6] ** 0.5, found.terms.std_error[6], np.linalg.inv(J)[6, 6] ** 0.5],
        [1.675, 1.505, 1.546],
        atol=5e-4,
    )
    assert y.sum() == found.n_events


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(6))
def test_no_other_point_is_higher(kind, seed):
    X, y = draw(seed, kind)
    found = fit_firth(X[None], y[None])
    U = np.linalg.qr(X)[0] * np.sqrt(len(y))  # the same columns, kinder to BFGS
    shift = penalised(np.zeros(3), X, y) - penalised(np.zeros(3), U, y)
    rng = np.random.default_rng(seed)
    starts = [np.zeros(3), *rng.normal(size=(3, 3))]
    best = min(
        (minimize(penalised, s, args=(U, y), method="BFGS") for s in starts), key=lambda r: r.fun
    )
    assert found.converged[0]
    assert found.iterations[0] <= 20
    assert found.loglik[0] == pytest.approx(-penalised(found.beta[0], X, y), abs=PEAK)
    assert found.loglik[0] >= -(best.fun + shift) - PEAK
    np.testing.assert_allclose(X @ found.beta[0], U @ best.x, atol=FLAT)


@pytest.mark.parametrize("seed", range(10))
def test_estimates_are_firthmodels(seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(80, 3))
    y = (rng.random(80) < 0.25).astype(int)
    want = FirthLogisticRegression(gtol=1e-7, xtol=1e-7, max_iter=500, backend="numpy").fit(X, y)
    found = fit(pd.DataFrame(X, columns=list("abc")).assign(y=y), "y ~ a + b + c")
    np.testing.assert_allclose(found.terms.estimate, [want.intercept_, *want.coef_], atol=ORACLE)
    assert found.loglik == pytest.approx(want.loglik_, abs=1e-9)


@given(st.integers(0, 10**6), st.sampled_from(KINDS))
def test_the_modified_score_is_zero(seed, kind):
    X, y = draw(seed, kind)
    found = fit_firth(X[None], y[None])
    U = np.linalg.qr(X)[0]
    p = expit(X @ found.beta[0])
    root = np.sqrt(p * (1 - p))[:, None] * U
    h = np.einsum("nk,nk->n", root @ np.linalg.inv(root.T @ root), root)
    assert found.converged[0]
    np.testing.assert_allclose(found.leverage[0], h, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(U.T @ (y - p + h * (0.5 - p)), 0, atol=1e-7)
    np.testing.assert_allclose(found.influence[0].sum(axis=0) * np.abs(X).max(axis=0), 0, atol=1e-5)


@given(st.integers(0, 10**6))
def test_the_curvature_is_the_second_derivative(seed):
    rng = np.random.default_rng(seed)
    X, b = np.column_stack([np.ones(15), rng.normal(size=(15, 2))]), rng.normal(size=3)
    y = (rng.random(15) < 0.5).astype(float)

    def score(at):
        p = expit(X @ at)
        W = p * (1 - p)
        h = W * np.einsum("ni,ij,nj->n", X, np.linalg.inv(X.T @ (X * W[:, None])), X)
        return X.T @ (y - p + h * (0.5 - p))

    J = curvature(X[None], b[None])[0]
    np.testing.assert_allclose(-approx_fprime(b, score, 1e-6), J, rtol=2e-4, atol=2e-4)
    np.testing.assert_allclose(J, J.T, atol=1e-12)
    gradient = approx_fprime(b, lambda at: -penalised(at, X, y), 1e-7)
    np.testing.assert_allclose(gradient, score(b), rtol=1e-4, atol=1e-4)
    assert penalised_loglik(X[None], y[None], b[None])[0] == pytest.approx(
        -penalised(b, X, y), rel=1e-12
    )


@given(st.integers(0, 10**6), st.integers(2, 4))
def test_a_batch_is_its_members_whatever_stands_beside_them(seed, B):
    rng = np.random.default_rng(seed)
    X = np.concatenate([np.ones((B, 40, 1)), rng.normal(size=(B, 40, 2))], axis=2)
    y = (rng.random((B, 40)) < 0.4).astype(float)
    y[0] = X[0, :, 1] > 0  # a separated member climbs longest
    y[:, :2] = [0, 1]
    together = fit_firth(X, y)
    for b in range(B):
        alone = fit_firth(X[b : b + 1], y[b : b + 1])
        for name in ("beta", "influence", "leverage", "classical", "loglik", "r2"):
            np.testing.assert_allclose(
                getattr(together, name)[b], getattr(alone, name)[0], rtol=BATCH, atol=1e-10
            )


@pytest.mark.parametrize("unit", [1e-12, 1e12])
@pytest.mark.parametrize("vcov", ["classical", "hc1"])
def test_units_change_nothing_but_the_coefficient(unit, vcov):
    rng = np.random.default_rng(2)
    d = pd.DataFrame(
        {"x": rng.normal(size=60), "z": rng.normal(size=60), "y": rng.integers(0, 2, 60)}
    )
    plain, scaled = fit(d, "y ~ x + z", vcov), fit(d.assign(x=d.x * unit), "y ~ x + z", vcov)
    factor = np.array([1, unit, 1])
    for column in ("estimate", "std_error", "conf_low", "conf_high"):
        np.testing.assert_allclose(
            scaled.terms[column] * factor, plain.terms[column], rtol=1e-7, atol=1e-9
        )
    np.testing.assert_allclose(scaled.terms.p_value, plain.terms.p_value, rtol=1e-7)
    assert scaled.pseudo_r2 == pytest.approx(plain.pseudo_r2, rel=1e-10)
    # the penalty has units, as in logistf
    assert scaled.loglik == pytest.approx(plain.loglik + np.log(unit), abs=1e-7)


def test_the_other_outcome_has_the_other_sign():
    X, y = draw(4, "normal")
    np.testing.assert_allclose(
        fit_firth(X[None], y[None]).beta, -fit_firth(X[None], 1 - y[None]).beta, atol=1e-8
    )


def test_a_dummy_of_one_case_does_not_swing():
    """Steps by the information alone go round this maximum
    forever: the leverage of the case is one.
    """
    rng = np.random.default_rng(0)
    N = 60
    X = np.column_stack(
        [np.ones(N), np.arange(N) == 0, np.arange(N) == 1, rng.normal(size=N)]
    ).astype(float)
    found = fit_firth(X[None], (rng.random((1, N)) < 0.3).astype(float))
    assert found.converged[0]
    assert found.iterations[0] < 10


def test_estimates_are_less_biased_than_those_of_maximum_likelihood():
    """Forty cases, true slope 1: the classic result of Heinze
    and Schemper (2002), here on 3000 draws.
    """
    rng = np.random.default_rng(11)
    X = np.stack([np.ones((3000, 40)), rng.normal(size=(3000, 40))], axis=2)
    y = (rng.random((3000, 40)) < expit(-1 + X[:, :, 1])).astype(float)
    b = fit_firth(X, y).beta[:, 1]
    assert abs(b.mean() - 1) < 4 * b.std() / np.sqrt(3000)
