"""The builder of the study signing_dyads: agreements of UCDP's with the
texts of PA-X, judged by the dyads that signed.

Nothing is copied: a table holds what is computed from the
sources, each value with the source it rests on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from peacestudy.coding.coding import CODING_SCHEMA
from peacestudy.coding.rule_coding import code_topics
from peacestudy.coding.third_party import code_third_party
from peacestudy.core.cases import CASES_SCHEMA
from peacestudy.core.codebook import Codebook
from peacestudy.core.ledger import LEDGER_SCHEMA, Entry, Ledger
from peacestudy.core.problems import one_of
from peacestudy.core.schema import Field, Schema
from peacestudy.errors import SpecError
from peacestudy.outcomes import OutcomeTable
from peacestudy.outcomes.context import CONTEXT, COVARIATES_SCHEMA, domestic_context
from peacestudy.outcomes.dyads import (
    Dyad,
    dyad_peace,
    fought_over,
    known_of,
    read_dyads,
    read_ends,
    years_of,
)
from peacestudy.outcomes.peace import OUTCOMES_SCHEMA, PeaceRule
from peacestudy.study.builders.decisions import as_written
from peacestudy.study.builders.releases import AS_NAMED, Releases
from peacestudy.study.builders.signing_cases import facts, flags, successor_findings, successors
from peacestudy.study.builders.signing_comparison import (
    ATTEMPTS,
    REASONS,
    Judged,
    differs,
    read_attempts,
)
from peacestudy.study.builders.signing_links import (
    BY_DATE,
    BY_ID,
    NOT,
    Agreement,
    Decided,
    Link,
    Material,
    Text,
    findings,
    link,
    read_agreements,
    read_texts,
)
from peacestudy.study.builders.signing_windows import CHOICES, choices

PAX, DYADIC, SIGNED = "pax_v10", "ucdp_dyadic_25.1", "ucdp_agreements_22.1"
ENDS = "ucdp_termination_dyad_3"
NEEDED = (
    SIGNED,
    PAX,
    DYADIC,
    ENDS,
    *dict.fromkeys(c.source_id for c in CONTEXT),
)  # ids of the sources that the builder reads
TEXTS = ("process", "conflict")


@dataclass(frozen=True)
class SigningRule:
    """How cases are made and what years they are read in; see the comments in study.toml."""

    text: str
    link_days: int
    before_days: int
    horizon: int
    recent_years: int
    war_years_back: int
    last_year: int
    lag: int

    def __post_init__(self) -> None:
        if self.text not in TEXTS:
            raise SpecError(one_of("text", self.text, TEXTS))
        least = {"link_days": 0, "before_days": 0, "recent_years": 1, "war_years_back": 1, "lag": 0}
        for name, value in least.items():
            if getattr(self, name) < value:
                raise SpecError(f"{name} is {getattr(self, name)}; it must be {value} or more.")
        self.peace()

    def peace(self) -> PeaceRule:
        """The part that reads what came after."""
        return PeaceRule(self.horizon, self.last_year)


TABLES: dict[str, Schema] = {
    "cases": Schema(
        (
            *CASES_SCHEMA.fields,
            Field("date", "date", required=True, description="day of the agreement, by UCDP"),
            Field(
                "conflict_id",
                "integer",
                required=True,
                description="conflict of UCDP; of several, the one decided in decisions.tsv",
            ),
            Field("conflicts", required=True, description="all conflicts that it belongs to"),
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
                description="several governments signed: no domestic context",
            ),
            Field("dyads", required=True, description="dyads that signed, ids of UCDP"),
            Field(
                "linked_by",
                required=True,
                enum=(BY_ID, BY_DATE, NOT),
                description="how its text in PA-X is known",
            ),
            Field("linked", "boolean", required=True, description="it has a text in PA-X"),
            Field(
                "same_year",
                "boolean",
                description=(
                    "all linked texts are of the agreement's year; missing where none is linked"
                ),
            ),
            Field("n_scored", "integer", required=True, minimum=0, unit="texts"),
            Field(
                "text_complete",
                "date",
                required=True,
                description=(
                    "day of the agreement, or of its last scored text where that is later: the"
                    " agreement and its text are complete"
                ),
            ),
            Field(
                "eligible",
                "boolean",
                required=True,
                description=(
                    "a signing dyad fought in t0-5..t0-1, or in t0 in an episode that reached 25"
                    " deaths before the day of the agreement"
                ),
            ),
            Field(
                "eligible_by_year",
                "boolean",
                required=True,
                description=(
                    "a signing dyad fought in t0-4..t0, before or after the agreement: the rule"
                    " declared on 2026-11-23"
                ),
            ),
            *(
                Field(name, "boolean", required=True, description=said)
                for name, said in CHOICES.items()
            ),
            Field(
                "fought_over",
                "boolean",
                description=(
                    "an episode of a signing dyad reached 25 deaths in t0 on the day of the"
                    " agreement or later, or ended in t0 after the day; missing where one ended in"
                    " t0 and no more than the year is known"
                ),
            ),
            Field(
                "peace_from_signature",
                "boolean",
                description="lasting peace, and no signing dyad fought over it in t0",
            ),
            Field(
                "merged_or_renamed",
                "boolean",
                required=True,
                description=(
                    "a signing dyad never fought after t0, and a dyad first seen in t0 or later"
                    " fought in the window in its conflict: peace may be a change of name"
                ),
            ),
            Field("new_dyads", description="those dyads first seen, ids of UCDP"),
            Field(
                "successors",
                description=(
                    "those of them that decisions.tsv takes for a signing dyad under another name"
                    " or in a merger"
                ),
            ),
            Field(
                "peace_with_successors",
                "boolean",
                description="lasting peace, and no successor fought in the window",
            ),
            Field(
                "conflict_went_on",
                "boolean",
                required=True,
                description="dyads of its conflict that did not sign fought in the window",
            ),
            Field("went_on_with", description="their names"),
            Field(
                "peace_in_conflict",
                "boolean",
                description="lasting peace, and no dyad of its conflict fought in the window",
            ),
            Field(
                "attempt_in_a", description="attempt of peace_agreements that scores a linked text"
            ),
            Field("a_outcome", "boolean", description="lasting peace of that attempt"),
            Field("differs_because", enum=REASONS),
            Field("differs_from_a", description="why the two studies judge it differently"),
            Field("source", required=True),
        ),
        key=("case_id",),
    ),
    "agreements": Schema(
        (
            Field("case_id", required=True),
            Field("agreement_id", "integer", required=True, description="AgtId of PA-X"),
            Field(
                "role",
                required=True,
                enum=("linked", "before"),
                description=(
                    "linked: the agreement itself; before: of the same process and conflict, up to"
                    " its day"
                ),
            ),
        ),
        key=("case_id", "agreement_id"),
    ),
    "codings": CODING_SCHEMA,
    "outcomes": OUTCOMES_SCHEMA,
    "covariates": COVARIATES_SCHEMA,
    "ledger": LEDGER_SCHEMA,
}


def build(
    raw: Path, rule: SigningRule, codebook: Codebook, folder: Path, releases: Releases = AS_NAMED
) -> dict[str, pd.DataFrame]:
    """Build every table of the study.

    Parameters
    ----------
    raw : folder with the source files.
    rule : how cases are made, from study.toml.
    codebook : what is coded, that of study A.
    folder : the study, for decisions that stand in it.
    releases : which release of each source is read; without it those that the study names.

    Raises
    ------
    SourceError
        A file is missing, cut off, of another release, or breaks its
        schema; or a data problem is not decided.
    """
    from peacestudy.study.load import study_folder  # it lists the builders: imported when one runs

    sources = releases.read(NEEDED, raw)
    known = read_dyads(sources[DYADIC].table)
    material = Material(
        read_agreements(sources[SIGNED].table),
        read_texts(sources[PAX].table),
        frozenset(known),
        rule.link_days,
    )
    written = as_written(releases.rows(folder))
    silent = successor_findings(material.agreements, link(material, written), rule.peace(), known)
    decided = releases.decide([*findings(material, written), *silent], folder)
    links = link(material, decided)
    members = scored_texts(material, links, rule)
    pages = _pages(members, sources[PAX].table)
    cases = _cases(material, decided, links, members, successors(silent, decided), known, rule)
    cases = pd.concat([cases, choices(cases, pages, rule.peace())], axis=1)
    cases["fought_over"] = _fought_over(cases, known, sources[ENDS].table)
    outcomes = dyad_peace(cases, known, rule.peace(), DYADIC)
    cases = _compared(cases, outcomes, links, known, read_attempts(study_folder(ATTEMPTS)), rule)
    cases = _other_peace(cases, outcomes)
    documents = sources[PAX].table.rename(columns={"AgtId": "agreement_id"})
    documents = documents.assign(ThrdPart=[code_third_party(t)[0] for t in documents["ThrdPart"]])
    tables = {
        "cases": cases.assign(
            dyads=[" ".join(map(str, d)) for d in cases["dyads"]],
            conflicts=[" ".join(map(str, c)) for c in cases["conflicts"]],
        ),
        "agreements": members,
        "codings": code_topics(documents, members, codebook, PAX),
        "outcomes": outcomes,
        "covariates": _covariates(cases, material, pages, known, sources, rule),
        "ledger": _ledger(cases).table(),
    }
    return {name: tables[name][TABLES[name].names] for name in TABLES}


def scored_texts(material: Material, links: tuple[Link, ...], rule: SigningRule) -> pd.DataFrame:
    """The texts that are scored for every linked agreement: ``case_id, agreement_id, role``.

    The linked texts, whatever their stage and day; and every text, any stage but Oth, of a linked
    text's process and of a conflict of the agreement or of a linked text, from ``before_days``
    before the agreement to its day. With the rule ``conflict`` the process is not asked for.
    """
    rows: dict[tuple[str, int], str] = {}
    for a in material.agreements:
        own: list[Text] = [found.text for found in links if found.paid == a.paid]
        conflicts = {*a.conflicts, *(t.conflict for t in own)} - {None}
        processes = {t.process for t in own}
        for t in material.texts if own else ():
            near = t.stage != "Oth" and 0 <= (a.day - t.day).days <= rule.before_days
            if (
                near
                and t.conflict in conflicts
                and (rule.text == "conflict" or t.process in processes)
            ):
                rows[str(a.paid), t.id] = "before"
        rows |= {(str(a.paid), t.id): "linked" for t in own}
    out = pd.DataFrame(
        [(*key, role) for key, role in rows.items()], columns=["case_id", "agreement_id", "role"]
    )
    return out.sort_values(["case_id", "agreement_id"], ignore_index=True)


def _cases(
    material: Material,
    decided: Decided,
    links: tuple[Link, ...],
    members: pd.DataFrame,
    heirs: Mapping[int, set[int]],
    known: Mapping[int, Dyad],
    rule: SigningRule,
) -> pd.DataFrame:
    """A row a UCDP agreement; ``dyads`` and ``conflicts`` are tuples."""
    texts = {t.id: t.day for t in material.texts}
    last = members["agreement_id"].map(texts).groupby(members["case_id"]).max().to_dict()
    rows = []
    for a in sorted(material.agreements, key=lambda a: str(a.paid)):
        own = [found for found in links if found.paid == a.paid]
        row = facts(a, own, decided, known)
        dyads, t0 = row["dyads"], a.day.year
        before = range(t0 - rule.recent_years, t0 + 1)
        row["eligible"] = not known_of(dyads, a.day, known).isdisjoint(before)
        row["eligible_by_year"] = not years_of(dyads, known).isdisjoint(before[1:])
        row["text_complete"] = max(a.day, last.get(str(a.paid), a.day))
        rows.append(row | flags(row["dyads"], a, own, rule.peace(), heirs, known))
    out = pd.DataFrame(rows).astype(
        {"date": "datetime64[ns]", "text_complete": "datetime64[ns]", "same_year": "boolean"}
    )
    out["n_scored"] = out["case_id"].map(members.groupby("case_id").size()).fillna(0).astype(int)
    twice = out["label"].duplicated(keep=False)
    out.loc[twice, "label"] += " (" + out["case_id"] + ")"
    out["source"] = [
        f"{SIGNED} paid {case}; {DYADIC} dyads {' '.join(map(str, dyads))}"
        + (f"; {PAX} AgtId {texts}" if texts else "")
        for case, dyads, texts in zip(out["case_id"], out["dyads"], out["texts"], strict=True)
    ]
    return out


def _compared(
    cases: pd.DataFrame,
    outcomes: pd.DataFrame,
    links: tuple[Link, ...],
    known: Mapping[int, Dyad],
    attempts: Mapping[int, Judged],
    rule: SigningRule,
) -> pd.DataFrame:
    """What study A says of the same text."""
    rows = []
    for i, (case, t0, conflicts, dyads, eligible) in enumerate(
        cases[["case_id", "t0", "conflicts", "dyads", "eligible"]].itertuples(
            index=False, name=None
        )
    ):
        peace = outcomes["lasting_peace"].iloc[i]
        own = Judged(
            case,
            conflicts,
            t0,
            range(t0 + 1, t0 + rule.horizon + 1),
            eligible,
            None if pd.isna(peace) else bool(peace),
        )
        texts = [found.text.id for found in links if str(found.paid) == case]
        named = cases["successors"].iloc[i]
        heirs = [] if pd.isna(named) else [int(d) for d in named.split()]
        a = next((attempts[t] for t in texts if t in attempts), None)
        because, sentence = differs(a, own, dyads, heirs, known, rule.recent_years)
        rows.append((a and a.case_id, a and a.peace, because or None, sentence or None))
    attempts_in_a = pd.DataFrame(
        rows,
        columns=["attempt_in_a", "a_outcome", "differs_because", "differs_from_a"],
        index=cases.index,
        dtype=object,
    )
    return pd.concat([cases, attempts_in_a.astype({"a_outcome": "boolean"})], axis=1)


def _fought_over(
    cases: pd.DataFrame, known: Mapping[int, Dyad], episodes: pd.DataFrame
) -> "pd.Series[bool]":
    """Whether the signing dyads fought after the agreement in its year; missing where unknown."""
    ended = read_ends(episodes)
    found = [
        fought_over(dyads, date.date(), known, ended)
        for dyads, date in zip(cases["dyads"], cases["date"], strict=True)
    ]
    return pd.Series(found, index=cases.index, dtype="boolean")


def _other_peace(cases: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
    """Outcomes that others would take; missing where lasting peace is."""
    peace = outcomes["lasting_peace"].set_axis(cases.index)
    quiet = {
        "peace_from_signature": ~cases["fought_over"],
        "peace_with_successors": cases["successors"].isna(),
        "peace_in_conflict": ~cases["conflict_went_on"],
    }
    return cases.assign(**{name: (peace & held).mask(peace.isna()) for name, held in quiet.items()})


def _pages(members: pd.DataFrame, texts: pd.DataFrame) -> "pd.Series[float]":
    """The length of the scored texts of every linked agreement, by case id."""
    length = members["agreement_id"].map(texts.set_index("AgtId")["Lgt"])
    return length.groupby(members["case_id"]).sum().astype(float)


def _covariates(
    cases: pd.DataFrame,
    material: Material,
    pages: "pd.Series[float]",
    known: Mapping[int, Dyad],
    sources: Mapping[str, OutcomeTable],
    rule: SigningRule,
) -> pd.DataFrame:
    """Controls, and the context of the country where the agreement has one government."""
    signed: dict[str, Agreement] = {str(a.paid): a for a in material.agreements}
    rows: list[tuple[str, str, float | None, str | None, str, str | None]] = []
    for case, t0, dyads in cases[["case_id", "t0", "dyads"]].itertuples(index=False, name=None):
        back = range(t0 - rule.war_years_back, t0)
        war = {y for d in dyads for y in known[d].war} & set(back)
        beyond = (
            f"outside coverage: {DYADIC} speaks of 1946 to {rule.last_year}"
            if t0 > rule.last_year
            else None
        )
        none = None if case in pages.index else "no text in PA-X is linked"
        a = signed[case]
        active = not known_of(dyads, a.day, known).isdisjoint((t0 - 1, t0))
        rows += [
            (case, "pages", None if none else float(pages[case]), None, f"{PAX} Lgt", none),
            (
                case,
                "active",
                None if beyond else float(active),
                f"{t0 - 1}-{t0}",
                f"{DYADIC} year, start_date2",
                beyond,
            ),
            (
                case,
                "active_by_year",
                None if beyond else float(t0 in years_of(dyads, known)),
                str(t0),
                f"{DYADIC} year",
                beyond,
            ),
            (
                case,
                "war_years",
                None if beyond else float(len(war)),
                f"{back[0]}-{back[-1]}",
                f"{DYADIC} intensity_level",
                beyond,
            ),
            (
                case,
                "territory",
                float(bool({1, 3} & set(a.over))),
                None,
                f"{SIGNED} incompatibility",
                None,
            ),
            (case, "full_agreement", float(a.kind == 1), None, f"{SIGNED} pa_type", None),
            (case, "n_dyads", float(len(dyads)), None, f"{SIGNED} dyad_id", None),
            (case, "decade", (t0 - 2000) / 10, str(t0), f"{SIGNED} year, decades from 2000", None),
        ]
    own = pd.DataFrame(rows, columns=COVARIATES_SCHEMA.names).astype(
        {"value": "float64", "reason": "object"}
    )
    out = pd.concat([own, domestic_context(cases, sources, rule.lag)], ignore_index=True)
    return out.sort_values(["case_id", "variable"], ignore_index=True)


def _ledger(cases: pd.DataFrame) -> Ledger:
    by = cases["linked_by"].value_counts()
    return Ledger(
        (
            Entry(
                "agreements in UCDP 22.1",
                "keep",
                "agreement",
                len(cases),
                len(cases),
                why=(
                    f"all are cases; {by.get(BY_ID, 0)} are linked to PA-X by UCDP's id,"
                    f" {by.get(BY_DATE, 0)} by conflict and date, {by.get(NOT, 0)} have no text"
                    " there"
                ),
            ),
        )
    )
