"""Other choices of cases with disjoint windows: against a loop of single fits, and by counting."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import peacestudy as ps
from peacestudy.models import adjust
from peacestudy.outcomes.disjoint_windows import count_maximal_sets, draw_maximal_sets
from peacestudy.study import Results
from peacestudy.study.config import Windows
from peacestudy.study.config.declaration import declaration_hash
from peacestudy.study.config.problems import config_problems
from peacestudy.study.requirements import required_columns
from peacestudy.study.results.windows import window_draws, windows

RULE = Windows(
    specs=("breadth", "pillars"),
    sample="overlapping",
    group="conflict_id",
    start="t0",
    end="window_to",
    draws=12,
    seed=5,
)
COLUMNS = {"group": "conflict_id", "start": "t0", "end": "window_to"}


@pytest.fixture(scope="module")
def results(our_study):
    study = our_study("peace_agreements")
    return Results(replace(study, config=replace(study.config, windows=RULE)))


@pytest.fixture(scope="module")
def drawn(results):
    return window_draws(results)


def test_every_set_is_fitted_as_a_study_of_its_cases(results, drawn):
    cases = results.sample("overlapping").data.set_index("case_id")
    chosen = draw_maximal_sets(cases, **COLUMNS, draws=RULE.draws, seed=RULE.seed)
    for spec in RULE.specs:
        terms = results.tested_terms(spec)
        own = drawn[drawn.spec == spec]
        assert len(own) == RULE.draws * len(terms)
        for draw, keep in enumerate(chosen):
            made = ps.fit(cases[keep], results.study.spec(spec))
            want = made.terms.set_index("term").loc[terms]
            rows = own[own.draw == draw].set_index("term").loc[terms]
            assert (rows.n == made.n).all() and (rows.n_events == made.n_events).all()
            for name in ("estimate", "std_error", "p_value"):
                np.testing.assert_allclose(rows[name], want[name].astype(float), rtol=1e-7)
            if len(terms) > 1:
                holm = adjust(want.p_value.astype(float), "holm")
                np.testing.assert_allclose(rows.p_family, holm, rtol=1e-7)
    assert drawn[drawn.spec == "breadth"].p_family.isna().all()


def test_windows_of_a_set_are_disjoint_and_no_case_can_be_added(results):
    cases = results.sample("overlapping").data.set_index("case_id")
    for keep in draw_maximal_sets(cases, **COLUMNS, draws=RULE.draws, seed=RULE.seed):
        for _, part in cases[keep].groupby("conflict_id"):
            by_year = part.sort_values("t0")
            later = by_year.t0.to_numpy()[1:] > by_year.window_to.to_numpy()[:-1]
            assert later.all()
        for case in cases[~keep].itertuples():
            rivals = cases[keep & (cases.conflict_id == case.conflict_id).to_numpy()]
            assert ((rivals.t0 <= case.window_to) & (case.t0 <= rivals.window_to)).any()


def test_the_summary_by_counting(results, drawn):
    table = windows(results)
    counts = count_maximal_sets(results.sample("overlapping").data, **COLUMNS)
    for row in table.itertuples():
        own = drawn[(drawn.spec == row.spec) & (drawn.term == row.term)]
        values = sorted(own.estimate)
        made = results.fits[row.spec].terms.set_index("term").loc[row.term]
        assert row.declared_estimate == made.estimate
        assert row.percentile == pytest.approx(100 * sum(v < made.estimate for v in values) / 12)
        assert row.share_above == pytest.approx(sum(v > 0 for v in values) / 12)
        small = [r for r in own.itertuples() if r.p_value < 0.05]
        assert row.share_rejected_below == pytest.approx(sum(r.estimate < 0 for r in small) / 12)
        assert row.estimate_median == pytest.approx((values[5] + values[6]) / 2)
        assert row.n_median == np.median(own.n) and row.n_events_p95 == np.quantile(
            own.n_events, 0.95
        )
        assert (row.draws, row.not_fitted) == (12, 0)
        assert row.candidates == len(results.sample("overlapping").data)
        assert 10**row.log10_sets == pytest.approx(np.prod([float(c) for c in counts]))
        if row.spec == "pillars":
            small = [r for r in own.itertuples() if r.p_family < 0.05]
            assert row.share_holm_above == pytest.approx(sum(r.estimate > 0 for r in small) / 12)


def test_a_set_that_cannot_be_fitted_is_counted_and_left_out_of_the_shares(results, drawn):
    lost = drawn.copy()
    gone = lost.draw.isin([0, 3])
    lost.loc[gone, ["estimate", "std_error", "p_value", "p_family"]] = np.nan
    lost.loc[gone, "reason"] = "collinear"
    other = Results(results.study, {"window_draws": lost})
    table, left = windows(other), drawn[~gone]
    assert (table.not_fitted == 2).all()
    for row in table.itertuples():
        own = left[(left.spec == row.spec) & (left.term == row.term)]
        assert row.share_above == pytest.approx((own.estimate > 0).mean())


def test_a_study_without_the_section_is_as_it_was(our_study):
    study = our_study("onset")
    assert study.config.windows is None
    assert declaration_hash(study.config) == study.config.declared.hash
    with pytest.raises(ps.SpecError, match=r"declares no \[windows\]"):
        windows(Results(study))


def test_what_is_wrong_in_the_section_is_reported(our_study):
    study = our_study("peace_agreements")

    def rules(**change):
        config = replace(study.config, windows=replace(RULE, **change))
        found = config_problems(config, "")
        return [p.rule for p in found if p.column != "hash"], config

    assert rules()[0] == []
    assert "a declared spec" in rules(specs=("other",))[0][0]
    assert "a declared sample" in rules(sample="other")[0][0]
    assert "1 or more" in rules(draws=0)[0][0]
    config = rules(end="other")[1]
    required = required_columns(replace(study, config=config), {"overlapping"})
    assert ("windows",) in [r.place for r in required if r.column == "other"]


def counted(table):
    """The counts of variants, by a loop over the rows."""
    out = {}
    for r in table.itertuples():
        key = r.spec, r.term
        one = out.setdefault(key, dict.fromkeys(COUNTS, 0))
        if pd.isna(r.log_odds):
            one["not_fitted"] += 1
            continue
        side = "above" if r.log_odds > 0 else "below"
        one["fitted"] += 1
        one[side] += 1
        p = r.p_value if pd.isna(r.p_family) else r.p_family
        one[f"rejected_{side}"] += int(p < 0.05)
        if not pd.isna(r.p_permutation):
            one["permuted"] += 1
            one[f"permutation_{side}"] += int(r.p_permutation < 0.05)
    return out


COUNTS = [
    "fitted",
    "not_fitted",
    "above",
    "below",
    "rejected_above",
    "rejected_below",
    "permuted",
    "permutation_above",
    "permutation_below",
]


def test_counts_over_variants_by_a_loop(our_study):
    from peacestudy.study.results.variant_models import variant_counts

    rng = np.random.default_rng(3)
    terms = [("breadth", "scale(breadth)"), ("pillars", "scale(norms)"), ("pillars", "scale(x)")]
    rows = [(v, *term) for v in range(40) for term in terms]
    table = pd.DataFrame(rows, columns=["variant", "spec", "term"])
    table["measure"] = "odds ratio"
    table["log_odds"] = rng.normal(size=len(table))
    table["p_value"] = rng.random(len(table)) * 0.2
    table["p_family"] = (3 * table.p_value).where(table.spec == "pillars")
    table["p_permutation"] = pd.Series(rng.random(len(table)) * 0.2).where(table.variant % 3 > 0)
    table.loc[table.variant == 7, ["log_odds", "p_value", "p_family", "p_permutation"]] = np.nan
    study = our_study("peace_agreements")
    directions = {"H0": "negative", "H3": "positive"}
    hypotheses = tuple(
        replace(h, direction=directions.get(h.id, "none")) for h in study.config.hypotheses
    )
    study = replace(study, config=replace(study.config, hypotheses=hypotheses))
    joint = table.iloc[:4].assign(measure="joint test", p_family=0.0, log_odds=1.0)
    given = pd.concat([table, joint], ignore_index=True)  # a joint test has no direction
    found = variant_counts(Results(study, {"variants": given}))
    want = counted(table)
    assert len(found) == 3
    for row in found.itertuples():
        assert {name: getattr(row, name) for name in COUNTS} == want[row.spec, row.term]
    assert (found[["rejected_above", "rejected_below", "permutation_below"]].sum() > 0).all()
    breadth, norms, other = found.itertuples()
    assert (breadth.direction, norms.direction, other.direction) == ("negative", "positive", "none")
    assert breadth.rejected_as_hypothesised == breadth.rejected_below
    assert breadth.permutation_against == breadth.permutation_above
    assert norms.rejected_as_hypothesised == norms.rejected_above
    assert norms.permutation_against == norms.permutation_below
    assert pd.isna(other.rejected_against) and pd.isna(other.permutation_as_hypothesised)
