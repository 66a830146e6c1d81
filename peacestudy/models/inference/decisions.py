"""Decisions on hypotheses, in the same words in every table, figure and note."""

from collections.abc import Iterable

import pandas as pd

from peacestudy.core.problems import one_of
from peacestudy.errors import SpecError

SUPPORTED = "rejected, as hypothesised"
OPPOSED = "rejected, against the hypothesis"
REJECTED = "rejected"  # of a claim without a direction
KEPT = "not rejected"
UNTESTED = "not tested"
SIGNS = {"positive": 1.0, "negative": -1.0}
DIRECTIONS = (*SIGNS, "none")


def decide(estimate: float, p_adjusted: float, direction: str, alpha: float) -> str:
    """The decision on a null hypothesis.

    Parameters
    ----------
    estimate : on the scale of the model, above zero or below; NaN of a joint test.
    p_adjusted : two-sided, adjusted over the family; NaN where there is no test.
    direction : the sign that the claim gives to the estimate: ``positive``, ``negative`` or
        ``none``, or empty where it is not declared.
    alpha : level of the decision.

    Returns
    -------
    str
        ``rejected, as hypothesised``, ``rejected, against the hypothesis``, ``not rejected``;
        ``rejected`` of a claim without a direction, ``not tested`` where there is no p value.

    Raises
    ------
    SpecError
        A direction is none of these.

    Examples
    --------
    >>> decide(0.8, 0.01, "negative", 0.05)
    'rejected, against the hypothesis'
    """
    if direction and direction not in DIRECTIONS:
        raise SpecError(one_of("direction", direction, DIRECTIONS))
    if pd.isna(p_adjusted):
        return UNTESTED
    if p_adjusted >= alpha:
        return KEPT
    sign = SIGNS.get(direction)
    if sign is None or pd.isna(estimate) or estimate == 0:
        return REJECTED
    return SUPPORTED if estimate * sign > 0 else OPPOSED


def decisions(table: pd.DataFrame, alpha: float) -> list[str]:
    """The decision of every row: columns ``estimate, p_adjusted, direction``, see ``decide``."""
    estimates = table["estimate"].astype(float)
    p_values = table["p_adjusted"].astype(float)
    directions = table["direction"].astype(str)
    return [
        decide(estimate, p_adjusted, direction, alpha)
        for estimate, p_adjusted, direction in zip(estimates, p_values, directions, strict=True)
    ]


def is_rejected(decisions: "pd.Series[str]") -> "pd.Series[bool]":
    """Which nulls are rejected, in either direction."""
    return decisions.isin([SUPPORTED, OPPOSED, REJECTED])


def said(ids: Iterable[str], decisions: Iterable[str]) -> str:
    """Every rejected null with its direction, as ``H3 as hypothesised, H6 against the
    hypothesis``; ``none`` where no null is rejected.

    Examples
    --------
    >>> said(["H1", "H2"], ["rejected, as hypothesised", "not rejected"])
    'H1 as hypothesised'
    """
    parts = []
    for name, decision in zip(ids, decisions, strict=True):
        if decision in (SUPPORTED, OPPOSED):
            parts.append(f"{name} {decision.removeprefix('rejected, ')}")
        elif decision == REJECTED:
            parts.append(str(name))
    return ", ".join(parts) or "none"
