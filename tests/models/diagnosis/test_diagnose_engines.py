"""The verb after ordered outcomes, counts, ridge and groups: every table that has a meaning, and a
sentence for each that has none.
"""

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import expit
from scipy.stats import norm
from statsmodels.stats.proportion import proportion_confint

import peacestudy as ps
from peacestudy.models import diagnose, left_out
from peacestudy.models.diagnosis.calibration import calibration, count_ends
from peacestudy.models.diagnosis.ratio_sensitivity import e_value, e_values

CLOSED = 1e-9  # relative; a loop against the same arithmetic
Z = norm.ppf(0.975)


def draw(N=90, seed=4):
    rng = np.random.default_rng(seed)
    d = pd.DataFrame(
        {"a": rng.normal(size=N), "b": rng.normal(size=N), "g": rng.choice(list("pqrstuvw"), N)}
    )
    d["months"] = rng.integers(1, 20, N)
    latent = (
        d.a + pd.Series(rng.normal(size=8), list("pqrstuvw"))[d.g].to_numpy() + rng.logistic(size=N)
    )
    d["level"] = pd.Categorical(
        np.array(["low", "mid", "high"])[np.digitize(latent, [-1, 1])],
        ["low", "mid", "high"],
        ordered=True,
    )
    d["y"], d["v"] = (latent > 0).astype(int), latent
    d["n"] = rng.negative_binomial(2, 2 / (2 + d.months * np.exp(-2 + 0.4 * d.a)))
    return d.set_index(pd.Index([f"c{i}" for i in range(N)]))


D = draw()
HOW = {
    "ordered": ("level", {}),
    "poisson": ("n", {"exposure": "months"}),
    "negative_binomial": ("n", {"exposure": "months"}),
    "ridge": ("y", {"penalty": 2}),
    "mixed_logit": ("y", {"group": "g"}),
    "mixed_linear": ("v", {"group": "g", "method": "reml"}),
}
GROUPED = ("mixed_logit", "mixed_linear")


def fit(engine, right="a + b", vcov="classical", cluster=None, data=D):
    outcome, options = HOW[engine]
    return ps.fit(data, ps.ModelSpec("m", f"{outcome} ~ {right}", engine, vcov, cluster, options))


@pytest.mark.parametrize("engine", list(HOW))
def test_every_engine_is_diagnosed(engine):
    vcov, cluster = ("classical", None) if engine in GROUPED else ("cluster", "g")
    found = diagnose(fit(engine, vcov=vcov, cluster=cluster), by=["g"])
    assert found.cases["case"].tolist() == D.index.tolist()
    assert found.cases["residual"].notna().all() and found.cases["cook"].gt(0).all()
    assert ("leverage" in found.cases) == (engine != "mixed_logit")
    assert (found.group_effects is not None) == (engine in GROUPED)
    assert (found.calibration is None) == (engine == "mixed_linear")
    assert (found.events is None) == (engine in ("poisson", "negative_binomial", "mixed_linear"))
    assert (found.e_values is None) == (engine in ("ordered", "ridge"))
    assert found.robustness is found.benchmarks is None
    assert found.collinearity["term"].tolist() == ["a", "b"] and np.isfinite(found.condition_number)
    assert set(found.left_out["g"]["left_out"]) == set("pqrstuvw")
    assert found.ranges["term"].tolist() == fit(engine).terms["term"].tolist()
    assert any("Cook's distance is largest" in n.text for n in found.notes)
    assert found._repr_html_().count("<tr>") > 3


@pytest.mark.parametrize(
    ("engine", "said"),
    [
        ("ordered", ("No E-values", "No robustness values")),
        ("poisson", ("No events per variable",)),
        ("negative_binomial", ("No events per variable", "hold alpha at its estimate")),
        ("ridge", ("No E-values", "keep the penalty as it was")),
        ("mixed_logit", ("No leverage", "averaged over groups")),
        ("mixed_linear", ("No calibration and no events", "dfbeta holds the variances")),
    ],
)
def test_what_an_engine_has_not_is_said_with_the_reason(engine, said):
    notes = " ".join(n.text for n in diagnose(fit(engine), by=[]).notes if n.kind == "not_given")
    for text in said:
        assert text in notes


@pytest.mark.parametrize("engine", GROUPED)
def test_groups_are_left_out_without_being_asked(engine):
    found = fit(engine, "a")
    assert set(diagnose(found, by=None).left_out) == {"case", "g"}
    table = left_out(found, "g")
    for name in ("p", "w"):
        want = ps.fit(D[name != D.g], found.spec).terms
        part = table[table["left_out"] == name].reset_index(drop=True)
        np.testing.assert_allclose(part["estimate"], want["estimate"], rtol=1e-6)
        assert part["rows"][0] == (name != D.g).sum()
    with pytest.raises(ps.SpecError, match="by is 'b'; it must be one of case, g"):
        left_out(found, "b")


def test_ordered_categories_are_held_against_what_happened_cut_by_cut():
    found = fit("ordered")
    table = calibration(found, 3)
    assert table.columns.tolist() == [
        "cut",
        "group",
        "n",
        "predicted",
        "observed",
        "conf_low",
        "conf_high",
    ]
    assert table["cut"].tolist() == ["low|mid"] * 3 + ["mid|high"] * 3
    b = found.terms.set_index("term")["estimate"]
    for cut, names in (("low|mid", ["mid", "high"]), ("mid|high", ["high"])):
        p = 1 - expit(b[cut] - b["a"] * D.a - b["b"] * D.b)
        y = D.level.isin(names)
        edges = np.quantile(p, [1 / 3, 2 / 3])
        for g, row in enumerate(table[table["cut"] == cut].itertuples()):
            part = (p > ([-1, *edges][g])) & (p <= ([*edges, 2][g]))
            assert (row.n, row.predicted, row.observed) == pytest.approx(
                (part.sum(), p[part].mean(), y[part].mean()), rel=CLOSED
            )
            want = proportion_confint(y[part].sum(), part.sum(), method="wilson")
            assert (row.conf_low, row.conf_high) == pytest.approx(want, rel=1e-8, abs=1e-12)


@pytest.mark.parametrize("engine", ["poisson", "negative_binomial"])
def test_counts_are_held_against_their_means(engine):
    found = fit(engine)
    table = calibration(found, 4)
    assert table["n"].sum() == len(D)
    assert (table["observed"] * table["n"]).sum() == pytest.approx(D.n.sum())
    b = found.terms["estimate"]
    mu = D.months * np.exp(b[0] + b[1] * D.a + b[2] * D.b)
    assert (table["predicted"] * table["n"]).sum() == pytest.approx(mu.sum(), rel=CLOSED)
    if engine == "poisson":  # the intercept sees to it
        assert mu.sum() == pytest.approx(D.n.sum(), rel=1e-8)
    top = mu > np.quantile(mu, 0.75)
    row = table.iloc[-1]
    assert (row.n, row.observed) == pytest.approx((top.sum(), D.n[top].mean()), rel=CLOSED)
    alpha = (
        b[3] * (mu[top] ** 2).mean() / mu[top].mean() ** 2 if engine == "negative_binomial" else 0.0
    )

    def far(m):
        return (row.observed - m) ** 2 - Z**2 * (m + alpha * m**2) / row.n

    assert row.conf_low == pytest.approx(brentq(far, 1e-9, row.observed), rel=1e-8)
    assert row.conf_high == pytest.approx(brentq(far, row.observed, 1e4), rel=1e-8)


def test_the_interval_of_a_mean_count_covers_it():
    rng = np.random.default_rng(3)
    for alpha in (0.0, 0.5):
        n, mean, hit = 40, 1.5, 0
        for _ in range(2000):
            y = (
                rng.poisson(mean, n)
                if alpha == 0
                else rng.negative_binomial(1 / alpha, 1 / (1 + alpha * mean), n)
            )
            low, high = count_ends(y.mean(), n, alpha)
            hit += low <= mean <= high
        # counts come in steps
        assert hit / 2000 == pytest.approx(0.95, abs=3 * (0.95 * 0.05 / 2000) ** 0.5 + 0.005)


def test_mixed_probabilities_are_averaged_over_groups():
    found = fit("mixed_logit")
    b = found.terms["estimate"]
    eta = b[0] + b[1] * D.a + b[2] * D.b
    p = np.array([quad(lambda u, m=m: expit(m + b[3] * u) * norm.pdf(u), -10, 10)[0] for m in eta])
    table = calibration(found, 2)
    half = p > np.quantile(p, 0.5)
    assert table["predicted"].tolist() == pytest.approx([p[~half].mean(), p[half].mean()], rel=1e-7)
    assert table["observed"].tolist() == pytest.approx([D.y[~half].mean(), D.y[half].mean()])


def test_ridge_probabilities_are_its_own():
    found = fit("ridge")
    b = found.terms["estimate"]
    p = expit(b[0] + b[1] * D.a + b[2] * D.b)
    table = calibration(found, 3)
    assert (table["predicted"] * table["n"]).sum() == pytest.approx(p.sum(), rel=CLOSED)


def test_categories_are_worth_what_their_sizes_say():
    row = diagnose(fit("ordered"), by=[]).events.iloc[0]
    sizes = D.level.value_counts()
    worth = len(D) - (sizes**3).sum() / len(D) ** 2
    assert (row.n, row.n_rarer, row.n_slopes, row.events_per_variable) == pytest.approx(
        (len(D), worth, 2, worth / 2)
    )
    assert np.isnan(row.n_events)
    row = diagnose(fit("mixed_logit"), by=[]).events.iloc[0]
    assert (row.n_events, row.n_rarer) == (D.y.sum(), min(D.y.sum(), len(D) - D.y.sum()))


@pytest.mark.parametrize("engine", ["poisson", "negative_binomial", "mixed_logit", "mixed_linear"])
def test_e_values_are_of_the_ratio_of_the_engine(engine):
    found = fit(engine)
    table = e_values(found)
    own = found.terms.set_index("term").loc[["a", "b"]]
    assert table["term"].tolist() == ["a", "b"]  # neither alpha nor a spread is a ratio
    if engine == "mixed_linear":
        want, by = np.exp(0.91 * own["estimate"] / D.v.std()), "difference"
    elif engine == "mixed_logit":
        want, by = np.exp(own["estimate"] / 2), "root of the odds ratio"
    else:
        want, by = np.exp(own["estimate"]), "rate ratio"
    assert table["by"].unique().tolist() == [by]
    np.testing.assert_allclose(table["risk_ratio"], want, rtol=CLOSED)
    np.testing.assert_allclose(table["e_value"], [e_value(r) for r in want], rtol=CLOSED)


@pytest.mark.parametrize("engine", ["ordered", "ridge"])
def test_e_values_that_there_are_not_are_refused(engine):
    with pytest.raises(
        ps.SpecError, match=f"E-values are known for linear, .* not for engine '{engine}'"
    ):
        e_values(fit(engine))


def test_the_constant_of_an_ordered_outcome_counts_in_its_collinearity():
    d = D.assign(far=D.b * 0.01 + 100)
    ordered = diagnose(fit("ordered", "a + far", data=d), by=[])
    linear = diagnose(ps.fit(d, ps.ModelSpec("m", "v ~ a + far", "linear", "classical")), by=[])
    assert ordered.condition_number == pytest.approx(linear.condition_number, rel=1e-6)
    pd.testing.assert_frame_equal(ordered.collinearity, linear.collinearity, rtol=1e-6)


def test_separation_under_a_ridge_is_said():
    d = D.assign(s=D.index.isin(["c1", "c2", "c3"]).astype(int)).assign(
        y=lambda t: np.where(t.s == 1, 1, t.y)
    )
    found = diagnose(fit("ridge", "a + s", data=d), by=[])
    assert found.notes[0].kind == "separation" and "separated by s" in found.notes[0].text


def test_a_category_of_one_case_is_told_by_name():
    d = D.assign(o=np.digitize(D.v, [-1, 1])).assign(o=lambda t: t.o.where(t.index != "c9", 5))
    found = diagnose(ps.fit(d, ps.ModelSpec("m", "o ~ a", "ordered", "classical")))
    bad = found.left_out["case"][found.left_out["case"]["reason"] != ""]
    assert bad["left_out"].unique().tolist() == ["c9"]
    assert any("Without case c9 nothing can be fitted" in n.text for n in found.notes)


@pytest.mark.parametrize("engine", list(HOW))
def test_the_slope_that_moves_most_is_a_slope(engine):
    notes = [
        n.text
        for n in diagnose(fit(engine), by=["case"] if engine != "mixed_logit" else ["g"]).notes
        if "moves a slope most" in n.text
    ]
    assert len(notes) == 1 and any(f"left out: {term} by" in notes[0] for term in ("a", "b"))
