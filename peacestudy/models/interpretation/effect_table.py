"""The numbers of a table of effects: delta-method and simulation intervals.

Sources: Oehlert (1992), The American Statistician 46(1) (delta method); Krinsky and Robb (1986), Review of Economics and Statistics
68(4) (draws); Kalbfleisch (1978), JRSS B 40(2) (draws of the jumps of a baseline hazard); Agresti (2013), Categorical Data Analysis,
3rd ed., 5.5 (intervals of probabilities on the scale of the logit, of mean counts on that of the log).
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from peacestudy.core.problems import one_of
from peacestudy.errors import FitError, SpecError
from peacestudy.models.inference.hypotheses import check_level, check_seed, quantile, two_sided
from peacestudy.models.inference.reference import contrast_df
from peacestudy.models.interpretation.draws import draw_coefficients
from peacestudy.models.interpretation.effect_scale import Coefficients, coefficients
from peacestudy.models.interpretation.effect_terms import EffectTerm
from peacestudy.models.interpretation.quantities import columns_of
from peacestudy.models.interpretation.restricted_mean import baseline_of, variances
from peacestudy.models.result import Fit

INTERVALS = ("delta", "simulation")
FEWEST_DRAWS = 100
NOTHING = 1e-12  # share of the variance without covariances below which that of an effect is zero but for rounding
COLUMNS = [
    "term",
    "contrast",
    "estimate",
    "std_error",
    "statistic",
    "p_value",
    "conf_low",
    "conf_high",
    "n",
    "at",
    "note",
]
LEVELS = ("probability", "count", "mean")  # forms that are no effects, so that nothing is tested
NO_VARIANCE = "its variance is not above zero"


def check_interval(fit: Fit, scale: str, interval: str, draws: int | None, seed: int | None, level: float) -> None:
    """Refuse an interval that does not exist, or draws without a seed.

    Raises
    ------
    SpecError
        With what is missing.
    """
    if interval not in INTERVALS:
        raise SpecError(one_of("interval", interval, INTERVALS))
    check_level(level)
    if interval == "delta":
        if draws is not None or seed is not None:
            raise SpecError("draws and seed belong to interval='simulation'; the delta method draws nothing.")
        return
    if isinstance(draws, bool) or not isinstance(draws, int) or draws < FEWEST_DRAWS or seed is None:
        raise SpecError(
            f"interval='simulation' needs draws, {FEWEST_DRAWS} or more, and a seed; draws is {draws!r}, seed {seed!r}."
        )
    check_seed(seed)
    if fit.spec.vcov == "cr2":
        raise SpecError(
            "with vcov 'cr2' every sum of coefficients has its own degrees of freedom: write interval='delta'."
        )
    if scale == "horizon" and fit.spec.engine == "cox" and fit.spec.vcov != "classical":
        raise SpecError(
            f"nothing draws a baseline hazard with vcov {fit.spec.vcov!r}: write interval='delta', which takes it into account, or "
            "vcov='classical'."
        )


def by_delta(fit: Fit, scale: str, terms: Sequence[EffectTerm], level: float) -> pd.DataFrame:
    """The table with standard errors by the delta method."""
    c = coefficients(fit, scale)
    value = np.array([_finite(t, t.quantity.value(c.b)) for t in terms])
    variance, size, G = _variances(fit, scale, terms, c)
    std_error = np.sqrt(np.where(variance > NOTHING * size, variance, np.nan))
    dfs = contrast_df(fit.spec, fit.design, fit.df, G.T)
    rows = []
    for t, q, se, df in zip(terms, value, std_error, dfs, strict=True):
        half = quantile(0.5 + level / 2, df)
        note = t.note if np.isfinite(se) else "; ".join(filter(None, (t.note, NO_VARIANCE)))
        if t.form == "probability" and 0 < q < 1:
            error = se / (q * (1 - q))
            low, high = expit(logit(q) - half * error), expit(logit(q) + half * error)
        elif t.form == "count" and q > 0:
            low, high = q * np.exp(-half * se / q), q * np.exp(half * se / q)
        else:
            low, high = q - half * se, q + half * se
        p = float(two_sided(np.array([q / se]), df)[0])
        rows.append(_row(t, q, se, q / se, p, low, high, note))
    return _table(rows, terms)


def _variances(
    fit: Fit, scale: str, terms: Sequence[EffectTerm], c: Coefficients
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Variances, what they would be without covariances, by which rounding is told, and the gradients (K, terms)."""
    G = columns_of([t.quantity for t in terms], c.b)
    variance, size = c.variances(G)
    if scale == "horizon" and fit.spec.engine == "cox":
        return variances(fit, [t.quantity for t in terms], c.b), size, G
    return variance, size, G


def _row(
    t: EffectTerm, q: float, se: float, statistic: float, p: float, low: float, high: float, note: str
) -> tuple[object, ...]:
    if t.form == "ratio":
        q, se, low, high = np.exp(q), se * np.exp(q), np.exp(low), np.exp(high)
    if t.form in LEVELS:
        statistic, p = np.nan, np.nan
    return t.term, t.contrast, q, se, statistic, p, low, high, t.n, t.at, note


def _finite(t: EffectTerm, value: float) -> float:
    """The value, refused where it is none."""
    if not np.isfinite(value):
        raise FitError(f"{_named(t)}: the value is larger than can be reckoned with: far beyond the data.")
    return value


def _named(t: EffectTerm) -> str:
    return " ".join(filter(None, (t.term, t.contrast, t.category, f"at {t.at}" if t.at else "")))


def _table(rows: list[tuple[object, ...]], terms: Sequence[EffectTerm]) -> pd.DataFrame:
    """The rows as a table; where they are of categories, ``category`` stands after ``contrast``."""
    out = pd.DataFrame(rows, columns=COLUMNS)
    if any(t.category for t in terms):
        out.insert(2, "category", [t.category for t in terms])
    return out


def by_simulation(
    fit: Fit, scale: str, terms: Sequence[EffectTerm], level: float, draws: int, seed: int
) -> pd.DataFrame:
    """The table with standard errors, intervals and p values from draws of the coefficients."""
    rng = np.random.default_rng(seed)
    b = coefficients(fit, scale).b
    drawn = draw_coefficients(fit, scale, draws, rng)
    jumps: list[np.ndarray | None] = [None] * draws
    if scale == "horizon" and fit.spec.engine == "cox":
        events = baseline_of(fit).events()
        jumps = list(rng.gamma(events, size=(draws, len(events))) / events)
    rows = []
    for t in terms:
        q = _finite(t, t.quantity.value(b))
        found = np.array([t.quantity.value(d, j) for d, j in zip(drawn, jumps, strict=True)])
        if gone := int((~np.isfinite(found)).sum()):
            raise FitError(
                f"{_named(t)}: {gone} of {draws} draws are larger than can be reckoned with: far beyond the data. Write interval='delta'."
            )
        low, high = np.quantile(found, [0.5 - level / 2, 0.5 + level / 2])
        se = float(found.std(ddof=1))
        p = min(1.0, 2 * (1 + min(int((found <= 0).sum()), int((found >= 0).sum()))) / (draws + 1))
        rows.append(_row(t, q, se, q / se if se > 0 else np.nan, p, low, high, t.note))
    return _table(rows, terms)
