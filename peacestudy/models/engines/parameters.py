"""Parameters that stand beside the slopes: cut points of an ordered outcome, ``alpha`` of counts, ``sd(group)`` of groups.

Source: Self and Liang (1987), Journal of the American Statistical Association 82(398): where the null lies on the edge of what a
parameter can be, as zero for a variance, the Wald test does not hold, and half of the likelihood ratio's mass is at zero.
"""

from collections.abc import Sequence

import numpy as np
from scipy.stats import chi2

from peacestudy.errors import SpecError


def is_spread(names: tuple[str, ...], columns: tuple[str, ...]) -> np.ndarray:
    """Which terms cannot be below zero: ``alpha`` and ``sd(...)`` that are no columns of the design, shape (K,), bool."""
    return np.array([n not in columns and (n == "alpha" or n.startswith("sd(")) for n in names], dtype=bool)


def refuse_edge(terms: Sequence[str], names: tuple[str, ...], columns: tuple[str, ...]) -> None:
    """Refuse to test terms against zero that cannot be below it: neither chi-squared nor normal is what such a statistic is.

    Parameters
    ----------
    terms : to be tested. names : of all terms. columns : those of the design.

    Raises
    ------
    SpecError
        With the terms, and with what tests them.
    """
    spread = {n for n, s in zip(names, is_spread(names, columns), strict=True) if s}
    if edge := [t for t in terms if t in spread]:
        raise SpecError(
            f"{', '.join(edge)} cannot be below zero, so that zero is no value to test against; the notes of a fit have the likelihood ratio."
        )


def wald_ends(
    beta: np.ndarray, std_error: np.ndarray, spread: np.ndarray, z: float | np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Ends of Wald intervals; of parameters that cannot be below zero on the log scale, so that no end is.

    Parameters
    ----------
    beta, std_error : shape (K,).
    spread : which cannot be below zero, shape (K,), bool.
    z : standard errors to either side, one or one a term.

    Examples
    --------
    >>> low, high = wald_ends(np.array([0.5, 0.5]), np.array([0.3, 0.3]), np.array([False, True]), 1.96)
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([-0.088, 0.154], [1.088, 1.621])
    """
    half = z * std_error
    low, high = beta - half, beta + half
    at = spread & (beta > 0)
    factor = np.exp(half[at] / beta[at])
    low[at], high[at] = beta[at] / factor, beta[at] * factor
    return low, high


def edge_test(loglik: float, without: float) -> tuple[float, float]:
    """The likelihood ratio of a parameter against zero on its edge, and its p: half that of chi-squared with 1 df."""
    ratio = max(2 * (loglik - without), 0.0)
    return ratio, 0.5 * float(chi2.sf(ratio, 1)) if ratio > 0 else 1.0
