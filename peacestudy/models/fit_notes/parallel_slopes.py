"""Tests of parallel lines: whether the slopes of an ordered logit are the same at every cut.

Sources: Peterson and Harrell (1990), Applied Statistics 39(2): Rao's score test of the model with
different slopes at every cut, at the estimates of the model with one slope, with the observed
information (its generalised inverse where cells are empty, as SAS PROC LOGISTIC does). Brant
(1990), Biometrics 46(4): a Wald test that compares the slopes of a logit at each cut; it does not
exist if one of these is separated.
"""

import numpy as np
import pandas as pd
from scipy.special import expit
from scipy.stats import chi2

from peacestudy.core.problems import Note
from peacestudy.errors import FitError
from peacestudy.models.engines.engine import PARALLEL_LINES
from peacestudy.models.fit_notes.wrong_engine import refuse_without
from peacestudy.models.formulas.design import Design
from peacestudy.models.kernels.logit import fit_logit
from peacestudy.models.kernels.ordered import at
from peacestudy.models.kernels.separation import find_separation
from peacestudy.models.missing.one_table import refuse_imputed
from peacestudy.models.result import Fit
from peacestudy.models.spec import ModelSpec

ALPHA = 0.05
# eigenvalue of an information scaled to correlations below which it is zero but for rounding
UNTOLD = 1e-9
GLOBAL = "GLOBAL"


def parallel_lines(fit: Fit) -> pd.DataFrame:
    """Test whether the slopes of an ordered logit are the same at every cut point.

    Parameters
    ----------
    fit : Fit
        Of engine ``ordered``, with three categories or more.

    Returns
    -------
    DataFrame
        ``term, statistic, df, p_value, brant, brant_p_value``: Rao's score statistics, a row a term
        (the other terms keep one slope each), the last row ``GLOBAL``, and Brant's statistics on
        the same degrees of freedom. Both treat rows as independent, whatever the vcov, and reject
        too often if a category is rare. The degrees of freedom are those of slopes, also where
        empty cells leave fewer to compare. Brant's statistic is missing if the logit of a cut is
        separated.

    Raises
    ------
    SpecError
        The fit is of another engine, or a PooledFit.
    FitError
        There are two categories, or no term.

    Source: Peterson and Harrell (1990), Applied Statistics 39(2); Brant (1990), Biometrics 46(4).

    Examples
    --------
    >>> import pandas as pd
    >>> import peacestudy as ps
    >>> d = pd.DataFrame({"y": [0, 1, 2, 1, 0, 2, 2, 1, 0, 2], "x": [1, 2, 3, 2, 2, 1, 3, 3, 1, 2]})
    >>> fit = ps.fit(d, ps.ModelSpec("m", "y ~ x", "ordered", "classical"))
    >>> ps.models.fit_notes.parallel_lines(fit).round(3).values.tolist()
    [['x', 2.586, 1, 0.108, 1.303, 0.254], ['GLOBAL', 2.586, 1, 0.108, 1.303, 0.254]]
    """
    refuse_imputed(
        "parallel_lines",
        fit,
        instead=(
            "Look at the fits of the completed tables one by one: [parallel_lines(f) for f in"
            " fit.fits]."
        ),
    )
    refuse_without(fit, PARALLEL_LINES, "parallel_lines")
    design = fit.design
    if len(design.categories) < 3:
        raise FitError(
            f"{design.formula.response.label} has two categories: one cut, and no other to compare"
            " it with."
        )
    if not design.names:
        raise FitError(f"{fit.spec.name}: there is no term whose slope could differ between cuts.")
    out = score_table(design, fit.terms["estimate"].to_numpy())
    brant = _brant(design)
    return out.assign(brant=brant, brant_p_value=chi2.sf(brant, out["df"]))


def score_table(design: Design, estimate: np.ndarray) -> pd.DataFrame:
    """The table of ``parallel_lines`` from slopes and cuts (K + J - 1,)."""
    K, y = len(design.names), design.y.astype(int)
    C = len(design.categories) - 1
    mean, size = design.X.mean(axis=0), design.X.std(axis=0)
    X = (design.X - mean) / size  # the statistic does not change with unit or origin of a column
    cuts = estimate[K:] - mean @ estimate[:K]
    U, V = _general(X, y, cuts, (X * size) @ estimate[:K])
    # general parameters: for each cut its cut point, then its K slopes
    own = np.arange(C * (K + 1)).reshape(C, K + 1)
    rows = []
    for j in range(K):
        L = np.zeros((C * (K + 1), C + (K - 1) + C))
        L[own[:, 0], np.arange(C)] = 1
        for i, k in enumerate(k for k in range(K) if k != j):
            L[own[:, k + 1], C + i] = 1
        L[own[:, j + 1], C + K - 1 + np.arange(C)] = 1
        rows.append((design.names[j], _rao(L.T @ U, L.T @ V @ L), C - 1))
    rows.append((GLOBAL, _rao(U, V), (C - 1) * K))
    out = pd.DataFrame(rows, columns=["term", "statistic", "df"])
    return out.assign(p_value=chi2.sf(out["statistic"], out["df"]))


def _general(
    X: np.ndarray, y: np.ndarray, cuts: np.ndarray, eta: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Score and observed information of the model with slopes for
    every cut, at one slope for all.
    """
    N, C = len(y), len(cuts)
    a, rows = at(cuts, eta, y), np.arange(N)
    each = np.zeros((N, C + 2))
    each[rows, y + 1] = a.upper
    each[rows, y] = a.lower
    D = np.column_stack([np.ones(N), -X])  # what a cut's predictor is made of
    U = (each[:, 1 : C + 1].T @ D).ravel()
    own, q = np.zeros((N, C + 2)), D.shape[1]
    own[rows, y + 1] = a.f_upper + a.q[y]
    own[rows, y] = a.f_lower + a.q[y]
    V = np.zeros((C, q, C, q))
    for k in range(C):
        V[k, :, k] = D.T @ (D * own[:, [k + 1]])
        if k + 1 < C:
            between = D[y == k + 1]
            V[k, :, k + 1] = V[k + 1, :, k] = -a.q[k + 1] * between.T @ between
    return U, V.reshape(C * q, C * q)


def _rao(U: np.ndarray, V: np.ndarray) -> float:
    """The quadratic form of U in the inverse of V, generalised
    where V is singular: U is in its range.
    """
    root = np.sqrt(np.diag(V))
    size, axes = np.linalg.eigh(V / np.outer(root, root))
    told = size > UNTOLD
    return float((((U / root) @ axes[:, told]) ** 2 / size[told]).sum())


def _brant(design: Design) -> list[float]:
    """Brant's statistics, of each term and of all; missing where a logit is separated."""
    K, C = len(design.names), len(design.categories) - 1
    Y = (design.y[None] > np.arange(C)[:, None]).astype(float)
    D = np.column_stack(
        [np.ones(len(design.X)), (design.X - design.X.mean(axis=0)) / design.X.std(axis=0)]
    )
    if any(find_separation(D, y) is not None for y in Y):
        return [np.nan] * (K + 1)
    b = fit_logit(np.broadcast_to(D, (C, *D.shape)), Y).beta
    p = expit(b @ D.T)
    bread = [np.linalg.inv(D.T @ (D * (q * (1 - q))[:, None])) for q in p]
    V = np.empty((C, K, C, K))
    for k in range(C):
        for m in range(k, C):
            both = bread[k] @ (D.T @ (D * (p[m] * (1 - p[k]))[:, None])) @ bread[m]
            V[k, :, m] = both[1:, 1:]
            V[m, :, k] = V[k, :, m].T
    slopes, cov = b[:, 1:].ravel(), V.reshape(C * K, C * K)
    # the slope of the first cut less those of the others
    unlike = np.hstack([np.ones((C - 1, 1)), -np.eye(C - 1)])
    tests = [np.kron(unlike, np.eye(K)[[j]]) for j in range(K)] + [np.kron(unlike, np.eye(K))]
    return [_rao(L @ slopes, L @ cov @ L.T) for L in tests]


def parallel_notes(design: Design, spec: ModelSpec, estimate: np.ndarray) -> list[Note]:
    """A note where the test of a term or of all is below ``ALPHA``, with the line to type next."""
    if len(design.categories) < 3 or not design.names:
        return []
    table = score_table(design, estimate)
    low = table[table["p_value"] < ALPHA]
    if low.empty:
        return []
    said = ", ".join(f"{r.term} (p {r.p_value:.3f})" for r in low.itertuples())
    text = (
        f"Slopes appear to differ between cuts, contrary to parallel lines (score test): {said}."
        " See ps.models.fit_notes.parallel_lines(fit)."
    )
    return [Note("parallel_lines", text)]
