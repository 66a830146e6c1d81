"""The rules on ``ThrdPart``, proved on entries labelled by hand.

``third_party_cases.tsv`` holds two kinds of rows. Rows with ``agreement_id`` are entries of PA-X
v10: their text is not ours to commit and is read from the raw file where that is present. The 60
marked "sample" were drawn at random (seed 20261123) and labelled before any rule was run; the
others were picked because they are delicate. The rules were written by someone who had read most of
the field, so agreement with these rows is no estimate for other data. Rows with ``text`` are made
up in the same style; there ``\\n`` is a line break.
"""

import csv
from pathlib import Path
from re import _parser

import pytest

from peacestudy.coding.third_party import _BREAK, NOBODY, RECORDS, REMARKS, code_third_party

HERE = Path(__file__).resolve()
RAW = HERE.parents[2].parent / "shared" / "raw" / "pax_v10.csv"
with HERE.with_name("third_party_cases.tsv").open(encoding="utf-8", newline="") as stream:
    CASES = list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
OURS = [case for case in CASES if not case["agreement_id"]]
THEIRS = [case for case in CASES if case["agreement_id"]]
LONG = 250_000  # characters: a search of quadratic time would not end


def text_of(case):
    return case["text"].replace("\\n", "\n")


@pytest.fixture(scope="module")
def pax():
    if not RAW.is_file():
        pytest.skip(f"PA-X v10 is not on this machine: {RAW.name} is expected in {RAW.parent}")
    with RAW.open(encoding="utf-8-sig", newline="") as stream:
        return {row["AgtId"]: row["ThrdPart"] for row in csv.DictReader(stream)}


def test_the_cases_are_what_they_claim():
    assert len(OURS) >= 50
    assert len(THEIRS) >= 120
    assert sum(case["why"].startswith("sample: ") for case in THEIRS) == 60
    assert len({case["agreement_id"] for case in THEIRS}) == len(THEIRS)
    assert all(case["expected"] in ("0", "1") and case["why"] for case in CASES)
    assert not any(case["text"] for case in THEIRS)


@pytest.mark.parametrize("case", OURS, ids=lambda case: case["text"])
def test_made_up_entry(case):
    assert code_third_party(text_of(case))[0] == int(case["expected"]), code_third_party(
        text_of(case)
    )


@pytest.mark.parametrize(
    "case", [c for c in OURS if c["why"].split(",")[0] in {r.name for r in (*REMARKS, *RECORDS)}]
)
def test_the_reason_names_the_rule_that_decided(case):
    assert code_third_party(text_of(case))[1].split(":")[0] == case["why"].split(",")[0]


@pytest.mark.parametrize("blank", [None, "", " ", "\n\t\r\n", "\u00a0\u2003", "\u2028"])
def test_blank_is_absent(blank):
    assert code_third_party(blank) == (0, "blank: the field is blank")


def test_every_rule_decides_some_made_up_entry():
    decided = {code_third_party(text_of(case))[1].split(":")[0] for case in OURS} | {"blank"}
    assert decided == {rule.name for rule in (*REMARKS, *RECORDS, NOBODY)}


@pytest.mark.parametrize("case", THEIRS, ids=lambda case: case["agreement_id"])
def test_entry_of_pax(case, pax):
    found = code_third_party(pax[case["agreement_id"]])
    assert found[0] == int(case["expected"]), (case["why"], found)


def test_the_whole_of_pax(pax):
    found = {agreement: code_third_party(text)[0] for agreement, text in pax.items()}
    assert len(found) == 2257
    assert sum(not text.strip() for text in pax.values()) == 1021
    absent = {
        agreement for agreement, value in found.items() if not value and pax[agreement].strip()
    }
    assert absent == {case["agreement_id"] for case in THEIRS if case["expected"] == "0"}


def test_spacing_about_a_field_does_not_matter(pax):
    for agreement, text in pax.items():
        value = code_third_party(text)[0]
        assert code_third_party(f"\n  {text}\u00a0 \n")[0] == value, agreement


def repeats(sequence, at_end=True):
    """Every repeat of a parsed pattern: its limits, what it
    repeats, and whether nothing stands behind it.
    """
    for place, (operation, argument) in enumerate(sequence, start=1):
        last = at_end and place == len(sequence)
        if operation in (_parser.MAX_REPEAT, _parser.MIN_REPEAT):
            low, high, body = argument
            yield low, high, body, last
            yield from repeats(body, last and high == 1)
        elif operation is _parser.BRANCH:
            for alternative in argument[1]:
                yield from repeats(alternative, last)
        elif operation in (_parser.SUBPATTERN, _parser.ASSERT, _parser.ASSERT_NOT):
            yield from repeats(argument[-1], last and operation is _parser.SUBPATTERN)


PATTERNS = {rule.name: rule.pattern for rule in (*REMARKS, *RECORDS)} | {"break": _BREAK}


@pytest.mark.parametrize("name", PATTERNS)
def test_steps_are_bounded_by_the_length_of_the_text(name):
    """No repeat holds another, and one without bound has nothing
    behind it that could fail and send it back.
    """
    for low, high, body, last in repeats(_parser.parse(PATTERNS[name].pattern)):
        assert high <= 60 or last
        assert high <= 1 or low == high or not list(repeats(body)), (low, high, body)


@pytest.mark.parametrize("bad", ["(?:a+)+b", "a*b", "(?:a*|b)c", "x(?:a*y){0,1}z", "(?=a*b)"])
def test_the_bound_on_steps_would_catch(bad):
    found = list(repeats(_parser.parse(bad)))
    assert any(high > 60 and not last for _, high, _, last in found)


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "-",
        " ",
        "\n",
        "no ",
        "no no third ",
        "not include ",
        "cc:",
        "copy to ",
        "unsigned annex of ",
        "parties ",
        "the ",
        "(",
        "\u0301",
    ],
)
def test_a_long_text_of_repeats_is_read(unit):
    value, reason = code_third_party(unit * (LONG // len(unit)))
    assert value in (0, 1)
    assert len(reason) < 100
