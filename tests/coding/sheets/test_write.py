"""The files that coders get: what stands in them, what they lock, and
what is refused before a file is written.
"""

import csv
import os
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from peacestudy.coding import CodingSheet
from peacestudy.coding.sheets import blank_sheet, read_sheet, write_sheet
from peacestudy.coding.sheets.layout import COLUMNS, FILLED
from peacestudy.core.codebook import Code
from peacestudy.errors import CodingError

DAY = "2026-11-24T02:12:07.123456Z"
LATER = "2026-11-24T09:00:00.000000Z"


def workbook(path):
    return openpyxl.load_workbook(path)["coding"]


def texts(path):
    return [
        [cell.value or "" for cell in row[: len(COLUMNS)]] for row in workbook(path).iter_rows()
    ]


def test_a_blank_sheet_asks_every_case_every_indicator(suffix, tmp_path, book):
    cases = pd.DataFrame({"case_id": ["a", "b"], "label": ["Aceh", None]})
    path = blank_sheet(book, cases, "ann", path=tmp_path / f"s.{suffix}")
    assert path == tmp_path / f"s.{suffix}"
    sheet = read_sheet(path, book)
    assert len(sheet.table) == 0 and sheet.notes == () and sheet.aside is None
    assert (sheet.coder, sheet.kind, sheet.path, sheet.file) == ("ann", "human", path, path.name)
    cells = [
        ["a", "mediation", "ann"],
        ["a", "truce", "ann"],
        ["b", "mediation", "ann"],
        ["b", "truce", "ann"],
    ]
    assert sheet.asked.values.tolist() == cells
    assert sheet.open().values.tolist() == cells
    assert sheet.cases.values.tolist() == [["a", "Aceh"], ["b", None]]


def test_both_files_show_the_question_and_the_codes(tmp_path, book):
    csv_path = blank_sheet(book, ["a"], "ann", path=tmp_path / "s.csv")
    with csv_path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.reader(stream))
    assert rows == texts(blank_sheet(book, ["a"], "ann", path=tmp_path / "s.xlsx"))
    assert rows[0] == list(COLUMNS)
    assert rows[2][:6] == ["a", "", "truce", "Is there truce?", "0 none | 1 some | 3 full, all", ""]


def test_a_part_of_the_codebook_in_the_order_asked(blank, book, suffix):
    sheet = read_sheet(blank(suffix, ["a"], indicators=["truce"]), book)
    assert sheet.asked["indicator_id"].tolist() == ["truce"] and sheet.notes == ()


def test_only_the_filling_columns_are_open(blank):
    sheet = workbook(blank("xlsx"))
    assert sheet.protection.sheet and sheet.freeze_panes == "D2"
    for row in sheet.iter_rows(min_row=2, max_row=5, max_col=len(COLUMNS)):
        assert {COLUMNS[n] for n, cell in enumerate(row) if not cell.protection.locked} == set(
            FILLED
        )
        assert {cell.number_format for cell in row} == {"@"} and all(
            cell.alignment.wrap_text for cell in row
        )
    assert all(cell.protection.locked for cell in sheet[1])
    assert sheet.dimensions == "A1:M5"


def test_drop_downs_offer_the_codes_of_the_row(blank, book):
    path = blank("xlsx", [f"c{n}" for n in range(30)])
    lists = openpyxl.load_workbook(path)["codebook"]
    sheet = workbook(path)
    offered = {}
    for rule in sheet.data_validations.dataValidation:
        ref = re.fullmatch(r"codebook!\$([A-Z]+)\$(\d+):\$([A-Z]+)\$(\d+)", rule.formula1)
        entries = (
            rule.formula1
            if ref is None
            else [c.value for c in lists[f"{ref[1]}{ref[2]}:{ref[3]}{ref[4]}"][0]]
        )
        for span in rule.sqref.ranges:
            for line in range(span.min_row, span.max_row + 1):
                offered[COLUMNS[span.min_col - 1], line] = (entries, rule)
    for line in range(2, 62):
        codes, rule = offered["code", line]
        names = [f"{c.value} {c.label}" for c in book.indicators[sheet.cell(line, 3).value].codes]
        assert codes == names
        assert rule.errorStyle in (None, "stop") and rule.showErrorMessage
        assert rule.prompt.startswith(f"{names[0]}: No")
        assert offered["confidence", line][0] == '"sure,probable,guess"'
    assert len(offered) == 120


def test_every_offered_entry_is_read_as_its_code(blank, book, fill):
    for line, value, label in (
        (2, 0, "absent"),
        (2, 1, "present"),
        (3, 0, "none"),
        (3, 1, "some"),
        (3, 3, "full, all"),
    ):
        path = fill(blank("xlsx"), {(line, "code"): f"{value} {label}"})
        assert read_sheet(path, book).table["code"].tolist() == [value]
        path.unlink()


def test_anchors_stand_on_a_sheet_of_their_own_and_long_prompts_are_cut(tmp_path, changed, book):
    first = book.indicators["mediation"]
    long = replace(
        first,
        question="=1+1",
        codes=(Code(0, "absent", "é😀" * 200), Code(1, "present", "y" * 999)),
    )
    path = blank_sheet(changed("1.0", long), ["a"], "ann", path=tmp_path / "s.xlsx")
    sheet = openpyxl.load_workbook(path)["codebook"]
    assert sheet.protection.sheet
    row = [cell.value for cell in sheet[2]]
    assert row == [
        "mediation",
        "Mediation",
        "=1+1",
        f"0 absent: {'é😀' * 200}\n1 present: {'y' * 999}",
        "0 absent",
        "1 present",
    ]
    assert sheet["C2"].data_type == "s"
    for rule in workbook(path).data_validations.dataValidation:
        assert len(rule.prompt.encode("utf-16-le")) // 2 <= 255 and len(rule.promptTitle) <= 32
        assert len(rule.formula1) <= 255
    prompts = [rule.prompt for rule in workbook(path).data_validations.dataValidation]
    assert any(
        p.startswith("0 absent: é😀") and p.endswith("(all in sheet 'codebook')") for p in prompts
    )


def test_rows_are_as_high_as_their_texts(tmp_path, changed, book):
    """Seven lines of a question of 44 letters a line; no height is
    fixed, so that a row grows with its comment.
    """
    long = replace(book.indicators["mediation"], question="word " * 55)
    path = blank_sheet(
        changed("1.0", long, book.indicators["truce"]), ["a"], "ann", path=tmp_path / "s.xlsx"
    )
    with zipfile.ZipFile(path) as archive:
        rows = re.findall(rb'<row r="(?:2|3)"([^>]*)>', archive.read("xl/worksheets/sheet1.xml"))
    assert rows == [b' ht="105"', b' ht="30"']


def test_the_name_of_the_file_follows_codebook_and_coder(tmp_path, book, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert blank_sheet(book, ["a"], "Zoë 2") == Path("small_Zoë 2.xlsx")
    assert (tmp_path / "small_Zoë 2.xlsx").exists()


@pytest.mark.parametrize(
    "coder", ["", "../ann", "a/b", "a\\b", ".ann", "ann ", "a\nb", "x" * 65, "=1", None, 3]
)
def test_a_coder_needs_a_plain_name(coder, tmp_path, book, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CodingError, match="coder"):
        blank_sheet(book, ["a"], coder)
    assert not list(tmp_path.iterdir())


def test_a_codebook_id_that_leads_elsewhere_names_no_file(tmp_path, book, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CodingError, match="Give path="):
        blank_sheet(replace(book, id="../x"), ["a"], "ann")


def test_a_file_is_never_written_over(blank, suffix):
    path = blank(suffix)
    before = path.read_bytes()
    with pytest.raises(CodingError, match="exists"):
        blank(suffix)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("cases", "words"),
    [
        ([], "there is none"),
        (["a", "b", "a"], "'a'"),
        (["a", ""], "''"),
        (["a", None], "None"),
        ([7], "7"),
        ("abc", "'abc'"),
        (pd.DataFrame({"case": ["a"]}), "case_id"),
    ],
)
def test_cases_that_are_none_are_refused(cases, words, tmp_path, book):
    with pytest.raises(CodingError, match=re.escape(words)):
        blank_sheet(book, cases, "ann", path=tmp_path / "s.csv")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("chosen", "words"), [(["trucee"], "'truce'"), (["truce", "truce"], "twice"), ([], "empty")]
)
def test_indicators_that_are_none_are_refused(chosen, words, tmp_path, book):
    with pytest.raises(CodingError, match=words):
        blank_sheet(book, ["a"], "ann", path=tmp_path / "s.csv", indicators=chosen)


@pytest.mark.parametrize("name", ["s.xls", "s.ods", "s.txt", "s", "s.xlsm"])
def test_other_suffixes_are_refused(name, tmp_path, book):
    with pytest.raises(CodingError, match=r"\.xlsx or \.csv"):
        blank_sheet(book, ["a"], "ann", path=tmp_path / name)


def test_a_sheet_longer_than_a_spreadsheet_is_refused(tmp_path, book):
    cases = [str(n) for n in range(524_288)]
    with pytest.raises(CodingError, match=r"1,048,576 rows\. A spreadsheet has no more"):
        blank_sheet(book, cases, "ann", path=tmp_path / "s.csv")
    with pytest.raises(CodingError, match="80,002 rows"):
        blank_sheet(book, cases[:40_001], "ann", path=tmp_path / "s.xlsx")


def test_a_text_that_no_cell_holds_is_told_with_its_row(blank, book, answers, suffix):
    path = blank(suffix)
    before = path.read_bytes()
    sheet = read_sheet(path, book)
    odd = {"csv": "nul \0", "xlsx": "é" * 32_768}[suffix]
    table = answers(("a", "mediation", 1, "half \ud83d", None), ("b", "truce", 0, odd, None))
    with pytest.raises(CodingError) as caught:
        write_sheet(path, replace(sheet, table=table))
    assert [(p.line, p.column) for p in caught.value.problems] == [(2, "comment"), (5, "comment")]
    assert path.read_bytes() == before


def test_text_that_a_workbook_is_too_small_for_is_refused(blank, book, answers, monkeypatch):
    from peacestudy.coding.sheets import xlsx_write

    monkeypatch.setattr(xlsx_write, "MAX_INFLATED", 20_000)
    path = blank("xlsx")
    sheet = read_sheet(path, book)
    with pytest.raises(CodingError, match="Write it as CSV"):
        write_sheet(path, replace(sheet, table=answers(("a", "truce", 1, "x" * 20_000, None))))


def test_a_file_that_is_open_elsewhere_is_not_written(blank, book, suffix):
    path = blank(suffix)
    sheet = read_sheet(path, book)
    for name in (f"~${path.name}", f".~lock.{path.name}#"):
        lock = path.with_name(name)
        lock.touch()
        with pytest.raises(CodingError, match="is open in a spreadsheet program"):
            write_sheet(path, sheet)
        assert [n.kind for n in read_sheet(path, book).notes] == ["open"]
        lock.unlink()
    write_sheet(path, sheet)


def test_a_file_that_cannot_be_written_is_told(blank, book, monkeypatch):
    path = blank("csv")

    sheet = read_sheet(path, book)

    def refuse(handle):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(CodingError, match=r"Permission denied\. Check the permissions"):
        write_sheet(path, sheet)


def test_every_revision_comes_back_and_the_newest_stands_in_its_row(blank, book, answers, suffix):
    path = blank(suffix)
    table = answers(
        ("a", "mediation", 0, "old", DAY),
        ("b", "truce", 3, None, None),
        ("a", "mediation", 1, "new", LATER),
        ("b", "truce", None, None, LATER),
    )
    write_sheet(path, replace(read_sheet(path, book), table=table))
    again = read_sheet(path, book)
    key = ["case_id", "indicator_id", "date"]
    pd.testing.assert_frame_equal(
        again.table.sort_values(key, ignore_index=True), table.sort_values(key, ignore_index=True)
    )
    assert again.history("a", "mediation")["comment"].tolist() == ["old", "new"]
    assert again.latest()["code"].tolist() == [1, pd.NA]
    assert len(again.asked) == 4 and again.notes == ()
    before = path.read_bytes() if suffix == "csv" else texts(path)
    write_sheet(path, again)
    assert (path.read_bytes() if suffix == "csv" else texts(path)) == before


def test_an_earlier_answer_is_locked_and_says_so(blank, book, answers):
    path = blank("xlsx", ["a"])
    table = answers(("a", "truce", 0, None, DAY), ("a", "truce", 1, None, LATER))
    write_sheet(path, replace(read_sheet(path, book), table=table))
    row = workbook(path)[4]
    assert row[3].value == "(an earlier answer, revised since) Is there truce?"
    assert all(cell.protection.locked for cell in row[: len(COLUMNS)])


def test_a_sheet_that_no_file_gave_is_written_too(tmp_path, book, answers, suffix):
    sheet = CodingSheet(answers(("b", "truce", 1, "x", None)), book)
    labels = pd.DataFrame({"case_id": ["b"], "label": ["Bougainville"]})
    again = read_sheet(write_sheet(tmp_path / f"s.{suffix}", sheet, labels), book)
    assert again.table["comment"].tolist() == ["x"] and again.cases["label"].tolist() == [
        "Bougainville"
    ]
    assert (again.coder, again.kind) == ("ann", "human")


def test_a_file_is_of_one_coder(tmp_path, book, answers, blank):
    two = answers(("a", "truce", 1, None, None), ("b", "truce", 1, None, None))
    two["coder"] = ["ann", "bob"]
    with pytest.raises(CodingError, match="one coder"):
        write_sheet(tmp_path / "t.csv", CodingSheet(two, book))
    sheet = read_sheet(blank("csv"), book)
    for column, value in (("coder", "bob"), ("kind", "machine")):
        other = answers(("a", "truce", 1, None, None))
        other[column] = value
        with pytest.raises(CodingError, match=value):
            write_sheet(tmp_path / "t.csv", replace(sheet, table=other))
    assert not (tmp_path / "t.csv").exists()
