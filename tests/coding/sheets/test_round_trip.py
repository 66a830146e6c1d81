"""Ten thousand notes through a workbook and through CSV come back to
the byte, and none is a formula in between.
"""

import random
import re
import zipfile
from dataclasses import replace

import pandas as pd
import pytest

from peacestudy.coding.coding import SHEET_SCHEMA
from peacestudy.coding.sheets import read_sheet, write_sheet
from peacestudy.core.workbook.escapes import csv_escape, csv_unescape, xlsx_escape, xlsx_unescape

NOTES = 10_000
# what spreadsheets, CSV, XML and Unicode each treat in a way of their own
PIECES = [
    *"=+-@'\"`;,|\t\n\r<>&%#!$\\/_ x0",
    "\r\n",
    "\n\r",
    "''",
    "'=",
    "=1+1",
    '=HYPERLINK("http://x")',
    "+1",
    "-5",
    "@SUM(1)",
    "＝1",
    "＋1",
    " =1",
    "\u00a0=1",
    "\u3000-1",
    "\ufeff",
    "_x000D_",
    "_x005F_",
    "_x005f_x000d_",
    "_x0",
    "x000D_",
    "&#13;",
    "&amp;",
    "<![CDATA[x]]>",
    "]]>",
    "007",
    "1-2",
    "2024-03-01",
    "3/4",
    "1e5",
    "NA",
    "N/A",
    "#N/A",
    "#REF!",
    "No",
    "TRUE",
    "null",
    "None",
    "nan",
    "1.0",
    " ",
    "  ",
    "\u2028",
    "\x85",
    "“smart”",
    "‘quotes’",
    "…",
    "–",
    "é",
    "e\u0301",
    "Å",
    "\u212b",
    "ﬁ",
    "\u200b",
    "\u200d",
    "\u200f",
    "\u202e",
    "\u00ad",
    "😀",
    "👩\u200d🚒",
    "🇩🇪",
    "中文",
    "한국어",
    "\u1112\u1161\u11ab",
    "العربية",
    "हिन्दी",
    "\U0001f600",
    "\U0010fffd",
    "\ufffd",
    "\ufffe",
    "\uffff",
    "\x01",
    "\x08",
    "\x0b",
    "\x0c",
    "\x1b",
    "\x1f",
    "\x7f",
    "\x9f",
]
FIRST = ("=", "+", "-", "@", "\t", "\r", "'", "'=", "''+", " ", "\ufeff", "")


def notes(seed, count):
    """Distinct texts, and None for the empty one."""
    draw = random.Random(seed)
    out = {}
    while len(out) < count:
        body = "".join(draw.choice(PIECES) for _ in range(draw.choice((0, 1, 1, 2, 3, 5, 8, 20))))
        letters = (
            chr(draw.choice((draw.randrange(1, 0xD800), draw.randrange(0xE000, 0x110000))))
            for _ in range(3)
        )
        out[draw.choice(FIRST) + body + draw.choice(("", "".join(letters)))] = None
    return [text or None for text in out]


@pytest.fixture(scope="module")
def texts():
    return notes(1, NOTES)


def test_the_notes_try_what_they_should(texts):
    joined = "\x00".join(t or "" for t in texts)
    assert all(piece in joined for piece in PIECES)
    assert (
        sum(t is not None and t.startswith(("=", "+", "-", "@", "\t", "\r")) for t in texts)
        > NOTES / 4
    )
    assert len(set(texts)) == NOTES


def test_escapes_are_undone_exactly(texts):
    for text in [*(t or "" for t in texts), "\x00"]:
        assert csv_unescape(csv_escape(text)) == text
        assert xlsx_unescape(xlsx_escape(text)) == text
        assert not re.match(r"\s*[=+\-@]|[\t\r]", csv_escape(text))


def test_ten_thousand_notes_come_back_to_the_byte(suffix, texts, blank, book, tmp_path):
    """Four notes a row: case id, source, locator and comment."""
    quarter = NOTES // 4
    ids = [f"{text or ''}#{n}" for n, text in enumerate(texts[:quarter])]
    rest = [texts[n * quarter : (n + 1) * quarter] for n in (1, 2, 3)]
    sheet = read_sheet(blank(suffix), book)
    rows = [
        (case, "truce", "ann", "human", n % 2, None, *more, None)
        for n, (case, *more) in enumerate(zip(ids, *rest, strict=True))
    ]
    table = pd.DataFrame(rows, columns=SHEET_SCHEMA.names, dtype=object).astype({"code": "Int64"})
    labels = pd.DataFrame({"case_id": ids, "label": texts[:quarter]}, dtype=object)
    path = write_sheet(
        tmp_path / f"notes.{suffix}", replace(sheet, table=table, asked=None), labels
    )
    again = read_sheet(path, book)
    pd.testing.assert_frame_equal(again.table, table, check_exact=True)
    assert [again.cases["label"].iloc[n] for n in range(quarter)] == texts[:quarter]
    assert again.notes[1:] == ()  # one note only: the sheet asks less than its codebook


def test_a_workbook_holds_no_formula_link_or_macro(texts, blank, book, tmp_path):
    sheet = read_sheet(blank("xlsx"), book)
    rows = [
        (f"{t}#{n}", "truce", "ann", "human", 1, None, t, t, t, None) for n, t in enumerate(texts)
    ]
    table = pd.DataFrame(rows, columns=SHEET_SCHEMA.names, dtype=object).astype({"code": "Int64"})
    path = write_sheet(tmp_path / "notes.xlsx", replace(sheet, table=table, asked=None))
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheets = [data for name, data in parts.items() if name.startswith("xl/worksheets/sheet")]
    assert len(sheets) == 2 and b"inlineStr" in sheets[0]
    for data in sheets:
        assert not re.search(rb"<f[ />]|<hyperlink|<oleObject|<control", data)
        assert set(re.findall(rb'<c [^>]*?t="(\w+)"[^>]*(?<!/)>', data)) == {b"inlineStr"}
    assert not any(
        "externalLink" in name or "vba" in name.lower() or "macro" in name.lower() for name in parts
    )
    assert not any(
        b'TargetMode="External"' in data for name, data in parts.items() if name.endswith(".rels")
    )


def test_no_cell_of_a_csv_file_begins_as_a_formula(texts, blank, book, tmp_path):
    import csv

    sheet = read_sheet(blank("csv"), book)
    rows = [
        (f"{t}#{n}", "truce", "ann", "human", 1, None, t, t, t, None) for n, t in enumerate(texts)
    ]
    table = pd.DataFrame(rows, columns=SHEET_SCHEMA.names, dtype=object).astype({"code": "Int64"})
    path = write_sheet(tmp_path / "notes.csv", replace(sheet, table=table, asked=None))
    with path.open(encoding="utf-8-sig", newline="") as stream:
        cells = [cell for row in csv.reader(stream) for cell in row]
    assert len(cells) == 13 * (NOTES + 1)
    assert not [cell for cell in cells if re.match(r"\s*[=+\-@]|[\t\r]", cell)]


@pytest.mark.parametrize("length", [32_766, 32_767])
def test_the_longest_text_a_cell_holds(length, blank, answers, book):
    path = blank("xlsx")
    text = "=" + "ab\r\n<&_x000D_é"[:15].ljust(15, "z") + "y" * (length - 16)
    sheet = replace(read_sheet(path, book), table=answers(("a", "truce", 1, text, None)))
    assert read_sheet(write_sheet(path, sheet), book).table["comment"].tolist() == [text]
