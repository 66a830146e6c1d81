"""Parquet files: plain columns by their Arrow types. What pandas
or Arrow could unpickle is not loaded.
"""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from peacestudy.core.problems import Note, Problem, reason_of
from peacestudy.core.tables import LIMIT, header_problems, too_many_cells
from peacestudy.errors import SourceError
from peacestudy.outcomes.files.header import ROW_ID, free_name, ids_note
from peacestudy.outcomes.files.labels import columns_of
from peacestudy.outcomes.files.stored_types import restored
from peacestudy.outcomes.files.table import FileTable

KEY = b"peacestudy"
# microseconds from 1970 to the years 1 and 9999
_YEARS = (-62_135_596_800_000_000, 253_402_300_799_999_999)
_PANDAS_INDEX = re.compile(r"__index_level_[0-9]+__")  # what pandas calls an index without a name


def read(path: Path, sheet: str | None) -> FileTable:
    """A Parquet file of text, numbers, truth values and dates;
    other columns are refused by name.
    """
    if sheet is not None:
        raise SourceError(
            f"{path} is a Parquet file, which has no sheet {sheet!r}. Leave sheet= out."
        )
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        schema = pq.read_schema(path)
        # texts stay numbered: a file of some kilobytes may repeat a long text a million times
        numbered = [
            f.name for f in schema if pa.types.is_string(f.type) or pa.types.is_large_string(f.type)
        ]
        with pq.ParquetFile(path, read_dictionary=numbered) as file:
            meta = file.metadata
            inflated = sum(meta.row_group(n).total_byte_size for n in range(meta.num_row_groups))
            if inflated > 8 * LIMIT:
                raise SourceError(
                    f"{path} holds {inflated / 2**20:,.0f} MB, too large to read whole. Split it."
                )
            too_many_cells(meta.num_rows, meta.num_columns, str(path))
            problems = _problems(schema, path.name)
            if problems:
                raise SourceError(
                    f"{path} holds columns that are not values: {len(problems)} problem(s).",
                    problems,
                )
            arrow = file.read()
    except SourceError:
        raise
    except Exception as err:  # a library on damaged bytes fails in ways of its own
        raise SourceError(
            f"{path} is damaged or not a Parquet file ({reason_of(err)}). Download or save"
            " it again."
        ) from err
    notes: list[Note] = []
    columns = {}
    for n, name in enumerate(_names(arrow.column_names, notes)):
        try:
            columns[name] = _column(arrow.column(n), name, notes)
        except SourceError:
            raise
        except Exception as err:
            raise SourceError(
                f"{path}: the column {name!r} is damaged ({reason_of(err)}). Write the file again."
            ) from err
    table = pd.DataFrame(columns, index=range(arrow.num_rows))
    own = (schema.metadata or {}).get(KEY)
    told = columns_of(_own(own, path), f"the metadata of {path.name}") if own else []
    return restored(FileTable(table, notes=tuple(notes)), told, f"the metadata of {path.name}")


def _names(names: list[str], notes: list[Note]) -> list[str]:
    """The names of the columns; an index of pandas that has no name gets one."""
    out: list[str] = []
    for name in names:
        if _PANDAS_INDEX.fullmatch(name):
            name = free_name(ROW_ID, {*names, *out})
            notes.append(ids_note(name))
        out.append(name)
    return out


def _own(data: bytes, path: Path) -> list[list[str]]:
    try:
        return [list(map(str, row)) for row in json.loads(data)["labels"]]
    except (ValueError, TypeError, KeyError, RecursionError) as err:
        raise SourceError(
            f"the metadata {KEY.decode()!r} of {path} are damaged ({err}). Write the file again."
        ) from err


def _problems(schema: Any, file: str) -> list[Problem]:
    from pyarrow import types as t

    kinds = (
        t.is_integer,
        t.is_floating,
        t.is_boolean,
        t.is_string,
        t.is_large_string,
        t.is_string_view,
        t.is_date,
        t.is_timestamp,
        t.is_null,
        t.is_decimal,
    )

    def plain(kind: Any) -> bool:
        return any(check(kind) for check in kinds) or (
            t.is_dictionary(kind) and plain(kind.value_type)
        )

    out = [
        Problem(
            file,
            0,
            field.name,
            str(field.type),
            "expected text, numbers, truth values or dates",
            "write the column as one of these, or leave it out",
        )
        for field in schema
        if not plain(field.type)
    ]
    return out + header_problems(schema.names, file, 0)


def _column(values: Any, name: str, notes: list[Note]) -> Any:
    import pyarrow as pa
    from pyarrow import types as t

    kind = values.type
    if t.is_dictionary(kind):
        return (
            _texts(values)
            if _is_text(kind.value_type)
            else _column(values.cast(kind.value_type), name, notes)
        )
    if t.is_decimal(kind):
        notes.append(
            Note("decimals", f"{name} held decimals; they are floating-point numbers now.")
        )
        values, kind = values.cast(pa.float64()), pa.float64()
    if t.is_timestamp(kind) and kind.tz:
        notes.append(
            Note("time_zones", f"{name} held times of the zone {kind.tz}; they are in UTC now.")
        )
    if t.is_date(kind) or t.is_timestamp(kind):
        return _moments(values, kind, name, notes)
    if t.is_integer(kind):
        try:
            whole = values.cast(pa.int64())
        except pa.ArrowInvalid as err:
            raise SourceError(
                f"{name} holds a number of more than 63 bits ({err}). Write it as text."
            ) from err
        return pd.arrays.IntegerArray(_filled(whole, 0), _missing(values))
    if t.is_floating(kind):
        return pd.Series(_filled(values.cast(pa.float64()), float("nan")))
    if t.is_boolean(kind):
        return pd.arrays.BooleanArray(_filled(values, False), _missing(values))
    if t.is_null(kind):
        return pd.Series(np.full(len(values), None, dtype=object))
    return _texts(values.dictionary_encode())


def _is_text(kind: Any) -> bool:
    from pyarrow import types as t

    return bool(t.is_string(kind) or t.is_large_string(kind) or t.is_string_view(kind))


def _missing(values: Any) -> Any:
    return values.is_null().to_numpy().astype(bool, copy=True)


def _filled(values: Any, instead: Any) -> Any:
    """The values as an array of NumPy, with something else in place of missing ones."""
    return (values.fill_null(instead) if values.null_count else values).to_numpy().copy()


def _texts(values: Any) -> pd.Series:
    """Texts that stand once each in memory, however often they stand in the column."""
    parts = [np.empty(0, dtype=object)]
    for chunk in values.chunks:
        words = np.array([*chunk.dictionary.to_pylist(), None], dtype=object)
        parts.append(words[chunk.indices.fill_null(len(words) - 1).to_numpy(zero_copy_only=False)])
    return pd.Series(np.concatenate(parts), dtype=object)


def _moments(values: Any, kind: Any, name: str, notes: list[Note]) -> pd.Series:
    """Dates and times in microseconds; what lies beyond the years
    that this can hold is refused with its row.
    """
    import pyarrow as pa

    missing = _missing(values)
    unit = "D" if pa.types.is_date(kind) else kind.unit
    if pa.types.is_date64(kind):
        unit = "ms"
    wide = pa.int32() if pa.types.is_date32(kind) else pa.int64()
    numbers = _filled(values.cast(wide), 0).astype(np.int64)
    scale = {"D": 86_400_000_000, "s": 1_000_000, "ms": 1_000, "us": 1, "ns": 1}[unit]
    low, high = _YEARS
    if unit == "ns":
        lost = int(((numbers % 1_000 != 0) & ~missing).sum())
        if lost:
            notes.append(
                Note(
                    "nanoseconds",
                    f"{name} held {lost} time(s) with nanoseconds; they are cut to microseconds.",
                )
            )
        numbers = numbers // 1_000
    odd = ~missing & ((numbers < low // scale) | (numbers > high // scale))
    if odd.any():
        row = int(np.flatnonzero(odd)[0])
        raise SourceError(
            f"the column {name!r} holds in row {row + 1} a date outside the years 1 to 9999"
            f" ({numbers[row]:,} {unit} from 1970). Correct it, or write the column as numbers."
        )
    moments = (numbers * scale).astype("datetime64[us]")
    moments[missing] = np.datetime64("NaT", "us")
    return pd.Series(moments)
