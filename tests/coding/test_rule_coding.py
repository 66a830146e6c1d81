"""Coding by rule against a count by hand, with the documents that give each code."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from peacestudy.coding import Coding
from peacestudy.coding.coding import CODING_SCHEMA
from peacestudy.coding.rule_coding import code_topics, present
from peacestudy.core.codebook import Code, Codebook, Indicator, Pillar, Scale
from peacestudy.errors import CodingError

YES = (Code(0, "absent", "no"), Code(1, "present", "yes"))
DEEP = (*YES, Code(2, "more", "more"), Code(3, "most", "most"))


def indicator(name, level, codes, columns):
    return Indicator(
        name,
        name,
        "?",
        name,
        "s",
        "because",
        "political",
        "promise",
        1,
        columns,
        level=level,
        codes=codes,
    )


BOOK = Codebook(
    "b",
    "B",
    "1",
    "share",
    {},
    (Scale("s", "nominal", YES),),
    (
        Pillar(
            "p",
            "P",
            "t",
            "h",
            "s",
            indicators=(
                indicator("third_party", "nominal", YES, ("Thrd", "ImUN")),
                indicator("truce", "ordinal", DEEP, ("Ce",)),
                indicator("by_people", "nominal", YES, ()),
            ),
        ),
    ),
)
DOCUMENTS = pd.DataFrame(
    {
        "agreement_id": [30, 10, 20, 40],
        "Thrd": [0, 0, 1, 1],
        "ImUN": [3, 0, 0, 0],
        "Ce": [2, 0, 2, 3],
        "other": [9, 9, 9, 9],
    }
)
MEMBERS = pd.DataFrame({"case_id": ["b", "a", "b", "c"], "agreement_id": [30, 10, 20, 40]})


def test_every_code_is_the_highest_of_its_columns_with_a_document_that_holds_it():
    found = code_topics(DOCUMENTS, MEMBERS, BOOK, "pax")
    assert list(found.columns) == CODING_SCHEMA.names
    assert found[["case_id", "indicator_id", "code", "locator"]].values.tolist() == [
        ["a", "third_party", 0, "AgtId none of 1"],
        ["a", "truce", 0, "AgtId none of 1"],
        # ImUN 3 is more than Thrd 1; presence counts no degree
        ["b", "third_party", 1, "AgtId 30 of 2"],
        ["b", "truce", 2, "AgtId 20 and 1 more of 2"],
        ["c", "third_party", 1, "AgtId 40 of 1"],
        ["c", "truce", 3, "AgtId 40 of 1"],
    ]
    assert (
        set(found["coder"]) == {"pax_rule"}
        and set(found["kind"]) == {"rule"}
        and set(found["source"]) == {"pax"}
    )


def test_what_it_codes_keeps_the_codebook_and_indicators_without_columns_are_left_to_people():
    coding = Coding(code_topics(DOCUMENTS, MEMBERS, BOOK, "pax"), BOOK)
    assert coding.codes()["by_people"].isna().all()


@given(
    st.lists(st.tuples(st.sampled_from("abc"), *[st.integers(0, 3)] * 3), min_size=1, max_size=12)
)
def test_codes_equal_a_plain_loop(rows):
    documents = pd.DataFrame(
        [(i, *row[1:]) for i, row in enumerate(rows)],
        columns=["agreement_id", "Thrd", "ImUN", "Ce"],
    )
    members = pd.DataFrame({"case_id": [r[0] for r in rows], "agreement_id": range(len(rows))})
    expected = {}
    for case, third, un, truce in rows:
        expected[case, "third_party"] = max(
            expected.get((case, "third_party"), 0), int(third > 0 or un > 0)
        )
        expected[case, "truce"] = max(expected.get((case, "truce"), 0), truce)
    found = code_topics(documents.sample(frac=1, random_state=0), members, BOOK, "pax")
    assert {(r.case_id, r.indicator_id): r.code for r in found.itertuples()} == expected


def test_a_column_that_the_documents_lack_is_named_with_the_nearest():
    with pytest.raises(CodingError, match=r"lack the column\(s\) ImUN .*Did you mean 'ImU'"):
        code_topics(DOCUMENTS.rename(columns={"ImUN": "ImU"}), MEMBERS, BOOK, "pax")


def test_a_document_that_is_not_there_is_named():
    members = pd.concat([MEMBERS, pd.DataFrame({"case_id": ["c"], "agreement_id": [99]})])
    with pytest.raises(
        CodingError, match=r"1 scored document\(s\) are not in pax, for example \[99\]"
    ):
        code_topics(DOCUMENTS, members, BOOK, "pax")


def test_a_gap_is_not_read_as_absence():
    with pytest.raises(CodingError, match=r"topic column\(s\) Ce of pax have gaps"):
        code_topics(DOCUMENTS.assign(Ce=[2, np.nan, 2, 3]), MEMBERS, BOOK, "pax")


def test_a_gap_in_a_column_that_no_indicator_reads_does_not_matter():
    assert len(code_topics(DOCUMENTS.assign(other=np.nan), MEMBERS, BOOK, "pax")) == 6


def test_presence_is_one_zero_or_missing():
    codes = pd.DataFrame({"x": pd.array([0, 1, 3, None], "Int64")}, index=list("abcd"))
    found = present(codes)["x"]
    assert found.tolist()[:3] == [0.0, 1.0, 1.0] and np.isnan(found["d"])
    assert found.dtype == float
