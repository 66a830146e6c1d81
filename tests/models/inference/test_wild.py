"""The wild cluster bootstrap against every sign vector fitted in full, wildboottest's stored p
values, and its size with few clusters.
"""

import re
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import peacestudy as ps
from peacestudy.models.inference.signs import invert, not_rejected_beyond, signs_of
from peacestudy.models.inference.wild import nulls

REFERENCES = Path(__file__).resolve().parents[2] / "references" / "clusters"
NAMES = ["Intercept", "x", "z", "C(k)[b]", "C(k)[c]"]
BRUTE = 1e-12  # p values are counts of draws


def data(set_):
    return pd.read_csv(REFERENCES / "data.csv").query("set == @set_").reset_index(drop=True)


def fit(d, kind="rademacher", draws=9999, seed=1, formula="y ~ x + z + C(k)", engine="linear"):
    options = {"bootstrap": kind, "bootstrap_draws": draws, "bootstrap_seed": seed}
    return ps.fit(d, ps.ModelSpec("m", formula, engine, "cluster", cluster="g", options=options))


def t_of(X, y, groups, j, null):
    """The statistic of one regression, from scratch."""
    bread = np.linalg.inv(X.T @ X)
    b = bread @ X.T @ y
    scores = X * (y - X @ b)[:, None]
    sums = np.array([scores[groups == g].sum(axis=0) for g in np.unique(groups)])
    G, (N, K) = len(sums), X.shape
    V = bread @ sums.T @ sums @ bread * G / (G - 1) * (N - 1) / (N - K)
    return (b[j] - null) / np.sqrt(V[j, j])


def brute(X, y, groups, j, null, points):
    """P value of a null: every vector of signs, each with its regression."""
    rest = np.delete(X, j, axis=1)
    given = y - null * X[:, j]
    fitted = rest @ np.linalg.lstsq(rest, given, rcond=None)[0]
    e = given - fitted
    found = abs(t_of(X, y, groups, j, null))
    codes = np.unique(groups, return_inverse=True)[1]
    count, G = 0, codes.max() + 1
    for w in product(points, repeat=G):
        turned = fitted + null * X[:, j] + e * np.array(w)[codes]
        count += abs(t_of(X, turned, groups, j, null)) >= found * (1 - 1e-9)
    return count / len(points) ** G


@pytest.mark.parametrize("size", [[3, 5, 2, 9, 4, 1], [4] * 7, [30, 2, 3, 4, 2, 5]])
def test_p_and_interval_are_those_of_every_sign_vector(size):
    rng = np.random.default_rng(sum(size))
    groups = rng.permutation(np.repeat(np.arange(len(size)), size))
    d = pd.DataFrame(
        {"g": groups, "x": rng.normal(size=len(groups)), "z": rng.normal(size=len(size))[groups]}
    )
    d["y"] = 0.6 * d.x + rng.normal(size=len(d)) + rng.normal(size=len(size))[groups]
    found = fit(d, formula="y ~ x + z")
    X, y = found.design.X, found.design.y
    for j, row in found.terms.iterrows():
        assert row.p_value == pytest.approx(brute(X, y, groups, j, 0.0, (-1, 1)), abs=BRUTE)
        for end, outward in ((row.conf_low, -1), (row.conf_high, 1)):
            step = outward * 1e-6 * row.std_error
            assert (
                brute(X, y, groups, j, end - step, (-1, 1))
                > 0.05
                >= brute(X, y, groups, j, end + step, (-1, 1))
            )


def test_webb_signs_of_few_clusters_are_enumerated_too():
    rng = np.random.default_rng(5)
    groups = np.repeat(np.arange(4), [3, 4, 5, 6])
    d = pd.DataFrame({"g": groups, "x": rng.normal(size=18)})
    d["y"] = d.x + rng.normal(size=18)
    found = fit(d, "webb", formula="y ~ x")
    points = [s * v**0.5 for s in (-1, 1) for v in (0.5, 1, 1.5)]
    for j, row in found.terms.iterrows():
        assert row.p_value == pytest.approx(
            brute(found.design.X, found.design.y, groups, j, 0.0, points), abs=BRUTE
        )
    assert "all 6^4 draws" in found.notes[-1].text


@pytest.mark.parametrize("set_", ["uneven", "even", "large"])
def test_p_is_that_of_wildboottest(set_):
    stored = pd.read_csv(REFERENCES / "wild.csv").query("set == @set_").set_index(["kind", "term"])
    exact = fit(data(set_)).terms.set_index("term")
    drawn = fit(data(set_), "webb", 9999).terms.set_index("term")
    for term in NAMES:
        s = stored.loc["rademacher", term]
        assert abs(exact.statistic[term]) == pytest.approx(s.statistic, rel=1e-8)
        # it counts what is greater than the data, so that the data's own two draws count only by
        # rounding
        assert round((exact.p_value[term] - s.p_value) * s.draws, 6) in (0, 1, 2)
        p = stored.loc["webb", term].p_value
        error = np.sqrt(p * (1 - p) * (1 / 9999 + 1 / 99999))
        assert abs(drawn.p_value[term] - p) < 3.5 * error + 1 / 9999


def test_random_draws_follow_the_seed_and_count_the_data():
    d = data("even")
    one, same, other = fit(d, draws=499), fit(d, draws=499), fit(d, draws=499, seed=2)
    pd.testing.assert_frame_equal(one.terms, same.terms)
    assert not one.terms.p_value.equals(other.terms.p_value)
    assert np.allclose((one.terms.p_value * 500) % 1, 0) or np.allclose(
        (one.terms.p_value * 500).round() / 500, one.terms.p_value
    )
    plain = ps.fit(d, ps.ModelSpec("m", "y ~ x + z + C(k)", "linear", "cluster", cluster="g"))
    pd.testing.assert_frame_equal(one.terms.iloc[:, :4], plain.terms.iloc[:, :4])
    pd.testing.assert_frame_equal(one.vcov, plain.vcov)
    assert "499 draws, seed 1" in one.notes[-1].text
    pd.testing.assert_frame_equal(one.tidy(0.95), one.terms)
    narrow = one.tidy(0.8)
    assert ((narrow.conf_low > one.terms.conf_low) & (narrow.conf_high < one.terms.conf_high)).all()
    assert narrow.p_value.equals(one.terms.p_value)


def test_an_interval_excludes_zero_where_p_is_under_its_level():
    for seed in range(12):
        rng = np.random.default_rng(seed)
        d = pd.DataFrame({"g": rng.integers(0, 9, 50), "x": rng.normal(size=50)})
        d["y"] = 0.25 * d.x + rng.normal(size=50) + rng.normal(size=9)[d.g] / 2
        t = fit(d, formula="y ~ x").terms.iloc[1]
        assert (t.conf_low <= 0 <= t.conf_high) == (t.p_value > 0.05)


@pytest.mark.parametrize(
    ("size", "treated", "allowed"),
    [([16] * 8, (1, 4, 5, 7), 0.05), ([4, 6, 8, 10, 14, 20, 28, 40], (1, 4, 7), 0.07)],
)
def test_its_size_with_8_clusters(size, treated, allowed):
    """Nominal .05, found .058 with equal clusters; .067 where sizes differ by ten, where t and the
    clustered covariance have .147.
    """
    rng = np.random.default_rng(11)
    groups = np.repeat(np.arange(8), size)
    signs = signs_of("rademacher", 8, 256, 0)
    X, draws, rejected = np.column_stack([np.ones(len(groups)), np.isin(groups, treated)]), 2000, 0
    for _ in range(draws):
        y = rng.normal(size=len(groups)) + 0.5 * rng.normal(size=8)[groups]
        rejected += nulls(X, y, groups, signs)[0](np.zeros(2))[1] <= 0.05
    error = np.sqrt(0.05 * 0.95 / draws)
    assert 0.05 - 3 * error < rejected / draws < allowed + 3 * error


def test_values_beyond_the_ends_that_are_not_rejected_are_told():
    """With two clusters that carry x the p value rises again far out:
    every sign vector fitted in full says the same.
    """
    rng = np.random.default_rng([6, 3])
    size = rng.integers(3, 9, 6)
    size[0] = 20
    groups = np.repeat(np.arange(6), size)
    x = (groups < 2) * rng.normal(size=len(groups)) + 0.1 * rng.normal(size=len(groups))
    d = pd.DataFrame({"g": groups, "x": x})
    d["y"] = rng.normal(size=6)[groups] * 0.7 + rng.normal(size=len(groups))
    found = fit(d, formula="y ~ x")
    said = [n.text for n in found.notes if n.kind == "bootstrap_gap"]
    value = float(re.search(r"x \((.*?)\)", said[0]).group(1))
    X = np.column_stack([np.ones(len(d)), d.x])
    assert not found.terms.conf_low[1] <= value <= found.terms.conf_high[1]
    assert brute(X, d.y.to_numpy(), groups, 1, value, (-1, 1)) > 0.05
    between = found.terms.conf_low[1] - 0.01 * (found.terms.estimate[1] - found.terms.conf_low[1])
    assert brute(X, d.y.to_numpy(), groups, 1, between, (-1, 1)) <= 0.05


def test_where_p_falls_all_the_way_nothing_is_told():
    found = not_rejected_beyond(
        lambda null: np.exp(-np.abs(null)),
        np.zeros(2),
        np.ones(2),
        np.array([-3.0, 3.0]),
        0.05,
        100.0,
    )
    assert np.isnan(found).all()
    hump = not_rejected_beyond(
        lambda null: np.where(null > 20, 0.5, 0.0),
        np.zeros(2),
        np.ones(2),
        np.array([-3.0, 3.0]),
        0.05,
        30.0,
    )
    assert np.isnan(hump[0]) and 20 < hump[1] <= 30


def test_inversion_finds_the_crossing_or_infinity():
    ends = invert(
        lambda at: np.exp(-np.abs(at - 1)), np.array([1.0, 1.0]), np.array([-0.1, 0.3]), 0.05, 1e6
    )
    np.testing.assert_allclose(ends, [1 + np.log(0.05), 1 - np.log(0.05)], rtol=1e-8)
    assert invert(lambda at: np.ones(1), np.zeros(1), np.ones(1), 0.05, 64)[0] == np.inf


def test_too_few_clusters_and_other_engines_are_refused_by_name():
    d = data("even")
    with pytest.raises(
        ps.FitError,
        match=r"5 clusters of g with rademacher signs give no p value below 0.0625.*'webb'",
    ):
        fit(d[d.g < 6])
    assert "bootstrap" in [n.kind for n in fit(d[d.g < 6], "webb", formula="y ~ x").notes]
    with pytest.raises(ps.FitError, match="2 clusters of g with webb signs"):
        fit(d[d.g < 3], "webb", formula="y ~ x")
    with pytest.raises(
        ps.FitError,
        match=(
            r"7 clusters of g with rademacher signs give no p value below 0.01562.*interval at 99%"
        ),
    ):
        fit(d[d.g < 8], formula="y ~ x").tidy(0.99)
    with pytest.raises(ps.FitError, match="one cluster"):
        fit(d[d.g == 1], formula="y ~ x")
    all_ = {"bootstrap": "webb", "bootstrap_draws": 999, "bootstrap_seed": 1}
    for change, said in (
        (
            {"engine": "firth"},
            "engine 'firth' has no option bootstrap, .*the score bootstrap of logit",
        ),
        ({"engine": "discrete_time"}, "engine 'discrete_time' has no option bootstrap"),
        ({"vcov": "cr2"}, "needs vcov 'cluster' and one cluster column"),
        ({"cluster": ["g", "h"]}, "needs vcov 'cluster' and one cluster column"),
        ({"options": {"bootstrap": "webb"}}, "needs bootstrap_draws, bootstrap_seed too"),
        ({"options": all_ | {"bootstrap": "normal"}}, "must be one of rademacher, webb"),
        (
            {"options": all_ | {"bootstrap_draws": 20}},
            "bootstrap_draws is 20; it must be a whole number of 99 or more",
        ),
        ({"options": all_ | {"bootstrap_seed": True}}, "bootstrap_seed is True"),
        ({"options": all_ | {"weights": "w"}}, "takes no weights"),
        ({"options": all_ | {"turns": 2}}, "has no option turns; it has weights, bootstrap"),
    ):
        given = {
            "name": "m",
            "formula": "y ~ x",
            "engine": "linear",
            "vcov": "cluster",
            "cluster": "g",
            "options": all_,
        } | change
        with pytest.raises(ps.SpecError, match=said):
            ps.ModelSpec(**given)
