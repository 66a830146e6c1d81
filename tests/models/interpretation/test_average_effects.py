"""Effects against statsmodels, closed forms, numeric derivatives, the bootstrap and each other."""

import re

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats
from scipy.optimize import brentq
from scipy.special import expit, logit

import peacestudy as ps
from peacestudy.models.interpretation.average_effects import effects
from peacestudy.models.interpretation.effect_rows import effect_rows
from peacestudy.models.interpretation.predictions import predict
from peacestudy.models.interpretation.slopes import derivative

MARGEFF = 1e-6  # relative; statsmodels stops its climb at 1e-8 of the gradient
CLOSED = 1e-9  # relative; five-point derivatives leave rounding only
NUMERIC = 1e-5  # relative; central differences of a refitted shift
COLUMNS = [
    "term",
    "contrast",
    "estimate",
    "std_error",
    "statistic",
    "p_value",
    "conf_low",
    "conf_high",
    "n",
    "at",
    "note",
]
NUMBERS = COLUMNS[2:8]


def draw(N=300, seed=1):
    rng = np.random.default_rng(seed)
    d = pd.DataFrame(
        {
            "a": rng.normal(size=N),
            "m": rng.normal(2, 3, N),
            "s": np.exp(rng.normal(size=N)),
            "k": rng.choice(list("xyz"), N),
            "g": rng.integers(0, 25, N),
            "two": rng.integers(0, 2, N),
            "w": rng.uniform(0.5, 2, N),
        }
    )
    p = expit(0.5 * d.a - 0.2 * d.m * d.a - 0.5 + (d.k == "z"))
    return d.assign(
        y=(rng.random(N) < p) * 1,
        v=d.a + d.a * d.m + np.log(d.s) + rng.normal(size=N),
        t=rng.integers(1, 13, N),
    )


D = draw()


def fit(formula, engine="logit", vcov="classical", cluster=None, data=D, **options):
    return ps.fit(data, ps.ModelSpec("m", formula, engine, vcov, cluster, options))


@pytest.mark.parametrize(
    ("vcov", "cluster"), [("classical", None), ("hc0", None), ("cluster", "g")]
)
def test_average_marginal_effects_are_those_of_statsmodels(vcov, cluster):
    X = sm.add_constant(D[["a", "m", "two"]])
    found = fit("y ~ a + m + two", vcov=vcov, cluster=cluster)
    more = {
        "classical": {},
        "hc0": {"cov_type": "HC0"},
        "cluster": {"cov_type": "cluster", "cov_kwds": {"groups": D.g}},
    }[vcov]
    result = sm.Logit(D.y, X).fit(disp=0, tol=1e-12, maxiter=100, **more)
    want = result.get_margeff(at="overall", method="dydx").summary_frame().set_axis(NUMBERS, axis=1)
    if vcov == "cluster":  # statsmodels adds a factor that likelihood models have nowhere else
        want["std_error"] /= ((len(D) - 1) / (len(D) - 4)) ** 0.5
        want["statistic"] = want.estimate / want.std_error
        want["p_value"] = 2 * stats.norm.sf(want.statistic.abs())
        want["conf_low"], want["conf_high"] = (
            want.estimate + z * want.std_error for z in (-1.959963984540054, 1.959963984540054)
        )
    got = effects(found, D, "slopes")
    assert got.columns.tolist() == COLUMNS
    assert (
        got.term.tolist() == ["a", "m", "two"]
        and (got.contrast == "dY/dX").all()
        and (got.n == len(D)).all()
    )
    np.testing.assert_allclose(got[NUMBERS].to_numpy(), want.to_numpy(), rtol=MARGEFF)


def test_a_step_from_zero_to_one_is_that_of_statsmodels():
    want = (
        sm.Logit(D.y, sm.add_constant(D[["a", "two"]]))
        .fit(disp=0, tol=1e-12)
        .get_margeff(dummy=True)
        .summary_frame()
        .loc["two"]
    )
    got = effects(fit("y ~ a + two"), D, "comparisons", {"two": (0, 1)})
    np.testing.assert_allclose(got.loc[0, NUMBERS].astype(float), want, rtol=MARGEFF)
    assert got.contrast[0] == "1 - 0" and got.note[0] == ""


def test_slopes_of_a_linear_model_with_products_and_functions_in_closed_form():
    found = fit("v ~ a*m + log(s) + square(center(m)) + C(k):sqrt(s)", "linear", "hc1")
    b, V = found.terms.set_index("term").estimate, found.vcov
    weights = {
        "a": {"a": 1.0, "a:m": D.m.mean()},
        "m": {"m": 1.0, "a:m": D.a.mean(), "square(center(m))": 2 * (D.m - D.m.mean()).mean()},
        "s": (
            {"log(s)": (1 / D.s).mean()}
            | {f"C(k)[{k}]:sqrt(s)": ((D.k == k) / (2 * D.s**0.5)).mean() for k in "xyz"}
        ),
    }
    got = effects(found, D, "slopes").set_index("term")
    for column, w in weights.items():
        c = pd.Series(w).reindex(b.index, fill_value=0.0)
        row = found.contrast({t: x for t, x in w.items() if t in b.index}).iloc[0]
        assert got.estimate[column] == pytest.approx(c @ b, rel=CLOSED)
        assert got.std_error[column] == pytest.approx((c @ V @ c) ** 0.5, rel=1e-8)
        # t with the fit's degrees of freedom
        assert got.p_value[column] == pytest.approx(row.p_value, rel=1e-7)


@pytest.mark.parametrize(
    "right",
    ["a*m + log(s)", "scale(log(s))*a + square(a) + C(k)", "sqrt(s):C(k) + log1p(s) + center(a)*m"],
)
def test_derivatives_are_those_of_prediction(right):
    found = fit(f"v ~ {right}", "linear")
    rows = effect_rows(found, D, "fit")
    b = found.terms.estimate.to_numpy()
    for column in {"a", "s"}:
        h = 1e-5 * D[column].abs()
        ends = [
            predict(found, D.assign(**{column: D[column] + sign * h}), "link").estimate
            for sign in (1, -1)
        ]
        got = derivative(rows, rows.table, column) @ b
        np.testing.assert_allclose(got, (ends[0] - ends[1]) / (2 * h), rtol=1e-4, atol=1e-6)


def stacked(found, shift):
    """Covariance of Firth's coefficients and FLIC's shift by the
    stacked equations, clusters summed one by one.
    """
    X, y, b, V = (
        found.design.X,
        found.design.y,
        found.terms.estimate.to_numpy(),
        found.vcov.to_numpy(),
    )
    p, q = expit(X @ b), expit(X @ b + shift)
    W, S = p * (1 - p), q * (1 - q)
    inverse = np.linalg.inv(X.T @ (X * W[:, None]))
    h = W * np.einsum("ij,jk,ik->i", X, inverse, X)
    bread = np.zeros((len(b) + 1, len(b) + 1))
    bread[:-1, :-1], bread[-1, :-1], bread[-1, -1] = X.T @ (X * W[:, None]), S @ X, S.sum()
    psi = np.column_stack([X * (y - p + h * (0.5 - p))[:, None], y - q])
    sums = np.array([psi[D.g == g].sum(axis=0) for g in D.g.unique()])
    G = len(sums)
    A = np.linalg.inv(bread)
    out = A @ sums.T @ sums @ A.T * G / (G - 1)
    np.testing.assert_allclose(out[:-1, :-1], V, rtol=1e-8, atol=1e-12)
    return out


@pytest.mark.parametrize("scale", ["response", "flic"])
@pytest.mark.parametrize("kind", ["slopes", "comparisons", "predictions"])
def test_firth_by_numeric_gradient_with_the_shift_as_a_parameter(scale, kind):
    found = fit("y ~ a*m + C(k)", "firth", "cluster", "g")
    X, y, b = found.design.X, D.y.to_numpy(), found.terms.estimate.to_numpy()
    names = found.terms.term.tolist()
    a, am = names.index("a"), names.index("a:m")
    shift = (
        brentq(lambda s: expit(X @ b + s).sum() - y.sum(), -9, 9, xtol=1e-14)
        if scale == "flic"
        else 0.0
    )

    def value(theta):
        beta, moved = theta[:-1], theta[-1]
        high, low = X.copy(), X.copy()
        high[:, a], high[:, am], low[:, a], low[:, am] = 1.5, 1.5 * D.m, -1.0, -D.m
        if kind == "predictions":
            return expit(high @ beta + moved).mean()
        if kind == "comparisons":
            return (expit(high @ beta + moved) - expit(low @ beta + moved)).mean()
        p = expit(X @ beta + moved)
        return (p * (1 - p) * (beta[a] + beta[am] * D.m)).mean()

    theta, V = np.append(b, shift), stacked(found, shift)
    if scale == "response":  # the shift is no parameter there
        V[-1], V[:, -1] = 0.0, 0.0
    gradient = np.array(
        [(value(theta + h) - value(theta - h)) / 2e-5 for h in 1e-5 * np.eye(len(theta))]
    )
    ask = {
        "slopes": ("a", {}),
        "comparisons": ({"a": (-1.0, 1.5)}, {}),
        "predictions": (None, {"at": {"a": 1.5}}),
    }[kind]
    got = effects(found, D, kind, ask[0], scale=scale, **ask[1]).iloc[0]
    assert got.estimate == pytest.approx(value(theta), rel=CLOSED)
    se = (gradient @ V @ gradient) ** 0.5
    assert got.std_error == pytest.approx(se, rel=NUMERIC)
    if kind == "predictions":
        p, half = value(theta), 1.959963984540054 * se / value(theta) / (1 - value(theta))
        assert [got.conf_low, got.conf_high] == pytest.approx(
            expit(logit(p) + half * np.array([-1, 1])), rel=NUMERIC
        )
        assert np.isnan(got.statistic) and np.isnan(got.p_value) and got["at"] == "a = 1.5"


def test_a_profile_that_names_every_column_is_a_prediction():
    found = fit("y ~ a*m + C(k)", "firth", "cluster", "g")
    at = {"a": [0.0, 1.0], "m": 2, "k": ["x", "z"]}
    got = effects(found, D, "predictions", at=at, scale="response")
    new = pd.DataFrame([{"a": a, "m": 2, "k": k} for a in (0.0, 1.0) for k in "xz"])
    want = predict(found, new, "response")
    np.testing.assert_allclose(
        got[["estimate", "conf_low", "conf_high"]],
        want[["estimate", "conf_low", "conf_high"]],
        rtol=1e-10,
    )
    assert got["at"].tolist() == [f"a = {a}, m = 2, k = {k}" for a in (0, 1) for k in "xz"]


def test_ratios_by_hand():
    found = fit("y ~ a + C(k)", vcov="hc1")
    got = effects(found, D, "comparisons", {"k": "reference"}, comparison="ratio")
    assert got.contrast.tolist() == ["y / x", "z / x"]
    b, V = found.terms.estimate.to_numpy(), found.vcov.to_numpy()

    def log_ratio(beta):
        p = [expit(beta[0] + beta[1] * D.a + e).mean() for e in (beta[3], 0.0)]
        return np.log(p[0] / p[1])

    names = found.terms.term.tolist()
    assert names == ["Intercept", "a", "C(k)[y]", "C(k)[z]"]
    q, g = (
        log_ratio(b),
        np.array([(log_ratio(b + h) - log_ratio(b - h)) / 2e-5 for h in 1e-5 * np.eye(4)]),
    )
    se = (g @ V @ g) ** 0.5
    row = got.iloc[1]
    want = [
        np.exp(q),
        se * np.exp(q),
        q / se,
        np.exp(q - 1.959963984540054 * se),
        np.exp(q + 1.959963984540054 * se),
    ]
    assert row[
        ["estimate", "std_error", "statistic", "conf_low", "conf_high"]
    ].tolist() == pytest.approx(want, rel=1e-7)


def test_changes_of_a_number_and_of_categories():
    found = fit("v ~ a + square(m) + C(k)", "linear")
    b = found.terms.set_index("term").estimate
    q1, q3 = np.quantile(D.m, [0.25, 0.75])
    sd = D.m.std()
    changes = {
        3: ("+3", ((D.m + 3) ** 2 - D.m**2).mean()),
        -1: ("-1", ((D.m - 1) ** 2 - D.m**2).mean()),
        "iqr": ("Q3 - Q1", q3**2 - q1**2),
        "sd": ("sd", ((D.m + sd / 2) ** 2 - (D.m - sd / 2) ** 2).mean()),
        "minmax": ("Max - Min", D.m.max() ** 2 - D.m.min() ** 2),
        (0, 2): ("2 - 0", 4.0),
    }
    for change, (label, size) in changes.items():
        got = effects(found, D, "comparisons", {"m": change}).iloc[0]
        assert got.contrast == label
        assert got.estimate == pytest.approx(size * b["square(m)"], rel=CLOSED)
    got = effects(found, D, "comparisons", {"k": "pairwise", "a": 1}).set_index("contrast")
    assert got.index.tolist() == ["y - x", "z - x", "z - y", "+1"]
    assert got.estimate["z - y"] == pytest.approx(b["C(k)[z]"] - b["C(k)[y]"], rel=CLOSED)
    assert effects(found, D, "comparisons", {"k": "sequential"}).contrast.tolist() == [
        "y - x",
        "z - y",
    ]
    assert effects(found, D, "comparisons", {"k": ("z", "x")}).estimate[0] == pytest.approx(
        -b["C(k)[z]"], rel=CLOSED
    )


def test_rows_weighted_in_the_fit_are_weighted_in_the_average():
    found = fit("y ~ a + m", vcov="hc1", weights="w")
    b = found.terms.estimate.to_numpy()
    p = expit(b[0] + b[1] * D.a + b[2] * D.m)
    want = np.average(p * (1 - p) * b[1], weights=D.w)
    for over in ("fit", "data"):
        got = effects(found, D, "slopes", "a", over=over).iloc[0]
        assert got.estimate == pytest.approx(want, rel=CLOSED) and got.note == "rows weighted by w"


def test_the_cases_of_the_fit_are_averaged_and_no_others():
    d = D.assign(y=D.y.where(D.index % 3 > 0).astype(float), a=D.a.where(D.index % 5 > 0))
    found = fit("y ~ a + m", data=d)
    part = d.dropna()
    got = effects(found, d.sample(frac=1, random_state=1), "slopes", "a").iloc[0]
    want = effects(fit("y ~ a + m", data=part), part, "slopes", "a").iloc[0]
    assert got.n == len(part) and got[NUMBERS].tolist() == pytest.approx(
        want[NUMBERS].tolist(), rel=1e-12
    )
    wide = effects(found, d, "slopes", "a", over="data").iloc[0]
    assert (
        wide.n == d.a.notna().sum() and wide.note == "60 rows left out (a is missing and 59 more)"
    )
    assert wide.estimate != got.estimate


def test_a_study_frame_is_matched_by_its_key():
    d = D.assign(case_id=[f"c{i}" for i in range(len(D))])
    frame = ps.StudyFrame(d, "treaty", "case_id")
    found = ps.fit(frame, ps.ModelSpec("m", "y ~ a*m", "logit", "classical"))
    got = effects(found, frame, "slopes")
    pd.testing.assert_frame_equal(got, effects(fit("y ~ a*m"), D, "slopes"))


@pytest.mark.slow(reason="draws coefficients of every engine, 4 s")
@pytest.mark.parametrize(("engine", "left"), [("linear", "v"), ("logit", "y"), ("firth", "y")])
def test_simulation_agrees_with_delta_and_follows_its_seed(engine, left):
    found = fit(f"{left} ~ a*m + C(k)", engine, "cluster", "g")
    scale = {"firth": "flic"}.get(engine)
    delta = effects(found, D, "comparisons", {"a": (0, 1)}, scale=scale).iloc[0]
    ask = {"scale": scale, "interval": "simulation", "draws": 4000}
    one, same, other = (
        effects(found, D, "comparisons", {"a": (0, 1)}, seed=s, **ask).iloc[0] for s in (3, 3, 4)
    )
    assert one.equals(same) and one.conf_low != other.conf_low and one.estimate == delta.estimate
    # the sd of 4,000 draws is good to 1.1 %; t of 24 degrees of freedom is wider by the root of
    # 24/22
    wide = (24 / 22) ** 0.5 if engine == "linear" else 1.0
    assert one.std_error == pytest.approx(delta.std_error * wide, rel=0.05)
    assert [one.conf_low, one.conf_high] == pytest.approx(
        [delta.conf_low, delta.conf_high], abs=0.12 * delta.std_error
    )


@pytest.mark.slow(reason="fits 400 resampled tables, 4 s")
def test_the_bootstrap_finds_the_same_errors():
    """Rows drawn anew and the model fitted again, 400 times: an sd is good to 3.5 %."""
    found = fit("y ~ a*m", vcov="hc0")
    rng = np.random.default_rng(8)
    drawn = []
    for _ in range(400):
        d = D.iloc[rng.integers(0, len(D), len(D))].reset_index(drop=True)
        again = fit("y ~ a*m", data=d)
        b = again.terms.estimate.to_numpy()
        # the average is over the cases as they were, as in the delta method; and the prediction of
        # a profile
        q = expit(found.design.X @ b)
        drawn.append(
            ((q * (1 - q) * (b[1] + b[3] * D.m)).mean(), expit(b[0] + b[1] + 2 * b[2] + 2 * b[3]))
        )
    sd = np.std(drawn, axis=0, ddof=1)
    assert effects(found, D, "slopes", "a").std_error[0] == pytest.approx(sd[0], rel=0.12)
    assert effects(found, D, "predictions", at={"a": 1, "m": 2}).std_error[0] == pytest.approx(
        sd[1], rel=0.12
    )


def test_hazards_of_periods_are_averaged_over_person_periods():
    found = fit("Surv(t, y) ~ a*m", "discrete_time", "cluster", "g", baseline="cubic")
    X, b = found.design.X, found.terms.estimate.to_numpy()
    p = expit(X @ b)
    names = found.terms.term.tolist()
    slope = b[names.index("a")] + b[names.index("a:m")] * D.m.to_numpy()[found.design.rows]
    got = effects(found, D, "slopes", "a").iloc[0]
    assert got.estimate == pytest.approx((p * (1 - p) * slope).mean(), rel=CLOSED) and got.n == len(
        X
    )


@pytest.mark.parametrize("baseline", ["dummies", "cubic", "log", "constant"])
def test_the_chance_of_an_event_by_a_period_by_loops(baseline):
    found = fit("Surv(t, y) ~ a*m + C(k)", "discrete_time", "cluster", "g", baseline=baseline)
    names, V = found.terms.term.tolist(), found.vcov.to_numpy()
    T = 6

    def chance(beta, a):
        b = dict(zip(names, beta, strict=True))
        out = []
        for case in D.itertuples():
            eta = (
                b["a"] * a + b["m"] * case.m + b["a:m"] * a * case.m + b.get(f"C(k)[{case.k}]", 0.0)
            )
            left = 1.0
            for t in range(1, T + 1):
                base = {
                    "dummies": lambda t=t: b[f"period[{t}]"],
                    "constant": lambda: b["Intercept"],
                    "log": lambda t=t: b["Intercept"] + b["log(period)"] * np.log(t),
                    "cubic": (
                        lambda t=t: (
                            b["Intercept"]
                            + b["period"] * t
                            + b["period^2"] * t**2
                            + b["period^3"] * t**3
                        )
                    ),
                }[baseline]()
                left *= 1 - expit(eta + base)
            out.append(1 - left)
        return np.mean(out)

    b = found.terms.estimate.to_numpy()
    got = effects(found, D, "comparisons", {"a": (0, 1)}, horizon=T).iloc[0]
    assert got.estimate == pytest.approx(chance(b, 1) - chance(b, 0), rel=CLOSED)
    g = [
        (chance(b + h, 1) - chance(b + h, 0) - chance(b - h, 1) + chance(b - h, 0)) / 2e-5
        for h in 1e-5 * np.eye(len(b))
    ]
    assert got.std_error == pytest.approx((g @ V @ g) ** 0.5, rel=1e-6) and got.n == len(D)
    level = effects(found, D, "predictions", at={"a": 1}, horizon=T).iloc[0]
    assert (
        level.estimate == pytest.approx(chance(b, 1), rel=CLOSED)
        and 0 < level.conf_low < level.estimate < level.conf_high < 1
    )


def test_what_lies_beyond_the_data_is_told():
    found = fit("y ~ a*m + two")
    got = effects(found, D, "comparisons", {"a": (0, 9)}, at={"m": [2, 50]})
    low, high = D.a.min(), D.a.max()
    said = f"a is 9, and the rows hold {low:g} to {high:g}: an extrapolation"
    assert got.note.tolist() == [
        said,
        f"{said}; m is 50, and the rows hold {D.m.min():g} to {D.m.max():g}: an extrapolation",
    ]
    moved = effects(found, D, "comparisons", {"a": 1}).note[0]
    assert moved == f"in {(D.a + 1 > high).sum()} of 300 rows a moves beyond {low:g} to {high:g}"
    assert (
        effects(found, D, "slopes", "two")
        .note[0]
        .startswith("two is 0 or 1: a slope is not the effect")
    )


@pytest.mark.parametrize(
    ("kind", "variables", "ask", "error", "said"),
    [
        (
            "slope",
            "a",
            {},
            ps.SpecError,
            (
                "kind is 'slope'; it must be one of slopes, comparisons, predictions. Did you mean"
                " 'slopes'"
            ),
        ),
        (
            "slopes",
            "b",
            {},
            ps.SpecError,
            "column of the formula is 'b'; it must be one of a, m, s, k",
        ),
        (
            "slopes",
            "k",
            {},
            ps.SpecError,
            "'k' is categorical and has no slope; write kind='comparisons'",
        ),
        (
            "slopes",
            [],
            {},
            ps.SpecError,
            "no column is named; write None for every column of numbers",
        ),
        ("slopes", {"a": 1}, {}, ps.SpecError, "takes no changes of variables"),
        (
            "predictions",
            "a",
            {},
            ps.SpecError,
            "predictions take no variables; write the values at which to predict in at",
        ),
        ("comparisons", None, {}, ps.SpecError, "comparisons need the change of each variable"),
        (
            "comparisons",
            {"a": "range"},
            {},
            ps.SpecError,
            "the change of 'a' is 'range'; write two values",
        ),
        ("comparisons", {"a": True}, {}, ps.SpecError, "the change of 'a' is True"),
        ("comparisons", {"a": 0}, {}, ps.SpecError, "a step above or below zero"),
        ("comparisons", {"a": (1, 1)}, {}, ps.SpecError, "write two different values"),
        ("comparisons", {"a": (1, 2, 3)}, {}, ps.SpecError, "write two different values"),
        (
            "comparisons",
            {"a": ("x", "y")},
            {},
            ps.SpecError,
            "the value of 'a' is 'x'; it must be a finite number",
        ),
        (
            "comparisons",
            {"k": "refrence"},
            {},
            ps.SpecError,
            "one of reference, sequential, pairwise. Did you mean 'reference'",
        ),
        (
            "comparisons",
            {"k": ("x", "q")},
            {},
            ps.FitError,
            "300 of 300 rows have no design .*a category that the fit did not have",
        ),
        (
            "comparisons",
            {"a": 1},
            {"at": {"a": 2}},
            ps.SpecError,
            "'a' is compared and cannot be held",
        ),
        (
            "comparisons",
            {"s": -50},
            {},
            ps.FitError,
            "rows have no design at these values: log.s.: .* has no log",
        ),
        ("comparisons", {"a": 1}, {"comparison": "odds"}, ps.SpecError, "comparison is 'odds'"),
        (
            "comparisons",
            {"a": 1},
            {"comparison": "ratio", "scale": "link"},
            ps.SpecError,
            "a ratio compares probabilities, counts or times",
        ),
        ("slopes", "a", {"comparison": "ratio"}, ps.SpecError, "a ratio is a comparison"),
        ("slopes", "a", {"at": {"q": 1}}, ps.SpecError, "column of the formula is 'q'"),
        ("slopes", "a", {"at": {"m": []}}, ps.SpecError, "at gives no value of 'm'"),
        ("slopes", "a", {"at": {"m": np.inf}}, ps.SpecError, "finite number"),
        (
            "slopes",
            "a",
            {"scale": "flic"},
            ps.SpecError,
            "scale of engine 'logit' is 'flic'; it must be one of response, link",
        ),
        ("slopes", "a", {"horizon": 3}, ps.SpecError, "explains no times; leave it out"),
        ("slopes", "a", {"conf_level": 95}, ps.SpecError, "conf_level is 95"),
        (
            "slopes",
            "a",
            {"interval": "bootstrap"},
            ps.SpecError,
            "interval is 'bootstrap'; it must be one of delta, simulation",
        ),
        (
            "slopes",
            "a",
            {"interval": "simulation", "draws": 500},
            ps.SpecError,
            "draws is 500, seed None",
        ),
        (
            "slopes",
            "a",
            {"interval": "simulation", "draws": 5, "seed": 1},
            ps.SpecError,
            "needs draws, 100 or more",
        ),
        ("slopes", "a", {"seed": 1}, ps.SpecError, "are for interval='simulation'"),
        (
            "slopes",
            "a",
            {"over": "all"},
            ps.SpecError,
            "over is 'all'; it must be one of fit, data",
        ),
    ],
)
def test_what_cannot_be_asked_is_refused(kind, variables, ask, error, said):
    with pytest.raises(error, match=said):
        effects(fit("y ~ a*m + log(s) + C(k)"), D, kind, variables, **ask)


@pytest.mark.parametrize(
    ("data", "error", "said"),
    [
        (D.iloc[5:], ps.SpecError, "5 case(s) of the fit are not in the data (0, 1, 2, 3, 4)"),
        (
            D.assign(a=D.a + (D.index == 7)),
            ps.FitError,
            "1 row(s) of the data differ from the fitted ones (cases 7)",
        ),
        (D.assign(k="x"), ps.FitError, "differ from the fitted ones"),
        (D.drop(columns="m"), ps.SpecError, "the column 'm' is not in the data"),
        (pd.concat([D, D.iloc[:2]]), ps.SpecError, "case 0 appears twice in the data"),
        (
            D.to_numpy(),
            ps.SpecError,
            (
                "effects takes a Fit and its data, or a PooledFit and what impute gave, not a Fit"
                " and a ndarray"
            ),
        ),
    ],
)
def test_other_data_are_refused(data, error, said):
    with pytest.raises(error, match=re.escape(said)):
        effects(fit("y ~ a*m + C(k)"), data, "slopes")


def test_refusals_of_engines_and_functions():
    with pytest.raises(
        ps.SpecError,
        match="the scale must be written for engine 'firth': scale= one of response, flic, link",
    ):
        effects(fit("y ~ a", "firth"), D, "slopes")
    with pytest.raises(ps.SpecError, match="has none; write scale='response'"):
        effects(fit("y ~ 0 + a", "firth"), D, "slopes", scale="flic")
    d = D.assign(s=D.s.where(D.index > 0, 0.0), yes=D.two == 1)
    with pytest.raises(ps.FitError, match=r"1 row\(s\) have no slope of 's', as where s is 0"):
        effects(fit("v ~ sqrt(s)", "linear", data=d), d, "slopes")
    with pytest.raises(ps.SpecError, match="'yes' holds yes and no, which have no slope"):
        effects(fit("v ~ a + yes", "linear", data=d), d, "slopes", "yes")
    assert effects(fit("v ~ a + yes", "linear", data=d), d, "slopes").term.tolist() == ["a"]
    with pytest.raises(ps.SpecError, match="no column of the formula has a slope"):
        effects(fit("v ~ C(k)", "linear"), D, "slopes")
    with pytest.raises(ps.SpecError, match="a ratio compares"):
        effects(fit("v ~ a", "linear"), D, "comparisons", {"a": 1}, comparison="ratio")
    found = fit("Surv(t, y) ~ a", "discrete_time", baseline="cubic")
    for horizon, said in (
        (0, "must be a whole number of periods"),
        (2.5, "must be a whole number of periods"),
        ("3", "number of periods"),
    ):
        with pytest.raises(ps.SpecError, match=said):
            effects(found, D, "predictions", horizon=horizon)
    with pytest.raises(ps.FitError, match="horizon is 40, and no period after 12 was observed"):
        effects(found, D, "predictions", horizon=40)
    with pytest.raises(ps.SpecError, match="no periods at risk to average over"):
        effects(found, D, "predictions", over="data")
    silent = D.assign(y=D.y.where(D.t != 3, 0))
    with pytest.raises(ps.FitError, match=r"no hazard for 1 of the 5 periods \(period\[3\]\)"):
        effects(
            fit("Surv(t, y) ~ a", "discrete_time", data=silent), silent, "predictions", horizon=5
        )


def test_an_effect_without_variance_is_told():
    d = D.assign(g=D.index % 2)
    found = fit("y ~ a + m", vcov="cluster", cluster="g", data=d)
    g = effects(found, d, "comparisons", {"a": 1, "m": 1}, scale="link")
    assert np.isfinite(g.std_error).all()  # two clusters: one direction with a variance
    V = found.vcov.to_numpy()
    assert np.linalg.matrix_rank(V, tol=1e-12) == 1
    drawn = effects(found, d, "slopes", interval="simulation", draws=200, seed=1)
    assert np.isfinite(drawn[NUMBERS]).all(axis=None)


def test_the_data_are_not_touched():
    before = D.copy()
    effects(fit("y ~ a*m + C(k)"), D, "comparisons", {"k": "pairwise", "a": "sd"}, at={"m": [1, 2]})
    pd.testing.assert_frame_equal(D, before)


def test_with_cr2_an_effect_has_the_degrees_of_freedom_of_its_own_sum():
    rng = np.random.default_rng(11)
    g = np.repeat(np.arange(9), [2, 3, 4, 5, 6, 7, 8, 9, 30])
    x, z = rng.normal(size=len(g)) + 0.5 * g, rng.normal(size=len(g))
    d = pd.DataFrame(
        {"x": x, "z": z, "g": g, "y": x + z + rng.normal(size=9)[g] + rng.normal(size=len(g))}
    )
    plain = ps.fit(d, ps.ModelSpec("m", "y ~ x + z", "linear", "cr2", cluster="g"))
    got = ps.models.effects(plain, d, "slopes", "x").iloc[0]
    # the average slope of a linear model is its coefficient
    own = plain.terms.set_index("term").loc["x"]
    for name in ("estimate", "std_error", "p_value", "conf_low", "conf_high"):
        np.testing.assert_allclose(got[name], own[name], rtol=1e-10)
    with pytest.raises(ps.SpecError, match="its own degrees of freedom"):
        ps.models.effects(plain, d, "slopes", "x", interval="simulation", draws=1000, seed=1)


def test_rows_left_out_for_several_reasons_are_counted_by_reason():
    found = fit("y ~ a + m")
    gaps = D.assign(a=D.a.where(D.index % 5 > 0), m=D.m.where(D.index % 7 != 1))
    a, m = int(gaps.a.isna().sum()), int((gaps.m.isna() & gaps.a.notna()).sum())
    told = effects(found, gaps, "slopes", "a", over="data").iloc[0]
    assert (
        told.note == f"{a + m} rows left out ({a} where a is missing, {m} where m is missing)"
        and a > m > 0
    )
