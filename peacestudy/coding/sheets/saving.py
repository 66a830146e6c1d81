"""Where the answers of a form go: into the coder's file, or into its journal until the file can be written."""

from dataclasses import dataclass
from pathlib import Path

from peacestudy.coding.sheets.answering import Answering, Value
from peacestudy.coding.sheets.journal import append, journal_of
from peacestudy.coding.sheets.write import write_sheet
from peacestudy.errors import CodingError

SMALL = 400  # rows of a workbook that is written after every answer; a larger one takes too long
EVERY = 50  # answers after which a larger one is written


@dataclass
class Saver:
    """Saves one coder's answers into one file; every answer is on disk when ``save`` returns.

    A CSV file, and a small workbook, is written whole after each. A larger workbook is written after every ``EVERY`` answers; those
    between stand in the journal. So do those that come while the file is open in a spreadsheet program or was changed by
    another since the form read it; ``read_sheet`` and the form take them over.

    Attributes
    ----------
    path : the coder's file.
    rows : how many rows it has.
    seen : ``stamp`` of the file when it was read.
    waiting : answers in the journal that are not in the file.
    """

    path: Path
    rows: int
    seen: tuple[int, int, int]
    waiting: int = 0

    def save(self, before: Answering, after: Answering) -> str:
        """Put on disk what the coder said; gives the sentence that may be shown to them.

        Raises
        ------
        CodingError
            Nothing could be written: the answer is not on disk.
        """
        every = EVERY if self.path.suffix.lower() == ".xlsx" and self.rows > SMALL else 1
        if self.waiting + 1 >= every:
            try:
                return self.write(after)
            except CodingError as err:
                self._journal(before, after)
                return f"Saved in {journal_of(self.path).name}, because {err}"
        self._journal(before, after)
        return f"Saved in {journal_of(self.path).name}; press 'Write file' before you send the file."

    def write(self, state: Answering) -> str:
        """Write the whole file and end the journal.

        Raises
        ------
        CodingError
            The file is open elsewhere, was changed by another, or cannot be written. The journal stays.
        """
        if stamp(self.path) != self.seen:
            raise CodingError(f"{self.path.name} was changed by another program. Run the cell of the form again.")
        write_sheet(self.path, state.sheet)
        journal_of(self.path).unlink(missing_ok=True)
        self.seen = stamp(self.path)
        self.waiting = 0
        return f"Saved in {self.path.name}."

    def _journal(self, before: Answering, after: Answering) -> None:
        alone = stamp(self.path) == self.seen
        append(self.path, after.sheet, _row(after), before.fresh)
        self.seen = (
            stamp(self.path) if alone else self.seen
        )  # lines of another form keep this one from ending the journal
        self.waiting += 1


def _row(state: Answering) -> dict[str, Value]:
    """The row that the cell has now."""
    case, indicator = state.cell
    ids: dict[str, Value] = {"case_id": case, "indicator_id": indicator, "coder": state.sheet.coder}
    return ids | {"kind": state.sheet.kind, "date": state.fresh} | state.answer


def stamp(path: Path) -> tuple[int, int, int]:
    """What tells whether a file or its journal was changed: time and size of the one, size of the other."""
    journal = journal_of(path)
    lines = journal.stat().st_size if journal.exists() else 0
    found = path.stat() if path.exists() else None
    return (0, 0, lines) if found is None else (found.st_mtime_ns, found.st_size, lines)
