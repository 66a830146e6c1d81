"""The chance of every category of an ordered outcome, for rows that the fit has not seen.

Source: Agresti (2010), Analysis of Ordinal Categorical Data, 2nd ed., 3.3 (delta method); intervals on the logit scale, so that their
ends are chances, as in R's ordinal.
"""

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from peacestudy.models.engines.ordered import probabilities
from peacestudy.models.formulas.new_rows import NewRows
from peacestudy.models.interpretation.predicted import Predicted, beyond
from peacestudy.models.result import Fit


def category_chances(fit: Fit, rows: NewRows, cases: list[object]) -> Predicted:
    """The logit of the chance of every category, a row for each case and category, the lowest first.

    Parameters
    ----------
    fit : of engine ``ordered``.
    rows : the rows in the terms of its design.
    cases : their ids.
    """
    K, J, n = len(fit.design.names), len(fit.design.categories), len(cases)
    theta = fit.terms["estimate"].to_numpy()
    X = rows.X
    eta = X @ theta[:K]
    P = probabilities(theta[K:], eta)
    below = expit(theta[K:] - eta[:, None])
    f = np.zeros((n, J + 1))
    f[:, 1:J] = below * (1 - below)
    G = np.zeros((n, J, K + J - 1))  # derivatives of the chances in slopes and cuts
    G[:, :, :K] = -(f[:, 1:] - f[:, :-1])[:, :, None] * X[:, None, :]
    for k in range(J - 1):
        G[:, k, K + k] = f[:, k + 1]
        G[:, k + 1, K + k] = -f[:, k + 1]
    variance = fit.variances_of(G.reshape(n * J, -1)).reshape(n, J)
    error = np.sqrt(np.where(variance > 0, variance, np.nan)) / (P * (1 - P))
    labels = pd.DataFrame({
        "case": pd.Series(np.repeat(np.array(cases, dtype=object), J), dtype=object), "category": list(fit.design.categories) * n,
    })  # fmt: skip
    reasons = [reason for reason in rows.reasons for _ in range(J)]
    notes = [note for note in beyond(fit.design, X) for _ in range(J)]
    return Predicted(
        labels,
        logit(P).ravel(),
        error.ravel(),
        np.full(n * J, fit.df),
        reasons,
        notes,
        "expit",
        ordered=(theta[K:], eta),
    )
