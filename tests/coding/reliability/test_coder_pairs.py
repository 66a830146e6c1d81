"""Coders two by two: means and tests worked by hand; published
and textbook cases of marginal homogeneity.
"""

import numpy as np
import pytest
from scipy import stats

from peacestudy.coding.reliability import pairs
from peacestudy.coding.reliability.coder_pairs import marginal_homogeneity

from .test_agreement_table import sheet

EXACT = 1e-10  # a small linear system solved in two ways


def units(table):
    """Both coders' codes, a row a unit, from a table of counts."""
    return np.array(
        [(a, b) for a, row in enumerate(table) for b, n in enumerate(row) for _ in range(n)],
        dtype=float,
    )


def test_every_pair_has_its_row_and_its_own_units():
    t = pairs(
        sheet(
            {
                "depth": {
                    "a": [0, 1, 2, 4, None],
                    "b": [0, 1, 4, 4, 1],
                    "c": [None, None, None, None, 2],
                }
            }
        )
    )
    t = t.set_index(["coder", "other"])
    assert list(t.index) == [("a", "b"), ("a", "c"), ("b", "c")]
    ab = t.loc[("a", "b")]
    assert (ab["n_units"], ab["percent"], ab["mean"], ab["other_mean"], ab["difference"]) == (
        4,
        0.75,
        1.75,
        2.25,
        -0.5,
    )
    assert (
        t.loc[("a", "c"), "n_units"] == 0
        and t.loc[("a", "c"), "note"] == "no unit was coded by both"
    )
    assert t.loc[("b", "c"), "n_units"] == 1


def test_two_codes_are_mcnemars_test():
    statistic, df, p = marginal_homogeneity(units([[30, 12], [5, 13]]), [0, 1])
    assert statistic == pytest.approx((12 - 5) ** 2 / (12 + 5), abs=EXACT) and df == 1
    assert p == pytest.approx(stats.chi2.sf(49 / 17, 1), abs=EXACT)


def test_three_codes_are_fleiss_and_everitts_formula():
    """Fleiss and Everitt (1971) solve Stuart's statistic for three codes in closed form."""
    N = np.array([[20, 10, 5], [3, 30, 15], [0, 5, 40]])
    d = N.sum(axis=1) - N.sum(axis=0)
    m = (N + N.T) / 2
    closed = (m[1, 2] * d[0] ** 2 + m[0, 2] * d[1] ** 2 + m[0, 1] * d[2] ** 2) / (
        2 * (m[0, 1] * m[1, 2] + m[0, 1] * m[0, 2] + m[0, 2] * m[1, 2])
    )
    statistic, df, p = marginal_homogeneity(units(N), [0, 1, 2])
    assert (statistic, df, p) == (
        pytest.approx(closed, abs=EXACT),
        2,
        pytest.approx(stats.chi2.sf(closed, 2), abs=EXACT),
    )


def test_codes_that_nobody_gives_change_nothing():
    both = units([[20, 10, 5], [3, 30, 15], [0, 5, 40]])
    assert marginal_homogeneity(both, [0, 1, 2]) == pytest.approx(
        marginal_homogeneity(both, [0, 1, 2, 4, 9]), abs=EXACT
    )


def test_coders_of_one_standard_are_rejected_as_often_as_the_test_says():
    rng = np.random.default_rng(11)
    p = []
    for _ in range(1500):
        true = rng.integers(0, 3, 150)
        said = [np.where(rng.random(150) < 0.7, true, rng.integers(0, 3, 150)) for _ in range(2)]
        p.append(marginal_homogeneity(np.column_stack(said).astype(float), [0, 1, 2])[2])
    # 5 % of 1,500, give or take four standard errors (.0056)
    assert np.mean(np.array(p) < 0.05) == pytest.approx(0.05, abs=0.0225)


def test_coders_that_never_differ_have_no_test_and_one_coder_no_pair():
    t = pairs(sheet({"depth": {"a": [0, 1, 2], "b": [0, 1, 2]}})).iloc[0]
    assert t["percent"] == t["alpha"] == 1 and np.isnan(t["statistic"]) and np.isnan(t["p_value"])
    alone = pairs(sheet({"depth": {"a": [0, 1, 2]}})).iloc[0]
    assert alone["coder"] == "a" and alone["note"] == "there is no second coder"


def test_nominal_codes_have_no_mean():
    assert (
        pairs(sheet({"kind_of": {"a": [0, 1, 2], "b": [0, 1, 1]}}))[["mean", "difference"]]
        .isna()
        .all(axis=None)
    )
