"""Cells of a worksheet where they stand: text as text, and what a
spreadsheet made of other cells.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Odd:
    """A cell of a workbook that is not text.

    Attributes
    ----------
    kind : ``number``, ``fraction`` (a number that is not whole), ``date``, ``truth value``,
        ``formula``, ``error value``.
    text : the cell as the file has it.
    """

    kind: str
    text: str

    def __str__(self) -> str:
        return self.text


Cell = str | Odd


@dataclass(frozen=True)
class Row:
    """One row: its number in the spreadsheet and its filled cells
    by the position of the column, from 0.
    """

    line: int
    cells: dict[int, Cell]
