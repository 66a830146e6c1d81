"""What an effect is measured in: the scales of every engine, and the parameters with their covariance as a scale takes them.

Source: Puhr, Heinze, Nold, Lusa and Geroldinger (2017), Statistics in Medicine 36(14) (FLIC).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from peacestudy.core.problems import one_of
from peacestudy.errors import FitError, SpecError
from peacestudy.models.engines.flic import flic_shift
from peacestudy.models.formulas.centring import Centring
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


@dataclass(frozen=True, eq=False)
class Coefficients:
    """The parameters of a fit on a scale, with what the covariance of functions of them needs.

    Attributes
    ----------
    b : coefficients of the columns of the design, with what was estimated beside them last, shape (P,).
    J : derivative of ``b`` by the parameters of the fit, shape (P, P); None where they are the same.
    moved, V : the columns' centring and the covariance of the parameters after it, see ``Fit.moved_vcov``.
    """

    b: np.ndarray
    J: np.ndarray | None
    moved: Centring
    V: np.ndarray

    def variances(self, gradients: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Variances (q,) of quantities with gradients (P, q), and what they would be without covariances."""
        W, V = self.moved.weights(gradients.T), self.V
        if self.J is not None:
            C = self.moved.weights(np.eye(len(self.b)))
            J = np.linalg.solve(C, self.J @ C)  # of the moved parameters
            V = J @ V @ J.T
        return ((W @ V) * W).sum(axis=1), (W**2) @ np.diag(V)


def coefficients(fit: Fit, scale: str) -> Coefficients:
    """The parameters of a fit; with ``flic`` the intercept is corrected and its covariance follows the slopes'.

    FLIC's intercept keeps the mean probability of the fit's rows at the observed share, which is taken as given.

    Raises
    ------
    FitError
        The fit has no covariance.
    """
    b, V = fit.terms["estimate"].to_numpy(dtype=float), fit.moved_vcov
    if not np.isfinite(V).all():
        raise FitError(f"{fit.spec.name} has no covariance, so its effects have no interval. Write another vcov.")
    if scale != "flic":
        return Coefficients(b, None, fit.moved, V)
    J = np.eye(len(b))
    at = fit.design.names.index("Intercept")
    shift = shift_of(fit, b[None])[0]
    p = expit(fit.design.X @ b + shift)
    W = p * (1 - p)
    J[at] -= W @ fit.design.X / W.sum()
    return Coefficients(b + shift * (np.arange(len(b)) == at), J, fit.moved, V)


def shift_of(fit: Fit, b: np.ndarray) -> np.ndarray:
    """What FLIC adds to the intercept, for each of B coefficient vectors."""
    return flic_shift(b @ fit.design.X.T, np.full(len(b), fit.design.y.mean()))
