"""Cases that several states share: the states' country-years brought together by a rule written for each variable."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from peacestudy.core.frame import StudyFrame, refuse_twice
from peacestudy.core.joined import REASONS
from peacestudy.core.keys import key_problems, levels, match
from peacestudy.core.ledger import Entry
from peacestudy.core.problems import Note, nearest, one_of
from peacestudy.errors import JoinError
from peacestudy.joins.bring import as_frame, bring
from peacestudy.joins.members import Members, from_table, from_text
from peacestudy.joins.together import RULES, together
from peacestudy.outcomes import OutcomeTable
from peacestudy.outcomes.contradictions import contradiction_text

_CAN_MISS = {"i": "Int64", "u": "UInt64", "b": "boolean"}
Places = npt.NDArray[np.int64]
MET, NO_KEY, YEARS, UNIT, ABSENT, FILLED, PARTLY = (
    REASONS.index(r)
    for r in ("met", "no key", "outside the years", "unit not covered", "no row", "filled", "partly observed")
)


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
    states : column of the cases with codes separated by commas or semicolons (``"432, 433"``), or a long table with a row a
        case and state: the key column of the cases, ``state``, and the weight where one is used. The codes are of the
        system of ``other`` (translate them before, with ``to_system``).
    year : column of the cases: the year that is looked up.
    measures : from each new column to the column of ``other`` and the rule: ``{"any_war": ("war", "any")}``. Rules are those
        of ``together``: any, all, share, mean, max, min, sum, weighted.
    missing : {"any_missing", "observed"}: a case is missing where one of its states has no value; or the rule is applied to
        the states that have one, and a column ``<new column>_states`` says how many these are.
    name : what the other table is, for the ledger.
    weight : column of the long table with the weights of the rule ``weighted``.
    other_state, other_year : columns of ``other``; None takes those that an outcome table names, else ``state`` and ``year``.
    absent : from a column of ``other`` to the value that stands for an absent row inside the coverage of the source.
    key, unit : as in ``join``, where ``cases`` is a plain DataFrame.

    Returns
    -------
    StudyFrame
        The new columns added. ``joined`` says of each case ``met`` (every state has a row), ``partly observed`` (some have
        not), or why none has: what holds of the state that came nearest to a row. The ledger's ``window`` entry counts them.

    Raises
    ------
    JoinError
        A state stands twice in one case, a state-year twice in ``other``, a weight is missing or negative, or a column, rule
        or word is unknown.

    Examples
    --------
    >>> treaties = pd.DataFrame({"treaty": ["a", "b"], "parties": ["2; 20", "20, 70"], "year": [1990, 1990]})
    >>> peace = pd.DataFrame({"state": [2, 20], "year": [1990, 1990], "war": [True, False], "gdp": [30.0, 20.0]})
    >>> frame = several(treaties, peace, states="parties", year="year", key="treaty", name="peace", missing="observed",
    ...                 measures={"any_war": ("war", "any"), "mean_gdp": ("gdp", "mean")})
    >>> frame.data[["treaty", "any_war", "any_war_states", "mean_gdp"]].values.tolist()
    [['a', True, 2, 25.0], ['b', False, 1, 20.0]]
    """
    frame = as_frame(cases, key, unit, [key or "case_id"])
    table, state_column, year_column = _other(other, name, other_state, other_year)
    _check(frame, table, year, measures, weight, states)
    _check_absent(absent, measures, other, name)
    numbers = pd.api.types.is_numeric_dtype(table[state_column])
    members = (
        from_text(frame, states, numbers) if isinstance(states, str) else from_table(frame, states, weight, numbers)
    )
    at, why = _met(frame, members, table, (state_column, year_column), (year, name), other)
    added, used, told = {}, np.zeros(len(table), bool), _weights_told(members, len(frame), weight)
    used[at[at >= 0]] = True
    filled = np.zeros(len(at), bool)
    covered = why == ABSENT
    for new, (column, rule) in measures.items():
        values = _values(table[column], at, other)
        if absent and column in absent:
            values = _with(values, covered, absent[column])
            filled |= covered
        found = together(values.rename(column), members.owner, len(frame), rule=rule, missing=missing,
                         weights=members.weights if rule == "weighted" else None)  # fmt: skip
        added[new] = found.values
        if missing == "observed":
            added[f"{new}_states"] = pd.Series(found.observed)
    why = np.where(filled, FILLED, why)
    case_why = _case_why(why, members.owner, len(frame))
    step = _entry(frame, table, at, members, case_why, name, (missing, measures))
    source = other if isinstance(other, OutcomeTable) else None
    out = bring(frame, pd.DataFrame(added), case_why, step, source)
    return replace(out, notes=(*out.notes, *told))


def _other(
    other: pd.DataFrame | OutcomeTable, name: str, state: str | None, year: str | None
) -> tuple[pd.DataFrame, str, str]:
    if isinstance(other, OutcomeTable):
        named = [column for column, _ in other.source.states]
        state = state or (named[0] if len(named) == 1 else None)
        year = year or other.source.year or None
    table = other.table if isinstance(other, OutcomeTable) else other
    refuse_twice(table, name)
    for what, column in (("other_state", state or "state"), ("other_year", year or "year")):
        if column not in table.columns:
            known = [str(c) for c in table.columns]
            raise JoinError(f'{name} has no column {column!r}.{nearest(column, known)} Say which it is: {what}="...".')
    state, year = state or "state", year or "year"
    if text := contradiction_text(table, name, [state, year]):
        raise JoinError(text)
    return table, state, year


def _check(
    frame: StudyFrame, table: pd.DataFrame, year: str, measures: Mapping[str, tuple[str, str]], weight: str | None,
    states: str | pd.DataFrame,
) -> None:  # fmt: skip
    if year not in frame.data.columns:
        raise JoinError(one_of("year", year, [str(c) for c in frame.data.columns]))
    if not measures:
        raise JoinError('measures is empty. Write {"new column": ("column", "rule")}.')
    for column, rule in measures.values():
        if column not in table.columns:
            raise JoinError(one_of("a column of measures", column, [str(c) for c in table.columns]))
        if rule not in RULES:
            raise JoinError(one_of("rule", rule, RULES))
    weighted = any(rule == "weighted" for _, rule in measures.values())
    if weighted and (weight is None or isinstance(states, str)):
        raise JoinError(
            'the rule "weighted" needs a long table of states with a column of weights: states=table, weight="...".'
        )
    if weight is not None and not weighted:
        raise JoinError(
            f'weight is {weight!r}, and no measure has the rule "weighted". Leave it out, or write the rule.'
        )


def _check_absent(
    absent: Mapping[str, float] | None, measures: Mapping[str, tuple[str, str]], other: pd.DataFrame | OutcomeTable, name: str
) -> None:  # fmt: skip
    for column in absent or {}:
        if column not in {c for c, _ in measures.values()}:
            raise JoinError(one_of("a column of absent", column, sorted({c for c, _ in measures.values()})))
    if absent and not (isinstance(other, OutcomeTable) and other.source.absent):
        raise JoinError(
            f"{name} does not say what an absent row means, nor over which states and years it would: a value cannot stand for one. "
            f"Leave absent out; or give an outcome table whose source says it."
        )


def _met(
    frame: StudyFrame, members: Members, table: pd.DataFrame, columns: tuple[str, str], names: tuple[str, str],
    other: pd.DataFrame | OutcomeTable,
) -> tuple[Places, npt.NDArray[np.int8]]:  # fmt: skip
    """The row of the other table that each member meets, -1 for none, and why."""
    state, year = levels(members.states), levels(frame.data[names[0]].iloc[members.owner])
    their_state, their_year = levels(table[columns[0]]), levels(table[columns[1]])
    for column, mine, theirs in ((columns[0], state, their_state), (columns[1], year, their_year)):
        if text := key_problems(column, mine.values, theirs.values, names[1]):
            raise JoinError(text)
    found = match([state, year], [their_state, their_year])
    why = np.where(found.at >= 0, MET, ABSENT)
    if isinstance(other, OutcomeTable):
        listed = np.append(their_state.values.get_indexer(state.values) >= 0, False)[state.codes]
        years = np.append(_within(year.values, other), False)[year.codes]
        why[(found.at < 0) & ~listed & (other.source.units == "listed")] = UNIT
        why[(found.at < 0) & ~years] = YEARS
    why[~found.complete] = NO_KEY
    return found.at, why.astype(np.int8)


def _within(years: pd.Index, other: OutcomeTable) -> npt.NDArray[np.bool_]:
    numbers = years.to_numpy(dtype="float64") if len(years) else np.zeros(0)
    return (numbers >= other.source.first_year) & (numbers <= other.source.last_year)


def _values(column: pd.Series, at: Places, other: pd.DataFrame | OutcomeTable) -> pd.Series:
    """The value that each member meets; codes that are no values are missing."""
    special = [v for c, v, _ in other.source.special if c == column.name] if isinstance(other, OutcomeTable) else []
    column = column.mask(column.isin(special)) if special else column
    column = column.astype(_CAN_MISS.get(column.dtype.kind, column.dtype))
    return column.reset_index(drop=True).reindex(at).reset_index(drop=True)


def _with(values: pd.Series, where: npt.NDArray[np.bool_], value: float) -> pd.Series:
    """The values with a declared one where a row is absent."""
    if values.dtype == "boolean" and value in (0, 1):
        return values.mask(where, bool(value))
    fits = not pd.api.types.is_integer_dtype(values.dtype) or float(value).is_integer()
    return (values if fits else values.astype("Float64")).mask(where, value)


def _case_why(why: npt.NDArray[np.int8], owner: npt.NDArray[np.intp], cases: int) -> npt.NDArray[np.int8]:
    """Why of each case from those of its members; a case without any has no key."""
    count = {r: np.bincount(owner[why == r], minlength=cases) for r in (MET, FILLED, ABSENT, UNIT, YEARS)}
    named = np.bincount(owner, minlength=cases)
    out = np.full(cases, NO_KEY)
    for reason in (YEARS, UNIT, ABSENT, FILLED):
        out[count[reason] > 0] = reason
    out[count[MET] > 0] = PARTLY
    out[(count[MET] > 0) & (count[MET] + count[FILLED] == named)] = MET
    return out.astype(np.int8)


def _entry(
    frame: StudyFrame, table: pd.DataFrame, at: Places, members: Members, why: npt.NDArray[np.int8], name: str,
    written: tuple[str, Mapping[str, tuple[str, str]]],
) -> Entry:  # fmt: skip
    times = np.bincount(at[at >= 0], minlength=len(table))
    met = np.isin(why, (MET, PARTLY))
    rules = ", ".join(f"{new} = {rule} of {column}" for new, (column, rule) in written[1].items())
    said = (
        f"{rules}; {len(members.owner)} states of {len(frame)} rows, {int((at < 0).sum())} of them without a row in {name}; a missing "
        f"value of a state: {written[0]}"
    )
    return Entry(
        f"join {name}", "window", frame.unit, len(frame), len(frame), unmatched=int((~met).sum()), other_rows=len(table),
        other_unmatched=int((times == 0).sum()), duplicated=int((times > 1).sum()), filled=int((why == FILLED).sum()), why=said,
    )  # fmt: skip


def _weights_told(members: Members, cases: int, weight: str | None) -> list[Note]:
    if members.weights is None:
        return []
    total = np.bincount(members.owner, members.weights, cases)[np.unique(members.owner)]
    off = int((~np.isclose(total, 1)).sum())
    if not off:
        return []
    text = f"weights in {weight} do not sum to 1 in {off} of {len(total)} rows with states (from {total.min():g} to {total.max():g}); " \
           f"they are divided by their sum."  # fmt: skip
    return [Note("weights", text)]
