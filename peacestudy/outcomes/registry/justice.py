"""Transitional justice by conflict-year: battle deaths and amnesties, as TJET compiles them."""

from peacestudy.core.schema import Field, Schema
from peacestudy.outcomes.source import Source

TJET = Source(
    id="tjet",
    name="Transitional Justice Evaluation Tools, conflict and peace spells",
    version="2025-12-16",
    citation="Transitional Justice Evaluation Tools Database. 2025. Conflict and peace spells, after UCDP.",
    landing_page="https://transitionaljusticedata.org",
    licence="unknown",
    file="tjet_conflict_peace_spells.csv",
    sha256="5134c225053b2b82d6bc252d3b4a1b096580bf63a8674caeb462d6a49cd27d70",
    rows=8660,
    schema=Schema(
        (
            Field("conflict_id", "integer", required=True),
            Field("year", "year", required=True, minimum=1946, maximum=2024),
            Field("bd_best", "number", minimum=0, unit="deaths",
                  description="best estimate of battle deaths (UCDP); empty in a year without fighting"),
            Field("amnesty_ucdp_dcj_sta_opp", "number", minimum=0, description="amnesties that belong to the conflict, made while it was fought"),
            Field("amnesty_ucdp_pcj_sta_opp", "number", minimum=0, description="amnesties that belong to the conflict, made after it"),
        ),
        key=("conflict_id", "year"),
    ),
    unit="conflict-year",
    key=("conflict_id", "year"),
    first_year=1946,
    last_year=2024,
)  # fmt: skip
