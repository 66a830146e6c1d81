"""The builder of the study onset: every state-year since 1946, whether an
armed conflict began, and the year before it.

No column of a source is copied: a figure is transformed and rounded,
and every missing one stands in ``gaps``.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from peacestudy.core.codebook import Codebook
from peacestudy.core.countries import country_name, state_on
from peacestudy.core.schema import Field, Schema
from peacestudy.core.todays_codes import border_change
from peacestudy.errors import JoinError
from peacestudy.outcomes.onset import (
    INTRASTATE,
    OnsetRule,
    fighting_by_state,
    fought_before,
    onsets,
    peace_years,
    quiet_years,
)
from peacestudy.outcomes.states_by_year import StateYearRule, regional_share, state_years
from peacestudy.study.builders.decisions import Decision, Finding
from peacestudy.study.builders.releases import AS_NAMED, Releases
from peacestudy.study.builders.state_context import (
    COVERAGE_SCHEMA,
    FIGURES,
    GAPS_SCHEMA,
    LOOKUPS,
    coverage,
    figures,
    gaps,
)

ACD, STATES = "ucdp_acd_25.1", "gw_states"
NEEDED = (ACD, STATES, *dict.fromkeys(c.source_id for c in LOOKUPS))
# their sources end in 2014, 2014 and 2018
EARLY = ("ln_trade_openness", "ln_igo_memberships", "executive_constraints")
LATE = ("polyarchy", "ln_gdp_per_capita", "ln_population", "regional_fighting")
STATE, SEVERAL = "state not in the system", "several states"
# other gaps by which UCDP codes onsets, for the variants
OTHER_GAPS = (1, 3, 5, 10)


@dataclass(frozen=True)
class OnsetCaseRule:
    """How state-years and onsets are made; see the comments in study.toml."""

    first_year: int
    last_year: int
    exists: str
    gap: int
    lag: int
    digits: int

    def __post_init__(self) -> None:
        self.states()
        self.onset()

    def states(self) -> StateYearRule:
        """The part that makes state-years."""
        return StateYearRule(self.first_year, self.last_year, self.exists)

    def onset(self) -> OnsetRule:
        """The part that tells onsets."""
        return OnsetRule(self.gap, self.first_year)


def _figure(name: str) -> Field:
    return Field(name, "number", description=f"{FIGURES[name].meaning}; the year before")


def _of_gap(gap: int) -> tuple[Field, Field]:
    onset = f"as onset, with a gap of {gap} calendar years"
    quiet = f"no fighting within the state in the {gap} calendar years before"
    return (
        Field(f"onset_gap_{gap}", "boolean", required=True, description=onset),
        Field(f"quiet_gap_{gap}", "boolean", required=True, description=quiet),
    )


TABLES: dict[str, Schema] = {
    "country_years": Schema(
        (
            Field("case_id", required=True, description="Gleditsch-Ward code and year"),
            Field("label", required=True),
            Field(
                "country",
                "integer",
                required=True,
                description="Gleditsch-Ward code; cluster of the models",
            ),
            Field("year", "year", required=True),
            Field(
                "covariate_year",
                "year",
                required=True,
                description="year of the covariates; its end is the clock of the row",
            ),
            Field(
                "onset",
                "boolean",
                required=True,
                description="a conflict within the state begins, or resumes after the gap",
            ),
            Field(
                "onset_new",
                "boolean",
                required=True,
                description="a conflict within the state is fought for the first time",
            ),
            Field(
                "onset_resumed",
                "boolean",
                required=True,
                description="a conflict that was fought before resumes after the gap",
            ),
            Field(
                "fighting",
                "boolean",
                required=True,
                description="a conflict within the state, of type 3 or 4, is fought in the year",
            ),
            Field(
                "quiet",
                "boolean",
                required=True,
                description="no such conflict was fought in the years of the gap before the year",
            ),
            Field(
                "peace_years",
                "integer",
                required=True,
                minimum=0,
                unit="years",
                description=(
                    "years without such fighting completed before the year, from 1946 or the"
                    " state's first year on"
                ),
            ),
            Field(
                "ever_fought",
                "boolean",
                required=True,
                description=(
                    "such a conflict was fought in an earlier year since 1946; peace_years then"
                    " count from its end"
                ),
            ),
            *(field for gap in OTHER_GAPS for field in _of_gap(gap)),
            Field(
                "new_conflict",
                "boolean",
                required=True,
                description=(
                    "as published: first year of a conflict of type 3 with the state as side A"
                ),
            ),
            Field(
                "spell_years",
                "integer",
                required=True,
                minimum=0,
                unit="years",
                description="as published: peace_years, of type 3 only",
            ),
            Field(
                "regional_fighting",
                "number",
                minimum=0,
                maximum=1,
                description=(
                    "share of the other states of the region with such fighting the year before;"
                    " stands in for neighbours"
                ),
            ),
            *(_figure(name) for name in FIGURES),
            Field(
                "earlier_borders",
                "boolean",
                required=True,
                description=(
                    "the state's borders changed after the year of the covariates, so that a source"
                    " may describe later borders"
                ),
            ),
            Field(
                "complete",
                "boolean",
                required=True,
                description="every figure of the model of prevention is there",
            ),
            Field(
                "complete_late",
                "boolean",
                required=True,
                description="as complete, without the sources that end in 2014 and 2018",
            ),
        ),
        key=("case_id",),
    ),
    "onsets": Schema(
        (
            Field("case_id", required=True, description="state-year"),
            Field(
                "conflict_id",
                "integer",
                required=True,
                description="conflict of UCDP/PRIO that begins",
            ),
            Field(
                "new",
                "boolean",
                required=True,
                description="it was never fought before; otherwise it resumes",
            ),
        ),
        key=("case_id", "conflict_id"),
    ),
    "coverage": COVERAGE_SCHEMA,
    "gaps": GAPS_SCHEMA,
}


def build(
    raw: Path, rule: OnsetCaseRule, codebook: Codebook, folder: Path, releases: Releases = AS_NAMED
) -> dict[str, pd.DataFrame]:
    """Build every table of the study.

    Parameters
    ----------
    raw : folder with the source files.
    rule : how cases are made, from study.toml.
    codebook : not read: nobody codes state-years.
    folder : the study, for ``decisions.tsv``.
    releases : which release of each source is read; without it those that the study names.

    Raises
    ------
    SourceError
        A file is missing, cut off, of another release, or breaks its
        schema; or a data problem is not decided.
    """
    sources = releases.read(NEEDED, raw)
    states = state_years(sources[STATES].table, rule.states())
    conflicts = _conflicts(sources[ACD].table, states, rule, folder, releases)
    table = _outcome(states, conflicts, rule)
    began = onsets(conflicts, rule.onset())
    began.insert(0, "case_id", began["country"].astype(str) + "-" + began["year"].astype(str))
    table["onset"] = table["case_id"].isin(began["case_id"])
    table["onset_new"] = table["case_id"].isin(began.loc[began["new"], "case_id"])
    table["onset_resumed"] = table["case_id"].isin(began.loc[~began["new"], "case_id"])
    table["covariate_year"] = table["year"] - rule.lag
    dates = table[["country", "covariate_year"]].itertuples(index=False, name=None)
    table["earlier_borders"] = [_borders_changed(country, year) for country, year in dates]
    fought = fighting_by_state(conflicts)
    table["regional_fighting"] = regional_share(table, fought, rule.lag, rule.first_year).round(
        rule.digits
    )
    known = figures(table, sources, rule.lag)
    wide = known.pivot(index="case_id", columns="variable", values="value").loc[table["case_id"]]
    for name in FIGURES:
        # a rounded -0.0 is written as 0.0
        table[name] = wide[name].round(rule.digits).to_numpy() + 0.0
    table["complete_late"] = table[list(LATE)].notna().all(axis=1)
    table["complete"] = table["complete_late"] & table[list(EARLY)].notna().all(axis=1)
    built = {
        "country_years": table,
        "onsets": began,
        "coverage": coverage(known, sources),
        "gaps": gaps(known, table),
    }
    return {name: built[name][schema.names] for name, schema in TABLES.items()}


def _conflicts(
    acd: pd.DataFrame, states: pd.DataFrame, rule: OnsetCaseRule, folder: Path, releases: Releases
) -> pd.DataFrame:
    """Years of conflicts within states, each with the one state it
    counts for, after the decisions on the others.
    """
    part = acd[
        acd["type_of_conflict"].isin(INTRASTATE)
        & acd["year"].between(rule.first_year, rule.last_year)
    ]
    members = set(states.itertuples(index=False, name=None))
    wrong: dict[tuple[str, str], list[tuple[str, str, int]]] = {}
    for conflict, place, where, year in part[
        ["conflict_id", "gwno_loc", "location", "year"]
    ].itertuples(index=False, name=None):
        problem = SEVERAL if "," in place else STATE if (int(place), year) not in members else None
        if problem:
            wrong.setdefault((f"conflict {conflict}", problem), []).append(
                (place, where, int(year))
            )
    findings = [
        Finding(
            at,
            problem,
            f"{rows[0][0]} ({rows[0][1]}) in"
            f" {', '.join(str(r[2]) for r in sorted(rows, key=lambda r: r[2]))}",
            ("leave_out", "count_for"),
        )
        for (at, problem), rows in wrong.items()
    ]
    decided = releases.decide(findings, folder)
    kept = []
    for row in part.to_dict("records"):
        problem = SEVERAL if "," in row["gwno_loc"] else STATE
        found = (row["gwno_loc"], row["location"], int(row["year"])) in wrong.get(
            (f"conflict {row['conflict_id']}", problem), ()
        )
        country = _country(
            row["gwno_loc"], decided[f"conflict {row['conflict_id']}", problem] if found else None
        )
        if country is not None:
            kept.append(row | {"country": country})
    return pd.DataFrame(kept)


def _country(place: str, decision: Decision | None) -> int | None:
    """The state that a conflict-year counts for, None where it is left out."""
    if decision is None:
        return int(place)
    return int(decision.value) if decision.decision == "count_for" else None


def _outcome(states: pd.DataFrame, conflicts: pd.DataFrame, rule: OnsetCaseRule) -> pd.DataFrame:
    """State-years with fighting, quiet and years at peace, by this
    study's definition and by the published one.
    """
    table = states.copy()
    table["case_id"] = table["country"].astype(str) + "-" + table["year"].astype(str)
    names = [_name(c, y) for c, y in states.itertuples(index=False, name=None)]
    table["label"] = [f"{name} {year}" for name, year in zip(names, states["year"], strict=True)]
    fought = fighting_by_state(conflicts)
    alone = conflicts[conflicts["type_of_conflict"] == 3].copy()
    alone["country"] = alone["gwno_a"].astype(int)
    first = alone.groupby(["conflict_id", "country"])["year"].min().reset_index()
    new = set(first[["country", "year"]].itertuples(index=False, name=None))
    table["new_conflict"] = [key in new for key in states.itertuples(index=False, name=None)]
    fought_alone = fighting_by_state(alone)
    table["fighting"] = [
        y in fought.get(c, ()) for c, y in states.itertuples(index=False, name=None)
    ]
    table["quiet"] = _by_state(states, fought, partial(quiet_years, gap=rule.gap))
    table["ever_fought"] = _by_state(states, fought, fought_before)
    table["peace_years"] = _by_state(states, fought, peace_years)
    table["spell_years"] = _by_state(states, fought_alone, peace_years)
    for gap in OTHER_GAPS:
        began = onsets(conflicts, replace(rule.onset(), gap=gap))
        keys = set(began[["country", "year"]].itertuples(index=False, name=None))
        table[f"onset_gap_{gap}"] = [
            key in keys for key in states.itertuples(index=False, name=None)
        ]
        table[f"quiet_gap_{gap}"] = _by_state(states, fought, partial(quiet_years, gap=gap))
    return table


def _by_state(
    states: pd.DataFrame,
    fought: dict[int, set[int]],
    count: Callable[[list[int], set[int]], list[Any]],
) -> list[Any]:
    """A column counted over the years of each state and its years of fighting."""
    column: list[Any] = []
    for country, years in states.groupby("country")["year"]:
        column += count(list(years), fought.get(int(str(country)), set()))
    return column


def _borders_changed(country: int, year: int) -> bool:
    """Whether the borders of a state changed after the end of a year."""
    try:
        state, day = state_on(country, year, "gw")
    except JoinError:
        return False  # no such state then, and no covariates
    return border_change(state, day) is not None


def _name(country: int, year: int) -> str:
    """The state's name on 31 December, or, where it ended in the year, on its first day."""
    try:
        return country_name(country, year, "gw")
    except JoinError:
        return country_name(country, f"{year}-01-01", "gw")
