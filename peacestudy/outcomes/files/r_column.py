"""One column of an R data frame as R means it: by its class, its
storage and the attributes that the class reads.

A class that changes what the numbers mean and is not known here is refused by name: seconds of a
zone, integers of 64 bits and months look like any number to a reader that does not ask.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from peacestudy.core.problems import Note
from peacestudy.errors import SourceError

STORED = ("STR", "INT", "REAL", "LGL")
# classes that leave the values what they are
_PLAIN = {
    "AsIs",
    "character",
    "double",
    "factor",
    "fs_path",
    "glue",
    "haven_labelled",
    "haven_labelled_spss",
    "integer",
    "labelled",
    "logical",
    "noquote",
    "numeric",
    "ordered",
    "pseries",
    "ts",
    "vctrs_vctr",
}
_DAY = 86_400_000_000  # microseconds
# microseconds from 1970 to the years 1 and 9999
_YEARS = (-62_135_596_800_000_000, 253_402_300_799_999_999)
_TAGGED = 1954  # the low word of R's missing number; haven writes a letter into the high one


def columns_of(
    name: str, column: Any, told: Mapping[str, Any], notes: list[Note]
) -> dict[str, pd.Series]:
    """The columns that R prints for one of a data frame: one, or those of a
    matrix under ``name.1`` or ``name.column``.

    Parameters
    ----------
    column : the vector as it was parsed; ``value`` holds an
        array, or the texts of a character vector.
    told : its attributes by name.
    """
    shape = told.get("dim")
    if shape is None:
        return {name: _column(name, column.info.type.name, column.value, told, notes)}
    if len(shape) != 2 or told.get("class") or int(shape[0]) * int(shape[1]) != len(column.value):
        raise SourceError(
            f"the column {name!r} is an array that is not a matrix. Make columns of it in R."
        )
    rows, width = int(shape[0]), int(shape[1])
    parts = [column.value[n * rows : (n + 1) * rows] for n in range(width)]
    if width == 1:  # as scale() makes it
        return {name: _column(name, column.info.type.name, parts[0], told, notes)}
    own = told.get("dimnames columns") or [str(n) for n in range(1, width + 1)]
    names = [f"{name}.{part}" for part in own]
    notes.append(
        Note(
            "matrix",
            f"{name} is a matrix; its columns are"
            f" {', '.join(names[:6])}{' ...' if width > 6 else ''}.",
        )
    )
    return {
        n: _column(n, column.info.type.name, part, told, notes)
        for n, part in zip(names, parts, strict=True)
    }


def _column(
    name: str, stored: str, values: Any, told: Mapping[str, Any], notes: list[Note]
) -> pd.Series:
    kinds = [str(kind) for kind in told.get("class", [])]
    if stored == "STR":
        return pd.Series(_texts(values), dtype=object)
    if stored == "LGL":
        return pd.Series(pd.arrays.BooleanArray(_data(values).astype(bool), _gaps(values)))
    if "factor" in kinds:
        return _factor(name, values, told, "ordered" in kinds, notes)
    numbers = np.where(_gaps(values), np.nan, _data(values).astype(float))
    for kind, read in _CLASSES.items():
        if kind in kinds:
            return read(name, values if kind == "integer64" else numbers, told, notes)
    unknown = [kind for kind in kinds if kind not in _PLAIN]
    if unknown:
        raise SourceError(
            f"the column {name!r} is of R's class {unknown[0]!r}, and what its numbers mean is not"
            " known here. In R, make it text with as.character() or plain numbers with"
            " as.numeric()."
        )
    if stored == "INT":
        whole = pd.arrays.IntegerArray(_data(values).astype(np.int64), _gaps(values))
        return _without_codes(name, pd.Series(whole), numbers, told, notes)
    _tell_tags(name, values, notes)
    return _without_codes(name, pd.Series(numbers), numbers, told, notes)


def _data(values: Any) -> Any:
    return np.ma.getdata(values) if isinstance(values, np.ma.MaskedArray) else np.asarray(values)


def _gaps(values: Any) -> Any:
    if isinstance(values, np.ma.MaskedArray):
        return np.ma.getmaskarray(values).copy()
    return np.zeros(len(values), bool)


def _texts(values: Any) -> list[str | None]:
    return [None if v is None or v is pd.NA else str(v) for v in values]


def _factor(
    name: str, values: Any, told: Mapping[str, Any], ordered: bool, notes: list[Note]
) -> pd.Series:
    levels = [*_texts(told.get("levels", [])), None]
    codes, gaps = _data(values).astype(np.int64), _gaps(values)
    if ((codes < 1) | (codes >= len(levels)))[~gaps].any():
        raise SourceError(
            f"the column {name!r} is a factor with codes beyond its {len(levels) - 1} levels. Save"
            " it again in R."
        )
    if ordered:
        shown = " < ".join(str(level) for level in levels[:-1])
        notes.append(
            Note(
                "ordered", f"{name} is an ordered factor; it is text now, and its order is {shown}."
            )
        )
    return pd.Series(np.array(levels, dtype=object)[np.where(gaps, 0, codes) - 1], dtype=object)


def _dates(name: str, numbers: Any, told: Mapping[str, Any], notes: list[Note]) -> pd.Series:
    # R prints the day in which a fraction of a day lies
    return _moments(name, np.floor(numbers) * _DAY)


def _times(name: str, numbers: Any, told: Mapping[str, Any], notes: list[Note]) -> pd.Series:
    moments = _moments(name, numbers * 1e6)
    zone = str((told.get("tzone") or [""])[0] or "")
    if not zone:
        text = (
            f"{name} holds times without a zone, which R shows in the zone of each computer; they"
            " are in UTC here. Set attr(x, 'tzone') in R."
        )
        notes.append(Note("time_zones", text))
        return moments
    if zone in ("UTC", "GMT"):
        return moments
    try:
        place = ZoneInfo(zone)
    except (LookupError, ValueError, OSError) as err:
        raise SourceError(
            f"the column {name!r} holds times of the zone {zone!r}, which is not known here. Use"
            " UTC in R."
        ) from err
    notes.append(
        Note(
            "time_zones",
            f"{name} holds times of the zone {zone}; they are as its clocks show them.",
        )
    )
    local: pd.Series = moments.dt.tz_localize("UTC").dt.tz_convert(place).dt.tz_localize(None)
    return local.astype("datetime64[us]")


def _moments(name: str, steps: Any) -> pd.Series:
    filled = np.isfinite(steps)
    odd = filled & ((steps < _YEARS[0]) | (steps > _YEARS[1]))
    if odd.any():
        row = int(np.flatnonzero(odd)[0]) + 1
        raise SourceError(
            f"the column {name!r} holds in row {row} a date outside the years 1 to 9999. Correct"
            " it in R."
        )
    moments = np.round(np.where(filled, steps, 0)).astype("datetime64[us]")
    return pd.Series(np.where(filled, moments, np.datetime64("NaT", "us")))


def _integers(name: str, values: Any, told: Mapping[str, Any], notes: list[Note]) -> pd.Series:
    """The eight bytes of each number are an integer (package
    bit64); the smallest one is missing.
    """
    if _data(values).dtype != np.dtype(float):
        raise SourceError(
            f"the column {name!r} is of R's class integer64 and not stored as one. Save it again"
            " in R."
        )
    whole = _data(values).view(np.int64)
    return pd.Series(pd.arrays.IntegerArray(whole.copy(), whole == np.iinfo(np.int64).min))


def _durations(name: str, numbers: Any, told: Mapping[str, Any], notes: list[Note]) -> pd.Series:
    unit = str((told.get("units") or ["units that the file does not name"])[0])
    notes.append(Note("durations", f"{name} holds durations in {unit}; they are numbers now."))
    return pd.Series(numbers)


def _months(name: str, numbers: Any, told: Mapping[str, Any], notes: list[Note]) -> pd.Series:
    notes.append(Note("months", f"{name} holds months (yearmon); they are written as 2001-02."))
    return _parts_of_years(name, numbers, 12, "{:04d}-{:02d}")


def _quarters(name: str, numbers: Any, told: Mapping[str, Any], notes: list[Note]) -> pd.Series:
    notes.append(Note("quarters", f"{name} holds quarters (yearqtr); they are written as 2001 Q1."))
    return _parts_of_years(name, numbers, 4, "{:04d} Q{}")


def _parts_of_years(name: str, numbers: Any, parts: int, form: str) -> pd.Series:
    if (np.abs(numbers[np.isfinite(numbers)]) > 9999).any():
        raise SourceError(f"the column {name!r} holds a year beyond 9999. Correct it in R.")
    # zoo adds a thousandth before it cuts off, since a twelfth is no exact number
    steps = [None if not np.isfinite(x) else int(np.floor(parts * x + 0.001)) for x in numbers]
    return pd.Series(
        [None if n is None else form.format(n // parts, n % parts + 1) for n in steps], dtype=object
    )


_CLASSES = {
    "Date": _dates,
    "POSIXct": _times,
    "integer64": _integers,
    "difftime": _durations,
    "yearmon": _months,
    "yearqtr": _quarters,
}


def tags_of(numbers: Any) -> list[str]:
    """The letters that missing numbers carry, as those of Stata and SAS do (package haven)."""
    bits = numbers[np.isnan(numbers)].view(np.uint64)
    tags = (bits >> np.uint64(32)) & np.uint64(0xFF)
    return [chr(int(tag)) for tag in tags[((bits & np.uint64(0xFFFFFFFF)) == _TAGGED) & (tags > 0)]]


def _tell_tags(name: str, values: Any, notes: list[Note]) -> None:
    numbers = _data(values)
    found = Counter(tags_of(numbers)) if numbers.dtype == np.dtype(float) else {}
    if found:
        said = ", ".join(f".{letter} {n}" for letter, n in sorted(found.items()))
        notes.append(
            Note(
                "tagged_missing",
                f"{name} holds missing values with a tag, which are missing here: {said}.",
            )
        )


def _without_codes(
    name: str, column: pd.Series, numbers: Any, told: Mapping[str, Any], notes: list[Note]
) -> pd.Series:
    """The codes that SPSS declared as missing are missing, as R's
    ``is.na`` has them; a note counts them.
    """
    coded = np.isin(numbers, np.array([float(v) for v in told.get("na_values", [])]))
    span = [float(v) for v in told.get("na_range", [])]
    if len(span) == 2:
        coded |= (numbers >= span[0]) & (numbers <= span[1])
    if not coded.any():
        return column
    codes, times = np.unique(numbers[coded], return_counts=True)
    said = ", ".join(f"{code:g} {n}" for code, n in zip(codes, times, strict=True))
    notes.append(
        Note(
            "coded_missing",
            f"Codes that the file declares as missing are missing in {name}: {said}.",
        )
    )
    return column.mask(coded)
