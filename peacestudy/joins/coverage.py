"""Of which years and units a table speaks, and what stands for a row that is absent there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from peacestudy.core.problems import one_of
from peacestudy.errors import JoinError
from peacestudy.outcomes import OutcomeTable
from peacestudy.outcomes.source import UNITS


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


def coverage(source: OutcomeTable | None, years: tuple[int, int] | None, units: str | None, name: str) -> Cover:
    """The coverage that the author writes, within that of the source; of a table of their own they must write the years.

    Raises
    ------
    JoinError
        No years are written and there is no source, or the years are not among the source's.

    Examples
    --------
    >>> coverage(None, (1946, 2024), None, "fighting")
    Cover(first=1946, last=2024, every=False)
    """
    own = (source.source.first_year, source.source.last_year) if source else None
    found = years or own
    if found is None:
        raise JoinError(
            f"of which years {name} speaks is not written: years=(first, last). What lies outside them is unknown, not zero."
        )
    if (
        len(found) != 2
        or any(isinstance(y, bool) or not isinstance(y, (int, np.integer)) for y in found)
        or found[0] > found[1]
    ):
        raise JoinError(f"years is {found}; write the first and the last year, whole numbers in that order.")
    if own and (found[0] < own[0] or found[1] > own[1]):
        raise JoinError(f"years is {found}, and {name} speaks of {own[0]} to {own[1]} only.")
    said = units or (source.source.units if source else "listed")
    if said not in UNITS:
        raise JoinError(one_of("units", said, UNITS))
    return Cover(int(found[0]), int(found[1]), said == "all")


def declared(
    absent: Mapping[str, float] | None, source: OutcomeTable | None, used: Sequence[str], name: str
) -> dict[str, float]:
    """The values that stand for an absent row, by column.

    Raises
    ------
    JoinError
        The source does not say what an absent row means, a column is not used, a value is no number.
    """
    if not absent:
        return {}
    if source and not source.source.absent:
        raise JoinError(
            f"{name} does not say what an absent row means, so no value can stand for it: leave absent= out, or find out and write "
            f'it into the source (dataclasses.replace(source, absent="...")).'
        )
    for column, value in absent.items():
        if column not in used:
            raise JoinError(one_of("a column of absent", column, sorted(set(used))))
        if not isinstance(value, (int, float, np.number, np.bool_)) or not np.isfinite(float(value)):
            raise JoinError(f"absent of {column!r} is {value!r}; write a number, true or false.")
    return {c: float(v) for c, v in absent.items()}
