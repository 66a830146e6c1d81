"""Names of states as sources write them, and the states that they mean on a day.

``state_names.csv`` has a row a name and state: the days between which the name means the state,
where not always, and the sources whose habit it is, where habits differ (V-Dem's Germany before
1990 is West Germany). The names of the crosswalk itself count too. Names were written down from
what V-Dem, the World Bank's WDI, UCDP, PA-X, the United Nations and ISO 3166 print. Names are
compared by their canonical form (``peacestudy.core.spelling``), ``&`` as ``and``, ``St.`` as
``Saint``.
"""

import datetime as dt
import re
from difflib import get_close_matches
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from peacestudy.core.dated_states import SYSTEMS, State, holders, states, territories
from peacestudy.core.schema import Field, Schema
from peacestudy.core.spelling import canonical
from peacestudy.core.tables import read_table

SOURCES = ("vdem", "wdi", "ucdp", "pax", "un")
SCHEMA = Schema(
    (
        Field("name", required=True),
        Field("state", required=True, pattern="(gw|iso3|vdem):[A-Z0-9]+"),
        Field("first", "date", description="first day on which the name means the state"),
        Field("last", "date", description="last one"),
        Field(
            "sources",
            pattern="(only )?[a-z]+(;[a-z]+)*",
            description="source that uses the name; only: no other source does",
        ),
    )
)


class Meaning(NamedTuple):
    """A state that a name means: its system and code, between which days, and for which sources."""

    system: str
    code: int | str
    first: dt.date
    last: dt.date
    sources: frozenset[str]
    only: bool

    def on(self, day: dt.date) -> State | None:
        """The row of the crosswalk that is in force on a day."""
        if not self.first <= day <= self.last:
            return None
        return next((s for s in holders(self.system)[self.code] if s.covers(day)), None)

    def held(self) -> list[State]:
        """All rows of the state, in order of time."""
        return holders(self.system)[self.code]


def form_of(name: object) -> str:
    """The form in which two spellings of a state's name are the same.

    Examples
    --------
    >>> form_of("The Gambia"), form_of("St. Kitts & Nevis"), form_of("C\u00d4TE D\u2019IVOIRE")
    ('gambia', 'saint kitts and nevis', "cote d'ivoire")
    """
    text = canonical(str(name).replace("&", " and ").replace(".", ". "))
    text = re.sub(r"\bst\b\.?", "saint", text).replace(".", "")
    text = re.sub(r"\s*,\s*", ", ", text)
    return canonical(text.removeprefix("the ").removesuffix(", the"))


@cache
def meanings() -> dict[str, list[Meaning]]:
    """What each name means, by its form."""
    table = read_table(Path(__file__).with_name("state_names.csv"), SCHEMA)
    out: dict[str, list[Meaning]] = {}
    for name, state, first, last, sources in table.itertuples(index=False, name=None):
        system, _, code = state.partition(":")
        only, habit = (
            str(sources or "").startswith("only "),
            str(sources or "").removeprefix("only "),
        )
        meaning = Meaning(
            system,
            int(code) if code.isdecimal() else code,
            dt.date.min if pd.isna(first) else first.date(),
            dt.date.max if pd.isna(last) else last.date(),
            frozenset(habit.split(";")) - {""},
            only,
        )
        known = out.setdefault(form_of(name), [])
        if meaning not in known:
            known.append(meaning)
    for state in states():
        system = next(s for s in SYSTEMS if state.codes[s] is not None)
        code = state.codes[system]
        if form_of(state.name) not in out and code is not None:
            whole = Meaning(system, code, dt.date.min, dt.date.max, frozenset(), False)
            out[form_of(state.name)] = [whole]
    return out


@lru_cache(65536)
def state_called(name: str, day: dt.date, source: str = "") -> tuple[State | None, str]:
    """The state that a name means on a day, or None and the reason in words.

    Parameters
    ----------
    source : one of ``SOURCES`` whose habits hold, or empty.
    """
    known = meanings().get(form_of(name), [])
    if not known:
        return None, _unknown(name)
    habitual = [m for m in known if source in m.sources]
    used = [m for m in known if not m.only]
    found = _in_force(habitual, day) or _in_force(used, day)
    if len(found) == 1:
        return found[0], ""
    if len(found) > 1:
        told = " or ".join(s.called("gw") for s in found)
        return (
            None,
            (
                f"{name!r} denotes several states on {day}: {told}. Write"
                f" which{_habit(known, source)}."
            ),
        )
    return None, _not_then(name, day, known, source)


def _in_force(known: list[Meaning], day: dt.date) -> list[State]:
    found = {id(s): s for m in known if (s := m.on(day)) is not None}
    return list(found.values())


def _habit(known: list[Meaning], source: str) -> str:
    """How to read the name as a source does, where one has a habit."""
    known_to = {name for meaning in known for name in meaning.sources}
    named = [name for name in SOURCES if name in known_to]
    if not named or source in named:
        return ""
    return f', or read it as a source does: source="{named[0]}"'


def _not_then(name: str, day: dt.date, known: list[Meaning], source: str) -> str:
    """Why a known name means no state on a day."""
    parts = []
    for meaning in known:
        rows = [s for s in meaning.held() if s.end >= meaning.first and s.start <= meaning.last]
        if not rows or (meaning.only and source not in meaning.sources):
            continue
        first, last = max(rows[0].start, meaning.first), min(rows[-1].end, meaning.last)
        until = "" if last == dt.date.max else f" to {last}"
        parts.append(f"{rows[-1].called(meaning.system)} is called so from {first}{until}")
    text = f"{name!r} denotes no state on {day}: {'; '.join(dict.fromkeys(parts))}"
    only_of_source = [m for m in known if m.only]
    there = _in_force(only_of_source, day)
    if there:
        habit = _habit(only_of_source, source)
        text += f"; on {day} there was {there[0].called('gw')}{habit}"
    return f"{text}."


@lru_cache(4096)
def _unknown(name: str) -> str:
    """What a name that means no state may be: a code, a territory, or a misspelling."""
    text = name.strip()
    for system in SYSTEMS:
        code: int | str = int(float(text)) if re.fullmatch(r"[0-9]{1,9}(\.0+)?", text) else text
        held = holders(system).get(code)
        if held:
            return (
                f"{text!r} is a code ({held[-1].called(system)}) and not a name: see"
                " ps.joins.to_system."
            )
    form = form_of(text)
    for iso3, (area, of) in territories().items():
        if form in (form_of(area), iso3.casefold()):
            return f"{area} (ISO3 {iso3}) belongs to {of} and is not in this crosswalk of states."
    near = []
    for word in get_close_matches(form, list(meanings()), n=2, cutoff=0.75):
        meaning = meanings()[word][0]
        near.append(meaning.held()[-1].called(meaning.system))
    hint = f" Names that look like it: {', '.join(dict.fromkeys(near))}." if near else ""
    return f"no state is known by the name {name!r}.{hint}"


@cache
def _forms_of_names() -> frozenset[str]:
    return frozenset(meanings())


def share_of_names(values: pd.Series) -> tuple[int, int, str]:
    """How many distinct values are names of states, of how many, and the first with its state.

    Examples
    --------
    >>> share_of_names(pd.Series(["Mali", "Niger", "x"]))
    (2, 3, "'Mali' is the name of GW 432 (Mali)")
    """
    found = [str(v) for v in values.dropna().unique()]
    names = []
    for value in found:
        is_number = value.strip().replace(".", "").isdecimal()
        if not is_number and form_of(value) in _forms_of_names():
            names.append(value)
    if not names:
        return 0, len(found), ""
    meaning = meanings()[form_of(names[0])][0]
    return (
        len(names),
        len(found),
        f"{names[0]!r} is the name of {meaning.held()[-1].called(meaning.system)}",
    )
