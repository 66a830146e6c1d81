"""How far the terms of a fit can be told apart.

Source: Belsley, Kuh and Welsch (1980), Regression Diagnostics, ch. 3: condition number of the
columns scaled to unit length, the intercept included, and what share of the variance of each
coefficient goes with the weakest direction; variance inflation.
"""

import numpy as np
import pandas as pd

from peacestudy.models.fit_notes.design_notes import variance_inflation
from peacestudy.models.result import Fit


def collinearity(fit: Fit) -> pd.DataFrame:
    """Variance inflation of every slope.

    Returns
    -------
    DataFrame
        ``term, vif, r_squared, weakest``: the factor by which the variance of the coefficient is
        larger than were the term uncorrelated with the others; the R2 of the term on the others;
        the share of the variance of its coefficient that comes from the weakest direction of the
        design, see ``condition_number``.
    """
    design = fit.design
    slopes = [
        j
        for j, name in enumerate(design.names)
        if name != "Intercept" and name not in design.baseline
    ]
    vif = np.array(variance_inflation(design.X, slopes))
    _, s, V = np.linalg.svd(_unit(fit), full_matrices=False)
    parts = (V / s[:, None]) ** 2
    weakest = (parts[-1] / parts.sum(axis=0))[slopes]
    return pd.DataFrame(
        {
            "term": [design.names[j] for j in slopes],
            "vif": vif,
            "r_squared": 1 - 1 / vif,
            "weakest": weakest,
        }
    )


def condition_number(fit: Fit) -> float:
    """The largest singular value of the columns scaled to unit length over the smallest; above 30
    is called strong collinearity.
    """
    s = np.linalg.svd(_unit(fit), compute_uv=False)
    return float(s[0] / s[-1])


def _unit(fit: Fit) -> np.ndarray:
    """The columns scaled to unit length; the cut points of an ordered
    outcome are its constant, which stands last.
    """
    X = fit.design.X
    if fit.design.categories:
        X = np.column_stack([X, np.ones(len(X))])
    out: np.ndarray = X / np.sqrt((X**2).sum(axis=0))
    return out
