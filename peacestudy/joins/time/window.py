"""Windows on a case's clock: what happened in the years t+a to
t+b of every case, exact at the borders.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from peacestudy.core.frame import StudyFrame
from peacestudy.core.joined import FILLED, MET, NO_ROW, PARTLY
from peacestudy.core.keys import Ints
from peacestudy.core.ledger import Entry
from peacestudy.core.problems import one_of
from peacestudy.errors import JoinError
from peacestudy.joins.bring import as_frame, bring
from peacestudy.joins.coverage import Bools, Cover, Whys, coverage, declared, explained
from peacestudy.joins.gather import met_rows
from peacestudy.joins.given import has_columns, key_pairs, opened
from peacestudy.joins.special import first_code, met_code, of_gaps, without_special
from peacestudy.joins.states.systems import own_system
from peacestudy.joins.time.measures import MEASURES, PARTIAL, TRUTHS, Floats, summarise
from peacestudy.joins.time.panel import Places, places, refuse_repeated, unit_numbers, whole_years
from peacestudy.outcomes import OutcomeTable

CELLS = 2_000_000  # years of windows held at once
LONGEST = 10_000  # years of a window
# beyond, floats no longer hold every whole number, and a result does not pretend to be one
EXACT = 2**53


def window(
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
    """Bring what a unit-year table says of a window of years around each case.

    Parameters
    ----------
    cases : the cases; ``year`` is the column that holds t.
    other : a row for each unit and year. Two rows for one are refused.
    on : column(s) of the unit, or {of the cases: of the other table}.
    span : (a, b), the years t+a to t+b, both within the window; (1, 5) are the five years after t.
    measures : {new column: (column, how)}, how one of ``sum, any, all, max, min, mean, first, last,
        slope, count``. ``any``, ``all`` and ``count`` (the years that are true) take columns of
        true and false or 1 and 0; ``slope`` is that of least squares, a year, of at least two
        observed years.
    name : what the other table is, for the ledger.
    partial : what holds for a window of which some years are not observed. ``missing``: it is
        missing, even where an event was seen, since else among the latest cases only those with an
        event would count. ``certain``: what no unobserved year could change is known (any once a
        year is true, all once one is false, first and last where that year is observed).
        ``observed``: the observed years stand for all; their number comes with it, as ``<new
        column>_years_observed``.
    absent : {column: value} that stands for a year without a row inside the coverage. Where the
        source says nothing of what an absent row means, it is refused; without it such a year is
        not observed. It stands in all covered years of a unit, also before a state existed: leave
        such cases out first.
    other_year : column of the year in the other table; None takes the
        source's, else a column with the name of ``year``.
    years : first and last year of which the other table speaks; rows outside are not read. None
        takes the source's; of a table of your own it must be written.
    units : ``listed`` (a unit without any row is not covered) or ``all``;
        None takes the source's, else ``listed``.
    key, unit : id column and unit of the cases, where they are a plain DataFrame.

    Returns
    -------
    StudyFrame
        All cases in their order, the new columns, and an entry of kind ``window`` in the ledger:
        cases in whose window the other table has no row are unmatched, rows of it in no window too,
        and rows in several windows count as duplicated.

    Raises
    ------
    JoinError
        Keys or years of another type, two rows of one unit and year, a
        column or measure that does not exist.

    Examples
    --------
    >>> cases = pd.DataFrame({"case_id": ["x", "y"], "state": [2, 20], "t": [2000, 2000]})
    >>> war = pd.DataFrame(
    ...     {"state": [2, 2, 20], "year": [2001, 2003, 1999], "war": [True, True, True]}
    ... )
    >>> frame = window(
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
    >>> frame.data[["war_again", "war_years"]].values.tolist()
    [[True, 2], [False, 0]]
    """
    pairs = key_pairs(on)
    mine, theirs = list(pairs), list(pairs.values())
    table, source = opened(other, name)
    frame = as_frame(cases, key, unit, [*mine, year])
    span = _span(span)
    _check(measures, partial)
    cover = coverage(source, years, units, name)
    column = other_year or (source.source.year if source else "") or year
    has_columns(frame.data, [year], "the cases")
    has_columns(table, [column, *(c for c, _ in measures.values())], name)
    fill = declared(absent, source, [c for c, _ in measures.values()], name, written=True)
    found = unit_numbers(frame.data, table, mine, theirs, name)
    notes = [*own_system(frame.data, pairs, source), *found.notes]
    when, dated = whole_years(table[column], column, name)
    inside = (found.theirs >= 0) & dated & (when >= cover.first) & (when <= cover.last)
    panel = places(found.theirs, when, inside)
    refuse_repeated(panel, table, [*theirs, column], name)
    t, timed = whole_years(frame.data[year], year, "the cases")
    read, codes = without_special(
        table[list(dict.fromkeys(c for c, _ in measures.values()))], source
    )
    values = {str(c): _numbers(read[c], str(c), name) for c in read}
    for c in {c for c, how in measures.values() if how in TRUTHS}:
        _truths(np.append(values[c], fill.get(c, np.nan)), c, name)
    able = found.complete & timed
    unit_of = np.where(able, found.mine, -1)
    walk = _Walk(panel, cover, values, codes, fill, span, measures, partial)
    rows = max(1, CELLS // (span[1] - span[0] + 1))
    parts = [
        walk.read(unit_of[i : i + rows], t[i : i + rows], able[i : i + rows])
        for i in range(0, max(len(t), 1), rows)
    ]
    added = pd.DataFrame(
        {
            new: _typed(
                np.concatenate([p.out[new] for p in parts]), how, table.get(c), fill.get(c, 0.0)
            )
            for new, (c, how) in _columns(measures, partial).items()
        }
    )
    told = _told(
        mine,
        year,
        span,
        partial,
        cover,
        f"{sum(p.filled for p in parts)} year(s) without a row filled" if fill else "",
        f"{int((~inside).sum())} row(s) of {name} have no key or lie outside the years",
    )
    entry = _entry(
        frame, name, parts, len(table), added[list(measures)].notna().any(axis=1).to_numpy(), told
    )
    met = {
        n: np.concatenate([p.codes[c] for p in parts])
        for n, (c, _) in measures.items()
        if c in codes
    }
    return bring(
        frame,
        added,
        np.concatenate([p.why for p in parts]),
        entry,
        source,
        of_gaps(met, added),
        notes,
    )


@dataclass(frozen=True, eq=False)
class _Part:
    """Some of the windows: their numbers, rows hit by each, why, codes that are no values by
    column, the rows hit, cells filled.
    """

    out: dict[str, Floats]
    hits: Ints
    why: Whys
    codes: dict[str, Whys]
    rows: Ints
    filled: int


@dataclass(frozen=True, eq=False)
class _Walk:
    """All that is needed to read windows."""

    panel: Places
    cover: Cover
    values: dict[str, Floats]
    codes: dict[str, Whys]
    fill: Mapping[str, float]
    span: tuple[int, int]
    measures: Mapping[str, tuple[str, str]]
    partial: str

    def read(self, unit: Ints, t: Ints, able: Bools) -> _Part:
        year = t[:, None] + np.arange(self.span[0], self.span[1] + 1)[None, :]
        at = self.panel.find(unit[:, None], year)
        covered = (year >= self.cover.first) & (year <= self.cover.last)
        known = (unit >= 0) | (able & self.cover.every)
        none = covered & known[:, None] & (at < 0)
        matrix = {c: self._matrix(c, at, none) for c in self.values}
        out: dict[str, Floats] = {}
        for new, (column, how) in self.measures.items():
            out[new] = summarise(matrix[column], how, self.partial)
            if self.partial == "observed":
                out[f"{new}_years_observed"] = (
                    (~np.isnan(matrix[column])).sum(axis=1).astype(np.float64)
                )
        hits = (at >= 0).sum(axis=1)
        says = (at >= 0) | (none & bool(self.fill))
        outside = np.asarray(~covered.any(axis=1))
        why = explained(
            _state(hits, says, covered), hits == 0, complete=able, outside=outside, known=known
        )
        owner = np.repeat(np.arange(len(t)), at.shape[1]) if self.codes else np.zeros(0, np.int64)
        codes = {
            c: first_code(met_code(held, at.ravel()), owner, len(t))
            for c, held in self.codes.items()
        }
        return _Part(out, hits, why, codes, at[at >= 0], int(none.sum()) if self.fill else 0)

    def _matrix(self, column: str, at: Ints, none: Bools) -> Floats:
        out = np.append(self.values[column], np.nan)[at]
        if column in self.fill:
            out[none] = self.fill[column]
        return out


def _state(hits: Ints, says: Bools, covered: Bools) -> Ints:
    """Why a window has what it has, apart from keys, units and years."""
    whole, some = says.all(axis=1), says.any(axis=1)
    choices = [whole & (hits > 0), whole, some | (hits > 0), ~covered.all(axis=1)]
    return np.select(choices, [MET, FILLED, PARTLY, PARTLY], NO_ROW)


def _span(span: tuple[int, int]) -> tuple[int, int]:
    whole = isinstance(span, (tuple, list)) and len(span) == 2
    whole = whole and all(
        isinstance(x, (int, np.integer)) and not isinstance(x, bool) for x in span
    )
    if not whole or span[0] > span[1] or span[1] - span[0] >= LONGEST:
        raise JoinError(
            f"span is {span!r}; write two whole numbers (a, b), a not after b: the years t+a to"
            " t+b, as (1, 5)."
        )
    return int(span[0]), int(span[1])


def _check(measures: Mapping[str, tuple[str, str]], partial: str) -> None:
    if not isinstance(measures, Mapping) or not measures:
        raise JoinError('measures is empty, or no dict; write {"new column": ("column", "sum")}.')
    for new, told in measures.items():
        if not isinstance(told, tuple) or len(told) != 2:
            raise JoinError(f'the measure {new!r} is {told!r}; write ("column", "how").')
        if told[1] not in MEASURES:
            raise JoinError(one_of(f"how of the measure {new!r}", told[1], list(MEASURES)))
    if partial not in PARTIAL:
        raise JoinError(one_of("partial", partial, PARTIAL))


def _numbers(column: pd.Series, name: str, table: str) -> Floats:
    """A column as numbers, NaN where it is missing."""
    if not (
        pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype)
    ):
        raise JoinError(
            f"{name!r} of {table} holds {column.dtype}, not numbers; a window cannot measure it."
        )
    out = np.array(column.to_numpy(dtype="float64", na_value=np.nan))
    if np.isinf(out).any():
        raise JoinError(
            f"{name!r} of {table} holds infinite values. Make them missing, or correct them."
        )
    return out


def _truths(values: Floats, column: str, name: str) -> None:
    bad = values[~np.isnan(values) & (values != 0) & (values != 1)]
    if len(bad):
        raise JoinError(
            f"{column!r} of {name} holds {bad[0]:g}, and {', '.join(TRUTHS)} ask of true or false."
            f" Make a column of it first, such as table.assign(is_{column}=table[{column!r}] > 0)."
        )


def _columns(measures: Mapping[str, tuple[str, str]], partial: str) -> dict[str, tuple[str, str]]:
    if partial != "observed":
        return dict(measures)
    if twice := [n for n in measures if f"{n}_years_observed" in measures]:
        raise JoinError(
            f"the measure {twice[0]}_years_observed has the name of the years that {twice[0]} is"
            " made of. Rename it."
        )
    return {
        n: m
        for new, told in measures.items()
        for n, m in ((new, told), (f"{new}_years_observed", (told[0], "count")))
    }


def _typed(out: Floats, how: str, column: pd.Series | None, fill: float) -> pd.Series:
    """Truth values as boolean, whole numbers as Int64, else floats."""
    made = pd.Series(out)
    if how in ("any", "all"):
        return (
            made.astype("boolean")
            if not np.isnan(out).any()
            else made.astype("Float64").mask(made.isna()).astype("boolean")
        )
    whole = column is not None and not pd.api.types.is_float_dtype(column.dtype) and fill % 1 == 0
    whole = whole and not (np.abs(out) > EXACT).any()
    if how == "count" or (whole and how in ("sum", "max", "min", "first", "last")):
        return made.astype("Int64")
    return made


def _entry(
    frame: StudyFrame, name: str, parts: "list[_Part]", rows: int, valued: Bools, why: str
) -> Entry:
    """The step for the ledger; ``valued`` are the cases that have a value of some measure."""
    hits = np.concatenate([p.hits for p in parts])
    unused, again = met_rows(np.concatenate([p.rows for p in parts]), rows)
    return Entry(
        f"window {name}",
        "window",
        frame.unit,
        len(frame),
        len(frame),
        unmatched=int((hits == 0).sum()),
        filled=int(((hits == 0) & valued).sum()),
        other_rows=rows,
        other_unmatched=unused,
        duplicated=again,
        why=why,
    )


def _told(
    mine: list[str], year: str, span: tuple[int, int], partial: str, cover: Cover, *more: str
) -> str:
    first = (
        f"on {' + '.join(mine)}, years {year}{span[0]:+d} to {year}{span[1]:+d}, of {cover.first}"
        f" to {cover.last}"
    )
    return "; ".join(x for x in (first, f"partial windows: {partial}", *more) if x)
