"""The builder of the study peace_agreements: from public files to the study's own case tables, deterministic.

Nothing is copied: a table holds what is computed from the sources, each value with the source it rests on.
"""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from peacestudy.coding import CODING_SCHEMA, code_topics, third_party
from peacestudy.core.cases import CASES_SCHEMA
from peacestudy.core.codebook import Codebook
from peacestudy.core.countries import country_name
from peacestudy.core.ledger import LEDGER_SCHEMA, Entry, Ledger
from peacestudy.core.schema import Field, Schema
from peacestudy.outcomes import SOURCES, OutcomeTable, read_source
from peacestudy.outcomes.attempts import AttemptRule, attempt_members, find_attempts, is_substantive, non_overlapping
from peacestudy.outcomes.context import CONTEXT, COVARIATES_SCHEMA, combine, country_year
from peacestudy.outcomes.peace import OUTCOMES_SCHEMA, PeaceRule, fighting_years, lasting_peace

PAX, ACD = "pax_v10", "ucdp_acd_25.1"
NEEDED = (PAX, ACD, *dict.fromkeys(c.source_id for c in CONTEXT))  # ids of the sources that the builder reads


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

    def __post_init__(self) -> None:
        self.attempts()
        PeaceRule(self.horizon, self.last_year)

    def attempts(self) -> AttemptRule:
        """The part that makes attempts of agreements."""
        return AttemptRule(self.rule, self.gap_days, self.before_days, self.horizon)


TABLES: dict[str, Schema] = {
    "cases": Schema(
        (
            *CASES_SCHEMA.fields[:2],
            Field("conflict_id", "integer", required=True, description="conflict of UCDP/PRIO"),
            Field("country", "integer", required=True, description="state of the conflict, Gleditsch-Ward code; cluster of the models"),
            Field("country_name", required=True),
            Field("several_governments", "boolean", required=True, description="the conflict is over several governments: no domestic context"),
            CASES_SCHEMA.fields[2],
            Field("first_date", "date", required=True, description="first substantive agreement of the attempt"),
            Field("last_date", "date", required=True, description="last substantive agreement"),
            Field("text_from", "date", required=True, description="day from which agreements are scored"),
            Field("text_to", "date", required=True, description="last day on which agreements are scored"),
            Field("n_substantive", "integer", required=True, minimum=1, unit="agreements"),
            Field("n_scored", "integer", required=True, minimum=1, unit="agreements"),
            Field("n_follow_up", "integer", required=True, minimum=0, unit="agreements"),
            Field("eligible", "boolean", required=True, description="fighting in t0-4..t0"),
            Field("one_a_window", "boolean", required=True, description="eligible, and t0 lies after the outcome window of the last kept attempt of the conflict; texts may reach back into it"),
            Field("source", required=True),
        ),
        key=("case_id",),
    ),
    "agreements": Schema(
        (
            Field("case_id", required=True),
            Field("agreement_id", "integer", required=True, description="AgtId of PA-X"),
            Field("role", required=True, enum=("scored", "follow_up")),
            Field("substantive", "boolean", required=True),
        ),
        key=("case_id", "agreement_id"),
    ),
    "codings": CODING_SCHEMA,
    "outcomes": OUTCOMES_SCHEMA,
    "covariates": COVARIATES_SCHEMA,
    "ledger": LEDGER_SCHEMA,
}  # fmt: skip


def build(raw: Path, rule: CaseRule, codebook: Codebook, folder: Path) -> dict[str, pd.DataFrame]:
    """Build every table of the study.

    Parameters
    ----------
    raw : folder with the source files.
    rule : how cases are made, from study.toml.
    codebook : what is coded.
    folder : the study, for decisions that stand in it.

    Raises
    ------
    SourceError
        A file is missing, cut off, of another release, or breaks its schema.
    """
    sources = {i: read_source(SOURCES[i], raw) for i in NEEDED}
    pax, acd = sources[PAX].table, sources[ACD].table
    fighting = fighting_years(acd)
    agreements, ledger = _agreements(pax, fighting)
    attempts = find_attempts(agreements, fighting, rule.attempts())
    attempts.insert(0, "case_id", [f"{c}-{t}" for c, t in zip(attempts["conflict_id"], attempts["t0"], strict=True)])
    substantive = int(is_substantive(agreements).sum())
    members = attempt_members(agreements, attempts)
    roles = members["role"].value_counts()
    ledger += Ledger((
        Entry("substantive agreements", "keep", "agreement", len(agreements), substantive, left_out=len(agreements) - substantive,
              why=f"stage SubPar or SubComp, type Intra or InterIntra make an attempt; as texts {roles['scored']} of the {len(agreements)} are scored, "
                  f"{roles['follow_up']} are follow-up, {len(agreements) - len(members)} belong to none"),
        Entry("attempts", "gather", "settlement attempt", substantive, len(attempts), why=f"runs with gaps of at most {rule.gap_days} days"),
    ))  # fmt: skip
    cases = _cases(attempts, members, pax, acd, fighting, rule)
    documents = pax.rename(columns={"AgtId": "agreement_id"})
    documents = documents.assign(ThrdPart=[third_party(t)[0] for t in documents["ThrdPart"]])
    codings = code_topics(documents, members[members["role"] == "scored"], codebook, PAX)
    outcomes = lasting_peace(cases, fighting, PeaceRule(rule.horizon, rule.last_year), ACD)
    covariates = pd.concat(
        [_controls(cases, members, pax, acd, fighting, rule), _context(cases, sources, rule)], ignore_index=True
    )
    covariates = covariates.sort_values(["case_id", "variable"], ignore_index=True)
    tables = {"cases": cases, "agreements": members, "codings": codings, "outcomes": outcomes, "covariates": covariates}
    ordered = {name: tables[name][TABLES[name].names] for name in tables}
    return ordered | {"ledger": ledger.table()}


def _agreements(pax: pd.DataFrame, fighting: dict[int, set[int]]) -> tuple[pd.DataFrame, Ledger]:
    """Agreements of conflicts that the conflict data know, and the ledger of how they were reached."""
    named = pax["UcdpCon"].notna()
    known = pax["UcdpCon"].isin(list(fighting))
    part = pax[known]
    ledger = Ledger((
        Entry("agreements with a conflict", "keep", "agreement", len(pax), int(named.sum()), left_out=int((~named).sum()),
              why="PA-X names no UCDP conflict for the others (UcdpCon is blank)"),
        Entry("conflicts in UCDP/PRIO", "keep", "agreement", int(named.sum()), len(part), left_out=int(named.sum()) - len(part),
              why="the conflict id is not in UCDP/PRIO 25.1"),
    ))  # fmt: skip
    agreements = pd.DataFrame({
        "agreement_id": part["AgtId"].astype(int), "conflict_id": part["UcdpCon"].astype(int), "date": part["Dat"],
        "stage": part["Stage"], "type": part["Agtp"],
    })  # fmt: skip
    return agreements.reset_index(drop=True), ledger


def _cases(
    attempts: pd.DataFrame,
    members: pd.DataFrame,
    pax: pd.DataFrame,
    acd: pd.DataFrame,
    fighting: dict[int, set[int]],
    rule: CaseRule,
) -> pd.DataFrame:
    recent = range(-rule.recent_years + 1, 1)
    out = attempts.copy()
    out["eligible"] = [
        any(t + d in fighting[c] for d in recent) for c, t in zip(out["conflict_id"], out["t0"], strict=True)
    ]
    out["one_a_window"] = non_overlapping(out[out["eligible"]], rule.horizon).reindex(out.index, fill_value=False)
    for role in ("scored", "follow_up"):
        out[f"n_{role}"] = (
            out["case_id"].map(members[members["role"] == role].groupby("case_id").size()).fillna(0).astype(int)
        )
    rows = [
        _state(case, acd, members, pax)
        for case in out[["case_id", "conflict_id", "t0"]].itertuples(index=False, name=None)
    ]
    state = pd.DataFrame(rows, columns=["country", "several_governments", "country_name", "place"], index=out.index)
    out = pd.concat([out, state], axis=1)
    out["label"] = out["place"] + " " + out["t0"].astype(str)
    twice = out["label"].duplicated(keep=False)
    out.loc[twice, "label"] += " (conflict " + out["conflict_id"].astype(str) + ")"
    out["source"] = [f"{PAX} UcdpCon {c}; {ACD} conflict {c}" for c in out["conflict_id"]]
    return out


def _state(
    case: tuple[str, int, int], acd: pd.DataFrame, members: pd.DataFrame, pax: pd.DataFrame
) -> tuple[int, bool, str, str]:  # fmt: skip
    """State of a conflict, whether it has several, its name, and the place for the label.

    A conflict over several governments has no one state: its cluster is the state that most of its scored agreements
    name first, and it gets no domestic context.
    """
    case_id, conflict, t0 = case
    years = acd[acd["conflict_id"] == conflict].sort_values("year")
    row = years[years["year"] <= t0].iloc[-1] if (years["year"] <= t0).any() else years.iloc[0]
    codes = [int(c) for c in row["gwno_loc"].split(",")]
    several = len(codes) > 1
    country = codes[0]
    if several:
        ids = members[(members["case_id"] == case_id) & (members["role"] == "scored")]["agreement_id"]
        country = int(pax[pax["AgtId"].isin(ids)]["Loc1GWNO"].mode().iloc[0])
    name = country_name(country, int(row["year"]), "gw")
    place = f"{name} and others" if several else row["location"].split(" (")[0]
    if row["territory_name"]:
        place += f" ({row['territory_name'].replace('(', '/ ').replace(')', '')})"
    return country, several, name, place


def _controls(
    cases: pd.DataFrame,
    members: pd.DataFrame,
    pax: pd.DataFrame,
    acd: pd.DataFrame,
    fighting: dict[int, set[int]],
    rule: CaseRule,
) -> pd.DataFrame:
    """Controls from complete sources: length of the scored text, fighting in t0, years of war before, what is fought over."""
    length = pax.set_index("AgtId")["Lgt"]
    scored = members[members["role"] == "scored"]
    pages = scored["agreement_id"].map(length).groupby(scored["case_id"]).sum()
    war = fighting_years(acd[acd["intensity_level"] == 2])
    latest = acd.sort_values("year")
    rows = []
    for case, conflict, t0 in cases[["case_id", "conflict_id", "t0"]].itertuples(index=False, name=None):
        back = range(t0 - rule.war_years_back + 1, t0 + 1)
        own = latest[latest["conflict_id"] == conflict]
        fought_over = (own[own["year"] <= t0] if (own["year"] <= t0).any() else own.iloc[:1])["incompatibility"].iloc[
            -1
        ]
        beyond = f"outside coverage: {ACD} speaks of 1946 to {rule.last_year}" if t0 > rule.last_year else None
        rows += [
            (case, "pages", float(pages[case]), None, f"{PAX} Lgt", None),
            (case, "active", None if beyond else float(t0 in fighting[conflict]), str(t0), f"{ACD} year", beyond),
            (case, "war_years", None if beyond else float(len(war.get(conflict, set()) & set(back))), f"{back[0]}-{t0}",
             f"{ACD} intensity_level", beyond),
            (case, "territory", float(fought_over in (1, 3)), None, f"{ACD} incompatibility", None),
        ]  # fmt: skip
    return pd.DataFrame(rows, columns=COVARIATES_SCHEMA.names)


def _context(cases: pd.DataFrame, sources: dict[str, OutcomeTable], rule: CaseRule) -> pd.DataFrame:
    wanted = pd.DataFrame({
        "case_id": cases["case_id"], "country": cases["country"].astype("Int64").mask(cases["several_governments"]),
        "year": cases["t0"] - rule.lag,
    })  # fmt: skip
    long = pd.concat([country_year(wanted, sources[c.source_id], c) for c in CONTEXT], ignore_index=True)
    openness = combine(
        long, "trade_openness", ("imports", "exports", "gdp_per_capita", "population"),
        lambda imports, exports, gdp, people: (imports + exports) * 1e6 / (gdp * people),
    )  # fmt: skip
    return pd.concat([long[~long["variable"].isin(["imports", "exports"])], openness], ignore_index=True)
