"""What each case is to a fit: residual, leverage, Cook's
distance, and what it adds to every coefficient.

Sources: Cook and Weisberg (1982), Residuals and Influence in Regression, 2.2 and 3.4 (linear:
exact); Pregibon (1981), Annals of Statistics 9(4) (logit: one step from the estimate of all);
Therneau and Grambsch (2000), Modeling Survival Data, 7.1 (Cox: score residuals times the inverse
information). Counts, ordered outcomes, ridge and groups have files of their own, beside this one.
``peacestudy.models.diagnosis.leave_one_out`` fits anew instead.
"""

import numpy as np
import pandas as pd

from peacestudy.models.engines.estimate import estimate
from peacestudy.models.engines.registry import engine_of
from peacestudy.models.result import Fit


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
    if design.categories:
        categories = [design.categories[int(k)] for k in design.y]
        cases["outcome"] = pd.Series(categories, dtype=object)
    found = engine_of(fit.spec).residuals(design, fit.spec, est)
    variance = est.classical[0].diagonal()
    classical = np.sqrt(np.where(variance > 0, variance, np.nan))
    dfbeta, scaled = found.dfbeta, found.scaled
    if scaled is None:
        scaled = dfbeta / classical[: dfbeta.shape[1]]
    return pd.concat([cases, found.table], axis=1), _long(fit, dfbeta, scaled)


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
