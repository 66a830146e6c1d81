"""Directed rows at undirected pairs: every rule against a loop,
contradicting directions told or refused.
"""

import math

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peacestudy.core.joined import REASONS
from peacestudy.core.schema import Field, Schema
from peacestudy.errors import JoinError
from peacestudy.joins import from_directions
from peacestudy.joins.states.directions import DIRECTION_RULES
from peacestudy.outcomes import OutcomeTable
from peacestudy.outcomes.source import Source

STATES = [2, 20, 40]
PAIR = st.tuples(st.sampled_from(STATES), st.sampled_from(STATES)).filter(lambda p: p[0] != p[1])
YEAR = st.sampled_from([1990, 1991])
FLOWS = st.dictionaries(
    st.tuples(PAIR, YEAR), st.tuples(st.none() | st.integers(-3, 3), st.none() | st.booleans())
)


def by_loop(there, back, rule, missing):
    """The rule on the two directions; None for missing, "contradiction" where ``same`` is not."""
    if rule in ("a_to_b", "b_to_a"):
        return there if rule == "a_to_b" else back
    seen = [v for v in (there, back) if v is not None]
    if rule == "same" and len(seen) == 2 and there != back:
        return "contradiction"
    if not seen or (missing == "any_missing" and len(seen) < 2):
        return None
    return {
        "any": any,
        "all": all,
        "share": lambda x: sum(x) / len(x),
        "mean": lambda x: sum(x) / len(x),
        "max": max,
        "min": min,
        "sum": sum,
        "same": lambda x: x[0],
    }[rule](seen)


@settings(max_examples=120, deadline=None)
@given(
    FLOWS,
    st.lists(st.tuples(PAIR, st.none() | YEAR), max_size=6),
    st.sampled_from(DIRECTION_RULES),
    st.sampled_from(["any_missing", "observed"]),
)
def test_every_rule_equals_a_loop_over_the_directions(flows, rows, rule, missing):
    truth = rule in ("any", "all", "share")
    other = pd.DataFrame(
        {
            "from": pd.Series([k[0][0] for k in flows], dtype="int64"),
            "to": pd.Series([k[0][1] for k in flows], dtype="int64"),
            "year": pd.Series([k[1] for k in flows], dtype="int64"),
            "value": pd.Series(
                [v[truth] for v in flows.values()], dtype="boolean" if truth else "Int64"
            ),
        }
    )
    cases = pd.DataFrame(
        {
            "case_id": range(len(rows)),
            "a": pd.Series([p[0] for p, _ in rows], dtype="int64"),
            "b": pd.Series([p[1] for p, _ in rows], dtype="int64"),
            "year": pd.array([y for _, y in rows], "Int64"),
        }
    )
    both = [
        (flows.get((p, y), (None, None))[truth], flows.get((p[::-1], y), (None, None))[truth])
        for p, y in rows
    ]
    expected = [by_loop(*pair, rule, missing) for pair in both]
    call = {
        "states": ("a", "b"),
        "year": "year",
        "other_states": ("from", "to"),
        "measures": {"new": ("value", rule)},
        "missing": missing,
        "name": "flows",
    }
    if "contradiction" in expected:
        with pytest.raises(
            JoinError, match=f"contradict each other in {expected.count('contradiction')} of"
        ):
            from_directions(cases, other, **call)
        return
    frame = from_directions(cases, other, **call)
    for value, found in zip(expected, frame.data["new"], strict=True):
        assert pd.isna(found) if value is None else math.isclose(value, found)
    differ = sum(None not in p and p[0] != p[1] for p in both)
    told = [note for note in frame.notes if note.kind != "nothing_met"]
    assert len(told) == (differ > 0 and rule not in ("a_to_b", "b_to_a"))
    if told:
        assert f"differ in {differ} of {sum(None not in p for p in both)} pairs" in str(told[0])
    if missing == "observed" and rule not in ("a_to_b", "b_to_a"):
        assert frame.data["new_directions"].tolist() == [
            sum(v is not None for v in p) for p in both
        ]
    for (pair, year), why in zip(rows, frame.joined[0].why, strict=True):
        ways = {"a_to_b": [pair], "b_to_a": [pair[::-1]]}.get(rule, [pair, pair[::-1]])
        met = [(w, year) in flows for w in ways]
        assert REASONS[why] == (
            "no key"
            if year is None
            else "met"
            if all(met)
            else "partly observed"
            if any(met)
            else "no row"
        )
    assert frame.ledger.entries[0].balanced()


PAIRS = pd.DataFrame({"case_id": ["x", "y"], "a": [20, 2], "b": [2, 40], "year": [1990, 1990]})
TRADE = pd.DataFrame(
    {
        "from": [2, 20],
        "to": [20, 2],
        "year": [1990, 1990],
        "flow": [5.0, 7.0],
        "word": ["ally", "ally"],
    }
)
CALL = {
    "states": ("a", "b"),
    "year": "year",
    "other_states": ("from", "to"),
    "measures": {"f": ("flow", "sum")},
    "missing": "observed",
    "name": "trade",
}


def test_words_are_taken_where_the_directions_agree():
    frame = from_directions(
        PAIRS, TRADE, **CALL | {"measures": {"w": ("word", "same"), "out": ("flow", "a_to_b")}}
    )
    assert frame.data["w"].tolist()[0] == "ally"
    assert frame.data["w"].isna().tolist() == [False, True]
    assert frame.data["out"].tolist()[0] == 7.0
    with pytest.raises(
        JoinError, match="contradict each other in 1 of 1 pairs, for example in x: foe against ally"
    ):
        from_directions(
            PAIRS,
            TRADE.assign(word=["ally", "foe"]),
            **CALL | {"measures": {"w": ("word", "same")}},
        )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"states": ("a", "c")}, "a column of the cases is 'c'"),
        ({"other_states": None}, "columns of states of the other table are not known"),
        ({"other_states": ("from", "too")}, "trade has no column 'too'.*Did you mean 'to'"),
        ({"measures": {}}, "measures is empty"),
        ({"measures": {"f": ("flow", "weighted")}}, "rule is 'weighted'.*a_to_b, b_to_a, same"),
        ({"measures": {"f": ("flw", "sum")}}, "a column of measures is 'flw'"),
        (
            {"measures": {"f": ("flow", "sum"), "f_directions": ("flow", "max")}},
            "'f_directions' is the name of the count",
        ),
        ({"missing": "drop"}, "missing is 'drop'"),
        ({"cases": PAIRS.assign(b=20)}, "state 20 is paired with itself"),
        (
            {"other": pd.concat([TRADE, TRADE])},
            "several rows for 2 from \\+ to \\+ year.*the same throughout",
        ),
    ],
)
def test_wrong_calls_say_what_is_wrong(change, message):
    call = {"cases": PAIRS, "other": TRADE} | CALL | change
    with pytest.raises(JoinError, match=message):
        from_directions(call.pop("cases"), call.pop("other"), **call)


def test_an_absent_direction_has_the_value_that_the_source_means_and_the_author_writes():
    source = Source(
        "t",
        "Trade",
        "1",
        "c",
        "l",
        "MIT",
        "f.csv",
        "0",
        1,
        Schema((Field("from", "integer"),)),
        "directed dyad-year",
        ("from", "to", "year"),
        1980,
        2000,
        units="listed",
        absent="no trade",
        year="year",
        states=(("from", "gw"), ("to", "gw")),
    )
    other = OutcomeTable(
        pd.DataFrame(
            {
                "from": [2, 20, 2],
                "to": [20, 2, 40],
                "year": [1990, 1991, 1990],
                "flow": [5.0, 7.0, 1.0],
            }
        ),
        source,
    )
    cases = pd.DataFrame(
        {
            "case_id": list("uvwxy"),
            "a": [20, 20, 20, 20, 40],
            "b": [2, 2, 2, 2, 2],
            "year": [1990, 1991, 1995, 1970, 1990],
        }
    )
    call = {k: v for k, v in CALL.items() if k != "other_states"} | {"missing": "any_missing"}
    frame = from_directions(cases, other, **call, absent={"flow": 0})
    # 40 to 2 is never listed, 2 to 40 is
    assert frame.data["f"].astype(object).where(frame.data["f"].notna(), None).tolist() == [
        5.0,
        7.0,
        0.0,
        None,
        None,
    ]
    assert [REASONS[i] for i in frame.joined[0].why] == [
        "met",
        "met",
        "filled",
        "outside the years",
        "partly observed",
    ]
    assert frame.ledger.entries[0].filled == 1
    with pytest.raises(JoinError, match="does not say what an absent row means"):
        from_directions(cases, other.table, **CALL, absent={"flow": 0})
