"""The Makefile does what the README says: draws once, says when nothing has changed, redraws one figure alone."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DRAWN = ("profile", "forest", "survival", "ledger")


@pytest.fixture(scope="module")
def make(tmp_path_factory):
    """Run make with this environment in place of .venv, and a folder of its own for what is made."""
    out = tmp_path_factory.mktemp("made")
    ready = out / "ready"  # newer than the lock, so that make sees an environment that is set up
    ready.touch()

    def run(*arguments):
        bins = f"BIN={Path(sys.executable).parent}"
        command = ["make", f"READY={ready}", bins, f"OUT={out}", *arguments]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    return out, run


def test_figures(make):
    out, run = make
    first = run("figures")
    assert first.returncode == 0, first.stderr
    assert sorted(p.name for p in (out / "figures").iterdir()) == sorted(
        f"{n}.{e}" for n in DRAWN for e in ("pdf", "png", "csv")
    )
    assert "fitting" in first.stdout
    again = run("figures")
    assert "nothing has changed" in again.stdout and "fitting" not in again.stdout
    before = {n: (out / "figures" / f"{n}.pdf").stat().st_mtime_ns for n in DRAWN}
    one = run("-W", "peacestudy/figures/survival.py", "figures")
    after = {n: (out / "figures" / f"{n}.pdf").stat().st_mtime_ns for n in DRAWN}
    assert one.returncode == 0 and "fitting" not in one.stdout
    assert [n for n in DRAWN if before[n] != after[n]] == ["survival"]
    tables = run("tables")
    assert tables.returncode == 0 and "fitting" not in tables.stdout
    assert len(list((out / "tables").glob("*.md"))) == 7


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
        "test",
        "check",
        "lab",
        "lock",
        "clean",
    ):
        assert f"make {target} " in said


def test_data_without_raw_says_which_files_from_whom_and_where_to_put_them(make, tmp_path):
    _, run = make
    bare = run("data")
    assert bare.returncode != 0
    for word in ("pax_v10.csv", "peaceagreements.org", "ucdp_prio_acd_251.csv", "RAW="):
        assert word in bare.stdout
    (tmp_path / "pax_v10.csv").write_text("x")
    part = run("data", f"RAW={tmp_path}").stdout
    assert "7 source file(s) are not in" in part and "pax_v10.csv" not in part


def test_the_lock_names_no_host():
    text = (ROOT / "requirements.lock").read_text()
    assert "://" not in text and "--hash=sha256:" in text
