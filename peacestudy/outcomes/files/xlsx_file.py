"""Workbooks: cells as they stand; what a spreadsheet hides, merges or works out is told."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from peacestudy.core.problems import Note, Problem, one_of, shortened
from peacestudy.core.schema import NUMBER
from peacestudy.core.tables import header_problems, read_bytes, too_many_cells
from peacestudy.core.workbook.book import Listed, formats, shared_strings, since_1904, worksheets
from peacestudy.core.workbook.cells import Cell, Odd
from peacestudy.core.workbook.package import open_package
from peacestudy.core.workbook.worksheet import Worksheet, read_worksheet
from peacestudy.core.workbook.write import column_letters
from peacestudy.errors import SourceError
from peacestudy.outcomes.files.column_types import infer
from peacestudy.outcomes.files.header import name_ids
from peacestudy.outcomes.files.labels import HEADER, Column, columns_of
from peacestudy.outcomes.files.stored_types import restored
from peacestudy.outcomes.files.table import FileTable

# of a worksheet with the empty ones; no more than some three million of them are filled
_MAX_CELLS = 20_000_000
_NUMBER = re.compile(NUMBER)
# days from the first day of workbooks that count from 1900 to that of those that count from 1904
_BETWEEN = 1_462
_AFTER = 2_958_466  # 1 January 10000
_FIRST_SAFE = 61  # the day before, 29 February 1900, never was: Excel counts it all the same


def read(path: Path, sheet: str | None) -> FileTable:
    """The worksheet of that name; the only one with data where none is named, or ``data`` of a
    workbook that the project wrote.
    """
    package = open_package(read_bytes(path), path.name)
    shared, kinds = shared_strings(package), formats(package)
    found = {
        s.name: (s, read_worksheet(package, s.part, shared, kinds, computed=True))
        for s in worksheets(package)
    }
    columns = _columns(found, path.name)
    name = _chosen(found, "data" if columns and sheet is None and "data" in found else sheet, path)
    listed, page = found[name]
    own = columns if name == "data" else []
    notes = _notes(found, listed, page)
    since = since_1904(package)
    header, named = _header(page, path.name, since)
    notes += named
    cells, problems = _table(page, header, path.name, since)
    problems += [_merged(path.name, ref) for ref in page.merged]
    lines = [row.line for row in page.rows[1:]]
    names = {c.name: c.type for c in own}
    typed_columns: dict[str, Any] = {}
    mixed: list[str] = []
    for n, (column, values) in enumerate(cells.items()):
        typed_columns[column], bad, told = _typed(
            column, values, lines, path.name, names.get(column, "")
        )
        problems, notes = problems + bad, notes + told
        if column not in names and _kinds(values) == {"text", "number"}:
            mixed.append(_mixture(column, values, lines, n))
    if mixed:
        more = f"; {len(mixed) - 5} other column(s) are mixed as well" if len(mixed) > 5 else ""
        said = (
            f"{'; '.join(mixed[:5])}{more}. A mixed column is read as text, and zeros before a"
            " number may be lost."
        )
        notes.append(Note("numbers_as_text", said))
    if problems:
        raise SourceError(f"{path} cannot be read as it is: {len(problems)} problem(s).", problems)
    table = pd.DataFrame(typed_columns, index=range(len(lines)))
    return restored(FileTable(table, notes=tuple(notes)), own, f"the sheet 'labels' of {path.name}")


def _columns(found: dict[str, tuple[Listed, Worksheet]], file: str) -> list[Column]:
    """The columns that the sheet ``labels`` of a workbook of ours tells of."""
    if not {"data", "labels"} <= set(found):
        return []
    rows = []
    for row in found["labels"][1].rows:
        rows.append([str(row.cells.get(n, "")) for n in range(len(HEADER))])
    if not rows or tuple(rows[0]) != HEADER:
        return []
    return columns_of(rows[1:], f"the sheet 'labels' of {file}")


def _chosen(found: dict[str, tuple[Listed, Worksheet]], sheet: str | None, path: Path) -> str:
    filled = [name for name, (s, page) in found.items() if page.rows and not s.hidden]
    if sheet is not None:
        if sheet not in found:
            raise SourceError(f"{path}: " + one_of("sheet", sheet, list(found)))
        if not found[sheet][1].rows:
            raise SourceError(
                f"the sheet {sheet!r} of {path} is empty. Sheets with data: {', '.join(filled)}."
            )
        return sheet
    if len(filled) != 1:
        raise SourceError(
            f"{path} has {len(filled)} worksheets with data ({', '.join(filled)}). Say which:"
            ' sheet="...".'
        )
    return filled[0]


def _notes(
    found: dict[str, tuple[Listed, Worksheet]], listed: Listed, page: Worksheet
) -> list[Note]:
    out = []
    hidden = [name for name, (s, other) in found.items() if s.hidden and other.rows]
    if hidden:
        out.append(Note("hidden_sheets", f"Hidden worksheet(s) hold data: {', '.join(hidden)}."))
    rows = [row.line for row in page.rows if row.line in page.hidden_rows]
    if rows or page.hidden_columns:
        columns = sum(last - first + 1 for first, last in page.hidden_columns)
        text = (
            f"{len(rows)} row(s) and {columns} column(s) of {listed.name} are hidden; they were"
            " read as well."
        )
        out.append(Note("hidden_rows", text))
    blank = page.rows[-1].line - page.rows[0].line + 1 - len(page.rows)
    if blank:
        out.append(
            Note("blank_rows", f"{blank} row(s) of {listed.name} without any value were left out.")
        )
    if page.formulas:
        text = (
            f"{len(page.formulas)} cell(s) of {listed.name} hold formulas; the last computed"
            " values were used."
        )
        out.append(Note("formulas", text))
    return out


def _header(page: Worksheet, file: str, since: bool) -> tuple[list[str], list[Note]]:
    width = max(max(row.cells) for row in page.rows) + 1
    too_many_cells(len(page.rows), width, f"the worksheet of {file}", _MAX_CELLS)
    cells = page.rows[0].cells
    line = page.rows[0].line
    header: list[str] = []
    problems: list[Problem] = []
    for n in range(width):
        where = f"column {n + 1}"
        try:
            header.append(_name(cells.get(n, ""), since))
        except ValueError as err:
            header.append(where)
            problems.append(
                Problem(
                    file,
                    line,
                    where,
                    str(cells[n]),
                    str(err),
                    "write the name of the column as text",
                )
            )
    days = sum(isinstance(cell, Odd) and cell.kind == "date" for cell in cells.values())
    header, notes = name_ids(header)
    if days:
        notes.append(
            Note(
                "dates_as_names",
                f"{days} column name(s) are days in the workbook; they are written as YYYY-MM-DD.",
            )
        )
    problems += header_problems(header, file, line)
    if problems:
        raise SourceError(
            f"{file} has no header with one name per column: {len(problems)} problem(s).", problems
        )
    return header, notes


def _name(cell: Cell, since: bool) -> str:
    """The name of a column: a text, a whole number such as a year,
    or a day, which is written as YYYY-MM-DD.
    """
    if isinstance(cell, str):
        return cell
    if cell.kind in ("truth value", "error value"):
        raise ValueError(f"a column is named by text, not by {cell.kind}s")
    return str(_text(_value(cell, since)))


def _merged(file: str, ref: str) -> Problem:
    return Problem(
        file,
        0,
        "",
        ref,
        "merged cells give no value for the cells that they cover",
        "unmerge them and fill every cell",
    )


def _table(
    page: Worksheet, header: list[str], file: str, since: bool
) -> tuple[dict[str, list[Any]], list[Problem]]:
    """Values by column: str, int, float, bool, datetime or None; a
    number that spells its digits is an int.
    """
    body = page.rows[1:]
    # empty cells are not looked at one by one: a wide sheet may hold little
    columns: list[list[Any]] = [[None] * len(body) for _ in header]
    problems = [
        Problem(
            file,
            line,
            header[n],
            "",
            "a formula without a value",
            "open the file in a spreadsheet and save it again",
        )
        for line, n in page.blanks
    ]
    for at, row in enumerate(body):
        for n, cell in row.cells.items():
            try:
                columns[n][at] = _value(cell, since)
            except ValueError as err:
                problems.append(
                    Problem(file, row.line, header[n], str(cell), str(err), "correct the cell")
                )
    return dict(zip(header, columns, strict=True)), problems


def _value(cell: Cell, since: bool) -> Any:
    if isinstance(cell, str):
        return cell
    if cell.kind == "number":
        return int(cell.text.partition(".")[0])
    if cell.kind == "date":
        return _date(cell, since)
    if cell.kind == "truth value":
        if cell.text not in ("TRUE", "FALSE"):
            raise ValueError("a truth value is 0 or 1")
        return cell.text == "TRUE"
    if cell.kind == "error value":
        raise ValueError("the spreadsheet could not compute it")
    return _float(cell.text)


def _float(text: str) -> float:
    """A number as a workbook writes one; ``float`` also takes words,
    digits of other scripts and underscores.
    """
    number = float(text) if _NUMBER.fullmatch(text) else np.nan
    if not np.isfinite(number):
        raise ValueError("no number of a spreadsheet")
    return number


def _date(cell: Odd, since: bool) -> datetime:
    """The day of a serial number (ECMA-376, part 1, 18.17.4.1),
    or of a date as text in ISO 8601.
    """
    if "-" in cell.text[1:] and "e" not in cell.text.lower():
        day = datetime.fromisoformat(cell.text.removesuffix("Z"))
        if day.tzinfo is not None:
            raise ValueError("a time with a zone")
        return day
    serial = _float(cell.text)
    if serial < (0 if since else 1):
        raise ValueError("a time of day, or no date")
    if serial + (_BETWEEN if since else 0) >= _AFTER:
        raise ValueError("a date after the year 9999")
    if since:
        return datetime(1904, 1, 1) + timedelta(days=serial)
    if _FIRST_SAFE - 1 <= serial < _FIRST_SAFE:
        raise ValueError("29 February 1900, which did not exist")
    return datetime(1899, 12, 30 if serial >= _FIRST_SAFE else 31) + timedelta(days=serial)


def _typed(
    name: str, values: list[Any], lines: list[int], file: str, declared: str
) -> tuple[Any, list[Problem], list[Note]]:
    if declared:
        text = [_text(v) for v in values]
        table, problems, notes = infer({name: text}, lines, file, {name: declared})
        return table[name], problems, notes
    values = [None if v == "" else v for v in values]
    kinds = _kinds(values)
    if kinds <= {"text"}:
        return pd.Series(values, dtype=object), [], []
    if kinds == {"number"}:
        whole = all(v is None or isinstance(v, int) for v in values)
        return (
            (pd.array(values, dtype="Int64") if whole else pd.Series(values, dtype=float)),
            [],
            [],
        )
    if len(kinds) == 1:
        return pd.Series(values, dtype=_DTYPE[kinds.pop()]), [], []
    if kinds == {"text", "number"}:
        return pd.Series([None if v is None else _text(v) for v in values], dtype=object), [], []
    rule = f"the column mixes {', '.join(sorted(kinds))}"
    kind_of = [_KIND[type(v)] if v is not None else "" for v in values]
    rarest = min(kinds, key=kind_of.count)
    problems = [
        Problem(file, line, name, _text(v), rule, "write every cell of the column in one form")
        for line, v, kind in zip(lines, values, kind_of, strict=True)
        if kind == rarest
    ]
    return pd.Series(values, dtype=object), problems, []


def _kinds(values: list[Any]) -> set[str]:
    return {_KIND[type(v)] for v in values if v is not None and v != ""}


def _mixture(name: str, values: list[Any], lines: list[int], n: int) -> str:
    """How many cells of a column are numbers and texts, and where
    the first cell of the rarer kind stands.
    """
    kinds = [_KIND[type(v)] if v is not None and v != "" else "" for v in values]
    rarer = min(("text", "number"), key=kinds.count)
    at = kinds.index(rarer)
    cell = f"{column_letters(n + 1)}{lines[at]}"
    return (
        f"{name} has {kinds.count('number')} number cell(s) and {kinds.count('text')} text cell(s);"
        f" the first {rarer} is {shortened(values[at])} in cell {cell}"
    )


_KIND = {str: "text", int: "number", float: "number", bool: "truth values", datetime: "dates"}
_DTYPE = {"truth values": "boolean", "dates": "datetime64[us]"}
_TEXT: dict[type, Callable[[Any], str]] = {
    bool: lambda v: str(int(v)),
    datetime: lambda v: v.date().isoformat(),
    float: lambda v: repr(float(v)),
    int: str,
    str: str,
    np.float64: lambda v: repr(float(v)),
}


def _text(value: Any) -> Any:
    return None if value is None else _TEXT[type(value)](value)
