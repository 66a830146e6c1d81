"""Which system of state codes a column is written in: how many of its codes each system knows."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from peacestudy.core.countries import covered, crosswalk, distinct_pairs, rows_in_force
from peacestudy.errors import JoinError

_FIT = ("cow", "gw", "vdem", "iso3")


def code_system_fit(
    values: Sequence[object] | pd.Series, dates: Sequence[object] | pd.Series | None = None
) -> pd.DataFrame:
    """How many of a column's distinct values are codes of each system of states.

    Parameters
    ----------
    values : codes, numbers or texts; missing ones are left out.
    dates : for each value its date or year (31 December), from 1946 on; rows without one, or
        before, are left out. Then distinct pairs of code and date are counted, and a code counts if
        it is in force on the date. None counts codes that the system ever had since 1946.

    Returns
    -------
    DataFrame
        ``system, codes, known, share``, best first; ``codes`` are
        those that were looked up, or the pairs.

    Examples
    --------
    >>> code_system_fit([255, 679, 345, 816])
      system  codes  known  share
    0    cow      4      4    1.0
    1     gw      4      2    0.5
    2   vdem      4      0    0.0
    3   iso3      4      0    0.0
    >>> code_system_fit([345, 345], [2005, 2010])
      system  codes  known  share
    0    cow      2      2    1.0
    1     gw      2      1    0.5
    2   vdem      2      0    0.0
    3   iso3      2      0    0.0
    """
    if dates is None:
        found = {_plain(v) for v in _column(values).dropna().unique()}
        codes = len(found)
        known = {system: len(found & _codes(system)) for system in _FIT}
    else:
        pairs = _dated(_column(values), _column(dates))
        codes = len(pairs)
        known = {
            system: int((rows_in_force(pairs["code"], pairs["date"], system) >= 0).sum())
            for system in _FIT
        }
    rows = [(system, codes, known[system], known[system] / max(1, codes)) for system in _FIT]
    out = pd.DataFrame(rows, columns=["system", "codes", "known", "share"])
    return out.sort_values("share", ascending=False, kind="stable", ignore_index=True)


@cache
def _codes(system: str) -> frozenset[object]:
    """All codes that a system ever had since 1946."""
    return frozenset(_plain(code) for code in crosswalk()[system].dropna())


def _column(values: Sequence[object] | pd.Series) -> pd.Series:
    return values if isinstance(values, pd.Series) else pd.Series(list(values), dtype=object)


def _dated(codes: pd.Series, dates: pd.Series) -> pd.DataFrame:
    """Distinct pairs of code and date of which the crosswalk speaks."""
    if len(codes) != len(dates):
        raise JoinError(
            f"there are {len(codes)} codes and {len(dates)} dates. Take both from one table."
        )
    first = distinct_pairs(codes, dates)[1]
    table = (
        pd.DataFrame({"code": codes.iloc[first].array, "date": dates.iloc[first].array})
        .astype(object)
        .dropna()
    )
    table = table[np.array([covered(day) for day in table["date"]], dtype=bool)]
    plain = pd.Series([_plain(v) for v in table["code"]], dtype=object)
    return pd.DataFrame({"code": plain, "date": table["date"].array}).drop_duplicates(
        ignore_index=True
    )


def _plain(value: Any) -> object:
    text = str(value).strip()
    return int(float(text)) if text.replace(".0", "").isdecimal() else text
