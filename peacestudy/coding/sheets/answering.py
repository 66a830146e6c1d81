"""How a coder goes through their sheet: where they are, what they said
of the cell, what is done. No widgets in here.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

from peacestudy.coding.coding import SHEET_SCHEMA
from peacestudy.coding.sheets.layout import FILLED
from peacestudy.coding.sheets.sheet import CoderSheet
from peacestudy.core.problems import one_of
from peacestudy.errors import CodingError

CLOCK = "%Y-%m-%dT%H:%M:%S.%fZ"
Value = int | str | None


@dataclass(frozen=True, eq=False)
class Answering:
    """A coder at one cell of their sheet.

    Attributes
    ----------
    sheet : what they wrote so far.
    cells : ``(case_id, indicator_id)`` of every cell that was asked, in the order of the file.
    at : number of the cell they are at.
    fresh : date of the row they wrote since they came to the cell; empty before the first. What is
        changed while one stays at a cell is one answer; what is changed after coming back is a
        revision, a further row.
    """

    sheet: CoderSheet
    cells: tuple[tuple[str, str], ...]
    at: int
    fresh: str = ""

    @property
    def cell(self) -> tuple[str, str]:
        """Case and indicator of the cell."""
        return self.cells[self.at]

    @property
    def answer(self) -> dict[str, Value]:
        """What the coder last said of the cell: code, confidence,
        source, locator, comment; None where nothing.
        """
        own = _own(self)
        return dict.fromkeys(FILLED, None) if own.empty else _said(own.iloc[-1])

    @property
    def open(self) -> list[int]:
        """Numbers of the cells that have no code."""
        codes = self.sheet.latest().dropna(subset=["code"])
        done = set(zip(codes["case_id"], codes["indicator_id"], strict=True))
        return [n for n, cell in enumerate(self.cells) if cell not in done]


def begin(sheet: CoderSheet) -> Answering:
    """The coder at the first cell that has no code; at the first of all where every cell has one.

    Raises
    ------
    CodingError
        The sheet asks nothing.
    """
    if sheet.asked is None or sheet.asked.empty:
        raise CodingError(
            f"{sheet.file} has no questions. Write a sheet with ps.coding.blank_sheet, and read it."
        )
    cells = tuple(zip(sheet.asked["case_id"], sheet.asked["indicator_id"], strict=True))
    start = Answering(sheet, cells, 0)
    return replace(start, at=start.open[0] if start.open else 0)


def go(state: Answering, at: int) -> Answering:
    """The coder at another cell; beyond the ends they stay at the first or the last."""
    return replace(state, at=min(max(at, 0), len(state.cells) - 1), fresh="")


def next_open(state: Answering) -> Answering:
    """The coder at the next cell without a code, from the start again
    after the end; where they are if there is none.
    """
    still = state.open
    after = [n for n in still if n > state.at] or [n for n in still if n < state.at]
    return go(state, after[0]) if after else state


def say(state: Answering, **said: Value) -> Answering:
    """What the coder says of the cell, beside what they said before.

    Parameters
    ----------
    said : any of code, confidence, source, locator, comment; None or empty takes it back.

    Returns
    -------
    Answering
        The same object where nothing changed. Else the cell has a new row, later than those it had;
        a row written earlier in the same visit gives way to it, rows of before stay. What was taken
        back wholly leaves a row without a code.

    Raises
    ------
    CodingError
        A code that the indicator does not have, or another word of ``said``.
    """
    for name in said:
        if name not in FILLED:
            raise CodingError(one_of("entry", name, FILLED))
    clean = {name: None if value == "" else value for name, value in said.items()}
    before = state.answer
    answer = before | clean
    if answer == before:
        return state
    row = _dated(state, answer)
    return replace(state, sheet=with_row(state.sheet, row, state.fresh), fresh=str(row["date"]))


def with_row(sheet: CoderSheet, row: dict[str, Value], replaces: str = "") -> CoderSheet:
    """The sheet with a further row; the one of the same cell and of
    the date ``replaces`` gives way to it.
    """
    table = sheet.table
    same = (table["case_id"] == row["case_id"]) & (table["indicator_id"] == row["indicator_id"])
    stale = same & table["date"].isin([d for d in (replaces, row["date"]) if d])
    added = pd.DataFrame([row], columns=SHEET_SCHEMA.names, dtype=object).astype({"code": "Int64"})
    kept = table[~stale]
    whole = pd.concat([kept, added], ignore_index=True) if len(kept) else added
    return replace(sheet, table=whole.astype(table.dtypes.to_dict()))


def _own(state: Answering) -> pd.DataFrame:
    """The rows of the cell, oldest first."""
    case, indicator = state.cell
    table = state.sheet.table
    own = table[(table["case_id"] == case) & (table["indicator_id"] == indicator)]
    return own.sort_values("date", kind="stable", na_position="first")


def _said(row: "pd.Series[Any]") -> dict[str, Value]:
    texts = {
        name: None if pd.isna(row[name]) else str(row[name]) for name in FILLED if name != "code"
    }
    code = row["code"]
    return {"code": None if pd.isna(code) else int(code), **texts}


def _dated(state: Answering, answer: dict[str, Value]) -> dict[str, Value]:
    """A row of the cell, dated now, or a microsecond after its last row where a clock went back."""
    case, indicator = state.cell
    date = datetime.now(UTC).strftime(CLOCK)
    dates = _own(state)["date"].dropna()
    last = str(dates.max()) if len(dates) else ""
    if last >= date:
        date = (datetime.strptime(last, CLOCK) + timedelta(microseconds=1)).strftime(CLOCK)
    ids: dict[str, Value] = {"case_id": case, "indicator_id": indicator, "coder": state.sheet.coder}
    return ids | {"kind": state.sheet.kind, "date": date} | answer
