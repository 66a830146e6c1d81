"""A source: a public data file that a study reads, what it must look
like, what it covers, and what is owed for it.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from peacestudy.core.display import html_table
from peacestudy.core.problems import Note, Problem, one_of
from peacestudy.core.schema import Schema
from peacestudy.core.tables import file_sha256, read_table
from peacestudy.core.todays_codes import DATES_OF_CODES
from peacestudy.errors import SourceError
from peacestudy.outcomes.grouped_list import read_grouped_list

UNITS = ("listed", "all")


@dataclass(frozen=True)
class Source:
    """A known release of a public data file.

    Attributes
    ----------
    id : short name written beside every value that comes from it.
    name, version, citation, landing_page, licence : what it is, whose, where it is had, on what
        terms (believed or stated).
    file, sha256, rows : name and bytes of the release we read, and how many rows it has.
    schema : the columns we read.
    unit, key : what a row is, and the columns that name it.
    first_year, last_year : the years of which it speaks. Outside
        them a value is missing, never zero.
    units : of which units it speaks: ``listed``, those that have a row in
        some year, or ``all``, every unit of its kind.
    absent : what it means that a row is absent inside those years and units, such as ``fewer than
        25 battle-related deaths``; empty where the source does not say, and then the value is
        missing too.
    year : column that holds the year, empty where a row is not of a year.
    states : columns that name a state, each with its code system (``gw, cow, iso3, vdem``).
    codes : ``date``, a row carries the code that its state had in the row's year, or ``today``,
        every row carries the code of the release, such as COD for Zaire in 1990.
    special : column, value, what it means: numbers that are codes and not values.
    bibtex : what is owed, one BibTeX entry or several.
    """

    id: str
    name: str
    version: str
    citation: str
    landing_page: str
    licence: str
    file: str
    sha256: str
    rows: int
    schema: Schema
    unit: str
    key: tuple[str, ...]
    first_year: int
    last_year: int
    units: str = "listed"
    absent: str = ""
    year: str = ""
    states: tuple[tuple[str, str], ...] = ()
    codes: str = "date"
    special: tuple[tuple[str, float, str], ...] = ()
    bibtex: str = ""

    def __post_init__(self) -> None:
        if self.units not in UNITS:
            raise SourceError(one_of(f"units of source {self.id!r}", self.units, UNITS))
        if self.codes not in DATES_OF_CODES:
            raise SourceError(one_of(f"codes of source {self.id!r}", self.codes, DATES_OF_CODES))

    def where_to_get(self) -> str:
        """One line: the file, from whom, and the name to save it under."""
        return f"{self.file}: {self.name}, version {self.version}; {self.landing_page}"


@dataclass(frozen=True, eq=False)
class OutcomeTable:
    """A source's table with the source it came from.

    Attributes
    ----------
    table : typed columns of the source's schema.
    source : where it is from, its unit, key and coverage.
    notes : what a reader must know, such as that the release is not the known one.
    """

    table: pd.DataFrame
    source: Source
    notes: tuple[Note, ...] = ()

    def _repr_html_(self) -> str:
        s = self.source
        head = (
            f"{s.name} {s.version}: {len(self.table)} rows, one a {s.unit}, {s.first_year} to"
            f" {s.last_year}"
        )
        return html_table(
            self.table, head, [*self.notes, s.citation, f"Licence: {s.licence}"], rows=10
        )


def read_source(source: Source, raw: Path, accept_other_release: bool = False) -> OutcomeTable:
    """Read a source from a folder of downloaded files.

    Parameters
    ----------
    source : what to read.
    raw : the folder.
    accept_other_release : take a file whose bytes are not those of the known release if its schema
        holds, with notes that tell the differences: categories beyond the known ones, and, where
        the known file stands beside it under a name that begins alike (``pax_v10_known.csv``), the
        columns, rows and cells that changed. Any other break of the schema is refused all the same.

    Raises
    ------
    SourceError
        The file is missing (from whom, and where to put it), damaged, cut
        off, of another release, or breaks its schema.
    """
    # it compares tables of this module
    from peacestudy.outcomes.releases import differences, new_categories, open_schema

    path = raw / source.file
    if not path.is_file():
        raise SourceError(
            f"{path} is missing. Get {source.where_to_get()} and save it in {raw} under that name."
        )
    found = file_sha256(path)
    strict = found == source.sha256 or not accept_other_release
    reader = read_grouped_list if path.suffix == ".json" else read_table
    table = reader(path, source.schema if strict else open_schema(source.schema))
    if found == source.sha256:
        return OutcomeTable(table, source)
    if len(table) < source.rows:
        rule = f"{len(table)} rows; release {source.version} has {source.rows}"
        remedy = f"the file is cut off or older: get {source.where_to_get()}"
        raise SourceError(f"{path} is not whole.", [Problem(source.file, 0, "", "", rule, remedy)])
    said = (
        f"{source.file} is not the release we know ({source.version}, sha256"
        f" {source.sha256[:12]}...): its sha256 is {found[:12]}..., it has {len(table)} rows"
        f" against {source.rows}"
    )
    if not accept_other_release:
        raise SourceError(
            f"{said}. Get {source.where_to_get()}; or accept another release in so many words"
            " (accept_other_release)."
        )
    read = OutcomeTable(table, source)
    note = Note("other_release", f"{said}. {differences(read, path)}")
    return replace(read, notes=(note, *new_categories(read)))
