"""Size of robust tests: how often a nominal test at .05 rejects the true coefficient, and what the
note on the fit says of it.

Run from the root: ``python tests/references/robust_size/robust_size.py``; it writes ``sizes.csv``
and the hash of this script beside it (single process; the time is printed at the end). Designs,
each with x, normal, beside the focal term, and 5 or 8 rows a cluster:

rows-m      a dummy of m of 60 independent rows
c12-m, c30-m   a dummy of m of 12 or 30 clusters of 5 rows
cont-G      a cluster-level normal z and a row-level x, G clusters of 8 rows
separated   9 of 60 rows with a dummy whose outcome is 1 in all of them; drawn given that

Clusters share a normal effect with intraclass correlation 0 or .2 (latent, for binary outcomes).
The regressors are fixed within a cell; true slopes are 0, but 1 in ``separated``.

Columns: ``samples`` that could be fitted (``refused`` could not: a logit that is separated); the
shares with outcome a (blank), b (note) and c (plain); the median of the effective degrees of
freedom and the mean approximate size; ``size``, rejections by the number that is or was printed
without the rule; ``size_b`` and ``size_c`` among the samples with that outcome; ``error`` of
``size_c``, its Monte Carlo standard error.
"""

import hashlib
import sys
import time
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import expit

from peacestudy.errors import FitError
from peacestudy.models.engines.engine import CLUSTERED
from peacestudy.models.engines.registry import ENGINES
from peacestudy.models.formulas.design import build_design
from peacestudy.models.inference.covariance import covariance
from peacestudy.models.inference.cr2 import clusters_of, cr2_covariance, satterthwaite
from peacestudy.models.inference.jackknife import jackknife
from peacestudy.models.inference.robust_limits import (
    Effective,
    approximate_size,
    effective,
    find_blanks,
    is_blank,
    outcomes,
)
from peacestudy.models.kernels.estimates import Estimates
from peacestudy.models.kernels.poisson import fit_poisson
from peacestudy.models.kernels.ridge import fit_ridge
from peacestudy.models.spec import ModelSpec

HERE = Path(__file__).parent
ALPHA = 0.05
# samples of linear, and of those of its covariances that are computed one by one
MANY, LOOPED = 10_000, 2_000
SOME, FEW = 1_000, 300  # of the other engines, and of their jackknife
MORE = 2_000  # of the other engines, in designs whose tests are mostly printed plainly
PLAIN = ("rows-12", "rows-20", "rows-30", "cont-20", "cont-50")
BASE = -0.4  # log odds at zero
# standard deviation of clusters for a latent intraclass correlation of .2
LATENT = (0.25 * np.pi**2 / 3) ** 0.5
ROWS = (1, 2, 3, 5, 8, 12, 20, 30)
TREATED = (1, 2, 3, 5)
CHUNK = 1_000
HC = {
    "linear": ("hc1", "hc2", "hc3"),
    "logit": ("hc1",),
    "firth": ("hc1",),
    "poisson": ("hc1",),
    "ridge": ("hc1",),
}
OF_CLUSTERS = {
    "linear": ("cluster", "cr2", "jackknife"),
    "logit": ("cluster", "jackknife"),
    "firth": ("cluster", "jackknife"),
    "poisson": ("cluster",),
    "ridge": ("cluster",),
}


def cells():
    """``engine, design, icc`` of every cell."""
    out = []
    for engine in ("linear", "logit", "firth", "poisson"):
        out += [(engine, f"rows-{m}", 0.0) for m in ROWS]
        for icc in (0.0, 0.2) if engine != "poisson" else (0.0,):
            out += [(engine, f"c{G}-{m}", icc) for G in (12, 30) for m in TREATED]
            out += [(engine, f"cont-{G}", icc) for G in (8, 20, 50)]
    return [*out, ("firth", "separated", 0.0), ("ridge", "separated", 0.0)]


def table_of(design, rng):
    """The regressors of a design and its focal terms."""
    kind, _, number = design.partition("-")
    if kind == "separated":
        d = pd.DataFrame(
            {"x": rng.normal(size=60), "z": (np.arange(60) < 9) * 1.0, "g": np.arange(60) % 12}
        )
        return d, ("z",)
    if kind == "rows":
        d = pd.DataFrame(
            {"x": rng.normal(size=60), "z": (np.arange(60) < int(number)) * 1.0, "g": np.arange(60)}
        )
        return d, ("z",)
    if kind == "cont":
        G, n = int(number), 8
        z = rng.normal(size=G)
    else:
        G, n = int(kind[1:]), 5
        z = (np.arange(G) < int(number)) * 1.0
    g = np.repeat(np.arange(G), n)
    return pd.DataFrame({"x": rng.normal(size=G * n), "z": z[g], "g": g}), (
        ("x", "z") if kind == "cont" else ("z",)
    )


def draw(engine, design, d, icc, rng):
    """One sample of outcomes."""
    G = d.g.max() + 1
    shared = rng.normal(size=G)[d.g] if icc else 0.0
    if engine == "linear":
        return np.sqrt(1 - icc) * rng.normal(size=len(d)) + np.sqrt(icc) * shared
    if engine == "poisson":
        return rng.poisson(2.0, size=len(d)) * 1.0
    truth = d.z.to_numpy() if design == "separated" else 0.0
    y = (rng.random(len(d)) < expit(BASE + truth + LATENT * shared)) * 1.0
    if design == "separated":
        y[d.z == 1] = 1.0
    return y


def separated(d, y):
    """Whether a dummy z separates the outcome, or the outcome does not vary, of outcomes (R, N)."""
    inside = d.z.to_numpy() == 1
    if not d.z.isin((0, 1)).all():
        return np.ptp(y, axis=1) == 0
    return (np.ptp(y[:, inside], axis=1) == 0) | (np.ptp(y[:, ~inside], axis=1) == 0)


def fitted(engine, X, y):
    """Estimates of outcomes (R, N) as a batch."""
    if engine in ("poisson", "ridge"):
        free = np.array([True, False, False])
        one = [
            (
                fit_poisson(X, v, np.zeros(len(v)))[0]
                if engine == "poisson"
                else fit_ridge(X, v, 1.0, free)[0]
            )
            for v in y
        ]
        fields = (
            "beta",
            "influence",
            "leverage",
            "classical",
            "loglik",
            "r2",
            "scale",
            "converged",
            "iterations",
        )
        return Estimates(**{f: np.concatenate([getattr(e, f) for e in one]) for f in fields})
    return ENGINES[engine].kernel(np.broadcast_to(X, (len(y), *X.shape)), y)


def one_of(est, i):
    return replace(
        est,
        **{
            f: getattr(est, f)[i : i + 1]
            for f in ("beta", "influence", "leverage", "classical", "loglik", "scale")
        },
    )


def variances(engine, vcov, design, est, y):
    """Variances of samples (R, K); NaN where there is none."""
    if vcov not in ("cr2", "jackknife"):
        clusters = design.clusters if vcov == "cluster" else ()
        return np.diagonal(covariance(est, vcov, clusters, engine == "linear"), axis1=1, axis2=2)
    parts = clusters_of(design.X, design.clusters[0])
    out = np.full(est.beta.shape, np.nan)
    for i, (v, b) in enumerate(zip(y, est.beta, strict=True)):
        try:
            V = (
                cr2_covariance(parts, v - design.X @ b)
                if vcov == "cr2"
                else jackknife(replace(design, y=v), b, ENGINES[engine], ENGINES[engine].kernel)
            )
            out[i] = np.diag(V)
        except FitError:
            continue
    return out


def decided(spec, design, est, y):
    """Outcomes, degrees of freedom, approximate sizes and degrees of
    the reference of samples, each (R, K).
    """
    R, K = est.beta.shape
    linear = spec.engine == "linear"
    out = []
    for i in range(1 if linear else R):
        one = replace(design, y=y[i])
        blank = is_blank(find_blanks(spec, one), K)
        if spec.vcov == "cr2":
            dfs = satterthwaite(clusters_of(one.X, one.clusters[0]), np.eye(K))
            found = Effective(dfs, np.ones(K))
        else:
            G = int(one.clusters[0].max()) if spec.vcov in CLUSTERED else len(one.y) - K
            dfs = np.full(K, float(G) if linear else np.inf)
            found = effective(spec, one, one_of(est, i))
        size = approximate_size(found, dfs)
        out.append((outcomes(spec, one, blank, found.df, size), found.df, size, dfs))
    if linear:
        out = out * R
    return tuple(np.array([o[j] for o in out]) for j in range(4))


def simulate(engine, name, icc, samples=None, vcovs=None):
    """The rows of a cell."""
    rng = np.random.default_rng(zlib.crc32(f"{name} {icc}".encode()))
    d, focal = table_of(name, rng)
    samples = samples or (MANY if engine == "linear" else MORE if name in PLAIN else SOME)
    options = {"penalty": 1.0} if engine == "ridge" else {}
    hc = () if icc or name.startswith("c1") or name.startswith("c3") else HC[engine]
    clustered = OF_CLUSTERS[engine] if not name.startswith("rows") else ()
    if engine in ("logit", "firth") and not (icc and name not in ("cont-50", "c12-1", "c30-1")):
        clustered = tuple(v for v in clustered if v != "jackknife")
    y = np.array([draw(engine, name, d, icc, rng) for _ in range(samples)])
    refused = separated(d, y) if engine == "logit" else np.zeros(samples, bool)
    if engine == "firth":
        refused = np.ptp(y, axis=1) == 0
    if engine == "poisson":
        refused = y[:, d.z == 1].sum(axis=1) == 0
    y = y[~refused]
    truth = 1.0 if name == "separated" else 0.0
    rows = []
    for vcov in vcovs or (*hc, *clustered):
        used = y
        if vcov in ("cr2", "jackknife"):
            used = y[: LOOPED if engine == "linear" else FEW]
        if not len(used):
            continue
        spec = ModelSpec(
            "m", "b ~ x + z", engine, vcov, "g" if vcov in CLUSTERED else None, options
        )
        design = build_design(d.assign(b=used[0]), "b ~ x + z", ("g",), None)
        parts = [
            of_chunk(spec, design, used[i : i + CHUNK], truth) for i in range(0, len(used), CHUNK)
        ]
        result, df, size, rejected = (np.concatenate([p[j] for p in parts]) for j in range(4))
        for term in focal:
            j = design.names.index(term)
            rows.append(
                row_of(
                    (engine, vcov, name, icc, term),
                    refused.mean(),
                    result[:, j],
                    df[:, j],
                    size[:, j],
                    rejected[:, j],
                )
            )
    return rows


def of_chunk(spec, design, y, truth):
    est = fitted(spec.engine, design.X, y)
    result, df, size, dfs = decided(spec, design, est, y)
    V = variances(spec.engine, spec.vcov, design, est, y)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = (est.beta - np.array([0.0, 0.0, truth])) / np.sqrt(V)
    p = 2 * stats.t.sf(np.abs(t), np.where(np.isnan(dfs), 1.0, dfs))
    return result, df, size, np.where(V > 0, (p < ALPHA) * 1.0, np.nan)


def row_of(head, refused, result, df, size, rejected):
    known = ~np.isnan(rejected)
    result, df, size, rejected = result[known], df[known], size[known], rejected[known]
    out = dict(zip(("engine", "vcov", "design", "icc", "term"), head, strict=True))
    out |= {"samples": len(rejected), "refused": round(float(refused), 3)}
    out |= {f"share_{o}": round(float((result == o).mean()), 3) for o in "abc"}
    shown = result != "a"
    out["df"] = round(float(np.median(df[shown])), 2) if shown.any() else np.nan
    out["predicted"] = round(float(np.mean(size[shown])), 4) if shown.any() else np.nan
    out["size"] = round(float(rejected.mean()), 4)
    for o in "bc":
        at = result == o
        out[f"size_{o}"] = round(float(rejected[at].mean()), 4) if at.any() else np.nan
    n = int((result == "c").sum())
    out["error"] = (
        round(float(np.sqrt(out["size_c"] * (1 - out["size_c"]) / n)), 4) if n else np.nan
    )
    return out


def main():
    start = time.time()
    rows = []
    for cell in cells():
        rows += simulate(*cell)
        print(cell, f"{time.time() - start:.0f} s", file=sys.stderr, flush=True)
    pd.DataFrame(rows).to_csv(HERE / "sizes.csv", index=False)
    digest = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    (HERE / "sizes.sha256").write_text(digest + "\n")
    print(f"{len(rows)} rows in {time.time() - start:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
