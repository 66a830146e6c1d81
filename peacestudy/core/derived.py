"""Columns that the user adds to a StudyFrame: what they are made from,
and values put in order by the id of each row.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from peacestudy.core.ledger import Entry
from peacestudy.core.outside_values import values_from_outside
from peacestudy.core.problems import one_of
from peacestudy.errors import JoinError

ACCEPTED = (
    "Give one value, a list or array with a value a row, a Series or dict by id, or a function of"
    " the data."
)


ROWS_TRIED = 200  # rows on which a function is run a second time
ROUNDING = 1e-12  # relative; fast loops over arrays of other lengths may round differently


@dataclass(frozen=True, eq=False)
class Derived:
    """A column that the user made.

    Attributes
    ----------
    name : the column.
    made_from : the columns that a function read, in words; or what kind of values was given.
    sources : these columns, for ``ps.trace``; empty where values were given, or where the function
        did not read columns by name.
    why : the reason that the user wrote, if any.
    values : by id, where a fit keeps them for ``ps.trace``; None in a frame, whose data hold them.
    row_by_row : the function gave the same values when it was given ``sources`` alone and some of
        the rows, and reads no data besides, so that a value depends on these columns of its own row
        and nothing else.
    outside : the names of tables and other data that the function reads besides its argument.
    """

    name: str
    made_from: str
    sources: tuple[str, ...] = ()
    why: str = ""
    values: "pd.Series[Any] | None" = field(default=None, repr=False)
    row_by_row: bool = False
    outside: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"derived by the user from {self.made_from}{f': {self.why}' if self.why else ''}"


def derive(
    data: pd.DataFrame, key: str, unit: str, name: str, made: object, why: str
) -> tuple[Any, Derived, Entry]:
    """The values of one new column in the order of the rows, how it
    was made, and its entry in the ledger.

    Raises
    ------
    JoinError
        The values are of another length or shape, or a Series is
        not indexed by the ids of the rows.
    """
    step = f"column {name}{', replaced' if name in data.columns else ''}"
    entry = Entry(step, "derive", unit, len(data), len(data), why=why)
    if callable(made):
        return _by_function(data, key, name, made, why, entry)
    if isinstance(made, Mapping):
        made = pd.Series(dict(made))
        made.index.name = key  # the keys of a dict are ids
    if isinstance(made, pd.Series):
        values, met = _by_id(made, data[key], name)
        lost = int((~met).sum())
        reason = why or "the values that the user gave have no row for them"
        joined = Entry(
            step,
            "join",
            unit,
            len(data),
            len(data),
            unmatched=lost,
            other_rows=len(made),
            other_unmatched=len(made) - int(met.sum()),
            why=reason,
        )
        return values, Derived(name, f"values given by {key}", (), why), joined
    return _as_given(made, len(data), name), Derived(name, "values given", (), why), entry


def _by_function(
    data: pd.DataFrame,
    key: str,
    name: str,
    function: Callable[[pd.DataFrame], object],
    why: str,
    entry: Entry,
) -> tuple[Any, Derived, Entry]:
    shown, read = _recorded(data)
    try:
        made = function(shown)
    except KeyError as err:
        raise JoinError(
            one_of(
                f"a column that the function of {name!r} reads",
                err.args[0],
                list(map(str, data.columns)),
            )
        ) from err
    if isinstance(made, pd.Series):
        in_rows = (
            made.index.is_unique
            and len(made) == len(data)
            and bool(made.index.isin(data.index).all())
        )
        made = made.reindex(data.index) if in_rows else _by_id(made, data[key], name)[0]
    sources = tuple(c for c in data.columns if c in read)
    words = ", ".join(sources) or "the columns of the frame"
    values = _as_given(made, len(data), name)
    outside = values_from_outside(function)
    row_by_row = not outside and _is_row_by_row(function, data, sources, values)
    how = Derived(name, words, sources, why, row_by_row=row_by_row, outside=outside)
    return values, how, entry


def _is_row_by_row(
    function: Callable[[pd.DataFrame], object],
    data: pd.DataFrame,
    sources: tuple[str, ...],
    values: Any,
) -> bool:
    """Whether some rows of the columns that were read, and nothing else, give the same values."""
    if not sources:
        return False
    tried = min(ROWS_TRIED, (len(data) + 1) // 2)
    # rows at irregular distances, so that a value of another row is missed
    rows = np.sort(np.random.default_rng(0).choice(len(data), tried, replace=False))
    expected = pd.Series(values, index=data.index).iloc[rows]
    try:
        found = function(data.iloc[rows][list(sources)])
        again = pd.Series(_as_given(found, len(rows), ""), index=expected.index)
    except Exception:  # the function is the user's; whatever it raises, more than this was read
        return False
    both_missing = (expected.isna() & again.isna()).to_numpy(dtype=bool)
    numeric = pd.api.types.is_numeric_dtype(expected) and pd.api.types.is_numeric_dtype(again)
    if numeric:
        a = expected.to_numpy(dtype=float, na_value=np.nan)
        b = again.to_numpy(dtype=float, na_value=np.nan)
        same = np.isclose(a, b, rtol=ROUNDING, atol=0)
    else:
        same = np.array([x is y or x == y for x, y in zip(expected, again, strict=True)], bool)
    return bool((same | both_missing).all())


def _recorded(data: pd.DataFrame) -> tuple[pd.DataFrame, set[Any]]:
    """A copy of the data that notes which columns are read by their name."""
    read: set[Any] = set()

    class Recorded(pd.DataFrame):
        @property
        def _constructor(self) -> Any:
            return pd.DataFrame

        def __getitem__(self, what: Any) -> Any:
            names = what if isinstance(what, list) else [what]
            read.update(n for n in names if isinstance(n, str))
            return super().__getitem__(what)

    return Recorded(data), read


def _by_id(
    given: "pd.Series[Any]", ids: "pd.Series[Any]", name: str
) -> tuple["pd.Series[Any]", np.ndarray]:
    """The values of a Series in the order of the ids, and which ids it has."""
    index = given.index
    key = ids.name
    write = (
        f"Index it by {key}, as .set_axis(ids) or set_index({key!r}), or write a function:"
        f" {name}=lambda data: ..."
    )
    if isinstance(index, pd.MultiIndex):
        raise JoinError(f"the Series for {name} has an index of {index.nlevels} levels. {write}")
    if index.hasnans or index.has_duplicates:
        twice = ", ".join(map(str, index[index.duplicated()].dropna().unique()[:5]))
        found = f"has {twice} more than once" if twice else "has a missing id"
        raise JoinError(
            f"the index of the Series for {name} {found}. Each id has one value. {write}"
        )
    place = index.get_indexer(pd.Index(ids))
    met = place >= 0
    numbered = index.name != key and index.dtype.kind in "iu"  # may be positions
    if numbered and met.sum() != max(len(ids), len(index)):
        raise JoinError(
            f"the Series for {name} has whole numbers as index, which are not the ids of the frame:"
            f" values are not taken by position. {write}"
        )
    if not met.any() and len(ids):
        as_text = set(map(str, index)) & set(map(str, ids))
        types = (
            " They are equal as text: one side has numbers and the other text." if as_text else ""
        )
        first = (
            f"the Series has {index[0]!r}, the frame {ids.iloc[0]!r}"
            if len(index)
            else "the Series is empty"
        )
        raise JoinError(f"no id of the Series for {name} is in the frame: {first}.{types} {write}")
    values = given.astype("boolean") if given.dtype.kind == "b" and not met.all() else given
    return values.reindex(pd.Index(ids)).set_axis(ids.index), met


def _as_given(made: object, rows: int, name: str) -> Any:
    """One value, or a value a row, refused where it is neither."""
    if isinstance(made, pd.Series) or not pd.api.types.is_list_like(made):
        return made
    if (
        isinstance(made, pd.DataFrame | set | frozenset)
        or getattr(made, "ndim", 1) != 1
        or not hasattr(made, "__len__")
    ):
        raise JoinError(
            f"{name} was given a {type(made).__name__}, which is not one column. {ACCEPTED}"
        )
    values: Any = made if hasattr(made, "dtype") else list(made)  # type: ignore[call-overload]
    if len(values) != rows:
        raise JoinError(f"{name} was given {len(values)} values for {rows} rows. {ACCEPTED}")
    return values.array if isinstance(values, pd.Index) else values
