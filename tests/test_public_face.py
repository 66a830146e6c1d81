"""Every public callable says what it takes, returns and raises, and has an example to paste."""

import doctest
import importlib
import importlib.util
import inspect
import pkgutil
import re
from pathlib import Path

import pytest

import peacestudy as ps

SCRIPT = Path(__file__).resolve().parents[1] / "docs" / "build_public_names.py"


def script():
    """The script that writes the page of public names; it also lists the rooms."""
    spec = importlib.util.spec_from_file_location("build_public_names", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


REFERENCE = script()
ROOMS = REFERENCE.ROOMS
MOST_NAMES_AT_THE_ROOT, MOST_NAMES_IN_A_ROOM = 60, 15


def room(name):
    return importlib.import_module(f"peacestudy.{name}")


def public_callables():
    """Every public class and function once, by the shortest name under which users find it."""
    found = {}
    names = [f"ps.{name}" for name in ps.__all__]
    for of in ROOMS:
        names += [f"ps.{of}.{name}" for name in getattr(room(of), "__all__", ())]
    for name in names:
        thing = ps
        for part in name.split(".")[1:]:
            thing = getattr(thing, part)
        if inspect.isclass(thing) or inspect.isfunction(thing):
            found.setdefault(inspect.unwrap(thing), name)
    return {name: thing for thing, name in found.items()}


PUBLIC = public_callables()
NEVER_RAISE = ("ps.study.results_of", "ps.outcomes.sources")


def sections(thing):
    """The numpydoc sections of a docstring, by title."""
    text = inspect.getdoc(thing) or ""
    parts = re.split(r"^(\w+)\n-{3,}\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def parameters(thing):
    """Names of the parameters that a caller may give."""
    return [
        p.name
        for p in inspect.signature(thing).parameters.values()
        if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD) and not p.name.startswith("_")
    ]


@pytest.mark.parametrize("name", PUBLIC)
def test_an_example_runs_when_pasted(name):
    thing = PUBLIC[name]
    parser = doctest.DocTestParser()
    test = parser.get_doctest(inspect.getdoc(thing) or "", {"ps": ps}, name, None, 0)
    assert test.examples, f"{name} has no example"
    report = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    runner.run(test, out=report.append)
    assert runner.failures == 0, "".join(report)


MODULES = sorted(
    m.name
    for m in pkgutil.walk_packages(ps.__path__, "peacestudy.")
    if not m.name.endswith("__main__")
)


class Finder(doctest.DocTestFinder):
    """Finds the examples of decorated functions too."""

    def _from_module(self, module, thing):
        if inspect.isfunction(thing):
            thing = inspect.unwrap(thing)
        return super()._from_module(module, thing)


PASTED = {f"{thing.__module__}.{thing.__qualname__}" for thing in PUBLIC.values()}


@pytest.mark.parametrize("name", ["peacestudy", *MODULES])
def test_other_examples_run(name):
    """Examples of what is not public, and of methods; those of public names are pasted above."""
    module = importlib.import_module(name)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    for test in Finder().find(module, name):
        if test.name in PASTED:
            continue
        test.globs["ps"] = ps
        runner.run(test)
    assert runner.failures == 0


@pytest.mark.parametrize("name", [n for n, thing in PUBLIC.items() if inspect.isfunction(thing)])
def test_a_function_documents_what_it_takes_returns_and_raises(name):
    thing = PUBLIC[name]
    found = sections(thing)
    missing = {"Returns", "Raises"} - set(found)
    if name in NEVER_RAISE:
        missing -= {"Raises"}
    documented = re.findall(
        r"^(\*{0,2}\w[\w, *]*?) : \S", found.get("Parameters", ""), re.MULTILINE
    )
    described = {part.strip(" *") for entry in documented for part in entry.split(",")}
    undocumented = [p for p in parameters(thing) if p not in described]
    assert not missing and not undocumented, f"{name}: no {missing}, no types of {undocumented}"


def test_public_names_are_few():
    assert len(ps.__all__) <= MOST_NAMES_AT_THE_ROOT
    rooms = {of: len(getattr(room(of), "__all__", ())) for of in ROOMS}
    assert all(0 < n <= MOST_NAMES_IN_A_ROOM for n in rooms.values()), rooms


def test_the_page_of_public_names_is_what_the_script_generates():
    committed = REFERENCE.PAGE.read_text(encoding="utf-8")
    assert committed == REFERENCE.page(), "run: make reference"
