"""Domestic politics: V-Dem's indices with their intervals,
Polity5's scores, democracy scores that span both.
"""

from peacestudy.core.schema import Field, Schema
from peacestudy.outcomes.registry.citations import owed
from peacestudy.outcomes.source import Source

_VDEM = (
    "Coppedge, Michael, et al. 2025. V-Dem Country-Year Dataset v15. Varieties of Democracy"
    " Project; Pemstein, Daniel, et al. 2025. The V-Dem Measurement Model. V-Dem Working Paper 21."
)


_WITH_INTERVAL = (
    "v2x_polyarchy",
    "v2x_libdem",
    "v2x_partipdem",
    "v2x_delibdem",
    "v2x_egaldem",
    "v2x_api",
    "v2x_mpi",
)
_INTERVAL = "one posterior standard deviation, about 68 %"
_INDICES = (
    "v2xlg_legcon",
    "v2x_jucon",
    "v2x_polyarchy",
    "v2x_libdem",
    "v2x_partipdem",
    "v2x_delibdem",
    "v2x_egaldem",
    "v2x_execorr",
    "v2x_pubcorr",
    "v2x_corr",
    "v2x_rule",
    "v2x_civlib",
    "v2x_clphy",
    "v2x_freexp",
    "v2xcl_acjst",
    "v2x_cspart",
)
_ACCOUNTABILITY = ("v2x_accountability", "v2x_veracc", "v2x_horacc", "v2x_diagacc")
_CODES = (
    (-66, "foreign interruption"),
    (-77, "collapse of central authority"),
    (-88, "transition"),
)
_SCALES = {
    "democ": 10,
    "autoc": 10,
    "polity": 10,
    "xrreg": 3,
    "xrcomp": 3,
    "xropen": 4,
    "xconst": 7,
    "parreg": 5,
    "parcomp": 5,
    "exconst": 7,
    "exrec": 8,
    "polcomp": 10,
}


def _index(name: str, description: str = "") -> Field:
    return Field(name, "number", minimum=0, maximum=1, description=description)


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
            Field("country_text_id", required=True),
            Field("vdem_country_name", required=True),
            Field("cown", "integer"),
            Field("in_GW_system", "boolean", required=True),
            *(_index(name) for name in _WITH_INTERVAL),
            *(
                _index(f"{name}_{end}", _INTERVAL)
                for name in _WITH_INTERVAL
                for end in ("codelow", "codehigh")
            ),
            *(_index(f"{name}_sd", "posterior standard deviation") for name in _WITH_INTERVAL),
        ),
        key=("country_id", "year"),
    ),
    unit="country-year",
    key=("GWn", "year"),
    first_year=1945,
    last_year=2024,
    year="year",
    states=(("GWn", "gw"), ("country_id", "vdem"), ("cown", "cow")),
    bibtex=owed("coppedge2025", "pemstein2025"),
)
VDEM_CONSTRAINTS = Source(
    id="vdem_v15",
    name="V-Dem country-years, a selection of indices",
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
            Field("country_name", required=True),
            *(_index(name) for name in _INDICES),
            *(Field(name, "number", description="latent score") for name in _ACCOUNTABILITY),
            Field(
                "e_gdppc", "number", minimum=0, description="GDP per capita, brought in by V-Dem"
            ),
            Field("e_pop", "number", minimum=0, description="population, brought in by V-Dem"),
            Field(
                "e_total_resources_income_pc",
                "number",
                minimum=0,
                description="income from resources, brought in by V-Dem",
            ),
        ),
        key=("country_text_id", "year"),
    ),
    unit="country-year",
    key=("COWcode", "year"),
    first_year=1900,
    last_year=2024,
    year="year",
    states=(("COWcode", "cow"),),
    bibtex=owed("coppedge2025", "pemstein2025"),
)
_POLITY5_SCHEMA = Schema(
    (
        Field(
            "polity_annual_ccode",
            "integer",
            required=True,
            description="Polity's own code: 347 is Serbia and Montenegro",
        ),
        Field("year", "year", required=True),
        Field("GWn", "integer"),
        Field("cown", "integer"),
        Field("polity_annual_country", required=True),
        *(
            Field(
                c,
                "integer",
                minimum=-88,
                maximum=top,
                description="-66, -77, -88 are codes, not values",
            )
            for c, top in _SCALES.items()
        ),
        Field(
            "polity2",
            "integer",
            minimum=-10,
            maximum=10,
            description="polity with the codes made values or missing",
        ),
        Field("durable", "integer", minimum=0, unit="years since the last change of regime"),
        Field("fragment", "integer", minimum=0, maximum=3),
    ),
    key=("polity_annual_ccode", "year"),
)
POLITY5 = Source(
    id="polity5",
    name="Polity5 annual",
    version="5, to 2018 (two states to 2020), compiled in the R package democracyData",
    citation=(
        "Marshall, Monty G., and Ted Robert Gurr. 2020. Polity5: Political Regime Characteristics"
        " and Transitions, 1800-2018. Center for Systemic Peace."
    ),
    landing_page="https://www.systemicpeace.org",
    licence="academic use, believed",
    file="polity5.csv",
    sha256="930cb7a9df6a0aab7995f4d799f76e7ab2295b2fc280f593c40a2cef2e7b88aa",
    rows=17574,
    schema=_POLITY5_SCHEMA,
    unit="country-year",
    # nine state-years of Gleditsch and Ward stand twice, such as Germany 1990
    key=("polity_annual_ccode", "year"),
    first_year=1800,
    last_year=2018,
    year="year",
    states=(("GWn", "gw"), ("cown", "cow")),
    special=tuple(
        (column, code, f"special code {code}: {said}")
        for column in _SCALES
        for code, said in _CODES
    ),
    bibtex=owed("marshall2020"),
)
EXTENDED_UDS = Source(
    id="extended_uds",
    name="Extended Unified Democracy Scores",
    version="to 2025, compiled in the R package isard",
    citation=(
        "Marquez, Xavier. 2016. A quick method for extending the Unified Democracy Scores. SSRN"
        " 2753830; Pemstein, Daniel, Stephen A. Meserve, and James Melton. 2010. Democratic"
        " compromise. Political Analysis 18(4): 426-449."
    ),
    landing_page="https://cran.r-project.org/package=isard",
    licence="unknown; the column of V-Dem believed CC BY-SA 4.0",
    file="gw_democracy.csv",
    sha256="3381538684702c19296a58cdce186290f2176581ad9899331a6f220d2c99d1c6",
    rows=20849,
    schema=Schema(
        (
            Field("gwcode", "integer", required=True),
            Field("year", "year", required=True),
            Field("euds", "number", description="latent score"),
            Field("polity2", "integer", minimum=-10, maximum=10, description="of Polity5, to 2020"),
            _index("v2x_polyarchy", "of V-Dem, to 2024"),
            Field(
                "aeuds",
                "number",
                description=(
                    "latent score, shifted so that 0 is the usual line between democracy and its"
                    " absence"
                ),
            ),
        ),
        key=("gwcode", "year"),
    ),
    unit="country-year",
    key=("gwcode", "year"),
    first_year=1816,
    last_year=2025,
    year="year",
    states=(("gwcode", "gw"),),
    bibtex=owed("marquez2016", "pemstein2010", "coppedge2025", "marshall2020"),
)
