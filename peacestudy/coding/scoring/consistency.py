"""How well a pillar's indicators hang together: Cronbach's
alpha and McDonald's omega, as description.

They describe sums, so the rules ``share``, ``depth`` and ``weighted`` have them;
``score_with_diagnostics`` has the reliability of a component or a trait, and the weakest link is
not a sum.

Sources: Cronbach (1951), Psychometrika 16(3), eq. 2; McDonald (1999), Test Theory, ch. 6 (omega
from one factor, here by maximum likelihood on the correlations, so both coefficients are of the
standardised or raw items as said below). A pillar's indicators are its parts, not reflections of
one trait: a low value is no fault of the pillar.
"""

import warnings

import numpy as np
import pandas as pd

from peacestudy.coding.coding import Coding
from peacestudy.coding.scoring.counted_scores import scaled
from peacestudy.core.problems import one_of
from peacestudy.errors import CodingError

SUMS = ("share", "depth", "weighted")


def cronbach(items: np.ndarray) -> float:
    """Cronbach's alpha of the raw items.

    Parameters
    ----------
    items : shape (cases, k), no missing values, k >= 2.

    Returns
    -------
    alpha = k / (k - 1) * (1 - sum of item variances / variance of the sum); NaN with fewer than two
    cases or items, or where the sum does not vary.

    Examples
    --------
    >>> round(cronbach(np.array([[1, 1], [0, 0], [1, 0], [1, 1]])), 4)
    0.7273
    """
    n, k = items.shape
    total = items.sum(axis=1).var(ddof=1) if n > 1 else 0.0
    return (
        float(k / (k - 1) * (1 - items.var(axis=0, ddof=1).sum() / total))
        if k > 1 and total > 0
        else float("nan")
    )


def omega(items: np.ndarray) -> float:
    """McDonald's omega total of the standardised items under one factor.

    Parameters
    ----------
    items : shape (cases, k), no missing values, every item varies, k >= 3.

    Returns
    -------
    omega = (sum of loadings)^2 / ((sum of loadings)^2 + sum of uniquenesses); NaN with fewer than
    three items, or where the factor model does not converge.
    """
    from statsmodels.multivariate.factor import Factor

    if items.shape[1] < 3:
        return float("nan")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            # the optimizer starts at random loadings: a fixed seed gives equal results for equal
            # items
            fitted = Factor(
                corr=np.corrcoef(items.T), n_factor=1, nobs=len(items), method="ml"
            ).fit(maxiter=500, rng=0)
        except (Warning, np.linalg.LinAlgError, ValueError):
            return float("nan")
    loadings = np.asarray(fitted.loadings)[:, 0]
    common = loadings.sum() ** 2
    return float(common / (common + (1 - loadings**2).sum()))


def internal_consistency(
    coding: Coding, cases: "pd.Series[str] | None" = None, rule: str = "share"
) -> pd.DataFrame:
    """Alpha and omega of what a rule sums up to every pillar's score.

    Parameters
    ----------
    coding : codes of one coder.
    cases : ids of the cases to describe; None takes all.
    rule : ``share`` sums presence (any code above 0), ``depth`` code / highest code, ``weighted``
        that times the indicator's weight (omega is of standardised items, and so the same as for
        depth).

    Returns
    -------
    DataFrame
        ``pillar, indicators, varying, cases, alpha, omega, note``: indicators that do not vary are
        left out of both coefficients and named in the note.

    Raises
    ------
    CodingError
        A case that the coding does not have, a rule that sums
        nothing up, or a weight that is missing.
    """
    if rule not in SUMS:
        raise CodingError(one_of("rule", rule, SUMS))
    marks = scaled(coding.codes(), coding.codebook, rule)
    if rule == "weighted":
        weights = {i.id: i.weight for i in coding.codebook.indicators.values()}
        bare = [name for name, weight in weights.items() if weight is None]
        if bare:
            raise CodingError(
                f"{', '.join(bare[:5])} have no weight. Declare it in codebook"
                f" {coding.codebook.id}."
            )
        marks = marks * pd.Series(weights, dtype=float)[marks.columns]
    if cases is not None:
        strange = [c for c in cases if c not in marks.index]
        if strange:
            raise CodingError(
                f"{len(strange)} case(s) have no codes, for example {strange[0]!r}. Take ids of the"
                " coding."
            )
        marks = marks.loc[list(cases)]
    rows = []
    for p in coding.codebook.entries:
        names = [i.id for i in p.indicators]
        if not names:
            continue
        part = marks[names].dropna()
        constant = [n for n in names if part[n].nunique() < 2]
        x = part.drop(columns=constant).to_numpy(dtype=float)
        value = omega(x) if x.shape[1] else float("nan")
        note = f"does not vary: {', '.join(constant)}" if constant else ""
        if np.isnan(value):
            note = "; ".join(
                filter(
                    None,
                    [
                        note,
                        "no omega: fewer than three items, or the one-factor model does not fit",
                    ],
                )
            )
        rows.append((p.id, len(names), x.shape[1], len(part), cronbach(x), value, note))
    return pd.DataFrame(
        rows, columns=["pillar", "indicators", "varying", "cases", "alpha", "omega", "note"]
    )
