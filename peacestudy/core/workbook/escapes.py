"""Text that passes through spreadsheets unchanged, and never becomes a formula.

CSV: a cell that a spreadsheet would take for a formula is written with an apostrophe before it, and
so is one that already looks like that, so that exactly one apostrophe is taken off on reading.
XLSX: XML holds no control characters and turns a carriage return into a line feed; ECMA-376 (part
1, 22.9.2.19, ST_Xstring) writes such a character as ``_xHHHH_``, and the underscore of a text that
looks like that as ``_x005F_``.
"""

import re
from collections.abc import Iterable

MAX_CELL = 32_767  # UTF-16 units in a worksheet's cell
# blanks may stand before the sign, and the signs of the wide forms count: some programs strip or
# fold them
_DANGER = r"(?:[\t\r\n]|\s*[=+\-@＝＋－＠])"
_FORMULA = re.compile(rf"'*{_DANGER}")
_ESCAPED = re.compile(rf"'+{_DANGER}")
_CONTROL = r"\x00-\x08\x0b-\x1f\ufffe\uffff"
# the escape of a control character begins with an underscore too
_XML = re.compile(rf"[{_CONTROL}]|_(?=x[0-9A-Fa-f]{{4}}[_{_CONTROL}])")
_XSTRING = re.compile(r"_x([0-9A-Fa-f]{4})_")  # Excel writes upper case, LibreOffice lower case
_MARKUP = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_SURROGATE = re.compile("[\ud800-\udfff]")


def csv_escape(text: str) -> str:
    """A cell for a CSV file that a spreadsheet may open.

    Examples
    --------
    >>> [csv_escape(t) for t in ("=1+1", "'=1+1", "a-b", " -5")]
    ["'=1+1", "''=1+1", 'a-b', "' -5"]
    """
    return "'" + text if _FORMULA.match(text) else text


def csv_unescape(cell: str) -> str:
    """The text that ``csv_escape`` was given.

    Examples
    --------
    >>> [csv_unescape(t) for t in ("'=1+1", "''=1+1", "a-b", "' -5", "'tis")]
    ['=1+1', "'=1+1", 'a-b', ' -5', "'tis"]
    """
    return cell[1:] if _ESCAPED.match(cell) else cell


def xlsx_escape(text: str) -> str:
    r"""A text as a worksheet's string holds it, before XML's own escapes.

    Examples
    --------
    >>> [xlsx_escape(t) for t in ("a\rb", "_x000D_", "a_b", "_x0007\r")]
    ['a_x000D_b', '_x005F_x000D_', 'a_b', '_x005F_x0007_x000D_']
    """
    return _XML.sub(lambda m: f"_x{ord(m[0]):04X}_", text)


def xlsx_unescape(text: str) -> str:
    r"""The text that ``xlsx_escape`` was given.

    Examples
    --------
    >>> [xlsx_unescape(t) for t in ("a_x000D_b", "_x005F_x000D_")]
    ['a\rb', '_x000D_']
    """
    return _XSTRING.sub(lambda m: chr(int(m[1], 16)), text) if "_x" in text else text


def xml_text(text: str) -> str:
    """A text as it stands in the XML of a worksheet."""
    return xlsx_escape(text).translate(_MARKUP)


def utf16_units(text: str) -> int:
    """The length of a text as a spreadsheet counts it."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def unwritable(text: str, suffix: str) -> str:
    """Why a file of this kind cannot hold a text unchanged; empty where it can."""
    if not text.isascii() and _SURROGATE.search(text):
        return "half of a two-part character (a lone surrogate) cannot be written in any file"
    if suffix == ".csv" and "\0" in text:
        return "a CSV file cannot hold the character NUL"
    if suffix == ".xlsx" and len(text) * 2 > MAX_CELL and utf16_units(text) > MAX_CELL:
        return (
            f"a worksheet's cell holds {MAX_CELL:,} characters, this text has {utf16_units(text):,}"
        )
    return ""


def any_unwritable(texts: Iterable[str], suffix: str) -> bool:
    """Whether any of many texts may be unwritable; quick, and
    True leads to ``unwritable`` for each.
    """
    texts = list(texts)
    if suffix == ".xlsx" and any(len(t) * 2 > MAX_CELL for t in texts):
        return True
    joined = "".join(texts)
    return bool("\0" in joined or (not joined.isascii() and _SURROGATE.search(joined)))
