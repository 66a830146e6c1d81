"""Windows against a loop over years, by hand at the borders, and the
lasting peace of a study from the raw data.
"""

import time
from dataclasses import replace
from pathlib import Path
from statistics import linear_regression

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peacestudy.core.joined import REASONS
from peacestudy.core.schema import Field, Schema
from peacestudy.errors import JoinError
from peacestudy.joins import join_window
from peacestudy.joins.time.measures import MEASURES
from peacestudy.outcomes import OutcomeTable, Source

HOUSE = Path(__file__).resolve().parents[3]
RAW = HOUSE.parent / "shared" / "raw"
ROUNDING = 1e-12  # the same sums in another order
FIRST, LAST = 2000, 2006
HOWS = sorted(MEASURES)


def by_loop(values, how, partial):
    """One measure of the years of a window; None stands for a year that is not observed."""
    seen = [(i, v) for i, v in enumerate(values) if v is not None]
    v = [x for _, x in seen]
    if partial == "missing" and len(seen) < len(values):
        return None
    if partial == "certain" and len(seen) < len(values):
        if how == "any" and any(x == 1 for x in v):
            return True
        if how == "all" and any(x == 0 for x in v):
            return False
        if how in ("first", "last"):
            return values[0] if how == "first" else values[-1]
        return None
    if not seen:
        return None
    if how == "slope":
        return linear_regression([i for i, _ in seen], v).slope if len(seen) > 1 else None
    plain = {
        "sum": sum,
        "any": any,
        "all": all,
        "max": max,
        "min": min,
        "count": sum,
        "mean": lambda x: sum(x) / len(x),
    }
    return {"first": lambda x: x[0], "last": lambda x: x[-1], **plain}[how](v)


@st.composite
def panels(draw):
    rows = draw(
        st.lists(
            st.tuples(st.sampled_from("abc"), st.integers(FIRST - 2, LAST + 2)),
            unique=True,
            max_size=14,
        )
    )
    value = [draw(st.none() | st.sampled_from([0, 1])) for _ in rows]
    case = st.tuples(
        st.none() | st.sampled_from("abcd"), st.none() | st.integers(FIRST - 4, LAST + 4)
    )
    cases = draw(st.lists(case, max_size=8))
    a = draw(st.integers(-4, 3))
    return rows, value, cases, (a, a + draw(st.integers(0, 4)))


@settings(max_examples=300)
@given(
    panels(),
    st.sampled_from(["missing", "certain", "observed"]),
    st.booleans(),
    st.sampled_from(["listed", "all"]),
    st.booleans(),
)
def test_a_window_is_what_a_loop_over_its_years_finds(made, partial, filled, units, whole):
    rows, value, cases, (a, b) = made
    panel = pd.DataFrame(
        {
            "who": pd.Series([r[0] for r in rows], dtype=object),
            "year": pd.Series([r[1] for r in rows], dtype="float64"),
            "v": pd.Series(value, dtype="Int64" if whole else "float64"),
        }
    )
    frame = pd.DataFrame(
        {
            "case_id": range(len(cases)),
            "who": pd.Series([c[0] for c in cases], dtype=object),
            "t": pd.Series([c[1] for c in cases], dtype="float64"),
        }
    )
    out = join_window(
        frame,
        panel,
        on="who",
        year="t",
        other_year="year",
        span=(a, b),
        measures={h: ("v", h) for h in HOWS},
        name="panel",
        partial=partial,
        absent={"v": 0} if filled else None,
        years=(FIRST, LAST),
        units=units,
    )
    table = {r: v for r, v in zip(rows, value, strict=True) if FIRST <= r[1] <= LAST}
    known = {r[0] for r in rows}
    reasons, touched = [], {}
    result = {h: out.data[h].tolist() for h in HOWS}
    for i, (who, t) in enumerate(cases):
        span = [] if who is None or t is None else range(t + a, t + b + 1)
        listed = units == "all" or who in known
        cells, says = [], []
        for y in span:
            hit = (who, y) in table
            touched[(who, y)] = touched.get((who, y), 0) + hit
            fill = 0 if filled and listed and FIRST <= y <= LAST else None
            cells.append(table[who, y] if hit else fill)
            says.append(hit or fill is not None)
        for how in HOWS:
            want = by_loop(cells, how, partial) if cells else None
            got = result[how][i]
            assert pd.isna(got) if want is None else abs(got - want) <= ROUNDING
        if partial == "observed":
            assert out.data["sum_years_observed"].iloc[i] == sum(c is not None for c in cells)
        hits = [(who, y) in table for y in span]
        covered = [FIRST <= y <= LAST for y in span]
        reasons.append(
            "no key"
            if not span
            else (
                "outside the years"
                if not any(covered)
                else (
                    "unit not covered"
                    if not listed
                    else (
                        "met"
                        if all(says) and any(hits)
                        else (
                            "filled"
                            if all(says)
                            else "partly observed"
                            if any(says) or not all(covered)
                            else "no row"
                        )
                    )
                )
            )
        )
    assert [REASONS[w] for w in out.joined[-1].why] == reasons
    (entry,) = out.ledger.entries
    times = [touched.get(r, 0) if r in table else 0 for r in rows]
    assert (entry.other_unmatched, entry.duplicated) == (times.count(0), sum(n > 1 for n in times))
    unmet = [
        not any((w, y) in table for y in range(t + a, t + b + 1)) if None not in (w, t) else True
        for w, t in cases
    ]
    assert (entry.kind, entry.rows_in, entry.rows_out, entry.unmatched) == (
        "window",
        len(cases),
        len(cases),
        sum(unmet),
    )


PANEL = pd.DataFrame(
    {
        "state": [2, 2, 2, 20],
        "year": [2000, 2001, 2003, 2000],
        "deaths": [5, 7, 11, 1],
        "war": [True, True, False, True],
    }
)


def bring(cases, **changed):
    told = {
        "on": "state",
        "year": "t",
        "other_year": "year",
        "span": (1, 3),
        "name": "war",
        "partial": "missing",
        "years": (2000, 2004),
        "measures": {"sum": ("deaths", "sum"), "any": ("war", "any")},
    } | changed
    other = told.pop("other", PANEL)
    return join_window(pd.DataFrame(cases), other, **told)


def why(frame):
    return [REASONS[w] for w in frame.joined[-1].why]


def test_the_border_of_the_coverage_by_hand():
    zero = {"deaths": 0, "war": 0}
    cases = {
        "case_id": list("abcde"),
        "state": [2, 2, 2, 2, 2],
        "t": [1999, 2001, 2002, 1998, 2010],
    }
    out = bring(cases, absent=zero)
    # a: 2000-02 = 5 + 7 + 0; b: 2002-04 = 0 + 11 + 0; c reaches one year after, d one year before
    # the coverage; e far out
    assert out.data["sum"].tolist() == [12, 11, pd.NA, pd.NA, pd.NA]
    assert out.data["any"].tolist() == [True, False, pd.NA, pd.NA, pd.NA]
    assert why(out) == ["met", "met", "partly observed", "partly observed", "outside the years"]
    assert (out.data["sum"].dtype, out.data["any"].dtype) == ("Int64", "boolean")
    sure = bring(cases, absent=zero, partial="certain").data["any"]
    assert sure.tolist() == [True, False, pd.NA, True, pd.NA]
    some = bring(cases, absent=zero, partial="observed").data
    assert some["sum"].tolist() == [12, 11, 11, 12, pd.NA]
    assert some["sum_years_observed"].tolist() == [3, 3, 2, 2, 0]


def test_without_a_word_on_absent_rows_a_year_without_one_is_not_observed():
    out = bring({"case_id": list("abc"), "state": [2, 20, 2], "t": [1999, 2000, 2003]})
    assert out.data["sum"].isna().all() and out.data["any"].isna().all()
    assert why(out) == ["partly observed", "no row", "partly observed"]
    assert bring({"case_id": ["a"], "state": [2], "t": [2003]}, span=(0, 0)).data[
        "sum"
    ].tolist() == [11]


def test_cases_without_a_year_or_a_unit_and_units_never_seen():
    cases = {"case_id": list("abc"), "state": [2, None, 99], "t": [None, 1999, 1999]}
    out = bring(cases, absent={"deaths": 0, "war": 0})
    assert why(out) == ["no key", "no key", "unit not covered"]
    assert out.data[["sum", "any"]].isna().all().all()
    every = bring(cases, absent={"deaths": 0, "war": 0}, units="all")
    assert why(every) == ["no key", "no key", "filled"]
    assert every.data["sum"].iloc[2] == 0 and every.ledger.entries[-1].filled == 1


def test_a_missing_value_in_a_row_is_the_sources_own_gap():
    other = PANEL.assign(deaths=[5, None, 11, 1])
    out = bring(
        {"case_id": ["a"], "state": [2], "t": [1999]},
        other=other,
        span=(1, 2),
        absent={"deaths": 0},
    )
    assert pd.isna(out.data["sum"].iloc[0]) and out.data["any"].iloc[0]
    assert why(out) == ["met"]


def test_slopes_need_two_years_and_are_those_of_least_squares():
    panel = pd.DataFrame(
        {"state": 2, "year": range(2000, 2004), "v": [1e9 + 1.0, 1e9 + 3.0, 1e9 + 4.0, 1e9 + 8.0]}
    )
    told = {"other": panel, "measures": {"s": ("v", "slope")}, "partial": "observed"}
    cases = {"case_id": list("abc"), "state": [2, 2, 2], "t": [1999, 2000, 2002]}
    found = bring(cases, span=(1, 4), **told).data["s"]
    assert found.iloc[0] == pytest.approx(2.2, abs=1e-6)  # (-1.5*1 - .5*3 + .5*4 + 1.5*8) / 5
    assert found.iloc[1] == pytest.approx(2.5, abs=1e-6)  # (-1*3 + 1*8) / 2
    assert pd.isna(found.iloc[2])


def source(**changed):
    schema = Schema(
        (
            Field("state", "integer"),
            Field("year", "year"),
            Field("deaths", "integer"),
            Field("war", "boolean"),
        )
    )
    plain = Source(
        "battle",
        "battle",
        "1",
        "",
        "",
        "",
        "battle.csv",
        "",
        4,
        schema,
        "state-year",
        ("state", "year"),
        2000,
        2004,
        year="year",
        absent="fewer than 25 deaths",
    )
    return replace(plain, **changed)


def test_an_outcome_table_brings_its_years_units_and_codes():
    cases = {"case_id": list("ab"), "state": [2, 99], "t": [1999, 1999]}
    told = {"years": None, "other_year": None, "absent": {"deaths": 0, "war": 0}}
    out = bring(cases, other=OutcomeTable(PANEL, source()), **told)
    assert out.data["sum"].tolist() == [12, pd.NA] and why(out) == ["met", "unit not covered"]
    assert bring(cases, other=OutcomeTable(PANEL, source(units="all")), **told).data[
        "sum"
    ].tolist() == [12, 0]
    coded = OutcomeTable(PANEL, source(special=(("deaths", 7, "unknown"),)))
    assert pd.isna(bring(cases, other=coded, **told).data["sum"].iloc[0])
    with pytest.raises(JoinError, match="does not say what an absent row means"):
        bring(cases, other=OutcomeTable(PANEL, source(absent="")), **told)
    with pytest.raises(JoinError, match="covers 2000 to 2004 only"):
        bring(cases, other=OutcomeTable(PANEL, source()), **told | {"years": (1990, 2004)})
    assert (
        bring(cases, other=OutcomeTable(PANEL, source()), **told | {"years": (2001, 2004)})
        .data["sum"]
        .isna()
        .all()
    )


CASES = {"case_id": ["a"], "state": [2], "t": [1999]}
BAD = {
    "rows that overlap": (
        {"other": pd.concat([PANEL, PANEL.iloc[[1]]], ignore_index=True)},
        r"2 2001 in rows 1 and 4",
    ),
    "years not written": ({"years": None}, "are not given: years="),
    "years reversed": ({"years": (2004, 2000)}, "in that order"),
    "span reversed": ({"span": (3, 1)}, "a not after b"),
    "span of halves": ({"span": (0.5, 1)}, "two whole numbers"),
    "no span": ({"span": None}, "two whole numbers"),
    "measures as text": ({"measures": "deaths"}, "or no dict"),
    "no such measure": ({"measures": {"x": ("deaths", "median")}}, "must be one of sum"),
    "no such column": ({"measures": {"x": ("death", "sum")}}, "Did you mean 'deaths'"),
    "any of numbers": (
        {"measures": {"x": ("deaths", "any")}},
        r"holds 5, and any, all, count ask of true or false",
    ),
    "absent elsewhere": ({"absent": {"killed": 0}}, "a column of absent"),
    "absent no number": ({"absent": {"deaths": "none"}}, "write a number"),
    "absent of a truth": ({"absent": {"war": 3}}, "ask of true or false"),
    "partial": ({"partial": "some"}, "must be one of missing, certain, observed"),
    "no measures": ({"measures": {}}, "measures is empty"),
    "years as text": (
        {"other": PANEL.assign(year=PANEL["year"].astype(str))},
        "holds text, not years",
    ),
    "years with halves": (
        {"other": PANEL.assign(year=[2000, 2001.5, 2003, 2000])},
        r"row 1: 2001.5",
    ),
    "keys of two types": (
        {"other": PANEL.assign(state=["2", "2", "2", "20"])},
        "number in the cases and text in war",
    ),
    "text values": (
        {"other": PANEL.assign(deaths=list("abcd"))},
        "not numbers; a window cannot measure",
    ),
    "infinite": ({"other": PANEL.assign(deaths=[1, np.inf, 2, 3])}, "infinite"),
    "a column that stands": ({"measures": {"t": ("deaths", "sum")}}, "are in the cases"),
}


@pytest.mark.parametrize(("changed", "match"), BAD.values(), ids=list(BAD))
def test_bad_input_is_refused_in_words(changed, match):
    with pytest.raises(JoinError, match=match):
        bring(CASES, **changed)


def test_cases_with_years_as_floats_and_keys_of_another_name():
    cases = {"case_id": ["a"], "gw": [2.0], "t": [1999.0]}
    assert bring(cases, on={"gw": "state"}, span=(1, 2)).data["sum"].tolist() == [12]
    with pytest.raises(JoinError, match=r"row 0: 1999.25"):
        bring({"case_id": ["a"], "state": [2], "t": [1999.25]})


def test_whole_numbers_that_floats_do_not_hold_are_not_called_whole():
    other = PANEL.assign(deaths=[2**53, 1, 0, 1])
    out = bring(
        CASES,
        other=other,
        span=(1, 2),
        measures={"sum": ("deaths", "sum"), "first": ("deaths", "first")},
    )
    assert out.data["first"].tolist() == [2**53] and out.data["first"].dtype == "Int64"
    assert (
        bring(CASES, other=other.assign(deaths=2**54), span=(1, 2)).data["sum"].dtype == "float64"
    )


def test_no_cases_and_no_rows():
    empty = bring(
        {"case_id": [], "state": pd.Series([], dtype="int64"), "t": pd.Series([], dtype="int64")}
    )
    assert len(empty) == 0 and "sum" in empty.data
    none = bring(CASES, other=PANEL.iloc[:0], absent={"deaths": 0, "war": 0})
    assert why(none) == ["unit not covered"]


def test_a_hundred_thousand_windows_take_less_than_a_second():
    make = np.random.default_rng(5)
    panel = pd.DataFrame(
        {
            "u": np.repeat(range(200), 100),
            "year": np.tile(range(1920, 2020), 200),
            "v": make.integers(0, 9, 20_000),
        }
    )
    cases = pd.DataFrame(
        {
            "case_id": range(100_000),
            "u": make.integers(0, 200, 100_000),
            "t": make.integers(1910, 2020, 100_000),
        }
    )
    start = time.process_time()
    out = join_window(
        cases,
        panel,
        on="u",
        year="t",
        other_year="year",
        span=(1, 10),
        years=(1920, 2019),
        name="panel",
        measures={"sum": ("v", "sum"), "mean": ("v", "mean"), "max": ("v", "max")},
        partial="observed",
    )
    assert time.process_time() - start < 1
    cell = {(u, y): v for u, y, v in panel.itertuples(index=False)}
    for i in range(0, 100_000, 5_000):
        u, t = cases["u"].iloc[i], cases["t"].iloc[i]
        v = [cell[u, y] for y in range(t + 1, t + 11) if (u, y) in cell]
        assert out.data["sum_years_observed"].iloc[i] == len(v)
        assert (out.data["sum"].iloc[i] == sum(v)) if v else pd.isna(out.data["sum"].iloc[i])


@pytest.mark.skipif(not RAW.is_dir(), reason="the raw source files (../shared/raw) are not here")
def test_lasting_peace_of_the_peace_agreements_from_the_raw_conflict_years():
    from peacestudy.outcomes import SOURCES, read_source

    folder = HOUSE / "datasets" / "peace_agreements"
    cases, outcomes = (
        pd.read_csv(folder / f"{n}.csv", dtype={"case_id": str}) for n in ("cases", "outcomes")
    )
    acd = read_source(SOURCES["ucdp_acd_25.1"], RAW)
    # the file says in its codebook that a conflict-year is listed from 25 battle-related deaths on
    meaning = acd.source.absent or "fewer than 25 battle-related deaths"
    table = acd.table.assign(fighting=True, war=acd.table["intensity_level"] == 2)
    acd = replace(acd, table=table, source=replace(acd.source, absent=meaning, year="year"))
    told = {"on": "conflict_id", "year": "t0", "partial": "missing", "absent": {"fighting": False}}
    after = join_window(
        cases[["case_id", "conflict_id", "t0"]],
        acd,
        span=(1, 5),
        measures={"fought": ("fighting", "any")},
        name="ACD",
        **told,
    )
    after = join_window(
        after,
        acd,
        span=(1, 1),
        measures={"at_once": ("fighting", "any")},
        name="ACD, first year",
        **told,
    )
    after = join_window(
        after,
        acd,
        span=(1, 5),
        measures={"war": ("war", "any")},
        name="war",
        **told | {"absent": {"war": False}},
    )
    after = join_window(
        after,
        acd,
        span=(2, 6),
        measures={"later": ("fighting", "any")},
        name="after a year of grace",
        **told,
    )
    both = outcomes.merge(after.data, on="case_id", validate="one_to_one")
    assert len(both) == len(outcomes) > 200
    for column, found in {
        "lasting_peace": "fought",
        "stopped": "at_once",
        "no_war": "war",
        "peace_after_grace": "later",
    }.items():
        published = both[column].astype("boolean")
        assert published.isna().any() and published.notna().sum() > 100
        pd.testing.assert_series_equal(~both[found], published, check_names=False)
