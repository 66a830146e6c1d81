"""What every kernel returns."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class Estimates:
    """What a kernel returns for a batch of B designs with N rows and K columns.

    Attributes
    ----------
    beta : float array, shape (B, K)
        Coefficients.
    influence : float array, shape (B, N, K)
        Score of every row times the inverse information (inverse cross-product for least
        squares); outer products of their sums over clusters are the sandwich.
    leverage : float array, shape (B, N)
        Diagonal of the hat matrix.
    classical : float array, shape (B, K, K)
        Model-based covariance.
    loglik : float array, shape (B,)
        Log-likelihood at ``beta``; penalised for firth.
    r2 : float array, shape (B,)
        R2 of least squares, McFadden's of the others, from likelihoods without a penalty.
    scale : float array, shape (B,)
        Residual variance of least squares, 1 otherwise.
    converged : bool array, shape (B,)
    iterations : int array, shape (B,)
    names : tuple of str
        Names of the K coefficients where they are not the columns of the design: cut points,
        ``alpha``, ``sd(group)`` come last.
    """

    beta: np.ndarray
    influence: np.ndarray
    leverage: np.ndarray
    classical: np.ndarray
    loglik: np.ndarray
    r2: np.ndarray
    scale: np.ndarray
    converged: np.ndarray
    iterations: np.ndarray
    names: tuple[str, ...] = ()

    def at(self, member: int) -> "Estimates":
        """Those of one design, as a batch of one."""
        arrays: dict[str, Any] = {}
        for field in fields(self):
            values = getattr(self, field.name)
            if isinstance(values, np.ndarray):
                arrays[field.name] = values[member : member + 1]
        return replace(self, **arrays)


Kernel = Callable[..., Estimates]
