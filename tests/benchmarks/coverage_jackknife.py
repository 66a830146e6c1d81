"""Coverage of nominal 95 % intervals of vcov ``jackknife``, as ``ps.fit`` gives them, in the nine
cells of 8 and 20 clusters.

Writes tests/references/coverage/jackknife.csv (a few minutes): ``coverage`` of the fit's own
interval (t with G-1 for linear, z for logit and firth); ``coverage_t``, of the same standard errors
with t and G-1; ``first``, how many of the first ten data sets are covered, for the test.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from coverage_cells import CELLS, constant, draw, true_slope
from scipy.stats import t

import peacestudy as ps

DATA_SETS, FIRST, ICC = 500, 10, 0.2
KINDS = {"linear": "number", "logit": "binary", "firth": "binary"}
PLACES = [i for i, c in enumerate(CELLS) if c.clusters < 50]
STORED = Path(__file__).resolve().parents[1] / "references" / "coverage" / "jackknife.csv"


def covered(engine, cell, numbers):
    """Whether each data set's interval holds the slope, and whether it does with t and G-1; NaN
    where there is no fit, (B, 2).
    """
    kind = KINDS[engine]
    a, slope = 0.0 if kind == "number" else constant(cell, kind, ICC), true_slope(cell, kind, ICC)
    spec = ps.ModelSpec("m", "y ~ x + z", engine, "jackknife", cluster="g")
    out = []
    for number in numbers:
        X, y = draw(cell, kind, ICC, number, a)
        try:
            row = ps.fit(
                pd.DataFrame({"x": X[:, 0], "z": X[:, 1], "y": y, "g": cell.groups}), spec
            ).terms.iloc[1]
        except ps.FitError:
            out.append((np.nan, np.nan))
            continue
        apart = abs(row.estimate - slope) / row.std_error
        out.append(
            (row.conf_low <= slope <= row.conf_high, apart <= t.ppf(0.975, cell.clusters - 1))
        )
    return np.array(out, dtype=float)


def table():
    rows = []
    for engine in KINDS:
        for place in PLACES:
            cell = CELLS[place]
            hits = covered(engine, cell, range(DATA_SETS))
            fitted = hits[~np.isnan(hits[:, 0])]
            own, by_t = fitted.mean(axis=0)
            error = np.sqrt(own * (1 - own) / len(fitted))
            first = int(np.nansum(hits[:FIRST, 0]))
            rows.append(
                (cell.name, engine, cell.n, cell.clusters, len(fitted), own, error, by_t, first)
            )
    names = [
        "cell",
        "engine",
        "n",
        "clusters",
        "data_sets",
        "coverage",
        "mc_error",
        "coverage_t",
        "first",
    ]
    return pd.DataFrame(rows, columns=names)


if __name__ == "__main__":
    table().round(5).to_csv(STORED, index=False)
