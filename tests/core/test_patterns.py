"""Expressions that come with data: Python's meaning where both
take them, and never more than linear time.
"""

import re
import time

import pytest

from peacestudy.core.patterns import full_matches
from peacestudy.core.schema import Field
from peacestudy.errors import SourceError

TEXTS = [
    "a.b-c",
    "é",
    "x",
    "1999",
    "١٩٩٩",
    "]a",
    "ba]",
    "b",
    "foobar",
    " x ",
    "\u00a0x",
    "USA",
    "ABC",
    "é_1",
    "!",
    "1/2",
    "x\\w",
    "[a]",
    "[",
    "",
    "\n",
    "a\nb",
    "axb",
    "ь²",
]
PATTERNS = [
    r"[\w.-]+",
    r"\w+",
    r"[^\w]",
    r"\d{4}",
    r"[]a]+",
    r"[^]a]+",
    r"[a\]b]+",
    r"a|b",
    r"(foo|bar)+",
    r"\s*x\s*",
    r"[A-Z]{3}",
    r"^x$",
    r"(?i)abc",
    r"\W",
    r"[\d/]+",
    r"x\\w",
    r"a.b",
    r"",
    r"\.",
    r"é+",
    r"[\[]+",
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_it_matches_what_python_matches(pattern):
    expected = [bool(re.fullmatch(pattern, text)) for text in TEXTS]
    assert full_matches(pattern, TEXTS).tolist() == expected


@pytest.mark.parametrize(
    "pattern", [r"([A-Za-z]+[^!]*)+!", r"(a|a)*b", r"(a|aa)+!", r"(.*)*x", r"a*a*a*a*a*a*a*b"]
)
def test_no_expression_takes_long(pattern):
    begin = time.process_time()
    assert not full_matches(pattern, ["a" * 20_000 + "?"] * 5).any()
    assert time.process_time() - begin < 2


@pytest.mark.parametrize(
    "pattern",
    [
        "(",
        "a)|(?:b",
        r"(a)\1",
        "(?=a)b",
        "a{2,1}",
        "\ud800",
        r"[\W]",
        "x" * 1001,
        "((a{1000}){1000}){1000}",
    ],
)
def test_what_cannot_be_matched_so_is_refused_with_its_field(pattern):
    with pytest.raises(ValueError):
        full_matches(pattern, ["a"])
    with pytest.raises(SourceError, match="of field 'code' cannot be used as an expression"):
        Field("code", pattern=pattern)
