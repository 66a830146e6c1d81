"""Uncertain dates: a day, a month, a year or an interval, each as the
earliest and the latest day that it can mean.

Read are the calendar dates of ISO 8601 and their intervals (``2001-02/2001-05``). Whatever could
mean two things (``03/02/2001``, ``95``) is told as a problem and never guessed.
"""

import datetime as dt
import re
from calendar import monthrange
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from peacestudy.core.problems import Problem, one_of
from peacestudy.errors import SourceError

RULES = ("earliest", "latest", "middle")
# years of four digits; 9999 and -99 are codes, 45 and 20010203 are no years
FIRST, LAST = 1000, 2999
EXPECTED = "expected a day 2001-02-03, a month 2001-02, a year 2001 or an interval 2001-02/2001-05"
_ISO = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})(?:[ T]00:00(?::00(?:\.0+)?)?)?)?)?")
_OTHER = (
    (
        re.compile(r"[0-9]{1,2}[./-][0-9]{1,2}[./-]([0-9]{2}|[0-9]{4})"),
        "day and month cannot be distinguished",
    ),
    (re.compile(r"'?[0-9]{2}"), "a year of two digits can be of several centuries"),
    (
        re.compile(r"[0-9]{5,}(\.0+)?"),
        "a number that is not a year: a date without dashes, or a spreadsheet's count of days",
    ),
    (re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T].+"), "a time of day; dates are whole days"),
)
_Span = tuple[dt.date, dt.date, str]  # earliest, latest, precision


@dataclass(frozen=True, eq=False)
class DateBounds:
    """A column of uncertain dates.

    Attributes
    ----------
    earliest, latest : first and last day that each cell can mean, datetime64, missing where the
        cell is empty or refused.
    precision : ``day``, ``month``, ``year`` or ``interval``; missing where the dates are.
    problems : the cells that were refused, with the reason.

    Examples
    --------
    >>> read_dates(
    ...     pd.Series(["2001-02-03", "2001-02", 2001.0, "2001-02/2001-05"]), "signed"
    ... ).table().astype(str)
         earliest      latest precision
    0  2001-02-03  2001-02-03       day
    1  2001-02-01  2001-02-28     month
    2  2001-01-01  2001-12-31      year
    3  2001-02-01  2001-05-31  interval
    """

    earliest: pd.Series
    latest: pd.Series
    precision: pd.Series
    problems: tuple[Problem, ...] = ()

    def table(self) -> pd.DataFrame:
        """A row a cell, columns ``earliest, latest, precision``."""
        return pd.DataFrame(
            {"earliest": self.earliest, "latest": self.latest, "precision": self.precision}
        )

    def resolved(self, rule: str) -> pd.Series:
        """One day a cell: the ``earliest``, the ``latest`` or the
        ``middle`` (of two middle days the first).
        """
        if rule not in RULES:
            raise SourceError(one_of("the rule for uncertain dates", rule, RULES))
        if rule == "middle":
            days = (self.latest - self.earliest).dt.days // 2
            return self.earliest + pd.to_timedelta(days, unit="D").astype("timedelta64[s]")
        return self.earliest if rule == "earliest" else self.latest


def date_bounds(value: object) -> tuple[dt.date, dt.date]:
    """Earliest and latest day that a date can mean.

    Parameters
    ----------
    value : a text (``2001-02-03``, ``2001-02``, ``2001``, ``2001-02/2001-05``), a year as a number
        (2001, 2001.0) or a date. Years have four digits, 1000 to 2999.

    Raises
    ------
    SourceError
        The value can mean several dates or none, or an interval
        ends before it starts; with the Problem.

    Examples
    --------
    >>> [str(d) for d in date_bounds("2000-02")]
    ['2000-02-01', '2000-02-29']
    >>> [str(d) for d in date_bounds("2001-02-03/2001-04")]
    ['2001-02-03', '2001-04-30']
    """
    found = _read(value)
    if isinstance(found, tuple):
        return found[0], found[1]
    rule = found or "empty; " + EXPECTED
    raise SourceError(
        "a date cannot be read.", [Problem("date", 0, "", str(value), rule, "write it so")]
    )


def read_dates(
    column: pd.Series, name: str = "", file: str = "table", first_line: int = 1
) -> DateBounds:
    """Read a column of uncertain dates; each distinct cell is read once.

    Parameters
    ----------
    column : texts, years as numbers, dates, periods of pandas, or a mixture; an empty text is
        missing.
    name, file, first_line : column, table and line of the first row, for the problems.

    Returns
    -------
    DateBounds
        With the index of the column. Cells that cannot be read are missing and stand in
        ``problems``: look there.
    """
    codes, values = pd.factorize(column.astype(object), use_na_sentinel=True)
    read = [_read(v) for v in values]
    # code -1 stands for a missing cell: the last element
    spans = [found if isinstance(found, tuple) else (None, None, None) for found in read]
    spans.append((None, None, None))
    first = _days([span[0] for span in spans])[codes]
    last = _days([span[1] for span in spans])[codes]
    words = np.array([span[2] for span in spans], dtype=object)[codes]
    wrong = [isinstance(found, str) and found != "" for found in read]
    refused = np.array([*wrong, False], dtype=bool)[codes]
    remedy = "write the date so, or leave the cell empty"
    problems = []
    for i in np.flatnonzero(refused):
        value, rule = str(values[codes[i]]), str(read[codes[i]])
        problems.append(Problem(file, first_line + int(i), name, value, rule, remedy))
    index = column.index
    return DateBounds(
        pd.Series(first, index),
        pd.Series(last, index),
        pd.Series(words, index, dtype=object),
        tuple(problems),
    )


def _days(days: list[dt.date | None]) -> npt.NDArray[np.datetime64]:
    return np.array(days, dtype="datetime64[D]").astype("datetime64[s]")


def _read(value: Hashable | Any) -> _Span | str:
    """Earliest, latest and precision; or the rule that the value breaks;
    or an empty text where there is no value.
    """
    if isinstance(value, str):
        text = value.strip()
        return _text(text) if text else ""
    if isinstance(value, (bool, np.bool_)):
        return EXPECTED
    if value is None or value is pd.NA or value is pd.NaT or value != value:
        return ""
    if isinstance(value, (int, float, np.integer, np.floating)):
        return _text(str(int(value))) if float(value).is_integer() else EXPECTED
    if isinstance(value, pd.Period):
        return _period(value)
    if isinstance(value, np.datetime64):
        value = pd.Timestamp(value)
    if isinstance(value, dt.datetime):  # also a pandas Timestamp
        if value.tzinfo is not None or value.time() != dt.time():
            return "a time of day; dates are whole days; " + EXPECTED
        value = value.date()
    if isinstance(value, dt.date):
        inside = FIRST <= value.year <= LAST
        return (value, value, "day") if inside else f"the year is not one of {FIRST} to {LAST}"
    return EXPECTED


def _period(value: pd.Period) -> _Span | str:
    """The first and last day of a period of pandas."""
    first, last = value.start_time, value.end_time
    if first.time() != dt.time() or last.time() < dt.time(23, 59, 59):
        return "a period shorter than a day; " + EXPECTED
    if not (first.year >= FIRST and last.year <= LAST):
        return f"the year is not one of {FIRST} to {LAST}"
    a, b = first.date(), last.date()
    whole_months = a.day == 1 and b.day == monthrange(b.year, b.month)[1]
    if a == b:
        precision = "day"
    elif whole_months and a.year == b.year and (a.month, b.month) == (1, 12):
        precision = "year"
    elif whole_months and (a.year, a.month) == (b.year, b.month):
        precision = "month"
    else:
        precision = "interval"
    return a, b, precision


def _text(text: str) -> _Span | str:
    parts = text.split("/")
    if len(parts) == 2 and all(len(p.strip()) >= 4 for p in parts):
        first, last = (_single(p.strip()) for p in parts)
        if isinstance(first, str) or isinstance(last, str):
            return first if isinstance(first, str) else str(last)
        if last[1] < first[0]:
            return "the interval ends before it starts"
        return first[0], last[1], "interval"
    return _single(text)


def _single(text: str) -> _Span | str:
    text = text[:-2] if re.fullmatch(r"[0-9]{4}\.0", text) else text
    found = _ISO.fullmatch(text)
    if not found:
        why = next((why + "; " for form, why in _OTHER if form.fullmatch(text)), "")
        return why + EXPECTED
    year = int(found[1])
    month, day = (int(found[g]) if found[g] else None for g in (2, 3))
    if not FIRST <= year <= LAST:
        return f"the year is not one of {FIRST} to {LAST}"
    if month is None:
        return dt.date(year, 1, 1), dt.date(year, 12, 31), "year"
    if not 1 <= month <= 12 or (day is not None and not 1 <= day <= monthrange(year, month)[1]):
        return "there is no such " + ("month" if day is None or not 1 <= month <= 12 else "day")
    if day is None:
        return dt.date(year, month, 1), dt.date(year, month, monthrange(year, month)[1]), "month"
    return dt.date(year, month, day), dt.date(year, month, day), "day"
