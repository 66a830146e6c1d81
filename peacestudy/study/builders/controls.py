"""Controls and context of settlement attempts: long, each value with
its source, or with the reason it is missing.
"""

import pandas as pd

from peacestudy.outcomes.context import COVARIATES_SCHEMA, domestic_context
from peacestudy.study.builders.attempt_cases import ACD, PAX, Attempts, Ground

TJET = "tjet"
DEATHS_FROM = 1989  # first year in which battle deaths were counted
QUIET = 24  # most deaths that a year may have which is not a year of fighting
DEATH_YEARS = 5  # t0-4..t0
Row = tuple[str, str, float | None, str | None, str, str | None]


def covariates(ground: Ground, attempts: Attempts, texts: pd.DataFrame) -> pd.DataFrame:
    """Every covariate of every case, sorted by case and variable.

    Parameters
    ----------
    attempts : cases and their members.
    texts : ``case_id, agreement_id``, the agreements that are scored.
    """
    parts = [
        text_controls(ground, attempts, texts),
        conflict_controls(ground, attempts.cases),
        battle_deaths(ground, attempts.cases),
        domestic_context(attempts.cases, ground.sources, ground.rule.lag),
    ]
    return pd.concat(parts, ignore_index=True).sort_values(
        ["case_id", "variable"], ignore_index=True
    )


def text_controls(ground: Ground, attempts: Attempts, texts: pd.DataFrame) -> pd.DataFrame:
    """Pages of the scored text; whether a substantive agreement is comprehensive; attempts of the
    conflict before; the trend.
    """
    length = ground.pax.set_index("AgtId")["Lgt"]
    pages = texts["agreement_id"].map(length).groupby(texts["case_id"]).sum()
    whole = ground.agreements.loc[ground.agreements["stage"] == "SubComp", "agreement_id"]
    own = attempts.scored[attempts.scored["substantive"].astype(bool)]
    comprehensive = set(own.loc[own["agreement_id"].isin(whole), "case_id"])
    ordered = attempts.cases.sort_values(["conflict_id", "t0"])
    before = ordered.groupby("conflict_id").cumcount().set_axis(ordered["case_id"])
    rows: list[Row] = []
    for case, t0 in attempts.cases[["case_id", "t0"]].itertuples(index=False, name=None):
        rows += [
            (case, "pages", float(pages[case]), None, f"{PAX} Lgt", None),
            (case, "comprehensive", float(case in comprehensive), None, f"{PAX} Stage", None),
            (case, "prior_attempts", float(before[case]), None, f"{PAX} Dat, Stage, UcdpCon", None),
            (case, "trend", (t0 - 2000) / 10, str(t0), "t0, decades from 2000", None),
        ]
    return _long(rows)


def conflict_controls(ground: Ground, cases: pd.DataFrame) -> pd.DataFrame:
    """Fighting in t0, years of war before, both also in the last year that the source has, and
    whether it is fought over territory.
    """
    rule = ground.rule
    latest = ground.acd.sort_values("year")
    rows: list[Row] = []
    for case, conflict, t0 in cases[["case_id", "conflict_id", "t0"]].itertuples(
        index=False, name=None
    ):
        back = range(t0 - rule.war_years_back + 1, t0 + 1)
        own = latest[latest["conflict_id"] == conflict]
        known = own[own["year"] <= t0] if (own["year"] <= t0).any() else own.iloc[:1]
        beyond = (
            f"outside coverage: {ACD} speaks of 1946 to {rule.last_year}"
            if t0 > rule.last_year
            else None
        )
        war = len(ground.war.get(conflict, set()) & set(back))
        # for forecasts: the state of the war as far as the source has it
        seen = min(t0, rule.last_year)
        rows += [
            (
                case,
                "active_latest",
                float(seen in ground.fighting[conflict]),
                str(seen),
                f"{ACD} year",
                None,
            ),
            (
                case,
                "war_years_latest",
                float(war),
                f"{back[0]}-{seen}",
                f"{ACD} intensity_level",
                None,
            ),
            (
                case,
                "active",
                None if beyond else float(t0 in ground.fighting[conflict]),
                str(t0),
                f"{ACD} year",
                beyond,
            ),
            (
                case,
                "war_years",
                None if beyond else float(war),
                f"{back[0]}-{t0}",
                f"{ACD} intensity_level",
                beyond,
            ),
            (
                case,
                "territory",
                float(known["incompatibility"].iloc[-1] in (1, 3)),
                None,
                f"{ACD} incompatibility",
                None,
            ),
        ]
    return _long(rows)


def battle_deaths(ground: Ground, cases: pd.DataFrame) -> pd.DataFrame:
    """Battle deaths in t0-4..t0, twice: a year without fighting counts as
    0, and as the 24 deaths that it may have had.

    Missing where a year lies before 1989 or after the source, and where a year of fighting has no
    count (the source leaves out wars between states).
    """
    source = ground.sources[TJET]
    table = source.table[source.table["bd_best"].notna()]
    deaths = dict(
        zip(zip(table["conflict_id"], table["year"], strict=True), table["bd_best"], strict=True)
    )
    rows: list[Row] = []
    for case, conflict, t0 in cases[["case_id", "conflict_id", "t0"]].itertuples(
        index=False, name=None
    ):
        years = range(t0 - DEATH_YEARS + 1, t0 + 1)
        fought = [y for y in years if y in ground.fighting[conflict]]
        quiet = len(years) - len(fought)
        uncounted = [y for y in fought if (conflict, y) not in deaths]
        reason = None
        if years[0] < DEATHS_FROM or t0 > source.source.last_year:
            reason = (
                f"outside coverage: deaths are counted from {DEATHS_FROM} to"
                f" {source.source.last_year}"
            )
        elif uncounted:
            reason = (
                f"fighting in {uncounted[0]}, and {TJET} has no count (it leaves out wars between"
                " states)"
            )
        low = None if reason else float(sum(deaths[conflict, y] for y in fought))
        said = (
            f"{TJET} bd_best; {quiet} of {len(years)} years have no row in {ACD}: fewer than 25"
            " deaths, counted as "
        )
        for name, each in (("battle_deaths", 0), ("battle_deaths_high", QUIET)):
            value = None if low is None else low + each * quiet
            rows.append((case, name, value, f"{years[0]}-{t0}", said + str(each), reason))
    return _long(rows)


def _long(rows: list[Row]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=COVARIATES_SCHEMA.names).astype(
        {"value": "float64", "reason": "object"}
    )
