"""The analysis frame out again, with labels and ledger, for
Stata, R, Excel and whatever reads Parquet.
"""

import os
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path

import pandas as pd

from peacestudy.core.frame import StudyFrame
from peacestudy.core.problems import nearest
from peacestudy.errors import JoinError
from peacestudy.joins.writers.preparation import Prepared, Written, prepared

# ending -> module of the folder writers; each has write(ready, path) and is imported when first
# needed
FORMATS = {".dta": "stata_out", ".parquet": "parquet_out", ".xlsx": "xlsx_out", ".csv": "csv_out"}


def write(
    frame: StudyFrame | pd.DataFrame,
    path: str | os.PathLike[str],
    *,
    labels: Mapping[str, str] | None = None,
    values: Mapping[str, Mapping[str, str]] | None = None,
) -> Written:
    """Write a frame to a file that ``ps.outcomes.read_file`` reads back unchanged.

    Parameters
    ----------
    frame : StudyFrame or DataFrame
        The table; the ledger, exclusions and notes of a StudyFrame are written too.
    path : str or Path
        ``.dta``, ``.parquet``, ``.xlsx`` or ``.csv``; the ending decides the format. Parquet and
        Excel hold everything in one file (metadata ``peacestudy``; sheets data, ledger, excluded,
        notes, labels). Stata and CSV have further files in the same folder,
        ``cases_dta_labels.csv``, ``_ledger.csv``, ``_excluded.csv`` and ``_notes.csv`` for
        ``cases.dta``; Stata's variable labels and labels of codes are in its file too.
    labels : mapping of str to str, optional
        Label by column. Columns that a join added from a known source are labelled by its schema
        where nothing is given.
    values : mapping of str to mapping of str to str, optional
        Labels of codes by column, codes as text: ``{"sex": {"1": "man", "2": "woman"}}``.

    Returns
    -------
    Written
        The files (``paths``), the columns renamed for Stata (``names``), and ``notes`` on what a
        format could not hold. Each file is written as a whole or not at all.

    Raises
    ------
    JoinError
        The ending is unknown, or values cannot be written: all of them at once, and no value is
        changed to fit. Categories are written as their values.

    Notes
    -----
    In R, ``read.csv(path, na.strings = "", stringsAsFactors = FALSE)`` reads numbers,
    truth values and texts, including Namibia's NA; name codes such as 007 in ``colClasses``.
    ``read.csv`` takes an empty text as missing too, and turns a carriage return with a line feed
    into a line feed; ``data.table::fread(path, na.strings = "")`` distinguishes the two.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import pandas as pd
    >>> table = pd.DataFrame({"iso2": ["NA", None], "peace years": [5, 2]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     done = ps.joins.write(table, Path(folder, "cases.dta"), labels={"iso2": "State"})
    ...     again = ps.outcomes.read_file(done.paths[0])
    >>> dict(done.names), again.table.columns.tolist(), dict(again.labels)
    ({'peace years': 'peace_years'}, ['iso2', 'peace years'], {'iso2': 'State'})
    """
    path = Path(path)
    ending = path.suffix.lower()
    if ending not in FORMATS:
        raise JoinError(
            f"{path} ends in {path.suffix!r}; frames are written as"
            f" {', '.join(FORMATS)}.{nearest(ending, list(FORMATS))}"
        )
    ready = prepared(frame, ending, labels, values)
    writer: Callable[[Prepared, Path], Written] = import_module(
        f"peacestudy.joins.writers.{FORMATS[ending]}"
    ).write
    return writer(ready, path)
