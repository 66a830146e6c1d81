"""Ids of pairs of states and all dyad-years, against loops and
against what COW's convention says.
"""

from itertools import combinations, permutations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peacestudy.core.countries import crosswalk
from peacestudy.errors import JoinError
from peacestudy.joins.states import directed, dyad_key, dyad_years, undirected

NUMBER = st.integers(0, 999)
TEXT = st.text("ABC", min_size=3, max_size=3)


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(
        *[
            st.lists(
                st.tuples(st.none() | c, st.none() | c).filter(
                    lambda p: p[0] != p[1] or p[0] is None
                ),
                max_size=8,
            )
            for c in (NUMBER, TEXT)
        ]
    )
)
def test_an_id_is_that_of_a_loop_and_tells_pairs_apart(pairs):
    text = any(isinstance(x, str) for p in pairs for x in p)
    a, b = (pd.Series([p[i] for p in pairs], dtype="str" if text else "Int64") for i in (0, 1))
    for way in (True, False):
        expected = []
        for x, y in pairs:
            if x is None or y is None:
                expected.append(None)
                continue
            x, y = (x, y) if way else sorted((x, y))
            expected.append(f"{x}-{y}" if text else 1000 * x + y)
        found = dyad_key(a, b, directed=way)
        assert found.astype(object).where(found.notna(), None).tolist() == expected
        complete = [p for p in pairs if None not in p]
        assert found.nunique() == len({p if way else frozenset(p) for p in complete})
    pd.testing.assert_series_equal(dyad_key(a, b, directed=False), dyad_key(b, a, directed=False))


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        ([2], [2], "state 2 is paired with itself"),
        ([1000], [2], "holds 1000; a number of a state is whole"),
        ([2.5], [3], "holds 2.5"),
        ([-1], [3], "holds -1"),
        (["USA"], [2], "not of the same type"),
        (["USA", 3], ["CAN", "MEX"], "holds 3 among texts"),
    ],
)
def test_what_is_no_pair_is_refused(a, b, message):
    with pytest.raises(JoinError, match=message.replace(".", r"\.")):
        dyad_key(pd.Series(a, name="a"), pd.Series(b, name="b"), directed=False)


def test_columns_of_two_tables_are_refused():
    with pytest.raises(JoinError, match="same index"):
        dyad_key(pd.Series([2, 20]), pd.Series([2]), directed=True)


def test_the_two_directions_have_one_undirected_and_two_directed_ids():
    table = pd.DataFrame({"x": [2, 20], "y": [20, 2]})
    assert undirected(table, "x", "y", into="d")["d"].tolist() == [2020, 2020]
    assert directed(table, "x", "y", into="d")["d"].tolist() == [2020, 20002]
    assert list(table.columns) == ["x", "y"]
    with pytest.raises(JoinError, match="has a column 'y' already"):
        directed(table, "x", "y", into="y")
    with pytest.raises(JoinError, match="a column of states is 'z'"):
        undirected(table, "x", "z", into="d")


YEARS = st.lists(
    st.tuples(st.sampled_from([2, 20, 40, 70, 90]), st.integers(1988, 1993)),
    unique=True,
    max_size=20,
)


@settings(max_examples=200, deadline=None)
@given(YEARS, st.booleans(), st.booleans())
def test_dyad_years_are_all_pairs_of_the_states_of_each_year(rows, way, as_text):
    code = (lambda s: f"S{s:02d}") if as_text else (lambda s: s)
    states = pd.DataFrame(
        {
            "ccode": pd.Series([code(s) for s, _ in rows], dtype="str" if as_text else "int64"),
            "year": pd.Series([y for _, y in rows], dtype="int64"),
        }
    )
    frame = dyad_years(states, years=(1989, 1992), directed=way, state="ccode")
    expected = [
        (a, b, year)
        for year in range(1989, 1993)
        for a, b in (permutations if way else combinations)(
            sorted(code(s) for s, y in rows if y == year), 2
        )
    ]
    assert (
        list(frame.data[["ccode_a", "ccode_b", "year"]].itertuples(index=False, name=None))
        == expected
    )
    assert (
        frame.data.groupby(["dyad", "year"]).size().max() in (1,) if expected else len(frame) == 0
    )
    told = " ".join(map(str, frame.notes))
    outside = sum(y in (1988, 1993) for _, y in rows)
    assert (f"{outside} state-year(s) lie outside" in told) == bool(outside)
    assert ("no state is listed" in told) == (not {1989, 1990, 1991, 1992} <= {y for _, y in rows})


def test_dyad_years_of_the_world_are_n_times_n_minus_one():
    table = crosswalk().dropna(subset=["gw"]).astype({"gw": int})
    rows = {
        (r.gw, y)
        for r in table.itertuples()
        for y in range(max(1946, r.start.year), 2025)
        if pd.isna(r.end) or y <= r.end.year
    }
    states = pd.DataFrame(sorted(rows), columns=["state", "year"])
    n = states.groupby("year").size()
    both = dyad_years(states, years=(1946, 2024), directed=True)
    once = dyad_years(states, years=(1946, 2024), directed=False)
    assert len(both) == (n * (n - 1)).sum() == 2 * len(once)
    assert both.unit == "directed dyad-year"
    assert both.notes == ()
    assert not both.data.duplicated(["state_a", "state_b", "year"]).any()


def test_a_state_year_that_stands_twice_and_turned_years_are_refused():
    states = pd.DataFrame({"state": [260, 260, 2], "year": 1990})
    with pytest.raises(JoinError, match=r"several rows for 1 state \+ year.*260 1990"):
        dyad_years(states, years=(1990, 1990), directed=True)
    with pytest.raises(JoinError, match=r"years is \(1990, 1989\); write"):
        dyad_years(states[1:], years=(1990, 1989), directed=True)
    with pytest.raises(JoinError, match="state is 'gwno'"):
        dyad_years(states, years=(1990, 1990), directed=True, state="gwno")


def test_gaps_in_the_states_are_told():
    states = pd.DataFrame({"state": [2, 20, None], "year": [1990, 1990, 1990]})
    frame = dyad_years(states, years=(1990, 1991), directed=False)
    assert (
        str(frame.notes[0])
        == "Dyad-years: no state is listed in 1 of the years 1990 to 1991 (1991 to 1991), so no"
        " dyad; 1 row(s) have no state or no year."
    )
