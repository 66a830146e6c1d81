"""A covariate with the name of another term of the fit is refused; with any other name the fit is
that of the renamed covariate.
"""

import numpy as np
import pandas as pd
import pytest

import peacestudy as ps
from peacestudy.models.engines.parameters import is_spread
from peacestudy.models.engines.positive import wald_ends
from peacestudy.models.resampling.randomisation import randomisation_test
from peacestudy.models.resampling.resampled_step_down import romano_wolf
from peacestudy.tables.regression_table import regression_from_tables

PLAIN = "rel"
SAME = 1e-12  # relative; the same arithmetic on the same numbers
STATSMODELS = 1e-5  # relative, where its optimiser stops

ENGINES = {  # outcome, vcov, options, scale of effects, kind of predictions
    "linear": ("v", "hc1", {}, None, "response"),
    "logit": ("y", "classical", {}, None, "response"),
    "firth": ("y", "classical", {}, "response", "response"),
    "ridge": ("y", "classical", {"penalty": 1.0}, None, "response"),
    "ordered": ("level", "classical", {}, None, "response"),
    "poisson": ("count", "classical", {}, None, "response"),
    "negative_binomial": ("count", "classical", {}, None, "response"),
    "cox": ("Surv(time, y)", "classical", {}, "link", None),
    "discrete_time": ("Surv(time, y)", "classical", {}, None, None),
    "mixed_logit": ("y", "classical", {"group": "g"}, "response", "response"),
    "mixed_linear": ("v", "classical", {"group": "g", "method": "ml"}, None, "response"),
}
NAMES = ("Intercept", "alpha", "0|1", "sd(g)", "period[2]")
OF_FORMULAS = ("x:z", "log(w)", "C(k)[b]", "poly(x, 2)[1]", "lag(x)")
REFUSED = {
    ("negative_binomial", "alpha"),
    ("ordered", "0|1"),
    ("mixed_logit", "sd(g)"),
    ("mixed_linear", "sd(g)"),
    ("discrete_time", "period[2]"),
} | {(engine, "Intercept") for engine in ENGINES}


def drawn(n=70):
    rng = np.random.default_rng(5)
    d = pd.DataFrame({"x": rng.normal(size=n), "z": rng.normal(size=n), PLAIN: rng.normal(size=n)})
    d["g"] = np.arange(n) % 10
    d["w"] = np.exp(d.z)
    d["k"] = np.array(["a", "b", "c"])[rng.integers(0, 3, n)]
    shift = rng.normal(size=10)[d.g]
    d["v"] = d.x + 0.5 * d[PLAIN] + shift + rng.normal(size=n)
    d["y"] = (rng.random(n) < 1 / (1 + np.exp(-0.3 - 0.5 * d[PLAIN] - shift))).astype(int)
    d["level"] = np.digitize(d.v, [-0.5, 0.8])
    d["count"] = rng.poisson(np.exp(0.2 * d[PLAIN] + rng.gamma(1, 1, n)))
    d["time"] = rng.integers(1, 5, n)
    return d


DATA = drawn()


def spec(engine, right):
    outcome, vcov, options, _, _ = ENGINES[engine]
    return ps.ModelSpec("m", f"{outcome} ~ {right}", engine, vcov, options=options)


def verbs(engine, name):
    """What every verb says of a fit with the covariate under a
    name, with that name replaced in all texts.
    """
    data = DATA.rename(columns={PLAIN: name})
    fit = ps.fit(data, spec(engine, f"x + `{name}`"))
    scale, kind = ENGINES[engine][3:]
    diagnosed = ps.models.diagnose(fit, by=[])
    found = {
        "terms": fit.terms,
        "contrast": fit.contrast({name: 2.0, "x": -1.0}),
        "joint_test": pd.DataFrame([[fit.joint_test([name]).p_value]]),
        "detectable": fit.detectable(power=0.8, significance=0.05),
        "level": fit.tidy(0.9),
        "slopes": ps.effects(
            fit,
            data,
            kind="slopes",
            variables=[name],
            scale=scale,
            interval="simulation",
            draws=100,
            seed=1,
        ),
        "collinearity": diagnosed.collinearity,
        "table": ps.tables.regression(fit).body,
    }
    if diagnosed.dfbeta is not None:
        found["dfbeta"] = diagnosed.dfbeta
    if engine not in ("linear", "mixed_linear"):
        found["ratios"] = fit.tidy(exponentiate=True)
        found["drawn"] = pd.DataFrame({"labels": _labels(ps.figures.forest(fit))})
    if kind is not None:
        found["predicted"] = ps.predict(fit, data, kind)
    return {key: _renamed(table, name) for key, table in found.items()}


def _labels(figure):
    return [text.get_text() for text in figure.axes[0].get_yticklabels()]


def _renamed(table, name):
    out = table.rename(columns={name: PLAIN})
    for column in out.columns:
        if out[column].dtype.kind not in "biuf":
            out[column] = [v.replace(name, PLAIN) if isinstance(v, str) else v for v in out[column]]
    return out


PLAIN_VERBS = {}
DEALT = {"clusters": None, "blocks": None, "draws": 99, "seed": 1}


@pytest.mark.parametrize(
    ("engine", "name"),
    [
        *((engine, name) for engine in ENGINES for name in NAMES),
        *(("linear", name) for name in OF_FORMULAS),
    ],
)
def test_a_covariate_is_refused_or_is_the_renamed_covariate_in_every_verb(engine, name):
    if (engine, name) in REFUSED:
        with pytest.raises(
            ps.SpecError, match=r"two terms are both named .* Rename the column: data.rename"
        ):
            verbs(engine, name)
        return
    if engine not in PLAIN_VERBS:
        PLAIN_VERBS[engine] = verbs(engine, PLAIN)
    found = verbs(engine, name)
    for key, want in PLAIN_VERBS[engine].items():
        pd.testing.assert_frame_equal(found[key], want, rtol=SAME, obj=f"{engine}, {name}, {key}")


@pytest.mark.parametrize(
    ("baseline", "name"), [("cubic", "period^2"), ("cubic", "period"), ("log", "log(period)")]
)
def test_the_terms_of_every_baseline_are_refused_as_names(baseline, name):
    data = DATA.rename(columns={PLAIN: name})
    written = ps.ModelSpec(
        "m", f"Surv(time, y) ~ x + `{name}`", "discrete_time", "hc0", options={"baseline": baseline}
    )
    with pytest.raises(ps.SpecError, match="a column and a term of the baseline"):
        ps.fit(data, written)


@pytest.mark.parametrize(
    ("right", "name"),
    [
        ("x*z + `{}`", "x:z"),
        ("log(w) + `{}`", "log(w)"),
        (
            "z:log(w) + x:`{}`",
            "log(w)",
        ),  # no two terms are named alike, and centres and categories are kept by these names
        ("x:C(k) + z:C(`{}`)", "k"),
        ("z:scale(w) + x:log(`{}`)", "scale(w)"),
        ("C(k) + `{}`", "C(k)[b]"),
        ("poly(x, 2) + `{}`", "poly(x, 2)[2]"),
        ("0 + x + `{}`", "Intercept"),
    ],
)
def test_what_two_parts_of_a_formula_could_name_is_refused(right, name):
    data = DATA.assign(**{name: DATA[PLAIN]} if name != "k" else {})
    written = right.format(name)
    if name == "k":  # the same factor twice is one factor, and no clash
        ps.fit(data, spec("linear", written))
        return
    with pytest.raises(ps.SpecError, match="two terms are both named"):
        ps.fit(data, spec("linear", written))


def test_a_column_named_like_the_outcome_of_a_function_is_refused():
    data = DATA.assign(**{"log(w)": DATA.x})
    with pytest.raises(ps.SpecError, match=r"'log\(w\)' is both a column and a function of one"):
        ps.fit(data, ps.ModelSpec("m", "log(w) ~ `log(w)`", "linear", "hc1"))


def test_cut_points_that_would_have_one_name_are_refused():
    order = ["a", "b|c", "a|b", "c"]
    values = pd.Categorical(
        np.array(order)[np.arange(len(DATA)) % 4], categories=order, ordered=True
    )
    with pytest.raises(ps.SpecError, match=r"two cut points are both named 'a\|b\|c'"):
        ps.fit(DATA.assign(level=values), spec("ordered", "x"))


def test_slope_and_dispersion_of_a_renamed_covariate_are_statsmodels():
    from statsmodels.discrete.discrete_model import NegativeBinomial

    fit = ps.fit(DATA, spec("negative_binomial", f"x + {PLAIN}"))
    X = np.column_stack([np.ones(len(DATA)), DATA[["x", PLAIN]]])
    want = NegativeBinomial(DATA["count"], X).fit(
        disp=0, method="newton", start_params=[0.0, 0.0, 0.0, 1.0], maxiter=200
    )
    np.testing.assert_allclose(fit.terms.estimate, want.params, rtol=STATSMODELS, atol=STATSMODELS)
    np.testing.assert_allclose(fit.terms.std_error, want.bse, rtol=1e-4)
    assert np.isnan(fit.terms.p_value.iloc[-1])
    assert fit.tidy(exponentiate=True).estimate.iloc[-1] == fit.terms.estimate.iloc[-1]


def test_an_estimate_of_almost_zero_has_an_interval_without_end():
    low, high = wald_ends(np.array([1e-5]), np.array([2.0]), np.array([True]), 1.96)
    assert (low[0], high[0]) == (0.0, np.inf)


def test_parameters_are_found_by_position():
    assert is_spread("negative_binomial", 2, 3).tolist() == [False, False, True]
    assert is_spread("mixed_logit", 2, 3).tolist() == [False, False, True]
    assert not is_spread("ordered", 2, 4).any()
    assert not is_spread("linear", 3, 3).any()


def test_the_dispersion_is_no_hypothesis_of_a_family_and_no_effect_by_context():
    fit = ps.fit(DATA, spec("negative_binomial", "x"))
    with pytest.raises(ps.SpecError, match="alpha cannot be negative"):
        romano_wolf([(fit, "x"), (fit, "alpha")], DATA, block=None, draws=99, seed=1)
    with pytest.raises(ps.SpecError, match="alpha cannot be negative"):
        ps.models.by_context(DATA, fit.spec, "alpha", "k", method="dl", min_events=5)


def test_pooled_fits_refuse_and_rename_too():
    gaps = DATA[["x", PLAIN, "count", "y"]].copy()
    gaps.loc[::9, PLAIN] = np.nan
    found = {}
    for name in (PLAIN, "alpha"):
        table = gaps.rename(columns={PLAIN: name})
        imputed = ps.models.impute(
            table, ["x", name, "count", "y"], m=3, cycles=2, donors=5, seed=1
        )
        fit = ps.fit(imputed, ps.ModelSpec("m", f"y ~ x + `{name}`", "logit", "classical"))
        found[name] = [fit.terms, fit.contrast({name: 1.0}), fit.tidy(exponentiate=True)]
    for got, want in zip(found["alpha"], found[PLAIN], strict=True):
        pd.testing.assert_frame_equal(_renamed(got, "alpha"), want, rtol=SAME)
    with pytest.raises(ps.SpecError, match="two terms are both named 'alpha'"):
        ps.fit(imputed, ps.ModelSpec("m", "count ~ x + alpha", "negative_binomial", "classical"))


def test_a_table_keeps_a_slope_and_a_parameter_of_one_name_apart():
    data = DATA.rename(columns={PLAIN: "alpha"})
    slope = ps.fit(data, ps.ModelSpec("slope", "v ~ alpha", "linear", "hc1"))
    dispersion = ps.fit(data, ps.ModelSpec("counts", "count ~ x", "negative_binomial", "hc1"))
    body = ps.tables.regression([slope, dispersion]).body.set_index("term")
    assert body.loc["alpha", "counts"] == "" and body.loc["alpha", "slope"].startswith(
        f"{slope.terms.estimate[1]:.2f}"
    )
    assert body.loc["alpha (the dispersion)", "slope"] == ""
    assert body.loc["alpha (the dispersion)", "counts"].startswith(
        f"{dispersion.terms.estimate[2]:.2f}"
    )
    stored = pd.concat([f.terms.assign(model=f.spec.name) for f in (slope, dispersion)])
    models = pd.concat([f.glance() for f in (slope, dispersion)])
    again = regression_from_tables(stored, models, {}, "", "t").body
    assert again.equals(ps.tables.regression([slope, dispersion]).body)


def test_a_product_is_found_by_its_factors_and_not_by_its_text():
    data = DATA.assign(**{"x:z": DATA[PLAIN]})
    test = ps.ModelSpec("m", "v ~ x + `x:z`", "linear", "hc1")
    found = randomisation_test(data, test, "x", **DEALT)  # the column is no product of x
    plain = ps.ModelSpec("m", f"v ~ x + {PLAIN}", "linear", "hc1")
    assert found.equals(randomisation_test(DATA, plain, "x", **DEALT))
    with pytest.raises(ps.SpecError, match="stands in x:z:w too"):
        randomisation_test(data, ps.ModelSpec("m", "v ~ `x:z`*w", "linear", "hc1"), "x:z", **DEALT)
