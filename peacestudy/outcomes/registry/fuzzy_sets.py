"""Four published set-theoretic studies of international collaboration: cases with memberships in
conditions and an outcome.
"""

from peacestudy.core.schema import Field, Schema
from peacestudy.outcomes.registry.citations import owed
from peacestudy.outcomes.source import Source


def _memberships(*names: str) -> tuple[Field, ...]:
    return tuple(
        Field(n, "number", required=True, minimum=0, maximum=1, unit="membership in a set")
        for n in names
    )


GRAUVOGEL = Source(
    id="grauvogel_2014",
    name="Sanctions of the UN, the EU and the US, fuzzy sets",
    version="2014, compiled in the R package QCAcluster",
    citation=(
        "Grauvogel, Julia, and Christian von Soest. 2014. Claims to legitimacy count: Why sanctions"
        " fail to instigate democratisation in authoritarian regimes. European Journal of Political"
        " Research 53(4): 635-653."
    ),
    landing_page="https://doi.org/10.1111/1475-6765.12065",
    licence="GPL-3, stated by a compiler of the file",
    file="grauvogel_sanctions_qca.csv",
    sha256="14db89c670eff57bcb5807d9c2a1053ec19d924757d8cacc456aaac65ac59778",
    rows=120,
    schema=Schema(
        (
            Field(
                "Code",
                required=True,
                pattern="(US|EU|UN)_[A-Z]{3}_[0-9]{2}",
                description="sender, target, first year; US_HTI_91 appears twice",
            ),
            Field("Sender", required=True, enum=("US", "EU", "UN")),
            Field(
                "Target",
                required=True,
                description="name or a short form of it (FRY, DRC), no code",
            ),
            Field(
                "Timeframe",
                required=True,
                pattern="[0-9]{4}-([0-9]{4}|ongoing)",
                description="first and last year",
            ),
            *_memberships(
                "Persistence",
                "Comprehensiveness",
                "Linkage",
                "Vulnerability",
                "Repression",
                "Claims",
            ),
        ),
        key=("Code", "Timeframe"),
    ),
    unit="sanction case",
    key=("Code", "Timeframe"),
    first_year=1950,
    last_year=2011,
    bibtex=owed("grauvogel2014"),
)
THIEM = Source(
    id="thiem_2011",
    name="Intergovernmental armaments cooperation in Western Europe, fuzzy sets",
    version="2011, compiled in the R package QCAcluster",
    citation=(
        "Thiem, Alrik. 2011. Conditions of intergovernmental armaments cooperation in Western"
        " Europe, 1996-2006. European Political Science Review 3(1): 1-33."
    ),
    landing_page="https://doi.org/10.1017/S1755773910000251",
    licence="GPL-3, stated by a compiler of the file",
    file="thiem2011_armscoop_qca.csv",
    sha256="8568e5110ad03b09c3987830e2b5c3d860f7b9651aa2108b3da072320b2e6e66",
    rows=165,
    schema=Schema(
        (
            Field("id", required=True, pattern="[A-Z]{2}[0-9]{2}"),
            Field("year", "year", required=True, minimum=1996, maximum=2006),
            Field(
                "country",
                required=True,
                enum=(
                    "AT",
                    "BE",
                    "DK",
                    "FI",
                    "FR",
                    "DE",
                    "GR",
                    "IE",
                    "IT",
                    "LU",
                    "NL",
                    "PT",
                    "ES",
                    "SE",
                    "UK",
                ),
                description="two letters, of no system that is translated here",
            ),
            *_memberships(
                "memberfs",
                "fedismfs",
                "homogtyfs",
                "powdifffs",
                "comptvnsfs",
                "pubsupfs",
                "ecodpcefs",
            ),
        ),
        key=("country", "year"),
    ),
    unit="country-year",
    key=("country", "year"),
    first_year=1996,
    last_year=2006,
    year="year",
    bibtex=owed("thiem2011"),
)
SCHWARZ = Source(
    id="schwarz_2016",
    name="Enlargement of the European Union in South-Eastern Europe, fuzzy sets",
    version="2016, compiled in the R package QCAcluster",
    citation=(
        "Schwarz, Oliver. 2016. Two steps forward one step back: What shapes the process of EU"
        " enlargement in South-Eastern Europe? Journal of European Integration 38(7): 757-773."
    ),
    landing_page="https://doi.org/10.1080/07036337.2016.1203309",
    licence="GPL-3, stated by a compiler of the file",
    file="schwarz2016_enlargement_qca.csv",
    sha256="3aa75b8c568fb48e0f78b3c9adc01808eb1588edeb40e6699824146404a3f863",
    rows=74,
    schema=Schema(
        (
            Field(
                "Case.ID", required=True, pattern="[A-Z]{2}[0-9]{2}", description="country and year"
            ),
            Field(
                "country",
                required=True,
                enum=("AL", "BA", "HR", "KS", "ME", "MK", "RS", "TR"),
                description="two letters, of no system that is translated here",
            ),
            Field(
                "year", required=True, pattern="0[4-9]|1[0-3]", description="two digits: 04 is 2004"
            ),
            *_memberships("enlarge", "poltrans", "ecotrans", "reform", "conflict", "attention"),
        ),
        key=("country", "year"),
    ),
    unit="country-year",
    key=("country", "year"),
    first_year=2004,
    last_year=2013,
    bibtex=owed("schwarz2016"),
)
WEISE = Source(
    id="weise_2015",
    name="Participation and transparency in the IAEA and the OPCW, crisp sets",
    version="2015",
    citation=(
        "Weise, Tobias. 2015. Participation and transparency in intergovernmental security"
        " organizations: Resource and norm driven opening in the IAEA and OPCW. Doctoral thesis,"
        " University of Bremen."
    ),
    landing_page="https://book.tobiasweise.de",
    licence="GPL-2, stated by a compiler of the file",
    file="weise_igo_openness_qca.csv",
    sha256="5eddfa2c3613dd894a3f2c7ccca6f24b68d57099c4cbaa4db5c05e432e13c3e8",
    rows=70,
    schema=Schema(
        (
            Field(
                "cases",
                required=True,
                pattern="(IAEA|OPCW)[0-9]{4}",
                description="organisation and year",
            ),
            *(
                Field(
                    c, "integer", required=True, enum=("0", "1"), unit="membership in a set, 0 or 1"
                )
                for c in (
                    "TALK.Part",
                    "TALK.Trans",
                    "DEC.Part",
                    "DEC.Trans",
                    "ACT.Part.1",
                    "ACT.Part.2",
                    "ACT.Part.4",
                    "ACT.Trans",
                    "RB.Budget",
                    "RB.Inequality",
                    "RB.Complexity",
                    "NB.visibility.all",
                    "NB.visibility.hl",
                    "NB.gov.depth",
                    "NB.dem.mem",
                    "NB.og.norm",
                    "TALK",
                    "DECISION",
                    "ACTPART",
                    "ACTTRANS",
                )
            ),
        ),
        key=("cases",),
    ),
    unit="organisation-year",
    key=("cases",),
    first_year=1957,
    last_year=2011,
    bibtex=owed("weise2015"),
)
