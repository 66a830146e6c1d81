"""What a design must have before it is fitted, and estimates that are beyond double precision."""

import numpy as np

from peacestudy.core.display import exact_number
from peacestudy.errors import FitError
from peacestudy.models.formulas.dependence import DIGITS, Dependence, dependence
from peacestudy.models.formulas.design import Design
from peacestudy.models.kernels.estimates import Estimates

SMALLEST = 1e-290  # variance below which digits are lost
REMEDY = (
    "Subtract what they have in common in the source, before its digits are lost, or drop one of"
    " them."
)


def check_design(design: Design, outcome: str) -> None:
    """Refuse a design that cannot be fitted; ``outcome`` as in ``Engine``.

    Raises
    ------
    FitError
        The outcome is not 0 or 1 though the engine needs that, or does not vary; more terms than
        rows; terms that are combinations of each other, or do not vary (named); one cluster.
    """
    y, X = design.y, design.X
    what = f"the outcome {design.formula.response.label!r}"
    if outcome == "binary" and not np.isin(y, (0, 1)).all():
        found = ", ".join(exact_number(v) for v in np.unique(y[~np.isin(y, (0, 1))])[:5])
        raise FitError(
            f"{what} must be 0 or 1; it holds {found}. Code it so, or use engine 'linear'."
        )
    if outcome != "survival" and np.ptp(y) == 0:
        raise FitError(
            f"{what} is {y[0]:g} in all {len(y)} rows: there is no variation to explain."
        )
    cuts = len(design.categories) - 1 if outcome == "ordered" else 0
    if X.shape[0] <= X.shape[1] + cuts:
        raise FitError(
            f"{X.shape[0]} rows cannot give {X.shape[1] + cuts} terms"
            f" ({', '.join(design.names[:8])} ...). Use fewer"
            f" terms{', or merge categories' if cuts else ''}."
        )
    if absent := [c for i, c in enumerate(design.categories) if cuts and not (y == i).any()]:
        raise FitError(
            f"{what} is never {', '.join(absent)} in these rows, so that cut points of all"
            " categories cannot be estimated."
        )
    if cuts:  # the cut points are its constant
        X = np.column_stack([X, np.ones(len(X))])
    if outcome != "survival":  # cox looks within its risk sets
        _refuse_dependent(design, X)
    for groups in design.clusters:
        if groups.max() == 0:
            raise FitError(
                "all rows are in one cluster: the variance between clusters cannot be estimated."
                " Cluster on a column that varies."
            )


def _refuse_dependent(design: Design, X: np.ndarray) -> None:
    """Refuse columns (N, K) that are dependent, or too close to it; the
    last may be the constant of the cut points.
    """
    found = dependence(X)
    if found is None:
        return
    _refuse_constant(design, found)
    names = ", ".join(repr((*design.names, "the cut points")[j]) for j in found.columns)
    do = "Drop one of them." if found.exact else REMEDY
    raise FitError(f"the terms {names} are {found.said} in the {len(X)} rows used. {do}")


def _refuse_constant(design: Design, found: Dependence) -> None:
    """Refuse a term that does not vary, or hardly, where that is why
    columns are dependent; the message names it alone.
    """
    X = design.X
    for j in found.columns:
        if j >= len(design.names):
            continue
        name, size = design.names[j], np.abs(X[:, j]).max()
        if name == "Intercept" or name in design.baseline or np.ptp(X[:, j]) > 10 * DIGITS * size:
            continue
        if np.ptp(X[:, j]) == 0:
            raise FitError(
                f"the term {name!r} is {X[0, j]:g} in all {len(X)} rows used: a term that does not"
                " vary has no estimate. Drop it."
            )
        raise FitError(
            f"the term {name!r} is about {X[0, j]:g} in all {len(X)} rows used and varies by"
            f" {np.ptp(X[:, j]) / size:.0e} of that, so that fewer than four of its digits differ."
            " Subtract its mean in the source, before its digits are lost."
        )


def check_range(design: Design, est: Estimates) -> None:
    """Refuse estimates whose size, or whose variance, is beyond the numbers of double precision.

    Raises
    ------
    FitError
        With the terms: outcome and terms are in units too far apart.
    """
    size = np.abs(est.beta[0])
    variance = np.diag(est.classical[0])
    with np.errstate(invalid="ignore"):
        bad = (
            ~np.isfinite(size)
            | ~np.isfinite(variance)
            | ((variance < SMALLEST) & (size > 0) & (est.scale[0] != 0))
        )
    if bad.any():
        names = est.names or design.names
        shown = ", ".join(repr(name) for name, out in zip(names, bad, strict=True) if out)
        raise FitError(
            f"the estimate or variance of {shown} is beyond the numbers of double precision"
            f" ({SMALLEST:g} to {1 / SMALLEST:g}): the outcome and the terms are in units too far"
            " apart. Take other units."
        )
