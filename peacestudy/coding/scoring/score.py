"""From codes to scores: what share of a pillar, how deep, how strong its weakest link."""

import numpy as np
import pandas as pd

from peacestudy.coding.coding import Coding
from peacestudy.coding.rule_coding import present
from peacestudy.core.codebook import DIMENSIONS, SCORES, Codebook, Indicator
from peacestudy.core.problems import one_of
from peacestudy.errors import CodingError


def score(coding: Coding, rule: str | None = None) -> pd.DataFrame:
    """Score every case on every pillar and coded rival.

    Parameters
    ----------
    coding : codes of one coder, or adjudicated ones.
    rule : ``share`` of the indicators that are present (any code above 0); ``depth``, the mean of code / highest code;
        ``weakest``, the smallest code / highest code of the pillar. None takes the rule the codebook declares.

    Returns
    -------
    DataFrame
        ``case_id``, a column a pillar or coded rival in [0, 1], and ``breadth``, the mean of the pillars (for
        ``weakest``: the smallest of them). Then ``dimension_political``, ``_economic``, ``_social`` and
        ``_environmental``: the indicators of all pillars, not of rivals, by their dimension and the same rule, for the
        dimensions that the codebook has; and ``weakest_dimension``, the smallest of these. A score is missing where any
        of its indicators is: missing is not zero.

    Raises
    ------
    CodingError
        Several coders, or an unknown rule.

    Examples
    --------
    >>> import peacestudy as ps
    >>> study = ps.load_study("peace_agreements")
    >>> float(ps.score(study.coding).set_index("case_id").loc["316-1992", "diplomacy"])
    1.0
    """
    rule = coding.codebook.score if rule is None else rule
    if rule not in SCORES:
        raise CodingError(one_of("rule", rule, SCORES))
    codes = coding.codes()
    scaled = present(codes) if rule == "share" else _depth(codes, coding.codebook)
    out = pd.DataFrame({p.id: _combine(scaled, p.indicators, rule) for p in coding.codebook.entries if p.indicators})
    pillars = out[[p.id for p in coding.codebook.pillars]]
    out["breadth"] = pillars.min(axis=1, skipna=False) if rule == "weakest" else pillars.mean(axis=1, skipna=False)
    asked = [i for p in coding.codebook.pillars for i in p.indicators]
    parts = {d: tuple(i for i in asked if i.dimension == d) for d in DIMENSIONS}
    sides = pd.DataFrame({f"dimension_{d}": _combine(scaled, own, rule) for d, own in parts.items() if own})
    sides["weakest_dimension"] = sides.min(axis=1, skipna=False)
    return out.join(sides).reset_index()


def _depth(codes: pd.DataFrame, codebook: Codebook) -> pd.DataFrame:
    highest = {i.id: max(c.value for c in i.codes) for i in codebook.indicators.values()}
    values = codes.to_numpy(dtype=float, na_value=np.nan) / [highest[c] for c in codes.columns]
    return pd.DataFrame(values, index=codes.index, columns=codes.columns)


def _combine(values: pd.DataFrame, indicators: tuple[Indicator, ...], rule: str) -> "pd.Series[float]":
    part = values[[i.id for i in indicators]]
    return part.min(axis=1, skipna=False) if rule == "weakest" else part.mean(axis=1, skipna=False)
