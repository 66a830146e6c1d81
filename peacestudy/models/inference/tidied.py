"""What ``tidy`` and ``contrast`` add to a table of terms, of one fit or of several pooled."""

import numpy as np
import pandas as pd

from peacestudy.errors import SpecError
from peacestudy.models.engines.registry import ENGINES


def add_one_sided(out: pd.DataFrame, p: np.ndarray, direction: str) -> None:
    """Put a one-sided p beside ``p_value``, in place."""
    out.insert(list(out.columns).index("p_value") + 1, f"p_{direction}", p)


def add_detectable(out: pd.DataFrame, least: "pd.Series[float]", alpha: float) -> None:
    """Put the smallest effect that could have been found beside every null
    that is not rejected at ``alpha``, in place.
    """
    out["detectable"] = least.where(out["p_value"] >= alpha)


def to_ratios(out: pd.DataFrame, slopes: int, engine: str) -> None:
    """Coefficients and ends as ratios, their errors by the delta method,
    in place; only of the first ``slopes`` terms.

    Raises
    ------
    SpecError
        The engine has no ratios.
    """
    if ENGINES[engine].effect == "difference":
        raise SpecError(
            "a linear model has no odds ratios; exponentiate belongs to odds and hazards."
        )
    slope = np.arange(len(out)) < slopes
    errors = [c for c in ("std_error", "monte_carlo") if c in out]
    scale = [c for c in ("estimate", "conf_low", "conf_high", "detectable") if c in out]
    with np.errstate(over="ignore"):
        out.loc[slope, errors] = out.loc[slope, errors].mul(
            np.exp(out.loc[slope, "estimate"]), axis=0
        )
        out.loc[slope, scale] = np.exp(out.loc[slope, scale])
