"""A table that the project wrote gets back its names, types and labels."""

import pandas as pd

from peacestudy.core.problems import Note
from peacestudy.errors import SourceError
from peacestudy.outcomes.files.labels import Column
from peacestudy.outcomes.files.table import FileTable

_DTYPES = {"integer": "Int64", "number": "float64", "boolean": "boolean", "date": "datetime64[us]"}


def restored(found: FileTable, columns: list[Column], where: str) -> FileTable:
    """The table with the names, types and labels that were written
    beside it; as it is where there are none.

    Parameters
    ----------
    found : the table as the file has it.
    columns : what stands beside it; columns that the table has not are told.
    where : what told it, for the notes.
    """
    if not columns:
        return found
    by_name = {c.name: c for c in columns}
    have = [str(n) for n in found.table.columns]
    typed = {}
    for name in have:
        column = by_name.get(name)
        original = column.column if column else name
        typed[original] = _as(found.table[name], column, where)
    table = pd.DataFrame(typed, index=found.table.index)
    if len(table.columns) < len(have):
        raise SourceError(
            f"{where} gives one name to several columns. Delete it if it is another file's."
        )
    here = [c for c in columns if c.name in have]
    labels = {**found.labels, **{c.column: c.label for c in here if c.label}}
    values = {**found.values, **{c.column: c.values for c in here if c.values}}
    notes = [*found.notes, Note("labels_beside", f"Types and labels are those of {where}.")]
    gone = [c.column for c in columns if c.name not in have]
    new = [n for n in have if n not in by_name]
    if gone or new:
        differences = []
        if gone:
            differences.append(f"no longer in the data: {', '.join(gone)}")
        if new:
            differences.append(f"only in the data: {', '.join(new)}")
        text = f"{where} was written for other columns ({'; '.join(differences)})."
        notes.append(Note("labels_differ", text))
    return FileTable(
        table,
        {k: v for k, v in labels.items() if k in table},
        {k: v for k, v in values.items() if k in table},
        tuple(notes),
    )


def _as(values: pd.Series, column: Column | None, where: str) -> pd.Series:
    dtype = _DTYPES.get(column.type) if column else None
    if dtype is None or column is None:
        return values
    try:
        if column.type == "boolean":
            return values.astype("Int64").astype("boolean")
        return values.astype(dtype)  # type: ignore[call-overload, no-any-return]
    except (TypeError, ValueError) as err:
        raise SourceError(
            f"{where} declares {column.column!r} as {column.type}, and the data are not ({err})."
            " Delete it if it is another file's."
        ) from err
