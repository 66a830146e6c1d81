"""The StudyFrame: it keeps its own copy, knows every row that
left, and refuses a mask of other rows.
"""

import re
from dataclasses import FrozenInstanceError

import numpy as np
import pandas as pd
import pytest

from peacestudy.core.frame import StudyFrame
from peacestudy.core.ledger import Entry, Ledger
from peacestudy.errors import JoinError


@pytest.fixture
def table():
    return pd.DataFrame(
        {"case_id": list("abcd"), "x": [1, 2, 3, 4], "label": ["p", "q", "r", "s"]},
        index=[9, 7, 5, 3],
    )


@pytest.fixture
def frame(table):
    return StudyFrame(table, "treaty", "case_id")


def test_it_keeps_its_own_copy_with_rows_numbered_from_zero(table, frame):
    table.loc[9, "x"] = 100
    table["new"] = 0
    assert frame.data["x"].tolist() == [1, 2, 3, 4]
    assert list(frame.data.index) == [0, 1, 2, 3]
    assert "new" not in frame.data


def test_what_is_done_to_a_kept_part_does_not_reach_the_whole(frame):
    part = frame.keep(frame.data["x"] > 2, "s", "r")
    part.data["x"] = -1
    assert frame.data["x"].tolist() == [1, 2, 3, 4]


def test_it_cannot_be_changed(frame):
    with pytest.raises(FrozenInstanceError):
        frame.unit = "other"


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        (["a", "a", "b"], "missing in 0 row(s) and appears twice for a."),
        (["a", None, "b"], "missing in 1 row(s)."),
        ([1, 1, 2], "appears twice for 1."),
        ([None, None, "a", "a"], "missing in 2 row(s) and appears twice for a."),
        ([float("nan"), 1.0], "missing in 1 row(s)."),
    ],
)
def test_a_key_that_is_missing_or_stands_twice_is_refused(ids, said):
    with pytest.raises(JoinError, match=re.escape(said)):
        StudyFrame(pd.DataFrame({"id": ids}), "case", "id")


def test_a_key_that_is_no_column_is_refused_with_the_nearest(table):
    with pytest.raises(JoinError, match="Did you mean 'case_id'"):
        StudyFrame(table, "treaty", "caseid")


@pytest.mark.parametrize("names", [["case_id", "case_id"], ["case_id", "x", "x"]])
def test_two_columns_of_one_name_are_refused(names):
    with pytest.raises(
        JoinError, match=rf"the table has the column\(s\) '{names[-1]}' more than once"
    ):
        StudyFrame(pd.DataFrame([range(len(names))], columns=names), "treaty", "case_id")


def test_rows_that_leave_are_named_with_step_and_reason_and_counted(frame):
    kept = frame.keep(frame.data["x"] > 2, "x above 2", "x is 2 or less")
    assert kept.data["case_id"].tolist() == ["c", "d"]
    assert list(kept.data.index) == [0, 1]
    assert kept.excluded.values.tolist() == [
        ["a", "x above 2", "x is 2 or less"],
        ["b", "x above 2", "x is 2 or less"],
    ]
    assert kept.ledger.entries == (
        Entry("x above 2", "keep", "treaty", 4, 2, left_out=2, why="x is 2 or less"),
    )
    assert len(frame) == 4 and len(frame.excluded) == 0


def test_steps_add_up(frame):
    once = frame.keep(frame.data["x"] > 1, "one", "r1")
    twice = once.keep(once.data["x"] > 2, "two", "r2")
    assert twice.excluded[["case", "step"]].values.tolist() == [["a", "one"], ["b", "two"]]
    assert [(e.rows_in, e.rows_out) for e in twice.ledger.entries] == [(4, 3), (3, 2)]
    assert len(twice) + len(twice.excluded) == len(frame)


@pytest.mark.parametrize(
    "values",
    [
        pd.array([True, None, False, None], "boolean"),
        pd.array([1, None, 0, None], "Int64"),
        np.array([1.0, np.nan, 0.0, np.nan]),
        np.array([True, None, False, np.nan], dtype=object),
    ],
    ids=["boolean", "Int64", "float", "object"],
)
def test_missing_counts_as_false(frame, values):
    assert frame.keep(pd.Series(values), "s", "r").data["case_id"].tolist() == ["a"]


@pytest.mark.parametrize("length", [0, 3, 5])
def test_a_mask_of_another_length_is_refused(frame, length):
    with pytest.raises(JoinError, match=f"the mask has {length} values for 4 rows"):
        frame.keep(pd.Series([True] * length), "s", "r")


def test_a_mask_of_other_rows_or_in_another_order_is_refused(table, frame):
    for mask in (table["x"] > 2, frame.data.sort_values("x", ascending=False)["x"] > 2):
        with pytest.raises(JoinError, match=r"Build it from frame\.data"):
            frame.keep(mask, "s", "r")


@pytest.mark.parametrize("column", ["label", "x"])
def test_a_mask_that_is_no_yes_or_no_is_refused(frame, column):
    with pytest.raises(JoinError, match="must hold true, false or missing"):
        frame.keep(frame.data[column], "s", "r")


def test_nothing_may_be_left_and_everything_may(frame):
    none = frame.keep(frame.data["x"] > 9, "s", "r")
    assert (len(none), len(none.excluded), list(none.data.columns)) == (
        0,
        4,
        list(frame.data.columns),
    )
    assert len(frame.keep(frame.data["x"] > 0, "s", "r")) == 4


def test_types_of_columns_are_kept(table):
    typed = table.assign(
        i=pd.array([1, None, 3, 4], "Int64"),
        d=pd.to_datetime("2020-01-01"),
        b=pd.array([True, None, False, True], "boolean"),
    )
    frame = StudyFrame(typed, "treaty", "case_id")
    kept = frame.keep(frame.data["x"] < 3, "s", "r")
    assert kept.data.dtypes.to_dict() == typed.dtypes.to_dict()


def test_a_frame_that_does_not_follow_its_ledger_is_found(table):
    history = Ledger((Entry("attempts", "gather", "treaty", 10, 6),))
    frame = StudyFrame(table, "treaty", "case_id", history)
    with pytest.raises(JoinError, match="6 rows come out of 'attempts', and 4 go into 's'"):
        frame.keep(frame.data["x"] > 1, "s", "r")


def test_it_shows_itself_escaped_and_not_in_full():
    data = pd.DataFrame({"case_id": [f"<b>{i}" for i in range(50)]})
    shown = StudyFrame(data, "<i>treaty</i>", "case_id")._repr_html_()
    assert "<b>0" not in shown and "&lt;b&gt;0" in shown
    assert "40 more rows" in shown
    assert "&lt;i&gt;treaty" in shown


class TestWithColumns:
    """Columns that the user adds: by id, never by position; in the ledger; ids stay."""

    def test_a_series_or_dict_is_aligned_by_id(self, frame):
        by_id = pd.Series([40.0, 10.0, 30.0, 20.0], index=list("dacb"))
        for given in (by_id, by_id.to_dict(), by_id.rename_axis("case_id")):
            assert frame.with_columns(z=given).data["z"].tolist() == [10, 20, 30, 40]

    def test_ids_that_are_numbers_are_no_positions(self):
        frame = StudyFrame(pd.DataFrame({"case_id": [3, 1, 2, 0]}), "case", "case_id")
        assert frame.with_columns(z=pd.Series(list("pqrs"))).data["z"].tolist() == list("sqrp")
        shifted = StudyFrame(pd.DataFrame({"case_id": [1, 2, 3, 4]}), "case", "case_id")
        for given in (pd.Series(list("pqrs")), pd.Series(list("pqrs")).iloc[1:]):
            with pytest.raises(JoinError, match="not taken by position"):
                shifted.with_columns(z=given)
        longer = pd.Series(range(5))  # every id of the frame is among its positions
        with pytest.raises(JoinError, match="not taken by position"):
            shifted.with_columns(z=longer)
        named = pd.Series([9.0, 8.0], index=pd.Index([2, 7], name="case_id"))
        assert shifted.with_columns(z=named).data["z"].tolist()[1] == 9.0

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            (pd.Series([1, 2, 3, 4]), "not taken by position"),
            (pd.Series([1, 2], index=["a", "a"]), "has a more than once"),
            (pd.Series([1, 2], index=["a", None]), "a missing id"),
            (pd.Series([1, 2], index=["y", "z"]), "the Series has 'y', the frame 'a'"),
            (pd.Series([1], index=pd.MultiIndex.from_tuples([("a", 1)])), "2 levels"),
            ({}, "the Series is empty"),
            ([1, 2, 3], "3 values for 4 rows"),
            (np.zeros((4, 2)), "not one column"),
            (pd.DataFrame({"z": [1, 2, 3, 4]}), "not one column"),
            ({1, 2, 3, 4}, "not one column"),
            ((i for i in range(4)), "given a generator, which is not one column"),
        ],
    )
    def test_what_does_not_fit_the_rows_is_refused(self, frame, given, said):
        with pytest.raises(JoinError, match=re.escape(said)):
            frame.with_columns(z=given)

    def test_text_and_numbers_that_look_alike_are_named(self):
        frame = StudyFrame(pd.DataFrame({"case_id": ["10", "11"]}), "case", "case_id")
        with pytest.raises(JoinError, match="one side has numbers and the other text"):
            frame.with_columns(z=pd.Series([1, 2], index=pd.Index([10, 11], name="case_id")))

    def test_a_function_reads_the_data_and_the_columns_made_before_it(self, frame):
        more = frame.with_columns(z=lambda data: data["x"] * 2, w=lambda data: data.z + data.x)
        assert more.data["w"].tolist() == [3, 6, 9, 12]
        assert [(d.name, d.sources) for d in more.derived] == [("z", ("x",)), ("w", ("x", "z"))]
        mixed = frame.with_columns(z=lambda data: data.sort_values("x", ascending=False)["x"])
        assert mixed.data["z"].tolist() == [1, 2, 3, 4]
        by_id = frame.with_columns(z=lambda data: data.set_index("case_id")["x"][::-1])
        assert by_id.data["z"].tolist() == [1, 2, 3, 4]

    @pytest.mark.parametrize(
        "given",
        [7, "north", True, None, [1, 2, 3, 4], np.arange(4.0), pd.Categorical(list("pqpq"))],
    )
    def test_values_are_taken_as_they_are(self, frame, given):
        made = frame.with_columns(z=given).data["z"]
        right = frame.data.assign(z=given)["z"]
        pd.testing.assert_series_equal(made, right)

    def test_the_key_stays_and_a_replaced_column_is_said(self, frame):
        with pytest.raises(JoinError, match="'case_id' is the key"):
            frame.with_columns(case_id=list("efgh"))
        with pytest.raises(JoinError, match="no column"):
            frame.with_columns("why")
        more = frame.with_columns("in thousands", x=lambda data: data["x"] / 1000)
        (entry,) = more.ledger.entries
        assert entry == Entry("column x, replaced", "derive", "treaty", 4, 4, why="in thousands")
        assert frame.data["x"].tolist() == [1, 2, 3, 4]

    def test_rows_without_a_value_are_counted_in_the_ledger_and_noted_by_a_fit(self, frame):
        given = pd.Series([True, False, True], index=["a", "b", "zz"])
        more = frame.with_columns("own survey", z=given)
        (entry,) = more.ledger.entries
        assert (entry.kind, entry.unmatched, entry.other_rows, entry.other_unmatched) == (
            "join",
            2,
            3,
            1,
        )
        assert (
            more.data["z"].isna().tolist() == [False, False, True, True]
            and more.data["z"].dtype == "boolean"
        )
        assert "2 of 4 rows found nothing (own survey)" in more.ledger.gaps()[0].text

    def test_steps_before_and_after_stay(self, frame):
        kept = frame.with_columns(z=lambda data: data["x"]).keep(frame.data["x"] > 2, "s", "r")
        assert kept.data["z"].tolist() == [3, 4] and [e.kind for e in kept.ledger.entries] == [
            "derive",
            "keep",
        ]
        assert [d.name for d in kept.derived] == ["z"]
        assert kept.derived_values()[0].values.to_dict() == {"c": 3, "d": 4}
