"""Partial pooling: estimates of one effect in several contexts, shrunk towards their mean the more,
the larger their standard error.

Sources: DerSimonian and Laird (1986), Controlled Clinical Trials 7(3); Paule and Mandel (1982),
Journal of Research of the National Bureau of Standards 87(5); Viechtbauer (2005), Journal of
Educational and Behavioral Statistics 30(3) (restricted maximum likelihood); Viechtbauer (2007),
Statistics in Medicine 26(1) (Q-profile interval of tau); Raudenbush and Bryk (1985), Journal of
Educational Statistics 10(2) (shrunken effects); Kass and Steffey (1989), Journal of the American
Statistical Association 84(407) (first-order variance of shrunken effects, with the uncertainty of
the estimated spread).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.stats import chi2, norm

from peacestudy.core.display import html_table
from peacestudy.core.old_names import renamed_arguments
from peacestudy.core.problems import Note, one_of
from peacestudy.errors import FitError, SpecError
from peacestudy.models.contexts.hierarchical import posterior
from peacestudy.models.inference.hypotheses import check_level

FEWEST = 3  # contexts from which a spread between them is estimated
FEW = 8  # contexts below which that spread is hardly known
MEAN = [
    "estimate",
    "std_error",
    "statistic",
    "p_value",
    "conf_low",
    "conf_high",
    "next_low",
    "next_high",
]
# contexts from which the posterior of the mean has a mean, and a standard deviation
MEAN_FROM, SD_FROM = 4, 5
FARTHEST = 1e8  # standard errors squared; beyond no spread is looked for
# spreads, in squared standard errors, between which a maximum is looked for
GRID = np.concatenate([[0.0], np.logspace(-8, 8, 97)])


@dataclass(frozen=True, eq=False)
class PartialPooling:
    """Estimates of one effect in several contexts, shrunk towards their mean.

    Attributes
    ----------
    effects : DataFrame
        A row a context: ``context, estimate, std_error`` as given; ``shrunken, shrunken_std_error,
        conf_low, conf_high``, the partially pooled estimate and its interval; ``shrinkage``, the
        weight of the mean in it, from 0 to 1; ``events``, if given.
    mean : DataFrame
        One row: ``estimate, std_error, statistic, p_value, conf_low, conf_high`` of the mean over
        contexts, and ``next_low, next_high``, the prediction interval for a further context. With
        ``bayes`` there is no test; with three contexts the estimate is the posterior median, and
        with three or four ``std_error`` is missing, since the posterior has no such moment.
    spread : DataFrame
        One row: ``tau, tau_low, tau_high``, the standard deviation of true effects between contexts
        and its Q-profile interval; ``i2``, its share of the variance of estimates; ``q, df,
        p_value``, Cochran's test of homogeneity.
    notes : tuple of Note
        Conventions, and reasons for caution.

    Examples
    --------
    >>> import peacestudy as ps
    >>> estimates = {"Africa": 0.9, "Asia": 0.1, "Europe": -0.4, "Americas": 0.7}
    >>> errors = {"Africa": 0.3, "Asia": 0.3, "Europe": 0.4, "Americas": 0.5}
    >>> found = ps.models.contexts.partial_pooling(estimates, errors, method="reml")
    >>> found.effects[["context", "estimate", "shrunken"]].round(2).values.tolist()[:2]
    [['Africa', 0.9, 0.73], ['Asia', 0.1, 0.17]]
    >>> found.spread[["tau", "i2"]].round(2).values.tolist()
    [[0.47, 0.63]]
    """

    effects: pd.DataFrame
    mean: pd.DataFrame
    spread: pd.DataFrame
    notes: tuple[Note, ...] = field(repr=False)

    def _repr_html_(self) -> str:
        return html_table(self.effects, "Partial pooling", self.notes, rows=len(self.effects))


@renamed_arguments(level="conf_level", fewest_events="min_events")
def partial_pooling(
    estimates: "Mapping[str, float] | pd.Series[float]",
    std_errors: "Mapping[str, float] | pd.Series[float]",
    *,
    method: str,
    events: "Mapping[str, int] | pd.Series[int] | None" = None,
    min_events: int | None = None,
    conf_level: float = 0.95,
) -> PartialPooling:
    """Shrink estimates of one effect in several contexts towards their mean.

    Parameters
    ----------
    estimates : mapping or Series
        Estimates by context, for example log odds ratios of one term from a fit in each.
    std_errors : mapping or Series
        Their standard errors, by context.
    method : {"reml", "dl", "pm", "bayes"}
        How the spread between contexts is estimated: restricted maximum likelihood, DerSimonian and
        Laird, or Paule and Mandel; ``bayes`` averages over the spread, with flat priors on it and
        on the mean. With few contexts intervals of the first three are too narrow: in 200 simulated
        samples of 15 contexts those of shrunken effects by ``reml`` covered in 87 %, those by
        ``bayes`` in 95 %.
    events : mapping or Series, optional
        Events of the rarer outcome by context. The standard error of an estimate from few events is
        too small.
    min_events : int, optional
        Number of events that a context needs; required with ``events``.
    conf_level : float, optional
        Confidence level of the intervals.

    Returns
    -------
    PartialPooling
        Shrunken effects, their mean and their spread.

    Raises
    ------
    SpecError
        An unknown method, estimates and standard errors of different contexts, ``events`` without
        ``min_events``.
    FitError
        Fewer than three contexts, a missing estimate, a standard error that is not above zero, a
        context with too few events; the contexts are named.

    Examples
    --------
    Eight schools (Rubin 1981): the estimates do not differ more than their standard errors allow,
    so that all are shrunk to the mean.

    >>> import pandas as pd
    >>> import peacestudy as ps
    >>> y = pd.Series([28, 8, -3, 7, -1, 1, 18, 12], list("ABCDEFGH"))
    >>> errors = pd.Series([15, 10, 16, 11, 9, 11, 10, 18], y.index)
    >>> found = ps.models.contexts.partial_pooling(y, errors, method="reml")
    >>> found.mean[["estimate", "std_error"]].round(1).values.tolist()
    [[7.7, 4.1]]
    >>> found.spread["tau"].tolist()
    [0.0]
    """
    check_method(method)
    check_level(conf_level)
    y, se = pd.Series(estimates, dtype=float), pd.Series(std_errors, dtype=float)
    counted = _check(y, se, None if events is None else pd.Series(events), min_events)
    v = se[y.index].to_numpy() ** 2
    unit = float(np.median(v))
    if method == "bayes":
        effects, mean, spread = _averaged(y, v, float(np.sqrt(unit)), conf_level)
    else:
        tau2 = METHODS[method](y.to_numpy() / np.sqrt(unit), v / unit) * unit
        effects, mean = _pooled(y, v, tau2, float(norm.ppf(0.5 + conf_level / 2)))
        spread = _spread(y.to_numpy(), v, tau2, conf_level)
    if counted is not None:
        effects["events"] = counted.to_numpy()
    notes = _notes(method, len(y), float(spread["tau"].iloc[0]), conf_level, min_events)
    return PartialPooling(effects, mean, spread, notes)


def _check(
    y: "pd.Series[float]",
    se: "pd.Series[float]",
    events: "pd.Series[int] | None",
    min_events: int | None,
) -> "pd.Series[int] | None":
    for what, other in (("std_errors", se), ("events", events)):
        if other is not None and (set(other.index) != set(y.index) or not other.index.is_unique):
            unlike = sorted(map(str, set(other.index) ^ set(y.index))) or ["one appears twice"]
            raise SpecError(
                f"estimates and {what} are not of the same contexts: {', '.join(unlike[:5])}."
            )
    if not y.index.is_unique:
        raise SpecError("a context appears twice in the estimates; give one estimate each.")
    if (events is None) != (min_events is None):
        raise SpecError(
            "events and min_events must be given together: give the minimum number of events of"
            " a context."
        )
    if len(y) < FEWEST:
        raise FitError(
            f"{len(y)} contexts: a spread between them cannot be estimated from fewer than"
            f" {FEWEST}."
        )
    se = se[y.index]
    bad = [str(c) for c in y.index[~(np.isfinite(y) & np.isfinite(se) & (se > 0))]]
    if bad:
        raise FitError(
            f"no estimate with a standard error above zero in the context(s) {', '.join(bad)}."
            " Exclude them explicitly, with a reason."
        )
    if events is None or min_events is None:
        return None
    events = events[y.index]
    poor = [f"{c} ({n:g})" for c, n in events.items() if not n >= min_events]
    if poor:
        raise FitError(
            f"too few events in the context(s) {', '.join(poor)}, fewer than the required"
            f" {min_events}: standard errors are unreliable with so few. Merge contexts, or exclude"
            " them explicitly, with a reason."
        )
    return events


def _weighted(y: np.ndarray, v: np.ndarray, tau2: float) -> tuple[np.ndarray, float]:
    w = 1 / (v + tau2)
    return w, float(w @ y / w.sum())


def _q(y: np.ndarray, v: np.ndarray, tau2: float) -> float:
    w, mean = _weighted(y, v, tau2)
    return float(w @ (y - mean) ** 2)


def cochran(y: np.ndarray, v: np.ndarray) -> tuple[float, int, float]:
    """Cochran's test that estimates ``y`` with variances ``v`` are all of
    one effect: Q, its degrees of freedom, p.
    """
    q, df = _q(y, v, 0.0), len(y) - 1
    return q, df, float(chi2.sf(q, df))


def _dl(y: np.ndarray, v: np.ndarray) -> float:
    w = 1 / v
    return max(0.0, (_q(y, v, 0.0) - (len(y) - 1)) / float(w.sum() - (w**2).sum() / w.sum()))


def _q_root(y: np.ndarray, v: np.ndarray, target: float) -> float:
    """The variance between contexts at which Q, which falls with it, is
    the target; zero where it is below at zero.
    """
    if _q(y, v, 0.0) <= target:
        return 0.0
    high = float(v.max())
    while _q(y, v, high) > target and high < FARTHEST * v.max():
        high *= 4
    return float(brentq(lambda t: _q(y, v, t) - target, 0.0, high, xtol=1e-300, rtol=8.9e-16))


def _pm(y: np.ndarray, v: np.ndarray) -> float:
    return _q_root(y, v, len(y) - 1)


def _reml(y: np.ndarray, v: np.ndarray) -> float:
    def height(t: float) -> float:
        w, mean = _weighted(y, v, t)
        return float(0.5 * (np.log(w).sum() - np.log(w.sum()) - w @ (y - mean) ** 2))

    def slope(t: float) -> float:
        w, mean = _weighted(y, v, t)
        return float(w**2 @ (y - mean) ** 2 - w.sum() + (w**2).sum() / w.sum())

    i = int(np.argmax([height(t) for t in GRID]))
    low, high = GRID[max(i - 1, 0)], GRID[min(i + 1, len(GRID) - 1)]
    if not slope(low) > 0 > slope(high):
        return float(GRID[i])
    found = float(brentq(slope, low, high, xtol=1e-300, rtol=8.9e-16))
    return found if height(found) > height(0.0) else 0.0


METHODS: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "reml": _reml,
    "dl": _dl,
    "pm": _pm,
}


def check_method(method: object) -> None:
    """Refuse a method of partial pooling that is none."""
    if method not in (*METHODS, "bayes"):
        raise SpecError(one_of("method", method, [*METHODS, "bayes"]))


def _pooled(
    y: "pd.Series[float]", v: np.ndarray, tau2: float, z: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    w, mean = _weighted(y.to_numpy(), v, tau2)
    se2 = float(1 / w.sum())
    shrinkage = v / (v + tau2)
    shrunken = shrinkage * mean + (1 - shrinkage) * y.to_numpy()
    # how far the shrunken effect moves with tau squared, times the variance of that
    moved = (y.to_numpy() - mean) * v / (v + tau2) ** 2
    w2, w3 = (w**2).sum(), (w**3).sum()
    untold = 2 / (w2 - 2 * w3 / w.sum() + (w2 / w.sum()) ** 2)
    error = np.sqrt((1 - shrinkage) * v + shrinkage**2 * se2 + moved**2 * untold)
    effects = pd.DataFrame(
        {
            "context": list(y.index),
            "estimate": y.to_numpy(),
            "std_error": np.sqrt(v),
            "shrunken": shrunken,
            "shrunken_std_error": error,
            "conf_low": shrunken - z * error,
            "conf_high": shrunken + z * error,
            "shrinkage": shrinkage,
        }
    )
    se, wide = np.sqrt(se2), np.sqrt(se2 + tau2)
    row = (
        mean,
        se,
        mean / se,
        float(2 * norm.sf(abs(mean / se))),
        mean - z * se,
        mean + z * se,
        mean - z * wide,
        mean + z * wide,
    )
    return effects, pd.DataFrame([row], columns=MEAN)


def _averaged(
    y: "pd.Series[float]", v: np.ndarray, unit: float, conf_level: float
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """The tables of method ``bayes``: means, standard deviations and
    quantiles of the posterior; tau's median.
    """
    known = posterior(y.to_numpy() / unit, v / unit**2)
    ends = 0.5 - conf_level / 2, 0.5 + conf_level / 2
    shrunken, error = (unit * x for x in known.effects.moments())
    low, high = (unit * known.effects.quantile(p) for p in ends)
    effects = pd.DataFrame(
        {
            "context": list(y.index),
            "estimate": y.to_numpy(),
            "std_error": np.sqrt(v),
            "shrunken": shrunken,
            "shrunken_std_error": error,
            "conf_low": low,
            "conf_high": high,
            "shrinkage": known.shrinkage,
        }
    )
    centre, se = (unit * x[0] for x in known.mean.moments())
    # the tail of tau goes as tau^-(k-1), and with it the mean's as |mean|^-(k-1): the integrals of
    # the moments run to infinity below these
    if len(y) < MEAN_FROM:
        centre = unit * float(known.mean.quantile(0.5)[0])
    if len(y) < SD_FROM:
        se = np.nan
    around = [unit * m.quantile(p)[0] for m in (known.mean, known.further) for p in ends]
    mean = pd.DataFrame([(centre, se, np.nan, np.nan, *around)], columns=MEAN)
    tau = [unit * known.tau_quantile(p) for p in (0.5, *ends)]
    spread = _spread(y.to_numpy(), v, tau[0] ** 2, conf_level).assign(
        tau_low=tau[1], tau_high=tau[2]
    )
    return effects, mean, spread


def _spread(y: np.ndarray, v: np.ndarray, tau2: float, conf_level: float) -> pd.DataFrame:
    k, w = len(y), 1 / v
    typical = (k - 1) * w.sum() / (w.sum() ** 2 - (w**2).sum())
    low, high = (
        _q_root(y, v, float(chi2.ppf(p, k - 1)))
        for p in (0.5 + conf_level / 2, 0.5 - conf_level / 2)
    )
    row = (np.sqrt(tau2), np.sqrt(low), np.sqrt(high), tau2 / (tau2 + typical), *cochran(y, v))
    return pd.DataFrame([row], columns=["tau", "tau_low", "tau_high", "i2", "q", "df", "p_value"])


def _notes(
    method: str, k: int, tau: float, conf_level: float, min_events: int | None
) -> tuple[Note, ...]:
    few = (
        []
        if min_events is None
        else [
            Note("events", f"No context has fewer than {min_events} events of the rarer outcome.")
        ]
    )
    if method == "bayes":
        text = (
            f"Averaged over the spread between {k} contexts, with flat priors on the spread and on"
            " the mean: estimates are posterior means, standard errors posterior standard"
            f" deviations, intervals {100 * conf_level:g} % posterior; tau is the median."
        )
        if k < SD_FROM:
            which = (
                "no mean and no standard deviation: its median is given instead, and"
                if k < MEAN_FROM
                else "no standard deviation;"
            )
            text += (
                f" From {k} contexts the posterior of the mean over contexts has {which} its"
                " interval."
            )
        return (Note("partial_pooling", text), *few)
    named = {
        "reml": "restricted maximum likelihood",
        "dl": "DerSimonian and Laird",
        "pm": "Paule and Mandel",
    }[method]
    text = (
        f"Spread between {k} contexts by {named}; {100 * conf_level:g} % intervals by z: that of"
        " the mean treats the spread as known, those of shrunken effects account to first order"
        " for the estimation of mean and spread."
    )
    notes = [Note("partial_pooling", text), *few]
    if tau == 0:
        text = (
            "The estimates do not differ more than expected by chance: the estimated spread is"
            " zero, and every shrunken effect equals the mean. This does not prove that the"
            " effects are equal."
        )
        notes.append(Note("no_spread", text))
    if k < FEW:
        notes.append(
            Note(
                "few_contexts",
                f"{k} contexts, fewer than {FEW}: the spread is poorly identified, and intervals"
                " are too short.",
            )
        )
    return tuple(notes)
