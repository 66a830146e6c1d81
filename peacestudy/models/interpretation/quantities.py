"""Averages over rows that are functions of the coefficients, each with its value and gradient.

Sources: Hanmer and Kalkan (2013), American Journal of Political Science 57(1) (averages over the cases as observed); Oehlert
(1992), The American Statistician 46(1) (delta method); Singer and Willett (1993), Journal of Educational Statistics 18(2) (survival
as the product over periods of one minus the hazard).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.special import expit

from peacestudy.errors import FitError
from peacestudy.models.interpretation.responses import Curve, Response


class Quantity(Protocol):
    """A number that follows from the parameters ``b``, shape (P,), and from the baseline hazard where there is one.

    ``b`` are the coefficients, and after them whatever else was estimated: cut points, ``alpha``, ``sd(group)``.

    ``jumps`` are factors by which the M jumps of the baseline hazard are drawn higher or lower; None leaves them as estimated.
    """

    def value(self, b: np.ndarray, jumps: np.ndarray | None = None) -> float:
        """The number."""
        ...

    def gradient(self, b: np.ndarray) -> np.ndarray:
        """Its derivative by the parameters, shape (P,)."""
        ...

    def steps(self, b: np.ndarray) -> np.ndarray | None:
        """Its derivative by the jumps of the baseline hazard, shape (M,)."""
        ...


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows that a response is averaged over.

    Attributes
    ----------
    X : their columns, shape (n, K); the first K of the parameters ``b`` belong to them, what comes after is the response's.
    share : their weights, which sum to one, shape (n,).
    response : the outcome as a function of the linear predictor.
    offset : added to the linear predictor, shape (n,).
    """

    X: np.ndarray
    share: np.ndarray
    response: Response
    offset: np.ndarray

    def curve(self, b: np.ndarray) -> Curve:
        """The response of each row, with its derivatives."""
        K = self.X.shape[1]
        return self.response.curve(self.X @ b[:K] + self.offset, b[K:])


@dataclass(frozen=True, eq=False)
class Mean:
    """Mean of the response over rows."""

    rows: Rows

    def value(self, b: np.ndarray, jumps: np.ndarray | None = None) -> float:
        """The mean."""
        return float(self.rows.share @ self.rows.curve(b).value)

    def gradient(self, b: np.ndarray) -> np.ndarray:
        """By the coefficients and what stands beside them."""
        at, share = self.rows.curve(b), self.rows.share
        return np.concatenate([(share * at.first) @ self.rows.X, share @ at.by_extra])

    def steps(self, b: np.ndarray) -> None:
        """There is no baseline hazard."""


@dataclass(frozen=True, eq=False)
class Slope:
    """Mean derivative of the response by a column whose change moves the rows by ``D`` (n, K) and their offset by ``moved`` (n,)."""

    rows: Rows
    D: np.ndarray
    moved: np.ndarray

    def _along(self, b: np.ndarray) -> np.ndarray:
        """The slope of the linear predictor, shape (n,)."""
        out: np.ndarray = self.D @ b[: self.D.shape[1]] + self.moved
        return out

    def value(self, b: np.ndarray, jumps: np.ndarray | None = None) -> float:
        """The mean slope."""
        return float(self.rows.share @ (self.rows.curve(b).first * self._along(b)))

    def gradient(self, b: np.ndarray) -> np.ndarray:
        """By the coefficients and what stands beside them."""
        at, share, along = self.rows.curve(b), self.rows.share, self._along(b)
        slopes = (share * at.second * along) @ self.rows.X + (share * at.first) @ self.D
        return np.concatenate([slopes, (share * along) @ at.first_by_extra])

    def steps(self, b: np.ndarray) -> None:
        """There is no baseline hazard."""


@dataclass(frozen=True, eq=False)
class ByPeriod:
    """Mean probability of the event by the last of T periods, hazards by logit.

    Attributes
    ----------
    baseline : its columns in each period, shape (T, nb).
    X : the other columns, shape (n, k).
    share : of the rows, shape (n,).
    """

    baseline: np.ndarray
    X: np.ndarray
    share: np.ndarray

    def _hazard(self, b: np.ndarray) -> np.ndarray:
        nb = self.baseline.shape[1]
        return np.asarray(expit((self.X @ b[nb:])[:, None] + self.baseline @ b[:nb]))

    def value(self, b: np.ndarray, jumps: np.ndarray | None = None) -> float:
        """The mean probability."""
        return float(1 - self.share @ np.prod(1 - self._hazard(b), axis=1))

    def gradient(self, b: np.ndarray) -> np.ndarray:
        """By the coefficients, those of the baseline first."""
        h = self._hazard(b)
        left = (self.share * np.prod(1 - h, axis=1))[:, None] * h  # share * survival * hazard
        return np.concatenate([left.sum(axis=0) @ self.baseline, left.sum(axis=1) @ self.X])

    def steps(self, b: np.ndarray) -> None:
        """The baseline hazard stands among the coefficients."""


@dataclass(frozen=True, eq=False)
class Contrast:
    """One quantity less another, or the logarithm of their ratio."""

    high: Quantity
    low: Quantity
    ratio: bool = False

    def _weights(self, b: np.ndarray) -> tuple[float, float]:
        return (1 / self.high.value(b), 1 / self.low.value(b)) if self.ratio else (1.0, 1.0)

    def value(self, b: np.ndarray, jumps: np.ndarray | None = None) -> float:
        """The difference, or the log ratio."""
        high, low = self.high.value(b, jumps), self.low.value(b, jumps)
        if not self.ratio:
            return high - low
        if not (high > 0 and low > 0):
            raise FitError(f"a ratio needs two averages above zero; they are {high:g} and {low:g}. Write a difference.")
        return float(np.log(high / low))

    def gradient(self, b: np.ndarray) -> np.ndarray:
        """By the coefficients."""
        to_high, to_low = self._weights(b)
        out: np.ndarray = to_high * self.high.gradient(b) - to_low * self.low.gradient(b)
        return out

    def steps(self, b: np.ndarray) -> np.ndarray | None:
        """By the jumps of the baseline hazard."""
        high, low = self.high.steps(b), self.low.steps(b)
        if high is None or low is None:
            return None
        to_high, to_low = self._weights(b)
        out: np.ndarray = to_high * high - to_low * low
        return out


def columns_of(quantities: Sequence[Quantity], b: np.ndarray) -> np.ndarray:
    """Gradients side by side, shape (P, Q)."""
    return np.column_stack([q.gradient(b) for q in quantities])
