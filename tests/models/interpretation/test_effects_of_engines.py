"""Effects after counts, ordered outcomes, ridge and groups: R's numbers, statsmodels', numeric
derivatives of ps.models.predict, loops.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.stats import norm

import peacestudy as ps
from peacestudy.models import effects, predict
from peacestudy.models.interpretation.effect_rows import effect_rows
from peacestudy.models.interpretation.effect_terms import (
    Asked,
    comparison_terms,
    prediction_terms,
    slope_terms,
)

FOLDER = Path(__file__).parents[2] / "references"
# relative; where likelihoods stop, and for standard errors numeric Jacobians and Hessians
ESTIMATE, ERROR = 1e-6, 5e-6
GROUPS = 5e-6  # relative; lme4's maximum, climbed to again by Newton steps with numeric derivatives
CLOSED = 1e-9  # relative; the same formula by two roads
NUMERIC = 1e-6  # relative; central differences
Z = norm.ppf(0.975)


def table(name):
    return pd.read_csv(FOLDER / name / "data.csv")


COUNTS, SHRUNKEN, MIXED = table("counts"), table("shrunken"), table("mixed")
ORDER = ["none", "little", "much", "all"]
ORDERED = table("ordered").assign(level=lambda t: pd.Categorical(t["level"], ORDER, ordered=True))
EXPECTED = pd.read_csv(FOLDER / "effects" / "expected.csv")
FITS = {
    "poisson": (COUNTS, "attacks ~ a*C(k) + log(gdp)", "poisson", {"exposure": "years"}),
    "negative_binomial": (
        COUNTS,
        "attacks ~ a*C(k) + log(gdp)",
        "negative_binomial",
        {"exposure": "years"},
    ),
    "ordered": (ORDERED, "level ~ a*C(k) + log(gdp)", "ordered", {}),
    "ridge": (SHRUNKEN, "peace ~ a*b + log(gdp) + k", "ridge", {"penalty": 5}),
    "mixed_logit": (MIXED, "peace ~ a*C(k)", "mixed_logit", {"group": "country"}),
    "mixed_linear": (
        MIXED,
        "growth ~ a*C(k) + log(gdp)",
        "mixed_linear",
        {"group": "country", "method": "reml"},
    ),
}


def fit(name, vcov="classical", formula=None, **options):
    data, right, engine, written = FITS[name]
    cluster = "country" if vcov == "cluster" else None
    return data, ps.fit(
        data, ps.ModelSpec("m", formula or right, engine, vcov, cluster, {**written, **options})
    )


def expected(model, vcov, quantity):
    found = EXPECTED[
        (EXPECTED["model"] == model)
        & (EXPECTED["vcov"] == vcov)
        & (EXPECTED["quantity"] == quantity)
    ].reset_index(drop=True)
    assert len(found) > 0, quantity
    return found


def close(got, want, estimate=ESTIMATE, error=ERROR):
    np.testing.assert_allclose(got["estimate"], want["estimate"], rtol=estimate)
    if not want["std_error"].isna().all():
        np.testing.assert_allclose(got["std_error"], want["std_error"], rtol=error)


def both_logs(table):
    return table.assign(
        std_error=table["std_error"] / table["estimate"], estimate=np.log(table["estimate"])
    )


@pytest.mark.parametrize("vcov", ["classical", "hc0", "cluster"])
def test_counts_are_those_of_r(vcov):
    data, found = fit("poisson", vcov)
    slopes = effects(found, data, "slopes", ["a", "gdp"])
    changes = effects(found, data, "comparisons", {"k": "reference", "a": (-1.0, 1.0)})
    close(slopes.iloc[[0]], expected("poisson", vcov, "slope a"))
    close(slopes.iloc[[1]], expected("poisson", vcov, "slope gdp"))
    for i, name in enumerate(("k y - x", "k z - x", "a 1 - -1")):
        close(changes.iloc[[i]], expected("poisson", vcov, name))
    ratio = effects(found, data, "comparisons", {"k": ("x", "y")}, comparison="ratio")
    close(both_logs(ratio), expected("poisson", vcov, "log k y / x"), estimate=ESTIMATE)
    want = expected("poisson", vcov, "mean")
    got = effects(found, data, "predictions")
    close(got, want)
    ends = want["estimate"][0] * np.exp(
        np.array([-Z, Z]) * want["std_error"][0] / want["estimate"][0]
    )
    assert got.loc[0, ["conf_low", "conf_high"]].tolist() == pytest.approx(ends.tolist(), rel=ERROR)
    assert got["note"][0] == "at each row's own exposure (years)"
    held = effects(found, data, "predictions", at={"years": 1})
    close(held, expected("poisson", vcov, "mean years 1"))
    assert (held["at"][0], held["note"][0]) == ("years = 1", "")


def test_a_profile_of_counts_is_that_of_emmeans():
    data, found = fit("poisson")
    got = effects(
        found, data, "predictions", at={"k": ["x", "y", "z"], "a": 0.5, "gdp": 4e8, "years": 3}
    )
    want = pd.concat([expected("poisson", "classical", f"emmeans {k}") for k in "xyz"])
    close(got, want)
    ends = pd.concat([expected("poisson", "classical", f"emmeans ends {k}") for k in "xyz"])
    np.testing.assert_allclose(
        got[["conf_low", "conf_high"]], ends[["estimate", "std_error"]], rtol=ERROR
    )
    new = pd.DataFrame({"k": ["x", "y", "z"], "a": 0.5, "gdp": 4e8, "years": 3})
    np.testing.assert_allclose(
        got["conf_low"], predict(found, new, "response")["conf_low"], rtol=CLOSED
    )


def test_negative_binomial_is_that_of_r_and_of_statsmodels():
    data, found = fit("negative_binomial")
    assert found.terms["term"].iloc[-1] == "alpha"
    close(effects(found, data, "slopes", "a"), expected("nb", "none", "slope a"))
    close(effects(found, data, "comparisons", {"k": ("x", "y")}), expected("nb", "none", "k y - x"))
    close(
        effects(found, data, "predictions", at={"years": 1}), expected("nb", "none", "mean years 1")
    )
    found = ps.fit(
        data, ps.ModelSpec("m", "attacks ~ a + log(gdp)", "negative_binomial", "classical")
    )
    X = sm.add_constant(pd.DataFrame({"a": data["a"], "l": np.log(data["gdp"]) / 20}))
    model = sm.NegativeBinomial(data["attacks"], X)
    start = model.fit(disp=0, method="bfgs", maxiter=5000, gtol=1e-7)
    theirs = model.fit(start.params, disp=0, method="newton", maxiter=100)
    want = theirs.get_margeff().summary_frame().iloc[0]
    got = effects(found, data, "slopes", "a").iloc[0]
    assert got["estimate"] == pytest.approx(want["dy/dx"], rel=ESTIMATE)
    assert got["std_error"] == pytest.approx(want["Std. Err."], rel=ERROR)


@pytest.mark.parametrize("vcov", ["classical", "hc0", "cluster"])
def test_chances_of_every_category_are_those_of_r(vcov):
    data, found = fit("ordered", vcov)
    got = effects(found, data, "slopes", ["a", "gdp"])
    assert got.columns.tolist()[:4] == ["term", "contrast", "category", "estimate"]
    assert got["category"].tolist() == ORDER * 2
    for name in ("a", "gdp"):
        close(got[got["term"] == name], expected("ordered", vcov, f"slope {name}"))
    close(
        effects(found, data, "comparisons", {"k": ("x", "y")}), expected("ordered", vcov, "k y - x")
    )
    ratio = effects(found, data, "comparisons", {"k": ("x", "z")}, comparison="ratio")
    close(both_logs(ratio), expected("ordered", vcov, "log k z / x"))
    whole = effects(found, data, "predictions")
    close(whole, expected("ordered", vcov, "mean"))
    assert whole["estimate"].sum() == pytest.approx(1, rel=CLOSED)
    # what one category gains the others lose
    assert got.groupby("term")["estimate"].sum().abs().max() < CLOSED


def test_a_profile_of_categories_is_that_of_ordinal():
    data, found = fit("ordered")
    got = effects(found, data, "predictions", at={"a": 0.5, "k": "y", "gdp": 4e8})
    close(got, expected("ordered", "classical", "profile"))
    ends = expected("ordered", "classical", "profile ends")
    np.testing.assert_allclose(
        got[["conf_low", "conf_high"]], ends[["estimate", "std_error"]], rtol=ERROR
    )
    shown = predict(found, pd.DataFrame({"a": [0.5], "k": ["y"], "gdp": [4e8]}), "response")
    np.testing.assert_allclose(
        got[["estimate", "conf_low"]], shown[["estimate", "conf_low"]], rtol=CLOSED
    )


@pytest.mark.parametrize(("scale", "kind"), [("average", "average"), ("response", "typical")])
def test_groups_are_averaged_or_typical_as_lme4_and_an_integral_have_them(scale, kind):
    data, found = fit("mixed_logit")
    asked = {
        "slope a": effects(found, data, "slopes", "a", scale=scale),
        "k y - x": effects(found, data, "comparisons", {"k": ("x", "y")}, scale=scale),
        "mean": effects(found, data, "predictions", scale=scale),
        "profile": effects(found, data, "predictions", scale=scale, at={"a": 0.5, "k": "y"}),
    }
    for name, got in asked.items():
        close(
            got,
            expected("mixed_logit", "classical", f"{kind} {name}"),
            estimate=GROUPS,
            error=GROUPS,
        )
    note = asked["mean"]["note"][0]
    assert ("averaged over groups of country, sd(country) 1.06" in note) == (scale == "average")
    assert ("in a typical group of country, whose effect is zero" in note) == (scale == "response")


def test_a_mixed_linear_model_is_that_of_emmeans():
    data, found = fit("mixed_linear")
    at = {"a": 0.5, "gdp": 4e8}
    means = effects(found, data, "predictions", at={"k": ["x", "y", "z"], **at})
    close(means, pd.concat([expected("mixed_linear", "classical", f"emmeans {k}") for k in "xyz"]))
    changes = effects(found, data, "comparisons", {"k": "reference"}, at=at)
    close(changes, pd.concat([expected("mixed_linear", "classical", f"k {k} - x") for k in "yz"]))
    slopes = effects(found, data, "slopes", "a", at={"k": ["x", "y", "z"], "gdp": 4e8})
    close(
        slopes, pd.concat([expected("mixed_linear", "classical", f"slope a at {k}") for k in "xyz"])
    )


@pytest.mark.parametrize("vcov", ["classical", "hc1", "cluster"])
def test_poisson_slopes_are_those_of_statsmodels(vcov):
    data, found = fit("poisson", vcov, "attacks ~ a + years")
    X = sm.add_constant(data[["a", "years"]].astype(float))
    data_plain = ps.fit(
        data,
        ps.ModelSpec(
            "m", "attacks ~ a + years", "poisson", vcov, "country" if vcov == "cluster" else None
        ),
    )
    theirs = sm.Poisson(data["attacks"], X).fit(disp=0, tol=1e-12, maxiter=200)
    J = theirs.get_margeff()
    theirs_V = data_plain.vcov.to_numpy()
    got = effects(data_plain, data, "slopes")
    np.testing.assert_allclose(got["estimate"], J.margeff, rtol=ESTIMATE)
    if vcov == "classical":
        np.testing.assert_allclose(got["std_error"], J.margeff_se, rtol=ERROR)
    mu = np.exp(X.to_numpy() @ theirs.params.to_numpy())
    b = theirs.params.to_numpy()
    for i, j in enumerate((1, 2)):
        g = (mu[:, None] * X.to_numpy()).mean(axis=0) * b[j] + mu.mean() * (np.arange(3) == j)
        assert got["std_error"][i] == pytest.approx((g @ theirs_V @ g) ** 0.5, rel=ERROR)
    # a column that is also the exposure moves the mean by both roads
    rate = effects(found, data, "slopes", "years")["estimate"][0]
    h = 1e-5
    ends = [
        predict(found, data.assign(years=data["years"] + s * h), "response")["estimate"].mean()
        for s in (1, -1)
    ]
    assert rate == pytest.approx((ends[0] - ends[1]) / (2 * h), rel=NUMERIC)


CURVES = {
    "poisson": "attacks ~ a*log(gdp) + poly(years, 2) + C(k):a",
    "negative_binomial": "attacks ~ bs(a, 4) + log(gdp) + C(k)",
    "ordered": "level ~ poly(a, 2)*C(k) + log(gdp)",
    "ridge": "peace ~ poly(a, 2) + b*log(gdp)",
    "mixed_logit": "peace ~ square(center(a)) + a*C(k) + log(gdp)",
    "mixed_linear": "growth ~ bs(a, 4)*C(k) + log(gdp)",
}
KINDS = {"mixed_logit": ("response", "average")}
CHANGES = {"k": ("x", "z"), "a": 0.25}


@pytest.mark.parametrize("name", list(FITS))
@pytest.mark.parametrize("at", [{}, {"a": 0.4}, {"gdp": 3e8, "k": 1}])
def test_means_changes_and_slopes_are_those_of_predict_over_rows(name, at):
    data, found = fit(name, formula=CURVES[name])
    held = {
        c: "y" if name != "ridge" and c == "k" else v
        for c, v in at.items()
        if c in found.spec.formula
    }
    table = data.assign(**held)
    for scale in KINDS.get(name, ("response",)):
        how = {"scale": scale} if name == "mixed_logit" else {}

        def shown(rows, scale=scale):
            out = predict(found, rows, scale)
            column = out.get("category", pd.Series([""] * len(out)))
            return out["estimate"].groupby(column, sort=False).mean().to_numpy()

        got = effects(found, data, "predictions", at=held, **how)
        np.testing.assert_allclose(got["estimate"], shown(table), rtol=CLOSED)
        if "a" not in held:
            inside = (
                (data["a"] < data["a"].max() - 0.3).to_numpy()
                if "bs(a" in CURVES[name]
                else np.ones(len(data), bool)
            )
            rows = data[inside]
            got = effects(found, rows, "comparisons", {"a": 0.25}, at=held, over="data", **how)
            part = rows.assign(**held)
            want = shown(part.assign(a=part["a"] + 0.25)) - shown(part)
            np.testing.assert_allclose(got["estimate"], want, rtol=1e-8, atol=1e-12)
            got = effects(found, rows, "slopes", "a", at=held, over="data", **how)
            inner = rows[rows["a"] > rows["a"].min()]
            got = effects(found, inner, "slopes", "a", at=held, over="data", **how)
            part, h = inner.assign(**held), 1e-5
            want = (shown(part.assign(a=part["a"] + h)) - shown(part.assign(a=part["a"] - h))) / (
                2 * h
            )
            np.testing.assert_allclose(got["estimate"], want, rtol=NUMERIC, atol=1e-9)


def asked(name, scale="response", formula=None):
    data, found = fit(name, formula=formula)
    return Asked(found, effect_rows(found, data, "fit"), scale, None, "fit")


@pytest.mark.parametrize("name", list(FITS))
def test_gradients_are_those_of_numeric_differences_in_every_parameter(name):
    for scale in (*KINDS.get(name, ("response",)), "link"):
        ask = asked(name, scale, CURVES[name])
        b = ask.fit.terms["estimate"].to_numpy()
        changes = {"a": (-0.5, 0.5), "gdp": (1e8, 4e8)}
        terms = [
            *prediction_terms(ask, {"gdp": 2e8}),
            *slope_terms(ask, ["a", "gdp"], None),
            *comparison_terms(ask, changes, None, "difference"),
            *(comparison_terms(ask, changes, None, "ratio") if ask.link != "identity" else ()),
        ]
        moved = [
            (h * e, h)
            for h, e in zip(1e-5 * np.maximum(np.abs(b), 0.1), np.eye(len(b)), strict=True)
        ]
        for term in terms:
            q = term.quantity
            numeric = [(q.value(b + e) - q.value(b - e)) / (2 * h) for e, h in moved]
            got = q.gradient(b)
            assert got.shape == b.shape
            np.testing.assert_allclose(got, numeric, rtol=NUMERIC, atol=1e-7 * np.abs(got).max())


@pytest.mark.slow(reason="draws coefficients of every engine, 4 s")
@pytest.mark.parametrize("name", list(FITS))
def test_simulation_is_delta_within_its_error_where_nothing_bends(name):
    """A tenth of the standard errors: there the curve is straight,
    and what is left apart are the draws.
    """
    data, found = fit(name)
    found = replace(found, vcov=found.vcov / 100)
    for scale in KINDS.get(name, ("response",)):
        how = {"scale": scale} if name == "mixed_logit" else {}
        for kind, variables in (("slopes", "a"), ("predictions", None)):
            delta = effects(found, data, kind, variables, **how)
            draws = effects(
                found, data, kind, variables, interval="simulation", draws=2000, seed=5, **how
            )
            assert draws["estimate"].equals(delta["estimate"])
            # 2,000 draws know a standard deviation to 1.6 % and the ends of an interval to 0.06 of
            # one: three of these each
            np.testing.assert_allclose(draws["std_error"], delta["std_error"], rtol=0.05)
            apart = (draws[["conf_low", "conf_high"]] - delta[["conf_low", "conf_high"]]).abs()
            assert apart.div(delta["std_error"], axis=0).max(axis=None) < 0.2
