"""Spoiled files of every format: no raw error, no crash, nothing over
5 seconds or 1 GB (references/mutations).
"""

import csv
import importlib.util
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "references" / "mutations"
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the limits are those of Linux")


def _script():
    spec = importlib.util.spec_from_file_location("mutations", FOLDER / "mutations.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


mutations = _script()


def rows(name):
    with (FOLDER / name).open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_counts_are_of_this_script_and_these_files():
    assert mutations.script_hash() == (FOLDER / "script.sha256").read_text().strip()
    counts = rows("counts.csv")
    assert [row["format"] for row in counts] == list(mutations.FORMATS)
    assert all(int(row["mutations"]) == 3000 for row in counts)
    assert all(row[fault] == "0" for row in counts for fault in mutations.FAULTS)
    assert rows("faults.csv") == []


def test_the_files_are_read_as_they_are():
    for form in mutations.FORMATS:
        if form != "sav":
            for n in range(6):
                assert mutations.outcome(form, -n)[0] == "read", (form, n)


FAST = ("csv", "xlsx", "dta")


def every_format():
    for form in mutations.FORMATS:
        reason = "reads a hundred mutated files, 3 to 7 s"
        marks = [] if form in FAST else [pytest.mark.slow(reason=reason)]
        yield pytest.param(form, marks=marks)


@pytest.mark.parametrize("form", list(every_format()))
def test_a_hundred_mutations_of_each_format_are_read_or_refused(form):
    if form == "sav":
        pytest.importorskip("pyreadstat")
    found = mutations.tally(form, 1, 101)
    assert len(found) == 100
    assert [row for row in found if row[1] in mutations.FAULTS] == []


def test_what_failed_before_is_read_or_refused():
    for row in rows("before.csv"):
        what, message = mutations.outcome(row["format"], int(row["seed"]))
        assert what in ("read", "refused", "contained"), (row, message)
