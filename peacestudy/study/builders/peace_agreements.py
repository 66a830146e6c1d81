"""The builder of the study peace_agreements: from public files to
the study's own case tables, deterministic.

Nothing is copied: a table holds what is computed from the
sources, each value with the source it rests on.
"""

from pathlib import Path

import pandas as pd

from peacestudy.coding.coding import CODING_SCHEMA
from peacestudy.coding.rule_coding import code_topics
from peacestudy.core.codebook import Codebook
from peacestudy.core.ledger import LEDGER_SCHEMA, Entry
from peacestudy.core.schema import Field, Schema
from peacestudy.outcomes.attempts import is_substantive
from peacestudy.outcomes.context import CONTEXT, COVARIATES_SCHEMA
from peacestudy.study.builders.attempt_cases import (
    ACD,
    ATTEMPTS_SCHEMA,
    PAX,
    Attempts,
    CaseRule,
    Ground,
    cases_of,
    known_agreements,
    read_ground,
    spans,
)
from peacestudy.study.builders.attempt_findings import findings
from peacestudy.study.builders.attempt_tables import (
    OUTCOMES,
    WHOLE_SCHEMA,
    attempt_tables,
    outcomes,
    whole_table,
)
from peacestudy.study.builders.case_years import CASE_YEARS_SCHEMA, case_years
from peacestudy.study.builders.conflict_years import (
    ATTEMPTS_OUTSIDE_SCHEMA,
    CONFLICT_YEARS_SCHEMA,
    attempts_outside,
    conflict_years,
)
from peacestudy.study.builders.controls import TJET, covariates, war_readings
from peacestudy.study.builders.implementation import IMPLEMENTATION_SCHEMA, observed_promises
from peacestudy.study.builders.judgements import (
    KNOWN_CASES_SCHEMA,
    UNDOUBTED,
    known_cases,
    with_doubts,
)
from peacestudy.study.builders.missions import THIRD, UN
from peacestudy.study.builders.politics import LEADERS, politics
from peacestudy.study.builders.releases import AS_NAMED, Releases

__all__ = ["NEEDED", "TABLES", "CaseRule", "build"]

NEEDED = (
    PAX,
    ACD,
    *dict.fromkeys(c.source_id for c in CONTEXT),
    TJET,
    UN,
    THIRD,
    LEADERS,
)  # ids of the sources that are read
AGREEMENTS_SCHEMA = Schema(
    (
        Field("case_id", required=True),
        Field("agreement_id", "integer", required=True, description="AgtId of PA-X"),
        Field("role", required=True, enum=("scored", "follow_up")),
        Field("substantive", "boolean", required=True),
    ),
    key=("case_id", "agreement_id"),
)
TABLES: dict[str, Schema] = {
    "cases": ATTEMPTS_SCHEMA,
    "agreements": AGREEMENTS_SCHEMA,
    "codings": CODING_SCHEMA,
    "outcomes": Schema((*OUTCOMES.fields[:-1], UNDOUBTED, OUTCOMES.fields[-1]), OUTCOMES.key),
    "covariates": COVARIATES_SCHEMA,
    "ledger": LEDGER_SCHEMA,
    "attempts_gap_730": WHOLE_SCHEMA,
    "attempts_anchor": WHOLE_SCHEMA,
    "attempts_first_agreement": WHOLE_SCHEMA,
    "attempts_largest_text": WHOLE_SCHEMA,
    "attempts_agreed": WHOLE_SCHEMA,
    "case_years": CASE_YEARS_SCHEMA,
    "conflict_years": CONFLICT_YEARS_SCHEMA,
    "attempts_outside": ATTEMPTS_OUTSIDE_SCHEMA,
    "implementation": IMPLEMENTATION_SCHEMA,
    "known_cases": KNOWN_CASES_SCHEMA,
}


def build(
    raw: Path, rule: CaseRule, codebook: Codebook, folder: Path, releases: Releases = AS_NAMED
) -> dict[str, pd.DataFrame]:
    """Build every table of the study.

    Parameters
    ----------
    raw : folder with the source files.
    rule : how cases are made, from study.toml.
    codebook : what is coded.
    folder : the study, for decisions that stand in it.
    releases : which release of each source is read; without it those that the study names.

    Raises
    ------
    SourceError
        A file is missing, cut off, of another release, or breaks its schema; or something found in
        a source has no decision.
    """
    ground = read_ground(raw, NEEDED, rule, codebook, folder, releases)
    attempts = cases_of(ground, spans(ground, rule.attempts()))
    whole = whole_table(ground, attempts)
    decided = releases.decide(findings(ground, attempts, whole), folder)
    at_risk = conflict_years(ground, attempts.cases)
    tables = {
        **_base(ground, attempts),
        **attempt_tables(ground),
        "case_years": case_years(ground, whole, decided),
        "conflict_years": at_risk,
        "attempts_outside": attempts_outside(attempts.cases, at_risk),
        "implementation": observed_promises(ground, attempts, decided),
        "known_cases": known_cases(attempts, folder),
    }
    return {name: tables[name][schema.names] for name, schema in TABLES.items()}


def _base(ground: Ground, attempts: Attempts) -> dict[str, pd.DataFrame]:
    """The tables that ``Study.frame`` joins, and the ledger of how the cases were reached."""
    return {
        "cases": attempts.cases,
        "agreements": attempts.members,
        "codings": code_topics(ground.documents, attempts.scored, ground.codebook, PAX),
        "outcomes": with_doubts(outcomes(ground, attempts.cases), ground.folder),
        "covariates": (
            pd.concat(
                [
                    covariates(ground, attempts, attempts.scored),
                    war_readings(ground, attempts.cases),
                    politics(ground, attempts.cases),
                ]
            ).sort_values(["case_id", "variable"], ignore_index=True)
        ),
        "ledger": _ledger(ground, attempts),
    }


def _ledger(ground: Ground, attempts: Attempts) -> pd.DataFrame:
    agreements, ledger = known_agreements(ground.pax, ground.fighting)
    substantive = int(is_substantive(agreements).sum())
    roles = attempts.members["role"].value_counts()
    ledger += Entry(
        "substantive agreements",
        "keep",
        "agreement",
        len(agreements),
        substantive,
        left_out=len(agreements) - substantive,
        why=(
            "stage SubPar or SubComp, type Intra or InterIntra make an attempt; as texts"
            f" {roles['scored']} of the {len(agreements)} are scored, {roles['follow_up']} are"
            f" follow-up, {len(agreements) - len(attempts.members)} belong to none"
        ),
    )
    ledger += Entry(
        "attempts",
        "gather",
        "settlement attempt",
        substantive,
        len(attempts.cases),
        why=f"runs with gaps of at most {ground.rule.gap_days} days",
    )
    return ledger.table()
