"""Predictions on the scale on which they are about normal, of one
fit or pooled, and how they are laid out.

Sources: Agresti (2013), Categorical Data Analysis, 3rd ed., 5.5 (intervals on the scale of the
link); Rubin (1987), Multiple Imputation for Nonresponse in Surveys, ch. 3; White, Royston and Wood
(2011), Statistics in Medicine 30(4), section 7 (linear predictors are pooled).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from peacestudy.core.frame import StudyFrame
from peacestudy.errors import SpecError
from peacestudy.models.formulas.design import Design
from peacestudy.models.interpretation.interval_scales import Scale, interval
from peacestudy.models.interpretation.pooled_categories import sum_to_one
from peacestudy.models.missing.imputed import Imputed
from peacestudy.models.missing.pooled import PooledFit
from peacestudy.models.missing.pooled_row import pooled_row
from peacestudy.models.result import Fit

ENDS = ["estimate", "conf_low", "conf_high"]


@dataclass(frozen=True, eq=False)
class Predicted:
    """Predictions of n rows on the scale of their intervals.

    Attributes
    ----------
    labels : what each row is: ``case``, and ``category`` where there are several.
    value, error, dfs : the number on the scale, its standard
        error and degrees of freedom, shape (n,).
    reasons : why there is no number, or no interval; empty where there is.
    notes : what makes one distrust it, such as an extrapolation; empty where nothing does.
    scale : of the intervals.
    categories : how many rows each case has.
    """

    labels: pd.DataFrame
    value: np.ndarray
    error: np.ndarray
    dfs: np.ndarray
    reasons: Sequence[str]
    notes: Sequence[str]
    scale: Scale
    categories: int


def laid_out(p: Predicted, conf_level: float) -> pd.DataFrame:
    """The table of ``predict``."""
    ends = interval(p.scale, p.value, p.error, p.dfs, conf_level)
    return pd.concat([p.labels, pd.DataFrame(ends, columns=ENDS)], axis=1).assign(
        reason=list(p.reasons), note=list(p.notes)
    )


def pooled_predictions(
    fit: PooledFit,
    data: StudyFrame | pd.DataFrame | Imputed,
    one: Callable[[Fit, StudyFrame | pd.DataFrame], Predicted],
    conf_level: float,
) -> pd.DataFrame:
    """The table of ``predict`` after imputation, with ``df`` and ``fmi``; a row that one table
    cannot predict is not predicted.

    Raises
    ------
    SpecError
        The data are another imputation, or no rows.
    """
    if isinstance(data, Imputed):
        if len(data) != len(fit.fits):
            raise SpecError(
                f"the fit has {len(fit.fits)} tables and the data {len(data)}: give the imputation"
                " that was fitted, or rows."
            )
        tables = list(data.tables)
    elif isinstance(data, StudyFrame | pd.DataFrame):
        tables = [data] * len(fit.fits)
    else:
        raise SpecError(f"predict takes rows, or what impute gave, not a {type(data).__name__}.")
    found = [one(f, t) for f, t in zip(fit.fits, tables, strict=True)]
    value, error, dfs = (
        np.array([getattr(p, c) for p in found]) for c in ("value", "error", "dfs")
    )
    rows = pd.DataFrame(
        [
            _row(w, se, float(df), conf_level)
            for w, se, df in zip(value.T, error.T, dfs.mean(axis=0), strict=True)
        ],
        columns=["estimate", "std_error", "df", "fmi"],
        dtype=float,
    )
    if found[0].categories > 1:
        rows["estimate"] = sum_to_one(rows["estimate"].to_numpy(), found[0].categories)
    reasons, notes = (
        [next(filter(None, each), "") for each in zip(*(getattr(p, c) for p in found), strict=True)]
        for c in ("reasons", "notes")
    )
    whole = replace(
        found[0],
        value=rows["estimate"].to_numpy(),
        error=rows["std_error"].to_numpy(),
        dfs=rows["df"].to_numpy(),
        reasons=reasons,
        notes=notes,
    )
    table = laid_out(whole, conf_level)
    words = table[["reason", "note"]]
    return pd.concat([table.drop(columns=["reason", "note"]), rows[["df", "fmi"]], words], axis=1)


def _row(value: np.ndarray, error: np.ndarray, df: float, conf_level: float) -> dict[str, float]:
    """One prediction pooled on its scale; a row that one table cannot predict is not predicted."""
    if not np.isfinite(value).all():
        return {}
    return pooled_row(value, error, df, conf_level)


def beyond(design: Design, X: np.ndarray) -> list[str]:
    """For each row (n, K) a sentence on terms beyond what the fit held, empty where there are none;
    products follow from their terms.

    Examples
    --------
    >>> from peacestudy.models import ModelSpec, fit
    >>> found = fit(
    ...     pd.DataFrame({"y": [1.0, 2.0, 4.0], "x": [1, 2, 3]}),
    ...     ModelSpec("m", "y ~ x", "linear", "classical"),
    ... )
    >>> beyond(found.design, np.array([[1.0, 2.5], [1.0, 9.0]]))
    ['', 'x is 9, and the fit held 1 to 3: an extrapolation']
    """
    labels = {f.label for f in design.formula.factors} | {
        f"{curve}[1]" for curve in design.bases
    }  # of a curve its straight part
    said: list[list[str]] = [[] for _ in range(len(X))]
    for j, name in enumerate(design.names):
        if name not in labels:
            continue
        low, high = design.X[:, j].min(), design.X[:, j].max()
        # rounding alone
        room = 1e-9 * (high - low) + 8 * np.finfo(float).eps * max(abs(low), abs(high))
        for i in np.flatnonzero((X[:, j] < low - room) | (X[:, j] > high + room)):
            said[i].append(
                f"{name} is {X[i, j]:g}, and the fit held {low:g} to {high:g}: an extrapolation"
            )
    return ["; ".join(s) for s in said]
