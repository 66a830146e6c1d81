"""UCDP Battle-Related Deaths by dyad-year, 1989 to 2021."""

from peacestudy.core.schema import Field, Schema
from peacestudy.outcomes.registry.citations import owed
from peacestudy.outcomes.source import Source

_LIST = r"\d+(, \d+)*"  # several numbers, comma separated

_BATTLE_DEATHS_221_SCHEMA = Schema(
    (
        Field("conflict_id", "integer", required=True),
        Field(
            "dyad_id",
            required=True,
            pattern=_LIST,
            description="dyad; several, comma separated, in some rows",
        ),
        Field("year", "year", required=True, minimum=1989, maximum=2021),
        Field("location_inc", required=True),
        Field("side_a", required=True),
        Field("side_b", required=True),
        Field(
            "incompatibility",
            "integer",
            required=True,
            enum=("1", "2", "3"),
            description="1 territory, 2 government, 3 both",
        ),
        Field("territory_name"),
        Field(
            "type_of_conflict",
            "integer",
            required=True,
            enum=("2", "3", "4"),
            description="2 between states, 3 within a state, 4 so with troops of other states",
        ),
        Field(
            "bd_best",
            "integer",
            required=True,
            minimum=25,
            unit="deaths",
            description="in 7 rows not between low and high",
        ),
        Field("bd_low", "integer", required=True, minimum=0, unit="deaths"),
        Field("bd_high", "integer", required=True, minimum=25, unit="deaths"),
        Field("battle_location", required=True),
        Field("gwno_a", "integer", description="state of side A; empty where there are several"),
        Field("gwno_b", "integer", description="state of side B, in wars between states"),
        Field(
            "gwno_loc",
            required=True,
            pattern=_LIST,
            description="states fought over, comma separated",
        ),
        Field("gwno_battle", required=True, description="states fought in, comma separated"),
        Field("region", "integer", minimum=1, maximum=5),
    ),
    key=("dyad_id", "year"),
)
BATTLE_DEATHS_221 = Source(
    id="ucdp_brd_dyad_22.1",
    name="UCDP Battle-Related Deaths Dataset, dyad level",
    version="22.1",
    citation=(
        "Davies, Shawn, Therese Pettersson, and Magnus Oberg. 2022. Organized violence 1989-2021"
        " and drone warfare. Journal of Peace Research 59(4): 593-610."
    ),
    landing_page="https://ucdp.uu.se/downloads",
    licence="believed CC BY 4.0",
    file="ucdp_brd_dyad_221.csv",
    sha256="2c2a48f7e48399febc9d959c699a6de9e107bc1c623ef96576911ef0d153dbfc",
    rows=1403,
    schema=_BATTLE_DEATHS_221_SCHEMA,
    unit="dyad-year",
    key=("dyad_id", "year"),
    first_year=1989,
    last_year=2021,
    units="all",
    absent="fewer than 25 battle-related deaths in the year",
    year="year",
    states=(("gwno_loc", "gw"), ("gwno_a", "gw"), ("gwno_b", "gw"), ("gwno_battle", "gw")),
    bibtex=owed("davies2022"),
)
