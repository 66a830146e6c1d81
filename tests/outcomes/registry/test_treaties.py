"""Treaties and their parties, against the files read by hand."""

import re
from collections import Counter

from peacestudy.outcomes import SOURCES


def years(texts):
    return {int(re.search("[0-9]{4}", t).group()) for t in texts}


def test_ecolex_has_214_codes_and_2169_treaties_with_the_protocols_of_the_list(cells, table):
    rows, found = cells("ecolex_parties"), table("ecolex_parties")
    assert (
        len({r["StatID"] for r in rows} - {""}) == found["StatID"].nunique() == 214
    )  # among them the EU and two German states
    assert len({r["EcolexID"] for r in rows}) == found["EcolexID"].nunique() == 2169
    listed = ("TRE-000953", "TRE-001269", "TRE-000999", "TRE-001130", "TRE-001328")
    parties = {t: {r["StatID"] for r in rows if r["EcolexID"] == t} for t in listed}
    assert [len(p) for p in parties.values()] == [197, 194, 35, 30, 35]
    assert parties["TRE-000953"] == set(found.loc[found["EcolexID"] == "TRE-000953", "StatID"])
    names = {r["EcolexID"]: r["Title"] for r in rows}
    for treaty, word in zip(
        parties,
        ("Ozone Layer", "Kyoto", "Nitrogen", "Volatile", "Abate Acidification"),
        strict=True,
    ):
        assert word in names[treaty]
    twice = Counter((r["StatID"], r["EcolexID"]) for r in rows if r["StatID"])
    assert sum(n > 1 for n in twice.values()) == 66
    assert (found["Rat"] < found["Sign"]).sum() == 24
    signed = years(r["Sign"] for r in rows if r["Sign"]) - {1192}
    assert (min(signed), max(signed)) == (
        SOURCES["ecolex_parties"].first_year,
        SOURCES["ecolex_parties"].last_year,
    )
    assert {r["Countries/Territories"] for r in rows if not r["StatID"]} >= {
        "WHO World Health Organization"
    }
    known = {r["iso3"] for r in cells("undp_vaccine_equity")}
    assert {r["StatID"] for r in rows} - known == {"EUE", "KOS", "BAD", "BAV"}


def test_tfdd_has_a_row_a_country_and_basin_and_one_row_is_moved(cells, table):
    rows, found = cells("tfdd_treaties"), table("tfdd_treaties")
    assert (
        len({r["2016Update ID"] for r in rows} - {""}) == found["2016Update ID"].nunique() == 639
    )  # the list: a row a treaty
    entries = Counter(r["Entry ID"] for r in rows)
    assert entries.pop("") == 2 and len(entries) == 2116
    (moved,) = [r["Entry ID"] for r in rows if r["RBO"] not in ("Y", "N", "N.A.", "")]
    assert moved == "2740.0"
    known = {r["iso3"] for r in cells("undp_vaccine_equity")}
    assert {r["CCODE"] for r in rows} - known == {
        "GNL",
        "GRM",
        "MFD",
        "PAL",
        "ROM",
        "UKN",
        "USR",
        "YGF",
        "ZAR",
    }
    signed = years(r["DateSigned"] for r in rows if len(r["DateSigned"]) > 1)
    assert (min(signed), max(signed)) == (
        SOURCES["tfdd_treaties"].first_year,
        SOURCES["tfdd_treaties"].last_year,
    )
    assert found["Conflict Resolution Mechanism"].tolist() == [
        r["Conflict Resolution Mechanism"] or None for r in rows
    ]


def test_ieadb_dates_that_are_no_dates_are_counted(cells, table):
    rows, found = cells("ieadb"), table("ieadb")
    signed = Counter(r["Signature Date"] for r in rows)
    assert (signed["0000-00-00"], signed["2699-01-01"]) == (165, 37)
    codes = ("2599-01-01", "2899-01-01", "2999-01-01", "3200-01-01")
    assert sum(r["Date IEA entered into force"] in codes for r in rows) == 185
    assert found["Date IEA entered into force"].isin(codes).sum() == 185
    assert (found["Signature Year"] == 2699).sum() == 37
    assert (
        max(
            years(
                r["Date IEA entered into force"] for r in rows if r["Date IEA entered into force"]
            )
            - years(codes)
        )
        == 2021
    )
