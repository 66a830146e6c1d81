"""As-of joins against a loop over all rows, at the tolerance and beside ties."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peacestudy.core.joined import REASONS
from peacestudy.errors import JoinError
from peacestudy.joins import join_asof

DAY0 = pd.Timestamp("1999-12-25")
keys = st.none() | st.sampled_from("abc")
times = st.none() | st.integers(0, 12)


def by_loop(who, t, rows, tolerance, direction, ties):
    """Place of the row that a case takes, None for none, ``tie`` where two are equally near."""
    best = []
    for j, (other, when) in enumerate(rows):
        if None in (who, t, when) or other != who or abs(when - t) > tolerance:
            continue
        if (direction == "backward" and when > t) or (direction == "forward" and when < t):
            continue
        best.append((abs(when - t), when, j))
    if not best:
        return None
    nearest = sorted(b for b in best if b[0] == min(best)[0])
    if len(nearest) > 1:
        return {"earlier": nearest[0][2], "later": nearest[1][2]}.get(ties, "tie")
    return nearest[0][2]


@settings(max_examples=300)
@given(
    st.lists(st.tuples(keys, times), max_size=8),
    st.lists(st.tuples(keys, times), max_size=10),
    st.integers(0, 6),
    st.sampled_from(["backward", "forward", "nearest"]),
    st.sampled_from([None, "earlier", "later"]),
    st.booleans(),
)
def test_the_row_taken_is_the_one_that_a_loop_finds(cases, rows, tolerance, direction, ties, dates):
    def column(values):
        if dates:
            return pd.Series(
                [pd.NaT if v is None else DAY0 + pd.Timedelta(days=v) for v in values],
                dtype="datetime64[s]",
            )
        return pd.Series(values, dtype="float64")

    left = pd.DataFrame(
        {
            "case_id": range(len(cases)),
            "who": pd.Series([c[0] for c in cases], dtype=object),
            "t": column([c[1] for c in cases]),
        }
    )
    right = pd.DataFrame(
        {
            "who": pd.Series([r[0] for r in rows], dtype=object),
            "when": column([r[1] for r in rows]),
            "v": range(len(rows)),
        }
    )
    told = {
        "on": "who",
        "date": "t",
        "other_date": "when",
        "tolerance": tolerance,
        "direction": direction,
        "name": "The Other",
        "ties": ties,
    }
    whole = [r for r in rows if None not in r]
    if len(set(whole)) < len(whole):
        with pytest.raises(JoinError, match=r"more than one for the same who \+ when"):
            join_asof(left, right, shape="many_to_one", **told)
        return
    want = [by_loop(*c, rows, tolerance, direction, ties) for c in cases]
    if "tie" in want:
        with pytest.raises(JoinError, match="at the same distance"):
            join_asof(left, right, shape="many_to_one", **told)
        return
    hits = [w for w in want if w is not None]
    if len(set(hits)) < len(hits):
        with pytest.raises(JoinError, match="taken by several cases"):
            join_asof(left, right, **told)
    out = join_asof(left, right, shape="many_to_one", **told)
    assert [None if pd.isna(v) else v for v in out.data["v"]] == want
    distance = [None if w is None else rows[w][1] - c[1] for w, c in zip(want, cases, strict=True)]
    got = out.data[f"the_other_{'days' if dates else 'years'}"]
    assert [None if pd.isna(v) else v for v in got] == distance
    known = {r[0] for r in rows}
    reasons = [
        (
            "no key"
            if None in c
            else (
                "met"
                if w is not None
                else "unit not covered"
                if c[0] not in known
                else "none in time"
            )
        )
        for w, c in zip(want, cases, strict=True)
    ]
    assert [REASONS[w] for w in out.joined[-1].why] == reasons
    (entry,) = out.ledger.entries
    assert (entry.unmatched, entry.other_unmatched) == (
        want.count(None),
        len(rows) - len(set(hits)),
    )
    assert entry.duplicated == sum(hits.count(j) > 1 for j in set(hits))


CASES = pd.DataFrame(
    {"case_id": ["a", "b"], "state": [2, 2], "day": pd.to_datetime(["2000-03-01", "2001-03-01"])}
)
OTHER = pd.DataFrame(
    {"state": [2, 2], "held": pd.to_datetime(["2000-02-01", "2001-03-31"]), "turnout": [5, 6]}
)
TOLD = {
    "on": "state",
    "date": "day",
    "other_date": "held",
    "tolerance": 29,
    "direction": "backward",
    "name": "election",
}


def test_the_tolerance_is_included_and_a_leap_day_counts():
    taken = join_asof(CASES, OTHER, **TOLD).data  # 1 February to 1 March 2000: 29 days
    assert taken["turnout"].fillna(-1).tolist() == [5, -1] and taken["election_days"].fillna(
        0
    ).tolist() == [-29, 0]
    assert join_asof(CASES, OTHER, **TOLD | {"tolerance": 28}).data["turnout"].isna().all()
    ahead = join_asof(CASES, OTHER, **TOLD | {"direction": "forward", "tolerance": 30}).data
    assert ahead["turnout"].fillna(-1).tolist() == [-1, 6] and ahead["election_days"].fillna(
        0
    ).tolist() == [0, 30]
    same = join_asof(CASES, OTHER.assign(held=CASES["day"]), **TOLD | {"tolerance": 0}).data
    assert same["turnout"].tolist() == [5, 6] and same["election_days"].tolist() == [0, 0]


def test_columns_are_those_that_are_named():
    out = join_asof(CASES, OTHER.assign(day=1), **TOLD | {"columns": ["turnout"]})
    assert list(out.data.columns) == ["case_id", "state", "day", "turnout", "election_days"]
    with pytest.raises(JoinError, match="are in the cases"):
        join_asof(CASES, OTHER.assign(day=1), **TOLD)


def test_codes_that_are_no_values_are_missing_with_their_meaning():
    from peacestudy.core.schema import Field, Schema
    from peacestudy.outcomes import OutcomeTable, Source

    source = Source(
        "e",
        "elections",
        "1",
        "",
        "",
        "",
        "e.csv",
        "",
        2,
        Schema((Field("state", "integer"),)),
        "election",
        ("state", "held"),
        1990,
        2000,
        special=(("turnout", 5, "not counted"),),
    )
    out = join_asof(CASES, OutcomeTable(OTHER, source), **TOLD)
    assert out.data["turnout"].isna().all()
    assert [REASONS[w] for w in out.joined[-1].why] == ["met", "outside the years"]
    ((column, codes),) = out.joined[-1].special
    assert (column, codes.tolist()) == ("turnout", [0, -1])


BAD = {
    "direction": ({"direction": "before"}, {}, "must be one of backward, forward, nearest"),
    "tolerance": ({"tolerance": -1}, {}, "0 or more"),
    "a part of a day": ({"tolerance": 0.5}, {}, "whole number"),
    "shape": ({"shape": "many"}, {}, "must be one of one_to_one"),
    "ties": ({"ties": "first"}, {}, "must be one of earlier, later"),
    "hours": (
        {},
        {"held": pd.to_datetime(["2000-02-01 12:00", "2001-03-31 00:00"])},
        "times of day",
    ),
    "zones": (
        {},
        {"held": pd.to_datetime(["2000-02-01", "2001-03-31"]).tz_localize("UTC")},
        "times of day",
    ),
    "dates against years": ({}, {"held": [2000, 2001]}, "dates and years have no distance"),
    "texts": ({}, {"held": ["2000-02-01", "31/03/2001"]}, "read texts with"),
    "the same row twice": (
        {},
        {"held": pd.to_datetime(["2000-02-01", "2000-02-01"])},
        "in rows 0 and 1",
    ),
    "no such column": ({"columns": ["turn_out"]}, {}, "Did you mean 'turnout'"),
}


@pytest.mark.parametrize(("told", "changed", "match"), BAD.values(), ids=list(BAD))
def test_bad_input_is_refused_in_words(told, changed, match):
    with pytest.raises(JoinError, match=match):
        join_asof(CASES, OTHER.assign(**changed), **TOLD | told)
