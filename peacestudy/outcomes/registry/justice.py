"""Transitional justice by conflict-year: battle deaths, amnesties, trials, truth commissions, as
TJET compiles them, and its codebook.
"""

from peacestudy.core.schema import Field, Schema
from peacestudy.outcomes.registry.citations import owed
from peacestudy.outcomes.source import Source

_CITATION = (
    "Transitional Justice Evaluation Tools Database. 2025. Conflict and peace spells, after UCDP."
)
_DEATHS = (
    "battle deaths ({}); empty in a year without fighting. UCDP's own begin in 1989; whence those"
    " before are the file does not say"
)
# numbers of amnesties, reparations, truth commissions that belong to the conflict, made in the year
_MADE = (
    "amnesty_ucdp_dcj_sta",
    "amnesty_ucdp_pcj_sta",
    "amnesty_ucdp_dcj_opp",
    "amnesty_ucdp_pcj_opp",
    "amnesty_ucdp_sta_hrv",
    "amnesty_ucdp_opp_hrv",
    "amnesty_ucdp_peaceagree",
    "rep_ucdp_scope",
    "rep_ucdp_peaceagree",
    "tcs_ucdp_ctj_created",
    "tcs_ucdp_ctj_victim_process",
    "tcs_ucdp_ctj_victim_outcome",
    "tcs_ucdp_ctj_peace_process",
    "tcs_ucdp_ctj_peace_outcome",
)
# the same and more as sums over the years so far; those without ucdp in their name are of the
# country, not of the conflict
_SUMS = (
    "tj_laws",
    "regu_trs_dom_sta",
    "regu_cce_dom_sta",
    "tran_trs_dom_dtj_ctj",
    "tran_trs_dom_ctj",
    "trs_int_sta",
    "trs_int_opp",
    "amnesty_dtj_ctj_sta_opp",
    "amnesty_pol",
    "tcs_all_created",
    "rep_created",
    "amnesty_ucdp_dcj_sta_opp",
    "amnesty_ucdp_pcj_sta_opp",
    "amnesty_ucdp_dcj_sta",
    "amnesty_ucdp_pcj_sta",
    "amnesty_ucdp_dcj_opp",
    "amnesty_ucdp_pcj_opp",
    "amnesty_ucdp_sta_hrv",
    "amnesty_ucdp_opp_hrv",
    "amnesty_ucdp_peaceagree",
    "tcs_ucdp_ctj_created",
    "tran_trs_dom_ucdp_dcj_sta",
    "tran_trs_dom_ucdp_pcj_sta",
    "tran_cce_dom_ucdp_dcj_sta",
    "tran_cce_dom_ucdp_pcj_sta",
    "tran_trs_dom_ucdp_dcj_opp",
    "tran_trs_dom_ucdp_pcj_opp",
    "tran_cce_dom_ucdp_dcj_opp",
    "tran_cce_dom_ucdp_pcj_opp",
)

_TJET_SCHEMA = Schema(
    (
        Field("conflict_id", "integer", required=True),
        Field("year", "year", required=True, minimum=1946, maximum=2024),
        Field("location", required=True),
        Field("gwno_loc", "integer", required=True),
        Field(
            "incompatibility",
            "integer",
            required=True,
            enum=("1", "2", "3"),
            description="1 territory, 2 government, 3 both",
        ),
        Field(
            "intensity_level",
            "integer",
            required=True,
            minimum=0,
            maximum=2,
            description="0: no fighting, else as in UCDP",
        ),
        Field("sample", enum=("conflict", "switch year", "post-conflict")),
        *(Field(c, "year", required=True) for c in ("confl_beg", "confl_last", "ep_beg")),
        Field("ep_end", "year"),
        Field("c_epno", "integer", required=True, minimum=1, description="number of the episode"),
        Field("outcome", description="how the last episode ended"),
        Field("recur_later", "integer", required=True, minimum=0, maximum=1),
        Field("pc_dur", "integer", minimum=0, unit="years since fighting"),
        *(
            Field(f"bd_{c}", "number", minimum=0, unit="deaths", description=_DEATHS.format(c))
            for c in ("best", "low", "high")
        ),
        *(Field(f"bd_cumu_{c}", "number", minimum=0, unit="deaths") for c in ("confl", "ep")),
        Field(
            "tj_yr_zero",
            "integer",
            minimum=0,
            maximum=1,
            description="transitional justice had begun",
        ),
        Field(
            "amnesty_ucdp_dcj_sta_opp",
            "number",
            minimum=0,
            description="amnesties that belong to the conflict, made while it was fought",
        ),
        Field(
            "amnesty_ucdp_pcj_sta_opp",
            "number",
            minimum=0,
            description="amnesties that belong to the conflict, made after it",
        ),
        *(Field(c, "number", minimum=0) for c in _MADE),
        *(Field(f"sum_{c}", "number", minimum=0) for c in _SUMS),
    ),
    key=("conflict_id", "year"),
)
TJET = Source(
    id="tjet",
    name="Transitional Justice Evaluation Tools, conflict and peace spells",
    version="2025-12-16",
    citation=_CITATION,
    landing_page="https://transitionaljusticedata.org",
    licence="unknown",
    file="tjet_conflict_peace_spells.csv",
    sha256="5134c225053b2b82d6bc252d3b4a1b096580bf63a8674caeb462d6a49cd27d70",
    rows=8660,
    schema=_TJET_SCHEMA,
    unit="conflict-year",
    key=("conflict_id", "year"),
    first_year=1946,
    last_year=2024,
    year="year",
    states=(("gwno_loc", "gw"),),
    bibtex=owed("tjet2025"),
)
TJET_CODEBOOK = Source(
    id="tjet_codebook",
    name="Transitional Justice Evaluation Tools, codebook",
    version="2025-12-16",
    citation=_CITATION,
    landing_page="https://transitionaljusticedata.org",
    licence="unknown",
    file="tjet_codebook.csv",
    sha256="991a6400ac86cb4083f36f0cfb41327e8e1dc1639cec02d7d5e59f7c1e999c0d",
    rows=499,
    schema=Schema(
        (
            Field("section", required=True),
            Field("col_name", required=True, description="column of the country-year table"),
            Field("definition", required=True),
            Field("source"),
            Field("source_description"),
            Field("source_url"),
            Field("tjet_version", required=True),
        ),
        key=("section", "col_name"),
    ),
    unit="column",
    key=("section", "col_name"),
    first_year=1946,
    last_year=2024,
    bibtex=owed("tjet2025"),
)
