"""Kaplan-Meier curves by whole years, with pointwise log-log intervals and the numbers at risk.

Sources: Kaplan and Meier (1958), Journal of the American Statistical Association 53(282);
Kalbfleisch and Prentice (2002), The Statistical Analysis of Failure Time Data, 2nd ed., 1.4
(intervals). The estimate and its standard error are statsmodels'.
"""

import warnings

import numpy as np
import pandas as pd

from peacestudy.core.display import exact_number
from peacestudy.core.tied_survival_times import tied_times
from peacestudy.errors import FitError
from peacestudy.models.inference.hypotheses import quantile

LONGEST = 10_000  # years, each a row of the curve
NAMED = 5  # values named in a message
COLUMNS = ["years", "at_risk", "events", "censored", "survival", "conf_low", "conf_high"]


def kaplan_meier(years: np.ndarray, event: np.ndarray) -> pd.DataFrame:
    """Estimate a survival curve by Kaplan and Meier, year by year.

    Parameters
    ----------
    years : float array, shape (n,)
        Whole years until the event or until censoring, above 0. Floating-point noise is rounded.
    event : float array, shape (n,)
        1 if the event was observed, 0 if the case was censored.

    Returns
    -------
    DataFrame
        ``years, at_risk, events, censored, survival, conf_low, conf_high``: a row a year from 0 to
        the last, with the number at risk at its start and the survival after it, with a pointwise
        95 % interval on the log-log scale. Before the first event the interval is 1 to 1; if the
        last case has the event, its interval does not exist and is missing. ``attrs["notes"]`` says
        which years were rounded, if any were.

    Raises
    ------
    FitError
        Years that are not whole, not above 0 or more than 10,000; an event that is not 0 or 1;
        years and events of different numbers of cases.

    Examples
    --------
    >>> import numpy as np
    >>> import peacestudy as ps
    >>> years, event = np.array([1.0, 2.0, 2.0, 3.0]), np.array([1.0, 1.0, 0.0, 0.0])
    >>> curve = ps.models.interpretation.kaplan_meier(years, event)
    >>> curve[["years", "at_risk", "survival"]].round(2).values.tolist()
    [[0.0, 4.0, 1.0], [1.0, 4.0, 0.75], [2.0, 3.0, 0.5], [3.0, 1.0, 0.5]]
    """
    found = tied_times(years)
    years, event = found.columns[0], np.asarray(event, dtype=float)
    if event.shape != years.shape:
        raise FitError(
            f"years has shape {years.shape} and event {event.shape}; each case has one of both."
        )
    whole = (years == np.round(years)) & (years > 0) & (years <= LONGEST)
    _refuse("years", years, ~whole, f"whole, above 0, up to {LONGEST:,}")
    _refuse("event", event, ~np.isin(event, (0, 1)), "0 or 1")
    with warnings.catch_warnings():
        # statsmodels.duration imports warn about their own deprecations
        warnings.simplefilter("ignore")
        from statsmodels.duration.survfunc import SurvfuncRight
    curve = SurvfuncRight(years, event)
    steps = zip(curve.surv_times, curve.surv_prob, curve.surv_prob_se, strict=True)
    at = {float(t): (float(s), float(se)) for t, s, se in steps}
    rows, last = [], (1.0, 0.0)
    for year in range(int(years.max()) + 1):
        last = at.get(float(year), last)
        here = years == year
        counts = (
            int((years >= year).sum()),
            int((here & (event == 1)).sum()),
            int((here & (event == 0)).sum()),
        )
        rows.append((year, *counts, last[0], *_log_log(*last)))
    out = pd.DataFrame(rows, columns=COLUMNS)
    if notes := found.notes("years"):
        out.attrs["notes"] = [note.text for note in notes]
    return out


def _refuse(name: str, x: np.ndarray, bad: np.ndarray, rule: str) -> None:
    where = np.flatnonzero(bad)
    if len(where):
        shown = ", ".join(f"position {i}: {exact_number(x[i])}" for i in where[:NAMED])
        raise FitError(
            f"{name} must be {rule}; {len(where)} of {len(x)} are not ({shown}). Correct them."
        )


def _log_log(survival: float, std_error: float) -> tuple[float, float]:
    """Pointwise 95 % interval on the log-log scale, which stays in [0, 1]; missing where nobody
    survives, as in R's survfit.
    """
    if survival <= 0:
        return np.nan, np.nan
    if survival >= 1:
        return survival, survival
    theta = quantile(0.975, np.inf) * std_error / (survival * np.log(survival))
    low, high = sorted((survival ** np.exp(theta), survival ** np.exp(-theta)))
    return float(low), float(high)
