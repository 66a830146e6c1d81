"""What the reading of a file took although it was not as it was
written, counted and put in words.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from peacestudy.coding.sheets.layout import Origin
from peacestudy.core.codebook import Codebook
from peacestudy.core.problems import Note


@dataclass
class Tally:
    """Counts of what a reading put right or left aside.

    Attributes
    ----------
    taken, left : codes taken and rows set aside, by indicator.
    numbers : whole numbers in columns of text, by column.
    restored : ids that a spreadsheet changed, and what they were.
    edited : rows that another program changed after the form had dated them.
    kept : rows that had been set aside before.
    """

    taken: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)
    numbers: dict[str, int] = field(default_factory=dict)
    restored: dict[str, str] = field(default_factory=dict)
    edited: int = 0
    kept: int = 0

    def notes(self) -> list[Note]:
        """The counts in words; nothing where there is nothing to say."""
        out = []
        if self.restored:
            found, asked = next(iter(self.restored.items()))
            text = (
                f"{len(self.restored)} id(s) that a spreadsheet changed were restored, {found!r} to"
                f" {asked!r} for example."
            )
            out.append(Note("restored", text))
        if self.numbers:
            which = ", ".join(f"{n} in {name}" for name, n in self.numbers.items())
            text = (
                f"There are numbers where text is expected ({which}): their digits were used, and"
                " leading zeros are lost."
            )
            out.append(Note("numbers", text))
        if self.edited:
            text = (
                f"{self.edited} row(s) were changed in another program after the form had dated"
                " them; they count as revised when the file was saved."
            )
            out.append(Note("edited", text))
        if self.kept:
            text = f"{self.kept} row(s) of an older codebook stay set aside; they are in .aside."
            out.append(Note("aside", text))
        return out


def asked_cells(
    cells: Sequence[tuple[str, str]],
    cases: Sequence[str],
    indicators: Sequence[str],
    origin: Origin,
    codebook: Codebook,
) -> tuple[pd.DataFrame, list[Note]]:
    """The cells that were asked, those whose rows were deleted included where that can be known.

    Parameters
    ----------
    cells : case and indicator of every row.
    cases, indicators : those that the file asks, indicators that
        the codebook no longer has included.
    origin : what the rows say of the file.

    Returns
    -------
    table, notes
        ``case_id, indicator_id, coder``, and what is to be said of deleted rows.
    """
    size = origin.asked.partition("of")[0]
    notes = []
    found = list(cells)
    if size == f"{len(cases)}x{len(indicators)}":
        every = [
            (case, name) for case in cases for name in indicators if name in codebook.indicators
        ]
        gone = len(every) - len(cells)
        if gone > 0:
            found = every
            notes = [
                Note(
                    "deleted",
                    f"The rows of {gone} cell(s) of the sheet are no longer in the file; they are"
                    " open.",
                )
            ]
    elif size != str(len(cells)):
        text = (
            f"The sheet had {size} (cases x indicators) and its rows are of {len(cases)} cases and"
            f" {len(indicators)} indicators: rows were deleted, and their cells are unknown."
        )
        notes = [Note("deleted", text)]
    rows = [(case, name, origin.coder) for case, name in found]
    return pd.DataFrame(rows, columns=["case_id", "indicator_id", "coder"], dtype=object), notes
