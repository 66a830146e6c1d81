"""How good probabilities of a yes-or-no outcome are.

Sources: Hanley and McNeil (1982), Radiology 143(1) (area under the ROC curve); Brier (1950),
Monthly Weather Review 78(1); Good (1952), JRSS B 14(1) (logarithmic score); Gneiting and Raftery
(2007), Journal of the American Statistical Association 102(477).
"""

import numpy as np
from scipy.stats import rankdata

from peacestudy.errors import FitError


def roc_auc(y: np.ndarray, p: np.ndarray) -> float:
    """The area under the ROC curve.

    It is the probability that a random case with the outcome has a higher predicted probability
    than a random case without it; ties count one half.

    Parameters
    ----------
    y : array, shape (n,)
        Outcomes 0 or 1, both present.
    p : array, shape (n,)
        Predicted probabilities.

    Returns
    -------
    float
        From 0 to 1; 0.5 without discrimination.

    Raises
    ------
    FitError
        Arrays of different length or empty, outcomes other than 0 and 1 or only one of them,
        probabilities outside 0 to 1.

    Source: Hanley and McNeil (1982), Radiology 143(1).

    Examples
    --------
    >>> import numpy as np
    >>> import peacestudy as ps
    >>> ps.models.diagnosis.roc_auc(np.array([0, 1, 0, 1]), np.array([0.1, 0.4, 0.4, 0.8]))
    0.875
    """
    _check(y, p)
    if np.ptp(y) == 0:
        raise FitError(
            f"the outcome is {np.asarray(y)[0]:g} in all {len(y)} rows: there is no ROC curve."
        )
    return float(areas(np.asarray(y, dtype=float)[None], np.asarray(p, dtype=float)[None])[0])


def brier(y: np.ndarray, p: np.ndarray) -> float:
    """The Brier score: the mean squared difference of outcome and predicted probability.

    Parameters
    ----------
    y : array, shape (n,)
        Outcomes 0 or 1.
    p : array, shape (n,)
        Predicted probabilities.

    Returns
    -------
    float
        From 0, the best, to 1.

    Raises
    ------
    FitError
        Arrays of different length or empty, outcomes other than 0 and 1, probabilities outside 0
        to 1.

    Source: Brier (1950), Monthly Weather Review 78(1).

    Examples
    --------
    >>> import numpy as np
    >>> import peacestudy as ps
    >>> ps.models.diagnosis.brier(np.array([0, 1]), np.array([0.5, 1.0]))
    0.125
    """
    _check(y, p)
    return float(((np.asarray(p) - y) ** 2).mean())


def log_score(y: np.ndarray, p: np.ndarray) -> float:
    """The logarithmic score: the mean of minus the log of the probability given to what happened.

    Parameters
    ----------
    y : array, shape (n,)
        Outcomes 0 or 1.
    p : array, shape (n,)
        Predicted probabilities.

    Returns
    -------
    float
        From 0, the best, to infinity, if an outcome with probability 0 happened.

    Raises
    ------
    FitError
        Arrays of different length or empty, outcomes other than 0 and 1, probabilities outside 0
        to 1.

    Source: Good (1952), Journal of the Royal Statistical Society B 14(1).

    Examples
    --------
    >>> import numpy as np
    >>> import peacestudy as ps
    >>> round(ps.models.diagnosis.log_score(np.array([0, 1]), np.array([0.5, 1.0])), 6)
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
