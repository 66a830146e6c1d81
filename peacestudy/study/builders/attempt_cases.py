"""Settlement attempts as cases: what the builder of peace_agreements
starts from, and cases and texts under any rule.
"""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from peacestudy.coding.third_party import code_third_party
from peacestudy.core.cases import CASES_SCHEMA
from peacestudy.core.codebook import Codebook
from peacestudy.core.countries import country_name
from peacestudy.core.ledger import Entry, Ledger
from peacestudy.core.schema import Field, Schema
from peacestudy.outcomes import OutcomeTable
from peacestudy.outcomes.attempts import (
    AttemptRule,
    attempt_members,
    find_attempts,
    non_overlapping,
)
from peacestudy.outcomes.peace import PeaceRule, fighting_known, fighting_years
from peacestudy.study.builders.releases import AS_NAMED, Releases

PAX, ACD = "pax_v10", "ucdp_acd_25.1"
THIRD_PARTY = "third_party"  # indicator of the codebook


@dataclass(frozen=True)
class CaseRule:
    """How cases are made and what years they are read in; see the comments in study.toml."""

    rule: str
    gap_days: int
    before_days: int
    horizon: int
    recent_years: int
    war_years_back: int
    last_year: int
    lag: int
    turnover_years_back: int = 0

    def __post_init__(self) -> None:
        self.attempts()
        self.peace()

    def attempts(self) -> AttemptRule:
        """The part that makes attempts of agreements."""
        return AttemptRule(self.rule, self.gap_days, self.before_days, self.horizon)

    def peace(self) -> PeaceRule:
        """The part that reads what came after."""
        return PeaceRule(self.horizon, self.last_year)


ATTEMPTS_SCHEMA = Schema(
    (
        *CASES_SCHEMA.fields[:2],
        Field("conflict_id", "integer", required=True, description="conflict of UCDP/PRIO"),
        Field(
            "country",
            "integer",
            required=True,
            description="state of the conflict, Gleditsch-Ward code; cluster of the models",
        ),
        Field("country_name", required=True),
        Field(
            "several_governments",
            "boolean",
            required=True,
            description="the conflict is over several governments: no domestic context",
        ),
        CASES_SCHEMA.fields[2],
        Field(
            "first_date",
            "date",
            required=True,
            description="first substantive agreement of the attempt",
        ),
        Field("last_date", "date", required=True, description="last substantive agreement"),
        Field(
            "text_from", "date", required=True, description="day from which agreements are scored"
        ),
        Field(
            "text_to", "date", required=True, description="last day on which agreements are scored"
        ),
        Field("n_substantive", "integer", required=True, minimum=1, unit="agreements"),
        Field("n_scored", "integer", required=True, minimum=1, unit="agreements"),
        Field("n_follow_up", "integer", required=True, minimum=0, unit="agreements"),
        Field(
            "eligible",
            "boolean",
            required=True,
            description="fighting in t0-5..t0-1, or an episode that began in t0 before last_date",
        ),
        Field(
            "one_a_window",
            "boolean",
            required=True,
            description=(
                "eligible, and t0 lies after the outcome window of the last kept attempt of the"
                " conflict; texts may reach back into it"
            ),
        ),
        Field(
            "eligible_calendar",
            "boolean",
            required=True,
            description="fighting in the calendar years t0-4..t0; in t0 it may follow last_date",
        ),
        Field(
            "one_a_window_calendar",
            "boolean",
            required=True,
            description="as one_a_window, among the attempts that are eligible_calendar",
        ),
        Field(
            "third_party",
            "boolean",
            required=True,
            description=f"indicator {THIRD_PARTY}: a third party took part in a scored agreement",
        ),
        Field("source", required=True),
    ),
    key=("case_id",),
)


@dataclass(frozen=True, eq=False)
class Ground:
    """What every table of the study stands on.

    Attributes
    ----------
    sources : the tables read, by id of the source.
    rule, codebook : how cases are made, what is coded.
    folder : the study, for decisions that stand in it.
    """

    sources: Mapping[str, OutcomeTable]
    rule: CaseRule
    codebook: Codebook
    folder: Path

    @property
    def pax(self) -> pd.DataFrame:
        """Agreements of PA-X, a row each."""
        return self.sources[PAX].table

    @property
    def acd(self) -> pd.DataFrame:
        """Conflict-years of UCDP/PRIO."""
        return self.sources[ACD].table

    @cached_property
    def fighting(self) -> dict[int, set[int]]:
        """Years with 25 or more battle-related deaths of every conflict."""
        return fighting_years(self.acd)

    @cached_property
    def began(self) -> dict[int, dict[int, datetime.date]]:
        """For every conflict, by year, the day on which an episode that began in the year reached
        25 deaths. Days that the source does not know are the last of the month or year.
        """
        out: dict[int, dict[int, datetime.date]] = {}
        rows = self.acd[["conflict_id", "year", "start_date2"]]
        for conflict, year, start in rows.itertuples(index=False, name=None):
            if not pd.isna(start) and start.year == year:
                out.setdefault(int(conflict), {})[int(year)] = start.date()
        return out

    def fighting_before(self, conflict: int, signed: pd.Timestamp) -> set[int]:
        """Years of fighting of a conflict that are known on the day of a signature."""
        began = self.began.get(conflict, {})
        return fighting_known(signed.date(), self.fighting[conflict], began)

    @cached_property
    def war(self) -> dict[int, set[int]]:
        """Years with 1000 or more battle-related deaths, of the conflicts that had any."""
        return fighting_years(self.acd[self.acd["intensity_level"] == 2])

    @cached_property
    def agreements(self) -> pd.DataFrame:
        """Agreements of conflicts that the conflict data know."""
        return known_agreements(self.pax, self.fighting)[0]

    @cached_property
    def documents(self) -> pd.DataFrame:
        """Agreements with their topics, the third-party field read as yes or no."""
        out = self.pax.rename(columns={"AgtId": "agreement_id"})
        return out.assign(ThrdPart=[code_third_party(t)[0] for t in out["ThrdPart"]])


def read_ground(
    raw: Path,
    needed: tuple[str, ...],
    rule: CaseRule,
    codebook: Codebook,
    folder: Path,
    releases: Releases = AS_NAMED,
) -> Ground:
    """Read every source that is needed; SourceError where one is missing, cut off, of another
    release or breaks its schema.
    """
    return Ground(releases.read(needed, raw), rule, codebook, folder)


def known_agreements(
    pax: pd.DataFrame, fighting: Mapping[int, set[int]]
) -> tuple[pd.DataFrame, Ledger]:
    """Agreements of conflicts that the conflict data know, and the
    ledger of how they were reached.
    """
    named = pax["UcdpCon"].notna()
    known = pax["UcdpCon"].isin(list(fighting))
    part = pax[known]
    ledger = Ledger(
        (
            Entry(
                "agreements with a conflict",
                "keep",
                "agreement",
                len(pax),
                int(named.sum()),
                left_out=int((~named).sum()),
                why="PA-X names no UCDP conflict for the others (UcdpCon is blank)",
            ),
            Entry(
                "conflicts in UCDP/PRIO",
                "keep",
                "agreement",
                int(named.sum()),
                len(part),
                left_out=int(named.sum()) - len(part),
                why="the conflict id is not in UCDP/PRIO 25.1",
            ),
        )
    )
    agreements = pd.DataFrame(
        {
            "agreement_id": part["AgtId"].astype(int),
            "conflict_id": part["UcdpCon"].astype(int),
            "date": part["Dat"],
            "stage": part["Stage"],
            "type": part["Agtp"],
        }
    )
    return agreements.reset_index(drop=True), ledger


def spans(ground: Ground, rule: AttemptRule) -> pd.DataFrame:
    """Attempts under a rule, with ``case_id`` (conflict and t0) in front."""
    found = find_attempts(ground.agreements, ground.fighting, rule)
    found.insert(
        0, "case_id", [f"{c}-{t}" for c, t in zip(found["conflict_id"], found["t0"], strict=True)]
    )
    return found


@dataclass(frozen=True, eq=False)
class Attempts:
    """Cases with the agreements that belong to them.

    Attributes
    ----------
    cases : the columns of ``ATTEMPTS_SCHEMA``, a row a case.
    members : ``case_id, agreement_id, role, substantive``.
    """

    cases: pd.DataFrame
    members: pd.DataFrame

    @property
    def scored(self) -> pd.DataFrame:
        """The members whose topics are scored."""
        return self.members[self.members["role"] == "scored"]


def cases_of(ground: Ground, attempts: pd.DataFrame) -> Attempts:
    """Cases of attempts: members, state, label, whether there was
    fighting to stop, one attempt a window.
    """
    members = attempt_members(ground.agreements, attempts)
    out = _eligible(ground, attempts)
    columns = list(ground.codebook.indicators[THIRD_PARTY].columns)
    documents = ground.documents.set_index("agreement_id")
    named = documents[columns].max(axis=1) > 0
    scored = members[members["role"] == "scored"]
    with_third_party = scored.loc[scored["agreement_id"].map(named), "case_id"]
    out["third_party"] = out["case_id"].isin(with_third_party)
    for role in ("scored", "follow_up"):
        out[f"n_{role}"] = (
            out["case_id"]
            .map(members[members["role"] == role].groupby("case_id").size())
            .fillna(0)
            .astype(int)
        )
    rows = [
        _state(case, ground.acd, members, ground.pax)
        for case in out[["case_id", "conflict_id", "t0"]].itertuples(index=False, name=None)
    ]
    state = pd.DataFrame(
        rows, columns=["country", "several_governments", "country_name", "place"], index=out.index
    )
    out = pd.concat([out, state], axis=1)
    out["label"] = out["place"] + " " + out["t0"].astype(str)
    twice = out["label"].duplicated(keep=False)
    out.loc[twice, "label"] += " (conflict " + out["conflict_id"].astype(str) + ")"
    out["source"] = [f"{PAX} UcdpCon {c}; {ACD} conflict {c}" for c in out["conflict_id"]]
    return Attempts(out, members)


def _eligible(ground: Ground, attempts: pd.DataFrame) -> pd.DataFrame:
    """Attempts with whether there was fighting to stop, and one attempt a window: as known on the
    day of the last agreement, and by calendar years.
    """
    recent, horizon = ground.rule.recent_years, ground.rule.horizon
    known, calendar = [], []
    for conflict, t0, signed in attempts[["conflict_id", "t0", "last_date"]].itertuples(
        index=False, name=None
    ):
        years = ground.fighting_before(conflict, signed)
        known.append(any(t0 - recent <= year <= t0 for year in years))
        calendar.append(any(t0 - recent < year <= t0 for year in ground.fighting[conflict]))
    out = attempts.assign(eligible=known, eligible_calendar=calendar)
    for rule, kept in (
        ("eligible", "one_a_window"),
        ("eligible_calendar", "one_a_window_calendar"),
    ):
        first = non_overlapping(out[out[rule]], horizon)
        out[kept] = first.reindex(out.index, fill_value=False)
    return out


def _state(
    case: tuple[str, int, int], acd: pd.DataFrame, members: pd.DataFrame, pax: pd.DataFrame
) -> tuple[int, bool, str, str]:
    """State of a conflict, whether it has several, its name, and the place for the label.

    A conflict over several governments has no one state: its cluster is the state that most of its
    scored agreements name first (the lowest code of equals), and it gets no domestic context.
    """
    case_id, conflict, t0 = case
    years = acd[acd["conflict_id"] == conflict].sort_values("year")
    row = years[years["year"] <= t0].iloc[-1] if (years["year"] <= t0).any() else years.iloc[0]
    codes = [int(c) for c in row["gwno_loc"].split(",")]
    several = len(codes) > 1
    country = codes[0]
    if several:
        ids = members[(members["case_id"] == case_id) & (members["role"] == "scored")][
            "agreement_id"
        ]
        country = int(pax[pax["AgtId"].isin(ids)]["Loc1GWNO"].mode().iloc[0])
    name = country_name(country, int(row["year"]), "gw")
    place = f"{name} and others" if several else row["location"].split(" (")[0]
    if row["territory_name"]:
        place += f" ({row['territory_name'].replace('(', '/ ').replace(')', '')})"
    return country, several, name, place
