"""What is written beside the values of a table: type, label
and codes of every column, as one table.

A CSV or Stata file carries it in a file beside it, ``<name>_<ending>_labels.csv``; a workbook in
the sheet ``labels``; Parquet in its metadata. ``name`` is what the column is called in the file,
where that is not what it is called in the frame.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from peacestudy.core.problems import one_of
from peacestudy.core.schema import Field, Schema
from peacestudy.core.tables import file_sha256, parse_table, read_text
from peacestudy.errors import SourceError

TYPES = ("string", "integer", "number", "boolean", "date")
HEADER = ("column", "name", "type", "label", "code", "meaning")
HASH = "sha256"  # type of the row that carries the hash of the data file, in its column meaning
_SCHEMA = Schema(tuple(Field(name) for name in HEADER))


@dataclass(frozen=True)
class Column:
    """One column: what the frame calls it, what the file calls it, its
    type, its label and the labels of its codes.
    """

    column: str
    name: str
    type: str
    label: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


def beside(path: Path, what: str) -> Path:
    """The file beside a data file: ``cases.csv`` and ``labels`` give ``cases_csv_labels.csv``,
    which the same name in another format does not share.

    Examples
    --------
    >>> beside(Path("out/cases.dta"), "ledger").name
    'cases_dta_ledger.csv'
    """
    return path.with_name(f"{path.stem}_{path.suffix.lstrip('.')}_{what}.csv")


def label_rows(columns: Iterable[Column]) -> list[tuple[str, ...]]:
    """A row a column, and after it a row for each of its
    labelled codes; in the order of ``HEADER``.
    """
    out: list[tuple[str, ...]] = []
    for c in columns:
        out.append((c.column, c.name, c.type, c.label, "", ""))
        out += [(c.column, c.name, c.type, "", code, meaning) for code, meaning in c.values.items()]
    return out


def hash_row(data: bytes) -> tuple[str, ...]:
    """The row that says to which bytes of the data file the labels belong."""
    return ("", "", HASH, "", "", hashlib.sha256(data).hexdigest())


def columns_of(rows: Iterable[Sequence[str | None]], where: str) -> list[Column]:
    """The columns that ``label_rows`` was given.

    Raises
    ------
    SourceError
        A row is not of that form.
    """
    out: dict[str, Column] = {}
    codes: dict[str, dict[str, str]] = {}
    for row in rows:
        if len(row) != len(HEADER):
            raise SourceError(
                f"{where} has a row of {len(row)} cells where {len(HEADER)} are expected. Delete"
                " it, or write it again."
            )
        column, name, kind, label, code, meaning = (str(cell or "") for cell in row)
        if kind not in TYPES:
            raise SourceError(one_of(f"{where}: the type of column {column!r}", kind, TYPES))
        if column not in out:
            out[column] = Column(column, name, kind, label, codes.setdefault(column, {}))
        elif code:
            codes[column][code] = meaning
    return list(out.values())


def columns_beside(path: Path) -> list[Column]:
    """The columns that ``<name>_<ending>_labels.csv`` beside a file
    tells of; none where there is no such file.

    Raises
    ------
    SourceError
        The labels were written for other bytes of the data file, as after a write that was cut off.
    """
    file = beside(path, "labels")
    if not file.is_file():
        return []
    # to the letter: a name may be composed or not, as it is in the data
    table = parse_table(read_text(file, compose=False), _SCHEMA, file)
    rows = []
    for row in table.itertuples(index=False, name=None):
        rows.append(tuple(None if value is None else str(value) for value in row))
    hashes = [row[-1] for row in rows if row[2] == HASH]
    if hashes and hashes != [file_sha256(path)]:
        raise SourceError(
            f"{file.name} was written for other data than {path.name} holds now: a write was cut"
            " off, or one of the two was changed or copied alone. Write both again; or delete the"
            " labels file to read the data without it."
        )
    return columns_of([row for row in rows if row[2] != HASH], file.name)
