"""third_party_role: a rebuild to the byte, the codes counted by loops over the sheets' own files,
and what they do to study A.
"""

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from peacestudy.coding import read_sheet
from peacestudy.core.tables import to_csv
from peacestudy.outcomes import SOURCES, read_source
from peacestudy.study.builders.third_party_role import TABLES, build
from peacestudy.study.results.coders import attempt_sheet

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
    rule = study.config.uncertainty[0]
    sheet = attempt_sheet(found, rule)
    told = {(r.case_id, r.coder): int(r.code) for r in sheet.table.itertuples()}
    scored = study.cases[study.cases.scored.astype(bool)]
    for attempt, own in scored.groupby("attempt_id"):
        for coder in CODERS:
            some = any(files[coder][c][0] > 0 for c in own.case_id) or any(
                own.signature.astype(bool)
            )
            assert told[attempt, coder] == some
    assert len(told) == 2 * scored.attempt_id.nunique()


@pytest.mark.slow(reason="imputes the true codes, 31 s")
def test_the_finding_with_the_doubt_stands_on_the_finding_without(found, our_results):
    a = our_results("peace_agreements")
    u = found.table("uncertainty")
    assert set(u.analysis) == {"two_readings", "three_readings"}
    direct = a.table("terms").set_index(["model", "term"])
    for row in u.itertuples():
        assert row.naive == pytest.approx(direct.loc[(row.model, row.term), "estimate"], rel=1e-8)
    assert (u.std_error > 0).all() and u.share_coding.between(0, 1).all()
    both = found.table("dropped_indicator").set_index(["model", "term"])
    for key, row in both.iterrows():
        assert row.estimate == pytest.approx(direct.loc[key, "estimate"], rel=1e-8)
    assert (both.loc["pillars", "estimate"] != both.loc["pillars", "without_estimate"]).all()
    assert pd.Series(both.below_floor).nunique() == 1
