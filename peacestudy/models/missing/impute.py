"""The verb ``impute``: multiple imputation by chained equations, each column filled from all the others.

Sources: van Buuren (2018), Flexible Imputation of Missing Data, 2nd ed., ch. 4 (chained equations) and 3.4 (predictive mean matching: what is
filled in is a value that some other case has). The chains are those of statsmodels' ``MICEData``.
"""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from peacestudy.core.frame import StudyFrame
from peacestudy.core.problems import Note, nearest
from peacestudy.errors import FitError, SpecError
from peacestudy.models.missing.imputed import Imputed

NAMED = 5  # names in a message
COLLINEAR = 1e-9  # smallest singular value of the standardised columns, relative to the largest


@dataclass(frozen=True, eq=False)
class _Column:
    """A column as the chains take it: numbers of mean 0 and standard deviation 1, or codes of categories; ``values`` undo that."""

    name: str
    coded: pd.Series
    values: dict[float, Any]
    category: bool


def impute(
    data: StudyFrame | pd.DataFrame, columns: Sequence[str], *, m: int, cycles: int, donors: int, seed: int
) -> Imputed:
    """Complete a table m times.

    Parameters
    ----------
    data : the table; not changed.
    columns : of the imputation model: every column that a model will use, its outcome too, and others that tell of the missing
        values or of why they are missing. Of a survival outcome, the time and the event. Numbers, yes and no, or categories; categories of
        three or more are used, and cannot be filled.
    m : completed tables, 2 or more.
    cycles : rounds through the columns before a table is taken; each table has a chain of its own.
    donors : cases of nearest prediction from which a missing value takes that of one.
    seed : of the random numbers. None of these has a default.

    Returns
    -------
    Imputed
        For ``fit``, which pools by Rubin's rules, and ``effects``.

    Raises
    ------
    SpecError
        A column that is not there, a count that is none.
    FitError
        Nothing is missing; a column without values or without variation, a category of three or more with missing values, cases
        without any value, too few cases for the columns, columns that are sums of others.

    Examples
    --------
    >>> d = pd.DataFrame({"y": [1.0, 2, 3, 4, 5, 6, 7, 8], "x": [2.0, 1, None, 3, 5, None, 6, 8]})
    >>> found = impute(d, ["y", "x"], m=3, cycles=2, donors=2, seed=1)
    >>> len(found), found.missing.n_missing.tolist(), int(found.tables[0].x.isna().sum())
    (3, [0, 2], 0)
    """
    for name, value, least in (("m", m, 2), ("cycles", cycles, 1), ("donors", donors, 1), ("seed", seed, 0)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
            raise SpecError(f"{name} is {value!r}; it must be a whole number of {least} or more.")
    if not isinstance(data, StudyFrame | pd.DataFrame):
        raise SpecError(f"impute takes a StudyFrame or a DataFrame, not a {type(data).__name__}.")
    table = data.data if isinstance(data, StudyFrame) else data
    found = [_coded(table, c) for c in _named(table, columns)]
    where = {c.name: c.coded.isna().to_numpy() for c in found if c.coded.isna().any()}
    ids = table[data.key].tolist() if isinstance(data, StudyFrame) else table.index.tolist()
    _check(found, where, ids, donors)
    rngs = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(m)]
    tables: list[StudyFrame | pd.DataFrame] = []
    traces = []
    for draw, rng in enumerate(rngs):
        filled, trace = _chain(found, where, cycles, donors, rng)
        traces.append(trace.assign(draw=draw))
        complete = table.assign(
            **{c.name: _decoded(table[c.name], c, filled, where[c.name]) for c in found if c.name in where}
        )
        tables.append(replace(data, data=complete) if isinstance(data, StudyFrame) else complete)
    missing = _missing(found)
    trace = pd.concat(traces, ignore_index=True)[["draw", "cycle", "column", "mean", "std"]]
    note = _note(missing, m, cycles, donors)
    if isinstance(data, StudyFrame):
        tables = [replace(t, notes=(*t.notes, note)) for t in tables if isinstance(t, StudyFrame)]
    return Imputed(tuple(tables), tuple(c.name for c in found), missing, where, trace, int(donors), int(seed), (note,))


def _named(table: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    names = [columns] if isinstance(columns, str) else list(columns)
    known = [str(c) for c in table.columns]
    for c in names:
        if c not in known:
            raise SpecError(f"the column {c!r} is not in the data.{nearest(str(c), known)}")
        if known.count(c) > 1 or names.count(c) > 1:
            raise SpecError(f"the column {c!r} stands twice; name it once, or rename one in the data.")
    if len(names) < 2:
        raise SpecError(
            "columns names fewer than two: a column is filled from the others. Name the outcome and what explains it."
        )
    return names


def _coded(table: pd.DataFrame, name: str) -> _Column:
    column = table[name]
    if column.notna().sum() == 0:
        raise FitError(f"the column {name!r} has no value in any of {len(column)} rows; leave it out.")
    if column.nunique() < 2:
        raise FitError(
            f"the column {name!r} is {column.dropna().iloc[0]!s} wherever it has a value; it says nothing of others. Leave it out."
        )
    if column.dtype.kind in "biuf":
        x = column.to_numpy(dtype=float, na_value=np.nan)
        if np.isinf(x).any():
            raise FitError(
                f"the column {name!r} holds {int(np.isinf(x).sum())} infinite value(s). Say what they mean first."
            )
        z = (x - np.nanmean(x)) / np.nanstd(x)
        return _Column(name, pd.Series(z), dict(zip(z, column, strict=True)), False)
    codes, levels = pd.factorize(column, sort=not isinstance(column.dtype, pd.CategoricalDtype))
    coded = pd.Series(np.where(codes < 0, np.nan, codes.astype(float)))
    if len(levels) > 2 and coded.isna().any():
        raise FitError(
            f"{name!r} has {len(levels)} categories and {int(coded.isna().sum())} missing value(s): categories of three or more are not "
            "filled in. Give 'missing' as a category of its own, make columns of yes and no, or leave the column out."
        )
    return _Column(name, coded, dict(enumerate(levels)), len(levels) > 2)


def _check(found: list[_Column], where: dict[str, np.ndarray], ids: list[Any], donors: int) -> None:
    if not where:
        raise FitError(f"nothing is missing in {', '.join(c.name for c in found)}: fit the data as they are.")
    empty = np.all([c.coded.isna() for c in found], axis=0)
    if empty.any():
        names = ", ".join(str(ids[i]) for i in np.flatnonzero(empty)[:NAMED])
        raise FitError(
            f"{int(empty.sum())} case(s) have no value in any of the columns ({names}): they tell nothing. Leave them out."
        )
    _collinear(found)
    width = sum(len(c.values) - 1 if c.category else 1 for c in found)
    for c in found:
        seen = int(c.coded.notna().sum())
        if c.name in where and seen < max(width + 1, donors):
            raise FitError(
                f"{c.name!r} has {seen} value(s), too few for {width} terms of the imputation model and {donors} donors. Name fewer columns."
            )


@contextmanager
def _quiet() -> Iterator[None]:
    """What statsmodels says of its own future is not the reader's concern."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", (FutureWarning, DeprecationWarning, PendingDeprecationWarning))
        yield


def _chain(
    found: list[_Column], where: dict[str, np.ndarray], cycles: int, donors: int, rng: np.random.Generator
) -> tuple[dict[str, np.ndarray], pd.DataFrame]:
    """Coded values of the columns with missing ones after some cycles, and the course of what was filled in."""
    names = {c.name: f"v{i}" for i, c in enumerate(found)}
    with _quiet():
        chain = _mice()(pd.DataFrame({names[c.name]: c.coded for c in found}), k_pmm=donors, rng=rng)
        chain.terms = {names[c.name]: len(c.values) if c.category else 0 for c in found}
        rows = []
        for cycle in range(cycles):
            chain.update_all(1)
            for c, gone in where.items():
                x = chain.data[names[c]].to_numpy()[gone]
                rows.append((cycle + 1, c, x.mean(), x.std()))
        filled = {c: chain.data[names[c]].to_numpy() for c in where}
    return filled, pd.DataFrame(rows, columns=["cycle", "column", "mean", "std"])


@cache
def _mice() -> Any:
    """Chains of statsmodels with arrays in place of formulas: no text reaches an evaluator, and a cycle takes a tenth of the time."""
    from statsmodels.imputation.mice import MICEData

    class Chain(MICEData):  # type: ignore[misc]
        terms: dict[str, int]  # number of categories of a column, 0 of numbers

        def design(self, column: str) -> np.ndarray:
            parts = [np.ones((len(self.data), 1))]
            for other, categories in self.terms.items():
                if other != column:
                    x = self.data[other].to_numpy()
                    parts.append((x[:, None] == np.arange(1, categories)) * 1.0 if categories else x[:, None])
            return np.hstack(parts)

        def get_fitting_data(self, column: str) -> tuple[Any, ...]:
            seen = self.ix_obs[column]
            return self.data[column].to_numpy()[seen], self.design(column)[seen], {}, {}

        def get_split_data(self, column: str) -> tuple[Any, ...]:
            X, seen = self.design(column), self.ix_obs[column]
            return self.data[column].to_numpy()[seen], X[seen], X[self.ix_miss[column]], {}, {}

    return Chain


def _collinear(found: list[_Column]) -> None:
    """Refuse columns that are sums of others wherever all have values."""
    numbers = [c for c in found if not c.category]
    X = np.column_stack([c.coded.to_numpy() for c in numbers])
    X = X[~np.isnan(X).any(axis=1)]
    X = X - X.mean(axis=0) if len(X) else X
    if len(X) <= len(numbers) or (X.std(axis=0) == 0).any():
        return
    _, size, axes = np.linalg.svd(X / X.std(axis=0), full_matrices=False)
    if size[-1] < COLLINEAR * size[0]:
        bad = [c.name for c, a in zip(numbers, axes[-1], strict=True) if abs(a) > 1e-6]
        raise FitError(
            f"the columns {', '.join(map(repr, bad))} are exact combinations of each other. Leave one of them out."
        )


def _decoded(original: pd.Series, c: _Column, filled: dict[str, np.ndarray], gone: np.ndarray) -> pd.Series:
    """The column with the values of donors where it had none: exactly values that other cases have."""
    known = np.array([k for k in c.values if not np.isnan(k)])
    drawn = [c.values[known[np.argmin(np.abs(known - z))]] for z in filled[c.name][gone]]
    out = original.copy()
    out[gone] = drawn
    return out.infer_objects() if original.dtype == object else out


def _missing(found: list[_Column]) -> pd.DataFrame:
    rows = [
        (c.name, int(c.coded.isna().sum()), float(c.coded.isna().mean()), int(c.coded.notna().sum())) for c in found
    ]
    return pd.DataFrame(rows, columns=["column", "n_missing", "share", "n_observed"])


def _note(missing: pd.DataFrame, m: int, cycles: int, donors: int) -> Note:
    parts = [
        f"{c} {n} ({share:.0%})"
        for c, n, share in zip(missing["column"], missing["n_missing"], missing["share"], strict=True)
        if n
    ]
    return Note(
        "imputed",
        f"Missing values filled in {m} times by chained equations ({cycles} cycles, {donors} donors): {', '.join(parts)}. They are taken to be "
        f"missing at random given {', '.join(missing['column'])}.",
    )
