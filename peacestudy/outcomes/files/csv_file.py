"""CSV files: the project's one reader of cells, then types inferred, or
as the labels beside the file declare them.
"""

import re
import unicodedata
from pathlib import Path

from peacestudy.core.problems import Note, Problem, repeated
from peacestudy.core.tables import SEPARATORS, read_text, rows_of, separator_of
from peacestudy.errors import SourceError
from peacestudy.outcomes.files.column_types import infer
from peacestudy.outcomes.files.header import name_ids
from peacestudy.outcomes.files.labels import beside, columns_beside
from peacestudy.outcomes.files.stored_types import restored
from peacestudy.outcomes.files.table import FileTable

_EMPTY = re.compile(r'(?:^|[,\r\n])""(?=[,\r\n]|$)')
_CELL = re.compile(r'(^|[,\r\n])("(?:[^"]|"")*"|[^",\r\n][^,\r\n]*)')


def read(path: Path, sheet: str | None) -> FileTable:
    """A CSV file, separated by commas, semicolons or tabs.

    ``""`` is an empty text only where ``<name>_<ending>_labels.csv`` says that the project wrote
    the file; such a file is also taken to the letter, where others are composed (NFC).
    """
    if sheet is not None:
        raise SourceError(f"{path} is a CSV file, which has no sheet {sheet!r}. Leave sheet= out.")
    text = read_text(path, compose=False)
    columns = columns_beside(path)
    separator = separator_of(text)
    mark = ""
    if columns and _EMPTY.search(text):
        mark = next(chr(n) for n in range(0xE000, 0xF8FF) if chr(n) not in text)
        text = _CELL.sub(lambda m: m[1] + mark if m[2] == '""' else m[0], text)
    rows, lines, problems = rows_of(text, path.name, separator)
    header, notes = name_ids(rows[0]) if rows else ([], [])
    if notes:
        problems = [p for p in problems if p.column != "column 1"]
    if rows and not columns and not unicodedata.is_normalized("NFC", text):
        header = [unicodedata.normalize("NFC", name) for name in header]
        problems += composed_problems(header, rows[0], path.name)
    if problems:
        raise SourceError(
            f"{path} cannot be read as a table: {len(problems)} problem(s).", problems
        )
    if not header:
        raise SourceError(f"{path} is empty. Expected a header and rows.")
    if separator != ",":
        by = f"The cells are separated by {separator!r}, so by {SEPARATORS[separator]}."
        notes.append(Note("separator", by))
    body = rows[1:]
    cells: dict[str, list[str | None]] = {}
    for n, name in enumerate(header):
        column = [row[n] for row in body]
        if not columns:
            column = composed(name, column, notes)
        # a missing cell is None, and the mark stands for an empty text
        values: list[str | None] = [cell or None for cell in column]
        if mark:
            values = ["" if cell == mark else cell for cell in values]
        cells[name] = values
    declared = {c.name: c.type for c in columns}
    table, problems, found = infer(cells, lines[1:], path.name, declared)
    if problems:
        hint = ""
        if columns:
            hint = (
                f" Types are as {beside(path, 'labels').name} declares them; delete it if it is"
                " another file's."
            )
        raise SourceError(
            f"{path} cannot be read as it is: {len(problems)} problem(s).{hint}", problems
        )
    return restored(FileTable(table, notes=(*notes, *found)), columns, beside(path, "labels").name)


def composed(name: str, cells: list[str], notes: list[Note]) -> list[str]:
    """The cells in NFC; a note counts texts that differed by
    nothing but the composition of their letters.
    """
    if all(map(str.isascii, cells)):
        return cells
    once = {cell: unicodedata.normalize("NFC", cell) for cell in set(cells)}
    lost = len(once) - len(set(once.values()))
    if lost:
        example = repeated(once.values())[0]
        text = (
            f"{name} held {lost + len(repeated(once.values()))} texts that differ only in how"
            f" their letters are composed, such as {example!r}; those that look the same are one"
            " text now."
        )
        notes.append(Note("composition", text))
    return [once[cell] for cell in cells]


def composed_problems(header: list[str], written: list[str], file: str) -> list[Problem]:
    """Names that only the composition of their letters told apart."""
    twice = set(repeated(header)) - set(repeated(written))
    rule = "two column names differ only in how their letters are composed"
    return [
        Problem(file, 1, name, name, rule, "rename one of the columns") for name in sorted(twice)
    ]
