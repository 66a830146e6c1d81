"""Domestic politics and contexts of the study: products, conditional
effects and contexts as plain arithmetic has them.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit

import peacestudy as ps
from peacestudy.figures.drawings.politics import draw_domestic_politics
from peacestudy.models.inference.decisions import is_rejected
from peacestudy.study import Results
from peacestudy.study.config import Moderation, Specification

REFERENCES = Path(__file__).resolve().parents[1] / "references"
PILLARS = ["diplomacy", "resources", "norms", "economy", "environment", "community", "institutions"]


@pytest.fixture(scope="module")
def results(our_study):
    study = our_study("peace_agreements")
    # the permutation is proved elsewhere; here it is only to run
    few = replace(study.config.moderations[0], draws=60)
    return Results(replace(study, config=replace(study.config, moderations=(few,))))


@pytest.fixture(scope="module")
def tested(results):
    return results.table("interactions")


def test_a_moderated_model_has_the_product_and_keeps_the_rest():
    rule = Moderation("m", "t", ("a",), ("scale(z)",), (0.1, 0.9), 0.5, 5, "s", 10, 1)
    spec = Specification("a", "y ~ scale(x) + b + scale(z)", "firth", "cluster", "c")
    made = rule.of(spec, "scale(z)")
    assert made.formula == "y ~ scale(x)*scale(z) + b" and made.name == "a, scale(z)"
    assert replace(made, formula=spec.formula, name=spec.name, role=spec.role) == spec


def test_every_pillar_meets_every_moderator_once(tested):
    pairs = set(zip(tested["pillar"], tested["moderator"], strict=True))
    assert len(tested) == 21 == len(pairs) and list(dict.fromkeys(tested["pillar"])) == PILLARS
    assert tested["p_value"].notna().all()


def test_a_product_is_that_of_its_formula_fitted_by_itself(results, tested):
    frame = results.sample("primary")
    formula = (
        "lasting_peace ~ scale(norms)*leader_turnover + log(pages) + active + war_years + territory"
    )
    made = ps.fit(frame, ps.ModelSpec("m", formula, "firth", "cluster", "country"))
    own = made.terms.set_index("term").loc["scale(norms):leader_turnover"]
    row = tested.set_index(["pillar", "moderator"]).loc[("norms", "leader_turnover")]
    for name in ("estimate", "std_error", "conf_low", "conf_high", "p_value"):
        assert row[name] == pytest.approx(own[name], rel=1e-12)
    assert (row["n"], row["n_events"]) == (made.n, made.n_events)


def test_the_family_is_decided_over_all_21(tested):
    p = np.sort(tested["p_value"])
    holm = np.maximum.accumulate(p * np.arange(21, 0, -1)).clip(max=1)
    assert np.allclose(np.sort(tested["p_adjusted"]), holm)
    bound = np.exp((stats.norm.ppf(1 - 0.05 / 42) + stats.norm.ppf(0.8)) * tested["std_error"])
    assert np.allclose(tested["detectable"], bound)
    assert ((tested["p_adjusted"] < 0.05) == is_rejected(tested["decision"])).all()


def test_a_conditional_effect_by_hand(results):
    """Chances with FLIC's intercept, moved by a standard deviation of the pillar, the moderator
    held, averaged over all cases.
    """
    frame = results.sample("primary")
    formula = (
        "lasting_peace ~ scale(norms)*scale(polyarchy) + log(pages) + active + war_years +"
        " territory"
    )
    made = ps.fit(frame, ps.ModelSpec("m", formula, "firth", "cluster", "country"))
    d = frame.data.set_index("case_id").loc[list(made.cases)]
    b = made.terms.set_index("term")["estimate"]

    def linear(norms, polyarchy):
        x = (norms - d["norms"].mean()) / d["norms"].std()
        m = (polyarchy - d["polyarchy"].mean()) / d["polyarchy"].std()
        out = (
            b["scale(norms)"] * x
            + b["scale(polyarchy)"] * m
            + b["scale(norms):scale(polyarchy)"] * x * m
        )
        return (
            out
            + b["log(pages)"] * np.log(d["pages"])
            + sum(b[c] * d[c] for c in ("active", "war_years", "territory"))
        )

    base, share = linear(d["norms"], d["polyarchy"]), d["lasting_peace"].astype(float).mean()
    low, high = -50.0, 50.0
    for _ in range(200):  # the intercept at which the mean chance is the share
        cut = (low + high) / 2
        low, high = (cut, high) if expit(base + cut).mean() < share else (low, cut)
    found = (
        results.table("effects_by_moderator")
        .query("pillar == 'norms' and moderator == 'polyarchy'")
        .set_index("at")
    )
    sd = d["norms"].std()
    value = {"low": d["polyarchy"].quantile(0.1), "high": d["polyarchy"].quantile(0.9)}
    for at, m in value.items():
        effect = (
            expit(linear(d["norms"] + sd, m) + cut) - expit(linear(d["norms"], m) + cut)
        ).mean()
        assert found.loc[at, "value"] == pytest.approx(m)
        assert found.loc[at, "estimate"] == pytest.approx(effect, abs=1e-9)
        near = (d["polyarchy"] - m).abs() <= 0.5 * d["polyarchy"].std()
        assert found.loc[at, "n_near"] == near.sum()
    apart = found.loc["high", "estimate"] - found.loc["low", "estimate"]
    assert found.loc["difference", "estimate"] == pytest.approx(apart)
    z = abs(found.loc["difference", "estimate"] / found.loc["difference", "std_error"])
    assert found.loc["difference", "p_value"] == pytest.approx(2 * stats.norm.sf(z))


def test_contexts_by_hand(results):
    table = results.table("contexts")
    d = results.sample("primary").data
    era = pd.cut(
        d["t0"].astype(int),
        [1989, 1995, 2001, 2010, 2019],
        labels=["1990 to 1995", "1996 to 2001", "2002 to 2010", "2011 to 2019"],
    )
    for name, part in d.groupby(era, observed=True):
        rows = table[(table["by"] == "era") & (table["context"] == name)]
        events = int(part["lasting_peace"].sum())
        assert len(rows) == 7 and (rows["n"] == len(part)).all()
        assert (rows["n_events"] == min(events, len(part) - events)).all()
        assert rows["estimate"].isna().all() == (events < 5)
    part = d[era == "1996 to 2001"].assign(x=lambda t: t["norms"] / d["norms"].std())
    alone = ps.fit(
        part, ps.ModelSpec("m", "lasting_peace ~ x + log(pages) + active", "firth", "classical")
    ).terms.set_index("term")
    row = table.query("by == 'era' and pillar == 'norms' and context == '1996 to 2001'").iloc[0]
    for name in ("estimate", "std_error", "conf_low", "conf_high"):
        assert row[name] == pytest.approx(alone.loc["x", name], rel=1e-6)


def test_every_context_has_an_effect_or_a_reason_and_few_events_have_none(results):
    table = results.table("contexts")
    assert (table["estimate"].isna() == (table["reason"] != "")).all()
    few = table["n_events"] < 5
    assert table.loc[few, "reason"].str.startswith("too few").all() and few.sum() == 35
    assert set(table.loc[table["label"] == "Region", "outside_contexts"]) == {1}


def test_the_tests_of_contexts_are_adjusted_over_all_of_them(results):
    tests = (
        results.table("contexts").drop_duplicates(["by", "pillar"]).dropna(subset=["p_homogeneity"])
    )
    p = tests["p_homogeneity"].sort_values()
    holm = np.maximum.accumulate(p * np.arange(len(p), 0, -1)).clip(upper=1)
    assert np.allclose(tests["p_adjusted"][p.index], holm)


def test_leaders_are_those_before_the_attempt(our_study):
    study = our_study("peace_agreements")
    rows = study.covariates[study.covariates["variable"] == "leader_turnover"].merge(
        study.cases[["case_id", "first_date"]], on="case_id"
    )
    assert len(rows) == 203
    first = rows["first_date"].dt.year  # of the first agreement
    assert (rows["year"] == [f"{y - 5}-{y - 1}" for y in first]).all()
    assert (rows["value"].isna() == rows["reason"].notna()).all()


@pytest.fixture(scope="module")
def accords(our_results):
    return our_results("accord_implementation")


def test_every_delivery_of_every_accord_stands_once_as_the_record_has_it(accords):
    table = accords.study.tables["deliveries"]
    done = (
        accords.study.tables["implementation"].query("year_k == 5").set_index(["case_id", "pillar"])
    )
    assert len(table) == 34 * 7
    for row in table.to_dict("records"):
        own = done.loc[(row["accord"], row["pillar"])]
        assert row["promised"] == own["promised"]
        assert row["implemented"] == own["implemented"] or (
            pd.isna(row["implemented"]) and pd.isna(own["implemented"])
        )
        assert pd.isna(row["implemented"]) <= ("implemented:" in str(row["missing"]))
        assert pd.isna(row["gain"]) <= ("gain:" in str(row["missing"]))


def test_the_mean_of_the_slopes_and_its_t_are_as_contrasts_are(accords):
    fit = accords.fits["delivery_democracy"]
    slopes = fit.terms.set_index("term")["estimate"].filter(like=":scale(polyarchy)")
    several = slopes[~slopes.index.str.contains("economy|environment")]
    for name, own in (("C11_seven", slopes), ("C11", several)):
        row = accords.hypotheses().set_index("id").loc[name]
        assert row["estimate"] == pytest.approx(own.mean())
        V = fit.vcov.loc[own.index, own.index].to_numpy()
        assert row["statistic"] == pytest.approx(own.mean() / np.sqrt(V.sum() / len(own) ** 2))
    assert (len(slopes), len(several)) == (7, 5)


def test_slopes_are_those_of_a_dummy_regression(accords):
    import statsmodels.formula.api as smf

    fit = accords.fits["delivery_turnover"]
    d = (
        accords.study.frame("deliveries")
        .data.set_index("case_id")
        .loc[list(fit.cases)]
        .astype({"gain": float, "early_implemented": float, "promised": float})
    )
    formula = "gain ~ C(pillar) + C(pillar):early_turnover + early_implemented + promised"
    other = smf.ols(formula, d).fit()
    own = fit.terms.set_index("term")["estimate"]
    for pillar in PILLARS:
        assert own[f"C(pillar)[{pillar}]:early_turnover"] == pytest.approx(
            other.params[f"C(pillar)[{pillar}]:early_turnover"], rel=1e-8, abs=1e-10
        )


def test_families_of_deliveries_are_decided_apart(accords):
    h = accords.hypotheses()
    sizes = h["family"].value_counts()
    assert sizes[["delivery", "delivery_seven", "delivery_by_pillar"]].tolist() == [3, 3, 21]
    p = np.sort(h.loc[h["family"] == "delivery_by_pillar", "p_value"])
    holm = np.maximum.accumulate(p * np.arange(21, 0, -1)).clip(max=1)
    assert np.allclose(np.sort(h.loc[h["family"] == "delivery_by_pillar", "p_adjusted"]), holm)


def test_what_a_mean_of_slopes_could_have_found_is_reckoned_by_the_t_that_decides_it(accords):
    """Estimates, standard errors and degrees of freedom are those of R's clubSandwich
    (linear_contrast, CR2, Satterthwaite), in references/accords.
    """
    stored = pd.read_csv(REFERENCES / "accords" / "delivery.csv")
    rows = accords.hypotheses().set_index("id")
    for name, n, estimate, se, df in stored.itertuples(index=False):
        row = rows.loc[name]
        assert accords.fits[row["model"]].n == n
        assert row["estimate"] == pytest.approx(estimate, rel=1e-7)
        assert row["detectable"] == pytest.approx(
            (stats.t.ppf(1 - 0.05 / 6, df) + stats.t.ppf(0.8, df)) * se, rel=1e-6
        )
    assert len(stored) == 6


def test_what_cannot_be_fitted_counts_in_the_family_that_was_declared(results):
    """A moderator that does not vary cannot be fitted; two
    products were declared, and Holm is over two.
    """
    rule = replace(
        results.study.config.moderations[0],
        specs=("norms_alone",),
        moderators=("leader_turnover", "eligible"),
    )
    config = replace(results.study.config, moderations=(rule,))
    found = Results(replace(results.study, config=config))
    tests = found.table("interactions").set_index("moderator")
    assert (
        tests.loc["eligible", "note"].startswith("not fitted: ")
        and tests.loc["eligible", ["estimate", "p_value", "p_adjusted", "detectable", "decision"]]
        .isna()
        .all()
    )
    assert tests.loc["leader_turnover", "p_adjusted"] == min(
        1.0, 2 * tests.loc["leader_turnover", "p_value"]
    )
    se = tests.loc["leader_turnover", "std_error"]
    assert tests.loc["leader_turnover", "detectable"] == pytest.approx(
        np.exp((stats.norm.ppf(1 - 0.0125) + stats.norm.ppf(0.8)) * se)
    )
    effects = (
        found.table("effects_by_moderator")
        .query("moderator == 'leader_turnover' and at == 'difference'")
        .iloc[0]
    )
    assert effects["p_adjusted"] == min(1.0, 2 * effects["p_value"])
    none = replace(config, moderations=(replace(rule, moderators=("eligible",)),))
    nothing = Results(replace(results.study, config=none))
    assert (
        nothing.table("interactions")["p_value"].isna().all()
        and nothing.table("effects_by_moderator")["estimate"].isna().all()
    )


def test_the_figure_is_drawn_where_a_pair_could_not_be_fitted(results):
    effects = results.table("effects_by_moderator").copy()
    lost = (effects["pillar"] == "norms") & (effects["moderator"] == "polyarchy")
    effects = effects[~(lost & (effects["at"] != "low"))]
    effects.loc[lost, ["value", "estimate", "std_error", "conf_low", "conf_high", "p_value"]] = (
        np.nan
    )
    effects.loc[lost, "support"] = False
    tables = {
        "effects_by_moderator": effects,
        "interactions": results.table("interactions"),
        "notes": results.table("notes"),
    }
    figure, drawn = draw_domestic_politics(tables)
    assert len(figure.axes) == 3 and len(drawn) == 61
