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

from peacestudy.models.interpretation.effect_scale import inverse


class Quantity(Protocol):
    """A number that follows from the coefficients ``b``, shape (K,), and from the baseline hazard where there is one.

    ``jumps`` are factors by which the M jumps of the baseline hazard are drawn higher or lower; None leaves them as estimated.
    """

    def value(self, b: np.ndarray, jumps: np.ndarray | None = None) -> float:
        """The number."""
        ...

    def gradient(self, b: np.ndarray) -> np.ndarray:
        """Its derivative by the coefficients, shape (K,)."""
        ...

    def steps(self, b: np.ndarray) -> np.ndarray | None:
        """Its derivative by the jumps of the baseline hazard, shape (M,)."""
        ...


@dataclass(frozen=True, eq=False)
class Mean:
    """Mean of the inverse link over rows (n, K) with shares (n,)."""

    X: np.ndarray
    share: np.ndarray
    link: str

    def value(self, b: np.ndarray, jumps: np.ndarray | None = None) -> float:
        """The mean."""
        return float(self.share @ inverse(self.X @ b, self.link)[0])

    def gradient(self, b: np.ndarray) -> np.ndarray:
        """By the coefficients."""
        out: np.ndarray = (self.share * inverse(self.X @ b, self.link)[1]) @ self.X
        return out

    def steps(self, b: np.ndarray) -> None:
        """There is no baseline hazard."""


@dataclass(frozen=True, eq=False)
class Slope:
    """Mean derivative of the inverse link by a column whose change moves the rows (n, K) by ``D`` (n, K)."""

    X: np.ndarray
    D: np.ndarray
    share: np.ndarray
    link: str

    def value(self, b: np.ndarray, jumps: np.ndarray | None = None) -> float:
        """The mean slope."""
        return float(self.share @ (inverse(self.X @ b, self.link)[1] * (self.D @ b)))

    def gradient(self, b: np.ndarray) -> np.ndarray:
        """By the coefficients."""
        _, first, second = inverse(self.X @ b, self.link)
        out: np.ndarray = (self.share * second * (self.D @ b)) @ self.X + (self.share * first) @ self.D
        return out

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
        return float(np.log(high / low)) if self.ratio else high - low

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
    """Gradients side by side, shape (K, Q)."""
    return np.column_stack([q.gradient(b) for q in quantities])
