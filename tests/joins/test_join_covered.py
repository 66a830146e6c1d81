"""Joins with a source that knows years and units, against a loop: value
and reason of every row, and the ledger's sums.
"""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peacestudy.core.joined import REASONS
from peacestudy.core.schema import Field, Schema
from peacestudy.errors import JoinError
from peacestudy.joins import join, missing
from peacestudy.joins.missing_values import missing_by
from peacestudy.outcomes import OutcomeTable, Source

FIRST, LAST = 1990, 1994
SPECIAL = (("score", -77.0, "collapse"), ("score", -66.0, "interruption"))


def source(units="listed", absent="", states=()):
    schema = Schema((Field("unit", "integer"), Field("year", "year"), Field("score", "integer")))
    return Source(
        "panel",
        "Panel",
        "1",
        "cited",
        "page",
        "open",
        "panel.csv",
        "0" * 64,
        0,
        schema,
        "unit-year",
        ("unit", "year"),
        FIRST,
        LAST,
        units=units,
        absent=absent,
        year="year",
        states=states,
        special=SPECIAL,
    )


def panel(rows, **kind):
    table = pd.DataFrame(rows, columns=["unit", "year", "score"]).astype("Int64")
    return OutcomeTable(table, source(**kind))


ROW = st.tuples(
    st.none() | st.integers(1, 4),
    st.integers(FIRST, LAST),
    st.none() | st.sampled_from([0, 1, 2, -77, -66]),
)
CASE = st.tuples(st.none() | st.integers(1, 5), st.none() | st.integers(FIRST - 2, LAST + 2))


def expected(case, rows, lag, units, fill, twice):
    """Value and reason of a case, by looking at every row of the source."""
    unit, year = case
    if unit is None or year is None:
        return None, "no key"
    hits = [r[2] for r in rows if r[0] == unit and r[1] == year - lag]
    if len(set(hits)) > 1:
        assert twice == "missing"
        return None, "rows contradict each other"
    if hits:
        value = hits[0]
        meaning = {v: f"special code {v:g}: {m}" for _, v, m in SPECIAL}.get(value)
        return (None if meaning else value), meaning or (
            "met" if value is not None else "no value in the source"
        )
    if not FIRST <= year - lag <= LAST:
        return None, "outside the years"
    if units == "listed" and unit not in {r[0] for r in rows}:
        return None, "unit not covered"
    return (9, "filled") if fill else (None, "no row")


PANELS = {
    "cases": st.lists(CASE, max_size=6),
    "rows": st.lists(ROW, max_size=7),
    "units": st.sampled_from(["listed", "all"]),
    "fill": st.booleans(),
    "twice": st.sampled_from(["agreeing", "missing"]),
}


@settings(max_examples=400)  # of three joins each
@given(**PANELS)
def test_every_value_and_reason_is_that_of_the_loop(cases, rows, units, fill, twice):
    other = panel(rows, units=units, absent="nothing happened")
    table = pd.DataFrame(
        {
            "case_id": [f"c{i}" for i in range(len(cases))],
            "who": pd.array([c[0] for c in cases], dtype="Int64"),
            "t0": pd.array([c[1] for c in cases], dtype="Int64"),
        }
    )
    said: dict[tuple[int, int], set] = {}
    for unit, year, score in rows:
        if unit is not None:
            said.setdefault((unit, year), set()).add(score)
    on = {"who": "unit", "t0": "year"}
    options = {
        "absent": {"score": 9} if fill else None,
        "twice": twice,
        "shape": "many_to_one",
        "on": on,
    }
    if twice == "agreeing" and any(len(s) > 1 for s in said.values()):
        with pytest.raises(JoinError, match=r"several rows for \d+ unit"):
            join(table, other, **options)
        return
    for lag in (-1, 0, 2):
        frame = join(table, other, lag=lag, **options)
        assert_as_wanted(frame, [expected(c, rows, lag, units, fill, twice) for c in cases])


def assert_as_wanted(frame, want):
    score = frame.data["score"].astype(object)
    assert score.where(score.notna(), None).tolist() == [v for v, _ in want]
    gaps = missing(frame, ["score"])
    assert gaps["reason"].tolist() == [r for v, r in want if v is None]
    assert set(gaps["source"]) <= {"panel"}
    (entry,) = frame.ledger.entries
    reasons = [REASONS[i] for i in frame.joined[0].why]
    assert entry.balanced()
    assert entry.rows_in == entry.rows_out == len(want)
    assert entry.filled == sum(r == "filled" for _, r in want) == reasons.count("filled")
    assert entry.unmatched == len(want) - reasons.count("met")
    assert (len(frame.ledger.gaps()) == 1) == (entry.unmatched > 0)


def cases(**columns):
    return pd.DataFrame(
        {"case_id": [f"c{i}" for i in range(len(next(iter(columns.values()))))], **columns}
    )


def test_codes_of_states_are_translated_on_the_date_and_what_cannot_be_is_told():
    other = panel([(260, 1990, 5), (678, 1991, 2)], states=(("unit", "gw"),))
    table = cases(state=[255, 679, 260, 255], year=[1990, 1991, 1989, 1989])
    frame = join(
        table, other, on={"state": "unit", "year": "year"}, states="cow", shape="many_to_one"
    )
    assert frame.data["score"].astype(object).where(frame.data["score"].notna(), None).tolist() == [
        5,
        2,
        None,
        None,
    ]
    # 1989 lies outside the years; the fourth has no state of that code on that date
    assert missing(frame)["reason"].tolist() == ["outside the years", "no such state"]
    assert any("East Germany" in n.text for n in frame.notes)
    assert "translated from cow to gw" in frame.ledger.entries[0].why


def test_a_source_of_states_asks_for_the_code_system_and_refuses_another():
    other = panel([(260, 1990, 5)], states=(("unit", "gw"),))
    table = cases(state=[255, 679, 816, 2], year=[1990, 1991, 1992, 1993])
    on = {"state": "unit", "year": "year"}
    with pytest.raises(
        JoinError, match="Say which system 'state' uses, so that nothing is guessed: states=\"gw\""
    ):
        join(table, other, on=on)
    with pytest.raises(
        JoinError,
        match=r"100 % of its 4 codes on their dates are COW codes, 50 % GW codes.*Declare COW",
    ):
        join(table, other, on=on, states="gw")
    with pytest.raises(JoinError, match="must be one of gw, cow, iso3, vdem"):
        join(table, other, on=on, states="iso2")
    with pytest.raises(JoinError, match="no key column of the other table names a state"):
        join(cases(unit=[1], year=[1990]), panel([(1, 1990, 1)]), on=["unit", "year"], states="gw")


def test_values_are_declared_only_where_the_source_says_what_an_absent_row_means():
    table = cases(unit=[1], year=[1990])
    with pytest.raises(JoinError, match="panel does not say what an absent row means"):
        join(table, panel([]), on=["unit", "year"], absent={"score": 0})
    with pytest.raises(JoinError, match=r"a plain table does not say.*ps\.outcomes\.as_outcome"):
        join(table, panel([]).table, on=["unit", "year"], name="own", absent={"score": 0})
    with pytest.raises(
        JoinError, match=r"'scores'; it must be one of score\. Did you mean 'score'"
    ):
        join(table, panel([], absent="none"), on=["unit", "year"], absent={"scores": 0})
    with pytest.raises(JoinError, match="Write a value of its type"):
        join(
            table,
            panel([(1, 1991, 1)], units="all", absent="none"),
            on=["unit", "year"],
            absent={"score": "no"},
        )


def test_rows_that_contradict_each_other_are_named_with_the_columns_and_the_ways_out():
    other = panel([(679, 1990, 1), (679, 1990, 2), (2, 1990, 1), (2, 1990, 1)])
    table = cases(unit=[679, 2], year=[1990, 1990])
    with pytest.raises(
        JoinError, match=r"for 1 of them: 679 1990 in score \(1 against 2\).*twice=\"missing\""
    ):
        join(table, other, on=["unit", "year"], twice="agreeing")
    frame = join(table, other, on=["unit", "year"], twice="missing")
    assert frame.data["score"].astype(object).where(frame.data["score"].notna(), None).tolist() == [
        None,
        1,
    ]
    assert missing(frame)["reason"].tolist() == ["rows contradict each other"]


def test_years_are_whole_numbers_and_floats_meet_integers():
    other = panel([(1, 1990, 7)])
    assert join(cases(unit=[1.0], year=[1990.0]), other, on=["unit", "year"]).data[
        "score"
    ].tolist() == [7]
    for year, said in (
        ([1990.5], r"holds 1990\.5\. Round it knowingly"),
        (["1990"], "is to be a year and is not a number"),
    ):
        with pytest.raises(JoinError, match=said):
            join(cases(unit=[1], year=year), other, on=["unit", "year"])
    with pytest.raises(JoinError, match="lag shifts the year"):
        join(cases(unit=[1]), other.table.drop(columns="year"), on="unit", name="own", lag=1)


def test_keys_that_differ_only_in_writing_are_refused_with_an_example():
    plain = pd.DataFrame({"k": ["Chad ", "C\u00f4te d'Ivoire", "mali"], "x": [1, 2, 3]})
    for mine, how in (
        (["Chad"], "blanks"),
        (["Co\u0302te d'Ivoire"], "NFC and NFD"),
        (["Mali"], "only by capitals"),
    ):
        with pytest.raises(JoinError, match=how):
            join(cases(k=mine), plain, on="k", name="own")
    with pytest.raises(JoinError, match="2 of 2 of them with leading zeros"):
        join(cases(k=[7, 8]), pd.DataFrame({"k": ["007", "008"]}), on="k", name="own")


def test_columns_on_both_sides_are_compared():
    with pytest.raises(JoinError, match=r"'x' differs in 1 of 2 rows \(case c1: 5 against 6\)"):
        join(
            cases(k=[1, 2], x=[4, 5]), pd.DataFrame({"k": [1, 2], "x": [4, 6]}), on="k", name="own"
        )
    with pytest.raises(JoinError, match="'x' holds the same in the 2 rows"):
        join(
            cases(k=[1, 2], x=[4, 5]), pd.DataFrame({"k": [1, 2], "x": [4, 5]}), on="k", name="own"
        )


def test_missing_is_counted_by_reason_and_time():
    other = panel([(1, 1991, -77), (1, 1992, 3)])
    frame = join(
        cases(unit=[1, 1, 2, 1], year=[1991, 1992, 1992, 1999]), other, on=["unit", "year"]
    )
    got = missing_by(frame, "year")
    assert got.values.tolist() == [
        [1991, "score", "special code -77: collapse", 1, 1],
        [1992, "score", "unit not covered", 1, 2],
        [1999, "score", "outside the years", 1, 1],
    ]
    assert missing_by(frame, "reason")["missing"].sum() == 3
    kept = frame.keep(frame.data["year"] > 1991, "late", "before 1992")
    assert missing(kept)["reason"].tolist() == ["unit not covered", "outside the years"]
    with pytest.raises(JoinError, match="by is 'yaer'"):
        missing_by(frame, "yaer")
