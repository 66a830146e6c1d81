"""Results of the signing dyads: other choices of agreements and outcomes are what fit gives."""

import numpy as np
import pytest

import peacestudy as ps
from peacestudy.outcomes.disjoint_windows import draw_maximal_sets

CONTROLS = " + log(pages) + {} + territory + full_agreement + n_dyads + decade"
ACTIVE, BY_YEAR = CONTROLS.format("active"), CONTROLS.format("active_by_year")
# variant: sample, outcome, controls, cases, odds ratio of breadth, p
BY_HAND = {
    "declared": ("opening", "lasting_peace", ACTIVE, 93, 0.99, 0.978),
    "earliest_by_year": ("earliest_by_year", "lasting_peace", ACTIVE, 93, 0.90, 0.815),
    "latest_backwards": ("latest_backwards", "lasting_peace", ACTIVE, 94, 4.11, 0.009),
    "longest_text": ("longest_text", "lasting_peace", ACTIVE, 92, 2.82, 0.035),
    "earlier_declaration": ("earlier_declaration", "lasting_peace", BY_YEAR, 90, 0.79, 0.594),
    "active_by_year": ("opening", "lasting_peace", BY_YEAR, 93, 0.86, 0.733),
    "without_active": (
        "opening",
        "lasting_peace",
        ACTIVE.replace(" + active", ""),
        93,
        0.79,
        0.565,
    ),
    "from_signature": ("opening", "peace_from_signature", ACTIVE, 87, 1.11, 0.839),
    "with_successors": ("opening", "peace_with_successors", ACTIVE, 93, 0.63, 0.299),
    "in_conflict": ("opening", "peace_in_conflict", ACTIVE, 93, 0.87, 0.769),
}


@pytest.fixture(scope="module")
def results(our_results):
    return our_results("signing_dyads")


@pytest.fixture(scope="module")
def cases(results):
    data = results.study.frame("all").data
    return data[data["linked"] & data["window_complete"]]


@pytest.mark.slow(reason="fits the 11 variants of a study, 25 s")
@pytest.mark.parametrize("variant", BY_HAND)
def test_a_variant_is_a_fit_to_the_cases_that_it_names(results, cases, variant):
    sample, outcome, controls, n, ratio, p = BY_HAND[variant]
    formula = f"{outcome} ~ scale(breadth){controls}"
    made = ps.fit(cases[cases[sample]], ps.ModelSpec("m", formula, "firth", "cluster", "country"))
    want = made.terms.set_index("term").loc["scale(breadth)"]
    table = results.table("variants")
    (row,) = table[(table["variant"] == variant) & (table["spec"] == "breadth")].itertuples()
    assert (row.n, row.n_events) == (made.n, made.n_events) and row.n == n
    assert row.log_odds == pytest.approx(want["estimate"], rel=1e-9)
    assert row.p_value == pytest.approx(want["p_value"], rel=1e-9)
    assert (round(float(np.exp(row.log_odds)), 2), round(row.p_value, 3)) == (ratio, p)


@pytest.mark.slow(reason="fits the 11 variants of a study, 25 s")
def test_a_variant_that_knows_the_future_says_why_it_is_shown(results):
    table = results.table("variants").drop_duplicates("variant").set_index("variant")
    late = ("earliest_by_year", "latest_backwards", "longest_text", "earlier_declaration")
    for variant in (*late, "active_by_year"):
        assert "shown for comparison" in table.note[variant], variant
    assert "known only after" not in table.note["declared"]
    assert not table.measure.eq("not fitted").any()


def test_no_declared_model_knows_the_future(results):
    """The declared models use no column that is known only after the agreement."""
    for made in results.fits.values():
        assert not [note for note in made.notes if note.kind == "known_late"]
        assert made.spec.name and "known_late" not in dict(made.spec.options)
    frame = results.study.frame("primary")
    assert frame.clock.column == "text_complete"
    assert frame.eligibility == ("linked", "eligible", "window_complete", "opening")


@pytest.mark.parametrize(
    "column", ["active_by_year", "earliest_by_year", "latest_backwards", "longest_text"]
)
def test_a_reading_of_the_future_is_refused_without_a_reason(results, column):
    frame = results.study.frame("overlapping")
    spec = ps.ModelSpec("late", f"lasting_peace ~ scale(breadth) + {column}", "firth", "hc1")
    with pytest.raises(ps.SpecError, match=f"'{column}' is known only after the clock"):
        ps.fit(frame, spec)


def test_norms_are_rejected_against_the_hypothesis_by_the_declared_test_alone(results):
    table = results.table("hypotheses").set_index("id")
    rejected = table[table["decision"].str.startswith("rejected")]
    assert rejected.index.tolist() == ["H3"]
    row = table.loc["H3"]
    assert row.decision == "rejected, against the hypothesis" and row.direction == "positive"
    assert round(row.odds_ratio, 2) == 0.38 and round(row.p_adjusted, 3) == 0.047
    checks = row[["p_profile", "p_jackknife", "p_permutation"]].astype(float)
    assert (checks > 0.05).all()
    assert table.direction.drop("H0_joint").eq("positive").all()
    assert table.direction["H0_joint"] == "none"


def test_in_each_drawn_set_windows_of_a_dyad_are_disjoint_and_no_agreement_can_be_added(results):
    rule = results.study.config.windows
    cases = results.sample(rule.sample).data.set_index("case_id")
    columns = {name: getattr(rule, name) for name in ("group", "start", "end", "separator")}
    drawn = draw_maximal_sets(cases, **columns, draws=20, seed=rule.seed)
    parties = [set(cell.split()) for cell in cases["dyads"]]
    years = cases["t0"].tolist()
    assert drawn.sum(axis=1).min() > 80
    for keep in drawn:
        inside = [i for i in range(len(cases)) if keep[i]]
        for i in range(len(cases)):
            rivals = [
                j
                for j in inside
                if j != i and parties[i] & parties[j] and abs(years[i] - years[j]) <= 5
            ]
            assert bool(rivals) != bool(keep[i])


@pytest.mark.slow(reason="fits two models to 1,000 sets of agreements, 60 s")
def test_the_opening_agreements_are_far_from_the_middle_of_the_other_choices(results):
    table = results.table("windows").set_index("term")
    breadth, norms = table.loc["scale(breadth)"], table.loc["scale(norms)"]
    assert breadth.candidates == 300 and breadth.draws == 1000 and breadth.not_fitted == 0
    assert round(float(np.exp(breadth.estimate_median)), 2) == 1.66
    assert breadth.percentile < 5 and norms.percentile < 1
    assert breadth.share_above > 0.95 and breadth.share_rejected_above < 0.1
    assert norms.share_holm_below == 0
