"""Joins carry the day from which their columns are known; expected days are written by hand."""

import numpy as np
import pandas as pd
import pytest

import peacestudy as ps


def known(frame, column):
    (found,) = [days for j in frame.joined for name, days in j.known_on if name == column]
    return [None if np.isnat(day) else str(day) for day in found]


@pytest.fixture
def cases():
    return pd.DataFrame(
        {
            "case_id": ["a", "b", "c"],
            "state": [2, 20, 200],
            "t": pd.array([2000, 2001, None], dtype="Int64"),
            "signed": pd.to_datetime(["2000-05-01", "2001-06-01", "2002-07-01"]),
        }
    )


@pytest.fixture
def panel():
    rows = [(s, y, s + y) for s in (2, 20) for y in range(1998, 2004)]
    return pd.DataFrame(rows, columns=["state", "year", "x"])


def source(panel, **more):
    return ps.outcomes.as_outcome(
        panel,
        name="panel",
        key=["state", "year"],
        unit="state-year",
        year="year",
        years=(1998, 2003),
        units="listed",
        citation="made for this test",
        **more,
    )


def test_a_join_by_year_is_known_when_the_year_that_was_looked_up_is_over(cases, panel):
    on = {"state": "state", "t": "year"}
    frame = ps.join(cases, source(panel), on=on)
    assert known(frame, "x") == ["2000-12-31", "2001-12-31", None]
    frame = ps.join(cases, source(panel), on=on, lag=1)
    assert known(frame, "x") == ["1999-12-31", "2000-12-31", None]
    frame = ps.join(cases, source(panel), on=on, lag=-2)
    assert known(frame, "x") == ["2002-12-31", "2003-12-31", None]


def test_a_plain_table_says_nothing_of_its_dates(cases, panel):
    frame = ps.join(cases, panel, on={"state": "state", "t": "year"}, name="panel")
    assert all(j.known_on == () for j in frame.joined)


def test_an_asof_join_is_known_on_the_date_of_the_row_that_it_took(cases):
    dated = pd.DataFrame(
        {"state": [2, 2, 20], "day": pd.to_datetime(["2000-04-30", "2000-05-02", "2001-05-30"])}
    ).assign(x=[1, 2, 3])
    arguments = {"on": "state", "date": "signed", "other_date": "day", "name": "dated"}
    frame = ps.joins.join_asof(cases, dated, tolerance=9, direction="backward", **arguments)
    assert known(frame, "x") == ["2000-04-30", "2001-05-30", None]
    assert known(frame, "dated_days") == ["2000-04-30", "2001-05-30", None]
    frame = ps.joins.join_asof(cases, dated, tolerance=9, direction="forward", **arguments)
    assert known(frame, "x") == ["2000-05-02", None, None]


def test_an_asof_join_of_years_is_known_at_the_end_of_the_year(cases):
    dated = pd.DataFrame({"state": [2, 20], "held": [1999, 2001], "x": [1, 2]})
    frame = ps.joins.join_asof(
        cases,
        dated,
        on="state",
        date="t",
        other_date="held",
        tolerance=5,
        direction="backward",
        name="dated",
    )
    assert known(frame, "x") == ["1999-12-31", "2001-12-31", None]


@pytest.mark.parametrize(
    ("span", "expected"),
    [((-3, -1), ["1999-12-31", "2000-12-31", None]), ((1, 5), ["2005-12-31", "2006-12-31", None])],
)
def test_a_window_is_known_when_its_last_year_is_over(cases, panel, span, expected):
    frame = ps.joins.join_window(
        cases,
        panel,
        on="state",
        year="t",
        other_year="year",
        span=span,
        years=(1998, 2003),
        name="panel",
        measures={"total": ("x", "sum")},
        partial="observed",
    )
    assert known(frame, "total") == expected
    assert known(frame, "total_years_observed") == expected


def deaths_in_windows(cases, events, **more):
    windows = cases.assign(start=["1999-01-01"] * 3, end=["2000-04-30", "2001-05-31", None])
    return ps.joins.event_windows(
        windows,
        events,
        on="state",
        start="start",
        end="end",
        measures={"deaths": ("best", "sum")},
        name="events",
        absent=0,
        units="all",
        **more,
    )


def test_sums_of_events_are_known_at_the_end_of_the_window(cases):
    events = pd.DataFrame({"state": [2, 20], "date": ["2000-01-01", "2001-01-01"], "best": [5, 6]})
    frame = deaths_in_windows(cases, events, date="date", years=(1998, 2003))
    assert known(frame, "deaths") == ["2000-04-30", "2001-05-31", None]


def test_an_event_that_may_end_after_the_window_has_no_date(cases):
    events = pd.DataFrame({"state": [2], "from": ["1999-06-01"], "to": ["2009-06-01"], "best": [5]})
    dates = {"date": "from", "date_end": "to", "spanning": "start"}
    frame = deaths_in_windows(cases, events, **dates, years=(1998, 2010))
    assert frame.data["deaths"].iloc[0] == 5
    assert all(j.known_on == () for j in frame.joined)


def test_a_lag_is_known_when_the_row_that_it_reads_is(panel):
    plain = ps.joins.lagged(panel, "x", by="state", year="year", lags=[1, -1])
    assert all(j.known_on == () for j in plain.joined)  # nothing says from when x is known
    timed = ps.StudyFrame(panel.assign(row_id=range(len(panel))), "state-year", "row_id")
    timed = timed.with_clock("year", {"x": "year"})
    frame = ps.joins.lagged(timed, "x", by="state", year="year", lags=[1, -1])
    ends = [f"{year}-12-31" for year in range(1998, 2004)]
    assert known(frame, "x_lag1") == [None, *ends[:-1]] * 2
    assert known(frame, "x_lead1") == [*ends[1:], None] * 2


def test_a_lag_of_a_joined_column_carries_its_date_on(panel):
    cases = panel[["state", "year"]].assign(case_id=range(len(panel)))
    joined = ps.join(cases, source(panel), on=["state", "year"], lag=1)
    frame = ps.joins.lagged(joined, "x", by="state", year="year", lags=1)
    ends = [f"{year}-12-31" for year in range(1996, 2002)]
    assert known(frame, "x_lag1")[1:6] == ends[1:]
    ruled = joined.with_clock("year", {"x": "year + 3"})
    frame = ps.joins.lagged(ruled, "x", by="state", year="year", lags=1)
    assert known(frame, "x_lag1")[1:6] == [f"{year}-12-31" for year in range(2001, 2006)]


def test_members_and_directions_are_known_at_the_end_of_the_year(panel):
    cases = pd.DataFrame({"case_id": ["a"], "members": ["2, 20"], "year": [2001]})
    frame = ps.joins.join_states(
        cases,
        panel,
        states="members",
        year="year",
        measures={"mean_x": ("x", "mean")},
        missing="any_missing",
        name="panel",
    )
    assert known(frame, "mean_x") == ["2001-12-31"]
    pairs = pd.DataFrame({"case_id": ["x"], "a": [20], "b": [2], "year": [1990]})
    trade = pd.DataFrame(
        {"source": [2, 20], "target": [20, 2], "year": [1990, 1990], "flow": [5.0, 7.0]}
    )
    frame = ps.joins.from_directions(
        pairs,
        trade,
        states=("a", "b"),
        year="year",
        other_states=("source", "target"),
        name="trade",
        measures={"total": ("flow", "sum")},
        missing="any_missing",
    )
    assert known(frame, "total") == ["1990-12-31"]


def test_rows_that_are_left_out_take_their_dates_with_them(cases, panel):
    frame = ps.join(cases, source(panel), on={"state": "state", "t": "year"})
    kept = frame.keep(frame.data["state"] > 2, "not 2", "is 2")
    assert known(kept, "x") == ["2001-12-31", None]


def test_models_read_the_dates_of_joins():
    rng = np.random.default_rng(6)
    panel = pd.DataFrame(
        [(s, y) for s in range(30) for y in (1999, 2000)], columns=["unit", "year"]
    )
    panel["x"] = rng.normal(size=len(panel))
    outcome = ps.outcomes.as_outcome(
        panel,
        name="panel",
        key=["unit", "year"],
        unit="unit-year",
        year="year",
        years=(1999, 2000),
        units="listed",
        citation="made for this test",
    )
    cases = pd.DataFrame({"unit": range(30), "year": 2000, "signed": "2000-03-01"})
    cases["y"] = rng.normal(size=30)
    spec = ps.ModelSpec("m", "y ~ x", "linear", "hc1")
    before = ps.join(cases, outcome, on=["unit", "year"], lag=1).with_clock("signed")
    assert ps.fit(before, spec).n == 30
    same_year = ps.join(cases, outcome, on=["unit", "year"]).with_clock("signed")
    with pytest.raises(ps.SpecError, match="known on 2000-12-31, clock 2000-03-01"):
        ps.fit(same_year, spec)
    made = same_year.with_columns(z=lambda data: data["x"] ** 2)
    with pytest.raises(ps.SpecError, match="'z' is known only after the clock"):
        ps.fit(made, ps.ModelSpec("m", "y ~ z", "linear", "hc1"))


def test_spells_are_known_when_they_are_seen_to_have_ended():
    """A start in its year; an end once a year more than the gap has passed without activity."""
    active = [1984, 1987, 1990, 1991, 1994, 1995]
    war = pd.DataFrame({"state": 2, "year": active, "war": True})
    options = {"by": "state", "year": "year", "active": "war", "absent": {"war": False}}
    frame = ps.joins.spells(war, gap=1, years=(1946, 2000), **options)
    assert known(frame, "start_year") == [f"{year}-12-31" for year in (1984, 1987, 1990, 1994)]
    over = [1986, 1989, 1993, 1997]
    for column in ("end_year", "active_years", "censored_right"):
        assert known(frame, column) == [f"{year}-12-31" for year in over]
    frame = frame.with_columns(y=[0.0, 1.0, 3.0, 1.0])
    spec = ps.ModelSpec("m", "y ~ active_years", "linear", "classical")
    early = frame.with_columns(at=[1986, 1989, 1993, 1996]).with_clock("at")
    with pytest.raises(ps.SpecError, match="'active_years' is known only after the clock in 1 of"):
        ps.fit(early, spec)
    ps.fit(frame.with_columns(at=over).with_clock("at"), spec)


def test_case_years_hand_the_clock_on():
    """Rows of a duration model keep the clock of their cases; calendar and time at risk describe
    the row.
    """
    rng = np.random.default_rng(3)
    cases = pd.DataFrame({"case_id": [f"c{i}" for i in range(30)], "signed": 1990})
    cases = cases.assign(end=1990 + rng.integers(2, 9, 30), x=rng.normal(size=30), later=1995)
    frame = ps.StudyFrame(cases, "accord", "case_id")
    timed = frame.with_clock("signed", {"x": "later"})
    years = ps.joins.case_years(timed, start="signed", end="end", until=2010, name="at risk")
    assert years.clock.column == "signed" and len(years) > 60
    model = ps.ModelSpec("m", "event ~ stop + x", "logit", "classical")
    with pytest.raises(ps.SpecError, match="'x' is known only after the clock"):
        ps.fit(years, model)
    early = timed.with_clock("signed", {"x": "signed"})
    years = ps.joins.case_years(early, start="signed", end="end", until=2010, name="at risk")
    made = ps.fit(years, model)
    plain = ps.fit(years.data, model)
    np.testing.assert_allclose(made.terms["estimate"], plain.terms["estimate"])
    with pytest.raises(ps.SpecError, match="from when 'event' is known"):
        ps.fit(years, ps.ModelSpec("m", "x ~ event", "linear", "classical"))
    one = ps.joins.case_years(
        early, start="signed", end="end", until=2010, name="at risk", rows="case"
    )
    with pytest.raises(ps.SpecError, match="from when 'stop' is known"):
        ps.fit(one, ps.ModelSpec("m", "x ~ stop", "linear", "classical"))
