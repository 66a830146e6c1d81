"""Many models of one data set at once: subsets of its columns, of its rows, or other outcomes.

The kernels of linear, logit and firth fit a block of models in a few matrix products, without a
copy of the data for each. What a single fit would refuse, or search for, is looked at before and
after, by bounds that clear almost all models. The others are fitted one by one, or have no numbers
and the reason.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
from scipy.special import expit

from peacestudy.models.kernels.designs import (
    basis_of,
    designs,
    information,
    inverse_root,
    restricted,
)
from peacestudy.models.kernels.estimates import Estimates, Kernel
from peacestudy.models.kernels.firth import CONCAVE, fit_firth
from peacestudy.models.kernels.linear import fit_linear
from peacestudy.models.kernels.logit import fit_logit
from peacestudy.models.kernels.separation import FAR, is_separated

LARGEST = 1_000_000  # numbers in an array of models, rows and columns; more are taken in blocks
# trace of the inverse of the correlations of a model's columns, up to which they are far from
# dependent: the weakest direction has a thousandth of their length or more
FAR_FROM_DEPENDENT = 1e6
# standard deviations from zero up to which a column keeps its digits; beyond, a single fit moves it
NEAR_ZERO = 1e3

# doubts
TOO_FEW_ROWS = "no more rows than terms"
CONSTANT = "the outcome does not vary"
DEPENDENT = "the terms are dependent, or close to it"
SEPARATED = "the outcome is separated"
NOT_CONVERGED = "no convergence"
OTHER_MAXIMUM = "another maximum may be higher"


@dataclass(frozen=True, eq=False)
class Batch:
    """Models of one data set of N rows and M columns.

    Attributes
    ----------
    X : columns, shape (N, M).
    y : the outcome (N,), or one for each model (B, N).
    weights : how often each row counts in each model, shape (B, N), with a sum that is the number
        of rows; whole numbers for ``firth``. None counts each row once.
    columns : which columns each model has, shape (B, M), bool; None gives all to each.
    """

    X: np.ndarray
    y: np.ndarray
    weights: np.ndarray | None = None
    columns: np.ndarray | None = None

    def __len__(self) -> int:
        for values in (self.weights, self.columns):
            if values is not None:
                return len(values)
        return len(self.y) if self.y.ndim == 2 else 1

    def blocks(self) -> Iterator[np.ndarray]:
        """Positions of the models in blocks of bounded memory."""
        N, M = self.X.shape
        size = max(1, LARGEST // max(N * M, M**3))
        for first in range(0, len(self), size):
            yield np.arange(first, min(first + size, len(self)))

    def part(self, members: np.ndarray) -> "Batch":
        """Some of the models."""
        return Batch(
            self.X,
            self.y[members] if self.y.ndim == 2 else self.y,
            None if self.weights is None else self.weights[members],
            None if self.columns is None else self.columns[members],
        )

    @cached_property
    def outcomes(self) -> np.ndarray:
        """The outcome of every model, shape (B, N)."""
        return np.broadcast_to(self.y, (len(self), len(self.X)))

    @cached_property
    def counts(self) -> np.ndarray:
        """How often each row counts in every model, shape (B, N)."""
        return np.ones((len(self), len(self.X))) if self.weights is None else self.weights

    @cached_property
    def rows(self) -> np.ndarray:
        """The number of rows of every model, shape (B,)."""
        return np.asarray(np.rint(self.counts.sum(axis=1)))

    @cached_property
    def terms(self) -> np.ndarray:
        """Which columns each model has, shape (B, M)."""
        whole = np.ones((len(self), self.X.shape[1]), bool)
        return whole if self.columns is None else self.columns


@dataclass(frozen=True, eq=False)
class Block:
    """Some models of a batch.

    Attributes
    ----------
    members : their positions in the batch, shape (b,).
    estimates : with the columns and rows of the data set; zeros in the columns that a model leaves
        out, NaN in models with a doubt.
    doubts : why a model has no numbers, shape (b,); empty where it has.
    """

    members: np.ndarray
    estimates: Estimates
    doubts: np.ndarray


@dataclass(frozen=True)
class BatchKernel:
    """How an engine fits a batch.

    Attributes
    ----------
    fit : the kernel, of one design and the outcomes, weights and columns of the models.
    doubts : from a batch and its estimates, why each may not be what a single fit gives, shape
        (B,); empty where it is.
    alone : a fit of one model as a single fit is made, where there are doubts: of its columns,
        outcome and weights. None, where it cannot be fitted.
    """

    fit: Kernel
    doubts: Callable[[Batch, Estimates], np.ndarray]
    alone: Callable[[np.ndarray, np.ndarray, np.ndarray], Estimates | None]


def fit_batch(
    kernel: BatchKernel, batch: Batch, search: bool = True, by_row: bool = True
) -> Iterator[Block]:
    """Fit the models of a batch, block by block.

    Parameters
    ----------
    kernel : how the engine fits a batch.
    batch : the models.
    search : whether models whose likelihood may have a higher maximum are searched for it, as a
        single fit is.
    by_row : whether the influence of rows is wanted, as robust covariances need it.
    """
    for members in batch.blocks():
        block = batch.part(members)
        doubts = _doubts_before(block)
        fitted = np.flatnonzero(doubts == "")
        if not len(fitted):
            yield Block(members, _nothing(block, by_row), doubts)
            continue
        some = block.part(fitted)
        estimates = _fit(kernel, some, by_row)
        doubts[fitted] = kernel.doubts(some, estimates)
        if not search:
            doubts[doubts == OTHER_MAXIMUM] = ""
        estimates = _spread(estimates, fitted, len(block))
        for b in fitted[doubts[fitted] != ""]:
            doubts[b] = _settle(kernel, block, int(b), str(doubts[b]), estimates)
        for values in _arrays(estimates).values():
            values[doubts != ""] = np.nan if values.dtype.kind == "f" else 0
        yield Block(members, estimates, doubts)


def coefficients(
    kernel: BatchKernel, batch: Batch, search: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients of the models (B, M) and the doubts about them (B,); see ``fit_batch``."""
    blocks = [(b.estimates.beta, b.doubts) for b in fit_batch(kernel, batch, search, False)]
    beta, doubts = zip(*blocks, strict=True)
    return np.concatenate(beta), np.concatenate(doubts)


def _doubts_before(block: Batch) -> np.ndarray:
    """Doubts that data and columns give, shape (B,)."""
    # once for all models where all have the same rows and outcome
    counts = np.ones((1, len(block.X))) if block.weights is None else block.weights
    y = np.atleast_2d(block.y)
    rows, terms = block.rows, block.terms.sum(axis=1)
    lowest = np.where(counts > 0, y, np.inf).min(axis=1)
    highest = np.where(counts > 0, y, -np.inf).max(axis=1)
    doubts = np.where(_far_from_dependent(block), "", DEPENDENT).astype(object)
    doubts[rows <= terms] = TOO_FEW_ROWS
    doubts[np.broadcast_to(lowest >= highest, len(block))] = CONSTANT
    return doubts


def _far_from_dependent(block: Batch) -> np.ndarray:
    """Whether the columns of a model are far from dependent in its rows, shape (B,)."""
    Z, T = basis_of(block.X, block.terms)
    reach = np.sqrt((block.X**2).mean(axis=0)) / np.diag(T)
    weights = np.ones((1, len(Z))) if block.weights is None else block.weights
    products = information(designs(Z), weights)
    size = np.sqrt(np.diagonal(products, axis1=1, axis2=2))
    empty = (size == 0) | (reach > NEAR_ZERO)
    size = np.where(size > 0, size, 1.0)
    correlations = restricted(products / size[:, :, None] / size[:, None, :], block.terms)
    far = _trace_of_inverse(correlations) <= FAR_FROM_DEPENDENT
    return np.asarray(far & ~(empty & block.terms).any(axis=1))


def _trace_of_inverse(matrices: np.ndarray) -> np.ndarray:
    """Of symmetric matrices (B, K, K), shape (B,); infinite where one is not positive definite."""
    try:
        return np.asarray((inverse_root(matrices) ** 2).sum(axis=(1, 2)))
    except np.linalg.LinAlgError:
        values = np.linalg.eigvalsh(matrices)
    positive = (values > 0).all(axis=1)
    return np.where(positive, (1 / np.where(values > 0, values, 1.0)).sum(axis=1), np.inf)


def _fit(kernel: BatchKernel, batch: Batch, by_row: bool) -> Estimates:
    """Estimates of a batch; where one model has none at all, each is fitted by itself."""
    try:
        return kernel.fit(batch.X, batch.outcomes, batch.weights, batch.columns, by_row)
    except np.linalg.LinAlgError:
        if len(batch) == 1:
            return _nothing(batch, by_row)
    singly = [_arrays(_fit(kernel, batch.part(np.array([b])), by_row)) for b in range(len(batch))]
    together: dict[str, Any] = {}
    for name in singly[0]:
        together[name] = np.concatenate([arrays[name] for arrays in singly])
    return Estimates(**together)


def _nothing(batch: Batch, by_row: bool) -> Estimates:
    """Estimates of models that have none."""
    B, (N, K) = len(batch), batch.X.shape
    none = np.full(B, np.nan)
    return Estimates(
        beta=np.full((B, K), np.nan),
        influence=np.full((B, N if by_row else 0, K), np.nan),
        leverage=np.full((B, N), np.nan),
        classical=np.full((B, K, K), np.nan),
        loglik=none,
        r2=none,
        scale=none,
        converged=np.zeros(B, bool),
        iterations=np.zeros(B, int),
    )


def _arrays(estimates: Estimates) -> dict[str, Any]:
    """The arrays of estimates by name."""
    names = [f.name for f in fields(estimates) if f.name != "names"]
    return {name: getattr(estimates, name) for name in names}


def _spread(estimates: Estimates, members: np.ndarray, size: int) -> Estimates:
    """Estimates of some members as those of a block of ``size``, whose others have none."""
    if len(members) == size:
        return estimates
    out: dict[str, Any] = {}
    for name, values in _arrays(estimates).items():
        whole = np.full((size, *values.shape[1:]), np.nan if values.dtype.kind == "f" else 0)
        out[name] = whole.astype(values.dtype)
        out[name][members] = values
    return Estimates(**out)


def _settle(kernel: BatchKernel, block: Batch, b: int, doubt: str, estimates: Estimates) -> str:
    """Fit a model by itself, put what it gives among the estimates, and say what doubt remains."""
    rows, columns = np.flatnonzero(block.counts[b]), np.flatnonzero(block.terms[b])
    X = block.X[np.ix_(rows, columns)]
    try:
        alone = kernel.alone(X, block.outcomes[b, rows], block.counts[b, rows])
    except np.linalg.LinAlgError:
        alone = None
    if alone is None or not alone.converged[0]:
        return doubt if alone is None else NOT_CONVERGED
    # what concerns other rows and columns is zero
    for name, at in (
        ("beta", (columns,)),
        ("influence", np.ix_(rows, columns)),
        ("leverage", (rows,)),
        ("classical", np.ix_(columns, columns)),
    ):
        whole = getattr(estimates, name)[b]
        if not whole.size:
            continue
        whole[...] = 0.0
        whole[at] = getattr(alone, name)[0]
    for name in ("loglik", "r2", "scale", "converged", "iterations"):
        getattr(estimates, name)[b] = getattr(alone, name)[0]
    return ""


def _no_doubts(batch: Batch, _: Estimates) -> np.ndarray:
    return np.full(len(batch), "", object)


def _logit_doubts(batch: Batch, estimates: Estimates) -> np.ndarray:
    """A maximum within ``FAR`` proves that there is no separation (see ``has_maximum``)."""
    return np.where(estimates.converged, "", SEPARATED).astype(object)


def _firth_doubts(batch: Batch, estimates: Estimates) -> np.ndarray:
    """Where no linear predictor has a variance above ``CONCAVE`` there is one maximum."""
    eta = estimates.beta @ batch.X.T
    weight = batch.counts * expit(eta) * expit(-eta)
    counts = weight > 0
    variance = np.where(counts, estimates.leverage / np.where(counts, weight, 1.0), 0.0)
    doubts = np.where(variance.max(axis=1) > CONCAVE, OTHER_MAXIMUM, "").astype(object)
    doubts[~estimates.converged] = NOT_CONVERGED
    return doubts


def _linear_alone(X: np.ndarray, y: np.ndarray, weights: np.ndarray) -> Estimates | None:
    return fit_linear(X[None], y[None], weights[None])


def _logit_alone(X: np.ndarray, y: np.ndarray, weights: np.ndarray) -> Estimates | None:
    """Counts of rows only: with probability weights the caller fits the sample by itself."""
    if (weights != np.rint(weights)).any() or is_separated(X, y):
        return None
    return fit_logit(X[None], y[None], weights[None])


def _firth_alone(X: np.ndarray, y: np.ndarray, weights: np.ndarray) -> Estimates | None:
    times = weights.astype(int)
    rows = np.repeat(np.arange(len(y)), times)
    est = fit_firth(X[rows][None], y[rows][None], search=True)
    first = np.cumsum(times) - times
    return replace(
        est,
        influence=np.add.reduceat(est.influence, first, axis=1),
        leverage=np.add.reduceat(est.leverage, first, axis=1),
    )


LINEAR = BatchKernel(fit_linear, _no_doubts, _linear_alone)
LOGIT = BatchKernel(partial(fit_logit, farthest=FAR), _logit_doubts, _logit_alone)
FIRTH = BatchKernel(fit_firth, _firth_doubts, _firth_alone)
