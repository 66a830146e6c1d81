"""Special codes among the values of a column, such as Polity's -77: they
are made missing, and the code is the reason.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from peacestudy.joins.columns.collect import can_miss
from peacestudy.outcomes import OutcomeTable

Codes = npt.NDArray[np.int8]
NONE = np.iinfo(np.int8).max


def without_special(
    table: pd.DataFrame, source: OutcomeTable | None
) -> tuple[pd.DataFrame, dict[str, Codes]]:
    """The table with special codes missing, and for each column that
    held any which code stood in each row.

    The place is that of the code in ``source.special``, -1 for none.
    """
    found: dict[str, Codes] = {}
    special = source.source.special if source else ()
    for place, (column, value, _) in enumerate(special):
        if column not in table.columns:
            continue
        hit = table[column].eq(value).fillna(False).to_numpy(dtype=bool)
        if hit.any():
            codes = found.setdefault(column, np.full(len(table), -1, np.int8))
            codes[hit] = place
    for column, codes in found.items():
        values = can_miss(table[[column]])[column]
        table = table.assign(**{column: values.mask(codes >= 0)})
    return table, found


def met_code(codes: Codes, at: npt.NDArray[np.int64]) -> Codes:
    """The code in the row that each case meets; ``at`` is -1 for none."""
    return np.append(codes, np.int8(-1))[at]


def first_code(met: Codes, owner: npt.NDArray[np.intp], cases: int) -> Codes:
    """The code of each case that meets several rows: of several
    codes that which the source names first.

    Examples
    --------
    >>> first_code(np.array([-1, 2, 1, -1], np.int8), np.array([0, 0, 0, 1]), 2).tolist()
    [1, -1]
    """
    out = np.full(cases, NONE, np.int8)
    there = met >= 0
    np.minimum.at(out, owner[there], met[there])
    return np.where(out == NONE, np.int8(-1), out)


def of_gaps(codes: Mapping[str, Codes], added: pd.DataFrame) -> dict[str, Codes]:
    """Codes by new column, of the cases whose new value is missing."""
    out = {}
    for new, found in codes.items():
        of_missing = np.where(added[new].isna(), found, np.int8(-1))
        if (of_missing >= 0).any():
            out[new] = of_missing
    return out
