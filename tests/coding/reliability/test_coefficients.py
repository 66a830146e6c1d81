"""Gwet's family: values and standard errors that irrCAC prints, loops over pairs, the jackknife, and simulation.

Tolerances: the five printed digits of irrCAC 1.0; 1e-12 against loops; the jackknife within 5 % on 150 units.
"""

import itertools

import numpy as np
import pytest
from scipy import stats

from peacestudy.coding.reliability import agreement_weights, benchmark, coefficient, icc, table_coefficient
from peacestudy.coding.reliability.benchmark import earned
from peacestudy.errors import CodingError

N = np.nan
# Gwet (2014), Handbook of Inter-Rater Reliability, table of 12 units and 4 raters; expected: R 4.2.2, irrCAC 1.0
RAW4 = np.array([
    [1, 2, 3, 3, 2, 1, 4, 1, 2, N, N, N],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, N, N],
    [N, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 3],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, N],
])  # fmt: skip
CODES = [1, 2, 3, 4, 5]
PRINTED = {
    "gwet": (0.77544, 0.14295), "alpha": (0.74342, 0.14557), "fleiss": (0.76117, 0.15302), "conger": (0.76282, 0.14917),
    "brennan_prediger": (0.77273, 0.14472), "percent": (0.81818, 0.12561),
}  # fmt: skip
TABLE3 = [[13, 0, 0], [0, 20, 7], [0, 4, 56]]


@pytest.mark.parametrize("name", PRINTED)
def test_estimate_and_standard_error_as_irrcac_prints_them(name):
    found = coefficient(RAW4, name, CODES)
    assert (round(found.estimate, 5), round(found.std_error, 5)) == PRINTED[name]
    half = stats.t.ppf(0.975, found.n_units - 1) * found.std_error
    assert found.conf_low == pytest.approx(found.estimate - half) and found.conf_high == min(1, found.estimate + half)


@pytest.mark.parametrize(("weights", "want"), [("ordinal", 0.89894), ("linear", 0.85874), ("quadratic", 0.914)])
def test_weighted_ac2_as_irrcac_prints_it(weights, want):
    found = coefficient(RAW4, "gwet", CODES, weights)
    assert found.estimate == pytest.approx(want, abs=5.1e-6)
    assert found.label == f"Gwet's AC2, {weights} weights"
    if weights == "ordinal":
        assert found.std_error == pytest.approx(0.1069, abs=5e-5)


def test_gwets_ordinal_alpha_is_not_krippendorffs():
    found = coefficient(RAW4, "alpha", CODES, "ordinal")
    assert round(found.estimate, 5) == 0.83364 and "Gwet's weighting" in found.label


@pytest.mark.parametrize(
    ("name", "estimate", "se"),
    [("conger", 0.7964094, 0.05891072), ("fleiss", 0.7962397, None), ("gwet", 0.8493305, 0.04321747), ("brennan_prediger", 0.835, None),
     ("percent", 0.89, None)],
)  # fmt: skip
def test_a_table_of_two_coders(name, estimate, se):
    found = table_coefficient(TABLE3, name)
    assert found.estimate == pytest.approx(estimate, abs=5.1e-8)
    if se:
        assert found.std_error == pytest.approx(se, abs=5.1e-9)


def test_names_follow_the_number_of_coders():
    two = RAW4[1:3]
    assert coefficient(two, "conger", CODES).label == "Cohen's kappa"
    assert coefficient(two, "fleiss", CODES).label == "Scott's pi"
    assert coefficient(RAW4, "conger", CODES).label == "Conger's kappa"
    assert coefficient(RAW4, "fleiss", CODES).label == "Fleiss' kappa"


def by_loops(values, name, codes, w):
    """Coefficients from pairs of coders within units, one by one."""
    units = [[(g, v) for g, v in enumerate(column) if v == v] for column in np.asarray(values, dtype=float).T]
    units = [u for u in units if u]
    at = {c: k for k, c in enumerate(codes)}
    paired = [u for u in units if len(u) > 1]
    agree = [np.mean([w[at[a]][at[b]] for (_, a), (_, b) in itertools.permutations(u, 2)]) for u in paired]
    observed = np.mean(agree)
    share = {c: np.mean([np.mean([v == c for _, v in u]) for u in units]) for c in codes}
    q = len(codes)
    if name == "percent":
        expected = 0.0
    elif name == "brennan_prediger":
        expected = np.sum(w) / q**2
    elif name == "gwet":
        expected = np.sum(w) / (q * (q - 1)) * sum(p * (1 - p) for p in share.values())
    elif name == "fleiss":
        expected = sum(w[at[a]][at[b]] * share[a] * share[b] for a in codes for b in codes)
    else:
        coders = sorted({g for u in units for g, _ in u})
        own = {g: {c: np.mean([v == c for u in units for h, v in u if h == g]) for c in codes} for g in coders}
        expected = np.mean([
            sum(w[at[a]][at[b]] * own[g][a] * own[h][b] for a in codes for b in codes) for g, h in itertools.permutations(coders, 2)
        ])  # fmt: skip
    return (observed - expected) / (1 - expected), observed, expected


@pytest.mark.parametrize("name", ["percent", "brennan_prediger", "gwet", "fleiss", "conger"])
@pytest.mark.parametrize("weights", ["identity", "linear", "quadratic", "ordinal"])
@pytest.mark.parametrize("seed", range(4))
def test_any_table_equals_loops(name, weights, seed):
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 4, (2 + seed, 25)).astype(float)
    values[:, :15] = values[0, :15]
    values[rng.random(values.shape) < 0.15] = np.nan
    codes = [0, 1, 2, 3, 4]  # a code that nobody gave
    found = coefficient(values, name, codes, weights)
    assert (found.estimate, found.observed, found.expected) == pytest.approx(
        by_loops(values, name, codes, agreement_weights(weights, codes)), abs=1e-12
    )


@pytest.mark.parametrize("name", PRINTED)
@pytest.mark.parametrize("weights", ["identity", "ordinal"])
def test_standard_errors_are_near_the_jackknife(name, weights):
    """And both near the spread of estimates over samples: checked by simulation for kappa below."""
    rng = np.random.default_rng(4)
    truth = rng.integers(0, 4, 150)
    values = np.where(rng.random((3, 150)) < 0.7, truth, rng.integers(0, 4, (3, 150))).astype(float)
    values[rng.integers(0, 3, 40), rng.choice(150, 40, replace=False)] = np.nan  # two coders or more everywhere
    found = coefficient(values, name, range(4), weights)
    left = np.array([coefficient(np.delete(values, i, axis=1), name, range(4), weights).estimate for i in range(150)])
    assert found.std_error == pytest.approx(np.sqrt(149 / 150 * ((left - left.mean()) ** 2).sum()), rel=0.05)


def test_the_standard_error_is_the_spread_over_samples():
    rng = np.random.default_rng(8)
    est, se = [], []
    for _ in range(600):
        truth = rng.integers(0, 3, 80)
        values = np.where(rng.random((3, 80)) < 0.75, truth, rng.integers(0, 3, (3, 80)))
        found = coefficient(values, "conger", range(3))
        est.append(found.estimate)
        se.append(found.std_error)
    assert np.mean(se) == pytest.approx(np.std(est), rel=0.1)  # 600 samples: 3 % noise


def test_one_code_only_is_told_and_percent_is_one():
    assert coefficient(np.zeros((2, 9)), "percent", [0, 1]).estimate == 1
    kappa = coefficient(np.zeros((2, 9)), "conger", [0, 1])
    assert np.isnan(kappa.estimate) and "not defined" in kappa.notes[0].text
    assert coefficient(np.zeros((2, 9)), "gwet", [0, 1]).estimate == 1  # its chance agreement is 0 then


@pytest.mark.parametrize(
    ("values", "name", "codes", "words"),
    [
        ([[0, 1]], "conger", [0, 1], "1 coder"),
        ([[0, N], [N, 1]], "conger", [0, 1], "no unit was coded by two"),
        ([[0, 7], [0, 1]], "conger", [0, 1], "7 is no category"),
        ([[0, 1], [0, 1]], "kapa", [0, 1], "must be one of"),
        ([[0, 1], [0, 1]], "conger", [0], "two or more"),
    ],
)
def test_bad_input_is_refused(values, name, codes, words):
    with pytest.raises(CodingError, match=words):
        coefficient(values, name, codes)


def test_ordinal_weights_by_hand():
    # four categories: pairs between 1 and 3 are (1,2), (1,3), (2,3), of six in all
    assert agreement_weights("ordinal", [0, 1, 2, 3])[0].round(6).tolist() == [1.0, round(5 / 6, 6), 0.5, 0.0]
    assert agreement_weights("quadratic", [0, 1, 3])[0].round(6).tolist() == [1.0, round(8 / 9, 6), 0.0]


def test_icc_of_shrout_and_fleiss():
    judges = np.array([[9, 6, 8, 7, 10, 6], [2, 1, 4, 1, 5, 2], [5, 3, 6, 2, 6, 4], [8, 2, 8, 6, 9, 7]])
    found = icc(judges)
    assert (round(found.single, 2), round(found.average, 2)) == (0.29, 0.62)
    # psych 2.2.9, ICC(): ICC2 .29 (.02 to .76), ICC2k .62 (.07 to .93)
    assert [round(v, 2) for v in (found.conf_low, found.conf_high, found.average_low, found.average_high)] == [
        0.02,
        0.76,
        0.07,
        0.93,
    ]


def test_icc_leaves_incomplete_units_out_and_says_so():
    values = np.array([[1.0, 2, 3, 4], [1, 2, 4, N]])
    found = icc(values)
    assert found.n_units == 3 and "1 unit(s)" in found.notes[0].text
    assert np.isnan(icc(np.ones((2, 5))).single)
    with pytest.raises(CodingError, match="needs two of each"):
        icc([[1.0, 2.0]])


def test_benchmark_is_the_chance_of_each_band():
    table = benchmark(0.5, 0.1, "landis_koch")
    draws = np.random.default_rng(1).normal(0.5, 0.1, 400_000)
    draws = draws[np.abs(draws) <= 1]
    ends = [0.8, 0.6, 0.4, 0.2, 0.0, -1.0]
    counted = np.histogram(draws, bins=[*reversed(ends), 1.0])[0][::-1] / len(draws)
    assert table["chance"].to_numpy() == pytest.approx(counted, abs=0.003)  # three standard errors of 400,000 draws
    assert table["cumulative"].iloc[-1] == pytest.approx(1)
    assert table.loc[table["earned"], "word"].tolist() == ["fair"]  # moderate or better: .84; fair or better: .999
    assert earned(0.9, 0.01, "krippendorff") == "reliable" and earned(0.9, 0.0, "altman") == "very good"
    assert earned(float("nan"), 0.1, "fleiss") == ""
