"""Cells on which as many coders give one code as another: open in the
naive estimate, whatever the coders are called.

The right naive estimates are fits by hand on the cases without a tie, or on the adjudicated codes.
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import peacestudy as ps
from peacestudy.coding import Coding, CodingSheet
from peacestudy.robustness import Accuracy, propagate, stability

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))
from coverage_propagate import BOOK, SPECS, simulate

SHORT = {"draws": 4, "burn": 5, "thin": 1, "seed": 1, "accuracy": Accuracy(0.9, prior_n=20)}


def two_coders(n=40, seed=3):
    sheet, data, _ = simulate(n, "linear", 1.0, 0.8, 2, 0.0, 0.0, np.random.default_rng(seed))
    return renamed(sheet, {"coder_0": "ann", "coder_1": "ben"}), data


def renamed(sheet, names):
    return replace(sheet, table=sheet.table.assign(coder=sheet.table["coder"].map(names)))


def by_case(sheet):
    return sheet.values("x")


def test_a_tie_leaves_the_case_out_of_the_naive_estimate_and_a_note_counts_it():
    sheet, data = two_coders()
    codes = by_case(sheet)
    agreed = codes[codes["ann"] == codes["ben"]]["ann"]
    tied = len(codes) - len(agreed)
    found = propagate(sheet, data, SPECS["linear"], rank_flips=False, **SHORT)
    rest = data[data["case_id"].isin(agreed.index)]
    by_hand = ps.fit(rest.assign(x=rest["case_id"].map(agreed)), SPECS["linear"]).terms
    np.testing.assert_allclose(found.terms["naive"], by_hand["estimate"], rtol=1e-10)
    (note,) = (n for n in found.notes if n.kind == "ties")
    assert f"{tied} cell(s) of {tied} case(s) stay open" in note.text and "base" in note.text
    assert found.naive[0].n == len(agreed) and tied > 5


def test_the_name_of_a_coder_and_the_order_of_rows_change_no_number():
    sheet, data = two_coders()
    found = propagate(sheet, data, SPECS["linear"], **SHORT)
    swapped = renamed(sheet, {"ann": "zoe", "ben": "ben"})
    mixed = replace(
        swapped, table=swapped.table.sample(frac=1, random_state=1).reset_index(drop=True)
    )
    again = propagate(mixed, data.sample(frac=1, random_state=2), SPECS["linear"], **SHORT)
    for name in ("terms", "codes", "flips", "draws"):
        pd.testing.assert_frame_equal(getattr(found, name), getattr(again, name), check_exact=True)
    order = ["model", "scale", "coder", "true", "given"]
    mean = found.accuracy.assign(coder=found.accuracy["coder"].replace({"ann": "zoe"}))
    pd.testing.assert_frame_equal(
        mean.sort_values(order, ignore_index=True),
        again.accuracy.sort_values(order, ignore_index=True),
    )


def test_three_codes_of_three_coders_are_a_tie_and_two_against_one_are_none():
    sheet, data, _ = simulate(30, "linear", 1.0, 0.8, 3, 0.0, 0.0, np.random.default_rng(1))
    found = propagate(sheet, data, SPECS["linear"], rank_flips=False, **SHORT)
    majority = by_case(sheet).mean(axis=1).round()
    by_hand = ps.fit(data.assign(x=data["case_id"].map(majority)), SPECS["linear"]).terms
    np.testing.assert_allclose(found.terms["naive"], by_hand["estimate"], rtol=1e-10)
    assert not [n for n in found.notes if n.kind == "ties"]


def test_adjudicated_codes_given_as_base_close_the_ties():
    sheet, data = two_coders()
    codes = by_case(sheet)
    tied = codes.index[codes["ann"] != codes["ben"]]
    decided = sheet.table[sheet.table["coder"] == "ben"].assign(
        coder="adjudicated", kind="adjudicated"
    )
    base = Coding(decided.reset_index(drop=True), BOOK)
    found = propagate(sheet, data, SPECS["linear"], base=base, rank_flips=False, **SHORT)
    by_hand = ps.fit(data.assign(x=data["case_id"].map(codes["ben"])), SPECS["linear"]).terms
    np.testing.assert_allclose(found.terms["naive"], by_hand["estimate"], rtol=1e-10)
    assert not [n for n in found.notes if n.kind == "ties"]
    half = Coding(decided[decided["case_id"] != tied[0]].reset_index(drop=True), BOOK)
    (note,) = (
        n
        for n in propagate(sheet, data, SPECS["linear"], base=half, rank_flips=False, **SHORT).notes
        if n.kind == "ties"
    )
    assert "1 cell(s) of 1 case(s) stay open" in note.text


def test_a_flip_of_an_open_cell_is_a_fit_with_the_case_and_that_code():
    sheet, data = two_coders(24)
    found = propagate(sheet, data, SPECS["linear"], **SHORT)
    codes = by_case(sheet)
    agreed = codes[codes["ann"] == codes["ben"]]["ann"]
    single = found.flips[(found.flips["kind"] == "single") & (found.flips["term"] == "x")]
    assert len(single) == 2 * (len(codes) - len(agreed)) and single["adjudicated"].isna().all()
    for row in single.itertuples():
        x = pd.concat([agreed, pd.Series({row.case_id: float(row.alternative)})])
        rest = data[data["case_id"].isin(x.index)]
        by_hand = (
            ps.fit(rest.assign(x=rest["case_id"].map(x)), SPECS["linear"])
            .terms.set_index("term")
            .loc["x"]
        )
        assert row.estimate == pytest.approx(by_hand["estimate"], rel=1e-9)


def test_where_ties_leave_too_few_cases_the_error_says_what_to_give():
    sheet, data = two_coders(12)
    opposite = sheet.values("x")["ann"].rsub(1)
    table = sheet.table.copy()
    ben = table["coder"] == "ben"
    table.loc[ben, "code"] = table.loc[ben, "case_id"].map(opposite).astype("Int64")
    every = CodingSheet(table, BOOK)
    with pytest.raises(
        ps.FitError,
        match=r"0 of 12 cases without an open cell.*12 cell\(s\).*adjudicated codes as base",
    ):
        propagate(every, data, SPECS["linear"], **SHORT)
    lot = stability(every, data, SPECS["linear"], draws=3, seed=1)  # one coder's codes have no ties
    alone = data.assign(x=data["case_id"].map(every.values("x")["ann"]))
    own = lot[(lot["coder"] == "ann") & (lot["term"] == "x")]["estimate"].item()
    assert own == pytest.approx(ps.fit(alone, SPECS["linear"]).terms["estimate"][1])


def test_stability_depends_on_neither_names_nor_rows():
    sheet, data = two_coders()
    found = stability(sheet, data, SPECS["linear"], draws=10, seed=1)
    swapped = renamed(sheet, {"ann": "zoe", "ben": "ben"})
    again = stability(swapped, data[::-1], SPECS["linear"], draws=10, seed=1)
    again = again.assign(coder=again["coder"].replace({"zoe": "ann"}))
    keys = ["term", "coder"]
    pd.testing.assert_frame_equal(
        found.sort_values(keys, ignore_index=True),
        again.sort_values(keys, ignore_index=True),
        check_exact=True,
    )
