"""Events in windows: a summary of the events between two days of each case, both included, and
zero only where it is known that there were none.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from peacestudy.core.clock import dated
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
    cases : StudyFrame or DataFrame
        The cases, with the first and last day of each window.
    events : DataFrame or OutcomeTable
        A row an event. An OutcomeTable states which years and units it covers.
    on : str, sequence of str or mapping of str to str
        Column, or columns, that say where an event belongs; ``{column of the cases: column of the
        events}`` where names differ.
    start, end : str
        Columns of the cases with the first and the last day of the window, both inside it. A month
        or a year (a whole number) means its first day as start and its last day as end.
    date : str
        Column of the events with the day, or the first day.
    measures : mapping of str to tuple of (str or None, str)
        ``{new column: (column of the events, how)}``; how is ``sum``, ``mean``, ``max`` or ``min``,
        ``first`` or ``last`` of a date column, ``count`` or ``any`` of None.
    name : str
        What the events are, for the ledger.
    date_end : str, optional
        Column of the events with the last day.
    spanning : {"start", "within", "overlap", "share"}, optional
        How an event counts that extends beyond its window, required where events can: by its first
        day; only if all its days are inside; as a whole, if one day is inside; sums and counts by
        the share of its days that are inside, as if every day had the same.
    uncertain : {"span", "missing"}, optional
        What a date means that gives only a month or a year: all its days, and ``spanning`` decides;
        or no date. None refuses such dates.
    partial : {"missing", "observed"}
        A window that extends beyond the years of the source is missing, or is summarised over the
        observed part.
    absent : float or mapping of str to float, optional
        0 where no event inside years and units means none: then counts and sums are 0. Or ``{new
        column: value}``. None: a window without events is missing.
    years : tuple of int, (first, last), optional
        Years that the events cover. Required with ``absent`` where the events are a DataFrame; an
        OutcomeTable states its years, and ``years`` may narrow them.
    units : {"listed", "all"}, optional
        Units that the events cover: those with an event, or all. Required with ``absent`` where the
        events are a DataFrame: a unit that nobody observed has no events either.
    signed : sequence of str
        Columns that may be below zero, such as scores; elsewhere a negative value is refused as a
        code or a mistake.
    key : str, optional
        Id column, where ``cases`` is a DataFrame.
    unit : str
        What a case is, where ``cases`` is a DataFrame.

    Returns
    -------
    StudyFrame
        All cases in their order and the new columns. An event without a key or a date is not
        counted, and the ledger says how many there are. A window that contains an event without a
        value has a missing value. Sums of whole numbers are exact.

    Raises
    ------
    JoinError
        A column is absent or in both tables, keys or dates cannot be read, an end lies before its
        start, a value is below zero, or a required choice is missing.

    Examples
    --------
    >>> import pandas as pd
    >>> cases = pd.DataFrame({"case_id": ["a", "b"], "state": [2, 20], "from": 2001, "to": 2001})
    >>> days = ["2001-01-01", "2001-12-31", "2002-01-01"]
    >>> events = pd.DataFrame({"state": 2, "date": days, "best": [3, 4, 50]})
    >>> frame = ps.joins.event_windows(
    ...     cases,
    ...     events,
    ...     on="state",
    ...     start="from",
    ...     end="to",
    ...     date="date",
    ...     measures={"deaths": ("best", "sum"), "events": (None, "count")},
    ...     name="events",
    ...     absent=0,
    ...     years=(2001, 2002),
    ...     units="all",
    ... )
    >>> frame.data[["case_id", "deaths", "events"]]
      case_id  deaths  events
    0       a       7       2
    1       b       0       0
    """
    table, source = open_table(events, name)
    pairs = key_pairs(on)
    _check_columns(cases, table, pairs, (start, end), (date, date_end), name)
    frame = as_frame(cases, key, unit, list(pairs))
    _check_choices(spanning, uncertain, partial, date_end)
    cover = _cover(source, years, units, absent is not None, name)
    made = as_measures(measures, table, (date, date_end), spanning, absent, name)
    problems: list[Problem] = []
    window = window_days(frame.data, start, end, problems)
    dates = event_days(table, date, date_end, uncertain, name, problems)
    read, codes = without_special(table, source)
    values = values_of(made, read, dates, signed, name, problems)
    _refuse(problems, name)

    places = _units(frame.data, table, pairs, name)
    notes = [*check_state_codes(frame.data, pairs, source), *places.notes]
    why, partly = covered(places.no_key, window, places.cases, cover, partial)
    cases_read = np.flatnonzero((why == MET) & (places.cases >= 0))
    counted = _count(places, window, dates, cases_read, values, codes, made, spanning or "start")
    why[(why == MET) & (counted.events == 0)] = NO_ROW if absent is None else FILLED

    added = columns_of(made, table, counted.found, cases_read, why)
    rule = _rule(start, end, pairs, spanning)
    stated = source.source if source else None
    not_counted = _not_counted(places.events, dates, values)
    clauses = coverage_clauses(why, partly, cover, stated, name, not_counted)
    entry = _entry(frame, why, len(table), counted.found, name, "; ".join([rule, *clauses]))
    codes_of_gaps = of_gaps(counted.codes, added)
    # an event that ends, or may have happened, after the window has no date here
    dates_are_days = date_end is None and uncertain is None
    known_on = dated(window.last, ~window.missing) if dates_are_days else None
    return add_columns(frame, added, why, entry, source, codes_of_gaps, notes, known_on)


def _check_columns(
    cases: StudyFrame | pd.DataFrame,
    events: pd.DataFrame,
    pairs: Mapping[str, str],
    window: tuple[str, str],
    dates: tuple[str, str | None],
    name: str,
) -> None:
    """Refuse keys and dates that are no columns of their table."""
    case_table = cases.data if isinstance(cases, StudyFrame) else cases
    if isinstance(case_table, pd.DataFrame):
        has_columns(case_table, [*pairs, *window], "the cases")
    dates_of_events = [column for column in dates if column is not None]
    has_columns(events, [*pairs.values(), *dates_of_events], name)


def _refuse(problems: list[Problem], name: str) -> None:
    if problems:
        raise JoinError(
            f"the windows or {name} hold dates or values that cannot be right.", problems
        )


def _rule(start: str, end: str, pairs: Mapping[str, str], spanning: str | None) -> str:
    """How events belong to windows, in words for the ledger."""
    rule = f"{start} to {end}, both inside, on {' + '.join(pairs)}"
    return f"{rule}; across a border: {spanning}" if spanning else rule


class _Counted(NamedTuple):
    """What the windows hold.

    Attributes
    ----------
    found : the summaries, a row for each window that was read.
    events : for each case how many events its window counts.
    codes : by new column the special code that each case met, -1 for none.
    """

    found: Found
    events: Ints
    codes: dict[str, Codes]


def _count(
    places: "_Units",
    window: Days,
    dates: Days,
    cases_read: Ints,
    values: Mapping[str, Measure],
    codes: Mapping[str, Codes],
    made: Mapping[str, Made],
    spanning: str,
) -> _Counted:
    """Summarise the events with a key and a date in the windows of ``cases_read``."""
    usable = np.flatnonzero(~dates.missing & (places.events >= 0))
    spans = Spans(
        _at(places.events, usable),
        _at(dates.first, usable),
        _at(dates.last, usable),
    )
    windows = Spans(
        places.cases[cases_read],
        window.first[cases_read],
        window.last[cases_read],
    )
    usable_values = {}
    for new, measure in values.items():
        usable_values[new] = measure._replace(
            values=None if measure.values is None else _at(measure.values, usable),
            missing=None if measure.missing is None else _at(measure.missing, usable),
        )
    found = gather(spans, windows, spanning, usable_values)
    usable_codes = {column: _at(code_of_row, usable) for column, code_of_row in codes.items()}
    codes_of_cases = {}
    for new, code_of_window in _codes(usable_codes, made, spans, windows, spanning).items():
        codes_of_cases[new] = np.full(len(places.cases), -1, np.int8)
        codes_of_cases[new][cases_read] = code_of_window
    events_of_cases = np.zeros(len(places.cases), np.int64)
    events_of_cases[cases_read] = found.events
    return _Counted(found, events_of_cases, codes_of_cases)


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
