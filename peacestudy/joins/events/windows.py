"""Events to windows: what happened between two days of each case, exact at the borders, and zero
only where that is known.
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
from peacestudy.joins.bring import as_frame, bring
from peacestudy.joins.coverage import Cover, coverage
from peacestudy.joins.events.cover import PARTIAL, covered, told
from peacestudy.joins.events.days import UNCERTAIN, event_days, window_days
from peacestudy.joins.events.measures import Measures, as_measures, columns_of, values_of
from peacestudy.joins.events.sums import SPANNING, Found, Measure, Spans, gather
from peacestudy.joins.given import has_columns, key_pairs, opened
from peacestudy.joins.key_columns import checked_keys, nothing_met
from peacestudy.joins.special import NONE, Codes, of_gaps, without_special
from peacestudy.joins.states.systems import own_system
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
    """Bring to each case what the events between two of its days amount to.

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
    table, source = opened(events, name)
    pairs = key_pairs(on)
    if isinstance(known := cases.data if isinstance(cases, StudyFrame) else cases, pd.DataFrame):
        has_columns(known, [*pairs, start, end], "the cases")
    has_columns(table, [*pairs.values(), date, *([date_end] if date_end is not None else [])], name)
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
    notes = [*own_system(frame.data, pairs, source), *places.notes]
    # in order, so that all of them are the array itself
    usable = np.flatnonzero(~dates.missing & (places.events >= 0))
    why, partly = covered(places.no_key, window, places.cases, cover, partial)
    asked = np.flatnonzero((why == MET) & (places.cases >= 0))
    spans = Spans(
        *(
            x[usable] if len(usable) < len(table) else x
            for x in (places.events, dates.first, dates.last)
        )
    )
    windows, across = (
        Spans(places.cases[asked], window.first[asked], window.last[asked]),
        spanning or "start",
    )
    found = gather(
        spans,
        windows,
        across,
        {
            n: m._replace(values=_at(m.values, usable), missing=_at(m.missing, usable))
            for n, m in values.items()
        },
    )
    counted = np.zeros(len(frame), np.int64)
    counted[asked] = found.events
    why[(why == MET) & (counted == 0)] = NO_ROW if absent is None else FILLED
    words = [f"{start} to {end}, both inside, on {' + '.join(pairs)}"]
    words += [f"across a border: {spanning}"] if spanning else []
    words += told(
        why,
        partly,
        cover,
        source.source if source else None,
        name,
        {
            "without a key": int((places.events < 0).sum()),
            "without a date": int(dates.missing.sum()),
            **{
                f"without {n}": int(m.missing.sum())
                for n, m in values.items()
                if m.missing is not None
            },
        },
    )
    added = columns_of(made, table, found, asked, why)
    entry = _entry(frame, why, len(table), found, name, "; ".join(words))
    held = {c: codes[c][usable] for c in codes if c in {m.column for m in made.values()}}
    met = _codes(held, spans, windows, across)
    placed = {n: np.full(len(frame), -1, np.int8) for n, m in made.items() if m.column in met}
    for new, place in placed.items():
        place[asked] = met[str(made[new].column)]
    return bring(frame, added, why, entry, source, of_gaps(placed, added), notes)


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
            " it covers: a unit that nobody watched has no events either. Write years=(first,"
            ' last) and units="listed" (those with an event) or units="all"; or wrap the table:'
            " ps.outcomes.own(...)."
        )
    return coverage(source, years, units, name)


def _codes(
    held: Mapping[str, Codes], events: Spans, windows: Spans, spanning: str
) -> dict[str, Codes]:
    """For each window the code among its events that the source names first, -1 for none."""
    if not held:
        return {}
    lowest = {c: Measure(codes.astype(np.int64), codes < 0, "min") for c, codes in held.items()}
    found = gather(events, windows, spanning, lowest).values
    return {c: np.where(v < NONE, v, -1).astype(np.int8) for c, v in found.items()}


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


def _at(values: npt.NDArray[Any] | None, rows: Ints) -> npt.NDArray[Any] | None:
    return values if values is None or len(rows) == len(values) else values[rows]


def _check_choices(
    spanning: str | None, uncertain: str | None, partial: str, date_end: str | None
) -> None:
    for what, word, known in (
        ("spanning", spanning, SPANNING),
        ("uncertain", uncertain, UNCERTAIN),
        ("partial", partial, PARTIAL),
    ):
        if word not in known and not (word is None and what != "partial"):
            raise JoinError(one_of(what, word, known))
    if spanning is None and (date_end is not None or uncertain == "span"):
        raise JoinError(
            "events that last several days can reach across a border of a window. Say how they"
            ' count: spanning="start" (by the first day), "within" (only if wholly inside),'
            ' "overlap" (whole, if one day is inside) or "share" (by the share of days inside).'
        )


class _Units(NamedTuple):
    """The number of the unit of each case and of each event, -1 for none;
    which cases have no key, and notes on the keys.
    """

    cases: Ints
    events: Ints
    no_key: npt.NDArray[np.bool_]
    notes: tuple[Note, ...]


def _units(
    cases: pd.DataFrame, events: pd.DataFrame, pairs: Mapping[str, str], name: str
) -> _Units:
    mine, theirs = [levels(cases[c]) for c in pairs], [levels(events[c]) for c in pairs.values()]
    notes = checked_keys(list(pairs), mine, theirs, name)
    if len(theirs) == 1:
        numbers, distinct = (
            theirs[0].codes,
            [Levels(np.arange(len(theirs[0].values)), theirs[0].values)],
        )
    else:
        first = match(theirs, theirs).at  # the first event of the unit stands for it
        met = np.flatnonzero(first >= 0)
        numbers = np.full(len(first), -1, np.int64)
        numbers[met], rows = pd.factorize(first[met])
        distinct = [Levels(x.codes[rows], x.values) for x in theirs]
    found = match(mine, distinct)
    notes += nothing_met(list(pairs), mine, distinct, found.at >= 0, found.complete, name)
    return _Units(found.at, numbers, ~found.complete, tuple(notes))
