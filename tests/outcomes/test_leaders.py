"""Leader turnover on leader-years made by hand: counted within the
span only, missing where a year is not covered.
"""

import pandas as pd
import pytest

from peacestudy.outcomes import SOURCES, OutcomeTable
from peacestudy.outcomes.leaders import leader_turnover

YEARS = pd.DataFrame(
    [
        (2, 2009, 1, 1, 2),
        (2, 2010, 0, 0, 1),
        (2, 2011, 1, 0, 2),
        (2, 2012, 1, 1, 3),
        (2, 2013, 1, 1, 2),
        (2, 2015, 0, 0, 1),
    ],
    columns=["gwcode", "year", "leadertransition", "irregular", "n_leaders"],
)


def found(first, last, country=2):
    cases = pd.DataFrame(
        {"case_id": ["a"], "country": [country], "year_from": [first], "year_to": [last]}
    )
    table = leader_turnover(cases, OutcomeTable(YEARS, SOURCES["archigos"])).set_index("variable")
    assert (table.value.isna() == table.reason.notna()).all()
    names = ["leader_turnover", "leader_changes", "irregular_turnover"]
    return table.value[names].tolist(), table.reason.iloc[0]


@pytest.mark.parametrize(
    ("span", "values"),
    [
        ((2010, 2010), [0, 0, 0]),
        ((2010, 2011), [1, 1, 0]),
        ((2010, 2012), [1, 2, 1]),
        ((2009, 2013), [1, 4, 1]),
    ],
)
def test_changes_are_counted_within_the_span(span, values):
    assert found(*span) == (values, None)


@pytest.mark.parametrize(
    ("span", "country", "reason"),
    [
        ((2012, 2014), 2, "no row of archigos for this state in 2014"),
        ((2015, 2016), 2, "outside coverage: archigos ends in 2015"),
        ((2010, 2011), 20, "no row of archigos for this state in 2010"),
    ],
)
def test_a_year_that_is_not_covered_is_no_year_without_change(span, country, reason):
    values, why = found(*span, country)
    assert pd.isna(values).all() and why == reason
