"""Residuals, leverage and influence against R
(tests/references/influence), statsmodels, and fits anew by brute force.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from statsmodels.stats.outliers_influence import variance_inflation_factor

import peacestudy as ps
from peacestudy.models.diagnosis.collinearity import collinearity, condition_number
from peacestudy.models.diagnosis.influence import case_tables
from peacestudy.models.diagnosis.leave_one_out import left_out

FOLDER = Path(__file__).parents[2] / "references" / "influence"
CLOSED = 1e-8  # relative or absolute; linear algebra
LIKELIHOOD = 1e-6  # relative; R's glm and coxph stop at their own tolerance
ANEW = 1e-9  # relative; the same fit by two roads


@pytest.fixture(scope="module")
def reference():
    return pd.read_csv(FOLDER / "data.csv").set_index("case"), pd.read_csv(
        FOLDER / "cases.csv", keep_default_na=False
    )


def draw(N=40, seed=1):
    rng = np.random.default_rng(seed)
    d = pd.DataFrame(
        {
            "a": rng.normal(size=N),
            "b": rng.normal(size=N),
            "k": rng.choice(list("xyz"), N),
            "g": rng.integers(0, 8, N),
        }
    )
    d["y"], d["v"] = (rng.random(N) < 0.5).astype(int), d.a + rng.normal(size=N)
    d["t"], d["e"], d["w"] = (
        rng.integers(1, 7, N),
        (rng.random(N) < 0.7).astype(int),
        rng.uniform(0.5, 2, N),
    )
    return d.set_index(pd.Index([f"case {i}" for i in range(N)]))


def spec(formula, engine="linear", vcov="classical", **more):
    return ps.ModelSpec("m", formula, engine, vcov, **more)


NAMES = {"(Intercept)": "Intercept", "kq": "C(k)[q]", "kr": "C(k)[r]"}


def values(expected, model, what):
    part = expected[(expected["model"] == model) & (expected["what"] == what)]
    return part.assign(term=part["term"].replace(NAMES), value=part["value"].astype(float))


@pytest.mark.parametrize(
    ("model", "formula", "rtol"),
    [("linear", "v ~ a + b + C(k)", CLOSED), ("logit", "y ~ a + b + C(k)", LIKELIHOOD)],
)
def test_every_column_is_that_of_r(reference, model, formula, rtol):
    data, expected = reference
    cases, dfbeta = case_tables(ps.fit(data, spec(formula, model)))
    assert cases["case"].tolist() == data.index.tolist()
    compared = [c for c in cases if c in set(expected.loc[expected["model"] == model, "what"])]
    assert {"fitted", "leverage", "cook", "residual_standard", "residual_student"} <= set(compared)
    for column in compared:
        np.testing.assert_allclose(
            cases[column], values(expected, model, column)["value"], rtol=rtol, atol=1e-9
        )
    for column in ("dfbeta", "dfbetas") if model == "linear" else ():
        want = values(expected, model, column).set_index(["case", "term"])["value"]
        found = dfbeta.set_index(["case", "term"])[column].loc[want.index]
        np.testing.assert_allclose(found, want, rtol=rtol, atol=1e-11)


@pytest.mark.parametrize(
    ("model", "formula", "what", "rtol"),
    [
        ("linear", "v ~ a + b + C(k)", "dfbeta", CLOSED),
        ("logit", "y ~ a + b + C(k)", "left_out", LIKELIHOOD),
        ("cox", "Surv(t, e) ~ a + b", "left_out", 1e-5),
    ],
)
def test_cases_left_out_are_those_of_r(reference, model, formula, what, rtol):
    data, expected = reference
    want = values(expected, model, what).set_index(["case", "term"])["value"]
    found = (
        left_out(ps.fit(data, spec(formula, model)))
        .set_index(["left_out", "term"])["dfbeta"]
        .loc[want.index]
    )
    np.testing.assert_allclose(found, want, rtol=rtol, atol=1e-8)


def test_cox_dfbeta_is_that_of_r(reference):
    data, expected = reference
    want = values(expected, "cox", "dfbeta").set_index(["case", "term"])["value"]
    cases, dfbeta = case_tables(ps.fit(data, spec("Surv(t, e) ~ a + b", "cox")))
    assert cases.columns.tolist() == ["case", "outcome"]
    np.testing.assert_allclose(
        dfbeta.set_index(["case", "term"])["dfbeta"].loc[want.index],
        want,
        rtol=LIKELIHOOD,
        atol=1e-9,
    )


def test_collinearity_is_that_of_r_and_of_statsmodels(reference):
    data, _ = reference
    want = pd.read_csv(FOLDER / "terms.csv")
    data = data.assign(c=lambda t: t.a + 0.3 * t.b + t.v / 10)
    fit = ps.fit(data, spec("y ~ a + b + c"))
    found = collinearity(fit)
    np.testing.assert_allclose(found["vif"], want.loc[want["what"] == "vif", "value"], rtol=CLOSED)
    np.testing.assert_allclose(
        found["vif"], [variance_inflation_factor(fit.design.X, j) for j in (1, 2, 3)], rtol=CLOSED
    )
    assert condition_number(ps.fit(data, spec("v ~ a + b + C(k)"))) == pytest.approx(
        want["value"].iloc[-1], rel=CLOSED
    )
    assert found["weakest"].between(0, 1).all()
    assert (found.loc[[0, 2], "weakest"] > 0.9).all()  # a and c are what can hardly be told apart
    lone = ps.fit(data, spec("v ~ 0 + a"))
    assert condition_number(lone) == pytest.approx(1.0)
    assert collinearity(lone)["weakest"].tolist() == [1.0]


def test_linear_is_that_of_statsmodels():
    d = draw()
    fit = ps.fit(d, spec("v ~ a + b", vcov="hc1"))
    cases, dfbeta = case_tables(fit)
    want = sm.OLS(d.v, sm.add_constant(d[["a", "b"]])).fit().get_influence()
    for column, theirs in {
        "leverage": want.hat_matrix_diag,
        "cook": want.cooks_distance[0],
        "residual_standard": want.resid_studentized_internal,
        "residual_student": want.resid_studentized_external,
        "residual": want.resid,
    }.items():
        np.testing.assert_allclose(cases[column], theirs, rtol=CLOSED)
    np.testing.assert_allclose(
        dfbeta["dfbetas"].to_numpy().reshape(-1, 3), want.dfbetas, rtol=CLOSED
    )


def test_logit_is_that_of_statsmodels():
    d = draw()
    cases, dfbeta = case_tables(ps.fit(d, spec("y ~ a + b", "logit")))
    model = sm.GLM(d.y, sm.add_constant(d[["a", "b"]]), family=sm.families.Binomial()).fit(
        tol=1e-14, tol_criterion="params", maxiter=200
    )
    want = model.get_influence()
    for column, theirs in {
        "leverage": want.hat_matrix_diag,
        "cook": want.cooks_distance[0],
        "residual_standard": want.resid_studentized,
        "residual_student": model.resid_deviance / np.sqrt(1 - want.hat_matrix_diag),
    }.items():
        np.testing.assert_allclose(cases[column], theirs, rtol=CLOSED)
    np.testing.assert_allclose(
        dfbeta["dfbeta"].to_numpy().reshape(-1, 3), want.d_params, rtol=CLOSED, atol=1e-12
    )
    np.testing.assert_allclose(
        dfbeta["dfbetas"].to_numpy().reshape(-1, 3), want.dfbetas, rtol=CLOSED, atol=1e-12
    )


FITS = [
    ("linear", "v ~ a + b + C(k)", {"vcov": "hc3"}),
    ("linear", "v ~ a + b", {"vcov": "hc1", "options": {"weights": "w"}}),
    ("linear", "v ~ poly(a, 2) + b", {"vcov": "cluster", "cluster": "g"}),
    ("logit", "y ~ a + b", {}),
    ("firth", "y ~ a + b + C(k)", {}),
    ("firth", "y ~ a + b", {"vcov": "cluster", "cluster": ["g", "k"]}),
    ("cox", "Surv(t, e) ~ a + b", {"vcov": "cluster", "cluster": "g"}),
    ("cox", "Surv(t, e) ~ a + b", {"options": {"strata": "k"}}),
    (
        "discrete_time",
        "Surv(t, e) ~ a + b",
        {"options": {"baseline": "cubic"}, "vcov": "cluster", "cluster": "g"},
    ),
    ("discrete_time", "e ~ a + b", {}),
]


@pytest.mark.parametrize(("engine", "formula", "how"), FITS)
def test_left_out_is_the_model_fitted_anew(engine, formula, how):
    d = draw()
    fit = ps.fit(d, spec(formula, engine, **how))
    for by in ("case", *fit.spec.cluster_columns):
        table = left_out(fit, by)
        names = d.index if by == "case" else d[by].unique()
        assert set(table["left_out"]) == set(names)
        for name in names[:4]:
            part = table[table["left_out"] == name].reset_index(drop=True)
            rest = d[d.index != name] if by == "case" else d[d[by] != name]
            if "poly" in formula:  # the basis stays that of the whole
                fixed = pd.DataFrame(
                    fit.design.bases["poly(a, 2)"].columns(rest.a.to_numpy()),
                    columns=["p", "q"],
                    index=rest.index,
                )
                want = ps.fit(rest.join(fixed), spec("v ~ p + q + b", engine, **how)).terms
                want["term"] = want["term"].replace({"p": "poly(a, 2)[1]", "q": "poly(a, 2)[2]"})
            else:
                want = ps.fit(rest, fit.spec).terms
            pd.testing.assert_frame_equal(
                part[["term", "estimate", "std_error", "p_value"]].sort_values(
                    "term", ignore_index=True
                ),
                want[["term", "estimate", "std_error", "p_value"]].sort_values(
                    "term", ignore_index=True
                ),
                rtol=ANEW * 100,
            )
            np.testing.assert_allclose(
                part["dfbeta"], fit.terms["estimate"].to_numpy() - part["estimate"], rtol=ANEW
            )
            np.testing.assert_allclose(
                part["dfbetas"] * fit.terms["std_error"].to_numpy(), part["dfbeta"], rtol=ANEW
            )


@pytest.mark.parametrize(
    "how", [{"vcov": "classical"}, {"vcov": "hc1", "options": {"weights": "w"}}]
)
def test_one_step_is_exact_where_the_model_is_linear(how):
    fit = ps.fit(draw(), spec("v ~ a + b + C(k)", **how))
    np.testing.assert_allclose(
        case_tables(fit)[1]["dfbeta"], left_out(fit)["dfbeta"], rtol=1e-7, atol=1e-12
    )


@pytest.mark.parametrize(
    ("engine", "formula"),
    [("logit", "y ~ a + b"), ("firth", "y ~ a + b"), ("cox", "Surv(t, e) ~ a + b")],
)
def test_one_step_goes_the_way_of_the_whole(engine, formula):
    fit = ps.fit(draw(120), spec(formula, engine))
    step, whole = case_tables(fit)[1]["dfbeta"], left_out(fit)["dfbeta"]
    assert np.corrcoef(step, whole)[0, 1] > 0.99
    assert np.polyfit(step, whole, 1)[0] == pytest.approx(1.0, abs=0.1)


def test_what_cannot_be_fitted_without_one_says_why():
    d = draw().assign(
        s=lambda t: (t.index == "case 3").astype(int) + (t.index == "case 4"),
        y=lambda t: np.where(t.index == "case 3", 1, t.y),
    )
    d.loc["case 4", "y"] = 0
    table = left_out(ps.fit(d, spec("y ~ a + s", "logit"))).set_index("left_out")
    for name in ("case 3", "case 4"):
        assert table.loc[name, "estimate"].isna().all()
        assert table.loc[name, "reason"].str.contains("separated by s").all()
    assert (table.loc["case 5", "reason"] == "").all()
    assert table["estimate"].isna().sum() == 6


def test_a_row_that_is_fitted_exactly_has_no_residual():
    d = draw().assign(s=lambda t: (t.index == "case 3").astype(int))
    cases, dfbeta = case_tables(ps.fit(d, spec("v ~ a + s")))
    lone = cases[cases["case"] == "case 3"]
    assert lone["leverage"].iloc[0] == pytest.approx(1.0)
    assert lone[["residual_standard", "residual_student", "cook"]].isna().all(axis=None)
    assert dfbeta.loc[dfbeta["case"] == "case 3", "dfbeta"].isna().all()
    assert cases["cook"].isna().sum() == 1


def test_periods_of_a_case_are_left_out_together():
    fit = ps.fit(draw(), spec("Surv(t, e) ~ a", "discrete_time", options={"baseline": "constant"}))
    table = left_out(fit)
    assert table["left_out"].nunique() == 40
    lost = len(fit.design.y) - table.drop_duplicates("left_out").set_index("left_out")["rows"]
    assert lost.to_dict() == draw()["t"].to_dict()
    assert len(case_tables(fit)[0]) == len(fit.design.y)


def test_an_unknown_group_is_refused():
    fit = ps.fit(draw(), spec("v ~ a", vcov="cluster", cluster="g"))
    with pytest.raises(ps.SpecError, match="by is 'k'; it must be one of case, g"):
        left_out(fit, "k")
