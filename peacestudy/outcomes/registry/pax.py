"""PA-X: peace agreements and what they provide for, 1990 to 2025; two releases."""

from dataclasses import replace

from peacestudy.core.schema import Field, Schema
from peacestudy.outcomes.registry.citations import owed
from peacestudy.outcomes.source import Source

STAGES = ("Pre", "SubPar", "SubComp", "Imp", "Ren", "Cea", "Oth")
STATUSES = (
    "Multiparty signed/agreed",
    "Unilateral document",
    "Agreement with subsequent status",
    "Status unclear",
)
TYPES = ("Intra", "IntraLocal", "InterIntra", "Inter")
# Topic columns, 0 = absent. Some are yes or no, some graded 0 to 3 (the database's own scale of
# detail).
TOPICS = (
    "Ce",
    "SsrGua",
    "TjPrire",
    "ImUN",
    "ImOth",
    "IntFu",
    "DevHum",
    "DdrProg",
    "SsrPol",
    "SsrArm",
    "Pubad",
    "HrGen",
    "HrTrinc",
    "HrBor",
    "HrCp",
    "HrDem",
    "Prot",
    "HrCit",
    "SsrCrOcr",
    "SsrDrugs",
    "Terr",
    "Bus",
    "Tax",
    "Ban",
    "NEC",
    "DevInfra",
    "EpsFis",
    "EpsOth",
    "StXbor",
    "NatRes",
    "EpsRes",
    "LaEn",
    "Wat",
    "LaRefMan",
    "Civso",
    "Tral",
    "DevSoc",
    "TjNR",
    "TjVic",
    "LaCH",
    "GRefSubs",
    "GIndSubs",
    "GAgeSubs",
    "GeWom",
    "ImPK",
    "ImE",
    "HrIi",
    "HrNi",
    "TjMech",
    "TjJaIc",
    "Cor",
    "Polps",
    "Terps",
    "Mps",
)

_CITATION = (
    "Bell, Christine, and Sanja Badanjak. 2019. Introducing PA-X: A new peace agreement database"
    " and dataset. Journal of Peace Research 56(3): 452-466."
)
_SCHEMA = Schema(
    (
        Field("AgtId", "integer", required=True),
        Field("Dat", "date", required=True),
        Field("Stage", required=True, enum=STAGES),
        Field("Agtp", required=True, enum=TYPES),
        Field("Status", required=True, enum=STATUSES, description="who signed or agreed"),
        Field("Lgt", "integer", required=True, minimum=1, unit="pages"),
        Field("PP", "integer", required=True, description="peace process"),
        Field("UcdpCon", "integer"),
        Field("UcdpAgr", "integer", description="agreement in the UCDP Peace Agreement Dataset"),
        Field("PamAgr", "integer", description="accord in the Peace Accords Matrix"),
        Field("Loc1GWNO", "integer"),
        Field("Loc2GWNO", "integer"),
        Field("Agt", required=True, description="title of the agreement"),
        Field("ThrdPart"),
        Field(
            "TjAmPro",
            "integer",
            required=True,
            minimum=0,
            maximum=3,
            description="amnesty or pardon proper",
        ),
        *(Field(t, "integer", required=True, minimum=0, maximum=3) for t in TOPICS),
    ),
    key=("AgtId",),
)
PAX_V10 = Source(
    id="pax_v10",
    name="PA-X Peace Agreements Database",
    version="10",
    citation=_CITATION,
    landing_page="https://www.peaceagreements.org",
    licence="believed CC BY-NC-SA 4.0",
    file="pax_v10.csv",
    sha256="5cd5df49a01e4a5fcff009d7d70d5d14b638070f38946e42a75525288894701c",
    rows=2257,
    schema=_SCHEMA,
    unit="peace agreement",
    key=("AgtId",),
    first_year=1990,
    last_year=2025,
    units="all",
    absent="no agreement that the database holds",
    states=(("Loc1GWNO", "gw"), ("Loc2GWNO", "gw")),
    bibtex=owed("bell2019"),
)
PAX_V9 = replace(  # the release before
    PAX_V10,
    id="pax_v9",
    version="9",
    file="pax_v9.csv",
    sha256="1ca934c15b72ac5f2729ade0d3c76f744a6d0a50f5951e417196e738dd16a747",
    rows=2144,
    schema=replace(_SCHEMA, missing=("", "NA", "Na", "N/A")),  # as gaps are written in this release
    last_year=2024,
)
PAX_LABELS = Source(
    id="pax_issue_labels",
    name="PA-X Peace Agreements Database, labels of topic columns",
    version="partial list, release not stated",
    citation=_CITATION,
    landing_page="https://www.peaceagreements.org",
    licence="believed CC BY-NC-SA 4.0",
    file="pax_issue_labels_partial.csv",
    sha256="4d1afe07238b5d183552b419c4ca0ff10598b58144dd9e025b038d1491e83258",
    rows=83,
    schema=Schema(
        (
            Field(
                "code",
                required=True,
                description=(
                    "topic column of PA-X; six are not in releases 9 and 10: EqGen, Grieve, PpsSt"
                    " and three on women"
                ),
            ),
            Field("name", required=True),
            Field(
                "qualified_name", required=True, description="the label with those of its parents"
            ),
            Field("dataset", required=True, enum=("main", "local", "wgg")),
        ),
        key=("code",),
    ),
    unit="topic",
    key=("code",),
    first_year=1990,
    last_year=2025,
    bibtex=owed("bell2019"),
)
