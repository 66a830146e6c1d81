"""Which row of a table a number stands in, whatever index the
table has; refused where that is not one row.
"""

from typing import Any

import pandas as pd

from peacestudy.core.problems import one_of
from peacestudy.errors import SpecError

IDS = ("case_id", "indicator_id", "term")
TERM = ("model", "term")
CELL = 'a cell is (row, column), as ("316-1992", "diplomacy").'


def place_of(at: object) -> tuple[Any, str]:
    """Row and column of a cell as the caller wrote it.

    Raises
    ------
    SpecError
        It is no pair of a row and the name of a column.
    """
    if isinstance(at, tuple | list) and len(at) == 2 and isinstance(at[1], str):
        return (tuple(at[0]) if isinstance(at[0], list) else at[0]), at[1]
    raise SpecError(f"at is {at!r}, and {CELL}")


def columns_of(table: pd.DataFrame) -> pd.DataFrame:
    """The table with the named levels of its index as columns, where
    it lacks them, and its labels as they are.

    Raises
    ------
    SpecError
        The names of columns have several levels, or one of them stands twice.
    """
    if isinstance(table.columns, pd.MultiIndex):
        raise SpecError(
            f"the columns of the table have {table.columns.nlevels} levels; give a table with one"
            " row per number, as study results are."
        )
    twice = table.columns[table.columns.duplicated()]
    if len(twice):
        raise SpecError(
            f"the table has the column {twice[0]!r} more than once. Rename or drop one."
        )
    levels = {
        name: table.index.get_level_values(n)
        for n, name in enumerate(table.index.names)
        if isinstance(name, str) and name not in table.columns
    }
    return table.assign(**levels) if levels else table


def row_of(table: pd.DataFrame, row: Any) -> "pd.Series[Any]":
    """The one row that is meant: its label in the index, an id that stands once, or (model, term).

    Raises
    ------
    SpecError
        There is no such row, or there are several.
    """
    if table.empty:
        raise SpecError("the table has no rows, so there is no number to trace.")
    found = _labelled(table, row)
    if isinstance(row, tuple) and len(row) == 2 and set(TERM) <= set(table.columns):
        found = found | (_equal(table["model"], row[0]) & _equal(table["term"], row[1])).to_numpy()
    for key in IDS:
        if key in table.columns and not isinstance(row, tuple):
            same = _equal(table[key], row).to_numpy()
            if same.sum() == 1 or not found.any():
                found = found | same
    if found.sum() == 1:
        only: pd.Series[Any] = table.loc[found].iloc[0]
        return only
    if not found.any():
        raise SpecError(
            f"the table has no row {row!r}. Give its label in the index, an id that appears once,"
            " or (model, term)."
        )
    raise SpecError(
        f"{row!r} matches {int(found.sum())} rows of the table. Give one of them: table.iloc[n]"
        " and the column, ps.trace(table.iloc[n], column, study), or number the rows by"
        " table.reset_index(drop=True)."
    )


def _labelled(table: pd.DataFrame, row: Any) -> Any:
    labels = table.index.to_flat_index()
    return pd.Series([_same(label, row) for label in labels], dtype=bool).to_numpy()


def _equal(column: "pd.Series[Any]", value: Any) -> "pd.Series[bool]":
    return pd.Series([_same(v, value) for v in column], index=column.index, dtype=bool)


def _same(found: Any, asked: Any) -> bool:
    """Whether two ids are the same; a number and its text are, since files lose the difference."""
    if isinstance(found, tuple) or isinstance(asked, tuple):
        return (
            isinstance(found, tuple)
            and isinstance(asked, tuple)
            and tuple(map(str, found)) == tuple(map(str, asked))
        )
    return as_id(found) == as_id(asked)


def as_id(value: Any) -> str:
    """An id as text: 101, 101.0 and "101" are one id."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def number_in(row: "pd.Series[Any]", column: str) -> Any:
    """The value of a column of a row.

    Raises
    ------
    SpecError
        There is no such column.
    """
    if column not in row.index:
        raise SpecError(one_of("column", column, [str(c) for c in row.index]))
    return row[column]
