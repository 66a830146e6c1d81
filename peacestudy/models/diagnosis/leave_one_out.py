"""Leave-one-out fits: the model refitted without each case, or each cluster, without
approximation.

Source: Cook (1977), Technometrics 19(1); Belsley, Kuh and Welsch (1980), Regression Diagnostics,
ch. 2 (influence of one row). Centres, categories, knots and polynomials are those of the whole
data, so that a coefficient keeps its meaning.
"""

from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from peacestudy.core.problems import one_of
from peacestudy.errors import FitError, SpecError
from peacestudy.models.fitting import fit_arranged
from peacestudy.models.inference.row_samples import kept_rows, parts
from peacestudy.models.inference.row_subsets import terms_of_subsets
from peacestudy.models.missing.one_table import refuse_imputed
from peacestudy.models.result import Fit

CASE = "case"
COLUMNS = [
    "left_out",
    "rows",
    "term",
    "estimate",
    "std_error",
    "p_value",
    "dfbeta",
    "dfbetas",
    "reason",
]


def left_out(fit: Fit, by: str = CASE) -> pd.DataFrame:
    """Refit a model without each case, or without each cluster.

    Parameters
    ----------
    fit : Fit
        The fit of all cases.
    by : str, optional
        ``case``, a cluster column of the fit, or its group column.

    Returns
    -------
    DataFrame
        A row for each case (or cluster) and term: ``left_out``, its name; ``rows``, the number of
        rows without it; ``term, estimate, std_error, p_value`` without it; ``dfbeta``, the estimate
        of the whole fit less that without it; ``dfbetas``, the same in standard errors of the whole
        fit; ``reason``, empty, or why no model can be fitted without it (the numbers are then
        missing).

    Raises
    ------
    SpecError
        ``by`` is none of these, or the fit is a PooledFit.

    Source: Belsley, Kuh and Welsch (1980), Regression Diagnostics, ch. 2.

    Examples
    --------
    >>> import pandas as pd
    >>> import peacestudy as ps
    >>> d = pd.DataFrame(
    ...     {"y": [1.0, 2.1, 2.9, 4.2, 9.0], "x": [1, 2, 3, 4, 5]}, index=list("abcde")
    ... )
    >>> fit = ps.fit(d, ps.ModelSpec("line", "y ~ x", "linear", "classical"))
    >>> table = ps.models.left_out(fit).query("term == 'x'")
    >>> table[["left_out", "estimate", "dfbetas"]].round(2).values.tolist()[-1]
    ['e', 1.04, 1.73]
    """
    refuse_imputed(
        "left_out",
        fit,
        instead=(
            "Look at the fits of the completed tables one by one: [left_out(f) for f in fit.fits]."
        ),
    )
    names, groups = groups_of(fit, by)
    whole = fit.terms["estimate"].to_numpy(), fit.terms["std_error"].to_numpy()
    terms = fit.terms["term"].tolist()
    numbers = np.full((len(names), len(terms), 3), np.nan)
    known = np.zeros(len(names), bool)
    for members in parts(len(names), len(groups)):
        found = terms_of_subsets(fit.design, fit.spec, groups[None] != members[:, None])
        known[members] = found.known
        if found.known.any():
            batched = np.stack([found.estimate, found.std_error, found.p_value], axis=2)
            numbers[members[found.known]] = batched[found.known]
    reasons = [""] * len(names)
    hard = np.flatnonzero(~known)
    for i in tqdm(hard, desc=f"{by} left out", leave=False, disable=None):
        numbers[i], reasons[i] = _alone(fit, groups != i)
    estimate, std_error, p_value = numbers.reshape(-1, 3).T
    dfbeta = np.tile(whole[0], len(names)) - estimate
    table = {
        "left_out": pd.Series([name for name in names for _ in terms]),
        "rows": np.repeat(len(groups) - np.bincount(groups, minlength=len(names)), len(terms)),
        "term": terms * len(names),
        "estimate": estimate,
        "std_error": std_error,
        "p_value": p_value,
        "dfbeta": dfbeta,
        "dfbetas": dfbeta / np.tile(whole[1], len(names)),
        "reason": np.repeat(np.array(reasons, dtype=object), len(terms)),
    }
    return pd.DataFrame(table)[COLUMNS]


def _alone(fit: Fit, keep: np.ndarray) -> tuple[np.ndarray, str]:
    """Estimates, standard errors and p values (K, 3) of a single fit of the rows that are kept
    (n,), or why there are none.
    """
    try:
        made = fit_arranged(kept_rows(fit.design, keep), [], fit.spec).terms
    except FitError as err:
        return np.full((len(fit.terms), 3), np.nan), str(err)
    return made[["estimate", "std_error", "p_value"]].to_numpy(), ""


def parts_of(fit: Fit) -> tuple[str, ...]:
    """What can be left out: ``case``, the cluster columns and the column of the groups."""
    group = dict(fit.spec.options).get("group")
    return (CASE, *fit.spec.cluster_columns, *([str(group)] if group is not None else []))


def groups_of(fit: Fit, by: str) -> tuple[list[Any], np.ndarray]:
    """Names of the cases or clusters of a fit, and for every row of
    its design which it belongs to.
    """
    design = fit.design
    if by == CASE:
        if design.rows is None:
            return list(design.cases), np.arange(len(design.cases))
        _, first, groups = np.unique(design.rows, return_index=True, return_inverse=True)
        return [design.cases[i] for i in first], groups
    if by == dict(fit.spec.options).get("group"):
        codes, labels = pd.factorize(design.further[by])
        return list(labels), codes
    if by not in fit.spec.cluster_columns:
        raise SpecError(one_of("by", by, list(parts_of(fit))))
    at = fit.spec.cluster_columns.index(by)
    return list(design.cluster_names[at]), design.clusters[at]
