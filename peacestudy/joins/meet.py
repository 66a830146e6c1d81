"""Which row of the other table each case meets: one, none, or none
since the rows of its key contradict each other.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from peacestudy.core.keys import Levels, levels, match
from peacestudy.core.problems import Note
from peacestudy.errors import JoinError
from peacestudy.joins.key_columns import checked_keys, nothing_met
from peacestudy.joins.wanted import Wanted
from peacestudy.outcomes.contradictions import contradiction_text, contradictions


class Met(NamedTuple):
    """What each case meets.

    Attributes
    ----------
    at : for each case the row of the other table, -1 for none.
    complete, other_complete : rows with a value in every key.
    contradicting : cases whose key has rows that differ.
    repeated : rows of the other table that say what another row says.
    mine, theirs : the key columns of the cases and of the other table, told apart.
    notes : what a reader must know of the keys.
    """

    at: npt.NDArray[np.int64]
    complete: npt.NDArray[np.bool_]
    other_complete: npt.NDArray[np.bool_]
    contradicting: npt.NDArray[np.bool_]
    repeated: int
    mine: list[Levels]
    theirs: list[Levels]
    notes: tuple[Note, ...] = ()


def meet(
    look: Wanted, other: pd.DataFrame, keys: list[str], take: list[str], name: str, twice: str
) -> Met:
    """Match the cases with the other table.

    Parameters
    ----------
    look : the keys of the cases.
    other, keys : the other table and its key columns.
    take : columns that are taken.
    name : what the other table is.
    twice : what becomes of rows that share a key, as in ``join``.
    """
    with ThreadPoolExecutor() as pool:  # texts are told apart outside Python's lock
        found_levels = list(pool.map(levels, [*look.columns, *(other[k] for k in keys)]))
    mine, theirs = found_levels[: len(keys)], found_levels[len(keys) :]
    names = [str(column.name) for column in look.columns]
    notes = checked_keys(names, mine, theirs, name)
    found = match(mine, theirs)
    notes += nothing_met(names, mine, theirs, found.at >= 0, found.complete, name)
    no = np.zeros(len(found.at), bool)
    met = Met(
        found.at,
        found.complete,
        found.other_complete,
        no,
        len(found.twice),
        mine,
        theirs,
        tuple(notes),
    )
    if not len(found.twice):
        return met
    several = contradictions(other[[*keys, *take]], keys)
    contrary = several[several["differ"].map(len) > 0]
    if twice == "refuse" or (len(contrary) and twice == "agreeing"):
        raise JoinError(
            f"{contradiction_text(other[[*keys, *take]], name, keys)} Or add the column that tells"
            " the rows apart to on=, take only "
            + (
                'columns= that agree, or say twice="missing".'
                if len(contrary)
                else 'one of them by twice="agreeing".'
            )
        )
    differ = np.array([rows[0] for rows in contrary["rows"]], dtype=np.int64)
    hit = np.isin(found.at, differ) & (found.at >= 0)
    return met._replace(at=np.where(hit, -1, found.at), contradicting=hit)
