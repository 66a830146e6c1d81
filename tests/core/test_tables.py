"""The one reader and the one writer: what damaged and foreign files
do to them, and what a kill leaves behind.
"""

import hashlib
import math
import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peacestudy.core import tables
from peacestudy.core.schema import Field, Schema
from peacestudy.core.tables import (
    file_sha256,
    read_plain,
    read_table,
    read_text,
    row_lines,
    to_csv,
    write_bytes,
    write_table,
    write_text,
)
from peacestudy.errors import SourceError, SpecError

TWO = Schema((Field("iso2"), Field("code")))
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
# an empty text is a missing one
NFC = TEXT.map(lambda t: unicodedata.normalize("NFC", t)).filter(bool)


@pytest.fixture
def file(tmp_path):
    def write(content, name="t.csv"):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def refused(path, schema=TWO):
    with pytest.raises(SourceError) as caught:
        read_table(path, schema)
    return caught.value


def test_na_is_namibia_and_007_keeps_its_zeros(file):
    table = read_table(file("iso2,code\nNA,007\nnull,1e5\nNaN, 3\n"), TWO)
    assert table.values.tolist() == [["NA", "007"], ["null", "1e5"], ["NaN", " 3"]]


def test_an_empty_cell_is_missing_and_missing_is_none(file):
    table = read_table(file('iso2,code\n,x\n"",y\n'), TWO)
    assert table["iso2"].tolist() == [None, None]


def test_a_source_declares_its_own_missing_texts(file):
    schema = Schema((Field("iso2"), Field("code", "integer")), missing=("", "NA", "-9"))
    table = read_table(file("iso2,code\nNA,-9\nDE,NA\n"), schema)
    assert table["iso2"].tolist() == [None, "DE"]
    assert table["code"].isna().all()


def test_decomposed_letters_become_composed_in_cells_and_header(file):
    name = unicodedata.normalize("NFD", "Côte d'Ivoire")
    column = unicodedata.normalize("NFD", "état")
    table = read_table(file(f"{column},code\n{name},1\n"), Schema((Field("état"), Field("code"))))
    assert table["état"].tolist() == ["Côte d'Ivoire"]


def test_a_byte_order_mark_is_no_part_of_the_first_column(file):
    assert read_table(file(b"\xef\xbb\xbfiso2,code\nDE,1\n"), TWO)["iso2"].tolist() == ["DE"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_is_read(file, end):
    path = file(end.join(["iso2,code", "DE,1", '"a, b",2', ""]))
    assert read_table(path, TWO).values.tolist() == [["DE", "1"], ["a, b", "2"]]
    assert row_lines(path) == [2, 3]


def test_blank_lines_are_no_rows_and_do_not_shift_line_numbers(file):
    path = file("iso2,code\n\nDE,1\n\n\nFR,2\n\n")
    assert len(read_table(path, TWO)) == 2
    assert row_lines(path) == [3, 6]


def test_columns_beyond_the_schema_are_left_out_and_order_is_the_schemas(file):
    table = read_table(file("extra,code,iso2\nx,1,DE\n"), TWO)
    assert list(table.columns) == ["iso2", "code"]
    assert table.values.tolist() == [["DE", "1"]]


def test_a_header_alone_is_a_table_without_rows_of_the_right_types(file):
    fields = tuple(Field(t, t) for t in ("string", "integer", "number", "boolean", "date", "year"))
    table = read_table(
        file("string,integer,number,boolean,date,year\n"), Schema(fields, key=("string",))
    )
    assert len(table) == 0
    assert [t.kind if isinstance(t, np.dtype) else str(t) for t in table.dtypes] == [
        "O",
        "Int64",
        "f",
        "boolean",
        "M",
        "Int64",
    ]


def test_a_long_cell_is_read_whole(file):
    assert len(read_table(file(f"iso2,code\n{'x' * 300_000},1\n"), TWO)["iso2"][0]) == 300_000


@pytest.mark.parametrize(
    ("text", "line", "rule"),
    [
        ("iso2,code\nDE,1\nFR\nIT,3\n", 3, "1 cells where the header has 2"),
        ("iso2,code\nDE,1\nFR,2,x\nIT,3\n", 3, "3 cells where the header has 2"),
        ('iso2,code\n"D\nE",1\n"F\n\nR",2\nIT\nES,4\n', 7, "1 cells"),
        ('iso2,code\r\n"D\r\nE",1\r\nIT\r\nES,4\r\n', 4, "1 cells"),
        ("iso2,code\n\n\nIT\nES,4\n", 4, "1 cells"),
        ("iso2,code\rDE,1\rFR\rIT,3\r", 3, "1 cells"),
    ],
)
def test_a_ragged_row_is_told_with_its_line(file, text, line, rule):
    (problem,) = refused(file(text)).problems
    assert (problem.file, problem.line) == ("t.csv", line)
    assert rule in problem.rule
    assert "comma or quote" in problem.remedy


def test_every_ragged_row_is_told_at_once(file):
    assert [p.line for p in refused(file("iso2,code\n1\nDE,1\n2\n3,4,5\nFR,1\n")).problems] == [
        2,
        4,
        5,
    ]


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\r", "\n\n"])
def test_a_ragged_last_row_is_said_to_be_cut_off(file, end):
    (problem,) = refused(file(f"iso2,code{end or chr(10)}DE,1{end or chr(10)}FR{end}")).problems
    assert "cut off" in problem.remedy
    assert "download it again" in problem.remedy


@pytest.mark.parametrize(
    ("text", "line"), [('iso2,code\nDE,1\n"FR,2\nIT,3\n', 3), ('iso2,code\n"D\nE",1\n"x"y,2\n', 4)]
)
def test_an_open_or_stray_quote_is_told_where_its_row_begins(file, text, line):
    (problem,) = refused(file(text)).problems
    assert problem.line == line
    assert "not well-formed CSV" in problem.rule
    assert "quote" in problem.remedy


def test_an_open_quote_does_not_call_the_ragged_row_before_it_cut_off(file):
    ragged, quote = refused(file('iso2,code\nDE\n"FR,2\n')).problems
    assert ("comma or quote" in ragged.remedy, quote.line) == (True, 3)


@pytest.mark.parametrize("header", ["iso2,code,iso2", "iso2,code,", "iso2,code,  "])
def test_a_column_name_twice_or_blank_is_refused(file, header):
    (problem,) = refused(file(f"{header}\nDE,1,2\n")).problems
    assert problem.line == 1
    assert "filled and unique" in problem.rule


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf"])
def test_an_empty_file_says_what_was_expected(file, content):
    assert "is empty. Expected a header with iso2, code" in str(refused(file(content)))


@pytest.mark.parametrize(
    ("content", "column"), [("\n", "iso2"), ("iso,code\nDE,1\n", "iso2"), ("iso2\nDE\n", "code")]
)
def test_a_missing_column_is_told_of_the_first_line(file, content, column):
    problem = next(p for p in refused(file(content)).problems if p.column == column)
    assert (problem.line, problem.rule) == (1, f"column {column!r} is expected")


@pytest.mark.parametrize("mark", [";", "\t"])
def test_a_file_of_other_separators_is_told_once_and_not_row_by_row(file, mark):
    (problem,) = refused(file(f"iso2{mark}code\nDE{mark}1,5\nFR{mark}2\n")).problems
    assert problem.rule == f"the cells are separated by {mark!r} where commas are expected"
    assert problem.remedy == "save the file as CSV with commas"


def test_a_renamed_column_is_told_with_the_nearest(file):
    assert "Did you mean 'iso_2'?" in refused(file("iso_2,code\nDE,1\n")).problems[0].remedy


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "byte order mark"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("bad", [b"\xe9", b"\xff\xfe", b"\xc3("])
def test_bytes_that_are_not_utf8_are_told_with_line_and_bytes(file, mark, end, bad):
    (problem,) = refused(
        file(mark + b"iso2,code" + end + b"DE,1" + end + bad + b"x,2" + end)
    ).problems
    assert problem.line == 3
    assert problem.value.startswith(repr(bad)[:-1])
    assert "UTF-8" in problem.rule


def test_a_spreadsheets_utf16_is_not_utf8(file):
    assert refused(file("iso2,code\nDE,1\n".encode("utf-16"))).problems[0].line == 1


def test_a_nul_byte_is_told_with_its_line(file):
    (problem,) = refused(file(b"iso2,code\nDE,1\nF\0R,2\n")).problems
    assert problem.line == 3
    assert "NUL" in problem.rule
    assert "damaged" in problem.remedy


def test_a_surrogate_is_not_utf8(file):
    assert refused(file(b"iso2,code\n\xed\xa0\x80,1\n")).problems[0].line == 2


def test_a_file_over_the_limit_is_refused_unread(file, monkeypatch):
    monkeypatch.setattr(tables, "LIMIT", 2**20)
    path = file("")
    os.truncate(path, 3 * 2**20)
    monkeypatch.setattr(Path, "read_bytes", lambda self: pytest.fail("it was read"))
    assert "3 MB; files over 1 MB are refused" in str(refused(path))


def test_a_missing_file_is_named(tmp_path):
    assert "no.csv cannot be read: No such file" in str(refused(tmp_path / "no.csv"))


def test_a_folder_is_no_file(tmp_path):
    assert "is not a file" in str(refused(tmp_path))


def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert "is not a file" in str(refused(tmp_path / "pipe"))


def test_a_file_that_may_not_be_read_says_so(file, monkeypatch):
    def deny(self):
        raise PermissionError(13, "Permission denied")

    path = file("iso2,code\n")
    monkeypatch.setattr(Path, "read_bytes", deny)
    assert "Permission denied. Check who may read it" in str(refused(path))


@pytest.mark.parametrize("path", ["a\0b.csv", "x" * 5000 + ".csv"])
def test_a_path_that_cannot_exist_is_an_error_of_ours(path):
    assert "Check the path" in str(refused(path))


def test_a_link_is_followed_and_a_broken_one_is_told(file, tmp_path):
    (tmp_path / "link.csv").symlink_to(file("iso2,code\nDE,1\n"))
    assert len(read_table(tmp_path / "link.csv", TWO)) == 1
    (tmp_path / "broken.csv").symlink_to(tmp_path / "nowhere.csv")
    assert "cannot be read" in str(refused(tmp_path / "broken.csv"))
    (tmp_path / "ring.csv").symlink_to(tmp_path / "ring.csv")
    assert "cannot be read" in str(refused(tmp_path / "ring.csv"))


def test_the_stage_that_reads_names_the_error(file):
    with pytest.raises(SpecError, match="not UTF-8"):
        read_text(file(b"\xff"), SpecError)


def test_the_hash_is_that_of_the_bytes(file):
    assert file_sha256(file(b"a\r\n")) == hashlib.sha256(b"a\r\n").hexdigest()


EVERY_TYPE = Schema(
    (
        Field("text"),
        Field("number", "number"),
        Field("integer", "integer"),
        Field("yes", "boolean"),
        Field("day", "date"),
    )
)
ROW = st.tuples(
    st.none() | NFC,
    st.none() | st.floats(allow_nan=False, allow_infinity=False),
    st.none() | st.integers(-(2**53) + 1, 2**53 - 1),
    st.none() | st.booleans(),
    st.none() | st.dates(),
)


@settings(max_examples=150)
@given(st.lists(ROW, max_size=6))
def test_what_is_written_is_read_again_exactly(tmp_path_factory, rows):
    path = tmp_path_factory.getbasetemp() / "round.csv"
    table = pd.DataFrame(rows, columns=EVERY_TYPE.names, dtype=object)
    table["integer"] = table["integer"].astype("Int64")
    table["yes"] = table["yes"].astype("boolean")
    table["day"] = pd.to_datetime(table["day"]).astype("datetime64[s]")
    write_table(path, table)
    again = read_table(path, EVERY_TYPE)
    found = [tuple(None if pd.isna(v) else v for v in row) for row in again.astype(object).values]
    assert [(*row[:4], row[4] and row[4].date()) for row in found] == rows
    assert to_csv(again).encode() == path.read_bytes()


@settings(max_examples=150)
@given(st.lists(st.lists(TEXT, min_size=3, max_size=3), max_size=5))
def test_any_text_round_trips_and_only_empty_becomes_missing(tmp_path_factory, rows):
    path = tmp_path_factory.getbasetemp() / "text.csv"
    write_table(path, pd.DataFrame(rows, columns=["a", "b", "c"], dtype=object))
    again = read_table(path, Schema((Field("a"), Field("b"), Field("c"))))
    expected = [[unicodedata.normalize("NFC", v) or None for v in row] for row in rows]
    assert again.astype(object).values.tolist() == expected


@pytest.mark.parametrize(
    "text",
    ["\r", "x\ry", "a\r\nb", "\n", '"', '""', ",", " ", "'", "=1+1", "\ufeff", "\u2028", "\x85"],
)
def test_awkward_texts_round_trip(tmp_path, text):
    write_table(tmp_path / "t.csv", pd.DataFrame({"a": [text, "next"], "b": ["1", "2"]}))
    assert read_table(tmp_path / "t.csv", Schema((Field("a"), Field("b"))))["a"].tolist() == [
        text,
        "next",
    ]


def test_a_lonely_missing_cell_is_still_a_row(tmp_path):
    write_table(tmp_path / "t.csv", pd.DataFrame({"a": ["x", None, "y"]}, dtype=object))
    assert read_table(tmp_path / "t.csv", Schema((Field("a"),)))["a"].tolist() == ["x", None, "y"]


def test_cells_of_every_kind():
    values = [
        np.True_,
        False,
        pd.NA,
        pd.NaT,
        None,
        np.nan,
        -0.0,
        0.1 + 0.2,
        np.float64(1e300),
        np.int64(3),
        pd.Timestamp("0999-01-02"),
        pd.Timestamp("2020-02-29"),
        5e-324,
    ]
    text = to_csv(pd.DataFrame({"a": pd.Series(values, dtype=object)}))
    assert text.split("\n")[1:-1] == [
        "1",
        "0",
        '""',
        '""',
        '""',
        '""',
        "-0.0",
        "0.30000000000000004",
        "1e+300",
        "3",
        "0999-01-02",
        "2020-02-29",
        "5e-324",
    ]


def test_columns_are_chosen_and_ordered():
    assert to_csv(pd.DataFrame({"a": [1], "b": [2], "c": [3]}), ["c", "a"]) == "c,a\n3,1\n"


@settings(max_examples=100)
@given(st.lists(st.floats(), min_size=1, max_size=8))
def test_plain_numbers_round_trip_bit_for_bit(tmp_path_factory, values):
    path = tmp_path_factory.getbasetemp() / "plain.csv"
    write_table(path, pd.DataFrame({"x": values, "name": "a"}))
    again = read_plain(path)["x"]
    assert [math.copysign(1, v) * v for v in again if v == v] == [
        math.copysign(1, v) * v for v in values if v == v
    ]
    assert again.isna().tolist() == [v != v for v in values]


def test_a_plain_column_with_one_word_stays_text(file):
    table = read_plain(file("a,b,c\n1,1,\n,x,\n"))
    assert table["a"].tolist()[0] == 1.0 and table["a"].isna()[1]
    assert table["b"].tolist() == ["1", "x"]


@pytest.mark.parametrize("content", ["", "a,b\n1\n", 'a,b\n"1,2\n'])
def test_a_damaged_plain_file_says_make_it_anew(file, content):
    with pytest.raises(SourceError, match="Delete it and run make"):
        read_plain(file(content))


KILLS = 30
SCRIPT = """
import os, random, signal, sys, time
from pathlib import Path
from peacestudy.core.tables import write_bytes

path, kills = Path(sys.argv[1]), int(sys.argv[2])
old, new = b"old," * 400_000, b"new;" * 500_000
moment = random.Random(20261123)
wrong = seen = 0
for _ in range(kills):
    write_bytes(path, old)
    child = os.fork()
    if child == 0:
        while True:
            write_bytes(path, new)
            write_bytes(path, old)
    time.sleep(moment.uniform(0.001, 0.03))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    found = path.read_bytes()
    wrong += found not in (old, new)
    seen += len(list(path.parent.iterdir())) > 1
    for left in path.parent.glob(".*"):
        left.unlink()
print(wrong, seen)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork to kill a writer at once")
def test_a_killed_writer_leaves_the_old_file_or_the_new_one(tmp_path):
    (tmp_path / "folder").mkdir()
    root = str(Path(tables.__file__).resolve().parents[2])
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "folder" / "t.csv"), str(KILLS)]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": root},
    )
    wrong, caught_in_the_act = map(int, done.stdout.split())
    assert wrong == 0
    assert caught_in_the_act > KILLS / 3  # else the kills came between the writes and prove nothing


@pytest.mark.parametrize("call", ["fsync", "fdopen"])
def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path, monkeypatch, call):
    path = tmp_path / "t.csv"
    write_text(path, "old")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(
        SourceError, match=r"t\.csv cannot be written: No space left on device\. The disk is full"
    ):
        write_text(path, "new")
    assert [p.name for p in tmp_path.iterdir()] == ["t.csv"]
    assert path.read_text() == "old"


def test_an_interrupt_leaves_no_temporary_file(tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_bytes(tmp_path / "t.csv", b"x")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_the_way_stays_and_nothing_else_is_left(tmp_path):
    (tmp_path / "t.csv").mkdir()
    with pytest.raises(SourceError, match="The path is a folder"):
        write_bytes(tmp_path / "t.csv", b"x")
    assert [p.name for p in tmp_path.iterdir()] == ["t.csv"]


def test_text_that_has_no_utf8_is_refused_before_a_file_is_touched(tmp_path):
    with pytest.raises(UnicodeEncodeError):
        write_text(tmp_path / "t.csv", "\ud800")
    assert list(tmp_path.iterdir()) == []


def test_folders_are_made_and_others_may_read(tmp_path):
    write_text(tmp_path / "a" / "b" / "t.csv", "x")
    assert (tmp_path / "a" / "b" / "t.csv").stat().st_mode & 0o777 == 0o644


def test_line_ends_are_line_feeds(tmp_path):
    write_table(tmp_path / "t.csv", pd.DataFrame({"a": [1, 2]}))
    assert (tmp_path / "t.csv").read_bytes() == b"a\n1\n2\n"
