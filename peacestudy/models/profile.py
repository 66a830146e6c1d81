"""Penalised likelihood ratio tests and profile intervals of Firth's logit, all terms and both ends in one batch.

Source: Heinze and Schemper (2002), Statistics in Medicine 21(16), 3.3; R's logistf 1.26 (penalty of the whole design).
"""

import numpy as np
from scipy.stats import chi2

from peacestudy.models.firth import climb_firth
from peacestudy.models.logit import sizes

MOST_DOUBLINGS = 60
MOST_CUTS = 200
FARTHEST = 1e9  # standard errors; an end beyond is infinite
TIGHT = 1e-9  # on the likelihood ratio, whose quantile is 3.84 at 95 %


def likelihood_ratio(X: np.ndarray, y: np.ndarray, beta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Tests of every coefficient against zero.

    Parameters
    ----------
    X, y : one design (N, K) and outcome (N,).
    beta : its Firth estimate (K,).

    Returns
    -------
    statistic, p
        Shape (K,): twice the drop of the penalised log-likelihood, and its p value on one degree of freedom.
    """
    Z, y2, b = _scaled(X, y, beta)
    full = climb_firth(Z[:1], y2[:1], b[:1]).value[0]
    drop = 2 * (full - _profile(Z, y2, b, np.zeros(X.shape[1])))
    drop = np.maximum(drop, 0.0)
    return drop, chi2.sf(drop, 1)


def profile_interval(X: np.ndarray, y: np.ndarray, beta: np.ndarray, std_error: np.ndarray, level: float) -> np.ndarray:
    """Profile intervals, shape (K, 2): where twice the drop of the penalised log-likelihood is the chi-squared quantile.

    An end that lies beyond ``FARTHEST`` standard errors is infinite.
    """
    K = X.shape[1]
    Z, y2, b = _scaled(X, y, beta)
    Z, y2, b = np.concatenate([Z, Z]), np.concatenate([y2, y2]), np.concatenate([b, b])
    at = np.tile(np.arange(K), 2)
    centre = b[np.arange(2 * K), at]
    unit = np.tile(std_error * sizes(X[None])[0, 0], 2) * np.repeat([-1.0, 1.0], K)
    full = climb_firth(Z[:1], y2[:1], b[:1]).value[0]
    target = chi2.ppf(level, 1)

    def excess(t: np.ndarray) -> np.ndarray:
        out: np.ndarray = 2 * (full - _profile(Z, y2, b, centre + t * unit, at)) - target
        return out

    low, high = np.zeros(2 * K), np.full(2 * K, np.sqrt(target))
    f_low, f_high = np.full(2 * K, -target), excess(high)
    for _ in range(MOST_DOUBLINGS):
        short = (f_high < 0) & (high < FARTHEST)
        if not short.any():
            break
        low, f_low = np.where(short, high, low), np.where(short, f_high, f_low)
        high = np.where(short, 2 * high, high)
        f_high = np.where(short, excess(high), f_high)
    endless = f_high < 0
    f_high = np.where(endless, 1.0, f_high)
    last = np.zeros(2 * K)
    for _ in range(MOST_CUTS):  # Illinois: a secant that may not keep the same end twice at full weight
        cut = high - f_high * (high - low) / (f_high - f_low)
        f_cut = np.where(endless, 0.0, excess(np.where(endless, 0.0, cut)))
        above = f_cut > 0
        f_low = np.where(above, np.where(last > 0, f_low / 2, f_low), f_cut)
        f_high = np.where(above, f_cut, np.where(last < 0, f_high / 2, f_high))
        low, high = np.where(above, low, cut), np.where(above, cut, high)
        last = np.where(above, 1.0, -1.0)
        if (np.abs(f_cut) < TIGHT).all():
            break
    ends = np.where(endless, np.inf, cut) * unit + centre
    out: np.ndarray = (ends.reshape(2, K) / sizes(X[None])[0, 0]).T
    return out


def _scaled(X: np.ndarray, y: np.ndarray, beta: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    K = X.shape[1]
    size = sizes(X[None])[0]
    return (
        np.repeat((X / size)[None], K, axis=0),
        np.repeat(y[None], K, axis=0),
        np.repeat((beta * size[0])[None], K, axis=0),
    )


def _profile(
    Z: np.ndarray, y: np.ndarray, beta: np.ndarray, value: np.ndarray, at: np.ndarray | None = None
) -> np.ndarray:
    """Penalised log-likelihood of each member with its coefficient ``at`` held at ``value``, shape (B,)."""
    index = np.arange(Z.shape[2]) if at is None else at
    free = np.ones(beta.shape, bool)
    free[np.arange(len(beta)), index] = False
    start = beta.copy()
    start[np.arange(len(beta)), index] = value
    return climb_firth(Z, y, start, free).value
