"""A workbook -> the rows of the worksheet that holds the codes, whatever program saved it last."""

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass

from peacestudy.coding.sheets.escapes import xlsx_unescape
from peacestudy.coding.sheets.layout import SHOWN, TECHNICAL
from peacestudy.coding.sheets.package import Package, open_package
from peacestudy.coding.sheets.raw import RawTable, Row
from peacestudy.coding.sheets.worksheet import Worksheet, column_number, read_worksheet
from peacestudy.core.problems import Note, Problem
from peacestudy.errors import CodingError

_DATES = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}  # built-in formats of dates and times
_PARTS = {9, 10, 11, 12, 13, 48}  # built-in formats of percents, fractions, powers of ten
_QUOTED = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_STAMP = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,6})[0-9]*)?Z")


@dataclass(frozen=True)
class Listed:
    """A worksheet as the workbook lists it."""

    name: str
    part: str
    hidden: bool


def read_xlsx(data: bytes, file: str) -> RawTable:
    """The rows of the worksheet that holds the codes.

    Raises
    ------
    CodingError
        The workbook is damaged, made to do harm, or has no worksheet with the columns of a sheet, or several.
    """
    package = open_package(data, file)
    shared = _shared_strings(package)
    formats = _formats(package)
    listed = _worksheets(package)
    sheets = {s.name: (s, read_worksheet(package, s.part, shared, formats)) for s in listed}
    own = [name for name, (_, w) in sheets.items() if w.rows and {"case_id", "code"} <= set(_header(w))]
    if len(own) != 1:
        many = f"{len(own)} worksheets ({', '.join(own)}) with" if own else "no worksheet with"
        raise CodingError(
            f"{file} has {many} the columns case_id and code in its first row. "
            "Keep the sheet that ps.coding.blank_sheet wrote, header included, and only that."
        )
    problems = [
        Problem(file, 0, "", s.name, "a hidden worksheet holds data", "show it, and delete it if it is not needed")
        for s, w in sheets.values() if s.hidden and w.rows
    ]  # fmt: skip
    table = sheets[own[0]][1]
    header = _header(table)
    notes: list[Note] = []
    problems += _shape_problems(file, table, header, notes)
    return RawTable(file, header, table.rows[1:], problems, notes, _saved(package))


def _header(sheet: Worksheet) -> list[str]:
    cells = sheet.rows[0].cells
    return [str(cells.get(n, "")).strip() for n in range(max(cells) + 1)]


def _shape_problems(file: str, sheet: Worksheet, header: list[str], notes: list[Note]) -> list[Problem]:
    out = []
    for ref in sheet.merged:
        first = _REFERENCE.match(ref)
        if not first:
            raise CodingError(f"{file} is damaged: it merges {ref!r}. Ask for the file again.")
        at, line = column_number(first[1]), int(first[2])
        column = header[at] if at < len(header) else ""
        out.append(Problem(file, line, column, ref, "merged cells say nothing for the cells they cover",
                           "unmerge them and fill every cell"))  # fmt: skip
    hidden = [row for row in sheet.rows[1:] if row.line in sheet.hidden_rows]
    if hidden and sheet.filtered:
        notes.append(Note("filtered", f"{len(hidden)} row(s) are hidden by a filter; they were read as well."))
    elif hidden:
        out += [_hidden(file, row) for row in hidden]
    filled = sorted(set().union(*(row.cells for row in sheet.rows)))
    for n in filled:
        name = header[n] if n < len(header) else ""
        hid = any(first <= n <= last for first, last in sheet.hidden_columns)
        if hid and name not in (*SHOWN, *TECHNICAL):
            out.append(Problem(file, 0, name or f"column {n + 1}", "", "a hidden column holds data",
                               "show it, and delete it if it is not needed"))  # fmt: skip
    return out


def _hidden(file: str, row: Row) -> Problem:
    return Problem(file, row.line, "", "", "a hidden row holds data", "show it, and check what it says")


def _worksheets(package: Package) -> list[Listed]:
    targets: dict[str, str] = {}
    sheets: list[tuple[str, str, bool]] = []

    def link(name: str, a: dict[str, str]) -> None:
        if name == "Relationship" and a.get("TargetMode") != "External" and a.get("Type", "").endswith("/worksheet"):
            targets[a.get("Id", "")] = posixpath.normpath(posixpath.join("/xl", a.get("Target", ""))).lstrip("/")

    def sheet(name: str, a: dict[str, str]) -> None:
        if name == "sheet":
            sheets.append((a.get("name", ""), a.get("id", ""), a.get("state", "visible") != "visible"))

    _read(package, "xl/_rels/workbook.xml.rels", link)
    _read(package, "xl/workbook.xml", sheet)
    return [Listed(name, targets[key], hidden) for name, key, hidden in sheets if key in targets]


def _read(package: Package, part: str, start: Callable[[str, dict[str, str]], None]) -> None:
    package.parse(part, start, lambda name: None, lambda data: None)


def _shared_strings(package: Package) -> list[str]:
    out: list[str] = []
    parts: list[str] = []
    state = {"keep": False, "phonetic": False}
    if not package.has("xl/sharedStrings.xml"):
        return out

    def start(name: str, _: dict[str, str]) -> None:
        if name == "si":
            parts.clear()
        elif name == "rPh":
            state["phonetic"] = True
        elif name == "t":
            state["keep"] = not state["phonetic"]

    def end(name: str) -> None:
        if name == "si":
            out.append(xlsx_unescape("".join(parts)))
        elif name == "rPh":
            state["phonetic"] = False
        elif name == "t":
            state["keep"] = False

    package.parse("xl/sharedStrings.xml", start, end, lambda data: parts.append(data) if state["keep"] else None)
    return out


def _formats(package: Package) -> list[str]:
    """What a number in a cell of each style is: number, date, or fraction where the format shows another number."""
    own: dict[int, str] = {}
    styles: list[str] = []
    inside = {"cellXfs": False}
    if not package.has("xl/styles.xml"):
        return styles

    def start(name: str, a: dict[str, str]) -> None:
        if name == "numFmt":
            own[int(a.get("numFmtId", 0))] = _format_kind(a.get("formatCode", ""))
        elif name == "cellXfs":
            inside["cellXfs"] = True
        elif name == "xf" and inside["cellXfs"]:
            n = int(a.get("numFmtId", 0))
            styles.append(own.get(n) or ("date" if n in _DATES else "fraction" if n in _PARTS else "number"))

    def end(name: str) -> None:
        if name == "cellXfs":
            inside["cellXfs"] = False

    package.parse("xl/styles.xml", start, end, lambda data: None)
    return styles


def _format_kind(code: str) -> str:
    bare = _QUOTED.sub("", code.replace("General", "").replace("GENERAL", ""))
    if re.search(r"[ymdhs]", bare, re.IGNORECASE):
        return "date"
    return "fraction" if re.search(r"[%/E]", bare) else "number"


def _saved(package: Package) -> str:
    """When the workbook says it was last saved; it travels with the file, as the time of the file system does not."""
    found: list[str] = []
    state = {"keep": False}
    if not package.has("docProps/core.xml"):
        return ""

    def start(name: str, _: dict[str, str]) -> None:
        state["keep"] = name == "modified"

    package.parse(
        "docProps/core.xml", start, lambda name: None, lambda data: found.append(data) if state["keep"] else None
    )
    stamp = _STAMP.fullmatch("".join(found).strip())
    return f"{stamp[1]}.{(stamp[2] or '').ljust(6, '0')}Z" if stamp else ""
