"""Names of states become codes on a date; what means two
states, or none, is listed with its reason.
"""

from pathlib import Path

import pandas as pd
import pytest

from peacestudy.core.countries import crosswalk, translate
from peacestudy.core.dated_states import territories
from peacestudy.core.names_to_codes import names_given_as_codes, state_codes, unmatched_names
from peacestudy.core.state_names import SOURCES, form_of, meanings
from peacestudy.errors import JoinError

RAW = Path(__file__).resolve().parents[2].parent / "shared" / "raw"


def code(name, year, system="gw", source=""):
    found = state_codes([name], system, year, source=source)["code"].item()
    return None if pd.isna(found) else found


# name, year, GW code; by the lists of Gleditsch and Ward, names as WDI, the UN, UCDP, PA-X and
# V-Dem print them
@pytest.mark.parametrize(
    "name, year, expected",
    [
        ("Korea, Rep.", 2000, 732),
        ("Korea, Dem. People's Rep.", 2000, 731),
        ("Egypt, Arab Rep.", 2000, 651),
        ("Venezuela, RB", 2000, 101),
        ("Gambia, The", 2000, 420),
        ("Bahamas, The", 2000, 31),
        ("Yemen, Rep.", 2000, 678),
        ("Iran, Islamic Rep.", 2000, 630),
        ("Lao PDR", 2000, 812),
        ("Slovak Republic", 2000, 317),
        ("Kyrgyz Republic", 2000, 703),
        ("Congo, Dem. Rep.", 2000, 490),
        ("Congo, Rep.", 2000, 484),
        ("Turkiye", 2000, 640),
        ("Micronesia, Fed. Sts.", 2000, 987),
        ("St. Kitts and Nevis", 2000, 60),
        ("Viet Nam", 2000, 816),
        ("Cabo Verde", 2000, 402),
        ("Bolivia (Plurinational State of)", 2000, 145),
        ("United Kingdom of Great Britain and Northern Ireland", 2000, 200),
        ("Syrian Arab Republic", 2000, 652),
        ("Republic of Moldova", 2000, 359),
        ("United Republic of Tanzania", 2000, 510),
        ("Democratic People's Republic of Korea", 2000, 731),
        ("Russian Federation", 2000, 365),
        ("Myanmar (Burma)", 1980, 775),
        ("Russia (Soviet Union)", 1980, 365),
        ("Serbia (Yugoslavia)", 1991, 345),
        ("Serbia (Yugoslavia)", 2010, 340),
        ("DR Congo (Zaire)", 1997, 490),
        ("Bosnia-Herzegovina", 1995, 346),
        ("Cambodia (Kampuchea)", 1980, 811),
        ("Zimbabwe (Rhodesia)", 1975, 552),
        ("Yemen (North Yemen)", 1980, 678),
        ("C\u00f4te d\u2019Ivoire", 1990, 437),
        ("Co\u0302te d'Ivoire ", 1990, 437),
        ("IVORY COAST", 1990, 437),
        ("The Gambia", 1990, 420),
        ("Zaire", 1990, 490),
        ("Burma", 1980, 775),
        ("Upper Volta", 1980, 439),
        ("Swaziland", 2022, 572),
        ("Macedonia", 2000, 343),
        ("Germany", 1995, 260),
        ("West Germany", 1980, 260),
        ("German Democratic Republic", 1980, 265),
        ("Vietnam", 1990, 816),
        ("Republic of Vietnam", 1970, 817),
        ("South Sudan", 2012, 626),
        ("Sudan", 1990, 625),
        ("Sudan", 2015, 625),
        ("Yugoslavia", 1980, 345),
        ("Serbia", 2010, 340),
        ("Czechia", 2000, 316),
        ("Soviet Union", 1980, 365),
    ],
)
def test_a_name_is_the_state_of_its_date(name, year, expected):
    assert code(name, year) == expected


@pytest.mark.parametrize(
    "name, year, reason",
    [
        ("Germany", 1980, "GW 260 .West Germany. or GW 265 .East Germany"),
        ("Congo", 2000, "GW 484 .Congo. or GW 490"),
        ("Korea", 2000, "denotes several states"),
        ("Yemen", 1980, "GW 678 .North Yemen. or GW 680 .South Yemen"),
        ("Vietnam", 1960, "GW 816 .North Vietnam. or GW 817"),
        ("Yugoslavia", 2010, "from 1918-12-01 to 2003-02-03"),
        ("Soviet Union", 2000, "to 1991-12-25"),
        ("Russia", 1980, 'on 1980-12-31 there was GW 365 .Soviet Union.*source="vdem"'),
        ("Serbia", 1995, "from 2006-06-05"),
        ("South Sudan", 2005, "from 2011-07-09"),
        ("Algeria", 1950, "from 1962-07-05"),
        ("Aruba", 2000, "belongs to the Netherlands and is not in this crosswalk"),
        ("Macao", 2000, "belongs to China"),
        ("Palestine", 2015, "GW has no code for ISO3 PSE"),
        ("Malli", 2000, "no state is known.*look like it: GW 432 .Mali"),
        ("432", 2000, "'432' is a code .GW 432 .Mali"),
        ("World", 2000, "no state is known"),
        (None, 2000, "the name is missing"),
        ("Mali", "2000-13-01", "not an existing date"),
        ("Mali", None, "the date is missing"),
    ],
)
def test_a_name_that_is_not_one_state_on_its_date_is_listed_with_the_reason(name, year, reason):
    found = state_codes([name, "Niger"], "gw", [year, 2000])
    assert pd.isna(found["code"].iloc[0])
    assert pd.Series(found["reason"].iloc[:1]).str.contains(reason).item(), found["reason"].iloc[0]
    assert found["code"].iloc[1] == 436


def test_a_source_s_habits_decide_only_where_they_are_named():
    names = ["Germany", "Russia", "Serbia", "Yemen", "Vietnam", "Czechia"]
    assert state_codes(names, "gw", 1970, source="vdem")["code"].tolist() == [
        260,
        365,
        345,
        678,
        816,
        315,
    ]
    assert state_codes(names, "gw", 1970)["code"].isna().all()
    assert code("Congo", 2000, source="ucdp") == 484


def test_codes_are_those_of_the_system_on_the_date():
    assert [code("Burma", y, "iso3") for y in (1980, 2000)] == ["BUR", "MMR"]
    assert [code("Yemen", y, "cow") for y in (1995,)] == [679]
    assert [code("Palestine", 2015, s) for s in ("iso3", "vdem", "gw")] == ["PSE", 128, None]


def test_unmatched_names_are_counted_the_most_frequent_first():
    found = state_codes(["Congo", "Atlantis", "Mali", "Atlantis", None], "gw", 2000)
    assert unmatched_names(found)[["name", "rows"]].values.tolist() == [
        ["Atlantis", 2],
        ["Congo", 1],
    ]


def test_codes_given_as_names_and_names_given_as_codes_are_refused():
    with pytest.raises(JoinError, match=r"3 of the 3 values are COW codes.*to_system"):
        state_codes([432, 2, 651], "iso3", 2000)
    with pytest.raises(JoinError, match="ISO3 codes"):
        state_codes(["MLI", "USA", "FRA"], "gw", 2000)
    assert "2 of its 3 values are names" in names_given_as_codes(
        pd.Series(["Mali", "Niger", "zz"]), "gw", "c"
    )
    assert names_given_as_codes(pd.Series(["MLI", "NER", "Mali"]), "iso3", "c") == ""
    assert names_given_as_codes(pd.Series(["USA"]), "iso3", "c") == ""
    with pytest.raises(JoinError, match="'Mali' is the name of GW 432"):
        translate("Mali", 2000, "gw", "cow")
    for wrong in ({"system": "xyz"}, {"source": "xyz"}, {"date": [2000]}):
        with pytest.raises(JoinError):
            state_codes(["Mali", "Niger"], **{"system": "gw", "date": 2000} | wrong)


def test_no_name_is_two_states_without_a_reason():
    """On every 1 July of sixty years each name means one state, or is
    one of the names that are known to mean two.
    """
    shared = {
        form_of(n)
        for n in ("Germany", "Congo", "Korea", "Yemen", "Vietnam", "Viet Nam", "Viet-Nam")
    }
    for form, known in meanings().items():
        for year in range(1950, 2020, 3):
            day = pd.Timestamp(year, 7, 1).date()
            found = {id(m.on(day)) for m in known if m.on(day) is not None and not m.only}
            assert len(found) <= 1 or form in shared, form


def test_every_state_is_found_by_its_own_name_or_its_name_is_shared():
    table = crosswalk()
    table = table[table["gw"].notna()]
    days = table["start"].where(table["start"] >= "1946-01-01", pd.Timestamp("1946-01-01"))
    found = state_codes(table["name"], "gw", days)
    lost = set(table["name"][found["code"].isna()])
    assert lost == {"Congo"}
    same = found["code"].notna()
    assert (found["code"][same] == table["gw"][same]).all()


def test_all_codes_of_iso_3166_1_are_known():
    """249 codes are assigned; Kosovo's is user-assigned."""
    table = crosswalk()
    now = set(table.loc[table["end"].isna(), "iso3"].dropna()) - {"XKX"}
    assert not now & set(territories())
    assert len(now) + len(territories()) == 249
    with pytest.raises(JoinError, match=r"ABW is Aruba \(ISO 3166-1\).*not in this crosswalk"):
        translate("ABW", 2000, "iso3", "gw")


def raw(name, columns):
    if not (RAW / name).exists():
        pytest.skip(f"{name} is not in ../shared/raw; the sources are not part of the repository")
    return pd.read_csv(
        RAW / name, usecols=columns, keep_default_na=False, dtype=str, encoding="utf-8-sig"
    )


def test_every_name_of_v_dem_is_its_state_or_has_a_reason():
    table = raw(
        "vdem_simple.csv", ["vdem_country_name", "year", "country_id", "GWn", "in_GW_system"]
    )
    years = table["year"].astype(float).astype(int)
    table, years = (
        table[years >= 1946].reset_index(drop=True),
        years[years >= 1946].reset_index(drop=True),
    )
    found = state_codes(table["vdem_country_name"], "vdem", years, source="vdem")
    met = found["code"].notna()
    assert (found["code"][met] == pd.to_numeric(table["country_id"])[met]).all()
    assert not (found["code"].isna() & table["in_GW_system"].eq("True")).any()
    assert found["reason"][~met].str.len().gt(20).all()
    assert met.sum() > 11_000


@pytest.mark.parametrize(
    "name, column, mark",
    [
        ("ucdp_prio_acd_251.csv", "location", ","),
        ("ucdp_brd_dyad_221.csv", "battle_location", ","),
        ("pts_2024.csv", "Country", None),
        ("pax_v10.csv", "Con", "/"),
        ("vdem_v15_trimmed.csv", "country_name", None),
    ],
)
def test_every_name_of_a_source_is_matched_in_some_year_or_known_to_be_no_state(name, column, mark):
    cells = raw(name, [column])[column].unique()
    names = {part.strip() for cell in cells for part in (cell.split(mark) if mark else [cell])} - {
        ""
    }
    source = {"ucdp": "ucdp", "pax_": "pax", "vdem": "vdem"}.get(name[:4], "un")
    assert source in SOURCES
    lost = set(names)
    for day in ("1947-12-31", "1964-01-31", "1970-12-31", "1995-12-31", "2015-12-31"):
        found = state_codes(sorted(lost), "gw", day, source=source)
        lost -= set(found["name"][found["state"].notna()])
    no_states = {
        "Hyderabad",
        "Crimea",
        "European Union",
        "Gaza (Hamas)",
        "Israel in Occupied Territories",
        "Israel in pre-1967 borders",
        "Puerto Rico",
        "Russia-Occupied Areas (Ukraine)",
        "Congo",
    }
    # of PA-X, in brackets
    regions = {n for n in lost if n.startswith("(") or n in ("ABB))", "RPA")}
    assert lost - no_states - regions == set()


def test_every_code_of_wdi_is_a_state_a_territory_or_an_aggregate():
    table = raw("wdi_gdppc_pop.csv", ["iso3"])
    known = set(crosswalk()["iso3"].dropna()) | set(territories())
    # the World Bank's code of the Channel Islands
    aggregates = set(table["iso3"]) - known - {"CHI"}
    assert len(aggregates) == 49
    assert aggregates >= {"WLD", "EUU", "SSF", "OED", "HIC"}
