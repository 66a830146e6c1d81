"""A workbook of five sheets: data, ledger, excluded, notes, labels.
A text is a text, whatever it begins with.
"""

from pathlib import Path
from typing import Any

import pandas as pd

from peacestudy.core.problems import Note
from peacestudy.core.tables import write_bytes
from peacestudy.core.workbook.worksheet import MAX_CELLS, MAX_COLUMNS
from peacestudy.core.workbook.write import FIRST_DAY, workbook_bytes
from peacestudy.errors import JoinError
from peacestudy.joins.writers.preparation import Prepared, Written

_TO_PYTHON = {"integer": int, "number": float, "boolean": bool, "string": str}


def write(ready: Prepared, path: Path) -> Written:
    """The workbook; a column with a day before 1 March 1900, which no
    worksheet counts, is written as text YYYY-MM-DD.
    """
    rows, width = ready.data.shape
    if width > MAX_COLUMNS or (rows + 1) * width > MAX_CELLS:
        raise JoinError(
            f"{rows:,} rows of {width:,} columns are more than a workbook is read with. Write"
            " Parquet or CSV."
        )
    early = [
        c.name for c in ready.columns if c.type == "date" and (ready.data[c.name] < FIRST_DAY).any()
    ]
    columns = [_cells(ready.data[c.name], "" if c.name in early else c.type) for c in ready.columns]
    data: list[tuple[Any, ...]] = [
        tuple(c.name for c in ready.columns),
        *zip(*columns, strict=True),
    ]
    others = {**ready.beside, "labels": ready.labels()}
    sheets = {"data": data, **{name: _rows(table) for name, table in others.items()}}
    write_bytes(path, workbook_bytes(sheets), JoinError)
    notes: tuple[Note, ...] = ()
    if early:
        text = (
            f"{', '.join(early)}: days before 1 March 1900, which no worksheet counts, so the"
            " column is text as YYYY-MM-DD."
        )
        notes = (Note("dates_as_text", text),)
    return Written((path,), {}, notes)


def _cells(column: pd.Series, kind: str) -> list[Any]:
    if kind == "date":
        return [v.to_pydatetime() if v == v else None for v in column]
    if column.dtype.kind == "M":
        return [v.date().isoformat() if v == v else None for v in column]
    make = _TO_PYTHON[kind]
    return [make(v) if given else None for v, given in zip(column, column.notna(), strict=True)]


def _rows(table: pd.DataFrame) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = [tuple(map(str, table.columns))]
    body = table.astype(object).where(table.notna(), None)
    for row in body.itertuples(index=False, name=None):
        rows.append(tuple(map(_plain, row)))
    return rows


def _plain(value: Any) -> Any:
    return value if isinstance(value, str) or value is None else _number(value)


def _number(value: Any) -> Any:
    is_whole = isinstance(value, int) or getattr(value, "dtype", "") == "int64"
    return int(value) if is_whole else str(value)
