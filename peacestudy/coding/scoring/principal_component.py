"""The first principal component of standardised indicators. Source: Jolliffe (2002), Principal
Component Analysis, ch. 2-3.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from peacestudy.errors import CodingError

# of the larger: eigenvalues, or sums of loadings, closer than this cannot be told apart
EQUAL = 1e-8


@dataclass(frozen=True, eq=False)
class Component:
    """A first principal component.

    Attributes
    ----------
    loadings : correlation of each indicator with the component, shape (k,).
    explained : share of the indicators' variance, in [1/k, 1].
    second : the same share for the next component; where it equals
        ``explained`` the first is not determined.
    scores : shape (cases,), mean 0 and standard deviation 1 (by n - 1).
    undirected : whether the directions left the sign open, so that
        the first indicator with a loading set it.
    """

    loadings: np.ndarray
    explained: float
    second: float
    scores: np.ndarray
    undirected: bool

    @property
    def determined(self) -> bool:
        """Whether the first component explains more than the next."""
        return self.explained - self.second > EQUAL * self.explained

    @property
    def theta(self) -> float:
        """Reliability of the scores, k / (k - 1) * (1 - 1 / first
        eigenvalue); NaN for one indicator.

        Source: Armor (1974), Sociological Methodology 5, Theta reliability and factor scaling.
        """
        k = len(self.loadings)
        return k / (k - 1) * (1 - 1 / (self.explained * k)) if k > 1 else float("nan")


def first_component(values: np.ndarray, directions: Sequence[int]) -> Component:
    """The first component of the correlations.

    Parameters
    ----------
    values : shape (cases, k), no missing values, every column varies, two cases or more.
    directions : +1 or -1 an indicator: the sum of direction times loading is positive.

    Raises
    ------
    CodingError
        A value is missing, or a column does not vary.

    Examples
    --------
    >>> found = first_component(np.array([[0.0, 1], [1, 2], [2, 4]]), [1, 1])
    >>> found.loadings.round(3), round(found.explained, 3)
    (array([0.995, 0.995]), 0.991)
    """
    n, k = values.shape
    if np.isnan(values).any() or n < 2 or k < 1 or (values == values[:1]).all(axis=0).any():
        raise CodingError("a component needs values without gaps, in columns that vary.")
    z = (values - values.mean(axis=0)) / values.std(axis=0, ddof=1)
    _, singular, rows = np.linalg.svd(z, full_matrices=False)
    roots = singular**2 / (n - 1)
    loadings = rows[0] * np.sqrt(roots[0])
    pull = float(np.asarray(directions) @ loadings)
    undirected = abs(pull) < EQUAL
    if undirected:
        at = int(np.argmax(np.abs(loadings) > EQUAL))
        pull = float(np.asarray(directions)[at] * loadings[at])
    sign = 1.0 if pull > 0 else -1.0
    second = float(roots[1] / k) if len(roots) > 1 else 0.0
    return Component(
        sign * loadings,
        float(roots[0] / k),
        second,
        sign * (z @ rows[0]) / np.sqrt(roots[0]),
        undirected,
    )
