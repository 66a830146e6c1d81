"""The rows of a coder's file, one after the other: whose they are, what they ask, what they answer."""

import re
import unicodedata
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd

from peacestudy.coding.coding import CODER_KINDS, DATE, SHEET_SCHEMA
from peacestudy.coding.sheets.cells import code_of, confidence_of, entry_of, whole
from peacestudy.coding.sheets.layout import COLUMNS, TEXTS, Origin, read_date, read_origin
from peacestudy.coding.sheets.migrate import Change, change_of, migration_notes, unasked_note
from peacestudy.coding.sheets.raw import Cell, RawTable, Row
from peacestudy.coding.sheets.rows import mark_of
from peacestudy.coding.sheets.sheet import CoderSheet
from peacestudy.core.codebook import Codebook
from peacestudy.core.problems import Note, Problem, nearest
from peacestudy.errors import CodingError

_NUMBER = re.compile(r"([0-9]{1,15})(?:\.0*)?")
_CLOCK = "%Y-%m-%dT%H:%M:%S.%fZ"


class Reading:
    """Reads the rows of one file and gathers what they hold and what is wrong with them."""

    def __init__(self, raw: RawTable, codebook: Codebook, saved: str) -> None:
        self.raw = raw
        self.codebook = codebook
        self.saved = saved
        self.problems: list[Problem] = list(raw.problems)
        self.notes: list[Note] = []
        self.at = {name: raw.header.index(name) for name in COLUMNS if name in raw.header}
        self.first = self._first()
        self.answers: list[tuple[object, ...]] = []
        self.labels: dict[str, str | None] = {}
        self.lines: dict[tuple[str, str], int] = {}  # cells asked, and the row that asks them
        self.dated: dict[tuple[str, str, str], int] = {}
        self.indicators: dict[str, None] = {}  # as asked, those that were removed included
        self.aside: list[tuple[str, ...]] = []
        self.changes: dict[tuple[str, str], Change] = {}
        self.taken: Counter[str] = Counter()
        self.left: Counter[str] = Counter()
        self.numbers: dict[str, int] = {}
        self.restored: dict[str, str] = {}
        self.edited = 0

    def say(self, line: int, column: str, value: object, rule: str, remedy: str) -> None:
        """Note a problem of a row."""
        self.problems.append(Problem(self.raw.file, line, column, str(value), rule, remedy))

    def run(self) -> None:
        """Read every row: those in use first, because one that was set aside may have a place again."""
        origins = [self._origin(row) for row in self.raw.rows]
        pairs = list(zip(self.raw.rows, origins, strict=True))
        known = [o for o in origins if o is not None and o.part != "aside"]
        cases, indicators = {o.case for o in known}, {o.indicator for o in known}
        for row, origin in pairs:
            if origin is None:
                self._stray(row, cases, indicators)
            elif origin.part != "aside":
                self._row(row, origin)
        for row, origin in pairs:
            if origin is not None and origin.part == "aside":
                self._aside(row, origin)

    def sheet(self, path: Path) -> CoderSheet:
        """What the file holds; only where there are no problems."""
        asked, notes = self._asked()
        table = pd.DataFrame(self.answers, columns=SHEET_SCHEMA.names, dtype=object).astype({"code": "Int64"})
        aside = pd.DataFrame(self.aside, columns=[*COLUMNS, "reason"], dtype=object) if self.aside else None
        cases = pd.DataFrame({
            "case_id": pd.Series(list(self.labels), dtype=object), "label": pd.Series(list(self.labels.values()), dtype=object),
        })  # fmt: skip
        return CoderSheet(
            table, self.codebook, self.raw.file, asked, path, self.first.coder, self.first.kind, cases, aside,
            (*self.notes, *self._reading_notes(), *notes),
        )  # fmt: skip

    def _cell(self, row: Row, name: str) -> Cell:
        return row.cells.get(self.at[name], "") if name in self.at else ""

    def _first(self) -> Origin:
        """What most rows in use say of the file: whose it is, and for which codebook."""
        texts = [str(self._cell(row, "sheet")) for row in self.raw.rows]
        known = [o for o in map(read_origin, texts) if o is not None]
        if not known:
            raise CodingError(
                f"{self.raw.file} has no row that says whose it is: its column 'sheet' is empty or was changed. "
                "Write a file with ps.coding.blank_sheet, and take the codes over into it."
            )
        wrong = [o for o in known if o.codebook != self.codebook.id]
        if wrong:
            raise CodingError(
                f"{self.raw.file} was written for codebook {wrong[0].codebook!r}, and this is codebook {self.codebook.id!r}. "
                "Read it with its own codebook."
            )
        kinds = [o.kind for o in known if o.kind not in CODER_KINDS]
        if kinds:
            raise CodingError(
                f"{self.raw.file} is of a coder of kind {kinds[0]!r}, one of {', '.join(CODER_KINDS)} is expected."
            )
        used = [o for o in known if o.part != "aside"] or known
        shared = Counter((o.coder, o.kind, o.version, o.asked) for o in used).most_common(1)[0][0]
        return next(o for o in used if (o.coder, o.kind, o.version, o.asked) == shared)

    def _origin(self, row: Row) -> Origin | None:
        cell = str(self._cell(row, "sheet"))
        origin = read_origin(cell)
        if origin is None and cell.strip():
            self.say(
                row.line,
                "sheet",
                cell,
                "the technical cell was changed",
                "restore it from the file as it was sent, or empty it",
            )
        elif origin is not None and (origin.coder, origin.kind) != (self.first.coder, self.first.kind):
            whose = f"the row is of coder {origin.coder} ({origin.kind}), the file is of {self.first.coder} ({self.first.kind})"
            self.say(
                row.line,
                "sheet",
                origin.coder,
                whose,
                "one file a coder: take the row out, and give each coder a name of their own",
            )
        return origin

    def _stray(self, row: Row, cases: set[str], indicators: set[str]) -> None:
        """A row that was typed by hand: taken where the sheet asked for its cell."""
        case, indicator = whole(self._cell(row, "case_id")), whole(self._cell(row, "indicator_id"))
        if str(self._cell(row, "sheet")).strip():
            return  # said already
        for name, value, known in (("case_id", case, cases), ("indicator_id", indicator, indicators)):
            if value not in known:
                rule = "the sheet did not ask for it" if value else "a value is required"
                remedy = f"correct it, or take the row out.{nearest(value, sorted(known))}"
                self.say(row.line, name, value, rule, remedy)
        if case in cases and indicator in indicators:
            self._row(row, replace(self.first, case=case, indicator=indicator, text="", part="now"))

    def _row(self, row: Row, origin: Origin) -> None:
        if not self._ids(row, origin):
            return
        self.indicators.setdefault(origin.indicator)
        label = self._cell(row, "label")
        if self.labels.get(origin.case) is None:
            self.labels[origin.case] = str(label) or None
        change = self._change(row, origin)
        if change.removed:
            self._set_aside(row, origin, change.what[0])
            return
        key = (origin.case, origin.indicator)
        if origin.part == "now" and self.lines.setdefault(key, row.line) != row.line:
            rule = f"the cell stands already in row {self.lines[key]}"
            self.say(row.line, "", ", ".join(key), rule, "keep one of the rows")
            return
        self._answer(row, origin, change)

    def _ids(self, row: Row, origin: Origin) -> bool:
        """Whether the ids of a row are those that were asked; what only a spreadsheet changed is put right."""
        fine = True
        for name, asked in (("case_id", origin.case), ("indicator_id", origin.indicator)):
            found = whole(self._cell(row, name))
            if found == asked:
                continue
            if not found or _same(found, asked):
                self.restored[found] = asked
            else:
                rule = f"the row was asked for {asked!r}"
                self.say(
                    row.line,
                    name,
                    found,
                    rule,
                    "restore it; to code another cell use its own row (was only a part of the columns sorted?)",
                )
                fine = False
        return fine

    def _change(self, row: Row, origin: Origin) -> Change:
        key = (origin.indicator, origin.text)
        if key not in self.changes:
            question, codes = str(self._cell(row, "question")), str(self._cell(row, "codes"))
            self.changes[key] = change_of(*key, question, codes, self.codebook)
        return self.changes[key]

    def _answer(self, row: Row, origin: Origin, change: Change) -> None:
        line = row.line
        before = len(self.problems)
        shown = code_of(self._cell(row, "code"), change.labels, origin.indicator, line, self.say)
        sure = confidence_of(self._cell(row, "confidence"), line, self.say)
        entries = [entry_of(self._cell(row, name), name, line, self.say, self.numbers) for name in TEXTS]
        date = self._date(row, origin, shown, [sure, *entries])
        if len(self.problems) > before or (shown is None and not any((sure, *entries)) and date is None):
            return
        code = None if shown is None else change.codes[shown]
        if shown is not None and code is None:
            self._set_aside(row, origin, f"{origin.indicator}: code {shown} {change.labels[shown]} was removed")
            return
        self.taken[origin.indicator] += code is not None
        stamp = (origin.case, origin.indicator, date or "")
        if self.dated.setdefault(stamp, line) != line:
            rule = f"row {self.dated[stamp]} answers it at the same time"
            self.say(line, "", f"{origin.case}, {origin.indicator}", rule, "keep one of the rows")
            return
        self.answers.append(
            (origin.case, origin.indicator, self.first.coder, self.first.kind, code, sure, *entries, date)
        )

    def _date(self, row: Row, origin: Origin, code: int | None, entries: list[str | None]) -> str | None:
        cell = str(self._cell(row, "date"))
        if not cell.strip():
            return None
        date = read_date(cell)
        if not re.fullmatch(DATE, date):
            self.say(
                row.line,
                "date",
                cell,
                "the form writes the date, and not in this form",
                "restore it, or empty the cell",
            )
            return None
        if str(self._cell(row, "mark")) == mark_of(origin.case, origin.indicator, code, entries, date):
            return date
        self.edited += 1
        return date if origin.part == "earlier" else max(self.saved, _next(date))

    def _aside(self, row: Row, origin: Origin) -> None:
        """A row that was set aside before: it stays so, unless the codebook asks for it again as it did then."""
        change = self._change(row, origin)
        if not change.what and (origin.case, origin.indicator) not in self.lines:
            self._row(row, replace(origin, part="now"))
        else:
            self._set_aside(row, origin, change.what[0] if change.what else f"{origin.indicator} was answered anew")

    def _set_aside(self, row: Row, origin: Origin, reason: str) -> None:
        filled = any(self._cell(row, name) for name in ("code", "confidence", *TEXTS, "date"))
        if filled:
            self.left[origin.indicator] += 1
            cells = {name: str(self._cell(row, name)) for name in COLUMNS} | {
                "sheet": str(replace(origin, part="aside"))
            }
            self.aside.append((*cells.values(), reason))

    def _asked(self) -> tuple[pd.DataFrame, list[Note]]:
        """The cells that were asked, those whose rows were deleted included where that can be known."""
        notes: list[Note] = []
        cells = list(self.lines)
        size, _, _ = self.first.asked.partition("of")
        if size == f"{len(self.labels)}x{len(self.indicators)}":
            asked = [name for name in self.indicators if name in self.codebook.indicators]
            whole_set = [(case, name) for case in self.labels for name in asked]
            gone = len(whole_set) - len(cells)
            cells = whole_set if gone > 0 else cells
            lost = (
                f"The rows of {gone} cell(s) that were asked are no longer in the file; they are open."
                if gone > 0
                else ""
            )
        else:
            lost = "" if size == str(len(cells)) else (
                f"The sheet asked {size} cells (cases x indicators), and its rows are of {len(self.labels)} cases and "
                f"{len(self.indicators)} indicators: whole cases or indicators were deleted, and what they asked is not known here."
            )  # fmt: skip
        if lost:
            notes.append(Note("deleted", lost))
        frame = pd.DataFrame([(*key, self.first.coder) for key in cells], columns=["case_id", "indicator_id", "coder"])
        return frame, notes

    def _reading_notes(self) -> list[Note]:
        changes = {c.indicator: c for c in sorted(self.changes.values(), key=lambda c: bool(c.what))}
        notes = migration_notes(changes, self.taken, self.left, self.first.version, self.codebook)
        notes += unasked_note(set(self.indicators), self.first.asked, self.codebook)
        if self.restored:
            found, asked = next(iter(self.restored.items()))
            notes.append(
                Note(
                    "restored",
                    f"{len(self.restored)} id(s) that a spreadsheet changed were restored, {found!r} to {asked!r} for example.",
                )
            )
        if self.numbers:
            which = ", ".join(f"{n} in {name}" for name, n in self.numbers.items())
            notes.append(
                Note(
                    "numbers",
                    f"Numbers stand where text is expected ({which}); their digits were taken, zeros before them are lost.",
                )
            )
        if self.edited:
            notes.append(
                Note(
                    "edited",
                    f"{self.edited} row(s) were changed in another program after the form dated them; they count as revised when the file was saved.",
                )
            )
        return notes


def _same(found: str, asked: str) -> bool:
    """Whether two ids differ only by what a spreadsheet does to one: blanks around, zeros before, composed letters."""
    if unicodedata.normalize("NFC", found.strip()) == unicodedata.normalize("NFC", asked.strip()):
        return True
    a, b = _NUMBER.fullmatch(found.strip()), _NUMBER.fullmatch(asked.strip())
    return bool(a and b and int(a[1]) == int(b[1]))


def _next(date: str) -> str:
    """The moment after a date."""
    return (datetime.strptime(date, _CLOCK).replace(tzinfo=UTC) + timedelta(microseconds=1)).strftime(_CLOCK)
