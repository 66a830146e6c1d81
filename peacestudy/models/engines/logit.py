"""Logit by maximum likelihood as an engine, with probability weights where they are given.

Source: Pregibon (1981), Annals of Statistics 9(4) (leverage, influence and residuals).
"""

import numpy as np
import pandas as pd
from scipy.special import expit, xlogy

from peacestudy.core.problems import Note
from peacestudy.errors import FitError
from peacestudy.models.engines.engine import (
    COLUMN,
    LIKELIHOOD,
    SCORE,
    Engine,
    Request,
    Residuals,
)
from peacestudy.models.engines.separated import separation_of, separation_text
from peacestudy.models.formulas.design import Design
from peacestudy.models.formulas.weights import row_weights, weights_notes
from peacestudy.models.kernels import batch
from peacestudy.models.kernels.estimates import Estimates
from peacestudy.models.kernels.logit import fit_logit
from peacestudy.models.kernels.one_step import ONE
from peacestudy.models.kernels.separation import SURE

REMEDY = "Use engine 'firth', whose estimates are finite, or drop the term."


def estimate_logit(design: Design, request: Request) -> tuple[Estimates, list[Note]]:
    """Estimates of a design.

    Raises
    ------
    FitError
        The outcome is separated, with the terms and cases.
    """
    refuse_separated(design, request, REMEDY)
    weights = row_weights(design, request.options)
    return weighted_logit(design, weights), weights_notes(request.options, weights)


def refuse_separated(design: Design, request: Request, remedy: str) -> None:
    """Refuse a separated outcome.

    Raises
    ------
    FitError
        With the terms, the cases and the remedy.
    """
    found = separation_of(design)
    if found is not None:
        raise FitError(f"{request.name}: {separation_text(design, found)}. {remedy}")


def weighted_logit(design: Design, weights: np.ndarray | None) -> Estimates:
    """Estimates of a design whose outcome is not separated; weights (N,) where there are any."""
    rows = None if weights is None else weights[None]
    return fit_logit(design.X[None], design.y[None], rows)


def refit_logit(design: Design, request: Request) -> Estimates | None:
    """Estimates of a sample of the rows.

    None where a row may be predicted without error, or there are no estimates: separation is then
    looked for.
    """
    try:
        est = weighted_logit(design, row_weights(design, request.options))
    except np.linalg.LinAlgError:
        return None
    p = expit(design.X @ est.beta[0])
    return est if (p * (1 - p)).min() > SURE else None


def binary_residuals(design: Design, request: Request, est: Estimates) -> Residuals:
    """Residuals of probabilities; dfbeta is one step from the estimate of all."""
    h = est.leverage[0]
    left = np.where(h < ONE, 1 - h, np.nan)
    y, eta = design.y, design.X @ est.beta[0]
    p = expit(eta)
    weights = row_weights(design, request.options)
    w = np.ones(len(y)) if weights is None else weights
    pearson = np.sqrt(w) * (y - p) / np.sqrt(expit(eta) * expit(-eta))
    deviance = np.sign(y - p) * np.sqrt(-2 * w * (xlogy(y, p) + xlogy(1 - y, expit(-eta))))
    standard = pearson / np.sqrt(left)
    table = pd.DataFrame(
        {
            "fitted": p,
            "residual": y - p,
            "residual_standard": standard,
            "residual_student": deviance / np.sqrt(left),
            "leverage": h,
            "cook": standard**2 * h / left / design.X.shape[1],
        }
    )
    return Residuals(table, est.influence[0] / left[:, None])


LOGIT = Engine(
    outcome="binary",
    link="expit",
    effect="odds ratio",
    estimate=estimate_logit,
    refit=refit_logit,
    residuals=binary_residuals,
    vcovs=(*LIKELIHOOD, "jackknife"),
    options={"weights": COLUMN},
    kernel=fit_logit,
    batch=batch.LOGIT,
    bootstrap=SCORE,
)
