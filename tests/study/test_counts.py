"""The counts of the study, against the figures that the project set itself
before it was built, and cases everyone knows.
"""

import pandas as pd
import pytest


@pytest.fixture(scope="module")
def study(our_study):
    return our_study("peace_agreements")


def test_counts_of_rule_chain(study):
    whole = study.frame("all").data
    complete = study.frame("overlapping").data
    assert len(study.cases) == len(whole) == 203
    assert study.cases.eligible.sum() == 170
    assert (len(complete), complete.lasting_peace.sum(), complete.conflict_id.nunique()) == (
        156,
        46,
        63,
    )


def test_counts_of_the_primary_sample(study):
    data = study.frame("primary").data
    assert (len(data), data.lasting_peace.sum(), data.conflict_id.nunique()) == (99, 29, 63)
    last = data.sort_values("t0").groupby("conflict_id").t0.diff().dropna()
    assert (last > 5).all()


def test_failure_is_mostly_fighting_that_never_stopped(study):
    data = study.frame("overlapping").data
    failed = data[~data.lasting_peace.astype(bool)]
    assert (len(failed), (~failed.stopped.astype(bool)).sum()) == (110, 87)
    assert (data.stopped.sum(), data.held.fillna(False).sum()) == (69, 46)
    by = data.lasting_peace.astype(float).groupby(data.active).mean()
    assert by.round(2).to_dict() == {0.0: 0.69, 1.0: 0.20}


def test_half_of_the_complete_windows_overlap_an_earlier_window(study):
    data = study.frame("overlapping").data
    earlier = study.cases.groupby("conflict_id").t0.apply(list)
    assert (
        sum(
            any(e < t <= e + 5 for e in earlier[c])
            for c, t in zip(data.conflict_id, data.t0, strict=True)
        )
        == 80
    )


def test_texts_of_kept_attempts_may_reach_back_into_an_earlier_window(study):
    """What is said of it in the README of the data set: windows do not overlap, texts may."""
    kept = study.frame("primary").data.sort_values(["conflict_id", "t0"])
    before = kept.groupby("conflict_id").t0.shift()
    begun = kept.first_date.dt.year <= before + 5
    reach = kept.text_from.dt.year <= before + 5
    assert (begun.sum(), reach.sum()) == (6, 17)


def test_the_ledger_runs_from_2257_agreements_to_99_cases(study):
    table = study.frame("primary").ledger.table()
    assert table.rows_in[0] == 2257
    assert table.rows_out.tolist() == [2045, 2043, 444, 203, 203, 203, 203, 170, 156, 99]
    joins = table[table.kind == "join"]
    assert (joins[["unmatched", "other_unmatched", "duplicated"]] == 0).all(axis=None)


def test_every_case_left_out_has_its_reason(study):
    frame = study.frame("primary")
    assert len(frame.excluded) + len(frame) == 203
    assert frame.excluded.reason.str.len().gt(20).all()


@pytest.mark.parametrize(
    "conflict, date", [(316, "1992-01-16"), (233, "1996-12-29")], ids=["Chapultepec", "Guatemala"]
)
def test_the_accords_everyone_knows_are_inside_an_attempt(study, conflict, date):
    inside = study.cases[
        (study.cases.conflict_id == conflict) & study.cases.last_date.eq(pd.Timestamp(date))
    ]
    assert len(inside) == 1 and inside.eligible.all() and inside.t0.item() == int(date[:4])


@pytest.mark.parametrize(
    "case, peace, years",
    [
        ("316-1992", True, None),  # El Salvador after Chapultepec: no fighting since
        ("374-1993", False, 1),  # Rwanda after Arusha: 1994
        # Sudan after the CPA: the conflict over government went on in Darfur
        ("309-2006", False, 1),
        # Colombia after the accord with FARC: quiet in 2017, then other groups
        ("289-2016", False, 2),
        ("332-1992", True, 21),  # Mozambique after Rome: 2013
        ("171-2005", None, None),
    ],
)
def test_outcomes_of_known_cases(study, case, peace, years):
    found = study.outcomes.set_index("case_id")
    if peace is None:
        case = study.cases[study.cases.label == "Indonesia (Aceh) 2005"].case_id.item()
        peace = True
    row = found.loc[case]
    assert row.lasting_peace == peace
    assert not row.event if years is None else (row.event and row.peace_years == years)


def test_no_topic_serves_two_pillars_and_no_parent_stands_beside_its_child(study):
    columns = [c for i in study.codebook.indicators.values() for c in i.columns]
    assert len(columns) == len(set(columns)) == 55
    parents = {
        "Eps": ("EpsRes", "EpsFis", "EpsOth"),
        "LaRef": ("LaRefMan",),
        "SsrDdr": ("DdrProg",),
        "Dev": ("DevSoc", "DevHum", "DevInfra"),
        "GRef": ("GRefSubs",),
        "GInd": ("GIndSubs",),
        "GAge": ("GAgeSubs",),
        "Ce": ("CeProv", "CeGen"),
        "HrNi": ("HrNiMe", "HrNiNe"),
    }
    assert not [
        p for p, children in parents.items() if p in columns and set(children) & set(columns)
    ]


def test_missing_context_has_a_reason_and_is_never_zero(study):
    long = study.covariates
    assert (long.value.isna() == long.reason.notna()).all()
    late = long[
        long.variable.isin(["trade_openness", "igo_memberships"])
        & (long.year.str[:4].astype(float) > 2014)
    ]
    assert len(late) and late.value.isna().all()


def test_scores_follow_from_the_codes_of_one_case(study):
    codes = study.coding.table.query("case_id == '316-1992'").set_index("indicator_id").code
    share = study.frame("all").data.set_index("case_id").loc["316-1992"]
    for pillar in study.codebook.entries:
        if pillar.indicators:
            present = [codes[i.id] > 0 for i in pillar.indicators]
            assert share[pillar.id] == pytest.approx(sum(present) / len(present))
    assert share.breadth == pytest.approx(sum(share[p.id] for p in study.codebook.pillars) / 7)


def test_polyarchy_lies_in_its_interval(study):
    data = study.frame("all").data.dropna(subset=["polyarchy"])
    assert (data.polyarchy_low <= data.polyarchy).all() and (
        data.polyarchy <= data.polyarchy_high
    ).all()
