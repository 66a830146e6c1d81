"""Ridge logit against R's glmnet and scikit-learn, its covariance by definition, by scikit-learn
and by simulation; FLAC against logistf.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

import peacestudy as ps
from peacestudy.models.inference.covariance import covariance
from peacestudy.models.kernels.flac import fit_flac
from peacestudy.models.kernels.ridge import fit_ridge

HERE = Path(__file__).resolve().parents[2] / "references" / "shrunken"
SEX2 = (
    Path(__file__).resolve().parents[3].parent / "shared" / "references" / "regression" / "sex2.csv"
)
GLMNET = 1e-6  # relative; coordinate descent
SKLEARN = 1e-6  # relative
EXACT = 1e-8  # relative; sums in another order
MOVED = 5e-6  # relative; derivatives of scikit-learn's estimates by differences of 1e-4
FORMULA = "peace ~ a + b + log(gdp) + k"


def table():
    return pd.read_csv(HERE / "data.csv")


def ridge(penalty, vcov="classical", data=None):
    cluster = "country" if vcov == "cluster" else None
    return ps.fit(
        table() if data is None else data,
        ps.ModelSpec("r", FORMULA, "ridge", vcov, cluster, {"penalty": penalty}),
    )


def unblanked(fit):
    """The covariance by its definition, also of ``k``, which separates
    the outcome, so that a fit does not print it.
    """
    free = np.array([name == "Intercept" for name in fit.design.names])
    est, _ = fit_ridge(fit.design.X, fit.design.y, 2.0, free)
    V = covariance(est, fit.spec.vcov, fit.design.clusters, small_sample=False)[0]
    missing = fit.vcov.isna().to_numpy()
    assert np.array_equal(fit.vcov.to_numpy()[~missing], V[~missing])
    assert fit.vcov.columns[missing.all(axis=0)].tolist() == (
        [] if fit.spec.vcov == "classical" else ["k"]
    )
    return V


@pytest.fixture(scope="module")
def expected():
    d = pd.read_csv(HERE / "expected.csv")
    return {m: g["value"].to_numpy() for m, g in d.groupby("model", sort=False)}


@pytest.mark.parametrize("penalty", [0.5, 5])
def test_coefficients_are_glmnets_and_scikit_learns(penalty, expected):
    fit = ridge(penalty)
    assert fit.terms["term"].tolist() == ["Intercept", "a", "b", "log(gdp)", "k"]
    assert fit.terms["estimate"].to_numpy() == pytest.approx(
        expected[f"ridge_{penalty}"], rel=GLMNET
    )
    X = fit.design.X[:, 1:]
    size = X.std(axis=0, ddof=1)
    other = LogisticRegression(C=1 / penalty, tol=1e-14, solver="newton-cholesky", max_iter=1000)
    other.fit((X - X.mean(axis=0)) / size, fit.design.y)
    assert fit.terms["estimate"].to_numpy()[1:] == pytest.approx(other.coef_[0] / size, rel=SKLEARN)


@pytest.mark.parametrize("vcov", ["classical", "hc0", "hc1", "cluster"])
def test_covariances_by_definition(vcov):
    fit, d = ridge(2.0, vcov), table()
    X, y, b = fit.design.X, fit.design.y, fit.terms["estimate"].to_numpy()
    p, N, K = expit(X @ b), *X.shape
    D = np.diag([0.0, *(2.0 * X[:, 1:].var(axis=0, ddof=1))])
    info = X.T @ np.diag(p * (1 - p)) @ X
    s = X * (y - p)[:, None] - D @ b / N
    assert s.sum(axis=0) == pytest.approx(np.zeros(K), abs=1e-6)
    sums = pd.DataFrame(s).groupby(d["country"]).sum().to_numpy()
    G = len(sums)
    meat = {
        "classical": info,
        "hc0": s.T @ s,
        "hc1": s.T @ s * N / (N - K),
        "cluster": sums.T @ sums * G / (G - 1),
    }[vcov]
    B = np.linalg.inv(info + D)
    assert unblanked(fit) == pytest.approx(B @ meat @ B, rel=1e-6, abs=1e-9)


def test_covariances_are_what_scikit_learn_moves_by():
    """Another program's estimate, differentiated: by the outcome of every row, and by its weight.

    The classical covariance is that of the estimate where every outcome varies by p(1 - p); the
    robust ones take the change by a row's weight, less its mean (rows weigh the fit and not the
    penalty), for what the row is worth.
    """
    d = table()
    fit = ridge(2.0)
    X, y, N = fit.design.X[:, 1:], fit.design.y, len(d)
    size, step = X.std(axis=0, ddof=1), 1e-4
    both, outcome = np.vstack([X, X]) / size, np.repeat([1.0, 0.0], N)

    def other(ones, zeros):
        model = LogisticRegression(C=0.5, tol=1e-14, solver="newton-cholesky", max_iter=1000)
        model.fit(
            both - X.mean(axis=0) / size, outcome, sample_weight=np.concatenate([ones, zeros])
        )
        slopes = model.coef_[0] / size
        return np.array([model.intercept_[0] - slopes @ X.mean(axis=0), *slopes])

    def moved(i, ones, zeros):
        at = step * (np.arange(N) == i)
        up, down = (
            other(y + ones * at, 1 - y + zeros * at),
            other(y - ones * at, 1 - y - zeros * at),
        )
        return (up - down) / (2 * step)

    p = expit(fit.design.X @ fit.terms["estimate"].to_numpy())
    by_outcome = np.array([moved(i, 1, -1) for i in range(N)])
    by_weight = np.array([moved(i, y[i], 1 - y[i]) for i in range(N)])
    by_weight -= by_weight.mean(axis=0)
    sums = pd.DataFrame(by_weight).groupby(d["country"]).sum().to_numpy()
    K, G = len(fit.terms), len(sums)
    for vcov, V in {
        "classical": by_outcome.T @ (by_outcome * (p * (1 - p))[:, None]),
        "hc0": by_weight.T @ by_weight,
        "hc1": by_weight.T @ by_weight * N / (N - K),
        "cluster": sums.T @ sums * G / (G - 1),
    }.items():
        root = np.sqrt(np.diag(V))
        own = unblanked(ridge(2.0, vcov))
        assert np.sqrt(np.diag(own)) == pytest.approx(root, rel=MOVED)
        assert own / np.outer(root, root) == pytest.approx(V / np.outer(root, root), abs=MOVED)


@pytest.mark.slow(reason="simulates standard errors, 2 s")
def test_standard_errors_are_those_of_the_shrunken_coefficients():
    rng = np.random.default_rng(8)
    X = rng.normal(size=(400, 2))
    p, found = expit(-0.5 + X @ [0.8, -0.4]), []
    for _ in range(300):
        d = pd.DataFrame({"y": (rng.random(400) < p).astype(int), "a": X[:, 0], "b": X[:, 1]})
        found.append(
            ps.fit(
                d, ps.ModelSpec("r", "y ~ a + b", "ridge", "classical", options={"penalty": 30})
            ).terms
        )
    estimates = np.array([t["estimate"] for t in found])
    mean_se = np.mean([t["std_error"] for t in found], axis=0)
    # 300 draws: 4 % standard deviation
    assert mean_se == pytest.approx(estimates.std(axis=0, ddof=1), rel=0.15)
    assert (np.abs(estimates.mean(axis=0)[1:]) < [0.72, 0.36]).all()  # drawn towards zero


def test_a_small_penalty_is_the_logit_and_a_large_one_the_share():
    d = table().query("k == 0").reset_index(drop=True).assign(k=lambda t: np.arange(len(t)) % 3)
    plain = ps.fit(d, ps.ModelSpec("l", FORMULA, "logit", "cluster", "country"))
    small = ridge(1e-7, "cluster", d)
    assert small.terms["estimate"].to_numpy() == pytest.approx(
        plain.terms["estimate"].to_numpy(), rel=1e-5
    )
    assert small.terms["std_error"].to_numpy() == pytest.approx(
        plain.terms["std_error"].to_numpy(), rel=1e-5
    )
    large = ridge(1e9, "classical", d).terms["estimate"].to_numpy()
    assert np.abs(large[1:]).max() < 1e-5
    assert large[0] == pytest.approx(logit(d["peace"].mean()), abs=1e-4)


def test_units_change_nothing():
    one, other = ridge(3), ridge(3, data=table().assign(a=lambda t: t["a"] * 1e12 + 5))
    assert other.terms["statistic"].to_numpy()[1:] == pytest.approx(
        one.terms["statistic"].to_numpy()[1:], rel=1e-6
    )
    assert other.loglik == pytest.approx(one.loglik, rel=1e-9)


def test_what_is_said_of_it():
    fit = ridge(3)
    said = {n.kind: str(n) for n in fit.notes}
    assert "separated by k" in said["separation"]
    assert "ridge penalty of 3" in said["ridge"]
    assert "may differ from the nominal level" in said["ridge"]
    X, p = fit.design.X, expit(fit.design.X @ fit.terms["estimate"].to_numpy())
    info = X.T @ np.diag(p * (1 - p)) @ X
    worth = (
        np.trace(np.linalg.solve(info + np.diag([0, *(3 * X[:, 1:].var(axis=0, ddof=1))]), info))
        - 1
    )
    assert f"4 terms have {worth:.1f} effective degrees of freedom" in said["ridge"]
    assert np.isnan(fit.aic)
    assert fit.n_events == table()["peace"].sum()
    y = fit.design.y
    assert fit.loglik == pytest.approx((y * np.log(p) + (1 - y) * np.log1p(-p)).sum(), rel=EXACT)
    chances = ps.models.predict(fit, table(), "response")
    assert chances["estimate"].to_numpy() == pytest.approx(p, rel=EXACT)


@pytest.mark.parametrize("penalty", [0, -1, "3", True, float("nan"), float("inf"), None])
def test_a_penalty_is_a_number_above_zero(penalty):
    with pytest.raises(ps.SpecError, match="must be a number above zero"):
        ps.ModelSpec("r", FORMULA, "ridge", "hc0", options={"penalty": penalty})


def test_there_is_no_default_penalty():
    with pytest.raises(
        ps.SpecError, match="needs the option penalty, a number above zero; there is no default"
    ):
        ps.ModelSpec("r", FORMULA, "ridge", "hc0")
    assert ps.ModelSpec("r", FORMULA, "ridge", "hc0", options={"penalty": 1}).option_columns == ()


def leverage_of_firth(X, beta):
    p = expit(X @ beta)
    W = p * (1 - p)
    return W * np.einsum("ij,jk,ik->i", X, np.linalg.inv(X.T @ (X * W[:, None])), X)


def test_flac_is_logistfs(expected):
    fit = ps.fit(table(), ps.ModelSpec("f", FORMULA, "firth", "classical"))
    beta = fit_flac(fit.design.X[None], fit.design.y[None]).beta[0]
    assert beta == pytest.approx(expected["flac"], rel=1e-6)
    found = ps.models.predict(fit, table(), "flac")
    assert found["estimate"].to_numpy() == pytest.approx(expit(fit.design.X @ beta), rel=EXACT)
    assert found["estimate"].mean() == pytest.approx(fit.design.y.mean(), rel=1e-9)
    # the inverse information of the augmented data, by the formula: rows, and pseudo-rows with half
    # the leverage and a column more
    X, N = fit.design.X, fit.n
    h = leverage_of_firth(X, fit.terms["estimate"].to_numpy())
    gamma = brentq(lambda g: (h * (0.5 - expit(X @ beta + g))).sum(), -20, 20, xtol=1e-14)
    rows = np.vstack([np.column_stack([X, np.zeros(N)]), np.column_stack([X, np.ones(N)])])
    p = expit(rows @ np.append(beta, gamma))
    V = np.linalg.inv(rows.T @ (rows * (np.append(np.ones(N), h) * p * (1 - p))[:, None]))[:-1, :-1]
    half = 1.959963984540054 * np.sqrt(np.einsum("ij,jk,ik->i", X, V, X))
    assert found["conf_high"].to_numpy() == pytest.approx(
        expit(fit.design.X @ beta + half), rel=1e-7
    )


@pytest.mark.skipif(
    not SEX2.is_file(), reason="the reference data are not at hand (../shared/references)"
)
def test_flac_of_sex2_is_what_logistf_prints():
    fit = ps.fit(
        pd.read_csv(SEX2),
        ps.ModelSpec("f", "case ~ age + oc + vic + vicl + vis + dia", "firth", "classical"),
    )
    printed = [
        0.122267425708,
        -1.096340033943,
        -0.066026313569,
        2.282202978717,
        -2.114169339696,
        -0.787316863265,
        3.181734852298,
    ]
    assert fit_flac(fit.design.X[None], fit.design.y[None]).beta[0] == pytest.approx(
        printed, rel=1e-7
    )


def test_flac_is_for_firth_with_an_intercept():
    with pytest.raises(
        ps.SpecError, match="flac corrects the intercept of engine 'firth', not of 'ridge'"
    ):
        ps.models.predict(ridge(1), table(), "flac")
    without = ps.fit(table(), ps.ModelSpec("f", "peace ~ 0 + a + b", "firth", "hc0"))
    with pytest.raises(ps.SpecError, match="flac corrects the intercept, and formula"):
        ps.models.predict(without, table(), "flac")


def test_with_categories_a_note_names_the_reference_on_which_the_estimates_depend():
    """The penalty is on differences from the reference: other fitted
    values, unlike those of a logit without a penalty.
    """
    d = table().assign(c=np.resize(list("pqr"), len(table())))
    other = d.assign(c=d["c"].map({"p": "z", "q": "q", "r": "r"}))
    fits = [
        [
            ps.fit(t, ps.ModelSpec("m", "peace ~ a + C(c)", engine, "classical", options=options))
            for t in (d, other)
        ]
        for engine, options in (("ridge", {"penalty": 2.0}), ("logit", {}))
    ]
    ridge_slopes, logit_slopes = ([f.terms["estimate"][1] for f in pair] for pair in fits)
    assert abs(ridge_slopes[0] - ridge_slopes[1]) > 1e-4
    assert logit_slopes[0] == pytest.approx(logit_slopes[1], rel=1e-6)
    (note,) = (n for n in fits[0][0].notes if n.kind == "ridge_reference")
    assert "differences from p" in note.text
