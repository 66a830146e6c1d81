"""Partial pooling against R's metafor, its printed output,
eight schools as published, and simulation.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import peacestudy as ps
from peacestudy.models.contexts import partial_pooling

HERE = Path(__file__).resolve().parents[2] / "references" / "partial_pooling"
EXACT = 1e-8  # relative, of what has a closed form given tau
TAU = 1e-7  # of tau2 relative; metafor iterates to 1e-14 of a step
# Colditz et al. (1994), JAMA 271(9): tuberculosis in vaccinated (yes, no) and others (yes, no)
BCG = [
    (4, 119, 11, 128),
    (6, 300, 29, 274),
    (3, 228, 11, 209),
    (62, 13536, 248, 12619),
    (33, 5036, 47, 5761),
    (180, 1361, 372, 1079),
    (8, 2537, 10, 619),
    (505, 87886, 499, 87892),
    (29, 7470, 45, 7232),
    (17, 1699, 65, 1600),
    (186, 50448, 141, 27197),
    (5, 2493, 3, 2338),
    (27, 16886, 29, 17825),
]
SCHOOLS = [28, 8, -3, 7, -1, 1, 18, 12], [15, 10, 16, 11, 9, 11, 10, 18]


def data(name):
    if name == "schools":
        return tuple(pd.Series(x, range(1, 9), dtype=float) for x in SCHOOLS)
    a, b, c, d = np.array(BCG, dtype=float).T
    y = pd.Series(np.log(a / (a + b) / (c / (c + d))), range(1, 14))
    se = pd.Series(np.sqrt(1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)), range(1, 14))
    keep = [1, 2, 5, 7, 9, 12] if name == "few" else list(y.index)
    return y[keep].set_axis(range(1, len(keep) + 1)), se[keep].set_axis(range(1, len(keep) + 1))


@pytest.fixture(scope="module")
def expected():
    d = pd.read_csv(HERE / "expected.csv", dtype={"term": str})
    return {
        (n, m.lower(), q): g.set_index("term")["value"]
        for (n, m, q), g in d.groupby(["data", "method", "quantity"])
    }


@pytest.mark.parametrize("method", ["reml", "dl", "pm"])
@pytest.mark.parametrize("name", ["bcg", "schools", "few"])
def test_metafor(name, method, expected):
    found = partial_pooling(*data(name), method=method)

    def theirs(quantity):
        return expected[name, method, quantity]

    spread, mean = found.spread.iloc[0], found.mean.iloc[0]
    assert spread["tau"] ** 2 == pytest.approx(theirs("spread")["tau2"], rel=TAU, abs=1e-12)
    for column in ("i2", "q", "p_value"):
        assert spread[column] == pytest.approx(theirs("spread")[column], rel=TAU)
    for column in ("estimate", "std_error", "conf_low", "conf_high"):
        assert mean[column] == pytest.approx(theirs("mean")[column], rel=TAU)
    for end in ("low", "high"):
        assert spread[f"tau_{end}"] ** 2 == pytest.approx(
            theirs("interval")[end], rel=1e-6, abs=1e-9
        )
        assert mean[f"next_{end}"] == pytest.approx(theirs("next")[end], rel=TAU)
    assert found.effects["shrunken"].to_numpy() == pytest.approx(
        theirs("shrunken").to_numpy(), rel=TAU
    )
    # metafor takes tau for known: what its being estimated adds, from the derivative and REML's
    # information
    v, t2 = found.effects["std_error"].to_numpy() ** 2, spread["tau"] ** 2
    w = np.diag(1 / (v + t2))
    P = w - w.sum(axis=0)[:, None] * w.sum(axis=0)[None] / w.sum()
    untold = 2 / np.trace(P @ P)
    if method == "reml":
        assert np.sqrt(untold) == pytest.approx(theirs("tau2_error")["tau2"], rel=1e-6)

    def drawn(t):
        return (v * mean["estimate"] + t * found.effects["estimate"].to_numpy()) / (v + t)

    step = 1e-4 * v.min()
    added = ((drawn(t2 + step) - drawn(t2 - step)) / (2 * step)) ** 2 * untold
    known = found.effects["shrunken_std_error"].to_numpy() ** 2 - added
    assert known == pytest.approx(theirs("shrunken_std_error").to_numpy() ** 2, rel=1e-5)


def test_bcg_as_metafor_prints_it():
    found = partial_pooling(*data("bcg"), method="reml")
    assert found.mean[["estimate", "std_error", "conf_low", "conf_high"]].round(
        4
    ).values.tolist() == [[-0.7145, 0.1798, -1.0669, -0.3622]]
    assert found.spread["tau"][0] ** 2 == pytest.approx(0.3132, abs=5e-5)
    assert found.spread["i2"][0] == pytest.approx(0.9222, abs=5e-5)
    assert found.spread["q"][0] == pytest.approx(152.2330, abs=5e-5)


def test_eight_schools_are_pooled_whole():
    """Gelman et al. (2013), Bayesian Data Analysis, 3rd ed., 5.5: common effect 7.7, standard error
    4.1; chi-squared 4.6 on 7.
    """
    for method in ("reml", "dl", "pm"):
        found = partial_pooling(*data("schools"), method=method)
        assert found.spread["tau"][0] == 0
        assert found.mean["estimate"][0] == pytest.approx(7.7, abs=0.05)
        assert found.mean["std_error"][0] == pytest.approx(4.1, abs=0.05)
        assert found.spread["q"][0] == pytest.approx(4.6, abs=0.15)
        assert (found.effects["shrinkage"] == 1).all()
        assert found.effects["shrunken"].to_numpy() == pytest.approx(
            np.full(8, found.mean["estimate"][0])
        )
        assert any("not prove that the effects are equal" in str(n) for n in found.notes)


def test_shrinkage_is_the_weight_of_the_mean():
    y, se = data("bcg")
    found = partial_pooling(y, se, method="pm")
    e, m, t2 = found.effects, found.mean["estimate"][0], found.spread["tau"][0] ** 2
    assert e["shrinkage"].to_numpy() == pytest.approx((se**2 / (se**2 + t2)).to_numpy(), rel=EXACT)
    assert e["shrunken"].to_numpy() == pytest.approx(
        (e["shrinkage"] * m + (1 - e["shrinkage"]) * e["estimate"]).to_numpy(), rel=EXACT
    )
    assert ((e["shrunken"] - m).abs() < (e["estimate"] - m).abs()).all()
    # what Paule and Mandel ask of tau
    assert (((y - m) ** 2 / (se**2 + t2)).sum()) == pytest.approx(12, rel=1e-9)


@pytest.mark.slow(reason="simulates errors and coverage, 2 s")
def test_shrunken_effects_are_nearer_and_covered():
    rng = np.random.default_rng(20261126)
    hits, taus, nearer = {"reml": 0, "bayes": 0}, [], []
    for _ in range(60):
        se = rng.uniform(0.3, 1.2, 15)
        true = 0.5 + rng.normal(0, 0.5, 15)
        y = true + rng.normal(0, se)
        for method in hits:
            found = partial_pooling(dict(enumerate(y)), dict(enumerate(se)), method=method)
            e = found.effects
            hits[method] += ((e["conf_low"] < true) & (true < e["conf_high"])).mean() / 60
            if method == "reml":
                taus.append(found.spread["tau"][0] ** 2)
            nearer.append(((e["shrunken"] - true) ** 2).mean() / ((y - true) ** 2).mean())
    assert np.mean(nearer) < 0.6
    assert hits["bayes"] == pytest.approx(0.95, abs=0.03)  # 900 intervals, not all independent
    assert hits["reml"] == pytest.approx(
        0.87, abs=0.02
    )  # too short, as the docstring says: tau is zero in many samples
    assert np.mean(taus) == pytest.approx(0.25, abs=0.08)


def test_eight_schools_by_bayes():
    y, se = data("schools")
    found = partial_pooling(y, se, method="bayes")
    # draws by the book: tau from its grid, then the mean, then each school
    rng, tau = np.random.default_rng(5), np.linspace(0.005, 400, 80_000)
    w = 1 / (se.to_numpy() ** 2 + tau[:, None] ** 2)
    mean = (w @ y.to_numpy()) / w.sum(axis=1)
    p = np.exp(
        0.5
        * (
            np.log(w).sum(axis=1)
            - np.log(w.sum(axis=1))
            - (w * (y.to_numpy() - mean[:, None]) ** 2).sum(axis=1)
        )
    )
    i = rng.choice(len(tau), 200_000, p=p / p.sum())
    mu = rng.normal(mean[i], w.sum(axis=1)[i] ** -0.5)
    known = 1 / se.to_numpy() ** 2 + tau[i, None] ** -2.0
    theta = rng.normal(
        (y.to_numpy() / se.to_numpy() ** 2 + mu[:, None] * tau[i, None] ** -2.0) / known,
        known**-0.5,
    )
    assert found.effects["shrunken"].to_numpy() == pytest.approx(theta.mean(axis=0), abs=0.1)
    assert found.effects["shrunken_std_error"].to_numpy() == pytest.approx(
        theta.std(axis=0), abs=0.1
    )
    low, high = np.percentile(theta, [2.5, 97.5], axis=0)
    assert found.effects["conf_low"].to_numpy() == pytest.approx(low, abs=0.3)
    assert found.effects["conf_high"].to_numpy() == pytest.approx(high, abs=0.4)
    assert [found.mean["estimate"][0], found.mean["std_error"][0]] == pytest.approx(
        [mu.mean(), mu.std()], abs=0.1
    )
    assert found.mean[["conf_low", "conf_high"]].to_numpy()[0] == pytest.approx(
        np.percentile(mu, [2.5, 97.5]), abs=0.3
    )
    further = rng.normal(mu, tau[i])
    assert found.mean[["next_low", "next_high"]].to_numpy()[0] == pytest.approx(
        np.percentile(further, [2.5, 97.5]), abs=0.8
    )
    assert found.spread[["tau", "tau_low", "tau_high"]].to_numpy()[0] == pytest.approx(
        np.percentile(tau[i], [50, 2.5, 97.5]), abs=0.3
    )


def test_order_and_unit_change_nothing():
    y, se = data("bcg")
    one = partial_pooling(y, se, method="reml")
    other = partial_pooling(
        y[::-1] * 1e6, se.sample(frac=1, random_state=1) * 1e6, method="reml", conf_level=0.95
    )
    assert other.effects["shrunken"].to_numpy()[::-1] == pytest.approx(
        one.effects["shrunken"].to_numpy() * 1e6, rel=1e-7
    )
    assert other.effects["context"].tolist() == list(y.index[::-1])
    wide = partial_pooling(y, se, method="reml", conf_level=0.99)
    assert (wide.effects["conf_low"] < one.effects["conf_low"]).all()


def test_a_context_with_too_few_events_is_refused_by_name():
    y, se = data("few")
    events = pd.Series([4, 6, 33, 8, 29, 3], y.index)
    with pytest.raises(
        ps.FitError,
        match=r"too few events in the context\(s\) 1 \(4\), 6 \(3\), fewer than the required 5",
    ):
        partial_pooling(y, se, method="dl", events=events, min_events=5)
    found = partial_pooling(y, se, method="dl", events=events, min_events=3)
    assert found.effects["events"].tolist() == events.tolist()
    assert any("fewer than 3 events" in str(n) for n in found.notes)
    assert any(n.kind == "few_contexts" for n in found.notes)
    for change in ({"events": events}, {"min_events": 3}):
        with pytest.raises(ps.SpecError, match="must be given together"):
            partial_pooling(y, se, method="dl", **change)


def test_what_is_refused():
    y, se = data("few")
    with pytest.raises(ps.SpecError, match="method is 'ml'; it must be one of reml, dl, pm, bayes"):
        partial_pooling(y, se, method="ml")
    with pytest.raises(TypeError, match="method"):
        partial_pooling(y, se)
    with pytest.raises(
        ps.FitError, match="2 contexts: a spread between them cannot be estimated from fewer than 3"
    ):
        partial_pooling(y[:2], se[:2], method="dl")
    for bad in (0.0, -1.0, np.nan, np.inf):
        with pytest.raises(ps.FitError, match=r"standard error above zero in the context\(s\) 3"):
            partial_pooling(y, se.where(se.index != 3, bad), method="dl")
    with pytest.raises(ps.FitError, match=r"in the context\(s\) 2"):
        partial_pooling(y.where(y.index != 2), se, method="dl")
    with pytest.raises(ps.SpecError, match="not of the same contexts: 6"):
        partial_pooling(y[:5], se, method="dl")
    with pytest.raises(ps.SpecError, match="a context appears twice"):
        partial_pooling(
            y.set_axis([1, 1, 2, 3, 4, 5]),
            se.set_axis([1, 6, 2, 3, 4, 5])[[1, 2, 3, 4, 5]],
            method="dl",
        )
    with pytest.raises(ps.SpecError, match="conf_level is 95"):
        partial_pooling(y, se, method="dl", conf_level=95)
    assert "shrinkage" in partial_pooling(y, se, method="dl")._repr_html_()


def test_from_fits_in_each_context():
    rng = np.random.default_rng(6)
    d = pd.DataFrame({"region": np.repeat(list("abcde"), 80), "x": rng.normal(size=400)})
    d["y"] = (rng.random(400) < 1 / (1 + np.exp(0.3 - 0.8 * d["x"]))).astype(int)
    fits = {
        r: ps.fit(part, ps.ModelSpec(r, "y ~ x", "firth", "classical"))
        for r, part in d.groupby("region")
    }
    rows = {r: f.terms.set_index("term").loc["x"] for r, f in fits.items()}
    events = {r: min(f.n_events, f.n - f.n_events) for r, f in fits.items()}
    found = partial_pooling(
        {r: t["estimate"] for r, t in rows.items()},
        {r: t["std_error"] for r, t in rows.items()},
        method="reml",
        events=events,
        min_events=10,
    )
    assert found.effects["context"].tolist() == list("abcde")
    assert found.mean["conf_low"][0] < 0.8 < found.mean["conf_high"][0]


@pytest.mark.parametrize("k", [3, 4, 5])
def test_moments_that_the_posterior_of_the_mean_does_not_have_are_not_given(k):
    """By a quadrature of our own, carried ten times as far: a moment that exists stays, one that
    does not grows without end.
    """
    y = pd.Series([0.3, 1.0, -0.4, 0.6, 0.1][:k], list("abcde")[:k])
    v = np.array([0.8, 1.0, 1.2, 1.1, 0.9][:k])

    def moments(far):
        tau = np.concatenate([np.linspace(0, 10, 4001), np.geomspace(10, far, 8001)[1:]])
        w = 1 / (v + tau[:, None] ** 2)
        mean = (w @ y.to_numpy()) / w.sum(axis=1)
        log = 0.5 * (
            np.log(w).sum(axis=1)
            - np.log(w.sum(axis=1))
            - (w * (y.to_numpy() - mean[:, None]) ** 2).sum(axis=1)
        )
        p = np.exp(log) / np.trapezoid(np.exp(log), tau)
        centre = np.trapezoid(p * mean, tau)
        return centre, np.sqrt(np.trapezoid(p * (1 / w.sum(axis=1) + (mean - centre) ** 2), tau))

    near, far = moments(1e4)[1], moments(1e6)[1]
    row = partial_pooling(y, np.sqrt(pd.Series(v, y.index)), method="bayes").mean.iloc[0]
    if k < 5:
        assert far > 1.05 * near and np.isnan(row["std_error"])
    else:
        assert row["std_error"] == pytest.approx(far, rel=2e-2) and row[
            "estimate"
        ] == pytest.approx(moments(1e6)[0], rel=1e-4)
    assert row["conf_low"] < row["estimate"] < row["conf_high"]
