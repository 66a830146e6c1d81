"""Separation: whether some combination of the terms predicts the outcome without error, so that the logit has no maximum.

Source: Konis (2007), Computational algorithms for detecting separation in binary and multinomial logistic regression, thesis,
Oxford, ch. 4: a linear program whose value is above zero exactly when the data are completely or quasi-completely separated.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog

CLEAR = 1e-7  # a direction or margin below this is zero up to the solver's tolerance


@dataclass(frozen=True)
class Separation:
    """What separates the outcome.

    Attributes
    ----------
    kind : ``complete`` or ``quasi``.
    terms : positions of the columns in the separating direction.
    rows : positions of the rows that lie off the border: their outcome is predicted without error.
    """

    kind: str
    terms: tuple[int, ...]
    rows: tuple[int, ...]


def find_separation(X: np.ndarray, y: np.ndarray) -> Separation | None:
    """The separation in one design (N, K) and outcome (N,), or None."""
    size = np.abs(X).max(axis=0)
    A = (2 * y - 1)[:, None] * (X / np.where(size > 0, size, 1.0))
    answer = linprog(-A.sum(axis=0), A_ub=-A, b_ub=np.zeros(len(y)), bounds=(-1, 1), method="highs")
    if not answer.success or -answer.fun < CLEAR * len(y):
        return None
    margin = A @ answer.x
    off = margin > CLEAR
    return Separation(
        "complete" if off.all() else "quasi",
        tuple(int(j) for j in np.flatnonzero(np.abs(answer.x) > CLEAR)),
        tuple(int(i) for i in np.flatnonzero(off)),
    )
