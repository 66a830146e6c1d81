"""A column as the chains of imputation take it, and back: numbers of mean 0 and standard deviation
1, or codes of categories.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from peacestudy.errors import FitError


@dataclass(frozen=True, eq=False)
class Coded:
    """A column in numbers.

    Attributes
    ----------
    name : of the column.
    coded : its numbers, missing where it is, shape (n,).
    values : undo that: the value by its number.
    category : whether the numbers are codes of three or more categories.
    """

    name: str
    coded: pd.Series
    values: dict[float, Any]
    category: bool

    @property
    def width(self) -> int:
        """How many terms of an imputation model it makes."""
        return len(self.values) - 1 if self.category else 1


def code(column: pd.Series, name: str) -> Coded:
    """A column as the chains take it.

    Raises
    ------
    FitError
        It has no value, one value only, an infinite one, lists in the place of values, a spread
        that is too large or small to reckon with, or missing values among three or more categories.
    """
    if column.notna().sum() == 0:
        raise FitError(
            f"the column {name!r} has no value in any of {len(column)} rows; leave it out."
        )
    if column.dtype == object and not all(isinstance(v, Hashable) for v in column):
        raise FitError(
            f"the column {name!r} holds lists or other things that are not values; leave it out."
        )
    if column.nunique() < 2:
        raise FitError(
            f"the column {name!r} is {column.dropna().iloc[0]!s} wherever it has a value; it"
            " cannot help to impute other columns. Leave it out."
        )
    if column.dtype.kind in "biuf":
        x = column.to_numpy(dtype=float, na_value=np.nan)
        if np.isinf(x).any():
            raise FitError(
                f"the column {name!r} holds {int(np.isinf(x).sum())} infinite value(s). Say what"
                " they mean first."
            )
        with np.errstate(over="ignore"):
            spread = np.nanstd(x)
        if not (np.isfinite(spread) and spread > 0):
            raise FitError(
                f"the column {name!r} goes from {np.nanmin(x):g} to {np.nanmax(x):g}, whose range"
                " is too large to compute with. Write it in another unit."
            )
        z = standard(x)
        return Coded(name, pd.Series(z), dict(zip(z, column, strict=True)), False)
    codes, levels = pd.factorize(column, sort=not isinstance(column.dtype, pd.CategoricalDtype))
    coded = pd.Series(np.where(codes < 0, np.nan, codes.astype(float)))
    if len(levels) > 2 and coded.isna().any():
        raise FitError(
            f"{name!r} has {len(levels)} categories and {int(coded.isna().sum())} missing value(s):"
            " categories of three or more are not filled in. Give 'missing' as a category of its"
            " own, make columns of yes and no, or leave the column out."
        )
    return Coded(name, coded, dict(enumerate(levels)), len(levels) > 2)


def standard(x: np.ndarray) -> np.ndarray:
    """With mean 0 and standard deviation 1, missing left out."""
    out: np.ndarray = (x - np.nanmean(x)) / np.nanstd(x)
    return out


def decode(original: pd.Series, c: Coded, filled: np.ndarray, gone: np.ndarray) -> pd.Series:
    """The column with the values of donors where it had none:
    exactly values that other cases have.
    """
    out = original.copy()
    out[gone] = [c.values[z] for z in filled[gone].tolist()]
    return out.infer_objects() if original.dtype == object else out
