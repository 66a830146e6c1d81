"""Sets of cases whose windows do not overlap: maximal ones, counted and drawn uniformly.

Where windows of cases of one group overlap, some cases have to be left out, and which is a choice.
A set is maximal if no further case can be added to it. In each group the maximal sets are the
paths of a graph: after a case follow those that begin when its window is over and leave no room
for a case between. Their number follows by dynamic programming from the last case to the first;
with it the set of each rank can be found, so that a uniform rank gives a uniform set.

Source: Nijenhuis and Wilf (1978), Combinatorial Algorithms, 2nd ed., ch. 13 (ranking and random
selection of paths).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from peacestudy.core.problems import one_of, shortened
from peacestudy.errors import SpecError


@dataclass(frozen=True, eq=False)
class _Group:
    """The cases of one group in order of their windows.

    Attributes
    ----------
    places : positions of the cases in the table.
    following : which cases can follow each one in a maximal set; the last entry: which can be
        first. A case that none can follow is the last of its set.
    counts : number of maximal sets from each case on; the last entry: of the group.
    """

    places: tuple[int, ...]
    following: tuple[tuple[int, ...], ...]
    counts: tuple[int, ...]

    def members(self, rank: int) -> Iterator[int]:
        """Positions in the table of the cases of the set of this rank, 0 to the count less 1."""
        at = len(self.places)
        while self.following[at]:
            for case in self.following[at]:
                if rank < self.counts[case]:
                    break
                rank -= self.counts[case]
            yield self.places[case]
            at = case


def count_maximal_sets(
    cases: pd.DataFrame, *, group: str, start: str, end: str
) -> "pd.Series[int]":
    """The number of maximal sets of cases with disjoint windows, by group.

    Parameters
    ----------
    cases : DataFrame
        A row a case.
    group : str
        Column of the groups within which windows may not overlap.
    start, end : str
        Columns of the first and the last time of each window, both part of it.

    Returns
    -------
    Series of int
        By group, as Python integers, which have no upper limit; the number of sets of all groups
        together is their product.

    Raises
    ------
    SpecError
        A column is unknown, a value is missing, or a window ends before it starts.

    Examples
    --------
    >>> cases = pd.DataFrame({"conflict": [1, 1, 1, 2], "t0": [1990, 1993, 1996, 1990]})
    >>> cases["window_to"] = cases["t0"] + 5
    >>> counts = count_maximal_sets(cases, group="conflict", start="t0", end="window_to")
    >>> counts.to_dict()
    {1: 2, 2: 1}
    """
    found = _groups(cases, group, start, end)
    counts = [one.counts[-1] for one in found.values()]
    return pd.Series(counts, index=pd.Index(found, name=group), dtype=object)


def draw_maximal_sets(
    cases: pd.DataFrame, *, group: str, start: str, end: str, draws: int, seed: int
) -> np.ndarray:
    """Maximal sets of cases with disjoint windows, drawn uniformly in each group.

    Parameters
    ----------
    cases : DataFrame
        A row a case; the index names the cases.
    group : str
        Column of the groups within which windows may not overlap.
    start, end : str
        Columns of the first and the last time of each window, both part of it.
    draws : int
        Number of sets.
    seed : int
        Seed of the draws. They do not depend on the order of the rows.

    Returns
    -------
    bool array, shape (draws, cases)
        Which cases are in each set.

    Raises
    ------
    SpecError
        As ``count_maximal_sets``; draws below 1; two cases of one name.

    Examples
    --------
    >>> cases = pd.DataFrame({"conflict": 1, "t0": [1990, 1993, 1996]}, index=list("abc"))
    >>> cases["window_to"] = cases["t0"] + 5
    >>> sets = draw_maximal_sets(
    ...     cases, group="conflict", start="t0", end="window_to", draws=1000, seed=1
    ... )
    >>> sorted({"".join(cases.index[one]) for one in sets})
    ['ac', 'b']
    """
    if draws < 1:
        raise SpecError(f"draws is {draws}; it must be 1 or more, as 1000.")
    rng = np.random.default_rng(seed)
    chosen = np.zeros((draws, len(cases)), dtype=bool)
    for one in _groups(cases, group, start, end).values():
        for draw in range(draws):
            chosen[draw, list(one.members(_rank(rng, one.counts[-1])))] = True
    return chosen


def _groups(cases: pd.DataFrame, group: str, start: str, end: str) -> dict[Any, _Group]:
    """Every group with its graph, in the order of their names."""
    _check(cases, group, start, end)
    order = cases[[group, start, end]].assign(place=range(len(cases)), name=cases.index.astype(str))
    order = order.sort_values([group, start, end, "name"])
    found: dict[Any, _Group] = {}
    for name, part in order.groupby(group, sort=True):
        places = tuple(int(place) for place in part["place"])
        found[name] = _graph(places, part[start].to_numpy(), part[end].to_numpy())
    return found


def _graph(places: tuple[int, ...], first: np.ndarray, last: np.ndarray) -> _Group:
    """The graph of the cases of a group, which are in the order of the starts (n,) of their
    windows; ``last`` (n,) are the ends.
    """
    following = [_next(first, last, first > over) for over in last]
    following.append(_next(first, last, np.ones(len(first), bool)))
    counts: list[int] = [1] * len(following)
    for at in reversed(range(len(following) - 1)):
        if following[at]:
            counts[at] = sum(counts[case] for case in following[at])
    counts[-1] = sum(counts[case] for case in following[-1])
    return _Group(places, tuple(following), tuple(counts))


def _next(first: np.ndarray, last: np.ndarray, free: np.ndarray) -> tuple[int, ...]:
    """Of the cases that are free (n,), those that start before any free window is over."""
    if not free.any():
        return ()
    return tuple(int(case) for case in np.flatnonzero(free & (first <= last[free].min())))


def _rank(rng: np.random.Generator, count: int) -> int:
    """A uniform integer from 0 to ``count`` less 1, however large, by rejection."""
    size = (count.bit_length() + 7) // 8
    spare = 8 * size - count.bit_length()
    while True:
        rank = int.from_bytes(rng.bytes(size), "big") >> spare
        if rank < count:
            return rank


def _check(cases: pd.DataFrame, group: str, start: str, end: str) -> None:
    for name in (group, start, end):
        if name not in cases.columns:
            raise SpecError(one_of("column", name, [str(c) for c in cases.columns]))
        if cases[name].isna().any():
            lost = cases.index[cases[name].isna()].tolist()
            raise SpecError(
                f"{name!r} is missing in {len(lost)} row(s), of case {shortened(lost[0])}. Every"
                " case needs a group and a window; leave out those without."
            )
    if cases.index.has_duplicates:
        twice = cases.index[cases.index.duplicated()][0]
        raise SpecError(f"case {shortened(twice)} appears twice. Give one row per case.")
    wrong = cases.index[(cases[end] < cases[start]).to_numpy(dtype=bool)]
    if len(wrong):
        raise SpecError(
            f"the window of case {shortened(wrong[0])} ends ({end!r}) before it starts ({start!r})."
            " Correct the columns."
        )
