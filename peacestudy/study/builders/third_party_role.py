"""The builder of the study third_party_role: what third parties did in
every agreement of study A, as coders read it.

The coders' sheets stand in ``sheets/``, a file a coder, as they came back;
the builder merges them and settles nothing.
"""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from peacestudy.coding import CodingSheet, merge, read_sheet
from peacestudy.coding.coding import SHEET_SCHEMA
from peacestudy.core.codebook import Codebook
from peacestudy.core.schema import Field, Schema
from peacestudy.core.settings import inside
from peacestudy.core.tables import read_table
from peacestudy.errors import SourceError
from peacestudy.study.builders.releases import AS_NAMED, Releases

PAX = "pax_v10"
NEEDED = (PAX,)
SIGNATURES = ("ImUN", "ImOth")
MEMBERS = Schema(
    (
        Field("case_id", required=True),
        Field("agreement_id", "integer", required=True),
        Field("role", required=True),
    )
)


@dataclass(frozen=True)
class RoleRule:
    """Which agreements are coded; see the comments in study.toml."""

    attempts_of: str
    sheets: str


TABLES: dict[str, Schema] = {
    "cases": Schema(
        (
            Field("case_id", required=True, pattern=r"[\w.-]+"),
            Field("label", required=True),
            Field("t0", "year", required=True, description="year of the agreement"),
            Field("agreement_id", "integer", required=True, description="AgtId of PA-X"),
            Field(
                "attempt_id",
                required=True,
                description="settlement attempt of study peace_agreements that it belongs to",
            ),
            Field(
                "scored",
                "boolean",
                required=True,
                description="its text counts for the attempt; else it follows up",
            ),
            Field(
                "blank", "boolean", required=True, description="the field on third parties is blank"
            ),
            Field(
                "signature",
                "boolean",
                required=True,
                description=(
                    "another column of PA-X gives a signature of the UN or another outsider"
                ),
            ),
            Field("source", required=True),
        ),
        key=("case_id",),
    ),
    "codings": SHEET_SCHEMA,
}


def build(
    raw: Path, rule: RoleRule, codebook: Codebook, folder: Path, releases: Releases = AS_NAMED
) -> dict[str, pd.DataFrame]:
    """Build every table of the study.

    Parameters
    ----------
    raw : folder with the source files.
    rule : which agreements, from study.toml.
    codebook : by which the sheets were coded.
    folder : the study, for its sheets; the study whose attempts are coded stands beside it.
    releases : which release of each source is read; without it those that the study names.

    Raises
    ------
    SourceError
        A file is missing, of another release, or an agreement of an attempt is not in it.
    CodingError
        A sheet has problems, or none is there.
    """
    documents = releases.read(NEEDED, raw)[PAX].table.set_index("AgtId")
    members = read_table(
        folder.parent / inside(rule.attempts_of, "attempts_of") / "agreements.csv", MEMBERS
    )
    strange = sorted(set(members["agreement_id"]) - set(documents.index))
    if strange:
        raise SourceError(
            f"{len(strange)} agreement(s) of {rule.attempts_of} are not in {PAX}, for example"
            f" {strange[:5]}."
        )
    members = members.sort_values("agreement_id", ignore_index=True)
    own = documents.loc[members["agreement_id"].astype(int)]
    cases = pd.DataFrame(
        {
            "case_id": "agt-" + members["agreement_id"].astype(str),
            "label": "PA-X agreement " + members["agreement_id"].astype(str),
            "t0": own["Dat"].dt.year.to_numpy(),
            "agreement_id": members["agreement_id"],
            "attempt_id": members["case_id"],
            "scored": members["role"].eq("scored"),
            "blank": own["ThrdPart"].fillna("").str.strip().eq("").to_numpy(),
            "signature": (own[list(SIGNATURES)] > 0).any(axis=1).to_numpy(),
            "source": [f"{PAX} AgtId {i}" for i in members["agreement_id"]],
        }
    )
    return {
        "cases": cases[TABLES["cases"].names],
        "codings": (
            sheets(folder / inside(rule.sheets, "sheets"), codebook).table[SHEET_SCHEMA.names]
        ),
    }


def sheets(folder: Path, codebook: Codebook) -> CodingSheet:
    """The sheets of all coders as one."""
    return merge([read_sheet(path, codebook) for path in sorted(folder.glob("*.csv"))])
