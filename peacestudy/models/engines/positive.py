"""Parameters that cannot be below zero: intervals on the log scale, and tests on the edge.

Source: Self and Liang (1987), Journal of the American Statistical Association 82(398): where the
null lies on the edge of what a parameter can be, as zero for a variance, the Wald test does not
hold, and half of the likelihood ratio's mass is at zero.
"""

import numpy as np
from scipy.stats import chi2


def wald_ends(
    beta: np.ndarray, std_error: np.ndarray, spread: np.ndarray, z: float | np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Ends of Wald intervals; of parameters that cannot be below
    zero on the log scale, so that no end is.

    Parameters
    ----------
    beta, std_error : shape (K,).
    spread : which cannot be below zero, shape (K,), bool.
    z : standard errors to either side, one or one a term.

    Examples
    --------
    >>> low, high = wald_ends(
    ...     np.array([0.5, 0.5]), np.array([0.3, 0.3]), np.array([False, True]), 1.96
    ... )
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([-0.088, 0.154], [1.088, 1.621])
    """
    half = z * std_error
    low, high = beta - half, beta + half
    at = spread & (beta > 0)
    # from an estimate of almost zero the interval reaches from zero to infinity
    with np.errstate(over="ignore"):
        factor = np.exp(half[at] / beta[at])
    low[at], high[at] = beta[at] / factor, beta[at] * factor
    return low, high


def edge_test(loglik: float, without: float) -> tuple[float, float]:
    """The likelihood ratio of a parameter against zero on its edge, and
    its p: half that of chi-squared with 1 df.
    """
    ratio = max(2 * (loglik - without), 0.0)
    return ratio, 0.5 * float(chi2.sf(ratio, 1)) if ratio > 0 else 1.0
