"""What an outcome is as a function of the linear predictor: its mean or chance, with the derivatives that gradients need.

Sources: McCullagh and Nelder (1989), Generalized Linear Models, 2nd ed., 2.2 and 5.2 (inverse links, chances of ordered categories);
Zeger, Liang and Albert (1988), Biometrics 44(4) (probabilities averaged over a random intercept).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.special import expit, ndtr

from peacestudy.models.engines.mixed_logit import WIDE, logistic_nodes, normal_nodes


@dataclass(frozen=True, eq=False)
class Curve:
    """A response at n linear predictors, with E parameters beside the slopes.

    Attributes
    ----------
    value, first, second : the response and its derivatives by the linear predictor, shape (n,).
    by_extra, first_by_extra : derivatives of ``value`` and ``first`` by the parameters beside the slopes, shape (n, E).
    """

    value: np.ndarray
    first: np.ndarray
    second: np.ndarray
    by_extra: np.ndarray
    first_by_extra: np.ndarray


class Response(Protocol):
    """A function of the linear predictors (n,) and of the parameters beside the slopes (E,)."""

    def curve(self, eta: np.ndarray, extra: np.ndarray) -> Curve:
        """The response with its derivatives."""
        ...


@dataclass(frozen=True)
class Inverse:
    """An inverse link, ``identity``, ``expit`` or ``exp``; the parameters beside the slopes do not enter.

    Examples
    --------
    >>> at = Inverse("exp").curve(np.zeros(1), np.zeros(1))
    >>> at.value.tolist(), at.first.tolist(), at.by_extra.tolist()
    ([1.0], [1.0], [[0.0]])
    """

    link: str

    def curve(self, eta: np.ndarray, extra: np.ndarray) -> Curve:
        """The inverse link with its derivatives."""
        none = np.zeros((len(eta), len(extra)))
        if self.link == "identity":
            return Curve(eta, np.ones(eta.shape), np.zeros(eta.shape), none, none)
        if self.link == "exp":
            with np.errstate(over="ignore"):  # what is infinite is refused where it would be shown
                mean = np.exp(eta)
            return Curve(mean, mean, mean, none, none)
        value, first, second = _logistic(eta)
        return Curve(value, first, second, none, none)


@dataclass(frozen=True)
class Category:
    """The chance of category ``k`` of an ordered outcome: the parameters beside the slopes are its cut points.

    Examples
    --------
    >>> at = Category(1).curve(np.zeros(1), np.array([-1.0, 1.0]))
    >>> at.value.round(4).tolist(), at.by_extra.round(4).tolist()
    ([0.4621], [[-0.1966, 0.1966]])
    """

    k: int

    def curve(self, eta: np.ndarray, extra: np.ndarray) -> Curve:
        """The chance with its derivatives: F(upper cut - eta) - F(lower cut - eta), F the logistic function."""
        n, J = len(eta), len(extra) + 1
        zero = np.zeros(n)
        by_extra, first_by_extra = np.zeros((n, J - 1)), np.zeros((n, J - 1))
        above = below = (zero, zero, zero)
        if self.k < J - 1:
            above = _logistic(extra[self.k] - eta)
            by_extra[:, self.k], first_by_extra[:, self.k] = above[1], -above[2]
        if self.k > 0:
            below = _logistic(extra[self.k - 1] - eta)
            by_extra[:, self.k - 1], first_by_extra[:, self.k - 1] = -below[1], below[2]
        value = _between(eta, extra, self.k)
        return Curve(value, below[1] - above[1], above[2] - below[2], by_extra, first_by_extra)


@dataclass(frozen=True)
class Averaged:
    """The probability averaged over groups whose effects are normal: the last parameter is their standard deviation."""

    def curve(self, eta: np.ndarray, extra: np.ndarray) -> Curve:
        """The mean probability with its derivatives; those by the standard deviation weigh each node by its place."""
        sd = float(extra[-1])
        by_extra, first_by_extra = np.zeros((len(eta), len(extra))), np.zeros((len(eta), len(extra)))
        if sd > WIDE:
            at, weight = logistic_nodes()
            z = (eta[:, None] + at) / sd
            density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
            by_extra[:, -1] = -(z * density) @ weight / sd
            first_by_extra[:, -1] = ((z**2 - 1) * density) @ weight / sd**2
            return Curve(ndtr(z) @ weight, density @ weight / sd, by_extra[:, -1] / sd, by_extra, first_by_extra)
        u, weight = normal_nodes(sd)
        p, first, second = _logistic(eta[:, None] + sd * u)
        by_extra[:, -1], first_by_extra[:, -1] = first @ (u * weight), second @ (u * weight)
        return Curve(p @ weight, first @ weight, second @ weight, by_extra, first_by_extra)


def responses(kind: str, categories: Sequence[str]) -> dict[str, Response]:
    """The responses of a kind by the category they are of; one without a name where there is only one.

    Parameters
    ----------
    kind : ``identity``, ``expit``, ``exp``, ``average`` or ``category``.
    categories : of an ordered outcome, from the lowest.
    """
    if kind == "category":
        return {name: Category(k) for k, name in enumerate(categories)}
    return {"": Averaged() if kind == "average" else Inverse(kind)}


def _logistic(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    p, q = expit(x), expit(-x)
    return p, p * q, p * q * (q - p)


def _between(eta: np.ndarray, cuts: np.ndarray, k: int) -> np.ndarray:
    """The chance between two cuts, without the difference of two numbers that are almost one."""
    edges = np.concatenate([[-np.inf], cuts, [np.inf]])
    gap = edges[k + 1] - edges[k]
    return np.asarray(expit(edges[k + 1] - eta) * expit(eta - edges[k]) * -np.expm1(-gap))
