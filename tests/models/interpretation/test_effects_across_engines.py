"""What effects say and refuse after every engine: exposures, groups, categories, bootstraps,
imputed data, conditional effects.
"""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.special import expit
from scipy.stats import norm

import peacestudy as ps
from peacestudy.models import conditional_effects, effects, predict
from peacestudy.models.engines.registry import ENGINES
from peacestudy.models.interpretation.draws import draw_coefficients
from peacestudy.models.kernels.mixed_logit import average

CLOSED = 1e-9  # relative; the same formula by two roads
QUADRATURE = 1e-10  # absolute; scipy's adaptive integral


def draw(N=240, seed=3):
    rng = np.random.default_rng(seed)
    d = pd.DataFrame(
        {"a": rng.normal(size=N), "m": rng.integers(0, 6, N) * 1.0, "k": rng.choice(list("xyz"), N)}
    )
    d["g"], d["months"] = rng.integers(0, 16, N), rng.integers(1, 25, N)
    u = rng.normal(size=16)[d.g]
    latent = 0.6 * d.a + 0.2 * d.a * d.m + (d.k == "z") + u + rng.logistic(size=N)
    d["level"] = pd.Categorical(
        np.array(["low", "mid", "high"])[np.digitize(latent, [-0.5, 1.5])],
        ["low", "mid", "high"],
        ordered=True,
    )
    d["y"], d["v"] = (latent > 0.5).astype(int), latent
    d["n"] = rng.negative_binomial(2, 2 / (2 + d.months * np.exp(-2 + 0.3 * d.a)))
    return d


D = draw()
HOW = {
    "linear": ("v", {}, {}),
    "logit": ("y", {}, {}),
    "firth": ("y", {}, {"scale": "flic"}),
    "ordered": ("level", {}, {}),
    "poisson": ("n", {"exposure": "months"}, {}),
    "negative_binomial": ("n", {"exposure": "months"}, {}),
    "ridge": ("y", {"penalty": 2}, {}),
    "mixed_logit": ("y", {"group": "g"}, {"scale": "average"}),
    "mixed_linear": ("v", {"group": "g", "method": "ml"}, {}),
}


def fit(engine, right="a*m + C(k)", vcov="classical", cluster=None, data=D, **more):
    outcome, options, _ = HOW[engine]
    return ps.fit(
        data, ps.ModelSpec("m", f"{outcome} ~ {right}", engine, vcov, cluster, {**options, **more})
    )


@pytest.mark.parametrize("engine", list(HOW))
def test_conditional_effects_are_effects_with_the_moderator_held(engine):
    found, ask = fit(engine), HOW[engine][2]
    J = 3 if engine == "ordered" else 1
    for change in ("slope", (-1.0, 1.0), "sd"):
        got = conditional_effects(
            found, D, "a", change, "m", [0, 3, 5], near=0.0, min_cases=5, difference=(0, 5), **ask
        )
        assert len(got) == 4 * J
        for i, value in enumerate((0, 3, 5)):
            kind, what = ("slopes", "a") if change == "slope" else ("comparisons", {"a": change})
            want = effects(found, D, kind, what, at={"m": value}, **ask)
            part = got.iloc[i * J : (i + 1) * J]
            for column in ("estimate", "std_error", "conf_low", "conf_high"):
                np.testing.assert_allclose(part[column], want[column], rtol=CLOSED)
            if engine == "ordered":
                assert part["category"].tolist() == ["low", "mid", "high"]
            assert (part["n_near"] == (value == D.m).sum()).all()
        last = got.iloc[3 * J :]
        apart = got["estimate"].iloc[2 * J : 3 * J].to_numpy() - got["estimate"].iloc[:J].to_numpy()
        np.testing.assert_allclose(last["estimate"], apart, rtol=CLOSED)
        assert last["contrast"].str.contains("at m = 5 less at 0", regex=False).all()
    events = {"ordered": np.nan, "linear": np.nan, "mixed_linear": np.nan}.get(
        engine, D[HOW[engine][0]][D.m == 0].sum() if engine != "ordered" else 0
    )
    np.testing.assert_array_equal(got["n_events"].iloc[0], events)


def test_a_difference_has_the_gradient_of_both_ends():
    """By hand, of the category in the middle: the delta method on
    the difference of two profiles' effects.
    """
    found = fit("ordered", "a*m")
    b, V = found.terms["estimate"].to_numpy(), found.vcov.to_numpy()

    def mid(t, a, m):
        eta = t[0] * a + t[1] * m + t[2] * a * m
        return (expit(t[4] - eta) - expit(t[3] - eta)).mean()

    def whole(t):
        m = np.zeros(len(D))
        return (mid(t, m + 1, m + 5) - mid(t, m, m + 5)) - (mid(t, m + 1, m) - mid(t, m, m))

    J = np.array([(whole(b + h) - whole(b - h)) / 2e-6 for h in 1e-6 * np.eye(len(b))])
    got = conditional_effects(
        found, D, "a", (0, 1), "m", [0, 5], near=0.0, min_cases=5, difference=(0, 5)
    ).iloc[-2]
    assert (got["category"], got["estimate"]) == ("mid", pytest.approx(whole(b), rel=CLOSED))
    assert got["std_error"] == pytest.approx((J @ V @ J) ** 0.5, rel=1e-6)


@pytest.mark.parametrize("engine", [e for e in HOW if e != "firth"])
def test_the_link_is_the_linear_predictor_of_predict(engine):
    found = fit(engine)
    for kind, table in ((None, D), ({"a": 0.5, "k": "y"}, D.assign(a=0.5, k="y"))):
        got = effects(found, D, "predictions", at=kind, scale="link")
        assert got["estimate"][0] == pytest.approx(
            predict(found, table, "link")["estimate"].mean(), rel=CLOSED
        )
        assert "category" not in got
    one = effects(
        found,
        D,
        "predictions",
        at={"a": 0.5, "m": 1, "k": "y"}
        | ({"months": 3} if "months" in str(found.spec.options) else {}),
        scale="link",
    )
    shown = predict(
        found, pd.DataFrame({"a": [0.5], "m": [1.0], "k": ["y"], "months": [3]}), "link"
    )
    np.testing.assert_allclose(
        one[["conf_low", "conf_high"]], shown[["conf_low", "conf_high"]], rtol=1e-8
    )


@pytest.mark.parametrize("sd", [0.0, 0.4, 2.0, 6.0, 15.0])
def test_the_mean_over_groups_is_an_integral_however_far_groups_differ(sd):
    eta = np.array([-4.0, -0.7, 0.3, 2.5])
    want = [
        quad(
            lambda u, m=m: expit(m + sd * u) * norm.pdf(u),
            -12,
            12,
            points=[-m / sd] if sd else None,
            epsabs=1e-13,
            limit=500,
        )[0]
        for m in eta
    ]
    np.testing.assert_allclose(average(eta, sd), want, atol=QUADRATURE)


def test_a_spread_on_its_edge_is_held_there_and_said():
    # as many ones in every group as zeros
    d = D.assign(y=np.arange(len(D)) % 2, g=np.arange(len(D)) // 2 % 16)
    found = fit("mixed_logit", "a", data=d)
    assert found.terms["estimate"].iloc[-1] == 0
    plain = ps.fit(d, ps.ModelSpec("m", "y ~ a", "logit", "classical"))
    want = effects(plain, d, "slopes")
    for scale in ("average", "response"):
        got = effects(found, d, "slopes", scale=scale)
        np.testing.assert_allclose(
            got[["estimate", "std_error"]], want[["estimate", "std_error"]], rtol=1e-6
        )
    assert (
        "sd(g) 0, zero at its boundary and held there"
        in effects(found, d, "slopes", scale="average")["note"][0]
    )
    assert (draw_coefficients(found, "average", 200, np.random.default_rng(1))[:, -1] == 0).all()


def test_draws_keep_what_cannot_be_below_zero_above_it_and_cuts_in_order():
    for engine in ("mixed_logit", "negative_binomial"):
        found = fit(engine)
        wide = replace(found, vcov=found.vcov * 25)
        drawn = draw_coefficients(wide, "response", 4000, np.random.default_rng(1))
        assert (drawn[:, -1] > 0).all() and drawn.shape == (4000, len(found.terms))
        log = np.log(drawn[:, -1])
        b, se = found.terms["estimate"].iloc[-1], 5 * found.terms["std_error"].iloc[-1]
        assert log.mean() == pytest.approx(np.log(b), abs=4 * se / b / 4000**0.5)
        assert log.std() == pytest.approx(se / b, rel=0.05)
    found = fit("ordered")
    wide = replace(found, vcov=found.vcov * 100)
    drawn = draw_coefficients(wide, "response", 4000, np.random.default_rng(1))
    assert (drawn[:, -1] > drawn[:, -2]).all()
    V = wide.vcov.to_numpy()  # the first cut is drawn as it is, with its covariance with the slopes
    assert np.cov(drawn[:, 0], drawn[:, -2])[0, 1] == pytest.approx(
        V[0, -2], abs=0.15 * (V[0, 0] * V[-2, -2]) ** 0.5
    )


@pytest.mark.parametrize(("engine", "kind"), [("linear", "rademacher"), ("logit", "webb")])
def test_after_a_bootstrap_the_clustered_covariance_is_taken_and_said(engine, kind):
    more = {"bootstrap": kind, "bootstrap_draws": 999, "bootstrap_seed": 1}
    booted = effects(fit(engine, "a", "cluster", "g", **more), D, "slopes")
    plain = effects(fit(engine, "a", "cluster", "g"), D, "slopes")
    numbers = ["estimate", "std_error", "p_value", "conf_low", "conf_high"]
    np.testing.assert_array_equal(booted[numbers], plain[numbers])
    assert booted["note"][0].startswith(
        "by the clustered covariance: the bootstrap of the fit is of its coefficients alone"
    )
    assert plain["note"][0] == ""


@pytest.mark.parametrize("engine", ["ordered", "poisson", "negative_binomial", "ridge"])
@pytest.mark.parametrize(
    ("vcov", "cluster"),
    [("classical", None), ("hc0", None), ("hc1", None), ("cluster", "g"), ("cluster", ["g", "k"])],
)
def test_every_covariance_is_carried(engine, vcov, cluster):
    found = fit(engine, "a + m", vcov, cluster)
    got = effects(found, D, "comparisons", {"a": 1}, scale="link").iloc[0]
    # on the scale of the link a step of one is the coefficient
    own = found.terms.set_index("term").loc["a"]
    assert (got["estimate"], got["std_error"]) == pytest.approx(
        (own["estimate"], own["std_error"]), rel=1e-8
    )
    assert [got["conf_low"], got["conf_high"]] == pytest.approx(
        [own["conf_low"], own["conf_high"]], rel=1e-7
    )
    assert got["p_value"] == pytest.approx(own["p_value"], rel=1e-6)


@pytest.mark.parametrize(("engine", "vcov"), [(e, v) for e in HOW for v in ENGINES[e].vcovs])
def test_an_effect_on_the_link_is_its_coefficient_with_every_covariance(engine, vcov):
    found = fit(engine, "a + m", vcov, "g" if vcov in ("cluster", "cr2", "jackknife") else None)
    got = effects(found, D, "comparisons", {"a": 1}, scale="link").iloc[0]
    own = found.terms.set_index("term").loc["a"]
    assert (got["estimate"], got["std_error"]) == pytest.approx(
        (own["estimate"], own["std_error"]), rel=1e-8
    )
    if (engine, vcov) != ("firth", "classical"):  # whose intervals are by profile
        assert [got["conf_low"], got["conf_high"]] == pytest.approx(
            [own["conf_low"], own["conf_high"]], rel=1e-7
        )
    if vcov == "cr2":
        return
    drawn = effects(
        found, D, "comparisons", {"a": 1}, scale="link", interval="simulation", draws=4000, seed=2
    ).iloc[0]
    assert drawn["std_error"] == pytest.approx(
        own["std_error"] * (1 if found.df == np.inf else (found.df / (found.df - 2)) ** 0.5),
        rel=0.06,
    )


def test_what_is_too_large_to_reckon_with_is_refused():
    found = fit("poisson", "a")
    with pytest.raises(
        ps.FitError,
        match="prediction at a = 1e\\+06: the value is too large to compute",
    ):
        effects(found, D, "predictions", at={"a": 1e6})
    with pytest.raises(ps.FitError, match="a dY/dX at a = 1e\\+06"):
        effects(found, D, "slopes", at={"a": 1e6})
    at = 600 / found.terms["estimate"][1]
    with pytest.raises(ps.FitError, match="of 500 draws are too large to compute"):
        effects(found, D, "predictions", at={"a": at}, interval="simulation", draws=500, seed=1)
    for engine in ("ordered", "ridge"):
        with pytest.raises(ps.FitError, match="a ratio needs two averages above zero"):
            effects(fit(engine, "a"), D, "comparisons", {"a": (-1e5, 1e5)}, comparison="ratio")
    got = effects(fit("ordered", "a"), D, "predictions", at={"a": 1e5})
    assert (
        got["estimate"].tolist() == pytest.approx([0, 0, 1])
        and got["note"].str.contains("an extrapolation").all()
    )


def test_a_category_that_does_not_occur_has_no_row():
    d = D.assign(level=D.level.cat.add_categories(["never"]))
    got = effects(fit("ordered", "a", data=d), d, "predictions")
    assert got["category"].tolist() == ["low", "mid", "high"]


def test_offset_and_exposure_are_one_thing():
    d = D.assign(lm=np.log(D.months))
    one = fit("poisson")
    other = ps.fit(
        d, ps.ModelSpec("m", "n ~ a*m + C(k)", "poisson", "classical", options={"offset": "lm"})
    )
    for kind, what in (("slopes", "a"), ("predictions", None), ("comparisons", {"k": "reference"})):
        a, b = effects(one, D, kind, what), effects(other, d, kind, what)
        np.testing.assert_allclose(a["estimate"], b["estimate"], rtol=CLOSED)
        np.testing.assert_allclose(a["std_error"], b["std_error"], rtol=CLOSED)
    assert effects(other, d, "slopes", "a")["note"][0] == "at each row's own offset (lm)"
    rate = effects(other, d, "predictions", at={"lm": 0.0})
    np.testing.assert_allclose(
        rate["estimate"], effects(one, D, "predictions", at={"months": 1})["estimate"], rtol=CLOSED
    )
    both = ps.fit(
        d, ps.ModelSpec("m", "n ~ a + lm", "poisson", "classical", options={"offset": "lm"})
    )
    slope = effects(both, d, "slopes", "lm")["estimate"][0]
    step = 1e-5
    ends = [
        predict(both, d.assign(lm=d.lm + s * step), "response")["estimate"].mean() for s in (1, -1)
    ]
    assert slope == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-7)


@pytest.mark.parametrize(
    ("engine", "data", "kind", "variables", "ask", "error", "said"),
    [
        (
            "poisson",
            D,
            "predictions",
            None,
            {"at": {"months": 0}},
            ps.FitError,
            "the exposure 'months' must be above zero",
        ),
        (
            "poisson",
            D,
            "predictions",
            None,
            {"at": {"months": "x"}},
            ps.SpecError,
            "it must be a finite number",
        ),
        (
            "poisson",
            D,
            "comparisons",
            {"months": 1},
            {},
            ps.SpecError,
            "'months' is the offset or exposure, whose effect is not est",
        ),
        (
            "poisson",
            D.assign(months=D.months + (D.index == 3)),
            "slopes",
            "a",
            {},
            ps.FitError,
            "1 row(s) of the data differ from",
        ),
        (
            "poisson",
            D.drop(columns="months"),
            "slopes",
            "a",
            {},
            ps.SpecError,
            "column is 'months'",
        ),
        (
            "poisson",
            D,
            "comparisons",
            {"k": ("x", "y")},
            {"comparison": "ratio", "scale": "link"},
            ps.SpecError,
            "a ratio compares",
        ),
        (
            "poisson",
            D,
            "predictions",
            None,
            {"scale": "flic"},
            ps.SpecError,
            "scale of engine 'poisson' is 'flic'",
        ),
        (
            "poisson",
            D,
            "predictions",
            None,
            {"horizon": 3},
            ps.SpecError,
            "explains no times; leave it out",
        ),
        (
            "mixed_logit",
            D,
            "slopes",
            "a",
            {},
            ps.SpecError,
            "average is the mean probability over groups, response that of a typ",
        ),
        (
            "mixed_logit",
            D,
            "slopes",
            "a",
            {"scale": "typical"},
            ps.SpecError,
            "must be one of average, response, link",
        ),
        (
            "mixed_linear",
            D,
            "slopes",
            "a",
            {"scale": "average"},
            ps.SpecError,
            "must be one of response, link",
        ),
        (
            "ordered",
            D,
            "predictions",
            None,
            {"at": {"k": "q"}},
            ps.FitError,
            "C(k) is q, a category that the fit did not have",
        ),
        (
            "ordered",
            D,
            "comparisons",
            {"k": ("x", "q")},
            {},
            ps.FitError,
            "C(k) is q, a category that the fit did not have",
        ),
        ("ridge", D, "comparisons", {"k": 1}, {}, ps.SpecError, "the change of 'k' is 1"),
    ],
)
def test_what_cannot_be_asked_is_refused(engine, data, kind, variables, ask, error, said):
    with pytest.raises(error, match=re.escape(said)):
        effects(fit(engine), data, kind, variables, **ask)


def test_rows_without_an_exposure_are_left_out_and_said():
    d = D.assign(months=D.months.astype(float).where(D.index > 2))
    got = effects(fit("poisson"), d, "slopes", "a", over="data")
    assert got["n"][0] == len(D) - 3
    assert got["note"][0].startswith(
        "3 rows left out (months is missing and 2 more); at each row's own exposure (months)"
    )
    kept = effects(fit("poisson"), d[3:], "slopes", "a", over="data")
    assert got["estimate"][0] == pytest.approx(kept["estimate"][0], rel=CLOSED)


def test_an_extrapolation_is_said_and_an_exposure_is_none():
    got = effects(fit("negative_binomial"), D, "predictions", at={"a": 9, "months": 1000})
    assert got["note"].tolist() == [
        f"a is 9, and the rows hold {D.a.min():g} to {D.a.max():g}: an extrapolation"
    ]


def test_effects_of_categories_and_counts_after_imputation_are_pooled():
    d = D.assign(a=D.a.where(D.index % 9 > 0))
    for engine in ("ordered", "negative_binomial"):
        spec = fit(engine, "a + m").spec
        filled = ps.models.impute(
            d, ["a", "m", "k", "level", "n", "months"], m=3, cycles=2, donors=5, seed=1
        )
        pooled = ps.fit(filled, spec)
        got = effects(pooled, filled, "predictions")
        each = [
            effects(f, t, "predictions") for f, t in zip(pooled.fits, filled.tables, strict=True)
        ]
        q = np.array([e["estimate"].to_numpy() for e in each])
        if engine == "ordered":
            assert got["category"].tolist() == ["low", "mid", "high"]
            want = expit(np.log(q / (1 - q)).mean(axis=0))
            want = want / want.sum()
        else:
            want = np.exp(np.log(q).mean(axis=0))
            assert (got["conf_low"] > 0).all() and got["p_value"].isna().all()
        np.testing.assert_allclose(got["estimate"], want, rtol=CLOSED)


def test_a_study_frame_names_its_cases():
    d = D.assign(case_id=[f"c{i}" for i in range(len(D))])
    frame = ps.StudyFrame(d, "treaty", "case_id")
    for engine in ("poisson", "ordered", "mixed_logit"):
        ask = HOW[engine][2]
        found = ps.fit(frame, fit(engine).spec)
        got = effects(found, frame, "slopes", "a", **ask)
        pd.testing.assert_frame_equal(got, effects(fit(engine), D, "slopes", "a", **ask))
        assert ps.models.diagnose(found, by=[]).cases["case"].tolist() == d["case_id"].tolist()
