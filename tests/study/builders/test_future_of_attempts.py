"""What is known only after the signature changes no control, score, moderator, weight or step of
eligibility of peace_agreements: the sources are rewritten after a year, and the tables built anew.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from peacestudy.study.builders import peace_agreements as builder
from peacestudy.study.builders.attempt_cases import Ground, cases_of, read_ground, spans
from peacestudy.study.builders.attempt_tables import SCORES, whole_table
from peacestudy.study.builders.case_years import case_years
from peacestudy.study.builders.conflict_years import LAGGED, conflict_years
from peacestudy.study.builders.controls import war_readings
from peacestudy.study.builders.politics import politics

RAW = Path(__file__).resolve().parents[3].parent / "shared" / "raw"
needs_raw = pytest.mark.skipif(
    not RAW.is_dir(), reason="the source files are not at hand (../shared/raw)"
)
SLOW = pytest.mark.slow(reason="builds the tables of a study from rewritten sources, 8 s a year")
YEARS = [1998, *(pytest.param(y, marks=SLOW) for y in (1994, 2001, 2004, 2008, 2011, 2014, 2024))]
FEWEST = {2024: 2}  # attempts of a year, where the sources know fewer than three
# known at the last agreement
AT_SIGNATURE = [
    "case_id",
    "first_date",
    "last_date",
    "eligible",
    "one_a_window",
    "third_party",
    *SCORES,
    "pages",
    "active",
    "war_years",
    "territory",
    "comprehensive",
    "prior_attempts",
    "trend",
    "battle_deaths",
    "battle_deaths_high",
]
# known before the year of the first agreement
BEFORE_FIRST = [
    "polyarchy",
    "polyarchy_low",
    "polyarchy_high",
    "executive_constraints",
    "legislative_constraints",
    "judicial_constraints",
    "gdp_per_capita",
    "population",
    "trade_openness",
    "igo_memberships",
]
LEADERS = ["leader_turnover", "leader_changes", "irregular_turnover"]
OF_CONFLICT_YEARS = [
    "case_id",
    "fighting",
    "war",
    "duration",
    "since_fighting",
    "territory",
    "prior_attempts",
    "region",
    *LAGGED,
]
NOT_VALUES = ("year", "GWn", "cown", "COWcode", "ccode", "gwcode", "country_id", "conflict_id")


@pytest.fixture(scope="module")
def study(our_study):
    return our_study("peace_agreements")


@pytest.fixture(scope="module")
def ground(study):
    return read_ground(RAW, builder.NEEDED, study.config.cases, study.codebook, study.folder)


@pytest.fixture(scope="module")
def rule(study):
    return study.config.cases.attempts()


@pytest.fixture(scope="module")
def attempts(ground, rule):
    return cases_of(ground, spans(ground, rule))


def changed(ground, **tables):
    """A ground whose sources have other tables."""
    sources = dict(ground.sources)
    for source, table in tables.items():
        sources[source] = replace(sources[source], table=table)
    return Ground(sources, ground.rule, ground.codebook, ground.folder)


def other_war(ground, attempts, year):
    """Conflict-years with other fighting from a year on, as far as no attempt of the year knows it.

    Later years: where there was fighting there is none, and the reverse. In the year itself,
    intensity changes everywhere; episodes that reached 25 deaths in it before a last agreement of
    the conflict stay, all others end, and a conflict without fighting gets some on 31 December.
    """
    acd = ground.acd
    signed = attempts.cases[attempts.cases["t0"] == year]
    signed = signed.set_index("conflict_id")["last_date"].to_dict()
    began = (acd["year"] == year) & (acd["start_date2"].dt.year == year)
    cut = acd["conflict_id"].map(signed).fillna(pd.Timestamp(year, 1, 1))
    known = began & (acd["start_date2"] < cut)
    kept = acd[(acd["year"] < year) | known].copy()
    kept.loc[kept["year"] == year, "intensity_level"] = 3 - kept["intensity_level"]
    kept["ep_end_date"] = pd.NaT  # an end is recorded later
    kept["ep_end"] = 0
    kept["cumulative_intensity"] = 1 - kept["cumulative_intensity"]
    fought = set(zip(acd["conflict_id"], acd["year"], strict=True))
    last = acd.sort_values("year").drop_duplicates("conflict_id", keep="last")
    last = last[last["year"] >= year - 6]  # older ones may be of a state that has ended
    new = []
    for later in range(year, 2025):
        quiet = [(c, later) not in fought for c in last["conflict_id"]]
        new.append(
            last[quiet].assign(year=later, start_date2=pd.Timestamp(later, 12, 31), ep_end=0)
        )
    return pd.concat([kept, *new], ignore_index=True).astype(acd.dtypes)


def other_values(table, year):
    """A table of years with every number changed from a year on."""
    out = table.copy()
    later = out["year"] >= year
    for column in out.columns:
        if column in NOT_VALUES or not pd.api.types.is_numeric_dtype(out[column]):
            continue
        out[column] = out[column].astype("Float64").mask(later, out[column] * 2 + 1)
    return out


def other_agreements(ground, attempts, year):
    """Agreements with none after a year, and with every topic in those that follow the last
    agreement of their conflict in the year.
    """
    pax = ground.pax[ground.pax["Dat"].dt.year <= year].copy()
    signed = attempts.cases[attempts.cases["t0"] == year]
    signed = signed.set_index("conflict_id")["last_date"]
    after = (pax["Dat"] > pax["UcdpCon"].map(signed)).fillna(False)
    topics = [c for i in ground.codebook.indicators.values() for c in i.columns]
    for topic in topics:
        if pd.api.types.is_numeric_dtype(pax[topic]):
            pax.loc[after, topic] = 1 - pax.loc[after, topic].clip(upper=1)
    pax.loc[after, "Lgt"] += 100
    return pax


def same(left, right, columns):
    left = left.sort_values("case_id", ignore_index=True)[columns]
    right = right.sort_values("case_id", ignore_index=True)[columns]
    pd.testing.assert_frame_equal(left, right, check_dtype=False, rtol=1e-12)


@needs_raw
@pytest.mark.parametrize("year", YEARS)
def test_what_follows_the_last_agreement_changes_nothing(ground, attempts, rule, year):
    future = changed(
        ground,
        pax_v10=other_agreements(ground, attempts, year),
        **{"ucdp_acd_25.1": other_war(ground, attempts, year)},
        tjet=other_values(ground.sources["tjet"].table, year),
    )
    there = cases_of(future, spans(future, rule))
    before, after = whole_table(ground, attempts), whole_table(future, there)
    own = before[before["t0"] == year]
    # without later agreements some attempts end in the year that went on
    other = after[after["case_id"].isin(own["case_id"])]
    assert len(own) >= FEWEST.get(year, 3)
    same(own, other, AT_SIGNATURE)
    readings = [
        war_readings(g, a.cases).pivot(index="case_id", columns="variable", values="value")
        for g, a in ((ground, attempts), (future, there))
    ]
    ids = own["case_id"].tolist()
    for name in ("active_before", "active_before_first"):
        assert readings[0].loc[ids, name].equals(readings[1].loc[ids, name])
    # the rewritten sources do change what may not be a control
    calendar = [r.loc[ids, "active_calendar"] for r in readings]
    assert not calendar[0].equals(calendar[1]) or year == 2024
    assert year + 5 > 2024 or (own["lasting_peace"].tolist() != other["lasting_peace"].tolist())


@needs_raw
@pytest.mark.parametrize("year", YEARS)
def test_the_year_of_the_first_agreement_and_later_change_no_moderator(
    ground, attempts, rule, year
):
    names = ("vdem_simple", "polity5", "vdem_v15", "wdi", "cow_trade", "cow_igo", "archigos")
    tables = {n: other_values(ground.sources[n].table, year) for n in names}
    future = changed(ground, **tables)
    began = attempts.cases["first_date"].dt.year == year
    assert began.sum() >= FEWEST.get(year, 3)
    before, after = whole_table(ground, attempts), whole_table(future, attempts)
    own = before["first_date"].dt.year == year
    same(before[own], after[own], ["case_id", *BEFORE_FIRST])
    cases = attempts.cases[began]
    turnover = [
        politics(g, cases).pivot(index="case_id", columns="variable", values="value")[LEADERS]
        for g in (ground, future)
    ]
    pd.testing.assert_frame_equal(*turnover)
    later = before["first_date"].dt.year > year
    if year < 2016:
        assert not np.allclose(
            before.loc[later, "polyarchy"].fillna(0), after.loc[later, "polyarchy"].fillna(0)
        )


@needs_raw
@pytest.mark.parametrize("year", YEARS[:4])
def test_a_year_and_later_change_no_covariate_of_its_conflict_years(ground, attempts, rule, year):
    names = ("vdem_simple", "polity5", "vdem_v15", "wdi")
    tables = {n: other_values(ground.sources[n].table, year) for n in names}
    future = changed(ground, **tables, **{"ucdp_acd_25.1": other_war(ground, attempts, year)})
    before = conflict_years(ground, attempts.cases)
    after = conflict_years(future, attempts.cases)
    own, other = (t[t["year"] <= year] for t in (before, after))
    same(own, other, OF_CONFLICT_YEARS)
    assert not before.loc[before["year"] == year + 1, "fighting"].equals(
        after.loc[after["year"] == year + 1, "fighting"]
    )


@needs_raw
def test_a_year_at_risk_knows_missions_of_1_january_and_politics_of_the_year_before(
    study, ground, attempts
):
    year = 2003
    whole = whole_table(ground, attempts)
    un = ground.sources["un_pko"].table
    missions = un[~(un["start_date"] > pd.Timestamp(year, 1, 1))]
    vdem = other_values(ground.sources["vdem_simple"].table, year)
    future = changed(ground, un_pko=missions, vdem_simple=vdem)
    decided = builder.AS_NAMED.decide(builder.findings(ground, attempts, whole), study.folder)
    before, after = (case_years(g, whole, decided) for g in (ground, future))
    columns = ["case_id", "un_mission", "polyarchy"]
    same(before[before["year"] <= year], after[after["year"] <= year], columns)
    later = before["year"] > year
    assert (before.loc[later, "un_mission"] != after.loc[later, "un_mission"]).any()
