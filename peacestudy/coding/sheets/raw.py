"""What both readers hand over: cells where they stand, text as text, and what a spreadsheet made of other cells."""

from collections.abc import Callable
from dataclasses import dataclass, field

from peacestudy.core.problems import Note, Problem


@dataclass(frozen=True)
class Odd:
    """A cell of a workbook that is not text.

    Attributes
    ----------
    kind : ``number``, ``fraction`` (a number that is not whole), ``date``, ``truth value``, ``formula``, ``error value``.
    text : the cell as the file has it.
    """

    kind: str
    text: str

    def __str__(self) -> str:
        return self.text


Cell = str | Odd


@dataclass(frozen=True)
class Row:
    """One row: its number in the spreadsheet and its filled cells by the position of the column, from 0."""

    line: int
    cells: dict[int, Cell]


@dataclass(frozen=True)
class RawTable:
    """A file as it was read: header, filled rows, what is wrong with its shape.

    Attributes
    ----------
    file : name used in problems.
    header : column names from the left; '' where a column has none.
    rows : rows in which at least one cell is filled.
    problems, notes : what the shape of the file breaks, and what deserves a word.
    saved : when the file says it was last saved, UTC with microseconds; '' where it does not say.
    """

    file: str
    header: list[str]
    rows: list[Row]
    problems: list[Problem] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    saved: str = ""


Say = Callable[[int, str, object, str, str], None]
