"""How often 95 % intervals of effects and predictions hold the truth, on every scale.

``python tests/references/interval_coverage/simulate.py`` writes ``coverage.csv`` and ``script.sha256``.

One covariate x, normal quantiles, the same in all data sets of a cell, as an interval is about the coefficients. The
outcome has a slope of 0.7 on the scale of the link and probability p (or mean count p) at the mean of x. In each data
set the model is estimated by the library's own kernels and the numbers are those of ``effects``; data sets that
``ps.fit`` refuses (one outcome alone, separation, a category without cases) are drawn again and counted.
"""

import hashlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from scipy.stats import norm

import peacestudy as ps
from peacestudy.errors import FitError
from peacestudy.models.engines.firth import fit_firth
from peacestudy.models.engines.linear import fit_linear
from peacestudy.models.engines.logit import fit_logit
from peacestudy.models.engines.ordered import LOST, fit_ordered
from peacestudy.models.engines.poisson import fit_poisson
from peacestudy.models.inference.covariance import covariance
from peacestudy.models.interpretation.effect_rows import effect_rows
from peacestudy.models.interpretation.effect_table import delta_method
from peacestudy.models.interpretation.effect_terms import Asked, comparison_terms, prediction_terms, slope_terms
from peacestudy.models.interpretation.interval_scales import interval
from peacestudy.models.result import Fit

FOLDER = Path(__file__).parent
REPLICATIONS, FIRST = 1000, 25
SLOPE, SEED = 0.7, 20261130
PROBABILITIES = (0.05, 0.1, 0.3, 0.5, 0.9, 0.95)
RANGE = (0.93, 0.98)
HORIZON = 5


@dataclass(frozen=True)
class Cell:
    """One way to draw and to ask: ``p`` at the mean of x, of the lowest or of the middle category of ordered ones."""

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
        return " ".join(filter(None, (self.engine, kind, self.vcov, f"p {self.p:g}", f"n {self.n}")))


def cells() -> Iterator[Cell]:
    """All cells."""
    for p in PROBABILITIES:
        for n in (100, 200):
            yield Cell("logit", "classical", ("response",), p, n)
            yield Cell("firth", "classical", ("response", "flic"), p, n)
        yield Cell("ordered", "classical", ("response",), p, 100)
        yield Cell("ordered", "classical", ("response",), p, 100, middle=True)
    for p in (0.05, 0.3, 0.9):
        for vcov, n in (("hc1", 100), ("cluster", 200)):
            yield Cell("logit", vcov, ("response",), p, n)
            yield Cell("firth", vcov, ("response", "flic"), p, n)
    yield Cell("ordered", "hc1", ("response",), 0.1, 200)
    yield Cell("ordered", "hc1", ("response",), 0.3, 200, middle=True)
    for vcov in ("classical", "hc1"):
        yield Cell("linear", vcov, ("response",), 0.5, 100)
        yield Cell("poisson", vcov, ("response",), 0.5, 100)
        yield Cell("poisson", vcov, ("response",), 2.0, 100)
    for p in (0.1, 0.5, 0.9):
        yield Cell("discrete_time", "classical", ("horizon",), p, 100)
    yield Cell("cox", "classical", ("horizon",), 0.1, 100)
    yield Cell("cox", "classical", ("horizon",), 0.9, 100)


def covariate(n: int) -> np.ndarray:
    """Normal quantiles."""
    return np.asarray(norm.ppf((np.arange(n) + 0.5) / n))


def hazard(p: float) -> float:
    """Of one period, of an event with probability p within HORIZON periods."""
    return 1 - (1 - p) ** (1 / HORIZON)


def draw(cell: Cell, x: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    """A data set."""
    n = len(x)
    d = pd.DataFrame({"x": x, "g": np.arange(n) * 40 // n})
    if cell.engine == "linear":
        return d.assign(y=SLOPE * x + rng.normal(size=n))
    if cell.engine == "poisson":
        return d.assign(y=rng.poisson(cell.p * np.exp(SLOPE * x)))
    if cell.engine == "ordered":
        return d.assign(y=np.digitize(SLOPE * x + rng.logistic(size=n), cuts(cell)))
    if cell.engine == "discrete_time":
        each = expit(logit(hazard(cell.p)) + SLOPE * x)
        t = rng.geometric(each)
        return d.assign(t=np.minimum(t, HORIZON), y=(t <= HORIZON) * 1)
    if cell.engine == "cox":  # the cumulative hazard at the horizon gives p; censored between 1 and 2 horizons
        t = rng.exponential(size=n) / (rate(cell.p) * np.exp(SLOPE * x))
        end = rng.uniform(1, 2, n) * HORIZON
        end[0] = 2 * HORIZON
        return d.assign(t=np.minimum(t, end), y=(t <= end) * 1)
    return d.assign(y=(rng.random(n) < expit(logit(cell.p) + SLOPE * x)) * 1)


def rate(p: float) -> float:
    """Hazard of a case at the mean of x with an event within HORIZON with probability p."""
    return float(-np.log1p(-p) / HORIZON)


def cuts(cell: Cell) -> list[float]:
    """Cut points of three categories, of which the lowest or the middle one has probability p at the mean of x."""
    if cell.middle:
        return [float(logit((1 - cell.p) / 2)), float(logit((1 + cell.p) / 2))]
    return [float(logit(cell.p)), float(logit((1 + cell.p) / 2))]


def refused(cell: Cell, d: pd.DataFrame) -> bool:
    """Whether ``ps.fit`` refuses the data set: one outcome alone, or x separates it."""
    if cell.engine in ("linear", "poisson"):
        return bool(d.y.sum() == 0)
    if cell.engine == "ordered":
        return bool(d.y.nunique() < 3)
    if d.y.nunique() < 2:
        return True
    if cell.engine == "firth":
        return False
    ones, zeros = d.x[d.y == 1], d.x[d.y == 0]
    return bool(ones.min() >= zeros.max() or ones.max() <= zeros.min())


FORMULA = {"cox": "Surv(t, y) ~ x", "discrete_time": "Surv(t, y) ~ x"}


def template(cell: Cell, d: pd.DataFrame) -> Fit:
    """The fit of a data set by ``ps.fit``."""
    options = {"baseline": "constant"} if cell.engine == "discrete_time" else {}
    cluster = "g" if cell.vcov == "cluster" else None
    spec = ps.ModelSpec("m", FORMULA.get(cell.engine, "y ~ x"), cell.engine, cell.vcov, cluster, options)
    return ps.fit(d, spec)


KERNELS: dict[str, Callable] = {"linear": fit_linear, "logit": fit_logit, "firth": fit_firth}


def fitted(cell: Cell, like: Fit, d: pd.DataFrame) -> Fit:
    """The fit of another data set with the same x, by the kernel alone; times are fitted by ``ps.fit``."""
    if cell.engine in FORMULA:
        return template(cell, d)
    y = d.y.to_numpy(dtype=float)
    if cell.engine == "ordered":
        est, left = fit_ordered(like.design.X, d.y.to_numpy())
        if left < LOST:
            raise FitError("separated")
    elif cell.engine == "poisson":
        est, _ = fit_poisson(like.design.X, y, np.zeros(len(y)))
    else:
        est = KERNELS[cell.engine](like.design.X[None], y[None])
    V = covariance(est, cell.vcov, like.design.clusters, small_sample=cell.engine == "linear")[0]
    names = like.terms["term"].to_list()
    return replace(
        like,
        terms=pd.DataFrame({"term": names, "estimate": est.beta[0]}),
        vcov=pd.DataFrame(V, index=names, columns=names),
        design=replace(like.design, y=y),
    )


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
    found = {"prediction at 0": zero, "prediction at 1": one, "mean prediction": mean(covariate(cell.n))}
    return (found | {"difference": one - zero, "ratio": one / zero})[name]


def run(cell: Cell, replications: int) -> pd.DataFrame:
    """Coverage of a cell, a row a scale, quantity and category."""
    x = covariate(cell.n)
    digest = hashlib.sha256(cell.name.encode()).digest()
    rng = np.random.default_rng([SEED, *digest[:4]])
    like: Fit | None = None
    found: dict[tuple[str, str, str], list[tuple[float, float, float, float]]] = {}
    truth: dict[tuple[str, str, str], float] = {}
    asked: dict[str, dict[str, list]] = {}
    done = again = 0
    while done < replications:
        d = draw(cell, x, rng)
        try:
            if refused(cell, d):
                raise FitError("refused")
            like = like or template(cell, d)
            fit = fitted(cell, like, d)
        except FitError:
            again += 1
            continue
        done += 1
        for scale in cell.scales:
            if scale not in asked or cell.engine in FORMULA:  # a baseline hazard is that of each data set
                asked[scale] = asked_terms(cell, fit, d, scale)
                true = truths(cell, fit, asked[scale])
                truth |= dict(zip(_keys(scale, asked), [v for values in true.values() for v in values], strict=True))
            terms = [t for each in asked[scale].values() for t in each]
            value, error, dfs, _ = delta_method(fit, scale, terms)
            scales = [t.quantity.scale for t in terms]
            for one in dict.fromkeys(scales):
                at = np.array([found_scale == one for found_scale in scales])
                ends = interval(one, value[at], error[at], dfs[at], 0.95)
                std_error = one.slope(value[at]) * error[at]
                keys = [key for key, here in zip(_keys(scale, asked), at, strict=True) if here]
                for key, row, se in zip(keys, ends, std_error, strict=True):
                    found.setdefault(key, []).append((row[0], se, row[1], row[2]))
    rows = [_summary(cell, key, np.array(values), truth[key], again) for key, values in found.items()]
    return pd.DataFrame(rows)


def _keys(scale: str, asked: dict[str, dict[str, list]]) -> list[tuple[str, str, str]]:
    return [(scale, name, t.category) for name, terms in asked[scale].items() for t in terms]


def _summary(cell: Cell, key: tuple[str, str, str], values: np.ndarray, truth: float, again: int) -> dict:
    scale, quantity, category = key
    estimate, error, low, high = values.T
    covered = (low <= truth) & (truth <= high)
    share = covered.mean()
    spread = estimate.std(ddof=1)
    return {
        "cell": cell.name, "engine": cell.engine, "vcov": cell.vcov, "scale": scale, "p": cell.p, "n": cell.n,
        "quantity": quantity, "category": category, "truth": truth, "replications": len(values), "drawn_again": again,
        "missing": int(np.isnan(low).sum()), "coverage": share,
        "mc_error": (share * (1 - share) / len(values)) ** 0.5, "too_high": (low > truth).mean(),
        "too_low": (high < truth).mean(), "bias": estimate.mean() - truth, "bias_in_sd": (estimate.mean() - truth) / spread,
        "error_over_sd": np.nanmean(error) / spread, "first_covered": int(covered[:FIRST].sum()),
        "first_low": np.nanmean(low[:FIRST]), "first_high": np.nanmean(high[:FIRST]),
    }  # fmt: skip


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
