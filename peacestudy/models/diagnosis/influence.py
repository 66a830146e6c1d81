"""What each case is to a fit: residual, leverage, Cook's
distance, and what it adds to every coefficient.

Sources: Cook and Weisberg (1982), Residuals and Influence in Regression, 2.2 and 3.4 (linear:
exact); Pregibon (1981), Annals of Statistics 9(4) (logit: one step from the estimate of all);
Therneau and Grambsch (2000), Modeling Survival Data, 7.1 (Cox: score residuals times the inverse
information). Counts, ordered outcomes, ridge and groups have files of their own, beside this one.
``peacestudy.models.diagnosis.left_out`` fits anew instead.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.special import expit, xlogy

from peacestudy.models.diagnosis.checks import ONE
from peacestudy.models.diagnosis.influence_counts import count_rows
from peacestudy.models.diagnosis.influence_groups import mixed_linear_rows, mixed_logit_rows
from peacestudy.models.diagnosis.influence_ordered import ordered_rows
from peacestudy.models.diagnosis.influence_ridge import ridge_rows
from peacestudy.models.engines.estimate import estimate, kind_of
from peacestudy.models.engines.registry import Estimates
from peacestudy.models.formulas.weights import weights_of
from peacestudy.models.result import Fit

# engines whose rows have residuals of their own: what follows from a fit and its estimates
OWN: dict[str, Callable[[Fit, Estimates], tuple[pd.DataFrame, np.ndarray]]] = {
    "ordered": ordered_rows,
    "poisson": count_rows,
    "negative_binomial": count_rows,
    "ridge": ridge_rows,
    "mixed_logit": mixed_logit_rows,
    "mixed_linear": mixed_linear_rows,
}


def case_tables(fit: Fit) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of a fit and what each adds to the coefficients.

    Parameters
    ----------
    fit : of any engine; rows of discrete_time are person-periods.

    Returns
    -------
    cases
        ``case, outcome, fitted, residual``, outcome less fitted; ``residual_standard``, divided by
        its standard deviation (of linear s root(1-h), of the others the Pearson residual over
        root(1-h)); ``residual_student``, of linear with s from the other rows, of the others the
        deviance residual over root(1-h); ``leverage`` h, ``cook``. Of cox only ``case`` and
        ``outcome``. Where a row has a leverage of one, what is divided by 1-h is missing. Of
        ordered ``outcome`` is the category and ``chance`` stands in the place of ``fitted``, the
        probability that the fit gave it; ``residual`` is the probability of a lower category less
        that of a higher. Of mixed_linear and mixed_logit what is fitted has the effect of the group
        in it; mixed_logit has no leverage, and its standard residuals are Pearson's and of the
        deviance.
    dfbeta
        ``case, term, dfbeta, dfbetas``: the estimate less that without the row, exact for linear
        (of mixed_linear with the variances as estimated, and of its coefficients alone), else by
        one step; and in standard errors (classical; of linear with s from the other rows). Missing
        where the row alone tells a parameter.
    """
    design = fit.design
    est, _ = estimate(design, fit.spec)
    cases = pd.DataFrame({"case": pd.Series(design.cases, dtype=object), "outcome": design.y})
    classical = np.sqrt(
        np.where(est.classical[0].diagonal() > 0, est.classical[0].diagonal(), np.nan)
    )
    if fit.spec.engine in OWN:
        rows, dfbeta = OWN[fit.spec.engine](fit, est)
        if fit.spec.engine == "ordered":
            cases["outcome"] = pd.Series(
                [design.categories[int(k)] for k in design.y], dtype=object
            )
        return pd.concat([cases, rows], axis=1), _long(
            fit, dfbeta, dfbeta / classical[: dfbeta.shape[1]]
        )
    if fit.spec.engine == "cox":
        return cases, _long(fit, est.influence[0], est.influence[0] / classical)
    h = est.leverage[0]
    left = np.where(h < ONE, 1 - h, np.nan)
    dfbeta = est.influence[0] / left[:, None]
    if fit.spec.engine == "linear":
        rows, error = _linear(fit, est, left)
        scaled = dfbeta / (error[:, None] * classical / np.sqrt(est.scale[0]))
    else:
        rows, scaled = _binary(fit, est, left), dfbeta / classical
    rows["leverage"] = h
    rows["cook"] = rows["residual_standard"] ** 2 * h / left / design.X.shape[1]
    return pd.concat([cases, rows], axis=1), _long(fit, dfbeta, scaled)


def _linear(fit: Fit, est: Estimates, left: np.ndarray) -> tuple[pd.DataFrame, np.ndarray]:
    """Residuals of a linear model, and s without each row, shape (N,)."""
    design = fit.design
    N, K = design.X.shape
    fitted = design.X @ est.beta[0]
    residual = design.y - fitted
    column = dict(fit.spec.options).get("weights")
    e = residual * (1.0 if column is None else np.sqrt(weights_of(design, str(column))))
    others = ((e**2).sum() - e**2 / left) / (N - K - 1) if N > K + 1 else np.full(N, np.nan)
    error = np.sqrt(np.where(others > 0, others, np.nan))
    rows = pd.DataFrame(
        {
            "fitted": fitted,
            "residual": residual,
            "residual_standard": e / np.sqrt(est.scale[0] * left),
            "residual_student": e / (error * np.sqrt(left)),
        }
    )
    return rows, error


def _binary(fit: Fit, est: Estimates, left: np.ndarray) -> pd.DataFrame:
    """Residuals of probabilities."""
    assert kind_of(fit.spec) == "binary"
    design = fit.design
    y, eta = design.y, design.X @ est.beta[0]
    p = expit(eta)
    column = dict(fit.spec.options).get("weights")
    w = np.ones(len(y)) if column is None else weights_of(design, str(column))
    pearson = np.sqrt(w) * (y - p) / np.sqrt(expit(eta) * expit(-eta))
    deviance = np.sign(y - p) * np.sqrt(-2 * w * (xlogy(y, p) + xlogy(1 - y, expit(-eta))))
    return pd.DataFrame(
        {
            "fitted": p,
            "residual": y - p,
            "residual_standard": pearson / np.sqrt(left),
            "residual_student": deviance / np.sqrt(left),
        }
    )


def _long(fit: Fit, dfbeta: np.ndarray, scaled: np.ndarray) -> pd.DataFrame:
    N, K = dfbeta.shape
    cases = pd.Series([c for c in fit.design.cases for _ in range(K)], dtype=object)
    return pd.DataFrame(
        {
            "case": cases,
            "term": fit.terms["term"].tolist()[:K] * N,
            "dfbeta": dfbeta.ravel(),
            "dfbetas": scaled.ravel(),
        }
    )
