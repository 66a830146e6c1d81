"""The order in which random draws are given to cases: by id, so that the
order of the rows of a table changes nothing.
"""

import re
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

Places = npt.NDArray[np.intp]
NUMBER = re.compile(r"(\d+)")


def places_by_id(ids: Iterable[object]) -> Places:
    """Places of the ids in ascending order: numbers and dates by value, text with the numbers in it
    by value. Equal ids keep their order.

    Examples
    --------
    >>> places_by_id([10, 9, 30]).tolist(), places_by_id(["case 10", "case 9"]).tolist()
    ([1, 0, 2], [1, 0])
    """
    column = pd.Series(list(ids))
    if column.dtype.kind in "iufM":
        return np.argsort(column.to_numpy(), kind="stable")
    keys = [_parts(str(i)) for i in column]
    order = sorted(range(len(keys)), key=keys.__getitem__)
    return np.array(order, dtype=np.intp)


def _parts(text: str) -> list[str | int]:
    """Texts and numbers of an id in turn, so that 9 comes before 10."""
    parts: list[str | int] = []
    for place, part in enumerate(NUMBER.split(text)):
        parts.append(int(part) if place % 2 else part)
    return parts


def groups_by_id(groups: npt.NDArray[np.intp], ids: Sequence[object]) -> Places:
    """The numbers of groups, 0 to G - 1, in the order of the smallest id of their members.

    Parameters
    ----------
    groups : the group of each row. ids : the id of each row.

    Examples
    --------
    >>> groups_by_id(np.array([0, 1, 1, 2]), ["d", "c", "a", "b"]).tolist()
    [1, 2, 0]
    """
    first = dict.fromkeys(np.asarray(groups)[places_by_id(ids)].tolist())
    return np.array(list(first), dtype=np.intp)
