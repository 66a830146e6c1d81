"""Cells of several values split into one code a topic: by hand,
and on 200 units that three coders read.
"""

from pathlib import Path

import pandas as pd
import pytest

from peacestudy.coding.splitting import Splitting, read_values, split_values
from peacestudy.core.codebook import Code, Codebook, Indicator, Pillar, Scale
from peacestudy.errors import CodingError

NAMED = (Code(0, "not mentioned", "no"), Code(1, "mentioned", "yes"))
STANCE = (Code(0, "neutral", "n"), Code(1, "against", "a"), Code(2, "for", "f"))
HOW = Splitting(
    {"Trade": "trade", "Commerce": "trade", "Law": "law"},
    {"Trade": "trade_stance", "Commerce": "trade_stance"},
    {"neutral": 0, "against": 1, "for": 2},
    ("None",),
)
RAW = Path(__file__).parents[3] / "shared" / "raw" / "issuepositions_3coders.csv"


def book(**indicators):
    made = tuple(
        Indicator(n, n, "?", n, "s", "because", "political", "promise", 1, level="nominal", codes=c)
        for n, c in indicators.items()
    )
    pillar = Pillar("p", "P", "t", "h", "s", indicators=made)
    return Codebook(
        "topics", "Topics", "1.0", "share", {}, (Scale("s", "nominal", NAMED),), (pillar,)
    )


BOOK = book(trade=NAMED, law=NAMED, trade_stance=STANCE)


def split(*rows, how=HOW, codebook=BOOK, coders=("ann", "bob")):
    return split_values(
        pd.DataFrame(rows, columns=["id", "ann", "bob"]), codebook, how, unit="id", coders=coders
    )


def test_a_cell_of_two_topics_becomes_a_code_for_every_topic_and_a_stance_where_it_is_found():
    found = split(("u1", "Trade : for; Law", "Law"), ("u2", "None : neutral", "Commerce:against"))
    assert found.values("trade").loc["u1"].tolist() == [1, 0] and found.values("trade").loc[
        "u2"
    ].tolist() == [0, 1]
    assert found.values("law").loc["u1"].tolist() == [1, 1] and found.values("law").loc[
        "u2"
    ].tolist() == [0, 0]
    stance = (
        found.latest()
        .set_index(["case_id", "coder"])
        .query("indicator_id == 'trade_stance'")["code"]
    )
    assert stance.to_dict() == {("u1", "ann"): 2, ("u2", "bob"): 1}
    assert found.history("u1", "law")["comment"].tolist() == ["Trade : for; Law", "Law"]


def test_a_cell_left_open_is_asked_and_is_not_zero():
    found = split(("u1", "Law", None), ("u2", " ", "Law"))
    assert sorted(map(tuple, found.open().values.tolist())) == [
        ("u1", "law", "bob"),
        ("u1", "trade", "bob"),
        ("u2", "law", "ann"),
        ("u2", "trade", "ann"),
    ]
    assert found.values("law").loc["u1"].isna().tolist() == [False, True]


def test_columns_may_stand_for_coders_of_another_name():
    assert split(("u", "Law", "Law"), coders={"ann": "A. N.", "bob": "B."}).coders == [
        "A. N.",
        "B.",
    ]


@pytest.mark.parametrize(
    ("cell", "rule", "remedy"),
    [
        ("Lwa", "not a topic that was declared", "Did you mean 'Law'"),
        ("Trade : fro", "not one of the stances", "Did you mean 'for'"),
        ("Trade", "the topic has a stance, and none is given", "write it after"),
        ("Trade : for; Commerce : for", "the topic appears twice", "keep one"),
        ("None; Law", "no topic, but also names something else", "keep only one"),
        ("Law : for", "Law has no stance", "declare"),
        ("Law;", "not a topic that was declared", "declare"),
    ],
)
def test_what_is_wrong_with_a_cell_is_told_with_its_remedy(cell, rule, remedy):
    _, wrong = read_values(cell, HOW)
    assert len(wrong) == 1 and rule in wrong[0][1] and remedy in wrong[0][2]


def test_all_problems_of_a_table_are_told_at_once():
    with pytest.raises(CodingError) as caught:
        split(("u", "Lwa", "Law"), ("u", "Law", "Trade : fro"), ("", "Law", "Law"))
    assert [(p.line, p.column, p.value) for p in caught.value.problems] == [
        (3, "id", "u"),
        (4, "id", ""),
        (2, "ann", "Lwa"),
        (3, "bob", "fro"),
    ]


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (Splitting({"Law": "lwa"}), "Did you mean 'law'"),
        (
            Splitting({"Law": "law"}, {"Law": "trade_stance"}, {"odd": 9}),
            "trade_stance has no code 9",
        ),
        (Splitting({"Law": "law"}, {"Trade": "trade_stance"}, {"for": 2}), "contradicts itself"),
        (Splitting({"Law": "law"}, {"Law": "law"}, {"for": 1}), "both topic and stance"),
        (Splitting({"Law": "law"}, nothing=("Law",)), "contradicts itself"),
        (Splitting({}), "needs topics"),
    ],
)
def test_a_declaration_that_does_not_fit_is_refused(how, said):
    with pytest.raises(CodingError, match=said):
        split(("u", "Law", "Law"), how=how)
    with pytest.raises(CodingError, match="column is 'cem'"):
        split(("u", "Law", "Law"), coders=("ann", "cem"))


# ---- 200 units and three coders


@pytest.fixture(scope="module")
def issues():
    if not RAW.exists():
        pytest.skip("the source file is not in ../shared/raw")
    return pd.read_csv(RAW, dtype=str, keep_default_na=False)


CODERS = ["NR", "JF", "WvA"]
NOTHING = ("Geen onderwerp", "Ander/geen onderwerp", "Ander onderwerp")


def topics_of(issues):
    return sorted({c.partition(" : ")[0] for c in issues[CODERS].to_numpy().ravel()} - set(NOTHING))


def test_real_cells_are_split_without_losing_or_inventing_a_mention(issues):
    topics = topics_of(issues)
    ids = {t: f"t{n}" for n, t in enumerate(topics)}
    codebook = book(
        **dict.fromkeys(ids.values(), NAMED),
        **dict.fromkeys([f"{i}_stance" for i in ids.values()], STANCE),
    )
    values = {"Neutraal": 0, "Tegen": 1, "Voor": 2}
    how = Splitting(ids, {t: f"{i}_stance" for t, i in ids.items()}, values, NOTHING)
    found = split_values(issues, codebook, how, unit="unit_id", coders=CODERS)
    for topic, name in ids.items():
        # read again, another way
        named = issues[CODERS].map(lambda cell, t=topic: cell.startswith(f"{t} : "))
        wide = found.values(name)
        assert wide.shape == (200, 3) and wide.to_numpy().sum() == named.to_numpy().sum()
        assert (wide.loc[issues["unit_id"], CODERS].to_numpy() == named.to_numpy()).all()
    stances = found.table[found.table["indicator_id"].str.endswith("_stance")]
    spoken = [c.partition(" : ") for c in issues[CODERS].to_numpy().ravel()]
    assert (
        stances["code"].value_counts().to_dict()
        == pd.Series([values[s] for t, _, s in spoken if t not in NOTHING]).value_counts().to_dict()
    )
    assert len(topics) == 27 and len(stances) == 600 - 39 - 81 - 19


def test_a_topic_that_was_not_declared_is_told_with_its_line(issues):
    topics = [t for t in topics_of(issues) if t != "Europese Unie"]
    how = Splitting(dict.fromkeys(topics, "t"), {}, {"Neutraal": 0, "Tegen": 1, "Voor": 2}, NOTHING)
    codebook = book(t=NAMED)
    with pytest.raises(CodingError) as caught:
        split_values(issues, codebook, how, unit="unit_id", coders=CODERS, file=RAW.name)
    unknown = [p for p in caught.value.problems if p.value == "Europese Unie"]
    assert len(unknown) == 13
    assert all(issues[p.column].iloc[p.line - 2].startswith("Europese Unie") for p in unknown)
