"""Settings of the whole set, and what many tests read: our studies and their results.

Generated examples are the same on every run and every machine.
"""

import os
import pickle
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import settings

import peacestudy as ps

settings.register_profile("house", deadline=None, derandomize=True, database=None)
settings.load_profile("house")

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = "_hypothesis_internal_use_settings"  # where the decorator @settings keeps them
FEWEST = 25
COMPARED = "peace_agreements"  # other studies read its results, see Results.other


def pytest_collection_modifyitems(config, items):
    """Put slow tests first, so that no worker waits for one at the end; else the order stays.

    Where slow tests are left out, property tests try a quarter of their examples, at least 25.
    """
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
    if config.option.markexpr == "not slow":
        for function in {getattr(item, "function", None) for item in items}:
            asked = getattr(function, EXAMPLES, None)
            if asked is not None and asked.max_examples > FEWEST:
                fewer = max(FEWEST, asked.max_examples // 4)
                setattr(function, EXAMPLES, settings(asked, max_examples=fewer))


@pytest.fixture(scope="session")
def our_study():
    """Load a study of ours by its name, once in a session."""
    return cache(ps.load_study)


class SharedTables(dict):
    """Results of a study, by name; tables that another worker has computed are read from files."""

    def __init__(self, folder: Path):
        super().__init__()
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def __contains__(self, name):
        return super().__contains__(name) or self.file(name).is_file()

    def __getitem__(self, name):
        if not super().__contains__(name):
            super().__setitem__(name, pickle.loads(self.file(name).read_bytes()))
        return super().__getitem__(name)

    def __setitem__(self, name, value):
        super().__setitem__(name, value)
        if not isinstance(value, pd.DataFrame):
            return
        unfinished = self.file(f"{name}.{os.getpid()}")
        unfinished.write_bytes(pickle.dumps(value))
        unfinished.replace(self.file(name))

    def file(self, name):
        return self.folder / f"{name}.pickle"


@pytest.fixture(scope="session")
def our_results(our_study, tmp_path_factory):
    """Give the results of a study of ours by its name; each table is computed once in a session."""
    from peacestudy.study import Results

    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent

    @cache
    def results(name):
        found = Results(our_study(name), SharedTables(folder / "results" / name))
        if name != COMPARED:
            found.cache[f"study {COMPARED}"] = results(COMPARED)
        return found

    return results


def files_of_make():
    """The paths under build/ of results, figures and notebooks, as `make` names them."""
    from peacestudy.figures.registry import FIGURES
    from peacestudy.study import RESULTS

    for study in RESULTS:
        yield f"{study}/results/.made"
        for name in RESULTS[study]:
            yield f"{study}/results/{name}.csv"
        for name, drawing in FIGURES.items():
            if study in drawing.studies:
                for ending in ("pdf", "png", "csv"):
                    yield f"{study}/figures/{name}.{ending}"
    for notebook in (ROOT / "notebooks").glob("*.ipynb"):
        yield f"notebooks/{notebook.stem}.html"


@pytest.fixture(scope="session")
def make(tmp_path_factory):
    """Run make with this environment in place of .venv, on a copy of what it made in build/.

    Make leaves alone what is up to date in the copy, and makes the rest. What `.ci/run` has made
    before the tests is thus not made again.
    """
    out = tmp_path_factory.mktemp("made")
    for name in files_of_make():
        made = ROOT / "build" / name
        if made.is_file():
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(made, out / name)  # with its time
    ready = out / "ready"  # newer than the lock, so that make sees an environment that is set up
    ready.touch()

    def run(*arguments):
        bins = f"BIN={Path(sys.executable).parent}"
        command = ["make", f"READY={ready}", bins, f"BUILD={out}", *arguments]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    return out, run
