"""Stata files, versions 8 to 18: labels kept, and the missing values .a to .z counted by letter."""

import io
import warnings
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from peacestudy.core.problems import Note, reason_of
from peacestudy.core.tables import header_problems, read_bytes, too_many_cells
from peacestudy.errors import SourceError
from peacestudy.outcomes.files.labels import beside, columns_beside
from peacestudy.outcomes.files.stored_types import restored
from peacestudy.outcomes.files.table import FileTable

_FIRST = 2_147_483_621  # Stata's "." as a code of a value label; .a to .z follow


def read(path: Path, sheet: str | None) -> FileTable:
    """A Stata file; names, types and whole labels come back where ``<name>_<ending>_labels.csv``
    says that the project wrote it.
    """
    if sheet is not None:
        raise SourceError(
            f"{path} is a Stata file, which has no sheet {sheet!r}. Leave sheet= out."
        )
    notes: list[Note] = []
    try:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            table, labels, values, missing = _read(path, notes)
    except SourceError:
        raise
    except Exception as err:  # a library on damaged bytes fails in ways of its own
        raise SourceError(
            f"{path} is damaged or not a Stata file ({reason_of(err)}). Download or save it again."
        ) from err
    if any(issubclass(w.category, UnicodeWarning) for w in told):
        text = (
            "Some texts are not in the encoding that the file declares; they were read as Latin-1."
            " Check letters with accents."
        )
        notes.append(Note("encoding", text))
    if missing:
        by_letter = Counter[str]()
        for counts in missing.values():
            by_letter.update(counts)
        columns = list(missing.items())[:8]
        where = "; ".join(f"{name} {_letters(counts)}" for name, counts in columns)
        text = f"Stata's coded missing values are missing here: {_letters(by_letter)} ({where})."
        notes.append(Note("extended_missing", text))
    found = FileTable(table, labels, values, tuple(notes))
    return restored(found, columns_beside(path), beside(path, "labels").name)


def _letters(counts: Counter[str]) -> str:
    """Counts of the letters of missing values."""
    return ", ".join(f"{letter} {n}" for letter, n in sorted(counts.items()))


def _read(
    path: Path, notes: list[Note]
) -> tuple[pd.DataFrame, dict[str, str], dict[str, dict[str, str]], dict[str, Counter[str]]]:
    from pandas.io.stata import StataReader

    # from memory, so that a length in a damaged file asks for no more than there is
    data = read_bytes(path)
    with StataReader(io.BytesIO(data), convert_categoricals=False) as reader:
        reader.variable_labels()  # reads the head of the file
        _check_head(reader, path)
        raw = reader.read(convert_missing=False)  # type: ignore[attr-defined]
        labels = {str(k): str(v) for k, v in reader.variable_labels().items() if v}
        sets = reader.value_labels()
        # which set of labels a column uses has no public name in pandas; a test holds it
        names = dict(zip(map(str, reader._varlist), reader._lbllist, strict=True))  # type: ignore[attr-defined]
        widths = zip(reader._varlist, reader._dtyplist, strict=True)  # type: ignore[attr-defined]
        types = {str(name): kind for name, kind in widths if isinstance(kind, np.dtype)}
    gaps = [str(c) for c in raw.columns if raw[c].dtype.kind == "f" and raw[c].isna().any()]
    missing: dict[str, Counter[str]] = {}
    coded: pd.DataFrame | None = None
    if gaps:
        with (
            StataReader(io.BytesIO(data), convert_categoricals=False) as reader,
            suppress(KeyError),
        ):  # a code beyond .z, as pandas 3 may write
            coded = reader.read(convert_missing=True, convert_dates=False, columns=gaps)  # type: ignore[attr-defined]
        for name in gaps if coded is not None else ():
            assert coded is not None
            found = Counter(str(v) for v in coded[name][raw[name].isna()].tolist())
            del found["."]
            if found:
                missing[name] = found
    columns = {str(n): _column(raw[n], types.get(str(n)), str(n), notes) for n in raw.columns}
    table = pd.DataFrame(columns, index=range(len(raw)))
    values = {}
    for column, labels_set in names.items():
        if labels_set and labels_set in sets:
            pairs = sets[labels_set].items()
            values[column] = {_code(code): str(text) for code, text in pairs}
    return table, labels, values, missing


def _check_head(reader: Any, path: Path) -> None:
    """The size of the table, and the names of its columns, before anything is read."""
    names = [str(name) for name in reader._varlist]
    too_many_cells(max(int(reader._nobs), 0), len(names), str(path))
    problems = header_problems(names, path.name, 0)
    if problems:
        raise SourceError(
            f"{path} does not have one name per column: {len(problems)} problem(s).", problems
        )


def _code(code: Any) -> str:
    n = int(code)
    if n < _FIRST:
        return str(n)
    return "." if n == _FIRST else "." + chr(96 + n - _FIRST)


def _column(values: pd.Series, stored: Any, name: str, notes: list[Note]) -> pd.Series:
    if values.dtype.kind == "M":
        return values.astype("datetime64[us]")
    if stored is not None and stored.kind == "i" and values.dtype != object:
        return values.astype("Int64")
    if values.dtype.kind == "f":
        return values.astype(float)
    if stored is not None and stored.kind in "if":  # %tC, which pandas leaves as it is
        text = (
            f"{name} holds moments that count leap seconds (%tC); they are milliseconds since 1960."
            " Convert it in Stata with dofC."
        )
        notes.append(Note("leap_seconds", text))
        return pd.to_numeric(values, errors="coerce").astype(float)
    texts = values.astype(object)
    return texts.where(texts.notna() & (texts != ""), None)  # Stata's missing text is the empty one
