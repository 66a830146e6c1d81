"""Which robust standard errors exist, which are printed with a note, and which are printed plainly:
decided here alone.

A robust covariance estimates the variance of a coefficient from residuals, so it needs residuals
that vary. The model fits a case exactly if the case has a term of its own; its residual is zero,
and the standard error of that term has nothing to do with its precision. The same holds for a term
that is identified by one cluster only, and for a term whose rows are separated (all residuals are
close to zero and of one sign). There are three outcomes:

(a) Blank. The coefficient is not identified without one case, without one cluster (with two
    columns: of either), or without the separated rows. Standard error, test and interval are
    missing, with the reason in a note.
(b) Printed with a note: the effective degrees of freedom are below 10, the approximate size of the
    test at .05 is above .065, or there are fewer than 50 clusters with a covariance that is not
    corrected for that.
(c) Printed plainly.

Degrees of freedom are those of Bell and McCaffrey (2002), Survey Methodology 28(2), for working
independence. With a the row of (X'X)^-1 X' of a term, a_g its part in cluster g (a case is a
cluster of one row) and M = I - X(X'X)^-1X', the variance estimate is a quadratic form with the
matrix P, P_gh = a_g' M_gh a_h: df = tr(P)^2 / tr(P^2), and its expectation is tr(P) / a'a times the
true variance. hc2, hc3 and the jackknife rescale a_g. Likelihood models take the rows of X times
the root of the working weights, p(1-p) of a logit (also firth, ridge, discrete_time), mu of poisson
and mu/(1 + alpha mu) of negative_binomial; for cox and ordered the rows count alike, which is an
approximation. With two cluster columns the smaller number of the two stands. Rows with probability
weights count with their weights. The approximate size at .05 is that of a t statistic with df
degrees of freedom whose variance has this expectation, compared to the quantile in use.

False rejections at .05 in simulated samples, and the approximate size that the note gives
(tests/references/robust_size/sizes.csv; 10,000 samples of linear, 2,000 of cr2 and jackknife, 1,000
of firth; with clusters intraclass correlation .2; "blank": the number that is missing now):

    dummy of ...        1          2         3         5         8         12        20
    60 cases
      linear, hc1       .63 blank  .32 .35   .15 .17   .12 .12   .084 .084 .065 .065 .053 .053
      linear, hc3       .62 blank  .18 .20   .085 .11  .075 .079 .062 .061 .052 .052 .046 .047
    12 clusters
      linear, cluster   .52 blank  .19 .23   .11 .12   .067 .065
      linear, cr2       .51 blank  .007 .05  .046 .05  .048 .05
      linear, jackknife .51 blank  .12 .17   .080 .083 .044 .045
      firth, cluster    .55 blank  .20 .28   .12 .16   .067 .10
Tests that are printed plainly reject in .032 to .065 of the samples in every cell; the lowest are
those of firth with hc1. The approximate size is at most .008 below the simulated one, and far above
it only with fewer than four degrees of freedom.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit, ndtr, stdtr

from peacestudy.models.engines.counts import offset_of
from peacestudy.models.engines.engine import CLUSTERED
from peacestudy.models.engines.registry import engine_of
from peacestudy.models.formulas.design import Design
from peacestudy.models.formulas.weights import row_weights
from peacestudy.models.inference.cr2 import cluster_products, orthogonal, sums
from peacestudy.models.inference.hypotheses import critical
from peacestudy.models.kernels.estimates import Estimates
from peacestudy.models.kernels.separation import separated_rows
from peacestudy.models.spec import ModelSpec

WHOLE = 1 - 1e-8  # partial leverage of a case or cluster above which a direction rests on it alone
CLOSE = 1 - 1e-6  # sum of leverages by other weights below which no group can have such a direction
# share of a coefficient's variance along such directions, above which the coefficient rests on it
SHARE = 1e-6
FEW_DF = 10.0  # effective degrees of freedom below which a test has a note
FEW_CLUSTERS = (
    # clusters below which an uncorrected test has a note (Cameron and Miller 2015, J. Human
    # Resources 50(2), VI)
    50
)
SIZE = 0.065  # approximate size of a test at .05 above which it has a note
PLENTY = 200.0  # a lower bound of the degrees of freedom above which they are not computed
LEVEL = 0.05
ROUNDING = 1e-6  # relative size of a constant below which it is zero
# by which 1 - leverage divides a row or cluster
POWERS = {"hc2": 0.5, "hc3": 1.0, "cr2": 0.5, "jackknife": 1.0}


@dataclass(frozen=True)
class Blank:
    """Terms without a robust standard error for one reason.

    Attributes
    ----------
    why : ``case``, ``cluster`` or ``separated``.
    terms : positions of the terms.
    rows : positions of the rows that they rest on.
    column, group : the cluster column and the number of the cluster, -1 for the other reasons.
    """

    why: str
    terms: tuple[int, ...]
    rows: tuple[int, ...]
    column: int = -1
    group: int = -1


@dataclass(frozen=True, eq=False)
class Effective:
    """Degrees of freedom of a robust variance of every term (K,), and its
    expectation divided by the true variance (K,).

    ``df`` is infinite where a bound shows that it is large, and NaN for
    terms that are no columns of the design.
    """

    df: np.ndarray
    ratio: np.ndarray


@dataclass(frozen=True, eq=False)
class _Basis:
    """Orthonormal columns Q (n, K) of the rows that count, and
    ``back`` (K, K) from them to coefficients.

    ``rows`` are the positions of these rows. ``strata`` (n,) are given where a constant stands
    beside the columns, which are then centred within strata.
    """

    Q: np.ndarray
    back: np.ndarray
    rows: np.ndarray
    strata: np.ndarray | None = None


def find_blanks(
    spec: ModelSpec, design: Design, leverage: np.ndarray | None = None
) -> tuple[Blank, ...]:
    """The terms of an arranged design that have no robust standard error; none with ``classical``.

    Parameters
    ----------
    leverage : of the rows (N,), by any weights above zero, if known: it
        shows at once where there is nothing to look for.
    """
    if spec.vcov == "classical":
        return ()
    engine = engine_of(spec)
    finite = engine.penalised and engine.outcome == "binary"
    off = separated_rows(design.X, design.y) if finite else ()
    groupings = row_groups(spec, design)
    if not off and _is_far(leverage, groupings):
        return ()
    basis = _basis(spec, design)
    out = []
    if off:
        inside = np.isin(np.arange(len(design.y)), off)
        out.append(Blank("separated", _resting(design, basis, inside), off))
    for column, groups in enumerate(groupings):
        at = groups[basis.rows]
        for group in _candidates(basis, at):
            inside = at == group
            terms = _resting(design, basis, inside)
            if terms:
                rows = tuple(int(i) for i in np.flatnonzero(groups == group))
                clustered = spec.vcov in CLUSTERED
                out.append(
                    Blank("cluster", terms, rows, column, group)
                    if clustered
                    else Blank("case", terms, rows)
                )
    return tuple(out)


def _is_far(leverage: np.ndarray | None, groupings: tuple[np.ndarray, ...]) -> bool:
    """Whether leverages show that no group has a direction to
    itself; engines without them give zeros.
    """
    if leverage is None or not leverage.any():
        return False
    return all((np.bincount(groups, leverage) < CLOSE).all() for groups in groupings)


def is_blank(blanks: tuple[Blank, ...], terms: int) -> np.ndarray:
    """Which of so many terms are blank, shape (terms,), bool."""
    out = np.zeros(terms, bool)
    for blank in blanks:
        out[list(blank.terms)] = True
    return out


def with_blanks(vcov: np.ndarray, blank: np.ndarray) -> np.ndarray:
    """A covariance (K, K) with NaN in the rows and columns of blank terms (K,)."""
    return np.where(blank[:, None] | blank[None, :], np.nan, vcov)


def row_groups(spec: ModelSpec, design: Design) -> tuple[np.ndarray, ...]:
    """The groups of rows each of which is one independent
    observation: clusters, or cases as they were given.
    """
    if spec.vcov in CLUSTERED:
        return design.clusters
    if design.rows is not None:
        return (np.asarray(pd.factorize(design.rows)[0]),)
    return (np.arange(len(design.y)),)


def _basis(spec: ModelSpec, design: Design) -> _Basis:
    X, rows = design.X, np.arange(len(design.X))
    kind = engine_of(spec).outcome
    if kind in ("survival", "ordered"):
        strata = np.zeros(len(X), int)
        if kind == "survival":
            rows, strata = _at_risk(spec, design)
        X = X[rows]
        size = np.bincount(strata)
        means = sums(X, strata) / size[:, None]
        return _Basis(*orthogonal(X - means[strata]), rows, strata)
    weights = row_weights(design, spec.options)
    if weights is not None:
        X = X * np.sqrt(weights)[:, None]
    return _Basis(*orthogonal(X), rows)


def _at_risk(spec: ModelSpec, design: Design) -> tuple[np.ndarray, np.ndarray]:
    """The rows at risk when some event occurs, and the numbers of their strata."""
    from peacestudy.models.engines.cox import sets_of

    sets = sets_of(design, spec)
    rows = np.flatnonzero(sets.first < sets.last)
    return rows, np.asarray(pd.factorize(sets.strata[rows])[0])


def _candidates(basis: _Basis, groups: np.ndarray) -> list[int]:
    """The groups whose partial leverages sum to one or more: at most as many as there are terms."""
    total = np.bincount(groups, (basis.Q**2).sum(axis=1))
    if basis.strata is not None:
        S = int(basis.strata.max()) + 1
        pair, which = np.unique(groups.astype(np.int64) * S + basis.strata, return_inverse=True)
        rest = np.bincount(basis.strata)[pair % S] - np.bincount(which)
        squares = (sums(basis.Q, which) ** 2).sum(axis=1)
        more = np.where(rest > 0, squares / np.maximum(rest, 1), 0.0)
        total = total + np.bincount(pair // S, more, minlength=len(total))
    return [int(g) for g in np.flatnonzero(total > WHOLE)]


def _resting(design: Design, basis: _Basis, inside: np.ndarray) -> tuple[int, ...]:
    """Positions of the terms that are not identified without the rows ``inside`` (n,)."""
    Q = basis.Q[inside]
    P = Q.T @ Q
    if basis.strata is not None:
        part = basis.strata[inside]
        rest = np.bincount(basis.strata) - np.bincount(part, minlength=int(basis.strata.max()) + 1)
        for s in np.unique(part):
            if rest[s] > 0:
                total = Q[part == s].sum(axis=0)
                P = P + np.outer(total, total) / rest[s]
    size, axes = np.linalg.eigh(P)
    moved = basis.back @ axes[:, size > WHOLE]
    share = (moved**2).sum(axis=1) / (basis.back**2).sum(axis=1)
    terms = tuple(int(j) for j in np.flatnonzero(share > SHARE))
    if terms and len(design.categories) > 1:
        terms += _cuts(design, moved, ~inside)
    return terms


def _cuts(design: Design, moved: np.ndarray, rest: np.ndarray) -> tuple[int, ...]:
    """Positions of the cut points, where they move with a direction
    that the other rows see as a constant.
    """
    index = design.X @ moved
    constant = index[rest].mean(axis=0) if rest.any() else np.ones(moved.shape[1])
    if (np.abs(constant) <= ROUNDING * np.abs(index).max(axis=0)).all():
        return ()
    K = design.X.shape[1]
    return tuple(range(K, K + len(design.categories) - 1))


def effective(
    spec: ModelSpec, design: Design, est: Estimates, vcov: str | None = None
) -> Effective:
    """Effective degrees of freedom of the robust variances of estimates (a batch of one).

    Parameters
    ----------
    spec, design, est : an arranged design and its estimates.
    vcov : one other than that of the specification, for the same clusters.
    """
    vcov = vcov or spec.vcov
    names = len(est.beta[0])
    Q, back, weight = _working(spec, design, est)
    N, K = Q.shape
    df, ratio = np.full(names, np.nan), np.full(names, np.nan)
    lowest: Effective | None = None
    for groups in design.clusters if vcov in CLUSTERED else (None,):
        found = _of_groups(Q, back, weight, groups, vcov)
        found = Effective(
            found.df, found.ratio * _factor(vcov, groups, N, names, engine_of(spec).small_sample)
        )
        if lowest is None:
            lowest = found
        lower = found.df < lowest.df
        lowest = Effective(
            np.where(lower, found.df, lowest.df), np.where(lower, found.ratio, lowest.ratio)
        )
    assert lowest is not None
    df[:K], ratio[:K] = lowest.df, lowest.ratio
    return Effective(df, ratio)


def approximate_size(found: Effective, dfs: np.ndarray) -> np.ndarray:
    """Approximate size of nominal tests at .05 that refer to t with
    ``dfs`` (K,), infinite for z, shape (K,).
    """
    statistic = critical(1 - LEVEL / 2, dfs) * np.sqrt(found.ratio)
    out: np.ndarray = np.where(
        np.isinf(found.df), 2 * ndtr(-statistic), 2 * stdtr(found.df, -statistic)
    )
    return out


def outcomes(
    spec: ModelSpec, design: Design, blank: np.ndarray, df: np.ndarray, size: np.ndarray
) -> np.ndarray:
    """``a``, ``b`` or ``c`` of every term (K,); ``df`` and ``size`` as
    above, NaN for parameters that are no columns.
    """
    few = _is_uncorrected(spec) and any(
        groups.max() + 1 < FEW_CLUSTERS for groups in design.clusters
    )
    noted = (df < FEW_DF) | (size > SIZE) | few
    return np.where(blank, "a", np.where(noted, "b", "c"))


def _is_uncorrected(spec: ModelSpec) -> bool:
    """Whether few clusters alone make the tests reject too often:
    ``cluster``, and the jackknife that refers to z.
    """
    return spec.vcov == "cluster" or (
        spec.vcov == "jackknife" and engine_of(spec).distribution != "t"
    )


def _working(
    spec: ModelSpec, design: Design, est: Estimates
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Q and ``back`` of the rows times the roots of their working weights, and the roots of
    probability weights (N,).
    """
    kind, K = engine_of(spec).outcome, design.X.shape[1]
    given = row_weights(design, spec.options)
    if kind in ("survival", "ordered"):
        basis = _basis(spec, design)
        Q = np.zeros(design.X.shape)
        Q[basis.rows] = basis.Q
        return Q, basis.back, None
    weight = np.ones(len(design.X)) if given is None else given
    eta = design.X @ est.beta[0, :K]
    if kind in ("binary", "periods"):
        weight = weight * expit(eta) * expit(-eta)
    if kind == "count":
        offset = offset_of(spec, dict(design.further), design.cases)
        mu = np.exp(eta if offset is None else eta + offset)
        alpha = float(est.beta[0, K]) if est.beta.shape[1] > K else 0.0
        weight = mu / (1 + alpha * mu)
    Q, back = orthogonal(design.X * np.sqrt(weight)[:, None])
    return Q, back, None if given is None else np.sqrt(given)


def _of_groups(
    Q: np.ndarray, back: np.ndarray, weight: np.ndarray | None, groups: np.ndarray | None, vcov: str
) -> Effective:
    """Without the factor of the covariance; ``groups`` None takes every row by itself."""
    K = Q.shape[1]
    if groups is not None:
        order = np.argsort(groups, kind="stable")
        Q, groups, weight = Q[order], groups[order], None if weight is None else weight[order]
        first = np.flatnonzero(np.diff(groups, prepend=-1))
    leverage = (Q**2).sum(axis=1)
    df, ratio = np.full(K, np.nan), np.full(K, np.nan)
    for j, (plain, a) in enumerate(_weights_of_rows(Q, back, leverage, groups, vcov)):
        if weight is not None:
            plain, a = plain * weight, a * weight
        unit = float(np.abs(plain).max()) or 1.0
        plain, a = (
            plain / unit,
            a / unit,
        )  # nothing here depends on the unit of the term; fourth powers of it would overflow
        squares = a**2
        if groups is None:
            trace = float((squares * (1 - leverage)).sum())
            largest = float(squares.max())
        else:
            B = np.add.reduceat(Q * a[:, None], first, axis=0)
            c = np.add.reduceat(squares, first)
            trace, largest = float(c.sum() - (B**2).sum()), float(c.max())
        total = float((plain**2).sum())
        if not (total > 0 and trace > 0):
            continue
        ratio[j] = trace / total
        if trace > PLENTY * largest:  # tr(P^2) is at most tr(P) times the largest of the squares
            df[j] = np.inf
            continue
        if groups is None:
            inner = Q.T @ (Q * squares[:, None])
            spread = float((squares**2 * (1 - 2 * leverage)).sum() + (inner**2).sum())
        else:
            inner = B.T @ B
            spread = float((c**2 - 2 * c * (B**2).sum(axis=1)).sum() + (inner**2).sum())
        df[j] = max(1.0, trace**2 / spread) if spread > 0 else 1.0
    return Effective(df, ratio)


def _weights_of_rows(
    Q: np.ndarray, back: np.ndarray, leverage: np.ndarray, groups: np.ndarray | None, vcov: str
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """For every term the weights of the rows in the coefficient, and as
    the covariance rescales them, each (N,).
    """
    power = POWERS.get(vcov, 0.0)
    if groups is None:
        scale = np.where(leverage > WHOLE, 0.0, (1 - np.minimum(leverage, WHOLE)) ** -power)
        for row in back:
            a = Q @ row
            yield a, a * scale
        return
    if power:
        s, W = np.linalg.eigh(cluster_products(Q, groups))
        root = np.where(s > WHOLE, 0.0, (1 - np.minimum(s, WHOLE)) ** -power)
        R = (W * root[:, None, :]) @ W.transpose(0, 2, 1)
    for row in back:
        a = Q @ row
        yield a, (Q * (R @ row)[groups]).sum(axis=1) if power else a


def _factor(vcov: str, groups: np.ndarray | None, N: int, K: int, small_sample: bool) -> float:
    """What the covariance is multiplied by."""
    if vcov == "hc1":
        return N / (N - K)
    if groups is None or vcov == "cr2":
        return 1.0
    G = int(groups.max()) + 1
    if vcov == "jackknife":
        return (G - 1) / G
    return G / (G - 1) * ((N - 1) / (N - K) if small_sample else 1.0)
