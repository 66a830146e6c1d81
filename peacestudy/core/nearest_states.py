"""Sentences for a code that is not in force on a day: what became of
the state, and which code was probably meant.
"""

import datetime as dt
from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache, lru_cache

from peacestudy.core.dated_states import LABEL, SYSTEMS, State, holders, states, territories
from peacestudy.core.state_names import state_called


def out_of_force(key: int | str, day: dt.date, system: str, held: list[State]) -> str:
    """Why a code that exists is not in force, and which states were there instead."""
    ended = [s for s in held if s.end < day]
    state = ended[-1] if ended else held[0]
    near = _line(state, day, heirs=bool(ended))
    names, s, were = (
        " and ".join(x.called(system) for x in near),
        "s" * (len(near) > 1),
        ("was", "were")[len(near) > 1],
    )
    text = (
        f"{state.called(system)}"
        f" {f'ended on {state.end}' if ended else f'is in force from {state.start}'}"
    )
    if near:
        text += f"; on {day} " + (
            f"its successor{s} {were} {names}" if ended else f"the state{s} there {were} {names}"
        )
    elif state.note:
        text += f"; note: {state.note}"
    # GW and COW number alike, so a code of one in the other's column is likely a mix-up; with
    # V-Dem's it is chance
    return f"{text}." + _elsewhere(
        key, day, system, {"gw": ("cow",), "cow": ("gw",)}.get(system, ())
    )


def _line(state: State, day: dt.date, heirs: bool) -> list[State]:
    """The heirs, or the forebears, of a state that were in force on a day."""
    step = [new if heirs else old for old, new in _handovers() if state is (old if heirs else new)]
    return [found for s in step for found in ([s] if s.covers(day) else _line(s, day, heirs))]


@cache
def _handovers() -> list[tuple[State, State]]:
    pairs = (
        (old, new) for old in states() for new in states() if str(new.codes["gw"]) in old.successor
    )
    return [(old, new) for old, new in pairs if new.covers(old.end + dt.timedelta(days=1))]


def unknown(key: int | str, day: dt.date, system: str) -> str:
    """What a code that a system never had may be: another system's
    code, an old ISO code, or its neighbours.
    """
    text = f"{LABEL[system]} has no code {key!r}."
    called = state_called(key, day)[0] if isinstance(key, str) else None
    if called is not None:
        return (
            f"{text} {key!r} is the name of {called.called(system)}: turn names into codes with"
            " ps.joins.state_codes."
        )
    if isinstance(key, str) and key in territories():
        name, of = territories()[key]
        return (
            f"{key} is {name} (ISO 3166-1), which belongs to {of} and is not in this crosswalk of"
            " states."
        )
    elsewhere = _elsewhere(key, day, system, SYSTEMS)
    if elsewhere:
        return text + elsewhere
    if isinstance(key, str):
        for state in states():
            if f"ISO code {key} " in state.note:
                return f"{text} See {state.called(system)}: {state.note}."
    near = []
    for code in _alike(key, system):
        near += [state.called(system) for state in holders(system)[code] if state.covers(day)]
    if near:
        text += f" The nearest on {day}: {', '.join(near[:2])}."
    return text


def _elsewhere(key: int | str, day: dt.date, system: str, others: Iterable[str]) -> str:
    """Sentences that say which state a code is in other systems."""
    text = ""
    for other in others:
        if other == system:
            continue
        for state in holders(other).get(key, ()):
            if state.covers(day):
                text += f" On {day} {LABEL[other]} {key} is {state.called(system)}."
    return text


@lru_cache(4096)
def _alike(key: int | str, system: str) -> list[int | str]:
    """The codes next to a number, or those whose text, name or
    word of the name looks most like a text.
    """
    if isinstance(key, int):
        if system == "iso3":
            return []
        return sorted(holders(system), key=lambda code: abs(int(code) - key))[:9]
    # only words with the same initial: a wrong column of thousands of texts must not take a minute
    words = {word: codes for word, codes in _words(system).items() if word[0] == key.casefold()[0]}
    return [code for word in get_close_matches(key.casefold(), words, n=1) for code in words[word]]


@cache
def _words(system: str) -> dict[str, list[int | str]]:
    words: dict[str, list[int | str]] = {}
    for code, held in holders(system).items():
        text = " ".join([str(code), *(s.name for s in held)]).casefold()
        for word in {*text.split(), *(s.name.casefold() for s in held)}:
            words.setdefault(word, []).append(code)
    return words
