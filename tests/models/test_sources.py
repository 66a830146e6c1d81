"""Every engine has two proofs for every covariance it offers: the table in
tests/references/README.md, held against the registry.
"""

import ast
from hashlib import sha256
from pathlib import Path

import pytest

from peacestudy.models.engines.registry import ENGINES

TESTS = Path(__file__).resolve().parents[1]
README = TESTS / "references" / "README.md"
OTHERS = {  # what inference adds to them
    ("linear", "cluster, two ways"),
    ("linear", "cluster, wild bootstrap"),
    ("logit", "cluster, two ways"),
    ("logit", "cluster, score bootstrap"),
    ("firth", "classical, profile"),
    ("firth", "cluster, two ways"),
    ("cox", "cluster, two ways"),
    ("all", "bootstrap of blocks"),
}


def rows():
    lines = [
        line.strip().strip("|").split("|")
        for line in README.read_text("utf-8").splitlines()
        if "::test_" in line
    ]
    return [[cell.strip().strip("`") for cell in line] for line in lines]


def names(path):
    """Functions of a file of tests, by reading it: nothing is imported."""
    return {
        n.name for n in ast.parse(path.read_text("utf-8")).body if isinstance(n, ast.FunctionDef)
    }


def test_every_engine_has_a_row_for_every_covariance_it_offers_and_no_more():
    found = [(engine, vcov) for engine, vcov, *_ in rows()]
    assert len(found) == len(set(found))
    assert (
        set(found)
        == {(name, vcov) for name, engine in ENGINES.items() for vcov in engine.vcovs} | OTHERS
    )


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row[0]} {row[1]}")
def test_its_two_sources_differ_and_their_tests_exist(row):
    _, _, one, first, other, second = row
    assert one != other
    assert first != second
    for test in (first, second):
        file, name = test.split("::")
        assert name in names(TESTS / file)


@pytest.mark.parametrize(
    "folder", [p for p in README.parent.iterdir() if p.is_dir()], ids=lambda p: p.name
)
def test_a_reference_is_stored_with_what_made_it(folder):
    # simulations of this library: tests/benchmarks/coverage_*.py and a script in the folder write
    # them
    made_by_us = {
        "coverage",
        "firth_profile",
        "interval_coverage",
        "mutations",
        "propagate",
        "robust_size",
    }
    made = {p.name for p in folder.iterdir()}
    # a program of its own in plain Python: its sha256 is stored
    digests = {sha256(p.read_bytes()).hexdigest() for p in folder.glob("*.py")}
    stored = {p.read_text("utf-8").split()[0] for p in folder.glob("*.sha256")}
    by_program = bool(digests) and digests <= stored
    by_other_software = {"session.txt"} <= made and any(n.startswith("generate") for n in made)
    assert folder.name in made_by_us or by_program or by_other_software
