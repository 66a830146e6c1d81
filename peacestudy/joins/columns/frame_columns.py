"""The last step of every join: columns are added to the cases, and the frame
and its ledger record where they came from.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from peacestudy.core.clock import Days
from peacestudy.core.frame import StudyFrame
from peacestudy.core.joined import Joined
from peacestudy.core.ledger import Entry
from peacestudy.core.problems import Note, one_of
from peacestudy.errors import JoinError
from peacestudy.outcomes import OutcomeTable


def as_frame(
    cases: StudyFrame | pd.DataFrame, key: str | None, unit: str, keys: list[str]
) -> StudyFrame:
    """The cases as a StudyFrame.

    Parameters
    ----------
    cases : a StudyFrame, which knows its key and unit, or a DataFrame.
    key, unit : id column and unit of a DataFrame; None takes ``case_id``, else the one key column;
        where there are several, rows are numbered in a new column ``row_id``.
    keys : columns on which the join looks up.
    """
    if isinstance(cases, StudyFrame):
        return cases
    if not isinstance(cases, pd.DataFrame):
        raise JoinError(
            f"the cases are a {type(cases).__name__}; give a DataFrame or a StudyFrame."
        )
    if key is None and "case_id" not in cases.columns and len(keys) > 1:
        if "row_id" in cases.columns:
            raise JoinError(
                'the cases have no column case_id. Say which column names a row: key="...".'
            )
        return StudyFrame(cases.assign(row_id=np.arange(len(cases))), unit, "row_id")
    if key is None:
        key = "case_id" if "case_id" in cases.columns else keys[0]
    return StudyFrame(cases, unit, key)


def add_columns(
    frame: StudyFrame,
    added: pd.DataFrame,
    why: npt.NDArray[np.int8],
    entry: Entry,
    source: OutcomeTable | None = None,
    special: Mapping[str, npt.NDArray[np.int8]] | None = None,
    notes: Sequence[Note] = (),
    known_on: Days | Mapping[str, Days] | None = None,
) -> StudyFrame:
    """The frame with the columns of a join, its entry in the ledger
    and the reason why a row found nothing.

    Parameters
    ----------
    frame : the cases.
    added : the new columns, a row a case, in the order of the cases.
    why : for each case the place in ``peacestudy.core.joined.REASONS``.
    entry : the step for the ledger; its name is the join's.
    source : the outcome table that was joined, None for a plain table.
    special : by column that held special codes: for each case the place of its code in
        ``source.special``, -1 for none.
    notes : what a reader must know about the join.
    known_on : for each case the day from which the new columns are known, or by column; None where
        the join reads no dates.

    Raises
    ------
    JoinError
        A column is in both tables, or the frame has a step of that name.
    """
    shared = [str(c) for c in added.columns if c in frame.data.columns]
    if shared:
        raise JoinError(
            f"the column(s) {', '.join(map(repr, shared))} are in the cases and in"
            f" {entry.step.removeprefix('join ')}. Rename or drop them in one."
        )
    if any(e.step == entry.step for e in frame.ledger.entries):
        raise JoinError(
            f"the ledger has a step {entry.step!r} already. Give this one another name=."
        )
    joined = Joined(
        entry.step,
        source.source.id if source else "",
        source.source.version if source else "",
        tuple(map(str, added.columns)),
        why.astype(np.int8),
        tuple((special or {}).items()),
        _code_meanings(source),
        source.source.citation if source else "",
        _known_by_column(known_on, added),
    )
    data = pd.concat([frame.data, added.set_axis(frame.data.index)], axis=1)
    source_notes = source.notes if source else ()
    new_notes = [n for n in (*source_notes, *notes) if n not in frame.notes]
    return replace(
        frame,
        data=data,
        ledger=frame.ledger + entry,
        joined=(*frame.joined, joined),
        notes=(*frame.notes, *new_notes),
    )


def _known_by_column(
    known_on: Days | Mapping[str, Days] | None, added: pd.DataFrame
) -> tuple[tuple[str, Days], ...]:
    """The days from which each new column is known."""
    if known_on is None:
        return ()
    if isinstance(known_on, Mapping):
        return tuple(known_on.items())
    return tuple((str(column), known_on) for column in added.columns)


def _code_meanings(source: OutcomeTable | None) -> tuple[str, ...]:
    """The meanings of the special codes of a source, in its order."""
    meanings = []
    for _, value, meaning in source.source.special if source else ():
        if not meaning.startswith("special code"):
            meaning = f"special code {value:g}: {meaning}"
        meanings.append(meaning)
    return tuple(meanings)


def columns_to_take(
    table: pd.DataFrame, columns: list[str] | None, keys: list[str], name: str
) -> list[str]:
    """The columns that a join takes from a table: those that are named, else all but the keys."""
    for column in columns or []:
        if column not in table.columns:
            raise JoinError(one_of(f"a column of {name}", column, [str(c) for c in table.columns]))
    if columns is None:
        return [c for c in table.columns if c not in keys]
    if len(set(columns)) < len(columns):
        raise JoinError(f"columns is {columns}; name each column once.")
    return list(columns)
