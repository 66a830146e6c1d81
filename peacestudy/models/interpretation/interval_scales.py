"""The scale on which the interval of a number is symmetric, and the way back to the number.

Probabilities are on the scale of the logit, mean counts on that of the log, restricted means on
that of the logit of their share of the horizon. Every step keeps its digits where a probability is
next to 0 or 1: logarithms of p and of 1 - p are computed apart, and no difference of two numbers
that are almost one is taken.

Source: Agresti (2013), Categorical Data Analysis, 3rd ed., 5.5 (intervals of probabilities on the
scale of the logit, of mean counts on that of the log).
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.special import expit, log_expit

from peacestudy.models.inference.hypotheses import critical


class Scale(Protocol):
    """A scale for intervals; ``w`` is a number on it, any shape."""

    def back(self, w: np.ndarray) -> np.ndarray:
        """The number itself."""
        ...

    def slope(self, w: np.ndarray) -> np.ndarray:
        """Derivative of the number by ``w``."""
        ...

    def log(self, w: np.ndarray) -> np.ndarray:
        """Logarithm of the number."""
        ...

    def log_slope(self, w: np.ndarray) -> np.ndarray:
        """Derivative of the logarithm by ``w``."""
        ...

    def difference(self, high: float, low: float) -> float:
        """The number at ``high`` minus that at ``low``."""
        ...

    def mean(self, w: np.ndarray, share: np.ndarray) -> tuple[float, np.ndarray]:
        """The mean of n numbers on the scale, and its derivative by
        each ``w`` (n,); shares sum to one.
        """
        ...


@dataclass(frozen=True)
class Identity:
    """The number as it is."""

    def back(self, w: np.ndarray) -> np.ndarray:
        """The number itself."""
        return np.asarray(w, dtype=float)

    def slope(self, w: np.ndarray) -> np.ndarray:
        """One."""
        return np.ones(np.shape(w))

    def log(self, w: np.ndarray) -> np.ndarray:
        """Logarithm of the number."""
        return np.asarray(np.log(w))

    def log_slope(self, w: np.ndarray) -> np.ndarray:
        """Derivative of the logarithm."""
        return 1 / np.asarray(w, dtype=float)

    def difference(self, high: float, low: float) -> float:
        """High minus low."""
        return high - low

    def mean(self, w: np.ndarray, share: np.ndarray) -> tuple[float, np.ndarray]:
        """The mean and its derivatives, which are the shares."""
        return float(share @ w), share


@dataclass(frozen=True)
class Log:
    """The logarithm of a number above zero.

    Examples
    --------
    >>> round(float(np.exp(Log().mean(np.log([1.0, 3.0]), np.array([0.5, 0.5]))[0])), 10)
    2.0
    """

    def back(self, w: np.ndarray) -> np.ndarray:
        """The number; infinite where it is too large, which is refused where it would be shown."""
        with np.errstate(over="ignore"):
            return np.asarray(np.exp(w))

    def slope(self, w: np.ndarray) -> np.ndarray:
        """The number."""
        return self.back(w)

    def log(self, w: np.ndarray) -> np.ndarray:
        """The number on the scale."""
        return np.asarray(w, dtype=float)

    def log_slope(self, w: np.ndarray) -> np.ndarray:
        """One."""
        return np.ones(np.shape(w))

    def difference(self, high: float, low: float) -> float:
        """Difference of the numbers."""
        with np.errstate(over="ignore", invalid="ignore"):
            return float(np.exp(low) * np.expm1(high - low))

    def mean(self, w: np.ndarray, share: np.ndarray) -> tuple[float, np.ndarray]:
        """Logarithm of the mean, and the share of each number in it."""
        logs = np.log(share) + w
        whole = float(log_sum(logs))
        return whole, np.exp(logs - whole)


@dataclass(frozen=True)
class Logit:
    """The logit of a number's share of ``top``: of a probability,
    whose top is 1, or of a time up to a horizon.

    Examples
    --------
    >>> wide = Logit().difference(50.0, 40.0)  # of two probabilities that both round to 1
    >>> bool(np.isclose(wide, np.exp(-40.0), rtol=1e-4))
    True
    """

    top: float = 1.0

    def back(self, w: np.ndarray) -> np.ndarray:
        """The number, between 0 and ``top``."""
        return np.asarray(self.top * expit(w))

    def slope(self, w: np.ndarray) -> np.ndarray:
        """Derivative of the number."""
        return np.asarray(self.top * expit(w) * expit(-np.asarray(w)))

    def log(self, w: np.ndarray) -> np.ndarray:
        """Logarithm of the number."""
        return np.asarray(np.log(self.top) + log_expit(w))

    def log_slope(self, w: np.ndarray) -> np.ndarray:
        """Derivative of the logarithm, the share that is left to the top."""
        return np.asarray(expit(-np.asarray(w)))

    def difference(self, high: float, low: float) -> float:
        """Difference of the numbers, by the smaller of each share and its complement."""
        if high < low:
            return -self.difference(low, high)
        return (
            float(self.top * expit(high) * expit(-low) * -np.expm1(low - high))
            if high > low
            else 0.0
        )

    def mean(self, w: np.ndarray, share: np.ndarray) -> tuple[float, np.ndarray]:
        """Logit of the mean share, and its derivatives."""
        logs, yes, no = np.log(share), log_expit(w), log_expit(-w)
        with np.errstate(invalid="ignore"):
            above, below = log_sum(logs + yes), log_sum(logs + no)
            return float(above - below), np.exp(logs + yes + no - above - below)


def log_sum(logs: np.ndarray) -> np.ndarray:
    """Logarithm of the sum along the last axis of what has these
    logarithms; minus infinity is a zero.

    Examples
    --------
    >>> round(float(log_sum(np.array([-1000.0, -1000.0]))), 4)
    -999.3069
    """
    top = logs.max(axis=-1, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        return np.asarray(top[..., 0] + np.log(np.exp(logs - top).sum(axis=-1)))


IDENTITY, LOG, LOGIT = Identity(), Log(), Logit()


def interval(
    scale: Scale, value: np.ndarray, error: np.ndarray, dfs: np.ndarray, conf_level: float
) -> np.ndarray:
    """Numbers with the ends of their intervals, shape (n, 3).

    Parameters
    ----------
    scale : of the intervals.
    value, error : numbers on it and their standard errors, shape (n,).
    dfs : degrees of freedom, infinite for the normal distribution, shape (n,).
    conf_level : of the intervals.

    Examples
    --------
    >>> interval(LOGIT, np.zeros(1), np.ones(1), np.array([np.inf]), 0.95).round(3).tolist()
    [[0.5, 0.123, 0.877]]
    """
    half = critical(0.5 + conf_level / 2, dfs) * error
    return scale.back(np.column_stack([value, value - half, value + half]))
