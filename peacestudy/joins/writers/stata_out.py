"""Stata: data, variable labels and labels of codes in the file;
ledger, notes and whole labels beside it.

Format 118 (Stata 14 and later, Unicode). Names are of letters a to z, digits and underscores, at
most 32; missing is missing and never zero; days are %td, truth values bytes 0 and 1, texts over
2,045 bytes strL.
"""

import io
import re
import unicodedata
import warnings
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pandas as pd

from peacestudy.core.problems import Note
from peacestudy.errors import JoinError
from peacestudy.joins.writers.csv_out import formulas_beside, write_set
from peacestudy.joins.writers.preparation import Prepared, Written
from peacestudy.outcomes.files.labels import Column, beside

_INT = 2_147_483_620  # the largest long
_LONG = 2045  # bytes of a str
_LABEL = 80  # characters of a label of a variable or of the data
_MEANING = 32_000
_RESERVED = frozenset(
    [
        "aggregate",
        "array",
        "boolean",
        "break",
        "byte",
        "case",
        "catch",
        "class",
        "colvector",
        "complex",
        "const",
        "continue",
        "default",
        "delegate",
        "delete",
        "do",
        "double",
        "else",
        "eltypedef",
        "end",
        "enum",
        "explicit",
        "export",
        "external",
        "float",
        "for",
        "friend",
        "function",
        "global",
        "goto",
        "if",
        "in",
        "inline",
        "int",
        "local",
        "long",
        "null",
        "pragma",
        "protected",
        "quad",
        "rowvector",
        "short",
        "switch",
        "this",
        "try",
        "typedef",
        "typename",
        "using",
        "virtual",
        "with",
        "_all",
        "_b",
        "_coef",
        "_cons",
        "_n",
        "_N",
        "_pi",
        "_pred",
        "_rc",
        "_skip",
        "_uniform",
        "_weight",
        "NULL",
        "strL",
    ]
)
_STR = re.compile(r"str[0-9]*", re.IGNORECASE)


def write(ready: Prepared, path: Path) -> Written:
    """The data, and beside them ``<name>_<ending>_labels.csv``,
    ``_ledger.csv``, ``_excluded.csv`` and ``_notes.csv``.
    """
    names = stata_names([c.name for c in ready.columns])
    columns = tuple(replace(c, name=names[c.name]) for c in ready.columns)
    notes: list[Note] = []
    renamed = {c.column: c.name for c in columns if c.name != c.column}
    if renamed:
        said = ", ".join(f"{a} -> {b}" for a, b in renamed.items())
        notes.append(Note("renamed", f"Names were changed to the form that Stata allows: {said}."))
    data = pd.DataFrame({c.name: _column(ready.data[c.column], c, notes) for c in columns})
    out = io.BytesIO()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # nothing that pandas would change by itself goes unsaid
            data.to_stata(
                out,
                write_index=False,
                version=118,
                time_stamp=datetime(2000, 1, 1),
                data_label=_cut(_data_label(ready, path)),
                convert_dates={c.name: "td" for c in columns if c.type == "date"},
                variable_labels={
                    c.name: _cut(c.label or (c.column if c.name != c.column else ""))
                    for c in columns
                },
                convert_strl=[
                    c.name for c in columns if c.type == "string" and _longest(data[c.name]) > _LONG
                ],
                value_labels={c.name: codes for c in columns if (codes := _codes(c, notes))},
            )
    except (ValueError, TypeError, OverflowError, NotImplementedError, Warning) as err:
        raise JoinError(
            f"the frame cannot be written as a Stata file: {err}. Correct the columns, or write"
            " Parquet or CSV."
        ) from err
    long = [c.column for c in columns if len(c.label) > _LABEL]
    if long:
        notes.append(
            Note(
                "labels_cut",
                f"Labels over {_LABEL} characters are truncated in the file, and complete in"
                f" {beside(path, 'labels').name}: {', '.join(long)}.",
            )
        )
    notes += formulas_beside(ready)
    paths = write_set(ready, path, columns, out.getvalue())
    return Written(paths, renamed, tuple(notes))


def stata_names(names: list[str]) -> dict[str, str]:
    """A name that Stata takes for each column, all different.

    Examples
    --------
    >>> stata_names(["peace years", "Führung", "1st", "in", "x", "X"])
    {'peace years': 'peace_years', 'Führung': 'Fuhrung', '1st': '_1st', 'in': 'in_', 'x': 'x', \
'X': 'X'}
    """
    out: dict[str, str] = {}
    taken = {n for n in names if _plain(n) == n}
    for name in names:
        plain = _plain(name)
        n, tried = 1, plain
        while tried != name and tried in taken:
            n += 1
            tried = plain[: 31 - len(str(n))] + f"_{n}"
        taken.add(tried)
        out[name] = tried
    return out


def _plain(name: str) -> str:
    bare = "".join(
        ch for ch in unicodedata.normalize("NFKD", name) if not unicodedata.combining(ch)
    )
    bare = re.sub(r"[^A-Za-z0-9_]", "_", bare)[:32]
    bare = bare if not bare[:1].isdigit() else f"_{bare}"[:32]
    return f"{bare}_"[:32] if bare in _RESERVED or _STR.fullmatch(bare) else bare


def _column(values: pd.Series, column: Column, notes: list[Note]) -> pd.Series:
    if column.type == "boolean":
        return values.astype("Int8")
    if column.type == "integer" and values.isna().any() and (values.abs() > _INT).any():
        # pandas 3 would write a code beyond .z for the missing ones
        return values.astype("float64")
    if column.type != "string":
        return values
    if (values == "").any() and values.isna().any():
        notes.append(
            Note(
                "empty_text",
                f"{column.column}: an empty text is Stata's missing one;"
                f" {int((values == '').sum())} of them read as missing.",
            )
        )
    return values.where(values.notna(), "").astype(object)


def _longest(texts: pd.Series) -> int:
    return max((len(t.encode("utf-8")) for t in texts), default=0)


def _codes(column: Column, notes: list[Note]) -> dict[float, str]:
    """Labels of codes that Stata takes: of whole numbers; the
    others are told, and stand beside the file.
    """
    whole = {
        int(c): m[:_MEANING] for c, m in column.values.items() if re.fullmatch(r"-?[0-9]{1,9}", c)
    }
    if column.type != "integer" and column.type != "boolean" and column.type != "number":
        whole = {}
    if len(whole) < len(column.values):
        rest = ", ".join(
            c for c in column.values if not (whole and re.fullmatch(r"-?[0-9]{1,9}", c))
        )
        notes.append(
            Note(
                "codes_beside",
                f"{column.column}: the labels of {rest} are only in the accompanying file; Stata"
                " labels whole numbers only.",
            )
        )
    return {float(code): meaning for code, meaning in whole.items()}


def _cut(text: str) -> str:
    return text if len(text) <= _LABEL else text[: _LABEL - 1] + "…"


def _data_label(ready: Prepared, path: Path) -> str:
    unit = f"a row is a {ready.unit}; " if ready.unit else ""
    return (
        f"{unit}ledger and labels in {beside(path, 'ledger').name}, {beside(path, 'labels').name}"
    )
