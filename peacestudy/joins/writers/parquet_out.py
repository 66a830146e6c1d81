"""Parquet: one file; labels, ledger, exclusions and notes as JSON in
its metadata, under the key ``peacestudy``.
"""

import io
import json
from pathlib import Path
from typing import Any

from peacestudy.core.tables import write_bytes
from peacestudy.errors import JoinError
from peacestudy.joins.writers.preparation import Prepared, Written
from peacestudy.outcomes.files.labels import label_rows
from peacestudy.outcomes.files.parquet_file import KEY


def write(ready: Prepared, path: Path) -> Written:
    """The data with everything else in the metadata."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {
        "string": pa.string(),
        "integer": pa.int64(),
        "number": pa.float64(),
        "boolean": pa.bool_(),
        "date": pa.date32(),
    }
    arrays = []
    for c in ready.columns:
        values: Any = ready.data[c.name]
        if c.type == "date":
            values = [day.date() if day == day else None for day in values]
        arrays.append(pa.array(values, type=kinds[c.type], from_pandas=True))
    description: dict[str, Any] = {"unit": ready.unit, "labels": label_rows(ready.columns)}
    for name, table in ready.beside.items():
        filled = table.astype(object).where(table.notna(), None)
        description[name] = filled.to_dict("records")
    text = json.dumps(description, ensure_ascii=False, default=str)
    fields = [pa.field(c.name, kinds[c.type]) for c in ready.columns]
    schema = pa.schema(fields, metadata={KEY: text.encode("utf-8")})
    out = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), out, compression="zstd")
    write_bytes(path, out.getvalue(), JoinError)
    return Written((path,), {}, ())
