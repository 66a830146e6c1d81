"""third_party_role: a rebuild to the byte, the codes counted by loops over the sheets' own files,
and what they do to the study peace_agreements.
"""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from peacestudy.coding import read_sheet
from peacestudy.core.tables import to_csv
from peacestudy.outcomes import SOURCES, read_source
from peacestudy.study.builders.third_party_role import TABLES, build
from peacestudy.study.results.coders import attempt_sheet, families_of, known_attempts

RAW = Path(__file__).resolve().parents[3].parent / "shared" / "raw"
raw = pytest.mark.skipif(
    not RAW.is_dir(), reason="the source files are not at hand (../shared/raw)"
)
CODERS = ("machine_1", "machine_2")


@pytest.fixture(scope="module")
def study(our_study):
    return our_study("third_party_role")


@pytest.fixture(scope="module")
def found(study, our_results):
    return our_results(study.config.id)


@pytest.fixture(scope="module")
def files(study):
    """Codes by coder and case, from the files by hand."""
    out = {}
    for coder in CODERS:
        with (study.folder / "sheets" / f"{coder}.csv").open(encoding="utf-8-sig", newline="") as f:
            out[coder] = {r["case_id"]: (int(r["code"][0]), r) for r in csv.DictReader(f)}
    return out


@raw
def test_a_rebuild_equals_the_committed_tables(study):
    built = build(RAW, study.config.cases, study.codebook, study.folder)
    assert set(built) == set(TABLES)
    for name, table in built.items():
        assert to_csv(table) == (study.folder / f"{name}.csv").read_text(encoding="utf-8"), name


def test_every_agreement_is_coded_by_both_and_nobody_is_a_person(study, files, our_study):
    asked = set(study.cases.case_id)
    assert len(asked) == len(our_study("peace_agreements").tables["agreements"]) == 1604
    assert all(set(codes) == asked for codes in files.values())
    assert set(study.tables["codings"].kind) == {"machine"} and set(
        study.tables["codings"].coder
    ) == set(CODERS)
    blank = set(study.cases.loc[study.cases.blank.astype(bool), "case_id"])
    assert len(blank) == 680
    for codes in files.values():
        assert all(codes[c][0] == 0 for c in blank)
    for coder in CODERS:
        assert read_sheet(study.folder / "sheets" / f"{coder}.csv", study.codebook).open().empty


@raw
def test_evidence_is_a_line_of_the_field_and_no_sentence_is_restated(study, files):
    fields = read_source(SOURCES["pax_v10"], RAW).table.set_index("AgtId")["ThrdPart"].fillna("")
    for codes in files.values():
        for case, (_, row) in codes.items():
            text = fields[int(case[4:])]
            where = row["locator"]
            assert where.startswith(f"AgtId {case[4:]}, ThrdPart")
            if ", line " in where:
                assert 1 <= int(where.rsplit(" ", 1)[1]) <= len(text.splitlines())
            words = row["comment"].split()
            assert len(words) <= 12
            assert len(words) < 6 or row["comment"] not in text


def test_agreement_by_loops(study, found, files):
    read = study.cases.loc[~study.cases.blank.astype(bool), "case_id"]
    pairs = [(files["machine_1"][c][0], files["machine_2"][c][0]) for c in read]
    row = found.table("agreement").iloc[0]
    assert row.n_units == len(pairs) == 924
    assert row.percent == pytest.approx(np.mean([a == b for a, b in pairs]), abs=1e-12)
    counts = np.array([sum((a == k) + (b == k) for a, b in pairs) for k in range(4)])

    def metric(a, b):  # ordinal: values between the two, each end counted by half
        low, high = sorted((a, b))
        return (counts[low : high + 1].sum() - (counts[low] + counts[high]) / 2) ** 2

    n = counts.sum()
    seen = sum(2 * metric(a, b) for a, b in pairs) / n
    chance = sum(counts[a] * counts[b] * metric(a, b) for a in range(4) for b in range(4)) / (
        n * (n - 1)
    )
    assert row.alpha == pytest.approx(1 - seen / chance, abs=1e-12)
    assert "never inter-coder reliability" in row.note
    agreement_with_blanks = found.table("agreement_with_blanks").iloc[0]
    assert agreement_with_blanks.n_units == 1604 and agreement_with_blanks.alpha > row.alpha


def test_attempts_by_loops(study, found, files):
    """The readings of the attempts that no signature decides; a signature decides the others."""
    rule = study.config.uncertainty[0]
    told = {
        (r.case_id, r.coder): int(r.code) for r in attempt_sheet(found, rule).table.itertuples()
    }
    scored = study.cases[study.cases.scored.astype(bool)]
    signed = set()
    for attempt, own in scored.groupby("attempt_id"):
        if any(own.signature.astype(bool)):
            signed.add(attempt)
            continue
        for coder in CODERS:
            some = any(files[coder][c][0] > 0 for c in own.case_id)
            assert told.pop((attempt, coder)) == some
    assert not told and signed
    assert known_attempts(found, rule) == sorted(signed)
    assert known_attempts(found, replace(rule, gold="")) == []


@raw
def test_signatures_by_loops_over_the_source(study):
    with (RAW / "pax_v10.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["AgtId"]: row for row in csv.DictReader(file)}
    for case in study.cases.itertuples():
        row = rows[str(case.agreement_id)]
        signed = any(float(row[c] or 0) > 0 for c in ("ImUN", "ImOth"))
        assert bool(case.signature) == signed


def test_families_are_those_of_the_other_study(study, found):
    rule = study.config.uncertainty[0]
    other = found.other(rule.study).study
    families = {f.terms: f for f in families_of(other, rule.specs)}
    declared = other.config.hypotheses
    pillars = tuple(h.terms[0] for h in declared if h.family == "pillars")
    assert len(pillars) == 7 and families[pillars].adjustment == "holm"
    assert set(families) == {pillars, ("scale(breadth)",)}
    assert families[pillars].alpha == other.config.decision.alpha


@pytest.mark.slow(reason="imputes the true codes, 60 s")
def test_the_finding_with_uncertainty_is_compared_with_the_finding_without(found, our_results):
    a = our_results("peace_agreements")
    u = found.table("uncertainty")
    assert set(u.analysis) == {"two_readings", "one_reading", "three_readings"}
    direct = a.table("terms").set_index(["model", "term"])
    for row in u.itertuples():
        assert row.naive == pytest.approx(direct.loc[(row.model, row.term), "estimate"], rel=1e-8)
    assert (u.std_error > 0).all() and u.share_coding.between(0, 1).all()
    both = found.table("dropped_indicator").set_index(["model", "term"])
    for key, row in both.iterrows():
        assert row.estimate == pytest.approx(direct.loc[key, "estimate"], rel=1e-8)
    assert (both.loc["pillars", "estimate"] != both.loc["pillars", "without_estimate"]).all()
    assert pd.Series(both.below_floor).nunique() == 1
    # one reading is more uncertain than two independent ones
    share = u[u.term == "scale(diplomacy)"].set_index("analysis").share_coding
    assert share["one_reading"] > share["two_readings"] > share["three_readings"]
    # decisions are those of the other study, as its own table has them
    told = a.table("hypotheses").set_index(["model", "terms"]).decision
    decided = u[u.naive_decision != ""]
    assert len(decided) == 3 * 8
    for row in decided.itertuples():
        assert row.naive_decision == told[row.model, row.term]
    notes = found.table("uncertainty_notes")
    dependent = notes[notes.kind == "dependent_errors"].set_index("analysis").text
    assert "as_one_reading" in dependent["two_readings"]
    assert "the only reading is automated" in dependent["one_reading"]
    assert notes[notes.kind == "gold"].text.str.contains("coders coded 0 of these").all()


@pytest.mark.slow(reason="imputes the true codes, 60 s")
def test_a_disputed_code_counts_by_the_declared_decision(found):
    """Each flip refitted and decided here: Holm over the seven pillars, written out."""
    flips = found.table("flips")
    single = flips[flips.kind == "single"]
    assert len(single) and set(single.model) == {"breadth", "pillars"}
    for (_, model, case), own in single.groupby(["analysis", "model", "case_id"]):
        p_values = own.set_index("term").p_value
        adjusted, highest = {}, 0.0
        for rank, (term, p) in enumerate(p_values.sort_values(kind="stable").items()):
            highest = max(highest, min(1.0, (len(p_values) - rank) * p))
            adjusted[term] = highest
        assert len(own) == (7 if model == "pillars" else 1), case
        for row in own.itertuples():
            assert row.p_adjusted == pytest.approx(adjusted[row.term])
            assert ("not rejected" in row.decision) == (row.p_adjusted >= 0.05)
            assert row.flips == (row.decision != row.decision_before)
