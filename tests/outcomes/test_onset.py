"""Onsets: first years, gaps, the left edge; years at peace."""

import pandas as pd
import pytest

from peacestudy.errors import SpecError
from peacestudy.outcomes.onset import (
    OnsetRule,
    fighting_by_state,
    fought_before,
    onsets,
    peace_years,
    quiet_years,
)


def rows(*years, conflict=1, country=100, start="1950-01-01"):
    return pd.DataFrame(
        {
            "conflict_id": conflict,
            "country": country,
            "year": years,
            "start_date": pd.Timestamp(start),
        }
    )


def began(table, gap):
    return list(onsets(table, OnsetRule(gap, 1946))["year"])


@pytest.mark.parametrize(
    ("gap", "years"),
    [
        (1, [1950, 1953, 1956]),
        (2, [1950, 1956]),
        (3, [1950]),
    ],
)
def test_a_conflict_begins_anew_after_as_many_quiet_years_as_the_gap(gap, years):
    assert began(rows(1950, 1951, 1953, 1956), gap) == years  # one quiet year, then two


def test_a_conflict_older_than_the_data_does_not_begin_where_they_begin():
    assert began(rows(1946, 1947, start="1945-11-19"), 2) == []
    assert began(rows(1946, 1947, start="1946-03-31"), 2) == [1946]
    assert began(rows(1946, 1950, start="1945-11-19"), 2) == [1950], "but it may begin anew"


def test_order_of_rows_does_not_matter_and_new_is_told_from_anew():
    found = onsets(rows(1960, 1950), OnsetRule(2, 1946))
    assert found[["year", "new"]].to_numpy().tolist() == [[1950, True], [1960, False]]


def test_two_conflicts_of_a_state_have_an_onset_each():
    both = pd.concat([rows(1950, 1951, 1952), rows(1951, conflict=2)])
    assert onsets(both, OnsetRule(2, 1946))[["conflict_id", "year"]].to_numpy().tolist() == [
        [1, 1950],
        [2, 1951],
    ]
    assert fighting_by_state(both) == {100: {1950, 1951, 1952}}


def test_peace_is_counted_from_the_first_year_and_after_fighting():
    assert peace_years([1990, 1991, 1992], {1985}) == [
        0,
        1,
        2,
    ], "a year outside those observed is not read"
    assert peace_years([1990, 1991, 1992, 1993], {1990, 1991}) == [0, 0, 0, 1]
    assert peace_years([], {1990}) == []


def test_a_state_has_fought_before_from_the_year_after_its_first_fighting():
    assert fought_before([1946, 1950, 1951, 1990], {1950, 1980}) == [False, False, True, True]
    assert fought_before([1946, 1990], set()) == [False, False]
    assert fought_before([1990], {1985}) == [True], "fighting before the state's own list counts"


def test_quiet_years_look_back_as_far_as_the_gap():
    years = [1950, 1951, 1952, 1953]
    assert quiet_years(years, {1950}, 1) == [True, False, True, True]
    assert quiet_years(years, {1950}, 3) == [True, False, False, False]
    assert quiet_years(years, set(), 3) == [True] * 4


def test_a_gap_below_one_is_refused():
    with pytest.raises(SpecError, match="gap is 0"):
        OnsetRule(0, 1946)
