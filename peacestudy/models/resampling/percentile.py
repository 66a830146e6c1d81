"""Intervals from bootstrap draws: percentile, and BCa, corrected for bias
and for a variance that changes with the value.

Sources: Efron (1987), Journal of the American Statistical Association 82(397), 6 and 7 (BCa);
Davison and Hinkley (1997), Bootstrap Methods and their Application, eq. 5.8 (order statistics
interpolated on the scale of the normal quantile, as R's boot) and 5.3.2.
"""

import numpy as np
from scipy.stats import norm


def percentile(draws: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """Quantiles of draws (R,) at probabilities (q,), shape (q,): order statistic (R+1)p, the
    outermost where that lies beyond.

    Examples
    --------
    >>> percentile(np.arange(1.0, 20.0), np.array([0.05, 0.5])).tolist()
    [1.0, 10.0]
    """
    t, R = np.sort(draws), len(draws)
    rank = (R + 1) * np.asarray(probability)
    whole = np.round(rank)
    # 0.975 * 1000 is a whole number but for rounding
    rank = np.where(np.abs(rank - whole) < 1e-9, whole, rank)
    k = np.clip(np.trunc(rank).astype(int), 1, R)
    upper = np.minimum(k + 1, R)
    low, high = norm.ppf(k / (R + 1)), norm.ppf((k + 1) / (R + 1))
    inside = (rank > k) & (rank < R)
    share = np.where(
        inside,
        (norm.ppf(np.clip(rank / (R + 1), 1e-300, 1)) - low) / np.where(inside, high - low, 1.0),
        0.0,
    )
    out: np.ndarray = t[k - 1] + share * (t[upper - 1] - t[k - 1])
    return out


def bca_probabilities(
    draws: np.ndarray, estimate: float, left_out: np.ndarray, conf_level: float
) -> np.ndarray:
    """Which two probabilities' quantiles are the ends of a BCa interval; NaN where all draws lie on
    one side of the estimate.

    Parameters
    ----------
    draws : shape (R,).
    left_out : estimates without each block, shape (G,): they give the acceleration.
    """
    share = (draws < estimate).mean()
    if not 0 < share < 1:
        return np.full(2, np.nan)
    d = left_out.mean() - left_out
    spread = (d**2).sum()
    a = (d**3).sum() / (6 * spread**1.5) if spread > 0 else 0.0
    z0 = norm.ppf(share)
    z = z0 + norm.ppf([(1 - conf_level) / 2, (1 + conf_level) / 2])
    out: np.ndarray = norm.cdf(z0 + z / (1 - a * z))
    return out
