"""Poisson regression as an engine."""

import numpy as np

from peacestudy.core.problems import Note
from peacestudy.models.engines.counts import (
    COUNT_LIMIT,
    COUNT_OPTIONS,
    count_residuals,
    offset_of,
    refuse_endless,
)
from peacestudy.models.engines.engine import EQUIDISPERSION, LIKELIHOOD, Engine, Request
from peacestudy.models.formulas.design import Design
from peacestudy.models.kernels.counts import LOST
from peacestudy.models.kernels.estimates import Estimates
from peacestudy.models.kernels.poisson import fit_poisson


def estimate_poisson(design: Design, request: Request) -> tuple[Estimates, list[Note]]:
    """Estimates of a design.

    Raises
    ------
    FitError
        A term that is zero in all rows with a count, and of one sign in the others.
    """
    offset = offset_of(request, dict(design.further), design.cases)
    e = np.zeros(len(design.y)) if offset is None else offset
    est, left = fit_poisson(design.X, design.y, e)
    if left < LOST:
        refuse_endless(design, request.name)
    return est, []


POISSON = Engine(
    outcome="count",
    link="exp",
    effect="rate ratio",
    estimate=estimate_poisson,
    residuals=count_residuals,
    vcovs=LIKELIHOOD,
    options=COUNT_OPTIONS,
    assumption=EQUIDISPERSION,
    limits=(COUNT_LIMIT,),
)
