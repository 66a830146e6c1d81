"""Linear model with a random intercept as an engine.

Sources: Pinheiro and Bates (2000), Mixed-Effects Models in S and S-PLUS, 4.3 (residuals within
groups); Haslett and Hayes (1998), JRSS B 60(1) (a row left out, the variances as estimated);
Demidenko and Stukel (2005), Statistics in Medicine 24(6) (leverage); as R's lme4.
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from peacestudy.core.problems import Note
from peacestudy.models.engines.engine import COLUMN, SPREAD, Engine, Request, Residuals
from peacestudy.models.engines.groups import groups_of, spread_name
from peacestudy.models.engines.positive import edge_test
from peacestudy.models.formulas.design import Design
from peacestudy.models.kernels.estimates import Estimates
from peacestudy.models.kernels.groups import Groups
from peacestudy.models.kernels.mixed_linear import fit_mixed_linear
from peacestudy.models.kernels.one_step import ONE


def estimate_mixed_linear(design: Design, request: Request) -> tuple[Estimates, list[Note]]:
    """Estimates of a design, ``sd(group)`` last.

    Raises
    ------
    FitError
        One group, or a row in each.
    """
    groups, notes = groups_of(design, request)
    restricted = dict(request.options)["method"] == "reml"
    est, plain = fit_mixed_linear(
        design.X[groups.order], design.y[groups.order], groups, restricted
    )
    name = spread_name(request)
    ratio, p = edge_test(float(est.loglik[0]), plain)
    text = (
        f"{'Restricted maximum' if restricted else 'Maximum'} likelihood; tests by z, which with"
        " few groups reject too often"
    )
    if est.beta[0, -1] == 0:
        text += (
            f"; {name} is zero, at its boundary: the groups do not differ more than expected by"
            " chance."
        )
    else:
        share = est.beta[0, -1] ** 2 / (est.beta[0, -1] ** 2 + est.scale[0])
        text += (
            f"; {name} against zero: likelihood ratio {ratio:.2f}, p {p:.3f} (half a"
            f" chi-squared's), intraclass correlation {share:.2f}."
        )
    if restricted:
        text += (
            " Restricted likelihoods of models with different terms cannot be compared, so there is"
            " no AIC."
        )
    pooled = text.replace("; tests by z, which with few groups reject too often", "")
    return replace(est, names=(*design.names, name)), [*notes, Note("method", text, pooled=pooled)]


def mixed_linear_residuals(design: Design, request: Request, est: Estimates) -> Residuals:
    """The table of the rows and what each adds to every coefficient
    (N, K); the variances stay as estimated.
    """
    groups = groups_of(design, request)[0]
    K, s2 = design.X.shape[1], float(est.scale[0])
    X, y = design.X[groups.order], design.y[groups.order]
    A = est.classical[0][:K, :K]
    share = _shares(est, groups)
    residual = y - X @ est.beta[0][:K]
    within = residual - (share * groups.sums(residual))[groups.which]
    # rows of the inverse covariance times X
    v = (X - (share[:, None] * groups.sums(X))[groups.which]) / s2
    left = 1 - share[groups.which] - s2 * ((v @ A) * v).sum(axis=1)
    left = np.where(left > 1 - ONE, left, np.nan)
    rows = pd.DataFrame(
        {
            "fitted": y - within,
            "residual": within,
            "residual_standard": within / np.sqrt(s2 * left),
            "leverage": 1 - left,
            "cook": within**2 / s2 / left**2 * (1 - left) / K,
        }
    )
    back = np.argsort(groups.order)
    dfbeta = (v @ A) * (within / left)[:, None]
    return Residuals(rows.iloc[back].reset_index(drop=True), dfbeta[back])


def _shares(est: Estimates, groups: Groups) -> np.ndarray:
    """By which the sum of a group's residuals is its effect, shape (G,)."""
    ratio = float(est.beta[0, -1]) ** 2 / float(est.scale[0])
    return np.asarray(ratio / (1 + groups.size * ratio))


MIXED_LINEAR = Engine(
    outcome="number",
    link="identity",
    effect="difference",
    estimate=estimate_mixed_linear,
    residuals=mixed_linear_residuals,
    vcovs=("classical",),
    options={"group": COLUMN, "method": ("reml", "ml")},
    required=("group", "method"),
    parameters=SPREAD,
    scale_parameters=1,
    limits=(
        (
            "No calibration and no events, which apply to other outcomes; no robustness values,"
            " which are derived for least squares without groups. Residuals and leverage include"
            " the effect of the group in the fitted values; dfbeta holds the variances at their"
            " estimates."
        ),
    ),
)
