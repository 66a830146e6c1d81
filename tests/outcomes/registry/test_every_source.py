"""What holds of every source: the known release in full, a key that names one row, coverage as it is said."""

from collections import Counter
from pathlib import Path

import pytest

from peacestudy.core.tables import file_sha256
from peacestudy.outcomes import SOURCES

RAW = Path(__file__).resolve().parents[3].parent / "shared" / "raw"
NEW = (
    "ifad_arri_2019", "ieg_2026", "adb_aer_2024", "imf_mona_2013", "gsdb_4", "ecolex_parties", "tfdd_treaties", "ieadb", "ods_consumption",
    "montreal_groups", "ghg_cait_2021", "oecd_air_pollutants", "kyoto_annex_b", "undp_vaccine_equity", "health_funds", "guinea_worm",
    "polio", "grauvogel_2014", "thiem_2011", "schwarz_2016", "weise_2015", "issue_positions",
)  # fmt: skip
KEYLESS = {"adb_aer_2024", "imf_mona_2013", "ecolex_parties", "tfdd_treaties"}


@pytest.mark.parametrize("name", NEW)
def test_every_file_is_the_known_release_in_full(outcome, cells, montreal, name):
    source = SOURCES[name]
    found = outcome(name)
    by_hand = sum(map(len, montreal.values())) if name == "montreal_groups" else len(cells(name))
    assert (found.notes, len(found.table), by_hand) == ((), source.rows, source.rows)
    pinned = dict(reversed(line.split()) for line in (RAW / "SHA256SUMS").read_text().splitlines())
    assert source.sha256 == pinned[source.file] == file_sha256(RAW / source.file)


@pytest.mark.parametrize("name", NEW)
def test_a_key_names_one_row_in_the_text_of_the_file(cells, table, montreal, name):
    source = SOURCES[name]
    assert (source.key == ()) == (name in KEYLESS)
    if source.key:
        listed = [{"country": c} for group in montreal.values() for c in group]
        rows = listed if name == "montreal_groups" else cells(name)
        keys = Counter(tuple(row[k] for k in source.key) for row in rows)
        assert max(keys.values()) == 1
        assert not table(name).duplicated(list(source.key)).any()


@pytest.mark.parametrize("name", NEW)
def test_what_a_source_says_of_its_coverage_holds_in_its_rows(table, name):
    source = SOURCES[name]
    assert source.bibtex.startswith("@") and source.bibtex.count("{") == source.bibtex.count("}")
    assert {c for c, _ in source.states} <= set(source.schema.names)
    assert (source.absent != "") <= (source.units == "all")
    if source.year:
        said = table(name)[source.year].dropna()
        said = said[~said.isin([v for c, v, _ in source.special if c == source.year])]
        assert (said.min(), said.max()) == (source.first_year, source.last_year)
