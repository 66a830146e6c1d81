"""Spells of a panel: runs of active years, and whether their start and
end were seen or cut off by what was observed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from peacestudy.core.clock import year_ends
from peacestudy.core.frame import StudyFrame
from peacestudy.core.joined import MET, Joined
from peacestudy.core.keys import Ints
from peacestudy.core.ledger import Entry, Ledger
from peacestudy.errors import JoinError
from peacestudy.joins.columns.arguments import has_columns, key_pairs, open_table
from peacestudy.joins.columns.source_coverage import Bools, coverage, declared_values, is_whole
from peacestudy.joins.time.panel import (
    Places,
    is_number_or_truth,
    panel_units,
    places,
    refuse_repeated,
    whole_years,
)
from peacestudy.outcomes import OutcomeTable

NEW = ("spell_id", "start_year", "end_year", "active_years", "censored_left", "censored_right")


def spells(
    panel: pd.DataFrame | OutcomeTable,
    *,
    by: str | Sequence[str],
    year: str,
    active: str,
    gap: int,
    years: tuple[int, int] | None = None,
    absent: Mapping[str, bool] | None = None,
    name: str = "panel",
) -> StudyFrame:
    """Combine the active years of each unit into spells.

    Parameters
    ----------
    panel : DataFrame or OutcomeTable
        A row for each unit and year; two rows for one are refused.
    by : str or sequence of str
        Column, or columns, that name the unit.
    year : str
        Column of the year.
    active : str
        Column that says whether the unit was active in the year (true or false, 1 or 0, or
        missing).
    gap : int
        Largest number of years without activity inside a spell; with 0 the first such year ends it.
    years : tuple of int, (first, last), optional
        Years observed; rows outside are not read. None takes the source's; for a table of your own
        it is required.
    absent : mapping of str to bool, optional
        ``{active: False}`` where a year without a row is known to be inactive; None: such a year is
        not observed.
    name : str
        What the panel is, for the ledger and in messages.

    Returns
    -------
    StudyFrame
        A row a spell: unit, ``spell_id``, ``start_year, end_year`` (first and last active year),
        ``active_years``, ``censored_left`` and ``censored_right``: whether one of the ``gap + 1``
        years before (after) was not observed, so that the spell may be longer.

    Raises
    ------
    JoinError
        Two rows of a unit and year, a unit written in two ways (as in ``lagged``), a value that is
        no year, activity that is neither true nor false, or a choice that is missing.

    Examples
    --------
    >>> import pandas as pd
    >>> war = pd.DataFrame({"state": 2, "year": [1990, 1991, 1994, 1995], "war": True})
    >>> frame = ps.joins.spells(
    ...     war,
    ...     by="state",
    ...     year="year",
    ...     active="war",
    ...     gap=1,
    ...     years=(1946, 1995),
    ...     absent={"war": False},
    ... )
    >>> frame.data[["spell_id", "start_year", "end_year", "censored_right"]]
      spell_id  start_year  end_year  censored_right
    0   2-1990        1990      1991           False
    1   2-1994        1994      1995            True
    """
    table, source = open_table(panel, name)
    keys = list(key_pairs(by))
    has_columns(table, [*keys, year, active], name)
    _check(keys, gap)
    cover = coverage(source, years, None, name)
    first, last = cover.first, cover.last
    fill = declared_values(absent, source, [active], name, written=True)
    _refuse_active(fill, active)
    found_units = panel_units(table, keys, year, name)
    units = found_units.theirs
    t, timed = whole_years(table[year], year, name)
    inside = (units >= 0) & timed & (t >= first) & (t <= last)
    found = places(units, t, inside)
    refuse_repeated(found, table, [*keys, year], name)
    on, known = _activity(table[active], active, name)
    rows = np.flatnonzero(inside & on)
    rows = rows[np.lexsort((t[rows], units[rows]))]
    begins = _begins(units[rows], t[rows], int(gap))
    heads = rows[begins]
    tails = rows[np.append(begins, len(rows))[1:] - 1]
    neighbours = _Neighbours(found, known, first, last, bool(fill), int(gap))
    unit_columns = table[keys].iloc[heads].reset_index(drop=True)
    out = unit_columns.assign(
        spell_id=_spell_ids(unit_columns, t[heads]),
        start_year=t[heads],
        end_year=t[tails],
        active_years=np.diff(np.append(begins, len(rows))),
        censored_left=~neighbours.observed(units[heads], t[heads], -1),
        censored_right=~neighbours.observed(units[tails], t[tails], 1),
    )
    kept = (
        f"of {first} to {last}; {int((~inside).sum())} row(s) have no key or lie outside,"
        f" {int((inside & ~known).sum())} do not say"
    )
    joined = f"by {' + '.join(keys)}, gaps of up to {gap} year(s) bridged"
    ledger = _ledger(name, (len(table), len(rows), len(out)), kept, joined)
    notes = (*(source.notes if source else ()), *found_units.notes)
    when_known = _known_on(t[heads], t[tails], int(gap), name)
    return StudyFrame(out, "spell", "spell_id", ledger, joined=(when_known,), notes=notes)


def _known_on(start: Ints, end: Ints, gap: int, name: str) -> Joined:
    """From when each column of a spell is known: its start in the year in which it starts, its end
    and length once enough years without activity have passed.
    """
    there = np.ones(len(start), bool)
    begun, over = year_ends(start, there), year_ends(end + gap + 1, there)
    days = {"start_year": begun, "censored_left": begun}
    days |= dict.fromkeys(("end_year", "active_years", "censored_right"), over)
    met = np.full(len(start), MET, np.int8)
    return Joined(f"spells of {name}", "", "", tuple(days), met, known_on=tuple(days.items()))


def _check(keys: list[str], gap: int) -> None:
    shared = [c for c in NEW if c in keys]
    if shared:
        raise JoinError(
            f"the column(s) {', '.join(map(repr, shared))} of by are those of a spell. Rename them."
        )
    if not is_whole(gap) or gap < 0:
        raise JoinError(f"gap is {gap!r}; write a whole number of years, 0 or more.")


def _refuse_active(fill: Mapping[str, bool], active: str) -> None:
    """Refuse years without a row that are declared active."""
    if any(fill.values()):
        raise JoinError(
            f"absent says that {active!r} is true in a year without a row; only False is allowed."
        )


def _spell_ids(units: pd.DataFrame, start: Ints) -> pd.Series:
    """Ids ``<unit>-<first year>``."""
    unit_id = units.astype(str).agg("-".join, axis=1) if len(units) else pd.Series([], dtype=object)
    return unit_id + "-" + pd.Series(start).astype(str)


def _ledger(name: str, counts: tuple[int, int, int], kept: str, joined: str) -> Ledger:
    """The two steps; ``counts`` are rows of the panel, active rows and spells."""
    rows, active_rows, spells_found = counts
    active_years = Entry(
        f"active years of {name}",
        "keep",
        "unit-year",
        rows,
        active_rows,
        left_out=rows - active_rows,
        why=kept,
    )
    gathered = Entry(f"spells of {name}", "gather", "spell", active_rows, spells_found, why=joined)
    return Ledger((active_years, gathered))


@dataclass(frozen=True, eq=False)
class _Neighbours:
    """The years before and after a spell, and whether they were observed."""

    found: Places
    known: Bools
    first: int
    last: int
    fills: bool
    gap: int

    def observed(self, unit: Ints, t: Ints, step: int) -> Bools:
        """Whether the ``gap + 1`` years before (step -1) or after (step 1) were observed."""
        out = np.ones(len(unit), bool)
        for k in range(1, self.gap + 2):
            year = t + step * k
            at = self.found.find(unit, year)
            observed = np.where(at >= 0, self.known[at] if len(self.known) else False, self.fills)
            out &= observed & (year >= self.first) & (year <= self.last)
        return out


def _begins(unit: Ints, t: Ints, gap: int) -> Ints:
    """Places at which a spell begins, among active years in the order of unit and year."""
    if not len(unit):
        return np.zeros(0, np.int64)
    new_unit = unit[1:] != unit[:-1]
    after_gap = t[1:] - t[:-1] - 1 > gap
    return np.flatnonzero(np.append(True, new_unit | after_gap))


def _activity(column: pd.Series, name: str, who: str) -> tuple[Bools, Bools]:
    """Rows that are active, and rows that say whether they are."""
    if not is_number_or_truth(column):
        raise JoinError(f"{name!r} of {who} holds {column.dtype}, not true or false.")
    values = column.to_numpy(dtype="float64", na_value=np.nan)
    known = ~np.isnan(values)
    bad = values[known & (values != 0) & (values != 1)]
    if bad.size:
        raise JoinError(
            f"{name!r} of {who} holds {bad[0]:g}; activity is true or false, 1 or 0. Make a column"
            " of it first."
        )
    return known & (values == 1), known
