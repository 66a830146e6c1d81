"""The whole crosswalk, state-year by state-year, against three lists
of others; every difference has its verdict.

``country_differences.tsv`` is the list of accepted differences: which side has the pair of codes,
in which years, who is right by the rules of the crosswalk, and why. A difference that is not in it
fails, and so does one in it that is gone.
"""

import csv
from collections import Counter
from itertools import groupby
from pathlib import Path

import pandas as pd
import pytest

from peacestudy.core.countries import FIRST, crosswalk, translate_many

RAW = Path(__file__).resolve().parents[2].parent / "shared" / "raw"
LISTED = Path(__file__).with_name("country_differences.tsv")
TABLE = crosswalk()
SYSTEMS = {
    "gw_cow_years.csv": ("gw", "cow"),
    "vdem_simple.csv": ("gw", "vdem"),
    "vdem_v15_trimmed.csv": ("cow", "vdem"),
}
# in neither case is the crosswalk wrong; where it was, it is mended and the difference is gone
VERDICTS = {"other rule", "list in error"}


def read(name, columns):
    if not (RAW / name).exists():
        pytest.skip(f"{name} is not in ../shared/raw; the sources are not part of the repository")
    return pd.read_csv(RAW / name, usecols=columns, low_memory=False)


def listed_years(name):
    """(one code, other code, year) of the list, None for a missing code."""
    if name == "gw_cow_years.csv":
        table = read(name, ["gwcode", "ccode", "year"])[["gwcode", "ccode", "year"]]
    else:
        simple = read(
            "vdem_simple.csv", ["GWn", "country_id", "country_text_id", "year", "in_GW_system"]
        )
        if name == "vdem_simple.csv":
            table = simple[simple.in_GW_system.eq(True)][["GWn", "country_id", "year"]]
        else:
            ids = dict(zip(simple.country_text_id, simple.country_id, strict=True))
            v15 = read(name, ["COWcode", "country_text_id", "year"])
            table = v15.assign(vdem=v15.country_text_id.map(ids))[
                ["COWcode", "vdem", "year"]
            ].dropna()
    table = table[table.year >= FIRST.year].astype("Int64").astype(object)
    return set(table.where(table.notna(), None).itertuples(index=False, name=None))


def crosswalk_years(systems, last):
    """The same of the crosswalk: a pair counts in every year with
    a day on which it was in force.
    """
    out = set()
    # the list of GW and COW leaves microstates out
    rows = TABLE if "vdem" in systems else TABLE[TABLE["list"] == "independent"]
    for row in rows.to_dict("records"):
        pair = [None if pd.isna(row[s]) else int(row[s]) for s in systems]
        end = last if pd.isna(row["end"]) else row["end"].year
        out |= {(*pair, year) for year in range(max(FIRST.year, row["start"].year), end + 1)}
    return out


def runs(years):
    """(one code, other code, first year, last year) of unbroken runs."""
    out = []
    for pair, rows in groupby(
        sorted(years, key=lambda r: (r[0] or 0, r[1] or 0, r[2])), key=lambda r: r[:2]
    ):
        for _, run in groupby(enumerate(r[2] for r in rows), key=lambda at: at[1] - at[0]):
            found = [year for _, year in run]
            out.append(
                (*("none" if c is None else str(c) for c in pair), str(found[0]), str(found[-1]))
            )
    return out


def differences(name):
    theirs = listed_years(name)
    ours = crosswalk_years(SYSTEMS[name], max(year for *_, year in theirs))
    if "vdem" in SYSTEMS[name]:  # a state that V-Dem does not code is no difference
        ours = {r for r in ours if None not in r}
    return [("crosswalk", *r) for r in runs(ours - theirs)] + [
        ("list", *r) for r in runs(theirs - ours)
    ]


def accepted():
    with LISTED.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_difference_is_accepted_and_every_accepted_one_is_there(name):
    listed = [
        (r["only_in"], r["code"], r["other_code"], r["first"], r["last"])
        for r in accepted()
        if r["list"] == name
    ]
    found = differences(name)
    assert sorted(set(found) - set(listed)) == []
    assert sorted(set(listed) - set(found)) == []
    assert len(listed) == len(found)


def test_every_accepted_difference_has_a_verdict_and_a_reason():
    rows = accepted()
    assert {r["verdict"] for r in rows} == VERDICTS
    assert all(len(r["reason"]) > 20 for r in rows)
    assert (
        max(
            Counter(
                (r["list"], r["only_in"], r["code"], r["other_code"], r["first"]) for r in rows
            ).values()
        )
        == 1
    )


def test_what_v_dem_codes_before_independence_ends_where_the_state_begins():
    """The largest class of differences, checked as a rule: the years
    lie wholly before the crosswalk's first day.
    """
    rows = [r for r in accepted() if r["reason"].startswith("V-Dem codes the territory before")]
    assert len(rows) > 80
    for r in rows:
        start = TABLE.loc[
            TABLE.cow.eq(int(r["code"])) & TABLE.vdem.eq(int(r["other_code"])), "start"
        ].min()
        assert int(r["last"]) < start.year, r


def test_iso_codes_of_the_political_terror_scale_differ_only_where_its_are_not_iso_s_of_the_day():
    """COW code and World Bank code of every state and year
    1976-2023; the World Bank's own codes are known.
    """
    pts = read("pts_2024.csv", ["COW_Code_N", "WordBank_Code_A", "Year"]).dropna()
    out = translate_many(pts.COW_Code_N, pts.Year, "cow", "iso3").assign(theirs=pts.WordBank_Code_A)
    out = out[out.translated.notna()]
    assert len(out) > 7_000
    wrong = (
        out[out.translated != out.theirs].groupby(["theirs", "translated"]).date.agg(["min", "max"])
    )
    assert {(*pair, *map(int, years)) for pair, *years in wrong.itertuples()} == {
        ("BFA", "HVO", 1976, 1983),  # the list writes today's code for the past
        ("MMR", "BUR", 1976, 1988),
        ("RUS", "SUN", 1976, 1990),
        ("ZWE", "RHO", 1976, 1979),
        ("ADO", "AND", 1976, 2023),  # and former codes for the present: of the World Bank
        ("KSV", "XKX", 2008, 2023),
        ("ROM", "ROU", 2002, 2023),
        ("TMP", "TLS", 2002, 2023),
        ("ZAR", "COD", 1997, 2023),
        ("YUG", "SCG", 2003, 2005),
        ("YUG", "SRB", 2006, 2023),
    }
