"""The numbers of a table of effects: delta-method and simulation intervals.

Sources: Oehlert (1992), The American Statistician 46(1) (delta method); Krinsky and Robb (1986),
Review of Economics and Statistics 68(4) (draws); Kalbfleisch (1978), JRSS B 40(2) (draws of the
jumps of a baseline hazard).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from peacestudy.core.problems import one_of
from peacestudy.errors import FitError, SpecError
from peacestudy.models.engines.registry import engine_of
from peacestudy.models.inference.hypotheses import check_level, check_seed, two_sided
from peacestudy.models.inference.reference import contrast_df
from peacestudy.models.interpretation.draws import draw_coefficients
from peacestudy.models.interpretation.effect_scale import coefficients, without_error
from peacestudy.models.interpretation.effect_terms import EffectTerm
from peacestudy.models.interpretation.interval_scales import Scale, interval
from peacestudy.models.interpretation.quantities import columns_of
from peacestudy.models.interpretation.restricted_mean import baseline_of, variances
from peacestudy.models.result import Fit

INTERVALS = ("delta", "simulation")
FEWEST_DRAWS = 100
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
NO_VARIANCE = "its variance is not above zero"
NUMBERS = ["estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"]


def check_interval(
    fit: Fit, scale: str, interval: str, draws: int | None, seed: int | None, conf_level: float
) -> None:
    """Refuse an interval that does not exist, or draws without a seed.

    Raises
    ------
    SpecError
        With what is missing.
    """
    if interval not in INTERVALS:
        raise SpecError(one_of("interval", interval, INTERVALS))
    check_level(conf_level)
    if interval == "delta":
        if draws is not None or seed is not None:
            raise SpecError(
                "draws and seed are for interval='simulation'; the delta method does not draw."
            )
        return
    if (
        isinstance(draws, bool)
        or not isinstance(draws, int)
        or draws < FEWEST_DRAWS
        or seed is None
    ):
        raise SpecError(
            f"interval='simulation' needs draws, {FEWEST_DRAWS} or more, and a seed; draws is"
            f" {draws!r}, seed {seed!r}."
        )
    check_seed(seed)
    if fit.spec.vcov == "cr2":
        raise SpecError(
            "with vcov 'cr2' every sum of coefficients has its own degrees of freedom: write"
            " interval='delta'."
        )
    if (
        scale == "horizon"
        and engine_of(fit.spec).outcome == "survival"
        and fit.spec.vcov != "classical"
    ):
        raise SpecError(
            f"baseline hazards cannot be drawn with vcov {fit.spec.vcov!r}: write"
            " interval='delta', which takes it into account, or vcov='classical'."
        )


@dataclass(frozen=True, eq=False)
class Effects:
    """Effects of one fit.

    Attributes
    ----------
    table : a row an effect.
    terms : what each row is.
    value, error : the numbers on the scales of their intervals
        with their standard errors, shape (rows,).
    dfs : degrees of freedom of the intervals, shape (rows,).
    """

    table: pd.DataFrame
    terms: Sequence[EffectTerm]
    value: np.ndarray
    error: np.ndarray
    dfs: np.ndarray


def by_delta(fit: Fit, scale: str, terms: Sequence[EffectTerm], conf_level: float) -> Effects:
    """Effects with standard errors by the delta method, each on the scale of its interval."""
    value, error, dfs, reasons = delta_method(fit, scale, terms)
    rows = []
    for t, w, se, df, reason in zip(terms, value, error, dfs, reasons, strict=True):
        note = (
            t.note if np.isfinite(se) else "; ".join(filter(None, (t.note, reason or NO_VARIANCE)))
        )
        rows.append(_row(t, numbers(t.quantity.scale, w, se, df, t.tested, conf_level), note))
    return Effects(_table(rows, terms), terms, value, error, dfs)


def delta_method(
    fit: Fit, scale: str, terms: Sequence[EffectTerm]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
    """Numbers on the scales of their intervals, their standard errors and
    degrees of freedom, and why one has no error.
    """
    c = coefficients(fit, scale)
    value = np.array([_finite(t, t.quantity.value(c.b)) for t in terms])
    G = columns_of([t.quantity for t in terms], c.b)
    variance = None
    if scale == "horizon" and engine_of(fit.spec).outcome == "survival":
        variance = variances(fit, [t.quantity for t in terms], c.b)
    dfs = contrast_df(fit.spec, fit.design, fit.df, G.T)
    return value, c.standard_errors(G.T, variance), dfs, without_error(fit, c.missing, G.T)


def numbers(
    scale: Scale, value: float, error: float, df: float, tested: bool, conf_level: float
) -> dict[str, float]:
    """``estimate, std_error, statistic, p_value, conf_low, conf_high`` of a number on its scale;
    missing ends without an error.
    """
    ends = interval(scale, np.array([value]), np.array([error]), np.array([df]), conf_level)[0]
    statistic = value / error if tested else np.nan
    return {
        "estimate": float(ends[0]),
        "std_error": float(scale.slope(np.array(value)) * error),
        "statistic": statistic,
        "p_value": float(two_sided(np.array([statistic]), df)[0]),
        "conf_low": float(ends[1]),
        "conf_high": float(ends[2]),
    }


def _row(t: EffectTerm, found: dict[str, float], note: str) -> tuple[object, ...]:
    return t.term, t.contrast, *(found[c] for c in NUMBERS), t.n, t.at, note


def _finite(t: EffectTerm, value: float) -> float:
    """The value on its scale, refused where it is no number that can be shown."""
    if not np.isfinite(t.quantity.scale.back(np.array(value))):
        raise FitError(f"{_named(t)}: the value is too large to compute: far beyond the data.")
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
    fit: Fit, scale: str, terms: Sequence[EffectTerm], conf_level: float, draws: int, seed: int
) -> Effects:
    """Effects with standard errors, intervals and p values from draws of the coefficients."""
    rng = np.random.default_rng(seed)
    c = coefficients(fit, scale)
    drawn = draw_coefficients(fit, scale, draws, rng)
    jumps: list[np.ndarray | None] = [None] * draws
    if scale == "horizon" and engine_of(fit.spec).outcome == "survival":
        events = baseline_of(fit).events()
        jumps = list(rng.gamma(events, size=(draws, len(events))) / events)
    reasons = without_error(fit, c.missing, columns_of([t.quantity for t in terms], c.b).T)
    rows, value, error = [], [], []
    for t, reason in zip(terms, reasons, strict=True):
        w = _finite(t, t.quantity.value(c.b))
        found = np.array([t.quantity.value(d, j) for d, j in zip(drawn, jumps, strict=True)])
        if gone := int((~np.isfinite(t.quantity.scale.back(found))).sum()):
            raise FitError(
                f"{_named(t)}: {gone} of {draws} draws are too large to compute: far beyond the"
                " data. Write interval='delta'."
            )
        spread = float(found.std(ddof=1))
        se = spread if spread > 0 and not reason else np.nan
        given = numbers(t.quantity.scale, w, se, np.inf, t.tested, conf_level)
        if np.isfinite(se):
            ends = np.quantile(found, [0.5 - conf_level / 2, 0.5 + conf_level / 2])
            given["conf_low"], given["conf_high"] = (float(x) for x in t.quantity.scale.back(ends))
            if t.tested:
                nearer = min(int((found <= 0).sum()), int((found >= 0).sum()))
                given["p_value"] = min(1.0, 2 * (1 + nearer) / (draws + 1))
        note = (
            t.note if np.isfinite(se) else "; ".join(filter(None, (t.note, reason or NO_VARIANCE)))
        )
        rows.append(_row(t, given, note))
        value.append(w)
        error.append(se)
    return Effects(
        _table(rows, terms), terms, np.array(value), np.array(error), np.full(len(terms), fit.df)
    )
