"""Starts and ends as whole numbers of a clock: calendar years, or days since 1970, from years,
dates and uncertain dates.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from peacestudy.core.dates import read_dates
from peacestudy.core.keys import Ints
from peacestudy.core.problems import Problem
from peacestudy.joins.columns.source_coverage import Bools

CLOCKS = ("years", "days")


@dataclass(frozen=True, eq=False)
class Read:
    """A column of times.

    Attributes
    ----------
    at : years, or days since 1970-01-01; 0 where there is none.
    there : where there is one.
    refused : cells that cannot be read, or are not certain enough
        and no rule says which day they stand for.
    resolved : how many uncertain cells the rule decided, and ``rule``.
    problems : why cells are refused.
    """

    at: Ints
    there: Bools
    refused: Bools
    resolved: int = 0
    rule: str = ""
    problems: tuple[Problem, ...] = ()


def read_times(column: pd.Series, name: str, clock: str, uncertain: str | None) -> Read:
    """Read a column of starts or ends.

    Parameters
    ----------
    column : years as numbers, dates, or texts of ``peacestudy.core.dates``.
    clock : ``years`` or ``days``. A month is certain on a clock of
        years, a year is not on a clock of days.
    uncertain : ``earliest``, ``latest`` or ``middle`` day; None refuses uncertain times.
    """
    bounds = read_dates(column.reset_index(drop=True), name, "cases")
    there = bounds.earliest.notna().to_numpy()
    days = bounds.earliest, bounds.latest
    first, last = (_count(d, there, clock) for d in days)
    open_ = there & (first != last)
    unread = np.zeros(len(there), bool)
    unread[[p.line - 1 for p in bounds.problems]] = True
    if uncertain is not None:
        at = _count(bounds.resolved(uncertain), there, clock)
        return Read(at, there, unread, int(open_.sum()), uncertain, bounds.problems)
    rule = f"uncertain on a clock of {clock}"
    remedy = 'write which day to use: uncertain="earliest", "latest" or "middle"'
    problems = list(bounds.problems)
    for i in np.flatnonzero(open_):
        problems.append(Problem("cases", int(i) + 1, name, str(column.iloc[i]), rule, remedy))
    return Read(first, there & ~open_, unread | open_, problems=tuple(problems))


def limit(data: pd.DataFrame, until: int | str, clock: str) -> Read:
    """The last time observed of each case; of a year or a month its last day."""
    if isinstance(until, str) and until in data.columns:
        return _all_there(read_times(data[until], until, clock, "latest"), until)
    column = pd.Series([until], dtype=object)
    one = _all_there(read_times(column, "until", clock, "latest"), "until")
    problems = tuple(replace(p, file="argument", line=0) for p in one.problems)
    n = len(data)
    return Read(
        np.repeat(one.at, n), np.repeat(one.there, n), np.repeat(one.refused, n), problems=problems
    )


def _all_there(read: Read, name: str) -> Read:
    problems = list(read.problems)
    rule, remedy = "expected the last time observed", "write it for every case"
    for i in np.flatnonzero(~read.there & ~read.refused):
        problems.append(Problem("cases", int(i) + 1, name, "", rule, remedy))
    return Read(read.at, read.there, read.refused, problems=tuple(problems))


def year_of(at: Ints, clock: str) -> Ints:
    """The calendar year of times."""
    if clock == "years":
        return at
    return at.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970


def year_end(year: Ints, clock: str) -> Ints:
    """The last time of calendar years: the year itself, or its 31 December."""
    if clock == "years":
        return year
    return (year - 1969).astype("datetime64[Y]").astype("datetime64[D]").astype(np.int64) - 1


def _count(days: pd.Series, there: Bools, clock: str) -> Ints:
    numbers = np.where(there, days.to_numpy().astype("datetime64[D]").astype(np.int64), 0)
    return np.where(there, numbers if clock == "days" else year_of(numbers, "days"), 0)
