"""Likelihood of Samejima's graded response model with one standard
normal trait, by Gauss-Hermite quadrature.

Source: Samejima (1969), Psychometrika Monograph 17. P(code >= c | t) = logistic(a t + d_c), d
falling with c; two codes are the two-parameter logistic model. The trait is integrated out as in
Bock and Aitkin (1981), Psychometrika 46(4).

Arrays: q nodes, k items, m codes of an item, s patterns. An item's parameters are the vector (a,
d_1, ..., d_(m-1)); the codes in ``patterns`` are ranks 0 .. m-1, and -1 where none was given.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Items = Sequence[np.ndarray]


@dataclass(frozen=True, eq=False)
class Patterns:
    """The distinct rows of codes and how many cases have each: ``codes``
    (s, k), ``counts`` (s,), ``row_of`` (cases,).
    """

    codes: np.ndarray
    counts: np.ndarray
    row_of: np.ndarray


def patterns_of(codes: np.ndarray) -> Patterns:
    """Distinct rows of an integer array, shape (cases, k)."""
    rows, row_of, counts = np.unique(codes, axis=0, return_inverse=True, return_counts=True)
    return Patterns(rows, counts, row_of.ravel())


def quadrature(nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights, shape (q,) each, for the mean of a
    function over a standard normal variable.
    """
    at, weight = np.polynomial.hermite_e.hermegauss(nodes)
    return at, weight / weight.sum()


def log_chances(item: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Log of P(code | trait), shape (m, q).

    P_c = F_c - F_(c+1) is taken as F_c (1 - F_(c+1)) (1 - exp(d_(c+1) -
    d_c)), which keeps its digits in both tails.
    """
    above, below, gap = _parts(item, at)
    chances: np.ndarray = above + below + gap[:, None]
    return chances


def _parts(item: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Logs of F_c and log(1 - F_(c+1)), shape (m, q), and log(1 -
    exp(d_(c+1) - d_c)), shape (m,).
    """
    z = item[0] * at + item[1:, None]
    edge = np.zeros((1, len(at)))
    above = np.vstack([edge, -np.logaddexp(0, -z)])
    below = np.vstack([-np.logaddexp(0, z), edge])
    gap = np.zeros(len(item))
    gap[1:-1] = np.log(-np.expm1(np.diff(item[1:])))
    return above, below, gap


def slopes(item: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Derivatives of log P(code | trait) by the item's parameters, shape (m, parameters, q)."""
    above, below, gap = _parts(item, at)
    m = len(item)
    out = np.zeros((m, m, len(at)))
    up = 1 - np.exp(above) - (1 - np.exp(below))  # (f_c - f_(c+1)) / P_c
    out[:, 0] = at * up
    for c in range(1, m):
        f = above[c] + below[c - 1]  # log of F_c (1 - F_c), the density at threshold c
        out[c, c] = np.exp(f - above[c] - below[c] - gap[c])
        out[c - 1, c] = -np.exp(f - above[c - 1] - below[c - 1] - gap[c - 1])
    return out


def posterior(
    items: Items, patterns: np.ndarray, at: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Log-likelihood of each pattern, shape (s,), and the posterior
    of the trait over the nodes, shape (s, q).
    """
    joint = np.tile(np.log(weight), (len(patterns), 1))
    for j, item in enumerate(items):
        given = patterns[:, j] >= 0
        joint[given] += log_chances(item, at)[patterns[given, j]]
    top = joint.max(axis=1, keepdims=True)
    mass = np.exp(joint - top)
    total = mass.sum(axis=1, keepdims=True)
    return (top + np.log(total)).ravel(), mass / total


def expected(patterns: Patterns, given: np.ndarray, codes: Sequence[int]) -> list[np.ndarray]:
    """Expected number of cases with each code at each node, one array of shape (m, q) an item;
    ``given`` is the posterior.
    """
    mass = given * patterns.counts[:, None]
    return [
        np.stack([mass[patterns.codes[:, j] == c].sum(axis=0) for c in range(m)])
        for j, m in enumerate(codes)
    ]


def log_likelihood(items: Items, patterns: Patterns, at: np.ndarray, weight: np.ndarray) -> float:
    """Marginal log-likelihood of all cases; minus infinity where
    the intercepts of an item do not fall.
    """
    if any((np.diff(item[1:]) >= 0).any() for item in items):
        return -np.inf
    return float(patterns.counts @ posterior(items, patterns.codes, at, weight)[0])


def gradient(items: Items, patterns: Patterns, at: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Derivatives of the marginal log-likelihood by all parameters, item after item.

    By Fisher's identity they are the expected derivatives of the
    likelihood in which the trait is known.
    """
    given = posterior(items, patterns.codes, at, weight)[1]
    counts = expected(patterns, given, [len(i) for i in items])
    return np.concatenate(
        [np.einsum("cpq,cq->p", slopes(i, at), r) for i, r in zip(items, counts, strict=True)]
    )
