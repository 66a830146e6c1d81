"""Who gets an agreement: every conflict-year at risk of a
settlement attempt, with and without one.
"""

import math

import pandas as pd

from peacestudy.core.countries import country_name
from peacestudy.core.schema import Field, Schema
from peacestudy.errors import SourceError
from peacestudy.outcomes.context import CONTEXT, COVARIATES_SCHEMA, combine, country_year
from peacestudy.outcomes.onset import INTRASTATE
from peacestudy.study.builders.attempt_cases import ACD, Ground
from peacestudy.study.builders.attempt_tables import MISSING, wide

FIRST, LAST = 1990, 2019  # PA-X begins in 1990; five years after 2019 end with the conflict data
DIGITS = 2  # of logarithms and indices
REGIONS = {"1": "Europe", "2": "Middle East", "3": "Asia", "4": "Africa", "5": "Americas"}
SEVERAL = "several regions"
DOMESTIC = ("polyarchy", "executive_constraints", "legislative_constraints")
# of what, in which unit
SIZE = {"ln_gdp_per_capita": ("gdp_per_capita", 1.0), "ln_population": ("population", 1e6)}
LAGGED = (*DOMESTIC, *SIZE)
CONFLICT_YEARS_SCHEMA = Schema(
    (
        Field("case_id", required=True, description="conflict and year"),
        Field("label", required=True),
        Field("conflict_id", "integer", required=True, description="conflict of UCDP/PRIO"),
        Field("year", "year", required=True),
        Field("year_begins", "date", required=True, description="1 January of the year"),
        Field(
            "country",
            "integer",
            required=True,
            description="Gleditsch-Ward code of the state fought over; of several, the first",
        ),
        Field(
            "several_governments",
            "boolean",
            required=True,
            description="the conflict is over several governments: no domestic politics",
        ),
        Field(
            "intrastate",
            "boolean",
            required=True,
            description="of type 3 or 4 when last fought before the year",
        ),
        Field(
            "attempt",
            "boolean",
            required=True,
            description=(
                "the first substantive agreement of an eligible attempt of cases falls in the year"
            ),
        ),
        Field("attempt_case_id", description="that attempt"),
        Field(
            "kept_attempt",
            "boolean",
            required=True,
            description="such an attempt, with a complete window and one_a_window",
        ),
        Field(
            "fighting",
            "boolean",
            required=True,
            description="25 or more battle-related deaths in the year before",
        ),
        Field("war", "boolean", required=True, description="1000 or more in the year before"),
        Field(
            "duration",
            "integer",
            required=True,
            minimum=0,
            unit="years",
            description="since the first year of fighting",
        ),
        Field(
            "since_fighting",
            "integer",
            required=True,
            minimum=0,
            maximum=4,
            unit="years",
            description="from the last year of fighting to the year before; 0 where they are one",
        ),
        Field(
            "territory",
            "boolean",
            required=True,
            description="fought over territory, or over both",
        ),
        Field(
            "prior_attempts",
            "integer",
            required=True,
            minimum=0,
            unit="attempts",
            description="of the conflict, eligible or not, that began in an earlier year",
        ),
        Field(
            "under_way",
            "boolean",
            required=True,
            description=(
                "an attempt of the conflict that began in an earlier year has its last agreement in"
                " the year or later"
            ),
        ),
        Field("region", required=True, enum=(*REGIONS.values(), SEVERAL)),
        *(Field(name, "number", description="the year before") for name in DOMESTIC),
        Field(
            "ln_gdp_per_capita",
            "number",
            description="ln of GDP a head in current US dollars, the year before",
        ),
        Field("ln_population", "number", description="ln of million people, the year before"),
        MISSING,
        Field("source", required=True),
    ),
    key=("case_id",),
)
ATTEMPTS_OUTSIDE_SCHEMA = Schema(
    (
        Field("case_id", required=True, description="attempt of cases that no conflict-year has"),
        Field(
            "first_year",
            "year",
            required=True,
            description="year of its first substantive agreement",
        ),
        Field("reason", required=True),
    ),
    key=("case_id",),
)


def conflict_years(ground: Ground, cases: pd.DataFrame) -> pd.DataFrame:
    """Conflict-years at risk, the columns of ``CONFLICT_YEARS_SCHEMA``.

    A conflict is at risk in a year if it was fought in one of the ``recent_years`` years before:
    what the rule of eligibility asks of an attempt, as known on 1 January. Every covariate is read
    before that day.

    Parameters
    ----------
    cases : the attempts, eligible or not.

    Raises
    ------
    SourceError
        Two eligible attempts of a conflict begin in one year.
    """
    began = cases.assign(first_year=cases["first_date"].dt.year)
    eligible = began[began["eligible"].astype(bool)]
    if (twice := eligible.duplicated(["conflict_id", "first_year"])).any():
        raise SourceError(
            f"attempt {eligible.loc[twice, 'case_id'].iloc[0]} begins in the year of another of its"
            " conflict."
        )
    of: dict[tuple[int, int], tuple[str, bool]] = {}
    columns = ["case_id", "conflict_id", "first_year", "t0", "one_a_window"]
    for case, conflict, first_year, t0, first in eligible[columns].itertuples(
        index=False, name=None
    ):
        complete = int(t0) + ground.rule.horizon <= ground.rule.last_year
        of[int(conflict), int(first_year)] = (str(case), complete and bool(first))
    lives: dict[int, list[tuple[int, int]]] = {}
    for c, start, end in began[["conflict_id", "first_year", "t0"]].itertuples(
        index=False, name=None
    ):
        lives.setdefault(int(c), []).append((int(start), int(end)))
    rows = []
    for conflict, own in ground.acd.sort_values("year").groupby("conflict_id"):
        c = int(str(conflict))
        for year in range(FIRST, LAST + 1):
            before = own[own["year"] < year]
            if len(before) and int(before["year"].max()) >= year - ground.rule.recent_years:
                rows.append(
                    _row(before, year, *of.get((c, year), (None, False)))
                    | _before(lives.get(c, []), year)
                )
    out = pd.DataFrame(rows)
    table = out.merge(_lagged(ground, out), on="case_id", how="left", validate="one_to_one")
    return table[CONFLICT_YEARS_SCHEMA.names].sort_values(
        ["conflict_id", "year"], ignore_index=True
    )


def _row(before: pd.DataFrame, year: int, attempt: str | None, kept: bool) -> dict[str, object]:
    """A conflict-year from the years of its fighting before, and the attempt that begins in it."""
    last, first = before.iloc[-1], int(before["year"].min())
    codes = [int(code) for code in str(last["gwno_loc"]).split(",")]
    conflict, seen = last["conflict_id"], int(str(last["year"]))
    place = str(last["location"]).split(" (")[0]
    if len(codes) > 1:
        place = f"{country_name(codes[0], seen, 'gw')} and others"
    regions = str(last["region"]).split(",")
    return {
        "case_id": f"{conflict}-year-{year}",
        "label": f"{place}, conflict {conflict}, {year}",
        "conflict_id": conflict,
        "year": year,
        "year_begins": pd.Timestamp(year, 1, 1),
        "country": codes[0],
        "several_governments": len(codes) > 1,
        "intrastate": last["type_of_conflict"] in INTRASTATE,
        "attempt": attempt is not None,
        "attempt_case_id": attempt,
        "kept_attempt": kept,
        "fighting": seen == year - 1,
        "war": seen == year - 1 and last["intensity_level"] == 2,
        "duration": year - first,
        "since_fighting": year - 1 - seen,
        "territory": last["incompatibility"] in (1, 3),
        "region": REGIONS[regions[0]] if len(regions) == 1 else SEVERAL,
        "source": f"{ACD} conflict {conflict} {seen}",
    }


def _before(lives: list[tuple[int, int]], year: int) -> dict[str, object]:
    """Attempts of the conflict that began earlier, and whether one of them is not over; ``lives``
    are first and last years.
    """
    earlier = [end for start, end in lives if start < year]
    return {"prior_attempts": len(earlier), "under_way": any(end >= year for end in earlier)}


def _lagged(ground: Ground, rows: pd.DataFrame) -> pd.DataFrame:
    """Domestic politics, GDP and population of the year before, a
    column each, and ``missing`` with the reasons.
    """
    wanted = pd.DataFrame(
        {
            "case_id": rows["case_id"],
            "country": rows["country"].astype("Int64").mask(rows["several_governments"]),
            "year": rows["year"] - ground.rule.lag,
        }
    )
    of = {c.variable: c for c in CONTEXT}
    read = {
        v: country_year(wanted, ground.sources[of[v].source_id], of[v])
        for v in (*DOMESTIC, *(v for v, _ in SIZE.values()))
    }
    logs = [
        combine(
            read[v],
            name,
            (v,),
            lambda value, unit=unit: math.log(value / unit) if value > 0 else math.nan,
        )
        for name, (v, unit) in SIZE.items()
    ]
    long = pd.concat([*(read[v] for v in DOMESTIC), *logs], ignore_index=True)[
        COVARIATES_SCHEMA.names
    ]
    table = wide(long.assign(value=long["value"].round(DIGITS)))
    return table.reindex(columns=["case_id", *LAGGED, "missing"])


def attempts_outside(cases: pd.DataFrame, years: pd.DataFrame) -> pd.DataFrame:
    """The attempts that no conflict-year has, each with the reason.

    Parameters
    ----------
    cases : the attempts, eligible or not.
    years : what ``conflict_years`` gives.
    """
    met = set(years["attempt_case_id"].dropna())
    rows = []
    for case, eligible, date in cases[["case_id", "eligible", "first_date"]].itertuples(
        index=False, name=None
    ):
        if case in met:
            continue
        if not eligible:
            reason = "not eligible: no fighting in t0-5..t0-1, or in t0 before the last agreement"
        elif not FIRST <= date.year <= LAST:
            reason = f"begins outside {FIRST} to {LAST}"
        else:
            reason = (
                "no fighting in the five years before the year of its first agreement; there was"
                " some later"
            )
        rows.append((case, int(date.year), reason))
    return pd.DataFrame(rows, columns=ATTEMPTS_OUTSIDE_SCHEMA.names)
