"""State-years: who is in the list of states in a year, which region,
and how much of it is at war with itself.
"""

from datetime import date

import pandas as pd
import pytest

from peacestudy.errors import SourceError, SpecError
from peacestudy.outcomes.states_by_year import StateYearRule, region_of, regional_share, state_years

STATES = pd.DataFrame(
    {
        "gwcode": [345, 340, 315, 2],
        "startdate": pd.to_datetime(
            [date(1918, 12, 1), date(2006, 6, 5), date(1918, 11, 11), date(1816, 1, 1)]
        ),
        "enddate": pd.to_datetime(
            [date(2006, 6, 4), date(2017, 12, 31), date(1992, 12, 31), date(2017, 12, 31)]
        ),
    }
)


def years(code, rule):
    table = state_years(STATES, rule)
    return list(table.loc[table["country"] == code, "year"])


def test_a_state_and_its_heir_share_a_year_on_any_day_and_not_on_the_last():
    on_any, at_end = StateYearRule(2004, 2008, "any_day"), StateYearRule(2004, 2008, "31_december")
    assert years(345, on_any) == [2004, 2005, 2006]
    assert years(345, at_end) == [2004, 2005]
    assert years(340, on_any) == years(340, at_end) == [2006, 2007, 2008]


def test_a_state_that_ends_on_31_december_was_there_on_31_december():
    assert years(315, StateYearRule(1990, 1995, "31_december")) == [1990, 1991, 1992]


def test_the_end_of_the_list_is_no_end_of_a_state():
    assert years(2, StateYearRule(2016, 2024, "any_day")) == list(range(2016, 2025))


def test_spans_that_share_a_year_are_refused():
    twice = pd.concat([STATES, STATES[STATES["gwcode"] == 2]], ignore_index=True)
    with pytest.raises(SourceError, match="two spans of state 2 share the year 2000"):
        state_years(twice, StateYearRule(2000, 2001, "any_day"))


@pytest.mark.parametrize(
    ("values", "said"),
    [((2000, 1999, "any_day"), "lies before"), ((2000, 2001, "1_january"), "exists")],
)
def test_a_rule_without_sense_is_refused(values, said):
    with pytest.raises(SpecError, match=said):
        StateYearRule(*values)


@pytest.mark.parametrize("code", [0, 1, 1000, -2])
def test_a_number_outside_the_list_has_no_region(code):
    with pytest.raises(SourceError, match="not a Gleditsch-Ward code"):
        region_of(code)


def test_the_share_leaves_the_state_itself_out_and_reads_the_year_before():
    table = pd.DataFrame(
        [(c, y) for c in (2, 20, 70, 200) for y in (1946, 1947, 1948)], columns=["country", "year"]
    )
    share = regional_share(table, {2: {1946}, 20: {1946, 1947}}, lag=1, first_year=1946)
    found = dict(zip(table.itertuples(index=False, name=None), share, strict=True))
    assert (
        found[2, 1947] == 0.5
        and found[70, 1947] == 1.0
        and found[2, 1948] == 0.5
        and found[20, 1948] == 0.0
    )
    assert pd.isna(found[2, 1946]), "of 1945 the source does not speak"
    assert pd.isna(found[200, 1947]), "a state alone in its region has no others"
