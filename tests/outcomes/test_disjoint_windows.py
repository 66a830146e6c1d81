"""Maximal sets of cases with disjoint windows: against the list of all subsets, and uniform."""

from itertools import chain, combinations
from math import prod

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import peacestudy as ps
from peacestudy.outcomes.attempts import non_overlapping
from peacestudy.outcomes.disjoint_windows import count_maximal_sets, draw_maximal_sets

COLUMNS = {"group": "conflict", "start": "t0", "end": "window_to"}
ALMOST_NEVER = 1e-4  # p of a test of uniformity at a fixed seed


def drawn_cases(seed, n=9, groups=2, horizon=None):
    rng = np.random.default_rng(seed)
    t0 = rng.integers(1990, 2010, n)
    length = horizon if horizon is not None else rng.integers(0, 9, n)
    return pd.DataFrame(
        {"conflict": rng.integers(0, groups, n), "t0": t0, "window_to": t0 + length},
        index=[f"c{i}" for i in range(n)],
    )


def overlap(a, b):
    return a.conflict == b.conflict and a.t0 <= b.window_to and b.t0 <= a.window_to


def by_brute_force(cases):
    """Every maximal set, by looking at all subsets of the cases."""
    rows = list(cases.itertuples())
    subsets = chain.from_iterable(combinations(rows, k) for k in range(len(rows) + 1))
    found = set()
    for subset in subsets:
        if any(overlap(a, b) for a, b in combinations(subset, 2)):
            continue
        others = [r for r in rows if r not in subset]
        if all(any(overlap(r, a) for a in subset) for r in others):
            found.add(frozenset(r.Index for r in subset))
    return found


@pytest.mark.parametrize("seed", range(12))
def test_the_number_of_sets_is_that_of_all_subsets_looked_at(seed):
    cases = drawn_cases(seed, horizon=5 if seed % 2 else None)
    counts = count_maximal_sets(cases, **COLUMNS)
    assert prod(counts) == len(by_brute_force(cases))
    for conflict, part in cases.groupby("conflict"):
        assert counts[conflict] == len(by_brute_force(part))


@pytest.mark.parametrize("seed", range(6))
def test_draws_are_uniform_over_the_sets(seed):
    cases = drawn_cases(seed, n=8, horizon=5 if seed % 2 else None)
    every = by_brute_force(cases)
    draws = 200 * len(every)
    chosen = draw_maximal_sets(cases, **COLUMNS, draws=draws, seed=seed)
    names = pd.Series([frozenset(cases.index[one]) for one in chosen])
    times = names.value_counts()
    assert set(times.index) == every
    if len(every) > 1:
        assert stats.chisquare(times.to_numpy()).pvalue > ALMOST_NEVER


def test_greedy_random_orders_are_not_uniform():
    """The test of uniformity can fail: adding cases in random order prefers some sets."""
    cases = pd.DataFrame({"conflict": 1, "t0": [1990, 1993, 1996]}, index=list("abc"))
    cases["window_to"] = cases.t0 + 5
    rng = np.random.default_rng(1)
    middle = np.mean([rng.permutation(3)[0] == 1 for _ in range(4000)])
    uniform = draw_maximal_sets(cases, **COLUMNS, draws=4000, seed=1)[:, 1].mean()
    assert middle == pytest.approx(1 / 3, abs=0.03) and uniform == pytest.approx(1 / 2, abs=0.03)


def test_each_rank_is_another_set():
    from peacestudy.outcomes.disjoint_windows import _groups

    cases = drawn_cases(4, n=14, groups=1, horizon=3)
    (group,) = _groups(cases, "conflict", "t0", "window_to").values()
    listed = [frozenset(cases.index[list(group.members(r))]) for r in range(group.counts[-1])]
    assert len(set(listed)) == len(listed) and set(listed) == by_brute_force(cases)


def test_the_earliest_first_is_one_of_the_sets():
    cases = drawn_cases(7, n=10, groups=2, horizon=5).drop_duplicates(["conflict", "t0"])
    as_attempts = cases.rename(columns={"conflict": "conflict_id"})
    earliest = frozenset(cases.index[non_overlapping(as_attempts, 5)])
    assert earliest in by_brute_force(cases)


def test_draws_do_not_depend_on_the_order_of_the_rows():
    cases = drawn_cases(3, n=20, groups=4, horizon=4)
    shuffled = cases.sample(frac=1, random_state=1)
    one = draw_maximal_sets(cases, **COLUMNS, draws=50, seed=9)
    two = draw_maximal_sets(shuffled, **COLUMNS, draws=50, seed=9)
    places = cases.index.get_indexer(shuffled.index)
    np.testing.assert_array_equal(one[:, places], two)
    assert (one != draw_maximal_sets(cases, **COLUMNS, draws=50, seed=8)).any()


def test_more_sets_than_an_integer_of_64_bits_are_drawn():
    """Twins far apart: two choices each, so 2 to the 80 sets."""
    t0 = np.repeat(1000 + 10 * np.arange(80), 2)
    cases = pd.DataFrame({"conflict": 1, "t0": t0, "window_to": t0 + 5})
    assert count_maximal_sets(cases, **COLUMNS).tolist() == [2**80]
    chosen = draw_maximal_sets(cases, **COLUMNS, draws=400, seed=1)
    pairs = chosen.reshape(400, 80, 2)
    assert (pairs.sum(axis=2) == 1).all()
    assert pairs[:, :, 0].mean() == pytest.approx(0.5, abs=0.015)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d.assign(conflict=None), "'conflict' is missing in 9 row"),
        (lambda d: d.assign(window_to=d.t0 - 1), "ends .* before it starts"),
        (lambda d: d.rename(columns={"t0": "year"}), "column"),
        (lambda d: d.rename(index={"c1": "c0"}), "'c0' appears twice"),
    ],
)
def test_tables_that_have_no_windows_are_refused(change, said):
    with pytest.raises(ps.SpecError, match=said):
        count_maximal_sets(change(drawn_cases(1)), **COLUMNS)
    with pytest.raises(ps.SpecError, match="draws is 0"):
        draw_maximal_sets(drawn_cases(1), **COLUMNS, draws=0, seed=1)


def cases_in_several_groups(seed, n=9, horizon=5):
    """Cases that are in one to three of four groups, as agreements of several parties are."""
    rng = np.random.default_rng(seed)
    groups = [rng.choice(4, rng.integers(1, 4), replace=False) for _ in range(n)]
    t0 = rng.integers(1990, 2008, n)
    cells = [" ".join(map(str, sorted(one))) for one in groups]
    table = {"groups": cells, "t0": t0, "window_to": t0 + horizon}
    return pd.DataFrame(table, index=[f"c{i}" for i in range(n)])


SEVERAL = {"group": "groups", "start": "t0", "end": "window_to", "separator": " "}


def sets_of_several(cases):
    """Every maximal set of cases in several groups, by looking at all subsets."""
    rows = list(cases.itertuples())

    def meet(a, b):
        shared = set(a.groups.split()) & set(b.groups.split())
        return bool(shared) and a.t0 <= b.window_to and b.t0 <= a.window_to

    found = set()
    for subset in chain.from_iterable(combinations(rows, k) for k in range(len(rows) + 1)):
        apart = not any(meet(a, b) for a, b in combinations(subset, 2))
        others = [r for r in rows if r not in subset]
        if apart and all(any(meet(r, a) for a in subset) for r in others):
            found.add(frozenset(r.Index for r in subset))
    return found


@pytest.mark.parametrize("seed", range(10))
def test_of_cases_in_several_groups_every_set_is_drawn_equally_often(seed):
    cases = cases_in_several_groups(seed)
    every = sets_of_several(cases)
    assert prod(count_maximal_sets(cases, **SEVERAL)) == len(every)
    draws = 200 * len(every)
    chosen = draw_maximal_sets(cases, **SEVERAL, draws=draws, seed=seed)
    times = pd.Series([frozenset(cases.index[one]) for one in chosen]).value_counts()
    assert set(times.index) == every
    if len(every) > 1:
        assert stats.chisquare(times.to_numpy()).pvalue > ALMOST_NEVER


@pytest.mark.parametrize("seed", range(4))
def test_cases_in_one_group_each_have_the_same_sets_with_and_without_a_separator(seed):
    cases = drawn_cases(seed, horizon=4)
    listed = count_maximal_sets(cases.assign(conflict=cases.conflict.astype(str)), **COLUMNS)
    separated = count_maximal_sets(cases, **COLUMNS, separator=" ")
    assert prod(listed) == prod(separated) == len(by_brute_force(cases))


def test_draws_of_cases_in_several_groups_do_not_depend_on_the_order_of_the_rows():
    cases = cases_in_several_groups(3, n=25)
    shuffled = cases.sample(frac=1, random_state=1)
    one = draw_maximal_sets(cases, **SEVERAL, draws=50, seed=9)
    two = draw_maximal_sets(shuffled, **SEVERAL, draws=50, seed=9)
    np.testing.assert_array_equal(one[:, cases.index.get_indexer(shuffled.index)], two)


def test_too_many_sets_to_list_are_refused():
    """Pairs of cases that overlap, connected by a group that all are in: 2 to the 25 sets."""
    t0 = np.repeat(1000 + 6 * np.arange(25), 2)
    table = pd.DataFrame({"groups": "a", "t0": t0, "window_to": t0 + 5})
    bridge = pd.DataFrame({"groups": "a", "t0": [1000], "window_to": [2000]}, index=[99])
    cases = pd.concat([table, bridge])
    assert count_maximal_sets(cases, **{**SEVERAL, "separator": ""}).item() == 2**25 + 1
    with pytest.raises(ps.SpecError, match=r"connected with .* more than 100,000 maximal sets"):
        count_maximal_sets(cases, **SEVERAL)


def test_blanks_and_empty_names_about_a_separator_do_not_count():
    """Groups written "1, 2" and "2" share one; cells that end in a separator share none by it."""
    times = {"t0": [1990, 1992], "window_to": [1995, 1997]}
    columns = {**SEVERAL, "separator": ","}
    shared = pd.DataFrame({"groups": ["1, 2", "2"], **times})
    apart = pd.DataFrame({"groups": ["1,", "2,"], **times})
    assert count_maximal_sets(shared, **columns).tolist() == [2]
    assert count_maximal_sets(apart, **columns).tolist() == [1, 1]
    blanks = pd.DataFrame({"groups": ["1  3", "2  4"], **times})
    assert count_maximal_sets(blanks, **SEVERAL).tolist() == [1, 1]


@pytest.mark.parametrize(
    "change", [{"draws": 2.5}, {"draws": "2"}, {"draws": True}, {"seed": None}, {"seed": -1}]
)
def test_draws_and_seeds_are_whole_numbers(change):
    with pytest.raises(ps.SpecError, match="must be a whole number"):
        draw_maximal_sets(drawn_cases(0, horizon=4), **COLUMNS, **{"draws": 2, "seed": 1, **change})
