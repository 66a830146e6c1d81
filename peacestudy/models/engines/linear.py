"""Ordinary least squares as an engine, with probability weights where they are given.

Sources: Belsley, Kuh and Welsch (1980), Regression Diagnostics, 2.1 (leverage, influence,
residuals divided by their standard deviation without the row).
"""

import numpy as np
import pandas as pd

from peacestudy.core.problems import Note
from peacestudy.models.engines.engine import (
    COLUMN,
    VCOVS,
    WILD,
    Engine,
    Request,
    Residuals,
)
from peacestudy.models.formulas.design import Design
from peacestudy.models.formulas.weights import row_weights, weights_notes
from peacestudy.models.kernels import batch
from peacestudy.models.kernels.estimates import Estimates
from peacestudy.models.kernels.linear import fit_linear
from peacestudy.models.kernels.one_step import ONE


def estimate_linear(design: Design, request: Request) -> tuple[Estimates, list[Note]]:
    """Estimates of a design."""
    weights = row_weights(design, request.options)
    notes = weights_notes(request.options, weights)
    rows = None if weights is None else weights[None]
    return fit_linear(design.X[None], design.y[None], rows), notes


def linear_residuals(design: Design, request: Request, est: Estimates) -> Residuals:
    """Residuals of a linear model; dfbeta is exact, and scaled with s from the other rows."""
    N, K = design.X.shape
    h = est.leverage[0]
    left = np.where(h < ONE, 1 - h, np.nan)
    fitted = design.X @ est.beta[0]
    residual = design.y - fitted
    weights = row_weights(design, request.options)
    e = residual * (1.0 if weights is None else np.sqrt(weights))
    others = ((e**2).sum() - e**2 / left) / (N - K - 1) if N > K + 1 else np.full(N, np.nan)
    error = np.sqrt(np.where(others > 0, others, np.nan))
    standard = e / np.sqrt(est.scale[0] * left)
    table = pd.DataFrame(
        {
            "fitted": fitted,
            "residual": residual,
            "residual_standard": standard,
            "residual_student": e / (error * np.sqrt(left)),
            "leverage": h,
            "cook": standard**2 * h / left / K,
        }
    )
    dfbeta = est.influence[0] / left[:, None]
    variance = est.classical[0].diagonal()
    classical = np.sqrt(np.where(variance > 0, variance, np.nan))
    scaled = dfbeta / (error[:, None] * classical / np.sqrt(est.scale[0]))
    return Residuals(table, dfbeta, scaled)


LINEAR = Engine(
    outcome="number",
    link="identity",
    effect="difference",
    estimate=estimate_linear,
    residuals=linear_residuals,
    vcovs=VCOVS,
    options={"weights": COLUMN},
    kernel=fit_linear,
    batch=batch.LINEAR,
    always_finite=True,
    least_squares=True,
    distribution="t",
    small_sample=True,
    scale_parameters=1,
    bootstrap=WILD,
)
