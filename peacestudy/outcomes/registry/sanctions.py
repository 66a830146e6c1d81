"""Global Sanctions Data Base: who imposed what on whom, for what, and what came of it."""

from peacestudy.core.schema import Field, Schema
from peacestudy.outcomes.registry.citations import owed
from peacestudy.outcomes.source import Source

OBJECTIVES = (
    "human_rights",
    "democracy",
    "policy_change",
    "end_war",
    "other",
    "terrorism",
    "prevent_war",
    "destab_regime",
    "territorial_conflict",
)
RESULTS = ("ongoing", "success_total", "failed", "success_part", "nego_settlement")


def _list_of(words: tuple[str, ...]) -> str:
    one = f"({'|'.join(words)})"
    return f"{one}(,{one})*"


_GSDB_4_SCHEMA = Schema(
    (
        Field("case_id", "integer", required=True, minimum=1),
        Field(
            "sanctioned_state",
            required=True,
            description="name, no code; a comma may belong to it (Korea, North)",
        ),
        Field(
            "sanctioning_state",
            required=True,
            description="a state, an organisation or several states; names, no codes",
        ),
        Field("begin", "year", required=True, minimum=1949, maximum=2023),
        Field(
            "end",
            "year",
            required=True,
            minimum=1949,
            maximum=2023,
            description="2023 of those that go on, but for 7 cases",
        ),
        *(
            Field(c, "boolean", required=True, description="a sanction of this kind")
            for c in ("trade", "arms", "military", "financial", "travel", "other")
        ),
        Field(
            "descr_trade",
            pattern=r"(exp|imp)_(part|compl)(,(exp|imp)_(part|compl))?",
            description="exports, imports; in part, complete",
        ),
        Field("target_mult", "boolean", required=True, description="several targets"),
        Field(
            "sender_mult",
            "boolean",
            required=True,
            description=(
                "the sender is an organisation or several states; 0 in two cases of the EU"
            ),
        ),
        Field(
            "objective",
            required=True,
            pattern=_list_of(OBJECTIVES),
            description="one or several, comma separated",
        ),
        Field(
            "success",
            required=True,
            pattern=_list_of(RESULTS),
            description=(
                "a result an objective, in their order; cases 1327 and 1456 have one result for two"
            ),
        ),
    ),
    key=("case_id",),
)
GSDB_4 = Source(
    id="gsdb_4",
    name="Global Sanctions Data Base, cases",
    version="4",
    citation=(
        "Felbermayr, Gabriel, Aleksandra Kirilakha, Constantinos Syropoulos, Erdal Yalcin, and Yoto"
        " V. Yotov. 2020. The Global Sanctions Data Base. European Economic Review 129: 103561."
    ),
    landing_page="https://www.globalsanctionsdatabase.com",
    licence="unknown; to be cited",
    file="gsdb_v4.csv",
    sha256="eaa8788f6822b09e90839d605621b82b3a5dc155ed0667260990270c560e258d",
    rows=1547,
    schema=_GSDB_4_SCHEMA,
    unit="sanction case",
    key=("case_id",),
    first_year=1949,
    last_year=2023,
    units="all",
    absent="no sanction case began that the data base knows",
    year="begin",
    bibtex=owed("felbermayr2020"),
)
