"""Predictions on the scale on which they are about normal, of one fit or pooled, and how they are laid out.

Sources: Agresti (2013), Categorical Data Analysis, 3rd ed., 5.5 (intervals on the scale of the link); Rubin (1987), Multiple Imputation for
Nonresponse in Surveys, ch. 3; White, Royston and Wood (2011), Statistics in Medicine 30(4), section 7 (linear predictors are pooled).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from peacestudy.core.frame import StudyFrame
from peacestudy.errors import SpecError
from peacestudy.models.engines.mixed_logit import average
from peacestudy.models.engines.ordered import probabilities
from peacestudy.models.formulas.design import Design
from peacestudy.models.inference.hypotheses import critical
from peacestudy.models.missing.imputed import Imputed
from peacestudy.models.missing.pooled import PooledFit
from peacestudy.models.missing.pooled_row import pooled_row
from peacestudy.models.result import Fit

ENDS = ["estimate", "conf_low", "conf_high"]


@dataclass(frozen=True, eq=False)
class Predicted:
    """Predictors of n rows.

    Attributes
    ----------
    labels : what each row is: ``case``, and ``category`` where there are several.
    eta, error, dfs : predictor, standard error and degrees of freedom, shape (n,).
    reasons : why there is none; empty where there is.
    notes : what makes one distrust it, such as an extrapolation; empty where nothing does.
    link : ``identity``, ``exp``, ``expit`` or ``average``, what turns predictors into what is asked.
    spread : of groups, for ``average``.
    ordered : of an ordered outcome of J categories, its cut points (J-1,) and linear predictors (n / J,); else None.
    """

    labels: pd.DataFrame
    eta: np.ndarray
    error: np.ndarray
    dfs: np.ndarray
    reasons: Sequence[str]
    notes: Sequence[str]
    link: str
    spread: float = 0.0
    ordered: tuple[np.ndarray, np.ndarray] | None = None

    def asked(self, eta: np.ndarray) -> np.ndarray:
        """From predictors to what is asked, shape as ``eta``."""
        if self.link == "average":
            return np.asarray(average(eta, sd=self.spread))
        return np.asarray({"identity": np.asarray, "exp": np.exp, "expit": expit}[self.link](eta))


def laid_out(p: Predicted, level: float) -> pd.DataFrame:
    """The table of ``predict``."""
    half = critical(0.5 + level / 2, p.dfs) * p.error
    ends = p.asked(np.column_stack([p.eta, p.eta - half, p.eta + half]))
    return pd.concat([p.labels, pd.DataFrame(ends, columns=ENDS)], axis=1).assign(
        reason=list(p.reasons), note=list(p.notes)
    )


def pooled_predictions(
    fit: PooledFit,
    data: StudyFrame | pd.DataFrame | Imputed,
    one: Callable[[Fit, StudyFrame | pd.DataFrame], Predicted],
    level: float,
) -> pd.DataFrame:
    """The table of ``predict`` after imputation, with ``df`` and ``fmi``; a row that one table cannot predict is not predicted.

    Raises
    ------
    SpecError
        The data are another imputation, or no rows.
    """
    if isinstance(data, Imputed):
        if len(data) != len(fit.fits):
            raise SpecError(
                f"the fit has {len(fit.fits)} tables and the data {len(data)}: give the imputation that was fitted, or rows."
            )
        tables = list(data.tables)
    elif isinstance(data, StudyFrame | pd.DataFrame):
        tables = [data] * len(fit.fits)
    else:
        raise SpecError(f"predict takes rows, or what impute gave, not a {type(data).__name__}.")
    found = [one(f, t) for f, t in zip(fit.fits, tables, strict=True)]
    eta, error, dfs = (np.array([getattr(p, c) for p in found]) for c in ("eta", "error", "dfs"))
    rows = pd.DataFrame([
        pooled_row(q, se, float(df), level) if np.isfinite(q).all() else dict.fromkeys((*ENDS, "df", "fmi"), np.nan)
        for q, se, df in zip(eta.T, error.T, dfs.mean(axis=0), strict=True)
    ], columns=[*ENDS, "df", "fmi"], dtype=float)  # fmt: skip
    rows = _summing_to_one(rows, found)
    whole = replace(found[0], spread=float(fit.terms["estimate"].iloc[-1]))
    ends = pd.DataFrame(whole.asked(rows[ENDS].to_numpy()), columns=ENDS)
    reasons, notes = (
        [next(filter(None, each), "") for each in zip(*(getattr(p, c) for p in found), strict=True)]
        for c in ("reasons", "notes")
    )
    return pd.concat([found[0].labels, ends, rows[["df", "fmi"]]], axis=1).assign(reason=reasons, note=notes)


def _summing_to_one(rows: pd.DataFrame, found: Sequence[Predicted]) -> pd.DataFrame:
    """Logits of the chances of an ordered outcome about those at the mean predictor and cut points, which sum to one; others as they are.

    The mean of the logits of every chance by itself does not: where a row was filled with values far apart, chances missed a tenth.
    """
    if not (each := [p.ordered for p in found if p.ordered is not None]):
        return rows
    cuts, eta = (np.mean([part[i] for part in each], axis=0) for i in (0, 1))
    middle = logit(probabilities(cuts, eta)).ravel()
    moved = rows[ENDS].add(middle - rows["estimate"], axis=0)
    return rows.assign(**{c: moved[c] for c in ENDS})


def beyond(design: Design, X: np.ndarray) -> list[str]:
    """For each row (n, K) a sentence on terms beyond what the fit held, empty where there are none; products follow from their terms.

    Examples
    --------
    >>> from peacestudy.models import ModelSpec, fit
    >>> found = fit(pd.DataFrame({"y": [1.0, 2.0, 4.0], "x": [1, 2, 3]}), ModelSpec("m", "y ~ x", "linear", "classical"))
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
        room = 1e-9 * max(abs(low), abs(high))
        for i in np.flatnonzero((X[:, j] < low - room) | (X[:, j] > high + room)):
            said[i].append(f"{name} is {X[i, j]:g}, and the fit held {low:g} to {high:g}: an extrapolation")
    return ["; ".join(s) for s in said]
