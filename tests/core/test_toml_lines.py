"""The line of every value in a TOML text, against texts whose
lines are known because this file wrote them.
"""

import json
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peacestudy.core.toml_lines import line_of, positions

DATASETS = Path(__file__).resolve().parents[2] / "datasets"
SAMPLE = '''# a comment with [brackets] = and "quotes
id = "k"   # id = "other"
text = """
[not.a.table]
key = 1
"""
raw = 'a \\ b'
long = \'\'\'
x = [
\'\'\'
dotted.key = 1.5
"quoted key" = 2023-02-03 10:00:00

[a]
b = { c = 1, d = [2, 3] }
list = [  # comment ]
  { value = 0, label = "]" },

  { value = 1, label = "}" },

]
[a.sub]
x = 1
[[rows]]
id = "r0"
[[rows.inner]]
id = "i0"
[[rows.inner]]
id = "i1"
[rows.table]
y = 2
[[rows]]
id = "r1"
[[rows.inner]]
id = "i2"
'''
PLACES = {
    ("id",): 2,
    ("text",): 3,
    ("raw",): 7,
    ("long",): 8,
    ("dotted",): 11,
    ("dotted", "key"): 11,
    ("quoted key",): 12,
    ("a",): 14,
    ("a", "b"): 15,
    ("a", "b", "c"): 15,
    ("a", "b", "d", 1): 15,
    ("a", "list"): 16,
    ("a", "list", 0, "label"): 17,
    ("a", "list", 1, "value"): 19,
    ("a", "list", 1, "label"): 19,
    ("a", "sub"): 22,
    ("a", "sub", "x"): 23,
    ("rows",): 24,
    ("rows", 0): 24,
    ("rows", 0, "id"): 25,
    ("rows", 0, "inner", 0): 26,
    ("rows", 0, "inner", 1, "id"): 29,
    ("rows", 0, "table", "y"): 31,
    ("rows", 1): 32,
    ("rows", 1, "inner", 0, "id"): 35,
}


def places(value, at=()):
    """Every place in a value that ``tomllib`` read."""
    if at:
        yield at
    for key, inner in (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    ):
        yield from places(inner, (*at, key))


@pytest.mark.parametrize("place", PLACES, ids=lambda p: ".".join(map(str, p)))
def test_lines_of_every_kind_of_value(place):
    assert positions(SAMPLE)[place] == PLACES[place]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_line_ends_do_not_matter(end):
    assert positions(SAMPLE.replace("\n", end)) == positions(SAMPLE)


def test_what_is_not_there_has_the_line_of_the_table_around_it():
    assert line_of(SAMPLE, "rows", 0, "inner", 1, "name") == 28
    assert line_of(SAMPLE, "rows", 1, "name") == 32
    assert line_of(SAMPLE, "a", "list", 1, "anchor") == 19
    assert line_of(SAMPLE, "nothing") == 0


def test_every_place_that_tomllib_reads_is_found_and_no_other():
    assert set(positions(SAMPLE)) == set(places(tomllib.loads(SAMPLE)))


@pytest.mark.parametrize(
    "path", sorted(DATASETS.glob("*/*.toml")), ids=lambda p: f"{p.parent.name}-{p.stem}"
)
def test_in_the_studies_of_the_project_every_key_stands_on_its_line(path):
    text = path.read_text(encoding="utf-8")
    lines = text.split("\n")
    found = positions(text)
    assert set(found) == set(places(tomllib.loads(text)))
    for place, line in found.items():
        if isinstance(place[-1], str):
            assert place[-1] in lines[line - 1]


KEYS = st.text("abc", min_size=1, max_size=3) | st.sampled_from(["a.b", "x y", "ü", '"', "=", "]"])
SCALARS = (
    st.integers(-9, 9) | st.booleans() | st.floats(0, 9) | st.text('ab"\\]}\n=,#é', max_size=6)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


def write(value, at, lines):
    """A value as TOML, appended to the lines; lists over several
    lines. Returns the lines of every place in it.
    """
    found = {at: len(lines)}
    if isinstance(value, list):
        lines[-1] += "["
        for i, inner in enumerate(value):
            lines.append("  # ], [x]")
            lines.append("")
            found |= write(inner, (*at, i), lines)
            lines[-1] += ","
        lines[-1] += "]"
    elif isinstance(value, dict):
        lines[-1] += "{"
        for i, (key, inner) in enumerate(value.items()):
            lines[-1] += ", " * (i > 0) + f"{json.dumps(key, ensure_ascii=False)} = "
            found |= write(inner, (*at, key), lines)
        lines[-1] += "}"
    else:
        lines[-1] += json.dumps(value, ensure_ascii=False)
    return found


@given(
    st.dictionaries(KEYS, VALUES, max_size=4),
    st.lists(st.dictionaries(KEYS, SCALARS, max_size=3), max_size=3),
)
def test_any_text_that_tomllib_reads(pairs, tables):
    lines, expected = [], {}
    for key, value in pairs.items():
        lines.append(f"{json.dumps(key, ensure_ascii=False)} = ")
        expected |= write(value, (key,), lines)
    for n, table in enumerate(tables):
        lines += ["", "[[the.rows]]"]
        expected |= {
            ("the",): expected.get(("the",), len(lines)),
            ("the", "rows"): expected.get(("the", "rows"), len(lines)),
        }
        expected["the", "rows", n] = len(lines)
        for key, value in table.items():
            lines.append(f"{json.dumps(key, ensure_ascii=False)} = ")
            expected |= write(value, ("the", "rows", n, key), lines)
    text = "\n".join(lines)
    assert set(expected) == set(places(tomllib.loads(text)))
    assert positions(text) == expected
