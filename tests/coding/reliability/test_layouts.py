"""The layouts in which people hand over codes, and the two numbers of units of a coefficient.

Right values: alpha by the explicit sums of Krippendorff's definition (nominal metric, pairs of
values within units against pairs over all values); kappa, pi and AC1 of two coders by their
textbook formulas from the 2 by 2 table.
"""

import itertools

import numpy as np
import pandas as pd
import pytest

import peacestudy as ps
from peacestudy.coding.reliability import (
    agreement,
    alpha,
    coefficient,
    icc,
    pairs,
    table_coefficient,
)
from peacestudy.coding.reliability.agreement_table import as_sheet
from peacestudy.core.codebook import Code, Codebook, Indicator, Pillar, Scale
from peacestudy.errors import CodingError

N = np.nan
# units, coders
ROWS = [[2, 2, 2], [1, 1, N], [3, N, 3], [2, 1, 2], [1, 1, 1], [N, 3, 3], [2, 2, 3]]
UNITS = np.array(ROWS)
TABLE = pd.DataFrame(UNITS, columns=["ann", "ben", "cas"])


def by_definition(units):
    held = [[v for v in unit if v == v] for unit in units]
    held = [unit for unit in held if len(unit) > 1]
    pool = [v for unit in held for v in unit]
    observed = sum(
        (a != b) / (len(u) - 1) for u in held for a, b in itertools.permutations(u, 2)
    ) / len(pool)
    expected = sum(a != b for a, b in itertools.permutations(pool, 2)) / (
        len(pool) * (len(pool) - 1)
    )
    return 1 - observed / expected


RIGHT = by_definition(ROWS)
LAYOUTS = {
    "array, coders in rows": UNITS.T,
    "nested list with None": [[None if v != v else v for v in row] for row in UNITS.T],
    "object array with None": np.where(np.isnan(UNITS.T), None, UNITS.T),
    "object array with pd.NA": TABLE.astype("Int64").T.to_numpy(dtype=object),
    "masked array": np.ma.masked_invalid(UNITS.T),
    "masked array with a number under the mask": np.ma.array(
        np.where(np.isnan(UNITS.T), 99, UNITS.T), mask=np.isnan(UNITS.T)
    ),
    "list of masked arrays": [
        np.ma.array(np.where(np.isnan(c), 99, c), mask=np.isnan(c)) for c in UNITS.T
    ],
    "list of Int64 columns": [TABLE[c].astype("Int64") for c in TABLE],
    "DataFrame": TABLE,
    "DataFrame of Int64": TABLE.astype("Int64"),
    "DataFrame of Float64": TABLE.astype("Float64"),
    "DataFrame of objects": TABLE.astype(object).where(TABLE.notna(), None),
    "DataFrame of categories": TABLE.astype("Int64").astype("category"),
    "DataFrame with units named": TABLE.set_axis(list("tuvwxyz"), axis=0),
    "DataFrame of numbered coders, units named": pd.DataFrame(UNITS, index=list("tuvwxyz")),
    "its transpose, rows named": TABLE.astype("Int64").T,
    "its transpose, axes named": (
        TABLE.set_axis(list("tuvwxyz")).rename_axis(index="case_id", columns="coder").T
    ),
    "its transpose with coders as index": (
        TABLE.T.rename_axis("coder").set_axis(list("tuvwxyz"), axis=1)
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_the_alpha_of_the_definition(layout):
    found = alpha(LAYOUTS[layout], "nominal")
    assert found.alpha == pytest.approx(RIGHT, abs=1e-12)
    assert (found.n_coders, found.n_units) == (3, 7)
    assert [n.kind for n in found.notes] == (
        ["transposed"] if layout == "its transpose, rows named" else []
    )


def test_two_equal_columns_of_coders_agree_fully_under_every_coefficient():
    codes = pd.DataFrame({"ann": [1, 1, 2, 2, 1, 3], "ben": [1, 1, 2, 2, 1, 3]})
    assert alpha(codes, "nominal").alpha == 1
    assert icc(codes).single == 1
    assert [coefficient(codes, n, [1, 2, 3]).estimate for n in ("conger", "gwet", "fleiss")] == [
        1,
        1,
        1,
    ]


def test_a_file_of_coders_goes_from_read_file_to_alpha(tmp_path):
    TABLE.astype("Int64").rename_axis("unit").to_csv(tmp_path / "c.csv")
    table = ps.outcomes.read_file(tmp_path / "c.csv").table
    assert alpha(table.set_index("unit"), "nominal").alpha == pytest.approx(RIGHT, abs=1e-12)
    with pytest.raises(CodingError, match=r"'unit' holds ids.*set_index\('unit'\)"):
        alpha(table, "nominal")


def test_an_array_with_more_coders_than_units_is_noted_and_such_a_table_is_refused():
    found = alpha(UNITS, "nominal")
    assert found.notes[0].kind == "more_coders_than_units" and "values.T" in found.notes[0].text
    assert "more_coders_than_units" in [n.kind for n in coefficient(UNITS, "gwet", [1, 2, 3]).notes]
    wide = TABLE.T.reset_index(drop=True).set_axis([f"u{i}" for i in range(7)], axis=1)
    with pytest.raises(CodingError, match=r"values\.T.*rename_axis"):
        alpha(wide, "nominal")
    assert alpha(wide.T, "nominal").alpha == pytest.approx(RIGHT, abs=1e-12)
    said = alpha(wide.rename_axis(columns="coder"), "nominal")
    assert (said.n_coders, said.n_units) == (7, 3)
    with pytest.raises(CodingError, match="rename_axis"):
        alpha(pd.DataFrame([[1, 2], [1, 2]], index=["ann", "ben"]), "nominal")


@pytest.mark.parametrize(
    "values",
    [
        pd.DataFrame({"a": ["1", "2"], "b": ["1", "2"]}),
        pd.DataFrame({"a": pd.to_datetime(["2001-01-01", "2001-01-02"]), "b": [1, 2]}),
        np.array([[1j, 2], [1, 2]]),
        np.array([["2001-01-01", "2001-01-02"]] * 2, dtype="datetime64[D]"),
        [[1, [2]], [1, 2]],
    ],
)
def test_what_is_no_number_is_refused_by_an_error_of_ours(values):
    with pytest.raises(CodingError, match="number"):
        alpha(values, "nominal")


def test_a_table_of_two_coders_needs_the_same_categories_in_rows_and_columns():
    table = pd.crosstab(pd.Series([0, 0, 1]), pd.Series([1, 2, 2]))
    with pytest.raises(CodingError, match="reindex"):
        table_coefficient(table, "conger")
    with pytest.raises(CodingError, match="not a count"):
        table_coefficient(pd.DataFrame([[1, pd.NA], [1, 2]], dtype="Int64"), "conger")


# ---- units of one coder, and codes that never vary

CODES = (Code(0, "absent", "No."), Code(1, "present", "Yes."))


def book(level="nominal"):
    indicator = Indicator(
        "aid", "Aid", "q?", "t", "p", "r", "political", "promise", 1, level=level, codes=CODES
    )
    pillar = Pillar("talks", "Talks", "t", "h", "s", indicators=(indicator,))
    return Codebook("b", "B", "1.0", "share", {}, (Scale("p", level, CODES),), (pillar,))


def long(ann, ben):
    rows = [(f"c{i:02d}", "aid", "ann", code) for i, code in enumerate(ann)]
    rows += [(f"c{i:02d}", "aid", "ben", code) for i, code in enumerate(ben)]
    return pd.DataFrame(rows, columns=["case_id", "indicator_id", "coder", "code"])


def test_both_numbers_of_units_and_the_kappa_of_the_shared_units_are_given():
    ann, ben = [1, 1, 0, 0, 1, 0, 0, 0, 0], [1, 0, 0, 0, 1]
    # five shared units: 4 of 5 agree; ann 3 of 5 ones, ben 2 of 5
    chance = 3 / 5 * 2 / 5 + 2 / 5 * 3 / 5
    shared = (4 / 5 - chance) / (1 - chance)
    # all nine units of ann: 3 of 9 ones
    chance = 3 / 9 * 2 / 5 + 6 / 9 * 3 / 5
    gwet = (4 / 5 - chance) / (1 - chance)
    values = [ann, [*ben, *[N] * 4]]
    found = coefficient(values, "conger", [0, 1])
    assert (found.estimate, found.estimate_paired) == pytest.approx((gwet, shared), abs=1e-12)
    assert (found.n_units, found.n_paired) == (9, 5)
    assert found.notes[0].kind == "single_coder_units"
    assert f"{shared:.3f}" in found.notes[0].text and "scikit-learn" in found.notes[0].text
    row = agreement(long(ann, ben), book()).iloc[0]
    assert row["kappa"] == pytest.approx(gwet, abs=1e-12) and (row["n_units"], row["n_single"]) == (
        5,
        4,
    )
    assert (
        "from the 5 unit(s)" in row["note"]
        and "all 9 unit(s)" in row["note"]
        and f"kappa {shared:.3f}" in row["note"]
    )


def test_complete_codes_have_no_note_on_units_of_one_coder():
    assert coefficient([[1, 0, 1], [1, 0, 0]], "conger", [0, 1]).notes == ()
    assert agreement(long([1, 0, 1], [1, 0, 0]), book()).iloc[0]["note"] == ""


def test_a_code_that_never_varies_gives_the_reason_for_every_missing_coefficient():
    row = agreement(long([1] * 6, [1] * 6), book("ordinal")).iloc[0]
    assert row[["alpha", "kappa", "pi", "icc"]].isna().all() and row["gwet"] == 1
    assert "Alpha is not defined" in row["note"]
    assert (
        "Cohen's kappa, ordinal weights and Scott's pi, ordinal weights: not defined" in row["note"]
    )
    assert "icc: The values do not vary" in row["note"]
    assert (
        "marginal homogeneity is not defined"
        in pairs(long([1] * 6, [1] * 6), book()).iloc[0]["note"]
    )


def test_an_icc_that_is_not_given_has_its_reason():
    codes = long([1, 0, 1], [1])
    row = agreement(codes, book("ordinal")).iloc[0]
    assert np.isnan(row["icc"]) and "icc: 1 unit(s) were coded by all 2 coders" in row["note"]


def test_a_sheet_hands_its_values_over():
    values = as_sheet(long([1, 0, 0, 1], [1, 0, 1, 1]), book()).values("aid")
    found = alpha(values, "nominal")
    assert (
        found.alpha == pytest.approx(by_definition(values.to_numpy().tolist()), abs=1e-12)
        and found.notes == ()
    )
    assert alpha(values.T, "nominal").alpha == found.alpha
    # its columns are named: fewer units than coders is no doubt
    assert alpha(values.iloc[:1], "nominal").n_coders == 2
