"""How long 1,000 resamples of alpha take, beside a loop over the krippendorff package: python
tests/benchmarks/bench_alpha.py [rounds].

Equality is asserted before anything is timed: alpha of the table, and alpha of resamples of it,
units written out one by one. The two sides take turns in one process, so that a busy machine slows
both. The loop is timed on 50 resamples and scaled up.
"""

import sys
from statistics import median
from time import perf_counter

import krippendorff
import numpy as np

from peacestudy.coding.reliability import alpha

ROUNDS = 7
SAME = 1e-10
RESAMPLES, LOOPED = 1000, 50
LEVELS = ("nominal", "ordinal", "interval", "ratio")


def draw(units, coders=4, codes=5):
    """Codes of which four fifths are true and a tenth missing, shape (coders, units)."""
    rng = np.random.default_rng(20261124)
    truth = rng.integers(0, codes, units)
    values = np.where(
        rng.random((coders, units)) < 0.8, truth, rng.integers(0, codes, (coders, units))
    ).astype(float)
    values[rng.random(values.shape) < 0.1] = np.nan
    return values


def loop(values, level, times):
    """Alpha of resamples of units, by the package."""
    rng = np.random.default_rng(1)
    units = values.shape[1]
    return [
        krippendorff.alpha(
            reliability_data=values[:, rng.integers(0, units, units)], level_of_measurement=level
        )
        for _ in range(times)
    ]


def same(values, level):
    """The table and resamples of it have the same alpha on both sides."""
    rng = np.random.default_rng(2)
    units = values.shape[1]
    for at in (np.arange(units), *(rng.integers(0, units, units) for _ in range(3))):
        want = krippendorff.alpha(reliability_data=values[:, at], level_of_measurement=level)
        np.testing.assert_allclose(alpha(values[:, at], level).alpha, want, rtol=0, atol=SAME)


def turns(values, level, rounds):
    """Median seconds of 1,000 resamples: ours, and the loop's."""
    ours, theirs = [], []
    for _ in range(rounds):
        start = perf_counter()
        alpha(values, level, resamples=RESAMPLES, seed=1)
        middle = perf_counter()
        loop(values, level, LOOPED)
        ours.append(middle - start)
        theirs.append((perf_counter() - middle) * RESAMPLES / LOOPED)
    return median(ours), median(theirs)


def main(rounds):
    print(f"{RESAMPLES} resamples, 4 coders, 5 codes, a tenth missing; medians of {rounds} rounds")
    for units in (1000, 10_000):
        values = draw(units)
        for level in LEVELS:
            same(values, level)
            ours, theirs = turns(values, level, rounds)
            print(
                f"{units:6} units  {level:9} {ours:7.3f} s   loop {theirs:8.2f} s   ratio"
                f" {theirs / ours:6.0f}"
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
