"""Historical Index of Ethnic Fractionalization, 1945 to 2013."""

from peacestudy.core.schema import Field, Schema
from peacestudy.outcomes.registry.citations import owed
from peacestudy.outcomes.source import Source

HIEF = Source(
    id="hief",
    name="Historical Index of Ethnic Fractionalization",
    version="as published in 2019, with state codes added",
    citation=(
        "Drazanova, Lenka. 2019. Historical Index of Ethnic Fractionalization Dataset (HIEF)."
        " Harvard Dataverse."
    ),
    landing_page="https://doi.org/10.7910/DVN/4JQRCL",
    licence="unknown",
    file="hief_ethfrac.csv",
    sha256="a7f1129fbbbd855cafed967cc75cfa30deb1adfcd81da24476928675083a14f3",
    rows=8808,
    schema=Schema(
        (
            Field(
                "gwcode",
                "integer",
                required=True,
                description=(
                    "43 state-years have two or three rows; in 23 of them the values differ"
                ),
            ),
            Field("ccode", "integer", required=True),
            Field("year", "year", required=True),
            Field(
                "efindex",
                "number",
                minimum=0,
                maximum=1,
                description="chance that two people drawn at random are of two ethnic groups",
            ),
        ),
    ),
    unit="country-year",
    key=(),  # 43 state-years of Gleditsch and Ward have several rows
    first_year=1945,
    last_year=2013,
    year="year",
    states=(("gwcode", "gw"), ("ccode", "cow")),
    bibtex=owed("drazanova2019"),
)
