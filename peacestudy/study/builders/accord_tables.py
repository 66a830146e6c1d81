"""Outcomes and covariates of accords: peace after a landmark, what was
done by then, texts, politics, leaders, war.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import pandas as pd

from peacestudy.core.schema import Field, Schema
from peacestudy.outcomes import OutcomeTable
from peacestudy.outcomes.context import COVARIATES_SCHEMA, CountryYear, country_year
from peacestudy.outcomes.leaders import leader_turnover
from peacestudy.outcomes.peace import PeaceRule, fighting_years, lasting_peace
from peacestudy.study.builders.accord_links import Accord

PAM, PAX, ACD, LEADERS = "pam_1.5", "pax_v10", "ucdp_acd_25.1", "archigos"
Row = tuple[object, ...]
# that stand beside what is delivered
POLITICS = ("executive_constraints", "polyarchy", "leader_turnover")
DELIVERIES_SCHEMA = Schema(
    (
        Field("case_id", required=True, description="accord and pillar"),
        Field("accord", required=True, description="case_id of the accord; cluster of the models"),
        Field("pillar", required=True),
        Field("joined", "boolean", required=True, description="PA-X has the text of the accord"),
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
        *(Field(name, "number") for name in POLITICS),
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
    def last_year(self) -> int: ...  # noqa: D102
    @property
    def lag(self) -> int: ...  # noqa: D102
    @property
    def war_years_back(self) -> int: ...  # noqa: D102


def accord_outcomes(
    accords: Sequence[Accord],
    acd: pd.DataFrame,
    horizon: int,
    last_year: int,
    landmarks: Sequence[int],
) -> pd.DataFrame:
    """What followed each accord, in its conflicts and in its state.

    Parameters
    ----------
    accords : the cases.
    acd : conflict-years of UCDP/PRIO.
    horizon : years of peace after t0, and after each landmark.
    last_year : last year that the conflict data cover.
    landmarks : years k of the accord; peace after k is read in the
        years k + 1 to k + horizon of the accord.

    Returns
    -------
    DataFrame
        The columns of ``lasting_peace``, then ``peace_after_k``, ``country_peace`` and
        ``country_peace_k``. A conflict year counts for the state where the state is among those
        whose government or territory is fought over.
    """
    by_conflict, by_state = fighting_years(acd), _fighting_by_state(acd)
    own = {int(a.case_id): set().union(*(by_conflict[c] for c in a.conflicts)) for a in accords}
    state = {int(a.case_id): by_state.get(a.country, set()) for a in accords}
    rule = PeaceRule(horizon, last_year)

    def peace(fighting: dict[int, set[int]], starts: list[int]) -> pd.DataFrame:
        ids = [a.case_id for a in accords]
        spans = pd.DataFrame({"case_id": ids, "conflict_id": [int(i) for i in ids], "t0": starts})
        return lasting_peace(spans, fighting, rule, ACD)

    signed = [a.t0 for a in accords]
    out = peace(own, signed)
    out["source"] = [
        f"{ACD} conflict {' '.join(map(str, a.conflicts))}, state {a.country}" for a in accords
    ]
    out["country_peace"] = peace(state, signed)["lasting_peace"]
    for k in landmarks:
        reached = [a.first_year + k - 1 for a in accords]  # calendar year of year k
        out[f"peace_after_k{k}"] = peace(own, reached)["lasting_peace"]
        out[f"country_peace_k{k}"] = peace(state, reached)["lasting_peace"]
    return out


def _fighting_by_state(acd: pd.DataFrame) -> dict[int, set[int]]:
    out: dict[int, set[int]] = {}
    for states, year in acd[["gwno_loc", "year"]].itertuples(index=False, name=None):
        for code in states.split(","):
            out.setdefault(int(code), set()).add(int(year))
    return out


def accord_covariates(
    accords: Sequence[Accord],
    done: pd.DataFrame,
    scores: Mapping[str, pd.DataFrame],
    sources: Mapping[str, OutcomeTable],
    rule: Rule,
    wanted: Sequence[CountryYear],
    landmarks: Sequence[int],
) -> pd.DataFrame:
    """Every covariate of every accord, long, each missing value with its reason.

    Parameters
    ----------
    accords : the cases.
    done : rows of ``implementation``.
    scores : name of a text (such as ``text``) to its pillar
        scores; a case without a row has no text.
    sources : the source tables by id.
    rule : values of study.toml.
    wanted : country-year variables of domestic politics.
    landmarks : years of the accord whose implementation and fighting are given.
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
        *_implemented(done, sorted({*landmarks, rule.delivery_year}), rule.delivery_year),
        *(r for name, table in scores.items() for r in _texts(accords, name, table)),
        *_war(accords, sources, rule, landmarks),
    ]
    parts = [
        pd.DataFrame(rows, columns=COVARIATES_SCHEMA.names).astype({"value": "float64"}),
        *(country_year(cases, sources[w.source_id], w) for w in wanted),
        leader_turnover(spans, sources[LEADERS]),
    ]
    return pd.concat(parts, ignore_index=True).sort_values(
        ["case_id", "variable"], ignore_index=True
    )


def _implemented(done: pd.DataFrame, years: Sequence[int], delivery: int) -> list[Row]:
    """Implementation of all provisions by each landmark, of each pillar by the year of delivery;
    promised shares, distances.
    """
    rows: list[Row] = []
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
        if pillar == "aggregate" and k in years:
            rows.append((case, f"implemented_k{k}", level, f"year {k}", source, reason))
        if k == delivery:
            rows.append((case, f"promised_{pillar}", promised, None, source, None))
            if pillar != "aggregate":
                rows.append((case, f"implemented_{pillar}", level, f"year {k}", source, reason))
            rows.append((case, f"distance_{pillar}", distance, f"year {k}", source, reason))
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
    sources: Mapping[str, OutcomeTable],
    rule: Rule,
    landmarks: Sequence[int],
) -> list[Row]:
    """Length of the text; fighting in t0, before it and up to
    each landmark; what is fought over.
    """
    acd = sources[ACD].table
    length = sources[PAX].table.set_index("AgtId")["Lgt"]
    fighting, war = fighting_years(acd), fighting_years(acd[acd["intensity_level"] == 2])
    fought_over = (
        acd.sort_values("year")
        .drop_duplicates("conflict_id", keep="last")
        .set_index("conflict_id")["incompatibility"]
    )
    rows: list[Row] = []
    for a in accords:
        years = set().union(*(fighting[c] for c in a.conflicts))
        wars = set().union(*(war.get(c, set()) for c in a.conflicts))
        back = range(a.t0 - rule.war_years_back + 1, a.t0 + 1)
        pages = float(length[list(a.agreements)].sum()) if a.agreements else None
        rows += [
            (
                a.case_id,
                "pages",
                pages,
                None,
                f"{PAX} Lgt",
                None if a.agreements else "PA-X has no text of this accord",
            ),
            (a.case_id, "active", float(a.t0 in years), str(a.t0), f"{ACD} year", None),
            (
                a.case_id,
                "war_years",
                float(len(wars & set(back))),
                f"{back[0]}-{a.t0}",
                f"{ACD} intensity_level",
                None,
            ),
            (
                a.case_id,
                "territory",
                float(fought_over[a.conflicts[0]] in (1, 3)),
                None,
                f"{ACD} incompatibility",
                None,
            ),
        ]
        for k in landmarks:
            span = range(a.first_year, a.first_year + k)
            rows.append(
                (
                    a.case_id,
                    f"fought_k{k}",
                    float(bool(set(span) & years)),
                    f"{span[0]}-{span[-1]}",
                    f"{ACD} year",
                    None,
                )
            )
    return rows


def deliveries(
    accords: Sequence[Accord],
    done: pd.DataFrame,
    covariates: pd.DataFrame,
    pillars: Sequence[str],
    year: int,
) -> pd.DataFrame:
    """Every pillar of every accord, with what was promised and
    done of it and the politics of the state.

    Parameters
    ----------
    accords : the cases.
    done : rows of ``implementation``.
    covariates : of the accords, long.
    pillars : the seven.
    year : of the accord, by which delivery is read.
    """
    values = covariates.set_index(["case_id", "variable"])
    of = done[done["year_k"] == year].set_index(["case_id", "pillar"])
    rows: list[Row] = []
    for a in accords:
        around: Any = [values.loc[(a.case_id, name)] for name in POLITICS]
        for pillar in pillars:
            own: Any = of.loc[(a.case_id, pillar)]
            gaps = [
                ("implemented", own["reason"]),
                *zip(POLITICS, (v["reason"] for v in around), strict=True),
            ]
            said = "; ".join(f"{name}: {why}" for name, why in gaps if isinstance(why, str))
            rows.append(
                (
                    f"{a.case_id}_{pillar}",
                    a.case_id,
                    pillar,
                    bool(a.agreements),
                    own["promised"],
                    own["implemented"],
                    *(v["value"] for v in around),
                    said or None,
                    own["source"],
                )
            )
    return pd.DataFrame(rows, columns=DELIVERIES_SCHEMA.names)
