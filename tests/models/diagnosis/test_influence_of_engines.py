"""Residuals, leverage and influence after counts, ordered outcomes, ridge and groups: R,
statsmodels, and steps of Newton's by hand.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.special import loggamma
from scipy.stats import norm
from statsmodels.tools.numdiff import approx_fprime_cs, approx_hess_cs

import peacestudy as ps
from peacestudy.models.diagnosis.group_effects import group_effects
from peacestudy.models.diagnosis.influence import case_tables

FOLDER = Path(__file__).parents[2] / "references"
LIKELIHOOD = 1e-6  # relative to the largest; R's climbs stop at their own tolerance
# relative to the largest; lme4 climbs without derivatives, and stops its modes at 1e-7 of their sum
# of squares
GROUPS = 1e-4
STEP = 1e-6  # relative to the largest; a step from complex differences of a likelihood written anew
CLOSED = 1e-8  # relative; linear algebra by two roads
ORDER = ["none", "little", "much", "all"]


def table(name):
    d = pd.read_csv(FOLDER / name / "data.csv")
    return (
        d.assign(level=pd.Categorical(d["level"], ORDER, ordered=True)) if name == "ordered" else d
    )


FITS = {
    "poisson": ("counts", "attacks ~ a + C(k)", "poisson", {"exposure": "years"}),
    "negative_binomial": (
        "counts",
        "attacks ~ a + C(k)",
        "negative_binomial",
        {"exposure": "years"},
    ),
    "ordered": ("ordered", "level ~ a + C(k) + log(gdp)", "ordered", {}),
    "ridge": ("shrunken", "peace ~ a + b + log(gdp) + k", "ridge", {"penalty": 2}),
    "mixed_logit": ("mixed", "peace ~ a + C(k)", "mixed_logit", {"group": "country"}),
    "reml": (
        "mixed",
        "growth ~ a + C(k) + log(gdp)",
        "mixed_linear",
        {"group": "country", "method": "reml"},
    ),
    "ml": (
        "mixed",
        "growth ~ a + C(k) + log(gdp)",
        "mixed_linear",
        {"group": "country", "method": "ml"},
    ),
}


def fit(name):
    data, formula, engine, options = FITS[name]
    return ps.fit(table(data), ps.ModelSpec("m", formula, engine, "classical", options=options))


def near(got, want, share):
    np.testing.assert_allclose(got, want, rtol=share, atol=share * np.abs(np.asarray(want)).max())


@pytest.mark.parametrize(
    "name", ["poisson", "negative_binomial", "ordered", "mixed_logit", "reml", "ml"]
)
def test_every_column_is_that_of_r(name):
    expected = pd.read_csv(FOLDER / "influence_engines" / "cases.csv")
    expected = expected[expected["model"] == name]
    found = fit(name)
    cases, _ = case_tables(found)
    assert cases["case"].tolist() == list(found.cases)
    compared = [c for c in cases if (expected["what"] == c).any()]
    assert len(compared) == {"ordered": 2, "mixed_logit": 4, "reml": 5, "ml": 5}.get(name, 6)
    for column in compared:
        want = expected[expected["what"] == column].sort_values("case")["value"]
        near(cases[column], want, GROUPS if name in ("mixed_logit", "reml", "ml") else LIKELIHOOD)
    if (groups := expected[expected["what"] == "group"]).empty:
        return
    effects = group_effects(found).set_index("group")
    near(effects.loc[groups["term"], "effect"], groups["value"], GROUPS)
    np.testing.assert_allclose(
        effects["effect_standard"],
        effects["effect"] / found.terms["estimate"].iloc[-1],
        rtol=CLOSED,
    )
    assert effects["rows"].sum() == found.n


def test_poisson_is_that_of_statsmodels():
    found = fit("poisson")
    cases, dfbeta = case_tables(found)
    d = table("counts")
    model = sm.GLM(
        d["attacks"], found.design.X, family=sm.families.Poisson(), offset=np.log(d["years"])
    )
    want = model.fit(tol=1e-14, tol_criterion="params", maxiter=200).get_influence()
    for column, theirs in {
        "leverage": want.hat_matrix_diag,
        "cook": want.cooks_distance[0],
        "residual_standard": want.resid_studentized,
    }.items():
        np.testing.assert_allclose(cases[column], theirs, rtol=CLOSED)
    np.testing.assert_allclose(
        dfbeta["dfbeta"].to_numpy().reshape(-1, 4), want.d_params, rtol=CLOSED, atol=1e-12
    )


def chances(x):
    return 1 / (1 + np.exp(-x))  # scipy's expit takes no complex numbers


def ordered_loglik(t, X, y, groups):
    K = X.shape[1]
    cuts, eta = t[K:], X @ t[:K]
    P = chances(cuts[None] - eta[:, None])
    P = np.column_stack([np.zeros(len(y)), P, np.ones(len(y))])
    return np.log(P[np.arange(len(y)), y + 1] - P[np.arange(len(y)), y]).sum()


def negative_binomial_loglik(t, X, y, groups):
    offset = np.log(groups)
    mu, a = np.exp(X @ t[:-1] + offset), 1 / t[-1]
    return (
        loggamma(y + a)
        - loggamma(a)
        - loggamma(y + 1.0)
        + a * np.log(a / (a + mu))
        + y * np.log(mu / (a + mu))
    ).sum()


def mixed_loglik(t, X, y, groups):
    u = np.linspace(-8, 8, 161)
    p = chances((X @ t[:-1])[:, None] + t[-1] * u)
    rows = np.log(np.where(y[:, None] == 1, p, 1 - p))
    total = 0
    for g in np.unique(groups):
        total = total + np.log((np.exp(rows[groups == g].sum(axis=0)) * norm.pdf(u)).sum() * 0.1)
    return total


def ridge_loglik(t, X, y, groups):
    p = chances(X @ t)
    return np.log(np.where(y == 1, p, 1 - p)).sum()


@pytest.mark.parametrize(
    ("name", "loglik", "beside", "whole"),
    [
        ("ordered", ordered_loglik, None, int),
        ("negative_binomial", negative_binomial_loglik, "years", float),
        ("mixed_logit", mixed_loglik, "country", int),
        ("ridge", ridge_loglik, None, int),
    ],
)
def test_dfbeta_is_a_step_of_newton_without_the_row(name, loglik, beside, whole):
    found = fit(name)
    design, theta = found.design, found.terms["estimate"].to_numpy()
    y = design.y.astype(whole)
    groups = np.zeros(len(y)) if beside is None else design.further[beside].to_numpy()
    penalty = np.zeros((len(theta), len(theta)))
    if name == "ridge":
        penalty[1:, 1:] = 2 * np.diag(design.X[:, 1:].var(axis=0, ddof=1))
    cases, dfbeta = case_tables(found)
    got = dfbeta["dfbeta"].to_numpy().reshape(len(y), -1)
    assert dfbeta["term"].tolist()[: len(theta)] == found.terms["term"].tolist()
    H = -approx_hess_cs(theta, loglik, args=(design.X, y, groups)) + penalty
    for i in (0, 17, 41, 63):
        rest = np.arange(len(y)) != i
        args = (design.X[rest], y[rest], groups[rest])
        score = approx_fprime_cs(theta, loglik, args=args) - penalty @ theta
        info = -approx_hess_cs(theta, loglik, args=args) + penalty
        want = -np.linalg.solve(info, score.ravel())
        near(got[i], want, STEP)
        if name in ("ordered", "mixed_logit", "ridge"):
            assert cases["cook"][i] == pytest.approx(want @ H @ want / len(theta), rel=1e-5)
        if name in ("ordered", "ridge"):
            assert cases["leverage"][i] == pytest.approx(
                np.trace(np.linalg.solve(H, H - info)), rel=1e-5
            )
    errors = np.sqrt(np.diag(found.vcov.to_numpy()))
    np.testing.assert_allclose(
        dfbeta["dfbetas"].to_numpy().reshape(got.shape), got / errors, rtol=1e-6
    )


def test_a_step_is_near_what_fitting_anew_finds():
    for name in ("ordered", "negative_binomial", "mixed_logit", "ridge", "reml"):
        found = fit(name)
        d, K = table(FITS[name][0]), len(found.design.names)
        _, dfbeta = case_tables(found)
        width = dfbeta["term"].nunique()
        got = dfbeta["dfbetas"].to_numpy().reshape(-1, width)[:, :K]
        for i in (3, 88):
            anew = ps.fit(d.drop(index=i), found.spec).terms["estimate"].to_numpy()[:K]
            want = (found.terms["estimate"].to_numpy()[:K] - anew) / np.sqrt(
                np.diag(found.vcov.to_numpy())
            )[:K]
            # standard errors; the ridge anew has columns whose standard deviation is that of fewer
            # rows
            assert np.abs(got[i] - want).max() < (0.05 if name == "ridge" else 0.02)


@pytest.mark.parametrize("name", ["reml", "ml"])
def test_without_a_row_of_a_group_least_squares_with_the_variances_as_they_were(name):
    found = fit(name)
    X, y, g = found.design.X, found.design.y, found.design.further["country"].to_numpy()
    sd, s2, K = found.terms["estimate"].iloc[-1], found.scale, found.design.X.shape[1]
    V = s2 * np.eye(len(y)) + sd**2 * (g[:, None] == g)
    cases, dfbeta = case_tables(found)
    assert dfbeta["term"].unique().tolist() == list(found.design.names)

    def gls(rows):
        W = np.linalg.inv(V[np.ix_(rows, rows)])
        return np.linalg.solve(X[rows].T @ W @ X[rows], X[rows].T @ W @ y[rows])

    everyone = np.arange(len(y))
    for i in (0, 5, 100, 259):
        np.testing.assert_allclose(
            dfbeta["dfbeta"].to_numpy().reshape(-1, K)[i],
            gls(everyone) - gls(everyone[everyone != i]),
            rtol=1e-6,
            atol=1e-12,
        )
    W = np.linalg.inv(V)
    H = np.eye(len(y)) - s2 * (W - W @ X @ np.linalg.solve(X.T @ W @ X, X.T @ W))
    np.testing.assert_allclose(cases["leverage"], np.diag(H), rtol=CLOSED)
    np.testing.assert_allclose(cases["fitted"], H @ y, rtol=1e-7)


def test_two_categories_with_an_order_are_a_logit():
    d = table("mixed").assign(
        o=lambda t: pd.Categorical(
            np.where(t["peace"] == 1, "yes", "no"), ["no", "yes"], ordered=True
        )
    )
    ordered, dfbeta = case_tables(
        ps.fit(d, ps.ModelSpec("m", "o ~ a + C(k)", "ordered", "classical"))
    )
    logit, plain = case_tables(
        ps.fit(d, ps.ModelSpec("m", "peace ~ a + C(k)", "logit", "classical"))
    )
    np.testing.assert_allclose(ordered["residual"], logit["residual"], rtol=1e-7)
    np.testing.assert_allclose(ordered["leverage"], logit["leverage"], rtol=1e-6)
    np.testing.assert_allclose(ordered["cook"], logit["cook"], rtol=1e-6)
    np.testing.assert_allclose(
        ordered["residual_standard"] / np.sqrt(1 - ordered["leverage"]),
        logit["residual_standard"],
        rtol=1e-6,
    )
    got, want = (t["dfbeta"].to_numpy().reshape(len(d), 4) for t in (dfbeta, plain))
    np.testing.assert_allclose(got[:, :3], want[:, 1:], rtol=1e-5, atol=1e-9)
    # a cut is minus the intercept
    np.testing.assert_allclose(got[:, 3], -want[:, 0], rtol=1e-5, atol=1e-9)
    assert ordered["outcome"].tolist() == d["o"].tolist()


def test_a_large_ridge_is_no_logit_and_a_small_one_is():
    d = table("mixed")
    spec = ps.ModelSpec("m", "peace ~ a + C(k)", "ridge", "classical", options={"penalty": 1e-9})
    small, dfbeta = case_tables(ps.fit(d, spec))
    logit, plain = case_tables(
        ps.fit(d, ps.ModelSpec("m", "peace ~ a + C(k)", "logit", "classical"))
    )
    for column in (
        "fitted",
        "residual",
        "residual_standard",
        "residual_student",
        "leverage",
        "cook",
    ):
        np.testing.assert_allclose(small[column], logit[column], rtol=1e-6)
    np.testing.assert_allclose(dfbeta["dfbeta"], plain["dfbeta"], rtol=1e-5, atol=1e-9)
    strong = ps.fit(
        d, ps.ModelSpec("m", "peace ~ a + C(k)", "ridge", "classical", options={"penalty": 500})
    )
    assert case_tables(strong)[0]["leverage"].sum() < 3  # of four coefficients


def test_without_groups_that_differ_a_mixed_model_is_the_plain_one():
    d = pd.DataFrame({"x": np.tile([0.0, 1.0, 2.0, 4.0], 20), "g": np.repeat(np.arange(20), 4)})
    d["y"], d["v"] = np.tile([0, 1, 0, 1, 1, 0, 1, 0], 10), np.tile([1.0, 3.0, 2.0, 4.0], 20)
    mixed = ps.fit(
        d, ps.ModelSpec("m", "y ~ x", "mixed_logit", "classical", options={"group": "g"})
    )
    assert mixed.terms["estimate"].iloc[-1] == 0
    cases, dfbeta = case_tables(mixed)
    logit, plain = case_tables(ps.fit(d, ps.ModelSpec("m", "y ~ x", "logit", "classical")))
    np.testing.assert_allclose(cases["residual"], logit["residual"], rtol=1e-7)
    np.testing.assert_allclose(cases["cook"], logit["cook"], rtol=1e-6)
    wide = dfbeta["dfbeta"].to_numpy().reshape(-1, 3)
    np.testing.assert_allclose(wide[:, :2].ravel(), plain["dfbeta"], rtol=1e-6, atol=1e-12)
    assert np.isnan(wide[:, 2]).all()
    assert group_effects(mixed)["effect"].eq(0).all()
    linear = ps.fit(
        d,
        ps.ModelSpec(
            "m", "v ~ x", "mixed_linear", "classical", options={"group": "g", "method": "reml"}
        ),
    )
    assert linear.terms["estimate"].iloc[-1] == 0
    cases, dfbeta = case_tables(linear)
    want, plain = case_tables(ps.fit(d, ps.ModelSpec("m", "v ~ x", "linear", "classical")))
    for column in ("fitted", "residual", "residual_standard", "leverage", "cook"):
        np.testing.assert_allclose(cases[column], want[column], rtol=1e-7)
    np.testing.assert_allclose(dfbeta["dfbeta"], plain["dfbeta"], rtol=1e-7, atol=1e-12)


def test_a_row_that_alone_tells_a_parameter_has_no_step():
    d = (
        table("ordered")
        .drop(columns="level")
        .assign(level=lambda t: np.digitize(t["a"] + np.sin(np.arange(len(t)) * 7), [-1, 0.5]))
    )
    d.loc[7, "level"] = 9  # the only one of its category
    found = ps.fit(d, ps.ModelSpec("m", "level ~ a", "ordered", "classical"))
    cases, dfbeta = case_tables(found)
    own = dfbeta["case"] == 7
    assert dfbeta.loc[own, "dfbeta"].isna().all() and dfbeta.loc[~own, "dfbeta"].notna().all()
    assert np.isnan(cases["cook"][7]) and np.isfinite(cases["residual"]).all()
    d = table("counts").assign(
        one=lambda t: (t.index == 11).astype(int),
        attacks=lambda t: t["attacks"] + 3 * (t.index == 11),
    )
    for engine in ("poisson", "negative_binomial"):
        cases, dfbeta = case_tables(
            ps.fit(d, ps.ModelSpec("m", "attacks ~ a + one", engine, "classical"))
        )
        assert dfbeta["case"][dfbeta["dfbeta"].isna()].unique().tolist() == [11]
        assert cases["leverage"][11] == pytest.approx(1) and cases.index[
            cases["cook"].isna()
        ].tolist() == [11]
