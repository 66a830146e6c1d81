"""Gleditsch and Ward: which states were independent, from when to when."""

from peacestudy.core.schema import Field, Schema
from peacestudy.outcomes.source import Source

GW_STATES = Source(
    id="gw_states",
    name="Gleditsch and Ward, independent states",
    version="to 2017-12-31, compiled in the R package peacesciencer",
    citation="Gleditsch, Kristian S., and Michael D. Ward. 1999. A revised list of independent states since the Congress of "
    "Vienna. International Interactions 25(4): 393-413.",
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
)
