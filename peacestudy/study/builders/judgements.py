"""Judgements on cases that stand in files of the study's folder, each with its reason and source:
successes that may be doubted, and what an expert would object to well-known cases.
"""

from pathlib import Path

import pandas as pd

from peacestudy.core.schema import Field, Schema
from peacestudy.core.tables import read_table
from peacestudy.errors import SourceError
from peacestudy.study.builders.attempt_cases import Attempts

FOLDER = "judgements"
DOUBTS_SCHEMA = Schema(
    (
        Field("case_id", required=True, description="a case counted as lasting peace"),
        Field("reason", required=True, description="why the success may be doubted"),
        Field("source", required=True),
    ),
    key=("case_id",),
)
OBJECTIONS_SCHEMA = Schema(
    (
        Field("name", required=True, description="the agreement as it is known"),
        Field("agreement_id", "integer", required=True, description="AgtId of PA-X"),
        Field("objection", required=True, description="what an expert would object or add"),
        Field("source", required=True),
    ),
    key=("name",),
)
KNOWN_CASES_SCHEMA = Schema(
    (
        *OBJECTIONS_SCHEMA.fields[:2],
        Field("case_id", description="the attempt whose scored texts include it"),
        *OBJECTIONS_SCHEMA.fields[2:],
    ),
    key=("name",),
)
UNDOUBTED = Field(
    "peace_undoubted",
    "boolean",
    description=f"lasting_peace, but false in the cases of {FOLDER}/doubtful_successes.csv",
)


def with_doubts(outcomes: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """Outcomes with ``peace_undoubted``: doubtful successes count as failures.

    Raises
    ------
    SourceError
        A case of the file is no success.
    """
    doubts = read_table(folder / FOLDER / "doubtful_successes.csv", DOUBTS_SCHEMA)
    peace = outcomes.set_index("case_id")["lasting_peace"].astype("boolean")
    successes = set(peace.index[peace.fillna(False)])
    strange = [case for case in doubts["case_id"] if case not in successes]
    if strange:
        raise SourceError(
            f"{FOLDER}/doubtful_successes.csv has {', '.join(strange)}, which is no case with"
            " lasting peace. Correct the case or leave it out."
        )
    doubtful = outcomes["case_id"].isin(doubts["case_id"])
    undoubted = outcomes["lasting_peace"].astype("boolean").mask(doubtful, False)
    return outcomes.assign(peace_undoubted=undoubted)


def known_cases(attempts: Attempts, folder: Path) -> pd.DataFrame:
    """The well-known agreements, the attempt to which each belongs, and the objections."""
    table = read_table(folder / FOLDER / "known_cases.csv", OBJECTIONS_SCHEMA)
    case_of = attempts.scored.drop_duplicates("agreement_id").set_index("agreement_id")["case_id"]
    table["case_id"] = table["agreement_id"].map(case_of)
    return table[KNOWN_CASES_SCHEMA.names]
