"""What a hostile reader found: numbers that were invented or lost
without a word, and files that were written over.
"""

from dataclasses import replace

import pandas as pd
import pytest

import peacestudy as ps
from peacestudy.errors import JoinError, PeacestudyError, SpecError
from peacestudy.joins import event_windows, join, join_asof, join_window, missing, write
from peacestudy.joins.files import join_parquet
from peacestudy.outcomes import as_outcome, read_file

WORLD = {
    "key": ["s", "y"],
    "unit": "u",
    "year": "y",
    "years": (1990, 1995),
    "states": (("s", "gw"),),
    "absent": "none",
}
PANEL = as_outcome(
    pd.DataFrame({"s": [678, 100], "y": [1991, 1991], "v": [4, 7]}),
    name="panel",
    units="all",
    **WORLD,
)
COW = pd.DataFrame({"case_id": ["Yemen", "Colombia"], "c": [679, 100], "t": [1991, 1991]})


def test_joins_that_translate_nothing_refuse_codes_of_another_system():
    with pytest.raises(JoinError, match=r"are COW codes.*ps\.joins\.to_system"):
        join_window(
            COW,
            PANEL,
            on={"c": "s"},
            year="t",
            span=(0, 0),
            measures={"n": ("v", "sum")},
            name="p",
            partial="missing",
            absent={"v": 0},
        )
    with pytest.raises(JoinError, match=r"are COW codes.*ps\.joins\.to_system"):
        join_asof(
            COW,
            PANEL,
            on={"c": "s"},
            date="t",
            other_date="y",
            tolerance=3,
            direction="backward",
            name="p",
        )
    events = as_outcome(
        pd.DataFrame({"s": [678], "y": [1991], "d": ["1991-05-01"]}),
        name="events",
        units="all",
        **WORLD,
    )
    cases = COW.assign(a="1991-01-01", b="1991-12-31")
    with pytest.raises(JoinError, match=r"are COW codes.*ps\.joins\.to_system"):
        event_windows(
            cases,
            events,
            on={"c": "s"},
            start="a",
            end="b",
            date="d",
            measures={"n": (None, "count")},
            name="e",
            absent=0,
        )


@pytest.mark.parametrize(
    "mine, theirs, how",
    [
        (["TCD", "TCD"], ["TCD", "TCD "], "blanks"),
        (["Mali", "Mali "], ["Mali"], "blanks"),
        (["C\u00f4te", "Co\u0302te"], ["C\u00f4te"], "NFC and NFD"),
        (["007"], ["7"], "leading zeros"),
    ],
)
def test_a_clean_twin_hides_no_dirty_one(mine, theirs, how):
    cases = pd.DataFrame({"case_id": range(len(mine)), "k": mine})
    other = pd.DataFrame({"k": theirs, "v": range(len(theirs))})
    with pytest.raises(JoinError, match=how):
        join(cases, other, on="k", name="o", shape="many_to_one")


def test_ids_that_differ_by_capitals_are_ids():
    cases = pd.DataFrame({"case_id": [1, 2], "k": ["a", "A"]})
    frame = join(cases, pd.DataFrame({"k": ["A"], "v": [1]}), on="k", name="o")
    assert frame.data["v"].isna().tolist() == [True, False]


def test_a_distance_writes_over_no_column():
    other = pd.DataFrame({"s": [2], "w": [1989], "leader_years": [12]})
    with pytest.raises(JoinError, match="which is the name of the distance"):
        join_asof(
            pd.DataFrame({"case_id": [1], "s": [2], "d": [1990]}),
            other,
            on="s",
            date="d",
            other_date="w",
            tolerance=3,
            direction="backward",
            name="leader",
        )
    table = pd.DataFrame({"s": [2, 2], "y": [1990, 1991], "v": [1, 2]})
    with pytest.raises(JoinError, match="m_years_observed has the name"):
        join_window(
            pd.DataFrame({"case_id": [1], "s": [2], "y": [1990]}),
            table,
            on="s",
            year="y",
            span=(0, 1),
            years=(1990, 1991),
            name="w",
            measures={"m": ("v", "sum"), "m_years_observed": ("v", "max")},
            partial="observed",
        )


def test_a_file_in_one_format_takes_no_types_from_another(tmp_path):
    write(pd.DataFrame({"case_id": ["1", "2"], "v": ["007", "010"]}), tmp_path / "a.csv")
    (tmp_path / "a_notes.csv").write_text("my own field notes")
    write(pd.DataFrame({"case_id": [1, 2], "v": [7, 10]}), tmp_path / "a.dta")
    assert read_file(tmp_path / "a.csv").table["v"].tolist() == ["007", "010"]
    assert read_file(tmp_path / "a.dta").table["v"].tolist() == [7, 10]
    assert (tmp_path / "a_notes.csv").read_text() == "my own field notes"


def test_reasons_belong_to_their_rows_or_are_refused():
    cases = pd.DataFrame({"case_id": list("abc"), "s": [2, 20, 70]})
    frame = join(cases, pd.DataFrame({"s": [2], "v": [1]}), on="s", name="o")
    moved = replace(frame, data=frame.data)
    # as sorting in place does
    object.__setattr__(moved, "data", frame.data.sort_values("s", ascending=False))
    with pytest.raises(JoinError, match="no longer belong to its rows"):
        missing(moved)
    for call in (missing, ps.figures.rows):
        with pytest.raises((JoinError, SpecError), match="not a DataFrame"):
            call(cases)


def test_only_what_was_filled_is_called_so():
    panel = as_outcome(
        pd.DataFrame({"s": [2], "y": [1990], "n": [1], "w": ["x"]}),
        name="p",
        **{**WORLD, "states": ()},
        units="all",
    )
    cases = pd.DataFrame({"case_id": ["a"], "s": [20], "y": [1990]})
    frame = join(cases, panel, on=["s", "y"], absent={"n": 0})
    assert frame.data["n"].tolist() == [0]
    assert missing(frame)[["column", "reason"]].values.tolist() == [["w", "no row"]]
    for absent in ({"n": None}, {"n": float("nan")}, {"n": [0]}, {"w": 0}, {"n": "0"}):
        with pytest.raises(JoinError, match="absent"):
            join(cases, panel, on=["s", "y"], absent=absent)
    for lag in (0.5, True, "1"):
        with pytest.raises(JoinError, match="must be a whole number of years"):
            join(cases, panel, on=["s", "y"], lag=lag)
    small = cases.astype({"y": "uint16"})
    assert join(small, panel, on=["s", "y"], lag=-1).joined[0].why.tolist() == [4]


def test_a_join_on_disk_does_not_write_over_what_it_reads(tmp_path):
    pd.DataFrame({"k": [1]}).to_parquet(tmp_path / "l.parquet")
    with pytest.raises(JoinError, match="which the join reads"):
        join_parquet(
            tmp_path / "l.parquet",
            pd.DataFrame({"k": [1], "v": [2]}),
            on="k",
            name="o",
            out=tmp_path / "l.parquet",
        )


def test_slips_are_answered_in_words():
    cases, other = pd.DataFrame({"case_id": [1], "k": [1]}), pd.DataFrame({"k": [1], "n": [2]})
    for options in ({"on": None}, {"on": 5}, {"on": "k", "columns": ["n", "n"]}):
        with pytest.raises(PeacestudyError):
            join(cases, other, name="o", **options)
    assert join(cases, pd.DataFrame({"k": [1], 5: ["x"]}), on="k", name="o").data[5].tolist() == [
        "x"
    ]
