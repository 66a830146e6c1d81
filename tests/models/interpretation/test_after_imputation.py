"""Effects, conditional effects and predictions after imputation: pooled by hand from those of every
table, and support by loops.
"""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit, logit

import peacestudy as ps
from peacestudy.models import conditional_effects, effects, impute, pool, predict
from peacestudy.models.engines.registry import ENGINES

ROUNDING = 1e-9  # relative
NUMBERS = ["estimate", "std_error", "conf_low", "conf_high"]


def draw(N=150, seed=2):
    rng = np.random.default_rng(seed)
    d = pd.DataFrame(
        {
            "x": rng.normal(size=N),
            "m": rng.integers(0, 5, N) * 1.0,
            "q": rng.choice(list("ab"), N),
            "k": rng.choice(list("uvw"), N),
            "g": rng.integers(0, 15, N),
            "t": rng.integers(1, 8, N),
            "e": rng.uniform(1, 3, N),
        }
    )
    eta = 0.5 * d.x + 0.3 * d.x * (d.m - 2)
    d["y"] = (rng.random(N) < expit(eta)) * 1
    d["v"] = eta + rng.normal(size=N)
    d["c"] = rng.poisson(np.exp(0.4 * d.x) * d.e)
    d["o"] = pd.cut(d.v, [-np.inf, -0.7, 0.7, np.inf], labels=False)
    for column in ("x", "m", "q"):
        d[column] = d[column].where(rng.random(N) > 0.15)
    return d


D = draw()
FILLED = impute(
    D, [c for c in D.columns if c != "g"], m=4, cycles=2, donors=3, seed=4, survival=("t", "y")
)


def fit(formula, engine, vcov="classical", cluster=None, data=FILLED, **options):
    return ps.fit(data, ps.ModelSpec("m", formula, engine, vcov, cluster, options))


def by_hand(q, se, df, level=0.95, to=lambda x: x):
    want = pool(q, np.square(se), df)
    half = stats.t.ppf(0.5 + level / 2, want.df) * want.std_error
    return [
        to(want.estimate),
        want.std_error,
        to(want.estimate - half),
        to(want.estimate + half),
    ], want


FITS = {
    "linear": ("v ~ x*m + C(q)", "hc1", None, {}),
    "linear-cr2": ("v ~ x*m", "cr2", "g", {}),
    "logit": ("y ~ x*m + C(q)", "cluster", "g", {}),
    "firth": ("y ~ x*m", "classical", None, {}),
    "cox": ("Surv(t, y) ~ x + m", "cluster", "g", {}),
    "discrete_time": ("Surv(t, y) ~ x + m", "hc0", None, {"baseline": "log"}),
}


@cache
def made(name):
    formula, vcov, cluster, options = FITS[name]
    return fit(formula, name.split("-")[0], vcov, cluster, **options)


def asked(name):
    engine = name.split("-")[0]
    return {
        "scale": "flic" if engine == "firth" else None,
        "horizon": 5 if engine in ("cox", "discrete_time") else None,
    }


def test_every_engine_of_effects_is_tried_here():
    tried = {name.split("-")[0] for name in FITS}
    assert tried >= {"linear", "logit", "firth", "cox", "discrete_time"} and tried <= set(ENGINES)


@pytest.mark.parametrize("name", FITS)
def test_delta_intervals(name):
    got = made(name)
    table = effects(
        got, FILLED, "comparisons", {"x": (0, 1), "m": "iqr"}, conf_level=0.9, **asked(name)
    )
    each = [
        effects(f, t, "comparisons", {"x": (0, 1), "m": "iqr"}, **asked(name))
        for f, t in zip(got.fits, FILLED.tables, strict=True)
    ]
    for j, row in table.iterrows():
        q, se = ([e.loc[j, c] for e in each] for c in ("estimate", "std_error"))
        df = got.fits[0].df if name != "linear-cr2" else cr2_df([e.loc[j] for e in each])
        want, pooled = by_hand(q, se, df, 0.9)
        np.testing.assert_allclose(
            row[NUMBERS].to_numpy(dtype=float),
            want,
            rtol=1e-6 if name == "linear-cr2" else ROUNDING,
        )
        assert row.fmi == pytest.approx(pooled.fmi, rel=1e-6)


def cr2_df(rows):
    """Degrees of freedom that the interval of every table was made with, the mean."""
    found = []
    for r in rows:
        half = (r.conf_high - r.estimate) / r.std_error
        low, high = 0.5, 1e4
        for _ in range(200):
            middle = (low * high) ** 0.5
            low, high = (middle, high) if stats.t.ppf(0.975, middle) > half else (low, middle)
        found.append(low)
    return np.mean(found)


@pytest.mark.slow(reason="2,000 draws for each of four tables, 12 s")
@pytest.mark.parametrize("name", ["linear", "logit", "firth", "discrete_time"])
def test_simulated_intervals_are_the_delta_methods_within_the_error_of_draws(name):
    """2,000 draws give a standard error to 1.6 %, on average over four
    tables to less; 5 % leaves room for curvature.
    """
    got = made(name)
    ask = {"variables": {"x": (0, 1)}} | asked(name)
    delta = effects(got, FILLED, "comparisons", **ask).iloc[0]
    one, again, other = (
        effects(got, FILLED, "comparisons", **ask, interval="simulation", draws=2000, seed=s).iloc[
            0
        ]
        for s in (1, 1, 2)
    )
    assert (
        one.equals(again)
        and one.std_error != other.std_error
        and one.estimate == pytest.approx(delta.estimate, rel=1e-12)
    )
    assert one.std_error == pytest.approx(delta.std_error, rel=0.05) and one.df == pytest.approx(
        delta.df, rel=0.3
    )
    half = stats.t.ppf(0.975, one.df) * one.std_error
    assert (one.conf_low, one.conf_high) == pytest.approx(
        (one.estimate - half, one.estimate + half), rel=1e-9
    )


def test_draws_of_few_degrees_of_freedom_are_not_widened_twice():
    """With t draws the variance within a table would be df / (df - 2) times
    too large: 16 % with 14 clusters more than one.
    """
    got = fit("v ~ x", "linear", "cluster", "g")
    ask = {"interval": "simulation", "draws": 20_000, "seed": 3}
    table = effects(got, FILLED, "slopes", "x", **ask).iloc[0]
    assert table.std_error == pytest.approx(got.terms.std_error[1], rel=0.015)
    assert got.fits[0].df == 14


def test_simulation_that_is_refused_is_refused_after_imputation_too():
    with pytest.raises(ps.SpecError, match="write interval='delta'"):
        effects(made("linear-cr2"), FILLED, "slopes", "x", interval="simulation", draws=200, seed=1)
    with pytest.raises(ps.SpecError, match="needs draws, 100 or more"):
        effects(made("logit"), FILLED, "slopes", "x", interval="simulation", draws=20, seed=1)


@pytest.mark.parametrize("name", ["linear", "linear-cr2", "logit", "firth"])
@pytest.mark.parametrize(
    "change",
    [
        "slope",
        pytest.param((-1.0, 1.0), marks=pytest.mark.slow(reason="effects in four tables, 5 s")),
        pytest.param("sd", marks=pytest.mark.slow(reason="effects in four tables, 5 s")),
    ],
)
def test_conditional_effects_are_pooled_at_each_value(name, change):
    got = made(name)
    ask = {
        "near": 0.0,
        "min_cases": 10,
        "scale": "response" if name == "firth" else None,
        "difference": (0, 4),
    }
    table = conditional_effects(got, FILLED, "x", change, "m", [0, 2, 4], **ask)
    each = [
        conditional_effects(f, t, "x", change, "m", [0, 2, 4], **ask)
        for f, t in zip(got.fits, FILLED.tables, strict=True)
    ]
    assert table.columns.tolist() == [
        *each[0].columns[:-2],
        "support",
        "n_filled",
        "note",
        "df",
        "fmi",
    ]
    for j, row in table.iterrows():
        q, se = ([e.loc[j, c] for e in each] for c in ("estimate", "std_error"))
        df = got.fits[0].df if name != "linear-cr2" else cr2_df([e.loc[j] for e in each])
        want, _ = by_hand(q, se, df)
        np.testing.assert_allclose(
            row[NUMBERS].to_numpy(dtype=float),
            want,
            rtol=1e-6 if name == "linear-cr2" else ROUNDING,
        )
    assert "at m = 4 less at 0" in table.contrast[3] and table.n_near.isna().tolist() == [
        False
    ] * 3 + [True]
    simulated = (
        conditional_effects(
            got,
            FILLED,
            "x",
            change,
            "m",
            [0, 2],
            near=0.0,
            min_cases=1,
            scale=ask["scale"],
            interval="simulation",
            draws=500,
            seed=1,
        )
        if name != "linear-cr2"
        else None
    )
    if simulated is not None:
        np.testing.assert_allclose(simulated.std_error, table.std_error[:2], rtol=0.12)


def test_support_is_what_every_table_has_by_loops():
    got = fit("y ~ x*m + C(q)", "logit")
    values = [0.0, 2.0, 4.0, 6.0]
    table = conditional_effects(got, FILLED, "x", (-1.5, 1.5), "m", values, near=0.0, min_cases=24)
    for row in table.itertuples():
        counts, events, lows, highs, filled, held = [], [], [], [], [], []
        for t in FILLED.tables:
            at = [i for i in t.index if t.m[i] == row.value]
            counts.append(len(at))
            events.append(sum(t.y[i] for i in at))
            lows.append(min((t.x[i] for i in at), default=np.nan))
            highs.append(max((t.x[i] for i in at), default=np.nan))
            filled.append(sum(pd.isna(D.m[i]) or pd.isna(D.x[i]) for i in at))
            held.append(len(at) >= 24 and lows[-1] <= -1.5 and highs[-1] >= 1.5)
        assert (row.n_near, row.n_events, row.n_filled) == (min(counts), min(events), max(filled))
        assert row.share == pytest.approx(min(counts) / len(D))
        if counts[0]:
            assert (row.variable_low, row.variable_high) == (max(lows), min(highs))
        assert row.support == all(held)
        if 0 < sum(held) < 4:
            assert f"in {4 - sum(held)} of 4 tables" in row.note or "in others" in row.note
    assert not table.support[3] and "an extrapolation" in table.note[3]
    with pytest.raises(ps.FitError, match=r"values of 'm' have no support; at 6.0"):
        conditional_effects(
            got, FILLED, "x", (-1, 1), "m", [6.0], near=0.0, min_cases=1, beyond="refuse"
        )


def test_observed_values_are_those_of_any_table():
    got = fit("v ~ x*m + C(q)", "linear")
    table = conditional_effects(got, FILLED, "x", "slope", "m", "observed", near=0.5, min_cases=1)
    assert table.value.tolist() == [0, 1, 2, 3, 4]
    kinds = conditional_effects(
        fit("v ~ x*C(k)", "linear"), FILLED, "x", "slope", "k", "observed", near=None, min_cases=1
    )
    assert kinds.value.tolist() == ["u", "v", "w"]


def test_what_was_not_imputed_together_is_refused():
    got = fit("v ~ x*m", "linear")
    ask = {"near": 0.0, "min_cases": 1}
    with pytest.raises(
        ps.SpecError,
        match=(
            "conditional_effects takes a Fit and its data, or a PooledFit and what impute gave, not"
            " a PooledFit"
        ),
    ):
        conditional_effects(got, D, "x", "slope", "m", [1], **ask)
    with pytest.raises(ps.SpecError, match="the fit has 4 tables and the data 2"):
        conditional_effects(
            got,
            impute(D, ["v", "x", "m"], m=2, cycles=1, donors=3, seed=1),
            "x",
            "slope",
            "m",
            [1],
            **ask,
        )
    with pytest.raises(
        ps.SpecError, match="predict takes a Fit, or a PooledFit, and rows, not a Fit and a Imputed"
    ):
        predict(got.fits[0], FILLED, "response")
    with pytest.raises(ps.SpecError, match="the fit has 4 tables and the data 2"):
        predict(got, impute(D, ["v", "x", "m"], m=2, cycles=1, donors=3, seed=1), "response")
    with pytest.raises(ps.SpecError, match="predict takes rows, or what impute gave, not a str"):
        predict(got, "x", "response")


ROWS = pd.DataFrame(
    {"x": [0.5, -1.0, np.nan], "m": [1.0, 3.0, 2.0], "e": [1.0, 2.0, 1.5], "q": ["a", "b", "a"]},
    index=list("rst"),
)
PREDICTED = [
    ("linear", "v ~ x + m", {}, "response"),
    ("linear", "v ~ x + C(q)", {}, "link"),
    ("logit", "y ~ x*m", {}, "response"),
    ("firth", "y ~ x", {}, "flic"),
    ("firth", "y ~ x", {}, "flac"),
    ("poisson", "c ~ x", {"exposure": "e"}, "response"),
    ("ridge", "y ~ x", {"penalty": 1.0}, "response"),
    ("mixed_logit", "y ~ x", {"group": "g"}, "average"),
    ("ordered", "o ~ x + m", {}, "response"),
]


@pytest.mark.parametrize(("engine", "formula", "options", "kind"), PREDICTED)
@pytest.mark.parametrize("rows", [ROWS, FILLED], ids=["new", "imputed"])
def test_predictions_are_pooled_on_the_scale_of_their_intervals(
    engine, formula, options, kind, rows
):
    got = fit(formula, engine, **options)
    table = predict(got, rows, kind, 0.9)
    tables = [rows] * 4 if rows is ROWS else rows.tables
    each = [predict(f, t, kind) for f, t in zip(got.fits, tables, strict=True)]
    names = [
        "case",
        *(["category"] if engine == "ordered" else []),
        "estimate",
        "conf_low",
        "conf_high",
        "df",
        "fmi",
        "reason",
        "note",
    ]
    assert table.columns.tolist() == names and len(table) == len(each[0])
    if engine == "ordered":
        middle = expit(np.mean([logit(e.estimate) for e in each], axis=0)).reshape(-1, 3)
        middle = (middle / middle.sum(axis=1, keepdims=True)).ravel()
        assert table.estimate.groupby(table.case, sort=False).sum(
            min_count=3
        ).dropna().to_numpy() == pytest.approx(1, abs=1e-12)
    to, back = {"linear": (np.asarray, np.asarray), "poisson": (np.exp, np.log)}.get(
        engine, (expit, logit)
    )
    z = stats.norm.ppf(0.975) if engine != "linear" else stats.t.ppf(0.975, got.fits[0].df)
    for j in range(0, len(table), max(1, len(table) // 12)):
        row = table.iloc[j]
        if row.reason:
            assert row.reason == "x is missing" and np.isnan(row.estimate)
            continue
        eta = [back(e.estimate[j]) for e in each]
        se = [(back(e.conf_high[j]) - back(e.estimate[j])) / z for e in each]
        (estimate, _, low, high), want = by_hand(eta, se, got.fits[0].df, 0.9, to)
        # the interval of the logits, about the probability that sums to one with the others
        if engine == "ordered":
            moved = logit(middle[j]) - logit(estimate)
            estimate, low, high = (expit(logit(e) + moved) for e in (estimate, low, high))
        np.testing.assert_allclose(
            [row.estimate, row.conf_low, row.conf_high], [estimate, low, high], rtol=1e-8
        )
        assert row.fmi == pytest.approx(want.fmi, rel=1e-6)
    assert (rows is not ROWS) or table.reason.ne("").sum() == (3 if engine == "ordered" else 1)


def test_chances_of_rows_filled_far_apart_sum_to_one():
    """A row whose filled values differ much between tables: the mean logits of each chance by
    itself summed to 0.89 there.
    """
    rng = np.random.default_rng(3)
    d = pd.DataFrame({"x": rng.normal(size=200)})
    d["o"] = pd.cut(2 * d.x + rng.logistic(size=200), [-np.inf, -1, 1, np.inf], labels=False)
    d["x"] = d.x.where(rng.random(200) > 0.3)
    filled = impute(d, ["o", "x"], m=5, cycles=2, donors=20, seed=1)
    got = fit("o ~ x", "ordered", data=filled)
    table = predict(got, filled, "response")
    apart = np.ptp([t.x[d.x.isna()] for t in filled.tables], axis=0)
    assert apart.max() > 1  # so that there is something to miss
    assert table.groupby("case").estimate.sum().to_numpy() == pytest.approx(1, abs=1e-12)
    assert ((table.conf_low < table.estimate) & (table.estimate < table.conf_high)).all()


def test_no_rows_have_no_predictions():
    assert predict(fit("y ~ x", "logit"), ROWS.iloc[:0], "response").columns.tolist()[-4:] == [
        "df",
        "fmi",
        "reason",
        "note",
    ]


OF_ALL = [
    ("linear", "v ~ x*m", "hc1", None, {}, None),
    ("logit", "y ~ x*m", "cluster", "g", {}, None),
    ("firth", "y ~ x*m", "classical", None, {}, "flic"),
    ("ridge", "y ~ x*m", "classical", None, {"penalty": 1.0}, None),
    ("ordered", "o ~ x*m", "classical", None, {}, None),
    ("poisson", "c ~ x*m", "hc0", None, {"exposure": "e"}, None),
    ("negative_binomial", "b ~ x*m", "classical", None, {"exposure": "e"}, None),
    ("mixed_logit", "w ~ x*m", "classical", None, {"group": "g"}, "average"),
    ("mixed_linear", "v ~ x*m", "classical", None, {"group": "g", "method": "reml"}, None),
    ("cox", "Surv(t, y) ~ x*m", "classical", None, {}, "link"),
    ("discrete_time", "Surv(t, y) ~ x*m", "classical", None, {"baseline": "log"}, None),
]


@pytest.fixture(scope="module")
def of_all():
    """The table above with counts that vary more than Poisson's
    and an outcome that groups share, filled.
    """
    rng = np.random.default_rng(8)
    d = draw(200, 6)
    x = d.x.fillna(0)
    d["b"] = rng.negative_binomial(1.5, 1.5 / (1.5 + np.exp(0.3 * x) * d.e))
    d["w"] = (rng.random(200) < expit(0.6 * x + rng.normal(size=15)[d.g] * 1.2)) * 1
    return impute(
        d, [c for c in d.columns if c != "g"], m=4, cycles=2, donors=3, seed=4, survival=("t", "y")
    )


def test_slopes_of_every_engine_stand_here():
    assert {engine for engine, *_ in OF_ALL} == set(ENGINES)


@pytest.mark.parametrize(
    ("engine", "formula", "vcov", "cluster", "options", "scale"),
    OF_ALL,
    ids=[e for e, *_ in OF_ALL],
)
def test_slopes_of_every_engine_are_pooled_by_rubins_rules(
    of_all, engine, formula, vcov, cluster, options, scale
):
    """Rubin (1987), 3.1, and Barnard and Rubin (1999), written out: the mean, within and between,
    and the degrees of freedom.
    """
    got = fit(formula, engine, vcov, cluster, of_all, **options)
    table = effects(got, of_all, "slopes", scale=scale)
    each = [
        effects(f, t, "slopes", scale=scale) for f, t in zip(got.fits, of_all.tables, strict=True)
    ]
    assert len(table) == len(each[0]) == 2 * (3 if engine == "ordered" else 1) and len(each) == 4
    for j, row in table.iterrows():
        q = np.array([e.estimate[j] for e in each])
        u = np.array([e.std_error[j] ** 2 for e in each])
        mean, within, between = q.sum() / 4, u.sum() / 4, ((q - q.sum() / 4) ** 2).sum() / 3
        total = within + (1 + 1 / 4) * between
        share = (1 + 1 / 4) * between / total
        df, complete = 3 / share**2, got.fits[0].df
        if np.isfinite(complete):
            observed = (complete + 1) / (complete + 3) * complete * (1 - share)
            df = 1 / (1 / df + 1 / observed)
        half = stats.t.ppf(0.975, df) * total**0.5
        want = [mean, total**0.5, mean - half, mean + half]
        assert between > 0
        np.testing.assert_allclose(row[NUMBERS].to_numpy(dtype=float), want, rtol=ROUNDING)
        assert (row.df, row.p_value) == pytest.approx(
            (df, 2 * stats.t.sf(abs(mean) / total**0.5, df)), rel=1e-7
        )
