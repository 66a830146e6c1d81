"""Notebooks run from top to bottom, are committed without outputs, and keep the house's form."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# figures that a notebook shows
FIGURES = {"01": 4, "02": 5, "03": 7, "04": 4, "05": 2, "06": 2, "07": 5, "08": 1}
PIXEL = (  # a PNG of one pixel
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
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


# how the page of a notebook begins a picture, and what was written to the standard error
PICTURE = re.compile(r'<img\s[^>]*src="data:image/png;base64,')
STANDARD_ERROR = 'data-mime-type="application/vnd.jupyter.stderr"'


@pytest.mark.slow(reason="executes a notebook that is not in build/, half a minute to two minutes")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_runs(make, path):
    out, run = make
    page = out / "notebooks" / f"{path.stem}.html"
    made = run(str(page))
    assert made.returncode == 0, made.stderr
    text = page.read_text(encoding="utf-8")
    assert STANDARD_ERROR not in text
    assert len(PICTURE.findall(text)) == FIGURES[path.stem[:2]]


@pytest.mark.slow(reason="imports Jupyter and executes a small notebook, 5 s")
def test_pictures_and_warnings_are_found_in_a_page(tmp_path):
    import nbformat
    from nbconvert import HTMLExporter
    from nbconvert.preprocessors import ExecutePreprocessor

    draw = "import base64, warnings\nfrom IPython.display import Image, display\n"
    draw += f"picture = Image(base64.b64decode('{PIXEL}'))\ndisplay(picture)\npicture"
    sources = {"pictures": [draw], "warning": [draw, "warnings.warn('careful')"]}
    pages = {}
    for name, cells in sources.items():
        notebook = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, cells)))
        ExecutePreprocessor(kernel_name="python3").preprocess(notebook)
        pages[name], _ = HTMLExporter().from_notebook_node(notebook)
    assert [len(PICTURE.findall(page)) for page in pages.values()] == [2, 2]
    assert [STANDARD_ERROR in page for page in pages.values()] == [False, True]
