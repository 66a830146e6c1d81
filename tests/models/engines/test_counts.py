"""Poisson and negative binomial against R's glm, MASS, sandwich and AER, statsmodels, and
derivatives taken by complex steps.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.special import loggamma

import peacestudy as ps
from peacestudy.models.fit_notes import overdispersion
from peacestudy.models.kernels.negative_binomial import loglik

HERE = Path(__file__).resolve().parents[2] / "references" / "counts"
COEFFICIENT = 1e-6  # of a standard error
GLM_NB = (
    # of a standard error; glm.nb takes turns at coefficients and theta, and stops when the deviance
    # stands still
    2e-5
)
STD_ERROR = 5e-6  # relative
LOGLIK = 1e-9  # relative
FORMULAS = {
    "plain": ("attacks ~ a + C(k) + log(gdp)", {}),
    "exposed": ("attacks ~ a * C(k)", {"exposure": "years"}),
}


def table():
    return pd.read_csv(HERE / "data.csv")


def ours(name):
    name = {"(Intercept)": "Intercept"}.get(name, name)
    return ":".join({"ky": "C(k)[y]", "kz": "C(k)[z]"}.get(p, p) for p in name.split(":"))


@pytest.fixture(scope="module")
def expected():
    d = pd.read_csv(HERE / "expected.csv", keep_default_na=False)
    return {
        (m, q): dict(zip(map(ours, g["term"]), g["value"].astype(float), strict=True))
        for (m, q), g in d.groupby(["model", "quantity"])
    }


def fitted(engine, which, vcov="classical", **change):
    formula, options = FORMULAS[which]
    cluster = "country" if vcov == "cluster" else None
    return ps.fit(table(), ps.ModelSpec(which, formula, engine, vcov, cluster, change or options))


def rows_of(which, theta):
    """Log-likelihoods of the rows of the negative binomial,
    from gamma functions of complex numbers.
    """
    fit = fitted("negative_binomial", which)
    y, size = fit.design.y, 1 / theta[-1]
    mu = np.exp(
        fit.design.X @ theta[:-1]
        + (np.log(table()["years"].to_numpy()) if which == "exposed" else 0.0)
    )
    constant = loggamma(y + size) - loggamma(size) - loggamma(y + 1.0)
    return constant + size * np.log(size / (size + mu)) + y * np.log(mu / (size + mu))


def scores_of(which, theta):
    out = []
    for j in range(len(theta)):
        t = theta.astype(complex)
        t[j] += 1e-20j
        out.append(rows_of(which, t).imag / 1e-20)
    return np.column_stack(out)


@pytest.mark.parametrize("which", FORMULAS)
@pytest.mark.parametrize("vcov", ["classical", "hc0", "hc1", "cluster"])
def test_poisson_is_r(which, vcov, expected):
    fit = fitted("poisson", which, vcov)
    named, model = fit.terms.set_index("term"), f"poisson_{which}"
    for term, value in expected[model, "estimate"].items():
        se = expected[model, vcov][term]
        assert named.estimate[term] == pytest.approx(value, abs=COEFFICIENT * se)
        assert named.std_error[term] == pytest.approx(se, rel=STD_ERROR)
    assert fit.loglik == pytest.approx(expected[model, "loglik"][""], rel=LOGLIK)
    assert fit.aic == pytest.approx(expected[model, "aic"][""], rel=LOGLIK)
    assert fit.n_events == table()["attacks"].sum()


@pytest.mark.parametrize("which", FORMULAS)
def test_the_dispersion_test_is_that_of_aer(which, expected):
    model, fit = f"poisson_{which}", fitted("poisson", which)
    found, theirs = overdispersion(fit).iloc[0], expected[f"poisson_{which}", "dispersion"]
    assert found["alpha"] == pytest.approx(theirs["alpha"], rel=1e-7)
    assert found["statistic"] == pytest.approx(theirs["z"], rel=1e-7)
    assert found["p_value"] == pytest.approx(theirs["p"], rel=1e-5)
    assert found["pearson"] == pytest.approx(expected[model, "pearson"][""], rel=1e-9)
    assert any(n.kind == "overdispersion" and "negative_binomial" in str(n) for n in fit.notes)


@pytest.mark.parametrize("which", FORMULAS)
def test_negative_binomial_is_r(which, expected):
    fit = fitted("negative_binomial", which)
    named, model = fit.terms.set_index("term"), f"nb_{which}"
    assert fit.terms["term"].iloc[-1] == "alpha"
    for term, value in expected[model, "estimate"].items():
        assert named.estimate[term] == pytest.approx(value, abs=GLM_NB * named.std_error[term])
    assert fit.loglik == pytest.approx(expected[model, "loglik"][""], rel=LOGLIK)
    assert fit.aic == pytest.approx(expected[model, "aic"][""], rel=LOGLIK)


@pytest.mark.parametrize("which", FORMULAS)
def test_both_are_statsmodels(which):
    design, exposure = (
        fitted("poisson", which).design,
        (table()["years"] if which == "exposed" else None),
    )
    # the search of statsmodels wants columns of one size
    size = np.abs(design.X).max(axis=0)
    for engine, model in (("poisson", sm.Poisson), ("negative_binomial", sm.NegativeBinomial)):
        fit = fitted(engine, which)
        theirs = model(design.y, design.X / size, exposure=exposure)
        start = theirs.fit(disp=0, method="bfgs", maxiter=5000, gtol=1e-7)
        theirs = theirs.fit(start.params, disp=0, method="newton", maxiter=100)
        unit = np.append(size, 1.0)[: len(theirs.params)]
        assert fit.terms["estimate"].to_numpy() == pytest.approx(theirs.params / unit, rel=1e-6)
        assert fit.terms["std_error"].to_numpy() == pytest.approx(theirs.bse / unit, rel=STD_ERROR)
        assert fit.loglik == pytest.approx(theirs.llf, rel=LOGLIK)
        assert fit.pseudo_r2 == pytest.approx(theirs.prsquared, rel=1e-5)


@pytest.mark.parametrize("which", FORMULAS)
def test_covariances_of_the_negative_binomial_by_definition(which):
    fit = fitted("negative_binomial", which)
    theta, d = fit.terms["estimate"].to_numpy(), table()
    assert rows_of(which, theta).sum() == pytest.approx(fit.loglik, rel=LOGLIK)
    s, steps = scores_of(which, theta), 1e-5 * np.maximum(fit.terms["std_error"].to_numpy(), 1e-3)
    H = np.array(
        [
            (scores_of(which, theta + h) - scores_of(which, theta - h)).sum(axis=0) / (2 * h.max())
            for h in np.diag(steps)
        ]
    )
    A = np.linalg.inv(-(H + H.T) / 2)
    sums = pd.DataFrame(s).groupby(d["country"]).sum().to_numpy()
    G, N, K = len(sums), len(s), s.shape[1]
    meat = {"hc0": s.T @ s, "hc1": s.T @ s * N / (N - K), "cluster": sums.T @ sums * G / (G - 1)}
    for vcov in ("classical", "hc0", "hc1", "cluster"):
        V = A if vcov == "classical" else A @ meat[vcov] @ A
        found = fitted("negative_binomial", which, vcov).vcov.to_numpy()
        root = np.sqrt(np.diag(V))
        assert found / np.outer(root, root) == pytest.approx(V / np.outer(root, root), abs=2e-6)


def test_offset_and_exposure_are_one():
    d = table().assign(log_years=lambda t: np.log(t["years"]))
    for engine in ("poisson", "negative_binomial"):
        by = [
            ps.fit(d, ps.ModelSpec("m", "attacks ~ a", engine, "hc0", options=o))
            for o in ({"exposure": "years"}, {"offset": "log_years"})
        ]
        pd.testing.assert_frame_equal(by[0].terms, by[1].terms)


def test_alpha_has_an_interval_above_zero_and_no_wald_test():
    fit = fitted("negative_binomial", "plain")
    row = fit.terms.set_index("term").loc["alpha"]
    assert np.isnan(row["statistic"])
    assert np.isnan(row["p_value"])
    factor = np.exp(1.959963984540054 * row["std_error"] / row["estimate"])
    assert row["conf_low"] == pytest.approx(row["estimate"] / factor)
    assert row["conf_high"] == pytest.approx(row["estimate"] * factor)
    wide = fit.tidy(conf_level=0.99, exponentiate=True).set_index("term")
    assert 0 < wide.conf_low["alpha"] < row["conf_low"]
    assert wide.estimate["alpha"] == row["estimate"]
    assert wide.estimate["a"] == pytest.approx(np.exp(fit.terms.set_index("term").estimate["a"]))
    ratio = 2 * (fit.loglik - fitted("poisson", "plain").loglik)
    assert any(f"likelihood ratio {ratio:.2f}" in str(n) for n in fit.notes)
    assert "alpha" in ps.tables.regression(fit).body["term"].tolist()


def test_predictions(expected):
    fit = fitted("poisson", "exposed")
    new = pd.DataFrame({"a": [-1, 0.5, 1.0], "k": ["x", "z", "y"], "years": [2, 7, np.nan]})
    link, mean = (ps.models.predict(fit, new, kind) for kind in ("link", "response"))
    for i, (value, se) in enumerate(
        zip(
            expected["poisson_exposed", "link"].values(),
            expected["poisson_exposed", "link_se"].values(),
            strict=True,
        )
    ):
        assert link["estimate"][i] == pytest.approx(value, rel=1e-8)
        assert link["conf_high"][i] == pytest.approx(value + 1.959963984540054 * se, rel=1e-6)
        assert mean["estimate"][i] == pytest.approx(np.exp(value), rel=1e-8)
        assert mean["conf_low"][i] == pytest.approx(
            np.exp(value - 1.959963984540054 * se), rel=1e-6
        )
    assert mean["estimate"].isna().tolist() == [False, False, True]
    assert mean["reason"].tolist() == ["", "", "years is missing"]
    with pytest.raises(ps.SpecError, match="the exposure 'years' is not in the data"):
        ps.models.predict(fit, new.drop(columns="years"), "response")
    assert len(ps.models.predict(fitted("negative_binomial", "plain"), table(), "response")) == 240


def test_a_coefficient_that_runs_to_infinity_is_refused_by_name():
    d = table()
    d.loc[d["k"] == "z", "attacks"] = 0
    for engine in ("poisson", "negative_binomial"):
        with pytest.raises(
            ps.FitError,
            match=r"the count is 0 in all \d+ row\(s\) that C\(k\)\[z\] separates from the rest",
        ):
            ps.fit(d, ps.ModelSpec("m", "attacks ~ a + C(k)", engine, "classical"))
    # with a single count above zero there is a maximum, however far
    d.loc[d.index[d["k"] == "z"][0], "attacks"] = 1
    assert ps.fit(d, ps.ModelSpec("m", "attacks ~ C(k)", "poisson", "hc0")).terms[
        "estimate"
    ].to_numpy()[2] == pytest.approx(
        np.log(1 / (d["k"] == "z").sum()) - np.log(d[d["k"] == "x"]["attacks"].mean())
    )
    line = pd.DataFrame(
        {
            "y": [0, 0, 0, 0, 3, 2, 5, 4],
            "x": [-1.0, -2, -3, -4, 0, 0, 0, 0],
            "w": [1, 2, 1, 2, 1, 2, 2, 1],
        }
    )
    with pytest.raises(
        ps.FitError, match=r"in all 4 row\(s\) that x separates from the rest \(0, 1, 2, 3\)"
    ):
        ps.fit(line, ps.ModelSpec("m", "y ~ x + w", "poisson", "classical"))


def test_what_is_no_count_or_has_no_exposure():
    d = table()
    for bad in (-1, 0.5, 1e13):
        with pytest.raises(ps.FitError, match=r"must be a count, 0, 1, 2 .* \(cases 3: "):
            ps.fit(
                d.assign(attacks=d["attacks"].astype(float).where(d.index != 3, bad)),
                ps.ModelSpec("m", "attacks ~ a", "poisson", "hc0"),
            )
    with pytest.raises(ps.FitError, match=r"the exposure 'a' must be above zero"):
        ps.fit(d, ps.ModelSpec("m", "attacks ~ years", "poisson", "hc0", options={"exposure": "a"}))
    with pytest.raises(ps.SpecError, match="an offset or exposure is a number"):
        ps.fit(d, ps.ModelSpec("m", "attacks ~ a", "poisson", "hc0", options={"offset": "k"}))
    with pytest.raises(ps.SpecError, match="both an offset and an exposure"):
        ps.ModelSpec(
            "m", "attacks ~ a", "poisson", "hc0", options={"offset": "a", "exposure": "years"}
        )
    with pytest.raises(ps.FitError, match="no variation to explain"):
        ps.fit(d.assign(attacks=0), ps.ModelSpec("m", "attacks ~ a", "poisson", "hc0"))
    with pytest.raises(ps.SpecError, match="not of 'negative_binomial'"):
        overdispersion(fitted("negative_binomial", "plain"))
    gone = ps.fit(
        d.assign(years=d["years"].where(d.index > 4)),
        ps.ModelSpec("m", "attacks ~ a", "poisson", "hc0", options={"exposure": "years"}),
    )
    assert gone.dropped["reason"].tolist() == ["years is missing"] * 5


def test_counts_that_vary_less_than_poisson_have_no_alpha():
    rng = np.random.default_rng(3)
    d = pd.DataFrame({"x": rng.normal(size=200)})
    d["y"] = rng.binomial(6, 1 / (1 + np.exp(-d["x"])))
    with pytest.raises(ps.FitError, match=r"alpha is zero. Use engine 'poisson'"):
        ps.fit(d, ps.ModelSpec("m", "y ~ x", "negative_binomial", "classical"))
    assert not any(
        n.kind == "overdispersion"
        for n in ps.fit(d, ps.ModelSpec("m", "y ~ x", "poisson", "classical")).notes
    )


def test_large_counts_and_units():
    rng = np.random.default_rng(4)
    d = pd.DataFrame({"x": rng.normal(size=300)})
    d["y"] = rng.poisson(np.exp(9 + d["x"]) * rng.gamma(2, 0.5, 300))
    for engine in ("poisson", "negative_binomial"):
        one = ps.fit(d, ps.ModelSpec("m", "y ~ x", engine, "hc0"))
        other = ps.fit(d.assign(x=d["x"] * 1e12 + 1e13), ps.ModelSpec("m", "y ~ x", engine, "hc0"))
        assert other.loglik == pytest.approx(one.loglik, rel=1e-10)
        assert other.terms["estimate"][1] * 1e12 == pytest.approx(
            one.terms["estimate"][1], rel=1e-6
        )
        assert other.terms["std_error"][1] * 1e12 == pytest.approx(
            one.terms["std_error"][1], rel=1e-6
        )


def test_near_poisson_no_digits_are_lost():
    y, eta = np.array([0.0, 1, 3, 50]), np.array([0.1, 0.0, 1.0, 3.9])
    poisson = (y * eta - np.exp(eta) - loggamma(y + 1)).sum()
    assert loglik(eta, 1e-8, y) == pytest.approx(poisson, abs=1e-5)


@pytest.mark.slow(reason="simulates coverage, 2 s")
def test_coverage_of_alpha_and_the_slope():
    rng = np.random.default_rng(20261126)
    hits = np.zeros(2)
    for _ in range(100):
        x = rng.normal(size=200)
        y = rng.poisson(np.exp(0.5 + 0.4 * x) * rng.gamma(1 / 0.6, 0.6, 200))
        t = ps.fit(
            pd.DataFrame({"x": x, "y": y}),
            ps.ModelSpec("m", "y ~ x", "negative_binomial", "classical"),
        ).terms
        hits += ((t["conf_low"] < [0.5, 0.4, 0.6]) & (t["conf_high"] > [0.5, 0.4, 0.6])).to_numpy()[
            1:
        ]
    assert (hits >= 88).all()  # 95 expected, standard deviation 2.2
