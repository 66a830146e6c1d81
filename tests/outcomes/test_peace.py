"""Lasting peace against a loop over years: windows, censoring, and
years of which the source does not speak.
"""

from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from peacestudy.core.schema import typed
from peacestudy.core.tables import read_table, write_table
from peacestudy.errors import SourceError, SpecError
from peacestudy.outcomes.peace import (
    OUTCOMES_SCHEMA,
    PeaceRule,
    fighting_known,
    fighting_years,
    lasting_peace,
    other_outcomes,
)

LAST = 2024
RULE = PeaceRule(5, LAST)


def after(t0, years, rule=RULE):
    """The outcome of one attempt as a dict, missing as None."""
    attempt = pd.DataFrame({"case_id": ["x"], "conflict_id": [7], "t0": [t0]})
    row = lasting_peace(attempt, {7: set(years)}, rule, "acd").astype(object).iloc[0]
    return {k: None if pd.isna(v) else v for k, v in row.items()}


def by_loop(t0, years, horizon, last):
    """The same, year by year from t0 on."""
    seen, event, peace_years = [], False, 0
    for year in range(t0 + 1, max(last, t0 + horizon) + 1):
        if year > last:
            break
        if year in years:
            event = True
            if year <= t0 + horizon:
                seen.append(year)
        if not event:
            peace_years += 1
    if event:
        peace_years += 1  # the year in which fighting was next seen is counted
    complete = t0 + horizon <= last
    stopped = None if t0 + 1 > last else t0 + 1 not in years
    peace = None if not complete else not seen
    return {
        "window_from": t0 + 1,
        "window_to": t0 + horizon,
        "window_complete": complete,
        "lasting_peace": peace,
        "stopped": stopped,
        "held": peace if stopped else None,
        "event": event,
        "peace_years": peace_years,
        "fighting_years": " ".join(map(str, seen)) or None,
    }


@given(
    st.integers(2000, 2030),
    st.sets(st.integers(1995, 2035), max_size=8),
    st.integers(1, 6),
    st.integers(2010, 2024),
)
def test_every_outcome_equals_the_loop(t0, years, horizon, last):
    found = after(t0, years, PeaceRule(horizon, last))
    expected = by_loop(t0, years, horizon, last)
    assert {k: found[k] for k in expected} == expected


@pytest.mark.parametrize(
    ("t0", "years", "peace", "stopped", "held"),
    [
        (2000, [], True, True, True),
        (2000, [1999, 2000], True, True, True),  # fighting up to and in t0 does not count
        (2000, [2001], False, False, None),
        (2000, [2005], False, True, False),
        (2000, [2006], True, True, True),  # the year after the window does not count
        (2019, [], True, True, True),  # the window ends in the last year covered
        (2020, [], None, True, None),  # one year of the window is not covered: censored, not failed
        (2020, [2021], None, False, None),  # ... even where fighting was seen in it
        (2023, [2024], None, False, None),
        (2024, [2024], None, None, None),
        (2025, [], None, None, None),
    ],
)
def test_windows(t0, years, peace, stopped, held):
    found = after(t0, years)
    assert (found["lasting_peace"], found["stopped"], found["held"]) == (peace, stopped, held)
    assert found["window_complete"] is (t0 + 5 <= LAST)


@pytest.mark.parametrize(
    ("t0", "years", "event", "peace_years"),
    [
        (2000, [2001], True, 1),
        (2000, [2010, 2012], True, 10),
        (2000, [], False, 24),
        (2023, [], False, 1),
        (2024, [2024], False, 0),
        (2030, [], False, 0),
    ],
)
def test_years_until_fighting_is_next_seen_or_coverage_ends(t0, years, event, peace_years):
    found = after(t0, years)
    assert (found["event"], found["peace_years"]) == (event, peace_years)


def test_years_after_the_declared_end_are_not_read():
    found = after(2018, [2022], PeaceRule(5, 2020))
    assert (
        found["event"],
        found["peace_years"],
        found["fighting_years"],
        found["lasting_peace"],
    ) == (
        False,
        2,
        None,
        None,
    )


def test_fighting_years_of_the_window_are_listed_in_order():
    assert after(2000, [2005, 2003, 2001, 1990, 2006])["fighting_years"] == "2001 2003 2005"


def test_a_conflict_that_the_source_does_not_know_is_no_peace():
    attempts = pd.DataFrame({"case_id": ["a", "b"], "conflict_id": [7, 8], "t0": [2000, 2000]})
    with pytest.raises(SourceError, match="acd has no conflict 8"):
        lasting_peace(attempts, {7: set()}, RULE, "acd")


def test_a_window_of_no_year_is_refused():
    with pytest.raises(SpecError, match="horizon is 0"):
        PeaceRule(0, 2024)


def test_fighting_years_of_every_conflict():
    rows = pd.DataFrame(
        {
            "conflict_id": pd.array([7, 7, 8, 7], "Int64"),
            "year": pd.array([2000, 2001, 1999, 2000], "Int64"),
        }
    )
    assert fighting_years(rows) == {7: {2000, 2001}, 8: {1999}}
    assert fighting_years(rows.head(0)) == {}


def test_the_table_keeps_its_schema_through_a_file(tmp_path):
    attempts = pd.DataFrame(
        {"case_id": list("abc"), "conflict_id": [7, 7, 7], "t0": [2000, 2010, 2022]}
    )
    found = lasting_peace(attempts, {7: {2001, 2003}}, RULE, "acd")
    assert found["source"].tolist() == ["acd conflict 7"] * 3
    write_table(tmp_path / "outcomes.csv", found)
    again = read_table(tmp_path / "outcomes.csv", OUTCOMES_SCHEMA)
    pd.testing.assert_frame_equal(again, found)


def test_without_attempts_there_is_a_table_of_the_right_types():
    empty = lasting_peace(
        pd.DataFrame({"case_id": [], "conflict_id": [], "t0": []}), {}, RULE, "acd"
    )
    expected, _ = typed(
        pd.DataFrame(columns=OUTCOMES_SCHEMA.names, dtype=object), [], OUTCOMES_SCHEMA, "t"
    )
    assert empty.dtypes.to_dict() == expected.dtypes.to_dict()


def other(t0, years, war, rule=RULE):
    """No war and peace after grace of one attempt, missing as None."""
    attempt = pd.DataFrame({"case_id": ["x"], "conflict_id": [7], "t0": [t0]})
    row = (
        other_outcomes(attempt, {7: set(years)}, {7: set(war)} if war else {}, rule)
        .astype(object)
        .iloc[0]
    )
    return tuple(None if pd.isna(row[n]) else row[n] for n in ("no_war", "peace_after_grace"))


@given(
    st.integers(2000, 2030),
    st.sets(st.integers(1995, 2035), max_size=8),
    st.integers(1, 6),
    st.integers(2010, 2024),
    st.data(),
)
def test_other_outcomes_equal_the_loop(t0, years, horizon, last, data):
    war = data.draw(st.sets(st.sampled_from(sorted(years)))) if years else set()
    no_war, grace = True, True
    for k in range(1, horizon + 2):
        if k <= horizon and t0 + k in war:
            no_war = False
        if k >= 2 and t0 + k in years:
            grace = False
    expected = (
        no_war if t0 + horizon <= last else None,
        grace if t0 + horizon + 1 <= last else None,
    )
    assert other(t0, years, war, PeaceRule(horizon, last)) == expected


@pytest.mark.parametrize(
    ("t0", "years", "war", "expected"),
    [
        (2000, [2001], [], (True, True)),  # fighting in the year of grace
        (2000, [2001], [2001], (False, True)),  # war in it: no war has no grace
        # the sixth year: after the window, within the years after grace
        (2000, [2006], [2006], (True, False)),
        (2000, [2007], [2007], (True, True)),
        (2019, [], [], (True, None)),  # the sixth year is not covered
        (2019, [2021], [], (True, None)),  # ... even where fighting was seen before
        (2020, [], [], (None, None)),
        (2000, [2000], [2000], (True, True)),
    ],
)
def test_no_war_and_a_year_of_grace(t0, years, war, expected):
    assert other(t0, years, war) == expected


@given(
    years=st.sets(st.integers(1990, 2010)),
    signed=st.dates(date(1995, 1, 1), date(2005, 12, 31)),
    starts=st.dictionaries(st.integers(1990, 2010), st.dates(date(1990, 1, 1), date(2010, 12, 31))),
    later=st.sets(st.integers(1990, 2010)),
)
def test_what_follows_a_signature_is_not_known_on_its_day(years, signed, starts, later):
    """Years after the signature, and starts of episodes from that day on, change nothing."""
    known = fighting_known(signed, years, starts)
    assert known <= set(range(1990, signed.year + 1))
    assert {y for y in known if y < signed.year} == {y for y in years if y < signed.year}
    added = years | {y for y in later if y >= signed.year}
    changed = {y: d if d < signed else d + timedelta(days=40) for y, d in starts.items()}
    assert fighting_known(signed, added, changed) == known


def test_fighting_of_the_year_counts_where_its_episode_had_begun():
    signed = date(1998, 4, 10)
    assert fighting_known(signed, [1998], {1998: date(1998, 4, 9)}) == {1998}
    assert fighting_known(signed, [1998], {1998: signed}) == set()
    assert fighting_known(signed, [1998], {}) == set()
    # an episode that goes on from an earlier year is known by that year
    assert fighting_known(signed, [1997, 1998], {1998: date(1997, 3, 1)}) == {1997}
