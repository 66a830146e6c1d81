"""Codes that stand among the values and are none, such as Polity's -77:
taken out, and kept as the reason of the gap.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from peacestudy.joins.gather import can_miss
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
    for place, (column, value, _) in enumerate(source.source.special if source else ()):
        if (
            column in table.columns
            and (hit := table[column].eq(value).fillna(False).to_numpy(dtype=bool)).any()
        ):
            found.setdefault(column, np.full(len(table), -1, np.int8))[hit] = place
    for column, codes in found.items():
        table = table.assign(**{column: can_miss(table[[column]])[column].mask(codes >= 0)})
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
    """Codes by new column, where the new column is missing; a value that is there has none."""
    out = {new: np.where(added[new].isna(), found, np.int8(-1)) for new, found in codes.items()}
    return {new: found for new, found in out.items() if (found >= 0).any()}
