"""Several states a case: every rule against a loop over the
states, and hand cases of each reason.
"""

import math
import re
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peacestudy.core.joined import REASONS
from peacestudy.core.schema import Field, Schema
from peacestudy.errors import JoinError
from peacestudy.joins import join_states
from peacestudy.joins.states.member_values import RULES
from peacestudy.outcomes import OutcomeTable
from peacestudy.outcomes.source import Source

RAW = Path(__file__).resolve().parents[3].parent / "shared" / "raw"
CLOSE = 1e-12  # sums of a handful of small numbers in another order


def by_loop(values, rule, missing, weights):
    """The rule on the values of one case, in plain Python; None for missing."""
    there = [(v, w) for v, w in zip(values, weights, strict=True) if v is not None]
    if not there or (missing == "any_missing" and len(there) < len(values)):
        return None
    seen = [v for v, _ in there]
    if rule == "weighted":
        total = sum(w for _, w in there)
        return sum(v * w for v, w in there) / total if total > 0 else None
    return {
        "any": any,
        "all": all,
        "share": lambda x: sum(map(bool, x)) / len(x),
        "mean": lambda x: sum(x) / len(x),
        "max": max,
        "min": min,
        "sum": sum,
    }[rule](seen)


STATES = [2, 20, 40, 70]
PANEL = st.dictionaries(
    st.tuples(st.sampled_from(STATES), st.sampled_from([1990, 1991])),
    st.tuples(
        st.none() | st.booleans(),
        st.none() | st.integers(-5, 5),
        st.none() | st.sampled_from([0.5, -1.25, 3.0]),
    ),
)
CASES = st.lists(
    st.tuples(
        st.lists(
            st.tuples(st.sampled_from(STATES), st.sampled_from([0.0, 0.25, 0.5, 1.0])),
            max_size=4,
            unique_by=lambda x: x[0],
        ),
        st.none() | st.sampled_from([1990, 1991, 1992]),
    ),
    max_size=6,
)


@settings(max_examples=120, deadline=None)
@given(PANEL, CASES, st.sampled_from(["any_missing", "observed"]), st.booleans())
def test_every_rule_equals_a_loop_over_the_states(panel, rows, missing, as_text):
    other = pd.DataFrame(
        {
            "state": pd.Series([k[0] for k in panel], dtype="int64"),
            "year": pd.Series([k[1] for k in panel], dtype="int64"),
            "truth": pd.Series([v[0] for v in panel.values()], dtype="boolean"),
            "whole": pd.Series([v[1] for v in panel.values()], dtype="Int64"),
            "number": pd.Series([v[2] for v in panel.values()], dtype="float64"),
        }
    )
    cases = pd.DataFrame(
        {
            "case_id": pd.Series([f"c{i}" for i in range(len(rows))], dtype="str"),
            "year": pd.array([r[1] for r in rows], "Int64"),
            "parties": pd.Series(["; ".join(str(s) for s, _ in r[0]) for r in rows], dtype="str"),
        }
    )
    long = pd.DataFrame(
        [(f"c{i}", s, w) for i, r in enumerate(rows) for s, w in r[0]],
        columns=["case_id", "state", "share"],
    )
    long = long.astype({"case_id": "str", "state": "int64", "share": "float64"})
    measures = {
        f"{c}_{rule}": (c, rule)
        for rule in RULES
        for c in ("truth", "whole", "number")
        if (rule in ("any", "all", "share")) == (c == "truth")
        and not (as_text and rule == "weighted")
    }
    frame = join_states(
        cases,
        other,
        states="parties" if as_text else long,
        year="year",
        measures=measures,
        missing=missing,
        name="panel",
        weight=None if as_text else "share",
    )
    place = {"truth": 0, "whole": 1, "number": 2}
    for i, (members, year) in enumerate(rows):
        met = [(s, year) in panel for s, _ in members]
        for new, (column, rule) in measures.items():
            values = [
                panel[s, year][place[column]] if (s, year) in panel else None for s, _ in members
            ]
            expected = by_loop(values, rule, missing, [w for _, w in members])
            found = frame.data[new].iloc[i]
            assert (
                pd.isna(found) if expected is None else math.isclose(found, expected, abs_tol=CLOSE)
            ), (new, i)
            if missing == "observed":
                assert frame.data[f"{new}_states"].iloc[i] == sum(v is not None for v in values)
        why = REASONS[frame.joined[0].why[i]]
        assert why == (
            "no key"
            if not members or year is None
            else "met"
            if all(met)
            else "partly observed"
            if any(met)
            else "no row"
        )
    (entry,) = frame.ledger.entries
    assert entry.balanced()
    meets = [(s, r[1]) for r in rows for s, _ in r[0] if (s, r[1]) in panel]
    assert entry.other_unmatched == len(panel) - len(set(meets))
    assert entry.duplicated == sum(meets.count(p) > 1 for p in set(meets))


def test_types_say_what_a_value_is():
    other = pd.DataFrame(
        {"state": [2, 20], "year": 1990, "war": [1, 0], "n": [3, 4], "x": [0.5, 1.5]}
    )
    cases = pd.DataFrame({"case_id": ["a", "b"], "p": ["2,20", None], "year": 1990})
    measures = {"any": ("war", "any"), "n": ("n", "sum"), "x": ("x", "max"), "m": ("n", "mean")}
    data = join_states(
        cases, other, states="p", year="year", measures=measures, missing="any_missing", name="o"
    ).data
    assert data[list(measures)].dtypes.astype(str).tolist() == [
        "boolean",
        "Int64",
        "float64",
        "float64",
    ]
    assert data[list(measures)].iloc[0].tolist() == [True, 7, 1.5, 3.5]
    assert data[list(measures)].iloc[1].isna().all()


def source(**changes):
    facts = {
        "id": "brd",
        "name": "Deaths",
        "version": "1",
        "citation": "c",
        "landing_page": "l",
        "licence": "MIT",
        "file": "f.csv",
        "sha256": "0",
        "rows": 1,
        "schema": Schema((Field("gwno", "integer"),)),
        "unit": "country-year",
        "key": ("gwno", "year"),
        "first_year": 1989,
        "last_year": 2020,
        "units": "listed",
        "absent": "fewer than 25 deaths",
        "year": "year",
        "states": (("gwno", "gw"),),
        "special": (("deaths", -9, "not coded"),),
    }
    return Source(**(facts | changes))


DEATHS = pd.DataFrame({"gwno": [2, 20, 40], "year": [1990, 1990, 1991], "deaths": [100, -9, 50]})
WANTED = {
    "states": "p",
    "year": "year",
    "measures": {"deaths": ("deaths", "sum")},
    "name": "deaths",
}


def test_coverage_is_not_zero_and_codes_are_no_values():
    cases = pd.DataFrame(
        {
            "case_id": list("abcdefg"),
            "p": ["2; 40", "2; 70", "40; 70", "2; 40", "2; 20", "40", "70"],
            "year": [1990, 1990, 1990, 1980, 1990, 1990, 1990],
        }
    )
    table = OutcomeTable(DEATHS, source())
    frame = join_states(cases, table, **WANTED, missing="any_missing", absent={"deaths": 0})
    #            100 + 0, 70 not listed, 0 and not listed, before, code, 0, not listed
    assert frame.data["deaths"].astype(object).where(
        frame.data["deaths"].notna(), None
    ).tolist() == [
        100,
        None,
        None,
        None,
        None,
        0,
        None,
    ]
    assert [REASONS[i] for i in frame.joined[0].why] == [
        "met",
        "partly observed",
        "filled",
        "outside the years",
        "met",
        "filled",
        "unit not covered",
    ]
    assert frame.ledger.entries[0].filled == 2
    assert frame.joined[0].source == "brd"
    bare = join_states(cases, table, **WANTED, missing="observed").data
    assert bare["deaths"].astype(object).where(bare["deaths"].notna(), None).tolist() == [
        100,
        100,
        None,
        None,
        100,
        None,
        None,
    ]
    assert bare["deaths_states"].tolist() == [1, 1, 0, 0, 1, 0, 0]


def test_a_source_of_all_units_covers_those_without_a_row():
    cases = pd.DataFrame({"case_id": ["a"], "p": ["2; 70"], "year": [1990]})
    frame = join_states(
        cases,
        OutcomeTable(DEATHS, source(units="all")),
        **WANTED,
        missing="any_missing",
        absent={"deaths": 0.5},
    )
    assert frame.data["deaths"].tolist() == [100.5]


def test_a_value_for_absent_rows_needs_a_source_that_says_what_they_mean():
    cases = pd.DataFrame({"case_id": ["a"], "p": ["2; 70"], "year": [1990]})
    for other in (
        DEATHS.rename(columns={"gwno": "state"}),
        OutcomeTable(DEATHS, source(absent="")),
    ):
        with pytest.raises(JoinError, match="does not say what an absent row means"):
            join_states(cases, other, **WANTED, missing="any_missing", absent={"deaths": 0})


def test_weights_that_do_not_sum_to_one_are_told_and_divided_by_their_sum():
    long = pd.DataFrame({"case_id": ["a", "a", "b"], "state": [2, 20, 2], "w": [1.0, 3.0, 1.0]})
    cases = pd.DataFrame({"case_id": ["b", "a"], "year": 1990})
    other = pd.DataFrame({"state": [2, 20], "year": 1990, "x": [10.0, 20.0]})
    frame = join_states(
        cases,
        other,
        states=long,
        year="year",
        measures={"x": ("x", "weighted")},
        missing="any_missing",
        weight="w",
        name="o",
    )
    assert frame.data["x"].tolist() == [10.0, 17.5]
    assert (
        str(frame.notes[0])
        == "weights in w do not sum to 1 in 1 of 2 rows with states (from 1 to 4); they are divided"
        " by their sum."
    )


def test_codes_of_another_system_than_the_source_s_are_refused():
    cases = pd.DataFrame({"case_id": ["a"], "p": ["255; 679"], "year": [2010]})
    with pytest.raises(
        JoinError, match=r"100 % of its 2 codes on their dates are COW codes.*ps\.joins\.to_system"
    ):
        join_states(cases, OutcomeTable(DEATHS, source()), **WANTED, missing="any_missing")


def test_texts_and_numbers_meet_only_where_a_text_is_a_number():
    other = pd.DataFrame({"state": ["USA", "CAN"], "year": 1990, "x": [1, 2]})
    cases = pd.DataFrame({"case_id": ["a"], "p": [" USA ;CAN;"], "year": [1990]})
    wanted = {
        "states": "p",
        "year": "year",
        "measures": {"x": ("x", "sum")},
        "name": "o",
        "missing": "any_missing",
    }
    assert join_states(cases, other, **wanted).data["x"].tolist() == [3]
    with pytest.raises(
        JoinError, match="'p' holds 'USA', and the states of the other table are numbers"
    ):
        join_states(cases, other.assign(state=[2, 20]), **wanted)
    assert join_states(cases.assign(p=2), other.assign(state=[2, 20]), **wanted).data[
        "x"
    ].tolist() == [1]


OTHER = pd.DataFrame({"state": [2, 20], "year": 1990, "x": [1, 2], "word": ["a", "b"]})
LONG = pd.DataFrame({"case_id": ["a", "a"], "state": [2, 20], "w": [0.5, 0.5]})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"states": "q"}, "states is 'q'"),
        ({"year": "yeer"}, "year is 'yeer'.*Did you mean 'year'"),
        ({"measures": {}}, "measures is empty"),
        ({"measures": {"y": ("z", "sum")}}, "a column of measures is 'z'"),
        ({"measures": {"y": ("x", "median")}}, "rule is 'median'.*must be one of any, all"),
        (
            {"measures": {"y": ("x", "any")}},
            r"needs true or false \(1 or 0\); the column 'x' holds 2",
        ),
        ({"measures": {"y": ("word", "max")}}, "needs numbers; the column 'word' holds 'a'"),
        (
            {"measures": {"y": ("x", "sum"), "y_states": ("x", "max")}},
            "'y_states' is the name of the count",
        ),
        (
            {"measures": {"y": ("x", "weighted")}},
            "needs a long table of states with a column of weights",
        ),
        ({"missing": "ignore"}, "missing is 'ignore'"),
        ({"weight": "w"}, "no measure has the rule"),
        ({"absent": {"z": 0}}, "a column of absent is 'z'"),
        ({"other_state": "gwno"}, "o has no column 'gwno'"),
        (
            {"cases": pd.DataFrame({"case_id": ["a"], "p": ["2, 20, 2"], "year": [1990]})},
            "names the state 2 twice",
        ),
        (
            {"cases": pd.DataFrame({"case_id": ["a"], "p": ["2"], "year": ["1990"]})},
            "'year' is text in the cases and number in o",
        ),
        (
            {"other": pd.concat([OTHER, OTHER.assign(x=5)])},
            "several rows for 2 state \\+ year.*2 1990 in x \\(1 against 5\\)",
        ),
        ({"states": LONG.assign(case_id="b")}, "names 1 case\\(s\\) that do not exist"),
        ({"states": LONG.assign(state=[2, None])}, "no state in 1 row"),
        (
            {
                "states": LONG.assign(w=[0.5, -1]),
                "weight": "w",
                "measures": {"y": ("x", "weighted")},
            },
            "1 weight\\(s\\) in 'w' are missing",
        ),
        ({"states": LONG.drop(columns="state")}, "the states in the table of states is 'state'"),
    ],
)
def test_wrong_calls_say_what_is_wrong(change, message):
    call = {
        "cases": pd.DataFrame({"case_id": ["a"], "p": ["2, 20"], "year": [1990]}),
        "other": OTHER,
        "states": "p",
        "year": "year",
        "measures": {"y": ("x", "sum")},
        "missing": "any_missing",
        "name": "o",
    } | change
    with pytest.raises(JoinError, match=message):
        join_states(call.pop("cases"), call.pop("other"), **call)


def test_democracy_of_the_states_on_whose_ground_conflicts_are_fought():
    """UCDP/PRIO's gwno_loc names several states for 60 years of interstate conflict; V-Dem's
    polyarchy of GW country-years.
    """
    if not (RAW / "ucdp_prio_acd_251.csv").exists():
        pytest.skip(
            "ucdp_prio_acd_251.csv is not in ../shared/raw; the sources are not part of the"
            " repository"
        )
    acd = pd.read_csv(
        RAW / "ucdp_prio_acd_251.csv",
        dtype={"gwno_loc": str},
        usecols=["conflict_id", "year", "gwno_loc"],
    )
    acd = acd.assign(case_id=acd.conflict_id.astype(str) + "-" + acd.year.astype(str))
    vdem = pd.read_csv(RAW / "gw_democracy.csv", usecols=["gwcode", "year", "v2x_polyarchy"])
    measures = {"lowest": ("v2x_polyarchy", "min"), "mean": ("v2x_polyarchy", "mean")}
    frame = join_states(
        acd,
        vdem,
        states="gwno_loc",
        year="year",
        other_state="gwcode",
        measures=measures,
        missing="observed",
        name="vdem",
    )
    value = {
        (int(r.gwcode), int(r.year)): r.v2x_polyarchy
        for r in vdem.itertuples()
        if pd.notna(r.v2x_polyarchy)
    }
    assert (acd.gwno_loc.str.contains(",")).sum() > 100
    for row in frame.data.itertuples():
        seen = [
            value[int(s), row.year]
            for s in re.findall("[0-9]+", row.gwno_loc)
            if (int(s), row.year) in value
        ]
        assert row.lowest_states == len(seen)
        assert (
            math.isclose(row.mean, sum(seen) / len(seen), abs_tol=CLOSE)
            if seen
            else math.isnan(row.mean)
        )
        assert row.lowest == min(seen) if seen else math.isnan(row.lowest)
    india_pakistan = frame.data[
        (frame.data.gwno_loc == "750, 770") & (frame.data.year == 1971)
    ].iloc[0]
    assert india_pakistan.lowest == value[770, 1971]
    assert india_pakistan.lowest_states == 2
