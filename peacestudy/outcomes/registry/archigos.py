"""Archigos: whether the effective leader of a state changed in
a year, and whether by irregular means.
"""

from peacestudy.core.schema import Field, Schema
from peacestudy.outcomes.registry.citations import owed
from peacestudy.outcomes.source import Source

ARCHIGOS = Source(
    id="archigos",
    name="Archigos, leader-years",
    version="4.1, compiled in the R package peacesciencer",
    citation=(
        "Goemans, Henk E., Kristian Skrede Gleditsch, and Giacomo Chiozza. 2009. Introducing"
        " Archigos: A dataset of political leaders. Journal of Peace Research 46(2): 269-283."
    ),
    landing_page="https://www.rochester.edu/college/faculty/hgoemans/data.htm",
    licence="unknown",
    file="archigos_leaderyear.csv",
    sha256="b979c872e97ae3c8331a3ca054a112b6385216fcf5e4522d5ef19bbb7c741d56",
    rows=14407,
    schema=Schema(
        (
            Field("gwcode", "integer", required=True),
            Field("year", "year", required=True),
            Field(
                "leadertransition",
                "integer",
                required=True,
                minimum=0,
                maximum=1,
                description="the leader changed in the year",
            ),
            Field(
                "irregular",
                "integer",
                required=True,
                minimum=0,
                maximum=1,
                description="a leader lost office by irregular means",
            ),
            Field("n_leaders", "integer", required=True, minimum=1, unit="leaders"),
            Field("jan1obsid", required=True, description="spell of the leader on 1 January"),
            Field("dec31obsid", required=True, description="spell of the leader on 31 December"),
        ),
        key=("gwcode", "year"),
    ),
    unit="country-year",
    key=("gwcode", "year"),
    first_year=1870,
    last_year=2015,
    year="year",
    states=(("gwcode", "gw"),),
    bibtex=owed("goemans2009", "miller2022"),
)
