"""Files that are damaged, or made to do harm: refused with file,
place and remedy, and nothing ends the process.
"""

import datetime
import struct
import subprocess
import sys
import time
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from peacestudy.core.workbook.book import format_kind
from peacestudy.errors import SourceError
from peacestudy.outcomes import read_file

NS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def workbook(path, rows, styles=("0", "14"), since_1904=False, sheets=("s",)):
    """A workbook whose worksheets hold these rows, as XML."""
    formats = "".join(f'<xf numFmtId="{n}"/>' for n in styles)
    entries = "".join(
        f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"/>' for n, name in enumerate(sheets, 1)
    )
    links = "".join(
        f'<Relationship Id="r{n}" Type="{OFFICE}/worksheet" Target="worksheets/s{n}.xml"/>'
        for n in range(1, len(sheets) + 1)
    )
    date = '<workbookPr date1904="1"/>' if since_1904 else ""
    parts = {
        "xl/workbook.xml": (
            f'<workbook xmlns="{NS}" xmlns:r="{OFFICE}">{date}<sheets>{entries}</sheets></workbook>'
        ),
        "xl/_rels/workbook.xml.rels": f"<Relationships>{links}</Relationships>",
        "xl/styles.xml": f'<styleSheet xmlns="{NS}"><cellXfs>{formats}</cellXfs></styleSheet>',
    }
    for n in range(1, len(sheets) + 1):
        parts[f"xl/worksheets/s{n}.xml"] = (
            f'<worksheet xmlns="{NS}"><sheetData>{rows}</sheetData></worksheet>'
        )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return path


def text(name):
    return f'<c t="inlineStr"><is><t>{name}</t></is></c>'


HEAD = f"<row>{text('a')}</row>"


def said(path, **options):
    with pytest.raises(SourceError) as caught:
        read_file(path, **options)
    return caught.value


# ---- workbooks


def test_a_truth_value_is_one_of_four_texts(tmp_path):
    """The four forms of xsd:boolean (XML Schema part 2, 3.2.2.1)."""
    cells = "".join(f'<row><c t="b"><v>{v}</v></c></row>' for v in ("true", "false", "1", "0"))
    assert read_file(workbook(tmp_path / "x.xlsx", HEAD + cells)).table["a"].tolist() == [
        True,
        False,
        True,
        False,
    ]
    for wrong in ("2", "yes", "-1"):
        problem = said(
            workbook(tmp_path / "x.xlsx", f'{HEAD}<row><c t="b"><v>{wrong}</v></c></row>')
        ).problems[0]
        assert (problem.line, problem.column, problem.value) == (
            2,
            "a",
            wrong,
        ) and "0 or 1" in problem.rule


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ('<row><c s="-1"><v>1</v></c></row>', r"row 2, column 1: style '-1'"),
        ('<row><c s="7"><v>1</v></c></row>', "style 7 of 2 styles"),
        (
            '<row r="2"><c r="A2"><v>1</v></c><c r="A2"><v>99</v></c></row>',
            "row 2, column 1: it appears twice",
        ),
        ("<row><c><v>1</v><v>9</v></c></row>", "holds two values"),
        (
            '<row r="2"><c><v>1</v></c></row><row r="2"><c><v>2</v></c></row>',
            "row 2 stands after row 2",
        ),
        ('<row r="2"><c r="A3"><v>1</v></c></row>', "cell 'A3' stands in row 2"),
        ('<row><c t="s"><v>4</v></c></row>', "shared string 4 of 0"),
        ('<row><c t="s"><v>-1</v></c></row>', "shared string '-1'"),
        ('<row r="-5"><c><v>1</v></c></row>', "row '-5'"),
    ],
)
def test_a_cell_that_contradicts_itself_is_refused_with_its_place(rows, told, tmp_path):
    error = str(said(workbook(tmp_path / "x.xlsx", HEAD + rows)))
    assert (
        told in error
        and "x.xlsx is damaged in xl/worksheets/s1.xml" in error
        and "Ask for the file again" in error
    )


@pytest.mark.parametrize(
    ("cell", "rule"),
    [
        ('s="1"><v>1e12', "after the year 9999"),
        ('s="1"><v>-3', "no date"),
        ('s="1"><v>1e999', "no number"),
        ("><v>1_000", "no number"),
        ("><v>nan", "no number"),
        ("><v>\uff11\uff12", "no number"),
        ('t="d"><v>2001-02-03T00:00:00+05:00', "a zone"),
        ('t="d"><v>2001-02-30', "day"),
    ],
)
@pytest.mark.parametrize("since_1904", [False, True])
def test_a_number_or_date_that_is_none_is_refused_with_its_cell(cell, rule, since_1904, tmp_path):
    problem = said(
        workbook(tmp_path / "x.xlsx", f"{HEAD}<row><c {cell}</v></c></row>", since_1904=since_1904)
    ).problems[0]
    assert (problem.line, problem.column) == (2, "a") and rule in problem.rule


def test_the_last_day_of_both_systems_of_days(tmp_path):
    """ECMA-376, part 1, 18.17.4.1: 9999-12-31 is day 2,958,465
    from 1900 and 2,957,003 from 1904.
    """
    for since_1904, serial in ((False, 2_958_465), (True, 2_957_003)):
        path = workbook(
            tmp_path / "x.xlsx",
            f'{HEAD}<row><c s="1"><v>{serial}</v></c></row>',
            since_1904=since_1904,
        )
        assert read_file(path).table["a"][0] == datetime.datetime(9999, 12, 31)
        path = workbook(
            tmp_path / "x.xlsx",
            f'{HEAD}<row><c s="1"><v>{serial + 1}</v></c></row>',
            since_1904=since_1904,
        )
        assert "9999" in said(path).problems[0].rule


def test_two_worksheets_of_one_name_are_refused(tmp_path):
    assert "appears twice" in str(
        said(workbook(tmp_path / "x.xlsx", f"{HEAD}<row><c><v>1</v></c></row>", sheets=("s", "s")))
    )


def test_a_number_format_of_brackets_takes_no_time():
    begin = time.process_time()
    assert (
        format_kind("[" * 200_000) == "number"
        and format_kind("[$-409]yyyy") == "date"
        and format_kind("[h]:mm") == "date"
    )
    assert time.process_time() - begin < 2


def test_a_worksheet_is_bounded_by_what_it_becomes(tmp_path):
    wide = "".join(text(f"c{n}") for n in range(16_000))
    rows = f"<row>{wide}</row>" + "".join(f"<row>{text('x')}</row>" for _ in range(1_300))
    error = str(said(workbook(tmp_path / "x.xlsx", rows)))
    assert "1,301 rows of 16,000 columns" in error and "Leave out the columns" in error


def test_days_and_numbers_as_names_of_columns(tmp_path):
    head = f'<row>{text("state")}<c s="1"><v>36526</v></c><c><v>2001</v></c></row>'
    found = read_file(
        workbook(
            tmp_path / "x.xlsx", head + f"<row>{text('Mali')}<c><v>5</v></c><c><v>6</v></c></row>"
        )
    )
    assert found.table.columns.tolist() == ["state", "2000-01-01", "2001"] and [
        n.kind for n in found.notes
    ] == ["dates_as_names"]
    path = workbook(
        tmp_path / "x.xlsx",
        f'<row>{text("a")}<c t="b"><v>1</v></c></row><row>{text("x")}<c><v>1</v></c></row>',
    )
    assert said(path).problems[0].column == "column 2"


# ---- CSV


def csv_file(tmp_path, content, name="x.csv"):
    (tmp_path / name).write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return tmp_path / name


@pytest.mark.parametrize(
    ("content", "mark"),
    [
        ('"a";"b"\n1;"x, y"\n2;"z"\n', ";"),
        ("a;b\n1;x\n2;z\n", ";"),
        ("a\tb\n1\tx\n2\tz\n", "\t"),
        ('a;b\n1;"x;\ny"\n2;z', ";"),
    ],
)
def test_semicolons_and_tabs_are_read_and_told(content, mark, tmp_path):
    found = read_file(csv_file(tmp_path, content))
    assert found.table.columns.tolist() == ["a", "b"] and found.table["a"].tolist() == [1, 2]
    assert [n.kind for n in found.notes] == ["separator"] and repr(mark) in found.notes[0].text
    assert read_file(csv_file(tmp_path, "a\tb\n1\tx\n", "x.tsv")).table.columns.tolist() == [
        "a",
        "b",
    ]


def test_a_comma_stays_the_separator_where_only_a_name_or_a_cell_holds_another_mark(tmp_path):
    found = read_file(csv_file(tmp_path, "id,note (a;b;c;d),x\n1,p;q,3\n2,r,4\n"))
    assert found.table.columns.tolist() == ["id", "note (a;b;c;d)", "x"] and not found.notes
    assert read_file(csv_file(tmp_path, "note; text\nfoo\nbar\n")).table.columns.tolist() == [
        "note; text"
    ]
    assert [p.line for p in said(csv_file(tmp_path, "a;b\n1;2\n1;2;3\n")).problems] == [3]


def test_a_study_table_with_semicolons_is_not_called_empty(tmp_path):
    from peacestudy.core.schema import Field, Schema
    from peacestudy.core.tables import read_table

    with pytest.raises(SourceError, match="separated by ';' where commas are expected"):
        read_table(csv_file(tmp_path, '"a";"b"\n1;"x"\n'), Schema((Field("a"),)))


def test_a_first_column_without_a_name_is_offered_as_ids(tmp_path):
    """As pandas writes an index and R's write.csv row names."""
    frame = pd.DataFrame({"x": [1, 2]}, index=["Mali", "Chad"])
    frame.to_csv(tmp_path / "x.csv")
    found = read_file(tmp_path / "x.csv")
    assert found.table.to_dict("list") == {"row_id": ["Mali", "Chad"], "x": [1, 2]} and [
        n.kind for n in found.notes
    ] == ["row_ids"]
    frame.to_parquet(tmp_path / "x.parquet")
    assert read_file(tmp_path / "x.parquet").table.columns.tolist() == ["x", "row_id"]
    assert read_file(csv_file(tmp_path, '"","row_id"\nb,a\n')).table.columns.tolist() == [
        "row_id_2",
        "row_id",
    ]
    assert (
        "write.table" in said(csv_file(tmp_path, 'x,y\n"Mali",1,2\n"Chad",3,4\n')).problems[0].rule
    )
    assert said(csv_file(tmp_path, "a,,b\n1,2,3\n")).problems[0].column == "column 2"


def test_digits_of_another_script_are_told(tmp_path):
    found = read_file(csv_file(tmp_path, "a,b\n\uff11\uff12,1\n3,2\n"))
    assert found.table["a"].tolist() == ["\uff11\uff12", "3"] and [n.kind for n in found.notes] == [
        "foreign_digits"
    ]


def test_texts_that_differ_by_composition_are_told_and_ours_come_back(tmp_path):
    from peacestudy.joins import write

    assert "composed" in said(csv_file(tmp_path, "\u00e9,e\u0301\n1,2\n")).problems[0].rule
    found = read_file(csv_file(tmp_path, "id\n\u00e9\ne\u0301\nx\n"))
    assert found.table["id"].tolist() == ["\u00e9", "\u00e9", "x"] and [
        n.kind for n in found.notes
    ] == ["composition"]
    frame = pd.DataFrame({"e\u0301": ["\u00e9", "e\u0301"], "\u00e9": ["x", "y"]}, dtype=object)
    for ending in ("csv", "xlsx", "parquet"):
        write(frame, tmp_path / f"ours.{ending}")
        pd.testing.assert_frame_equal(read_file(tmp_path / f"ours.{ending}").table, frame)


def test_twenty_thousand_columns_take_seconds(tmp_path):
    names = ",".join(f"c{n}" for n in range(20_000))
    cells = ",".join(str(n % 7) if n % 2 else "x" for n in range(20_000))
    begin = time.process_time()
    assert read_file(csv_file(tmp_path, f"{names}\n{cells}\n")).table.shape == (1, 20_000)
    assert time.process_time() - begin < 8
    header = ",".join(["a"] * 20_000)
    assert len(said(csv_file(tmp_path, header + "\n")).problems) == 19_999


# ---- Parquet, Stata, SPSS


def test_parquet_keeps_nanoseconds_to_the_microsecond_and_refuses_far_days(tmp_path):
    moments = pa.array([1, 1_500_000_000_123_456_789, None], pa.timestamp("ns"))
    pq.write_table(pa.table({"t": moments}), tmp_path / "x.parquet", row_group_size=2)
    found = read_file(tmp_path / "x.parquet")
    assert found.table["t"].tolist()[:2] == [
        pd.Timestamp(0),
        pd.Timestamp("2017-07-14 02:40:00.123456"),
    ]
    assert found.table["t"].isna().tolist() == [False, False, True] and [
        n.kind for n in found.notes
    ] == ["nanoseconds"]
    for kind, value in (
        (pa.date32(), 2**30),
        (pa.timestamp("s"), 2**50),
        (pa.timestamp("ms"), -(2**62)),
        (pa.date64(), 2**60),
    ):
        pq.write_table(
            pa.table(
                {
                    "d": (
                        pa.array(
                            [0, value], pa.int32() if kind == pa.date32() else pa.int64()
                        ).view(kind)
                    )
                }
            ),
            tmp_path / "x.parquet",
        )
        error = str(said(tmp_path / "x.parquet"))
        assert "column 'd'" in error and "row 2" in error and "Correct it" in error


def test_parquet_is_bounded_by_its_rows_and_repeats_no_text(tmp_path):
    schema = pa.schema([("a", pa.null())])
    with pq.ParquetWriter(tmp_path / "x.parquet", schema) as writer:
        writer.write_table(
            pa.table({"a": pa.nulls(160_000_000)}, schema=schema), row_group_size=160_000_000
        )
    assert "160,000,000 rows" in str(said(tmp_path / "x.parquet"))
    table = pa.table({"t": pa.array(["long " * 200, "b", None] * 20_000), "n": pa.nulls(60_000)})
    pq.write_table(table, tmp_path / "x.parquet", row_group_size=30_000)
    found = read_file(tmp_path / "x.parquet").table
    assert (
        len({id(v) for v in found["t"] if v}) <= 4 and found["t"].tolist() == table["t"].to_pylist()
    )
    assert found["n"].isna().all()


def test_stata_names_that_stand_twice_are_refused(tmp_path):
    pd.DataFrame({"abc": [1], "abd": [2]}).to_stata(
        tmp_path / "x.dta", write_index=False, version=118
    )
    data = (tmp_path / "x.dta").read_bytes()
    (tmp_path / "x.dta").write_bytes(data.replace(b"abd\0", b"abc\0"))
    assert [p.column for p in said(tmp_path / "x.dta").problems] == ["abc"]


def test_a_stata_file_asks_for_no_more_than_it_holds(tmp_path):
    pd.DataFrame({"k": [1, 2]}).to_stata(
        tmp_path / "x.dta", write_index=False, version=114, value_labels={"k": {1: "one", 2: "two"}}
    )
    data = (tmp_path / "x.dta").read_bytes()
    # length of the set, its name in 33 bytes and 3 more, then the number of labels
    at = data.rindex(b"k\0", 0, data.rindex(b"one\0")) + 36
    assert data[at : at + 4] == struct.pack("<i", 2)
    (tmp_path / "x.dta").write_bytes(data[:at] + struct.pack("<i", 2**31 - 1) + data[at + 4 :])
    assert "is damaged or not a Stata file" in str(said(tmp_path / "x.dta"))


def test_years_in_a_note_are_plain_numbers(tmp_path):
    pd.DataFrame({"year": [2000.0, 2001.0]}).to_stata(tmp_path / "x.dta", write_index=False)
    assert "held years as 2000.0;" in read_file(tmp_path / "x.dta").notes[0].text


def spss(tmp_path):
    pyreadstat = pytest.importorskip("pyreadstat")
    frame = pd.DataFrame(
        {
            "q": [1.0, 99.0, np.nan],
            "s": ["a", "", "no answer"],
            "d": [datetime.date(2001, 2, 3), None, datetime.date(1600, 1, 1)],
            "t": [datetime.time(1, 2, 3)] * 3,
        }
    )
    pyreadstat.write_sav(
        frame,
        str(tmp_path / "x.sav"),
        missing_ranges={"q": [{"lo": 90, "hi": 99}], "s": ["a"]},
        variable_value_labels={"q": {1.0: "yes"}},
    )
    return tmp_path / "x.sav"


def test_spss_values_are_those_of_the_library_in_this_process(tmp_path):
    path = spss(tmp_path)
    found = read_file(path)
    assert found.table["q"].tolist()[0] == 1 and found.table["q"].isna().tolist() == [
        False,
        True,
        True,
    ]
    assert found.table["s"].tolist() == [None, None, "no answer"] and found.values["q"] == {
        "1": "yes"
    }
    assert found.table["d"].tolist()[::2] == [
        pd.Timestamp("2001-02-03"),
        pd.Timestamp("1600-01-01"),
    ] and pd.isna(found.table["d"][1])
    assert found.table["t"].tolist() == [3723.0] * 3
    assert sorted(n.kind for n in found.notes) == ["coded_missing", "coded_missing", "durations"]


def test_a_crash_of_the_spss_library_is_an_error(tmp_path, monkeypatch):
    """The program that reads is replaced by one that ends with a segmentation fault, as pyreadstat
    1.3.7 does on some files.
    """
    from peacestudy.outcomes.files import spss_file

    path = spss(tmp_path)
    program = tmp_path / "crash.py"
    program.write_text("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n")
    monkeypatch.setattr(spss_file, "_PROGRAM", program)
    assert "signal 11" in str(said(path))
    program.write_text("import time\ntime.sleep(60)\n")
    monkeypatch.setattr(spss_file, "_SECONDS", 0.2)
    assert "was not read within" in str(said(path))


def test_spss_is_read_from_a_script_without_a_main_guard(tmp_path):
    """One process a file, and no second run of the script that asks for it."""
    path = spss(tmp_path)
    script = tmp_path / "script.py"
    script.write_text(
        "from peacestudy.outcomes import"
        f" read_file\nprint('once')\nprint(read_file({str(path)!r}).table.shape)\n"
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True)
    assert done.stdout == "once\n(3, 4)\n"


def test_a_workspace_of_r_is_known_by_its_name(tmp_path):
    pytest.importorskip("rdata")
    from pathlib import Path

    source = Path(__file__).parents[2] / "references" / "r_files" / "several.rda"
    (tmp_path / ".RData").write_bytes(source.read_bytes())
    assert len(read_file(tmp_path / ".RData", sheet="second").table) == 2


def test_no_control_character_reaches_a_terminal(tmp_path):
    from peacestudy.core.problems import Note

    evil = "\x1b[2J\x9b31m\u202e"
    error = said(csv_file(tmp_path, f"a{evil},a{evil}\n1,2\n"))
    found = read_file(csv_file(tmp_path, f"year{evil}\n1990.0\n"))
    for shown in (str(error), str(error.problems[0]), str(found.notes[0]), str(Note("x", evil))):
        assert "\\x1b[2J" in shown and not any(c in shown for c in "\x1b\x9b\u202e")
    assert found.table.columns.tolist() == [f"year{evil}"]
