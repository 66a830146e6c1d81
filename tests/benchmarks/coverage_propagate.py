"""Bias and coverage of ``ps.propagate`` by simulation: python
tests/benchmarks/coverage_propagate.py OUT.csv [linear|logit|differential]

300 cases, a code of 0 or 1 that depends on a covariate, an outcome that depends on both; the
analysis is never told how accurate the coders are. With one or two coders a quarter of the cases
has a known code (gold), with three there is none. ``differential``: coders are right more often (by
.1) on cases of outcome 1 than of 0 (less often by .1), and it is analysed both ways. The stored
table is tests/references/propagate/coverage.csv; a smaller run of the same is a test.
``no_estimate`` is the share of replications in which a draw of the true codes separated the
outcome, so that a logit has no estimate; the rest of the row leaves them out. The naive estimate of
two coders is of the cases on which they agree or whose code is known. It was computed for the same
seeds after the other columns, when cells on which the two differ were left open.
"""

import sys
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

import peacestudy as ps
from peacestudy.coding import CodingSheet
from peacestudy.coding.coding import SHEET_SCHEMA
from peacestudy.core.codebook import Code, Codebook, Indicator, Pillar, Scale
from peacestudy.errors import FitError
from peacestudy.robustness import propagate

CODES = (Code(0, "no", "no"), Code(1, "yes", "yes"))
TREATY = Indicator(
    "x", "X", "q", "t", "s", "r", "political", "promise", 1, level="nominal", codes=CODES
)
BOOK = Codebook(
    "small",
    "Small",
    "1.0",
    "share",
    {},
    (Scale("s", "nominal", CODES),),
    (Pillar("p", "P", "t", "h", "s", indicators=(TREATY,)),),
)
SPECS = {
    "linear": ps.ModelSpec("m", "y ~ x + z", "linear", vcov="classical"),
    "logit": ps.ModelSpec("m", "y ~ x + z", "logit", vcov="classical"),
    # draws may separate the outcome
    "differential": ps.ModelSpec("m", "y ~ x + z", "firth", vcov="hc1"),
}


def simulate(n, outcome, slope, accuracy, coders, gold, differential, rng):
    """A sheet, its data, and known codes of a share of the cases."""
    z = rng.normal(size=n)
    t = (rng.random(n) < 1 / (1 + np.exp(-0.5 * z))).astype(int)
    eta = -0.3 + slope * t + 0.5 * z
    y = (
        eta + rng.normal(size=n)
        if outcome == "linear"
        else (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(int)
    )
    right = accuracy + differential * np.where(y == 1, 1, -1)
    cases = [f"c{i}" for i in range(n)]
    parts = [
        pd.DataFrame(
            {
                "case_id": cases,
                "coder": f"coder_{r}",
                "code": np.where(rng.random(n) < right, t, 1 - t),
            }
        )
        for r in range(coders)
    ]
    table = (
        pd.concat(parts, ignore_index=True)
        .assign(indicator_id="x", kind="human")
        .reindex(columns=SHEET_SCHEMA.names)
    )
    known = rng.choice(n, int(gold * n), replace=False)
    truth = (
        pd.DataFrame({"case_id": [cases[i] for i in known], "indicator_id": "x", "code": t[known]})
        if gold
        else None
    )
    return (
        CodingSheet(table.astype({"code": "Int64"}), BOOK),
        pd.DataFrame({"case_id": cases, "y": y, "z": z}),
        truth,
    )


def cell(outcome, slope, accuracy, coders, gold, differential, told, replications, draws, seed):
    """Replications of one cell: naive and corrected estimate, coverage of both."""
    rng = np.random.default_rng(seed)
    rows = []
    for n in range(replications):
        sheet, data, known = simulate(
            300, outcome, slope, accuracy, coders, gold, differential, rng
        )
        spec = SPECS["differential" if differential else outcome]
        options = {"draws": draws, "burn": 200, "thin": 5, "rank_flips": False, "seed": n}
        try:
            found = propagate(sheet, data, spec, gold=known, differential=told, **options)
        # a draw separated the outcome: propagate says so and asks for Firth's estimate; counted
        # here
        except FitError:
            continue
        x = found.terms.set_index("term").loc["x"]
        rows.append(
            (
                x["naive"],
                x["naive_conf_low"] <= slope <= x["naive_conf_high"],
                x["estimate"],
                x["conf_low"] <= slope <= x["conf_high"],
                x["share_coding"],
                x["p_value"] < 0.05,
            )
        )
    a = np.array(rows, dtype=float)
    mean, se = a.mean(axis=0), a.std(axis=0, ddof=1) / np.sqrt(len(a))
    return {
        "outcome": outcome,
        "slope": slope,
        "accuracy": accuracy,
        "coders": coders,
        "gold": gold,
        "differential": differential,
        "told": told,
        "replications": replications,
        "naive": mean[0],
        "naive_coverage": mean[1],
        "estimate": mean[2],
        "bias": mean[2] - slope,
        "bias_se": se[2],
        "coverage": mean[3],
        "coverage_se": se[3],
        "share_coding": mean[4],
        "rejects": mean[5],
        "no_estimate": 1 - len(a) / replications,
    }


def cells(which):
    """The cells of a part of the study."""
    if which == "differential":
        for coders, told in product((1, 3), (False, True)):
            yield "logit", 0.6, 0.8, coders, 0.25 if coders < 3 else 0.0, 0.1, told
        return
    for accuracy, slope, coders in product((0.85, 0.75, 0.95), (1.2, 0.0, 0.6), (1, 2, 3)):
        yield which, slope, accuracy, coders, 0.25 if coders < 3 else 0.0, 0.0, False


def main(out, which, replications=200, draws=20):
    rows = []
    for seed, values in enumerate(cells(which)):
        rows.append(cell(*values, replications, draws, seed))
        pd.DataFrame(rows).round(4).to_csv(out, index=False)
        print(rows[-1], flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
