"""Which state a code means on a date: a dated crosswalk of
Gleditsch-Ward, COW, ISO 3166 and V-Dem codes.

``countries.csv`` has a row for each interval in which the codes of one state do not change. It
covers the independent states of Gleditsch and Ward from 1946-01-01 on, as their list stood at the
end of 2017 (later dates are read as unchanged). ``other_states.csv`` adds their microstates, and
areas that ISO 3166-1 or V-Dem codes and no list of independent states has (Palestine, Hong Kong),
each with its source; the column ``list`` tells them apart. ``territories.csv`` names the other
areas of ISO 3166-1, which are no states here. A code names the state, and a date is one of that
state by Gleditsch and Ward, or of a change of its code. So:

- COW's dates of membership, which differ (Austria 1955, Syria 1958 to 1961, Serbia's 345 since
  1918), are not reproduced: COW's code is given for the whole life of the state. V-Dem's coverage
  before independence is not either.
- ISO 3166 appeared in 1974; before, a state carries the first code that ISO gave it. A code changes
  on the day on which the state did (the Soviet Union's SUN ends on 1991-12-25), not when ISO
  withdrew it (1992-08-30); ``note`` has that date.
- A name is the state's usual English one; a change of name without a change of code is in ``note``.

Sources: Gleditsch and Ward (1999), A revised list of independent states since the congress of
Vienna, International Interactions 25(4): 393-413; Correlates of War Project, State System
Membership (v2016); ISO 3166-1 and 3166-3; V-Dem codebook (country_id).
"""

import datetime as dt
import re
from contextlib import suppress
from numbers import Integral, Real
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api.types import is_scalar

from peacestudy.core.dated_states import FIRST, LABEL, SYSTEMS, State, holders, states, table
from peacestudy.core.nearest_states import out_of_force, unknown
from peacestudy.core.problems import one_of
from peacestudy.errors import JoinError

__all__ = [
    "FIRST",
    "SYSTEMS",
    "country_name",
    "covered",
    "crosswalk",
    "day_of",
    "distinct_pairs",
    "rows_in_force",
    "state_on",
    "translate",
    "translate_many",
]
_PLAIN = {int, float, bool, str, dt.date, np.int64, np.float64}


def crosswalk() -> pd.DataFrame:
    """A copy of the whole crosswalk: ``name, gw, cow, iso3, vdem, start, end, successor, note,
    list, source``, sorted by gw and start.

    ``start`` and ``end`` are inclusive. A missing ``end`` means still in force, a missing code that
    the system has none. ``list`` is ``independent`` (Gleditsch and Ward), ``microstate`` (their
    list of microstates) or ``other`` (in no list of independent states); the latter two have a
    ``source``.

    Examples
    --------
    >>> crosswalk().query("gw == 345")[["name", "iso3", "start", "end", "successor"]]
                         name iso3      start        end successor
    64             Yugoslavia  YUG 1918-12-01 2003-02-03       345
    65  Serbia and Montenegro  SCG 2003-02-04 2006-06-04   340;341
    """
    return table().copy()


def translate(code: object, date: object, source: str, target: str) -> int | str:
    """The code of a state in another system, on a date.

    Parameters
    ----------
    code : number or text; 160, 160.0 and "160" are the same, a
        fraction or a truth value is refused.
    date : "YYYY-MM-DD", a date or a Timestamp (its time of day is ignored), or a whole number for a
        year, which means **31 December** of that year. From 1946-01-01 on.
    source, target : {"gw", "cow", "iso3", "vdem"}

    Returns
    -------
    int or str
        Text for ``iso3``, else a number.

    Raises
    ------
    JoinError
        The code is not in force on the date, or the target has none for
        that state; the message names the nearest.

    Examples
    --------
    >>> translate(260, 1989, "gw", "cow"), translate(260, 1990, "gw", "cow")
    (260, 255)
    >>> translate("SUN", "1991-12-25", "iso3", "gw")
    365
    >>> translate(340, "2000-01-01", "gw", "iso3")
    Traceback (most recent call last):
    peacestudy.errors.JoinError: GW 340 (Serbia) is in force from 2006-06-05; on 2000-01-01 the \
state there was GW 345 (Yugoslavia).
    """
    _check(source=source, target=target)
    state = _find(code, date, source)
    found = state.codes[target]
    if found is None:
        note = f" Note: {state.note}." if state.note else ""
        raise JoinError(f"{LABEL[target]} has no code for {state.called(source)}.{note}")
    return found


def country_name(code: object, date: object, source: str) -> str:
    """The English name of a state on a date; arguments and errors as in ``translate``.

    Examples
    --------
    >>> (
    ...     country_name(345, "2002-12-31", "gw"),
    ...     country_name(345, 2003, "gw"),
    ...     country_name(345, 2010, "cow"),
    ... )
    ('Yugoslavia', 'Serbia and Montenegro', 'Serbia')
    """
    _check(source=source)
    return _find(code, date, source).name


def state_on(code: object, date: object, system: str) -> tuple[State, dt.date]:
    """The row of the crosswalk that a code means on a date, and the day;
    arguments and errors as in ``translate``.
    """
    _check(system=system)
    return _find(code, date, system), day_of(date)


def translate_many(codes: pd.Series, dates: pd.Series, source: str, target: str) -> pd.DataFrame:
    """Translate a column of codes, each on its date; nothing is
    dropped and nothing raises but a wrong call.

    Parameters
    ----------
    codes, dates : Series with one index; cells as in ``translate``.
    source, target : {"gw", "cow", "iso3", "vdem"}

    Returns
    -------
    DataFrame
        Index of ``codes``; columns ``code, date`` as given, ``translated`` (Int64, for ``iso3``
        text) and ``reason``: why there is no translation, in words, or missing.

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
    pair, first = distinct_pairs(codes, dates)
    translations: list[int | str | None] = []
    reasons: list[str | None] = []
    first_codes = codes.iloc[first].astype(object)
    first_dates = dates.iloc[first].astype(object)
    for code, date in zip(first_codes, first_dates, strict=True):
        translation, why_not = _translated(code, date, source, target)
        translations.append(translation)
        reasons.append(why_not)
    translated = pd.Series(_objects(translations)[pair], codes.index, dtype=object)
    reason = pd.Series(_objects(reasons)[pair], codes.index, dtype=object)
    if target != "iso3":
        translated = translated.astype("Int64")
    return pd.DataFrame({"code": codes, "date": dates, "translated": translated, "reason": reason})


def rows_in_force(codes: pd.Series, dates: pd.Series, system: str) -> npt.NDArray[np.int64]:
    """The row of the crosswalk that each code means on its date, -1 where
    it is not in force or no code or date at all.

    Parameters
    ----------
    codes, dates : Series with one index; cells as in ``translate``.
    system : {"gw", "cow", "iso3", "vdem"}

    Examples
    --------
    >>> crosswalk()["name"].iloc[
    ...     rows_in_force(pd.Series([345, 345]), pd.Series([2002, 2005]), "gw")
    ... ].tolist()
    ['Yugoslavia', 'Serbia and Montenegro']
    """
    _check(system=system)
    if not codes.index.equals(dates.index):
        raise JoinError("codes and dates do not have the same index; take both from one table.")
    place = {id(state): i for i, state in enumerate(states())}
    pair, first = distinct_pairs(codes, dates)
    at = np.full(len(first), -1, np.int64)
    read = zip(codes.iloc[first].astype(object), dates.iloc[first].astype(object), strict=True)
    for i, (code, date) in enumerate(read):
        with suppress(JoinError):
            state = _in_force(_code(code), day_of(date), system)
            if state is not None:
                at[i] = place[id(state)]
    return at[pair]


def covered(date: object) -> bool:
    """Whether the crosswalk speaks of a date or year; what is neither
    is an error, cells as in ``translate``.
    """
    return _read_day(date) >= FIRST


def distinct_pairs(
    codes: pd.Series, dates: pd.Series
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """For each row the number of its pair of code and date, and for each pair its first row: few
    pairs stand in many rows.
    """
    code_at, date_at = _alike(codes), _alike(dates)
    pair, _ = pd.factorize(code_at * (int(date_at.max(initial=0)) + 1) + date_at)
    first = np.zeros(int(pair.max(initial=-1)) + 1, dtype=np.intp)
    first[pair[::-1]] = np.arange(len(pair))[::-1]
    return pair, first


def _translated(
    code: object, date: object, source: str, target: str
) -> tuple[int | str | None, str | None]:
    try:
        return translate(code, date, source, target), None
    except JoinError as err:
        return None, str(err)


def _objects(values: list[Any]) -> npt.NDArray[np.object_]:
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out


def _alike(cells: pd.Series) -> npt.NDArray[np.int64]:
    """A number for each cell, the same for cells that read the same: 0 for
    the missing ones, from 1 on for the others.
    """
    if cells.dtype != object:
        return pd.factorize(cells)[0].astype(np.int64) + 1
    missing, seen = cells.isna().to_numpy(), dict[object, int]()
    out = np.zeros(len(cells), dtype=np.int64)
    for i, cell in enumerate(cells):
        if not missing[i]:
            # Python holds 1, 1.0 and True for equal; whatever else might be equal and read
            # otherwise stands alone
            key = (type(cell), cell) if type(cell) in _PLAIN else i
            out[i] = seen.setdefault(key, len(seen) + 1)
    return out


def _check(**systems: str) -> None:
    for what, system in systems.items():
        if system not in SYSTEMS:
            raise JoinError(one_of(what, system, SYSTEMS))


def _find(code: object, date: object, system: str) -> State:
    key, day = _code(code), day_of(date)
    state = _in_force(key, day, system)
    if state is not None:
        return state
    held = holders(system).get(key, [])
    raise JoinError(out_of_force(key, day, system, held) if held else unknown(key, day, system))


def _in_force(key: int | str, day: dt.date, system: str) -> State | None:
    """The state that has a code on a day."""
    for state in holders(system).get(key, []):
        if state.covers(day):
            return state
    return None


def _code(value: Any) -> int | str:
    if is_scalar(value) and pd.isna(value):
        raise JoinError("the code is missing.")
    text = value.strip() if isinstance(value, str) else ""
    if text:
        return int(float(text)) if re.fullmatch(r"[0-9]{1,9}(\.0+)?", text) else text
    number = _whole(value)
    if number is None:
        raise JoinError(
            f"code {value!r} is neither a whole number nor text; write the code as its system does."
        )
    return number


def day_of(value: Any) -> dt.date:
    """The day that a date or year means, a year its 31 December; an
    error for what is none, or before 1946.
    """
    day = _read_day(value)
    if day < FIRST:
        raise JoinError(f"date {day} is before {FIRST}, where the crosswalk begins.")
    return day


def _read_day(value: Any) -> dt.date:
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
        raise JoinError(
            f"date {value!r} is not an existing date as YYYY-MM-DD, nor a year as a whole number."
        )
    return day


def _whole(value: Any) -> int | None:
    whole = isinstance(value, Integral) or (isinstance(value, Real) and float(value).is_integer())
    return int(value) if whole and not isinstance(value, bool) else None
