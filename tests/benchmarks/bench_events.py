"""How long events take to windows, beside pandas' merge, filter and groupby: python
tests/benchmarks/bench_events.py [rounds].

Equality is asserted before anything is timed; the two sides take turns in one process, and their
own seconds of the processor are counted, since a busy machine stops short work and long work
unequally. Then the same with twice the events, and with twice the windows: what grows in proportion
takes twice as long at most.
"""

import sys
from statistics import median
from time import process_time

import numpy as np
import pandas as pd

from peacestudy.joins import event_windows

ROUNDS = 5
EVENTS, WINDOWS, UNITS = 350_000, 5_000, 120
FIRST, LAST = np.datetime64("1989-01-01"), np.datetime64("2023-12-31")
DAYS = int((LAST - FIRST).astype(int)) + 1
ONE = {"deaths": ("best", "sum")}
FOUR = {**ONE, "deaths_high": ("high", "sum"), "worst": ("best", "max"), "events": (None, "count")}
NAMED = {"sum": "sum", "max": "max", "count": "size"}  # in pandas


def draw(events=EVENTS, windows=WINDOWS):
    """Events with a first and last day and deaths, nine of ten on one
    day; and cases with windows of five years.
    """
    rng = np.random.default_rng(20261126)
    start = FIRST + rng.integers(0, DAYS, events)
    low = rng.poisson(2, events)
    table = pd.DataFrame(
        {
            "state": rng.integers(0, UNITS, events),
            "date_start": start.astype("datetime64[s]"),
            "date_end": (
                (start + np.where(rng.random(events) < 0.9, 0, rng.integers(1, 31, events))).astype(
                    "datetime64[s]"
                )
            ),
            "best": low,
            "high": low + rng.poisson(1, events),
        }
    )
    begun = FIRST + rng.integers(0, DAYS - 1826, windows)
    cases = pd.DataFrame(
        {
            "case_id": np.arange(windows),
            "state": rng.integers(0, UNITS, windows),
            "start": begun.astype("datetime64[s]"),
            "end": (begun + 1825).astype("datetime64[s]"),
        }
    )
    return cases, table


def ours(cases, table, spanning, measures):
    ends = {} if spanning == "start" else {"date_end": "date_end"}
    return event_windows(
        cases,
        table,
        on="state",
        start="start",
        end="end",
        date="date_start",
        **ends,
        spanning=spanning,
        measures=measures,
        name="events",
        absent=0,
        years=(1989, 2023),
        units="all",
    ).data


def by_merge(cases, table, spanning, measures):
    """What one writes in pandas: all pairs of a state, those inside,
    sums by case; cases without events are zero.
    """
    used = ["state", "date_start", *sorted({c for c, _ in measures.values() if c})]
    pairs = cases.merge(table[used if spanning == "start" else [*used, "date_end"]], on="state")
    last = pairs.date_start if spanning == "start" else pairs.date_end
    inside = pairs[(pairs.date_start <= pairs.end) & (last >= pairs.start)]
    named = {new: (column or "best", NAMED[how]) for new, (column, how) in measures.items()}
    found = inside.groupby("case_id").agg(**named)
    out = cases.merge(found, left_on="case_id", right_index=True, how="left")
    return out.fillna({new: 0 for new in measures if new != "worst"})


def same(cases, table, spanning, measures):
    found, want = ours(cases, table, spanning, measures), by_merge(cases, table, spanning, measures)
    for column in measures:
        values = found[column].astype("float64").to_numpy(na_value=np.nan)
        np.testing.assert_array_equal(values, want[column].astype("float64").to_numpy(), column)


def turns(sides, rounds):
    """Median seconds of every side, the sides taking turns."""
    times = {name: [] for name in sides}
    for _ in range(rounds):
        for name, run in sides.items():
            start = process_time()
            run()
            times[name].append(process_time() - start)
    return {name: median(values) for name, values in times.items()}


def main(rounds):
    print(
        f"{EVENTS:,} events of {UNITS} states into {WINDOWS:,} windows of five years; medians of"
        f" {rounds} rounds"
    )
    for spanning in ("start", "overlap"):
        for measures in (ONE, FOUR):
            cases, table = draw()
            same(cases, table, spanning, measures)
            took = turns(
                {
                    "ours": lambda c=cases, t=table, s=spanning, m=measures: ours(c, t, s, m),
                    "merge": lambda c=cases, t=table, s=spanning, m=measures: by_merge(c, t, s, m),
                },
                rounds,
            )
            ratio = took["merge"] / took["ours"]
            what = f"spanning={spanning:8} {len(measures)} column(s)"
            print(
                f"{what}   ours {took['ours']:6.3f} s   merge {took['merge']:6.3f} s   ratio"
                f" {ratio:5.1f}"
            )
    sizes = {
        "one": draw(),
        "events x 2": draw(events=2 * EVENTS),
        "windows x 2": draw(windows=2 * WINDOWS),
    }
    for spanning in ("start", "overlap"):
        runs = {n: lambda c=c, t=t, s=spanning: ours(c, t, s, FOUR) for n, (c, t) in sizes.items()}
        took = turns(runs, 3 * rounds)
        print(
            f"spanning={spanning:8} "
            + "   ".join(f"{n} {t:.3f} s ({t / took['one']:.2f})" for n, t in took.items())
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
