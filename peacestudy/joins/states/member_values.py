"""Several values of one case combined into one, by a rule that the author writes."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from peacestudy.core.problems import one_of
from peacestudy.errors import JoinError

RULES = ("any", "all", "share", "mean", "max", "min", "sum", "weighted")
MISSING = ("any_missing", "observed")
_TRUTH = ("any", "all", "share")
# kinds of pandas' infer_dtype that can be numbers
_NUMBERS = ("boolean", "integer", "floating", "mixed-integer-float", "empty")
Ints = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]


class Combined(NamedTuple):
    """A value for each case, and the number of its members that have one."""

    values: pd.Series
    observed: npt.NDArray[np.int64]


def combine_members(
    values: pd.Series,
    owner: Ints,
    cases: int,
    *,
    rule: str,
    missing: str,
    weights: Floats | None = None,
) -> Combined:
    """Combine the values of the members of each case.

    Parameters
    ----------
    values : the value of each member, missing where it has none: true or false (also
        1, 0) for ``any, all, share``, else numbers.
    owner : for each member the number of its case, from 0.
    cases : how many cases there are.
    rule : {"any", "all", "share", "mean", "max", "min", "sum", "weighted"}; ``share`` is the share
        of true values, ``weighted`` the sum of weight times value, divided by the sum of the
        weights.
    missing : {"any_missing", "observed"}: a case with a missing value is missing, whatever the
        others are; or the rule is applied to the values that are there. A case without any value is
        missing under both.
    weights : a weight a member, zero or more, for ``weighted`` only. Where the weights of the
        values used sum to zero, the case is missing.

    Returns
    -------
    Together
        ``values``: boolean for ``any, all``; Int64 for ``max, min, sum`` of whole numbers; else
        float64. ``observed``: the number of values of each case that are not missing.

    Raises
    ------
    JoinError
        A rule or word is unknown, or the values are not such as the rule needs.

    Examples
    --------
    >>> at = np.array([0, 0, 1, 1])
    >>> combine_members(
    ...     pd.Series([1.0, 3.0, 5.0, None]), at, 2, rule="mean", missing="any_missing"
    ... ).values.tolist()
    [2.0, nan]
    >>> combine_members(
    ...     pd.Series([True, False, True, None]), at, 2, rule="share", missing="observed"
    ... ).values.tolist()
    [0.5, 1.0]
    """
    for what, word, known in (("rule", rule, RULES), ("missing", missing, MISSING)):
        if word not in known:
            raise JoinError(one_of(what, word, known))
    if (rule == "weighted") != (weights is not None):
        raise JoinError('weights belong to the rule "weighted", and it needs them.')
    numbers, whole = _numbers(values, rule)
    there = ~np.isnan(numbers)
    members = np.bincount(owner, minlength=cases)
    observed = np.bincount(owner[there], minlength=cases)
    used_weights = None if weights is None else weights[there]
    with np.errstate(invalid="ignore", divide="ignore"):
        out = _applied(numbers[there], owner[there], cases, rule, observed, used_weights)
    incomplete = (observed < members) & (missing == "any_missing")
    out[(observed == 0) | incomplete] = np.nan
    kind: Any = "float64"
    if rule in ("any", "all"):
        kind = "boolean"
    elif whole and rule in ("max", "min", "sum"):
        kind = "Int64"
    return Combined(pd.Series(out).astype(kind), observed.astype(np.int64))


def _applied(
    used: Floats, at: Ints, cases: int, rule: str, observed: Ints, weights: Floats | None
) -> Floats:
    if rule in ("max", "min", "any", "all"):
        if rule in ("max", "any"):
            out = np.full(cases, -np.inf)
            np.maximum.at(out, at, used)
        else:
            out = np.full(cases, np.inf)
            np.minimum.at(out, at, used)
        return out
    if weights is not None:
        total = np.bincount(at, weights, cases)
        return np.where(total > 0, np.bincount(at, weights * used, cases) / total, np.nan)
    total = np.bincount(at, used, cases)
    return np.asarray(total if rule == "sum" else total / observed, dtype=np.float64)


def _numbers(values: pd.Series, rule: str) -> tuple[Floats, bool]:
    """The values as floats, and whether they are whole numbers or truth values."""
    plain = pd.api.types.is_numeric_dtype(values.dtype)
    kind = pd.api.types.infer_dtype(values.dropna())
    if not plain and kind not in _NUMBERS:
        raise JoinError(
            f"rule {rule!r} needs numbers; the column {values.name!r} holds"
            f" {values.dropna().iloc[0]!r}."
        )
    typed = values
    if not plain:
        typed = values.astype("boolean" if kind == "boolean" else "Float64")
    numbers = np.asarray(typed.to_numpy(dtype="float64", na_value=np.nan), dtype=np.float64)
    found = numbers[~np.isnan(numbers)]
    not_truth = found[~np.isin(found, (0, 1))]
    if rule in _TRUTH and len(not_truth):
        other = not_truth[0]
        raise JoinError(
            f"rule {rule!r} needs true or false (1 or 0); the column {values.name!r} holds"
            f" {other:g}. Make a truth value of it first, such as column > 0."
        )
    whole = kind in ("boolean", "integer")
    if np.abs(found).max(initial=0) > 2**53:
        raise JoinError(
            f"the column {values.name!r} holds numbers beyond 2**53, which cannot be added up"
            " exactly."
        )
    return numbers, whole
