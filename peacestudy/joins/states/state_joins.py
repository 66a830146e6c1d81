"""Cases that several states share: country-years of the states,
combined by a rule that is written for each variable.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
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
from peacestudy.joins.keys.state_codes import misfit_notes
from peacestudy.joins.states.member_rows import MetRows, case_why, look_up, state_table
from peacestudy.joins.states.member_values import RULES, combine_members
from peacestudy.joins.states.members import Members, from_table, from_text
from peacestudy.outcomes import OutcomeTable


def join_states(
    cases: StudyFrame | pd.DataFrame,
    other: pd.DataFrame | OutcomeTable,
    *,
    states: str | pd.DataFrame,
    year: str,
    measures: Mapping[str, tuple[str, str]],
    missing: str,
    name: str,
    weight: str | None = None,
    other_state: str | None = None,
    other_year: str | None = None,
    absent: Mapping[str, float] | None = None,
    key: str | None = None,
    unit: str = "case",
) -> StudyFrame:
    """Join country-years to cases that name several states.

    Parameters
    ----------
    cases : StudyFrame or DataFrame
        A row a case.
    other : DataFrame or OutcomeTable
        Country-years; no state-year may be repeated.
    states : str or DataFrame
        Column of the cases with codes separated by commas or semicolons (``"432, 433"``), or a long
        table with a row a case and state: the key column of the cases, ``state``, and the weight
        where one is used. The codes are of the system of ``other`` (translate them before, with
        ``to_system``).
    year : str
        Column of the cases with the year that is looked up.
    measures : mapping of str to tuple of (str, str)
        ``{new column: (column of other, rule)}``, such as ``{"any_war": ("war", "any")}``. Rules:
        any, all, share, mean, max, min, sum, weighted.
    missing : {"any_missing", "observed"}
        A case is missing where one of its states has no value; or the rule is applied to the states
        that have one, and a column ``<new column>_states`` has their number.
    name : str
        What the other table is, for the ledger.
    weight : str, optional
        Column of the long table with the weights of the rule ``weighted``.
    other_state, other_year : str, optional
        Columns of ``other``; None takes those that an OutcomeTable names, else ``state`` and
        ``year``.
    absent : mapping of str to float, optional
        ``{column of other: value}`` for an absent row inside the coverage of the source.
    key : str, optional
        Id column, where ``cases`` is a DataFrame.
    unit : str
        What a case is, where ``cases`` is a DataFrame.

    Returns
    -------
    StudyFrame
        The cases with the new columns. ``joined`` says of each case ``met`` (every state has a
        row), ``partly observed`` (some have none), or the reason why none has. The ledger's
        ``window`` entry counts them.

    Raises
    ------
    JoinError
        A state is repeated in one case, a state-year in ``other``; a weight is missing or negative;
        or a column, rule or word is unknown.

    Examples
    --------
    >>> import pandas as pd
    >>> treaties = pd.DataFrame(
    ...     {"treaty": ["a", "b"], "parties": ["2; 20", "20, 70"], "year": 1990}
    ... )
    >>> peace = pd.DataFrame(
    ...     {"state": [2, 20], "year": 1990, "war": [True, False], "gdp": [30.0, 20.0]}
    ... )
    >>> frame = ps.joins.join_states(
    ...     treaties,
    ...     peace,
    ...     states="parties",
    ...     year="year",
    ...     key="treaty",
    ...     name="peace",
    ...     missing="observed",
    ...     measures={"any_war": ("war", "any"), "mean_gdp": ("gdp", "mean")},
    ... )
    >>> frame.data[["treaty", "any_war", "any_war_states", "mean_gdp"]]
      treaty  any_war  any_war_states  mean_gdp
    0      a     True               2      25.0
    1      b    False               1      20.0
    """
    frame = as_frame(cases, key, unit, [key or "case_id"])
    state_column, year_column = _key_columns(other, other_state, other_year)
    table, source = state_table(other, [state_column, year_column], name)
    _check(frame, table, year, measures, weight, states)
    columns = [column for column, _ in measures.values()]
    fill = declared_values(absent, source, columns, name)
    numbers = pd.api.types.is_numeric_dtype(table[state_column])
    if isinstance(states, str):
        members = from_text(frame, states, numbers)
    else:
        members = from_table(frame, states, weight, numbers)
    years = frame.data[year].iloc[members.owner].reset_index(drop=True)
    keys = {state_column: members.states, year_column: years}
    found = look_up(keys, year_column, table, source, columns, name)

    added = _measured(members, found, len(frame), measures, missing, fill)
    codes = _codes(members, found, len(frame), measures, added)
    filled = (found.why == NO_ROW) & bool(fill)
    member_why = np.where(filled, FILLED, found.why).astype(np.int8)
    why = case_why(member_why, members.owner, len(frame))
    entry = _entry(frame, table, members, found, why, name, (missing, measures))
    known_on = ends_of_years(frame.data[year])
    out = add_columns(frame, added, why, entry, source, codes, found.notes, known_on)
    notes = _weight_notes(members, len(frame), weight)
    system = dict(source.source.states).get(state_column) if source else None
    if system:
        notes += misfit_notes(members.states, years, system, "states")
    return replace(out, notes=(*out.notes, *notes))


def _measured(
    members: Members,
    found: MetRows,
    cases: int,
    measures: Mapping[str, tuple[str, str]],
    missing: str,
    absent: Mapping[str, float],
) -> pd.DataFrame:
    """The new columns."""
    added = {}
    for new, (column, rule) in measures.items():
        combined = combine_members(
            found.column(column, absent),
            members.owner,
            cases,
            rule=rule,
            missing=missing,
            weights=members.weights if rule == "weighted" else None,
        )
        added[new] = combined.values
        if missing == "observed":
            added[f"{new}_states"] = pd.Series(combined.observed)
    return pd.DataFrame(added)


def _codes(
    members: Members,
    found: MetRows,
    cases: int,
    measures: Mapping[str, tuple[str, str]],
    added: pd.DataFrame,
) -> dict[str, Codes]:
    """Special codes by new column, of the cases whose new value is missing."""
    codes = {}
    for new, (column, _) in measures.items():
        if column in found.codes:
            codes[new] = first_code(found.codes[column], members.owner, cases)
    return of_gaps(codes, added)


def _key_columns(
    other: pd.DataFrame | OutcomeTable, state: str | None, year: str | None
) -> tuple[str, str]:
    if isinstance(other, OutcomeTable):
        named = [column for column, _ in other.source.states]
        state = state or (named[0] if len(named) == 1 else None)
        year = year or other.source.year
    return state or "state", year or "year"


def _check(
    frame: StudyFrame,
    table: pd.DataFrame,
    year: str,
    measures: Mapping[str, tuple[str, str]],
    weight: str | None,
    states: str | pd.DataFrame,
) -> None:
    if year not in frame.data.columns:
        raise JoinError(one_of("year", year, [str(c) for c in frame.data.columns]))
    if not measures:
        raise JoinError('measures is empty. Write {"new column": ("column", "rule")}.')
    has_columns(table, [column for column, _ in measures.values()], "measures")
    for _, rule in measures.values():
        if rule not in RULES:
            raise JoinError(one_of("rule", rule, RULES))
    if clash := sorted({f"{new}_states" for new in measures} & set(measures)):
        raise JoinError(
            f"{clash[0]!r} is the name of the count of states of another measure. Give it another"
            " name."
        )
    weighted = any(rule == "weighted" for _, rule in measures.values())
    if weighted and (weight is None or isinstance(states, str)):
        raise JoinError(
            'the rule "weighted" needs a long table of states with a column of weights:'
            ' states=table, weight="...".'
        )
    if weight is not None and not weighted:
        raise JoinError(
            f'weight is {weight!r}, and no measure has the rule "weighted". Leave it out, or write'
            " the rule."
        )


def _entry(
    frame: StudyFrame,
    table: pd.DataFrame,
    members: Members,
    found: MetRows,
    why: Whys,
    name: str,
    written: tuple[str, Mapping[str, tuple[str, str]]],
) -> Entry:
    missing, measures = written
    unmatched, again = count_rows_met(found.at, len(table))
    met = np.isin(why, (MET, PARTLY))
    rules = ", ".join(f"{new} = {rule} of {column}" for new, (column, rule) in measures.items())
    description = (
        f"{rules}; {len(members.owner)} states of {len(frame)} rows, {int((found.at < 0).sum())} of"
        f" them without a row in {name}; a missing value of a state: {missing}"
    )
    return Entry(
        f"join {name}",
        "window",
        frame.unit,
        len(frame),
        len(frame),
        unmatched=int((~met).sum()),
        other_rows=len(table),
        other_unmatched=unmatched,
        duplicated=again,
        filled=int((why == FILLED).sum()),
        why=description,
    )


def _weight_notes(members: Members, cases: int, weight: str | None) -> list[Note]:
    """A note where the weights of a case do not sum to 1."""
    if members.weights is None:
        return []
    total = np.bincount(members.owner, members.weights, cases)[np.unique(members.owner)]
    off = int((~np.isclose(total, 1)).sum())
    if not off:
        return []
    text = (
        f"weights in {weight} do not sum to 1 in {off} of {len(total)} rows with states (from"
        f" {total.min():g} to {total.max():g}); they are divided by their sum."
    )
    return [Note("weights", text)]
