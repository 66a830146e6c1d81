"""Columns of a design that are combinations of each other, exactly or nearly.

Source: Higham (2002), Accuracy and Stability of Numerical Algorithms, 2nd ed., 7.1 and 7.2
(componentwise backward error: the smallest relative change of the data that makes a dependence
exact).
"""

from dataclasses import dataclass

import numpy as np

from peacestudy.models.formulas.centring import centring_of

# relative change of the data below which a dependence is exact but for rounding
EXACT = 32 * float(np.finfo(float).eps)
# the same below which fewer than four of the sixteen digits of the data tell the terms apart
DIGITS = 1e-12
TAKES_PART = 1e-6  # share of the largest part of a combination, above which a column belongs to it


@dataclass(frozen=True)
class Dependence:
    """Columns that are combinations of each other, exactly or nearly.

    Attributes
    ----------
    columns : their positions.
    change : the smallest relative change of their values that makes the dependence exact.
    """

    columns: tuple[int, ...]
    change: float

    @property
    def exact(self) -> bool:
        """Whether rounding alone keeps them apart."""
        return self.change <= EXACT

    @property
    def said(self) -> str:
        """What the columns are, as a message says it."""
        if self.exact:
            return "exact combinations of each other"
        return (
            "too close to combinations of each other for double precision (condition number"
            f" {1 / self.change:.0e})"
        )


def dependence(X: np.ndarray, size: np.ndarray | None = None) -> Dependence | None:
    """The dependence of the columns of a design (N, K), or None
    where double precision tells them apart.

    A column far from zero, such as a time in seconds, is close to the constant and yet has digits
    of its own. Therefore columns are not judged by the length of what is left of them, but by how
    far their values must be moved until a combination of them is zero: |Xv| against |X||v|, v the
    weakest direction of the columns, centred where they span the constant.

    Parameters
    ----------
    X : columns, shape (N, K).
    size : what the values of each column were before something was subtracted from them, shape
        (K,); None takes their own.
    """
    scale = np.abs(X).max(axis=0)
    if (scale == 0).any():
        return Dependence(tuple(int(j) for j in np.flatnonzero(scale == 0)), 0.0)
    A = X / scale
    norm = (
        np.sqrt((A**2).sum(axis=0))
        if size is None
        else np.sqrt(len(A)) * np.maximum(size / scale, 1.0)
    )
    moved = centring_of(A)
    C = A - moved.centre
    length = np.sqrt((C**2).sum(axis=0))
    alone = length / norm  # how far each column by itself is from the constant
    still = alone <= DIGITS
    if still.any():
        return Dependence(
            tuple(int(j) for j in np.flatnonzero(still | (moved.constant != 0))), float(alone.min())
        )
    _, s, V = np.linalg.svd(C / length, full_matrices=False)
    change = s / (np.abs(V / length) @ norm)
    near = change <= DIGITS
    if not near.any():
        return None
    null = V[near] / length
    null = (null - (null @ moved.centre)[:, None] * moved.constant) * norm
    taking = np.abs(null) > TAKES_PART * np.abs(null).max(axis=1, keepdims=True)
    return Dependence(
        tuple(int(j) for j in np.flatnonzero(taking.any(axis=0))), float(change.min())
    )
