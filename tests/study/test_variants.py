"""Variants: what they show is what the verb fit gives, and what cannot be fitted says so."""

import numpy as np
import pandas as pd
import pytest

import peacestudy as ps


@pytest.fixture(scope="module")
def results(our_results):
    return our_results("peace_agreements")


@pytest.fixture(scope="module")
def table(results):
    return results.table("variants")


def row(table, variant, term):
    return table[(table.variant == variant) & (table.term == term)].iloc[0]


@pytest.mark.slow(reason="fits the 29 variants of a study, 16 s")
def test_every_variant_has_a_row_for_every_term(results, table):
    config = results.study.config
    assert len(table) == (1 + len(config.variants)) * 8
    assert table.groupby("variant").term.nunique().eq(8).all()


@pytest.mark.slow(reason="fits the 29 variants of a study, 16 s")
def test_the_declared_row_is_the_first_finding(results, table):
    h = results.table("hypotheses").set_index("id")
    norms, breadth = (
        row(table, "declared", "scale(norms)"),
        row(table, "declared", "scale(breadth)"),
    )
    assert np.exp(norms.log_odds) == pytest.approx(
        h.odds_ratio["H3"]
    ) and norms.p_family == pytest.approx(h.p_adjusted["H3"])
    assert np.exp(breadth.log_odds) == pytest.approx(h.odds_ratio["H0"]) and np.isnan(
        breadth.p_family
    )


CONTROLS = " + log(pages) + active + war_years + territory"
BY_HAND = {
    "all_complete": (
        "overlapping",
        "lasting_peace ~ scale(breadth)" + CONTROLS,
        "firth",
        "country",
    ),
    "anchor": ("anchor", "lasting_peace ~ scale(breadth)" + CONTROLS, "firth", "country"),
    "no_war": ("primary", "no_war ~ scale(breadth)" + CONTROLS, "firth", "country"),
    "held": ("primary", "held ~ scale(breadth)" + CONTROLS, "firth", "country"),
    "quiet": (
        "quiet",
        "lasting_peace ~ scale(breadth) + log(pages) + war_years + territory",
        "firth",
        "country",
    ),
    "conflict_clusters": (
        "primary",
        "lasting_peace ~ scale(breadth)" + CONTROLS,
        "firth",
        "conflict_id",
    ),
    "cox": ("durations", "Surv(peace_years, event) ~ scale(breadth)" + CONTROLS, "cox", "country"),
}


@pytest.mark.slow(reason="fits the 29 variants of a study, 16 s")
@pytest.mark.parametrize("variant", list(BY_HAND))
def test_a_variant_is_what_fit_gives(results, table, variant):
    sample, formula, engine, cluster = BY_HAND[variant]
    fit = ps.fit(
        results.study.frame(sample), ps.ModelSpec("v", formula, engine, "cluster", cluster)
    )
    own = fit.terms.set_index("term").loc["scale(breadth)"]
    shown = row(table, variant, "scale(breadth)")
    assert shown.estimate == pytest.approx(own.estimate) and shown.std_error == pytest.approx(
        own.std_error
    )
    assert shown.n == fit.n
    assert shown.log_odds == pytest.approx(-own.estimate if engine == "cox" else own.estimate)


@pytest.mark.slow(reason="fits the 29 variants of a study, 16 s")
def test_linear_is_brought_to_the_scale_of_a_logit(results, table):
    y = results.study.frame("primary").data.lasting_peace.astype(float)
    shown = row(table, "linear", "scale(norms)")
    assert shown.log_odds == pytest.approx(shown.estimate / (y.mean() * (1 - y.mean())))
    assert shown.measure == "difference"


@pytest.mark.slow(reason="fits the 29 variants of a study, 16 s")
def test_turned_intervals_keep_their_order(table):
    known = table[table.log_odds.notna()]
    assert ((known.log_odds_low < known.log_odds) & (known.log_odds < known.log_odds_high)).all()
    assert set(known.variant[known.measure == "hazard ratio"]) >= {"cox"}


@pytest.mark.slow(reason="fits the 29 variants of a study, 16 s")
def test_what_cannot_be_fitted_says_why(table):
    lost = table[table.log_odds.isna()]
    assert lost.note.str.len().gt(20).all() and (lost.measure == "not fitted").all()


def test_weights_by_hand(results):
    """Stabilised weights: the share of conflict-years with an attempt over
    the fitted chance of the attempt's own year.
    """
    w = results.table("weights").set_index("case_id")
    fit = results.fits["selection"]
    p = dict(
        zip(
            fit.cases,
            1 / (1 + np.exp(-(fit.design.X @ fit.terms.estimate.to_numpy()))),
            strict=True,
        )
    )
    assert w.weight.notna().sum() == 149 and len(w) == 153  # of four attempts polyarchy is missing
    for r in w[w.weight.notna()].itertuples():
        assert r.weight == pytest.approx(fit.design.y.mean() / p[r.year_case_id])


@pytest.mark.slow(reason="fits the 29 variants of a study, 16 s")
def test_completely_separated_models_show_no_number(table):
    quiet = table[(table.variant == "quiet") & (table.spec == "pillars")]
    assert quiet.log_odds.isna().all() and quiet.note.str.contains("completely separated").all()


def test_the_stacked_covariance_by_simulation():
    """Weights estimated in a first step: standard errors against the spread over 200 samples, and
    wider than known weights give.
    """
    from peacestudy.study.results.selection import attempt_weights, stacked_covariance

    rng = np.random.default_rng(8)
    estimates, errors = [], []
    for _ in range(200):
        n = 1500
        z = rng.normal(size=n)
        began = rng.random(n) < 1 / (1 + np.exp(1.2 - 0.6 * z))
        x = rng.normal(size=n) + 0.4 * z
        y = rng.random(n) < 1 / (1 + np.exp(-0.5 * x - 0.8 * z))
        rows = pd.DataFrame(
            {
                "case_id": [f"y{i}" for i in range(n)],
                "z": z,
                "x": x,
                "y": y.astype(int),
                "attempt": began.astype(int),
                "country": np.arange(n),
            }
        )
        rows["attempt_case_id"] = np.where(began, "a" + rows.case_id, None)
        selection = ps.fit(
            rows.set_index("case_id", drop=False).rename_axis(None),
            ps.ModelSpec("s", "attempt ~ z", "logit", "hc0"),
        )
        w = attempt_weights(rows, selection)
        cases = rows[began].assign(case_id=rows.attempt_case_id)
        cases["attempt_weight"] = cases.case_id.map(w.set_index("case_id").weight)
        fit = ps.fit(
            cases.set_index("case_id", drop=False).rename_axis(None),
            ps.ModelSpec("o", "y ~ x", "logit", "hc0", options={"weights": "attempt_weight"}),
        )
        V = stacked_covariance(fit, selection, cases, rows, w)
        estimates.append(fit.terms.estimate[1])
        errors.append(np.sqrt(V[1, 1]))
    assert np.mean(errors) == pytest.approx(
        np.std(estimates), rel=0.12
    )  # three Monte Carlo errors of a spread from 400
