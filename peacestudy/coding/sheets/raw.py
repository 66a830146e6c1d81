"""What both readers hand over: a file's rows, and what is wrong with its shape."""

from collections.abc import Callable
from dataclasses import dataclass, field

from peacestudy.core.problems import Note, Problem
from peacestudy.core.workbook.cells import Row


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
