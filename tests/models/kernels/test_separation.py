"""Separation against an exhaustive search in whole numbers,
against firthmodels, and in every unit.
"""

import itertools
from fractions import Fraction

import numpy as np
import pytest
from firthmodels import detect_separation
from hypothesis import given, settings
from hypothesis import strategies as st

from peacestudy.models.kernels.separation import _off_border, find_separation, has_maximum


def null_line(rows):
    """The direction orthogonal to K - 1 whole-numbered rows of length K,
    in fractions; None where it is not one line.
    """
    K = len(rows[0])
    rows, pivots = [[Fraction(v) for v in row] for row in rows], []
    for c in range(K):
        found = next((i for i in range(len(pivots), len(rows)) if rows[i][c]), None)
        if found is None:
            continue
        at = len(pivots)
        rows[at], rows[found] = rows[found], rows[at]
        rows[at] = [v / rows[at][c] for v in rows[at]]
        for i in range(len(rows)):
            if i != at:
                rows[i] = [v - rows[i][c] * w for v, w in zip(rows[i], rows[at], strict=True)]
        pivots.append(c)
    if len(pivots) < K - 1:
        return None
    free = next(c for c in range(K) if c not in pivots)
    line = [Fraction(0)] * K
    line[free] = Fraction(1)
    for i, c in enumerate(pivots):
        line[c] = -rows[i][free]
    return line


def exhaustive(X, y):
    """Rows that some separating direction takes off the border.

    The separating directions are a cone; with full column rank it is spanned by its edges, and an
    edge is orthogonal to K - 1 rows: all choices of K - 1 rows are tried, in both directions.
    """
    signed = [
        [int(v) if outcome else -int(v) for v in row] for row, outcome in zip(X, y, strict=True)
    ]
    off = set()
    for rows in itertools.combinations(signed, X.shape[1] - 1):
        line = null_line([list(r) for r in rows])
        for sign in (1, -1) if line else ():
            margins = [sign * sum(a * b for a, b in zip(row, line, strict=True)) for row in signed]
            if min(margins) >= 0:
                off |= {i for i, m in enumerate(margins) if m > 0}
    return off


def draw(seed, kind):
    rng = np.random.default_rng(seed)
    N, K = int(rng.integers(5, 11)), int(rng.integers(2, 4))
    column = {
        "dummies": lambda: rng.integers(0, 2, N),
        "small": lambda: rng.integers(0, 7, N),
        "years": lambda: rng.integers(1989, 2009, N),
        "tails": lambda: np.round(np.exp(rng.normal(size=N) * 5)).astype(int),
        "offset": lambda: 10**6 + rng.integers(0, 20, N),
    }[kind]
    X = np.column_stack([np.ones(N, int), *(column() for _ in range(K - 1))])
    y = (rng.random(N) < 0.5).astype(int)
    y[:2] = [0, 1]
    return X, y


KINDS = ["dummies", "small", "years", "tails", "offset"]


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_found_exactly_where_an_exhaustive_search_finds_it(kind):
    seen = {"none": 0, "quasi": 0, "complete": 0}
    for seed in range(80):
        X, y = draw(seed, kind)
        if np.linalg.matrix_rank(X - X.min(axis=0) * (np.arange(X.shape[1]) > 0)) < X.shape[1]:
            continue
        want, found = exhaustive(X, y), find_separation(X.astype(float), y.astype(float))
        kind_of = "none" if not want else "complete" if len(want) == len(y) else "quasi"
        seen[kind_of] += 1
        assert (found.kind if found else "none") == kind_of, seed
        assert set(found.rows if found else ()) == want, seed
    assert min(seen.values()) >= 1


@pytest.mark.parametrize("kind", KINDS[:4])
def test_the_terms_named_suffice_and_none_can_be_spared(kind):
    for seed in range(30):
        X, y = draw(seed, kind)
        if np.linalg.matrix_rank(X) < X.shape[1] or not (
            found := find_separation(X.astype(float), y.astype(float))
        ):
            continue
        terms = list(found.terms)
        assert exhaustive(X[:, terms], y) == set(found.rows) if len(terms) > 1 else len(terms) == 1
        for j in terms:
            fewer = [i for i in terms if i != j]
            if len(fewer) > 1 and np.linalg.matrix_rank(X[:, fewer]) == len(fewer):
                assert exhaustive(X[:, fewer], y) != set(found.rows)


def test_it_is_found_where_firthmodels_finds_it():
    agreed = set()
    for seed in range(40):
        rng = np.random.default_rng(seed)
        X = np.column_stack([rng.normal(size=30), rng.random((30, 3)) < 0.15]).astype(float)
        y = (rng.random(30) < 0.2).astype(int)
        if np.ptp(y) == 0 or np.linalg.matrix_rank(np.column_stack([np.ones(30), X])) < 5:
            continue
        theirs = detect_separation(X, y).separation
        assert bool(find_separation(np.column_stack([np.ones(30), X]), y.astype(float))) == theirs
        agreed.add(theirs)
    assert agreed == {True, False}


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.sampled_from([1e-12, 1e-3, 1e12]), st.booleans())
def test_units_and_order_do_not_matter(seed, unit, noise):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=40)
    X = np.column_stack([np.ones(40), x, rng.normal(size=40)])
    y = ((x > 0.3) ^ (noise & (rng.random(40) < 0.2))).astype(float)
    plain = find_separation(X, y)
    scaled = find_separation(X * [1, unit, 1], y)
    order = rng.permutation(40)
    moved = find_separation(X[order], y[order])
    assert plain == scaled
    if plain is None:
        assert moved is None
        return
    assert (
        (plain.kind, plain.terms) == ("complete", (0, 1)) if not noise else plain.kind == "complete"
    )
    assert set(moved.rows) == {int(np.flatnonzero(order == i)[0]) for i in plain.rows}


def test_complete_separation_is_called_complete_also_where_the_outcome_is_rare():
    """The combination with the largest sum of margins touches a
    case here; another one touches none.
    """
    x = np.arange(20.0)
    found = find_separation(np.column_stack([np.ones(20), x]), (x > 16).astype(float))
    assert found.kind == "complete"
    assert found.rows == tuple(range(20))


def test_a_dummy_without_an_event_is_quasi_separation_by_it():
    rng = np.random.default_rng(0)
    x, dummy = rng.normal(size=60), (np.arange(60) < 9).astype(float)
    y = np.where(dummy == 1, 0, np.arange(60) % 2).astype(float)
    found = find_separation(np.column_stack([np.ones(60), x, dummy]), y)
    assert found.kind == "quasi"
    assert found.terms == (2,)
    assert found.rows == tuple(range(9))


def test_two_dummies_without_events_are_both_named():
    one, two = (np.arange(60) < 9).astype(float), (np.arange(60) >= 52).astype(float)
    y = np.where((one == 1) | (two == 1), two, np.arange(60) % 2)
    found = find_separation(np.column_stack([np.ones(60), one, np.arange(60) % 3, two]), y)
    assert found.terms == (1, 3)
    assert found.rows == (*range(9), *range(52, 60))


def test_overlap_of_a_hair_is_overlap():
    x = np.array([0.0, 1, 2, 3, 3 - 1e-6, 4, 5, 6])
    y = np.array([0.0, 0, 0, 0, 1, 1, 1, 1])
    assert find_separation(np.column_stack([np.ones(8), x]), y) is None
    assert find_separation(np.column_stack([np.ones(8), np.sort(x)]), y).kind == "complete"


def test_one_case_far_out_does_not_hide_the_overlap_of_the_others():
    x = np.array([*range(1, 11), *range(5, 16), 10**8], float)
    y = np.array([0.0] * 10 + [1] * 11 + [0])
    assert find_separation(np.column_stack([np.ones(22), x]), y) is None


def test_without_an_intercept_rows_of_zeros_stay_on_the_border():
    x = np.array([0.0, 0, 0, 1, 2, 3, -1, -2])
    y = np.array([1.0, 0, 1, 1, 1, 1, 0, 0])
    found = find_separation(x[:, None], y)
    assert found.kind == "quasi"
    assert found.rows == (3, 4, 5, 6, 7)


def test_the_proof_of_a_maximum_is_never_given_under_separation_and_mostly_without():
    rng = np.random.default_rng(20261126)
    given_without, without, separated = 0, 0, 0
    for _ in range(600):
        N, K = int(rng.integers(6, 40)), int(rng.integers(1, 4))
        X = np.column_stack(
            [
                np.ones(N),
                rng.choice(
                    [
                        rng.normal(size=(N, K)),
                        rng.integers(0, 2, (N, K)),
                        rng.integers(0, 5, (N, K)),
                    ]
                ),
            ]
        )
        y = (rng.random(N) < 1 / (1 + np.exp(-rng.choice([0.0, 1.0, 4.0]) * X[:, -1]))).astype(
            float
        )
        if np.ptp(y) == 0 or np.linalg.matrix_rank(X) <= K:
            continue
        X[:, -1] *= 10.0 ** rng.integers(-9, 9)
        if _off_border(X, y).any():
            separated += 1
            assert not has_maximum(X, y)
        else:
            without += 1
            given_without += has_maximum(X, y)
    assert separated > 60
    assert without > 200
    assert 0.9 * without < given_without <= without


def test_nothing_is_proved_where_a_term_all_but_separates():
    X = np.column_stack([np.ones(400), np.r_[np.zeros(200), np.ones(200)]])
    y = np.r_[np.zeros(100), np.ones(100), np.ones(200)]
    assert not has_maximum(X, y)
    assert find_separation(X, y).terms == (1,)
    y[-1] = 0.0  # one case is enough for a maximum
    assert has_maximum(X, y)
    assert find_separation(X, y) is None
