"""Every year of every independent state, from the crosswalk of country
codes: the cases of a cross-national study.
"""

import datetime as dt

import pandas as pd

from peacestudy.core.countries import FIRST, crosswalk
from peacestudy.core.dated_states import INDEPENDENT
from peacestudy.core.frame import StudyFrame
from peacestudy.core.old_names import renamed_arguments
from peacestudy.core.problems import Note
from peacestudy.errors import JoinError
from peacestudy.joins.columns.source_coverage import first_and_last
from peacestudy.outcomes.states_by_year import StateYearRule
from peacestudy.outcomes.states_by_year import state_years as years_of_states

LISTED = 2017  # last year of Gleditsch and Ward's list as the crosswalk has it
ENDS = Note("states", f"The list of states ends in {LISTED} and is read as unchanged after it.")
LIVES_ON = dt.datetime(2262, 1, 1)  # later than every year of interest


@renamed_arguments()
def state_years(years: tuple[int, int], *, exists: str) -> StudyFrame:
    """Every year of every independent state.

    Parameters
    ----------
    years : tuple of int, (first, last)
        Years of the table, both included; from 1946 on.
    exists : {"any_day", "31_december"}
        Independent on at least one day of the year, or on its last day, the day on which
        ``ps.join`` translates codes.

    Returns
    -------
    StudyFrame
        ``case_id`` such as ``2-1946``, ``country`` (Gleditsch-Ward code), ``name``, ``year``;
        sorted by country and year. A state that changed its name within a year has the last name of
        that year. States are the independent ones of the crosswalk (``peacestudy.core.countries``;
        no microstates), which ends in 2017 and is read as unchanged after it, as a note says.

    Raises
    ------
    JoinError
        The years begin before 1946, are no pair of whole numbers, or ``exists`` is unknown.

    Examples
    --------
    >>> frame = ps.joins.state_years((1989, 1991), exists="31_december")
    >>> frame.data.query("country in (260, 265)")[["case_id", "name"]].values.tolist()
    [['260-1989', 'West Germany'], ['260-1990', 'Germany'], ['260-1991', 'Germany'],
    ['265-1989', 'East Germany']]
    """
    first_year, last_year = first_and_last(years)
    if first_year < FIRST.year:
        raise JoinError(f"years is {years}; the list of states begins in {FIRST.year}.")
    table = crosswalk()
    table = table[table["list"] == INDEPENDENT]
    lives = pd.DataFrame(
        {
            "gwcode": table["gw"].astype(int),
            "startdate": table["start"],
            "enddate": table["end"].fillna(LIVES_ON),
            "name": table["name"],
        }
    ).sort_values(["gwcode", "startdate"])
    # an interval ends where any code changes; the state goes on where the next begins a day later
    new = ~(
        lives["gwcode"].eq(lives["gwcode"].shift())
        & lives["startdate"].eq(lives["enddate"].shift() + pd.Timedelta(days=1))
    )
    whole = lives.groupby(new.cumsum()).agg(
        {"gwcode": "first", "startdate": "first", "enddate": "last"}
    )
    rule = StateYearRule(first_year, last_year, exists)
    table = years_of_states(whole, rule).sort_values("year")
    named = lives.assign(year=lives["startdate"].dt.year)
    named = named.drop_duplicates(["gwcode", "year"], keep="last")
    named = named.rename(columns={"gwcode": "country"})
    named = named.astype({"year": "int64"}).sort_values("year")
    named = named[["country", "year", "name"]]
    table = pd.merge_asof(table, named, on="year", by="country")
    table = table.sort_values(["country", "year"], ignore_index=True)
    ids = table["country"].astype(str) + "-" + table["year"].astype(str)
    table.insert(0, "case_id", ids)
    notes = (ENDS,) if last_year > LISTED else ()
    return StudyFrame(table, "state-year", "case_id", notes=notes)
