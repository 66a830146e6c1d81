"""The stored coverage of nominal 95 % intervals: its seeds give it again, its roads are those of
``ps.fit``, every row is judged.

Tolerances: four standard errors for large samples against numerical integration; 1e-8 relative for
a table computed anew, as sums are taken in another order on another machine; ``SAME`` of
coverage_intervals.py for batches against ``ps.fit``.
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import peacestudy as ps
from peacestudy.errors import FitError
from peacestudy.models.kernels.cox import fit_cox
from peacestudy.models.kernels.logit import fit_logit
from peacestudy.models.kernels.risk_sets import risk_sets

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))
from coverage_cells import CELLS, constant, draw, draw_many, true_slope  # noqa: E402
from coverage_intervals import (  # noqa: E402
    BOOTSTRAPPED,
    DATA_SETS,
    PROOF,
    SAME,
    SCORE_CELLS,
    SMALL,
    judge,
    prove,
    small_table,
)
from coverage_pairs import PAIRS, SCORE, WILD, intervals  # noqa: E402

STORED = ROOT / "references" / "coverage"
REPEATED = 1e-8
EVERY = (*PAIRS, WILD, SCORE)
LARGE = 200_000


@pytest.fixture(scope="module")
def table():
    return pd.read_csv(STORED / "intervals.csv", keep_default_na=False, na_values=[""])


def test_twelve_cells_lie_in_the_ranges_asked_for():
    assert len(CELLS) == len({c.name for c in CELLS}) == 12
    assert {c.n for c in CELLS} == {60, 150, 300} and {c.clusters for c in CELLS} == {8, 20, 50}
    assert {(c.n, c.clusters) for c in CELLS} == {
        (n, g) for n in (60, 150, 300) for g in (8, 20, 50)
    }
    assert min(c.events for c in CELLS) == 20 and max(c.events for c in CELLS) == 100
    for c in CELLS:
        assert len(c.groups) == c.n and (np.bincount(c.groups, minlength=c.clusters) > 0).all()
    assert np.bincount(CELLS[11].groups).max() > 9 * np.bincount(CELLS[11].groups).min()


def test_a_logit_of_a_large_sample_finds_the_slope_that_integration_gives():
    cell = CELLS[0]
    large = replace(cell, n=LARGE, clusters=LARGE, events=LARGE // 3)
    truth, a = true_slope(cell, "binary", 0.2), constant(cell, "binary", 0.2)
    assert 0.4 < truth < 0.45  # clearly less than the slope within a cluster, 1/2
    assert true_slope(cell, "binary", 0.0) == pytest.approx(0.5, rel=1e-10)
    X, y = simulate(large, "binary", a)
    est = fit_logit(np.column_stack([np.ones(LARGE), X])[None], y[None])
    se = np.sqrt(np.diag(np.einsum("nj,nk->jk", est.influence[0], est.influence[0])))
    assert (np.abs(est.beta[0, 1:] - truth) < 4 * se[1:]).all() and se[1] < 0.006
    assert abs(y.mean() - 1 / 3) < 4 * np.sqrt(2 / 9 / LARGE)


def test_hazards_are_proportional_with_the_slope_that_is_to_be_covered():
    cell = CELLS[4]
    large = replace(cell, n=20_000, clusters=20_000)
    X, y = simulate(large, "survival", constant(cell, "survival", 0.2))
    sets = risk_sets(
        np.column_stack([np.full(20_000, -np.inf), y[:, 0]]),
        y[:, 1],
        np.zeros(20_000, int),
        "efron",
    )
    est = fit_cox(X, sets)
    assert (np.abs(est.beta[0] - 0.5) < 4 * np.sqrt(np.diag(est.classical[0]))).all()
    assert abs(y[:, 1].mean() - 1 / 3) < 4 * np.sqrt(2 / 9 / 20_000)


def simulate(cell, kind, a):
    """A data set of a cell that is not among the twelve, by the code that draws theirs."""
    return draw(cell, kind, 0.2, 0, a, stream=99)


def test_shares_of_variance_are_those_of_the_cell():
    cell = replace(CELLS[0], n=40_000, clusters=4_000)
    X, y = simulate(cell, "number", 0.0)
    e = y - X.sum(axis=1) / 2
    for values, share in ((X[:, 0], 0.5), (X[:, 1], 0.0), (e, 0.2)):
        means = values.reshape(4_000, 10).mean(axis=1)
        assert abs(values.var() - 1) < 0.05
        assert abs(means.var() - (share + (1 - share) / 10)) < 4 * np.sqrt(2 / 4_000) * (
            share + (1 - share) / 10
        )


@pytest.mark.parametrize("pair", EVERY, ids=lambda p: p.name)
def test_twenty_data_sets_are_as_fit_gives_them(pair):
    number = 5 if pair is SCORE else PROOF  # it takes long: all twenty before the table is computed
    assert prove(pair, CELLS[0], number) == (pytest.approx(0, abs=SAME), number)


def test_what_fit_refuses_is_counted_by_its_reason():
    cell = CELLS[0]
    X, y = draw_many(cell, "binary", 0.2, range(4))
    y[1] = X[1, :, 0] > 0  # complete
    y[2] = np.where(X[2, :, 0] > 0.5, 1.0, y[2])
    y[2] = np.where(X[2, :, 0] < -0.5, 0.0, y[2])
    X[2, :, 0] = np.sign(X[2, :, 0]) * (np.abs(X[2, :, 0]) > 0.5)  # quasi-complete
    y[3] = 0.0
    assert intervals(PAIRS[2], cell, X, y).failed == [
        "",
        "separated",
        "separated",
        "constant outcome",
    ]
    assert intervals(PAIRS[4], cell, X, y).failed == ["", "", "", "constant outcome"]
    for i, refused in (
        (1, "completely separated"),
        (2, "quasi-completely separated"),
        (3, "no variation to explain"),
    ):
        data = pd.DataFrame({"x": X[i, :, 0], "z": X[i, :, 1], "y": y[i], "g": cell.groups})
        with pytest.raises(FitError, match=refused):
            ps.fit(data, PAIRS[2].spec)
    X, y = draw_many(cell, "survival", 0.2, range(2))
    y[1, :, 0] = np.argsort(np.argsort(-X[1, :, 0])) + 1.0  # the higher x the earlier
    y[1, :, 1] = 1.0
    assert intervals(PAIRS[5], cell, X, y).failed == ["", "monotone likelihood"]


def test_two_cells_computed_anew_are_as_stored():
    stored = pd.read_csv(STORED / "small.csv", keep_default_na=False, na_values=[""])
    pd.testing.assert_frame_equal(small_table(), stored, rtol=REPEATED, check_dtype=False)
    assert set(stored.cell) == {CELLS[i].name for i, _ in SMALL} and set(stored.pair) == {
        p.name for p in EVERY
    }


def test_every_row_of_the_table_is_judged_and_none_is_left_out(table):
    whole = table[table.bootstrap == "none"]
    for pair in PAIRS:
        assert whole.cell[whole.pair == pair.name].tolist() == [c.name for c in CELLS]
    assert (whole.data_sets == DATA_SETS).all() and len(whole) == 72
    assert table.cell[table.pair == WILD.name].tolist() == [c.name for c in CELLS]
    assert table.cell[table.pair == SCORE.name].tolist() == [CELLS[i].name for i in SCORE_CELLS]
    assert (table.data_sets[table.bootstrap != "none"] == BOOTSTRAPPED).all()
    used = table.data_sets - table.failures
    np.testing.assert_allclose(
        table.mc_error, np.sqrt(table.coverage * (1 - table.coverage) / used), atol=1e-5
    )
    far = (table.coverage - 0.95).abs() > 3 * table.mc_error
    assert ((table.verdict == "nominal") == ~far).all() and set(table.verdict) <= {
        "nominal",
        "short",
        "wide",
    }
    assert (table.reason.str.len() > 20).all() and not table.reason.str.contains(
        "unexplained"
    ).any()
    pd.testing.assert_frame_equal(judge(table.drop(columns=["verdict", "reason"])), table)


def test_what_the_table_says_is_what_theory_says(table):
    by = table.set_index(["pair", "cell"]).coverage.unstack(0)
    assert (table.verdict[table.pair == "linear-cr2"] == "nominal").all()
    eight = [c.name for c in CELLS if c.clusters == 8]
    many = [c.name for c in CELLS if c.clusters == 50]
    for pair in ("linear-cluster", "logit-cluster", "firth-cluster", "cox-cluster"):
        assert by.loc[eight, pair].max() < by.loc[many, pair].min()
    assert (by["linear-cr2"] >= by["linear-cluster"]).all()


@pytest.mark.parametrize("number", [0, 1, 3, 4, 5])
def test_standard_errors_are_too_small_by_as_much_as_algebra_says(table, number):
    """The mean of the clustered variance of x under the errors that are simulated, by whole
    matrices, against ``se_ratio``.
    """
    cell, draws = CELLS[number], 200
    same = (cell.groups[:, None] == cell.groups).astype(float)
    S = cell.icc * same + (1 - cell.icc) * np.eye(cell.n)
    factor = cell.clusters / (cell.clusters - 1) * (cell.n - 1) / (cell.n - 3)
    true, mean = np.zeros(draws), np.zeros(draws)
    for i, x in enumerate(draw_many(cell, "number", cell.icc, range(5000, 5000 + draws))[0]):
        D = np.column_stack([np.ones(cell.n), x])
        P = np.linalg.solve(D.T @ D, D.T)
        M = np.eye(cell.n) - D @ P
        true[i] = P[1] @ S @ P[1]
        mean[i] = factor * (np.outer(P[1], P[1]) * (M @ S @ M) * same).sum()
    ratio = np.sqrt(mean.mean() / true.mean())
    row = table[(table.pair == "linear-cluster") & (table.cell == cell.name)].iloc[0]
    # relative variances of both sides: of the mean over designs here, of second moments over
    # designs and errors there
    here = np.var(mean / mean.mean() - true / true.mean()) / draws
    uneven = np.var(true) / true.mean() ** 2, np.var(mean) / mean.mean() ** 2
    there = (2 + 3 * uneven[0] + uneven[1] + 2 / row.df) / DATA_SETS
    assert abs(row.se_ratio / ratio - 1) < 4 * np.sqrt(here + there) / 2
    assert ratio < 0.97
