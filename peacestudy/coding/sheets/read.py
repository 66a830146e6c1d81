"""A coder's file -> what they wrote, or all of its problems at once."""

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from peacestudy.coding.coding import LOAD_FIRST, expect
from peacestudy.coding.sheets.csv_file import read_csv
from peacestudy.coding.sheets.journal import taken
from peacestudy.coding.sheets.layout import COLUMNS, SHOWN
from peacestudy.coding.sheets.raw import RawTable
from peacestudy.coding.sheets.reading import Reading
from peacestudy.coding.sheets.sheet import CoderSheet
from peacestudy.coding.sheets.write import SUFFIXES, open_elsewhere
from peacestudy.coding.sheets.xlsx_read import read_xlsx
from peacestudy.core.codebook import Codebook
from peacestudy.core.problems import Note, Problem, nearest
from peacestudy.core.tables import read_bytes
from peacestudy.errors import CodingError

_NEEDED = tuple(name for name in COLUMNS if name not in SHOWN)


def read_sheet(path: str | os.PathLike[str], codebook: Codebook) -> CoderSheet:
    """Read the file that one coder filled, in the form, in a spreadsheet or in another program.

    Rows may be sorted, columns reordered, and cells left empty: a cell that is not filled is asked
    and open. Texts are kept to the byte. A code may be ``1``, ``1 present`` or ``present``, typed
    as text or number. A row that was filled in a spreadsheet has no date, because nobody recorded
    one: reading a file twice gives the same rows twice, and ``ps.coding.append_codings`` dates new
    rows. A row that the form had dated and a spreadsheet has changed since is dated with the time
    at which the file was saved, and later than the row that it revises.

    Parameters
    ----------
    path : str or Path
        ``.xlsx`` or ``.csv``, as ``blank_sheet`` wrote it and any program saved it since.
    codebook : Codebook
        The present codebook. A sheet of an older version is read as far as possible; ``notes`` say
        what changed.

    Returns
    -------
    CoderSheet
        A ``CodingSheet`` with the codes, the cells asked, the cases, and ``notes`` on values that
        were interpreted.

    Raises
    ------
    CodingError
        The file cannot be read, is unsafe, or is for another codebook; or all problems of its rows
        at once, each with row, column and remedy.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> book = ps.load_study("double_coding").codebook
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "ann.csv")
    ...     path = ps.coding.blank_sheet(
    ...         book, ["a"], "ann", path=path, indicators=["terror", "grade"]
    ...     )
    ...     empty = ps.coding.read_sheet(path, book)
    >>> len(empty.table), len(empty.open())
    (0, 2)
    """
    expect(codebook, Codebook, LOAD_FIRST)
    path = Path(path)
    raw = _raw(path)
    problems = _column_problems(raw)
    if problems:
        raise CodingError(
            f"{path} has not the columns of a sheet: {len(problems)} problem(s).", problems
        )
    saved = raw.saved or datetime.fromtimestamp(path.stat().st_mtime, UTC).strftime(
        "%Y-%m-%dT%H:%M:%S.%fZ"
    )
    reading = Reading(raw, codebook, saved)
    reading.notes += _file_notes(raw, path)
    reading.run()
    if reading.problems:
        raise CodingError(
            f"{path} cannot be taken as it is: {len(reading.problems)} problem(s).",
            reading.problems,
        )
    return _with_journal(reading.sheet(path))


def _with_journal(sheet: CoderSheet) -> CoderSheet:
    """The sheet with the answers that a form could not write into
    the file before it was cut off.
    """
    whole, lines = taken(sheet)
    if not lines:
        return sheet
    text = (
        f"{lines} answer(s) of the form were taken over from {sheet.file}.journal; they are not in"
        " the file itself yet."
    )
    return replace(whole, notes=(*whole.notes, Note("journal", text)))


def _raw(path: Path) -> RawTable:
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise CodingError(
            f"{path} ends in {path.suffix!r}; a coder's file is .xlsx or .csv. Save it as one of"
            " these."
        )
    data = read_bytes(path, CodingError)
    return read_csv(data, path.name) if suffix == ".csv" else read_xlsx(data, path.name)


def _column_problems(raw: RawTable) -> list[Problem]:
    out = [
        Problem(
            raw.file,
            1,
            name,
            ", ".join(n for n in raw.header if n)[:80],
            "the column is expected",
            "restore it from the original file."
            + nearest(name, [n for n in raw.header if n not in COLUMNS]),
        )
        for name in _NEEDED
        if name not in raw.header
    ]
    out += [
        Problem(
            raw.file,
            1,
            name,
            name,
            "the column appears twice",
            "keep the one with the codes and delete the other",
        )
        for name in COLUMNS
        if raw.header.count(name) > 1
    ]
    return out


def _file_notes(raw: RawTable, path: Path) -> list[Note]:
    notes = list(raw.notes)
    width = max((max(row.cells) + 1 for row in raw.rows), default=0)
    names = raw.header + [""] * (width - len(raw.header))
    filled = {n for row in raw.rows for n in row.cells}
    extra = []
    for n, name in enumerate(names):
        if name not in COLUMNS and n in filled:
            extra.append(name or f"column {n + 1}")
    if extra:
        text = (
            f"Not part of a sheet, and not read: {', '.join(extra)}. Writing the file again leaves"
            " them out."
        )
        notes.append(Note("extra_columns", text))
    lock = open_elsewhere(path)
    if lock is not None:
        notes.append(
            Note(
                "open",
                f"The file is open in a program ({lock.name}); what is not saved there is not"
                " read.",
            )
        )
    return notes
