"""double_coding: a rebuild to the byte, counts by loops over the raw
files, and the test of two raters by simulation.
"""

import csv
import hashlib
from collections import Counter
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import peacestudy as ps
from peacestudy.coding.reliability import table_coefficient
from peacestudy.core.tables import to_csv
from peacestudy.models.clock_check import without_clock
from peacestudy.study.builders.double_coding import TABLES, _projects, build
from peacestudy.study.results.coders import RATERS, units_of

RAW = Path(__file__).resolve().parents[3].parent / "shared" / "raw"
raw = pytest.mark.skipif(
    not RAW.is_dir(), reason="the source files are not at hand (../shared/raw)"
)


@pytest.fixture(scope="module")
def study(our_study):
    return our_study("double_coding")


@raw
def test_a_rebuild_equals_the_committed_tables(study):
    built = build(RAW, study.config.cases, study.codebook, study.folder)
    assert set(built) == set(TABLES)
    for name, table in built.items():
        assert to_csv(table) == (study.folder / f"{name}.csv").read_text(encoding="utf-8"), name


def rows(file):
    with (RAW / file).open(encoding="utf-8", newline="") as f:
        yield from csv.DictReader(f)


@raw
def test_projects_by_loops_over_the_raw_file(study):
    upper = ("highly successful", "successful")
    both = [
        r
        for r in rows("adb_aer2024_ratings.csv")
        if r["AER Ratings Tag"] == "1" and r["PVR overall rating"] != "na"
    ]
    p = study.tables["projects"]
    assert len(both) == len(p) == 863
    assert p.success_staff.tolist() == [r["PCR overall rating"] in upper for r in both]
    assert p.success_independent.tolist() == [r["PVR overall rating"] in upper for r in both]
    assert p.success_final.tolist() == [r["IED overall rating"] in upper for r in both]
    assert p.staff_only.tolist() == [
        r["PCR overall rating"] in upper and r["PVR overall rating"] not in upper for r in both
    ]
    assert p.fragile.sum() == sum(r["FCAS"] == "FCAS" for r in both)
    wide = study.sheet.values("sustainability")
    assert (len(wide), int(wide.notna().all(axis=1).sum())) == (863, 848)


@raw
def test_patterns_by_loops_over_the_raw_files(study):
    p = study.tables["patterns"].set_index(["indicator_id", "codes"]).n
    terror = Counter(
        "|".join(str(int(float(r[c])) - 1) if r[c] else "." for c in ("PTS_A", "PTS_H", "PTS_S"))
        for r in rows("pts_2024.csv")
    )
    del terror[".|.|."]
    assert p.loc["terror"].to_dict() == dict(terror)
    prevalence = Counter(
        "|".join(
            str(int(float(r[c]))) if r[c] not in ("", "-99", "-99.0") else "."
            for c in ("ai_prev", "hrw_prev", "state_prev")
        )
        for r in rows("svac_32.csv")
    )
    del prevalence[".|.|."]
    assert p.loc["sexual_violence"].to_dict() == dict(prevalence)
    third = Counter()
    for r in rows("issuepositions_3coders.csv"):
        third["|".join(str(int(r[c].startswith("Immigratie"))) for c in ("NR", "JF", "WvA"))] += 1
    assert p.loc["topic_immigration"].to_dict() == dict(third)


def test_the_grades_have_the_kappa_that_was_known(study):
    p = study.tables["patterns"]
    table = np.zeros((4, 4))
    for codes, n in p.loc[p.indicator_id == "grade", ["codes", "n"]].to_numpy():
        a, b = codes.split("|")
        table[int(a), int(b)] += n
    assert round(table_coefficient(table, "conger").estimate, 3) == 0.557
    projects = study.tables["projects"]
    assert [
        round(100 * projects[c].mean(), 1) for c in ("success_staff", "success_independent")
    ] == [80.9, 68.1]


def test_the_pilot_on_three_sources_is_met(study):
    p = study.tables["patterns"]
    own = {
        name: t[["codes", "n"]].to_numpy()
        for name, t in p[~p.codes.str.contains(".", regex=False)].groupby("indicator_id")
    }
    assert sum(n for _, n in own["terror"]) == 853
    three = [(codes.split("|"), n) for codes, n in own["sexual_violence"]]
    some = [(c, n) for c, n in three if set(c) != {"0"}]
    for units, size, share in ((three, 9707, 0.925), (some, 988, 0.261)):
        assert sum(n for _, n in units) == size
        assert (
            round(sum(n for (amnesty, _, state), n in units if amnesty == state) / size, 3) == share
        )


def test_units_from_counts_are_the_units():
    patterns = pd.DataFrame(
        {
            "indicator_id": ["t", "t"],
            "raters": ["a|b|c"] * 2,
            "codes": ["0|1|.", "1|1|1"],
            "n": [2, 3],
            "source": ["s"] * 2,
        }
    )
    units = units_of(patterns)
    assert len(units) == 2 * 2 + 3 * 3
    wide = units.pivot(index="case_id", columns="coder", values="code")
    assert wide.apply(
        lambda r: "|".join("." if pd.isna(v) else str(v) for v in r), axis=1
    ).value_counts().to_dict() == {"1|1|1": 3, "0|1|.": 2}


@pytest.mark.slow(reason="resamples the agreement of all raters, 3 s")
def test_agreement_on_pairs_of_sources_by_loops(study, our_results):
    p = study.tables["patterns"]
    own = p[p.indicator_id == "sexual_violence"]
    per_unit = []
    for codes, n in own[["codes", "n"]].to_numpy():
        given = [c for c in codes.split("|") if c != "."]
        if len(given) > 1:
            per_unit += [np.mean([a == b for a, b in combinations(given, 2)])] * n
    found = (
        our_results(study.config.id)
        .table("agreement")
        .set_index("indicator_id")
        .loc["sexual_violence"]
    )
    assert found.percent == pytest.approx(np.mean(per_unit), abs=1e-12)
    assert found.n_units == len(per_unit)


def test_flags_stand_in_the_notes_of_every_result(study, our_results):
    assert study.flags.flagged == ("success", "relevance", "sustainability")
    notes = our_results(study.config.id).table("notes")
    assert notes.text.str.contains(
        "alpha below the floor of 0.667: success, relevance, sustainability"
    ).any()


@pytest.mark.slow(reason="fits 240 resampled tables, 8 s")
def test_two_raters_are_compared_with_the_covariance_of_their_estimates(study, our_results):
    """Against a bootstrap of countries: the spread of the difference,
    which neither model's standard error knows.
    """
    results = our_results(study.config.id)
    table = results.table("by_rater").set_index("term")
    data = study.tables["projects"]
    specs = [without_clock(study.spec(RATERS[n])) for n in ("staff", "independent")]
    specs = [replace(spec, vcov="cluster") for spec in specs]  # estimates alone are compared
    parts = [own for _, own in data.groupby("country")]
    rng = np.random.default_rng(1)
    gaps = []
    for _ in range(120):
        drawn = pd.concat(
            [
                parts[i].assign(country=n)
                for n, i in enumerate(rng.integers(0, len(parts), len(parts)))
            ],
            ignore_index=True,
        )
        one, other = (ps.fit(drawn, s).terms.set_index("term").estimate for s in specs)
        gaps.append(one - other)
    spread = pd.DataFrame(gaps).std()
    se = np.log(table.ratio_high / table.ratio_low) / (2 * 1.959963984540054)
    for term in ("late", "ln_amount", "program"):
        assert se[term] == pytest.approx(spread[term], rel=0.3)  # 46 clusters, 120 resamples
    errors = [
        results.fits[RATERS[n]].terms.set_index("term").std_error for n in ("staff", "independent")
    ]
    assert (se < np.hypot(*errors)).all()


REFERENCE = Path(__file__).resolve().parents[2] / "references" / "double_coding"


def expected():
    with (REFERENCE / "expected.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_estimate_is_that_of_a_program_in_plain_python(study, our_results):
    """Estimates, jackknife errors, the difference of two raters, and Laos left out."""
    script = (REFERENCE / "program.py").read_bytes()
    assert (REFERENCE / "program.sha256").read_text().strip() == hashlib.sha256(script).hexdigest()
    results = our_results(study.config.id)
    terms = results.table("terms").set_index(["model", "term"])
    left = results.table("left_out").query("left_out == 'LAO'").set_index(["model", "term"])
    difference = results.table("by_rater").set_index("term")
    for row in expected():
        numbers = (float(row["estimate"]), float(row["std_error"]))
        if row["model"] == "difference":
            found = difference.loc[row["term"]]
            half = np.log(found.ratio_high / found.ratio_low) / 2
            pair = (np.log(found.ratio), half / 1.959963984540054)
        else:
            found = terms.loc[(row["model"], row["term"])]
            pair = (found.estimate, found.std_error)
        assert pair == pytest.approx(numbers, rel=5e-6, abs=1e-8)
        if (row["model"], row["term"]) in left.index:
            found = left.loc[(row["model"], row["term"])]
            assert found.estimate == pytest.approx(float(row["without_laos"]), rel=5e-6, abs=1e-8)
            assert found.n == 828


def test_a_regional_project_is_left_out_with_each_of_its_countries(study, our_results):
    left = our_results(study.config.id).table("left_out")
    sizes = left.groupby("left_out").n.first()
    country = study.tables["projects"].country.astype(str)
    for group in ("LAO", "VIE", "PNG"):
        assert sizes[group] == 863 - country.str.contains(group).sum()
    assert sizes["REG"] == 863 - (country == "REG").sum()  # names no country
    assert (left.reason == "").all() and left.left_out.nunique() == len(sizes) == 41


def test_no_regressor_depends_on_what_follows_the_approval(study):
    """Other ratings and later dates, and the same regressors: only the list of 2024 is later."""
    columns = ["IED Reference Number", "Project No.", "Country Code", "Modality", "FCAS", "SIDS"]
    row = dict.fromkeys(columns, "x") | {
        "row": 0,
        "Approved amount (USD mil)": "12.5",
        "Approval Year": "2004",
        "PCR overall rating": "successful",
        "PVR overall rating": "unsuccessful",
        "IED overall rating": "unsuccessful",
    }
    other = row | {
        "PCR overall rating": "unsuccessful",
        "PVR overall rating": "successful",
        "IED overall rating": "highly successful",
    }
    rule = study.config.cases
    one, two = (_projects(pd.DataFrame([r]), rule) for r in (row, other))
    regressors = ["program", "ln_amount", "late", "fragile", "small_island", "approved"]
    pd.testing.assert_frame_equal(one[regressors], two[regressors])
    assert one.success_final.item() != two.success_final.item()


def test_the_list_of_countries_is_later_than_every_approval_and_has_a_reason(study, our_results):
    projects = study.tables["projects"]
    assert (projects.list_year > projects.approved).all()
    notes = our_results(study.config.id).table("notes").query("kind == 'known_late'")
    assert set(notes.model) == {spec.name for spec in study.config.specs}
    named = notes.text.str.extract("'(.*?)' is known only after the clock")[0]
    assert set(named) == {"fragile", "small_island"}
    bare = study.spec("success_by_staff")
    options = {k: v for k, v in dict(bare.options).items() if k != "known_late"}
    with pytest.raises(ps.errors.SpecError, match="known only after the clock"):
        ps.fit(study.frame("all"), replace(bare, options=options))


def test_captions_name_the_sources_that_the_figure_uses(study, our_results):
    texts = our_results(study.config.id).table("notes").set_index("kind").text
    for figure in ("ratings", "by_rater"):
        assert "ADB" in texts[f"sources_{figure}"] and "SVAC" not in texts[f"sources_{figure}"]
    assert "SVAC" in texts["sources"]
