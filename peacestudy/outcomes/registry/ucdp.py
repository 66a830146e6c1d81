"""UCDP/PRIO Armed Conflict Dataset: conflict-years with 25 or
more battle-related deaths, 1946 to 2024.
"""

from peacestudy.core.schema import Field, Schema
from peacestudy.outcomes.registry.citations import owed
from peacestudy.outcomes.source import Source

_ACD_251_SCHEMA = Schema(
    (
        Field("conflict_id", "integer", required=True),
        Field("location", required=True),
        Field(
            "incompatibility",
            "integer",
            required=True,
            enum=("1", "2", "3"),
            description="1 territory, 2 government, 3 both",
        ),
        Field("territory_name"),
        Field("year", "year", required=True, minimum=1946, maximum=2024),
        Field(
            "intensity_level",
            "integer",
            required=True,
            enum=("1", "2"),
            description="1: 25 to 999 deaths, 2: 1000 or more",
        ),
        Field(
            "type_of_conflict",
            "integer",
            required=True,
            enum=("1", "2", "3", "4"),
            description=(
                "1 of a colony, 2 between states, 3 within a state, 4 so with troops of other"
                " states"
            ),
        ),
        Field(
            "gwno_loc",
            required=True,
            description="states whose government or territory is fought over, comma separated",
        ),
        Field("side_a", required=True),
        Field("side_b", required=True),
        Field("gwno_a", required=True, description="states of side A, comma separated"),
        Field("gwno_a_2nd", description="states that sent troops to side A, comma separated"),
        Field("gwno_b", description="states of side B, comma separated"),
        Field("gwno_b_2nd", description="states that sent troops to side B, comma separated"),
        Field(
            "cumulative_intensity",
            "integer",
            enum=("0", "1"),
            description="1: 1000 deaths or more since it began",
        ),
        Field("start_date2", "date", description="the episode's 25 deaths"),
        Field(
            "ep_end",
            "integer",
            enum=("0", "1"),
            description="1: the next year has no row of the conflict",
        ),
        Field("ep_end_date", "date"),
        Field(
            "start_date",
            "date",
            required=True,
            description="first battle-related death of the conflict",
        ),
        Field(
            "region",
            required=True,
            description=(
                "1 Europe, 2 Middle East, 3 Asia, 4 Africa, 5 Americas; several, comma separated"
            ),
        ),
        Field("version", required=True, enum=("25.1",)),
    ),
    key=("conflict_id", "year"),
)
ACD_251 = Source(
    id="ucdp_acd_25.1",
    name="UCDP/PRIO Armed Conflict Dataset",
    version="25.1",
    citation=(
        "Gleditsch, Nils Petter, Peter Wallensteen, Mikael Eriksson, Margareta Sollenberg, and"
        " Havard Strand. 2002. Armed conflict 1946-2001: A new dataset. Journal of Peace Research"
        " 39(5): 615-637; Davies, Shawn, Therese Pettersson, Margareta Sollenberg, and Magnus"
        " Oberg. 2025. Organized violence 1989-2024. Journal of Peace Research."
    ),
    landing_page="https://ucdp.uu.se/downloads",
    licence="believed CC BY 4.0",
    file="ucdp_prio_acd_251.csv",
    sha256="67783f737473648fc6cdab4ff33391f3250ea7280f8206893becc190c7c78fef",
    rows=2752,
    schema=_ACD_251_SCHEMA,
    unit="conflict-year",
    key=("conflict_id", "year"),
    first_year=1946,
    last_year=2024,
    units="all",
    absent="fewer than 25 battle-related deaths in the year",
    year="year",
    states=(("gwno_loc", "gw"), ("gwno_a", "gw")),
    bibtex=owed("gleditsch2002", "davies2025"),
)
