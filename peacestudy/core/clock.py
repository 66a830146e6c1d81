"""The clock of a study: when treatment is complete, and from when each column is known.

What is known only after treatment may itself be an effect of treatment. A control, a moderator, a
weight or a rule of eligibility that reads it biases the comparison (Rosenbaum 1984, Journal of the
Royal Statistical Society A 147(5); Montgomery, Nyhan and Torres 2018, American Journal of Political
Science 62(3)).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from peacestudy.core.dates import DateBounds, read_dates
from peacestudy.core.derived import Derived
from peacestudy.core.joined import Joined
from peacestudy.core.problems import as_known, one_of, shortened
from peacestudy.errors import JoinError

ALWAYS = "always"
EXPECTED = (
    "write always, a column of dates or years, or such a column and a distance, as 'year - 1' or"
    " 'end_date + 365 days'"
)
_RULE = re.compile(
    r"(?P<whole>year of )?(?P<column>`[^`\n]+`|[^\W\d]\w*)"
    r"(?:\s*(?P<sign>[+-])\s*(?P<number>\d{1,5})(?:\s+(?P<unit>years?|days?))?)?"
)
Days = npt.NDArray[np.datetime64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class KnownFrom:
    """From when the values of a column are known.

    Attributes
    ----------
    column : of the date or year, a row each; empty where values are known always.
    whole_year : the year of the date has to be over.
    distance : added to the date, in ``unit``.
    unit : ``years`` or ``days``.
    """

    column: str = ""
    whole_year: bool = False
    distance: int = 0
    unit: str = "years"

    @classmethod
    def parse(cls, text: object) -> "KnownFrom":
        """Read a rule.

        Raises
        ------
        JoinError
            The text is no rule.

        Examples
        --------
        >>> KnownFrom.parse("year of signed - 1")
        KnownFrom(column='signed', whole_year=True, distance=-1, unit='years')
        """
        if text == ALWAYS:
            return cls()
        found = _RULE.fullmatch(text.strip()) if isinstance(text, str) else None
        if found is None:
            raise JoinError(
                f"{shortened(text)} does not say from when a column is known; {EXPECTED}."
            )
        distance = int(found["number"] or 0)
        if found["sign"] == "-":
            distance = -distance
        unit = "days" if (found["unit"] or "").startswith("day") else "years"
        return cls(found["column"].strip("`"), bool(found["whole"]), distance, unit)

    def days(self, table: pd.DataFrame) -> Days:
        """The day from which each row's value is known, shape (n,); a year counts as its last day.

        Always is the first day there is, and a row without a date has NaT.

        Raises
        ------
        JoinError
            The column is not in the table, or holds no dates.
        """
        if not self.column:
            return np.full(len(table), FIRST_DAY)
        day = last_days(table, self.column)
        if self.whole_year:
            day = _last_day(day.astype("datetime64[Y]"))
        if self.unit == "days":
            return day + np.timedelta64(self.distance, "D")
        return _moved_years(day, self.distance)


FIRST_DAY = np.datetime64("0001-01-01", "D")


@dataclass(frozen=True)
class Clock:
    """When treatment is complete, and from when each column is known.

    Attributes
    ----------
    column : date or year at which the treatment of a case is complete; a year counts as its last
        day, a month or an interval as the first day that it can mean.
    known_from : for each column ``always``, a column of dates or years, or such a column and a
        distance: ``year - 1``, ``year of signed - 1``, ``end_date + 365 days``.

    Examples
    --------
    >>> Clock("signed", {"polity": "year - 1"}).known_from
    (('polity', 'year - 1'),)
    """

    column: str
    known_from: Mapping[str, str] | Sequence[tuple[str, str]] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.column, str) or not self.column:
            raise JoinError(
                f"the clock is {shortened(self.column)}; it names the column with the date or year"
                " at which treatment is complete."
            )
        if not is_mapping_of_text(self.known_from):
            raise JoinError(
                f"known_from is {shortened(self.known_from)}; it maps columns to text, as {{'x':"
                " 'year - 1'}."
            )
        pairs = tuple(sorted(dict(self.known_from).items()))
        for column, text in pairs:
            try:
                KnownFrom.parse(text)
            except JoinError as err:
                raise JoinError(f"known_from of {column!r}: {err}") from err
        object.__setattr__(self, "known_from", pairs)

    @property
    def date_columns(self) -> tuple[str, ...]:
        """The columns of dates that the clock and its rules read."""
        read = [self.column, *(KnownFrom.parse(text).column for text in self.rules.values())]
        return tuple(dict.fromkeys(column for column in read if column))

    @property
    def rules(self) -> dict[str, str]:
        """The rule of each column, by column."""
        return dict(self.known_from)

    def without(self, columns: Iterable[str]) -> "Clock":
        """The clock without the rules of columns that were replaced."""
        gone = set(columns)
        return Clock(self.column, {c: text for c, text in self.rules.items() if c not in gone})

    def with_rules(self, known_from: Mapping[str, str]) -> "Clock":
        """The clock with further rules, which replace older ones of the same column."""
        return Clock(self.column, {**self.rules, **known_from})


@dataclass(frozen=True, eq=False)
class Late:
    """A column whose values are known only after the clock in some rows.

    Attributes
    ----------
    column : its name.
    rows : which rows, shape (n,).
    known, clock : the days from which it is known and at which treatment is complete, shape (n,).
    """

    column: str
    rows: Bools
    known: Days
    clock: Days

    def text(self, cases: Sequence[object]) -> str:
        """A clause that counts the rows and gives the first."""
        first = int(np.flatnonzero(self.rows)[0])
        known = "at no date" if np.isnat(self.known[first]) else f"on {self.known[first]}"
        return (
            f"{self.column!r} is known only after the clock in {int(self.rows.sum())} of"
            f" {len(self.rows)} rows (first {cases[first]}: known {known}, clock"
            f" {self.clock[first]})"
        )


def last_days(table: pd.DataFrame, column: str) -> Days:
    """The last day that each date or year of a column can mean, shape (n,); NaT where empty.

    Raises
    ------
    JoinError
        The column is not in the table, or a cell is no date.
    """
    days: Days = _bounds(table, column).latest.to_numpy().astype("datetime64[D]")
    return days


def clock_days(table: pd.DataFrame, column: str) -> Days:
    """The day at which each row's treatment is complete, shape (n,): the last day of a year, the
    first that a month or an interval can mean.

    Raises
    ------
    JoinError
        As ``last_days``.
    """
    bounds = _bounds(table, column)
    is_year = (bounds.precision == "year").fillna(False).to_numpy(dtype=bool)
    first = bounds.earliest.to_numpy().astype("datetime64[D]")
    last = bounds.latest.to_numpy().astype("datetime64[D]")
    return np.where(is_year, last, first)


def _bounds(table: pd.DataFrame, column: str) -> DateBounds:
    """A column of dates and years, read; refused where a cell is neither."""
    if column not in table.columns:
        known = [str(c) for c in table.columns]
        raise JoinError(one_of("the column of a date", column, known))
    bounds = read_dates(table[column].reset_index(drop=True), column)
    if bounds.problems:
        raise JoinError(
            f"the column {column!r} holds values that are neither dates nor years.",
            list(bounds.problems),
        )
    return bounds


def dated(days: npt.NDArray[np.int64], there: Bools) -> Days:
    """Days since 1970-01-01 as dates, NaT where there is none."""
    return np.where(there, days.astype("datetime64[D]"), np.datetime64("NaT"))


def year_ends(years: npt.NDArray[np.int64], there: Bools) -> Days:
    """31 December of whole years, NaT where there is none."""
    known = np.where(there, years, 1970)
    ends = _last_day((known - 1970).astype("datetime64[Y]"))
    return np.where(there, ends, np.datetime64("NaT"))


def ends_of_years(years: "pd.Series[Any]") -> Days:
    """31 December of a column of whole years, NaT where it is missing."""
    numbers = years.astype("Float64")
    there = numbers.notna().to_numpy(dtype=bool)
    whole: npt.NDArray[np.int64] = numbers.fillna(0).to_numpy().astype(np.int64)
    return year_ends(whole, there)


def known_days(
    table: pd.DataFrame,
    clock: Clock,
    columns: Iterable[str],
    joined: Sequence[Joined] = (),
    derived: Sequence[Derived] = (),
) -> tuple[dict[str, Days], list[str]]:
    """From which day each column is known, and the columns of which nothing says so.

    A rule of the clock comes first; else a join says which row it read; else a column that was
    derived, from columns of its own row that were not replaced since, is known when the last of
    these is.

    Parameters
    ----------
    table : the rows.
    clock : with its rules.
    columns : that are asked for.
    joined : the joins of a frame, which keep the day of the row that they read.
    derived : the columns that were derived from others.
    """
    names = [str(column) for column in table.columns]
    rules = {as_known(column, names): text for column, text in clock.rules.items()}
    of_joins = {column: days for join in joined for column, days in join.known_on}
    sources = _traceable_sources(derived)
    is_derived = {d.name for d in derived}
    known: dict[str, Days] = {}
    unknown: list[str] = []

    def days_of(column: str, above: tuple[str, ...]) -> Days | None:
        if column in rules:
            return KnownFrom.parse(rules[column]).days(table)
        if column in of_joins and column not in is_derived:
            return of_joins[column]
        if column == clock.column:
            return last_days(table, column)
        if not sources.get(column) or column in above:
            return None
        parts = [days_of(source, (*above, column)) for source in sources[column]]
        if any(part is None for part in parts):
            return None
        latest: Days = np.max(np.vstack([part for part in parts if part is not None]), axis=0)
        return latest

    for column in dict.fromkeys(columns):
        days = days_of(column, ())
        if days is None:
            unknown.append(column)
        else:
            known[column] = days
    return known, unknown


def _traceable_sources(derived: Sequence[Derived]) -> dict[str, tuple[str, ...]]:
    """The sources of derived columns whose dates can be read from them: functions of their own row,
    of columns that were not replaced later.
    """
    sources = {}
    for n, column in enumerate(derived):
        replaced_later = {later.name for later in derived[n + 1 :]}
        if column.row_by_row and not replaced_later & set(column.sources):
            sources[column.name] = column.sources
        else:
            sources.pop(column.name, None)
    return sources


def is_mapping_of_text(value: object) -> bool:
    """Whether a mapping, or a sequence of pairs, goes from text to text."""
    if isinstance(value, Mapping):
        pairs: Sequence[object] = list(value.items())
    elif isinstance(value, tuple | list):
        pairs = value
    else:
        return False
    for pair in pairs:
        if not (isinstance(pair, tuple) and len(pair) == 2):
            return False
        if not (isinstance(pair[0], str) and isinstance(pair[1], str)):
            return False
    return True


def late_columns(
    table: pd.DataFrame, clock: Clock, known: Mapping[str, Days], complete: Iterable[str] = ()
) -> list[Late]:
    """The columns that are known only after the clock in a row that has a value.

    The columns in ``complete``, and those that are not in the table yet, have one in every row.

    Raises
    ------
    JoinError
        A row has no date of the clock.
    """
    at = clock_days(table, clock.column)
    if np.isnat(at).any():
        raise JoinError(
            f"the clock {clock.column!r} is missing in {int(np.isnat(at).sum())} of {len(at)} rows;"
            " every case needs the date or year at which its treatment is complete."
        )
    late = []
    has_values = set(complete)
    for column, days in known.items():
        rows = ~(days <= at)
        if column in table.columns and column not in has_values:
            rows &= table[column].notna().to_numpy(dtype=bool)
        if rows.any():
            late.append(Late(column, rows, days, at))
    return late


def _last_day(years: Days) -> Days:
    """31 December of years."""
    following = (years + np.timedelta64(1, "Y")).astype("datetime64[D]")
    return (following - np.timedelta64(1, "D")).astype("datetime64[D]")


def _moved_years(day: Days, distance: int) -> Days:
    """The same day of another year; 29 February becomes 28 February where the year has none."""
    if distance == 0:
        return day
    month = day.astype("datetime64[M]")
    within = day - month.astype("datetime64[D]")
    moved = month + np.timedelta64(12 * distance, "M")
    following = (moved + np.timedelta64(1, "M")).astype("datetime64[D]")
    last = (following - np.timedelta64(1, "D")).astype("datetime64[D]")
    days: Days = np.minimum(moved.astype("datetime64[D]") + within, last)
    return days
