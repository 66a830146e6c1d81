"""Promise and implementation in study A, against the pilot's counts and the
raw lists; what is decided about the lists.
"""

import csv
import datetime
from collections import defaultdict
from pathlib import Path

import pandas as pd
import pytest

from peacestudy.errors import SourceError
from peacestudy.outcomes import SOURCES, OutcomeTable
from peacestudy.study.builders import peace_agreements as builder
from peacestudy.study.builders.decisions import Decision, decide, read_decisions
from peacestudy.study.builders.missions import (
    THIRD,
    UN,
    Mission,
    mission_findings,
    third_party_presence,
    un_presence,
)

RAW = Path(__file__).resolve().parents[3].parent / "shared" / "raw"
needs_raw = pytest.mark.skipif(
    not RAW.is_dir(), reason="the source files are not at hand (../shared/raw)"
)


@pytest.fixture(scope="module")
def study(our_study):
    return our_study("peace_agreements")


@pytest.fixture(scope="module")
def promises(study):
    """Implementation of the 156 eligible attempts with a whole window."""
    table = study.tables["implementation"]
    return table[table.case_id.isin(study.frame("overlapping").data.case_id)]


def test_every_case_has_every_deed_and_every_missing_one_its_reason(study):
    table = study.tables["implementation"]
    assert (
        len(table) == 4 * len(study.cases) and (table.observed.isna() == table.reason.notna()).all()
    )


# promised and seen, promised and not seen, promised and unknown; seen though not promised
COUNTS = {
    "mission": (56, 35, 0, 13),
    "new_mission": (34, 57, 0, 2),
    "third_party_mission": (68, 12, 11, 24),
    "amnesty": (50, 20, 4, 34),
}


@pytest.mark.parametrize("provision", COUNTS)
def test_counts(promises, provision):
    own = promises[promises.provision == provision]
    yes = own[own.promised]
    assert (
        yes.observed.eq(True).sum(),
        yes.observed.eq(False).sum(),
        yes.observed.isna().sum(),
        own[~own.promised].observed.eq(True).sum(),
    ) == COUNTS[provision]


def raw(name):
    with (RAW / name).open(encoding="utf-8", newline="") as f:
        yield from csv.DictReader(f)


@needs_raw
def test_the_pilots_missions_and_the_three_that_it_missed(study, promises):
    """The pilot looked for the ISO code that PA-X names most; it misses three missions, whose state
    had another code.
    """
    iso = {int(r["AgtId"]): r["Loc1ISO"] for r in raw("pax_v10.csv")}
    listed = defaultdict(list)
    for r in raw("un_pko_country.csv"):
        if r["start_date"]:
            end = int(r["end_date"][:4]) if r["end_date"] else 9999
            listed[r["iso3c"]].append((r["start_date"], end))
    texts = study.tables["agreements"].query("role == 'scored'")
    names = (
        texts.agreement_id.map(iso)
        .groupby(texts.case_id)
        .agg(lambda s: s[s != ""].mode().get(0, "none"))
    )
    t0 = study.cases.set_index("case_id").t0
    first = study.cases.set_index("case_id").first_date.astype(str)
    found = {}
    for provision in ("mission", "new_mission"):
        own = promises[(promises.provision == provision) & promises.promised].set_index("case_id")
        pilot = {
            c: any(
                (int(a[:4]) <= t0[c] + 2 and b >= t0[c])
                if provision == "mission"
                else first[c] <= a and int(a[:4]) <= t0[c] + 2
                for a, b in listed[names[c]]
            )
            for c in own.index
        }
        found[provision] = sum(pilot.values())
        assert {c for c in own.index if pilot[c] != own.observed[c]} == {
            "309-2006",
            "330-1999",
            "412-1999",
        }
    assert found == {"mission": 53, "new_mission": 31}


def test_the_three_that_the_pilot_missed(study):
    """Sudan 2005 (PA-X names South Sudan, which was no state yet),
    East Timor 1999, Kosovo 1999 (no code).
    """
    seen = study.tables["implementation"].query("provision == 'new_mission'").set_index("case_id")
    assert seen.observed[["309-2006", "330-1999", "412-1999"]].all()


@needs_raw
def test_amnesties_by_loops(study, promises):
    counts = {}
    for r in raw("tjet_conflict_peace_spells.csv"):
        values = [r["amnesty_ucdp_dcj_sta_opp"], r["amnesty_ucdp_pcj_sta_opp"]]
        if all(values):
            counts[int(r["conflict_id"]), int(r["year"])] = sum(map(float, values))
    promise = {int(r["AgtId"]): int(r["TjAmPro"]) > 0 for r in raw("pax_v10.csv")}
    texts = (
        study.tables["agreements"]
        .query("role == 'scored'")
        .groupby("case_id")
        .agreement_id.apply(list)
    )
    observable = 0
    own = promises[promises.provision == "amnesty"].merge(
        study.cases[["case_id", "conflict_id", "t0"]], on="case_id"
    )
    for r in own.itertuples():
        years = [(r.conflict_id, y) for y in range(r.t0, r.t0 + 3)]
        seen = [counts[y] > 0 for y in years if y in counts]
        expected = True if any(seen) else False if len(seen) == 3 else None
        assert r.promised == any(promise[i] for i in texts[r.case_id])
        assert (None if pd.isna(r.observed) else r.observed) == expected, r.case_id
        observable += r.promised and bool(seen)
    assert (own.promised.sum(), observable) == (74, 72)


@needs_raw
def test_third_party_missions_by_loops_where_codes_agree(study):
    """States whose COW and GW codes are one and about whose rows nothing was decided."""
    table = (
        study.tables["implementation"]
        .query("provision == 'third_party_mission'")
        .merge(study.cases, on="case_id")
    )
    listed = defaultdict(list)
    for r in raw("third_party_pkm_31.csv"):
        listed[int(r["CCODE1"])].append(
            (int(r["STARTYR"]), int(float(r["ENDYR"])) if r["ENDYR"] else 2014)
        )
    checked = 0
    for r in table[
        table.country.isin([625, 432, 451, 775, 500, 437, 516, 490, 450, 540, 541, 70, 92, 100])
    ].itertuples():
        seen = any(a <= r.t0 + 2 and b >= r.t0 for a, b in listed[r.country])
        expected = True if seen else None if r.t0 + 2 > 2014 else False
        assert (None if pd.isna(r.observed) else r.observed) == expected, r.case_id
        checked += 1
    assert checked == 57


@pytest.mark.parametrize(
    "case, promised, here, new",
    [
        ("316-1992", True, True, True),  # ONUSAL came in 1991, after the agreement of 1990
        ("341-2003", True, True, True),  # UNMIL
        ("389-1995", True, True, True),  # UNMIBH, IPTF
        ("269-2008", True, False, False),  # UNMIN was a political mission and is not in the list
        ("289-2016", True, False, False),  # so was the UN's in Colombia
    ],
)
def test_missions_that_people_know(study, case, promised, here, new):
    own = study.tables["implementation"].query("case_id == @case").set_index("provision")
    assert (own.promised["mission"], own.observed["mission"], own.observed["new_mission"]) == (
        promised,
        here,
        new,
    )


# --- findings and decisions
# ---------------------------------------------------------------------------------------


def lists(un, third):
    """The two lists from a few rows."""
    u = pd.DataFrame(un, columns=["id", "mission_acronym", "iso3c", "start_date", "end_date"])
    u = u.astype({"iso3c": object}).assign(iso3c=lambda t: t.iso3c.where(t.iso3c.notna(), None))
    u["start_date"], u["end_date"] = pd.to_datetime(u.start_date), pd.to_datetime(u.end_date)
    t = pd.DataFrame(
        third, columns=["OBSNUM", "STATE", "CCODE1", "TPTYPE", "STARTYR", "ENDYR"]
    ).astype({"ENDYR": "Int64"})
    return OutcomeTable(u, SOURCES[UN]), OutcomeTable(t, SOURCES[THIRD])


LISTS = lists(
    [
        (1, "OLD", "XXX", "1960-01-01", "1970-01-01"),  # over before 1989: not read
        (2, "SUM", None, "1992-01-01", "1993-01-01"),
        (3, "WHEN", "IRQ", None, None),
        (4, "PRO", "SRB", "1992-01-01", "2007-06-01"),
        (5, "MIL", "LBR", "2003-09-01", None),
    ],
    [
        (1, "Haiti", 93, 3, 1994, 1995),
        (2, "Liberia/Lofa", 450, 1, 2003, None),
        (3, "Tonga", 941, 3, 2006, 2006),
        (4, "Haiti", 41, 1, 1980, 1985),
    ],
)


def test_what_needs_a_decision_is_found():
    told = [(f.place, f.problem) for f in mission_findings(*LISTS)]
    assert told == [
        ("un_pko mission 2", "mission without a country"),
        ("un_pko mission 3 IRQ", "mission without a start"),
        ("un_pko mission 4 SRB", "country code not in force"),
        ("third_party_pkm_3.1 OBSNUM 1", "country code is not that of the name"),
        ("third_party_pkm_3.1 OBSNUM 3", "country code not in force"),
    ]


DECIDED = {
    (f.place, f.problem): Decision("leave out", "", "because") for f in mission_findings(*LISTS)
} | {
    ("un_pko mission 4 SRB", "country code not in force"): Decision("country", "345", "because"),
    ("third_party_pkm_3.1 OBSNUM 1", "country code is not that of the name"): Decision(
        "country", "41", "because"
    ),
}


def test_decisions_are_carried_out():
    here = un_presence(LISTS[0], DECIDED)
    assert {y for s, y in here if s == 345} == set(range(1992, 2006))
    assert {y for s, y in here if s == 340} == {2006, 2007}
    assert {y for s, y in here if s == 450} == set(range(2003, 2024))
    assert {s for s, _ in here} == {340, 345, 450}
    assert here[450, 2010] == [Mission("MIL", datetime.date(2003, 9, 1))]
    anyone = third_party_presence(LISTS[1], DECIDED)
    assert {k for k in anyone if k[0] != 450} == {(41, 1994), (41, 1995)}
    assert {y for s, y in anyone if s == 450} == set(range(2003, 2015))


def test_a_mission_that_is_left_out_is_nowhere():
    out = DECIDED | {
        ("un_pko mission 4 SRB", "country code not in force"): Decision("leave out", "", "because")
    }
    assert {s for s, _ in un_presence(LISTS[0], out)} == {450}


@pytest.mark.slow(reason="rebuilds a study from source files, 10 s")
@needs_raw
def test_every_finding_is_decided_and_a_finding_without_decision_stops_the_build(study, tmp_path):
    decisions = read_decisions(study.folder)
    assert len(decisions) == 58 and decisions.problem.nunique() == 10
    lines = (study.folder / "decisions.tsv").read_text(encoding="utf-8").splitlines()
    (tmp_path / "decisions.tsv").write_text(
        "\n".join([lines[0], *lines[2:]]) + "\n", encoding="utf-8"
    )
    with pytest.raises(SourceError, match="do not agree: 1 problem") as caught:
        builder.build(RAW, study.config.cases, study.codebook, tmp_path)
    assert lines[1].split("\t")[0] in str(caught.value)


def test_a_decision_that_is_no_word_of_the_builders_is_refused():
    found = mission_findings(*LISTS)[:1]
    row = pd.DataFrame(
        [(found[0].place, found[0].problem, found[0].found, "keep", "", "because")],
        columns=["place", "problem", "found", "decision", "value", "why"],
    )
    with pytest.raises(SourceError, match="decisions on 'mission without a country' are leave out"):
        decide(found, row)


def test_the_lists_coverage_is_told():
    assert (SOURCES[UN].last_year, SOURCES[THIRD].last_year) == (2023, 2014)
    assert SOURCES[UN].version == "2024-02-19"  # so 2023 is the last whole year of which it speaks
