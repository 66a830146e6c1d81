"""The floor of reliability: who is flagged and why, and that scores
without an indicator are those without it.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from peacestudy.coding import Coding, score
from peacestudy.coding.coding import CODING_SCHEMA
from peacestudy.coding.scoring import drop_indicators, reliability_floor, score_with_diagnostics
from peacestudy.core.codebook import Code, Codebook, Indicator, Pillar, Scale
from peacestudy.errors import CodingError

YES = (Code(0, "absent", "no"), Code(1, "present", "yes"))
NAMES = ["a1", "a2", "a3", "b1", "r1"]


def book():
    def part(name, kind, ids):
        own = tuple(
            Indicator(i, i, "?", i, "s", "because", "political", "promise", 1, codes=YES)
            for i in ids
        )
        return Pillar(name, name, "t", "h", "s", kind, indicators=own)

    entries = (
        part("a", "pillar", NAMES[:3]),
        part("b", "pillar", ["b1"]),
        part("r", "rival", ["r1"]),
    )
    return Codebook("b", "B", "1", "share", {}, (Scale("s", "nominal", YES),), entries)


def coding(lines=("1 0 1 1 0", "0 0 1 0 1", "1 1 1 . 1")):
    rows = [
        (f"c{n}", name, "ann", "human", None if code == "." else int(code), *[None] * 5)
        for n, line in enumerate(lines)
        for name, code in zip(NAMES, line.split(), strict=True)
    ]
    return Coding(pd.DataFrame(rows, columns=CODING_SCHEMA.names).astype({"code": "Int64"}), book())


def seen(**values):
    return pd.DataFrame({"indicator_id": list(values), "alpha": list(values.values())})


SEEN = seen(a1=0.9, a2=0.667, a3=0.66, b1=-0.1, r1=0.8)


def test_indicators_are_above_below_or_unmeasured():
    flags = reliability_floor(book(), seen(a1=0.9, a2=0.667, a3=0.66, b1=np.nan), "alpha", 0.667)
    assert flags.table["state"].tolist() == ["above", "above", "below", "unmeasured", "unmeasured"]
    assert flags.table["flagged"].tolist() == [False, False, True, True, True]
    assert flags.flagged == ("a3", "b1", "r1") and flags.lost == ("b", "r")
    told = {n.kind: n.text for n in flags.notes}
    assert told["below_floor"] == "1 of 5 indicators have alpha below the floor of 0.667: a3."
    assert told["unmeasured"].startswith("2 of 5 indicators have no alpha") and told[
        "unmeasured"
    ].endswith("b1, r1.")
    assert told["lost_pillar"].startswith("b, r would have no indicator left")


def test_where_all_agree_nothing_is_flagged_and_nothing_said():
    flags = reliability_floor(coding(), seen(**dict.fromkeys(NAMES, 1.0)), "alpha", 0.8)
    assert (flags.flagged, flags.lost, flags.notes) == ((), (), ())


def test_a_missing_value_of_pandas_is_unmeasured():
    table = SEEN.assign(alpha=SEEN["alpha"].astype("Float64").mask(SEEN["indicator_id"] == "a1"))
    assert reliability_floor(book(), table, "alpha", 0.667).flagged == ("a1", "a3", "b1")


@pytest.mark.parametrize(
    ("table", "coefficient", "least", "words"),
    [
        (SEEN, "alfa", 0.8, "Did you mean 'alpha'"),
        (SEEN.drop(columns="indicator_id"), "alpha", 0.8, "indicator_id"),
        (SEEN, "alpha", float("nan"), "not a number"),
        (pd.concat([SEEN, SEEN.head(1)]), "alpha", 0.8, "'a1' has two rows"),
        (seen(a4=0.3), "alpha", 0.8, "indicator is 'a4'"),
    ],
)
def test_bad_tables_are_told(table, coefficient, least, words):
    with pytest.raises(CodingError, match=words):
        reliability_floor(book(), table, coefficient, least)


def test_scores_without_an_indicator_are_those_of_the_others():
    found = score(drop_indicators(coding(), ["a3"])).set_index("case_id")
    assert found["a"].tolist() == [0.5, 0, 1]
    assert found["b"].tolist()[:2] == [1, 0] and np.isnan(found["b"].iloc[2])
    kept = score(coding()).set_index("case_id")
    # the coding itself stays as it was
    assert kept["a"].tolist() == pytest.approx([2 / 3, 1 / 3, 1])
    assert drop_indicators(coding(), ["a3"]).codebook.version == "1 without a3"
    assert list(drop_indicators(book(), ["a3"]).indicators) == ["a1", "a2", "b1", "r1"]


def test_without_nothing_is_the_same():
    assert drop_indicators(book(), []) == book()
    pd.testing.assert_frame_equal(score(drop_indicators(coding(), [])), score(coding()))


def test_a_pillar_that_loses_all_is_missing_and_told():
    found = score_with_diagnostics(drop_indicators(coding(), ["b1", "r1"]))
    assert (
        found.table["b"].isna().all()
        and found.table["breadth"].isna().all()
        and found.table["r"].isna().all()
    )
    assert found.table["a"].notna().all()
    assert [n.kind for n in found.notes] == ["no_indicators", "no_indicators"]
    assert found.table.attrs["notes"] == [n.text for n in found.notes] and found.notes[
        0
    ].text.startswith("b has no scores")


def test_a_pillar_that_covariates_measure_is_no_lost_one():
    measured = Pillar("m", "m", "t", "h", "s", "pillar", measured_by=("gdp",))
    whole = coding()
    found = score_with_diagnostics(
        replace(
            whole, codebook=replace(whole.codebook, entries=(*whole.codebook.entries, measured))
        )
    )
    assert "m" not in found.table and found.notes == ()
    pd.testing.assert_frame_equal(found.table, score(whole))


def test_an_unknown_indicator_is_told():
    with pytest.raises(CodingError, match="indicator is 'a9'"):
        drop_indicators(book(), ["a9"])
