"""Negative binomial regression as an engine."""

from dataclasses import replace

import numpy as np

from peacestudy.core.problems import Note
from peacestudy.errors import FitError
from peacestudy.models.engines.counts import (
    COUNT_LIMIT,
    COUNT_OPTIONS,
    count_residuals,
    offset_of,
    refuse_endless,
)
from peacestudy.models.engines.engine import DISPERSION, LIKELIHOOD, Engine, Request
from peacestudy.models.engines.parameter_names import ALPHA
from peacestudy.models.engines.positive import edge_test
from peacestudy.models.formulas.design import Design
from peacestudy.models.kernels.counts import LOST
from peacestudy.models.kernels.estimates import Estimates
from peacestudy.models.kernels.negative_binomial import fit_negative_binomial
from peacestudy.models.kernels.poisson import fit_poisson


def estimate_negative_binomial(design: Design, request: Request) -> tuple[Estimates, list[Note]]:
    """Estimates of a design, ``alpha`` last.

    Raises
    ------
    FitError
        A coefficient runs to infinity, or the counts do not vary more than
        Poisson's law allows: alpha is zero then.
    """
    offset = offset_of(request, dict(design.further), design.cases)
    e = np.zeros(len(design.y)) if offset is None else offset
    poisson, left = fit_poisson(design.X, design.y, e)
    if left < LOST:
        refuse_endless(design, request.name)
    mu = np.exp(design.X @ poisson.beta[0] + e)
    # the slope of the likelihood in alpha at zero
    if not ((design.y - mu) ** 2 - design.y).sum() > 0:
        raise FitError(
            f"{request.name}: the counts are not overdispersed: alpha is zero. Use engine"
            " 'poisson'."
        )
    est = fit_negative_binomial(design.X, design.y, e, poisson.beta[0])
    ratio, p = edge_test(float(est.loglik[0]), float(poisson.loglik[0]))
    text = (
        f"alpha against zero, the Poisson model: likelihood ratio {ratio:.2f}, p {p:.3f} (half a"
        " chi-squared's); its interval is Wald's on the log scale."
    )
    return replace(est, names=(*design.names, ALPHA)), [Note("alpha", text)]


NEGATIVE_BINOMIAL = Engine(
    outcome="count",
    link="exp",
    effect="rate ratio",
    estimate=estimate_negative_binomial,
    residuals=count_residuals,
    vcovs=LIKELIHOOD,
    options=COUNT_OPTIONS,
    parameters=DISPERSION,
    limits=(
        COUNT_LIMIT,
        "Leverage and Cook's distance hold alpha at its estimate; dfbeta estimates it again.",
    ),
)
