"""Few clusters: when they are noted, the effective number by closed form and by loop, and that the note says what was simulated."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import peacestudy as ps
from peacestudy.models.diagnosis.few_clusters import COVERAGE, JACKKNIFE, effective_clusters
from peacestudy.models.formulas.design import build_design

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))
from coverage_cells import CELLS  # noqa: E402
from coverage_jackknife import FIRST, covered  # noqa: E402

STORED = ROOT / "references" / "coverage"
CLOSED = 1e-10


def draw(n=300, seed=1):
    rng = np.random.default_rng(seed)
    d = pd.DataFrame({"x": rng.normal(size=n), "z": rng.normal(size=n), "t": rng.gamma(3.0, size=n) + 1})
    return d.assign(
        y=d.x + rng.normal(size=n), b=(d.x + rng.normal(size=n) > 0).astype(int), c=rng.poisson(2.0, size=n)
    )


def noted(G, engine="linear", vcov="cluster", formula=None, d=None, **more):
    d = draw() if d is None else d
    d = d if G is None else d.assign(g=np.arange(len(d)) % G)
    outcome = {"linear": "y", "cox": "Surv(t, b)", "poisson": "c"}.get(engine, "b")
    spec = ps.ModelSpec("m", formula or f"{outcome} ~ x + z", engine, vcov, cluster=more.pop("cluster", "g"), **more)
    return [n.text for n in ps.fit(d, spec).notes if n.kind in ("few_clusters", "few_clusters_advice")]


@pytest.mark.parametrize(("G", "said"), [(2, True), (8, True), (20, True), (49, True), (50, False), (100, False)])
def test_fewer_than_fifty_clusters_are_few(G, said):
    assert bool(noted(G)) == said


def test_many_clusters_that_are_worth_few_are_noted_with_the_terms():
    d = draw().assign(g=lambda t: t.index % 100)
    d["rare"] = (d.g < 4).astype(float)
    what, advice = noted(None, d=d, formula="y ~ rare")
    assert what == "100 clusters of g, the largest with 1% of the rows, worth fewer that are alike for rare (4.3)."
    assert "Cameron and Miller 2015" in advice and "Carter, Schnepel and Steigerwald 2017" in advice
    big = draw().assign(g=lambda t: np.where(t.index < 120, 0, t.index))
    assert "181 clusters of g, the largest with 40% of the rows, worth fewer" in noted(None, d=big)[0]


def test_two_clusters_and_two_columns():
    what, _ = noted(2)
    assert "single comparison" in what and what.startswith("2 clusters of g")
    d = draw().assign(g=lambda t: t.index % 12, h=lambda t: t.index % 60, i=lambda t: t.index % 25)
    assert len(noted(None, d=d, cluster=["g", "h"])) == 2  # h is many
    first, second, advice = noted(None, d=d, cluster=["g", "i"])
    assert (
        first.startswith("12 clusters of g") and second.startswith("25 clusters of i") and advice.startswith("Under 50")
    )


def loop(X, groups, j):
    """(sum c)^2 / sum c^2 and G / (1 + variation squared), cluster by cluster, from the definition."""
    inner = np.linalg.inv(X.T @ X)
    c = []
    for g in np.unique(groups):
        Xg = X[groups == g]
        c.append((inner @ Xg.T @ np.eye(len(Xg)) @ Xg @ inner)[j, j])
    c = np.array(c)
    gamma = ((c - c.mean()) ** 2).mean() / c.mean() ** 2
    return c.sum() ** 2 / (c**2).sum(), len(c) / (1 + gamma)


def test_the_effective_number_is_that_of_a_loop_over_clusters():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        d = draw(80, seed).assign(g=rng.integers(0, rng.integers(3, 15), 80)).assign(z=lambda t: t.z * 1e6 + 1e7)
        design = build_design(d, "y ~ x*z", ("g",), None)
        got = effective_clusters(design, design.clusters[0])
        for j, name in enumerate(design.names[1:], start=1):
            a, b = loop(design.X / np.abs(design.X).max(axis=0), design.clusters[0], j)
            assert got[name] == pytest.approx(a, rel=1e-6) and a == pytest.approx(b, rel=1e-9)
            assert 1 <= got[name] <= design.clusters[0].max() + 1 + 1e-9


def test_clusters_that_are_alike_are_worth_their_number():
    one = draw(9)
    d = pd.concat([one.assign(g=i) for i in range(7)], ignore_index=True)
    design = build_design(d, "y ~ x + z", ("g",), None)
    assert effective_clusters(design, design.clusters[0]) == pytest.approx({"x": 7.0, "z": 7.0}, rel=CLOSED)


@pytest.mark.parametrize(("treated", "G"), [(1, 10), (3, 10), (5, 10), (4, 60)])
def test_treated_clusters_of_equal_size_have_a_closed_form(treated, G):
    d = draw(G * 6).assign(g=lambda t: t.index % G).assign(w=lambda t: (t.g < treated) * 1.0)
    design = build_design(d, "y ~ w", ("g",), None)
    a, b = treated, G - treated  # each treated cluster adds 1/a^2, each other 1/b^2
    want = (1 / a + 1 / b) ** 2 / (1 / a**3 + 1 / b**3)
    assert effective_clusters(design, design.clusters[0])["w"] == pytest.approx(want, rel=CLOSED)


def test_engines_without_an_intercept_count_as_those_with_one():
    d = draw().assign(g=lambda t: t.index % 12, x=lambda t: t.x + 50, o=lambda t: pd.qcut(t.y, 3, labels=False))
    numbers = {noted(None, d=d)[0]}
    for engine, formula in (("cox", "Surv(t, b) ~ x + z"), ("ordered", "o ~ x + z"), ("logit", "b ~ x + z")):
        numbers.add(noted(None, engine, d=d, formula=formula)[0])
    assert len(numbers) == 1


def shown(part):
    low, high = part["coverage"].min() * 100, part["coverage"].max() * 100
    return f"{np.floor(low + 0.5):.0f} to {np.floor(high + 0.5):.0f}"


def test_the_note_says_what_was_simulated():
    table = pd.read_csv(STORED / "intervals.csv")
    for engine, said in COVERAGE.items():
        rows = table[table["pair"] == f"{engine}-cluster"]
        assert said == tuple(shown(rows[rows["clusters"] == G]) for G in (8, 20, 50)), engine
        text = noted(8, engine)[-1]
        assert f"of {engine} covered in {said[0]} % with 8 clusters, {said[1]} % with 20, {said[2]} % with 50" in text
    for pair, engine in (("linear-cr2", "linear"), ("linear-bootstrap", "linear"), ("logit-bootstrap", "logit")):
        assert shown(table[table["pair"] == pair]) + " %" in noted(8, engine)[-1]
    jackknife = pd.read_csv(STORED / "jackknife.csv")
    for engine, said in JACKKNIFE.items():
        rows = jackknife[jackknife["engine"] == engine]
        assert said == tuple(shown(rows[rows["clusters"] == G]) for G in (8, 20)), engine
        assert f"'jackknife' ({said[0]} % with 8, {said[1]} % with 20)" in noted(8, engine)[-1]


def test_the_jackknife_of_a_linear_model_covers_with_few_clusters():
    rows = pd.read_csv(STORED / "jackknife.csv").query("engine == 'linear'")
    assert len(rows) == 9
    assert (rows["coverage"] > 0.95 - 3 * np.sqrt(0.95 * 0.05 / rows["data_sets"])).all()
    assert f"'jackknife' ({shown(rows)} %)" in noted(8)[-1]


@pytest.mark.parametrize(("engine", "place"), [("linear", 0), ("logit", 3), ("firth", 3)])
def test_the_stored_coverage_of_the_jackknife_comes_of_its_seeds(engine, place):
    stored = pd.read_csv(STORED / "jackknife.csv").set_index(["cell", "engine"])
    hits = covered(engine, CELLS[place], range(FIRST))
    assert int(np.nansum(hits[:, 0])) == stored.loc[(CELLS[place].name, engine), "first"]


def test_corrected_inference_has_no_note_and_half_corrected_says_so():
    assert not noted(8, vcov="cr2") and not noted(8, vcov="jackknife")
    (what, advice) = noted(8, "firth", "jackknife")
    assert what.startswith("8 clusters of g") and f"covered in {JACKKNIFE['firth'][0]} % with 8 clusters" in advice
    options = {"bootstrap": "webb", "bootstrap_draws": 199, "bootstrap_seed": 1}
    assert "p and intervals are the bootstrap's" in noted(8, options=options)[-1]
    assert "poisson was not tried" in noted(8, "poisson")[-1] and "no correction" in noted(8, "poisson")[-1]
    assert "no correction" in noted(8, "cox")[-1]
    classical = ps.fit(draw(), ps.ModelSpec("m", "y ~ x", "linear", "classical"))
    assert not [n for n in classical.notes if n.kind == "few_clusters"]


@pytest.mark.parametrize("engine", ["linear", "logit", "firth"])
def test_what_two_columns_are_told_to_write_can_be_written(engine):
    d = draw().assign(g=lambda t: t.index % 12, i=lambda t: t.index % 25)
    advice = noted(None, engine, d=d, cluster=["g", "i"])[-1]
    assert (
        "With two columns there is no correction: set beside it the model with the column of fewer clusters alone"
        in advice
    )
    with pytest.raises(ps.SpecError):  # cr2 and jackknife take one column: what was advised before
        ps.ModelSpec("m", "y ~ x", engine, "jackknife", cluster=["g", "i"])


@pytest.mark.parametrize("engine", ["linear", "logit"])
def test_what_a_weighted_fit_is_told_to_write_can_be_written(engine):
    d = draw().assign(w=lambda t: t.t)
    advice = noted(12, engine, d=d, options={"weights": "w"})[-1]
    assert "Write vcov 'jackknife'" in advice and "Write vcov 'cr2'" not in advice and "Write the option" not in advice
    outcome = "y" if engine == "linear" else "b"
    spec = ps.ModelSpec("m", f"{outcome} ~ x", engine, "jackknife", cluster="g", options={"weights": "w"})
    assert ps.fit(d.assign(g=d.index % 12), spec).terms["std_error"].notna().all()


def test_dummies_of_the_clusters_themselves_are_no_terms_with_few():
    """Each rests on its cluster and the reference, however many there are: named, they would hide the terms that matter."""
    d = draw(600).assign(g=lambda t: t.index % 60, h=lambda t: t.index % 12)
    assert noted(None, d=d, formula="y ~ x + C(g)") == []
    (what, _) = noted(None, d=d, formula="y ~ x + C(h)", cluster="h")
    design = build_design(d, "y ~ x + C(h)", ("h",), None)
    worth, _ = loop(design.X, design.clusters[0], design.names.index("x"))
    assert what.endswith(f"worth fewer that are alike for x ({worth:.1f}).")
    assert "x:C(h)[0] (1.0)" in noted(None, d=d, formula="y ~ x:C(h) + C(h)", cluster="h")[0]
