"""The known sources as a reader meets them: as a table, and by their id."""

from pathlib import Path

import pandas as pd

from peacestudy.core.problems import nearest
from peacestudy.errors import SourceError
from peacestudy.outcomes.registry import SOURCES
from peacestudy.outcomes.source import OutcomeTable, Source, read_source

COLUMNS = (
    "id",
    "name",
    "version",
    "unit",
    "key",
    "first_year",
    "last_year",
    "units",
    "absent",
    "licence",
    "citation",
    "landing_page",
    "file",
)


def sources() -> pd.DataFrame:
    """The known sources, a row each.

    Returns
    -------
    DataFrame
        Columns ``id, name, version, unit, key, first_year, last_year, units, absent, licence,
        citation, landing_page, file`` as in ``Source``; ``key`` is text, its columns comma
        separated, empty where no columns tell the rows apart.

    Examples
    --------
    >>> table = sources().set_index("id")
    >>> table.loc["ucdp_acd_25.1", ["unit", "key", "absent"]].tolist()
    ['conflict-year', 'conflict_id, year', 'fewer than 25 battle-related deaths in the year']
    """
    rows = [
        {c: getattr(s, c) for c in COLUMNS} | {"key": ", ".join(s.key)} for s in SOURCES.values()
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def known_source(source_id: str) -> Source:
    """The known source of an id.

    Examples
    --------
    >>> known_source("ucdp_acd")
    Traceback (most recent call last):
    peacestudy.errors.SourceError: there is no source 'ucdp_acd'. Did you mean 'ucdp_acd_25.1'? \
ps.outcomes.sources() lists all.
    """
    if source_id not in SOURCES:
        raise SourceError(
            f"there is no source {source_id!r}.{nearest(source_id, list(SOURCES))}"
            " ps.outcomes.sources() lists all."
        )
    return SOURCES[source_id]


def read(source_id: str, raw: str | Path, accept_other_release: bool = False) -> OutcomeTable:
    """Read a known source from a folder of downloaded files.

    Parameters
    ----------
    source_id : id in ``sources()``.
    raw : the folder; the file must have the name that ``sources()`` gives.
    accept_other_release : take a file whose bytes are not those of the
        known release, with a note, if its schema holds.

    Returns
    -------
    OutcomeTable
        The typed columns, with the source they come from.

    Raises
    ------
    SourceError
        There is no such source (the nearest is named); or the file is missing, damaged, cut off, of
        another release, or breaks its schema.
    """
    return read_source(known_source(source_id), Path(raw), accept_other_release)
