"""Merging and the shared record: every code of every coder stays, whoever
writes at the same time and whoever is killed.
"""

import os
import random
import signal
import subprocess
import sys
import textwrap
import time
import unicodedata
from dataclasses import replace

import pandas as pd
import pytest
from filelock import FileLock

from peacestudy.coding import (
    CodingSheet,
    append_codings,
    blank_sheet,
    form,
    merge,
    read_codings,
    read_sheet,
)
from peacestudy.coding.coding import SHEET_SCHEMA
from peacestudy.core.codebook import Code, Codebook, Indicator, Pillar, Scale
from peacestudy.core.tables import write_table
from peacestudy.errors import CodingError

CODES = tuple(Code(n, f"c{n}", "anchor") for n in range(101))
BOOK = Codebook(
    "small",
    "Small",
    "1.0",
    "share",
    {},
    (Scale("s", "ordinal", CODES),),
    (
        Pillar(
            "p",
            "P",
            "t",
            "h",
            "s",
            indicators=tuple(
                Indicator(
                    n,
                    n,
                    "?",
                    n,
                    "s",
                    "because",
                    "political",
                    "promise",
                    1,
                    level="ordinal",
                    codes=CODES,
                )
                for n in ("talks", "truce")
            ),
        ),
    ),
)
T = [f"2026-01-0{n}T00:00:00.000000Z" for n in range(1, 8)]


def sheet(*rows, coder="ann", kind="human", file="sheet", asked=None):
    """Codes from (case, code, date, comment), all of the indicator talks."""
    full = [(*r, None, None)[:4] for r in rows]
    table = pd.DataFrame(
        [
            (case, "talks", coder, kind, code, None, None, None, comment, date)
            for case, code, date, comment in full
        ],
        columns=SHEET_SCHEMA.names,
        # a text that is no Unicode reaches the record as a coder's file would bring it
        dtype=object,
    ).astype({"code": "Int64"})
    cells = (
        None
        if asked is None
        else pd.DataFrame(
            [(c, "talks", coder) for c in asked], columns=["case_id", "indicator_id", "coder"]
        )
    )
    return CodingSheet(table, BOOK, file, cells)


def story(found, case="a"):
    """Codes of a cell, oldest first."""
    return [None if pd.isna(v) else int(v) for v in found.history(case, "talks")["code"]]


# ---- merge


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda s: merge(["ann.csv"]),
            (
                r"expected a CodingSheet, found 'ann.csv'\. Read a coder's file with"
                r" ps\.coding\.read_sheet"
            ),
        ),
        (lambda s: merge([s, s.table]), "expected a CodingSheet, found a DataFrame"),
        (lambda s: merge(s), "no sheet was given in a list"),
        (lambda s: append_codings("r.csv", "ann.csv"), "expected a CodingSheet, found 'ann.csv'"),
        (lambda s: form("ann.csv"), "expected a CodingSheet, found 'ann.csv'"),
        (lambda s: form(s, texts="In the town of"), "texts is a str"),
        (
            lambda s: read_sheet("ann.csv", "codebook.toml"),
            r"expected a Codebook, found 'codebook.toml'\. .*load_study",
        ),
        (lambda s: blank_sheet(None, ["a"], "ann"), "expected a Codebook, found a NoneType"),
    ],
)
def test_a_path_where_a_sheet_or_codebook_is_asked_is_told(call, words):
    with pytest.raises(CodingError, match=words):
        call(sheet(("a", 1)))


def test_a_merge_keeps_every_code_and_picks_no_winner():
    whole = merge(
        [
            sheet(("a", 1), ("b", 0), asked=["a", "b", "c"]),
            sheet(("a", 0), coder="bob", asked=["a"]),
        ]
    )
    assert whole.values("talks").loc["a"].tolist() == [1, 0]
    assert len(whole.table) == 3 and len(whole.asked) == 4
    assert whole.open().values.tolist() == [["c", "talks", "ann"]]


def test_identical_rows_stand_once_and_revisions_all():
    whole = merge(
        [sheet(("a", 1, T[0])), sheet(("a", 1, T[0]), ("a", 2, T[1])), sheet(("a", 3, T[2]))]
    )
    assert story(whole) == [1, 2, 3]


def test_two_people_under_one_name_are_told_with_both_files():
    with pytest.raises(CodingError, match=r"one\.csv, two\.csv"):
        merge([sheet(("a", 1), file="one.csv"), sheet(("a", 0), file="two.csv")])
    with pytest.raises(CodingError, match=r"human in one.csv and machine in two.csv"):
        merge([sheet(("a", 1), file="one.csv"), sheet(("b", 0), kind="machine", file="two.csv")])


def test_sheets_of_two_codebooks_or_none_are_refused():
    other = replace(sheet(("a", 1), file="new"), codebook=replace(BOOK, version="2.0"))
    with pytest.raises(CodingError, match=r"small 1.0 and new by small 2.0"):
        merge([sheet(("a", 1)), other])
    with pytest.raises(CodingError, match="no sheet"):
        merge([])


# ---- record


def test_the_record_keeps_what_it_was_given(tmp_path):
    path = tmp_path / "new" / "codings.csv"
    append_codings(path, sheet(("a", 1, T[0], '=1+1, "q"\r\n NA'), ("b", 0, T[0], "No")))
    found = append_codings(path, sheet(("a", 0, T[1]), coder="bob"))
    assert found.coders == ["ann", "bob"] and len(found.table) == 3
    again = read_codings(path, BOOK)
    pd.testing.assert_frame_equal(again.table, found.table)
    assert again.table["comment"].tolist() == ['=1+1, "q"\r\n NA', "No", None]


def test_cells_that_say_what_they_said_add_nothing_and_leave_the_file_alone(tmp_path):
    path = tmp_path / "c.csv"
    mine = sheet(("a", 1), ("b", 0, None, "e\u0301 decomposed"), ("c", None, None, ""))
    append_codings(path, mine)
    before = path.read_bytes(), path.stat().st_mtime_ns
    append_codings(path, mine)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert read_codings(path, BOOK).table["comment"].tolist()[1] == unicodedata.normalize(
        "NFC", "e\u0301 decomposed"
    )


def test_a_changed_cell_is_a_further_row_with_a_later_date(tmp_path):
    path = tmp_path / "c.csv"
    for code in (1, 0, 1):
        found = append_codings(path, sheet(("a", code)))
    assert story(found) == [1, 0, 1]
    dates = found.history("a", "talks")["date"]
    assert dates.is_monotonic_increasing and dates.is_unique
    assert found.values("talks").loc["a", "ann"] == 1


def test_a_clock_that_went_back_still_gives_a_later_date(tmp_path):
    path = tmp_path / "c.csv"
    append_codings(path, sheet(("a", 1, "2999-12-31T23:59:59.999999Z")))
    found = append_codings(path, sheet(("a", 0)))
    assert (
        story(found) == [1, 0] and found.latest()["date"].iloc[0] == "3000-01-01T00:00:00.000000Z"
    )


def test_what_the_form_revised_stays_revised(tmp_path):
    # a code typed in a spreadsheet has no date; the form's later one has
    path = tmp_path / "c.csv"
    append_codings(path, sheet(("a", 1)))
    later = "2998-01-01T00:00:00.000000Z"
    both = sheet(("a", 1), ("a", 0, later))
    assert story(append_codings(path, both)) == [1, 0]
    assert story(append_codings(path, both)) == [1, 0]
    # and where the record meets both at once, long after they were written
    other = tmp_path / "first.csv"
    assert story(append_codings(other, sheet(("a", 1), ("a", 0, T[0])))) == [1, 0]
    assert story(append_codings(other, sheet(("a", 1), ("a", 0, T[0])))) == [1, 0]


def test_history_that_comes_late_takes_its_place(tmp_path):
    path = tmp_path / "c.csv"
    append_codings(path, sheet(("a", 3, T[2])))
    assert story(append_codings(path, sheet(("a", 1, T[0]), ("a", 3, T[2])))) == [1, 3]


def test_a_cell_that_was_emptied_is_withdrawn_once_and_only_where_it_was_asked(tmp_path):
    path = tmp_path / "c.csv"
    append_codings(path, sheet(("a", 1), ("b", 1), asked=["a", "b", "c"]))
    part = sheet(("c", 0), asked=["a", "c"])
    found = append_codings(path, part)
    assert story(found) == [1, None] and story(found, "b") == [1] and story(found, "c") == [0]
    assert story(append_codings(path, part)) == [1, None]
    assert story(append_codings(path, sheet(("a", 1), asked=["a"]))) == [1, None, 1]


def test_one_time_and_two_codes_are_told_and_nothing_is_written(tmp_path):
    path = tmp_path / "c.csv"
    append_codings(path, sheet(("a", 1, T[0])))
    before = path.read_bytes()
    with pytest.raises(
        CodingError, match=f"two.csv: 'a, talks, ann: 0': the record has 1 at {T[0]}"
    ):
        append_codings(path, sheet(("a", 0, T[0]), file="two.csv"))
    with pytest.raises(CodingError, match="two coders may have the same name"):
        append_codings(path, sheet(("b", 0), kind="machine"))
    assert path.read_bytes() == before


@pytest.mark.parametrize("data", [b"", b"case_id,code\na,1\n", b"\xff\xfe", b'case_id,"torn'])
def test_a_damaged_record_is_told_and_never_written_over(tmp_path, data):
    path = tmp_path / "c.csv"
    path.write_bytes(data)
    with pytest.raises(CodingError):
        append_codings(path, sheet(("a", 1)))
    assert path.read_bytes() == data


def test_a_record_of_another_codebook_is_told(tmp_path):
    path = tmp_path / "c.csv"
    write_table(path, sheet(("a", 1)).table.assign(indicator_id="tlks"))
    with pytest.raises(CodingError, match=r"not in codebook small 1.0.*Did you mean 'talks'"):
        append_codings(path, sheet(("a", 1)))


@pytest.mark.parametrize("text", ["a\0b", "a\ud800b"])
def test_a_text_that_no_file_holds_is_refused_before_the_record_is_touched(tmp_path, text):
    with pytest.raises(CodingError, match="sheet:2:comment"):
        append_codings(tmp_path / "c.csv", sheet(("a", 1, None, text)))
    assert not (tmp_path / "c.csv").exists()


def test_a_record_that_stays_locked_is_told_with_its_lock(tmp_path):
    path = tmp_path / "c.csv"
    with (
        FileLock(tmp_path / "c.csv.lock"),
        pytest.raises(CodingError, match=r"locked by another.*c\.csv\.lock"),
    ):
        append_codings(path, sheet(("a", 1)), timeout=0.05)
    assert not path.exists()
    append_codings(path, sheet(("a", 1)), timeout=0.05)


def test_a_folder_that_is_a_file_is_told(tmp_path):
    (tmp_path / "f").write_text("")
    with pytest.raises(CodingError, match="cannot be written"):
        append_codings(tmp_path / "f" / "c.csv", sheet(("a", 1)))


# ---- many processes, and some that are killed

WRITER = textwrap.dedent("""
    import importlib.util, sys
    spec = importlib.util.spec_from_file_location("shared", sys.argv[1])
    own = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(own)
    path, coder, first, last = sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
    for n in range(first, last):
        own.append_codings(path, own.sheet((f"c{n % 10}", n // 10 % 101), coder=coder), timeout=300)
        print(n, flush=True)
    """)


def writer(path, coder, first, last):
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, __file__, str(path), coder, str(first), str(last)],
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(
    ("processes", "edits"),
    [
        (3, 30),
        pytest.param(8, 40, marks=pytest.mark.slow(reason="320 rows by eight processes, 15 s")),
    ],
)
def test_processes_that_edit_lose_no_row(tmp_path, processes, edits):
    path = tmp_path / "c.csv"
    running = [writer(path, f"coder{n}", 0, edits) for n in range(processes)]
    assert [(p.communicate(timeout=300)[0].split()[-1], p.returncode) for p in running] == [
        (str(edits - 1), 0)
    ] * processes
    found = read_codings(path, BOOK)
    assert len(found.table) == processes * edits
    codes = list(range(edits // 10))  # of each of ten cases
    for coder, own in found.table.groupby("coder"):
        for case, rows in own.groupby("case_id"):
            assert sorted(rows["code"]) == codes, (coder, case)
            assert rows.sort_values("date")["code"].tolist() == codes, (coder, case)


def forked(path, first, told):
    """A process that records in a loop and says on a pipe what it has
    recorded; fork is quicker than a new interpreter.
    """
    pid = os.fork()
    if pid:
        return pid
    n = first
    while True:
        append_codings(path, sheet((f"c{n % 10}", n // 10 % 101)), timeout=30)
        os.write(told, f"{n}\n".encode())
        n += 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked to be killed")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize(
    "kills",
    [15, pytest.param(100, marks=pytest.mark.slow(reason="kills a hundred processes, 16 s"))],
)
def test_kills_lose_nothing_that_was_recorded_and_leave_no_lock(tmp_path, kills):
    path, seconds, first = tmp_path / "c.csv", random.Random(4), 0
    pace = 0.02
    for _ in range(kills):
        read, told = os.pipe()
        pid = forked(path, first, told)
        os.close(told)
        time.sleep(seconds.uniform(0.0, 6 * pace))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        with os.fdopen(read) as out:
            said = [int(n) for n in out.read().split()]
        first = max(said, default=first - 1) + 1
        found = read_codings(path, BOOK) if path.exists() else None
        rows = 0 if found is None else len(found.table)
        # the one more was on disk, and killed before it could say so
        assert rows in (first, first + 1), (rows, first)
        first = rows
        start = time.perf_counter()
        append_codings(tmp_path / "lock_is_free.csv", sheet(("a", 1)))
        # of this machine now, so that kills fall before, into and between writes
        pace = time.perf_counter() - start
        with FileLock(tmp_path / "c.csv.lock", timeout=1):
            pass
    assert first >= kills / 2  # the writers did get to write
    codes = read_codings(path, BOOK).table.assign(n=range(first))
    assert (codes["case_id"] == [f"c{n % 10}" for n in codes["n"]]).all()
    assert (codes["code"] == [n // 10 % 101 for n in codes["n"]]).all()
