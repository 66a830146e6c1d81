"""The rows over which an effect is averaged, as they are and with columns set to written values."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from peacestudy.core.frame import StudyFrame
from peacestudy.core.problems import as_known, one_of
from peacestudy.errors import FitError, SpecError
from peacestudy.models.engines.counts import offset_of
from peacestudy.models.formulas.design import Design
from peacestudy.models.formulas.new_rows import lags_as_columns, new_rows
from peacestudy.models.result import Fit
from peacestudy.models.spec import ModelSpec

OVER = ("fit", "data")
SAME = 1e-8  # of a column's range, within which the design of the rows given is that of the fit
ROUNDING = 1e-14  # of its largest number, which rounding may add
NAMED = 5  # cases named in a message


@dataclass(frozen=True, eq=False)
class EffectRows:
    """Rows of a table in the terms of a fit.

    Attributes
    ----------
    table : the rows, a row a case.
    design : of the fit, with the names of the columns that the formula gives.
    spec : of the fit, whose options name an offset or an exposure.
    weights : of the rows, mean 1, shape (n,); ones where the fit has none.
    periods : the row of each person-period and the columns of its baseline,
        where ``discrete_time`` made them; else None.
    reasons : rows left out, and why.
    """

    table: pd.DataFrame
    design: Design
    spec: ModelSpec
    weights: np.ndarray
    periods: tuple[np.ndarray, np.ndarray] | None
    reasons: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that the formula and the options name, as they are spelt there."""
        return (*(f.column for f in self.design.formula.factors), *self.spec.option_columns)

    def covariates(self, table: pd.DataFrame) -> np.ndarray:
        """The columns of the formula for the rows, set as ``table`` has them, shape (n, k)."""
        found = new_rows(self.design, table)
        if bad := [r for r in found.reasons if r]:
            raise FitError(
                f"{len(bad)} of {len(table)} rows have no design at these values: {bad[0]}."
            )
        survival = self.design.times is not None
        return found.X[:, 1:] if survival else found.X

    def matrix(self, table: pd.DataFrame) -> np.ndarray:
        """The columns of the fit, a row a case or a person-period."""
        X = self.covariates(table)
        if self.periods is None:
            return X
        rows, baseline = self.periods
        return np.hstack([baseline, X[rows]])

    @property
    def exposure(self) -> str:
        """The column of the offset or exposure; empty where there is none."""
        options = dict(self.spec.options)
        return str(options.get("offset") or options.get("exposure") or "")

    def offset(self, table: pd.DataFrame) -> np.ndarray:
        """What is added to the linear predictor, a row a case or a person-period."""
        n = len(table) if self.periods is None else len(self.periods[0])
        if not self.exposure:
            return np.zeros(n)
        further = {self.exposure: _column(table, self.exposure)}
        found = offset_of(self.spec, further, tuple(table.index))
        assert found is not None
        return found

    def spread(self, X: np.ndarray) -> np.ndarray:
        """Weights of the rows of ``matrix``, as shares that sum to one."""
        w = (
            self.weights
            if self.periods is None or len(X) == len(self.weights)
            else self.weights[self.periods[0]]
        )
        out: np.ndarray = w / w.sum()
        return out


def spelt_names(fit: Fit) -> tuple[str, ...]:
    """The columns of a table that a fit reads, as the formula and the options spell them."""
    design = fit.design
    return (
        *(f.column for f in (*design.formula.factors, *design.lags)),
        *fit.spec.option_columns,
        *(design.panel or ()),
    )


def effect_rows(fit: Fit, data: StudyFrame | pd.DataFrame, over: str) -> EffectRows:
    """The rows that an effect is averaged over.

    Parameters
    ----------
    fit : the fit.
    data : the table it was fitted to, or other rows.
    over : ``fit``, the cases of the fit, whose design is checked against
        it; ``data``, all rows given that have values.

    Raises
    ------
    SpecError
        Another word, a case that stands twice or is not there.
    FitError
        The rows are not those of the fit; none has values.
    """
    if over not in OVER:
        raise SpecError(one_of("over", over, OVER))
    table, ids = (
        (data.data, data.data[data.key]) if isinstance(data, StudyFrame) else (data, data.index)
    )
    names = spelt_names(fit)
    table = table.set_axis(as_known([str(c) for c in table.columns], names), axis=1)
    column = dict(fit.spec.options).get("weights")
    design, table = lags_as_columns(_by_formula(fit.design), table)
    if over == "fit":
        table = _cases_of(fit, table, pd.Index(ids))
        weights = (
            np.ones(len(table))
            if column is None
            else fit.design.further[column].to_numpy(dtype=float)
        )
        rows = EffectRows(table, design, fit.spec, weights, _periods(fit))
        _check_same(fit, rows)
        return rows
    reasons = new_rows(design, table).reasons
    if column is not None:
        given = pd.to_numeric(_column(table, str(column)), errors="coerce").to_numpy(dtype=float)
        reasons = tuple(
            r or ("" if w > 0 else f"{column} is not a weight")
            for r, w in zip(reasons, given, strict=True)
        )
    if exposure := EffectRows(table, design, fit.spec, np.ones(0), None).exposure:
        absent = _column(table, exposure).isna()
        reasons = tuple(
            r or (f"{exposure} is missing" if gone else "")
            for r, gone in zip(reasons, absent, strict=True)
        )
    keep = np.array([not r for r in reasons], dtype=bool)
    if not keep.any():
        raise FitError(
            f"none of the {len(table)} rows has values for the formula:"
            f" {reasons[0] if reasons else 'no row'}."
        )
    weights = np.ones(int(keep.sum())) if column is None else given[keep]
    return EffectRows(
        table[keep].reset_index(drop=True),
        design,
        fit.spec,
        weights,
        None,
        tuple(r for r in reasons if r),
    )


def _column(table: pd.DataFrame, name: str) -> pd.Series:
    if name not in table.columns:
        raise SpecError(one_of("column", name, list(table.columns)))
    found = table[name]
    if isinstance(found, pd.DataFrame):
        raise SpecError(f"the column {name!r} appears twice in the data; rename one.")
    return found


def _by_formula(design: Design) -> Design:
    """With the names that the formula gives: an engine of times puts a
    baseline hazard in the place of the intercept.
    """
    if design.times is None:
        return design
    return replace(design, names=("Intercept", *design.names[len(design.baseline) :]))


def _periods(fit: Fit) -> tuple[np.ndarray, np.ndarray] | None:
    if fit.design.rows is None:
        return None
    return (
        np.unique(fit.design.rows, return_inverse=True)[1],
        fit.design.X[:, : len(fit.design.baseline)],
    )


def _cases_of(fit: Fit, table: pd.DataFrame, ids: pd.Index) -> pd.DataFrame:
    if twice := ids[ids.isin(list(fit.cases)) & ids.duplicated()].tolist():
        raise SpecError(
            f"case {twice[0]!r} appears twice in the data, so the rows of the fit cannot be"
            " identified. Give every row a name of its own (data.reset_index(drop=True)) and fit"
            " again, or write over='data'."
        )
    at = ids.get_indexer(pd.Index(list(fit.cases)))
    if (at < 0).any():
        gone = [str(c) for c, i in zip(fit.cases, at, strict=True) if i < 0]
        raise SpecError(
            f"{len(gone)} case(s) of the fit are not in the data ({', '.join(gone[:NAMED])}). Give"
            " the table that was fitted, or write over='data' to average over the rows given."
        )
    return table.iloc[at].reset_index(drop=True)


def _check_same(fit: Fit, rows: EffectRows) -> None:
    """Refuse a table whose columns have changed since the fit."""
    found = rows.matrix(rows.table)
    size = np.maximum(np.abs(fit.design.X).max(axis=0), np.abs(found).max(axis=0))
    room = SAME * np.ptp(fit.design.X, axis=0) + ROUNDING * size
    apart = (np.abs(found - fit.design.X) > room).any(axis=1)
    if rows.exposure:
        fitted = offset_of(fit.spec, dict(fit.design.further), fit.cases)
        assert fitted is not None
        apart |= ~(np.abs(rows.offset(rows.table) - fitted) <= SAME * np.abs(fitted).max())
    if apart.any():
        names = [str(fit.design.cases[i]) for i in np.flatnonzero(apart)[:NAMED]]
        raise FitError(
            f"{int(apart.sum())} row(s) of the data differ from the fitted ones (cases"
            f" {', '.join(names)}). Give the table that was fitted, or write over='data' to"
            " average over the rows given."
        )


def profiles(at: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Every combination of the written values; one without any where nothing is written.

    Examples
    --------
    >>> profiles({"a": [0, 1], "k": "x"})
    [{'a': 0, 'k': 'x'}, {'a': 1, 'k': 'x'}]
    """
    if at is not None and not isinstance(at, Mapping):
        raise SpecError(
            f"at is {at!r}; write the value of each column that is held, as {{'x': 0}}."
        )
    out: list[dict[str, Any]] = [{}]
    for column, values in (at or {}).items():
        several = isinstance(values, list | tuple | np.ndarray | pd.Series | pd.Index)
        listed = list(values) if several else [values]
        if not listed:
            raise SpecError(f"at gives no value of {column!r}; write one or several.")
        out = [{**profile, column: v} for profile in out for v in listed]
    return out


def set_to(rows: EffectRows, profile: Mapping[str, Any]) -> pd.DataFrame:
    """The table with columns set to the same value for every row.

    Raises
    ------
    SpecError
        A column that the formula does not have, a value that is no number where it must be.
    """
    table = rows.table
    for column, value in profile.items():
        if column != rows.exposure:
            check_column(rows, column)
        if is_number(rows, column):
            if not isinstance(value, Real | np.bool_) or not np.isfinite(float(value)):
                raise SpecError(
                    f"the value of {column!r} is {value!r}; it must be a finite number."
                )
            table = table.assign(**{column: float(value)})
        else:
            if not isinstance(value, Hashable):
                raise SpecError(f"the value of {column!r} is {value!r}; it must be a category.")
            table = table.assign(
                **{column: pd.Series([value] * len(table), index=table.index, dtype=object)}
            )
    return table


def check_column(rows: EffectRows, column: str) -> None:
    """Refuse a column that the right-hand side of the formula does not have."""
    known = list(dict.fromkeys(f.column for f in rows.design.formula.factors))
    if column not in known and column == rows.exposure:
        raise SpecError(
            f"{column!r} is the offset or exposure, whose effect is not estimated; hold it at a"
            " value in at, or put it in the formula too."
        )
    if column not in known:
        raise SpecError(one_of("column of the formula", column, known))


def is_number(rows: EffectRows, column: str) -> bool:
    """Whether the formula takes the column for numbers somewhere, or it is an exposure."""
    return column == rows.exposure or any(
        f.functions[:1] != ("C",) for f in rows.design.formula.factors if f.column == column
    )


def outside(rows: EffectRows, values: Mapping[str, Any]) -> str:
    """A sentence on written values beyond what the rows hold; empty where there are none."""
    said = []
    for column, value in values.items():
        if column not in {f.column for f in rows.design.formula.factors}:
            continue  # an exposure multiplies the mean, whatever its size
        seen = rows.table[column]
        if is_number(rows, column) and not seen.min() <= value <= seen.max():
            said.append(
                f"{column} is {value:g}, and the rows hold {seen.min():g} to {seen.max():g}: an"
                " extrapolation"
            )
    return "; ".join(said)
