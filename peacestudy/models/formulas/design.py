"""The design: what a formula makes of a table. It travels with the
fit, so that a prediction cannot drift from it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from peacestudy.core.problems import Note
from peacestudy.errors import FitError, SpecError
from peacestudy.models.formulas.basis import Basis, make_basis
from peacestudy.models.formulas.columns import (
    columns_named,
    complete_rows,
    in_range,
    marks_as_categories,
    panel_columns,
    refuse_containers,
    refuse_text,
)
from peacestudy.models.formulas.factors import SEVERAL, Factor, Survival
from peacestudy.models.formulas.formula import INTERCEPT, Formula, parse, renamed
from peacestudy.models.formulas.lags import add_lags, lags_apart
from peacestudy.models.formulas.response import ordered_outcome, survival_times, with_outcome

SQUARING = ("square", "scale", "center")  # functions that square, or add, what they are given


@dataclass(frozen=True, eq=False)
class Design:
    """The arrays of a model.

    Attributes
    ----------
    y : outcome, shape (n,).
    X : design matrix, shape (n, k).
    names : names of the k columns.
    cases : ids of the n rows.
    clusters : group numbers 0..G-1 of the rows, an array (n,) for each cluster column.
    dropped : rows left out, columns ``case, term, reason``.
    formula : what was parsed, lags read as columns.
    centres : mean and standard deviation that ``scale`` and ``center`` used, by factor label.
    levels : categories of each ``C()`` factor, the first is the reference.
    times : start and end of the time at risk of every row, shape (n, 2),
        with a survival response; ``y`` is the event.
    further : values of columns that options of the engine name, such as weights, by column.
    rows : where a row given became several, one a period: the position
        of the row given, shape (n,); else None.
    baseline : names of columns that the engine added for the baseline hazard.
    bases : what each curve, ``poly()`` or ``bs()``, is made of, by factor label.
    cluster_names : what the groups of each cluster column are
        called, in the order of their numbers.
    categories : of an ordered outcome, from the lowest; ``y`` holds positions among them.
    lags : what ``lag()`` looks up; ``formula`` reads each as a column of that name.
    panel : the columns of the unit and the time, where there are lags.
    notes : what was changed in the values read.
    made_of : the factors of each column that the formula makes, by the
        name of the column; none of the intercept.
    """

    y: np.ndarray
    X: np.ndarray
    names: tuple[str, ...]
    cases: tuple[Any, ...]
    clusters: tuple[np.ndarray, ...]
    dropped: pd.DataFrame
    formula: Formula
    centres: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    levels: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    times: np.ndarray | None = None
    further: Mapping[str, pd.Series] = field(default_factory=dict)
    rows: np.ndarray | None = None
    baseline: tuple[str, ...] = ()
    bases: Mapping[str, Basis] = field(default_factory=dict)
    cluster_names: tuple[tuple[Any, ...], ...] = ()
    categories: tuple[str, ...] = ()
    lags: tuple[Factor, ...] = ()
    panel: tuple[str, str] | None = None
    notes: tuple[Note, ...] = ()
    made_of: Mapping[str, tuple[Factor, ...]] = field(default_factory=dict)


def build_design(
    data: pd.DataFrame,
    formula: str,
    clusters: tuple[str, ...],
    case: str | None,
    outcome: str = "number",
    further: tuple[str, ...] = (),
    panel: tuple[str, str] | None = None,
    engine: str = "linear",
) -> Design:
    """The design of a formula on a table.

    Parameters
    ----------
    data : the table; not changed.
    formula : see ``peacestudy.models.formulas.formula``.
    clusters : cluster columns.
    case : id column; None takes the index.
    outcome : what is explained, ``number``, ``binary``, ``survival``, ``periods``, ``ordered`` or
        ``count``, as in ``Engine``.
    further : columns that options of the engine name.
    panel : the columns of the unit and the time, by which lags are looked up, over all rows given.
    engine : the name of the engine, for messages.

    Raises
    ------
    SpecError
        The formula or a column in it does not exist, a column of text stands without ``C()``, the
        engine does not take such an outcome, or two terms have one name.
    FitError
        A function cannot take the values, or no rows are left.
    """
    written = with_outcome(parse(formula), outcome, engine)
    parsed, lags = lags_apart(written)
    ids = data.index.tolist() if case is None else data[case].tolist()
    needed = {c: "the column" for c in (*written.columns, *further)}
    needed |= panel_columns(panel) if lags else {}
    table = columns_named(data, needed | {c: "the cluster column" for c in clusters})
    for c in (*clusters, *further):
        refuse_containers(table[c], c)
    lagged = add_lags(table, lags, panel, ids, (*written.columns, *clusters, *further))
    used, dropped = complete_rows(
        lagged.table, ids, [*parsed.columns, *clusters, *further], lagged.reasons
    )
    prepared = _Prepared(used, ids)
    prepared.add(parsed.factors)
    response = _response(parsed, outcome, prepared)
    columns = pd.DataFrame(prepared.columns, index=used.index)
    X, made_of = model_matrix(parsed, columns, prepared.levels)
    if X.shape[1] == 0:
        raise SpecError(
            f"formula {formula!r} leaves no term at all; name one, or keep the intercept."
        )
    grouped = [pd.factorize(used[column]) for column in clusters]
    return Design(
        response.y,
        X,
        tuple(made_of),
        tuple(ids[i] for i in used.index),
        tuple(codes for codes, _ in grouped),
        dropped,
        parsed,
        prepared.centres,
        prepared.levels,
        response.times,
        {column: used[column] for column in further},
        bases=prepared.bases,
        cluster_names=tuple(tuple(names) for _, names in grouped),
        categories=response.categories,
        lags=lags,
        panel=panel if lags else None,
        notes=(*response.notes, *_category_notes(parsed, response.categories, used)),
        made_of=made_of,
    )


@dataclass(frozen=True)
class _Prepared:
    """The columns of factors as the model matrix takes them, and how they were made.

    Attributes
    ----------
    used : the rows used. ids : of all rows given.
    columns : of every factor. centres : subtracted mean and divisor of scaled columns.
    levels : categories of each ``C()``. bases : of splines and polynomials.
    """

    used: pd.DataFrame
    ids: Sequence[Any]
    columns: dict[str, Any] = field(default_factory=dict)
    centres: dict[str, tuple[float, float]] = field(default_factory=dict)
    levels: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    bases: dict[str, Basis] = field(default_factory=dict)

    def add(self, factors: Sequence[Factor]) -> None:
        """Prepare the columns of the right-hand side."""
        for i, factor in enumerate(factors):
            if factor.size is None:
                self.columns[f"f{i}"] = _prepare(
                    factor, self.used, self.ids, self.centres, self.levels
                )
                continue
            x = self.numeric(factor)
            basis = make_basis(factor.functions[-1], x, factor.size, factor.label)
            self.bases[factor.label] = basis
            self.columns.update(curve_columns(f"f{i}", basis, x))

    def numeric(self, factor: Factor, outcome: bool = False) -> np.ndarray:
        """The numbers of a factor."""
        return _numeric(factor, self.used[factor.column], self.ids, self.centres, outcome)


@dataclass(frozen=True)
class _Response:
    """The outcome of the rows used: numbers, start and stop times, ordered categories."""

    y: np.ndarray
    times: np.ndarray | None = None
    categories: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()


def _response(parsed: Formula, outcome: str, prepared: _Prepared) -> _Response:
    """The outcome as the engine takes it."""
    response = parsed.response
    if outcome == "ordered":
        y, categories = ordered_outcome(response, prepared.used)
        return _Response(y, categories=categories)
    if isinstance(response, Survival):
        y, times, notes = survival_times(response, prepared.used, prepared.ids)
        return _Response(y, times, notes=notes)
    if set(SEVERAL) & set(response.functions):
        kind = "a set of categories" if response.size is None else "several columns"
        raise SpecError(f"the outcome is {response.label}: an outcome is a number, not {kind}.")
    return _Response(prepared.numeric(response, outcome=True))


def _category_notes(parsed: Formula, order: tuple[str, ...], used: pd.DataFrame) -> list[Note]:
    """Notes on marks of missing values that became categories of a
    term, or of an ordered outcome.
    """
    labels = {f.column: f.label for f in parsed.factors if f.functions == ("C",)}
    if order and isinstance(parsed.response, Factor):
        labels[parsed.response.column] = parsed.response.label
    return [
        note
        for column, label in labels.items()
        for note in marks_as_categories(label, used[column])
    ]


def _prepare(
    factor: Factor,
    used: pd.DataFrame,
    ids: Sequence[Any],
    centres: dict[str, tuple[float, float]],
    levels: dict[str, tuple[Any, ...]],
) -> Any:
    column = used[factor.column]
    if not factor.functions or factor.functions[-1] != "C":
        return _numeric(factor, column, ids, centres)
    if factor.functions[:-1]:
        column = pd.Series(_numeric(factor, column, ids, centres), index=column.index)
    levels[factor.label] = found = _categories(factor, column)
    if len(found) == 1:
        raise FitError(
            f"{factor.label} is {found[0]} in all {len(column)} rows used: there is nothing to"
            " compare."
        )
    codes = {v: f"l{i:06d}" for i, v in enumerate(found)}
    return pd.Categorical([codes[v] for v in column], categories=list(codes.values()))


def _categories(factor: Factor, column: pd.Series) -> tuple[Any, ...]:
    """The values that occur: in the order of a categorical column,
    else sorted. The first is the reference.
    """
    refuse_containers(column, factor.column)
    try:
        found = set(column.unique())
        if isinstance(column.dtype, pd.CategoricalDtype):
            return tuple(v for v in column.cat.categories if v in found)
        return tuple(sorted(found, key=lambda v: (type(v).__name__, v)))
    except TypeError as err:
        raise SpecError(
            f"{factor.label}: the values of {factor.column!r} cannot be categories ({err})."
        ) from err


def _numeric(
    factor: Factor,
    column: pd.Series,
    ids: Sequence[Any],
    centres: dict[str, tuple[float, float]],
    outcome: bool = False,
) -> np.ndarray:
    refuse_text(column, factor.column, outcome)
    x = column.to_numpy(dtype=float)
    label = factor.source
    for step, name in enumerate(factor.numeric, start=1):
        if name in SQUARING:
            in_range(x, label)
        low = {"log": 0.0, "log1p": -1.0}.get(name)
        bad = (
            (x < 0) if name == "sqrt" else (x <= low) if low is not None else np.zeros(len(x), bool)
        )
        if bad.any():
            which = ", ".join(str(ids[i]) for i in column.index[bad][:5])
            raise FitError(
                f"{factor.label}: {bad.sum()} value(s) have no {name} (cases {which}). Say what"
                " they mean first."
            )
        if name in ("scale", "center"):
            mean, sd = float(x.mean()), float(x.std(ddof=1))
            if name == "scale" and not (np.ptp(x) > 0 and sd > 0):
                raise FitError(
                    f"{factor.label}: {factor.column!r} does not vary in the {len(x)} rows used, so"
                    " it has no standard deviation."
                )
            centre = mean, sd if name == "scale" else 1.0
            centres[factor.within(step).label] = centre
            x = (x - mean) / centre[1]
        else:
            x = {"log": np.log, "log1p": np.log1p, "sqrt": np.sqrt, "square": np.square}[name](x)
        label = factor.within(step).label
    return in_range(x, label)


@lru_cache(256)  # the same formula is often fitted again, to other rows or draws
def _expression(right: str) -> Any:
    """A right-hand side in safe names, as formulaic reads it."""
    from formulaic import Formula as Expression

    return Expression(right)


def curve_columns(name: str, basis: Basis, x: np.ndarray) -> dict[str, np.ndarray]:
    """The columns of a curve by their safe names, ``f0_1`` and so on."""
    return {f"{name}_{j}": column for j, column in enumerate(basis.columns(x).T, start=1)}


def model_matrix(
    parsed: Formula, prepared: pd.DataFrame, levels: Mapping[str, tuple[Any, ...]]
) -> tuple[np.ndarray, dict[str, tuple[Factor, ...]]]:
    """The design matrix by formulaic, from safe names only, and by the name of each column the
    factors that it is made of.

    Raises
    ------
    SpecError
        The right-hand side cannot be built, or two columns have one name.
    """
    from formulaic.errors import FormulaicError

    factors = {f"f{i}": f for i, f in enumerate(parsed.factors)}
    try:
        # the spare column keeps the number of rows where a formula names no factor (y ~ 1)
        given = prepared if len(prepared.columns) else prepared.assign(spare=0.0)
        with np.errstate(over="ignore"):  # a product that overflows is refused below
            matrix = _expression(parsed.right).get_model_matrix(
                given, output="numpy", context={}, na_action="ignore"
            )
    except FormulaicError as err:
        raise SpecError(f"the right-hand side of the formula cannot be built: {err}") from err

    def described(column: str) -> tuple[str, tuple[Factor, ...]]:
        if column == INTERCEPT:
            return column, ()
        parts, used = [], []
        for piece in column.split(":"):
            head, _, level = piece.partition("[")
            head, _, place = head.partition("_")
            used.append(factors[head])
            text = factors[head].label
            at = levels[text][int(level.rstrip("]").removeprefix("T.")[1:])] if level else place
            if place and sum(other.split("_")[0] == head for other in column.split(":")) > 1:
                raise SpecError(
                    f"{text} is crossed with itself; write a higher degree, or more columns,"
                    " instead."
                )
            parts.append(f"{text}[{at}]" if level or place else text)
        return ":".join(parts), tuple(used)

    columns = [described(c) for c in matrix.model_spec.column_names]
    if twice := [name for name, times in Counter(name for name, _ in columns).items() if times > 1]:
        raise SpecError(
            f"two terms are both named {twice[0]!r}. {renamed(twice[0])} Or rename a category."
        )
    X = np.array(matrix, dtype=float).reshape(len(prepared), len(columns))
    for column, (term, _) in zip(X.T, columns, strict=True):
        in_range(column, term)
    return X, dict(columns)
