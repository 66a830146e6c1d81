"""Who gets an agreement: conflict-years at risk against plain loops over
the source files, and attempts against cases.
"""

import csv
import math
from collections import Counter, defaultdict
from pathlib import Path

import pandas as pd
import pytest

from peacestudy.core.tables import to_csv
from peacestudy.errors import SourceError
from peacestudy.study.builders.attempt_cases import read_ground
from peacestudy.study.builders.conflict_years import LAGGED, attempts_outside, conflict_years
from peacestudy.study.builders.peace_agreements import NEEDED

RAW = Path(__file__).resolve().parents[3].parent / "shared" / "raw"
needs_raw = pytest.mark.skipif(
    not RAW.is_dir(), reason="the source files are not at hand (../shared/raw)"
)
ROUNDED = 0.005 + 1e-9  # half of the last digit that is kept
DECIDED = {
    "begins outside 1990 to 2019": 13,
    "not eligible: no fighting in t0-5..t0-1, or in t0 before the last agreement": 33,
    "no fighting in the five years before the year of its first agreement; there was some later": 8,
}


@pytest.fixture(scope="module")
def study(our_study):
    return our_study("peace_agreements")


@pytest.fixture(scope="module")
def table(study):
    return study.tables["conflict_years"]


def read(name):
    with (RAW / name).open(encoding="utf-8", newline="") as f:
        yield from csv.DictReader(f)


def test_every_eligible_attempt_of_the_years_has_its_conflict_year(study, table):
    cases = study.cases.assign(first=study.cases["first_date"].dt.year)
    outside = study.tables["attempts_outside"].case_id
    due = cases[cases["eligible"] & cases["first"].between(1990, 2019)]
    due = due[~due["case_id"].isin(outside)]
    assert len(due) == int(table["attempt"].sum()) == 149
    met = table[table["attempt"]].set_index("attempt_case_id")
    assert set(met.index) == set(due["case_id"]) and met.index.is_unique
    for case in due.itertuples():
        assert (met.loc[case.case_id, "conflict_id"], met.loc[case.case_id, "year"]) == (
            case.conflict_id,
            case.first,
        )
    assert table.loc[~table["attempt"], "attempt_case_id"].isna().all()
    kept = set(study.frame("primary").data["case_id"])
    assert set(table.loc[table["kept_attempt"], "attempt_case_id"]) == set(met.index) & kept
    assert int(table["kept_attempt"].sum()) == 91


def test_every_other_attempt_is_listed_with_its_reason(study, table):
    outside = study.tables["attempts_outside"]
    assert set(outside["case_id"]) == set(study.cases["case_id"]) - set(
        table["attempt_case_id"].dropna()
    )
    assert Counter(outside["reason"]) == DECIDED


@needs_raw
def test_rows_equal_plain_loops(study, table):
    own = defaultdict(dict)
    for r in read("ucdp_prio_acd_251.csv"):
        own[int(r["conflict_id"])][int(r["year"])] = r
    due = {
        (c, y)
        for c, years in own.items()
        for y in range(1990, 2020)
        if any(y - d in years for d in range(1, 6))
    }
    assert (
        due == set(zip(table["conflict_id"], table["year"], strict=True))
        and len(table) == len(due) == 2101
    )
    began = defaultdict(list)
    for c in study.cases.itertuples():
        began[c.conflict_id].append((c.first_date.year, c.last_date.year))
    for row in table.itertuples():
        years = own[row.conflict_id]
        before = row.year - 1
        seen = max(y for y in years if y <= before)
        last = years[seen]
        assert row.fighting == (before in years) and row.since_fighting == before - seen
        assert row.war == (before in years and years[before]["intensity_level"] == "2")
        assert row.duration == row.year - min(years)
        assert row.territory == (last["incompatibility"] in ("1", "3"))
        assert row.intrastate == (last["type_of_conflict"] in ("3", "4"))
        assert (
            row.several_governments == ("," in last["gwno_loc"])
            and str(row.country) == last["gwno_loc"].split(",")[0]
        )
        assert (row.region == "several regions") == ("," in last["region"])
        assert row.prior_attempts == sum(y < row.year for y, _ in began[row.conflict_id])
        assert row.under_way == any(y < row.year <= end for y, end in began[row.conflict_id])


@needs_raw
def test_the_year_before_is_read(table):
    vdem = defaultdict(set)
    for r in read("vdem_simple.csv"):
        if r["GWn"] and r["v2x_polyarchy"]:
            vdem[float(r["GWn"]), float(r["year"])].add(float(r["v2x_polyarchy"]))
    rows = table[table["polyarchy"].notna()]
    assert (
        all(
            abs(max(vdem[r.country, r.year - 1]) - r.polyarchy) <= ROUNDED
            for r in rows.itertuples()
        )
        and len(rows) == 2002
    )
    wdi = {(r["iso3"], r["year"]): r for r in read("wdi_gdppc_pop.csv")}
    colombia = table[(table["country"] == 100) & (table["year"] == 2005)].iloc[0]
    assert (
        abs(colombia["ln_gdp_per_capita"] - math.log(float(wdi["COL", "2004"]["wdi_gdppc"])))
        <= ROUNDED
    )
    assert (
        abs(colombia["ln_population"] - math.log(float(wdi["COL", "2004"]["wdi_pop"]) / 1e6))
        <= ROUNDED
    )


def test_what_is_missing_says_why(table):
    for row in table.itertuples():
        told = row.missing or ""
        for name in LAGGED:
            assert pd.isna(getattr(row, name)) == (f"{name}: " in told), (row.case_id, name)
    several = table[table["several_governments"]]
    assert len(several) == 98 and several[list(LAGGED)].isna().all().all()


@pytest.mark.parametrize(
    ("case", "attempt", "fighting", "war"),
    [
        # Colombia and FARC: the first substantive agreement is of 2013
        ("289-year-2013", "289-2016", True, False),
        # Northern Ireland: at risk after 1998, when UCDP counts the Omagh bombing
        ("315-year-1999", None, True, False),
        (
            "309-year-2003",
            None,
            True,
            True,
        ),  # Sudan: an attempt that began in 2001 goes on until 2006
    ],
)
def test_conflict_years_known_by_hand(table, case, attempt, fighting, war):
    row = table.set_index("case_id").loc[case]
    assert (row["fighting"], row["war"]) == (fighting, war)
    assert row["attempt_case_id"] == attempt if attempt else pd.isna(row["attempt_case_id"])
    assert row["under_way"] == (case == "309-year-2003")


@pytest.mark.slow(reason="reads the source files of a study, 4 s")
@needs_raw
def test_two_attempts_of_a_conflict_in_one_year_are_refused(study):
    ground = read_ground(RAW, NEEDED, study.config.cases, study.codebook, study.folder)
    assert to_csv(attempts_outside(study.cases, conflict_years(ground, study.cases))) == (
        study.folder / "attempts_outside.csv"
    ).read_text(encoding="utf-8")
    one = study.cases[study.cases["eligible"]].head(1)
    with pytest.raises(SourceError, match="in the year of another"):
        conflict_years(
            ground, pd.concat([study.cases, one.assign(case_id="twice")], ignore_index=True)
        )
