"""Pooled fits against R's mice and mitml on the same completed tables, and
by hand; every engine, covariance and option.

Tolerances: 1e-8 relative for linear, 1e-6 for coefficients and 5e-6 for what rests on standard
errors of likelihoods, as everywhere.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit

import peacestudy as ps
from peacestudy.models.missing.imputation import impute
from peacestudy.models.missing.imputed import Imputed
from peacestudy.models.missing.joint import degrees

HERE = Path(__file__).resolve().parents[2] / "references" / "pooled"
ENDS = ["estimate", "conf_low", "conf_high"]


def from_r(m=6):
    """The tables that mice completed, as ``impute`` would give them."""
    long = pd.read_csv(HERE / "completed.csv")
    tables = tuple(
        t.drop(columns="table").reset_index(drop=True) for _, t in long.groupby("table")
    )[:m]
    gone = {
        c: pd.read_csv(HERE.parent / "impute" / "data.csv")[c].isna().to_numpy() for c in ("x", "w")
    }
    missing = pd.DataFrame(
        {"column": ["x", "w"], "n_missing": [int(g.sum()) for g in gone.values()]}
    )
    return Imputed(tables, ("v", "y", "x", "z", "w"), missing, gone, pd.DataFrame(), 5, 1)


def fit(data, formula, engine, vcov="classical", cluster=None, **options):
    return ps.fit(data, ps.ModelSpec("m", formula, engine, vcov, cluster, options))


@pytest.mark.parametrize(
    ("engine", "formula", "close"),
    [("linear", "v ~ x + z + w", 1e-8), ("logit", "y ~ x + z + w", 5e-6)],
)
def test_rubins_rules_are_those_of_mice(engine, formula, close):
    want = (
        pd.read_csv(HERE / "expected.csv")
        .query("model == @engine")
        .set_index("term")
        .drop(columns="model")
    )
    got = fit(from_r(), formula, engine).terms.set_index("term")
    assert got.index.tolist() == want.index.tolist()
    for column in want.columns:
        np.testing.assert_allclose(got[column], want[column], rtol=close, err_msg=column)


@pytest.mark.parametrize(
    ("engine", "formula", "close"),
    [("linear", "v ~ x + z + w", 1e-8), ("logit", "y ~ x + z + w", 2e-5)],
)
@pytest.mark.parametrize("m", [6, 3])
def test_joint_tests_are_those_of_mitml(engine, formula, close, m):
    want = pd.read_csv(HERE / "joint.csv").query("model == @engine and tables == @m")
    model = fit(from_r(m), formula, engine)
    for row in want.itertuples():
        terms = row.terms.split(" + ")
        if len(terms) == 1:  # a single term is tested as it stands in the table of terms
            own = model.terms.set_index("term").loc[terms[0]]
            got = model.joint_test(terms[0])
            assert (got.statistic, got.p_value) == pytest.approx(
                (own.statistic**2, own.p_value), rel=1e-10
            )
            assert got.df_denominator == pytest.approx(own.df, rel=1e-10)
        elif (
            engine == "linear" and len(terms) * (m - 1) <= 4
        ):  # mitml divides by zero there and says 4 degrees of freedom
            with pytest.raises(
                ps.FitError,
                match=r"3 tables are too few to test 2 coefficients jointly with 156 degrees",
            ):
                model.joint_test(terms)
        else:
            got = model.joint_test(terms)
            found = (got.statistic, got.df, got.df_denominator, got.p_value)
            assert found == pytest.approx(
                (row.statistic, row.df, row.df_denominator, row.p_value), rel=close
            )


def test_r_squared_is_that_of_mice():
    want = pd.read_csv(HERE / "joint.csv").query("model == 'r_squared'").statistic.item()
    got = fit(from_r(), "v ~ x + z + w", "linear")
    assert (
        got.r_squared == pytest.approx(want, rel=1e-8)
        and got.glance().r_squared[0] == got.r_squared
    )
    assert np.isnan(fit(from_r(), "y ~ x", "logit").r_squared)


def test_degrees_of_freedom_of_the_joint_test():
    """Without a difference of tables chi-squared; much information: that of the complete data;
    otherwise in between and growing.
    """
    assert degrees(3, 5, 0.0, np.inf) == np.inf
    # Reiter's v*, near the complete data's
    assert degrees(3, 500, 1e-9, 40.0) == pytest.approx(41 / 43 * 40, rel=1e-6)
    found = [degrees(3, m, 0.4, np.inf) for m in (2, 5, 20, 100)]
    assert found == sorted(found) and degrees(3, 20, 0.4, 50.0) < 50
    with pytest.raises(ps.FitError, match="2 degrees of freedom are too few for a joint test of 3"):
        degrees(3, 5, 2.0, 2.0)


def draw(N=120, seed=5):
    rng = np.random.default_rng(seed)
    d = pd.DataFrame(
        {
            "x": rng.normal(size=N),
            "z": rng.normal(size=N),
            "g": rng.integers(0, 15, N),
            "h": rng.integers(0, 30, N),
            "t": rng.integers(1, 7, N),
            "w": rng.uniform(0.5, 2, N),
            "e": rng.uniform(1, 3, N),
            "q": rng.choice(list("ab"), N),
        }
    )
    u = rng.normal(size=15)[d.g]
    d["v"] = 0.6 * d.x + 0.9 * u + rng.normal(size=N)
    d["y"] = (rng.random(N) < expit(0.6 * d.x + 0.8 * u)) * 1
    d["c"] = rng.poisson(np.exp(0.3 * d.x) * d.e * rng.gamma(2, 0.5, N))
    d["o"] = pd.cut(d.v, 4, labels=False)
    for column in ("x", "z", "q"):
        d[column] = d[column].where(rng.random(N) > 0.12)
    return d


D = draw()
FILLED = impute(
    D,
    [c for c in D.columns if c not in ("g", "h")],
    m=3,
    cycles=2,
    donors=3,
    seed=4,
    survival=("t", "y"),
)
LIKELIHOOD = ("classical", "hc0", "hc1", "cluster")
MODELS = {
    "linear": ("v ~ x + z + C(q)", {}),
    "logit": ("y ~ x + z", {}),
    "firth": ("y ~ x + z + C(q)", {}),
    "cox": ("Surv(t, y) ~ x + z", {}),
    "discrete_time": ("Surv(t, y) ~ x", {"baseline": "log"}),
    "ordered": ("o ~ x + z", {}),
    "poisson": ("c ~ x", {"exposure": "e"}),
    "negative_binomial": ("c ~ x + z", {}),
    "ridge": ("y ~ x + z", {"penalty": 1.0}),
    "mixed_logit": ("y ~ x", {"group": "g"}),
    "mixed_linear": ("v ~ x + z", {"group": "g", "method": "reml"}),
}


def every():
    from peacestudy.models.engines.engine import CLUSTERED
    from peacestudy.models.engines.registry import ENGINES

    assert set(MODELS) == set(ENGINES)
    for engine, (formula, options) in MODELS.items():
        for vcov in ENGINES[engine].vcovs:
            yield pytest.param(
                formula,
                engine,
                vcov,
                "g" if vcov in CLUSTERED else None,
                options,
                id=f"{engine}-{vcov}",
            )
            if vcov == "cluster":
                yield pytest.param(
                    formula, engine, vcov, ("g", "h"), options, id=f"{engine}-two-way"
                )
    for engine in ("linear", "logit"):
        yield pytest.param(
            MODELS[engine][0], engine, "hc1", None, {"weights": "w"}, id=f"{engine}-weights"
        )
    yield pytest.param(
        "Surv(t, y) ~ x",
        "cox",
        "classical",
        None,
        {"strata": "h", "ties": "breslow"},
        id="cox-strata",
    )
    yield pytest.param("c ~ x", "poisson", "hc1", None, {"offset": "e"}, id="poisson-offset")


@pytest.mark.parametrize(("formula", "engine", "vcov", "cluster", "options"), list(every()))
def test_every_engine_covariance_and_option(formula, engine, vcov, cluster, options):
    got = fit(FILLED, formula, engine, vcov, cluster, **options)
    Q = np.array([f.terms.estimate for f in got.fits])
    U = np.array([f.terms.std_error for f in got.fits]) ** 2
    slope = got.terms.term.isin(got.slopes).to_numpy()
    T = U.mean(axis=0) + 4 / 3 * Q.var(axis=0, ddof=1)
    np.testing.assert_allclose(got.terms.estimate[slope], Q.mean(axis=0)[slope], rtol=1e-10)
    np.testing.assert_allclose(got.terms.std_error[slope], np.sqrt(T)[slope], rtol=1e-9)
    assert np.isfinite(
        got.terms.loc[slope, ["statistic", "p_value", "conf_low", "conf_high", "df", "fmi"]]
    ).all(axis=None)
    assert (
        (got.terms.df > 0).all()
        and got.n == len(D)
        and got.filled.column.isin(["x", "z", "q"]).all()
    )
    wide = got.tidy(0.99)
    inside = (wide.conf_low < got.terms.conf_low) & (wide.conf_high > got.terms.conf_high)
    assert inside.all()
    assert "pooled" in {n.kind for n in got.notes} and got.glance().tables[0] == 3
    assert got.contrast({"x": 1}).estimate[0] == pytest.approx(
        got.terms.set_index("term").estimate["x"], rel=1e-12
    )
    assert got.contrast({"x": 1}).df[0] == pytest.approx(
        got.terms.set_index("term").df["x"], rel=1e-10
    )
    if engine not in ("linear", "mixed_linear"):
        ratio = got.tidy(exponentiate=True)
        np.testing.assert_allclose(
            ratio.loc[slope, ENDS], np.exp(got.terms.loc[slope, ENDS]), rtol=1e-12
        )
        pd.testing.assert_frame_equal(ratio[~slope], got.tidy()[~slope])


@pytest.mark.parametrize("engine", ["negative_binomial", "mixed_logit", "mixed_linear"])
def test_what_cannot_be_below_zero_is_pooled_as_its_logarithm(engine):
    formula, options = MODELS[engine]
    got = fit(FILLED, formula, engine, **options)
    row = got.terms.iloc[-1]
    assert row.term in ("alpha", "sd(g)")
    each = np.array(
        [f.terms.iloc[-1][["estimate", "std_error"]].to_numpy(dtype=float) for f in got.fits]
    )
    want = ps.models.pool(np.log(each[:, 0]), (each[:, 1] / each[:, 0]) ** 2, got.fits[0].df)
    for level, shown in ((0.95, row), (0.8, got.tidy(0.8).iloc[-1])):
        half = stats.t.ppf(0.5 + level / 2, want.df) * want.std_error
        ends = np.exp([want.estimate, want.estimate - half, want.estimate + half])
        np.testing.assert_allclose(shown[ENDS].to_numpy(dtype=float), ends, rtol=1e-9)
    assert np.isnan(row.statistic) and np.isnan(row.p_value) and row.conf_low > 0
    with pytest.raises(ps.SpecError, match="cannot be negative"):
        got.joint_test([row.term])


def test_a_spread_at_its_edge_has_no_interval():
    """Where a table has no spread between groups there is no logarithm to
    pool: the mean is told, and nothing else.
    """
    flat = D.assign(v=D.v - D.groupby("g").v.transform("mean"))
    got = fit(
        impute(flat, ["v", "x", "z"], m=3, cycles=1, donors=3, seed=1),
        "v ~ x",
        "mixed_linear",
        group="g",
        method="ml",
    )
    row = got.terms.iloc[-1]
    assert row.estimate == pytest.approx(
        np.mean([f.terms.estimate.iloc[-1] for f in got.fits]), abs=1e-12
    )
    assert row.drop(["term", "estimate"]).isna().all() and got.terms.iloc[:-1].notna().all(
        axis=None
    )
    assert got.glance().fmi[0] == got.terms.fmi.max()


def test_cr2_has_the_degrees_of_freedom_of_each_term():
    got = fit(FILLED, "v ~ x + z", "linear", "cr2", "g")
    dfs = np.mean([f.dfs.to_numpy() for f in got.fits], axis=0)
    for j, row in got.terms.iterrows():
        own = [f.terms.loc[j, ["estimate", "std_error"]].to_numpy(dtype=float) for f in got.fits]
        want = ps.models.pool([e for e, _ in own], [s**2 for _, s in own], dfs[j])
        assert (row.df, row.std_error) == pytest.approx((want.df, want.std_error), rel=1e-10)
    assert (
        got.terms.df.nunique() == 3
        and "Satterthwaite's degrees of freedom, the mean over the tables" in str(got.notes)
    )
    with pytest.raises(ps.SpecError, match="'cr2' has no joint test after imputation"):
        got.joint_test(["x", "z"])


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (
            lambda: fit(
                FILLED,
                "v ~ x",
                "linear",
                "cluster",
                "g",
                bootstrap="webb",
                bootstrap_draws=99,
                bootstrap_seed=1,
            ),
            ps.SpecError,
            "Rubin's",
        ),
        (
            lambda: fit(FILLED, "v ~ x", "linear").joint_test([]),
            ps.SpecError,
            "no terms were named; name some of Intercept, x",
        ),
        (lambda: fit(FILLED, "v ~ x", "linear").joint_test(["xx"]), ps.SpecError, "term is 'xx'"),
        (
            lambda: fit(FILLED, "v ~ x + z", "linear").joint_test(["x", "x"]),
            ps.FitError,
            "named twice",
        ),
        (
            lambda: fit(FILLED, "v ~ x", "linear").contrast({"x": np.nan}),
            ps.SpecError,
            "must be a finite number",
        ),
        (lambda: fit(FILLED, "v ~ x", "linear").tidy(95), ps.SpecError, "conf_level is 95"),
        (
            lambda: fit(FILLED, "v ~ x", "mixed_linear", group="g", method="ml").tidy(
                exponentiate=True
            ),
            ps.SpecError,
            "no odds ratios",
        ),
        (
            lambda: fit(FILLED, "v ~ x", "linear").null_statistics(["x"], 1.5, 1),
            ps.SpecError,
            "draws is 1.5",
        ),
    ],
)
def test_what_is_refused_is_refused_with_its_reason(call, error, said):
    with pytest.raises(error, match=said):
        call()


def test_adjusted_p_values():
    """A null of one term is its own t; step-down lies between the smallest p and Bonferroni's, as
    Holm bounds it from above.
    """
    got = fit(FILLED, "v ~ x + z + C(q)", "linear", "hc1")
    terms = got.terms.term.tolist()[1:]
    drawn = got.null_statistics(terms, 20_000, 3)
    own = got.terms.set_index("term").loc[terms]
    share = (np.abs(drawn) >= np.abs(own.statistic.to_numpy())).mean(axis=0)
    np.testing.assert_allclose(share, own.p_value, atol=4 * 0.5 / 20_000**0.5)
    found = ps.models.inference.step_down(own.statistic.to_numpy(), drawn)
    holm = ps.models.adjust(own.p_value, "holm")
    assert (found >= own.p_value - 0.015).all() and (found <= holm + 0.015).all()
    V = got.vcov.loc[terms, terms].to_numpy()
    want = V / np.sqrt(np.outer(np.diag(V), np.diag(V)))
    np.testing.assert_allclose(
        stats.spearmanr(drawn).statistic, 6 / np.pi * np.arcsin(want / 2), atol=0.03
    )


def test_notes_say_what_differs_from_table_to_table():
    rng = np.random.default_rng(0)
    d = D.assign(rare=(rng.random(len(D)) < 0.06) * 1.0)
    d.loc[::6, "rare"] = np.nan
    got = fit(
        impute(d, ["y", "rare", "x", "v"], m=5, cycles=2, donors=3, seed=2),
        "y ~ rare + x",
        "firth",
        "hc1",
    )
    every_text = [{n.text for n in f.notes} for f in got.fits]
    for n in got.notes:
        if "reported for" not in n.text and n.kind not in ("imputed", "pooled", "few_tables"):
            assert all(n.text in each for each in every_text)
    kinds = [n.kind for n in got.notes]
    assert len(kinds) == len(set(kinds)) or kinds.count("vcov") <= 1


def test_what_the_imputation_did_not_know_is_said():
    kinds = {
        n.kind: n.text for n in fit(FILLED, "v ~ x", "mixed_linear", group="g", method="ml").notes
    }
    assert "do not include the groups by g" in kinds["unknown_groups"]
    other = impute(D, ["t", "y", "x", "z", "v"], m=3, cycles=1, donors=3, seed=1)
    told = {n.kind: n.text for n in fit(other, "Surv(t, y) ~ x", "cox").notes}
    assert "impute(..., survival=('t', 'y'))" in told["times"]
    assert "times" not in {n.kind for n in fit(FILLED, "Surv(t, y) ~ x", "cox").notes}
    named = D.assign(g=D.g.map(lambda i: f"country {i}"))
    knows = impute(named, ["v", "x", "g"], m=2, cycles=1, donors=3, seed=1)
    for got in (
        fit(knows, "v ~ x", "linear", "cluster", "g"),
        fit(knows, "v ~ x", "mixed_linear", group="g", method="ml"),
    ):
        assert not {"clusters", "unknown_groups"} & {n.kind for n in got.notes}
    told = {n.kind: n.text for n in fit(other, "v ~ x", "linear", "hc1", weights="w").notes}
    assert "do not include w" in told["not_imputed_with"]
    holes = D.assign(g=D.g.where(D.index % 9 > 0))
    filled = impute(holes, ["v", "x", "g"], m=2, cycles=1, donors=3, seed=1)
    with pytest.raises(
        ps.SpecError,
        match=r"'g' was imputed for 14 case\(s\), and says which cluster a case belongs to",
    ):
        fit(filled, "v ~ x", "linear", "cluster", "g")
    with pytest.raises(ps.SpecError, match="which group a case belongs to"):
        fit(filled, "v ~ x", "mixed_linear", group="g", method="ml")
    left = fit(
        impute(holes, ["v", "x"], m=2, cycles=1, donors=3, seed=1),
        "v ~ x",
        "linear",
        "cluster",
        "g",
    )
    assert left.n == len(D) - 14 and set(left.dropped.reason) == {"g is missing"}


def test_filled_values_are_told_by_case():
    got = fit(FILLED, "v ~ x*z", "linear")
    assert len(got.filled) == D.x.isna().sum() + D.z.isna().sum()
    for row in got.filled.itertuples():
        assert row.values == tuple(t.loc[row.case, row.column] for t in FILLED.tables) and pd.isna(
            D.loc[row.case, row.column]
        )
    shown = got._repr_html_()
    assert (
        "3 completed tables" in shown and "fmi" in shown and "computed from imputed values" in shown
    )


ASKED_OF_ONE = [
    lambda f: ps.models.diagnose(f),
    lambda f: ps.models.left_out(f),
    lambda f: ps.models.fit_notes.overdispersion(f),
    lambda f: ps.models.fit_notes.parallel_lines(f),
    lambda f: ps.models.fit_notes.proportional_hazards(f),
    lambda f: ps.models.bootstrap(f, FILLED, block=None, draws=99, seed=1, interval="percentile"),
    lambda f: ps.models.bootstrap(
        f.fits[0], FILLED, block=None, draws=99, seed=1, interval="percentile"
    ),
    lambda f: ps.models.out_of_sample(FILLED, [f.spec], seed=1),
    lambda f: ps.models.permutation_test(FILLED, f.spec, ["x"], strata="q", draws=99, seed=1),
    lambda f: ps.models.resampling.randomisation_test(
        FILLED, f.spec, "x", clusters=None, blocks=None, draws=99, seed=1
    ),
    lambda f: ps.models.resampling.romano_wolf([(f, "x")], FILLED, block=None, draws=99, seed=1),
]


@pytest.mark.parametrize("ask", ASKED_OF_ONE)
def test_what_is_asked_of_one_table_is_refused_with_what_to_do(ask):
    with pytest.raises(
        ps.SpecError, match=r"takes one table, or the fit of one, and a \w+ is several\. \w+ "
    ):
        ask(fit(FILLED, "v ~ x", "linear"))


def test_a_table_without_a_standard_error_leaves_the_whole_without():
    from peacestudy.models.missing.pooled_row import log_row, pooled_row

    for row in (
        pooled_row([1.0, 2.0], [0.1, np.nan], np.inf),
        log_row([1.0, 2.0], [0.1, np.nan], 30.0),
    ):
        assert row.pop("estimate") == 1.5 and np.isnan(list(row.values())).all()


def test_a_variance_below_zero_is_told():
    """Under two-way clusters a variance can be below zero: the term has
    an estimate and no test, and a note says so.
    """
    d = D.assign(h=np.arange(len(D)) % 12, g=np.arange(len(D)) % 11)
    for seed in range(40):
        mixed = d.assign(v=np.random.default_rng(seed).permutation(d.v))
        got = fit(
            impute(mixed, ["v", "x", "z"], m=3, cycles=1, donors=3, seed=1),
            "v ~ x + z",
            "linear",
            "cluster",
            ("g", "h"),
        )
        bad = got.terms.term[got.terms.std_error.isna()].tolist()
        if bad:
            break
    assert bad and bad[0] in next(n.text for n in got.notes if n.kind == "variance")
    with pytest.raises(
        ps.FitError,
        match=(
            f"{bad[0]} cannot be tested: there is no standard error. The variance of {bad[0]} is"
            " not above zero"
        ),
    ):
        got.joint_test([bad[0]])
    assert np.isfinite(got.terms.estimate).all() and "nan" not in got._repr_html_()


def test_what_cannot_be_below_zero_is_tested_against_zero_by_no_fit():
    """A Wald test of alpha or of a spread against zero, on the edge, is none: a fit of one table
    refuses it as the pooled one does.
    """
    rng = np.random.default_rng(5)
    d = pd.DataFrame({"x": rng.normal(size=150), "e": rng.uniform(1, 3, 150)})
    d["c"] = rng.negative_binomial(1.0, 1 / (1 + np.exp(0.3 * d.x) * d.e))
    gaps = d.assign(x=d.x.where(rng.random(150) > 0.1), e=d.e.where(rng.random(150) > 0.1))
    filled = ps.models.impute(gaps, ["x", "e", "c"], m=3, cycles=2, donors=3, seed=1)
    spec = ps.ModelSpec("m", "c ~ x", "negative_binomial", "classical", options={"exposure": "e"})
    one, pooled = ps.fit(d, spec), ps.fit(filled, spec)
    for found in (one, pooled):
        for test in (lambda f: f.joint_test(["x", "alpha"]), lambda f: f.contrast({"alpha": 1})):
            with pytest.raises(
                ps.SpecError,
                match="alpha cannot be negative, so that a test against zero would be",
            ):
                test(found)
    assert pooled.filled["column"].value_counts().to_dict() == {
        "x": gaps.x.isna().sum(),
        "e": gaps.e.isna().sum(),
    }
