"""The join: keeps every row of the left table, multiplies none, never matches missing to missing, and writes it down."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from peacestudy.core.frame import StudyFrame, refuse_twice
from peacestudy.core.ledger import Entry, Ledger
from peacestudy.core.problems import nearest, one_of
from peacestudy.errors import JoinError

SHAPES = ("one_to_one", "many_to_one")
_CAN_MISS = {"i": "Int64", "u": "UInt64", "b": "boolean"}


def join(
    left: StudyFrame | pd.DataFrame,
    right: pd.DataFrame,
    *,
    on: str | Sequence[str],
    name: str,
    shape: str = "one_to_one",
    key: str | None = None,
    unit: str = "case",
) -> StudyFrame:
    """Bring the columns of another table to the cases.

    Parameters
    ----------
    left : a StudyFrame, or a DataFrame with ``key`` and ``unit`` below.
    right : the other table; not changed.
    on : key column, or columns, of both tables, of the same type.
    name : what the other table is, for the ledger.
    shape : ``one_to_one``, or ``many_to_one`` where several cases may share a row of the other table. Rows of the other
        table that share a key are refused in both: they would multiply cases.
    key, unit : id column and unit of the cases, where ``left`` is a plain DataFrame; None takes ``case_id`` where there
        is one, else the first key.

    Returns
    -------
    StudyFrame
        Every row of ``left`` in its order; columns of ``right`` added, missing where nothing matched. Columns keep their
        type; where a value is missing, integers become Int64 and truth values boolean, which can say so. The ledger has
        one entry more: rows in, out, unmatched on both sides, duplicated.

    Raises
    ------
    JoinError
        A key column is absent or of another type, keys of the other table stand twice, a column stands on both sides,
        or a row of the other table meets several cases though ``one_to_one`` was declared.

    Examples
    --------
    >>> import pandas as pd
    >>> cases = pd.DataFrame({"case_id": ["a", "b"], "state": [2, 20]})
    >>> peace = pd.DataFrame({"state": [2, 70], "peace": [1, 0]})
    >>> frame = join(cases, peace, on="state", name="peace")
    >>> frame.ledger.table()[["rows_in", "rows_out", "unmatched", "other_unmatched"]].values.tolist()
    [[2, 2, 1, 1]]
    """
    keys = [on] if isinstance(on, str) else list(on)
    name_of_case = key or (
        "case_id" if "case_id" in (left if isinstance(left, pd.DataFrame) else left.data).columns else keys[0]
    )
    frame = left if isinstance(left, StudyFrame) else StudyFrame(left, unit, name_of_case)
    _check(frame.data, right, keys, name, shape)
    whole = right[keys].notna().all(axis=1)
    other = right[whole]
    if other.duplicated(keys).any():
        twice = other[other.duplicated(keys)][keys].drop_duplicates().head(5).astype(str).agg(" ".join, axis=1).tolist()
        raise JoinError(
            f"{name} has several rows for the same {' + '.join(keys)} (for example {'; '.join(twice)}), which would multiply "
            f"cases. Reduce it to one row a key first, or add the column that tells the rows apart to on=."
        )
    complete = frame.data[keys].notna().all(axis=1)
    found = pd.MultiIndex.from_frame(other[keys]).get_indexer(pd.MultiIndex.from_frame(frame.data[keys]))
    at = np.where(complete, found, -1)  # row of the other table that each case meets, -1 for none
    met, times = np.unique(at[at >= 0], return_counts=True)
    repeated = int((times > 1).sum())
    if repeated and shape == "one_to_one":
        raise JoinError(
            f"{repeated} row(s) of {name} meet several cases. If that is meant (a country-year that several cases share), "
            f'say shape="many_to_one".'
        )
    added = other.drop(columns=keys).reset_index(drop=True)
    added = (_can_miss(added) if (at < 0).any() else added).reindex(at)
    data = pd.concat([frame.data, added.set_axis(frame.data.index)], axis=1)
    entry = Entry(
        f"join {name}", "join", frame.unit, len(frame.data), len(data),
        unmatched=int((at < 0).sum()), other_rows=len(right), other_unmatched=len(right) - len(met), duplicated=repeated,
        why=f"on {' + '.join(keys)}, {shape}; {int((~complete).sum())} case(s) and {int((~whole).sum())} row(s) of {name} have no key",
    )  # fmt: skip
    return replace(frame, data=data, ledger=frame.ledger + Ledger((entry,)))


def _check(left: pd.DataFrame, right: pd.DataFrame, keys: list[str], name: str, shape: str) -> None:
    if shape not in SHAPES:
        raise JoinError(one_of("shape", shape, SHAPES))
    refuse_twice(right, name)
    if not keys or len(set(keys)) < len(keys):
        raise JoinError(f"on is {keys}; name the key column, or several different ones.")
    for key in keys:
        for side, table in (("the cases", left), (name, right)):
            if key not in table.columns:
                columns = [str(c) for c in table.columns]
                raise JoinError(
                    f"{side} has no column {key!r}.{nearest(key, columns)} It has {', '.join(columns[:12])}."
                )
        kinds = _kind(left[key]), _kind(right[key])
        if "empty" not in kinds and _family(kinds[0]) != _family(kinds[1]):
            raise JoinError(
                f"{key!r} is {kinds[0]} in the cases and {kinds[1]} in {name}; nothing would match. Bring both to one type: "
                f"numbers as integers, codes as text."
            )
    shared = [c for c in right.columns if c in left.columns and c not in keys]
    if shared:
        raise JoinError(
            f"the column(s) {', '.join(map(repr, shared))} stand in the cases and in {name}. Rename or drop them in one."
        )


def _can_miss(table: pd.DataFrame) -> pd.DataFrame:
    """Integers and truth values as the types that can be missing; pandas would make floats and objects of them."""
    kinds = {c: t.kind for c, t in table.dtypes.items() if isinstance(t, np.dtype)}
    return table.astype({c: _CAN_MISS[kind] for c, kind in kinds.items() if kind in _CAN_MISS})


def _kind(column: pd.Series) -> str:
    values = column.dropna()
    return "empty" if values.empty else pd.api.types.infer_dtype(values)


def _family(kind: str) -> str:
    return {"integer": "number", "floating": "number", "mixed-integer-float": "number", "decimal": "number"}.get(
        kind, kind
    )
