"""The rows of the crosswalk: the states, the codes they had and the days on which they had them.

The file, its rules and its sources are described in ``peacestudy.core.countries``, which reads codes by it.
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
SCHEMA = Schema((
    Field("name", required=True), Field("gw", "integer", required=True), Field("cow", "integer"),
    Field("iso3", pattern="[A-Z]{3}"), Field("vdem", "integer"), Field("start", "date", required=True), Field("end", "date"),
    Field("successor", pattern=r"\d+(;\d+)*"), Field("note"),
), key=("gw", "start"))  # fmt: skip
LABEL = {"gw": "GW", "cow": "COW", "iso3": "ISO3", "vdem": "V-Dem"}


class State(NamedTuple):
    """A row of the crosswalk: a state, its codes by system, its first and last day, its heirs (GW) and a note."""

    name: str
    codes: dict[str, int | str | None]
    start: dt.date
    end: dt.date
    successor: list[str]
    note: str

    def covers(self, day: dt.date) -> bool:
        """Whether the state had these codes on a day."""
        return self.start <= day <= self.end

    def called(self, system: str) -> str:
        """Code and name for a sentence; the GW code where the system has none."""
        code = self.codes[system]
        return f"GW {self.codes['gw']} ({self.name})" if code is None else f"{LABEL[system]} {code} ({self.name})"


@cache
def table() -> pd.DataFrame:
    """The file as a table, read once; not to be changed."""
    return read_table(Path(__file__).with_name("countries.csv"), SCHEMA)


@cache
def states() -> tuple[State, ...]:
    """The rows of the table in its order."""
    return tuple(
        State(
            r["name"], {s: None if pd.isna(r[s]) else r[s] for s in SYSTEMS}, r["start"].date(),
            dt.date.max if pd.isna(r["end"]) else r["end"].date(), re.findall(r"[0-9]+", r["successor"] or ""), r["note"] or "",
        )
        for r in table().astype(object).to_dict("records")
    )  # fmt: skip


@cache
def holders(system: str) -> dict[int | str, list[State]]:
    """The states that ever had a code, by code, in order of time."""
    out: dict[int | str, list[State]] = {}
    for state in sorted(states(), key=lambda s: s.start):
        if (code := state.codes[system]) is not None:
            out.setdefault(code, []).append(state)
    return out
