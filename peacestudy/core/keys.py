"""Keys of two tables: which rows have the same, fast and exact, and what in the keys will not match.

A key column becomes the numbers of its distinct values, several columns one whole number. All judgements (types,
blanks, spelling) are then made on the distinct values, which are few.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from peacestudy.core.countries import covered, crosswalk, distinct_pairs, rows_in_force
from peacestudy.errors import JoinError

Ints = npt.NDArray[np.int64]
DIRECT = 16  # a table of places is used where it has at most so many places a row; beyond, a hash
SPAN = 2**61  # keys of several columns are one whole number up to here
UNKNOWN = -(2**62)  # a part that is missing or unknown takes the sum below zero, whatever the other parts are
_FIT = ("cow", "gw", "vdem", "iso3")
_NUMBERS = {"integer", "floating", "mixed-integer-float", "decimal"}


class Levels(NamedTuple):
    """A key column: for every row the number of its value, -1 where missing, and the distinct values."""

    codes: Ints
    values: pd.Index


def levels(column: pd.Series) -> Levels:
    """The distinct values of a column; missing values (None, NaN, NaT, NA) are none of them."""
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iu" and len(column):
        numbers = column.to_numpy()
        low, high = int(numbers.min()), int(numbers.max())
        if high - low <= DIRECT * len(numbers) and high < 2**62 and low > -(2**62):
            return _numbered(numbers.astype(np.int64, copy=False) - low, low, high)
    codes, values = pd.factorize(column, use_na_sentinel=True)
    return Levels(codes.astype(np.int64, copy=False), pd.Index(values))


def _numbered(steps: Ints, low: int, high: int) -> Levels:
    """The levels of whole numbers that lie close together, without a hash: years and codes of states."""
    there = np.zeros(high - low + 1, bool)
    there[steps] = True
    values = pd.Index(np.flatnonzero(there) + low)
    return Levels(steps if there.all() else (np.cumsum(there) - 1)[steps], values)


def kind(values: pd.Index) -> str:
    """What a key column holds: ``number``, ``text``, ``datetime`` or another word of pandas; ``empty`` where nothing."""
    if values.empty:
        return "empty"
    found = str(pd.api.types.infer_dtype(values))
    found = {"string": "text", "datetime64": "datetime"}.get(found, found)
    return "number" if found in _NUMBERS else found


class Match(NamedTuple):
    """Where the rows of one table meet those of another.

    Attributes
    ----------
    at : for each row of the left table the row of the right one, -1 for none.
    complete : rows of the left table with a value in every key.
    other_complete : the same of the right table.
    twice : rows of the right table whose key stood before; where there are any, ``at`` holds the first.
    """

    at: Ints
    complete: npt.NDArray[np.bool_]
    other_complete: npt.NDArray[np.bool_]
    twice: Ints


def match(left: Sequence[Levels], right: Sequence[Levels]) -> Match:
    """Find for every row of the left table the row of the right one with the same key, column by column.

    Missing never meets missing. 2 and 2.0 are the same; 2 and "2" are not, and are refused before (``key_problems``).
    """
    mine, theirs, span = _packed(left, right)
    complete, other_complete = _complete(left), _complete(right)
    rows = np.flatnonzero(theirs >= 0)
    keys = theirs if len(rows) == len(theirs) else theirs[rows]
    if span <= DIRECT * (len(mine) + len(theirs)) + 1024:
        place = np.full(span + 1, -1, np.int32 if len(theirs) < 2**31 else np.int64)
        place[keys[::-1]] = rows[
            ::-1
        ]  # the first row of a key stays; the last place is that of keys that are missing or unknown
        at, first = place[mine], place[keys]
    else:
        distinct, first_at = np.unique(keys, return_index=True)
        index = pd.Index(distinct)
        whole = np.append(rows[first_at], -1)
        at, first = whole[index.get_indexer(pd.Index(mine))], whole[index.get_indexer(pd.Index(keys))]
    return Match(at.astype(np.int64, copy=False), complete, other_complete, rows[first != rows])


def _complete(table: Sequence[Levels]) -> npt.NDArray[np.bool_]:
    """Rows with a value in every key."""
    out = np.ones(len(table[0].codes), bool)
    for level in table:
        out &= level.codes >= 0
    return out


def _comparable(mine: pd.Index, theirs: pd.Index) -> pd.Index:
    """Numbers of several types as one; everything else is compared as it is."""
    if kind(mine) == kind(theirs) == "number" and mine.dtype != theirs.dtype:
        # beyond 2**53 floats run together: whole numbers stay objects, which Python compares exactly
        return mine.astype(object)
    return mine


def _packed(left: Sequence[Levels], right: Sequence[Levels]) -> tuple[Ints, Ints, int]:
    """The keys of both tables as whole numbers from 0 to below ``span``, -1 where a part is missing or unknown on the right."""
    mine, theirs = np.zeros(len(left[0].codes), np.int64), np.zeros(len(right[0].codes), np.int64)
    span = 1
    for n, (own, level) in enumerate(zip(left, right, strict=True)):
        size = max(1, len(level.values))
        if span * size >= SPAN:  # too wide for one number: the keys that stand in the right table are numbered anew
            distinct = pd.Index(np.unique(theirs[theirs >= 0]))
            mine, theirs = (_renumbered(distinct, keys) for keys in (mine, theirs))
            span = max(1, len(distinct))
        if n > 1:  # two such parts reach the end of the whole numbers
            np.maximum(mine, UNKNOWN, out=mine)
            np.maximum(theirs, UNKNOWN, out=theirs)
        known = level.values.get_indexer(_comparable(own.values, level.values))
        step = np.where(known < 0, UNKNOWN, known * span)
        mine += np.append(step, UNKNOWN)[own.codes]
        theirs += np.append(np.arange(len(level.values)) * span, UNKNOWN)[level.codes]
        span *= size
    np.maximum(mine, -1, out=mine)
    np.maximum(theirs, -1, out=theirs)
    return mine, theirs, span


def _renumbered(distinct: pd.Index, keys: Ints) -> Ints:
    at = distinct.get_indexer(pd.Index(keys))
    return np.where(at < 0, UNKNOWN, at)


def spelled(values: Iterable[object]) -> list[str]:
    """Texts as they would match if nobody had mistyped them: composed (NFC), without blanks at the ends, folded case."""
    return [" ".join(unicodedata.normalize("NFC", str(v)).split()).casefold() for v in values]


def key_problems(key: str, mine: pd.Index, theirs: pd.Index, name: str) -> str:
    """The sentence that refuses two key columns which cannot or will not match as they should; empty where all is well.

    Parameters
    ----------
    key : name of the column.
    mine, theirs : distinct values in the cases and in the other table.
    name : what the other table is.

    Examples
    --------
    >>> key_problems("state", pd.Index([2, 20]), pd.Index(["002", "020"]), "peace")
    "'state' is number in the cases and text in peace; nothing would match. peace writes numbers as text, 2 of 2 of them \
with leading zeros: make numbers of them, or texts of the cases' with the same zeros."
    """
    kinds = kind(mine), kind(theirs)
    if "empty" in kinds:
        return ""
    if kinds[0] != kinds[1]:
        return f"{key!r} is {kinds[0]} in the cases and {kinds[1]} in {name}; nothing would match. " + _bring(
            kinds, mine, theirs, name
        )
    if kinds[0].startswith("mixed"):
        return (
            f"{key!r} holds numbers and texts in one column. Bring it to one type: numbers as integers, codes as text."
        )
    return _misspelled(key, mine, theirs, name) if kinds[0] == "text" else ""


def _bring(kinds: tuple[str, str], mine: pd.Index, theirs: pd.Index, name: str) -> str:
    if set(kinds) == {"number", "text"}:
        texts, who, other = (theirs, name, "the cases'") if kinds[1] == "text" else (mine, "the cases", f"{name}'s")
        digits = [t for t in map(str, texts) if t.strip().isdecimal()]
        zeros = [t for t in digits if len(t.strip()) > 1 and t.strip().startswith("0")]
        if zeros:
            return (
                f"{who} writes numbers as text, {len(zeros)} of {len(texts)} of them with leading zeros: make numbers of them, "
                f"or texts of {other} with the same zeros."
            )
        if digits:
            return (
                f"{len(digits)} of {len(texts)} texts are digits: make numbers of them, for example with pd.to_numeric."
            )
    return "Bring both to one type: numbers as integers, codes as text."


def _misspelled(key: str, mine: pd.Index, theirs: pd.Index, name: str) -> str:
    """Values that stand alone on both sides and are the same but for blanks, composition or case."""
    alone, others = mine.difference(theirs, sort=False), theirs.difference(mine, sort=False)
    if not len(alone) or not len(others):
        return ""
    written = dict(zip(spelled(others), others, strict=True))
    pairs = [(a, written[s]) for a, s in zip(alone, spelled(alone), strict=True) if s in written]
    if not pairs:
        return ""
    a, b = pairs[0]
    how = ("blanks" if " ".join(str(a).split()) == " ".join(str(b).split())
           else "accents composed and decomposed (NFC and NFD)" if unicodedata.normalize("NFC", str(a)) == unicodedata.normalize("NFC", str(b))
           else "capitals or blanks")  # fmt: skip
    return (f"{len(pairs)} value(s) of {key!r} differ between the cases and {name} only by {how}, for example {a!r} and {b!r}, and would "
            f"not match. Bring both to one spelling first: .str.strip().str.normalize('NFC').")  # fmt: skip


def code_system_fit(
    values: Sequence[object] | pd.Series, dates: Sequence[object] | pd.Series | None = None
) -> pd.DataFrame:
    """How many of a column's distinct values are codes of each system of states.

    Parameters
    ----------
    values : codes, numbers or texts; missing ones are left out.
    dates : for each value its date or year (31 December), from 1946 on; rows without one, or before, are left out. Then
        distinct pairs of code and date are counted, and a code counts if it is in force on the date. None counts codes
        that the system ever had since 1946.

    Returns
    -------
    DataFrame
        ``system, codes, known, share``, best first; ``codes`` are those that were looked up, or the pairs.

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
    table = crosswalk()
    if dates is None:
        found = {_plain(v) for v in _column(values).dropna().unique()}
        codes = len(found)
        known = {system: len(found & {_plain(v) for v in table[system].dropna()}) for system in _FIT}
    else:
        pairs = _dated(_column(values), _column(dates))
        codes = len(pairs)
        known = {system: int((rows_in_force(pairs["code"], pairs["date"], system) >= 0).sum()) for system in _FIT}
    rows = [(system, codes, known[system], known[system] / max(1, codes)) for system in _FIT]
    out = pd.DataFrame(rows, columns=["system", "codes", "known", "share"])
    return out.sort_values("share", ascending=False, kind="stable", ignore_index=True)


def _column(values: Sequence[object] | pd.Series) -> pd.Series:
    return values if isinstance(values, pd.Series) else pd.Series(list(values), dtype=object)


def _dated(codes: pd.Series, dates: pd.Series) -> pd.DataFrame:
    """Distinct pairs of code and date of which the crosswalk speaks."""
    if len(codes) != len(dates):
        raise JoinError(f"there are {len(codes)} codes and {len(dates)} dates. Take both from one table.")
    first = distinct_pairs(codes, dates)[1]
    table = pd.DataFrame({"code": codes.iloc[first].array, "date": dates.iloc[first].array}).astype(object).dropna()
    table = table[np.array([covered(day) for day in table["date"]], dtype=bool)]
    plain = pd.Series([_plain(v) for v in table["code"]], dtype=object)
    return pd.DataFrame({"code": plain, "date": table["date"].array}).drop_duplicates(ignore_index=True)


def _plain(value: Any) -> object:
    text = str(value).strip()
    return int(float(text)) if text.replace(".0", "").isdecimal() else text
