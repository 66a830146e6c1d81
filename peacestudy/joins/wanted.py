"""What the cases look up: their keys in the terms of the other table,
years shifted, codes of states translated.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from peacestudy.core.countries import SYSTEMS, translate_many
from peacestudy.core.problems import Note, one_of
from peacestudy.core.todays_codes import codes_before_their_time, translate_todays
from peacestudy.errors import JoinError
from peacestudy.joins.states.systems import border_notes, system_misfit
from peacestudy.outcomes import OutcomeTable


class Wanted(NamedTuple):
    """The keys that the cases look up.

    Attributes
    ----------
    columns : key columns in the order of the join, under the names of the cases.
    year : which of them is the year, -1 for none.
    no_state : rows whose state has no code in the source's system on the date.
    said : what was done to the keys, in words.
    notes : what a reader must know of the codes.
    """

    columns: list[pd.Series]
    year: int
    no_state: npt.NDArray[np.bool_]
    said: list[str]
    notes: tuple[Note, ...]


def wanted_keys(
    data: pd.DataFrame, source: OutcomeTable | None, pairs: Mapping[str, str], states: str, lag: int
) -> Wanted:
    """The keys of the cases as the other table writes them; arguments as in ``join``."""
    known = source.source if source else None
    theirs = list(pairs.values())
    year = theirs.index(known.year) if known and known.year in theirs else -1
    columns = [data[mine] for mine in pairs]
    if year >= 0:
        _whole(columns[year])
    said: list[str] = []
    if isinstance(lag, bool) or not isinstance(lag, int | np.integer):
        raise JoinError(f"lag is {lag!r}; it must be a whole number of years.")
    if lag:
        if year < 0:
            raise JoinError(
                "lag shifts the year, and the other table does not say which key column is one."
                " Read it with ps.outcomes.read, or wrap it: ps.outcomes.own(table, ...,"
                ' year="year").'
            )
        columns[year] = _shifted(columns[year], lag)
        said.append(f"{abs(lag)} year(s) {'before' if lag > 0 else 'after'} the case's")
    systems = {
        i: dict(known.states)[c] for i, c in enumerate(theirs) if known and c in dict(known.states)
    }
    no_state = np.zeros(len(data), bool)
    notes: list[Note] = []
    if not systems and states:
        raise JoinError(
            "states names a code system, and no key column of the other table names a state. Leave"
            " it out."
        )
    for i, system in systems.items():
        mine = list(pairs)[i]
        notes += _system(
            columns[i], columns[year] if year >= 0 else None, mine, states, system, source
        )
        todays = known is not None and known.codes == "today"
        if states == system and not (todays and year >= 0):
            continue
        if year < 0:
            raise JoinError(
                f"codes of {mine!r} are to be translated from {states} to {system}, and no key"
                " column is a year. Translate them on the dates of your cases first:"
                " ps.joins.to_system."
            )
        if todays:
            told = _todays(columns[i], columns[year], states, system)
            said.append(f"{mine} translated to the {system} codes of today that the source writes")
            notes += border_notes(told["borders"], mine)
        else:
            told = translate_many(columns[i], columns[year], states, system)
            said.append(f"{mine} translated from {states} to {system} on 31 December")
        lost = (told["translated"].isna() & columns[i].notna() & columns[year].notna()).to_numpy()
        columns[i] = told["translated"]
        no_state |= lost
        if lost.any():
            first = told["reason"][lost].value_counts()
            notes.append(
                Note(
                    "codes",
                    f"{int(lost.sum())} row(s) have a state without a code of {system}:"
                    f" {first.index[0]}",
                )
            )
    return Wanted(columns, year, no_state, said, tuple(notes))


def _todays(codes: pd.Series, years: pd.Series, states: str, system: str) -> pd.DataFrame:
    """Today's codes of the states; where the cases are in the source's
    system, codes that need no translation stay.
    """
    told = translate_todays(codes, years, states, system, today="target")
    if states == system:
        early = codes_before_their_time(codes, years, system) & told["translated"].isna()
        told["translated"] = told["translated"].where(~early, codes)
        told["borders"] = told["borders"].where(
            ~early, f"a code of today in a year before it was in force ({system})"
        )
    return told


def _shifted(years: pd.Series, lag: int) -> pd.Series:
    return years.astype("Int64") - int(lag)  # small and unsigned types would overflow


def _whole(years: pd.Series) -> None:
    if not pd.api.types.is_numeric_dtype(years) or pd.api.types.is_bool_dtype(years):
        raise JoinError(
            f"{str(years.name)!r} is to be a year and is not a number. Bring it to integers."
        )
    numbers = years.to_numpy(dtype="float64", na_value=np.nan)
    if (broken := numbers[numbers % 1 > 0]).size:
        raise JoinError(
            f"{str(years.name)!r} is to be a year and holds {broken[0]}. Round it knowingly."
        )


def _system(
    codes: pd.Series,
    years: pd.Series | None,
    name: str,
    states: str,
    system: str,
    source: OutcomeTable | None,
) -> list[Note]:
    """Refuse codes of another system than declared; tell of single ones."""
    of = (source.source.id or source.source.name) if source else ""
    if not states:
        raise JoinError(
            f"{of} names states by codes of {system}. Say which system {name!r} uses, so that"
            " nothing is guessed: "
            f'states="gw", "cow", "iso3" or "vdem".'
        )
    if states not in SYSTEMS:
        raise JoinError(one_of("states", states, SYSTEMS))
    misfit = system_misfit(codes, years, states, name)
    if misfit.refused:
        raise JoinError(misfit.text)
    return [Note("code_system", misfit.text)] if misfit.text else []
