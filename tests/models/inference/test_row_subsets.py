"""Rows left out, or drawn, in a batch: the numbers are those of single fits."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

import peacestudy as ps
from peacestudy.errors import FitError
from peacestudy.models.fitting import fit_arranged
from peacestudy.models.inference.row_samples import kept_rows
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
    ("linear", "y", "cr2", "g", {}),
    ("linear", "y", "jackknife", "g", {"weights": "w"}),
    ("logit", "b", "classical", None, {}),
    ("logit", "b", "hc1", None, {"weights": "w"}),
    ("logit", "b", "cluster", "g", {}),
    ("firth", "b", "classical", None, {}),
    ("firth", "b", "hc0", None, {}),
    ("firth", "b", "cluster", ("g", "h"), {}),
    ("firth", "b", "jackknife", "g", {}),
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


def test_the_jackknife_of_a_logit_without_each_case_and_each_cluster():
    d = draw()
    spec = ps.ModelSpec("m", "b ~ x + z", "logit", "jackknife", cluster="g")
    design = ps.fit(d, spec).design
    keep = np.vstack([~np.eye(N, dtype=bool), d.g.to_numpy() != np.arange(G)[:, None]])
    found = terms_of_subsets(design, spec, keep)
    assert found.known.all()
    for b in range(0, len(keep), 9):
        want = ps.fit(d[keep[b]], spec).terms
        error = want.std_error.to_numpy()
        np.testing.assert_allclose(found.estimate[b] / error, want.estimate / error, atol=SAME)
        np.testing.assert_allclose(found.std_error[b], error, rtol=SAME)
        np.testing.assert_allclose(found.p_value[b], want.p_value, rtol=0, atol=SAME)


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


def far(seed, n=30):
    rng = np.random.default_rng(seed)
    d = pd.DataFrame({"x": rng.normal(size=n), "w": np.exp(8 * rng.normal(size=n))})
    return d.assign(b=(d.x + rng.logistic(size=n) > 0).astype(int))


@pytest.mark.parametrize("seed", [5, 8])
def test_a_sample_without_an_estimate_is_a_failed_draw(seed):
    """As single fits of the same samples have it: two of 39 have none."""
    d = far(seed)
    fit = ps.fit(d, ps.ModelSpec("m", "b ~ x", "logit", "hc1", options={"weights": "w"}))
    found = ps.models.bootstrap(fit, d, block=None, draws=39, seed=1, interval="percentile")
    assert len(found.estimates) == 37
    assert len(found.failed) == 2
    assert found.failed["reason"].str.contains("singular|no convergence").all()


def test_columns_far_from_zero_are_left_out_without_a_warning():
    d = far(0).assign(x=lambda t: 1e6 + t.x)
    fit = ps.fit(d, ps.ModelSpec("m", "b ~ x", "logit", "hc1"))
    found = ps.models.left_out(fit)
    for i in (0, 17):
        again = ps.fit(d.drop(index=i), fit.spec).terms
        part = found[found["left_out"] == i]
        np.testing.assert_allclose(part["estimate"], again["estimate"], rtol=1e-6)


def test_parts_of_subsets_give_the_same_numbers(monkeypatch):
    d = far(1)
    fit = ps.fit(d, ps.ModelSpec("m", "b ~ x", "firth", "hc1"))
    left = ps.models.left_out(fit)
    drawn = ps.models.bootstrap(fit, d, block=None, draws=39, seed=1, interval="bca")
    monkeypatch.setattr("peacestudy.models.inference.row_samples.LARGEST", 7 * len(d))
    pd.testing.assert_frame_equal(ps.models.left_out(fit), left, rtol=1e-9)
    again = ps.models.bootstrap(fit, d, block=None, draws=39, seed=1, interval="bca")
    pd.testing.assert_frame_equal(again.terms, drawn.terms, rtol=1e-9)
