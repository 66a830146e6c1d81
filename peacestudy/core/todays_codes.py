"""States in sources that write today's codes in every year, such as COD for Zaire in 1990.

Most panels are rewritten as a whole when a state changes its code, so a row of 1990 carries the
code of the release. A code of the date (ZAR) then meets no row. A change of name is bridged,
because the state and its borders stayed. A change of borders together with the code (SUN to RUS) is
never bridged: the rows describe another territory. A state that ended keeps its last code. Where
the borders changed and the code did not (ETH before and after Eritrea), the row is matched by its
code and the change is reported.

``border_changes.csv`` lists the days on which an independent state, or what became one, left or
joined another since 1946. Sources: Gleditsch and Ward (1999), International Interactions 25(4);
Correlates of War Project, State System Membership; the changes of ISO 3166-3 and of the numbers of
UN M49. Smaller cessions are not in it.
"""

import datetime as dt
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from peacestudy.core.countries import covered, distinct_pairs, rows_in_force, state_on
from peacestudy.core.dated_states import LABEL, State, holders
from peacestudy.core.schema import Field, Schema
from peacestudy.core.tables import read_table
from peacestudy.errors import JoinError

SCHEMA = Schema(
    (
        Field("gw", "integer", required=True),
        Field("date", "date", required=True, description="first day of the new borders"),
        Field("change", required=True),
        Field("source", required=True),
    ),
    key=("gw", "date"),
)
DATES_OF_CODES = ("date", "today")


class Found(NamedTuple):
    """The code, and the border change since the date; or the reason why there is no code."""

    code: int | str | None
    borders: str | None
    reason: str | None


def translate_todays(
    codes: pd.Series, dates: pd.Series, source: str, target: str, today: str
) -> pd.DataFrame:
    """Translate states where the codes on one side are today's in every year.

    Parameters
    ----------
    codes, dates : Series with one index; cells as in ``peacestudy.core.countries.translate``.
    source, target : {"gw", "cow", "iso3", "vdem"}
    today : {"source", "target"}, the side whose codes are today's.

    Returns
    -------
    DataFrame
        Index of ``codes``; ``translated`` (Int64, for ``iso3`` text); ``reason``, why there is no
        translation; ``borders``, the change of borders since the date where the code was matched
        all the same, because it did not change.

    Raises
    ------
    JoinError
        The two Series have different indexes.

    Examples
    --------
    >>> codes, dates = pd.Series([490, 365, 530]), pd.Series([1990, 1985, 1980])
    >>> translate_todays(codes, dates, "gw", "iso3", today="target")[
    ...     ["translated", "borders"]
    ... ].values.tolist()
    [['COD', None], [None, None], ['ETH', 'Eritrea left (1993-05-24)']]
    """
    if not codes.index.equals(dates.index):
        raise JoinError("codes and dates do not have the same index. Take both from one table.")
    find = _to_today if today == "target" else _from_today
    pair, first = distinct_pairs(codes, dates)
    pairs = zip(codes.iloc[first].astype(object), dates.iloc[first].astype(object), strict=True)
    found = pd.DataFrame(
        [find(code, date, source, target) for code, date in pairs], columns=Found._fields
    )
    found = found.astype(object).where(found.notna(), None).iloc[pair].set_axis(codes.index)
    translated = found["code"] if target == "iso3" else found["code"].astype("Int64")
    return pd.DataFrame(
        {"translated": translated, "reason": found["reason"], "borders": found["borders"]}
    )


def code_today(code: object, system: str) -> int | str | None:
    """Today's code, in the same system, of the state that a code last
    meant; None where borders changed or it ended.

    Examples
    --------
    >>> code_today("ZAR", "iso3"), code_today("SUN", "iso3")
    ('COD', None)
    """
    held = holders(system).get(code, []) if isinstance(code, int | str) else []
    return _to_today(code, held[-1].end, system, system).code if held else None


def codes_before_their_time(codes: pd.Series, years: pd.Series, system: str) -> pd.Series:
    """Rows that carry a code of today in a year in which the code was
    not yet in force, by the index of ``codes``.

    Examples
    --------
    >>> codes_before_their_time(
    ...     pd.Series(["COD", "ZAR", "FRA"]), pd.Series([1990] * 3), "iso3"
    ... ).tolist()
    [True, False, False]
    """
    on_date = rows_in_force(codes, years, system)
    now = rows_in_force(codes, pd.Series(dt.date.max, index=codes.index, dtype=object), system)
    known = years.map(lambda year: not pd.isna(year) and covered(year))
    return pd.Series((on_date < 0) & (now >= 0), index=codes.index) & known


def border_change(state: State, day: dt.date) -> str | None:
    """The first change of a state's borders after a day, with its
    date; None where there was none.
    """
    for date, change in _changes().get(state.codes["gw"], []):
        if date > day:
            return f"{change} ({date})"
    return None


@cache
def _changes() -> dict[int | str | None, list[tuple[dt.date, str]]]:
    table = read_table(Path(__file__).with_name("border_changes.csv"), SCHEMA).sort_values(
        ["gw", "date"]
    )
    out: dict[int | str | None, list[tuple[dt.date, str]]] = {}
    for gw, date, change in zip(table["gw"], table["date"], table["change"], strict=True):
        out.setdefault(int(gw), []).append((date.date(), str(change)))
    return out


def _to_today(code: object, date: object, source: str, target: str) -> Found:
    """Today's code of the state that a code means on a date."""
    try:
        state, day = state_on(code, date, source)
        then = state.codes[target]
    except JoinError as err:
        return Found(None, None, str(err))
    latest = _latest(state)
    now, change = latest.codes[target], border_change(state, day)
    # no state of today: a source may still have rows under its former code
    if latest.end < dt.date.max:
        ended = state if change else latest
        heir = _bearer_today(ended.codes[target], target)
        if heir is not None:
            return Found(
                None, None, _not_bridged(ended, heir, target, f"{ended.name} ended on {ended.end}")
            )
        return _code_or_reason(ended, target, None)
    if change and now != then:
        return Found(None, None, _not_bridged(state, latest, target, change))
    return _code_or_reason(latest, target, change)


def _latest(state: State) -> State:
    """The last row of a state; what has no code of Gleditsch and Ward has one row."""
    gw = state.codes["gw"]
    return state if gw is None else holders("gw")[gw][-1]


def _code_or_reason(state: State, target: str, borders: str | None) -> Found:
    code = state.codes[target]
    reason = (
        None if code is not None else f"{LABEL[target]} has no code for {state.called(target)}."
    )
    return Found(code, borders, reason)


def _from_today(code: object, date: object, source: str, target: str) -> Found:
    """The code, on a date, of the state that bears a code today."""
    then, reason = None, ""
    try:
        then, day = state_on(code, date, source)
    except JoinError as err:
        reason = str(err)
    now = _bearer_today(code, source)
    if now is None:
        return Found(None, None, reason) if then is None else _code_or_reason(then, target, None)
    if then is not None and then.codes["gw"] != now.codes["gw"]:
        return Found(
            None, None, _not_bridged(then, now, source, f"{then.name} ended on {then.end}")
        )
    if then is not None:
        return _code_or_reason(then, target, border_change(then, day))
    try:
        former, day = state_on(now.codes["gw"], date, "gw")
    except JoinError:
        return Found(None, None, reason)
    if change := border_change(former, day):
        return Found(None, None, _not_bridged(former, now, source, change))
    return _code_or_reason(former, target, None)


def _bearer_today(code: object, system: str) -> State | None:
    """The state that bears a code today; None where none does."""
    try:
        return state_on(code, dt.date.max, system)[0]
    except JoinError:
        return None


def _not_bridged(then: State, now: State, system: str, change: str) -> str:
    return (
        f"{now.called(system)} has today's borders, {then.called(system)} had others: {change}. "
        "Rows of one are not taken for the other."
    )
