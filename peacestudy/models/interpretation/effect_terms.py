"""From what the author asks for to the quantities that answer it:
slopes, comparisons, predictions at written values.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from peacestudy.core.display import exact_number
from peacestudy.core.problems import one_of
from peacestudy.core.tied_survival_times import tied_times
from peacestudy.errors import FitError, SpecError
from peacestudy.models.engines.discrete_time import BASELINES, DEFAULT, LONGEST
from peacestudy.models.engines.registry import engine_of
from peacestudy.models.interpretation.effect_rows import (
    EffectRows,
    check_column,
    is_number,
    outside,
    profiles,
    set_to,
)
from peacestudy.models.interpretation.effect_scale import response_name
from peacestudy.models.interpretation.quantities import (
    ByPeriod,
    Contrast,
    Mean,
    Quantity,
    Rows,
    Slope,
)
from peacestudy.models.interpretation.responses import responses
from peacestudy.models.interpretation.restricted_mean import (
    RestrictedMean,
    baseline_of,
    check_horizon,
    strata_of,
)
from peacestudy.models.interpretation.slopes import check_slope, derivative
from peacestudy.models.result import Fit

CHANGES = ("sd", "iqr", "minmax")
PAIRS = ("reference", "sequential", "pairwise")


@dataclass(frozen=True, eq=False)
class EffectTerm:
    """One row of a table of effects, before its numbers.

    Attributes
    ----------
    term, contrast, at : what the row says it is.
    quantity : the number, with the scale of its interval.
    tested : whether it is an effect, which is tested against none; a prediction is not.
    n : rows averaged.
    note : what makes one distrust the number.
    category : of an ordered outcome, whose chance it is; else empty.
    """

    term: str
    contrast: str
    at: str
    quantity: Quantity
    tested: bool
    n: int
    note: str = ""
    category: str = ""


Quantities = dict[str, Quantity]  # by category of an ordered outcome; else one, without a name


@dataclass(frozen=True, eq=False)
class Asked:
    """A fit with the rows, the scale and the horizon of its effects."""

    fit: Fit
    rows: EffectRows
    scale: str
    horizon: float | None
    over: str

    @property
    def link(self) -> str:
        """Name of the response, see ``responses``."""
        return response_name(self.fit.spec.engine, self.scale)

    @property
    def categories(self) -> tuple[str, ...]:
        """Of an ordered outcome whose chances are asked for, from
        the lowest; else one without a name.
        """
        return self.fit.design.categories if self.link == "category" else ("",)

    def _given(self, table: pd.DataFrame) -> dict[str, Rows]:
        X = self.rows.matrix(table)
        share, offset = self.rows.spread(X), self.rows.offset(table)
        return {
            c: Rows(X, share, r, offset) for c, r in responses(self.link, self.categories).items()
        }

    def means(self, table: pd.DataFrame) -> tuple[Quantities, int]:
        """The mean over rows set as ``table`` has them, of every
        category, and the number of rows.
        """
        if self.scale != "horizon":
            given = self._given(table)
            return {c: Mean(rows) for c, rows in given.items()}, len(next(iter(given.values())).X)
        X = self.rows.covariates(table)
        share = np.full(len(X), 1 / len(X))
        if engine_of(self.fit.spec).outcome == "periods":
            return {"": ByPeriod(_baseline(self.fit, self.horizon, len(X)), X, share)}, len(X)
        strata = strata_of(self.fit, self.rows, self.over)
        assert self.horizon is not None
        check_horizon(self.fit, strata, self.horizon)
        return {
            "": RestrictedMean(baseline_of(self.fit), X, share, strata, float(self.horizon))
        }, len(X)

    def slopes(self, table: pd.DataFrame, column: str) -> tuple[Quantities, int]:
        """The mean slope by a column, of every category."""
        given, D = self._given(table), derivative(self.rows, table, column)
        moved = np.zeros(len(D))
        if column == self.rows.exposure:
            moved = (
                np.ones(len(D))
                if "offset" in dict(self.fit.spec.options)
                else 1 / table[column].to_numpy(dtype=float)
            )
        return {c: Slope(rows, D, moved) for c, rows in given.items()}, len(D)


def _baseline(fit: Fit, horizon: float | None, rows: int) -> np.ndarray:
    """Columns of the baseline hazard in the periods up to the horizon;
    ``rows`` is how many rows have a hazard in each.
    """
    last = int(fit.design.times[:, 1].max()) if fit.design.times is not None else 0
    if (
        isinstance(horizon, bool)
        or not isinstance(horizon, Real)
        or not np.isfinite(float(horizon))
    ):
        raise SpecError(f"horizon is {horizon!r}; it must be a number of periods, 1 or more.")
    horizon = float(tied_times(np.array([horizon])).columns[0][0])
    if not horizon.is_integer() or horizon < 1:
        raise SpecError(
            f"horizon is {exact_number(horizon)}; it must be a whole number of periods, 1 or more."
        )
    if horizon > last:
        raise FitError(
            f"horizon is {horizon:g}, and no period after {last} was observed. Write {last} or"
            " less."
        )
    if horizon * max(rows, len(fit.design.baseline)) > LONGEST:
        raise FitError(
            f"horizon is {horizon:.0f}, and {rows} rows have a hazard in each of these periods:"
            " too many for memory. Write a shorter horizon, or count time in longer periods."
        )
    kind = str(dict(fit.spec.options).get("baseline", DEFAULT))
    columns, names = BASELINES[kind](np.arange(1, int(horizon) + 1))
    if gone := [name for name in names if name not in fit.design.baseline]:
        raise FitError(
            f"the fit has no hazard for {len(gone)} of the {horizon:g} periods"
            f" ({', '.join(gone[:5])}): none, or all, had the event there. Write baseline cubic,"
            " log or constant in the options of the model, or a shorter horizon."
        )
    out = np.zeros((len(columns), len(fit.design.baseline)))
    out[:, [fit.design.baseline.index(name) for name in names]] = columns
    return out


def _label(profile: Mapping[str, Any]) -> str:
    return ", ".join(f"{c} = {_value(v)}" for c, v in profile.items())


def _value(v: Any) -> str:
    return (
        f"{v:g}" if isinstance(v, int | float | np.number) and not isinstance(v, bool) else str(v)
    )


def _notes(*said: str) -> str:
    return "; ".join(s for s in said if s)


def slope_terms(
    asked: Asked, variables: Sequence[str] | None, at: Mapping[str, Any] | None
) -> Iterator[EffectTerm]:
    """A slope for each variable and profile; of all columns of numbers where none is named."""
    if asked.scale == "horizon":
        raise SpecError(
            "a horizon has no slopes; write kind='comparisons' with the change to compare."
        )
    factors = asked.rows.design.formula.factors
    if variables is None:
        numbers = dict.fromkeys(f.column for f in factors if "C" not in f.functions)
        variables = [c for c in numbers if asked.rows.table[c].dtype.kind != "b"]
        variables = [
            c for c in variables if not any("C" in f.functions for f in factors if f.column == c)
        ]
        if not variables:
            raise SpecError(
                "no column of the formula has a slope; write kind='comparisons' and the variables."
            )
    if not isinstance(variables, Iterable) or not all(isinstance(c, str) for c in variables):
        raise SpecError(
            f"the variables of slopes are {variables!r}; write names of columns, or None for all of"
            " numbers."
        )
    if not len(variables):
        raise SpecError("no column is named; write None for every column of numbers.")
    for column in variables:
        check_slope(asked.rows, column)
        two = set(asked.rows.table[column].unique()) <= {0, 1}
        said = (
            (
                f"{column} is 0 or 1: a slope is not the effect of a change from 0 to 1, which"
                " comparisons of (0, 1) give"
            )
            if two
            else ""
        )
        for profile in profiles(at):
            found, n = asked.slopes(set_to(asked.rows, profile), column)
            note = _notes(said, outside(asked.rows, profile))
            for category, quantity in found.items():
                yield EffectTerm(
                    column, "dY/dX", _label(profile), quantity, True, n, note, category
                )


def comparison_terms(
    asked: Asked, variables: Mapping[str, Any], at: Mapping[str, Any] | None, comparison: str
) -> Iterator[EffectTerm]:
    """What a written change of each variable does, at each profile."""
    if comparison == "ratio" and (asked.link == "identity" and asked.scale != "horizon"):
        raise SpecError(
            "a ratio compares probabilities, counts or times; means and linear predictors are"
            " compared by difference."
        )
    for column, change in variables.items():
        check_column(asked.rows, column)
        for profile in profiles(at):
            if column in profile:
                raise SpecError(
                    f"{column!r} is compared and cannot be held at a value; leave it out of at."
                )
            table = set_to(asked.rows, profile)
            for contrast, low, high, said in changed(asked.rows, table, column, change, comparison):
                (above, n), (below, _) = asked.means(high), asked.means(low)
                note = _notes(said, outside(asked.rows, profile))
                for category in above:
                    quantity = Contrast(above[category], below[category], comparison == "ratio")
                    yield EffectTerm(
                        column, contrast, _label(profile), quantity, True, n, note, category
                    )


def changed(
    rows: EffectRows, table: pd.DataFrame, column: str, change: Any, comparison: str
) -> Iterator[tuple[str, pd.DataFrame, pd.DataFrame, str]]:
    """Label, table below, table above, and what is to be said,
    for each pair that a change makes.
    """
    sign = "/" if comparison == "ratio" else "-"
    for low, high, label in pairs_of(rows, column, change):
        if label:
            below, above = (table.assign(**{column: x}) for x in (low, high))
            yield label, below, above, _moved_outside(rows, column, low, high)
        else:
            below, above = (set_to(_with(rows, table), {column: v}) for v in (low, high))
            said = dict.fromkeys(filter(None, (outside(rows, {column: v}) for v in (low, high))))
            yield f"{_value(high)} {sign} {_value(low)}", below, above, "; ".join(said)


def _with(rows: EffectRows, table: pd.DataFrame) -> EffectRows:
    return replace(rows, table=table)


def _moved_outside(rows: EffectRows, column: str, low: np.ndarray, high: np.ndarray) -> str:
    seen = rows.table[column].to_numpy(dtype=float)
    beyond = (
        (low < seen.min()) | (high > seen.max()) | (high < seen.min()) | (low > seen.max())
    ).sum()
    return (
        f"in {beyond} of {len(seen)} rows {column} moves beyond {seen.min():g} to {seen.max():g}"
        if beyond
        else ""
    )


def pairs_of(rows: EffectRows, column: str, change: Any) -> list[tuple[Any, Any, str]]:
    """Low and high value of each comparison; a label where they are
    columns of numbers, a row each.
    """
    if isinstance(change, list | tuple):
        if len(change) != 2 or change[0] == change[1]:
            raise SpecError(
                f"the change of {column!r} is {change!r}; write two different values, the lower"
                " first."
            )
        return [(change[0], change[1], "")]
    if is_number(rows, column):
        return [_moved(rows.table[column].to_numpy(dtype=float), column, change)]
    if not isinstance(change, str) or change not in PAIRS:
        raise SpecError(
            one_of(f"the change of {column!r}", change, PAIRS) + " Or write two categories."
        )
    factor = next(f for f in rows.design.formula.factors if f.column == column)
    levels = rows.design.levels[factor.label]
    if change == "reference":
        return [(levels[0], v, "") for v in levels[1:]]
    return [
        (a, b, "")
        for a, b in (pairwise(levels) if change == "sequential" else combinations(levels, 2))
    ]


def _moved(x: np.ndarray, column: str, change: Any) -> tuple[np.ndarray, np.ndarray, str]:
    if (
        isinstance(change, int | float | np.number)
        and not isinstance(change, bool)
        and np.isfinite(change)
        and change != 0
    ):
        return x, x + float(change), f"{float(change):+g}"
    if not isinstance(change, str) or change not in CHANGES:
        raise SpecError(
            f"the change of {column!r} is {change!r}; write two values (low, high), a step above or"
            f" below zero, or one of {', '.join(CHANGES)}."
        )
    if change == "sd":
        half = float(x.std(ddof=1)) / 2
        return x - half, x + half, "sd"
    low, high = (x.min(), x.max()) if change == "minmax" else np.quantile(x, [0.25, 0.75])
    if not high > low:
        raise FitError(
            f"{column!r} is {low:g} at both ends of its {change}: there is nothing to compare."
        )
    return (
        np.full(len(x), low),
        np.full(len(x), high),
        "Max - Min" if change == "minmax" else "Q3 - Q1",
    )


def prediction_terms(asked: Asked, at: Mapping[str, Any] | None) -> Iterator[EffectTerm]:
    """The mean prediction at each profile."""
    if engine_of(asked.fit.spec).outcome == "survival" and asked.scale == "link":
        raise SpecError(
            "a Cox model has no level of its hazard to predict; write horizon=... for restricted"
            " mean survival time."
        )
    for profile in profiles(at):
        found, n = asked.means(set_to(asked.rows, profile))
        for category, quantity in found.items():
            note = outside(asked.rows, profile)
            yield EffectTerm("prediction", "", _label(profile), quantity, False, n, note, category)
