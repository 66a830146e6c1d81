"""The values that a join brings: one for each case, missing
where none was met, types that can say so.
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
    kinds = {c: t.kind for c, t in table.dtypes.items() if isinstance(t, np.dtype)}
    wanted = {c: _CAN_MISS[kind] for c, kind in kinds.items() if kind in _CAN_MISS}
    return table.astype(wanted) if wanted else table


def gathered(
    table: pd.DataFrame,
    at: npt.NDArray[np.int64],
    fill: npt.NDArray[np.bool_] | bool = False,
    absent: Mapping[str, object] | None = None,
) -> pd.DataFrame:
    """The rows of a table in the order of the cases.

    Parameters
    ----------
    table : columns that are brought.
    at : for each case the row, -1 for none.
    fill, absent : cases that take the declared values, and the values by column.
    """
    table = dense(table)
    if (at < 0).any():
        table = can_miss(table)

    # the type is named, or a column of objects that happens to hold texts becomes one of texts;
    # nothing is copied twice, and columns are taken at the same time, since numpy works without
    # Python's lock
    def taken(column: str) -> pd.Series:
        values = pd.api.extensions.take(table[column].array, at, allow_fill=True)
        return pd.Series(values, dtype=table[column].dtype, copy=False)

    with ThreadPoolExecutor() as pool:
        columns = dict(
            zip(
                table.columns,
                (pool.map if len(at) > PART else map)(taken, table.columns),
                strict=True,
            )
        )
    out = pd.DataFrame(columns, index=pd.RangeIndex(len(at)), columns=table.columns, copy=False)
    for column, value in (absent or {}).items():
        try:
            filled = out[column].mask(np.asarray(fill), value)
        except (TypeError, ValueError):
            filled = pd.Series(dtype=object)
        if filled.dtype != out[column].dtype:
            raise JoinError(
                f"absent gives {value!r} for {column!r}, a column of {out[column].dtype}. Write a"
                " value of its type."
            )
        out[column] = filled
    return out


def met_rows(at: npt.NDArray[np.int64], rows: int) -> tuple[int, int]:
    """How many rows of the other table met none, and how many met more than one."""
    times = np.bincount(at[at >= 0], minlength=rows)
    return int((times == 0).sum()), int((times > 1).sum())


def refuse_shared(
    cases: StudyFrame, other: pd.DataFrame, at: npt.NDArray[np.int64], name: str
) -> None:
    """Refuse columns that stand on both sides, and say of the
    first whether the two hold the same.
    """
    shared = [c for c in other.columns if c in cases.data.columns]
    if not shared:
        return
    mine = cases.data[shared[0]].astype(object).to_numpy()
    theirs = (
        other[shared[0]].astype(object).to_numpy()[np.where(at < 0, 0, at)] if len(other) else mine
    )
    rows = [i for i in np.flatnonzero(at >= 0) if not pd.isna(mine[i]) and not pd.isna(theirs[i])]
    differ = [i for i in rows if mine[i] != theirs[i]]
    held = f"{shared[0]!r} holds the same in the {len(rows)} rows in which both have a value"
    if differ:
        i = differ[0]
        held = (
            f"{shared[0]!r} differs in {len(differ)} of {len(rows)} rows (case"
            f" {cases.data[cases.key].iloc[i]}: {mine[i]!r} against {theirs[i]!r})"
        )
    raise JoinError(
        f"the column(s) {', '.join(map(repr, shared))} stand in the cases and in {name}; {held}."
        " Rename or drop them in one, or name the columns you want: columns=[...]."
    )
