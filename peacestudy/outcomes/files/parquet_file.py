"""Parquet files: plain columns by their Arrow types. What pandas or Arrow could unpickle is not loaded."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from peacestudy.core.problems import Note, Problem
from peacestudy.core.tables import LIMIT
from peacestudy.errors import SourceError
from peacestudy.outcomes.files.labels import columns_of
from peacestudy.outcomes.files.restored import restored
from peacestudy.outcomes.files.table import FileTable

KEY = b"peacestudy"
_MAX_CELLS = 200_000_000


def read(path: Path, sheet: str | None) -> FileTable:
    """A Parquet file of text, numbers, truth values and dates; other columns are refused by name."""
    if sheet is not None:
        raise SourceError(f"{path} is a Parquet file, which has no sheet {sheet!r}. Leave sheet= out.")
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            meta = file.metadata
            inflated = sum(meta.row_group(n).total_byte_size for n in range(meta.num_row_groups))
            if inflated > 8 * LIMIT or meta.num_rows * meta.num_columns > _MAX_CELLS:
                raise SourceError(
                    f"{path} holds {inflated / 2**20:,.0f} MB in {meta.num_rows:,} rows of {meta.num_columns:,} columns, "
                    "too large to read whole. Split it."
                )
            schema = file.schema_arrow
            problems = _problems(schema, path.name)
            if problems:
                raise SourceError(f"{path} holds columns that are no values: {len(problems)} problem(s).", problems)
            arrow = file.read()
    except (pa.ArrowException, OSError, ValueError) as err:
        raise SourceError(f"{path} is damaged or no Parquet file ({err}). Download or save it again.") from err
    notes: list[Note] = []
    columns = {name: _column(arrow.column(n), name, notes) for n, name in enumerate(arrow.column_names)}
    table = pd.DataFrame(columns, index=range(arrow.num_rows))
    own = (schema.metadata or {}).get(KEY)
    told = columns_of(_own(own, path), f"the metadata of {path.name}") if own else []
    return restored(FileTable(table, notes=tuple(notes)), told, f"the metadata of {path.name}")


def _own(data: bytes, path: Path) -> list[list[str]]:
    try:
        return [[str(cell) for cell in row] for row in json.loads(data)["labels"]]
    except (ValueError, TypeError, KeyError) as err:
        raise SourceError(
            f"the metadata {KEY.decode()!r} of {path} are damaged ({err}). Write the file again."
        ) from err


def _problems(schema: Any, file: str) -> list[Problem]:
    from pyarrow import types as t

    kinds = (
        t.is_integer, t.is_floating, t.is_boolean, t.is_string, t.is_large_string, t.is_string_view, t.is_date, t.is_timestamp,
        t.is_null, t.is_decimal,
    )  # fmt: skip

    def plain(kind: Any) -> bool:
        return any(check(kind) for check in kinds) or (t.is_dictionary(kind) and plain(kind.value_type))

    out = [
        Problem(file, 0, field.name, str(field.type), "expected text, numbers, truth values or dates",
                "write the column as one of these, or leave it out")
        for field in schema if not plain(field.type)
    ]  # fmt: skip
    names = schema.names
    out += [
        Problem(file, 0, n, n, "column names must be unique", "rename the column")
        for n in sorted({n for n in names if names.count(n) > 1})
    ]
    return out


def _column(values: Any, name: str, notes: list[Note]) -> Any:
    import pyarrow as pa
    from pyarrow import types as t

    kind = values.type
    if t.is_dictionary(kind):
        values, kind = values.cast(kind.value_type), kind.value_type
    if t.is_decimal(kind):
        notes.append(Note("decimals", f"{name} held decimals; they are floating-point numbers now."))
        kind = pa.float64()
    if t.is_timestamp(kind) and kind.tz:
        notes.append(Note("time_zones", f"{name} held times of the zone {kind.tz}; they are in UTC now."))
    if t.is_date(kind) or t.is_timestamp(kind):
        return pd.Series(values.cast(pa.timestamp("us")).to_pylist(), dtype="datetime64[us]")
    if t.is_integer(kind):
        try:
            return pd.array(values.cast(pa.int64()).to_pylist(), dtype="Int64")
        except pa.ArrowInvalid as err:
            raise SourceError(f"{name} holds a number of more than 63 bits ({err}). Write it as text.") from err
    if t.is_floating(kind):
        return pd.Series(values.cast(pa.float64()).to_pylist(), dtype=float)
    if t.is_boolean(kind):
        return pd.array(values.to_pylist(), dtype="boolean")
    return pd.Series(values.to_pylist(), dtype=object)
