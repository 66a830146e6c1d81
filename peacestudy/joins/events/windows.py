"""Events in windows: a summary of the events between two days of each case, both included, and
zero only where it is known that there were none.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from peacestudy.core.frame import StudyFrame
from peacestudy.core.joined import FILLED, MET, NO_ROW
from peacestudy.core.keys import Ints, Levels, levels, match
from peacestudy.core.ledger import Entry
from peacestudy.core.problems import Note, Problem, one_of
from peacestudy.errors import JoinError
from peacestudy.joins.columns.arguments import has_columns, key_pairs, open_table
from peacestudy.joins.columns.frame_columns import add_columns, as_frame
from peacestudy.joins.columns.source_coverage import Cover, coverage
from peacestudy.joins.columns.special_codes import NONE, Codes, of_gaps, without_special
from peacestudy.joins.events.event_dates import UNCERTAIN, Days, event_days, window_days
from peacestudy.joins.events.measures import Made, Measures, as_measures, columns_of, values_of
from peacestudy.joins.events.sums import SPANNING, Found, Measure, Spans, gather
from peacestudy.joins.events.window_coverage import PARTIAL, coverage_clauses, covered
from peacestudy.joins.keys.key_columns import checked_keys, nothing_met
from peacestudy.joins.keys.state_codes import check_state_codes
from peacestudy.outcomes import OutcomeTable


def event_windows(
    cases: StudyFrame | pd.DataFrame,
    events: pd.DataFrame | OutcomeTable,
    *,
    on: str | Sequence[str] | Mapping[str, str],
    start: str,
    end: str,
    date: str,
    measures: Measures,
    name: str,
    date_end: str | None = None,
    spanning: str | None = None,
    uncertain: str | None = None,
    partial: str = "missing",
    absent: float | Mapping[str, float] | None = None,
    years: tuple[int, int] | None = None,
    units: str | None = None,
    signed: Sequence[str] = (),
    key: str | None = None,
    unit: str = "case",
) -> StudyFrame:
    """Join a summary of the events between two days of each case.

    Parameters
    ----------
    cases : a StudyFrame, or a DataFrame with ``key`` and ``unit`` below.
    events : a row an event. An OutcomeTable says over which years and units it speaks.
    on : column, or columns, that say where an event belongs; {column of the cases: column of the
        events} where names differ.
    start, end : columns of the cases with the first and the last day of the window, both inside it.
        A month or a year (a whole number) stands for its first day as start and for its last as
        end.
    date, date_end : columns of the events with the day, or with the first and the last day.
    measures : {new column: (column of the events, how)}; how is ``sum, mean, max, min``, ``first``
        or ``last`` of a date column, ``count`` or ``any`` of None.
    name : what the events are, for the ledger.
    spanning : how an event counts that reaches across a border of the window, required where events
        can: ``start`` (by its first day), ``within`` (only if all its days are inside), ``overlap``
        (whole, if one day is inside), ``share`` (sums and counts by the share of its days that are
        inside, as if every day had the same).
    uncertain : what a date is that gives only a month or a year: ``span`` (all its days, and
        ``spanning`` decides) or ``missing`` (no date). Without it such dates are refused.
    partial : a window that reaches beyond the years of the source is
        ``missing``, or counted as far as ``observed``.
    absent : 0 where no event inside years and units means none: then counts and sums are 0. Or {new
        column: value}. Without it a window without events is missing.
    years, units : the first and the last year of which the events speak, and of which units:
        ``listed`` (those that have an event) or ``all``. Both are needed with ``absent`` where the
        events are a plain DataFrame: a unit that nobody watched has no events either. An
        OutcomeTable states them itself; ``years`` may narrow its span.
    signed : columns that may be below zero, such as scores; elsewhere a
        negative value is a code or a mistake, and refused.
    key, unit : id column and unit of the cases, where they are a plain DataFrame.

    Returns
    -------
    StudyFrame
        All cases in their order and the new columns. An event without a key or a date counts
        nowhere, and the ledger says how many there are; a window that counts an event without a
        value has none. Sums of whole numbers are exact.

    Raises
    ------
    JoinError
        A column is absent or on both sides, keys or dates cannot be read, an end lies before its
        start, a value is below zero, or a choice is not written.

    Examples
    --------
    >>> cases = pd.DataFrame(
    ...     {
    ...         "case_id": ["a", "b"],
    ...         "state": [2, 20],
    ...         "from": ["2001-01-01", "2001-01-01"],
    ...         "to": ["2001-12-31"] * 2,
    ...     }
    ... )
    >>> events = pd.DataFrame(
    ...     {
    ...         "state": [2, 2, 2],
    ...         "date": ["2001-01-01", "2001-12-31", "2002-01-01"],
    ...         "best": [3, 4, 50],
    ...     }
    ... )
    >>> measures = {"deaths": ("best", "sum"), "events": (None, "count")}
    >>> frame = event_windows(
    ...     cases,
    ...     events,
    ...     on="state",
    ...     start="from",
    ...     end="to",
    ...     date="date",
    ...     measures=measures,
    ...     name="events",
    ...     absent=0,
    ...     years=(2001, 2002),
    ...     units="all",
    ... )
    >>> frame.data[["deaths", "events"]].values.tolist()
    [[7, 2], [0, 0]]
    """
    table, source = open_table(events, name)
    pairs = key_pairs(on)
    case_table = cases.data if isinstance(cases, StudyFrame) else cases
    if isinstance(case_table, pd.DataFrame):
        has_columns(case_table, [*pairs, start, end], "the cases")
    dates_of_events = [date] if date_end is None else [date, date_end]
    has_columns(table, [*pairs.values(), *dates_of_events], name)
    frame = as_frame(cases, key, unit, list(pairs))
    _check_choices(spanning, uncertain, partial, date_end)
    cover = _cover(source, years, units, absent is not None, name)
    made = as_measures(measures, table, (date, date_end), spanning, absent, name)

    problems: list[Problem] = []
    window = window_days(frame.data, start, end, problems)
    dates = event_days(table, date, date_end, uncertain, name, problems)
    read, codes = without_special(table, source)
    values = values_of(made, read, dates, signed, name, problems)
    if problems:
        raise JoinError(
            f"the windows or {name} hold dates or values that cannot be right.", problems
        )

    places = _units(frame.data, table, pairs, name)
    notes = [*check_state_codes(frame.data, pairs, source), *places.notes]
    why, partly = covered(places.no_key, window, places.cases, cover, partial)
    usable = np.flatnonzero(~dates.missing & (places.events >= 0))
    counted_cases = np.flatnonzero((why == MET) & (places.cases >= 0))
    spans = Spans(
        _at(places.events, usable),
        _at(dates.first, usable),
        _at(dates.last, usable),
    )
    windows = Spans(
        places.cases[counted_cases],
        window.first[counted_cases],
        window.last[counted_cases],
    )
    usable_values = {}
    for new, measure in values.items():
        usable_values[new] = measure._replace(
            values=None if measure.values is None else _at(measure.values, usable),
            missing=None if measure.missing is None else _at(measure.missing, usable),
        )
    across = spanning or "start"
    found = gather(spans, windows, across, usable_values)
    events_counted = np.zeros(len(frame), np.int64)
    events_counted[counted_cases] = found.events
    why[(why == MET) & (events_counted == 0)] = NO_ROW if absent is None else FILLED

    added = columns_of(made, table, found, counted_cases, why)
    codes = {column: _at(code_of_row, usable) for column, code_of_row in codes.items()}
    met_codes = _codes(codes, made, spans, windows, across)
    codes_of_cases = {}
    for new, codes_of_windows in met_codes.items():
        codes_of_cases[new] = np.full(len(frame), -1, np.int8)
        codes_of_cases[new][counted_cases] = codes_of_windows
    not_counted = _not_counted(places.events, dates, values)
    clauses = [f"{start} to {end}, both inside, on {' + '.join(pairs)}"]
    if spanning:
        clauses.append(f"across a border: {spanning}")
    stated = source.source if source else None
    clauses += coverage_clauses(why, partly, cover, stated, name, not_counted)
    entry = _entry(frame, why, len(table), found, name, "; ".join(clauses))
    return add_columns(frame, added, why, entry, source, of_gaps(codes_of_cases, added), notes)


def _cover(
    source: OutcomeTable | None,
    years: tuple[int, int] | None,
    units: str | None,
    absent: bool,
    name: str,
) -> Cover | None:
    """The years and units of which the events speak; None for a plain
    table that states none and declares no value.
    """
    if source is None and not absent and years is None and units is None:
        return None
    if source is None and (years is None or units is None):
        raise JoinError(
            f"absent= makes windows without events 0, and {name} does not say which units and years"
            " it covers: a unit that was not observed has no events either. Write years=(first,"
            ' last) and units="listed" (those with an event) or units="all"; or wrap the table:'
            " ps.outcomes.as_outcome(...)."
        )
    return coverage(source, years, units, name)


def _codes(
    codes: Mapping[str, Codes],
    made: Mapping[str, Made],
    events: Spans,
    windows: Spans,
    spanning: str,
) -> dict[str, Codes]:
    """By new column, for each window the code among its events that
    the source names first, -1 for none.
    """
    lowest = {}
    for m in made.values():
        if m.column is not None and m.column in codes:
            of_event = codes[m.column]
            lowest[m.column] = Measure(of_event.astype(np.int64), of_event < 0, "min")
    if not lowest:
        return {}
    found = gather(events, windows, spanning, lowest).values
    out = {}
    for new, m in made.items():
        if m.column in found:
            first = found[m.column]
            out[new] = np.where(first < NONE, first, -1).astype(np.int8)
    return out


def _not_counted(units: Ints, dates: Days, values: Mapping[str, Measure]) -> dict[str, int]:
    """How many events lack a key, a date, or a value."""
    out = {
        "without a key": int((units < 0).sum()),
        "without a date": int(dates.missing.sum()),
    }
    for new, measure in values.items():
        if measure.missing is not None:
            out[f"without {new}"] = int(measure.missing.sum())
    return out


def _entry(
    frame: StudyFrame, why: npt.NDArray[np.int8], events: int, found: Found, name: str, words: str
) -> Entry:
    return Entry(
        f"join {name}",
        "window",
        frame.unit,
        len(frame),
        len(frame),
        unmatched=int((why != MET).sum()),
        filled=int((why == FILLED).sum()),
        other_rows=events,
        other_unmatched=events - found.met,
        duplicated=found.again,
        why=words,
    )


def _at(values: npt.NDArray[Any], rows: Ints) -> npt.NDArray[Any]:
    """The values of some rows, in order; no copy where they are all rows."""
    return values if len(rows) == len(values) else values[rows]


def _check_choices(
    spanning: str | None, uncertain: str | None, partial: str, date_end: str | None
) -> None:
    for what, word, known in (
        ("spanning", spanning, SPANNING),
        ("uncertain", uncertain, UNCERTAIN),
        ("partial", partial, PARTIAL),
    ):
        optional = word is None and what != "partial"
        if word not in known and not optional:
            raise JoinError(one_of(what, word, known))
    if spanning is None and (date_end is not None or uncertain == "span"):
        raise JoinError(
            "events that last several days can extend beyond a window. State how"
            ' they count: spanning="start" (by the first day), "within" (only if wholly inside),'
            ' "overlap" (whole, if one day is inside) or "share" (by the share of days inside).'
        )


class _Units(NamedTuple):
    """The number of the unit of each case and of each event, -1 for none;
    the cases without a key, and notes on the keys.
    """

    cases: Ints
    events: Ints
    no_key: npt.NDArray[np.bool_]
    notes: tuple[Note, ...]


def _units(
    cases: pd.DataFrame, events: pd.DataFrame, pairs: Mapping[str, str], name: str
) -> _Units:
    mine = [levels(cases[c]) for c in pairs]
    theirs = [levels(events[c]) for c in pairs.values()]
    notes = checked_keys(list(pairs), mine, theirs, name)
    if len(theirs) == 1:
        numbers = theirs[0].codes
        values = theirs[0].values
        distinct = [Levels(np.arange(len(values)), values)]
    else:
        first = match(theirs, theirs).at  # the first event of a unit represents it
        met = np.flatnonzero(first >= 0)
        numbers = np.full(len(first), -1, np.int64)
        numbers[met], rows = pd.factorize(first[met])
        distinct = [Levels(x.codes[rows], x.values) for x in theirs]
    found = match(mine, distinct)
    notes += nothing_met(list(pairs), mine, distinct, found.at >= 0, found.complete, name)
    return _Units(found.at, numbers, ~found.complete, tuple(notes))
