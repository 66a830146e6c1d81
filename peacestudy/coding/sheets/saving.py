"""Where the answers of a form go: into the coder's file, or into
its journal until the file can be written.

From the look at the file to the end of the write, a form holds the lock of the sheet, so that two
forms on one sheet, in two notebooks or two processes, wait for each other and neither deletes what
the other has saved.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from peacestudy.coding.sheets.answering import Answering, Value
from peacestudy.coding.sheets.journal import append, journal_of
from peacestudy.coding.sheets.write import write_sheet
from peacestudy.core.file_sets import writing
from peacestudy.errors import CodingError

WAIT = 10.0  # seconds that a form waits for another one on the same sheet
SMALL = 400  # rows of a workbook that is written after every answer; a larger one takes too long
EVERY = 50  # answers after which a larger one is written


@dataclass
class Saver:
    """Saves one coder's answers into one file; every answer is on disk when ``save`` returns.

    A CSV file, and a small workbook, is written whole after each. A larger workbook is written
    after every ``EVERY`` answers; those between stand in the journal. So do those that come while
    the file is open in a spreadsheet program or was changed by another since the form read it;
    ``read_sheet`` and the form take them over.

    Attributes
    ----------
    path : the coder's file.
    rows : how many rows it has.
    seen : ``stamp`` of the file when it was read.
    waiting : answers in the journal that are not in the file.
    """

    path: Path
    rows: int
    seen: tuple[str, int]
    waiting: int = 0

    def save(self, before: Answering, after: Answering) -> str:
        """Put on disk what the coder said; gives the sentence that may be shown to them.

        Raises
        ------
        CodingError
            Nothing could be written: the answer is not on disk.
        """
        every = EVERY if self.path.suffix.lower() == ".xlsx" and self.rows > SMALL else 1
        with locked(self.path):
            if self.waiting + 1 >= every:
                try:
                    return self._write(after)
                except CodingError as err:
                    self._journal(before, after)
                    return f"Saved in {journal_of(self.path).name}, because {err}"
            self._journal(before, after)
            return (
                f"Saved in {journal_of(self.path).name}; press 'Write file' before you send the"
                " file."
            )

    def write(self, state: Answering) -> str:
        """Write the whole file and end the journal.

        Raises
        ------
        CodingError
            The file is open elsewhere, was changed by another, or
            cannot be written. The journal stays.
        """
        with locked(self.path):
            return self._write(state)

    def _write(self, state: Answering) -> str:
        if stamp(self.path) != self.seen:
            raise CodingError(
                f"{self.path.name} was changed by another program. Run the cell of the form again."
            )
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


def stamp(path: Path) -> tuple[str, int]:
    """What tells whether a sheet was changed: the hash of its file and the size of its journal.

    The time of a file is not asked: a clock that goes back, or two writes
    within its resolution, leave it as it was.
    """
    journal = journal_of(path)
    lines = journal.stat().st_size if journal.exists() else 0
    found = hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""
    return found, lines


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of a sheet; others wait.

    Raises
    ------
    CodingError
        Another form or process holds it too long, or the lock file cannot be made.
    """
    lock = path.with_name(path.name + ".lock")
    try:
        with writing(lock, CodingError), FileLock(lock, timeout=WAIT, poll_interval=0.01):
            yield
    except Timeout as err:
        raise CodingError(
            f"{path.name} has been locked by another process for {WAIT:g} seconds. Close the other"
            f" form; if there is none, remove {lock}."
        ) from err
