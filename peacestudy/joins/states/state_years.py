"""The frame that cross-national studies begin with: every year of every
state, from the crosswalk of country codes.
"""

import datetime as dt

import pandas as pd

from peacestudy.core.countries import FIRST, crosswalk
from peacestudy.core.dated_states import INDEPENDENT
from peacestudy.core.frame import StudyFrame
from peacestudy.core.problems import Note
from peacestudy.errors import JoinError
from peacestudy.outcomes import state_years as spans

LISTED = 2017  # last year of Gleditsch and Ward's list as the crosswalk has it
ENDS = Note("states", f"The list of states ends in {LISTED} and is read as unchanged after it.")
LIVES_ON = dt.datetime(2262, 1, 1)  # past every year that is asked for


def state_years(first_year: int, last_year: int, *, exists: str) -> StudyFrame:
    """Every year of every independent state.

    Parameters
    ----------
    first_year, last_year : both included; from 1946 on.
    exists : ``any_day``: independent on at least one day of the year; ``31_december``: on its last
        day, the day on which ``ps.join`` translates codes.

    Returns
    -------
    StudyFrame
        ``case_id`` such as ``2-1946``, ``country`` (Gleditsch-Ward code), ``name``, ``year``;
        sorted by country and year. A code whose state changed its name within a year has the last
        name of that year. States are the independent ones of the crosswalk
        (``peacestudy.core.countries``; no microstates), which ends in 2017 and is read as unchanged
        after it, as a note says.

    Examples
    --------
    >>> frame = state_years(1989, 1991, exists="31_december")
    >>> frame.data.query("country in (260, 265)")[["case_id", "name"]].values.tolist()
    [['260-1989', 'West Germany'], ['260-1990', 'Germany'], ['260-1991', 'Germany'], \
['265-1989', 'East Germany']]
    """
    if first_year < FIRST.year:
        raise JoinError(f"first_year is {first_year}; the list of states begins in {FIRST.year}.")
    table = crosswalk()[lambda states: states["list"] == INDEPENDENT]
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
    years = spans.state_years(whole, spans.StateYearRule(first_year, last_year, exists))
    named = lives.assign(year=lives["startdate"].dt.year).drop_duplicates(
        ["gwcode", "year"], keep="last"
    )
    named = (
        named.rename(columns={"gwcode": "country"}).astype({"year": "int64"}).sort_values("year")
    )
    years = pd.merge_asof(
        years.sort_values("year"), named[["country", "year", "name"]], on="year", by="country"
    )
    years = years.sort_values(["country", "year"], ignore_index=True)
    years.insert(0, "case_id", years["country"].astype(str) + "-" + years["year"].astype(str))
    return StudyFrame(years, "state-year", "case_id", notes=(ENDS,) if last_year > LISTED else ())
