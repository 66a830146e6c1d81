"""How often profile ends, tests and estimates of Firth's logit are not those of the highest
maximum, before and after the search.

A row a data set. ``before`` follows one path of maxima, as logistf and firthmodels do; ``after`` is
what ``ps.fit`` prints. Each is compared with the highest of the maxima that a climb of its own
finds from many random starts. An end is wrong where the likelihood ratio there is below the
chi-squared quantile by more than ``WRONG``, a test where its statistic is above the ratio by more,
an estimate where another point has a higher penalised likelihood, a set where a maximum that is not
rejected lies outside the interval. ``unconfirmed`` counts ends at which the random starts do not
find a maximum as high as that of ``ps.fit``. ``lowest_variance`` is the smallest, over the ends
that are wrong before, of the largest variance of a linear predictor there: the search looks for
other maxima where it is above ``CONCAVE``.

Run: python tests/references/firth_profile/frequency.py (about 15 minutes); writes frequency.csv and
frequency.sha256 beside it.
"""

import hashlib
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit
from scipy.stats import chi2

from peacestudy.models.inference import profile
from peacestudy.models.kernels import firth

QUANTILE = float(chi2.ppf(0.95, 1))
WRONG = 0.01  # of a likelihood ratio
STARTS = 80
STEPS = 60
FAMILIES = {  # columns, fewest and most rows, kind of columns, data sets
    "three terms": (3, 10, 30, "as in the issue", 332),
    "two terms": (2, 8, 20, "normal", 40),
    "dummies and numbers": (4, 15, 40, "mixed", 40),
    "six terms": (6, 25, 60, "mixed", 24),
    "correlated": (3, 10, 30, "correlated", 40),
    "strong": (3, 10, 30, "strong", 60),
    "six strong terms": (6, 25, 50, "strong", 24),
    "rare dummies": (4, 20, 60, "dummies", 40),
    "rare events": (4, 40, 90, "rare", 24),
    "heavy tails": (4, 15, 40, "heavy", 60),
    "six heavy tails": (6, 30, 80, "heavy", 24),
    "nine heavy tails": (9, 40, 100, "heavy", 10),
    "separated": (3, 12, 40, "separated", 40),
    "quasi-separated": (3, 12, 40, "quasi", 40),
    "eight terms": (8, 60, 120, "mixed", 12),
}


def draw(family, seed):
    """A design (N, K) and an outcome (N,)."""
    K, fewest, most, kind, _ = FAMILIES[family]
    rng = np.random.default_rng([list(FAMILIES).index(family), seed])
    n = int(rng.integers(fewest, most + 1))
    columns = [np.ones(n)]
    for k in range(1, K):
        dummy = kind == "dummies" or (kind in ("mixed", "as in the issue", "quasi") and k % 2 == 0)
        if dummy:
            column = (rng.random(n) < (0.1 if kind == "dummies" else 0.25)).astype(float)
        elif kind == "heavy":
            column = rng.standard_t(2, size=n).round(2)
        elif kind == "correlated" and k > 1:
            column = (columns[1] + 0.4 * rng.normal(size=n)).round(2)
        else:
            column = rng.normal(size=n).round(2)
        columns.append(column)
    X = np.column_stack(columns)
    if kind == "as in the issue":
        slopes = np.array([-0.5, 1.0, 1.0])
    else:
        slopes = rng.normal(size=K) * (2.5 if kind == "strong" else 0.8)
        slopes[0] = -2.2 if kind == "rare" else -0.3
    y = (rng.random(n) < expit(X @ slopes)).astype(float)
    if kind == "separated":
        y = (X[:, 1] > rng.normal() / 2).astype(float)
    if kind == "quasi":
        y[X[:, 2] == 1] = 1.0
    return X, y


def penalised(Z, y, beta):
    """The penalised log-likelihood at coefficients (S, K), and what it is made of."""
    eta = beta @ Z.T
    weights = expit(eta) * expit(-eta)
    information = np.einsum("ni,sn,nj->sij", Z, weights, Z, optimize=True)
    sign, logdet = np.linalg.slogdet(information)
    value = (y * eta - np.logaddexp(0, eta)).sum(axis=1) + logdet / 2
    return np.where(sign > 0, value, -np.inf), eta, weights, information


def climb(Z, y, start, free):
    """Newton's method from many starts (S, K) over the first ``free`` coefficients, written down
    without the kernels of the project.
    """
    beta = start.copy()
    K = Z.shape[1]
    value = penalised(Z, y, beta)[0]
    alive = np.isfinite(value) & (value > value.max() - 100)
    for _ in range(STEPS):
        at = np.flatnonzero(alive)
        if not len(at):
            break
        _, eta, weights, information = penalised(Z, y, beta[at])
        size = np.linalg.eigvalsh(information)
        whole = size[:, 0] > 1e-15 * size[:, -1]
        alive[at[~whole]] = False
        at, eta, weights, information = at[whole], eta[whole], weights[whole], information[whole]
        if not len(at):
            break
        p, inverse = expit(eta), np.linalg.inv(information)
        q = np.einsum("ni,sij,nj->sn", Z, inverse, Z, optimize=True)
        h = weights * q
        score = ((y - p + h * (0.5 - p)) @ Z)[:, :free]
        third = np.einsum("sn,nk,ni,nj->skij", weights * (1 - 2 * p), Z, Z, Z, optimize=True)
        inner = inverse[:, None] @ third @ inverse[:, None]
        S = len(at)
        cross = inner.reshape(S, K, K * K) @ third.reshape(S, K, K * K).transpose(0, 2, 1)
        bend = (
            np.einsum("ni,sn,nj->sij", Z, weights - h * (1 - 6 * weights) / 2, Z, optimize=True)
            + cross / 2
        )
        size, axes = np.linalg.eigh(bend[:, :free, :free])
        along = np.einsum("sik,si->sk", axes, score) / np.maximum(np.abs(size), 1e-10)
        move = np.einsum("sik,sk->si", axes, along)
        gain = (move * score).sum(axis=1)
        move *= np.minimum(1, 10 / np.maximum(np.abs(move).max(axis=1), 1e-300))[:, None]
        step, done = np.ones(S), np.zeros(S, dtype=bool)
        for _ in range(14):
            trial = beta[at].copy()
            trial[:, :free] += step[:, None] * move
            tried = penalised(Z, y, trial)[0]
            up = (tried >= value[at] - 1e-12 * (1 + np.abs(value[at]))) & ~done
            beta[at[up]], value[at[up]] = trial[up], tried[up]
            done |= up
            if done.all():
                break
            step[~done] /= 2.5
        alive[at[(gain < 1e-9) | ~done]] = False
    return value, beta


def starts(K, peak, rng):
    """Starts near zero, far from it, and round the estimate, shape (STARTS, K)."""
    out = np.zeros((STARTS, K))
    part = STARTS // 4
    out[1:part] = 2 * rng.normal(size=(part - 1, K))
    out[part : 2 * part] = 6 * rng.normal(size=(part, K))
    out[2 * part :] = peak + rng.normal(size=(STARTS - 2 * part, K)) * rng.choice(
        [2, 6, 15], (STARTS - 2 * part, 1)
    )
    return out


def path_to(Z, y, peak, held):
    """Where the path of maxima from the estimate leads, in small steps."""
    beta = peak.copy()[None]
    for share in np.linspace(0, 1, 25)[1:]:
        beta[0, -1] = peak[-1] + share * (held - peak[-1])
        beta = climb(Z, y, beta, len(peak) - 1)[1]
    return beta[0]


def held_ratio(one, top, held, rng):
    """The likelihood ratio with the last coefficient held, of the highest
    maximum that is found, and the end of the path.
    """
    Z, y, peak = one
    path = path_to(Z, y, peak, held)
    begin = np.vstack([starts(len(peak), peak, rng), path])
    begin[:, -1] = held
    return 2 * (top - climb(Z, y, begin, len(peak) - 1)[0].max()), path


def fitted(X, y, search):
    """Estimate, ends and statistics, with the search for other maxima or without."""
    concave = profile.not_concave
    if not search:
        profile.not_concave = lambda Z, beta: np.zeros(len(Z), dtype=bool)
    try:
        found = firth.fit_firth(X[None], y[None], search=search)
        beta, error = found.beta[0], np.sqrt(np.diag(found.classical[0]))
        ends = profile.profile_ends(X, y, beta, error, 0.95)
        statistic = profile.likelihood_ratio(X, y, beta)[0]
    finally:
        profile.not_concave = concave
    return beta, ends, statistic


def judged(X, y, fit, rng):
    """How many numbers of a fit are wrong."""
    beta, found, statistic = fit
    K = X.shape[1]
    out = {
        "estimate": 0,
        "ends": 0,
        "tests": 0,
        "outside": 0,
        "unconfirmed": 0,
        "moved": int(found.moved.sum()),
    }
    variances = []
    for j in range(K):
        order = [*(i for i in range(K) if i != j), j]
        Q, R = np.linalg.qr(X[:, order])
        Z, T = Q * np.sqrt(len(y)), R / np.sqrt(len(y))
        peak = T @ beta[order]
        top = penalised(Z, y, peak[None])[0][0]
        if j == 0:
            value, others = climb(Z, y, starts(K, peak, rng), K)
            out["estimate"] = int(2 * (value.max() - top) > WRONG)
            inside = np.isfinite(value) & (2 * (top - value) < QUANTILE - WRONG)
            original = np.linalg.solve(T, others[inside].T).T[:, np.argsort(order)]
            room = 1e-6 * (1 + np.abs(found.ends))
            beyond = (original < found.ends[:, 0] - room[:, 0]) | (
                original > found.ends[:, 1] + room[:, 1]
            )
            out["outside"] = int(beyond.any())
        for value in found.ends[j][np.isfinite(found.ends[j])]:
            held = value * T[-1, -1]
            ratio, path = held_ratio((Z, y, peak), top, held, rng)
            if ratio < QUANTILE - WRONG:
                out["ends"] += 1
                variances.append(_largest_variance(Z, path))
            out["unconfirmed"] += int(ratio > QUANTILE + WRONG)
        out["tests"] += int(statistic[j] - held_ratio((Z, y, peak), top, 0.0, rng)[0] > WRONG)
    return out, min(variances, default=np.nan)


def _largest_variance(Z, beta):
    weights = expit(Z @ beta) * expit(-Z @ beta)
    inverse = np.linalg.inv((Z.T * weights) @ Z)
    return ((Z @ inverse) * Z).sum(axis=1).max()


def row(family, seed):
    """What is stored of a data set; None where there is nothing to fit."""
    X, y = draw(family, seed)
    if not 0 < y.sum() < len(y) or np.linalg.matrix_rank(X) < X.shape[1]:
        return None
    rng = np.random.default_rng(seed)
    with np.errstate(all="ignore"):
        first, last = fitted(X, y, False), fitted(X, y, True)
        before, variance = judged(X, y, first, rng)
        same = np.array_equal(first[1].ends, last[1].ends) and np.array_equal(first[2], last[2])
        after = before if same else judged(X, y, last, rng)[0]
    out = {"family": family, "seed": seed, "n": len(y), "events": int(y.sum())}
    for name in ("estimate", "tests", "ends", "outside"):
        out |= {f"{name}_before": before[name], f"{name}_after": after[name]}
    moved = {
        "moved": after["moved"],
        "gaps": int(last[1].gaps.sum()),
        "unconfirmed": after["unconfirmed"],
    }
    return out | moved | {"lowest_variance": round(float(variance), 6)}


def rows(family, number):
    """The first data sets of a family that can be fitted."""
    out, seed = [], 0
    while len(out) < number:
        found = row(family, seed)
        out += [found] if found is not None else []
        seed += 1
    return out


def main():
    here = Path(__file__).resolve()
    table = []
    for family, (*_, number) in FAMILIES.items():
        table += rows(family, number)
        done = pd.DataFrame(table)
        done.to_csv(here.with_suffix(".csv"), index=False)
        part = done[done["family"] == family].drop(columns=["family", "seed", "n", "events"])
        print(family, part.sum().to_dict(), file=sys.stderr, flush=True)
    here.with_suffix(".sha256").write_text(hashlib.sha256(here.read_bytes()).hexdigest() + "\n")


if __name__ == "__main__":
    main()
