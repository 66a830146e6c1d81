"""A frame made ready for any file: five plain types, labels by column,
ledger, exclusions and notes as tables of text.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from peacestudy.core.frame import StudyFrame
from peacestudy.core.ledger import Ledger
from peacestudy.core.problems import Note, Problem, one_of
from peacestudy.core.workbook.escapes import unwritable
from peacestudy.errors import JoinError
from peacestudy.outcomes import SOURCES
from peacestudy.outcomes.files.labels import HEADER, Column, hash_row, label_rows

_DTYPES = {"integer": "Int64", "number": "float64", "boolean": "boolean", "date": "datetime64[us]"}


@dataclass(frozen=True)
class Written:
    """What was written.

    Attributes
    ----------
    paths : the files, the data first.
    names : what a column is called in the file, for the columns that had to be renamed.
    notes : what the format could not hold as it was.
    """

    paths: tuple[Path, ...]
    names: Mapping[str, str]
    notes: tuple[Note, ...]


@dataclass(frozen=True)
class Prepared:
    """A frame ready to be written.

    Attributes
    ----------
    data : text as object str or None, Int64, float64, boolean, datetime64 of whole days.
    columns : type, label and labels of codes, a column each.
    unit : what a row is, empty for a plain table.
    beside : the tables ``ledger``, ``excluded`` and ``notes``.
    """

    data: pd.DataFrame
    columns: tuple[Column, ...]
    unit: str
    beside: Mapping[str, pd.DataFrame]

    def labels(
        self, columns: tuple[Column, ...] | None = None, data: bytes | None = None
    ) -> pd.DataFrame:
        """The columns as a table, with the hash of the data file where its bytes are given.

        See ``peacestudy.outcomes.files.labels``.
        """
        rows = label_rows(columns or self.columns)
        if data is not None:
            rows.append(hash_row(data))
        return pd.DataFrame(rows, columns=list(HEADER), dtype=object)


def prepared(
    frame: StudyFrame | pd.DataFrame,
    suffix: str,
    labels: Mapping[str, str] | None,
    values: Mapping[str, Mapping[str, str]] | None,
) -> Prepared:
    """Bring a frame to plain types and gather its labels.

    Raises
    ------
    JoinError
        Labels for no column, or all values that no file holds, each with row, column and remedy.
    """
    if not isinstance(frame, StudyFrame | pd.DataFrame):
        raise JoinError(f"the frame is a {type(frame).__name__}; give a StudyFrame or a DataFrame.")
    raw = frame if isinstance(frame, pd.DataFrame) else frame.data
    names = [str(c) for c in raw.columns]
    if len(set(names)) < len(names) or not all(n.strip() for n in names):
        raise JoinError("column names must be filled and unique. Rename the columns.")
    known_names = set(names)
    for given in (*(labels or {}), *(values or {})):
        if given not in known_names:
            raise JoinError(one_of("a labelled column", given, names))
    problems: list[Problem] = []
    plain = {}
    for place, name in enumerate(names):
        plain[name] = _plain(raw.iloc[:, place], name, suffix, problems)
    data = pd.DataFrame(plain, index=range(len(raw)))
    for name in names:
        why = unwritable(name, suffix)
        if why:
            problems.append(Problem(suffix, 1, name, name, why, "rename the column"))
    rows_can_vanish = suffix == ".xlsx" or (suffix == ".csv" and len(names) == 1)
    if rows_can_vanish and not problems:
        problems += _empty_rows(data, suffix)
    if problems:
        raise JoinError(
            f"the frame cannot be written as {suffix}: {len(problems)} problem(s).", problems
        )
    known = {**_from_sources(frame), **(labels or {})}
    columns = []
    for name in names:
        codes = (values or {}).get(name, {})
        columns.append(Column(name, name, type_of(data[name]), known.get(name, ""), codes))
    unit = "" if isinstance(frame, pd.DataFrame) else frame.unit
    return Prepared(data, tuple(columns), unit, _beside(frame))


def _empty_rows(data: pd.DataFrame, suffix: str) -> list[Problem]:
    """Rows without any value, which the format cannot hold."""
    rule = "a row without any value cannot be distinguished from no row"
    remedy = "drop it, or add a column that names the row"
    empty = np.flatnonzero(data.isna().all(axis=1))
    return [Problem(suffix, int(i) + 2, "", "", rule, remedy) for i in empty]


def type_of(column: pd.Series) -> str:
    """The plain type of a column: ``string``, ``integer``, ``number``, ``boolean`` or ``date``."""
    kind = column.dtype.kind
    return {"i": "integer", "f": "number", "b": "boolean", "M": "date"}.get(kind, "string")


def _plain(column: pd.Series, name: str, suffix: str, problems: list[Problem]) -> pd.Series:
    column = column.reset_index(drop=True)
    if isinstance(column.dtype, pd.CategoricalDtype):
        categories = column.cat.categories.dtype
        column = column.astype("Int64" if categories.kind in "iu" else categories)
    stored, is_object = column.dtype.kind, column.dtype == object
    kind = pd.api.types.infer_dtype(column, skipna=True)
    if stored in "iub" or (is_object and kind in ("integer", "boolean")):
        return _whole(column, name, suffix, problems)
    if stored == "f" or (is_object and kind in ("floating", "mixed-integer-float")):
        return _numbers(column, name, suffix, problems)
    if stored == "M" or kind in ("datetime64", "datetime", "date"):
        return _days(column, name, suffix, problems)
    texts = column.astype(object).where(column.notna(), None)
    remedy = "correct the value, or write the column as text"
    for i, text in enumerate(texts):
        if text is None:
            continue
        why = _unwritable(text, suffix)
        if why:
            problems.append(Problem(suffix, i + 2, name, str(text)[:60], why, remedy))
    return texts


def _unwritable(text: object, suffix: str) -> str:
    """Why a value cannot be written as text; empty where it can."""
    if not isinstance(text, str):
        return "expected text"
    if suffix == ".dta" and "\0" in text:
        return "a text of Stata ends at the character NUL"
    return unwritable(text, suffix)


def _whole(column: pd.Series, name: str, suffix: str, problems: list[Problem]) -> pd.Series:
    if column.dtype.kind == "b" or pd.api.types.infer_dtype(column, skipna=True) == "boolean":
        return column.astype("boolean")
    try:
        out = column.astype("Int64")
    except (TypeError, ValueError, OverflowError):
        problems.append(
            Problem(
                suffix,
                0,
                name,
                "",
                "a whole number of more than 63 bits",
                "write the column as text",
            )
        )
        return column
    most = {".xlsx": 10**15 - 1, ".dta": 2**53 - 1}.get(suffix, 2**63)
    over = (out > most) | (out < -most)
    problems += [
        Problem(
            suffix,
            int(i) + 2,
            name,
            str(out[i]),
            f"the format holds whole numbers up to {most:,}",
            "write the column as text",
        )
        for i in np.flatnonzero(over.fillna(False).to_numpy(dtype=bool))
    ]
    return out


def _numbers(column: pd.Series, name: str, suffix: str, problems: list[Problem]) -> pd.Series:
    out = column.astype("Float64").astype(object).where(column.notna(), np.nan).astype("float64")
    most = 8.988e307 if suffix == ".dta" else np.inf  # what is larger is missing to Stata
    problems += [
        Problem(
            suffix,
            int(i) + 2,
            name,
            str(out[i]),
            "an infinite number, or too large a one, cannot be written",
            "make it missing, or correct it",
        )
        for i in np.flatnonzero(out.abs().to_numpy() >= most)
    ]
    return out


def _days(column: pd.Series, name: str, suffix: str, problems: list[Problem]) -> pd.Series:
    try:
        out = pd.to_datetime(column).astype("datetime64[us]")
    except (TypeError, ValueError, OverflowError) as err:
        problems.append(
            Problem(
                suffix,
                0,
                name,
                "",
                f"dates without time zone are expected ({err})",
                "convert the column",
            )
        )
        return column
    timed = (out.notna() & (out != out.dt.normalize())).to_numpy()
    low, high = (100, 9999) if suffix == ".dta" else (1, 9999)
    far = (out.notna() & ~out.dt.year.between(low, high)).to_numpy()
    for bad, rule in (
        (timed, "a date is written as a day, and this has a time of day"),
        (far, f"years {low} to {high} are written"),
    ):
        problems += [
            Problem(
                suffix,
                int(i) + 2,
                name,
                str(out[i]),
                rule,
                "take the day (.dt.normalize()), or write the column as text",
            )
            for i in np.flatnonzero(bad)
        ]
    return out


def _from_sources(frame: StudyFrame | pd.DataFrame) -> dict[str, str]:
    """What the sources say of the columns that were joined: description and unit of the field."""
    out = {}
    for joined in frame.joined if isinstance(frame, StudyFrame) else ():
        source = SOURCES.get(joined.source)
        fields = {f.name: f for f in source.schema.fields} if source else {}
        for column in joined.columns:
            field = fields.get(column)
            if field and source:
                said = "; ".join(
                    part for part in (field.description, field.unit and f"in {field.unit}") if part
                )
                out[column] = f"{said} ({source.name})" if said else f"{column} of {source.name}"
    return out


def _beside(frame: StudyFrame | pd.DataFrame) -> dict[str, pd.DataFrame]:
    nobody = pd.DataFrame(columns=["case", "step", "reason"], dtype=object)
    if isinstance(frame, pd.DataFrame):
        return {
            "ledger": Ledger().table(),
            "excluded": nobody,
            "notes": pd.DataFrame(columns=["kind", "text"], dtype=object),
        }
    notes = [(n.kind, n.text) for n in frame.notes]
    return {
        "ledger": frame.ledger.table(),
        "excluded": nobody if frame.excluded is None else frame.excluded,
        "notes": pd.DataFrame(notes, columns=["kind", "text"], dtype=object),
    }
