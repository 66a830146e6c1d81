"""Scores against their definitions, all pairs written out."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import peacestudy as ps
from peacestudy.models.diagnosis import brier, log_score, roc_auc
from peacestudy.models.diagnosis.accuracy import areas

rows = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.75, 1.0])),
    min_size=2,
    max_size=25,
)


@given(rows=rows)
def test_auc_is_the_share_of_pairs_in_order(rows):
    y, p = np.array(rows).T
    assume(0 < y.sum() < len(y))
    pairs = [(a > b) + (a == b) / 2 for a in p[y == 1] for b in p[y == 0]]
    assert roc_auc(y, p) == pytest.approx(np.mean(pairs), abs=1e-14)
    assert roc_auc(y, 1 - p) == pytest.approx(1 - np.mean(pairs), abs=1e-12)


@given(rows=rows)
def test_brier_and_log_score_are_their_sums(rows):
    y, p = np.array(rows).T
    assert brier(y, p) == pytest.approx(
        sum((a - b) ** 2 for a, b in zip(p, y, strict=True)) / len(y), abs=1e-15
    )
    given = np.array([a if b else 1 - a for a, b in zip(p, y, strict=True)])
    want = np.inf if (given == 0).any() else -np.log(given).mean()
    assert log_score(y, p) == pytest.approx(want)


def test_known_values():
    y = np.array([1, 0, 1, 0])
    assert roc_auc(y, np.array([0.9, 0.1, 0.8, 0.2])) == 1
    assert roc_auc(y, np.full(4, 0.3)) == 0.5
    assert brier(y, np.full(4, 0.5)) == 0.25
    assert log_score(y, np.full(4, 0.5)) == pytest.approx(np.log(2))
    assert np.isnan(areas(np.zeros((1, 3)), np.zeros((1, 3)))).all()


@pytest.mark.parametrize("score", [roc_auc, brier, log_score])
@pytest.mark.parametrize(
    ("y", "p", "said"),
    [
        ([0, 2], [0.1, 0.2], "outcomes must be 0 or 1"),
        ([0, np.nan], [0.1, 0.2], "none missing"),
        ([0, 1], [0.1, 1.2], "between 0 and 1"),
        ([0, 1], [0.1, np.nan], "none missing"),
        ([0, 1, 1], [0.1, 0.2], "of equal length"),
        ([], [], "not empty"),
    ],
)
def test_what_is_no_outcome_or_probability_is_refused(score, y, p, said):
    with pytest.raises(ps.FitError, match=said):
        score(np.array(y), np.array(p))


def test_one_outcome_alone_has_no_curve():
    with pytest.raises(ps.FitError, match="the outcome is 1 in all 2 rows"):
        roc_auc(np.array([1, 1]), np.array([0.1, 0.2]))
