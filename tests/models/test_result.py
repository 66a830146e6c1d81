"""What a fit offers: terms at another level, odds ratios, one row,
joint tests, a rendering that is escaped.
"""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import peacestudy as ps

CLOSED = 1e-12  # relative, against formulas
TERMS = ["term", "estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"]


def draw(seed=0, N=80):
    rng = np.random.default_rng(seed)
    d = pd.DataFrame(
        {
            "a": rng.normal(size=N),
            "b": rng.normal(size=N),
            "k": rng.choice(list("xyz"), N),
            "g": rng.integers(0, 15, N),
        }
    )
    d["y"] = (rng.random(N) < 0.4).astype(int)
    d["v"] = rng.normal(size=N)
    return d


def fit(engine, vcov, formula=None, data=None, **more):
    formula = formula or ("v ~ a + C(k)" if engine == "linear" else "y ~ a + C(k)")
    return ps.fit(
        draw() if data is None else data, ps.ModelSpec("m", formula, engine, vcov, **more)
    )


EVERY = [(e, v) for e in ("linear", "logit", "firth") for v in ("classical", "hc1", "cluster")]


@pytest.mark.parametrize(("engine", "vcov"), EVERY)
def test_the_terms_are_those_of_the_contract_and_agree_with_each_other(engine, vcov):
    found = fit(engine, vcov, cluster="g" if vcov == "cluster" else None)
    assert list(found.terms.columns) == TERMS
    assert list(found.terms.index) == list(range(4))
    assert list(found.vcov.index) == list(found.vcov.columns) == list(found.terms.term)
    np.testing.assert_allclose(np.sqrt(np.diag(found.vcov)), found.terms.std_error, rtol=CLOSED)
    np.testing.assert_allclose(found.vcov, found.vcov.T, rtol=1e-10)
    assert found.converged
    assert found.n == len(found.cases) == 80
    if (engine, vcov) != ("firth", "classical"):
        t = found.terms
        law = stats.t(found.df) if engine == "linear" else stats.norm
        np.testing.assert_allclose(t.statistic, t.estimate / t.std_error, rtol=CLOSED)
        np.testing.assert_allclose(t.p_value, 2 * law.sf(t.statistic.abs()), rtol=1e-10)
        np.testing.assert_allclose(
            t.conf_low, t.estimate - law.ppf(0.975) * t.std_error, rtol=1e-10
        )
        np.testing.assert_allclose(
            t.conf_high, t.estimate + law.ppf(0.975) * t.std_error, rtol=1e-10
        )


@pytest.mark.parametrize(("engine", "vcov"), EVERY)
@pytest.mark.parametrize("level", [0.5, 0.9, 0.99])
def test_tidy_gives_another_level(engine, vcov, level):
    found = fit(engine, vcov, cluster="g" if vcov == "cluster" else None)
    before = found.terms.copy()
    t = found.tidy(conf_level=level)
    pd.testing.assert_frame_equal(t[TERMS[:5]], before[TERMS[:5]])
    if (engine, vcov) == ("firth", "classical"):
        wider = level > 0.95
        assert ((t.conf_low < before.conf_low) == wider).all()
        assert ((t.conf_high > before.conf_high) == wider).all()
    else:
        q = (
            stats.t.ppf(0.5 + level / 2, found.df)
            if engine == "linear"
            else stats.norm.ppf(0.5 + level / 2)
        )
        np.testing.assert_allclose(t.conf_high - t.estimate, q * t.std_error, rtol=1e-10)
        np.testing.assert_allclose(t.estimate - t.conf_low, q * t.std_error, rtol=1e-10)
    pd.testing.assert_frame_equal(found.terms, before)


@pytest.mark.parametrize(("engine", "vcov"), [pair for pair in EVERY if pair[0] != "linear"])
def test_exponentiate_gives_odds_ratios(engine, vcov):
    found = fit(engine, vcov, cluster="g" if vcov == "cluster" else None)
    plain, odds = found.tidy(conf_level=0.9), found.tidy(conf_level=0.9, exponentiate=True)
    for column in ("estimate", "conf_low", "conf_high"):
        np.testing.assert_allclose(odds[column], np.exp(plain[column]), rtol=CLOSED)
    np.testing.assert_allclose(
        odds.std_error, plain.std_error * np.exp(plain.estimate), rtol=CLOSED
    )
    pd.testing.assert_frame_equal(
        odds[["term", "statistic", "p_value"]], plain[["term", "statistic", "p_value"]]
    )
    pd.testing.assert_frame_equal(found.terms, fit(engine, vcov, cluster=found.spec.cluster).terms)


def test_odds_ratios_beyond_numbers_are_infinite_without_a_warning():
    d = draw().assign(a=lambda t: t.a / 1e5)
    t = fit("logit", "classical", "y ~ a", d).tidy(exponentiate=True)
    assert t.conf_high[1] == np.inf
    assert t.p_value[1] < 1


def test_a_linear_model_has_no_odds_ratios():
    with pytest.raises(ps.SpecError, match="no odds ratios"):
        fit("linear", "classical").tidy(exponentiate=True)


@pytest.mark.parametrize("level", [0, 1, -0.5, 95, np.nan])
def test_a_level_outside_0_and_1_is_refused(level):
    with pytest.raises(ps.SpecError, match="between 0 and 1"):
        fit("logit", "classical").tidy(conf_level=level)


@pytest.mark.parametrize(("engine", "vcov"), EVERY)
def test_a_joint_test_is_the_quadratic_form_of_its_covariance(engine, vcov):
    found = fit(engine, vcov, cluster="g" if vcov == "cluster" else None)
    b, V = found.terms.estimate.to_numpy()[[2, 3]], found.vcov.to_numpy()[2:, 2:]
    chi2 = float(b @ np.linalg.inv(V) @ b)
    t = found.joint_test(["C(k)[y]", "C(k)[z]"])
    assert (t.terms, t.df, t.df_denominator) == (("C(k)[y]", "C(k)[z]"), 2, found.df)
    assert t.statistic == pytest.approx(chi2 / 2 if engine == "linear" else chi2, rel=1e-9)
    assert t.p_value == pytest.approx(
        stats.f.sf(chi2 / 2, 2, found.df) if engine == "linear" else stats.chi2.sf(chi2, 2),
        rel=1e-8,
    )
    assert found.joint_test(["C(k)[z]", "C(k)[y]"]).statistic == pytest.approx(
        t.statistic, rel=1e-10
    )


def test_the_joint_test_of_all_slopes_is_the_f_test_of_r_squared():
    found = fit("linear", "classical")
    r2 = found.r_squared
    assert found.joint_test(["a", "C(k)[y]", "C(k)[z]"]).statistic == pytest.approx(
        r2 / 3 / ((1 - r2) / 76), rel=1e-9
    )


def test_a_joint_test_that_cannot_be_is_refused():
    found = fit("logit", "classical")
    with pytest.raises(
        ps.SpecError, match=r"given no terms; name some of Intercept, a, C\(k\)\[y\]"
    ):
        found.joint_test([])
    with pytest.raises(ps.SpecError, match=r"term is 'aa'.*Did you mean 'a'"):
        found.joint_test(["aa"])
    with pytest.raises(ps.FitError, match="named twice"):
        found.joint_test(["a", "a"])


def test_glance_is_one_row():
    for engine, vcov in EVERY:
        found = fit(engine, vcov, cluster="g" if vcov == "cluster" else None)
        row = found.glance()
        assert row.shape[0] == 1
        assert row[["model", "engine", "vcov"]].iloc[0].tolist() == ["m", engine, vcov]
        assert row.n[0] == 80
        assert row.loglik[0] == found.loglik
        assert (row.n_clusters[0] == 15) if vcov == "cluster" else row.n_clusters.isna()[0]
        assert np.isnan(row.aic[0]) == (engine == "firth")


def test_it_shows_itself_escaped():
    d = draw().rename(columns={"a": "<script>alert(1)</script>"})
    shown = fit("logit", "classical", "y ~ `<script>alert(1)</script>`", d)._repr_html_()
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown
    assert "N 80" in shown
