"""The builder of the study double_coding: units that several raters rated.

Of the bank's projects a yes or no is kept for every rater and criterion, case by case. Of the other
material only how often each combination of codes occurs is kept: agreement needs no more, and no
source's table is restated.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from peacestudy.coding.coding import SHEET_SCHEMA
from peacestudy.coding.splitting import Splitting, split_values
from peacestudy.core.codebook import Codebook
from peacestudy.core.schema import Field, Schema
from peacestudy.errors import SourceError
from peacestudy.outcomes.registry.double_ratings import CRITERIA
from peacestudy.study.builders.releases import AS_NAMED, Releases

ADB, TERROR, VIOLENCE, POSITIONS = "adb_aer_2024", "pts_2024", "svac_3.2", "issue_positions"
NEEDED = (ADB, TERROR, VIOLENCE, POSITIONS)
RATERS = {"PCR": "adb_staff", "PVR": "adb_independent"}
LATEST = "IED"  # of the independent department: its full evaluation, else its validation
READERS = {
    "terror": {"PTS_A": "amnesty", "PTS_H": "human_rights_watch", "PTS_S": "state_department"},
    "sexual_violence": {
        "ai_prev": "amnesty",
        "hrw_prev": "human_rights_watch",
        "state_prev": "state_department",
    },
    "stance": {"NR": "coder_1", "JF": "coder_2", "WvA": "coder_3"},
}
GRADES = {  # the four grades of the bank, by criterion; True for the upper two
    "overall rating": {
        "highly successful": True,
        "successful": True,
        "less than successful": False,
        "unsuccessful": False,
    },
    "relevance": {
        "highly relevant": True,
        "relevant": True,
        "less than relevant": False,
        "irrelevant": False,
    },
    "effectiveness": {
        "highly effective": True,
        "effective": True,
        "less than effective": False,
        "ineffective": False,
    },
    "efficiency": {
        "highly efficient": True,
        "efficient": True,
        "less than efficient": False,
        "inefficient": False,
    },
    "sustainability": {
        "most likely sustainable": True,
        "likely sustainable": True,
        "less than likely sustainable": False,
        "unlikely sustainable": False,
    },
}
FOUR = {"highly successful": 3, "successful": 2, "less than successful": 1, "unsuccessful": 0}
NOT_RATED = ("", "na", "nr")
TOPICS = {  # a topic as the coders wrote it in either round, and its indicator
    "Immigratie": "immigration",
    "Natuur en Klimaat": "nature",
    "Sociale zekerheid": "social_security",
    "Beter Bestuur": "government",
    "Internat.recht en ontw. samenwerking": "international_law",
    "Burgerrechten": "civil_rights",
    "Woningbouw": "housing",
    "Woning(bouw)": "housing",
    "Energie": "energy",
    "Criminaliteits bestrijding": "crime",
    "Criminaliteits bestrijding veiligheid": "crime",
    "Werkgelegenheid": "employment",
    "Werk (gelegenheid)": "employment",
    "Investeren in onderwijs en wetenschap": "education",
    "Onderwijs en wetenschap": "education",
    "Investeren in wegen en ov": "infrastructure",
    "Infrastructuur": "infrastructure",
    "Europese Unie": "european_union",
    "Gezondh.zorg en welzijn": "health",
    "Gezondheids (zorg)": "health",
    "Boeren": "farming",
    "Boeren platteland": "farming",
    "Ondernemers klimaat": "business",
    "Cultuur": "culture",
    "Investeren in Cultuur": "culture",
    "Overheidsfin. op orde": "public_finance",
    "Overheidsfin. op orde (belastingen)": "public_finance",
    "Ander/geen onderwerp": "no_issue",
    "Geen onderwerp": "no_issue",
    "Ander onderwerp": "no_issue",
}
STANCES = {"Tegen": 0, "Neutraal": 1, "Voor": 2}


@dataclass(frozen=True)
class RatedRule:
    """How the material is taken; see the comments in study.toml."""

    digits: int
    approved_from: int
    list_year: int = 0


TABLES: dict[str, Schema] = {
    "cases": Schema(
        (
            Field("case_id", required=True, pattern=r"[\w.-]+"),
            Field(
                "label",
                required=True,
                description="reference of the independent rating, and the project",
            ),
            Field("t0", "year", required=True, description="year of approval"),
            Field("source", required=True),
        ),
        key=("case_id",),
    ),
    "projects": Schema(
        (
            Field("case_id", required=True),
            Field(
                "country",
                required=True,
                description="the bank's code of the country or region; cluster of the models",
            ),
            Field(
                "success_staff",
                "boolean",
                required=True,
                description="the staff's overall rating is one of the upper two grades",
            ),
            Field(
                "success_independent",
                "boolean",
                required=True,
                description="so is the independent one",
            ),
            Field(
                "success_final",
                "boolean",
                required=True,
                description="so is the latest independent one, of a full evaluation if any",
            ),
            Field(
                "staff_only",
                "boolean",
                required=True,
                description="success by the staff's rating and not by the independent one",
            ),
            Field(
                "approved",
                "year",
                required=True,
                description="year of approval; clock of the regressors",
            ),
            Field(
                "list_year",
                "year",
                required=True,
                description="year of the list that classifies the countries",
            ),
            Field(
                "fragile",
                "boolean",
                required=True,
                description="on that list as fragile or in conflict",
            ),
            Field(
                "small_island",
                "boolean",
                required=True,
                description="on that list as a small island state",
            ),
            Field(
                "program",
                "boolean",
                required=True,
                description="money for a reform programme, alone or with a project",
            ),
            Field(
                "ln_amount",
                "number",
                required=True,
                unit="log of million US dollars",
                description="approved amount, rounded",
            ),
            Field(
                "late",
                "boolean",
                required=True,
                description="approved in or after the year study.toml names",
            ),
            Field("source", required=True),
        ),
        key=("case_id",),
    ),
    "codings": SHEET_SCHEMA,
    "patterns": Schema(
        (
            Field("indicator_id", required=True),
            Field("raters", required=True, description="the raters, in the order of their codes"),
            Field(
                "codes", required=True, description="a code a rater; . where the rater gave none"
            ),
            Field("n", "integer", required=True, minimum=1, description="units with these codes"),
            Field("source", required=True),
        ),
        key=("indicator_id", "raters", "codes"),
    ),
}


def build(
    raw: Path, rule: RatedRule, codebook: Codebook, folder: Path, releases: Releases = AS_NAMED
) -> dict[str, pd.DataFrame]:
    """Build every table of the study.

    Parameters
    ----------
    raw : folder with the source files.
    rule : from study.toml.
    codebook : its indicators are those that are filled.
    folder : not read.
    releases : which release of each source is read; without it those that the study names.

    Raises
    ------
    SourceError
        A file is missing, of another release, or holds a word that no anchor knows.
    """
    tables = {i: found.table for i, found in releases.read(NEEDED, raw).items()}
    projects = tables[ADB].reset_index(names="row")
    projects = projects[
        (projects["AER Ratings Tag"] == "1") & (projects["PVR overall rating"] != "na")
    ]
    cases = _projects(projects.reset_index(drop=True), rule)
    built = {
        "cases": cases,
        "projects": cases,
        "codings": _codes(projects.reset_index(drop=True), cases),
        "patterns": pd.concat(
            [
                _patterns(_grades(projects), "grade", ADB),
                _patterns(_levels(tables[TERROR], "terror", 1), "terror", TERROR),
                _patterns(
                    _levels(tables[VIOLENCE], "sexual_violence", 0), "sexual_violence", VIOLENCE
                ),
                *_positions(tables[POSITIONS], codebook),
            ],
            ignore_index=True,
        ),
    }
    return {name: built[name][schema.names] for name, schema in TABLES.items()}


def _word(values: "pd.Series[str]", known: Mapping[str, object], what: str) -> list[object]:
    """Each word by its meaning; what is not rated is None, and a
    word that is not known stops the build.
    """
    words = [str(v).strip().lower() if pd.notna(v) else "" for v in values]
    strange = sorted({w for w in words if w not in known and w not in NOT_RATED})
    if strange:
        raise SourceError(
            f"{what} holds {', '.join(map(repr, strange[:5]))}; known are {', '.join(known)}."
        )
    return [known.get(w) for w in words]


def _projects(rated: pd.DataFrame, rule: RatedRule) -> pd.DataFrame:
    amount = pd.to_numeric(rated["Approved amount (USD mil)"]).astype(float)
    year = pd.to_numeric(rated["Approval Year"]).astype(int)
    staff, independent, final = (
        _word(rated[f"{who} overall rating"], GRADES["overall rating"], who)
        for who in (*RATERS, LATEST)
    )
    cases = pd.DataFrame(
        {
            "case_id": [f"adb-{n + 1:04d}" for n in range(len(rated))],
            "label": rated["IED Reference Number"] + ", project " + rated["Project No."],
            "t0": year,
            "country": rated["Country Code"],
            "success_staff": staff,
            "success_independent": independent,
            "success_final": final,
            "approved": year,
            "list_year": rule.list_year,
            "fragile": rated["FCAS"].eq("FCAS"),
            "small_island": rated["SIDS"].eq("SIDS"),
            "program": rated["Modality"].str.contains("Program", regex=False),
            "ln_amount": np.log(amount).round(rule.digits) + 0.0,
            "late": year >= rule.approved_from,
            "source": [f"{ADB} row {n + 1}" for n in rated["row"]],
        }
    )
    independent_too = cases["success_independent"].astype(bool)
    cases["staff_only"] = cases["success_staff"].astype(bool) & ~independent_too
    return cases


def _codes(rated: pd.DataFrame, cases: pd.DataFrame) -> pd.DataFrame:
    """A row a project, criterion and rater."""
    parts = []
    for what in ("overall rating", *CRITERIA):
        for who, coder in RATERS.items():
            column = f"{who} {what}"
            found = [
                None if v is None else int(bool(v))
                for v in _word(rated[column], GRADES[what], column)
            ]
            parts.append(
                pd.DataFrame(
                    {
                        "case_id": cases["case_id"],
                        "indicator_id": "success" if what == "overall rating" else what,
                        "coder": coder,
                        "kind": "human",
                        "code": pd.array(found, dtype="Int64"),
                        "confidence": None,
                        "source": ADB,
                        "locator": [f"row {n + 1}, {column}" for n in rated["row"]],
                        "comment": None,
                        "date": None,
                    }
                )
            )
    return pd.concat(parts, ignore_index=True).sort_values(
        ["case_id", "indicator_id", "coder"], ignore_index=True, kind="stable"
    )


def _grades(rated: pd.DataFrame) -> pd.DataFrame:
    """The four overall grades of both raters."""
    return pd.DataFrame(
        {
            coder: pd.Series(_word(rated[f"{who} overall rating"], FOUR, who), dtype="Int64")
            for who, coder in RATERS.items()
        }
    )


def _levels(table: pd.DataFrame, indicator: str, lowest: int) -> pd.DataFrame:
    """Codes from 0 up of every reader, where one reader at least gave one."""
    wide = pd.DataFrame(
        {
            coder: (table[column].astype("Float64") - lowest).astype("Int64")
            for column, coder in READERS[indicator].items()
        }
    )
    return wide[wide.notna().any(axis=1)]


def _positions(table: pd.DataFrame, codebook: Codebook) -> list[pd.DataFrame]:
    """Entries 'topic : stance' split into the stance and an indicator for every topic."""
    how = Splitting(
        mentioned={word: f"topic_{topic}" for word, topic in TOPICS.items()},
        stance=dict.fromkeys(TOPICS, "stance"),
        values=STANCES,
    )
    sheet = split_values(
        table, codebook, how, unit="unit_id", coders=READERS["stance"], file=POSITIONS
    )
    return [_patterns(sheet.values(i).astype("Int64"), i, POSITIONS) for i in sheet.indicators]


def _patterns(wide: pd.DataFrame, indicator: str, source: str) -> pd.DataFrame:
    """How often each combination of codes occurs."""
    order: Sequence[str] = sorted(wide.columns)
    text = wide[order].astype("string").fillna(".").agg("|".join, axis=1)
    n = text.value_counts().sort_index()
    return pd.DataFrame(
        {
            "indicator_id": indicator,
            "raters": "|".join(order),
            "codes": n.index.astype(object),
            "n": n.to_numpy(),
            "source": source,
        }
    )
