"""Measures of the events of a window: as the author writes them, the values
of the events, the new columns.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from peacestudy.core.joined import FILLED, MET
from peacestudy.core.problems import Problem, one_of
from peacestudy.errors import JoinError
from peacestudy.joins.columns.arguments import has_columns
from peacestudy.joins.events.event_dates import Days
from peacestudy.joins.events.sums import Found, Measure

Measures = Mapping[str, tuple[str | None, str]]
HOW = ("sum", "count", "any", "mean", "max", "min", "first", "last")
_ZERO = ("sum", "count", "any")  # of no event at all these are zero; the others do not exist
_SHARED = ("sum", "count", "any")


class Made(NamedTuple):
    """A new column: the column of the events, how it is summarised, the value where there is no
    event (None: missing), and whether it is the last day.
    """

    column: str | None
    how: str
    absent: float | None
    ends: bool


def as_measures(
    measures: Measures,
    events: pd.DataFrame,
    dates: tuple[str, str | None],
    spanning: str | None,
    absent: float | Mapping[str, float] | None,
    name: str,
) -> dict[str, Made]:
    """Check the measures and what stands for no event.

    Raises
    ------
    JoinError
        An unknown column or way, a way that does not fit its column or the rule for borders, a
        value for a column that is not made.
    """
    if not measures:
        raise JoinError(
            'measures is empty; name the measures, such as {"deaths": ("best", "sum"), "events":'
            ' (None, "count")}.'
        )
    if isinstance(absent, Mapping):
        for given in absent:
            if given not in measures:
                raise JoinError(one_of("a column of absent", given, list(measures)))
    elif absent not in (None, 0):
        raise JoinError(
            f"absent is {absent!r}; give 0 (counts and sums of no event), or {{new column: value}}."
        )
    out = {}
    for new, (column, how) in measures.items():
        if how not in HOW:
            raise JoinError(one_of(f"how {new!r} is made", how, HOW))
        _check_measure(new, column, how, events, dates, spanning, name)
        value: float | None = None
        if isinstance(absent, Mapping):
            value = absent.get(new)
        elif absent == 0 and how in _ZERO:
            value = 0
        out[new] = Made(column, how, value, column == dates[1])
    return out


def _check_measure(
    new: str,
    column: str | None,
    how: str,
    events: pd.DataFrame,
    dates: tuple[str, str | None],
    spanning: str | None,
    name: str,
) -> None:
    if (how in ("count", "any")) != (column is None):
        raise JoinError(
            f"{new!r} is ({column!r}, {how!r}); count and any are of events and take None as"
            f" column, the others take a column of {name}."
        )
    if column is not None:
        has_columns(events, [column], name)
    if (how in ("first", "last")) != (column is not None and column in dates):
        known = " or ".join(repr(d) for d in dates if d is not None)
        raise JoinError(
            f"{new!r} is ({column!r}, {how!r}); first and last are days, of {known}, and days are"
            " taken in no other way."
        )
    if spanning == "share" and how not in _SHARED:
        raise JoinError(
            f"{new!r} is {how!r}, and an event cannot be shared out in it: shares are of"
            f" {', '.join(_SHARED)}. "
            f'Make it in a second step with spanning="overlap".'
        )


def values_of(
    made: Mapping[str, Made],
    events: pd.DataFrame,
    dates: Days,
    signed: Sequence[str],
    name: str,
    problems: list[Problem],
) -> dict[str, Measure]:
    """The values of the events for each measure; a negative value is a problem."""
    out = {}
    read: dict[str, tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]] = {}
    for new, m in made.items():
        if m.column is None:
            out[new] = Measure(None, None, m.how)
        elif m.how in ("first", "last"):
            out[new] = Measure(dates.last if m.ends else dates.first, None, m.how)
        else:
            if m.column not in read:
                read[m.column] = _numbers(events[m.column], m.column, name)
                if m.column not in signed:
                    _refuse_negative(*read[m.column], m.column, name, problems)
            out[new] = Measure(*read[m.column], m.how)
    return out


def _numbers(
    column: pd.Series, label: str, name: str
) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]:
    if not pd.api.types.is_numeric_dtype(column.dtype) or column.dtype.kind == "c":
        raise JoinError(
            f"{label!r} of {name} is {column.dtype}, and sums are of numbers. Make numbers of it,"
            " for example with pd.to_numeric."
        )
    if column.dtype.kind == "b":
        column = column.astype("Int64")
    missing = column.isna().to_numpy(dtype=bool)
    filled = column.mask(missing, 0) if missing.any() else column
    if column.dtype.kind in "iub":
        if column.dtype.kind == "u" and (column > np.iinfo(np.int64).max).any():
            raise JoinError(
                f"{label!r} of {name} holds numbers beyond 64 bits with a sign. Give them as"
                " float64."
            )
        return filled.to_numpy(dtype=np.int64), missing
    values = filled.to_numpy(dtype=np.float64)
    if np.isinf(values).any():
        raise JoinError(
            f"{label!r} of {name} holds infinite values. Say what they are: a number, or missing."
        )
    return values, missing


def _refuse_negative(
    values: npt.NDArray[Any],
    missing: npt.NDArray[np.bool_],
    column: str,
    name: str,
    problems: list[Problem],
) -> None:
    rule = "a value from 0 on is expected"
    remedy = (
        f'correct it, or make it missing; if the column may be below zero, say signed=["{column}"]'
    )
    for i in np.flatnonzero(~missing & (values < 0)):
        problems.append(Problem(name, int(i) + 1, column, str(values[i]), rule, remedy))


def columns_of(
    made: Mapping[str, Made],
    events: pd.DataFrame,
    found: Found,
    asked: npt.NDArray[np.int64],
    why: npt.NDArray[np.int8],
) -> pd.DataFrame:
    """The new columns, a row a case: whole numbers stay whole (Int64
    where some are missing), days are dates.
    """
    out = {}
    for new, m in made.items():
        missing = why != MET
        missing[asked] |= found.missing[new]
        values = np.zeros(len(why), found.values[new].dtype)
        values[asked] = found.values[new]
        if m.absent is not None:
            filled = why == FILLED
            if m.absent % 1:
                values = values.astype(np.result_type(values.dtype, np.float64))
            values[filled] = m.absent
            missing[filled] = False
        out[new] = _typed(values, missing, m, events)
    return pd.DataFrame(out, index=range(len(why)))


def _typed(
    values: npt.NDArray[Any], missing: npt.NDArray[np.bool_], m: Made, events: pd.DataFrame
) -> pd.Series:
    if m.how in ("first", "last"):
        day = values.astype("datetime64[D]").astype("datetime64[s]")
        return pd.Series(np.where(missing, np.datetime64("NaT"), day))
    if m.how == "any":
        if not missing.any():
            return pd.Series(values.astype(bool))
        return pd.Series(pd.array(values, "boolean")).mask(missing)
    # a column of floats gives floats, whether or not its numbers are whole
    if values.dtype.kind == "f" or (m.column is not None and events[m.column].dtype.kind == "f"):
        return pd.Series(np.where(missing, np.nan, values))
    if not missing.any():
        return pd.Series(values)
    return pd.Series(pd.array(values, "Int64")).mask(missing)
