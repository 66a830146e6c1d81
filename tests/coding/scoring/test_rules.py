"""Rules beyond counting: weights, gaps that are allowed, first component,
graded response; what they leave out and say.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from peacestudy.coding import Coding, score
from peacestudy.coding.coding import CODING_SCHEMA
from peacestudy.coding.scoring import internal_consistency, score_with_diagnostics
from peacestudy.coding.scoring.consistency import cronbach
from peacestudy.coding.scoring.graded_model import graded_response
from peacestudy.coding.scoring.principal_component import first_component
from peacestudy.core.codebook import Code, Codebook, Indicator, Pillar, Scale
from peacestudy.errors import CodingError

DEEP = tuple(Code(v, f"v{v}", "a") for v in range(4))
NAMES = ["a", "b", "c", "d", "e"]
WEIGHTS = dict(zip(NAMES, (1.0, 2.0, 0.5, 3.0, 1.5), strict=True))


def coding(codes, answered=1.0, weights=WEIGHTS, level="ordinal", directions=None, rule="share"):
    """One pillar p of the columns of codes, a row a case; -1 where no code was given."""
    names = NAMES[: np.shape(codes)[1]]
    signs = directions or dict.fromkeys(names, 1)
    parts = tuple(
        Indicator(
            n,
            n,
            "?",
            n,
            "s",
            "r",
            "social",
            "promise",
            signs[n],
            weight=weights.get(n),
            level=level,
            codes=DEEP,
        )
        for n in names
    )
    pillars = (Pillar("p", "P", "t", "h", "s", indicators=parts),)
    book = Codebook("b", "B", "1", rule, {}, (Scale("s", level, DEEP),), pillars, answered)
    rows = [
        (f"c{i:04}", n, "ann", "human", None if v < 0 else int(v), *[None] * 5)
        for i, line in enumerate(codes)
        for n, v in zip(names, line, strict=True)
    ]
    return Coding(pd.DataFrame(rows, columns=CODING_SCHEMA.names).astype({"code": "Int64"}), book)


def simulated(n=600, k=5, seed=0, gaps=0.0):
    rng = np.random.default_rng(seed)
    codes = np.digitize(1.5 * rng.normal(size=(n, 1)) + rng.logistic(size=(n, k)), [-1.5, 0, 1.5])
    return np.where(rng.uniform(size=codes.shape) < gaps, -1, codes)


LINES = [[3, 0, 3, 0, 0], [3, -1, 3, 0, 3], [3, -1, -1, 0, 3], [-1, -1, -1, -1, 3], [-1] * 5]


def test_weighted_by_hand():
    found = score(coding(LINES, answered=0.6), "weighted")["p"]
    assert found.iloc[:3].tolist() == pytest.approx([1.5 / 8, 3 / 6, 2.5 / 5.5], rel=1e-15)
    assert found.iloc[3:].isna().all()


def test_with_equal_weights_it_is_the_depth():
    codes = simulated(100)
    found = coding(codes, weights=dict.fromkeys(NAMES, 2.5))
    np.testing.assert_allclose(
        score(found, "weighted")["p"], score(found, "depth")["p"], rtol=1e-14
    )


@pytest.mark.parametrize(
    ("answered", "share", "weakest"),
    [
        (1.0, [2 / 5, None, None, None, None], [0, None, None, None, None]),
        (0.8, [2 / 5, 3 / 4, None, None, None], [0, None, None, None, None]),
        (0.6, [2 / 5, 3 / 4, 2 / 3, None, None], [0, None, None, None, None]),
        (0.01, [2 / 5, 3 / 4, 2 / 3, 1, None], [0, None, None, None, None]),
    ],
)
def test_a_score_needs_the_codes_that_the_codebook_asks(answered, share, weakest):
    """A case without any code has no score whatever is asked; the
    weakest link is not known while one code is not.
    """
    for rule, expected in (("share", share), ("depth", share), ("weakest", weakest)):
        found = score(coding(LINES, answered), rule)["p"].to_numpy()
        np.testing.assert_allclose(found, np.array(expected, dtype=float), rtol=1e-15)


def test_a_weight_that_is_missing_is_told():
    with pytest.raises(CodingError, match=r"2 indicator\(s\) have no weight: b, d"):
        score(coding(LINES, weights={"a": 1.0, "c": 1.0, "e": 2.0}), "weighted")


@pytest.mark.parametrize("rule", ["weighted", "first_component", "graded_response"])
def test_codes_without_order_are_refused(rule):
    with pytest.raises(CodingError, match=f"{rule} reads codes as ordered"):
        score(coding(LINES, level="nominal"), rule)


# --- first component
# ----------------------------------------------------------------------------------------------


def test_component_scores_are_the_kernels_over_whole_cases():
    codes = simulated(200, gaps=0.05)
    found = score_with_diagnostics(coding(codes, answered=0.5), "first_component")
    whole = (codes >= 0).all(axis=1)
    kernel = first_component(codes[whole].astype(float), [1] * 5)
    np.testing.assert_allclose(found.table["p"].to_numpy()[whole], kernel.scores, atol=1e-12)
    assert (
        found.table["p"].isna().to_numpy().tolist() == (~whole).tolist() and 0 < whole.sum() < 200
    )
    assert found.items["value"].iloc[:5].tolist() == pytest.approx(kernel.loadings.tolist())
    row = found.groups.iloc[0]
    assert (row["used"], row["cases"], row["coefficient"]) == (5, whole.sum(), "theta")
    assert (row["explained"], row["reliability"]) == pytest.approx((kernel.explained, kernel.theta))
    np.testing.assert_allclose(found.table["dimension_social"], found.table["p"])
    assert found.notes == ()


def test_constant_and_opposed_indicators_are_named():
    codes = simulated(200)
    codes[:, 1] = 2
    codes[:, 4] = 3 - codes[:, 4]
    found = score_with_diagnostics(coding(codes), "first_component")
    told = {n.kind: n.text for n in found.notes if n.text.startswith("p")}
    assert told["left_out"] == "p: left out, because the codes do not vary: b."
    assert told["against_direction"].endswith("against the declared direction: e.")
    assert found.items.query("score == 'p'")["indicator_id"].tolist() == ["a", "c", "d", "e"]
    assert "against_direction" not in {
        n.kind
        for n in score_with_diagnostics(
            coding(codes, directions=dict(zip(NAMES, (1, 1, 1, 1, -1), strict=True))),
            "first_component",
        ).notes
    }


@pytest.mark.parametrize(
    ("codes", "why"),
    [
        (np.full((20, 3), 2), "0 of which vary"),
        ([[0, 1], [1, -1], [-1, 2], [3, 3]], "2 case\\(s\\) have codes on all"),
        ([[0, 0], [0, 1], [1, 0], [1, 1]], "explain equally much"),
    ],
)
def test_where_there_is_no_component_there_are_no_scores_and_it_is_told(codes, why):
    found = score_with_diagnostics(coding(codes), "first_component")
    assert found.table["p"].isna().all()
    assert [
        n
        for n in found.notes
        if n.kind == "no_score" and pd.Series([n.text]).str.contains(why).all()
    ]
    assert found.table.attrs["notes"]


def test_few_cases_are_told():
    kinds = {
        n: {x.kind for x in score_with_diagnostics(coding(simulated(n)), "first_component").notes}
        for n in (24, 25)
    }
    assert "few_cases" in kinds[24] and "few_cases" not in kinds[25]


# --- graded response
# ----------------------------------------------------------------------------------------------


def test_trait_scores_are_the_kernels_with_their_standard_errors():
    codes = simulated(600, gaps=0.1)
    found = score_with_diagnostics(coding(codes, answered=0.8), "graded_response")
    kernel = graded_response(codes, [1] * 5)
    trait, spread = kernel.scores(codes)
    enough = (codes >= 0).sum(axis=1) >= 4
    np.testing.assert_allclose(
        found.table["p"].to_numpy(), np.where(enough, trait, np.nan), atol=1e-12
    )
    np.testing.assert_allclose(
        found.table["p_std_error"].to_numpy(), np.where(enough, spread, np.nan), atol=1e-12
    )
    assert 0 < (~enough).sum() < 600 and "breadth_std_error" not in found.table
    assert found.items["value"].iloc[:5].tolist() == pytest.approx(kernel.discrimination.tolist())
    assert [float(v) for v in found.items["thresholds"].iloc[0].split(", ")] == pytest.approx(
        kernel.thresholds[0], rel=1e-5
    )
    row = found.groups.iloc[0]
    assert (
        row["log_likelihood"] == pytest.approx(kernel.log_likelihood)
        and row["cases"] == kernel.cases
    )
    v, e = np.var(trait[enough], ddof=1), np.mean(spread[enough] ** 2)
    assert row["reliability"] == pytest.approx(v / (v + e))
    assert {n.kind for n in found.notes} == {"missing_at_random"}


def test_reliability_is_the_squared_correlation_with_the_trait():
    rng = np.random.default_rng(7)
    trait = rng.normal(size=3000)
    codes = np.digitize(1.5 * trait[:, None] + rng.logistic(size=(3000, 5)), [-1.5, 0, 1.5])
    found = score_with_diagnostics(coding(codes), "graded_response")
    squared = np.corrcoef(found.table["p"], trait)[0, 1] ** 2
    # three standard errors
    assert found.groups["reliability"].iloc[0] == pytest.approx(squared, abs=0.02)


def test_codes_need_not_be_consecutive_and_unused_ones_are_named():
    codes = simulated(600)
    codes[codes == 2] = 3
    found = score_with_diagnostics(coding(codes), "graded_response")
    ranks = np.where(codes == 3, 2, codes)
    np.testing.assert_allclose(
        found.table["p"], graded_response(ranks, [1] * 5).scores(ranks)[0], atol=1e-12
    )
    told = {n.kind: n.text for n in found.notes}
    assert "a 2, b 2, c 2, d 2, e 2" in told["unused_codes"]


def test_two_indicators_have_no_trait_and_few_cases_are_told():
    found = score_with_diagnostics(coding(simulated(600, k=2)), "graded_response")
    assert found.table["p"].isna().all() and found.table["p_std_error"].isna().all()
    assert "three are needed" in next(n.text for n in found.notes if n.kind == "no_score")
    told = {
        n.kind: n.text
        for n in score_with_diagnostics(coding(simulated(499)), "graded_response").notes
    }
    assert "499 cases estimate 20 parameters" in told["few_cases"]
    assert "few_cases" not in {
        n.kind for n in score_with_diagnostics(coding(simulated(500)), "graded_response").notes
    }


def test_a_discrimination_at_the_bound_is_told():
    codes = (simulated(600, seed=3) > 1).astype(int)
    codes[:, 1] = codes[:, 0]
    told = {
        n.kind: n.text
        for n in score_with_diagnostics(coding(codes[:, :3]), "graded_response").notes
    }
    assert "discrimination of a, b grows without end" in told["at_bound"]


def test_a_fit_that_does_not_converge_gives_no_scores(monkeypatch):
    import peacestudy.coding.scoring.traits as traits

    monkeypatch.setattr(
        traits, "graded_response", lambda *a: replace(graded_response(*a), converged=False)
    )
    found = score_with_diagnostics(coding(simulated(60)), "graded_response")
    assert found.table["p"].isna().all()
    assert "found no top of its likelihood" in next(
        n.text for n in found.notes if n.kind == "no_score"
    )


# --- consistency
# --------------------------------------------------------------------------------------------------


def test_alpha_is_of_what_the_rule_sums_up():
    codes = simulated(300)
    whole = coding(codes)
    rows = {
        rule: internal_consistency(whole, rule=rule).iloc[0]
        for rule in ("share", "depth", "weighted")
    }
    assert rows["share"]["alpha"] == pytest.approx(cronbach((codes > 0).astype(float)))
    assert rows["depth"]["alpha"] == pytest.approx(cronbach(codes / 3))
    assert rows["weighted"]["alpha"] == pytest.approx(
        cronbach(codes * np.array(list(WEIGHTS.values())))
    )
    assert rows["weighted"]["omega"] == pytest.approx(rows["depth"]["omega"], abs=1e-6)
    with pytest.raises(CodingError, match="one of share, depth, weighted"):
        internal_consistency(whole, rule="weakest")
    with pytest.raises(CodingError, match="a, b, c, d, e have no weight"):
        internal_consistency(coding(codes, weights={}), rule="weighted")


def test_the_projects_own_pillars_by_the_fitted_rules(our_study):
    """Every pillar of the committed study has a component and a trait that run with its share."""

    study = our_study("peace_agreements")
    plain = score(study.coding)
    found = score_with_diagnostics(study.coding, "first_component")
    for pillar in study.codebook.pillars:
        assert np.corrcoef(found.table[pillar.id], plain[pillar.id])[0, 1] > 0.8, pillar.id
