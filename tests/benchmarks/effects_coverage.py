"""Whether 95 % intervals of effects hold what is true, where nothing but simulation can say:
averages over groups, categories, counts.

``python tests/benchmarks/effects_coverage.py`` writes tests/references/effects/coverage.csv: 1,000
data sets each, about ten minutes. Rows and covariates are the same in every data set, for the
interval of an effect is about the coefficients.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.integrate import quad_vec
from scipy.special import expit
from scipy.stats import norm

import peacestudy as ps
from peacestudy.models import effects

SETS = 1000
N, G = 300, 40
STORED = Path(__file__).parents[1] / "references" / "effects" / "coverage.csv"
RNG = np.random.default_rng(77)
X = pd.DataFrame(
    {
        "a": RNG.normal(size=N),
        "k": RNG.choice(["x", "y"], N),
        "g": np.arange(N) % G,
        "months": RNG.integers(1, 13, N),
    }
)
ETA = (0.7 * X["a"] + 0.5 * (X["k"] == "y")).to_numpy()
SPREAD = 1.2


@dataclass(frozen=True)
class Cell:
    """An effect whose truth is known: the engine, how an outcome is
    drawn, what is true, and what is asked.
    """

    engine: str
    draw: Callable[[np.random.Generator], np.ndarray]
    truth: float
    kind: str
    variables: Any = None
    row: int = 0
    options: dict[str, str] = field(default_factory=dict)
    ask: dict[str, Any] = field(default_factory=dict)


def _grouped(rng: np.random.Generator) -> np.ndarray:
    return (rng.random(N) < expit(-0.4 + ETA + SPREAD * rng.normal(size=G)[X["g"]])) * 1


def _slope_over_groups() -> float:
    def of_rows(u: float) -> np.ndarray:
        eta = -0.4 + ETA + SPREAD * u
        return expit(eta) * expit(-eta) * norm.pdf(u)

    averages, _ = quad_vec(of_rows, -9, 9, epsabs=1e-12, epsrel=1e-12)
    return 0.7 * float(averages.mean())


def _middle(k: int) -> float:
    eta = 0.7 * X["a"] + 0.5 * k
    return float((expit(1.5 - eta) - expit(-0.5 - eta)).mean())


def _highest(k: int) -> float:
    return float((1 - expit(1.5 - 0.7 * X["a"] - 0.5 * k)).mean())


def _categories(rng: np.random.Generator) -> np.ndarray:
    return np.digitize(ETA + rng.logistic(size=N), [-0.5, 1.5])


def _counts(rng: np.random.Generator) -> np.ndarray:
    return rng.negative_binomial(2, 2 / (2 + X["months"].to_numpy() * np.exp(-1 + ETA)))


CELLS = {
    "slope of a probability averaged over groups": Cell(
        "mixed_logit",
        _grouped,
        _slope_over_groups(),
        "slopes",
        "a",
        options={"group": "g"},
        ask={"scale": "average"},
    ),
    "change of the chance of the highest category": Cell(
        "ordered", _categories, _highest(1) - _highest(0), "comparisons", {"k": ("x", "y")}, row=2
    ),
    "change of the chance of a middle category": Cell(
        "ordered", _categories, _middle(1) - _middle(0), "comparisons", {"k": ("x", "y")}, row=1
    ),
    "the same by simulation": Cell(
        "ordered",
        _categories,
        _middle(1) - _middle(0),
        "comparisons",
        {"k": ("x", "y")},
        row=1,
        ask={"interval": "simulation", "draws": 500, "seed": 1},
    ),
    "mean count at an exposure of one": Cell(
        "negative_binomial",
        _counts,
        float(np.exp(-1 + ETA).mean()),
        "predictions",
        options={"exposure": "months"},
        ask={"at": {"months": 1}},
    ),
}


def interval(cell: Cell, seed: int) -> tuple[float, float, float, float]:
    """Estimate, standard error and interval of one data set."""
    d = X.assign(y=cell.draw(np.random.default_rng(seed)))
    found = ps.fit(
        d, ps.ModelSpec("m", "y ~ a + C(k)", cell.engine, "classical", options=cell.options)
    )
    row = effects(found, d, cell.kind, cell.variables, **cell.ask).iloc[cell.row]
    return tuple(float(row[c]) for c in ("estimate", "std_error", "conf_low", "conf_high"))  # type: ignore[return-value]


def table() -> pd.DataFrame:
    """A row a cell and data set."""
    rows = [
        (name, seed, *interval(cell, seed)) for name, cell in CELLS.items() for seed in range(SETS)
    ]
    return pd.DataFrame(
        rows, columns=["cell", "seed", "estimate", "std_error", "conf_low", "conf_high"]
    )


if __name__ == "__main__":
    table().to_csv(STORED, index=False, float_format="%.10g")
