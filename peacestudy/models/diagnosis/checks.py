"""What to distrust in a fit, before and after it: errors where the data
cannot answer, notes where they can but barely.

Sources: Peduzzi et al. (1996), Journal of Clinical Epidemiology 49(12) (events per variable);
Harrell (2015), Regression Modeling Strategies, 2nd ed., 4.4 (what an ordered outcome is worth);
Belsley, Kuh and Welsch (1980), Regression Diagnostics, ch. 3.
"""

import numpy as np

from peacestudy.core.display import exact_number
from peacestudy.core.problems import Note
from peacestudy.errors import FitError
from peacestudy.models.formulas.dependence import DIGITS, Dependence, dependence
from peacestudy.models.formulas.design import Design
from peacestudy.models.kernels.estimates import Estimates

FEW_EVENTS = 10  # events per variable below which coefficients of a logit are unreliable
# variance inflation factor above which a term's part cannot be told from the others'
COLLINEAR = 10.0
# variance inflation factor above which the last digits of the data decide the estimates
CLOSE = 1e8
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
        raise FitError(f"{what} is {y[0]:g} in all {len(y)} rows: there is nothing to explain.")
    cuts = len(design.categories) - 1 if outcome == "ordered" else 0
    if X.shape[0] <= X.shape[1] + cuts:
        raise FitError(
            f"{X.shape[0]} rows cannot give {X.shape[1] + cuts} terms"
            f" ({', '.join(design.names[:8])} ...). Use fewer"
            f" terms{', or join categories' if cuts else ''}."
        )
    if absent := [c for i, c in enumerate(design.categories) if cuts and not (y == i).any()]:
        raise FitError(
            f"{what} is never {', '.join(absent)} in these rows, so that cut points of the whole do"
            " not exist."
        )
    if cuts:  # the cut points are its constant
        X = np.column_stack([X, np.ones(len(X))])
    if outcome != "survival":  # cox looks within its risk sets
        _refuse_dependent(design, X)
    for groups in design.clusters:
        if groups.max() == 0:
            raise FitError(
                "all rows are in one cluster: nothing can be said of the variance between clusters."
                " Cluster on something that varies."
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
                f"the term {name!r} is {X[0, j]:g} in all {len(X)} rows used: nothing can be said"
                " of what does not vary. Drop it."
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


def design_notes(design: Design, outcome: str) -> list[Note]:
    """What the design alone gives reason to distrust: values changed,
    few events, collinearity, rows left out.
    """
    out = list(design.notes)
    slopes = [
        j
        for j, name in enumerate(design.names)
        if name != "Intercept" and name not in design.baseline
    ]
    if outcome == "ordered" and slopes:
        sizes = np.bincount(design.y.astype(int))
        worth = len(design.y) - float((sizes.astype(float) ** 3).sum()) / len(design.y) ** 2
        if worth / len(slopes) < FEW_EVENTS:
            text = (
                f"The categories are worth {worth:.0f} rows (N less the sum of n^3/N^2) for"
                f" {len(slopes)} terms, under {FEW_EVENTS} a term."
            )
            out.append(Note("few_events", text))
    if outcome in ("binary", "survival") and slopes:
        events = int(design.y.sum())
        fewer, what = min(events, len(design.y) - events), "cases of the rarer outcome"
        if design.times is not None:
            fewer, what = events, "events"
        ratio = fewer / len(slopes)
        if ratio < FEW_EVENTS:
            out.append(
                Note(
                    "few_events",
                    f"{fewer} {what} for {len(slopes)} terms: {ratio:.1f} events per variable,"
                    f" under {FEW_EVENTS}.",
                )
            )
    out += _collinearity_notes(design, slopes)
    if len(design.dropped):
        lagged = {
            f.label: f"{f.label} finds no value (fit.dropped says of each what was not there)"
            for f in design.lags
        }
        reasons = (
            design.dropped["term"].map(lagged).fillna(design.dropped["reason"])
            if lagged
            else design.dropped["reason"]
        )
        said = "; ".join(f"{n} because {reason}" for reason, n in reasons.value_counts().items())
        out.append(Note("dropped", f"{len(design.dropped)} row(s) left out: {said}."))
    return out


def _collinearity_notes(design: Design, slopes: list[int]) -> list[Note]:
    """Which terms are hard to tell apart, from a variance inflation of ten up to the refusal."""
    inflation = variance_inflation(design.X, slopes)
    high = [(design.names[j], v) for j, v in zip(slopes, inflation, strict=True) if v > COLLINEAR]
    if not high:
        return []
    shown = ", ".join(f"{name} ({v:.0f})" if v < CLOSE else f"{name} ({v:.1e})" for name, v in high)
    text = (
        f"variance inflation above {COLLINEAR:.0f} in {shown}: their parts can hardly be told"
        " apart."
    )
    if max(v for _, v in high) > CLOSE:
        text += (
            " The last digits of the data decide these estimates: check how precisely the columns"
            " were measured."
        )
    return [Note("collinearity", text)]


def variance_inflation(X: np.ndarray, columns: list[int]) -> list[float]:
    """Variance inflation factor of each column: the diagonal of the
    inverse correlation matrix of the slopes.

    The correlation matrix is never made: with centred columns of unit length C = QR the diagonal is
    that of (R'R)^-1, the sums of squares of the rows of R^-1, which keeps its digits where the
    square of C has lost them.
    """
    if len(columns) < 2:
        return [1.0] * len(columns)
    scale = np.abs(X[:, columns]).max(axis=0)
    A = X[:, columns] / np.where(scale > 0, scale, 1.0)
    C = A - A[0]
    C = C - C.mean(axis=0)
    length = np.sqrt((C**2).sum(axis=0))
    varies = length > 0
    out = np.ones(len(columns))
    if varies.any():
        R = np.asarray(np.linalg.qr(C[:, varies] / length[varies], mode="r"))
        weakest = np.linalg.svd(R, compute_uv=False)[-1]
        inverse = np.linalg.solve(R, np.eye(len(R))) if weakest > 0 else np.full(R.shape, np.inf)
        out[varies] = (inverse**2).sum(axis=1)
    return [float(v) for v in out]
