"""A small codebook, its sheets, and a way to write what a coder would have typed."""

import csv
import io
from dataclasses import replace
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from peacestudy.coding.sheets import blank_sheet
from peacestudy.coding.sheets.layout import COLUMNS
from peacestudy.core.codebook import Code, Codebook, Indicator, Pillar, Scale

PRESENCE = (Code(0, "absent", "Nothing is said."), Code(1, "present", "Something is said."))
DEPTH = (Code(0, "none", "No."), Code(1, "some", "Some."), Code(3, "full, all", "All."))


def indicator(name, codes):
    return Indicator(
        name,
        name.title(),
        f"Is there {name}?",
        name,
        "s",
        "because",
        "political",
        "promise",
        1,
        level="ordinal",
        codes=codes,
    )


@pytest.fixture
def book():
    pillar = Pillar(
        "talks",
        "Talks",
        "t",
        "h",
        "s",
        indicators=(indicator("mediation", PRESENCE), indicator("truce", DEPTH)),
    )
    return Codebook(
        "small", "Small", "1.0", "share", {}, (Scale("s", "ordinal", PRESENCE),), (pillar,)
    )


@pytest.fixture
def changed(book):
    """The codebook with other indicators: changed(version, indicator, ...)."""

    def make(version, *indicators):
        return replace(
            book, version=version, entries=(replace(book.entries[0], indicators=indicators),)
        )

    return make


@pytest.fixture(params=["csv", "xlsx"])
def suffix(request):
    return request.param


@pytest.fixture
def blank(tmp_path, book):
    """A blank sheet of two cases: blank("xlsx")."""

    def make(suffix, cases=("a", "b"), codebook=book, coder="ann", **more):
        return blank_sheet(codebook, list(cases), coder, path=tmp_path / f"sheet.{suffix}", **more)

    return make


def type_csv(path: Path, entries: dict[tuple[int, str], str]) -> Path:
    rows = list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))
    for (line, column), text in entries.items():
        rows[line - 1][rows[0].index(column)] = text
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    path.write_bytes(out.getvalue().encode("utf-8-sig"))
    return path


def type_xlsx(path: Path, entries: dict[tuple[int, str], object]) -> Path:
    workbook = openpyxl.load_workbook(path)
    sheet = workbook["coding"]
    for (line, column), value in entries.items():
        sheet.cell(line, COLUMNS.index(column) + 1).value = value
    workbook.save(path)
    return path


@pytest.fixture
def fill(request):
    """Type into cells as a spreadsheet would: fill(path, {(row, column): value})."""
    return lambda path, entries: (type_csv if path.suffix == ".csv" else type_xlsx)(path, entries)


@pytest.fixture
def answers():
    """A table of answers for write_sheet: answers((case, indicator, code, comment, date), ...)."""

    def make(*rows):
        names = [
            "case_id",
            "indicator_id",
            "coder",
            "kind",
            "code",
            "confidence",
            "source",
            "locator",
            "comment",
            "date",
        ]
        full = [
            (case, name, "ann", "human", code, None, None, None, comment, date)
            for case, name, code, comment, date in rows
        ]
        return pd.DataFrame(full, columns=names, dtype=object).astype({"code": "Int64"})

    return make
