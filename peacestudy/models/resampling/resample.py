"""Samples of a fit's rows in whole blocks, and the fit of such a sample."""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pandas as pd

from peacestudy.core.frame import StudyFrame
from peacestudy.errors import FitError, SpecError
from peacestudy.models.engines.design_checks import check_design
from peacestudy.models.engines.estimate import estimate_again
from peacestudy.models.engines.registry import engine_of
from peacestudy.models.formulas.columns import columns_named
from peacestudy.models.formulas.design import Design
from peacestudy.models.kernels.estimates import Estimates
from peacestudy.models.spec import ModelSpec

NAMED = 5


def column_of(
    design: Design, data: StudyFrame | pd.DataFrame, column: str, what: str
) -> "pd.Series[Any]":
    """The values of a column of the data in the rows of a design, by position.

    Raises
    ------
    SpecError
        The column is not there, the data are not those of the design, or an index names rows twice.
    FitError
        A row of the design has no value.
    """
    table, ids = (
        (data.data, data.data[data.key])
        if isinstance(data, StudyFrame)
        else (data, data.index.to_series())
    )
    values = columns_named(table, {column: what})[column]
    if ids.duplicated().any():
        raise SpecError(
            f"the data name rows twice ({ids[ids.duplicated()].iloc[0]!r} ...): {what} {column!r}"
            " cannot be looked up. Give each row an index of its own, here and in fit."
        )
    at = pd.Index(ids).get_indexer(pd.Index(list(design.cases)))
    if (at < 0).any():
        raise SpecError(
            f"case {design.cases[int(np.argmin(at))]!r} of the fit is not in the data; give those"
            " that were fitted."
        )
    used: pd.Series[Any] = values.iloc[at].reset_index(drop=True)
    if used.isna().any():
        missing = ", ".join(str(design.cases[i]) for i in np.flatnonzero(used.isna())[:NAMED])
        raise FitError(
            f"{what} {column!r} is missing in {int(used.isna().sum())} rows of the fit ({missing})."
            " Fill it, or leave these rows out."
        )
    return used


def sample(
    design: Design, rows: np.ndarray, block: np.ndarray, copy: np.ndarray, column: str | None
) -> Design:
    """The design of some of its rows, some of them more than once.

    Parameters
    ----------
    rows : positions, shape (m,).
    block : block of every row of the design, (n,).
    copy : for each row taken, the number of the block's copy that it belongs to, (m,). Clusters
        that lie within blocks are told apart by it, so that a block drawn twice is two of them.
    column : which the blocks are of: where an option of the engine
        names it too, its copies are told apart there.
    """
    n = len(design.y)
    change: dict[str, Any] = {}
    for f in fields(design):
        value = getattr(design, f.name)
        if isinstance(value, np.ndarray) and len(value) == n:
            change[f.name] = value[rows]
    further: Mapping[str, pd.Series] = {
        name: pd.Series(copy) if name == column else values.iloc[rows].reset_index(drop=True)
        for name, values in design.further.items()
    }
    clusters = tuple(_told_apart(groups, block, rows, copy) for groups in design.clusters)
    cases = tuple(design.cases[i] for i in rows)
    return replace(design, cases=cases, clusters=clusters, further=further, **change)


def _told_apart(
    groups: np.ndarray, block: np.ndarray, rows: np.ndarray, copy: np.ndarray
) -> np.ndarray:
    pairs = len(np.unique(groups.astype(np.int64) * (block.max() + 1) + block))
    within = pairs == groups.max() + 1
    label = groups[rows].astype(np.int64) * (copy.max() + 1) + copy if within else groups[rows]
    out: np.ndarray = np.unique(label, return_inverse=True)[1]
    return out


def refit(design: Design, spec: ModelSpec) -> Estimates:
    """Estimates of a sample, as a batch of one.

    Raises
    ------
    FitError
        The sample cannot be fitted.
    """
    check_design(design, engine_of(spec).kind)
    try:
        found = estimate_again(design, spec)
    except np.linalg.LinAlgError as err:
        raise FitError(f"{spec.name}: the information of the sample is singular.") from err
    if not np.isfinite(found.beta).all():
        raise FitError(f"{spec.name}: an estimate of the sample is not finite.")
    return found
