"""Arguments of a join: the other table and its source, columns
that must be there, pairs of key columns.
"""

from collections.abc import Mapping, Sequence

import pandas as pd

from peacestudy.core.frame import refuse_twice
from peacestudy.core.problems import nearest, one_of
from peacestudy.errors import JoinError
from peacestudy.outcomes import OutcomeTable


def open_table(
    other: pd.DataFrame | OutcomeTable, name: str
) -> tuple[pd.DataFrame, OutcomeTable | None]:
    """The table, and the outcome table that it comes from, if any; a
    table with two columns of one name is refused.
    """
    source = other if isinstance(other, OutcomeTable) else None
    table = other.table if isinstance(other, OutcomeTable) else other
    if not isinstance(table, pd.DataFrame):
        raise JoinError(f"{name} is a {type(other).__name__}; give a DataFrame or an OutcomeTable.")
    refuse_twice(table, name)
    return table, source


def key_pairs(on: str | Sequence[str] | Mapping[str, str]) -> dict[str, str]:
    """Key columns of the cases and of the other table."""
    if not isinstance(on, str | Mapping | list | tuple):
        raise JoinError(
            f"on is {on!r}; name the key column, or several, or {{column of the cases: column of"
            " the other table}."
        )
    if isinstance(on, Mapping):
        pairs = dict(on)
    else:
        columns = [on] if isinstance(on, str) else on
        pairs = {column: column for column in columns}
    named = 1 if isinstance(on, str) else len(on)
    if not pairs or len(pairs) < named or len(set(pairs.values())) < len(pairs):
        raise JoinError(f"on is {on!r}; name the key column, or several different ones.")
    return pairs


def has_columns(table: pd.DataFrame, columns: Sequence[str], who: str) -> None:
    """Refuse a table that lacks one of the columns."""
    for column in columns:
        if column not in table.columns:
            raise JoinError(one_of(f"a column of {who}", column, [str(c) for c in table.columns]))


def has_keys(table: pd.DataFrame, columns: Sequence[str], who: str, remedy: str = "") -> None:
    """Refuse a table that lacks one of its key columns."""
    for column in columns:
        if column not in table.columns:
            known = [str(c) for c in table.columns]
            raise JoinError(
                f"{who} has no column {column!r}.{nearest(column, known)} It has"
                f" {', '.join(known[:12])}.{remedy}"
            )
