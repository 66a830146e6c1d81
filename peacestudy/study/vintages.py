"""What other releases of its sources do to a study: computed once from
the source files, kept as tables of the study.
"""

from collections.abc import Mapping

import pandas as pd

from peacestudy.core.schema import Field, Schema
from peacestudy.outcomes import SOURCES, Vintages

# the releases on which a study is compared, the older first
RELEASES: Mapping[str, Mapping[str, tuple[str, ...]]] = {"peace_agreements": {"pax": ("v9", "v10")}}
STATUS = ("entered", "left", "moved", "changed", "same")
_PAIR = (Field("old_release", required=True), Field("new_release", required=True))
_CASES = (
    Field("old_case_id", description="missing where the case entered"),
    Field("new_case_id", description="missing where it left"),
)
_SOURCE = Field(
    "source", required=True, description="files of the releases, and how their sha256 begins"
)
TABLES: dict[str, Schema] = {
    "vintages": Schema(
        (
            *_PAIR,
            *_CASES,
            Field("label", required=True),
            Field(
                "status",
                required=True,
                enum=STATUS,
                description="moved: another id, the same texts",
            ),
            *(
                Field(
                    f"{when}_left_at",
                    description="step that leaves it out of the primary sample, if any",
                )
                for when in ("old", "new")
            ),
            *(Field(f"{when}_outcome", "boolean") for when in ("old", "new")),
            *(
                Field(f"texts_{what}", "integer", required=True, minimum=0, unit="texts")
                for what in ("gone", "new")
            ),
            Field(
                "shares_texts_with",
                description="other cases of the other release that hold some of its texts",
            ),
            Field("changed", description="columns whose value changed"),
            _SOURCE,
        )
    ),
    "vintage_changes": Schema(
        (
            *_PAIR,
            *_CASES,
            Field(
                "column",
                required=True,
                description="column of the joined table; texts: ids of agreements gone, and new",
            ),
            Field("old"),
            Field("new"),
            _SOURCE,
        )
    ),
    "vintage_counts": Schema(
        (
            Field("release", required=True),
            Field("step", required=True),
            Field("unit", required=True),
            Field("rows", "integer", required=True, minimum=0),
            Field(
                "events", "integer", minimum=0, description="with the outcome; where rows are cases"
            ),
            _SOURCE,
        ),
        key=("release", "step"),
    ),
    "vintage_findings": Schema(
        (
            Field("release", required=True),
            Field("id", required=True, description="hypothesis of study.toml"),
            Field("model", required=True),
            Field("terms", required=True),
            *(Field(c, "integer", required=True, minimum=0) for c in ("n", "n_events")),
            *(Field(c, "number") for c in ("odds_ratio", "conf_low", "conf_high")),
            Field("p_value", "number", required=True),
            Field(
                "p_adjusted",
                "number",
                required=True,
                description="adjusted over the family by the declared rule",
            ),
            *(
                Field(c, "number", description="a check that decides nothing")
                for c in ("p_profile", "p_permutation")
            ),
            Field("decision", required=True),
            _SOURCE,
        ),
        key=("release", "id"),
    ),
}


def other_releases(study: str) -> list[str]:
    """Ids of every release on which a study is compared."""
    return [f"{family}_{r}" for family, names in RELEASES.get(study, {}).items() for r in names]


def vintage_tables(found: Vintages) -> dict[str, pd.DataFrame]:
    """The tables that a study keeps of a comparison, by name; each row
    with the files and bytes that it rests on.
    """
    tables = {
        "vintages": _sealed(found.cases, "old_release", "new_release"),
        "vintage_changes": _sealed(found.changes, "old_release", "new_release"),
        "vintage_counts": _sealed(found.counts, "release"),
        "vintage_findings": _sealed(found.findings, "release"),
    }
    return {name: tables[name][schema.names] for name, schema in TABLES.items()}


def _sealed(table: pd.DataFrame, *releases: str) -> pd.DataFrame:
    ids = table[list(releases)].itertuples(index=False, name=None)
    told = [
        "; ".join(f"{SOURCES[i].file} sha256 {SOURCES[i].sha256[:12]}..." for i in row)
        for row in ids
    ]
    return table.assign(source=told)
