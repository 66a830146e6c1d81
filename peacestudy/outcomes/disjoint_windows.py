"""Sets of cases whose windows do not overlap: maximal ones, counted and drawn uniformly.

Where windows of cases of one group overlap, some cases have to be left out, and which is a choice.
A set is maximal if no further case can be added to it. In each group the maximal sets are the
paths of a graph: after a case follow those that begin when its window is over and leave no room
for a case between. Their number follows by dynamic programming from the last case to the first;
with it the set of each rank can be found, so that a uniform rank gives a uniform set.

Where a case is in several groups, its window may overlap with no window of any of them. The cases
then fall into components that are connected by overlaps, and the maximal sets of each component are
listed.

Sources: Nijenhuis and Wilf (1978), Combinatorial Algorithms, 2nd ed., ch. 13 (ranking and random
selection of paths); Bron and Kerbosch (1973), Communications of the ACM 16(9), algorithm 457, with
the pivot of Tomita, Tanaka and Takahashi (2006), Theoretical Computer Science 363(1).
"""

from collections.abc import Iterator, Mapping, Sequence
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

    @property
    def count(self) -> int:
        """The number of maximal sets of the group."""
        return self.counts[-1]

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


@dataclass(frozen=True, eq=False)
class _Component:
    """Cases that are connected by overlaps, and every maximal set of them: positions in the
    table.
    """

    sets: tuple[tuple[int, ...], ...]

    @property
    def count(self) -> int:
        """The number of maximal sets of the component."""
        return len(self.sets)

    def members(self, rank: int) -> Iterator[int]:
        """Positions in the table of the cases of the set of this rank, 0 to the count less 1."""
        yield from self.sets[rank]


MOST_SETS = 100_000  # of a component, whose sets are listed


def count_maximal_sets(
    cases: pd.DataFrame, *, group: str, start: str, end: str, separator: str = ""
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
    separator : str, optional
        Where a case may be in several groups: what parts their names in a cell, such as a blank.
        Then windows of cases that share a group may not overlap.

    Returns
    -------
    Series of int
        By group, as Python integers, which have no upper limit; the number of sets of all groups
        together is their product. With a separator: by the first case of each set of cases that are
        connected by overlaps.

    Raises
    ------
    SpecError
        A column is unknown, a value is missing, or a window ends before it starts; with a
        separator, connected cases have more than 100,000 maximal sets.

    Examples
    --------
    >>> cases = pd.DataFrame({"conflict": [1, 1, 1, 2], "t0": [1990, 1993, 1996, 1990]})
    >>> cases["window_to"] = cases["t0"] + 5
    >>> counts = count_maximal_sets(cases, group="conflict", start="t0", end="window_to")
    >>> counts.to_dict()
    {1: 2, 2: 1}
    """
    found = _parts(cases, group, start, end, separator)
    counts = [one.count for one in found.values()]
    return pd.Series(counts, index=pd.Index(found, name=group), dtype=object)


def draw_maximal_sets(
    cases: pd.DataFrame,
    *,
    group: str,
    start: str,
    end: str,
    draws: int,
    seed: int,
    separator: str = "",
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
    separator : str, optional
        As in ``count_maximal_sets``.

    Returns
    -------
    bool array, shape (draws, cases)
        Which cases are in each set.

    Raises
    ------
    SpecError
        As ``count_maximal_sets``; draws below 1; a seed that is no whole number; two cases of one
        name.

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
    for name, value, least in (("draws", draws, 1), ("seed", seed, 0)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
            raise SpecError(
                f"{name} is {shortened(value)}; it must be a whole number, {least} or more, as"
                " 1000."
            )
    rng = np.random.default_rng(seed)
    chosen = np.zeros((draws, len(cases)), dtype=bool)
    for one in _parts(cases, group, start, end, separator).values():
        for draw in range(draws):
            chosen[draw, list(one.members(_rank(rng, one.count)))] = True
    return chosen


def _parts(
    cases: pd.DataFrame, group: str, start: str, end: str, separator: str
) -> Mapping[Any, _Group | _Component]:
    """The groups, or with a separator the components, within which maximal sets are drawn."""
    _check(cases, group, start, end)
    if separator:
        return _components(cases, group, start, end, separator)
    return _groups(cases, group, start, end)


def _components(
    cases: pd.DataFrame, group: str, start: str, end: str, separator: str
) -> dict[Any, _Component]:
    """Every set of cases that are connected by overlaps, by the name of its first case."""
    order = cases[[group, start, end]].assign(place=range(len(cases)), name=cases.index.astype(str))
    order = order.sort_values([start, end, "name"])
    groups = [_names(cell, separator) for cell in order[group]]
    first, last = order[start].to_numpy(), order[end].to_numpy()
    overlaps: list[set[int]] = [set() for _ in groups]
    for i in range(len(groups)):
        for j in range(i):
            if groups[i] & groups[j] and first[i] <= last[j] and first[j] <= last[i]:
                overlaps[i].add(j)
                overlaps[j].add(i)
    places = [int(place) for place in order["place"]]
    found = {}
    for members in _connected(overlaps):
        name = cases.index[places[min(members)]]
        listed = sorted(tuple(sorted(one)) for one in _maximal_sets(members, overlaps, name))
        found[name] = _Component(tuple(tuple(places[i] for i in one) for one in listed))
    return found


def _names(cell: object, separator: str) -> frozenset[str]:
    """The names of groups in a cell; blanks about them, and separators without a name between
    them, do not count.
    """
    names = (name.strip() for name in str(cell).split(separator))
    return frozenset(name for name in names if name)


def _connected(overlaps: Sequence[set[int]]) -> Iterator[set[int]]:
    """The cases that are connected by overlaps, in order of the first of each set."""
    seen: set[int] = set()
    for case in range(len(overlaps)):
        if case in seen:
            continue
        members: set[int] = set()
        waiting = [case]
        while waiting:
            at = waiting.pop()
            if at not in members:
                members.add(at)
                waiting += overlaps[at]
        seen |= members
        yield members


def _maximal_sets(
    members: set[int], overlaps: Sequence[set[int]], name: object
) -> list[frozenset[int]]:
    """Every maximal set of connected cases none of which overlap: the maximal cliques of the graph
    of those that do not.
    """
    free = {case: members - overlaps[case] - {case} for case in members}
    found: list[frozenset[int]] = []
    waiting: list[tuple[frozenset[int], set[int], set[int]]] = [(frozenset(), set(members), set())]
    while waiting:
        chosen, open_cases, done = waiting.pop()
        if not open_cases and not done:
            found.append(chosen)
            if len(found) > MOST_SETS:
                raise SpecError(
                    f"the cases connected with {shortened(name)} have more than {MOST_SETS:,}"
                    " maximal sets, too many to list. Put fewer cases in several groups, or give"
                    " each case one group."
                )
            continue
        pivot = max(sorted(open_cases | done), key=lambda case: len(open_cases & free[case]))
        for case in sorted(open_cases - free[pivot]):
            waiting.append((chosen | {case}, open_cases & free[case], done & free[case]))
            open_cases = open_cases - {case}
            done = done | {case}
    return found


def _groups(cases: pd.DataFrame, group: str, start: str, end: str) -> dict[Any, _Group]:
    """Every group with its graph, in the order of their names."""
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
