"""Parts of log-gammas that keep their digits at large counts,
where the log-gammas themselves cancel.

Sources: Loader (2000), Fast and Accurate Computation of Binomial Probabilities (the saddle-point
expansion that R's ``dbinom`` and ``dnbinom`` use); Abramowitz and Stegun (1972), Handbook of
Mathematical Functions, 6.1.40, 6.3.18 and 6.4.12 (asymptotic series).
"""

import numpy as np
from scipy.special import digamma, gammaln, polygamma

LARGE = 15.0  # from here on the asymptotic series are exact up to rounding
# digamma(z) - log(z) is the sum of c / z**m over these (m, c); c is minus a Bernoulli number over m
DIGAMMA = (
    (1, -1 / 2),
    (2, -1 / 12),
    (4, 1 / 120),
    (6, -1 / 252),
    (8, 1 / 240),
    (10, -1 / 132),
    (12, 691 / 32760),
)
STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360)  # of 1/z, 1/z**3, ...
# size of w below which log(1 + w) less the first terms of its series is summed as a series
NEAR = 0.25
TERMS = 28  # of that series: the next is below rounding


def stirling_error(z: np.ndarray) -> np.ndarray:
    """``log Gamma(z + 1)`` less Stirling's formula ``(z + 1/2) log z - z +
    log(2 pi) / 2``, for z above 0, any shape.
    """
    small, inverse = np.minimum(z, LARGE), 1 / np.maximum(z, LARGE)
    direct = gammaln(small + 1) - (small + 0.5) * np.log(small) + small - 0.5 * np.log(2 * np.pi)
    series = np.zeros_like(inverse)
    for c in reversed(STIRLING):
        series = c + series * inverse**2
    return np.asarray(np.where(z < LARGE, direct, series * inverse))


def log_series(w: np.ndarray, order: int) -> np.ndarray:
    """``log(1 + w)`` less the first ``order`` terms of its series, divided by ``w**(order + 1)``.

    Parameters
    ----------
    w : any shape; only values of size below ``NEAR`` have a meaningful result.
    order : 1 or 2.
    """
    small = np.where(np.abs(w) < NEAR, w, 0.0)
    out = np.zeros_like(small)
    for n in range(order + TERMS, order, -1):
        out = (-1) ** (n + 1) / n + out * small
    return out


def deviance_part(x: np.ndarray, mean: np.ndarray, difference: np.ndarray) -> np.ndarray:
    """``x log(x / mean) + mean - x``, half of Poisson's deviance.

    Parameters
    ----------
    x : 0 or more, any shape.
    mean : above 0.
    difference : x - mean, without cancellation.
    """
    # a mean that underflows has a likelihood near zero, not none
    mean = np.maximum(mean, np.finfo(float).tiny)
    near = np.abs(difference) < NEAR * mean
    w = np.where(near, difference, 0.0) / mean
    close = mean * w**2 * (1 + (1 + w) * log_series(w, 1))
    far = (x > 0) & ~near
    log = np.log(np.where(far, x, 1.0)) - np.log(np.where(far, mean, 1.0))
    return np.asarray(np.where(near, close, x * log - difference))


def digamma_excess(z: np.ndarray) -> np.ndarray:
    """``digamma(z) - log(z)``, for z above 0, any shape."""
    small, large = np.minimum(z, LARGE), np.maximum(z, LARGE)
    series = sum(c / large**m for m, c in DIGAMMA)
    return np.asarray(np.where(z < LARGE, digamma(small) - np.log(small), series))


def trigamma_excess(z: np.ndarray) -> np.ndarray:
    """``trigamma(z) - 1/z``, the derivative of ``digamma_excess``, for z above 0, any shape."""
    small, large = np.minimum(z, LARGE), np.maximum(z, LARGE)
    series = sum(-m * c / large ** (m + 1) for m, c in DIGAMMA)
    return np.asarray(np.where(z < LARGE, polygamma(1, small) - 1 / small, series))
