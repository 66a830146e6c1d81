"""The files that coders fill: a blank sheet to begin with, and the
same file written anew as the work goes on.
"""

import os
import re
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from peacestudy.coding.coding import CODER_KINDS, LOAD_FIRST, SHEET_SCHEMA, CodingSheet, expect
from peacestudy.coding.sheets.csv_file import csv_bytes
from peacestudy.coding.sheets.layout import COLUMNS
from peacestudy.coding.sheets.rows import Text, file_rows
from peacestudy.coding.sheets.sheet import CoderSheet
from peacestudy.core.codebook import Codebook
from peacestudy.core.problems import Problem, nearest, one_of, repeated
from peacestudy.core.tables import write_bytes
from peacestudy.core.workbook.escapes import any_unwritable, unwritable
from peacestudy.core.workbook.worksheet import MAX_ROWS
from peacestudy.errors import CodingError

SUFFIXES = (".xlsx", ".csv")
MAX_WORKBOOK = 80_000  # rows; larger ones come near the size that the reader refuses as dangerous
_NAME = re.compile(r"[^\W_](?:[\w .@+-]{0,62}[\w@+-])?")


def blank_sheet(
    codebook: Codebook,
    cases: pd.DataFrame | Iterable[str],
    coder: str,
    *,
    kind: str = "human",
    path: str | os.PathLike[str] | None = None,
    indicators: Iterable[str] | None = None,
) -> Path:
    """Write the file that one coder fills: a row for every case and indicator.

    A workbook has drop-down lists of the codes, the question in every row and all anchors on a
    second sheet; ids and questions are locked. A CSV file is for coding in other programs.
    Spreadsheets turn texts of a CSV file such as ``007`` or ``1-2`` into numbers and dates: use the
    workbook where you code in a spreadsheet.

    Parameters
    ----------
    codebook : Codebook
        The questions.
    cases : DataFrame or iterable of str
        A table with ``case_id`` and, if there is one, ``label``; or the case ids.
    coder : str
        Name of the coder; letters, digits, blanks and ``. _ - @ +``. No other coder's codes are in
        the file.
    kind : {"human", "machine", "rule", "adjudicated"}
        What the coder is.
    path : str or Path, optional
        ``.xlsx`` or ``.csv``; None writes ``<codebook>_<coder>.xlsx`` in the current folder.
    indicators : iterable of str, optional
        Ids, where a part of the codebook is asked; None asks all.

    Returns
    -------
    Path
        The file. A file that exists is never replaced.

    Raises
    ------
    CodingError
        The file exists; the name of the coder is not allowed; a case or indicator is unknown or
        repeated; the file is too large for its format.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> book = ps.load_study("double_coding").codebook
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "ann.csv")
    ...     path = ps.coding.blank_sheet(book, ["a", "b"], "ann", path=path, indicators=["terror"])
    ...     sheet = ps.coding.read_sheet(path, book)
    >>> path.name, sheet.open().values.tolist()
    ('ann.csv', [['a', 'terror', 'ann'], ['b', 'terror', 'ann']])
    """
    expect(codebook, Codebook, LOAD_FIRST)
    known = _cases(cases)
    asked = _indicators(codebook, indicators)
    _check_coder(coder, kind)
    target = _default(codebook, coder) if path is None else Path(path)
    if target.exists() or target.is_symlink():
        raise CodingError(
            f"{target} exists, and may hold a coder's work. Give another path, or move it away."
        )
    _check_size(len(known) * len(asked), target)
    cells = [(case, name, coder) for case in known["case_id"] for name in asked]
    empty = pd.DataFrame({name: pd.Series(dtype=object) for name in SHEET_SCHEMA.names}).astype(
        {"code": "Int64"}
    )
    frame = pd.DataFrame(cells, columns=["case_id", "indicator_id", "coder"], dtype=object)
    return write_sheet(
        target, CoderSheet(empty, codebook, target.name, frame, target, coder, kind, known)
    )


def write_sheet(
    path: str | os.PathLike[str], sheet: CodingSheet, cases: pd.DataFrame | None = None
) -> Path:
    """Write one coder's sheet into their file, as a whole or not at all.

    Parameters
    ----------
    path : str or Path
        ``.xlsx`` or ``.csv``; a file that exists is replaced.
    sheet : CodingSheet
        Codes of one coder. A sheet from ``read_sheet`` keeps its order, its labels and its rows of
        older codebooks.
    cases : DataFrame, optional
        ``case_id, label``; None takes those that the sheet was read with.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    CodingError
        Several coders; the file is open in a spreadsheet program; too many rows; a text that the
        file cannot hold.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> study = ps.load_study("double_coding")
    >>> rows = study.sheet.table.query("coder == 'adb_staff'").head(10)
    >>> sheet = ps.CodingSheet(rows, study.codebook)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = ps.coding.write_sheet(Path(folder, "adb_staff.csv"), sheet)
    ...     again = ps.coding.read_sheet(path, study.codebook)
    >>> len(again.table), again.coders
    (10, ['adb_staff'])
    """
    path = Path(path)
    _check_path(path)
    rows = file_rows(sheet, cases)
    _check_size(len(rows), path)
    _check_texts(rows, path)
    if path.suffix.lower() == ".csv":
        data = csv_bytes(rows)
    else:
        # openpyxl takes a third of a second to load
        from peacestudy.coding.sheets.xlsx_write import xlsx_bytes

        data = xlsx_bytes(rows, sheet.codebook)
    write_bytes(path, data, CodingError)
    return path


def _check_path(path: Path) -> None:
    if path.suffix.lower() not in SUFFIXES:
        raise CodingError(
            f"{path} ends in {path.suffix!r}; a coder's file is .xlsx or .csv. Give it one of"
            " these."
        )
    lock = open_elsewhere(path)
    if lock is not None:
        raise CodingError(
            f"{path} is open in a spreadsheet program ({lock.name} says so). Close it there first."
        )


def _check_size(rows: int, path: Path) -> None:
    most = MAX_WORKBOOK if path.suffix.lower() == ".xlsx" else MAX_ROWS - 1
    if rows > most:
        raise CodingError(
            f"the sheet has {rows:,} rows. A spreadsheet has no more than {MAX_ROWS:,}, and a"
            f" workbook of ours {MAX_WORKBOOK:,}. Write several: give fewer cases, or a part of the"
            " codebook with indicators=[...]."
        )


def open_elsewhere(path: Path) -> Path | None:
    """The lock that a spreadsheet program puts beside a file
    while it is open there, if there is one.
    """
    for name in (f"~${path.name}", f".~lock.{path.name}#"):
        lock = path.with_name(name)
        if lock.exists():
            return lock
    return None


def _check_texts(rows: list[Text], path: Path) -> None:
    suffix = path.suffix.lower()
    if not any_unwritable((text for row in rows for text in row), suffix):
        return
    problems = []
    for line, row in enumerate(rows, start=2):
        for name, text in zip(COLUMNS, row, strict=True):
            why = unwritable(text, suffix)
            if why:
                remedy = "shorten or correct the text"
                problems.append(Problem(path.name, line, name, ascii(text), why, remedy))
    if problems:
        raise CodingError(
            f"{path} cannot hold every text unchanged: {len(problems)} problem(s).", problems
        )


def _check_coder(coder: str, kind: str) -> None:
    if not isinstance(coder, str) or not _NAME.fullmatch(coder):
        raise CodingError(
            f"coder is {coder!r}. A coder's name has 1 to 64 letters, digits, blanks and . _ - @ +,"
            " and begins with a letter or digit."
        )
    if kind not in CODER_KINDS:
        raise CodingError(one_of("kind", kind, CODER_KINDS))


def _default(codebook: Codebook, coder: str) -> Path:
    name = f"{codebook.id}_{coder}.xlsx"
    if not re.fullmatch(r"[\w][\w .@+-]*", name):
        raise CodingError(
            f"the codebook's id {codebook.id!r} cannot be used as a file name. Give path=."
        )
    return Path(name)


def _cases(cases: pd.DataFrame | Iterable[str]) -> pd.DataFrame:
    if isinstance(cases, str):
        raise CodingError(
            f"cases is the word {cases!r}. Give a list of case ids, or a table with case_id and"
            " label."
        )
    if isinstance(cases, pd.DataFrame):
        if "case_id" not in cases.columns:
            hint = nearest("case_id", [str(c) for c in cases.columns])
            raise CodingError(
                "the table of cases has no column 'case_id'; it has"
                f" {', '.join(map(str, cases.columns))}.{hint}"
            )
        ids = list(cases["case_id"])
        texts = cases["label"] if "label" in cases.columns else [None] * len(ids)
        labels = [None if pd.isna(text) else str(text) for text in texts]
    else:
        ids = list(cases)
        labels = [None] * len(ids)
    wrong = [v for v in ids if not isinstance(v, str) or not v.strip()]
    if wrong or not ids:
        found = f"{wrong[0]!r} is none" if wrong else "there is none"
        raise CodingError(
            f"a sheet needs cases, and a case id must be a non-empty text: {found}. Write numbers"
            " as text: cases.astype({'case_id': str})."
        )
    twice = sorted(repeated(ids))
    if twice:
        raise CodingError(
            f"{len(twice)} case(s) appear twice: {', '.join(map(repr, twice[:5]))}. Give each once."
        )
    return pd.DataFrame(
        {"case_id": pd.Series(ids, dtype=object), "label": pd.Series(labels, dtype=object)}
    )


def _indicators(codebook: Codebook, wanted: Iterable[str] | None) -> list[str]:
    known = list(codebook.indicators)
    if isinstance(wanted, str):
        wanted = [wanted]
    chosen = known if wanted is None else list(wanted)
    for name in chosen:
        if name not in codebook.indicators:
            raise CodingError(one_of("indicator", name, known))
    if len(set(chosen)) < len(chosen) or not chosen:
        raise CodingError(
            "indicators is empty or names an indicator twice. Name each once, or leave it"
            " out to include all."
        )
    return chosen
