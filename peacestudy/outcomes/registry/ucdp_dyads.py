"""UCDP by dyad: years of fighting between two parties 1946 to 2024, and
the peace agreements they signed 1975 to 2021.
"""

from peacestudy.core.schema import Field, Schema
from peacestudy.outcomes.registry.citations import owed
from peacestudy.outcomes.source import Source

_LIST = r"\d+(, \d+)*"  # several numbers, comma separated
PROVISIONS = (
    "cease",
    "intarmy",
    "ddr",
    "withd",
    "mil_prov",
    "pp",
    "intgov",
    "intciv",
    "elections",
    "interim",
    "natalks",
    "shagov",
    "pol_prov",
    "aut",
    "fed",
    "ind",
    "ref",
    "shaloc",
    "regdev",
    "cul",
    "demarcation",
    "locgov",
    "terr_prov",
    "amn",
    "pris",
    "recon",
    "return",
    "justice_prov",
    "reaffirm",
    "outlin",
    "pko",
    "gender",
    "co_impl",
)

_DYADIC_251_SCHEMA = Schema(
    (
        Field("dyad_id", "integer", required=True),
        Field("conflict_id", "integer", required=True),
        Field("side_a", required=True),
        Field("side_b", required=True),
        Field("location", required=True),
        Field(
            "incompatibility",
            "integer",
            enum=("1", "2", "3"),
            description="1 territory, 2 government, 3 both",
        ),
        Field(
            "type_of_conflict",
            "integer",
            enum=("1", "2", "3", "4"),
            description=(
                "1 of a colony, 2 between states, 3 within a state, 4 so with troops of other"
                " states"
            ),
        ),
        Field(
            "gwno_loc",
            required=True,
            pattern=_LIST,
            description="states fought over, comma separated",
        ),
        Field("gwno_a", required=True, description="states of side A, comma separated"),
        Field("start_date", "date"),
        Field("start_date2", "date", description="the episode's 25 deaths"),
        Field(
            "region",
            description=(
                "1 Europe, 2 Middle East, 3 Asia, 4 Africa, 5 Americas; several, comma separated"
            ),
        ),
        Field("year", "year", required=True, minimum=1946, maximum=2024),
        Field(
            "intensity_level",
            "integer",
            required=True,
            enum=("1", "2"),
            description="1: 25 to 999 deaths, 2: 1000 or more",
        ),
        Field("version", required=True, enum=("25.1",)),
    ),
    key=("dyad_id", "year"),
)
DYADIC_251 = Source(
    id="ucdp_dyadic_25.1",
    name="UCDP Dyadic Dataset",
    version="25.1",
    citation=(
        "Harbom, Lotta, Erik Melander, and Peter Wallensteen. 2008. Dyadic dimensions of armed"
        " conflict, 1946-2007. Journal of Peace Research 45(5): 697-710; Davies, Shawn, Therese"
        " Pettersson, Margareta Sollenberg, and Magnus Oberg. 2025. Organized violence 1989-2024."
        " Journal of Peace Research."
    ),
    landing_page="https://ucdp.uu.se/downloads",
    licence="believed CC BY 4.0",
    file="ucdp_dyadic_251.csv",
    sha256="9883015afa1ebf664804fb3b0eecc19265497529a64e4fe6d2bf24312f361c05",
    rows=3432,
    schema=_DYADIC_251_SCHEMA,
    unit="dyad-year",
    key=("dyad_id", "year"),
    first_year=1946,
    last_year=2024,
    units="all",
    absent="fewer than 25 battle-related deaths in the year",
    year="year",
    states=(("gwno_loc", "gw"), ("gwno_a", "gw")),
    bibtex=owed("harbom2008", "davies2025"),
)
_AGREEMENTS_221_SCHEMA = Schema(
    (
        Field("paid", "integer", required=True),
        Field(
            "gwno",
            required=True,
            pattern=_LIST,
            description="states of the conflict, comma separated",
        ),
        Field("conflict_id", required=True, pattern=_LIST),
        Field(
            "dyad_id",
            required=True,
            pattern=_LIST,
            description="the dyads that signed, comma separated",
        ),
        Field(
            "incompatibility",
            required=True,
            pattern=r"[123](, [123])*",
            description="1 territory, 2 government, 3 both",
        ),
        Field("year", "year", required=True, minimum=1975, maximum=2021),
        Field("pa_date", "date", required=True),
        Field(
            "pa_type",
            "integer",
            required=True,
            enum=("1", "2", "3"),
            description="1 full, 2 partial, 3 peace process agreement",
        ),
        *(
            Field(name, "boolean", description="the agreement provides for it")
            for name in PROVISIONS
        ),
        Field("ended", "boolean", description="the agreement ended; empty where it did not apply"),
        Field("inclusive", "integer"),
        Field("termdur", "integer", description="-99 is a code, not a value"),
        Field("version", required=True, enum=("22.1",)),
    ),
    key=("paid",),
)
AGREEMENTS_221 = Source(
    id="ucdp_agreements_22.1",
    name="UCDP Peace Agreement Dataset",
    version="22.1",
    citation=(
        "Pettersson, Therese, Stina Hogbladh, and Magnus Oberg. 2019. Organized violence, 1989-2018"
        " and peace agreements. Journal of Peace Research 56(4): 589-603."
    ),
    landing_page="https://ucdp.uu.se/downloads",
    licence="believed CC BY 4.0",
    file="ucdp_peace_agreements_221.csv",
    sha256="064ef5e45463c4287712472051b6a785878eb8cc183c37d2bd2731ac19d596a3",
    rows=374,
    schema=_AGREEMENTS_221_SCHEMA,
    unit="peace agreement",
    key=("paid",),
    first_year=1975,
    last_year=2021,
    units="all",
    absent="no peace agreement as UCDP defines one",
    year="year",
    states=(("gwno", "gw"),),
    special=(("termdur", -99, "special code -99"),),
    bibtex=owed("pettersson2019"),
)
