"""A column of codes, each on its date: the same as one
translation after the other, reasons included.
"""

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peacestudy.core import countries
from peacestudy.core.countries import FIRST, crosswalk, translate, translate_many
from peacestudy.errors import JoinError

TABLE = crosswalk()
CELLS = st.sampled_from(
    [
        260,
        260.0,
        "260",
        " 260 ",
        340,
        365,
        711,
        1,
        1.0,
        True,
        np.True_,
        260.5,
        np.float32(260.5),
        Decimal("260.50"),
        Decimal("260.5"),
        "",
        "DEU",
        "007",
        None,
        float("nan"),
        pd.NA,
        np.int64(260),
        np.int32(345),
        10**400,
    ]
)
DAYS = st.sampled_from(
    [
        1990,
        1990.0,
        np.int16(1990),
        1,
        True,
        "1990",
        "1990-10-03",
        "1990-10-02",
        dt.date(1990, 10, 3),
        dt.datetime(1990, 10, 2, 23),
        None,
        pd.NaT,
        pd.Timestamp("1990-10-02 23:30", tz="UTC"),
        pd.Timestamp("1990-10-03 00:30", tz="Europe/Paris"),
        np.datetime64("1990-10-03"),
        1945,
        2007,
    ]
)


def by_loop(codes, dates, source, target):
    """Translation and reason of every row, one row after the other."""
    out = []
    for code, date in zip(codes, dates, strict=True):
        try:
            out.append((translate(code, date, source, target), None))
        except JoinError as err:
            out.append((None, str(err)))
    return out


def objects(values):
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return pd.Series(out)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(CELLS, DAYS), max_size=12), st.sampled_from(["gw", "cow", "iso3"]))
def test_mixed_cells_equal_a_loop_in_translation_and_reason(rows, source):
    codes, dates = ([r[i] for r in rows] for i in (0, 1))
    out = translate_many(objects(codes), objects(dates), source, "iso3")
    assert list(zip(out.translated, out.reason, strict=True)) == by_loop(
        codes, dates, source, "iso3"
    )


def test_a_list_in_a_cell_is_a_reason():
    out = translate_many(objects([[260], 260]), objects([1990, [1990]]), "gw", "iso3")
    assert list(out.reason) == [
        reason for _, reason in by_loop([[260], 260], [1990, [1990]], "gw", "iso3")
    ]
    assert out.reason.notna().all()


@pytest.mark.parametrize("dtype", ["Int64", "float64", "str", "category", "object"])
def test_every_type_of_column_equals_a_loop(dtype):
    rng = np.random.default_rng(7)
    codes = pd.Series(rng.choice([260, 265, 340, 345, 365, 678, 711, 999], 3_000)).astype(dtype)
    years = (
        pd.Series(rng.integers(1940, 2020, 3_000)).astype("Int64").where(rng.random(3_000) > 0.1)
    )
    for dates in (years, pd.to_datetime(years.astype(str) + "-07-01", errors="coerce")):
        out = translate_many(codes, dates, "gw", "cow")
        expected = by_loop(codes.astype(object), dates.astype(object), "gw", "cow")
        translated = out.translated.astype(object).where(out.translated.notna(), None)
        assert list(zip(translated, out.reason, strict=True)) == expected


def test_a_hundred_thousand_rows_translate_each_pair_once(monkeypatch):
    calls = []
    monkeypatch.setattr(
        countries, "translate", lambda *args: calls.append(args) or translate(*args)
    )
    codes = pd.Series(np.tile([2, 20, 260, 345, 678], 20_000))
    dates = pd.Series(np.repeat([1950, 1980, 1990, 2010], 25_000))
    out = translate_many(codes, dates, "gw", "cow")
    assert len(calls) == len(set(calls)) == 20
    assert len(out) == 100_000


def test_agrees_with_translate_on_20_000_pairs():
    rng = np.random.default_rng(1946)
    codes = pd.Series(rng.choice(TABLE.gw.dropna().to_numpy(dtype=int), 20_000))
    dates = pd.Series(pd.Timestamp(FIRST) + pd.to_timedelta(rng.integers(0, 28_000, 20_000), "D"))
    out = translate_many(codes, dates, "gw", "cow")
    assert len(out) == 20_000
    assert (out.translated.isna() == out.reason.notna()).all()
    for row in out.sample(500, random_state=1).itertuples():
        ((expected, _),) = by_loop([row.code], [row.date], "gw", "cow")
        assert expected is None if pd.isna(row.translated) else row.translated == expected


def test_keeps_index_order_cells_and_reasons():
    index = ["b", "a", "a", "c", "d"]
    codes = pd.Series([260.0, np.nan, 340, 711, 260.5], index)
    dates = pd.Series(["1990-10-03", "2000-01-01", "2000-01-01", "1949-01-01", None], index)
    out = translate_many(codes, dates, "gw", "cow")
    assert list(out.columns) == ["code", "date", "translated", "reason"]
    assert list(out.index) == index
    pd.testing.assert_series_equal(out.code, codes, check_names=False)
    pd.testing.assert_series_equal(out.date, dates, check_names=False)
    assert str(out.translated.dtype) == "Int64"
    assert out.translated.iloc[0] == 255
    assert out.translated.iloc[1:].isna().all()
    assert out.reason.iloc[0] is None
    assert list(out.reason.iloc[[1, 4]]) == ["the code is missing.", out.reason.iloc[4]]
    assert "260.5" in out.reason.iloc[4]
    assert "GW 345 (Yugoslavia)" in out.reason.iloc[2]
    assert "COW has no code for GW 711 (Tibet)" in out.reason.iloc[3]


def test_a_missing_date_is_a_reason():
    out = translate_many(
        pd.Series([2, 2]), pd.Series([pd.NaT, pd.Timestamp("2000-01-01")]), "gw", "iso3"
    )
    assert list(out.translated) == [None, "USA"]
    assert list(out.reason) == ["the date is missing.", None]


def test_nullable_and_text_columns():
    out = translate_many(
        pd.Series(["DEU", None], dtype="str"), pd.Series([2000, None], dtype="Int64"), "iso3", "gw"
    )
    assert out.translated.iloc[0] == 260
    assert out.reason.iloc[1] == "the code is missing."


def test_an_empty_table_stays_one():
    out = translate_many(pd.Series([], dtype="Int64"), pd.Series([], dtype="Int64"), "gw", "cow")
    assert list(out.columns) == ["code", "date", "translated", "reason"]
    assert len(out) == 0


def test_columns_of_two_tables_are_refused():
    with pytest.raises(JoinError, match="same index"):
        translate_many(pd.Series([2, 20]), pd.Series([2000]), "gw", "cow")
