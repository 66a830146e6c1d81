"""Values for each case, taken from the rows of the other table: missing where
there is no row, in types that can be missing.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
import pandas as pd

from peacestudy.core.frame import StudyFrame, dense
from peacestudy.core.keys import PART
from peacestudy.errors import JoinError

_CAN_MISS = {"i": "Int64", "u": "UInt64", "b": "boolean"}


def can_miss(table: pd.DataFrame) -> pd.DataFrame:
    """Integers and truth values as the types that can be missing;
    pandas would make floats and objects of them.
    """
    nullable = {}
    for column, dtype in table.dtypes.items():
        if isinstance(dtype, np.dtype) and dtype.kind in _CAN_MISS:
            nullable[column] = _CAN_MISS[dtype.kind]
    return table.astype(nullable) if nullable else table


def gathered(
    table: pd.DataFrame,
    at: npt.NDArray[np.int64],
    fill: npt.NDArray[np.bool_] | bool = False,
    absent: Mapping[str, object] | None = None,
) -> pd.DataFrame:
    """The rows of a table in the order of the cases.

    Parameters
    ----------
    table : the columns to take.
    at : for each case the row, -1 for none.
    fill, absent : cases that take the declared values, and the values by column.
    """
    table = dense(table)
    if (at < 0).any():
        table = can_miss(table)

    # the type is named, or a column of objects that happens to hold texts becomes one of texts
    def taken(column: str) -> pd.Series:
        values = pd.api.extensions.take(table[column].array, at, allow_fill=True)
        return pd.Series(values, dtype=table[column].dtype, copy=False)

    # columns of a long table are taken at the same time: numpy works without Python's lock
    if len(at) > PART:
        with ThreadPoolExecutor() as pool:
            series = list(pool.map(taken, table.columns))
    else:
        series = [taken(column) for column in table.columns]
    columns = dict(zip(table.columns, series, strict=True))
    out = pd.DataFrame(columns, index=pd.RangeIndex(len(at)), columns=table.columns, copy=False)
    for name, value in (absent or {}).items():
        out[name] = _filled(out[name], fill, value, name)
    return out


def _filled(
    column: pd.Series, fill: npt.NDArray[np.bool_] | bool, value: object, name: str
) -> pd.Series:
    """The column with the declared value, which must be of its type."""
    try:
        filled = column.mask(np.asarray(fill), value)
    except (TypeError, ValueError):
        filled = pd.Series(dtype=object)
    if filled.dtype != column.dtype:
        raise JoinError(
            f"absent gives {value!r} for {name!r}, a column of {column.dtype}. Write a"
            " value of its type."
        )
    return filled


def count_rows_met(at: npt.NDArray[np.int64], rows: int) -> tuple[int, int]:
    """How many rows of the other table no case meets, and how many several cases meet."""
    times = np.bincount(at[at >= 0], minlength=rows)
    return int((times == 0).sum()), int((times > 1).sum())


def several_cases_text(rows: int, name: str) -> str:
    """The message of a join declared one to one that is not."""
    return (
        f"{rows} row(s) of {name} match several cases. If this is intended (a country-year that"
        ' several cases share), say shape="many_to_one".'
    )


def refuse_shared(
    cases: StudyFrame, other: pd.DataFrame, at: npt.NDArray[np.int64], name: str
) -> None:
    """Refuse columns that are in both tables; of the first, the
    message says whether the two hold the same.
    """
    shared = [c for c in other.columns if c in cases.data.columns]
    if not shared:
        return
    first = shared[0]
    mine = cases.data[first].astype(object).to_numpy()
    theirs = mine
    if len(other):
        row = np.where(at < 0, 0, at)
        theirs = other[first].astype(object).to_numpy()[row]
    both = np.flatnonzero((at >= 0) & ~pd.isna(mine) & ~pd.isna(theirs))
    differ = [i for i in both if mine[i] != theirs[i]]
    held = f"{first!r} holds the same in the {len(both)} rows in which both have a value"
    if differ:
        i = differ[0]
        held = (
            f"{first!r} differs in {len(differ)} of {len(both)} rows (case"
            f" {cases.data[cases.key].iloc[i]}: {mine[i]!r} against {theirs[i]!r})"
        )
    raise JoinError(
        f"the column(s) {', '.join(map(repr, shared))} are in the cases and in {name}; {held}."
        " Rename or drop them in one, or name the columns you want: columns=[...]."
    )
