"""Keys of two tables: which rows have the same key, fast and exact.

A key column becomes the numbers of its distinct values, several columns one whole number. All
judgements (types, blanks, spelling) are then made on the distinct values, which are few:
``peacestudy.core.key_check``.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

Ints = npt.NDArray[np.int64]
DIRECT = 16  # a table of places is used where it has at most so many places a row; beyond, a hash
SPAN = 2**61  # keys of several columns are one whole number up to here
PART = 2**16  # rows that are worked on at a time
# a part that is missing or unknown takes the sum below zero, whatever the other parts are
UNKNOWN = -(2**62)
_NUMBERS = {"integer", "floating", "mixed-integer-float", "decimal"}


class Levels(NamedTuple):
    """A key column: for every row the number of its value, -1
    where missing, and the distinct values.
    """

    codes: Ints
    values: pd.Index


def levels(column: pd.Series) -> Levels:
    """The distinct values of a column; missing values (None, NaN, NaT, NA) are none of them."""
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iu" and len(column):
        numbers = column.to_numpy()
        low, high = int(numbers.min()), int(numbers.max())
        if high - low <= DIRECT * len(numbers) and high < 2**62 and low > -(2**62):
            return _numbered(numbers.astype(np.int64, copy=False) - low, low, high)
    held = (
        column.astype(column.dtype.subtype) if isinstance(column.dtype, pd.SparseDtype) else column
    )
    if isinstance(column.dtype, pd.StringDtype) and column.dtype.storage == "python":
        held = column.astype(object)  # the same texts, told apart in half the time
    codes, values = pd.factorize(held, use_na_sentinel=True)
    # a category is compared as its value; those without a row are none
    if isinstance(values, pd.CategoricalIndex):
        values = values.categories.take(values.codes)
    return Levels(codes.astype(np.int64, copy=False), pd.Index(values))


def _numbered(steps: Ints, low: int, high: int) -> Levels:
    """The levels of whole numbers that lie close together,
    without a hash: years and codes of states.
    """
    there = np.zeros(high - low + 1, bool)
    there[steps] = True
    values = pd.Index(np.flatnonzero(there) + low)
    return Levels(steps if there.all() else (np.cumsum(there) - 1)[steps], values)


def kind(values: pd.Index) -> str:
    """What a key column holds: ``number``, ``text``, ``datetime`` or
    another word of pandas; ``empty`` where nothing.
    """
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
    twice : rows of the right table whose key stood before; where
        there are any, ``at`` holds the first.
    """

    at: Ints
    complete: npt.NDArray[np.bool_]
    other_complete: npt.NDArray[np.bool_]
    twice: Ints


def match(left: Sequence[Levels], right: Sequence[Levels]) -> Match:
    """Find for every row of the left table the row of the right
    one with the same key, column by column.

    Missing never meets missing. 2 and 2.0 are the same; 2 and "2" are
    not, and are refused before (``check_keys``).
    """
    complete, other_complete = _complete(left), _complete(right)
    while np.prod([float(max(1, len(level.values))) for level in right]) >= SPAN:
        left, right = _narrowed(left, right)
    steps, their_steps, span = _steps(left, right)
    theirs = _packed(right, their_steps, slice(None))
    rows = np.flatnonzero(theirs >= 0)
    keys = theirs if len(rows) == len(theirs) else theirs[rows]
    where, first = _places(keys, rows, span, len(theirs) + len(left[0].codes))
    at = np.empty(len(left[0].codes), np.int64)

    def fill(part: slice) -> None:
        at[part] = where(_packed(left, steps, part))

    in_parts(fill, len(at))
    return Match(at, complete, other_complete, rows[first != rows])


def _places(keys: Ints, rows: Ints, span: int, n: int) -> tuple[Callable[[Ints], Ints], Ints]:
    """A look-up from a key, -1 for none, to the first row of the right table
    that has it; and what it gives for ``keys``.
    """
    if span <= DIRECT * n + 1024:
        # the last place is that of keys that are missing or unknown; half the memory where rows are
        # fewer than two thousand million
        place = np.full(span + 1, -1, np.int32 if n < 2**31 else np.int64)
        place[keys[::-1]] = rows[::-1]  # the first row of a key stays
        first: Ints = place[keys].astype(np.int64)
        return lambda wanted: np.asarray(place[wanted]), first
    distinct, first_at = np.unique(keys, return_index=True)
    index = pd.Index(distinct)
    whole = np.append(rows[first_at], -1)

    def where(wanted: Ints) -> Ints:
        found: Ints = whole[index.get_indexer(pd.Index(wanted))]
        return found

    return where, where(keys)


def in_parts(do: Callable[[slice], None], n: int) -> None:
    """Do something for all rows in parts that fit the processor's cache, on all processors: numpy
    works without Python's lock.
    """
    parts = [slice(i, i + PART) for i in range(0, n, PART)]
    if len(parts) < 2:
        do(slice(0, n))
        return
    with ThreadPoolExecutor() as pool:
        list(pool.map(do, parts))


def _complete(table: Sequence[Levels]) -> npt.NDArray[np.bool_]:
    """Rows with a value in every key."""
    out = np.ones(len(table[0].codes), bool)
    for level in table:
        out &= level.codes >= 0
    return out


def _comparable(mine: pd.Index, theirs: pd.Index) -> pd.Index:
    """Numbers of several types as one; everything else is compared as it is."""
    if kind(mine) == kind(theirs) == "number" and mine.dtype != theirs.dtype:
        # beyond 2**53 floats run together: whole numbers stay objects, which Python compares
        # exactly
        return mine.astype(object)
    return mine


def _steps(left: Sequence[Levels], right: Sequence[Levels]) -> tuple[list[Ints], list[Ints], int]:
    """What each level of a key column adds to the whole number of its key, in both tables, and the
    number that no key reaches.

    The last step is that of a missing value. Missing and unknown levels take
    the sum below zero, whatever the others are.
    """
    mine, theirs, span = [], [], 1
    for own, level in zip(left, right, strict=True):
        size = max(1, len(level.values))
        known = level.values.get_indexer(_comparable(own.values, level.values))
        mine.append(np.append(np.where(known < 0, UNKNOWN, known * span), UNKNOWN))
        theirs.append(np.append(np.arange(len(level.values)) * span, UNKNOWN))
        span *= size
    return mine, theirs, span


def _narrowed(left: Sequence[Levels], right: Sequence[Levels]) -> tuple[list[Levels], list[Levels]]:
    """The first two key columns as one, numbered by what stands in the right table, where all
    together pass a whole number.
    """
    mine, theirs, _ = _steps(left[:2], right[:2])
    there = _packed(right[:2], theirs, slice(None))
    distinct = pd.Index(np.unique(there[there >= 0]))
    first, other = (
        Levels(distinct.get_indexer(pd.Index(keys)).astype(np.int64), distinct)
        for keys in (_packed(left[:2], mine, slice(None)), there)
    )
    return [first, *left[2:]], [other, *right[2:]]


def _packed(table: Sequence[Levels], steps: Sequence[Ints], part: slice) -> Ints:
    """The keys of some rows as whole numbers, -1 where a part is
    missing or unknown on the right.
    """
    key = steps[0][table[0].codes[part]]
    for n in range(1, len(table)):
        if n > 1:  # two such parts reach the end of the whole numbers
            np.maximum(key, UNKNOWN, out=key)
        key += steps[n][table[n].codes[part]]
    return np.maximum(key, -1, out=key)
