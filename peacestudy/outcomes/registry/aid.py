"""Ratings of aid projects by the evaluators of the lender, and the conditions of loans of the
International Monetary Fund.
"""

from peacestudy.core.schema import Field, Schema
from peacestudy.outcomes.registry.citations import owed
from peacestudy.outcomes.source import Source

GRADES = (
    "Highly Satisfactory",
    "Satisfactory",
    "Moderately Satisfactory",
    "Moderately Unsatisfactory",
    "Unsatisfactory",
    "Highly Unsatisfactory",
    "Not Rated",
)
# 1 highly unsatisfactory to 6 highly satisfactory; overall, pp_cofinanciers and ri_rural_poverty
# hold some halves and tenths
_RATINGS = (
    "overall",
    "relevance",
    "effectiveness",
    "efficiency",
    "sustainability",
    "pp_ifad",
    "pp_government",
    "pp_cofinanciers",
    "ri_human",
    "ri_institutions",
    "ri_enrm_climate",
    "ri_markets",
    "ri_rural_poverty",
    "innov_scaling",
    "gender",
    "enrm",
    "climate",
)

_IFAD_RATINGS_SCHEMA = Schema(
    (
        Field(
            "project_id",
            required=True,
            description="351 projects, 113 of them evaluated more than once; one is 443/369",
        ),
        Field(
            "arri_year",
            "year",
            required=True,
            minimum=2003,
            maximum=2019,
            description="year of the report",
        ),
        Field(
            "eval_type",
            required=True,
            enum=("PCRV", "CPE", "PE", "CSPE", "PPA", "PPE", "IE", "CPE/PPA", "CPE/PCRV"),
        ),
        Field(
            "country",
            required=True,
            description=(
                "name, no code; 8 spellings end in a blank, so 104 spellings are 98 countries"
            ),
        ),
        Field("project", required=True),
        Field("region_code", required=True, enum=("APR", "ESA", "WCA", "NEN", "LAC")),
        Field("ifad_fin", "number", required=True, minimum=0, unit="million US dollars"),
        Field(
            "total_cost",
            "number",
            required=True,
            minimum=0,
            unit="million US dollars",
            description="IFAD and cofinanciers",
        ),
        Field("approval", "date", required=True),
        Field("effective", "date", description="twice before the approval"),
        Field("completion", "date", required=True),
        Field("closing", "date", required=True),
        *(
            Field(
                r,
                "number",
                minimum=1,
                maximum=6,
                unit="grade from 1, the worst, to 6, the best",
            )
            for r in _RATINGS
        ),
    ),
    key=("project_id", "arri_year", "eval_type"),
)
IFAD_RATINGS = Source(
    id="ifad_arri_2019",
    name="IFAD, ratings of evaluated projects in the Annual Report on Results and Impact",
    version="reports of 2003 to 2019",
    citation=(
        "International Fund for Agricultural Development, Independent Office of Evaluation. 2019."
        " Annual Report on Results and Impact of IFAD Operations, database of ratings."
    ),
    landing_page="https://ioe.ifad.org",
    licence="public, believed",
    file="ifad_arri_project_ratings.csv",
    sha256="72715d9142c880e7eebd1b85d59de80a5251081661a1e450af562b32a6eb4dd1",
    rows=478,
    schema=_IFAD_RATINGS_SCHEMA,
    unit="evaluation of a project",
    key=("project_id", "arri_year", "eval_type"),
    first_year=2003,
    last_year=2019,
    year="arri_year",
    bibtex=owed("ifad2019"),
)
_IEG_RATINGS_SCHEMA = Schema(
    (
        Field("Project ID", required=True, pattern=r"P\d{6}"),
        Field("Project Name", required=True),
        Field(
            "Country / Economy",
            required=True,
            description="official name of a country or a region, no code",
        ),
        Field(
            "WB Region",
            required=True,
            description="regions of 2026, and the older Africa in addition to its two successors",
        ),
        Field("Country / Economy Lending Group", enum=("IBRD", "IDA", "BLEND", "OTHER")),
        Field(
            "Country / Economy FCS Status",
            required=True,
            enum=("FCS", "non-FCS"),
            description="fragile or in conflict",
        ),
        Field("Global Practice"),
        Field(
            "Lending Instrument Type",
            required=True,
            enum=("IPF", "DPF"),
            description="investment, or policy of the government",
        ),
        Field(
            "Approval FY",
            "year",
            required=True,
            minimum=1956,
            maximum=2023,
            description="fiscal year, from July of the year before",
        ),
        Field(
            "Final Closing FY",
            "year",
            description="fiscal year; earlier than the approval in 2 rows",
        ),
        Field(
            "Evaluation FY",
            "year",
            required=True,
            minimum=1973,
            maximum=2026,
            description="fiscal year",
        ),
        Field(
            "Evaluation Type",
            required=True,
            enum=("ICRR", "PPAR", "PCR", "EVM", "PCN", "PCM", "CSSR"),
        ),
        Field("Outcome", required=True, enum=GRADES),
        *(
            Field(c, required=True, enum=GRADES, description="from the evaluator of the outcome")
            for c in ("Quality at Entry", "Quality of Supervision", "Bank Performance")
        ),
        Field(
            "M&E Quality",
            required=True,
            enum=("High", "Substantial", "Modest", "Negligible", "Not Rated"),
        ),
    ),
    key=("Project ID",),
)
IEG_RATINGS = Source(
    id="ieg_2026",
    name="World Bank, ratings of closed projects by the Independent Evaluation Group",
    version="as of 2026-01-15",
    citation=(
        "World Bank, Independent Evaluation Group. 2026. IEG World Bank project performance"
        " ratings."
    ),
    landing_page="https://ieg.worldbankgroup.org/data",
    licence="CC BY 4.0, stated by a user of the same source",
    file="ieg_project_ratings_2026.csv",
    sha256="7d8e5b97a75055717756876e31d3116d584829c5967b933c57bcf8bb3041c0d9",
    rows=12328,
    schema=_IEG_RATINGS_SCHEMA,
    unit="project",
    key=("Project ID",),
    first_year=1956,
    last_year=2023,
    year="Approval FY",
    bibtex=owed("ieg2026"),
)
_SWAPPED = (
    "mm/dd/yyyy where the day is over 12; else as in 6 Jul 2010, with day and month changed over: 7"
    " June 2010 is meant"
)
_MONA_SCHEMA = Schema(
    (
        Field(
            "ArrID",
            "integer",
            required=True,
            description=(
                "arrangement, 186 of them; a condition has no number, so rows have no key"
            ),
        ),
        Field(
            "CountryName",
            required=True,
            description="name in capitals, no code; three end in blanks",
        ),
        Field(
            "ArrType",
            required=True,
            enum=(
                "PRGF",
                "SBA",
                "ECF",
                "PSI",
                "EFF",
                "PRGF-EFF",
                "ECF-EFF",
                "SCF",
                "ESF",
                "SBA-SCF",
                "PCL",
            ),
        ),
        Field(
            "IniPgmYr",
            "year",
            required=True,
            minimum=2000,
            maximum=2013,
            description="year in which the programme began",
        ),
        *(
            Field(d, required=d != "RevisedEndDate", description=_SWAPPED)
            for d in ("ApprovalDate", "InitialEndDate", "RevisedEndDate", "BoardActDate")
        ),
        Field(
            "ReviewType",
            required=True,
            pattern=r"(R\d+)+",
            description="the review that reports; one an arrangement in this file",
        ),
        Field("EconDescrpt", required=True, description="sector of the economy, number and words"),
        Field("Descpt", required=True, description="the condition in words"),
        Field(
            "SPC_PA_SB",
            required=True,
            enum=("SB", "PA", "SPC", "SAC"),
            description=(
                "SB structural benchmark, PA prior action, SPC performance criterion, SAC"
                " assessment criterion of a PSI"
            ),
        ),
        Field("TestDate", description=f"{_SWAPPED}; or words such as Continuous"),
        Field(
            "Status",
            enum=(
                "M",
                "SB",
                "NM",
                "MD",
                "W",
                "MOD",
                "DL",
                "PM",
                "PC",
                "CAN",
                "Mod",
                "PA",
                "WM",
                "MMod",
            ),
            description=(
                "believed: M met, MD met late, PM in part, NM not met, W waived, DL delayed,"
                " MOD modified, CAN cancelled"
            ),
        ),
    ),
    missing=("", "          "),
)
MONA = Source(
    id="imf_mona_2013",
    name="IMF Monitoring of Fund Arrangements, structural conditions",
    version="2002 on, programmes begun 2000 to 2013",
    citation=(
        "International Monetary Fund. 2013. Monitoring of Fund Arrangements (MONA) database,"
        " structural conditionality."
    ),
    landing_page="https://www.imf.org/external/np/pdr/mona/index.aspx",
    licence="unknown",
    file="imf_mona_structural_conditions_2002on.csv",
    sha256="e26c559977c8eccd454f2eafd4b7579bce72e4b25ef13d0bc72955de58bf66c1",
    rows=6549,
    schema=_MONA_SCHEMA,
    unit="condition of an arrangement",
    key=(),
    first_year=2000,
    last_year=2013,
    year="IniPgmYr",
    bibtex=owed("mona2013"),
)
