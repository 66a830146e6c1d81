"""Draws of the parameters of a fit, for intervals by simulation.

Sources: King, Tomz and Wittenberg (2000), American Journal of Political Science 44(2) (draws from the normal distribution of the
estimates; 350: parameters with a bound on a scale without one).
"""

import numpy as np

from peacestudy.errors import FitError
from peacestudy.models.engines.parameters import is_spread
from peacestudy.models.interpretation.effect_scale import coefficients, shift_of
from peacestudy.models.result import Fit

NEGATIVE = 1e-9  # share of the largest eigenvalue of a covariance below which a negative one is rounding


def draw_coefficients(fit: Fit, scale: str, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Draws from the normal distribution of the parameters, or t where the fit has its degrees of freedom, shape (draws, P).

    What cannot be below zero, ``alpha``, ``sd(group)`` and the distance of two cut points, is drawn on the log scale.

    Raises
    ------
    FitError
        The covariance has a direction with a variance below zero, as two-way clustering can.
    """
    plain = coefficients(fit, "response")
    A, above = _working(fit)
    at = A @ plain.b
    above &= at > 0  # a standard deviation of zero, on its edge, is held there
    unit = np.where(above, at, 1.0)
    scaled = A / unit[:, None]
    V = scaled @ plain.V @ scaled.T
    size, axes = np.linalg.eigh(V)
    if size[0] < -NEGATIVE * size[-1]:
        raise FitError(
            f"the covariance of {fit.spec.name} has a variance below zero, so nothing can be drawn from it; write interval='delta'."
        )
    z = rng.standard_normal((draws, len(size))) * np.sqrt(np.maximum(size, 0.0)) @ axes.T
    if np.isfinite(fit.df):
        z = z * np.sqrt(fit.df / rng.chisquare(fit.df, (draws, 1)))
    drawn = at + z
    drawn[:, above] = at[above] * np.exp(z[:, above])
    out: np.ndarray = drawn @ np.linalg.inv(A).T
    if scale == "flic":
        out[:, fit.design.names.index("Intercept")] += shift_of(fit, out)
    return out


def _working(fit: Fit) -> tuple[np.ndarray, np.ndarray]:
    """From the parameters to those drawn, (P, P): cut points after the first become distances; which lie above zero, (P,)."""
    P, K = len(fit.terms), len(fit.design.names)
    A, above = np.eye(P), is_spread(fit.spec.engine, K, P)
    if fit.spec.engine == "ordered":
        for j in range(K + 1, P):
            A[j, j - 1] = -1.0
            above[j] = True
    return A, above
