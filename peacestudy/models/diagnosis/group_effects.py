"""The effects of the groups of a model with a random intercept."""

import numpy as np
import pandas as pd

from peacestudy.models.engines.groups import groups_of
from peacestudy.models.engines.registry import engine_of
from peacestudy.models.kernels.mixed_logit import modes
from peacestudy.models.result import Fit


def group_effects(fit: Fit) -> pd.DataFrame:
    """The effects of the groups.

    Returns
    -------
    DataFrame
        ``group, rows, effect, effect_standard``: what is added to the linear predictor of its rows
        (of mixed_linear the mean given the outcomes, of mixed_logit the mode), drawn towards zero
        the more the fewer rows there are; and in units of ``sd(group)``.
    """
    design, groups = fit.design, groups_of(fit.design, fit.spec)[0]
    theta = fit.terms["estimate"].to_numpy(dtype=float)
    sd, eta = float(theta[-1]), (design.X @ theta[:-1])[groups.order]
    y = design.y[groups.order]
    if engine_of(fit.spec).outcome == "binary":
        effect = sd * modes(eta, sd, y, groups)[0]
    else:
        ratio = sd**2 / fit.scale
        effect = ratio / (1 + groups.size * ratio) * groups.sums(y - eta)
    names = pd.unique(design.further[str(dict(fit.spec.options)["group"])])
    scaled = effect / sd if sd > 0 else np.full(len(effect), np.nan)
    return pd.DataFrame(
        {"group": names, "rows": groups.size, "effect": effect + 0.0, "effect_standard": scaled}
    )
