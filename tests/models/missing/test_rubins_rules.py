"""Rubin's rules against mice 3.15 (R 4.2.2): the digits it prints."""

import numpy as np
import pytest

from peacestudy.errors import FitError
from peacestudy.models.missing.rubins_rules import pool

Q, U = [2, 2.5, 1.8, 2.2, 2.4], [0.1, 0.12, 0.09, 0.11, 0.1]


def test_infinite_sample_as_mice_prints_it():
    found = pool(Q, U, np.inf)
    assert (found.estimate, found.within, found.between, found.total) == pytest.approx(
        (2.18, 0.104, 0.082, 0.2024), abs=1e-12
    )
    assert (found.increase, found.df, found.fmi) == pytest.approx(
        (0.9461538462, 16.9235243572, 0.5377466402), abs=5e-11
    )
    assert found.share == pytest.approx(0.0984 / 0.2024)
    assert found.monte_carlo == pytest.approx(np.sqrt(0.082 / 5))


def test_small_sample_as_mice_prints_it():
    found = pool(Q, U, 98)  # n 100, two coefficients
    assert found.df == pytest.approx(12.60251426, abs=5e-9)
    assert found.fmi == pytest.approx(0.5520315451, abs=5e-11)


def test_nothing_between_the_draws_is_the_fit_itself():
    found = pool([2.0] * 4, [0.25] * 4, 30)
    assert (found.estimate, found.std_error, found.share) == (2.0, 0.5, 0.0)
    assert found.df == pytest.approx(31 / 33 * 30)
    assert pool([2.0] * 4, [0.25] * 4, np.inf).df == np.inf


@pytest.mark.parametrize("values", [[1.0], [1.0, np.nan]])
def test_too_little_to_pool_is_refused(values):
    with pytest.raises(FitError, match="cannot be pooled"):
        pool(values, [1.0] * len(values), np.inf)


@pytest.mark.parametrize(
    ("variances", "df"), [([1.0], 5), ([1.0, -1.0], 5), ([1.0, 1.0], 0), ([1.0, 1.0], np.nan)]
)
def test_what_does_not_belong_together_is_refused(variances, df):
    with pytest.raises(FitError, match="as many variances"):
        pool([1.0, 2.0], variances, df)
