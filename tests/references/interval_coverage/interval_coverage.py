"""How often 95 % intervals of effects and predictions contain the truth, on every scale.

``python tests/references/interval_coverage/interval_coverage.py`` writes ``coverage.csv`` and
``script.sha256``.

One covariate x, normal quantiles, the same in all data sets of a cell, because an interval is about
the coefficients. The outcome has a slope of 0.7 on the scale of the link and probability p (or mean
count p) at the mean of x. In each data set the library's own kernels estimate the model and the
numbers are those of ``effects``. Data sets that ``ps.fit`` refuses (one outcome alone, separation,
a category without cases) are drawn again and counted.
"""

import hashlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from scipy.stats import norm

import peacestudy as ps
from peacestudy.models.engines.ordered import LOST
from peacestudy.models.inference.covariance import covariance
from peacestudy.models.interpretation.effect_rows import effect_rows
from peacestudy.models.interpretation.effect_table import delta_method
from peacestudy.models.interpretation.effect_terms import (
    Asked,
    comparison_terms,
    prediction_terms,
    slope_terms,
)
from peacestudy.models.interpretation.interval_scales import Scale, interval
from peacestudy.models.kernels.estimates import Estimates
from peacestudy.models.kernels.firth import fit_firth
from peacestudy.models.kernels.flic import fit_flic
from peacestudy.models.kernels.linear import fit_linear
from peacestudy.models.kernels.logit import fit_logit
from peacestudy.models.kernels.ordered import fit_ordered
from peacestudy.models.kernels.poisson import fit_poisson
from peacestudy.models.result import Fit

FOLDER = Path(__file__).parent
REPLICATIONS, FIRST = 1000, 25
SLOPE, SEED = 0.7, 20261130
PROBABILITIES = (0.05, 0.1, 0.3, 0.5, 0.9, 0.95)
RANGE = (0.93, 0.98)
HORIZON = 5


@dataclass(frozen=True)
class Cell:
    """One design of the simulation.

    ``p`` is the probability at the mean of x: of the lowest category, or of the middle one, where
    the outcome is ordered.
    """

    engine: str
    vcov: str
    scales: tuple[str, ...]
    p: float
    n: int
    middle: bool = False

    @property
    def name(self) -> str:
        """The cell in words."""
        kind = "middle" if self.middle else "end" if self.engine == "ordered" else ""
        return " ".join(
            filter(None, (self.engine, kind, self.vcov, f"p {self.p:g}", f"n {self.n}"))
        )


def cells() -> Iterator[Cell]:
    """All cells."""
    for p in PROBABILITIES:
        for n in (100, 200):
            yield Cell("logit", "classical", ("response",), p, n)
            yield Cell("firth", "classical", ("response", "flic"), p, n)
    for p in (0.05, 0.1, 0.3, 0.9):
        for vcov, n in (("hc1", 100), ("hc1", 200), ("cluster", 200)):
            yield Cell("logit", vcov, ("response",), p, n)
            yield Cell("firth", vcov, ("response", "flic"), p, n)
    for p in (0.05, 0.1, 0.3, 0.5, 0.9):
        yield Cell("ordered", "classical", ("response",), p, 100)
        yield Cell("ordered", "classical", ("response",), p, 100, middle=True)
    yield Cell("ordered", "hc1", ("response",), 0.1, 200)
    for vcov in ("classical", "hc1"):
        yield Cell("linear", vcov, ("response",), 0.5, 100)
        yield Cell("poisson", vcov, ("response",), 0.5, 100)
        yield Cell("poisson", vcov, ("response",), 2.0, 100)
    yield Cell("discrete_time", "classical", ("horizon",), 0.1, 100)
    yield Cell("cox", "classical", ("horizon",), 0.1, 100)


def covariate(n: int) -> np.ndarray:
    """Normal quantiles."""
    return np.asarray(norm.ppf((np.arange(n) + 0.5) / n))


def hazard(p: float) -> float:
    """Of one period, of an event with probability p within HORIZON periods."""
    return 1 - (1 - p) ** (1 / HORIZON)


Drawn = dict[str, np.ndarray]  # columns of an outcome


def draw(cell: Cell, x: np.ndarray, rng: np.random.Generator) -> Drawn:
    """The outcome of a data set."""
    n = len(x)
    if cell.engine == "linear":
        return {"y": SLOPE * x + rng.normal(size=n)}
    if cell.engine == "poisson":
        return {"y": rng.poisson(cell.p * np.exp(SLOPE * x)).astype(float)}
    if cell.engine == "ordered":
        return {"y": np.digitize(SLOPE * x + rng.logistic(size=n), cuts(cell)).astype(float)}
    if cell.engine == "discrete_time":
        t = rng.geometric(expit(logit(hazard(cell.p)) + SLOPE * x))
        return {"t": np.minimum(t, HORIZON), "y": (t <= HORIZON) * 1.0}
    if cell.engine == "cox":
        # the cumulative hazard at the horizon gives p; censored between 1 and 2 horizons
        t = rng.exponential(size=n) / (rate(cell.p) * np.exp(SLOPE * x))
        end = rng.uniform(1, 2, n) * HORIZON
        end[0] = 2 * HORIZON
        return {"t": np.minimum(t, end), "y": (t <= end) * 1.0}
    return {"y": (rng.random(n) < expit(logit(cell.p) + SLOPE * x)) * 1.0}


def table_of(cell: Cell, d: Drawn) -> pd.DataFrame:
    """A data set: the outcome, x, and forty clusters of equal size."""
    return pd.DataFrame({"x": covariate(cell.n), "g": np.arange(cell.n) * 40 // cell.n, **d})


def rate(p: float) -> float:
    """Hazard of a case at the mean of x with an event within HORIZON with probability p."""
    return float(-np.log1p(-p) / HORIZON)


def cuts(cell: Cell) -> list[float]:
    """Cut points of three categories; the lowest or the middle one has probability p."""
    if cell.middle:
        return [float(logit((1 - cell.p) / 2)), float(logit((1 + cell.p) / 2))]
    return [float(logit(cell.p)), float(logit((1 + cell.p) / 2))]


def refused(cell: Cell, x: np.ndarray, d: Drawn) -> bool:
    """Whether ``ps.fit`` refuses the data set: one outcome alone, or x separates it."""
    y = d["y"]
    if cell.engine in ("linear", "poisson"):
        return bool(y.sum() == 0)
    if cell.engine == "ordered":
        return len(set(y)) < 3
    if y.min() == y.max():
        return True
    if cell.engine == "firth":
        return False
    ones, zeros = x[y == 1], x[y == 0]
    return bool(ones.min() >= zeros.max() or ones.max() <= zeros.min())


FORMULA = {"cox": "Surv(t, y) ~ x", "discrete_time": "Surv(t, y) ~ x"}


def template(cell: Cell, d: pd.DataFrame) -> Fit:
    """The fit of a data set by ``ps.fit``."""
    options = {"baseline": "constant"} if cell.engine == "discrete_time" else {}
    cluster = "g" if cell.vcov == "cluster" else None
    spec = ps.ModelSpec(
        "m", FORMULA.get(cell.engine, "y ~ x"), cell.engine, cell.vcov, cluster, options
    )
    return ps.fit(d, spec)


def estimates(cell: Cell, scale: str, like: Fit, Y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Parameters (B, P) and covariances (B, P, P) of the data sets that have them."""
    X, linear = like.design.X, cell.engine == "linear"
    if cell.engine in ("ordered", "poisson"):
        found = [e for e in (_one(cell, X, y) for y in Y) if e is not None]
        V = [covariance(e, cell.vcov, like.design.clusters, small_sample=False)[0] for e in found]
        return np.array([e.beta[0] for e in found]), np.array(V)
    kernel = {"linear": fit_linear, "logit": fit_logit, "firth": fit_firth}[cell.engine]
    batch = np.broadcast_to(X, (len(Y), *X.shape))
    est = fit_flic(batch, Y, 0) if scale == "flic" else kernel(batch, Y)
    return est.beta, covariance(est, cell.vcov, like.design.clusters, small_sample=linear)


def _one(cell: Cell, X: np.ndarray, y: np.ndarray) -> Estimates | None:
    """Estimates of one data set by a kernel without batches; None where it is separated."""
    if cell.engine == "poisson":
        return fit_poisson(X, y, np.zeros(len(y)))[0]
    est, left = fit_ordered(X, y.astype(int))
    return est if left >= LOST else None


def asked_terms(cell: Cell, fit: Fit, d: pd.DataFrame, scale: str) -> dict[str, list]:
    """What is asked, by name."""
    horizon = float(HORIZON) if scale == "horizon" else None
    asked = Asked(fit, effect_rows(fit, d, "fit"), scale, horizon, "fit")
    out = {
        "prediction at 0": list(prediction_terms(asked, {"x": 0.0})),
        "prediction at 1": list(prediction_terms(asked, {"x": 1.0})),
        "mean prediction": list(prediction_terms(asked, None)),
        "difference": list(comparison_terms(asked, {"x": (0.0, 1.0)}, None, "difference")),
    }
    if cell.engine != "linear":
        out["ratio"] = list(comparison_terms(asked, {"x": (0.0, 1.0)}, None, "ratio"))
    if scale != "horizon":
        out["slope"] = list(slope_terms(asked, ["x"], None))
    return out


def truths(cell: Cell, fit: Fit, asked: dict[str, list]) -> dict[str, list[float]]:
    """The true numbers, in the order of the terms."""
    if cell.engine == "cox":
        return {name: [_restricted(cell, name)] for name in asked}
    if cell.engine == "ordered":
        b = np.array([SLOPE, *cuts(cell)])
    elif cell.engine == "discrete_time":
        b = np.array([logit(hazard(cell.p)), SLOPE])
    else:
        start = {"linear": 0.0, "poisson": np.log(cell.p)}.get(cell.engine, logit(cell.p))
        b = np.array([start, SLOPE])
    back = {}
    for name, terms in asked.items():
        back[name] = [float(t.quantity.scale.back(np.array(t.quantity.value(b)))) for t in terms]
    return back


def _restricted(cell: Cell, name: str) -> float:
    """Restricted means of exponential times."""

    def mean(x: np.ndarray) -> float:
        h = rate(cell.p) * np.exp(SLOPE * x)
        return float((-np.expm1(-h * HORIZON) / h).mean())

    zero, one = mean(np.zeros(1)), mean(np.ones(1))
    found = {
        "prediction at 0": zero,
        "prediction at 1": one,
        "mean prediction": mean(covariate(cell.n)),
    }
    return (found | {"difference": one - zero, "ratio": one / zero})[name]


def run(cell: Cell, replications: int) -> pd.DataFrame:
    """Coverage of a cell, a row a scale, quantity and category."""
    x = covariate(cell.n)
    digest = hashlib.sha256(cell.name.encode()).digest()
    rng = np.random.default_rng([SEED, *digest[:4]])
    sets: list[Drawn] = []
    again = 0
    while len(sets) < replications:
        d = draw(cell, x, rng)
        if refused(cell, x, d):
            again += 1
        else:
            sets.append(d)
    of = by_fits if cell.engine in FORMULA else by_kernels
    rows = []
    for scale in cell.scales:
        keys, truth, values = of(cell, scale, sets)
        lost = len(sets) - values.shape[1]
        rows += [
            _summary(cell, (scale, *key), v, t, again + lost)
            for key, v, t in zip(keys, values, truth, strict=True)
        ]
    return pd.DataFrame(rows)


# quantities, truths, and numbers (quantities, data sets, 4)
Found = tuple[list[tuple[str, str]], list[float], np.ndarray]


def by_kernels(cell: Cell, scale: str, sets: list[Drawn]) -> Found:
    """Numbers of all data sets: estimate, standard error and interval."""
    first = table_of(cell, sets[0])
    like = template(cell, first)
    asked = asked_terms(cell, like, first, scale)
    keys = [(name, t.category) for name, terms in asked.items() for t in terms]
    terms = [t for each in asked.values() for t in each]
    b, V = estimates(cell, scale, like, np.array([d["y"] for d in sets]))
    values = np.empty((len(terms), len(b), 4))
    for j, t in enumerate(terms):
        w = np.array([t.quantity.value(each) for each in b])
        G = np.array([t.quantity.gradient(each) for each in b])
        error = np.einsum("bp,bpq,bq->b", G, V, G) ** 0.5
        values[j] = _numbers(t.quantity.scale, w, error, np.full(len(b), like.df))
    truth = [v for each in truths(cell, like, asked).values() for v in each]
    return keys, truth, values


def by_fits(cell: Cell, scale: str, sets: list[Drawn]) -> Found:
    """The same of times, whose baseline hazard is that of each data set: by ``ps.fit``."""
    parts = []
    for each_set in sets:
        d = table_of(cell, each_set)
        fit = template(cell, d)
        asked = asked_terms(cell, fit, d, scale)
        terms = [t for each in asked.values() for t in each]
        value, error, dfs, _ = delta_method(fit, scale, terms)
        each = [
            _numbers(t.quantity.scale, *(a[j : j + 1] for a in (value, error, dfs)))[0]
            for j, t in enumerate(terms)
        ]
        parts.append(each)
    keys = [(name, t.category) for name, of_name in asked.items() for t in of_name]
    truth = [v for each in truths(cell, fit, asked).values() for v in each]
    return keys, truth, np.array(parts).transpose(1, 0, 2)


def _numbers(scale: Scale, value: np.ndarray, error: np.ndarray, dfs: np.ndarray) -> np.ndarray:
    """Estimates, standard errors and ends of intervals, shape (n, 4)."""
    ends = interval(scale, value, error, dfs, 0.95)
    return np.column_stack([ends[:, 0], scale.slope(value) * error, ends[:, 1:]])


def _summary(
    cell: Cell, key: tuple[str, str, str], values: np.ndarray, truth: float, again: int
) -> dict:
    scale, quantity, category = key
    estimate, error, low, high = values.T
    covered = (low <= truth) & (truth <= high)
    share = covered.mean()
    spread = estimate.std(ddof=1)
    return {
        "cell": cell.name,
        "engine": cell.engine,
        "vcov": cell.vcov,
        "scale": scale,
        "p": cell.p,
        "n": cell.n,
        "quantity": quantity,
        "category": category,
        "truth": truth,
        "replications": len(values),
        "drawn_again": again,
        "missing": int(np.isnan(low).sum()),
        "coverage": share,
        "mc_error": (share * (1 - share) / len(values)) ** 0.5,
        "too_high": (low > truth).mean(),
        "too_low": (high < truth).mean(),
        "bias": estimate.mean() - truth,
        "bias_in_sd": (estimate.mean() - truth) / spread,
        "error_over_sd": np.nanmean(error) / spread,
        "first_covered": int(covered[:FIRST].sum()),
        "first_low": np.nanmean(low[:FIRST]),
        "first_high": np.nanmean(high[:FIRST]),
    }


def script_hash() -> str:
    """SHA-256 of this file."""
    return hashlib.sha256(Path(__file__).read_bytes()).hexdigest()


def main(replications: int) -> None:
    """Write the table."""
    table = pd.concat([run(cell, replications) for cell in cells()], ignore_index=True)
    table.to_csv(FOLDER / "coverage.csv", index=False, float_format="%.10g")
    (FOLDER / "script.sha256").write_text(script_hash() + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else REPLICATIONS)
