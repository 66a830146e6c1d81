"""Covariance of linear combinations of coefficients, where
some coefficients may have no covariance.
"""

import numpy as np


def combined_covariance(weights: np.ndarray, vcov: np.ndarray) -> np.ndarray:
    """Covariance of ``weights @ beta``, missing where a
    combination needs a coefficient without one.

    A coefficient without a standard error has NaN in its row and column of ``vcov``. A combination
    that gives it no weight does not depend on it, so 0 times NaN counts as 0 here.

    Parameters
    ----------
    weights : float array, shape (q, K), one combination a row (or a gradient).
    vcov : float array, shape (K, K).

    Returns
    -------
    float array, shape (q, q), NaN in the rows and columns of
    combinations that need a missing coefficient.

    Examples
    --------
    >>> V = np.array([[4.0, np.nan], [np.nan, np.nan]])
    >>> combined_covariance(np.array([[1.0, 0.0], [1.0, 1.0]]), V).tolist()
    [[4.0, nan], [nan, nan]]
    """
    known, needs = _known(weights, vcov)
    out: np.ndarray = weights @ known @ weights.T
    out[needs] = np.nan
    out[:, needs] = np.nan
    return out


def combined_variances(weights: np.ndarray, vcov: np.ndarray) -> np.ndarray:
    """The diagonal of ``combined_covariance``, without the
    covariances of the combinations, shape (q,).

    Examples
    --------
    >>> V = np.array([[4.0, np.nan], [np.nan, np.nan]])
    >>> combined_variances(np.array([[1.0, 0.0], [1.0, 1.0]]), V).tolist()
    [4.0, nan]
    """
    known, needs = _known(weights, vcov)
    out: np.ndarray = ((weights @ known) * weights).sum(axis=1)
    out[needs] = np.nan
    return out


def _known(weights: np.ndarray, vcov: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The covariance with zeros where it is missing, and which
    combinations need a missing coefficient, shape (q,).
    """
    missing = np.isnan(np.diag(vcov))
    known = np.where(missing[:, None] | missing[None, :], 0.0, vcov)
    return known, (weights[:, missing] != 0).any(axis=1)
