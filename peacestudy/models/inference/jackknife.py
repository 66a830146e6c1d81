"""Cluster jackknife: the model fitted anew without each cluster (CV3).

Source: MacKinnon, Nielsen and Webb (2023), Journal of Applied Econometrics 38(5), eq. 17 and 18:
(G-1)/G times the sum of squares of the estimates without a cluster about the estimate with all. For
least squares the refits have a closed form.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from scipy.linalg import qr
from scipy.special import expit

from peacestudy.errors import FitError
from peacestudy.models.engines.engine import Engine
from peacestudy.models.formulas.design import Design
from peacestudy.models.inference.cr2 import cluster_products, orthogonal, sums
from peacestudy.models.inference.robust_limits import WHOLE
from peacestudy.models.inference.row_samples import batch_of, parts
from peacestudy.models.kernels.batch import coefficients
from peacestudy.models.kernels.estimates import Kernel
from peacestudy.models.kernels.separation import SURE, find_separation

# relative size of what a column adds to the others, below which it is dependent on them
DEPENDENT = 1e-6
LARGEST_STACK = 2_000_000  # numbers of a stack of designs; bounds the memory
NAMED = 3


def jackknife(
    design: Design,
    beta: np.ndarray,
    engine: Engine,
    kernel: Kernel,
    weights: np.ndarray | None = None,
) -> np.ndarray:
    """The covariance of the coefficients ``beta`` (K,), shape (K, K).

    Entries of a term that is not identified without some cluster mean
    nothing; ``robust_limits`` makes them missing.

    Parameters
    ----------
    design : with one grouping of its rows into clusters.
    engine, kernel : of the model; the kernel may be another one of the same likelihood.
    weights : of the rows, (N,), if any.

    Raises
    ------
    FitError
        Without a cluster the outcome does not vary or is separated, with the cluster's cases.
    """
    D = left_out(design, engine, kernel, weights) - beta
    out: np.ndarray = D.T @ D * (len(D) - 1) / len(D)
    return out


def left_out(
    design: Design, engine: Engine, kernel: Kernel, weights: np.ndarray | None = None
) -> np.ndarray:
    """Estimates without each cluster, shape (G, K); see ``jackknife``."""
    groups = design.clusters[0]
    if engine.least_squares:
        return _linear(design, weights)
    fixed = [g for g in range(groups.max() + 1) if np.ptp(design.y[groups != g]) == 0]
    if fixed:
        raise FitError(
            f"without {_cluster(design, fixed[0])} the outcome does not vary{_more(fixed)}, so"
            " there is no jackknife. Use another vcov."
        )
    return _refitted(design, engine, kernel, weights)


def _linear(design: Design, weights: np.ndarray | None) -> np.ndarray:
    root = np.ones(len(design.y)) if weights is None else np.sqrt(weights)
    Q, back = orthogonal(design.X * root[:, None])
    y, groups = design.y * root, design.clusters[0]
    Qy = Q.T @ y
    score = sums(Q * (y - Q @ Qy)[:, None], groups)
    # a direction that only this cluster identifies has a score of zero: the other coefficients do
    # not depend on it
    s, W = np.linalg.eigh(cluster_products(Q, groups))
    root = np.where(s > WHOLE, 0.0, 1 / (1 - np.minimum(s, WHOLE)))
    along = (W.transpose(0, 2, 1) @ score[:, :, None])[:, :, 0] * root
    moved = (W @ along[:, :, None])[:, :, 0]
    out: np.ndarray = (Qy - moved) @ back.T
    return out


def _refitted(
    design: Design, engine: Engine, kernel: Kernel, weights: np.ndarray | None
) -> np.ndarray:
    """Refits, in a batch where the kernel is the engine's own."""
    groups = design.clusters[0]
    out = np.zeros((int(groups.max()) + 1, design.X.shape[1]))
    largest = np.linalg.eigvalsh(cluster_products(orthogonal(design.X)[0], groups))[:, -1]
    for g in np.flatnonzero(largest > WHOLE):
        columns = _independent(design.X[groups != g])
        part = replace(
            design, X=design.X[:, columns], names=tuple(design.names[j] for j in columns)
        )
        out[g, columns] = _stacked(part, engine, kernel, weights, np.array([g]))[0]
    left = np.flatnonzero(largest <= WHOLE)
    if kernel is engine.kernel and engine.batch is not None:
        known = np.zeros(len(left), bool)
        for some in parts(len(left), len(groups)):
            keep = groups != left[some][:, None]
            batch = batch_of(design, weights, keep)
            out[left[some]], doubts = coefficients(engine.batch, batch, search=False)
            known[some] = doubts == ""
        left = left[~known]
    for taken in _alike(design, left):
        out[taken] = _stacked(design, engine, kernel, weights, taken)
    return out


def _alike(design: Design, clusters: np.ndarray) -> Iterator[np.ndarray]:
    """Clusters of one size, so many that a stack of their designs is of bounded memory."""
    size = np.bincount(design.clusters[0])[clusters]
    step = max(1, LARGEST_STACK // design.X.size)
    for n in np.unique(size):
        alike = clusters[size == n]
        for first in range(0, len(alike), step):
            yield alike[first : first + step]


def _independent(X: np.ndarray) -> np.ndarray:
    """Positions of columns (N, K) that give all others."""
    size = np.sqrt((X**2).sum(axis=0))
    _, R, order = qr(X / np.where(size > 0, size, 1.0), mode="economic", pivoting=True)
    left = np.abs(np.diag(R))
    return np.sort(order[: len(left)][left > DEPENDENT * left[0]])


def _stacked(
    design: Design, engine: Engine, kernel: Kernel, weights: np.ndarray | None, taken: np.ndarray
) -> np.ndarray:
    """Estimates without each of some clusters of one size, shape (B, K)."""
    groups = design.clusters[0]
    rows = np.stack([np.flatnonzero(groups != g) for g in taken])
    more = [] if weights is None else [weights[rows] / weights[rows].mean(axis=1, keepdims=True)]
    try:
        est = kernel(design.X[rows], design.y[rows], *more)
    except np.linalg.LinAlgError as err:  # one of the batch runs to infinity; say which
        for g, at in zip(taken, rows, strict=True):
            _refuse_separation(replace(design, X=design.X[at], y=design.y[at]), _cluster(design, g))
        raise FitError(
            "without a cluster the information is singular, so there is no jackknife. Use fewer"
            " terms."
        ) from err
    for g, at, b, converged in zip(taken, rows, est.beta, est.converged, strict=True):
        _sound(
            replace(design, X=design.X[at], y=design.y[at]),
            b,
            bool(converged),
            engine,
            _cluster(design, g),
        )
    return est.beta


def _sound(rest: Design, beta: np.ndarray, converged: bool, engine: Engine, cluster: str) -> None:
    if not engine.always_finite:
        p = expit(rest.X @ beta)
        if not converged or (p * (1 - p)).min() < SURE:
            _refuse_separation(rest, cluster)
    if not converged:
        raise FitError(
            f"without {cluster} the model does not converge, so there is no jackknife. Use fewer"
            " terms."
        )


def _refuse_separation(rest: Design, cluster: str) -> None:
    found = find_separation(rest.X, rest.y)
    if found is not None:
        names = ", ".join(rest.names[j] for j in found.terms)
        raise FitError(
            f"without {cluster} the outcome is separated by {names}, so a logit has no jackknife."
            " Use engine 'firth', or drop the term."
        )


def _cluster(design: Design, g: int) -> str:
    """A cluster as a reader knows it: by its cases."""
    cases = [str(design.cases[i]) for i in np.flatnonzero(design.clusters[0] == g)]
    more = f" and {len(cases) - NAMED} more" if len(cases) > NAMED else ""
    return f"the cluster of {', '.join(cases[:NAMED])}{more}"


def _more(found: "list[int] | np.ndarray") -> str:
    return f" (nor without {len(found) - 1} others)" if len(found) > 1 else ""
