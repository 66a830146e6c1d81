"""The source files twice: as the library reads them, and by hand with the
``csv`` module, never the reader under test.

Expected figures are those of the list that came with the files. Where the files say otherwise, the
figure is the files' and a comment says what the list has.
"""

import csv
import json
from functools import cache
from pathlib import Path

import pytest

from peacestudy.outcomes import SOURCES, read_source

RAW = Path(__file__).resolve().parents[3].parent / "shared" / "raw"


@pytest.fixture(scope="session")
def outcome():
    """A source as the library reads it, by its id."""
    if not RAW.is_dir():
        pytest.skip("the source files are not part of the repository")
    return cache(lambda name: read_source(SOURCES[name], RAW))


@pytest.fixture(scope="session")
def table(outcome):
    return lambda name: outcome(name).table


@pytest.fixture(scope="session")
def cells():
    """The rows of a file as dicts of text, by the id of its source."""
    if not RAW.is_dir():
        pytest.skip("the source files are not part of the repository")

    @cache
    def read(name):
        with (RAW / SOURCES[name].file).open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))

    return read


@pytest.fixture(scope="session")
def montreal():
    """The members of each group of the Montreal list."""
    if not RAW.is_dir():
        pytest.skip("the source files are not part of the repository")
    parts = json.loads((RAW / SOURCES["montreal_groups"].file).read_text())
    return {f"{a}/{b}": members for a, part in parts.items() for b, members in part.items()}
