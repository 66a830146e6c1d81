"""P values, quantiles, families and joint tests against formulas written out, and by simulation."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import brentq

import peacestudy as ps
from peacestudy.models.inference.hypotheses import adjust, detectable, quantile, two_sided, wald

CLOSED = 1e-12  # relative
p_values = st.lists(st.floats(0, 1), min_size=1, max_size=12)


def test_two_sided_is_twice_the_tail():
    z = np.array([-3.0, 0, 1.959963984540054, 40])
    np.testing.assert_allclose(
        two_sided(z, np.inf), [2 * stats.norm.cdf(-3), 1, 0.05, 2 * stats.norm.sf(40)], rtol=CLOSED
    )
    # Cauchy
    np.testing.assert_allclose(two_sided(np.tan(np.pi * np.array([0.475])), 1), 0.05, rtol=CLOSED)


def test_quantiles_are_those_of_the_tables():
    assert quantile(0.975, np.inf) == pytest.approx(1.959963984540054, rel=CLOSED)
    assert quantile(0.975, 1) == pytest.approx(np.tan(np.pi * 0.475), rel=CLOSED)  # Cauchy
    # closed at two degrees
    assert quantile(0.975, 2) == pytest.approx(0.95 / np.sqrt(2 * 0.975 * 0.025), rel=CLOSED)


@given(p_values)
def test_holm_is_its_definition(p):
    order = sorted(range(len(p)), key=lambda i: p[i])
    want, largest = [0.0] * len(p), 0.0
    for rank, i in enumerate(order):
        largest = max(largest, min(1.0, (len(p) - rank) * p[i]))
        want[i] = largest
    np.testing.assert_allclose(adjust(pd.Series(p), "holm"), want, rtol=CLOSED, atol=1e-300)


@given(p_values)
def test_benjamini_and_hochberg_is_its_definition(p):
    order = sorted(range(len(p)), key=lambda i: -p[i])
    want, smallest = [0.0] * len(p), 1.0
    for back, i in enumerate(order):
        smallest = min(smallest, len(p) / (len(p) - back) * p[i])
        want[i] = smallest
    np.testing.assert_allclose(adjust(pd.Series(p), "bh"), want, rtol=CLOSED, atol=1e-300)


@given(p_values)
def test_the_false_discovery_rate_is_that_of_scipy(p):
    np.testing.assert_allclose(
        adjust(pd.Series(p), "bh"), stats.false_discovery_control(p), rtol=CLOSED, atol=1e-300
    )


def test_families_of_one_and_of_equals():
    for method in ("holm", "bh"):
        assert adjust(pd.Series([0.2]), method).tolist() == [0.2]
        assert len(adjust(pd.Series([], dtype=float), method)) == 0
    assert adjust(pd.Series([0.02] * 5), "holm").tolist() == [0.1] * 5
    assert adjust(pd.Series([0.02] * 5), "bh").tolist() == [0.02] * 5


def test_adjust_keeps_the_index_and_refuses_what_is_not_whole():
    found = adjust(pd.Series([0.01, 0.04], index=["b", "a"]), "holm")
    assert found.to_dict() == {"b": 0.02, "a": 0.04}
    with pytest.raises(ps.FitError, match="1 of 2 p values are missing"):
        adjust(pd.Series([0.1, np.nan]), "bh")
    with pytest.raises(ps.SpecError, match="must be one of holm, bh"):
        adjust(pd.Series([0.1]), "bonferroni")


def test_the_detectable_effect_is_found_as_often_as_it_says():
    effect = detectable(0.5, power=0.8, significance=0.05)
    assert effect == pytest.approx((1.959963984540054 + 0.8416212335729143) * 0.5, rel=CLOSED)
    power = stats.norm.sf(1.959963984540054 - effect / 0.5)  # the other tail is 1e-6 of it
    assert power == pytest.approx(0.8, rel=CLOSED)
    # with t, Bloom's sum of quantiles is near the noncentral t, not equal to it
    exact = brentq(lambda e: stats.nct.sf(stats.t.ppf(0.975, 30), 30, e) - 0.8, 1, 6)
    assert detectable(1.0, power=0.8, significance=0.05, df=30) == pytest.approx(exact, rel=0.01)


@given(st.integers(0, 10**6), st.integers(1, 4))
def test_a_joint_test_is_the_quadratic_form(seed, q):
    rng = np.random.default_rng(seed)
    root, b = rng.normal(size=(q, q + 2)), rng.normal(size=q)
    V = root @ root.T
    want = float(b @ np.linalg.inv(V) @ b)
    z, t = wald(b, V, ("a",) * q, np.inf), wald(b, V, ("a",) * q, 7.0)
    assert z.statistic == pytest.approx(want, rel=1e-8)
    assert z.p_value == pytest.approx(stats.chi2.sf(want, q), rel=1e-7)
    assert t.statistic == pytest.approx(want / q, rel=1e-8)
    assert t.p_value == pytest.approx(stats.f.sf(want / q, q, 7), rel=1e-7)
    scale = 10.0 ** rng.integers(-12, 13, q)
    assert wald(
        b * scale, V * np.outer(scale, scale), ("a",) * q, np.inf
    ).statistic == pytest.approx(want, rel=1e-7)


def test_a_joint_test_of_one_is_the_square_of_the_single_test():
    found = wald(np.array([1.3]), np.array([[0.49]]), ("a",), 12)
    assert found.p_value == pytest.approx(two_sided(np.array([1.3 / 0.7]), 12)[0], rel=CLOSED)
    assert (found.df, found.df_denominator) == (1, 12)


@pytest.mark.parametrize(
    "V",
    [
        [[1.0, 1], [1, 1]],
        [[1.0, 2], [2, 1]],  # two-way clustering can give this: the statistic would be negative
        [[1.0, 0], [0, 0]],
        [[1.0, 0], [0, -1]],
        [[1.0, 0], [0, np.nan]],
        [[1e-24, 1e-12], [1e-12, 1.0]],
    ],
)
def test_a_covariance_that_is_none_is_refused(V):
    with pytest.raises(ps.FitError, match="2 coefficients cannot be tested jointly"):
        wald(np.array([1.0, 2]), np.array(V), ("a", "b"), np.inf)


@pytest.mark.parametrize("seed", range(30))
def test_fewer_clusters_than_coefficients_are_refused(seed):
    rng = np.random.default_rng(seed)
    d = pd.DataFrame(rng.normal(size=(40, 6)), columns=list("abcdev")).assign(
        g=rng.integers(0, 4, 40)
    )
    fit = ps.fit(d, ps.ModelSpec("m", "v ~ a + b + c + d + e", "linear", "cluster", cluster="g"))
    with pytest.raises(ps.FitError, match="not positive definite"):
        fit.joint_test(list("abcd"))
    assert fit.joint_test(["a", "b"]).p_value > 0
