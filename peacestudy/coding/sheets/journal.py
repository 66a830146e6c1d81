"""Answers that are on disk but not in the coder's file yet: one line each, appended and flushed,
taken over when the file is read.

A workbook of ten thousand rows takes seconds to write, and a file that is open in a spreadsheet
program cannot be written at all; a line takes milliseconds and can always be added.
"""

import json
import os
from pathlib import Path

from peacestudy.coding.coding import SHEET_SCHEMA
from peacestudy.coding.sheets.answering import Value, with_row
from peacestudy.coding.sheets.sheet import CoderSheet
from peacestudy.core.file_sets import flush_folder, writing
from peacestudy.core.problems import Problem
from peacestudy.core.tables import read_bytes
from peacestudy.errors import CodingError


def journal_of(path: Path) -> Path:
    """Where the answers that are not in a coder's file yet stand: beside it."""
    return path.with_name(path.name + ".journal")


def append(path: Path, sheet: CoderSheet, row: dict[str, Value], replaces: str) -> None:
    """Add an answer to the journal of a file; on disk when this returns.

    Raises
    ------
    CodingError
        The folder cannot be written, or the disk is full.
    """
    entry = {"codebook": sheet.codebook.id, "row": row, "replaces": replaces}
    line = (json.dumps(entry) + "\n").encode("ascii")
    target = journal_of(path)
    with writing(target, CodingError):
        new = not target.exists()
        with target.open("ab+") as out:
            _heal(out.fileno())
            out.write(line)
            out.flush()
            os.fsync(out.fileno())
        if new:
            flush_folder(target.parent)


def _heal(handle: int) -> None:
    """Cut off a line that was torn by a crash: it was never said
    to be saved, and would spoil the next.
    """
    size = os.fstat(handle).st_size
    data = os.pread(handle, min(size, 2**20), max(0, size - 2**20)) if hasattr(os, "pread") else b""
    if data and not data.endswith(b"\n"):
        os.ftruncate(handle, size - (len(data) - data.rfind(b"\n") - 1))


def taken(sheet: CoderSheet) -> tuple[CoderSheet, int]:
    """A sheet with the answers of its journal, and how many lines that
    has. Taking them over twice changes nothing.

    Raises
    ------
    CodingError
        The journal is damaged, or is another coder's or codebook's.
    """
    path = sheet.path
    if path is None or not journal_of(path).exists():
        return sheet, 0
    # a torn last line was never said to be saved
    lines = read_bytes(journal_of(path), CodingError).split(b"\n")[:-1]
    for number, line in enumerate(lines, start=1):
        try:
            entry = json.loads(line)
            row, replaces = (
                {name: entry["row"][name] for name in SHEET_SCHEMA.names},
                str(entry["replaces"]),
            )
            whose = (entry["codebook"], row["coder"], row["kind"])
        except (ValueError, KeyError, TypeError) as err:
            raise CodingError(
                f"{journal_of(path)} is damaged.", [_problem(path, number, line)]
            ) from err
        if whose != (sheet.codebook.id, sheet.coder, sheet.kind):
            raise CodingError(
                f"{journal_of(path)} belongs to {row['coder']} ({row['kind']}), codebook"
                f" {entry['codebook']}, and {path.name} to {sheet.coder} ({sheet.kind}), codebook"
                f" {sheet.codebook.id}. Move it to its own file."
            )
        sheet = with_row(sheet, row, replaces)
    return sheet, len(lines)


def _problem(path: Path, number: int, line: bytes) -> Problem:
    remedy = "correct or delete the line; each line is one answer of the form"
    return Problem(
        journal_of(path).name, number, "", repr(line[:80]), "not a line that the form wrote", remedy
    )
