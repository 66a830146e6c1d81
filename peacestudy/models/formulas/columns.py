"""Columns of a table before they are a design: found by name,
whole, and numbers where numbers are meant.
"""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from peacestudy.core.problems import Note, composed, nearest
from peacestudy.core.spoiled_numbers import advice, spoiled
from peacestudy.errors import FitError, SpecError

LARGEST = 1e100  # numbers beyond cannot be squared and added safely
SMALLEST = 1e-100  # a column of numbers all below cannot either: their squares vanish
FEWEST_ROWS = 3


def columns_named(data: pd.DataFrame, needed: Mapping[str, str]) -> pd.DataFrame:
    """The table with its columns' names as text and rows by position: an
    index of the user's may hold a label twice.

    Names are compared as ``composed`` gives them: an accent written as a sign of its own and a
    no-break space look like the composed letter and the plain space, and match them. A column that
    is found so has the name that was needed.

    Parameters
    ----------
    data : the table; not changed.
    needed : columns that must be there once, with what they are called in a message.

    Raises
    ------
    SpecError
        A column is not there, with the nearest name; it stands there twice, or two names look
        alike; names of columns have several levels.
    """
    if data.columns.nlevels > 1:
        raise SpecError(
            f"the columns of the data have names of {data.columns.nlevels} levels, as"
            f" {data.columns[0]!r}; a formula names one. Flatten them first: data.columns ="
            " ['_'.join(c) for c in data.columns]."
        )
    names = [str(c) for c in data.columns]
    known = [composed(name) for name in names]
    further = {}
    for column, where in needed.items():
        name = composed(column)
        if name not in known:
            raise SpecError(f"{where} {column!r} is not in the data.{nearest(column, names)}")
        if known.count(name) > 1:
            alike = sorted({ascii(c) for c in map(str, data.columns) if composed(c) == name})
            how = f", as {' and '.join(alike)}, which look the same" if len(alike) > 1 else ""
            raise SpecError(f"the column {column!r} appears twice in the data{how}; rename one.")
        place = known.index(name)
        if names[place] in needed and names[place] != column:
            further[column] = place  # the column is needed under two spellings
        else:
            names[place] = column
    out = data.set_axis(names, axis=1).reset_index(drop=True)
    return (
        out.assign(**{column: out.iloc[:, place] for column, place in further.items()})
        if further
        else out
    )


def panel_columns(panel: tuple[str, str] | None) -> dict[str, str]:
    """The columns of unit and time, with what they are called in a message."""
    return dict(zip(panel, ("the unit column", "the time column"), strict=True)) if panel else {}


def complete_rows(
    data: pd.DataFrame,
    ids: Sequence[Any],
    columns: Sequence[str],
    reasons: Mapping[str, Sequence[str]] | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows with a value in every column, and for the others the column and the reason.

    Parameters
    ----------
    data : rows by position.
    ids : names of the rows.
    columns : which must have a value.
    reasons : for some columns, why a row has none, by position; of
        others it is said that they are missing.

    Raises
    ------
    FitError
        Fewer rows are left than can be fitted; with the column that
        has no values at all, where there is one.
    """
    part = data[list(dict.fromkeys(columns))]
    out = []
    keep = np.ones(len(part), dtype=bool)
    empty, such_as = [], ""
    for column in part.columns:
        values = part[column]
        if _all_finite(values):
            continue
        gone = values.isna().to_numpy(dtype=bool)
        endless = np.zeros(len(part), dtype=bool)
        if pd.api.types.is_float_dtype(values):
            endless = np.isinf(values.to_numpy(dtype=float, na_value=np.nan))
        if (gone | endless).all():
            empty.append(f"{column!r} is {'missing' if gone.all() else 'missing or infinite'}")
            such_as = such_as or next(
                (f" ({r} ...)" for r in (reasons or {}).get(column, ()) if r), ""
            )
        for bad, why in ((gone, "is missing"), (endless & ~gone, "is infinite")):
            own = (reasons or {}).get(column, ()) if bad is gone else ()
            out += [
                (ids[i], column, own[i] if own else f"{column} {why}")
                for i in np.flatnonzero(bad & keep).tolist()
            ]
            keep &= ~bad
    if keep.sum() < FEWEST_ROWS:
        raise FitError(
            _too_few(int(keep.sum()), len(data), [str(c) for c in part.columns], empty, such_as)
        )
    return part if keep.all() else part[keep], pd.DataFrame(out, columns=["case", "term", "reason"])


def _all_finite(values: pd.Series) -> bool:
    """Whether plain numbers are all there; False of any other
    column, which is looked at more closely.
    """
    if not isinstance(values.dtype, np.dtype) or values.dtype.kind not in "biuf":
        return False
    return bool(values.dtype.kind != "f" or np.isfinite(values.to_numpy()).all())


def _too_few(left: int, rows: int, columns: list[str], empty: list[str], such_as: str) -> str:
    if not rows:
        return "the data have no rows: 0 of 0 rows have values, and nothing can be fitted."
    said = f"{left} of {rows} rows have values in all of {', '.join(columns)}"
    if empty:
        return (
            f"{said}: {', '.join(empty)} in every one{such_as}. Find its values, or leave it out."
        )
    return f"{said}; nothing can be fitted with fewer than {FEWEST_ROWS}."


def refuse_text(column: pd.Series, name: str, outcome: bool = False) -> None:
    """Refuse a column that does not hold numbers, and say what would make them.

    Raises
    ------
    SpecError
        Text, categories, dates, objects.
    """
    kind = column.dtype.kind
    if kind in "biuf":
        return
    said = f"the column {name!r} holds {column.dtype}, not numbers."
    if kind in "mM":
        raise SpecError(
            f"{said} Turn dates into numbers first, such as the year, or the days since a date."
        )
    refuse_containers(column, name)
    if kind == "c":
        raise SpecError(f"{said} Take the real part, or the absolute value, in the data first.")
    found = spoiled(column.astype(object))
    if found is not None and not found.stored_as_text:
        raise SpecError(f"{said} {advice(name, found)}")
    if found is not None or pd.to_numeric(column.astype(object), errors="coerce").notna().all():
        raise SpecError(
            f"{said} Write C({name}) for categories; if its values (such as"
            f" {column.dropna().iloc[0]!r}) are meant as numbers, turn them into numbers first:"
            f" data[{name!r}] = pd.to_numeric(data[{name!r}])."
        )
    if mixed := _mixed(column):
        raise SpecError(f"{said} It holds {mixed}: convert it to one type first.")
    if outcome:
        raise SpecError(
            f"{said} An outcome is a number: code it first, as 0 and 1 where there are two."
        )
    raise SpecError(f"{said} Write C({name}) for categories.")


def marks_as_categories(label: str, column: pd.Series) -> list[Note]:
    """A note where C() makes a category of a mark, such as NA, in
    a column that otherwise holds numbers.
    """
    if column.dtype != object and not isinstance(
        column.dtype, pd.StringDtype | pd.CategoricalDtype
    ):
        return []
    found = spoiled(column)
    if found is None or not found.missing:
        return []
    shown = ", ".join(map(repr, found.missing))
    said = (
        f"{label} has {shown} as a category of its own: {column.name} holds {found}. If it stands"
        " for missing values, these rows are to be left out: read the file with"
        f" missing={{{str(column.name)!r}: {list(found.missing)}}}."
    )
    return [Note("marks_as_categories", said)]


def refuse_containers(column: pd.Series, name: str) -> None:
    """Refuse a column whose cells hold lists, dictionaries, arrays or
    tables: a cell is neither a number nor a category.

    Raises
    ------
    SpecError
        With the type of the first such cell and its row.
    """
    if column.dtype != object:
        return
    for row, value in zip(column.index, column, strict=True):
        if isinstance(value, tuple | frozenset | bytes) or not isinstance(value, Hashable):
            raise SpecError(
                f"the column {name!r} holds a {type(value).__name__} in row {row}: a cell must hold"
                " one number or one category. Make a column of each thing in it (such as its"
                " length, or whether it holds a value), or a row of each."
            )


def _mixed(column: pd.Series) -> str:
    """What a column of several types holds, as ``text in 3 rows,
    numbers in 2``; empty where it holds one type.
    """
    if column.dtype != object:
        return ""
    kinds = [
        (
            "text"
            if isinstance(v, str)
            else "numbers"
            if isinstance(v, Real | np.bool_)
            else type(v).__name__
        )
        for v in column.dropna()
    ]
    counts = Counter(kinds)
    return (
        ", ".join(f"{kind} in {n} row(s)" for kind, n in counts.items()) if len(counts) > 1 else ""
    )


def in_range(x: np.ndarray, name: str) -> np.ndarray:
    """The array itself, refused where its numbers cannot be squared and added safely.

    Raises
    ------
    FitError
        A number beyond ``LARGEST``, or none but zeros above ``SMALLEST``.
    """
    size = np.abs(x)
    if not (size <= LARGEST).all():
        raise FitError(
            f"{name!r} holds numbers beyond {LARGEST:g}, too large to be fitted. Take another unit,"
            " or the log."
        )
    if 0 < size.max(initial=0.0) < SMALLEST:
        raise FitError(
            f"the largest number of {name!r} is {size.max():g}: below {SMALLEST:g} squares vanish"
            " in double precision. Take another unit, or the log."
        )
    return x
