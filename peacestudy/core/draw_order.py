"""The order in which random draws are given to cases: by id, so that the order of the rows of a table changes nothing."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd

Places = npt.NDArray[np.int64]


def places_by_id(ids: Iterable[object]) -> Places:
    """Places of the ids in ascending order; numbers and dates by value, anything else by its text. Equal ids keep their order.

    Examples
    --------
    >>> places_by_id([10, 9, 30]).tolist(), places_by_id(["b", "a"]).tolist()
    ([1, 0, 2], [1, 0])
    """
    column = pd.Series(list(ids))
    if column.dtype.kind not in "iufM":
        column = pd.Series([str(i) for i in column], dtype=object)
    out: Places = np.argsort(column.to_numpy(), kind="stable").astype(np.int64)
    return out


def places_of_groups(groups: npt.NDArray[np.int64], ids: Iterable[object]) -> Places:
    """Numbers of the groups, 0 to G - 1, in the order of the smallest id of their members.

    Parameters
    ----------
    groups : the number of the group of each row.
    ids : the id of each row.
    """
    first: dict[int, None] = dict.fromkeys(groups[places_by_id(ids)].tolist())
    return np.fromiter(first, dtype=np.int64, count=len(first))
