"""Leader turnover: whether the effective leader of a state changed
between two years, how often, and by what means.
"""

import pandas as pd

from peacestudy.outcomes.context import COVARIATES_SCHEMA
from peacestudy.outcomes.source import OutcomeTable

# each variable, and the column of the source that it counts
MEASURES = (
    ("leader_turnover", "leadertransition"),
    ("leader_changes", "leadertransition"),
    ("irregular_turnover", "irregular"),
)


def leader_turnover(cases: pd.DataFrame, leaders: OutcomeTable) -> pd.DataFrame:
    """Changes of leader within a span of years.

    Parameters
    ----------
    cases : ``case_id, country`` (Gleditsch-Ward code), ``year_from, year_to``, both inclusive.
    leaders : leader-years of Archigos.

    Returns
    -------
    DataFrame
        The columns of ``COVARIATES_SCHEMA``, three variables a case: ``leader_turnover`` (1 if the
        leader changed in any year), ``leader_changes`` (years with a change),
        ``irregular_turnover`` (1 if a leader lost office by irregular means). All are missing, with
        the reason, where a year of the span is not covered.

    Source: Goemans, Gleditsch and Chiozza (2009), Journal of Peace Research 46(2): 269-283.
    """
    source = leaders.source
    columns = ["gwcode", "year", "leadertransition", "irregular"]
    known = {}
    for country, year, changed, irregular in leaders.table[columns].itertuples(
        index=False, name=None
    ):
        known[int(country), int(year)] = int(changed), int(irregular)
    rows: list[tuple[object, ...]] = []
    spans = cases[["case_id", "country", "year_from", "year_to"]]
    for case, country, first, last in spans.itertuples(index=False, name=None):
        span = range(int(first), int(last) + 1)
        found = [known.get((int(country), year)) for year in span]
        values, reason = _count(found, span, source.id, source.last_year)
        when = f"{span[0]}-{span[-1]}"
        for (name, column), value in zip(MEASURES, values, strict=True):
            rows.append((case, name, value, when, f"{source.id} {column}", reason))
    table = pd.DataFrame(rows, columns=COVARIATES_SCHEMA.names)
    return table.astype({"value": "float64", "reason": "object"})


def _count(
    years: list[tuple[int, int] | None], span: range, source: str, last: int
) -> tuple[tuple[float | None, float | None, float | None], str | None]:
    holes = [y for y, found in zip(span, years, strict=True) if found is None]
    if holes:
        reason = f"no row of {source} for this state in {holes[0]}"
        if holes[0] > last:
            reason = f"outside coverage: {source} ends in {last}"
        return (None, None, None), reason
    changed = [found[0] for found in years if found is not None]
    thrown = [found[1] for found in years if found is not None]
    return (float(any(changed)), float(sum(changed)), float(any(thrown))), None
