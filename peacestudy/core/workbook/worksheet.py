"""One worksheet as it stands: cells with their kinds, merged ranges, what is hidden.

The usual readers do not serve here. python-calamine gives a formula's cached value as if it had
been typed, and drops cells of blanks; openpyxl in its read-only mode leaves ``_x000D_`` as it is,
and says nothing of merged or hidden cells.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from peacestudy.core.workbook.cells import Cell, Odd, Row
from peacestudy.core.workbook.escapes import xlsx_unescape
from peacestudy.core.workbook.package import Package, natural

MAX_ROWS = 1_048_576  # of a worksheet, header included
MAX_CELLS = 3_000_000
MAX_COLUMNS = 16_384
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_WHOLE = re.compile(r"-?[0-9]{1,15}(?:\.0*)?")
_KINDS = {"b": "truth value", "e": "error value", "d": "date"}
# xsd:boolean; other texts stay as they are
_TRUTHS = {"1": "TRUE", "true": "TRUE", "0": "FALSE", "false": "FALSE"}


@dataclass
class Worksheet:
    """A worksheet while it is read and after.

    Attributes
    ----------
    computed : whether the value that a program worked out last is taken for a formula, and an empty
        text for itself; a coder's sheet takes neither.
    formulas, blanks : line, and position of the column, of
        formulas, and of those without such a value.
    rows : rows with at least one filled cell, in the order of the file.
    merged : ranges such as ``A1:B2``.
    hidden_rows, hidden_columns : numbers of rows, first and last position of columns from 0.
    filtered : whether a filter hides rows.
    """

    package: Package
    shared: Sequence[str]
    formats: Sequence[str]
    computed: bool = False
    formulas: list[tuple[int, int]] = field(default_factory=list)
    blanks: list[tuple[int, int]] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    merged: list[str] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    filtered: bool = False
    _line: int = 0
    _column: int = -1
    _count: int = 0
    _cells: dict[int, Cell] = field(default_factory=dict)
    _seen: set[int] = field(default_factory=set)
    _valued: bool = False
    _kind: str = "n"
    _style: int = 0
    _formula: bool = False
    _keep: bool = False
    _phonetic: bool = False
    _text: list[str] = field(default_factory=list)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Begin of an element."""
        if name == "c":
            try:
                self._begin_cell(attributes)
            except ValueError as err:
                raise ValueError(f"{self._place()}: {err}") from err
        elif name == "row":
            self._begin_row(attributes)
        elif name in ("v", "t"):
            self._begin_value(name)
        elif name == "f":
            self._formula = True
        elif name == "rPh":
            self._phonetic = True
        elif name == "mergeCell":
            self.merged.append(attributes.get("ref", ""))
        elif name == "col" and attributes.get("hidden") in ("1", "true"):
            first, last = natural(attributes["min"], "column"), natural(attributes["max"], "column")
            self.hidden_columns.append((first - 1, min(last, MAX_COLUMNS) - 1))
        elif name == "filterColumn":
            self.filtered = True

    def end(self, name: str) -> None:
        """End of an element."""
        if name == "c":
            try:
                value = self._value()
            except ValueError as err:
                raise ValueError(f"{self._place()}: {err}") from err
            if value is not None:
                self._cells[self._column] = value
        elif name in ("v", "t"):
            self._keep = False
        elif name == "rPh":
            self._phonetic = False
        elif name == "row" and self._cells:
            self.rows.append(Row(self._line, self._cells))

    def text(self, data: str) -> None:
        """Characters between tags."""
        if self._keep:
            self._text.append(data)

    def _begin_row(self, attributes: dict[str, str]) -> None:
        before = self._line
        self._line = natural(attributes["r"], "row") if "r" in attributes else before + 1
        self._column, self._cells, self._seen = -1, {}, set()
        if not 0 < self._line <= MAX_ROWS:
            raise ValueError(f"row {self._line} of a worksheet")
        if self._line <= before:
            raise ValueError(f"row {self._line} stands after row {before}")
        if attributes.get("hidden") in ("1", "true"):
            self.hidden_rows.add(self._line)

    def _begin_value(self, name: str) -> None:
        if name == "v" and self._valued:
            raise ValueError(f"{self._place()} holds two values")
        self._valued = self._valued or name == "v"
        self._keep = not self._phonetic

    def _place(self) -> str:
        return f"the cell at row {self._line}, column {self._column + 1}"

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > MAX_CELLS:
            raise self.package.error(
                f"{self.package.file} has more than {MAX_CELLS:,} cells in a worksheet. Delete what"
                " does not belong to the sheet."
            )
        at = attributes.get("r")
        self._column = column_number(at) if at else self._column + 1
        if at and at.lstrip(_LETTERS) != str(self._line):
            raise ValueError(f"cell {at!r} stands in row {self._line}")
        if self._column in self._seen:
            raise ValueError("it appears twice")
        self._seen.add(self._column)
        self._kind = attributes.get("t", "n")
        self._style = natural(attributes.get("s", "0"), "style")
        if self.formats and self._style >= len(self.formats):
            raise ValueError(f"style {self._style} of {len(self.formats)} styles")
        self._formula, self._valued = False, False
        self._text = []

    def _value(self) -> Cell | None:
        text = "".join(self._text)
        if self._formula:
            self.formulas.append((self._line, self._column))
            if not self.computed:
                return Odd("formula", "=...")
            if not text and self._kind != "str":
                self.blanks.append((self._line, self._column))
        if self._kind == "s":
            return self._shared(natural(text, "shared string")) if text else None
        if self._kind in ("inlineStr", "str"):
            return xlsx_unescape(text) if text or self.computed else None
        if not text:
            return None
        if self._kind in _KINDS:
            return Odd(_KINDS[self._kind], _TRUTHS.get(text, text) if self._kind == "b" else text)
        style = self.formats[self._style] if self._style < len(self.formats) else "number"
        return Odd(style if style != "number" or _WHOLE.fullmatch(text) else "fraction", text)

    def _shared(self, n: int) -> str | None:
        if n >= len(self.shared):
            raise ValueError(f"shared string {n} of {len(self.shared)} shared strings")
        return self.shared[n] if self.shared[n] or self.computed else None


def column_number(reference: str) -> int:
    """The position, from 0, of the column of a cell such as ``AB12``."""
    n = 0
    for letter in reference:
        if not "A" <= letter <= "Z":
            break
        n = n * 26 + ord(letter) - 64
    if not 0 < n <= MAX_COLUMNS:
        raise ValueError(f"cell {reference!r}")
    return n - 1


def read_worksheet(
    package: Package,
    part: str,
    shared: Sequence[str],
    formats: Sequence[str],
    computed: bool = False,
) -> Worksheet:
    """Read a worksheet.

    Parameters
    ----------
    part : name in the archive.
    shared, formats : shared strings, and the kind of number (number, date, fraction) by style.
    computed : as in ``Worksheet``.

    Raises
    ------
    error
        The worksheet is damaged or larger than any sheet.
    """
    sheet = Worksheet(package, shared, formats, computed)
    package.parse(part, sheet.start, sheet.end, sheet.text)
    return sheet
