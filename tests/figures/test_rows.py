"""The flow of rows of any frame: every step with its counts, and what is filled told apart."""

import pandas as pd
import pytest

import peacestudy as ps
from peacestudy.core.ledger import Entry, Ledger
from peacestudy.errors import SpecError


def test_every_step_stands_with_its_counts():
    steps = Ledger(
        (
            Entry("attempts", "gather", "attempt", 9, 4, why="runs"),
            Entry("years", "spread", "attempt-year", 4, 11, left_out=1, why="to 2024"),
            Entry(
                "join war",
                "join",
                "attempt-year",
                11,
                11,
                unmatched=5,
                other_rows=8,
                other_unmatched=2,
                filled=3,
                why="on year",
            ),
            Entry("known", "keep", "attempt-year", 11, 9, left_out=2, why="no value"),
        )
    )
    ax = ps.figures.rows(steps, notes=["A note."]).axes[0]
    texts = [t.get_text() for t in ax.texts]
    assert texts == [
        "9 rows become 4 attempts: runs",
        "4 attempts become 11 attempt-years: to 2024",
        "11 in, 11 out; unmatched 5, 3 of them filled; other table 8 rows, unmatched 2",
        "11 in, 9 out, 2 left out: no value",
    ]
    widths = sorted(round(p.get_width() * 11) for p in ax.patches if p.get_hatch())
    assert widths == [3]  # of 11 rows
    matched = [round(p.get_width() * 11) for p in ax.patches]
    assert 6 in matched
    assert 9 in matched


def test_a_frame_brings_its_notes_and_an_empty_ledger_is_refused():
    cases = pd.DataFrame({"case_id": ["a"], "x": [1]})
    frame = ps.join(cases, pd.DataFrame({"x": [1], "y": [2]}), on="x", name="y")
    assert len(ps.figures.rows(frame).axes) == 1
    with pytest.raises(SpecError, match="has no step"):
        ps.figures.rows(Ledger())
