"""The row of the other table that each case matches: one, none, or none
because the rows of its key contradict each other.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from peacestudy.core.keys import Levels, levels, match
from peacestudy.core.problems import Note
from peacestudy.errors import JoinError
from peacestudy.joins.keys.key_columns import checked_keys, nothing_met
from peacestudy.joins.keys.requested_keys import RequestedKeys
from peacestudy.outcomes.contradicting_rows import contradiction_text, contradictions


class Matches(NamedTuple):
    """The row that each case matches.

    Attributes
    ----------
    at : for each case the row of the other table, -1 for none.
    complete, other_complete : rows with a value in every key.
    contradicting : cases whose key has rows that differ.
    repeated : rows of the other table that share their key with an earlier row.
    mine, theirs : the distinct values of the key columns of the cases and of the other table.
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


def match_cases(
    look: RequestedKeys,
    other: pd.DataFrame,
    keys: list[str],
    take: list[str],
    name: str,
    twice: str,
) -> Matches:
    """Match the cases with the other table.

    Parameters
    ----------
    look : the keys of the cases.
    other, keys : the other table and its key columns.
    take : columns to take.
    name : what the other table is.
    twice : what to do with rows that share a key, as in ``join``.
    """
    names = [str(column.name) for column in look.columns]
    columns = [*look.columns, *(other[key] for key in keys)]
    with ThreadPoolExecutor() as pool:  # distinct texts are found outside Python's lock
        found_levels = list(pool.map(levels, columns))
    mine, theirs = found_levels[: len(keys)], found_levels[len(keys) :]
    notes = checked_keys(names, mine, theirs, name)
    found = match(mine, theirs)
    notes += nothing_met(names, mine, theirs, found.at >= 0, found.complete, name)
    met = Matches(
        found.at,
        found.complete,
        found.other_complete,
        np.zeros(len(found.at), bool),
        len(found.twice),
        mine,
        theirs,
        tuple(notes),
    )
    if not len(found.twice):
        return met
    table = other[[*keys, *take]]
    repeated_keys = contradictions(table, keys)
    contrary = repeated_keys[repeated_keys["differ"].map(len) > 0]
    if twice == "refuse" or (len(contrary) and twice == "agreeing"):
        raise JoinError(_repeated_text(table, name, keys, bool(len(contrary))))
    first_rows = np.array([rows[0] for rows in contrary["rows"]], dtype=np.int64)
    hit = np.isin(found.at, first_rows) & (found.at >= 0)
    return met._replace(at=np.where(hit, -1, found.at), contradicting=hit)


def _repeated_text(table: pd.DataFrame, name: str, keys: list[str], contrary: bool) -> str:
    """The message for rows that share a key."""
    remedy = 'one of them by twice="agreeing".'
    if contrary:
        remedy = 'columns= that agree, or say twice="missing".'
    return (
        f"{contradiction_text(table, name, keys)} Or add the column that distinguishes the rows to"
        f" on=, take only {remedy}"
    )
