"""Imputation against R's mice, pooling by hand, every engine and
covariance, coverage; what cannot be filled is refused.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit, logit

import peacestudy as ps
from peacestudy.models.interpretation.average_effects import effects
from peacestudy.models.missing.imputation import impute
from peacestudy.models.missing.imputed import Imputed
from peacestudy.models.missing.pooled import PooledFit
from peacestudy.models.missing.rubins_rules import pool

HERE = Path(__file__).resolve().parents[2] / "references" / "impute"
ROUNDING = 1e-12  # relative; sums in another order
ASK = {"m": 4, "cycles": 3, "donors": 3, "seed": 7}
TERMS = [
    "term",
    "estimate",
    "std_error",
    "statistic",
    "p_value",
    "conf_low",
    "conf_high",
    "df",
    "fmi",
    "share",
    "monte_carlo",
]


def draw(N=140, seed=3):
    rng = np.random.default_rng(seed)
    d = pd.DataFrame(
        {
            "x": rng.normal(size=N),
            "z": rng.normal(5, 2, N) * 1e9,
            "s": np.exp(rng.normal(size=N)),
            "k": rng.choice(list("abc"), N),
            "q": rng.choice(["in", "out"], N),
            "n": rng.integers(0, 9, N),
            "g": rng.integers(0, 20, N),
            "t": rng.integers(1, 13, N),
        }
    )
    d["v"] = d.x - 0.3 * d.z / 1e9 + rng.normal(size=N)
    d["y"] = (rng.random(N) < expit(d.x)) * 1
    for column, share in (("x", 0.3), ("z", 0.1), ("s", 0.15), ("q", 0.1)):
        d[column] = d[column].where(rng.random(N) > share)
    d["yes"] = pd.array(rng.random(N) < 0.4, dtype="boolean")
    d["n"] = d["n"].astype("Int64").where(rng.random(N) > 0.1)
    d["yes"] = d["yes"].where(rng.random(N) > 0.1)
    return d


D = draw()
COLUMNS = ["y", "v", "t", "x", "z", "s", "k", "q", "n", "yes"]
FILLED = impute(D, COLUMNS, **ASK)


def fit(formula, engine="logit", vcov="classical", cluster=None, data=FILLED, **options):
    return ps.fit(data, ps.ModelSpec("m", formula, engine, vcov, cluster, options))


def test_only_what_is_missing_is_filled_and_with_values_that_others_have():
    before = D.copy()
    assert isinstance(FILLED, Imputed) and len(FILLED) == 4
    assert FILLED.missing.set_index("column").n_missing.to_dict() == {
        c: int(D[c].isna().sum()) for c in COLUMNS
    }
    assert set(FILLED.where) == {"x", "z", "s", "q", "n", "yes"}
    for table in FILLED.tables:
        assert table.dtypes.equals(D.dtypes) and table.index.equals(D.index)
        for c in D.columns:
            seen = D[c].notna()
            pd.testing.assert_series_equal(table[c][seen], D[c][seen])
            assert table[c].notna().all() and set(table[c][~seen]) <= set(D[c][seen])
    assert len({t.x.sum() for t in FILLED.tables}) == 4
    pd.testing.assert_frame_equal(D, before)
    assert impute(D, COLUMNS, **ASK).tables[3].equals(FILLED.tables[3])
    assert not impute(D, COLUMNS, **(ASK | {"seed": 8})).tables[3].equals(FILLED.tables[3])
    assert (
        FILLED.trace.groupby("draw").size().tolist() == [18] * 4
        and "x 35 (25%)" in FILLED.notes[0].text
    )


@pytest.mark.parametrize(("left", "engine"), [("v", "linear"), ("y", "logit")])
def test_pooled_results_are_those_of_mice(left, engine):
    """Both by predictive mean matching with 5 donors; a difference
    beyond four Monte Carlo errors is one.
    """
    want = pd.read_csv(HERE / "expected.csv").query("model == @left").set_index("term")
    d = pd.read_csv(HERE / "data.csv")
    filled = impute(d, [left, "x", "z", "w"], m=120, cycles=5, donors=5, seed=2)
    got = fit(f"{left} ~ x + z + w", engine, data=filled)
    terms = got.terms.set_index("term")
    assert terms.index.tolist() == want.index.tolist()
    for term, row in terms.iterrows():
        w = want.loc[term]
        between = np.var([f.terms.set_index("term").estimate[term] for f in got.fits], ddof=1)
        assert abs(row.estimate - w.estimate) < 4 * (w["between"] * (1 / 120 + 1 / 200)) ** 0.5
        assert row.std_error == pytest.approx(w.std_error, rel=0.06)
        # a variance of 120 draws is good to 13 %, that of mice's 200 to 10 %
        assert between == pytest.approx(w["between"], rel=0.5)


def test_pooling_by_hand():
    got = fit("v ~ x + z", "linear", "hc1")
    assert isinstance(got, PooledFit) and got.terms.columns.tolist() == TERMS
    Q = np.array([f.terms.estimate for f in got.fits])
    V = np.array([f.vcov.to_numpy() for f in got.fits])
    B = np.cov(Q, rowvar=False)
    T = V.mean(axis=0) + 1.25 * B
    np.testing.assert_allclose(got.terms.estimate, Q.mean(axis=0), rtol=ROUNDING)
    np.testing.assert_allclose(got.vcov, T, rtol=1e-10)
    np.testing.assert_allclose(got.terms.std_error, np.sqrt(np.diag(T)), rtol=1e-10)
    share = 1.25 * np.diag(B) / np.diag(T)
    old, nu = 3 / share**2, len(D) - 3
    observed = (nu + 1) / (nu + 3) * nu * (1 - share)
    df = old * observed / (old + observed)
    np.testing.assert_allclose(got.terms.df, df, rtol=1e-10)
    half = stats.t.ppf(0.975, df) * got.terms.std_error
    np.testing.assert_allclose(got.terms.conf_high - got.terms.conf_low, 2 * half, rtol=1e-10)
    np.testing.assert_allclose(
        got.terms.p_value, 2 * stats.t.sf(np.abs(got.terms.statistic), df), rtol=1e-9
    )
    wide = got.tidy(0.99)
    np.testing.assert_allclose(
        wide.conf_high - wide.estimate, stats.t.ppf(0.995, df) * got.terms.std_error, rtol=1e-10
    )
    row, other = got.contrast({"x": 2, "Intercept": 1}).iloc[0], np.array([1.0, 2.0, 0.0])
    assert (row.estimate, row.std_error) == pytest.approx(
        (other @ Q.mean(axis=0), (other @ T @ other) ** 0.5), rel=1e-10
    )
    assert row.contrast == "2*x + Intercept" and got.glance().tables[0] == 4


@pytest.mark.parametrize(
    ("formula", "engine", "vcov", "cluster"),
    [
        *(
            ("v ~ x + z + C(q)", "linear", v, None)
            for v in ("classical", "hc0", "hc1", "hc2", "hc3")
        ),
        ("v ~ x", "linear", "cluster", "g"),
        ("y ~ x + n", "logit", "classical", None),
        ("y ~ x + n", "logit", "cluster", "g"),
        ("y ~ x + yes + C(k)", "firth", "classical", None),
        ("y ~ x + log(s)", "firth", "cluster", ["g", "k"]),
        ("Surv(t, y) ~ x + z", "cox", "classical", None),
        ("Surv(t, y) ~ x", "cox", "cluster", "g"),
        ("Surv(t, y) ~ x", "discrete_time", "hc0", None),
    ],
)
def test_every_engine_and_covariance(formula, engine, vcov, cluster):
    options = {"baseline": "cubic"} if engine == "discrete_time" else {}
    got = fit(formula, engine, vcov, cluster, **options)
    Q = np.array([f.terms.estimate for f in got.fits])
    U = np.array([f.terms.std_error**2 for f in got.fits])
    np.testing.assert_allclose(
        got.terms.std_error, np.sqrt(U.mean(axis=0) + 1.25 * Q.var(axis=0, ddof=1)), rtol=1e-9
    )
    assert got.n == len(D) and np.isfinite(got.terms[TERMS[1:7]]).all(axis=None)
    kinds = [n.kind for n in got.notes]
    assert (
        "imputed" in kinds and "pooled" in kinds and ("clusters" in kinds) == (cluster is not None)
    )
    horizon = 6 if engine in ("cox", "discrete_time") else None
    scale = "flic" if engine == "firth" else None
    change = effects(got, FILLED, "comparisons", {"x": (0, 1)}, scale=scale, horizon=horizon).iloc[
        0
    ]
    each = [
        effects(f, t, "comparisons", {"x": (0, 1)}, scale=scale, horizon=horizon).iloc[0]
        for f, t in zip(got.fits, FILLED.tables, strict=True)
    ]
    q, u = np.array([r.estimate for r in each]), np.array([r.std_error**2 for r in each])
    assert change.estimate == pytest.approx(q.mean(), rel=ROUNDING)
    assert change.std_error == pytest.approx((u.mean() + 1.25 * q.var(ddof=1)) ** 0.5, rel=1e-10)


def test_ratios_are_pooled_as_logarithms_and_probabilities_as_logits():
    got = fit("y ~ x + C(k)")
    ratio = effects(got, FILLED, "comparisons", {"k": ("a", "b")}, comparison="ratio").iloc[0]
    level = effects(got, FILLED, "predictions", at={"x": 1}, conf_level=0.9).iloc[0]
    one = [
        effects(f, t, "comparisons", {"k": ("a", "b")}, comparison="ratio").iloc[0]
        for f, t in zip(got.fits, FILLED.tables, strict=True)
    ]
    two = [
        effects(f, t, "predictions", at={"x": 1}).iloc[0]
        for f, t in zip(got.fits, FILLED.tables, strict=True)
    ]
    want = pool(
        [np.log(r.estimate) for r in one], [(r.std_error / r.estimate) ** 2 for r in one], np.inf
    )
    half = stats.t.ppf(0.975, want.df) * want.std_error
    ends = np.exp([want.estimate, want.estimate - half, want.estimate + half])
    assert [ratio.estimate, ratio.conf_low, ratio.conf_high] == pytest.approx(ends, rel=1e-10)
    assert ratio.std_error == pytest.approx(ratio.estimate * want.std_error, rel=1e-10)
    p = np.array([r.estimate for r in two])
    want = pool(
        logit(p), [(r.std_error / (r.estimate * (1 - r.estimate))) ** 2 for r in two], np.inf
    )
    half = stats.t.ppf(0.95, want.df) * want.std_error
    ends = expit([want.estimate, want.estimate - half, want.estimate + half])
    assert [level.estimate, level.conf_low, level.conf_high] == pytest.approx(ends, rel=1e-10)
    assert (
        np.isnan(level.p_value)
        and level.df == pytest.approx(want.df)
        and level.fmi == pytest.approx(want.fmi)
    )


def test_derived_terms_are_made_after_imputation():
    got = fit("v ~ log(s)*x + scale(z) + square(x)", "linear", "hc1")
    names = got.terms.term.tolist()
    for f, t in zip(got.fits, FILLED.tables, strict=True):
        np.testing.assert_allclose(f.design.X[:, names.index("log(s)")], np.log(t.s), rtol=1e-12)
        np.testing.assert_allclose(
            f.design.X[:, names.index("log(s):x")], np.log(t.s) * t.x, rtol=1e-12
        )
        assert f.design.centres["scale(z)"][0] == pytest.approx(t.z.mean())
    told = next(n.text for n in got.notes if n.kind == "derived")
    assert told.startswith("log(s), square(x), s:x: computed from imputed values.")
    assert not [n for n in fit("v ~ x + scale(z)", "linear", "hc1").notes if n.kind == "derived"]


def test_cases_whose_outcome_was_missing_help_and_are_left_out():
    d = D.assign(v=D.v.where(D.index % 7 > 0))
    filled = impute(d, ["v", "x", "z", "g"], **ASK)
    got = fit("v ~ x + z", "linear", "hc1", data=filled)
    assert got.n == d.v.notna().sum() and got.dropped.case.tolist() == d.index[d.v.isna()].tolist()
    assert set(got.dropped.reason) == {"v is missing"} and filled.tables[0].v.notna().all()
    assert effects(got, filled, "slopes", "x").n[0] == got.n


def test_a_study_frame_stays_one():
    d = D.assign(case_id=[f"c{i}" for i in range(len(D))])
    frame = ps.StudyFrame(d, "treaty", "case_id")
    filled = impute(frame, COLUMNS, **ASK)
    assert all(isinstance(t, ps.StudyFrame) and t.key == "case_id" for t in filled.tables)
    got = fit("y ~ x + z", data=filled)
    pd.testing.assert_frame_equal(got.terms, fit("y ~ x + z").terms)
    assert got.cases == tuple(d.case_id) and sum(n.kind == "imputed" for n in got.notes) == 1
    assert effects(got, filled, "slopes", "x").n[0] == len(d)


def test_several_specifications_and_odds_ratios():
    specs = [
        ps.ModelSpec("a", "y ~ x", "logit", "hc1"),
        ps.ModelSpec("b", "y ~ x + z", "firth", "classical"),
    ]
    a, b = ps.fit(FILLED, specs)
    odds = a.tidy(exponentiate=True)
    np.testing.assert_allclose(
        odds[["estimate", "conf_low"]], np.exp(a.terms[["estimate", "conf_low"]]), rtol=1e-12
    )
    assert "Wald" in next(n.text for n in b.notes if n.kind == "wald")
    assert "4 tables for a fraction of missing information" in next(
        n.text for n in a.notes if n.kind == "few_tables"
    )
    with pytest.raises(ps.SpecError, match="no odds ratios"):
        fit("v ~ x", "linear").tidy(exponentiate=True)
    assert (
        "x" in a._repr_html_()
        and "completed tables" in FILLED._repr_html_()
        and "4 tables" in repr(a)
    )


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"m": 1}, ps.SpecError, "m is 1; it must be a whole number of 2 or more"),
        ({"m": True}, ps.SpecError, "m is True"),
        ({"cycles": 0}, ps.SpecError, "cycles is 0"),
        ({"donors": 2.5}, ps.SpecError, "donors is 2.5"),
        ({"seed": None}, ps.SpecError, "seed is None"),
        (
            {"columns": ["y", "xx"]},
            ps.SpecError,
            "the column 'xx' is not in the data. Did you mean 'x'",
        ),
        ({"columns": ["y", "x", "x"]}, ps.SpecError, "'x' appears twice"),
        ({"columns": "x"}, ps.SpecError, "fewer than two"),
        (
            {"columns": ["y", "v"]},
            ps.FitError,
            "nothing is missing in y, v: fit the data as they are",
        ),
        (
            {"data": D.assign(x=np.nan)},
            ps.FitError,
            "the column 'x' has no value in any of 140 rows",
        ),
        (
            {"data": D.assign(x=D.x.where(D.x.isna(), 3.0))},
            ps.FitError,
            "the column 'x' is 3.0 wherever it has a value",
        ),
        (
            {"data": D.assign(k=D.k.where(D.index > 4))},
            ps.FitError,
            "'k' has 3 categories and 5 missing value",
        ),
        (
            {"data": D.assign(x=D.x.where(D.index > 0, np.inf))},
            ps.FitError,
            "'x' holds 1 infinite value",
        ),
        (
            {"columns": ["x", "z"], "data": D.assign(z=D.z.where(D.x.notna()))},
            ps.FitError,
            "case.s. have no value in any of the columns",
        ),
        (
            {"data": D.assign(x=D.x.where(D.x > 1.6))},
            ps.FitError,
            "'x' has . value.s., too few for",
        ),
        (
            {"donors": 120},
            ps.FitError,
            "too few for 11 terms of the imputation model and 120 donors",
        ),
        (
            {"columns": ["y", "x", "v", "w"], "data": D.assign(w=2 * D.v + D.y)},
            ps.FitError,
            "'y', 'v', 'w' are exact combinations",
        ),
        (
            {"data": D.assign(k=D.k.where(D.x.notna() | (D.index > 40), "rare"))},
            ps.FitError,
            "'x' has no value in any case with k = rare: the data do not show what it is there",
        ),
        (
            {"columns": ["q", "x", "z"], "data": D.assign(q=np.where(D.x.notna(), "in", "out"))},
            ps.FitError,
            "'x' has no value in any case with q = out",
        ),
        (
            {"columns": ["y", "x", "case"], "data": D.assign(case=[f"c{i}" for i in range(140)])},
            ps.FitError,
            "'x' has 105 value.s., too few for 141 terms of the imputation model",
        ),
        (
            {"data": D.assign(q=D.q.where(D.index > 3, "neither"))},
            ps.FitError,
            (
                "'q' has 3 categories and .* missing value.s.: categories of three or more are not"
                " filled in"
            ),
        ),
        (
            {"data": D.to_numpy()},
            ps.SpecError,
            "impute takes a StudyFrame or a DataFrame, not a ndarray",
        ),
    ],
)
def test_what_cannot_be_filled_is_refused(change, error, said):
    with pytest.raises(error, match=said):
        impute(**({"data": D, "columns": COLUMNS} | ASK | change))


def test_models_that_the_imputation_did_not_know_are_refused():
    filled = impute(D, ["x", "z", "g"], **ASK)
    with pytest.raises(ps.SpecError, match=r"the outcome \(y\) were not in the imputation"):
        fit("y ~ x + z", data=filled)
    with pytest.raises(ps.SpecError, match=r"columns of the model \(k\)"):
        fit("z ~ x + C(k)", "linear", data=filled)
    with pytest.raises(ps.SpecError, match=r"the outcome \(t, y\)"):
        fit("Surv(t, y) ~ x", "cox", data=filled)
    got = fit("y ~ x")
    with pytest.raises(ps.SpecError, match="the fit has 4 tables and the data 5"):
        effects(got, impute(D, COLUMNS, **(ASK | {"m": 5})), "slopes")
    with pytest.raises(ps.FitError, match="differ from the fitted ones"):
        effects(got, impute(D, COLUMNS, **(ASK | {"seed": 8})), "slopes")
    with pytest.raises(
        ps.SpecError, match="a Fit and its data, or a PooledFit and what impute gave"
    ):
        effects(got, D, "slopes")
    d = D.assign(sure=(D.v > 0) * 1.0)
    with pytest.raises(ps.FitError, match=r"completed table 1 of 4: m: .*separate"):
        fit("sure ~ v", data=impute(d, ["sure", "v", "x"], **ASK))


def test_no_name_of_a_column_is_evaluated(tmp_path):
    name = f"__import__('pathlib').Path({str(tmp_path / 'canary')!r}).touch()"
    d = D.rename(columns={"x": name})
    filled = impute(d, ["y", name, "z"], **ASK)
    got = fit(f"y ~ `{name}` + z", data=filled)
    np.testing.assert_allclose(
        got.terms.estimate, fit("y ~ x + z", data=impute(D, ["y", "x", "z"], **ASK)).terms.estimate
    )
    assert not (tmp_path / "canary").exists()


def test_tables_differ_by_as_much_as_what_is_not_known():
    """The mean of k filled values varies by the residuals and by the line: s^2 (1/k + 1/n +
    dy^2/Syy), of D donors (1 - 1/D)/k.

    Matched by one draw on both sides (type 2), a single predictor finds the same donors whatever
    the line, most of the second part is lost, and the variance is six tenths of this. 600 tables
    give a variance to 6 %.
    """
    rng = np.random.default_rng(8)
    d = pd.DataFrame({"y": np.sort(rng.normal(size=400))})
    d["x"] = d.y + rng.normal(size=400)
    gone = rng.random(400) < np.where(d.y > 0.5, 0.8, 0.1)
    filled = impute(d.assign(x=d.x.mask(gone)), ["x", "y"], m=600, cycles=1, donors=20, seed=1)
    drawn = np.var([t.x[gone].mean() for t in filled.tables], ddof=1)
    y, x = d.y[~gone], d.x[~gone]
    s2 = ((x - np.polyval(np.polyfit(y, x, 1), y)) ** 2).sum() / (len(x) - 2)
    line = 1 / len(x) + (d.y[gone].mean() - y.mean()) ** 2 / ((y - y.mean()) ** 2).sum()
    assert drawn == pytest.approx(s2 * ((1 - 1 / 20) / gone.sum() + line), rel=0.2)


def test_cases_that_are_predicted_alike_are_all_donors():
    d = pd.DataFrame({"q": ["a", "b"] * 60, "x": np.arange(120.0)})
    gone = np.arange(120) % 12 == 1
    filled = impute(d.assign(x=d.x.mask(gone)), ["q", "x"], m=60, cycles=1, donors=3, seed=1)
    given = {v for t in filled.tables for v in t.x[gone]}
    assert len(given) > 45  # of the 50 that have q = b, and near none of the others
    assert np.mean([v % 2 for t in filled.tables for v in t.x[gone]]) > 0.5


def test_what_rubin_does_not_pool_is_refused():
    d = draw(60).assign(y=np.arange(60.0) % 7)
    d.loc[::9, "x"] = np.nan
    made = impute(d, ["y", "x", "g"], **ASK)
    options = {"bootstrap": "webb", "bootstrap_draws": 999, "bootstrap_seed": 1}
    with pytest.raises(ps.SpecError, match="Rubin's rules do not pool"):
        ps.fit(made, ps.ModelSpec("m", "y ~ x", "linear", "cluster", cluster="g", options=options))


def test_a_product_of_its_own_is_not_drawn_towards_zero():
    """A product made after imputation is, as its note says; filled like any column it is not
    (Seaman, Bartlett and White 2012: at random).
    """
    rng = np.random.default_rng(3)
    d = pd.DataFrame(rng.normal(size=(3000, 2)), columns=["x", "z"])
    d["xz"] = d.x * d.z
    d["y"] = d.x + d.z + d.xz + rng.normal(size=3000)
    gone = rng.random(3000) < 0.4
    d = d.assign(x=d.x.mask(gone), xz=d.xz.mask(gone))
    ask = {"m": 5, "cycles": 5, "donors": 5, "seed": 1}
    made = fit("y ~ x*z", "linear", data=impute(d, ["y", "x", "z"], **ask))
    own = fit("y ~ x + z + xz", "linear", data=impute(d, ["y", "x", "z", "xz"], **ask))
    assert made.terms.estimate.iloc[-1] < 0.85
    assert abs(own.terms.estimate.iloc[-1] - 1) < 4 * own.terms.std_error.iloc[-1] < 0.25
    told = {n.kind: n.text for n in made.notes}["derived"]
    assert told.startswith("x:z: computed from imputed values.") and "make a column of each" in told
    assert "derived" not in {n.kind for n in own.notes}


def test_a_yes_or_no_outcome_with_gaps_is_fitted_without_them():
    """Its completed column is yes and no; emptied again it can
    hold the gaps, and is not taken for text.
    """
    rng = np.random.default_rng(4)
    d = pd.DataFrame({"x": rng.normal(size=80)})
    d["y"] = (d.x + rng.logistic(size=80) > 0).astype(object).where(rng.random(80) > 0.1)
    made = fit("y ~ x", "logit", data=impute(d, ["y", "x"], **ASK))
    plain = ps.fit(
        d.assign(y=d.y.astype("boolean")), ps.ModelSpec("m", "y ~ x", "logit", "classical")
    )
    assert made.n == d.y.notna().sum() < 80
    np.testing.assert_allclose(made.terms.estimate, plain.terms.estimate, rtol=ROUNDING)


def test_names_that_are_numbers_are_read_as_fit_reads_them():
    d = pd.DataFrame({0: [1.0, 2, None, 4, 5, 6, 7, 9], 1: [2.0, 1, 4, 3, 6, 5, 8, 7]})
    found = impute(d, ["0", "1"], **ASK)
    assert d.columns.tolist() == [0, 1] and found.missing.n_missing.tolist() == [1, 0]
    assert fit("`1` ~ `0`", "linear", data=found).n == 8


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (lambda x: x * 1e200, "Write it in another unit"),
        (lambda x: x * 1e-200, "Write it in another unit"),
        (lambda x: [[1]] * len(x), "holds lists"),
    ],
)
def test_what_has_no_spread_to_reckon_with_is_refused(values, message):
    d = pd.DataFrame({"x": np.linspace(-1, 1, 30), "y": np.linspace(0, 1, 30) ** 2})
    d.loc[3, "y"] = np.nan
    with pytest.raises(ps.FitError, match=message):
        impute(d.assign(x=values(d.x)), ["y", "x"], **ASK)
