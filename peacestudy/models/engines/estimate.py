"""Arrangement and estimation of a design by the engine of a specification."""

import numpy as np

from peacestudy.core.problems import Note
from peacestudy.errors import FitError
from peacestudy.models.engines.engine import Request
from peacestudy.models.engines.parameters import refuse_shared_names
from peacestudy.models.engines.registry import engine_of
from peacestudy.models.formulas.design import Design
from peacestudy.models.kernels.estimates import Estimates


def arrange(design: Design, spec: Request) -> tuple[Design, list[Note]]:
    """The design as the engine takes it, with notes.

    Raises
    ------
    SpecError, FitError
        The engine cannot take the design; a column has the name of another term of the fit.
    """
    arranged, notes = engine_of(spec).arrange(design, spec)
    refuse_shared_names(arranged, spec)
    return arranged, notes


def estimate(design: Design, spec: Request) -> tuple[Estimates, list[Note]]:
    """Estimates of an arranged design as a batch of one, with notes on what weakens them.

    Raises
    ------
    FitError
        Separation, a monotone likelihood, weights that are none, no convergence.
    """
    est, notes = engine_of(spec).estimate(design, spec)
    if not np.all(est.converged):
        raise FitError(
            f"{spec.name}: no convergence after {est.iterations[0]} steps. Scale the columns, or"
            " use fewer terms."
        )
    return est, notes


def estimate_again(design: Design, spec: Request) -> Estimates:
    """Estimates of a sample of the rows of an arranged design, without notes.

    Raises
    ------
    FitError
        As ``estimate``.
    """
    refit = engine_of(spec).refit
    est = None if refit is None else refit(design, spec)
    if est is not None and bool(est.converged.all()):
        return est
    return estimate(design, spec)[0]
