"""A study on several releases: cases matched by id and by texts, against loops; what is refused,
before anything is built.
"""

import random
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd
import pytest

from peacestudy.core.frame import StudyFrame
from peacestudy.core.problems import Note
from peacestudy.errors import SourceError
from peacestudy.outcomes import SOURCES, compare_vintages
from peacestudy.outcomes.matching import compare_cases

STEP = "big enough"


def build(cases, texts=None, left=()):
    """``cases``: id -> (value, outcome); ``texts``: id -> ids of agreements."""
    data = pd.DataFrame(
        {
            "case_id": list(cases),
            "value": [v for v, _ in cases.values()],
            "peace": [o for _, o in cases.values()],
        }
    )
    data = data.astype({"peace": "boolean", "value": "Int64"}).set_index("case_id")
    rows = [(c, a) for c, own in (texts or {}).items() for a in own]
    members = pd.DataFrame(rows, columns=["case_id", "agreement_id"]).assign(role="scored")
    excluded = pd.DataFrame({"case": list(left), "step": STEP, "reason": "too small"})
    return data, excluded, {"agreements": members}, "peace"


def test_a_case_whose_id_changed_has_moved_where_it_keeps_its_texts():
    old = build(
        {"a-1": (1, True), "b-1": (2, False), "c-1": (3, None)},
        {"a-1": [1, 2], "b-1": [3], "c-1": [4]},
    )
    new = build(
        {"a-2": (1, True), "b-1": (2, False), "d-1": (3, None)},
        {"a-2": [1, 2, 9], "b-1": [3], "d-1": [7]},
        ["a-2"],
    )
    cases, changes = compare_cases(old, new)
    told = {
        (r.old_case_id, r.new_case_id): r
        for r in cases.astype(object).where(cases.notna(), None).itertuples()
    }
    assert {k: r.status for k, r in told.items()} == {
        ("a-1", "a-2"): "moved",
        ("b-1", "b-1"): "same",
        ("c-1", None): "left",
        (None, "d-1"): "entered",
    }
    moved = told["a-1", "a-2"]
    assert (moved.texts_gone, moved.texts_new, moved.old_left_at, moved.new_left_at) == (
        0,
        1,
        None,
        STEP,
    )
    assert (
        changes.values.tolist() == [["a-1", "a-2", "texts", None, "9"]] and moved.changed == "texts"
    )


def test_one_case_moves_to_one_case_and_the_other_is_said_to_share_its_texts():
    old = build({"a-1": (1, True), "a-2": (1, True)}, {"a-1": [1], "a-2": [2, 3]})
    new = build({"a-3": (1, True)}, {"a-3": [1, 2, 3]})
    cases, _ = compare_cases(old, new)
    rows = {r.old_case_id: (r.status, r.shares_texts_with) for r in cases.itertuples()}
    assert rows == {"a-1": ("left", "a-3"), "a-2": ("moved", "a-1")}


def test_a_case_that_only_leaves_the_sample_has_changed():
    cases, changes = compare_cases(build({"a": (1, True)}), build({"a": (1, True)}, left=["a"]))
    assert (
        cases[["status", "new_left_at"]].values.tolist() == [["changed", STEP]]
        and len(changes) == 0
    )


@pytest.mark.parametrize("seed", range(30))
def test_statuses_and_values_are_those_of_a_loop(seed):
    draw = random.Random(seed)
    sides, texts, left = [], [], []
    for _ in range(2):
        ids = draw.sample("abcdefgh", draw.randint(1, 8))
        sides.append(
            {c: (draw.choice([1, 2, None]), draw.choice([True, False, None])) for c in ids}
        )
        texts.append(
            {c: draw.sample(range(100 * ord(c), 100 * ord(c) + 3), draw.randint(0, 2)) for c in ids}
        )
        left.append([c for c in ids if draw.random() < 0.3])
    (old, new), (ot, nt), (ol, nl) = sides, texts, left
    cases, changes = compare_cases(build(old, ot, ol), build(new, nt, nl))
    expected = {}
    for c in set(old) | set(new):
        if c not in old or c not in new:
            expected[c] = "entered" if c in new else "left"
        else:
            alike = old[c] == new[c] and set(ot[c]) == set(nt[c]) and (c in ol) == (c in nl)
            expected[c] = "same" if alike else "changed"
    ids = cases["new_case_id"].where(cases["new_case_id"].notna(), cases["old_case_id"])
    assert dict(zip(ids, cases["status"], strict=True)) == expected
    cells = {
        (c, n)
        for c in set(old) & set(new)
        for i, n in enumerate(("value", "peace"))
        if old[c][i] != new[c][i]
    }
    cells |= {(c, "texts") for c in set(old) & set(new) if set(ot[c]) != set(nt[c])}
    assert set(changes[["old_case_id", "column"]].itertuples(index=False, name=None)) == cells


@dataclass(frozen=True)
class Small:
    """A study of one source, as far as a comparison asks: values by release."""

    rows: dict
    release: str = "pax_v10"
    seen: list = field(default_factory=list)
    sources: tuple = ("pax_v10", "gw_states")
    outcome: str = "peace"
    primary_sample: str = "primary"

    def rebuilt(self, raw, instead):
        self.seen.append(dict(instead))
        assert set(instead) <= {"pax_v10"}
        return replace(self, release=instead.get("pax_v10", "pax_v10"))

    @property
    def tables(self):
        return {}

    @property
    def notes(self):
        return (Note("releases", "<i>told</i>"), Note("sources", "not told"))

    def frame(self, sample="all"):
        data = pd.DataFrame(self.rows[self.release], columns=["case_id", "value", "peace"]).astype(
            {"peace": "boolean"}
        )
        frame = StudyFrame(data, "case", "case_id")
        return frame if sample == "all" else frame.keep(frame.data["value"] > 1, STEP, "too small")

    def primary(self):
        n = len(self.frame("primary").data)
        found = {
            "id": ["H1"],
            "odds_ratio": [float(n)],
            "conf_low": [1.0],
            "conf_high": [9.0],
            "p_value": [0.04],
        }
        decision = "rejected, as hypothesised" if n > 2 else "not rejected"
        return pd.DataFrame(found | {"p_adjusted": [0.04], "decision": [decision], "n": [n]})


@pytest.fixture
def raw(tmp_path):
    for name in ("pax_v9", "pax_v10", "gw_states"):
        (tmp_path / SOURCES[name].file).write_text("x\n")
    return tmp_path


ROWS = {
    "pax_v9": [("a", 1, True), ("b", 2, False), ("c", 3, True)],
    "pax_v10": [("b", 2, False), ("c", 4, True), ("d", 5, True), ("<e>", 1, None)],
}


def test_the_tables_of_a_small_study(raw, monkeypatch):
    monkeypatch.setattr("peacestudy.outcomes.vintages._changes", lambda *_: "PA-X <changed>")
    study = Small(ROWS)
    found = compare_vintages(study, {"pax": ["v9", "v10"]}, raw)
    assert study.seen == [{"pax_v10": "pax_v9"}, {}] and found.releases == ["pax_v9", "pax_v10"]
    assert dict(found.cases["status"].value_counts()) == {
        "entered": 2,
        "left": 1,
        "same": 1,
        "changed": 1,
    }
    assert found.changes[["old_case_id", "column", "old", "new"]].values.tolist() == [
        ["c", "value", "3", "4"]
    ]
    assert found.counts[["release", "step", "rows", "events"]].astype(object).where(
        found.counts.notna(), None
    ).values.tolist() == [
        ["pax_v9", "rows of the source", 3, None],
        ["pax_v9", STEP, 2, 1],
        ["pax_v10", "rows of the source", 4, None],
        ["pax_v10", STEP, 3, 2],
    ]
    assert found.side_by_side().values.tolist() == [
        [
            "H1",
            "2.00 [1.00, 9.00] p 0.040, decides 0.040",
            "3.00 [1.00, 9.00] p 0.040, decides 0.040",
        ]
    ]
    assert [n.text for n in found.notes] == [
        "pax_v9: <i>told</i>",
        "pax_v10: <i>told</i>",
        "Decided otherwise: H1: not rejected on pax_v9, rejected, as hypothesised on pax_v10.",
    ]
    shown = found._repr_html_()
    assert (
        "&lt;e&gt;" in shown
        and "<e>" not in shown
        and "<i>told" not in shown
        and "PA-X &lt;changed&gt;" in shown
    )
    assert str(found).startswith("pax_v9 to pax_v10: 2 entered, ")


@pytest.mark.parametrize(
    ("releases", "said"),
    [
        ({"pax": ["v9"]}, "give two or more, each once"),
        ({"pax": ["v9", "v9"]}, "give two or more, each once"),
        ({"pax": ["v9", "v11"]}, "no release 'v11' of 'pax' is known; known are v10, v9"),
        ({"paks": ["v9", "v10"]}, "no source is called 'paks'"),
        ({"cow": ["igo", "trade"]}, "0 sources of the family 'cow'"),
        ({}, "no release is given"),
    ],
)
def test_what_cannot_be_compared_is_refused_before_anything_is_built(raw, releases, said):
    study = Small(ROWS)
    with pytest.raises(SourceError, match=said):
        compare_vintages(study, releases, raw)
    assert study.seen == []


def test_every_missing_file_is_told_with_from_whom_it_is(raw):
    with pytest.raises(SourceError) as none:
        compare_vintages(Small(ROWS), {"pax": ["v9", "v10"]})
    for word in (
        "pax_v9.csv",
        "pax_v10.csv",
        SOURCES["gw_states"].file,
        "peaceagreements.org",
        "raw=",
    ):
        assert word in str(none.value)
    (raw / "pax_v9.csv").unlink()
    with pytest.raises(SourceError, match="1 source file") as one:
        compare_vintages(Small(ROWS), {"pax": ["v9", "v10"]}, Path(raw))
    assert "pax_v9.csv" in str(one.value) and "pax_v10.csv" not in str(one.value)
