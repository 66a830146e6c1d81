"""How many events there are for a term, and what is not known of an engine."""

import numpy as np
import pandas as pd

from peacestudy.core.problems import Note
from peacestudy.models.engines.registry import engine_of
from peacestudy.models.result import Fit


def events(fit: Fit) -> pd.DataFrame | None:
    """Events per slope; of times the events themselves, of 0 and 1 the
    rarer, of categories what they are worth.

    Returns
    -------
    DataFrame
        One row: ``n, n_events, n_rarer, n_slopes, events_per_variable``; of ordered ``n_events`` is
        missing and ``n_rarer`` is N less the sum of n^3/N^2 over categories (Harrell 2015,
        Regression Modeling Strategies, 2nd ed., 4.4). None for numbers and counts.
    """
    design, kind = fit.design, engine_of(fit.spec).kind
    if kind not in ("binary", "survival", "ordered"):
        return None
    slopes = sum(name != "Intercept" and name not in design.baseline for name in design.names)
    happened: float = np.nan
    if kind == "ordered":
        sizes = np.bincount(design.y.astype(int)).astype(float)
        rarer = len(design.y) - float((sizes**3).sum()) / len(design.y) ** 2
    else:
        happened = int(design.y.sum())
        rarer = happened if design.times is not None else min(happened, len(design.y) - happened)
    row = {"n": fit.n, "n_events": happened, "n_rarer": rarer, "n_slopes": slopes}
    return pd.DataFrame([row | {"events_per_variable": rarer / slopes if slopes else np.nan}])


def not_given(fit: Fit) -> list[Note]:
    """What the engine has no table of, and on what its tables rest."""
    return [Note("not_given", text) for text in engine_of(fit.spec).limits]
