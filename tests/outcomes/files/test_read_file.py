"""One door for files: what stands in them is what comes out,
labels and codes apart, and nothing is run.
"""

import contextlib
import datetime
import gzip
import io
import pickle
import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from peacestudy.core.schema import Field, Schema
from peacestudy.errors import SourceError
from peacestudy.outcomes import read_file
from peacestudy.outcomes.files import FORMATS

R_FILES = Path(__file__).parents[2] / "references" / "r_files"
BEYOND = "0123456789" * 3


class Payload:
    """Unpickled, it would leave a file behind."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def csv_file(tmp_path, text, name="x.csv"):
    (tmp_path / name).write_bytes(text.encode("utf-8") if isinstance(text, str) else text)
    return tmp_path / name


def said(path, **options):
    with pytest.raises(SourceError) as caught:
        read_file(path, **options)
    return caught.value


# ---- CSV


def test_text_stays_text_and_numbers_are_numbers(tmp_path):
    text = (
        "iso,code,n,x,id,d,mixed,empty\n"
        f"NA,007,1,1.5,{BEYOND},2001-02-03,1,\n"
        "FR,220,-2,.5,1,,x,\n"
        ",1,,1e3,2,1999-12-31,2,\n"
    )
    table = read_file(csv_file(tmp_path, text)).table
    assert table.dtypes.astype(str).to_dict() == {
        "iso": "object",
        "code": "object",
        "n": "Int64",
        "x": "float64",
        "id": "object",
        "d": "datetime64[us]",
        "mixed": "object",
        "empty": "object",
    }
    assert table["iso"].tolist() == ["NA", "FR", None] and table["code"].tolist() == [
        "007",
        "220",
        "1",
    ]
    assert (
        table["x"].tolist() == [1.5, 0.5, 1000.0]
        and table["id"][0] == BEYOND
        and pd.isna(table["n"][2])
    )


@pytest.mark.parametrize(
    "word", ["nan", "inf", "1_000", " 1", "+1", "1,5", "0x10", "١", "1e999", "NULL", "TRUE"]
)
def test_what_pandas_would_take_for_a_number_is_text(word, tmp_path):
    table = read_file(csv_file(tmp_path, f'a,b\n"{word}",1\n2,2\n')).table
    assert table["a"].tolist() == [word, "2"]


def test_years_as_floats_become_whole_with_a_note(tmp_path):
    found = read_file(csv_file(tmp_path, "year,gdp\n1990.0,1.0\n,2.0\n"))
    assert (
        found.table.dtypes.astype(str).tolist() == ["Int64", "float64"]
        and found.table["year"][0] == 1990
    )
    assert [n.kind for n in found.notes] == ["whole_years"]
    assert read_file(csv_file(tmp_path, "year\n1990.5\n")).table["year"].tolist() == [1990.5]


def test_dates_in_several_forms_are_a_problem_and_never_guessed(tmp_path):
    error = said(
        csv_file(tmp_path, "d,e\n2001-02-03,1\n03/02/2001,1\n2001-02-04,1\n3 Feb 2001,1\n")
    )
    assert [(p.line, p.column, p.value) for p in error.problems] == [
        (3, "d", "03/02/2001"),
        (5, "d", "3 Feb 2001"),
    ]
    assert said(csv_file(tmp_path, "d\n2001-02-03\n2001-02-30\n")).problems[0].value == "2001-02-30"


def test_dates_of_one_other_form_are_text_with_a_note(tmp_path):
    found = read_file(csv_file(tmp_path, "d,e\n03/02/2001,x\n04/02/2001,y\n"))
    assert found.table["d"].tolist() == ["03/02/2001", "04/02/2001"] and [
        n.kind for n in found.notes
    ] == ["dates_as_text"]


def test_byte_order_mark_semicolons_and_ragged_rows(tmp_path):
    assert read_file(csv_file(tmp_path, "\ufeffa,b\n1,2\n")).table.columns.tolist() == ["a", "b"]
    assert [p.line for p in said(csv_file(tmp_path, "a,b\n1,2\n1,2,3\n")).problems] == [3]
    assert "not UTF-8" in str(said(csv_file(tmp_path, "a\né\n".encode("latin-1"))))


def test_a_quoted_empty_cell_of_a_foreign_file_is_missing(tmp_path):
    assert read_file(csv_file(tmp_path, 'a,b\n"",1\n,2\n')).table["a"].tolist() == [None, None]


def test_a_schema_decides_where_it_is_given(tmp_path):
    schema = Schema((Field("code"), Field("n", "integer", required=True)))
    found = read_file(csv_file(tmp_path, "x,n,code\n1,2.0,7\n"), schema=schema)
    assert found.table.to_dict("list") == {"code": ["7"], "n": [2]}
    error = said(csv_file(tmp_path, "n,code\n,7\nx,8\n"), schema=schema)
    assert sorted(p.line for p in error.problems) == [2, 3]


def test_labels_of_another_file_are_told(tmp_path):
    csv_file(
        tmp_path,
        "column,name,type,label,code,meaning\na,a,integer,A,,\nb,b,number,,,\n",
        "x_csv_labels.csv",
    )
    found = read_file(csv_file(tmp_path, "a,c\n1,x\n"))
    assert found.labels == {"a": "A"} and [n.kind for n in found.notes] == [
        "labels_beside",
        "labels_differ",
    ]
    assert "delete it if it is another file's" in str(said(csv_file(tmp_path, "a,b\nx,1\n")))


# ---- workbooks


def workbook(tmp_path, change, name="x.xlsx"):
    book = openpyxl.Workbook()
    change(book, book.active)
    book.save(tmp_path / name)
    return tmp_path / name


def test_cells_of_a_workbook(tmp_path):
    def fill(book, sheet):
        rows = [
            ["iso", "n", "x", "d", "b", "y"],
            ["NA", 1, 0.5, datetime.date(2001, 2, 3), True, 1990],
            ["FR", None, 2, datetime.datetime(1900, 3, 1), False, 1991],
        ]
        for row in rows:
            sheet.append(row)
        sheet["A4"], sheet["A4"].data_type = "=1+1", "s"

    table = read_file(workbook(tmp_path, fill)).table
    assert table.dtypes.astype(str).tolist() == [
        "object",
        "Int64",
        "float64",
        "datetime64[us]",
        "boolean",
        "Int64",
    ]
    assert table["iso"].tolist() == ["NA", "FR", "=1+1"] and table["x"].tolist()[:2] == [0.5, 2.0]
    assert table["d"].tolist()[:2] == [pd.Timestamp("2001-02-03"), pd.Timestamp("1900-03-01")]


def test_days_are_those_of_another_reader(tmp_path):
    """openpyxl turns the same serial numbers into the same days, in both systems of a workbook."""
    for epoch in (openpyxl.utils.datetime.WINDOWS_EPOCH, openpyxl.utils.datetime.MAC_EPOCH):
        days = [datetime.date(1904, 1, 2), datetime.date(1960, 2, 29), datetime.date(2024, 12, 31)]

        def fill(book, sheet, epoch=epoch, days=days):
            book.epoch = epoch
            for row in [["d"], *([d] for d in days)]:
                sheet.append(row)

        assert [d.date() for d in read_file(workbook(tmp_path, fill)).table["d"]] == days


def test_sheets_are_chosen_by_name_and_hidden_ones_told(tmp_path):
    def fill(book, sheet):
        sheet.append(["a"]), sheet.append([1])
        other = book.create_sheet("other")
        other.append(["b"]), other.append([2])
        book.create_sheet("empty")

    path = workbook(tmp_path, fill)
    assert "Sheet, other" in str(said(path)) and "Did you mean 'other'" in str(
        said(path, sheet="othr")
    )
    assert read_file(path, sheet="other").table["b"].tolist() == [2]
    book = openpyxl.load_workbook(path)
    book["other"].sheet_state = "hidden"
    book.save(path)
    found = read_file(path)
    assert found.table["a"].tolist() == [1] and [n.kind for n in found.notes] == ["hidden_sheets"]


def test_formulas_merged_cells_and_mixed_columns(tmp_path):
    path = workbook(tmp_path, lambda book, s: [s.append(["a", "b"]), s.append([1, "=A2"])])
    assert [(p.line, p.column, p.rule) for p in said(path).problems] == [
        (2, "b", "a formula without a value")
    ]
    out = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(
                name,
                old.read(name)
                .replace(b"<f>A2</f><v></v>", b"<f>A2</f><v>5</v>")
                .replace(b"<f>A2</f><v />", b"<f>A2</f><v>5</v>")
                .replace(b"<f>A2</f><v/>", b"<f>A2</f><v>5</v>"),
            )
    path.write_bytes(out.getvalue())
    found = read_file(path)
    assert found.table["b"].tolist() == [5] and [n.kind for n in found.notes] == ["formulas"]
    path = workbook(
        tmp_path,
        lambda book, s: [
            s.append(["a", "b"]),
            s.append([1, 2]),
            s.append([3, 4]),
            s.merge_cells("A2:A3"),
        ],
    )
    assert said(path).problems[0].value == "A2:A3"
    path = workbook(
        tmp_path,
        lambda book, s: [
            s.append(["a", "d"]),
            s.append([1, datetime.date(2001, 2, 3)]),
            s.append(["007", "03/02/2001"]),
        ],
    )
    assert [(p.line, p.column) for p in said(path).problems] == [(2, "d")] or [
        (p.line, p.column) for p in said(path).problems
    ] == [(3, "d")]
    path = workbook(tmp_path, lambda book, s: [s.append(["a"]), s.append([1]), s.append(["007"])])
    found = read_file(path)
    assert found.table["a"].tolist() == ["1", "007"] and [n.kind for n in found.notes] == [
        "numbers_as_text"
    ]


# ---- Stata, Parquet, SPSS, R


def test_extended_missing_values_of_stata_are_counted_by_letter(tmp_path):
    """The bytes of .a and .z of a double and of a byte, as Stata's manual
    gives them ([D] Data types, dta format 118).
    """
    frame = pd.DataFrame(
        {
            "x": [1.0, 2.0, 3.0, np.nan],
            "k": np.array([1, 2, 3, 4], dtype="int8"),
            "s": ["NA", "", "b", "c"],
        }
    )
    path = tmp_path / "x.dta"
    frame.to_stata(
        path,
        write_index=False,
        version=118,
        variable_labels={"x": "An x"},
        value_labels={"k": {1: "one"}},
    )
    data = bytearray(path.read_bytes())
    start = data.index(b"<data>") + 6
    width = 8 + 1 + 2
    data[start + width : start + width + 8] = bytes.fromhex("000000000001e07f")  # .a
    data[start + 2 * width : start + 2 * width + 8] = bytes.fromhex("00000000001ae07f")  # .z
    data[start + width + 8] = 102  # .a of a byte
    path.write_bytes(bytes(data))
    found = read_file(path)
    assert found.table["x"].isna().tolist() == [False, True, True, True] and found.table[
        "k"
    ].tolist()[0::2] == [1, 3]
    assert found.table.dtypes.astype(str).tolist() == [
        "float64",
        "Int64",
        "object",
    ] and found.table["s"].tolist() == [
        "NA",
        None,
        "b",
        "c",
    ]
    assert found.labels == {"x": "An x"} and found.values["k"] == {"1": "one"}
    assert [n.kind for n in found.notes] == [
        "extended_missing"
    ] and ".a 2, .z 1 (x .a 1, .z 1; k .a 1)" in found.notes[0].text


def test_parquet_by_its_own_types(tmp_path):
    table = pa.table(
        {
            "i": pa.array([1, None, 2**60]),
            "u": pa.array([1, 2, 3], pa.uint8()),
            "f": pa.array([0.5, None, 1.0], pa.float32()),
            "t": pa.array(["NA", "", None]).dictionary_encode(),
            "d": pa.array([datetime.date(1816, 1, 1), None, None]),
            "b": [True, None, False],
            "year": [1990.0, 1991.0, None],
        }
    )
    pq.write_table(table, tmp_path / "x.parquet")
    found = read_file(tmp_path / "x.parquet").table
    assert found.dtypes.astype(str).tolist() == [
        "Int64",
        "Int64",
        "float64",
        "object",
        "datetime64[us]",
        "boolean",
        "Int64",
    ]
    assert (
        found["i"][2] == 2**60
        and found["t"].tolist() == ["NA", "", None]
        and found["d"][0] == pd.Timestamp("1816-01-01")
    )


def test_spss_labels_and_missing_codes(tmp_path):
    pyreadstat = pytest.importorskip("pyreadstat")
    frame = pd.DataFrame(
        {
            "q": [1.0, 2.0, 99.0, np.nan],
            "s": ["NA", "007", "", "x"],
            "d": [datetime.date(2001, 2, 3)] * 4,
        }
    )
    pyreadstat.write_sav(
        frame,
        str(tmp_path / "x.sav"),
        column_labels={"q": "Question"},
        variable_value_labels={"q": {1: "no", 99: "refused"}},
        missing_ranges={"q": [99]},
    )
    found = read_file(tmp_path / "x.sav")
    assert found.table["q"].isna().tolist() == [False, False, True, True] and found.table[
        "s"
    ].tolist() == [
        "NA",
        "007",
        None,
        "x",
    ]
    assert found.labels["q"] == "Question" and found.values["q"] == {"1": "no", "99": "refused"}
    assert found.table["d"][0] == pd.Timestamp("2001-02-03") and "99 1" in found.notes[0].text


def test_r_data_frames_and_nothing_else(tmp_path):
    """Files that R wrote: tests/references/r_files/generate.R."""
    rdata = pytest.importorskip("rdata")
    found = read_file(R_FILES / "frame.rds")
    t = found.table
    assert t.dtypes.astype(str).tolist() == [
        "object",
        "float64",
        "Int64",
        "object",
        "boolean",
        "datetime64[us]",
        "datetime64[us]",
        "float64",
    ]
    assert (
        t["id"].tolist() == ["NA", "007", None]
        and t["f"].tolist() == ["low", "high", None]
        and t["x"].tolist()[0::2] == [1.5, 3.0]
    )
    assert t["n"].tolist()[0::2] == [1, 3] and t["b"].tolist()[0::2] == [True, False]
    assert t["d"].tolist()[0::2] == [pd.Timestamp("2001-02-03"), pd.Timestamp("1816-01-01")]
    assert t["p"].tolist()[0::2] == [
        pd.Timestamp("2001-02-03 04:05:06"),
        pd.Timestamp("1960-01-01"),
    ]
    assert t.drop(columns=["id", "f"]).isna().sum(axis=1).tolist() == [0, 5, 1]
    assert found.labels == {"x": "An x", "h": "Level"} and found.values["h"] == {
        "1": "low",
        "2": "high",
    }
    assert "2 data frames (frame, second)" in str(said(R_FILES / "several.rda"))
    assert read_file(R_FILES / "several.rda", sheet="second").table["n"].tolist()[0] == 1
    assert "must be one of frame, second" in str(said(R_FILES / "several.rda", sheet="run"))
    rdata.write_rds(tmp_path / "y.rds", [1, 2])
    assert "no data frame" in str(said(tmp_path / "y.rds"))
    (tmp_path / "z.rds").write_bytes(gzip.compress((R_FILES / "frame.rds").read_bytes()))
    assert "packed twice" in str(said(tmp_path / "z.rds"))


# ---- the door


@pytest.mark.parametrize("ending", list(FORMATS))
def test_nothing_is_ever_unpickled(ending, tmp_path):
    if ending == ".csv":
        pytest.skip("text holds no pickle: its bytes are not UTF-8, as the test of encodings shows")
    mark = tmp_path / "ran"
    (tmp_path / f"x{ending}").write_bytes(pickle.dumps(Payload(mark)))
    said(tmp_path / f"x{ending}")
    assert not mark.exists()


def test_a_pickle_is_refused_by_its_ending_and_one_in_parquet_is_not_loaded(tmp_path):
    mark = tmp_path / "ran"
    (tmp_path / "x.pkl").write_bytes(pickle.dumps(Payload(mark)))
    assert ".csv, .xlsx, .dta, .parquet, .sav" in str(said(tmp_path / "x.pkl"))
    payload = pickle.dumps(Payload(mark))
    pq.write_table(pa.table({"x": [payload]}), tmp_path / "x.parquet")
    assert [p.column for p in said(tmp_path / "x.parquet").problems] == ["x"]
    # the name and metadata by which old Arrow found a pickled type (CVE-2023-47248)
    field = pa.field(
        "x",
        pa.string(),
        metadata={
            b"ARROW:extension:name": b"arrow.py_extension_type",
            b"ARROW:extension:metadata": payload,
        },
    )
    pq.write_table(pa.table([pa.array(["a"])], schema=pa.schema([field])), tmp_path / "y.parquet")
    with contextlib.suppress(SourceError):
        read_file(tmp_path / "y.parquet")
    assert not mark.exists()
    pickle.loads(payload).close()  # the payload would have worked
    assert mark.exists()


@pytest.mark.parametrize("ending", [e for e in FORMATS if e not in (".csv", ".tsv")])
def test_damaged_empty_and_absent_files_are_told(ending, tmp_path):
    path = tmp_path / f"x{ending}"
    assert "cannot be read" in str(said(path))
    path.write_bytes(b"")
    assert "is empty" in str(said(path))
    for data in (
        b"a,b\n1,2\n",
        b"\0" * 500,
        b"PAR1" + b"\xff" * 200 + b"PAR1",
        b"<stata_dta>" + b"x" * 100,
        b"$FL2" + b"\xff" * 300,
    ):
        path.write_bytes(data)
        said(path)


def test_files_cut_off_are_told(tmp_path):
    frame = pd.DataFrame({"x": range(200), "s": ["text"] * 200})
    frame.to_stata(tmp_path / "x.dta", write_index=False)
    frame.to_parquet(tmp_path / "x.parquet")
    for name in ("x.dta", "x.parquet"):
        whole = (tmp_path / name).read_bytes()
        for part in (3, 40, len(whole) // 2):
            (tmp_path / name).write_bytes(whole[:part])
            said(tmp_path / name)


def test_files_over_the_limit_are_refused_before_they_are_read(tmp_path, monkeypatch):
    from peacestudy.outcomes.files import read

    monkeypatch.setattr(read, "LIMIT", 10)
    for ending in FORMATS:
        (tmp_path / f"x{ending}").write_bytes(b"x" * 11)
        assert "are refused" in str(said(tmp_path / f"x{ending}"))


def test_only_files_with_sheets_take_one(tmp_path):
    for ending in (".csv", ".dta", ".parquet", ".sav"):
        (tmp_path / f"x{ending}").write_bytes(b"x")
        assert "has no sheet" in str(said(tmp_path / f"x{ending}", sheet="a"))
