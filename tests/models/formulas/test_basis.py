"""Curves against R's poly() and splines::bs()
(tests/references/curves), against scipy, and what no curve can be.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.interpolate import BSpline

import peacestudy as ps
from peacestudy.models.formulas.basis import make_basis
from peacestudy.models.formulas.design import build_design

FOLDER = Path(__file__).parents[2] / "references" / "curves"
COLUMN = 1e-12  # absolute; columns have length 1, R writes 17 digits
MODEL = {"linear": 1e-9, "logit": 1e-6}  # relative; R's glm stops at its own tolerance
ENGINE = {
    "model1": ("v ~ poly(x, 2) + m", "linear"),
    "model2": ("v ~ bs(x, 5) + m", "linear"),
    "model3": ("v ~ C(k)*poly(x, 2)", "linear"),
    "model4": ("y ~ poly(x, 2) + m", "logit"),
}
ORDER = {
    "model3": [
        "Intercept",
        "C(k)[q]",
        "poly(x, 2)[1]",
        "poly(x, 2)[2]",
        "C(k)[q]:poly(x, 2)[1]",
        "C(k)[q]:poly(x, 2)[2]",
    ],
    "model2": ["Intercept", *(f"bs(x, 5)[{j}]" for j in range(1, 6)), "m"],
    "model1": ["Intercept", "poly(x, 2)[1]", "poly(x, 2)[2]", "m"],
}
ORDER["model4"] = ORDER["model1"]


@pytest.fixture(scope="module")
def reference():
    data, new = pd.read_csv(FOLDER / "data.csv"), pd.read_csv(FOLDER / "new.csv")
    return data, new, pd.read_csv(FOLDER / "expected.csv")


def draw(N=60, seed=0):
    rng = np.random.default_rng(seed)
    d = pd.DataFrame(
        {
            "x": rng.normal(size=N),
            "z": rng.normal(size=N),
            "k": rng.choice(list("pqr"), N),
            "m": rng.integers(0, 3, N),
        }
    )
    d["v"], d["y"] = d.x**2 + rng.normal(size=N), (rng.random(N) < 0.5).astype(int)
    return d


def spec(formula, engine="linear", vcov="classical"):
    return ps.ModelSpec("m", formula, engine, vcov)


def test_every_column_is_that_of_r_at_the_values_of_the_fit_and_at_new_ones(reference):
    data, new, expected = reference
    names = expected.loc[expected["what"] == "fit", "name"].unique()
    assert len(names) == 31
    for name in names:
        label, place = name[:-1].split("[")
        function, column, size = label.replace("(", " ").replace(",", " ").replace(")", "").split()
        basis = make_basis(function, data[column].to_numpy(float), int(size), label)
        for what, table in (("fit", data), ("new", new)):
            want = expected.loc[
                (expected["what"] == what) & (expected["name"] == name), "value"
            ].to_numpy()
            found = basis.columns(table[column].to_numpy(float))[:, int(place) - 1]
            np.testing.assert_allclose(found, want, rtol=0, atol=COLUMN)


@pytest.mark.parametrize("model", ENGINE)
def test_models_and_predictions_are_those_of_r(reference, model):
    data, new, expected = reference
    formula, engine = ENGINE[model]
    fit = ps.fit(data, spec(formula, engine))
    found, part = fit.terms.set_index("term").loc[ORDER[model]], expected[expected["what"] == model]
    for column in ("estimate", "std_error"):
        np.testing.assert_allclose(
            found[column], part.loc[part["name"] == column, "value"], rtol=MODEL[engine]
        )
    predicted = ps.models.predict(fit, new, "link")
    np.testing.assert_allclose(
        predicted["estimate"], part.loc[part["name"] == "predicted", "value"], rtol=MODEL[engine]
    )


@given(
    st.integers(0, 10**6),
    st.integers(1, 8),
    st.sampled_from([1e-9, 1.0, 1e9]),
    st.sampled_from([0.0, 5.0, 2000.0]),
)
def test_polynomials_are_orthogonal_of_length_one_and_span_the_powers(seed, degree, unit, move):
    x = (np.random.default_rng(seed).normal(size=40) + move) * unit
    made = make_basis("poly", x, degree, "p").columns(x)
    np.testing.assert_allclose(made.T @ made, np.eye(degree), atol=1e-9)
    np.testing.assert_allclose(made.sum(axis=0), 0, atol=1e-9)
    u = (x - x.mean()) / x.std()
    powers = np.vander(u, degree + 1, increasing=True)
    fitted = powers @ np.linalg.lstsq(powers, made, rcond=None)[0]
    np.testing.assert_allclose(fitted, made, atol=1e-6)
    assert (made[np.argmax(x)] > 0).all()  # the highest power has a coefficient above zero


@given(st.integers(0, 10**6), st.integers(3, 9))
def test_splines_are_those_of_scipy_one_by_one(seed, df):
    x = np.random.default_rng(seed).gamma(2.0, size=50)
    basis = make_basis("bs", x, df, "b")
    inner = np.quantile(x, np.linspace(0, 1, df - 1)[1:-1])
    knots = np.r_[[x.min()] * 4, inner, [x.max()] * 4]
    want = np.column_stack([BSpline(knots, np.eye(df + 1)[j], 3)(x) for j in range(1, df + 1)])
    np.testing.assert_allclose(basis.columns(x), want, atol=1e-10)


@pytest.mark.parametrize("curve", ["poly(x, 3)", "bs(x, 5)", "poly(scale(x), 3)"])
@pytest.mark.parametrize(("engine", "left"), [("linear", "v"), ("logit", "y"), ("firth", "y")])
def test_a_prediction_cannot_drift(curve, engine, left):
    d = draw()
    fit = ps.fit(d, spec(f"{left} ~ {curve} + z", engine))
    want = ps.models.predict(fit, d, "link")["estimate"].to_numpy()
    np.testing.assert_allclose(want, fit.design.X @ fit.terms["estimate"].to_numpy(), rtol=1e-10)
    # other rows, in another order: the same numbers for the same cases
    few = d.iloc[[7, 3]].assign(v=np.nan)
    np.testing.assert_allclose(
        ps.models.predict(fit, few, "link")["estimate"], want[[7, 3]], rtol=1e-10
    )


def test_a_polynomial_is_the_same_model_as_its_powers():
    d = draw()
    one, two = ps.fit(d, spec("v ~ poly(x, 2) + z")), ps.fit(d, spec("v ~ x + square(x) + z"))
    assert one.loglik == pytest.approx(two.loglik, rel=1e-12)
    assert one.terms.set_index("term").p_value["poly(x, 2)[2]"] == pytest.approx(
        two.terms.set_index("term").p_value["square(x)"], rel=1e-8
    )
    # a polynomial goes on, as x and square(x) do
    beyond = pd.DataFrame({"x": [9.0, -9.0], "z": 0.0})
    np.testing.assert_allclose(
        *(ps.models.predict(f, beyond, "link")["estimate"] for f in (one, two)), rtol=1e-9
    )


def test_values_outside_the_splines_are_told_and_not_predicted():
    d = draw()
    fit = ps.fit(d, spec("v ~ bs(x, 4) + z"))
    new = pd.DataFrame({"x": [0.0, 99.0, np.nan, d.x.min(), d.x.max()], "z": 0.0})
    found = ps.models.predict(fit, new, "response")
    assert found["estimate"].isna().tolist() == [False, True, True, False, False]
    low, high = d.x.min(), d.x.max()
    assert (
        found["reason"][1]
        == f"x is 99, outside what the fit had ({low:g} to {high:g}), where the splines of bs(x, 4)"
        " do not exist"
    )
    assert found["reason"][2] == "x is missing"
    logged = ps.fit(d.assign(x=lambda t: np.exp(t.x)), spec("v ~ bs(log(x), 4)"))
    assert (
        ps.models.predict(logged, pd.DataFrame({"x": [1e9, -1.0]}), "link")["reason"]
        .str.startswith("log(x)")
        .all()
    )


@pytest.mark.parametrize(
    ("formula", "terms"),
    [
        ("v ~ poly(x, 2)", ["Intercept", "poly(x, 2)[1]", "poly(x, 2)[2]"]),
        ("v ~ 0 + poly(x, 1)", ["poly(x, 1)[1]"]),
        ("v ~ z:poly(x, 2)", ["Intercept", "z:poly(x, 2)[1]", "z:poly(x, 2)[2]"]),
        ("v ~ z + poly(x, 2) - poly(x, 2)", ["Intercept", "z"]),
        ("v ~ z*poly(x, 1) - z", ["Intercept", "poly(x, 1)[1]", "z:poly(x, 1)[1]"]),
        ("v ~ poly(x, 2) + poly(x, 2)", ["Intercept", "poly(x, 2)[1]", "poly(x, 2)[2]"]),
        ("v ~ poly(log1p(square(x)), 1)", ["Intercept", "poly(log1p(square(x)), 1)[1]"]),
        (
            "v ~ C(m)*poly(x, 1)",
            [
                "Intercept",
                "C(m)[1]",
                "C(m)[2]",
                "poly(x, 1)[1]",
                "C(m)[1]:poly(x, 1)[1]",
                "C(m)[2]:poly(x, 1)[1]",
            ],
        ),
    ],
)
def test_terms_are_named_by_curve_and_column(formula, terms):
    assert ps.fit(draw(), spec(formula)).terms["term"].tolist() == terms


@pytest.mark.parametrize(
    ("change", "formula", "error", "said"),
    [
        (
            {},
            "v ~ poly(m, 3)",
            ps.FitError,
            (
                r"poly\(m, 3\): 3 different value\(s\) cannot carry a polynomial of degree 3. .*"
                r" below 3"
            ),
        ),
        (
            {"x": 2.0},
            "v ~ poly(x, 2)",
            ps.FitError,
            r"poly\(x, 2\): the values do not vary in the 60 rows used",
        ),
        ({"x": 1e12}, "v ~ bs(x, 4)", ps.FitError, r"bs\(x, 4\): the values do not vary"),
        (
            {"x": lambda t: np.where(t.index < 50, 0, t.x**2)},
            "v ~ bs(x, 5)",
            ps.FitError,
            r"bs\(x, 5\): knots .* fall together .* \(near 0\)",
        ),
        ({}, "v ~ bs(k, 4)", ps.SpecError, "'k' holds str, not numbers"),
        (
            {},
            "v ~ poly(log(x), 2)",
            ps.FitError,
            r"poly\(log\(x\), 2\): \d+ value\(s\) have no log",
        ),
        (
            {},
            "poly(v, 2) ~ x",
            ps.SpecError,
            r"the outcome is poly\(v, 2\): an outcome is a number, not several columns",
        ),
        ({}, "v ~ poly(x, 2):poly(x, 2)", ps.SpecError, r"poly\(x, 2\) is crossed with itself"),
        ({}, "v ~ poly(v, 2)", ps.SpecError, r"'v' is the outcome \(v\), .* as poly\(v, 2\)"),
        (
            {},
            "v ~ x + poly(x, 2)",
            ps.FitError,
            r"the terms 'x', 'poly\(x, 2\)\[1\]' are exact combinations|'x', 'poly",
        ),
        (
            {"poly(x, 1)[1]": 1.0},
            "v ~ poly(x, 1) + `poly(x, 1)[1]`",
            ps.SpecError,
            r"two terms are both named 'poly\(x, 1\)\[1\]'",
        ),
        (
            {"poly(x, 1)": 1.0},
            "v ~ poly(x, 1) + `poly(x, 1)`",
            ps.SpecError,
            "both a column and a function",
        ),
    ],
)
def test_what_is_no_curve_is_refused(change, formula, error, said):
    with pytest.raises(error, match=said):
        ps.fit(draw().assign(**change), spec(formula))


def test_a_design_keeps_what_its_curves_are_made_of():
    d = draw()
    bases = build_design(d, "v ~ poly(x, 2) + bs(z, 5)", (), None).bases
    assert set(bases) == {"poly(x, 2)", "bs(z, 5)"}
    assert bases["bs(z, 5)"].low == d.z.min()
    assert len(bases["bs(z, 5)"].inner) == 2
    assert len(bases["poly(x, 2)"].alpha) == 2


@pytest.mark.parametrize("engine", ["cox", "discrete_time"])
def test_curves_serve_engines_of_times(engine):
    rng = np.random.default_rng(3)
    d = draw(80).assign(t=rng.integers(1, 6, 80), e=(rng.random(80) < 0.6).astype(int))
    P = make_basis("poly", d.x.to_numpy(), 2, "p").columns(d.x.to_numpy())
    one = ps.fit(d, spec("Surv(t, e) ~ poly(x, 2) + z", engine)).terms.set_index("term")
    two = ps.fit(
        d.assign(p=P[:, 0], q=P[:, 1]), spec("Surv(t, e) ~ p + q + z", engine)
    ).terms.set_index("term")
    want = two.rename({"p": "poly(x, 2)[1]", "q": "poly(x, 2)[2]"}).loc[one.index]
    pd.testing.assert_frame_equal(one, want, rtol=1e-9)
