"""Logit with a random intercept as an engine.

The influence of a row is one step of Newton's method on the likelihood of the other rows, the
integral over the group's effect taken anew.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.special import expit, xlogy
from tqdm import tqdm

from peacestudy.core.problems import Note
from peacestudy.errors import FitError
from peacestudy.models.engines.engine import COLUMN, SPREAD, Engine, Request, Residuals
from peacestudy.models.engines.groups import groups_of, spread_name
from peacestudy.models.engines.positive import edge_test
from peacestudy.models.engines.separated import separation_of, separation_text
from peacestudy.models.formulas.design import Design
from peacestudy.models.kernels.estimates import Estimates
from peacestudy.models.kernels.groups import Groups
from peacestudy.models.kernels.mixed_logit import POINTS, fit_mixed_logit, integral, modes


def estimate_mixed_logit(design: Design, request: Request) -> tuple[Estimates, list[Note]]:
    """Estimates of a design, ``sd(group)`` last.

    Raises
    ------
    FitError
        Separation; one group, or a row in each.
    """
    if (found := separation_of(design)) is not None:
        raise FitError(
            f"{request.name}: {separation_text(design, found)}. Drop the term, or use engine"
            " 'firth' with clusters."
        )
    groups, notes = groups_of(design, request)
    name = spread_name(request)
    ones = groups.sums(design.y[groups.order])
    if ((ones == 0) | (ones == groups.size)).all():
        raise FitError(
            f"{request.name}: in every group the outcome is the same in all rows, so {name} tends"
            " to infinity. Model the groups, one row each."
        )
    est, plain = fit_mixed_logit(design.X[groups.order], design.y[groups.order], groups)
    ratio, p = edge_test(float(est.loglik[0]), plain)
    text = f"{name} by adaptive Gauss-Hermite quadrature with {POINTS} points"
    if est.beta[0, -1] == 0:
        text = (
            f"{name} is zero, at its boundary: the groups do not differ more than expected by"
            " chance, and the estimates are those of a logit."
        )
    else:
        text += (
            f"; against zero: likelihood ratio {ratio:.2f}, p {p:.3f} (half a chi-squared's); its"
            " interval is Wald's on the log scale."
        )
        notes.append(
            Note(
                "conditional",
                "Coefficients hold within a group; averaged over groups they are nearer to zero.",
            )
        )
    return replace(est, names=(*design.names, name)), [*notes, Note("quadrature", text)]


def mixed_logit_residuals(design: Design, request: Request, est: Estimates) -> Residuals:
    """The table of the rows and what each adds to every parameter (N,
    K + 1), ``sd(group)`` last, by one step.
    """
    groups = groups_of(design, request)[0]
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
    return Residuals(rows.iloc[back].reset_index(drop=True), dfbeta[back])


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


MIXED_LOGIT = Engine(
    outcome="binary",
    link="expit",
    effect="odds ratio",
    estimate=estimate_mixed_logit,
    residuals=mixed_logit_residuals,
    vcovs=("classical",),
    options={"group": COLUMN},
    required=("group",),
    parameters=SPREAD,
    scales=("average", "response", "link"),
    scale_required=True,
    scale_help=(
        "; average is the mean probability over groups, response that of a typical group, whose"
        " effect is zero"
    ),
    limits=(
        (
            "No leverage: a hat matrix of probabilities with a random intercept has no agreed"
            " meaning. Residuals are from the most likely effect of the group, calibration from"
            " probabilities averaged over groups."
        ),
    ),
)
