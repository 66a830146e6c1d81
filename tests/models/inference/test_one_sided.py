"""One-sided p beside the two-sided one: closed forms, scipy, every sign vector of the bootstraps,
and what has no direction.
"""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import peacestudy as ps
from peacestudy.models.inference.hypotheses import one_sided

CLOSED = 1e-12
COUNTED = 1e-12  # p values are counts of draws


def data(seed=3, n=60, G=6):
    rng = np.random.default_rng(seed)
    d = pd.DataFrame({"x": rng.normal(size=n), "z": rng.normal(size=n), "g": np.arange(n) % G})
    d["y"] = 0.3 * d.x - 0.4 * d.z + rng.normal(size=n) + rng.normal(size=G)[d.g]
    return d.assign(
        b=(d.y > 0).astype(int),
        t=rng.gamma(3.0, size=n) + 1,
        c=rng.poisson(np.exp(0.4 * d.x)),
        o=pd.qcut(d.y, 3, labels=False),
    )


def fit(formula="y ~ x + z", engine="linear", vcov="hc1", d=None, **more):
    cluster = {"cluster": "g"} if vcov in ("cluster", "cr2", "jackknife") else {}
    return ps.fit(
        data() if d is None else d, ps.ModelSpec("m", formula, engine, vcov, **cluster, **more)
    )


@given(st.floats(-8, 8), st.sampled_from([np.inf, 3.0, 12.5, 200.0]))
def test_the_two_sides_are_a_whole_and_the_nearer_is_half_of_both(statistic, df):
    s = np.array([statistic])
    up, down = one_sided(s, df, "greater")[0], one_sided(s, df, "less")[0]
    law = stats.norm if np.isinf(df) else stats.t(df)
    assert up == pytest.approx(law.sf(statistic), rel=CLOSED) and down == pytest.approx(
        law.cdf(statistic), rel=CLOSED
    )
    assert min(up, down) == pytest.approx(2 * law.sf(abs(statistic)) / 2, rel=CLOSED)


def test_a_one_sample_and_a_two_sample_t_test_are_scipys():
    d = data()
    for side in ("greater", "less"):
        own = fit("y ~ 1", vcov="classical").tidy(one_sided=side)[f"p_{side}"][0]
        assert own == pytest.approx(stats.ttest_1samp(d.y, 0, alternative=side).pvalue, rel=1e-9)
        d["half"] = (d.x > 0).astype(int)
        own = fit("y ~ half", vcov="classical", d=d).tidy(one_sided=side)[f"p_{side}"][1]
        assert own == pytest.approx(
            stats.ttest_ind(d.y[d.half == 1], d.y[d.half == 0], alternative=side).pvalue, rel=1e-9
        )


ALL = [
    ("y ~ x + z", "linear", "cluster", {}),
    ("y ~ x + z", "linear", "cr2", {}),
    ("y ~ x + z", "linear", "jackknife", {}),
    ("b ~ x + z", "logit", "classical", {}),
    ("b ~ x + z", "firth", "cluster", {}),
    ("b ~ x + z", "ridge", "hc0", {"options": {"penalty": 1.0}}),
    ("c ~ x + z", "poisson", "hc1", {}),
    ("o ~ x + z", "ordered", "classical", {}),
    ("Surv(t, b) ~ x + z", "cox", "cluster", {}),
    ("b ~ x + z", "mixed_logit", "classical", {"options": {"group": "g"}}),
]


@pytest.mark.parametrize(("formula", "engine", "vcov", "more"), ALL)
def test_it_is_of_the_same_reference_as_the_two_sided_p_and_stands_beside_it(
    formula, engine, vcov, more
):
    found = fit(formula, engine, vcov, **more)
    for side, sign in (("greater", 1), ("less", -1)):
        t = found.tidy(one_sided=side)
        assert list(t.columns[:6]) == [
            "term",
            "estimate",
            "std_error",
            "statistic",
            "p_value",
            f"p_{side}",
        ]
        pd.testing.assert_frame_equal(t.drop(columns=f"p_{side}"), found.terms)
        toward = sign * t.estimate > 0
        want = np.where(toward, t.p_value / 2, 1 - t.p_value / 2)
        np.testing.assert_allclose(
            t[f"p_{side}"], np.where(t.p_value.isna(), np.nan, want), rtol=1e-9, atol=1e-12
        )
    assert "p_greater" not in found.terms and "p_greater" not in found.tidy()


def test_firths_is_the_signed_root_of_its_likelihood_ratio():
    found = fit("b ~ x + z", "firth", "classical")
    t = found.tidy(one_sided="greater")
    root = np.sign(t.estimate) * np.sqrt(t.statistic)
    np.testing.assert_allclose(t.p_greater, stats.norm.sf(root), rtol=1e-12)
    np.testing.assert_allclose(
        np.minimum(t.p_greater, 1 - t.p_greater), stats.chi2.sf(t.statistic, 1) / 2, rtol=1e-9
    )
    assert (t.p_greater < 0.5).tolist() == (t.estimate > 0).tolist()
    odds = found.tidy(one_sided="less", exponentiate=True)
    assert odds.p_less.tolist() == (1 - t.p_greater).round(15).tolist() or np.allclose(
        odds.p_less, 1 - t.p_greater
    )


def t_of(X, y, groups, j):
    bread = np.linalg.inv(X.T @ X)
    b = bread @ X.T @ y
    scores = X * (y - X @ b)[:, None]
    sums = np.array([scores[groups == g].sum(axis=0) for g in np.unique(groups)])
    return b[j] / np.sqrt((bread @ sums.T @ sums @ bread)[j, j])


def test_the_wild_bootstraps_is_the_share_of_signed_statistics_of_every_sign_vector():
    d = data()
    found = fit(
        vcov="cluster",
        options={"bootstrap": "rademacher", "bootstrap_draws": 999, "bootstrap_seed": 1},
    )
    X, y, groups = found.design.X, found.design.y, d.g.to_numpy()
    up, down = found.tidy(one_sided="greater").p_greater, found.tidy(one_sided="less").p_less
    for j in range(3):
        rest = np.delete(X, j, axis=1)
        fitted = rest @ np.linalg.lstsq(rest, y, rcond=None)[0]
        own = t_of(X, y, groups, j)
        drawn = [
            t_of(X, fitted + (y - fitted) * np.array(w)[groups], groups, j)
            for w in product((-1, 1), repeat=6)
        ]
        near = 1e-9 * abs(own)
        assert up[j] == pytest.approx(np.mean(np.array(drawn) >= own - near), abs=COUNTED)
        assert down[j] == pytest.approx(np.mean(np.array(drawn) <= own + near), abs=COUNTED)
    # the signs are symmetric, so that the nearer side is half of both
    np.testing.assert_allclose(np.minimum(up, down), found.terms.p_value / 2, atol=COUNTED)


def test_random_draws_count_the_data_and_agree_with_every_vector():
    d = data(5, 90, 9)
    options = {"bootstrap": "webb", "bootstrap_draws": 4999, "bootstrap_seed": 1}
    for formula, engine in (("y ~ x + z", "linear"), ("b ~ x + z", "logit")):
        t = fit(formula, engine, "cluster", d, options=options).tidy(one_sided="greater")
        side = np.where(t.estimate > 0, t.p_greater, 1 - t.p_greater)
        assert (np.abs(side - t.p_value / 2) < 4 * np.sqrt(0.25 / 4999)).all()
        assert (t.p_greater * 5000).round(6).map(float.is_integer).all()


def score_of(X, b, groups, j, W):
    """Signed score statistics of a logit with coefficient j held at
    zero, from scratch, for sign vectors (D, G).
    """
    rest = np.delete(X, j, axis=1)
    gamma = np.zeros(rest.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-rest @ gamma))
        gamma = gamma + np.linalg.solve(rest.T @ (rest * (p * (1 - p))[:, None]), rest.T @ (b - p))
    p = 1 / (1 + np.exp(-rest @ gamma))
    info = X.T @ (X * (p * (1 - p))[:, None])
    row = np.linalg.inv(info)[j]
    parts = np.array([((X @ row) * (b - p))[groups == g].sum() for g in np.unique(groups)])
    turned = W * parts
    return turned.sum(axis=1) / np.sqrt(
        ((turned - turned.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    )


def test_the_score_bootstraps_is_the_share_of_signed_scores_of_every_sign_vector():
    d = data(11, 120, 8)
    found = fit(
        "b ~ x + z",
        "logit",
        "cluster",
        d,
        options={"bootstrap": "rademacher", "bootstrap_draws": 999, "bootstrap_seed": 1},
    )
    W = np.array(list(product((-1.0, 1.0), repeat=8)))
    up, down = found.tidy(one_sided="greater").p_greater, found.tidy(one_sided="less").p_less
    for j in range(3):
        drawn = score_of(found.design.X, found.design.y, d.g.to_numpy(), j, W)
        own = score_of(found.design.X, found.design.y, d.g.to_numpy(), j, np.ones((1, 8)))[0]
        assert up[j] == pytest.approx(np.mean(drawn >= own - 1e-9 * abs(own)), abs=COUNTED)
        assert down[j] == pytest.approx(np.mean(drawn <= own + 1e-9 * abs(own)), abs=COUNTED)


def test_contrasts_and_pooled_fits_have_a_side():
    found = fit(vcov="cluster")
    one = found.contrast({"x": 1, "z": -1}, one_sided="greater").iloc[0]
    assert one.p_greater == pytest.approx(stats.t.sf(one.statistic, 5), rel=1e-12)
    assert list(found.contrast({"x": 1}).columns) == list(
        found.contrast({"x": 1}, one_sided="less").columns.drop("p_less")
    )
    d = data()
    d["x"] = d.x.mask(np.arange(len(d)) % 9 == 0)
    pooled = fit(
        d=ps.models.impute(d, ["x", "z", "y"], m=4, cycles=3, donors=4, seed=1), vcov="hc1"
    )
    t = pooled.tidy(one_sided="less")
    np.testing.assert_allclose(t.p_less, stats.t.cdf(t.statistic, t.df), rtol=1e-12)
    assert list(t.columns).index("p_less") == list(t.columns).index("p_value") + 1
    c = pooled.contrast({"x": 1}, one_sided="less").iloc[0]
    assert c.p_less == pytest.approx(t.p_less[1], rel=1e-9)


def test_what_has_no_direction_is_refused():
    found = fit()
    with pytest.raises(ps.SpecError, match=r"has no direction.*tidy\(one_sided"):
        found.joint_test(["x", "z"], one_sided="greater")
    for side in ("bigger", "two-sided", "", ">", 1):
        with pytest.raises(ps.SpecError, match="one_sided"):
            found.tidy(one_sided=side)
    t = fit("b ~ x", "mixed_logit", "classical", options={"group": "g"}).tidy(one_sided="greater")
    # sd(g) lies on one side by nature: its own p is of the edge, or none
    assert np.isnan(t.p_greater.iloc[-1])


@pytest.mark.parametrize(
    "direction", [["less"], {"greater": 1}, ("less",), np.array(["less", "less"])]
)
def test_a_direction_that_is_no_word_is_refused(direction):
    with pytest.raises(ps.SpecError, match="must be one of greater, less"):
        fit().tidy(one_sided=direction)
    with pytest.raises(ps.SpecError, match="must be one of greater, less"):
        fit().contrast({"x": 1}, one_sided=direction)


def test_a_joint_test_of_pooled_fits_has_no_direction_either():
    d = data()
    filled = ps.models.impute(
        d.assign(x=d.x.mask(d.index < 6)), ["y", "x", "z"], m=5, cycles=1, donors=3, seed=1
    )
    pooled = fit(d=filled)
    with pytest.raises(ps.SpecError, match="no direction"):
        pooled.joint_test(["x", "z"], one_sided="less")
    assert pooled.joint_test(["x", "z"]).p_value > 0
