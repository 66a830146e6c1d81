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
    """Write a frame by the ending of the path;
    ``ps.outcomes.read_file`` gives the same frame again.

    Parameters
    ----------
    frame : a StudyFrame, whose ledger, exclusions and notes are written too, or a DataFrame.
    path : ``.dta``, ``.parquet``, ``.xlsx`` or ``.csv``. Parquet and Excel hold everything in the
        one file (metadata ``peacestudy``; sheets data, ledger, excluded, notes, labels). Stata and
        CSV have files beside them, ``cases_dta_labels.csv``, ``_ledger.csv``, ``_excluded.csv`` and
        ``_notes.csv`` for ``cases.dta``; Stata's variable labels and labels of codes are in its
        file too.
    labels : label by column. Columns that a join brought from a known source are labelled by its
        schema where nothing is given.
    values : labels of codes by column, codes as text: ``{"sex": {"1": "man", "2": "woman"}}``.

    Returns
    -------
    Written
        The files, the columns renamed (Stata), and notes on what a format could not hold. Each file
        appears whole or not at all.

    Raises
    ------
    JoinError
        The ending is not known, or values cannot be written, all of them at once: nothing is
        changed to fit. Categories are written as their values.

    Notes
    -----
    In R, ``read.csv(path, na.strings = "", stringsAsFactors = FALSE)`` reads numbers, truth values
    and texts, Namibia's NA among them; name codes such as 007 in ``colClasses``. ``read.csv`` takes
    an empty text as missing too, and makes a line feed of a carriage return with one;
    ``data.table::fread(path, na.strings = "")`` tells the two apart.

    Examples
    --------
    >>> import tempfile
    >>> from peacestudy.outcomes.files import read_file
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     done = write(
    ...         pd.DataFrame({"iso2": ["NA", None], "peace years": [5, 2]}),
    ...         Path(folder, "cases.dta"),
    ...         labels={"iso2": "State"},
    ...     )
    ...     again = read_file(done.paths[0])
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
