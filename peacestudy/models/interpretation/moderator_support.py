"""Where the data lie along a moderator, and whether they can carry an effect there.

Source: Hainmueller, Mummolo and Xu (2019), Political Analysis 27(2): an effect at a value of the
moderator near which there are few cases, or near which the variable does not vary, comes from the
form of the model and not from the data.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from peacestudy.errors import SpecError
from peacestudy.models.interpretation.effect_rows import (
    EffectRows,
    check_column,
    is_number,
    outside,
)
from peacestudy.models.result import Fit

SUPPORT = ["n_near", "share", "n_events", "variable_low", "variable_high", "support"]


@dataclass(frozen=True, eq=False)
class Moderator:
    """A moderator and the values at which an effect is asked for.

    Attributes
    ----------
    column : its name.
    values : where the effect is asked for.
    near : half the width of the window around a value within which cases count as near; 0 takes the
        value alone. None of categories.
    min_cases : cases that must be near for a value to have support.
    """

    column: str
    values: tuple[Any, ...]
    near: float | None
    min_cases: int


def moderator_of(
    rows: EffectRows, column: str, values: Sequence[Any] | str, near: float | None, min_cases: int
) -> Moderator:
    """The moderator, checked.

    Parameters
    ----------
    values : written values, or ``observed``: every value that the rows hold.

    Raises
    ------
    SpecError
        A column that the formula does not have, no values, a window of numbers for categories or
        none for numbers, a count below 1.
    """
    check_column(rows, column)
    number = is_number(rows, column)
    if number and (
        isinstance(near, bool)
        or not isinstance(near, Real)
        or not (np.isfinite(float(near)) and near >= 0)
    ):
        raise SpecError(
            f"near is {near!r}; write how far from a value of {column!r} a case counts as near, in"
            " its unit; 0 takes the value alone."
        )
    if not number and near is not None:
        raise SpecError(
            f"near is {near!r}, but {column!r} is categorical and has no distances; leave it out."
        )
    if isinstance(min_cases, bool) or not isinstance(min_cases, int | np.integer) or min_cases < 1:
        raise SpecError(
            f"min_cases is {min_cases!r}; give the number of cases that must be near a value,"
            " 1 or more."
        )
    if isinstance(values, str):
        if values != "observed":
            raise SpecError(
                f"values is {values!r}; write a list of values, or 'observed' for every value that"
                " the rows hold."
            )
        seen = list(dict.fromkeys(rows.table[column].tolist()))
        levels = [] if number else _levels(rows, column)
        values = sorted(seen) if number else [v for v in levels if v in seen]
    if not isinstance(values, Iterable) or isinstance(values, Mapping):
        raise SpecError(
            f"values of {column!r} are {values!r}; write a list of values, or 'observed'."
        )
    found = list(values)
    if odd := [
        v
        for v in found
        if not isinstance(v, Hashable) or (number and not isinstance(v, Real | np.bool_ | str))
    ]:
        what = "a number" if number else "a category"
        raise SpecError(f"{odd[0]!r} is not a value of {column!r}; it must be {what}.")
    if not found or len(set(found)) < len(found):
        raise SpecError(f"values of {column!r} are {found!r}; write one or more, each once.")
    return Moderator(
        column,
        tuple(float(v) if number and not isinstance(v, str) else v for v in found),
        near,
        int(min_cases),
    )


def _levels(rows: EffectRows, column: str) -> list[Any]:
    factor = next(f for f in rows.design.formula.factors if f.column == column)
    return list(rows.design.levels[factor.label])


def support_at(
    fit: Fit, rows: EffectRows, m: Moderator, variable: str, ends: tuple[Any, Any] | None
) -> pd.DataFrame:
    """A row for each value of the moderator: who is near, and why the value has no support.

    Parameters
    ----------
    ends : the two values of ``variable`` that are compared, where the
        comparison names two; None for steps and slopes.

    Returns
    -------
    DataFrame
        ``n_near, share, n_events, variable_low, variable_high, support``
        and ``why``, empty where there is support.
    """
    out = []
    seen, x = rows.table[m.column], rows.table[variable]
    y = events_of(fit)
    number = is_number(rows, variable)
    for value in m.values:
        near = cases_near(seen, value, m)
        part = x[near]
        low, high = (
            (float(part.min()), float(part.max())) if number and len(part) else (np.nan, np.nan)
        )
        reasons = (
            outside(rows, {m.column: value}),
            _sparse(m, int(near.sum())),
            _flat(variable, part, number, ends),
        )
        why = "; ".join(filter(None, reasons))
        events = np.nan if y is None else float(y[near].sum())
        out.append((int(near.sum()), near.mean(), events, low, high, not why, why))
    return pd.DataFrame(out, columns=[*SUPPORT, "why"]).astype({"n_near": "Int64"})


def cases_near(seen: pd.Series, value: Any, m: Moderator) -> np.ndarray:
    """Which cases count as near a value of the moderator, whose
    column is ``seen``, shape (n,), bool.
    """
    at = (seen == value) if not m.near else ((seen - value).abs() <= m.near)
    return np.asarray(at, dtype=bool)


def events_of(fit: Fit) -> np.ndarray | None:
    """Events of the cases of a fit, shape (n,); None where the outcome is a number."""
    if fit.n_events is None:
        return None
    if fit.design.rows is None:
        return fit.design.y
    return np.bincount(np.unique(fit.design.rows, return_inverse=True)[1], fit.design.y)


def _sparse(m: Moderator, n: int) -> str:
    if n >= m.min_cases:
        return ""
    return (
        f"{n} case(s) {f'within {m.near:g}' if m.near else 'with this value'}, fewer than"
        f" {m.min_cases}"
    )


def _flat(variable: str, part: pd.Series, number: bool, ends: tuple[Any, Any] | None) -> str:
    if part.empty:
        return ""
    if ends is None:
        return "" if part.nunique() > 1 else f"{variable} is the same in all near cases"
    if not number:
        gone = [str(e) for e in ends if not (part == e).any()]
        return f"no near case has {variable} = {' or '.join(gone)}" if gone else ""
    low, high = sorted(float(e) for e in ends)
    if part.min() <= low and part.max() >= high:
        return ""
    return f"{variable} goes from {part.min():g} to {part.max():g} in the near cases"
