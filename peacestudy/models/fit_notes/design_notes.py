"""Notes on a design: few events, collinearity, rows left out.

Sources: Peduzzi et al. (1996), Journal of Clinical Epidemiology 49(12) (events per variable);
Harrell (2015), Regression Modeling Strategies, 2nd ed., 4.4 (what an ordered outcome is worth);
Belsley, Kuh and Welsch (1980), Regression Diagnostics, ch. 3.
"""

import numpy as np

from peacestudy.core.problems import Note
from peacestudy.models.formulas.design import Design

FEW_EVENTS = 10  # events per variable below which coefficients of a logit are unreliable
# variance inflation factor above which a term's part cannot be told from the others'
COLLINEAR = 10.0
# variance inflation factor above which the last digits of the data decide the estimates
CLOSE = 1e8


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
                f"The effective number of rows is {worth:.0f} (N minus the sum of n^3/N^2 over the"
                f" categories) for {len(slopes)} terms, fewer than {FEW_EVENTS} per term."
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
                    f" fewer than {FEW_EVENTS}.",
                )
            )
    out += _collinearity_notes(design, slopes)
    if len(design.dropped):
        lagged = {
            f.label: f"{f.label} has no value (fit.dropped gives the reason for each)"
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
        f"variance inflation above {COLLINEAR:.0f} in {shown}: their separate effects are poorly"
        " identified."
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
