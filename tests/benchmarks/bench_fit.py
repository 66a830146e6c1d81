"""How long one fit takes, beside statsmodels' formulas: python
tests/benchmarks/bench_fit.py [rounds].

Equality is asserted before anything is timed; the two sides take turns in
one process, so that a busy machine slows both.
"""

import sys
from statistics import median
from time import perf_counter

import numpy as np
import pandas as pd
import statsmodels.api as sm
import statsmodels.formula.api as smf

import peacestudy as ps
from peacestudy.models.kernels.logit import fit_logit

ROUNDS = 30
SAME = 1e-7  # relative; statsmodels' Newton stops at 1e-8
CASES, TERMS, CLUSTERS = 150, 15, 40


def draw(terms):
    rng = np.random.default_rng(20261123)
    d = pd.DataFrame(rng.normal(size=(CASES, terms)), columns=[f"x{i}" for i in range(terms)])
    d["g"] = rng.integers(0, CLUSTERS, CASES)
    d["k"] = rng.choice(["north", "south", "west"], CASES)
    d["y"] = (rng.random(CASES) < 1 / (1 + np.exp(0.5 - d.x0))).astype(int)
    d["v"] = d.x0 + rng.normal(size=CASES)
    return d


def turns(sides, rounds):
    """Median seconds of every side, the sides taking turns."""
    times = {name: [] for name in sides}
    for _ in range(rounds):
        for name, run in sides.items():
            start = perf_counter()
            run()
            times[name].append(perf_counter() - start)
    return {name: median(values) for name, values in times.items()}


def spec(formula, engine, vcov, cluster=None):
    return ps.ModelSpec("bench", formula, engine, vcov, cluster=cluster)


def beside_statsmodels(rounds):
    """Rows of a table: the same formula, fitted by us and by statsmodels, and the ratio."""
    rows = []
    for terms in (3, TERMS):
        d = draw(terms)
        right = " + ".join(f"x{i}" for i in range(terms)) + " + C(k)"
        for what, ours, theirs in (
            (
                "logit",
                spec(f"y ~ {right}", "logit", "classical"),
                lambda d=d, r=right: smf.logit(f"y ~ {r}", d).fit(disp=0),
            ),
            (
                "linear hc1",
                spec(f"v ~ {right}", "linear", "hc1"),
                lambda d=d, r=right: smf.ols(f"v ~ {r}", d).fit(cov_type="HC1"),
            ),
        ):
            found, want = ps.fit(d, ours).terms, theirs()
            pairs = zip(found.term, found.estimate, found.std_error, strict=True)
            for term, estimate, error in pairs:
                name = term.replace("[", "[T.") if term.startswith("C(") else term
                np.testing.assert_allclose(
                    [estimate, error], [want.params[name], want.bse[name]], rtol=SAME
                )
            took = turns({"ours": lambda d=d, s=ours: ps.fit(d, s), "statsmodels": theirs}, rounds)
            rows.append((f"{what}, {terms} columns and C(k)", took["ours"], took["statsmodels"]))
    return rows


def kernels(rounds):
    """Rows of a table: the logit on arrays alone, by us and by
    statsmodels' bare Logit with its standard errors.
    """
    rows = []
    for terms in (3, TERMS):
        d = draw(terms)
        X, y = (
            np.column_stack([np.ones(CASES), d[[f"x{i}" for i in range(terms)]]]),
            d.y.to_numpy(float),
        )
        found, want = fit_logit(X[None], y[None]), sm.Logit(y, X).fit(disp=0)
        np.testing.assert_allclose(found.beta[0], want.params, rtol=SAME, atol=1e-9)
        np.testing.assert_allclose(np.sqrt(np.diag(found.classical[0])), want.bse, rtol=SAME)
        sides = {
            "ours": lambda X=X, y=y: fit_logit(X[None], y[None]),
            "statsmodels": lambda X=X, y=y: sm.Logit(y, X).fit(disp=0).bse,
        }
        took = turns(sides, 5 * rounds)
        rows.append((f"kernel of the logit, {terms} columns", took["ours"], took["statsmodels"]))
    return rows


def alone(rounds):
    """Seconds of what statsmodels does not offer."""
    d = draw(TERMS)
    right = " + ".join(f"x{i}" for i in range(TERMS))
    sides = {
        "firth, cluster, notes": lambda: ps.fit(d, spec(f"y ~ {right}", "firth", "cluster", "g")),
        "firth, classical (profile intervals)": lambda: ps.fit(
            d, spec(f"y ~ {right}", "firth", "classical")
        ),
    }
    for run in sides.values():
        run()
    return turns(sides, rounds)


def main(rounds):
    print(f"medians of {rounds} rounds, N {CASES}; ratio = ours / statsmodels")
    for what, ours, theirs in [*beside_statsmodels(rounds), *kernels(rounds)]:
        print(f"{what:38} {ours * 1e3:8.1f} ms {theirs * 1e3:8.1f} ms   ratio {ours / theirs:.2f}")
    for what, seconds in alone(rounds).items():
        print(f"{what:38} {seconds * 1e3:8.1f} ms   ({TERMS} columns)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
