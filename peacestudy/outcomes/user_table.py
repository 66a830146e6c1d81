"""A table of the user as a source with coverage, so that a join treats it like a known source."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from peacestudy.core.code_systems import code_system_fit
from peacestudy.core.countries import SYSTEMS
from peacestudy.core.key_check import twin_notes
from peacestudy.core.keys import levels
from peacestudy.core.names_to_codes import names_given_as_codes
from peacestudy.core.old_names import renamed_arguments
from peacestudy.core.problems import Note, one_of
from peacestudy.core.schema import Field, Schema
from peacestudy.core.spoiled_numbers import SPOILED, Missing
from peacestudy.core.tables import file_sha256, to_csv
from peacestudy.core.todays_codes import DATES_OF_CODES, codes_before_their_time
from peacestudy.errors import SourceError
from peacestudy.outcomes.files.read import read_file, with_marks, without_marks
from peacestudy.outcomes.files.table import FileTable
from peacestudy.outcomes.source import OutcomeTable, Source

_TYPES = {"i": "integer", "u": "integer", "f": "number", "b": "boolean", "M": "date"}
_SHOWN = 5
MISFIT = 0.1  # share of the codes by which another system must know more
SEVERAL = 0.2  # share of the codes that the declared system does not know, above which that is said


@renamed_arguments()
def as_outcome(
    table: pd.DataFrame | FileTable | str | os.PathLike[str],
    *,
    name: str,
    key: str | Sequence[str],
    unit: str,
    year: str = "",
    years: tuple[int, int] | None = None,
    units: str = "listed",
    absent: str = "",
    states: Sequence[tuple[str, str]] = (),
    codes: str = "",
    citation: str = "",
    licence: str = "",
    missing: Missing = (),
) -> OutcomeTable:
    """Make an outcome table of a file or table of your own.

    Parameters
    ----------
    table : DataFrame, FileTable or path
        A table, what ``read_file`` gave, or the path of a file that it reads.
    name : str
        What it is, for the ledger and notes.
    key : str or sequence of str
        The column, or columns, that together identify a row.
    unit : str
        What a row is, such as ``country-year``.
    year : str
        Column of the year; empty where a row does not belong to a year.
    years : tuple of int, (first, last), optional
        Years that the table covers, both included; required with ``year``. They are not taken from
        the rows: a year without a record is not the same as a year that nobody observed.
    units : {"listed", "all"}
        The units that it covers: those that have a row, or all.
    absent : str
        What an absent row means inside those years and units; empty where it is not known.
    states : sequence of (str, str)
        Columns that name a state, each with its code system.
    codes : {"", "date", "today"}
        ``date`` where a row has the code that its state had in the row's year (ZAR in 1990),
        ``today`` where it has today's code in every year (COD in 1990), as in most panels. Required
        where rows have codes that were not in force in their year; otherwise the two are the same.
    citation, licence : str
        How to cite it, and its terms of use.
    missing : mapping or sequence of str or float
        Texts or numbers that mean a missing value, by column or as a list, as in ``read_file``.

    Returns
    -------
    OutcomeTable
        The table is a copy. The id of its source is empty: it is not in ``SOURCES``.

    Raises
    ------
    SourceError
        A column is absent; a key is missing or repeated; years are not given, or rows lie outside
        them; or a column of ``states`` holds names instead of codes. Keys that differ only by
        blanks, accents, capitals, apostrophes or dashes are different keys, and a note names them.

    Examples
    --------
    >>> import pandas as pd
    >>> aid = pd.DataFrame({"gw": [2, 2], "year": [1990, 1992], "aid": [5.0, 7.0]})
    >>> outcome = ps.outcomes.as_outcome(
    ...     aid,
    ...     name="aid flows",
    ...     key=("gw", "year"),
    ...     unit="country-year",
    ...     year="year",
    ...     years=(1990, 1995),
    ...     states=(("gw", "gw"),),
    ... )
    >>> cases = pd.DataFrame({"case_id": ["a", "b"], "gw": [2, 2], "year": [1992, 1999]})
    >>> frame = ps.join(cases, outcome, on=["gw", "year"], states="gw")
    >>> ps.joins.missing(frame)["reason"].tolist()
    ['outside the years']
    """
    found, file, sha = _found(table, missing)
    data = found.table
    keys = (key,) if isinstance(key, str) else tuple(key)
    _check_columns(data, keys, year, states, name)
    first, last = _years(data, year, years, name)
    _refuse_names(data, states)
    notes = [*found.notes, *_misfits(data, states, name)]
    codes = _dates_of_codes(data, codes, states, year, name)
    _check_key(data, keys, name)
    for key_column in keys:
        notes += twin_notes(key_column, levels(data[key_column]).values, name)
    notes += _rows_without_year(data, year, name)
    source = Source(
        id="",
        name=name,
        version="",
        citation=citation,
        landing_page="",
        licence=licence or "not stated",
        file=file,
        sha256=sha,
        rows=len(data),
        schema=Schema(_fields(found, year), keys),
        unit=unit,
        key=keys,
        first_year=first,
        last_year=last,
        units=units,
        absent=absent,
        year=year,
        states=tuple((str(c), str(s)) for c, s in states),
        codes=codes,
    )
    return OutcomeTable(data, source, tuple(notes))


def _rows_without_year(data: pd.DataFrame, year: str, name: str) -> list[Note]:
    count = int(data[year].isna().sum()) if year else 0
    return [Note("no_year", f"{count} row(s) of {name} have no year.")] if count else []


def _refuse_names(data: pd.DataFrame, states: Sequence[tuple[str, str]]) -> None:
    """Refuse a column of states that holds names instead of codes."""
    for column, system in states:
        names = names_given_as_codes(data[column], system, column)
        if names:
            raise SourceError(names)


def _fields(found: FileTable, year: str) -> tuple[Field, ...]:
    """The columns with their types and labels."""
    fields = []
    for column in found.table.columns:
        name = str(column)
        kind = _type(found.table[column], name, year)
        fields.append(Field(name, kind, description=found.labels.get(name, "")))
    return tuple(fields)


def _found(
    table: pd.DataFrame | FileTable | str | os.PathLike[str], missing: Missing
) -> tuple[FileTable, str, str]:
    """The table, the file it is from, and the digest of its bytes (of
    its CSV text where it is from no file).
    """
    if isinstance(table, str | os.PathLike):
        path = Path(table)
        return read_file(path, missing=missing), path.name, file_sha256(path)
    untyped = isinstance(table, pd.DataFrame)
    if isinstance(table, pd.DataFrame):
        table = FileTable(table.reset_index(drop=True).copy())
    if not isinstance(table, FileTable):
        raise SourceError(
            f"the table is a {type(table).__name__}; give a DataFrame, a FileTable or the path of a"
            " file."
        )
    if len(missing):
        notes = tuple(note for note in table.notes if note.kind not in SPOILED)
        table = without_marks(replace(table, notes=notes), missing, "the table")
        untyped = True
    if untyped and table.table.columns.is_unique:
        table = with_marks(table)
    text = to_csv(table.table).encode("utf-8", "surrogatepass")
    return table, "", hashlib.sha256(text).hexdigest()


def _check_columns(
    data: pd.DataFrame,
    keys: tuple[str, ...],
    year: str,
    states: Sequence[tuple[str, str]],
    name: str,
) -> None:
    columns = [str(c) for c in data.columns]
    if len(set(columns)) < len(columns):
        raise SourceError(f"{name} has two columns of the same name. Rename or drop one.")
    if not keys:
        raise SourceError(f"{name} needs a key: the column, or columns, that together name a row.")
    wanted = [("a part of the key", key) for key in keys]
    if year:
        wanted.append(("year", year))
    wanted += [("states", column) for column, _ in states]
    for what, column in wanted:
        if column not in columns:
            raise SourceError(one_of(f"{what} of {name}", column, columns))
    for column, system in states:
        if system not in SYSTEMS:
            raise SourceError(one_of(f"the code system of {column} in {name}", system, SYSTEMS))


def _years(
    data: pd.DataFrame, year: str, years: tuple[int, int] | None, name: str
) -> tuple[int, int]:
    if not year:
        if years is not None:
            raise SourceError(
                f"{name} has years of coverage and no column of the year. Say which it is:"
                ' year="...".'
            )
        return 0, 9999  # a row is not of a year: every year is inside
    values = data[year].dropna()
    _refuse_no_years(values, year, name)
    rows = "no row has a year"
    if len(values):
        rows = f"rows are of {int(values.min())} to {int(values.max())}"
    if years is None:
        raise SourceError(
            f"{name} does not state which years it covers ({rows}). Write years=(first, last):"
            " outside them a value is missing, inside them an absent row has a meaning, and the"
            " rows do not show which years they are."
        )
    pair = isinstance(years, tuple | list) and len(years) == 2
    if not pair or not all(map(_is_whole, years)):
        raise SourceError(
            f"years of {name} is {years!r}; write the first and the last year, as"
            " years=(1989, 2020)."
        )
    first, last = int(years[0]), int(years[1])
    if first > last:
        raise SourceError(f"{name} begins in {first} and ends in {last}. Exchange the two years.")
    if len(values) and (values.min() < first or values.max() > last):
        raise SourceError(
            f"{name} is declared to cover {first} to {last}, and {rows}. Correct the years, or"
            " drop the rows."
        )
    return first, last


def _is_whole(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _refuse_no_years(values: pd.Series, year: str, name: str) -> None:
    """Refuse a column of the year that does not hold whole numbers."""
    kind = pd.api.types.infer_dtype(values) if len(values) else "empty"
    whole = kind in ("integer", "empty")
    if kind == "floating":
        whole = bool((values % 1 == 0).all())
    if not whole:
        raise SourceError(
            f"the year {year!r} of {name} is {kind}; whole numbers are expected. Convert it first."
        )


def _misfits(data: pd.DataFrame, states: Sequence[tuple[str, str]], name: str) -> list[Note]:
    """A note where another system of states knows more of a column's codes
    than the declared one, or none knows them.
    """
    out = []
    for column, system in states:
        fit = code_system_fit(data[column])
        share = dict(zip(fit["system"], fit["share"], strict=True))
        count, best = int(fit["codes"].iloc[0]), str(fit["system"].iloc[0])
        other_fits_better = share[best] > share[system] + MISFIT
        if count and (other_fits_better or share[system] < 1 - SEVERAL):
            better = f"; {best} has {share[best]:.0%}" if share[best] > share[system] else ""
            text = (
                f"{column!r} of {name} is declared as {system}, which has {share[system]:.0%} of"
                f" its {count} codes{better}. Codes that are not of the declared system match no"
                " state."
            )
            out.append(Note("code_system", text))
    return out


def _dates_of_codes(
    data: pd.DataFrame, codes: str, states: Sequence[tuple[str, str]], year: str, name: str
) -> str:
    """``date`` or ``today``, as written; asked for where rows carry
    codes that were not in force in their year.
    """
    if codes:
        if not states:
            raise SourceError(
                f"codes is {codes!r}, and {name} names no state. Leave it out, or write states=."
            )
        if codes not in DATES_OF_CODES:
            raise SourceError(one_of(f"codes of {name}", codes, DATES_OF_CODES))
        return codes
    for column, system in states if year else ():
        early = codes_before_their_time(data[column], data[year], system)
        if early.any():
            row = data.loc[early].iloc[0]
            raise SourceError(
                f"{int(early.sum())} row(s) of {name} carry a code of {system} that was not in"
                " force in their year, such as "
                f'{row[column]} in {row[year]}. Write codes="today" if the table carries the codes'
                " of today in every year, "
                'as most panels do, or codes="date" if these rows are errors.'
            )
    return "date"


def _check_key(data: pd.DataFrame, keys: tuple[str, ...], name: str) -> None:
    complete = data[list(keys)].notna().all(axis=1)
    repeated = data[complete & data.duplicated(list(keys), keep=False)]
    repeated = repeated[list(keys)].drop_duplicates()
    if len(repeated) or not complete.all():
        examples = []
        for row in repeated.head(_SHOWN).itertuples(index=False, name=None):
            examples.append(" ".join(map(str, row)))
        shown = f" (such as {'; '.join(examples)})" if examples else ""
        raise SourceError(
            f"the key {' + '.join(keys)} of {name} is missing in {int((~complete).sum())} row(s)"
            f" and appears twice for {len(repeated)}{shown}. Drop or reduce those rows, or name"
            " the columns that distinguish them."
        )


def _type(column: pd.Series, name: str, year: str) -> str:
    return "year" if name == year else _TYPES.get(column.dtype.kind, "string")
