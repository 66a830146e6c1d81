"""Numbers that marks turned into text: reported by column, mark and
count, and read as numbers once they are declared.

Right values: the numbers that were written before the marks were put among them.
"""

import time

import numpy as np
import openpyxl
import pandas as pd
import pytest

import peacestudy as ps
from peacestudy.core.spoiled_numbers import spoiled, spoiled_columns, spoiled_notes
from peacestudy.errors import SourceError, SpecError
from peacestudy.outcomes import as_outcome, read_file

NUMBERS = [12.5, 3.0, 0.25, -4.0, 7.0, 8.5, 1e5, 2.0]
MARKS = ["NA", ".", "..", "NaN", "n/a", "-", "#N/A", "NULL", ".a"]


def csv(folder, text, name="t.csv"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def texts(found):
    return {note.kind: note.text for note in found.notes}


@pytest.mark.parametrize("mark", MARKS)
def test_a_mark_is_counted_and_declared_missing_gives_the_numbers_back(tmp_path, mark):
    cells = [*map(repr, NUMBERS[:4]), mark, *map(repr, NUMBERS[4:]), mark]
    path = csv(tmp_path, "aid\n" + "\n".join(cells) + "\n")
    found = read_file(path)
    assert found.table["aid"].tolist() == cells
    said = texts(found)["marks_among_numbers"]
    assert (
        f"aid: 8 numbers, {mark!r} 2 times; read as text." in said
        and f"missing={{'aid': [{mark!r}]}}" in said
    )
    right = [*NUMBERS[:4], np.nan, *NUMBERS[4:], np.nan]
    for missing in ({"aid": [mark]}, [mark], {"aid": mark}, found.marks):
        read = read_file(path, missing=missing)
        assert read.table["aid"].dtype == float
        np.testing.assert_array_equal(read.table["aid"].to_numpy(), right)
        assert texts(read) == {"declared_missing": "Cells declared missing by column: aid 2."}


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (["1,5", "2,75", "3"], "a comma or other separator in a number 2 times (as '1,5')"),
        (["1,5", "2,75"], "0 numbers, a comma"),
        (["+1", "2", "3"], "a sign such as + 1 time (as '+1')"),
        (["1", "0", "TRUE"], "'TRUE' 1 time"),
        (["1", "2", "see note"], "'see note' 1 time"),
        (["12345", "NA", "23456"], "2 numbers, 'NA' 1 time"),
    ],
)
def test_other_notations_are_counted(tmp_path, cells, words):
    rows = "\n".join(f"{cell};a" for cell in cells)
    said = texts(read_file(csv(tmp_path, f"x;s\n{rows}\n")))["marks_among_numbers"]
    assert words in said and said.startswith("x: ")


@pytest.mark.parametrize(
    "cells",
    [
        ["NA", "FR", "DE"],
        ["007", "012", "NA"],
        ["NA", "NA"],
        ["a", "b"],
        ["2001-02-03", "NA"],
        [str(10**19 + i) for i in range(3)],
        ["A1", "2", "B3", "4"],
    ],
)
def test_columns_of_text_have_no_note_of_marks(tmp_path, cells):
    found = read_file(csv(tmp_path, "x,n\n" + "".join(f"{cell},1\n" for cell in cells)))
    assert "marks_among_numbers" not in texts(found) and found.marks == {}
    assert found.table["x"].tolist() == cells


def test_namibia_stays_unless_its_own_column_is_declared(tmp_path):
    path = csv(tmp_path, "iso2,aid\nNA,1\nFR,NA\nDE,3\n")
    found = read_file(path, missing={"aid": ["NA"]})
    assert found.table["iso2"].tolist() == ["NA", "FR", "DE"]
    assert found.table["aid"].tolist()[::2] == [1, 3] and found.table["aid"].dtype == "Int64"
    everywhere = read_file(path, missing=["NA"])
    assert everywhere.table["iso2"].tolist() == [None, "FR", "DE"]
    assert (
        texts(everywhere)["declared_missing"] == "Cells declared missing by column: iso2 1, aid 1."
    )


def test_numbers_can_be_declared_missing_and_unknown_columns_are_refused(tmp_path):
    path = csv(tmp_path, "n,x\n-99,1.5\n3,-99\n4,2.5\n")
    found = read_file(path, missing=[-99]).table
    assert found["n"].isna().tolist() == [True, False, False] and found["x"].isna().tolist() == [
        False,
        True,
        False,
    ]
    with pytest.raises(SourceError, match="Did you mean 'x'"):
        read_file(path, missing={"X": ["NA"]})
    assert (
        "check their spelling" in texts(read_file(path, missing={"x": ["NAA"]}))["declared_missing"]
    )


def test_a_workbook_says_which_cell_and_which_numbers_are_text(tmp_path):
    book = openpyxl.Workbook()
    for row in (["c", "stored", "one"], ["A", "11", 1], ["B", "12", 2], ["C", "13", "NA"]):
        book.active.append(row)
    book.save(tmp_path / "b.xlsx")
    said = texts(read_file(tmp_path / "b.xlsx"))
    assert "'NA' in cell C4" in said["numbers_as_text"]
    assert "one: 2 numbers, 'NA' 1 time" in said["marks_among_numbers"]
    assert said["numbers_stored_as_text"].startswith("stored: 3 number(s), all stored as text")
    table = read_file(tmp_path / "b.xlsx", missing={"one": ["NA"]}).table
    assert table["one"].tolist()[:2] == [1, 2] and table["one"].dtype == "Int64"


def test_many_columns_give_one_note_that_names_a_few_and_hands_over_the_marks(tmp_path):
    names = [f"v{i}" for i in range(60)]
    path = csv(
        tmp_path,
        ",".join(names) + "\n" + ",".join(["1"] * 60) + "\n" + ",".join(["NA"] * 60) + "\n",
    )
    found = read_file(path)
    said = texts(found)["marks_among_numbers"]
    assert (
        "v0: 1 number, 'NA' 1 time" in said
        and "and 55 other column(s)" in said
        and "missing=found.marks" in said
    )
    assert len(said) < 500 and len(found.notes) == 1
    assert all(dtype == "Int64" for dtype in read_file(path, missing=found.marks).table.dtypes)


def test_a_wide_table_takes_time_in_proportion_to_its_columns():
    table = pd.DataFrame({f"v{i}": pd.Series(["1", "NA"], dtype=object) for i in range(5_000)})
    begin = time.process_time()
    found = spoiled_columns(table)
    assert len(found) == 5_000 and len(spoiled_notes(found)[0].text) < 500
    assert time.process_time() - begin < 5


def test_own_takes_what_is_missing_and_carries_the_note(tmp_path):
    path = csv(tmp_path, "gw,year,aid\n2,1990,1\n2,1991,NA\n20,1990,.\n")
    about = {
        "name": "aid",
        "key": ("gw", "year"),
        "unit": "country-year",
        "year": "year",
        "years": (1990, 1991),
    }
    for table in (
        path,
        read_file(path),
        pd.read_csv(path, dtype={"aid": "str"}, keep_default_na=False),
    ):
        kept = as_outcome(table, **about)
        assert kept.notes[0].text.startswith("aid: 1 number, 'NA' 1 time, '.' 1 time")
        numbers = as_outcome(table, **about, missing={"aid": ["NA", "."]})
        assert (
            numbers.table["aid"].isna().tolist() == [False, True, True]
            and numbers.table["aid"].dtype == "Int64"
        )
        assert [n.kind for n in numbers.notes] == ["declared_missing"]


def test_a_join_says_that_a_column_is_numbers_but_for_marks():
    cases = pd.DataFrame({"case_id": [1, 2, 3]})
    other = pd.DataFrame({"case_id": [1, 2, 3], "aid": ["1", "NA", "3"], "name": ["x", "NA", "z"]})
    notes = [
        n
        for n in ps.join(cases, other, on="case_id", name="aid").notes
        if n.kind == "marks_among_numbers"
    ]
    assert len(notes) == 1 and "aid: 2 numbers, 'NA' 1 time; kept as text" in notes[0].text


def data():
    x = [0, 1] * 15
    y = [float(i % 7) for i in range(30)]
    return pd.DataFrame(
        {"y": y, "x": ["NA" if i in (3, 8) else str(v) for i, v in enumerate(x)]}, dtype=object
    ).astype({"y": float})


def test_the_remedy_of_fit_names_the_marks_and_never_categories():
    with pytest.raises(SpecError, match="28 numbers, 'NA' 2 times") as err:
        ps.fit(data(), ps.ModelSpec("m", "y ~ x", "linear", vcov="classical"))
    assert "C(x)" not in str(err.value)
    line = str(err.value).split("write ", 1)[1].split(". read_file")[0]
    space = {"data": data(), "pd": pd}
    exec(line, space)  # the line that the message tells to type
    fit = ps.fit(space["data"], ps.ModelSpec("m", "y ~ x", "linear", vcov="classical"))
    assert fit.n == 28 and fit.terms["term"].tolist() == ["Intercept", "x"]


def test_a_mark_that_becomes_a_category_is_noted():
    fit = ps.fit(data(), ps.ModelSpec("m", "y ~ C(x)", "linear", vcov="classical"))
    said = [n.text for n in fit.notes if n.kind == "marks_as_categories"]
    assert len(said) == 1 and "'NA' as a category" in said[0] and "missing={'x': ['NA']}" in said[0]
    clean = data().replace("NA", None)
    fit = ps.fit(clean, ps.ModelSpec("m", "y ~ C(x)", "linear", vcov="classical"))
    assert fit.n == 28 and not [n for n in fit.notes if n.kind == "marks_as_categories"]


def test_cells_of_several_types_are_counted_too():
    assert (
        str(spoiled([1, 2.5, "NA", None, float("nan"), True, "TRUE", pd.NA]))
        == "2 numbers, 'NA' 1 time, 'True' 1 time, 'TRUE' 1 time"
    )
    assert spoiled([None, float("nan")]) is None
