"""The builder of the study accord_implementation: what comprehensive accords promise, what is
implemented of it, and what followed.

Of the Peace Accords Matrix nothing is copied by provision: the
tables hold shares of pillars, computed here.
"""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from peacestudy.coding import Coding, score
from peacestudy.coding.coding import CODING_SCHEMA
from peacestudy.coding.rule_coding import code_topics
from peacestudy.coding.third_party import code_third_party
from peacestudy.core.cases import CASES_SCHEMA
from peacestudy.core.codebook import Codebook, read_codebook
from peacestudy.core.ledger import LEDGER_SCHEMA, Entry, Ledger
from peacestudy.core.problems import one_of
from peacestudy.core.schema import Field, Schema
from peacestudy.core.tables import file_sha256
from peacestudy.errors import SourceError, SpecError
from peacestudy.outcomes import OutcomeTable
from peacestudy.outcomes.accord_implementation import (
    IMPLEMENTATION_SCHEMA,
    implementation,
    mean_levels,
    provision_levels,
)
from peacestudy.outcomes.context import CONTEXT, COVARIATES_SCHEMA
from peacestudy.outcomes.peace import OUTCOMES_SCHEMA
from peacestudy.study.builders.accord_fighting import fighting_of
from peacestudy.study.builders.accord_landmarks import (
    LANDMARKS,
    LANDMARKS_SCHEMA,
    LEVELS,
    is_first,
    landmarks,
)
from peacestudy.study.builders.accord_links import (
    Accord,
    accord_findings,
    make_accords,
    mended,
    state_name,
)
from peacestudy.study.builders.accord_tables import (
    DELIVERIES_SCHEMA,
    accord_covariates,
    accord_outcomes,
    deliveries,
)
from peacestudy.study.builders.releases import AS_NAMED, Releases

PAM, PAX, ACD, LEADERS = "pam_1.5", "pax_v10", "ucdp_acd_25.1", "archigos"
POLITICS = (
    "polyarchy",
    "polyarchy_low",
    "polyarchy_high",
    "executive_constraints",
    "legislative_constraints",
    "judicial_constraints",
)
WANTED = tuple(c for c in CONTEXT if c.variable in POLITICS)
NEEDED = (PAM, PAX, ACD, LEADERS, *dict.fromkeys(c.source_id for c in WANTED))
YEARS = range(11)


@dataclass(frozen=True)
class AccordRule:
    """How accords are read; see the comments in study.toml.

    Attributes
    ----------
    turnover_year : years after t0 in which changes of leader are read before the gain in
        implementation.
    security, security_wide : indicators of codebook.toml, of which the second list includes the
        first: implementation is also averaged without them.
    """

    provisions: str
    score: str
    horizon: int
    delivery_year: int
    last_year: int
    lag: int
    war_years_back: int
    before_days: int
    turnover_year: int = 0
    security: tuple[str, ...] = ()
    security_wide: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.score != "aggregate":
            raise SpecError(
                f"score is {self.score!r}; it must be aggregate, the mean over all provisions that"
                " are promised."
            )
        for name, least in {
            "horizon": 1,
            "delivery_year": 1,
            "lag": 0,
            "war_years_back": 1,
            "before_days": 0,
        }.items():
            if (value := getattr(self, name)) < least:
                raise SpecError(f"{name} is {value}; it must be {least} or more.")
        if self.turnover_year not in (0, *LANDMARKS):
            raise SpecError(
                f"turnover_year is {self.turnover_year}; it must be one of"
                f" {', '.join(map(str, LANDMARKS))}."
            )
        if not set(self.security) <= set(self.security_wide):
            raise SpecError("security_wide must name every provision of security.")
        if self.delivery_year > YEARS[-1]:
            raise SpecError(
                f"delivery_year is {self.delivery_year}; accords are followed for {YEARS[-1]}"
                " years."
            )


TABLES: dict[str, Schema] = {
    "cases": Schema(
        (
            *CASES_SCHEMA.fields[:2],
            Field("t0", "year", required=True, description="year in which the accord was signed"),
            Field("accord_date", "date", required=True),
            Field(
                "first_year",
                "year",
                required=True,
                description="calendar year of the accord's year 1 in the source",
            ),
            Field(
                "n_years",
                "integer",
                required=True,
                minimum=1,
                maximum=10,
                unit="years",
                description="years that the source follows the accord, from year 1",
            ),
            Field(
                "country",
                "integer",
                required=True,
                description="state whose politics are read, Gleditsch-Ward code",
            ),
            Field("country_name", required=True),
            Field(
                "conflict_id",
                "integer",
                required=True,
                description="conflict of UCDP/PRIO that the accord names",
            ),
            Field(
                "conflict_ids",
                required=True,
                description="every conflict that the accord is to end",
            ),
            Field("n_agreements", "integer", required=True, minimum=0, unit="agreements of PA-X"),
            Field("joined", "boolean", required=True, description="PA-X has the text"),
            Field(
                "first_accord",
                "boolean",
                required=True,
                description="no earlier accord of the study is on the same conflict",
            ),
            Field("source", required=True),
        ),
        key=("case_id",),
    ),
    "agreements": Schema(
        (
            Field("case_id", required=True),
            Field("agreement_id", "integer", required=True, description="AgtId of PA-X"),
        ),
        key=("case_id", "agreement_id"),
    ),
    "codings": CODING_SCHEMA,
    "implementation": IMPLEMENTATION_SCHEMA,
    "outcomes": Schema(
        (
            *OUTCOMES_SCHEMA.fields[:-1],
            Field(
                "country_peace",
                "boolean",
                description=(
                    "no fighting year of any conflict in the state in t0 + 1 to t0 + horizon"
                ),
            ),
            OUTCOMES_SCHEMA.fields[-1],
        ),
        key=("case_id",),
    ),
    "covariates": COVARIATES_SCHEMA,
    "ledger": LEDGER_SCHEMA,
    "deliveries": DELIVERIES_SCHEMA,
    "landmarks": LANDMARKS_SCHEMA,
}


def build(
    raw: Path, rule: AccordRule, codebook: Codebook, folder: Path, releases: Releases = AS_NAMED
) -> dict[str, pd.DataFrame]:
    """Build every table of the study.

    Parameters
    ----------
    raw : folder with the source files.
    rule : how accords are read, from study.toml.
    codebook : what is coded of the texts: that of the study peace_agreements.
    folder : the study, with its own codebook of provisions and its decisions.
    releases : which release of each source is read; without it those that the study names.

    Raises
    ------
    SourceError
        A source is not as known, a data problem is not decided, or the
        codebook of provisions is not the declared one.
    """
    if rule.turnover_year == 0:
        raise SpecError("[cases] has no turnover_year; write the years after t0 in study.toml.")
    provisions = _provisions(folder, rule)
    sources = releases.read(NEEDED, raw)
    pam, pax, acd = (sources[i].table for i in (PAM, PAX, ACD))
    decided = releases.decide(accord_findings(pam, pax, acd), folder)
    years = mended(pam, decided)
    accords = make_accords(years, pax, decided)
    pillars = {
        p.id: [c for i in p.indicators for c in i.columns]
        for p in provisions.entries
        if p.indicators
    }
    levels = provision_levels(years)
    seven_ids = [p.id for p in provisions.pillars]
    done = implementation(levels, pillars, seven_ids, YEARS, PAM)
    text = [(a.case_id, i) for a in accords for i in a.agreements]
    members = pd.DataFrame(text, columns=["case_id", "agreement_id"])
    codings = _codings(pax, members, codebook)
    texts = {"text": codings, "attempt": _codings(pax, _around(accords, pax, rule), codebook)}
    told = ["case_id", *(p.id for p in codebook.entries if p.indicators), "breadth"]
    scores = {name: score(Coding(codes, codebook))[told] for name, codes in texts.items()}
    fighting = fighting_of(accords, acd)
    around = accord_covariates(accords, done, scores, fighting, sources, rule, WANTED)
    at_landmarks = landmarks(
        accords,
        _mean_levels(levels, provisions, rule),
        _promised_breadth(done),
        fighting,
        sources[LEADERS],
        rule,
    )
    seven = [p.id for p in codebook.pillars]
    tables = {
        "cases": _cases(accords, years),
        "agreements": members,
        "codings": codings,
        "implementation": done,
        "outcomes": accord_outcomes(accords, fighting, rule.horizon, rule.last_year),
        "covariates": around,
        "deliveries": deliveries(accords, done, around, at_landmarks, seven, rule),
        "landmarks": at_landmarks,
        "ledger": _ledger(sources, accords).table(),
    }
    return {name: table[TABLES[name].names] for name, table in tables.items()}


def _provisions(folder: Path, rule: AccordRule) -> Codebook:
    path = folder / "codebook.toml"
    found = file_sha256(path)
    if found != rule.provisions:
        raise SourceError(
            f"{path} has sha256 {found}; study.toml declares {rule.provisions[:12]}... under"
            " [cases]. Restore the codebook, or renew the declaration and say in the statement"
            " what changed and why."
        )
    return read_codebook(path)


def _mean_levels(
    levels: pd.DataFrame, provisions: Codebook, rule: AccordRule
) -> dict[str, dict[tuple[str, int], float]]:
    """Mean levels of all provisions, and without each list of security provisions."""
    means = {}
    for name, without in zip(LEVELS, ((), rule.security, rule.security_wide), strict=True):
        unknown = [i for i in without if i not in provisions.indicators]
        if unknown:
            raise SpecError(one_of("a provision", unknown[0], list(provisions.indicators)))
        columns = [c for i in without for c in provisions.indicators[i].columns]
        means[name] = mean_levels(levels, columns)
    return means


def _promised_breadth(done: pd.DataFrame) -> dict[str, float]:
    """Breadth of what each accord promises."""
    breadth = done[done["pillar"] == "breadth"].drop_duplicates("case_id")
    return dict(zip(breadth["case_id"], breadth["promised"].astype(float), strict=True))


def _codings(pax: pd.DataFrame, members: pd.DataFrame, codebook: Codebook) -> pd.DataFrame:
    documents = pax.rename(columns={"AgtId": "agreement_id"})
    documents = documents.assign(ThrdPart=[code_third_party(t)[0] for t in documents["ThrdPart"]])
    return code_topics(documents, members, codebook, PAX)


def _around(accords: list[Accord], pax: pd.DataFrame, rule: AccordRule) -> pd.DataFrame:
    """The accord with what its conflict agreed on before it: the texts
    that it builds on, of any stage but Oth.
    """
    rows = []
    for a in accords:
        if not a.agreements:
            continue
        near = pax["Dat"].between(a.date - pd.Timedelta(days=rule.before_days), a.date) & (
            pax["Stage"] != "Oth"
        )
        own = pax.loc[near & pax["UcdpCon"].isin(list(a.conflicts)), "AgtId"]
        rows += [(a.case_id, i) for i in sorted({*a.agreements, *(int(i) for i in own)})]
    return pd.DataFrame(rows, columns=["case_id", "agreement_id"])


def _cases(accords: list[Accord], years: pd.DataFrame) -> pd.DataFrame:
    last = years[years["year_k"] > 0].groupby("case_id")["year_k"].max()
    rows = [
        (
            a.case_id,
            f"{a.place} {a.t0}",
            a.t0,
            a.date,
            a.first_year,
            int(last[a.case_id]),
            a.country,
            state_name(a),
            a.conflicts[0],
            " ".join(map(str, a.conflicts)),
            len(a.agreements),
            bool(a.agreements),
            is_first(a, accords),
            (
                f"{PAM} pam_caseid {a.case_id}; {PAX} PamAgr {a.case_id}; {ACD} conflict"
                f" {' '.join(map(str, a.conflicts))}"
            ),
        )
        for a in accords
    ]
    return pd.DataFrame(rows, columns=TABLES["cases"].names)


def _ledger(sources: dict[str, OutcomeTable], accords: list[Accord]) -> Ledger:
    n = len(sources[PAM].table)
    without = [f"{a.place} {a.t0}" for a in accords if not a.agreements]
    why = (
        "a comprehensive accord of the Peace Accords Matrix; PA-X has no text of"
        f" {', '.join(without)}"
    )
    return Ledger((Entry("accords", "gather", "accord", n, len(accords), why=why),))
