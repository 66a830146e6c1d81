"""The canonical form of a text key: what is left of it without
blanks, accents, capitals and typographic marks.

Keys are matched exactly. The canonical form finds keys that were meant to be the same and are
written in two ways, so that a verb that matches keys can refuse or report them. It never makes two
keys match.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

SHOWN = 5  # pairs named in a message
_SEPARATOR = "|"
_ZEROS = re.compile(r"(?:^|\|)(?:0[0-9]+|[0-9]+\.0+)(?=\||$)")
_NUMBER = re.compile(r"0*([0-9]+?)(?:\.0+)?")
_MARKS = str.maketrans(
    dict.fromkeys(
        "\u2018\u2019\u201a\u201b`\u00b4\u02b9\u02bb\u02bc\u02bd\u02be\u02bf\u2032\ua78c\uff07"
        "\u05f3\u1fef\u1ffd",
        "'",
    )
    | dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033", '"')
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d", "-")
)
# letters that Unicode does not decompose, as they are written without their mark
_PLAIN = {
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "ð": "d",
    "ħ": "h",
    "ŧ": "t",
    "æ": "ae",
    "œ": "oe",
    "þ": "th",
}
_LETTERS = str.maketrans(_PLAIN | {k.upper(): v.upper() for k, v in _PLAIN.items()} | {"ı": "i"})
# combining marks of Latin, Greek and Cyrillic; the vowel signs of other scripts are letters
_COMBINING = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]")


def _marks(text: str) -> str:
    return text.replace("\u00ad", "").translate(_MARKS)


def _capitals(text: str) -> str:
    return text.casefold()


def _accents(text: str) -> str:
    return _COMBINING.sub("", unicodedata.normalize("NFKD", text)).translate(_LETTERS)


def _blanks(text: str) -> str:
    plain = text
    if not text.isprintable():
        kept = [c for c in text if c.isspace() or unicodedata.category(c) not in ("Cf", "Cc")]
        plain = "".join(kept)
    return " ".join(plain.split())


def _zeros(text: str) -> str:
    found = _NUMBER.fullmatch(text)
    return found[1] if found else text


_STEPS: dict[str, Callable[[str], str]] = {
    "apostrophes or dashes": _marks,
    "accents": _accents,
    "capitals": _capitals,
    "blanks": _blanks,
    "leading zeros": _zeros,
}
CODE_LIKE = {"capitals", "leading zeros"}  # what may tell two codes apart that are both meant


def canonical(value: object) -> str:
    """The form in which two spellings of one key are the same.

    Composed and decomposed letters (NFC, NFD), letters with and without accents, capitals, kinds of
    apostrophe and dash are one; so are blanks of every kind (no-break and zero-width ones too),
    blanks at the ends, doubled ones; and digits with zeros before them or ``.0`` behind.

    Examples
    --------
    >>> canonical("  Co\u0302te d\u2019Ivoire\u00a0") == canonical("COTE D'IVOIRE")
    True
    >>> canonical("007"), canonical("7.0"), canonical("A\u2013007")
    ('7', '7', 'a-007')
    """
    text = str(value)
    for step in _STEPS.values():
        text = step(text)
    return _marks(text)  # decomposing can bring marks


def canonical_forms(values: Iterable[object]) -> list[str]:
    """The form of each value; quick where all of them are plain ASCII."""
    texts = [str(v) for v in values]
    whole = _SEPARATOR.join(texts)
    if _is_plain(whole):
        forms = whole.lower().split(_SEPARATOR)
        if len(forms) == len(texts):  # no text holds the separator
            return forms
    return [
        text.lower() if _is_plain(text) and _SEPARATOR not in text else canonical(text)
        for text in texts
    ]


def _is_plain(whole: str) -> bool:
    """Whether joined texts are ASCII without anything but capitals
    that the canonical form would change.
    """
    if not whole.isascii() or not whole.isprintable() or whole != whole.strip():
        return False
    if any(odd in whole for odd in ("`", "  ", _SEPARATOR + " ", " " + _SEPARATOR)):
        return False
    zeros = whole.startswith("0") or _SEPARATOR + "0" in whole or ".0" in whole
    return not zeros or not _ZEROS.search(whole)


def differences(one: object, other: object) -> list[str]:
    """In what two spellings of one form differ: the words of the steps that make them the same.

    Examples
    --------
    >>> (
    ...     differences("Mali", "mali "),
    ...     differences("C\u00f4te", "Co\u0302te"),
    ...     differences("C\u00f4te", "Cote"),
    ... )
    (['capitals', 'blanks'], ['composed and decomposed letters (NFC and NFD)'], ['accents'])
    """
    if str(one) == str(other):
        return ["type, one a number and one a text (.astype(str) makes texts of all)"]
    found = []
    for word in _STEPS:
        a, b = _without(word, one), _without(word, other)
        if a == b:
            continue
        if word == "accents" and unicodedata.normalize("NFC", a) == unicodedata.normalize("NFC", b):
            word = "composed and decomposed letters (NFC and NFD)"
        found.append(word)
    return found or ["their spelling"]


def _without(word: str, value: object) -> str:
    """The form of a value without one of the steps."""
    text = str(value)
    for name, step in _STEPS.items():
        if name != word:
            text = step(text)
    return text


class Twins(NamedTuple):
    """Spellings of one key: pairs, and in words what tells them apart."""

    pairs: list[tuple[object, object]]
    how: str

    def shown(self) -> str:
        """The first pairs, with what cannot be seen written out."""
        texts = [f"{visible(a)} and {visible(b)}" for a, b in self.pairs[:SHOWN]]
        more = f" and {len(self.pairs) - SHOWN} more" if len(self.pairs) > SHOWN else ""
        return "; ".join(texts) + more


def twins_of(pairs: Sequence[tuple[object, object]]) -> Twins:
    """Pairs of spellings with what tells them apart."""
    words = [word for a, b in pairs[:1000] for word in differences(a, b)]
    return Twins(list(pairs), " or ".join(dict.fromkeys(words)))


def twins(values: Iterable[object]) -> Twins:
    """Different values of one column that have one form, each with the first of that form.

    Examples
    --------
    >>> print(twins(["Mali", "Niger", "Mali "]).shown())
    'Mali' and 'Mali '
    """
    held = list(dict.fromkeys(values))
    forms = canonical_forms(held)
    if len(set(forms)) == len(forms):
        return Twins([], "")
    first: dict[str, object] = {}
    pairs = []
    for form, value in zip(forms, held, strict=True):
        if form in first:
            pairs.append((first[form], value))
        else:
            first[form] = value
    return twins_of(pairs)


def visible(value: object) -> str:
    """A value in quotes; letters that are not composed and blanks that
    cannot be seen are written as their code points.
    """
    text = str(value)
    hidden = [
        c
        for c in text
        if c != " " and (c.isspace() or not c.isprintable() or unicodedata.combining(c))
    ]
    return ascii(value) if hidden else repr(value)
