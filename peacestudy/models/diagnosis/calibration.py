"""Whether what a fit predicted for its own cases came true as often as it said.

Sources: Hosmer, Lemeshow and Sturdivant (2013), Applied Logistic Regression, 3rd ed., 5.2 (groups by predicted probability);
Wilson (1927), Journal of the American Statistical Association 22(158) (interval of a share).
"""

import numpy as np
import pandas as pd
from scipy.special import expit

from peacestudy.errors import SpecError
from peacestudy.models.engines.estimate import kind_of
from peacestudy.models.engines.flic import flic_shift
from peacestudy.models.inference.hypotheses import quantile
from peacestudy.models.result import Fit


def calibration(fit: Fit, groups: int) -> pd.DataFrame:
    """Predicted and observed shares of the cases of a fit, in groups by predicted probability.

    Parameters
    ----------
    fit : of an outcome of 0 and 1. Firth's probabilities have their intercept corrected (FLIC) where there is one.
    groups : of nearly equal size; equal probabilities stay together, so there may be fewer.

    Returns
    -------
    DataFrame
        ``group, n, predicted, observed, conf_low, conf_high``: mean probability, share with the event and its 95 % interval. Cases that
        a model was fitted to flatter it: see ``ps.models.out_of_sample`` for others.

    Raises
    ------
    SpecError
        An outcome that is not 0 and 1; fewer than two groups.
    """
    if kind_of(fit.spec) != "binary":
        raise SpecError(
            f"calibration compares probabilities with outcomes of 0 and 1, which engine {fit.spec.engine!r} has not."
        )
    if groups < 2:
        raise SpecError(f"groups is {groups}; write two or more.")
    y, eta = fit.design.y, fit.design.X @ fit.terms["estimate"].to_numpy()
    if fit.spec.engine == "firth" and "Intercept" in fit.design.names:
        eta = eta + flic_shift(eta[None], np.array([y.mean()]))[0]
    p = expit(eta)
    edges = np.unique(np.quantile(p, np.linspace(0, 1, groups + 1)[1:-1]))
    which = np.unique(np.searchsorted(edges, p, side="left"), return_inverse=True)[1]
    rows = []
    for g in range(which.max() + 1):
        part = which == g
        n, share = int(part.sum()), float(y[part].mean())
        rows.append((g + 1, n, p[part].mean(), share, *wilson(share, n)))
    return pd.DataFrame(rows, columns=["group", "n", "predicted", "observed", "conf_low", "conf_high"])


def wilson(share: float, n: int, level: float = 0.95) -> tuple[float, float]:
    """Wilson's interval of a share of n.

    Examples
    --------
    >>> [round(v, 4) for v in wilson(0.1, 10)]
    [0.0179, 0.4042]
    """
    z = quantile(0.5 + level / 2, np.inf)
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return float(middle - half), float(middle + half)
