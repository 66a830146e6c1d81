"""Residuals and influence of rows that share a random intercept,
and the effects of the groups themselves.

Sources: Pinheiro and Bates (2000), Mixed-Effects Models in S and S-PLUS, 4.3 (residuals within
groups); Haslett and Hayes (1998), JRSS B 60(1) (a row left out, the variances as estimated);
Demidenko and Stukel (2005), Statistics in Medicine 24(6) (leverage); as R's lme4. Of probabilities
one step of Newton's on the likelihood of the other rows, the integral over the group's effect taken
anew.
"""

import numpy as np
import pandas as pd
from scipy.special import expit, xlogy
from tqdm import tqdm

from peacestudy.models.diagnosis.checks import ONE
from peacestudy.models.engines.groups import Groups, groups_of
from peacestudy.models.engines.mixed_logit import integral, modes
from peacestudy.models.engines.registry import Estimates
from peacestudy.models.result import Fit


def mixed_linear_rows(fit: Fit, est: Estimates) -> tuple[pd.DataFrame, np.ndarray]:
    """The table of the rows and what each adds to every coefficient
    (N, K); the variances stay as estimated.
    """
    design, groups = fit.design, groups_of(fit.design, fit.spec)[0]
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
    return rows.iloc[back].reset_index(drop=True), ((v @ A) * (within / left)[:, None])[back]


def _shares(est: Estimates, groups: Groups) -> np.ndarray:
    """By which the sum of a group's residuals is its effect, shape (G,)."""
    ratio = float(est.beta[0, -1]) ** 2 / float(est.scale[0])
    return np.asarray(ratio / (1 + groups.size * ratio))


def mixed_logit_rows(fit: Fit, est: Estimates) -> tuple[pd.DataFrame, np.ndarray]:
    """The table of the rows and what each adds to every parameter (N,
    K + 1), ``sd(group)`` last, by one step.
    """
    design, groups = fit.design, groups_of(fit.design, fit.spec)[0]
    X, y, theta = design.X[groups.order], design.y[groups.order], est.beta[0]
    eta = (
        X @ theta[:-1] + (theta[-1] * modes(X @ theta[:-1], theta[-1], y, groups)[0])[groups.which]
    )
    p, q = expit(eta), expit(-eta)
    deviance = np.sign(y - p) * np.sqrt(-2 * (xlogy(y, p) + xlogy(1 - y, q)))
    dfbeta = _without(X, y, groups, theta)
    known = est.classical[0].diagonal() > 0  # not a spread on its edge
    H = np.linalg.inv(est.classical[0][np.ix_(known, known)])
    part = dfbeta[:, known]
    rows = pd.DataFrame(
        {
            "fitted": p,
            "residual": y - p,
            "residual_standard": (y - p) / np.sqrt(p * q),
            "residual_student": deviance,
            "cook": ((part @ H) * part).sum(axis=1) / known.sum(),
        }
    )
    back = np.argsort(groups.order)
    return rows.iloc[back].reset_index(drop=True), dfbeta[back]


def _without(X: np.ndarray, y: np.ndarray, groups: Groups, theta: np.ndarray) -> np.ndarray:
    """The estimate less that after one step without each row, rows in
    the order of the groups, shape (N, K + 1).
    """
    N, K = X.shape
    Q, R = np.linalg.qr(X)
    Z, T = Q * np.sqrt(N), R / np.sqrt(N)
    phi = np.append(T @ theta[:-1], theta[-1])
    whole = integral(Z, y, groups, phi)
    free = np.append(np.ones(K, bool), theta[-1] > 0)
    out = np.full((N, K + 1), np.nan)
    parts = zip(groups.first, groups.size, strict=True)
    for first, size in tqdm(
        parts, desc="rows left out by one step", total=len(groups.size), leave=False, disable=None
    ):
        rows = np.arange(first, first + size)
        own = integral(Z[rows], y[rows], _one(int(size)), phi)
        for i in rows:
            score, info = -own.score, whole.info - own.info
            if size > 1:
                rest = rows[rows != i]
                part = integral(Z[rest], y[rest], _one(int(size) - 1), phi)
                score, info = score + part.score, info + part.info
            out[i, free] = -np.linalg.solve(info[np.ix_(free, free)], score[free])
    out[:, :K] = np.linalg.solve(T, out[:, :K].T).T
    return out


def _one(size: int) -> Groups:
    """Rows that are a single group."""
    return Groups(
        np.arange(size), np.zeros(1, dtype=int), np.array([size]), np.zeros(size, dtype=int)
    )


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
    if fit.spec.engine == "mixed_logit":
        effect = sd * modes(eta, sd, y, groups)[0]
    else:
        ratio = sd**2 / fit.scale
        effect = ratio / (1 + groups.size * ratio) * groups.sums(y - eta)
    names = pd.unique(design.further[str(dict(fit.spec.options)["group"])])
    scaled = effect / sd if sd > 0 else np.full(len(effect), np.nan)
    return pd.DataFrame(
        {"group": names, "rows": groups.size, "effect": effect + 0.0, "effect_standard": scaled}
    )
