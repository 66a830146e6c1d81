"""A rebuild from the source files equals the committed tables to the
byte; and plain loops over the same files agree.
"""

import csv
import datetime as dt
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import pytest

from peacestudy.core.tables import to_csv
from peacestudy.outcomes import SOURCES, read_source
from peacestudy.outcomes.attempts import find_attempts
from peacestudy.outcomes.peace import PeaceRule, fighting_years, lasting_peace
from peacestudy.study.builders.attempt_cases import known_agreements
from peacestudy.study.builders.peace_agreements import TABLES, build

RAW = Path(__file__).resolve().parents[2].parent / "shared" / "raw"
pytestmark = pytest.mark.skipif(
    not RAW.is_dir(), reason="the source files are not at hand (../shared/raw)"
)
YEAR = dt.timedelta(days=365)


@pytest.fixture(scope="module")
def study(our_study):
    return our_study("peace_agreements")


@pytest.mark.slow(reason="rebuilds a study from source files, 20 s")
def test_a_rebuild_equals_the_committed_tables(study):
    built = build(RAW, study.config.cases, study.codebook, study.folder)
    assert set(built) == set(TABLES)
    for name, table in built.items():
        assert to_csv(table) == (study.folder / f"{name}.csv").read_text(encoding="utf-8"), name


def test_counts_of_rule_anchor(study):
    acd = read_source(SOURCES["ucdp_acd_25.1"], RAW).table
    fighting = fighting_years(acd)
    agreements, _ = known_agreements(read_source(SOURCES["pax_v10"], RAW).table, fighting)
    rule = replace(study.config.cases, rule="anchor").attempts()
    found = find_attempts(agreements, fighting, rule)
    found.insert(
        0, "case_id", [f"{c}-{t}" for c, t in zip(found.conflict_id, found.t0, strict=True)]
    )
    assert found.case_id.is_unique
    eligible = [
        bool(set(range(t - 4, t + 1)) & fighting[c])
        for c, t in zip(found.conflict_id, found.t0, strict=True)
    ]
    peace = lasting_peace(found, fighting, PeaceRule(5, 2024), "acd")
    seen = peace[eligible]
    assert (len(found), sum(eligible), seen.window_complete.sum(), seen.lasting_peace.sum()) == (
        187,
        162,
        149,
        32,
    )


@pytest.fixture(scope="module")
def loops():
    """Attempts by loops over the raw rows, written from the rule and not from the package."""
    years, war = defaultdict(set), defaultdict(set)
    with (RAW / "ucdp_prio_acd_251.csv").open(encoding="utf-8", newline="") as f:
        for r in csv.DictReader(f):
            years[int(r["conflict_id"])].add(int(r["year"]))
            if r["intensity_level"] == "2":
                war[int(r["conflict_id"])].add(int(r["year"]))
    texts = defaultdict(list)
    with (RAW / "pax_v10.csv").open(encoding="utf-8", newline="") as f:
        for r in csv.DictReader(f):
            if r["UcdpCon"] and int(float(r["UcdpCon"])) in years:
                texts[int(float(r["UcdpCon"]))].append(
                    (dt.date.fromisoformat(r["Dat"]), int(r["AgtId"]), r)
                )
    out = {}
    for conflict, rows in texts.items():
        own = sorted(
            d
            for d, _, r in rows
            if r["Stage"] in ("SubPar", "SubComp") and r["Agtp"] in ("Intra", "InterIntra")
        )
        runs = []
        for day in own:
            if runs and day - runs[-1][-1] <= YEAR:
                runs[-1].append(day)
            else:
                runs.append([day])
        for run in runs:
            scored = [
                (i, r) for d, i, r in rows if r["Stage"] != "Oth" and run[0] - YEAR <= d <= run[-1]
            ]
            out[f"{conflict}-{run[-1].year}"] = (
                conflict,
                run,
                scored,
                years[conflict],
                war[conflict],
            )
    return out


def test_loops_find_the_same_attempts_texts_and_outcomes(study, loops):
    assert set(loops) == set(study.cases.case_id)
    scored = (
        study.tables["agreements"]
        .query("role == 'scored'")
        .groupby("case_id")
        .agreement_id.apply(set)
    )
    outcome = study.outcomes.set_index("case_id")
    values = study.covariates.pivot(index="case_id", columns="variable", values="value")
    for case, (_, run, texts, years, war) in loops.items():
        t0 = run[-1].year
        assert scored[case] == {i for i, _ in texts}
        assert values.pages[case] == sum(int(r["Lgt"]) for _, r in texts)
        if t0 <= 2024:
            assert values.active_calendar[case] == (t0 in years)
            wars = [y for y in range(t0 - 9, t0 + 1) if y in war]
            assert values.war_years_calendar[case] == len(wars)
        if t0 + 5 <= 2024:
            assert outcome.lasting_peace[case] == (
                not [y for y in range(t0 + 1, t0 + 6) if y in years]
            )
        else:
            assert outcome.lasting_peace.isna()[case]


def test_loops_find_the_same_codes(study, loops):
    codes = study.coding.codes()
    for case, (_, _, texts, _, _) in loops.items():
        for i in study.codebook.indicators.values():
            if i.id == "third_party":
                continue
            top = max(int(r[c]) for _, r in texts for c in i.columns)
            assert codes.loc[case, i.id] == (top if i.level == "ordinal" else int(top > 0)), (
                case,
                i.id,
            )


def test_the_scale_of_an_indicator_is_that_of_its_topic(study):
    pax = read_source(SOURCES["pax_v10"], RAW).table
    for i in study.codebook.indicators.values():
        if i.id != "third_party":
            assert (pax[list(i.columns)].max().max() > 1) == (i.level == "ordinal"), i.id
