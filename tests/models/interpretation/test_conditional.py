"""Effects along a moderator: arithmetic, effects at each value, counts by
loops, and values that the data do not reach.
"""

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy.special import expit

import peacestudy as ps
from peacestudy.models.interpretation.average_effects import effects
from peacestudy.models.interpretation.conditional import conditional_effects

ROUNDING = 1e-10  # relative
COLUMNS = [
    "term",
    "contrast",
    "moderator",
    "value",
    "estimate",
    "std_error",
    "conf_low",
    "conf_high",
    "n",
    "n_near",
    "share",
    "n_events",
    "variable_low",
    "variable_high",
    "support",
    "note",
]


def draw(N=240):
    rng = np.random.default_rng(5)
    d = pd.DataFrame(
        {
            "a": rng.normal(size=N),
            "m": rng.integers(0, 8, N) * 1.0,
            "u": rng.exponential(2, N),
            "k": rng.choice(list("xyz"), N),
            "q": rng.choice(["in", "out"], N),
            "g": rng.integers(0, 30, N),
            "t": rng.integers(1, 9, N),
        }
    )
    d.loc[d.m == 7, "a"] = 0.25  # the variable does not vary there
    p = expit(-0.5 + 0.3 * d.a * d.m - 0.2 * d.m)
    return d.assign(y=(rng.random(N) < p) * 1, v=d.a * d.m + rng.normal(size=N))


D = draw()
ASK = {"near": 0.0, "min_cases": 10}


def fit(formula, engine="firth", vcov="cluster", cluster="g", data=D, **options):
    return ps.fit(data, ps.ModelSpec("m", formula, engine, vcov, cluster, options))


def test_a_linear_effect_is_the_textbook_sum_and_statsmodels():
    found = fit("v ~ a*m + u", "linear", "hc1", None)
    got = conditional_effects(found, D, "a", "slope", "m", range(8), **ASK)
    assert got.columns.tolist() == COLUMNS
    assert (
        got.value.tolist() == list(range(8))
        and set(got.contrast) == {"dY/dX"}
        and set(got.moderator) == {"m"}
    )
    result = smf.ols("v ~ a*m + u", D).fit(cov_type="HC1", use_t=True)
    for row in got.itertuples():
        test = result.t_test(f"a + {row.value}*a:m = 0")
        assert (row.estimate, row.std_error) == pytest.approx(
            (test.effect[0], test.sd.item()), rel=1e-8
        )
        assert [row.conf_low, row.conf_high] == pytest.approx(test.conf_int()[0].tolist(), rel=1e-8)


@pytest.mark.parametrize("scale", ["response", "flic", "link"])
@pytest.mark.parametrize("change", ["slope", (-1.0, 1.0), "sd", 0.5, "iqr"])
def test_each_row_is_the_effect_with_the_moderator_held_there(scale, change):
    found = fit("y ~ a*m + u + C(k)")
    got = conditional_effects(found, D, "a", change, "m", [0, 3, 6], scale=scale, **ASK)
    for row in got.itertuples():
        if change == "slope":
            want = effects(found, D, "slopes", "a", at={"m": row.value}, scale=scale)
        else:
            want = effects(found, D, "comparisons", {"a": change}, at={"m": row.value}, scale=scale)
        assert want.contrast[0] == row.contrast
        numbers = ["estimate", "std_error", "conf_low", "conf_high", "n"]
        assert [getattr(row, c) for c in numbers] == pytest.approx(
            want.loc[0, numbers].tolist(), rel=ROUNDING
        )


@pytest.mark.parametrize("near", [0.0, 1.0, 0.4])
def test_the_density_is_that_of_a_loop(near):
    found = fit("y ~ a*u + m")
    values = [0.1, 1.0, 3.0, 9.0]
    got = conditional_effects(
        found, D, "a", "slope", "u", values, scale="response", near=near, min_cases=12
    )
    for row in got.itertuples():
        at = [i for i in range(len(D)) if abs(D.u[i] - row.value) <= near]
        assert (
            row.n_near == len(at)
            and row.share == len(at) / len(D)
            and row.n_events == sum(D.y[i] for i in at)
        )
        if at:
            assert (row.variable_low, row.variable_high) == (
                min(D.a[i] for i in at),
                max(D.a[i] for i in at),
            )
        inside = D.u.min() <= row.value <= D.u.max()
        assert row.support == (inside and len(at) >= 12 and len({D.a[i] for i in at}) > 1)
        assert bool(row.note) != row.support


def test_why_a_value_has_no_support():
    got = conditional_effects(
        fit("y ~ a*m"), D, "a", (-3.0, 0.0), "m", [2, 7, 9], scale="flic", near=0, min_cases=5
    )
    low, high = D.a[D.m == 2].min(), D.a[D.m == 2].max()
    assert not got.support.any()
    told = [n.split("; ") for n in got.note]
    assert f"a goes from {low:g} to {high:g} in the near cases" in told[0]
    assert "a goes from 0.25 to 0.25 in the near cases" in told[1]
    assert (
        "m is 9, and the rows hold 0 to 7: an extrapolation" in told[2]
        and "0 case(s) with this value, fewer than 5" in told[2]
    )
    slope = conditional_effects(
        fit("y ~ a*m"), D, "a", "slope", "m", [7], scale="flic", near=0, min_cases=5
    )
    assert (
        slope.note.tolist() == ["a is the same in all near cases"]
        and slope.n_near[0] == (D.m == 7).sum()
    )


def test_values_without_support_are_refused_where_that_is_asked():
    ask = {"scale": "flic", "near": 0, "min_cases": 5, "beyond": "refuse"}
    with pytest.raises(
        ps.FitError,
        match=r"2 of 3 values of 'm' have no support; at 7\.0: a is the same in all near cases",
    ):
        conditional_effects(fit("y ~ a*m"), D, "a", "slope", "m", [3, 7, 9], **ask)
    assert conditional_effects(fit("y ~ a*m"), D, "a", "slope", "m", [3], **ask).support.all()


def test_categories_moderate_and_are_moderated():
    found = fit("y ~ C(q)*C(k) + m")
    got = conditional_effects(
        found, D, "q", ("in", "out"), "k", "observed", near=None, min_cases=20, scale="flic"
    )
    assert (
        got.value.tolist() == ["x", "y", "z"]
        and got.n_near.tolist() == D.k.value_counts().loc[list("xyz")].tolist()
    )
    assert (
        got.contrast.tolist() == ["out - in"] * 3
        and got.variable_low.isna().all()
        and got.support.all()
    )
    want = effects(
        found, D, "comparisons", {"q": ("in", "out")}, at={"k": list("xyz")}, scale="flic"
    )
    np.testing.assert_array_equal(got.estimate, want.estimate)
    d = D.assign(q=D.q.where(D.k != "z", "in"), k=D.k)
    two = fit("y ~ C(q) + C(k)", data=d)
    bare = conditional_effects(
        two, d, "q", ("in", "out"), "k", ["y", "z"], near=None, min_cases=20, scale="flic"
    )
    assert bare.support.tolist() == [True, False] and bare.note[1].startswith(
        "no near case has q = out"
    )


def test_the_difference_of_two_effects_is_the_interaction():
    linear = fit("v ~ a*m", "linear", "hc1", None)
    got = conditional_effects(linear, D, "a", "slope", "m", [1, 4], difference=(1, 4), **ASK).iloc[
        -1
    ]
    product = linear.terms.set_index("term").loc["a:m"]
    assert (got.estimate, got.std_error) == pytest.approx(
        (3 * product.estimate, 3 * product.std_error), rel=1e-8
    )
    assert (
        got.contrast == "dY/dX, at m = 4 less at 1"
        and np.isnan(got.value)
        and pd.isna(got.n_near)
        and got.support
    )
    found = fit("y ~ a*m + u", "logit")
    X, b, V = found.design.X, found.terms.estimate.to_numpy(), found.vcov.to_numpy()
    names = found.terms.term.tolist()

    def value(beta, m):
        e = dict(zip(names, beta, strict=True))
        p = [
            expit(e["Intercept"] + e["a"] * a + e["m"] * m + e["a:m"] * a * m + e["u"] * D.u)
            for a in (-1, 1)
        ]
        return (p[1] - p[0]).mean()

    def second(beta):
        return value(beta, 5) - value(beta, 2)

    g = np.array([(second(b + h) - second(b - h)) / 2e-5 for h in 1e-5 * np.eye(X.shape[1])])
    last = conditional_effects(found, D, "a", (-1, 1), "m", [2, 5], difference=(2, 5), **ASK).iloc[
        -1
    ]
    assert last.estimate == pytest.approx(second(b), rel=1e-9) and last.std_error == pytest.approx(
        (g @ V @ g) ** 0.5, rel=1e-6
    )
    assert last.contrast == "1 - -1, at m = 5 less at 2"


def test_a_formula_without_the_product_is_told():
    got = conditional_effects(fit("y ~ a + m"), D, "a", "slope", "m", [0, 5], scale="flic", **ASK)
    assert (
        got.note
        == (
            "the formula has no product of a and m: differences come only from the shape of the"
            " link"
        )
    ).all()
    flat = conditional_effects(
        fit("v ~ a + m", "linear", "hc1", None), D, "a", 1, "m", [0, 5], **ASK
    )
    assert (
        flat.estimate[0] == pytest.approx(flat.estimate[1], rel=ROUNDING)
        and flat.n_events.isna().all()
    )
    with_product = conditional_effects(
        fit("y ~ a:square(m) + a + m"), D, "a", "slope", "m", [0, 5], scale="flic", **ASK
    )
    assert (with_product.note == "").all()


@pytest.mark.parametrize(("engine", "horizon"), [("cox", 6), ("discrete_time", 4)])
def test_engines_of_times(engine, horizon):
    options = {"baseline": "cubic"} if engine == "discrete_time" else {}
    found = fit("Surv(t, y) ~ a*m", engine, **options)
    got = conditional_effects(
        found, D, "a", (-0.5, 0.5), "m", [1, 5], horizon=horizon, difference=(1, 5), **ASK
    )
    want = effects(found, D, "comparisons", {"a": (-0.5, 0.5)}, at={"m": [1, 5]}, horizon=horizon)
    np.testing.assert_array_equal(got.estimate[:2], want.estimate)
    np.testing.assert_allclose(got.std_error[:2], want.std_error, rtol=ROUNDING)
    assert got.n_events[:2].tolist() == [D.y[D.m == m].sum() for m in (1, 5)]
    assert got.estimate[2] == pytest.approx(want.estimate[1] - want.estimate[0], rel=1e-9)


def test_simulated_intervals():
    ask = {"scale": "flic", "interval": "simulation", "draws": 1000, "seed": 2, **ASK}
    found = fit("y ~ a*m")
    got = conditional_effects(found, D, "a", "slope", "m", [1, 5], **ask)
    want = conditional_effects(found, D, "a", "slope", "m", [1, 5], scale="flic", **ASK)
    np.testing.assert_allclose(got.std_error, want.std_error, rtol=0.1)
    assert got.equals(conditional_effects(found, D, "a", "slope", "m", [1, 5], **ask))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"moderator": "a"}, "'a' is the moderator; it can be neither the variable"),
        ({"at": {"m": 1}}, "'m' is the moderator"),
        ({"moderator": "mm"}, "column of the formula is 'mm'; it must be one of a, m, k"),
        ({"variable": "aa"}, "column of the formula is 'aa'"),
        ({"near": None}, "near is None; write how far from a value of 'm'"),
        ({"near": -1}, "near is -1"),
        ({"near": "1"}, "near is '1'"),
        ({"moderator": "k", "values": ["x"]}, "near is 0, but 'k' is categorical"),
        ({"min_cases": 0}, "min_cases is 0; give the number of cases"),
        ({"min_cases": True}, "min_cases is True"),
        ({"values": []}, r"values of 'm' are \[\]; write one or more"),
        ({"values": [1, 1]}, "each once"),
        ({"values": "all"}, "values is 'all'; write a list of values, or 'observed'"),
        ({"values": ["x"]}, "the value of 'm' is 'x'; it must be a finite number"),
        ({"beyond": "drop"}, "beyond is 'drop'; it must be one of tell, refuse"),
        ({"difference": (1, 9)}, r"difference is \(1, 9\); write two of the values of 'm'"),
        (
            {"variable": "k", "change": "pairwise"},
            "make 3 effects at each value of the moderator; write two categories",
        ),
        ({"at": {"k": ["x", "y"]}}, "make 2 effects at each value"),
        ({"change": "slopes"}, "the change of 'a' is 'slopes'"),
    ],
)
def test_what_cannot_be_asked_is_refused(change, said):
    ask = {
        "variable": "a",
        "change": "slope",
        "moderator": "m",
        "values": [1, 2],
        "near": 0,
        "min_cases": 5,
        "scale": "flic",
    }
    with pytest.raises(ps.SpecError, match=said):
        conditional_effects(fit("y ~ a*m + C(k)"), D, **(ask | change))


def test_what_has_no_default_must_be_written():
    with pytest.raises(TypeError, match="near"):
        conditional_effects(fit("y ~ a*m"), D, "a", "slope", "m", [1], min_cases=5, scale="flic")
    with pytest.raises(TypeError, match="min_cases"):
        conditional_effects(fit("y ~ a*m"), D, "a", "slope", "m", [1], near=0, scale="flic")
