"""Averages over rows that are functions of the coefficients, each with its value and gradient on
the scale of its interval.

Sources: Hanmer and Kalkan (2013), American Journal of Political Science 57(1) (averages over the
cases as observed); Oehlert (1992), The American Statistician 46(1) (delta method); Singer and
Willett (1993), Journal of Educational Statistics 18(2) (survival as the product over periods of one
minus the hazard).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.special import log_expit

from peacestudy.errors import FitError
from peacestudy.models.interpretation.interval_scales import IDENTITY, LOG, LOGIT, Scale, log_sum
from peacestudy.models.interpretation.responses import Curve, Predictor, Response


class Quantity(Protocol):
    """A number that follows from the parameters ``b``, shape (P,), and
    from the baseline hazard where there is one.

    ``b`` are the coefficients, and after them whatever else was
    estimated: cut points, ``alpha``, ``sd(group)``.

    ``jumps`` are factors by which the M jumps of the baseline hazard are drawn higher or lower;
    None leaves them as estimated.
    """

    @property
    def scale(self) -> Scale:
        """The scale on which its interval is symmetric, and on which value and derivatives are."""
        ...

    def value(self, b: np.ndarray, jumps: np.ndarray | None = None) -> float:
        """The number on the scale."""
        ...

    def gradient(self, b: np.ndarray) -> np.ndarray:
        """Its derivative by the parameters, shape (P,)."""
        ...

    def steps(self, b: np.ndarray) -> np.ndarray | None:
        """Its derivative by the jumps of the baseline hazard, shape (M,)."""
        ...


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of a response, and their weights where they are averaged.

    Attributes
    ----------
    X : their columns, shape (n, K); the first K of the parameters ``b`` belong
        to them, what comes after is the response's.
    share : their weights, which sum to one, shape (n,).
    response : the outcome as a function of the linear predictor.
    offset : added to the linear predictor, shape (n,).
    """

    X: np.ndarray
    share: np.ndarray
    response: Response
    offset: np.ndarray

    def predictor(self, b: np.ndarray) -> Predictor:
        """The response of each row on the scale of its interval."""
        K = self.X.shape[1]
        return self.response.predictor(self.X @ b[:K] + self.offset, b[K:])

    def gradients(self, at: Predictor) -> np.ndarray:
        """Derivatives of the predictor of each row by the parameters, shape (n, P)."""
        return np.hstack([at.first[:, None] * self.X, at.by_extra])

    def curve(self, b: np.ndarray) -> Curve:
        """The derivatives of the response of each row."""
        K = self.X.shape[1]
        return self.response.curve(self.X @ b[:K] + self.offset, b[K:])


@dataclass(frozen=True, eq=False)
class Mean:
    """Mean of the response over rows."""

    rows: Rows

    @property
    def scale(self) -> Scale:
        """That of the response."""
        return self.rows.response.scale

    def value(self, b: np.ndarray, jumps: np.ndarray | None = None) -> float:
        """The mean, on the scale."""
        return self.scale.mean(self.rows.predictor(b).value, self.rows.share)[0]

    def gradient(self, b: np.ndarray) -> np.ndarray:
        """By the coefficients and the parameters after them."""
        at = self.rows.predictor(b)
        weight = self.scale.mean(at.value, self.rows.share)[1]
        return np.concatenate([(weight * at.first) @ self.rows.X, weight @ at.by_extra])

    def steps(self, b: np.ndarray) -> None:
        """There is no baseline hazard."""


@dataclass(frozen=True, eq=False)
class Slope:
    """Mean derivative of the response by a column whose change moves the rows by ``D`` (n, K) and
    their offset by ``moved`` (n,).
    """

    rows: Rows
    D: np.ndarray
    moved: np.ndarray

    @property
    def scale(self) -> Scale:
        """The slope as it is."""
        return IDENTITY

    def _along(self, b: np.ndarray) -> np.ndarray:
        """The slope of the linear predictor, shape (n,)."""
        out: np.ndarray = self.D @ b[: self.D.shape[1]] + self.moved
        return out

    def value(self, b: np.ndarray, jumps: np.ndarray | None = None) -> float:
        """The mean slope."""
        return float(self.rows.share @ (self.rows.curve(b).first * self._along(b)))

    def gradient(self, b: np.ndarray) -> np.ndarray:
        """By the coefficients and the parameters after them."""
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

    @property
    def scale(self) -> Scale:
        """The logit of the probability."""
        return LOGIT

    def _logs(self, b: np.ndarray) -> tuple[np.ndarray, np.ndarray, float, float]:
        """Logarithms: of the share that survives (n,), of the hazards (n, T), of the mean
        probabilities of event and survival.
        """
        nb = self.baseline.shape[1]
        eta = (self.X @ b[nb:])[:, None] + self.baseline @ b[:nb]
        stays = np.log(self.share) + log_expit(-eta).sum(axis=1)
        before = np.cumsum(log_expit(-eta), axis=1) - log_expit(-eta)
        hazard = log_expit(eta)
        # the event in a period is surviving up to it and failing there: a sum without cancellation
        event = np.log(self.share)[:, None] + before + hazard
        return stays, hazard, float(log_sum(event.ravel())), float(log_sum(stays))

    def value(self, b: np.ndarray, jumps: np.ndarray | None = None) -> float:
        """The logit of the mean probability."""
        _, _, event, survival = self._logs(b)
        return event - survival

    def gradient(self, b: np.ndarray) -> np.ndarray:
        """By the coefficients, those of the baseline first."""
        stays, hazard, event, survival = self._logs(b)
        part = np.exp(stays[:, None] + hazard - event - survival)
        return np.concatenate([part.sum(axis=0) @ self.baseline, part.sum(axis=1) @ self.X])

    def steps(self, b: np.ndarray) -> None:
        """The baseline hazard stands among the coefficients."""


@dataclass(frozen=True, eq=False)
class Contrast:
    """The difference of two quantities of one scale, or the ratio of the
    numbers, whose interval is that of its logarithm.
    """

    high: Quantity
    low: Quantity
    ratio: bool = False

    @property
    def scale(self) -> Scale:
        """Of a difference the number itself, of a ratio its logarithm."""
        return LOG if self.ratio else IDENTITY

    def _weights(self, b: np.ndarray) -> tuple[float, float]:
        """Derivatives of both numbers, or of their logarithms, by their values on the scale."""
        of = self.high.scale.log_slope if self.ratio else self.high.scale.slope
        high, low = of(np.array([self.high.value(b), self.low.value(b)]))
        return float(high), float(low)

    def value(self, b: np.ndarray, jumps: np.ndarray | None = None) -> float:
        """The difference, or the log ratio."""
        scale, high, low = self.high.scale, self.high.value(b, jumps), self.low.value(b, jumps)
        if not self.ratio:
            return scale.difference(high, low)
        numbers = scale.back(np.array([high, low]))
        if not (numbers > 0).all():
            raise FitError(
                f"a ratio needs two averages above zero; they are {numbers[0]:g} and"
                f" {numbers[1]:g}. Write a difference."
            )
        logs = scale.log(np.array([high, low]))
        return float(logs[0] - logs[1])

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
