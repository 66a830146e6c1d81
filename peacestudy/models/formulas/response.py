"""The outcome of a formula: whether the engine takes it, and the
times and events of a survival response.

Source: Therneau and Grambsch (2000), Modeling Survival Data, 3.7.1 (a row is at risk from its
start, exclusive, to its stop, inclusive: left truncation and covariates that change are both rows
with a start).
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from peacestudy.core.display import exact_number
from peacestudy.core.problems import Note
from peacestudy.core.tied_survival_times import tied_times
from peacestudy.errors import FitError, SpecError
from peacestudy.models.formulas.columns import in_range
from peacestudy.models.formulas.factors import Factor, Survival
from peacestudy.models.formulas.formula import Formula

NAMED = 5  # cases named in a message
SURVIVAL_ENGINES = "'cox' or 'discrete_time'"


def with_outcome(parsed: Formula, outcome: str, engine: str) -> Formula:
    """The formula, refused where the engine does not take its outcome.

    ``outcome`` is what the engine explains, as in ``Engine``; ``engine`` names it in messages. With
    a survival or an ordered response categories are coded beside an intercept, whatever the
    formula says of it: the baseline hazard, or the cut points, stand in its place.

    Raises
    ------
    SpecError
        A survival response for an engine of numbers, or a plain one for an
        engine of times; an outcome on both sides.
    """
    survival = isinstance(parsed.response, Survival)
    if survival and outcome not in ("survival", "periods"):
        raise SpecError(
            f"the outcome is {parsed.response.label}, and engine {engine!r} models a single"
            f" column: write engine {SURVIVAL_ENGINES} for times, or a column as the outcome."
        )
    if not survival and outcome == "survival":
        raise SpecError(
            f"engine {engine!r} models survival times: write Surv(time, event) ~ ... or"
            " Surv(start, stop, event) ~ ... with the names of your columns, instead of"
            f" {parsed.response.label} ~ ..."
        )
    _refuse_itself(parsed)
    return (
        replace(parsed, right=f"{parsed.right} + 1") if survival or outcome == "ordered" else parsed
    )


def ordered_outcome(
    response: Factor | Survival, used: pd.DataFrame
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Positions (n,) of the values among the categories, and the
    categories from the lowest to the highest.

    Raises
    ------
    SpecError
        A function of the outcome, or an outcome whose order is not declared: text, a categorical
        without an order, numbers that are not whole.
    """
    label = response.label
    if isinstance(response, Survival) or response.functions:
        raise SpecError(
            f"the outcome is {label}: engine 'ordered' takes a column without a function."
        )
    column = used[response.column]
    if isinstance(column.dtype, pd.CategoricalDtype) and column.cat.ordered:
        return column.cat.codes.to_numpy(dtype=float), tuple(str(v) for v in column.cat.categories)
    if column.dtype.kind not in "biuf":
        raise SpecError(
            f"the outcome {label!r} holds {column.dtype}, which declares no order. Write the order"
            " down: pd.Categorical(values, categories=[lowest, ..., highest], ordered=True); or"
            " code it 0, 1, 2 ..."
        )
    x = column.to_numpy(dtype=float)
    if not (x == np.round(x)).all():
        raise SpecError(
            f"the outcome {label!r} holds numbers that are not whole, as"
            f" {exact_number(x[x != np.round(x)][0])}: categories are counted 0, 1, 2 ... Use"
            " engine 'linear', or an ordered categorical."
        )
    found = np.unique(x)
    return np.searchsorted(found, x).astype(float), tuple(f"{v:.0f}" for v in found)


def _refuse_itself(parsed: Formula) -> None:
    """Refuse an outcome that stands among its own causes; its past may,
    and so may a start, known before the event.
    """
    response = parsed.response
    own = (response.time, response.event) if isinstance(response, Survival) else (response.column,)
    for factor in parsed.factors:
        if factor.column in own and not factor.lag:
            raise SpecError(
                f"{factor.column!r} is the outcome ({response.label}), and is also on the"
                f" right-hand side, as {factor.label}: an outcome cannot explain itself. Remove it"
                " there, or use its lag, as lag(x)."
            )


def survival_times(
    response: Survival, used: pd.DataFrame, ids: Sequence[Any]
) -> tuple[np.ndarray, np.ndarray, tuple[Note, ...]]:
    """Events (n,), the start and end of the time at risk (n, 2), and
    notes; the start is 0 where none is written.

    Times that are equal but for floating-point noise are one time, see
    ``peacestudy.core.tied_survival_times``.

    Parameters
    ----------
    response : names of the columns.
    used : rows without missing values; the index is the position in ``ids``.
    ids : names of the cases.

    Raises
    ------
    SpecError
        A column does not hold numbers.
    FitError
        An event that is not 0 or 1, a negative time, an end that is not after its start, or only by
        floating-point noise (with the cases); no event.
    """
    for name in response.columns:
        if used[name].dtype.kind not in "biuf":
            raise SpecError(
                f"the column {name!r} in {response.label} holds {used[name].dtype}, not numbers."
            )
    event, stop = (
        used[response.event].to_numpy(dtype=float),
        used[response.time].to_numpy(dtype=float),
    )
    written = (
        [stop] if response.start is None else [used[response.start].to_numpy(dtype=float), stop]
    )
    in_range(stop, response.time)
    in_range(written[0], response.start or response.time)
    found = tied_times(*written)
    stop = found.columns[-1]
    start = np.zeros(len(stop)) if response.start is None else found.columns[0]
    cases = [ids[i] for i in used.index]
    _refuse(response, cases, ~np.isin(event, (0, 1)), event, f"{response.event!r} must be 0 or 1")
    _refuse(response, cases, stop < 0, stop, f"{response.time!r} must not be negative")
    if response.start is not None:
        after = f"{response.time!r} must be after {response.start!r}"
        empty = (stop == start) & (written[1] > written[0])
        _refuse(response, cases, start < 0, start, f"{response.start!r} must not be negative")
        _refuse(
            response,
            cases,
            empty,
            written[1] - written[0],
            f"{after} by more than floating-point noise",
        )
        _refuse(response, cases, stop <= start, stop, after)
    if not event.any():
        raise FitError(
            f"{response.label}: {response.event!r} is 0 in all {len(event)} rows used: no event,"
            " nothing to explain."
        )
    return event, np.column_stack([start, stop]), found.notes(response.label)


def _refuse(
    response: Survival, cases: list[Any], bad: np.ndarray, x: np.ndarray, rule: str
) -> None:
    where = np.flatnonzero(bad)
    if len(where):
        shown = ", ".join(f"{cases[i]}: {exact_number(x[i])}" for i in where[:NAMED])
        more = f" and {len(where) - NAMED} more" if len(where) > NAMED else ""
        raise FitError(
            f"{response.label}: {rule}; it is not in {len(where)} row(s) (cases {shown}{more})."
            " Correct them."
        )
