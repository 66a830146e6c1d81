"""The cluster jackknife against R, statsmodels and refits by hand;
what cannot be left out is refused by name.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

import peacestudy as ps
from peacestudy.models.engines.estimate import estimate_again
from peacestudy.models.engines.registry import ENGINES
from peacestudy.models.formulas.design import build_design
from peacestudy.models.formulas.weights import row_weights
from peacestudy.models.inference import jackknife as module
from peacestudy.models.inference.jackknife import jackknife, left_out
from peacestudy.models.inference.row_samples import kept_rows
from peacestudy.models.kernels.linear import fit_linear

REFERENCES = Path(__file__).resolve().parents[2] / "references" / "clusters"
R_LINEAR = 1e-8  # relative; clubSandwich's CR3 times (G-1)/G
R_LOGIT = 5e-6  # relative, standard errors of refits that R stops by its own rule
REFITS = 1e-8  # relative, against our own engine without a cluster
SAME = 1e-9  # in standard errors; sums are taken in another order
SM = 1e-7  # relative, statsmodels
SETS = ("uneven", "even", "large")


def data(set_):
    return pd.read_csv(REFERENCES / "data.csv").query("set == @set_")


def spec(formula, engine, vcov="jackknife", cluster="g", **more):
    return ps.ModelSpec("m", formula, engine, vcov, cluster=cluster, **more)


def by_hand(d, estimate):
    """CV3 of a function of the data."""
    full = estimate(d)
    D = np.array([estimate(d[d.g != g]) - full for g in d.g.unique()])
    return (len(D) - 1) / len(D) * D.T @ D


@pytest.mark.parametrize("set_", SETS)
@pytest.mark.parametrize(
    ("model", "formula", "rtol"),
    [("plain", "y ~ x + z + C(k)", R_LINEAR), ("logit", "b ~ x + z", R_LOGIT)],
)
def test_it_is_r(set_, model, formula, rtol):
    e = pd.read_csv(REFERENCES / "expected.csv").query(
        "set == @set_ and model == @model and vcov == 'jackknife'"
    )
    fit = ps.fit(data(set_), spec(formula, "linear" if model == "plain" else "logit"))
    np.testing.assert_allclose(
        fit.terms.estimate, e.estimate, rtol=1e-6 if model == "logit" else rtol
    )
    np.testing.assert_allclose(fit.terms.std_error, e.std_error, rtol=rtol)


@pytest.mark.parametrize("set_", SETS)
@pytest.mark.parametrize(
    ("formula", "engine"),
    [("y ~ x + z + C(k)", "linear"), ("b ~ x + z", "logit"), ("b ~ x * z", "firth")],
)
def test_it_is_the_model_fitted_without_each_cluster(set_, formula, engine):
    d = data(set_)
    fit = ps.fit(d, spec(formula, engine))
    V = by_hand(
        d,
        lambda part: ps.fit(
            part, spec(formula, engine, "classical", None)
        ).terms.estimate.to_numpy(),
    )
    np.testing.assert_allclose(fit.vcov, V, rtol=REFITS, atol=1e-12)
    G = d.g.nunique()
    t = fit.terms
    p = 2 * (
        stats.t.sf(np.abs(t.statistic), G - 1)
        if engine == "linear"
        else stats.norm.sf(np.abs(t.statistic))
    )
    np.testing.assert_allclose(t.p_value, p, rtol=1e-12)


def test_weights_go_into_every_refit():
    d = data("uneven").assign(w=lambda d: 0.2 + np.abs(d.x))

    def least_squares(p):
        return sm.WLS(p.y, sm.add_constant(p[["x", "z"]]), weights=p.w).fit().params.to_numpy()

    fit = ps.fit(d, spec("y ~ x + z", "linear", options={"weights": "w"}))
    np.testing.assert_allclose(fit.vcov, by_hand(d, least_squares), rtol=SM)

    def likelihood(p):
        family = sm.families.Binomial()
        return (
            sm.GLM(p.b, sm.add_constant(p[["x"]]), family, freq_weights=p.w)
            .fit(tol=1e-13)
            .params.to_numpy()
        )

    fit = ps.fit(d, spec("b ~ x", "logit", options={"weights": "w"}))
    np.testing.assert_allclose(fit.vcov, by_hand(d, likelihood), rtol=SM)


@pytest.mark.parametrize("cluster", ["g", "row"])
@pytest.mark.parametrize(
    ("engine", "outcome", "options"),
    [
        ("linear", "y", {"weights": "w"}),
        ("logit", "b", {}),
        ("logit", "b", {"weights": "w"}),
        ("firth", "b", {}),
    ],
)
def test_refits_in_a_batch_are_single_fits(engine, outcome, options, cluster, monkeypatch):
    d = data("large").assign(w=lambda d: 0.2 + np.abs(d.x), row=lambda d: range(len(d)))
    given = spec(f"{outcome} ~ x + z", engine, cluster=cluster, options=options)
    design = ps.fit(d, given).design
    model = ENGINES[engine]
    weights = row_weights(design, given.options)
    monkeypatch.setattr(module, "_stacked", None)  # none is left to it
    found = left_out(design, model, model.kernel, weights)
    monkeypatch.setattr("peacestudy.models.inference.row_samples.LARGEST", 7 * len(d))
    in_parts = left_out(design, model, model.kernel, weights)
    np.testing.assert_allclose(in_parts, found, rtol=1e-12)
    groups = design.clusters[0]
    assert len(found) == groups.max() + 1
    for g in range(0, len(found), 5):
        one = estimate_again(kept_rows(design, groups != g), given)
        error = np.sqrt(np.diag(one.classical[0]))
        np.testing.assert_allclose(found[g] / error, one.beta[0] / error, atol=SAME)


def test_a_cluster_that_cannot_be_left_out_is_named():
    d = data("even").reset_index(drop=True)
    cases = ", ".join(str(i) for i in d.index[d.g == 3][:3])
    d["one"] = ((d.g == 3) & (d.x > d.x[d.g == 3].median())).astype(int)
    with pytest.raises(
        ps.FitError, match=f"without the cluster of {cases} and 3 more the outcome does not vary"
    ):
        ps.fit(d, spec("one ~ z", "firth"))
    d["near"] = ((d.x > 0) ^ ((d.g == 3) & (d.z == d.z))).astype(int)
    with pytest.raises(
        ps.FitError,
        match=f"without the cluster of {cases} and 3 more the outcome is separated by x",
    ):
        ps.fit(d, spec("near ~ x", "logit"))


@pytest.mark.parametrize(("engine", "outcome"), [("linear", "y"), ("logit", "b"), ("firth", "b")])
def test_a_term_of_one_cluster_is_blank_and_the_others_are_refits(engine, outcome):
    """Without the cluster the term is dropped: the change of the other coefficients is known."""
    d = data("large").reset_index(drop=True)
    mixed = d.groupby("g").b.agg(np.ptp)
    only = mixed.index[mixed == 1][0]
    d["only"] = (d.g == only) * 1.0
    found = ps.fit(d, spec(f"{outcome} ~ x + only", engine))
    full = found.terms.estimate.to_numpy()[:2]
    D = []
    for g in d.g.unique():
        formula = f"{outcome} ~ x" if g == only else f"{outcome} ~ x + only"
        part = ps.fit(d[d.g != g], spec(formula, engine, "classical", None))
        D.append(part.terms.estimate.to_numpy()[:2] - full)
    want = (len(D) - 1) / len(D) * np.array(D).T @ np.array(D)
    np.testing.assert_allclose(found.vcov.iloc[:2, :2], want, rtol=REFITS)
    assert found.vcov["only"].isna().all() and np.isnan(found.terms.p_value[2])
    (note,) = [n.text for n in found.notes if n.kind == "no_robust_error"]
    assert f"only rests on one cluster (g {only})" in note


def test_the_rule_is_told_and_others_refuse_it():
    note = next(
        n.text for n in ps.fit(data("uneven"), spec("y ~ x", "linear")).notes if n.kind == "vcov"
    )
    assert "CV3 about the full estimate, factor (G-1)/G; t with G-1 = 7" in note
    assert "8 of g, 1 of a single row" in note
    two = ps.fit(data("even").query("g < 3"), spec("b ~ x", "firth"))
    assert {"two_clusters", "vcov"} <= {n.kind for n in two.notes}
    for engine in ("cox", "discrete_time"):
        with pytest.raises(ps.SpecError, match=f"engine '{engine}' has no vcov 'jackknife'"):
            spec("Surv(t, e) ~ x", engine)


def test_its_size_with_8_clusters_of_which_3_are_treated():
    """Nominal .05: found .106 for the constant, .057 for the treatment, .046 for z; the clustered
    covariance has .147, .166, .060 (see CR2).
    """
    rng = np.random.default_rng(8)
    groups = np.repeat(np.arange(8), [4, 6, 8, 10, 14, 20, 28, 40])
    d = pd.DataFrame(
        {
            "g": groups,
            "x": np.isin(groups, (1, 4, 7)) * 1.0,
            "z": rng.normal(size=len(groups)),
            "y": groups,
        }
    )
    design = build_design(d, "y ~ x + z", ("g",), None)
    draws, rejected = 2000, np.zeros(3)
    for _ in range(draws):
        y = rng.normal(size=len(d)) + 0.5 * rng.normal(size=8)[groups]
        b = fit_linear(design.X[None], y[None]).beta[0]
        V = jackknife(replace(design, y=y), b, ENGINES["linear"], fit_linear)
        rejected += 2 * stats.t.sf(np.abs(b) / np.sqrt(np.diag(V)), 7) < 0.05
    error = np.sqrt(0.05 * 0.95 / draws)
    assert (rejected[1:] / draws < 0.05 + 3 * error).all()
    assert rejected[0] / draws < 0.147 - 3 * error
