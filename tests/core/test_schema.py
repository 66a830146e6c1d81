"""What a cell may hold, which rows a key refuses, and that a schema
survives its journey through Frictionless JSON.
"""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from peacestudy.coding.coding import CODING_SCHEMA
from peacestudy.core.cases import CASES_SCHEMA
from peacestudy.core.ledger import LEDGER_SCHEMA
from peacestudy.core.schema import NUMERIC, TYPES, Field, Schema, typed
from peacestudy.errors import SourceError
from peacestudy.outcomes import SOURCES
from peacestudy.outcomes.context import COVARIATES_SCHEMA
from peacestudy.outcomes.peace import OUTCOMES_SCHEMA


def convert(field, *cells):
    """The typed column and the problems of cells under one field; row i stands at line 10 i."""
    text = pd.DataFrame({field.name: pd.Series(cells, dtype=object)})
    table, problems = typed(
        text, [10 * (i + 1) for i in range(len(cells))], Schema((field,)), "t.csv"
    )
    return table[field.name], problems


def one(kind, cell):
    """The value of a cell, or the rule that it breaks."""
    values, problems = convert(Field("x", kind), cell)
    return problems[0].rule if problems else values[0]


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("3", 3.0),
        ("-0.5", -0.5),
        ("+5", 5.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e-300", 1e-300),
        ("1E5", 1e5),
        ("0.1", 0.1),
        ("1.7976931348623157e308", 1.7976931348623157e308),
        ("5e-324", 5e-324),
    ],
)
def test_numbers_are_read_exactly(cell, value):
    assert one("number", cell) == value


@pytest.mark.parametrize(
    "cell",
    [
        "1e400",
        "-1e400",
        "inf",
        "-inf",
        "Infinity",
        "nan",
        "NaN",
        "NA",
        " 3",
        "3 ",
        "1_000",
        "1,000",
        "1,5",
        "３",
        "٣",
        "0x10",
        "1e",
        "e5",
        ".",
        "+",
        "--1",
        "1.2.3",
        "½",
        "1\n",
        "true",
    ],
)
def test_what_is_no_number_is_refused(cell):
    assert one("number", cell) == "expected a number"


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_the_shortest_text_of_a_float_gives_that_float(x):
    assert one("number", repr(x)) == x


@pytest.mark.parametrize(
    ("cell", "value"), [("160", 160), ("160.0", 160), ("-66", -66), ("1e5", 100_000), ("0", 0)]
)
def test_integers_as_sources_write_them(cell, value):
    assert one("integer", cell) == value
    assert one("year", cell) == value


@pytest.mark.parametrize(
    "cell", ["1.5", "3,0", " 3", "1_000", "３", "1e400", "inf", "0x1", "1 000", "one"]
)
def test_what_is_no_integer_is_refused(cell):
    assert one("integer", cell) == "expected an integer"


@pytest.mark.parametrize("sign", ["", "-"])
def test_an_integer_that_a_float_cannot_hold_is_refused_and_not_rounded(sign):
    assert one("integer", f"{sign}{2**53 - 1}") == int(f"{sign}{2**53 - 1}")
    for beyond in (2**53, 2**53 + 1, 10**30):
        assert one("integer", f"{sign}{beyond}") == "expected an integer"


@given(st.integers(-(2**53) + 1, 2**53 - 1))
def test_every_integer_within_is_read_exactly(i):
    assert one("integer", str(i)) == i


@pytest.mark.parametrize(
    ("cells", "value"),
    [(("0", "false", "False", "FALSE"), False), (("1", "true", "True", "TRUE"), True)],
)
def test_the_spellings_of_a_truth_value(cells, value):
    assert [one("boolean", c) for c in cells] == [value] * 4


@pytest.mark.parametrize("cell", ["2", "-1", "1.0", "yes", "T", "on", " 1", "１", "NA"])
def test_other_words_are_refused(cell):
    assert one("boolean", cell) == "expected 0 or 1"


@pytest.mark.parametrize(
    "cell",
    [
        "2023-02-28",
        "2024-02-29",
        "0001-01-01",
        "9999-12-31",
        "1066-10-14",
        "2023-02-28T00:00:00",
        "2023-02-28 00:00:00",
    ],
)
def test_dates_that_exist(cell):
    assert one("date", cell) == pd.Timestamp(cell)


@pytest.mark.parametrize(
    "cell",
    [
        "2023-02-30",
        "2023-02-29",
        "2023-2-3",
        "2023-13-01",
        "2023-00-10",
        "03.02.2023",
        "02/03/2023",
        "2023-02-03T00:00",
        "2023-02-03T00:00:01",
        "2023-02-03 12:00:00",
        "2023-02-03T00:00:00Z",
        "2023-02-30T00:00:00",
        " 2023-02-03",
        "20230203",
        "0000-01-01",
        "２０２３-02-03",
        "2023-W05-1",
        "23-02-03",
        "-2023-02-03",
    ],
)
def test_dates_that_do_not_exist_or_are_written_otherwise(cell):
    assert one("date", cell) == "expected a date as YYYY-MM-DD that exists"


def test_a_text_that_stands_in_several_rows_is_told_for_each_of_them():
    values, problems = convert(
        Field("x", "integer", required=True, maximum=5), "1", "9", "", "1", "9", "", "a", "1", "a"
    )
    assert values.iloc[[0, 3, 7]].tolist() == [1, 1, 1]
    assert values.iloc[[2, 5, 6, 8]].isna().all()
    told = sorted((p.line, p.value, p.rule.split(" from")[0]) for p in problems)
    assert told == [
        (20, "9", "expected a value"),
        (30, "", "a value is required"),
        (50, "9", "expected a value"),
        (60, "", "a value is required"),
        (70, "a", "expected an integer"),
        (90, "a", "expected an integer"),
    ]


@pytest.mark.parametrize("kind", TYPES)
def test_an_empty_cell_is_missing_in_every_type(kind):
    values, problems = convert(Field("x", kind), "", "", "")
    assert (values.isna().all(), problems) == (True, [])


@pytest.mark.parametrize("kind", TYPES)
def test_a_required_cell_is_told_with_its_line(kind):
    filled = {"boolean": "1", "date": "2020-01-01"}.get(kind, "2000")
    _, problems = convert(Field("x", kind, required=True), filled, "", filled, "")
    assert [(p.line, p.column, p.rule) for p in problems] == [
        (n, "x", "a value is required") for n in (20, 40)
    ]


def test_types_of_the_columns():
    kinds = {kind: convert(Field("x", kind), "")[0].dtype for kind in TYPES}
    assert {k: str(t) for k, t in kinds.items() if k != "date"} == {
        "string": "object",
        "integer": "Int64",
        "number": "float64",
        "boolean": "boolean",
        "year": "Int64",
    }
    assert np.issubdtype(kinds["date"], np.datetime64)


def test_bounds_hold_at_their_edges_and_not_beyond():
    _, problems = convert(
        Field("x", "number", minimum=0, maximum=1), "0", "1", "-0.0001", "1.0001", "", "x"
    )
    assert [(p.line, p.rule) for p in problems] == [
        (60, "expected a number"),
        (30, "expected a value from 0 to 1"),
        (40, "expected a value from 0 to 1"),
    ]


def test_a_bound_of_zero_is_a_bound():
    assert (
        convert(Field("x", "integer", maximum=0), "1")[1][0].rule
        == "expected a value from any to 0"
    )


def test_a_word_outside_the_list_is_told_with_the_nearest():
    (problem,) = convert(Field("x", enum=("scored", "follow_up")), "scored", "", "followup")[1]
    assert (problem.line, problem.rule) == (30, "expected one of scored, follow_up")
    assert "Did you mean 'follow_up'?" in problem.remedy


def test_a_pattern_is_of_the_whole_cell():
    problems = convert(Field("x", pattern=r"[A-Z]{3}"), "DEU", "DEUX", "deu", "DEU\n")[1]
    assert [p.line for p in problems] == [20, 30, 40]


def test_every_problem_of_every_column_is_told_at_once():
    text = pd.DataFrame({"a": ["x", ""], "b": ["2020-01-01", "nope"]}, dtype=object)
    _, problems = typed(
        text, [2, 5], Schema((Field("a", "integer", required=True), Field("b", "date"))), "t.csv"
    )
    assert [(p.line, p.column) for p in problems] == [(2, "a"), (5, "a"), (5, "b")]
    assert all(p.file == "t.csv" and p.remedy for p in problems)


def test_a_missing_column_stops_before_types():
    text = pd.DataFrame({"caseid": ["1"], "b": ["x"]}, dtype=object)
    table, problems = typed(text, [2], Schema((Field("case_id"), Field("b", "integer"))), "t.csv")
    assert (len(table), [(p.line, p.column) for p in problems]) == (0, [(1, "case_id")])
    assert "Did you mean 'caseid'?" in problems[0].remedy


KEYED = Schema(
    (Field("case_id"), Field("year", "year"), Field("x", "number")), key=("case_id", "year")
)


def key_problems(*rows):
    text = pd.DataFrame(rows, columns=KEYED.names, dtype=object)
    return typed(text, range(2, len(rows) + 2), KEYED, "t.csv")[1]


def test_a_key_that_stands_twice_names_both_lines():
    (problem,) = key_problems(
        ("a", "2000", "1"), ("b", "2000", "1"), ("a", "2000.0", "2"), ("a", "2001", "1")
    )
    assert (problem.line, problem.value) == (4, "a, 2000")
    assert "is already at line 2" in problem.rule


def test_a_third_one_points_at_the_first_too():
    problems = key_problems(*[("a", "2000", "1")] * 3)
    assert [(p.line, p.rule[-6:]) for p in problems] == [(3, "line 2"), (4, "line 2")]


def test_a_missing_part_is_told_and_matches_no_other_missing_part():
    problems = key_problems(("a", "", "1"), ("a", "", "1"), ("", "2000", "1"))
    assert [p.line for p in problems] == [2, 3, 4]
    assert {p.rule for p in problems} == {"no part of the key may be missing"}


def test_keys_are_read_after_types():
    assert [p.column for p in key_problems(("a", "x", "1"), ("a", "x", "1"))] == ["year", "year"]


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"type": "int"}, "Did you mean 'integer'"),
        ({"type": "date", "minimum": 1990}, "Bounds are numbers"),
        ({"type": "string", "maximum": 3}, "Bounds are numbers"),
        ({"type": "number", "minimum": "0"}, "Bounds are numbers"),
        ({"pattern": "("}, "cannot be used as an expression"),
    ],
)
def test_a_field_that_could_not_be_checked_is_refused(wrong, match):
    with pytest.raises(SourceError, match=match):
        Field("x", **wrong)


def test_a_key_of_no_field_and_a_field_twice_are_refused():
    with pytest.raises(SourceError, match=r"a part of the key is 'caseid'.*Did you mean 'case_id'"):
        Schema((Field("case_id"),), key=("caseid",))
    with pytest.raises(SourceError, match="x appear twice"):
        Schema((Field("x"), Field("x")))


SCHEMAS = {
    "cases": CASES_SCHEMA,
    "codings": CODING_SCHEMA,
    "ledger": LEDGER_SCHEMA,
    "covariates": COVARIATES_SCHEMA,
    "outcomes": OUTCOMES_SCHEMA,
    **{s.id: s.schema for s in SOURCES.values()},
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_schema_of_ours_round_trips_through_json(name):
    schema = SCHEMAS[name]
    assert Schema.read(json.loads(json.dumps(schema.descriptor()))) == schema


NAMES = st.text("abcdef_", min_size=1, max_size=6)


@given(st.data())
def test_any_schema_round_trips_through_json(data):
    names = data.draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))
    fields = []
    for name in names:
        kind = data.draw(st.sampled_from(TYPES))
        bounds = (
            data.draw(st.tuples(*[st.none() | st.integers(-9, 9)] * 2))
            if kind in NUMERIC
            else (None, None)
        )
        fields.append(
            Field(
                name,
                kind,
                data.draw(st.booleans()),
                data.draw(st.sampled_from(["", "years"])),
                data.draw(NAMES),
                tuple(data.draw(st.lists(NAMES, max_size=2))),
                *bounds,
                data.draw(st.sampled_from(["", r"\w+"])),
            )
        )
    key = tuple(data.draw(st.lists(st.sampled_from(names), unique=True, max_size=2)))
    schema = Schema(tuple(fields), key, tuple(data.draw(st.lists(NAMES, max_size=2))))
    assert Schema.read(json.loads(json.dumps(schema.descriptor()))) == schema


def test_a_primary_key_may_stand_without_a_list():
    assert Schema.read({"fields": [{"name": "case_id"}], "primaryKey": "case_id"}).key == (
        "case_id",
    )


def test_what_a_descriptor_leaves_out_has_frictionless_defaults():
    schema = Schema.read({"fields": [{"name": "x"}]})
    assert (schema.fields[0], schema.key, schema.missing) == (Field("x", "string"), (), ("",))
