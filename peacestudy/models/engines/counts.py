"""What engines of counts share: offsets, and the check that a coefficient does not run to infinity.

Source: Santos Silva and Tenreyro (2010), Economics Letters 107(2): the likelihood has no maximum
where some combination of the terms is zero in all rows with a count above zero, and of one sign in
the others; the same holds of the negative binomial with a given alpha.
"""

import numpy as np
import pandas as pd

from peacestudy.core.display import exact_number
from peacestudy.errors import FitError, SpecError
from peacestudy.models.engines.separation import find_separation
from peacestudy.models.formulas.design import Design
from peacestudy.models.spec import ModelSpec

# beyond, the rounding of exp(linear predictor) keeps Newton's method from converging
LARGEST = 10**12
# share of the information at the start left at the maximum, below which separation is looked for
LOST = 1e-2
WIDEST = 600.0  # range of an offset, beyond which exp() of it is beyond double precision
NAMED = 5  # cases named in a message


def offset_of(
    spec: ModelSpec, further: "dict[str, pd.Series]", cases: tuple[object, ...]
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
    options = dict(spec.options)
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
            f"the exposure {column!r} must be above zero; {len(bad)} are not (cases {shown}). Where"
            " nothing can be counted there is no row."
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
        f"{name}: the count is 0 in all {len(told)} row(s) that {', '.join(terms)} tells from the"
        f" rest ({', '.join(str(design.cases[i]) for i in told[:NAMED])}{more}), so a coefficient"
        " runs to infinity. Drop the term, or join categories."
    )


def left_of(start: np.ndarray, end: np.ndarray) -> float:
    """The share of an information (K, K) left, along the axis that has lost most."""
    root = np.linalg.cholesky(start)
    return float(np.linalg.eigvalsh(np.linalg.solve(root, np.linalg.solve(root, end).T))[0])


def null_means(y: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """Means with the intercept alone, shape (N,)."""
    rate = np.exp(offset - offset.max())
    return np.asarray(rate * y.sum() / rate.sum())
