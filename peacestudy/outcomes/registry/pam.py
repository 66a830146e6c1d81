"""Peace Accords Matrix: 34 comprehensive accords, 51 provisions each,
what was carried out by the end of each year.
"""

from dataclasses import dataclass

from peacestudy.core.schema import Field, Schema
from peacestudy.outcomes.registry.citations import owed
from peacestudy.outcomes.source import Source


@dataclass(frozen=True)
class Provision:
    """The columns of a provision: promised, begun, level (0 to 3),
    reversed. Their names follow no one rule.
    """

    promise: str
    begun: str
    level: str
    reversal: str


# stems of the column names, as the file has them: amnest_prov, amnest_init, amnest_implem,
# amnest_revers
_STEMS = (
    "amnest",
    "addloss",
    "arbint",
    "bound",
    "cease",
    "child",
    "citiz",
    "civadm",
    "const",
    "cultr",
    "decen",
    "demob",
    "develop",
    "disarm",
    "disput",
    "donor",
    "educat",
    "elect",
    "embarg",
    "ethrel",
    "exerefm",
    "humrts",
    "idps",
    "indmin",
    "indrefer",
    "judrfm",
    "legref",
    "media",
    "milrfm",
    "minrts",
    "natres",
    "offlan",
    "pargrp",
    "polrfm",
    "powtran",
    "prisr",
    "ratm",
    "refug",
    "regpkf",
    "reint",
    "repar",
    "roa",
    "selfd",
    "terpow",
    "time",
    "truth",
    "unpkf",
    "untran",
    "verify",
    "with",
    "women",
)
_REVERSALS = {"disput": "dispute_revers"}  # the one column whose stem is written out

PROVISIONS: dict[str, Provision] = {
    f"{s}_prov": Provision(
        f"{s}_prov", f"{s}_init", f"{s}_implem", _REVERSALS.get(s, f"{s}_revers")
    )
    for s in _STEMS
}
"""The columns of each provision, by the column of its promise."""


def _fields(p: Provision) -> tuple[Field, ...]:
    return (
        Field(p.promise, "integer", required=True, minimum=0, maximum=1),
        Field(p.begun, "integer", required=True, minimum=0, maximum=1),
        Field(p.level, "integer", required=True, minimum=0, maximum=3),
        Field(p.reversal, "integer", required=True, minimum=0, maximum=2),
    )


PAM_15 = Source(
    id="pam_1.5",
    name="Peace Accords Matrix Implementation Dataset",
    version="1.5",
    citation=(
        "Joshi, Madhav, Jason Michael Quinn, and Patrick M. Regan. 2015. Annualized implementation"
        " data on comprehensive intrastate peace accords, 1989-2012. Journal of Peace Research"
        " 52(4): 551-562."
    ),
    landing_page="https://peaceaccords.nd.edu",
    licence="unknown",
    file="pam_id_v15.csv",
    sha256="c8a21aec8bd9cfbb06ab946e1f6aeb851d7e5f8073ef9244abb4b785c7efef0c",
    rows=323,
    schema=Schema(
        (
            Field("pam_caseid", "integer", required=True, minimum=1),
            Field(
                "year_count",
                "integer",
                minimum=1,
                maximum=10,
                description="year of the accord; blank for Nepal 2006",
            ),
            Field("cowcode", "integer", required=True),
            Field("country", required=True),
            Field("country_accorddate", required=True, description="state and a date as m/d/yyyy"),
            Field("accord_name", required=True, description="name and a date as Mon dd yyyy"),
            Field(
                "year", "year", required=True, description="twice 2000 for Mali: the second is 2001"
            ),
            *(f for p in PROVISIONS.values() for f in _fields(p)),
            Field("total_prov", "integer", required=True, minimum=1, maximum=51),
            Field("total_implem_points", "integer", required=True, minimum=0, maximum=153),
            Field("agg_implem_score", "number", required=True, minimum=0, maximum=100),
        ),
    ),
    unit="accord-year",
    key=("pam_caseid", "year_count"),
    first_year=1989,
    last_year=2015,
    year="year",
    states=(("cowcode", "cow"),),
    bibtex=owed("joshi2015"),
)
