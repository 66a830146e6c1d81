"""Out again: every format gives the same frame back, and other readers see the same numbers."""

import json
import math
import tempfile
import unicodedata
import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peacestudy.core.frame import StudyFrame
from peacestudy.core.joined import Joined
from peacestudy.core.ledger import Entry, Ledger
from peacestudy.core.problems import Note
from peacestudy.errors import JoinError
from peacestudy.joins import write
from peacestudy.outcomes import SOURCES, read_file

IN_R = Path(__file__).parents[1] / "references" / "csv_in_r"
ENDINGS = (".csv", ".xlsx", ".dta", ".parquet")
LABELS = {"iso2": "State, two letters", "deaths": "Battle-related deaths"}
VALUES = {"n": {"1": "one", "3": "three"}}


def cases():
    return pd.DataFrame(
        {
            "case_id": ["a", "b", "c", "d"],
            "iso2": ["NA", "FR", None, "ÅØ – 東京"],
            "code": ["007", "020", "=cmd|' /C calc'!A0", "+1"],
            "n": pd.array([1, None, 3, -4], dtype="Int64"),
            "deaths": [0.1, math.nan, 2.0, 1e-300],
            "agreed": pd.array([True, None, False, True], dtype="boolean"),
            "signed": pd.to_datetime(["2001-02-03", None, "1999-12-31", "2024-02-29"]),
            "comment": ['a "b", c\r\nd', "NULL", "  x ", "-"],
        }
    )


def plain(frame):
    """The types that every format gives back."""
    out = {}
    for name, column in frame.items():
        kind = column.dtype.kind
        if kind in "iu":
            out[name] = column.astype("Int64")
        elif kind == "b":
            out[name] = column.astype("boolean")
        elif kind == "M":
            out[name] = column.astype("datetime64[us]")
        elif kind == "f":
            out[name] = column.astype("float64")
        else:
            out[name] = pd.Series([None if pd.isna(v) else v for v in column], dtype=object)
    return pd.DataFrame(out)


def same(found, expected):
    expected = plain(expected)
    assert list(found.columns) == list(expected.columns)
    assert found.dtypes.astype(str).tolist() == expected.dtypes.astype(str).tolist()
    for name in expected:
        a = [None if pd.isna(v) else v for v in found[name]]
        b = [None if pd.isna(v) else v for v in expected[name]]
        assert a == b, name


def study_frame():
    frame = StudyFrame(
        cases(),
        "treaty",
        "case_id",
        Ledger((Entry("cases", "keep", "treaty", 4, 4),)),
        (Note("few", "Few =cases."),),
    )
    return frame.keep(frame.data.case_id != "d", "not d", "=d is not meant")


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_frame_comes_back_as_it_was(ending, tmp_path):
    done = write(cases(), tmp_path / f"cases{ending}", labels=LABELS, values=VALUES)
    found = read_file(done.paths[0])
    same(found.table, cases())
    assert dict(found.labels) == LABELS and {k: dict(v) for k, v in found.values.items()} == VALUES
    assert [n.kind for n in found.notes] == ["labels_beside"]


@pytest.mark.parametrize("ending", [".csv", ".xlsx", ".parquet"])
def test_an_empty_text_is_not_a_missing_one(ending, tmp_path):
    frame = pd.DataFrame({"k": range(6), "x": ["", None, "a", ',"",', '""', '"']})
    write(frame, tmp_path / f"x{ending}")
    same(read_file(tmp_path / f"x{ending}").table, frame)


def test_stata_has_one_text_for_empty_and_missing_and_it_is_told(tmp_path):
    done = write(pd.DataFrame({"x": ["", None, "a"]}), tmp_path / "x.dta")
    assert [n.kind for n in done.notes] == ["empty_text"]
    same(read_file(tmp_path / "x.dta").table, pd.DataFrame({"x": [None, None, "a"]}))


def text_of(ending):
    bad = ("Cs",) if ending != ".dta" else ("Cs", "Cc")
    texts = st.text(st.characters(exclude_categories=bad, exclude_characters="\0"), max_size=12)
    # a text is NFC in the project's CSV files; Stata has no empty text
    texts = texts.map(lambda t: unicodedata.normalize("NFC", t)) if ending == ".csv" else texts
    return texts.filter(bool) if ending == ".dta" else texts


def frames(ending):
    biggest = {".xlsx": 10**15 - 1, ".dta": 2**53 - 1}.get(ending, 2**63 - 1)
    largest = 8.9e307 if ending == ".dta" else None
    days = st.dates(min_value=pd.Timestamp("0100-01-01").date()) if ending == ".dta" else st.dates()
    row = st.tuples(
        st.none()
        | text_of(ending)
        | st.sampled_from(["NA", "007", "=1+1", "1990", "2001-02-03", "TRUE", "nan", "'"]),
        st.none() | st.integers(-biggest, biggest),
        st.none()
        | st.floats(
            allow_nan=False, allow_infinity=False, max_value=largest, min_value=largest and -largest
        ),
        st.none() | st.booleans(),
        st.none() | days,
    )

    def build(rows):
        t, i, f, b, d = zip(*rows, strict=True) if rows else ([], [], [], [], [])
        return pd.DataFrame(
            {
                "k": range(len(rows)),
                "t": pd.Series(list(t), dtype=object),
                "i": pd.array(list(i), dtype="Int64"),
                "f": pd.Series([math.nan if v is None else v for v in f], dtype=float),
                "b": pd.array(list(b), dtype="boolean"),
                "d": pd.Series(np.array(list(d), dtype="datetime64[us]")),
            }
        )

    return st.lists(row, min_size=1, max_size=6).map(build)


@pytest.mark.parametrize("ending", ENDINGS)
def test_any_frame_comes_back_as_it_was(ending):
    @settings(max_examples=25, deadline=None)
    @given(frames(ending))
    def comes_back(frame):
        with tempfile.TemporaryDirectory() as folder:
            write(frame, Path(folder, f"x{ending}"))
            same(read_file(Path(folder, f"x{ending}")).table, frame)

    comes_back()


def test_pandas_reads_the_same_from_stata(tmp_path):
    frame = cases().assign(
        remark="é" * 1500, agreed=pd.array([True, None, False, True], dtype="boolean")
    )
    write(frame, tmp_path / "x.dta", labels=LABELS, values=VALUES)
    found = pd.read_stata(tmp_path / "x.dta", convert_categoricals=False)
    assert (
        found["n"].tolist()[0] == 1
        and math.isnan(found["n"][1])
        and found["n"].tolist()[2:] == [3, -4]
    )
    assert (
        found["deaths"].tolist()[0] == 0.1
        and math.isnan(found["deaths"][1])
        and found["deaths"][3] == 1e-300
    )
    assert (
        found["agreed"].tolist()[0] == 1
        and math.isnan(found["agreed"][1])
        and found["agreed"][2] == 0
    )
    assert found["signed"][0] == pd.Timestamp("2001-02-03") and pd.isna(found["signed"][1])
    assert found["remark"][0] == "é" * 1500 and found["iso2"].tolist() == [
        "NA",
        "FR",
        "",
        "ÅØ – 東京",
    ]
    labelled = pd.read_stata(tmp_path / "x.dta", convert_categoricals=True)
    assert labelled["n"].tolist()[2] == "three"
    with pd.io.stata.StataReader(tmp_path / "x.dta") as reader:
        assert (
            reader.variable_labels()["iso2"] == "State, two letters"
            and "_ledger.csv" in reader.data_label
        )


def test_pyreadstat_reads_the_same_from_stata(tmp_path):
    """Another program's reader of the format (ReadStat, in C)."""
    pyreadstat = pytest.importorskip("pyreadstat")
    write(cases(), tmp_path / "x.dta", labels=LABELS, values=VALUES)
    found, meta = pyreadstat.read_dta(str(tmp_path / "x.dta"), output_format="pandas")
    assert found["deaths"].tolist()[0] == 0.1 and math.isnan(found["deaths"][1])
    assert str(found["signed"][0])[:10] == "2001-02-03" and meta.variable_value_labels["n"] == {
        1: "one",
        3: "three",
    }
    assert meta.column_names_to_labels["deaths"] == "Battle-related deaths"


def test_names_that_stata_has_not_are_told_and_come_back(tmp_path):
    names = [
        "peace years",
        "peace_years",
        "Führung",
        "in",
        "str8",
        "x" * 40,
        "x" * 41,
        "東京",
        "京都",
        "_all",
    ]
    frame = pd.DataFrame({n: [i] for i, n in enumerate(names)})
    done = write(frame, tmp_path / "x.dta")
    stored = pd.read_stata(tmp_path / "x.dta").columns
    assert len(set(stored)) == len(names) and all(len(n) <= 32 and n.isascii() for n in stored)
    assert "peace_years" not in done.names and set(done.names) == set(names) - {"peace_years"}
    assert any("Führung -> Fuhrung" in n.text for n in done.notes)
    same(read_file(tmp_path / "x.dta").table, frame)


@pytest.mark.parametrize("ending", [".csv", ".dta"])
def test_ledger_and_exclusions_stand_beside(ending, tmp_path):
    done = write(study_frame(), tmp_path / f"x{ending}")
    assert [p.name for p in done.paths] == [
        f"x{ending}",
        f"x_{ending[1:]}_labels.csv",
        f"x_{ending[1:]}_ledger.csv",
        f"x_{ending[1:]}_excluded.csv",
        f"x_{ending[1:]}_notes.csv",
    ]
    ledger = pd.read_csv(tmp_path / f"x_{ending[1:]}_ledger.csv")
    assert ledger[["step", "rows_in", "rows_out", "left_out"]].values.tolist() == [
        ["cases", 4, 4, 0],
        ["not d", 4, 3, 1],
    ]
    assert (
        tmp_path / f"x_{ending[1:]}_excluded.csv"
    ).read_text() == "case,step,reason\nd,not d,=d is not meant\n"
    assert (tmp_path / f"x_{ending[1:]}_notes.csv").read_text() == "kind,text\nfew,Few =cases.\n"


def test_ledger_and_exclusions_are_in_the_metadata_of_parquet(tmp_path):
    write(study_frame(), tmp_path / "x.parquet")
    told = json.loads(pq.read_schema(tmp_path / "x.parquet").metadata[b"peacestudy"])
    assert [(e["step"], e["rows_out"]) for e in told["ledger"]] == [("cases", 4), ("not d", 3)]
    assert told["unit"] == "treaty" and told["excluded"] == [
        {"case": "d", "step": "not d", "reason": "=d is not meant"}
    ]
    assert pd.read_parquet(tmp_path / "x.parquet")["code"].tolist() == cases()["code"].tolist()[:3]


def test_a_workbook_has_five_sheets_and_no_formula(tmp_path):
    write(study_frame(), tmp_path / "x.xlsx")
    book = openpyxl.load_workbook(tmp_path / "x.xlsx")
    assert book.sheetnames == ["data", "ledger", "excluded", "notes", "labels"]
    cells = [c for sheet in book for row in sheet.iter_rows() for c in row if c.value is not None]
    assert (
        not [c for c in cells if c.data_type == "f"]
        and book["excluded"]["C2"].value == "=d is not meant"
    )
    assert (
        book["data"]["C4"].value.startswith("=cmd")
        and book["data"]["G2"].value.date().isoformat() == "2001-02-03"
    )
    assert book["ledger"]["D3"].value == 4 and book["data"]["F4"].value is False
    with zipfile.ZipFile(tmp_path / "x.xlsx") as archive:
        assert not [n for n in archive.namelist() if b"<f>" in archive.read(n)]


def test_days_before_1900_are_text_in_a_workbook_and_days_again_when_read(tmp_path):
    frame = pd.DataFrame({"k": [1, 2, 3], "d": pd.to_datetime(["1816-01-01", "2001-02-03", None])})
    done = write(frame, tmp_path / "x.xlsx")
    assert [n.kind for n in done.notes] == ["dates_as_text"]
    same(read_file(tmp_path / "x.xlsx").table, frame)


def test_a_workbook_that_packs_too_well_is_read_again(tmp_path):
    frame = pd.DataFrame({"x": ["a" * 30_000] * 200})
    write(frame, tmp_path / "x.xlsx")
    same(read_file(tmp_path / "x.xlsx").table, frame)


def test_columns_of_sources_are_labelled_by_their_schema(tmp_path):
    data = pd.DataFrame({"case_id": ["a"], "aeuds": [0.3], "xconst": [7], "mine": [1]})
    why = np.zeros(1, np.int8)
    joined = (
        Joined("join uds", "extended_uds", "", ("aeuds",), why),
        Joined("join polity", "polity5", "", ("xconst",), why),
    )
    write(
        StudyFrame(data, "case", "case_id", joined=joined),
        tmp_path / "x.parquet",
        labels={"xconst": "Own words"},
    )
    labels = read_file(tmp_path / "x.parquet").labels
    field = next(f for f in SOURCES["extended_uds"].schema.fields if f.name == "aeuds")
    assert (
        labels["aeuds"].startswith(field.description)
        and labels["xconst"] == "Own words"
        and "mine" not in labels
    )


@pytest.mark.parametrize(
    ("ending", "value", "words"),
    [
        (".dta", math.inf, "infinite"),
        (".csv", -math.inf, "infinite"),
        (".dta", 9e307, "too large"),
        (".xlsx", 10**15, "whole numbers up to"),
        (".dta", 2**53 + 1, "whole numbers up to"),
        (".parquet", 2**64, "63 bits"),
        (".csv", "a\0", "NUL"),
        (".dta", "a\0", "NUL"),
        (".xlsx", "x" * 32_768, "32,767"),
        (".parquet", "\ud800", "surrogate"),
        (".csv", [1], "expected text"),
        (".csv", pd.Timestamp("2001-02-03 04:05"), "time of day"),
        (".dta", pd.Timestamp("0099-01-01"), "years 100"),
        (".csv", 1j, "expected text"),
        (".csv", None, "without any value"),
        (".xlsx", None, "without any value"),
    ],
)
def test_what_cannot_be_written_is_refused_and_nothing_is_left(ending, value, words, tmp_path):
    with pytest.raises(JoinError, match=words):
        write(pd.DataFrame({"x": pd.Series([value], dtype=object)}), tmp_path / f"x{ending}")
    assert list(tmp_path.iterdir()) == []


def test_other_endings_and_labels_of_nothing_are_refused(tmp_path):
    with pytest.raises(JoinError, match=r"written as \.dta, \.parquet, \.xlsx, \.csv"):
        write(cases(), tmp_path / "x.sas7bdat")
    with pytest.raises(JoinError, match="Did you mean 'iso2'"):
        write(cases(), tmp_path / "x.csv", labels={"iso": "State"})
    with pytest.raises(JoinError, match="give a StudyFrame or a DataFrame"):
        write([1], tmp_path / "x.csv")


def test_equal_frames_give_equal_bytes(tmp_path):
    for ending in ENDINGS:
        for name in ("a", "b"):
            (tmp_path / name).mkdir(exist_ok=True)
            write(study_frame(), tmp_path / name / f"x{ending}")
        assert (tmp_path / "a" / f"x{ending}").read_bytes() == (
            tmp_path / "b" / f"x{ending}"
        ).read_bytes()


def test_texts_that_look_like_formulas_are_told_in_csv(tmp_path):
    done = write(cases(), tmp_path / "x.csv")
    assert [n.text.split(" ")[0] for n in done.notes if n.kind == "like_a_formula"] == ["3"]


@pytest.mark.parametrize("ending", [".csv", ".dta"])
def test_names_and_labels_that_look_like_formulas_are_told(ending, tmp_path):
    frame = pd.DataFrame({"=cmd|x": [1], "b": [2]})
    done = write(
        frame, tmp_path / f"x{ending}", labels={"b": "@SUM(A1)"}, values={"b": {"2": "+1"}}
    )
    told = {n.kind: n.text for n in done.notes}
    assert "3 in labels" in told["beside_like_formulas"]
    assert ("names_like_formulas" in told) == (ending == ".csv")
    assert not [
        n
        for n in write(frame.rename(columns={"=cmd|x": "a"}), tmp_path / f"y{ending}").notes
        if "formula" in n.kind
    ]


def test_r_reads_the_csv_and_the_stata_file_as_they_are_meant(tmp_path):
    """What R 4.2.2 and haven 2.5.1 made of the same files is stored:
    tests/references/csv_in_r/generate.R.
    """
    write(cases(), tmp_path / "cases.csv", labels=LABELS, values=VALUES)
    assert (tmp_path / "cases.csv").read_bytes() == (IN_R / "cases.csv").read_bytes()
    lines = (IN_R / "expected.txt").read_text(encoding="utf-8").splitlines()
    assert lines[0].split() == [
        "class:",
        "character",
        "character",
        "character",
        "integer",
        "numeric",
        "logical",
        "Date",
        "character",
    ]
    found = dict(line.split("|", 1) for line in lines[1:9])
    for name, column in cases().items():
        cells = [
            c.removesuffix(" ") if i == 3 else c for i, c in enumerate(found[name].split(" | "))
        ]
        for cell, value in zip(cells, column, strict=True):
            if pd.isna(value):
                assert cell == "<missing>", name
            elif column.dtype.kind in "if":
                assert float(cell) == value, name
            elif column.dtype.kind == "b":
                assert cell == str(value).upper()
            elif column.dtype.kind == "M":
                assert cell == value.date().isoformat()
            else:  # R's read.csv makes a line feed of a carriage return with one
                assert cell.strip() == value.replace("\r\n", "\\n").strip(), name
    assert lines[9] == "haven labels: State, two letters / Battle-related deaths / one three "
    numbers = lines[10].removeprefix("haven numbers: ").split(" / ")
    assert [v if v == "NA" else float(v) for v in numbers[0].split()] == [0.1, "NA", 2.0, 1e-300]
    assert numbers[1:3] == ["1 NA 3 -4", "1 NA 0 1"] and numbers[3].split() == [
        "2001-02-03",
        "NA",
        "1999-12-31",
        "2024-02-29",
    ]


def test_a_missing_whole_number_beyond_a_long_is_statas_own_missing(tmp_path):
    """pandas 3.1 writes the bytes 1b e0 7f for it, a code beyond .z; what
    it wrote is read as missing all the same.
    """
    frame = pd.DataFrame({"x": pd.array([2**40, None], dtype="Int64")})
    write(frame, tmp_path / "x.dta")
    assert bytes.fromhex("000000000000e07f") in (tmp_path / "x.dta").read_bytes()
    frame.to_stata(tmp_path / "pandas.dta", write_index=False, version=118)
    found = read_file(tmp_path / "pandas.dta").table["x"]
    assert found[0] == 2**40 and pd.isna(found[1])
