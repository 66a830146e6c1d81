"""Lags and leads of a panel by the calendar: the value of the
unit's year t-1, not of the row before.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from peacestudy.core.clock import Days, known_days
from peacestudy.core.frame import StudyFrame
from peacestudy.core.joined import MET, NO_ROW, PARTLY
from peacestudy.core.keys import Ints
from peacestudy.core.ledger import Entry
from peacestudy.core.old_names import renamed_arguments
from peacestudy.core.problems import Note
from peacestudy.errors import JoinError
from peacestudy.joins.columns.arguments import has_columns, key_pairs
from peacestudy.joins.columns.collect import count_rows_met, gathered
from peacestudy.joins.columns.frame_columns import add_columns, as_frame
from peacestudy.joins.columns.source_coverage import Bools, Whys, explained, is_whole
from peacestudy.joins.time.panel import panel_units, places, refuse_repeated, whole_years


@renamed_arguments(frame="cases")
def lagged(
    cases: StudyFrame | pd.DataFrame,
    columns: str | Sequence[str],
    *,
    by: str | Sequence[str],
    year: str,
    lags: int | Sequence[int],
    name: str = "",
    key: str | None = None,
    unit: str = "case",
) -> StudyFrame:
    """Add the values that columns had some years before, or after, in the same unit.

    Parameters
    ----------
    cases : StudyFrame or DataFrame
        A panel, a row for each unit and year. Two rows for one are refused.
    columns : str or sequence of str
        The columns that are lagged, of any type.
    by : str or sequence of str
        Column, or columns, that name the unit.
    year : str
        Column of the year, or of another count of whole periods.
    lags : int or sequence of int
        Distances in years: 1 is the year before, -2 a lead of two years.
    name : str
        What the step is called in the ledger; empty: the columns and lags.
    key : str, optional
        Id column, where ``cases`` is a DataFrame.
    unit : str
        What a row is, where ``cases`` is a DataFrame.

    Returns
    -------
    StudyFrame
        New columns ``<column>_lag1``, ``<column>_lead2``. Where the unit has no row in that year
        the value is missing; a note counts gaps between the first and the last year of a unit. In
        the ledger a row that finds none of its years is unmatched.

    Raises
    ------
    JoinError
        A unit has two rows for a year, or is written in two ways that differ only by blanks,
        accents, capitals, apostrophes or dashes and never occur in one year; a column is absent or
        would be repeated; a lag is 0 or no whole number.

    Examples
    --------
    >>> import pandas as pd
    >>> panel = pd.DataFrame({"state": 2, "year": [2000, 2001, 2003], "gdp": [10, 11, 13]})
    >>> frame = ps.joins.lagged(panel, "gdp", by="state", year="year", lags=1)
    >>> frame.data["gdp_lag1"].tolist()
    [<NA>, 10, <NA>]
    """
    keys = list(key_pairs(by))
    wanted = [columns] if isinstance(columns, str) else list(columns)
    steps = _steps(lags)
    frame = as_frame(cases, key, unit, [*keys, year])
    data = frame.data
    has_columns(data, [*wanted, year], "the frame")
    _refuse_repeated_names(wanted)
    found_units = panel_units(data, keys, year, "the frame")
    units = found_units.theirs
    t, timed = whole_years(data[year], year, "the frame")
    complete = (units >= 0) & timed
    found = places(units, t, complete)
    refuse_repeated(found, data, [*keys, year], "the frame")

    first, last = _ends(units, t, complete)
    unit_of_row = np.where(complete, units, -1)
    rows = {lag: found.find(unit_of_row, t - lag) for lag in steps}
    gaps = _gaps(rows, complete, t, first, last)
    parts = []
    for lag, at in rows.items():
        parts.append(gathered(data[wanted], at).add_suffix(f"_{_word(lag)}"))
    added = pd.concat(parts, axis=1)

    words = ", ".join(_word(lag) for lag in steps)
    label = name or f"{', '.join(wanted)}, {words}"
    gap_text = ", ".join(f"{_word(lag)} {n}" for lag, n in gaps.items())
    rule = (
        f"by {' + '.join(keys)}, {words} in {year}; rows whose year is a gap in their unit:"
        f" {gap_text}; {int((~complete).sum())} row(s) have no unit or year"
    )
    entry = _entry(frame, rows, label, rule)
    why = _why(rows, complete, t, first, last)
    known_on = _known_on(frame, wanted, rows)
    out = add_columns(frame, added, why, entry, notes=found_units.notes, known_on=known_on)
    if not any(gaps.values()):
        return out
    return replace(out, notes=(*out.notes, _gap_note(label, gap_text)))


def _entry(frame: StudyFrame, rows: dict[int, Ints], label: str, rule: str) -> Entry:
    at_all = np.stack(list(rows.values()), axis=1)
    unused, again = count_rows_met(at_all, len(frame))
    return Entry(
        f"lagged {label}",
        "window",
        frame.unit,
        len(frame),
        len(frame),
        unmatched=int((at_all < 0).all(axis=1).sum()),
        other_rows=len(frame),
        other_unmatched=unused,
        duplicated=again,
        why=rule,
    )


def _gap_note(label: str, gap_text: str) -> Note:
    text = (
        f"{label}: units have no row for some years between their first and last ({gap_text}"
        " row(s)); the value there is missing, not that of the row before."
    )
    return Note("year_gap", text)


def _refuse_repeated_names(columns: list[str]) -> None:
    if not columns or len(set(columns)) < len(columns):
        raise JoinError(f"columns is {columns}; name one column, or several different ones.")


def _known_on(frame: StudyFrame, wanted: list[str], rows: dict[int, Ints]) -> dict[str, Days]:
    """From when each lag is known: when the value in the row that it reads is, by the rules of the
    frame's clock or by a join. Of other columns nothing is known.
    """
    known: dict[str, Days] = {}
    if frame.clock is not None:
        known, _ = known_days(frame.data, frame.clock, wanted, frame.joined, frame.derived)
    else:
        known = {c: days for j in frame.joined for c, days in j.known_on if c in wanted}
    out = {}
    for lag, at in rows.items():
        for column, days in known.items():
            out[f"{column}_{_word(lag)}"] = np.append(days, np.datetime64("NaT"))[at]
    return out


def _steps(lags: int | Sequence[int]) -> list[int]:
    steps = [lags] if isinstance(lags, (int, np.integer)) else list(lags)
    possible = all(is_whole(x) and 0 < abs(x) < 10_000 for x in steps)
    if not steps or not possible or len(set(steps)) < len(steps):
        raise JoinError(
            f"lags is {lags!r}; write whole numbers other than 0, each once: 1 the year before, -1"
            " the year after."
        )
    return [int(x) for x in steps]


def _word(lag: int) -> str:
    return f"lag{lag}" if lag > 0 else f"lead{-lag}"


def _ends(units: Ints, t: Ints, complete: Bools) -> tuple[Ints, Ints]:
    """For each row the first and the last year of its unit."""
    size = int(units.max(initial=-1)) + 1
    first = np.full(size + 1, np.iinfo(np.int64).max)
    last = np.full(size + 1, np.iinfo(np.int64).min)
    np.minimum.at(first, units[complete], t[complete])
    np.maximum.at(last, units[complete], t[complete])
    return first[units], last[units]


def _gaps(
    rows: dict[int, Ints], complete: Bools, t: Ints, first: Ints, last: Ints
) -> dict[int, int]:
    """By lag, how many rows find no row between the first and the last year of their unit."""
    out = {}
    for lag, at in rows.items():
        inside = (t - lag > first) & (t - lag < last)
        out[lag] = int(((at < 0) & complete & inside).sum())
    return out


def _why(place: dict[int, Ints], complete: Bools, t: Ints, first: Ints, last: Ints) -> Whys:
    """Met where every year is found; else partly, or why none is: before
    and after the unit's years, or a gap in them.
    """
    at = np.stack(list(place.values()), axis=1)
    wanted = t[:, None] - np.array(list(place), dtype=np.int64)[None, :]
    before, after = wanted < first[:, None], wanted > last[:, None]
    outside = np.asarray((before | after).all(axis=1))
    none = np.asarray((at < 0).all(axis=1))
    why = np.select([(at >= 0).all(axis=1), ~none], [MET, PARTLY], NO_ROW)
    return explained(why, none, complete=complete, outside=outside)
