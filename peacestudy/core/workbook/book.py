"""What a workbook says beside its worksheets: which there are,
shared strings, formats, when it was saved.
"""

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass

from peacestudy.core.problems import repeated
from peacestudy.core.workbook.escapes import xlsx_unescape
from peacestudy.core.workbook.package import Package, natural

# built-in formats of dates and times
_DATES = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
_PARTS = {9, 10, 11, 12, 13, 48}  # built-in formats of percents, fractions, powers of ten
# a bracket inside brackets ends the search, so that the time stays linear in the length of the
# format
_QUOTED = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\[\]]*\]')
_STAMP = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,6})[0-9]*)?Z"
)


@dataclass(frozen=True)
class Listed:
    """A worksheet as the workbook lists it."""

    name: str
    part: str
    hidden: bool


def worksheets(package: Package) -> list[Listed]:
    """The worksheets in the order of the workbook; links to other files are not followed."""
    targets: dict[str, str] = {}
    sheets: list[tuple[str, str, bool]] = []

    def link(name: str, a: dict[str, str]) -> None:
        if (
            name == "Relationship"
            and a.get("TargetMode") != "External"
            and a.get("Type", "").endswith("/worksheet")
        ):
            targets[a.get("Id", "")] = posixpath.normpath(
                posixpath.join("/xl", a.get("Target", ""))
            ).lstrip("/")

    def sheet(name: str, a: dict[str, str]) -> None:
        if name == "sheet":
            sheets.append(
                (a.get("name", ""), a.get("id", ""), a.get("state", "visible") != "visible")
            )

    _read(package, "xl/_rels/workbook.xml.rels", link)
    _read(package, "xl/workbook.xml", sheet)
    found = [Listed(name, targets[key], hidden) for name, key, hidden in sheets if key in targets]
    twice = repeated(s.name for s in found)
    if twice:
        raise package.error(
            f"{package.file} is damaged: the worksheet {twice[0]!r} appears twice. Ask for the"
            " file again."
        )
    return found


def since_1904(package: Package) -> bool:
    """Whether the workbook counts days from 1904, as those of old
    Macintosh programs do, and not from 1900.
    """
    found: list[str] = []

    def start(name: str, a: dict[str, str]) -> None:
        if name == "workbookPr":
            found.append(a.get("date1904", "0"))

    _read(package, "xl/workbook.xml", start)
    return bool(found) and found[-1] in ("1", "true")


def _read(package: Package, part: str, start: Callable[[str, dict[str, str]], None]) -> None:
    package.parse(part, start, lambda name: None, lambda data: None)


def shared_strings(package: Package) -> list[str]:
    """The texts that cells name by number; runs of letters are
    joined, readings of characters left out.
    """
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

    package.parse(
        "xl/sharedStrings.xml",
        start,
        end,
        lambda data: parts.append(data) if state["keep"] else None,
    )
    return out


def _usual_kind(number: int) -> str:
    """The kind of a number format that the file does not define itself."""
    if number in _DATES:
        return "date"
    return "fraction" if number in _PARTS else "number"


def formats(package: Package) -> list[str]:
    """What a number in a cell of each style is: number, date, or
    fraction where the format shows another number.
    """
    own: dict[int, str] = {}
    styles: list[str] = []
    inside = {"cellXfs": False}
    if not package.has("xl/styles.xml"):
        return styles

    def start(name: str, a: dict[str, str]) -> None:
        if name == "numFmt":
            number = natural(a.get("numFmtId", "0"), "number format")
            own[number] = format_kind(a.get("formatCode", ""))
        elif name == "cellXfs":
            inside["cellXfs"] = True
        elif name == "xf" and inside["cellXfs"]:
            n = natural(a.get("numFmtId", "0"), "number format")
            styles.append(own.get(n) or _usual_kind(n))

    def end(name: str) -> None:
        if name == "cellXfs":
            inside["cellXfs"] = False

    package.parse("xl/styles.xml", start, end, lambda data: None)
    return styles


def format_kind(code: str) -> str:
    """Whether a number of this format is shown as a ``number``, a ``date`` or a ``fraction``."""
    bare = _QUOTED.sub("", code.replace("General", "").replace("GENERAL", ""))
    if re.search(r"[ymdhs]", bare, re.IGNORECASE):
        return "date"
    return "fraction" if re.search(r"[%/E]", bare) else "number"


def saved(package: Package) -> str:
    """When the workbook says it was last saved; it travels with the
    file, as the time of the file system does not.
    """
    found: list[str] = []
    state = {"keep": False}
    if not package.has("docProps/core.xml"):
        return ""

    def start(name: str, _: dict[str, str]) -> None:
        state["keep"] = name == "modified"

    package.parse(
        "docProps/core.xml",
        start,
        lambda name: None,
        lambda data: found.append(data) if state["keep"] else None,
    )
    stamp = _STAMP.fullmatch("".join(found).strip())
    return f"{stamp[1]}.{(stamp[2] or '').ljust(6, '0')}Z" if stamp else ""
