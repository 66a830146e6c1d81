"""Internal consistency of a pillar's indicators: Cronbach's alpha and
McDonald's omega, as description.

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
from peacestudy.core.codebook import Codebook
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
    if k < 2 or not total > 0:
        return float("nan")
    return float(k / (k - 1) * (1 - items.var(axis=0, ddof=1).sum() / total))


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
    """Alpha and omega of the sums that a rule makes of every pillar.

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
    values = scaled(coding.codes(), coding.codebook, rule)
    if rule == "weighted":
        values = _weighted(values, coding.codebook)
    if cases is not None:
        unknown = [case for case in cases if case not in values.index]
        if unknown:
            raise CodingError(
                f"{len(unknown)} case(s) have no codes, for example {unknown[0]!r}. Take ids of the"
                " coding."
            )
        values = values.loc[list(cases)]
    rows = []
    for pillar in coding.codebook.entries:
        if pillar.indicators:
            names = [i.id for i in pillar.indicators]
            rows.append((pillar.id, *_row(values[names].dropna())))
    columns = ["pillar", "indicators", "varying", "cases", "alpha", "omega", "note"]
    return pd.DataFrame(rows, columns=columns)


def _weighted(values: pd.DataFrame, codebook: Codebook) -> pd.DataFrame:
    """The values times the weights of their indicators."""
    weights = {i.id: i.weight for i in codebook.indicators.values()}
    without = [name for name, weight in weights.items() if weight is None]
    if without:
        raise CodingError(
            f"{', '.join(without[:5])} have no weight. Declare it in codebook {codebook.id}."
        )
    return values * pd.Series(weights, dtype=float)[values.columns]


def _row(values: pd.DataFrame) -> tuple[int, int, int, float, float, str]:
    """Indicators, those that vary, cases, alpha, omega and note of one pillar."""
    constant = [name for name in values.columns if values[name].nunique() < 2]
    items = values.drop(columns=constant).to_numpy(dtype=float)
    of_factor = omega(items) if items.shape[1] else float("nan")
    notes = []
    if constant:
        notes.append(f"does not vary: {', '.join(constant)}")
    if np.isnan(of_factor):
        notes.append("no omega: fewer than three items, or the one-factor model does not fit")
    counts = values.shape[1], items.shape[1], len(values)
    return (*counts, cronbach(items), of_factor, "; ".join(notes))
