"""Domestic politics: V-Dem's indices and constraints on the executive, Polity5's executive constraints, democracy scores."""

from peacestudy.core.schema import Field, Schema
from peacestudy.outcomes.source import Source

_VDEM = (
    "Coppedge, Michael, et al. 2025. V-Dem Country-Year Dataset v15. Varieties of Democracy Project; Pemstein, Daniel, et al. "
    "2025. The V-Dem Measurement Model. V-Dem Working Paper 21."
)


def _index(name: str) -> Field:
    return Field(name, "number", minimum=0, maximum=1)


VDEM_INDICES = Source(
    id="vdem_simple",
    name="V-Dem high-level indices with their intervals",
    version="v15, compiled in the R package democracyData",
    citation=_VDEM,
    landing_page="https://www.v-dem.net",
    licence="believed CC BY-SA 4.0",
    file="vdem_simple.csv",
    sha256="9d2b87960bf32e9fc8a12d4a19aff7a35bb3b96c0e63e010398a27aa14c9c4f2",
    rows=13229,
    schema=Schema(
        (
            Field("country_id", "integer", required=True),
            Field("year", "year", required=True),
            Field("GWn", "integer"),
            *(_index("v2x_polyarchy" + part) for part in ("", "_codelow", "_codehigh")),
        ),
        key=("country_id", "year"),
    ),
    unit="country-year",
    key=("GWn", "year"),
    first_year=1945,
    last_year=2024,
)
VDEM_CONSTRAINTS = Source(
    id="vdem_v15",
    name="V-Dem country-years, legislative and judicial constraints on the executive",
    version="v15",
    citation=_VDEM,
    landing_page="https://www.v-dem.net",
    licence="believed CC BY-SA 4.0",
    file="vdem_v15_trimmed.csv",
    sha256="5d4e3bbe77c292cbbe984e83c506ceae1873976f73c5c608d63b464bc8201c86",
    rows=19678,
    schema=Schema(
        (
            Field("country_text_id", required=True),
            Field("year", "year", required=True),
            Field("COWcode", "integer"),
            _index("v2xlg_legcon"),
            _index("v2x_jucon"),
        ),
        key=("country_text_id", "year"),
    ),
    unit="country-year",
    key=("COWcode", "year"),
    first_year=1900,
    last_year=2024,
)
POLITY5 = Source(
    id="polity5",
    name="Polity5 annual",
    version="5, to 2018 (two states to 2020), compiled in the R package democracyData",
    citation="Marshall, Monty G., and Ted Robert Gurr. 2020. Polity5: Political Regime Characteristics and Transitions, "
    "1800-2018. Center for Systemic Peace.",
    landing_page="https://www.systemicpeace.org",
    licence="academic use, believed",
    file="polity5.csv",
    sha256="930cb7a9df6a0aab7995f4d799f76e7ab2295b2fc280f593c40a2cef2e7b88aa",
    rows=17574,
    schema=Schema(
        (
            Field(
                "polity_annual_ccode",
                "integer",
                required=True,
                description="Polity's own code: 347 is Serbia and Montenegro",
            ),
            Field("year", "year", required=True),
            Field("GWn", "integer"),
            Field(
                "xconst", "integer", minimum=-88, maximum=7, description="1 to 7; -66, -77, -88 are codes, not values"
            ),
        ),
        key=("polity_annual_ccode", "year"),
    ),
    unit="country-year",
    key=("GWn", "year"),
    first_year=1800,
    last_year=2018,
)
EXTENDED_UDS = Source(
    id="extended_uds",
    name="Extended Unified Democracy Scores",
    version="to 2025, compiled in the R package isard",
    citation="Marquez, Xavier. 2016. A quick method for extending the Unified Democracy Scores. SSRN 2753830; Pemstein, Daniel, "
    "Stephen A. Meserve, and James Melton. 2010. Democratic compromise. Political Analysis 18(4): 426-449.",
    landing_page="https://cran.r-project.org/package=isard",
    licence="unknown",
    file="gw_democracy.csv",
    sha256="3381538684702c19296a58cdce186290f2176581ad9899331a6f220d2c99d1c6",
    rows=20849,
    schema=Schema(
        (
            Field("gwcode", "integer", required=True),
            Field("year", "year", required=True),
            Field(
                "aeuds",
                "number",
                description="latent score, shifted so that 0 is the usual line between democracy and its absence",
            ),
        ),
        key=("gwcode", "year"),
    ),
    unit="country-year",
    key=("gwcode", "year"),
    first_year=1816,
    last_year=2025,
)
