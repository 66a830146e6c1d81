"""Chains of statsmodels' ``MICEData``, with arrays in place of formulas.

Source: van Buuren (2018), Flexible Imputation of Missing Data, 2nd ed., ch. 4 (chained equations) and 3.4 (predictive mean matching).
"""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from peacestudy.models.missing.coded import Coded


@contextmanager
def _quiet() -> Iterator[None]:
    """What statsmodels says of its own future is not the reader's concern."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", (FutureWarning, DeprecationWarning, PendingDeprecationWarning))
        yield


def run_chains(
    found: list[Coded], where: dict[str, np.ndarray], cycles: int, donors: int, rngs: Sequence[np.random.Generator]
) -> tuple[list[dict[str, np.ndarray]], pd.DataFrame]:
    """For each chain the coded values of the columns with missing ones after some cycles; and the course of what was filled in.

    Parameters
    ----------
    found : the columns.
    where : by column, which rows are missing, shape (n,), bool; only columns with missing values.
    cycles, donors : as of ``impute``.
    rngs : one a chain; all chains start from the same fill.

    Returns
    -------
    list of dict, DataFrame
        The trace has ``draw, cycle, column, mean, std``.
    """
    names = {c.name: f"v{i}" for i, c in enumerate(found)}
    out, rows = [], []
    with _quiet():
        start = _mice()(pd.DataFrame({names[c.name]: c.coded for c in found}), k_pmm=donors)
        start.terms = {names[c.name]: len(c.values) if c.category else 0 for c in found}
        for draw, rng in enumerate(rngs):
            chain = copy(start)
            chain.values, chain.rng = {v: start.data[v].to_numpy(copy=True) for v in start.data}, rng
            for cycle in range(cycles):
                chain.update_all(1)
                for c, gone in where.items():
                    x = chain.values[names[c]][gone]
                    rows.append((draw, cycle + 1, c, x.mean(), x.std()))
            out.append({c: chain.values[names[c]] for c in where})
    return out, pd.DataFrame(rows, columns=["draw", "cycle", "column", "mean", "std"])


@cache
def _mice() -> Any:
    """No text reaches an evaluator, and a cycle takes a tenth of the time."""
    from statsmodels.imputation.mice import MICEData

    class Chain(MICEData):  # type: ignore[misc]
        terms: dict[str, int]  # number of categories of a column, 0 of numbers
        values: dict[str, np.ndarray]  # the columns, filled in place

        def design(self, column: str) -> np.ndarray:
            parts = [np.ones((len(self.data), 1))]
            for other, categories in self.terms.items():
                if other != column:
                    x = self.values[other]
                    parts.append((x[:, None] == np.arange(1, categories)) * 1.0 if categories else x[:, None])
            return np.hstack(parts)

        def get_fitting_data(self, column: str) -> tuple[Any, ...]:
            seen = self.ix_obs[column]
            return self.values[column][seen], self.design(column)[seen], {}, {}

        def get_split_data(self, column: str) -> tuple[Any, ...]:
            X, seen = self.design(column), self.ix_obs[column]
            return self.values[column][seen], X[seen], X[self.ix_miss[column]], {}, {}

        def _store_changes(self, column: str, vals: np.ndarray) -> None:
            self.values[column][self.ix_miss[column]] = vals

    return Chain
