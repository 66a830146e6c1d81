"""Which robust standard errors exist: by rank without the rows, degrees of freedom by full
matrices, sizes by the stored simulation.
"""

import hashlib
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit

import peacestudy as ps
from peacestudy.models.engines.engine import CLUSTERED
from peacestudy.models.inference.reference import estimated_reference
from peacestudy.models.inference.robust_limits import (
    approximate_size,
    effective,
    find_blanks,
    is_blank,
)

STORED = Path(__file__).resolve().parents[2] / "references" / "robust_size"
sys.path.insert(0, str(STORED))
from robust_size import simulate  # noqa: E402

FULL = 1e-8  # relative, against N by N matrices
ACCEPTED = 0.07  # size of tests that are printed plainly
SEEN = 200  # samples below which the size of those with one outcome is not known
MISSING = ["std_error", "statistic", "p_value", "conf_low", "conf_high"]


def draw(N=60, G=12, seed=3):
    rng = np.random.default_rng(seed)
    d = pd.DataFrame(
        {
            "x": rng.normal(size=N),
            "z": rng.normal(size=N),
            "g": np.arange(N) % G,
            "h": rng.integers(0, 7, N),
        }
    )
    d["y"] = 1 + 2 * d.x + rng.normal(size=N)
    d["b"] = (rng.random(N) < expit(d.x / 2)) * 1
    d["n"] = rng.negative_binomial(1, 0.3, N)
    d["o"] = pd.qcut(d.y, 3, labels=False)
    d["t"] = rng.integers(1, 5, N)
    return d


def spec(formula, engine="linear", vcov="hc1", cluster=None, **more):
    return ps.ModelSpec("m", formula, engine, vcov, cluster, **more)


def terms(fit):
    return fit.terms.set_index("term")


OUTCOMES = {
    "linear": "y",
    "logit": "b",
    "firth": "b",
    "ridge": "b",
    "poisson": "n",
    "negative_binomial": "n",
    "ordered": "o",
    "cox": "Surv(t, b)",
    "discrete_time": "Surv(t, b)",
}
HC = {"cox": "hc0"}


@pytest.mark.parametrize("engine", OUTCOMES)
@pytest.mark.parametrize("clustered", [False, True])
def test_a_term_of_one_case_or_cluster_has_no_robust_standard_error(engine, clustered):
    d = draw()
    rows = d.g == 5 if clustered else d.index == 17
    d["c"] = rows * 1.0
    if clustered:
        d.loc[rows, "b"], d.loc[rows, "n"], d.loc[rows, "t"] = [0, 1, 0, 1, 1], [0, 1, 2, 3, 9], 2
    elif engine in ("logit", "ridge", "firth"):
        pytest.skip("one case is separated in a logit")
    else:
        d.loc[rows, "b"], d.loc[rows, "n"] = 1, 3
    options = (
        {"penalty": 1.0}
        if engine == "ridge"
        else {"baseline": "constant"}
        if engine == "discrete_time"
        else {}
    )
    vcov, cluster = ("cluster", "g") if clustered else (HC.get(engine, "hc1"), None)
    fit = ps.fit(d, spec(f"{OUTCOMES[engine]} ~ x + c", engine, vcov, cluster, options=options))
    own = terms(fit)
    assert own.loc["c", MISSING].isna().all() and np.isfinite(own.loc["c", "estimate"])
    assert own.loc["x", MISSING].notna().all()
    assert (
        fit.vcov["c"].isna().all()
        and fit.vcov.loc["c"].isna().all()
        and np.isfinite(fit.vcov.loc["x", "x"])
    )
    (note,) = [n.text for n in fit.notes if n.kind == "no_robust_error"]
    assert f"c rests on {'one cluster (g 5)' if clustered else 'one case (17)'}" in note
    plain = ps.fit(d, spec(f"{OUTCOMES[engine]} ~ x + c", engine, "classical", options=options))
    assert terms(plain).loc["c", "std_error"] > 0


@pytest.mark.parametrize("vcov", ["hc0", "hc1", "hc2", "hc3", "cluster", "cr2", "jackknife"])
def test_every_robust_covariance_of_a_linear_model_is_blank_there(vcov):
    d = draw().assign(c=lambda t: (t.index == 17) * 1.0)
    own = terms(ps.fit(d, spec("y ~ x + c", vcov=vcov, cluster="g" if vcov in CLUSTERED else None)))
    assert (
        own.loc["c", MISSING].isna().all()
        and own.loc[["Intercept", "x"], MISSING].notna().all().all()
    )


def by_rank(fit, groupings):
    """Terms whose coefficient is not identified without some group of rows:
    the rank falls by less without their column.
    """
    X = fit.design.X / np.sqrt((fit.design.X**2).sum(axis=0))
    K, out = X.shape[1], set()
    for groups in groupings:
        for g in np.unique(groups):
            rest = X[groups != g]
            full = np.linalg.matrix_rank(rest, tol=1e-9)
            if full == K:
                continue
            for j in range(K):
                if np.linalg.matrix_rank(np.delete(rest, j, axis=1), tol=1e-9) == full:
                    out.add(fit.design.names[j])
    return out


@pytest.mark.parametrize("seed", range(12))
def test_blank_terms_are_those_that_the_other_rows_do_not_identify(seed):
    rng = np.random.default_rng(seed)
    d = draw(40, 6, seed)
    d["k"] = rng.choice(list("abcd"), 40, p=[0.03, 0.07, 0.4, 0.5])
    d["u"] = np.where(d.g == 2, rng.normal(size=40), 0.0)
    d["v"] = d.u + d.x
    for vcov, cluster in (("hc1", None), ("cluster", "g"), ("cluster", ["g", "h"]), ("cr2", "h")):
        fit = ps.fit(d, spec("y ~ x + C(k) + v", vcov=vcov, cluster=cluster))
        groups = [np.arange(40)] if cluster is None else fit.design.clusters
        blank = set(fit.terms["term"][fit.vcov.isna().all().to_numpy()])
        assert blank == by_rank(fit, groups)


def test_weights_near_zero_count_as_absent():
    d = draw().assign(c=lambda t: (t.index < 4) * 1.0, w=1.0)
    d.loc[[1, 2, 3], "w"] = 1e-12
    assert np.isnan(
        terms(ps.fit(d, spec("y ~ x + c", options={"weights": "w"}))).loc["c", "std_error"]
    )
    assert np.isfinite(
        terms(ps.fit(d.assign(w=1.0), spec("y ~ x + c", options={"weights": "w"}))).loc[
            "c", "std_error"
        ]
    )


def test_strata_of_cox_are_constants_beside_the_terms():
    """In a stratum of its own the dummy of all rows but one of a
    cluster is the dummy of that row.
    """
    d = draw(80, 8).assign(
        s=lambda t: (t.index % 8 == 3) * 1, t=lambda t: 1 + np.arange(80) * 7 % 80, b=1
    )
    inside = d.index[d.s == 1]
    d["c"] = d.s * 1.0
    d.loc[inside[0], "c"] = 0.0
    fit = ps.fit(d, spec("Surv(t, b) ~ x + c", "cox", "hc0", options={"strata": "s"}))
    assert np.isnan(terms(fit).loc["c", "std_error"]) and np.isfinite(
        terms(fit).loc["x", "std_error"]
    )
    other = ps.fit(d, spec("Surv(t, b) ~ x + c", "cox", "hc0"))
    assert np.isfinite(terms(other).loc["c", "std_error"])


@pytest.mark.parametrize(
    ("engine", "vcov"),
    [("firth", "hc1"), ("firth", "cluster"), ("firth", "jackknife"), ("ridge", "cluster")],
)
def test_a_separated_term_is_blank(engine, vcov):
    d = draw().assign(q=lambda t: (t.index < 9) * 1)
    d.loc[d.q == 1, "b"] = 1
    options = {"penalty": 1.0} if engine == "ridge" else {}
    fit = ps.fit(
        d, spec("b ~ x + q", engine, vcov, None if vcov == "hc1" else "g", options=options)
    )
    own = terms(fit)
    assert (
        own.loc["q", MISSING].isna().all()
        and own.loc[["Intercept", "x"], MISSING].notna().all().all()
    )
    one = d.assign(b=d.b.mask(d.index == 0, 0))
    fit = ps.fit(
        one, spec("b ~ x + q", engine, vcov, None if vcov == "hc1" else "g", options=options)
    )
    assert terms(fit)[MISSING].notna().all().all()


def test_what_is_built_on_a_blank_inherits_it():
    d = draw().assign(c=lambda t: (t.index == 17) * 1.0)
    fit = ps.fit(d, spec("y ~ x + z + c"))
    row = fit.contrast({"x": 1, "c": 1}, one_sided="greater").iloc[0]
    assert np.isfinite(row.estimate) and row[[*MISSING, "p_greater"]].isna().all()
    plain = fit.contrast({"x": 1, "z": -1}).iloc[0]
    V = fit.vcov
    assert plain.std_error == pytest.approx(
        (V.loc["x", "x"] + V.loc["z", "z"] - 2 * V.loc["x", "z"]) ** 0.5
    )
    with pytest.raises(
        ps.FitError,
        match=r"c cannot be tested: there is no standard error.*c rests on one case \(17\)",
    ):
        fit.joint_test(["x", "c"])
    assert fit.joint_test(["x", "z"]).p_value < 0.05
    tidy = fit.tidy(0.9, one_sided="greater", power=0.8).set_index("term")
    assert tidy.loc["c", [*MISSING, "p_greater", "detectable"]].isna().all()
    with pytest.raises(ps.FitError, match="no standard error"):
        ps.models.resampling.romano_wolf([(fit, "c")], d, block=None, draws=99, seed=1)


def test_a_term_that_is_blank_in_one_completed_table_is_blank_in_the_pooled_fit():
    d = draw()
    d["c"] = (d.index < 6) * 1.0
    d.loc[d.index[:5], "c"] = np.nan
    d.loc[5, "c"] = 1.0
    filled = ps.models.impute(d, ["y", "x", "z", "c"], m=8, cycles=3, donors=5, seed=2)
    fits = ps.fit(filled, spec("y ~ x + c"))
    each = [terms(f).loc["c", "std_error"] for f in fits.fits]
    assert np.isnan(each).any()
    assert (
        terms(fits).loc["c", MISSING].isna().all() and terms(fits).loc["x", MISSING].notna().all()
    )
    assert fits.vcov["c"].isna().all()
    assert np.isnan(fits.contrast({"c": 1, "x": 1})["std_error"][0])
    with pytest.raises(ps.FitError, match="c cannot be tested"):
        fits.joint_test(["x", "c"])


def test_permutations_and_deals_do_not_studentise_by_a_blank():
    d = draw().assign(c=lambda t: (t.index == 17) * 1.0, s=0)
    found = ps.models.permutation_test(
        d, spec("y ~ x + c"), ["x", "c"], strata="s", draws=99, seed=1
    ).set_index("term")
    assert found.loc["c"].isna().all() and found.loc["joint"].isna().all()
    assert found.loc["x", "p_permutation"] == 0.01 and found.loc["x", "p_family"] == 0.01
    with pytest.raises(ps.FitError, match="c has no robust standard error in these data"):
        ps.models.resampling.randomisation_test(
            d, spec("y ~ x + c"), "c", clusters=None, blocks=None, draws=99, seed=1
        )
    one = spec("y ~ x + c", vcov="classical")
    p = ps.models.resampling.randomisation_test(
        d, one, "c", clusters=None, blocks=None, draws=99, seed=1
    )["p_value"][0]
    assert 0 < p <= 1


def full_matrices(Q, back, groups, power, weight):
    """Degrees of freedom and expectation over the true variance, every matrix N by N."""
    N = len(Q)
    M = np.eye(N) - Q @ Q.T
    out = []
    for row in back:
        a = Q @ row
        columns = []
        for g in np.unique(groups):
            at = groups == g
            value, vector = np.linalg.eigh(M[np.ix_(at, at)])
            root = (
                vector
                @ np.diag(np.where(value < 1e-8, 0.0, np.maximum(value, 1e-8) ** -power))
                @ vector.T
            )
            column = np.zeros(N)
            column[at] = (root @ a[at] if power else a[at]) * weight[at]
            columns.append(column)
        C = np.array(columns).T
        P = C.T @ M @ C
        out.append((np.trace(P) ** 2 / (P**2).sum(), np.trace(P) / ((a * weight) ** 2).sum()))
    return np.array(out).T


@pytest.mark.parametrize(
    ("vcov", "power", "factor"),
    [
        ("hc0", 0, 1),
        ("hc1", 0, 60 / 56),
        ("hc2", 0.5, 1),
        ("hc3", 1, 1),
        ("cluster", 0, 12 / 11 * 59 / 56),
        ("cr2", 0.5, 1),
        ("jackknife", 1, 11 / 12),
    ],
)
@pytest.mark.parametrize("weighted", [False, True])
def test_degrees_of_freedom_are_those_of_full_matrices(vcov, power, factor, weighted):
    if weighted and vcov in ("cr2", "hc2", "hc3"):
        pytest.skip("it takes no weights")
    rng = np.random.default_rng(5)
    d = draw().assign(few=lambda t: (t.g < 3) * 1.0, w=rng.uniform(0.5, 2, 60))
    options = {"weights": "w"} if weighted else {}
    made = spec(
        "y ~ x + z + few", vcov=vcov, cluster="g" if vcov in CLUSTERED else None, options=options
    )
    fit = ps.fit(d, made)
    w = d.w.to_numpy() / d.w.mean() if weighted else np.ones(60)
    Q, R = np.linalg.qr(fit.design.X * np.sqrt(w)[:, None])
    groups = d.g.to_numpy() if vcov in CLUSTERED else np.arange(60)
    df, ratio = full_matrices(Q, np.linalg.inv(R), groups, power, np.sqrt(w))
    from peacestudy.models.kernels.linear import fit_linear

    found = effective(made, fit.design, fit_linear(fit.design.X[None], fit.design.y[None]))
    np.testing.assert_allclose(found.df, df, rtol=FULL)
    np.testing.assert_allclose(found.ratio, ratio * factor, rtol=FULL)


def test_working_weights_of_a_logit_and_the_bound():
    from peacestudy.models.kernels.logit import fit_logit

    d = draw(600, 40)
    made = spec("b ~ x + z", "logit", "cluster", "g")
    fit = ps.fit(d, made)
    p = expit(fit.design.X @ fit.terms.estimate.to_numpy())
    Q, R = np.linalg.qr(fit.design.X * np.sqrt(p * (1 - p))[:, None])
    df, ratio = full_matrices(Q, np.linalg.inv(R), d.g.to_numpy(), 0, np.ones(600))
    est = fit_logit(fit.design.X[None], fit.design.y[None])
    found = effective(made, fit.design, est)
    np.testing.assert_allclose(found.df, df, rtol=1e-6)
    np.testing.assert_allclose(found.ratio, ratio * 40 / 39, rtol=1e-6)
    many = effective(spec("b ~ x", "logit", "hc1"), fit.design, est)
    assert np.isinf(many.df).any() and np.isfinite(many.ratio).all()


def test_a_mean_has_one_degree_of_freedom_less_than_rows():
    d = pd.DataFrame({"y": np.random.default_rng(1).normal(size=20)})
    made = spec("y ~ 1", vcov="hc1")
    fit = ps.fit(d, made)
    from peacestudy.models.kernels.linear import fit_linear

    found = effective(made, fit.design, fit_linear(fit.design.X[None], fit.design.y[None]))
    assert found.df[0] == pytest.approx(19) and found.ratio[0] == pytest.approx(1)
    assert approximate_size(found, np.array([19.0]))[0] == pytest.approx(0.05)


def test_the_others_are_as_exact_as_without_the_case():
    """The statistic of x beside the dummy of one case is that of the
    model without both, but for hc1's factor.
    """
    d = draw().assign(c=lambda t: (t.index == 17) * 1.0)
    for vcov in ("hc2", "hc3", "jackknife"):
        cluster = "id" if vcov == "jackknife" else None
        d["id"] = d.index
        with_dummy = terms(ps.fit(d, spec("y ~ x + c", vcov=vcov, cluster=cluster))).loc[
            "x", "std_error"
        ]
        without = terms(ps.fit(d.drop(index=17), spec("y ~ x", vcov=vcov, cluster=cluster))).loc[
            "x", "std_error"
        ]
        factor = (59 / 60 * 59 / 58) ** 0.5 if vcov == "jackknife" else 1
        assert with_dummy == pytest.approx(without * factor, rel=1e-10)


def test_the_size_without_the_rule_is_the_issues():
    """One case of 60 by hc1: the number that is now blank rejects in
    about .69 of the samples (no other term).
    """
    rng = np.random.default_rng(1)
    d = pd.DataFrame({"c": (np.arange(60) == 0) * 1.0})
    X = np.column_stack([np.ones(60), d.c])
    bread = np.linalg.inv(X.T @ X)
    rejected = []
    for _ in range(2000):
        y = rng.normal(size=60)
        b = bread @ X.T @ y
        e = y - X @ b
        V = bread @ (X.T * e**2) @ X @ bread * 60 / 58
        rejected.append(2 * stats.t.sf(abs(b[1]) / V[1, 1] ** 0.5, 58) < 0.05)
    assert np.mean(rejected) > 0.6
    fit = ps.fit(d.assign(y=y), spec("y ~ c"))
    assert np.isnan(fit.terms.std_error[1])


def test_find_blanks_is_nothing_for_classical():
    fit = ps.fit(draw(), spec("y ~ x", vcov="classical"))
    assert find_blanks(fit.spec, fit.design) == ()
    assert not is_blank((), 2).any()


def test_the_reference_of_a_sample_has_the_same_blanks():
    d = draw().assign(c=lambda t: (t.index == 17) * 1.0)
    made = spec("y ~ x + c", vcov="cr2", cluster="g")
    fit = ps.fit(d, made)
    from peacestudy.models.kernels.linear import fit_linear

    found = estimated_reference(
        made, fit.design, fit_linear(fit.design.X[None], fit.design.y[None])
    )
    assert np.isnan(found.dfs[2]) and np.isfinite(found.dfs[:2]).all()
    assert fit.dfs.isna().tolist() == [False, False, True]


def stored():
    return pd.read_csv(STORED / "sizes.csv")


def test_the_stored_sizes_are_those_of_the_script():
    digest = hashlib.sha256((STORED / "robust_size.py").read_bytes()).hexdigest()
    assert (STORED / "sizes.sha256").read_text().strip() == digest
    again = pd.DataFrame(simulate("linear", "rows-5", 0.0, vcovs=("hc3",)))
    old = stored().query("engine == 'linear' and design == 'rows-5' and vcov == 'hc3'")
    pd.testing.assert_frame_equal(
        again.reset_index(drop=True), old.reset_index(drop=True), check_dtype=False
    )


def test_what_is_printed_plainly_has_its_size():
    t = stored()
    plain = t[t.share_c * t.samples >= SEEN]
    assert len(plain) > 40
    assert (plain.size_c <= ACCEPTED).all()


def test_the_approximate_size_is_near_the_simulated_one_or_above_it():
    """Of linear models within .05; beyond that the approximation
    says too much rather than too little.
    """
    t = stored()
    shown = t[(t.share_b + t.share_c > 0.9) & (t.samples >= SEEN)]
    assert (shown["size"] - shown.predicted < 0.02 + 3 * np.sqrt(0.05 * 0.95 / shown.samples)).all()
    few = shown.query("engine == 'linear' and df > 3 and vcov != 'cr2'")
    assert ((few["size"] - few.predicted).abs() < 0.035).all()


def test_what_is_blank_rejected_far_too_often():
    t = stored().query("share_a == 1")
    assert len(t) >= 20 and (t["size"] > 0.3).all()
