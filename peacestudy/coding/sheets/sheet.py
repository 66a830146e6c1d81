"""The noun of this room: what one coder's file holds."""

from dataclasses import dataclass

import pandas as pd

from peacestudy.coding.coding import CodingSheet
from peacestudy.core.display import html_table
from peacestudy.core.problems import Note


@dataclass(frozen=True, eq=False)
class CoderSheet(CodingSheet):
    """One coder's file: what they were asked, what they wrote, and
    what the reading has to say about it.

    Attributes
    ----------
    coder, kind : whose file it is, and what the coder is (human, machine
        or rule); known also where nothing is filled.
    cases : ``case_id, label``, the cases in the order of the
        file; label is None where there is none.
    aside : rows that an older codebook asked for and this one has no place for, as the file has
        them, with a ``reason``; they go back into the file when it is written anew.
    notes : what was taken although it was not as it was written: changes of the codebook, numbers
        in a column of text, columns that are not read. Empty where there is nothing to say.
    """

    coder: str = ""
    kind: str = "human"
    cases: pd.DataFrame | None = None
    aside: pd.DataFrame | None = None
    notes: tuple[Note, ...] = ()

    def _repr_html_(self) -> str:
        total = 0 if self.asked is None else len(self.asked)
        still = "" if self.asked is None else f", {len(self.open())} of {total} cells open"
        head = (
            f"coder {self.coder} ({self.kind}), codebook {self.codebook.id}"
            f" {self.codebook.version}{still}"
        )
        return html_table(self.table, head, self.notes, rows=10)
