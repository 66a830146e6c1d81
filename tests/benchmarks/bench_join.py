"""Three left joins onto 4.8 million directed dyad-years, beside pandas' own merge: python
tests/benchmarks/bench_join.py [rounds | memory].

Both sides get the same tables with the keys that people have, ISO3 texts and years, and the same
columns come out: that is asserted first, cell by cell, for each way in which pandas holds texts.
The sides take turns in one process. Then the growth with the number of rows; ``memory`` gives the
peak of a process that only joins (all tables and the result).
"""

import resource
import sys
from statistics import median
from time import perf_counter, process_time

import numpy as np
import pandas as pd

import peacestudy as ps

ROUNDS = 3
FIRST, LAST, STATES = 1816, 2024, 217


def tables():
    """Dyad-years, state-years with six columns for either side,
    and a third of the dyad-years with four.
    """
    rng = np.random.default_rng(0)
    letters = np.array(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    codes = np.unique(["".join(rng.choice(letters, 3)) for _ in range(STATES + 9)])[:STATES]
    birth = np.where(rng.random(STATES) < 0.15, FIRST, rng.integers(FIRST, 1995, STATES))
    parts = []
    for year in range(FIRST, LAST + 1):
        alive = np.flatnonzero(birth <= year)
        a, b = np.repeat(alive, len(alive)), np.tile(alive, len(alive))
        other = a != b
        parts.append(np.stack([a[other], b[other], np.full(other.sum(), year)]))
    a, b, year = np.concatenate(parts, axis=1)
    text = pd.array(codes, dtype="str")
    dyads = pd.DataFrame({"iso_a": text.take(a), "iso_b": text.take(b), "year": year})
    states = dyads[["iso_a", "year"]].drop_duplicates(ignore_index=True)
    numbers = {f"v{j}": rng.normal(size=len(states)) for j in range(6)}
    one = states.assign(**{f"{k}_a": v for k, v in numbers.items()})
    two = states.rename(columns={"iso_a": "iso_b"}).assign(
        **{f"{k}_b": v for k, v in numbers.items()}
    )
    some = dyads.sample(frac=0.3, random_state=1, ignore_index=True)
    return dyads, one, two, some.assign(**{f"d{j}": rng.normal(size=len(some)) for j in range(4)})


KEYS = (["iso_a", "year"], ["iso_b", "year"], ["iso_a", "iso_b", "year"])


def merged(dyads, *others):
    for other, on in zip(others, KEYS, strict=True):
        dyads = dyads.merge(other, on=on, how="left")
    return dyads


def joined(dyads, *others):
    frame = ps.join(
        dyads, others[0], on=KEYS[0], name="a", shape="many_to_one", unit="directed dyad-year"
    )
    frame = ps.join(frame, others[1], on=KEYS[1], name="b", shape="many_to_one")
    return ps.join(frame, others[2], on=KEYS[2], name="dyads")


def same(all_tables):
    theirs, frame = merged(*all_tables), joined(*all_tables)
    assert [c for c in frame.data.columns if c != "row_id"] == list(theirs.columns)
    for column in theirs.columns:
        pd.testing.assert_series_equal(frame.data[column], theirs[column], check_exact=True)
    counts = frame.ledger.table()[["rows_in", "rows_out"]]
    assert (counts == len(theirs)).all(axis=None)


def timed(call, *args):
    """Seconds on the wall and of the processors."""
    wall, cpu = perf_counter(), process_time()
    call(*args)
    return perf_counter() - wall, process_time() - cpu


def keyed(table, kind):
    """The table with its texts held as ``kind``: with pyarrow installed
    pandas 3 holds them as Arrow, else as Python's.
    """
    texts = {
        "arrow": pd.StringDtype("pyarrow", na_value=np.nan),
        "python": pd.StringDtype("python", na_value=np.nan),
        "object": object,
    }
    return table.astype({c: texts[kind] for c in ("iso_a", "iso_b") if c in table})


def turns(all_tables, rounds):
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(timed(joined, *all_tables))
        theirs.append(timed(merged, *all_tables))
    return [
        (median(a), median(b))
        for a, b in zip(zip(*ours, strict=True), zip(*theirs, strict=True), strict=True)
    ]


def main(rounds):
    all_tables = tables()
    n = len(all_tables[0])
    print(f"{n:,} dyad-years, three left joins, medians of {rounds} rounds; equal in every cell")
    for kind in ("arrow", "python", "object"):
        own = [keyed(t, kind) for t in all_tables]
        same(own)
        for what, (a, b) in zip(("wall", "processor"), turns(own, rounds), strict=True):
            print(f"{kind:7} {what:9} join {a:6.2f} s   merge {b:6.2f} s   ratio {b / a:5.1f}")
    for share in (4, 2, 1):
        part = all_tables[0].iloc[: n // share].reset_index(drop=True)
        print(
            f"{len(part):10,} rows: {timed(joined, part, *all_tables[1:])[1]:6.2f} s of the"
            " processors"
        )


def memory():
    """Peak memory of a process that only joins."""
    all_tables = tables()
    joined(*all_tables)
    print(
        "peak memory of the process"
        f" {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GB"
    )


if __name__ == "__main__":
    if sys.argv[1:] == ["memory"]:
        memory()
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
