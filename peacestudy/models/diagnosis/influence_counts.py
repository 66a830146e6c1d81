"""Residuals, leverage and influence of the rows of a count model.

Sources: McCullagh and Nelder (1989), Generalized Linear Models, 2nd ed., 2.4 and 12.5 (residuals;
leverage of weighted least squares); Hilbe (2011), Negative Binomial Regression, 2nd ed., 5.1
(deviance of the negative binomial, alpha as estimated).
"""

import numpy as np
import pandas as pd

from peacestudy.models.diagnosis.checks import ONE
from peacestudy.models.diagnosis.one_step import RowScores, one_step
from peacestudy.models.engines.counts import offset_of
from peacestudy.models.engines.negative_binomial import at, half_deviance
from peacestudy.models.engines.registry import Estimates
from peacestudy.models.result import Fit


def count_rows(fit: Fit, est: Estimates) -> tuple[pd.DataFrame, np.ndarray]:
    """The table of the rows and what each adds to every parameter
    (N, P), ``alpha`` last where there is one.
    """
    design, b = fit.design, est.beta[0]
    (N, K), y = design.X.shape, design.y
    mu = means(fit)
    alpha = float(b[K]) if len(b) > K else 0.0
    variance = mu * (1 + alpha * mu)
    W = mu / (1 + alpha * mu)
    root = design.X * np.sqrt(W)[:, None]
    h = (np.linalg.qr(root)[0] ** 2).sum(axis=1)
    left = np.where(h < ONE, 1 - h, np.nan)
    pearson = (y - mu) / np.sqrt(variance)
    standard = pearson / np.sqrt(left)
    rows = pd.DataFrame(
        {
            "fitted": mu,
            "residual": y - mu,
            "residual_standard": standard,
            "residual_student": (
                np.sign(y - mu) * np.sqrt(2 * half_deviance(mu, alpha, y)) / np.sqrt(left)
            ),
            "leverage": h,
            "cook": standard**2 * h / left / K,
        }
    )
    if len(b) == K:
        return rows, est.influence[0] / left[:, None]
    U = np.zeros((N, K + 1, 2))
    U[:, :K, 0], U[:, K, 1] = design.X, 1.0
    a = at(np.log(mu), alpha, y)
    curvature = np.stack([[a.eta_eta, a.eta_alpha], [a.eta_alpha, a.alpha_alpha]]).transpose(
        2, 0, 1
    )
    return (
        rows,
        one_step(est.classical[0], RowScores(U, np.column_stack([a.eta, a.alpha]), curvature))[0],
    )


def means(fit: Fit) -> np.ndarray:
    """Mean counts of the rows of a fit, at their own offset or exposure, shape (N,)."""
    design = fit.design
    offset = offset_of(fit.spec, dict(design.further), design.cases)
    eta = design.X @ fit.terms["estimate"].to_numpy()[: design.X.shape[1]]
    return np.asarray(np.exp(eta + (0.0 if offset is None else offset)))
