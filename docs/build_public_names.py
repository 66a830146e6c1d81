"""Write public_names.md beside this file: every public name, its signature and what it is.

`make reference` runs this script; a test asserts that the committed page is what it generates.
"""

import importlib
import inspect
import re
from pathlib import Path

import peacestudy as ps

PAGE = Path(__file__).with_name("public_names.md")
# modules with public names; those of models are listed as rooms of their own
ROOMS = (
    "coding",
    "joins",
    "models",
    "models.contexts",
    "models.diagnosis",
    "models.fit_notes",
    "models.inference",
    "models.interpretation",
    "models.missing",
    "models.resampling",
    "outcomes",
    "robustness",
    "study",
    "figures",
    "tables",
)
HEAD = """# Public names

`make reference` generates this page from signatures and docstrings. `help(ps.join)` shows the whole
docstring of a name, with types, errors and an example; a name that is not listed here may change
without notice.
"""


def signature_of(name, thing):
    """The call of a function or class, without annotations and private parameters."""
    if not inspect.isclass(thing) and not inspect.isfunction(thing):
        return name
    signature = inspect.signature(thing)
    shown = []
    for parameter in signature.parameters.values():
        if not parameter.name.startswith("_"):
            shown.append(parameter.replace(annotation=parameter.empty))
    call = signature.replace(parameters=shown, return_annotation=signature.empty)
    return f"{name}{call}"


def summary_of(thing):
    """The first sentence of a docstring; the type of a value that has no docstring of its own."""
    if not (inspect.isclass(thing) or inspect.isfunction(thing) or inspect.ismodule(thing)):
        return f"A {type(thing).__name__}."
    first_paragraph = " ".join((inspect.getdoc(thing) or "").split("\n\n")[0].split())
    return re.split(r"(?<=\.)\s", first_paragraph)[0]


def table_of(module):
    """A Markdown table with a row for each name in ``__all__``."""
    lines = ["| name | what it is |", "| --- | --- |"]
    for name in getattr(module, "__all__", ()):
        thing = getattr(module, name)
        call = signature_of(name, thing).replace("|", "\\|")
        summary = summary_of(thing).replace("|", "\\|")
        lines.append(f"| `{call}` | {summary} |")
    return "\n".join(lines)


def page():
    """The whole page as text."""
    parts = [HEAD, f"## ps\n\n{table_of(ps)}\n"]
    for room in ROOMS:
        module = importlib.import_module(f"peacestudy.{room}")
        parts.append(f"## ps.{room}\n\n{summary_of(module)}\n\n{table_of(module)}\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
