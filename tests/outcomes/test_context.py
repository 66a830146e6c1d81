"""Context in a year before the case: a value with its source, or
the one reason why there is none.
"""

import math

import pandas as pd
import pytest

from peacestudy.core.schema import Field, Schema
from peacestudy.errors import JoinError
from peacestudy.outcomes import SOURCES, OutcomeTable, Source
from peacestudy.outcomes.context import (
    CONTEXT,
    COVARIATES_SCHEMA,
    POLITY_CODES,
    CountryYear,
    combine,
    country_year,
)

SOURCE = Source(
    "fake",
    "Fake",
    "1",
    "Nobody 2000",
    "https://example.org",
    "none",
    "fake.csv",
    "0" * 64,
    3,
    Schema(
        (Field("ccode", "integer"), Field("year", "year", required=True), Field("score", "number"))
    ),
    "country-year",
    ("ccode", "year"),
    1980,
    2014,
)
WANTED = CountryYear("constraint", "fake", "score", "gw", "ccode", POLITY_CODES)


def look(country, year, *rows, wanted=WANTED):
    """Value and reason for a state (Gleditsch-Ward code) in a
    year, from rows of (code, year, score).
    """
    table = pd.DataFrame(rows, columns=["ccode", "year", "score"])
    numeric = {"year": "Int64"} | ({} if wanted.system == "iso3" else {"ccode": "Int64"})
    cases = pd.DataFrame(
        {"case_id": ["x"], "country": pd.array([country], "Int64"), "year": [year]}
    )
    found = country_year(cases, OutcomeTable(table.astype(numeric), SOURCE), wanted)
    assert list(found.columns) == COVARIATES_SCHEMA.names
    (row,) = found.astype(object).to_dict("records")
    assert (row["case_id"], row["variable"], row["year"], row["source"]) == (
        "x",
        wanted.variable,
        str(year),
        "fake score",
    )
    return (None if pd.isna(row["value"]) else row["value"]), (
        None if pd.isna(row["reason"]) else row["reason"]
    )


def test_a_value_is_that_of_the_state_and_year():
    assert look(2, 2000, (2, 2000, 5), (2, 2001, 7), (20, 2000, 9)) == (5, None)


def test_zero_is_a_value():
    assert look(2, 2000, (2, 2000, 0)) == (0, None)


@pytest.mark.parametrize(
    ("country", "year", "rows", "reason"),
    [
        (None, 2000, [(2, 2000, 5)], "the conflict is over several governments"),
        (2, 1979, [(2, 1979, 5)], "outside coverage: fake speaks of 1980 to 2014"),
        (2, 2015, [(2, 2015, 5)], "outside coverage: fake speaks of 1980 to 2014"),
        (2, 2000, [(2, 2000, -66)], "special code -66: foreign interruption"),
        (2, 2000, [(2, 2000, -77)], "special code -77: collapse of central authority"),
        (2, 2000, [(2, 2000, -88)], "special code -88: transition"),
        (
            2,
            2000,
            [(2, 2000, 5), (2, 2000, 6)],
            "rows of fake for this state and year contradict each other",
        ),
        (
            2,
            2000,
            [(2, 2000, 5), (2, 2000, None)],
            "rows of fake for this state and year contradict each other",
        ),
        (2, 2000, [(2, 2000, None)], "blank in fake"),
        (2, 2000, [(2, 2000, None), (2, 2000, None)], "blank in fake"),
        (
            2,
            2000,
            [(20, 2000, 5), (2, 1999, 5), (None, 2000, 5)],
            "no row of fake for this state and year",
        ),
        (2, 2000, [], "no row of fake for this state and year"),
    ],
)
def test_each_reason_why_there_is_no_value(country, year, rows, reason):
    assert look(country, year, *rows) == (None, reason)


def test_coverage_holds_at_its_edges():
    assert look(2, 1980, (2, 1980, 1)) == (1, None)
    assert look(2, 2014, (2, 2014, 1)) == (1, None)


def test_rows_that_agree_are_one():
    assert look(2, 2000, (2, 2000, 5), (2, 2000, 5)) == (5, None)


def test_a_code_that_was_not_in_force_says_who_was_there():
    value, reason = look(340, 2000, (340, 2000, 5))
    assert value is None
    assert "GW 340 (Serbia) is in force from 2006-06-05" in reason and "GW 345" in reason


def test_a_year_before_the_crosswalk_is_told():
    assert "where the crosswalk begins" in look(2, 1945, (2, 1945, 5))[1]


def test_codes_are_translated_to_the_sources_system_on_31_december():
    iso = CountryYear("gdp", "fake", "score", "iso3", "ccode")
    assert look(365, 1990, ("SUN", 1990, 5), ("RUS", 1990, 6), wanted=iso) == (5, None)
    assert look(365, 1991, ("SUN", 1991, 5), ("RUS", 1991, 6), wanted=iso) == (6, None)
    cow = CountryYear("imports", "fake", "score", "cow", "ccode")
    assert look(260, 1990, (255, 1990, 5), (260, 1990, 6), wanted=cow) == (5, None)


def test_an_unknown_code_system_is_refused():
    with pytest.raises(JoinError, match="target is 'iso2'"):
        look(2, 2000, wanted=CountryYear("x", "fake", "score", "iso2", "ccode"))


def test_every_variable_of_the_project_reads_a_column_of_its_source():
    for wanted in CONTEXT:
        assert {wanted.column, wanted.code, "year"} <= set(
            SOURCES[wanted.source_id].schema.names
        ), wanted.variable


LONG = pd.DataFrame(
    [
        ("a", "imports", 2.0, "2000", "trade imports", None),
        ("a", "gdp", 4.0, "2000", "wdi gdp", None),
        ("b", "imports", None, "2001", "trade imports", "outside coverage"),
        ("b", "gdp", None, "2001", "wdi gdp", "blank in wdi"),
        ("c", "imports", 3.0, "2002", "trade imports", None),
        ("c", "gdp", 0.0, "2002", "wdi gdp", None),
    ],
    columns=COVARIATES_SCHEMA.names,
)


def share(how):
    found = combine(LONG, "share", ("imports", "gdp"), how).astype(object)
    return [tuple(None if pd.isna(v) else v for v in row) for row in found.values]


def test_a_variable_is_made_of_its_parts_or_missing_with_the_first_reason():
    both = "trade imports; wdi gdp"
    assert share(lambda imports, gdp: imports / gdp) == [
        ("a", "share", 0.5, "2000", both, None),
        ("b", "share", None, "2001", both, "imports: outside coverage"),
        ("c", "share", None, "2002", both, "cannot be computed from imports 3, gdp 0"),
    ]


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_what_is_no_number_is_missing_with_a_reason(value):
    assert share(lambda imports, gdp: value)[0][2:] == (
        None,
        "2000",
        "trade imports; wdi gdp",
        "cannot be computed from imports 2, gdp 4",
    )
