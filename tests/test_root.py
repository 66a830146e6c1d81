"""The root: names are loaded when asked for; the wheel in an empty environment."""

import ast
import inspect
import os
import re
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

import peacestudy as ps

ROOT = Path(__file__).resolve().parents[1]
PAGES = ("models", "coding", "joins", "studies")  # of the documentation, beside the README


def run(*command, cwd, **env):
    clean = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    return subprocess.run(
        command, cwd=cwd, env=clean | env, capture_output=True, text=True, check=False
    )


def test_public_names_are_real():
    assert all(getattr(ps, name) is not None for name in ps.__all__)
    assert set(ps.__all__) <= set(dir(ps))


def test_an_unknown_name_is_answered():
    with pytest.raises(AttributeError, match="load_study"):
        ps.load_studdy  # noqa: B018


def test_the_root_loads_nothing_heavy():
    code = (
        "import sys, peacestudy; print([m for m in ('numpy', 'pandas', 'scipy', 'matplotlib',"
        " 'statsmodels') if m in sys.modules])"
    )
    assert run(sys.executable, "-c", code, cwd=ROOT).stdout.strip() == "[]"


def test_every_error_has_one_root():
    leaves = [
        ps.CodebookError,
        ps.CodingError,
        ps.SourceError,
        ps.JoinError,
        ps.SpecError,
        ps.FitError,
    ]
    assert all(issubclass(e, ps.PeacestudyError) for e in leaves)
    many = ps.PeacestudyError("bad", [f"p{i}" for i in range(30)])
    assert (
        len(many.problems) == 30
        and "10 more" in str(many)
        and "p19" in str(many)
        and "p20" not in str(many)
    )


def test_the_built_wheel_carries_the_study(tmp_path):
    built = run(
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "-t",
        "wheel",
        "-d",
        str(tmp_path / "dist"),
        cwd=ROOT,
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    home = tmp_path / "home"
    venv.create(home, with_pip=True)
    python = home / ("Scripts" if os.name == "nt" else "bin") / "python"
    done = run(
        str(python),
        "-m",
        "pip",
        "install",
        "-q",
        "--no-deps",
        "--no-index",
        "--disable-pip-version-check",
        str(wheel),
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    # the dependencies come from this environment by path; a path file inside a path file is not
    # followed, so the checkout's own editable install stays out
    site = next((home / "lib").glob("python*/site-packages"))
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    code = (
        "import peacestudy as ps, pathlib; s ="
        " ps.load_study('peace_agreements');print(pathlib.Path(ps.__file__).parts[-3],"
        " pathlib.Path(s.folder).parts[-4:], len(s.frame('primary')))"
    )
    said = run(str(python), "-c", code, cwd=tmp_path)
    assert said.returncode == 0, said.stderr
    assert said.stdout.split()[0] == "site-packages" and "99" in said.stdout
    assert "'site-packages', 'peacestudy', 'datasets', 'peace_agreements'" in said.stdout


def test_no_table_of_the_wheel_names_this_machine():
    for path in (ROOT / "datasets").rglob("*"):
        if path.suffix in (".csv", ".json", ".toml", ".md"):
            assert str(ROOT) not in path.read_text(encoding="utf-8")


def test_every_call_in_the_readme_can_be_made():
    """Each name stands where the README and its pages say, and takes the arguments it is given."""
    pages = [ROOT / "README.md", *(ROOT / "docs" / f"{page}.md" for page in PAGES)]
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    calls = [
        call
        for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL)
        for call in ast.walk(ast.parse(block))
        if isinstance(call, ast.Call) and ast.unparse(call.func).startswith("ps.")
    ]
    assert len(calls) > 20
    for call in calls:
        found = ps
        for name in ast.unparse(call.func).split(".")[1:]:
            found = getattr(found, name)
        inspect.signature(found).bind(*call.args, **{k.arg: k.value for k in call.keywords})
