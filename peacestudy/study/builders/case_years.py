"""Years at risk of settlement attempts: a row a year after t0 until
fighting is next seen or the conflict data end.
"""

import datetime

import pandas as pd

from peacestudy import joins
from peacestudy.core.countries import translate_many
from peacestudy.core.schema import Field, Schema
from peacestudy.outcomes.context import CONTEXT, country_year
from peacestudy.study.builders.attempt_cases import ATTEMPTS_SCHEMA, Ground
from peacestudy.study.builders.attempt_tables import CONTROLS, MISSING, SCORE_FIELDS, SCORES, wide
from peacestudy.study.builders.missions import UN, Decided, un_presence

YEARLY = ("polyarchy", "executive_constraints", "legislative_constraints")
# of the attempt, in every row
SAME = ("conflict_id", "country", "several_governments", "label", "t0")
CASE_YEARS_SCHEMA = Schema(
    (
        Field(
            "case_id", required=True, pattern=r"[\w.-]+", description="attempt and year after t0"
        ),
        Field("attempt_id", required=True, description="case_id of the attempt in cases"),
        *(f for f in ATTEMPTS_SCHEMA.fields if f.name in SAME),
        Field("year", "year", required=True, description="t0 + stop, the year at risk"),
        Field("year_begins", "date", required=True, description="1 January of the year at risk"),
        Field("start", "integer", required=True, minimum=0, unit="years after t0"),
        Field("stop", "integer", required=True, minimum=1, unit="years after t0"),
        Field(
            "event",
            "boolean",
            required=True,
            description="fighting in the year; only in the last row of an attempt",
        ),
        *SCORE_FIELDS,
        *(
            Field(name, "number", description="of the attempt, the same in every year")
            for name in CONTROLS
        ),
        *(
            Field(name, "number", description="in the year before the year at risk")
            for name in YEARLY
        ),
        Field(
            "un_mission",
            "boolean",
            description="a UN mission in the state on 1 January of the year at risk",
        ),
        MISSING,
        Field("source", required=True),
    ),
    key=("case_id",),
)


def case_years(ground: Ground, whole: pd.DataFrame, decided: Decided) -> pd.DataFrame:
    """Years at risk of the eligible attempts, one a window, the columns of ``CASE_YEARS_SCHEMA``.

    Parameters
    ----------
    whole : the joined base table.
    decided : decisions on the lists of missions; the attempts
        without a year seen are listed among them.
    """
    kept = whole[whole["eligible"].astype(bool) & whole["one_a_window"].astype(bool)]
    fixed = kept[
        ["case_id", *SAME, "peace_years", "event", *SCORES, *CONTROLS, "missing", "source"]
    ]
    fixed = fixed.rename(
        columns={"case_id": "attempt_id", "event": "fought", "missing": "fixed_missing"}
    )
    fixed["last"] = fixed["t0"] + fixed["peace_years"]
    spread = joins.case_years(
        fixed,
        start="t0",
        end="last",
        event="fought",
        until="last",
        name="years at risk",
        key="attempt_id",
        row_id="case_id",
    )
    out = spread.data.assign(
        case_id=spread.data["attempt_id"] + "-" + spread.data["stop"].astype(str),
        year_begins=pd.to_datetime(spread.data["year"].astype(str) + "-01-01"),
    )
    out = out.merge(
        wide(_yearly(ground, out, decided)), on="case_id", how="left", validate="one_to_one"
    )
    out["un_mission"] = out["un_mission"].astype("boolean")
    own = out.pop("fixed_missing").map(_controls_only)
    out["missing"] = [
        "; ".join(part for part in (a, b) if isinstance(part, str)) or None
        for a, b in zip(own, out["missing"], strict=True)
    ]
    return out[CASE_YEARS_SCHEMA.names]


def not_seen(whole: pd.DataFrame) -> pd.DataFrame:
    """The eligible attempts, one a window, of which no year after
    t0 is covered: they have no row.
    """
    return whole[
        whole["eligible"].astype(bool)
        & whole["one_a_window"].astype(bool)
        & (whole["peace_years"] == 0)
    ]


def _controls_only(text: object) -> str | None:
    """Of the reasons of an attempt those of the controls: its
    context is read anew for every year.
    """
    parts = (
        [p for p in str(text).split("; ") if p.split(":")[0] in CONTROLS]
        if isinstance(text, str)
        else []
    )
    return "; ".join(parts) or None


def _yearly(ground: Ground, rows: pd.DataFrame, decided: Decided) -> pd.DataFrame:
    """Values of every year, long, with source and reason."""
    state = rows["country"].astype("Int64").mask(rows["several_governments"].astype(bool))
    before = pd.DataFrame({"case_id": rows["case_id"], "country": state, "year": rows["year"] - 1})
    wanted = {c.variable: c for c in CONTEXT}
    parts = [country_year(before, ground.sources[wanted[v].source_id], wanted[v]) for v in YEARLY]
    return pd.concat([*parts, _mission_years(ground, rows, decided)], ignore_index=True)


def _mission_years(ground: Ground, rows: pd.DataFrame, decided: Decided) -> pd.DataFrame:
    """Whether a UN mission was in the state on 1 January; of a conflict over several governments
    the state that is its cluster.
    """
    here, last = un_presence(ground.sources[UN], decided), ground.sources[UN].source.last_year
    still = translate_many(rows["country"], rows["year"], "gw", "gw")
    out = []
    for case, country, year, code, why in zip(
        rows["case_id"],
        rows["country"],
        rows["year"],
        still["translated"],
        still["reason"],
        strict=True,
    ):
        reason = (
            str(why)
            if pd.isna(code)
            else f"outside coverage: {UN} ends in {last}"
            if year > last
            else None
        )
        missions = here.get((int(country), int(year)), [])
        first_day = datetime.date(int(year), 1, 1)
        present = any(m.began is not None and m.began <= first_day for m in missions)
        value = None if reason else float(present)
        out.append((case, "un_mission", value, str(year), f"{UN} start_date, end_date", reason))
    names = ["case_id", "variable", "value", "year", "source", "reason"]
    return pd.DataFrame(out, columns=names).astype({"value": "float64", "reason": "object"})
