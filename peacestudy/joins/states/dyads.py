"""Pairs of states: ids of directed and undirected dyads, and
all dyad-years of the states there are.

These are dyads of states, as in trade, alliances or joint membership. The dyads of a government and
a rebel group, which UCDP numbers, are in ``peacestudy.outcomes.dyads``.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from peacestudy.core.frame import StudyFrame
from peacestudy.core.old_names import renamed_arguments
from peacestudy.core.problems import Note, one_of
from peacestudy.core.spelling import twins
from peacestudy.errors import JoinError
from peacestudy.joins.columns.arguments import has_columns
from peacestudy.joins.columns.source_coverage import first_and_last
from peacestudy.outcomes.contradicting_rows import contradiction_text

TOP = 1000  # numbers of states in GW, COW and V-Dem have at most three digits


def dyad_key(a: pd.Series, b: pd.Series, *, directed: bool) -> pd.Series:
    """The id of the dyad of two states, row by row.

    Parameters
    ----------
    a, b : codes of one system, both whole numbers from 0 to 999 or both texts; one index.
    directed : whether a to b is another dyad than b to a. If not, the lower code stands first,
        whichever column it is in.

    Returns
    -------
    Series
        1000 times the first code plus the second (Int64), or for texts the
        two with a hyphen; missing where a code is.

    Raises
    ------
    JoinError
        A state stands against itself, a number has more than three digits, the columns are of two
        types, or two texts differ only by blanks, accents, capitals, apostrophes or dashes.

    Examples
    --------
    >>> dyad_key(pd.Series([20, 2]), pd.Series([2, 20]), directed=False).tolist()
    [2020, 2020]
    >>> dyad_key(pd.Series(["USA"]), pd.Series(["CAN"]), directed=True).tolist()
    ['USA-CAN']
    """
    if not a.index.equals(b.index):
        raise JoinError(
            "the two columns of states do not have the same index; take both from one table."
        )
    there = (a.notna() & b.notna()).to_numpy()
    kinds = {pd.api.types.is_numeric_dtype(x) for x in (a, b) if x.notna().any()}
    if len(kinds) > 1:
        raise JoinError(
            f"{a.name!r} and {b.name!r} are not of the same type. Convert both to numbers, or both"
            " to text."
        )
    numbers = kinds != {False}
    one, other = (_codes(x, there, numbers) for x in (a, b))
    same = one == other
    if same.any():
        first = one[np.flatnonzero(same)[0]]
        state = f"{first:g}" if numbers else first
        raise JoinError(
            f"state {state} is paired with itself in {int(same.sum())} row(s); a dyad has two"
            " states. Leave these rows out."
        )
    if not numbers:
        _refuse_spellings(one, other, a.name, b.name)
    if not directed:
        swap = one > other
        one, other = np.where(swap, other, one), np.where(swap, one, other)
    if numbers:
        out = np.zeros(len(a), dtype=np.int64)
        out[there] = one.astype(np.int64) * TOP + other.astype(np.int64)
        return pd.Series(out, a.index, dtype="Int64").mask(~there)
    text = np.full(len(a), None, dtype=object)
    text[there] = one + "-" + other
    return pd.Series(text, a.index, dtype="str")


def _refuse_spellings(one: npt.NDArray[Any], other: npt.NDArray[Any], a: object, b: object) -> None:
    """Refuse codes of states that are written in two ways: one
    pair of states would have two ids.
    """
    found = twins([*pd.unique(one), *pd.unique(other)])
    if found.pairs:
        raise JoinError(
            f"{a!r} and {b!r} hold codes that differ only by {found.how}: {found.shown()}. Write"
            " each state in one way."
        )


@renamed_arguments(name="into")
def directed(table: pd.DataFrame, a: str, b: str, *, into: str) -> pd.DataFrame:
    """The table with a column ``into`` for the directed dyad from the state
    in ``a`` to that in ``b``; see ``dyad_key``.

    Examples
    --------
    >>> trade = pd.DataFrame({"exporter": [2, 20], "importer": [20, 2]})
    >>> directed(trade, "exporter", "importer", into="dyad")["dyad"].tolist()
    [2020, 20002]
    """
    return _with_key(table, a, b, into, True)


@renamed_arguments(name="into")
def undirected(table: pd.DataFrame, a: str, b: str, *, into: str) -> pd.DataFrame:
    """The table with a column ``into`` for the dyad of the two states,
    whichever of them stands first; see ``dyad_key``.

    Two rows a dyad, one for each direction, then have one id:
    ``from_directions`` combines them by a rule.

    Examples
    --------
    >>> trade = pd.DataFrame({"exporter": [2, 20], "importer": [20, 2]})
    >>> undirected(trade, "exporter", "importer", into="dyad")["dyad"].tolist()
    [2020, 2020]
    """
    return _with_key(table, a, b, into, False)


@renamed_arguments()
def dyad_years(
    states: StudyFrame | pd.DataFrame,
    *,
    years: tuple[int, int],
    directed: bool,
    state: str = "state",
    year: str = "year",
) -> StudyFrame:
    """All pairs of the states that existed in a year, for every year.

    Parameters
    ----------
    states : a row a state and year; none may stand twice.
    years : the first and the last year, both included.
    directed : both a to b and b to a, or the pair once, the lower code first.
    state, year : the columns of ``states``.

    Returns
    -------
    StudyFrame
        ``row_id, <state>_a, <state>_b, <year>, dyad``, sorted by year and codes: n(n - 1) rows for
        n states in a year, half as many if not directed. A note says which years have no states and
        how many state-years lie outside the years, or have no state or year.

    Raises
    ------
    JoinError
        A state-year stands twice, a column is absent, or the last year is before the first.

    Examples
    --------
    >>> there = pd.DataFrame({"state": [2, 20, 70, 2, 20], "year": [1990, 1990, 1990, 1991, 1991]})
    >>> dyad_years(there, years=(1990, 1991), directed=False).data[
    ...     ["state_a", "state_b", "year"]
    ... ].values.tolist()
    [[2, 20, 1990], [2, 70, 1990], [20, 70, 1990], [2, 20, 1991]]
    """
    table = states.data if isinstance(states, StudyFrame) else states
    for what, column in (("state", state), ("year", year)):
        if column not in table.columns:
            raise JoinError(one_of(what, column, [str(c) for c in table.columns]))
    first, last = first_and_last(years)
    text = contradiction_text(table[[state, year]], "the table of states", [state, year])
    if text:
        raise JoinError(text)
    complete = table[[state, year]].dropna()
    inside = complete[complete[year].between(first, last)]
    inside = inside.sort_values([year, state], ignore_index=True)
    sizes = inside.groupby(year).size()
    one, other = _pairs(sizes.to_numpy(), directed)
    data = pd.DataFrame(
        {
            "row_id": np.arange(len(one)),
            f"{state}_a": inside[state].to_numpy()[one],
            f"{state}_b": inside[state].to_numpy()[other],
            year: inside[year].to_numpy()[one],
        }
    )
    if pd.api.types.is_numeric_dtype(data[year]):
        data[year] = data[year].astype("int64")
    key = dyad_key(data[f"{state}_a"], data[f"{state}_b"], directed=directed)
    data["dyad"] = key.astype("int64") if key.dtype == "Int64" else key
    unit = "directed dyad-year" if directed else "undirected dyad-year"
    notes = _notes(table, complete, inside[year], (first, last))
    return StudyFrame(data, unit, "row_id", notes=notes)


def _pairs(
    sizes: npt.NDArray[Any], directed: bool
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Places of the first and second member of every pair within
    blocks of these sizes, block after block.
    """
    starts = np.cumsum(sizes) - sizes
    ones, others = [np.zeros(0, np.intp)], [np.zeros(0, np.intp)]
    for start, n in zip(starts, sizes, strict=True):
        if directed:
            one, other = np.nonzero(~np.eye(n, dtype=bool))
        else:
            one, other = np.triu_indices(n, 1)
        ones.append(one + start)
        others.append(other + start)
    return np.concatenate(ones), np.concatenate(others)


def _notes(
    table: pd.DataFrame, complete: pd.DataFrame, years: pd.Series, span: tuple[int, int]
) -> tuple[Note, ...]:
    """A note on years without states, and on rows that are in no dyad-year."""
    first, last = span
    empty = sorted(set(range(first, last + 1)) - {int(y) for y in years.unique()})
    outside = len(complete) - len(years)
    gaps = len(table) - len(complete)
    parts = []
    if empty:
        parts.append(
            f"no state is listed in {len(empty)} of the years {first} to {last} ({empty[0]} to"
            f" {empty[-1]}), so no dyad"
        )
    if outside:
        parts.append(f"{outside} state-year(s) lie outside {first} to {last}")
    if gaps:
        parts.append(f"{gaps} row(s) have no state or no year")
    if not parts:
        return ()
    return (Note("dyad_years", "Dyad-years: " + "; ".join(parts) + "."),)


def _with_key(table: pd.DataFrame, a: str, b: str, into: str, way: bool) -> pd.DataFrame:
    has_columns(table, [a, b], "states")
    if into in table.columns:
        raise JoinError(
            f"the table has a column {into!r} already. Give the column of the dyads another name:"
            " into=."
        )
    return table.assign(**{into: dyad_key(table[a], table[b], directed=way)})


def _codes(column: pd.Series, there: npt.NDArray[np.bool_], numbers: bool) -> npt.NDArray[Any]:
    """The codes of the rows where both are there."""
    if not numbers:
        texts = column[there].to_numpy(dtype=object)
        wrong = [t for t in pd.unique(texts) if not isinstance(t, str)]
        if wrong:
            raise JoinError(
                f"{column.name!r} holds {wrong[0]!r} among texts. Convert the codes to one type."
            )
        return np.asarray(texts, dtype=object)
    codes = column[there].to_numpy(dtype="float64")
    bad = (codes < 0) | (codes >= TOP) | (codes % 1 != 0)
    if bad.any():
        raise JoinError(
            f"{column.name!r} holds {codes[bad][0]:g}; a number of a state is whole, from 0 to"
            f" {TOP - 1}. Two longer numbers would run together in one id: use texts."
        )
    return np.asarray(codes, dtype=np.float64)
