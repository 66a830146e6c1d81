"""CSV files: the project's one reader of cells, then types inferred, or as the labels beside the file declare them."""

import re
from pathlib import Path

from peacestudy.core.tables import read_text, rows_of
from peacestudy.errors import SourceError
from peacestudy.outcomes.files.infer import infer
from peacestudy.outcomes.files.labels import beside, columns_beside
from peacestudy.outcomes.files.restored import restored
from peacestudy.outcomes.files.table import FileTable

_EMPTY = re.compile(r'(?:^|[,\r\n])""(?=[,\r\n]|$)')
_CELL = re.compile(r'(^|[,\r\n])("(?:[^"]|"")*"|[^",\r\n][^,\r\n]*)')


def read(path: Path, sheet: str | None) -> FileTable:
    """A CSV file; ``""`` is an empty text only where ``<name>_<ending>_labels.csv`` says that the project wrote the file."""
    if sheet is not None:
        raise SourceError(f"{path} is a CSV file, which has no sheet {sheet!r}. Leave sheet= out.")
    text = read_text(path)
    columns = columns_beside(path)
    mark = ""
    if columns and _EMPTY.search(text):
        mark = next(chr(n) for n in range(0xE000, 0xF8FF) if chr(n) not in text)
        text = _CELL.sub(lambda m: m[1] + mark if m[2] == '""' else m[0], text)
    rows, lines, problems = rows_of(text, path.name)
    if not rows:
        raise SourceError(f"{path} is empty. Expected a header and rows.")
    if problems:
        raise SourceError(f"{path} cannot be read as a table: {len(problems)} problem(s).", problems)
    body = rows[1:]
    cells = {
        name: [("" if mark and row[i] == mark else row[i] or None) for row in body] for i, name in enumerate(rows[0])
    }
    declared = {c.name: c.type for c in columns}
    table, problems, notes = infer(cells, lines[1:], path.name, declared)
    if problems:
        hint = (
            f" Types are as {beside(path, 'labels').name} declares them; delete it if it is another file's."
            if columns
            else ""
        )
        raise SourceError(f"{path} cannot be read as it is: {len(problems)} problem(s).{hint}", problems)
    return restored(FileTable(table, notes=tuple(notes)), columns, beside(path, "labels").name)
