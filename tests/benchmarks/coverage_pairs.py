"""Intervals of the slope of x in batches of simulated data sets, by pairs of engine and covariance.

The kernels that ``ps.fit`` calls are called here on whole batches, or data set by data set where
they take one design, with what ``ps.fit`` would refuse told in words. That the two roads agree is
proved by ``prove`` in coverage_intervals.py.
"""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
from scipy.special import expit
from scipy.stats import norm, t

import peacestudy as ps
from peacestudy.errors import FitError
from peacestudy.models.engines.cox import refuse_monotone
from peacestudy.models.inference.covariance import covariance
from peacestudy.models.inference.cr2 import clusters_of, cr2_covariance, satterthwaite
from peacestudy.models.inference.profile import profile_interval
from peacestudy.models.inference.score_bootstrap import score_bootstrap
from peacestudy.models.inference.signs import signs_of
from peacestudy.models.inference.wild import wild
from peacestudy.models.kernels.cox import fit_cox
from peacestudy.models.kernels.firth import fit_firth
from peacestudy.models.kernels.linear import fit_linear
from peacestudy.models.kernels.logit import fit_logit
from peacestudy.models.kernels.risk_sets import risk_sets
from peacestudy.models.kernels.separation import find_separation

LEVEL = 0.95
UPPER = 0.5 + LEVEL / 2
SIGNS = 399  # draws of a bootstrap; all 128 where there are eight clusters
# a row fitted more closely than this is reason to ask whether the outcome is separated
FITTED = 1e-3
KERNELS = {"linear": fit_linear, "logit": fit_logit, "firth": fit_firth}


@dataclass(frozen=True)
class Pair:
    """An engine and a covariance, with the outcome that it is tried on;
    ``clustered``: the outcome has cluster effects.
    """

    engine: str
    vcov: str
    kind: str
    clustered: bool = True
    bootstrap: bool = False

    @property
    def name(self):
        return f"{self.engine}-{'bootstrap' if self.bootstrap else self.vcov}"

    @property
    def spec(self):
        """What ``ps.fit`` would be asked."""
        options = (
            {"bootstrap": "rademacher", "bootstrap_draws": SIGNS, "bootstrap_seed": 1}
            if self.bootstrap
            else {}
        )
        response = "Surv(time, y)" if self.kind == "survival" else "y"
        group = None if self.vcov == "classical" else "g"
        return ps.ModelSpec(
            "m", f"{response} ~ x + z", self.engine, self.vcov, cluster=group, options=options
        )

    def icc(self, cell):
        return cell.icc if self.clustered else 0.0

    def critical(self, clusters):
        """The quantile of Wald intervals; with cr2 each data set
        has its own, and this is not it.
        """
        return t.ppf(UPPER, clusters - 1) if self.engine == "linear" else norm.ppf(UPPER)


PAIRS = (
    Pair("linear", "cluster", "number"),
    Pair("linear", "cr2", "number"),
    Pair("logit", "cluster", "binary"),
    Pair("firth", "classical", "binary", clustered=False),
    Pair("firth", "cluster", "binary"),
    Pair("cox", "cluster", "survival"),
)
WILD = Pair("linear", "cluster", "number", bootstrap=True)
SCORE = Pair("logit", "cluster", "binary", bootstrap=True)


@dataclass
class Intervals:
    """Of the slope of x in B data sets: estimate, standard error and both ends, each (B,); words
    why there is none, or "".
    """

    estimate: np.ndarray
    std_error: np.ndarray
    low: np.ndarray
    high: np.ndarray
    failed: list


def intervals(pair, cell, X, y):
    """The intervals of a batch: designs (B, N, 2), outcomes (B,
    N), or (B, N, 2) times and events.
    """
    if pair.engine == "cox":
        return _cox(pair, cell, X, y)
    D = np.concatenate([np.ones((*X.shape[:2], 1)), X], axis=2)
    # nothing to explain: another outcome stands in, and what comes of it is not counted
    none = np.ptp(y, axis=1) == 0
    est = KERNELS[pair.engine](D, np.where(none[:, None], np.arange(cell.n) % 2.0, y))
    failed = _why_not(pair, D, y, est)
    if pair.vcov == "cr2":
        return _cr2(cell, D, y, est.beta, failed)
    V = covariance(est, pair.vcov, (cell.groups,), small_sample=pair.engine == "linear")
    se = np.sqrt(np.diagonal(V, axis1=1, axis2=2))
    if pair.bootstrap or pair.vcov == "classical":
        return _one_by_one(pair, cell, D, y, est.beta, se, failed)
    return _wald(est.beta[:, 1], se[:, 1], pair.critical(cell.clusters), failed)


def _wald(estimate, se, quantile, failed):
    return Intervals(estimate, se, estimate - quantile * se, estimate + quantile * se, failed)


def _why_not(pair, D, y, est):
    """Why ``ps.fit`` would refuse each data set; "" where it would not."""
    failed = ["" if ok else "no convergence" for ok in est.converged]
    if pair.kind != "binary":
        return failed
    # a separated outcome has no maximum: the climb fits some rows as closely as it can, so only
    # those sets are asked
    close = (np.abs(y - expit(np.einsum("bnk,bk->bn", D, est.beta))) < FITTED).any(
        axis=1
    ) | ~est.converged
    for i in range(len(D)):
        if np.ptp(y[i]) == 0:
            failed[i] = "constant outcome"
        elif pair.engine == "logit" and close[i] and find_separation(D[i], y[i]) is not None:
            failed[i] = "separated"
    return failed


def _cr2(cell, D, y, beta, failed):
    se, quantile = np.full(len(D), np.nan), np.full(len(D), np.nan)
    for i in range(len(D)):
        parts = clusters_of(D[i], cell.groups)
        se[i] = np.sqrt(cr2_covariance(parts, y[i] - D[i] @ beta[i])[1, 1])
        quantile[i] = t.ppf(UPPER, satterthwaite(parts, np.eye(3)[1:2])[0])
    return _wald(beta[:, 1], se, quantile, failed)


def _one_by_one(pair, cell, D, y, beta, se, failed):
    """Intervals by profile or bootstrap."""
    signs = signs_of("rademacher", cell.clusters, SIGNS, 1)
    ends = np.full((len(D), 2), np.nan)
    for i in range(len(D)):
        if failed[i]:
            continue
        try:
            if pair.vcov == "classical":
                found = profile_interval(D[i], y[i], beta[i], se[i], LEVEL)
            elif pair.engine == "linear":
                found = wild(D[i], y[i], cell.groups, signs, 1 - LEVEL)[1]
            else:
                found = score_bootstrap(D[i], y[i], cell.groups, beta[i], se[i], signs, 1 - LEVEL)[
                    1
                ]
            ends[i] = found[1]
        except FitError:
            failed[i] = "an end not found"
    return Intervals(beta[:, 1], se[:, 1], *ends.T, failed)


def _cox(pair, cell, X, y):
    estimate, se, failed = np.full(len(X), np.nan), np.full(len(X), np.nan), []
    for i in range(len(X)):
        times = np.column_stack([np.full(cell.n, -np.inf), y[i, :, 0]])
        sets = risk_sets(times, y[i, :, 1], np.zeros(cell.n, int), "efron")
        est = fit_cox(X[i], sets)
        estimate[i] = est.beta[0, 0]
        se[i] = np.sqrt(covariance(est, pair.vcov, (cell.groups,), small_sample=False)[0, 0, 0])
        try:
            refuse_monotone(SimpleNamespace(X=X[i], names=("x", "z")), sets, est, "m")
            failed.append("" if est.converged[0] else "no convergence")
        except FitError:
            failed.append("monotone likelihood")
    return _wald(estimate, se, pair.critical(cell.clusters), failed)
