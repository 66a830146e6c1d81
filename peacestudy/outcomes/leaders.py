"""Leader turnover: whether the effective leader of a state changed
between two years, how often, and by what means.
"""

import pandas as pd

from peacestudy.outcomes.context import COVARIATES_SCHEMA
from peacestudy.outcomes.source import OutcomeTable


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
    known = {
        (int(g), int(y)): (int(t), int(i))
        for g, y, t, i in leaders.table[columns].itertuples(index=False, name=None)
    }
    rows: list[tuple[object, ...]] = []
    for case, country, first, last in cases[
        ["case_id", "country", "year_from", "year_to"]
    ].itertuples(index=False, name=None):
        span = range(int(first), int(last) + 1)
        values, reason = _count(
            [known.get((int(country), y)) for y in span], span, source.id, source.last_year
        )
        rows += [
            (case, name, value, f"{span[0]}-{span[-1]}", f"{source.id} {column}", reason)
            for (name, column), value in zip(
                (
                    ("leader_turnover", "leadertransition"),
                    ("leader_changes", "leadertransition"),
                    ("irregular_turnover", "irregular"),
                ),
                values,
                strict=True,
            )
        ]
    return pd.DataFrame(rows, columns=COVARIATES_SCHEMA.names).astype(
        {"value": "float64", "reason": "object"}
    )


def _count(
    years: list[tuple[int, int] | None], span: range, source: str, last: int
) -> tuple[tuple[float | None, float | None, float | None], str | None]:
    holes = [y for y, found in zip(span, years, strict=True) if found is None]
    if holes:
        outside = f"outside coverage: {source} ends in {last}"
        return (None, None, None), (
            outside if holes[0] > last else f"no row of {source} for this state in {holes[0]}"
        )
    changed = [found[0] for found in years if found is not None]
    thrown = [found[1] for found in years if found is not None]
    return (float(any(changed)), float(sum(changed)), float(any(thrown))), None
