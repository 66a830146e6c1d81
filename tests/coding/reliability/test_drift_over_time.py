"""Agreement over time: batches by date, by rows where dates are
missing, and what each batch holds.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from peacestudy.coding import CodingSheet, agreement
from peacestudy.coding.reliability import drift
from peacestudy.errors import CodingError

from .test_agreement_table import BOOK, sheet

EARLY = {"ann": [0, 1, 2, 4, 0, 1, 2, 4], "bob": [0, 1, 2, 4, 1, 0, 4, 2]}


def dated(whole, days):
    table = whole.table.copy()
    table["date"] = [f"2026-01-{days[int(c[1:])]:02d}T00:00:00.000000Z" for c in table["case_id"]]
    return CodingSheet(table, BOOK, "dated")


def test_batches_follow_the_dates_and_not_the_rows():
    t = drift(dated(sheet({"kind_of": EARLY}), [10, 11, 12, 13, 1, 2, 3, 4]), batches=2)
    assert (
        t["percent"].tolist() == [0, 1]
        and t["n_units"].tolist() == [4, 4]
        and t["batch"].tolist() == [1, 2]
    )
    assert t["first"].str[:10].tolist() == ["2026-01-01", "2026-01-10"]
    assert t["last"].str[:10].tolist() == ["2026-01-04", "2026-01-13"] and set(t["order"]) == {
        "dates"
    }


def test_without_dates_the_order_of_rows_counts_and_is_told():
    t = drift(sheet({"kind_of": EARLY}), batches=2)
    assert (
        t["percent"].tolist() == [1, 0] and set(t["order"]) == {"rows"} and t["first"].isna().all()
    )


def test_a_batch_is_the_agreement_of_its_units():
    whole = sheet({"depth": EARLY})
    t = drift(whole, batches=2, resamples=100, seed=1)
    half = CodingSheet(
        whole.table[whole.table["case_id"].isin(["u4", "u5", "u6", "u7"])].reset_index(drop=True),
        BOOK,
    )
    assert t["alpha"].iloc[1] == agreement(half)["alpha"].item()
    assert (t["alpha_conf_low"] <= t["alpha"]).all() and np.isfinite(t["alpha_conf_high"]).all()
    again = drift(whole, batches=2, resamples=100, seed=1)
    pd.testing.assert_frame_equal(t, again)


def test_every_unit_of_two_coders_is_in_one_batch():
    codes = {"ann": [0, 1, None, 4, 0, 1, 2], "bob": [0, None, 2, 4, 1, 0, 4]}
    assert drift(sheet({"kind_of": codes}), batches=3)["n_units"].tolist() == [2, 2, 1]


def test_one_coder_is_told_and_one_batch_refused():
    t = drift(sheet({"kind_of": {"ann": [0, 1]}}), batches=2)
    assert t["note"].tolist() == ["no unit was coded by two coders"] and t["n_units"].tolist() == [
        0
    ]
    with pytest.raises(CodingError, match="two or more"):
        drift(sheet({"kind_of": EARLY}), batches=1)


def test_units_of_one_date_stay_in_one_batch_whatever_they_are_called():
    # the border of two batches of four would fall among those of day 2
    days = [1, 1, 2, 2, 2, 2, 3, 3]
    whole = dated(sheet({"kind_of": EARLY}), days)
    t = drift(whole, batches=2)
    assert t["n_units"].tolist() == [6, 2] and t["last"].str[9:10].tolist() == ["2", "3"]
    names = {f"u{i}": f"u{9 - i}" for i in range(8)}
    other = CodingSheet(
        whole.table.assign(case_id=whole.table["case_id"].map(names)), BOOK, "dated"
    )
    pd.testing.assert_frame_equal(drift(other, batches=2), t)


def test_sheets_of_two_codebooks_are_not_read_by_the_first():
    one = sheet({"kind_of": {"ann": EARLY["ann"]}})
    newer = replace(BOOK, version="9.9")
    two = CodingSheet(sheet({"kind_of": {"bob": EARLY["bob"]}}).table, newer, "newer")
    with pytest.raises(CodingError, match=r"9\.9\. Say which counts"):
        agreement([one, two])
    assert agreement([one, two], newer)["n_units"].item() == 8
