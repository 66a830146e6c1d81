"""Signs by which a bootstrap turns whole clusters, the share of draws at
least as extreme as the data, and its inversion.

Sources: Cameron, Gelbach and Miller (2008), Review of Economics and Statistics 90(3) (Rademacher);
Webb (2023), Canadian Journal of Economics 56(3) (six points, for few clusters); Roodman, MacKinnon,
Nielsen and Webb (2019), Stata Journal 19(1), 3 to 5.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from peacestudy.errors import FitError
from peacestudy.models.engines.bootstrap_options import POINTS

# relative difference of squared statistics that is rounding: draws as extreme as the data count
TIES = 1e-9
CLOSE = 1e-10  # relative width of a bracket about the end of an interval
# times the distance of an end at which values beyond it are tried
BEYOND = np.geomspace(1.05, 100.0, 40)

Look = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class Signs:
    """Signs of G clusters, shape (D, G); ``every``: these are half of all
    there are, the others their mirror images.
    """

    values: np.ndarray
    every: bool

    @property
    def all_alike(self) -> float:
        """The p value below which nothing can fall: draws that turn all
        clusters alike are as extreme as the data.
        """
        alike = np.abs(self.values - self.values[:, :1]).max(axis=1) < TIES
        return float(self.share(alike[None])[0])

    def share(self, extreme: np.ndarray) -> np.ndarray:
        """P values from draws at least as extreme, bool (B, D), shape (B,);
        random draws count the data as one of them.
        """
        out: np.ndarray = (
            extreme.mean(axis=1)
            if self.every
            else (1 + extreme.sum(axis=1)) / (1 + extreme.shape[1])
        )
        return out

    def share_beyond(self, drawn: np.ndarray, found: np.ndarray) -> np.ndarray:
        """One-sided p values: draws of signed statistics, ``drawn``, at least as large as the
        data's, ``found``, both (B, D), shape (B,).

        Both are signed, in units that may differ from draw to draw. The
        mirror image of a draw has the opposite sign.
        """
        edge = found - TIES * np.abs(found)
        beyond = drawn >= edge
        if not self.every:
            return self.share(beyond)
        return np.asarray((self.share(beyond) + self.share(-drawn >= edge)) / 2)


def signs_of(kind: str, clusters: int, draws: int, seed: int) -> Signs:
    """Signs of kind ``rademacher`` or ``webb``: every combination where there are no more than
    ``draws``, else so many at random.

    Examples
    --------
    >>> signs_of("rademacher", 2, 99, 1).values.tolist()
    [[1.0, -1.0], [1.0, 1.0]]
    """
    points = POINTS[kind]
    if len(points) ** clusters > draws:
        return Signs(
            np.random.default_rng(seed).choice(points, size=(draws, clusters)), every=False
        )
    grids = np.meshgrid(points[points > 0], *[points] * (clusters - 1), indexing="ij")
    return Signs(np.column_stack([grid.ravel() for grid in grids]), every=True)


def check_signs(signs: Signs, alpha: float, groups: np.ndarray, column: str, kind: str) -> None:
    """Refuse clusters (N,) too few for any p value to reach ``alpha``.

    Raises
    ------
    FitError
        With the number of clusters and the smallest p value.
    """
    if (least := signs.all_alike) > alpha:
        remedy = (
            "Draw more"
            if not signs.every
            else "Write bootstrap 'webb'"
            if kind == "rademacher"
            else "Use another vcov"
        )
        raise FitError(
            f"{int(groups.max()) + 1} clusters of {column} with {kind} signs give no p value below"
            f" {least:.4g}, so there is no interval at {1 - alpha:.0%}. {remedy}."
        )


def invert(
    look: Look, centre: np.ndarray, unit: np.ndarray, alpha: float, farthest: float
) -> np.ndarray:
    """Where p values fall to ``alpha``, going from ``centre`` (B,)
    by steps of ``unit`` (B,), shape (B,).

    The first crossing that doubling the distance meets, by bisection; infinite where p is above
    alpha at ``farthest`` units. Values beyond it may have larger p values again, see
    ``not_rejected_beyond``.
    """
    low, high = np.zeros(len(centre)), np.full(len(centre), 2.0)
    above = look(centre + high * unit) > alpha
    while above.any() and high[above].max() < farthest:
        low, high = np.where(above, high, low), np.where(above, 2 * high, high)
        above &= look(centre + high * unit) > alpha
    while (high - low > CLOSE * high).any():
        middle = (low + high) / 2
        inside = look(centre + middle * unit) > alpha
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    out: np.ndarray = centre + np.where(above, np.inf, high) * unit
    return out


def not_rejected_beyond(
    look: Look,
    centre: np.ndarray,
    unit: np.ndarray,
    ends: np.ndarray,
    alpha: float,
    farthest: float,
) -> np.ndarray:
    """The farthest value beyond each end (B,) that is not rejected at ``alpha``, of some that are
    tried; NaN where none is.

    P values need not fall all the way from the ``centre`` (B,)
    outwards; ``ends`` are as from ``invert``.
    """
    out = np.full(len(ends), np.nan)
    finite = np.isfinite(ends)
    reach = np.where(finite, ends, centre) - centre
    for times in BEYOND:
        tried = finite & (np.abs(times * reach) <= farthest * np.abs(unit))
        if not tried.any():
            break
        null = np.where(tried, centre + times * reach, centre)
        try:
            p = look(null)
        except FitError:  # no maximum with a coefficient held so far out
            break
        out = np.where(tried & (p > alpha), null, out)
    return out
