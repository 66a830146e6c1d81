"""Results of the study: decided as declared, and equal to what
other programs and plain arithmetic say.
"""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import peacestudy as ps
from peacestudy.models.inference.decisions import is_rejected
from peacestudy.study import results_of


@pytest.fixture(scope="module")
def results(our_results):
    return our_results("peace_agreements")


@pytest.fixture(scope="module")
def hypotheses(results):
    return results.hypotheses().set_index("id")


def test_holm_by_hand(hypotheses):
    family = hypotheses[hypotheses.family == "pillars"]
    assert list(family.index) == ["H1", "H2", "H3", "H4", "H5", "H6", "H7"]
    p = family.p_value.sort_values()
    by_hand = (p * np.arange(7, 0, -1)).cummax().clip(upper=1)
    np.testing.assert_allclose(family.p_adjusted[p.index], by_hand)
    bh = (p * 7 / np.arange(1, 8))[::-1].cummin()[::-1]
    np.testing.assert_allclose(family.p_comparison[p.index], bh)
    assert ((hypotheses.p_adjusted < 0.05) == is_rejected(hypotheses.decision)).all()


def test_detectable_effect_is_2_8_standard_errors(results, hypotheses):
    for name, row in hypotheses[hypotheses.detectable.notna()].iterrows():
        if name == "H9":  # a contrast: by hand below
            continue
        se = results.fits[row.model].terms.set_index("term").std_error[row.terms]
        first = {"pillars": 7, "whole": 3}.get(row.family, 1)  # level of Holm's first step
        want = np.exp((stats.norm.ppf(1 - 0.025 / first) + stats.norm.ppf(0.8)) * se)
        assert row.detectable == pytest.approx(want), name


def test_leaving_one_case_out_by_hand(results):
    left = results.table("influence")
    assert len(left) == 99
    data = results.frame.data
    row = left.set_index("label").loc["Iraq and others 2004"]
    fit = ps.fit(data[data.label != "Iraq and others 2004"], results.study.spec("pillars"))
    p = fit.terms.p_value[1:8].to_numpy()
    by_hand = np.maximum.accumulate(np.sort(p) * np.arange(7, 0, -1)).clip(max=1)
    np.testing.assert_allclose(
        row[[f"p_h{i}" for i in range(1, 8)]].astype(float).to_numpy()[np.argsort(p)], by_hand
    )


def test_the_primary_fit_by_an_independent_optimiser(results):
    """Firth's penalised likelihood climbed by scipy, its cluster
    sandwich by loops over countries.
    """
    from scipy.optimize import minimize
    from scipy.special import expit

    fit = results.fits["pillars"]
    X, y = fit.design.X, fit.design.y

    def loss(b):
        p = expit(X @ b)
        return -(
            np.sum(y * np.log(p) + (1 - y) * np.log1p(-p))
            + 0.5 * np.linalg.slogdet((X * (p * (1 - p))[:, None]).T @ X)[1]
        )

    found = minimize(
        loss, np.zeros(X.shape[1]), method="BFGS", options={"gtol": 1e-7, "maxiter": 5000}
    )
    np.testing.assert_allclose(fit.terms.estimate, found.x, atol=2e-4)
    assert fit.loglik == pytest.approx(-found.fun, abs=1e-7)
    b = fit.terms.estimate.to_numpy()
    p = expit(X @ b)
    W = p * (1 - p)
    inverse = np.linalg.inv((X * W[:, None]).T @ X)
    h = np.array([W[i] * X[i] @ inverse @ X[i] for i in range(len(y))])
    meat = np.zeros_like(inverse)
    countries = results.frame.data.country.to_numpy()
    for c in set(countries):
        s = sum(X[i] * (y[i] - p[i] + h[i] * (0.5 - p[i])) for i in np.flatnonzero(countries == c))
        meat += np.outer(s, s)
    G = len(set(countries))
    np.testing.assert_allclose(
        fit.terms.std_error, np.sqrt(np.diag(inverse @ meat @ inverse) * G / (G - 1)), rtol=1e-8
    )


@pytest.mark.parametrize("check", ["profile", "jackknife"])
def test_checks_stand_next_to_the_declared_tests(results, hypotheses, check):
    """The p values of the checks, by Holm over the seven by hand."""
    made = results.fits[f"pillars_{check}"]
    p = made.terms.set_index("term").p_value
    family = hypotheses[hypotheses.family == "pillars"]
    own = p[family.terms].to_numpy()
    order = np.argsort(own)
    by_hand = np.maximum.accumulate(own[order] * np.arange(7, 0, -1)).clip(max=1)
    shown = family[f"p_{check}"].to_numpy(dtype=float)[order]
    np.testing.assert_allclose(shown, by_hand)
    assert hypotheses[f"p_{check}"]["H0"] == pytest.approx(
        results.fits[f"breadth_{check}"].terms.set_index("term").p_value["scale(breadth)"]
    )


def test_the_joint_test_by_hand(results, hypotheses):
    fit = results.fits["pillars"]
    at = slice(1, 8)
    b, V = fit.terms.estimate.to_numpy()[at], fit.vcov.to_numpy()[at, at]
    chi2 = b @ np.linalg.inv(V) @ b
    assert hypotheses.statistic["H0_joint"] == pytest.approx(chi2)
    assert hypotheses.p_value["H0_joint"] == pytest.approx(stats.chi2.sf(chi2, 7))


def test_the_joint_likelihood_ratio_stands_next_to_the_wald_test(results, hypotheses):
    """Twice the drop of the penalised likelihood without the seven pillars, by scipy."""
    from scipy.optimize import minimize
    from scipy.special import expit

    fit = results.fits["pillars_profile"]
    X, y = fit.design.X, fit.design.y
    scale = np.maximum(np.abs(X).max(axis=0), 1)
    pillars = [i for i, name in enumerate(fit.design.names) if name.startswith("scale(")]
    assert len(pillars) == 7
    free = [i for i in range(X.shape[1]) if i not in pillars]

    def loss(b):
        beta = np.zeros(X.shape[1])
        beta[free] = b / scale[free]
        p = expit(X @ beta)
        logdet = np.linalg.slogdet((X * (p * (1 - p))[:, None]).T @ X)[1]
        return -(y @ np.log(p) + (1 - y) @ np.log1p(-p) + logdet / 2)

    null = minimize(loss, np.zeros(len(free)), method="BFGS", options={"gtol": 1e-7})
    drop = 2 * (fit.loglik + null.fun)
    assert hypotheses.p_profile["H0_joint"] == pytest.approx(stats.chi2.sf(drop, 7), abs=1e-5)


def test_survival_by_counting(results):
    table = results.table("survival")
    data = results.study.frame("durations").data
    data = data[data.peace_years > 0]
    middle = data.breadth.median()
    for group, part in table.groupby("group", sort=False):
        own = data[data.breadth > middle] if "above" in group else data[data.breadth <= middle]
        s = 1.0
        for row in part.itertuples():
            at_risk = int((own.peace_years >= row.years).sum())
            events = int(((own.peace_years == row.years) & own.event.astype(bool)).sum())
            s *= 1 - events / at_risk
            assert (row.at_risk, row.events) == (at_risk, events)
            assert row.survival == pytest.approx(s)
            assert row.conf_low <= row.survival <= row.conf_high


def test_every_null_comes_with_what_could_have_been_found(hypotheses):
    single = hypotheses[hypotheses.odds_ratio.notna()]
    assert single.detectable.gt(1).all()


def test_the_permutation_check_is_seeded(results):
    from peacestudy.models import permutation_test

    study = results.study
    once, twice = (
        permutation_test(
            results.frame,
            study.spec("pillars"),
            ["scale(norms)"],
            strata="active",
            draws=50,
            seed=1,
        )
        for _ in "ab"
    )
    pd.testing.assert_frame_equal(once, twice)
    assert once.p_permutation.dropna().between(1 / 51, 1).all()


def test_no_word_says_pre_registered_without_its_not(results):
    said = " ".join(results.notes().text)
    assert "Nothing here is pre-registered" in said and "before it was written" in said


# results that take long to compute, with the seconds of processor time
SLOW = {
    "variants": "fits the variants, 40 s",
    "variant_group": "fits the variants, 40 s",
    "variant_counts": "fits the variants, 40 s",
    "windows": "fits two models to 1,000 sets of cases, 20 s",
    "window_draws": "fits two models to 1,000 sets of cases, 20 s",
    "indicators_left_out": "fits the models without each indicator, 33 s",
    "interactions": "fits the moderated models, 12 s",
    "effects_by_moderator": "fits the moderated models, 12 s",
    "out_of_sample": "permutes the trial out of sample, 15 s",
    "calibration": "permutes the trial out of sample, 15 s",
}


def every_result():
    assert set(SLOW) < set(results_of("peace_agreements"))
    for name in results_of("peace_agreements"):
        marks = [pytest.mark.slow(reason=SLOW[name])] if name in SLOW else []
        yield pytest.param(name, marks=marks)


@pytest.mark.parametrize("name", list(every_result()))
def test_every_result_is_a_tidy_table(results, name):
    table = results.table(name)
    assert (
        len(table)
        and table.columns.is_unique
        and all(c == c.lower() and " " not in c for c in table.columns)
    )


def test_coverage_accounts_for_every_case(results):
    assert (results.table("coverage").groupby("variable").cases.sum() == len(results.frame)).all()


def test_internal_consistency_of_one_pillar_by_hand(results):
    from peacestudy.coding.rule_coding import present

    table = results.table("consistency").set_index("pillar")
    names = [
        i.id
        for i in next(p for p in results.study.codebook.pillars if p.id == "resources").indicators
    ]
    x = present(results.study.coding.codes())[names].loc[results.frame.data.case_id].to_numpy()
    c = np.cov(x.T)
    assert table.alpha["resources"] == pytest.approx(6 / 5 * (1 - np.trace(c) / c.sum()))


def test_the_contrast_of_h9_by_hand(results, hypotheses):
    fit = results.fits["pillars"]
    order = [
        "diplomacy",
        "resources",
        "norms",
        "economy",
        "environment",
        "community",
        "institutions",
    ]
    c = np.array(
        [1 / 3 if p in ("diplomacy", "resources", "institutions") else -1 / 4 for p in order]
    )
    b, V = fit.terms.estimate.to_numpy()[1:8], fit.vcov.to_numpy()[1:8, 1:8]
    row = hypotheses.loc["H9"]
    assert row.estimate == pytest.approx(c @ b) and row.statistic == pytest.approx(
        c @ b / np.sqrt(c @ V @ c)
    )
    assert row.odds_ratio == pytest.approx(np.exp(c @ b))


def test_breadth_at_a_value_of_the_constraint_by_hand(results):
    fit = results.fits["moderation"]
    data = results.data_of("moderation")
    x = data.executive_constraints.astype(float)
    terms = fit.terms.term.tolist()
    c = np.zeros(len(terms))
    c[terms.index("scale(breadth)")] = 1
    c[terms.index("scale(breadth):scale(executive_constraints)")] = (3 - x.mean()) / x.std(ddof=1)
    row = (
        results.table("moderation")
        .query("moderator == 'executive_constraints' and value == 3")
        .iloc[0]
    )
    assert row.log_odds == pytest.approx(c @ fit.terms.estimate) and row.std_error == pytest.approx(
        np.sqrt(c @ fit.vcov.to_numpy() @ c)
    )
    assert row.n == (x == 3).sum() and row.n_peace == data.lasting_peace[x == 3].sum()


def test_the_probability_curve_by_hand_and_by_numeric_gradient(results):
    from scipy.optimize import brentq
    from scipy.special import expit

    fit = results.fits["pillars"]
    j = fit.terms.term.tolist().index("scale(norms)")
    norms = results.frame.data.norms
    X, y, b = fit.design.X, fit.design.y, fit.terms.estimate.to_numpy()

    def mean(beta, value):
        shift = brentq(lambda s: expit(X @ beta + s).sum() - y.sum(), -5, 5, xtol=1e-13)
        Z = X.copy()
        Z[:, j] = (value - norms.mean()) / norms.std(ddof=1)
        return expit(Z @ beta + shift).mean()

    row = (
        results.table("predicted_probabilities")
        .query("score == 'norms' and abs(value - 0.8) < 1e-9")
        .iloc[0]
    )
    p = mean(b, 0.8)
    assert row.probability == pytest.approx(p, abs=1e-10)
    steps = 1e-5 * np.eye(len(b))
    gradient = np.array([(mean(b + e, 0.8) - mean(b - e, 0.8)) / 2e-5 for e in steps])
    # the observed share is an estimate: each row's part in the shift adds to its part in Firth's
    # estimates
    shift = brentq(lambda s: expit(X @ b + s).sum() - y.sum(), -5, 5, xtol=1e-13)
    Z = X.copy()
    Z[:, j] = (0.8 - norms.mean()) / norms.std(ddof=1)
    r = expit(Z @ b + shift)
    q, firth = expit(X @ b + shift), expit(X @ b)
    inverse = np.linalg.inv(X.T @ (X * (firth * (1 - firth))[:, None]))
    leverage = ((X @ inverse) * X).sum(axis=1) * firth * (1 - firth)
    of_slopes = (X * (y - firth + leverage * (0.5 - firth))[:, None]) @ inverse @ gradient
    of_shift = (r * (1 - r)).mean() * (y - q) / (q * (1 - q)).sum()
    groups = fit.design.clusters[0]
    sums = np.bincount(groups, of_slopes + of_shift)
    se = np.sqrt(len(sums) / (len(sums) - 1) * (sums**2).sum()) / (p * (1 - p))
    ends = expit(np.log(p / (1 - p)) + np.array([-1, 1]) * stats.norm.ppf(0.975) * se)
    np.testing.assert_allclose([row.conf_low, row.conf_high], ends, atol=1e-6)


def test_well_known_cases_are_in_or_out_as_the_steps_say(results):
    table = results.table("known_cases").set_index("name")
    assert table.included.sum() == 16 and (table.included == table.left_out.isna()).all()
    out = table.loc[~table.included, "left_out"]
    overlap = out[out.str.contains("within five years of an earlier attempt")].index
    assert set(overlap) == {
        "Dayton 1995",
        "Lomé 1999",
        "Mali 2015",
        "Lusaka 1994",
        "Bougainville 2001",
    }
    quiet = out[out.str.contains("no fighting to stop")].index
    assert set(quiet) == {"Good Friday 1998", "Minsk 2014"}
    assert (table.case_id["Dayton 1995"], table.lasting_peace["Dayton 1995"]) == ("389-1995", True)
    assert table.objection.str.len().gt(20).all() and table.source.notna().all()
