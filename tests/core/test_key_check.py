"""Two key columns before they are matched: every pair that would
be lost in silence is refused or reported.
"""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peacestudy.core.key_check import check_keys, spelling_pairs, split_units
from peacestudy.core.keys import levels
from peacestudy.core.spelling import canonical

DAYS = pd.to_datetime(["2001-01-01", "2001-01-02"])
TEXTS = st.lists(
    st.sampled_from(["a", "A", "a ", "\u00e1", "b", "B", "007", "7", "c'd", "c\u2019d"]),
    min_size=1,
    unique=True,
)


def check(mine, theirs):
    columns = [
        column if isinstance(column, pd.Series) else pd.Series(column) for column in (mine, theirs)
    ]
    return check_keys("k", *(levels(column).values for column in columns), "o")


@pytest.mark.parametrize(
    "mine, theirs, said",
    [
        (
            ["C\u00f4te d'Ivoire", "S\u00e3o Tom\u00e9", "Niger"],
            ["Cote d'Ivoire", "Sao Tome", "Niger"],
            "2 value.* only by accents",
        ),
        (["d'Ivoire"], ["d\u2019Ivoire"], "only by apostrophes or dashes"),
        (["Mali\u200b"], ["Mali"], r"'Mali\\u200b' and 'Mali'.*\.replace"),
        (["Mali "], ["Mali"], r"\.str\.strip\(\)\.str\.normalize"),
        (["Mali", "MALI "], ["Mali"], "capitals or blanks"),
        ([0.1 + 0.2], [0.3], "only by rounding"),
        ([1.0000001, 5.0], [1, 5], "only by rounding"),
        (np.array([0.1], np.float32), [0.1], "only by rounding"),
        ([2.0**60], [1], "floats beyond 2\\*\\*53"),
        (DAYS, DAYS.tz_localize("UTC"), "has no time zone in the cases and UTC in o"),
        (
            DAYS.tz_localize("UTC"),
            DAYS.tz_localize("Asia/Tokyo"),
            "has UTC in the cases and Asia/Tokyo in o",
        ),
        (
            DAYS,
            DAYS + pd.Timedelta(hours=9),
            r"days in the cases and times of day in o \(for example 2001-01-01 09:00:00\)",
        ),
        (DAYS + pd.Timedelta(hours=9), DAYS, "days in o and times of day in the cases"),
        (
            DAYS.to_period("M"),
            DAYS.to_period("Y"),
            "periods of frequency M in the cases and Y-DEC in o",
        ),
        (DAYS, DAYS.to_period("D"), "datetime in the cases and period in o"),
        (DAYS, [dt.date(2001, 1, 1)], "datetime in the cases and date in o"),
        ([True, False], [1, 0], "boolean in the cases and number in o.*True and 1 are not one key"),
        (["101"], [101], r"text in the cases and number in o.*\.astype\(str\)"),
        ([101, "x"], [102, "y"], "numbers and texts in one column"),
        ([101, "x"], ["101", "x"], "mixed-integer in the cases and text in o"),
    ],
)
def test_keys_that_would_not_match_are_refused_with_the_remedy(mine, theirs, said):
    found = check(mine, theirs)
    assert pd.Series([found.refusal]).str.contains(said, regex=True).item(), found.refusal


@pytest.mark.parametrize(
    "mine, theirs",
    [
        ([2001.0, 2002.0], [2001, 2003]),
        (["a", "b"], ["a", "c"]),
        (["a", "A"], ["a", "A", "b"]),
        (DAYS, DAYS[:1]),
        (DAYS, DAYS.union(DAYS + pd.Timedelta(hours=9))),
        (DAYS.to_period("M"), DAYS.to_period("M")),
        ([], ["a"]),
        ([1000001], [1000002]),
        (pd.Series(["a", "b"], dtype=pd.CategoricalDtype(["a", "b", "zz"])), ["a"]),
        (pd.Series([1, 2], dtype="category"), [1, 2]),
        (pd.array([1, None], "Int64"), [1.0]),
        ([10**17], [10**17 + 1]),
    ],
)
def test_keys_that_match_as_they_should_are_not_refused(mine, theirs):
    assert check(mine, theirs).refusal == ""


def test_categories_without_a_row_are_no_keys():
    column = pd.Series(["b", None, "a", "b"], dtype=pd.CategoricalDtype(["zz", "a", "b"]))
    found = levels(column)
    assert list(found.values) == ["b", "a"]
    assert found.codes.tolist() == [0, -1, 1, 0]


def test_ids_that_a_code_tells_apart_are_reported():
    (note,) = check(["a", "A"], ["A"]).notes
    assert "differ only by capitals from a matched value" in str(note)
    (note,) = check(["a", "A"], ["A", "a"]).notes
    assert "treated as different keys" in str(note)
    assert check(["a", "b"], ["b", "c"]).notes == ()


def test_fractions_as_keys_are_reported():
    (note,) = check([0.5, 1.0], [0.5]).notes
    assert note.kind == "float_keys"


@settings(max_examples=300)
@given(TEXTS, TEXTS)
def test_every_pair_that_is_lost_is_found_by_comparing_all_with_all(mine, theirs):
    expected = {
        (a, b)
        for a in mine
        for b in theirs
        if a != b and canonical(a) == canonical(b) and (a not in theirs or b not in mine)
    }
    refused, reported = spelling_pairs(pd.Index(mine), pd.Index(theirs))
    assert {*refused, *reported} == expected
    assert not set(refused) & set(reported)
    for a, b in reported:
        assert a in theirs or b in mine
        assert a.casefold().lstrip("0") == b.casefold().lstrip("0")


def panel(rows):
    return pd.DataFrame(rows, columns=["unit", "year"])


def test_a_unit_in_two_spellings_that_never_share_a_year_is_one_unit():
    split = panel([("Mali", 2000), ("Mali", 2001), ("MALI", 2002)])
    assert "never occur in the same year: 'Mali' and 'MALI'" in split_units(
        split, "unit", [], "year", "the panel"
    )
    both = panel([("a", 2000), ("A", 2000), ("A", 2001), (None, 2001)])
    assert split_units(both, "unit", [], "year", "the panel") == ""


def test_two_spellings_in_different_groups_are_two_units():
    table = panel([("left", 2000), ("Left", 2001)]).assign(state=[1, 2])
    assert split_units(table, "unit", ["state"], "year", "the panel") == ""
    assert split_units(table.assign(state=1), "unit", ["state"], "year", "the panel") != ""
