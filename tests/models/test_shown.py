"""Every engine's fit goes through tables, the forest, tidy, glance and its own rendering; no p or
star where there is none.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import peacestudy as ps
from peacestudy.models.engines.registry import ENGINES

OUTCOMES = {
    "number": "v",
    "binary": "y",
    "survival": "Surv(t, y)",
    "periods": "Surv(t, y)",
    "ordered": "o",
    "count": "c",
}
OPTIONS = {
    "ridge": {"penalty": 1},
    "mixed_logit": {"group": "g"},
    "mixed_linear": {"group": "g", "method": "reml"},
}
RATIO = {"cox": "HR [95 %]", "poisson": "IRR [95 %]", "negative_binomial": "IRR [95 %]"}


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(11)
    d = pd.DataFrame(
        {"x": rng.normal(size=200), "k": rng.choice(list("pq"), 200), "g": rng.integers(0, 12, 200)}
    )
    eta = 0.5 * d["x"] + rng.normal(0, 0.8, 12)[d["g"]]
    return d.assign(
        v=eta + rng.normal(size=200),
        y=(rng.random(200) < 1 / (1 + np.exp(-eta))).astype(int),
        t=rng.integers(1, 5, 200),
        o=np.digitize(eta + rng.logistic(size=200), [-1, 1]),
        c=rng.poisson(np.exp(eta) * rng.gamma(1, 1, 200)),
    )


def fitted(engine, table):
    outcome = OUTCOMES[ENGINES[engine].outcome]
    return ps.fit(
        table,
        ps.ModelSpec(
            engine, f"{outcome} ~ x + C(k)", engine, "classical", options=OPTIONS.get(engine, {})
        ),
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_is_shown(engine, table):
    fit = fitted(engine, table)
    terms = fit.terms
    assert terms.columns.tolist() == [
        "term",
        "estimate",
        "std_error",
        "statistic",
        "p_value",
        "conf_low",
        "conf_high",
    ]
    assert terms.index.tolist() == list(range(len(terms)))
    assert terms["term"].tolist()[: len(fit.design.names)] == list(fit.design.names)
    assert fit.vcov.index.tolist() == terms["term"].tolist()
    assert np.sqrt(np.diag(fit.vcov)) == pytest.approx(terms["std_error"].to_numpy())
    assert (terms["conf_low"] < terms["estimate"]).all()
    spread = terms["term"].isin(["alpha", "sd(g)"])
    assert terms["p_value"].isna().tolist() == spread.tolist()
    assert fit.converged
    assert fit.glance()["engine"].tolist() == [engine]
    assert engine in fit._repr_html_()
    body = ps.tables.regression(
        [fit, ps.fit(table, ps.ModelSpec("other", "v ~ x", "linear", "hc1"))]
    ).body
    assert set(terms["term"]) <= set(body["term"])
    assert not body.map(lambda cell: "nan" in str(cell)).to_numpy().any()
    assert ps.tables.regression(fit).to_latex()


@pytest.mark.parametrize("engine", [e for e in ENGINES if ENGINES[e].outcome != "number"])
def test_a_forest_draws_ratios_only(engine, table):
    fit = fitted(engine, table)
    figure = ps.figures.forest(fit)
    words = [t.get_text() for a in figure.axes for t in a.texts] + [
        t.get_text() for a in figure.axes for t in a.get_yticklabels()
    ]
    assert RATIO.get(engine, "OR [95 %]") in words
    drawn = {t for t in fit.design.names if t != "Intercept"}
    assert drawn <= {w.replace("\n", "") for w in words}
    assert not {"alpha", "sd(g)", "0|1", "1|2", "Intercept"} & set(words)
    assert not any("None events" in t.get_text() for t in figure.texts)
    plt.close(figure)
