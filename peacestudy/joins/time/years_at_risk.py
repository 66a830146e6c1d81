"""Cases with a start and an end as the rows of a duration model: a row
for each year at risk, in the form start, stop, event.

A case is at risk after its start and up to its end (or to the last year observed, if that comes
first): ``(start, stop]``, so a case that starts in 1995 and ends in 1998 has the years 1996, 1997
and 1998, and its event in the last. Source: Therneau and Grambsch (2000), Modeling Survival Data,
3.7.1.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from peacestudy.core.clock import ALWAYS
from peacestudy.core.frame import StudyFrame
from peacestudy.core.keys import Ints
from peacestudy.core.ledger import Entry
from peacestudy.core.problems import Note, Problem, one_of
from peacestudy.errors import JoinError
from peacestudy.joins.columns.arguments import has_columns
from peacestudy.joins.columns.frame_columns import as_frame
from peacestudy.joins.columns.source_coverage import Bools
from peacestudy.joins.time.times import CLOCKS, Read, limit, read_times, year_end, year_of

ROWS = ("year", "case")
INTO = ("year", "start", "stop", "event")
OUT = {
    "start": "has no start",
    "short": "ends with its start or before a unit of time has passed",
    "until": "starts when the time observed is over",
    "entry": "is over before it comes under observation",
}


def case_years(
    cases: StudyFrame | pd.DataFrame,
    *,
    start: str,
    end: str,
    until: int | str,
    name: str,
    event: str | None = None,
    entry: str | None = None,
    unit_id: str | None = None,
    rows: str = "year",
    clock: str = "years",
    uncertain: str | None = None,
    into: tuple[str, str, str, str] = INTO,
    row_id: str = "case_year_id",
    key: str | None = None,
    unit: str = "case",
) -> StudyFrame:
    """Spread cases over their years at risk.

    A case is at risk after its start and up to its end: a case that starts in 1995 and ends in 1998
    has the years 1996, 1997 and 1998, and its event in the last.

    Parameters
    ----------
    cases : StudyFrame or DataFrame
        A row a case; time-varying covariates are joined afterwards, on unit and year.
    start : str
        Column of the time at which the clock is 0. The first year at risk is the year after it; if
        the year of the start is at risk itself, give a column of the year before.
    end : str
        Column of the end; missing where none was observed.
    until : int or str
        Last time observed, inclusive: a year, a date as text, or a column. What ends later is
        censored there.
    name : str
        What the step is, for the ledger.
    event : str, optional
        Column that is true where the end is the event and false where observation ended; None:
        every end is the event.
    entry : str, optional
        Column of the time from which a case is observed, not before its start (left truncation);
        missing, or None: from its start.
    unit_id : str, optional
        Column of the unit; cases of one unit that overlap are refused. A case may start when the
        one before ends; a case without a unit is a unit of its own.
    rows : {"year", "case"}
        A row a year, or a row a case (for covariates that do not change).
    clock : {"years", "days"}
        Unit of time; ``days`` is for dates, which are split where the calendar year ends.
    uncertain : {"earliest", "latest", "middle"}, optional
        Which day stands for a date that leaves the day open (a month with a clock of days); None
        refuses such dates.
    into : tuple of str, (year, start, stop, event)
        Names of the four new columns; with a row a case there is no year.
    row_id : str
        Name of the new id, ``<case>-<year>``; the id of the case stays.
    key : str, optional
        Id column, where ``cases`` is a DataFrame.
    unit : str
        What a case is, where ``cases`` is a DataFrame.

    Returns
    -------
    StudyFrame
        Rows in the order of the cases, then of time. ``start`` and ``stop`` count from the start of
        the case, exclusive and inclusive, as ``Surv(start, stop, event)`` takes them. Cases that
        are never at risk are in ``excluded`` with the reason.

    Raises
    ------
    JoinError
        Times that cannot be read, an end before its start, overlapping cases of a unit: all are
        collected and raised at once. A word or column is unknown, or a new column exists.

    Notes
    -----
    Source: Therneau and Grambsch (2000), Modeling Survival Data, 3.7.1.

    Examples
    --------
    >>> import pandas as pd
    >>> cases = pd.DataFrame({"case_id": ["x", "y"], "from": [2000, 2001], "to": [2002, None]})
    >>> frame = ps.joins.case_years(cases, start="from", end="to", until=2003, name="years at risk")
    >>> frame.data[["case_year_id", "start", "stop", "event"]]
      case_year_id  start  stop  event
    0       x-2001      0     1  False
    1       x-2002      1     2   True
    2       y-2002      0     1  False
    3       y-2003      1     2  False
    """
    for what, word, known in (("rows", rows, ROWS), ("clock", clock, CLOCKS)):
        if word not in known:
            raise JoinError(one_of(what, word, known))
    frame = as_frame(cases, key, unit, [start, end])
    data = frame.data
    has_columns(data, [c for c in (start, end, event, entry, unit_id) if c], "the cases")
    _refuse_shared([row_id, *into] if rows == "year" else [*into[1:]], data)
    begun = read_times(data[start], start, clock, uncertain)
    ended = read_times(data[end], end, clock, uncertain)
    since = read_times(data[entry], entry, clock, uncertain) if entry else begun
    last = limit(data, until, clock)
    since = replace(since, at=np.where(since.there, since.at, begun.at))
    is_event, problems_of_event = _events(data, event, ended)
    problems = [
        *begun.problems,
        *ended.problems,
        *(since.problems if entry else ()),
        *last.problems,
        *problems_of_event,
    ]
    problems += _order(frame, begun, ended, since, (start, end, entry or ""))
    risk = _Risk(begun, since, ended, last, is_event, bool(entry))
    if unit_id:
        problems += _overlaps(frame, unit_id, risk, start)
    if problems:
        raise JoinError("cases cannot be spread over their years.", problems)
    return _spread(frame, risk, name, rows, clock, into, row_id)


def _refuse_shared(new: list[str], data: pd.DataFrame) -> None:
    """Refuse new columns that exist, or of which two have one name."""
    shared = [c for c in new if c in data.columns]
    if shared or len(set(new)) < len(new):
        raise JoinError(
            f"the column(s) {', '.join(map(repr, shared or new))} are in the cases, or twice among"
            " the new ones. Name the new ones: into=, row_id=."
        )


class _Risk:
    """The time at risk of each case, ``(since, stop]``, and whether it ends with the event;
    ``out`` is the reason why a case is never at risk.
    """

    def __init__(
        self, begun: Read, since: Read, ended: Read, last: Read, event: Bools, entered: bool
    ) -> None:
        self.origin, self.since = begun.at, since.at
        over = ended.there & (ended.at <= last.at)
        self.stop: Ints = np.where(over, ended.at, last.at)
        self.event: Bools = over & event
        self.known = begun.there & ~ended.refused
        self.end: Ints = np.where(ended.there, ended.at, np.iinfo(np.int64).max)
        words = ("start", "until", "short", "entry")
        never = [
            ~begun.there,
            last.at <= self.origin,
            self.stop <= self.origin,
            self.stop <= self.since,
        ]
        self.out = np.select(never, [OUT[w] for w in words], "")
        rules = {r.rule for r in (begun, since, ended) if r.resolved}
        self.resolved = begun.resolved + ended.resolved + (since.resolved if entered else 0)
        self.rule = next(iter(rules), "")


def _events(data: pd.DataFrame, event: str | None, ended: Read) -> tuple[Bools, list[Problem]]:
    """Whether the end of each case is its event."""
    if event is None:
        return ended.there, []
    column = data[event]
    truth = np.array([_is_truth(value) for value in column], dtype=bool)
    out = np.zeros(len(column), dtype=bool)
    for i in np.flatnonzero(truth):
        out[i] = bool(column.iloc[i])
    rule = "expected true or false (1 or 0)"
    problems = [
        Problem(
            "cases",
            int(i) + 1,
            event,
            str(column.iloc[i]),
            rule,
            "say whether the end is the event",
        )
        for i in np.flatnonzero(~truth)
    ]
    rule = "the event was seen, and the case has no end"
    problems += [
        Problem(
            "cases",
            int(i) + 1,
            event,
            str(column.iloc[i]),
            rule,
            "write when it ended, or that it was not seen",
        )
        for i in np.flatnonzero(out & ~ended.there & ~ended.refused)
    ]
    return out, problems


def _is_truth(value: object) -> bool:
    return isinstance(value, bool | int | float | np.generic) and value in (0, 1)


def _order(
    frame: StudyFrame, begun: Read, ended: Read, since: Read, names: tuple[str, str, str]
) -> list[Problem]:
    """Ends before starts, and observation before there is anything to observe."""
    start, end, entry = names
    ids = frame.data[frame.key]
    out = []
    at_rule = ""
    if begun.resolved or ended.resolved or since.resolved:
        at_rule = f" (uncertain dates at their {begun.rule} day)"
    for bad, column, rule in (
        (begun.there & ended.there & (ended.at < begun.at), end, f"before {start!r}"),
        (
            begun.there & (since.at < begun.at),
            entry,
            f"observed before {start!r}, the start of the clock",
        ),
    ):
        for i in np.flatnonzero(bad):
            found = (
                f"{frame.data[column].iloc[i]} (case {ids.iloc[i]}, {start}"
                f" {frame.data[start].iloc[i]})"
            )
            out.append(
                Problem(
                    "cases", int(i) + 1, column, found, rule + at_rule, "correct one of the two"
                )
            )
    return out


def _overlaps(frame: StudyFrame, unit_id: str, risk: _Risk, start: str) -> list[Problem]:
    """Cases of a unit that begin before an earlier one is over; a case without an end is open."""
    units = frame.data[unit_id]
    ids = frame.data[frame.key]
    out = []
    rows = pd.DataFrame(
        {"unit": units, "from": risk.origin, "to": risk.end, "row": np.arange(len(units))}
    )
    rows = rows[risk.known & units.notna().to_numpy()].sort_values(["from", "to", "row"])
    for _, group in rows.groupby("unit", sort=False):
        farthest, holder = None, -1
        for begin, to, row in group[["from", "to", "row"]].itertuples(index=False, name=None):
            if farthest is not None and begin < farthest:
                found = f"{frame.data[start].iloc[row]} (case {ids.iloc[row]})"
                rule = f"starts before case {ids.iloc[holder]} of the same {unit_id} is over"
                out.append(
                    Problem(
                        "cases",
                        int(row) + 1,
                        start,
                        found,
                        rule,
                        "correct an end or a start, or merge the two",
                    )
                )
            if farthest is None or to > farthest:
                farthest, holder = to, row
    return out


def _spread(
    frame: StudyFrame,
    risk: _Risk,
    name: str,
    rows: str,
    clock: str,
    into: tuple[str, str, str, str],
    row_id: str,
) -> StudyFrame:
    stays = np.flatnonzero(risk.out == "")
    spread = _rows_at_risk(risk, stays, rows, clock)
    data = frame.data.iloc[stays[spread.case]].reset_index(drop=True)
    new = pd.DataFrame({into[1]: spread.start, into[2]: spread.stop, into[3]: spread.event})
    unit, key = frame.unit, frame.key
    if rows == "year":
        unit, key = f"{frame.unit}-year", row_id
        new.insert(0, into[0], spread.year)
        ids = data[frame.key].astype(str) + "-" + pd.Series(spread.year).astype(str)
        new.insert(0, row_id, ids)
    step = Entry(
        name,
        "spread",
        unit,
        len(frame),
        len(data),
        left_out=int((risk.out != "").sum()),
        why=_rule(risk, clock),
    )
    notes = frame.notes
    if risk.resolved:
        text = f"{name}: {risk.resolved} uncertain date(s) are taken at their {risk.rule} day."
        notes = (*notes, Note("uncertain_dates", text))
    clock_of_cases = frame.clock
    if clock_of_cases is not None and rows == "year":
        # calendar and time at risk describe the row; the event is the outcome
        clock_of_cases = clock_of_cases.with_rules(dict.fromkeys(into[:3], ALWAYS))
    return replace(
        frame,
        data=pd.concat([data, new], axis=1),
        clock=clock_of_cases,
        unit=unit,
        key=key,
        excluded=_excluded(frame, risk, name),
        ledger=frame.ledger + step,
        joined=tuple(j.rows(stays[spread.case]) for j in frame.joined),
        notes=notes,
    )


def _excluded(frame: StudyFrame, risk: _Risk, name: str) -> pd.DataFrame:
    """The cases left out so far, and those that are never at risk."""
    left_out = np.flatnonzero(risk.out != "")
    excluded = pd.DataFrame(
        {
            "case": frame.data[frame.key].iloc[left_out].to_numpy(),
            "step": name,
            "reason": risk.out[left_out],
        },
        dtype=object,
    )
    if frame.excluded is None:
        return excluded
    return pd.concat([frame.excluded.astype(object), excluded], ignore_index=True)


def _rule(risk: _Risk, clock: str) -> str:
    """The step in words: how time is counted, and how many cases have which reason."""
    clauses = [f"(start, stop] in {clock}"]
    for reason in OUT.values():
        count = int((risk.out == reason).sum())
        if count:
            clauses.append(f"{count} {reason}")
    return "; ".join(clauses)


class _Rows(NamedTuple):
    """The rows at risk.

    Attributes
    ----------
    case : for each row the number of its case, among those at risk.
    year : its calendar year.
    start, stop : its time at risk since the start of the case.
    event : whether it ends with the event.
    """

    case: Ints
    year: Ints
    start: Ints
    stop: Ints
    event: Bools


def _rows_at_risk(risk: _Risk, stays: Ints, rows: str, clock: str) -> _Rows:
    """One row a case, or one row a calendar year at risk."""
    since, stop, origin = risk.since[stays], risk.stop[stays], risk.origin[stays]
    first, last = year_of(since + 1, clock), year_of(stop, clock)
    years = last - first + 1 if rows == "year" else np.ones(len(stays), np.int64)
    case = np.repeat(np.arange(len(stays)), years)
    nth = np.arange(len(case)) - np.repeat(np.cumsum(years) - years, years)
    year = first[case] + nth
    begin, finish = since[case], stop[case]
    if rows == "year":
        begin = np.maximum(begin, year_end(year - 1, clock))
        finish = np.minimum(finish, year_end(year, clock))
    event = risk.event[stays][case] & (finish == stop[case])
    return _Rows(case, year, begin - origin[case], finish - origin[case], event)
