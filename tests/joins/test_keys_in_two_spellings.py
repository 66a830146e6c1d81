"""Keys that differ only in spelling, type, zone or rounding: every
verb that matches them refuses or reports.
"""

import numpy as np
import pandas as pd
import pytest

import peacestudy as ps
from peacestudy.coding.reliability.agreement_table import as_sheet
from peacestudy.core.codebook import Code, Codebook, Indicator, Pillar, Scale
from peacestudy.errors import JoinError, SourceError
from peacestudy.joins import (
    event_windows,
    event_years,
    from_directions,
    join,
    join_asof,
    join_states,
    join_window,
    lagged,
    spells,
    state_codes,
    to_system,
)
from peacestudy.joins.states import dyad_key
from peacestudy.outcomes import as_outcome

PAIRS = [
    ("Mali", "Mali\u00a0"),
    ("C\u00f4te d'Ivoire", "Co\u0302te d'Ivoire"),
    ("S\u00e3o Tom\u00e9", "Sao Tome"),
    ("TCD", "tcd"),
    ("d'Or", "d\u2019Or"),
    ("A-1", "A\u20131"),
]


def verbs(mine, theirs):
    """Each verb that matches a unit of the cases with one of another table, as a call."""
    cases = pd.DataFrame(
        {
            "case_id": ["x", "y"],
            "unit": [mine, "Niger"],
            "year": [2000, 2000],
            "a": "2000-01-01",
            "b": "2000-12-31",
        }
    )
    panel = pd.DataFrame({"unit": [theirs, "Niger"], "year": [2000, 2000], "v": [1, 2]})
    events = panel.assign(date="2000-05-01")
    pair = cases.assign(other="Z")
    members = pd.DataFrame({"case_id": ["x", "y"], "state": [mine, "Niger"]})
    common = {"name": "o", "partial": "missing", "years": (1990, 2010)}
    return {
        "join": lambda: join(cases, panel, on=["unit", "year"], name="o"),
        "join an outcome table": lambda: join(
            cases,
            as_outcome(
                panel,
                name="o",
                key=("unit", "year"),
                unit="unit-year",
                year="year",
                years=(1990, 2010),
            ),
            on=["unit", "year"],
        ),
        "asof": lambda: join_asof(
            cases,
            panel,
            on="unit",
            date="year",
            other_date="year",
            tolerance=1,
            direction="nearest",
            name="o",
            columns=["v"],
        ),
        "window": lambda: join_window(
            cases,
            panel,
            on="unit",
            year="year",
            span=(0, 1),
            measures={"n": ("v", "sum")},
            **common,
        ),
        "event_windows": lambda: event_windows(
            cases,
            events,
            on="unit",
            start="a",
            end="b",
            date="date",
            measures={"n": (None, "count")},
            name="o",
        ),
        "event_years": lambda: event_years(
            events,
            by="unit",
            date="date",
            measures={"n": (None, "count")},
            name="o",
            absent=0,
            years=(2000, 2001),
            units=cases[["unit"]],
        ),
        "several, from a table": lambda: join_states(
            cases,
            panel,
            states=members,
            year="year",
            measures={"n": ("v", "sum")},
            missing="observed",
            name="o",
            other_state="unit",
        ),
        "several, from text": lambda: join_states(
            cases.assign(unit=cases["unit"].str.strip()),
            panel,
            states="unit",
            year="year",
            measures={"n": ("v", "sum")},
            missing="observed",
            name="o",
            other_state="unit",
        ),
        "from_directions": lambda: from_directions(
            pair,
            panel.assign(to="Z"),
            states=("unit", "other"),
            year="year",
            measures={"n": ("v", "a_to_b")},
            missing="observed",
            name="o",
            other_states=("unit", "to"),
        ),
    }


@pytest.mark.parametrize("mine, theirs", PAIRS)
@pytest.mark.parametrize("verb", verbs("a", "b"))
def test_no_verb_loses_a_row_to_a_spelling(verb, mine, theirs):
    with pytest.raises(JoinError, match="only by"):
        verbs(mine, theirs)[verb]()
    verbs(mine, mine)[verb]()


@pytest.mark.parametrize("mine, theirs", PAIRS)
def test_one_unit_of_a_panel_in_two_spellings_is_refused(mine, theirs):
    panel = pd.DataFrame(
        {
            "row": range(4),
            "unit": [mine, theirs, mine, "Niger"],
            "year": [2000, 2001, 2002, 2000],
            "on": True,
        }
    )
    with pytest.raises(JoinError, match="written in two ways"):
        lagged(panel, "on", by="unit", year="year", lags=1, key="row")
    with pytest.raises(JoinError, match="written in two ways"):
        spells(panel, by="unit", year="year", active="on", gap=0, years=(1999, 2003))
    both = pd.concat(
        [
            panel,
            panel.assign(
                row=panel["row"] + 4, unit=panel["unit"].replace({mine: theirs, theirs: mine})
            ),
        ]
    )
    frame = lagged(
        both.drop_duplicates(["unit", "year"]), "on", by="unit", year="year", lags=1, key="row"
    )
    assert [note.kind for note in frame.notes] == ["similar_keys"]


@pytest.mark.parametrize("mine, theirs", PAIRS)
def test_a_pair_of_states_has_one_id(mine, theirs):
    with pytest.raises(JoinError, match="only by"):
        dyad_key(pd.Series([mine, "Niger"]), pd.Series(["Niger", theirs]), directed=False)


def test_keys_of_one_table_that_are_alike_are_reported():
    cases = pd.DataFrame({"case_id": ["A-1", "a-1"], "v": [1, 2]})
    frame = join(
        cases, pd.DataFrame({"case_id": ["A-1", "a-1"], "w": [3, 4]}), on="case_id", name="o"
    )
    assert frame.data["w"].tolist() == [3, 4]
    assert [note.kind for note in frame.notes] == ["similar_keys"]
    table = as_outcome(
        cases.assign(case_id=["x", "x\u00a0"]), name="mine", key="case_id", unit="case"
    )
    assert "differ from another one only by blanks ('x' and 'x\\xa0')" in str(table.notes[0])


@pytest.mark.parametrize(
    "other, said",
    [
        (pd.to_datetime(["2001-01-01", "2001-01-02"]).tz_localize("UTC"), "time zone"),
        (pd.to_datetime(["2001-01-01 13:00", "2001-01-02 09:00"]), "times of day"),
        (pd.PeriodIndex(["2001-01", "2001-02"], freq="M"), "datetime in the cases and period"),
    ],
)
def test_dates_of_two_kinds_are_refused(other, said):
    cases = pd.DataFrame({"case_id": list("ab"), "d": pd.to_datetime(["2001-01-01", "2001-01-02"])})
    with pytest.raises(JoinError, match=said):
        join(cases, pd.DataFrame({"d": other, "v": [1, 2]}), on="d", name="o")


def test_floats_as_keys_meet_whole_numbers_and_are_refused_where_they_were_rounded():
    cases = pd.DataFrame({"case_id": list("ab"), "k": [1.0, 2.0]})
    table = pd.DataFrame({"k": [1, 2], "v": [7, 8]})
    assert join(cases, table, on="k", name="o").data["v"].tolist() == [7, 8]
    with pytest.raises(JoinError, match="only by rounding"):
        join(cases.assign(k=[1.0, 2.0000001]), table, on="k", name="o")
    frame = join(cases.assign(k=[0.5, 0.25]), table.assign(k=[0.5, 0.75]), on="k", name="o")
    assert frame.data["v"].tolist() == [7, pd.NA]
    assert [note.kind for note in frame.notes] == ["float_keys"]


def test_unused_categories_do_not_matter():
    kind = pd.CategoricalDtype(["zz", "b", "a"])
    cases = pd.DataFrame({"case_id": [1, 2], "k": pd.Series(["a", "b"], dtype=kind)})
    table = pd.DataFrame({"k": ["b", "a"], "v": [1, 2]})
    assert join(cases, table, on="k", name="o").data["v"].tolist() == [2, 1]
    assert join(cases, table.astype({"k": "category"}), on="k", name="o").data["v"].tolist() == [
        2,
        1,
    ]


@pytest.mark.parametrize(
    "mine, theirs, said",
    [
        ([1, 2], [100, 101], "1 to 2.*100 to 101"),
        (["Kenia", "Malli"], ["Kenya", "Mali"], "nearest spellings: 'Kenia' and 'Kenya'"),
        ([260, 340, 678], ["DEU", "SRB", "YEM"], None),
        (["DEU", "SRB", "YEM"], ["GMY", "YUG1", "YAR"], "None of the 3 value"),
    ],
)
def test_a_join_in_which_nothing_meets_says_why(mine, theirs, said):
    cases, table = (
        pd.DataFrame({"case_id": range(len(mine)), "k": mine}),
        pd.DataFrame({"k": theirs, "v": range(len(theirs))}),
    )
    if said is None:
        with pytest.raises(JoinError, match="number in the cases and text"):
            join(cases, table, on="k", name="o")
        return
    (note,) = join(cases, table, on="k", name="o").notes
    assert note.kind == "nothing_met"
    assert pd.Series([str(note)]).str.contains(said).item(), str(note)


def test_a_join_in_which_nothing_meets_names_two_systems_of_states():
    cases = pd.DataFrame({"case_id": range(4), "k": ["260", "255", "345", "679"]})
    cases["k"] = [70, 20, 2, 40]
    table = pd.DataFrame({"k": [3, 66, 155, 26, 114], "v": 1})
    (note,) = join(cases, table, on="k", name="o").notes
    assert "look like state codes of cow or gw, o like codes of vdem" in str(note)


def test_years_that_never_stand_with_the_unit_are_told_apart_from_units_that_do_not():
    cases = pd.DataFrame({"case_id": [1, 2], "k": [1, 2], "year": [2000, 2001]})
    table = pd.DataFrame({"k": [1, 2], "year": [2001, 2000], "v": 1})
    (note,) = join(cases, table, on=["k", "year"], name="o").notes
    assert "'k' and of 'year' occur in both tables, but never together in one row" in str(note)


def test_names_given_as_codes_of_states_are_refused_at_once():
    names = pd.DataFrame({"case_id": range(3), "state": ["Mali", "Niger", "Chad"], "year": 2000})
    panel = pd.DataFrame({"state": [432, 436, 483], "year": 2000, "v": [1, 2, 3]})
    common = {
        "name": "p",
        "key": ("state", "year"),
        "unit": "country-year",
        "year": "year",
        "years": (1990, 2010),
    }
    table = as_outcome(panel, states=(("state", "gw"),), **common)
    with pytest.raises(JoinError, match="'Mali' is the name of GW 432"):
        join(names, table, on=["state", "year"], states="gw")
    with pytest.raises(JoinError, match="are names of states"):
        to_system(names, "state", date="year", source="gw", target="cow", into="c")
    with pytest.raises(SourceError, match="3 of its 3 values are names of states"):
        as_outcome(panel.assign(state=names["state"]), states=(("state", "gw"),), **common)
    codes = state_codes(names["state"], "gw", names["year"])
    frame = join(names.assign(state=codes["code"]), table, on=["state", "year"], states="gw")
    assert frame.data["v"].tolist() == [1, 2, 3]


def test_case_ids_are_compared_for_gold_and_coders_and_data():
    """A known code of a case that data writes in another way is refused, not left out."""
    rng = np.random.default_rng(1)
    codes = (Code(0, "absent", "No."), Code(1, "present", "Yes."))
    indicator = Indicator(
        "talks",
        "Talks",
        "q?",
        "t",
        "p",
        "r",
        "political",
        "promise",
        1,
        level="nominal",
        codes=codes,
    )
    pillars = (Pillar("p", "P", "t", "h", "s", indicators=(indicator,)),)
    book = Codebook("small", "Small", "1.0", "share", {}, (Scale("p", "nominal", codes),), pillars)
    ids = [f"c{n}" for n in range(30)]
    rows = [
        (case, indicator.id, coder, int(rng.integers(2)))
        for case in ids
        for coder in ("ann", "ben", "cem")
    ]
    table = pd.DataFrame(rows, columns=["case_id", "indicator_id", "coder", "code"])
    sheet = as_sheet(table, book)
    data = pd.DataFrame({"case_id": ids, "y": rng.normal(size=30)})
    then = ps.ModelSpec("m", f"y ~ {indicator.id}", "linear", vcov="classical")
    gold = pd.DataFrame({"case_id": ["c1", "C2"], "indicator_id": indicator.id, "code": 1})
    with pytest.raises(ps.PeacestudyError, match="between data and gold only by capitals"):
        ps.propagate(sheet, data, then, gold=gold, draws=4, seed=1)
    with pytest.raises(ps.PeacestudyError, match="between data and the sheet only by blanks"):
        ps.propagate(sheet, data.assign(case_id=["c0 ", *ids[1:]]), then, draws=4, seed=1)


def test_two_spellings_in_two_parts_of_a_file_are_refused(tmp_path):
    pytest.importorskip("duckdb")
    ids = [f"c{n}" for n in range(20)]
    pd.DataFrame({"unit": ids}).to_parquet(tmp_path / "cases.parquet")
    other = pd.DataFrame({"unit": ["C19", *ids[:-1]], "v": range(20)})
    other.to_parquet(tmp_path / "other.parquet")
    for right in (other, tmp_path / "other.parquet"):
        with pytest.raises(JoinError, match="only by capitals"):
            ps.joins.files.join_parquet(
                tmp_path / "cases.parquet",
                right,
                on="unit",
                name="o",
                out=tmp_path / "out.parquet",
                parts=4,
            )
