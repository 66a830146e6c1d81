"""Which row of the other table each case meets: one, none, or none since the rows of its key contradict each other."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from peacestudy.core.keys import key_problems, levels, match
from peacestudy.errors import JoinError
from peacestudy.joins.look_up import Wanted

NAMED = 5  # examples in a message


class Met(NamedTuple):
    """What each case meets.

    Attributes
    ----------
    at : for each case the row of the other table, -1 for none.
    complete, other_complete : rows with a value in every key.
    contradicting : cases whose key has rows that differ.
    repeated : rows of the other table that say what another row says.
    other : the other table's keys, one Series each.
    """

    at: npt.NDArray[np.int64]
    complete: npt.NDArray[np.bool_]
    other_complete: npt.NDArray[np.bool_]
    contradicting: npt.NDArray[np.bool_]
    repeated: int
    other: list[pd.Series]


def meet(look: Wanted, other: pd.DataFrame, keys: list[str], take: list[str], name: str, twice: str) -> Met:
    """Match the cases with the other table.

    Parameters
    ----------
    look : the keys of the cases.
    other, keys : the other table and its key columns.
    take : columns that are taken.
    name : what the other table is.
    twice : what becomes of rows that share a key, as in ``join``.
    """
    mine, theirs = [levels(c) for c in look.columns], [levels(other[k]) for k in keys]
    for column, a, b in zip(look.columns, mine, theirs, strict=True):
        if told := key_problems(str(column.name), a.values, b.values, name):
            raise JoinError(told)
    found = match(mine, theirs)
    no = np.zeros(len(found.at), bool)
    if not len(found.twice):
        return Met(found.at, found.complete, found.other_complete, no, 0, [other[k] for k in keys])
    differ, columns = _differing(other, keys, take, found.twice)
    if twice == "refuse" or (len(differ) and twice == "agreeing"):
        rows = other.iloc[differ if len(differ) else found.twice]
        raise JoinError(_said(rows[keys].drop_duplicates(), columns, keys, name))
    hit = np.isin(found.at, differ) & (found.at >= 0)
    return Met(
        np.where(hit, -1, found.at),
        found.complete,
        found.other_complete,
        hit,
        len(found.twice),
        [other[k] for k in keys],
    )


def _differing(
    other: pd.DataFrame, keys: list[str], take: list[str], later: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], list[str]]:
    """Positions of the first rows of keys whose rows differ, and the columns in which they do."""
    part = other[keys].iloc[later].drop_duplicates()
    rows = np.flatnonzero(pd.MultiIndex.from_frame(other[keys]).isin(pd.MultiIndex.from_frame(part)))
    group = other.iloc[rows]
    counts = group.groupby(keys, sort=False)[take].nunique(dropna=False)
    columns = [c for c in take if (counts[c] > 1).any()]
    bad = counts.index[(counts > 1).any(axis=1)]
    own = pd.MultiIndex.from_frame(group[keys]) if len(keys) > 1 else pd.Index(group[keys[0]])
    first = ~group.duplicated(keys).to_numpy()
    return rows[own.isin(bad) & first], columns


def _said(which: pd.DataFrame, columns: list[str], keys: list[str], name: str) -> str:
    told = "; ".join(which.head(NAMED).astype(str).agg(" ".join, axis=1))
    how = f"that differ in {', '.join(columns[:NAMED])}" if columns else "that agree in all columns taken"
    say = 'twice="missing" for missing values' if columns else 'twice="agreeing" to take them as one'
    return (
        f"{name} has several rows for the same {' + '.join(keys)} {how} ({len(which)} such key(s), for example {told}), which "
        f"would multiply cases. Reduce it to one row a key first, add the column that tells the rows apart to on=, or say {say}."
    )
