"""Rows left out, or drawn, in a batch: the numbers are those of single fits."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

import peacestudy as ps
from peacestudy.errors import FitError
from peacestudy.models.diagnosis.left_out import kept_rows
from peacestudy.models.fitting import fit_arranged
from peacestudy.models.inference.row_subsets import estimates_of_samples, terms_of_subsets
from peacestudy.models.resampling.resample import refit, sample

SAME = 1e-9  # in standard errors, and of p; sums are taken in another order
N, G = 60, 12


def draw():
    rng = np.random.default_rng(8)
    d = pd.DataFrame({"x": rng.normal(size=N), "z": rng.normal(size=N) + 3})
    d["g"] = rng.integers(0, G, N)
    d["h"] = rng.integers(0, 15, N)
    d["one"] = (d.index < 2).astype(float)
    d["y"] = d.x + rng.normal(size=N)
    d["b"] = (rng.random(N) < expit(d.x - 0.3)).astype(int)
    d.loc[:1, "b"] = [1, 0]
    d["w"] = rng.uniform(0.5, 2, N)
    return d


CASES = [
    ("linear", "y", "classical", None, {}),
    ("linear", "y", "hc1", None, {"weights": "w"}),
    ("linear", "y", "hc2", None, {}),
    ("linear", "y", "hc3", None, {}),
    ("linear", "y", "cluster", "g", {}),
    ("linear", "y", "cluster", ("g", "h"), {}),
    ("logit", "b", "classical", None, {}),
    ("logit", "b", "hc1", None, {"weights": "w"}),
    ("logit", "b", "cluster", "g", {}),
    ("firth", "b", "classical", None, {}),
    ("firth", "b", "hc0", None, {}),
    ("firth", "b", "cluster", ("g", "h"), {}),
]


@pytest.mark.parametrize(("engine", "outcome", "vcov", "cluster", "options"), CASES)
def test_terms_without_each_case_and_each_cluster(engine, outcome, vcov, cluster, options):
    d = draw()
    formula = f"{outcome} ~ x + z + one"
    spec = ps.ModelSpec("m", formula, engine, vcov, cluster=cluster, options=options)
    design = ps.fit(d, spec).design
    keep = np.vstack([~np.eye(N, dtype=bool), d.g.to_numpy() != np.arange(G)[:, None]])
    found = terms_of_subsets(design, spec, keep)
    for b in np.flatnonzero(found.known)[::6]:
        want = fit_arranged(kept_rows(design, keep[b]), [], spec).terms
        error = want.std_error.to_numpy()
        np.testing.assert_allclose(found.estimate[b] / error, want.estimate / error, atol=SAME)
        np.testing.assert_allclose(found.std_error[b], error, rtol=SAME)
        np.testing.assert_allclose(found.p_value[b], want.p_value, rtol=0, atol=SAME)
    # without one of its two cases, or the cluster of one, the dummy has no robust standard error,
    # and separates the outcome of a logit
    lost = 4 if vcov != "classical" or engine == "logit" else 0
    assert (~found.known).sum() == lost
    assert found.known[:2].any() == (lost == 0)


def test_other_covariances_are_left_to_single_fits():
    d = draw()
    for vcov in ("cr2", "jackknife"):
        spec = ps.ModelSpec("m", "y ~ x", "linear", vcov, cluster="g")
        design = ps.fit(d, spec).design
        assert not terms_of_subsets(design, spec, ~np.eye(N, dtype=bool)).known.any()


@pytest.mark.parametrize(
    ("engine", "outcome", "vcov", "options"),
    [
        ("linear", "y", "hc1", {"weights": "w"}),
        ("logit", "b", "classical", {}),
        ("firth", "b", "classical", {}),
    ],
)
def test_samples_drawn_with_replacement(engine, outcome, vcov, options):
    d = draw()
    spec = ps.ModelSpec("m", f"{outcome} ~ x + z + one", engine, vcov, options=options)
    design = ps.fit(d, spec).design
    rng = np.random.default_rng(3)
    counts = rng.multinomial(N, np.full(N, 1 / N), 40)
    beta, known = estimates_of_samples(design, spec, counts)
    lost = counts[:, :2].sum(axis=1) == 0
    assert not known[lost].any() and known.sum() > 15
    for b in range(40):
        rows = np.repeat(np.arange(N), counts[b])
        again = sample(design, rows, np.arange(N), np.arange(N), None)
        try:
            one = refit(again, spec)
        except FitError:
            assert not known[b]
            continue
        if known[b]:
            error = np.sqrt(np.diag(one.classical[0]))
            np.testing.assert_allclose(beta[b] / error, one.beta[0] / error, atol=SAME)
