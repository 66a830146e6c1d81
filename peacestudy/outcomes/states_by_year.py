"""State-years: every year in which a state was independent, by Gleditsch
and Ward (1999), and the region it lies in.
"""

from dataclasses import dataclass

import pandas as pd

from peacestudy.core.problems import one_of
from peacestudy.errors import SourceError, SpecError

EXISTS = ("any_day", "31_december")
# the numbering of states by part of the world, which UCDP's regions follow: first code, region
BANDS = ((2, "Americas"), (200, "Europe"), (400, "Africa"), (630, "Middle East"), (700, "Asia"))


@dataclass(frozen=True)
class StateYearRule:
    """Which state-years are cases.

    Attributes
    ----------
    first_year, last_year : years that are looked at, both included.
    exists : ``any_day``: a year in which the state was independent on at least one day, so that a
        state that ends and the one that follows it may share a year; ``31_december``: on its last
        day.
    """

    first_year: int
    last_year: int
    exists: str

    def __post_init__(self) -> None:
        if self.exists not in EXISTS:
            raise SpecError(one_of("exists", self.exists, EXISTS))
        if self.last_year < self.first_year:
            raise SpecError(f"last_year {self.last_year} lies before first_year {self.first_year}.")


def state_years(states: pd.DataFrame, rule: StateYearRule) -> pd.DataFrame:
    """Every year of every state.

    Parameters
    ----------
    states : spans ``gwcode, startdate, enddate``; the latest end of
        the list stands for a state that lived on.
    rule : years, and what counts as existing.

    Returns
    -------
    DataFrame
        ``country, year``, sorted. A state that lived on at the end of
        the list is read as unchanged after it.

    Raises
    ------
    SourceError
        Two spans of a state share a year.
    """
    end_of_list = states["enddate"].max()
    rows: list[tuple[int, int]] = []
    spans = states[["gwcode", "startdate", "enddate"]]
    for code, start, end in spans.itertuples(index=False, name=None):
        last = rule.last_year if end == end_of_list else end.year
        if rule.exists == "31_december" and end != end_of_list and (end.month, end.day) != (12, 31):
            last -= 1
        years = range(max(start.year, rule.first_year), min(last, rule.last_year) + 1)
        rows += [(int(code), year) for year in years]
    table = pd.DataFrame(sorted(rows), columns=["country", "year"])
    twice = table.duplicated()
    if twice.any():
        first = table[twice].iloc[0]
        raise SourceError(
            f"two spans of state {first['country']} share the year {first['year']}. Look at the"
            " list of states."
        )
    return table


def region_of(country: int) -> str:
    """The region that a Gleditsch-Ward code lies in, as UCDP draws the
    five: Egypt and Turkey are in the Middle East.

    Examples
    --------
    >>> region_of(651), region_of(640), region_of(625)
    ('Middle East', 'Middle East', 'Africa')
    """
    if not BANDS[0][0] <= country < 1000:
        raise SourceError(
            f"{country} is not a Gleditsch-Ward code of a state; they run from"
            f" {BANDS[0][0]} to 999."
        )
    return [name for first, name in BANDS if first <= country][-1]


def regional_share(
    table: pd.DataFrame, fought: dict[int, set[int]], lag: int, first_year: int
) -> "pd.Series[float]":
    """Share of the *other* states of the region that had fighting some
    years before; it stands in for neighbours.

    Parameters
    ----------
    table : all state-years ``country, year`` that the share is counted among.
    fought : state to its years of fighting.
    lag : years before.
    first_year : the first year of which the source of fighting
        speaks; before it the share is missing.

    Returns
    -------
    Series
        0 to 1, on the index of ``table``; the other states are those of the earlier year.
    """
    members: dict[tuple[str, int], list[int]] = {}
    for country, year in table[["country", "year"]].itertuples(index=False, name=None):
        members.setdefault((region_of(country), year), []).append(country)

    def share(country: int, year: int) -> float | None:
        others = [c for c in members.get((region_of(country), year), ()) if c != country]
        if year < first_year or not others:
            return None
        return sum(year in fought.get(c, ()) for c in others) / len(others)

    values = [
        share(c, y - lag) for c, y in table[["country", "year"]].itertuples(index=False, name=None)
    ]
    return pd.Series(values, index=table.index, dtype="float64")
