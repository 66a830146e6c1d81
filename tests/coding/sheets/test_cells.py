"""What a filled cell means, and what is said where that is not certain."""

import pytest

from peacestudy.coding.sheets.cells import code_of, confidence_of, entry_of
from peacestudy.core.workbook.cells import Odd

LABELS = {0: "absent", 1: "present", 10: "Present, in  full"}


def heard(read, *arguments, **more):
    said = []
    return read(*arguments, say=lambda *problem: said.append(problem), **more), said


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("1", 1),
        ("1 present", 1),
        (" 1  Present ", 1),
        ("PRESENT", 1),
        ("1.0", 1),
        ("1.", 1),
        ("1: present", 1),
        ("1 - present", 1),
        ("1=present", 1),
        ("1 – present", 1),
        ("01", 1),
        ("10", 10),
        ("10 present, in full", 10),
        ("Present, in full", 10),
        ("0", 0),
        (Odd("number", "1"), 1),
        (Odd("number", "1.0"), 1),
        (Odd("number", "0"), 0),
        ("", None),
        ("  \n", None),
    ],
)
def test_a_code_in_any_dress_is_taken(cell, code):
    assert heard(code_of, cell, LABELS, "talks", 7) == (code, [])


@pytest.mark.parametrize(
    ("cell", "hint"),
    [
        ("presnt", "Did you mean '1 present'?"),
        ("1 presnt", "Did you mean '1 present'?"),
        ("0 present", "Did you mean '1 present'?"),
        ("abent", "Did you mean '0 absent'?"),
        ("2", ""),
        ("-1", ""),
        ("1.5", ""),
        ("0.1", ""),
        ("11", ""),
        ("x", ""),
        ("1present", "Did you mean '1 present'?"),
        ("1 0", ""),
        ("NA", ""),
        ("No", ""),
        ("١", ""),
        ("1e0", ""),
        (Odd("number", "2"), ""),
        (Odd("fraction", "0.5"), ""),
        (Odd("truth value", "TRUE"), ""),
        (Odd("date", "45292"), ""),
        (Odd("formula", "=..."), ""),
        (Odd("error value", "#N/A"), ""),
    ],
)
def test_any_other_code_is_a_problem_that_names_the_nearest(cell, hint):
    code, said = heard(code_of, cell, LABELS, "talks", 7)
    assert code is None and len(said) == 1
    line, column, value, _, remedy = said[0]
    assert (line, column, value) == (7, "code", cell)
    assert hint in remedy and (bool(hint) or "mean" not in remedy)


def test_a_label_that_two_codes_share_is_no_code():
    code, said = heard(code_of, "same", {0: "same", 1: "same"}, "talks", 2)
    assert code is None and len(said) == 1
    assert heard(code_of, "1 same", {0: "same", 1: "same"}, "talks", 2) == (1, [])


@pytest.mark.parametrize("cell", ["sure", " Sure ", "SURE"])
def test_confidence_is_taken(cell):
    assert heard(confidence_of, cell, 2) == ("sure", [])


@pytest.mark.parametrize(
    ("cell", "hint"),
    [("shure", "'sure'"), ("probably", "'probable'"), (Odd("number", "1"), "leave it")],
)
def test_another_confidence_is_a_problem(cell, hint):
    word, said = heard(confidence_of, cell, 2)
    assert word is None and hint in said[0][4]


def test_texts_are_kept_and_whole_numbers_counted():
    numbers = {}
    for cell, text in (
        (" x ", " x "),
        ("", None),
        ("  ", "  "),
        (Odd("number", "12"), "12"),
        (Odd("number", "12.0"), "12"),
        ("012", "012"),
    ):
        assert heard(entry_of, cell, "locator", 2, numbers=numbers) == (text, [])
    assert numbers == {"locator": 2}


@pytest.mark.parametrize("kind", ["fraction", "date", "truth value", "formula", "error value"])
def test_what_a_spreadsheet_made_of_a_text_is_a_problem(kind):
    text, said = heard(entry_of, Odd(kind, "cached"), "comment", 9, numbers={})
    assert text is None
    assert said[0][:2] == (9, "comment") and kind in said[0][3] and "as text" in said[0][4]
    assert kind != "formula" or "cached" not in str(said)
