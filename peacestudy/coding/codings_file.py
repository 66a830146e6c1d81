"""One table for all coders: sheets merged in memory, and the shared file,
to which several processes may write at the same time.

A merge never picks a winner: every code of every coder stays, and a revision is a further row.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
from filelock import FileLock, Timeout

from peacestudy.coding.coding import CELL, READ_FIRST, SHEET_SCHEMA, CodingSheet, expect
from peacestudy.coding.spellings import spelling_problems
from peacestudy.core.codebook import Codebook
from peacestudy.core.file_sets import writing
from peacestudy.core.problems import Problem
from peacestudy.core.tables import read_table, write_table
from peacestudy.core.workbook.escapes import unwritable
from peacestudy.errors import CodingError

SAID = ("code", "confidence", "source", "locator", "comment")  # what a coder says of a cell
Row = dict[str, object]
FORM = "%Y-%m-%dT%H:%M:%S.%fZ"


def merge(sheets: Sequence[CodingSheet]) -> CodingSheet:
    """Merge the sheets of any number of coders: every row of each, identical rows once.

    Parameters
    ----------
    sheets : sequence of CodingSheet
        Sheets that were coded with one codebook.

    Returns
    -------
    CodingSheet
        All rows in the order of the sheets. No code is preferred: codes that differ between coders
        stay until they are adjudicated.

    Raises
    ------
    CodingError
        No sheet; sheets of several codebooks; one name for coders of two kinds; two sheets under
        one name with different codes of a cell and no dates that say which revises which; two
        spellings of a coder, or of a case of different coders. The files are named.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> book = ps.load_study("double_coding").codebook
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     sheets = []
    ...     for coder in ("ann", "ben"):
    ...         path = Path(folder, f"{coder}.csv")
    ...         path = ps.coding.blank_sheet(
    ...             book, ["case_1"], coder, path=path, indicators=["terror"]
    ...         )
    ...         sheets.append(ps.coding.read_sheet(path, book))
    >>> len(ps.coding.merge(sheets).open())
    2
    """
    if isinstance(sheets, CodingSheet) or not sheets:
        raise CodingError(
            "no sheet was given in a list. Give one or more, as merge([read_sheet(path, codebook),"
            " ...])."
        )
    for sheet in [sheets] if isinstance(sheets, str) else sheets:
        expect(sheet, CodingSheet, READ_FIRST)
    book = sheets[0].codebook
    for other in sheets[1:]:
        if (other.codebook.id, other.codebook.version) != (book.id, book.version):
            raise CodingError(
                f"{sheets[0].file} is coded by {book.id} {book.version} and {other.file} by"
                f" {other.codebook.id} {other.codebook.version}. Read all of them with one"
                " codebook."
            )
    whole = pd.concat(
        [s.table[SHEET_SCHEMA.names].assign(file=s.file) for s in sheets], ignore_index=True
    )
    whole = whole.drop_duplicates(SHEET_SCHEMA.names, ignore_index=True)
    problems = [*_two_kinds(whole), *_contradictions(whole), *_two_spellings(whole)]
    if problems:
        raise CodingError(f"the sheets cannot be merged: {len(problems)} problem(s).", problems)
    asked = [s.asked for s in sheets if s.asked is not None]
    all_asked = None
    if asked:
        all_asked = pd.concat(asked, ignore_index=True).drop_duplicates(ignore_index=True)
    files = ", ".join(s.file for s in sheets)
    return CodingSheet(whole[SHEET_SCHEMA.names], book, files, all_asked)


def _two_spellings(whole: pd.DataFrame) -> list[Problem]:
    """Coders and cases that are written in two ways, with the file of the second spelling."""
    found = spelling_problems(whole, "", range(len(whole)))
    return [replace(p, file=str(whole["file"].iloc[p.line]), line=0) for p in found]


def _two_kinds(whole: pd.DataFrame) -> list[Problem]:
    out = []
    for coder, own in whole.groupby("coder"):
        kinds = own.drop_duplicates("kind")
        if len(kinds) > 1:
            places = kinds["kind"] + " in " + kinds["file"]
            rule = f"the coder is {' and '.join(places)}"
            remedy = "two coders may have the same name: give each a different name"
            second_file = str(kinds["file"].iloc[1])
            out.append(Problem(second_file, 0, "kind", str(coder), rule, remedy))
    return out


def _contradictions(whole: pd.DataFrame) -> list[Problem]:
    """Cells that one coder codes twice at the same time, or never says when."""
    twice = whole[whole.duplicated([*CELL, "date"], keep=False)]
    out = []
    for (case, indicator, coder), own in twice.groupby(list(CELL)):
        files = ", ".join(dict.fromkeys(own["file"]))
        codes = " and ".join(str(c) for c in own["code"])
        remedy = (
            "two coders may have the same name: give each a different name; or date the revision"
        )
        cell = f"{case}, {indicator}, {coder}: {codes}"
        rule = f"one coder says two things of a cell, in {files}"
        last_file = str(own["file"].iloc[-1])
        out.append(Problem(last_file, 0, "", cell, rule, remedy))
    return out


def read_codings(path: str | Path, codebook: Codebook) -> CodingSheet:
    """Read the table of all coders: every code of every coder, with its history.

    Parameters
    ----------
    path : str or Path
        The CSV file that ``append_codings`` writes.
    codebook : Codebook
        The codebook that the codes belong to.

    Returns
    -------
    CodingSheet
        All rows of the file; ``path`` is set.

    Raises
    ------
    CodingError
        The file is missing or damaged, or its codes break the codebook; all problems at once.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> study = ps.load_study("double_coding")
    >>> sheet = ps.CodingSheet(study.sheet.table.head(20), study.codebook)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "codings.csv")
    ...     _ = ps.coding.append_codings(path, sheet)
    ...     again = ps.coding.read_codings(path, sheet.codebook)
    >>> len(again.table), again.coders
    (20, ['adb_independent', 'adb_staff'])
    """
    path = Path(path)
    return CodingSheet(read_table(path, SHEET_SCHEMA, CodingError), codebook, path.name, path=path)


def append_codings(path: str | Path, sheet: CodingSheet, *, timeout: float = 30.0) -> CodingSheet:
    """Append the codes of a sheet to the table of all coders, without changing its rows.

    Unchanged cells add no row. A changed cell is a further row, dated by the sheet, or now where
    the sheet has no date, and later than the coder's last row of the cell. A row without a date
    that the sheet itself revises is dated just before its revision. A cell that was asked, was
    coded and is now empty becomes a row without a code. Any number of processes may append at the
    same time: each waits for its turn, and the file is replaced as a whole.

    Parameters
    ----------
    path : str or Path
        The table, a CSV file; made if it does not exist. While it is written there is a lock file
        in the same folder.
    sheet : CodingSheet
        The codes to append, such as one coder's file.
    timeout : float
        Seconds to wait for other processes.

    Returns
    -------
    CodingSheet
        The whole table after the change.

    Raises
    ------
    CodingError
        Other processes write for longer than ``timeout``; the table is damaged, or belongs to
        another codebook; a text cannot be stored in a CSV file. Nothing is written then.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> study = ps.load_study("double_coding")
    >>> sheet = ps.CodingSheet(study.sheet.table.head(20), study.codebook)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "codings.csv")
    ...     first = ps.coding.append_codings(path, sheet)
    ...     second = ps.coding.append_codings(path, sheet)
    >>> len(first.table), len(second.table)
    (20, 20)
    """
    expect(sheet, CodingSheet, READ_FIRST)
    path = Path(path)
    lock = path.with_name(path.name + ".lock")
    sheet = _storable(sheet)
    try:
        with writing(path, CodingError):
            path.parent.mkdir(parents=True, exist_ok=True)
        with writing(path, CodingError), FileLock(lock, timeout=timeout, poll_interval=0.01):
            there = path.exists()
            before = read_table(path, SHEET_SCHEMA, CodingError) if there else sheet.table.iloc[:0]
            added = _added(before, sheet)
            parts = [part for part in (before, added) if len(part)]
            table = pd.concat(parts, ignore_index=True) if parts else before
            whole = CodingSheet(table, sheet.codebook, path.name, path=path)
            if len(added) or not there:
                write_table(path, table, error=CodingError)
            return whole
    except Timeout as err:
        raise CodingError(
            f"{path} has been locked by another process for {timeout:g} seconds. Wait and record"
            f" again; if no other process writes, remove {lock}."
        ) from err


def _storable(sheet: CodingSheet) -> CodingSheet:
    """The sheet as a table of the project holds it: every text NFC, an empty one missing."""
    texts = [name for name in SHEET_SCHEMA.names if name != "code"]
    problems = []
    for name in texts:
        for line, text in enumerate(sheet.table[name], start=2):
            why = unwritable(text, ".csv") if isinstance(text, str) else ""
            if why:
                shown = ascii(text)
                problems.append(Problem(sheet.file, line, name, shown, why, "correct the text"))
    if problems:
        raise CodingError(
            f"{sheet.file} has texts that no CSV file holds: {len(problems)} problem(s).", problems
        )

    def plain(text: object) -> object:
        if isinstance(text, str):
            return unicodedata.normalize("NFC", text) or None
        return None if pd.isna(text) else text  # type: ignore[call-overload]

    table = sheet.table[SHEET_SCHEMA.names].assign(
        **{name: sheet.table[name].astype(object).map(plain) for name in texts}
    )
    asked = None if sheet.asked is None else sheet.asked.astype(object).map(plain)
    return CodingSheet(table, sheet.codebook, sheet.file, asked, sheet.path)


def _added(before: pd.DataFrame, sheet: CodingSheet) -> pd.DataFrame:
    """The rows that a sheet adds to a table."""
    known: dict[tuple[str, ...], list[Row]] = {}  # rows of a cell, oldest first
    for row in _rows(before):
        known.setdefault(_cell(row), []).append(row)
    now = datetime.now(UTC)
    given = _rows(sheet.table)
    problems = _contradicted(given, known, sheet.file)
    if problems:
        raise CodingError(
            f"{sheet.file} contradicts the record: {len(problems)} problem(s).", problems
        )
    revised: dict[tuple[str, ...], str] = {}  # the first date that the sheet gives a cell
    for row in given:
        if row["date"]:
            revised.setdefault(_cell(row), str(row["date"]))
    out = []
    for row in given:
        cell = _cell(row)
        own = known.setdefault(cell, [])
        new = _new(row, own, revised.get(cell, ""), now)
        if new is not None:
            out.append(new)
            own.append(new)
            own.sort(key=lambda r: str(r["date"] or ""))
    last = {cell: own[-1] for cell, own in known.items() if own}
    out += _withdrawn(last, {_cell(r) for r in given}, sheet, now)
    return pd.DataFrame(out, columns=SHEET_SCHEMA.names).astype({"code": "Int64"})


def _new(row: Row, own: list[Row], revised: str, now: datetime) -> Row | None:
    """The row as it is added to those that its cell has, or None where it says nothing new."""
    date = str(row["date"] or "")
    if date:
        repeats = bool(own) and date > str(own[-1]["date"] or "") and _same(row, own[-1])
        return None if repeats or any(r["date"] == date for r in own) else row
    if revised:  # the sheet revised it since: it is history, and must not come out as the newest
        return None if any(_same(row, r) for r in own) else row | {"date": _before(revised, own)}
    if own and _same(row, own[-1]):
        return None
    return row | {"date": _later(now, own[-1] if own else None)}


def _contradicted(
    given: list[Row], known: dict[tuple[str, ...], list[Row]], file: str
) -> list[Problem]:
    """Rows that say something else than the record says at the same time."""
    remedy = (
        "two coders may have the same name: give each a different name; or take the date"
        " off the row"
    )
    problems = []
    for row in given:
        for old in known.get(_cell(row), ()):
            if row["date"] and old["date"] == row["date"] and not _same(row, old):
                found = f"{', '.join(_cell(row))}: {row['code']}"
                rule = f"the record has {old['code']} at {row['date']}"
                problems.append(Problem(file, 0, "", found, rule, remedy))
    return problems


def _same(one: Row, other: Row) -> bool:
    return all(one[name] == other[name] for name in SAID)


def _before(date: str, own: list[Row]) -> str:
    """The last moment before a date at which the cell has no row."""
    taken = {str(r["date"]) for r in own}
    moment = datetime.strptime(date, FORM) - timedelta(microseconds=1)
    while moment.strftime(FORM) in taken:
        moment -= timedelta(microseconds=1)
    return moment.strftime(FORM)


def _withdrawn(
    last: dict[tuple[str, ...], Row], given: set[tuple[str, ...]], sheet: CodingSheet, now: datetime
) -> list[Row]:
    """Rows without a code for cells that were asked and coded, and that the sheet leaves empty."""
    if sheet.asked is None:
        return []
    nothing = dict.fromkeys(SAID, None)
    out = []
    for cell in sheet.asked[list(CELL)].itertuples(index=False, name=None):
        if cell in given or cell not in last:
            continue
        old = last[cell]
        if any(old[name] is not None for name in SAID):
            out.append(old | nothing | {"date": _later(now, old)})
    return out


def _rows(table: pd.DataFrame) -> list[Row]:
    """Rows as plain values, oldest first; undated ones before all."""
    plain = table[SHEET_SCHEMA.names].astype(object)
    plain = plain.where(plain.notna(), None)
    rows = plain.itertuples(index=False, name=None)
    out = [dict(zip(SHEET_SCHEMA.names, row, strict=True)) for row in rows]
    return sorted(out, key=lambda row: str(row["date"] or ""))


def _cell(row: Row) -> tuple[str, ...]:
    return tuple(str(row[c]) for c in CELL)


def _later(now: datetime, old: Row | None) -> str:
    """Now, or a microsecond after the last row where a clock went back."""
    text = now.strftime(FORM)
    stamp = str(old["date"]) if old is not None and old["date"] else ""
    if stamp < text:
        return text
    last = datetime.strptime(stamp, FORM).replace(tzinfo=UTC)
    return (last + timedelta(microseconds=1)).strftime(FORM)
