"""Draws of the parameters of a fit, for intervals by simulation.

Sources: King, Tomz and Wittenberg (2000), American Journal of Political Science 44(2) (draws from
the normal distribution of the estimates; 350: parameters with a bound on a scale without one).
"""

import numpy as np

from peacestudy.errors import FitError
from peacestudy.models.engines.engine import CUT_POINTS
from peacestudy.models.engines.parameters import is_spread
from peacestudy.models.engines.registry import engine_of
from peacestudy.models.formulas.centring import no_centring
from peacestudy.models.interpretation.effect_scale import coefficients
from peacestudy.models.result import Fit

# share of the largest eigenvalue of a covariance below which a negative one is rounding
NEGATIVE = 1e-9


def draw_coefficients(fit: Fit, scale: str, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Draws from the normal distribution of the parameters, or t where the fit has its degrees of
    freedom, shape (draws, P).

    What cannot be below zero, ``alpha``, ``sd(group)`` and the distance of two cut points, is drawn
    on the log scale. A parameter without a standard error is not drawn and stays at its estimate;
    what needs it has no interval.

    Raises
    ------
    FitError
        The covariance has a direction with a variance below zero, as two-way clustering can.
    """
    plain = coefficients(fit, scale)
    moved, V = plain.moved, plain.V
    if plain.missing.any():
        moved, V = no_centring(len(plain.b)), plain.covariance(np.eye(len(plain.b)))
    A, above = _working(fit)
    at = A @ moved.at_centre(plain.b)
    above &= at > 0  # a standard deviation of zero, on its edge, is held there
    unit = np.where(above, at, 1.0)
    scaled = A / unit[:, None]
    size, axes = np.linalg.eigh(scaled @ V @ scaled.T)
    if size[0] < -NEGATIVE * size[-1]:
        raise FitError(
            f"the covariance of {fit.spec.name} has a variance below zero, so nothing can be drawn"
            " from it; write interval='delta'."
        )
    z = rng.standard_normal((draws, len(size))) * np.sqrt(np.maximum(size, 0.0)) @ axes.T
    if np.isfinite(fit.df):
        z = z * np.sqrt(fit.df / rng.chisquare(fit.df, (draws, 1)))
    drawn = at + z
    drawn[:, above] = at[above] * np.exp(z[:, above])
    return moved.coefficients(drawn @ np.linalg.inv(A).T)


def _working(fit: Fit) -> tuple[np.ndarray, np.ndarray]:
    """From the parameters to those drawn, (P, P): cut points after the first become distances;
    which lie above zero, (P,).
    """
    P, K = len(fit.terms), len(fit.design.names)
    A, above = np.eye(P), is_spread(fit.spec.engine, K, P)
    if engine_of(fit.spec).parameters == CUT_POINTS:
        for j in range(K + 1, P):
            A[j, j - 1] = -1.0
            above[j] = True
    return A, above
