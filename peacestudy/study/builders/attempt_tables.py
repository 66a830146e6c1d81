"""The case table under other rules: what the base would be if
attempts, clock or text were taken otherwise.

Every table has the columns of ``WHOLE_SCHEMA`` and is joined already: case, outcome, scores,
covariates. The functions are those of the base, so a table under the base's own rule equals the
joined base.
"""

from dataclasses import replace

import pandas as pd

from peacestudy.coding import Coding, score
from peacestudy.coding.rule_coding import code_topics
from peacestudy.core.schema import Field, Schema
from peacestudy.errors import CodebookError
from peacestudy.outcomes.attempts import at_first_agreement, largest_text, non_overlapping
from peacestudy.outcomes.peace import OTHER_OUTCOMES, OUTCOMES_SCHEMA, lasting_peace, other_outcomes
from peacestudy.study.builders.attempt_cases import (
    ACD,
    ATTEMPTS_SCHEMA,
    PAX,
    Attempts,
    Ground,
    cases_of,
    spans,
)
from peacestudy.study.builders.controls import covariates

OUTCOMES = Schema(
    (*OUTCOMES_SCHEMA.fields[:-1], *OTHER_OUTCOMES, OUTCOMES_SCHEMA.fields[-1]), OUTCOMES_SCHEMA.key
)
PILLARS = ("diplomacy", "resources", "norms", "economy", "environment", "community", "institutions")
SCORES = (
    *PILLARS,
    "power_sharing",
    "breadth",
    "dimension_political",
    "dimension_economic",
    "dimension_social",
    "dimension_environmental",
    "weakest_dimension",
)
CONTROLS = (
    "pages",
    "active",
    "war_years",
    "territory",
    "comprehensive",
    "prior_attempts",
    "trend",
    "battle_deaths",
    "battle_deaths_high",
)
CONTEXT = (
    "polyarchy",
    "polyarchy_low",
    "polyarchy_high",
    "executive_constraints",
    "legislative_constraints",
    "judicial_constraints",
    "gdp_per_capita",
    "population",
    "trade_openness",
    "igo_memberships",
)
ONLY_OF_THE_BASE = ("n_follow_up", "eligible_calendar", "one_a_window_calendar", "source")
AGREED = "Multiparty signed/agreed"
SCORE_FIELDS = tuple(Field(name, "number", required=True, minimum=0, maximum=1) for name in SCORES)
MISSING = Field("missing", description="the covariates that are missing, each with the reason")
WHOLE_SCHEMA = Schema(
    (
        *(f for f in ATTEMPTS_SCHEMA.fields if f.name not in ONLY_OF_THE_BASE),
        *OUTCOMES.fields[1:-1],
        *SCORE_FIELDS,
        *(Field(name, "number") for name in (*CONTROLS, *CONTEXT)),
        MISSING,
        Field("source", required=True),
    ),
    key=("case_id",),
)


def attempt_tables(ground: Ground) -> dict[str, pd.DataFrame]:
    """The case table under five other rules, by name."""
    rule = ground.rule.attempts()
    base = spans(ground, rule)
    first = at_first_agreement(base, ground.agreements)
    attempts = cases_of(ground, base)
    return {
        "attempts_gap_730": whole_table(
            ground, cases_of(ground, spans(ground, replace(rule, gap_days=730)))
        ),
        "attempts_anchor": whole_table(
            ground, cases_of(ground, spans(ground, replace(rule, rule="anchor")))
        ),
        "attempts_first_agreement": whole_table(ground, cases_of(ground, first)),
        "attempts_largest_text": whole_table(ground, attempts, largest(ground, attempts)),
        "attempts_agreed": whole_table(ground, *with_agreed_texts(ground, attempts)),
    }


def with_agreed_texts(ground: Ground, attempts: Attempts) -> tuple[Attempts, pd.DataFrame]:
    """The attempts with a text that several parties signed or agreed to, and these texts; one
    attempt a window among them.
    """
    status = ground.pax.set_index("AgtId")["Status"]
    texts = attempts.scored
    agreed = texts[texts["agreement_id"].map(status) == AGREED]
    kept = attempts.cases["case_id"].isin(agreed["case_id"])
    cases = attempts.cases[kept]
    first = non_overlapping(cases[cases["eligible"]], ground.rule.horizon)
    cases = cases.assign(one_a_window=first.reindex(cases.index, fill_value=False))
    members = attempts.members[attempts.members["case_id"].isin(cases["case_id"])]
    return Attempts(cases, members), agreed


def largest(ground: Ground, attempts: Attempts) -> pd.DataFrame:
    """The longest scored agreement of every case."""
    pax = ground.pax.set_index("AgtId")
    return largest_text(attempts.scored, pax["Lgt"], pax["Dat"])


def outcomes(ground: Ground, cases: pd.DataFrame) -> pd.DataFrame:
    """What came after every case, the columns of ``OUTCOMES``."""
    rule = ground.rule.peace()
    after = lasting_peace(cases, ground.fighting, rule, ACD)
    other = other_outcomes(cases, ground.fighting, ground.war, rule)
    return after.merge(other, on="case_id", validate="one_to_one")[OUTCOMES.names]


def whole_table(
    ground: Ground, attempts: Attempts, texts: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Cases with outcome, scores and covariates: the columns of ``WHOLE_SCHEMA``.

    Parameters
    ----------
    attempts : cases and their members.
    texts : ``case_id, agreement_id``, the agreements whose topics and
        pages count; None takes all that are scored.

    Raises
    ------
    CodebookError
        The codebook has no pillar, or no dimension, of a name that the table has.
    """
    texts = attempts.scored if texts is None else texts
    codings = code_topics(ground.documents, texts, ground.codebook, PAX)
    scores = score(Coding(codings, ground.codebook))
    if absent := [name for name in SCORES if name not in scores.columns]:
        raise CodebookError(
            f"codebook {ground.codebook.id} gives no score {', '.join(absent)}. Restore it, or"
            " change SCORES."
        )
    long = covariates(ground, attempts, texts)
    after = outcomes(ground, attempts.cases).drop(columns="source")
    count = texts.groupby("case_id").size()
    out = attempts.cases.assign(n_scored=attempts.cases["case_id"].map(count))
    for part in (after, scores, wide(long)):
        out = out.merge(part, on="case_id", how="left", validate="one_to_one")
    return out[WHOLE_SCHEMA.names].sort_values(["conflict_id", "t0"], ignore_index=True)


def wide(long: pd.DataFrame) -> pd.DataFrame:
    """Covariates with a column a variable, and ``missing``: the
    variables without a value, each with its reason.
    """
    out = long.pivot(index="case_id", columns="variable", values="value").rename_axis(columns=None)
    gaps = long[long["value"].isna()]
    said = (gaps["variable"] + ": " + gaps["reason"]).groupby(gaps["case_id"]).agg("; ".join)
    out["missing"] = said.reindex(out.index).astype(object).where(lambda s: s.notna(), None)
    return out.reset_index()
