"""The Makefile does what the README says: draws once, says when
nothing has changed, redraws one figure alone.
"""

import os
import re
from pathlib import Path

import pytest

from peacestudy.figures.registry import FIGURES
from peacestudy.study import results_of

ROOT = Path(__file__).resolve().parents[1]
STUDIES = (
    "peace_agreements",
    "signing_dyads",
    "accord_implementation",
    "onset",
    "double_coding",
    "third_party_role",
)
DRAWN = [(s, n) for n, d in FIGURES.items() for s in d.studies]


@pytest.mark.slow(reason="makes what is not in build/ of six studies' figures, 6 minutes at most")
def test_figures(make):
    out, run = make
    first = run("figures")
    assert first.returncode == 0, first.stderr
    for study in STUDIES:
        assert sorted(p.name for p in (out / study / "figures").iterdir()) == sorted(
            f"{n}.{e}" for s, n in DRAWN if s == study for e in ("pdf", "png", "csv")
        )
        own = {p.stem for p in (out / study / "results").glob("*.csv")}
        assert own == set(results_of(study))
    again = run("figures")
    assert "nothing has changed" in again.stdout and "fitting" not in again.stdout
    pdf = {(s, n): out / s / "figures" / f"{n}.pdf" for s, n in DRAWN}
    before = {k: p.stat().st_mtime_ns for k, p in pdf.items()}
    one = run("-W", str(out / "onset" / "results" / "published.csv"), "figures")
    assert one.returncode == 0 and "fitting" not in one.stdout
    assert [k for k, p in pdf.items() if p.stat().st_mtime_ns != before[k]] == [("onset", "onset")]
    figures = out / "onset" / "figures"
    for spoil in (
        lambda: (figures / "onset.png").unlink(),
        lambda: os.utime(figures / "onset.csv", (0, 0)),
    ):
        spoil()  # a file that was deleted, and one that is older than the results, as after a kill
        mended = run("figures")
        assert (
            mended.returncode == 0
            and mended.stdout.count("pdf, png, csv") == 1
            and "fitting" not in mended.stdout
        )
        assert (figures / "onset.png").is_file() and (figures / "onset.csv").stat().st_mtime > 0
    (out / "onset" / "results" / "notes.csv").unlink()
    mended = run("figures")
    assert (
        mended.returncode == 0
        and mended.stdout.count("fitting") == 1
        and "onset: fitting" in mended.stdout
    )
    tables = run("tables")
    assert tables.returncode == 0 and "fitting" not in tables.stdout
    lost = next((out / "onset" / "tables").glob("*.md"))
    lost.unlink()
    assert run("tables").returncode == 0 and lost.is_file()
    assert all(list((out / study / "tables").glob("*.md")) for study in STUDIES)


def test_the_makefile_knows_what_every_figure_needs():
    text = (ROOT / "Makefile").read_text()
    for name, drawing in FIGURES.items():
        needs = re.search(rf"^NEEDS_{name} +:= (.*)$", text, re.M)
        assert needs and tuple(needs[1].split()) == drawing.needs, name
    for study in STUDIES:
        figures = re.search(rf"^FIGURES_{study} +:= (.*)$", text, re.M)
        assert figures and set(figures[1].split()) == {n for s, n in DRAWN if s == study}


def test_help_is_the_default_and_names_every_target(make):
    _, run = make
    said = run().stdout
    for target in (
        "help",
        "figures",
        "tables",
        "results",
        "notebooks",
        "data",
        "vintages",
        "test",
        "test-all",
        "test-lowest",
        "check",
        "lab",
        "lock",
        "clean",
    ):
        assert re.search(rf"make {target} +\S", said)


def test_data_without_raw_says_which_files_from_whom_and_where_to_put_them(make, tmp_path):
    _, run = make
    bare = run("data", "STUDY=peace_agreements")
    assert bare.returncode != 0
    for word in ("pax_v10.csv", "peaceagreements.org", "ucdp_prio_acd_251.csv", "RAW="):
        assert word in bare.stdout
    (tmp_path / "pax_v10.csv").write_text("x")
    part = run("data", "STUDY=peace_agreements", f"RAW={tmp_path}").stdout
    assert "11 source file(s) are not in" in part and "pax_v10.csv" not in part


def test_the_lock_names_no_host():
    text = (ROOT / "requirements.lock").read_text()
    assert "://" not in text and "--hash=sha256:" in text
