"""A filled file, as coders and their programs send it back: what
is taken, what is a problem, at which row.
"""

import csv
import datetime
import io
import os
import time
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from peacestudy.coding.sheets import read_sheet, write_sheet
from peacestudy.coding.sheets.layout import COLUMNS
from peacestudy.errors import CodingError

# rows of the small sheet: 2 a mediation, 3 a truce, 4 b mediation, 5 b truce
DAY = "2026-11-24T02:12:07.123456Z"


def rows_of(path):
    return list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))


def put(path, rows, delimiter=","):
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    path.write_bytes(out.getvalue().encode())
    return path


def said(path, book):
    with pytest.raises(CodingError) as caught:
        read_sheet(path, book)
    return caught.value


def places(path, book):
    return [(p.line, p.column) for p in said(path, book).problems]


def test_a_partial_sheet_says_what_is_open(blank, book, fill, suffix):
    path = fill(
        blank(suffix),
        {(2, "code"): "1 present", (2, "confidence"): "Sure", (5, "comment"): "later"},
    )
    sheet = read_sheet(path, book)
    assert sheet.table.values.tolist() == [
        ["a", "mediation", "ann", "human", 1, "sure", None, None, None, None],
        [
            "b",
            "truce",
            "ann",
            "human",
            sheet.table["code"].iloc[1],
            None,
            None,
            None,
            "later",
            None,
        ],
    ]
    assert sheet.table["code"].isna().tolist() == [False, True]
    assert sheet.open()[["case_id", "indicator_id"]].values.tolist() == [
        ["a", "truce"],
        ["b", "mediation"],
        ["b", "truce"],
    ]
    assert sheet.notes == ()
    assert "3 of 4 cells open" in sheet._repr_html_()


def test_two_reads_of_a_file_give_the_same_rows(blank, book, fill, suffix):
    path = fill(blank(suffix), {(2, "code"): "1", (3, "comment"): "x"})
    one = read_sheet(path, book)
    os.utime(path, (1, 1))
    assert one.table.equals(read_sheet(path, book).table)
    assert one.table["date"].isna().all()


def test_all_problems_at_once_with_row_column_and_remedy(blank, book, fill, suffix):
    path = fill(
        blank(suffix),
        {(2, "code"): "presnt", (3, "code"): "2", (4, "confidence"): "maybe", (5, "case_id"): "c"},
    )
    problems = said(path, book).problems
    assert [(p.line, p.column, p.value) for p in problems] == [
        (2, "code", "presnt"),
        (3, "code", "2"),
        (4, "confidence", "maybe"),
        (5, "case_id", "c"),
    ]
    assert "Did you mean '1 present'?" in problems[0].remedy
    assert problems[1].rule == "the codes of truce are 0 none, 1 some, 3 full, all"
    assert problems[3].rule == "the row belongs to 'b'" and all(
        p.remedy and p.file == path.name for p in problems
    )


def test_what_a_spreadsheet_does_to_cells(blank, book, fill):
    path = fill(
        blank("xlsx"),
        {
            (2, "code"): 1,
            (3, "code"): 3.0,
            (4, "code"): "PRESENT",
            (2, "locator"): 12,
            (3, "comment"): "'=x",
        },
    )
    sheet = read_sheet(path, book)
    assert sheet.table["code"].tolist() == [1, 3, 1]
    assert (
        sheet.table["locator"].tolist() == ["12", None, None]
        and sheet.table["comment"].tolist()[1] == "'=x"
    )
    assert [n.kind for n in sheet.notes] == ["numbers"] and "1 in locator" in str(sheet.notes[0])


def test_formulas_dates_and_errors_are_never_taken(blank, book, fill):
    path = fill(
        blank("xlsx"),
        {
            (2, "code"): "=1",
            (2, "comment"): '=HYPERLINK("http://x","y")',
            (3, "comment"): datetime.date(2024, 3, 1),
            (3, "locator"): 3.5,
            (4, "code"): True,
            (4, "source"): "#N/A",
            (5, "code"): datetime.datetime(2024, 1, 1),
        },
    )
    problems = said(path, book).problems
    assert [(p.line, p.column) for p in problems] == [
        (2, "code"),
        (2, "comment"),
        (3, "locator"),
        (3, "comment"),
        (4, "code"),
        (4, "source"),
        (5, "code"),
    ]
    assert "formula" in problems[1].rule and "HYPERLINK" not in str(problems[1])
    assert (
        "date" in problems[3].rule
        and "truth value" in problems[4].rule
        and "found an error value" in problems[5].rule
    )


def test_rows_may_be_sorted_and_columns_moved(blank, book, fill, suffix):
    path = fill(blank(suffix), {(2, "code"): "1", (3, "comment"): "x"})
    expected = read_sheet(path, book)
    if suffix == "csv":
        head, *body = rows_of(path)
        body = [body[2], body[0], body[3], body[1]]
        put(path, [row[::-1] for row in [head, *body]], delimiter=";")
    else:
        book_file = openpyxl.load_workbook(path)
        sheet = book_file["coding"]
        rows = [[cell.value for cell in row][: len(COLUMNS)] for row in sheet.iter_rows()]
        sheet.delete_rows(1, 99)
        for dimension in sheet.column_dimensions.values():
            dimension.hidden = False
        for line, row in enumerate([rows[0], [], rows[3], rows[1], rows[4], rows[2]], start=1):
            for column, value in enumerate(reversed(row), start=2):
                sheet.cell(line, column).value = value
        book_file.save(path)
    again = read_sheet(path, book)
    assert again.table.sort_values("case_id", ignore_index=True).equals(expected.table)
    assert (
        set(map(tuple, again.asked.values)) == set(map(tuple, expected.asked.values))
        and again.notes == ()
    )


def test_a_workbook_saved_as_csv_is_read(blank, book, fill):
    path = fill(blank("xlsx"), {(2, "code"): "1 present", (3, "comment"): "x"})
    rows = [
        [cell.value or "" for cell in row]
        for row in openpyxl.load_workbook(path)["coding"].iter_rows(max_col=len(COLUMNS))
    ]
    assert read_sheet(put(path.with_suffix(".csv"), rows, "\t"), book).table.equals(
        read_sheet(path, book).table
    )


def test_ids_that_a_spreadsheet_changed_are_put_right(tmp_path, book, blank, fill):
    path = fill(
        blank("xlsx", ["007", "e\u0301"]),
        {(2, "case_id"): 7, (3, "case_id"): " 007", (4, "case_id"): "é", (2, "code"): "1"},
    )
    sheet = read_sheet(path, book)
    assert sheet.table["case_id"].tolist() == ["007"] and sheet.asked["case_id"].tolist() == [
        "007",
        "007",
        "e\u0301",
        "e\u0301",
    ]
    assert [n.kind for n in sheet.notes] == ["restored"] and "'7' to '007'" in str(sheet.notes[0])


def test_a_row_twice_and_rows_that_nobody_asked(blank, book):
    path = blank("csv")
    head, *body = rows_of(path)
    again = [*body[0][:5], "1", *body[0][6:]]
    loose = ["c", "", "mediation", "", "", "1", *[""] * 7]
    typo = ["a", "", "truse", "", "", "1", *[""] * 7]
    bare = ["", "", "", "", "", "1", *[""] * 7]
    problems = said(put(path, [head, *body, again, loose, typo, bare]), book).problems
    assert [(p.line, p.column) for p in problems] == [
        (6, ""),
        (7, "case_id"),
        (8, "indicator_id"),
        (9, "case_id"),
        (9, "indicator_id"),
    ]
    assert problems[0].rule == "the cell is already in row 2"
    assert problems[1].rule == "the sheet did not ask for it" and "'truce'" in problems[2].remedy


def test_a_row_typed_anew_is_taken_where_it_was_asked(blank, book):
    path = blank("csv")
    head, *body = rows_of(path)
    sheet = read_sheet(
        put(path, [head, *body[1:], ["a", "", "mediation", "", "", "1", *[""] * 7]]), book
    )
    assert sheet.table[["case_id", "indicator_id", "code"]].values.tolist() == [
        ["a", "mediation", 1]
    ]
    assert len(sheet.asked) == 4 and sheet.notes == ()


def test_deleted_rows_are_open_or_told(blank, book):
    path = blank("csv", ["a", "b", "c"])
    head, *body = rows_of(path)
    some = read_sheet(put(path, [head, *body[:3], *body[4:]]), book)
    assert len(some.asked) == 6 and ["b", "truce", "ann"] in some.open().values.tolist()
    assert [n.kind for n in some.notes] == ["deleted"] and "1 cell(s)" in str(some.notes[0])
    whole = read_sheet(put(path, [head, *body[:4]]), book)
    assert len(whole.asked) == 4 and "had 3x2" in str(whole.notes[0])


def test_a_half_sorted_file_is_found_out(blank, book):
    path = blank("csv")
    head, *body = rows_of(path)
    at = COLUMNS.index("indicator_id")
    for row, other in zip(body, reversed([row[at] for row in body]), strict=True):
        row[at] = other
    problems = said(put(path, [head, *body]), book).problems
    assert [p.line for p in problems] == [2, 3, 4, 5] and all(
        "sorted" in p.remedy for p in problems
    )


def test_rows_of_another_coder_are_refused(blank, book, tmp_path):
    path = blank("csv")
    rows = rows_of(path)
    rows[2][-1] = rows[2][-1].replace("coder=ann", "coder=bob")
    rows[3][-1] = "gone"
    problems = said(put(path, rows), book).problems
    assert [(p.line, p.value) for p in problems] == [(3, "bob"), (4, "gone")]
    assert "coder bob (human), the file is of ann (human)" in problems[0].rule


def test_a_sheet_of_another_codebook_is_refused(blank, book, changed):
    assert "codebook 'small', and this is codebook 'other'" in str(
        said(blank("csv"), replace(book, id="other"))
    )


def test_missing_and_double_columns(blank, book):
    path = blank("csv")
    rows = rows_of(path)
    at = rows[0].index("comment")
    rows[0][at] = "coment"
    rows[0][1] = "code"
    problems = said(put(path, rows), book).problems
    assert [(p.line, p.column) for p in problems] == [(1, "comment"), (1, "code")]
    assert "coment" in problems[0].remedy
    assert "column 'sheet' is empty" in str(said(put(path, [list(COLUMNS)]), book))


def test_further_columns_are_told_and_labels_may_go(blank, book, fill):
    path = blank("csv")
    rows = [
        [*row[:1], *row[2:], more]
        for row, more in zip(rows_of(path), ["mine", "", "x", "", ""], strict=True)
    ]
    notes = read_sheet(put(path, rows), book).notes
    assert [n.kind for n in notes] == ["extra_columns"] and "mine" in str(notes[0])


def test_ragged_rows_and_open_quotes(blank, book):
    path = blank("csv")
    rows = rows_of(path)
    rows[1], rows[3] = rows[1][:4], [*rows[3], "more"]
    problems = said(put(path, rows), book).problems
    assert [(p.line, p.rule) for p in problems][:2] == [
        (2, "4 cells where the header has 13"),
        (4, "14 cells where the header has 13"),
    ]
    path.write_text('case_id,code\r\n"a,1\r\n')
    assert [p.line for p in said(path, book).problems] == [2]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \r\n", "is empty"),
        (b"case_id\r\n\xe9", "not UTF-8"),
        (b"case_id\0", "NUL"),
        (b"PK\x03\x04...", "is a workbook"),
        ("case_id".encode("utf-16"), "not UTF-8"),
    ],
)
def test_a_csv_file_that_is_none(data, words, tmp_path, book):
    path = tmp_path / "s.csv"
    path.write_bytes(data)
    assert words in str(said(path, book))


@pytest.mark.parametrize("name", ["s.xls", "s.ods", "s"])
def test_other_suffixes_and_missing_files(name, tmp_path, book):
    (tmp_path / name).write_bytes(b"x")
    assert ".xlsx or .csv" in str(said(tmp_path / name, book))
    assert "cannot be read" in str(said(tmp_path / "none.csv", book))
    (tmp_path / "folder.csv").mkdir()
    assert "is not a file" in str(said(tmp_path / "folder.csv", book))


def test_a_locked_file_is_told(blank, book, monkeypatch):
    path = blank("xlsx")

    def refuse(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert "Permission denied" in str(said(path, book))


def test_a_row_changed_after_the_form_dated_it_is_a_revision(blank, book, fill, answers, suffix):
    path = blank(suffix)
    table = answers(
        ("a", "mediation", 1, "x", DAY), ("a", "truce", 1, "y", DAY), ("b", "truce", 3, "z", DAY)
    )
    write_sheet(path, replace(read_sheet(path, book), table=table))
    fill(path, {(2, "comment"): "changed", (5, "code"): "", (5, "comment"): ""})
    os.utime(path, (4e9, 4e9))
    sheet = read_sheet(path, book)
    assert sheet.table["comment"].tolist() == ["changed", "y", None] and sheet.table[
        "code"
    ].isna().tolist() == [
        False,
        False,
        True,
    ]
    dates = sheet.table["date"].tolist()
    assert dates[1] == DAY and dates[0] == dates[2] > DAY
    assert [n.kind for n in sheet.notes] == ["edited"] and "2 row(s)" in str(sheet.notes[0])
    assert sheet.table.equals(read_sheet(path, book).table)
    if suffix == "csv":
        assert dates[0].startswith("2096-10-02")
        # a clock that is wrong does not put a revision before what it revises
        os.utime(path, (1, 1))
        assert read_sheet(path, book).table["date"].tolist()[0] == "2026-11-24T02:12:07.123457Z"


def test_dates_that_nobody_wrote_are_problems(blank, book, fill, suffix):
    path = fill(
        blank(suffix), {(2, "code"): "1", (2, "date"): "yesterday", (3, "date"): "UTC 2026-11-24"}
    )
    assert places(path, book) == [(2, "date"), (3, "date")]


def test_text_of_any_kind_is_kept_as_typed(blank, book, fill):
    odd = [
        "NA",
        "No",
        "TRUE",
        "007",
        "1-2",
        "2024-03-01",
        " x ",
        "a\r\nb",
        "“q”",
        "'tis",
        "null",
        "#N/A",
        "1e5",
    ]
    for n, text in enumerate(odd):
        path = fill(blank("csv", coder=f"c{n}"), {(2, "comment"): text})
        assert read_sheet(path, book).table["comment"].tolist() == [text]
        path.unlink()


def test_a_long_sheet_is_read_in_good_time(tmp_path, book, blank, suffix):
    """The promise is three seconds for 203 cases on 53 indicators;
    ten times that is a defect on any machine.
    """
    path = blank(suffix, [f"case {n}" for n in range(5_400)])
    start = time.perf_counter()
    assert len(read_sheet(path, book).asked) == 10_800
    assert time.perf_counter() - start < 30
