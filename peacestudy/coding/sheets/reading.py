"""The rows of a coder's file, one after the other: whose they
are, what they ask, what they answer.
"""

import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd

from peacestudy.coding.coding import CODER_KINDS, DATE, SHEET_SCHEMA
from peacestudy.coding.sheets.cells import code_of, confidence_of, entry_of, same_id, whole
from peacestudy.coding.sheets.layout import COLUMNS, TEXTS, Origin, read_date, read_origin
from peacestudy.coding.sheets.migrate import Change, change_of, migration_notes, unasked_note
from peacestudy.coding.sheets.raw import RawTable
from peacestudy.coding.sheets.rows import mark_of
from peacestudy.coding.sheets.sheet import CoderSheet
from peacestudy.coding.sheets.tally import Tally, asked_cells
from peacestudy.core.codebook import Codebook
from peacestudy.core.problems import Note, Problem, nearest
from peacestudy.core.workbook.cells import Cell, Row
from peacestudy.errors import CodingError

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
        self.tally = Tally()

    def say(self, line: int, column: str, value: object, rule: str, remedy: str) -> None:
        """Note a problem of a row."""
        self.problems.append(Problem(self.raw.file, line, column, str(value), rule, remedy))

    def run(self) -> None:
        """Read every row: those in use first, because one that
        was set aside may have a place again.
        """
        origins = [self._origin(row) for row in self.raw.rows]
        pairs = list(zip(self.raw.rows, origins, strict=True))
        known = [o for o in origins if o is not None and o.part != "aside"]
        cases, texts = {o.case for o in known}, {o.indicator: o.text for o in known}
        for row, origin in pairs:
            if origin is None:
                self._stray(row, cases, texts)
            elif origin.part != "aside":
                self._row(row, origin)
        for row, origin in pairs:
            if origin is not None and origin.part == "aside":
                self._aside(row, origin)

    def sheet(self, path: Path) -> CoderSheet:
        """What the file holds; only where there are no problems."""
        asked, lost = asked_cells(
            list(self.lines), list(self.labels), list(self.indicators), self.first, self.codebook
        )
        table = pd.DataFrame(self.answers, columns=SHEET_SCHEMA.names, dtype=object).astype(
            {"code": "Int64"}
        )
        aside = (
            pd.DataFrame(self.aside, columns=[*COLUMNS, "reason"], dtype=object)
            if self.aside
            else None
        )
        cases = pd.DataFrame(list(self.labels.items()), columns=["case_id", "label"], dtype=object)
        changes = {
            c.indicator: c for c in sorted(self.changes.values(), key=lambda c: bool(c.what))
        }
        notes = migration_notes(
            changes, self.tally.taken, self.tally.left, self.first.version, self.codebook
        )
        notes += unasked_note(set(self.indicators), self.first.asked, self.codebook)
        return CoderSheet(
            table,
            self.codebook,
            self.raw.file,
            asked,
            path,
            self.first.coder,
            self.first.kind,
            cases,
            aside,
            (*self.notes, *notes, *self.tally.notes(), *lost),
        )

    def _cell(self, row: Row, name: str) -> Cell:
        return row.cells.get(self.at[name], "") if name in self.at else ""

    def _first(self) -> Origin:
        """What most rows in use say of the file: whose it is, and for which codebook."""
        texts = [str(self._cell(row, "sheet")) for row in self.raw.rows]
        known = [o for o in map(read_origin, texts) if o is not None]
        if not known:
            raise CodingError(
                f"{self.raw.file} has no row that says whose it is: its column 'sheet' is empty or"
                " was changed. Write a file with ps.coding.blank_sheet, and take the codes over"
                " into it."
            )
        wrong = [o for o in known if o.codebook != self.codebook.id]
        if wrong:
            raise CodingError(
                f"{self.raw.file} was written for codebook {wrong[0].codebook!r}, and this is"
                f" codebook {self.codebook.id!r}. Read it with its own codebook."
            )
        kinds = [o.kind for o in known if o.kind not in CODER_KINDS]
        if kinds:
            raise CodingError(
                f"{self.raw.file} gives the coder kind {kinds[0]!r}; one of"
                f" {', '.join(CODER_KINDS)} is expected."
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
                "restore it from the original file, or empty it",
            )
        elif origin is not None and (origin.coder, origin.kind) != (
            self.first.coder,
            self.first.kind,
        ):
            whose = (
                f"the row is of coder {origin.coder} ({origin.kind}), the file is of"
                f" {self.first.coder} ({self.first.kind})"
            )
            self.say(
                row.line,
                "sheet",
                origin.coder,
                whose,
                "one file a coder: take the row out, and give each coder a name of their own",
            )
        return origin

    def _stray(self, row: Row, cases: set[str], texts: dict[str, str]) -> None:
        """A row that was typed by hand: taken where the sheet asked for its cell."""
        case, indicator = whole(self._cell(row, "case_id")), whole(self._cell(row, "indicator_id"))
        if str(self._cell(row, "sheet")).strip():
            return  # said already
        for name, value, known in (
            ("case_id", case, cases),
            ("indicator_id", indicator, set(texts)),
        ):
            if value not in known:
                rule = "the sheet did not ask for it" if value else "a value is required"
                remedy = f"correct it, or take the row out.{nearest(value, sorted(known))}"
                self.say(row.line, name, value, rule, remedy)
        if case in cases and indicator in texts:
            self._row(
                row,
                replace(
                    self.first, case=case, indicator=indicator, text=texts[indicator], part="now"
                ),
            )

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
            rule = f"the cell is already in row {self.lines[key]}"
            self.say(row.line, "", ", ".join(key), rule, "keep one of the rows")
            return
        self._answer(row, origin, change)

    def _ids(self, row: Row, origin: Origin) -> bool:
        """Whether the ids of a row are those that were asked; what
        only a spreadsheet changed is put right.
        """
        fine = True
        for name, asked in (("case_id", origin.case), ("indicator_id", origin.indicator)):
            found = whole(self._cell(row, name))
            if found == asked:
                continue
            if not found or same_id(found, asked):
                self.tally.restored[found] = asked
            else:
                rule = f"the row belongs to {asked!r}"
                self.say(
                    row.line,
                    name,
                    found,
                    rule,
                    "restore it; to code another cell use its own row (was only a part of the"
                    " columns sorted?)",
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
        entries = [
            entry_of(self._cell(row, name), name, line, self.say, self.tally.numbers)
            for name in TEXTS
        ]
        date = self._date(row, origin, shown, [sure, *entries])
        if len(self.problems) > before or (
            shown is None and not any((sure, *entries)) and date is None
        ):
            return
        code = None if shown is None else change.codes[shown]
        if shown is not None and code is None:
            self._set_aside(
                row, origin, f"{origin.indicator}: code {shown} {change.labels[shown]} was removed"
            )
            return
        self.tally.taken[origin.indicator] += code is not None
        stamp = (origin.case, origin.indicator, date or "")
        if self.dated.setdefault(stamp, line) != line:
            rule = f"row {self.dated[stamp]} answers it at the same time"
            self.say(line, "", f"{origin.case}, {origin.indicator}", rule, "keep one of the rows")
            return
        self.answers.append(
            (
                origin.case,
                origin.indicator,
                self.first.coder,
                self.first.kind,
                code,
                sure,
                *entries,
                date,
            )
        )

    def _date(
        self, row: Row, origin: Origin, code: int | None, entries: list[str | None]
    ) -> str | None:
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
        if str(self._cell(row, "mark")) == mark_of(
            origin.case, origin.indicator, code, entries, date
        ):
            return date
        self.tally.edited += 1
        return date if origin.part == "earlier" else max(self.saved, _next(date))

    def _aside(self, row: Row, origin: Origin) -> None:
        """A row that was set aside before: it stays so, unless the
        codebook asks for it again as it did then.
        """
        question, codes = str(self._cell(row, "question")), str(self._cell(row, "codes"))
        change = change_of(origin.indicator, origin.text, question, codes, self.codebook)
        if not change.what and (origin.case, origin.indicator) not in self.lines:
            self._row(row, replace(origin, part="now"))
            return
        self.tally.kept += 1
        self._keep(
            row,
            origin,
            change.what[0] if change.what else f"{origin.indicator} has a row of its own",
        )

    def _set_aside(self, row: Row, origin: Origin, reason: str) -> None:
        if any(self._cell(row, name) for name in ("code", "confidence", *TEXTS, "date")):
            self.tally.left[origin.indicator] += 1
            self._keep(row, origin, reason)

    def _keep(self, row: Row, origin: Origin, reason: str) -> None:
        cells = {name: str(self._cell(row, name)) for name in COLUMNS} | {
            "sheet": str(replace(origin, part="aside"))
        }
        self.aside.append((*cells.values(), reason))


def _next(date: str) -> str:
    """The moment after a date."""
    return (
        datetime.strptime(date, _CLOCK).replace(tzinfo=UTC) + timedelta(microseconds=1)
    ).strftime(_CLOCK)
