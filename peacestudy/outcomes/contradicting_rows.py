"""Rows of a table that share a key, and the columns in which they contradict each other."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from peacestudy.core.problems import one_of
from peacestudy.errors import SourceError
from peacestudy.outcomes.source import OutcomeTable


def contradictions(
    outcome_table: OutcomeTable | pd.DataFrame, key: str | Sequence[str] | None = None
) -> pd.DataFrame:
    """Keys that several rows have, with the columns in which these rows differ.

    Parameters
    ----------
    outcome_table : an outcome table, or a DataFrame.
    key : column, or columns, that should name a row; None takes the key of the source. Rows with a
        missing key are left out.

    Returns
    -------
    DataFrame
        A row a key that stands in several rows, in order of first appearance: the columns of the
        key, ``rows`` (tuple of places of the rows, from 0), ``differ`` (tuple of columns in which
        they differ; empty where the rows are the same throughout, so that one of them may be
        dropped) and ``values`` (for each of these columns the values, a tuple in the order of
        ``rows``). Missing against a value differs, missing against missing does not. The table is
        empty where every key stands once.

    Raises
    ------
    SourceError
        No key is known, or the table has no such column.

    Examples
    --------
    >>> peace = pd.DataFrame(
    ...     {
    ...         "state": [260, 260, 2],
    ...         "year": [1990, 1990, 1990],
    ...         "polity": [10, 9, 10],
    ...         "region": [1, 1, 2],
    ...     }
    ... )
    >>> contradictions(peace, ["state", "year"])
       state  year    rows     differ      values
    0    260  1990  (0, 1)  (polity,)  ((10, 9),)
    """
    table = outcome_table.table if isinstance(outcome_table, OutcomeTable) else outcome_table
    keys = _keys(outcome_table, key)
    for column in keys:
        if column not in table.columns:
            raise SourceError(
                one_of("a column of the key", column, [str(c) for c in table.columns])
            )
    data = table.reset_index(drop=True)
    data = data[data[keys].notna().all(axis=1)]
    data = data[data.duplicated(keys, keep=False)]
    if data.empty:
        return pd.DataFrame([], columns=[*keys, "rows", "differ", "values"])
    group = data.groupby(keys, sort=False).ngroup().to_numpy()
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order])) + 1
    columns = [c for c in data.columns if c not in keys]
    numbers = {c: pd.factorize(data[c], use_na_sentinel=True)[0] for c in columns}
    found = []
    for at in np.split(order, starts):
        differ = tuple(c for c in columns if (numbers[c][at] != numbers[c][at[0]]).any())
        values = tuple(tuple(data[c].iloc[at].tolist()) for c in differ)
        key_values = [data[k].iloc[at[0]] for k in keys]
        found.append((*key_values, tuple(data.index[at].tolist()), differ, values))
    return pd.DataFrame(found, columns=[*keys, "rows", "differ", "values"])


def contradiction_text(
    outcome_table: OutcomeTable | pd.DataFrame, name: str, key: str | Sequence[str] | None = None
) -> str:
    """The sentences that refuse a table whose key stands in several
    rows; empty where every key stands once.

    Parameters
    ----------
    outcome_table, key : as in ``contradictions``.
    name : what the table is.

    Examples
    --------
    >>> peace = pd.DataFrame({"state": [260, 260], "year": [1990, 1990], "polity": [10, 9]})
    >>> print(contradiction_text(peace, "polity5", ["state", "year"]))
    polity5 has several rows for 1 state + year, which would multiply cases. They contradict \
each other for 1 of them: 260 1990 in polity (10 against 9). Decide which row holds, or reduce \
them to one by a rule of yours.
    """
    found = contradictions(outcome_table, key)
    if found.empty:
        return ""
    keys = [str(c) for c in found.columns[:-3]]
    differing = found[found["differ"].map(len) > 0]
    head = (
        f"{name} has several rows for {len(found)} {' + '.join(keys)}, which would multiply cases. "
    )
    if differing.empty:
        first = " ".join(map(str, found.iloc[0, :-3]))
        return (
            f"{head}They are the same throughout (for example {first}): drop the second of each"
            " with drop_duplicates()."
        )
    examples = []
    for row in differing.head(3).itertuples(index=False, name=None):
        *key_values, _, columns, values = row
        against = " against ".join(map(str, values[0]))
        example = f"{' '.join(map(str, key_values))} in {columns[0]} ({against})"
        if len(columns) > 1:
            example += f" and {len(columns) - 1} more columns"
        examples.append(example)
    return (
        f"{head}They contradict each other for {len(differing)} of them: {'; '.join(examples)}."
        " Decide which row holds, or reduce them to one by a rule of yours."
    )


def _keys(outcome_table: OutcomeTable | pd.DataFrame, key: str | Sequence[str] | None) -> list[str]:
    if key is None and isinstance(outcome_table, OutcomeTable):
        key = outcome_table.source.key
    keys = [key] if isinstance(key, str) else list(key or ())
    if not keys:
        raise SourceError(
            "the table has no known key. Name the column, or columns, that identify its rows:"
            ' key="...".'
        )
    return keys
