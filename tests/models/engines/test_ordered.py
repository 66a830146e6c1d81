"""Ordered logit against R's ordinal, polr and car, statsmodels, a
logit of two categories, and by definition.
"""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from statsmodels.discrete.discrete_model import Logit
from statsmodels.miscmodels.ordinal_model import OrderedModel

import peacestudy as ps
from peacestudy.models.fit_notes import parallel_lines
from peacestudy.models.kernels.ordered import at, fit_ordered, information, loglik, scores

HERE = Path(__file__).resolve().parents[2] / "references" / "ordered"
COEFFICIENT = 1e-6  # relative to a standard error; clm stops at gradients of 1e-12
STD_ERROR = 5e-6  # relative
LOGLIK = 1e-9  # relative
POLR = 2e-3  # of a standard error; polr climbs by BFGS and stops early
PRINTED = 5e-10  # the house's reference has nine decimals
LEVELS = ["none", "little", "much", "all"]
# Madsen (1976), 1681 tenants of Copenhagen: satisfaction within influence within type within
# contact
HOUSING = """\
21 21 28 34 22 36 10 11 36 61 23 17 43 35 40 26 18 54 13 9 10 8 8 12 6 7 9 18 6 7 15 13 13 7 5 11
14 19 37 17 23 40 3 5 23 78 46 43 48 45 86 15 25 62 20 23 20 10 22 24 7 10 21 57 23 13 31 21 13 5
6 13"""
FORMULA = {"made": "level ~ a + C(k) + log(gdp)", "housing": "Sat ~ C(Infl) + C(Type) + C(Cont)"}


def made():
    d = pd.read_csv(HERE / "data.csv")
    return d.assign(level=pd.Categorical(d["level"], LEVELS, ordered=True))


def housing():
    words = {
        "Cont": ["Low", "High"],
        "Type": ["Tower", "Apartment", "Atrium", "Terrace"],
        "Infl": ["Low", "Medium", "High"],
        "Sat": ["Low", "Medium", "High"],
    }
    cells = pd.MultiIndex.from_product(words.values(), names=list(words)).to_frame(index=False)
    d = cells.loc[cells.index.repeat([int(n) for n in HOUSING.split()])].reset_index(drop=True)
    for name, order in words.items():
        d[name] = pd.Categorical(d[name], order, ordered=True)
    return d.assign(house=d.groupby(["Cont", "Type", "Infl", "Sat"], observed=True).ngroup())


TABLES = {"made": made, "housing": housing}


def ours(name):
    name = re.sub(r"^(Infl|Type|Cont)(\w+)$", r"C(\1)[\2]", name)
    return re.sub(r"^k([yz])$", r"C(k)[\1]", name)


@pytest.fixture(scope="module")
def expected():
    d = pd.read_csv(HERE / "expected.csv", keep_default_na=False)
    return {
        (m, q): dict(zip(map(ours, g["term"]), g["value"].astype(float), strict=True))
        for (m, q), g in d.groupby(["model", "quantity"])
    }


def spec(table, vcov="classical", cluster=None):
    return ps.ModelSpec(table, FORMULA[table], "ordered", vcov, cluster)


@pytest.mark.parametrize("table", TABLES)
def test_r(table, expected):
    fit = ps.fit(TABLES[table](), spec(table))
    named = fit.terms.set_index("term")
    for term, value in expected[table, "estimate"].items():
        assert named.estimate[term] == pytest.approx(value, abs=COEFFICIENT * named.std_error[term])
        assert named.estimate[term] == pytest.approx(
            expected[table, "polr"][term], abs=POLR * named.std_error[term]
        )
        assert named.std_error[term] == pytest.approx(
            expected[table, "classical"][term], rel=STD_ERROR
        )
    assert fit.loglik == pytest.approx(expected[table, "loglik"][""], rel=LOGLIK)
    assert fit.pseudo_r2 == pytest.approx(1 - fit.loglik / expected[table, "null"][""], rel=1e-6)
    assert fit.aic == pytest.approx(-2 * fit.loglik + 2 * len(fit.terms))
    assert fit.n_events is None
    assert fit.terms["term"].tolist()[-2] in ("little|much", "Low|Medium")


@pytest.mark.parametrize(
    ("table", "vcov", "cluster"),
    [
        ("made", "hc0", None),
        ("made", "hc1", None),
        ("made", "cluster", "country"),
        ("made", "cluster", "region"),
        ("housing", "hc0", None),
        ("housing", "hc1", None),
        ("housing", "cluster", "house"),
    ],
)
def test_robust_covariances_are_those_of_sandwich(table, vcov, cluster, expected):
    fit = ps.fit(TABLES[table](), spec(table, vcov, cluster))
    values = expected[table, f"{vcov}_{cluster}" if cluster else vcov]
    for term, value in values.items():
        assert fit.terms.set_index("term").std_error[term] == pytest.approx(value, rel=STD_ERROR)


def test_the_house_reference():
    found = ps.fit(housing(), spec("housing"))
    values = [
        0.566393739,
        1.288819064,
        -0.572350146,
        -0.366186566,
        -1.091014908,
        0.360284150,
        -0.496135344,
        0.690708290,
    ]
    assert found.terms["estimate"].to_numpy() == pytest.approx(values, abs=2e-6)  # polr's, by BFGS
    assert found.loglik == pytest.approx(-1739.57465, abs=5e-6)


def test_statsmodels():
    d = made()
    fit = ps.fit(d, spec("made"))
    X = pd.get_dummies(d[["a", "k"]], drop_first=True, dtype=float).assign(
        gdp=np.log(d["gdp"] / 1e9)
    )
    theirs = OrderedModel(d["level"], X, distr="logit").fit(method="newton", disp=0, maxiter=100)
    assert fit.terms["estimate"].to_numpy()[:4] == pytest.approx(
        theirs.params.to_numpy()[:4], rel=1e-6
    )
    assert fit.terms["std_error"].to_numpy()[:4] == pytest.approx(
        theirs.bse.to_numpy()[:4], rel=STD_ERROR
    )
    assert fit.loglik == pytest.approx(theirs.llf, rel=LOGLIK)


def test_two_categories_are_a_logit():
    d = made().assign(some=lambda t: (t["level"] > "little").astype(int))
    one = ps.fit(d, ps.ModelSpec("o", "some ~ a + C(k)", "ordered", "cluster", "country"))
    other = ps.fit(
        d, ps.ModelSpec("l", "some ~ a + C(k)", "logit", "cluster", "country")
    ).terms.set_index("term")
    assert one.terms["term"].tolist() == ["a", "C(k)[y]", "C(k)[z]", "0|1"]
    for column, sign in (("estimate", -1), ("std_error", 1)):
        values = [*other[column].iloc[1:], sign * other[column].iloc[0]]
        assert one.terms[column].to_numpy() == pytest.approx(values, rel=1e-8)


def test_derivatives_are_those_of_the_likelihood():
    rng = np.random.default_rng(5)
    Z, y = rng.normal(size=(40, 2)), rng.integers(0, 4, 40)
    theta, e = np.array([0.3, -0.4, -1.0, 0.1, 1.4]), np.eye(5) * 1e-5

    def score(t):
        return scores(at(t[2:], Z @ t[:2], y), Z, y).sum(axis=0)

    def value(t):
        return loglik(t[2:], Z @ t[:2], y)

    direct = [(value(theta + h) - value(theta - h)) / 2e-5 for h in e]
    assert score(theta) == pytest.approx(direct, abs=1e-7)
    curved = np.array([(score(theta + h) - score(theta - h)) / 2e-5 for h in e])
    assert information(at(theta[2:], Z @ theta[:2], y), Z, y) == pytest.approx(-curved, abs=1e-7)


@pytest.mark.parametrize("table", TABLES)
def test_brant_is_that_of_car(table, expected):
    """For all terms together car 3.1 (and brant 0.3) write a block of
    the covariance where its transpose belongs.
    """
    fit = ps.fit(TABLES[table](), spec(table))
    found = parallel_lines(fit).set_index("term")
    for term, value in expected[table, "brant"].items():
        if term != "GLOBAL":
            assert found.brant[term] == pytest.approx(value, rel=1e-6)
    D = np.column_stack([np.ones(fit.n), fit.design.X])
    K, C = D.shape[1] - 1, len(fit.design.categories) - 1
    logits = [Logit((fit.design.y > c).astype(float), D).fit(disp=0, tol=1e-12) for c in range(C)]
    b, p = np.concatenate([m.params[1:] for m in logits]), [m.predict() for m in logits]
    bread = [m.cov_params() for m in logits]
    for right in (True, False):
        V = np.zeros((C * K, C * K))
        for i in range(C):
            for j in range(i, C):
                block = (bread[i] @ (D.T @ (D * (p[j] - p[i] * p[j])[:, None])) @ bread[j])[1:, 1:]
                V[i * K : (i + 1) * K, j * K : (j + 1) * K] = block
                V[j * K : (j + 1) * K, i * K : (i + 1) * K] = block.T if right else block
        L = np.hstack([np.tile(np.eye(K), (C - 1, 1)), -np.eye((C - 1) * K)])
        statistic = (L @ b) @ np.linalg.solve(L @ V @ L.T, L @ b)
        assert statistic == pytest.approx(
            found.brant["GLOBAL"] if right else expected[table, "brant"]["GLOBAL"], rel=1e-5
        )


def test_the_score_test_by_definition():
    """Score and information of slopes for every cut by complex steps
    and differences, for one term and for all.
    """
    d = made()
    fit = ps.fit(d, spec("made"))
    X, y, K, C = fit.design.X, fit.design.y.astype(int), 4, 3
    theta = fit.terms["estimate"].to_numpy()

    def score(cuts_and_slopes):
        out = np.empty(len(cuts_and_slopes))
        for j in range(len(out)):
            t = cuts_and_slopes.astype(complex)
            t[j] += 1e-30j
            L = t[:C] - X @ t[C:].reshape(C, K).T
            F = np.column_stack([np.zeros(len(y)), 1 / (1 + np.exp(-L)), np.ones(len(y))])
            rows = np.arange(len(y))
            out[j] = np.log(F[rows, y + 1] - F[rows, y]).sum().imag / 1e-30
        return out

    start = np.concatenate([theta[K:], np.tile(theta[:K], C)])
    step = np.diag(1e-5 / np.concatenate([np.ones(C), np.tile(X.std(axis=0), C)]))
    H = np.array([-(score(start + h) - score(start - h)) / (2 * h.max()) for h in step])
    U = score(start)
    table = parallel_lines(fit).set_index("term")
    assert table.statistic["GLOBAL"] == pytest.approx(U @ np.linalg.solve(H, U), rel=1e-5)
    L = np.zeros((C + K * C, C + K - 1 + C))  # only the first term differs between cuts
    L[:C, :C] = np.eye(C)
    for c in range(C):
        L[C + c * K, C + K - 1 + c] = 1
        L[C + c * K + 1 : C + (c + 1) * K, C : C + K - 1] = np.eye(K - 1)
    assert table.statistic["a"] == pytest.approx(
        (L.T @ U) @ np.linalg.solve(L.T @ H @ L, L.T @ U), rel=1e-5
    )


@pytest.mark.slow(reason="simulates size and power, 2 s")
def test_the_size_and_power_of_the_score_test():
    rng = np.random.default_rng(9)
    rejected = {False: 0, True: 0}
    for broken in rejected:
        for _ in range(40 if broken else 120):
            x = rng.normal(size=400)
            below = expit(
                np.array([-1.0, 0.0, 1.0])
                - x[:, None] * np.array([0.2, 0.5, 0.9] if broken else [0.5] * 3)
            )
            # one uniform number a row: where slopes differ little the chances stay in order
            y = (rng.random((400, 1)) > np.maximum.accumulate(below, axis=1)).sum(axis=1)
            fit = ps.fit(
                pd.DataFrame({"x": x, "y": y}), ps.ModelSpec("m", "y ~ x", "ordered", "classical")
            )
            found = any(n.kind == "parallel_lines" for n in fit.notes)
            assert found == (parallel_lines(fit)["p_value"] < 0.05).any()
            rejected[broken] += found
    assert 1 <= rejected[False] <= 13  # 6 of 120 expected, standard deviation 2.4
    assert rejected[True] > 30


def test_chances_of_the_categories(expected):
    fit = ps.fit(made(), spec("made"))
    new = pd.DataFrame(
        {"a": [-1, 0, 2, 1], "k": ["x", "y", "z", "w"], "gdp": [1e7, 4e8, 3e9, 1e8]},
        index=list("pqrs"),
    )
    found = ps.models.predict(fit, new, "response")
    assert found.columns.tolist() == [
        "case",
        "category",
        "estimate",
        "conf_low",
        "conf_high",
        "reason",
        "note",
    ]
    assert found["category"].tolist() == LEVELS * 4
    for i, case in enumerate("pqr", start=1):
        part = found[found["case"] == case].set_index("category")
        for column, quantity in (
            ("estimate", "probability"),
            ("conf_low", "lwr"),
            ("conf_high", "upr"),
        ):
            for category, value in expected["made", f"{quantity}_{i}"].items():
                assert part[column][category] == pytest.approx(value, rel=1e-5)
    assert found["estimate"].isna().tolist() == [False] * 12 + [True] * 4
    assert "C(k) is w" in found["reason"].iloc[-1]
    link = ps.models.predict(fit, new, "link")
    theta = fit.terms["estimate"].to_numpy()
    assert link["estimate"][0] == pytest.approx(-theta[0] + theta[3] * np.log(1e7))


def test_order_is_declared_or_refused():
    d = made()
    for level in (d["level"].astype(str), d["level"].cat.as_unordered()):
        with pytest.raises(ps.SpecError, match="declares no order"):
            ps.fit(d.assign(level=level), spec("made"))
    with pytest.raises(ps.SpecError, match=r"not whole, as 1\.5"):
        ps.fit(d.assign(level=d["level"].cat.codes / 2), spec("made"))
    with pytest.raises(ps.SpecError, match="without a function"):
        ps.fit(d, ps.ModelSpec("m", "log(gdp) ~ a", "ordered", "hc0"))
    with pytest.raises(ps.SpecError, match="no vcov 'hc3'"):
        ps.ModelSpec("m", "level ~ a", "ordered", "hc3")
    numbers = ps.fit(d.assign(level=d["level"].cat.codes.astype(float) * 10), spec("made"))
    assert numbers.terms["term"].tolist()[-3:] == ["0|10", "10|20", "20|30"]
    assert numbers.terms["estimate"].tolist() == ps.fit(d, spec("made")).terms["estimate"].tolist()


def test_categories_that_do_not_occur_and_rows_without_one():
    d = made()
    order = ["never", *LEVELS[:2], "sometimes", *LEVELS[2:]]
    level = pd.Categorical(d["level"].astype(str).where(d.index > 9), order, ordered=True)
    fit = ps.fit(d.assign(level=level), spec("made"))
    assert fit.terms["term"].tolist()[-3:] == ["none|little", "little|much", "much|all"]
    assert fit.n == 250
    assert len(fit.dropped) == 10
    assert any("level is never never, sometimes in the rows used" in str(n) for n in fit.notes)


def test_an_intercept_is_never_a_term():
    d = made()
    plain = ps.fit(d, ps.ModelSpec("m", "level ~ a + C(k)", "ordered", "hc0")).terms
    for formula in ("level ~ 0 + a + C(k)", "level ~ a + C(k) - 1"):
        pd.testing.assert_frame_equal(
            ps.fit(d, ps.ModelSpec("m", formula, "ordered", "hc0")).terms, plain
        )
    only = ps.fit(d, ps.ModelSpec("m", "level ~ 1", "ordered", "classical"))
    share = np.cumsum(d["level"].value_counts(sort=False))[:-1] / len(d)
    assert only.terms["estimate"].to_numpy() == pytest.approx(
        np.log(share / (1 - share)), rel=1e-10
    )
    assert only.pseudo_r2 == pytest.approx(0, abs=1e-12)


def test_separation_is_found_and_named():
    d = pd.DataFrame(
        {"y": [0, 0, 0, 1, 1, 1, 2, 2, 2, 2], "x": range(10), "w": [1, 2, 1, 2, 2, 1, 1, 2, 2, 1]}
    )
    with pytest.raises(ps.FitError, match=r"separated by x: in 10 of 10 rows") as caught:
        ps.fit(d, ps.ModelSpec("m", "y ~ x + w", "ordered", "classical"))
    assert "Drop the term, or merge categories" in str(caught.value)
    quasi = pd.DataFrame(
        {
            "y": [0, 1, 2, 0, 1, 2, 0, 1, 2, 2, 2, 2],
            "g": [0] * 9 + [1] * 3,
            "w": [1, 2, 3, 3, 1, 2, 2, 3, 1, 2, 3, 1],
        }
    )
    with pytest.raises(ps.FitError, match=r"separated by g: in 3 of 12 rows \(9, 10, 11\)"):
        ps.fit(quasi, ps.ModelSpec("m", "y ~ g + w", "ordered", "classical"))
    # all with g in the middle: the chance of the middle grows no further than the cuts allow, and
    # there is a maximum
    middle = quasi.assign(y=[0, 1, 2, 0, 1, 2, 0, 1, 2, 1, 1, 1])
    assert (
        ps.fit(middle, ps.ModelSpec("m", "y ~ g + w", "ordered", "classical"))
        .terms["std_error"]
        .max()
        < 5
    )


def test_what_cannot_be_fitted():
    d = made().assign(b=lambda t: 2 * t["a"], one=3.0)
    with pytest.raises(ps.FitError, match="'a', 'b' are exact combinations"):
        ps.fit(d, ps.ModelSpec("m", "level ~ a + b", "ordered", "hc0"))
    with pytest.raises(ps.FitError, match="'one' is 3 in all 260 rows used"):
        ps.fit(d, ps.ModelSpec("m", "level ~ a + one", "ordered", "hc0"))
    with pytest.raises(ps.FitError, match="no variation to explain"):
        ps.fit(d[d["level"] == "none"], spec("made"))
    with pytest.raises(ps.FitError, match="or merge categories"):
        ps.fit(d[:6].assign(y=range(6)), ps.ModelSpec("m", "y ~ a", "ordered", "hc0"))
    with pytest.raises(ps.FitError, match="all rows are in one cluster"):
        ps.fit(d, ps.ModelSpec("m", "level ~ a", "ordered", "cluster", "one"))
    with pytest.raises(ps.FitError, match="two categories"):
        parallel_lines(
            ps.fit(d.assign(y=d["level"] > "none"), ps.ModelSpec("m", "y ~ a", "ordered", "hc0"))
        )
    with pytest.raises(ps.SpecError, match="not of 'logit'"):
        parallel_lines(
            ps.fit(d.assign(y=d["level"] > "none"), ps.ModelSpec("m", "y ~ a", "logit", "hc0"))
        )


def test_units_and_far_origins_change_nothing():
    d = made()
    one = ps.fit(d, ps.ModelSpec("m", "level ~ a + gdp", "ordered", "cluster", "country"))
    other = ps.fit(
        d.assign(a=d["a"] + 1e6, gdp=d["gdp"] * 1e12),
        ps.ModelSpec("m", "level ~ a + gdp", "ordered", "cluster", "country"),
    )
    assert other.loglik == pytest.approx(one.loglik, rel=1e-10)
    assert other.terms["statistic"].to_numpy()[:2] == pytest.approx(
        one.terms["statistic"].to_numpy()[:2], rel=1e-6
    )


def test_what_the_tables_make_of_it():
    fit = ps.fit(made(), spec("made"))
    ratios = fit.tidy(exponentiate=True)
    assert ratios["estimate"].to_numpy()[:4] == pytest.approx(
        np.exp(fit.terms["estimate"].to_numpy()[:4])
    )
    assert ratios["estimate"].tolist()[4:] == fit.terms["estimate"].tolist()[4:]
    wide = fit.tidy(conf_level=0.99)
    assert (wide["conf_low"] < fit.terms["conf_low"]).all()
    assert "none|little" in ps.tables.regression(fit).body["term"].tolist()
    assert fit.contrast({"a": 1, "C(k)[y]": -1})["estimate"][0] == pytest.approx(
        fit.terms["estimate"][0] - fit.terms["estimate"][1]
    )
    assert fit.joint_test(["C(k)[y]", "C(k)[z]"]).df == 2


def test_few_rows_in_the_smaller_categories_are_told():
    d = pd.DataFrame(
        {
            "y": [0] * 4 + [1] * 30 + [2] * 3,
            "x": np.tile([0.0, 1, 2], 13)[:37],
            "z": np.tile([1.0, 2, 0, 3], 10)[:37],
        }
    )
    notes = ps.fit(d, ps.ModelSpec("m", "y ~ x + z", "ordered", "classical")).notes
    assert any(
        "effective number of rows is 17" in str(n) for n in notes
    )  # 37 - (64 + 27000 + 27) / 37**2


def test_the_estimates_of_the_kernel_sum_to_a_score_of_zero():
    d = made()
    est, left = fit_ordered(d[["a"]].to_numpy(), d["level"].cat.codes.to_numpy().astype(int))
    assert np.abs(est.influence.sum(axis=1)).max() < 1e-10
    assert left > 0.5
