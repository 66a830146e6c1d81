"""Groups of rows that share a random intercept: which rows belong
together, sums over groups, and what is refused.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Groups:
    """Rows in order of their groups.

    Attributes
    ----------
    order : positions of the rows, group by group, shape (N,).
    first : where each group begins in that order, shape (G,).
    size : rows of each group, shape (G,).
    which : the group of each row in that order, shape (N,).
    """

    order: np.ndarray
    first: np.ndarray
    size: np.ndarray
    which: np.ndarray

    def sums(self, x: np.ndarray) -> np.ndarray:
        """Sums over groups of rows in order, shape (N, ...) to (G, ...)."""
        return np.asarray(np.add.reduceat(x, self.first, axis=0))
