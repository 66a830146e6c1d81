"""Cases that several states share: the states' country-years brought
together by a rule written for each variable.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from peacestudy.core.frame import StudyFrame
from peacestudy.core.joined import FILLED, MET, NO_ROW, PARTLY
from peacestudy.core.ledger import Entry
from peacestudy.core.problems import Note, one_of
from peacestudy.errors import JoinError
from peacestudy.joins.bring import as_frame, bring
from peacestudy.joins.coverage import Whys, declared
from peacestudy.joins.gather import met_rows
from peacestudy.joins.given import has_columns
from peacestudy.joins.special import Codes, first_code, of_gaps
from peacestudy.joins.states.members import Members, from_table, from_text
from peacestudy.joins.states.rows import MetRows, case_why, look_up, state_table
from peacestudy.joins.states.systems import Misfit, system_misfit
from peacestudy.joins.states.together import RULES, together
from peacestudy.outcomes import OutcomeTable


def several(
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
    """Bring country-year values to cases that name several states.

    Parameters
    ----------
    cases : a row a case.
    other : country-years; no state-year may stand twice.
    states : column of the cases with codes separated by commas or semicolons (``"432, 433"``), or a
        long table with a row a case and state: the key column of the cases, ``state``, and the
        weight where one is used. The codes are of the system of ``other`` (translate them before,
        with ``to_system``).
    year : column of the cases: the year that is looked up.
    measures : from each new column to the column of ``other`` and the rule: ``{"any_war": ("war",
        "any")}``. Rules are those of ``together``: any, all, share, mean, max, min, sum, weighted.
    missing : {"any_missing", "observed"}: a case is missing where one of its states has no value;
        or the rule is applied to the states that have one, and a column ``<new column>_states``
        says how many these are.
    name : what the other table is, for the ledger.
    weight : column of the long table with the weights of the rule ``weighted``.
    other_state, other_year : columns of ``other``; None takes those that an outcome table names,
        else ``state`` and ``year``.
    absent : from a column of ``other`` to the value that stands for an
        absent row inside the coverage of the source.
    key, unit : as in ``join``, where ``cases`` is a plain DataFrame.

    Returns
    -------
    StudyFrame
        The new columns added. ``joined`` says of each case ``met`` (every state has a row),
        ``partly observed`` (some have not), or why none has: what holds of the state that came
        nearest to a row. The ledger's ``window`` entry counts them.

    Raises
    ------
    JoinError
        A state stands twice in one case, a state-year twice in ``other``, a weight is missing or
        negative, or a column, rule or word is unknown.

    Examples
    --------
    >>> treaties = pd.DataFrame(
    ...     {"treaty": ["a", "b"], "parties": ["2; 20", "20, 70"], "year": [1990, 1990]}
    ... )
    >>> peace = pd.DataFrame(
    ...     {"state": [2, 20], "year": [1990, 1990], "war": [True, False], "gdp": [30.0, 20.0]}
    ... )
    >>> frame = several(
    ...     treaties,
    ...     peace,
    ...     states="parties",
    ...     year="year",
    ...     key="treaty",
    ...     name="peace",
    ...     missing="observed",
    ...     measures={"any_war": ("war", "any"), "mean_gdp": ("gdp", "mean")},
    ... )
    >>> frame.data[["treaty", "any_war", "any_war_states", "mean_gdp"]].values.tolist()
    [['a', True, 2, 25.0], ['b', False, 1, 20.0]]
    """
    frame = as_frame(cases, key, unit, [key or "case_id"])
    state_column, year_column = _key_columns(other, other_state, other_year)
    table, source = state_table(other, [state_column, year_column], name)
    _check(frame, table, year, measures, weight, states)
    columns = [column for column, _ in measures.values()]
    fill = declared(absent, source, columns, name)
    numbers = pd.api.types.is_numeric_dtype(table[state_column])
    members = (
        from_text(frame, states, numbers)
        if isinstance(states, str)
        else from_table(frame, states, weight, numbers)
    )
    years = frame.data[year].iloc[members.owner].reset_index(drop=True)
    keys = {state_column: members.states, year_column: years}
    found = look_up(keys, year_column, table, source, columns, name)
    added, filled, codes = _measured(members, found, len(frame), measures, missing, fill)
    why = case_why(np.where(filled, FILLED, found.why).astype(np.int8), members.owner, len(frame))
    entry = _entry(frame, table, members, found, why, name, (missing, measures))
    out = bring(frame, added, why, entry, source, codes, found.notes)
    told = [
        *_weights_told(members, len(frame), weight),
        *_system_told(members, years, other, state_column),
    ]
    return replace(out, notes=(*out.notes, *told))


def _measured(
    members: Members,
    found: MetRows,
    cases: int,
    measures: Mapping[str, tuple[str, str]],
    missing: str,
    absent: Mapping[str, float],
) -> tuple[pd.DataFrame, npt.NDArray[np.bool_], dict[str, Codes]]:
    """The new columns, which members carry a declared value, and
    codes that are no values by new column.
    """
    added, codes = {}, {}
    filled = (found.why == NO_ROW) & bool(absent)
    for new, (column, rule) in measures.items():
        weights = members.weights if rule == "weighted" else None
        one = together(
            found.column(column, absent),
            members.owner,
            cases,
            rule=rule,
            missing=missing,
            weights=weights,
        )
        added[new] = one.values
        if missing == "observed":
            added[f"{new}_states"] = pd.Series(one.observed)
        if column in found.codes:
            codes[new] = first_code(found.codes[column], members.owner, cases)
    made = pd.DataFrame(added)
    return made, filled, of_gaps(codes, made)


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
    unmatched, again = met_rows(found.at, len(table))
    met = np.isin(why, (MET, PARTLY))
    rules = ", ".join(f"{new} = {rule} of {column}" for new, (column, rule) in written[1].items())
    said = (
        f"{rules}; {len(members.owner)} states of {len(frame)} rows, {int((found.at < 0).sum())} of"
        f" them without a row in {name}; a missing value of a state: {written[0]}"
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
        why=said,
    )


def _weights_told(members: Members, cases: int, weight: str | None) -> list[Note]:
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


def _system_told(
    members: Members, years: pd.Series, other: pd.DataFrame | OutcomeTable, column: str
) -> list[Note]:
    """A note where the codes of the cases are rather those of
    another system than that of the source.
    """
    system = dict(other.source.states).get(column) if isinstance(other, OutcomeTable) else None
    misfit = system_misfit(members.states, years, system, "states") if system else Misfit()
    if misfit.refused:
        raise JoinError(
            f"{misfit.text} Write them in the source's system first: ps.joins.to_system."
        )
    return [Note("code_system", misfit.text)] if misfit.text else []
