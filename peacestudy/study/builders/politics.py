"""Domestic politics and place of settlement attempts, beside the controls: leaders before the
attempt, region of the conflict.
"""

import pandas as pd

from peacestudy.outcomes.context import COVARIATES_SCHEMA
from peacestudy.outcomes.leaders import leader_turnover
from peacestudy.study.builders.attempt_cases import ACD, Ground

LEADERS = "archigos"
SEVERAL = "the source has the conflict in several regions"


def politics(ground: Ground, cases: pd.DataFrame) -> pd.DataFrame:
    """Leader turnover in the years before the first agreement, and the region, long as
    ``COVARIATES_SCHEMA``.

    Leaders are those of the ``turnover_years_back`` years before the year of the first agreement:
    a later change may be an effect of the attempt. Missing where the conflict is over several
    governments, or a year is not covered; no leaders where study.toml gives no years.
    """
    first, back = cases["first_date"].dt.year, ground.rule.turnover_years_back
    if back < 1:
        return _regions(ground, cases)
    spans = cases[["case_id", "country"]].assign(year_from=first - back, year_to=first - 1)
    turnover = leader_turnover(spans, ground.sources[LEADERS])
    several = turnover["case_id"].isin(
        cases.loc[cases["several_governments"].astype(bool), "case_id"]
    )
    turnover.loc[several, "value"] = float("nan")
    turnover.loc[several, "reason"] = "the conflict is over several governments"
    return pd.concat([turnover, _regions(ground, cases)], ignore_index=True)


def _regions(ground: Ground, cases: pd.DataFrame) -> pd.DataFrame:
    """Region by the source's number: 1 Europe, 2 Middle East, 3 Asia, 4 Africa, 5 Americas."""
    last = (
        ground.acd.sort_values("year")
        .drop_duplicates("conflict_id", keep="last")
        .set_index("conflict_id")["region"]
    )
    rows = []
    for case, conflict in cases[["case_id", "conflict_id"]].itertuples(index=False, name=None):
        found = str(last[conflict])
        one = "," not in found
        rows.append(
            (
                case,
                "region",
                float(found) if one else None,
                None,
                f"{ACD} region",
                None if one else SEVERAL,
            )
        )
    return pd.DataFrame(rows, columns=COVARIATES_SCHEMA.names).astype(
        {"value": "float64", "reason": "object"}
    )
