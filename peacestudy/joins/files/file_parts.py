"""Parquet files in pieces: read in order, or cut by a key with DuckDB and sorted back."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from peacestudy.core.keys import levels
from peacestudy.errors import JoinError
from peacestudy.outcomes import OutcomeTable

PIECE = 1_000_000  # rows of the cases in a piece, by and large
ROW = "row_id"  # number of a row in the file of the cases, from 0
OTHER = "row of the other table"  # the same of the other table, while the join runs
CASES, TABLE = "cases", "table"  # folders of the pieces


def rows_of_file(path: Path) -> int:
    """How many rows a Parquet file has."""
    return int(_file(path).metadata.num_rows)


def distinct_values(path: Path, column: str) -> pd.Index:
    """The distinct values of a column of a Parquet file, which is read in
    pieces; none where there is no such column.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    file = _file(path)
    if column not in file.schema_arrow.names:
        return pd.Index([])
    found = pa.array([], file.schema_arrow.field(column).type)
    for batch in file.iter_batches(batch_size=PIECE, columns=[column]):
        found = pc.unique(pa.chunked_array([found, pc.unique(batch.column(0))]))
    values = as_pandas(pa.table({column: found}))[column]
    return levels(values).values


def _file(path: Path) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not path.is_file():
        raise JoinError(f"{path} does not exist. Give the path of a Parquet file.")
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as err:
        raise JoinError(f"{path} is not a Parquet file ({err}).") from err


def as_pandas(table: Any) -> pd.DataFrame:
    """An Arrow table with types that can be missing: a whole number stays one."""
    import pyarrow as pa

    kinds = {pa.bool_(): pd.BooleanDtype()}
    for bits in (8, 16, 32, 64):
        kinds[getattr(pa, f"int{bits}")()] = getattr(pd, f"Int{bits}Dtype")()
        kinds[getattr(pa, f"uint{bits}")()] = getattr(pd, f"UInt{bits}Dtype")()
    frame: pd.DataFrame = table.to_pandas(types_mapper=kinds.get, ignore_metadata=True)
    return frame


def _refuse_names(names: list[str]) -> None:
    for name in (ROW, OTHER):
        if name in names:
            raise JoinError(f"the cases have a column {name!r}, which the join writes. Rename it.")


def in_order(path: Path, parts: int | None) -> Iterator[pd.DataFrame]:
    """The rows of a file in pieces, each with its number."""
    file = _file(path)
    _refuse_names(file.schema_arrow.names)
    n = file.metadata.num_rows
    size = PIECE if parts is None else max(1, -(-n // parts))
    start = 0
    for batch in file.iter_batches(batch_size=size) if n else [file.schema_arrow.empty_table()]:
        piece = as_pandas(batch)
        piece[ROW] = np.arange(start, start + len(piece))
        start += len(piece)
        yield piece


def written(pieces: Iterator[pd.DataFrame], folder: Path) -> Iterator[int]:
    """Write pieces one after the other to ``whole.parquet``; gives the rows of each."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    out: Any = None
    schema: Any = None
    try:
        for piece in pieces:
            table = pa.Table.from_pandas(piece, preserve_index=False)
            if out is None:
                schema = pa.schema([_typed(field) for field in table.schema])
                out = pq.ParquetWriter(folder / "whole.parquet", schema)
            try:
                out.write_table(table.cast(schema))
            except (pa.ArrowInvalid, ValueError) as err:
                raise JoinError(
                    f"a column changes its type between the parts ({err}). Give its column in the"
                    " other table one type."
                ) from err
            yield len(piece)
    finally:
        if out is not None:
            out.close()


def _typed(field: Any) -> Any:
    """A column of objects without a value in the first piece has no type: it becomes text."""
    import pyarrow as pa

    return field.with_type(pa.string()) if pa.types.is_null(field.type) else field


def one_by_key(
    cases: Path,
    other: Path,
    pairs: Mapping[str, str],
    parts: int | None,
    memory_mb: int,
    folder: Path,
) -> Iterator[tuple[pd.DataFrame, pd.DataFrame | OutcomeTable]]:
    """Both files in pieces in which the same keys lie, each row with its number."""
    n = rows_of_file(cases)
    cut = parts or max(1, -(-n // PIECE))
    db = _database(folder, memory_mb)
    # equal keys lie in one bucket whatever their types: 2 and 2.0 are the same number
    kinds = []
    for key, other_key in pairs.items():
        numbers = _number(cases, key) and _number(other, other_key)
        kinds.append("DOUBLE" if numbers else "VARCHAR")
    for side, path, keys, number in (
        (CASES, cases, list(pairs), ROW),
        (TABLE, other, list(pairs.values()), OTHER),
    ):
        _refuse_names(_file(path).schema_arrow.names)
        casts = []
        for key, kind in zip(keys, kinds, strict=True):
            casts.append(f"CAST({_quoted(key)} AS {kind})")
        texts = ", ".join(casts)
        bucket = f"coalesce(hash({texts}) % {cut}, 0)"
        db.execute(
            "COPY (SELECT * EXCLUDE (file_row_number), "  # noqa: S608
            f"file_row_number AS {_quoted(number)}, {bucket} AS piece "
            f"FROM read_parquet({_text(path)}, file_row_number = true)) "
            f"TO {_text(folder / side)} (FORMAT PARQUET, PARTITION_BY (piece))"
        )
    for p in range(cut):
        yield _bucket(db, folder / CASES, p, cases), _bucket(db, folder / TABLE, p, other)


def _number(path: Path, column: str) -> bool:
    import pyarrow as pa

    schema = _file(path).schema_arrow
    if column not in schema.names:
        raise JoinError(f"{path} has no column {column!r}. It has {', '.join(schema.names[:12])}.")
    kind = schema.field(column).type
    whole = pa.types.is_integer(kind)
    return bool(whole or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _bucket(db: Any, folder: Path, p: int, whole: Path) -> pd.DataFrame:
    files = sorted((folder / f"piece={p}").glob("*.parquet"))
    number = ROW if folder.name == CASES else OTHER
    if not files:
        empty = as_pandas(_file(whole).schema_arrow.empty_table())
        return empty.assign(**{number: pd.array([], dtype="int64")})
    listed = ", ".join(map(_text, files))
    table = db.sql(
        f"SELECT * FROM read_parquet([{listed}], hive_partitioning = false) "  # noqa: S608
        f"ORDER BY {_quoted(number)}"
    ).to_arrow_table()
    return as_pandas(table)


def sorted_back(folder: Path, memory_mb: int) -> Path:
    """The written pieces in the order of the cases."""
    out = folder / "sorted.parquet"
    _database(folder, memory_mb).execute(
        f"COPY (SELECT * FROM read_parquet({_text(folder / 'whole.parquet')}) "  # noqa: S608
        f"ORDER BY {ROW}) TO {_text(out)} (FORMAT PARQUET)"
    )
    return out


def _database(folder: Path, memory_mb: int) -> Any:
    try:
        import duckdb
    except ImportError as err:
        raise JoinError(
            "two files are joined through DuckDB, which is not installed: pip install"
            " 'peacestudy[scale]'."
        ) from err
    db = duckdb.connect()
    db.execute(f"SET memory_limit = '{int(memory_mb)}MB'")
    db.execute(f"SET temp_directory = {_text(folder / 'spill')}")
    return db


def _quoted(name: str) -> str:
    """A column name as SQL takes it, whatever stands in it."""
    return '"' + name.replace('"', '""') + '"'


def _text(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
