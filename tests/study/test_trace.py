"""trace: from a number to the cases, codes, coders, evidence and source rows behind it."""

import pandas as pd
import pytest

import peacestudy as ps
from peacestudy.errors import SpecError
from peacestudy.study import Results


@pytest.fixture(scope="module")
def study():
    return ps.load_study("peace_agreements")


def test_a_term_is_traced_to_every_code_of_every_case_and_to_the_sources(study):
    frame = study.frame("primary")
    fit = ps.fit(frame, study.spec("breadth"))
    found = ps.trace(fit, "scale(breadth)")
    table = found.table
    codes = table[table.step == "code"]
    assert len(codes) == 100 * len([i for p in study.codebook.pillars for i in p.indicators])
    assert set(codes.case_id) == set(fit.cases) and set(codes.coder) == {"pax_rule"}
    own = study.coding.table.set_index(["case_id", "indicator_id"])
    for row in codes.sample(20, random_state=1).itertuples():
        assert tuple(own.loc[(row.case_id, row.name), ["code", "locator"]]) == (row.value, row.locator)
    values = table[(table.step == "case") & (table.name == "lasting_peace")]
    assert (
        values.value.astype(bool).sum() == 29
        and (table[table.step == "outcome"].source.str.startswith("ucdp_acd_25.1")).all()
    )
    assert {"pax_v10", "ucdp_acd_25.1"} <= set(table[table.step == "source"].name)
    assert "scale(breadth) in model breadth" in str(found) and f"estimate {fit.terms.estimate[1]:.3f}" in str(found)


def test_a_cell_of_a_frame_is_traced_to_the_codes_that_make_it(study):
    frame = study.frame("primary")
    found = ps.trace(frame, ("316-1992", "diplomacy")).table
    codes = found[found.step == "code"]
    score = found[found.step == "case"].value.item()
    assert score == pytest.approx((codes.value > 0).mean())
    assert codes.locator.str.startswith("AgtId").all()
    around = ps.trace(frame, ("316-1992", "war_years")).table
    assert around[around.step == "covariate"].source.notna().all()


def test_a_cell_of_a_result_knows_its_study(study):
    cases = Results(study).table("cases")
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
