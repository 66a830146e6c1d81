"""A table of the reader's own, as a source with coverage."""

import pandas as pd
import pytest

from peacestudy.errors import SourceError
from peacestudy.outcomes import as_outcome, read_file

AID = pd.DataFrame({"gw": [2, 2, 20], "year": [1990, 1992, 1990], "aid": [5.0, 7.0, 1.0]})
GIVEN = {
    "name": "aid",
    "key": ("gw", "year"),
    "unit": "country-year",
    "year": "year",
    "years": (1990, 1995),
}


def test_a_table_becomes_a_source():
    mine = as_outcome(
        AID,
        **GIVEN,
        units="all",
        absent="no aid",
        states=(("gw", "gw"),),
        citation="Own (2024).",
        licence="CC0",
    )
    s = mine.source
    assert (s.name, s.key, s.unit, s.year, s.first_year, s.last_year) == (
        "aid",
        ("gw", "year"),
        "country-year",
        "year",
        1990,
        1995,
    )
    assert (s.units, s.absent, s.states, s.id, s.rows, s.licence) == (
        "all",
        "no aid",
        (("gw", "gw"),),
        "",
        3,
        "CC0",
    )
    assert [(f.name, f.type) for f in s.schema.fields] == [
        ("gw", "integer"),
        ("year", "year"),
        ("aid", "number"),
    ]
    assert mine.table is not AID and mine.table.equals(AID) and "aid" in mine._repr_html_()


def test_a_file_becomes_a_source(tmp_path):
    (tmp_path / "aid.csv").write_text("iso,year,aid\nNA,1990.0,1\n")
    mine = as_outcome(tmp_path / "aid.csv", **{**GIVEN, "key": ("iso", "year")})
    assert (
        mine.source.file == "aid.csv"
        and len(mine.source.sha256) == 64
        and [n.kind for n in mine.notes] == ["whole_years"]
    )
    assert as_outcome(read_file(tmp_path / "aid.csv"), **{**GIVEN, "key": ("iso", "year")}).table[
        "iso"
    ].tolist() == ["NA"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"years": None}, "rows are of 1990 to 1992"),
        ({"years": (1990, None)}, "write the first and the last year"),
        ({"years": (1991, 1995)}, "declared to cover 1991 to 1995"),
        ({"years": (1996, 1995)}, "Exchange"),
        ({"key": "gw"}, "appears twice for 1 \\(such as 2\\)"),
        ({"key": ("gw", "yaer")}, "Did you mean 'year'"),
        ({"year": "anno"}, "year of aid is 'anno'"),
        ({"year": ""}, "no column of the year"),
        ({"units": "some"}, "listed, all"),
        ({"key": ()}, "needs a key"),
        ({"states": (("gw", "iso2"),)}, "one of gw, cow, iso3"),
        ({"states": (("land", "gw"),)}, "states of aid is 'land'"),
    ],
)
def test_what_is_missing_or_contradicts_is_told(change, words):
    with pytest.raises(SourceError, match=words):
        as_outcome(AID, **{**GIVEN, **change})


def test_years_that_are_none_and_keys_that_are_missing():
    with pytest.raises(SourceError, match="is string; whole numbers"):
        as_outcome(AID.astype({"year": str}), **GIVEN)
    with pytest.raises(SourceError, match="missing in 1 row"):
        as_outcome(AID.assign(gw=pd.array([2, 2, None], dtype="Int64")), **GIVEN)
    with pytest.raises(SourceError, match="give a DataFrame"):
        as_outcome([1], **GIVEN)


def test_a_table_without_years_speaks_of_all():
    s = as_outcome(AID[:1], name="treaties", key="gw", unit="state").source
    assert (s.year, s.first_year, s.last_year) == ("", 0, 9999)
