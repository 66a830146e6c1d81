"""Sources that write today's codes in every year; the right
codes are those of ISO 3166-1 and 3166-3.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import peacestudy as ps
from peacestudy.core.countries import crosswalk, rows_in_force
from peacestudy.core.todays_codes import code_today, codes_before_their_time, translate_todays
from peacestudy.outcomes.registry import SOURCES

RAW = Path(__file__).resolve().parents[3] / "shared" / "raw"
# ISO 3166-3: the former code, Gleditsch and Ward's number, today's code; the borders stayed
RENAMED = [
    ("ZAR", 490, "COD"),
    ("BUR", 775, "MMR"),
    ("ROM", 360, "ROU"),
    ("HVO", 439, "BFA"),
    ("DHY", 434, "BEN"),
    ("RHO", 552, "ZWE"),
]


def translated(codes, years, source, target, today):
    return translate_todays(pd.Series(codes), pd.Series(years), source, target, today)


@pytest.mark.parametrize(("former", "gw", "now"), RENAMED)
def test_a_renamed_state_has_its_code_of_today_in_every_year(former, gw, now):
    years = [1970, 1974]
    assert translated([gw] * 2, years, "gw", "iso3", "target")["translated"].tolist() == [now, now]
    assert translated([former] * 2, years, "iso3", "iso3", "target")["translated"].tolist() == [
        now,
        now,
    ]
    assert translated([now] * 2, years, "iso3", "gw", "source")["translated"].tolist() == [gw, gw]
    assert code_today(former, "iso3") == now


@pytest.mark.parametrize(("gw", "year", "now"), [(365, 1985, "RUS"), (816, 1974, "VNM")])
def test_a_state_whose_code_changed_with_its_borders_is_not_bridged(gw, year, now):
    there = translated([gw], [year], "gw", "iso3", "target").iloc[0]
    back = translated([now], [year], "iso3", "gw", "source").iloc[0]
    # its VNM is the united state's today
    south = translated([817], [1974], "gw", "iso3", "target").iloc[0]
    for found in (there, back, south):
        assert pd.isna(found["translated"])
        assert "Rows of one are not taken for the other" in found["reason"]


def test_a_change_of_borders_without_a_change_of_code_is_matched_and_reported():
    found = translated([530, 530, 770], [1980, 2000, 1965], "gw", "iso3", "target")
    assert found["translated"].tolist() == ["ETH", "ETH", "PAK"]
    assert found["borders"].tolist() == [
        "Eritrea left (1993-05-24)",
        None,
        "Bangladesh left (1971-12-16)",
    ]


def test_a_state_that_ended_keeps_the_code_of_its_date():
    found = translated([315, 345, 345], [1990, 1990, 2004], "gw", "iso3", "target")
    assert found["translated"].tolist() == ["CSK", "YUG", "SCG"]


def test_every_state_in_force_today_has_its_own_code_today():
    now = crosswalk()[lambda d: d["end"].isna()].dropna(subset=["iso3", "gw"])
    found = translated(now["gw"].tolist(), [2015] * len(now), "gw", "iso3", "target")
    assert found["translated"].tolist() == now["iso3"].tolist()


def wdi_like(**more):
    """A panel of people as the World Bank writes it: today's codes in every year."""
    rows = [(code, year, 10.0) for code in ("COD", "ROU", "RUS", "ETH") for year in (1990, 2005)]
    table = pd.DataFrame(rows, columns=["iso3", "year", "people"])
    return ps.outcomes.as_outcome(
        table,
        name="people",
        key=("iso3", "year"),
        unit="country-year",
        year="year",
        years=(1960, 2020),
        states=(("iso3", "iso3"),),
        **more,
    )


def cases(codes, year=1990):
    return pd.DataFrame(
        {"case_id": [f"c{i}" for i in range(len(codes))], "state": codes, "year": year}
    )


def test_a_table_of_the_users_own_with_codes_of_today_must_say_so():
    with pytest.raises(ps.SourceError, match=r'COD in 1990.*codes="today"'):
        wdi_like()
    assert wdi_like(codes="today").source.codes == "today"
    with pytest.raises(ps.SourceError, match="date, today"):
        wdi_like(codes="now")


def test_a_join_finds_zaire_in_a_panel_of_todays_codes():
    on = {"state": "iso3", "year": "year"}
    frame = ps.join(cases([490, 360, 365, 530, 710]), wdi_like(codes="today"), on=on, states="gw")
    assert frame.data["people"].tolist()[:2] == [10.0, 10.0]
    assert np.isnan(frame.data["people"][2])  # the Soviet Union is not Russia
    assert frame.data["people"][3] == 10.0
    reasons = ps.joins.missing(frame).set_index("case")["reason"]
    assert reasons["c4"] == "unit not covered"
    assert reasons["c2"] == "no such state"
    text = " ".join(note.text for note in frame.notes)
    assert "Eritrea left (1993-05-24)" in text
    assert "RUS (Russia) has today's borders" in text


def test_cases_with_former_codes_of_the_same_system_meet_the_rows_of_today():
    on = {"state": "iso3", "year": "year"}
    frame = ps.join(
        cases(["ZAR", "COD", "ROM"]),
        wdi_like(codes="today"),
        on=on,
        states="iso3",
        shape="many_to_one",
    )
    assert frame.data["people"].tolist() == [10.0, 10.0, 10.0]


def test_a_panel_of_todays_codes_is_translated_to_the_codes_of_the_date():
    written = {"date": "year", "source": "iso3", "target": "gw", "into": "gw"}
    frame = ps.joins.to_system(cases(["COD", "RUS", "ETH"]), "state", codes="today", **written)
    assert frame.data["gw"].tolist() == [490, pd.NA, 530]
    assert any(note.kind == "borders" for note in frame.notes)
    dated = ps.joins.to_system(cases(["COD", "FRA"]), "state", accept_misfit=True, **written)
    assert dated.data["gw"].tolist() == [pd.NA, 220]
    of_source = ps.joins.to_system(wdi_like(codes="today"), "iso3", **written)
    assert of_source.data["gw"].tolist()[:2] == [490, 490]


def test_a_join_that_translates_nothing_names_former_codes():
    frame = ps.joins.join_asof(
        cases(["ZAR", "ETH"]),
        wdi_like(codes="today"),
        on={"state": "iso3"},
        date="year",
        other_date="year",
        tolerance=0,
        direction="backward",
        name="people",
    )
    assert frame.data["people"].isna().tolist() == [True, False]
    assert any("ZAR is COD today" in note.text for note in frame.notes)


@pytest.mark.skipif(not RAW.is_dir(), reason="the source files are not here")
@pytest.mark.parametrize(
    "name", [s for s, source in SOURCES.items() if source.year and source.states]
)
def test_every_source_says_truly_how_it_dates_its_iso_codes(name):
    source = SOURCES[name]
    columns = [c for c, system in source.states if system == "iso3"]
    if not columns:
        pytest.skip("no ISO codes")
    table = ps.outcomes.read_source(name, RAW).table
    early = codes_before_their_time(table[columns[0]], table[source.year], "iso3")
    former = (
        rows_in_force(table[columns[0]], pd.Series(2015, index=table.index), "iso3") < 0
    ) & table[columns[0]].isin([former for former, _, _ in RENAMED])
    assert source.codes == ("today" if early.any() else "date")
    assert not (early.any() and former.any())
