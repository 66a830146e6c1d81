"""Workbooks as other programs write them, and as people who mean harm do."""

import io
import random
import re
import struct
import time
import tracemalloc
import zipfile
from functools import cache

import openpyxl
import pytest

from peacestudy.coding.sheets import read_sheet
from peacestudy.coding.sheets.layout import COLUMNS
from peacestudy.coding.sheets.xlsx_read import read_xlsx
from peacestudy.core.workbook import worksheet
from peacestudy.core.workbook.book import format_kind
from peacestudy.core.workbook.package import MAX_INFLATED, open_package
from peacestudy.core.workbook.worksheet import column_number
from peacestudy.errors import CodingError

SHEET = "xl/worksheets/sheet1.xml"
SECOND = 1.0  # the bound for refusing a bomb; measured a hundredth of it


def rebuilt(path, changes, drop=()):
    """The workbook with parts changed: changes(name) gives bytes,
    or a function of the old bytes.
    """
    out = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        names = old.namelist()
        for name in [*names, *(n for n in changes if n not in names)]:
            data = old.read(name) if name in names else b""
            change = changes.get(name)
            data = change(data) if callable(change) else data if change is None else change
            if name not in drop:
                new.writestr(name, data)
    path.write_bytes(out.getvalue())
    return path


def with_part(path, name, data):
    return rebuilt(path, {name: data})


def said(path, book):
    with pytest.raises(CodingError) as caught:
        read_sheet(path, book)
    return caught.value


def changed_by_openpyxl(path, change):
    workbook = openpyxl.load_workbook(path)
    change(workbook)
    workbook.save(path)
    return path


# ---- as other programs write them


def test_shared_rich_and_phonetic_strings(blank, book):
    """Excel keeps texts in one part; runs of letters in bold are joined,
    readings of Chinese characters are left out.
    """
    shared = (
        '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>1'
        ' present</t></si><si><r><rPr><b/></rPr><t>bo</t></r><r><t xml:space="preserve">ld'
        ' </t></r></si><si><t>東京</t><rPh sb="0" eb="2"><t>トウキョウ</t></rPh></si><si/></sst>'
    )

    def point(data):
        for cell, n in (("F2", 0), ("J2", 1), ("J3", 2), ("I2", 3)):
            data = re.sub(
                rf'<c r="{cell}" s="(\d+)"/>'.encode(),
                rf'<c r="{cell}" s="\1" t="s"><v>{n}</v></c>'.encode(),
                data,
            )
        return data

    sheet = read_sheet(
        rebuilt(blank("xlsx"), {SHEET: point, "xl/sharedStrings.xml": shared.encode()}), book
    )
    found = sheet.table[["code", "locator", "comment"]].astype(object)
    assert found.where(found.notna(), None).values.tolist() == [
        [1, None, "bold "],
        [None, None, "東京"],
    ]


def test_a_prefix_in_the_xml_and_cells_without_references(tmp_path):
    """Other writers give every element a prefix, and leave out the references of cells in order."""
    workbook = (
        '<x:workbook xmlns:x="m" xmlns:r="o"><x:sheets><x:sheet name="a" sheetId="1"'
        ' r:id="rId1"/></x:sheets></x:workbook>'
    )
    links = (
        '<Relationships xmlns="p"><Relationship Id="rId1" Type="http://x/worksheet"'
        ' Target="/xl/worksheets/s.xml"/></Relationships>'
    )
    sheet = (
        '<x:worksheet xmlns:x="m"><x:sheetData><x:row><x:c'
        ' t="inlineStr"><x:is><x:t>case_id</x:t></x:is></x:c><x:c'
        ' t="inlineStr"><x:is><x:t>code</x:t></x:is></x:c></x:row><x:row><x:c/><x:c'
        ' t="str"><x:v>1</x:v></x:c></x:row></x:sheetData></x:worksheet>'
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in (
            ("xl/workbook.xml", workbook),
            ("xl/_rels/workbook.xml.rels", links),
            ("xl/worksheets/s.xml", sheet),
        ):
            archive.writestr(name, text)
    table = read_xlsx(out.getvalue(), "s.xlsx")
    assert table.header == ["case_id", "code"] and [(r.line, r.cells) for r in table.rows] == [
        (2, {1: "1"})
    ]


def test_a_cached_value_of_a_formula_is_not_taken(blank, book):
    formula = b'<c r="J2" s="5" t="str"><f>1+1</f><v>typed text</v></c>'
    path = rebuilt(
        blank("xlsx"), {SHEET: lambda data: re.sub(rb'<c r="J2" s="\d+"/>', formula, data)}
    )
    problems = said(path, book).problems
    assert [(p.line, p.column) for p in problems] == [(2, "comment")] and "typed text" not in str(
        problems
    )


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("General", "number"),
        ("@", "number"),
        ("0", "number"),
        ("#,##0", "number"),
        ('0" years"', "number"),
        ("[Red]0", "number"),
        ("0.00", "number"),
        ("yyyy-mm-dd", "date"),
        ("d/m/yy", "date"),
        ("[$-409]mmmm", "date"),
        ("hh:mm", "date"),
        ("[h]:mm", "date"),
        ("0%", "fraction"),
        ("0.0E+00", "fraction"),
        ("# ?/?", "fraction"),
        ("0\\d", "number"),
    ],
)
def test_what_a_number_format_makes_of_a_number(code, kind):
    assert format_kind(code) == kind


def test_columns_by_letter():
    assert [column_number(r) for r in ("A1", "Z9", "AA1", "XFD1048576")] == [0, 25, 26, 16_383]
    for wrong in ("", "1", "XFE1", "a1"):
        with pytest.raises(ValueError):
            column_number(wrong)


# ---- as people change them


def test_merged_cells_and_hidden_rows_and_columns(blank, book):
    def change(workbook):
        sheet = workbook["coding"]
        sheet.merge_cells("J2:J3")
        sheet.row_dimensions[4].hidden = True
        sheet.column_dimensions["H"].hidden = True
        sheet["H5"] = "doc"
        sheet.column_dimensions["D"].hidden = True  # questions: for the eyes only

    problems = said(changed_by_openpyxl(blank("xlsx"), change), book).problems
    assert [(p.line, p.column, p.value) for p in problems] == [
        (2, "comment", "J2:J3"),
        (4, "", ""),
        (0, "source", ""),
    ]


def test_rows_hidden_by_a_filter_are_read_and_told(blank, book):
    def change(workbook):
        sheet = workbook["coding"]
        sheet["F3"] = "1 some"
        sheet.auto_filter.add_filter_column(5, ["1 present"])
        sheet.row_dimensions[3].hidden = True

    sheet = read_sheet(changed_by_openpyxl(blank("xlsx"), change), book)
    assert sheet.table["code"].tolist() == [1] and [n.kind for n in sheet.notes] == ["filtered"]


def test_hidden_sheets_and_sheets_beside(blank, book):
    def beside(workbook):
        workbook.create_sheet("mine")["A1"] = "x"
        workbook.create_sheet("empty").sheet_state = "hidden"

    path = changed_by_openpyxl(blank("xlsx"), beside)
    assert read_sheet(path, book).notes == ()

    def hide(workbook):
        workbook["mine"].sheet_state = "veryHidden"

    assert [p.value for p in said(changed_by_openpyxl(path, hide), book).problems] == ["mine"]


def test_two_sheets_of_codes_are_one_too_many(blank, book):
    path = changed_by_openpyxl(blank("xlsx"), lambda w: w.copy_worksheet(w["coding"]))
    assert "2 worksheets (coding, coding Copy)" in str(said(path, book))
    path = changed_by_openpyxl(path, lambda w: [w.remove(w["coding"]), w.remove(w["coding Copy"])])
    assert "no worksheet with" in str(said(path, book))


def test_links_to_elsewhere_are_not_followed(blank, book):
    """A worksheet that a relationship puts outside the file is none of the file's."""
    link = (
        b'Type="http://x/worksheet" TargetMode="External" Target="http://x/y.xml"'
        b' Id="rId99"/><Relationship '
    )
    path = rebuilt(
        blank("xlsx"),
        {
            "xl/_rels/workbook.xml.rels": lambda data: data.replace(
                b"<Relationship ", b"<Relationship " + link, 1
            ),
            "xl/workbook.xml": lambda data: data.replace(
                b"<sheets>",
                b'<sheets><sheet name="far" sheetId="9" r:id="rId99" '
                b'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"/>',
            ),
            "xl/externalLinks/externalLink1.xml": b"<x>secret</x>",
        },
    )
    assert len(read_sheet(path, book).asked) == 4


# ---- damaged, or made to do harm


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"case_id,code\r\n", "not a workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "protected with a password"),
        (b"PK\x03\x04" + b"x" * 100, "cut off or damaged"),
        (b"PK\x05\x06" + b"\0" * 18, "lacks its part"),
    ],
)
def test_a_file_that_is_no_workbook(data, words, tmp_path, book):
    path = tmp_path / "s.xlsx"
    path.write_bytes(data)
    assert words in str(said(path, book))


def test_a_workbook_cut_off_anywhere_is_told(blank, book):
    path = blank("xlsx")
    whole = path.read_bytes()
    for length in range(3, len(whole), len(whole) // 40):
        path.write_bytes(whole[:length])
        said(path, book)


def test_a_workbook_with_any_byte_damaged_is_told_or_read_as_it_was(blank, book, fill):
    path = fill(blank("xlsx"), {(2, "code"): "1", (3, "comment"): "x"})
    whole, expected = path.read_bytes(), read_sheet(path, book)
    for at in range(0, len(whole), len(whole) // 150):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        try:
            assert read_sheet(path, book).table.equals(expected.table)
        except CodingError:
            continue


@cache
def with_blanks(workbook, part, start):
    """The bytes of a workbook with 300 MB of blanks in a part."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            if name != part:
                new.writestr(name, old.read(name))
        with new.open(part, "w") as stream:
            stream.write(start)
            for _ in range(300):
                stream.write(b" " * 2**20)
    return out.getvalue()


def bomb(path, part, declared=None):
    """300 MB of blanks in a part; `declared` lies about it in the directory."""
    start = b'<worksheet xmlns="m"><sheetData>' if "sheet" in part else b"<sst>"
    data = with_blanks(path.read_bytes(), part, start)
    if declared is not None:
        real = struct.pack("<L", 300 * 2**20 + len(start))
        assert data.count(real) == 2
        data = data.replace(real, struct.pack("<L", declared))
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("part", [SHEET, "xl/sharedStrings.xml", "xl/media/picture.png"])
@pytest.mark.parametrize("declared", [None, 50_000])
def test_a_bomb_is_refused_in_under_a_second(part, declared, blank, book):
    path = bomb(blank("xlsx"), part, declared)
    assert path.stat().st_size < 2**20
    tracemalloc.start()
    start = time.perf_counter()
    if "media" in part and declared:  # never inflated
        assert len(read_sheet(path, book).asked) == 4
    else:
        error = str(said(path, book))
        assert ("Do not trust" in error) if declared is None else ("is damaged in" in error)
    seconds, (_, peak) = time.perf_counter() - start, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert seconds < SECOND and peak < 40 * 2**20


@pytest.mark.parametrize("part", [SHEET, "xl/sharedStrings.xml"])
@pytest.mark.parametrize("noise", [0, 2**20])
def test_a_cell_longer_than_any_is_refused_whatever_stands_beside_it(part, noise, blank, book):
    path, size = blank("xlsx"), 150 * 2**20
    # hidden behind a part that does not shrink; or within every limit of sizes, for what does not
    # shrink is in the part itself
    text = random.Random(1).randbytes(noise).hex().encode() + b"A" * (size // 2 if noise else size)
    if part == SHEET:
        data = (
            b'<worksheet><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>'
            + text
            + b"</t></is></c></row></sheetData></worksheet>"
        )
    else:
        data = b"<sst><si><t>" + text + b"</t></si></sst>"
    path = with_part(path, part, data)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("noise.bin", random.Random(2).randbytes(2**20))
    del data, text
    tracemalloc.start()
    start = time.perf_counter()
    error = str(said(path, book))
    seconds, (_, peak) = time.perf_counter() - start, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (
        ("a cell holds 32,767" in error)
        if noise
        else ("Do not trust a file that hides so much" in error)
    )
    assert seconds < SECOND and peak < 40 * 2**20


def test_entities_are_never_expanded(blank, book):
    laughs = (
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b'
        b' "&a;&a;">]><worksheet>&b;</worksheet>'
    )
    assert "declares a document type" in str(said(with_part(blank("xlsx"), SHEET, laughs), book))


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "xl\\..\\x", "xl/../../x"])
def test_names_that_lead_out_of_the_file_are_refused(name, blank, book):
    assert "names parts that no workbook has" in str(
        said(with_part(blank("xlsx"), name, b"x"), book)
    )


def test_a_part_that_stands_twice_is_refused(blank, book):
    path = blank("xlsx")
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr(SHEET, b"<worksheet/>")
    assert "names parts that no workbook has" in str(said(path, book))


def test_an_encrypted_part_is_refused(blank, book):
    path = blank("xlsx")
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    path.write_bytes(bytes(data))
    assert "password" in str(said(path, book))


def test_too_many_parts_or_cells_are_refused(blank, book, monkeypatch):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for n in range(2_001):
            archive.writestr(f"p{n}", b"")
    with pytest.raises(CodingError, match="2,001 parts"):
        open_package(out.getvalue(), "s.xlsx", CodingError)
    monkeypatch.setattr(worksheet, "MAX_CELLS", 60)
    assert "more than 60 cells" in str(said(blank("xlsx"), book))


@pytest.mark.parametrize(
    "row",
    [
        b'<row r="0"/>',
        b'<row r="1048577"/>',
        b'<row r="x"/>',
        b'<row r="9"><c r="XFE9" t="s"><v>0</v></c></row>',
        b'<row r="9"><c r="9"/></row>',
        b'<row r="9"><c t="s"><v>7</v></c></row>',
        b'<row r="9"><c s="y"/></row>',
        b"<row",
        b'</sheetData><mergeCells><mergeCell ref="?"/></mergeCells><sheetData>',
        b'</sheetData><cols><col hidden="1"/></cols><sheetData>',
        b'<row r="9"><c t="s"><v>-1</v></c></row>',
    ],
)
def test_a_worksheet_that_makes_no_sense_is_damaged(row, blank, book):
    path = rebuilt(
        blank("xlsx"), {SHEET: lambda data: data.replace(b"</sheetData>", row + b"</sheetData>")}
    )
    assert "damaged" in str(said(path, book))


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/_rels/workbook.xml.rels", SHEET])
def test_a_missing_part_is_told(part, blank, book):
    assert f"lacks its part {part}" in str(said(rebuilt(blank("xlsx"), {}, drop=(part,)), book))


def test_the_limits_hold_what_is_written(blank, book):
    """A blank sheet of ten thousand rows is far below what the reader refuses."""
    path = blank("xlsx", [f"case {n}" for n in range(5_000)])
    with zipfile.ZipFile(path) as archive:
        inflated = sum(info.file_size for info in archive.infolist())
    assert inflated < MAX_INFLATED / 8 and inflated < 100 * path.stat().st_size
    assert len(COLUMNS) * 80_000 < worksheet.MAX_CELLS
