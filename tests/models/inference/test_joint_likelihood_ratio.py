"""The joint penalised likelihood ratio test: logistf's, and the drop found by another optimiser."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import chi2

import peacestudy as ps

REFERENCES = Path(__file__).resolve().parents[3].parent / "shared" / "references" / "regression"
SAME = 1e-6  # relative; BFGS stops about there


def cases(seed, n=60, shift=0.0):
    rng = np.random.default_rng(seed)
    d = pd.DataFrame(rng.normal(size=(n, 4)), columns=list("abcd"))
    d["a"] = 3 * d.a + shift
    d["y"] = (rng.random(n) < expit(0.8 * d.b - 1)).astype(int)
    return d.assign(g=np.arange(n) % 12)


def fitted(d, formula="y ~ a + b + c + d", vcov="classical", cluster=None):
    return ps.fit(d, ps.ModelSpec("m", formula, "firth", vcov, cluster))


def highest_by_bfgs(X, y, free):
    """The highest penalised log-likelihood with the other coefficients at zero."""

    def loss(b):
        beta = np.zeros(X.shape[1])
        beta[free] = b
        p = expit(X @ beta)
        logdet = np.linalg.slogdet((X * (p * (1 - p))[:, None]).T @ X)[1]
        return -(y @ np.log(p) + (1 - y) @ np.log1p(-p) + logdet / 2)

    if not free:
        return -loss(np.zeros(0))
    options = {"gtol": 1e-8, "maxiter": 5000}
    return -minimize(loss, np.zeros(len(free)), method="BFGS", options=options).fun


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    "terms", [["b", "c"], ["a", "d"], ["a", "b", "c", "d"], ["Intercept", "a"]]
)
def test_the_statistic_is_twice_the_drop_found_by_another_optimiser(seed, terms):
    found = fitted(cases(seed))
    X, y, names = found.design.X, found.design.y, found.design.names
    free = [j for j, name in enumerate(names) if name not in terms]
    drop = 2 * (highest_by_bfgs(X, y, list(range(5))) - highest_by_bfgs(X, y, free))
    test = found.joint_test(terms, method="likelihood_ratio")
    assert test.statistic == pytest.approx(drop, rel=SAME, abs=1e-6)
    assert test.p_value == pytest.approx(chi2.sf(drop, len(terms)), rel=1e-4)
    assert (test.df, test.df_denominator, test.terms) == (len(terms), np.inf, tuple(terms))


@pytest.mark.parametrize("shift", [0.0, 1e6])
def test_of_one_term_it_is_the_test_of_that_term(shift):
    found = fitted(cases(3, shift=shift))
    for row in found.terms.iloc[1:].itertuples():
        test = found.joint_test([row.term], method="likelihood_ratio")
        assert test.p_value == pytest.approx(row.p_value, rel=1e-6)


def test_far_from_zero_nothing_changes():
    near, far = (
        fitted(cases(1, shift=s)).joint_test(["a", "b"], method="likelihood_ratio").statistic
        for s in (0.0, 1e6)
    )
    assert far == pytest.approx(near, rel=1e-6)


@pytest.mark.skipif(
    not REFERENCES.is_dir(), reason="the reference data are not at hand (../shared/references)"
)
def test_logistf_of_all_terms_of_sex2():
    """Printed by logistf: likelihood ratio test 49.09 on 6 degrees of freedom."""
    d = pd.read_csv(REFERENCES / "sex2.csv")
    found = fitted(d, "case ~ age + oc + vic + vicl + vis + dia")
    test = found.joint_test(list(found.design.names[1:]), method="likelihood_ratio")
    assert test.statistic == pytest.approx(49.09064, abs=1e-4)
    assert test.p_value == pytest.approx(7.15089e-09, rel=1e-4)


def test_separated_terms_are_tested():
    d = cases(2).assign(b=lambda t: t.y * 2.0 - 1)
    found = fitted(d)
    test = found.joint_test(["b", "c"], method="likelihood_ratio")
    assert test.p_value < 1e-6 and np.isfinite(test.statistic)


def test_under_the_null_it_rejects_about_as_often_as_it_should():
    p = [
        fitted(cases(seed, n=80)).joint_test(["a", "c"], method="likelihood_ratio").p_value
        for seed in range(400)
    ]
    # three errors of a share of .05 among 400, and some for the chi-squared approximation
    assert np.mean(np.array(p) < 0.05) == pytest.approx(0.05, abs=0.035)


def test_it_does_not_depend_on_the_covariance_of_the_fit():
    d = cases(4)
    one, two = fitted(d), fitted(d, vcov="cluster", cluster="g")
    tests = [f.joint_test(["a", "b"], method="likelihood_ratio") for f in (one, two)]
    assert tests[0] == tests[1]
    assert one.joint_test(["a", "b"]) != tests[0]


def test_what_has_no_such_test_is_refused():
    d = cases(4)
    linear = ps.fit(d, ps.ModelSpec("m", "y ~ a + b", "linear", "hc1"))
    with pytest.raises(ps.SpecError, match="method of engine 'linear'"):
        linear.joint_test(["a", "b"], method="likelihood_ratio")
    with pytest.raises(ps.SpecError, match="method of engine 'firth'"):
        fitted(d).joint_test(["a", "b"], method="score")
    with pytest.raises(ps.SpecError, match="named twice"):
        fitted(d).joint_test(["a", "a"], method="likelihood_ratio")
    with pytest.raises(ps.SpecError, match="no terms"):
        fitted(d).joint_test([], method="likelihood_ratio")
