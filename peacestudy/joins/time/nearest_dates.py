"""As-of joins: the row of another table that is nearest in time,
no farther than the author allows.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from peacestudy.core.clock import Days, dated, year_ends
from peacestudy.core.frame import StudyFrame
from peacestudy.core.joined import MET, NO_ROW, NOT_IN_TIME
from peacestudy.core.keys import Ints, kind, levels
from peacestudy.core.ledger import Entry
from peacestudy.core.problems import one_of
from peacestudy.errors import JoinError
from peacestudy.joins.columns.arguments import has_columns, key_pairs, open_table
from peacestudy.joins.columns.collect import count_rows_met, gathered
from peacestudy.joins.columns.frame_columns import add_columns, as_frame, columns_to_take
from peacestudy.joins.columns.source_coverage import Bools, Whys, cover_of, explained, is_whole
from peacestudy.joins.columns.special_codes import met_code, without_special
from peacestudy.joins.keys.state_codes import check_state_codes
from peacestudy.joins.time.panel import (
    NAMED,
    Places,
    places,
    refuse_repeated,
    unit_numbers,
    whole_years,
)
from peacestudy.joins.time.times import year_of
from peacestudy.outcomes import OutcomeTable

DIRECTIONS = ("backward", "forward", "nearest")
SHAPES = ("one_to_one", "many_to_one")
TIES = ("earlier", "later")
NEVER = np.iinfo(np.int64).max


def join_asof(
    cases: StudyFrame | pd.DataFrame,
    other: pd.DataFrame | OutcomeTable,
    *,
    on: str | Sequence[str] | Mapping[str, str],
    date: str,
    other_date: str,
    tolerance: int,
    direction: str,
    name: str,
    columns: list[str] | None = None,
    shape: str = "one_to_one",
    ties: str | None = None,
    key: str | None = None,
    unit: str = "case",
) -> StudyFrame:
    """Join the row of another table that is nearest in time.

    Parameters
    ----------
    cases : StudyFrame or DataFrame
        The cases.
    other : DataFrame or OutcomeTable
        A table with several dated rows a unit. Two rows of one unit and date are refused.
    on : str, sequence of str or mapping of str to str
        Column, or columns, of the unit; ``{column of the cases: column of the other table}`` where
        names differ.
    date, other_date : str
        Columns of the time in the cases and in the other table, both dates or both years.
    tolerance : int
        Largest distance that still counts, in days for dates and in years for years, itself
        included.
    direction : {"backward", "forward", "nearest"}
        The last row not after the case, the first row not before it, or the nearest. A row of the
        same date counts in all three, with distance 0.
    name : str
        What the other table is, for the ledger and the column of the distance.
    columns : list of str, optional
        The columns to add; None takes all but keys and date.
    shape : {"one_to_one", "many_to_one"}
        ``many_to_one`` where several cases may take the same row.
    ties : {"earlier", "later"}, optional
        For ``nearest``, which of two rows at the same distance is taken; None refuses ties.
    key : str, optional
        Id column, where ``cases`` is a DataFrame.
    unit : str
        What a case is, where ``cases`` is a DataFrame.

    Returns
    -------
    StudyFrame
        All cases in their order, the columns, and ``<name>_days`` or ``<name>_years``: time of the
        row minus time of the case, negative where the row is earlier.

    Raises
    ------
    JoinError
        Times of two kinds or with hours, ties, or a row that several cases take although
        ``one_to_one`` is declared.

    Examples
    --------
    >>> import pandas as pd
    >>> cases = pd.DataFrame({"case_id": ["x", "y"], "state": [2, 2], "year": [2000, 2009]})
    >>> election = pd.DataFrame({"state": [2, 2], "held": [1996, 1999], "turnout": [0.5, 0.6]})
    >>> frame = ps.joins.join_asof(
    ...     cases,
    ...     election,
    ...     on="state",
    ...     date="year",
    ...     other_date="held",
    ...     tolerance=5,
    ...     direction="backward",
    ...     name="election",
    ... )
    >>> frame.data[["year", "turnout", "election_years"]]
       year  turnout  election_years
    0  2000      0.6              -1
    1  2009      NaN            <NA>
    """
    pairs = key_pairs(on)
    keys, other_keys = list(pairs), list(pairs.values())
    table, source = open_table(other, name)
    _check(tolerance, direction, shape, ties)
    frame = as_frame(cases, key, unit, [*keys, date])
    has_columns(frame.data, [date], "the cases")
    has_columns(table, [other_date], name)
    take = columns_to_take(table, columns, [*other_keys, other_date], name)
    units = unit_numbers(frame.data, table, keys, other_keys, name)
    notes = [*check_state_codes(frame.data, pairs, source), *units.notes]
    word, (t, timed), (when, dated) = _times(
        frame.data[date], table[other_date], date, other_date, name
    )
    complete = units.complete & timed
    usable = (units.theirs >= 0) & dated
    found = places(units.theirs, when, usable)
    refuse_repeated(found, table, [*other_keys, other_date], name)
    unit_of_case = np.where(complete & (units.mine >= 0), units.mine, -1)
    sides = _both_sides(found, when, unit_of_case, t, tolerance)
    at = _chosen(sides, direction, ties, frame.data[frame.key], name)
    rule = (
        f"on {' + '.join(keys)}, {direction} from {date} within {tolerance} {word};"
        f" {int((~complete).sum())} case(s) and {int((~usable).sum())} row(s) of {name} have"
        " no key or time"
    )
    entry = _entry(frame, at, len(table), shape, name, rule)

    values, codes = without_special(table[take], source)
    distance = _distance_column(values, name, word)
    days_or_years = pd.Series(np.where(at >= 0, np.append(when, 0)[at] - t, 0))
    added = gathered(values, at).assign(**{distance: days_or_years.astype("Int64").mask(at < 0)})
    why = _why(at, units.mine, complete, year_of(t, word), source)
    met_codes = {column: met_code(code_of_row, at) for column, code_of_row in codes.items()}
    known_on = _known_on(np.append(when, 0)[at], at >= 0, word)
    return add_columns(frame, added, why, entry, source, met_codes, notes, known_on)


def _known_on(when: Ints, met: Bools, word: str) -> Days:
    """The date of the row that each case takes; of a year its last day."""
    return year_ends(when, met) if word == "years" else dated(when, met)


def _check(tolerance: int, direction: str, shape: str, ties: str | None) -> None:
    if not is_whole(tolerance) or tolerance < 0:
        raise JoinError(
            f"tolerance is {tolerance!r}; write a whole number of days (for dates) or years (for"
            " years), 0 or more."
        )
    for what, word, known in (
        ("direction", direction, DIRECTIONS),
        ("shape", shape, SHAPES),
        ("ties", ties or "later", TIES),
    ):
        if word not in known:
            raise JoinError(one_of(what, word, known))


def _distance_column(values: pd.DataFrame, name: str, word: str) -> str:
    """Name of the column of the distance, which must be new."""
    label = re.sub(r"\W+", "_", name).strip("_").lower() or "other"
    distance = f"{label}_{word}"
    if distance in values.columns:
        raise JoinError(
            f"{name} brings a column {distance}, which is the name of the distance. Rename it,"
            " or give another name=."
        )
    return distance


def _entry(frame: StudyFrame, at: Ints, rows: int, shape: str, name: str, rule: str) -> Entry:
    """The entry of the ledger; a row taken twice is refused where ``shape`` does not allow it."""
    unused_rows, shared_rows = count_rows_met(at, rows)
    if shared_rows and shape == "one_to_one":
        raise JoinError(
            f"{shared_rows} row(s) of {name} are taken by several cases. If that is meant, say"
            ' shape="many_to_one".'
        )
    return Entry(
        f"asof {name}",
        "join",
        frame.unit,
        len(frame),
        len(frame),
        unmatched=int((at < 0).sum()),
        other_rows=rows,
        other_unmatched=unused_rows,
        duplicated=shared_rows,
        why=rule,
    )


def _why(
    at: Ints, unit_of_case: Ints, complete: Bools, years: Ints, source: OutcomeTable | None
) -> Whys:
    """The reason of each case: a row was found, or why there is none."""
    cover = cover_of(source)
    return explained(
        np.select([at >= 0, unit_of_case < 0], [MET, NO_ROW], NOT_IN_TIME),
        at < 0,
        complete=complete,
        outside=cover.outside(years),
        known=(unit_of_case >= 0) | (source is not None and cover.every),
    )


def _times(
    mine: pd.Series, theirs: pd.Series, date: str, other_date: str, name: str
) -> tuple[str, tuple[Ints, Bools], tuple[Ints, Bools]]:
    """``days`` or ``years``, and the times of both tables as whole numbers of them."""
    kind_here, kind_there = _kind_of_time(mine), _kind_of_time(theirs)
    kinds = {kind_here, kind_there}
    if "date" in kinds and kinds <= {"date", "empty"}:
        return "days", _days(mine, date, "the cases"), _days(theirs, other_date, name)
    if kinds == {"date", "number"}:
        raise JoinError(
            f"{date!r} is {kind_here} in the cases and {other_date!r} is {kind_there} in {name}:"
            " dates and years have no distance. Take the year of the dates (.dt.year), or resolve"
            " the years to dates (peacestudy.core.dates)."
        )
    for column, held, who, which in (
        (mine, kind_here, "the cases", date),
        (theirs, kind_there, name, other_date),
    ):
        if held not in ("number", "empty"):
            raise JoinError(
                f"{which!r} of {who} holds {held} ({column.dropna().iloc[0]!r}), neither dates nor"
                " years: read texts with peacestudy.core.dates.read_dates."
            )
    return "years", whole_years(mine, date, "the cases"), whole_years(theirs, other_date, name)


def _kind_of_time(column: pd.Series) -> str:
    return "date" if column.dtype.kind == "M" else kind(levels(column).values)


def _days(column: pd.Series, name: str, who: str) -> tuple[Ints, Bools]:
    values = pd.Series(pd.to_datetime(column)).reset_index(drop=True)  # also dates of Python
    there = values.notna()
    if values.dt.tz is not None or (values[there] != values[there].dt.normalize()).any():
        raise JoinError(
            f"{name!r} of {who} holds times of day; distances are whole days: take the dates"
            " (.dt.tz_localize(None).dt.normalize())."
        )
    days = values.to_numpy().astype("datetime64[D]").astype(np.int64)
    return np.where(there, days, 0), there.to_numpy()


class _Side(NamedTuple):
    """The nearest row on one side of each case: -1 for none within the tolerance, and how far."""

    row: Ints
    distance: Ints


def _both_sides(
    found: Places, when: Ints, unit: Ints, t: Ints, tolerance: int
) -> tuple[_Side, _Side]:
    """The last row not after each case, and the first not before it."""
    if not len(found.keys):
        none = _Side(np.full(len(t), -1, np.int64), np.full(len(t), NEVER))
        return none, none
    wanted = found.key(unit, t)
    sides = []
    for at in (
        np.searchsorted(found.keys, wanted, side="right") - 1,
        np.searchsorted(found.keys, wanted, side="left"),
    ):
        inside = np.clip(at, 0, len(found.keys) - 1)
        row = found.rows[inside]
        same_unit = (at == inside) & (unit >= 0) & (found.keys[inside] // found.span == unit)
        distance = np.where(same_unit, np.abs(when[row] - t), NEVER)
        sides.append(_Side(np.where(distance <= tolerance, row, -1), distance))
    return sides[0], sides[1]


def _chosen(
    sides: tuple[_Side, _Side], direction: str, ties: str | None, ids: pd.Series, name: str
) -> Ints:
    """The row of the other table that each case takes, -1 for none."""
    earlier, later = sides
    if direction == "backward":
        return earlier.row
    if direction == "forward":
        return later.row
    equal = earlier.distance == later.distance
    tied = equal & (earlier.row != later.row) & (earlier.row >= 0)
    if tied.any() and ties is None:
        shown = ", ".join(str(i) for i in ids[tied].iloc[:NAMED])
        raise JoinError(
            f"{int(tied.sum())} case(s) have a row of {name} before and one after them at the same"
            f' distance ({shown}). Say which is taken: ties="earlier" or ties="later".'
        )
    later_wins = (later.distance < earlier.distance) | (tied & (ties == "later"))
    return np.where(later_wins, later.row, earlier.row)
