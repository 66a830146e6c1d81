"""Random intercepts against R's lme4, statsmodels, integration by
brute force and full covariance matrices.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy.integrate import quad
from scipy.special import expit
from scipy.stats import norm

import peacestudy as ps

HERE = Path(__file__).resolve().parents[2] / "references" / "mixed"
# of a standard error; glmer stops short: its log-likelihood is lower by 2e-9 of itself
GLMER = 3e-4
GLMER_SE = 2e-5  # relative; from a Hessian by differences
LMER = 1e-6  # of a standard error
LMER_SE = 5e-6  # relative
LOGLIK = 1e-9  # relative
BRUTE, BRUTE_SE = 1e-6, 5e-6  # of a standard error, and relative
LOGIT, LINEAR = "peace ~ a + C(k)", "growth ~ a + C(k) + log(gdp)"


def table():
    return pd.read_csv(HERE / "data.csv")


def spec(formula, engine, **more):
    return ps.ModelSpec("m", formula, engine, "classical", options={"group": "country", **more})


def mixed(method, data=None):
    return ps.fit(table() if data is None else data, spec(LINEAR, "mixed_linear", method=method))


def ours(name):
    return {"(Intercept)": "Intercept", "ky": "C(k)[y]", "kz": "C(k)[z]"}.get(name, name)


@pytest.fixture(scope="module")
def expected():
    d = pd.read_csv(HERE / "expected.csv", keep_default_na=False)
    return {
        (m, q): dict(zip(map(ours, g["term"]), g["value"].astype(float), strict=True))
        for (m, q), g in d.groupby(["model", "quantity"])
    }


def agrees(fit, expected, model, coefficient, std_error):
    named = fit.terms.set_index("term")
    assert fit.terms["term"].iloc[-1] == "sd(country)"
    for term, value in expected[model, "estimate"].items():
        assert named.estimate[term] == pytest.approx(value, abs=coefficient * named.std_error[term])
    for term, value in expected[model, "classical"].items():
        assert named.std_error[term] == pytest.approx(value, rel=std_error)
    assert fit.loglik == pytest.approx(expected[model, "loglik"][""], rel=LOGLIK)


def test_mixed_logit_is_glmer(expected):
    fit = ps.fit(table(), spec(LOGIT, "mixed_logit"))
    agrees(fit, expected, "logit", GLMER, GLMER_SE)
    assert fit.loglik > expected["logit", "loglik"][""]
    assert fit.aic == pytest.approx(-2 * fit.loglik + 2 * 5)
    assert fit.n_events == table()["peace"].sum()


@pytest.mark.parametrize("method", ["reml", "ml"])
def test_mixed_linear_is_lmer_and_statsmodels(method, expected):
    fit = mixed(method)
    agrees(fit, expected, method, LMER, LMER_SE)
    assert fit.scale == pytest.approx(expected[method, "sigma"][""] ** 2, rel=1e-6)
    assert (
        np.isnan(fit.aic)
        if method == "reml"
        else fit.aic == pytest.approx(expected[method, "aic"][""], rel=LOGLIK)
    )
    assert np.isnan(fit.pseudo_r2)
    assert fit.n_events is None
    d = table().assign(lg=lambda t: np.log(t["gdp"]))
    other = smf.mixedlm("growth ~ a + C(k) + lg", d, groups=d["country"]).fit(
        reml=method == "reml", gtol=1e-10
    )
    # statsmodels writes the treatment of k before a
    assert fit.terms["estimate"].to_numpy()[:-1] == pytest.approx(
        other.fe_params.to_numpy()[[0, 3, 1, 2, 4]], rel=1e-4, abs=1e-5
    )
    assert fit.terms["estimate"].iloc[-1] == pytest.approx(
        float(np.sqrt(other.cov_re.iloc[0, 0])), rel=1e-4
    )
    assert fit.loglik == pytest.approx(other.llf, rel=1e-8)


def brute(theta, groups, X, y):
    """The log-likelihood of a mixed logit by sums over 4,001 even steps of
    every group's effect; also at complex points.
    """
    v, total = np.linspace(-12, 12, 4001), 0.0
    for rows in pd.Series(groups).groupby(groups).indices.values():
        p = 1 / (1 + np.exp(-(X[rows] @ theta[:-1])[:, None] - theta[-1] * v))
        chance = np.prod(np.where(y[rows][:, None] == 1, p, 1 - p), axis=0)
        total += np.log(np.trapezoid(chance * norm.pdf(v), v))
    return total


def brute_score(theta, *data):
    return np.array([brute(theta + 1e-30j * e, *data).imag / 1e-30 for e in np.eye(len(theta))])


@pytest.mark.parametrize("which", ["glmer's", "few and small"])
def test_mixed_logit_by_brute_force(which):
    """Where the brute likelihood has its maximum, by one step from ours, and how it bends there."""
    if which == "few and small":
        rng = np.random.default_rng(12)
        d = pd.DataFrame({"country": np.repeat(range(9), 7), "a": rng.normal(size=63)})
        d["peace"] = (
            rng.random(63) < expit(-0.3 + d["a"] + rng.normal(0, 1.3, 9)[d["country"]])
        ).astype(int)
    else:
        d = table()
    fit = ps.fit(d, spec(LOGIT if which == "glmer's" else "peace ~ a", "mixed_logit"))
    data = d["country"].to_numpy(), fit.design.X, fit.design.y
    theta, std_error = fit.terms["estimate"].to_numpy(), fit.terms["std_error"].to_numpy()
    steps = np.diag(1e-4 * std_error)
    H = np.array(
        [
            (brute_score(theta + h, *data) - brute_score(theta - h, *data)) / (2 * h.max())
            for h in steps
        ]
    )
    V = np.linalg.inv(-(H + H.T) / 2)
    # the few and small have a standard deviation of 2.3, and 25 points leave 4e-8 of their
    # likelihood
    assert fit.loglik == pytest.approx(brute(theta, *data), abs=1e-7)
    assert np.abs(V @ brute_score(theta, *data) / std_error).max() < BRUTE
    assert std_error == pytest.approx(np.sqrt(np.diag(V)), rel=BRUTE_SE)


@pytest.mark.parametrize("method", ["reml", "ml"])
def test_mixed_linear_by_full_covariance_matrices(method):
    """The likelihood with every N x N matrix written down, and its
    curvature in the two standard deviations.
    """
    fit, d = mixed(method), table()
    X, y = fit.design.X, d["growth"].to_numpy()
    same = (d["country"].to_numpy()[:, None] == d["country"].to_numpy()[None]).astype(float)

    def logdet(A):
        sign, size = np.linalg.slogdet(A)
        return np.log(sign) + size

    def value(beta, between, within):
        V = between**2 * same + within**2 * np.eye(len(y))
        r = y - X @ beta
        out = -0.5 * (len(y) * np.log(2 * np.pi) + logdet(V) + r @ np.linalg.solve(V, r))
        if method == "reml":
            inner = X.T @ np.linalg.solve(V, X)
            out += 0.5 * X.shape[1] * np.log(2 * np.pi) - 0.5 * logdet(inner)
        return out

    theta = fit.terms["estimate"].to_numpy()
    sigma = np.sqrt(fit.scale)
    assert fit.loglik == pytest.approx(value(theta[:-1], theta[-1], sigma), rel=LOGLIK)

    # of the likelihood in the two standard deviations, at generalised least squares for them
    def slope(s):
        V = s[0] ** 2 * same + s[1] ** 2 * np.eye(len(y))
        W = np.linalg.solve(V, X)
        beta = np.linalg.solve(X.T @ W, W.T @ y)
        return np.array([value(beta, *(s + 1e-30j * e)).imag / 1e-30 for e in np.eye(2)])

    s = np.array([theta[-1], sigma])
    H = np.array([(slope(s + h) - slope(s - h)) / 2e-5 for h in 1e-5 * np.eye(2)])
    V = np.linalg.inv(-(H + H.T) / 2)
    assert np.abs(V @ slope(s) / np.sqrt(np.diag(V))).max() < BRUTE
    assert fit.terms["std_error"].iloc[-1] == pytest.approx(np.sqrt(V[0, 0]), rel=BRUTE_SE)
    W = np.linalg.solve(theta[-1] ** 2 * same + fit.scale * np.eye(len(y)), X)
    own = np.linalg.inv(X.T @ W)
    assert fit.terms["std_error"].to_numpy()[:-1] == pytest.approx(
        np.sqrt(np.diag(own)), rel=BRUTE_SE
    )
    assert np.abs(own @ W.T @ y - theta[:-1]).max() < BRUTE * np.sqrt(np.diag(own)).min()


def test_groups_that_do_not_differ_have_zero_on_the_edge():
    rng = np.random.default_rng(2)
    d = pd.DataFrame({"country": np.tile(range(20), 15), "x": rng.normal(size=300)})
    d["v"] = d["x"] + rng.normal(size=300)
    d["v"] -= d.groupby("country")["v"].transform("mean") * 0.9
    d["y"] = (d["v"] > d.groupby("country")["v"].transform("median")).astype(int)
    linear = ps.fit(d, ps.ModelSpec("m", "v ~ x", "linear", "classical"))
    for method in ("reml", "ml"):
        fit = ps.fit(d, spec("v ~ x", "mixed_linear", method=method))
        assert fit.terms["estimate"].to_numpy() == pytest.approx(
            [*linear.terms["estimate"], 0.0], abs=1e-9
        )
        assert any("is zero, at its boundary" in str(n) for n in fit.notes)
        assert np.isnan(fit.terms["std_error"].iloc[-1])
        rows = 300 if method == "ml" else 298
        assert fit.scale == pytest.approx(linear.scale * 298 / rows)
    logit = ps.fit(d, ps.ModelSpec("m", "y ~ x", "logit", "classical"))
    fit = ps.fit(d, spec("y ~ x", "mixed_logit"))
    assert fit.terms["estimate"].to_numpy() == pytest.approx(
        [*logit.terms["estimate"], 0.0], abs=1e-9
    )
    assert fit.loglik == pytest.approx(logit.loglik)
    assert any("is zero, at its boundary" in str(n) for n in fit.notes)
    assert "sd(country)" in ps.tables.regression(fit).body["term"].tolist()


def test_predictions_with_and_without_the_groups():
    fit, d = ps.fit(table(), spec(LOGIT, "mixed_logit")), table()
    X, theta = fit.design.X, fit.terms["estimate"].to_numpy()
    typical, mean = (
        ps.models.predict(fit, d, kind)["estimate"].to_numpy() for kind in ("response", "average")
    )
    assert typical == pytest.approx(expit(X @ theta[:-1]))
    by_hand = [
        quad(lambda u, e=e: expit(e + theta[-1] * u) * norm.pdf(u), -12, 12)[0]
        for e in (X @ theta[:-1])[:5]
    ]
    assert mean[:5] == pytest.approx(by_hand, rel=1e-7)
    assert (np.abs(mean - 0.5) < np.abs(typical - 0.5)).all()
    assert ps.models.predict(mixed("ml"), d, "response")["estimate"].to_numpy() == pytest.approx(
        X_beta(mixed("ml"))
    )
    with pytest.raises(ps.SpecError, match="average is over the groups of engine 'mixed_logit'"):
        ps.models.predict(mixed("ml"), d, "average")


def X_beta(fit):
    return fit.design.X @ fit.terms["estimate"].to_numpy()[:-1]


def test_units_and_far_origins_change_nothing():
    d = table()
    one, far = (
        mixed("reml"),
        mixed("reml", d.assign(growth=d["growth"] * 1e6 + 1e9, a=d["a"] * 1e-3 + 7)),
    )
    assert far.terms["statistic"].to_numpy()[1:-1] == pytest.approx(
        one.terms["statistic"].to_numpy()[1:-1], rel=1e-5
    )
    assert far.terms["estimate"].iloc[-1] == pytest.approx(
        one.terms["estimate"].iloc[-1] * 1e6, rel=1e-5
    )
    shuffled = mixed("reml", d.sample(frac=1, random_state=3))
    assert shuffled.terms["estimate"].to_numpy() == pytest.approx(
        one.terms["estimate"].to_numpy(), rel=1e-9
    )


def test_what_is_refused():
    d = table()
    for vcov in ("hc0", "hc1", "cluster"):
        for engine, more in (("mixed_logit", {}), ("mixed_linear", {"method": "ml"})):
            with pytest.raises(
                ps.SpecError,
                match=f"engine '{engine}' has no vcov '{vcov}'; it must be one of classical",
            ):
                ps.ModelSpec(
                    "m", "peace ~ a", engine, vcov, "country", {"group": "country", **more}
                )
    with pytest.raises(ps.SpecError, match="needs the option group, a column; there is no default"):
        ps.ModelSpec("m", "peace ~ a", "mixed_logit", "classical")
    with pytest.raises(
        ps.SpecError, match="needs the option method, one of reml, ml; there is no default"
    ):
        spec(LINEAR, "mixed_linear")
    with pytest.raises(ps.SpecError, match="it must be one of reml, ml"):
        spec(LINEAR, "mixed_linear", method="REML")
    with pytest.raises(ps.SpecError, match="the column 'nation' is not in the data"):
        ps.fit(d, ps.ModelSpec("m", LOGIT, "mixed_logit", "classical", options={"group": "nation"}))
    for formula, engine, more in (
        (LOGIT, "mixed_logit", {}),
        (LINEAR, "mixed_linear", {"method": "reml"}),
    ):
        with pytest.raises(ps.FitError, match="all rows are in one group of 'country'"):
            ps.fit(d.assign(country="a"), spec(formula, engine, **more))
        with pytest.raises(ps.FitError, match="each of the 260 rows is a group"):
            ps.fit(d.assign(country=range(260)), spec(formula, engine, **more))
    with pytest.raises(ps.FitError, match="separated by s"):
        ps.fit(d.assign(s=d["peace"] * 2 + 1), spec("peace ~ s", "mixed_logit"))
    with pytest.raises(
        ps.FitError,
        match=(r"the outcome is the same in all rows, so sd\(country\) tends to infinity"),
    ):
        ps.fit(
            d.assign(country=d["peace"].astype(str) + (d["a"] > 0).astype(str)),
            spec("peace ~ gdp", "mixed_logit"),
        )
    with pytest.raises(ps.FitError, match="the terms give the outcome exactly"):
        mixed("ml", d.assign(growth=2 * d["a"] + 1))
    with pytest.raises(ps.FitError, match="the rows of a group do not differ"):
        mixed("ml", d.assign(growth=d["country"].str[1:].astype(float)))
    with pytest.raises(ps.SpecError, match="no odds ratios"):
        mixed("ml").tidy(exponentiate=True)
    gone = ps.fit(d.assign(country=d["country"].where(d.index > 3)), spec(LOGIT, "mixed_logit"))
    assert gone.dropped["reason"].tolist() == ["country is missing"] * 4


def test_what_is_said_of_it():
    fit = ps.fit(table(), spec(LOGIT, "mixed_logit"))
    said = " ".join(map(str, fit.notes))
    assert "Random intercept for 24 groups of country" in said
    assert "25 points" in said
    plain = ps.fit(table(), ps.ModelSpec("l", LOGIT, "logit", "classical"))
    assert f"likelihood ratio {2 * (fit.loglik - plain.loglik):.2f}" in said
    assert np.isnan(fit.terms["p_value"].iloc[-1])
    assert fit.tidy(exponentiate=True)["estimate"].iloc[-1] == fit.terms["estimate"].iloc[-1]
    few = table().assign(country=lambda t: t.index % 4)
    assert any(n.kind == "few_groups" for n in mixed("reml", few).notes)


def test_recovery_and_coverage():
    rng = np.random.default_rng(20261126)
    hits, sds = 0, []
    for _ in range(60):
        g = np.repeat(range(40), 10)
        x = rng.normal(size=400)
        d = pd.DataFrame(
            {
                "g": g,
                "x": x,
                "y": (rng.random(400) < expit(0.2 + 0.7 * x + rng.normal(0, 1, 40)[g])).astype(int),
            }
        )
        t = ps.fit(
            d, ps.ModelSpec("m", "y ~ x", "mixed_logit", "classical", options={"group": "g"})
        ).terms
        hits += t["conf_low"][1] < 0.7 < t["conf_high"][1]
        sds.append(t["estimate"].iloc[-1])
    assert hits >= 52  # 57 expected, standard deviation 1.7
    # maximum likelihood is a little low; 60 draws: 0.025
    assert np.mean(sds) == pytest.approx(0.98, abs=0.08)


@pytest.mark.parametrize("sd", [20.5, 75.0])
def test_means_over_a_wide_spread_of_groups_are_those_of_normal_nodes(sd, monkeypatch):
    """Above a spread of 20 the mean runs over a fixed number of nodes; at
    1e6 normal nodes would be 37 million a row.
    """
    from peacestudy.models.interpretation.responses import Averaged
    from peacestudy.models.kernels.mixed_logit import average

    eta = np.array([-30.0, -3.0, 0.5, 8.0, 60.0])
    extra, mean = np.array([sd]), average(eta, sd)
    wide = (Averaged().predictor(eta, extra), Averaged().curve(eta, extra))
    for module in ("kernels.mixed_logit", "interpretation.responses"):
        monkeypatch.setattr(f"peacestudy.models.{module}.WIDE", np.inf)
    plain = (Averaged().predictor(eta, extra), Averaged().curve(eta, extra))
    assert mean == pytest.approx(average(eta, sd), rel=1e-12)
    for names, by_logistic, by_normal in zip(
        (("value", "first", "by_extra"), ("first", "second", "first_by_extra")),
        wide,
        plain,
        strict=True,
    ):
        for name in names:
            assert getattr(by_logistic, name) == pytest.approx(getattr(by_normal, name), rel=1e-9)
    monkeypatch.undo()
    assert expit(Averaged().predictor(eta, np.array([1e6])).value) == pytest.approx(
        0.5 + eta / 1e6 / np.sqrt(2 * np.pi), abs=1e-12
    )
