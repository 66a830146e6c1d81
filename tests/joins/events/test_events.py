"""Events to windows against loops that compare each event with each window,
borders by hand, sums against exact fractions.
"""

import datetime as dt
import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peacestudy.core.joined import REASONS
from peacestudy.core.schema import Schema
from peacestudy.errors import JoinError
from peacestudy.joins import event_windows, event_years
from peacestudy.joins.events.sums import Measure, Spans, gather
from peacestudy.outcomes import OutcomeTable, Source

# thirty days from here reach over the end of a year, and of a leap year's January
DAY0 = dt.date(1999, 12, 12)
ALL = {
    "deaths": ("best", "sum"),
    "n": (None, "count"),
    "any": (None, "any"),
    "mean": ("best", "mean"),
    "worst": ("best", "max"),
    "least": ("best", "min"),
    "first": ("date", "first"),
    "last": ("date_end", "last"),
}
SHARED = {"deaths": ("best", "sum"), "n": (None, "count"), "any": (None, "any")}
# rows of a share: one fraction a length is rounded, at most 14 lengths of numbers up to 400
SHARE_TOLERANCE = 1e-11

WATCHED = {"years": (1, 9999), "units": "all"}  # the events speak of every unit in every year


def day(n):
    return None if n is None else DAY0 + dt.timedelta(days=n)


def source(units="listed", absent="no event", years=(1999, 2000), special=()):
    return Source(
        "ev",
        "Events",
        "1",
        "c",
        "p",
        "l",
        "ev.csv",
        "",
        0,
        Schema(()),
        "event",
        ("id",),
        *years,
        units,
        absent,
        special=special,
    )


@st.composite
def tables(draw):
    """Cases and events of a few units, in few days, so that borders are met
    often; keys, days and values may be missing.
    """
    gaps = draw(st.booleans())  # in half of the examples a few things are missing
    unit = st.sampled_from(["a"] * 4 + ["b"] * 2 + ["c", None if gaps else "d"])
    days = st.integers(0, 33 if gaps else 30).map(lambda d: None if d > 30 else d)
    windows, events = [], []
    for u, a, length in draw(
        st.lists(
            st.tuples(unit, days, st.integers(0, 12)),
            min_size=draw(st.sampled_from([0, 4])),
            max_size=6,
        )
    ):
        windows.append((u, a, None if a is None or (gaps and length == 12) else a + length))
    value = st.integers(0, 420 if gaps else 400).map(lambda v: None if v > 400 else v)
    for u, s, more, v in draw(
        st.lists(
            st.tuples(unit, days, st.sampled_from([0, 0, 1, 2, 5, 13]), value),
            min_size=draw(st.sampled_from([0, 8])),
            max_size=14,
        )
    ):
        events.append((u, s, None if s is None else s + more, v))
    return windows, events


def as_tables(windows, events):
    cases = pd.DataFrame(
        {
            "case_id": range(len(windows)),
            "unit": pd.Series([w[0] for w in windows], dtype=object),
            "a": pd.Series([day(w[1]) for w in windows], dtype=object),
            "b": pd.Series([day(w[2]) for w in windows], dtype=object),
        }
    )
    table = pd.DataFrame(
        {
            "unit": pd.Series([e[0] for e in events], dtype=object),
            "date": pd.Series([day(e[1]) for e in events], dtype=object),
            "date_end": pd.Series([day(e[2]) for e in events], dtype=object),
            "best": pd.array([e[3] for e in events], "Int64"),
        }
    )
    return cases, table


def counts(window, event, spanning):
    """The share of an event that a window counts, found day by day."""
    (u, a, b), (v, s, e, _) = window, event
    if None in (u, v, a, b, s, e) or u != v:
        return Fraction(0)
    inside = sum(a <= d <= b for d in range(s, e + 1))
    if spanning == "start":
        return Fraction(a <= s <= b)
    if spanning == "within":
        return Fraction(inside == e - s + 1)
    return Fraction(inside > 0) if spanning == "overlap" else Fraction(inside, e - s + 1)


def by_loop(window, events, spanning):
    met = [(counts(window, e, spanning), e) for e in events]
    met = [(share, e) for share, e in met if share]
    values = [e[3] for _, e in met]
    whole = met and None not in values
    return {
        "deaths": sum(share * e[3] for share, e in met) if whole else None,
        "n": sum(share for share, _ in met),
        "any": bool(met),
        "mean": sum(values) / len(values) if whole else None,
        "worst": max(values) if whole else None,
        "least": min(values) if whole else None,
        "first": day(min(e[1] for _, e in met)) if met else None,
        "last": day(max(e[2] for _, e in met)) if met else None,
    }


def plain(value):
    if value is None or pd.isna(value):
        return None
    return value.date() if isinstance(value, pd.Timestamp) else value


@settings(max_examples=300)
@given(
    tables(),
    st.sampled_from(["start", "within", "overlap", "share"]),
    st.booleans(),
    st.randoms(use_true_random=False),
)
def test_windows_equal_the_loop_in_any_order_and_the_ledger_balances(
    drawn, spanning, zero, shuffle
):
    windows, events = drawn
    cases, table = as_tables(windows, events)
    cases_before, table_before = cases.copy(), table.copy()
    measures = SHARED if spanning == "share" else ALL
    how = {
        "on": "unit",
        "start": "a",
        "end": "b",
        "date": "date",
        "date_end": "date_end",
        "name": "ev",
        "spanning": spanning,
    }
    frame = event_windows(
        cases, table, measures=measures, absent=0 if zero else None, key="case_id", **WATCHED, **how
    )
    why = [REASONS[w] for w in frame.joined[0].why]
    for i, window in enumerate(windows):
        want = by_loop(window, events, spanning)
        found = {m: plain(frame.data[m].iloc[i]) for m in measures}
        if window[0] is None:
            assert why[i] == "no key"
        elif None in window:
            assert why[i] == "no window"
        else:
            assert why[i] == ("met" if want["any"] else "filled" if zero else "no row")
        if why[i] == "filled":
            assert (found["deaths"], found["n"], found["any"]) == (0, 0, False)
            assert all(found[m] is None for m in measures if m not in SHARED)
        elif why[i] != "met":
            assert set(found.values()) == {None}
        elif spanning == "share":
            assert abs(found["n"] - want["n"]) < SHARE_TOLERANCE
            assert (found["deaths"] is None) == (want["deaths"] is None)
            assert want["deaths"] is None or abs(found["deaths"] - want["deaths"]) < SHARE_TOLERANCE
        else:
            assert found == {m: want[m] for m in measures}
    times = [sum(counts(w, e, spanning) > 0 for w in windows) for e in events]
    (entry,) = frame.ledger.entries
    assert entry.balanced() and (entry.kind, entry.rows_in, entry.rows_out) == (
        "window",
        len(windows),
        len(windows),
    )
    assert (entry.other_rows, entry.other_unmatched) == (len(events), times.count(0))
    assert entry.duplicated == sum(t > 1 for t in times)
    assert (entry.unmatched, entry.filled) == (len(windows) - why.count("met"), why.count("filled"))
    order = list(range(len(events)))
    shuffle.shuffle(order)
    again = event_windows(
        cases,
        table.iloc[order],
        measures=measures,
        absent=0 if zero else None,
        key="case_id",
        **WATCHED,
        **how,
    )
    pd.testing.assert_frame_equal(again.data, frame.data)
    assert again.ledger == frame.ledger
    pd.testing.assert_frame_equal(cases, cases_before)
    pd.testing.assert_frame_equal(table, table_before)


@pytest.mark.parametrize("spanning", ["start", "within", "overlap"])
def test_many_events_equal_merge_filter_and_groupby(spanning):
    rng = np.random.default_rng(11)
    n = 20_000
    begun = np.datetime64("1700-01-01") + rng.integers(0, 100_000, n)  # days beyond 16 bits
    lasts = np.where(rng.random(n) < 0.5, 0, rng.choice([1, 7, 30, 400, 70_000], n))
    table = pd.DataFrame(
        {
            "unit": rng.choice(["a", "b", "c"], n),
            "date": begun,
            "date_end": begun + lasts,
            "best": rng.integers(0, 99, n),
        }
    )
    a = np.datetime64("1690-01-01") + rng.integers(0, 110_000, 150)
    cases = pd.DataFrame(
        {
            "case_id": range(150),
            "unit": rng.choice(["a", "b", "c"], 150),
            "a": a,
            "b": a + rng.choice([0, 3, 1826, 80_000], 150),
        }
    )
    pairs = cases.merge(table, on="unit")
    start, end = {
        "start": ("date", "date"),
        "within": ("date", "date_end"),
        "overlap": ("date_end", "date"),
    }[spanning]
    by_case = pairs[(pairs[start] >= pairs["a"]) & (pairs[end] <= pairs["b"])].groupby("case_id")
    want = by_case.agg(
        deaths=("best", "sum"),
        n=("best", "size"),
        mean=("best", "mean"),
        worst=("best", "max"),
        least=("best", "min"),
        first=("date", "min"),
        last=("date_end", "max"),
    )
    measures = {m: how for m, how in ALL.items() if m != "any"}
    found = event_windows(
        cases,
        table,
        on="unit",
        start="a",
        end="b",
        date="date",
        date_end="date_end",
        spanning=spanning,
        measures=measures,
        name="ev",
    ).data.set_index("case_id")
    assert 20 < len(want) < 150
    assert found.loc[found.index.difference(want.index), list(measures)].isna().all(axis=None)
    pd.testing.assert_frame_equal(
        found.loc[want.index, list(measures)], want, check_dtype=False, check_exact=True
    )


def test_units_and_days_beyond_32_bits_together():
    rng = np.random.default_rng(5)
    unit, first = rng.choice([0, 3, 40_000, 70_000, 70_001], 300), rng.integers(0, 3_000_000, 300)
    windows = Spans(
        rng.choice([3, 70_000, 70_001], 50), rng.integers(0, 2_000_000, 50), np.full(50, 2_500_000)
    )
    found = gather(
        Spans(unit, first, first), windows, "start", {"s": Measure(np.arange(300), None, "sum")}
    )
    inside = [(unit == u) & (first >= a) & (first <= b) for u, a, b in zip(*windows, strict=True)]
    assert found.values["s"].tolist() == [int(np.arange(300)[i].sum()) for i in inside]
    assert (found.met, found.again) == (int((sum(inside) > 0).sum()), int((sum(inside) > 1).sum()))


number = st.floats(-1e12, 1e12, allow_subnormal=False).filter(lambda x: x == 0 or abs(x) > 1e-12)


@settings(max_examples=150)
@given(
    st.lists(st.tuples(st.integers(0, 6), number), min_size=1, max_size=12),
    st.integers(0, 6),
    st.integers(0, 6),
)
def test_sums_of_floats_are_the_exact_sum_rounded(events, a, length):
    table = pd.DataFrame({"u": 1, "d": [day(d) for d, _ in events], "x": [x for _, x in events]})
    cases = pd.DataFrame({"u": [1], "a": [day(a)], "b": [day(a + length)]})
    frame = event_windows(
        cases,
        table,
        on="u",
        start="a",
        end="b",
        date="d",
        measures={"x_sum": ("x", "sum")},
        name="e",
        absent=0,
        signed=["x"],
        **WATCHED,
    )
    want = math.fsum(x for d, x in events if a <= d <= a + length)
    most = max(abs(x) for _, x in events)
    assert abs(frame.data["x_sum"].iloc[0] - want) <= abs(want) * 2**-51 + most * 2**-100


def test_what_comes_before_the_window_does_not_blur_its_sum():
    table = pd.DataFrame(
        {"u": 1, "d": ["2000-01-01"] + ["2001-01-01"] * 3, "x": [1e17, 0.1, 0.2, 0.3]}
    )
    running = np.cumsum(table["x"])
    # what a running sum of floats gives
    assert running.iloc[3] - running.iloc[0] != pytest.approx(0.6, abs=0.1)
    found = window(table, "2001-01-01", "2001-12-31", {"s": ("x", "sum")}, date="d", on="u")
    assert found == [math.fsum([0.1, 0.2, 0.3])]


def window(table, a, b, measures, on="unit", date="date", **more):
    cases = pd.DataFrame({on: [table[on].iloc[0]], "a": [a], "b": [b]})
    frame = event_windows(
        cases, table, on=on, start="a", end="b", date=date, measures=measures, name="ev", **more
    )
    return [plain(frame.data[m].iloc[0]) for m in measures]


DATES = ["2000-02-28", "2000-02-29", "2000-02-29", "2000-03-15", "2000-03-31", "2000-04-01"]
MARCH = pd.DataFrame({"unit": "x", "date": DATES, "best": [1, 2, 4, 8, 16, 32]})


@pytest.mark.parametrize(
    ("a", "b", "deaths", "n"),
    [
        # both border days are inside, the days beside them are not
        ("2000-02-29", "2000-03-31", 30, 4),
        ("2000-03-01", "2000-03-30", 8, 1),
        ("2000-02-29", "2000-02-29", 6, 2),  # a window of one day, two events on it
        ("2000-02-28", "2000-04-01", 63, 6),
        ("2000-04-02", "2000-12-31", 0, 0),
        ("1990-01-01", "2000-02-27", 0, 0),
        ("0001-01-01", "9999-12-31", 63, 6),
        ("2000-03", "2000-03", 24, 2),  # a month from its first to its last day
        ("2000", "2000", 63, 6),
        ("2000-02-29", "2000-03", 30, 4),
    ],
)
def test_borders(a, b, deaths, n):
    assert window(
        MARCH, a, b, {"d": ("best", "sum"), "n": (None, "count")}, absent=0, **WATCHED
    ) == [deaths, n]


@pytest.mark.parametrize(
    ("spanning", "a", "b", "deaths"),
    [
        # an event of ten days, 25 December to 3 January, and 30 deaths: seven days in the old year
        ("start", "1999-12-01", "1999-12-31", 30),
        ("start", "2000-01-01", "2000-12-31", 0),
        ("start", "1999-12-25", "1999-12-25", 30),
        ("within", "1999-12-01", "1999-12-31", 0),
        ("within", "1999-12-25", "2000-01-03", 30),
        ("within", "1999-12-26", "2000-01-03", 0),
        ("within", "1999-12-25", "2000-01-02", 0),
        ("within", "1999-12-27", "1999-12-28", 0),
        ("overlap", "2000-01-03", "2000-12-31", 30),
        ("overlap", "2000-01-04", "2000-12-31", 0),
        ("overlap", "1999-12-28", "1999-12-28", 30),
        ("overlap", "1990-01-01", "1999-12-24", 0),
        ("share", "1999-01-01", "1999-12-31", 21),
        ("share", "2000-01-01", "2000-12-31", 9),
        ("share", "1999-12-28", "1999-12-28", 3),
        ("share", "1999-12-01", "2000-02-01", 30),
        ("share", "2000-01-04", "2000-12-31", 0),
    ],
)
def test_an_event_that_reaches_across_a_border(spanning, a, b, deaths):
    table = pd.DataFrame(
        {"unit": ["x"], "date": ["1999-12-25"], "date_end": ["2000-01-03"], "best": [30]}
    )
    assert window(
        table,
        a,
        b,
        {"d": ("best", "sum")},
        date_end="date_end",
        spanning=spanning,
        absent=0,
        **WATCHED,
    ) == [deaths]


def test_the_shares_of_windows_side_by_side_add_up_to_the_whole():
    rng = np.random.default_rng(3)
    begun = np.datetime64("1999-01-01") + rng.integers(0, 700, 400)
    table = pd.DataFrame(
        {
            "u": "x",
            "date": begun,
            "end": begun + rng.integers(0, 90, 400),
            "best": rng.integers(0, 9, 400),
        }
    )
    frame = event_years(
        table,
        by="u",
        date="date",
        date_end="end",
        spanning="share",
        measures={"d": ("best", "sum"), "n": (None, "count")},
        name="ev",
        years=(1999, 2001),
        absent=0,
    )
    assert frame.data["d"].sum() == pytest.approx(table["best"].sum(), abs=1e-9)
    assert frame.data["n"].sum() == pytest.approx(400, abs=1e-9)


# ---- coverage


def covered(a, b, partial="missing", absent=0, unit="x", **about):
    table = MARCH.assign(date=pd.to_datetime(MARCH["date"]))
    cases = pd.DataFrame({"unit": [unit], "a": [a], "b": [b]})
    frame = event_windows(
        cases,
        OutcomeTable(table, source(**about)),
        on="unit",
        start="a",
        end="b",
        date="date",
        name="ev",
        measures={"d": ("best", "sum")},
        partial=partial,
        absent=absent,
    )
    return REASONS[frame.joined[0].why[0]], plain(frame.data["d"].iloc[0]), frame


@pytest.mark.parametrize(
    ("a", "b", "partial", "reason", "deaths"),
    [
        ("1999-01-01", "2000-12-31", "missing", "met", 63),  # all of the source's days
        ("1998-12-31", "2000-12-31", "missing", "partly observed", None),
        ("1999-01-01", "2001-01-01", "missing", "partly observed", None),
        ("1998-12-31", "2000-12-31", "observed", "met", 63),
        ("1990-01-01", "1999-01-01", "observed", "filled", 0),
        ("1990-01-01", "1998-12-31", "observed", "outside the years", None),
        ("2001-01-01", "2001-01-01", "missing", "outside the years", None),
        ("2000-12-31", "2000-12-31", "missing", "filled", 0),
    ],
)
def test_outside_the_years_of_the_source_nothing_is_zero(a, b, partial, reason, deaths):
    assert covered(a, b, partial)[:2] == (reason, deaths)


def test_a_unit_that_is_not_listed_is_missing_and_one_of_a_source_of_all_units_is_zero():
    assert covered("2000-01-01", "2000-02-01", unit="y")[:2] == ("unit not covered", None)
    assert covered("2000-01-01", "2000-02-01", unit="y", units="all")[:2] == ("filled", 0)


def test_zero_stands_only_where_the_author_writes_it():
    assert covered("2000-01-01", "2000-02-01", absent=None)[:2] == ("no row", None)
    _, value, frame = covered("2000-01-01", "2000-02-01", absent={"d": 7})
    assert value == 7
    (entry,) = frame.ledger.entries
    assert (entry.unmatched, entry.filled) == (1, 1)
    assert "take the declared value (no event)" in entry.why
    assert (frame.joined[0].source, frame.joined[0].release) == ("ev", "1")


def test_the_ledger_tells_of_events_without_key_date_or_value_and_of_cases_without_window():
    table = pd.DataFrame(
        {
            "unit": ["x", None, "x", "x", "x"],
            "date": ["2000-01-01", "2000-01-01", None, "2000-01-02", "2000-05-01"],
            "best": pd.array([1, 2, 4, None, 16], "Int64"),
        }
    )
    cases = pd.DataFrame(
        {
            "case_id": list("pqrst"),
            "unit": ["x", "x", None, "x", "x"],
            "a": ["2000-01-01", "2000-05-01", "2000-01-01", None, "2000-01-01"],
            "b": ["2000-01-31", "2000-05-31", "2000-01-31", "2000-01-31", "2000-01-01"],
        }
    )
    measures = {"d": ("best", "sum"), "n": (None, "count")}
    frame = event_windows(
        cases, table, on="unit", start="a", end="b", date="date", measures=measures, name="ev"
    )
    assert [plain(v) for v in frame.data["d"]] == [
        None,
        16,
        None,
        None,
        1,
    ]  # the first counts an event whose deaths are not known
    assert [plain(v) for v in frame.data["n"]] == [2, 1, None, None, 1]
    assert [REASONS[w] for w in frame.joined[0].why] == ["met", "met", "no key", "no window", "met"]
    (entry,) = frame.ledger.entries
    assert (entry.unmatched, entry.other_rows, entry.other_unmatched, entry.duplicated) == (
        2,
        5,
        2,
        1,
    )
    for said in (
        "1 case(s): no key",
        "1 case(s): no window",
        "1 row(s) of ev without a key",
        "1 row(s) of ev without a date",
        "1 row(s) of ev without d",
    ):
        assert said in entry.why


def test_a_code_of_the_source_that_is_no_value_is_not_summed():
    table = OutcomeTable(
        pd.DataFrame({"unit": ["x", "x"], "date": ["2000-01-01", "2000-02-01"], "best": [-9, 3]}),
        source(special=(("best", -9, "unknown"),)),
    )
    cases = pd.DataFrame(
        {"case_id": [1, 2], "unit": "x", "a": ["2000-01-01", "2000-02-01"], "b": ["2000-02-01"] * 2}
    )
    frame = event_windows(
        cases,
        table,
        on="unit",
        start="a",
        end="b",
        date="date",
        measures={"d": ("best", "sum")},
        name="ev",
    )
    assert [plain(v) for v in frame.data["d"]] == [None, 3]


# ---- dates and keys


@pytest.mark.parametrize(
    "dates",
    [
        pd.to_datetime(DATES),
        pd.to_datetime(DATES).astype("datetime64[s]"),
        pd.Series(pd.to_datetime(DATES)) + pd.Timedelta("23h59min"),
        pd.Series([dt.date.fromisoformat(d) for d in DATES], dtype=object),
        [f"{d}T00:00:00" for d in DATES],
        [f"{d} 23:59:59.000" for d in DATES],
    ],
)
def test_a_date_may_be_written_in_several_ways(dates):
    table = MARCH.assign(date=dates)
    measures = {"d": ("best", "sum"), "f": ("date", "first"), "l": ("date", "last")}
    found = window(table, "2000-02-29", "2000-03-31", measures)
    assert found == [30, dt.date(2000, 2, 29), dt.date(2000, 3, 31)]


def test_a_month_or_a_year_is_no_day_until_the_author_says_what_it_is():
    table = pd.DataFrame(
        {"unit": "x", "date": ["2000-01-10", "2000-02", "2000"], "best": [1, 2, 366]}
    )
    with pytest.raises(JoinError, match="a day is expected") as err:
        window(table, "2000-01-01", "2000-12-31", {"d": ("best", "sum")})
    assert [(p.line, p.value) for p in err.value.problems] == [(2, "2000-02"), (3, "2000")]
    year = ("2000-01-01", "2000-12-31", {"d": ("best", "sum")})
    assert window(table, *year, uncertain="missing") == [1]
    assert window(table, *year, uncertain="span", spanning="within") == [369]
    half = ("2000-01-15", "2000-02-29", {"d": ("best", "sum")})
    assert window(table, *half, uncertain="span", spanning="within") == [2]
    assert window(table, *half, uncertain="span", spanning="overlap") == [368]
    assert window(table, *half, uncertain="span", spanning="share") == [2 + 46]
    years = pd.DataFrame({"unit": "x", "date": [1999, 2000], "best": [1, 2]})
    assert window(
        years, 2000, 2001, {"d": ("best", "sum")}, uncertain="span", spanning="within"
    ) == [2]


def test_whatever_is_wrong_with_dates_and_deaths_is_told_at_once():
    table = pd.DataFrame(
        {
            "unit": "x",
            "date": ["2000-01-05", "05/01/2000", "2000-02-30", "2000-01-01"],
            "date_end": ["2000-01-04", "2000-01-06", "2000-03-01", "2000-01-02"],
            "best": [1, 2, 3, -4],
        }
    )
    cases = pd.DataFrame(
        {
            "case_id": [1, 2],
            "unit": "x",
            "a": ["2000-01-02", "2000-01-01"],
            "b": ["2000-01-01", "2000.5"],
        }
    )
    how = {
        "on": "unit",
        "start": "a",
        "end": "b",
        "date": "date",
        "date_end": "date_end",
        "spanning": "start",
        "name": "ev",
    }
    with pytest.raises(JoinError) as err:
        event_windows(cases, table, measures={"d": ("best", "sum")}, **how)
    assert [(p.file, p.line, p.column, p.value) for p in err.value.problems] == [
        ("the cases", 2, "b", "2000.5"),
        ("the cases", 1, "b", "2000-01-01"),
        ("ev", 2, "date", "05/01/2000"),
        ("ev", 3, "date", "2000-02-30"),
        ("ev", 1, "date_end", "2000-01-04"),
        ("ev", 4, "best", "-4"),
    ]


def test_scores_below_zero_are_taken_where_the_author_says_so():
    table = pd.DataFrame({"unit": "x", "date": DATES, "score": [-10.0, 2.5, -4.5, 1, 0, 9]})
    measures = {
        "s": ("score", "sum"),
        "m": ("score", "min"),
        "x": ("score", "max"),
        "mean": ("score", "mean"),
    }
    with pytest.raises(JoinError, match="a value from 0 on is expected"):
        window(table, "2000-02-29", "2000-03-31", measures)
    assert window(table, "2000-02-29", "2000-03-31", measures, signed=["score"]) == [
        -1.0,
        -4.5,
        2.5,
        -0.25,
    ]


def test_several_keys_and_keys_of_other_names():
    table = pd.DataFrame(
        {
            "gw": [2, 2, 20, 2],
            "side": ["a", "b", "a", None],
            "date": DATES[:4],
            "best": [1, 2, 4, 8],
        }
    )
    cases = pd.DataFrame(
        {
            "case_id": range(4),
            "state": [2.0, 2, 20, 70],
            "who": ["b", "a", "b", "a"],
            "a": 2000,
            "b": 2000,
        }
    )
    frame = event_windows(
        cases,
        table,
        on={"state": "gw", "who": "side"},
        start="a",
        end="b",
        date="date",
        measures={"d": ("best", "sum")},
        name="ev",
    )
    assert [plain(v) for v in frame.data["d"]] == [2, 1, None, None]
    with pytest.raises(JoinError, match="is number in the cases and text in ev"):
        event_windows(
            cases,
            table,
            on={"state": "side"},
            start="a",
            end="b",
            date="date",
            measures={"d": ("best", "sum")},
            name="ev",
        )


def test_types_whole_numbers_stay_whole_and_floats_stay_floats():
    table = MARCH.assign(low=MARCH["best"].astype(float), big=2**55 + 1)
    measures = {
        "d": ("best", "sum"),
        "l": ("low", "sum"),
        "any": (None, "any"),
        "big": ("big", "sum"),
        "top": ("big", "max"),
    }
    cases = pd.DataFrame({"case_id": [1, 2], "unit": "x", "a": [2000, 1990], "b": [2000, 1990]})
    how = {
        "on": "unit",
        "start": "a",
        "end": "b",
        "date": "date",
        "measures": measures,
        "name": "ev",
    }
    found = event_windows(cases, table, **how).data
    assert [str(found[m].dtype) for m in measures] == [
        "Int64",
        "float64",
        "boolean",
        "Int64",
        "Int64",
    ]
    assert (found["big"][0], found["top"][0]) == (6 * (2**55 + 1), 2**55 + 1)
    found = event_windows(cases.head(1), table, **how).data
    assert [str(found[m].dtype) for m in measures] == ["int64", "float64", "bool", "int64", "int64"]


@pytest.mark.parametrize(
    ("values", "total", "most"),
    [
        (pd.array([True, False], "boolean"), 1, 1),
        (pd.array([True, None], "boolean"), None, None),
        (np.array([True, True]), 2, 1),
        (pd.array([1.5, 2], "Float64"), 3.5, 2),
        (pd.array([1.5, None], "Float64"), None, None),
        (np.array([0.5, np.nan]), None, None),
        (np.array([1, 200], "uint8"), 201, 200),
        (np.array([1, 2], "float32"), 3, 2),
        (np.array([1, 2**62], "uint64"), None, 2**62),
    ],
)
def test_values_of_any_type_of_number(values, total, most):
    table = pd.DataFrame({"unit": "x", "date": ["2000-01-01", "2000-12-31"], "v": values})
    assert window(table, 2000, 2000, {"m": ("v", "max")}) == [most]
    if most == 2**62:
        with pytest.raises(JoinError, match="beyond 64 bits"):
            window(table, 2000, 2000, {"s": ("v", "sum")})
    else:
        assert window(table, 2000, 2000, {"s": ("v", "sum")}) == [total]


GOOD = {
    "on": "unit",
    "start": "a",
    "end": "b",
    "date": "date",
    "measures": {"d": ("best", "sum")},
    "name": "ev",
}
REFUSED = [
    ({"spanning": "starts"}, "spanning is 'starts'"),
    ({"date_end": "date_end"}, "State how they count"),
    ({"uncertain": "span"}, "State how they count"),
    ({"uncertain": "guess"}, "uncertain is 'guess'"),
    ({"partial": "zero"}, "partial is 'zero'"),
    ({"measures": {}}, "measures is empty"),
    ({"measures": {"d": ("best", "median")}}, "how 'd' is made"),
    ({"measures": {"d": ("bets", "sum")}}, "Did you mean 'best'"),
    ({"measures": {"d": ("best", "count")}}, "take None as column"),
    ({"measures": {"d": (None, "sum")}}, "take None as column"),
    ({"measures": {"d": ("best", "first")}}, "first and last are days"),
    ({"measures": {"d": ("date", "max")}}, "first and last are days"),
    ({"measures": {"d": ("word", "sum")}}, "sums are of numbers"),
    ({"measures": {"d": ("odd", "sum")}}, "infinite values"),
    ({"measures": {"a": ("best", "sum")}}, "Rename or drop"),
    ({"measures": {"d": ("huge", "sum")}}, "beyond 64 bits"),
    ({"measures": {"d": ("best", "max")}, "spanning": "share"}, "cannot be shared out"),
    ({"absent": 1, **WATCHED}, "absent is 1"),
    ({"absent": {"x": 0}, **WATCHED}, "a column of absent"),
    ({"absent": 0}, "which units and years it covers"),
    ({"absent": 0, "years": (1990, 2000)}, "which units and years"),
    ({"absent": 0, "units": "all"}, "which units and years"),
    ({"on": []}, "name the key column"),
    ({"on": ["unit", "unit"]}, "name the key column"),
    ({"on": "units"}, "a column of the cases"),
    ({"on": {"unit": "units"}}, "a column of ev"),
    ({"start": "c"}, "a column of the cases"),
    ({"date": "dates"}, "a column of ev"),
    ({"date": "zone"}, "has a time zone"),
]


@pytest.mark.parametrize(("change", "said"), REFUSED)
def test_what_cannot_be_meant_is_refused_with_what_to_do(change, said):
    table = MARCH.assign(
        word="x",
        odd=np.inf,
        huge=2**62,
        date_end=MARCH["date"],
        zone=pd.to_datetime(MARCH["date"]).dt.tz_localize("UTC"),
    )
    cases = pd.DataFrame({"unit": ["x"], "a": [2000], "b": [2000]})
    event_windows(cases, table, **GOOD)
    with pytest.raises(JoinError, match=said):
        event_windows(cases, table, **(GOOD | change))


def test_the_events_must_be_a_table_and_the_step_needs_a_name_of_its_own():
    cases = pd.DataFrame({"unit": ["x"], "a": [2000], "b": [2000]})
    with pytest.raises(JoinError, match="ev is a list"):
        event_windows(cases, [1], **GOOD)
    frame = event_windows(cases, MARCH, **GOOD)
    with pytest.raises(JoinError, match="already"):
        event_windows(frame, MARCH, **(GOOD | {"measures": {"e": ("best", "sum")}}))


# ---- unit-years


def test_unit_years_are_all_years_of_the_source_for_each_unit_with_zero_where_declared():
    table = pd.DataFrame(
        {
            "dyad": [9, 9, 7, 7],
            "date": ["1999-12-31", "2000-01-01", "2000-12-30", "1999-01-01"],
            "end": ["1999-12-31", "2000-01-01", "2001-01-01", "1999-01-01"],
            "best": [1, 2, 3, 4],
        }
    )
    how = {
        "by": "dyad",
        "date": "date",
        "date_end": "end",
        "measures": {"d": ("best", "sum"), "n": (None, "count")},
        "name": "ev",
    }
    events = OutcomeTable(table, source(years=(1999, 2001)))
    rows = {
        "start": [[7, 1999, 4, 1], [7, 2000, 3, 1], [7, 2001, 0, 0]],
        "within": [[7, 1999, 4, 1], [7, 2000, 0, 0], [7, 2001, 0, 0]],
        "overlap": [[7, 1999, 4, 1], [7, 2000, 3, 1], [7, 2001, 3, 1]],
        "share": [[7, 1999, 4, 1], [7, 2000, 2, 2 / 3], [7, 2001, 1, 1 / 3]],
    }
    for spanning, want in rows.items():
        frame = event_years(events, spanning=spanning, absent=0, **how)
        assert (frame.unit, frame.key) == ("dyad-year", "row_id")
        found = frame.data[["dyad", "year", "d", "n"]].values.tolist()
        assert found == [*want, [9, 1999, 1, 1], [9, 2000, 2, 1], [9, 2001, 0, 0]]
    missing = event_years(events, spanning="start", **how).data
    assert missing["d"].isna().sum() == 2
    more = event_years(
        events,
        spanning="start",
        absent=0,
        units=pd.DataFrame({"dyad": [9, 11]}),
        years=(2000, 2002),
        **how,
    )
    assert [REASONS[w] for w in more.joined[0].why] == ["met", "filled", "outside the years"] + [
        "unit not covered"
    ] * 3


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"years": None}, "does not state which years"),
        ({"years": (2001, 2000)}, "whole numbers in that order"),
        ({"by": "units"}, "a column of ev"),
        ({"units": pd.DataFrame({"unit": ["x", "x"]})}, "appear twice"),
        ({"by": "year"}, "cannot be the column"),
        ({"units": pd.DataFrame({"dyad": ["x"]})}, "a column of units"),
    ],
)
def test_unit_years_that_cannot_be_meant_are_refused(change, said):
    how = {
        "by": "unit",
        "date": "date",
        "measures": {"d": ("best", "sum")},
        "name": "ev",
        "years": (2000, 2001),
    }
    with pytest.raises(JoinError, match=said):
        event_years(MARCH.assign(year=2000), **(how | change))


def test_zero_only_for_units_and_years_that_somebody_watched():
    """The events are of units x and y in 2000; the file says nothing of z, or of 1999."""
    table = MARCH.assign(unit=["x", "x", "x", "y", "y", "y"])
    cases = pd.DataFrame({"case_id": range(4), "unit": ["x", "z", "x", "x"]})
    cases["a"], cases["b"] = [2000, 2000, 1999, 2000], [2000, 2000, 1999, 2001]
    how = {
        "on": "unit",
        "start": "a",
        "end": "b",
        "date": "date",
        "name": "ev",
        "measures": {"d": ("best", "sum")},
    }
    listed = event_windows(cases, table, absent=0, years=(2000, 2000), units="listed", **how)
    assert [plain(v) for v in listed.data["d"]] == [7, None, None, None]
    assert [REASONS[w] for w in listed.joined[0].why] == [
        "met",
        "unit not covered",
        "outside the years",
        "partly observed",
    ]
    every = event_windows(cases, table, absent=0, years=(1999, 2001), units="all", **how)
    assert [plain(v) for v in every.data["d"]] == [7, 0, 0, 7]


def test_tables_without_rows():
    cases = pd.DataFrame({"unit": ["x"], "a": [2000], "b": [2000]})
    none = event_windows(
        cases,
        MARCH.head(0),
        **(
            GOOD
            | {"measures": ALL, "date": "date"}
            | {
                "measures": {
                    "d": ("best", "sum"),
                    "w": ("best", "max"),
                    "f": ("date", "first"),
                    "n": (None, "count"),
                }
            }
        ),
        absent=0,
        **WATCHED,
    )
    assert [plain(v) for v in none.data.iloc[0, 3:]] == [0, None, None, 0]
    assert len(event_windows(cases.head(0), MARCH, **GOOD)) == 0
