"""State-years from the crosswalk, beside those of the study onset, and
the frame of cross-national work in five lines.
"""

from pathlib import Path

import numpy as np
import pytest

import peacestudy as ps
from peacestudy.core.countries import translate
from peacestudy.errors import JoinError
from peacestudy.outcomes.onset import OnsetRule, fighting_years

RAW = Path(__file__).parents[4] / "shared" / "raw"
needs_raw = pytest.mark.skipif(not RAW.is_dir(), reason="the source files are not at hand")


@pytest.mark.parametrize("exists", ["any_day", "31_december"])
def test_state_years_are_those_of_the_list_of_states(exists, our_study):
    frame = ps.joins.state_years((1946, 2024), exists=exists)
    study = our_study("onset").tables["country_years"]
    mine = set(map(tuple, frame.data[["country", "year"]].to_numpy()))
    if exists == "any_day":  # the rule of the study
        theirs = set(map(tuple, study[["country", "year"]].astype(int).to_numpy()))
        assert mine ^ theirs == set()
    for country, year in sorted(mine)[::97]:
        day = f"{year}-12-31"
        if exists == "31_december":
            assert translate(country, day, "gw", "gw") == country
    assert frame.data["name"].notna().all()


def test_names_are_of_the_year():
    names = ps.joins.state_years((1990, 2007), exists="any_day").data.set_index("case_id")["name"]
    assert [
        names[i] for i in ("345-2002", "345-2003", "340-2006", "365-1990", "365-1991", "678-1990")
    ] == [
        "Yugoslavia",
        "Serbia and Montenegro",
        "Serbia",
        "Soviet Union",
        "Russia",
        "Yemen",
    ]
    with pytest.raises(JoinError, match="begins in 1946"):
        ps.joins.state_years((1900, 1950), exists="any_day")


@needs_raw
def test_five_lines_make_the_frame_of_a_study_of_onset(our_study):
    read = ps.outcomes.read_source
    where = {"on": {"country": "gwcode", "year": "year"}, "states": "gw", "lag": 1}
    frame = ps.joins.state_years((1946, 2024), exists="any_day")
    frame = ps.join(
        frame,
        fighting_years(read("ucdp_acd_25.1", RAW), OnsetRule(2, 1946)),
        on=["country", "year"],
        states="gw",
        absent={"conflicts": 0, "war": False, "onset": False, "new_conflict": False},
    )
    frame = ps.join(frame, read("fariss_2022", RAW), columns=["mrgdppc", "pwtpop"], **where)
    frame = ps.join(frame, read("extended_uds", RAW), columns=["aeuds"], **where)
    frame = ps.join(frame, read("hief", RAW), columns=["efindex"], twice="missing", **where)

    d, study = frame.data, our_study("onset").tables["country_years"]
    both = d.merge(study, on=["country", "year"], validate="one_to_one", suffixes=("", "_study"))
    assert len(both) == len(d) == len(study)
    assert d["onset"].notna().all()
    # the study decides by hand on fighting of states that are not in the system; elsewhere the two
    # are the same
    other = both[both["onset"].astype(bool) != both["onset_study"].astype(bool)]
    assert len(other) <= 5, other[["country", "year"]]
    for mine, theirs, how in (
        ("mrgdppc", "ln_gdp_per_capita", np.log),
        ("pwtpop", "ln_population", np.log),
        ("aeuds", "democracy", lambda x: x),
    ):
        a, b = how(both[mine].astype(float)), both[theirs].astype(float)
        known = a.notna() & b.notna()
        assert (known | (a.isna() & b.isna())).mean() > 0.99
        # the study rounds to two digits
        np.testing.assert_allclose(a[known], b[known], rtol=0, atol=0.00501)
    gaps = ps.joins.missing(frame)
    assert len(gaps) == int(d.isna().sum().sum())
    assert set(gaps["reason"]) <= {
        "rows contradict each other",
        "outside the years",
        "unit not covered",
        "no row",
        "no such state",
        "no value in the source",
    }
