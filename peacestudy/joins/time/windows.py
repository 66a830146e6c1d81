"""Windows of years: what a panel says of the years t+a to t+b of every
case, both included.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from peacestudy.core.clock import year_ends
from peacestudy.core.frame import StudyFrame
from peacestudy.core.joined import FILLED, MET, NO_ROW, PARTLY
from peacestudy.core.keys import Ints
from peacestudy.core.ledger import Entry
from peacestudy.core.problems import one_of
from peacestudy.errors import JoinError
from peacestudy.joins.columns.arguments import has_columns, key_pairs, open_table
from peacestudy.joins.columns.collect import count_rows_met
from peacestudy.joins.columns.frame_columns import add_columns, as_frame
from peacestudy.joins.columns.source_coverage import (
    Bools,
    Cover,
    Whys,
    coverage,
    declared_values,
    explained,
    is_whole,
)
from peacestudy.joins.columns.special_codes import (
    Codes,
    first_code,
    met_code,
    of_gaps,
    without_special,
)
from peacestudy.joins.keys.state_codes import check_state_codes
from peacestudy.joins.time.measures import MEASURES, PARTIAL, TRUTHS, Floats, summarise
from peacestudy.joins.time.panel import (
    Places,
    is_number_or_truth,
    places,
    refuse_repeated,
    unit_numbers,
    whole_years,
)
from peacestudy.outcomes import OutcomeTable

CELLS = 2_000_000  # years of windows held at once
LONGEST = 10_000  # years of a window
# beyond, floats no longer hold every whole number, and a result does not pretend to be one
EXACT = 2**53


def join_window(
    cases: StudyFrame | pd.DataFrame,
    other: pd.DataFrame | OutcomeTable,
    *,
    on: str | Sequence[str] | Mapping[str, str],
    year: str,
    span: tuple[int, int],
    measures: Mapping[str, tuple[str, str]],
    name: str,
    partial: str,
    absent: Mapping[str, float] | None = None,
    other_year: str | None = None,
    years: tuple[int, int] | None = None,
    units: str | None = None,
    key: str | None = None,
    unit: str = "case",
) -> StudyFrame:
    """Join a summary of the years around each case from a unit-year table.

    Parameters
    ----------
    cases : StudyFrame or DataFrame
        The cases.
    other : DataFrame or OutcomeTable
        A row for each unit and year. Two rows for one are refused.
    on : str, sequence of str or mapping of str to str
        Column, or columns, of the unit; ``{column of the cases: column of the other table}`` where
        names differ.
    year : str
        Column of the cases with the year t.
    span : tuple of int, (a, b)
        The years t+a to t+b, both included; (1, 5) are the five years after t.
    measures : mapping of str to tuple of (str, str)
        ``{new column: (column, how)}``, how one of ``sum, any, all, max, min, mean, first, last,
        slope, count``. ``any``, ``all`` and ``count`` (the years that are true) take columns of
        true and false or 1 and 0; ``slope`` is the least-squares slope a year, of at least two
        observed years.
    name : str
        What the other table is, for the ledger.
    partial : {"missing", "certain", "observed"}
        Value of a window of which some years are not observed. ``missing``: it is missing, even
        where an event was observed, since otherwise among the latest cases only those with an event
        would count. ``certain``: it has a value where no unobserved year could change it (any once
        a year is true, all once one is false, first and last where that year is observed).
        ``observed``: the observed years represent all; ``<new column>_years_observed`` has their
        number.
    absent : mapping of str to float, optional
        ``{column: value}`` for a year without a row inside the coverage. It is refused where the
        source does not say what an absent row means; without it such a year is not observed. It
        holds in all covered years of a unit, also before a state existed: leave such cases out
        first.
    other_year : str, optional
        Column of the year in the other table; None takes the source's, else a column with the name
        of ``year``.
    years : tuple of int, (first, last), optional
        Years that the other table covers; rows outside are not read. None takes the source's; for a
        table of your own it is required.
    units : {"listed", "all"}, optional
        ``listed``: a unit without any row is not covered. None takes the source's, else ``listed``.
    key : str, optional
        Id column, where ``cases`` is a DataFrame.
    unit : str
        What a case is, where ``cases`` is a DataFrame.

    Returns
    -------
    StudyFrame
        All cases in their order, the new columns, and an entry of kind ``window`` in the ledger:
        cases whose window has no row of the other table are unmatched, rows in no window are
        unmatched too, and rows in several windows count as duplicated.

    Raises
    ------
    JoinError
        Keys or years of another type, two rows of one unit and year, or a column or measure that
        does not exist.

    Examples
    --------
    >>> import pandas as pd
    >>> cases = pd.DataFrame({"case_id": ["x", "y"], "state": [2, 20], "t": [2000, 2000]})
    >>> war = pd.DataFrame({"state": [2, 2, 20], "year": [2001, 2003, 1999], "war": True})
    >>> frame = ps.joins.join_window(
    ...     cases,
    ...     war,
    ...     on="state",
    ...     year="t",
    ...     other_year="year",
    ...     span=(1, 3),
    ...     years=(1990, 2010),
    ...     name="war",
    ...     measures={"war_again": ("war", "any"), "war_years": ("war", "count")},
    ...     partial="missing",
    ...     absent={"war": False},
    ... )
    >>> frame.data[["case_id", "war_again", "war_years"]]
      case_id  war_again  war_years
    0       x       True          2
    1       y      False          0
    """
    pairs = key_pairs(on)
    keys, other_keys = list(pairs), list(pairs.values())
    table, source = open_table(other, name)
    frame = as_frame(cases, key, unit, [*keys, year])
    span = _span(span)
    _check(measures, partial)
    cover = coverage(source, years, units, name)
    column_of_year = other_year or (source.source.year if source else "") or year
    measured = list(dict.fromkeys(column for column, _ in measures.values()))
    has_columns(frame.data, [year], "the cases")
    has_columns(table, [column_of_year, *measured], name)
    fill = declared_values(absent, source, measured, name, written=True)

    found = unit_numbers(frame.data, table, keys, other_keys, name)
    notes = [*check_state_codes(frame.data, pairs, source), *found.notes]
    when, dated = whole_years(table[column_of_year], column_of_year, name)
    inside = (found.theirs >= 0) & dated & (when >= cover.first) & (when <= cover.last)
    panel = places(found.theirs, when, inside)
    refuse_repeated(panel, table, [*other_keys, column_of_year], name)
    t, timed = whole_years(frame.data[year], year, "the cases")
    read, codes = without_special(table[measured], source)
    values = _checked_values(read, measures, fill, name)
    reader = _WindowReader(panel, cover, values, codes, fill, span, measures, partial)
    parts = reader.read_in_parts(found.mine, t, found.complete & timed)
    added = _new_columns(parts, _columns(measures, partial), table, fill)
    description = _description(keys, year, span, partial, cover)
    if fill:
        description += f"; {sum(part.filled for part in parts)} year(s) without a row filled"
    description += f"; {int((~inside).sum())} row(s) of {name} have no key or lie outside the years"
    entry = _entry(frame, name, parts, len(table), added[list(measures)], description)
    met_codes = _met_codes(parts, measures, codes)
    why = np.concatenate([part.why for part in parts])
    known_on = year_ends(t + span[1], timed)
    return add_columns(frame, added, why, entry, source, of_gaps(met_codes, added), notes, known_on)


@dataclass(frozen=True, eq=False)
class _Part:
    """Some of the windows.

    Attributes
    ----------
    out : their numbers, by new column.
    hits : how many rows each window has.
    why : the reason of each, as a place in ``REASONS``.
    codes : special codes, by column.
    rows : the rows of the other table that they have.
    filled : how many years take a declared value.
    """

    out: dict[str, Floats]
    hits: Ints
    why: Whys
    codes: dict[str, Whys]
    rows: Ints
    filled: int


@dataclass(frozen=True, eq=False)
class _WindowReader:
    """All that is needed to read windows."""

    panel: Places
    cover: Cover
    values: dict[str, Floats]
    codes: dict[str, Whys]
    fill: Mapping[str, float]
    span: tuple[int, int]
    measures: Mapping[str, tuple[str, str]]
    partial: str

    def read_in_parts(self, unit: Ints, t: Ints, complete: Bools) -> list[_Part]:
        """The windows of all cases, at most ``CELLS`` years at a time; only a complete case has a
        unit.
        """
        unit = np.where(complete, unit, -1)
        rows = max(1, CELLS // (self.span[1] - self.span[0] + 1))
        parts = []
        for start in range(0, max(len(t), 1), rows):
            part = slice(start, start + rows)
            parts.append(self.read(unit[part], t[part], complete[part]))
        return parts

    def read(self, unit: Ints, t: Ints, complete: Bools) -> _Part:
        """The windows of some cases; arrays of windows and years have a row a window."""
        year = t[:, None] + np.arange(self.span[0], self.span[1] + 1)[None, :]
        at = self.panel.find(unit[:, None], year)
        covered = (year >= self.cover.first) & (year <= self.cover.last)
        known = (unit >= 0) | (complete & self.cover.every)
        absent = covered & known[:, None] & (at < 0)
        matrix = {column: self._matrix(column, at, absent) for column in self.values}
        out: dict[str, Floats] = {}
        for new, (column, how) in self.measures.items():
            values = matrix[column]
            out[new] = summarise(values, how, self.partial)
            if self.partial == "observed":
                observed = (~np.isnan(values)).sum(axis=1)
                out[f"{new}_years_observed"] = observed.astype(np.float64)

        hits = (at >= 0).sum(axis=1)
        has_value = (at >= 0) | (absent & bool(self.fill))
        why = explained(
            _state(hits, has_value, covered),
            hits == 0,
            complete=complete,
            outside=np.asarray(~covered.any(axis=1)),
            known=known,
        )
        codes = {}
        for column, code_of_row in self.codes.items():
            owner = np.repeat(np.arange(len(t)), at.shape[1])
            codes[column] = first_code(met_code(code_of_row, at.ravel()), owner, len(t))
        filled = int(absent.sum()) if self.fill else 0
        return _Part(out, hits, why, codes, at[at >= 0], filled)

    def _matrix(self, column: str, at: Ints, absent: Bools) -> Floats:
        """The values of a column, a row a window and a column a year."""
        out = np.append(self.values[column], np.nan)[at]
        if column in self.fill:
            out[absent] = self.fill[column]
        return out


def _new_columns(
    parts: list[_Part],
    columns: Mapping[str, tuple[str, str]],
    table: pd.DataFrame,
    fill: Mapping[str, float],
) -> pd.DataFrame:
    """The new columns of all cases, in their types."""
    added = {}
    for new, (column, how) in columns.items():
        values = np.concatenate([part.out[new] for part in parts])
        added[new] = _typed(values, how, table.get(column), fill.get(column, 0.0))
    return pd.DataFrame(added)


def _met_codes(
    parts: list[_Part], measures: Mapping[str, tuple[str, str]], codes: Mapping[str, Codes]
) -> dict[str, Codes]:
    """The special code that each case met, by new column."""
    out = {}
    for new, (column, _) in measures.items():
        if column in codes:
            out[new] = np.concatenate([part.codes[column] for part in parts])
    return out


def _checked_values(
    read: pd.DataFrame,
    measures: Mapping[str, tuple[str, str]],
    fill: Mapping[str, float],
    name: str,
) -> dict[str, Floats]:
    """The columns as numbers, true and false where a measure needs it."""
    values = {str(column): _numbers(read[column], str(column), name) for column in read}
    for column, how in measures.values():
        if how in TRUTHS:
            _check_truths(np.append(values[column], fill.get(column, np.nan)), column, name)
    return values


def _state(hits: Ints, has_value: Bools, covered: Bools) -> Ints:
    """The reason of a window, apart from keys, units and years."""
    every, some = has_value.all(axis=1), has_value.any(axis=1)
    choices = [every & (hits > 0), every, some | (hits > 0), ~covered.all(axis=1)]
    return np.select(choices, [MET, FILLED, PARTLY, PARTLY], NO_ROW)


def _span(span: tuple[int, int]) -> tuple[int, int]:
    pair = isinstance(span, (tuple, list)) and len(span) == 2 and all(map(is_whole, span))
    if not pair or span[0] > span[1] or span[1] - span[0] >= LONGEST:
        raise JoinError(
            f"span is {span!r}; write two whole numbers (a, b), a not after b: the years t+a to"
            " t+b, as (1, 5)."
        )
    return int(span[0]), int(span[1])


def _check(measures: Mapping[str, tuple[str, str]], partial: str) -> None:
    if not isinstance(measures, Mapping) or not measures:
        raise JoinError('measures is empty, or no dict; write {"new column": ("column", "sum")}.')
    for new, measure in measures.items():
        if not isinstance(measure, tuple) or len(measure) != 2:
            raise JoinError(f'the measure {new!r} is {measure!r}; write ("column", "how").')
        how = measure[1]
        if how not in MEASURES:
            raise JoinError(one_of(f"how of the measure {new!r}", how, list(MEASURES)))
    if partial not in PARTIAL:
        raise JoinError(one_of("partial", partial, PARTIAL))


def _numbers(column: pd.Series, name: str, table: str) -> Floats:
    """A column as numbers, NaN where it is missing."""
    if not is_number_or_truth(column):
        raise JoinError(
            f"{name!r} of {table} holds {column.dtype}, not numbers; a window cannot measure it."
        )
    out = np.array(column.to_numpy(dtype="float64", na_value=np.nan))
    if np.isinf(out).any():
        raise JoinError(
            f"{name!r} of {table} holds infinite values. Make them missing, or correct them."
        )
    return out


def _check_truths(values: Floats, column: str, name: str) -> None:
    bad = values[~np.isnan(values) & (values != 0) & (values != 1)]
    if len(bad):
        raise JoinError(
            f"{column!r} of {name} holds {bad[0]:g}, and {', '.join(TRUTHS)} ask of true or false."
            f" Make a column of it first, such as table.assign(is_{column}=table[{column!r}] > 0)."
        )


def _columns(measures: Mapping[str, tuple[str, str]], partial: str) -> dict[str, tuple[str, str]]:
    """The new columns, those with the number of observed years included."""
    if partial != "observed":
        return dict(measures)
    columns = {}
    for new, (column, how) in measures.items():
        if f"{new}_years_observed" in measures:
            raise JoinError(
                f"the measure {new}_years_observed has the name of the years that {new} is"
                " made of. Rename it."
            )
        columns[new] = (column, how)
        columns[f"{new}_years_observed"] = (column, "count")
    return columns


def _typed(out: Floats, how: str, column: pd.Series | None, fill: float) -> pd.Series:
    """Truth values as boolean, whole numbers as Int64, else floats."""
    made = pd.Series(out)
    if how in ("any", "all"):
        if not np.isnan(out).any():
            return made.astype("boolean")
        return made.astype("Float64").mask(made.isna()).astype("boolean")
    whole = column is not None and not pd.api.types.is_float_dtype(column.dtype)
    whole = whole and fill % 1 == 0 and not (np.abs(out) > EXACT).any()
    if how == "count" or (whole and how in ("sum", "max", "min", "first", "last")):
        return made.astype("Int64")
    return made


def _entry(
    frame: StudyFrame, name: str, parts: "list[_Part]", rows: int, found: pd.DataFrame, why: str
) -> Entry:
    """The step for the ledger; ``found`` are the values of the measures, a row a case."""
    has_value = found.notna().any(axis=1).to_numpy()
    hits = np.concatenate([p.hits for p in parts])
    unused, again = count_rows_met(np.concatenate([p.rows for p in parts]), rows)
    return Entry(
        f"window {name}",
        "window",
        frame.unit,
        len(frame),
        len(frame),
        unmatched=int((hits == 0).sum()),
        filled=int(((hits == 0) & has_value).sum()),
        other_rows=rows,
        other_unmatched=unused,
        duplicated=again,
        why=why,
    )


def _description(
    keys: list[str], year: str, span: tuple[int, int], partial: str, cover: Cover
) -> str:
    """The first clauses of the step in the ledger."""
    return (
        f"on {' + '.join(keys)}, years {year}{span[0]:+d} to {year}{span[1]:+d}, of {cover.first}"
        f" to {cover.last}; partial windows: {partial}"
    )
