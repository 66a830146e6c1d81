"""Coders and cases that are written in two ways: refused where codes
would never be compared, told where they are two.
"""

from itertools import combinations

import pandas as pd
import pytest

import peacestudy as ps
from peacestudy.coding.reliability.agreement_table import as_sheet
from peacestudy.core.codebook import Code, Codebook, Indicator, Pillar, Scale
from peacestudy.errors import CodingError

CODES = (Code(0, "absent", "No."), Code(1, "present", "Yes."))
TALKS = Indicator(
    "talks", "Talks", "q?", "t", "p", "r", "political", "promise", 1, level="nominal", codes=CODES
)
BOOK = Codebook(
    "small",
    "Small",
    "1.0",
    "share",
    {},
    (Scale("p", "nominal", CODES),),
    (Pillar("p", "P", "t", "h", "s", indicators=(TALKS,)),),
)
SPELLINGS = ["c\u00a0", "c\u200b", " c", "C", "\u0107", "c\u0301"]


def table(*rows):
    return pd.DataFrame(rows, columns=["case_id", "coder", "code"]).assign(indicator_id="talks")


def two_coders(other):
    """Twenty cases; the two coders differ on the one that ben spells in his own way."""
    ann = [("c", "ann", 1), *((f"x{n}", "ann", n % 2) for n in range(19))]
    ben = [(other, "ben", 0), *((f"x{n}", "ben", n % 2) for n in range(19))]
    return table(*ann, *ben)


@pytest.mark.parametrize("other", SPELLINGS)
def test_one_case_in_the_spellings_of_two_coders_is_refused_by_every_verb(other):
    rows = two_coders(other)
    with pytest.raises(CodingError, match="ann wrote the one, ben the other"):
        ps.agreement(rows, BOOK)
    sheets = [as_sheet(rows[rows["coder"] == coder], BOOK) for coder in ("ann", "ben")]
    for verb in (ps.agreement, ps.coding.merge):
        with pytest.raises(CodingError, match="differs from the case 'c'"):
            verb(sheets)


def test_the_remedy_that_the_refusal_names_gives_the_agreement_of_all_cases():
    """Percent and alpha by the definition over pairs of values (Krippendorff 2019, ch. 12)."""
    rows = two_coders("c\u00a0").replace({"case_id": {"c\u00a0": "c"}})
    found = ps.agreement(rows, BOOK).iloc[0]
    wide = rows.pivot(index="case_id", columns="coder", values="code").to_numpy()
    observed = (wide[:, 0] != wide[:, 1]).mean()
    expected = sum(a != b for a, b in combinations(wide.ravel(), 2)) / (
        wide.size * (wide.size - 1) / 2
    )
    assert (found["n_units"], found["n_single"], found["percent"]) == (20, 0, 1 - observed)
    assert found["alpha"] == pytest.approx(1 - observed / expected, abs=1e-12)


@pytest.mark.parametrize("other", ["ann ", "Ann", "\u00e1nn", "ann\u200b"])
def test_two_spellings_of_a_coder_are_refused(other):
    with pytest.raises(CodingError, match="differs from the coder 'ann'"):
        ps.agreement(table(("a", "ann", 1), ("b", other, 0)), BOOK)


def test_ids_that_all_coders_tell_apart_are_two_cases_and_told():
    rows = [(case, coder, 1) for case in ("A-1", "a-1", "x") for coder in ("ann", "ben")]
    found = ps.agreement(table(*rows, ("y", "ann", 0), ("y", "ben", 0)), BOOK).iloc[0]
    assert found["n_units"] == 4
    assert (
        "1 pair(s) of ids differ only by capitals and are treated as different cases ('A-1' and"
        " 'a-1')" in found["note"]
    )
    part = table(
        *rows[:-3], ("y", "ann", 0), ("y", "ben", 0)
    )  # ben did not code a-1, and coded no other spelling alone
    assert ps.agreement(part, BOOK).iloc[0]["n_units"] == 2


def test_units_that_one_coder_alone_coded_are_counted():
    rows = table(
        ("a", "ann", 1),
        ("a", "ben", 1),
        ("b", "ann", 0),
        ("b", "ben", 0),
        ("c", "ann", 0),
        ("d", "ben", 1),
    )
    found = ps.agreement(rows, BOOK).iloc[0]
    assert (found["n_units"], found["n_single"]) == (2, 2)
    assert "2 of 4 units were coded by one coder only" in found["note"]


def test_a_decision_on_a_case_in_another_spelling_names_the_sheet_s():
    sheet = as_sheet(table(("Mali", "ann", 1), ("Mali", "ben", 0)), BOOK)
    decisions = pd.DataFrame(
        {"case_id": ["mali"], "indicator_id": "talks", "code": 1, "who": "eva", "why": "source"}
    )
    with pytest.raises(CodingError, match="the sheet writes 'Mali'"):
        ps.adjudicate(sheet, "decisions", decisions=decisions)


def test_numbers_as_case_ids_are_taken_as_their_digits():
    rows = table((101, "ann", 1), (101, "ben", 1), (102, "ann", 0), (102, "ben", 0))
    assert ps.agreement(rows, BOOK).iloc[0]["n_units"] == 2
    mixed = table((101, "ann", 1), ("101.0", "ben", 1), (102, "ann", 0), (102, "ben", 0))
    with pytest.raises(CodingError, match="leading zeros"):
        ps.agreement(mixed, BOOK)
