"""One table for all coders: sheets merged in memory, and the shared file that several may write at the same time.

A merge never picks a winner: every code of every coder stays, and a revision is a further row.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
from filelock import FileLock, Timeout

from peacestudy.coding.coding import CELL, SHEET_SCHEMA, CodingSheet
from peacestudy.core.codebook import Codebook
from peacestudy.core.problems import Problem
from peacestudy.core.tables import read_table, write_table
from peacestudy.errors import CodingError

SAID = ("code", "confidence", "source", "locator", "comment")  # what a coder says of a cell
FORM = "%Y-%m-%dT%H:%M:%S.%fZ"


def merge(sheets: Sequence[CodingSheet]) -> CodingSheet:
    """Sheets of any number of coders as one: every row of each, identical ones once.

    Raises
    ------
    CodingError
        No sheet, sheets of several codebooks, one name for coders of two kinds, or two sheets under one name that say different
        things of a cell without dates to tell which revises which. The files are named.
    """
    if not sheets:
        raise CodingError("no sheet was given. Give one or more, as merge([read_sheet(path, codebook), ...]).")
    book = sheets[0].codebook
    for other in sheets[1:]:
        if (other.codebook.id, other.codebook.version) != (book.id, book.version):
            raise CodingError(
                f"{sheets[0].file} is coded by {book.id} {book.version} and {other.file} by {other.codebook.id} "
                f"{other.codebook.version}. Read all of them with one codebook."
            )
    whole = pd.concat([s.table[SHEET_SCHEMA.names].assign(file=s.file) for s in sheets], ignore_index=True)
    whole = whole.drop_duplicates(SHEET_SCHEMA.names, ignore_index=True)
    problems = [*_two_kinds(whole), *_contradictions(whole)]
    if problems:
        raise CodingError(f"the sheets cannot be merged: {len(problems)} problem(s).", problems)
    asked = [s.asked for s in sheets if s.asked is not None]
    together = pd.concat(asked, ignore_index=True).drop_duplicates(ignore_index=True) if asked else None
    return CodingSheet(whole[SHEET_SCHEMA.names], book, ", ".join(s.file for s in sheets), together)


def _two_kinds(whole: pd.DataFrame) -> list[Problem]:
    out = []
    for coder, own in whole.groupby("coder"):
        kinds = own.drop_duplicates("kind")
        if len(kinds) > 1:
            said = " and ".join(f"{k} in {f}" for k, f in zip(kinds["kind"], kinds["file"], strict=True))
            file, remedy = str(kinds["file"].iloc[1]), "two coders under one name? give each a name of their own"
            out.append(Problem(file, 0, "kind", str(coder), f"the coder is {said}", remedy))
    return out


def _contradictions(whole: pd.DataFrame) -> list[Problem]:
    """Cells that one coder codes twice at the same time, or never says when."""
    twice = whole[whole.duplicated([*CELL, "date"], keep=False)]
    out = []
    for (case, indicator, coder), own in twice.groupby(list(CELL)):
        files = ", ".join(dict.fromkeys(own["file"]))
        codes = " and ".join(str(c) for c in own["code"])
        remedy = "two coders under one name? give each a name of their own; or date the revision"
        cell = f"{case}, {indicator}, {coder}: {codes}"
        out.append(
            Problem(str(own["file"].iloc[-1]), 0, "", cell, f"one coder says two things of a cell, in {files}", remedy)
        )
    return out


def read_record(path: str | Path, codebook: Codebook) -> CodingSheet:
    """The shared table of a study: every code of every coder, with its history."""
    path = Path(path)
    return CodingSheet(read_table(path, SHEET_SCHEMA, CodingError), codebook, path.name, path=path)


def record(path: str | Path, sheet: CodingSheet, *, timeout: float = 30.0) -> CodingSheet:
    """Add what coders wrote to the shared table; nothing that stands there is changed or removed.

    Cells that say what they said before add nothing. A changed cell is a further row, dated by the sheet, or now where the sheet
    has no date, and later than the coder's last row of the cell. A cell that was asked, was coded and is now empty becomes a row
    without a code. Any number of processes may record at the same time: each waits for its turn, and the file is replaced whole.

    Parameters
    ----------
    path : the table, a CSV file; made if it is not there. A lock file stands beside it while it is written.
    timeout : seconds to wait for others.

    Returns
    -------
    CodingSheet
        The table as it stands afterwards.

    Raises
    ------
    CodingError
        Others write for longer than that; the table is damaged, or belongs to another codebook. Nothing is written then.
    """
    path = Path(path)
    lock = path.with_name(path.name + ".lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(lock, timeout=timeout):
            there = read_record(path, sheet.codebook) if path.exists() else None
            before = there.table if there is not None else sheet.table.iloc[:0][SHEET_SCHEMA.names]
            added = _added(before, sheet)
            whole = CodingSheet(
                pd.concat([before, added], ignore_index=True) if len(added) else before,
                sheet.codebook,
                path.name,
                path=path,
            )
            if len(added) or there is None:
                write_table(path, whole.table)
            return whole
    except Timeout as err:
        raise CodingError(
            f"{path} has been locked by another process for {timeout:g} seconds. Wait and record again; if nobody else writes, remove {lock}."
        ) from err
    except OSError as err:
        raise CodingError(
            f"{path} cannot be written: {err.strerror}. Check who may write there, and whether the disk is full."
        ) from err


def _added(before: pd.DataFrame, sheet: CodingSheet) -> pd.DataFrame:
    """The rows that a sheet adds to a table."""
    last: dict[tuple[str, ...], dict[str, object]] = {}
    stamps: dict[tuple[str, ...], set[str]] = {}
    for row in _rows(before):
        cell = _cell(row)
        last[cell] = row
        stamps.setdefault(cell, set()).add(str(row["date"] or ""))
    now = datetime.now(UTC)
    given = _rows(sheet.table)
    out = []
    for row in given:
        cell, date = _cell(row), row["date"]
        if date and str(date) in stamps.get(cell, ()):
            continue
        old = last.get(cell)
        newest = old is None or not date or str(date) > str(old["date"] or "")
        if newest and old is not None and all(row[c] == old[c] for c in SAID):
            continue
        new = row | {"date": date or _later(now, old)}
        out.append(new)
        stamps.setdefault(cell, set()).add(str(new["date"]))
        last[cell] = new if newest else last[cell]
    out += _withdrawn(last, {_cell(r) for r in given}, sheet, now)
    return pd.DataFrame(out, columns=SHEET_SCHEMA.names).astype({"code": "Int64"})


def _withdrawn(
    last: dict[tuple[str, ...], dict[str, object]], given: set[tuple[str, ...]], sheet: CodingSheet, now: datetime
) -> list[dict[str, object]]:
    """Rows without a code for cells that were asked and coded, and that the sheet leaves empty."""
    if sheet.asked is None:
        return []
    emptied = [c for c in sheet.asked[list(CELL)].itertuples(index=False, name=None) if c in last and c not in given]
    nothing = dict.fromkeys(SAID, None)
    return [
        last[c] | nothing | {"date": _later(now, last[c])}
        for c in emptied
        if any(last[c][name] is not None for name in SAID)
    ]


def _rows(table: pd.DataFrame) -> list[dict[str, object]]:
    """Rows as plain values, oldest first, undated ones before dated ones of the record and after those of a sheet."""
    plain = table[SHEET_SCHEMA.names].astype(object).where(table[SHEET_SCHEMA.names].notna(), None)
    out = plain.sort_values("date", kind="stable", na_position="first").to_dict("records")
    return [{str(k): v for k, v in row.items()} for row in out]


def _cell(row: dict[str, object]) -> tuple[str, ...]:
    return tuple(str(row[c]) for c in CELL)


def _later(now: datetime, old: dict[str, object] | None) -> str:
    """Now, or a microsecond after the last row where a clock went back."""
    text = now.strftime(FORM)
    stamp = str(old["date"]) if old is not None and old["date"] else ""
    if stamp < text:
        return text
    return (datetime.strptime(stamp, FORM).replace(tzinfo=UTC) + timedelta(microseconds=1)).strftime(FORM)
