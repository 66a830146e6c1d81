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
    late = {"breadth": "as declared", "pages": "as declared"} if variant == "anchor" else {}
    options = {"known_late": late} if late else {}
    fit = ps.fit(
        results.study.frame(sample),
        ps.ModelSpec("v", formula, engine, "cluster", cluster, options),
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
    fit = results.fits["selection_kept"]
    p = dict(
        zip(
            fit.cases,
            1 / (1 + np.exp(-(fit.design.X @ fit.terms.estimate.to_numpy()))),
            strict=True,
        )
    )
    # of the 99 attempts 91 begin in a conflict-year at risk; of one of these polyarchy is missing
    assert w.weight.notna().sum() == 90 and len(w) == 91
    kept = set(results.frame.data.case_id)
    assert set(w.index) < kept
    for r in w[w.weight.notna()].itertuples():
        assert r.weight == pytest.approx(fit.design.y.mean() / p[r.year_case_id])


@pytest.mark.slow(reason="fits the 29 variants of a study, 16 s")
def test_completely_separated_models_show_no_number(table):
    quiet = table[(table.variant == "quiet") & (table.spec == "pillars")]
    assert quiet.log_odds.isna().all() and quiet.note.str.contains("cannot give").all()


@pytest.mark.slow(reason="fits the variants of a study, 50 s")
def test_the_unweighted_variant_has_the_cases_of_the_weighted_one(results, table):
    w = results.table("weights").set_index("case_id").weight.dropna()
    data = results.frame.data
    cases = data[data.case_id.isin(w.index)]
    formula = "lasting_peace ~ scale(breadth)" + CONTROLS
    by_hand = ps.fit(cases, ps.ModelSpec("v", formula, "logit", "cluster", "country"))
    shown = row(table, "unweighted", "scale(breadth)")
    assert shown.n == row(table, "weighted", "scale(breadth)").n == len(cases) == 90
    own = by_hand.terms.set_index("term").loc["scale(breadth)"]
    assert shown.estimate == pytest.approx(own.estimate)
    assert shown.std_error == pytest.approx(own.std_error)
    number = w.sum() ** 2 / (w**2).sum()
    note = row(table, "weighted", "scale(breadth)").note
    assert f"effective number of {number:.0f} cases" in note and round(number) == 43


# odds ratio of norms and its p, by reading of the state of the war: on the 100 cases of the earlier
# declaration (as a review of it printed them), and on the 99 that are eligible by what is known
READINGS = {
    "war_declared_before": (4.45, 0.0035, 4.00, 0.0092),
    "war_without": (1.71, 0.26, 1.60, 0.33),
    "war_year_before": (1.72, 0.245, 1.64, 0.31),
    "war_before_first": (1.69, 0.26, 1.59, 0.33),
    "war_first": (2.54, 0.09, 2.31, 0.14),
    "war_episode": (4.21, 0.011, 4.15, 0.014),
}


@pytest.mark.slow(reason="fits the variants of a study, 50 s")
@pytest.mark.parametrize("reading", READINGS)
def test_readings_of_the_state_of_the_war(table, reading):
    ratio, p, known_ratio, known_p = READINGS[reading]
    for variant, r, q in ((reading + "_calendar", ratio, p), (reading, known_ratio, known_p)):
        shown = row(table, variant, "scale(norms)")
        assert np.exp(shown.log_odds) == pytest.approx(r, abs=0.005)
        assert shown.p_value == pytest.approx(q, abs=0.005)
    assert row(table, reading + "_calendar", "scale(norms)").n == 100
    assert row(table, reading, "scale(norms)").n == 99


@pytest.mark.slow(reason="fits the variants of a study, 50 s")
def test_a_reading_that_knows_the_future_says_so(table):
    late = ["war_declared_before", "war_first", "war_episode"]
    for variant in late:
        assert "known only after the clock" in row(table, variant, "scale(norms)").note
    assert "known only after" not in row(table, "war_year_before", "scale(norms)").note


@pytest.mark.slow(reason="fits the models without each indicator, 33 s")
def test_indicators_left_out_by_hand(results):
    table = results.table("indicators_left_out")
    count = sum(len(p.indicators) for p in results.study.codebook.pillars)
    assert len(table) == (1 + count) * 8 and table.indicator.nunique() == 1 + count
    data = results.frame.data.copy()
    codes = results.study.coding.codes().loc[data.case_id]
    smaller = [i.id for i in results.study.codebook.pillars[2].indicators if i.id != "drugs"]
    data["norms"] = (codes[smaller] > 0).mean(axis=1).to_numpy()
    pillars = [p.id for p in results.study.codebook.pillars]
    data["breadth"] = data[pillars].astype(float).mean(axis=1)
    for model, term in (("breadth", "scale(breadth)"), ("pillars", "scale(norms)")):
        by_hand = ps.fit(data, results.study.spec(model)).terms.set_index("term").loc[term]
        own = table[(table.indicator == "drugs") & (table.term == term)].iloc[0]
        assert own.estimate == pytest.approx(by_hand.estimate)
        assert own.p_value == pytest.approx(by_hand.p_value)


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
        w = attempt_weights(rows, selection, "attempt_case_id")
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


def test_the_contrast_of_the_survival_curves_is_that_of_another_program(results):
    from statsmodels.duration.hazard_regression import PHReg

    adjusted = results.table("survival_adjusted").set_index("term")
    data = results.study.frame("durations").data
    breadth = data["breadth"]
    controls = data[["active", "war_years", "territory"]].astype(float)
    X = controls.assign(
        pages=np.log(data["pages"]), breadth=(breadth - breadth.mean()) / breadth.std()
    )
    years, event = data["peace_years"].astype(float), data["event"].astype(int)
    made = PHReg(years, X, status=event, ties="efron").fit()
    log_hazard = dict(zip(X.columns, made.params, strict=True))["breadth"]
    assert adjusted.log_odds["scale(breadth)"] == pytest.approx(-log_hazard, abs=1e-5)
    assert adjusted.n["scale(breadth)"] == len(data)
