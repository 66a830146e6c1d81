"""Robust covariances, all of their entries, against R's sandwich,
statsmodels, and scores taken by complex steps.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import peacestudy as ps
from peacestudy.models.inference.covariance import covariance
from peacestudy.models.kernels.firth import fit_firth

HERE = Path(__file__).resolve().parents[2] / "references"
LINEAR = 1e-8  # relative, of roots of variances
COEFFICIENT = 1e-6  # of a standard error
STD_ERROR = 5e-6  # relative, and of an entry beside the roots of its two variances
TERMS = {"(Intercept)": "Intercept", "I(period^2)": "period^2", "I(period^3)": "period^3"}
FORMULAS = {
    "linear": ("linear", "y ~ x + z + C(k)", {}),
    "logit": ("logit", "b ~ x + z + C(k)", {}),
    "firth": ("firth", "b ~ x + z + C(k) + r", {}),
    "cubic": ("discrete_time", "Surv(time, event) ~ a + b + C(k)", {"baseline": "cubic"}),
    "dummies": ("discrete_time", "Surv(time, event) ~ a + b + C(k)", {"baseline": "dummies"}),
}


def ours(name):
    """R's name of a term in ours."""
    if name.startswith("factor(k)"):
        return f"C(k)[{name[-1]}]"
    return f"C(k)[{name[1]}]" if name in ("kb", "kc", "ky", "kz") else TERMS.get(name, name)


def data(model):
    if model in ("cubic", "dummies"):
        return pd.read_csv(HERE / "cox" / "cases.csv")
    d = pd.read_csv(HERE / "robust" / "data.csv")
    return d[d.r == 0] if model == "logit" else d


def fitted(model, vcov):
    engine, formula, options = FORMULAS[model]
    one = "country" if options else "g"
    cluster = {"cluster": one, "cr2": one, "jackknife": one, "two_ways": ["g", "h"]}.get(vcov)
    vcov = "cluster" if vcov == "two_ways" else vcov
    return ps.fit(data(model), ps.ModelSpec(model, formula, engine, vcov, cluster, options))


def unblanked(found):
    """The covariance by its definition; of firth also that of a
    separated term, which a fit does not print.
    """
    if found.spec.engine != "firth":
        return found.vcov
    est = fit_firth(found.design.X[None], found.design.y[None])
    V = covariance(est, found.spec.vcov, found.design.clusters, small_sample=False)[0]
    missing = found.vcov.isna().to_numpy()
    assert np.array_equal(found.vcov.to_numpy()[~missing], V[~missing])
    assert found.vcov.columns[missing.all(axis=0)].tolist() == (
        [] if found.spec.vcov == "classical" else ["r"]
    )
    return pd.DataFrame(V, found.vcov.index, found.vcov.columns)


def expected():
    return pd.read_csv(HERE / "robust" / "expected.csv", keep_default_na=False)


def cells():
    e = expected().query("vcov != 'estimate'")
    return list(dict.fromkeys(zip(e.model, e.vcov, strict=True)))


def close(found, want, tolerance):
    """Two covariances, entry by entry, each beside the roots of its variances."""
    root = np.sqrt(np.diag(want))
    np.testing.assert_allclose(
        np.asarray(found) / np.outer(root, root), want / np.outer(root, root), atol=tolerance
    )
    np.testing.assert_allclose(np.sqrt(np.diag(found)), root, rtol=tolerance)


@pytest.mark.parametrize(("model", "vcov"), cells())
def test_every_entry_is_r(model, vcov):
    e = expected().query("model == @model")
    estimates = e[e.vcov == "estimate"]
    terms = [ours(t) for t in estimates.term]
    want = pd.DataFrame(index=terms, columns=terms, dtype=float)
    for row in e[e.vcov == vcov].itertuples():
        want.loc[ours(row.term), ours(row.other)] = want.loc[ours(row.other), ours(row.term)] = (
            row.value
        )
    found = fitted(model, vcov)
    assert set(terms) == set(found.terms.term) or model == "dummies"
    tolerance = LINEAR if model == "linear" else STD_ERROR
    close(unblanked(found).loc[terms, terms], want.to_numpy(), tolerance)
    t = found.terms.set_index("term").loc[terms]
    gap = (t.estimate.to_numpy() - estimates.value) / np.sqrt(np.diag(want))
    assert np.abs(gap).max() < (LINEAR if model == "linear" else COEFFICIENT)


@pytest.mark.parametrize("baseline", ["cubic", "constant"])
def test_discrete_time_is_statsmodels_on_a_table_expanded_by_hand(baseline):
    d = data("cubic")
    p = d.loc[d.index.repeat(d.time)].assign(period=lambda t: t.groupby(level=0).cumcount() + 1)
    X = pd.DataFrame(
        {"Intercept": 1.0, "a": p.a, "b": p.b, "C(k)[y]": p.k == "y", "C(k)[z]": p.k == "z"}
    ).astype(float)
    if baseline == "cubic":
        X = X.assign(period=p.period, **{f"period^{i}": p.period**i for i in (2, 3)})
    size = X.abs().max()
    model = sm.GLM(
        ((p.period == p.time) * p.event).to_numpy(), (X / size).to_numpy(), sm.families.Binomial()
    )
    groups = pd.factorize(p.country)[0]
    (N, K), factors = X.shape, np.outer(size, size)
    for vcov, kind, more, factor in (
        ("classical", "nonrobust", {}, 1),
        ("hc0", "HC0", {}, 1),
        ("hc1", "HC0", {}, N / (N - K)),
        ("cluster", "cluster", {"cov_kwds": {"groups": groups}}, (N - K) / (N - 1)),
    ):
        want = model.fit(tol=1e-14, cov_type=kind, **more).cov_params() / factors * factor
        spec = ps.ModelSpec(
            "m",
            "Surv(time, event) ~ a + b + C(k)",
            "discrete_time",
            vcov,
            "country" if more else None,
            {"baseline": baseline},
        )
        close(ps.fit(d, spec).vcov.loc[X.columns, X.columns], want, STD_ERROR)


@pytest.mark.parametrize("engine", ["poisson", "negative_binomial"])
@pytest.mark.parametrize("vcov", ["hc0", "hc1", "cluster"])
def test_counts_are_statsmodels(engine, vcov):
    d = pd.read_csv(HERE / "counts" / "data.csv").assign(small=lambda t: np.log(t.gdp) / 20)
    cluster = "country" if vcov == "cluster" else None
    spec = ps.ModelSpec(
        "m", "attacks ~ a + C(k) + small", engine, vcov, cluster, {"exposure": "years"}
    )
    found = ps.fit(d, spec)
    model = {"poisson": sm.Poisson, "negative_binomial": sm.NegativeBinomial}[engine]
    theirs = model(found.design.y, found.design.X, exposure=d.years)
    start = theirs.fit(disp=0, method="bfgs", maxiter=5000, gtol=1e-8).params
    groups = pd.factorize(d.country)[0]
    more = (
        {"cov_type": "cluster", "cov_kwds": {"groups": groups}} if cluster else {"cov_type": "HC0"}
    )
    want = theirs.fit(start, disp=0, method="newton", maxiter=100, tol=1e-14, **more).cov_params()
    N, K = len(d), len(want)
    unadjusted = {"hc0": 1, "hc1": N / (N - K), "cluster": (N - K) / (N - 1)}[vcov]
    close(found.vcov, np.asarray(want) * unadjusted, STD_ERROR)


TWO_WAYS = {
    "discrete_time": (
        "cox/cases.csv",
        "Surv(time, event) ~ a + b",
        "country",
        "region",
        {"baseline": "log"},
    ),
    "ordered": ("ordered/data.csv", "low ~ a + log(gdp)", "country", "region", {}),
    "poisson": ("counts/data.csv", "attacks ~ a + log(gdp)", "country", "k", {"exposure": "years"}),
    "negative_binomial": (
        "counts/data.csv",
        "attacks ~ a + log(gdp)",
        "country",
        "k",
        {"exposure": "years"},
    ),
    "ridge": ("robust/data.csv", "b ~ x + z + r", "g", "h", {"penalty": 2}),
}


@pytest.mark.parametrize("engine", TWO_WAYS)
def test_two_ways_are_their_three_parts(engine):
    file, formula, first, second, options = TWO_WAYS[engine]
    d = pd.read_csv(HERE / file).assign(
        both=lambda t: t[first].astype(str) + "/" + t[second].astype(str)
    )
    if engine == "ordered":
        d["low"] = d.level.map({"none": 0, "little": 1, "much": 2, "all": 2})

    def V(*cluster):
        return ps.fit(
            d, ps.ModelSpec("m", formula, engine, "cluster", list(cluster), options)
        ).vcov.to_numpy()

    np.testing.assert_allclose(
        V(first, second), V(first) + V(second) - V("both"), rtol=1e-9, atol=1e-15
    )


def ordered_scores(theta, X, y):
    """The score of every row of an ordered logit, slopes then cut
    points, each by a complex step.
    """
    K, rows = X.shape[1], np.arange(len(y))
    out = np.empty((len(y), len(theta)))
    for j in range(len(theta)):
        t = theta.astype(complex)
        t[j] += 1e-30j
        F = 1 / (1 + np.exp(-(t[K:] - (X @ t[:K])[:, None])))
        F = np.column_stack([np.zeros(len(y)), F, np.ones(len(y))])
        out[:, j] = np.log(F[rows, y + 1] - F[rows, y]).imag / 1e-30
    return out


def test_ordered_by_definition():
    d = pd.read_csv(HERE / "ordered" / "data.csv")
    d["level"] = pd.Categorical(d.level, ["none", "little", "much", "all"], ordered=True)

    def fit(vcov, cluster=None):
        return ps.fit(d, ps.ModelSpec("m", "level ~ a + C(k)", "ordered", vcov, cluster))

    found = fit("classical")
    X, y, theta = found.design.X, found.design.y.astype(int), found.terms.estimate.to_numpy()
    s = ordered_scores(theta, X, y)
    np.testing.assert_allclose(s.sum(axis=0), 0, atol=1e-7)
    steps = 1e-5 * np.eye(len(theta))
    H = [
        (ordered_scores(theta + h, X, y) - ordered_scores(theta - h, X, y)).sum(axis=0) / 2e-5
        for h in steps
    ]
    A, sums = np.linalg.inv(-np.array(H)), pd.DataFrame(s).groupby(d.country).sum().to_numpy()
    (N, K), G = s.shape, len(sums)
    close(found.vcov, A, STD_ERROR)
    close(fit("hc0").vcov, A @ s.T @ s @ A, STD_ERROR)
    close(fit("hc1").vcov, A @ s.T @ s @ A * N / (N - K), STD_ERROR)
    close(fit("cluster", "country").vcov, A @ sums.T @ sums @ A * G / (G - 1), STD_ERROR)


def cox_score(d, Z, beta, w, ties):
    """The score of the partial likelihood with case weights, every risk set
    written out (Therneau and Grambsch 2000, 7.1).
    """
    total = np.zeros(len(beta), dtype=complex)
    risk_of = np.exp(Z @ beta)
    for t in np.unique(d.stop[d.event == 1]):
        risk = ((d.start < t) & (d.stop >= t)).to_numpy()
        dead = risk & ((d.stop == t) & (d.event == 1)).to_numpy()
        total += w[dead] @ Z[dead]
        for i in range(dead.sum()):
            share = risk * (1 - dead * (i / dead.sum() if ties == "efron" else 0)) * w * risk_of
            total -= w[dead].mean() * (share @ Z) / share.sum()
    return total


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_cox_is_its_derivative_in_the_weights_of_cases(ties):
    """A case's residual is what its weight would change in the score:
    a complex step in every weight in turn.
    """
    d = pd.read_csv(HERE / "cox" / "intervals.csv").head(90)
    Z = d[["a", "b"]].to_numpy()

    def fit(vcov, cluster=None):
        spec = ps.ModelSpec(
            "m", "Surv(start, stop, event) ~ a + b", "cox", vcov, cluster, {"ties": ties}
        )
        return ps.fit(d, spec)

    found = fit("hc0")
    beta = found.terms.estimate.to_numpy()
    ones = np.ones(len(d))
    np.testing.assert_allclose(cox_score(d, Z, beta, ones, ties).real, 0, atol=1e-8)
    U = np.array(
        [
            cox_score(d, Z, beta, ones + 1e-30j * (ones.cumsum() == i + 1), ties).imag
            for i in range(len(d))
        ]
    )
    U /= 1e-30
    info = (
        -np.array([cox_score(d, Z, beta + 1e-30j * e, ones, ties).imag for e in np.eye(2)]) / 1e-30
    )
    A = np.linalg.inv(info)
    close(fit("classical").vcov, A, STD_ERROR)
    close(found.vcov, A @ U.T @ U @ A, STD_ERROR)

    def of(groups):
        sums = pd.DataFrame(U).groupby(groups).sum().to_numpy()
        return A @ sums.T @ sums @ A * len(sums) / (len(sums) - 1)

    close(fit("cluster", "country").vcov, of(d.country), STD_ERROR)
    both = of(d.country) + of(d.region) - of(d.country.astype(str) + d.region)
    np.testing.assert_allclose(
        fit("cluster", ["country", "region"]).vcov, both, atol=STD_ERROR * both.max()
    )
