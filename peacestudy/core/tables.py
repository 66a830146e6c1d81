"""The one reader and the one writer of the project.

Reading: pandas' own reader turns "NA" (Namibia) into a missing value and "007" into 7, and shifts
columns on a ragged row without a word. Here every cell is text first, strictly UTF-8 and NFC, every
row has as many cells as the header, and types come from a schema. Writing: a killed ``to_csv``
leaves half a file; here a file appears whole or not at all.
"""

import codecs
import csv
import hashlib
import io
import os
import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from peacestudy.core.file_sets import write_files
from peacestudy.core.problems import Problem
from peacestudy.core.schema import Schema, typed
from peacestudy.errors import PeacestudyError, SourceError

LIMIT = 512 * 2**20  # bytes; larger files are refused before they are read
# rows times columns of a table; larger ones are refused before they are made
MAX_CELLS = 150_000_000
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}
_HEAD = 2**16  # characters in which the separator of a file is looked for
_QUOTE = re.compile(r'[",\r\n]')


def read_bytes(
    path: Path, error: type[PeacestudyError] = SourceError, limit: int | None = None
) -> bytes:
    """The bytes of a file, or an error that says what is wrong with it."""
    try:
        size = path.stat().st_size
    except (OSError, ValueError) as err:  # ValueError: a NUL in the path
        raise error(
            f"{path} cannot be read: {getattr(err, 'strerror', err)}. Check the path."
        ) from err
    if not path.is_file():
        raise error(f"{path} is not a file. Give the path of a file.")
    limit = LIMIT if limit is None else limit
    if size > limit:
        raise error(
            f"{path} has {size / 2**20:.0f} MB; files over {limit / 2**20:.0f} MB are refused."
            " Split it."
        )
    try:
        return path.read_bytes()
    except OSError as err:
        raise error(f"{path} cannot be read: {err.strerror}. Check who may read it.") from err


def too_many_cells(rows: int, columns: int, what: str, limit: int = MAX_CELLS) -> None:
    """Refuse a table by the size that it would have, whatever part of its cells is filled.

    Raises
    ------
    SourceError
        The table would have more than ``limit`` cells.
    """
    if rows * columns > limit:
        raise SourceError(
            f"{what} has {rows:,} rows of {columns:,} columns, {rows * columns:,} cells with the"
            f" empty ones; no more than {limit:,} are read. Leave out the columns you do not need,"
            " or split it by rows."
        )


def read_text(
    path: Path,
    error: type[PeacestudyError] = SourceError,
    compose: bool = True,
    limit: int | None = None,
) -> str:
    """The text of a file: strict UTF-8 (a byte order mark is taken
    off), no NUL, NFC unless ``compose`` is false.
    """
    raw = read_bytes(path, error, limit).removeprefix(codecs.BOM_UTF8)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as err:
        problem = Problem(
            path.name,
            _line(raw, err.start),
            "",
            repr(raw[err.start : err.start + 8]),
            "expected UTF-8",
            "save the file as UTF-8 (in a spreadsheet: 'CSV UTF-8'), or download it again",
        )
        raise error(f"{path} is not UTF-8.", [problem]) from err
    if b"\0" in raw:
        problem = Problem(
            path.name,
            _line(raw, raw.index(b"\0")),
            "",
            "\0",
            "a text file holds no NUL byte",
            "the file is damaged or not a text file: download or save it again",
        )
        raise error(f"{path} holds a NUL byte.", [problem])
    return text if text.isascii() or not compose else unicodedata.normalize("NFC", text)


def _line(raw: bytes, at: int) -> int:
    """The 1-based line of a byte; lines end with CR, LF or both, as in ``csv``."""
    return len((raw[:at] + b".").splitlines())


def read_table(
    path: str | os.PathLike[str], schema: Schema, error: type[PeacestudyError] = SourceError
) -> pd.DataFrame:
    """Read a CSV file by its schema.

    Parameters
    ----------
    path : file, comma separated, first row the header.
    schema : the columns that are read; columns beyond them are left out.
    error : class of the error to raise, the stage that reads.

    Returns
    -------
    DataFrame
        Index 0..n-1, columns of the schema in its order and types. ``table.attrs`` is not used.

    Raises
    ------
    error
        All problems at once, each with file, line, column, value, rule and remedy.
    """
    path = Path(path)
    return parse_table(read_text(path, error), schema, path, error)


def parse_table(
    text: str, schema: Schema, path: Path, error: type[PeacestudyError] = SourceError
) -> pd.DataFrame:
    """Read CSV text by its schema, as ``read_table`` does;
    ``path`` names it in what is said of problems.

    Examples
    --------
    >>> from peacestudy.core.schema import Field
    >>> parse_table(
    ...     "code,year\\n007,2001\\n", Schema((Field("code"), Field("year", "year"))), Path("a.csv")
    ... ).values.tolist()
    [['007', 2001]]
    """
    rows, lines, problems = rows_of(text, path.name)
    if problems:
        raise error(f"{path} cannot be read as a table: {len(problems)} problem(s).", problems)
    if not rows:
        raise error(f"{path} is empty. Expected a header with {', '.join(schema.names[:6])} ...")
    header, body = rows[0], rows[1:]
    place = {name: n for n, name in enumerate(header)}
    all_there = all(name in place for name in schema.names)
    columns = {}
    for name in schema.names if all_there else header:
        columns[name] = _column(body, place[name])
    cells = pd.DataFrame(columns)
    table, problems = typed(cells, lines[1:], schema, path.name)
    if problems:
        raise error(f"{path} does not keep its schema: {len(problems)} problem(s).", problems)
    return table


def header_of(path: str | os.PathLike[str]) -> list[str]:
    """The column names of a CSV file, those beyond any schema
    too; the rows are not read into memory.
    """
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            first = next(csv.reader(file), [])
    except (OSError, UnicodeDecodeError, csv.Error) as err:
        raise SourceError(f"the header of {path} cannot be read: {err}. Check the file.") from err
    return [unicodedata.normalize("NFC", name) for name in first]


def read_plain(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read a CSV file of ours that has no schema: columns whose every filled cell is a number
    become float64, others text.

    Empty cells are missing. For files that the project itself wrote under
    ``build/``; data come through ``read_table``.
    """
    path = Path(path)
    rows, _, problems = rows_of(read_text(path), path.name)
    if problems or not rows:
        raise SourceError(
            f"{path} is empty or damaged. Delete it and run make to create it again.", problems
        )
    columns = {}
    for i, name in enumerate(rows[0]):
        cells = _column(rows[1:], i)
        filled = cells != ""
        texts = cells.where(filled, None)
        numbers = pd.to_numeric(texts, errors="coerce").astype(float)
        columns[name] = numbers if numbers.notna().eq(filled).all() else texts
    return pd.DataFrame(columns)


def _column(rows: Sequence[Sequence[str]], place: int) -> pd.Series:
    return pd.Series([row[place] for row in rows], dtype=object)


def row_lines(path: str | os.PathLike[str]) -> list[int]:
    """The line of the file at which each row of ``read_table`` begins:
    cells may hold line breaks, lines may be blank.
    """
    path = Path(path)
    return rows_of(read_text(path), path.name)[1][1:]


def separator_of(text: str) -> str:
    """The separator of the cells of a CSV text: a comma, or the semicolon or tab that some
    spreadsheets and R's ``write.csv2`` write.

    It is the one by which the first rows have equally many cells;
    what stands in quotes does not count.

    Examples
    --------
    >>> [
    ...     separator_of(t)
    ...     for t in ("a,b\\n1,2", 'a;"b, c"\\n1,5;2', "a\\tb\\n1\\t2", "x, y\\n1;2,3\\n")
    ... ]
    [',', ';', '\\t', ',']
    """
    unquoted = "".join(text[:_HEAD].split('"')[::2])
    rows = [row for row in unquoted.splitlines() if row.strip(" ")]
    if len(text) > _HEAD and len(rows) > 1:
        rows = rows[:-1]  # the last one may be cut off
    if not rows:
        return ","
    header, body = rows[0], rows[1:20]
    found = [mark for mark in SEPARATORS if mark in header]
    found.sort(key=header.count, reverse=True)
    for mark in found:
        cells = header.count(mark)
        if all(row.count(mark) == cells for row in body):
            return mark
    if "," in header:
        return ","
    for mark in found:
        if any(mark in row for row in body):
            return mark
    return ","


def rows_of(
    text: str, file: str, separator: str = ","
) -> tuple[list[list[str]], list[int], list[Problem]]:
    """Cells of a CSV text, the line at which each row begins, and what is wrong with its shape
    (problems name ``file``).

    Blank lines after the header are left out.
    """
    found = separator_of(text)
    if found != separator and separator == ",":
        first = text.lstrip("\r\n").partition("\n")[0][:80]
        rule = f"the cells are separated by {found!r} where commas are expected"
        return [], [], [Problem(file, 1, "", first, rule, "save the file as CSV with commas")]
    rows, lines, broken = _read_rows(text, file, separator)
    header = rows[0] if rows else []
    row_names = _row_names(rows, file, lines, separator)
    if row_names:
        return rows, lines, [*row_names, *broken]
    problems = []
    for i, (row, line) in enumerate(zip(rows, lines, strict=True), start=1):
        if len(row) != len(header):
            rule = f"{len(row)} cells where the header has {len(header)}"
            last = i == len(rows) and not broken
            remedy = (
                "the file ends here, so it may be cut off: download it again"
                if last
                else "look for a missing or extra comma or quote"
            )
            problems.append(Problem(file, line, "", separator.join(row)[:80], rule, remedy))
    problems += broken
    return rows, lines, [*problems, *header_problems(header, file, lines[0] if lines else 1)]


def _read_rows(
    text: str, file: str, separator: str
) -> tuple[list[list[str]], list[int], list[Problem]]:
    """Cells and lines of the rows up to the end, or to where the text is no CSV."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    csv.field_size_limit(LIMIT)
    rows: list[list[str]] = []
    lines: list[int] = []
    begin = 1
    try:
        for row in reader:
            if row or not rows:
                rows.append(row)
                lines.append(begin)
                if not len(rows) % 4096:
                    too_many_cells(len(rows), len(rows[0]), file)
            begin = reader.line_num + 1
    except csv.Error as err:
        remedy = "a quote is open or the file is cut off; save or download it again"
        rule = f"not well-formed CSV ({err})"
        return rows, lines, [Problem(file, begin, "", "", rule, remedy)]
    return rows, lines, []


def _row_names(rows: list[list[str]], file: str, lines: list[int], separator: str) -> list[Problem]:
    """The problem of a table whose first column has no header, as R writes row names."""
    header = rows[0] if rows else []
    one_more = len(rows) > 1 and all(len(row) == len(header) + 1 for row in rows[1:])
    if not one_more or not any(row[-1] for row in rows[1:]):
        return []
    rule = (
        "every row has one cell more than the header, as R's write.table writes row names"
        f" ({rows[1][0]!r})"
    )
    remedy = "write the file with write.csv, or put a name for the first column before the header"
    return [Problem(file, lines[0], "", separator.join(header)[:80], rule, remedy)]


def header_problems(header: Sequence[str], file: str, line: int = 1) -> list[Problem]:
    """What is wrong with the names of columns: one that is blank, and one that stands already."""
    first: dict[str, int] = {}
    out: list[Problem] = []
    for n, name in enumerate(header, start=1):
        if not name.strip():
            remedy = (
                "name the column, or leave it out (row names of R and the index of pandas are"
                " written without a name)"
            )
            out.append(
                Problem(
                    file,
                    line,
                    f"column {n}",
                    name,
                    "column names must be filled and unique",
                    remedy,
                )
            )
        elif first.setdefault(name, n) != n:
            rule = (
                "column names must be filled and unique, and this is also the name of column"
                f" {first[name]}"
            )
            out.append(Problem(file, line, name, name, rule, "rename the column"))
    return out


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, as 64 hexadecimal digits."""
    return hashlib.sha256(read_bytes(path)).hexdigest()


def write_bytes(
    path: str | os.PathLike[str], data: bytes, error: type[PeacestudyError] = SourceError
) -> None:
    """Write a file whole or not at all; see ``peacestudy.core.file_sets``."""
    write_files({Path(path): data}, error)


def write_text(
    path: str | os.PathLike[str], text: str, error: type[PeacestudyError] = SourceError
) -> None:
    """Write text as UTF-8 with line feeds, whole or not at all."""
    write_bytes(path, text.encode("utf-8"), error)


def to_csv(table: pd.DataFrame, columns: Sequence[str] | None = None) -> str:
    """A table as CSV text that ``read_table`` reads back: dates as
    YYYY-MM-DD, booleans as 0 or 1, missing as empty.

    Floats are written with ``repr``, the shortest text that gives the same number again.
    """
    part = table if columns is None else table[list(columns)]
    lines = [_csv_line(part.columns)]
    for row in part.astype(object).itertuples(index=False, name=None):
        lines.append(_csv_line(row))
    return "".join(lines)


def _csv_line(values: Iterable[object]) -> str:
    # csv.writer does not quote a carriage return where lines end with a line feed, and no reader
    # restores it
    cells = []
    for value in values:
        text = _cell(value)
        if _QUOTE.search(text):
            text = '"' + text.replace('"', '""') + '"'
        cells.append(text)
    return (",".join(cells) or '""') + "\n"


def write_table(
    path: str | os.PathLike[str],
    table: pd.DataFrame,
    columns: Sequence[str] | None = None,
    error: type[PeacestudyError] = SourceError,
) -> None:
    """Write a table as CSV (see ``to_csv``), whole or not at all."""
    write_text(path, to_csv(table, columns), error)


def _cell(value: object) -> str:
    if value is None or value is pd.NA or value is pd.NaT or value != value:
        return ""
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()  # strftime writes the year 999 with three digits
    if isinstance(value, bool | np.bool_):
        return str(int(value))
    if isinstance(value, float):
        return repr(float(value))
    return str(value)
