"""A source: a public data file that a study reads, its schema, its
coverage, and how to cite it.
"""

from dataclasses import dataclass

import pandas as pd

from peacestudy.core.display import html_table
from peacestudy.core.problems import Note, one_of
from peacestudy.core.schema import Schema
from peacestudy.core.todays_codes import DATES_OF_CODES
from peacestudy.errors import SourceError

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
        source = self.source
        head = (
            f"{source.name} {source.version}: {len(self.table)} rows, one a {source.unit},"
            f" {source.first_year} to {source.last_year}"
        )
        notes = [*self.notes, source.citation, f"Licence: {source.licence}"]
        return html_table(self.table, head, notes, rows=10)
