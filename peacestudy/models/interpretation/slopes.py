"""How the columns of a design change with one column of the data,
whatever functions and products it stands in.

Source: Abramowitz and Stegun (1964), Handbook of Mathematical Functions, 25.3.4 and 25.3.24
(five-point rules): exact up to the fourth power, so that squares and products have no error but
rounding.
"""

import numpy as np
import pandas as pd

from peacestudy.errors import FitError, SpecError
from peacestudy.models.formulas.new_rows import new_rows
from peacestudy.models.interpretation.effect_rows import EffectRows, check_column

POLYNOMIAL = {"scale", "center", "square"}
# step in standard deviations; relative to the distance from where a function ends
WIDE, NARROW = 1e-2, 2e-3
STEADY = 1e-4  # share by which a slope may change with the step
CENTRAL = {-2: 1 / 12, -1: -8 / 12, 1: 8 / 12, 2: -1 / 12}
FORWARD = {0: -25 / 12, 1: 48 / 12, 2: -36 / 12, 3: 16 / 12, 4: -3 / 12}
RULES = (CENTRAL, FORWARD, {-k: -c for k, c in FORWARD.items()})


def check_slope(rows: EffectRows, column: str) -> None:
    """Refuse a column that has no slope.

    Raises
    ------
    SpecError
        It is not in the formula, stands in ``C()``, or holds yes and no.
    """
    check_column(rows, column)
    factors = [f for f in rows.design.formula.factors if f.column == column]
    if any("C" in f.functions for f in factors):
        raise SpecError(f"{column!r} is categorical and has no slope; write kind='comparisons'.")
    if rows.table[column].dtype.kind == "b":
        raise SpecError(
            f"{column!r} holds yes and no, which have no slope; write kind='comparisons'."
        )


def derivative(rows: EffectRows, table: pd.DataFrame, column: str) -> np.ndarray:
    """Derivative of ``rows.matrix(table)`` by ``column``, in its own unit.

    Raises
    ------
    FitError
        There is none at some row, as of ``sqrt`` at 0.
    """
    factors = [f for f in rows.design.formula.factors if f.column == column]
    x = table[column].to_numpy(dtype=float)
    functions = {name for f in factors for name in f.functions}
    step = _steps(x, rows.table[column].to_numpy(dtype=float), functions)
    out = _by_rules(rows, table, column, x, step)
    none = np.isnan(out).any(axis=1)
    if not functions <= POLYNOMIAL:  # where there is a slope a shorter step finds the same
        apart = np.abs(_by_rules(rows, table, column, x, step / 2) - out)
        none |= (apart > STEADY * np.abs(out).max(axis=1, keepdims=True)).any(axis=1)
    if none.any():
        raise FitError(
            f"{int(none.sum())} row(s) have no slope of {column!r}, as where {column} is"
            f" {x[none][0]:g}."
        )
    if rows.design.times is not None:
        out = out[:, 1:]
    if rows.periods is None:
        return out
    which, baseline = rows.periods
    return np.hstack([np.zeros(baseline.shape), out[which]])


def _steps(x: np.ndarray, seen: np.ndarray, functions: set[str]) -> np.ndarray:
    spread = float(np.std(seen))
    size = spread if spread > 0 else float(np.abs(seen).max()) or 1.0
    if functions <= POLYNOMIAL:
        # added without rounding to a large number
        return np.full(len(x), 2.0 ** np.round(np.log2(WIDE * size)))
    edges = [
        {"log": 0.0, "sqrt": 0.0, "log1p": -1.0}[f] for f in functions & {"log", "sqrt", "log1p"}
    ]
    room = np.min([np.full(len(x), size), *(np.abs(x - edge) for edge in edges)], axis=0)
    out: np.ndarray = NARROW * np.where(room > 0, room, size)
    return out


def _by_rules(
    rows: EffectRows, table: pd.DataFrame, column: str, x: np.ndarray, step: np.ndarray
) -> np.ndarray:
    """By the middle rule, or from one side where the function ends; NaN where neither exists."""
    out = np.full((len(x), len(rows.design.names)), np.nan)
    for rule in RULES:
        left = np.isnan(out).any(axis=1)
        if left.any():
            out[left] = _by_rule(rows, table[left], column, x[left], step[left], rule)
    return out


def _by_rule(
    rows: EffectRows,
    table: pd.DataFrame,
    column: str,
    x: np.ndarray,
    step: np.ndarray,
    rule: dict[int, float],
) -> np.ndarray:
    # what does not move has a slope of exactly zero
    still = new_rows(rows.design, table.assign(**{column: x})).X
    total = np.zeros((len(x), len(rows.design.names)))
    for k, weight in rule.items():
        total += weight * (new_rows(rows.design, table.assign(**{column: x + k * step})).X - still)
    out: np.ndarray = total / step[:, None]
    return out
