"""Groups of rows that share a random intercept: which rows belong together, what is refused."""

import numpy as np
import pandas as pd

from peacestudy.core.problems import Note
from peacestudy.errors import FitError
from peacestudy.models.engines.engine import Request
from peacestudy.models.formulas.design import Design
from peacestudy.models.kernels.groups import Groups

# groups below which their standard deviation is hardly known (Gelman and Hill 2007, Data Analysis
# Using Regression, 12.9)
FEW = 10


def groups_of(design: Design, request: Request) -> tuple[Groups, list[Note]]:
    """The groups that option ``group`` names, and what is to be said of them.

    Raises
    ------
    FitError
        One group, or a row in each.
    """
    column = str(dict(request.options)["group"])
    codes, labels = pd.factorize(design.further[column])
    size = np.bincount(codes)
    G = len(labels)
    if G == 1:
        raise FitError(
            f"{request.name}: all rows are in one group of {column!r}: differences between groups"
            " cannot be estimated."
        )
    if len(codes) == G:
        raise FitError(
            f"{request.name}: each of the {G} rows is a group of {column!r}: differences between"
            " groups cannot be distinguished from differences between rows. Name a column whose"
            " groups have several rows."
        )
    text = (
        f"Random intercept for {G} groups of {column} with {size.min()} to {size.max()} rows each."
    )
    notes = [Note("groups", text)]
    if G < FEW:
        notes.append(
            Note(
                "few_groups",
                (f"{G} groups, fewer than {FEW}: their standard deviation is poorly identified."),
            )
        )
    order = np.argsort(codes, kind="stable")
    return Groups(order, np.concatenate([[0], np.cumsum(size)[:-1]]), size, codes[order]), notes


def spread_name(request: Request) -> str:
    """The name of the term for the standard deviation between groups."""
    return f"sd({dict(request.options)['group']})"
