"""The ledger: what balances is kept, what does not is refused,
and a step that is left out is found.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peacestudy.core.ledger import COUNTS, LEDGER_SCHEMA, Entry, Ledger
from peacestudy.core.schema import typed
from peacestudy.core.tables import read_table, write_table
from peacestudy.errors import JoinError

KEEP = Entry("eligible", "keep", "case", 10, 7, left_out=3, why="none left to stop")
JOIN = Entry("join peace", "join", "case", 7, 7, unmatched=2, other_rows=9, other_unmatched=4)


@pytest.mark.parametrize(
    "entry",
    [
        KEEP,
        JOIN,
        Entry("all", "keep", "case", 4, 4),
        Entry("none", "keep", "case", 4, 0, left_out=4),
        Entry("attempts", "gather", "attempt", 444, 203),
        Entry("empty", "gather", "attempt", 0, 0),
        Entry(
            "shared",
            "join",
            "case",
            7,
            7,
            unmatched=1,
            other_rows=3,
            other_unmatched=1,
            duplicated=2,
        ),
        Entry(
            "shared",
            "join",
            "case",
            7,
            7,
            unmatched=0,
            other_rows=3,
            other_unmatched=0,
            duplicated=1,
        ),
    ],
)
def test_a_step_whose_sums_come_out_even_is_kept(entry):
    assert Ledger((entry,)).entries == (entry,)


@pytest.mark.parametrize(
    "entry",
    [
        Entry("lost", "keep", "case", 10, 7),
        Entry("won", "keep", "case", 10, 12, left_out=-2),
        Entry("negative", "keep", "case", -1, -1),
        Entry("keeps and joins", "keep", "case", 10, 10, unmatched=1),
        Entry("grows", "gather", "case", 3, 4),
        Entry("of nothing", "gather", "case", 0, 1),
        Entry("to nothing", "gather", "case", 3, 0),
        Entry("leaves some out", "gather", "case", 5, 3, left_out=2),
        Entry("loses", "join", "case", 7, 6, unmatched=1, other_rows=6),
        Entry("multiplies", "join", "case", 7, 8, other_rows=8),
        Entry("leaves out", "join", "case", 7, 7, left_out=1, other_rows=7),
        Entry(
            "more unmatched than rows",
            "join",
            "case",
            3,
            3,
            unmatched=4,
            other_rows=3,
            other_unmatched=3,
        ),
        Entry(
            "other side more unmatched than rows",
            "join",
            "case",
            3,
            3,
            unmatched=3,
            other_rows=1,
            other_unmatched=2,
        ),
        Entry("met by none", "join", "case", 3, 3, unmatched=3, other_rows=5),
        Entry("meets none", "join", "case", 3, 3, unmatched=0, other_rows=5, other_unmatched=5),
        Entry("shares without saying", "join", "case", 3, 3, other_rows=2),
        Entry("shares too much", "join", "case", 3, 3, other_rows=2, duplicated=2),
        Entry(
            "shares rows it has not met",
            "join",
            "case",
            3,
            3,
            unmatched=2,
            other_rows=1,
            duplicated=2,
        ),
    ],
    ids=lambda e: f"{e.kind}-{e.step}",
)
def test_a_step_whose_sums_do_not_come_out_even_is_refused(entry):
    with pytest.raises(JoinError, match=f"does not balance at step '{entry.step}'"):
        Ledger((entry,))


def test_the_refusal_names_the_counts():
    with pytest.raises(JoinError, match="rows_in 10, rows_out 7"):
        Ledger((Entry("lost", "keep", "case", 10, 7),))


def test_an_unknown_kind_is_refused_with_the_nearest():
    with pytest.raises(JoinError, match="Did you mean 'gather'"):
        Ledger((Entry("x", "gathering", "case", 3, 2),))


def test_steps_follow_each_other_without_a_gap():
    assert len((Ledger((KEEP,)) + JOIN).entries) == 2
    with pytest.raises(JoinError, match=r"7 rows come out of 'eligible', and 6 go into 'later'"):
        Ledger((KEEP,)) + Entry("later", "keep", "case", 6, 6)
    with pytest.raises(JoinError, match="between steps"):
        Ledger((KEEP,)) + Ledger((KEEP,))


def test_a_ledger_is_not_changed_by_adding():
    ledger = Ledger((KEEP,))
    assert len((ledger + JOIN).entries) == 2
    assert ledger.entries == (KEEP,)
    assert (Ledger() + ledger).entries == ledger.entries


def test_the_table_round_trips_through_its_file(tmp_path):
    ledger = Ledger((KEEP, JOIN))
    write_table(tmp_path / "ledger.csv", ledger.table())
    assert Ledger.read(read_table(tmp_path / "ledger.csv", LEDGER_SCHEMA)) == ledger


def test_a_table_that_was_tampered_with_is_refused():
    table = Ledger((KEEP, JOIN)).table()
    table.loc[0, "left_out"] = 2
    with pytest.raises(JoinError, match="does not balance"):
        Ledger.read(table)


def test_the_schema_has_every_count_and_refuses_negative_ones():
    # how a study's cases were reached: nothing is filled there, and its stored tables have no such
    # column
    assert [f.name for f in LEDGER_SCHEMA.fields if f.type == "integer"] == [
        c for c in COUNTS if c != "filled"
    ]
    text = Ledger((KEEP,)).table().astype(str).replace("3", "-3")
    assert [p.column for p in typed(text, [2], LEDGER_SCHEMA, "ledger.csv")[1]] == ["left_out"]


@given(st.integers(0, 50), st.data())
def test_whatever_a_mask_leaves_in_and_out_balances(n, data):
    kept = data.draw(st.integers(0, n))
    assert Entry("s", "keep", "case", n, kept, left_out=n - kept).balanced()
    wrong = data.draw(st.integers(-n - 1, n + 1).filter(lambda w: w != n - kept))
    assert not Entry("s", "keep", "case", n, kept, left_out=wrong).balanced()


def test_it_shows_itself_escaped():
    shown = Ledger((Entry("<b>", "keep", "case", 1, 1),))._repr_html_()
    assert "&lt;b&gt;" in shown


def test_spread_and_window_steps_balance_too():
    spread = Entry("years", "spread", "case-year", 3, 9, left_out=1)
    assert spread.balanced()
    # two cases stay and give one row
    assert not Entry("years", "spread", "case-year", 3, 1, left_out=1).balanced()
    assert not Entry("years", "spread", "case-year", 3, 9, left_out=4).balanced()
    window = Entry(
        "window",
        "window",
        "case",
        4,
        4,
        unmatched=1,
        other_rows=50,
        other_unmatched=20,
        duplicated=7,
        filled=1,
    )
    assert window.balanced()
    assert not Entry(
        "window", "window", "case", 4, 4, unmatched=4, other_rows=50, other_unmatched=20
    ).balanced()
    assert not Entry(
        "window", "window", "case", 4, 4, unmatched=1, other_rows=50, other_unmatched=20, filled=2
    ).balanced()
    assert not Entry("drop", "keep", "case", 4, 3, left_out=1, filled=1).balanced()


def test_what_a_join_could_not_find_is_a_note():
    ledger = Ledger(
        (
            KEEP,
            Entry(
                "join gdp",
                "join",
                "case",
                7,
                7,
                unmatched=6,
                other_rows=9,
                other_unmatched=8,
                why="6 no row",
            ),
        )
    )
    assert [str(n) for n in ledger.gaps()] == ["join gdp: 6 of 7 rows found nothing (6 no row)."]
