"""Partial pooling with the spread between contexts averaged over, and not taken for known.

Source: Gelman, Carlin, Stern, Dunson, Vehtari and Rubin (2013), Bayesian Data Analysis, 3rd ed.,
5.4, eq. 5.17 to 5.21: flat priors on the mean and on the standard deviation tau between contexts;
given tau all is normal, and tau is summed over a grid.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

RARE = 1e-10  # weight below which a component does not matter to a quantile
STEPS = 1000  # of the grid of tau, even in tau/(1 + tau), in units of a typical standard error
HALVINGS = 50


@dataclass(frozen=True, eq=False)
class Mixture:
    """Normal distributions, one for each tau (T,), of k quantities:
    mean and variance (T, k), weight (T,).
    """

    mean: np.ndarray
    variance: np.ndarray
    weight: np.ndarray

    def moments(self) -> tuple[np.ndarray, np.ndarray]:
        """Means and standard deviations, each (k,)."""
        mean = self.weight @ self.mean
        return mean, np.sqrt(self.weight @ (self.variance + (self.mean - mean) ** 2))

    def quantile(self, p: float) -> np.ndarray:
        """The quantiles by halving, shape (k,)."""
        # a component so rare that it cannot matter to the quantile must not stretch the bracket
        seen = self.weight > RARE
        weight, mean, root = self.weight[seen], self.mean[seen], np.sqrt(self.variance[seen])
        low, high = (mean - 12 * root).min(axis=0), (mean + 12 * root).max(axis=0)
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            below = weight @ ndtr((middle - mean) / root) < p
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        return np.asarray((low + high) / 2)


@dataclass(frozen=True, eq=False)
class Posterior:
    """What is known of the effects, of their mean, of the effect of one more context, and of tau
    (T,) by its weight; and how much of each estimate, on average over tau, is replaced by the mean
    (k,).
    """

    effects: Mixture
    mean: Mixture
    further: Mixture
    tau: np.ndarray
    shrinkage: np.ndarray

    def tau_quantile(self, p: float) -> float:
        """A quantile of tau."""
        return float(np.interp(p, np.cumsum(self.mean.weight) - self.mean.weight / 2, self.tau))


def posterior(y: np.ndarray, v: np.ndarray) -> Posterior:
    """The posterior of estimates with variances, each (k,), in
    units in which a typical variance is one.
    """
    t = (np.arange(STEPS) + 0.5) / STEPS
    tau = t / (1 - t)
    w = 1 / (v + tau[:, None] ** 2)
    total = w.sum(axis=1)
    mean = (w @ y) / total
    logs = 0.5 * (
        np.log(w).sum(axis=1) - np.log(total) - (w * (y - mean[:, None]) ** 2).sum(axis=1)
    ) - 2 * np.log1p(-t)
    weight = np.exp(logs - logs.max())
    weight /= weight.sum()
    B = v * w
    drawn = Mixture(B * mean[:, None] + (1 - B) * y, (1 - B) * v + B**2 / total[:, None], weight)
    centre = Mixture(mean[:, None], 1 / total[:, None], weight)
    further = Mixture(mean[:, None], 1 / total[:, None] + tau[:, None] ** 2, weight)
    return Posterior(drawn, centre, further, tau, weight @ B)
