"""Shares of promise and implementation on accords made by hand:
reversals, what is not promised, what is refused.
"""

import pandas as pd
import pytest

from peacestudy.errors import SourceError
from peacestudy.outcomes.accord_implementation import (
    aggregate_score,
    implementation,
    provision_levels,
)
from peacestudy.outcomes.registry.pam import PROVISIONS


def levels(**columns):
    """Accord-years of one accord that promises a ceasefire, with columns changed."""
    base = {"case_id": ["1", "1"], "year_k": [1, 2]}
    for p in PROVISIONS.values():
        base |= {name: [0, 0] for name in (p.promise, p.begun, p.level, p.reversal)}
    return pd.DataFrame(
        base | {"cease_prov": [1, 1], "cease_implem": [3, 1], "cease_revers": [0, 1]} | columns
    )


def test_a_reversal_takes_the_level_back():
    table = implementation(
        provision_levels(levels()),
        {"a": ["cease_prov"], "b": ["women_prov"]},
        ["a", "b"],
        range(4),
        "x",
    )
    own = table[table.pillar == "a"].set_index("year_k")
    assert (
        own.implemented[1] == 1
        and own.implemented[2] == pytest.approx(1 / 3)
        and own.n_reversed[2] == 1
    )
    assert own.reason[3] == "the source follows this accord to year 2 only"
    assert table[(table.pillar == "b")].implemented.isna().all()
    both = table[table.pillar == "breadth"].set_index("year_k")
    assert (both.promised[2], both.implemented[2], both.delivered[2]) == pytest.approx(
        (1 / 2, 1 / 3, 1 / 6)
    )


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"year_k": [1, 1]}, "year 1 of accord 1 appears twice"),
        ({"women_prov": [0, 1]}, "women_prov of accord 1 changes with the years"),
        ({"women_implem": [0, 2]}, "is 0 where a level is given"),
    ],
)
def test_bad_levels_are_refused(columns, told):
    with pytest.raises(SourceError, match=told):
        provision_levels(levels(**columns))


def test_a_provision_that_is_not_there_is_refused():
    with pytest.raises(SourceError, match="peace_prov"):
        implementation(provision_levels(levels()), {"a": ["peace_prov"]}, ["a"], range(3), "x")
    with pytest.raises(SourceError, match="promises nothing"):
        aggregate_score([0, 0], [0, 0])
