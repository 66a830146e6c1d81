"""Rubin's rules: one estimate and interval from several completed data sets.

Sources: Rubin (1987), Multiple Imputation for Nonresponse in Surveys, ch. 3; Barnard and Rubin
(1999), Biometrika 86(4), degrees of freedom for small samples; fraction of missing information as
van Buuren (2018), Flexible Imputation, 2.3.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from peacestudy.errors import FitError


@dataclass(frozen=True)
class Pooled:
    """One estimate from several completed data sets, by Rubin's rules.

    Attributes
    ----------
    estimate : float
        Mean of the estimates.
    std_error : float
        Square root of the total variance.
    within : float
        Mean variance within data sets.
    between : float
        Variance between data sets.
    total : float
        within + (1 + 1/m) between.
    df : float
        Degrees of freedom of the t distribution, by Barnard and Rubin.
    increase : float
        Relative increase in variance due to missing values.
    share : float
        Share of the total variance between data sets.
    fmi : float
        Fraction of missing information.
    monte_carlo : float
        Standard error of ``estimate`` due to the finite number of data sets.

    Examples
    --------
    >>> import numpy as np
    >>> import peacestudy as ps
    >>> found = ps.models.pool([2, 2.5, 1.8, 2.2, 2.4], [0.1, 0.12, 0.09, 0.11, 0.1], np.inf)
    >>> round(found.estimate, 2), round(found.std_error, 2), round(found.share, 2)
    (2.18, 0.45, 0.49)
    """

    estimate: float
    std_error: float
    within: float
    between: float
    total: float
    df: float
    increase: float
    share: float
    fmi: float
    monte_carlo: float


def pool(estimates: npt.ArrayLike, variances: npt.ArrayLike, complete_df: float) -> Pooled:
    """Pool estimates of one quantity from several completed data sets by Rubin's rules.

    Parameters
    ----------
    estimates : array, shape (m,)
        Estimates, m of 2 or more.
    variances : array, shape (m,)
        Their squared standard errors.
    complete_df : float
        Degrees of freedom without missing values; infinite if the reference is normal.

    Returns
    -------
    Pooled
        The pooled estimate, its standard error and degrees of freedom.

    Raises
    ------
    FitError
        Fewer than two estimates, one that is not a number, a different number of variances, a
        negative variance, degrees of freedom that are not above 0.

    Source: Rubin (1987), Multiple Imputation for Nonresponse in Surveys, ch. 3; Barnard and Rubin
    (1999), Biometrika 86(4).

    Examples
    --------
    >>> import numpy as np
    >>> import peacestudy as ps
    >>> found = ps.models.pool([2, 2.5, 1.8, 2.2, 2.4], [0.1, 0.12, 0.09, 0.11, 0.1], np.inf)
    >>> round(found.total, 4), round(found.df, 4), round(found.fmi, 4)
    (0.2024, 16.9235, 0.5377)
    """
    Q, U = np.asarray(estimates, dtype=float), np.asarray(variances, dtype=float)
    m = len(Q)
    if Q.ndim != 1 or Q.shape != U.shape or (U < 0).any() or not complete_df > 0:
        raise FitError(
            f"estimates of shape {Q.shape} and variances of shape {U.shape} with {complete_df:g}"
            " degrees of freedom cannot be pooled: expected as many variances, from 0 up, as"
            " estimates, and degrees of freedom above 0."
        )
    if m < 2 or not (np.isfinite(Q).all() and np.isfinite(U).all()):
        raise FitError(
            f"{m} estimate(s), of which {int(np.isfinite(Q).sum())} are numbers, cannot be pooled;"
            " two or more are needed."
        )
    within, between = float(U.mean()), float(Q.var(ddof=1))
    extra = (1 + 1 / m) * between
    total = within + extra
    increase = extra / within if within > 0 else np.inf
    share = extra / total if total > 0 else 0.0
    df = _degrees(m, share, complete_df)
    fmi = (increase + 2 / (df + 3)) / (increase + 1) if np.isfinite(increase) else 1.0
    return Pooled(
        float(Q.mean()),
        total**0.5,
        within,
        between,
        total,
        df,
        increase,
        share,
        fmi,
        (between / m) ** 0.5,
    )


def _degrees(m: int, share: float, complete: float) -> float:
    """Barnard and Rubin's degrees of freedom."""
    old = (m - 1) / share**2 if share > 0 else np.inf
    if not np.isfinite(complete):
        return float(old)
    observed = (complete + 1) / (complete + 3) * complete * (1 - share)
    return float(observed if not np.isfinite(old) else old * observed / (old + observed))
