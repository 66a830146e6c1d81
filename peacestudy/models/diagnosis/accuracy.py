"""How good probabilities of a yes-or-no outcome are.

Sources: Hanley and McNeil (1982), Radiology 143(1) (area under the ROC curve); Brier (1950),
Monthly Weather Review 78(1); Good (1952), JRSS B 14(1) (logarithmic score); Gneiting and Raftery
(2007), Journal of the American Statistical Association 102(477).
"""

import numpy as np
from scipy.stats import rankdata

from peacestudy.errors import FitError


def roc_auc(y: np.ndarray, p: np.ndarray) -> float:
    """The chance that of a yes and a no, each drawn at random, the yes has
    the higher probability; a tie counts half.

    Parameters
    ----------
    y : outcomes 0 or 1, shape (n,), both present.
    p : probabilities, shape (n,).

    Examples
    --------
    >>> roc_auc(np.array([0, 1, 0, 1]), np.array([0.1, 0.4, 0.4, 0.8]))
    0.875
    """
    _check(y, p)
    if np.ptp(y) == 0:
        raise FitError(
            f"the outcome is {np.asarray(y)[0]:g} in all {len(y)} rows: there is no ROC curve."
        )
    return float(areas(np.asarray(y, dtype=float)[None], np.asarray(p, dtype=float)[None])[0])


def brier(y: np.ndarray, p: np.ndarray) -> float:
    """Mean squared difference of outcome and probability, shapes (n,): 0 is best.

    Examples
    --------
    >>> brier(np.array([0, 1]), np.array([0.5, 1.0]))
    0.125
    """
    _check(y, p)
    return float(((np.asarray(p) - y) ** 2).mean())


def log_score(y: np.ndarray, p: np.ndarray) -> float:
    """Mean of minus the log of the probability that was given to what happened, shapes (n,): 0 is
    best, infinity the worst.

    Examples
    --------
    >>> round(log_score(np.array([0, 1]), np.array([0.5, 1.0])), 6)
    0.346574
    """
    _check(y, p)
    return float(log_scores(np.asarray(y, dtype=float)[None], np.asarray(p, dtype=float)[None])[0])


def areas(y: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Areas under the ROC curve of a batch, shapes (B, n) to
    (B,); NaN where an outcome does not vary.
    """
    yes = y.sum(axis=1)
    no = y.shape[1] - yes
    above = (rankdata(p, axis=1) * y).sum(axis=1) - yes * (yes + 1) / 2
    both = (yes > 0) & (no > 0)
    return np.where(both, above / np.where(both, yes * no, 1.0), np.nan)


def log_scores(y: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Logarithmic scores of a batch, shapes (B, n) to (B,)."""
    with np.errstate(divide="ignore"):
        out: np.ndarray = -np.log(np.where(y == 1, p, 1 - p)).mean(axis=1)
    return out


def _check(y: np.ndarray, p: np.ndarray) -> None:
    y, p = np.asarray(y, dtype=float), np.asarray(p, dtype=float)
    if y.ndim != 1 or y.shape != p.shape or not len(y):
        raise FitError(
            f"outcomes {y.shape} and probabilities {p.shape} must be two lists of equal length,"
            " not empty."
        )
    if not np.isin(y, (0, 1)).all():
        raise FitError("outcomes must be 0 or 1, none missing.")
    if not ((p >= 0) & (p <= 1)).all():
        raise FitError("probabilities must lie between 0 and 1, none missing.")
