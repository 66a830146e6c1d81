"""The keys that the cases look up, as the other table writes them:
years shifted by a lag, codes of states translated.
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
from peacestudy.joins.keys.state_codes import border_notes, system_misfit
from peacestudy.outcomes import OutcomeTable


class RequestedKeys(NamedTuple):
    """The keys that the cases look up.

    Attributes
    ----------
    columns : key columns in the order of the join, under the names of the cases.
    year : which of them is the year, -1 for none.
    no_state : rows whose state has no code in the source's system on the date.
    changes : what was done to the keys, in words.
    notes : what a reader must know of the codes.
    """

    columns: list[pd.Series]
    year: int
    no_state: npt.NDArray[np.bool_]
    changes: list[str]
    notes: tuple[Note, ...]


def keys_to_look_up(
    data: pd.DataFrame, source: OutcomeTable | None, pairs: Mapping[str, str], states: str, lag: int
) -> RequestedKeys:
    """The keys of the cases as the other table writes them; arguments as in ``join``."""
    known = source.source if source else None
    names = list(pairs)
    other_names = list(pairs.values())
    columns = [data[name] for name in names]
    changes: list[str] = []

    year = -1
    if known and known.year in other_names:
        year = other_names.index(known.year)
        _refuse_no_years(columns[year])
    _check_lag(lag, year)
    if lag:
        columns[year] = _shifted(columns[year], lag)
        changes.append(f"{abs(lag)} year(s) {'before' if lag > 0 else 'after'} the case's")

    systems = dict(known.states) if known else {}
    state_columns = [place for place, name in enumerate(other_names) if name in systems]
    if states and not state_columns:
        raise JoinError(
            "states names a code system, and no key column of the other table names a state. Leave"
            " it out."
        )
    no_state = np.zeros(len(data), bool)
    notes: list[Note] = []
    for place in state_columns:
        years = columns[year] if year >= 0 else None
        found = _Translation(names[place], states, systems[other_names[place]], source)
        notes += found.check(columns[place], years)
        if found.needed(years):
            translated, lost = found.translate(columns[place], years)
            columns[place] = translated
            no_state |= lost
        notes += found.notes
        changes += found.changes
    return RequestedKeys(columns, year, no_state, changes, tuple(notes))


class _Translation:
    """The translation of one column of state codes to the system of the source.

    ``notes`` and ``changes`` say what was done.
    """

    def __init__(self, name: str, states: str, system: str, source: OutcomeTable | None) -> None:
        self.name, self.states, self.system = name, states, system
        self.source_name = (source.source.id or source.source.name) if source else ""
        self.todays = source is not None and source.source.codes == "today"
        self.notes: list[Note] = []
        self.changes: list[str] = []

    def check(self, codes: pd.Series, years: pd.Series | None) -> list[Note]:
        """Refuse codes of another system than declared; a note on single ones."""
        if not self.states:
            raise JoinError(
                f"{self.source_name} names states by codes of {self.system}. Say which system"
                f" {self.name!r} uses, so that nothing is guessed: "
                'states="gw", "cow", "iso3" or "vdem".'
            )
        if self.states not in SYSTEMS:
            raise JoinError(one_of("states", self.states, SYSTEMS))
        misfit = system_misfit(codes, years, self.states, self.name)
        if misfit.refused:
            raise JoinError(misfit.text)
        return [Note("code_system", misfit.text)] if misfit.text else []

    def needed(self, years: pd.Series | None) -> bool:
        """Whether the codes of the cases and of the source can differ."""
        return self.states != self.system or (self.todays and years is not None)

    def translate(
        self, codes: pd.Series, years: pd.Series | None
    ) -> tuple[pd.Series, npt.NDArray[np.bool_]]:
        """The translated codes, and the rows whose state has none."""
        if years is None:
            raise JoinError(
                f"codes of {self.name!r} are to be translated from {self.states} to {self.system},"
                " and no key column is a year. Translate them on the dates of your cases first:"
                " ps.joins.to_system."
            )
        if self.todays:
            table = self._todays(codes, years)
            self.changes.append(
                f"{self.name} translated to the {self.system} codes of today that the source writes"
            )
            self.notes += border_notes(table["borders"], self.name)
        else:
            table = translate_many(codes, years, self.states, self.system)
            self.changes.append(
                f"{self.name} translated from {self.states} to {self.system} on 31 December"
            )
        untranslated = table["translated"].isna() & codes.notna() & years.notna()
        lost: npt.NDArray[np.bool_] = untranslated.to_numpy()
        if lost.any():
            reasons = table["reason"][lost].value_counts()
            self.notes.append(
                Note(
                    "codes",
                    f"{int(lost.sum())} row(s) have a state without a code of {self.system}:"
                    f" {reasons.index[0]}",
                )
            )
        return table["translated"], lost

    def _todays(self, codes: pd.Series, years: pd.Series) -> pd.DataFrame:
        """Today's codes of the states; where the cases are in the source's
        system, codes that need no translation stay.
        """
        table = translate_todays(codes, years, self.states, self.system, today="target")
        if self.states == self.system:
            early = codes_before_their_time(codes, years, self.system)
            early &= table["translated"].isna()
            table["translated"] = table["translated"].where(~early, codes)
            change = f"a code of today in a year before it was in force ({self.system})"
            table["borders"] = table["borders"].where(~early, change)
        return table


def _check_lag(lag: int, year: int) -> None:
    if isinstance(lag, bool) or not isinstance(lag, int | np.integer):
        raise JoinError(f"lag is {lag!r}; it must be a whole number of years.")
    if lag and year < 0:
        raise JoinError(
            "lag shifts the year, and the other table does not say which key column is one."
            " Read it with ps.outcomes.read_source, or wrap it: ps.outcomes.as_outcome(table, ...,"
            ' year="year").'
        )


def _shifted(years: pd.Series, lag: int) -> pd.Series:
    return years.astype("Int64") - int(lag)  # small and unsigned types would overflow


def _refuse_no_years(years: pd.Series) -> None:
    """Refuse a column that is to be the year and does not hold whole numbers."""
    if not pd.api.types.is_numeric_dtype(years) or pd.api.types.is_bool_dtype(years):
        raise JoinError(
            f"{str(years.name)!r} is to be a year and is not a number. Bring it to integers."
        )
    numbers = years.to_numpy(dtype="float64", na_value=np.nan)
    broken = numbers[numbers % 1 > 0]
    if broken.size:
        raise JoinError(
            f"{str(years.name)!r} is to be a year and holds {broken[0]}. Round it knowingly."
        )
