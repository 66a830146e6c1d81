"""The rows of the crosswalk: the states, the codes they had and the days on which they had them.

The files, their rules and their sources are described in
``peacestudy.core.countries``, which reads codes by it.
"""

import datetime as dt
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from peacestudy.core.schema import Field, Schema
from peacestudy.core.tables import read_table

SYSTEMS = ("gw", "cow", "iso3", "vdem")
FIRST = dt.date(1946, 1, 1)  # states that ended before are not in the crosswalk
INDEPENDENT, MICROSTATE, OTHER = "independent", "microstate", "other"  # lists of states
_FIELDS = (
    Field("name", required=True),
    Field("gw", "integer"),
    Field("cow", "integer"),
    Field("iso3", pattern="[A-Z]{3}"),
    Field("vdem", "integer"),
    Field("start", "date", required=True),
    Field("end", "date"),
    Field("successor", pattern=r"\d+(;\d+)*"),
    Field("note"),
)
SCHEMA = Schema(_FIELDS, key=("gw", "start"))
OTHERS = Schema(
    (
        *_FIELDS,
        Field("list", required=True, enum=(MICROSTATE, OTHER)),
        Field("source", required=True),
    ),
    key=("name", "start"),
)
TERRITORIES = Schema(
    (
        Field("iso3", required=True, pattern="[A-Z]{3}"),
        Field("name", required=True),
        Field("of", required=True, description="the state it belongs to"),
    ),
    key=("iso3",),
)
LABEL = {"gw": "GW", "cow": "COW", "iso3": "ISO3", "vdem": "V-Dem"}


class State(NamedTuple):
    """A row of the crosswalk: a state, its codes by system, its first and
    last day, its heirs (GW), a note, its list.
    """

    name: str
    codes: dict[str, int | str | None]
    start: dt.date
    end: dt.date
    successor: list[str]
    note: str
    list: str

    def covers(self, day: dt.date) -> bool:
        """Whether the state had these codes on a day."""
        return self.start <= day <= self.end

    def called(self, system: str) -> str:
        """Code and name for a sentence; where the system has none,
        the code of the first one that has.
        """
        for known in (system, *SYSTEMS):
            if self.codes[known] is not None:
                return f"{LABEL[known]} {self.codes[known]} ({self.name})"
        return self.name


@cache
def table() -> pd.DataFrame:
    """The two files as one table, read once; not to be changed."""
    main = read_table(Path(__file__).with_name("countries.csv"), SCHEMA)
    others = read_table(Path(__file__).with_name("other_states.csv"), OTHERS)
    main = main.assign(list=INDEPENDENT, source=None)
    both = pd.concat([main.astype(object), others[main.columns].astype(object)], ignore_index=True)
    both = both.astype(
        {**main.dtypes.to_dict(), "list": others["list"].dtype, "source": others["source"].dtype}
    )
    return both.sort_values(["gw", "start"], ignore_index=True)


@cache
def territories() -> dict[str, tuple[str, str]]:
    """Codes of ISO 3166-1 for areas that are no states: name, and
    the state that each belongs to.
    """
    found = read_table(Path(__file__).with_name("territories.csv"), TERRITORIES)
    return {code: (name, of) for code, name, of in found.itertuples(index=False, name=None)}


@cache
def states() -> tuple[State, ...]:
    """The rows of the table in its order."""
    out = []
    for row in table().astype(object).to_dict("records"):
        codes = {system: None if pd.isna(row[system]) else row[system] for system in SYSTEMS}
        state = State(
            row["name"],
            codes,
            row["start"].date(),
            dt.date.max if pd.isna(row["end"]) else row["end"].date(),
            re.findall(r"[0-9]+", row["successor"] or ""),
            row["note"] or "",
            row["list"],
        )
        out.append(state)
    return tuple(out)


@cache
def holders(system: str) -> dict[int | str, list[State]]:
    """The states that ever had a code, by code, in order of time."""
    out: dict[int | str, list[State]] = {}
    for state in sorted(states(), key=lambda s: s.start):
        code = state.codes[system]
        if code is not None:
            out.setdefault(code, []).append(state)
    return out
