"""A batch of models of one data set: each is what a single fit gives, and what a single fit refuses
carries its reason.
"""

from dataclasses import replace
from functools import partial
from itertools import product

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.special import expit

from peacestudy.models.engines.registry import ENGINES
from peacestudy.models.formulas.dependence import dependence
from peacestudy.models.kernels import batch as batches
from peacestudy.models.kernels.batch import (
    CONSTANT,
    DEPENDENT,
    SEPARATED,
    TOO_FEW_ROWS,
    Batch,
    coefficients,
    fit_batch,
)
from peacestudy.models.kernels.firth import fit_firth
from peacestudy.models.kernels.linear import fit_linear
from peacestudy.models.kernels.logit import fit_logit
from peacestudy.models.kernels.separation import find_separation

SAME = 1e-9  # in standard errors, or relative: sums are taken in another order
STATSMODELS = 1e-7  # its Newton stops at 1e-8
N, K = 70, 6
SINGLE = {"linear": fit_linear, "logit": fit_logit, "firth": partial(fit_firth, search=True)}
BATCHED = ["linear", "logit", "firth"]


def draw(seed=1):
    """Columns of unlike sizes, one of them a dummy of nine rows that all have the event, and
    outcomes of numbers and of events.
    """
    rng = np.random.default_rng(seed)
    X = np.column_stack([np.ones(N), rng.normal(size=(N, K - 1)) * [1, 5, 0.1, 1, 1]])
    X[:, 2] += 2000
    X[:, 4] = np.arange(N) < 9
    events = (rng.random(N) < expit(0.8 * X[:, 1])).astype(float)
    events[:9] = 1.0
    return X, X[:, 1] + rng.normal(size=N), events


def every_subset():
    """Every subset of the columns that has the intercept."""
    others = np.array(list(product([False, True], repeat=K - 1)))
    return np.column_stack([np.ones(len(others), bool), others])


def samples(kind, size):
    rng = np.random.default_rng(2)
    if kind == "all rows":
        return None
    if kind == "bootstrap":
        return rng.multinomial(N, np.full(N, 1 / N), size).astype(float)
    return (rng.random((size, N)) < 0.8).astype(float)


def refused(X, y, engine):
    """Why a single fit gives no numbers, or nothing."""
    if np.ptp(y) == 0:
        return CONSTANT
    if len(y) <= X.shape[1]:
        return TOO_FEW_ROWS
    if dependence(X) is not None:
        return DEPENDENT
    return SEPARATED if engine == "logit" and find_separation(X, y) is not None else ""


@pytest.mark.parametrize("engine", BATCHED)
@pytest.mark.parametrize("kind", ["all rows", "bootstrap", "part of the rows"])
def test_every_subset_of_columns_is_the_single_fit(engine, kind):
    X, numbers, events = draw()
    y = numbers if engine == "linear" else events
    columns = every_subset()
    counts = samples(kind, len(columns))
    seen = set()
    for block in fit_batch(ENGINES[engine].batch, Batch(X, y, counts, columns)):
        for at, b in enumerate(block.members):
            rows = (
                np.arange(N) if counts is None else np.repeat(np.arange(N), counts[b].astype(int))
            )
            has = np.flatnonzero(columns[b])
            A, outcome = X[np.ix_(rows, has)], y[rows]
            reason = refused(A, outcome, engine)
            assert block.doubts[at] == reason
            seen.add(reason)
            est = block.estimates
            if reason:
                assert np.isnan(est.beta[at]).all() and np.isnan(est.classical[at]).all()
                continue
            one = SINGLE[engine](A[None], outcome[None])
            error = np.sqrt(np.diag(one.classical[0]))
            np.testing.assert_allclose(
                est.beta[at, has] / error, one.beta[0] / error, rtol=SAME, atol=SAME
            )
            correlation = np.outer(error, error)
            np.testing.assert_allclose(
                est.classical[at][np.ix_(has, has)] / correlation,
                one.classical[0] / correlation,
                atol=SAME,
            )
            influence = np.zeros((N, len(has)))
            np.add.at(influence, rows, one.influence[0])
            np.testing.assert_allclose(
                est.influence[at][:, has] / error, influence / error, atol=SAME
            )
            leverage = np.zeros(N)
            np.add.at(leverage, rows, one.leverage[0])
            np.testing.assert_allclose(est.leverage[at], leverage, atol=SAME)
            for name in ("loglik", "r2", "scale"):
                np.testing.assert_allclose(
                    getattr(est, name)[at], getattr(one, name)[0], rtol=SAME, atol=SAME
                )
            assert (est.beta[at, ~columns[b]] == 0).all()
            assert (est.classical[at][~columns[b]] == 0).all()
    assert (SEPARATED in seen) == (engine == "logit")
    assert "" in seen


@pytest.mark.parametrize("engine", BATCHED)
def test_other_outcomes_of_one_design_are_single_fits(engine):
    X, numbers, events = draw()
    rng = np.random.default_rng(4)
    y = rng.permuted(np.tile(numbers if engine == "linear" else events, (20, 1)), axis=1)
    y[3] = 1.0
    beta, doubts = coefficients(ENGINES[engine].batch, Batch(X, y))
    assert doubts[3] == CONSTANT and np.isnan(beta[3]).all()
    for b in np.flatnonzero(np.arange(20) != 3):
        assert doubts[b] == refused(X, y[b], engine)
        if not doubts[b]:
            one = SINGLE[engine](X[None], y[b : b + 1])
            error = np.sqrt(np.diag(one.classical[0]))
            np.testing.assert_allclose(beta[b] / error, one.beta[0] / error, rtol=SAME, atol=SAME)


def test_statsmodels_gives_the_same():
    X, numbers, events = draw()
    columns = every_subset()
    columns[:, 4] = False  # no separation
    for engine, y in (("linear", numbers), ("logit", events)):
        for block in fit_batch(ENGINES[engine].batch, Batch(X, y, None, columns)):
            for at, b in enumerate(block.members):
                A = X[:, columns[b]]
                want = sm.OLS(y, A).fit() if engine == "linear" else sm.Logit(y, A).fit(disp=0)
                error = np.sqrt(np.diag(block.estimates.classical[at])[columns[b]])
                np.testing.assert_allclose(error, want.bse, rtol=STATSMODELS)
                np.testing.assert_allclose(
                    block.estimates.beta[at, columns[b]] / error,
                    want.params / want.bse,
                    rtol=STATSMODELS,
                    atol=STATSMODELS,
                )


def test_dependent_columns_and_too_few_rows_are_told_and_stop_no_other():
    X, numbers, _ = draw()
    X = np.column_stack([X, X[:, 1] + X[:, 3], np.full(N, 2.0)])
    columns = np.zeros((4, X.shape[1]), bool)
    columns[0, [0, 1, 3]] = columns[1, [0, 1, 3, 6]] = columns[2, [0, 7]] = columns[3, [0, 6]] = (
        True
    )
    beta, doubts = coefficients(ENGINES["linear"].batch, Batch(X, numbers, None, columns))
    assert doubts.tolist() == ["", DEPENDENT, DEPENDENT, ""]
    assert np.isnan(beta).all(axis=1).tolist() == [False, True, True, False]
    few = np.zeros((2, N))
    few[0, 20:23] = 1.0
    few[1, 20:] = 1.0
    assert coefficients(ENGINES["linear"].batch, Batch(X[:, [0, 1, 3]], numbers, few))[
        1
    ].tolist() == [
        TOO_FEW_ROWS,
        "",
    ]


def test_columns_far_from_zero_are_left_to_a_single_fit():
    """There a single fit moves the columns, and the digits of a batch would be others."""
    X, numbers, _ = draw()
    X[:, 1] += 1e6
    columns = np.array([[1, 1, 0, 0, 0, 0], [1, 0, 1, 1, 0, 0]], bool)
    assert coefficients(ENGINES["linear"].batch, Batch(X, numbers, None, columns))[1].tolist() == [
        DEPENDENT,
        "",
    ]


def several_maxima():
    """Data whose penalised likelihood has a maximum above the one that is reached from zero."""
    rng = np.random.default_rng(0)
    for _ in range(3000):
        X = np.column_stack([np.ones(12), rng.standard_t(1, size=(12, 3))])
        y = (rng.random(12) < 0.4).astype(float)
        if not 1 < y.sum() < 11:
            continue
        low, high = fit_firth(X[None], y[None]), fit_firth(X[None], y[None], search=True)
        if high.loglik[0] > low.loglik[0] + 1e-3:
            return X, y
    raise AssertionError("no such data were found")


def test_the_highest_maximum_is_found_as_by_a_single_fit():
    X, y = several_maxima()
    counts = np.ones((2, 12))
    for search in (True, False):
        beta, doubts = coefficients(ENGINES["firth"].batch, Batch(X, y, counts), search)
        one = fit_firth(X[None], y[None], search=search)
        assert doubts.tolist() == ["", ""]
        np.testing.assert_allclose(beta, np.repeat(one.beta, 2, axis=0), rtol=1e-6)
    # twice each row is another likelihood: its own highest maximum
    twice, doubts = coefficients(ENGINES["firth"].batch, Batch(X, y, 2 * counts))
    rows = np.repeat(np.arange(12), 2)
    one = fit_firth(X[rows][None], y[rows][None], search=True)
    np.testing.assert_allclose(twice[0], one.beta[0], rtol=1e-6)


@pytest.mark.parametrize("engine", BATCHED)
def test_blocks_are_the_whole(engine, monkeypatch):
    X, numbers, events = draw()
    whole = Batch(X, numbers if engine == "linear" else events, None, every_subset())
    beta, doubts = coefficients(ENGINES[engine].batch, whole)
    monkeypatch.setattr(batches, "LARGEST", 5 * N * K)
    assert len(list(whole.blocks())) == 7
    again, same = coefficients(ENGINES[engine].batch, whole)
    assert same.tolist() == doubts.tolist()
    np.testing.assert_allclose(again, beta, rtol=SAME, atol=1e-12)


def test_a_model_that_has_no_estimates_does_not_stop_the_others():
    X, _, events = draw()
    fit = ENGINES["logit"].batch.fit

    def fragile(X, y, weights, columns, by_row):
        if columns[:, 3].any() and len(columns) > 1:
            raise np.linalg.LinAlgError
        return fit(X, y, weights, columns, by_row)

    kernel = replace(ENGINES["logit"].batch, fit=fragile)
    whole = Batch(X, events, None, every_subset())
    beta, doubts = coefficients(ENGINES["logit"].batch, whole)
    again, same = coefficients(kernel, whole)
    assert same.tolist() == doubts.tolist()
    np.testing.assert_allclose(again, beta, rtol=SAME, atol=1e-12)
