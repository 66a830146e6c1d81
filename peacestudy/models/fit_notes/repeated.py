"""A table that holds every row several times: joined to itself, read in twice, or stacked."""

from math import gcd

import numpy as np
import pandas as pd

from peacestudy.core.problems import Note

# different rows below which equal numbers of copies are a coincidence, as in a small table of
# categories
FEWEST = 8


def repeated_notes(table: pd.DataFrame) -> list[Note]:
    """A note where every row of a table stands in it the same number
    of times, or a multiple of it; else none.

    All columns count, so that cases which share the values of a model, as in a table of categories,
    are not taken for copies while anything tells them apart. An index of different texts names the
    cases, and none is a copy then.

    Examples
    --------
    >>> once = pd.DataFrame({"x": range(10), "y": range(10)})
    >>> len(repeated_notes(once)), str(repeated_notes(pd.concat([once, once])))[:60]
    (0, "[Note(kind='repeated_rows', text='All 20 rows of the data oc")
    """
    named = (
        table.index.nlevels == 1 and table.index.dtype.kind not in "iufb" and table.index.is_unique
    )
    if named or len(table) < 2 * FEWEST or not table.shape[1] or not _copied(table, 0):
        return []
    try:
        rows = pd.util.hash_pandas_object(table, index=False)
    except TypeError:  # a cell holds a list or the like
        rows = pd.util.hash_pandas_object(table.astype(str), index=False)
    counts = np.unique(rows, return_counts=True)[1]
    copies = gcd(*counts.tolist())
    if copies < 2 or len(counts) < FEWEST:
        return []
    text = (
        f"All {len(table)} rows of the data occur {copies} times or a multiple of it, with the"
        f" same values in every column: {len(counts)} rows are distinct. Copies are not additional"
        " cases and make standard errors too small. data.drop_duplicates() leaves one of each; if"
        " they are different cases, give each an id in a column."
    )
    return [Note("repeated_rows", text)]


def _copied(table: pd.DataFrame, row: int) -> bool:
    """Whether another row has the values of one; looked at column by
    column, since most tables end this search early.
    """
    same = np.ones(len(table), bool)
    for _, column in table.items():
        value = column.iloc[row]
        try:
            same &= (
                column.isna().to_numpy(bool)
                if pd.isna(value)
                else (column == value).fillna(False).to_numpy(bool)
            )
        except (TypeError, ValueError):
            return False
        if same.sum() < 2:
            return False
    return True
