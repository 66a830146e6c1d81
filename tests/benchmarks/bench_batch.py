"""How long many models of one data set take in a batch, beside a loop over statsmodels and beside
the single fits that the batch replaces: python tests/benchmarks/bench_batch.py [rounds].

Equality is asserted before anything is timed. The sides take turns in one process, and processor
time is counted, so that a busy machine slows both. Loops are timed on some of the models and scaled
up. The ratios are stored beside this file, in batch.csv.
"""

import sys
from functools import partial
from pathlib import Path
from statistics import median
from time import process_time

import numpy as np
import pandas as pd
import statsmodels.api as sm

from peacestudy.models.engines.registry import ENGINES
from peacestudy.models.inference.covariance import covariance
from peacestudy.models.kernels.batch import Batch, fit_batch
from peacestudy.models.kernels.firth import fit_firth
from peacestudy.models.kernels.linear import fit_linear
from peacestudy.models.kernels.logit import fit_logit
from peacestudy.models.kernels.separation import find_separation

ROUNDS = 5
SAME = 1e-9  # relative, against single fits: sums are taken in another order
STATSMODELS = 1e-6  # its Newton stops at 1e-8
SIZES = ((300, 15, 12), (1000, 15, 12), (1000, 20, 6))  # rows, columns, columns of a model
MODELS, LOOPED, CLUSTERS = 1000, 40, 50
STORED = Path(__file__).with_name("batch.csv")


def draw(rows, width, terms):
    """Columns, some of them dummies; outcomes of numbers and of events; clusters; and models that
    have the intercept, the first column and others at random.
    """
    rng = np.random.default_rng(20261130)
    X = np.column_stack([np.ones(rows), rng.normal(size=(rows, width - 1))])
    X[:, 3::3] = X[:, 3::3] > 0
    numbers = X[:, 1] + rng.normal(size=rows)
    events = (rng.random(rows) < 1 / (1 + np.exp(0.3 - 0.5 * X[:, 1]))).astype(float)
    groups = np.unique(rng.integers(0, CLUSTERS, rows), return_inverse=True)[1]
    columns = np.zeros((MODELS, width), bool)
    columns[:, :2] = True
    for row in columns:
        row[rng.choice(np.arange(2, width), terms - 2, replace=False)] = True
    return X, numbers, events, groups, columns


def batch_errors(engine, X, y, groups, columns, vcov):
    """Coefficients and standard errors of all models (B, M)."""
    batch = Batch(X, y, None, columns)
    beta, error = np.empty(columns.shape), np.empty(columns.shape)
    for block in fit_batch(ENGINES[engine].batch, batch, by_row=vcov != "classical"):
        assert (block.doubts == "").all()
        some = batch.part(block.members)
        V = block.estimates.classical
        if vcov != "classical":
            V = covariance(block.estimates, vcov, (groups,), engine == "linear", some)
        beta[block.members] = block.estimates.beta
        error[block.members] = np.sqrt(np.diagonal(V, axis1=1, axis2=2))
    return beta, error


def single_errors(engine, X, y, groups, vcov):
    """Coefficients and standard errors of one model (K,), as a single fit computes them."""
    if engine != "linear":
        assert engine == "firth" or find_separation(X, y) is None
    kernels = {"linear": fit_linear, "logit": fit_logit, "firth": partial(fit_firth, search=True)}
    est = kernels[engine](X[None], y[None])
    V = covariance(est, vcov, (groups,), engine == "linear")[0]
    return est.beta[0], np.sqrt(np.diag(V))


def statsmodels_errors(engine, X, y, groups, vcov):
    """The same by statsmodels; its clustered logit has another factor than ours."""
    how = {"disp": 0} if engine == "logit" else {}
    model = sm.Logit(y, X) if engine == "logit" else sm.OLS(y, X)
    if vcov == "cluster":
        how |= {"cov_type": "cluster", "cov_kwds": {"groups": groups}}
    fit = model.fit(**how)
    factor = 1.0
    if vcov == "cluster" and engine == "logit":
        factor = np.sqrt((len(y) - X.shape[1]) / (len(y) - 1))
    return fit.params, fit.bse * factor


def check(engine, loop, tolerance, data, vcov):
    X, y, groups, columns = data
    beta, error = batch_errors(engine, X, y, groups, columns, vcov)
    for b in range(0, MODELS, MODELS // LOOPED):
        want, spread = loop(engine, X[:, columns[b]], y, groups, vcov)
        found = beta[b, columns[b]]
        np.testing.assert_allclose(found / spread, want / spread, rtol=tolerance, atol=tolerance)
        np.testing.assert_allclose(error[b, columns[b]], spread, rtol=tolerance)


def turns(engine, loop, data, vcov, rounds):
    """Median microseconds of processor time for a model: of the batch, and of the loop."""
    X, y, groups, columns = data
    ours, theirs = [], []
    for _ in range(rounds):
        start = process_time()
        batch_errors(engine, X, y, groups, columns, vcov)
        middle = process_time()
        for has in columns[:LOOPED]:
            loop(engine, X[:, has], y, groups, vcov)
        ours.append((middle - start) / MODELS * 1e6)
        theirs.append((process_time() - middle) / LOOPED * 1e6)
    return median(ours), median(theirs)


def main(rounds):
    out = []
    for rows, width, terms in SIZES:
        X, numbers, events, groups, columns = draw(rows, width, terms)
        for engine in ("linear", "logit", "firth"):
            data = X, numbers if engine == "linear" else events, groups, columns
            for vcov in ("classical", "cluster"):
                for name, loop, tolerance in (
                    ("single fits", single_errors, SAME),
                    ("statsmodels", statsmodels_errors, STATSMODELS),
                ):
                    if engine == "firth" and name == "statsmodels":
                        continue
                    check(engine, loop, tolerance, data, vcov)
                    ours, theirs = turns(engine, loop, data, vcov, rounds)
                    row = (engine, vcov, rows, width, terms, name, theirs / ours)
                    out.append(row)
                    print(
                        f"{engine:7} {vcov:10} N {rows:5}, {terms:2} of {width} columns:"
                        f" batch {ours:7.0f} us, {name} {theirs:7.0f} us, ratio {theirs / ours:.1f}"
                    )
    names = ["engine", "vcov", "rows", "columns", "terms", "loop", "ratio"]
    pd.DataFrame(out, columns=names).round({"ratio": 1}).to_csv(STORED, index=False)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
