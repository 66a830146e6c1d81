"""Coverage of nominal 95 % intervals after multiple imputation, beside complete cases: writes references/impute/coverage.csv.

Run: python tests/benchmarks/coverage_impute.py [samples]. Three tenths of x are missing, more often where the outcome and z are high, so
that complete cases are not a random part. True coefficient of x: 0.8. Some minutes a cell with 200 samples on one core.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit

import peacestudy as ps
from peacestudy.models.missing.impute import impute

TRUE = 0.8
OUT = Path(__file__).resolve().parents[1] / "references" / "impute" / "coverage.csv"
CELLS = [("linear", "hc1", 60), ("logit", "classical", 150)]


def sample(engine, N, rng):
    """A data set with x missing at random given the outcome and z."""
    z = rng.normal(size=N)
    x = 0.6 * z + 0.8 * rng.normal(size=N)
    eta = 0.3 + TRUE * x - 0.5 * z
    g = rng.integers(0, 40, N)
    y = (rng.random(N) < expit(eta)) * 1.0 if engine != "linear" else eta + rng.normal(size=N)
    gone = rng.random(N) < expit(-1.2 + 0.8 * (y - y.mean()) / y.std() + 0.5 * z)
    return pd.DataFrame({"y": y, "x": np.where(gone, np.nan, x), "z": z, "g": g})


def cell(engine, vcov, N, samples):
    """Coverage and bias of both ways in one cell."""
    rng = np.random.default_rng(20261126)
    spec = ps.ModelSpec("m", "y ~ x + z", engine, vcov, "g" if vcov == "cluster" else None)
    rows = []
    for s in range(samples):
        d = sample(engine, N, rng)
        filled = impute(d, ["y", "x", "z"], m=20, cycles=5, donors=5, seed=s)
        for way, fit in (("complete cases", ps.fit(d, spec)), ("imputed", ps.fit(filled, spec))):
            row = fit.terms.set_index("term").loc["x"]
            rows.append((way, row.estimate, row.std_error, row.conf_low <= TRUE <= row.conf_high))
    found = pd.DataFrame(rows, columns=["way", "estimate", "std_error", "hit"]).groupby("way", sort=False)
    return found.agg(
        samples=("hit", "size"), mean=("estimate", "mean"), sd=("estimate", "std"), std_error=("std_error", "mean"), coverage=("hit", "mean")
    ).reset_index().assign(engine=engine, vcov=vcov, n=N)  # fmt: skip


if __name__ == "__main__":
    samples = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    OUT.parent.mkdir(exist_ok=True)
    done: list[pd.DataFrame] = []
    for c in CELLS:
        done.append(cell(*c, samples))
        table = pd.concat(done, ignore_index=True)
        table[["engine", "vcov", "n", "way", "samples", "mean", "sd", "std_error", "coverage"]].round(4).to_csv(
            OUT, index=False
        )
