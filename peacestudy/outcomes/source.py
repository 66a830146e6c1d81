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
    id : str
        Short name recorded with every value that comes from it.
    name, version, citation, landing_page, licence : str
        What it is, who made it, where to get it and on what terms (believed or stated).
    file, sha256 : str
        Name of the file and SHA-256 of the release that was read.
    rows : int
        Rows of that release.
    schema : Schema
        The columns that are read, with their types.
    unit : str
        What a row is, such as ``country-year``.
    key : tuple of str
        The columns that identify a row.
    first_year, last_year : int
        The years that it covers. Outside them a value is missing, never zero.
    units : {"listed", "all"}
        The units that it covers: those that have a row in some year, or every unit of its kind.
    absent : str
        What an absent row inside those years and units means, such as ``fewer than 25
        battle-related deaths``; empty where the source does not say, and then the value is missing.
    year : str
        Column of the year; empty where a row does not belong to a year.
    states : tuple of (str, str)
        Columns that name a state, each with its code system (``gw, cow, iso3, vdem``).
    codes : {"date", "today"}
        ``date``: a row has the code that its state had in the row's year; ``today``: every row has
        the code of the release, such as COD for Zaire in 1990.
    special : tuple of (str, float, str)
        Column, value, meaning: numbers that are codes and not values.
    bibtex : str
        BibTeX entries to cite.

    Examples
    --------
    >>> source = ps.outcomes.SOURCES["ucdp_acd_25.1"]
    >>> source.unit, source.key, source.first_year, source.last_year
    ('conflict-year', ('conflict_id', 'year'), 1946, 2024)
    >>> source.absent
    'fewer than 25 battle-related deaths in the year'
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
    """A table of outcomes or covariates with the source it comes from.

    Attributes
    ----------
    table : DataFrame
        The columns of the source's schema, with their types.
    source : Source
        Where the table comes from, its unit, key and coverage.
    notes : tuple of Note
        What a reader must know, for example that the file is another release than the known one.

    Examples
    --------
    >>> import pandas as pd
    >>> aid = pd.DataFrame({"gw": [2, 2], "year": [1990, 1992], "aid": [5.0, 7.0]})
    >>> outcome = ps.outcomes.as_outcome(
    ...     aid,
    ...     name="aid",
    ...     key=("gw", "year"),
    ...     unit="country-year",
    ...     year="year",
    ...     years=(1990, 1995),
    ... )
    >>> type(outcome) is ps.OutcomeTable, outcome.source.key, outcome.source.last_year
    (True, ('gw', 'year'), 1995)
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
