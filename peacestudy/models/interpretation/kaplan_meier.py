"""Kaplan-Meier curves by whole years, with pointwise log-log intervals and the numbers at risk.

Sources: Kaplan and Meier (1958), Journal of the American Statistical Association 53(282); Kalbfleisch and Prentice (2002),
The Statistical Analysis of Failure Time Data, 2nd ed., 1.4 (intervals). The estimate and its standard error are statsmodels'.
"""

import warnings

import numpy as np
import pandas as pd

from peacestudy.models.inference.hypotheses import quantile

COLUMNS = ["years", "at_risk", "events", "censored", "survival", "conf_low", "conf_high"]


def kaplan_meier(years: np.ndarray, event: np.ndarray) -> pd.DataFrame:
    """One curve.

    Parameters
    ----------
    years : whole years until the event or until censoring, above 0, shape (n,).
    event : 1 where the event was seen, 0 where the case was censored, shape (n,).

    Returns
    -------
    DataFrame
        ``years, at_risk, events, censored, survival, conf_low, conf_high``: a row a year from 0 to the last, the number
        at risk at its start, the survival after it with a pointwise 95 % interval. Before the first event the variance
        of the estimate is zero and the interval is 1 to 1; where the last case has the event it does not exist and is missing.

    Examples
    --------
    >>> kaplan_meier(np.array([1.0, 2.0, 2.0, 3.0]), np.array([1.0, 1.0, 0.0, 0.0])).survival.round(3).tolist()
    [1.0, 0.75, 0.5, 0.5]
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # statsmodels.duration imports warn about their own deprecations
        from statsmodels.duration.survfunc import SurvfuncRight
    curve = SurvfuncRight(years, event)
    found = zip(curve.surv_times, curve.surv_prob, curve.surv_prob_se, strict=True)
    at = {float(t): (float(s), float(se)) for t, s, se in found}
    rows, last = [], (1.0, 0.0)
    for year in range(int(years.max()) + 1):
        last = at.get(float(year), last)
        here = years == year
        counts = int((years >= year).sum()), int((here & (event == 1)).sum()), int((here & (event == 0)).sum())
        rows.append((year, *counts, last[0], *_log_log(*last)))
    return pd.DataFrame(rows, columns=COLUMNS)


def _log_log(survival: float, std_error: float) -> tuple[float, float]:
    """Pointwise 95 % interval on the log-log scale, which stays in [0, 1]; missing where nobody survives, as in R's survfit."""
    if survival <= 0:
        return np.nan, np.nan
    if survival >= 1:
        return survival, survival
    theta = quantile(0.975, np.inf) * std_error / (survival * np.log(survival))
    low, high = sorted((survival ** np.exp(theta), survival ** np.exp(-theta)))
    return float(low), float(high)
