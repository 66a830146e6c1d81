"""Onset: the years in which an armed conflict within a state begins,
or begins anew after years without fighting.

Source of the usual rule: Gleditsch et al. (2002), Armed conflict 1946-2001, Journal of Peace
Research 39(5): 615-637; UCDP codes the same onsets with gaps of one, two, three, five and ten
years.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from peacestudy.core.schema import Field, Schema
from peacestudy.errors import SourceError, SpecError
from peacestudy.outcomes.source import OutcomeTable

# UCDP's type_of_conflict: within a state, without or with troops of other states
INTRASTATE = (3, 4)


@dataclass(frozen=True)
class OnsetRule:
    """When fighting is an onset.

    Attributes
    ----------
    gap : a conflict that was fought before begins anew if it was not fought in this many calendar
        years in a row, 1 or more.
    first_year : first year that the conflict source covers. A conflict fought in it is an onset
        only if its first battle-related death falls in it.
    """

    gap: int
    first_year: int

    def __post_init__(self) -> None:
        if self.gap < 1:
            raise SpecError(f"gap is {self.gap}; it must be 1 or more.")


def onsets(conflict_years: pd.DataFrame, rule: OnsetRule) -> pd.DataFrame:
    """The years in which a conflict begins or begins anew.

    Parameters
    ----------
    conflict_years : ``conflict_id, country, year, start_date``; a row a year of fighting.
    rule : the gap and the left edge.

    Returns
    -------
    DataFrame
        ``conflict_id, country, year, new``: a row an onset; ``new`` says
        that the conflict was never fought before.
    """
    rows = []
    for conflict, part in conflict_years.sort_values("year").groupby("conflict_id"):
        before: int | None = None
        for country, year, start in part[["country", "year", "start_date"]].itertuples(
            index=False, name=None
        ):
            known = year > rule.first_year or start.year >= rule.first_year
            if known if before is None else year - before > rule.gap:
                rows.append((int(str(conflict)), int(country), int(year), before is None))
            before = int(year)
    table = pd.DataFrame(rows, columns=["conflict_id", "country", "year", "new"])
    return table.sort_values(["country", "year", "conflict_id"], ignore_index=True)


def fighting_by_state(conflict_years: pd.DataFrame) -> dict[int, set[int]]:
    """Years of fighting of every state, from ``country, year`` rows."""
    fought = {}
    for country, years in conflict_years.groupby("country")["year"]:
        fought[int(str(country))] = set(map(int, years))
    return fought


def peace_years(years: Sequence[int], fought: set[int]) -> list[int]:
    """Years in a row without fighting that were completed before each year.

    Parameters
    ----------
    years : years of a state's life that are observed, ascending.
    fought : its years of fighting.

    Returns
    -------
    list of int
        0 in the first year that is observed and in the year after fighting; peace before the first
        year is not known and does not count.

    Examples
    --------
    >>> peace_years([1946, 1947, 1948, 1949, 1950], {1948})
    [0, 1, 2, 0, 1]
    """
    out, run = [], 0
    for year in years:
        out.append(run)
        run = 0 if year in fought else run + 1
    return out


def fought_before(years: Sequence[int], fought: set[int]) -> list[bool]:
    """Whether a state fought in a year before each year.

    Parameters
    ----------
    years : years that are asked for.
    fought : the state's years of fighting, as far back as the source reaches.

    Returns
    -------
    list of bool
        Fighting before the first year of the source is not known and does not count.

    Examples
    --------
    >>> fought_before([1947, 1948, 1949], {1948})
    [False, False, True]
    """
    first = min(fought, default=None)
    return [first is not None and first < year for year in years]


def quiet_years(years: Sequence[int], fought: set[int], gap: int) -> list[bool]:
    """Whether a state fought in none of the ``gap`` years before each year.

    Examples
    --------
    >>> quiet_years([1948, 1949, 1950, 1951], {1948}, gap=2)
    [True, False, False, True]
    """
    return [not fought & set(range(year - gap, year)) for year in years]


FIGHTING = Schema(
    (
        Field(
            "country",
            "integer",
            required=True,
            description="state over whose government or territory is fought, Gleditsch-Ward code",
        ),
        Field("year", "year", required=True),
        Field(
            "conflicts",
            "integer",
            required=True,
            minimum=1,
            unit="armed conflicts within the state, fought in the year",
        ),
        Field(
            "war",
            "boolean",
            required=True,
            description="one of them had 1000 or more battle-related deaths",
        ),
        Field(
            "onset",
            "boolean",
            required=True,
            description="one of them began, or resumed after the gap",
        ),
        Field(
            "new_conflict",
            "boolean",
            required=True,
            description="one of them was fought for the first time",
        ),
    ),
    key=("country", "year"),
)


def fighting_years(conflicts: OutcomeTable, rule: OnsetRule) -> OutcomeTable:
    """State-years with armed conflict within the state, from
    conflict-years: what a state-year frame joins.

    Parameters
    ----------
    conflicts : UCDP/PRIO conflict-years.
    rule : when fighting is an onset.

    Returns
    -------
    OutcomeTable
        ``country, year, conflicts, war, onset, new_conflict``, a row a state-year that had
        fighting. It speaks of all states, and an absent row means that there was no such conflict,
        so ``ps.join(..., absent={"onset": False})`` is allowed.

    Raises
    ------
    SourceError
        A conflict within a state is over several states in one year.
    """
    table = conflicts.table
    part = table[table["type_of_conflict"].isin(INTRASTATE)].copy()
    several = part[part["gwno_loc"].str.contains(",")]
    if len(several):
        row = several.iloc[0]
        raise SourceError(
            f"conflict {row['conflict_id']} of {row['year']} is over several states"
            f" ({row['gwno_loc']}). Decide for which it counts."
        )
    part["country"] = part["gwno_loc"].astype(int)
    began = onsets(part, rule).groupby(["country", "year"])["new"].any()
    by = part.groupby(["country", "year"])
    out = pd.DataFrame(
        {"conflicts": by.size().astype("Int64"), "war": by["intensity_level"].max() == 2}
    )
    out["onset"] = out.index.isin(began.index)
    out["new_conflict"] = out.index.isin(began.index[began])
    source = replace(
        conflicts.source,
        unit="state-year with fighting",
        key=("country", "year"),
        schema=FIGHTING,
        rows=len(out),
        units="all",
        absent=(
            "no armed conflict within the state with 25 or more battle-related deaths in the year"
        ),
        year="year",
        states=(("country", "gw"),),
        special=(),
    )
    return OutcomeTable(
        out.reset_index().astype({"country": "Int64", "year": "Int64"}), source, conflicts.notes
    )
