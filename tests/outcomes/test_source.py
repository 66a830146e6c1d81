"""Source files as people have them: missing, cut off, of another
release, changed by a spreadsheet.
"""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from peacestudy.core.schema import Field, Schema
from peacestudy.errors import SourceError
from peacestudy.outcomes import SOURCES, Source, read_source

RAW = Path(__file__).resolve().parents[2].parent / "shared" / "raw"
TEXT = "code,year,score,note\n2,2000,0.5,x\n20,2000,,y\n2,2001,1,\n"
SOURCE = Source(
    id="fake",
    name="Fake indices",
    version="3.1",
    citation="Nobody, N. 2000. <i>Fakes</i>.",
    landing_page="https://example.org/fake",
    licence="believed free",
    file="fake.csv",
    sha256=hashlib.sha256(TEXT.encode()).hexdigest(),
    rows=3,
    schema=Schema(
        (
            Field("code", "integer", required=True),
            Field("year", "year", required=True),
            Field("score", "number", minimum=0, maximum=1),
        ),
        key=("code", "year"),
    ),
    unit="country-year",
    key=("code", "year"),
    first_year=2000,
    last_year=2001,
)


@pytest.fixture
def read(tmp_path):
    def run(content=TEXT, **options):
        (tmp_path / "fake.csv").write_bytes(
            content.encode() if isinstance(content, str) else content
        )
        return read_source(SOURCE, tmp_path, **options)

    return run


def refused(read, content, **options):
    with pytest.raises(SourceError) as caught:
        read(content, **options)
    return caught.value


def test_the_known_release_is_read_without_a_note(read):
    found = read()
    assert (len(found.table), found.notes, found.source) == (3, (), SOURCE)
    assert list(found.table.columns) == ["code", "year", "score"]


@pytest.mark.parametrize("make", [lambda p: None, Path.mkdir], ids=["nothing", "folder"])
def test_a_missing_file_says_from_whom_it_is_and_where_to_put_it(tmp_path, make):
    make(tmp_path / "fake.csv")
    with pytest.raises(SourceError) as caught:
        read_source(SOURCE, tmp_path)
    said = str(caught.value)
    for part in (
        "fake.csv is missing",
        "Fake indices, version 3.1",
        "https://example.org/fake",
        f"save it in {tmp_path} under that name",
    ):
        assert part in said


def test_a_file_cut_between_rows_is_not_whole(read):
    err = refused(read, TEXT[: TEXT.index("2,2001")])
    assert "is incomplete" in str(err)
    (problem,) = err.problems
    assert (problem.file, problem.rule) == ("fake.csv", "2 rows; release 3.1 has 3")
    assert "cut off or older: get fake.csv" in problem.remedy


def test_a_file_cut_within_a_row_is_said_to_be_cut_off(read):
    assert "cut off" in refused(read, TEXT[: TEXT.index("2001")]).problems[0].remedy


def test_a_cut_file_is_refused_even_where_another_release_is_accepted(read):
    assert "is incomplete" in str(
        refused(read, TEXT[: TEXT.index("2,2001")], accept_other_release=True)
    )


@pytest.mark.parametrize(
    "content",
    [
        TEXT.replace("0.5", "0.6"),
        TEXT + "20,2001,0.1,\n",
        TEXT.replace("\n", "\r\n"),
        b"\xef\xbb\xbf" + TEXT.encode(),
    ],
    ids=["a changed value", "a row more", "other line ends", "byte order mark"],
)
def test_changed_bytes_are_another_release_and_must_be_accepted_in_so_many_words(read, content):
    err = refused(read, content)
    assert f"not the registered release (3.1, sha256 {SOURCE.sha256[:12]}" in str(err)
    assert "accept_other_release" in str(err)
    found = read(content, accept_other_release=True)
    (note,) = found.notes
    assert note.kind == "other_release"
    assert f"it has {len(found.table)} rows against 3" in note.text


@pytest.mark.parametrize(
    ("content", "line", "column", "rule"),
    [
        (TEXT.replace("score", "scroe"), 1, "score", "column 'score' is expected"),
        (TEXT.replace("20,2000,,y", "2,2000,,y"), 3, "code,year", "is already at line 2"),
        (TEXT.replace("0.5", "1.5"), 2, "score", "from 0 to 1"),
        (TEXT.replace("0.5", "0,5"), 2, "", "5 cells where the header has 4"),
        (TEXT.replace("20,2000", "20,MM"), 3, "year", "expected an integer"),
        (TEXT.replace("20,2000", ",2000"), 3, "code", "a value is required"),
        (TEXT.replace("y", "\xe9").encode("latin-1"), 1, "", "expected UTF-8"),
        (TEXT.replace(",y\n", ",\xe9\n").encode("latin-1"), 3, "", "expected UTF-8"),
        (TEXT.replace(",", ";"), 1, "", "separated by ';' where commas are expected"),
    ],
)
def test_a_file_that_breaks_its_schema_is_told_with_its_place(read, content, line, column, rule):
    for accept in (False, True):
        problem = refused(read, content, accept_other_release=accept).problems[0]
        assert (problem.file, problem.line, problem.column) == ("fake.csv", line, column)
        assert rule in problem.rule


def test_an_empty_file_is_refused(read):
    assert "is empty" in str(refused(read, ""))


def test_it_shows_itself_escaped_with_what_is_owed(read):
    shown = read(TEXT + "20,2001,0.1,\n", accept_other_release=True)._repr_html_()
    for part in (
        "Fake indices 3.1: 4 rows, one a country-year, 2000 to 2001",
        "not the registered release",
        "&lt;i&gt;Fakes",
        "Licence: believed free",
    ):
        assert part in shown


@pytest.mark.parametrize("name", SOURCES)
def test_every_known_source_is_described_in_full(name):
    source = SOURCES[name]
    assert len(source.sha256) == 64 and int(source.sha256, 16)
    assert source.first_year <= source.last_year
    assert set(source.key) <= set(source.schema.names)
    assert all(
        [
            source.id == name,
            source.citation,
            source.landing_page,
            source.licence,
            source.unit,
            source.rows > 0,
        ]
    )
    assert source.where_to_get().startswith(f"{source.file}: ")


@pytest.mark.skipif(not RAW.is_dir(), reason="the source files are not part of the repository")
@pytest.mark.parametrize("name", ["ucdp_acd_25.1", "cow_igo"])
def test_the_files_at_hand_are_the_known_releases(name):
    found = read_source(SOURCES[name], RAW)
    assert (found.notes, len(found.table)) == ((), SOURCES[name].rows)


@pytest.mark.skipif(not RAW.is_dir(), reason="the source files are not part of the repository")
def test_another_release_of_a_real_source_is_told(tmp_path):
    (tmp_path / "pax_v10.csv").symlink_to(RAW / "pax_v9.csv")
    with pytest.raises(SourceError, match=r"pax_v10\.csv (is incomplete|does not keep its schema)"):
        read_source(replace(SOURCES["pax_v10"]), tmp_path)
