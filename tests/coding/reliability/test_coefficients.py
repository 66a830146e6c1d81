"""Gwet's family: values and standard errors that irrCAC prints, loops
over pairs, the jackknife, and simulation.

Tolerances: the five printed digits of irrCAC 1.0; 1e-12 against
loops; the jackknife within 5 % on 150 units.
"""

import itertools

import numpy as np
import pytest
from scipy import stats

from peacestudy.coding.reliability import agreement_weights, coefficient, table_coefficient
from peacestudy.errors import CodingError

N = np.nan
# Gwet (2014), Handbook of Inter-Rater Reliability, table of 12 units and 4 raters; expected: R
# 4.2.2, irrCAC 1.0
RAW4 = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, N, N, N],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, N, N],
        [N, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 3],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, N],
    ]
)
CODES = [1, 2, 3, 4, 5]
PRINTED = {
    "gwet": (0.77544, 0.14295),
    "alpha": (0.74342, 0.14557),
    "fleiss": (0.76117, 0.15302),
    "conger": (0.76282, 0.14917),
    "brennan_prediger": (0.77273, 0.14472),
    "percent": (0.81818, 0.12561),
}
TABLE3 = [[13, 0, 0], [0, 20, 7], [0, 4, 56]]


@pytest.mark.parametrize("name", PRINTED)
def test_estimate_and_standard_error_as_irrcac_prints_them(name):
    found = coefficient(RAW4, name, CODES)
    assert (round(found.estimate, 5), round(found.std_error, 5)) == PRINTED[name]
    half = stats.t.ppf(0.975, found.n_units - 1) * found.std_error
    assert found.conf_low == pytest.approx(found.estimate - half) and found.conf_high == min(
        1, found.estimate + half
    )


@pytest.mark.parametrize(
    ("weights", "want"), [("ordinal", 0.89894), ("linear", 0.85874), ("quadratic", 0.914)]
)
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
    [
        ("conger", 0.7964094, 0.05891072),
        ("fleiss", 0.7962397, None),
        ("gwet", 0.8493305, 0.04321747),
        ("brennan_prediger", 0.835, None),
        ("percent", 0.89, None),
    ],
)
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
    units = [
        [(g, v) for g, v in enumerate(column) if v == v]
        for column in np.asarray(values, dtype=float).T
    ]
    units = [u for u in units if u]
    at = {c: k for k, c in enumerate(codes)}
    paired = [u for u in units if len(u) > 1]
    agree = [
        np.mean([w[at[a]][at[b]] for (_, a), (_, b) in itertools.permutations(u, 2)])
        for u in paired
    ]
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
        own = {
            g: {c: np.mean([v == c for u in units for h, v in u if h == g]) for c in codes}
            for g in coders
        }
        expected = np.mean(
            [
                sum(w[at[a]][at[b]] * own[g][a] * own[h][b] for a in codes for b in codes)
                for g, h in itertools.permutations(coders, 2)
            ]
        )
    return (observed - expected) / (1 - expected), observed, expected


@pytest.mark.parametrize("name", ["percent", "brennan_prediger", "gwet", "fleiss", "conger"])
@pytest.mark.parametrize(
    "weights", ["identity", "linear", "quadratic", "ordinal", "radical", "ratio"]
)
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
    # two coders or more everywhere
    values[rng.integers(0, 3, 40), rng.choice(150, 40, replace=False)] = np.nan
    found = coefficient(values, name, range(4), weights)
    left = np.array(
        [
            coefficient(np.delete(values, i, axis=1), name, range(4), weights).estimate
            for i in range(150)
        ]
    )
    assert found.std_error == pytest.approx(
        np.sqrt(149 / 150 * ((left - left.mean()) ** 2).sum()), rel=0.05
    )


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
    # its chance agreement is 0 then
    assert coefficient(np.zeros((2, 9)), "gwet", [0, 1]).estimate == 1


@pytest.mark.parametrize(
    ("values", "name", "codes", "words"),
    [
        ([[0, 1]], "conger", [0, 1], "1 coder"),
        ([[0, N], [N, 1]], "conger", [0, 1], "no unit was coded by two"),
        ([[0, 7], [0, 1]], "conger", [0, 1], "7 is not a category"),
        ([[0, 1], [0, 1]], "kapa", [0, 1], "must be one of"),
        ([[0, 1], [0, 1]], "conger", [0], "two or more"),
        ([["0", "1"], ["0", "1"]], "conger", [0, 1], "not a number"),
        ([0, 1], "conger", [0, 1], "dimension"),
    ],
)
def test_bad_input_is_refused(values, name, codes, words):
    with pytest.raises(CodingError, match=words):
        coefficient(values, name, codes)


def test_ordinal_weights_by_hand():
    # four categories: pairs between 1 and 3 are (1,2), (1,3), (2,3), of six in all
    assert agreement_weights("ordinal", [0, 1, 2, 3])[0].round(6).tolist() == [
        1.0,
        round(5 / 6, 6),
        0.5,
        0.0,
    ]
    assert agreement_weights("quadratic", [0, 1, 3])[0].round(6).tolist() == [
        1.0,
        round(8 / 9, 6),
        0.0,
    ]
    # by hand: the root of the distance over the range; and (1-4)/(1+4) of the widest pair, squared
    assert agreement_weights("radical", [0, 1, 4])[0].round(6).tolist() == [1.0, 0.5, 0.0]
    assert agreement_weights("ratio", [1, 2, 4])[0].round(6).tolist() == [
        1.0,
        round(1 - (1 / 3) ** 2 / 0.6**2, 6),
        0.0,
    ]
    assert agreement_weights("ratio", [0, 1, 2])[0].tolist() == [
        1.0,
        0.0,
        0.0,
    ]  # anything beside zero is as far as can be
    with pytest.raises(CodingError, match="from 0 up"):
        agreement_weights("ratio", [-1, 0, 1])


def test_the_prevalence_paradox_is_told_by_kappa_and_does_not_touch_ac1():
    values = np.zeros((2, 200))
    values[0, :5] = values[1, 5:10] = 1  # they agree on 95 % and never on a 1
    kappa, ac1 = (coefficient(values, name, [0, 1]) for name in ("conger", "gwet"))
    assert kappa.estimate < 0 and [n.kind for n in kappa.notes] == ["prevalence"]
    assert (
        "agree on 95% of the units" in kappa.notes[0].text and "95% already" in kappa.notes[0].text
    )
    assert ac1.estimate > 0.9 and not ac1.notes


def test_one_unit_has_no_standard_error_and_says_so():
    found = coefficient([[0], [1]], "gwet", [0, 1])
    assert (
        np.isnan(found.std_error)
        and np.isnan(found.conf_low)
        and found.notes[-1].kind == "one_unit"
    )


def test_the_raw_form_of_a_table_has_the_same_estimate_and_the_larger_divisor():
    values = np.array([(i, j) for i in range(3) for j in range(3) for _ in range(TABLE3[i][j])]).T
    raw, printed = coefficient(values, "conger", range(3)), table_coefficient(TABLE3, "conger")
    assert raw.estimate == pytest.approx(printed.estimate, abs=1e-14)
    assert raw.std_error * np.sqrt(99 / 100) == pytest.approx(0.05891072, abs=5.1e-9)
