"""The states that a case names: from a text of codes, or from a
table with a row a case and state.
"""

import re
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from peacestudy.core.frame import StudyFrame
from peacestudy.core.key_check import check_keys
from peacestudy.core.keys import levels
from peacestudy.core.problems import one_of
from peacestudy.errors import JoinError


class Members(NamedTuple):
    """The members of all cases, one after the other.

    Attributes
    ----------
    owner : for each member the row of its case.
    states : its code.
    weights : its weight, or None.
    """

    owner: npt.NDArray[np.intp]
    states: pd.Series
    weights: npt.NDArray[np.float64] | None = None


def from_text(frame: StudyFrame, column: str, numbers: bool) -> Members:
    """Members from a column of codes separated by commas or semicolons,
    blanks ignored; a missing or empty cell has none.

    Parameters
    ----------
    frame : the cases.
    column : the column of texts; a single number is one code.
    numbers : whether the codes are numbers in the other table.
    """
    if column not in frame.data.columns:
        raise JoinError(one_of("states", column, [str(c) for c in frame.data.columns]))
    cells = frame.data[column]
    distinct = levels(cells)
    codes = [_codes(cell, column, numbers) for cell in distinct.values]
    owner: list[int] = []
    states: list[int | str] = []
    for row, place in enumerate(distinct.codes):
        if place >= 0:
            owner += [row] * len(codes[place])
            states += codes[place]
    column_of_states = pd.Series(states, dtype="int64" if numbers else "str")
    return _once(frame, Members(np.array(owner, dtype=np.intp), column_of_states))


def from_table(
    frame: StudyFrame, table: pd.DataFrame, weight: str | None, numbers: bool
) -> Members:
    """Members from a long table: the key column of the cases,
    ``state``, and the weight where one is named.

    Raises
    ------
    JoinError
        A column is absent, a case unknown, a state or weight missing, or a weight negative.
    """
    known = [str(c) for c in table.columns]
    needed = {"the key": frame.key, "the states": "state"}
    if weight:
        needed["weight"] = weight
    for what, column in needed.items():
        if column not in table.columns:
            raise JoinError(one_of(f"{what} in the table of states", column, known))
    ids = frame.data[frame.key]
    mine, theirs = levels(ids), levels(table[frame.key])
    found = check_keys(frame.key, mine.values, theirs.values, "the table of states")
    if found.refusal:
        raise JoinError(found.refusal)
    owner = pd.Index(ids).get_indexer(pd.Index(table[frame.key]))
    if (owner < 0).any():
        strange = table[frame.key][owner < 0].drop_duplicates()
        raise JoinError(
            f"the table of states names {len(strange)} case(s) that do not exist, for example"
            f" {strange.iloc[0]!r}. Leave them out, or correct the id."
        )
    gaps = int(table["state"].isna().sum())
    if gaps:
        raise JoinError(
            f"the table of states has no state in {gaps} row(s). Fill them in, or leave the rows"
            " out."
        )
    weights = _weights(table[weight], weight) if weight else None
    states = table["state"].reset_index(drop=True)
    if numbers and not pd.api.types.is_numeric_dtype(states):
        states = pd.Series([_number(str(s), "state") for s in states], dtype="int64")
    order = np.argsort(owner, kind="stable")
    states = states.iloc[order].reset_index(drop=True)
    if weights is not None:
        weights = weights[order]
    return _once(frame, Members(owner[order], states, weights))


def _codes(cell: object, column: str, numbers: bool) -> list[int | str]:
    parts = [p.strip() for p in re.split(r"[,;]", str(cell))]
    parts = [p for p in parts if p]
    return [_number(p, column) for p in parts] if numbers else list(parts)


def _number(text: str, column: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}(\.0+)?", text.strip()):
        raise JoinError(
            f"{column!r} holds {text!r}, and the states of the other table are numbers. Write their"
            " codes, separated by commas or semicolons, or translate the other table first"
            " (to_system)."
        )
    return int(float(text))


def _weights(column: pd.Series, name: str) -> npt.NDArray[np.float64]:
    if not pd.api.types.is_numeric_dtype(column):
        raise JoinError(f"the weights in {name!r} are {column.dtype}; they must be numbers.")
    weights = column.to_numpy(dtype="float64", na_value=np.nan)
    bad = int((~(np.isfinite(weights) & (weights >= 0))).sum())
    if bad:
        raise JoinError(
            f"{bad} weight(s) in {name!r} are missing, negative or infinite. A weight is a number"
            " from 0 on."
        )
    return weights


def _once(frame: StudyFrame, members: Members) -> Members:
    """Refuse a state that a case names twice: it would count twice."""
    table = pd.DataFrame({"owner": members.owner, "state": members.states})
    twice = table[table.duplicated()]
    if twice.empty:
        return members
    first = twice.iloc[0]
    raise JoinError(
        f"case {frame.data[frame.key].iloc[first['owner']]!r} names the state {first['state']}"
        f" twice; there are {len(twice)} such repetitions, and each would count twice. Name each"
        " state once."
    )
