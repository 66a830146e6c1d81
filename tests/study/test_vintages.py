"""The study on PA-X 9 and 10: the committed comparison against
loops over both files, and against a rebuild.
"""

import csv
import datetime as dt
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import peacestudy as ps
from peacestudy.core.tables import to_csv
from peacestudy.errors import SourceError, SpecError
from peacestudy.outcomes import SOURCES, read_source
from peacestudy.outcomes.matching import compare_cases
from peacestudy.study.builders.decisions import Finding
from peacestudy.study.builders.releases import AS_NAMED, Releases
from peacestudy.study.package import read_package
from peacestudy.study.vintages import TABLES, other_releases

RAW = Path(__file__).resolve().parents[2].parent / "shared" / "raw"
real = pytest.mark.skipif(
    not RAW.is_dir(), reason="the source files are not at hand (../shared/raw)"
)
YEAR = dt.timedelta(days=365)
CLOSE = 1e-6  # relative: another linear algebra library moves the last digits of a fit


@pytest.fixture(scope="module")
def study(our_study):
    return our_study("peace_agreements")


def attempts(release, fought):
    """Attempts of a release by a loop over its rows: id -> (t0, ids
    of scored texts), written from the rule.
    """
    texts = defaultdict(list)
    with (RAW / f"{release}.csv").open(encoding="utf-8", newline="") as f:
        for r in csv.DictReader(f):
            conflict = r["UcdpCon"] if r["UcdpCon"] not in ("", "NA") else None
            if conflict and int(float(conflict)) in fought:
                texts[int(float(conflict))].append(
                    (dt.date.fromisoformat(r["Dat"]), int(r["AgtId"]), r)
                )
    out = {}
    for conflict, rows in texts.items():
        runs = []
        for day in sorted(
            d
            for d, _, r in rows
            if r["Stage"] in ("SubPar", "SubComp") and r["Agtp"] in ("Intra", "InterIntra")
        ):
            if runs and day - runs[-1][-1] <= YEAR:
                runs[-1].append(day)
            else:
                runs.append([day])
        for run in runs:
            scored = {
                i for d, i, r in rows if r["Stage"] != "Oth" and run[0] - YEAR <= d <= run[-1]
            }
            out[f"{conflict}-{run[-1].year}"] = (conflict, run[-1].year, scored, run[-1])
    return out


@pytest.fixture(scope="module")
def loops():
    fought, began = defaultdict(set), {}
    with (RAW / "ucdp_prio_acd_251.csv").open(encoding="utf-8", newline="") as f:
        for r in csv.DictReader(f):
            fought[int(r["conflict_id"])].add(int(r["year"]))
            if r["start_date2"][:4] == r["year"]:
                day = dt.date.fromisoformat(r["start_date2"])
                began[int(r["conflict_id"]), int(r["year"])] = day
    found = {}
    for release in ("pax_v9", "pax_v10"):
        all_ = attempts(release, fought)
        eligible = {
            c: v
            for c, v in all_.items()
            if fought[v[0]] & set(range(v[1] - 5, v[1]))
            or began.get((v[0], v[1]), dt.date.max) < v[3]
        }
        complete = {c: v for c, v in eligible.items() if v[1] + 5 <= 2024}
        last, kept = {}, set()
        for case, (conflict, t0, _, _) in sorted(
            eligible.items(), key=lambda i: (i[1][0], i[1][1])
        ):
            if conflict not in last or t0 > last[conflict] + 5:
                last[conflict] = t0
                kept.add(case)
        primary = {c: v for c, v in complete.items() if c in kept}
        peace = {
            c for c, v in complete.items() if not fought[v[0]] & set(range(v[1] + 1, v[1] + 6))
        }
        found[release] = all_, eligible, complete, primary, peace
    return found


@real
def test_counts_are_those_of_the_loops(study, loops):
    counts = study.tables["vintage_counts"].set_index(["release", "step"])
    for release, (all_, eligible, complete, primary, peace) in loops.items():
        eligible_step = "fighting in t0-5..t0 before the last agreement"
        names = ("attempts", eligible_step, "five years observed", "one attempt a window")
        for step, cases in zip(names, (all_, eligible, complete, primary), strict=True):
            assert counts.loc[(release, step), "rows"] == len(cases), (release, step)
            # before, windows that end early have outcomes too
            if cases is complete or cases is primary:
                assert counts.loc[(release, step), "events"] == len(peace & set(cases))
    assert [len(c) for c in loops["pax_v9"]] == [197, 167, 156, 99, 46]
    assert [len(c) for c in loops["pax_v10"]] == [203, 170, 156, 99, 46]


@real
def test_cases_that_entered_left_and_moved_are_those_of_the_loops(study, loops):
    old, new = (loops[r][0] for r in ("pax_v9", "pax_v10"))
    table = study.tables["vintages"]
    by = {s: part for s, part in table.groupby("status")}
    gone, come = set(old) - set(new), set(new) - set(old)
    # Colombia: the same texts, and more to 2025
    assert set(by["moved"]["old_case_id"]) == gone == {"289-2024"}
    assert (
        set(by["moved"]["new_case_id"]) == {"289-2025"} and old["289-2024"][2] <= new["289-2025"][2]
    )
    assert set(by["entered"]["new_case_id"]) == come - {"289-2025"} and "left" not in by
    for r in table[table["old_case_id"].notna() & table["new_case_id"].notna()].itertuples():
        before, after = old[r.old_case_id][2], new[r.new_case_id][2]
        assert (r.texts_gone, r.texts_new) == (len(before - after), len(after - before))
        if r.status == "same":
            assert before == after
        for case, side, release in (
            (r.old_case_id, r.old_left_at, "pax_v9"),
            (r.new_case_id, r.new_left_at, "pax_v10"),
        ):
            assert pd.isna(side) == (case in loops[release][3])


@real
def test_the_committed_comparison_is_that_of_a_rebuild(study):
    """The rebuild on the named release is the committed study
    (``test_rebuild``), so one rebuild is enough.
    """
    quick = replace(study, config=replace(study.config, permutation=None))
    older = quick.rebuilt(RAW, {"pax_v10": "pax_v9"})
    sides = [
        (s.frame().data.set_index("case_id"), s.frame("primary").excluded, s.tables, s.outcome)
        for s in (older, quick)
    ]
    kept = study.tables
    for name, table in zip(("vintages", "vintage_changes"), compare_cases(*sides), strict=True):
        columns = [c for c in TABLES[name].names if c in table]
        assert to_csv(table[columns]) == to_csv(kept[name][columns]), name
    old, new = (s.primary().set_index("id") for s in (older, quick))
    for release, found in (("pax_v9", old), ("pax_v10", new)):
        stands = kept["vintage_findings"].set_index(["release", "id"]).loc[release]
        for column in (
            "odds_ratio",
            "conf_low",
            "conf_high",
            "p_value",
            "p_adjusted",
            "p_profile",
            "n",
            "n_events",
        ):
            np.testing.assert_allclose(
                stands[column].astype(float),
                found[column].astype(float),
                rtol=CLOSE,
                err_msg=column,
            )
        assert list(stands["decision"]) == list(found["decision"])
    assert older.sources == tuple(
        dict.fromkeys(["pax_v9", *study.sources[1:]])
    ) and older.releases == {"pax_v10": "pax_v9"}
    said = to_csv(older.tables["covariates"]) + to_csv(older.tables["cases"])
    assert "pax_v9 UcdpCon" in said and "pax_v10" not in said
    told = {n.kind: n.text for n in older.rebuild_notes}
    assert (
        "version 9 in place of version 10" in told["releases"]
        and "11 in decisions_pax_v9.tsv" in told["decisions"]
    )
    with pytest.raises(SpecError, match="which study"):  # the folder holds other codes
        ps.trace(older.frame("primary"), ("316-1992", "diplomacy"))
    assert (
        ps.trace(older.frame("primary"), ("316-1992", "diplomacy"), study=older).table is not None
    )
    assert read_package(study.folder)[1] == []  # nothing was written


def test_what_was_committed_for_the_named_release_is_what_the_study_finds_today(study, our_results):
    now = our_results(study.config.id).table("hypotheses").set_index("id")
    stands = study.tables["vintage_findings"].query("release == 'pax_v10'").set_index("id")
    for column in (
        "odds_ratio",
        "conf_low",
        "conf_high",
        "p_value",
        "p_adjusted",
        "p_profile",
        "p_permutation",
    ):
        np.testing.assert_allclose(
            stands[column].astype(float), now[column].astype(float), rtol=CLOSE, err_msg=column
        )
    first = study.tables["vintage_findings"]["source"].drop_duplicates()
    assert [s.split(" sha256 ")[0] for s in first] == [
        SOURCES[i].file for i in other_releases("peace_agreements")
    ]
    for text, release in zip(first, other_releases("peace_agreements"), strict=True):
        assert SOURCES[release].sha256.startswith(text.split()[-1].rstrip("."))


@real
def test_another_study_says_what_is_to_be_decided_before_it_can_be_rebuilt(our_study):
    other = our_study("signing_dyads")
    with pytest.raises(SourceError, match=r"decisions_pax_v9\.tsv") as caught:
        other.rebuilt(RAW, {"pax_v10": "pax_v9"})
    assert all("add the row" in p.remedy for p in caught.value.problems)


@pytest.mark.parametrize(
    ("instead", "said"),
    [
        ({"pax_v8": "pax_v9"}, "a source of the study is 'pax_v8'"),
        ({"pax_v10": "pax_v8"}, "in place of pax_v10 is 'pax_v8'"),
    ],
)
def test_a_release_that_is_not_known_is_refused(study, tmp_path, instead, said):
    with pytest.raises(SourceError, match=said):
        study.rebuilt(tmp_path, instead)


HEAD = "place\tproblem\tfound\tdecision\tvalue\twhy\n"
FOUND = [
    Finding("row 1", "odd", "is 7", ("keep", "mend")),
    Finding("row 2", "odd", "is 9", ("keep",)),
]


@pytest.fixture
def decided(tmp_path):
    def run(base, own, findings=FOUND):
        (tmp_path / "decisions.tsv").write_text(HEAD + base)
        if own:
            (tmp_path / "decisions_pax_v9.tsv").write_text(HEAD + own)
        releases = Releases({"pax_v10": "pax_v9"})
        return releases.decide(findings, tmp_path), releases

    return run


ONE, TWO, GONE = (
    "row 1\todd\tis 7\tkeep\t\tso\n",
    "row 2\todd\tis 9\tkeep\t\tso\n",
    "row 3\todd\tis 1\tkeep\t\tso\n",
)


def test_decisions_hold_where_the_same_is_found_and_others_are_made_anew(decided):
    found, releases = decided(ONE + TWO.replace("is 9", "is 8") + GONE, TWO)
    assert {k: v.decision for k, v in found.items()} == {
        ("row 1", "odd"): "keep",
        ("row 2", "odd"): "keep",
    }
    (note,) = releases.notes
    assert (
        note.text
        == "Of what is found 1 are decided in decisions.tsv and 1 in decisions_pax_v9.tsv; not"
        " found there: row 3, odd."
    )


def test_the_row_on_the_release_stands_above_that_of_the_study(decided):
    found, releases = decided(ONE + TWO, ONE.replace("keep", "mend"))
    assert (
        found["row 1", "odd"].decision == "mend"
        and "1 in decisions_pax_v9.tsv." in releases.notes[0].text
    )


@pytest.mark.parametrize(
    ("base", "own", "rule"),
    [
        (ONE, "", "every problem of the sources is decided"),
        (ONE + TWO.replace("is 9", "is 8"), "", "every problem of the sources is decided"),
        (ONE, TWO.replace("is 9", "is 8"), "found there: is 9"),
        (ONE + TWO, GONE, "nothing of the kind was found"),
    ],
)
def test_what_is_not_decided_stops_and_names_the_file(decided, base, own, rule):
    with pytest.raises(SourceError) as caught:
        decided(base, own)
    (problem,) = caught.value.problems
    assert problem.file == "decisions_pax_v9.tsv" and rule in problem.rule


def test_without_other_releases_the_decisions_are_those_of_the_study(decided, tmp_path):
    (tmp_path / "decisions.tsv").write_text(HEAD + ONE + TWO)
    assert (
        set(AS_NAMED.decide(FOUND, tmp_path)) == {("row 1", "odd"), ("row 2", "odd")}
        and AS_NAMED.notes == []
    )


@real
def test_sources_are_found_under_the_id_that_the_study_names():
    (table,) = Releases({"pax_v10": "pax_v9"}).read(["pax_v10"], RAW).values()
    assert table.source.id == "pax_v9" and len(table.table) == 2144 == len(
        read_source(SOURCES["pax_v9"], RAW).table
    )
