"""Study C: rebuilt to the byte, its score that of the source, its shares by loops over the raw
rows, cases by hand, bad input.
"""

import csv
import shutil
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from peacestudy.core.codebook import read_codebook
from peacestudy.core.tables import to_csv
from peacestudy.errors import SourceError, SpecError
from peacestudy.outcomes import SOURCES, read_source
from peacestudy.outcomes.accord_implementation import aggregate_score
from peacestudy.outcomes.registry.pam import PROVISIONS
from peacestudy.study.builders.accord_implementation import TABLES, build
from peacestudy.study.builders.accord_links import (
    accord_findings,
    make_accords,
    mended,
    named_dates,
)
from peacestudy.study.builders.decisions import decide, read_decisions

RAW = Path(__file__).resolve().parents[3].parent / "shared" / "raw"
AT_HAND = pytest.mark.skipif(
    not RAW.is_dir(), reason="the source files are not at hand (../shared/raw)"
)
# the source writes its score as a 32-bit float with seven digits; the largest gap is 8.4e-6 of 100
SCORE = 1e-5
SHARE = 1e-12  # sums of at most 51 fractions, in another order


@pytest.fixture(scope="module")
def study(our_study):
    return our_study("accord_implementation")


@pytest.fixture(scope="module")
def raw_rows():
    with (RAW / "pam_id_v15.csv").open(encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f))


@pytest.fixture(scope="module")
def sources():
    return [read_source(SOURCES[i], RAW).table for i in ("pam_1.5", "pax_v10", "ucdp_acd_25.1")]


@pytest.mark.slow(reason="rebuilds a study from source files, 10 s")
@AT_HAND
def test_a_rebuild_equals_the_committed_tables(study):
    built = build(RAW, study.config.cases, study.codebook, study.folder)
    assert set(built) == set(TABLES)
    for name, table in built.items():
        assert to_csv(table) == (study.folder / f"{name}.csv").read_text(encoding="utf-8"), name


@AT_HAND
def test_the_score_of_all_323_accord_years_is_that_of_the_source(raw_rows):
    assert len(raw_rows) == 323
    for r in raw_rows:
        promised = [int(r[p.promise]) for p in PROVISIONS.values()]
        levels = [int(r[p.level]) for p in PROVISIONS.values()]
        assert aggregate_score(promised, levels) == pytest.approx(
            float(r["agg_implem_score"]), abs=SCORE
        )
        assert (sum(promised), sum(levels)) == (int(r["total_prov"]), int(r["total_implem_points"]))


@AT_HAND
def test_the_committed_aggregate_is_that_of_the_source_but_for_one_promise(study, raw_rows):
    table = (
        study.tables["implementation"]
        .query("pillar == 'aggregate'")
        .set_index(["case_id", "year_k"])
        .implemented
    )
    differ = []
    for r in raw_rows:
        k = int(float(r["year_count"])) if r["year_count"] else 0
        if abs(100 * table[r["pam_caseid"], k] - float(r["agg_implem_score"])) > SCORE:
            differ.append((r["pam_caseid"], k))
    # refugees of Tajikistan: promised, as decided
    assert sorted(differ) == [("26", 1), ("26", 2), ("26", 3)]
    assert table.notna().sum() == 323


@AT_HAND
def test_loops_over_the_raw_rows_give_every_share(study, raw_rows):
    book = read_codebook(study.folder / "codebook.toml")
    groups = {
        p.id: [i.columns[0].removesuffix("_prov") for i in p.indicators]
        for p in book.entries
        if p.indicators
    }
    table = study.tables["implementation"].set_index(["case_id", "year_k", "pillar"])
    seen = 0
    for r in raw_rows:
        case, k = r["pam_caseid"], int(float(r["year_count"])) if r["year_count"] else 0
        done, share = {}, {}
        for pillar, stems in groups.items():
            own = [s for s in stems if r[f"{s}_prov"] == "1" or (case, s) == ("26", "refug")]
            points = sum(int(r[f"{s}_implem"]) for s in own)
            row = table.loc[(case, k, pillar)]
            assert row.promised == pytest.approx(len(own) / len(stems), abs=SHARE)
            share[pillar] = (len(own) / len(stems), points / 3 / len(stems))
            if not own:
                assert (
                    pd.isna(row.implemented) and row.reason == "the accord promises nothing of it"
                )
                continue
            done[pillar] = points / 3 / len(own)
            assert row.implemented == pytest.approx(done[pillar], abs=SHARE)
            assert row.delivered == pytest.approx(share[pillar][1], abs=SHARE)
            assert row.distance == pytest.approx(share[pillar][0] - share[pillar][1], abs=SHARE)
            names = [PROVISIONS[f"{s}_prov"].reversal for s in own]
            assert row.n_reversed == sum(r[n] != "0" for n in names)
            levels = [int(r[f"{s}_implem"]) for s in own]
            assert row.n_level_3 == levels.count(3)
            assert row.n_level_2_or_3 == levels.count(3) + levels.count(2)
            seen += 1
        breadth, seven = table.loc[(case, k, "breadth")], [p.id for p in book.pillars]
        some = [done[p] for p in seven if p in done]
        assert breadth.promised == pytest.approx(sum(share[p][0] for p in seven) / 7, abs=SHARE)
        assert breadth.implemented == pytest.approx(sum(some) / len(some), abs=SHARE)
        assert breadth.delivered == pytest.approx(sum(share[p][1] for p in seven) / 7, abs=SHARE)
    assert seen == 2311


@AT_HAND
def test_loops_over_the_raw_rows_give_every_peace(study):
    conflict, state = defaultdict(set), defaultdict(set)
    with (RAW / "ucdp_prio_acd_251.csv").open(encoding="utf-8", newline="") as f:
        for r in csv.DictReader(f):
            conflict[r["conflict_id"]].add(int(r["year"]))
            for code in r["gwno_loc"].split(", "):
                state[int(code)].add(int(r["year"]))
    out = study.outcomes.set_index("case_id")
    for case in study.cases.itertuples():
        years = set().union(*(conflict[c] for c in case.conflict_ids.split()))
        row = out.loc[case.case_id]
        assert row.lasting_peace == (not years & set(range(case.t0 + 1, case.t0 + 6)))
        assert row.country_peace == (not state[case.country] & set(range(case.t0 + 1, case.t0 + 6)))


def test_counts(study):
    data = study.frame("primary").data
    assert (len(study.cases), len(data), len(study.frame("first").data)) == (34, 33, 30)
    for ending, peaceful in (("", [18, 18, 21]), ("_at_peace", [18, 17, 17])):
        at = [study.frame(f"k{k}{ending}").data for k in (1, 2, 3)]
        assert [int(rows.peace_after.sum()) for rows in at] == peaceful
    assert [len(rows) for rows in at] == [32, 22, 20]
    assert [int(data[f"implemented_k{k}"].notna().sum()) for k in (1, 2, 3, 5)] == [33, 33, 32, 32]
    assert data.executive_constraints.notna().sum() == 25
    assert study.frame("all").excluded.empty and study.frame("primary").excluded[
        "case"
    ].tolist() == ["25"]


@AT_HAND
def test_the_pilots_15_of_33_and_the_sudan_in_it(study, sources):
    _, pax, acd = sources
    state = defaultdict(set)
    for codes, year in zip(acd.gwno_loc, acd.year, strict=True):
        for c in codes.split(","):
            state[int(c)].add(year)
    first = pax[pax.PamAgr.notna()].sort_values("Dat").drop_duplicates("PamAgr")
    peace = {
        a: not state[c] & set(range(d.year + 1, d.year + 6))
        for a, c, d in zip(first.PamAgr, first.Loc1GWNO, first.Dat, strict=True)
    }
    assert (len(peace), sum(peace.values())) == (33, 15)
    ours = study.frame("primary").data.set_index("case_id").country_peace
    assert ours.sum() == 14
    assert [str(a) for a in peace if peace[a] != ours[str(a)]] == ["24"]  # filed under South Sudan


def test_breadth_of_text_hardly_goes_with_implementation(study):
    """The pilot found r .05; Mali's text and five texts of 2021 are
    decided since (0.15), and provisions give 0.01.
    """
    data = study.frame("primary").data
    assert data.text_breadth.corr(data.implemented_k5) == pytest.approx(0.148, abs=0.0005)
    assert data.promised_breadth.corr(data.implemented_k5) == pytest.approx(0.014, abs=0.0005)


@AT_HAND
def test_the_pilots_r_of_05_under_its_own_reading(sources, our_study):
    from peacestudy.coding import Coding, score
    from peacestudy.coding.rule_coding import code_topics
    from peacestudy.coding.third_party import code_third_party

    pam, pax, _ = sources
    book = our_study("peace_agreements").codebook
    joined = pax[pax.PamAgr.notna()]
    members = pd.DataFrame({"case_id": joined.PamAgr.astype(str), "agreement_id": joined.AgtId})
    documents = pax.rename(columns={"AgtId": "agreement_id"})
    documents = documents.assign(ThrdPart=[code_third_party(t)[0] for t in documents.ThrdPart])
    text = (
        score(Coding(code_topics(documents, members, book, "pax"), book), "depth")
        .set_index("case_id")
        .breadth
    )
    fifth = (
        pam[pam.year_count == 5]
        .set_index(pam.pam_caseid[pam.year_count == 5].astype(str))
        .agg_implem_score
    )
    both = pd.concat([text, fifth], axis=1, join="inner")
    assert (len(both), round(both.corr().iloc[0, 1], 2)) == (32, 0.05)


CASES = {
    # label: (t0, year 1, conflicts, country, peace after 1, 2, 3, years followed); why
    # signed on 29 December, no fighting since 1995
    "Guatemala 1996": (1996, 1997, "233", 90, (1, 1, 1), 10),
    # Chapultepec; of two dates the signature
    "El Salvador 1992": (1992, 1992, "316", 92, (1, 1, 1), 10),
    # Dayton ends all three conflicts of the state
    "Bosnia 1995": (1995, 1996, "389 397 398", 346, (1, 1, 1), 10),
    # National Pact of April 1992; fighting in 1994
    "Mali 1992": (1992, 1992, "372", 432, (0, 0, 1), 10),
    # fighting in 2011: beyond 2006-2010, within 2007-2011
    "Senegal 2004": (2004, 2005, "375", 433, (1, 0, 0), 10),
    # Abidjan broke down in 1997; followed to 1998 only
    "Sierra Leone 1996": (1996, 1997, "382", 451, (0, 0, 0), 2),
    "Guinea-Bissau 1998": (1998, 1998, "410", 404, (0, 1, 1), 10),  # fighting in 1999, none after
    "Burundi 2003": (2003, 2003, "287", 516, (0, 0, 0), 10),  # FNL fought on to 2008
    # Luena; Cabinda, another conflict, fought on
    "Angola 2002": (2002, 2002, "327", 540, (1, 1, 1), 10),
    # Darfur is pooled with the south; ends with secession in 2011
    "Sudan 2005": (2005, 2005, "309", 625, (0, 0, 0), 7),
    "Nepal 2006": (2006, 2007, "269", 790, (1, 1, 1), 9),  # the row of 2006 is year 0
    # fighting in 1999 itself, none after; Indonesia's politics
    "Timor-Leste 1999": (1999, 1999, "330", 850, (1, 1, 1), 10),
    "Lebanon 1989": (1989, 1989, "260", 660, (0, 1, 1), 10),  # Taif; fighting in 1990; no text
}


@pytest.mark.parametrize("label", CASES)
def test_named_cases(study, label):
    t0, first, conflicts, country, peace, followed = CASES[label]
    data = study.frame("all").data.set_index("label").loc[label]
    after = study.tables["landmarks"].set_index("case_id").peace_after
    assert (data.t0, data.first_year, data.conflict_ids, data.country, data.n_years) == (
        t0,
        first,
        conflicts,
        country,
        followed,
    )
    assert tuple(int(after[f"{data.case_id}_k{k}"]) for k in (1, 2, 3)) == peace


def test_leaders_by_hand(study):
    """Burundi: Buyoya to Ndayizeye in 2003 (not after t0),
    Nkurunziza in 2005; Rwanda: April 1994, by force.
    """
    values = study.covariates.pivot(index="case_id", columns="variable", values="value")
    assert values.loc[
        "16", ["leader_changes", "leader_turnover", "irregular_turnover"]
    ].tolist() == [1, 1, 0]
    assert values.loc["17", ["leader_changes", "irregular_turnover"]].tolist() == [1, 1]
    assert values.loc["22", "leader_changes"] == 0  # Chissano


def test_every_missing_value_has_its_reason(study):
    long, done = study.covariates, study.tables["implementation"]
    assert (long.value.isna() == long.reason.notna()).all()
    assert (done.implemented.isna() == done.reason.notna()).all()
    late = done[(done.case_id == "13") & (done.year_k > 2)]
    assert late.implemented.isna().all() and late.n_provisions.notna().all()
    assert set(done[(done.year_k == 0) & done.implemented.notna()].case_id) == {"29"}


def test_no_table_gives_a_provision(study):
    stems = (
        set(PROVISIONS)
        | {p.level for p in PROVISIONS.values()}
        | set(read_codebook(study.folder / "codebook.toml").indicators)
    )
    for name, table in study.tables.items():
        assert not stems & set(table.columns), name
        for column in table.columns:
            assert not stems & set(table[column].dropna().astype(str)), (name, column)


def test_the_assignment_has_every_provision_once(study):
    book = read_codebook(study.folder / "codebook.toml")
    columns = [c for i in book.indicators.values() for c in i.columns]
    assert (len(columns), set(columns)) == (51, set(PROVISIONS))
    assert [p.id for p in book.pillars] == [p.id for p in study.codebook.pillars]


@pytest.mark.parametrize(
    "change", [{"horizon": 0}, {"score": "mean"}, {"delivery_year": 11}, {"lag": -1}]
)
def test_a_rule_that_cannot_be_followed_is_refused(study, change):
    with pytest.raises(SpecError, match=next(iter(change))):
        replace(study.config.cases, **change)


def test_dates_are_read_or_refused():
    one, two = named_dates("Accord , Dec 29 1996", "Guatemala ( 7/7/1999)")
    assert (str(one.date()), str(two.date())) == ("1996-12-29", "1999-07-07")
    with pytest.raises(SourceError, match="no date in"):
        named_dates("Accord", "Guatemala (12/29/1996)")


@pytest.mark.slow(reason="reads the source files of a study, 4 s")
@AT_HAND
def test_an_undecided_problem_stops_the_build(study, tmp_path, sources):
    findings = accord_findings(*sources)
    table = read_decisions(study.folder)
    assert len(findings) == len(table) == 25
    for line in table.index:
        with pytest.raises(SourceError, match="do not agree"):
            decide(findings, table.drop(index=line))
    shutil.copy(study.folder / "codebook.toml", tmp_path / "codebook.toml")
    with pytest.raises(SourceError, match="do not agree: 25 problem"):
        build(RAW, study.config.cases, study.codebook, tmp_path)
    (tmp_path / "codebook.toml").write_text(
        (tmp_path / "codebook.toml").read_text().replace("1.1", "1.2")
    )
    with pytest.raises(SourceError, match=r"study\.toml declares"):
        build(RAW, study.config.cases, study.codebook, tmp_path)


@AT_HAND
def test_the_text_of_an_accord_is_what_was_decided(study, sources):
    pam, pax, acd = sources
    decided = decide(accord_findings(pam, pax, acd), read_decisions(study.folder))
    texts = {a.case_id: a.agreements for a in make_accords(mended(pam, decided), pax, decided)}
    assert (texts["8"], texts["16"], texts["24"], texts["25"]) == (
        (637,),
        (306, 582, 584),
        (337,),
        (),
    )
    assert sum(map(len, texts.values())) == 35
