"""Discrete-time hazards against logit on tables expanded by hand, R's glm,
simulation; what carries no information is told.
"""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import peacestudy as ps

HERE = Path(__file__).resolve().parents[2] / "references"
R = 1e-6  # relative; R's glm stops when the deviance does
SAME = 1e-10  # relative; the same kernel on the same rows in the same order
BASELINES = {
    "dummies": "C(period)",
    "cubic": "period + square(period) + p3",
    "log": "log(period)",
    "constant": "1",
}
RIGHT = "a + b + C(k)"


def table(name="cases"):
    return pd.read_csv(HERE / "cox" / f"{name}.csv")


def spec(formula=f"Surv(time, event) ~ {RIGHT}", vcov="classical", cluster=None, **options):
    return ps.ModelSpec("m", formula, "discrete_time", vcov, cluster=cluster, options=options)


def by_hand(d, start, stop, event="event"):
    """A row for each case and period, one after the other."""
    rows = []
    for i, row in d.iterrows():
        for t in range(int(start[i]) + 1, int(stop[i]) + 1):
            rows.append(
                {**row, "given": i, "period": t, "p3": t**3, "y": int(row[event] and t == stop[i])}
            )
    return pd.DataFrame(rows)


def informative(p):
    mean = p.groupby("period").y.transform("mean")
    return p[(mean > 0) & (mean < 1)]


@pytest.mark.parametrize("which", ["cases", "intervals"])
@pytest.mark.parametrize("baseline", BASELINES)
@pytest.mark.parametrize("vcov", ["classical", "hc0", "hc1", "cluster"])
def test_it_is_a_logit_of_the_table_expanded_by_hand(which, baseline, vcov):
    d = table(which)
    start = d.start if which == "intervals" else d.time * 0
    stop = d.stop if which == "intervals" else d.time
    p = by_hand(d, start, stop)
    p = informative(p) if baseline == "dummies" else p
    left = "Surv(start, stop, event)" if which == "intervals" else "Surv(time, event)"
    cluster = "country" if vcov == "cluster" else None
    found = ps.fit(d, spec(f"{left} ~ {RIGHT}", vcov, cluster, baseline=baseline))
    start = "0 + " if baseline == "dummies" else ""
    want = ps.fit(
        p,
        ps.ModelSpec(
            "m", f"y ~ {start}{BASELINES[baseline]} + {RIGHT}", "logit", vcov, cluster=cluster
        ),
    )
    ours, theirs = found.terms.set_index("term"), want.terms.set_index("term")
    slopes = ["a", "b", "C(k)[y]", "C(k)[z]"]
    for column in ("estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"):
        np.testing.assert_allclose(
            ours.loc[slopes, column], theirs.loc[slopes, column], rtol=1e-8, atol=1e-10
        )
    np.testing.assert_allclose(ours.estimate[slopes], theirs.estimate[slopes], rtol=SAME, atol=SAME)
    names = {"period^2": "square(period)", "period^3": "p3"}
    for term in ours.index.difference(slopes):
        other = names.get(term, re.sub(r"period\[(\d+)\]", r"C(period)[\1]", term))
        assert ours.estimate[term] == pytest.approx(theirs.estimate[other], rel=1e-7, abs=1e-9)
    assert found.loglik == pytest.approx(want.loglik, rel=1e-12)
    assert (found.pseudo_r2, found.aic) == pytest.approx((want.pseudo_r2, want.aic), rel=1e-10)
    assert found.n == p.given.nunique()
    assert found.n_events == want.n_events
    assert f"make {len(p)} person-periods" in " ".join(map(str, found.notes))


@pytest.mark.parametrize("model", ["dummies", "cubic", "log", "constant", "intervals"])
def test_it_is_r(model):
    want = pd.read_csv(HERE / "discrete_time" / "expected.csv", keep_default_na=False)
    want = want[want.model == model]
    rows = (
        spec(f"Surv(start, stop, event) ~ {RIGHT}")
        if model == "intervals"
        else spec(baseline=model)
    )
    found = ps.fit(table("intervals" if model == "intervals" else "cases"), rows)
    t = found.terms.set_index("term")
    names = {"(Intercept)": "Intercept", "I(period^2)": "period^2", "I(period^3)": "period^3"}
    for row in want.itertuples():
        name = re.sub(
            r"factor\(k\)(\w)",
            r"C(k)[\1]",
            re.sub(r"factor\(period\)(\d+)", r"period[\1]", row.term),
        )
        if row.quantity in ("estimate", "std_error"):
            assert t.loc[names.get(name, name), row.quantity] == pytest.approx(row.value, rel=R)
        elif row.quantity == "loglik":
            assert found.loglik == pytest.approx(row.value, rel=1e-10)
        else:
            assert f"make {row.value:.0f} person-periods" in " ".join(map(str, found.notes))
    assert len(t) == (want.quantity == "estimate").sum()


def test_rows_that_are_periods_already_are_a_logit():
    p = by_hand(table(), table().time * 0, table().time)
    for vcov, cluster in (("classical", None), ("hc1", None), ("cluster", "id")):
        found = ps.fit(p, spec("y ~ a + b + square(period) + C(k)", vcov, cluster))
        want = ps.fit(
            p,
            ps.ModelSpec("m", "y ~ a + b + square(period) + C(k)", "logit", vcov, cluster=cluster),
        )
        pd.testing.assert_frame_equal(found.terms, want.terms, check_exact=True)
        assert (found.loglik, found.n, found.aic) == (want.loglik, want.n, want.aic)
    assert "the baseline is in the formula" in " ".join(map(str, found.notes))
    with pytest.raises(ps.SpecError, match="its rows are periods already"):
        ps.fit(p, spec("y ~ a", baseline="cubic"))
    with pytest.raises(ps.FitError, match="must be 0 or 1"):
        ps.fit(p, spec("period ~ a"))


def test_what_carries_no_information_is_left_out_and_told():
    d = pd.DataFrame(
        {
            "t": [1, 1, 2, 2, 3, 3, 4, 4, 5, 6],
            "e": [0, 0, 1, 0, 1, 0, 1, 0, 0, 1],
            "x": [1.0, 3, 2, 5, 2, 1, 4, 3, 3, 4],
        }
    )
    found = ps.fit(d, spec("Surv(t, e) ~ x"))
    assert found.terms.term.tolist() == ["period[2]", "period[3]", "period[4]", "x"]
    assert found.n == 8
    assert found.cases == (2, 3, 4, 5, 6, 7, 8, 9)
    assert found.n_events == 3
    said = " ".join(map(str, found.notes))
    assert (
        "2 period(s) without an event (1, 5) and 1 period(s) where all at risk have it (6), 13"
        " person-periods" in said
    )
    assert found.dropped.values.tolist() == [
        [i, "Surv(t, e)", "at risk only in periods in which none, or all, have the event"]
        for i in (0, 1)
    ]
    whole = ps.fit(d, spec("Surv(t, e) ~ x", baseline="constant"))
    assert (whole.n, whole.n_events) == (10, 4)
    with pytest.raises(
        ps.FitError, match="no period in which some have the event and others do not"
    ):
        ps.fit(d.assign(e=(d.t == 6) * 1), spec("Surv(t, e) ~ x"))


def test_a_dummy_of_its_own_would_fit_such_a_period_exactly():
    """The limit: silent periods kept, with a dummy that has run to -40, by another program."""
    p = by_hand(table(), table().time * 0, table().time)
    silent = (p.groupby("period").y.transform("mean") == 0).to_numpy()
    dummies = pd.get_dummies(p.period.mask(silent), dtype=float)
    X = np.column_stack([dummies, p.a, p.b])
    want = (
        sm.GLM(p.y, X, family=sm.families.Binomial(), offset=np.where(silent, -40.0, 0.0))
        .fit(tol=1e-14)
        .params
    )
    found = ps.fit(table(), spec("Surv(time, event) ~ a + b")).terms.estimate
    np.testing.assert_allclose(found, want, rtol=1e-7)


def test_which_baseline_and_that_it_was_the_default_is_said():
    said = " ".join(map(str, ps.fit(table(), spec()).notes))
    assert (
        "Hazard of a period by logit, baseline dummies (no option baseline was given, so dummies);"
        " 229 rows make" in said
    )
    said = " ".join(map(str, ps.fit(table(), spec(baseline="cubic")).notes))
    assert "baseline cubic; 240 rows make" in said
    assert "no option" not in said


def test_rows_that_end_at_time_zero_are_left_out_with_the_reason():
    d = table().assign(
        time=lambda t: t.time.mask(t.id.isin([3, 9]), 0),
        event=lambda t: t.event.mask(t.id.isin([3, 9]), 0),
    )
    found = ps.fit(d, spec("Surv(time, event) ~ a", "cluster", "country", baseline="log"))
    assert found.n == 238
    assert found.dropped.values.tolist() == [
        [i, "Surv(time, event)", "Surv(time, event) ends at time 0: no period at risk"]
        for i in (2, 8)
    ]
    want = ps.fit(
        d.drop(index=[2, 8]), spec("Surv(time, event) ~ a", "cluster", "country", baseline="log")
    )
    pd.testing.assert_frame_equal(found.terms, want.terms)
    assert "2 row(s) left out" in " ".join(map(str, found.notes))


def test_times_must_be_whole_periods():
    d = table().assign(time=lambda t: t.time + 0.5 * (t.id == 4))
    with pytest.raises(
        ps.FitError, match=r"whole periods; it is not in 1 row\(s\) \(cases 3: 0 to "
    ):
        ps.fit(d, spec())
    with pytest.raises(ps.FitError, match="too many"):
        ps.fit(table().assign(time=10**7), spec())


def test_separation_is_refused_by_name():
    d = table().assign(s=lambda t: np.where(t.event == 1, 1, t.id % 2))
    with pytest.raises(ps.FitError, match=r"quasi-completely separated by s: .*Drop the term"):
        ps.fit(d, spec("Surv(time, event) ~ a + s", baseline="cubic"))
    with pytest.raises(ps.FitError, match=r"separated by .*\bs\b"):
        ps.fit(d, spec("Surv(time, event) ~ a + s"))


def test_a_name_that_the_baseline_has_is_refused():
    d = table().assign(period=lambda t: t.a)
    with pytest.raises(ps.SpecError, match="two terms are both named 'period'"):
        ps.fit(d, spec("Surv(time, event) ~ period", baseline="cubic"))
    assert "period" in ps.fit(d, spec("Surv(time, event) ~ period")).terms.term.tolist()


@pytest.mark.parametrize("formula", ["0 + C(k) + a", "a + C(k)", "C(k) - 1 + a"])
def test_categories_are_coded_beside_the_baseline_whatever_the_intercept(formula):
    found = ps.fit(table(), spec(f"Surv(time, event) ~ {formula}", baseline="cubic"))
    assert set(found.terms.term) == {
        "Intercept",
        "period",
        "period^2",
        "period^3",
        "a",
        "C(k)[y]",
        "C(k)[z]",
    }


def test_few_events_are_counted_for_the_slopes():
    d = table()[lambda t: t.index < 40]
    found = ps.fit(d, spec(f"Surv(time, event) ~ {RIGHT}"))
    assert f"{found.n_events} events for 4 terms" in " ".join(map(str, found.notes))


def test_the_hazard_is_recovered_and_its_interval_covers():
    rng, hits, found = np.random.default_rng(8), 0, []
    for _ in range(100):
        rows = []
        for i in range(120):
            x, end = rng.normal(), rng.integers(2, 9)
            for t in range(1, end + 1):
                e = rng.random() < 1 / (1 + np.exp(2 - 0.8 * x - 0.1 * t))
                if e or t == end:
                    rows.append((i, t, int(e), x))
                    break
        d = pd.DataFrame(rows, columns=["id", "t", "e", "x"])
        row = ps.fit(d, spec("Surv(t, e) ~ x")).terms.iloc[-1]
        found.append(row.estimate)
        hits += row.conf_low <= 0.8 <= row.conf_high
    assert np.mean(found) == pytest.approx(0.8, abs=0.06)
    assert 0.90 <= hits / 100 <= 0.99
