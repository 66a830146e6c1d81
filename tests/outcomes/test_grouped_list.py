"""Country lists in JSON: groups within groups, members at the ends, and what is no such list."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peacestudy.core.schema import Field, Schema
from peacestudy.errors import SourceError
from peacestudy.outcomes.grouped_list import read_grouped_list

SCHEMA = Schema(
    (Field("group", required=True), Field("country", required=True, pattern="[A-Z]{3}")),
    key=("country",),
)
TEXT = (
    '{\n  "A": {\n    "first": [\n      "NAM",\n      "FRA"\n    ],\n    "second": []\n  },\n  "B":'
    ' ["PER"]\n}\n'
)


@pytest.fixture
def read(tmp_path):
    def run(content, schema=SCHEMA):
        (tmp_path / "list.json").write_bytes(
            content.encode() if isinstance(content, str) else content
        )
        return read_grouped_list(tmp_path / "list.json", schema)

    return run


def refused(read, content, **options):
    with pytest.raises(SourceError) as caught:
        read(content, **options)
    return caught.value


def test_a_row_is_a_member_with_the_groups_that_hold_it(read):
    found = read(TEXT)
    assert found.to_dict("list") == {
        "group": ["A/first", "A/first", "B"],
        "country": ["NAM", "FRA", "PER"],
    }
    assert read('{"A": []}').to_dict("list") == {"group": [], "country": []}


NAMES = st.text("abc", min_size=1, max_size=2)
CODES = st.text("ABCDEFGH", min_size=3, max_size=3)


@given(
    st.dictionaries(
        NAMES,
        st.recursive(
            st.lists(CODES, max_size=4), lambda inner: st.dictionaries(NAMES, inner, max_size=3)
        ),
    )
)
def test_any_list_is_walked_in_its_order(tmp_path_factory, tree):
    def walk(part, held):
        if isinstance(part, list):
            return [("/".join(held), m) for m in part]
        return [row for name, inner in part.items() for row in walk(inner, [*held, name])]

    path = tmp_path_factory.mktemp("lists") / "list.json"
    path.write_text(json.dumps(tree))
    found = read_grouped_list(path, Schema((Field("group"), Field("country"))))
    assert list(found.itertuples(index=False, name=None)) == walk(tree, [])


@pytest.mark.parametrize(
    ("change", "line", "column", "rule"),
    [
        (("PER", "per"), 9, "country", "expected the form"),
        (("FRA", ""), 5, "country", "a value is required"),
        (("PER", "NAM"), 9, "country", "is already at line 4"),
        (('"B": ["PER"]', ""), 9, "", "property name"),
        (('"PER"]\n}\n', '"PE'), 9, "", "Unterminated string"),
    ],
    ids=["other letters", "an empty member", "a member twice", "a comma too many", "cut off"],
)
def test_what_breaks_the_list_is_told_with_its_line(read, change, line, column, rule):
    assert change[0] in TEXT
    problem = refused(read, TEXT.replace(*change)).problems[0]
    assert problem.file == "list.json" and problem.column == column and rule in problem.rule
    assert abs(problem.line - line) <= (0 if column else 1)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (TEXT.replace('"second"', '"first"'), "names first twice"),
        ('{"A": "NAM"}', "at A stands NAM"),
        ('{"A": {"b": ["NAM", 7]}}', "at A/b stands"),
        ('["NAM"]', "at the top stands"),
        ("7", "at the top stands 7"),
        ("[" * 100_000 + "]" * 100_000, "without end"),
        ('{"A":' * 100_000 + "[]" + "}" * 100_000, "without end"),
        (b'{"A": ["\xff"]}', "is not UTF-8"),
        ('{"A": ["\\ud800"]}', "holds a character that is not a letter"),
        ('{"A": ["N\\u0000M"]}', "holds a character that is not a letter"),
        ("", "is not JSON"),
        ("{'A': ['NAM']}", "is not JSON"),
    ],
)
def test_what_is_no_list_of_groups_is_refused_in_words(read, content, said):
    assert said in str(refused(read, content))


def test_a_schema_of_other_than_two_fields_is_refused(read):
    assert "Give it two fields" in str(refused(read, TEXT, schema=Schema((Field("country"),))))


def test_a_member_with_escaped_letters_is_read_in_nfc(read):
    schema = Schema((Field("group"), Field("name")))
    assert read('{"A": ["Co\\u0302te", "Peru"]}', schema)["name"].tolist() == ["C\u00f4te", "Peru"]
