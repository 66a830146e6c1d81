"""Residuals, leverage and influence of the rows of a ridge logit.

Source: le Cessie and van Houwelingen (1992), Applied Statistics 41(1), 4 (one step from the
estimate of all, the penalty and the standard deviations of the columns as they were).
"""

import numpy as np
import pandas as pd
from scipy.special import expit, xlogy

from peacestudy.models.diagnosis.checks import ONE
from peacestudy.models.diagnosis.one_step import RowScores, one_step
from peacestudy.models.engines.registry import Estimates
from peacestudy.models.result import Fit


def ridge_rows(fit: Fit, est: Estimates) -> tuple[pd.DataFrame, np.ndarray]:
    """The table of the rows and what each adds to every coefficient (N, K)."""
    design, b = fit.design, est.beta[0]
    X, y, eta = design.X, design.y, design.X @ b
    p, q = expit(eta), expit(-eta)
    free = np.array([name == "Intercept" for name in design.names])
    penalty = np.where(free, 0.0, float(dict(fit.spec.options)["penalty"]) * X.var(axis=0, ddof=1))
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
    return rows, step @ back.T
