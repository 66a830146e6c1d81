"""Notebooks run from top to bottom, are committed without outputs, and keep the house's form."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# figures that a notebook shows
FIGURES = {"01": 4, "02": 3, "03": 5, "04": 4, "05": 2, "06": 1, "07": 5, "08": 1}
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_form(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    assert re.fullmatch(r"\d\d_[a-z_]+", path.stem)
    first = "".join(cells[0]["source"])
    assert all(word in first for word in ("Question", "Inputs", "Outputs", "Run time"))
    for cell in cells:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == [] and cell["execution_count"] is None
            assert "def " not in "".join(cell["source"])


@pytest.mark.slow(reason="executes a notebook, half a minute to two minutes")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
@pytest.mark.filterwarnings(
    "default"
)  # the kernel's own start-up warns; what the notebook's code warns is in its output
def test_runs(path):
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook,
        timeout=300,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
    ).execute()
    said = [o for c in notebook.cells if c.cell_type == "code" for o in c.outputs]
    assert not [o for o in said if o.output_type == "stream" and o.name == "stderr"]
    drawn = [
        o
        for o in said
        if o.output_type in ("execute_result", "display_data") and "image/png" in o.data
    ]
    assert len(drawn) == FIGURES[path.stem[:2]]
