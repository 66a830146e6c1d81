"""Chance-corrected agreement of any number of coders with
missing codes, each with its standard error.

Gwet (2014), Handbook of Inter-Rater Reliability, 4th ed.: percent agreement, Gwet's AC1 and AC2
(ch. 3), Fleiss' kappa, which is Scott's pi for two coders, Brennan and Prediger's coefficient,
Conger's kappa, which is Cohen's for two, and alpha in Gwet's weighting (ch. 2 and 3); standard
errors by linearisation over units (ch. 5 and 6), t intervals with units - 1 degrees of freedom.
Units that a single coder coded count in how common codes are; in the standard error they weigh as
irrCAC has them, which makes it wider than the jackknife where they are many. Letters are the
handbook's: r_ik coders who gave unit i category k, r_i their sum, q categories, w weights.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from peacestudy.coding.reliability.chance import CHANCE, Chance, Ratings
from peacestudy.coding.reliability.values import codes_by_coder, paradox
from peacestudy.coding.reliability.weights import agreement_weights
from peacestudy.core.display import html_table
from peacestudy.core.problems import Note, one_of
from peacestudy.errors import CodingError

Array = npt.NDArray[np.float64]
NAMES = (*CHANCE, "alpha")
# chance agreement is of every unit with a code, also of one coder's
OF_ALL_UNITS = ("gwet", "fleiss", "conger")


@dataclass(frozen=True, eq=False)
class Coefficient:
    """A chance-corrected coefficient of agreement.

    Attributes
    ----------
    name, label : as asked for, and as the literature calls it with
        this number of coders and these weights.
    estimate : 1 for perfect agreement; NaN where it is not defined, and a note says why.
    std_error, conf_low, conf_high : over units, by linearisation; t interval, cut at 1.
    observed, expected : weighted percent agreement, and what chance would give.
    n_units, n_coders, weights : units with a code, from which chance
        agreement is taken, coders, name of the weights.
    n_paired : units with codes of two coders or more, from which observed agreement is taken.
    estimate_paired : the coefficient of those units alone, without the units of one coder.
    """

    name: str
    label: str
    estimate: float
    std_error: float
    conf_low: float
    conf_high: float
    conf_level: float
    observed: float
    expected: float
    n_units: int
    n_coders: int
    weights: str
    notes: tuple[Note, ...] = ()
    n_paired: int = 0
    estimate_paired: float = np.nan

    def _repr_html_(self) -> str:
        names = (
            "label",
            "estimate",
            "std_error",
            "conf_low",
            "conf_high",
            "observed",
            "expected",
            "n_units",
            "n_paired",
            "n_coders",
        )
        return html_table(
            pd.DataFrame([{n: getattr(self, n) for n in names}]), self.label, self.notes
        )


def coefficient(
    values: npt.ArrayLike | pd.DataFrame,
    name: str,
    categories: npt.ArrayLike,
    weights: str = "identity",
    conf_level: float = 0.95,
) -> Coefficient:
    """One coefficient of agreement with its standard error.

    Parameters
    ----------
    values : codes: an array of shape (coders, units), or a DataFrame with a row a unit and a column
        a coder, as ``alpha`` takes them; NaN where a coder gave none.
    name : ``percent, gwet, fleiss, conger, brennan_prediger`` or ``alpha`` (in Gwet's weighting,
        which is not Krippendorff's own ordinal metric).
    categories : every code that could be given, in order, whether it was or not: chance agreement
        of ``gwet`` and ``brennan_prediger`` depends on how many there are.
    weights : see ``agreement_weights``.
    conf_level : level of the interval.

    Notes
    -----
    ``single_coder_units``: units that one coder alone coded count in chance agreement; the note
    gives both numbers of units and the coefficient without such units.

    Raises
    ------
    CodingError
        An unknown name, a value that is no category, fewer than two
        coders, or no unit that two of them coded.

    Examples
    --------
    >>> found = coefficient([[0, 1, 1, 0], [0, 1, 0, 0]], "conger", [0, 1])
    >>> found.label, found.estimate
    ("Cohen's kappa", 0.5)
    """
    if name not in NAMES:
        raise CodingError(one_of("coefficient", name, NAMES))
    if not 0 < conf_level < 1:
        raise CodingError(f"conf_level is {conf_level}; it must lie between 0 and 1, as 0.95.")
    X, layout = codes_by_coder(values)
    d, n_coders = _ratings(X, categories, weights)
    paired = Ratings(d.R[d.r >= 2], d.at[d.r >= 2], d.w)
    notes = list(layout)
    if name == "alpha":
        d = paired
        observed, expected, estimate, influence = _alpha(d)
        alone = estimate
        label = "Krippendorff's alpha" + ("" if weights == "identity" else " in Gwet's weighting")
    else:
        two, more, chance = CHANCE[name]
        observed, expected, estimate, influence = _corrected(d, chance)
        alone = estimate
        label = two if n_coders == 2 else more
        if d.paired < len(d.R):
            alone = _corrected(paired, chance)[2]
        if name in OF_ALL_UNITS and d.paired < len(d.R):
            notes.append(_single_coder(label, d.paired, len(d.R), alone, n_coders))
    if name == "gwet" and weights != "identity":
        label = "Gwet's AC2"
    n = len(d.R)
    se = float(np.sqrt(((influence - estimate) ** 2).sum() / (n * (n - 1)))) if n > 1 else np.nan
    half = float(stats.t.ppf(0.5 + conf_level / 2, n - 1)) * se if n > 1 else np.nan
    label += "" if weights == "identity" else f", {weights} weights"
    notes += _notes(label, estimate, observed, expected, se, weights == "identity")
    return Coefficient(
        name,
        label,
        estimate,
        se,
        estimate - half,
        min(1.0, estimate + half) if np.isfinite(half) else np.nan,
        conf_level,
        observed,
        expected,
        n,
        n_coders,
        weights,
        tuple(notes),
        len(paired.R),
        alone,
    )


def _single_coder(label: str, both: int, units: int, alone: float, n_coders: int) -> Note:
    """Both numbers of units, and the coefficient of the units that two
    coders coded, which other programs give.
    """
    others = (
        "as psych, scikit-learn and SPSS count"
        if n_coders == 2
        else "as programs that drop such units count"
    )
    shown = f"{alone:.3f}" if np.isfinite(alone) else "not defined, for they hold one code only"
    said = (
        f"{label}: agreement is of the {both} units with codes of two coders or more, chance"
        f" agreement of all {units} units with a code, of which one coder alone coded"
        f" {units - both} (Gwet 2014). Of the {both} units alone, {others}, it is {shown}."
    )
    return Note("single_coder_units", said)


def _ratings(X: Array, categories: npt.ArrayLike, weights: str) -> tuple[Ratings, int]:
    codes = np.asarray(categories, dtype=float)
    w = agreement_weights(weights, codes)
    given = ~np.isnan(X)
    strange = sorted(set(X[given]) - set(codes))
    if strange:
        raise CodingError(
            f"{strange[0]:g} is not a category; the categories are"
            f" {', '.join(f'{c:g}' for c in codes)}."
        )
    X = X[given.any(axis=1)]
    X = X[:, (~np.isnan(X)).any(axis=0)]
    if len(X) < 2:
        raise CodingError(
            f"{len(X)} coder(s) gave codes; agreement is between two or more. Let another coder"
            " code the same units."
        )
    at = np.where(np.isnan(X), -1, np.searchsorted(codes, X)).T.astype(np.int64)
    R = (at[:, :, None] == np.arange(len(codes))).sum(axis=1).astype(float)
    if not (R.sum(axis=1) >= 2).any():
        raise CodingError(
            f"no unit was coded by two of the {len(X)} coders. Let two coders code the same units."
        )
    return Ratings(R, at, w), len(X)


def _notes(
    label: str, found: float, observed: float, expected: float, se: float, plain: bool
) -> Iterator[Note]:
    """What a reader must know of the number: no variation, the
    paradox of a rare code, no standard error.
    """
    if not np.isfinite(found):
        yield Note(
            "no_variation",
            "Chance agreement is 1: only one category was used, so that the data do not show"
            f" whether coders can distinguish categories. {label} is not defined.",
        )
    elif plain and (said := paradox(label, found, observed, expected)):
        yield Note("prevalence", said)
    if np.isfinite(found) and not np.isfinite(se):
        yield Note(
            "one_unit", "One unit has no spread: there is no standard error and no interval."
        )


def _corrected(d: Ratings, chance: Chance) -> tuple[float, float, float, Array]:
    """Observed and expected agreement, the coefficient, and its influence by unit."""
    n, paired = len(d.R), d.r >= 2
    observed = float(d.pairs[paired].mean())
    expected, e = chance(d)
    if not expected < 1:
        return observed, expected, np.nan, np.full(n, np.nan)
    found = (observed - expected) / (1 - expected)
    unit = n / d.paired * (d.pairs - expected * paired) / (1 - expected)
    return observed, expected, found, unit - 2 * (1 - found) * (e - expected) / (1 - expected)


def _alpha(d: Ratings) -> tuple[float, float, float, Array]:
    """The same for Krippendorff's alpha, where units weigh by how often they
    were coded and chance is of finite samples.
    """
    n, r = len(d.R), d.r
    rbar, eps = r.mean(), 1 / r.sum()
    pairs = (d.R * (d.R @ d.w - 1)).sum(axis=1) / (rbar * (r - 1))
    p = d.R.sum(axis=0) / (n * rbar)
    observed, expected = float((1 - eps) * pairs.mean() + eps), float(p @ d.w @ p)
    if not expected < 1:
        return observed, expected, np.nan, np.full(n, np.nan)
    found = (observed - expected) / (1 - expected)
    # linearised around the uncorrected coefficient, as irrCAC does; shifted, for the variance is
    # taken around the corrected one
    plain = (pairs.mean() - expected) / (1 - expected)
    apart = (r - rbar) / rbar
    unit = (pairs - observed * apart - expected) / (1 - expected)
    e = d.R @ (d.w @ p) / rbar - expected * apart
    return (
        observed,
        expected,
        found,
        unit - 2 * (1 - plain) * (e - expected) / (1 - expected) + found - plain,
    )


def table_coefficient(
    table: npt.ArrayLike | pd.DataFrame,
    name: str,
    weights: str = "identity",
    conf_level: float = 0.95,
) -> Coefficient:
    """The same from a square table of two coders: rows the one's
    categories, columns the other's, cells units.

    The standard error is the large-sample one that is printed for such tables (Fleiss, Cohen and
    Everitt 1969, Psychological Bulletin 72(5)), which divides by n where ``coefficient`` divides by
    n - 1.

    Examples
    --------
    >>> found = table_coefficient([[13, 0, 0], [0, 20, 7], [0, 4, 56]], "conger")
    >>> round(found.estimate, 7), round(found.std_error, 8)
    (0.7964094, 0.05891072)
    """
    if isinstance(table, pd.DataFrame) and list(table.index) != list(table.columns):
        raise CodingError(
            f"the rows of the table are {list(table.index)} and its columns {list(table.columns)};"
            " expected the same categories in the same order. Reindex both, as"
            " table.reindex(index=codes, columns=codes, fill_value=0)."
        )
    try:
        cells = np.asarray(table, dtype=float)
    except (TypeError, ValueError) as err:
        raise CodingError(
            "the table holds something that is not a count. Fill empty cells with 0."
        ) from err
    if (
        cells.ndim != 2
        or cells.shape[0] != cells.shape[1]
        or (cells < 0).any()
        or (cells % 1 != 0).any()
    ):
        raise CodingError(
            "expected a square table of counts, the same categories in rows and columns."
        )
    rows, columns = np.indices(cells.shape)
    times = cells.astype(int).ravel()
    values = np.array([np.repeat(rows.ravel(), times), np.repeat(columns.ravel(), times)])
    found = coefficient(values, name, range(len(cells)), weights, conf_level)
    se = found.std_error * float(np.sqrt((found.n_units - 1) / found.n_units))
    half = float(stats.norm.ppf(0.5 + conf_level / 2)) * se
    return replace(
        found,
        std_error=se,
        conf_low=found.estimate - half,
        conf_high=min(1.0, found.estimate + half),
    )
