"""Names of results, columns, values and figures: names.csv maps the old ones to the new ones."""

import sys
from pathlib import Path

import pandas as pd
import pytest

from peacestudy.figures.registry import FIGURES
from peacestudy.study import RESULTS

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
from renamed_names import NAMES, mapping, renamed_result  # noqa: E402

OLD = sorted(path.relative_to(HERE) for path in (HERE / "old_results").glob("*/*.csv"))
# results that take seconds to compute
QUICK = [
    ("peace_agreements", "implementation"),
    ("peace_agreements", "descriptive"),
    ("signing_dyads", "differences"),
    ("accord_implementation", "correlations"),
    ("double_coding", "ratings"),
    ("third_party_role", "ratings"),
]


def read(path):
    return pd.read_csv(path, dtype=str, keep_default_na=False)


@pytest.mark.parametrize("path", OLD, ids=str)
def test_the_mapping_of_old_results_gives_the_new_ones(path):
    """The first rows of every result whose names changed, as they were and as they are."""
    study = path.parent.name
    new, table = renamed_result(study, path.stem, read(HERE / path))
    pd.testing.assert_frame_equal(table, read(HERE / "new_results" / study / f"{new}.csv"))


@pytest.mark.parametrize("study, name", QUICK)
def test_the_new_results_have_the_columns_of_those_computed(our_results, study, name):
    computed = our_results(study).table(name)
    stored = read(HERE / "new_results" / study / f"{name}.csv")
    gone = {"detectable_family"}  # one smallest effect since, at the level that decides
    if study == "signing_dyads":
        gone.add("one_a_window")  # opening, since the rule for windows is another
    assert set(stored.columns) - gone <= set(computed.columns)


@pytest.mark.parametrize("study", RESULTS)
def test_results_and_figures_have_the_new_names_and_not_the_old(study):
    figures = {name for name, drawing in FIGURES.items() if study in drawing.studies}
    for kind, names in (("result", set(RESULTS[study])), ("figure", figures)):
        renamed = mapping(kind, study)
        assert set(renamed.values()) <= names
        assert not set(renamed) - set(renamed.values()) & names


def test_no_old_name_is_mapped_twice():
    keys = [tuple(row[c] for c in ("kind", "study", "result", "old")) for row in NAMES]
    assert len(keys) == len(set(keys))
    assert all(row["old"] != row["new"] for row in NAMES)
