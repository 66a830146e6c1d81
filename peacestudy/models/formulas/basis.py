"""Curves in a formula: orthogonal polynomials and cubic splines. What
they were made of travels with the design.

Sources: Kennedy and Gentle (1980), Statistical Computing, 343-344 (orthogonal polynomials by a
three-term recurrence, as R's ``poly``); de Boor (1978), A Practical Guide to Splines, ch. 9
(B-splines; knots at quantiles, no constant, as ``bs`` of R's splines).
"""

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import BSpline

from peacestudy.errors import FitError

DEGREE = 3  # of the splines
# share of the range by which knots, or values, must differ to count as different; a range counts
# from its own middle
APART = 1e-9


@dataclass(frozen=True)
class Polynomial:
    """Orthogonal polynomials of the values of a fit.

    Attributes
    ----------
    centre, half : where the values were moved and what they were
        divided by, so that they lay between -1 and 1.
    alpha, norm2 : of the recurrence p[j+1] = (u - alpha[j]) p[j] - norm2[j] / norm2[j-1] p[j-1];
        ``norm2`` are the sums of squares.
    """

    centre: float
    half: float
    alpha: tuple[float, ...]
    norm2: tuple[float, ...]

    def columns(self, x: np.ndarray) -> np.ndarray:
        """Degrees 1 to k at values (n,), shape (n, k): over the values of the fit of mean zero,
        orthogonal, of length one.
        """
        u = (x - self.centre) / self.half
        out = [np.ones(len(u)), u - self.alpha[0]]
        for j in range(1, len(self.alpha)):
            out.append(
                (u - self.alpha[j]) * out[j] - self.norm2[j] / self.norm2[j - 1] * out[j - 1]
            )
        return np.column_stack(out[1:]) / np.sqrt(self.norm2[1:])

    def outside(self, x: np.ndarray) -> np.ndarray:
        """Nowhere: a polynomial goes on for ever."""
        return np.zeros(len(x), dtype=bool)


@dataclass(frozen=True)
class Spline:
    """Cubic B-splines over the values of a fit.

    Attributes
    ----------
    low, high : the range of the fit; the splines do not exist beyond.
    inner : knots between, as shares of the range.
    """

    low: float
    high: float
    inner: tuple[float, ...]

    def columns(self, x: np.ndarray) -> np.ndarray:
        """The splines but the first at values (n,) within the
        range, shape (n, knots between + 3).
        """
        knots = np.array([0.0] * (DEGREE + 1) + list(self.inner) + [1.0] * (DEGREE + 1))
        u = np.clip((x - self.low) / (self.high - self.low), 0.0, 1.0)
        out: np.ndarray = BSpline.design_matrix(u, knots, DEGREE).toarray()[:, 1:]
        return out

    def outside(self, x: np.ndarray) -> np.ndarray:
        """Values beyond the range of the fit, shape (n,), bool."""
        return np.asarray((x < self.low) | (x > self.high))


Basis = Polynomial | Spline


def make_basis(function: str, x: np.ndarray, size: int, label: str) -> Basis:
    """The basis of a function at the values of a fit.

    Parameters
    ----------
    function : ``poly`` or ``bs``.
    x : values, shape (n,).
    size : columns to be made.
    label : of the term, for messages.

    Raises
    ------
    FitError
        Fewer different values than the polynomial or the knots need.

    Examples
    --------
    >>> make_basis("poly", np.array([1.0, 2, 3]), 2, "poly(x, 2)").columns(
    ...     np.array([1.0, 2, 3])
    ... ).round(4).tolist()
    [[-0.7071, 0.4082], [0.0, -0.8165], [0.7071, 0.4082]]
    """
    low, high = float(x.min()), float(x.max())
    if not high > low:
        raise FitError(
            f"{label}: the values do not vary in the {len(x)} rows used, so there is no curve over"
            " them."
        )
    return _polynomial(x, size, label) if function == "poly" else _spline(x, size, label)


def _polynomial(x: np.ndarray, degree: int, label: str) -> Polynomial:
    centre = float(x.mean())
    half = float(np.abs(x - centre).max())
    u = (x - centre) / half
    different = 1 + int((np.diff(np.sort(u)) > APART).sum())
    if different <= degree:
        raise FitError(
            f"{label}: {different} different value(s) cannot carry a polynomial of degree {degree}."
            f" Write a degree below {different}, or C() for categories."
        )
    before, now = np.zeros(len(u)), np.ones(len(u))
    alpha: list[float] = []
    norm2 = [float(len(u))]
    for j in range(degree):
        alpha.append(float((u * now**2).sum() / norm2[-1]))
        step = norm2[j] / norm2[j - 1] if j else 0.0
        before, now = now, (u - alpha[-1]) * now - step * before
        norm2.append(float((now**2).sum()))
    return Polynomial(centre, half, tuple(alpha), tuple(norm2))


def _spline(x: np.ndarray, df: int, label: str) -> Spline:
    low, high = float(x.min()), float(x.max())
    u = (x - low) / (high - low)
    inner = np.quantile(u, np.linspace(0, 1, df - DEGREE + 2)[1:-1])
    if (np.diff([0.0, *inner, 1.0]) <= APART).any():
        at = low + (high - low) * float(inner[int(np.argmin(np.diff([0.0, *inner, 1.0])[:-1]))])
        raise FitError(
            f"{label}: knots stand at quantiles of the values, and fall together where many values"
            f" are equal (near {at:g}). Write fewer columns, poly(), or C() for categories."
        )
    return Spline(low, high, tuple(float(k) for k in inner))
