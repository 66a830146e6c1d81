"""Benchmarking of an estimate: the formula written out with
another normal distribution, and simulation.

Tolerances: 1e-12 against the formula; three standard errors of the draws.
"""

from statistics import NormalDist

import numpy as np
import pytest

from peacestudy.coding.reliability import benchmark
from peacestudy.coding.reliability.benchmark_scales import SCALES, earned
from peacestudy.errors import CodingError


def cumulative(k, s, scale):
    """Gwet's chances of a band or better, the sums of irrCAC's
    landis.koch.bf, altman.bf and fleiss.bf.
    """
    phi = NormalDist().cdf
    whole = phi((k + 1) / s) - phi((k - 1) / s)
    high, total, out = 1.0, 0.0, []
    for low, _ in SCALES[scale]:
        total += (phi((k - low) / s) - phi((k - high) / s)) / whole
        out.append(total)
        high = low
    return out


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize(("k", "s"), [(0.77544, 0.14295), (0.95, 0.1), (0.1, 0.3), (-0.2, 0.05)])
def test_the_formula(scale, k, s):
    table = benchmark(k, s, scale)
    want = cumulative(k, s, scale)
    assert table["cumulative"].to_numpy() == pytest.approx(want, abs=1e-12)
    first = next(i for i, c in enumerate(want) if c >= 0.95)
    assert table["earned"].tolist() == [i == first for i in range(len(want))]
    assert earned(k, s, scale) == SCALES[scale][first][1]


def test_the_normal_is_cut_at_one():
    """Near one the cut matters: without it the bands would hold 69 %
    of the chance, and 'almost perfect' 62 %.
    """
    draws = np.random.default_rng(1).normal(0.95, 0.1, 400_000)
    kept = draws[np.abs(draws) <= 1]
    table = benchmark(0.95, 0.1, "landis_koch")
    for low, chance in zip(table["low"], table["cumulative"], strict=True):
        share = (kept >= low).mean()
        assert chance == pytest.approx(
            share, abs=3 * np.sqrt(share * (1 - share) / len(kept)) + 1e-5
        )
    assert table["chance"].iloc[0] > 0.9 > (draws <= 1).mean()


def test_no_standard_error_earns_nothing_and_no_spread_earns_the_band():
    assert (
        benchmark(0.7, float("nan"), "altman")["chance"].isna().all()
        and earned(0.7, float("nan"), "altman") == ""
    )
    assert (
        earned(1.0, 0.0, "landis_koch") == "almost perfect"
        and earned(0.8, 0.0, "krippendorff") == "reliable"
    )
    assert earned(0.5, 1e-12, "altman") == "moderate"


def test_an_unknown_scale_is_refused():
    with pytest.raises(CodingError, match="landis_koch"):
        benchmark(0.5, 0.1, "landis")
