"""Two releases of a source: what is told of them, against loops over the
rows, on made-up tables and on PA-X 9 and 10.
"""

import csv
import hashlib
import random
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from peacestudy.core.schema import Field, Schema
from peacestudy.core.tables import header_of
from peacestudy.errors import SourceError
from peacestudy.outcomes import SOURCES, OutcomeTable, compare_releases, read_source
from peacestudy.outcomes.releases import release_of

RAW = Path(__file__).resolve().parents[2].parent / "shared" / "raw"
real = pytest.mark.skipif(
    not RAW.is_dir(), reason="the source files are not at hand (../shared/raw)"
)
TEXT = "code,year,stage,score\n2,2000,pre,0.5\n20,2000,full,\n2,2001,pre,1\n"
SOURCE = replace(
    SOURCES["cow_igo"],
    id="fake",
    name="Fake",
    version="1",
    file="fake.csv",
    rows=3,
    key=("code", "year"),
    sha256=hashlib.sha256(TEXT.encode()).hexdigest(),
    schema=Schema(
        (
            Field("code", "integer", required=True),
            Field("year", "year", required=True),
            Field("stage", enum=("pre", "full")),
            Field("score", "number", maximum=1),
        ),
        key=("code", "year"),
    ),
)


def made(rows, **change):
    table = pd.DataFrame(rows, columns=["code", "year", "stage", "score"]).astype(
        {"code": "Int64", "year": "Int64"}
    )
    return OutcomeTable(table.astype({"stage": object, "score": float}), replace(SOURCE, **change))


@pytest.mark.parametrize("seed", range(30))
def test_rows_and_cells_are_those_of_a_loop(seed):
    draw = random.Random(seed)
    stages, scores = ["pre", "full", "other", None], [0.0, 0.5, 1.0, None]
    tables = []
    for _ in range(2):
        keys = draw.sample(
            [(c, y) for c in range(4) for y in (2000, 2001, 2002)], draw.randint(0, 10)
        )
        tables.append({k: (draw.choice(stages), draw.choice(scores)) for k in keys})
    old, new = tables
    found = compare_releases(*(made([(*k, *v) for k, v in t.items()]) for t in tables))
    assert set(found.entered.itertuples(index=False, name=None)) == set(new) - set(old)
    assert set(found.left.itertuples(index=False, name=None)) == set(old) - set(new)
    cells = {
        (*k, name): (old[k][i], new[k][i])
        for k in set(old) & set(new)
        for i, name in enumerate(("stage", "score"))
        if old[k][i] != new[k][i]
    }
    told = found.changed.astype(object).where(found.changed.notna(), None)
    assert {tuple(r[:3]): tuple(r[3:]) for r in told.itertuples(index=False, name=None)} == cells
    same = [k for k in set(old) & set(new) if old[k] == new[k]]
    assert found.unchanged == len(same) and found.n_changed == len(set(old) & set(new)) - len(same)
    words = [{v[0] for v in t.values()} - {None} for t in tables]
    for status, a, b in (("gone", *words), ("new", *words[::-1])):
        told_words = found.categories[found.categories.status == status]
        assert list(told_words.category) == sorted(a - b)
    for word, n in found.categories.query("status == 'new'")[["category", "rows"]].itertuples(
        index=False
    ):
        assert n == sum(v[0] == word for v in new.values())


def test_columns_beyond_the_schema_are_told_from_headers():
    a, b = made([(2, 2000, "pre", 1)]), made([(2, 2000, "pre", 1)])
    found = compare_releases(
        a, b, ["code", "year", "stage", "score", "old"], ["code", "year", "stage", "score", "fresh"]
    )
    assert (found.columns_gone, found.columns_new) == (("old",), ("fresh",))
    assert "columns gone: old; columns new: fresh" in str(found)


def test_a_key_that_does_not_name_a_row_compares_rows_whole():
    a = made([(2, 2000, "pre", 1), (2, 2000, "pre", 1), (3, 2000, "pre", None)])
    b = made([(2, 2000, "pre", 1), (3, 2000, "pre", None), (3, 2000, "full", None)], version="2")
    found = compare_releases(a, b)
    assert found.key == () and "does not name a row in release 1 and 2" in found.notes[0].text
    assert found.left.values.tolist() == [[2, 2000, "pre", 1]]
    assert found.entered[["code", "stage"]].values.tolist() == [[3, "full"]]
    assert (found.unchanged, found.n_changed) == (2, 0)


def test_a_key_that_is_not_there_is_refused():
    a = made([(2, 2000, "pre", 1)])
    with pytest.raises(SourceError, match="'year' is not in both"):
        compare_releases(replace(a, table=a.table.drop(columns="year")), a)


def test_it_shows_itself_escaped_and_short():
    a, b = made([(2, 2000, "<b>x</b>", 1)]), made([(2, 2000, "y" * 500, 1)])
    shown = compare_releases(a, b)._repr_html_()
    assert "&lt;b&gt;x" in shown and "<b>x" not in shown and "y" * 100 not in shown


@pytest.fixture
def read(tmp_path):
    def run(content, known="", **options):
        (tmp_path / "fake.csv").write_text(content)
        if known:
            (tmp_path / known).write_text(TEXT)
        return read_source(SOURCE, tmp_path, **options)

    return run


def test_a_new_category_is_told_where_another_release_is_accepted_and_refused_else(read):
    fresh = TEXT + "20,2001,<half>,0\n"
    with pytest.raises(SourceError, match="expected one of pre, full"):
        read(fresh)
    first, second = read(fresh, accept_other_release=True).notes
    assert "fake_known.csv" in first.text
    assert (second.kind, second.text) == (
        "new_categories",
        "stage of fake.csv has categories that release 1 has not: '<half>' in 1 row(s).",
    )
    with pytest.raises(SourceError, match="to 1"):
        read(TEXT.replace("0.5", "1.5"), accept_other_release=True)


@pytest.mark.parametrize("known", ["fake_known.csv", "fake (1).csv"])
def test_beside_the_known_file_the_differences_are_told(read, known):
    text = "code,year,stage,score,more\n2,2000,pre,0.6,\n20,2000,full,,\n2,2002,pre,1,x\n"
    (note,) = read(text, known, accept_other_release=True).notes
    said = (
        "1 row(s) entered, 1 left, 1 changed, 1 the same; cells changed: score 1; columns new:"
        " more."
    )
    assert said in note.text


def test_a_file_beside_it_that_is_not_the_known_one_is_not_compared_with(read, tmp_path):
    (tmp_path / "fake_known.csv").write_text(TEXT + "\n")
    (note,) = read(TEXT.replace("0.5", "0.6"), accept_other_release=True).notes
    assert "put release 1 in the same folder" in note.text


def test_a_release_is_found_by_family_and_name_and_others_are_named():
    assert release_of("pax", "v9", SOURCES) is SOURCES["pax_v9"]
    with pytest.raises(SourceError, match=r"known are v10, v9"):
        release_of("pax", "v11", SOURCES)
    with pytest.raises(SourceError, match="no source is called 'paks'"):
        release_of("paks", "v9", SOURCES)


@real
def test_pax_9_and_10_by_a_loop_over_the_files():
    rows = []
    for name in ("pax_v9", "pax_v10"):
        with (RAW / f"{name}.csv").open(encoding="utf-8", newline="") as f:
            rows.append({r["AgtId"]: r for r in csv.DictReader(f)})
    old, new = rows
    before, after = (read_source(SOURCES[i], RAW) for i in ("pax_v9", "pax_v10"))
    found = compare_releases(
        before, after, header_of(RAW / "pax_v9.csv"), header_of(RAW / "pax_v10.csv")
    )
    assert (
        set(found.entered["AgtId"]) == {int(i) for i in new.keys() - old.keys()}
        and len(found.entered) == 113
    )
    assert len(found.left) == len(old.keys() - new.keys()) == 0
    assert (found.columns_gone, found.columns_new) == ((), ("StDef",))
    assert set(next(iter(new.values()))) - set(next(iter(old.values()))) == {"StDef"}
    numbers = {f.name for f in SOURCES["pax_v10"].schema.fields if f.type == "integer"}

    def value(row, column):
        text = row[column]
        if column in numbers:
            return None if text in ("", "NA", "N/A", "Na") else float(text)
        return text or None

    cells = {
        (int(i), c)
        for i in old
        for c in SOURCES["pax_v10"].schema.names
        if c != "AgtId" and value(old[i], c) != value(new[i], c)
    }
    assert set(found.changed[["AgtId", "column"]].itertuples(index=False, name=None)) == cells
    assert found.n_changed == len({i for i, _ in cells}) == 37 and found.unchanged == 2144 - 37
    assert str(found).startswith(
        "PA-X Peace Agreements Database 9 to PA-X Peace Agreements Database 10: 113 row(s) entered"
    )


@real
def test_pax_9_is_its_known_release():
    assert read_source(SOURCES["pax_v9"], RAW).notes == ()
