"""Coverage of nominal 95 % intervals by simulation: python
tests/benchmarks/coverage_intervals.py OUT.csv

The twelve cells, and which slope is to be covered in each, are told in coverage_cells.py; six pairs
of engine and covariance have 2,000 data sets a cell, the wild cluster bootstrap (linear) 500 and
the score bootstrap (logit) 500 in four cells. ``firth-classical`` is of outcomes without cluster
effects, its intervals by profile; all pairs of one kind of outcome with the same icc see the same
data sets. The stored table is tests/references/coverage/intervals.csv; a small run of the same is a
test.

Columns: ``failures``, data sets that ``ps.fit`` would refuse, by kind in ``failed``; coverage is of
the others. ``mc_error``, of coverage (Morris, White and Crowther 2019, Statistics in Medicine
38(11)). ``endless``, intervals with an infinite end: they can cover, and are left out of
``mean_width``. ``bias``, mean estimate less the true slope. ``se_ratio``, root of the mean squared
standard error over the standard deviation of the estimates. ``df``, Satterthwaite's degrees of
freedom of x in a linear model, on average. ``expected``, coverage where these two are all that
matters: of t with ``df`` within the critical value times ``se_ratio`` (Bell and McCaffrey 2002,
Survey Methodology 28(2)). ``verdict``: nominal, within three ``mc_error`` of .95; else short or
wide. A shortfall that is no greater, but for three ``mc_error``, than ``expected`` has that for its
reason (that the sandwich is too small with few clusters: Mancl and DeRouen 2001, Biometrics 57(1));
any other is unexplained. That says what a shortfall is made of, with ``se_ratio`` as measured; that
the covariances are the field's is proved against R elsewhere.
"""

import sys
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from coverage_cells import CELLS, draw_many, true_slope
from coverage_pairs import LEVEL, PAIRS, SCORE, WILD, intervals
from scipy.stats import t

import peacestudy as ps
from peacestudy.models.inference.cr2 import clusters_of, satterthwaite

DATA_SETS, BOOTSTRAPPED = 2000, 500
SCORE_CELLS = (0, 4, 8, 11)  # a climb for every end that is looked at takes long
SMALL = ((0, 25), (6, 25))  # cells and numbers of data sets that a test computes anew
SMALL_SCORE = 3
BATCH = 250
PROOF = 20
# standard errors; both roads call the same kernels, so that only the order of sums may differ
SAME = 1e-9
DIGITS = 5  # of the stored table
FOR_DF = 200  # data sets over which degrees of freedom are averaged


def prove(pair, cell, number=PROOF):
    """Largest difference between the batch and ``ps.fit``, in standard errors, over estimate,
    standard error and ends of data sets.

    Also the number of data sets compared: neither road has anything to compare where both refuse.
    """
    X, y = draw_many(cell, pair.kind, pair.icc(cell), range(number))
    got = intervals(pair, cell, X, y)
    worst, compared = 0.0, 0
    for i in range(number):
        data = pd.DataFrame(X[i], columns=["x", "z"]).assign(g=cell.groups)
        data = (
            data.assign(y=y[i])
            if pair.kind != "survival"
            else data.assign(time=y[i, :, 0], y=y[i, :, 1])
        )
        try:
            want = ps.fit(data, pair.spec).terms.set_index("term").loc["x"]
        except ps.PeacestudyError:
            assert got.failed[i], f"ps.fit refuses data set {i} of {cell.name}, the batch does not"
            continue
        assert not got.failed[i], f"the batch refuses data set {i} of {cell.name}, ps.fit does not"
        mine = np.array([got.estimate[i], got.std_error[i], got.low[i], got.high[i]])
        theirs = want[["estimate", "std_error", "conf_low", "conf_high"]].to_numpy(dtype=float)
        # ends can be infinite on both roads
        apart = np.subtract(mine, theirs, where=mine != theirs, out=np.zeros(4))
        worst, compared = max(worst, float(np.abs(apart).max() / want["std_error"])), compared + 1
    return worst, compared


@cache
def degrees_of_freedom(cell):
    """Satterthwaite's degrees of freedom of x, the mean over data sets."""
    X, _ = draw_many(cell, "number", cell.icc, range(FOR_DF))
    one = np.ones((cell.n, 1))
    return float(
        np.mean(
            [
                satterthwaite(clusters_of(np.hstack([one, x]), cell.groups), np.eye(3)[1:2])[0]
                for x in X
            ]
        )
    )


def row(pair, number_of_cell, data_sets):
    """A row of the table."""
    cell = CELLS[number_of_cell]
    icc = pair.icc(cell)
    truth = true_slope(cell, pair.kind, icc)
    parts = [
        intervals(
            pair,
            cell,
            *draw_many(cell, pair.kind, icc, range(first, min(first + BATCH, data_sets))),
        )
        for first in range(0, data_sets, BATCH)
    ]
    failed = np.concatenate([p.failed for p in parts])
    estimate, se, low, high = (
        np.concatenate([getattr(p, name) for p in parts])[failed == ""]
        for name in ("estimate", "std_error", "low", "high")
    )
    counted = np.nan if pair.kind == "number" else cell.events
    covered, width = (low <= truth) & (truth <= high), high - low
    coverage, ends = covered.mean(), np.isfinite(width)
    found = {
        "cell": cell.name,
        "pair": pair.name,
        "n": cell.n,
        "clusters": cell.clusters,
        "events": counted,
        "share": counted / cell.n,
        "icc": icc,
        "engine": pair.engine,
        "vcov": pair.vcov,
        "bootstrap": {WILD: "wild", SCORE: "score"}.get(pair, "none"),
        "estimand": "pseudo-true marginal slope" if pair.kind == "binary" and icc else "slope",
        "true_slope": truth,
        "data_sets": data_sets,
        "coverage": coverage,
        "mc_error": np.sqrt(coverage * (1 - coverage) / len(covered)),
        "mean_width": width[ends].mean(),
        "endless": int((~ends).sum()),
        "failures": int((failed != "").sum()),
        "failed": (
            "; ".join(f"{n} {why}" for why, n in sorted(Counter(failed[failed != ""]).items()))
            or "none"
        ),
        "bias": estimate.mean() - truth,
        "se_ratio": np.sqrt((se**2).mean()) / estimate.std(ddof=1),
    }
    return found | expectation(pair, cell, found["se_ratio"])


def expectation(pair, cell, se_ratio):
    """Degrees of freedom, and the coverage that Wald intervals would have by them and ``se_ratio``;
    none of intervals of other kinds.
    """
    if pair.vcov == "classical":
        return {"df": np.nan, "expected": np.nan}
    df = degrees_of_freedom(cell)
    if pair.bootstrap:
        return {"df": df, "expected": np.nan}
    quantile = t.ppf(0.5 + LEVEL / 2, df) if pair.vcov == "cr2" else pair.critical(cell.clusters)
    return {"df": df, "expected": 1 - 2 * t.sf(quantile * se_ratio, df)}


def judge(table):
    """The table with ``verdict`` and ``reason`` of every row."""
    apart = table.coverage - LEVEL
    near = apart.abs() <= 3 * table.mc_error
    verdict = np.where(near, "nominal", np.where(apart < 0, "short", "wide"))
    rows = zip(table.itertuples(), verdict, strict=True)
    return table.assign(verdict=verdict, reason=[reason(r, v) for r, v in rows])


def reason(r, verdict):
    """Why coverage is what it is, so far as theory says so; ``r`` a row of the table."""
    if verdict == "nominal":
        return "within three Monte Carlo errors of .95"
    # never where nothing is expected
    if verdict == "short" and r.coverage >= r.expected - 3 * r.mc_error:
        used = f"t with {r.clusters - 1}" if r.engine == "linear" else "z"
        small = (
            f"standard errors {100 * (1 - r.se_ratio):.0f} % too small (Mancl and DeRouen 2001)"
            " and "
            if r.se_ratio < 0.995
            else ""
        )
        return (
            f"{r.clusters} clusters: {small}{used} for t with {r.df:.1f} degrees of freedom (Bell"
            f" and McCaffrey 2002) let expect {r.expected:.3f}"
        )
    return "unexplained"


def plan():
    """Pairs, cells and numbers of data sets, the quick ones first."""
    for pair in (*PAIRS, WILD, SCORE):
        for number in SCORE_CELLS if pair is SCORE else range(len(CELLS)):
            yield pair, number, BOOTSTRAPPED if pair.bootstrap else DATA_SETS


def small_table():
    """The first data sets of two cells, as a test repeats them."""
    return pd.DataFrame(
        [
            row(pair, number, SMALL_SCORE if pair is SCORE else data_sets)
            for pair in (*PAIRS, WILD, SCORE)
            for number, data_sets in SMALL
        ]
    )


def main(out):
    for pair in (*PAIRS, WILD, SCORE):
        worst, compared = prove(pair, CELLS[0])
        assert worst < SAME, f"{pair.name}: batch and ps.fit differ by {worst:g} standard errors"
        print(
            f"{pair.name}: {compared} data sets as ps.fit, to {worst:.1e} standard errors",
            flush=True,
        )
    rows = []
    for pair, number, data_sets in plan():
        rows.append(row(pair, number, data_sets))
        pd.DataFrame(rows).to_csv(out, index=False)  # what there is, should the rest not come
        print(
            pair.name,
            {k: rows[-1][k] for k in ("cell", "coverage", "failed", "se_ratio", "expected")},
            flush=True,
        )
    judge(pd.DataFrame(rows).round(DIGITS)).to_csv(out, index=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
