"""CR2 and Satterthwaite against R's clubSandwich, against matrices written
out in full, and by its size with 8 clusters.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import peacestudy as ps
from peacestudy.models.inference.cr2 import clusters_of, cr2_covariance, satterthwaite

REFERENCES = Path(__file__).resolve().parents[2] / "references" / "clusters"
R = 1e-8  # relative, against clubSandwich, which prints 15 digits
FULL = 1e-9  # relative, against N by N matrices
FORMULAS = {"plain": "y ~ x + z + C(k)", "fixed": "y ~ x + C(k) + C(g)"}


def named(term):
    return {"(Intercept)": "Intercept", "kb": "C(k)[b]", "kc": "C(k)[c]"}.get(term, term)


def of(set_, model="plain", vcov="cr2"):
    d = pd.read_csv(REFERENCES / "data.csv").query("set == @set_")
    return ps.fit(d, ps.ModelSpec(model, FORMULAS[model], "linear", vcov, cluster="g"))


def expected(name="expected"):
    return pd.read_csv(REFERENCES / f"{name}.csv")


@pytest.mark.parametrize("set_", ["uneven", "even", "large"])
@pytest.mark.parametrize("model", list(FORMULAS))
def test_every_term_is_club_sandwich(set_, model):
    e = expected().query("set == @set_ and model == @model and vcov == 'cr2'")
    fit = of(set_, model)
    own = fit.terms.set_index("term").loc[[named(t) for t in e.term]]
    for column in ("estimate", "std_error", "p_value"):
        np.testing.assert_allclose(own[column], e[column], rtol=R)
    np.testing.assert_allclose(fit.dfs[own.index], e.df, rtol=R)
    for level in (0.95, 0.8):
        half = stats.t.ppf(0.5 + level / 2, e.df) * e.std_error
        t = fit.tidy(level).set_index("term").loc[own.index]
        np.testing.assert_allclose(
            np.column_stack([t.conf_low, t.conf_high]),
            np.column_stack([e.estimate - half, e.estimate + half]),
            rtol=R,
        )


@pytest.mark.parametrize("set_", ["uneven", "even", "large"])
@pytest.mark.parametrize("model", list(FORMULAS))
def test_several_terms_and_sums_are_club_sandwich(set_, model):
    fit = of(set_, model)
    for row in expected("tests").query("set == @set_ and model == @model").itertuples():
        if "-" in row.terms:
            sum_ = fit.contrast({"x": 1, "C(k)[b]": -2}).iloc[0]
            assert sum_.statistic == pytest.approx(row.statistic, rel=R)
            assert sum_.p_value == pytest.approx(2 * stats.t.sf(abs(row.statistic), row.df), rel=R)
            continue
        test = fit.joint_test([named(t) for t in row.terms.split()])
        assert (test.statistic, test.df_denominator, test.p_value) == pytest.approx(
            (row.statistic, row.df, row.p_value), rel=R
        )


def test_it_is_the_formula_with_every_matrix_in_full():
    rng = np.random.default_rng(3)
    for size in ([4, 1, 6, 2, 9], [3] * 7, [12, 2, 2, 2, 1, 1]):
        groups = rng.permutation(np.repeat(np.arange(len(size)), size))
        N = len(groups)
        X = np.column_stack([np.ones(N), rng.normal(size=N), rng.normal(size=len(size))[groups]])
        y = rng.normal(size=N)
        bread = np.linalg.inv(X.T @ X)
        hat = X @ bread @ X.T
        e = y - hat @ y
        meat, parts = 0, []
        for g in range(len(size)):
            at = groups == g
            value, vector = np.linalg.eigh(np.eye(at.sum()) - hat[np.ix_(at, at)])
            A = vector @ np.diag(value**-0.5) @ vector.T
            score = X[at].T @ A @ e[at]
            meat = meat + np.outer(score, score)
            parts.append((np.eye(N) - hat)[:, at] @ A @ X[at] @ bread)
        own = clusters_of(X, groups)
        np.testing.assert_allclose(cr2_covariance(own, e), bread @ meat @ bread, rtol=FULL)
        for j in range(3):
            # the estimated variance is a quadratic form e'Be; its mean and variance under e ~ N(0,
            # I)
            B = sum(np.outer(p[:, j], p[:, j]) for p in parts)
            df = 2 * np.trace(B) ** 2 / (2 * np.trace(B @ B))
            assert satterthwaite(own, np.eye(3)[[j]])[0] == pytest.approx(df, rel=FULL)


def test_with_single_rows_it_is_hc2_and_predictions_have_their_own_degrees():
    d = pd.read_csv(REFERENCES / "data.csv").query("set == 'uneven'").reset_index()
    d["row"] = d.index
    fit = ps.fit(d, ps.ModelSpec("m", "y ~ x + z", "linear", "cr2", cluster="row"))
    other = ps.fit(d, ps.ModelSpec("m", "y ~ x + z", "linear", "hc2"))
    np.testing.assert_allclose(fit.vcov, other.vcov, rtol=FULL)
    assert "singleton_clusters" in [n.kind for n in fit.notes]
    found = ps.models.predict(of("uneven"), d.head(2), "response")
    weights = {"Intercept": 1, "x": d.x[0], "z": d.z[0]} | (
        {f"C(k)[{d.k[0]}]": 1} if d.k[0] != "a" else {}
    )
    row = of("uneven").contrast(weights)
    np.testing.assert_allclose(
        found.loc[0, ["conf_low", "conf_high"]].astype(float),
        row.loc[0, ["conf_low", "conf_high"]].astype(float),
        rtol=FULL,
    )


def test_the_rule_and_its_limits_are_told():
    text = next(n.text for n in of("uneven").notes if n.kind == "vcov")
    assert "8 of g, 1 of a single row" in text
    assert "Satterthwaite" in text
    assert "Below 4" in text
    assert "In 8 clusters the terms fit a direction exactly" in next(
        n.text for n in of("uneven", "fixed").notes if n.kind == "vcov"
    )
    d = pd.read_csv(REFERENCES / "data.csv").query("set == 'even' and g < 3")
    two = ps.fit(d, ps.ModelSpec("m", "y ~ x", "linear", "cr2", cluster="g"))
    assert "two_clusters" in [n.kind for n in two.notes]
    d = d.assign(w=np.random.default_rng(1).normal(size=len(d)))
    with pytest.raises(ps.FitError, match="cannot be tested jointly"):
        ps.fit(d, ps.ModelSpec("m", "y ~ x + w", "linear", "cr2", cluster="g")).joint_test(
            ["Intercept", "x", "w"]
        )
    with pytest.raises(ps.FitError, match="one cluster"):
        ps.fit(d[d.g == 1], ps.ModelSpec("m", "y ~ x", "linear", "cr2", cluster="g"))
    with pytest.raises(ps.SpecError, match="engine 'logit' has no vcov 'cr2'"):
        ps.ModelSpec("m", "y ~ x", "logit", "cr2", cluster="g")
    with pytest.raises(ps.SpecError, match="takes one cluster column, not g and h"):
        ps.ModelSpec("m", "y ~ x", "linear", "cr2", cluster=["g", "h"])
    with pytest.raises(ps.SpecError, match="weights with vcov 'cr2'"):
        ps.ModelSpec("m", "y ~ x", "linear", "cr2", cluster="g", options={"weights": "w"})


def test_with_8_clusters_its_size_is_kept_where_the_usual_covariance_loses_it():
    """Nominal .05: the usual covariance rejects in .147, .166 and .060
    of the samples, CR2 in .058, .058 and .038.
    """
    rng = np.random.default_rng(8)
    size = np.array([4, 6, 8, 10, 14, 20, 28, 40])
    groups = np.repeat(np.arange(8), size)
    N, draws = len(groups), 4000
    X = np.column_stack([np.ones(N), np.isin(groups, (1, 4, 7)), rng.normal(size=N)])
    parts = clusters_of(X, groups)
    df = satterthwaite(parts, np.eye(3))
    bread = np.linalg.inv(X.T @ X)
    rejected = np.zeros((2, 3))
    for _ in range(draws):
        y = rng.normal(size=N) + 0.5 * rng.normal(size=8)[groups]
        b = bread @ X.T @ y
        e = y - X @ b
        score = np.add.reduceat(X * e[:, None], np.searchsorted(groups, np.arange(8)))
        usual = bread @ score.T @ score @ bread * 8 / 7 * (N - 1) / (N - 3)
        rejected[0] += 2 * stats.t.sf(np.abs(b) / np.sqrt(np.diag(usual)), 7) < 0.05
        rejected[1] += (
            2 * stats.t.sf(np.abs(b) / np.sqrt(np.diag(cr2_covariance(parts, e))), df) < 0.05
        )
    usual, cr2 = rejected / draws
    error = np.sqrt(0.05 * 0.95 / draws)
    assert usual[1] > 0.05 + 10 * error
    assert (cr2 < 0.05 + 3 * error).all()
    assert cr2[2] > 0.05 - 6 * error
