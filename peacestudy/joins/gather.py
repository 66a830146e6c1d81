"""The values that a join brings: one for each case, missing where none was met, codes that are no values taken out."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
import pandas as pd

from peacestudy.core.frame import StudyFrame
from peacestudy.core.keys import PART
from peacestudy.core.problems import one_of
from peacestudy.errors import JoinError
from peacestudy.outcomes import OutcomeTable

_CAN_MISS = {"i": "Int64", "u": "UInt64", "b": "boolean"}


def without_special(
    table: pd.DataFrame, source: OutcomeTable | None
) -> tuple[pd.DataFrame, dict[str, npt.NDArray[np.int8]]]:
    """The table with special codes (such as Polity's -77) missing, and for each such column which code stood in each row.

    The place is that of the code in ``source.special``, -1 for none.
    """
    found: dict[str, npt.NDArray[np.int8]] = {}
    special = source.source.special if source else ()
    for place, (column, value, _) in enumerate(special):
        if column in table.columns and (hit := table[column].eq(value).fillna(False).to_numpy(dtype=bool)).any():
            codes = found.setdefault(column, np.full(len(table), -1, np.int8))
            codes[hit] = place
    for column, codes in found.items():
        table = table.assign(**{column: can_miss(table[[column]])[column].mask(codes >= 0)})
    return table, found


def can_miss(table: pd.DataFrame) -> pd.DataFrame:
    """Integers and truth values as the types that can be missing; pandas would make floats and objects of them."""
    kinds = {c: t.kind for c, t in table.dtypes.items() if isinstance(t, np.dtype)}
    wanted = {c: _CAN_MISS[kind] for c, kind in kinds.items() if kind in _CAN_MISS}
    return table.astype(wanted) if wanted else table


def gathered(
    table: pd.DataFrame, at: npt.NDArray[np.int64], fill: npt.NDArray[np.bool_], absent: Mapping[str, object], name: str
) -> pd.DataFrame:
    """The rows of a table in the order of the cases.

    Parameters
    ----------
    table : columns that are brought.
    at : for each case the row, -1 for none.
    fill, absent : cases that take the declared values, and the values by column.
    name : what the table is.
    """
    for column in absent:
        if column not in table.columns:
            raise JoinError(one_of(f"a column of absent= for {name}", column, [str(c) for c in table.columns]))
    if (at < 0).any():
        table = can_miss(table)

    # the type is named, or a column of objects that happens to hold texts becomes one of texts; nothing is copied twice, and
    # columns are taken at the same time, since numpy works without Python's lock
    def taken(column: str) -> pd.Series:
        values = pd.api.extensions.take(table[column].array, at, allow_fill=True)
        return pd.Series(values, dtype=table[column].dtype, copy=False)

    with ThreadPoolExecutor() as pool:
        columns = dict(zip(table.columns, (pool.map if len(at) > PART else map)(taken, table.columns), strict=True))
    out = pd.DataFrame(columns, index=pd.RangeIndex(len(at)), columns=table.columns, copy=False)
    for column, value in absent.items():
        try:
            out[column] = out[column].mask(fill, value)
        except (TypeError, ValueError) as err:
            raise JoinError(
                f"absent gives {value!r} for {column!r}, a column of {out[column].dtype}. Write a value of its type."
            ) from err
    return out


def refuse_shared(cases: StudyFrame, other: pd.DataFrame, at: npt.NDArray[np.int64], name: str) -> None:
    """Refuse columns that stand on both sides, and say of the first whether the two hold the same."""
    shared = [c for c in other.columns if c in cases.data.columns]
    if not shared:
        return
    mine = cases.data[shared[0]].astype(object).to_numpy()
    theirs = other[shared[0]].astype(object).to_numpy()[np.where(at < 0, 0, at)] if len(other) else mine
    rows = [i for i in np.flatnonzero(at >= 0) if not pd.isna(mine[i]) and not pd.isna(theirs[i])]
    differ = [i for i in rows if mine[i] != theirs[i]]
    held = f"{shared[0]!r} holds the same in the {len(rows)} rows in which both have a value"
    if differ:
        i = differ[0]
        held = (
            f"{shared[0]!r} differs in {len(differ)} of {len(rows)} rows (case {cases.data[cases.key].iloc[i]}: "
            f"{mine[i]!r} against {theirs[i]!r})"
        )
    raise JoinError(
        f"the column(s) {', '.join(map(repr, shared))} stand in the cases and in {name}; {held}. Rename or drop them in one, or "
        f"name the columns you want: columns=[...]."
    )
