"""What engines of counts share: the offset, what is refused, residuals.

Sources: McCullagh and Nelder (1989), Generalized Linear Models, 2nd ed., 2.4 and 12.5 (residuals;
leverage of weighted least squares); Hilbe (2011), Negative Binomial Regression, 2nd ed., 5.1
(deviance of the negative binomial, alpha as estimated).
"""

import numpy as np
import pandas as pd

from peacestudy.core.display import exact_number
from peacestudy.errors import FitError, SpecError
from peacestudy.models.engines.engine import COLUMN, Request, Residuals
from peacestudy.models.formulas.design import Design
from peacestudy.models.kernels.estimates import Estimates
from peacestudy.models.kernels.negative_binomial import at, half_deviance
from peacestudy.models.kernels.one_step import ONE, RowScores, one_step
from peacestudy.models.kernels.separation import find_separation

# beyond, the rounding of exp(linear predictor) keeps Newton's method from converging
LARGEST = 10**12
WIDEST = 600.0  # range of an offset, beyond which exp() of it is beyond double precision
NAMED = 5  # cases named in a message


def offset_of(
    request: Request, further: "dict[str, pd.Series]", cases: tuple[object, ...]
) -> np.ndarray | None:
    """What is added to the linear predictor, shape (N,): a column, or the
    log of one; None where neither is written.

    Raises
    ------
    SpecError
        The column does not hold numbers.
    FitError
        An exposure that is not above zero, with the cases.
    """
    options = dict(request.options)
    column = str(options.get("offset") or options.get("exposure") or "")
    if not column:
        return None
    if further[column].dtype.kind not in "biuf":
        raise SpecError(
            f"the column {column!r} holds {further[column].dtype}; an offset or exposure is a"
            " number."
        )
    x = further[column].to_numpy(dtype=float)
    if "offset" in options:
        if np.nanmax(x) - np.nanmin(x) > WIDEST or np.nanmax(np.abs(x)) > LARGEST:
            raise FitError(
                f"the offset {column!r} goes from {np.nanmin(x):g} to {np.nanmax(x):g}: it is added"
                " to the log of the mean, and means so far apart are beyond double precision. Was"
                " the exposure itself meant? Write options={'exposure': ...}."
            )
        return x
    bad = np.flatnonzero(x <= 0)
    if len(bad):
        shown = ", ".join(f"{cases[i]}: {x[i]:g}" for i in bad[:NAMED])
        raise FitError(
            f"the exposure {column!r} must be above zero; {len(bad)} are not (cases {shown})."
            " Leave out rows without exposure."
        )
    return np.asarray(np.log(x))


def check_counts(design: Design) -> None:
    """Refuse an outcome that is not 0, 1, 2 ...

    Raises
    ------
    FitError
        With the cases.
    """
    y = design.y
    bad = np.flatnonzero((y < 0) | (y != np.round(y)) | (y > LARGEST))
    if len(bad):
        shown = ", ".join(f"{design.cases[i]}: {exact_number(y[i])}" for i in bad[:NAMED])
        raise FitError(
            f"the outcome {design.formula.response.label!r} must be a count, 0, 1, 2 ... up to"
            f" {LARGEST:,}; it is not in {len(bad)} row(s) (cases {shown}). Count it so, or use"
            " engine 'linear'."
        )


def refuse_endless(design: Design, name: str) -> None:
    """Refuse a design in which a coefficient runs to infinity.

    Raises
    ------
    FitError
        With the terms and the cases that they tell from all with a count above zero.
    """
    zero, some = np.flatnonzero(design.y == 0), np.flatnonzero(design.y > 0)
    # a row with a count stands on both sides: no combination may move it
    rows = np.concatenate([zero, some, some])
    found = find_separation(
        design.X[rows], np.repeat([0.0, 0.0, 1.0], [len(zero), len(some), len(some)])
    )
    if found is None:
        return
    terms = [design.names[j] for j in found.terms if design.names[j] != "Intercept"] or [
        "Intercept"
    ]
    told = np.unique(rows[list(found.rows)])
    more = f" and {len(told) - NAMED} more" if len(told) > NAMED else ""
    raise FitError(
        f"{name}: the count is 0 in all {len(told)} row(s) that {', '.join(terms)} separates from"
        f" the rest ({', '.join(str(design.cases[i]) for i in told[:NAMED])}{more}), so a"
        " coefficient tends to infinity. Drop the term, or merge categories."
    )


def count_residuals(design: Design, request: Request, est: Estimates) -> Residuals:
    """Residuals of counts, and what each row adds to every parameter.

    ``alpha`` is the last parameter where there is one.
    """
    b = est.beta[0]
    (N, K), y = design.X.shape, design.y
    mu = mean_counts(design, request, b)
    alpha = float(b[K]) if len(b) > K else 0.0
    variance = mu * (1 + alpha * mu)
    W = mu / (1 + alpha * mu)
    root = design.X * np.sqrt(W)[:, None]
    h = (np.linalg.qr(root)[0] ** 2).sum(axis=1)
    left = np.where(h < ONE, 1 - h, np.nan)
    pearson = (y - mu) / np.sqrt(variance)
    standard = pearson / np.sqrt(left)
    rows = pd.DataFrame(
        {
            "fitted": mu,
            "residual": y - mu,
            "residual_standard": standard,
            "residual_student": (
                np.sign(y - mu) * np.sqrt(2 * half_deviance(mu, alpha, y)) / np.sqrt(left)
            ),
            "leverage": h,
            "cook": standard**2 * h / left / K,
        }
    )
    if len(b) == K:
        return Residuals(rows, est.influence[0] / left[:, None])
    U = np.zeros((N, K + 1, 2))
    U[:, :K, 0], U[:, K, 1] = design.X, 1.0
    a = at(np.log(mu), alpha, y)
    curvature = np.stack([[a.eta_eta, a.eta_alpha], [a.eta_alpha, a.alpha_alpha]]).transpose(
        2, 0, 1
    )
    scores = RowScores(U, np.column_stack([a.eta, a.alpha]), curvature)
    return Residuals(rows, one_step(est.classical[0], scores)[0])


def mean_counts(design: Design, request: Request, parameters: np.ndarray) -> np.ndarray:
    """Mean counts of the rows, at their own offset or exposure, shape (N,)."""
    offset = offset_of(request, dict(design.further), design.cases)
    eta = design.X @ parameters[: design.X.shape[1]]
    return np.asarray(np.exp(eta + (0.0 if offset is None else offset)))


COUNT_LIMIT = (
    "No events per variable: the rule applies to binary, ordered and survival outcomes, and none"
    " is known for counts."
)
COUNT_OPTIONS = {"offset": COLUMN, "exposure": COLUMN}
