"""Rows of one key: found as by a loop, and told in a sentence."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peacestudy.errors import SourceError
from peacestudy.outcomes.contradicting_rows import contradiction_text, contradictions

ROWS = st.lists(
    st.tuples(
        st.none() | st.sampled_from([260, 678]),
        st.none() | st.sampled_from([1990, 1991]),
        st.none() | st.sampled_from([1.5, 2.5]),
        st.none() | st.sampled_from(["u", "v"]),
    ),
    max_size=8,
)


@settings(max_examples=150, deadline=None)
@given(ROWS)
def test_keys_with_several_rows_are_those_of_a_loop(rows):
    table = pd.DataFrame(rows, columns=["state", "year", "x", "w"]).astype(
        {"state": "Int64", "year": "Int64", "x": "float64", "w": "str"}
    )
    seen = {}
    for i, (state, year, *_) in enumerate(rows):
        if None not in (state, year):
            seen.setdefault((state, year), []).append(i)
    expected = []
    for key, at in seen.items():
        if len(at) > 1:
            differ = tuple(c for c, j in (("x", 2), ("w", 3)) if len({rows[i][j] for i in at}) > 1)
            expected.append((*key, tuple(at), differ))
    found = contradictions(table, ["state", "year"])
    assert list(found.iloc[:, :4].itertuples(index=False, name=None)) == expected
    for row in found.itertuples():
        for column, values in zip(row.differ, row.values, strict=True):
            assert [None if pd.isna(v) else v for v in values] == [
                rows[i][{"x": 2, "w": 3}[column]] for i in row.rows
            ]
    assert (contradiction_text(table, "t", ["state", "year"]) == "") == (not expected)


def test_germany_and_yemen_twice_in_1990():
    table = pd.DataFrame(
        {
            "gwno": [260, 260, 678, 678, 2],
            "year": [1990] * 5,
            "polity": [10, 9, -5, -5, 10],
            "name": ["West", "United", "Y", "Y", "US"],
        },
        index=[7, 7, 8, 9, 10],
    )
    found = contradictions(table, ["gwno", "year"])
    assert found["differ"].tolist() == [("polity", "name"), ()]
    assert found["rows"].tolist() == [(0, 1), (2, 3)]
    text = contradiction_text(table, "polity", ["gwno", "year"])
    assert "several rows for 2 gwno + year" in text
    assert "for 1 of them: 260 1990 in polity (10 against 9) and 1 more columns" in text
    same = contradiction_text(table[table.gwno != 260], "polity", ["gwno", "year"])
    assert "the same throughout (for example 678 1990)" in same


def test_a_key_must_be_known():
    table = pd.DataFrame({"a": [1, 1]})
    assert contradictions(table, "a")["rows"].tolist() == [(0, 1)]
    with pytest.raises(SourceError, match="no known key"):
        contradictions(table)
    with pytest.raises(SourceError, match="a column of the key is 'b'"):
        contradictions(table, ["b"])
