"""The years and units that a table covers, the reason why a case finds no row in it,
and the value that may be taken for an absent row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pandas import isna as is_missing
from pandas.api.types import is_scalar

from peacestudy.core.joined import NO_KEY, NOT_COVERED, OUTSIDE
from peacestudy.core.problems import one_of
from peacestudy.errors import JoinError
from peacestudy.outcomes import OutcomeTable
from peacestudy.outcomes.source import UNITS

Bools = npt.NDArray[np.bool_]
Whys = npt.NDArray[np.int8]


@dataclass(frozen=True)
class Cover:
    """Coverage of a table.

    Attributes
    ----------
    first, last : the years of which it speaks, both included.
    every : it speaks of every unit, also of those without a row.
    """

    first: int
    last: int
    every: bool

    def outside(self, years: npt.NDArray[Any]) -> Bools:
        """Years of which it does not speak; a missing year is none of them."""
        return np.asarray((years < self.first) | (years > self.last))


# a plain table says nothing of years and units: no row is known to lie outside
SILENT = Cover(-(10**9), 10**9, True)


def cover_of(source: OutcomeTable | None) -> Cover:
    """The coverage that a source states."""
    if source is None:
        return SILENT
    return Cover(source.source.first_year, source.source.last_year, source.source.units == "all")


def coverage(
    source: OutcomeTable | None, years: tuple[int, int] | None, units: str | None, name: str
) -> Cover:
    """The coverage that the author writes, within that of the source; of a
    table of their own they must write the years.

    Raises
    ------
    JoinError
        No years are written and there is no source, or the years are not among the source's.

    Examples
    --------
    >>> coverage(None, (1946, 2024), None, "fighting")
    Cover(first=1946, last=2024, every=False)
    """
    of_source = cover_of(source)
    if years is None and source is None:
        raise JoinError(
            f"the years that {name} covers are not given: years=(first, last). Values outside them"
            " are unknown, not zero."
        )
    first, last = (of_source.first, of_source.last) if years is None else first_and_last(years)
    if first < of_source.first or last > of_source.last:
        raise JoinError(
            f"years is {(first, last)}, and {name} covers {of_source.first} to {of_source.last}"
            " only."
        )
    covered_units = units or (source.source.units if source else "listed")
    if covered_units not in UNITS:
        raise JoinError(one_of("units", covered_units, UNITS))
    return Cover(first, last, covered_units == "all")


def first_and_last(years: tuple[int, int]) -> tuple[int, int]:
    """The argument ``years`` of a join, checked."""
    if not isinstance(years, tuple | list):
        raise JoinError(
            f"years is {years!r}; write the first and the last year, as years=(1989, 2020)."
        )
    if len(years) != 2 or not all(map(is_whole, years)) or years[0] > years[1]:
        raise JoinError(
            f"years is {years}; write the first and the last year, whole numbers in that order."
        )
    return int(years[0]), int(years[1])


def is_whole(value: object) -> bool:
    """Whether a value is a whole number; True and False are none."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def explained(
    why: npt.NDArray[Any],
    none: Bools,
    *,
    complete: Bools,
    outside: Bools,
    known: Bools | bool = True,
) -> Whys:
    """Why each row found what it found, as places in ``REASONS``.

    Parameters
    ----------
    why : what holds where key, years and units say nothing else.
    none : rows that found nothing; of the others nothing is changed.
    complete : rows with a value in every key. That a key is missing comes before all else.
    outside : rows of whose years the table does not speak; it comes before the unit.
    known : rows of whose unit it speaks.

    Examples
    --------
    >>> found = np.array([True, False, False])
    >>> explained(
    ...     np.where(found, 0, 4), ~found, complete=np.array([True, True, False]), outside=~found
    ... ).tolist()
    [0, 2, 1]
    """
    out = np.asarray(why).astype(np.int8)
    for rows, reason in (
        (~np.asarray(known), NOT_COVERED),
        (outside, OUTSIDE),
        (~complete, NO_KEY),
    ):
        out[none & rows] = reason
    return out


def declared_values(
    absent: Mapping[str, Any] | None,
    source: OutcomeTable | None,
    used: Sequence[str],
    name: str,
    *,
    written: bool = False,
    numbers: bool = True,
) -> dict[str, Any]:
    """The values that stand for an absent row, by column.

    Parameters
    ----------
    absent : as the author gives it.
    source, name : the other table, None for a plain one, and what it is.
    used : columns that are taken of it.
    written : the author wrote of which years a plain table speaks, and by
        absent= says what an absent row of it means.
    numbers : only numbers and truth values can stand; they become floats.

    Raises
    ------
    JoinError
        A column is not used, nothing says what an absent row means, a value is no number.
    """
    declared = absent or {}
    for column in declared:
        if column not in used:
            raise JoinError(one_of("a column of absent", column, sorted(set(used))))
    meaning_known = bool(source.source.absent) if source else written
    if declared and not meaning_known:
        raise JoinError(
            f"{name if source else 'a plain table'} does not say what an absent row means, so no"
            " value can stand for it: leave absent= out; or say it, in the source"
            ' (dataclasses.replace(source, absent="...")) or of your own table'
            ' (ps.outcomes.as_outcome(table, ..., absent="...")).'
        )
    values = {}
    for column, value in declared.items():
        _refuse_no_value(column, value, numbers)
        values[column] = float(value) if numbers else value
    return values


def _refuse_no_value(column: str, value: Any, numbers: bool) -> None:
    """Refuse a value that cannot be taken for an absent row."""
    if not is_scalar(value) or is_missing(value):
        raise JoinError(f"absent of {column!r} is {value!r}; write one value that is not missing.")
    if not numbers:
        return
    is_number = isinstance(value, (int, float, np.number, np.bool_))
    if not is_number or not np.isfinite(float(value)):
        raise JoinError(f"absent of {column!r} is {value!r}; write a number, true or false.")
