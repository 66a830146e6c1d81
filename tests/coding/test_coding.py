"""A coding against its codebook: what it may hold, at which line it
does not, and whose codes can be scored.
"""

import time
from dataclasses import replace

import pandas as pd
import pytest

from peacestudy.coding import Coding, CodingSheet
from peacestudy.coding.coding import CODING_SCHEMA, coding_problems
from peacestudy.core.codebook import Code, Codebook, Indicator, Pillar, Scale
from peacestudy.errors import CodingError

PRESENCE = (Code(0, "absent", "no"), Code(1, "present", "yes"))
DEPTH = (Code(0, "none", "no"), Code(1, "some", "some"), Code(3, "full", "all"))


def indicator(name, codes):
    return Indicator(name, name, "?", name, "s", "because", "political", "promise", 1, codes=codes)


BOOK = Codebook(
    "small",
    "Small",
    "1.0",
    "share",
    {},
    (Scale("s", "nominal", PRESENCE),),
    (
        Pillar(
            "talks",
            "Talks",
            "t",
            "h",
            "s",
            indicators=(indicator("mediation", PRESENCE), indicator("truce", DEPTH)),
        ),
    ),
)


def table(*rows, coder="ann"):
    """Codes from (case, indicator, code) or (case, indicator, code, coder)."""
    full = [
        (r[0], r[1], r[3] if len(r) > 3 else coder, "human", r[2], None, "doc", "p. 1", None, None)
        for r in rows
    ]
    return pd.DataFrame(full, columns=CODING_SCHEMA.names)


def problems(*rows):
    with pytest.raises(CodingError) as caught:
        Coding(table(*rows), BOOK)
    return [(p.line, p.column, p.rule) for p in caught.value.problems]


def test_codes_of_the_codebook_are_taken_and_none_is_missing():
    coding = Coding(table(("b", "truce", 3), ("a", "mediation", 1), ("a", "truce", None)), BOOK)
    codes = coding.codes()
    assert (list(codes.index), list(codes.columns)) == (["a", "b"], ["mediation", "truce"])
    assert codes.astype(object).where(codes.notna(), None).values.tolist() == [[1, None], [None, 3]]
    assert set(map(str, codes.dtypes)) == {"Int64"}


def test_chosen_indicators_come_in_the_order_asked():
    coding = Coding(table(("a", "mediation", 1), ("a", "truce", 0)), BOOK)
    assert coding.codes(["truce", "mediation"]).values.tolist() == [[0, 1]]


@pytest.mark.parametrize("code", [2, -1, 4, 0.5, "1"])
def test_a_code_that_the_indicator_does_not_have_is_refused(code):
    assert problems(("a", "truce", 0), ("b", "truce", code)) == [
        (3, "code", "the codes of truce are 0 none, 1 some, 3 full")
    ]


def test_an_unknown_indicator_is_told_with_the_nearest():
    with pytest.raises(CodingError) as caught:
        Coding(table(("a", "mediator", 1)), BOOK)
    (problem,) = caught.value.problems
    assert (problem.value, problem.rule) == ("mediator", "not in codebook small 1.0")
    assert "Did you mean 'mediation'?" in problem.remedy


def test_a_coder_who_codes_a_cell_twice_is_told_with_both_lines():
    assert problems(("a", "truce", 0), ("b", "truce", 0), ("a", "truce", 0)) == [
        (4, "", "the coder coded this already at line 2")
    ]


def test_two_coders_may_code_one_cell_of_a_sheet_and_not_of_a_coding():
    both = table(("a", "truce", 0), ("a", "truce", 3, "bob"))
    sheet = CodingSheet(both, BOOK)
    assert (sheet.coders, sheet.kinds, sheet.indicators) == (
        ["ann", "bob"],
        {"ann": "human", "bob": "human"},
        ["truce"],
    )
    with pytest.raises(CodingError) as caught:
        Coding(both, BOOK)
    assert [(p.line, p.value) for p in caught.value.problems] == [(3, "a, truce")]
    assert "ps.adjudicate" in caught.value.problems[0].remedy


def dated(code, day, coder="ann", case="a"):
    return (
        case,
        "truce",
        coder,
        "human",
        code,
        "sure",
        "doc",
        "p. 1",
        None,
        f"2026-11-{day:02d}T09:00:00.000000Z",
    )


def test_a_revision_is_a_later_row_and_the_earlier_one_stays():
    rows = [dated(3, 20), dated(1, 9), dated(0, 10, "bob"), dated(None, 11, "bob", "b")]
    sheet = CodingSheet(
        pd.DataFrame(rows, columns=CODING_SCHEMA.names).astype({"code": "Int64"}), BOOK
    )
    assert sheet.history("a", "truce").code.tolist() == [1, 3, 0]
    assert len(sheet.latest()) == 3
    values = sheet.values("truce")
    assert (list(values.index), list(values.columns)) == (["a", "b"], ["ann", "bob"])
    assert values.fillna(-1).values.tolist() == [[3, 0], [-1, -1]]


def test_an_undated_row_is_older_than_a_dated_one():
    rows = [dated(3, 20), (*dated(1, 1)[:-1], None)]
    sheet = CodingSheet(
        pd.DataFrame(rows, columns=CODING_SCHEMA.names).astype({"code": "Int64"}), BOOK
    )
    assert sheet.latest().code.tolist() == [3]


def test_two_coders_under_one_name_a_bad_time_and_a_bad_confidence_are_told():
    rows = [
        dated(3, 20),
        (*dated(1, 21)[:3], "machine", 1, "certain", None, None, None, "yesterday"),
    ]
    found = coding_problems(pd.DataFrame(rows, columns=CODING_SCHEMA.names), BOOK, "f", [2, 3])
    assert [p.column for p in found] == ["kind", "confidence", "date"]
    assert "two coders may have the same name" in found[0].remedy


def test_what_is_open_is_what_was_asked_and_has_no_code():
    asked = pd.DataFrame(
        [(c, "truce", "ann") for c in "abc"], columns=["case_id", "indicator_id", "coder"]
    )
    sheet = CodingSheet(table(("a", "truce", 0), ("b", "truce", None)), BOOK, asked=asked)
    assert sheet.open().case_id.tolist() == ["b", "c"]
    with pytest.raises(CodingError, match="does not record the cells"):
        CodingSheet(table(("a", "truce", 0)), BOOK).open()


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ((None, "truce", 0), "case_id"),
        (("", "truce", 0), "case_id"),
        (("a", "truce", 0, None), "coder"),
    ],
)
def test_a_code_of_no_case_or_no_coder_is_refused(row, column):
    assert problems(row) == [(2, column, "a value is required")]


def test_every_problem_is_told_at_once():
    found = problems(("a", "x", 1), ("a", "truce", 2), (None, "truce", 0), ("a", "truce", 1))
    assert [(line, column) for line, column, _ in found] == [
        (2, "indicator_id"),
        (3, "code"),
        (4, "case_id"),
        (5, ""),
    ]


def test_a_missing_column_is_told():
    with pytest.raises(CodingError) as caught:
        Coding(table(("a", "truce", 0)).drop(columns=["coder", "locator"]), BOOK)
    assert [p.column for p in caught.value.problems] == ["coder", "locator"]


def test_lines_are_those_of_the_file():
    found = coding_problems(
        table(("a", "truce", 0), ("b", "truce", 9)), BOOK, "codings.csv", [2, 7]
    )
    assert [(p.file, p.line) for p in found] == [("codings.csv", 7)]


def test_several_coders_must_settle_before_codes_are_used():
    with pytest.raises(CodingError, match=r"2 coders \(ann, bob\) gave codes"):
        CodingSheet(table(("a", "truce", 0), ("a", "truce", 3, "bob")), BOOK).coding()
    assert CodingSheet(table(("a", "truce", 3)), BOOK).coding().codes().loc["a", "truce"] == 3


def test_ten_thousand_wrong_indicators_are_told_in_no_time():
    wide = replace(
        BOOK,
        entries=(
            Pillar(
                "p",
                "P",
                "t",
                "h",
                "s",
                indicators=tuple(indicator(f"question_{i}", PRESENCE) for i in range(50)),
            ),
        ),
    )
    wrong = table(*[(f"c{c}", f"qestion_{i}", 1) for c in range(200) for i in range(50)])
    begin = time.perf_counter()
    assert len(coding_problems(wrong, wide, "codings.csv", range(2, 10_002))) == 10_000
    assert time.perf_counter() - begin < 3  # 5.5 s where each row looks for the nearest word anew


def test_a_coding_without_rows_is_sound():
    assert Coding(table(), BOOK).codes().shape == (0, 2)


def test_it_shows_itself_escaped():
    shown = Coding(table(("<b>", "truce", 0)), BOOK)._repr_html_()
    assert "&lt;b&gt;" in shown and "<b></td>" not in shown
    assert "1 cases, 1 indicators, coders: ann" in shown
