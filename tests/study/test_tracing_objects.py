"""trace of whatever a user may hand it: the right rows, or an error that says what to hand.

The right rows are those of a trace of the same number from the study's own frame or fit.
"""

import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import peacestudy as ps
from peacestudy.core.frame import StudyFrame
from peacestudy.errors import SpecError
from peacestudy.study import Results


@pytest.fixture(scope="module")
def study(our_study):
    return our_study("peace_agreements")


@pytest.fixture(scope="module")
def other(our_study):
    return our_study("double_coding")


@pytest.fixture(scope="module")
def frame(study):
    return study.frame("primary")


@pytest.fixture(scope="module")
def fitted(study, frame):
    return ps.fit(frame, study.spec("breadth"))


@pytest.fixture(scope="module")
def results(study, fitted):
    """Results of which only two models are fitted."""
    found = Results(study)
    found.__dict__["fits"] = {"breadth": fitted, "again": fitted}
    return found


def same(one, two):
    pd.testing.assert_frame_equal(one.table, two.table)
    return True


def test_a_table_of_terms_is_traced_by_label_by_model_and_term_and_by_row(results, fitted, study):
    terms = results.table("terms")
    right = ps.trace(fitted, "scale(breadth)", study)
    at = int(np.flatnonzero((terms["model"] == "breadth") & (terms["term"] == "scale(breadth)"))[0])
    assert terms.index.is_unique
    assert same(ps.trace(terms, (at, "estimate")), right)
    assert same(ps.trace(terms, (("breadth", "scale(breadth)"), "p_value"), study), right)
    assert same(ps.trace(terms.iloc[at], "estimate", study), right)
    assert same(
        ps.trace(
            terms.set_index(["model", "term"]), (("breadth", "scale(breadth)"), "estimate"), study
        ),
        right,
    )
    assert same(
        ps.trace(
            terms.set_index("term")[lambda t: t["model"] == "breadth"],
            ("scale(breadth)", "estimate"),
            study,
        ),
        right,
    )
    from_file = pd.read_csv(io.StringIO(terms.to_csv(index=False)))
    assert same(ps.trace(from_file, (at, "estimate"), study), right)
    assert same(ps.trace(from_file.astype(str), (at, "estimate"), study), right)


def test_a_label_that_stands_for_several_rows_is_refused_with_what_to_give(results, fitted, study):
    terms = results.table("terms")
    # as pd.concat without ignore_index leaves it
    old = terms.set_index(np.tile(np.arange(len(fitted.terms)), 2))
    with pytest.raises(SpecError, match=r"1 matches 2 rows.*table\.iloc\[n\].*reset_index"):
        ps.trace(old, (1, "estimate"), study)
    with pytest.raises(SpecError, match="'scale\\(breadth\\)' matches 2 rows"):
        ps.trace(terms, ("scale(breadth)", "estimate"), study)
    numbered = pd.DataFrame({"case_id": [1, 0], "x": [1.0, 2.0]})
    with pytest.raises(SpecError, match="0 matches 2 rows"):
        ps.trace(numbered, (0, "x"), study)  # the label of one row, the id of the other


def test_a_table_with_the_ids_in_its_index_is_traced_like_one_with_a_column(frame, study):
    right = ps.trace(frame, ("316-1992", "diplomacy"), study)
    for table in (
        frame.data,
        frame.data.set_index("case_id"),
        frame.data.set_index(["country", "case_id"]).reset_index("country"),
        frame.data.sample(frac=1, random_state=1),
    ):
        assert same(ps.trace(table, ("316-1992", "diplomacy"), study), right)
    row = frame.data[frame.data["case_id"] == "316-1992"].iloc[0]
    assert same(ps.trace(row, "diplomacy", study), right)
    assert same(ps.trace(row, (0, "diplomacy"), study), right)


def test_ids_read_as_numbers_are_the_ids_of_the_study(study):
    table = study.tables["cases"].assign(
        case_id=[str(i) for i in range(100, 100 + len(study.cases))]
    )
    outcomes = study.outcomes.assign(
        case_id=study.outcomes["case_id"].map(
            dict(zip(study.cases["case_id"], table["case_id"], strict=True))
        )
    )
    numbered = replace(
        study, tables=study.tables | {"cases": table, "outcomes": outcomes}, coding=None, sheet=None
    )
    numbered.tables["covariates"] = study.covariates.iloc[:0]
    data = outcomes.assign(case_id=outcomes["case_id"].astype(int), x=np.arange(len(outcomes)) % 7)
    case = int(data["case_id"].iloc[5])
    by_number = ps.trace(
        StudyFrame(data, "case", "case_id"), (case, "lasting_peace"), numbered
    ).table
    assert by_number[by_number["step"] == "outcome"]["case_id"].tolist() == [str(case)]
    same_case = ps.trace(
        StudyFrame(data, "case", "case_id"), (str(case), "lasting_peace"), numbered
    ).table
    pd.testing.assert_frame_equal(by_number, same_case)


def test_cases_that_are_not_the_studys_are_refused_and_never_an_empty_trace(
    study, other, frame, fitted
):
    plain = frame.data.reset_index(drop=True)
    spec = study.spec("breadth")
    by_position = ps.fit(plain, spec)
    with pytest.raises(
        SpecError,
        match=r"99 of 99 case\(s\) of model breadth are not in study peace_agreements: 0, 1, 2",
    ):
        ps.trace(by_position, "scale(breadth)", study)
    some = plain.assign(case_id=plain["case_id"].where(plain.index > 2, "mine-" + plain["case_id"]))
    with pytest.raises(SpecError, match=r"3 of 99 case\(s\).*'mine-"):
        ps.trace(ps.fit(some.set_index("case_id"), spec), "scale(breadth)", study)
    with pytest.raises(
        SpecError, match="comes from the study in peace_agreements, and study is double_coding"
    ):
        ps.trace(fitted, "scale(breadth)", other)
    with pytest.raises(SpecError, match="not in study double_coding"):
        ps.trace(ps.fit(plain.set_index("case_id"), spec), "scale(breadth)", other)
    with pytest.raises(SpecError, match="not in study double_coding"):
        ps.trace(plain, ("316-1992", "diplomacy"), other)
    with pytest.raises(SpecError, match="of the frame are not in study"):
        ps.trace(StudyFrame(some, "case", "case_id"), (some["case_id"][0], "diplomacy"), study)
    right = ps.trace(fitted, "scale(breadth)", study)
    assert same(ps.trace(ps.fit(plain.set_index("case_id"), spec), "scale(breadth)", study), right)


def test_a_table_of_another_study_or_of_other_data_is_refused(results, study, other, frame):
    terms = results.table("terms")
    with pytest.raises(SpecError, match="study is double_coding"):
        ps.trace(terms, (0, "estimate"), other)
    moved = pd.DataFrame(terms.to_dict("list")).assign(estimate=terms["estimate"] + 0.5)
    with pytest.raises(SpecError, match="the model of study peace_agreements has"):
        ps.trace(moved[moved["model"] == "breadth"], (0, "estimate"), study)
    doubled = pd.DataFrame(
        {"case_id": frame.data["case_id"], "diplomacy": frame.data["diplomacy"] + 1}
    )
    with pytest.raises(
        SpecError,
        match=r"the table has 2 for diplomacy of 316-1992, and study peace_agreements has 1",
    ):
        ps.trace(doubled, ("316-1992", "diplomacy"), study)


@pytest.mark.parametrize(
    ("make", "at", "words"),
    [
        (lambda t: t.iloc[:0], (0, "estimate"), "has no rows"),
        (
            lambda t: t.drop(columns="model"),
            (0, "estimate"),
            r"Give the fit: ps\.trace\(fit, term\)",
        ),
        (
            lambda t: t[["estimate"]],
            (0, "estimate"),
            "Give a result of a study, a StudyFrame, or a Fit and its term",
        ),
        (lambda t: t["estimate"], (0, "estimate"), "column is 'estimate'"),
        (lambda t: t, (99, "estimate"), "has no row 99"),
        (lambda t: t, (["breadth"], "estimate"), "has no row"),
        (lambda t: t, "estimate", "a cell is"),
        (lambda t: t, 3, "at is 3, and a cell is"),
        (lambda t: t, (0, 1), "a cell is"),
        (lambda t: t, (0, "estimat"), "Did you mean 'estimate'"),
        (
            lambda t: pd.concat([t, t[["estimate"]]], axis=1),
            (0, "estimate"),
            "the column 'estimate' more than once",
        ),
        (lambda t: pd.concat({"a": t}, axis=1), (0, "estimate"), "2 levels"),
        (lambda t: t.to_dict("records"), (0, "estimate"), "not from a list"),
    ],
)
def test_what_holds_no_traceable_number_says_what_to_give(results, study, make, at, words):
    with pytest.raises(SpecError, match=words):
        ps.trace(make(results.table("terms")), at, study)


def test_the_place_in_a_fit_is_a_term(fitted):
    for at in (("a", "b"), 0, None):
        with pytest.raises(SpecError, match=r"Of a fit the number is a term"):
            ps.trace(fitted, at)


def test_a_column_that_the_user_derived_is_traced_to_what_it_was_made_from(study, frame, fitted):
    more = frame.with_columns(
        "on the log scale", log_years=lambda data: np.log1p(data["war_years"])
    )
    more = more.with_columns(ratio=lambda data: data["log_years"] / (1 + data.breadth))
    spec = ps.ModelSpec("mine", "lasting_peace ~ ratio", "firth", "classical")
    found = ps.trace(ps.fit(more, spec), "ratio", study).table
    made = found[found["step"] == "derived"].set_index("name")["comment"]
    assert made.to_dict() == {
        "ratio": "derived by the user from breadth, log_years",
        "log_years": "derived by the user from war_years: on the log scale",
    }
    values = found[(found["step"] == "case") & (found["name"] == "ratio")].set_index("case_id")[
        "value"
    ]
    right = more.data.set_index("case_id")["ratio"]
    np.testing.assert_allclose(values.astype(float), right[values.index])
    assert {"war_years", "breadth", "log_years"} <= set(found["name"])
    assert (found["step"] == "covariate").any() and (found["step"] == "code").any()
    cell = ps.trace(more, ("316-1992", "ratio"), study).table
    assert cell[cell["step"] == "derived"]["name"].tolist() == ["ratio", "log_years"]
    whole = found[(found["case_id"] == "316-1992") & found["name"].isin(["ratio", "war_years"])]
    assert set(whole["step"]) == {"case", "covariate"}


def test_a_column_of_which_nothing_is_known_is_named(study, frame):
    data = frame.data.assign(mine=np.arange(len(frame)) % 5).set_index("case_id")
    spec = ps.ModelSpec("mine", "lasting_peace ~ mine", "firth", "classical")
    found = ps.trace(ps.fit(data, spec), "mine", study).table
    (unknown,) = found[found["step"] == "unknown"].to_dict("records")
    assert unknown["name"] == "mine" and "not added by with_columns" in unknown["comment"]
    both = data.assign(own=data["lasting_peace"])
    with pytest.raises(SpecError, match="has none of the columns own, mine"):
        ps.trace(
            ps.fit(both, ps.ModelSpec("mine", "own ~ mine", "firth", "classical")), "mine", study
        )
