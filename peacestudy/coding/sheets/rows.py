"""A sheet of one coder -> the texts of its file, a row a cell that was asked or coded."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pandas as pd

from peacestudy.coding.coding import CODER_KINDS, CodingSheet
from peacestudy.coding.sheets.layout import (
    COLUMNS,
    EARLIER,
    TEXTS,
    Origin,
    codes_text,
    date_cell,
    digest,
    text_of,
)
from peacestudy.coding.sheets.sheet import CoderSheet
from peacestudy.core.problems import one_of
from peacestudy.errors import CodingError

_CELLS = ("case_id", "indicator_id", "code", "confidence", *TEXTS, "date")
_EMPTY = (None,) * len(_CELLS)
Text = tuple[str, ...]
Answer = tuple[Any, ...]


def whose(sheet: CodingSheet) -> tuple[str, str]:
    """The one coder of a sheet, and what they are.

    Raises
    ------
    CodingError
        The sheet has several coders, none, or does not say of what kind the coder is.
    """
    if isinstance(sheet, CoderSheet):
        coder, kind = sheet.coder, sheet.kind
    else:
        names = set(sheet.coders) | (set() if sheet.asked is None else set(sheet.asked["coder"]))
        if len(names) != 1:
            raise CodingError(
                f"a coder's file is for one coder, but this sheet has {len(names)}:"
                f" {sorted(names)}."
            )
        coder = names.pop()
        kind = sheet.kinds.get(coder, "human")
    stray = set(sheet.coders) - {coder}
    if stray or any(k != kind for k in sheet.kinds.values()):
        raise CodingError(
            f"the file is {coder}'s ({kind}), and the sheet holds codes of {sheet.kinds}."
        )
    if kind not in CODER_KINDS:
        raise CodingError(one_of("kind", kind, CODER_KINDS))
    return coder, kind


def file_rows(sheet: CodingSheet, cases: pd.DataFrame | None = None) -> list[Text]:
    """The rows of a coder's file as texts, a tuple as long as ``COLUMNS`` each.

    First the cells in the order in which they were asked, each with its newest answer; then earlier
    answers; last the rows that an older codebook asked for, as they were.

    Parameters
    ----------
    cases : ``case_id, label``; by default those the sheet was read with.
    """
    newest, earlier = _answers(sheet.table)
    asked: list[tuple[str, str]] = []
    if sheet.asked is not None:
        asked += zip(sheet.asked["case_id"], sheet.asked["indicator_id"], strict=True)
    cells = list(dict.fromkeys([*asked, *newest]))
    write = _Writer(sheet, cells, _labels(sheet, cases))
    out = []
    for case, indicator in cells:
        out.append(write.row(case, indicator, newest.get((case, indicator), _EMPTY)))
    for answer in earlier:
        out.append(write.row(answer[0], answer[1], answer, "earlier"))
    aside = sheet.aside if isinstance(sheet, CoderSheet) else None
    if aside is not None:
        out += list(aside[list(COLUMNS)].itertuples(index=False, name=None))
    return out


def mark_of(
    case: str, indicator: str, code: int | None, entries: Sequence[str | None], date: str
) -> str:
    """Digest of a row as the form left it; ``entries`` are
    confidence, source, locator and comment.
    """
    # the letter keeps spreadsheets from making a number of it
    code_text = "" if code is None else str(code)
    texts = [entry or "" for entry in entries]
    return "m" + digest(case, indicator, code_text, *texts, date)


def _answers(table: pd.DataFrame) -> tuple[dict[tuple[str, str], Answer], list[Answer]]:
    """The newest answer of every cell, and all that it revised, oldest first."""
    ordered = table
    if table["date"].notna().any():
        ordered = table.sort_values("date", kind="stable", na_position="first")
    plain = ordered[list(_CELLS)].astype(object)
    rows = list(plain.where(plain.notna(), None).itertuples(index=False, name=None))
    newest = {(row[0], row[1]): row for row in rows}
    if len(newest) == len(rows):
        return newest, []
    earlier = [row for row in rows if newest[row[0], row[1]] is not row]
    return newest, earlier


def _labels(sheet: CodingSheet, cases: pd.DataFrame | None) -> dict[str, str]:
    if cases is None and isinstance(sheet, CoderSheet):
        cases = sheet.cases
    if cases is None or "label" not in cases.columns:
        return {}
    labels = cases[["case_id", "label"]].dropna(subset="label")
    return dict(zip(labels["case_id"], labels["label"], strict=True))


class _Writer:
    """What the rows of a file share, worked out once."""

    def __init__(
        self, sheet: CodingSheet, cells: Sequence[tuple[str, str]], labels: Mapping[str, str]
    ) -> None:
        book = sheet.codebook
        coder, kind = whose(sheet)
        self.labels = labels
        width = len({indicator for _, indicator in cells})
        height = len({case for case, _ in cells})
        # a file from which rows were deleted still knows what was asked, as long as that is every
        # case on every indicator
        whole = f"{height}x{width}of{len(book.indicators)}"
        asked = whole if height * width == len(cells) else str(len(cells))
        self.shown = {}
        self.heads = {}
        self.codes = {}
        self.quoted: dict[str, str] = {}
        for i in book.indicators.values():
            origin = Origin(book.id, book.version, coder, kind, "", i.id, text_of(i), asked)
            self.shown[i.id] = (i.question, codes_text(i))
            self.heads[i.id] = {
                part: replace(origin, part=part).head() for part in ("now", "earlier")
            }
            self.codes[i.id] = {c.value: f"{c.value} {c.label}" for c in i.codes}

    def row(self, case: str, indicator: str, answer: Answer, part: str = "now") -> Text:
        """One row of the file."""
        _, _, code, confidence, source, locator, comment, date = answer
        question, codes = self.shown[indicator]
        quoted = self.quoted.get(case) or self.quoted.setdefault(case, quote(case, safe=""))
        mark = ""
        if date:
            mark = mark_of(case, indicator, code, (confidence, source, locator, comment), date)
        return (
            case,
            self.labels.get(case, ""),
            indicator,
            EARLIER + question if part == "earlier" else question,
            codes,
            "" if code is None else self.codes[indicator][code],
            confidence or "",
            source or "",
            locator or "",
            comment or "",
            date_cell(date),
            mark,
            self.heads[indicator][part] + quoted,
        )
