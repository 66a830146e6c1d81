"""Score bootstrap of the logit, the null imposed, for every
term: p values and intervals by inversion.

Source: Kline and Santos (2012), Journal of Econometric Methods 1(1), sections 2 and 5: scores at
the estimate under the null are turned by clusters; nothing is fitted anew. The statistic is the
Lagrange multiplier's, its variance from scores about their mean, in the data as in the draws.
"""

import numpy as np
from scipy.special import expit

from peacestudy.errors import FitError
from peacestudy.models.inference.cr2 import sums
from peacestudy.models.inference.signs import TIES, Look, Signs, invert
from peacestudy.models.kernels.designs import information, orthonormal, predictor
from peacestudy.models.kernels.logit import loglik
from peacestudy.models.kernels.newton import newton

# standard errors; beyond, whole clusters fit without error, and draws differ by rounding alone
FARTHEST = 8.0


def score_bootstrap(
    X: np.ndarray,
    y: np.ndarray,
    groups: np.ndarray,
    beta: np.ndarray,
    se: np.ndarray,
    signs: Signs,
    alpha: float,
) -> tuple[np.ndarray, np.ndarray]:
    """P values of every coefficient against zero (K,) and intervals (K, 2) of level 1 - alpha; an
    end beyond ``FARTHEST`` is infinite.

    Parameters
    ----------
    X, y : one design (N, K), not separated, and outcome (N,).
    groups : cluster of every row, 0..G-1.
    beta, se : estimates and standard errors (K,), whence intervals are looked for.
    signs : of the clusters.

    Raises
    ------
    FitError
        The likelihood under a null has no maximum that can be found.
    """
    look = score_nulls(X, y, groups, signs)
    unit = np.concatenate([-se, se])
    return (
        look(np.zeros(X.shape[1])),
        invert(look, np.tile(beta, 2), unit, alpha, FARTHEST).reshape(2, -1).T,
    )


def score_nulls(X: np.ndarray, y: np.ndarray, groups: np.ndarray, signs: Signs) -> Look:
    """P values as a function of the hypothesised coefficients (K,), or twice as many."""
    K = X.shape[1]
    Z, T = _each_last(X)
    start = np.zeros((K, K))

    def look(null: np.ndarray) -> np.ndarray:
        out = []
        for part in null.reshape(-1, K):
            parts = cluster_scores(Z, y, groups, part * T[:, -1, -1], start)
            out.append(signs.share(extreme(parts, signs.values)))
        return np.concatenate(out)

    return look


def score_side(
    X: np.ndarray, y: np.ndarray, groups: np.ndarray, signs: Signs, sign: int
) -> np.ndarray:
    """One-sided p values of every coefficient against zero (K,), towards ``sign``, 1 or -1: by the
    signed root of the statistic.
    """
    K = X.shape[1]
    Z, T = _each_last(X)
    parts = (
        cluster_scores(Z, y, groups, np.zeros(K), np.zeros((K, K)))
        * np.sign(T[:, -1, -1])[:, None]
        * sign
    )
    data, squares, G = parts.sum(axis=1), (parts**2).sum(axis=1), parts.shape[1]
    drawn, turned = parts @ signs.values.T, parts**2 @ (signs.values**2).T
    size = np.sqrt(np.maximum(squares - data**2 / G, 0.0))[:, None]
    return signs.share_beyond(
        drawn * size, data[:, None] * np.sqrt(np.maximum(turned - drawn**2 / G, 0.0))
    )


def _each_last(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Orthonormal designs (K, N, K), each with another column last, and
    what turns coefficients into theirs (K, K, K).
    """
    K = X.shape[1]
    order = np.array([[*(i for i in range(K) if i != j), j] for j in range(K)])
    return orthonormal(X[:, order].transpose(1, 0, 2))


def extreme(parts: np.ndarray, W: np.ndarray) -> np.ndarray:
    """Whether draws (D, G) of a statistic whose cluster parts are (B, G) are
    at least as large as the data's, bool (B, D).
    """
    G = parts.shape[1]
    data, squares = parts.sum(axis=1) ** 2, (parts**2).sum(axis=1)
    drawn, turned = (parts @ W.T) ** 2, parts**2 @ (W**2).T
    out: np.ndarray = drawn * (squares - data / G)[:, None] >= data[:, None] * (
        turned - drawn / G
    ) * (1 - TIES)
    return out


def cluster_scores(
    Z: np.ndarray, y: np.ndarray, groups: np.ndarray, held: np.ndarray, start: np.ndarray
) -> np.ndarray:
    """Sums over clusters of the score of the last coefficient, free of the others, with it held at
    ``held`` (B,), shape (B, G).

    Parameters
    ----------
    Z : orthonormal designs, shape (B, N, K).
    start : where the climb begins, shape (B, K).
    """
    many = np.broadcast_to(y, Z.shape[:2])
    at = start.copy()
    at[:, -1] = held

    def direction(gamma: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        p = expit(predictor(Z, gamma))
        score = (Z.transpose(0, 2, 1) @ (many - p)[:, :, None])[:, :, 0]
        move = np.zeros(gamma.shape)
        inner = information(Z, p * (1 - p))[:, :-1, :-1]
        move[:, :-1] = np.linalg.solve(inner, score[:, :-1, None])[:, :, 0]
        return move, score

    climb = newton(at, direction, lambda gamma: loglik(predictor(Z, gamma), many))
    if not climb.converged.all():
        raise FitError(
            "the likelihood has no maximum that can be found with a coefficient held. Use fewer"
            " terms."
        )
    p = expit(predictor(Z, climb.beta))
    row = np.linalg.inv(information(Z, p * (1 - p)))[:, -1]
    return sums((predictor(Z, row) * (many - p)).T, groups).T
