"""Peace between those who signed: windows that share no year of a
dyad, names that change, ids that nobody knows.
"""

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from peacestudy.errors import SourceError
from peacestudy.outcomes.dyads import (
    Dyad,
    dyad_peace,
    fought_over,
    known_of,
    newcomers,
    others_fighting,
    read_dyads,
    read_ends,
    rival,
    separate_windows,
    years_of,
)
from peacestudy.outcomes.peace import PeaceRule

H = 5


COLUMNS = [
    "dyad_id",
    "conflict_id",
    "side_a",
    "side_b",
    "year",
    "intensity_level",
    "start_date2",
]


def dyad(i, years, conflict=1, war=(), a="Government of X", b=None, began=None):
    return Dyad(i, conflict, a, b or f"group {i}", frozenset(years), frozenset(war), began or {})


KNOWN = {
    d.id: d
    for d in (
        dyad(1, [1990, 1991]),
        dyad(2, [1991, 1997]),
        dyad(3, [1993]),
        dyad(4, [1994], conflict=2),
    )
}


def cases(*rows):
    return pd.DataFrame(rows, columns=["case_id", "t0", "date", "dyads"])


def test_a_dyad_is_read_with_its_last_name_and_its_years():
    start = pd.Timestamp("1988-03-01")
    rows = [
        (7, 1, "Government of X", "LRA ", 1991, 2, pd.NaT),
        (7, 1, "Government of X", "HSM", 1988, 1, start),
    ]
    (found,) = read_dyads(pd.DataFrame(rows, columns=COLUMNS)).values()
    years, war = frozenset({1988, 1991}), frozenset({1991})
    began = {1988: dt.date(1988, 3, 1)}
    assert found == Dyad(7, 1, "Government of X", "LRA", years, war, began)


def test_a_dyad_of_two_conflicts_is_refused():
    rows = [(7, 1, "A", "B", 1991, 1, pd.NaT), (7, 2, "A", "B", 1992, 1, pd.NaT)]
    with pytest.raises(SourceError, match="dyad 7 is listed under the conflicts 1, 2"):
        read_dyads(pd.DataFrame(rows, columns=COLUMNS))


SIGNED = dt.date(2003, 6, 17)
FRESH = {
    1: dyad(1, [2002, 2003], began={2002: dt.date(2000, 7, 1), 2003: dt.date(2000, 7, 1)}),
    2: dyad(2, [2003], began={2003: dt.date(2003, 4, 1)}),
    3: dyad(3, [2003], began={2003: dt.date(2003, 8, 1)}),
    4: dyad(4, [2003], began={2003: SIGNED}),
    5: dyad(5, [2003]),
    6: dyad(6, [1999, 2004], began={2004: dt.date(2004, 1, 5)}),
}


@pytest.mark.parametrize(
    ("dyads", "years"),
    [
        ((1,), {2002}),  # of an older episode, not known how much of 2003 came before
        ((2,), {2003}),
        ((3,), set()),
        ((4,), set()),
        ((5,), set()),
        ((6,), {1999}),
        ((1, 2, 6), {1999, 2002, 2003}),
    ],
)
def test_fighting_that_is_known_on_the_day_of_an_agreement(dyads, years):
    assert known_of(dyads, SIGNED, FRESH) == years


@pytest.mark.parametrize(
    ("dyads", "ended", "fought"),
    [
        ((3,), {}, True),
        ((4,), {}, True),
        ((2,), {2: {2003: SIGNED}}, False),
        ((2,), {2: {2003: dt.date(2003, 6, 18)}}, True),
        ((2,), {2: {2003: None}}, None),
        ((2,), {2: {2002: None}}, False),
        ((1, 2), {1: {2003: None}, 2: {2003: dt.date(2003, 6, 18)}}, True),
        ((1, 2), {1: {2003: None}, 2: {2003: dt.date(2003, 6, 1)}}, None),
        ((6,), {6: {2004: dt.date(2004, 3, 1)}}, False),
    ],
)
def test_whether_an_agreement_was_fought_over_in_its_year(dyads, ended, fought):
    assert fought_over(dyads, SIGNED, FRESH, ended) is fought


def test_the_end_of_an_episode_is_a_day_unless_its_year_alone_is_known():
    rows = [(7, "2003-11-21", 1), (7, None, None), (7, "2008-12-31", 5), (8, "2001-08-17", 4)]
    table = pd.DataFrame(rows, columns=["dyad_id", "ependdate", "ependprec"])
    found = read_ends(table.assign(ependdate=pd.to_datetime(table["ependdate"])))
    assert found == {
        7: {2003: dt.date(2003, 11, 21), 2008: None},
        8: {2001: dt.date(2001, 8, 17)},
    }


def test_peace_is_that_no_signing_dyad_fought():
    table = cases(
        ("a", 1991, "1991-05-01", (1,)),
        ("b", 1992, "1992-05-01", (1, 2)),
        ("c", 2022, "2022-05-01", (3,)),
    )
    found = dyad_peace(table, KNOWN, PeaceRule(H, 2024), "dyadic").set_index("case_id")
    assert found.lasting_peace.tolist() == [True, False, pd.NA]
    assert found.peace_years.tolist() == [2024 - 1991, 5, 2]
    assert found.loc["b", ["fighting_years", "source"]].tolist() == ["1997", "dyadic dyads 1 2"]
    assert found.event.tolist() == [False, True, False]


@pytest.mark.parametrize(
    "dyads, said",
    [((9,), "dyadic has no dyad 9: this does not mean peace"), ((), "case a has no dyad")],
)
def test_an_unknown_dyad_is_no_sign_of_peace(dyads, said):
    with pytest.raises(SourceError, match=said):
        dyad_peace(cases(("a", 1991, "1991-05-01", dyads)), KNOWN, PeaceRule(H, 2024), "dyadic")


def test_a_window_ends_after_five_years_whether_or_not_fighting_returned():
    table = cases(
        ("a", 1990, "1990-05-01", (2,)),
        ("b", 1995, "1995-01-01", (2,)),
        ("c", 1996, "1996-01-01", (2,)),
    )
    assert separate_windows(table, H).tolist() == [True, False, True]


def test_one_shared_dyad_is_enough_to_overlap():
    table = cases(
        ("a", 1990, "1990-05-01", (1, 2)),
        ("b", 1992, "1992-01-01", (2, 3)),
        ("c", 1993, "1993-01-01", (3,)),
    )
    assert separate_windows(table, H).tolist() == [True, False, True]


def test_cases_are_taken_in_the_order_of_their_rows():
    table = cases(
        ("a", 1995, "1995-05-01", (1,)),
        ("b", 1990, "1990-09-01", (1,)),
        ("c", 2000, "2000-01-01", (1,)),
        ("d", 1989, "1989-01-01", (1,)),
    )
    assert separate_windows(table, H).tolist() == [True, False, False, True]
    assert separate_windows(table.iloc[::-1], H).to_dict() == {3: True, 2: True, 1: False, 0: False}


@given(
    st.lists(
        st.tuples(
            st.integers(1990, 2010),
            st.integers(1, 12),
            st.sets(st.integers(1, 4), min_size=1, max_size=3),
        ),
        min_size=1,
        max_size=15,
    )
)
def test_no_year_of_a_dyad_is_counted_twice_and_every_case_left_out_would_be(rows):
    table = cases(
        *((str(n), y, f"{y}-{m:02d}-01", tuple(sorted(d))) for n, (y, m, d) in enumerate(rows))
    )
    kept = table[separate_windows(table, H)]
    counted = [
        (d, y)
        for t0, own in zip(kept.t0, kept.dyads, strict=True)
        for d in own
        for y in range(t0 + 1, t0 + H + 1)
    ]
    assert len(counted) == len(set(counted))
    for t0, own in table.loc[~table.index.isin(kept.index), ["t0", "dyads"]].itertuples(
        index=False, name=None
    ):
        near = [
            k
            for k, theirs in zip(kept.t0, kept.dyads, strict=True)
            if set(own) & set(theirs) and abs(t0 - k) <= H
        ]
        assert near


def test_who_fought_on_without_having_signed():
    assert [d.id for d in others_fighting([1], [1], range(1991, 1994), KNOWN)] == [2, 3]
    assert [d.id for d in others_fighting([1], [1, 2], range(1994, 1996), KNOWN)] == [4]
    assert years_of([1, 3], KNOWN) == {1990, 1991, 1993}


def test_a_newcomer_may_be_a_silent_dyad_under_another_name():
    window = range(1992, 1997)
    assert {
        d: [o.id for o in new] for d, new in newcomers([1], [], 1991, window, KNOWN).items()
    } == {1: [3]}
    assert {
        d: [o.id for o in new] for d, new in newcomers([1], [2], 1991, window, KNOWN).items()
    } == {1: [3, 4]}
    assert newcomers([2], [], 1991, window, KNOWN) == {}  # it fought again itself
    assert newcomers([1, 3], [], 1991, window, KNOWN) == {}  # 3 signed; it is nobody's successor


def test_the_rival_of_a_government_may_be_a_government():
    assert rival(dyad(1, [1990], b="SPLM/A")) == "SPLM/A"
    assert (
        rival(dyad(1, [1990], a="Government of Eritrea", b="Government of Ethiopia"))
        == "Eritrea and Ethiopia"
    )
