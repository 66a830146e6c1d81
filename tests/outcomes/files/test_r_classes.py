"""Columns of R data frames by their class: what R 4.2 itself prints stands in classes.csv, see
references/r_files/classes.R.
"""

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from peacestudy.errors import SourceError
from peacestudy.outcomes import read_file

pytest.importorskip("rdata")
R_FILES = Path(__file__).parents[2] / "references" / "r_files"


@pytest.fixture(scope="module")
def found():
    return read_file(R_FILES / "classes.rds")


def test_every_class_is_what_r_prints(found):
    with (R_FILES / "classes.csv").open(newline="") as file:
        shown = list(csv.DictReader(file))
    assert set(found.table.columns) == {"id", *shown[0]}
    for name in shown[0]:
        values = found.table[name]
        expected = [row[name] for row in shown]
        assert values.isna().tolist() == [text == "" for text in expected], name
        for value, text in zip(values, expected, strict=True):
            if text and values.dtype.kind == "M":
                assert value == pd.Timestamp(text), name
            elif text and values.dtype.kind == "f":
                assert value == pytest.approx(float(text), rel=1e-15), name
            elif text:
                assert str(value) == text, name
    assert found.table["big"].dtype == "Int64" and found.table["falling"].dtype == "Int64"


def test_what_was_done_is_told_column_by_column(found):
    told = {(n.kind, n.text.split()[0]) for n in found.notes}
    assert {
        ("time_zones", "zone"),
        ("matrix", "matrix"),
        ("durations", "wait"),
        ("months", "month"),
        ("quarters", "quarter"),
        ("tagged_missing", "tagged"),
        ("ordered", "ordered"),
    } <= told
    text = " ".join(str(n) for n in found.notes)
    assert "Europe/Stockholm" in text and "durations in days" in text and "low < high" in text
    assert ".a 1, .z 1" in text and "missing in spss: 92 1, 99 1" in text
    assert found.values["tagged"] == {"1": "one", ".a": "refused"}


def test_row_names_are_offered_as_ids():
    found = read_file(R_FILES / "names.rds")
    assert found.table.to_dict("list") == {"row_id": ["Mali", "Chad"], "x": [1, 2]}
    assert [n.kind for n in found.notes] == ["row_ids"]
    assert read_file(R_FILES / "refused.rda", sheet="part").table.to_dict("list") == {"x": [2, 4]}


def test_times_without_a_zone_are_told():
    found = read_file(R_FILES / "refused.rda", sheet="local")
    assert found.table["when"].tolist() == [pd.Timestamp("1970-01-01"), pd.Timestamp("1970-01-02")]
    assert "without a zone" in found.notes[0].text


@pytest.mark.parametrize(
    ("sheet", "column", "told"),
    [
        ("several", "list", "an R list"),
        ("long", "when", "as.POSIXct()"),
        ("unknown", "x", "'mystery'"),
        ("short", "b", "3 rows"),
        ("far", "x", "1 to 9999"),
        ("zone", "x", "Mars/Olympus"),
    ],
)
def test_what_has_no_value_here_is_refused_by_name(sheet, column, told):
    with pytest.raises(SourceError) as caught:
        read_file(R_FILES / "refused.rda", sheet=sheet)
    assert [p.column for p in caught.value.problems] == [column] and told in str(caught.value)


def test_a_sequence_longer_than_a_table_is_refused():
    """R writes 1:n as its length, first number and step; a
    damaged length would ask for all the memory.
    """
    from rdata import parser

    from peacestudy.outcomes.files.r_file import _compact

    info = parser.RObjectInfo(parser.RObjectType.REAL, False, False, False, 0, 0)
    sequence = _compact()[b"compact_intseq"]
    falling = parser.RObject(info, np.array([4.0, 10.0, -1.0]), None, None, None)
    assert sequence(falling)[1].tolist() == [10, 9, 8, 7]
    with pytest.raises(ValueError, match="1e\\+12"):
        sequence(parser.RObject(info, np.array([1e12, 1.0, 1.0]), None, None, None))
