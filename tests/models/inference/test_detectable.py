"""The smallest effect this N could have found: how often it is found, by simulation, and that it
stands beside every null.
"""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit

import peacestudy as ps
from peacestudy.models.engines.registry import ENGINES
from peacestudy.tables import regression

DRAWS, CHUNK = 3000, 500
CLOSED = 1e-12
ERRORS = 3  # Monte Carlo errors that a share may be off


def design(n, seed):
    rng = np.random.default_rng(seed)
    return pd.DataFrame({"x": rng.normal(size=n), "z": rng.normal(size=n)}), rng


def found_in(engine, X, outcomes, df):
    """How often the second coefficient is found at .05, two-sided,
    each in its own standard error.
    """
    hits = 0
    for y in np.split(outcomes, len(outcomes) // CHUNK):
        est = ENGINES[engine].kernel(np.broadcast_to(X, (len(y), *X.shape)), y)
        t = est.beta[:, 1] / np.sqrt(est.classical[:, 1, 1])
        hits += (
            np.abs(t) > (stats.norm.ppf(0.975) if np.isinf(df) else stats.t.ppf(0.975, df))
        ).sum()
    return hits / len(outcomes)


@pytest.mark.parametrize(("n", "power"), [(25, 0.8), (80, 0.8), (80, 0.9), (80, 0.5)])
def test_a_linear_model_finds_it_as_often_as_it_says(n, power):
    d, rng = design(n, 1)
    X = np.column_stack([np.ones(n), d.x, d.z])
    se = np.sqrt(np.linalg.inv(X.T @ X)[1, 1])  # of errors with variance one
    fit = ps.fit(
        d.assign(y=rng.normal(size=n)), ps.ModelSpec("m", "y ~ x + z", "linear", "classical")
    )
    per_se = (
        fit.detectable(power=power, significance=0.05)["detectable"][1] / fit.terms["std_error"][1]
    )
    assert per_se == pytest.approx(
        stats.t.ppf(0.975, n - 3) + stats.t.ppf(power, n - 3), rel=CLOSED
    )
    y = per_se * se * d.x.to_numpy() + rng.normal(size=(DRAWS, n))
    share = found_in("linear", X, y, n - 3)
    assert abs(share - power) < ERRORS * np.sqrt(power * (1 - power) / DRAWS)


def test_a_logit_finds_the_effect_that_a_null_fit_says():
    n = 400
    d, rng = design(n, 2)
    X = np.column_stack([np.ones(n), d.x, d.z])
    null = ps.fit(
        d.assign(y=rng.random(n) < 0.4), ps.ModelSpec("m", "y ~ x + z", "logit", "classical")
    )
    assert null.terms["p_value"][1] > 0.05
    effect = null.detectable(power=0.8, significance=0.05)["detectable"][1]
    y = (rng.random((DRAWS, n)) < expit(np.log(0.4 / 0.6) + effect * d.x.to_numpy())).astype(float)
    share = found_in("logit", X, y, np.inf)
    # its standard error is that of the null: at an odds ratio of 1.35 it is hardly larger
    assert abs(share - 0.8) < ERRORS * np.sqrt(0.8 * 0.2 / DRAWS) + 0.01


def a_fit(engine="logit", vcov="hc1", formula="b ~ x + z", **more):
    d, rng = design(120, 4)
    d = d.assign(y=2 * d.x + rng.normal(size=120), g=np.arange(120) % 12, o=rng.integers(0, 3, 120))
    return ps.fit(
        d.assign(b=(d.y > 0).astype(int)), ps.ModelSpec("m", formula, engine, vcov, **more)
    )


def test_tidy_shows_it_where_the_null_is_not_rejected_and_there_alone():
    fit = a_fit()
    t = fit.tidy(power=0.8)
    assert (
        t["detectable"].notna().tolist() == (t["p_value"] >= 0.05).tolist()
        and t["detectable"].notna().any()
    )
    assert np.isnan(t["detectable"][1])  # x is found
    want = (stats.norm.ppf(0.975) + stats.norm.ppf(0.8)) * t["std_error"][2]
    assert t["detectable"][2] == pytest.approx(want, rel=CLOSED)
    odds = fit.tidy(conf_level=0.9, exponentiate=True, power=0.9)
    want = (stats.norm.ppf(0.95) + stats.norm.ppf(0.9)) * fit.terms["std_error"][2]
    assert odds["detectable"][2] == pytest.approx(np.exp(want), rel=CLOSED)
    assert "detectable" not in fit.tidy() and "detectable" not in fit.terms


def test_it_takes_the_degrees_of_freedom_that_the_test_has():
    fit = a_fit("linear", "cr2", "y ~ x + z", cluster="g")
    got = fit.detectable(power=0.8, significance=0.05).set_index("term")["detectable"]
    for term, df in fit.dfs.items():
        se = fit.terms.set_index("term")["std_error"][term]
        assert got[term] == pytest.approx(
            (stats.t.ppf(0.975, df) + stats.t.ppf(0.8, df)) * se, rel=CLOSED
        )
    cuts = a_fit("ordered", "classical", "o ~ x + z").detectable(power=0.8, significance=0.05)
    assert cuts["detectable"].notna().tolist() == [True, True, False, False]
    spread = a_fit("mixed_linear", "classical", "y ~ x", options={"group": "g", "method": "reml"})
    assert np.isnan(spread.detectable(power=0.8, significance=0.05)["detectable"].iloc[-1])


def test_a_pooled_fit_has_it_by_its_own_t():
    d, rng = design(90, 5)
    d = d.assign(y=rng.normal(size=90), x=d.x.mask(rng.random(90) < 0.2))
    filled = ps.models.impute(d, ["x", "z", "y"], m=5, cycles=3, donors=5, seed=1)
    pooled = ps.fit(filled, ps.ModelSpec("m", "y ~ x + z", "linear", "classical"))
    got = pooled.detectable(power=0.8, significance=0.05)["detectable"]
    df, se = pooled.terms["df"], pooled.terms["std_error"]
    assert got.to_numpy() == pytest.approx(
        ((stats.t.ppf(0.975, df) + stats.t.ppf(0.8, df)) * se).to_numpy(), rel=CLOSED
    )
    t = pooled.tidy(power=0.8)
    assert t["detectable"].notna().tolist() == (t["p_value"] >= 0.05).tolist()
    assert "detectable: where the null is not rejected" in pooled._repr_html_()


@pytest.mark.parametrize(
    "bad",
    [
        {"power": 1.0, "significance": 0.05},
        {"power": 0.8, "significance": 5},
        {"power": 0, "significance": 0.05},
        {"power": "80", "significance": 0.05},
    ],
)
def test_power_and_alpha_are_shares(bad):
    with pytest.raises(ps.SpecError, match="must lie between 0 and 1"):
        a_fit().detectable(**bad)


def test_a_fit_and_a_table_show_it_beside_every_null():
    fit = a_fit()
    assert "detectable: where the null is not rejected" in fit._repr_html_()
    d, rng = design(60, 6)
    d = d.assign(y=9 + 3 * d.x + 3 * d.z + rng.normal(size=60))
    sure = ps.fit(d, ps.ModelSpec("sure", "y ~ x + z", "linear", "hc1"))
    assert "detectable" not in sure._repr_html_()
    (said,) = [
        n for n in regression([fit, sure]).notes if "does not show that there is no effect" in n
    ]
    z = fit.detectable(power=0.8, significance=0.05)["detectable"][2]
    assert (
        said.endswith(f"where the null is not rejected: m: z {z:.2f}.")
        and "80% of such samples" in said
    )
    assert not [n for n in regression(sure).notes if "does not show that" in n]


def test_stored_results_give_the_same_sentence():
    from peacestudy.tables.regression_table import regression_from_tables

    fits = [
        a_fit(),
        a_fit("linear", "cluster", "y ~ z", cluster="g"),
        a_fit("linear", "hc1", "y ~ z"),
    ]
    fits = [
        ps.fit(
            _data(),
            ps.ModelSpec(f"m{i}", f.spec.formula, f.spec.engine, f.spec.vcov, f.spec.cluster),
        )
        for i, f in enumerate(fits)
    ]
    terms = pd.concat([f.terms.assign(model=f.spec.name) for f in fits])
    stored = regression_from_tables(terms, pd.concat([f.glance() for f in fits]), {}, "", "t")
    assert stored.notes[1] == regression(fits).notes[1] and stored.notes[1].count(": z ") == 3


def _data():
    d, rng = design(120, 4)
    d = d.assign(y=2 * d.x + rng.normal(size=120), g=np.arange(120) % 12)
    return d.assign(b=(d.y > 0).astype(int))


@pytest.mark.parametrize(
    "asked", [{"power": 0.01, "significance": 0.05}, {"power": 0.05, "significance": 0.05}]
)
def test_a_power_that_no_effect_has_is_refused(asked):
    with pytest.raises(ps.SpecError, match="Power must be above significance"):
        a_fit().detectable(**asked)
    with pytest.raises(ps.SpecError, match="Power must be above significance"):
        ps.models.inference.detectable(1.0, **asked)
    with pytest.raises(ps.SpecError, match="Power must be above significance"):
        a_fit().tidy(conf_level=1 - asked["significance"], power=asked["power"])


def test_a_small_effect_keeps_its_digits_in_the_table():
    d = _data().assign(income=lambda t: 5e9 + 1e9 * t.z)
    fit = ps.fit(d, ps.ModelSpec("m", "y ~ x + income", "linear", "hc1"))
    least = fit.detectable(power=0.8, significance=0.05)["detectable"][2]
    assert 0 < least < 1e-6 and regression(fit).notes[1].endswith(f"m: income {least:.2g}.")


def test_stored_results_of_imputed_data_take_the_degrees_of_freedom_of_their_terms():
    from peacestudy.tables.regression_table import regression_from_tables

    d, rng = design(40, 4)
    d = d.assign(y=rng.normal(size=40), x=d.x.mask(rng.random(40) < 0.5))
    filled = ps.models.impute(d, ["y", "x", "z"], m=3, cycles=3, donors=3, seed=1)
    pooled = ps.fit(filled, ps.ModelSpec("m", "y ~ x + z", "linear", "hc1"))
    assert pooled.terms["df"].min() < 15 and (pooled.terms["p_value"] > 0.05).all()
    terms, models = pooled.terms.assign(model="m"), pooled.glance()
    assert (
        regression_from_tables(terms, models, {}, "", "t").notes[1] == regression(pooled).notes[1]
    )
    assert not [
        n
        for n in regression_from_tables(terms.drop(columns="df"), models, {}, "", "t").notes
        if "does not show that" in n
    ]


def test_a_table_takes_fits_of_different_names():
    fit = a_fit()
    with pytest.raises(ps.SpecError, match="2 models are named 'm'"):
        regression([fit, fit])
    for other in ([1], "fits", _data(), 7, None):
        with pytest.raises(ps.SpecError, match="made of what"):
            regression(other)
