"""Confusion tables: counted by hand, and against each other."""

from dataclasses import replace

import numpy as np
import pandas as pd

from peacestudy.coding.reliability import confusion

from .test_agreement_table import sheet

THREE = {"a": [0, 0, 0, 1, 2, None], "b": [0, 0, 1, 1, 1, 2], "c": [0, 1, None, 1, 2, 2]}


def cell(table, one, other, code, other_code):
    own = table[(table["coder"] == one) & (table["other"] == other)].set_index(
        ["code", "other_code"]
    )
    return own.loc[(code, other_code), "n"], own.loc[(code, other_code), "share"]


def test_counts_and_shares_by_hand():
    t = confusion(sheet({"kind_of": THREE}))
    assert len(t) == 3 * 4 * 4  # pairs of coders x codes of the codebook x codes
    assert cell(t, "a", "b", 0, 0) == (2, 2 / 3) and cell(t, "a", "b", 0, 1) == (1, 1 / 3)
    assert cell(t, "a", "c", 0, 0) == (1, 0.5) and cell(t, "a", "c", 0, 1) == (1, 0.5)
    n, share = cell(t, "a", "b", 4, 4)
    assert n == 0 and np.isnan(share)  # a never gave 4: there is no share to tell
    assert t.groupby(["coder", "other"])["n"].sum().to_dict() == {
        ("a", "b"): 5,
        ("a", "c"): 4,
        ("b", "c"): 5,
    }


def test_against_all_others_adds_up_the_pairs():
    t = confusion(sheet({"kind_of": THREE}), rest=True)
    others = t[t["other"] == "all others"]
    assert others.groupby("coder")["n"].sum().to_dict() == {"a": 5 + 4, "b": 5 + 5, "c": 4 + 5}
    assert cell(t, "a", "all others", 0, 0) == (3, 3 / 5)
    assert cell(t, "c", "all others", 1, 0) == (
        2,
        2 / 4,
    )  # b and a said 0 where c said 1; both said 1 on the other unit


def test_one_coder_has_no_table():
    assert confusion(sheet({"kind_of": {"a": [0, 1]}}), rest=True).empty


def test_what_was_adjudicated_is_no_coder():
    own = sheet({"kind_of": THREE})
    copied = own.table[own.table["coder"] == "a"].assign(coder="adjudicated", kind="adjudicated")
    more = replace(own, table=pd.concat([own.table, copied], ignore_index=True))
    pd.testing.assert_frame_equal(confusion(more, rest=True), confusion(own, rest=True))
