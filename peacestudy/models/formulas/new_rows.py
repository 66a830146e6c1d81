"""The design of a fit on rows that it has not seen: the same functions,
centres and categories, so that nothing drifts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from peacestudy.errors import SpecError
from peacestudy.models.formulas.basis import Spline
from peacestudy.models.formulas.columns import LARGEST, columns_named, panel_columns
from peacestudy.models.formulas.design import Design, curve_columns, model_matrix
from peacestudy.models.formulas.factors import Factor
from peacestudy.models.formulas.lags import Lagged, add_lags


@dataclass(frozen=True, eq=False)
class NewRows:
    """Rows in the terms of a design.

    Attributes
    ----------
    X : shape (n, k); a row of NaN where the design does not exist there.
    reasons : why it does not, for each row; empty where it does.
    """

    X: np.ndarray
    reasons: tuple[str, ...]


def new_rows(design: Design, data: pd.DataFrame) -> NewRows:
    """The rows of a table in the terms of a design.

    Raises
    ------
    SpecError
        A column of the formula is not there, or is not of numbers where the fit took numbers.
    """
    factors = design.formula.factors
    looked_up = _looked_up(design, data)
    table, reasons = looked_up.table.reset_index(drop=True), [""] * len(data)
    for said in looked_up.reasons.values():
        _tell(reasons, np.array([bool(text) for text in said], dtype=bool), said)
    prepared: dict[str, Any] = {}
    for i, factor in enumerate(factors):
        prepared |= _prepare(f"f{i}", factor, table[factor.column], design, reasons)
    good = np.array([not r for r in reasons], dtype=bool)
    X = np.full((len(table), len(design.names)), np.nan)
    if good.any():
        part = pd.DataFrame(prepared, index=table.index)[good]
        found, made_of = model_matrix(design.formula, part, design.levels)
        place = {name: j for j, name in enumerate(made_of)}
        # an engine may have taken the intercept out
        X[good] = found[:, [place[n] for n in design.names]]
    return NewRows(X, tuple(reasons))


def lags_as_columns(design: Design, data: pd.DataFrame) -> tuple[Design, pd.DataFrame]:
    """A design that takes its lags for columns, and the table that has them: rows may then be taken
    out of it, and columns set.

    Raises
    ------
    SpecError, FitError
        As ``new_rows`` and ``add_lags``.
    """
    if not design.lags:
        return design, data
    return replace(design, lags=(), panel=None), _looked_up(design, data).table.set_axis(
        data.index, axis=0
    )


def _looked_up(design: Design, data: pd.DataFrame) -> Lagged:
    """The table with the lags of the design as columns."""
    made = {f.label for f in design.lags}
    needed = {f.column: "the column" for f in design.formula.factors if f.column not in made}
    needed |= {f.column: "the column" for f in design.lags} | panel_columns(design.panel)
    return add_lags(columns_named(data, needed), design.lags, design.panel, data.index.tolist())


def _prepare(
    name: str, factor: Factor, column: pd.Series, design: Design, reasons: list[str]
) -> dict[str, Any]:
    """The values of a factor, by safe names; where there are none the reason
    is written down and the value is a stand-in.
    """
    _tell(
        reasons, column.isna().to_numpy(dtype=bool), [f"{factor.column} is missing"] * len(column)
    )
    if factor.size is not None:
        return curve_columns(
            name, design.bases[factor.label], _inside(factor, column, design, reasons)
        )
    if factor.functions[-1:] != ("C",):
        return {name: _numbers(factor, column, design, reasons)}
    values: Sequence[Any] = column.tolist()
    if factor.functions[:-1]:
        values = _numbers(factor, column, design, reasons).tolist()
    levels = design.levels[factor.label]
    codes = {v: i for i, v in enumerate(levels)}
    found = [codes.get(v, -1) for v in values]
    _tell(
        reasons,
        np.array([i < 0 for i in found], dtype=bool),
        [f"{factor.label} is {v}, a category that the fit did not have" for v in values],
    )
    shown = [f"l{max(i, 0):06d}" for i in found]
    return {name: pd.Categorical(shown, categories=[f"l{i:06d}" for i in range(len(levels))])}


def _inside(factor: Factor, column: pd.Series, design: Design, reasons: list[str]) -> np.ndarray:
    """The values of a curve's column; those beyond the range in which the curve exists are told."""
    x, basis = _numbers(factor, column, design, reasons), design.bases[factor.label]
    if isinstance(basis, Spline):
        said = (
            f"outside what the fit had ({basis.low:g} to {basis.high:g}), where the splines of"
            f" {factor.label} do not exist"
        )
        _tell(
            reasons,
            basis.outside(x),
            [f"{factor.within(len(factor.numeric)).label} is {v:g}, {said}" for v in x],
        )
    return x


def _numbers(factor: Factor, column: pd.Series, design: Design, reasons: list[str]) -> np.ndarray:
    if column.dtype.kind not in "biuf":
        raise SpecError(
            f"the column {factor.column!r} holds {column.dtype}; the fit took it for numbers."
        )
    x = column.to_numpy(dtype=float, na_value=np.nan)
    for step, name in enumerate(factor.numeric, start=1):
        label = factor.within(step).label
        low = {"log": 0.0, "log1p": -1.0}.get(name)
        bad = (
            x < 0
            if name == "sqrt"
            else x <= low
            if low is not None
            else np.zeros(len(x), dtype=bool)
        )
        _tell(reasons, bad, [f"{label}: {v:g} has no {name}" for v in x])
        x = np.where(bad, np.nan, x)
        if label in design.centres:
            mean, sd = design.centres[label]
            x = (x - mean) / sd
        else:
            x = {"log": np.log, "log1p": np.log1p, "sqrt": np.sqrt, "square": np.square}[name](x)
    too_large = ~(np.abs(x) <= LARGEST)
    _tell(reasons, too_large, [f"{factor.label} is {v:g}, beyond what can be predicted" for v in x])
    return np.where(too_large, 0.0, x)


def _tell(reasons: list[str], bad: np.ndarray, texts: list[str]) -> None:
    for i in np.flatnonzero(bad):
        reasons[i] = reasons[i] or texts[i]
