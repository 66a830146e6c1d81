"""Predictions: the rows of the fit give its own values back, new rows go
through the stored design, FLIC keeps the share.
"""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.special import expit

import peacestudy as ps
from peacestudy.models import predict
from peacestudy.models.kernels.flic import flic_shift

SAME = 1e-7  # relative, against statsmodels
ROUNDING = 1e-10
SHARE = 1e-10  # absolute, mean of FLIC probabilities and observed share
RIGHT = "scale(a)*m + log(s) + C(k)"


def draw(N=120, seed=4):
    rng = np.random.default_rng(seed)
    d = pd.DataFrame(
        {
            "a": rng.normal(5, 2, N),
            "m": rng.normal(size=N),
            "s": rng.exponential(size=N),
            "k": rng.choice(list("xyz"), N),
        }
    )
    d["g"] = rng.integers(0, 25, N)
    return d.assign(
        v=lambda t: t.a + rng.normal(size=N), y=lambda t: (rng.random(N) < expit(t.a - 7)) * 1
    )


def fit(formula=f"y ~ {RIGHT}", engine="firth", vcov="classical", data=None, **more):
    return ps.fit(
        draw() if data is None else data, ps.ModelSpec("m", formula, engine, vcov, **more)
    )


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("vcov", ["classical", "hc1"])
def test_the_mean_of_flic_is_the_observed_share(seed, vcov):
    d = draw(seed=seed)
    found = fit(data=d, vcov=vcov)
    assert predict(found, d, "flic").estimate.mean() == pytest.approx(d.y.mean(), abs=SHARE)
    # Firth's own is pulled to one half
    assert abs(predict(found, d, "response").estimate.mean() - d.y.mean()) > 1e-4


def test_flic_is_a_logit_of_the_intercept_with_the_rest_as_offset():
    d = draw()
    found = fit(data=d)
    offset = found.design.X[:, 1:] @ found.terms.estimate[1:]
    alone = sm.GLM(d.y, np.ones(len(d)), family=sm.families.Binomial(), offset=offset).fit(
        tol=1e-14
    )
    np.testing.assert_allclose(
        predict(found, d, "flic").estimate, expit(offset + alone.params.iloc[0]), rtol=SAME
    )
    slope = np.log(predict(found, d, "flic").estimate / (1 - predict(found, d, "flic").estimate))
    link = predict(found, d, "link").estimate
    # the slopes are kept
    np.testing.assert_allclose(slope - link, slope[0] - link[0], atol=ROUNDING)


@given(
    eta=st.lists(st.floats(-500, 500), min_size=3, max_size=9),
    scale=st.sampled_from([1e-3, 1, 30]),
    share=st.floats(1e-6, 1 - 1e-6),
)
def test_the_shift_exists_for_every_predictor_and_share(eta, scale, share):
    x = np.array([eta]) * scale
    shift = flic_shift(x, np.array([share]))
    # a predictor of 1e4 has digits of 1e-12, so the mean can jump over the share by as much where
    # it is steep
    assert expit(x + shift).mean() == pytest.approx(share, abs=1e-11)


def test_a_share_of_nothing_or_all_has_an_infinite_shift():
    assert flic_shift(np.zeros((3, 4)), np.array([0.0, 0.5, 1.0])).tolist() == [
        -np.inf,
        0.0,
        np.inf,
    ]


def test_separated_outcomes_have_flic_probabilities():
    d = draw().assign(y=lambda t: (t.a > 5) * 1)
    found = fit("y ~ a + m", data=d)
    p = predict(found, d, "flic")
    assert p.estimate.mean() == pytest.approx(d.y.mean(), abs=SHARE)
    assert p[["estimate", "conf_low", "conf_high"]].notna().all(axis=None)


@pytest.mark.parametrize(("engine", "left"), [("linear", "v"), ("logit", "y"), ("firth", "y")])
def test_intervals_are_the_delta_method_on_the_link(engine, left):
    d = draw()
    found = fit(f"{left} ~ {RIGHT}", engine, "cluster", cluster="g")
    got = predict(found, d, "link", conf_level=0.9)
    X, V = found.design.X, found.vcov.to_numpy()
    eta, se = X @ found.terms.estimate, np.sqrt(np.diag(X @ V @ X.T))
    q = (stats.t(24) if engine == "linear" else stats.norm).ppf(0.95)
    np.testing.assert_allclose(
        got[["estimate", "conf_low", "conf_high"]],
        np.column_stack([eta, eta - q * se, eta + q * se]),
        rtol=1e-9,
        atol=1e-9,
    )
    response = predict(found, d, "response", conf_level=0.9)
    want = (
        got
        if engine == "linear"
        else got.assign(**{c: expit(got[c]) for c in ("estimate", "conf_low", "conf_high")})
    )
    pd.testing.assert_frame_equal(response, want, rtol=ROUNDING)
    assert got.columns.tolist() == ["case", "estimate", "conf_low", "conf_high", "reason", "note"]
    assert (got.reason == "").all()


def test_they_are_statsmodels():
    d = draw()
    X = sm.add_constant(d[["a", "m"]])
    want = sm.OLS(d.v, X).fit().get_prediction(X).summary_frame()
    got = predict(fit("v ~ a + m", "linear"), d, "response")
    np.testing.assert_allclose(
        got[["estimate", "conf_low", "conf_high"]],
        want[["mean", "mean_ci_lower", "mean_ci_upper"]],
        rtol=SAME,
    )
    glm = sm.GLM(d.y, X, family=sm.families.Binomial()).fit(tol=1e-14)
    got = predict(fit("y ~ a + m", "logit"), d, "response")
    np.testing.assert_allclose(
        got[["estimate", "conf_low", "conf_high"]].to_numpy()[:, 0], glm.predict(X), rtol=SAME
    )


@pytest.mark.parametrize("rows", [slice(0, 1), slice(5, 8), slice(0, 0)])
def test_a_row_is_predicted_the_same_alone_and_among_others(rows):
    d = draw()
    found = fit()
    whole = predict(found, d, "flic")
    pd.testing.assert_frame_equal(
        predict(found, d[rows], "flic"),
        whole[rows].reset_index(drop=True),
        rtol=ROUNDING,
        check_dtype=False,
    )


@pytest.mark.parametrize(
    "right",
    [
        "a",
        "0 + C(k) + a",
        "C(k):m + a",
        "square(center(a)) + sqrt(s) + log1p(s)",
        "C(square(g))",
        "1",
        "scale(log(s)):C(k)",
    ],
)
def test_every_shape_of_formula_gives_its_own_rows_back(right):
    d = draw().assign(g=lambda t: t.g % 3)
    found = fit(f"v ~ {right}", "linear", data=d)
    np.testing.assert_allclose(
        predict(found, d, "link").estimate,
        found.design.X @ found.terms.estimate,
        rtol=ROUNDING,
        atol=ROUNDING,
    )
    one = predict(found, d[::-1].iloc[:40], "link").estimate.to_numpy()
    np.testing.assert_allclose(
        one, (found.design.X @ found.terms.estimate)[::-1][:40], rtol=ROUNDING, atol=ROUNDING
    )


def test_what_cannot_be_predicted_is_missing_with_the_reason():
    d = draw().iloc[:7].set_index(pd.Index(list("ABCDEFG"))).astype({"k": object})
    d.loc["B", "k"], d.loc["C", "a"], d.loc["D", "s"], d.loc["E", "k"], d.loc["F", "m"] = (
        "w",
        np.nan,
        -1,
        None,
        np.inf,
    )
    got = predict(fit(), d, "flic").set_index("case")
    assert got.index.tolist() == list("ABCDEFG")
    assert got.reason.to_dict() == {
        "A": "",
        "B": "C(k) is w, a category that the fit did not have",
        "C": "a is missing",
        "D": "log(s): -1 has no log",
        "E": "k is missing",
        "F": "m is inf, beyond what can be predicted",
        "G": "",
    }
    numbers = got[["estimate", "conf_low", "conf_high"]]
    assert numbers.loc[list("BCDEF")].isna().all(axis=None)
    pd.testing.assert_frame_equal(
        numbers.loc[["A", "G"]],
        predict(fit(), draw().iloc[[0, 6]], "flic").set_axis(["A", "G"])[numbers.columns],
        check_names=False,
        check_index_type=False,
    )
    alone = predict(fit(), d.loc[["B"]], "link")
    assert alone.estimate.isna().all()


def test_a_study_frame_names_its_cases():
    d = draw(N=30).assign(case_id=[f"c{i}" for i in range(30)])
    frame = ps.StudyFrame(d, "treaty", "case_id")
    assert predict(fit(), frame, "flic").case.tolist() == d.case_id.tolist()


def test_the_outcome_is_not_needed_and_the_data_are_not_touched():
    d = draw()[["a", "m", "s", "k"]]
    before = d.copy()
    assert predict(fit(), d, "response").estimate.notna().all()
    pd.testing.assert_frame_equal(d, before)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kind": "prob"}, "kind is 'prob'; it must be one of flic, response, link"),
        ({"conf_level": 95}, "conf_level is 95"),
        ({"data": draw().drop(columns="m")}, "the column 'm' is not in the data"),
        ({"data": draw().assign(m="1")}, "the fit took it for numbers"),
        ({"fit": fit("v ~ a", "linear")}, "engine 'firth', not of 'linear'"),
        ({"fit": fit("y ~ 0 + a")}, "has none; write kind 'response'"),
    ],
)
def test_what_does_not_exist_is_refused(change, said):
    with pytest.raises(ps.SpecError, match=said):
        predict(**({"fit": fit(), "data": draw(), "kind": "flic"} | change))


def test_the_kind_must_be_written_and_hazards_are_refused():
    with pytest.raises(TypeError, match="kind"):
        predict(fit(), draw())
    d = draw().assign(t=lambda t: 1 + t.g)
    found = ps.fit(d, ps.ModelSpec("m", "Surv(t, y) ~ a", "cox", "classical"))
    with pytest.raises(
        ps.SpecError,
        match="engine of a prediction is 'cox'; it must be one of linear, logit, firth",
    ):
        predict(found, d, "link")


def test_rows_beyond_what_the_fit_held_are_predicted_and_told():
    d = draw()
    new = d.head(3).assign(a=[d.a.min(), 99.0, d.a.mean()], m=[d.m.max(), d.m.min(), -50.0])
    told = predict(fit("v ~ a*m + C(k)", "linear", data=d), new, "response").note.tolist()
    a, m = (
        f"and the fit held {d[c].min():g} to {d[c].max():g}: an extrapolation" for c in ("a", "m")
    )
    assert told == ["", f"a is 99, {a}", f"m is -50, {m}"]
    scaled = predict(
        fit("v ~ scale(a) + log(s)", "linear", data=d),
        new.assign(s=[1e9, np.nan, d.s.min()]),
        "link",
    )
    assert [n.split(" is ")[0] for n in scaled.note] == [
        "log(s)",
        "",
        "",
    ] and scaled.reason.tolist()[1] == "s is missing"
    curve = predict(fit("v ~ poly(a, 2)", "linear", data=d), new, "link").note
    assert curve.str.startswith("poly(a, 2)[1] is").tolist() == [False, True, False]
    ordered = predict(
        fit("k2 ~ a", "ordered", data=d.assign(k2=d.m.round().clip(-1, 1))), new, "response"
    )
    assert [bool(n) for n in ordered.note] == [False] * 3 + [True] * 3 + [False] * 3
