"""Spells against a loop over every year of every unit; cut off where nothing was observed."""

from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peacestudy.core.schema import Field, Schema
from peacestudy.errors import JoinError
from peacestudy.joins import case_years, spells
from peacestudy.outcomes import OutcomeTable, Source

FIRST, LAST = 2000, 2009


def by_loop(states, gap):
    """Spells of one unit, walking the years; states is {year: True,
    False}, a year that is not in it is not observed.
    """
    active = [y for y in range(FIRST, LAST + 1) if states.get(y)]
    out = []
    for y in active:
        if out and y - out[-1][-1] - 1 <= gap:
            out[-1].append(y)
        else:
            out.append([y])
    return [
        (
            s[0],
            s[-1],
            len(s),
            not all(states.get(s[0] - k) is False for k in range(1, gap + 2)),
            not all(states.get(s[-1] + k) is False for k in range(1, gap + 2)),
        )
        for s in out
    ]


@settings(max_examples=300)
@given(
    st.dictionaries(
        st.tuples(st.sampled_from("ab"), st.integers(FIRST - 2, LAST + 2)),
        st.sampled_from([True, True, False, None]),
        max_size=18,
    ),
    st.integers(0, 3),
    st.booleans(),
    st.randoms(use_true_random=False),
)
def test_spells_are_those_that_walking_the_years_finds(rows, gap, filled, shuffle):
    order = list(rows)
    shuffle.shuffle(order)
    panel = pd.DataFrame(
        {
            "who": pd.Series([w for w, _ in order], dtype=object),
            "year": pd.Series([y for _, y in order], dtype="float64"),
            "on": pd.Series([rows[k] for k in order], dtype="boolean"),
        }
    )
    out = spells(
        panel,
        by="who",
        year="year",
        active="on",
        gap=gap,
        years=(FIRST, LAST),
        absent={"on": False} if filled else None,
    )
    wanted = {}
    for who in "ab":
        if not any(w == who for w, _ in rows):
            continue
        states = {y: v for (w, y), v in rows.items() if w == who and FIRST <= y <= LAST}
        for y in range(FIRST, LAST + 1) if filled else ():
            states.setdefault(y, False)
        for s in by_loop({y: v for y, v in states.items() if v is not None}, gap):
            wanted[who, s[0]] = s
    found = {
        (r[0], r[1]): tuple(r[1:])
        for r in out.data.drop(columns="spell_id").itertuples(index=False)
    }
    assert found == wanted
    keep, gather = out.ledger.entries
    assert (
        keep.rows_in == len(rows)
        and gather.rows_in == sum(s[2] for s in wanted.values())
        and gather.rows_out == len(wanted)
    )


WAR = pd.DataFrame(
    {
        "state": [2] * 6,
        "year": [1990, 1991, 1993, 1996, 1997, 1999],
        "war": [True, True, True, False, True, True],
    }
)
TOLD = {"by": "state", "year": "year", "active": "war", "gap": 0, "years": (1990, 1999)}


def test_borders_and_gaps_by_hand():
    found = spells(WAR, **TOLD, absent={"war": False}).data
    assert found["spell_id"].tolist() == ["2-1990", "2-1993", "2-1997", "2-1999"]
    assert found["censored_left"].tolist() == [True, False, False, False]
    assert found["censored_right"].tolist() == [False, False, False, True]
    unknown = spells(WAR, **TOLD).data  # only 1996 was seen without war
    assert (
        unknown["censored_left"].tolist() == [True, True, False, True]
        and unknown["censored_right"].all()
    )
    bridged = spells(WAR, **TOLD | {"gap": 1}, absent={"war": False}).data
    assert bridged[["start_year", "end_year", "active_years"]].values.tolist() == [
        [1990, 1993, 3],
        [1997, 1999, 2],
    ]


def test_spells_feed_case_years():
    found = spells(WAR, **TOLD, absent={"war": False})
    begun = found.keep(~found.data["censored_left"], "begun in sight", "the start was not seen")
    data = begun.data.assign(
        before=begun.data["start_year"] - 1, ended=~begun.data["censored_right"]
    )
    out = case_years(
        replace(begun, data=data),
        start="before",
        end="end_year",
        event="ended",
        until=1999,
        unit_id="state",
        name="years of war",
    )
    assert out.data["case_year_id"].tolist() == ["2-1993-1993", "2-1997-1997", "2-1999-1999"]
    assert out.data["event"].tolist() == [True, True, False]
    assert [e.kind for e in out.ledger.entries] == ["keep", "gather", "keep", "spread"]


def test_a_source_brings_its_years_and_what_an_absent_row_means():
    source = Source(
        "w",
        "war",
        "1",
        "",
        "",
        "",
        "w.csv",
        "",
        6,
        Schema((Field("state", "integer"),)),
        "state-year",
        ("state", "year"),
        1990,
        1999,
        year="year",
    )
    told = TOLD | {"years": None}
    assert len(spells(OutcomeTable(WAR, source), **told)) == 4
    with pytest.raises(JoinError, match="does not say what an absent row means"):
        spells(OutcomeTable(WAR, source), **told, absent={"war": False})
    said = replace(source, absent="no war")
    assert (
        not spells(OutcomeTable(WAR, said), **told, absent={"war": False})
        .data["censored_right"]
        .iloc[0]
    )


BAD = {
    "two rows of a year": (
        {},
        {"year": [1990, 1990, 1993, 1996, 1997, 1999]},
        r"2 1990 in rows 0 and 1",
    ),
    "years as text": ({}, {"year": WAR["year"].astype(str)}, "not years"),
    "a year and a half": ({}, {"year": WAR["year"] + 0.5}, "not years"),
    "activity as text": ({}, {"war": "yes"}, "not true or false"),
    "deaths as activity": ({}, {"war": 25}, "holds 25; activity is true or false"),
    "gap": ({"gap": -1}, {}, "0 or more"),
    "years not written": ({"years": None}, {}, "are not given"),
    "absent is active": ({"absent": {"war": True}}, {}, "only False is allowed"),
    "absent of another": ({"absent": {"peace": False}}, {}, "a column of absent"),
    "no such column": ({"active": "wars"}, {}, "Did you mean 'war'"),
}


@pytest.mark.parametrize(("told", "changed", "match"), BAD.values(), ids=list(BAD))
def test_bad_input_is_refused_in_words(told, changed, match):
    with pytest.raises(JoinError, match=match):
        spells(WAR.assign(**changed), **TOLD | told)
