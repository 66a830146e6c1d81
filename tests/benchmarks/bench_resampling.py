"""How long the bootstrap, leaving cases out, the jackknife and permutations take in a batch, beside
single fits of the same samples: python tests/benchmarks/bench_resampling.py [rounds].

Equality is asserted before anything is timed. The sides take turns in one process, and processor
time is counted, so that a busy machine slows both. Single fits are timed on some of the samples and
scaled up. The ratios are stored beside this file, in resampling.csv.
"""

import sys
from dataclasses import replace
from pathlib import Path
from statistics import median
from time import process_time

import numpy as np
import pandas as pd

import peacestudy as ps
from peacestudy.models.engines.estimate import estimate_again
from peacestudy.models.engines.registry import ENGINES
from peacestudy.models.fitting import fit_arranged
from peacestudy.models.inference.jackknife import left_out as estimates_without
from peacestudy.models.inference.row_samples import kept_rows
from peacestudy.models.inference.row_subsets import estimates_of_samples, terms_of_subsets
from peacestudy.models.resampling.resample import refit, sample

ROUNDS = 5
SAME = 1e-9  # in standard errors: sums are taken in another order
TERMS, DRAWS, LOOPED, CLUSTERS = 10, 400, 10, 40
NONE = {("permutations", "logit"), ("left_out_cr2", "logit"), ("left_out_cr2", "firth")}
STORED = Path(__file__).with_name("resampling.csv")


def draw(rows):
    rng = np.random.default_rng(20261130)
    d = pd.DataFrame(rng.normal(size=(rows, TERMS)), columns=[f"x{i}" for i in range(TERMS)])
    d["g"] = rng.integers(0, CLUSTERS, rows)
    d["events"] = (rng.random(rows) < 1 / (1 + np.exp(0.5 - 0.5 * d.x0))).astype(int)
    d["numbers"] = d.x0 + rng.normal(size=rows)
    return d


def bootstrap(design, spec):
    """Both sides: all samples in a batch, and single fits of some; a row a sample."""
    N = len(design.y)
    rng = np.random.default_rng(1)
    counts = rng.multinomial(N, np.full(N, 1 / N), DRAWS)

    def alone():
        out = []
        for times in counts[:LOOPED]:
            rows = np.repeat(np.arange(N), times)
            again = sample(design, rows, np.arange(N), np.arange(N), None)
            out.append(refit(again, spec).beta[0])
        return np.array(out)

    return (lambda: estimates_of_samples(design, spec, counts)[0]), alone, DRAWS


def left_out(design, spec):
    """Estimates and standard errors without each case."""
    return without(design, spec, ~np.eye(len(design.y), dtype=bool))


def left_out_jackknife(design, spec):
    """Estimates and standard errors by the jackknife without each cluster."""
    groups = design.clusters[0]
    keep = groups != np.arange(CLUSTERS)[:, None]
    return without(design, replace(spec, vcov="jackknife"), keep)


def left_out_cr2(design, spec):
    groups = design.clusters[0]
    keep = groups != np.arange(CLUSTERS)[:, None]
    return without(design, replace(spec, vcov="cr2"), keep)


def without(design, spec, keep):
    def together():
        found = terms_of_subsets(design, spec, keep)
        return np.hstack([found.estimate, found.std_error])

    def alone():
        out = []
        for rows in keep[:LOOPED]:
            terms = fit_arranged(kept_rows(design, rows), [], spec).terms
            out.append(np.concatenate([terms.estimate, terms.std_error]))
        return np.array(out)

    return together, alone, len(keep)


def jackknife(design, spec):
    """Estimates without each cluster; those of least squares have a closed form."""
    engine = ENGINES[spec.engine]
    groups = design.clusters[0]

    def alone():
        out = []
        for g in range(LOOPED):
            out.append(estimate_again(kept_rows(design, groups != g), spec).beta[0])
        return np.array(out)

    return (lambda: estimates_without(design, engine, engine.kernel)), alone, CLUSTERS


def permutations(design, spec):
    """Outcomes permuted; single fits are a stack of designs, as permutations were fitted once."""
    rng = np.random.default_rng(2)
    y = rng.permuted(np.tile(design.y, (DRAWS, 1)), axis=1)
    kernel = ENGINES[spec.engine].kernel

    def alone():
        stack = np.repeat(design.X[None], LOOPED, axis=0)
        return kernel(stack, y[:LOOPED]).beta

    return (lambda: kernel(design.X, y).beta), alone, DRAWS


def ratio(together, alone, many, error, rounds):
    """How many times faster the batch is, for one sample."""
    want = alone()
    width = want.shape[1] // len(error)
    scale = np.tile(error, width)
    np.testing.assert_allclose(together()[:LOOPED] / scale, want / scale, rtol=0, atol=SAME)
    ours, theirs = [], []
    for _ in range(rounds):
        start = process_time()
        together()
        middle = process_time()
        alone()
        ours.append((middle - start) / many)
        theirs.append((process_time() - middle) / LOOPED)
    return median(theirs) / median(ours), median(ours) * 1e6


def main(rounds):
    out = []
    for N in (300, 1000):
        d = draw(N)
        for engine, outcome in (("linear", "numbers"), ("logit", "events"), ("firth", "events")):
            right = " + ".join(f"x{i}" for i in range(TERMS))
            spec = ps.ModelSpec("m", f"{outcome} ~ {right}", engine, "cluster", cluster="g")
            fit = ps.fit(d, spec)
            error = fit.terms.std_error.to_numpy()
            for name, make in (
                ("bootstrap", bootstrap),
                ("left_out", left_out),
                ("left_out_jackknife", left_out_jackknife),
                ("left_out_cr2", left_out_cr2),
                ("jackknife", jackknife),
                ("permutations", permutations),
            ):
                if (name, engine) in NONE:
                    continue
                sides = make(fit.design, spec)
                times, micro = ratio(*sides, error, rounds)
                out.append((name, engine, N, times))
                print(f"{name:18} {engine:7} N {N:5}: {micro:6.0f} us a fit, ratio {times:.1f}")
    names = ["what", "engine", "rows", "ratio"]
    pd.DataFrame(out, columns=names).round({"ratio": 1}).to_csv(STORED, index=False)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
