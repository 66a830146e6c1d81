"""Dates of events and windows as whole days: a day, or a month or a
year as the days from its first to its last.
"""

import datetime as dt
import re
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from peacestudy.core.problems import Problem
from peacestudy.errors import JoinError

UNCERTAIN = ("span", "missing")
_ISO = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})(?:[T ][0-9:.]+)?)?)?")
_RULE = "expected a date as YYYY-MM-DD, a month as YYYY-MM or a year as YYYY that exists"


class Days(NamedTuple):
    """A date column in days since 1970-01-01.

    Attributes
    ----------
    first, last : first and last day that the date may mean; the same
        where it is a day. 0 where it is missing.
    missing : rows without a date.
    """

    first: npt.NDArray[np.int64]
    last: npt.NDArray[np.int64]
    missing: npt.NDArray[np.bool_]


def days(column: pd.Series, table: str, problems: list[Problem]) -> Days:
    """Read a date column; what is no date is added to ``problems``.

    Parameters
    ----------
    column : datetime64 without time zone, ``date`` objects, texts ``YYYY-MM-DD`` (a time of day
        behind it is left out), ``YYYY-MM`` or ``YYYY``, or whole numbers, which are years.
    table : what the table is, for the problems.
    problems : is added to.

    Examples
    --------
    >>> found = days(pd.Series(["1970-01-02", "1970-02", None]), "events", [])
    >>> found.first.tolist(), found.last.tolist(), found.missing.tolist()
    ([1, 31, 0], [1, 58, 0], [False, False, True])
    """
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        raise JoinError(
            f"{column.name!r} of {table} has a time zone ({column.dtype.tz}), and on which day an"
            " event falls depends on it. Choose the place whose days are meant:"
            " .dt.tz_convert(...).dt.tz_localize(None)."
        )
    if column.dtype.kind == "M":
        day = column.to_numpy().astype("datetime64[D]").astype(np.int64)
        missing = column.isna().to_numpy(dtype=bool)
        day[missing] = 0
        return Days(day, day, missing)
    codes, values = pd.factorize(column, use_na_sentinel=True)
    read = [_read(v) for v in values]
    # code -1 stands for a missing value: the last element
    bad = np.array([found is None for found in read] + [False])
    ends = np.array([found or (0, 0) for found in read] + [(0, 0)], np.int64)
    remedy = "correct the date, or bring all to one form with pd.to_datetime"
    for i in np.flatnonzero(bad[codes]):
        text = str(column.iloc[i])
        problems.append(Problem(table, int(i) + 1, str(column.name), text, _RULE, remedy))
    missing = (np.asarray(codes) < 0) | bad[codes]
    return Days(ends[codes, 0], ends[codes, 1], missing)


def _read(value: Any) -> tuple[int, int] | None:
    """First and last day of a date, a month or a year; None for anything else."""
    if isinstance(value, dt.date):  # also datetime and Timestamp
        if getattr(value, "tzinfo", None) is not None:
            return None
        day = _since(dt.date(value.year, value.month, value.day))
        return day, day
    if isinstance(value, bool | np.bool_):
        return None
    if isinstance(value, int | float | np.integer | np.floating):
        is_year = value % 1 == 0 and 1 <= value <= 9999
        value = f"{int(value):04d}" if is_year else ""
    form = _ISO.fullmatch(value.strip()) if isinstance(value, str) else None
    if form is None:
        return None
    year, month, day_of = (int(g) if g else None for g in form.groups())
    try:
        first = dt.date(year or 0, month or 1, day_of or 1)
        if day_of is not None:
            return _since(first), _since(first)
        last = month or 12
        return _since(first), _since(dt.date(first.year, last, _length(first.year, last)))
    except ValueError:
        return None


def _length(year: int, month: int) -> int:
    if month == 12:
        return 31
    return (dt.date(year, month + 1, 1) - dt.date(year, month, 1)).days


def _since(day: dt.date) -> int:
    return day.toordinal() - 719163  # the ordinal of 1970-01-01


def window_days(cases: pd.DataFrame, start: str, end: str, problems: list[Problem]) -> Days:
    """First and last day of each case's window; missing where either
    is. An end before its start is a problem.
    """
    begun = days(cases[start], "the cases", problems)
    ended = days(cases[end], "the cases", problems)
    return _between(begun, ended, (start, end), "the cases", problems)


def event_days(
    events: pd.DataFrame,
    date: str,
    date_end: str | None,
    uncertain: str | None,
    name: str,
    problems: list[Problem],
) -> Days:
    """First and last day of each event; missing where it has no date,
    or one that ``uncertain`` takes for none.
    """
    columns = [date, date_end] if date_end is not None else [date]
    read = [days(events[c], name, problems) for c in columns]
    rule = "a day is expected"
    remedy = (
        'give the day, or say what such a date is: uncertain="span" (all its days) or'
        ' "missing" (no date)'
    )
    for column, found in zip(columns, read, strict=True):
        rough = np.flatnonzero(found.first != found.last) if uncertain is None else ()
        for i in rough:
            text = str(events[column].iloc[i])
            problems.append(Problem(name, int(i) + 1, column, text, rule, remedy))
    out = _between(read[0], read[-1], (date, date_end or date), name, problems)
    if uncertain == "missing":
        no_day = np.logical_or.reduce([f.first != f.last for f in read])
        return out._replace(missing=out.missing | no_day)
    return out


def _between(
    first: Days, last: Days, names: tuple[str, str], table: str, problems: list[Problem]
) -> Days:
    missing = first.missing | last.missing
    for i in np.flatnonzero(~missing & (last.last < first.first)):
        start = str(np.datetime64(int(first.first[i]), "D"))
        end = str(np.datetime64(int(last.last[i]), "D"))
        rule = f"{names[1]!r} lies before {names[0]!r}, which is {start}"
        problems.append(
            Problem(table, int(i) + 1, names[1], end, rule, "correct one of the two dates")
        )
    return Days(first.first, last.last, missing)
