"""Gleditsch and Ward: which states were independent, from when to when, and their codes beside
those of the Correlates of War.
"""

from peacestudy.core.schema import Field, Schema
from peacestudy.outcomes.registry.citations import owed
from peacestudy.outcomes.source import Source

GW_STATES = Source(
    id="gw_states",
    name="Gleditsch and Ward, independent states",
    version="to 2017-12-31, compiled in the R package peacesciencer",
    citation=(
        "Gleditsch, Kristian S., and Michael D. Ward. 1999. A revised list of independent states"
        " since the Congress of Vienna. International Interactions 25(4): 393-413."
    ),
    landing_page="http://ksgleditsch.com/statelist.html",
    licence="free with citation, believed",
    file="gw_states.csv",
    sha256="f320b68b89d1533e8d85b7cba8ab6ab36ee1c2d6b01c7ee62bf002c16f53fc9b",
    rows=216,
    schema=Schema(
        (
            Field("gwcode", "integer", required=True),
            Field("startdate", "date", required=True),
            Field(
                "enddate",
                "date",
                required=True,
                description="2017-12-31, the end of the list, where the state lived on",
            ),
        ),
        key=("gwcode", "startdate"),
    ),
    unit="span of a state",
    key=("gwcode", "startdate"),
    first_year=1816,
    last_year=2017,
    units="all",
    absent="not an independent state in Gleditsch and Ward's list",
    states=(("gwcode", "gw"),),
    bibtex=owed("gleditschward1999", "miller2022"),
)
GW_COW_YEARS = Source(
    id="gw_cow_years",
    name="State-years of Gleditsch and Ward beside those of the Correlates of War",
    version="to 2020, compiled in the R package peacesciencer",
    citation=(
        "Gleditsch, Kristian S., and Michael D. Ward. 1999. A revised list of independent states"
        " since the Congress of Vienna. International Interactions 25(4): 393-413; Correlates of"
        " War Project. 2017. State System Membership List, v2016."
    ),
    landing_page="https://cran.r-project.org/package=peacesciencer",
    licence="free with citation, believed",
    file="gw_cow_years.csv",
    sha256="c168cd99f6f7289837304091b2ed472c8fad44d294699418332573e83c77976c",
    rows=18425,
    schema=Schema(
        (
            Field(
                "gwcode",
                "integer",
                description="empty where the state-year is of the Correlates of War alone",
            ),
            Field("stateabb", required=True),
            Field("gw_statename"),
            Field(
                "ccode",
                "integer",
                description="empty where the state-year is of Gleditsch and Ward alone",
            ),
            Field("cow_statename"),
            Field("year", "year", required=True),
        ),
    ),
    unit="country-year",
    key=("gwcode", "year"),
    first_year=1816,
    last_year=2020,
    units="all",
    absent="no state of the system in the year",
    year="year",
    states=(("gwcode", "gw"), ("ccode", "cow")),
    bibtex=owed("gleditschward1999", "cow2017", "miller2022"),
)
