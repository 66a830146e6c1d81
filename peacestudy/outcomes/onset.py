"""Onset: the years in which an armed conflict within a state begins, or begins anew after years without fighting.

Source of the usual rule: Gleditsch et al. (2002), Armed conflict 1946-2001, Journal of Peace Research 39(5): 615-637;
UCDP codes the same onsets with gaps of one, two, three, five and ten years.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from peacestudy.errors import SpecError

INTRASTATE = (3, 4)  # UCDP's type_of_conflict: within a state, without or with troops of other states


@dataclass(frozen=True)
class OnsetRule:
    """When fighting is an onset.

    Attributes
    ----------
    gap : a conflict that was fought before begins anew if it was not fought in this many calendar years in a row, 1 or more.
    first_year : first year that the conflict source covers. A conflict fought in it is an onset only if its first
        battle-related death falls in it.
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
        ``conflict_id, country, year, new``: a row an onset; ``new`` says that the conflict was never fought before.
    """
    rows = []
    for conflict, part in conflict_years.sort_values("year").groupby("conflict_id"):
        before: int | None = None
        for country, year, start in part[["country", "year", "start_date"]].itertuples(index=False, name=None):
            known = year > rule.first_year or start.year >= rule.first_year
            if known if before is None else year - before > rule.gap:
                rows.append((int(str(conflict)), int(country), int(year), before is None))
            before = int(year)
    table = pd.DataFrame(rows, columns=["conflict_id", "country", "year", "new"])
    return table.sort_values(["country", "year", "conflict_id"], ignore_index=True)


def fighting_by_state(conflict_years: pd.DataFrame) -> dict[int, set[int]]:
    """Years of fighting of every state, from ``country, year`` rows."""
    groups = conflict_years.groupby("country")["year"]
    return {int(str(c)): {int(y) for y in years} for c, years in groups}


def peace_years(years: Sequence[int], fought: set[int]) -> list[int]:
    """Years in a row without fighting that were completed before each year.

    Parameters
    ----------
    years : years of a state's life that are observed, ascending.
    fought : its years of fighting.

    Returns
    -------
    list of int
        0 in the first year that is observed and in the year after fighting; peace before the first year is not known
        and does not count.

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
