"""The corrected variables and the primary models of peace_agreements against another program, which
reads the raw files in plain loops and shares no code with the package
(``tests/references/settlement_attempts``).
"""

import csv
import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

STORED = Path(__file__).resolve().parents[1] / "references" / "settlement_attempts"
SAME = 1e-7  # relative; both programs iterate to convergence
P_SAME = 1e-6


def stored(name):
    with (STORED / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_stored_numbers_are_those_of_the_script():
    digest = hashlib.sha256((STORED / "settlements.py").read_bytes()).hexdigest()
    assert (STORED / "settlements.sha256").read_text().strip() == digest


def test_what_is_known_at_the_signature_is_that_of_the_other_program(our_study):
    frame = our_study("peace_agreements").frame("all").data.set_index("case_id")
    table = pd.DataFrame(stored("variables.csv")).set_index("case_id")
    assert set(table.index) == set(frame.index) and len(table) == 203
    for name in ("active", "war_years", "territory", "pages"):
        assert (frame[name].astype(float) == table[name].astype(float)).all(), name
    for own, other in (("eligible", "eligible"), ("window_complete", "complete")):
        assert (frame[own].astype(int) == table[other].astype(int)).all(), own
    assert (frame["one_a_window"].astype(int) == table["kept"].astype(int)).all()
    known = table["lasting_peace"] != ""
    peace = frame.loc[known, "lasting_peace"].astype(int)
    assert (peace == table.loc[known, "lasting_peace"].astype(int)).all()
    assert frame.loc[~known, "lasting_peace"].isna().all()


@pytest.mark.parametrize("model", ["breadth", "pillars"])
def test_the_primary_models_are_those_of_the_other_program(our_results, model):
    terms = our_results("peace_agreements").fits[model].terms.set_index("term")
    rows = [row for row in stored("fits.csv") if row["model"] == model]
    assert len(rows) == len(terms)
    names = {"log_pages": "log(pages)"}
    for row in rows:
        term = row["term"]
        name = names.get(term, term if term in terms.index else f"scale({term})")
        own = terms.loc[name]
        np.testing.assert_allclose(own["estimate"], float(row["estimate"]), rtol=SAME)
        np.testing.assert_allclose(own["std_error"], float(row["std_error"]), rtol=SAME)
        np.testing.assert_allclose(own["p_value"], float(row["p"]), rtol=P_SAME)
