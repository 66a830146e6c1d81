"""Cox against R's survival, explicit risk sets, simulation and
itself; what has no maximum is refused.
"""

import re
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

import peacestudy as ps
from peacestudy.models.kernels.monotone import is_monotone, monotone_terms
from peacestudy.models.kernels.risk_sets import (
    information,
    partial,
    risk_sets,
    score,
    score_residuals,
)

HERE = Path(__file__).resolve().parents[2] / "references" / "cox"
ROSSI = (
    Path(__file__).resolve().parents[3].parent
    / "shared"
    / "references"
    / "regression"
    / "rossi.csv"
)
# relative; R was told to stop at 1e-14 of the log-likelihood, which leaves half as many digits to
# the coefficients
R = 1e-7
PRINTED = 1e-9  # relative; the reference has eleven digits
LOGLIK = 1e-10  # relative
ROUNDING = 1e-9  # sums in another order
OPTIMISER = 1e-4  # absolute; scipy's BFGS stops at gradients of 1e-7
RIGHT = "a + b + C(k)"
# name in expected.csv: table, formula, vcov, cluster, options
MODELS = {
    "efron": ("cases", f"Surv(time, event) ~ {RIGHT} + log(gdp)", "classical", None, {}),
    "breslow": (
        "cases",
        f"Surv(time, event) ~ {RIGHT} + log(gdp)",
        "classical",
        None,
        {"ties": "breslow"},
    ),
    "hc0": ("cases", f"Surv(time, event) ~ {RIGHT}", "hc0", None, {"ties": "efron"}),
    "hc0_breslow": ("cases", f"Surv(time, event) ~ {RIGHT}", "hc0", None, {"ties": "breslow"}),
    "country": ("cases", f"Surv(time, event) ~ {RIGHT}", "cluster", "country", {}),
    "region": ("cases", f"Surv(time, event) ~ {RIGHT}", "cluster", "region", {}),
    "strata": ("cases", "Surv(time, event) ~ a*b", "classical", None, {"strata": "region"}),
    "strata_cluster": (
        "cases",
        "Surv(time, event) ~ a*b",
        "cluster",
        "country",
        {"strata": "region", "ties": "breslow"},
    ),
    "entry": ("cases", f"Surv(entry, time, event) ~ {RIGHT}", "classical", None, {}),
    "intervals": ("intervals", f"Surv(start, stop, event) ~ {RIGHT}", "classical", None, {}),
    "intervals_breslow": (
        "intervals",
        f"Surv(start, stop, event) ~ {RIGHT}",
        "classical",
        None,
        {"ties": "breslow"},
    ),
    "intervals_id": ("intervals", "Surv(start, stop, event) ~ a + b", "cluster", "id", {}),
    "intervals_hc0": ("intervals", "Surv(start, stop, event) ~ a + b", "hc0", None, {}),
    "intervals_strata": (
        "intervals",
        "Surv(start, stop, event) ~ a + b",
        "cluster",
        "country",
        {"strata": "region"},
    ),
}


def table(name):
    return pd.read_csv(HERE / f"{name}.csv")


@pytest.fixture(scope="module")
def expected():
    return pd.read_csv(HERE / "expected.csv", keep_default_na=False)


def ours(name):
    """R's name of a term in ours."""
    return re.sub(r"factor\(k\)(\w)", r"C(k)[\1]", name)


def fitted(name):
    where, formula, vcov, cluster, options = MODELS[name]
    return ps.fit(
        table(where), ps.ModelSpec(name, formula, "cox", vcov, cluster=cluster, options=options)
    )


def spec(formula, vcov="classical", **more):
    return ps.ModelSpec("m", formula, "cox", vcov, **more)


def square(part, terms):
    out = pd.DataFrame(0.0, index=terms, columns=terms)
    for row in part.itertuples():
        out.loc[ours(row.term), ours(row.other)] = row.value
    return out.to_numpy()


@pytest.mark.parametrize("name", MODELS)
def test_cox_is_r(name, expected):
    found = fitted(name)
    want = expected[expected.model == name]
    estimate = want[want.quantity == "estimate"]
    assert [ours(t) for t in estimate.term] == found.terms.term.tolist()
    np.testing.assert_allclose(found.terms.estimate, estimate.value, rtol=R)
    V = square(want[want.quantity == "var"], found.terms.term)
    G = found.n_clusters
    np.testing.assert_allclose(
        found.vcov, V * (1 if G is None else G / (G - 1)), rtol=R, atol=R * np.diag(V).min()
    )
    loglik = want[want.quantity == "loglik"].set_index("term").value
    assert found.loglik == pytest.approx(loglik["fit"], rel=LOGLIK)
    assert found.pseudo_r2 == pytest.approx(1 - loglik["fit"] / loglik["null"], rel=1e-8)
    assert found.aic == pytest.approx(-2 * loglik["fit"] + 2 * len(estimate), rel=LOGLIK)


@pytest.mark.parametrize("name", MODELS)
def test_the_test_of_proportional_hazards_is_r(name, expected):
    found = ps.models.fit_notes.proportional_hazards(fitted(name))
    want = expected[(expected.model == name) & (expected.quantity == "zph")]
    assert found.term.tolist() == [ours(t) for t in want.term]
    np.testing.assert_allclose(found.statistic, want.value, rtol=1e-6)
    p = expected[(expected.model == name) & (expected.quantity == "zph_p")].value
    np.testing.assert_allclose(found.p_value, p, rtol=1e-6)
    assert found.df.tolist() == [*[1] * (len(found) - 1), len(found) - 1]


def test_two_way_clusters_are_the_parts_of_r(expected):
    found = ps.fit(
        table("cases"),
        spec(f"Surv(time, event) ~ {RIGHT}", "cluster", cluster=["country", "region"]),
    )
    parts = {}
    for name in ("country", "region", "both"):
        V = square(
            expected[(expected.model == name) & (expected.quantity == "var")], found.terms.term
        )
        d = table("cases")
        G = d.groupby(["country", "region"]).ngroups if name == "both" else d[name].nunique()
        parts[name] = V * G / (G - 1)
    want = parts["country"] + parts["region"] - parts["both"]
    np.testing.assert_allclose(found.vcov, want, rtol=R, atol=R * np.abs(want).max())
    assert found.n_clusters == (31, 4)


@pytest.mark.skipif(
    not ROSSI.is_file(), reason="the reference data are not at hand (../shared/references)"
)
def test_rossi_is_r():
    d = pd.read_csv(ROSSI)
    formula = "Surv(week, arrest) ~ fin + age + race + wexp + mar + paro + prio"
    found = ps.fit(d, spec(formula))
    b = [
        -0.37942216649,
        -0.05743774268,
        0.31389978784,
        -0.14979569767,
        -0.43370387794,
        -0.0848710825,
        0.09149708099,
    ]
    np.testing.assert_allclose(found.terms.estimate, b, rtol=2e-8)  # as far as that fit had come
    np.testing.assert_allclose(
        found.terms.std_error[[0, 1, 6]], [0.19137948071, 0.0219994706, 0.02864854996], rtol=1e-8
    )
    assert found.loglik == pytest.approx(-658.7476594, abs=1e-7)
    assert found.loglik / (1 - found.pseudo_r2) == pytest.approx(-675.3806323, abs=1e-7)
    assert (found.n, found.n_events) == (432, 114)
    t = ps.models.fit_notes.proportional_hazards(found).set_index("term")
    np.testing.assert_allclose(
        t.p_value[["age", "wexp", "GLOBAL"]], [0.01452, 0.03984, 0.01343], atol=5e-6
    )
    assert t.statistic["GLOBAL"] == pytest.approx(17.69441526, abs=1e-6)
    assert t.df["GLOBAL"] == 7
    said = next(str(n) for n in found.notes if n.kind == "non_proportional")
    assert "age (p 0.015), wexp (p 0.040), GLOBAL (p 0.013)" in said
    breslow = ps.fit(d, spec(formula, options={"ties": "breslow"}))
    assert breslow.terms.estimate[0] == pytest.approx(-0.37902188743, rel=2e-8)


def draw(seed, N=30, strata=3):
    rng = np.random.default_rng(seed)
    start = rng.integers(0, 4, N).astype(float)
    d = pd.DataFrame(
        {
            "start": start,
            "stop": start + rng.integers(1, 6, N),
            "event": (rng.random(N) < 0.6) * 1.0,
        }
    )
    return d.assign(s=rng.integers(0, strata, N), a=rng.normal(size=N), b=rng.normal(size=N))


def explicit(d, Z, beta, ties):
    """The log partial likelihood with every risk set written out."""
    eta, total = Z @ beta, 0.0
    for s in d.s.unique():
        for t in d.stop[(d.s == s) & (d.event == 1)].unique():
            risk = ((d.s == s) & (d.start < t) & (d.stop >= t)).to_numpy()
            dead = risk & ((d.stop == t) & (d.event == 1)).to_numpy()
            total += eta[dead].sum()
            for left in range(dead.sum()):
                gone = left / dead.sum() if ties == "efron" else 0
                total -= np.log(np.exp(eta[risk]).sum() - gone * np.exp(eta[dead]).sum())
    return total


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@settings(max_examples=15)
@given(seed=st.integers(0, 10_000))
def test_value_score_and_information_are_those_of_explicit_risk_sets(ties, seed):
    d = draw(seed)
    if not d.event.any():
        return
    Z, beta, h = d[["a", "b"]].to_numpy(), np.array([0.5, -0.3]), 1e-5
    sets = risk_sets(d[["start", "stop"]].to_numpy(), d.event.to_numpy(), d.s.to_numpy(), ties)
    at = partial(sets, Z, beta)
    assert at.loglik == pytest.approx(explicit(d, Z, beta, ties), abs=1e-11)
    steps = h * np.eye(2)
    slope = [
        (explicit(d, Z, beta + e, ties) - explicit(d, Z, beta - e, ties)) / (2 * h) for e in steps
    ]
    np.testing.assert_allclose(score(sets, Z, at), slope, atol=1e-7)
    bend = [
        (score(sets, Z, partial(sets, Z, beta + e)) - score(sets, Z, partial(sets, Z, beta - e)))
        / (2 * h)
        for e in steps
    ]
    np.testing.assert_allclose(-information(sets, Z, at), bend, atol=1e-7)
    np.testing.assert_allclose(
        score_residuals(sets, Z, at).sum(axis=0), score(sets, Z, at), atol=1e-12
    )


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_the_maximum_is_that_of_a_general_optimiser(ties):
    d = draw(3, N=60)
    found = ps.fit(
        d, spec("Surv(start, stop, event) ~ a + b", options={"strata": "s", "ties": ties})
    )
    Z = d[["a", "b"]].to_numpy()
    best = minimize(lambda b: -explicit(d, Z, b, ties), np.zeros(2), options={"gtol": 1e-7})
    np.testing.assert_allclose(found.terms.estimate, best.x, atol=OPTIMISER)
    assert found.loglik == pytest.approx(-best.fun, abs=1e-8)


def test_rows_censored_before_the_first_event_count_as_zero_and_not_as_missing():
    d = table("cases")
    first = d.time[d.event == 1].min()
    early = (d.time < first).to_numpy()
    assert early.sum() >= 5
    found = ps.fit(d, spec("Surv(time, event) ~ a + b", "cluster", cluster="id"))
    without = ps.fit(d[~early], spec("Surv(time, event) ~ a + b", "cluster", cluster="id"))
    assert found.terms.std_error.notna().all()
    np.testing.assert_allclose(found.terms.estimate, without.terms.estimate, rtol=ROUNDING)
    G, H = found.n_clusters, without.n_clusters
    np.testing.assert_allclose(
        found.vcov / (G / (G - 1)), without.vcov / (H / (H - 1)), rtol=ROUNDING, atol=1e-12
    )  # zero residuals: the factor alone knows of them
    assert (found.n, found.loglik) == (240, pytest.approx(without.loglik, rel=1e-12))
    Z = d[["a", "b"]].to_numpy()
    times = np.column_stack([np.full(240, -np.inf), d.time])
    sets = risk_sets(times, d.event.to_numpy(float), np.zeros(240, int), "efron")
    assert (score_residuals(sets, Z, partial(sets, Z, np.array([0.3, 0.1])))[early] == 0).all()


def test_residuals_are_nearly_what_leaving_a_row_out_changes():
    d = table("cases")
    found = ps.fit(d, spec("Surv(time, event) ~ a + b"))
    times = np.column_stack([np.full(240, -np.inf), d.time])
    X = d[["a", "b"]].to_numpy()
    sets = risk_sets(times, d.event.to_numpy(float), np.zeros(240, int), "efron")
    at = partial(sets, X, found.terms.estimate.to_numpy())
    near = score_residuals(sets, X, at) @ found.vcov.to_numpy()
    far = np.array(
        [
            found.terms.estimate
            - ps.fit(d.drop(index=i), spec("Surv(time, event) ~ a + b")).terms.estimate
            for i in range(40)
        ]
    )
    assert np.corrcoef(near[:40, 0], far[:, 0])[0, 1] > 0.995
    assert np.abs(near[:40] - far).max() < 0.2 * np.abs(far).max()


def test_splitting_a_row_changes_nothing_but_the_number_of_rows():
    d = table("cases").assign(zero=0)
    cut = 5
    early = d.assign(time=d.time.clip(upper=cut), event=np.where(d.time > cut, 0, d.event))
    late = d[d.time > cut].assign(zero=cut)
    split = pd.concat([early, late], ignore_index=True)
    one = ps.fit(d, spec("Surv(time, event) ~ a + b", "cluster", cluster="id"))
    two = ps.fit(split, spec("Surv(zero, time, event) ~ a + b", "cluster", cluster="id"))
    pd.testing.assert_frame_equal(one.terms, two.terms, rtol=ROUNDING)
    assert two.loglik == pytest.approx(one.loglik, rel=1e-12)
    assert (two.n, two.n_events) == (len(split), one.n_events)


def test_only_the_order_of_times_matters():
    d = table("cases")
    one = ps.fit(d, spec("Surv(time, event) ~ a + b")).terms
    two = ps.fit(d.assign(time=np.exp(d.time / 5)), spec("Surv(time, event) ~ a + b")).terms
    pd.testing.assert_frame_equal(one, two, rtol=ROUNDING)
    pd.testing.assert_frame_equal(
        one,
        ps.fit(d.sample(frac=1, random_state=1), spec("Surv(time, event) ~ a + b")).terms,
        rtol=ROUNDING,
    )


@pytest.mark.parametrize("power", [-9, 9])
def test_neither_unit_nor_origin_of_a_covariate_matters(power):
    d = table("cases")
    one = ps.fit(d, spec("Surv(time, event) ~ a + b")).terms
    two = ps.fit(d.assign(a=(d.a + 1e4) * 10.0**power), spec("Surv(time, event) ~ a + b")).terms
    np.testing.assert_allclose(two.estimate * [10.0**power, 1], one.estimate, rtol=1e-7)
    np.testing.assert_allclose(two.std_error * [10.0**power, 1], one.std_error, rtol=1e-7)


def test_raw_gdp_and_a_calendar_year_are_fitted():
    d = table("cases").assign(year=lambda t: 1990 + t.id % 30)
    found = ps.fit(d, spec("Surv(time, event) ~ gdp + year + square(year)"))
    assert np.isfinite(found.terms.drop(columns="term").to_numpy()).all()


@pytest.mark.parametrize("formula", ["0 + a + C(k)", "C(k) - 1 + a", "a + C(k)"])
def test_categories_are_coded_beside_the_baseline_whatever_the_intercept(formula):
    found = ps.fit(table("cases"), spec(f"Surv(time, event) ~ {formula}"))
    assert set(found.terms.term) == {"a", "C(k)[y]", "C(k)[z]"}
    assert found.loglik == pytest.approx(
        ps.fit(table("cases"), spec("Surv(time, event) ~ a + C(k)")).loglik, rel=1e-12
    )


@pytest.mark.slow(reason="simulates coverage, 2 s")
def test_the_hazard_is_recovered_and_its_interval_covers():
    rng, hits, found = np.random.default_rng(5), 0, []
    for _ in range(200):
        a, g = rng.normal(size=150), np.repeat(np.arange(50), 3)
        t = rng.exponential(np.exp(-0.7 * a))
        end = rng.exponential(1.5, 150)
        d = pd.DataFrame({"t": np.minimum(t, end), "e": (t <= end) * 1, "a": a, "g": g})
        row = ps.fit(d, spec("Surv(t, e) ~ a", "cluster", cluster="g")).terms.iloc[0]
        found.append(row.estimate)
        hits += row.conf_low <= 0.7 <= row.conf_high
    assert np.mean(found) == pytest.approx(0.7, abs=0.03)
    assert 0.90 <= hits / 200 <= 0.98


def test_a_monotone_likelihood_is_refused_with_its_terms():
    d = table("cases").assign(
        m=lambda t: np.where(t.event == 1, 1, t.id % 2),
        c=lambda t: t.k.where((t.event == 1) | (t.id % 5 > 0), "w"),
    )
    for formula, said in (("a + m", "monotone in m:"), ("a + C(c)", r"monotone in C\(c\)\[")):
        with pytest.raises(ps.FitError, match=said):
            ps.fit(d, spec(f"Surv(time, event) ~ {formula}"))
    with pytest.raises(ps.FitError, match="monotone in m:"):
        ps.fit(
            d,
            spec(
                "Surv(entry, time, event) ~ a + m", options={"strata": "region", "ties": "breslow"}
            ),
        )
    best = table("cases").assign(v=lambda t: -t.time)
    with pytest.raises(ps.FitError, match="monotone in v:"):
        ps.fit(best, spec("Surv(time, event) ~ v"))


@settings(max_examples=60)
@given(seed=st.integers(0, 10_000))
def test_monotone_is_what_a_linear_program_over_all_comparisons_says(seed):
    from scipy.optimize import linprog

    d = draw(seed, N=9, strata=2).assign(a=lambda t: t.a.round(), b=lambda t: t.b.round())
    if not d.event.any():
        return
    X = d[["a", "b"]].to_numpy()
    gaps = [
        X[i] - X[j]
        for i in np.flatnonzero(d.event)
        for j in range(len(d))
        if d.s[i] == d.s[j] and d.start[j] < d.stop[i] <= d.stop[j]
    ]
    best = linprog(
        -np.sum(gaps, axis=0), A_ub=-np.array(gaps), b_ub=np.zeros(len(gaps)), bounds=(-1, 1)
    )
    sets = risk_sets(d[["start", "stop"]].to_numpy(), d.event.to_numpy(), d.s.to_numpy(), "efron")
    assert is_monotone(sets, X) == (-best.fun > 1e-9)
    if is_monotone(sets, X):
        needed = monotone_terms(sets, X)
        assert is_monotone(sets, X[:, needed])
        assert all(
            len(needed) == 1 or not is_monotone(sets, X[:, [k for k in needed if k != j]])
            for j in needed
        )


@pytest.mark.slow(reason="fits 150 random data sets, 3 s")
def test_every_monotone_likelihood_is_found_by_the_fit():
    seen = 0
    for seed in range(150):
        d = draw(seed, N=12, strata=1).assign(a=lambda t: (t.a > 0) * 1.0)
        if d.event.sum() < 2:
            continue
        sets = risk_sets(
            d[["start", "stop"]].to_numpy(), d.event.to_numpy(), d.s.to_numpy(), "efron"
        )
        try:
            found = ps.fit(d, spec("Surv(start, stop, event) ~ a + b"))
        except ps.FitError as err:
            seen += "monotone" in str(err)
            assert ("monotone" in str(err)) == is_monotone(
                sets, d[["a", "b"]].to_numpy()
            ) or "told" in str(err)
        else:
            assert not is_monotone(sets, d[["a", "b"]].to_numpy())
            assert np.abs(found.terms.statistic).max() < 10
    assert seen > 10


def test_what_the_risk_sets_do_not_determine_is_refused():
    d = table("cases").assign(
        same=1.0,
        twice=lambda t: 3 - 2 * t.a,
        calendar=lambda t: t.time,
        r=lambda t: (t.region == "east") * 1.0,
    )
    with pytest.raises(ps.FitError, match="the term 'same' is the same for all"):
        ps.fit(d, spec("Surv(time, event) ~ a + same"))
    with pytest.raises(ps.FitError, match="'a', 'twice' are exact combinations"):
        ps.fit(d, spec("Surv(time, event) ~ a + twice + b"))
    with pytest.raises(ps.FitError, match="the term 'r' is the same for all"):
        ps.fit(d, spec("Surv(time, event) ~ a + r", options={"strata": "region"}))
    long = pd.DataFrame(
        [
            (i, t, t + 1, int(t == i % 5 and i % 2), t * 1.0, i / 7 + t % 2)
            for i in range(40)
            for t in range(5)
        ]
    )
    long.columns = ["id", "from", "to", "e", "year", "x"]
    with pytest.raises(ps.FitError, match="the term 'year' is the same for all cases at risk"):
        ps.fit(long, spec("Surv(`from`, `to`, e) ~ year + x"))
    with pytest.raises(ps.SpecError, match="no intercept"):
        ps.fit(d, spec("Surv(time, event) ~ 1"))


def test_conventions_are_said():
    d = table("cases")
    said = " ".join(
        map(str, ps.fit(d, spec("Surv(time, event) ~ a", "cluster", cluster="country")).notes)
    )
    assert "Ties by Efron's approximation (no option ties was given, so Efron's)." in said
    assert (
        "factor G/(G-1); score residuals summed over clusters; R's coxph leaves the factor out."
        in said
    )
    other = ps.fit(
        d, spec("Surv(time, event) ~ a", "hc0", options={"ties": "breslow", "strata": "region"})
    )
    said = " ".join(map(str, other.notes))
    assert "Ties by Breslow's approximation; baseline hazards by region." in said
    assert "every row counts as independent" in said
    few = " ".join(map(str, ps.fit(d[d.index < 30], spec("Surv(time, event) ~ a + b")).notes))
    assert re.search(r"\d+ events for 2 terms", few)


def test_rows_without_a_stratum_a_time_or_an_event_are_left_out_with_the_reason():
    d = table("cases").astype({"time": float, "event": float})
    d.loc[1, "time"], d.loc[2, "event"], d.loc[3, "region"], d.loc[4, "a"] = (
        np.nan,
        np.nan,
        None,
        np.inf,
    )
    found = ps.fit(d, spec("Surv(time, event) ~ a", options={"strata": "region"}))
    assert found.n == 236
    assert sorted(found.dropped.values.tolist()) == [
        [1, "time", "time is missing"],
        [2, "event", "event is missing"],
        [3, "region", "region is missing"],
        [4, "a", "a is infinite"],
    ]


def test_ten_thousand_rows_are_fast():
    rng = np.random.default_rng(1)
    N = 10_000
    d = pd.DataFrame(rng.normal(size=(N, 8)), columns=list("abcdefgh"))
    d["start"] = rng.random(N) * 2
    d["stop"] = d.start + rng.exponential(np.exp(-0.3 * d.a))
    d["event"], d["s"] = (rng.random(N) < 0.7) * 1, rng.integers(0, 30, N)
    began = time.perf_counter()
    ps.fit(
        d,
        spec(
            "Surv(start, stop, event) ~ a+b+c+d+e+f+g+h",
            "cluster",
            cluster="s",
            options={"strata": "s"},
        ),
    )
    assert time.perf_counter() - began < 5  # seconds; it takes under one


def test_proportional_hazards_is_of_cox_and_asks_for_more_than_one_time():
    d = table("cases")
    with pytest.raises(ps.SpecError, match="engine 'cox', not of 'linear'"):
        ps.models.fit_notes.proportional_hazards(
            ps.fit(d, ps.ModelSpec("m", "a ~ b", "linear", "hc1"))
        )
    once = ps.fit(d.assign(time=np.where(d.event == 1, 3, 9)), spec("Surv(time, event) ~ a"))
    with pytest.raises(ps.FitError, match="all events are at one time"):
        ps.models.fit_notes.proportional_hazards(once)
