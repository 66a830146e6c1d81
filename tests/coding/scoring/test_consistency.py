"""Alpha and omega: hand computation, the exact solution for
three items, and recovery of known loadings.
"""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from peacestudy.coding import Coding
from peacestudy.coding.coding import CODING_SCHEMA
from peacestudy.coding.scoring import internal_consistency
from peacestudy.coding.scoring.consistency import cronbach, omega
from peacestudy.core.codebook import Code, Codebook, Indicator, Pillar, Scale
from peacestudy.errors import CodingError

EXACT = 1e-12  # sums of a few products
SOLVER = 1e-6  # the factor model is solved to a gradient of 1e-5
SAMPLED = 0.02  # four standard errors of omega at 4000 cases


def simulated(loadings, n, seed):
    """Standardised items of one factor."""
    rng = np.random.default_rng(seed)
    loadings = np.asarray(loadings)
    factor = rng.normal(size=(n, 1))
    return factor * loadings + rng.normal(size=(n, len(loadings))) * np.sqrt(1 - loadings**2)


def total_omega(loadings):
    common = np.sum(loadings) ** 2
    return common / (common + np.sum(1 - np.asarray(loadings) ** 2))


def test_by_hand():
    # variances of (1 1 0 0), (1 1 1 0), (1 0 0 0): 1/3, 1/4, 1/4; of the sums (3 2 1 0): 5/3
    items = np.array([[1, 1, 1], [1, 1, 0], [0, 1, 0], [0, 0, 0]])
    assert cronbach(items) == pytest.approx(
        1.5 * (1 - (1 / 3 + 1 / 4 + 1 / 4) / (5 / 3)), abs=EXACT
    )
    assert cronbach(items) == pytest.approx(0.75, abs=EXACT)


@given(st.integers(2, 5), st.integers(3, 20), st.integers(0, 10_000))
def test_it_is_the_mean_covariance_over_the_mean_of_all(k, n, seed):
    """Cronbach's other form: k c / (v + (k - 1) c), of mean variance v and mean covariance c."""
    items = np.random.default_rng(seed).normal(size=(n, k))
    s = np.cov(items.T)
    v, c = np.mean(np.diag(s)), np.mean([s[i, j] for i, j in itertools.permutations(range(k), 2)])
    assert cronbach(items) == pytest.approx(k * c / (v + (k - 1) * c), rel=1e-9)


def test_two_copies_agree_wholly_and_independent_items_not_at_all():
    x = np.arange(10.0)
    assert cronbach(np.c_[x, x]) == pytest.approx(1, abs=EXACT)
    assert cronbach(np.array([[0, 0], [0, 1], [1, 0], [1, 1]])) == pytest.approx(0, abs=EXACT)


@pytest.mark.parametrize(
    "items",
    [
        np.ones((5, 3)),
        np.empty((0, 3)),
        np.ones((1, 3)),
        np.arange(5.0)[:, None],
        np.array([[1, -1], [2, -2]]),
    ],
)
def test_where_nothing_varies_there_is_none(items):
    assert np.isnan(cronbach(items))


@pytest.mark.parametrize("seed", range(8))
def test_three_items_have_an_exact_solution(seed):
    """With three items each loading follows from the correlations: a1 = sqrt(r12 r13 / r23)."""
    items = simulated([0.9, 0.7, 0.5], 300, seed)
    r = np.corrcoef(items.T)
    a = np.sqrt(
        [r[0, 1] * r[0, 2] / r[1, 2], r[0, 1] * r[1, 2] / r[0, 2], r[0, 2] * r[1, 2] / r[0, 1]]
    )
    assert omega(items) == pytest.approx(total_omega(a), abs=SOLVER)


@pytest.mark.parametrize("loadings", [[0.8, 0.7, 0.6, 0.5, 0.4], [0.6] * 4, [0.9, 0.3, 0.3, 0.3]])
def test_known_loadings_are_recovered(loadings):
    assert omega(simulated(loadings, 4000, 1)) == pytest.approx(total_omega(loadings), abs=SAMPLED)


def test_with_equal_loadings_it_is_alpha_of_the_standardised_items():
    items = simulated([0.7] * 4, 4000, 2)
    assert omega(items) == pytest.approx(cronbach((items - items.mean(0)) / items.std(0)), abs=2e-3)


def test_with_unequal_loadings_it_is_above_alpha():
    items = simulated([0.95, 0.9, 0.2, 0.2], 4000, 3)
    assert omega(items) > cronbach(items) + 0.02


def test_the_same_items_give_the_same_bits():
    items = simulated([0.8, 0.6, 0.4, 0.5], 200, 4)
    assert len({omega(items) for _ in range(5)}) == 1


def test_units_and_order_of_items_do_not_matter():
    items = simulated([0.8, 0.6, 0.4], 300, 5)
    assert omega(items * [10, 0.1, 3] + 5) == pytest.approx(omega(items), abs=SOLVER)
    assert omega(items[:, ::-1]) == pytest.approx(omega(items), abs=SOLVER)


@pytest.mark.parametrize(
    "items",
    [
        np.ones((9, 3)),
        np.arange(18.0).reshape(9, 2),
        np.repeat(np.arange(9.0)[:, None], 3, axis=1),
        np.empty((0, 3)),
        np.arange(6.0).reshape(2, 3) ** 2,
        np.array([[1, 2, np.nan], [1, 3, 4], [2, 2, 2], [3, 1, 0]]),
    ],
    ids=["constant", "two items", "copies", "no cases", "two cases", "a gap"],
)
def test_where_the_model_cannot_be_fitted_there_is_none(items):
    assert np.isnan(omega(items))


YES = (Code(0, "absent", "no"), Code(1, "present", "yes"))


def coding(columns):
    """A coding of one pillar from indicator to codes."""
    parts = tuple(
        Indicator(n, n, "?", n, "s", "because", "political", "promise", 1, codes=YES)
        for n in columns
    )
    book = Codebook(
        "b",
        "B",
        "1",
        "share",
        {},
        (Scale("s", "nominal", YES),),
        (Pillar("p", "P", "t", "h", "s", indicators=parts),),
    )
    rows = [
        (f"c{i:03}", n, "ann", "human", v, None, None, None, None, None)
        for n, codes in columns.items()
        for i, v in enumerate(codes)
    ]
    return Coding(pd.DataFrame(rows, columns=CODING_SCHEMA.names).astype({"code": "Int64"}), book)


def test_an_indicator_that_does_not_vary_is_left_out_and_named():
    marks = (simulated([0.9] * 3, 200, 6) > 0).astype(int)
    row = internal_consistency(
        coding({"a": marks[:, 0], "b": marks[:, 1], "c": marks[:, 2], "all": [1] * 200})
    ).iloc[0]
    assert (row["indicators"], row["varying"], row["cases"], row["note"]) == (
        4,
        3,
        200,
        "does not vary: all",
    )
    assert row["alpha"] == pytest.approx(cronbach(marks), abs=EXACT)
    assert row["omega"] == pytest.approx(omega(marks), abs=EXACT)


def test_cases_with_a_missing_code_are_not_counted():
    row = internal_consistency(coding({"a": [0, 1, None, 1], "b": [0, 1, 1, 0]})).iloc[0]
    assert (row["cases"], row["alpha"]) == (
        3,
        pytest.approx(cronbach(np.array([[0, 0], [1, 1], [1, 0]]))),
    )
    assert "no omega" in row["note"]


@pytest.mark.parametrize("codes", [[None, None], [1, None]])
def test_where_hardly_a_case_is_whole_there_is_none_and_no_warning(codes):
    row = internal_consistency(coding({"a": codes, "b": codes, "c": codes})).iloc[0]
    assert np.isnan(row["alpha"]) and np.isnan(row["omega"])


def test_cases_are_chosen_and_must_exist():
    all_of_them = coding({"a": [0, 1, 1, 0], "b": [0, 1, 0, 0]})
    assert internal_consistency(all_of_them, pd.Series(["c000", "c001"])).iloc[0]["cases"] == 2
    with pytest.raises(CodingError, match=r"1 case\(s\) have no codes, for example 'nobody'"):
        internal_consistency(all_of_them, pd.Series(["nobody"]))


def test_the_projects_own_pillars_have_a_row_each(our_study):
    study = our_study("peace_agreements")
    found = internal_consistency(study.coding, study.frame("primary").data["case_id"])
    assert found["pillar"].tolist() == [p.id for p in study.codebook.entries if p.indicators]
    assert (found["cases"] == 99).all()
    assert ((found["omega"].dropna() > 0) & (found["omega"].dropna() < 1)).all()
