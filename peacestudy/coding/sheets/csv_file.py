"""Rows of a coder's sheet as the bytes of a CSV file, and back."""

import codecs
import csv
import io
from collections.abc import Iterable, Sequence

from peacestudy.coding.sheets.layout import COLUMNS
from peacestudy.coding.sheets.raw import RawTable
from peacestudy.core.problems import Problem
from peacestudy.core.tables import LIMIT
from peacestudy.core.workbook.cells import Row
from peacestudy.core.workbook.escapes import csv_escape, csv_unescape
from peacestudy.errors import CodingError


def csv_bytes(rows: Iterable[Sequence[str]]) -> bytes:
    """A CSV file that spreadsheets open as UTF-8 (it begins with a byte
    order mark); no cell becomes a formula there.

    Parameters
    ----------
    rows : texts, a sequence as long as ``COLUMNS`` each.
    """
    out = io.StringIO(newline="")
    # both parts of the line's end make the writer quote a cell that holds either
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([csv_escape(cell) for cell in row])
    return codecs.BOM_UTF8 + out.getvalue().encode("utf-8")


def read_csv(data: bytes, file: str) -> RawTable:
    """The cells of a CSV file, every byte as it stands: nothing is normalised.

    Commas, semicolons or tabs may separate them, as spreadsheets write them by country. The line of
    a row is its number in a spreadsheet, not in a text editor: cells may hold line breaks.

    Raises
    ------
    CodingError
        The file is empty, not UTF-8, no CSV, or has rows that do not fit its header.
    """
    text = _decoded(data, file)
    csv.field_size_limit(LIMIT)
    if not text.strip():
        raise CodingError(
            f"{file} is empty. Ask for the coder's file again, or write one with"
            " ps.coding.blank_sheet."
        )
    first = text[: text.find("\n") + 1] or text
    mark = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    found: list[list[str]] = []
    try:
        found.extend(reader)
    except csv.Error as err:
        remedy = "a quote is open or the file is cut off; save it again, or ask for it again"
        raise CodingError(
            f"{file} cannot be read.",
            [Problem(file, len(found) + 1, "", "", f"not well-formed CSV ({err})", remedy)],
        ) from err
    header = [csv_unescape(cell).strip() for cell in found[0]]
    rows, problems = [], []
    for line, cells in enumerate(found[1:], start=2):
        extra = any(cells[len(header) :])
        if (len(cells) < len(header) and any(cells)) or extra:
            rule = f"{len(cells)} cells where the header has {len(header)}"
            problems.append(
                Problem(
                    file,
                    line,
                    "",
                    mark.join(cells)[:80],
                    rule,
                    "look for a missing or extra separator or quote",
                )
            )
        elif any(cells):
            rows.append(
                Row(
                    line,
                    {n: csv_unescape(cell) for n, cell in enumerate(cells[: len(header)]) if cell},
                )
            )
    return RawTable(file, header, rows, problems)


def _decoded(data: bytes, file: str) -> str:
    if data[:2] == b"PK":
        raise CodingError(f"{file} is a workbook, not a CSV file. Give it the suffix .xlsx.")
    try:
        text = data.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as err:
        row = data[: err.start].count(b"\n") + 1
        problem = Problem(
            file,
            row,
            "",
            repr(data[err.start : err.start + 8]),
            "expected UTF-8",
            "save it again as 'CSV UTF-8', from the program that shows its letters well",
        )
        raise CodingError(f"{file} is not UTF-8.", [problem]) from err
    if "\0" in text:
        raise CodingError(
            f"{file} holds a NUL byte: it is damaged or not a text file. Ask for it again."
        )
    return text
