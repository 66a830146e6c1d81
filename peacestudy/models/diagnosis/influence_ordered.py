"""Residuals, leverage and influence of the rows of an ordered logit.

Source: Li and Shepherd (2012), Biometrika 99(2): the residual of a category is the chance of a
lower one less that of a higher, zero on average and between -1 and 1; its variance is (1 - the sum
of the chances cubed)/3 (Shepherd, Li and Liu 2016, Canadian Journal of Statistics 44(4)). Leverage
and influence see ``peacestudy.models.diagnosis.one_step``.
"""

import numpy as np
import pandas as pd

from peacestudy.models.diagnosis.one_step import RowScores, one_step
from peacestudy.models.engines.ordered import at, probabilities
from peacestudy.models.engines.registry import Estimates
from peacestudy.models.result import Fit


def ordered_rows(fit: Fit, est: Estimates) -> tuple[pd.DataFrame, np.ndarray]:
    """The table of the rows and what each adds to every parameter
    (N, P), slopes first, then cut points.
    """
    design, theta = fit.design, est.beta[0]
    (N, K), J, y = design.X.shape, len(design.categories), design.y.astype(int)
    eta = design.X @ theta[:K]
    P = probabilities(theta[K:], eta)
    below = np.cumsum(P, axis=1)[np.arange(N), y] - P[np.arange(N), y]
    above = np.cumsum(P[:, ::-1], axis=1)[:, ::-1][np.arange(N), y] - P[np.arange(N), y]
    residual = below - above
    dfbeta, leverage, cook = one_step(est.classical[0], _scores(design.X, theta[K:], eta, y, J))
    # without the only row of its category a cut point does not exist
    alone = np.bincount(y)[y] == 1
    dfbeta[alone], cook[alone] = np.nan, np.nan
    rows = pd.DataFrame(
        {
            "chance": P[np.arange(N), y],
            "residual": residual,
            "residual_standard": residual / np.sqrt((1 - (P**3).sum(axis=1)) / 3),
            "leverage": leverage,
            "cook": cook,
        }
    )
    return rows, dfbeta


def _scores(X: np.ndarray, cuts: np.ndarray, eta: np.ndarray, y: np.ndarray, J: int) -> RowScores:
    """In two directions, the distances of the linear predictor from the cut above and from that
    below; zeros where there is none.
    """
    (N, K), a, n = X.shape, at(cuts, eta, y), np.arange(len(y))
    U = np.zeros((N, K + J - 1, 2))
    upper, lower = n[y < J - 1], n[y > 0]
    U[upper, :K, 0], U[lower, :K, 1] = -X[upper], -X[lower]
    U[upper, K + y[upper], 0], U[lower, K + y[lower] - 1, 1] = 1.0, 1.0
    q = a.q[y]
    curvature = np.stack([[a.f_upper + q, -q], [-q, a.f_lower + q]]).transpose(2, 0, 1)
    return RowScores(U, np.column_stack([a.upper, a.lower]), curvature)
