"""Variants: what they show is what the verb fit gives, and what cannot be fitted says so."""

import numpy as np
import pytest

import peacestudy as ps
from peacestudy.study import Results


@pytest.fixture(scope="module")
def results():
    return Results(ps.load_study("peace_agreements"))


@pytest.fixture(scope="module")
def table(results):
    return results.table("variants")


def row(table, variant, term):
    return table[(table.variant == variant) & (table.term == term)].iloc[0]


def test_every_variant_has_a_row_for_every_term(results, table):
    config = results.study.config
    assert len(table) == (1 + len(config.variants)) * 8
    assert table.groupby("variant").term.nunique().eq(8).all()


def test_the_declared_row_is_the_first_finding(results, table):
    h = results.table("hypotheses").set_index("id")
    norms, breadth = row(table, "declared", "scale(norms)"), row(table, "declared", "scale(breadth)")
    assert np.exp(norms.log_odds) == pytest.approx(h.odds_ratio["H3"]) and norms.p_family == pytest.approx(
        h.p_decide["H3"]
    )
    assert np.exp(breadth.log_odds) == pytest.approx(h.odds_ratio["H0"]) and np.isnan(breadth.p_family)


CONTROLS = " + log(pages) + active + war_years + territory"
BY_HAND = {
    "all_complete": ("overlapping", "lasting_peace ~ scale(breadth)" + CONTROLS, "firth", "country"),
    "anchor": ("anchor", "lasting_peace ~ scale(breadth)" + CONTROLS, "firth", "country"),
    "no_war": ("primary", "no_war ~ scale(breadth)" + CONTROLS, "firth", "country"),
    "held": ("primary", "held ~ scale(breadth)" + CONTROLS, "firth", "country"),
    "quiet": ("quiet", "lasting_peace ~ scale(breadth) + log(pages) + war_years + territory", "firth", "country"),
    "conflict_clusters": ("primary", "lasting_peace ~ scale(breadth)" + CONTROLS, "firth", "conflict_id"),
    "cox": ("durations", "Surv(peace_years, event) ~ scale(breadth)" + CONTROLS, "cox", "country"),
}


@pytest.mark.parametrize("variant", list(BY_HAND))
def test_a_variant_is_what_fit_gives(results, table, variant):
    sample, formula, engine, cluster = BY_HAND[variant]
    fit = ps.fit(results.study.frame(sample), ps.ModelSpec("v", formula, engine, "cluster", cluster))
    own = fit.terms.set_index("term").loc["scale(breadth)"]
    shown = row(table, variant, "scale(breadth)")
    assert shown.estimate == pytest.approx(own.estimate) and shown.std_error == pytest.approx(own.std_error)
    assert shown.n == fit.n
    assert shown.log_odds == pytest.approx(-own.estimate if engine == "cox" else own.estimate)


def test_linear_is_brought_to_the_scale_of_a_logit(results, table):
    y = results.study.frame("primary").data.lasting_peace.astype(float)
    shown = row(table, "linear", "scale(norms)")
    assert shown.log_odds == pytest.approx(shown.estimate / (y.mean() * (1 - y.mean())))
    assert shown.measure == "difference"


def test_turned_intervals_keep_their_order(table):
    known = table[table.log_odds.notna()]
    assert ((known.log_odds_low < known.log_odds) & (known.log_odds < known.log_odds_high)).all()
    assert set(known.variant[known.measure == "hazard ratio"]) >= {"cox"}


def test_what_cannot_be_fitted_says_why(table):
    lost = table[table.log_odds.isna()]
    assert lost.note.str.len().gt(20).all() and (lost.measure == "not fitted").all()


def test_weights_by_hand(results):
    """Stabilised weights: the share of conflict-years with an attempt over the fitted chance of the attempt's own year."""
    w = results.table("weights").set_index("case_id")
    fit = results.fits["selection"]
    p = dict(zip(fit.cases, 1 / (1 + np.exp(-(fit.design.X @ fit.terms.estimate.to_numpy()))), strict=True))
    for r in w.itertuples():
        assert r.weight == pytest.approx(fit.design.y.mean() / p[r.year_case_id])
