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
    """What m completed data sets say together.

    Attributes
    ----------
    estimate, std_error : mean of the estimates, root of the total variance.
    within, between, total : variance within data sets, between
        them, and within + (1 + 1/m) between.
    df : degrees of freedom of the t distribution.
    increase : relative increase of variance r; share : the part of the
        total variance that lies between the data sets;
        fmi : fraction of missing information.
    monte_carlo : standard error of ``estimate`` for there being only m draws.
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
    """Pool m estimates of one quantity.

    Parameters
    ----------
    estimates, variances : shape (m,), m of 2 or more; the squared standard errors.
    complete_df : degrees of freedom had nothing been imputed;
        infinite where the reference is normal.

    Raises
    ------
    FitError
        Fewer than two estimates, one that is not a number, another number of variances or a
        negative one, no degrees of freedom.

    Examples
    --------
    >>> found = pool([2, 2.5, 1.8, 2.2, 2.4], [0.1, 0.12, 0.09, 0.11, 0.1], np.inf)
    >>> round(found.total, 4), round(found.df, 10), round(found.fmi, 10)
    (0.2024, 16.9235243572, 0.5377466402)
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
