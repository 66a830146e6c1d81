"""Of which years and units a table speaks, why a row finds nothing there,
and what may stand for a row that is absent.
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
    own = cover_of(source)
    if years is None and source is None:
        raise JoinError(
            f"of which years {name} speaks is not written: years=(first, last). What lies outside"
            " them is unknown, not zero."
        )
    if years is not None and not isinstance(years, tuple | list):
        raise JoinError(
            f"years is {years!r}; write the first and the last year, as years=(1989, 2020)."
        )
    found = years or (own.first, own.last)
    whole = all(isinstance(y, (int, np.integer)) and not isinstance(y, bool) for y in found)
    if len(found) != 2 or not whole or found[0] > found[1]:
        raise JoinError(
            f"years is {found}; write the first and the last year, whole numbers in that order."
        )
    if found[0] < own.first or found[1] > own.last:
        raise JoinError(f"years is {found}, and {name} speaks of {own.first} to {own.last} only.")
    said = units or (source.source.units if source else "listed")
    if said not in UNITS:
        raise JoinError(one_of("units", said, UNITS))
    return Cover(int(found[0]), int(found[1]), said == "all")


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


def declared(
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
    for column in absent or {}:
        if column not in used:
            raise JoinError(one_of("a column of absent", column, sorted(set(used))))
    if absent and not (source.source.absent if source else written):
        raise JoinError(
            f"{name if source else 'a plain table'} does not say what an absent row means, so no"
            " value can stand for it: leave absent= "
            f'out; or say it, in the source (dataclasses.replace(source, absent="...")) or of your'
            f" own table "
            f'(ps.outcomes.own(table, ..., absent="...")).'
        )
    for column, value in (absent or {}).items():
        if not is_scalar(value) or is_missing(value):
            raise JoinError(
                f"absent of {column!r} is {value!r}; write one value that is not missing."
            )
        if numbers and not (
            isinstance(value, (int, float, np.number, np.bool_)) and np.isfinite(float(value))
        ):
            raise JoinError(f"absent of {column!r} is {value!r}; write a number, true or false.")
    return {c: float(v) if numbers else v for c, v in (absent or {}).items()}
