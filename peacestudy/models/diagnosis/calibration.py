"""Whether what a fit predicted for its own cases came true as often as it said.

Sources: Hosmer, Lemeshow and Sturdivant (2013), Applied Logistic Regression, 3rd ed., 5.2 (groups
by predicted probability); Harrell (2015), Regression Modeling Strategies, 2nd ed., 13.3 (ordered
outcomes, a cut at a time); Wilson (1927), Journal of the American Statistical Association 22(158)
(interval of a share); Cox and Hinkley (1974), Theoretical Statistics, 7.2 (the same of a mean
count).
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.special import expit

from peacestudy.errors import SpecError
from peacestudy.models.engines.counts import mean_counts
from peacestudy.models.engines.engine import DISPERSION
from peacestudy.models.engines.registry import engine_of
from peacestudy.models.inference.hypotheses import quantile
from peacestudy.models.kernels.flic import flic_shift
from peacestudy.models.kernels.mixed_logit import average
from peacestudy.models.kernels.ordered import probabilities
from peacestudy.models.result import Fit

COLUMNS = ["group", "n", "predicted", "observed", "conf_low", "conf_high"]
Ends = Callable[
    [np.ndarray, np.ndarray], tuple[float, float]
]  # of the interval, from predictions and outcomes of a group


def calibration(fit: Fit, groups: int) -> pd.DataFrame:
    """Predicted and observed shares, or mean counts, of the cases of
    a fit, in groups by what was predicted.

    Parameters
    ----------
    fit : of an outcome of 0 and 1, of ordered categories or of counts. Firth's probabilities have
        their intercept corrected (FLIC) where there is one; those of mixed_logit are averaged over
        groups.
    groups : of nearly equal size; equal predictions stay together, so there may be fewer.

    Returns
    -------
    DataFrame
        ``group, n, predicted, observed, conf_low, conf_high``: mean prediction, share with the
        event (or mean count) and its 95 % interval, of counts with the variance of the model. Of
        ordered outcomes ``cut`` stands first, and what is predicted is a category above it. Cases
        that a model was fitted to flatter it: see ``ps.models.out_of_sample`` for others.

    Raises
    ------
    SpecError
        An outcome that is a number or a time; fewer than two groups.
    """
    kind = engine_of(fit.spec).kind
    if kind not in ("binary", "ordered", "count"):
        raise SpecError(
            "calibration compares probabilities or mean counts with what happened, and engine"
            f" {fit.spec.engine!r} has neither."
        )
    if isinstance(groups, bool) or not isinstance(groups, int | np.integer) or groups < 2:
        raise SpecError(f"groups is {groups!r}; write two or more, a whole number.")
    if kind == "ordered":
        return _by_cut(fit, groups)
    if kind == "binary":
        return _grouped(_chances(fit), fit.design.y, groups, _share_ends)
    estimate = fit.terms["estimate"].to_numpy()
    mu = mean_counts(fit.design, fit.spec, estimate)
    dispersed = engine_of(fit.spec).parameters == DISPERSION
    alpha = float(estimate[-1]) if dispersed else 0.0

    def ends(part: np.ndarray, y: np.ndarray) -> tuple[float, float]:
        return count_ends(
            float(y.mean()), len(y), alpha * float((part**2).mean() / part.mean() ** 2)
        )

    return _grouped(mu, fit.design.y, groups, ends)


def _chances(fit: Fit) -> np.ndarray:
    """Probabilities of the rows of a fit, shape (N,)."""
    design, b = fit.design, fit.terms["estimate"].to_numpy()
    eta = design.X @ b[: design.X.shape[1]]
    scales = engine_of(fit.spec).scales
    if "average" in scales:
        return average(eta, float(b[-1]))
    if "flic" in scales and "Intercept" in design.names:
        eta = eta + flic_shift(eta[None], np.array([design.y.mean()]))[0]
    return np.asarray(expit(eta))


def _by_cut(fit: Fit, groups: int) -> pd.DataFrame:
    """Categories above each cut, predicted and observed."""
    design, b = fit.design, fit.terms["estimate"].to_numpy()
    K = design.X.shape[1]
    above = probabilities(b[K:], design.X @ b[:K])[:, ::-1].cumsum(axis=1)[:, ::-1]
    tables = []
    for k, cut in enumerate(fit.terms["term"][K:], start=1):
        table = _grouped(above[:, k], (design.y >= k).astype(float), groups, _share_ends)
        table.insert(0, "cut", cut)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def _grouped(p: np.ndarray, y: np.ndarray, groups: int, ends: Ends) -> pd.DataFrame:
    edges = np.unique(np.quantile(p, np.linspace(0, 1, groups + 1)[1:-1]))
    which = np.unique(np.searchsorted(edges, p, side="left"), return_inverse=True)[1]
    rows = []
    for g in range(which.max() + 1):
        part = which == g
        rows.append(
            (g + 1, int(part.sum()), p[part].mean(), float(y[part].mean()), *ends(p[part], y[part]))
        )
    return pd.DataFrame(rows, columns=COLUMNS)


def _share_ends(p: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    return wilson(float(y.mean()), len(y))


def count_ends(mean: float, n: int, alpha: float, conf_level: float = 0.95) -> tuple[float, float]:
    """The interval of a mean of n counts with variance m + alpha m^2, by
    the score: means that it is not too far from.

    Examples
    --------
    >>> [round(v, 4) for v in count_ends(2.0, 10, 0.0)], count_ends(0.0, 10, 5.0)[1]
    ([1.2948, 3.0894], inf)
    """
    z2 = quantile(0.5 + conf_level / 2, np.inf) ** 2
    a, b, c = 1 - z2 * alpha / n, 2 * mean + z2 / n, mean**2
    root = np.sqrt(max(b**2 - 4 * a * c, 0.0))
    return float(2 * c / (b + root)), float((b + root) / (2 * a)) if a > 0 else np.inf


def wilson(share: float, n: int, conf_level: float = 0.95) -> tuple[float, float]:
    """Wilson's interval of a share of n.

    Examples
    --------
    >>> [round(v, 4) for v in wilson(0.1, 10)]
    [0.0179, 0.4042]
    """
    z = quantile(0.5 + conf_level / 2, np.inf)
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return float(middle - half), float(middle + half)
