"""UCDP Conflict Termination: how episodes of fighting ended, by
conflict and by dyad, 1946 to 2020.
"""

from peacestudy.core.schema import Field, Schema
from peacestudy.outcomes.registry.citations import owed
from peacestudy.outcomes.source import Source

_CITATION = (
    "Kreutz, Joakim. 2010. How and when armed conflicts end: Introducing the UCDP Conflict"
    " Termination dataset. Journal of Peace Research 47(2): 243-250."
)
_OUTCOME = (
    "in the last year of an episode: 1 peace agreement, 2 ceasefire, 3 victory of side A, 4 victory"
    " of side B, 5 low activity, 6 an actor ceased to exist"
)
_SHARED = (
    Field("conflict_id", "integer", required=True),
    Field("year", "year", required=True, minimum=1946, maximum=2020),
    Field("location", required=True),
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
            "1 of a colony, 2 between states, 3 within a state, 4 so with troops of other states"
        ),
    ),
    Field("start_date", "date", required=True, description="first battle-related death"),
    Field("start_date2", "date", required=True, description="the episode's 25 deaths"),
    Field(
        "gwno_loc",
        required=True,
        pattern=r"\d+(, \d+)*",
        description="states fought over, comma separated",
    ),
    Field(
        "region",
        required=True,
        description=(
            "1 Europe, 2 Middle East, 3 Asia, 4 Africa, 5 Americas; several, comma separated"
        ),
    ),
    Field("ependdate", "date", description="end of the episode, in its last year"),
    Field("ependprec", "integer", minimum=1, maximum=6, description="how exactly the end is known"),
    Field("outcome", "integer", minimum=1, maximum=6, description=_OUTCOME),
    Field(
        "recur",
        "integer",
        required=True,
        minimum=0,
        maximum=1,
        description="1: another episode follows",
    ),
)

TERMINATION_CONFLICT = Source(
    id="ucdp_termination_conflict_3",
    name="UCDP Conflict Termination Dataset, conflict level",
    version="3-2021",
    citation=_CITATION,
    landing_page="https://ucdp.uu.se/downloads",
    licence="believed CC BY 4.0",
    file="ucdp_termination_conflict_3_2021.csv",
    sha256="f896b0724fd6b91df4aa9600208c83b64ccf03a34f2ea5f566fe3c08e27e1a98",
    rows=2506,
    schema=Schema(
        (
            *_SHARED,
            Field("conflictep_id", "integer", required=True, description="episode"),
            Field(
                "conflictepisode",
                "integer",
                required=True,
                minimum=1,
                description="number of the episode in the conflict",
            ),
            Field("dyadcount", "integer", required=True, minimum=1, unit="dyads"),
            Field(
                "confterm",
                "integer",
                required=True,
                minimum=0,
                maximum=1,
                description="1: last year of the episode",
            ),
        ),
        key=("conflict_id", "year"),
    ),
    unit="conflict-year",
    key=("conflict_id", "year"),
    first_year=1946,
    last_year=2020,
    units="all",
    absent="fewer than 25 battle-related deaths in the year",
    year="year",
    states=(("gwno_loc", "gw"),),
    bibtex=owed("kreutz2010"),
)
TERMINATION_DYAD = Source(
    id="ucdp_termination_dyad_3",
    name="UCDP Conflict Termination Dataset, dyad level",
    version="3-2021",
    citation=_CITATION,
    landing_page="https://ucdp.uu.se/downloads",
    licence="believed CC BY 4.0",
    file="ucdp_termination_dyad_3_2021.csv",
    sha256="65e801c057b0dc5aa037d0620c5bbfc42ebbd90376c694386b603ef6a73fb53e",
    rows=3140,
    schema=Schema(
        (
            Field("dyad_id", "integer", required=True),
            *_SHARED,
            Field(
                "dyadep_id",
                "integer",
                required=True,
                description="episode; some ids are shared by several dyads of a conflict",
            ),
            Field(
                "dyadepisode",
                "integer",
                required=True,
                minimum=1,
                description="number of the episode in the dyad",
            ),
            Field(
                "dyadterm",
                "integer",
                minimum=0,
                maximum=1,
                description="1: last year of the episode",
            ),
            Field(
                "cfiredate",
                description="ceasefire: a date, or in words where the parties' dates differ",
            ),
            Field("peagdate", description="peace agreement: a date; 0 in some rows"),
        ),
        key=("dyad_id", "year"),
        missing=("", "."),
    ),
    unit="dyad-year",
    key=("dyad_id", "year"),
    first_year=1946,
    last_year=2020,
    units="all",
    absent="fewer than 25 battle-related deaths in the year",
    year="year",
    states=(("gwno_loc", "gw"),),
    bibtex=owed("kreutz2010"),
)
