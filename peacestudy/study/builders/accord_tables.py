"""Outcomes and covariates of accords: peace afterwards, what was implemented, texts, politics,
leaders, war.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import pandas as pd

from peacestudy.core.schema import Field, Schema
from peacestudy.outcomes import OutcomeTable
from peacestudy.outcomes.context import COVARIATES_SCHEMA, CountryYear, country_year
from peacestudy.outcomes.leaders import leader_turnover
from peacestudy.outcomes.peace import PeaceRule, fighting_years
from peacestudy.study.builders.accord_fighting import ACD, Fighting, peace_after
from peacestudy.study.builders.accord_landmarks import LANDMARKS, Landmark
from peacestudy.study.builders.accord_links import Accord

PAX, LEADERS = "pax_v10", "archigos"
Row = tuple[object, ...]
# in deliveries
POLITICS = ("executive_constraints", "polyarchy", "leader_turnover")
DELIVERIES_SCHEMA = Schema(
    (
        Field("case_id", required=True, description="accord and pillar"),
        Field("accord", required=True, description="case_id of the accord; cluster of the models"),
        Field("pillar", required=True),
        Field("joined", "boolean", required=True, description="PA-X has the text of the accord"),
        Field("accord_date", "date", required=True),
        Field(
            "landmark_year",
            "year",
            required=True,
            description="t0 + turnover year: early changes of leader and implementation are read",
        ),
        Field(
            "promised",
            "number",
            required=True,
            minimum=0,
            maximum=1,
            description="share of the pillar's provisions that the accord promises",
        ),
        Field(
            "implemented",
            "number",
            minimum=0,
            maximum=1,
            description=(
                "mean level of the promised provisions by the delivery year; missing if none is"
                " promised"
            ),
        ),
        Field(
            "early_implemented",
            "number",
            minimum=0,
            maximum=1,
            description="the same by the end of landmark_year",
        ),
        Field(
            "gain",
            "number",
            description="mean level by the end of t0 + delivery year, less early_implemented",
        ),
        *(Field(name, "number") for name in POLITICS),
        Field(
            "early_turnover",
            "number",
            description="1 if the effective leader changed in t0 + 1 to landmark_year",
        ),
        Field("missing", description="what is missing, each with the reason"),
        Field("source", required=True),
    ),
    key=("case_id",),
)


class Rule(Protocol):
    """The values of study.toml that are read here."""

    @property
    def delivery_year(self) -> int: ...  # noqa: D102
    @property
    def turnover_year(self) -> int: ...  # noqa: D102
    @property
    def last_year(self) -> int: ...  # noqa: D102
    @property
    def lag(self) -> int: ...  # noqa: D102
    @property
    def war_years_back(self) -> int: ...  # noqa: D102


def accord_outcomes(
    accords: Sequence[Accord], fighting: Fighting, horizon: int, last_year: int
) -> pd.DataFrame:
    """What followed each accord, in its conflicts and in its state.

    Parameters
    ----------
    accords : the cases.
    fighting : years of fighting of each accord.
    horizon : years of peace after t0.
    last_year : last year that the conflict data cover.

    Returns
    -------
    DataFrame
        The columns of ``lasting_peace``, then ``country_peace``. A conflict year counts for the
        state where the state is among those whose government or territory is fought over.
    """
    rule = PeaceRule(horizon, last_year)
    cases, signed = [a.case_id for a in accords], [a.t0 for a in accords]
    out = peace_after(fighting.conflict, cases, signed, rule)
    out["source"] = [
        f"{ACD} conflict {' '.join(map(str, a.conflicts))}, state {a.country}" for a in accords
    ]
    out["country_peace"] = peace_after(fighting.state, cases, signed, rule)["lasting_peace"]
    return out


def accord_covariates(
    accords: Sequence[Accord],
    done: pd.DataFrame,
    scores: Mapping[str, pd.DataFrame],
    fighting: Fighting,
    sources: Mapping[str, OutcomeTable],
    rule: Rule,
    wanted: Sequence[CountryYear],
) -> pd.DataFrame:
    """Every covariate of every accord, long, each missing value with its reason.

    Parameters
    ----------
    accords : the cases.
    done : rows of ``implementation``.
    scores : name of a text (such as ``text``) to its pillar
        scores; a case without a row has no text.
    fighting : years of fighting of each accord.
    sources : the source tables by id.
    rule : values of study.toml.
    wanted : country-year variables of domestic politics.
    """
    cases = pd.DataFrame(
        {
            "case_id": [a.case_id for a in accords],
            "country": [a.country for a in accords],
            "year": [a.t0 - rule.lag for a in accords],
        }
    ).astype({"country": "Int64"})
    spans = cases[["case_id", "country"]].assign(
        year_from=[a.t0 + 1 for a in accords],
        year_to=[a.first_year + rule.delivery_year - 1 for a in accords],
    )
    rows = [
        *_implemented(accords, done, rule.delivery_year),
        *(r for name, table in scores.items() for r in _texts(accords, name, table)),
        *_war(accords, fighting, sources, rule),
    ]
    parts = [
        pd.DataFrame(rows, columns=COVARIATES_SCHEMA.names).astype({"value": "float64"}),
        *(country_year(cases, sources[w.source_id], w) for w in wanted),
        leader_turnover(spans, sources[LEADERS]),
    ]
    return pd.concat(parts, ignore_index=True).sort_values(
        ["case_id", "variable"], ignore_index=True
    )


def _implemented(accords: Sequence[Accord], done: pd.DataFrame, delivery: int) -> list[Row]:
    """Implementation of all provisions by each landmark and by the year of delivery, of each pillar
    by the year of delivery; promised shares, distances.
    """
    rows: list[Row] = []
    years = (*LANDMARKS, delivery)
    first = {a.case_id: a.first_year for a in accords}
    names = [
        "case_id",
        "year_k",
        "pillar",
        "promised",
        "implemented",
        "distance",
        "source",
        "reason",
    ]
    for case, k, pillar, promised, level, distance, source, reason in done[names].itertuples(
        index=False, name=None
    ):
        year = str(first[case] + k - 1)
        if pillar == "aggregate" and k in years:
            rows.append((case, f"implemented_k{k}", level, year, source, reason))
        if k == delivery:
            rows.append((case, f"promised_{pillar}", promised, None, source, None))
            if pillar != "aggregate":
                rows.append((case, f"implemented_{pillar}", level, year, source, reason))
            rows.append((case, f"distance_{pillar}", distance, year, source, reason))
    return rows


def _texts(accords: Sequence[Accord], name: str, scores: pd.DataFrame) -> list[Row]:
    by: Any = scores.set_index("case_id")
    return [
        (
            a.case_id,
            f"{name}_{pillar}",
            float(by.loc[a.case_id, pillar]) if a.case_id in by.index else None,
            None,
            f"{PAX} PamAgr {a.case_id}",
            None if a.case_id in by.index else "PA-X has no text of this accord",
        )
        for a in accords
        for pillar in by.columns
    ]


def _war(
    accords: Sequence[Accord],
    fighting: Fighting,
    sources: Mapping[str, OutcomeTable],
    rule: Rule,
) -> list[Row]:
    """Length of the text; fighting known at the signature, years of war before it; what is fought
    over.
    """
    acd = sources[ACD].table
    length = sources[PAX].table.set_index("AgtId")["Lgt"]
    war = fighting_years(acd[acd["intensity_level"] == 2])
    fought_over = (acd.sort_values("year").drop_duplicates("conflict_id").set_index("conflict_id"))[
        "incompatibility"
    ]
    rows: list[Row] = []
    for a in accords:
        known = fighting.known[a.case_id]
        wars = set().union(*(war.get(c, set()) for c in a.conflicts))
        back = range(a.t0 - rule.war_years_back, a.t0)
        pages = float(length[list(a.agreements)].sum()) if a.agreements else None
        no_text = None if a.agreements else "PA-X has no text of this accord"
        since = float(a.t0 - max(known)) if known else None
        never = None if known else "no fighting of its conflicts is recorded before the signature"
        active = float(not known.isdisjoint({a.t0 - 1, a.t0}))
        dates = f"{ACD} year, start_date2"
        around = f"{a.t0 - 1}-{a.t0}"
        territory = float(fought_over[a.conflicts[0]] in (1, 3))
        rows += [
            (a.case_id, "pages", pages, None, f"{PAX} Lgt", no_text),
            (a.case_id, "active", active, around, dates, None),
            (a.case_id, "years_since_fighting", since, None, dates, never),
            (
                a.case_id,
                "war_years",
                float(len(wars & set(back))),
                f"{back[0]}-{back[-1]}",
                f"{ACD} intensity_level",
                None,
            ),
            (a.case_id, "territory", territory, None, f"{ACD} incompatibility", None),
        ]
    return rows


def deliveries(
    accords: Sequence[Accord],
    done: pd.DataFrame,
    covariates: pd.DataFrame,
    at_landmarks: pd.DataFrame,
    pillars: Sequence[str],
    rule: Rule,
) -> pd.DataFrame:
    """Every pillar of every accord, with what was promised and done of it and the politics of the
    state.

    Parameters
    ----------
    accords : the cases.
    done : rows of ``implementation``.
    covariates : of the accords, long.
    at_landmarks : rows of ``landmarks``, for early changes of leader.
    pillars : the seven.
    rule : the years of delivery and of early changes of leader.
    """
    values: Any = covariates.set_index(["case_id", "variable"])
    levels: Any = done.set_index(["case_id", "pillar", "year_k"])
    early_row: Any = at_landmarks.set_index("case_id")
    rows: list[Row] = []
    for a in accords:
        landmark = Landmark(a, True, rule.turnover_year)
        around: Any = [values.loc[(a.case_id, name)] for name in POLITICS]
        early_turnover = early_row.loc[landmark.case_id, "leader_turnover"]
        for pillar in pillars:
            own = levels.loc[(a.case_id, pillar, rule.delivery_year)]
            early, late = (
                levels.loc[(a.case_id, pillar, landmark.accord_year(k))]
                for k in (rule.turnover_year, rule.delivery_year)
            )
            gaps = {
                "implemented": own["reason"],
                "early_implemented": early["reason"],
                "gain": late["reason"],
                **{name: v["reason"] for name, v in zip(POLITICS, around, strict=True)},
            }
            said = [f"{name}: {why}" for name, why in gaps.items() if isinstance(why, str)]
            rows.append(
                (
                    f"{a.case_id}_{pillar}",
                    a.case_id,
                    pillar,
                    bool(a.agreements),
                    a.date,
                    landmark.year,
                    own["promised"],
                    own["implemented"],
                    early["implemented"],
                    late["implemented"] - early["implemented"],
                    *(v["value"] for v in around),
                    early_turnover,
                    "; ".join(said) or None,
                    own["source"],
                )
            )
    return pd.DataFrame(rows, columns=DELIVERIES_SCHEMA.names)
