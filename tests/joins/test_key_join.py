"""The join against a loop: nothing lost, invented or multiplied,
missing never meets missing; the ledger says so.
"""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peacestudy.core.frame import StudyFrame
from peacestudy.core.ledger import Ledger
from peacestudy.errors import JoinError
from peacestudy.joins import join

KEYS = {
    "text": (st.sampled_from(["a", "b", "NA", "", "007"]), object),
    "integer": (st.integers(0, 4), "Int64"),
    "number": (st.sampled_from([0.0, 1.0, 2.5, -1.0]), "float64"),
    "date": (st.sampled_from([dt.datetime(2000, 1, d) for d in (1, 2, 3)]), "datetime64[s]"),
    "two": (None, None),
}


def by_loop(left, right):
    """For every row of the left the row of the right that it
    meets, found by comparing each with each.
    """
    met = [
        [i for i, other in enumerate(right) if None not in (*key, *other) and key == other]
        for key in left
    ]
    return [hits[0] if hits else None for hits in met]


@st.composite
def two_tables(draw):
    """Keys of two tables of one kind, with missing ones, ones that
    stand twice, and ones that meet nothing.
    """
    kind = draw(st.sampled_from(sorted(KEYS)))
    parts = ["text", "integer"] if kind == "two" else [kind]
    key = st.tuples(*[st.none() | KEYS[p][0] for p in parts])
    left, right = (
        draw(st.lists(key, min_size=draw(st.sampled_from([0, 3])), max_size=8)) for _ in range(2)
    )
    left, right = (
        list(dict.fromkeys(keys)) if draw(st.sampled_from([True, True, False])) else keys
        for keys in (left, right)
    )
    return parts, left, right


def table(parts, keys, **columns):
    out = {f"k_{p}": pd.Series([k[i] for k in keys], dtype=KEYS[p][1]) for i, p in enumerate(parts)}
    return pd.DataFrame(out | columns)


SHAPES = st.sampled_from(["one_to_one", "many_to_one"])
SHUFFLES = st.randoms(use_true_random=False)


@settings(max_examples=800)
@given(two_tables(), SHAPES, SHUFFLES)
def test_a_join_equals_the_loop_and_its_ledger_balances(tables, shape, shuffle):
    parts, left, right = tables
    ids = [f"c{i}" for i in range(len(left))]
    shuffle.shuffle(ids)
    cases = table(parts, left, case_id=pd.Series(ids, dtype=object), mine=range(len(left)))
    other = table(
        parts, right, value=range(100, 100 + len(right)), word=[f"w{i}" for i in range(len(right))]
    )
    cases_before, other_before = cases.copy(), other.copy()
    on = [f"k_{p}" for p in parts]
    expected = by_loop(left, right)
    whole = [k for k in right if None not in k]
    hits = [e for e in expected if e is not None]
    multiplies, shared = len(set(whole)) < len(whole), len(set(hits)) < len(hits)
    if multiplies or (shared and shape == "one_to_one"):
        match = "which would multiply" if multiplies else "match several cases"
        with pytest.raises(JoinError, match=match):
            join(cases, other, on=on, name="other", shape=shape)
        return
    frame = join(cases, other, on=on if len(on) > 1 else on[0], name="other", shape=shape)
    assert frame.data["case_id"].tolist() == ids
    assert frame.data["mine"].tolist() == list(range(len(left)))
    value = frame.data["value"].astype(object)
    assert value.where(value.notna(), None).tolist() == [
        None if e is None else 100 + e for e in expected
    ]
    assert [w if isinstance(w, str) else None for w in frame.data["word"]] == [
        None if e is None else f"w{e}" for e in expected
    ]
    (entry,) = frame.ledger.entries
    assert entry.balanced()
    assert (entry.rows_in, entry.rows_out, entry.other_rows) == (len(left), len(left), len(right))
    assert entry.unmatched == expected.count(None)
    assert entry.other_unmatched == len(right) - len(set(hits))
    assert entry.duplicated == sum(hits.count(h) > 1 for h in set(hits))
    pd.testing.assert_frame_equal(cases, cases_before)
    pd.testing.assert_frame_equal(other, other_before)


CASES = pd.DataFrame({"case_id": ["a", "b", "c"], "state": [2, 20, 2]})


def frame_of(**right):
    return join(CASES, pd.DataFrame(right), on="state", name="peace", shape="many_to_one")


VALUES = {
    "Int64": (pd.array([2**53 + 1, None], "Int64"), "Int64"),
    "int64": (np.array([2**53 + 1, 2]), "Int64"),
    "int8": (np.array([1, 2], "int8"), "Int64"),
    "uint64": (np.array([2**64 - 1, 2], "uint64"), "UInt64"),
    "bool": (np.array([True, False]), "boolean"),
    "boolean": (pd.array([True, None], "boolean"), "boolean"),
    "float64": (np.array([0.1, np.nan]), "float64"),
    "object": (pd.Series(["x", None], dtype=object), "object"),
    "str": (pd.array(["x", "y"], "str"), "str"),
    "date": (pd.to_datetime(["2000-01-01", None]).astype("datetime64[s]"), "datetime64[s]"),
    "category": (pd.Categorical(["u", "v"]), "category"),
}


@pytest.mark.parametrize("kind", VALUES)
def test_a_column_keeps_its_type_where_all_rows_match(kind):
    values, _ = VALUES[kind]
    right = pd.DataFrame({"state": [2, 20], "x": values})
    assert (
        join(CASES, right, on="state", name="p", shape="many_to_one").data["x"].dtype
        == right["x"].dtype
    )


@pytest.mark.parametrize("kind", VALUES)
def test_a_column_that_gains_missing_values_keeps_its_type_or_the_one_that_can_miss(kind):
    values, expected = VALUES[kind]
    right = pd.DataFrame({"state": [2, 70], "x": values})
    found = join(CASES, right, on="state", name="p", shape="many_to_one").data["x"]
    assert str(found.dtype) == expected
    assert found.isna().tolist() == [False, True, False]
    assert found[0] == right["x"][0]  # 2**53 + 1 would not survive a float


def test_columns_of_the_cases_keep_their_types():
    cases = CASES.assign(
        i=pd.array([1, None, 3], "Int64"),
        n=[1, 2, 3],
        yes=[True, False, True],
        day=pd.Timestamp("2000-01-01"),
    )
    found = join(cases, pd.DataFrame({"state": [70], "x": [1]}), on="state", name="p").data
    assert found[cases.columns].dtypes.to_dict() == cases.dtypes.to_dict()


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (np.array([1, 2]), pd.array([1, 9], "Int64")),
        (np.array([1, 2]), np.array([1.0, np.nan])),
        (np.array([1.0, np.nan]), pd.array([1, None], "Int64")),
        (np.array([1.0, 2.5]), np.array([1, 2])),
        (np.array(["x", None], dtype=object), pd.array(["x", "z"], "str")),
        (
            pd.to_datetime(["2000-01-01", None]).astype("datetime64[s]"),
            pd.to_datetime(["2000-01-01", None]).astype("datetime64[ns]"),
        ),
    ],
    ids=[
        "int-Int64",
        "int-float",
        "float-Int64",
        "fraction-int",
        "object-str",
        "seconds-nanoseconds",
    ],
)
def test_keys_of_one_family_meet(left, right):
    cases = pd.DataFrame({"case_id": ["a", "b"], "k": left})
    found = join(cases, pd.DataFrame({"k": right, "x": ["yes", "no"]}), on="k", name="p").data["x"]
    assert found[0] == "yes" and pd.isna(found[1])


@pytest.mark.parametrize(
    ("left", "right", "match"),
    [
        (["2", "20"], [2, 20], "text in the cases and number in p"),
        ([2, 20], ["2", "20"], "number in the cases and text in p"),
        ([True, False], [1, 0], "boolean in the cases and number"),
        (
            [2000, 2001],
            pd.to_datetime(["2000-01-01", "2001-01-01"]),
            "number in the cases and datetime",
        ),
        (
            [dt.date(2000, 1, 1)] * 2,
            pd.to_datetime(["2000-01-01", "2001-01-01"]),
            "date in the cases and datetime",
        ),
    ],
)
def test_keys_of_other_families_are_refused(left, right, match):
    cases = pd.DataFrame({"case_id": ["a", "b"], "k": left})
    with pytest.raises(JoinError, match=match):
        join(cases, pd.DataFrame({"k": right, "x": 0}), on="k", name="p")


@pytest.mark.parametrize("empty", [[], [np.nan, np.nan], [None, None]])
def test_a_key_without_any_value_has_no_type_and_meets_nothing(empty):
    found = join(
        CASES.assign(k=["a", "b", "c"]), pd.DataFrame({"k": empty, "x": 1.0}), on="k", name="p"
    )
    assert found.data["x"].isna().all()
    assert found.ledger.entries[0].other_unmatched == len(empty)


def test_an_unknown_shape_names_the_nearest():
    with pytest.raises(JoinError, match="Did you mean 'many_to_one'"):
        join(CASES, pd.DataFrame({"state": [2]}), on="state", name="p", shape="many-to-one")


@pytest.mark.parametrize(
    ("on", "match"),
    [
        ("stat", "the cases has no column 'stat'. Did you mean 'state'"),
        ([], "name the key"),
        (["state", "state"], "several different"),
    ],
)
def test_a_key_that_is_no_column_or_none_or_twice(on, match):
    with pytest.raises(JoinError, match=match):
        join(CASES, pd.DataFrame({"state": [2]}), on=on, name="p")


def test_a_key_that_the_other_table_lacks_is_told_of_that_table():
    with pytest.raises(JoinError, match=r"peace has no column 'state'\. Did you mean 'stats'"):
        frame_of(stats=[2])


def test_columns_on_both_sides_are_all_named():
    with pytest.raises(
        JoinError, match=r"the column\(s\) 'case_id', 'x' are in the cases and in p"
    ):
        join(
            CASES.assign(x=1),
            pd.DataFrame({"state": [2], "case_id": ["a"], "x": [1], "y": [1]}),
            on="state",
            name="p",
        )


def test_two_columns_of_one_name_are_refused():
    with pytest.raises(JoinError, match=r"p has the column\(s\) 'x' more than once"):
        join(CASES, pd.DataFrame([[2, 1, 1]], columns=["state", "x", "x"]), on="state", name="p")


def test_keys_that_stand_twice_are_shown_and_the_remedy_named():
    with pytest.raises(
        JoinError, match=r"several rows for 1 state, .*for example 2\).*add the column"
    ):
        frame_of(state=[2, 2, 20], x=[1, 1, 1])


def test_rows_shared_by_cases_must_be_meant():
    with pytest.raises(
        JoinError, match=r'1 row\(s\) of p match several cases.*shape="many_to_one"'
    ):
        join(CASES, pd.DataFrame({"state": [2]}), on="state", name="p")


def test_ids_that_stand_twice_are_refused_before_the_join():
    with pytest.raises(JoinError, match="appears twice for a"):
        join(CASES.assign(case_id="a"), pd.DataFrame({"state": [2]}), on="state", name="p")


def test_history_unit_key_and_notes_go_on():
    first = join(
        CASES,
        pd.DataFrame({"state": [2, 20], "x": [1, 2]}),
        on="state",
        name="one",
        shape="many_to_one",
        unit="attempt",
    )
    second = join(
        first, pd.DataFrame({"case_id": ["c", "a", "z"], "y": [3, 1, 26]}), on="case_id", name="two"
    )
    assert [e.step for e in second.ledger.entries] == ["join one", "join two"]
    assert (second.unit, second.key, second.notes) == ("attempt", "case_id", first.notes)
    assert second.data["y"].astype(object).where(second.data["y"].notna(), None).tolist() == [
        1,
        None,
        3,
    ]
    kept = second.keep(second.data["y"].notna(), "has y", "no y")
    again = join(kept, pd.DataFrame({"case_id": ["a"], "z": [0]}), on="case_id", name="three")
    assert len(again.excluded) == 1


def test_a_join_on_the_cases_own_id_with_another_name():
    cases = pd.DataFrame({"treaty": ["t1", "t2"], "x": [1, 2]})
    assert (
        join(
            cases, pd.DataFrame({"treaty": ["t2"], "y": [9]}), on="treaty", name="p", key="treaty"
        ).key
        == "treaty"
    )


def test_a_table_without_columns_beside_its_key_says_only_who_matched():
    frame = frame_of(state=[2])
    assert list(frame.data.columns) == ["case_id", "state"]
    assert frame.ledger.entries[0].unmatched == 1


def test_tables_without_rows_are_joined():
    assert (
        len(join(CASES.head(0), pd.DataFrame({"state": [2], "x": [1]}), on="state", name="p")) == 0
    )
    assert (
        join(CASES, pd.DataFrame({"state": pd.array([], "Int64"), "x": []}), on="state", name="p")
        .data["x"]
        .isna()
        .all()
    )


def test_columns_may_have_any_name():
    right = pd.DataFrame({"_row": ["a", "b"], "level_0": [1, 2], "index": [3, 4]})
    found = join(CASES.assign(_row=["b", "x", None]), right, on="_row", name="p").data
    assert found["index"].astype(object).where(found["index"].notna(), None).tolist() == [
        4,
        None,
        None,
    ]


def test_a_history_that_another_table_wrote_is_found():
    other = frame_of(state=[2]).ledger
    with pytest.raises(JoinError, match="does not balance between steps"):
        join(
            StudyFrame(CASES.head(2), "case", "case_id", other + Ledger()),
            pd.DataFrame({"state": [70]}),
            on="state",
            name="p",
        )


def test_sparse_columns_are_the_values_they_stand_for():
    other = pd.DataFrame(
        {
            "k": pd.arrays.SparseArray([1, 2]),
            "v": pd.arrays.SparseArray([0, 1]),
            "b": pd.arrays.SparseArray([True, False]),
        }
    )
    for keys in ([1, 2, 3], [1, 2, 1]):
        cases = pd.DataFrame(
            {"case_id": list("abc"), "k": keys, "s": pd.arrays.SparseArray([0.0, np.nan, 1.0])}
        )
        found = join(cases, other, on="k", name="o", shape="many_to_one").data
        expected = join(
            pd.DataFrame({"case_id": list("abc"), "k": keys}),
            pd.DataFrame({"k": [1, 2], "v": [0, 1]}),
            on="k",
            name="o",
            shape="many_to_one",
        ).data
        pd.testing.assert_series_equal(found["v"], expected["v"])
        assert not any(isinstance(kind, pd.SparseDtype) for kind in found.dtypes)
        assert found["s"].tolist()[::2] == [0.0, 1.0]
