"""Vaccine snapshots, lists of the funds and cases of disease, against the files read by hand."""

import datetime as dt
from collections import Counter, defaultdict
from itertools import pairwise

import pytest

from peacestudy.outcomes import SOURCES


def test_vaccine_snapshots_are_84_on_82_days_of_255_territories(cells, table):
    rows, found = cells("undp_vaccine_equity"), table("undp_vaccine_equity")
    days = defaultdict(set)
    for r in rows:
        days[r["commit_date"]].add(r["commit"])
    # the list: 254 territories by 82 weeks
    assert (len(days), sum(map(len, days.values()))) == (82, 84)
    assert {d for d, c in days.items() if len(c) == 2} == {"2022-07-20", "2023-11-15"}
    assert len({r["iso3"] for r in rows} - {""}) == found["iso3"].nunique() == 254
    assert (
        Counter(r["countryname"] for r in rows if not r["iso3"]) == {"Sark": 84}
        and len(rows) == 84 * 255
    )
    assert found.loc[found["countryname"].isna(), "iso3"].unique().tolist() == ["TWN"]
    names = defaultdict(set)
    for r in rows:
        names[r["iso3"]].add(r["countryname"])
    assert {i for i, n in names.items() if len(n) > 1} == {"ALA", "BLM", "CIV", "CUW", "REU", "XKX"}
    on = sorted(map(dt.date.fromisoformat, days))
    steps = Counter((b - a).days for a, b in pairwise(on))
    assert (steps[7], max(steps)) == (60, 14)
    share = [float(r["persons_fully_vaccinated_per100"] or "nan") for r in rows]
    assert found["persons_fully_vaccinated_per100"].sum() == pytest.approx(
        sum(s for s in share if s == s), rel=1e-12
    )


def test_the_lists_of_the_health_funds_have_92_56_and_88_countries(cells, table):
    by_hand = Counter(r["group"] for r in cells("health_funds"))
    assert by_hand == {"covax_amc": 92, "gavi": 56, "global_fund": 88}
    assert table("health_funds")["group"].value_counts().to_dict() == by_hand


@pytest.mark.parametrize(
    ("name", "regions"),
    [
        ("guinea_worm", ()),
        (
            "polio",
            (
                "Africa",
                "Americas",
                "Eastern Mediterranean",
                "Europe",
                "South-East Asia",
                "Western Pacific",
            ),
        ),
    ],
    ids=["guinea worm", "polio"],
)
def test_the_world_is_the_sum_of_its_countries(cells, table, name, regions):
    column = SOURCES[name].schema.names[-1]
    sums = {"world": Counter(), "regions": Counter(), "countries": Counter()}
    for r in cells(name):
        kind = (
            "world"
            if r["Entity"] == "World"
            else "regions"
            if r["Entity"] in regions
            else "countries"
        )
        sums[kind][r["Year"]] += int(r[column])
    assert sums["world"] == sums["countries"]
    assert not regions or sums["regions"] == sums["world"]
    found = table(name)
    assert found.loc[found["Entity"] == "World", column].tolist() == list(sums["world"].values())
