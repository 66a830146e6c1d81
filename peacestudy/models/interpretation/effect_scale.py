"""What an effect is measured in: the scales of every engine, and the parameters with their
covariance as a scale takes them.

Source: Puhr, Heinze, Nold, Lusa and Geroldinger (2017), Statistics in Medicine 36(14) (FLIC).
"""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from peacestudy.core.problems import one_of
from peacestudy.errors import FitError, SpecError
from peacestudy.models.engines.registry import ENGINES, engine_of
from peacestudy.models.formulas.centring import Centring
from peacestudy.models.inference.covariance import covariance
from peacestudy.models.inference.jackknife import jackknife
from peacestudy.models.kernels.estimates import Kernel
from peacestudy.models.kernels.flac import fit_flac
from peacestudy.models.kernels.flic import fit_flic
from peacestudy.models.result import Fit

# share of the variance without covariances below which that of an effect is zero but for rounding
NOTHING = 1e-12
CORRECTED = ("flic", "flac")  # scales with coefficients of their own


def scale_of(fit: Fit, scale: str | None, horizon: float | None) -> str:
    """The scale, checked: ``response``, ``flic``, ``average`` or ``link``, or ``horizon``.

    Raises
    ------
    SpecError
        A scale that the engine has not, none where one must be
        written, a horizon where there is none.
    """
    engine = engine_of(fit.spec)
    timed = fit.design.times is not None
    if horizon is not None:
        if not timed:
            raise SpecError(
                f"horizon is {horizon!r}, but {fit.spec.formula!r} explains no times; leave it out."
            )
        if scale is not None:
            raise SpecError(
                f"scale is {scale!r} and a horizon is given, but a horizon replaces the scale;"
                " write one of them."
            )
        return "horizon"
    if scale is None and engine.scale_required:
        raise SpecError(
            f"the scale must be written for engine {fit.spec.engine!r}: scale= one of"
            f" {', '.join(engine.scales)}{engine.scale_help}."
        )
    if scale is not None and scale not in engine.scales:
        raise SpecError(one_of(f"scale of engine {fit.spec.engine!r}", scale, engine.scales))
    if scale == "flic" and "Intercept" not in fit.design.names:
        raise SpecError(
            f"flic corrects the intercept, and formula {fit.spec.formula!r} has none; write"
            " scale='response'."
        )
    return scale or "response"


def response_name(engine: str, scale: str) -> str:
    """Name of the response of an engine on a scale, see ``responses``."""
    return {"link": "identity", "average": "average"}.get(scale, ENGINES[engine].link)


@dataclass(frozen=True, eq=False)
class Coefficients:
    """The parameters of a fit on a scale, with what the variances of combinations of them need.

    Attributes
    ----------
    b : coefficients of the columns of the design, with what was
        estimated beside them last, shape (P,).
    V : covariance of the parameters of the moved columns, shape (P, P).
    moved : the centring that ``V`` is of, see ``Fit.moved_vcov``.
    missing : parameters without a standard error, shape (P,).
    """

    b: np.ndarray
    V: np.ndarray
    moved: Centring
    missing: np.ndarray

    def covariance(self, weights: np.ndarray) -> np.ndarray:
        """Covariance of combinations with weights (q, P), shape (q, q), a
        missing parameter held at its estimate.
        """
        W = self.moved.weights(np.where(self.missing, 0.0, weights))
        return np.asarray(W @ self.V @ W.T)

    def variances(self, gradients: np.ndarray) -> np.ndarray:
        """Variances of combinations with gradients (q, P), shape (q,);
        NaN where a missing parameter is needed.
        """
        W = self.moved.weights(gradients)
        variance = ((W @ self.V) * W).sum(axis=1)
        return np.where((gradients[:, self.missing] != 0).any(axis=1), np.nan, variance)

    def standard_errors(
        self, gradients: np.ndarray, variance: np.ndarray | None = None
    ) -> np.ndarray:
        """Roots of the variances (q,) of combinations; missing where a
        variance is not above zero but for rounding.

        Parameters
        ----------
        gradients : derivatives by the parameters, shape (q, P).
        variance : of the combinations, where it is not that of ``variances``, shape (q,).
        """
        variance = self.variances(gradients) if variance is None else variance
        without_covariances = self.moved.weights(gradients) ** 2 @ np.diag(self.V)
        return np.sqrt(np.where(variance > NOTHING * without_covariances, variance, np.nan))


def coefficients(fit: Fit, scale: str) -> Coefficients:
    """The parameters of a fit; with ``flic`` and ``flac`` those of the corrected probabilities.

    Their covariance is of the kind that the fit has: model-based for ``classical``, sums of each
    row's or cluster's part for robust ones, and for ``jackknife`` the correction is made anew
    without each cluster. The observed share that they keep is an estimate, and its error is part of
    the intercept's.

    A parameter without a standard error has NaN in its row and column.

    Raises
    ------
    FitError
        No parameter has a covariance.
    """
    b, V = fit.terms["estimate"].to_numpy(dtype=float), fit.vcov.to_numpy(dtype=float)
    missing = ~np.isfinite(np.diag(V))
    if missing.all():
        raise FitError(
            f"{fit.spec.name} has no covariance, so its effects have no interval. Write another"
            " vcov."
        )
    if scale in CORRECTED:
        return Coefficients(*_corrected(fit, scale), missing)
    moved = fit.moved
    V = fit.moved_vcov if moved.moves else np.where(missing[:, None] | missing[None, :], 0.0, V)
    return Coefficients(b, V, moved, missing)


def _corrected(fit: Fit, scale: str) -> tuple[np.ndarray, np.ndarray, Centring]:
    """Coefficients of FLIC or FLAC (K,), the covariance (K, K) of those of
    the moved columns, and how these were moved.
    """
    moved, X = fit.moved, fit.design.X - fit.moved.centre
    constant = (np.array(fit.design.names) == "Intercept").astype(float)
    if moved.turn is not None:
        X, constant = np.linalg.solve(moved.turn.T, X.T).T, moved.turn @ constant
    kernel: Kernel = fit_flac
    if scale == "flic":
        kernel = partial(fit_flic, intercept=constant)
    work = replace(fit.design, X=X)
    est = kernel(work.X[None], work.y[None])
    if fit.spec.vcov == "jackknife":
        V = jackknife(work, est.beta[0], engine_of(fit.spec), kernel)
    else:
        V = covariance(est, fit.spec.vcov, work.clusters, small_sample=False)[0]
    return moved.coefficients(est.beta[0]), V, moved


def without_error(fit: Fit, missing: np.ndarray, gradients: np.ndarray) -> list[str]:
    """For each of q combinations (q, P) why it has no standard error; empty where it has one.

    Parameters
    ----------
    fit : names the terms.
    missing : parameters without a standard error, shape (P,).
    gradients : derivatives by the parameters.
    """
    if not missing.any():
        return [""] * len(gradients)
    names = fit.terms["term"].to_numpy()[missing]
    needs = gradients[:, missing] != 0
    return [
        f"no standard error, because {', '.join(names[row])} has none" if row.any() else ""
        for row in needs
    ]
