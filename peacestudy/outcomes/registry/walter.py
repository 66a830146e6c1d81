"""Walter 2015: years after civil wars, and whether war was renewed."""

from peacestudy.core.schema import Field, Schema
from peacestudy.outcomes.registry.citations import owed
from peacestudy.outcomes.source import Source

_WALTER_SCHEMA = Schema(
    (
        Field("id", "integer", required=True, description="spell of peace after a war"),
        Field("ccode", "integer", required=True),
        Field("year", "year", required=True),
        Field(
            "lastyear",
            "integer",
            required=True,
            minimum=0,
            maximum=1,
            description="last year of the spell",
        ),
        Field(
            "renewed_war",
            "integer",
            required=True,
            minimum=0,
            maximum=1,
            description="war was renewed",
        ),
        Field(
            "fhcompor1",
            "number",
            required=True,
            description="composite after Freedom House, as the file has it",
        ),
        Field(
            "lgdpl",
            "number",
            required=True,
            description="logarithm of GDP per capita, the year before",
        ),
        Field(
            "comprehensive",
            "integer",
            required=True,
            minimum=0,
            maximum=1,
            description="a comprehensive settlement ended the war",
        ),
        Field(
            "victory",
            "integer",
            required=True,
            minimum=0,
            maximum=1,
            description="a victory ended the war",
        ),
        Field(
            "instabl",
            "integer",
            required=True,
            minimum=0,
            maximum=1,
            description="political instability",
        ),
        Field(
            "intensityln",
            "number",
            required=True,
            description="logarithm of the war's intensity",
        ),
        Field(
            "ethfrac",
            "number",
            required=True,
            minimum=0,
            maximum=1,
            description="ethnic fractionalisation",
        ),
        Field(
            "unpko",
            "integer",
            required=True,
            minimum=0,
            maximum=1,
            description="a peacekeeping operation of the United Nations",
        ),
    ),
)
WALTER = Source(
    id="walter_2015",
    name="Replication data of: Why bad governance leads to repeat civil war",
    version="2015",
    citation=(
        "Walter, Barbara F. 2015. Why bad governance leads to repeat civil war. Journal of Conflict"
        " Resolution 59(7): 1242-1272."
    ),
    landing_page="https://doi.org/10.1177/0022002714528006",
    licence="unknown",
    file="walter_2015_jcr.csv",
    sha256="512244cef3a45d2c4830b32b70a0d85a50f579e4af4a52efc5aef33adfff9d9f",
    rows=1237,
    schema=_WALTER_SCHEMA,
    unit="post-war country-year",
    key=(),  # 16 spell-years stand twice, with equal values
    first_year=1962,
    last_year=2009,
    year="year",
    states=(("ccode", "cow"),),
    bibtex=owed("walter2015"),
)
