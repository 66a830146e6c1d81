"""Logit with a ridge penalty as an engine.

Source: le Cessie and van Houwelingen (1992), Applied Statistics 41(1), 4 (one step from the
estimate of all, the penalty and the standard deviations of the columns as they were).
"""

import numpy as np
import pandas as pd
from scipy.special import expit, xlogy

from peacestudy.core.problems import Note
from peacestudy.models.engines.engine import LIKELIHOOD, NUMBER, Engine, Request, Residuals
from peacestudy.models.engines.separated import separation_of, separation_text
from peacestudy.models.formulas.design import Design
from peacestudy.models.kernels.estimates import Estimates
from peacestudy.models.kernels.one_step import ONE, RowScores, one_step
from peacestudy.models.kernels.ridge import fit_ridge


def estimate_ridge(design: Design, request: Request) -> tuple[Estimates, list[Note]]:
    """Estimates of a design, and how far they are shrunk."""
    penalty = float(dict(request.options)["penalty"])
    free = np.array([name == "Intercept" for name in design.names])
    est, worth = fit_ridge(design.X, design.y, penalty, free)
    notes = []
    if (found := separation_of(design)) is not None:
        said = separation_text(design, found)
        notes.append(
            Note(
                "separation",
                f"{said[0].upper()}{said[1:]}; the ridge estimates are finite, but determined by"
                " the penalty there.",
            )
        )
    text = (
        f"Coefficients are shrunk towards zero by a ridge penalty of {penalty:g} on columns of"
        f" standard deviation one: {(~free).sum()} terms have {worth:.1f} effective degrees of"
        " freedom. Standard errors refer to the shrunken coefficients for the given penalty; Wald"
        " intervals around them do not account for the bias from the penalty, so their coverage"
        " may differ from the nominal level."
    )
    for label, levels in design.levels.items():
        choice = (
            f"{label}: the penalty is on differences from {levels[0]}, so all estimates change"
            " with another reference category."
        )
        notes.append(
            Note(
                "ridge_reference",
                (
                    f"{choice} It is the first category of a categorical column, or else the"
                    " first name in order."
                ),
            )
        )
    return est, [*notes, Note("ridge", text)]


def ridge_residuals(design: Design, request: Request, est: Estimates) -> Residuals:
    """Residuals of probabilities, and what each row adds to every coefficient."""
    b = est.beta[0]
    X, y, eta = design.X, design.y, design.X @ b
    p, q = expit(eta), expit(-eta)
    free = np.array([name == "Intercept" for name in design.names])
    penalty = np.where(free, 0.0, float(dict(request.options)["penalty"]) * X.var(axis=0, ddof=1))
    Q, R = np.linalg.qr(X)
    back = np.linalg.inv(R)
    A = np.linalg.inv(Q.T @ (Q * (p * q)[:, None]) + back.T @ (penalty[:, None] * back))
    step, h, cook = one_step(A, RowScores(Q[:, :, None], (y - p)[:, None], (p * q)[:, None, None]))
    left = np.where(h < ONE, 1 - h, np.nan)
    deviance = np.sign(y - p) * np.sqrt(-2 * (xlogy(y, p) + xlogy(1 - y, q)))
    rows = pd.DataFrame(
        {
            "fitted": p,
            "residual": y - p,
            "residual_standard": (y - p) / np.sqrt(p * q * left),
            "residual_student": deviance / np.sqrt(left),
            "leverage": h,
            "cook": cook,
        }
    )
    return Residuals(rows, step @ back.T)


RIDGE = Engine(
    outcome="binary",
    link="expit",
    effect="odds ratio",
    estimate=estimate_ridge,
    residuals=ridge_residuals,
    vcovs=LIKELIHOOD,
    options={"penalty": NUMBER},
    required=("penalty",),
    always_finite=True,
    penalised=True,
    e_values=False,
    limits=(
        "No E-values: the penalty shrinks the ratios towards one.",
        (
            "Leverage and influence keep the penalty as it was; with rows left out and the model"
            " fitted anew it is on the columns left."
        ),
    ),
)
