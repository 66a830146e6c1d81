"""Accords at their landmarks: what is implemented and what was fought by then, and what followed.

A landmark is the end of year k of the accord, or of the calendar year t0 + k. Its clock is that
year: implementation, fighting and changes of leader up to it are known then, peace is read after
it. Only cases without the event up to the landmark are at risk of it afterwards (Anderson, Cain and
Gelber 1983, Journal of Clinical Oncology 1(11): 710-719).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pandas as pd

from peacestudy.core.schema import Field, Schema
from peacestudy.outcomes import OutcomeTable
from peacestudy.outcomes.leaders import leader_turnover
from peacestudy.outcomes.peace import PeaceRule
from peacestudy.study.builders.accord_fighting import Fighting, peace_after
from peacestudy.study.builders.accord_links import Accord

LANDMARKS = (1, 2, 3)
LEVELS = ("implemented", "implemented_civil", "implemented_civil_strict")
TURNOVER = ("leader_turnover", "irregular_turnover")
LANDMARKS_SCHEMA = Schema(
    (
        Field("case_id", required=True, description="accord, clock and k"),
        Field("accord", required=True, description="case_id of the accord"),
        Field("joined", "boolean", required=True, description="PA-X has the text of the accord"),
        Field(
            "first_accord",
            "boolean",
            required=True,
            description="no earlier accord of the study is on the same conflict",
        ),
        Field("accord_date", "date", required=True),
        Field(
            "calendar",
            "boolean",
            required=True,
            description="the landmark is the end of t0 + k; else that of year k of the accord",
        ),
        *(
            Field(f"k{k}", "boolean", required=True, description=f"the landmark is that of k = {k}")
            for k in LANDMARKS
        ),
        Field("landmark_year", "year", required=True, description="its last day is the landmark"),
        Field(
            "days",
            "integer",
            required=True,
            minimum=1,
            unit="days",
            description="from the signature to the landmark",
        ),
        Field(
            "fought",
            "integer",
            required=True,
            minimum=0,
            maximum=1,
            description="a fighting year in the accord's conflicts in t0 + 1 to the landmark",
        ),
        Field(
            "implemented",
            "number",
            minimum=0,
            maximum=1,
            description="level / 3 at the landmark, averaged over all promised provisions",
        ),
        Field(
            "implemented_civil",
            "number",
            minimum=0,
            maximum=1,
            description="the same without the security provisions of study.toml",
        ),
        Field(
            "implemented_civil_strict",
            "number",
            minimum=0,
            maximum=1,
            description="the same without the wider list of security provisions",
        ),
        Field("promised_breadth", "number", required=True, minimum=0, maximum=1),
        Field(
            "leader_turnover",
            "number",
            description="1 if the effective leader changed in t0 + 1 to the landmark",
        ),
        Field(
            "irregular_turnover",
            "number",
            description="1 if a leader lost office by irregular means in these years",
        ),
        Field(
            "gain",
            "number",
            description="implemented in the delivery year, less that at the landmark",
        ),
        Field(
            "peace_after",
            "boolean",
            description=(
                "no fighting year in the accord's conflicts in the years of the horizon after the"
                " landmark"
            ),
        ),
        Field("country_peace_after", "boolean", description="the same, any conflict of the state"),
        Field("missing", description="what is missing, each with the reason"),
        Field("source", required=True),
    ),
    key=("case_id",),
)
MeanLevels = Mapping[tuple[str, int], float]


class LandmarkRule(Protocol):
    """The values of study.toml that are read here."""

    @property
    def horizon(self) -> int: ...  # noqa: D102
    @property
    def delivery_year(self) -> int: ...  # noqa: D102
    @property
    def last_year(self) -> int: ...  # noqa: D102


@dataclass(frozen=True)
class Landmark:
    """The end of a year after the signature of an accord.

    Attributes
    ----------
    calendar : k counts calendar years after t0; else years of the accord.
    """

    accord: Accord
    calendar: bool
    k: int

    @property
    def case_id(self) -> str:
        """Accord, clock and k."""
        clock = "calendar_" if self.calendar else ""
        return f"{self.accord.case_id}_{clock}k{self.k}"

    @property
    def year(self) -> int:
        """Calendar year whose last day is the landmark."""
        return self.at(self.k)

    def at(self, k: int) -> int:
        """Calendar year of year k by the clock of this landmark."""
        return self.accord.t0 + k if self.calendar else self.accord.first_year + k - 1

    def accord_year(self, k: int) -> int:
        """The accord's year at the calendar year of year k by this clock."""
        return self.at(k) - self.accord.first_year + 1


def is_first(accord: Accord, accords: Sequence[Accord]) -> bool:
    """Whether no earlier accord is on one of the same conflicts."""
    return not any(
        other.t0 < accord.t0 and set(other.conflicts) & set(accord.conflicts) for other in accords
    )


def landmarks(
    accords: Sequence[Accord],
    levels: Mapping[str, MeanLevels],
    promised: Mapping[str, float],
    fighting: Fighting,
    leaders: OutcomeTable,
    rule: LandmarkRule,
) -> pd.DataFrame:
    """Every accord at every landmark, by the years of the accord and by calendar years.

    Parameters
    ----------
    accords : the cases.
    levels : mean level by (accord, year of the accord), for each of ``LEVELS``.
    promised : breadth of what each accord promises.
    fighting : years of fighting of each accord.
    leaders : leader-years of Archigos.
    rule : horizon, delivery year, last year of the conflict data.

    Returns
    -------
    DataFrame
        The columns of ``LANDMARKS_SCHEMA``.
    """
    points = [
        Landmark(accord, calendar, k)
        for calendar in (False, True)
        for accord in accords
        for k in LANDMARKS
    ]
    turnover = _turnover(points, leaders)
    rows = [
        _row(point, is_first(point.accord, accords), levels, promised, fighting, turnover, rule)
        for point in points
    ]
    table = pd.DataFrame(rows)
    peace = PeaceRule(rule.horizon, rule.last_year)
    cases = [point.accord.case_id for point in points]
    years = [point.year for point in points]
    for column, years_of in (
        ("peace_after", fighting.conflict),
        ("country_peace_after", fighting.state),
    ):
        table[column] = peace_after(years_of, cases, years, peace)["lasting_peace"]
    numbers = {f.name: "float64" for f in LANDMARKS_SCHEMA.fields if f.type == "number"}
    return table[LANDMARKS_SCHEMA.names].astype(numbers)


def _turnover(points: Sequence[Landmark], leaders: OutcomeTable) -> Any:
    """Changes of leader in t0 + 1 to each landmark, by (landmark, variable)."""
    spans = [
        (point.case_id, point.accord.country, point.accord.t0 + 1, point.year)
        for point in points
        if point.year > point.accord.t0
    ]
    table = pd.DataFrame(spans, columns=["case_id", "country", "year_from", "year_to"])
    return leader_turnover(table, leaders).set_index(["case_id", "variable"])


def _row(
    point: Landmark,
    first: bool,
    levels: Mapping[str, MeanLevels],
    promised: Mapping[str, float],
    fighting: Fighting,
    turnover: Any,
    rule: LandmarkRule,
) -> dict[str, object]:
    """What is known of an accord at a landmark, and what it gained from then to the delivery
    year.
    """
    a = point.accord
    span = range(a.t0 + 1, point.year + 1)
    now, then = point.accord_year(point.k), point.accord_year(rule.delivery_year)
    values: dict[str, float | None] = {
        name: means.get((a.case_id, now)) for name, means in levels.items()
    }
    missing = {}
    if values["implemented"] is None:
        missing["implemented"] = f"the source has no year {now} of this accord"
    later = levels["implemented"].get((a.case_id, then))
    gain = None
    if later is None:
        missing["gain"] = f"the source has no year {then} of this accord"
    elif values["implemented"] is not None:
        gain = later - values["implemented"]
    for name in TURNOVER:
        key = (point.case_id, name)
        values[name] = turnover.loc[key, "value"] if key in turnover.index else None
        reason = turnover.loc[key, "reason"] if key in turnover.index else "no year between"
        if isinstance(reason, str):
            missing[name] = reason
    return {
        "case_id": point.case_id,
        "accord": a.case_id,
        "joined": bool(a.agreements),
        "first_accord": first,
        "accord_date": a.date,
        "calendar": point.calendar,
        **{f"k{k}": k == point.k for k in LANDMARKS},
        "landmark_year": point.year,
        "days": (pd.Timestamp(point.year, 12, 31) - a.date).days,
        "fought": int(not fighting.conflict[a.case_id].isdisjoint(span)),
        **values,
        "promised_breadth": promised[a.case_id],
        "gain": gain,
        "missing": "; ".join(f"{name}: {why}" for name, why in missing.items()) or None,
        "source": (
            f"pam_1.5 pam_caseid {a.case_id} year {now}; ucdp_acd_25.1 conflict"
            f" {' '.join(map(str, a.conflicts))}; archigos"
        ),
    }
