"""Lags in a formula: the value that the unit had some steps of time before, looked up by unit and
time, never in the row above.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from peacestudy.errors import FitError, SpecError
from peacestudy.models.formulas.factors import Factor
from peacestudy.models.formulas.formula import Formula, parse

NAMED = 5  # rows named in a message
FAR = 10**9  # beyond, a number is no time
# columns that can hold a gap and stay what they are
NULLABLE = {"b": "boolean", "i": "Int64", "u": "UInt64"}
MADE_BEFORE = (
    "Make the column first: ps.joins.lagged(frame, 'x', by='country', year='year', lags=1) gives"
    " x_lag1."
)


@dataclass(frozen=True, eq=False)
class Lagged:
    """A table with the lags of a formula as columns.

    Attributes
    ----------
    table : with a column for each lag, named as it is written: ``lag(x)``, ``lag(x, 2)``.
    reasons : for each such column and row, why there is no value; empty where there is one.
    """

    table: pd.DataFrame
    reasons: Mapping[str, list[str]]


def lags_apart(parsed: Formula) -> tuple[Formula, tuple[Factor, ...]]:
    """The formula with each lag read as a column of that name, and the lags.

    Examples
    --------
    >>> formula, lags = lags_apart(parse("y ~ a + log(lag(a, 2))"))
    >>> formula.columns, [f.label for f in lags]
    (('y', 'a', 'lag(a, 2)'), ['lag(a, 2)'])
    """
    lags = dict.fromkeys(Factor(f.column, lag=f.lag) for f in parsed.factors if f.lag)
    plain = replace(
        parsed, factors=tuple(replace(f, column=f.source, lag=0) for f in parsed.factors)
    )
    return plain, tuple(lags)


def refuse_lags(formula: str, who: str) -> None:
    """Refuse a formula with lags where rows are taken out of their table before it is read.

    Raises
    ------
    SpecError
        With the road to a column that holds the lag.
    """
    if lags := lags_apart(parse(formula))[1]:
        raise SpecError(
            f"{who} takes no {lags[0].label}: it would be looked up among part of the rows."
            f" {MADE_BEFORE}"
        )


def add_lags(
    table: pd.DataFrame,
    lags: Sequence[Factor],
    panel: tuple[str, str] | None,
    ids: Sequence[Any],
    kept: Sequence[str] = (),
) -> Lagged:
    """The table with the lags as columns, over all of its rows.

    Parameters
    ----------
    table : with names of text; not changed.
    lags : what is looked up, as ``lags_apart`` gives it.
    panel : the columns of the unit and of the time.
    ids : names of the rows, for messages.
    kept : columns that are needed beside, whose names a lag must not have.

    Raises
    ------
    SpecError
        Unit and time are not written, the time is no whole
        number, or a column has the name of a lag.
    FitError
        A unit has two rows at one time, with both.
    """
    if not lags:
        return Lagged(table, {})
    if panel is None:
        raise SpecError(
            f"{lags[0].label} needs the columns of the unit and the time, because the order of"
            " rows does not define them: options={'unit': 'country', 'time': 'year'}. Or:"
            f" {MADE_BEFORE[0].lower()}{MADE_BEFORE[1:]}"
        )
    if clash := [f.label for f in lags if f.label in kept]:
        raise SpecError(f"{clash[0]!r} is both a column and the lag of one; rename the column.")
    units, called = _units(table[panel[0]], panel[0])
    t, timed = _times(table[panel[1]], panel[1], ids)
    place = _Places(units, t, (units >= 0) & timed)
    _refuse_repeated(place, table[panel[0]].tolist(), t, ids, panel)
    absent = np.where(
        units < 0, f"{panel[0]} is missing", np.where(timed, "", f"{panel[1]} is missing")
    )
    made, reasons = {}, {}
    for f in lags:
        at = place.find(t - f.lag)
        made[f.label] = found = _taken(table[f.column], at)
        told = [""] * len(table)
        for i in np.flatnonzero(pd.isna(found)):
            then = f"{called[units[i]]} in {t[i] - f.lag}" if not absent[i] else ""
            why = f"no row of {then}" if at[i] < 0 else f"{f.column} of {then} is missing"
            told[i] = f"{f.label}: {absent[i] or why}"
        reasons[f.label] = told
    rest = table.drop(columns=[c for c in made if c in table.columns])
    return Lagged(pd.concat([rest, pd.DataFrame(made, index=rest.index)], axis=1), reasons)


class _Places:
    """Rows in the order of unit and time; units (n,) are numbers, -1 where missing, times (n,)
    whole, ``used`` bool (n,).
    """

    def __init__(self, units: np.ndarray, times: np.ndarray, used: np.ndarray) -> None:
        rows = np.flatnonzero(used)
        self.units, self.used = units.astype(np.int64), used
        self.times = np.unique(times[rows])
        keys = self.units[rows] * len(self.times) + np.searchsorted(self.times, times[rows])
        order = np.argsort(keys, kind="stable")
        self.keys, self.rows = keys[order], rows[order]

    def find(self, wanted: np.ndarray) -> np.ndarray:
        """The row of each row's unit at the time wanted (n,); -1 where there is none."""
        if not len(self.keys):
            return np.full(len(wanted), -1)
        step = np.minimum(np.searchsorted(self.times, wanted), len(self.times) - 1)
        key = self.units * len(self.times) + step
        at = np.minimum(np.searchsorted(self.keys, key), len(self.keys) - 1)
        there = self.used & (self.times[step] == wanted) & (self.keys[at] == key)
        return np.where(there, self.rows[at], -1)


def _units(column: "pd.Series[Any]", name: str) -> tuple[np.ndarray, Sequence[Any]]:
    """A number for every unit, -1 where missing, and what each is called."""
    try:
        codes, called = pd.factorize(column)
    except TypeError as err:
        raise SpecError(f"the values of {name!r} cannot be units ({err}).") from err
    return np.asarray(codes), called.tolist()


def _times(
    column: "pd.Series[Any]", name: str, ids: Sequence[Any]
) -> tuple[np.ndarray, np.ndarray]:
    """Times as whole numbers, 0 where missing, and where there is one."""
    if column.isna().all():
        return np.zeros(len(column), np.int64), np.zeros(len(column), bool)
    if column.dtype.kind not in "iuf":
        dates = column.dtype.kind == "M" or isinstance(column.dtype, pd.PeriodDtype)
        do = "take the year (.dt.year)" if dates else "make whole numbers of it (pd.to_numeric)"
        if column.dtype == object and isinstance(column.dropna().iloc[0], date):
            do = f"take the year (pd.to_datetime(data[{name!r}]).dt.year)"
        raise SpecError(
            f"the time {name!r} holds {column.dtype}, and lag() counts whole steps of time: {do}."
        )
    x = column.to_numpy(dtype=float, na_value=np.nan)
    there = ~np.isnan(x)
    bad = np.flatnonzero(there & ((np.abs(x) > FAR) | (x != np.round(x))))
    if len(bad):
        shown = ", ".join(f"{ids[i]}: {float(x[i])!r}" for i in bad[:NAMED])
        raise SpecError(
            f"the time {name!r} is not a whole number in {len(bad)} row(s) (cases {shown}), and"
            f" lag() counts whole steps, under {FAR:g}. Correct them."
        )
    return np.where(there, x, 0).astype(np.int64), there


def _refuse_repeated(
    place: _Places, called: list[Any], times: np.ndarray, ids: Sequence[Any], panel: tuple[str, str]
) -> None:
    again = np.flatnonzero(place.keys[1:] == place.keys[:-1])
    if len(again):
        pairs = [(place.rows[i], place.rows[i + 1]) for i in again[:NAMED]]
        said = "; ".join(
            f"{called[a]} at {times[a]}, cases {ids[a]} and {ids[b]}" for a, b in pairs
        )
        raise FitError(
            f"{len(again)} row(s) share with another row the same {panel[0]} and {panel[1]}"
            f" ({said}), so that the value to lag is not unique. Reduce the table to one row for"
            " each."
        )


def _taken(column: "pd.Series[Any]", at: np.ndarray) -> Any:
    """The values at positions (n,), missing where that is -1; whole
    numbers and categories stay what they are.
    """
    plain = isinstance(column.dtype, np.dtype) and column.dtype.kind in NULLABLE
    held = column
    if plain:
        held = column.astype(NULLABLE[column.dtype.kind])  # type: ignore[call-overload]
    return held.reset_index(drop=True).reindex(at).array
