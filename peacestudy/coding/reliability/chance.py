"""What agreement chance would give, in five ways; and how much each unit adds to it, from which
standard errors are made.

Source: Gwet (2014), Handbook of Inter-Rater Reliability, 4th ed., ch. 2 to 6. Letters are the
handbook's: r_ik coders who gave unit i category k, r_i their sum, q categories, w weights.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Ratings:
    """Codes of units: R (units, q) counts, values (units, coders) category index or -1, w weights;
    units without any code are left out.
    """

    R: Array
    at: npt.NDArray[np.int64]
    w: Array

    @property
    def r(self) -> Array:
        """Coders of every unit."""
        out: Array = self.R.sum(axis=1)
        return out

    @property
    def pairs(self) -> Array:
        """Weighted share of agreeing pairs of every unit; 0 where there is no pair."""
        r = self.r
        agreeing = (self.R * (self.R @ self.w - 1)).sum(axis=1)
        return np.where(r >= 2, agreeing / np.maximum(r * (r - 1), 1), 0.0)

    @property
    def paired(self) -> int:
        """Units of two coders or more."""
        return int((self.r >= 2).sum())


# expected agreement, and what every unit contributes, whose mean it is
Chance = Callable[[Ratings], tuple[float, Array]]


def _share(d: Ratings) -> Array:
    out: Array = (d.R / d.r[:, None]).mean(axis=0)
    return out


def _gwet(d: Ratings) -> tuple[float, Array]:
    p, q = _share(d), d.R.shape[1]
    scale = d.w.sum() / (q * (q - 1))
    return float(scale * (p * (1 - p)).sum()), scale * (d.R @ (1 - p)) / d.r


def _fleiss(d: Ratings) -> tuple[float, Array]:
    p = _share(d)
    return float(p @ d.w @ p), (d.R @ (d.w @ p)) / d.r


def _uniform(d: Ratings) -> tuple[float, Array]:
    e = float(d.w.sum() / d.R.shape[1] ** 2)
    return e, np.full(len(d.R), e)


def _none(d: Ratings) -> tuple[float, Array]:
    return 0.0, np.zeros(len(d.R))


def _conger(d: Ratings) -> tuple[float, Array]:
    n, g = d.at.shape
    q = d.R.shape[1]
    D = (d.at[:, :, None] == np.arange(q)).astype(float)  # units, coders, categories
    rated = (d.at >= 0).astype(float)
    n_g = rated.sum(axis=0)
    P = D.sum(axis=0) / n_g[:, None]  # share of each category by coder
    mean = P.mean(axis=0)
    S = (P.T @ P - g * np.outer(mean, mean)) / (g - 1)
    e = float((d.w * (np.outer(mean, mean) - S / g)).sum())
    # influence of unit i: the shares of each coder against the weighted shares of the others
    # n times d(share) of the unit
    own = (D - (rated - n_g / n)[:, :, None] * P) * (n / n_g)[:, None]
    others = g * mean - P  # sum over the other coders, shape (coders, categories)
    return e, np.einsum("igl,kl,gk->i", own, d.w, others) / (g * (g - 1))


# name: label for two coders, label for more, chance agreement
CHANCE: dict[str, tuple[str, str, Chance]] = {
    "percent": ("percent agreement", "percent agreement", _none),
    "gwet": ("Gwet's AC1", "Gwet's AC1", _gwet),
    "fleiss": ("Scott's pi", "Fleiss' kappa", _fleiss),
    "conger": ("Cohen's kappa", "Conger's kappa", _conger),
    "brennan_prediger": ("Brennan-Prediger", "Brennan-Prediger", _uniform),
}
