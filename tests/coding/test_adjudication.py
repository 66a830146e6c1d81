"""One code out of several: cells worked by hand for every rule, and what is refused."""

import pandas as pd
import pytest

from peacestudy.coding import CodingSheet, adjudicate
from peacestudy.coding.adjudication import read_decisions
from peacestudy.coding.coding import SHEET_SCHEMA
from peacestudy.core.codebook import Code, Codebook, Indicator, Pillar, Scale
from peacestudy.errors import CodingError

CODES = tuple(Code(n, f"c{n}", "anchor") for n in (0, 1, 2, 4))
LEVELS = {"kind_of": "nominal", "depth": "ordinal", "share": "interval"}
BOOK = Codebook(
    "small",
    "Small",
    "1.0",
    "share",
    {},
    (Scale("s", "ordinal", CODES),),
    (
        Pillar(
            "p",
            "P",
            "t",
            "h",
            "s",
            indicators=tuple(
                Indicator(
                    n,
                    n,
                    "?",
                    n,
                    "s",
                    "because",
                    "political",
                    "promise",
                    1,
                    level=level,
                    codes=CODES,
                )
                for n, level in LEVELS.items()
            ),
        ),
    ),
)


def sheet(codes, indicator="depth", kinds=None):
    """Codes by case, then coder: {"a": {"ann": 1, "bob": None}}."""
    rows = [
        (
            case,
            indicator,
            coder,
            (kinds or {}).get(coder, "human"),
            code,
            None,
            None,
            None,
            None,
            None,
        )
        for case, own in codes.items()
        for coder, code in own.items()
    ]
    return CodingSheet(
        pd.DataFrame(rows, columns=SHEET_SCHEMA.names).astype({"code": "Int64"}), BOOK, "team"
    )


def settled(coding):
    table = coding.table.set_index("case_id")
    return {case: None if pd.isna(code) else int(code) for case, code in table["code"].items()}


def decisions(*rows):
    table = pd.DataFrame(rows, columns=["case_id", "indicator_id", "code", "who", "why"])
    return table.astype({"code": "Int64"})


TEAM = {
    "all_1": {"ann": 1, "bob": 1, "cem": 1},
    "two_1": {"ann": 1, "bob": 1, "cem": 0},
    "apart": {"ann": 0, "bob": 1, "cem": 4},
    "tie": {"ann": 0, "bob": 2, "cem": None},
    "pair": {"ann": 2, "bob": 2, "cem": None},
    "alone": {"ann": 4, "bob": None, "cem": None},
    "none": {"ann": None, "bob": None, "cem": None},
}
# by hand, from the table above; None: undecided
BY_HAND = {
    "consensus": {
        "all_1": 1,
        "two_1": None,
        "apart": None,
        "tie": None,
        "pair": 2,
        "alone": None,
        "none": None,
    },
    "majority": {
        "all_1": 1,
        "two_1": 1,
        "apart": None,
        "tie": None,
        "pair": 2,
        "alone": None,
        "none": None,
    },
    "senior": {
        "all_1": 1,
        "two_1": 0,
        "apart": 4,
        "tie": None,
        "pair": None,
        "alone": None,
        "none": None,
    },
    # (0 + 2) / 2 = 1 is a code; (0 + 1 + 4) / 3 and (1 + 1 + 0) / 3 are none
    "mean": {
        "all_1": 1,
        "two_1": None,
        "apart": None,
        "tie": 1,
        "pair": 2,
        "alone": None,
        "none": None,
    },
    "median": {
        "all_1": 1,
        "two_1": 1,
        "apart": 1,
        "tie": 1,
        "pair": 2,
        "alone": None,
        "none": None,
    },
}


@pytest.mark.parametrize("rule", BY_HAND)
def test_each_rule_settles_what_it_can_and_leaves_the_rest_missing(rule):
    coding = adjudicate(sheet(TEAM, "share"), rule, senior="cem" if rule == "senior" else None)
    assert settled(coding) == BY_HAND[rule]
    assert coding.coders == ["adjudicated"] and set(coding.table["kind"]) == {"adjudicated"}


def test_a_median_between_two_codes_is_undecided_and_not_rounded():
    assert settled(
        adjudicate(
            sheet(
                {
                    "a": {"x": 0, "y": 1},
                    "b": {"x": 2, "y": 4},
                    "c": {"x": 0, "y": 1, "z": 2, "w": 4},
                }
            ),
            "median",
        )
    ) == {
        "a": None,
        "b": None,
        "c": None,
    }  # fmt: skip  (medians .5, 3 and 1.5; 3 lies within the scale and is no code of it)


def test_half_of_four_is_no_majority_and_three_of_four_is():
    codes = {"half": {"a": 1, "b": 1, "c": 0, "d": 2}, "three": {"a": 1, "b": 1, "c": 0, "d": 1}}
    assert settled(adjudicate(sheet(codes), "majority")) == {"half": None, "three": 1}


def test_every_cell_says_by_which_rule_by_whom_and_from_what():
    table = adjudicate(sheet(TEAM), "majority").table.set_index("case_id")
    two = table.loc["two_1"]
    assert (two["rule"], two["decided_by"], two["why"]) == (
        "majority",
        "majority",
        "2 of 3 gave it",
    )
    assert (two["codes"], two["n_codes"]) == ("ann 1, bob 1, cem 0", 3)
    assert two["comment"] == "majority: ann 1, bob 1, cem 0"
    tie = table.loc["tie"]
    assert (
        pd.isna(tie["rule"])
        and tie["why"] == "undecided by majority: ann 0, bob 2"
        and tie["n_codes"] == 2
    )
    assert table.loc["none", "why"] == "undecided by majority: no code was given"


def test_rules_are_tried_in_turn_and_the_one_that_decided_is_named():
    said = decisions(
        ("apart", "depth", 4, "dee", "art. 3 says so"), ("two_1", "depth", 2, "dee", "never asked")
    )
    coding = adjudicate(sheet(TEAM), ("consensus", "majority", "decisions"), decisions=said)
    table = coding.table.set_index("case_id")
    assert settled(coding) == {
        "all_1": 1,
        "two_1": 1,
        "apart": 4,
        "tie": None,
        "pair": 2,
        "alone": None,
        "none": None,
    }
    assert table["rule"].dropna().to_dict() == {
        "all_1": "consensus",
        "two_1": "majority",
        "apart": "decisions",
        "pair": "consensus",
    }
    assert table.loc["apart", ["decided_by", "why"]].tolist() == ["dee", "art. 3 says so"]
    first = adjudicate(sheet(TEAM), ("decisions", "majority"), decisions=said)
    assert settled(first)["two_1"] == 2


def test_it_may_be_decided_that_nothing_can_be_coded():
    said = decisions(("two_1", "depth", None, "dee", "the text is cut off"))
    table = adjudicate(sheet(TEAM), ("decisions", "majority"), decisions=said).table.set_index(
        "case_id"
    )
    assert (
        pd.isna(table.loc["two_1", "code"]) and table.loc["two_1", "why"] == "the text is cut off"
    )
    assert table.loc["all_1", "code"] == 1


@pytest.mark.parametrize("rule", ["majority", "mean", "median", "consensus"])
def test_a_decision_settles_a_cell_in_which_all_coders_left_the_code_empty(rule):
    said = decisions(("none", "share", 1, "dee", "found it"))
    assert (
        settled(adjudicate(sheet(TEAM, "share"), (rule, "decisions"), decisions=said))["none"] == 1
    )


def test_of_revisions_the_latest_counts():
    dated = sheet({"a": {"ann": 1, "bob": 1}}).table
    later = (
        dated.iloc[[1]].assign(code=2, date="2026-01-01T00:00:00.000000Z").astype({"code": "Int64"})
    )
    found = CodingSheet(pd.concat([dated, later], ignore_index=True), BOOK)
    assert settled(adjudicate(found, "consensus")) == {"a": None}
    assert adjudicate(found, "consensus").table["codes"].tolist() == ["ann 1, bob 2"]


@pytest.mark.parametrize(
    ("rule", "indicator"), [("mean", "depth"), ("mean", "kind_of"), ("median", "kind_of")]
)
def test_a_rule_that_the_level_does_not_allow_is_refused(rule, indicator):
    with pytest.raises(
        CodingError, match=f"{indicator} is {LEVELS[indicator]}, and a {rule} is for"
    ):
        adjudicate(sheet(TEAM, indicator), rule)


def test_people_and_machines_are_not_mixed_unless_it_is_said():
    mixed = sheet(
        {"a": {"ann": 1, "bob": 1, "m": 0, "n": 0, "o": 0}}, kinds=dict.fromkeys("mno", "machine")
    )
    with pytest.raises(CodingError, match=r"several kinds \(human, machine\)"):
        adjudicate(mixed, "majority")
    assert settled(adjudicate(mixed, "majority", kinds=["human"])) == {"a": 1}
    assert settled(adjudicate(mixed, "majority", kinds="machine")) == {"a": 0}
    assert settled(adjudicate(mixed, "majority", kinds=["human", "machine"])) == {"a": 0}
    with pytest.raises(CodingError, match="Did you mean 'human'"):
        adjudicate(mixed, "majority", kinds=["humans"])
    with pytest.raises(CodingError, match="senior is 'm'; it must be one of ann, bob"):
        adjudicate(mixed, "senior", senior="m", kinds=["human"])


@pytest.mark.parametrize(
    ("rule", "more", "said"),
    [
        ("majorty", {}, "Did you mean 'majority'"),
        ((), {}, "must be one of"),
        ("senior", {"senior": "amn"}, "Did you mean 'ann'"),
        ("senior", {}, "senior is None"),
        ("decisions", {}, "needs decisions"),
        ("majority", {"senior": "ann"}, "no rule uses it"),
        ("majority", {"decisions": decisions()}, "no rule uses it"),
    ],
)
def test_what_makes_no_sense_is_refused(rule, more, said):
    with pytest.raises(CodingError, match=said):
        adjudicate(sheet(TEAM), rule, **more)


def test_all_that_is_wrong_with_decisions_is_told_at_once():
    said = decisions(
        ("tie", "depth", 3, "dee", "x"),
        ("tie", "detph", 1, "dee", "x"),
        ("nowhere", "depth", 1, "dee", "x"),
        ("apart", "depth", 1, " ", None),
        ("apart", "depth", 1, "dee", "x"),
    )
    with pytest.raises(CodingError) as caught:
        adjudicate(sheet(TEAM), "decisions", decisions=said)
    found = [(p.line, p.column, p.rule) for p in caught.value.problems]
    assert (2, "code", "the codes of depth are 0 c0, 1 c1, 2 c2, 4 c4") in found
    assert (3, "indicator_id", "not in codebook small 1.0") in found
    assert (4, "", "no coder coded this cell") in found
    assert (5, "who", "a decision says who decided and why") in found and (
        5,
        "why",
        "a decision says who decided and why",
    ) in found
    assert (6, "", "the cell is decided twice") in found
    with pytest.raises(CodingError, match=r"decisions:1:why: .*the column is expected"):
        adjudicate(sheet(TEAM), "decisions", decisions=said.drop(columns="why"))


def test_decisions_are_read_from_a_file_with_lines(tmp_path):
    path = tmp_path / "decisions.csv"
    path.write_text(
        'case_id,indicator_id,code,who,why\ntie,depth,1,dee,"two\nlines"\napart,depth,,dee,cut'
        " off\n"
    )
    table = read_decisions(path, BOOK)
    assert settled(adjudicate(sheet(TEAM), ["decisions"], decisions=table))["tie"] == 1
    path.write_text(
        'case_id,indicator_id,code,who,why\ntie,depth,1,dee,"two\nlines"\napart,depth,9,dee,x\n'
    )
    with pytest.raises(CodingError, match=r"decisions.csv:4:code: '9'"):
        read_decisions(path, BOOK)


def test_what_was_settled_can_be_scored_as_a_coding():
    coding = adjudicate(sheet(TEAM), "majority")
    assert (
        coding.codes(["depth"]).loc["two_1", "depth"] == 1
        and coding.codes(["depth"]).loc["tie"].isna().all()
    )


def test_what_is_no_sheet_is_refused():
    with pytest.raises(CodingError, match="expected a CodingSheet, found a DataFrame"):
        adjudicate(sheet(TEAM).table, "majority")


def test_decisions_are_read_from_a_path(tmp_path):
    table = decisions(("apart", "depth", 4, "dee", "art. 3 says so"))
    table.to_csv(tmp_path / "decisions.csv", index=False)
    found = adjudicate(
        sheet(TEAM), ("decisions", "majority"), decisions=str(tmp_path / "decisions.csv")
    )
    expected = adjudicate(sheet(TEAM), ("decisions", "majority"), decisions=table)
    pd.testing.assert_frame_equal(found.table, expected.table)
    with pytest.raises(CodingError, match="cannot be read"):
        adjudicate(sheet(TEAM), "decisions", decisions=tmp_path / "no.csv")
