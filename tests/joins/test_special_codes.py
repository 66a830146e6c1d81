"""Codes that are no values: every join makes them missing, and
ps.joins.missing says which code stood there.
"""

import numpy as np
import pandas as pd
import pytest

from peacestudy.core.schema import Field, Schema
from peacestudy.joins import (
    event_windows,
    event_years,
    from_directions,
    join,
    join_asof,
    join_states,
    join_window,
    missing,
)
from peacestudy.outcomes import OutcomeTable, Source

SPECIAL = (("score", -77, "collapse"), ("score", -88, "transition"))
SAID = {v: f"special code {v}: {meaning}" for _, v, meaning in SPECIAL}
BLANK = "no value in the source"


def coded(table, key, states=()):
    schema = Schema(tuple(Field(c, "integer") for c in key))
    about = Source(
        "p",
        "p",
        "1",
        "",
        "",
        "",
        "p.csv",
        "",
        len(table),
        schema,
        "row",
        tuple(key),
        1990,
        1999,
        year="year",
        states=states,
        special=SPECIAL,
    )
    return OutcomeTable(table, about)


def reasons(frame, column):
    return dict(missing(frame, [column])[["case", "reason"]].values.tolist())


YEARS = coded(
    pd.DataFrame({"state": 2, "year": range(1990, 1996), "score": [1, -77, 3, -88, 5, 6]}),
    ("state", "year"),
)


def test_one_row_a_case():
    cases = pd.DataFrame({"case_id": list("abcd"), "state": 2, "year": [1990, 1991, 1993, 2005]})
    want = {"b": SAID[-77], "c": SAID[-88], "d": "outside the years"}
    assert reasons(join(cases, YEARS, on=["state", "year"]), "score") == want
    near = join_asof(
        cases,
        YEARS,
        on="state",
        date="year",
        other_date="year",
        tolerance=0,
        direction="backward",
        name="p",
    )
    assert reasons(near, "score") == want


@pytest.mark.parametrize("partial", ["missing", "observed"])
def test_windows_of_years(partial):
    cases = pd.DataFrame(
        {"case_id": list("abcde"), "state": 2, "t": [1990, 1991, 1992, 1993, 1996]}
    )
    frame = join_window(
        cases,
        YEARS,
        on="state",
        year="t",
        span=(0, 1),
        measures={"s": ("score", "sum")},
        name="p",
        partial=partial,
    )
    if partial == "missing":
        assert reasons(frame, "s") == {
            "a": SAID[-77],
            "b": SAID[-77],
            "c": SAID[-88],
            "d": SAID[-88],
            "e": "no row",
        }
        assert frame.data["s"].isna().all()
    # the code is a year that is not observed, and no reason where another year stands for the
    # window
    else:
        assert reasons(frame, "s") == {"e": "no row"}
        assert frame.data["s"].tolist()[:4] == [1, 3, 3, 5]


def test_windows_of_years_beside_a_loop():
    rng = np.random.default_rng(4)
    rows = [(s, y) for s in (2, 20, 70) for y in range(1990, 2000) if rng.random() < 0.8]
    score = rng.choice([-77, -88, 0, 1, 2], len(rows))
    table = pd.DataFrame(rows, columns=["state", "year"]).assign(score=score)
    held = {row: int(value) for row, value in zip(rows, score, strict=True)}
    cases = pd.DataFrame(
        {"state": rng.choice([2, 20, 70], 300), "t": rng.integers(1990, 1997, 300)}
    )
    cases.insert(0, "case_id", range(300))
    frame = join_window(
        cases,
        coded(table, ("state", "year")),
        on="state",
        year="t",
        span=(0, 2),
        measures={"s": ("score", "max")},
        name="p",
        partial="missing",
    )
    found = reasons(frame, "s")
    named = 0
    for i, state, t in cases.itertuples(index=False):
        met = [held[state, y] for y in range(t, t + 3) if (state, y) in held]
        # of two the one that the source names first
        code = next((v for _, v, _ in SPECIAL if v in met), None)
        if code is not None:
            assert found[i] == SAID[code]
            named += 1
        else:
            assert found.get(i, "") not in SAID.values()
            assert pd.isna(frame.data["s"][i]) == (len(met) < 3)
    assert named > 50


@pytest.mark.parametrize(("rule", "b"), [("any_missing", SAID[-77]), ("observed", None)])
def test_cases_of_several_states(rule, b):
    table = pd.DataFrame({"state": [2, 20, 70, 90], "year": 1990, "score": [-77, 20, -88, None]})
    cases = pd.DataFrame(
        {"case_id": list("abcde"), "p": ["70", "2, 20", "70, 2", "90", "41"], "year": 1990}
    )
    frame = join_states(
        cases,
        coded(table, ("state", "year"), (("state", "gw"),)),
        states="p",
        year="year",
        measures={"s": ("score", "sum")},
        missing=rule,
        name="p",
    )
    want = {"a": SAID[-88], "b": b, "c": SAID[-77], "d": BLANK, "e": "unit not covered"}
    assert reasons(frame, "s") == {k: v for k, v in want.items() if v}
    assert frame.data["s"].isna().tolist() == [True, b is not None, True, True, True]


def test_directions():
    table = pd.DataFrame(
        {"from": [2, 20, 2, 70], "to": [20, 2, 70, 2], "year": 1990, "score": [-77, 4, 5, -88]}
    )
    cases = pd.DataFrame({"case_id": ["a", "b"], "one": [2, 2], "two": [20, 70], "year": 1990})
    measures = {
        "sum": ("score", "sum"),
        "out": ("score", "a_to_b"),
        "back": ("score", "b_to_a"),
        "same": ("score", "same"),
    }
    frame = from_directions(
        cases,
        coded(table, ("from", "to", "year"), (("from", "gw"), ("to", "gw"))),
        states=("one", "two"),
        year="year",
        measures=measures,
        missing="any_missing",
        name="p",
    )
    assert reasons(frame, "sum") == reasons(frame, "same") == {"a": SAID[-77], "b": SAID[-88]}
    assert (reasons(frame, "out"), reasons(frame, "back")) == ({"a": SAID[-77]}, {"b": SAID[-88]})
    assert (frame.data["out"].tolist()[1], frame.data["back"].tolist()[0]) == (5, 4)


@pytest.mark.parametrize("spanning", [None, "start", "overlap", "share"])
def test_windows_of_events(spanning):
    days = ["1990-01-01", "1990-02-01", "1990-03-01", "1990-05-01"]
    events = pd.DataFrame({"state": 2, "day": days, "score": [-88, -77, 3, None]})
    cases = pd.DataFrame(
        {
            "case_id": list("abcde"),
            "state": 2,
            "a": ["1990-01-01", "1990-01-01", "1990-03-01", "1990-05-01", "1990-06-01"],
            "b": ["1990-01-31", "1990-03-31", "1990-03-31", "1990-05-02", "1990-06-02"],
        }
    )
    measures = {"s": ("score", "sum"), "n": (None, "count")}
    frame = event_windows(
        cases,
        coded(events, ("state",)),
        on="state",
        start="a",
        end="b",
        date="day",
        measures=measures,
        name="p",
        spanning=spanning,
    )
    assert reasons(frame, "s") == {"a": SAID[-88], "b": SAID[-77], "d": BLANK, "e": "no row"}
    assert reasons(frame, "n") == {"e": "no row"}
    years = event_years(
        coded(events, ("state",)),
        by="state",
        date="day",
        measures=measures,
        name="p",
        years=(1990, 1991),
    )
    assert list(reasons(years, "s").values()) == [SAID[-77], "no row"]
