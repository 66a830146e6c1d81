"""Rules of the test suite: slow tests give a reason, both tiers cover every room, scripts that
tests import have different names, and the lowest versions are those of pyproject.toml.
"""

import ast
import importlib.util
import re
import tomllib
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TESTS = ROOT / "tests"
TEST_FILES = sorted(TESTS.rglob("test_*.py"))
# the browser checks start their own browser and are run by hand
BY_HAND = {"browser"}


def slow_marks(tree):
    """Return every use of `pytest.mark.slow` in a module: the call, or the bare attribute."""
    calls = []
    inside_calls = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.slow":
            calls.append(node)
            inside_calls.add(node.func)
    bare = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and ast.unparse(node) == "pytest.mark.slow"
        and node not in inside_calls
    ]
    return calls, bare


def gives_reason(call):
    """Whether a slow mark gives a reason: a sentence, or the name of one."""
    for keyword in call.keywords:
        if keyword.arg == "reason":
            return not isinstance(keyword.value, ast.Constant) or len(keyword.value.value) >= 10
    return False


def without_reason(source):
    calls, bare = slow_marks(ast.parse(source))
    lines = [node.lineno for node in bare]
    lines += [call.lineno for call in calls if not gives_reason(call)]
    return sorted(lines)


def test_every_slow_test_gives_its_reason():
    for path in TEST_FILES:
        source = path.read_text(encoding="utf-8")
        if "mark.slow" in source:
            assert without_reason(source) == [], f"{path}: pytest.mark.slow without a reason"


def test_a_slow_test_without_reason_is_found():
    source = """
import pytest
pytestmark = pytest.mark.slow

@pytest.mark.slow()
def test_a(): pass

@pytest.mark.slow(reason="")
def test_b(): pass

@pytest.mark.slow(reason="rebuilds a study from source files, 40 s")
def test_c(): pass
"""
    assert without_reason(source) == [3, 5, 8]


def fast_tests(source):
    """Return the names of the tests of a module that `make test` runs."""
    names = []
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign):
            text = ast.unparse(node)
            if text.startswith("pytestmark = ") and "pytest.mark.slow" in text:
                return []
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            marks = [ast.unparse(mark) for mark in node.decorator_list]
            if not any(mark.startswith("pytest.mark.slow") for mark in marks):
                names.append(node.name)
    return names


def test_make_test_covers_every_room():
    rooms = defaultdict(int)
    for path in TEST_FILES:
        room = path.relative_to(TESTS).parent.as_posix()
        rooms[room] += len(fast_tests(path.read_text(encoding="utf-8")))
    uncovered = {room for room, number in rooms.items() if number == 0}
    assert uncovered <= BY_HAND
    assert len(rooms) > 20


def test_no_two_scripts_beside_the_tests_share_a_name():
    """Tests put folders of scripts on sys.path, where the first script of a name hides the next."""
    paths_of = defaultdict(list)
    for script in TESTS.rglob("*.py"):
        if script.name != "conftest.py" and not script.name.startswith("test_"):
            paths_of[script.stem].append(script.relative_to(TESTS).as_posix())
    assert {"coverage_cells", "frequency", "world"} <= set(paths_of)
    shared = {name: paths for name, paths in paths_of.items() if len(paths) > 1}
    assert shared == {}


def test_contributing_names_targets_and_paths_that_exist():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text("utf-8"), re.M))
    named = set(re.findall(r"make ([a-z-]+)(?=`|  )", text))
    assert {"check", "test", "test-all", "test-lowest"} <= named <= targets
    rooms = "peacestudy|tests|datasets|notebooks"
    paths = set(re.findall(rf"\b((?:{rooms})/[\w./]*\w/?)", text))
    assert len(paths) > 10
    missing = sorted(path for path in paths if not (ROOT / path).exists())
    assert missing == []


def lowest_versions_module():
    spec = importlib.util.spec_from_file_location("lowest_versions", TESTS / "lowest_versions.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_lowest_versions_are_those_of_pyproject():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lowest = lowest_versions_module().lowest_versions(project)
    requirements = list(project["dependencies"])
    for extra in ("fast", "scale", "files"):
        requirements += project["optional-dependencies"][extra]
    assert len(lowest) == len(requirements)
    for name, version in lowest.items():
        requirement = re.compile(rf"{re.escape(name)}(\[.*\])?>={re.escape(version)}(,.*)?")
        assert any(map(requirement.fullmatch, requirements)), name


def test_a_requirement_without_a_lowest_version_is_refused():
    project = {
        "dependencies": ["numpy>=2.2", "pandas"],
        "optional-dependencies": {"fast": [], "scale": [], "files": []},
    }
    with pytest.raises(ValueError, match=r"'pandas' has no lowest version"):
        lowest_versions_module().lowest_versions(project)
