"""Undirected pairs of states joined with a directed table: one direction that is named, or both
combined by a rule that the author writes.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from peacestudy.core.clock import ends_of_years
from peacestudy.core.frame import StudyFrame
from peacestudy.core.joined import FILLED, MET, NO_ROW, PARTLY
from peacestudy.core.ledger import Entry
from peacestudy.core.problems import Note, one_of
from peacestudy.errors import JoinError
from peacestudy.joins.columns.arguments import has_columns
from peacestudy.joins.columns.collect import count_rows_met
from peacestudy.joins.columns.frame_columns import add_columns, as_frame
from peacestudy.joins.columns.source_coverage import Whys, declared_values
from peacestudy.joins.columns.special_codes import Codes, first_code, of_gaps
from peacestudy.joins.states.dyads import dyad_key
from peacestudy.joins.states.member_rows import case_why, look_up, state_table
from peacestudy.joins.states.member_values import MISSING, RULES, combine_members
from peacestudy.outcomes import OutcomeTable

ONE_WAY = ("a_to_b", "b_to_a")
DIRECTION_RULES = (*ONE_WAY, "same", *(r for r in RULES if r != "weighted"))


def from_directions(
    cases: StudyFrame | pd.DataFrame,
    other: pd.DataFrame | OutcomeTable,
    *,
    states: tuple[str, str],
    year: str,
    measures: Mapping[str, tuple[str, str]],
    missing: str,
    name: str,
    other_states: tuple[str, str] | None = None,
    other_year: str | None = None,
    absent: Mapping[str, float] | None = None,
    key: str | None = None,
    unit: str = "dyad-year",
) -> StudyFrame:
    """Join a directed table of dyad-years to cases that are pairs of states.

    Parameters
    ----------
    cases : StudyFrame or DataFrame
        A row a pair of states and year, in either order.
    other : DataFrame or OutcomeTable
        Directed dyad-years: a row from one state to the other in a year, each direction once at
        most.
    states : tuple of str, (a, b)
        The two columns of the cases.
    year : str
        Column of the year in the cases.
    measures : mapping of str to tuple of (str, str)
        ``{new column: (column of other, rule)}``. ``a_to_b`` and ``b_to_a`` take that direction (a
        and b as in the cases); ``same`` takes the value of both, and refuses pairs whose directions
        contradict each other; ``any, all, share, mean, max, min, sum`` combine both.
    missing : {"any_missing", "observed"}
        Where one direction has no value, the case has none; or the direction with a value counts,
        and a column ``<new column>_directions`` has the number of directions that did. It does not
        matter for ``a_to_b`` and ``b_to_a``.
    name : str
        What the other table is, for the ledger.
    other_states : tuple of str, (from, to), optional
        Columns of ``other``; None takes those that an OutcomeTable names.
    other_year : str, optional
        Column of the year in ``other``; None takes the one that an OutcomeTable names.
    absent : mapping of str to float, optional
        ``{column of other: value}`` for an absent row inside the coverage of the source.
    key : str, optional
        Id column, where ``cases`` is a DataFrame.
    unit : str
        What a case is, where ``cases`` is a DataFrame.

    Returns
    -------
    StudyFrame
        The cases with the new columns. A note says for each column in how many pairs the two
        directions differ.

    Raises
    ------
    JoinError
        The rule is ``same`` and directions contradict each other, a state is paired with itself, a
        direction is repeated, or a column, rule or word is unknown.

    Examples
    --------
    >>> import pandas as pd
    >>> pairs = pd.DataFrame({"case_id": ["x"], "a": [20], "b": [2], "year": [1990]})
    >>> trade = pd.DataFrame(
    ...     {"source": [2, 20], "target": [20, 2], "year": 1990, "flow": [5.0, 7.0]}
    ... )
    >>> frame = ps.joins.from_directions(
    ...     pairs,
    ...     trade,
    ...     states=("a", "b"),
    ...     year="year",
    ...     other_states=("source", "target"),
    ...     other_year="year",
    ...     name="trade",
    ...     measures={"total": ("flow", "sum"), "out": ("flow", "a_to_b")},
    ...     missing="any_missing",
    ... )
    >>> frame.data[["total", "out"]].values.tolist()
    [[12.0, 7.0]]
    >>> print(frame.notes[0])
    trade: the two directions of flow differ in 1 of 1 pairs that have both.
    """
    frame = as_frame(cases, key, unit, [*states, year])
    columns = _key_columns(other, other_states, other_year)
    table, source = state_table(other, list(columns), name)
    _check(frame, table, (*states, year), measures, missing)
    taken = [column for column, _ in measures.values()]
    fill = declared_values(absent, source, taken, name)
    state_a, state_b = (frame.data[state] for state in states)
    dyad_key(state_a, state_b, directed=True)  # refuses a state against itself

    owner = np.tile(np.arange(len(frame)), 2)
    keys = _both_directions(state_a, state_b, frame.data[year], columns)
    found = look_up(keys, columns[2], table, source, taken, name)
    added: dict[str, pd.Series] = {}
    notes: list[Note] = []
    codes: dict[str, Codes] = {}
    for new, (column, rule) in measures.items():
        values = found.column(column, fill)
        note = _differing(frame, values, column, rule, name)
        if note and note not in notes:
            notes.append(note)
        added |= _measure(values, owner, len(frame), new, rule, missing)
        if column in found.codes:
            way = _used({rule}, len(frame))
            codes[new] = first_code(found.codes[column][way], owner[way], len(frame))

    used = _used({rule for _, rule in measures.values()}, len(frame))
    filled = (found.why == NO_ROW) & bool(fill)
    row_why = np.where(filled, FILLED, found.why).astype(np.int8)
    why = case_why(row_why[used], owner[used], len(frame))
    made = pd.DataFrame(added)
    entry = _entry(frame, table, found.at[used], why, name, (missing, measures))
    known_on = ends_of_years(frame.data[year])
    out = add_columns(frame, made, why, entry, source, of_gaps(codes, made), found.notes, known_on)
    return replace(out, notes=(*out.notes, *notes))


def _both_directions(
    state_a: pd.Series, state_b: pd.Series, year: pd.Series, columns: tuple[str, str, str]
) -> dict[str, pd.Series]:
    """The keys of all rows from a to b, and then of all from b to a."""
    return {
        columns[0]: pd.concat([state_a, state_b], ignore_index=True),
        columns[1]: pd.concat([state_b, state_a], ignore_index=True),
        columns[2]: pd.concat([year] * 2, ignore_index=True),
    }


def _measure(
    values: pd.Series, owner: npt.NDArray[np.intp], cases: int, new: str, rule: str, missing: str
) -> dict[str, pd.Series]:
    """The new column, and the number of directions that it is made of where that may vary."""
    there, back = _both_ways(values, cases)
    if rule in ONE_WAY:
        return {new: there if rule == "a_to_b" else back}
    if rule == "same":
        observed = there.notna().astype("int64") + back.notna()
        found = there.where(there.notna(), back)
        if missing != "observed":
            found = found.where(observed == 2)
    else:
        combined = combine_members(values, owner, cases, rule=rule, missing=missing)
        found, observed = combined.values, pd.Series(combined.observed)
    if missing != "observed":
        return {new: found}
    return {new: found, f"{new}_directions": observed}


def _both_ways(values: pd.Series, cases: int) -> tuple[pd.Series, pd.Series]:
    """The values from a to b and from b to a, a row a case."""
    there = values.iloc[:cases].reset_index(drop=True)
    back = values.iloc[cases:].reset_index(drop=True)
    return there, back


def _differing(
    frame: StudyFrame, values: pd.Series, column: str, rule: str, name: str
) -> Note | None:
    """A note on pairs whose directions differ; an error where the rule says that they do not."""
    there, back = _both_ways(values, len(frame))
    both = (there.notna() & back.notna()).to_numpy()
    differ = both & (there != back).fillna(False).to_numpy(dtype=bool)
    if rule == "same" and differ.any():
        at = int(np.flatnonzero(differ)[0])
        raise JoinError(
            f"{name}: the two directions of {column} contradict each other in {int(differ.sum())}"
            f" of {int(both.sum())} pairs, for example in {frame.data[frame.key].iloc[at]}:"
            f" {there.iloc[at]} against {back.iloc[at]}. Write a rule for them, or name one"
            " direction."
        )
    if rule in ONE_WAY or not differ.any():
        return None
    count = f"{int(differ.sum())} of {int(both.sum())}"
    return Note(
        "directions",
        f"{name}: the two directions of {column} differ in {count} pairs that have both.",
    )


def _used(rules: set[str], cases: int) -> npt.NDArray[np.bool_]:
    """The directions that the rules use: one that no measure uses may be absent."""
    return np.repeat([rules != {"b_to_a"}, rules != {"a_to_b"}], cases)


def _key_columns(
    other: pd.DataFrame | OutcomeTable, states: tuple[str, str] | None, year: str | None
) -> tuple[str, str, str]:
    if isinstance(other, OutcomeTable):
        named = [column for column, _ in other.source.states]
        states = states or ((named[0], named[1]) if len(named) == 2 else None)
        year = year or other.source.year
    if states is None:
        raise JoinError(
            "the columns of states of the other table are not known. Name them:"
            ' other_states=("from", "to").'
        )
    return states[0], states[1], year or "year"


def _check(
    frame: StudyFrame,
    table: pd.DataFrame,
    columns: tuple[str, ...],
    measures: Mapping[str, tuple[str, str]],
    missing: str,
) -> None:
    has_columns(frame.data, columns, "the cases")
    if missing not in MISSING:
        raise JoinError(one_of("missing", missing, MISSING))
    if not measures:
        raise JoinError('measures is empty. Write {"new column": ("column", "rule")}.')
    has_columns(table, [column for column, _ in measures.values()], "measures")
    for _, rule in measures.values():
        if rule not in DIRECTION_RULES:
            raise JoinError(one_of("rule", rule, DIRECTION_RULES))
    if clash := sorted({f"{new}_directions" for new in measures} & set(measures)):
        raise JoinError(
            f"{clash[0]!r} is the name of the count of directions of another measure. Give it"
            " another name."
        )


def _entry(
    frame: StudyFrame,
    table: pd.DataFrame,
    at: npt.NDArray[np.int64],
    why: Whys,
    name: str,
    written: tuple[str, Mapping[str, tuple[str, str]]],
) -> Entry:
    missing, measures = written
    unmatched, again = count_rows_met(at, len(table))
    rules = ", ".join(f"{new} = {rule} of {column}" for new, (column, rule) in measures.items())
    description = (
        f"directed rows for pairs of states: {rules}; {int((why == PARTLY).sum())} pairs have one"
        f" direction; one missing: {missing}"
    )
    return Entry(
        f"join {name}",
        "window",
        frame.unit,
        len(frame),
        len(frame),
        unmatched=int((~np.isin(why, (MET, PARTLY))).sum()),
        other_rows=len(table),
        other_unmatched=unmatched,
        duplicated=again,
        filled=int((why == FILLED).sum()),
        why=description,
    )
