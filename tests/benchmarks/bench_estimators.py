"""Whether statsmodels could estimate what the kernels of peacestudy estimate by hand: python
tests/benchmarks/bench_estimators.py [sets].

Poisson, negative binomial, ordered logit, Cox and the linear model with a random intercept are
fitted by the kernels and by statsmodels, as it comes and as it does best (see estimators.py), on
data of several kinds. It is counted how often a fit raises an error, how often it says itself that
it has not converged, and how often it says that it has but ends away from the maximum, or with
estimates that are no numbers. The distance from the maximum is the root of score' inverse
information score, which is in standard errors; on the edge of zero variance of a random intercept
it is the root of twice the log-likelihood that is missing.

Data sets without a maximum are drawn again. Before anything is timed it is asserted that estimates
are equal where both sides reach the maximum. Times are processor time, the sides take turns on each
data set, and the ratio is the median over data sets, those included where statsmodels fails.

The tables are stored beside this file: estimators.csv, and estimators_r.csv with the largest
relative difference of an estimate from R's on the data sets of tests/references.
"""

import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import process_time

import estimators as by
import numpy as np
import pandas as pd
from estimators import Data

import peacestudy as ps
from peacestudy.models.kernels import cox, negative_binomial, ordered, risk_sets
from peacestudy.models.kernels.designs import orthonormal
from peacestudy.models.kernels.poisson import fit_poisson
from peacestudy.models.kernels.separation import find_separation

SETS = 40  # of each kind
FEWER = 8  # times fewer of those with many rows
N, MANY = 200, 5000  # rows
AWAY = 1e-4  # standard errors
REACHED = 1e-6  # standard errors; both sides this near the maximum have the same estimates
SAME = 1e-4  # relative
KEPT = 1e-4  # share of the information at zero that a data set with a maximum keeps there
HERE = Path(__file__).parent
REFERENCES = HERE.parent / "references"


# data sets


def columns(kind, rng):
    """Two numbers and a dummy, and what they add to a linear predictor; the numbers are GDP in
    dollars and a calendar year where units are meant.
    """
    rows = MANY if kind == "many rows" else N
    a, b = rng.normal(size=(2, rows))
    dummy = (rng.random(rows) < 0.4).astype(float)
    eta = 0.5 * a - 0.3 * b + 0.4 * dummy
    if kind == "units":
        a, b = np.round(np.exp(24 + a)), np.round(1995 + 10 * b)
    return np.column_stack([a, b, dummy]), eta


def with_constant(X):
    return np.column_stack([np.ones(len(X)), X])


def draw_counts(kind, rng, alpha):
    """Counts that vary by ``alpha`` more than Poisson's law allows."""
    X, eta = columns(kind, rng)
    rows = len(eta)
    middle = {"large": 1e6, "billions": 1e9, "rare": 0.05, "near Poisson": 100.0}
    offset = rng.uniform(-15, 15, rows) if kind == "exposure" else np.zeros(rows)
    mean = middle.get(kind, 3.0) * np.exp(eta + offset)
    if kind == "battle deaths":
        # most are small and some are huge; so is income in its own unit
        X[:, 0] = np.exp(2 * X[:, 0])
        mean = np.exp(3 + 3 * rng.normal(size=rows) + 0.3 * X[:, 2])
    if alpha:
        mean = mean * rng.gamma(1 / alpha, alpha, rows)
    return Data(with_constant(X), rng.poisson(mean).astype(float), offset)


def draw_poisson(kind, rng):
    data = draw_counts(kind, rng, 0.0)
    return None if endless(data) else data


def draw_negative_binomial(kind, rng):
    alpha = {"near Poisson": 1e-4, "dispersed": 10.0, "battle deaths": 0.0}.get(kind, 0.6)
    data = draw_counts(kind, rng, alpha)
    if endless(data):
        return None
    start = fit_poisson(data.X, data.y, data.offset)[0]
    mu = np.exp(data.X @ start.beta[0] + data.offset)
    return data if ((data.y - mu) ** 2 - data.y).sum() > 0 else None


def endless(data):
    """Whether a coefficient runs to infinity."""
    zero, some = np.flatnonzero(data.y == 0), np.flatnonzero(data.y > 0)
    rows = np.concatenate([zero, some, some])
    sides = np.repeat([0.0, 0.0, 1.0], [len(zero), len(some), len(some)])
    return len(some) < 2 or find_separation(data.X[rows], sides) is not None


def draw_ordered(kind, rng):
    X, eta = columns(kind, rng)
    latent = (8 if kind == "steep" else 1) * eta + rng.logistic(size=len(eta))
    shares = {"ten categories": np.linspace(0.1, 0.9, 9), "rare": [0.5, 0.98]}
    ends = np.quantile(latent, shares.get(kind, [0.3, 0.6, 0.8]))
    y = np.searchsorted(ends, latent)
    kept = ordered.fit_ordered(X, y)[1]
    return Data(X, y.astype(float)) if kept > KEPT else None


def draw_cox(kind, rng):
    """Times in whole numbers, so that events are tied, with either approximation of ties."""
    X, eta = columns(kind, rng)
    rows = len(eta)
    hazard = np.exp((5 if kind == "steep" else 1) * eta) / 12
    end = 1 + np.floor(rng.exponential(size=rows) / hazard)
    start = np.full(rows, -np.inf)
    labels = np.zeros(rows, int)
    if kind == "untied":
        end = end + rng.random(rows) / 2
    if kind == "entry and strata":
        start = np.floor(rng.random(rows) * 4)
        end = end + start
        labels = rng.integers(0, 3, rows)
    event = (rng.random(rows) < (0.05 if kind == "rare" else 0.7)).astype(float)
    ties = str(rng.choice(["efron", "breslow"]))
    data = Data(X, event, None, np.column_stack([start, end]), labels, ties)
    return data if event.sum() >= 5 and kept_by_cox(data) > KEPT else None


def kept_by_cox(data):
    sets, (Z, T) = by.sets_of(data), cox.basis(data.X, data.labels)
    zero = risk_sets.information(sets, Z, risk_sets.partial(sets, Z, np.zeros(len(T))))
    beta, converged = by.kernel_cox(data)
    if not converged:
        return 0.0
    end = risk_sets.information(sets, Z, risk_sets.partial(sets, Z, T @ beta))
    return float(np.linalg.eigvals(np.linalg.solve(zero, end)).real.min())


def draw_mixed_linear(kind, rng):
    X, eta = columns(kind, rng)
    sd = {"no variance": 0.0, "small variance": 0.15, "large variance": 30.0}.get(kind, 0.7)
    chance = 1 / np.arange(1, 26) if kind == "unbalanced" else np.ones(25)
    drawn = rng.choice(25, len(eta), p=chance / chance.sum())
    labels = np.sort(np.unique(drawn, return_inverse=True)[1])
    y = 3 + eta + sd * rng.normal(size=25)[labels] + rng.normal(size=len(eta))
    y = 1e9 * y if kind == "units" else y
    return Data(with_constant(X), y, None, None, labels, str(rng.choice(["reml", "ml"])))


# distance from the maximum, in standard errors


def decrement(score, information):
    """Infinite where the likelihood bends up."""
    if not np.isfinite(information).all() or np.linalg.eigvalsh(information)[0] <= 0:
        return np.inf
    return float(np.sqrt(score @ np.linalg.solve(information, score)))


def from_poisson(data, theta):
    Z = orthonormal(data.X)[0]
    mu = np.exp(data.X @ theta + data.offset)
    return decrement(Z.T @ (data.y - mu), Z.T @ (Z * mu[:, None]))


def from_negative_binomial(data, theta):
    """In the coefficients and the logarithm of alpha."""
    alpha = theta[-1]
    if not alpha > 0:
        return np.inf
    Z = orthonormal(data.X)[0]
    a = negative_binomial.at(data.X @ theta[:-1] + data.offset, alpha, data.y)
    score = np.append(Z.T @ a.eta, alpha * a.alpha.sum())
    H = np.empty((len(theta), len(theta)))
    H[:-1, :-1] = Z.T @ (Z * a.eta_eta[:, None])
    H[:-1, -1] = H[-1, :-1] = alpha * (Z.T @ a.eta_alpha)
    H[-1, -1] = alpha**2 * a.alpha_alpha.sum() - score[-1]
    return decrement(score, H)


def from_ordered(data, theta):
    K, y = data.X.shape[1], data.y.astype(int)
    C = data.X - data.X.mean(axis=0)
    cuts = theta[K:] - data.X.mean(axis=0) @ theta[:K]
    if not (np.diff(cuts) > 0).all():
        return np.inf
    Z = orthonormal(C)[0]
    a = ordered.at(cuts, C @ theta[:K], y)
    return decrement(ordered.scores(a, Z, y).sum(axis=0), ordered.information(a, Z, y))


def from_cox(data, theta):
    sets, (Z, T) = by.sets_of(data), cox.basis(data.X, data.labels)
    at = risk_sets.partial(sets, Z, T @ theta)
    if not np.isfinite(at.loglik):
        return np.inf
    return decrement(risk_sets.score(sets, Z, at), risk_sets.information(sets, Z, at))


def from_mixed_linear(data, theta):
    """In the coefficients and the logarithms of the standard deviation of groups and of the
    variance of rows.
    """
    best = by.kernel_mixed_linear(data)[0]
    missing = float(mixed_value(data, best) - mixed_value(data, theta))
    edge = best[-2] == 0 or theta[-2] == 0
    found = np.inf if edge or missing > AWAY else decrement(*mixed_derivatives(data, theta))
    return found if np.isfinite(found) else float(np.sqrt(2 * max(missing, 0.0)))


def mixed_derivatives(data, theta):
    """The score by complex steps, and the information by differences of it."""
    T = orthonormal(data.X)[1]
    K = len(T)
    size = np.append(np.full(K, np.sqrt(theta[-1])), np.ones(2))
    at = np.append(T @ theta[:K], np.log(theta[K:])) / size

    def score(phi):
        out = np.empty(len(phi))
        for j in range(len(phi)):
            step = phi.astype(complex)
            step[j] += 1e-20j
            step = step * size
            whole = np.append(np.linalg.solve(T, step[:K]), np.exp(step[K:]))
            out[j] = mixed_value(data, whole).imag / 1e-20
        return out

    h = 1e-5
    bend = np.array([(score(at - e) - score(at + e)) / (2 * h) for e in h * np.eye(len(at))])
    return score(at), (bend + bend.T) / 2


def mixed_value(data, theta):
    """Log-likelihood, by sums over groups; complex where the parameters are."""
    groups, residual = by.groups_of(data), data.y - data.X @ theta[:-2]
    s2 = theta[-1]
    ratio = theta[-2] ** 2 / s2
    w = ratio / (1 + groups.size * ratio)
    out = len(residual) * np.log(2 * np.pi * s2) + np.log(1 + groups.size * ratio).sum()
    out += (residual @ residual - (w * groups.sums(residual) ** 2).sum()) / s2
    if data.option == "reml":
        Z = orthonormal(data.X)[0]
        parts = groups.sums(Z)
        cross = Z.T @ Z - parts.T @ (parts * w[:, None])
        out += np.log(np.linalg.det(cross)) - Z.shape[1] * np.log(2 * np.pi * s2)
    return -out / 2


# the comparison


@dataclass(frozen=True)
class Estimator:
    """An engine: kinds of data, how to draw them, the kernel and the ways to use statsmodels, and
    the distance of estimates from the maximum.
    """

    kinds: tuple[str, ...]
    draw: Callable
    ways: dict[str, Callable]
    distance: Callable


COUNTS = (
    *("ordinary", "many rows", "units", "rare", "exposure"),
    *("large", "billions", "battle deaths"),
)
ESTIMATORS = {
    "poisson": Estimator(
        COUNTS,
        draw_poisson,
        {
            "kernel": by.kernel_poisson,
            "GLM": by.glm,
            "GLM scaled": by.glm_scaled,
            "Poisson scaled, Newton": by.poisson_scaled,
        },
        from_poisson,
    ),
    "negative_binomial": Estimator(
        (*COUNTS, "near Poisson", "dispersed"),
        draw_negative_binomial,
        {
            "kernel": by.kernel_negative_binomial,
            "NegativeBinomial": by.negative_binomial_raw,
            "NegativeBinomial scaled, BFGS": by.negative_binomial_bfgs,
            "NegativeBinomial scaled, Newton": by.negative_binomial_newton,
        },
        from_negative_binomial,
    ),
    "ordered": Estimator(
        ("ordinary", "many rows", "units", "rare", "ten categories", "steep"),
        draw_ordered,
        {
            "kernel": by.kernel_ordered,
            "OrderedModel, BFGS": by.ordered_raw,
            "OrderedModel scaled, BFGS": by.ordered_bfgs,
            "OrderedModel scaled, Newton": by.ordered_newton,
        },
        from_ordered,
    ),
    "cox": Estimator(
        ("ordinary", "many rows", "units", "rare", "untied", "entry and strata", "steep"),
        draw_cox,
        {"kernel": by.kernel_cox, "PHReg": by.phreg_raw, "PHReg scaled": by.phreg_scaled},
        from_cox,
    ),
    "mixed_linear": Estimator(
        (
            *("ordinary", "many rows", "units", "unbalanced"),
            *("no variance", "small variance", "large variance"),
        ),
        draw_mixed_linear,
        {
            "kernel": by.kernel_mixed_linear,
            "MixedLM": by.mixed_raw,
            "MixedLM scaled": by.mixed_scaled,
        },
        from_mixed_linear,
    ),
}


def draw_sets(draw, kind, sets):
    rng = np.random.default_rng([20261130, *kind.encode()])
    out = []
    while len(out) < sets:
        data = draw(kind, rng)
        if data is not None:
            out.append(data)
    return out


def attempt(way, data):
    """Estimates, and whether they are said to have converged; None where an error is raised."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return way(data)
        except Exception:
            return None, False


def distances(distance, samples, found):
    """Infinite where there are no estimates, or none that are numbers."""
    out = np.full(len(samples), np.inf)
    for i, (theta, _) in enumerate(found):
        if theta is not None and np.isfinite(theta).all():
            out[i] = distance(samples[i], theta)
    return out


def check(kernel, found, away):
    """Where both sides reach the maximum their estimates are the same."""
    for (want, _), (theta, _), gap in zip(kernel, found, away, strict=True):
        if gap < REACHED:
            room = SAME * np.abs(want).max()
            np.testing.assert_allclose(theta, want, rtol=SAME, atol=room)


def turns(kernel, way, samples):
    """The median over data sets of processor time by the way over that of the kernel."""
    ratios = []
    for data in samples:
        start = process_time()
        attempt(kernel, data)
        middle = process_time()
        attempt(way, data)
        ratios.append((process_time() - middle) / (middle - start))
    return float(np.median(ratios))


def compare(engine, kind, sets):
    """A row for the kernel and for every way to use statsmodels."""
    estimator = ESTIMATORS[engine]
    if kind == "many rows":
        sets = max(sets // FEWER, 1)
    samples = draw_sets(estimator.draw, kind, sets)
    reference = estimator.ways["kernel"]
    kernel = [attempt(reference, data) for data in samples]
    out = []
    for label, way in estimator.ways.items():
        found = [attempt(way, data) for data in samples]
        away = distances(estimator.distance, samples, found)
        check(kernel, found, away)
        raised = np.array([theta is None for theta, _ in found])
        converged = np.array([bool(said) for _, said in found])
        said = away[converged]
        row = {
            "engine": engine,
            "data": kind,
            "by": label,
            "sets": sets,
            "raised": raised.sum(),
            "not_converged": (~converged & ~raised).sum(),
            "ended_away": (said > AWAY).sum(),
            "median_distance": np.median(said) if len(said) else np.nan,
            "largest_distance": said.max() if len(said) else np.nan,
            "ratio": 1.0 if way is reference else turns(reference, way, samples),
        }
        out.append(row)
        print(*(f"{x:.2g}" if isinstance(x, float) else x for x in row.values()))
    return out


# against R


def of_r(folder, file, model, quantity="estimate"):
    d = pd.read_csv(REFERENCES / folder / file, keep_default_na=False)
    d = d.rename(columns={"outcome": "model"})
    return d[(d["model"] == model) & (d["quantity"] == quantity)]["value"].to_numpy(dtype=float)


def reference_sets():
    """Engine, model, data set and R's estimates in the order of the kernel's."""
    counts = pd.read_csv(REFERENCES / "counts" / "data.csv")
    for engine, short in (("poisson", "poisson"), ("negative_binomial", "nb")):
        for which, formula in (
            ("plain", "attacks ~ a + C(k) + log(gdp)"),
            ("exposed", "attacks ~ a * C(k)"),
        ):
            design = ps.fit(counts, ps.ModelSpec("m", formula, engine, "classical")).design
            exposed = which == "exposed"
            offset = np.log(counts["years"].to_numpy()) if exposed else np.zeros(len(counts))
            data = Data(design.X, design.y, offset)
            yield engine, which, data, of_r("counts", "expected.csv", f"{short}_{which}")
    large = pd.read_csv(REFERENCES / "counts" / "large.csv")
    for outcome in large.columns[1:]:
        X, y = with_constant(large[["x"]].to_numpy()), large[outcome].to_numpy(dtype=float)
        data = Data(X, y, np.zeros(len(y)))
        yield "negative_binomial", outcome, data, of_r("counts", "large_expected.csv", outcome)
    yield from ordered_references()
    yield from cox_references()
    yield from mixed_references()


def ordered_references():
    d = pd.read_csv(REFERENCES / "ordered" / "data.csv")
    levels = ["none", "little", "much", "all"]
    d["level"] = pd.Categorical(d["level"], levels, ordered=True)
    spec = ps.ModelSpec("m", "level ~ a + C(k) + log(gdp)", "ordered", "classical")
    design = ps.fit(d, spec).design
    want = of_r("ordered", "expected.csv", "made")
    cuts = len(levels) - 1
    yield "ordered", "made", Data(design.X, design.y), np.append(want[cuts:], want[:cuts])


def cox_references():
    right = "a + b + C(k)"
    models = {
        "efron": ("cases", f"Surv(time, event) ~ {right} + log(gdp)", {"ties": "efron"}),
        "breslow": ("cases", f"Surv(time, event) ~ {right} + log(gdp)", {"ties": "breslow"}),
        "strata": ("cases", "Surv(time, event) ~ a*b", {"ties": "efron", "strata": "region"}),
        "entry": ("cases", f"Surv(entry, time, event) ~ {right}", {"ties": "efron"}),
        "intervals": ("intervals", f"Surv(start, stop, event) ~ {right}", {"ties": "efron"}),
    }
    for model, (table, formula, options) in models.items():
        d = pd.read_csv(REFERENCES / "cox" / f"{table}.csv")
        design = ps.fit(d, ps.ModelSpec("m", formula, "cox", "classical", options=options)).design
        times = design.times.copy()
        if "time, event" in formula and "entry" not in formula:
            times[:, 0] = -np.inf
        labels = np.zeros(len(d), int)
        if "strata" in options:
            labels = pd.factorize(d[options["strata"]])[0]
        data = Data(design.X, design.y, None, times, labels, options["ties"])
        yield "cox", model, data, of_r("cox", "expected.csv", model)


def mixed_references():
    d = pd.read_csv(REFERENCES / "mixed" / "data.csv").sort_values("country", kind="stable")
    labels = np.unique(d["country"], return_inverse=True)[1]
    for method in ("reml", "ml"):
        options = {"group": "country", "method": method}
        formula = "growth ~ a + C(k) + log(gdp)"
        spec = ps.ModelSpec("m", formula, "mixed_linear", "classical", options=options)
        design = ps.fit(d, spec).design
        want = of_r("mixed", "expected.csv", method)
        sigma = of_r("mixed", "expected.csv", method, "sigma")
        data = Data(design.X, design.y, None, None, labels, method)
        yield "mixed_linear", method, data, np.append(want, sigma**2)


def compare_with_r():
    out = []
    for engine, model, data, want in reference_sets():
        for label, way in ESTIMATORS[engine].ways.items():
            theta, converged = attempt(way, data)
            gap = np.nan if theta is None else np.abs(theta / want - 1).max()
            row = (engine, model, label, bool(converged), gap)
            out.append(row)
            print(*row)
    names = ["engine", "model", "by", "converged", "relative_difference"]
    return pd.DataFrame(out, columns=names)


def main(sets):
    with_r = compare_with_r()
    with_r.to_csv(HERE / "estimators_r.csv", index=False, float_format="%.1e")
    rows = []
    for engine, estimator in ESTIMATORS.items():
        for kind in estimator.kinds:
            rows.extend(compare(engine, kind, sets))
    table = pd.DataFrame(rows)
    table["ratio"] = table["ratio"].round(1)
    table.to_csv(HERE / "estimators.csv", index=False, float_format="%.2g")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else SETS)
