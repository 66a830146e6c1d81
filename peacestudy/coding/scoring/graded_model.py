"""Samejima's graded response model: one trait behind ordered codes, by marginal maximum likelihood.

EM of Bock and Aitkin (1981), Psychometrika 46(4), with one Fisher scoring step an item, then Newton
steps on the marginal likelihood itself, from two starts. No prior is put on the items: a
discrimination that grows without end stops at ``BOUND`` and is named.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from peacestudy.coding.scoring.graded_likelihood import (
    Items,
    Patterns,
    expected,
    gradient,
    log_chances,
    log_likelihood,
    patterns_of,
    posterior,
    quadrature,
    slopes,
)
from peacestudy.errors import CodingError

# integrates items with discriminations to 3 to some nine digits, three items at the bound to 0.3 %
NODES = 101
BOUND = 8.0  # of a discrimination, either side
ROUNDS, CYCLES, STEPS = 12, 50, 25  # rounds of EM cycles, then of Newton steps
# largest slope of the log-likelihood, in units of it a unit of a parameter, that is called an
# optimum
FLAT = 1e-6
STEP = 1e-5  # of the central differences that give the curvature


@dataclass(frozen=True, eq=False)
class GradedResponse:
    """A fitted graded response model.

    Attributes
    ----------
    discrimination : shape (k,), logistic metric.
    intercepts : one falling array an item; a code of rank c or above
        has chance logistic(a t + intercept c).
    covariance : of all parameters, item after item (a, then its intercepts), from the observed
        information; NaN where a discrimination stands at the bound (its row is unknown) or the
        model did not converge.
    log_likelihood : marginal.
    cases, rounds, converged : cases that have a code at all, rounds used,
        whether the slope is flat and the top is one.
    at_bound : shape (k,), discriminations that stopped at the bound.
    nodes : of the quadrature.
    """

    discrimination: np.ndarray
    intercepts: tuple[np.ndarray, ...]
    covariance: np.ndarray
    log_likelihood: float
    cases: int
    rounds: int
    converged: bool
    at_bound: np.ndarray
    nodes: int

    @property
    def thresholds(self) -> tuple[np.ndarray, ...]:
        """Trait at which a code of rank c or above is as likely as not, one array an item."""
        return tuple(-d / a for a, d in zip(self.discrimination, self.intercepts, strict=True))

    @property
    def items(self) -> list[np.ndarray]:
        """The parameters, one vector (a, d_1, ...) an item."""
        return [np.r_[a, d] for a, d in zip(self.discrimination, self.intercepts, strict=True)]

    def scores(self, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Expected trait given the codes, and its posterior
        standard deviation, shape (cases,) each.

        A case without any code has the mean of all cases, 0, and standard deviation 1. The items
        are taken as known: their own uncertainty is not in the standard deviation.
        """
        at, weight = quadrature(self.nodes)
        given = posterior(self.items, codes, at, weight)[1]
        mean = given @ at
        return mean, np.sqrt(np.maximum((given * (at - mean[:, None]) ** 2).sum(axis=1), 0))


def graded_response(
    codes: np.ndarray, directions: Sequence[int], nodes: int = NODES
) -> GradedResponse:
    """Fit the model; missing codes are taken as missing at random.

    Parameters
    ----------
    codes : integers, shape (cases, k); ranks 0 .. m-1, each of which
        somebody has, and -1 where no code was given.
    directions : +1 or -1 an item; the trait points to where the sum of direction times
        discrimination is positive.
    nodes : of the Gauss-Hermite quadrature.

    Raises
    ------
    CodingError
        An item has one code only, or one that nobody has; or fewer than three items, whose
        discriminations the codes do not tell.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> codes = (rng.normal(size=(400, 1)) + rng.logistic(size=(400, 4)) > 0).astype(int)
    >>> fitted = graded_response(codes, [1, 1, 1, 1])
    >>> fitted.converged, bool((fitted.discrimination > 0.4).all())
    (True, True)
    """
    sizes = [int(column.max(initial=-1)) + 1 for column in codes.T]
    if len(sizes) < 3 or any(
        m < 2 or len(np.unique(c[c >= 0])) < m for m, c in zip(sizes, codes.T, strict=True)
    ):
        raise CodingError(
            "a graded response model needs three items or more, each with two codes or more, all of"
            " them used."
        )
    patterns = patterns_of(codes[(codes >= 0).any(axis=1)])
    at, weight = quadrature(nodes)
    fits = [
        _maximise(_start(patterns, sizes, a), patterns, at, weight)
        for a in _openings(codes, directions)
    ]
    # tops that are equal but for rounding are one: the first is taken, whatever the order of the
    # cases
    items, rounds, bound, converged = max(
        fits, key=lambda f: (f[3], round(log_likelihood(f[0], patterns, at, weight), 8))
    )
    if sum(s * i[0] for s, i in zip(directions, items, strict=True)) < 0:
        items = [np.r_[-i[0], i[1:]] for i in items]
    total = int(patterns.counts.sum())
    at_top = log_likelihood(items, patterns, at, weight)
    spread = (
        _covariance(items, bound, patterns, at, weight)
        if converged
        else np.full((sum(sizes),) * 2, np.nan)
    )
    slope, levels = np.array([i[0] for i in items]), tuple(i[1:] for i in items)
    return GradedResponse(slope, levels, spread, at_top, total, rounds, converged, bound, nodes)


def _openings(codes: np.ndarray, directions: Sequence[int]) -> list[np.ndarray]:
    """First discriminations: as the directions have it, and as
    the first component of the codes has it.
    """
    codes = codes[np.lexsort(codes.T)]  # an order that no id decides
    x = np.where(codes >= 0, codes, np.nan).astype(float)
    x = np.nan_to_num((x - np.nanmean(x, axis=0)) / np.nanstd(x, axis=0))
    _, values, rows = np.linalg.svd(x, full_matrices=False)
    loading = np.clip(rows[0] * values[0] / np.sqrt(len(x)), -0.9, 0.9)
    return [np.asarray(directions, dtype=float), 1.7 * loading / np.sqrt(1 - loading**2)]


def _start(patterns: Patterns, sizes: Sequence[int], first: np.ndarray) -> list[np.ndarray]:
    out = []
    for j, (m, a) in enumerate(zip(sizes, first, strict=True)):
        tally = np.array([patterns.counts[patterns.codes[:, j] == c].sum() for c in range(m)]) + 0.5
        above = np.cumsum(tally[::-1])[::-1][1:] / tally.sum()
        out.append(np.r_[a, np.log(above / (1 - above)) * np.sqrt(1 + (a / 1.7) ** 2)])
    return out


def _maximise(
    items: list[np.ndarray], patterns: Patterns, at: np.ndarray, weight: np.ndarray
) -> tuple[list[np.ndarray], int, np.ndarray, bool]:
    """Parameters, rounds used, which discriminations stand at the
    bound, and whether the top was reached.
    """
    sizes = [len(i) for i in items]
    rounds, converged = 0, False
    while not converged and rounds < ROUNDS:
        rounds += 1
        for _ in range(CYCLES):
            given = posterior(items, patterns.codes, at, weight)[1]
            items = [
                _scored(i, r, at)
                for i, r in zip(items, expected(patterns, given, sizes), strict=True)
            ]
        items, bound, converged = _newton(items, patterns, at, weight)
    return items, rounds, bound, converged


def _scored(item: np.ndarray, counts: np.ndarray, at: np.ndarray) -> np.ndarray:
    """One Fisher scoring step of an item whose codes at every
    node are counted, halved until it climbs.
    """
    d = slopes(item, at)
    total = counts.sum(axis=0)
    slope = np.einsum("cpq,cq->p", d, counts)
    information = np.einsum("cpq,crq,cq->pr", d, d, np.exp(log_chances(item, at)) * total)
    step: np.ndarray = np.linalg.lstsq(information, slope, rcond=None)[0]
    before = (counts * log_chances(item, at)).sum()
    for _ in range(STEPS):
        new: np.ndarray = item + step
        new[0] = np.clip(new[0], -BOUND, BOUND)
        if (np.diff(new[1:]) < 0).all() and (counts * log_chances(new, at)).sum() >= before:
            return new
        step = step / 2
    return item


def _newton(
    items: list[np.ndarray], patterns: Patterns, at: np.ndarray, weight: np.ndarray
) -> tuple[list[np.ndarray], np.ndarray, bool]:
    """Newton steps on the marginal likelihood; gives up where it is
    not curved downwards and leaves that to EM.
    """
    sizes = [len(i) for i in items]
    slope_at = partial(_slope, sizes=sizes, patterns=patterns, at=at, weight=weight)
    x = np.concatenate(items)
    first = np.cumsum([0, *sizes[:-1]])
    for _ in range(STEPS):
        g = slope_at(x)
        held = np.zeros(len(x), dtype=bool)
        held[first] = (np.abs(x[first]) >= BOUND) & (g[first] * x[first] > 0)
        bound, free = held[first], ~held
        curve = _curvature(x, free, slope_at)
        if np.linalg.eigvalsh(curve).max() >= 0:
            return _split(x, sizes), bound, False
        if np.abs(g[free]).max() < FLAT:
            return _split(x, sizes), bound, True
        step = np.zeros(len(x))
        step[free] = -np.linalg.solve(curve, g[free])
        before, climbed = log_likelihood(_split(x, sizes), patterns, at, weight), False
        for _ in range(STEPS):
            new = x + step
            new[first] = np.clip(new[first], -BOUND, BOUND)
            # near the top the likelihood is flat to the last digit, so a fall of rounding size is
            # no fall
            climbed = log_likelihood(
                _split(new, sizes), patterns, at, weight
            ) >= before - 1e-12 * abs(before)
            if climbed:
                break
            step = step / 2
        if not climbed:
            return _split(x, sizes), bound, False
        x = new
    return _split(x, sizes), bound, False


def _slope(
    x: np.ndarray, sizes: list[int], patterns: Patterns, at: np.ndarray, weight: np.ndarray
) -> np.ndarray:
    return gradient(_split(x, sizes), patterns, at, weight)


def _split(x: np.ndarray, sizes: Sequence[int]) -> list[np.ndarray]:
    return np.split(x, np.cumsum(sizes)[:-1])


def _curvature(x: np.ndarray, free: np.ndarray, slope_at: "partial[np.ndarray]") -> np.ndarray:
    """Second derivatives by the free parameters, by central differences of the first."""
    rows = []
    for n in np.flatnonzero(free):
        e = np.zeros(len(x))
        e[n] = STEP
        rows.append((slope_at(x + e) - slope_at(x - e))[free] / (2 * STEP))
    curve: np.ndarray = np.array(rows)
    both: np.ndarray = (curve + curve.T) / 2
    return both


def _covariance(
    items: Items, bound: np.ndarray, patterns: Patterns, at: np.ndarray, weight: np.ndarray
) -> np.ndarray:
    sizes = [len(i) for i in items]
    free = np.ones(sum(sizes), dtype=bool)
    free[np.cumsum([0, *sizes[:-1]])] = ~bound
    slope_at = partial(_slope, sizes=sizes, patterns=patterns, at=at, weight=weight)
    out = np.full((len(free), len(free)), np.nan)
    out[np.ix_(free, free)] = -np.linalg.inv(_curvature(np.concatenate(items), free, slope_at))
    return out
