"""TOML into dataclasses: every value that does not fit is told with its
line, and nothing that does not fit gets in.
"""

import contextlib
import datetime
import time
from dataclasses import dataclass, field
from typing import Any

import pytest

from peacestudy.core.codebook import read_codebook
from peacestudy.core.settings import fill, inside, read_json, read_toml
from peacestudy.errors import CodebookError, SpecError


@dataclass(frozen=True)
class Leaf:
    id: str
    weight: float = 1.0


@dataclass(frozen=True)
class Root:
    name: str
    count: int
    share: float
    yes: bool
    day: datetime.date
    words: tuple[str, ...]
    leaf: Leaf
    leaves: tuple[Leaf, ...]
    texts: dict[str, str] = field(default_factory=dict)
    free: dict[str, Any] = field(default_factory=dict)
    maybe: int | None = None


SOUND = """name = "n"
count = 3
share = 2
yes = true
day = 2026-11-23
words = ["a", "b"]
leaf = { id = "l" }
maybe = 4
[texts]
a = "b"
[free]
anything = [1, { x = 2 }]
[[leaves]]
id = "one"
[[leaves]]
id = "two"
weight = 0.5
"""


@pytest.fixture
def read(tmp_path):
    def run(text, cls=Root):
        path = tmp_path / "s.toml"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        values, text = read_toml(path, SpecError)
        problems = []
        return fill(cls, values, path.name, text, problems), problems

    return run


def test_values_map_one_to_one_to_fields(read):
    found, problems = read(SOUND)
    assert problems == []
    assert found == Root(
        "n",
        3,
        2,
        True,
        datetime.date(2026, 11, 23),
        ("a", "b"),
        Leaf("l"),
        (Leaf("one"), Leaf("two", 0.5)),
        {"a": "b"},
        {"anything": [1, {"x": 2}]},
        4,
    )


@pytest.mark.parametrize(
    ("old", "new", "line", "column", "rule"),
    [
        ('name = "n"', "name = 3", 1, "name", "expected str, found int"),
        ("count = 3", "count = 3.0", 2, "count", "expected int, found float"),
        ("count = 3", "count = true", 2, "count", "expected int, found bool"),
        ("count = 3", 'count = "3"', 2, "count", "expected int, found str"),
        ("share = 2", "share = nan", 3, "share", "expected float, found nan"),
        ("share = 2", "share = false", 3, "share", "expected float, found bool"),
        ("yes = true", "yes = 1", 4, "yes", "expected bool, found int"),
        ("day = 2026-11-23", 'day = "2026-11-23"', 5, "day", "expected date, found str"),
        (
            "day = 2026-11-23",
            "day = 2026-11-23T10:00:00",
            5,
            "day",
            "expected date, found datetime",
        ),
        ('words = ["a", "b"]', 'words = "a"', 6, "words", "expected a list"),
        ('words = ["a", "b"]', 'words = ["a",\n 2]', 7, "words", "expected str, found int"),
        ('leaf = { id = "l" }', 'leaf = "l"', 7, "leaf", "expected a table of id, weight"),
        ('leaf = { id = "l" }', "leaf = { id = 7 }", 7, "id", "expected str, found int"),
        (
            'leaf = { id = "l" }',
            'leaf = { id = "l", wieght = 1 }',
            7,
            "wieght",
            "unknown key; Leaf has id, weight",
        ),
        ('a = "b"', "a = 1", 10, "a", "expected str, found int"),
        ('id = "two"\n', "", 15, "id", "Leaf needs 'id'"),
        ('id = "two"', "id = 2", 16, "id", "expected str, found int"),
        ("weight = 0.5", 'weight = "x"', 17, "weight", "expected float, found str"),
        ("[texts]", "colour = 1\n[texts]", 9, "colour", "unknown key; Root has name, count"),
        ('name = "n"\n', "", 0, "name", "Root needs 'name'"),
    ],
)
def test_what_does_not_fit_is_told_with_its_line(read, old, new, line, column, rule):
    found, problems = read(SOUND.replace(old, new, 1))
    assert found is None
    assert [(p.file, p.line, p.column) for p in problems] == [("s.toml", line, column)]
    assert rule in problems[0].rule
    assert problems[0].remedy


def test_an_unknown_key_names_the_nearest(read):
    assert (
        "Did you mean 'share'?"
        in read(SOUND.replace("[texts]", "shares = 1\n[texts]"))[1][0].remedy
    )


def test_every_problem_is_told_at_once(read):
    text = (
        SOUND.replace("count = 3", "count = 1.5")
        .replace("yes = true", "sure = true")
        .replace('id = "two"', "id = 2")
    )
    assert [(p.line, p.column) for p in read(text)[1]] == [
        (4, "sure"),
        (2, "count"),
        (0, "yes"),
        (16, "id"),
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('a = 1\nb = "open\nc = 2\n', 2),
        ("a = 1\na = 2\n", 2),
        ("a = 1\n[t]\nx = 1\n[t]\n", 4),
        ("a = 1\n\nb =\n", 3),
        ("a = 1\nb = [1,\n2,\n", 3),
        ('a = """\nopen\n\n', 2),
        ("a = 2023-02-30\n", 1),
        ("a = 01\n", 1),
    ],
)
def test_what_is_no_toml_is_told_with_its_line(read, text, line):
    with pytest.raises(SpecError) as caught:
        read(text)
    (problem,) = caught.value.problems
    assert (problem.file, problem.line) == ("s.toml", line)
    assert problem.rule.startswith("not TOML: ")


def test_brackets_without_end_are_an_error_of_ours(read):
    with pytest.raises(SpecError, match="cannot be read"):
        read("a = " + "[" * 100_000)


def test_bad_bytes_and_a_missing_file_are_errors_of_the_stage(read, tmp_path):
    with pytest.raises(SpecError, match="not UTF-8"):
        read(b'a = 1\nb = "\xff"\n')
    with pytest.raises(CodebookError, match="cannot be read"):
        read_toml(tmp_path / "no.toml", CodebookError)


def test_a_byte_order_mark_and_windows_line_ends_are_read(read):
    assert read(b"\xef\xbb\xbf" + SOUND.replace("\n", "\r\n").encode())[1] == []


@pytest.mark.parametrize(
    "key", ["a" + ".a" * 20_000, '"a"' + ' . "b"' * 20_000, "[x" + ".y" * 20_000 + "]\nz"]
)
def test_a_key_of_thousands_of_parts_is_refused_before_it_is_read(read, key):
    begin = time.process_time()
    with pytest.raises(SpecError) as caught:
        read(f"b = 1\n{key} = 1\n")
    assert (
        caught.value.problems[0].line == 2 and "more than 64 parts" in caught.value.problems[0].rule
    )
    assert time.process_time() - begin < 2


@pytest.mark.parametrize("value", ["9" * 20_000, "'" + "a.b " * 20_000 + "'", "9." * 5_000])
def test_long_values_take_no_time(read, value):
    begin = time.process_time()
    with contextlib.suppress(SpecError):
        read(f"{value.strip()[:0]}b = {value}\n")
    assert time.process_time() - begin < 5


def test_a_name_that_stands_twice_in_json_is_refused(tmp_path):
    (tmp_path / "x.json").write_text('{"path": "a.csv", "path": "b.csv"}')
    with pytest.raises(SpecError, match="'path' appears twice"):
        read_json(tmp_path / "x.json", SpecError)
    (tmp_path / "x.json").write_text("[" * 100_000)
    with pytest.raises(SpecError, match="not JSON"):
        read_json(tmp_path / "x.json", SpecError)


@pytest.mark.parametrize(
    "name", ["../x.csv", "/x.csv", "a/../../x.csv", "..", "..\\x.csv", "C:x.csv", "a\0b"]
)
def test_a_path_that_leaves_the_folder_is_refused(name):
    with pytest.raises(SpecError, match="stays in its folder"):
        inside(name, "decisions")


def test_a_codebook_is_read_by_a_path_as_text(tmp_path):
    with pytest.raises(CodebookError, match="cannot be read"):
        read_codebook(str(tmp_path / "no.toml"))
