"""The intraclass correlation: agreement of measurements on an interval scale.

Source: McGraw and Wong (1996), Psychological Methods 1(1), two-way models, absolute agreement:
ICC(A,1) and ICC(A,k), which are ICC(2,1) and ICC(2,k) of Shrout and Fleiss (1979), Psychological
Bulletin 86(2); intervals after their table 7.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from peacestudy.coding.reliability.values import codes_by_coder
from peacestudy.core.display import html_table
from peacestudy.core.problems import Note
from peacestudy.errors import CodingError


@dataclass(frozen=True)
class Icc:
    """Two-way intraclass correlation, absolute agreement.

    Attributes
    ----------
    single, average : of one coder's value, and of the mean of all coders.
    conf_low, conf_high : interval of ``single``; average_low, average_high : of ``average``.
    n_units, n_coders : units that every coder coded, and coders.
    """

    single: float
    conf_low: float
    conf_high: float
    average: float
    average_low: float
    average_high: float
    n_units: int
    n_coders: int
    notes: tuple[Note, ...] = ()

    def _repr_html_(self) -> str:
        rows = [
            ("of one coder", self.single, self.conf_low, self.conf_high),
            ("of the mean", self.average, self.average_low, self.average_high),
        ]
        table = pd.DataFrame(rows, columns=["icc", "estimate", "conf_low", "conf_high"])
        head = (
            f"Intraclass correlation, two-way, absolute agreement; {self.n_units} units,"
            f" {self.n_coders} coders"
        )
        return html_table(table, head, self.notes)


def icc(values: npt.ArrayLike | pd.DataFrame, conf_level: float = 0.95) -> Icc:
    """ICC(A,1) and ICC(A,k).

    Parameters
    ----------
    values : an array of shape (coders, units), or a DataFrame with a row a unit and a column a
        coder, as ``alpha`` takes them; NaN where a coder gave none. Units that a coder left out are
        left out, and counted in a note.
    conf_level : level of the intervals.

    Raises
    ------
    CodingError
        Fewer than two coders, or fewer than two units that all of them coded.

    Examples
    --------
    Shrout and Fleiss (1979), table 2: six units, four judges, ICC(2,1) .29 and ICC(2,4) .62.

    >>> found = icc(
    ...     [[9, 6, 8, 7, 10, 6], [2, 1, 4, 1, 5, 2], [5, 3, 6, 2, 6, 4], [8, 2, 8, 6, 9, 7]]
    ... )
    >>> round(found.single, 2), round(found.average, 2)
    (0.29, 0.62)
    """
    if not 0 < conf_level < 1:
        raise CodingError(f"conf_level is {conf_level}; it must lie between 0 and 1, as 0.95.")
    by_coder, layout = codes_by_coder(values)
    X = by_coder.T
    whole = ~np.isnan(X).any(axis=1)
    Y = X[whole]
    n, k = Y.shape
    if k < 2 or n < 2:
        raise CodingError(
            f"{k} coder(s) and {n} unit(s) that all of them coded; an intraclass correlation needs"
            " two of each."
        )
    notes = list(layout)
    if not whole.all():
        notes.append(
            Note("incomplete", f"{int((~whole).sum())} unit(s) that a coder left out are not used.")
        )
    mean, unit, coder = Y.mean(), Y.mean(axis=1), Y.mean(axis=0)
    ms_unit = k * ((unit - mean) ** 2).sum() / (n - 1)
    ms_coder = n * ((coder - mean) ** 2).sum() / (k - 1)
    ms_error = ((Y - unit[:, None] - coder + mean) ** 2).sum() / ((n - 1) * (k - 1))
    below = ms_unit + (k - 1) * ms_error + k * (ms_coder - ms_error) / n
    if not below > 0:
        nothing = (
            *notes,
            Note("no_variation", "The values do not vary: the correlation is not defined."),
        )
        return Icc(np.nan, np.nan, np.nan, np.nan, np.nan, np.nan, n, k, nothing)
    single = (ms_unit - ms_error) / below
    under = ms_unit + (ms_coder - ms_error) / n
    average = (ms_unit - ms_error) / under if under > 0 else np.nan
    low, high = _interval(ms_unit, ms_coder, ms_error, single, n, k, 0.5 + conf_level / 2)
    ends = [k * e / (1 + (k - 1) * e) for e in (low, high)]
    if not under > 0 or not np.isfinite(low):
        said = (
            "The units differ less from each other than the codes of one unit do: what the formulas"
            " cannot give is left missing."
        )
        notes.append(Note("units_alike", said))
    return Icc(float(single), low, high, float(average), ends[0], ends[1], n, k, tuple(notes))


def _interval(
    ms_unit: float, ms_coder: float, ms_error: float, rho: float, n: int, k: int, level: float
) -> tuple[float, float]:
    """The interval of ICC(A,1), with Satterthwaite's degrees of freedom of the denominator."""
    if rho == 1:
        return 1.0, 1.0
    a, b = k * rho / (n * (1 - rho)), 1 + k * rho * (n - 1) / (n * (1 - rho))
    if not a * ms_coder + b * ms_error > 0:  # units do not differ, coders do: no spread to judge by
        return float("nan"), float("nan")
    v = (a * ms_coder + b * ms_error) ** 2 / (
        (a * ms_coder) ** 2 / (k - 1) + (b * ms_error) ** 2 / ((n - 1) * (k - 1))
    )
    over, under = stats.f.ppf(level, n - 1, v), stats.f.ppf(level, v, n - 1)
    rest = k * ms_coder + (k * n - k - n) * ms_error
    low = n * (ms_unit - over * ms_error) / (over * rest + n * ms_unit)
    high = n * (under * ms_unit - ms_error) / (rest + n * under * ms_unit)
    return float(low), float(high)
