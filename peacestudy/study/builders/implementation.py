"""Implementation of promises in t0 and the two years after, as observed in other sources.

Sources are available for international missions (topic ImPK) and for amnesties (TjAmPro), and for
no other promise of the codebook. The implementation of 34 comprehensive accords is a separate study
(accord_implementation).
"""

import datetime

import pandas as pd

from peacestudy.core.countries import translate_many
from peacestudy.core.schema import Field, Schema
from peacestudy.study.builders.attempt_cases import PAX, Attempts, Ground
from peacestudy.study.builders.controls import TJET
from peacestudy.study.builders.missions import (
    THIRD,
    UN,
    Decided,
    Presence,
    third_party_presence,
    un_presence,
)

PROVISIONS = ("mission", "new_mission", "third_party_mission", "amnesty")
WITHIN = 2  # years after t0 in which a promise is looked for
AMNESTIES = ("amnesty_ucdp_dcj_sta_opp", "amnesty_ucdp_pcj_sta_opp")
IMPLEMENTATION_SCHEMA = Schema(
    (
        Field("case_id", required=True),
        Field(
            "provision",
            required=True,
            enum=PROVISIONS,
            description=(
                "mission: a UN mission present; new_mission: one that began on the day of the first"
                " agreement or later; third_party_mission: one of any sender present; amnesty: one"
                " made"
            ),
        ),
        Field(
            "promised",
            "boolean",
            required=True,
            description="any scored agreement mentions or provides for it",
        ),
        Field(
            "observed",
            "boolean",
            description=(
                "seen in one of the years; missing where none was seen and a year is not covered"
            ),
        ),
        Field("year", required=True, description="years in which it is looked for"),
        Field("source", required=True),
        Field("reason", description="why it is missing; empty where it is not"),
    ),
    key=("case_id", "provision"),
)
Seen = tuple[bool | None, str | None]


def observed_promises(ground: Ground, attempts: Attempts, decided: Decided) -> pd.DataFrame:
    """Promises and their implementation in every case, the columns of ``IMPLEMENTATION_SCHEMA``.

    Parameters
    ----------
    attempts : cases and their members.
    decided : decisions on what was found in the lists of missions.
    """
    cases = attempts.cases[["case_id", "conflict_id", "country", "t0", "first_date"]]
    texts = attempts.scored.merge(
        ground.pax, left_on="agreement_id", right_on="AgtId", validate="many_to_one"
    )
    promised = (texts.groupby("case_id")[["ImPK", "TjAmPro"]].max() > 0).to_dict()
    un, third = (ground.sources[i].source for i in (UN, THIRD))
    here, anyone = (
        un_presence(ground.sources[UN], decided),
        third_party_presence(ground.sources[THIRD], decided),
    )
    cow = translate_many(cases["country"], cases["t0"], "gw", "cow")
    amnesties = _amnesties(ground)
    rows: list[tuple[object, ...]] = []
    for (case, conflict, country, t0, first), code, why in zip(
        cases.itertuples(index=False, name=None), cow["translated"], cow["reason"], strict=True
    ):
        years = range(t0, t0 + WITHIN + 1)
        new_years = range(first.year, t0 + WITHIN + 1)
        for provision, presence, state, source, looked_for, since in (
            ("mission", here, country, un, years, None),
            ("new_mission", here, country, un, new_years, first.date()),
            ("third_party_mission", anyone, code, third, years, None),
        ):
            # no code on 31 December of t0: the state has ended, and the lists file its missions
            # under others
            seen = (
                (None, why)
                if pd.isna(code)
                else _missions(presence, int(state), looked_for, source.last_year, since)
            )
            rows.append((case, provision, promised["ImPK"][case], seen[0], source.id, seen[1]))
        rows.append(
            (case, "amnesty", promised["TjAmPro"][case], *_amnesty(amnesties, conflict, years))
        )
    out = pd.DataFrame(
        rows, columns=["case_id", "provision", "promised", "observed", "source", "reason"]
    )
    t0 = out["case_id"].map(cases.set_index("case_id")["t0"])
    first_year = out["case_id"].map(cases.set_index("case_id")["first_date"].dt.year)
    begins = first_year.where(out["provision"] == "new_mission", t0)
    topic = out["provision"].map({"amnesty": "TjAmPro"}).fillna("ImPK")
    out["source"] = PAX + " " + topic + "; " + out["source"]
    out["year"] = begins.astype(str) + "-" + (t0 + WITHIN).astype(str)
    return out.astype({"promised": "boolean", "observed": "boolean", "reason": "object"})[
        IMPLEMENTATION_SCHEMA.names
    ]


def _missions(
    presence: Presence, state: int, years: range, last: int, since: datetime.date | None
) -> Seen:
    """Whether a mission was there in one of the years; where ``since`` is given, one that began on
    that day or later.
    """
    present = [mission for year in years for mission in presence.get((state, year), [])]
    if since is not None:
        present = [m for m in present if m.began is not None and m.began >= since]
    if present:
        return True, None
    if years[-1] > last:
        return None, f"outside coverage: the list ends in {last}"
    return False, None


def _amnesties(ground: Ground) -> dict[tuple[int, int], float]:
    """Amnesties that belong to a conflict, made in a year, where both counts are there."""
    table = ground.sources[TJET].table
    whole = table[table[list(AMNESTIES)].notna().all(axis=1)]
    return dict(
        zip(
            zip(whole["conflict_id"], whole["year"], strict=True),
            whole[list(AMNESTIES)].sum(axis=1),
            strict=True,
        )
    )


def _amnesty(
    counts: dict[tuple[int, int], float], conflict: int, years: range
) -> tuple[bool | None, str, str | None]:
    source = f"{TJET} {', '.join(AMNESTIES)}"
    if any(counts.get((conflict, y), 0) > 0 for y in years):
        return True, source, None
    if lost := [y for y in years if (conflict, y) not in counts]:
        return None, source, f"{TJET} has no count for {', '.join(map(str, lost))}"
    return False, source, None
