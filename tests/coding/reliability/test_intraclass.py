"""The intraclass correlation: the published example, mean
squares of another program, and simulation.

Tolerances: printed digits; 1e-10 where the same sums are added in another order.
"""

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from statsmodels.stats.anova import anova_lm

from peacestudy.coding.reliability import icc
from peacestudy.errors import CodingError

N = np.nan
# Shrout and Fleiss (1979), Psychological Bulletin 86(2), table 2: four judges, six targets
JUDGES = np.array(
    [[9, 6, 8, 7, 10, 6], [2, 1, 4, 1, 5, 2], [5, 3, 6, 2, 6, 4], [8, 2, 8, 6, 9, 7]], dtype=float
)


def by_anova(values):
    """ICC(A,1) and ICC(A,k) from the mean squares of statsmodels' two-way table."""
    k, n = values.shape
    d = pd.DataFrame(
        [(g, u, values[g, u]) for g in range(k) for u in range(n)], columns=["coder", "unit", "y"]
    )
    table = anova_lm(smf.ols("y ~ C(unit) + C(coder)", d).fit())
    unit, coder, error = (
        table.sum_sq[i] / table.df[i] for i in ("C(unit)", "C(coder)", "Residual")
    )
    single = (unit - error) / (unit + (k - 1) * error + k * (coder - error) / n)
    return single, (unit - error) / (unit + (coder - error) / n)


@pytest.mark.parametrize("seed", range(4))
def test_values_of_another_programs_mean_squares(seed):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=12) + 0.5 * rng.normal(size=(3, 1)) + rng.normal(size=(3, 12)) * 0.7
    found = icc(values)
    assert (found.single, found.average) == pytest.approx(by_anova(values), abs=1e-10)
    assert (
        found.conf_low < found.single < found.conf_high
        and found.average_low < found.average < found.average_high
    )


def test_the_published_example():
    found = icc(JUDGES)
    assert (round(found.single, 2), round(found.average, 2)) == (0.29, 0.62)
    assert (found.single, found.average) == pytest.approx(by_anova(JUDGES), abs=1e-10)
    # R package psych 2.2.9, ICC(): ICC2 .29 (.02 to .76), ICC2k .62 (.07 to .93)
    ends = (found.conf_low, found.conf_high, found.average_low, found.average_high)
    assert [round(v, 2) for v in ends] == [0.02, 0.76, 0.07, 0.93]


def test_intervals_hold_the_true_value_as_often_as_they_say():
    rng = np.random.default_rng(5)
    inside = 0
    for _ in range(1500):  # variances: units 2, coders .5, error 1
        values = (
            np.sqrt(2) * rng.normal(size=30)
            + np.sqrt(0.5) * rng.normal(size=(4, 1))
            + rng.normal(size=(4, 30))
        )
        found = icc(values)
        inside += found.conf_low <= 2 / 3.5 <= found.conf_high
    # 1500 samples: standard error .0056; three of them around .95
    assert abs(inside / 1500 - 0.95) < 3 * np.sqrt(0.95 * 0.05 / 1500)


def test_a_wider_confidence_gives_a_wider_interval():
    narrow, wide = icc(JUDGES, 0.8), icc(JUDGES, 0.99)
    assert wide.conf_low < narrow.conf_low < narrow.conf_high < wide.conf_high


def test_incomplete_units_are_left_out_and_told():
    values = np.array([[1.0, 2, 3, 4], [1, 2, 4, N]])
    found = icc(values)
    assert found.n_units == 3 and "1 unit(s)" in found.notes[0].text
    assert found.single == icc(values[:, :3]).single


def test_perfect_agreement_is_one():
    found = icc(np.tile([1.1, 2.2, 3.3, 5.0], (3, 1)))
    assert (found.single, found.conf_low, found.conf_high, found.average) == (1, 1, 1, 1)


@pytest.mark.parametrize(
    ("values", "kind", "single"),
    [
        (np.ones((2, 5)), "no_variation", N),  # nothing varies
        ([[1, 1, 1], [2, 2, 2]], "units_alike", 0.0),  # coders differ, units do not
        # codes of a unit lie apart, their means do not
        ([[1, 2, 3], [3, 2, 1]], "units_alike", -3.0),
    ],
)
def test_what_is_not_defined_is_missing_and_told(values, kind, single):
    found = icc(values)
    assert found.notes[-1].kind == kind
    assert found.single == pytest.approx(single, nan_ok=True) and np.isnan(found.conf_low)
    assert not found.average > 1


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([[1.0, 2.0]], "needs two of each"),
        ([[1, N, 2], [N, 1, 2]], "1 unit"),
        ([["1", "2"], ["1", "2"]], "not a number"),
        ([[1, np.inf], [1, 2]], "infinity"),
    ],
)
def test_bad_input_is_refused(values, words):
    with pytest.raises(CodingError, match=words):
        icc(values)


def test_it_draws_itself():
    assert "absolute agreement; 6 units, 4 coders" in icc(JUDGES)._repr_html_()
