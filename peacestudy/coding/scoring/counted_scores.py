"""Scores that are counted from the codes: share, depth, weighted mean, weakest link."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from peacestudy.coding.rule_coding import present
from peacestudy.core.codebook import Codebook, Indicator


def scaled(codes: pd.DataFrame, codebook: Codebook, rule: str) -> pd.DataFrame:
    """Codes in [0, 1], NaN where none was given: 1 for any code above 0
    under ``share``, else code / highest code.
    """
    if rule == "share":
        return present(codes)
    highest = {i.id: max(c.value for c in i.codes) for i in codebook.indicators.values()}
    values = codes.to_numpy(dtype=float, na_value=np.nan) / [highest[c] for c in codes.columns]
    return pd.DataFrame(values, index=codes.index, columns=codes.columns)


def enough(values: pd.DataFrame, answered: float) -> "pd.Series[bool]":
    """Cases that have values on at least the share ``answered`` of the columns, and on one."""
    # 0.6 of 5 is 3, whatever the last digit of the product
    least = max(1.0, answered * values.shape[1] - 1e-9)
    return values.notna().sum(axis=1) >= least


def counted(
    values: pd.DataFrame, indicators: Sequence[Indicator], rule: str, answered: float
) -> "pd.Series[float]":
    """One score a case.

    Parameters
    ----------
    values : as ``scaled`` gives them, a row a case.
    indicators : those that count.
    rule : ``share``, ``depth``, ``weighted`` or ``weakest``.
    answered : the smallest share of the indicators that must have a code. The mean is then over
        those that have one. ``weakest`` does not heed it: a code that nobody gave could be the
        weakest link.
    """
    part = values[[i.id for i in indicators]]
    if rule == "weakest":
        return part.min(axis=1, skipna=False)
    whole = enough(part, answered)
    if rule != "weighted":
        return part.mean(axis=1).where(whole)
    weights = np.array([i.weight for i in indicators], dtype=float)
    counts = (part.notna() * weights).sum(axis=1).where(whole)
    return (part * weights).sum(axis=1) / counts
