"""Weighted sums of coefficients by hand, against statsmodels,
and as the same model written another way.
"""

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy import stats

import peacestudy as ps

SAME = 1e-8  # relative, against statsmodels and models written another way
COLUMNS = ["contrast", "estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"]


def draw(N=120):
    rng = np.random.default_rng(4)
    d = pd.DataFrame(
        {
            "a": rng.normal(size=N),
            "m": rng.normal(size=N),
            "k": rng.choice(list("xyz"), N),
            "g": rng.integers(0, 25, N),
        }
    )
    return d.assign(
        v=lambda t: t.a + t.a * t.m + rng.normal(size=N),
        y=lambda t: (rng.random(N) < 1 / (1 + np.exp(-t.a))) * 1,
    )


def fit(formula, engine="linear", vcov="classical", **more):
    return ps.fit(draw(), ps.ModelSpec("m", formula, engine, vcov, **more))


@pytest.mark.parametrize(("engine", "left"), [("linear", "v"), ("logit", "y"), ("firth", "y")])
def test_it_is_the_arithmetic(engine, left):
    found = fit(f"{left} ~ a*m", engine, "cluster", cluster="g")
    b, V = found.terms.estimate.to_numpy(), found.vcov.to_numpy()
    got = found.contrast({"a": 1, "a:m": 2.5})
    assert got.columns.tolist() == COLUMNS
    estimate, se = b[1] + 2.5 * b[3], np.sqrt(V[1, 1] + 6.25 * V[3, 3] + 5 * V[1, 3])
    dist = stats.t(24) if engine == "linear" else stats.norm
    half = dist.ppf(0.975) * se
    want = [
        estimate,
        se,
        estimate / se,
        2 * dist.sf(abs(estimate / se)),
        estimate - half,
        estimate + half,
    ]
    np.testing.assert_allclose(got.iloc[0, 1:].astype(float), want, rtol=1e-12)
    assert got.contrast[0] == "a + 2.5*a:m"


def test_it_is_statsmodels():
    want = smf.ols("v ~ a*m", draw()).fit().t_test([0, 1, -2, 0.5])
    got = fit("v ~ a*m").contrast({"a": 1, "m": -2, "a:m": 0.5}).iloc[0]
    assert got.contrast == "a - 2*m + 0.5*a:m"
    assert (got.estimate, got.std_error, got.statistic, got.p_value) == pytest.approx(
        (want.effect[0], want.sd.item(), want.tvalue.item(), want.pvalue.item()), rel=SAME
    )
    np.testing.assert_allclose([got.conf_low, got.conf_high], want.conf_int()[0], rtol=SAME)


def test_one_term_is_its_row():
    found = fit("v ~ a + C(k)")
    got = found.contrast({"C(k)[y]": 1}).iloc[0, 1:].astype(float)
    np.testing.assert_allclose(got, found.terms.loc[2, COLUMNS[1:]].astype(float), rtol=1e-12)
    assert found.contrast({"a": -1, "C(k)[y]": 0}).contrast[0] == "-a"


def test_the_difference_of_two_categories_is_another_reference():
    d = draw()
    one = fit("y ~ a + C(k)", "logit").contrast({"C(k)[z]": 1, "C(k)[y]": -1}).iloc[0]
    other = ps.fit(
        d.assign(k=pd.Categorical(d.k, list("yxz"))),
        ps.ModelSpec("m", "y ~ a + C(k)", "logit", "classical"),
    )
    want = other.terms.set_index("term").loc["C(k)[z]"]
    for column in COLUMNS[1:]:
        assert one[column] == pytest.approx(want[column], rel=1e-6)


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ({}, "no weights; weigh some of Intercept, a, m, a:m"),
        ({"a": 0}, "all weights of the contrast are zero"),
        ({"a:n": 1}, r"term is 'a:n'; it must be one of Intercept, a, m, a:m\. Did you mean 'a:m'"),
        ({"a": "one"}, "the weight of a is 'one'"),
        ({"a": np.nan}, "finite number"),
        ({"a": True}, "finite number"),
        ({"a": np.inf}, "finite number"),
    ],
)
def test_what_is_no_sum_is_refused(weights, said):
    with pytest.raises(ps.SpecError, match=said):
        fit("v ~ a*m").contrast(weights)


def test_a_sum_without_variance_is_refused():
    d = draw().assign(g=lambda t: t.index % 2)
    found = ps.fit(d, ps.ModelSpec("m", "v ~ a + m", "linear", "cluster", cluster="g"))
    V = found.vcov.to_numpy()
    with pytest.raises(ps.FitError, match="cannot be tested: its variance is not above zero"):
        # two clusters give one direction with a variance
        found.contrast({"a": V[2, 1], "m": -V[1, 1]})


def test_numbers_of_numpy_are_numbers():
    assert (
        fit("v ~ a").contrast({"a": np.float64(1), "Intercept": np.int64(2)}).contrast[0]
        == "a + 2*Intercept"
    )


def test_what_cannot_be_below_zero_is_not_tested_against_zero():
    """``tidy`` gives it no p; neither do a contrast and a joint
    test, of one fit as of pooled ones.
    """
    rng = np.random.default_rng(1)
    d = pd.DataFrame(
        {"x": rng.normal(size=120), "g": np.arange(120) % 10, "sd(x)": rng.normal(size=120)}
    )
    d = d.assign(
        c=rng.negative_binomial(2, 0.4, 120),
        y=d.x + rng.normal(size=10)[d.g] + rng.normal(size=120),
    )
    counts = ps.fit(d, ps.ModelSpec("m", "c ~ x", "negative_binomial", "classical"))
    groups = ps.fit(
        d,
        ps.ModelSpec(
            "m", "y ~ x", "mixed_linear", "classical", options={"group": "g", "method": "reml"}
        ),
    )
    for fit, term in ((counts, "alpha"), (groups, "sd(g)")):
        assert np.isnan(fit.terms.set_index("term").loc[term, "p_value"])
        with pytest.raises(ps.SpecError, match="cannot be negative"):
            fit.contrast({"x": 1, term: 1}, one_sided="greater")
        with pytest.raises(ps.SpecError, match="cannot be negative"):
            fit.joint_test(["x", term])
    column = ps.fit(d, ps.ModelSpec("m", "y ~ `sd(x)`", "linear", "hc1"))
    assert column.contrast({"sd(x)": 1})["p_value"][0] == column.terms["p_value"][1]
