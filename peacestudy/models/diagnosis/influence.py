"""What each case is to a fit: residual, leverage, Cook's distance, and what it adds to every coefficient.

Sources: Cook and Weisberg (1982), Residuals and Influence in Regression, 2.2 and 3.4 (linear: exact); Pregibon (1981), Annals of
Statistics 9(4) (logit: one step from the estimate of all); Therneau and Grambsch (2000), Modeling Survival Data, 7.1 (Cox: score
residuals times the inverse information). ``peacestudy.models.diagnosis.left_out`` fits anew instead.
"""

import numpy as np
import pandas as pd
from scipy.special import expit, xlogy

from peacestudy.errors import SpecError
from peacestudy.models.diagnosis.checks import ONE
from peacestudy.models.engines.estimate import estimate, kind_of
from peacestudy.models.engines.registry import Estimates
from peacestudy.models.formulas.weights import weights_of
from peacestudy.models.result import Fit

ROWS = ("linear", "logit", "firth", "discrete_time")  # engines whose rows have residuals and leverage
ENGINES = (*ROWS, "cox")


def case_tables(fit: Fit) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of a fit and what each adds to the coefficients.

    Parameters
    ----------
    fit : of engine linear, logit, firth, discrete_time (rows are person-periods) or cox.

    Returns
    -------
    cases
        ``case, outcome, fitted, residual``, outcome less fitted; ``residual_standard``, divided by its standard deviation (of linear
        s root(1-h), of the others the Pearson residual over root(1-h)); ``residual_student``, of linear with s from the other
        rows, of the others the deviance residual over root(1-h); ``leverage`` h, ``cook``. Of cox only ``case`` and ``outcome``.
        Where a row has a leverage of one, what is divided by 1-h is missing.
    dfbeta
        ``case, term, dfbeta, dfbetas``: the estimate less that without the row, exact for linear, else by one step; and in standard
        errors (classical; of linear with s from the other rows).

    Raises
    ------
    SpecError
        Another engine.
    """
    if fit.spec.engine not in ENGINES:
        raise SpecError(
            f"residuals and influence are known for {', '.join(ENGINES)}, not for engine {fit.spec.engine!r}; ps.models.left_out "
            "fits any engine anew without each case."
        )
    design = fit.design
    est, _ = estimate(design, fit.spec)
    cases = pd.DataFrame({"case": pd.Series(design.cases, dtype=object), "outcome": design.y})
    classical = np.sqrt(np.diag(est.classical[0]))
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
    rows = pd.DataFrame({
        "fitted": fitted, "residual": residual, "residual_standard": e / np.sqrt(est.scale[0] * left),
        "residual_student": e / (error * np.sqrt(left)),
    })  # fmt: skip
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
    return pd.DataFrame({
        "fitted": p, "residual": y - p, "residual_standard": pearson / np.sqrt(left), "residual_student": deviance / np.sqrt(left),
    })  # fmt: skip


def _long(fit: Fit, dfbeta: np.ndarray, scaled: np.ndarray) -> pd.DataFrame:
    N, K = dfbeta.shape
    cases = pd.Series([c for c in fit.design.cases for _ in range(K)], dtype=object)
    return pd.DataFrame(
        {"case": cases, "term": list(fit.design.names) * N, "dfbeta": dfbeta.ravel(), "dfbetas": scaled.ravel()}
    )
