"""Agreement of sheets: small sheets worked by hand, a loop over
pairs, and what cannot be told and is said.
"""

from fractions import Fraction
from itertools import permutations

import numpy as np
import pandas as pd
import pytest

from peacestudy.coding import CodingSheet, agreement
from peacestudy.coding.coding import SHEET_SCHEMA
from peacestudy.core.codebook import Code, Codebook, Indicator, Pillar, Scale
from peacestudy.errors import CodingError

EXACT = 1e-12  # the same sums of few small numbers in another order
LEVELS = {"kind_of": "nominal", "other_kind": "nominal", "depth": "ordinal", "share": "interval"}
CODES = tuple(Code(n, f"c{n}", "anchor") for n in (0, 1, 2, 4))


def indicator(name):
    scale = LEVELS[name]
    return Indicator(
        name,
        name,
        "?",
        name,
        scale,
        "because",
        "political",
        "promise",
        1,
        level=LEVELS[name],
        codes=CODES,
    )


BOOK = Codebook(
    "small",
    "Small",
    "1.0",
    "share",
    {},
    tuple(Scale(s, s, CODES) for s in ("nominal", "ordinal", "interval")),
    (
        Pillar(
            "p",
            "P",
            "t",
            "h",
            "nominal",
            indicators=tuple(indicator(n) for n in ("kind_of", "depth")),
        ),
        Pillar(
            "q",
            "Q",
            "t",
            "h",
            "nominal",
            indicators=tuple(indicator(n) for n in ("other_kind", "share")),
        ),
    ),
)


def sheet(cells, kinds=None):
    """Codes by indicator, then coder, a list a unit: {"depth": {"ann": [0, 1, None]}}."""
    rows = [
        (
            f"u{n}",
            name,
            coder,
            (kinds or {}).get(coder, "human"),
            code,
            None,
            None,
            None,
            None,
            None,
        )
        for name, own in cells.items()
        for coder, codes in own.items()
        for n, code in enumerate(codes)
    ]
    return CodingSheet(
        pd.DataFrame(rows, columns=SHEET_SCHEMA.names).astype({"code": "Int64"}), BOOK, "team"
    )


def nominal_alpha_by_hand(units):
    """One minus observed over expected disagreement, in fractions, from the definition
    (Krippendorff 2019, ch. 12).
    """
    units = [[v for v in u if v is not None] for u in units]
    units = [u for u in units if len(u) > 1]
    every = [v for u in units for v in u]
    observed = sum(
        Fraction(sum(a != b for a, b in permutations(u, 2)), len(u) - 1) for u in units
    ) / len(every)
    apart = sum(a != b for a, b in permutations(every, 2))
    return 1 - observed / Fraction(apart, len(every) * (len(every) - 1))


TWO = {"ann": [0, 0, 1, 1, 1, 2, None, 4], "bob": [0, 1, 1, 1, 0, 2, 2, None]}


def test_a_sheet_of_two_coders_worked_by_hand():
    row = agreement(sheet({"kind_of": TWO})).iloc[0]
    # six units coded by both, four alike; two coders who gave 12 codes: 4 zeros (2 + 2), 6 ones (3
    # + 3), 2 twos (1 + 1)
    assert (row["n_units"], row["n_coders"], row["n_values"], row["missing"]) == (6, 2, 12, 0)
    assert row["percent"] == pytest.approx(4 / 6, abs=EXACT)
    # alpha: expected disagreement 1 - (4*3 + 6*5 + 2*1) / (12*11) = 88/132 = 2/3, observed 2/6
    assert row["alpha"] == pytest.approx(1 - (2 / 6) / (88 / 132), abs=EXACT)
    # as Gwet (2014) counts chance, from all codes, those of units that one coder coded included.
    # Cohen: seven codes each, chance (2*2 + 3*3 + 1*2) / 49. Scott: mean share of each code over
    # the eight units, 2/8, 3/8, 2/8 and 1/8
    assert row["kappa"] == pytest.approx((4 / 6 - 15 / 49) / (1 - 15 / 49), abs=EXACT)
    assert row["pi"] == pytest.approx((4 / 6 - 18 / 64) / (1 - 18 / 64), abs=EXACT)
    # four codes in the codebook
    assert row["brennan_prediger"] == pytest.approx((4 / 6 - 1 / 4) / (3 / 4), abs=EXACT)


def test_rows_equal_a_loop_over_pairs_with_codes_missing():
    rng = np.random.default_rng(7)
    codes = rng.choice([0, 1, 2, 4], size=(3, 40), p=[0.5, 0.3, 0.1, 0.1]).tolist()
    for coder, unit in zip(rng.integers(0, 3, 30), rng.integers(0, 40, 30), strict=True):
        codes[coder][unit] = None
    row = agreement(sheet({"kind_of": dict(zip("abc", codes, strict=True))})).iloc[0]
    units = [[c for c in u if c is not None] for u in zip(*codes, strict=True)]
    paired = [u for u in units if len(u) > 1]
    assert row["alpha"] == pytest.approx(float(nominal_alpha_by_hand(units)), abs=EXACT)
    assert row["n_values"] == sum(map(len, paired)) and row["n_units"] == len(paired)
    assert row["missing"] == 3 * len(paired) - row["n_values"] > 0
    alike = [np.mean([a == b for a, b in permutations(u, 2)]) for u in paired]
    assert row["percent"] == pytest.approx(np.mean(alike), abs=EXACT)


def test_pooling_keeps_scales_apart_and_joins_units_of_one_scale():
    both = sheet({"kind_of": TWO, "other_kind": {"ann": [0, 1, 2], "cem": [0, 1, 1]}, "depth": TWO})
    pooled = agreement(both, by="all").set_index("indicator_id")
    assert set(pooled.index) == {"nominal", "ordinal"} and set(pooled["pillar"]) == {"all"}
    units = [*zip(*TWO.values(), strict=True), (0, 0), (1, 1), (2, 1)]
    assert pooled.loc["nominal", "alpha"] == pytest.approx(
        float(nominal_alpha_by_hand(units)), abs=EXACT
    )
    assert pooled.loc["nominal", "n_units"] == 9 and pooled.loc["nominal", "n_coders"] == 3
    assert "pooled over 2 indicators" in pooled.loc["nominal", "note"]
    one = agreement(both).set_index("indicator_id")
    assert (
        pooled.loc["ordinal", "alpha"] == one.loc["depth", "alpha"]
        and "pooled" not in pooled.loc["ordinal", "note"]
    )
    pillars = agreement(both, by="pillar")
    assert list(zip(pillars["pillar"], pillars["indicator_id"], strict=True)) == [
        ("p", "nominal"),
        ("p", "ordinal"),
        ("q", "nominal"),
    ]


def test_draws_of_an_indicator_do_not_depend_on_the_others():
    alone = agreement(sheet({"depth": TWO}), resamples=200, seed=3).iloc[0]
    beside = (
        agreement(sheet({"kind_of": TWO, "depth": TWO}), resamples=200, seed=3)
        .set_index("indicator_id")
        .loc["depth"]
    )
    again = agreement(sheet({"depth": TWO}), resamples=200, seed=4).iloc[0]
    names = ["alpha_std_error", "alpha_conf_low", "alpha_conf_high"]
    assert alone[names].tolist() == beside[names].tolist() != again[names].tolist()
    assert alone["alpha_conf_low"] < alone["alpha"] < alone["alpha_conf_high"]


def test_of_revisions_the_latest_counts_and_order_of_rows_does_not():
    first = sheet({"kind_of": {"ann": [0, 1, 2], "bob": [1, 1, 2]}}).table
    first["date"] = "2026-01-01T00:00:00.000000Z"
    revised = first[(first["coder"] == "bob") & (first["case_id"] == "u0")].assign(
        code=0, date="2026-01-02T00:00:00.000000Z"
    )
    table = pd.concat([revised, first], ignore_index=True).astype({"code": "Int64"})
    assert agreement(CodingSheet(table, BOOK))["percent"].item() == 1
    assert agreement(CodingSheet(first, BOOK))["percent"].item() == pytest.approx(2 / 3, abs=EXACT)


def test_a_plain_table_and_a_list_of_sheets_say_the_same_as_a_sheet():
    whole = sheet({"depth": TWO})
    table = whole.table[["case_id", "indicator_id", "coder", "code"]]
    each = [CodingSheet(t.reset_index(drop=True), BOOK) for _, t in whole.table.groupby("coder")]
    numbered = table.assign(
        coder=table["coder"].map({"ann": 1, "bob": 2}), case_id=table["case_id"].str[1:].astype(int)
    )
    expected = agreement(whole)
    for other in (agreement(table, BOOK), agreement(each), agreement(numbered, BOOK)):
        pd.testing.assert_frame_equal(other, expected)


def test_degenerate_sheets_say_why_there_is_no_number():
    one_code = agreement(sheet({"kind_of": {"ann": [0] * 5, "bob": [0] * 5}})).iloc[0]
    assert np.isnan(one_code["alpha"]) and one_code["percent"] == 1 and one_code["note"]
    alone = agreement(sheet({"kind_of": {"ann": [0, 1]}})).iloc[0]
    apart = agreement(
        sheet({"kind_of": {"ann": [0, 1, None, None], "bob": [None, None, 1, 1]}})
    ).iloc[0]
    for row in (alone, apart):
        assert (
            row["n_units"] == 0
            and pd.isna(row["alpha"])
            and "no unit was coded by two coders" in row["note"]
        )
    assert "(ann, bob)" in apart["note"]


def test_the_prevalence_paradox_is_told_in_words():
    rare = {"ann": [0] * 97 + [1, 0, 1], "bob": [0] * 97 + [0, 1, 0]}
    row = agreement(sheet({"kind_of": rare})).iloc[0]
    assert row["percent"] == 0.97 and abs(row["alpha"]) < 0.05 and row["gwet"] > 0.9
    assert "97" in row["note"]


def test_machines_are_never_called_coders_of_agreement_and_mixtures_are_told():
    machine = agreement(sheet({"kind_of": TWO}, {"ann": "machine", "bob": "machine"}))[
        "note"
    ].item()
    assert "stability of an automated reading, never inter-coder reliability" in machine
    mixed = agreement(sheet({"kind_of": TWO}, {"bob": "rule"}))["note"].item()
    assert "several kinds (human, rule)" in mixed
    assert "kinds" not in agreement(sheet({"kind_of": TWO}))["note"].item()


def test_what_was_adjudicated_is_no_coder():
    with_settled = sheet(
        {"kind_of": TWO | {"adjudicated": [0] * 8}}, {"adjudicated": "adjudicated"}
    )
    pd.testing.assert_frame_equal(agreement(with_settled), agreement(sheet({"kind_of": TWO})))


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda s: agreement(s, by="coder"), "by"),
        (lambda s: agreement(s.table), "codebook"),
        (lambda s: agreement(s, resamples=100), "seed"),
        (lambda s: agreement(s, weights="cubic"), "quadratic"),
        (lambda s: agreement([]), "no sheet"),
        (lambda s: agreement("codings.csv", BOOK), "found 'codings.csv'; give a CodingSheet"),
        (lambda s: agreement([s.table, s.table], BOOK), "found a DataFrame; give a CodingSheet"),
        (lambda s: agreement(np.zeros((2, 3)), BOOK), "found a ndarray"),
        (lambda s: agreement(s.table.drop(columns="coder"), BOOK), "lacks coder"),
        (
            lambda s: agreement(s.table.astype({"code": object}).assign(code="often"), BOOK),
            "'often' is not a code",
        ),
        (
            lambda s: agreement(s.table.astype({"code": float}).assign(code=1.5), BOOK),
            "'1.5' is not a code",
        ),
    ],
)
def test_bad_calls_are_refused_with_what_to_do(call, said):
    with pytest.raises(CodingError, match=said):
        call(sheet({"kind_of": TWO}))
