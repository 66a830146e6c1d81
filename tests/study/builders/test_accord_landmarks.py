"""Landmarks of accords: equal to an independent program, blind to the future, at the levels that
the source gives.
"""

import csv
import hashlib
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

import peacestudy as ps
from peacestudy.core.codebook import read_codebook
from peacestudy.core.tables import to_csv
from peacestudy.figures.registry import FIGURES
from peacestudy.outcomes import SOURCES, read_source
from peacestudy.outcomes.accord_implementation import mean_levels, provision_levels
from peacestudy.study.builders import accord_implementation as builder
from peacestudy.study.builders.accord_fighting import fighting_of
from peacestudy.study.builders.accord_landmarks import LEVELS, landmarks
from peacestudy.study.builders.accord_links import accord_findings, make_accords, mended
from peacestudy.study.builders.accord_tables import accord_covariates
from peacestudy.study.builders.decisions import decide, read_decisions
from peacestudy.study.make import read_results
from peacestudy.study.results import results_of
from peacestudy.tables import all_tables

STORED = Path(__file__).resolve().parents[2] / "references" / "accords"
RAW = Path(__file__).resolve().parents[3].parent / "shared" / "raw"
AT_HAND = pytest.mark.skipif(
    not RAW.is_dir(), reason="the source files are not at hand (../shared/raw)"
)
ESTIMATE = 2e-7  # the reference searches by golden section, to the square root of machine precision
END = 1e-6  # an end of a profile is found from a maximum known to that precision
SUM = 1e-12  # sums of at most 51 fractions, in another order
sys.path.insert(0, str(STORED))
import accords as reference  # noqa: E402

CONTROLS = (  # of the clock of the signature: controls, moderators, what is said of the war
    "active",
    "years_since_fighting",
    "war_years",
    "territory",
    "executive_constraints",
    "legislative_constraints",
    "judicial_constraints",
    "polyarchy",
    "text_breadth",
    "attempt_breadth",
    "promised_breadth",
    "pages",
)
AT_LANDMARK = (*LEVELS, "fought", "days", "leader_turnover", "irregular_turnover")


@pytest.fixture(scope="module")
def study(our_study):
    return our_study("accord_implementation")


@pytest.fixture(scope="module")
def results(our_results):
    return our_results("accord_implementation")


def stored_fits():
    with (STORED / "fits.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_stored_fits_are_those_of_the_script():
    digest = hashlib.sha256((STORED / "accords.py").read_bytes()).hexdigest()
    assert (STORED / "fits.sha256").read_text().strip() == digest


@pytest.mark.parametrize("row", stored_fits(), ids=lambda row: row["model"])
def test_every_primary_fit_and_landmark_is_that_of_an_independent_program(results, row):
    fit = results.fits[row["model"]]
    own = fit.terms.iloc[1]
    assert fit.n == int(row["n"])
    assert own["estimate"] == pytest.approx(float(row["estimate"]), abs=ESTIMATE)
    if row["std_error"]:
        assert own["std_error"] == pytest.approx(float(row["std_error"]), rel=1e-8)
        return
    for end in ("conf_low", "conf_high"):
        assert own[end] == pytest.approx(float(row[end]), abs=END)
    assert own["p_value"] == pytest.approx(float(row["p_value"]), abs=END)


def same(one, other):
    if one is None or pd.isna(one):
        return other is None or pd.isna(other)
    return float(one) == pytest.approx(float(other), abs=SUM)


@AT_HAND
def test_every_value_at_a_landmark_is_that_of_an_independent_program(study):
    table = study.tables["landmarks"].set_index("case_id")
    rows = reference.landmarks(RAW)
    assert set(rows) == set(table.index) and len(rows) == 34 * 6
    for case, row in rows.items():
        for name, value in row.items():
            own = table.loc[case, name]
            assert own == value if name == "accord" else same(value, own), (case, name)


@AT_HAND
def test_fighting_known_at_the_signature_is_that_of_an_independent_program(study):
    values = study.covariates.pivot(index="case_id", columns="variable", values="value")
    for case, (active, since) in reference.known_fighting(RAW).items():
        assert values.loc[case, "active"] == active
        assert same(since, values.loc[case, "years_since_fighting"]), case


def test_accords_without_fighting_in_the_five_years_before(study):
    """Fighting of 1998 in Northern Ireland came after the agreement of April."""
    data = study.frame("primary").data
    late = data[data["years_since_fighting"] >= 5].set_index("label")["years_since_fighting"]
    assert late.to_dict() == {
        "United Kingdom 1998": 7,
        "South Africa 1993": 5,
        "Bangladesh 1997": 6,
        "Papua New Guinea 2001": 5,
    }
    first_day = data.set_index("label").loc[["Macedonia 2001", "Guinea-Bissau 1998"]]
    assert (first_day["years_since_fighting"] == 0).all() and (first_day["active"] == 1).all()


def test_year_1_ends_44_to_406_days_after_the_signature(results):
    days = results.table("accords").set_index("label")["year_1_days"].astype(int)
    assert (days.idxmin(), days.min()) == ("South Africa 1993", 44)
    assert (days.idxmax(), days.max()) == ("Bosnia 1995", 406)


def test_ten_of_fifteen_failures_after_year_2_had_failed_by_then(study):
    data = study.frame("k2").data
    failed = data[~data["peace_after"].astype(bool)]
    assert (len(failed), int(failed["fought"].sum())) == (15, 10)
    assert not study.frame("k2_at_peace").data["fought"].any()


def test_no_rejection_at_peace_survives_holm(results):
    h = results.hypotheses().set_index("id")
    p = h.loc[["C1", "C2", "C3"], "p_value"].to_numpy()
    assert min(p) * 3 == pytest.approx(h.loc["C2", "p_adjusted"])
    assert (h.loc[["C1", "C2", "C3"], "decision"] == "not rejected").all()
    assert (h.loc[["C1_all", "C2_all", "C3_all"], "decision"] == "rejected, as hypothesised").all()


@AT_HAND
def test_levels_of_year_5_by_counting_provisions(results):
    """Of all 682 provisions 47 % are at level 3, of diplomacy 74 %, whose mean level is 84 %."""
    book = read_codebook(results.study.folder / "codebook.toml")
    pillar = {c: p.id for p in book.entries for i in p.indicators for c in i.columns}
    joined = set(results.study.frame("primary").data["case_id"])
    levels = reference.levels_of(RAW)
    counts = Counter()
    for (case, year), here in levels.items():
        if year == 5 and case in joined:
            for stem, level in here.items():
                for group in (pillar[f"{stem}_prov"], "aggregate"):
                    counts[group, level] += 1
    table = results.table("delivery").query("year_k == 5").set_index("pillar")
    for group in set(pillar.values()) | {"aggregate"}:
        n = [counts[group, level] for level in range(4)]
        row = table.loc[group]
        assert row["n_provisions"] == sum(n)
        assert row["level_3"] == pytest.approx(n[3] / sum(n))
        assert row["level_2_or_3"] == pytest.approx((n[2] + n[3]) / sum(n))
    shares = table["level_3"].round(2)
    assert table.loc["aggregate", "n_provisions"] == 682
    assert (shares["aggregate"], shares["diplomacy"]) == (0.47, 0.74)
    assert (shares["community"], shares["economy"]) == (0.25, 0.24)
    assert round(table.loc["diplomacy", "implemented"], 2) == 0.84


def test_figures_and_tables_are_the_same_from_stored_results(results, tmp_path):
    names = results_of("accord_implementation")
    for name in names:
        (tmp_path / f"{name}.csv").write_text(to_csv(results.table(name)), encoding="utf-8")
    stored = read_results(tmp_path, names)
    computed = {name: results.table(name) for name in names}
    for drawing in FIGURES.values():
        if "accord_implementation" in drawing.studies:
            one, other = (
                [text.get_text() for text in drawing.draw(tables)[0].findobj(Text)]
                for tables in (computed, stored)
            )
            assert one == other and len(one) > 20
    shown = [
        {table.name: table.texts()["md"] for table in all_tables(results.study.codebook, tables)}
        for tables in (computed, stored)
    ]
    for name in ("accords", "landmarks"):
        assert shown[0][name] == shown[1][name]
    assert "| yes |" in shown[0]["accords"] and "at peace at the landmark" in shown[0]["landmarks"]


def test_a_change_of_leader_in_the_years_of_delivery_is_refused_without_a_reason(study):
    spec = study.spec("politics_turnover_same_years")
    options = {k: v for k, v in dict(spec.options).items() if k != "known_late"}
    with pytest.raises(ps.SpecError, match="'leader_turnover' is known only after the clock"):
        ps.fit(study.frame("primary"), replace(spec, options=options))
    early = study.spec("delivery_turnover")
    with pytest.raises(ps.SpecError, match="'early_turnover' is known only after the clock"):
        ps.fit(study.frame("deliveries"), replace(early, options={}))


@pytest.mark.parametrize(
    "change",
    [{"turnover_year": 4}, {"security": ("ceasefire_kept",), "security_wide": ()}],
)
def test_a_rule_of_landmarks_that_cannot_be_followed_is_refused(study, change):
    with pytest.raises(ps.SpecError, match=next(iter(change))):
        replace(study.config.cases, **change)


def test_a_list_of_provisions_that_is_not_known_is_refused(study):
    rule = replace(study.config.cases, security=(), security_wide=("peace_and_quiet",))
    book = read_codebook(study.folder / "codebook.toml")
    empty = pd.DataFrame(columns=["case_id", "year_k", "provision", "promised", "level"])
    empty["promised"] = empty["promised"].astype(bool)
    with pytest.raises(ps.SpecError, match="peace_and_quiet"):
        builder._mean_levels(empty, book, rule)
    with pytest.raises(ps.SourceError, match="women_prov"):
        mean_levels(empty, ["women_prov"])


class Sources:
    """The sources of the study as read, and the accords made of them."""

    def __init__(self, study):
        self.tables = {i: read_source(SOURCES[i], RAW) for i in builder.NEEDED}
        pam, pax, acd = (self.tables[i].table for i in (builder.PAM, builder.PAX, builder.ACD))
        decided = decide(accord_findings(pam, pax, acd), read_decisions(study.folder))
        self.rule = study.config.cases
        self.years = mended(pam, decided)
        self.accords = make_accords(self.years, pax, decided)
        self.book = read_codebook(study.folder / "codebook.toml")
        self.levels = provision_levels(self.years)
        self.done = study.tables["implementation"]
        score_names = ["case_id", "breadth"]
        frame = study.frame("primary").data
        self.scores = {
            name: frame[["case_id", f"{name}_breadth"]].set_axis(score_names, axis=1)
            for name in ("text", "attempt")
        }

    def with_table(self, name, table):
        return {**self.tables, name: replace(self.tables[name], table=table)}

    def covariates(self, accords, tables):
        done = self.done[self.done["case_id"].isin([a.case_id for a in accords])]
        fighting = fighting_of(accords, tables[builder.ACD].table)
        return accord_covariates(
            accords, done, self.scores, fighting, tables, self.rule, builder.WANTED
        ).set_index(["case_id", "variable"])["value"]

    def landmarks(self, levels, acd, leaders):
        means = builder._mean_levels(levels, self.book, self.rule)
        promised = builder._promised_breadth(self.done)
        table = replace(self.tables[builder.LEADERS], table=leaders)
        fighting = fighting_of(self.accords, acd)
        return landmarks(self.accords, means, promised, fighting, table, self.rule)


@pytest.fixture(scope="module")
def sources(study):
    return Sources(study)


def fought_ever_after(acd, conflicts, year):
    """Conflict-years up to a year, then fighting in every year."""
    own = acd[acd["conflict_id"].isin(list(conflicts))].drop_duplicates("conflict_id")
    own = own.drop(columns=["year"]).assign(intensity_level=2)
    later = own.merge(pd.DataFrame({"year": range(year + 1, 2025)}), how="cross")
    return pd.concat([acd[acd["year"] <= year], later], ignore_index=True)


@pytest.mark.slow(reason="builds the covariates of every accord again, 15 s")
@AT_HAND
def test_no_control_or_moderator_reads_what_follows_the_signature(sources):
    """Every source row of the year of the signature or later is changed, but for the day on which
    fighting began before the signature; each accord is built again.
    """
    before = sources.covariates(sources.accords, sources.tables)
    pax = sources.tables[builder.PAX].table
    acd = sources.tables[builder.ACD].table
    politics = {w.source_id for w in builder.WANTED}
    leaders = sources.tables[builder.LEADERS].table
    outcomes_changed = 0
    for a in sources.accords:
        began = acd["start_date2"]
        known = (began.dt.year == a.t0) & (began < a.date)
        past = acd[(acd["year"] < a.t0) | ((acd["year"] == a.t0) & known)]
        past = past.assign(ep_end_date=pd.NaT, ep_end=0)
        past["intensity_level"] = past["intensity_level"].mask(past["year"] == a.t0, 2)
        if not set(a.conflicts) <= set(past["conflict_id"]):
            past = pd.concat([past, acd[acd["conflict_id"].isin(a.conflicts)]]).drop_duplicates()
        tables = sources.with_table(builder.ACD, fought_ever_after(past, a.conflicts, a.t0))
        turned = leaders["leadertransition"].mask(
            leaders["year"] > a.t0, 1 - leaders["leadertransition"]
        )
        tables[builder.LEADERS] = replace(
            tables[builder.LEADERS], table=leaders.assign(leadertransition=turned)
        )
        for name in politics:
            table = tables[name].table
            changed = table.select_dtypes("number").columns.difference(["year", "GWn", "ccode"])
            changed = [c for c in changed if not c.lower().startswith(("gw", "cow", "year"))]
            later = table["year"] >= a.t0
            other = table.astype({c: "float64" for c in changed})
            other.loc[later, changed] = 7.0
            tables[name] = replace(tables[name], table=other)
        after = sources.covariates([a], tables)
        for name in CONTROLS:
            one, other = before[(a.case_id, name)], after[(a.case_id, name)]
            assert same(one, other), (a.place, name, one, other)
        leader = (a.case_id, "leader_changes")
        outcomes_changed += int(before[leader] != after[leader])
        kept = pax[(pax["Dat"] <= a.date) | pax["AgtId"].isin(a.agreements)]
        around = builder._around([a], kept, sources.rule)
        assert around.equals(builder._around([a], pax, sources.rule))
    assert outcomes_changed > 25


@AT_HAND
def test_nothing_at_a_landmark_reads_what_follows_it(sources):
    """After each landmark year every level is turned round, every leader changes, and every
    conflict is fought; what is known at the landmark stays, and the outcome does not.
    """
    acd, leaders = (sources.tables[i].table for i in (builder.ACD, builder.LEADERS))
    leaders = leaders[leaders["gwcode"].isin({a.country for a in sources.accords})]
    before = sources.landmarks(sources.levels, acd, leaders).set_index("case_id")
    first = {a.case_id: a.first_year for a in sources.accords}
    conflicts = sorted({c for a in sources.accords for c in a.conflicts})
    calendar = sources.levels["case_id"].map(first) + sources.levels["year_k"] - 1
    changed_outcomes = 0
    for year, rows in before.groupby("landmark_year"):
        levels = sources.levels.copy()
        levels["level"] = levels["level"].mask(calendar > year, 3 - levels["level"])
        other = leaders.copy()
        for column in ("leadertransition", "irregular"):
            other[column] = other[column].mask(other["year"] > year, 1 - other[column])
        fought = fought_ever_after(acd, conflicts, year)
        after = sources.landmarks(levels, fought, other).set_index("case_id").loc[rows.index]
        for name in AT_LANDMARK:
            np.testing.assert_array_equal(after[name].astype(float), rows[name].astype(float))
        assert not after["peace_after"].any()
        changed_outcomes += int(rows["peace_after"].sum())
    assert changed_outcomes > 50
