"""Scores of a small codebook, worked out by hand; missing is never zero."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from peacestudy.coding import Coding, CodingSheet, score
from peacestudy.coding.coding import CODING_SCHEMA
from peacestudy.core.codebook import Code, Codebook, Indicator, Pillar, Scale
from peacestudy.errors import CodingError

YES = (Code(0, "absent", "no"), Code(1, "present", "yes"))
DEEP = (
    Code(0, "absent", "no"),
    Code(1, "named", "n"),
    Code(2, "provided", "p"),
    Code(3, "detailed", "d"),
)


def pillar(name, kind, **codes):
    parts = (
        Indicator(i, i, "?", i, "s", "because", "political", "promise", 1, codes=c)
        for i, c in codes.items()
    )
    return Pillar(name, name, "t", "h", "s", kind, indicators=tuple(parts))


def book(rule="share"):
    entries = (
        pillar("talks", "pillar", t1=YES, t2=DEEP, t3=DEEP),
        pillar("money", "pillar", m1=YES, m2=YES),
        pillar("power", "rival", r1=DEEP),
        Pillar("measured", "measured", "t", "h", "s", "rival", measured_by=("gdp",)),
    )
    return Codebook("b", "B", "1", rule, {}, (Scale("s", "nominal", YES),), entries)


CODES = {  # case: t1 t2 t3 m1 m2 r1; a point is a code that nobody gave
    "full": "1 3 3 1 1 3",
    "none": "0 0 0 0 0 0",
    "some": "1 2 0 1 0 1",
    "gap": "1 . 3 1 1 2",
    "rival": "0 1 1 1 1 .",
}


def coding(codes=CODES, rule="share"):
    names = ["t1", "t2", "t3", "m1", "m2", "r1"]
    rows = [
        (
            case,
            name,
            "ann",
            "human",
            None if code == "." else int(code),
            None,
            None,
            None,
            None,
            None,
        )
        for case, line in codes.items()
        for name, code in zip(names, line.split(), strict=True)
    ]
    return Coding(
        pd.DataFrame(rows, columns=CODING_SCHEMA.names).astype({"code": "Int64"}), book(rule)
    )


NAN = np.nan
BY_HAND = {  # talks, money, power, breadth
    "share": {
        "full": (1, 1, 1, 1),
        "none": (0, 0, 0, 0),
        "some": (2 / 3, 1 / 2, 1, 7 / 12),
        "gap": (NAN, 1, 1, NAN),
        "rival": (2 / 3, 1, NAN, 5 / 6),
    },
    "depth": {
        "full": (1, 1, 1, 1),
        "none": (0, 0, 0, 0),
        "some": ((1 + 2 / 3 + 0) / 3, 1 / 2, 1 / 3, (5 / 9 + 1 / 2) / 2),
        "gap": (NAN, 1, 2 / 3, NAN),
        "rival": ((0 + 1 / 3 + 1 / 3) / 3, 1, NAN, (2 / 9 + 1) / 2),
    },
    "weakest": {
        "full": (1, 1, 1, 1),
        "none": (0, 0, 0, 0),
        "some": (0, 0, 1 / 3, 0),
        "gap": (NAN, 1, 2 / 3, NAN),
        "rival": (0, 1, NAN, 0),
    },
}


@pytest.mark.parametrize("rule", BY_HAND)
def test_scores_are_those_worked_out_by_hand(rule):
    found = score(coding(), rule).set_index("case_id")
    assert list(found.columns) == [
        "talks",
        "money",
        "power",
        "breadth",
        "dimension_political",
        "weakest_dimension",
    ]
    for case, expected in BY_HAND[rule].items():
        np.testing.assert_allclose(
            found.loc[case][:4].to_numpy(dtype=float), expected, rtol=1e-15, err_msg=case
        )


@pytest.mark.parametrize("rule", BY_HAND)
def test_the_rule_is_the_codebooks_unless_another_is_named(rule):
    pd.testing.assert_frame_equal(score(coding(rule=rule)), score(coding(), rule))


def test_an_unknown_rule_names_the_known_ones():
    with pytest.raises(
        CodingError,
        match=(
            r"rule is 'mean'; it must be one of share, depth, weighted, weakest, first_component,"
            r" graded_response"
        ),
    ):
        score(coding(), "mean")


def test_the_rival_is_no_part_of_breadth():
    assert score(coding({"a": "1 3 3 1 1 0"}), "depth")["breadth"].tolist() == [1.0]


def test_an_indicator_that_nobody_coded_leaves_its_pillar_missing():
    whole = coding({"a": "1 1 1 1 1 1"})
    part = Coding(whole.table[whole.table["indicator_id"] != "t2"], whole.codebook)
    found = score(part).iloc[0]
    assert np.isnan(found["talks"]) and np.isnan(found["breadth"]) and found["money"] == 1


@given(st.lists(st.lists(st.integers(-1, 3), min_size=6, max_size=6), min_size=1, max_size=5))
def test_scores_equal_a_plain_loop(rows):
    names, tops, parts = (
        ["t1", "t2", "t3", "m1", "m2", "r1"],
        [1, 3, 3, 1, 1, 3],
        {"talks": 3, "money": 2, "power": 1},
    )
    rows = [[min(code, top) for code, top in zip(row, tops, strict=True)] for row in rows]
    codes = {
        f"c{i}": " ".join("." if code < 0 else str(code) for code in row)
        for i, row in enumerate(rows)
    }
    for rule in BY_HAND:
        found = score(coding(codes), rule)
        for i, row in enumerate(rows):
            values, expected = iter(zip(names, row, tops, strict=True)), {}
            for name, size in parts.items():
                own = [next(values) for _ in range(size)]
                scaled = [
                    float(code > 0) if rule == "share" else code / top for _, code, top in own
                ]
                gap = any(code < 0 for _, code, _ in own)
                expected[name] = (
                    NAN if gap else min(scaled) if rule == "weakest" else sum(scaled) / size
                )
            two = (expected["talks"], expected["money"])
            expected["breadth"] = (
                (min(two) if rule == "weakest" else sum(two) / 2)
                if not any(map(np.isnan, two))
                else NAN
            )
            np.testing.assert_allclose(
                found.loc[i, list(expected)].to_numpy(dtype=float),
                list(expected.values()),
                rtol=1e-14,
            )
            assert all(0 <= v <= 1 for v in found.loc[i].iloc[1:] if not np.isnan(v))


# --- dimensions
# --------------------------------------------------------------------------------------------------

SIDES = {
    "t1": "political",
    "t2": "political",
    "t3": "social",
    "m1": "economic",
    "m2": "social",
    "r1": "environmental",
}
DIMENSIONS = ["dimension_political", "dimension_economic", "dimension_social", "weakest_dimension"]
# political t1 t2, economic m1, social t3 m2; the rival's environmental r1 counts nowhere
DIMENSIONS_BY_HAND = {
    "share": {
        "full": (1, 1, 1, 1),
        "none": (0, 0, 0, 0),
        "some": (1, 1, 0, 0),
        "gap": (NAN, 1, 1, NAN),
        "rival": (0.5, 1, 1, 0.5),
    },
    "depth": {
        "full": (1, 1, 1, 1),
        "none": (0, 0, 0, 0),
        "some": ((1 + 2 / 3) / 2, 1, 0, 0),
        "gap": (NAN, 1, 1, NAN),
        "rival": (1 / 6, 1, (1 / 3 + 1) / 2, 1 / 6),
    },
    "weakest": {
        "full": (1, 1, 1, 1),
        "none": (0, 0, 0, 0),
        "some": (2 / 3, 1, 0, 0),
        "gap": (NAN, 1, 1, NAN),
        "rival": (0, 1, 1 / 3, 0),
    },
}


def sided(codes=CODES):
    """The coding above with indicators of several dimensions."""
    whole = coding(codes)
    entries = tuple(
        replace(p, indicators=tuple(replace(i, dimension=SIDES[i.id]) for i in p.indicators))
        for p in whole.codebook.entries
    )
    return Coding(whole.table, replace(whole.codebook, entries=entries))


@pytest.mark.parametrize("rule", DIMENSIONS_BY_HAND)
def test_dimensions_are_those_worked_out_by_hand(rule):
    found = score(sided(), rule).set_index("case_id")
    assert "dimension_environmental" not in found.columns  # only a rival has an indicator of it
    for case, expected in DIMENSIONS_BY_HAND[rule].items():
        np.testing.assert_allclose(
            found.loc[case, DIMENSIONS].to_numpy(dtype=float), expected, rtol=1e-15, err_msg=case
        )


@pytest.mark.parametrize("rule", DIMENSIONS_BY_HAND)
def test_dimensions_leave_pillars_and_breadth_as_they_were(rule):
    names = ["case_id", "talks", "money", "power", "breadth"]
    pd.testing.assert_frame_equal(score(sided(), rule)[names], score(coding(), rule)[names])


def test_the_weakest_dimension_of_a_study_everyone_has(our_study):
    """Chapultepec: worked out from the codes of its 50 indicators, without the scores."""

    study = our_study("peace_agreements")
    sides = {i.id: i.dimension for p in study.codebook.pillars for i in p.indicators}
    codes = study.coding.table.query("case_id == '316-1992'").set_index("indicator_id").code
    seen = pd.Series({i: float(codes[i] > 0) for i in sides}).groupby(sides).mean()
    found = score(study.coding).set_index("case_id").loc["316-1992"]
    np.testing.assert_allclose([found[f"dimension_{d}"] for d in seen.index], seen, rtol=1e-15)
    assert len(seen) == 4 and found["weakest_dimension"] == seen.min()


def test_a_sheet_is_not_scored_before_it_is_settled():
    table = pd.DataFrame(
        [("c", "t1", "ann", "human", 1)],
        columns=["case_id", "indicator_id", "coder", "kind", "code"],
    )
    with pytest.raises(CodingError, match=r"this is a CodingSheet\. Adjudicate .* ps\.adjudicate"):
        score(
            CodingSheet(
                table.reindex(columns=CODING_SCHEMA.names).astype({"code": "Int64"}), book()
            )
        )
