"""How long events take to windows, beside pandas' merge, filter and groupby: python tests/benchmarks/bench_events.py [rounds].

Equality is asserted before anything is timed; the two sides take turns in one process, so that a busy machine slows both. Then the
same with twice the events, and with twice the windows: what grows in proportion takes twice as long at most.
"""

import sys
from statistics import median
from time import perf_counter

import numpy as np
import pandas as pd

from peacestudy.joins import event_windows

ROUNDS = 5
EVENTS, WINDOWS, UNITS = 350_000, 5_000, 200
FIRST, LAST = np.datetime64("1989-01-01"), np.datetime64("2023-12-31")
DAYS = int((LAST - FIRST).astype(int)) + 1
MEASURES = {"deaths": ("best", "sum"), "deaths_high": ("high", "sum"), "worst": ("best", "max"), "events": (None, "count")}


def draw(events=EVENTS, windows=WINDOWS):
    """Events with a first and last day and deaths, nine of ten on one day; and cases with windows of five years."""
    rng = np.random.default_rng(20261126)
    start = FIRST + rng.integers(0, DAYS, events)
    low = rng.poisson(2, events)
    table = pd.DataFrame({
        "state": rng.integers(0, UNITS, events),
        "date_start": start.astype("datetime64[s]"),
        "date_end": (start + np.where(rng.random(events) < 0.9, 0, rng.integers(1, 31, events))).astype("datetime64[s]"),
        "best": low, "high": low + rng.poisson(1, events),
    })  # fmt: skip
    begun = FIRST + rng.integers(0, DAYS - 1826, windows)
    cases = pd.DataFrame({
        "case_id": np.arange(windows), "state": rng.integers(0, UNITS, windows),
        "start": begun.astype("datetime64[s]"), "end": (begun + 1825).astype("datetime64[s]"),
    })  # fmt: skip
    return cases, table


def ours(cases, table, spanning):
    ends = {} if spanning == "start" else {"date_end": "date_end"}
    return event_windows(
        cases, table, on="state", start="start", end="end", date="date_start", **ends, spanning=spanning,
        measures=MEASURES, name="events", absent=0,
    ).data  # fmt: skip


def by_merge(cases, table, spanning):
    """What one writes in pandas: all pairs of a state, those inside, sums by case; cases without events are zero."""
    pairs = cases.merge(table, on="state")
    last = pairs.date_start if spanning == "start" else pairs.date_end
    inside = pairs[(pairs.date_start <= pairs.end) & (last >= pairs.start)]
    found = inside.groupby("case_id").agg(
        deaths=("best", "sum"), deaths_high=("high", "sum"), worst=("best", "max"), events=("best", "size")
    )
    out = cases.merge(found, left_on="case_id", right_index=True, how="left")
    return out.fillna({"deaths": 0, "deaths_high": 0, "events": 0})


def same(cases, table, spanning):
    found, want = ours(cases, table, spanning), by_merge(cases, table, spanning)
    for column in MEASURES:
        np.testing.assert_array_equal(
            found[column].astype("float64").to_numpy(na_value=np.nan), want[column].astype("float64").to_numpy(), column
        )


def turns(sides, rounds):
    """Median seconds of every side, the sides taking turns."""
    times = {name: [] for name in sides}
    for _ in range(rounds):
        for name, run in sides.items():
            start = perf_counter()
            run()
            times[name].append(perf_counter() - start)
    return {name: median(values) for name, values in times.items()}


def main(rounds):
    print(f"{EVENTS:,} events of {UNITS} states into {WINDOWS:,} windows of five years; medians of {rounds} rounds")
    for spanning in ("start", "overlap"):
        cases, table = draw()
        same(cases, table, spanning)
        sides = {
            "ours": lambda c=cases, t=table, s=spanning: ours(c, t, s),
            "merge": lambda c=cases, t=table, s=spanning: by_merge(c, t, s),
        }
        took = turns(sides, rounds)
        ratio = took["merge"] / took["ours"]
        print(f"spanning={spanning:8} ours {took['ours']:7.3f} s   merge {took['merge']:7.3f} s   ratio {ratio:5.1f}")
    sizes = {"one": draw(), "events x 2": draw(events=2 * EVENTS), "windows x 2": draw(windows=2 * WINDOWS)}
    for spanning in ("start", "share"):
        part = {n: (cases, table) for n, (cases, table) in sizes.items()}
        runs = {n: lambda c=c, t=t, s=spanning: grown(c, t, s) for n, (c, t) in part.items()}
        took = turns(runs, 3 * rounds)
        print(f"spanning={spanning:8} " + "   ".join(f"{n} {t:.3f} s ({t / took['one']:.2f})" for n, t in took.items()))


def grown(cases, table, spanning):
    ends = {} if spanning == "start" else {"date_end": "date_end"}
    return event_windows(
        cases, table, on="state", start="start", end="end", date="date_start", **ends, spanning=spanning,
        measures={"deaths": ("best", "sum"), "events": (None, "count")}, name="events", absent=0,
    )  # fmt: skip


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
