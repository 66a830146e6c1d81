"""The program that reads one SPSS file in a process of its own: the library it uses can end the
process on a damaged file.

``spss_file`` runs this file by its path, so it imports nothing of the project. It takes three
arguments (the SPSS file, an empty folder, the largest number of cells) and leaves in the folder
``found.json`` and ``numbers.npy`` (a row a numeric column), or ``found.json`` with the text of an
error alone.
"""

import json
import sys
from pathlib import Path
from typing import Any


def main(file: str, folder: str, limit: int) -> None:
    """Read the file, and write what it holds or what is wrong with it."""
    try:
        found = _read(file, Path(folder), limit)
    except Exception as err:
        found = {"error": f"{type(err).__name__}: {err}"}
    Path(folder, "found.json").write_text(json.dumps(found), encoding="ascii")


def _read(file: str, folder: Path, limit: int) -> dict[str, Any]:
    import numpy as np
    import pyreadstat

    options: Any = {
        "user_missing": True,
        "disable_datetime_conversion": True,
        "output_format": "dict",
    }
    _, head = pyreadstat.read_sav(file, metadataonly=True, **options)
    names = [str(name) for name in head.column_names]
    rows = limit // max(len(names), 1)
    if (head.number_rows or 0) > rows:
        return {"rows": head.number_rows, "columns": len(names)}
    columns, meta = pyreadstat.read_sav(file, row_limit=rows + 1, **options)
    if set(columns) != set(names) or len(columns) < len(names):
        raise ValueError("two columns have one name")
    length = max(map(len, columns.values()), default=0)
    if length > rows:
        return {"rows": length, "columns": len(names)}
    if any(len(values) != length for values in columns.values()):
        raise ValueError("its columns differ in length")
    texts = [name for name in names if meta.readstat_variable_types.get(name) == "string"]
    numbers = [name for name in names if name not in set(texts)]
    table = np.empty((len(numbers), length))
    for n, name in enumerate(numbers):
        table[n] = [np.nan if value is None else value for value in columns[name]]
    np.save(folder / "numbers.npy", table, allow_pickle=False)
    return {
        "names": names,
        "numbers": numbers,
        "texts": {name: _plain_texts(columns[name]) for name in texts},
        "formats": {str(k): str(v) for k, v in meta.original_variable_types.items()},
        "labels": {str(k): str(v) for k, v in meta.column_names_to_labels.items() if v},
        "values": _labels_of_codes(meta.variable_value_labels),
        "missing": _missing_ranges(meta.missing_ranges),
        "rows": length,
    }


def _plain_texts(cells: Any) -> list[str | None]:
    return [None if cell is None else str(cell) for cell in cells]


def _labels_of_codes(labels: Any) -> dict[str, list[list[Any]]]:
    """Pairs of code and label, by column."""
    out = {}
    for name, codes in labels.items():
        out[str(name)] = [[code, str(label)] for code, label in codes.items()]
    return out


def _missing_ranges(ranges: Any) -> dict[str, list[list[Any]]]:
    """The lowest and highest code of every range that is declared missing, by column."""
    out = {}
    for name, spans in ranges.items():
        out[str(name)] = [[span["lo"], span["hi"]] for span in spans]
    return out


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
