"""The clock: from when columns are known, against dates computed with the standard library."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

import peacestudy as ps
from peacestudy.core.clock import Clock, KnownFrom, late_columns


def days(*texts):
    return np.array(texts, dtype="datetime64[D]").tolist()


@pytest.fixture
def table():
    return pd.DataFrame(
        {
            "signed": ["1998-04-10", "2000-02-29", None],
            "year": [1998, 2000, 2001],
            "deaths": [10.0, 20.0, 30.0],
        }
    )


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("always", ("0001-01-01", "0001-01-01", "0001-01-01")),
        ("signed", ("1998-04-10", "2000-02-29", "NaT")),
        ("signed - 1", ("1997-04-10", "1999-02-28", "NaT")),
        ("signed + 365 days", ("1999-04-10", "2001-02-28", "NaT")),
        ("signed - 1 day", ("1998-04-09", "2000-02-28", "NaT")),
        ("year", ("1998-12-31", "2000-12-31", "2001-12-31")),
        ("year - 1", ("1997-12-31", "1999-12-31", "2000-12-31")),
        ("`year` + 2 years", ("2000-12-31", "2002-12-31", "2003-12-31")),
        ("year of signed", ("1998-12-31", "2000-12-31", "NaT")),
        ("year of signed - 1", ("1997-12-31", "1999-12-31", "NaT")),
    ],
)
def test_a_rule_gives_the_day_from_which_a_value_is_known(table, rule, expected):
    assert KnownFrom.parse(rule).days(table).tolist() == days(*expected)


def test_distances_agree_with_the_calendar_of_the_standard_library():
    rng = np.random.default_rng(4)
    start = [dt.date(1900, 1, 1) + dt.timedelta(int(n)) for n in rng.integers(0, 45_000, 300)]
    table = pd.DataFrame({"at": [d.isoformat() for d in start]})
    for distance in (-30, -4, -1, 0, 1, 7):
        sign = "-" if distance < 0 else "+"
        found = KnownFrom.parse(f"at {sign} {abs(distance)} years").days(table).tolist()
        for before, after in zip(start, found, strict=True):
            try:
                expected = before.replace(year=before.year + distance)
            except ValueError:  # 29 February
                expected = before.replace(year=before.year + distance, day=28)
            assert after == expected
        moved = KnownFrom.parse(f"at {sign} {abs(distance)} days").days(table).tolist()
        assert moved == [d + dt.timedelta(distance) for d in start]


@pytest.mark.parametrize(
    "rule",
    ["", "year -", "- 1", "year - one", "year * 2", "always - 1x", "a b", "year-1e3"],
)
def test_what_is_no_rule_is_refused(rule):
    with pytest.raises(ps.JoinError, match="does not say from when a column is known"):
        Clock("signed", {"x": rule})


@pytest.mark.parametrize("rules", [["x"], "always", {"x": 3}, {"x": None}, {3: "always"}, 5])
def test_rules_map_columns_to_text(table, rules):
    frame = ps.StudyFrame(table.assign(case_id=["a", "b", "c"]), "accord", "case_id")
    with pytest.raises(ps.JoinError, match="maps columns to text"):
        frame.with_clock("signed", rules)


def test_an_uncertain_clock_is_the_first_day_that_it_can_mean():
    table = pd.DataFrame({"signed": ["1998-04", "1998", "1998-04-10"], "x": [1.0, 2.0, 3.0]})
    known = {"x": np.array(["1998-04-10"] * 3, dtype="datetime64[D]")}
    (late,) = late_columns(table, Clock("signed"), known)
    assert late.rows.tolist() == [True, False, False]


def test_late_is_after_the_clock_where_there_is_a_value(table):
    whole = table.iloc[:2]
    clock = Clock("signed", {"deaths": "year"})
    known = {"deaths": KnownFrom.parse("year").days(whole)}
    (late,) = late_columns(whole, clock, known)
    assert late.rows.tolist() == [True, True]
    missing = whole.assign(deaths=[np.nan, 20.0])
    (late,) = late_columns(missing, clock, known)
    assert late.rows.tolist() == [False, True]
    # a year counts as its last day, so a value of the clock's own year is known by then
    assert late_columns(whole, Clock("year"), known) == []


def test_a_value_without_a_date_is_late_and_a_case_without_a_clock_is_refused(table):
    whole = table.iloc[:2].assign(ended=["1997-01-01", None])
    known = {"deaths": KnownFrom.parse("ended").days(whole)}
    (late,) = late_columns(whole, Clock("signed"), known)
    assert late.rows.tolist() == [False, True]
    assert "known at no date" in late.text(["a", "b"])
    with pytest.raises(ps.JoinError, match="missing in 1 of 3 rows"):
        late_columns(table, Clock("signed"), {})


def test_a_frame_keeps_its_clock_and_the_columns_of_its_steps(table):
    frame = ps.StudyFrame(table.assign(case_id=["a", "b", "c"]), "accord", "case_id")
    timed = frame.with_clock("signed", {"deaths": "year - 1"})
    kept = timed.keep(timed.data["deaths"] > 10, "deaths", "10 or fewer", ["deaths"])
    assert kept.clock == Clock("signed", {"deaths": "year - 1"})
    assert kept.eligibility == ("deaths",)
    assert timed.with_clock("year", {"year": "always"}).clock.rules == {
        "deaths": "year - 1",
        "year": "always",
    }
    assert frame.clock is None


@pytest.mark.parametrize(
    ("column", "rules", "message"),
    [
        ("sined", {}, "Did you mean 'signed'"),
        ("signed", {"death": "always"}, "Did you mean 'deaths'"),
        ("signed", {"deaths": "begun"}, "the column of a date is 'begun'"),
        ("signed", {"deaths": "deaths"}, "neither dates nor years"),
        ("deaths", {}, "neither dates nor years"),
    ],
)
def test_a_clock_that_cannot_be_read_is_refused(table, column, rules, message):
    frame = ps.StudyFrame(table.assign(case_id=["a", "b", "c"]), "accord", "case_id")
    with pytest.raises(ps.JoinError, match=message):
        frame.with_clock(column, rules)


def test_a_frame_with_a_clock_asks_for_the_columns_of_a_step(table):
    frame = ps.StudyFrame(table.assign(case_id=["a", "b", "c"]), "accord", "case_id")
    timed = frame.with_clock("signed", {"deaths": "year - 1"})
    mask = timed.data["deaths"] > 10
    with pytest.raises(ps.JoinError, match="does not name the columns"):
        timed.keep(mask, "deaths", "10 or fewer")
    assert timed.keep(mask, "deaths", "10 or fewer", "deaths").eligibility == ("deaths",)
    assert timed.keep(mask, "deaths", "10 or fewer", []).eligibility == ()
    with pytest.raises(ps.JoinError, match="name the columns in a list"):
        timed.keep(mask, "deaths", "10 or fewer", 5)


def test_replaced_columns_lose_their_rule_and_dates_in_use_stay(table):
    frame = ps.StudyFrame(table.assign(case_id=["a", "b", "c"]), "accord", "case_id")
    timed = frame.with_clock("signed", {"deaths": "year - 1"})
    assert timed.with_columns(deaths=[1, 2, 3]).clock.rules == {}
    for name in ("signed", "year"):
        with pytest.raises(ps.JoinError, match=f"reads the dates of '{name}'"):
            timed.with_columns(**{name: 2050})


def test_a_clock_is_made_by_with_clock(table):
    with pytest.raises(ps.JoinError, match="with_clock"):
        ps.StudyFrame(table.assign(case_id=["a", "b", "c"]), "accord", "case_id", clock="signed")


def test_columns_of_a_step_exist(table):
    frame = ps.StudyFrame(table.assign(case_id=["a", "b", "c"]), "accord", "case_id")
    with pytest.raises(ps.JoinError, match="Did you mean 'deaths'"):
        frame.keep(frame.data["deaths"] > 10, "deaths", "10 or fewer", ["deths"])
