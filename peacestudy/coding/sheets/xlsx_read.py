"""A workbook -> the rows of the worksheet that holds the codes, whatever program saved it last."""

import re

from peacestudy.coding.sheets.layout import SHOWN, TECHNICAL
from peacestudy.coding.sheets.raw import RawTable
from peacestudy.core.problems import Note, Problem
from peacestudy.core.workbook.book import formats, saved, shared_strings, worksheets
from peacestudy.core.workbook.cells import Row
from peacestudy.core.workbook.package import open_package
from peacestudy.core.workbook.worksheet import Worksheet, column_number, read_worksheet
from peacestudy.errors import CodingError

_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")


def read_xlsx(data: bytes, file: str) -> RawTable:
    """The rows of the worksheet that holds the codes.

    Raises
    ------
    CodingError
        The workbook is damaged, made to do harm, or has no worksheet
        with the columns of a sheet, or several.
    """
    package = open_package(data, file, CodingError)
    shared, kinds = shared_strings(package), formats(package)
    sheets = {
        s.name: (s, read_worksheet(package, s.part, shared, kinds)) for s in worksheets(package)
    }
    own = [
        name for name, (_, w) in sheets.items() if w.rows and {"case_id", "code"} <= set(_header(w))
    ]
    if len(own) != 1:
        many = f"{len(own)} worksheets ({', '.join(own)}) with" if own else "no worksheet with"
        raise CodingError(
            f"{file} has {many} the columns case_id and code in its first row. "
            "Keep the sheet that ps.coding.blank_sheet wrote, header included, and only that."
        )
    problems = [
        Problem(
            file,
            0,
            "",
            s.name,
            "a hidden worksheet holds data",
            "show it, and delete it if it is not needed",
        )
        for s, w in sheets.values()
        if s.hidden and w.rows
    ]
    table = sheets[own[0]][1]
    header = _header(table)
    notes: list[Note] = []
    problems += _shape_problems(file, table, header, notes)
    return RawTable(file, header, table.rows[1:], problems, notes, saved(package))


def _header(sheet: Worksheet) -> list[str]:
    cells = sheet.rows[0].cells
    return [str(cells.get(n, "")).strip() for n in range(max(cells) + 1)]


def _shape_problems(
    file: str, sheet: Worksheet, header: list[str], notes: list[Note]
) -> list[Problem]:
    out = []
    for ref in sheet.merged:
        first = _REFERENCE.match(ref)
        if not first:
            raise CodingError(f"{file} is damaged: it merges {ref!r}. Ask for the file again.")
        at, line = column_number(first[1]), int(first[2])
        column = header[at] if at < len(header) else ""
        out.append(
            Problem(
                file,
                line,
                column,
                ref,
                "merged cells give no value for the cells that they cover",
                "unmerge them and fill every cell",
            )
        )
    hidden = [row for row in sheet.rows[1:] if row.line in sheet.hidden_rows]
    if hidden and sheet.filtered:
        notes.append(
            Note(
                "filtered", f"{len(hidden)} row(s) are hidden by a filter; they were read as well."
            )
        )
    elif hidden:
        out += [_hidden(file, row) for row in hidden]
    filled = sorted(set().union(*(row.cells for row in sheet.rows)))
    for n in filled:
        name = header[n] if n < len(header) else ""
        hid = any(first <= n <= last for first, last in sheet.hidden_columns)
        if hid and name not in (*SHOWN, *TECHNICAL):
            out.append(
                Problem(
                    file,
                    0,
                    name or f"column {n + 1}",
                    "",
                    "a hidden column holds data",
                    "show it, and delete it if it is not needed",
                )
            )
    return out


def _hidden(file: str, row: Row) -> Problem:
    return Problem(
        file, row.line, "", "", "a hidden row holds data", "show it, and check what it says"
    )
