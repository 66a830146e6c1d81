"""What coders gave, as numbers; and the paradox of a rare code, in words."""

from collections.abc import Iterator
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from peacestudy.core.problems import Note, reason_of, shortened
from peacestudy.errors import CodingError

Array = npt.NDArray[np.float64]
# the paradox: a coefficient below, agreement and chance agreement from
USABLE, AGREE, BY_CHANCE = 0.667, 0.8, 0.6
# names of an axis that say what lies along it
CODERS = frozenset(
    {
        "coder",
        "coders",
        "rater",
        "raters",
        "annotator",
        "annotators",
        "judge",
        "judges",
        "observer",
        "observers",
    }
)
UNITS = frozenset(
    {
        "unit",
        "units",
        "unit_id",
        "row_id",
        "unnamed: 0",
        "case",
        "cases",
        "case_id",
        "item",
        "items",
        "item_id",
        "id",
        "subject",
        "subjects",
        "document",
    }
)
_HOW = "Give codes as numbers, and NaN, None or pd.NA where none was given."


def codes_by_coder(values: Any) -> tuple[Array, tuple[Note, ...]]:
    """The values as numbers, shape (coders, units), and notes on how the layout was read.

    Parameters
    ----------
    values : an array or nested list has shape (coders, units). A DataFrame has a row a unit and a
        column a coder, as ``CodingSheet.values`` and ``read_file`` give it; its transpose is
        recognised where an axis is named ``coder`` or ``case_id`` (or a synonym), or where its rows
        have text labels and its columns are merely numbered. A missing value is NaN, None,
        ``pd.NA`` or a masked cell.

    Raises
    ------
    CodingError
        A value is text, a date, complex or infinite; there are not two dimensions; a DataFrame has
        more columns than rows and its labels do not say that the columns are coders, or one of its
        columns holds the ids of units.
    """
    if isinstance(values, pd.DataFrame):
        cells, notes = _coders_in_rows(values)
        return _numbers(cells), notes
    X = _numbers(values)
    return X, tuple(_more_coders(X))


def _numbers(values: Any) -> Array:
    if isinstance(values, list | tuple) and any(isinstance(v, np.ma.MaskedArray) for v in values):
        values = np.ma.array([np.ma.asarray(v) for v in values])
    X = _without_mask(values)
    if X.ndim != 2:
        given = f" (a {type(values).__name__})" if X.ndim == 0 else ""
        raise CodingError(
            f"the values have {X.ndim} dimension(s){given}; expected an array of shape (coders,"
            " units), or a DataFrame with one column per coder, such as"
            " sheet.values(indicator_id)."
        )
    if np.isinf(X).any():
        raise CodingError(
            "the values hold infinity. Give codes as finite numbers, NaN where none was given."
        )
    return X


def _without_mask(values: Any) -> Array:
    """Floats with NaN for every missing value; a masked cell is
    missing, whatever number lies under the mask.
    """
    try:
        X = np.asarray(values)
    except (TypeError, ValueError) as err:
        raise CodingError(
            f"the values are not a table of numbers ({reason_of(err)}). {_HOW}"
        ) from err
    if X.ndim and X.dtype.kind == "O":
        absent = pd.isna(X)
        for value in X[~absent]:
            if not isinstance(value, Real | Decimal | np.bool_):
                raise CodingError(
                    f"the values hold {shortened(value)}, which is not a number. {_HOW}"
                )
        X = np.where(absent, np.nan, X)
    elif X.ndim and X.dtype.kind not in "biuf":
        raise CodingError(
            f"the values hold {shortened(X.ravel()[:1].tolist())}, which is not a number. {_HOW}"
        )
    if not X.ndim:
        return np.zeros(())
    X = X.astype(float)
    if isinstance(values, np.ma.MaskedArray):
        X[np.ma.getmaskarray(values)] = np.nan
    return X


def _coders_in_rows(frame: pd.DataFrame) -> tuple[Any, tuple[Note, ...]]:
    """The cells of a DataFrame with coders in rows, whichever way it lies."""
    units, coders = frame.shape
    if _name(frame.columns) in CODERS or _name(frame.index) in UNITS:
        return _cells(frame).T, ()
    if _name(frame.index) in CODERS or _name(frame.columns) in UNITS:
        return _cells(frame), ()
    ids = [c for c in frame.columns if str(c).strip().casefold() in UNITS | CODERS]
    if ids:
        raise CodingError(
            f"the column {ids[0]!r} holds ids, not codes. Set it as the index,"
            f" values.set_index({ids[0]!r}); a table with a row for each code goes to ps.agreement."
        )
    numbered = pd.api.types.is_integer_dtype(frame.columns) and pd.api.types.is_string_dtype(
        frame.index
    )
    if numbered and units < coders:
        said = (
            f"The rows are named ({', '.join(map(str, frame.index[:3]))}) and the columns are only"
            f" numbered, so the {units} rows were taken as coders and the {coders} columns as"
            " units. Where the columns are coders, say so: values.rename_axis(columns='coder')."
        )
        return _cells(frame), (Note("transposed", said),)
    if units < coders or (numbered and units == coders and units > 0):
        raise CodingError(
            f"the DataFrame has {coders} columns and {units} rows; a DataFrame has one column per"
            f" coder and one row per unit, so there would be {coders} coders of {units} unit(s)."
            " If its rows are the coders, pass values.T; if its columns are, say so:"
            " values.rename_axis(columns='coder')."
        )
    return _cells(frame).T, ()


def _cells(frame: pd.DataFrame) -> Any:
    # a column of its own type, such as Int64, becomes objects; floats stay floats
    plain = all(isinstance(t, np.dtype) and t.kind in "biuf" for t in frame.dtypes)
    return frame.to_numpy() if plain else frame.astype(object).to_numpy()


def _name(axis: pd.Index) -> str:
    return str(axis.name).strip().casefold() if axis.name is not None else ""


def _more_coders(X: Array) -> Iterator[Note]:
    coders, units = X.shape
    if coders > units:
        yield Note(
            "more_coders_than_units",
            f"The array has {coders} rows, taken as coders, and {units} columns, taken as units."
            " If its rows are units, pass values.T.",
        )


def paradox(name: str, found: float, same: float, chance: float) -> str:
    """The paradox of a rare code in words; empty where agreement is not high, the coefficient is,
    or chance would not do most of it.
    """
    if not (found < USABLE and same >= AGREE and chance >= BY_CHANCE):
        return ""
    return (
        f"The coders agree on {same:.0%} of the units, yet {name} is {found:.2f}: one code is so"
        f" common that codes given at random in the same shares would agree on {chance:.0%}"
        f" already, and {name} counts only agreement beyond that."
    )
