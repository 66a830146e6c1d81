"""The stored coverage of intervals of effects
(tests/benchmarks/effects_coverage.py): seeds give it again, and it is 95 %.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))
from effects_coverage import CELLS, SETS, STORED, interval  # noqa: E402

WITHIN = 3 * (0.95 * 0.05 / SETS) ** 0.5  # three Monte Carlo errors of a coverage, 2.1 points
AGAIN = 1e-7  # relative; sums are taken in another order on another machine
# The chance of a middle category turns where it is highest: there its gradient, and so the standard
# error of the delta method, shrinks with the estimate itself, and low estimates have intervals that
# are too short (Oehlert 1992: the method needs a gradient off zero).
SHORT = {"change of the chance of a middle category": (0.89, 0.93)}
SEEDS = (0, 499, 999)


@pytest.mark.parametrize("name", list(CELLS))
def test_intervals_hold_the_truth_as_often_as_they_say(name):
    found = pd.read_csv(STORED)
    found, truth = found[found["cell"] == name], CELLS[name].truth
    assert found["seed"].tolist() == list(range(SETS))
    hit = ((found["conf_low"] <= truth) & (truth <= found["conf_high"])).mean()
    if name in SHORT:
        low, high = SHORT[name]
        assert low <= hit <= high
        assert (found["conf_high"] < truth).sum() > 5 * (found["conf_low"] > truth).sum()
        assert np.corrcoef(found["estimate"], found["std_error"])[0, 1] > 0.7
    else:
        assert hit == pytest.approx(0.95, abs=WITHIN)
    # no bias beyond a tenth of a standard error, which falls with N; standard errors are what the
    # estimates do
    assert (
        abs(found["estimate"].mean() - truth)
        < 0.1 * found["estimate"].std() + 3 * found["estimate"].std() / SETS**0.5
    )
    assert found["std_error"].mean() / found["estimate"].std() == pytest.approx(1, abs=0.08)
    for seed in SEEDS:
        want = (
            found[found["seed"] == seed]
            .iloc[0][["estimate", "std_error", "conf_low", "conf_high"]]
            .astype(float)
        )
        np.testing.assert_allclose(interval(CELLS[name], seed), want, rtol=AGAIN)
