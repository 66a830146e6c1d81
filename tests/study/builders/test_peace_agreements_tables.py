"""The tables of study A under other rules and clocks, against loops
over the raw files and cases that people know.
"""

import csv
import datetime as dt
import hashlib
from collections import defaultdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from peacestudy.core.tables import to_csv
from peacestudy.study.builders import peace_agreements as builder
from peacestudy.study.builders.attempt_cases import cases_of, read_ground, spans
from peacestudy.study.builders.attempt_tables import whole_table

RAW = Path(__file__).resolve().parents[3].parent / "shared" / "raw"
needs_raw = pytest.mark.skipif(
    not RAW.is_dir(), reason="the source files are not at hand (../shared/raw)"
)
YEAR = dt.timedelta(days=365)
EXACT = 1e-12  # sums and means of a few numbers: only the order of the additions differs
LAST = 2024
BEGAN = {}  # by conflict and year, the day on which an episode reached 25 deaths


@pytest.fixture(scope="module")
def study(our_study):
    return our_study("peace_agreements")


@pytest.fixture(scope="module")
def ground(study):
    return read_ground(RAW, builder.NEEDED, study.config.cases, study.codebook, study.folder)


@pytest.fixture(scope="module")
def raw():
    """Years of fighting and of war by conflict, deaths, and
    agreements by conflict, read without the package.
    """
    fighting, war, deaths, texts = defaultdict(set), defaultdict(set), {}, defaultdict(list)
    for r in rows("ucdp_prio_acd_251.csv"):
        fighting[int(r["conflict_id"])].add(int(r["year"]))
        if r["start_date2"][:4] == r["year"]:
            BEGAN[int(r["conflict_id"]), int(r["year"])] = dt.date.fromisoformat(r["start_date2"])
        if r["intensity_level"] == "2":
            war[int(r["conflict_id"])].add(int(r["year"]))
    for r in rows("tjet_conflict_peace_spells.csv"):
        if r["bd_best"]:
            deaths[int(r["conflict_id"]), int(r["year"])] = float(r["bd_best"])
    for r in rows("pax_v10.csv"):
        if r["UcdpCon"] and int(float(r["UcdpCon"])) in fighting:
            texts[int(float(r["UcdpCon"]))].append(
                (dt.date.fromisoformat(r["Dat"]), int(r["AgtId"]), r)
            )
    return fighting, war, deaths, texts


def rows(name):
    with (RAW / name).open(encoding="utf-8", newline="") as f:
        yield from csv.DictReader(f)


def substantive(row):
    return row["Stage"] in ("SubPar", "SubComp") and row["Agtp"] in ("Intra", "InterIntra")


def runs(texts, gap):
    """Runs of substantive agreements of one conflict as lists of (date, id, row)."""
    out = []
    for item in sorted((i for i in texts if substantive(i[2])), key=lambda i: i[:2]):
        if out and (item[0] - out[-1][-1][0]).days <= gap:
            out[-1].append(item)
        else:
            out.append([item])
    return out


def eligible(fighting, conflict, signed):
    """Fighting in the five years before, or in the year of the signature and before it."""
    in_the_year = BEGAN.get((conflict, signed.year), dt.date.max) < signed
    return in_the_year or any(signed.year - n in fighting[conflict] for n in range(1, 6))


def missing(value):
    return None if pd.isna(value) else bool(value)


# --- what the declaration of 2026-11-30 did not change
# -------------------------------------------------------------------------------------

FIRST = {  # sha256 of what was there before, without eligibility and what reads the war or the year
    "cases": "dd73784a79f04930152679d90e630319e4bb5e75a6bcf40ed114f722b8915d46",
    "agreements": "be19e70e137036ea269d6c4d429756b3f51ae4f48dc4bf3a73d3a0dbbdcb8854",
    "codings": "9ca4f056abd982e7a7f140131356aeb0e223e701203fec02f271273a6c877371",
    "covariates": "7b1fbe029fdb3ece5ee16dd9bfe392b381fdc2660f3f3446c7b3cfaf8491093a",
    "ledger": "565fc8b5847ccb8d3674401a03b9959aa0ddb5fb4b530bb12a6fcba329d51774",
    "outcomes": "d8b653276c13c06109a073ec433a0fc3c60c39d6e6ff674288b2a659a8ec72d3",
}
LATER = ("no_war", "peace_after_grace", "confidence", "date", "peace_undoubted")
CHANGED = (
    "eligible",
    "one_a_window",
    "eligible_calendar",
    "one_a_window_calendar",
    "third_party",
)
SAME_VARIABLES = ("pages", "territory")


@pytest.mark.parametrize("name", FIRST)
def test_what_was_there_at_the_first_finding_is_there_to_the_byte(study, name):
    table = study.tables[name].drop(columns=[*LATER, *CHANGED], errors="ignore")
    if name == "covariates":
        table = table[table.variable.isin(SAME_VARIABLES)]
    assert hashlib.sha256(to_csv(table).encode()).hexdigest() == FIRST[name]


# --- counts
# --------------------------------------------------------------------------------------------------

COUNTS = {  # attempts; eligible and complete, of them at peace; one a window, of them at peace
    "cases": (203, 156, 46, 99, 29),
    "attempts_gap_730": (159, 119, 35, 92, 28),
    "attempts_anchor": (187, 148, 32, 98, 28),
    "attempts_first_agreement": (203, 157, 40, 96, 25),
    "attempts_largest_text": (203, 156, 46, 99, 29),
    "attempts_agreed": (198, 151, 45, 97, 28),
}


@pytest.mark.parametrize("name", COUNTS)
def test_counts(study, name):
    table = study.frame("all").data if name == "cases" else study.tables[name]
    complete = table[table.eligible & table.window_complete]
    kept = complete[complete.one_a_window]
    assert (
        len(table),
        len(complete),
        complete.lasting_peace.sum(),
        len(kept),
        kept.lasting_peace.sum(),
    ) == COUNTS[name]


@pytest.mark.parametrize("name", [n for n in COUNTS if n != "cases"])
def test_every_missing_covariate_has_its_reason(study, name):
    table = study.tables[name]
    alone = {
        "active_calendar",
        "active_before",
        "active_first",
        "active_before_first",
        "active_episode",
        "war_years_calendar",
        "leader_turnover",
        "leader_changes",
        "irregular_turnover",
        "region",
    }  # of the base
    for variable in set(study.covariates.variable) - alone:
        said = table.missing.map(
            lambda t, v=variable: f"{v}: " in f"; {t}; " if isinstance(t, str) else False
        )
        assert (said == table[variable].isna()).all(), variable


@needs_raw
def test_leaders_before_the_attempt_and_regions_by_a_loop_over_the_raw_files(study):
    leaders = {
        (int(float(r["gwcode"])), int(float(r["year"]))): r
        for r in rows("archigos_leaderyear.csv")
        if r["gwcode"] not in ("", "NA")
    }
    region = {}
    for r in sorted(rows("ucdp_prio_acd_251.csv"), key=lambda r: int(r["year"])):
        region[int(r["conflict_id"])] = r["region"]
    value = study.covariates.set_index(["case_id", "variable"])["value"]
    told = 0
    for case in study.cases.itertuples():
        first = case.first_date.year
        own = [leaders.get((case.country, y)) for y in range(first - 5, first)]
        found = value[case.case_id]
        if case.several_governments or None in own:
            assert (
                pd.isna(found["leader_turnover"])
                and pd.isna(found["leader_changes"])
                and pd.isna(found["irregular_turnover"])
            )
        else:
            changed = [int(float(r["leadertransition"])) for r in own]
            assert found["leader_turnover"] == any(changed) and found["leader_changes"] == sum(
                changed
            )
            assert found["irregular_turnover"] == any(int(float(r["irregular"])) for r in own)
            told += 1
        one = region[case.conflict_id]
        assert pd.isna(found["region"]) if "," in one else found["region"] == int(one)
    assert told == 151


# --- one implementation
# -------------------------------------------------------------------------------------------


@pytest.mark.slow(reason="reads all source files of the study once, 10 s")
@needs_raw
def test_under_the_bases_own_rule_the_table_is_the_joined_base(study, ground):
    table = whole_table(ground, cases_of(ground, spans(ground, study.config.cases.attempts())))
    frame = study.frame("all").data
    columns = [c for c in table.columns if c not in ("missing", "source")]
    assert set(columns) <= set(frame.columns)
    left, right = (t.sort_values("case_id", ignore_index=True)[columns] for t in (table, frame))
    pd.testing.assert_frame_equal(left, right, check_dtype=False, rtol=EXACT)


# --- rules and clocks, by loops
# ------------------------------------------------------------------------------------


@needs_raw
def test_gap_730_by_loops(study, raw):
    fighting, _, _, texts = raw
    table = study.tables["attempts_gap_730"].set_index("case_id")
    found = {}
    for conflict, own in texts.items():
        for run in runs(own, 730):
            found[f"{conflict}-{run[-1][0].year}"] = (conflict, run)
    assert set(found) == set(table.index)
    for case, (conflict, run) in found.items():
        scored = [
            r
            for d, _, r in texts[conflict]
            if r["Stage"] != "Oth" and run[0][0] - YEAR <= d <= run[-1][0]
        ]
        assert (table.n_substantive[case], table.n_scored[case]) == (len(run), len(scored))
        assert table.pages[case] == sum(int(r["Lgt"]) for r in scored)
        assert table.eligible[case] == eligible(fighting, conflict, run[-1][0])


@needs_raw
def test_clock_at_the_first_agreement_by_loops(study, raw):
    fighting, _, _, texts = raw
    table = study.tables["attempts_first_agreement"].set_index("case_id")
    assert set(table.index) == set(study.cases.case_id)
    for conflict, own in texts.items():
        for run in runs(own, 365):
            case, first = f"{conflict}-{run[-1][0].year}", run[0][0]
            scored = [r for d, _, r in own if r["Stage"] != "Oth" and first - YEAR <= d <= first]
            years = fighting[conflict] & set(range(first.year + 1, first.year + 6))
            assert table.t0[case] == first.year
            assert table.pages[case] == sum(int(r["Lgt"]) for r in scored)
            expected = None if first.year + 5 > LAST else not years
            assert missing(table.lasting_peace[case]) is expected
            assert table.n_substantive[case] == len(
                [1 for d, _, r in own if d == first and substantive(r)]
            )


def test_the_clock_at_the_first_agreement_is_never_later(study):
    both = study.tables["attempts_first_agreement"].merge(
        study.cases, on="case_id", suffixes=("", "_last")
    )
    assert len(both) == 203 and (both.t0 <= both.t0_last).all() and (both.t0 < both.t0_last).any()
    assert (both.n_scored <= both.n_scored_last).all() and (both.text_to == both.first_date).all()


@needs_raw
def test_the_largest_text_by_loops(study, raw):
    texts = raw[3]
    table = study.tables["attempts_largest_text"].set_index("case_id")
    frame = study.frame("all").data.set_index("case_id")
    assert (table.n_scored == 1).all()
    topics = [i for p in study.codebook.pillars for i in p.indicators if p.id == "institutions"]
    for conflict, own in texts.items():
        for run in runs(own, 365):
            case = f"{conflict}-{run[-1][0].year}"
            scored = [
                (int(r["Lgt"]), d, i, r)
                for d, i, r in own
                if r["Stage"] != "Oth" and run[0][0] - YEAR <= d <= run[-1][0]
            ]
            pages, _, _, text = max(scored, key=lambda s: s[:3])
            assert table.pages[case] == pages
            share = np.mean([max(int(text[c]) for c in i.columns) > 0 for i in topics])
            np.testing.assert_allclose(table.institutions[case], share, rtol=EXACT)
    assert (table.breadth <= frame.breadth.reindex(table.index) + EXACT).all()
    same = ["t0", "lasting_peace", "comprehensive", "active", "country"]
    pd.testing.assert_frame_equal(table[same], frame.reindex(table.index)[same], check_dtype=False)


# --- outcomes and controls, by loops
# ------------------------------------------------------------------------------


@needs_raw
def test_no_war_and_a_year_of_grace_by_loops(study, raw):
    fighting, war, _, _ = raw
    outcome = study.outcomes.set_index("case_id")
    for case, conflict, t0 in study.cases[["case_id", "conflict_id", "t0"]].itertuples(
        index=False, name=None
    ):
        no_war = (
            None if t0 + 5 > LAST else not [y for y in range(t0 + 1, t0 + 6) if y in war[conflict]]
        )
        grace = (
            None
            if t0 + 6 > LAST
            else not [y for y in range(t0 + 2, t0 + 7) if y in fighting[conflict]]
        )
        assert (missing(outcome.no_war[case]), missing(outcome.peace_after_grace[case])) == (
            no_war,
            grace,
        ), case
    # peace is no war
    assert (~outcome.lasting_peace.fillna(False) | outcome.no_war.fillna(True)).all()


@needs_raw
def test_battle_deaths_by_loops(study, raw):
    fighting, _, deaths, _ = raw
    wide = study.covariates.pivot(index="case_id", columns="variable", values="value")
    why = study.covariates[study.covariates.variable == "battle_deaths"].set_index("case_id").reason
    for case, conflict, t0 in study.cases[["case_id", "conflict_id", "t0"]].itertuples(
        index=False, name=None
    ):
        years = range(t0 - 5, t0)
        known = (
            years[0] >= 1989
            and years[-1] <= LAST
            and all((conflict, y) in deaths for y in years if y in fighting[conflict])
        )
        if not known:
            assert (
                np.isnan(wide.battle_deaths[case])
                and np.isnan(wide.battle_deaths_high[case])
                and why[case]
            )
            continue
        quiet = sum(y not in fighting[conflict] for y in years)
        assert wide.battle_deaths[case] == sum(
            deaths[conflict, y] for y in years if y in fighting[conflict]
        )
        assert wide.battle_deaths_high[case] == wide.battle_deaths[case] + 24 * quiet
    assert wide.battle_deaths.notna().sum() == 177


def test_battle_deaths_are_missing_before_1989_and_in_wars_between_states(study):
    row = study.covariates[study.covariates.variable == "battle_deaths"].set_index("case_id")
    # 1987 to 1991
    assert row.reason["316-1992"].startswith("outside coverage: deaths are counted from 1989")
    # the invasion of Iraq in 2003
    assert "wars between states" in row.reason["420-2004"]


@needs_raw
def test_comprehensive_prior_attempts_and_trend_by_loops(study, raw):
    texts = raw[3]
    wide = study.covariates.pivot(index="case_id", columns="variable", values="value")
    for conflict, own in texts.items():
        for n, run in enumerate(runs(own, 365)):
            case = f"{conflict}-{run[-1][0].year}"
            assert wide.comprehensive[case] == any(r["Stage"] == "SubComp" for _, _, r in run)
            assert wide.prior_attempts[case] == n
            assert wide.trend[case] == (run[-1][0].year - 2000) / 10


@needs_raw
def test_fighting_at_the_signature_and_the_other_readings_by_loops(study, raw):
    fighting, war, _, _ = raw
    wide = study.covariates.pivot(index="case_id", columns="variable", values="value")
    in_the_year = set()
    for case in study.cases.itertuples():
        years, signed = fighting[case.conflict_id], case.last_date.date()
        t0, first = signed.year, case.first_date.year
        episode = BEGAN.get((case.conflict_id, t0), dt.date.max) < signed
        row = wide.loc[case.case_id]
        assert row.active == (episode or t0 - 1 in years)
        assert case.eligible == eligible(fighting, case.conflict_id, signed)
        assert row.war_years == sum(y in war[case.conflict_id] for y in range(t0 - 10, t0))
        assert row.active_before == (t0 - 1 in years)
        assert row.active_before_first == (first - 1 in years)
        for name, year in (("active_calendar", t0), ("active_first", first)):
            assert np.isnan(row[name]) if year > LAST else row[name] == (year in years)
        wars = sum(y in war[case.conflict_id] for y in range(t0 - 9, t0 + 1))
        assert np.isnan(row.war_years_calendar) if t0 > LAST else row.war_years_calendar == wars
        if episode and t0 - 1 not in years:
            in_the_year.add(case.case_id)
    # an episode that began in t0 and reached 25 deaths before the last agreement
    assert in_the_year == {
        "11344-2011",
        "11346-2011",
        "283-2016",
        "372-2012",
        "381-2024",
        "409-1998",
        "410-1998",
        "417-2001",
    }


def test_the_only_fighting_of_northern_ireland_in_1998_is_later_than_the_agreement(study):
    cases = study.cases.set_index("case_id")
    value = study.covariates.set_index(["case_id", "variable"]).value["315-1998"]
    assert (value.active, value.active_calendar, value.active_episode) == (0, 1, 0)
    assert not cases.eligible["315-1998"] and cases.eligible_calendar["315-1998"]


@needs_raw
def test_an_episode_by_its_recorded_dates(study):
    """Whether the day of the last agreement lies between the dates of an episode."""
    spans = defaultdict(dict)
    for r in rows("ucdp_prio_acd_251.csv"):
        own = spans[int(r["conflict_id"])]
        own[r["start_date2"]] = r["ep_end_date"] or own.get(r["start_date2"], "")
    found = study.covariates[study.covariates.variable == "active_episode"].set_index("case_id")
    for case in study.cases.itertuples():
        if case.t0 >= LAST:
            assert np.isnan(found.value[case.case_id])
            continue
        day = case.last_date.date().isoformat()
        within = [
            start <= day and (not end or day <= end)
            for start, end in spans[case.conflict_id].items()
        ]
        assert found.value[case.case_id] == any(within), case.case_id


def test_texts_that_several_parties_agreed_to(study):
    table = study.tables["attempts_agreed"].set_index("case_id")
    lost = set(study.cases.case_id) - set(table.index)
    primary = set(study.frame("primary").data.case_id)
    # of the primary sample Libya 2011, Algeria 2005, Kosovo 1999 and Sri Lanka 2000
    assert len(lost) == 5 and len(lost & primary) == 4
    same = study.frame("all").data.set_index("case_id").loc[table.index]
    assert (table.pages <= same.pages).all() and (table.n_scored <= same.n_scored).all()


def test_doubtful_successes_are_failures_and_nothing_else_changes(study):
    outcome = study.outcomes.set_index("case_id")
    lost = outcome.lasting_peace.fillna(False) & ~outcome.peace_undoubted.fillna(True)
    changed = outcome.index[lost]
    assert set(changed) == {"341-1991", "381-1992", "298-1992", "407-1999", "420-2004"}
    others = outcome.drop(changed)
    assert others.peace_undoubted.equals(others.lasting_peace)


# --- years at risk
# -------------------------------------------------------------------------------------------------


def test_case_years_are_the_durations(study):
    table, whole = study.tables["case_years"], study.frame("durations").data.set_index("case_id")
    count = table.groupby("attempt_id").size()
    assert set(whole.index) - set(count.index) == {
        "11345-2024",
        "13809-2025",
        "289-2025",
        "381-2024",
    }
    assert (len(table), len(count), table.event.sum()) == (770, 103, 78)
    assert (whole.loc[count.index].peace_years == count).all()
    ends = table.groupby("attempt_id").tail(1).set_index("attempt_id")
    assert (
        ends.event == whole.event.loc[ends.index]
    ).all() and table.event.sum() == ends.event.sum()
    assert (table.stop == table.start + 1).all() and (
        table.groupby("attempt_id").start.min() == 0
    ).all()
    assert (table.year == table.t0 + table.stop).all() and (table.year <= LAST).all()


def test_scores_and_controls_of_an_attempt_are_the_same_in_every_year(study):
    table = study.tables["case_years"]
    base = study.frame("durations").data.set_index("case_id").loc[table.attempt_id]
    for name in (
        "breadth",
        "institutions",
        "weakest_dimension",
        "pages",
        "active",
        "war_years",
        "battle_deaths",
    ):
        np.testing.assert_allclose(
            table[name].astype(float), base[name].astype(float), rtol=EXACT, err_msg=name
        )


@needs_raw
def test_polyarchy_and_executive_constraints_are_those_of_the_year_before(study):
    vdem, polity = defaultdict(set), defaultdict(set)
    for r in rows("vdem_simple.csv"):
        if r["GWn"] not in ("", "NA"):
            vdem[int(float(r["GWn"])), int(float(r["year"]))].add(r["v2x_polyarchy"])
    for r in rows("polity5.csv"):
        if r["GWn"] not in ("", "NA"):
            polity[int(float(r["GWn"])), int(float(r["year"]))].add(r["xconst"])
    table = study.tables["case_years"]
    for r in table.itertuples():
        before = vdem[r.country, r.year - 1]
        if not np.isnan(r.polyarchy):
            assert {float(v) for v in before} == {r.polyarchy}
        if not np.isnan(r.executive_constraints):
            assert {float(v) for v in polity[r.country, r.year - 1]} == {r.executive_constraints}
    gaps = table[
        [
            "polyarchy",
            "executive_constraints",
            "legislative_constraints",
            "un_mission",
            "battle_deaths",
        ]
    ].isna()
    assert gaps.sum().to_dict() == {
        "polyarchy": 39,
        "executive_constraints": 230,
        "legislative_constraints": 49,
        "un_mission": 43,
        "battle_deaths": 216,
    }
    for name in gaps:
        told = table.missing.map(
            lambda t, v=name: f"; {v}: " in f"; {t}" if isinstance(t, str) else False
        )
        assert (told == gaps[name]).all(), name


MISSIONS = {  # what the histories of the missions say
    ("341-2003", "Liberia"): (range(2003, 2019), "UNMIL 2003 to 2018"),
    ("332-1992", "Mozambique"): (range(1992, 1995), "ONUMOZ to December 1994"),
    ("316-1992", "El Salvador"): (range(1991, 1996), "ONUSAL to April 1995"),
    ("327-2002", "Angola"): (range(0), "MONUA had left in 1999"),
}


@pytest.mark.parametrize("case, name", MISSIONS)
def test_years_with_a_un_mission(study, case, name):
    own = study.tables["case_years"].query("attempt_id == @case")
    own = own[own.un_mission.notna()]
    assert own.label.str.startswith(name).all() and own.year.max() == min(
        2023, study.frame("all").data.set_index("case_id").peace_years[case] + own.t0.iloc[0]
    )
    assert set(own.year[own.un_mission.astype(bool)]) == set(own.year) & set(
        MISSIONS[case, name][0]
    )


# --- cases that people know
# ---------------------------------------------------------------------------------------

# case, first and last agreement, peace, no war, peace after grace, years to fighting (None: not
# yet), why
KNOWN = [
    (
        "309-2006",
        "2001-06-26",
        "2006-06-19",
        False,
        False,
        False,
        1,
        "the CPA of 2005 is in it; Darfur and the CPA's war are one conflict of UCDP",
    ),
    (
        "316-1992",
        "1990-07-26",
        "1992-01-16",
        True,
        True,
        True,
        None,
        "Chapultepec: the FMLN laid down arms",
    ),
    (
        "332-1992",
        "1991-11-13",
        "1992-10-04",
        True,
        True,
        True,
        21,
        "Rome: Renamo came back to arms in 2013",
    ),
    (
        "327-1994",
        "1994-11-15",
        "1994-11-15",
        False,
        False,
        False,
        1,
        "Lusaka: UNITA fought on, war again in 1998",
    ),
    (
        "382-1999",
        "1999-07-07",
        "1999-07-07",
        False,
        True,
        False,
        1,
        "Lome: the RUF took peacekeepers in 2000, fighting to 2001",
    ),
    (
        "269-2008",
        "2005-11-22",
        "2008-06-25",
        True,
        True,
        True,
        None,
        "the Comprehensive Peace Accord of 2006 is in it",
    ),
    (
        "289-2016",
        "2013-11-06",
        "2016-11-24",
        False,
        True,
        False,
        2,
        "Havana: the ELN and dissidents are the same conflict",
    ),
    ("389-1995", "1995-11-21", "1995-11-21", True, True, True, None, "Dayton"),
    ("341-2003", "2003-08-18", "2003-08-18", True, True, True, None, "Accra: Taylor had left"),
    (
        "308-2014",
        "2012-04-24",
        "2014-01-25",
        False,
        True,
        False,
        1,
        "Bangsamoro: MILF kept it, BIFF and Abu Sayyaf fought on",
    ),
    (
        "233-1996",
        "1996-05-06",
        "1996-12-29",
        True,
        True,
        True,
        None,
        "Guatemala: a firm and lasting peace",
    ),
    (
        "419-2003",
        "2003-01-23",
        "2003-01-23",
        False,
        True,
        True,
        1,
        "Marcoussis: fighting in 2004 only, so peace after a year of grace",
    ),
]


@pytest.mark.parametrize("known", KNOWN, ids=lambda k: k[0])
def test_cases_that_people_know(study, known):
    case, first, last, peace, no_war, grace, years, _ = known
    row = study.frame("all").data.set_index("case_id").loc[case]
    assert (str(row.first_date.date()), str(row.last_date.date())) == (first, last)
    t0 = int(last[:4])
    assert (row.window_from, row.window_to, row.eligible) == (t0 + 1, t0 + 5, True)
    assert (row.lasting_peace, row.no_war, row.peace_after_grace) == (peace, no_war, grace)
    assert (row.event, row.peace_years) == ((True, years) if years else (False, LAST - t0))


@pytest.mark.parametrize(
    "case, t0, peace",
    [
        ("309-2006", 2001, False),
        ("289-2016", 2013, False),
        ("269-2008", 2005, False),
        ("316-1992", 1990, False),
        ("382-1999", 1999, False),
    ],
)
def test_the_clock_at_the_first_agreement_of_cases_that_people_know(study, case, t0, peace):
    """Nepal and El Salvador succeed only from their last agreement:
    fighting went on while the text was written.
    """
    row = study.tables["attempts_first_agreement"].set_index("case_id").loc[case]
    assert (row.t0, row.lasting_peace) == (t0, peace)
