"""One door for files: the ending says which reader."""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import import_module
from numbers import Real
from pathlib import Path

import pandas as pd

from peacestudy.core.problems import Note, nearest, one_of
from peacestudy.core.schema import Schema, typed
from peacestudy.core.spoiled_numbers import (
    Missing,
    hits,
    marks_by_column,
    spoiled_columns,
    spoiled_notes,
)
from peacestudy.core.tables import LIMIT
from peacestudy.errors import SourceError
from peacestudy.outcomes.files.column_types import infer, whole_years
from peacestudy.outcomes.files.table import FileTable

# ending -> module of this folder; each has read(path, sheet) and is imported when first needed
FORMATS = {
    ".csv": "csv_file",
    ".xlsx": "xlsx_file",
    ".dta": "stata_file",
    ".parquet": "parquet_file",
    ".sav": "spss_file",
    ".rds": "r_file",
    ".rda": "r_file",
    ".rdata": "r_file",
    ".tsv": "csv_file",
}


def read_file(
    path: str | os.PathLike[str],
    sheet: str | None = None,
    schema: Schema | None = None,
    *,
    missing: Missing = (),
) -> FileTable:
    r"""Read a data file by its ending.

    Parameters
    ----------
    path : str or Path
        ``.csv`` and ``.tsv`` (separated by commas, semicolons or tabs), ``.xlsx``, ``.dta``
        (Stata), ``.parquet``; ``.sav`` (SPSS) and ``.rds``, ``.rda``, ``.RData`` (R data frames)
        where their libraries are installed (``pip install 'peacestudy[files]'``).
    sheet : str, optional
        The worksheet of a workbook, or the object of an ``.rda``; required where there are several.
    schema : Schema, optional
        Columns and types, where they are declared and not inferred; other columns are left out.
    missing : mapping or sequence of str or float
        Texts or numbers that mean a missing value: ``{"aid": ["NA", "."]}`` by column, or a list
        for all columns, which also empties the cells of Namibia ("NA") where a column holds codes
        of states.

    Returns
    -------
    FileTable
        Text stays text ("NA" is Namibia, "007" keeps its zeros), numbers are numbers, dates dates.
        A column of text is numeric only where every filled cell is a number; where marks such as
        "NA", ".", "1,5" or TRUE stand among numbers, a note names column, mark and count, and
        ``missing`` declares what they are. Codes are not replaced by their labels; both are there.
        What a program marks as missing (Stata's .a to .z, SPSS's missing codes) is missing, and a
        note counts it. Years stored as 1990.0 become 1990.

    Raises
    ------
    SourceError
        The ending is unknown; the file is damaged, too large or of another kind; a library is not
        installed; or all problems of its cells at once; ``missing`` names a column that does not
        exist. Nothing in a file is ever executed or unpickled.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "aid.csv")
    ...     _ = path.write_text("iso2,code,aid\nNA,007,12\nFR,220,NA\n")
    ...     found = ps.outcomes.read_file(path)
    ...     again = ps.outcomes.read_file(path, missing={"aid": ["NA"]})
    >>> print(found.notes[0])
    aid: 1 number, 'NA' 1 time; read as text. Write missing={'aid': ['NA']} to read these as
    missing.
    >>> again.table.values.tolist()
    [['NA', '007', 12], ['FR', '220', <NA>]]
    """
    path = Path(path)
    # R calls the workspace of a folder .RData, which is all ending
    ending = (path.name if path.name.startswith(".") and not path.suffix else path.suffix).lower()
    if ending not in FORMATS:
        raise SourceError(
            f"{path} ends in {ending!r}; files that are read end in"
            f" {', '.join(FORMATS)}.{nearest(ending, list(FORMATS))} Save it as one of these."
        )
    _check_size(path)
    reader: Callable[[Path, str | None], FileTable] = import_module(
        f"peacestudy.outcomes.files.{FORMATS[ending]}"
    ).read
    found = reader(path, sheet)
    if missing is not None and (isinstance(missing, Real) or len(missing)):
        found = without_marks(found, missing, path.name)
    if schema is not None:
        return _by_schema(found, schema, path)
    table, notes = whole_years(found.table)
    found = replace(found, table=table, notes=(*found.notes, *notes))
    # a table of ours declares its texts
    return found if any(note.kind == "labels_beside" for note in found.notes) else with_marks(found)


def with_marks(found: FileTable) -> FileTable:
    """The table with notes on the columns that marks have turned from numbers into text."""
    columns = spoiled_columns(found.table)
    marks = {name: tuple(c.missing) for name, c in columns.items() if c.missing}
    return replace(found, notes=(*found.notes, *spoiled_notes(columns)), marks=marks)


def without_marks(found: FileTable, missing: Missing, file: str) -> FileTable:
    """The table without the cells that were declared missing; columns of text get their type anew.

    Raises
    ------
    SourceError
        ``missing`` names a column that is not in the file, or the
        cells that are left cannot be read.
    """
    table = found.table
    marks = marks_by_column(missing, [str(c) for c in table.columns])
    absent = [name for name in marks if name not in table.columns]
    if absent:
        raise SourceError(
            one_of("a column of missing=", absent[0], [str(c) for c in table.columns])
        )
    changed: dict[str, pd.Series] = {}
    anew: dict[str, list[str | None]] = {}
    counts = []
    for name, own in marks.items():
        at = hits(table[name], own)
        if not at.any():
            continue
        counts.append(f"{name} {int(at.sum())}")
        changed[name] = table[name].mask(at)
        if table[name].dtype == object or isinstance(table[name].dtype, pd.StringDtype):
            texts = table[name].astype(object).where(~at & table[name].notna(), None)
            if texts.map(lambda v: v is None or isinstance(v, str)).all():
                anew[name] = list(texts)
    typed_anew, problems, notes = infer(anew, range(2, len(table) + 2), file)
    if problems:
        raise SourceError(
            f"{file} cannot be read with these missing values: {len(problems)} problem(s).",
            problems,
        )
    for name in anew:
        changed[name] = typed_anew[name].set_axis(table.index)
    unused = "" if counts else " No cell holds them: check their spelling."
    told = Note(
        "declared_missing", f"Cells declared missing by column: {_few(counts) or 'none'}.{unused}"
    )
    whole = pd.DataFrame(
        {name: changed.get(str(name), table[name]) for name in table.columns}, index=table.index
    )
    return replace(found, table=whole, notes=(*found.notes, told, *notes))


def _few(counts: Sequence[str]) -> str:
    more = f" and {len(counts) - 10} other column(s)" if len(counts) > 10 else ""
    return ", ".join(counts[:10]) + more


def _check_size(path: Path) -> None:
    try:
        size = path.stat().st_size
    except (OSError, ValueError) as err:
        raise SourceError(
            f"{path} cannot be read: {getattr(err, 'strerror', err)}. Check the path."
        ) from err
    if not path.is_file():
        raise SourceError(f"{path} is not a file. Give the path of a file.")
    if size > LIMIT:
        raise SourceError(
            f"{path} has {size / 2**20:.0f} MB; files over {LIMIT / 2**20:.0f} MB are refused."
            " Split it."
        )
    if not size:
        raise SourceError(f"{path} is empty. Download or save it again.")


def _by_schema(found: FileTable, schema: Schema, path: Path) -> FileTable:
    wanted = [n for n in schema.names if n in found.table.columns]
    columns = wanted if len(wanted) == len(schema.names) else [str(c) for c in found.table.columns]
    text = pd.DataFrame({n: as_text(found.table[n]) for n in columns}, index=found.table.index)
    table, problems = typed(text, range(2, len(text) + 2), schema, path.name)
    if problems:
        raise SourceError(f"{path} does not keep its schema: {len(problems)} problem(s).", problems)
    labels = {k: v for k, v in found.labels.items() if k in table}
    values = {k: v for k, v in found.values.items() if k in table}
    return replace(found, table=table, labels=labels, values=values)


def as_text(column: pd.Series) -> pd.Series:
    """A typed column as the texts of a CSV file: whole numbers without a point, dates as
    YYYY-MM-DD, missing as empty.
    """
    if column.dtype == object:
        return column.where(column.notna(), "").astype(object)
    missing = column.isna()
    if column.dtype.kind == "M":
        texts = [v.date().isoformat() if v == v else "" for v in column]
    elif column.dtype.kind == "f":
        texts = [repr(float(v)).removesuffix(".0") for v in column]
    elif column.dtype.kind == "b":
        texts = ["1" if v is True or v == True else "0" for v in column.fillna(False)]  # noqa: E712
    else:
        texts = [str(v) for v in column]
    return pd.Series(texts, index=column.index, dtype=object).mask(missing, "")
