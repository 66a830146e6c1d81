"""Several coders counted as one reading, for codes whose errors are not independent."""

from dataclasses import replace

import pandas as pd

from peacestudy.coding import CodingSheet
from peacestudy.errors import CodingError
from peacestudy.robustness.arguments import coders_only


def as_one_reading(sheet: CodingSheet, coder: str = "one_reading") -> CodingSheet:
    """Several coders as one: the code on which all who coded a cell agree.

    Coders who copy each other, or machines that read the same text in the same way, make the same
    errors. ``ps.propagate`` takes coders as independent; with the sheet of this function it counts
    them as one. The truth lies between the two results.

    Parameters
    ----------
    sheet : CodingSheet
        Codes of several coders; of revisions the latest counts, adjudicated codes are left out.
    coder : str, optional
        The name of the single coder.

    Returns
    -------
    CodingSheet
        A row for each cell whose coders agree. A cell on which they differ has no code.

    Raises
    ------
    CodingError
        The sheet is none, has coders of different kinds, or has no cell on which they agree.

    Examples
    --------
    >>> import pandas as pd
    >>> import peacestudy as ps
    >>> book = ps.load_study("double_coding").codebook
    >>> codes = pd.DataFrame(
    ...     {"case_id": ["a", "a", "b", "b"], "coder": ["m1", "m2"] * 2, "code": [2, 3, 1, 1]}
    ... )
    >>> blank = dict.fromkeys(["confidence", "source", "locator", "comment", "date"])
    >>> codes = codes.assign(indicator_id="terror", kind="machine", **blank)
    >>> sheet = ps.CodingSheet(codes.astype({"code": "Int64"}), book)
    >>> ps.robustness.as_one_reading(sheet).table[["case_id", "coder", "code"]].values.tolist()
    [['b', 'one_reading', 1]]
    """
    own = coders_only(sheet)
    kinds = sorted(set(own.kinds.values()))
    if len(kinds) != 1:
        raise CodingError(
            f"the coders are of the kinds {', '.join(kinds) or 'none'}; coders that count as one"
            " reading are of one kind."
        )
    rows = own.latest().dropna(subset=["code"])
    cells = rows.groupby(["case_id", "indicator_id"], sort=True)["code"]
    agreed = rows[cells.transform("nunique") == 1]
    if agreed.empty:
        raise CodingError("the coders agree on no cell; nothing is left to count as one reading.")
    first = agreed.drop_duplicates(["case_id", "indicator_id"])
    table: pd.DataFrame = first.assign(coder=coder).reset_index(drop=True)
    return replace(own, table=table, asked=None, path=None)
