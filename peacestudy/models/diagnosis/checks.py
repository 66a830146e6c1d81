"""What to distrust in a fit, before and after it: errors where the data cannot answer, notes where they can but barely.

Sources: Peduzzi et al. (1996), Journal of Clinical Epidemiology 49(12) (events per variable); Harrell (2015),
Regression Modeling Strategies, 2nd ed., 4.4 (what an ordered outcome is worth); Belsley, Kuh and Welsch (1980), Regression Diagnostics, ch. 3.
"""

import numpy as np

from peacestudy.core.problems import Note
from peacestudy.errors import FitError
from peacestudy.models.engines.separation import Separation, find_separation
from peacestudy.models.formulas.design import Design

FEW_EVENTS = 10  # events per variable below which coefficients of a logit are unreliable
COLLINEAR = 10.0  # variance inflation factor above which a term's part cannot be told from the others'
RANK = 1e-9  # relative size of a singular value of the columns scaled to unit length below which they are dependent
ONE = 1 - 1e-10  # leverage above which a row's residual is rounding
NAMED = 5  # cases named in a message


def check_design(design: Design, outcome: str) -> None:
    """Refuse a design that cannot be fitted; ``outcome`` as in ``Engine``.

    Raises
    ------
    FitError
        The outcome is not 0 or 1 though the engine needs that, or does not vary; more terms than rows; terms that are
        combinations of each other, or do not vary (named); one cluster.
    """
    y, X = design.y, design.X
    what = f"the outcome {design.formula.response.label!r}"
    if outcome == "binary" and not np.isin(y, (0, 1)).all():
        found = ", ".join(f"{v:g}" for v in np.unique(y[~np.isin(y, (0, 1))])[:5])
        raise FitError(f"{what} must be 0 or 1; it holds {found}. Code it so, or use engine 'linear'.")
    if outcome != "survival" and np.ptp(y) == 0:
        raise FitError(f"{what} is {y[0]:g} in all {len(y)} rows: there is nothing to explain.")
    cuts = len(design.categories) - 1 if outcome == "ordered" else 0
    if X.shape[0] <= X.shape[1] + cuts:
        raise FitError(
            f"{X.shape[0]} rows cannot give {X.shape[1] + cuts} terms ({', '.join(design.names[:8])} ...). Use fewer terms"
            f"{', or join categories' if cuts else ''}."
        )
    if absent := [c for i, c in enumerate(design.categories) if cuts and not (y == i).any()]:
        raise FitError(
            f"{what} is never {', '.join(absent)} in these rows, so that cut points of the whole do not exist."
        )
    if cuts:  # the cut points are its constant
        X = np.column_stack([X, np.ones(len(X))])
    dependent = dependent_terms(X) if outcome != "survival" else []  # cox looks within its risk sets
    if dependent:
        _refuse_constant(design, [j for j in dependent if j < len(design.names)])
        names = ", ".join(repr((*design.names, "the cut points")[j]) for j in dependent)
        raise FitError(
            f"the terms {names} are exact combinations of each other in the {len(y)} rows used. Drop one of them."
        )
    for groups in design.clusters:
        if groups.max() == 0:
            raise FitError(
                "all rows are in one cluster: nothing can be said of the variance between clusters. Cluster on something that varies."
            )


def _refuse_constant(design: Design, dependent: list[int]) -> None:
    """Refuse terms that do not vary, where that is why columns are dependent; by name, for nothing else is at fault."""
    X = design.X
    for j in dependent:
        name, size = design.names[j], np.abs(X[:, j]).max()
        if name == "Intercept" or name in design.baseline or np.ptp(X[:, j]) > RANK * size:
            continue
        if np.ptp(X[:, j]) == 0:
            raise FitError(
                f"the term {name!r} is {X[0, j]:g} in all {len(X)} rows used: nothing can be said of what does not vary. Drop it."
            )
        raise FitError(
            f"the term {name!r} is about {X[0, j]:g} in all {len(X)} rows used and varies by less than {RANK:g} of that, so it cannot be "
            "told from the intercept. Subtract its mean in the data, where its digits are whole."
        )


def dependent_terms(X: np.ndarray) -> list[int]:
    """Positions of columns that take part in an exact linear dependence; empty where there is full rank."""
    norm = np.sqrt((X**2).sum(axis=0))
    if (norm == 0).any():
        return [int(j) for j in np.flatnonzero(norm == 0)]
    _, s, V = np.linalg.svd(X / norm, full_matrices=False)
    null = V[s < RANK * s[0]]
    return [int(j) for j in np.flatnonzero((np.abs(null) > 1e-6).any(axis=0))] if len(null) else []


def separation_text(design: Design, found: Separation) -> str:
    """The sentence that names the terms and cases of a separation."""
    terms = [design.names[j] for j in found.terms if design.names[j] != "Intercept"] or ["Intercept"]
    cases = [str(design.cases[i]) for i in found.rows]
    more = f" and {len(cases) - NAMED} more" if len(cases) > NAMED else ""
    kind = "completely separated" if found.kind == "complete" else "quasi-completely separated"
    return (
        f"the outcome is {kind} by {', '.join(terms)}: it is predicted without error in {len(cases)} of {len(design.y)} rows "
        f"({', '.join(cases[:NAMED])}{more}), so a logit's coefficients run to infinity"
    )


def separation_of(design: Design) -> Separation | None:
    """The separation in a design with a binary outcome, or None."""
    return find_separation(design.X, design.y)


def design_notes(design: Design, outcome: str) -> list[Note]:
    """What the design alone gives reason to distrust: few events, collinearity, rows left out."""
    out = []
    slopes = [j for j, name in enumerate(design.names) if name != "Intercept" and name not in design.baseline]
    if outcome == "ordered" and slopes:
        sizes = np.bincount(design.y.astype(int))
        worth = len(design.y) - float((sizes.astype(float) ** 3).sum()) / len(design.y) ** 2
        if worth / len(slopes) < FEW_EVENTS:
            text = f"The categories are worth {worth:.0f} rows (N less the sum of n^3/N^2) for {len(slopes)} terms, under {FEW_EVENTS} a term."
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
                    f"{fewer} {what} for {len(slopes)} terms: {ratio:.1f} events per variable, under {FEW_EVENTS}.",
                )
            )
    inflation = variance_inflation(design.X, slopes)
    high = [f"{design.names[j]} ({v:.0f})" for j, v in zip(slopes, inflation, strict=True) if v > COLLINEAR]
    if high:
        out.append(
            Note(
                "collinearity",
                f"variance inflation above {COLLINEAR:.0f} in {', '.join(high)}: their parts can hardly be told apart.",
            )
        )
    if len(design.dropped):
        lagged = {
            f.label: f"{f.label} finds no value (fit.dropped says of each what was not there)" for f in design.lags
        }
        reasons = (
            design.dropped["term"].map(lagged).fillna(design.dropped["reason"]) if lagged else design.dropped["reason"]
        )
        said = "; ".join(f"{n} because {reason}" for reason, n in reasons.value_counts().items())
        out.append(Note("dropped", f"{len(design.dropped)} row(s) left out: {said}."))
    return out


def variance_inflation(X: np.ndarray, columns: list[int]) -> list[float]:
    """Variance inflation factor of each column: the diagonal of the inverse correlation matrix of the slopes."""
    if len(columns) < 2:
        return [1.0] * len(columns)
    with np.errstate(invalid="ignore", divide="ignore"):
        R = np.corrcoef(X[:, columns].T)
    if not np.isfinite(R).all():
        return [1.0] * len(columns)
    return [float(v) for v in np.diag(np.linalg.pinv(R))]
