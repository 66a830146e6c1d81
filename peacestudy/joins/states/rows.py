"""Rows of a table of states and years that are looked up by key: which is met, and why where none is."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from peacestudy.core.frame import refuse_twice
from peacestudy.core.joined import REASONS
from peacestudy.core.keys import key_problems, levels, match
from peacestudy.core.problems import nearest, one_of
from peacestudy.errors import JoinError
from peacestudy.outcomes import OutcomeTable
from peacestudy.outcomes.contradictions import contradiction_text

MET, NO_KEY, YEARS, UNIT, ABSENT, FILLED, PARTLY = (
    REASONS.index(r)
    for r in ("met", "no key", "outside the years", "unit not covered", "no row", "filled", "partly observed")
)
_CAN_MISS = {"i": "Int64", "u": "UInt64", "b": "boolean"}
Whys = npt.NDArray[np.int8]


class LookUp(NamedTuple):
    """For each member the row of the other table, -1 for none, and the place of why in ``REASONS``."""

    at: npt.NDArray[np.int64]
    why: Whys


def other_table(other: pd.DataFrame | OutcomeTable, columns: list[str], name: str) -> pd.DataFrame:
    """The other table, refused where a column of the key is absent or rows of one key stand in it twice."""
    table = other.table if isinstance(other, OutcomeTable) else other
    refuse_twice(table, name)
    for column in columns:
        if column not in table.columns:
            known = [str(c) for c in table.columns]
            raise JoinError(
                f"{name} has no column {column!r}.{nearest(column, known)} It has {', '.join(known[:12])}. Name its columns of states and "
                f"years: other_state, other_states, other_year."
            )
    if text := contradiction_text(table, name, columns):
        raise JoinError(text)
    return table


def look_up(keys: Mapping[str, pd.Series], year: str, other: pd.DataFrame | OutcomeTable, name: str) -> LookUp:
    """Find the row of each member, and say why where there is none.

    Parameters
    ----------
    keys : from each key column of the other table to the values of the members.
    year : the one of these columns that holds the year.
    other : the table; an outcome table says over which units and years it speaks.
    name : what the table is.
    """
    table = other.table if isinstance(other, OutcomeTable) else other
    mine = {column: levels(values) for column, values in keys.items()}
    theirs = {column: levels(table[column]) for column in keys}
    for column in keys:
        if text := key_problems(column, mine[column].values, theirs[column].values, name):
            raise JoinError(text)
    found = match(list(mine.values()), list(theirs.values()))
    none = found.at < 0
    why = np.where(none, ABSENT, MET)
    if isinstance(other, OutcomeTable):
        units = [c for c in keys if c != year]
        listed = match([mine[c] for c in units], [theirs[c] for c in units]).at >= 0
        why[none & ~listed & (other.source.units == "listed")] = UNIT
        years = mine[year].values.to_numpy(dtype="float64") if len(mine[year].values) else np.zeros(0)
        within = (years >= other.source.first_year) & (years <= other.source.last_year)
        why[none & ~np.append(within, False)[mine[year].codes]] = YEARS
    why[~found.complete] = NO_KEY
    return LookUp(found.at, why.astype(np.int8))


def met_values(column: pd.Series, at: npt.NDArray[np.int64], other: pd.DataFrame | OutcomeTable) -> pd.Series:
    """The value that each member meets; missing where it meets none, and where the source's number is a code and no value."""
    special = [v for c, v, _ in other.source.special if c == column.name] if isinstance(other, OutcomeTable) else []
    column = column.mask(column.isin(special)) if special else column
    wanted: Any = _CAN_MISS.get(column.dtype.kind, column.dtype)
    return column.astype(wanted).reset_index(drop=True).reindex(at).reset_index(drop=True)


def check_absent(
    absent: Mapping[str, float] | None, measures: Mapping[str, tuple[str, str]], other: pd.DataFrame | OutcomeTable, name: str
) -> None:  # fmt: skip
    """Refuse a declared value for absent rows where no measure asks for the column, or the source does not say what they mean."""
    for column in absent or {}:
        if column not in {c for c, _ in measures.values()}:
            raise JoinError(one_of("a column of absent", column, sorted({c for c, _ in measures.values()})))
    if absent and not (isinstance(other, OutcomeTable) and other.source.absent):
        raise JoinError(
            f"{name} does not say what an absent row means, nor over which states and years it would: a value cannot stand for one. "
            f"Leave absent out; or give an outcome table whose source says it."
        )


def with_absent(values: pd.Series, where: npt.NDArray[np.bool_], value: float) -> pd.Series:
    """The values with a declared one where a row is absent."""
    if values.dtype == "boolean" and value in (0, 1):
        return values.mask(where, bool(value))
    fits = not pd.api.types.is_integer_dtype(values.dtype) or float(value).is_integer()
    return (values if fits else values.astype("Float64")).mask(where, value)


def case_why(why: Whys, owner: npt.NDArray[np.intp], cases: int) -> Whys:
    """Why of each case from those of its members.

    ``met`` where each has a row or a declared value and one at least a row, ``partly observed`` where some have a row; else the
    reason of the member that came nearest to one; a case without members has no key.
    """
    count = {r: np.bincount(owner[why == r], minlength=cases) for r in (MET, FILLED, ABSENT, UNIT, YEARS)}
    members = np.bincount(owner, minlength=cases)
    out = np.full(cases, NO_KEY)
    for reason in (YEARS, UNIT, ABSENT, FILLED):
        out[count[reason] > 0] = reason
    out[count[MET] > 0] = PARTLY
    out[(count[MET] > 0) & (count[MET] + count[FILLED] == members)] = MET
    return out.astype(np.int8)
