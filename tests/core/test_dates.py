"""Uncertain dates: every day, month, year and interval against a
count of days; nothing ambiguous is guessed.
"""

import datetime as dt
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peacestudy.core.dates import RULES, date_bounds, read_dates
from peacestudy.errors import SourceError

D = dt.date
DAY = dt.timedelta(days=1)
days = st.dates(D(1000, 1, 1), D(2999, 12, 31))


def month_by_counting(day):
    """First and last day of the month, stepping day by day."""
    first = last = day
    while (first - DAY if first > D(1, 1, 1) else first).month == day.month and first.day > 1:
        first -= DAY
    while (last + DAY).month == day.month:
        last += DAY
    return first, last


@settings(max_examples=300)
@given(days)
def test_days_months_and_years_are_what_counting_finds(day):
    assert date_bounds(day.isoformat()) == (day, day)
    assert date_bounds(f"{day.year:04d}-{day.month:02d}") == month_by_counting(day)
    whole = D(day.year, 1, 1), D(day.year, 12, 31)
    assert (
        date_bounds(f"{day.year:04d}")
        == date_bounds(day.year)
        == date_bounds(float(day.year))
        == whole
    )
    assert date_bounds(np.int16(day.year)) == date_bounds(f"{day.year:04d}.0") == whole


def written(day, form):
    return day.isoformat()[: {"day": 10, "month": 7, "year": 4}[form]]


@settings(max_examples=400)
@given(days, days, *[st.sampled_from(["day", "month", "year"])] * 2)
def test_an_interval_runs_from_the_first_day_of_its_start_to_the_last_of_its_end(
    a, b, form_a, form_b
):
    first, last = written(a, form_a), written(b, form_b)
    start, end = date_bounds(first)[0], date_bounds(last)[1]
    if end < start:
        with pytest.raises(SourceError, match="ends before it starts"):
            date_bounds(f"{first}/{last}")
    else:
        assert date_bounds(f"{first}/{last}") == (start, end)
        assert read_dates(pd.Series([f" {first} / {last}"])).precision.tolist() == ["interval"]


REFUSED = {
    "03/02/2001": "day and month cannot be distinguished",
    "3.2.2001": "day and month cannot be distinguished",
    "31/12/2001": "day and month cannot be distinguished",
    "03-02-01": "day and month cannot be distinguished",
    "95": "two digits",
    95: "two digits",
    45.0: "two digits",
    "'95": "two digits",
    20010203: "not a year",
    "20010203": "not a year",
    36925.0: "not a year",
    2001.5: "expected a day",
    "2001/02": "expected a day",
    "1995-96": "no such month",
    "2001-02-29": "no such day",
    "2001-13-01": "no such month",
    "2001-00": "no such month",
    "2001-2": "expected a day",
    "Feb 2001": "expected a day",
    "2001-02-03 14:00": "time of day",
    "2001-02-03/": "expected a day",
    "2001-02-03/..": "expected a day",
    "2001-02-03/04": "expected a day",
    "2001/2000": "ends before",
    9999: "1000 to 2999",
    -99: "expected a day",
    True: "expected a day",
    "2001?": "expected a day",
    "circa 2001": "expected a day",
    "2001-02-03/2001-04-05/2002": "expected a day",
    dt.datetime(2001, 2, 3, 14): "time of day",
    "٢٠٠١": "expected a day",
    "-2001": "expected a day",
    "0999": "1000 to 2999",
    "NA": "expected a day",
    "2001-02-30/2001-03": "no such day",
}


@pytest.mark.parametrize(("value", "why"), REFUSED.items(), ids=str)
def test_what_could_mean_two_things_or_none_is_told_and_not_guessed(value, why):
    with pytest.raises(SourceError, match=why):
        date_bounds(value)
    column = read_dates(
        pd.Series([2001, value, "2002-05"], dtype=object), "signed", "cases.csv", first_line=2
    )
    (problem,) = column.problems
    assert (problem.file, problem.line, problem.column, problem.value) == (
        "cases.csv",
        3,
        "signed",
        str(value),
    )
    assert why in problem.rule
    assert column.table().isna().all(axis=1).tolist() == [False, True, False]


def test_missing_cells_are_missing_and_no_problem():
    column = read_dates(pd.Series([None, np.nan, pd.NaT, pd.NA, "", "  ", "2001"], dtype=object))
    assert column.problems == ()
    assert column.table().isna().all(axis=1).tolist() == [True] * 6 + [False]
    assert column.earliest.dtype == column.latest.dtype == "datetime64[s]"
    with pytest.raises(SourceError, match="empty"):
        date_bounds(None)


def test_a_mixed_column_keeps_its_index_and_says_its_precision():
    values = [
        "2001-02-03",
        dt.date(2001, 2, 3),
        pd.Timestamp("2001-02-03"),
        "2001-02-03 00:00:00",
        np.datetime64("2001-02-03"),
    ]
    column = read_dates(
        pd.Series(
            [*values, "2001-02", 2001, "2001-02-03/2001-04"], dtype=object, index=list("abcdefgh")
        )
    )
    assert column.precision.tolist() == ["day"] * 5 + ["month", "year", "interval"]
    assert column.precision.index.tolist() == list("abcdefgh")
    assert column.latest.dt.strftime("%m-%d").tolist() == ["02-03"] * 5 + [
        "02-28",
        "12-31",
        "04-30",
    ]
    dates = read_dates(pd.Series(pd.to_datetime(["1816-01-01", None])))
    assert dates.earliest.dt.year.tolist()[0] == 1816 and dates.earliest.isna().tolist() == [
        False,
        True,
    ]


def test_the_rule_of_the_author_resolves():
    column = read_dates(
        pd.Series(["2001-02", 2001, "2000", "2001-02-03", None, "2001-01-01/2001-01-02"])
    )
    day = {rule: column.resolved(rule).dt.strftime("%Y-%m-%d").tolist() for rule in RULES}
    assert day["earliest"][:3] == ["2001-02-01", "2001-01-01", "2000-01-01"]
    assert day["latest"][:3] == ["2001-02-28", "2001-12-31", "2000-12-31"]
    assert day["middle"][:4] == ["2001-02-14", "2001-07-02", "2000-07-01", "2001-02-03"]
    assert day["middle"][5] == "2001-01-01" and pd.isna(day["middle"][4])
    with pytest.raises(SourceError, match="Did you mean 'latest'"):
        column.resolved("last")


@settings(max_examples=200)
@given(st.lists(days, min_size=1, max_size=6), st.sampled_from(["day", "month", "year"]))
def test_a_column_is_its_cells(some, form):
    texts = [written(d, form) for d in some]
    column = read_dates(pd.Series(texts))
    assert [(a.date(), b.date()) for a, b in zip(column.earliest, column.latest, strict=True)] == [
        date_bounds(t) for t in texts
    ]


def test_a_hundred_thousand_cells_take_about_a_second():
    texts = [
        f"{y}-{m:02d}-{d:02d}"
        for y in range(1700, 2000)
        for m in range(1, 13)
        for d in range(1, 29)
    ][:100_000]
    start = time.process_time()
    column = read_dates(pd.Series(texts))
    assert time.process_time() - start < 2.5
    assert column.earliest.dt.strftime("%Y-%m-%d").tolist() == texts
