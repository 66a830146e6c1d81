"""Panels in joins by time: units and years as whole numbers, one row a
unit-year, and the look-up of rows by unit and year.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from peacestudy.core.display import exact_number
from peacestudy.core.key_check import split_units
from peacestudy.core.keys import Ints, kind, levels, match
from peacestudy.core.problems import Note
from peacestudy.errors import JoinError
from peacestudy.joins.columns.arguments import has_columns
from peacestudy.joins.columns.source_coverage import Bools
from peacestudy.joins.keys.key_columns import checked_keys, nothing_met

NAMED = 5  # rows named in a message
FAR = 10**9  # beyond, a number is no year, and units and years would not fit into one whole number


class Units(NamedTuple):
    """Units of two tables.

    Attributes
    ----------
    mine : for each case the number of its unit in the other table, -1 where that has none.
    complete : cases with a value in every key.
    theirs : for each row of the other table the number of its unit, -1 where a key is missing.
    notes : what a reader must know of the keys.
    """

    mine: Ints
    complete: Bools
    theirs: Ints
    notes: tuple[Note, ...]


def unit_numbers(
    cases: pd.DataFrame, other: pd.DataFrame, mine: list[str], theirs: list[str], name: str
) -> Units:
    """Units of both tables as numbers; keys that cannot match as
    intended are refused.
    """
    has_columns(cases, mine, "the cases")
    has_columns(other, theirs, name)
    distinct = other[theirs].dropna().drop_duplicates()
    of_cases = [levels(cases[c]) for c in mine]
    of_units = [levels(distinct[c]) for c in theirs]
    of_rows = [levels(other[c]) for c in theirs]
    notes = checked_keys(mine, of_cases, of_units, name)
    found = match(of_cases, of_units)
    notes += nothing_met(mine, of_cases, of_units, found.at >= 0, found.complete, name)
    return Units(found.at, found.complete, match(of_rows, of_units).at, tuple(notes))


def whole_years(column: pd.Series, name: str, who: str) -> tuple[Ints, Bools]:
    """Years as whole numbers, 0 where missing, and where there is one;
    2001.0 is a year, 2001.5 and '2001' are not.
    """
    held = kind(levels(column).values)
    if held not in ("number", "empty"):
        remedies = {
            "text": "make numbers of them (pd.to_numeric)",
            "datetime": "take the year (.dt.year)",
        }
        remedy = remedies.get(held, "use numbers")
        raise JoinError(f"{name!r} of {who} holds {held}, not years: {remedy}.")
    if held == "empty":
        return np.zeros(len(column), np.int64), np.zeros(len(column), bool)
    values = column.to_numpy(dtype="float64", na_value=np.nan)
    there = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        bad = there & ((values % 1 != 0) | (np.abs(values) > FAR))
    if bad.any():
        first_rows = np.flatnonzero(bad)[:NAMED]
        shown = ", ".join(f"row {i}: {exact_number(values[i])}" for i in first_rows)
        raise JoinError(
            f"{name!r} of {who} holds {int(bad.sum())} number(s) that are not years ({shown})."
            " Correct them."
        )
    return np.where(there, values, 0).astype(np.int64), there


def panel_units(panel: pd.DataFrame, keys: list[str], year: str, name: str) -> Units:
    """Units of a panel as numbers; a unit that is written in two ways is
    refused, because its years would belong to two units.
    """
    found = unit_numbers(panel, panel, keys, keys, name)
    for key in keys:
        others = [other for other in keys if other != key]
        text = split_units(panel, key, others, year, name)
        if text:
            raise JoinError(text)
    return found


class Places(NamedTuple):
    """Rows of a panel in the order of unit and time, to be found by both."""

    keys: Ints
    rows: Ints
    low: int
    span: int

    def key(self, unit: Ints, time: Ints) -> Ints:
        """Unit and time as one number, the time at most one step outside the panel's."""
        return unit * self.span + np.clip(time, self.low, self.low + self.span - 1) - self.low

    def find(self, unit: Ints, time: Ints) -> Ints:
        """The row of each unit at each time, -1 where there is none."""
        if not len(self.keys):
            return np.full(np.broadcast(unit, time).shape, -1, np.int64)
        wanted = self.key(unit, time)
        at = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        return np.where((unit >= 0) & (self.keys[at] == wanted), self.rows[at], -1)


def is_number_or_truth(column: pd.Series) -> bool:
    """Whether a column holds numbers or truth values."""
    dtype = column.dtype
    return bool(pd.api.types.is_numeric_dtype(dtype) or pd.api.types.is_bool_dtype(dtype))


def places(unit: Ints, time: Ints, used: Bools) -> Places:
    """Sort the rows that are used; the times have a free step on both sides,
    so that none outside is taken for one inside.
    """
    rows = np.flatnonzero(used)
    low = int(time[rows].min()) - 1 if len(rows) else 0
    span = int(time[rows].max()) - low + 2 if len(rows) else 1
    if len(rows) and (float(unit.max()) + 1) * span > 2**62:
        raise JoinError(
            "units and times are too many for one number. Are the times what they should be?"
        )
    keys = unit[rows] * span + time[rows] - low
    order = np.argsort(keys, kind="stable")
    return Places(keys[order], rows[order], low, span)


def refuse_repeated(found: Places, table: pd.DataFrame, columns: list[str], name: str) -> None:
    """Refuse a table in which two rows have the same unit and time, with the rows."""
    again = np.flatnonzero(found.keys[1:] == found.keys[:-1])
    if not len(again):
        return
    shown = []
    for i in again[:NAMED]:
        a, b = found.rows[i], found.rows[i + 1]
        what = " ".join(str(v) for v in table.iloc[a][columns])
        shown.append(f"{what} in rows {a} and {b}")
    raise JoinError(
        f"{name} has {len(again)} row(s) more than one for the same {' + '.join(columns)}"
        f" ({'; '.join(shown)}; rows count from 0). Reduce it to one row for each first."
    )
