"""The join: keeps every row of the left table, multiplies none, never matches missing to missing, and writes it down."""

from collections.abc import Sequence

import pandas as pd

from peacestudy.core.frame import StudyFrame
from peacestudy.core.ledger import Entry, Ledger
from peacestudy.core.problems import nearest, one_of
from peacestudy.errors import JoinError

SHAPES = ("one_to_one", "many_to_one")


def join(
    left: StudyFrame | pd.DataFrame,
    right: pd.DataFrame,
    *,
    on: str | Sequence[str],
    name: str,
    shape: str = "one_to_one",
    key: str = "case_id",
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
    key, unit : id column and unit of the cases, where ``left`` is a plain DataFrame.

    Returns
    -------
    StudyFrame
        Every row of ``left`` in its order; columns of ``right`` added, missing where nothing matched. The ledger has one
        entry more: rows in, out, unmatched on both sides, duplicated.

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
    frame = left if isinstance(left, StudyFrame) else StudyFrame(left, unit, key)
    keys = [on] if isinstance(on, str) else list(on)
    _check(frame.data, right, keys, name, shape)
    whole = right[keys].notna().all(axis=1)
    other = right[whole]
    if other.duplicated(keys).any():
        twice = other[other.duplicated(keys)][keys].drop_duplicates().head(5).astype(str).agg(" ".join, axis=1).tolist()
        raise JoinError(
            f"{name} has several rows for the same {' + '.join(keys)} (for example {'; '.join(twice)}), which would multiply "
            f"cases. Reduce it to one row a key first, or add the column that tells the rows apart to on=."
        )
    row = other.assign(_row=range(len(other)))[[*keys, "_row"]]
    complete = frame.data[keys].notna().all(axis=1)
    at = frame.data[keys].merge(row, on=keys, how="left", validate="many_to_one")["_row"].where(complete.to_numpy())
    met = at.dropna().astype(int)
    repeated = met[met.duplicated(keep=False)].nunique()
    if repeated and shape == "one_to_one":
        raise JoinError(
            f"{repeated} row(s) of {name} meet several cases. If that is meant (a country-year that several cases share), "
            f'say shape="many_to_one".'
        )
    added = other.drop(columns=keys).reset_index(drop=True).reindex(at.fillna(-1).astype(int))
    data = pd.concat([frame.data, added.set_axis(frame.data.index)], axis=1)
    entry = Entry(
        f"join {name}", "join", frame.unit, len(frame.data), len(data),
        unmatched=int(at.isna().sum()), other_rows=len(right), other_unmatched=len(right) - met.nunique(), duplicated=int(repeated),
        why=f"on {' + '.join(keys)}, {shape}; {int((~complete).sum())} case(s) and {int((~whole).sum())} row(s) of {name} have no key",
    )  # fmt: skip
    return StudyFrame(data, frame.unit, frame.key, frame.ledger + Ledger((entry,)), frame.notes, frame.excluded)


def _check(left: pd.DataFrame, right: pd.DataFrame, keys: list[str], name: str, shape: str) -> None:
    if shape not in SHAPES:
        raise JoinError(one_of("shape", shape, SHAPES))
    for key in keys:
        for side, table in (("the cases", left), (name, right)):
            if key not in table.columns:
                columns = [str(c) for c in table.columns]
                raise JoinError(
                    f"{side} has no column {key!r}.{nearest(key, columns)} It has {', '.join(columns[:12])}."
                )
        kinds = pd.api.types.infer_dtype(left[key], skipna=True), pd.api.types.infer_dtype(right[key], skipna=True)
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


def _family(kind: str) -> str:
    return {"integer": "number", "floating": "number", "mixed-integer-float": "number", "decimal": "number"}.get(
        kind, kind
    )
