"""SPSS files, where pyreadstat is installed: labels kept, the file's own missing codes made missing and counted."""

from pathlib import Path
from typing import Any

import pandas as pd

from peacestudy.core.problems import Note
from peacestudy.errors import SourceError
from peacestudy.outcomes.files.table import FileTable


def read(path: Path, sheet: str | None) -> FileTable:
    """An SPSS file."""
    if sheet is not None:
        raise SourceError(f"{path} is an SPSS file, which has no sheet {sheet!r}. Leave sheet= out.")
    try:
        import pyreadstat
    except ImportError as err:
        raise SourceError(f"{path} is an SPSS file, which needs pyreadstat: pip install 'peacestudy[files]'.") from err
    try:
        raw, meta = pyreadstat.read_sav(str(path), apply_value_formats=False, user_missing=True, output_format="pandas")
    except (
        pyreadstat.ReadstatError,
        pyreadstat.PyreadstatError,
        UnicodeError,
        OSError,
        ValueError,
        OverflowError,
    ) as err:
        raise SourceError(f"{path} is damaged or no SPSS file ({err}). Download or save it again.") from err
    notes: list[Note] = []
    columns = {str(n): _column(raw[n], meta.missing_ranges.get(n, []), str(n), notes) for n in raw.columns}
    labels = {str(k): str(v) for k, v in meta.column_names_to_labels.items() if v}
    values = {str(c): {_code(k): str(v) for k, v in codes.items()} for c, codes in meta.variable_value_labels.items()}
    return FileTable(pd.DataFrame(columns, index=range(len(raw))), labels, values, tuple(notes))


def _code(code: Any) -> str:
    return str(int(code)) if isinstance(code, float) and code.is_integer() else str(code)


def _column(values: pd.Series, ranges: list[Any], name: str, notes: list[Note]) -> pd.Series:
    values = values.reset_index(drop=True)
    coded = pd.Series(False, index=values.index)
    for span in ranges:
        coded |= values.map(lambda v, a=span["lo"], b=span["hi"]: isinstance(v, type(a)) and a <= v <= b).astype(bool)
    if coded.any():
        counts = values[coded].map(_code).value_counts().sort_index()
        said = ", ".join(f"{code} {n}" for code, n in counts.items())
        notes.append(Note("coded_missing", f"Codes that the file declares as missing are missing in {name}: {said}."))
        values = values.mask(coded)
    if values.dtype.kind == "M":
        return values.astype("datetime64[us]")
    if values.dtype.kind in "iuf":
        return values.astype(float)
    kinds = {type(v).__name__ for v in values.dropna()}
    if kinds and kinds <= {"date", "datetime", "Timestamp"}:
        return pd.to_datetime(values, errors="coerce").astype("datetime64[us]")
    texts = values.astype(object)
    return texts.where(texts.notna() & (texts != ""), None)
