"""What an effect is measured in: the scales of every engine, and the parameters with their covariance as a scale takes them.

Source: Puhr, Heinze, Nold, Lusa and Geroldinger (2017), Statistics in Medicine 36(14) (FLIC).
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from peacestudy.core.problems import one_of
from peacestudy.errors import FitError, SpecError
from peacestudy.models.engines.flac import fit_flac
from peacestudy.models.engines.flic import fit_flic
from peacestudy.models.engines.registry import Kernel
from peacestudy.models.inference.covariance import covariance
from peacestudy.models.inference.jackknife import jackknife
from peacestudy.models.result import Fit

# engine: the response of its linear predictor, see ``responses``
INVERSE = {
    "linear": "identity",
    "logit": "expit",
    "firth": "expit",
    "discrete_time": "expit",
    "cox": "",
    "ordered": "category",
    "poisson": "exp",
    "negative_binomial": "exp",
    "ridge": "expit",
    "mixed_logit": "expit",
    "mixed_linear": "identity",
}
SCALES = {"firth": ("response", "flic", "link"), "cox": ("link",), "mixed_logit": ("average", "response", "link")}
NOTHING = 1e-12  # share of the variance without covariances below which that of an effect is zero but for rounding
CORRECTED = ("flic", "flac")  # scales with coefficients of their own
SAID = {
    "cox": ", or horizon=... for restricted mean survival time",
    "mixed_logit": "; average is the mean probability over groups, response that of a typical group, whose effect is zero",
}


def scale_of(fit: Fit, scale: str | None, horizon: float | None) -> str:
    """The scale, checked: ``response``, ``flic``, ``average`` or ``link``, or ``horizon``.

    Raises
    ------
    SpecError
        A scale that the engine has not, none where one must be written, a horizon where there is none.
    """
    engine = fit.spec.engine
    timed = fit.design.times is not None
    if horizon is not None:
        if not timed:
            raise SpecError(f"horizon is {horizon!r}, but {fit.spec.formula!r} explains no times; leave it out.")
        if scale is not None:
            raise SpecError(f"scale is {scale!r} beside a horizon, which is a scale of its own; write one of them.")
        return "horizon"
    allowed = SCALES.get(engine, ("response", "link"))
    if scale is None and engine in SCALES:
        raise SpecError(
            f"the scale must be written for engine {engine!r}: scale= one of {', '.join(allowed)}{SAID.get(engine, '')}."
        )
    if scale is not None and scale not in allowed:
        raise SpecError(one_of(f"scale of engine {engine!r}", scale, allowed))
    if scale == "flic" and "Intercept" not in fit.design.names:
        raise SpecError(
            f"flic corrects the intercept, and formula {fit.spec.formula!r} has none; write scale='response'."
        )
    return scale or "response"


def response_name(engine: str, scale: str) -> str:
    """Name of the response of an engine on a scale, see ``responses``."""
    return {"link": "identity", "average": "average"}.get(scale, INVERSE[engine])


@dataclass(frozen=True, eq=False)
class Coefficients:
    """Coefficients of the columns of a design, with what was estimated beside them last (P,), and their covariance (P, P)."""

    b: np.ndarray
    V: np.ndarray


def coefficients(fit: Fit, scale: str) -> Coefficients:
    """The parameters of a fit; with ``flic`` and ``flac`` those of the corrected probabilities.

    Their covariance is of the kind that the fit has: model-based for ``classical``, sums of each row's or cluster's part for
    robust ones, and for ``jackknife`` the correction is made anew without each cluster. The observed share that they
    keep is an estimate, and its error is part of the intercept's.

    A parameter without a standard error has NaN in its row and column.

    Raises
    ------
    FitError
        No parameter has a covariance.
    """
    b, V = fit.terms["estimate"].to_numpy(dtype=float), fit.vcov.to_numpy(dtype=float)
    missing = ~np.isfinite(np.diag(V))
    if missing.all():
        raise FitError(f"{fit.spec.name} has no covariance, so its effects have no interval. Write another vcov.")
    if scale in CORRECTED:
        b, V = _corrected(fit, scale)
    if missing.any():
        V = np.where(missing[:, None] | missing[None, :], np.nan, V)
    return Coefficients(b, V)


def _corrected(fit: Fit, scale: str) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients of FLIC or FLAC (K,) and their covariance (K, K)."""
    kernel: Kernel = fit_flac
    if scale == "flic":
        kernel = partial(fit_flic, intercept=fit.design.names.index("Intercept"))
    est = kernel(fit.design.X[None], fit.design.y[None])
    if fit.spec.vcov == "jackknife":
        return est.beta[0], jackknife(fit.design, est.beta[0], fit.spec.engine, kernel)
    return est.beta[0], covariance(est, fit.spec.vcov, fit.design.clusters, small_sample=False)[0]


def standard_errors(gradients: np.ndarray, variance: np.ndarray, V: np.ndarray) -> np.ndarray:
    """Roots of the variances (q,) of combinations; missing where a variance is not above zero but for rounding.

    Parameters
    ----------
    gradients : derivatives by the parameters, shape (q, P).
    variance : of the combinations, shape (q,).
    V : covariance of the parameters, whose diagonal says what a variance would be without covariances, shape (P, P).
    """
    size = gradients**2 @ np.nan_to_num(np.diag(V))
    return np.sqrt(np.where(variance > NOTHING * size, variance, np.nan))


def without_error(fit: Fit, V: np.ndarray, gradients: np.ndarray) -> list[str]:
    """For each of q combinations (q, P) why it has no standard error; empty where it has one.

    Parameters
    ----------
    fit : names the terms.
    V : covariance of its parameters, NaN where there is none, shape (P, P).
    gradients : derivatives by the parameters.
    """
    missing = np.isnan(np.diag(V))
    if not missing.any():
        return [""] * len(gradients)
    names = fit.terms["term"].to_numpy()[missing]
    needs = gradients[:, missing] != 0
    return [f"no standard error, as {', '.join(names[row])} has none" if row.any() else "" for row in needs]
