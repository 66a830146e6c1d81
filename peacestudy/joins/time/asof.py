"""As-of joins: the row of another table that is nearest in time,
no farther than the author allows.
"""

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from peacestudy.core.frame import StudyFrame
from peacestudy.core.joined import MET, NO_ROW, NOT_IN_TIME
from peacestudy.core.keys import Ints, kind, levels
from peacestudy.core.ledger import Entry
from peacestudy.core.problems import one_of
from peacestudy.errors import JoinError
from peacestudy.joins.bring import as_frame, bring, taken
from peacestudy.joins.coverage import Bools, cover_of, explained
from peacestudy.joins.gather import gathered, met_rows
from peacestudy.joins.given import has_columns, key_pairs, opened
from peacestudy.joins.special import met_code, without_special
from peacestudy.joins.states.systems import own_system
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


def asof(
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
    """Bring the row of another table that is nearest in time.

    Parameters
    ----------
    cases, other : the cases, and a table with several dated rows a
        unit. Two rows of a unit and date are refused.
    on : column(s) of the unit, or {of the cases: of the other table}.
    date, other_date : column of the time in the cases and in the
        other table, both dates or both years.
    tolerance : farthest distance that still counts, in days for dates
        and in years for years, itself included.
    direction : ``backward`` (the last row not after the case), ``forward`` (the first not before
        it) or ``nearest``. A row of the same date counts in all three, with distance 0.
    name : what the other table is, for the ledger and the column of the distance.
    columns : what is brought; None takes all but keys and date.
    shape : ``one_to_one``, or ``many_to_one`` where several cases may take the same row.
    ties : for ``nearest``, which of two rows at the same distance is taken, the ``earlier`` or the
        ``later``; None refuses them.
    key, unit : id column and unit of the cases, where they are a plain DataFrame.

    Returns
    -------
    StudyFrame
        All cases in their order, the columns, and ``<name>_days`` or ``<name>_years``: time of the
        row less that of the case, negative where the row is earlier.

    Raises
    ------
    JoinError
        Times of two kinds or with hours, ties, a row that several
        cases take though one_to_one is declared.

    Examples
    --------
    >>> cases = pd.DataFrame({"case_id": ["x", "y"], "state": [2, 2], "year": [2000, 2009]})
    >>> election = pd.DataFrame({"state": [2, 2], "held": [1996, 1999], "turnout": [0.5, 0.6]})
    >>> frame = asof(
    ...     cases,
    ...     election,
    ...     on="state",
    ...     date="year",
    ...     other_date="held",
    ...     tolerance=5,
    ...     direction="backward",
    ...     name="election",
    ... )
    >>> frame.data[["turnout", "election_years"]].values.tolist()
    [[0.6, -1], [nan, <NA>]]
    """
    pairs = key_pairs(on)
    mine, theirs = list(pairs), list(pairs.values())
    table, source = opened(other, name)
    _check(tolerance, direction, shape, ties)
    frame = as_frame(cases, key, unit, [*mine, date])
    has_columns(frame.data, [date], "the cases")
    has_columns(table, [other_date], name)
    wanted = taken(table, columns, [*theirs, other_date], name)
    units = unit_numbers(frame.data, table, mine, theirs, name)
    notes = [*own_system(frame.data, pairs, source), *units.notes]
    word, (t, timed), (when, dated) = _times(
        frame.data[date], table[other_date], date, other_date, name
    )
    found = places(units.theirs, when, (units.theirs >= 0) & dated)
    refuse_repeated(found, table, [*theirs, other_date], name)
    able = units.complete & timed & (units.mine >= 0)
    at = _nearest(
        found,
        when,
        np.where(able, units.mine, -1),
        t,
        tolerance,
        direction,
        ties,
        frame.data[frame.key],
        name,
    )
    unmatched, repeated = met_rows(at, len(table))
    if repeated and shape == "one_to_one":
        raise JoinError(
            f"{repeated} row(s) of {name} are taken by several cases. If that is meant, say"
            ' shape="many_to_one".'
        )
    values, codes = without_special(table[wanted], source)
    distance = (
        pd.Series(np.where(at >= 0, np.append(when, 0)[at] - t, 0)).astype("Int64").mask(at < 0)
    )
    label = re.sub(r"\W+", "_", name).strip("_").lower() or "other"
    if f"{label}_{word}" in values.columns:
        raise JoinError(
            f"{name} brings a column {label}_{word}, which is the name of the distance. Rename it,"
            " or give another name=."
        )
    added = gathered(values, at).assign(**{f"{label}_{word}": distance})
    entry = Entry(
        f"asof {name}",
        "join",
        frame.unit,
        len(frame),
        len(frame),
        unmatched=int((at < 0).sum()),
        other_rows=len(table),
        other_unmatched=unmatched,
        duplicated=repeated,
        why=(
            f"on {' + '.join(mine)}, {direction} from {date} within {tolerance} {word};"
            f" {int((~(units.complete & timed)).sum())} case(s) and"
            f" {int(((units.theirs < 0) | ~dated).sum())} row(s) of {name} have no key or time"
        ),
    )
    cover = cover_of(source)
    known = (units.mine >= 0) | (source is not None and cover.every)
    why = explained(
        np.select([at >= 0, units.mine < 0], [MET, NO_ROW], NOT_IN_TIME),
        at < 0,
        complete=units.complete & timed,
        outside=cover.outside(year_of(t, word)),
        known=known,
    )
    return bring(
        frame,
        added,
        why,
        entry,
        source,
        {column: met_code(held, at) for column, held in codes.items()},
        notes,
    )


def _check(tolerance: int, direction: str, shape: str, ties: str | None) -> None:
    whole = isinstance(tolerance, (int, np.integer)) and not isinstance(tolerance, bool)
    if not whole or tolerance < 0:
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


def _times(
    mine: pd.Series, theirs: pd.Series, date: str, other_date: str, name: str
) -> tuple[str, tuple[Ints, Bools], tuple[Ints, Bools]]:
    """``days`` or ``years``, and the times of both tables as whole numbers of them."""
    kinds = ["date" if c.dtype.kind == "M" else kind(levels(c).values) for c in (mine, theirs)]
    if "date" in kinds and set(kinds) <= {"date", "empty"}:
        return "days", _days(mine, date, "the cases"), _days(theirs, other_date, name)
    if set(kinds) == {"date", "number"}:
        raise JoinError(
            f"{date!r} is {kinds[0]} in the cases and {other_date!r} is {kinds[1]} in {name}: dates"
            " and years have no distance. Take the year of the dates (.dt.year), or resolve the"
            " years to dates (peacestudy.core.dates)."
        )
    for column, held, who, which in (
        (mine, kinds[0], "the cases", date),
        (theirs, kinds[1], name, other_date),
    ):
        if held not in ("number", "empty"):
            raise JoinError(
                f"{which!r} of {who} holds {held} ({column.dropna().iloc[0]!r}), neither dates nor"
                " years: read texts with peacestudy.core.dates.read_dates."
            )
    return "years", whole_years(mine, date, "the cases"), whole_years(theirs, other_date, name)


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


def _nearest(
    found: Places,
    when: Ints,
    unit: Ints,
    t: Ints,
    tolerance: int,
    direction: str,
    ties: str | None,
    ids: pd.Series,
    name: str,
) -> Ints:
    """The row of the other table that each case takes, -1 for none."""
    if not len(found.keys):
        return np.full(len(t), -1, np.int64)
    wanted = found.key(unit, t)
    before = np.searchsorted(found.keys, wanted, side="right") - 1
    sides_at = []
    for at in (before, np.searchsorted(found.keys, wanted, side="left")):
        inside = np.clip(at, 0, len(found.keys) - 1)
        row = found.rows[inside]
        same = (at == inside) & (unit >= 0) & (found.keys[inside] // found.span == unit)
        gap = np.where(same, np.abs(when[row] - t), NEVER)
        sides_at.append((np.where(gap <= tolerance, row, -1), gap))
    (earlier, back), (later, ahead) = sides_at
    if direction != "nearest":
        return earlier if direction == "backward" else later
    tied = (back == ahead) & (earlier != later) & (earlier >= 0)
    if tied.any() and ties is None:
        shown = ", ".join(str(i) for i in ids[tied].iloc[:NAMED])
        raise JoinError(
            f"{int(tied.sum())} case(s) have a row of {name} before and one after them at the same"
            f" distance ({shown}). Say which is "
            f'taken: ties="earlier" or ties="later".'
        )
    ahead_wins = (ahead < back) | (tied & (ties == "later"))
    return np.where(ahead_wins, later, earlier)
