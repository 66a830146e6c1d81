"""Krippendorff's alpha: his own table, another program, explicit loops, and the exact bootstrap.

Tolerances: 1e-10 where the same sums are added in another order;
printed digits where a reference prints no more.
"""

import itertools
import sys
from functools import cache

import krippendorff
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peacestudy.coding.reliability import alpha
from peacestudy.coding.reliability.krippendorff import METRICS, _by_pattern, _by_unit
from peacestudy.errors import CodingError

# Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, example C: 4 coders, 12 units, 41
# values
N = np.nan
TABLE_C = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, N, N, N],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, N, 3],
        [N, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, N],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, N],
    ]
)
PRINTED = {
    "nominal": 0.743421052632,
    "ordinal": 0.815387503755,
    "interval": 0.849107142857,
    "ratio": 0.797402774712,
}


def by_loops(values, level):
    """Alpha from pairs of values, one by one."""
    units = [[v for v in column if v == v] for column in np.asarray(values, dtype=float).T]
    units = [u for u in units if len(u) > 1]
    pool = [v for u in units for v in u]

    @cache
    def between(low, high):
        return sum(low <= v <= high for v in pool) - (pool.count(low) + pool.count(high)) / 2

    def apart(a, b):
        if level == "nominal":
            return float(a != b)
        if level == "interval":
            return (a - b) ** 2
        if level == "ratio":
            return 0.0 if a == b else ((a - b) / (a + b)) ** 2
        return 0.0 if a == b else between(*sorted((a, b))) ** 2

    observed = sum(
        apart(a, b) / (len(u) - 1) for u in units for a, b in itertools.permutations(u, 2)
    ) / len(pool)
    expected = sum(apart(a, b) for a, b in itertools.permutations(pool, 2)) / (
        len(pool) * (len(pool) - 1)
    )
    return 1 - observed / expected, observed, expected


@pytest.mark.parametrize("level", PRINTED)
def test_the_published_table(level):
    found = alpha(TABLE_C, level)
    assert found.alpha == pytest.approx(PRINTED[level], abs=1e-11)
    assert (found.n_units, found.n_values, found.n_coders) == (11, 40, 4)
    want, observed, expected = by_loops(TABLE_C, level)
    assert found.alpha == pytest.approx(want, abs=1e-10)
    assert (found.observed, found.expected) == pytest.approx((observed, expected), rel=1e-10)
    assert found.metric == METRICS[level]


def table(seed, units, coders, codes, missing):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, codes, units)
    values = np.where(
        rng.random((coders, units)) < 0.7, truth, rng.integers(0, codes, (coders, units))
    ).astype(float)
    values[rng.random(values.shape) < missing] = np.nan
    return values


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 10**6),
    st.integers(3, 30),
    st.integers(2, 5),
    st.integers(2, 6),
    st.sampled_from([0.0, 0.2, 0.5]),
    st.sampled_from(list(PRINTED)),
)
def test_any_table_equals_loops_and_another_program(seed, units, coders, codes, missing, level):
    values = table(seed, units, coders, codes, missing)
    paired = (~np.isnan(values)).sum(axis=0) > 1
    if not paired.any():
        with pytest.raises(CodingError, match="no unit has values of two coders"):
            alpha(values, level)
        return
    if len(np.unique(values[:, paired][~np.isnan(values[:, paired])])) < 2:
        assert np.isnan(alpha(values, level).alpha)
        return
    found = alpha(values, level).alpha
    assert found == pytest.approx(by_loops(values, level)[0], abs=1e-10)
    assert found == pytest.approx(
        krippendorff.alpha(reliability_data=values, level_of_measurement=level), abs=1e-10
    )


@pytest.mark.parametrize("level", PRINTED)
def test_values_with_many_distinct_points(level):
    values = np.random.default_rng(3).gamma(2, 1, (3, 80)).round(2)
    assert alpha(values, level).alpha == pytest.approx(by_loops(values, level)[0], abs=1e-10)


@pytest.mark.parametrize("level", PRINTED)
@pytest.mark.parametrize("units", [40, 3000])
def test_a_resample_is_alpha_of_the_units_drawn(level, units, monkeypatch):
    """Every resample's alpha equals alpha of the resampled
    table: the ordinal metric too is made anew.
    """
    # the function hides the module of its name
    module = sys.modules["peacestudy.coding.reliability.krippendorff"]

    drawn = []

    def keep(draw):
        def wrapped(weights, size, rng):
            drawn.append(draw(weights, size, rng))
            return drawn[-1]

        return wrapped

    monkeypatch.setattr(module, "_by_unit", keep(_by_unit))
    monkeypatch.setattr(module, "_by_pattern", keep(_by_pattern))
    values = table(1, units, 3, 4, 0.1)
    seen = []
    real = module._Kernel.disagreement
    monkeypatch.setattr(
        module._Kernel,
        "disagreement",
        lambda self, W: seen.append((self, real(self, W))) or seen[-1][1],
    )
    alpha(values, level, resamples=6, seed=5)
    kernel, (observed, expected) = seen[-1]
    for n, weights in enumerate(drawn[-1]):
        assert weights.sum() == (np.isfinite(values).sum(axis=0) > 1).sum()
        rows = np.repeat(kernel.P.astype(int), weights, axis=0)
        whole = np.full((3, len(rows)), np.nan)
        for u, row in enumerate(rows):
            codes = np.repeat(kernel.points, row)
            whole[: len(codes), u] = codes
        want = krippendorff.alpha(reliability_data=whole, level_of_measurement=level)
        assert 1 - observed[n] / expected[n] == pytest.approx(want, abs=1e-10)


SLOW_LOOPS = pytest.mark.slow(reason="loops over all pairs of ordinal values, 4 s")


@pytest.mark.parametrize(
    "level",
    [pytest.param(level, marks=[SLOW_LOOPS] * (level == "ordinal")) for level in PRINTED],
)
def test_many_distinct_values_are_held_sparsely_with_the_same_result(level, monkeypatch):
    values = np.random.default_rng(3).gamma(2, 1, (3, 80)).round(2)
    values[0, :10] = np.nan
    module = sys.modules["peacestudy.coding.reliability.krippendorff"]
    dense = alpha(values, level, resamples=50, seed=1)
    monkeypatch.setattr(module, "BLOCK", 1000)  # 80 units of some 170 values are more than that
    patterns, weights, points = module._patterns(values)
    assert not isinstance(patterns, np.ndarray) and (weights == 1).all()
    sparse = alpha(values, level, resamples=50, seed=1)
    assert sparse.alpha == pytest.approx(dense.alpha, abs=1e-12)
    assert sparse.alpha == pytest.approx(by_loops(values, level)[0], abs=1e-10)
    # units are drawn in another order, so the resamples differ: each is checked against weights
    # written out
    kernel = module._Kernel(patterns, points, level)
    W = np.random.default_rng(2).multinomial(80, np.full(80, 1 / 80), size=4)
    observed, expected = kernel.disagreement(W.astype(float))
    for n, times in enumerate(W):
        want = by_loops(np.repeat(values, times, axis=1), level)[0]
        assert 1 - observed[n] / expected[n] == pytest.approx(want, abs=1e-10)


def test_resamples_of_one_value_are_found_where_values_are_held_sparsely(monkeypatch):
    module = sys.modules["peacestudy.coding.reliability.krippendorff"]
    values = np.zeros((2, 12))
    values[:, 0] = 1
    dense = alpha(values, "interval", resamples=500, seed=3).undefined
    monkeypatch.setattr(module, "BLOCK", 10)
    sparse = alpha(values, "interval", resamples=500, seed=3).undefined
    expected = 500 * (11 / 12) ** 12
    # four standard errors of a binomial count
    assert abs(dense - expected) < 40 and abs(sparse - expected) < 40


def test_memory_does_not_grow_with_distinct_values():
    import tracemalloc

    # 16,000 distinct values: a dense table takes 512 MB
    values = np.random.default_rng(4).normal(size=(4, 4000))
    tracemalloc.start()
    for level in ("nominal", "ordinal", "interval"):
        alpha(values, level, resamples=40, seed=1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200e6


@pytest.mark.parametrize("draw", [_by_unit, _by_pattern])
def test_units_are_drawn_with_equal_chance(draw):
    weights = np.array([1, 5, 14])
    W = draw(weights, 20_000, np.random.default_rng(2))
    assert (W.sum(axis=1) == 20).all()
    # mean 20 p, variance 20 p (1 - p); three standard errors of 20,000 draws
    p = weights / 20
    assert np.abs(W.mean(axis=0) - weights).max() < 3 * np.sqrt(20 * p * (1 - p) / 20_000).max()
    assert W.var(axis=0) == pytest.approx(20 * p * (1 - p), rel=0.05)


def test_the_interval_covers_and_equal_seeds_give_equal_intervals():
    values = table(9, 400, 3, 3, 0.0)
    first, again, other = (alpha(values, "nominal", resamples=500, seed=s) for s in (1, 1, 2))
    assert (first.conf_low, first.conf_high, first.std_error) == (
        again.conf_low,
        again.conf_high,
        again.std_error,
    )
    assert first.conf_low != other.conf_low
    assert first.conf_low < first.alpha < first.conf_high
    rng = np.random.default_rng(0)
    by_hand = [
        krippendorff.alpha(
            reliability_data=values[:, rng.integers(0, 400, 400)], level_of_measurement="nominal"
        )
        for _ in range(500)
    ]
    # 500 draws each: about 3 % noise in either
    assert first.std_error == pytest.approx(np.std(by_hand), rel=0.15)


def test_one_code_only_has_no_alpha_and_says_so():
    found = alpha(np.ones((3, 20)), "nominal", resamples=100, seed=1)
    assert np.isnan(found.alpha) and np.isnan(found.conf_low)
    assert "every value of the 20 units coded twice is 1" in found.notes[0].text.lower()


def test_the_prevalence_paradox_is_told():
    values = np.zeros((2, 200))
    values[0, :5] = values[1, 5:10] = 1  # they agree on 95 % and never on a 1
    found = alpha(values, "nominal", resamples=200, seed=1)
    assert found.alpha < 0
    (note,) = [n for n in found.notes if n.kind == "prevalence"]
    assert "agree on 95%" in note.text and "98% of all codes are 0" in note.text


def test_no_paradox_is_told_where_chance_does_little():
    values = np.array([[0, 1] * 50, [0, 1] * 50], dtype=float)
    # agreement on 82 %, half the codes 1: alpha is .64 and no code is rare
    values[1, :18] = 1 - values[1, :18]
    found = alpha(values, "nominal")
    assert 0.6 < found.alpha < 0.667 and not found.notes


def test_resamples_of_one_code_are_counted_and_told():
    values = np.zeros((2, 12))
    values[:, 0] = 1
    found = alpha(values, "nominal", resamples=500, seed=3)
    assert found.undefined == pytest.approx(500 * (11 / 12) ** 12, abs=40)
    assert f"{found.undefined} of 500 resamples" in found.notes[-1].text


@pytest.mark.parametrize(
    ("values", "level", "words"),
    [
        ([[1, 2, 3]], "nominal", "no unit has values of two coders"),
        ([[1, N], [N, 1]], "nominal", "no unit has values of two coders"),
        ([["a", "b"], ["a", "c"]], "nominal", "not a number"),
        ([["1", "2"], ["1", "2"]], "nominal", "not a number"),
        ([[1, np.inf], [1, 2]], "nominal", "infinity"),
        ([[-1, 2], [1, 2]], "ratio", "negative"),
        ([1, 2], "nominal", r"shape \(coders, units\)"),
        ([[1, 2], [1, 2]], "ordnal", "Did you mean 'ordinal'"),
    ],
)
def test_bad_input_is_refused_with_what_to_do(values, level, words):
    with pytest.raises(CodingError, match=words):
        alpha(values, level)


def test_resamples_need_a_seed():
    with pytest.raises(CodingError, match="seed"):
        alpha([[1, 2], [1, 2]], "nominal", resamples=10)
