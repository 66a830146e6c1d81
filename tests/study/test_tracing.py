"""trace: from a number to the cases, codes, coders, evidence and source rows behind it."""

import pandas as pd
import pytest

import peacestudy as ps
from peacestudy.coding.reliability import disputed
from peacestudy.errors import SpecError


@pytest.fixture(scope="module")
def study(our_study):
    return our_study("peace_agreements")


def test_a_term_is_traced_to_every_code_of_every_case_and_to_the_sources(study):
    frame = study.frame("primary")
    fit = ps.fit(frame, study.spec("breadth"))
    found = ps.trace(fit, "scale(breadth)")
    table = found.table
    codes = table[table.step == "code"]
    assert len(codes) == 99 * len([i for p in study.codebook.pillars for i in p.indicators])
    assert set(codes.case_id) == set(fit.cases) and set(codes.coder) == {"pax_rule"}
    own = study.coding.table.set_index(["case_id", "indicator_id"])
    for row in codes.sample(20, random_state=1).itertuples():
        assert tuple(own.loc[(row.case_id, row.name), ["code", "locator"]]) == (
            row.value,
            row.locator,
        )
    values = table[(table.step == "case") & (table.name == "lasting_peace")]
    assert (
        values.value.astype(bool).sum() == 29
        and (table[table.step == "outcome"].source.str.startswith("ucdp_acd_25.1")).all()
    )
    assert {"pax_v10", "ucdp_acd_25.1"} <= set(table[table.step == "source"].name)
    assert "scale(breadth) in model breadth" in str(
        found
    ) and f"estimate {fit.terms.estimate[1]:.3f}" in str(found)


def test_a_cell_of_a_frame_is_traced_to_the_codes_that_make_it(study):
    frame = study.frame("primary")
    found = ps.trace(frame, ("316-1992", "diplomacy")).table
    codes = found[found.step == "code"]
    score = found[found.step == "case"].value.item()
    assert score == pytest.approx((codes.value > 0).mean())
    assert codes.locator.str.startswith("AgtId").all()
    around = ps.trace(frame, ("316-1992", "war_years")).table
    assert around[around.step == "covariate"].source.notna().all()


def test_a_cell_of_a_result_knows_its_study(study, our_results):
    cases = our_results(study.config.id).table("cases")
    first = cases.case_id[0]
    assert first in ps.trace(cases, (first, "lasting_peace")).number
    by_row = ps.trace(cases, (0, "lasting_peace")).table
    assert set(by_row.case_id.dropna()) == {first}


def test_a_plain_table_needs_the_study_and_wrong_places_are_told(study):
    plain = pd.DataFrame({"case_id": ["316-1992"], "diplomacy": [1.0]})
    with pytest.raises(ps.SpecError, match="which study"):
        ps.trace(plain, (0, "diplomacy"))
    assert (ps.trace(plain, (0, "diplomacy"), study).table.step == "code").sum() == 4
    with pytest.raises(ps.SpecError, match="Did you mean 'diplomacy'"):
        ps.trace(study.frame("primary"), ("316-1992", "diplomcy"))
    with pytest.raises(ps.SpecError, match=r"must be one of"):
        ps.trace(study.frame("primary"), ("317-1992", "diplomacy"))
    with pytest.raises(ps.SpecError, match="a cell is"):
        ps.trace(study.frame("primary"), "diplomacy")


def test_it_shows_itself_escaped(study):
    shown = ps.trace(study.frame("primary"), ("316-1992", "diplomacy"))._repr_html_()
    assert "<table" in shown and "AgtId" in shown


def test_what_holds_no_number_is_refused_by_name(study):
    for thing in (study, None, 3):
        with pytest.raises(SpecError, match="traced from a Fit"):
            ps.trace(thing, ("316-1992", "diplomacy"))


@pytest.fixture(scope="module")
def twice(our_study):
    return our_study("third_party_role")


def test_a_disputed_cell_is_traced_to_what_each_coder_wrote(twice):
    table = disputed(twice.sheet)
    case = table.case_id[0]
    for at in ((0, "codes"), (case, "distance")):
        codes = ps.trace(table, at, twice).table.query("step == 'code' and coder != 'adjudicated'")
        own = twice.sheet.table[twice.sheet.table.case_id == case]
        assert list(codes.coder) == ["machine_1", "machine_2"] and list(codes.value) == list(
            own.code
        )
        assert codes.locator.str.startswith("AgtId").all()


def test_agreement_is_traced_to_codes_pooled_or_counted(twice, our_study):
    pooled = ps.agreement(twice.sheet, by="all")
    assert (ps.trace(pooled, (0, "alpha"), twice).table.step == "code").sum() == len(
        twice.sheet.table
    )
    counted = our_study("double_coding")
    row = pd.DataFrame({"indicator_id": ["sexual_violence"], "alpha": [0.41]})
    codes = ps.trace(row, ("sexual_violence", "alpha"), counted).table.query("step == 'code'")
    own = counted.tables["patterns"].query("indicator_id == 'sexual_violence'")
    assert (
        list(codes.value) == list(own.codes) and codes.comment.iloc[0] == f"{own.n.iloc[0]} units"
    )


def test_a_finding_with_coding_uncertainty_is_traced_to_model_and_readings(twice):
    row = pd.DataFrame(
        {
            "analysis": ["two_readings"],
            "model": ["breadth"],
            "term": ["scale(breadth)"],
            "estimate": [-0.216],
        }
    )
    found = ps.trace(row, (0, "estimate"), twice)
    assert found.number.startswith(
        "estimate of 0: -0.216; from scale(breadth) in model breadth (lasting_peace"
    )
    readings = found.table[found.table.coder.isin(["machine_1", "machine_2"])]
    signed = found.table[found.table.coder == "signature"]  # decided without a reading
    assert not set(signed.case_id) & set(readings.case_id)
    model = ps.study.Results(twice).other("peace_agreements").fits["breadth"]
    assert set(signed.case_id) | set(readings.case_id) == set(model.cases)
    assert (signed.value == 1).all() and signed.source.str.startswith("pax_v10 AgtId").all()
    assert set(readings.name) == {"third_party"}
    assert (found.table.coder == "pax_rule").any()
    with pytest.raises(SpecError, match="Did you mean 'breadth'"):
        ps.trace(row.assign(model="bredth"), (0, "estimate"), twice)


def test_a_fit_on_a_table_of_the_study_is_traced_to_its_source(our_study):
    study = our_study("double_coding")
    table = ps.trace(ps.fit(study.frame("all"), study.spec("success_by_staff")), "late").table
    sourced = table[(table.step == "case") & table.source.notna()]
    assert sourced.groupby("name").size().to_dict() == {"late": 863, "success_staff": 863}
    assert sourced.source.iloc[0] == "adb_aer_2024 row 1"


def test_a_fit_of_imputed_data_is_traced_to_what_was_filled_in(study):
    frame = study.frame("primary")
    columns = ["lasting_peace", "breadth", "polyarchy", "executive_constraints", "war_years"]
    filled = ps.models.impute(frame, columns, m=3, cycles=2, donors=3, seed=1)
    spec = ps.ModelSpec(
        "m",
        "lasting_peace ~ breadth + polyarchy + executive_constraints",
        "firth",
        "cluster",
        "country",
    )
    found = ps.trace(ps.fit(filled, spec), "executive_constraints")
    assert found.number.endswith("; pooled over 3 completed tables")
    made = found.table[found.table.step == "imputed"].set_index("case_id")
    gone = frame.data.set_index("case_id").executive_constraints.isna()
    assert set(made.index) == set(gone.index[gone]) and set(made.name) == {"executive_constraints"}
    at = next(iter(made.index))
    values = [t.data.set_index("case_id").executive_constraints[at] for t in filled.tables]
    assert made.value[at] == ", ".join(f"{v:g}" for v in values)
    assert "a value for each of 3 completed tables" in str(found)


def test_what_nothing_lies_behind_is_said(study):
    with pytest.raises(SpecError, match=r"has no record of share of 0: 0\.5"):
        ps.trace(pd.DataFrame({"case_id": ["316-1992"], "share": [0.5]}), (0, "share"), study)
    with pytest.raises(SpecError, match="indicator is 'ceasefyre'"):
        ps.trace(pd.DataFrame({"indicator_id": ["ceasefyre"], "alpha": [0.5]}), (0, "alpha"), study)
