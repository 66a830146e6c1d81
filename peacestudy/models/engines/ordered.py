"""Ordered logit as an engine: arrangement, separation of the cuts, residuals.

Source: Li and Shepherd (2012), Biometrika 99(2): the residual of a category is the chance of a
lower one less that of a higher, zero on average and between -1 and 1; its variance is (1 - the sum
of the chances cubed)/3 (Shepherd, Li and Liu 2016, Canadian Journal of Statistics 44(4)).
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from peacestudy.core.problems import Note
from peacestudy.errors import FitError
from peacestudy.models.engines.engine import (
    CUT_POINTS,
    LIKELIHOOD,
    PARALLEL_LINES,
    Engine,
    Request,
    Residuals,
)
from peacestudy.models.engines.parameter_names import cut_point_names
from peacestudy.models.formulas.design import Design
from peacestudy.models.kernels.estimates import Estimates
from peacestudy.models.kernels.one_step import RowScores, one_step
from peacestudy.models.kernels.ordered import at, fit_ordered, probabilities
from peacestudy.models.kernels.separation import find_separation

# share of the information at the start left at the maximum, below which separation is looked for
LOST = 1e-2


NAMED = 5  # cases named in a message


def arrange_ordered(design: Design, request: Request) -> tuple[Design, list[Note]]:
    """The design without its intercept, which the cut points stand for,
    and without categories that do not occur.
    """
    keep = [j for j, name in enumerate(design.names) if name != "Intercept"]
    found, codes = np.unique(design.y.astype(int), return_inverse=True)
    absent = [c for i, c in enumerate(design.categories) if i not in found]
    label = design.formula.response.label
    notes = []
    if absent:
        text = (
            f"{label} is never {', '.join(absent)} in the rows used: the categories on either side"
            " are neighbours."
        )
        notes.append(Note("categories", text))
    order = tuple(design.categories[i] for i in found)
    counts = ", ".join(f"{c} {n}" for c, n in zip(order, np.bincount(codes), strict=True))
    notes.append(
        Note(
            "categories",
            f"{label} from low to high: {counts}. Positive slopes mean higher categories.",
        )
    )
    X, names = design.X[:, keep], tuple(design.names[j] for j in keep)
    return replace(design, y=codes.astype(float), X=X, names=names, categories=order), notes


def estimate_ordered(design: Design, request: Request) -> tuple[Estimates, list[Note]]:
    """Estimates of an arranged design.

    Raises
    ------
    FitError
        Some combination of the terms puts rows on their side of a
        cut without error, with terms and cases.
    """
    est, left = fit_ordered(design.X, design.y.astype(int))
    if left < LOST:
        _refuse_separation(design, request.name)
    return replace(est, names=(*design.names, *cut_point_names(design))), []


def _refuse_separation(design: Design, name: str) -> None:
    """A row below a cut and a row above it, for the two cuts round every
    outcome: separated as the rows of one logit are.
    """
    y, J = design.y.astype(int), len(design.categories)
    lower, upper = np.flatnonzero(y < J - 1), np.flatnonzero(y > 0)
    rows, cut = np.concatenate([lower, upper]), np.concatenate([y[lower], y[upper] - 1])
    X = np.hstack([-(design.X - design.X.mean(axis=0))[rows], np.eye(J - 1)[cut]])
    found = find_separation(X, np.repeat([1.0, 0.0], [len(lower), len(upper)]))
    if found is None:
        return
    terms = [design.names[j] for j in found.terms if j < len(design.names)]
    told = np.unique(rows[list(found.rows)])
    more = f" and {len(told) - NAMED} more" if len(told) > NAMED else ""
    raise FitError(
        f"{name}: the order of the outcome is separated by {', '.join(terms)}: in {len(told)} of"
        f" {len(y)} rows ({', '.join(str(design.cases[i]) for i in told[:NAMED])}{more}) the side"
        " of a cut is predicted without error, so coefficients tend to infinity. Drop the term, or"
        " merge categories."
    )


def ordered_residuals(design: Design, request: Request, est: Estimates) -> Residuals:
    """Residuals of categories, and what each row adds to the slopes and then the cut points."""
    theta = est.beta[0]
    (N, K), J, y = design.X.shape, len(design.categories), design.y.astype(int)
    eta = design.X @ theta[:K]
    P = probabilities(theta[K:], eta)
    below = np.cumsum(P, axis=1)[np.arange(N), y] - P[np.arange(N), y]
    above = np.cumsum(P[:, ::-1], axis=1)[:, ::-1][np.arange(N), y] - P[np.arange(N), y]
    residual = below - above
    dfbeta, leverage, cook = one_step(est.classical[0], _scores(design.X, theta[K:], eta, y, J))
    # without the only row of its category a cut point does not exist
    alone = np.bincount(y)[y] == 1
    dfbeta[alone], cook[alone] = np.nan, np.nan
    rows = pd.DataFrame(
        {
            "chance": P[np.arange(N), y],
            "residual": residual,
            "residual_standard": residual / np.sqrt((1 - (P**3).sum(axis=1)) / 3),
            "leverage": leverage,
            "cook": cook,
        }
    )
    return Residuals(rows, dfbeta)


def _scores(X: np.ndarray, cuts: np.ndarray, eta: np.ndarray, y: np.ndarray, J: int) -> RowScores:
    """In two directions, the distances of the linear predictor from the cut above and from that
    below; zeros where there is none.
    """
    (N, K), a, n = X.shape, at(cuts, eta, y), np.arange(len(y))
    U = np.zeros((N, K + J - 1, 2))
    upper, lower = n[y < J - 1], n[y > 0]
    U[upper, :K, 0], U[lower, :K, 1] = -X[upper], -X[lower]
    U[upper, K + y[upper], 0], U[lower, K + y[lower] - 1, 1] = 1.0, 1.0
    q = a.q[y]
    curvature = np.stack([[a.f_upper + q, -q], [-q, a.f_lower + q]]).transpose(2, 0, 1)
    return RowScores(U, np.column_stack([a.upper, a.lower]), curvature)


ORDERED = Engine(
    outcome="ordered",
    link="category",
    effect="odds ratio",
    arrange=arrange_ordered,
    estimate=estimate_ordered,
    residuals=ordered_residuals,
    vcovs=LIKELIHOOD,
    parameters=CUT_POINTS,
    assumption=PARALLEL_LINES,
    e_values=False,
    limits=(
        "No E-values: none are known for odds of more than two categories.",
        "No robustness values: they are derived for least squares.",
    ),
)
