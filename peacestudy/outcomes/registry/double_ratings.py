"""Public material that several raters coded apart: development projects, state terror, sexual
violence, issue positions.
"""

from peacestudy.core.schema import Field, Schema
from peacestudy.outcomes.registry.citations import owed
from peacestudy.outcomes.source import Source

CRITERIA = ("relevance", "effectiveness", "efficiency", "sustainability")
ADB_RATINGS = Source(
    id="adb_aer_2024",
    name="Asian Development Bank, ratings of completed operations in the Annual Evaluation Review",
    version="2024",
    citation=(
        "Asian Development Bank, Independent Evaluation Department. 2024. Annual Evaluation Review"
        " 2024, database of ratings."
    ),
    landing_page="https://www.adb.org/evaluation",
    licence="believed open under the bank's terms of use",
    file="adb_aer2024_ratings.csv",
    sha256="dc2db1cb7b3d5e64f3ea774a8f2cee284f0f94ee2826561f674713ae6b1eb963",
    rows=2173,
    schema=Schema(
        (
            Field(
                "AER Ratings Tag",
                description="1: the row counts in the review; 14 rows of the file are empty",
            ),
            Field("IED Reference Number"),
            Field(
                "Project No.",
                description=(
                    "no key: a row a loan or grant, and three of these appear twice, once unrated"
                ),
            ),
            Field("Country Code", description="the bank's own, such as PRC and PAK"),
            Field("Modality"),
            Field("Approved amount (USD mil)", "number", minimum=0, unit="million US dollars"),
            Field("Approval Year", "year", minimum=1991, maximum=2022),
            Field("FCAS"),
            Field("SIDS"),
            *(
                Field(f"{who} {what}")
                for who in ("PCR", "PVR")
                for what in ("overall rating", *CRITERIA)
            ),
            Field(
                "IED overall rating",
                description=(
                    "the latest rating of the independent department: its evaluation of the"
                    " operation where there is one, else its validation"
                ),
            ),
        )
    ),
    unit="operation",
    key=(),
    first_year=1991,
    last_year=2022,
    year="Approval Year",
    bibtex=owed("adb2024"),
)
_TERROR_SCALE_SCHEMA = Schema(
    (
        Field("Country", required=True),
        Field("Year", "year", required=True),
        Field(
            "COW_Code_N",
            "integer",
            description=(
                "empty of twelve units, the Soviet Union and Serbia among them; 345 of two"
                " Yugoslavias"
            ),
        ),
        Field("Region"),
        *(
            Field(
                f"PTS_{s}",
                "number",
                minimum=1,
                maximum=5,
                description=f"from {who}; 1 rule of law, 5 terror for all",
            )
            for s, who in (
                ("A", "Amnesty International"),
                ("H", "Human Rights Watch"),
                ("S", "the State Department"),
            )
        ),
        *(
            Field(
                f"NA_Status_{s}",
                "integer",
                enum=("0", "66", "77", "88", "99"),
                description="0, or why there is no score; at odds with the score in 10 cells",
            )
            for s in "AHS"
        ),
    ),
    key=("Country", "Year"),
    missing=("", "NA"),
)
TERROR_SCALE = Source(
    id="pts_2024",
    name="Political Terror Scale",
    version="2024",
    citation=(
        "Gibney, Mark, Peter Haschke, Daniel Arnon, Attilio Pisano, Gray Barrett, Baekkwan Park,"
        " and Jennifer Barnes. 2024. The Political Terror Scale 1976-2023."
    ),
    landing_page="https://www.politicalterrorscale.org",
    licence="unknown",
    file="pts_2024.csv",
    sha256="d81cf887491ad5ed37a17c22c3cce176893debc3c1ca75c9eff2836959ec2e20",
    rows=10220,
    schema=_TERROR_SCALE_SCHEMA,
    unit="country-year",
    key=("Country", "Year"),
    first_year=1976,
    last_year=2023,
    year="Year",
    states=(("COW_Code_N", "cow"),),
    bibtex=owed("gibney2024"),
)
SEXUAL_VIOLENCE = Source(
    id="svac_3.2",
    name="Sexual Violence in Armed Conflict",
    version="3.2",
    citation=(
        "Cohen, Dara Kay, and Ragnhild Nordås. 2014. Sexual violence in armed conflict: Introducing"
        " the SVAC dataset, 1989-2009. Journal of Peace Research 51(3): 418-428."
    ),
    landing_page="http://www.sexualviolencedata.org",
    licence="GPL-2, stated by a compiler of the file",
    file="svac_32.csv",
    sha256="635fedf0615494cc51408b1737d03fb40c46ea945980ea2415c9c43dfc8efbbe",
    rows=11911,
    schema=Schema(
        (
            Field("year", "year", required=True),
            Field("conflictid", "integer", required=True),
            Field("actor", required=True),
            Field("actorid", "integer"),
            Field("actor_type", "integer", minimum=1, maximum=6),
            Field("type", "integer", description="type of conflict as in UCDP"),
            Field("gwnoloc", description="states of the conflict, comma separated"),
            Field(
                "conflictyear", "integer", minimum=0, maximum=1, description="a year of fighting"
            ),
            Field(
                "interm",
                "integer",
                minimum=0,
                maximum=1,
                description="a year between two of fighting",
            ),
            Field(
                "postc", "integer", minimum=0, maximum=1, description="a year after the fighting"
            ),
            *(
                Field(
                    f"{s}_prev",
                    "integer",
                    minimum=0,
                    maximum=3,
                    description="-99, no information, is read as missing",
                )
                for s in ("state", "ai", "hrw")
            ),
            Field("child_prev", "integer", minimum=0, maximum=3),
            Field("form", description="forms of sexual violence, comma separated"),
        ),
        missing=("", "NA", "-99", "-99.0"),
    ),
    unit="conflict-actor-year",
    key=(),  # two actor-years stand twice
    first_year=1989,
    last_year=2021,
    year="year",
    states=(("gwnoloc", "gw"),),
    bibtex=owed("cohen2014"),
)
ISSUE_POSITIONS = Source(
    id="issue_positions",
    name="Issue positions of Dutch parties in the news, three coders",
    version="2024",
    citation=(
        "van Atteveldt, Wouter, and others. 2024. Issue positions in Dutch election news,"
        " hand-coded by three coders."
    ),
    landing_page="https://github.com/vanatteveldt",
    licence="MIT, stated",
    file="issuepositions_3coders.csv",
    sha256="4c9bf9fda429ac79998376fb14cb29a27c556c02824f04dec7fd411831a52384",
    rows=200,
    schema=Schema(
        (
            Field("round", required=True),
            Field("unit_id", required=True, description="the unit of text"),
            *(
                Field(c, required=True, description="a coder: topic : stance")
                for c in ("NR", "JF", "WvA")
            ),
        ),
        key=("unit_id",),
    ),
    unit="text unit",
    key=("unit_id",),
    first_year=2023,
    last_year=2023,
    bibtex=owed("vanatteveldt2024"),
)
