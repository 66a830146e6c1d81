"""The canonical form of keys: an equivalence that ignores blanks,
accents, capitals and marks, and nothing else.
"""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peacestudy.core.spelling import canonical, canonical_forms, differences, twins

LATIN = st.characters(codec="latin-1", exclude_categories=["Cc"])
WORDS = st.text(st.sampled_from("abcXYZ019-' éöñçÅ"), min_size=1, max_size=8)
SAME = {
    "a no-break blank behind it": ("Mali", "Mali\u00a0", ["blanks"]),
    "a zero-width blank in it": ("Mali", "Ma\u200bli", ["blanks"]),
    "a byte order mark before it": ("Mali", "\ufeffMali", ["blanks"]),
    "two blanks": ("South Sudan", "South  Sudan", ["blanks"]),
    "a tab": ("South Sudan", "South\tSudan", ["blanks"]),
    "decomposed letters": (
        "C\u00f4te",
        "Co\u0302te",
        ["composed and decomposed letters (NFC and NFD)"],
    ),
    "no accent": ("S\u00e3o Tom\u00e9", "Sao Tome", ["accents"]),
    "a letter with a stroke": ("Bj\u00f8rn", "Bjorn", ["accents"]),
    "capitals": ("TCD", "tcd", ["capitals"]),
    "a sharp s": ("STRASSE", "Stra\u00dfe", ["capitals"]),
    "a curved apostrophe": ("d'Ivoire", "d\u2019Ivoire", ["apostrophes or dashes"]),
    "a modifier apostrophe": ("d'Ivoire", "d\u02bcIvoire", ["apostrophes or dashes"]),
    "a backtick": ("d'Ivoire", "d`Ivoire", ["apostrophes or dashes"]),
    "an en dash": ("A-1", "A\u20131", ["apostrophes or dashes"]),
    "leading zeros": ("007", "7", ["leading zeros"]),
    "a float's zero": ("7", "7.0", ["leading zeros"]),
    "capitals and a blank": ("Ann", "ann ", ["capitals", "blanks"]),
}


@pytest.mark.parametrize("what", SAME)
def test_spellings_of_one_key_have_one_form_and_the_difference_is_named(what):
    one, other, words = SAME[what]
    assert canonical(one) == canonical(other)
    assert differences(one, other) == words
    assert twins([one, "zzz", other]).pairs == [(one, other)]


@pytest.mark.parametrize(
    "one, other",
    [
        ("A-1", "A1"),
        ("A 1", "A1"),
        ("Guinea", "Guinea-Bissau"),
        ("70", "7"),
        ("7.5", "7"),
        ("\u0915\u093f", "\u0915"),
        ("x", ""),
        ("a_b", "a-b"),
        ("10", "1.0"),
    ],
)
def test_other_keys_keep_their_forms_apart(one, other):
    assert canonical(one) != canonical(other)
    assert twins([one, other]).pairs == []


@given(st.text(max_size=12))
def test_the_form_of_composed_and_decomposed_text_is_the_same(text):
    assert canonical(unicodedata.normalize("NFD", text)) == canonical(
        unicodedata.normalize("NFC", text)
    )


@given(st.text(LATIN, max_size=12))
def test_the_form_of_a_form_is_itself_and_capitals_do_not_matter(text):
    assert canonical(canonical(text)) == canonical(text)
    assert canonical(text.swapcase()) == canonical(text)
    assert canonical(f" {text}\u00a0") == canonical(text)


@settings(max_examples=300)
@given(st.lists(st.text(st.sampled_from("aB0.`' \t1-\x00"), max_size=5), max_size=6))
def test_the_quick_way_for_ascii_gives_the_same_forms(texts):
    assert canonical_forms(texts) == [canonical(t) for t in texts]


@given(st.lists(WORDS, max_size=12, unique=True))
def test_twins_are_all_values_behind_the_first_of_their_form(values):
    expected = []
    for n, value in enumerate(values):
        first = next((other for other in values[:n] if canonical(other) == canonical(value)), None)
        if first is not None:
            expected.append((first, value))
    assert twins(values).pairs == expected
