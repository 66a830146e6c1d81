"""UCDP Georeferenced Event Dataset: events with deaths in the
Central African Republic and in Syria.
"""

from peacestudy.core.schema import Field, Schema
from peacestudy.outcomes.registry.citations import owed
from peacestudy.outcomes.source import Source

_GED = (
    "Sundberg, Ralph, and Erik Melander. 2013. Introducing the UCDP Georeferenced Event Dataset."
    " Journal of Peace Research 50(4): 523-532"
)
_ABSENT = "no event with at least one death that UCDP found and could place in the year"
_EVENT = (
    Field("id", "integer", required=True),
    Field("year", "year", required=True),
    Field(
        "active_year",
        "integer",
        required=True,
        minimum=0,
        maximum=1,
        description="1: the dyad had 25 deaths in the year",
    ),
    Field(
        "type_of_violence",
        "integer",
        required=True,
        minimum=1,
        maximum=3,
        description="1 state-based, 2 non-state, 3 one-sided",
    ),
    Field("conflict_new_id", "integer", required=True),
    Field("conflict_name", required=True),
    Field("dyad_new_id", "integer", required=True),
    Field("dyad_name", required=True),
    Field("side_a", required=True),
    Field("side_b", required=True),
    Field("number_of_sources", "integer", required=True, description="-1: not counted"),
    Field(
        "where_prec",
        "integer",
        required=True,
        minimum=1,
        maximum=7,
        description="1 the exact place, larger numbers vaguer",
    ),
    Field("where_coordinates", required=True, description="name of the place"),
    Field("adm_1"),
    Field("adm_2"),
    Field("priogrid_gid", "integer", required=True, description="cell of the PRIO-GRID"),
    Field("country", required=True),
    Field("country_id", "integer", required=True),
    Field(
        "event_clarity",
        "integer",
        required=True,
        minimum=1,
        maximum=2,
        description="1 recorded separately, 2 summarised by the source",
    ),
    Field(
        "date_prec",
        "integer",
        required=True,
        minimum=1,
        maximum=5,
        description="1 the day, larger numbers vaguer",
    ),
    Field("date_start", "date", required=True),
    Field("date_end", "date", required=True),
    *(
        Field(f"deaths_{who}", "integer", required=True, minimum=0, unit="deaths")
        for who in ("a", "b", "civilians", "unknown")
    ),
    Field(
        "best",
        "integer",
        required=True,
        minimum=0,
        unit="deaths",
        description="in some events not between low and high",
    ),
    Field("low", "integer", required=True, minimum=0, unit="deaths"),
    Field("high", "integer", required=True, minimum=0, unit="deaths"),
)
_PLACE = (
    Field("latitude", "number", required=True, minimum=-90, maximum=90, unit="degrees"),
    Field("longitude", "number", required=True, minimum=-180, maximum=180, unit="degrees"),
)

GED_CAR = Source(
    id="ged_car_23.1",
    name="UCDP Georeferenced Event Dataset, Central African Republic",
    version="23.1",
    citation=(
        f"{_GED}; Davies, Shawn, Therese Pettersson, and Magnus Oberg. 2023. Organized violence"
        " 1989-2022, and the return of conflict between states. Journal of Peace Research 60(4):"
        " 691-708."
    ),
    landing_page="https://ucdp.uu.se/downloads",
    licence="believed CC BY 4.0",
    file="ged_car_231.csv",
    sha256="e5acf8fe5a6510654abff9926d1a1233525ab29b6f282652b96873039da80a78",
    rows=1848,
    schema=Schema(_EVENT, key=("id",)),  # no coordinates in this file
    unit="event",
    key=("id",),
    first_year=1989,
    last_year=2022,
    absent=_ABSENT,
    year="year",
    states=(("country_id", "gw"),),
    bibtex=owed("sundberg2013", "davies2023"),
)
GED_SYRIA = Source(
    id="ged_syria",
    name="UCDP Georeferenced Event Dataset, Syria",
    version="not stated in the file; events of 2016 to 2019",
    citation=f"{_GED}.",
    landing_page="https://ucdp.uu.se/downloads",
    licence="believed CC BY 4.0",
    file="ged_syria.csv",
    sha256="8fe8c60281b3218ee939c62ff56aaad25434d18d74082f24cd947294adc5011f",
    rows=16566,
    schema=Schema((*_EVENT, *_PLACE), key=("id",)),
    unit="event",
    key=("id",),
    first_year=2016,
    last_year=2019,
    absent=_ABSENT,
    year="year",
    states=(("country_id", "gw"),),
    bibtex=owed("sundberg2013"),
)
