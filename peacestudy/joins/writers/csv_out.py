"""CSV that R reads as it is meant: missing is an empty cell, an empty
text ``""``, true and false TRUE and FALSE.

Data are written exactly, also where a text looks like a formula to a spreadsheet; the note says so,
and the workbook is for those who open the data in one.
"""

import re
from pathlib import Path
from typing import Any

import pandas as pd

from peacestudy.core.file_sets import write_files
from peacestudy.core.problems import Note
from peacestudy.core.tables import to_csv
from peacestudy.errors import JoinError
from peacestudy.joins.writers.preparation import Prepared, Written
from peacestudy.outcomes.files.labels import Column, beside
from peacestudy.outcomes.files.read import as_text

_FORMULA = re.compile(r"\s*[=+\-@]")


def write(ready: Prepared, path: Path) -> Written:
    """The data, and beside them ``<name>_<ending>_labels.csv``,
    ``_ledger.csv``, ``_excluded.csv`` and ``_notes.csv``.
    """
    cells = [_cells(ready.data[c.name]) for c in ready.columns]
    lines = [
        ",".join(_quoted(c.name) for c in ready.columns),
        *map(",".join, zip(*cells, strict=True)),
    ]
    notes = []
    texts = [ready.data[c.name].dropna() for c in ready.columns if c.type == "string"]
    risky = sum(int(t.map(lambda v: bool(_FORMULA.match(v))).sum()) for t in texts)
    names = [c.name for c in ready.columns if _FORMULA.match(c.name)]
    if names:
        text = (
            f"{len(names)} column name(s) begin like a formula ({', '.join(map(repr, names[:3]))})."
            " They are written as they are: open the data in a spreadsheet from an .xlsx file, or"
            " rename them."
        )
        notes.append(Note("names_like_formulas", text))
    notes += formulas_beside(ready)
    if risky:
        text = (
            f"{risky} text(s) begin like a formula. They are written as they are: open the data in"
            " a spreadsheet from an .xlsx file."
        )
        notes.append(Note("like_a_formula", text))
    data = "".join(line + "\n" for line in lines).encode("utf-8")
    paths = write_set(ready, path, ready.columns, data)
    return Written(paths, {}, tuple(notes))


def write_set(
    ready: Prepared, path: Path, columns: tuple[Column, ...], data: bytes
) -> tuple[Path, ...]:
    """Write a data file and the tables beside it that it cannot
    hold; returns the paths, the data first.

    The labels carry the hash of the data and are replaced first, the data last: whatever is cut off
    between, the reader sees labels of other data and refuses them.
    """
    tables = {"labels": ready.labels(columns, data), **ready.beside}
    parts = {beside(path, what): to_csv(table).encode("utf-8") for what, table in tables.items()}
    write_files({**parts, path: data}, JoinError)
    return (path, *parts)


def formulas_beside(ready: Prepared) -> list[Note]:
    """A note on texts in the files beside the data that a spreadsheet would take for formulas."""
    found = []
    for what, table in {"labels": ready.labels(), **ready.beside}.items():
        texts = {
            text for column in table.columns for text in table[column] if isinstance(text, str)
        }
        risky = sorted(text for text in texts if _FORMULA.match(text))
        if risky:
            found.append(f"{len(risky)} in {what} ({risky[0][:40]!r})")
    if not found:
        return []
    text = (
        f"Texts in the accompanying files begin like a formula: {', '.join(found)}. Do not open"
        " those files in a spreadsheet."
    )
    return [Note("beside_like_formulas", text)]


def _cells(column: pd.Series) -> list[str]:
    if column.dtype == object:
        return ["" if v is None else _quoted(v) for v in column]
    if column.dtype.kind == "b":
        return [_truth(value) for value in column]
    if column.dtype.kind == "f":
        return ["" if v != v else repr(float(v)) for v in column]
    return list(as_text(column))


def _truth(value: Any) -> str:
    if value is pd.NA:
        return ""
    return "TRUE" if value else "FALSE"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
