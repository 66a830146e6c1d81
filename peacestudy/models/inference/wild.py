"""Wild cluster bootstrap of least squares, the null imposed, for every
term: p values and intervals by inversion.

Sources: Cameron, Gelbach and Miller (2008), Review of Economics and Statistics 90(3); Roodman,
MacKinnon, Nielsen and Webb (2019), Stata Journal 19(1), 5: numerator and variance of a bootstrap
statistic are polynomials in the hypothesised coefficient, so that a draw is worth five numbers a
term, whatever the null and however many rows.
"""

import numpy as np

from peacestudy.models.inference.cr2 import cluster_products, orthogonal, sums
from peacestudy.models.inference.signs import TIES, Look, Signs, invert

FARTHEST = 2.0**40  # standard errors


def wild(
    X: np.ndarray, y: np.ndarray, groups: np.ndarray, signs: Signs, alpha: float
) -> tuple[np.ndarray, np.ndarray]:
    """P values of every coefficient against zero (K,) and intervals (K, 2) of level 1 - alpha.

    Parameters
    ----------
    X, y : one design (N, K) and outcome (N,).
    groups : cluster of every row, 0..G-1.
    signs : of the clusters.
    """
    look, beta, se = nulls(X, y, groups, signs)
    ends = invert(look, np.tile(beta, 2), np.concatenate([-se, se]), alpha, FARTHEST)
    return look(np.zeros(len(beta))), ends.reshape(2, -1).T


def wild_side(
    X: np.ndarray, y: np.ndarray, groups: np.ndarray, signs: Signs, sign: int
) -> np.ndarray:
    """One-sided p values of every coefficient against zero (K,): towards ``sign``, 1 or -1, as
    Roodman et al. (2019), 3.3.
    """
    free, spread, beta = _pieces(X, y, groups, signs)
    n0, n1, a, b, c = free.transpose(1, 0, 2)
    d = -beta[:, None]
    drawn, size = n0 - d * n1, np.sqrt(a - 2 * d * b + d**2 * c)
    return signs.share_beyond(sign * drawn * np.sqrt(spread)[:, None], sign * -d * size)


def nulls(
    X: np.ndarray, y: np.ndarray, groups: np.ndarray, signs: Signs
) -> tuple[Look, np.ndarray, np.ndarray]:
    """P values as a function of the hypothesised coefficients (K,), or twice as many, with
    estimates and a scale for each.
    """
    free, spread, beta = _pieces(X, y, groups, signs)

    def look(null: np.ndarray) -> np.ndarray:
        out = []
        for part in null.reshape(-1, len(beta)):
            d = (part - beta)[:, None]
            n0, n1, a, b, c = free.transpose(1, 0, 2)
            numerator, variance = (n0 - d * n1) ** 2, a - 2 * d * b + d**2 * c
            out.append(signs.share(numerator * spread[:, None] >= d**2 * variance * (1 - TIES)))
        return np.concatenate(out)

    return look, beta, np.sqrt(spread)


def _pieces(
    X: np.ndarray, y: np.ndarray, groups: np.ndarray, signs: Signs
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What ``_sums`` gives of every coefficient (K, 5, D) and (K,), and the estimates (K,)."""
    Q, back = orthogonal(X)
    S = cluster_products(Q, groups)
    beta = back @ (Q.T @ y)
    score = sums(Q * (y - X @ beta)[:, None], groups)
    terms = [_sums(row, S, score, signs.values) for row in back]
    return np.stack([t[0] for t in terms]), np.array([t[1] for t in terms]), beta


def _sums(
    row: np.ndarray, S: np.ndarray, score: np.ndarray, W: np.ndarray
) -> tuple[np.ndarray, float]:
    """For one coefficient, ``row`` (K,) of ``back``: five numbers a draw (5, D), and the data's sum
    of squared cluster scores.

    With d = null - estimate, residuals under the null are e - d v, v the column free of the others;
    a draw's numerator is n0 - d n1, its variance a - 2 d b + d^2 c, both but for factors that
    numerator and variance of the data share.
    """
    A = S @ row
    c0, c1 = score @ row, A @ row / (row @ row)
    s0 = W * c0 - (W @ score) @ A.T
    s1 = W * c1 - (W @ (A / (row @ row))) @ A.T
    found = np.stack(
        [W @ c0, W @ c1, (s0**2).sum(axis=1), (s0 * s1).sum(axis=1), (s1**2).sum(axis=1)]
    )
    return found, float((c0**2).sum())
