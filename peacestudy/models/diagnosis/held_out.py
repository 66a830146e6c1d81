"""One fold: a model fitted to its cases for many outcomes at once,
and the probabilities of the cases left out.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit

from peacestudy.errors import FitError
from peacestudy.models.formulas.dependence import dependence
from peacestudy.models.formulas.design import build_design
from peacestudy.models.formulas.new_rows import new_rows
from peacestudy.models.kernels.designs import Shared, orthonormal
from peacestudy.models.kernels.firth import climb_firth
from peacestudy.models.kernels.flic import flic_shift
from peacestudy.models.spec import ModelSpec

# Newton decrement before the last step: the estimate is then within 1e-8 standard errors
TIGHT = 1e-9
CHUNK = 128  # outcomes fitted at once: what they need stays in the processor's memory


@dataclass(frozen=True, eq=False)
class Fold:
    """Positions of the cases that a model learns from and of those that it predicts."""

    name: str
    train: np.ndarray
    test: np.ndarray


def predict_fold(
    part: pd.DataFrame, spec: ModelSpec, fold: Fold, deals: np.ndarray
) -> tuple[np.ndarray, int, list[str]]:
    """FLIC probabilities of the cases left out.

    Parameters
    ----------
    part : the cases, rows by position.
    spec : engine firth, with an intercept.
    fold : who learns, who is predicted.
    deals : outcomes, shape (B, N).

    Returns
    -------
    p, constant, reasons
        Probabilities (B, cases left out), NaN where a case cannot be predicted; how many outcomes
        did not vary among the cases learnt from; why cases cannot be predicted.

    Raises
    ------
    FitError
        Terms that are combinations of each other among the cases learnt
        from, or no convergence; with the fold.
    """
    train = part.iloc[fold.train]
    try:
        design = build_design(train, spec.formula, (), None, "binary")
    except FitError as err:
        raise FitError(f"{spec.name}, without {fold.name}: {err}") from err
    if found := dependence(design.X):
        names = ", ".join(repr(design.names[j]) for j in found.columns)
        raise FitError(
            f"{spec.name}: without {fold.name} the terms {names} are {found.said}. Drop one, or"
            " leave out other groups."
        )
    rows = new_rows(design, part.iloc[fold.test])
    Z, T = orthonormal(design.X)
    U = np.linalg.solve(T.T, rows.X.T).T
    y = deals[:, fold.train]
    share = y.mean(axis=1)
    p = np.repeat(share[:, None], len(fold.test), axis=1)
    varied = np.flatnonzero((share > 0) & (share < 1))
    for first in range(0, len(varied), CHUNK):
        at = varied[first : first + CHUNK]
        p[at] = _probabilities(Z, U, y[at], f"{spec.name}, without {fold.name}")
    p[:, [i for i, r in enumerate(rows.reasons) if r]] = np.nan
    return p, len(y) - len(varied), [r for r in rows.reasons if r]


def _probabilities(Z: np.ndarray, U: np.ndarray, y: np.ndarray, where: str) -> np.ndarray:
    """Probabilities of rows U (n, K) from fits of outcomes y (B, N)
    to one orthonormal design Z (N, K).
    """
    climb = climb_firth(Shared(Z), y, np.zeros((len(y), Z.shape[1])), tight=TIGHT)
    if not climb.converged.all():
        raise FitError(
            f"{where}: {int((~climb.converged).sum())} fits did not converge. Use fewer terms."
        )
    shift = flic_shift(climb.beta @ Z.T, y.mean(axis=1))
    return np.asarray(expit(climb.beta @ U.T + shift[:, None]))
