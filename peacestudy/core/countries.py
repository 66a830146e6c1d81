"""Which state a code means on a date: a dated crosswalk of Gleditsch-Ward, COW, ISO 3166 and V-Dem codes.

``countries.csv`` has a row for each interval in which the codes of one state do not change. It covers the independent
states of Gleditsch and Ward from 1946-01-01 on, as their list stood at the end of 2017 (later dates are read as
unchanged; their microstates are not in it). A code names the state, and a date is one of that state by Gleditsch
and Ward, or of a change of its code. So:

- COW's dates of membership, which differ (Austria 1955, Syria 1958 to 1961, Serbia's 345 since 1918), are not
  reproduced: COW's code is given for the whole life of the state. V-Dem's coverage before independence is not either.
- ISO 3166 appeared in 1974; before, a state carries the first code that ISO gave it. A code changes on the day on which
  the state did (the Soviet Union's SUN ends on 1991-12-25), not when ISO withdrew it (1992-08-30); ``note`` has that date.
- A name is the state's usual English one; a change of name without a change of code is in ``note``.

Sources: Gleditsch and Ward (1999), A revised list of independent states since the congress of Vienna, International
Interactions 25(4): 393-413; Correlates of War Project, State System Membership; ISO 3166-1 and 3166-3; V-Dem (country_id).
"""

import datetime as dt
import re
from collections.abc import Iterable
from contextlib import suppress
from difflib import get_close_matches
from functools import cache, lru_cache
from numbers import Integral, Real
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from pandas.api.types import is_scalar

from peacestudy.core.problems import one_of
from peacestudy.core.schema import Field, Schema
from peacestudy.core.tables import read_table
from peacestudy.errors import JoinError

SYSTEMS = ("gw", "cow", "iso3", "vdem")
FIRST = dt.date(1946, 1, 1)  # states that ended before are not in the crosswalk
SCHEMA = Schema((
    Field("name", required=True), Field("gw", "integer", required=True), Field("cow", "integer"),
    Field("iso3", pattern="[A-Z]{3}"), Field("vdem", "integer"), Field("start", "date", required=True), Field("end", "date"),
    Field("successor", pattern=r"\d+(;\d+)*"), Field("note"),
), key=("gw", "start"))  # fmt: skip
_LABEL = {"gw": "GW", "cow": "COW", "iso3": "ISO3", "vdem": "V-Dem"}


class _State(NamedTuple):
    name: str
    codes: dict[str, int | str | None]
    start: dt.date
    end: dt.date
    successor: list[str]
    note: str

    def covers(self, day: dt.date) -> bool:
        return self.start <= day <= self.end

    def called(self, system: str) -> str:
        code = self.codes[system]
        return f"GW {self.codes['gw']} ({self.name})" if code is None else f"{_LABEL[system]} {code} ({self.name})"


def crosswalk() -> pd.DataFrame:
    """A copy of the whole crosswalk: ``name, gw, cow, iso3, vdem, start, end, successor, note``, sorted by gw and start.

    ``start`` and ``end`` are inclusive. A missing ``end`` means still in force, a missing code that the system has none.

    Examples
    --------
    >>> crosswalk().query("gw == 345")[["name", "iso3", "start", "end", "successor"]]
                         name iso3      start        end successor
    54             Yugoslavia  YUG 1918-12-01 2003-02-03       345
    55  Serbia and Montenegro  SCG 2003-02-04 2006-06-04   340;341
    """
    return _table().copy()


def translate(code: object, date: object, source: str, target: str) -> int | str:
    """The code of a state in another system, on a date.

    Parameters
    ----------
    code : number or text; 160, 160.0 and "160" are the same, a fraction or a truth value is refused.
    date : "YYYY-MM-DD", a date or a Timestamp (its time of day is ignored), or a whole number for a year, which means
        **31 December** of that year. From 1946-01-01 on.
    source, target : {"gw", "cow", "iso3", "vdem"}

    Returns
    -------
    int or str
        Text for ``iso3``, else a number.

    Raises
    ------
    JoinError
        The code is not in force on the date, or the target has none for that state; the message names the nearest.

    Examples
    --------
    >>> translate(260, 1989, "gw", "cow"), translate(260, 1990, "gw", "cow")
    (260, 255)
    >>> translate("SUN", "1991-12-25", "iso3", "gw")
    365
    >>> translate(340, "2000-01-01", "gw", "iso3")
    Traceback (most recent call last):
    peacestudy.errors.JoinError: GW 340 (Serbia) is in force from 2006-06-05; on 2000-01-01 the state there was GW 345 \
(Yugoslavia).
    """
    _check(source=source, target=target)
    state = _find(code, date, source)
    found = state.codes[target]
    if found is None:
        note = f" Note: {state.note}." if state.note else ""
        raise JoinError(f"{_LABEL[target]} has no code for {state.called(source)}.{note}")
    return found


def country_name(code: object, date: object, source: str) -> str:
    """The English name of a state on a date; arguments and errors as in ``translate``.

    Examples
    --------
    >>> country_name(345, "2002-12-31", "gw"), country_name(345, 2003, "gw"), country_name(345, 2010, "cow")
    ('Yugoslavia', 'Serbia and Montenegro', 'Serbia')
    """
    _check(source=source)
    return _find(code, date, source).name


def translate_many(codes: pd.Series, dates: pd.Series, source: str, target: str) -> pd.DataFrame:
    """Translate a column of codes, each on its date; nothing is dropped and nothing raises but a wrong call.

    Parameters
    ----------
    codes, dates : Series with one index; cells as in ``translate``.
    source, target : {"gw", "cow", "iso3", "vdem"}

    Returns
    -------
    DataFrame
        Index of ``codes``; columns ``code, date`` as given, ``translated`` (Int64, for ``iso3`` text) and ``reason``: why
        there is no translation, in words, or missing.

    Examples
    --------
    >>> translate_many(pd.Series([365, 365, 711]), pd.Series([1990, 1991, 1949]), "gw", "iso3")
       code  date translated                                             reason
    0   365  1990        SUN                                               None
    1   365  1991        RUS                                               None
    2   711  1949       None  ISO3 has no code for GW 711 (Tibet). Note: in ...
    """
    _check(source=source, target=target)
    if not codes.index.equals(dates.index):
        raise JoinError("codes and dates do not have the same index; take both from one table.")
    pairs: list[tuple[int | str | None, str | None]] = []
    for code, date in zip(codes.astype(object), dates.astype(object), strict=True):
        try:
            pairs.append((translate(code, date, source, target), None))
        except JoinError as err:
            pairs.append((None, str(err)))
    translated, reason = (pd.Series([p[i] for p in pairs], codes.index, dtype=object) for i in (0, 1))
    translated = translated if target == "iso3" else translated.astype("Int64")
    return pd.DataFrame({"code": codes, "date": dates, "translated": translated, "reason": reason})


def _check(**systems: str) -> None:
    for what, system in systems.items():
        if system not in SYSTEMS:
            raise JoinError(one_of(what, system, SYSTEMS))


@cache
def _table() -> pd.DataFrame:
    return read_table(Path(__file__).with_name("countries.csv"), SCHEMA)


@cache
def _states() -> tuple[_State, ...]:
    return tuple(
        _State(
            r["name"], {s: None if pd.isna(r[s]) else r[s] for s in SYSTEMS}, r["start"].date(),
            dt.date.max if pd.isna(r["end"]) else r["end"].date(), re.findall(r"[0-9]+", r["successor"] or ""), r["note"] or "",
        )
        for r in _table().astype(object).to_dict("records")
    )  # fmt: skip


@cache
def _holders(system: str) -> dict[int | str, list[_State]]:
    """The states that ever had a code, by code, in order of time."""
    out: dict[int | str, list[_State]] = {}
    for state in sorted(_states(), key=lambda s: s.start):
        if (code := state.codes[system]) is not None:
            out.setdefault(code, []).append(state)
    return out


def _find(code: object, date: object, system: str) -> _State:
    key, day = _code(code), _day(date)
    held = _holders(system).get(key, [])
    if state := next((s for s in held if s.covers(day)), None):
        return state
    raise JoinError(_out_of_force(key, day, system, held) if held else _unknown(key, day, system))


def _code(value: Any) -> int | str:
    if is_scalar(value) and pd.isna(value):
        raise JoinError("the code is missing.")
    if isinstance(value, str) and (text := value.strip()):
        return int(float(text)) if re.fullmatch(r"[0-9]{1,9}(\.0+)?", text) else text
    if (number := _whole(value)) is None:
        raise JoinError(f"code {value!r} is neither a whole number nor text; write the code as its system does.")
    return number


def _day(value: Any) -> dt.date:
    if is_scalar(value) and pd.isna(value):
        raise JoinError("the date is missing.")
    day, year = None, _whole(value)
    if isinstance(value, (dt.date, np.datetime64)):
        day = pd.Timestamp(value).date()
    elif isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        with suppress(ValueError):  # such as 1990-02-30
            day = dt.date.fromisoformat(value)
    elif year is not None and 1 <= year <= dt.MAXYEAR:
        day = dt.date(year, 12, 31)
    if day is None:
        raise JoinError(f"date {value!r} is not an existing date as YYYY-MM-DD, nor a year as a whole number.")
    if day < FIRST:
        raise JoinError(f"date {day} is before {FIRST}, where the crosswalk begins.")
    return day


def _whole(value: Any) -> int | None:
    whole = isinstance(value, Integral) or (isinstance(value, Real) and float(value).is_integer())
    return int(value) if whole and not isinstance(value, bool) else None


def _out_of_force(key: int | str, day: dt.date, system: str, held: list[_State]) -> str:
    """Why a code that exists is not in force, and which states were there instead."""
    ended = [s for s in held if s.end < day]
    state = ended[-1] if ended else held[0]
    near = _line(state, day, heirs=bool(ended))
    names, s, were = " and ".join(x.called(system) for x in near), "s" * (len(near) > 1), ("was", "were")[len(near) > 1]
    text = f"{state.called(system)} {f'ended on {state.end}' if ended else f'is in force from {state.start}'}"
    if near:
        text += f"; on {day} " + (f"its successor{s} {were} {names}" if ended else f"the state{s} there {were} {names}")
    elif state.note:
        text += f"; note: {state.note}"
    # GW and COW number alike, so a code of one in the other's column is likely a mix-up; with V-Dem's it is chance
    return f"{text}." + _elsewhere(key, day, system, {"gw": ("cow",), "cow": ("gw",)}.get(system, ()))


def _line(state: _State, day: dt.date, heirs: bool) -> list[_State]:
    """The heirs, or the forebears, of a state that were in force on a day."""
    step = [new if heirs else old for old, new in _handovers() if state is (old if heirs else new)]
    return [found for s in step for found in ([s] if s.covers(day) else _line(s, day, heirs))]


@cache
def _handovers() -> list[tuple[_State, _State]]:
    pairs = ((old, new) for old in _states() for new in _states() if str(new.codes["gw"]) in old.successor)
    return [(old, new) for old, new in pairs if new.covers(old.end + dt.timedelta(days=1))]


def _unknown(key: int | str, day: dt.date, system: str) -> str:
    text = f"{_LABEL[system]} has no code {key!r}."
    if elsewhere := _elsewhere(key, day, system, SYSTEMS):
        return text + elsewhere
    if isinstance(key, str) and (named := next((s for s in _states() if f"ISO code {key} " in s.note), None)):
        return f"{text} See {named.called(system)}: {named.note}."
    near = [s.called(system) for code in _alike(key, system) for s in _holders(system)[code] if s.covers(day)]
    return text + (f" The nearest on {day}: {', '.join(near[:2])}." if near else "")


def _elsewhere(key: int | str, day: dt.date, system: str, others: Iterable[str]) -> str:
    """Sentences that say which state a code is in other systems."""
    found = [(o, s) for o in others if o != system for s in _holders(o).get(key, ()) if s.covers(day)]
    return "".join(f" On {day} {_LABEL[other]} {key} is {state.called(system)}." for other, state in found)


@lru_cache(4096)
def _alike(key: int | str, system: str) -> list[int | str]:
    """The codes next to a number, or those whose text, name or word of the name looks most like a text."""
    if isinstance(key, int):
        return [] if system == "iso3" else sorted(_holders(system), key=lambda code: abs(int(code) - key))[:9]
    # only words with the same initial: a wrong column of thousands of texts must not take a minute
    words = {word: codes for word, codes in _words(system).items() if word[0] == key.casefold()[0]}
    return [code for word in get_close_matches(key.casefold(), words, n=1) for code in words[word]]


@cache
def _words(system: str) -> dict[str, list[int | str]]:
    words: dict[str, list[int | str]] = {}
    for code, held in _holders(system).items():
        text = " ".join([str(code), *(s.name for s in held)]).casefold()
        for word in {*text.split(), *(s.name.casefold() for s in held)}:
            words.setdefault(word, []).append(code)
    return words
