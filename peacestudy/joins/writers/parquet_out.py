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
        column = ready.data[c.name]
        values = [v.date() if v == v else None for v in column] if c.type == "date" else column
        arrays.append(pa.array(values, type=kinds[c.type], from_pandas=True))
    told: dict[str, Any] = {"unit": ready.unit, "labels": label_rows(ready.columns)}
    told |= {
        name: table.astype(object).where(table.notna(), None).to_dict("records")
        for name, table in ready.beside.items()
    }
    schema = pa.schema(
        [pa.field(c.name, kinds[c.type]) for c in ready.columns],
        metadata={KEY: json.dumps(told, ensure_ascii=False, default=str).encode("utf-8")},
    )
    out = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), out, compression="zstd")
    write_bytes(path, out.getvalue(), JoinError)
    return Written((path,), {}, ())
