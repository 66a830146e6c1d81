"""Corrected variables and primary models of the signing dyads, against a program that shares no
code with the package.
"""

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "tests" / "references" / "signing_dyads"
RAW = ROOT.parent / "shared" / "raw"
CONTROLS = {"log(pages)": "log_pages"}
needs_raw = pytest.mark.skipif(
    not RAW.is_dir(), reason="the source files are not at hand (../shared/raw)"
)


@pytest.fixture(scope="module")
def study(our_study):
    return our_study("signing_dyads")


@pytest.fixture(scope="module")
def variables():
    return pd.read_csv(FOLDER / "variables.csv", dtype={"case_id": str}).set_index("case_id")


def test_the_stored_program_is_the_one_that_made_the_numbers():
    digest = hashlib.sha256((FOLDER / "reference.py").read_bytes()).hexdigest()
    assert (FOLDER / "reference.sha256").read_text(encoding="utf-8").strip() == digest


@pytest.mark.parametrize("name", ["linked", "eligible", "opening", "fought_over"])
def test_cases_are_those_of_the_reference(study, variables, name):
    own = study.cases.set_index("case_id")[name].astype("Float64")
    assert set(own.index) == set(variables.index)
    want = variables[name].astype("Float64").reindex(own.index)
    pd.testing.assert_series_equal(own, want, check_names=False, check_index_type=False)


@pytest.mark.parametrize(
    "name",
    ["active", "war_years", "territory", "full_agreement", "n_dyads", "decade", "pages"],
)
def test_controls_are_those_of_the_reference(study, variables, name):
    long = study.covariates[study.covariates["variable"] == name].set_index("case_id")["value"]
    linked = variables.index[variables["linked"] == 1] if name == "pages" else variables.index
    np.testing.assert_array_equal(long[linked].to_numpy(float), variables[name][linked])


def test_outcomes_are_those_of_the_reference(study, variables):
    own = study.outcomes.set_index("case_id")["lasting_peace"].astype("Float64")
    want = variables["lasting_peace"].astype("Float64").reindex(own.index)
    pd.testing.assert_series_equal(own, want, check_names=False, check_index_type=False)


@pytest.mark.parametrize("model", ["breadth", "pillars"])
def test_the_primary_models_are_those_of_the_reference(our_results, model):
    results = our_results("signing_dyads")
    want = pd.read_csv(FOLDER / "fits.csv").query("model == @model").set_index("term")
    terms = results.fits[model].terms.set_index("term")
    names = [CONTROLS.get(t, t.removeprefix("scale(").removesuffix(")")) for t in terms.index]
    assert names == want.index.tolist()
    for column, stored in (("estimate", "estimate"), ("std_error", "std_error"), ("p_value", "p")):
        np.testing.assert_allclose(terms[column], want[stored], rtol=1e-6, atol=1e-9)


@needs_raw
@pytest.mark.slow(reason="runs the program on the source files, 10 s")
def test_the_program_gives_what_is_stored(tmp_path):
    script = tmp_path / "reference.py"
    script.write_bytes((FOLDER / "reference.py").read_bytes())
    subprocess.run([sys.executable, script, RAW, ROOT / "datasets"], check=True)
    for name in ("variables.csv", "fits.csv", "reference.sha256"):
        made, stored = (pd.read_csv(d / name) for d in (tmp_path, FOLDER))
        assert made.columns.tolist() == stored.columns.tolist()
        for column in made:
            if made[column].dtype.kind == "f":
                np.testing.assert_allclose(made[column], stored[column], rtol=1e-8, atol=1e-9)
            else:
                assert made[column].equals(stored[column]), column
