"""Coverage of nominal 95 % intervals where x has missing values: python
tests/benchmarks/coverage_missing.py OUT.csv

Three of the cells of coverage_cells.py, with 60, 150 and 300 rows, and six pairs of engine and
covariance: 500 data sets a row. In every data set some values of x go missing, and the slope of x
is found in three ways: ``full``, before they went missing, which nobody has; ``complete cases``;
and ``imputed``, m = 10 tables by ``impute`` with the outcome, x and z in the imputation model (of
cox the event and the Nelson-Aalen cumulative hazard), pooled as ``ps.fit`` does. x alone is
incomplete, so one cycle is the whole chain.

How they go missing: ``mcar``, at random altogether; ``mar``, with probability expit(c + s + z/2), s
the outcome or event where that is 0 or 1, and the standardised outcome else, c such that the
expected share is the one written. Times, events and counts are those of coverage_cells.py; counts
are Poisson with log mean a + x/2 + z/2, their sum on average the events of the cell.

Columns: ``failures``, data sets that ``ps.fit`` would refuse; coverage is of the others.
``mc_error`` of coverage, ``bias_error`` of ``bias`` (Morris, White and Crowther 2019, Statistics in
Medicine 38(11)). ``se_ratio``, root of the mean squared standard error over the standard deviation
of the estimates. ``fmi``, mean fraction of missing information. ``less``, by how much coverage is
below that of ``full`` in the same data sets, and ``less_error``, its Monte Carlo error.
``verdict``: nominal, within three ``mc_error`` of .95; else short or wide, with the ``reason``.
"""

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
from coverage_cells import CELLS, SEED, SLOPES, draw_many, normal_nodes, true_slope
from coverage_pairs import KERNELS, UPPER, Pair, _cox, _why_not, intervals
from scipy.optimize import brentq
from scipy.special import expit
from scipy.stats import norm

import peacestudy as ps
from peacestudy.errors import FitError
from peacestudy.models.inference.covariance import covariance
from peacestudy.models.inference.hypotheses import quantile
from peacestudy.models.kernels.counts import LOST
from peacestudy.models.kernels.poisson import fit_poisson
from peacestudy.models.kernels.separation import find_separation
from peacestudy.models.missing.imputation import impute
from peacestudy.models.missing.rubins_rules import pool

DATA_SETS = 500
SMALL = 4  # data sets that a test computes anew
TABLES, DONORS = 10, 5
PAIRS = (
    Pair("linear", "cluster", "number"),
    Pair("logit", "classical", "binary", clustered=False),
    Pair("firth", "classical", "binary", clustered=False),
    Pair("firth", "cluster", "binary"),
    Pair("cox", "classical", "survival", clustered=False),
    Pair("poisson", "classical", "count", clustered=False),
)
WAYS = ("full", "complete cases", "imputed")


@dataclass(frozen=True)
class Loss:
    """How values of x go missing: ``mcar`` or ``mar``, and the expected share."""

    kind: str
    share: float


# by place of the cell: 60 rows in 20 clusters, 150 in 20, 300 in 50
LOSSES = {
    1: (Loss("mar", 0.3), Loss("mcar", 0.2)),
    5: (Loss("mar", 0.3), Loss("mcar", 0.2)),
    10: (Loss("mar", 0.3), Loss("mcar", 0.1)),
}


def data_of(pair, place, numbers):
    """Designs (B, N, 2) and outcomes of some data sets of a cell, and the true slope."""
    cell = CELLS[place]
    if pair.kind != "count":
        icc = pair.icc(cell)
        return *draw_many(cell, pair.kind, icc, numbers), true_slope(cell, pair.kind, icc)
    X, _ = draw_many(cell, "number", 0.0, numbers)
    at, weight = normal_nodes()
    a = np.log(cell.events / cell.n) - np.log(weight @ np.exp(np.hypot(*SLOPES) * at))
    y = [
        np.random.default_rng([SEED, place, 7, i]).poisson(np.exp(a + x @ np.array(SLOPES)))
        for i, x in zip(numbers, X, strict=True)
    ]
    return X, np.array(y, dtype=float), SLOPES[0]


def lose(loss, X, y, rng):
    """Which rows lose x, (N,): of a data set X (N, 2) and y (N,), or (N, 2) times and events."""
    told = y[:, 1] if y.ndim == 2 else y
    if not np.isin(told, (0, 1)).all():
        told = (told - told.mean()) / told.std()
    s = told + X[:, 1] / 2 if loss.kind == "mar" else np.zeros(len(X))
    c = brentq(lambda c: expit(c + s).mean() - loss.share, -30, 30)
    return rng.random(len(X)) < expit(c + s)


def frame(X, y, groups):
    """A data set as a table for ``ps.fit``."""
    data = pd.DataFrame(X, columns=["x", "z"]).assign(g=groups)
    return data.assign(y=y) if y.ndim == 1 else data.assign(time=y[:, 0], y=y[:, 1])


def fill(X, y, gone, groups, seed):
    """What ``impute`` gives for a data set whose rows ``gone`` have lost x."""
    data = frame(X, y, groups)
    data.loc[gone, "x"] = np.nan
    times = ["time"] if y.ndim == 2 else []
    return impute(
        data,
        [*times, "y", "x", "z"],
        m=TABLES,
        cycles=1,
        donors=DONORS,
        seed=seed,
        survival=("time", "y") if times else None,
    )


def slopes(pair, groups, X, y):
    """Estimate and standard error of the slope of x in a batch (B, N, 2), and why there is none, by
    the kernels of ``ps.fit``.
    """
    cell = SimpleNamespace(n=len(groups), groups=groups, clusters=int(groups.max()) + 1)
    if pair.engine == "cox":
        found = _cox(pair, cell, X, y)
        return found.estimate, found.std_error, found.failed
    D = np.concatenate([np.ones((*X.shape[:2], 1)), X], axis=2)
    none = np.ptp(y, axis=1) == 0
    if pair.engine == "poisson":
        return _poisson(D, y, none)
    est = KERNELS[pair.engine](D, np.where(none[:, None], np.arange(cell.n) % 2.0, y))
    V = covariance(est, pair.vcov, (groups,), small_sample=pair.engine == "linear")
    return est.beta[:, 1], np.sqrt(V[:, 1, 1]), _why_not(pair, D, y, est)


def _poisson(D, y, none):
    """One by one; where the counts are all the same, or have no maximum, there is nothing."""
    b, se, failed = (
        np.full(len(D), np.nan),
        np.full(len(D), np.nan),
        ["constant outcome" if n else "" for n in none],
    )
    for i in np.flatnonzero(~none):
        est, left = fit_poisson(D[i], y[i], np.zeros(len(y[i])))
        b[i], se[i] = est.beta[0, 1], np.sqrt(est.classical[0, 1, 1])
        zero, some = np.flatnonzero(y[i] == 0), np.flatnonzero(y[i] > 0)
        rows = np.concatenate([zero, some, some])  # as ``refuse_endless`` asks
        if (
            left < LOST
            and find_separation(
                D[i][rows], np.repeat([0.0, 0.0, 1.0], [len(zero), len(some), len(some)])
            )
            is not None
        ):
            failed[i] = "separated"
    return b, se, failed


def interval(pair, groups, X, y):
    """Estimate, standard error, ends and failure of one data set without missing values."""
    groups = np.unique(groups, return_inverse=True)[1]
    if pair.engine == "firth" and pair.vcov == "classical":
        cell = SimpleNamespace(n=len(groups), groups=groups, clusters=2)
        found = intervals(pair, cell, X[None], y[None])
        return found.estimate[0], found.std_error[0], found.low[0], found.high[0], found.failed[0]
    b, se, failed = slopes(pair, groups, X[None], y[None])
    half = (norm.ppf(UPPER) if pair.engine != "linear" else quantile(UPPER, groups.max())) * se[0]
    return b[0], se[0], b[0] - half, b[0] + half, failed[0]


def pooled(pair, groups, X, y, gone, tables):
    """The same of a data set whose rows ``gone`` were filled,
    with the fraction of missing information.
    """
    if tables is None:
        return np.nan, np.nan, np.nan, np.nan, "not filled", np.nan
    filled = np.repeat(X[None], TABLES, axis=0)
    filled[:, :, 0] = [t["x"].to_numpy() for t in tables]
    b, se, failed = slopes(pair, groups, filled, np.repeat(y[None], TABLES, axis=0))
    if any(failed):
        return np.nan, np.nan, np.nan, np.nan, next(f for f in failed if f), np.nan
    p = pool(b, se**2, float(groups.max()) if pair.engine == "linear" else np.inf)
    half = quantile(UPPER, p.df) * p.std_error
    return p.estimate, p.std_error, p.estimate - half, p.estimate + half, "", p.fmi


def sets(pair, place, loss, numbers):
    """Data sets with what they lost and how it was filled,
    which pairs of one outcome and icc share.
    """
    X, y, truth = data_of(pair, place, numbers)
    groups = CELLS[place].groups
    for i, x, v in zip(numbers, X, y, strict=True):
        rng = np.random.default_rng([SEED, place, round(100 * loss.share), len(loss.kind), i])
        gone = lose(loss, x, v, rng)
        try:
            tables = (
                fill(x, v, gone, groups, i).tables if gone.any() else [frame(x, v, groups)] * TABLES
            )
        except FitError:
            tables = None
        yield x, v, gone, tables, truth


def rows(pairs, place, loss, data_sets):
    """The rows of pairs that share their data: a row a pair and way."""
    cell = CELLS[place]
    found = {(p.name, w): [] for p in pairs for w in WAYS}
    for x, y, gone, tables, true in sets(pairs[0], place, loss, range(data_sets)):
        truth = true
        for p in pairs:
            found[p.name, "full"].append((*interval(p, cell.groups, x, y), 0.0))
            found[p.name, "complete cases"].append(
                (*interval(p, cell.groups[~gone], x[~gone], y[~gone]), 0.0)
            )
            found[p.name, "imputed"].append(pooled(p, cell.groups, x, y, gone, tables))
    columns = ["estimate", "std_error", "low", "high", "failed", "fmi"]
    for p in pairs:
        full = pd.DataFrame(found[p.name, "full"], columns=columns)
        for w in WAYS:
            each = pd.DataFrame(found[p.name, w], columns=columns)
            yield {
                "cell": cell.name,
                "pair": p.name,
                "n": cell.n,
                "clusters": cell.clusters if p.vcov == "cluster" else np.nan,
                "engine": p.engine,
                "vcov": p.vcov,
                "missing": loss.kind,
                "share": loss.share,
                "way": w,
                "true_slope": truth,
                "data_sets": data_sets,
            } | measure(each, full, truth)


def measure(each, full, truth):
    """Coverage and bias of one way, against those before anything was missing."""
    ok = each["failed"] == ""
    t = each[ok]
    hit = ((t.low <= truth) & (truth <= t.high)).astype(float)
    both = ok & (full["failed"] == "")
    apart = ((full.low <= truth) & (truth <= full.high))[both].astype(float) - hit[both[ok]]
    n, c = len(t), hit.mean()
    sd = t.estimate.std(ddof=1)
    return {
        "failures": int((~ok).sum()),
        "coverage": c,
        "mc_error": np.sqrt(c * (1 - c) / n),
        "bias": t.estimate.mean() - truth,
        "bias_error": sd / np.sqrt(n),
        "sd": sd,
        "se_ratio": np.sqrt((t.std_error**2).mean()) / sd,
        "mean_width": (t.high - t.low).mean(),
        "fmi": t.fmi.mean(),
        "less": apart.mean(),
        "less_error": apart.std(ddof=1) / np.sqrt(len(apart)),
    }


def prove(pair, place, loss, number):
    """Largest difference from ``ps.fit`` over estimate, standard error and ends, in standard
    errors, of complete cases and imputed.
    """
    spec = (
        ps.ModelSpec("m", "y ~ x + z", "poisson", "classical")
        if pair.engine == "poisson"
        else pair.spec
    )
    groups, worst = CELLS[place].groups, 0.0
    for i, (x, y, gone, tables, _) in enumerate(sets(pair, place, loss, range(number))):
        data = frame(x, y, groups)
        data.loc[gone, "x"] = np.nan
        for given, mine in (
            (data, interval(pair, groups[~gone], x[~gone], y[~gone])),
            (fill(x, y, gone, groups, i), pooled(pair, groups, x, y, gone, tables)),
        ):
            want = ps.fit(given, spec).terms.set_index("term").loc["x"]
            want = want[["estimate", "std_error", "conf_low", "conf_high"]].to_numpy(dtype=float)
            worst = max(worst, float(np.abs(np.array(mine[:4]) - want).max() / want[1]))
    return worst


def small_table():
    """The first data sets of the smallest cell, as a test repeats them."""
    return pd.DataFrame(
        [
            r
            for pairs, place, loss in plan()
            if place == 1 and loss.kind == "mar"
            for r in rows(pairs, place, loss, SMALL)
        ]
    )


def plan():
    """Pairs that share their data, places of cells and losses."""
    together = {}
    for p in PAIRS:
        together.setdefault((p.kind, p.clustered), []).append(p)
    for i in range(2):
        for place, losses in LOSSES.items():
            for pairs in together.values():
                yield pairs, place, losses[i]


def judge(table):
    """The table with ``verdict`` and ``reason`` of every row."""
    key = ["pair", "n", "missing", "share"]
    before = table[table.way == "full"].set_index(key).coverage
    apart = table.coverage - 0.95
    verdict = np.where(
        apart.abs() <= 3 * table.mc_error, "nominal", np.where(apart < 0, "short", "wide")
    )
    whole = [before.loc[tuple(k)] for k in table[key].to_numpy()]
    reasons = [reason(r, v, w) for r, v, w in zip(table.itertuples(), verdict, whole, strict=True)]
    return table.assign(verdict=verdict, reason=reasons)


def reason(r, verdict, before):
    """Why coverage is what it is, so far as theory says so; ``r`` a row of
    the table, ``before`` coverage of ``full``.
    """
    if verdict == "nominal":
        return "within three Monte Carlo errors of .95"
    if verdict == "short" and r.way == "full" and r.vcov == "cluster":
        return f"{r.clusters:.0f} clusters: see the same pair in intervals.csv"
    if abs(r.bias) > 3 * r.bias_error:
        why = {
            "complete cases": "what is lost depends on the outcome",
            "imputed": (
                "nine in ten cases with counts of 2 and more have lost x, and matching fills only"
                " values that cases near them have kept, not larger ones (van Buuren 2018, 3.4)"
                if r.engine == "poisson"
                else "donors are few, and not all as near as a line would have them"
            ),
            "full": "of maximum likelihood in few events",
        }[r.way]
        return f"biased by {r.bias:+.3f}: {why}"
    if verdict == "short" and r.way != "full" and before < 0.95 and r.less <= 3 * r.less_error:
        return (
            f"no shorter than before anything was missing ({before:.3f}), but for three Monte Carlo"
            " errors"
        )
    if verdict == "wide" and r.way != "full" and r.n == 60:
        return (
            "few events are left: estimates far from the truth bring large standard errors with"
            " them (Hauck and Donner 1977), and cover"
        )
    return "unexplained"


def main(out, data_sets=DATA_SETS):
    # go on where a run was broken off
    done = pd.read_csv(out).to_dict("records") if out.exists() else []
    here = {(r["pair"], r["n"], r["missing"], r["share"]) for r in done}
    start = time.process_time()
    for pairs, place, loss in plan():
        if (pairs[0].name, CELLS[place].n, loss.kind, loss.share) in here:
            continue
        done += rows(pairs, place, loss, data_sets)
        pd.DataFrame(done).round(5).to_csv(out, index=False)
        print(
            [p.name for p in pairs], place, loss, f"{time.process_time() - start:.0f} s", flush=True
        )
    table = pd.DataFrame(done).round(5)
    judge(
        table.sort_values(["missing", "share", "n"], kind="stable").reset_index(drop=True)
    ).to_csv(out, index=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
