"""The known sources: listed as a table, and read from a folder."""

from dataclasses import replace
from pathlib import Path

import pandas as pd

from peacestudy.core.problems import Note, Problem, nearest
from peacestudy.core.tables import file_sha256, read_table
from peacestudy.errors import SourceError
from peacestudy.outcomes.grouped_list import read_grouped_list
from peacestudy.outcomes.registry import SOURCES
from peacestudy.outcomes.releases import differences, new_categories, open_schema
from peacestudy.outcomes.source import OutcomeTable, Source

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
        citation, landing_page, file`` as in ``Source``; ``key`` is text, its columns separated by
        commas, empty where no columns identify a row.

    Examples
    --------
    >>> table = ps.outcomes.sources().set_index("id")
    >>> table.loc["ucdp_acd_25.1", ["unit", "key", "absent"]].tolist()
    ['conflict-year', 'conflict_id, year', 'fewer than 25 battle-related deaths in the
    year']
    """
    rows = []
    for source in SOURCES.values():
        row = {column: getattr(source, column) for column in COLUMNS}
        rows.append(row | {"key": ", ".join(source.key)})
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


def read_source(
    source: str | Source, raw: str | Path, accept_other_release: bool = False
) -> OutcomeTable:
    """Read a source from a folder of downloaded files.

    Parameters
    ----------
    source : str or Source
        The id of a known source, as in ``sources()``, or a ``Source``.
    raw : str or Path
        The folder; the file must have the name that ``sources()`` gives.
    accept_other_release : bool
        Accept a file whose bytes are not those of the known release, if its schema holds. Notes
        then name the differences: categories beyond the known ones, and, where the known file is in
        the same folder under a name that begins alike (``pax_v10_known.csv``), the columns, rows
        and cells that changed. Any other violation of the schema is refused.

    Returns
    -------
    OutcomeTable
        The typed columns, with the source they come from.

    Raises
    ------
    SourceError
        There is no such source (the message names the nearest); or the file is missing (the message
        says where to get it), damaged, incomplete, of another release, or violates its schema.

    Examples
    --------
    A known source is read by its id, as
    ``ps.outcomes.read_source("ucdp_acd_25.1", "raw")``; a file of your own by the source that
    ``as_outcome`` made of it. A changed file is refused:

    >>> import tempfile
    >>> from pathlib import Path
    >>> import pandas as pd
    >>> aid = pd.DataFrame({"state": [2, 20], "aid": [5.0, 7.0]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "aid.csv")
    ...     aid.to_csv(path, index=False)
    ...     source = ps.outcomes.as_outcome(path, name="aid", key="state", unit="state").source
    ...     found = ps.outcomes.read_source(source, folder)
    ...     aid.head(1).to_csv(path, index=False)
    ...     try:
    ...         ps.outcomes.read_source(source, folder)
    ...     except ps.SourceError as err:
    ...         message = str(err)
    >>> found.table.values.tolist()
    [[2, 5.0], [20, 7.0]]
    >>> "aid.csv is incomplete" in message
    True
    """
    known = known_source(source) if isinstance(source, str) else source
    folder = Path(raw)
    path = folder / known.file
    if not path.is_file():
        raise SourceError(
            f"{path} is missing. Get {known.where_to_get()} and save it in {folder} under that"
            " name."
        )
    sha256 = file_sha256(path)
    is_known_release = sha256 == known.sha256
    strict = is_known_release or not accept_other_release
    schema = known.schema if strict else open_schema(known.schema)
    reader = read_grouped_list if path.suffix == ".json" else read_table
    found = OutcomeTable(reader(path, schema), known)
    if is_known_release:
        return found
    rows = len(found.table)
    if rows < known.rows:
        rule = f"{rows} rows; release {known.version} has {known.rows}"
        remedy = f"the file is cut off or older: get {known.where_to_get()}"
        problem = Problem(known.file, 0, "", "", rule, remedy)
        raise SourceError(f"{path} is incomplete.", [problem])
    difference = (
        f"{known.file} is not the registered release ({known.version}, sha256"
        f" {known.sha256[:12]}...): its sha256 is {sha256[:12]}..., it has {rows} rows against"
        f" {known.rows}"
    )
    if not accept_other_release:
        raise SourceError(
            f"{difference}. Get {known.where_to_get()}; or accept another release explicitly"
            " (accept_other_release)."
        )
    note = Note("other_release", f"{difference}. {differences(found, path)}")
    return replace(found, notes=(note, *new_categories(found)))
