"""Loading a study imports no library that it does not need."""

import os
import subprocess
import sys
from pathlib import Path

import peacestudy as ps

ROOT = Path(ps.__file__).parents[1]


def test_loading_a_study_does_not_import_matplotlib():
    code = (
        "import sys, peacestudy as ps; ps.load_study('peace_agreements');"
        " print('matplotlib' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == "False"
