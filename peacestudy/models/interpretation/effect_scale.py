"""What an effect is measured in: the inverse links, and the coefficients with their covariance as a scale takes them.

Sources: Puhr, Heinze, Nold, Lusa and Geroldinger (2017), Statistics in Medicine 36(14) (FLIC); King, Tomz and Wittenberg (2000),
American Journal of Political Science 44(2) (draws of the coefficients).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from peacestudy.core.problems import one_of
from peacestudy.errors import FitError, SpecError
from peacestudy.models.engines.flic import flic_shift
from peacestudy.models.result import Fit

# engine: the inverse link of its response
INVERSE = {"linear": "identity", "logit": "expit", "firth": "expit", "discrete_time": "expit", "cox": ""}
NEGATIVE = 1e-9  # share of the largest eigenvalue of a covariance below which a negative one is rounding


def scale_of(fit: Fit, scale: str | None, horizon: float | None) -> str:
    """The scale, checked: ``response``, ``flic`` or ``link``, or ``horizon``.

    Raises
    ------
    SpecError
        An engine without effects, a scale that it has not, none where one must be written, a horizon where there is none.
    """
    engine = fit.spec.engine
    if engine not in INVERSE:
        raise SpecError(one_of("engine of an effect", engine, list(INVERSE)))
    timed = fit.design.times is not None
    if horizon is not None:
        if not timed:
            raise SpecError(f"horizon is {horizon!r}, but {fit.spec.formula!r} explains no times; leave it out.")
        if scale is not None:
            raise SpecError(f"scale is {scale!r} beside a horizon, which is a scale of its own; write one of them.")
        return "horizon"
    allowed = {"firth": ("response", "flic", "link"), "cox": ("link",)}.get(engine, ("response", "link"))
    if scale is None and len(allowed) != 2:
        also = ", or horizon=... for restricted mean survival time" if engine == "cox" else ""
        raise SpecError(f"the scale must be written for engine {engine!r}: scale= one of {', '.join(allowed)}{also}.")
    if scale is not None and scale not in allowed:
        raise SpecError(one_of(f"scale of engine {engine!r}", scale, allowed))
    if scale == "flic" and "Intercept" not in fit.design.names:
        raise SpecError(
            f"flic corrects the intercept, and formula {fit.spec.formula!r} has none; write scale='response'."
        )
    return scale or "response"


def inverse(eta: np.ndarray, link: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The inverse link with its first and second derivative, shapes as ``eta``."""
    if link == "identity":
        return eta, np.ones(eta.shape), np.zeros(eta.shape)
    p, q = expit(eta), expit(-eta)
    return p, p * q, p * q * (q - p)


@dataclass(frozen=True, eq=False)
class Coefficients:
    """Coefficients (K,) of the columns of a design and their covariance (K, K), as a scale takes them."""

    b: np.ndarray
    V: np.ndarray


def coefficients(fit: Fit, scale: str) -> Coefficients:
    """The coefficients of the design's columns; with ``flic`` the intercept is corrected and its covariance follows the slopes'.

    FLIC's intercept keeps the mean probability of the fit's rows at the observed share, which is taken as given.

    Raises
    ------
    FitError
        The fit has no covariance.
    """
    K = len(fit.design.names)
    b, V = fit.terms["estimate"].to_numpy(dtype=float)[:K], fit.vcov.to_numpy(dtype=float)[:K, :K]
    if not np.isfinite(V).all():
        raise FitError(f"{fit.spec.name} has no covariance, so its effects have no interval. Write another vcov.")
    if scale != "flic":
        return Coefficients(b, V)
    at = fit.design.names.index("Intercept")
    shift = _shift(fit, b[None])[0]
    p = expit(fit.design.X @ b + shift)
    W = p * (1 - p)
    J = np.eye(K)
    J[at] -= W @ fit.design.X / W.sum()
    return Coefficients(b + shift * (np.arange(K) == at), J @ V @ J.T)


def draw_coefficients(fit: Fit, scale: str, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Draws from the normal distribution of the coefficients, or t where the fit has its degrees of freedom, shape (draws, K).

    Raises
    ------
    FitError
        The covariance has a direction with a variance below zero, as two-way clustering can.
    """
    plain = coefficients(fit, "response")
    size, axes = np.linalg.eigh(plain.V)
    if size[0] < -NEGATIVE * size[-1]:
        raise FitError(
            f"the covariance of {fit.spec.name} has a variance below zero, so nothing can be drawn from it; write interval='delta'."
        )
    z = rng.standard_normal((draws, len(size))) * np.sqrt(np.maximum(size, 0.0)) @ axes.T
    if np.isfinite(fit.df):
        z = z * np.sqrt(fit.df / rng.chisquare(fit.df, (draws, 1)))
    out: np.ndarray = plain.b + z
    if scale == "flic":
        out[:, fit.design.names.index("Intercept")] += _shift(fit, out)
    return out


def _shift(fit: Fit, b: np.ndarray) -> np.ndarray:
    """What FLIC adds to the intercept, for each of B coefficient vectors."""
    return flic_shift(b @ fit.design.X.T, np.full(len(b), fit.design.y.mean()))
