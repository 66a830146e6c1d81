"""Restricted mean survival time against R's survival, loops, numeric
derivatives, weighted refits and simulation.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import peacestudy as ps
from peacestudy.models.interpretation.average_effects import effects
from peacestudy.models.interpretation.restricted_mean import Baseline, baseline_of, variances

HERE = Path(__file__).resolve().parents[2] / "references"
R = 1e-8  # relative; R was told to stop at 1e-14 of the log-likelihood
ROUNDING = 1e-10  # relative; sums in another order
NUMERIC = 1e-6  # relative; central differences
MODELS = {
    "breslow": ("cases", "Surv(time, event) ~ a*b + C(k)", {"ties": "breslow"}),
    "efron": ("cases", "Surv(time, event) ~ a*b + C(k)", {"ties": "efron"}),
    "strata": ("cases", "Surv(time, event) ~ a + C(k)", {"ties": "breslow", "strata": "region"}),
    "entry": ("cases", "Surv(entry, time, event) ~ a + b + C(k)", {"ties": "breslow"}),
    "intervals": ("intervals", "Surv(start, stop, event) ~ a + b + C(k)", {"ties": "breslow"}),
}


def table(name="cases"):
    return pd.read_csv(HERE / "cox" / f"{name}.csv")


def model(name, vcov="classical", cluster=None):
    data, formula, options = MODELS[name]
    return ps.fit(table(data), ps.ModelSpec(name, formula, "cox", vcov, cluster, options)), table(
        data
    )


@pytest.fixture(scope="module")
def expected():
    return pd.read_csv(HERE / "restricted_mean" / "expected.csv")


@dataclass
class CumulativeHazard:
    """Of one profile up to a time: what R gives a standard error of."""

    base: Baseline
    x: np.ndarray
    time: float

    def steps(self, b):
        return np.exp((self.x - self.base.means) @ b) * (self.base.sets.times <= self.time)

    def value(self, b, jumps=None):
        return float(self.steps(b) @ self.base.jumps(b)[0])

    def gradient(self, b):
        jump, _, mean = self.base.jumps(b)
        return self.value(b) * (self.x - self.base.means) - (self.steps(b) * jump) @ mean


@pytest.mark.parametrize("name", MODELS)
def test_means_are_those_of_r(name, expected):
    fit, data = model(name)
    want = expected[(expected.model == name) & (expected.quantity == "mean")]
    assert len(want) >= 4
    for row in want.itertuples():
        column, value = row.at.split(" = ")
        at = {column: value if column == "k" else float(value)}
        got = effects(fit, data, "predictions", at=at, horizon=row.horizon).iloc[0]
        assert got.estimate == pytest.approx(row.value, rel=R)
        assert (got["at"], got.n) == (row.at, len(data))


@pytest.mark.parametrize("name", ["breslow", "entry", "intervals"])
def test_errors_of_coefficients_and_baseline_together_are_those_of_r(name, expected):
    fit, _ = model(name)
    base, b = baseline_of(fit), fit.terms.estimate.to_numpy()
    profile = {"a": 0.5, "b": -1.0, "C(k)[y]": 0.0, "C(k)[z]": 1.0, "a:b": -0.5}
    want = expected[(expected.model == name) & (expected.quantity != "mean")].pivot_table(
        "value", "horizon", "quantity"
    )
    for row in want.itertuples():
        q = CumulativeHazard(base, np.array([profile[t] for t in fit.terms.term]), row.Index)
        assert q.value(b) == pytest.approx(row.cumulative_hazard, rel=R)
        assert variances(fit, [q], b)[0] ** 0.5 == pytest.approx(row.std_error, rel=R)


def by_hand(d, b, x, tau):
    """Mean of the area under exp(-H0(t) exp(xb)), by loops over event times; weights in ``w``."""
    hazard, last, area, cumulative = np.exp(x @ b), 0.0, np.zeros(len(x)), 0.0
    X, w = d[["a", "b"]].to_numpy(), d.w.to_numpy()
    for t in np.unique(d.time[d.event == 1]):
        if t >= tau:
            break
        area += (t - last) * np.exp(-cumulative * hazard)
        at_risk = d.time.to_numpy() >= t
        cumulative += w[(d.time == t) & (d.event == 1)].sum() / (w * np.exp(X @ b))[at_risk].sum()
        last = t
    return (area + (tau - last) * np.exp(-cumulative * hazard)).mean()


def breslow_fit(d):
    """Weighted Cox by Newton, ties by Breslow, as the formula is written."""
    X, w, b, time = d[["a", "b"]].to_numpy(), d.w.to_numpy(), np.zeros(2), d.time.to_numpy()
    for _ in range(8):
        u, information = np.zeros(2), np.zeros((2, 2))
        for i in np.flatnonzero(d.event == 1):
            r = (time >= time[i]) * w * np.exp(X @ b)
            mean = r @ X / r.sum()
            u += w[i] * (X[i] - mean)
            information += w[i] * ((X.T * r) @ X / r.sum() - np.outer(mean, mean))
        b = b + np.linalg.solve(information, u)
    return b


def small(N=36):
    rng = np.random.default_rng(6)
    d = pd.DataFrame(
        {"a": rng.normal(size=N), "b": rng.normal(size=N), "g": rng.integers(0, 12, N), "w": 1.0}
    )
    t = rng.exponential(6 * np.exp(-0.7 * d.a + 0.3 * d.b))
    return d.assign(time=np.ceil(np.minimum(t, 12)), event=(t < 12) * 1)


def difference(d, b, tau=9.0):
    x = d[["a", "b"]].to_numpy()
    high, low = x.copy(), x.copy()
    high[:, 0], low[:, 0] = 1.0, 0.0
    return by_hand(d, b, high, tau) - by_hand(d, b, low, tau)


@pytest.mark.parametrize("vcov", ["hc0", "cluster"])
def test_a_difference_and_its_robust_error_are_those_of_loops_and_weighted_refits(vcov):
    d = small()
    spec = ps.ModelSpec(
        "m",
        "Surv(time, event) ~ a + b",
        "cox",
        vcov,
        "g" if vcov == "cluster" else None,
        {"ties": "breslow"},
    )
    got = effects(ps.fit(d, spec), d, "comparisons", {"a": (0, 1)}, horizon=9).iloc[0]
    b = breslow_fit(d)
    assert got.estimate == pytest.approx(difference(d, b), rel=1e-8)
    parts, eps = [], 1e-4
    # what a little more weight of one row does: the influence, by its definition
    for i in range(len(d)):
        ends = []
        for sign in (1, -1):
            more = d.assign(w=np.where(np.arange(len(d)) == i, 1 + sign * eps, 1.0))
            ends.append(difference(more, breslow_fit(more)))
        parts.append((ends[0] - ends[1]) / (2 * eps))
    groups = d.g if vcov == "cluster" else d.index.to_series()
    G = groups.nunique()
    variance = (pd.Series(parts).groupby(groups).sum() ** 2).sum() * (
        G / (G - 1) if vcov == "cluster" else 1
    )
    assert got.std_error == pytest.approx(variance**0.5, rel=NUMERIC)
    assert got.conf_high - got.conf_low == pytest.approx(
        2 * 1.959963984540054 * got.std_error, rel=1e-9
    )


@pytest.mark.parametrize("name", ["breslow", "strata", "entry"])
def test_gradients_and_steps_are_those_of_numeric_differences(name):
    from peacestudy.models.interpretation.effect_rows import effect_rows, set_to
    from peacestudy.models.interpretation.effect_terms import Asked

    fit, data = model(name)
    rows = effect_rows(fit, data, "fit")
    q = Asked(fit, rows, "horizon", 11.0, "fit").means(set_to(rows, {"a": 0.7}))[0][""]
    b, M = fit.terms.estimate.to_numpy(), len(baseline_of(fit).sets.times)
    numeric = [(q.value(b + h) - q.value(b - h)) / 2e-5 for h in 1e-5 * np.eye(len(b))]
    np.testing.assert_allclose(q.gradient(b), numeric, rtol=NUMERIC, atol=1e-9)
    jump = baseline_of(fit).jumps(b)[0]
    factor = [(q.value(b, 1 + h) - q.value(b, 1 - h)) / 2e-4 for h in 1e-4 * np.eye(M)]
    np.testing.assert_allclose(q.steps(b) * jump, factor, rtol=NUMERIC, atol=1e-9)


@pytest.mark.slow(reason="draws coefficients of restricted means, 2 s")
def test_simulation_agrees_with_delta_and_follows_its_seed():
    d = small()
    fit = ps.fit(d, ps.ModelSpec("m", "Surv(time, event) ~ a + b", "cox", "classical"))
    delta = effects(fit, d, "comparisons", {"a": (0, 1)}, horizon=9).iloc[0]
    ask = {"horizon": 9, "interval": "simulation", "draws": 2000}
    one, same, other = (
        effects(fit, d, "comparisons", {"a": (0, 1)}, seed=s, **ask).iloc[0] for s in (1, 1, 2)
    )
    assert one.equals(same) and one.std_error != other.std_error and one.estimate == delta.estimate
    # sd of a standard deviation of 2,000 draws is 1.6 %; the delta method differs from it by
    # curvature, too
    assert one.std_error == pytest.approx(delta.std_error, rel=0.08)


@pytest.mark.slow(reason="simulates coverage, 6 s")
def test_the_interval_covers_the_mean_that_is_true():
    """200 exponential data sets: times to 10, true difference in closed form."""
    rng = np.random.default_rng(12)
    rates = 0.15 * np.exp(0.8 * np.array([0.0, 1.0]))
    truth = float(np.diff((1 - np.exp(-10 * rates)) / rates)[0])
    hit, reps = 0, 200
    spec = ps.ModelSpec("m", "Surv(time, event) ~ a", "cox", "classical")
    for _ in range(reps):
        a = np.repeat([0.0, 1.0], 60)
        t, c = rng.exponential(1 / rates[a.astype(int)]), rng.uniform(5, 20, 120)
        d = pd.DataFrame({"a": a, "time": np.minimum(t, c), "event": (t <= c) * 1})
        got = effects(ps.fit(d, spec), d, "comparisons", {"a": (0, 1)}, horizon=10).iloc[0]
        hit += got.conf_low <= truth <= got.conf_high
    assert abs(hit / reps - 0.95) < 3 * (0.95 * 0.05 / reps) ** 0.5


@pytest.mark.parametrize(
    ("name", "ask", "error", "said"),
    [
        ("breslow", {"horizon": 40}, ps.FitError, "horizon is 40, and no case is observed beyond"),
        ("breslow", {"horizon": 0}, ps.SpecError, "horizon is 0; it must be a number above zero"),
        ("breslow", {"horizon": np.nan}, ps.SpecError, "it must be a number above zero"),
        ("breslow", {"horizon": "10"}, ps.SpecError, "horizon is '10'"),
        ("breslow", {"horizon": 10, "scale": "link"}, ps.SpecError, "a horizon replaces the scale"),
        (
            "breslow",
            {},
            ps.SpecError,
            "the scale must be written for engine 'cox'.*restricted mean",
        ),
        (
            "breslow",
            {"scale": "response"},
            ps.SpecError,
            "scale of engine 'cox' is 'response'; it must be one of link",
        ),
        (
            "strata",
            {"horizon": 10, "over": "data", "drop": "region"},
            ps.SpecError,
            "strata column 'region' is not in the data",
        ),
        (
            "strata",
            {"horizon": 10, "over": "data", "region": "moon"},
            ps.SpecError,
            "region is 'moon', a stratum that the fit",
        ),
    ],
)
def test_what_cannot_be_told_is_refused(name, ask, error, said):
    fit, data = model(name)
    ask = dict(ask)
    data = data.drop(columns=ask.pop("drop", []))
    if "region" in ask:
        data = data.assign(region=ask.pop("region"))
    with pytest.raises(error, match=said):
        effects(fit, data, "comparisons", {"a": (0, 1)}, **ask)


def test_robust_draws_slopes_and_levels_of_hazards_are_refused():
    fit, data = model("breslow", "cluster", "country")
    with pytest.raises(ps.SpecError, match="baseline hazards cannot be drawn with vcov 'cluster'"):
        effects(fit, data, "predictions", horizon=9, interval="simulation", draws=500, seed=1)
    with pytest.raises(ps.SpecError, match="a horizon has no slopes"):
        effects(fit, data, "slopes", horizon=9)
    with pytest.raises(ps.SpecError, match="no level of its hazard"):
        effects(fit, data, "predictions", scale="link")


def test_the_log_hazard_is_the_coefficient_with_every_vcov():
    for vcov, cluster in (("classical", None), ("hc0", None), ("cluster", "country")):
        fit, data = model("entry", vcov, cluster)
        got = effects(fit, data, "comparisons", {"a": 1}, scale="link").iloc[0]
        want = fit.terms.set_index("term").loc["a"]
        for column in ("estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"):
            assert got[column] == pytest.approx(want[column], rel=ROUNDING)


def test_rows_with_a_start_are_told():
    fit, data = model("intervals")
    note = effects(fit, data, "predictions", horizon=9).note[0]
    assert (
        note
        == "every row of Surv(start, stop, event) counts as a case, its values unchanged from 0 to"
        " the horizon"
    )


def test_rows_given_keep_their_strata():
    fit, data = model("strata")
    part = data[data.region.isin(["north", "west"])]
    got = effects(fit, part, "predictions", horizon=8, over="data").iloc[0]
    each = [
        effects(fit, part.iloc[[i]], "predictions", horizon=8, over="data").estimate[0]
        for i in range(len(part))
    ]
    assert got.estimate == pytest.approx(np.mean(each), rel=ROUNDING)
