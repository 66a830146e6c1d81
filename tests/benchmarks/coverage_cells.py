"""Twelve named cells of simulated studies, their data, and the
slope that each engine estimates in them.

Every data set has two terms: x, the one whose interval is looked at, standard normal, ``between``
of its variance between clusters; and z, standard normal, independent of all. What is simulated, and
what the slope of x is that an interval should cover:

- number: y = x/2 + z/2 + e, variance of e 1, ``icc`` of it shared within clusters. The slope is
  1/2, given the cluster or not.
- binary: logit P(y) = a + x/2 + z/2 + u, u normal, shared within clusters, ``icc`` = var(u) /
  (var(u) + pi^2/3). A logit that is not told of u does not estimate 1/2, the slope within a
  cluster, but the smaller value at which its expected score is zero: the pseudo-true value of White
  (1982), Econometrica 50(1), found here by numerical integration. Firth's penalty vanishes with N,
  so that its value is the same. Without clusters (icc 0) it is 1/2.
- survival: hazard proportional to exp(x/2 + z/2), baseline constant; times of a cluster tied
  together by a normal copula with correlation ``icc`` (Othus and Li 2010, Statistics in Biosciences
  2(2)), so that hazards not given the cluster are proportional exactly and the slope is 1/2;
  censored at a time uniform between 0 and the end of the study.

The constant is such that the expected number of events is that of the cell; cells that differ in
nothing else are the same study to a linear model, with other data. Data set i of a cell comes from
a seed of its own.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq, root
from scipy.special import expit
from scipy.stats import norm

SEED = 20261126
SLOPES = (0.5, 0.5)  # of x and z
NODES = 80  # of Gauss-Hermite quadrature
KINDS = ("number", "binary", "survival")


@dataclass(frozen=True)
class Cell:
    """A kind of study: rows, clusters, expected events; even clusters or sizes as 1, 2, 3, ...;
    share of x's variance between them.
    """

    name: str
    n: int
    clusters: int
    events: int
    icc: float = 0.2
    between: float = 0.5
    even: bool = True

    @property
    def groups(self):
        """Cluster of every row, (N,), the same in every data set."""
        weight = np.ones(self.clusters) if self.even else np.arange(1.0, self.clusters + 1)
        ends = np.round(np.cumsum(weight) / weight.sum() * self.n).astype(int)
        return np.repeat(np.arange(self.clusters), np.diff(ends, prepend=0))


CELLS = (
    Cell("few cases, few countries", 60, 8, 20),
    Cell("few cases, twenty countries", 60, 20, 20),
    Cell("few cases, hardly two a country", 60, 50, 20),
    Cell("middling, few countries, rare events", 150, 8, 20),
    Cell("middling, few countries", 150, 8, 50),
    Cell("middling, twenty countries", 150, 20, 50),
    Cell("middling, many countries, rare events", 150, 50, 20),
    Cell("many cases, few countries", 300, 8, 100),
    Cell("many cases, twenty countries, rare events", 300, 20, 20),
    Cell("many cases, twenty countries", 300, 20, 100),
    Cell("many cases, many countries", 300, 50, 100),
    Cell(
        "many cases, twenty uneven countries, x the same in a country",
        300,
        20,
        100,
        between=1.0,
        even=False,
    ),
)


def normal_nodes():
    """Points and weights whose weighted sum is the mean over a standard normal."""
    at, weight = np.polynomial.hermite_e.hermegauss(NODES)
    return at, weight / weight.sum()


def spread(icc):
    """Standard deviation of a logit's cluster effect."""
    return np.sqrt(icc / (1 - icc) * np.pi**2 / 3)


def constant(cell, kind, icc):
    """The logit's constant, or the logarithm of the baseline
    hazard over the length of the study.
    """
    at, weight = normal_nodes()
    v = np.hypot(*SLOPES) * at  # the linear predictor of x and z is normal
    if kind == "survival":

        def share(a):
            hazard = np.exp(a + v)
            return weight @ (1 + np.expm1(-hazard) / hazard)

    else:

        def share(a):
            return weight @ expit(a + v[:, None] + spread(icc) * at) @ weight

    return brentq(lambda a: share(a) - cell.events / cell.n, -15, 15, xtol=1e-12)


def true_slope(cell, kind, icc):
    """The slope of x that the engines of a kind of outcome estimate."""
    if kind != "binary":
        return SLOPES[0]
    at, weight = normal_nodes()
    v = np.hypot(*SLOPES) * at
    # given x and z, not the cluster
    p = expit(constant(cell, kind, icc) + v[:, None] + spread(icc) * at) @ weight

    def expected_score(b):
        e = weight * (p - expit(b[0] + b[1] * v))
        return np.array([e.sum(), e @ v])

    # x and z are normal: the pseudo-true slopes are those of the simulation, all shrunk by one
    # factor
    return SLOPES[0] * root(expected_score, np.array([0.0, 1.0]), tol=1e-13).x[1]


def draw(cell, kind, icc, number, a, stream=None):
    """Data set ``number`` of a cell: x and z, (N, 2), and the
    outcome, (N,), or (N, 2) times and events.

    ``a`` is the cell's constant; ``stream`` stands for the place
    among the twelve of a cell that has none.
    """
    place = CELLS.index(cell) if stream is None else stream
    rng = np.random.default_rng([SEED, place, KINDS.index(kind), round(100 * icc), number])
    groups = cell.groups
    of_cluster, of_row = rng.normal(size=cell.clusters)[groups], rng.normal(size=cell.n)
    x = np.sqrt(cell.between) * of_cluster + np.sqrt(1 - cell.between) * of_row
    X = np.column_stack([x, rng.normal(size=cell.n)])
    eta = X @ np.array(SLOPES)
    shared = rng.normal(size=cell.clusters)[groups]
    if kind == "binary":
        return X, (rng.random(cell.n) < expit(a + eta + spread(icc) * shared)).astype(float)
    own = np.sqrt(icc) * shared + np.sqrt(1 - icc) * rng.normal(size=cell.n)
    if kind == "number":
        return X, eta + own
    time, end = -norm.logsf(own) * np.exp(-a - eta), rng.random(cell.n)
    return X, np.column_stack([np.minimum(time, end), (time <= end).astype(float)])


def draw_many(cell, kind, icc, numbers):
    """Data sets of a cell: designs (B, N, 2) and outcomes (B, N) or (B, N, 2)."""
    a = constant(cell, kind, icc) if kind != "number" else 0.0
    drawn = [draw(cell, kind, icc, number, a) for number in numbers]
    return np.stack([X for X, _ in drawn]), np.stack([y for _, y in drawn])
