"""Controls and context of settlement attempts: long, each value with
its source, or with the reason it is missing.
"""

import pandas as pd

from peacestudy.outcomes.context import COVARIATES_SCHEMA, domestic_context
from peacestudy.study.builders.attempt_cases import ACD, PAX, Attempts, CaseRule, Ground

TJET = "tjet"
DEATHS_FROM = 1989  # first year in which battle deaths were counted
QUIET = 24  # most deaths that a year may have which is not a year of fighting
DEATH_YEARS = 5  # t0-5..t0-1
Row = tuple[str, str, float | None, str | None, str, str | None]


def covariates(ground: Ground, attempts: Attempts, texts: pd.DataFrame) -> pd.DataFrame:
    """Every covariate of every case, sorted by case and variable; domestic context before the first
    agreement.

    Parameters
    ----------
    attempts : cases and their members.
    texts : ``case_id, agreement_id``, the agreements that are scored.
    """
    at_first = attempts.cases.assign(t0=attempts.cases["first_date"].dt.year)
    parts = [
        text_controls(ground, attempts, texts),
        conflict_controls(ground, attempts.cases),
        battle_deaths(ground, attempts.cases),
        domestic_context(at_first, ground.sources, ground.rule.lag),
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
    """Whether there was fighting when the last agreement was signed, years of war before t0, and
    whether the conflict is over territory.

    ``active`` is known on the day of the signature: 25 deaths in the year t0 - 1, or an episode
    that began in t0 and reached 25 deaths before that day.
    """
    rule = ground.rule
    incompatibility = ground.acd.groupby("conflict_id")["incompatibility"].last()
    columns = cases[["case_id", "conflict_id", "t0", "last_date"]]
    rows: list[Row] = []
    for case, conflict, t0, signed in columns.itertuples(index=False, name=None):
        active, read, reason = _active(ground, conflict, t0, signed)
        years = range(t0 - rule.war_years_back, t0)
        war, span = _war_years(ground, conflict, years)
        territory = float(incompatibility[conflict] in (1, 3))
        rows += [
            (case, "active", active, read, f"{ACD} year, start_date2", reason),
            (case, "war_years", war, span, f"{ACD} intensity_level", _beyond(rule, t0 - 1)),
            (case, "territory", territory, None, f"{ACD} incompatibility", None),
        ]
    return _long(rows)


def _active(
    ground: Ground, conflict: int, t0: int, signed: pd.Timestamp
) -> tuple[float | None, str, str | None]:
    """Whether there was fighting at a signature, the year or day that says so, and why it is
    missing.
    """
    known = ground.fighting_before(conflict, signed)
    before = str(t0 - 1)
    if t0 in known and t0 - 1 not in known:
        return 1.0, ground.began[conflict][t0].isoformat(), None
    if t0 - 1 not in known and t0 > ground.rule.last_year:
        return None, before, _beyond(ground.rule, t0)
    return float(t0 - 1 in known), before, None


def _war_years(ground: Ground, conflict: int, years: range) -> tuple[float | None, str]:
    """How many years of a span had 1000 or more deaths, and the span; None beyond the source."""
    span = f"{years[0]}-{years[-1]}"
    if years[-1] > ground.rule.last_year:
        return None, span
    return float(len(ground.war.get(conflict, set()) & set(years))), span


def _beyond(rule: CaseRule, year: int) -> str | None:
    if year <= rule.last_year:
        return None
    return f"outside coverage: {ACD} speaks of 1946 to {rule.last_year}"


def war_readings(ground: Ground, cases: pd.DataFrame) -> pd.DataFrame:
    """The state of the war read in other ways, for comparison.

    ``active_calendar`` and ``war_years_calendar`` read up to the end of t0, ``active_first`` the
    year of the first agreement, and ``active_episode`` the recorded end of the episode: these may
    be known only after the signature. ``active_before`` reads t0 - 1, ``active_before_first`` the
    year before the first agreement.
    """
    rule = ground.rule
    columns = cases[["case_id", "conflict_id", "t0", "first_date", "last_date"]]
    rows: list[Row] = []
    for case, conflict, t0, first, signed in columns.itertuples(index=False, name=None):
        for name, year in (
            ("active_calendar", t0),
            ("active_before", t0 - 1),
            ("active_first", first.year),
            ("active_before_first", first.year - 1),
        ):
            reason = _beyond(rule, year)
            value = None if reason else float(year in ground.fighting[conflict])
            rows.append((case, name, value, str(year), f"{ACD} year", reason))
        years = range(t0 - rule.war_years_back + 1, t0 + 1)
        war, span = _war_years(ground, conflict, years)
        source = f"{ACD} intensity_level"
        rows.append((case, "war_years_calendar", war, span, source, _beyond(rule, t0)))
        rows.append((case, "active_episode", *_in_episode(ground, conflict, signed)))
    return _long(rows)


def _in_episode(
    ground: Ground, conflict: int, signed: pd.Timestamp
) -> tuple[float | None, str, str, str | None]:
    """Whether a day lies within an episode by its recorded dates. An end is recorded once a year
    without fighting has followed; until then the episode counts as going on.
    """
    source = f"{ACD} start_date2, ep_end_date"
    read = f"{signed.year}-{signed.year + 1}"
    if reason := _beyond(ground.rule, signed.year + 1):
        return None, read, source, reason
    own = ground.acd[ground.acd["conflict_id"] == conflict]
    for start, episode in own.groupby("start_date2"):
        ends = episode["ep_end_date"].dropna()
        if pd.Timestamp(str(start)) <= signed and not (ends < signed).any():
            return 1.0, read, source, None
    return 0.0, read, source, None


def battle_deaths(ground: Ground, cases: pd.DataFrame) -> pd.DataFrame:
    """Battle deaths in t0-5..t0-1, twice: a year without fighting counts as
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
        years = range(t0 - DEATH_YEARS, t0)
        fought = [y for y in years if y in ground.fighting[conflict]]
        quiet = len(years) - len(fought)
        uncounted = [y for y in fought if (conflict, y) not in deaths]
        reason = None
        if years[0] < DEATHS_FROM or years[-1] > source.source.last_year:
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
            rows.append((case, name, value, f"{years[0]}-{years[-1]}", said + str(each), reason))
    return _long(rows)


def _long(rows: list[Row]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=COVARIATES_SCHEMA.names).astype(
        {"value": "float64", "reason": "object"}
    )
