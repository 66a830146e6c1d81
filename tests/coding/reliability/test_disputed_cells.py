"""Disputed units: order and distances by hand, evidence of each coder."""

import pandas as pd
import pytest

from peacestudy.coding import CodingSheet
from peacestudy.coding.reliability import disputed

from .test_agreement_table import BOOK, sheet


def test_distance_is_the_mean_over_pairs_at_the_level():
    codes = {"a": [0, 0, 1, 4, 2], "b": [0, 1, 1, 0, None], "c": [0, 1, 2, 0, None]}
    t = disputed(sheet({"depth": codes, "kind_of": codes})).set_index(["indicator_id", "case_id"])[
        "distance"
    ]
    # u0 is alike and u4 has one coder; steps over 4, the widest; nominal: share of pairs that
    # differ
    assert t["depth"].to_dict() == pytest.approx({"u1": 2 / 12, "u2": 2 / 12, "u3": 8 / 12})
    assert t["kind_of"].to_dict() == pytest.approx({"u1": 2 / 3, "u2": 2 / 3, "u3": 2 / 3})


def test_worst_first_and_among_equals_the_surer():
    table = sheet({"depth": {"a": [0, 0, 0, 0], "b": [1, 4, 1, 1]}}).table
    table["confidence"] = table["case_id"].map({"u0": "guess", "u1": "guess", "u2": "sure"})
    t = disputed(CodingSheet(table, BOOK))
    assert t["case_id"].tolist() == ["u1", "u2", "u0", "u3"]
    assert t["confidence"].tolist() == [
        "a guess, b guess",
        "a sure, b sure",
        "a guess, b guess",
        "",
    ]


def test_codes_evidence_and_comments_stand_by_coder():
    table = sheet({"depth": {"bob": [1], "ann": [0], "cem": [0]}}).table
    table["source"] = table["coder"].map({"bob": "PAX", "cem": float("nan")})
    table["locator"] = table["coder"].map({"bob": "AgtId 7", "ann": "p. 3"})
    table["comment"] = table["coder"].map({"ann": "unclear"})
    row = disputed(CodingSheet(table, BOOK)).iloc[0]
    assert row["codes"] == "ann 0, bob 1, cem 0" and row["comments"] == "ann unclear"
    assert row["evidence"] == "ann: p. 3; bob: PAX AgtId 7"


def test_what_was_adjudicated_disputes_nothing_and_a_calm_sheet_is_empty():
    t = disputed(
        sheet({"depth": {"a": [0], "b": [0], "adjudicated": [4]}}, {"adjudicated": "adjudicated"})
    )
    assert t.empty and isinstance(t, pd.DataFrame) and "distance" in t.columns
