"""The known sources against the files: each is read whole, its key tells
rows apart, its years and states are what it says.
"""

import ast
import csv
import datetime as dt
import json
import re
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

import peacestudy as ps
from peacestudy.core.countries import SYSTEMS, translate_many
from peacestudy.errors import SourceError
from peacestudy.outcomes import SOURCES, read_source, sources
from peacestudy.outcomes.registry.citations import ENTRIES
from peacestudy.outcomes.registry.mediation import full_dates

ROOT = Path(__file__).resolve().parents[2]
RAW = ROOT.parent / "shared" / "raw"
REGISTRY = ROOT / "peacestudy" / "outcomes" / "registry"
needs_raw = pytest.mark.skipif(
    not RAW.is_dir(), reason="the source files are not part of the repository"
)

# rows that nothing tells apart: conditions of loans have no number, and in ECOLEX territories stand
# under the code of their state
NO_KEY = {
    "civil_war_mediation",
    "hief",
    "walter_2015",
    "adb_aer_2024",
    "svac_3.2",
    "imf_mona_2013",
    "ecolex_parties",
}
# rows in which a part of the key is missing: no join meets them. Sark has no code in any of 84
# snapshots; two rows of TFDD are empty
INCOMPLETE = {
    "vdem_simple": 230,
    "vdem_v15": 407,
    "gw_cow_years": 136,
    "un_pko": 5,
    "pam_1.5": 1,
    "undp_vaccine_equity": 84,
    "tfdd_treaties": 2,
}
NO_YEAR = {"adb_aer_2024": 14}  # rows that are empty in the file
# rows of years of which the source does not speak as a whole: the United States before 1800 and two
# states after 2018; single elections before 1945 and those that were scheduled for after 2021;
# agreements whose year is the code 2699
BEYOND = {"polity5": 26, "reign_elections_2021": 107, "ieadb": 37}
# the first year with a row, where the source speaks of years before it
BEGINS = {"ged_car_23.1": 1991}
# the date of a row where it is not of a year; a list without dates is read by the last year of
# which it speaks
DATED = {
    "pax_v10": "Dat",
    "pax_v9": "Dat",
    "gw_states": "enddate",
    "un_pko": "start_date",
    "third_party_pkm_3.1": "STARTYR",
    "reign_leaders_2021": "syear",
    "reign_regimes_2021": "gwf_enddate",
    "ecolex_parties": "Sign",
    "undp_vaccine_equity": "commit_date",
    "tfdd_treaties": "DateSigned",
}
# share of the different state-years from 1946 on whose code the crosswalk knows on 31 December. It
# knows no microstates and no state before its independence, which V-Dem, the World Bank, REIGN, PTS
# and, for colonial wars, UCDP code all the same. ECOLEX, TFDD and the ozone list give former states
# and colonies the code of the later state; the ozone list gives each row of a region a number of
# its own; the vaccine snapshots have 254 territories
KNOWN = {
    ("pax_v10", "Loc1GWNO"): 0.969,
    ("pax_v10", "Loc2GWNO"): 0.966,
    ("pax_v9", "Loc1GWNO"): 0.968,
    ("pax_v9", "Loc2GWNO"): 0.964,
    ("ucdp_acd_25.1", "gwno_loc"): 0.949,
    ("ucdp_acd_25.1", "gwno_a"): 0.998,
    ("vdem_simple", "GWn"): 0.88,
    ("vdem_simple", "country_id"): 0.885,
    ("vdem_simple", "cown"): 0.88,
    ("vdem_v15", "COWcode"): 0.888,
    ("polity5", "GWn"): 0.998,
    ("polity5", "cown"): 0.998,
    ("wdi", "iso3"): 0.634,
    ("cow_igo", "ccode"): 1.0,
    ("cow_trade", "ccode"): 0.9410,
    ("tjet", "gwno_loc"): 1.0,
    ("un_pko", "iso3c"): 0.926,
    ("third_party_pkm_3.1", "CCODE1"): 0.982,
    ("gw_states", "gwcode"): 0.967,
    ("gw_cow_years", "gwcode"): 0.999,
    ("gw_cow_years", "ccode"): 1.0,
    ("fariss_2022", "gwcode"): 0.9990,
    ("extended_uds", "gwcode"): 1.0,
    ("hief", "gwcode"): 0.990,
    ("hief", "ccode"): 0.988,
    ("ucdp_dyadic_25.1", "gwno_loc"): 0.949,
    ("ucdp_dyadic_25.1", "gwno_a"): 0.998,
    ("ucdp_termination_conflict_3", "gwno_loc"): 0.945,
    ("ucdp_termination_dyad_3", "gwno_loc"): 0.945,
    ("ucdp_brd_dyad_22.1", "gwno_loc"): 1.0,
    ("ucdp_brd_dyad_22.1", "gwno_a"): 1.0,
    ("ucdp_brd_dyad_22.1", "gwno_b"): 1.0,
    ("ucdp_brd_dyad_22.1", "gwno_battle"): 1.0,
    ("ged_car_23.1", "country_id"): 1.0,
    ("ged_syria", "country_id"): 1.0,
    ("ucdp_agreements_22.1", "gwno"): 0.996,
    ("pam_1.5", "cowcode"): 1.0,
    ("archigos", "gwcode"): 0.986,
    ("reign_leaders_2021", "ccode"): 0.989,
    ("reign_elections_2021", "ccode"): 0.972,
    ("reign_regimes_2021", "cowcode"): 0.992,
    ("walter_2015", "ccode"): 1.0,
    ("pts_2024", "COW_Code_N"): 0.923,
    ("svac_3.2", "gwnoloc"): 1.0,
    ("ecolex_parties", "StatID"): 0.95,
    ("tfdd_treaties", "CCODE"): 0.854,
    ("ods_consumption", "Code"): 0.861,
    ("montreal_groups", "country"): 0.995,
    ("kyoto_annex_b", "iso3"): 1.0,
    ("undp_vaccine_equity", "iso3"): 0.791,
    ("health_funds", "iso3"): 1.0,
}


@cache
def table_of(name: str) -> pd.DataFrame:
    found = read_source(name, RAW)
    assert found.notes == ()  # the bytes are those of the release
    return found.table


@cache
def pinned() -> dict[str, str]:
    lines = (RAW / "SHA256SUMS").read_text().splitlines()
    return dict(reversed(line.split()) for line in lines if line.strip())


def rows_of(file: str) -> int:
    """Rows of a file, counted without the reader under test."""
    if file.endswith(".json"):
        return sum(
            len(members)
            for part in json.loads((RAW / file).read_text()).values()
            for members in part.values()
        )
    with (RAW / file).open(encoding="utf-8-sig", newline="") as stream:
        return sum(1 for row in csv.reader(stream) if row) - 1


def cells_of(file: str) -> list[dict[str, str]]:
    with (RAW / file).open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


@needs_raw
@pytest.mark.parametrize("name", SOURCES)
def test_a_source_is_read_whole_and_its_key_tells_the_rows_apart(name):
    source, table = SOURCES[name], table_of(name)
    assert len(table) == source.rows == rows_of(source.file)
    assert source.sha256 == pinned()[source.file]
    assert bool(source.key) == (name not in NO_KEY)
    if source.key:
        whole = table[list(source.key)].dropna()
        assert not whole.duplicated().any()
        assert len(table) - len(whole) == INCOMPLETE.get(name, 0)


@needs_raw
@pytest.mark.parametrize("name", [s.id for s in SOURCES.values() if s.year])
def test_the_years_of_a_source_are_those_of_which_it_speaks(name):
    source, years = SOURCES[name], table_of(name)[SOURCES[name].year]
    assert years.isna().sum() == NO_YEAR.get(name, 0)
    inside = years.dropna().between(source.first_year, source.last_year)
    assert (~inside).sum() == BEYOND.get(name, 0)
    said = years.dropna()[inside]
    assert (said.min(), said.max()) == (BEGINS.get(name, source.first_year), source.last_year)


@needs_raw
@pytest.mark.parametrize(
    ("name", "column", "system"), [(s.id, c, x) for s in SOURCES.values() for c, x in s.states]
)
def test_columns_that_name_states_hold_codes_of_their_system(name, column, system):
    table = table_of(name)
    dates = (
        table[DATED.get(name, SOURCES[name].year)] if name in DATED or SOURCES[name].year else None
    )
    if dates is None:
        years = pd.Series(SOURCES[name].last_year, table.index)
    elif dates.dtype.kind == "M":
        years = dates.dt.year
    else:  # a year, or the text of a date that ends in one
        years = dates.astype("string").str.extract(r"(\d{4})$")[0].astype("Int64")
    pairs = pd.DataFrame({"code": table[column], "year": years}).dropna().astype({"year": int})
    if pairs["code"].dtype == object:  # several states, comma separated
        pairs = pairs.assign(code=pairs["code"].str.split(r",\s*", regex=True)).explode("code")
    pairs = pairs[pairs["year"] >= 1946].drop_duplicates().reset_index(drop=True)
    found = translate_many(pairs["code"], pairs["year"], system, system)["translated"].notna()
    assert len(pairs) > 0
    assert round(float(found.mean()), 3) == KNOWN[name, column]


@needs_raw
@pytest.mark.parametrize("name", [s.id for s in SOURCES.values() if s.special])
def test_special_codes_stand_in_the_columns_that_hold_them(name):
    table = table_of(name)
    for column, code, meaning in SOURCES[name].special:
        assert (table[column] == code).any(), (column, code)
        assert meaning


@needs_raw
def test_every_source_has_its_raw_file():
    """Other raw files may lie there that no source reads yet."""
    files = {p.name for p in RAW.iterdir() if p.suffix in (".csv", ".json")}
    assert files == {f for f in pinned() if f.endswith((".csv", ".json"))}
    assert {s.file for s in SOURCES.values()} <= files


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_says_from_whom_it_is_and_what_is_owed(name):
    source = SOURCES[name]
    assert all([source.citation.endswith("."), source.licence, source.version, source.unit])
    assert re.match(r"https?://\S+$", source.landing_page)
    entries = source.bibtex.split("\n\n")
    for entry in entries:
        assert re.fullmatch(
            r"@(article|book|misc|phdthesis|techreport)\{[a-z]+\d{4}, (\w+ = \{.+\}(,"
            r" |(?=\}$)))+\}",
            entry,
        ), entry
        assert entry.count("{") == entry.count("}")
        assert {"author = ", "title = ", "year = "} <= {
            f"{word} = " for word in re.findall(r"(\w+) = \{", entry)
        }
    assert len(set(entries)) == len(entries)
    assert ps.cite(name).split() == source.bibtex.split()
    for column in [
        *source.key,
        *([source.year] if source.year else []),
        *(c for c, _ in source.states),
    ]:
        assert column in source.schema.names
    assert {system for _, system in source.states} <= set(SYSTEMS)
    assert {c for c, _, _ in source.special} <= set(source.schema.names)


def test_an_entry_reads_the_same_here_and_in_the_studies():
    shared = 0
    for file in (ROOT / "datasets").glob("*/CITATION.bib"):
        for entry in file.read_text(encoding="utf-8").split("\n"):
            key = re.match(r"@\w+\{(\w+),", entry)
            if key and key[1] in ENTRIES:
                shared += 1
                assert ENTRIES[key[1]] == entry, file
    assert shared > 30
    assert {
        key for s in SOURCES.values() for key in re.findall(r"^@\w+\{(\w+),", s.bibtex, re.M)
    } == set(ENTRIES)


def test_a_source_is_one_entry_of_at_most_sixty_lines():
    found = 0
    for file in REGISTRY.glob("*.py"):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            call = getattr(node, "value", None)
            if isinstance(call, ast.Call) and ast.unparse(call.func) in {"Source", "replace"}:
                found += 1
                assert node.end_lineno - node.lineno + 1 <= 60, (
                    file.name,
                    ast.unparse(node.targets[0]),
                )
    assert found == len(SOURCES)


def test_sources_are_listed_as_a_table():
    table = sources()
    assert list(table.columns) == [
        "id",
        "name",
        "version",
        "unit",
        "key",
        "first_year",
        "last_year",
        "units",
        "absent",
        "licence",
        "citation",
        "landing_page",
        "file",
    ]
    assert table["id"].tolist() == list(SOURCES)
    row = table.set_index("id").loc["polity5"]
    assert row[["key", "first_year", "last_year", "absent"]].tolist() == [
        "polity_annual_ccode, year",
        1800,
        2018,
        "",
    ]
    assert ps.outcomes.sources().equals(table)


def test_an_unknown_source_is_told_with_the_nearest(tmp_path):
    with pytest.raises(SourceError, match=r"no source 'pax_v11'\. Did you mean 'pax_v1?[09]'\?"):
        read_source("pax_v11", tmp_path)
    with pytest.raises(SourceError, match=r"wdi_gdppc_pop\.csv is missing\. Get"):
        read_source("wdi", str(tmp_path))


@needs_raw
def test_read_takes_an_id_and_the_text_of_a_path():
    mine, theirs = read_source("wdi", str(RAW)), read_source(SOURCES["wdi"], RAW)
    assert mine.source is theirs.source
    pd.testing.assert_frame_equal(mine.table, theirs.table)


@needs_raw
def test_battle_deaths_are_those_of_the_file_that_begins_with_a_byte_order_mark():
    rows = cells_of("ucdp_brd_dyad_221.csv")
    table = table_of("ucdp_brd_dyad_22.1")
    assert table["conflict_id"].tolist() == [int(r["conflict_id"]) for r in rows]
    assert table["bd_best"].sum() == sum(int(r["bd_best"]) for r in rows)
    disorder = ~((table["bd_low"] <= table["bd_best"]) & (table["bd_best"] <= table["bd_high"]))
    assert disorder.sum() == 7  # as the field says


@needs_raw
@pytest.mark.parametrize("name", ["ged_car_23.1", "ged_syria"])
def test_the_days_of_events_are_those_of_the_file_also_where_it_writes_midnight(name):
    rows = cells_of(SOURCES[name].file)
    table = table_of(name)
    for column in ("date_start", "date_end"):
        assert table[column].dt.date.tolist() == [
            dt.date.fromisoformat(r[column][:10]) for r in rows
        ]
    assert (table["date_start"] <= table["date_end"]).all()
    assert table["best"].sum() == sum(int(float(r["best"])) for r in rows)


@needs_raw
def test_two_releases_of_pax_have_the_same_columns_and_the_later_has_more_agreements():
    old, new = table_of("pax_v9"), table_of("pax_v10")
    assert list(old.columns) == list(new.columns)
    assert len(new) > len(old)
    assert old["UcdpCon"].isna().sum() == sum(
        r["UcdpCon"] in ("", "NA", "Na", "N/A") for r in cells_of("pax_v9.csv")
    )


def test_dates_with_two_digits_are_read_by_the_years_of_the_source():
    cells = [
        "1/1/46",
        "12/31/11",
        "1/1/12",
        "9/1/48",
        "2/30/99",
        "06//1969",
        "?",
        "7/20/1974",
        " 3/5/08 ",
        None,
    ]
    expected = [
        "1946-01-01",
        "2011-12-31",
        "1912-01-01",
        "1948-09-01",
        *[""] * 3,
        "1974-07-20",
        "2008-03-05",
        "",
    ]
    found = full_dates(pd.Series(cells, dtype=object))
    assert ["" if pd.isna(d) else d.date().isoformat() for d in found] == expected


@needs_raw
def test_the_dates_of_mediation_agree_with_the_years_that_the_source_writes_in_full():
    table = table_of("civil_war_mediation")
    start, end = full_dates(table["episode.start.date"]), full_dates(table["episode.end.date"])
    both = end.notna() & table["year_term"].notna()
    assert (both.sum(), (end.dt.year != table["year_term"])[both].sum()) == (625, 15)
    # a wrong century would turn some round
    assert (start <= end)[start.notna() & end.notna()].all()
