"""What an outcome is as a function of the linear predictor: its mean or probability, with the
derivatives that gradients need.

Sources: McCullagh and Nelder (1989), Generalized Linear Models, 2nd ed., 2.2 and 5.2 (inverse
links, probabilities of ordered categories); Zeger, Liang and Albert (1988), Biometrics 44(4)
(probabilities averaged over a random intercept).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.special import expit, log_expit, log_ndtr

from peacestudy.models.interpretation.interval_scales import IDENTITY, LOG, LOGIT, Scale, log_sum
from peacestudy.models.kernels.mixed_logit import WIDE, logistic_nodes, normal_nodes


@dataclass(frozen=True, eq=False)
class Predictor:
    """A response of n rows on the scale of its intervals, with E parameters after the slopes.

    Attributes
    ----------
    value, first : the number on the scale and its derivative by the linear predictor, shape (n,).
    by_extra : derivatives of ``value`` by the parameters after the slopes, shape (n, E).
    """

    value: np.ndarray
    first: np.ndarray
    by_extra: np.ndarray


@dataclass(frozen=True, eq=False)
class Curve:
    """Derivatives of a response at n linear predictors, with E parameters after the slopes.

    Attributes
    ----------
    first, second : by the linear predictor, shape (n,).
    first_by_extra : derivatives of ``first`` by the parameters after the slopes, shape (n, E).
    """

    first: np.ndarray
    second: np.ndarray
    first_by_extra: np.ndarray


class Response(Protocol):
    """A function of the linear predictors (n,) and of the parameters after the slopes (E,)."""

    @property
    def scale(self) -> Scale:
        """The scale of its intervals."""
        ...

    def predictor(self, eta: np.ndarray, extra: np.ndarray) -> Predictor:
        """The response on the scale of its intervals."""
        ...

    def curve(self, eta: np.ndarray, extra: np.ndarray) -> Curve:
        """The derivatives of the response itself."""
        ...


@dataclass(frozen=True)
class Inverse:
    """An inverse link, ``identity``, ``expit`` or ``exp``; the
    parameters after the slopes do not enter.

    Examples
    --------
    >>> at = Inverse("exp").predictor(np.zeros(1), np.zeros(1))
    >>> at.value.tolist(), at.first.tolist(), at.by_extra.tolist()
    ([0.0], [1.0], [[0.0]])
    """

    link: str

    @property
    def scale(self) -> Scale:
        """The linear predictor's own."""
        scales: dict[str, Scale] = {"identity": IDENTITY, "exp": LOG, "expit": LOGIT}
        return scales[self.link]

    def predictor(self, eta: np.ndarray, extra: np.ndarray) -> Predictor:
        """The linear predictor."""
        return Predictor(eta, np.ones(eta.shape), np.zeros((len(eta), len(extra))))

    def curve(self, eta: np.ndarray, extra: np.ndarray) -> Curve:
        """The derivatives of the inverse link."""
        none = np.zeros((len(eta), len(extra)))
        if self.link == "identity":
            return Curve(np.ones(eta.shape), np.zeros(eta.shape), none)
        if self.link == "exp":
            with np.errstate(over="ignore"):  # what is infinite is refused where it would be shown
                mean = np.exp(eta)
            return Curve(mean, mean, none)
        first, second = _logistic(eta)
        return Curve(first, second, none)


@dataclass(frozen=True)
class Category:
    """The probability of category ``k`` of an ordered outcome: the
    parameters after the slopes are its cut points.

    The lowest and the highest category are one cut away from the linear
    predictor, and their logits are linear in it.

    Examples
    --------
    >>> at = Category(1).predictor(np.zeros(1), np.array([-1.0, 1.0]))
    >>> expit(at.value).round(4).tolist(), at.by_extra.round(4).tolist()
    ([0.4621], [[-0.791, 0.791]])
    """

    k: int

    @property
    def scale(self) -> Scale:
        """The logit of the probability."""
        return LOGIT

    def predictor(self, eta: np.ndarray, extra: np.ndarray) -> Predictor:
        """The logit of F(upper cut - eta) - F(lower cut - eta), F the logistic function."""
        n, last = len(eta), len(extra)
        by_extra = np.zeros((n, last))
        if self.k == 0:
            by_extra[:, 0] = 1.0
            return Predictor(extra[0] - eta, np.full(n, -1.0), by_extra)
        if self.k == last:
            by_extra[:, -1] = -1.0
            return Predictor(eta - extra[-1], np.ones(n), by_extra)
        upper, lower = extra[self.k] - eta, extra[self.k - 1] - eta
        gap = extra[self.k] - extra[self.k - 1]
        rest = log_sum(np.stack([log_expit(-upper), log_expit(lower)], axis=-1))  # log of 1 - p
        inside = np.log(-np.expm1(-gap))
        # derivatives of log p over 1 - p: of the distance of the cuts, of the upper and of the
        # lower tail
        apart = np.exp(-gap - inside - rest)
        above, below = np.exp(log_expit(-upper) - rest), np.exp(log_expit(lower) - rest)
        by_extra[:, self.k], by_extra[:, self.k - 1] = above + apart, -below - apart
        value = log_expit(upper) + log_expit(-lower) + inside - rest
        return Predictor(value, below - above, by_extra)

    def curve(self, eta: np.ndarray, extra: np.ndarray) -> Curve:
        """The derivatives of the probability."""
        n, last = len(eta), len(extra)
        first_by_extra = np.zeros((n, last))
        above = below = (np.zeros(n), np.zeros(n))
        if self.k < last:
            above = _logistic(extra[self.k] - eta)
            first_by_extra[:, self.k] = -above[1]
        if self.k > 0:
            below = _logistic(extra[self.k - 1] - eta)
            first_by_extra[:, self.k - 1] = below[1]
        return Curve(below[0] - above[0], above[1] - below[1], first_by_extra)


@dataclass(frozen=True)
class Averaged:
    """The probability averaged over groups whose effects are normal: the
    last parameter is their standard deviation.
    """

    @property
    def scale(self) -> Scale:
        """The logit of the mean probability."""
        return LOGIT

    def predictor(self, eta: np.ndarray, extra: np.ndarray) -> Predictor:
        """The logit of the mean probability; its derivative by the standard
        deviation weighs each node by its place.
        """
        sd = float(extra[-1])
        if sd > WIDE:
            return _wide_predictor(eta, sd, len(extra))
        u, weight = normal_nodes(sd)
        at, logs = eta[:, None] + sd * u, np.log(weight)
        yes, no = logs + log_expit(at), logs + log_expit(-at)
        above, below = log_sum(yes), log_sum(no)
        part = np.exp(yes + no - logs - (above + below)[:, None])
        by_extra = np.zeros((len(eta), len(extra)))
        if sd != 0:  # at zero the derivative is zero, by symmetry
            by_extra[:, -1] = part @ u
        return Predictor(above - below, part.sum(axis=1), by_extra)

    def curve(self, eta: np.ndarray, extra: np.ndarray) -> Curve:
        """The derivatives of the mean probability."""
        sd = float(extra[-1])
        if sd > WIDE:
            return _wide_curve(eta, sd, len(extra))
        u, weight = normal_nodes(sd)
        first, second = _logistic(eta[:, None] + sd * u)
        first_by_extra = np.zeros((len(eta), len(extra)))
        if sd != 0:
            first_by_extra[:, -1] = second @ (u * weight)
        return Curve(first @ weight, second @ weight, first_by_extra)


def _wide_predictor(eta: np.ndarray, sd: float, extra: int) -> Predictor:
    """``Averaged.predictor`` with a large standard deviation, by
    the nodes of the logistic distribution.
    """
    at, weight = logistic_nodes()
    z = (eta[:, None] + at) / sd
    yes, no = np.log(weight) + log_ndtr(z), np.log(weight) + log_ndtr(-z)
    above, below = log_sum(yes), log_sum(no)
    log_density = -(z**2) / 2 - np.log(2 * np.pi) / 2
    part = np.exp(np.log(weight) + log_density - (above + below)[:, None]) / sd
    by_extra = np.zeros((len(eta), extra))
    by_extra[:, -1] = -(part * z).sum(axis=1)
    return Predictor(above - below, part.sum(axis=1), by_extra)


def _wide_curve(eta: np.ndarray, sd: float, extra: int) -> Curve:
    """``Averaged.curve`` with a large standard deviation, by
    the nodes of the logistic distribution.
    """
    at, weight = logistic_nodes()
    z = (eta[:, None] + at) / sd
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    first_by_extra = np.zeros((len(eta), extra))
    first_by_extra[:, -1] = ((z**2 - 1) * density) @ weight / sd**2
    return Curve(density @ weight / sd, -(z * density) @ weight / sd**2, first_by_extra)


def responses(kind: str, categories: Sequence[str]) -> dict[str, Response]:
    """The responses of a kind by the category they are of; one
    without a name where there is only one.

    Parameters
    ----------
    kind : ``identity``, ``expit``, ``exp``, ``average`` or ``category``.
    categories : of an ordered outcome, from the lowest.
    """
    if kind == "category":
        return {name: Category(k) for k, name in enumerate(categories)}
    return {"": Averaged() if kind == "average" else Inverse(kind)}


def _logistic(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First and second derivative of the logistic function."""
    p, q = expit(x), expit(-x)
    return p * q, p * q * (q - p)
