"""The form without a browser: what a coder clicks is on disk when the
form says so, and is there when they come back.
"""

import importlib
import json
import os
import time
from dataclasses import replace
from threading import Thread

import pandas as pd
import pytest

from peacestudy.coding import CodingSheet, merge
from peacestudy.coding.sheets import read_sheet, saving, write_sheet
from peacestudy.coding.sheets.answering import begin, go, next_open, say
from peacestudy.coding.sheets.journal import append, journal_of
from peacestudy.coding.sheets.notebook_form import form
from peacestudy.core.codebook import Code
from peacestudy.errors import CodingError

pytest.importorskip("ipywidgets", reason="the form needs the notebook extra")
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>"


@pytest.fixture
def opened(blank, book, suffix):
    path = blank(suffix)
    return lambda **more: form(read_sheet(path, book), **more)


def codes(sheet):
    rows = sheet.latest()
    return {
        (c, i): v
        for c, i, v in zip(rows["case_id"], rows["indicator_id"], rows["code"], strict=True)
        if not pd.isna(v)
    }


# ---- the logic


def test_a_coder_begins_at_the_first_open_cell_and_is_led_to_the_next(blank, book):
    state = begin(read_sheet(blank("csv"), book))
    assert state.cells == (("a", "mediation"), ("a", "truce"), ("b", "mediation"), ("b", "truce"))
    state = next_open(say(state, code=1))
    assert state.cell == ("a", "truce") and state.open == [1, 2, 3]
    state = next_open(go(state, 3))  # after the end, from the start again
    assert state.cell == ("a", "truce")
    assert go(state, -1).at == 0 and go(state, 99).at == 3


def test_what_is_changed_in_one_visit_is_one_answer_and_later_a_revision(blank, book):
    state = say(say(say(begin(read_sheet(blank("csv"), book)), code=1), comment="x"), code=0)
    assert (
        len(state.sheet.table) == 1 and state.answer["code"] == 0 and state.answer["comment"] == "x"
    )
    back = say(go(state, 0), code=1)
    history = back.sheet.history("a", "mediation")
    assert history["code"].tolist() == [0, 1] and history["comment"].tolist() == ["x", "x"]
    assert history["date"].is_monotonic_increasing and history["date"].is_unique


def test_saying_the_same_changes_nothing_and_taking_back_opens_the_cell(blank, book):
    state = say(begin(read_sheet(blank("csv"), book)), code=1)
    assert say(state, code=1) is state and say(state, comment="") is state
    gone = say(go(state, 0), code=None)
    assert 0 in gone.open and gone.sheet.history("a", "mediation")["code"].isna().tolist() == [
        False,
        True,
    ]


def test_a_clock_that_went_back_does_not_hide_the_revision(blank, book, answers):
    sheet = read_sheet(blank("csv"), book)
    future = "2999-01-01T00:00:00.999999Z"
    state = go(begin(replace(sheet, table=answers(("a", "mediation", 0, None, future)))), 0)
    row = say(state, code=1).sheet.history("a", "mediation").iloc[-1]
    assert (row["code"], row["date"]) == (1, "2999-01-01T00:00:01.000000Z")


def test_a_code_of_another_indicator_is_refused(blank, book):
    state = begin(read_sheet(blank("csv"), book))
    with pytest.raises(CodingError, match="mediation are 0 absent, 1 present"):
        say(state, code=3)
    with pytest.raises(CodingError, match="Did you mean 'comment'"):
        say(state, coment="x")


# ---- the widgets


def test_every_answer_is_in_the_file_at_once(opened, blank, book):
    f = opened()
    f.code.value = 1
    f.source.value, f.locator.value, f.comment.value, f.confidence.value = (
        "PA-X 12",
        "art. 3",
        "=SUM(A1)\n'no'",
        "guess",
    )
    row = read_sheet(f.saver.path, book).table.iloc[0]
    assert row[
        ["case_id", "indicator_id", "coder", "code", "confidence", "source", "locator", "comment"]
    ].tolist() == [
        "a",
        "mediation",
        "ann",
        1,
        "guess",
        "PA-X 12",
        "art. 3",
        "=SUM(A1)\n'no'",
    ]
    assert "Saved in sheet." in f.status.value and "1 of 4 done" in f.progress.value


def test_a_new_form_goes_on_where_the_last_one_stopped(opened, book):
    first = opened()
    for code in (1, 3, 0):
        first.code.value = code
        first.skip.click()
    del first  # the kernel is gone
    second = opened()
    assert second.state.cell == ("b", "truce") and "3 of 4 done" in second.progress.value
    second.back.click()
    assert second.code.value == 0 and second.code.label == "0 absent"
    assert codes(second.sheet) == {("a", "mediation"): 1, ("a", "truce"): 3, ("b", "mediation"): 0}


def test_running_the_cell_again_with_a_sheet_read_long_ago_loses_nothing(blank, book, suffix):
    old = read_sheet(blank(suffix), book)
    form(old).code.value = 1
    again = form(old)
    again.code.value = 3
    assert codes(read_sheet(old.path, book)) == {("a", "mediation"): 1, ("a", "truce"): 3}


def test_buttons_walk_through_the_cells_and_stop_at_the_ends(opened):
    f = opened()
    assert f.back.disabled and not f.forward.disabled
    for _ in range(3):
        f.forward.click()
    assert f.state.at == 3 and f.forward.disabled
    f.back.click()
    assert f.state.cell == ("b", "mediation") and f.sheet.table.empty  # walking writes nothing


def test_moving_to_another_cell_does_not_carry_an_answer_over(opened):
    f = opened()
    f.code.value = 1
    f.comment.value = "of a"
    f.forward.click()
    assert (f.code.value, f.comment.value, f.confidence.value) == ("", "", "")
    assert len(f.sheet.table) == 1


def test_hostile_texts_are_shown_and_not_run(blank, changed, book):
    bad = replace(
        book.indicators["mediation"],
        name=HOSTILE,
        question=HOSTILE,
        codes=(Code(0, HOSTILE, HOSTILE), Code(1, "b", "b")),
    )
    hostile = changed("1.0", bad)
    path = blank("csv", codebook=hostile)
    f = form(
        read_sheet(path, hostile),
        texts={"a": HOSTILE},
        cases=pd.DataFrame({"case_id": ["a"], "label": [HOSTILE]}),
    )
    for widget in (f.case, f.text, f.question):
        assert (
            "&lt;script&gt;alert(2)" in widget.value
            and "<script" not in widget.value
            and "<img" not in widget.value
        )


def test_no_code_of_another_coder_is_in_the_form(blank, book, answers):
    ann = read_sheet(blank("csv"), book)
    bob = CodingSheet(
        answers(("a", "mediation", 1, "bob was here", None)).assign(coder="bob"), book, "bob"
    )
    with pytest.raises(CodingError, match="for one coder"):
        form(replace_path(merge([bob, ann]), ann.path))
    assert "bob" not in json.dumps([w.get_state() for w in widgets_of(form(ann).box)], default=str)


def replace_path(sheet, path):
    return CodingSheet(sheet.table, sheet.codebook, sheet.file, sheet.asked, path)


def widgets_of(box):
    return [box, *(w for child in getattr(box, "children", ()) for w in widgets_of(child))]


def test_a_sheet_without_a_file_is_refused(book, answers):
    with pytest.raises(CodingError, match="read_sheet"):
        form(CodingSheet(answers(("a", "mediation", 1, None, None)), book))


def test_without_ipywidgets_it_says_what_to_install(opened, monkeypatch):
    def gone(name, *rest):
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", gone)
    with pytest.raises(CodingError, match=r"peacestudy\[notebook\]"):
        opened()


def test_a_text_that_arrives_after_the_next_case_is_shown_is_said_of_its_own_case(opened, book):
    f = opened()
    f.code.value = 1
    late_locator, late_code = f.locator, f.code
    f.forward.click()
    late_locator.value = "art. 3"
    late_code.value = 0
    f.code.value = 3
    rows = read_sheet(f.saver.path, book).latest().set_index("indicator_id")
    assert rows["code"].to_dict() == {"mediation": 0, "truce": 3}
    assert rows.loc["mediation", "locator"] == "art. 3" and rows.loc["truce", "locator"] is None
    assert f.state.cell == ("a", "truce") and "2 of 4 done; this is 2 of 4" in f.progress.value


def test_answers_and_clicks_that_run_side_by_side_keep_the_case_on_the_screen(
    opened, book, monkeypatch
):
    f = opened()
    real = f.saver.save
    # a slow disk
    monkeypatch.setattr(f.saver, "save", lambda *pair: (time.sleep(0.2), real(*pair))[1])
    typed = Thread(target=lambda: setattr(f.code, "value", 1))
    typed.start()
    time.sleep(0.05)
    f.forward.click()
    typed.join()
    assert f.state.cell == ("a", "truce") and "1 of 4 done; this is 2 of 4" in f.progress.value
    assert codes(read_sheet(f.saver.path, book)) == {("a", "mediation"): 1}


# ---- the journal


@pytest.fixture
def large(blank, book, monkeypatch):
    """A form whose workbook counts as large, so that answers stand in the journal first."""
    monkeypatch.setattr(saving, "SMALL", 1)
    path = blank("xlsx")
    return lambda: form(read_sheet(path, book))


def test_answers_for_a_large_workbook_are_on_disk_before_it_is_written(large, book):
    f = large()
    before = f.saver.path.read_bytes()
    f.code.value = 1
    f.code.value = 0
    f.comment.value = "é \ud800 =1"  # JSON holds what a workbook does not
    f.comment.value = "é =1"
    assert f.saver.path.read_bytes() == before and "sheet.xlsx.journal" in f.status.value
    read = read_sheet(f.saver.path, book)  # after a kill
    assert read.table[["code", "comment"]].values.tolist() == [[0, "é =1"]]
    assert [n.kind for n in read.notes] == ["journal"] and "4 answer(s)" in read.notes[0].text


def test_the_next_form_writes_the_journal_into_the_file(large, book):
    large().code.value = 1
    f = large()
    assert not journal_of(f.saver.path).exists() and "taken over" in f.status.value
    assert codes(read_sheet(f.saver.path, book)) == {("a", "mediation"): 1}


def test_the_workbook_is_written_every_so_often_and_on_the_button(large, monkeypatch):
    f = large()
    monkeypatch.setattr(saving, "EVERY", 3)
    f.code.value = 1
    f.code.value = 0
    assert journal_of(f.saver.path).exists()
    f.code.value = 1
    assert not journal_of(f.saver.path).exists()
    f.code.value = 0
    f.write.click()
    assert not journal_of(f.saver.path).exists() and "Saved in sheet.xlsx." in f.status.value


def test_taking_a_journal_over_twice_changes_nothing(large, book):
    f = large()
    f.code.value = 1
    f.comment.value = "x"
    kept = journal_of(f.saver.path).read_bytes()
    f.write.click()
    journal_of(f.saver.path).write_bytes(kept)  # killed between the file and the end of the journal
    again = read_sheet(f.saver.path, book)
    pd.testing.assert_frame_equal(again.table, f.sheet.table, check_dtype=False)


def test_a_torn_last_line_is_no_answer_and_does_not_spoil_the_next(large, book):
    f = large()
    f.code.value = 1
    with journal_of(f.saver.path).open("ab") as out:
        out.write(b'{"codebook": "small", "ro')
    assert codes(read_sheet(f.saver.path, book)) == {("a", "mediation"): 1}
    f.forward.click()
    f.code.value = 3
    assert codes(read_sheet(f.saver.path, book)) == {("a", "mediation"): 1, ("a", "truce"): 3}


def test_a_damaged_journal_or_another_coders_is_told(blank, book):
    path = blank("csv")
    journal_of(path).write_bytes(b"{}\n")
    with pytest.raises(CodingError, match=r"sheet\.csv\.journal:1"):
        read_sheet(path, book)
    journal_of(path).unlink()
    bob = read_sheet(path, book)
    state = say(begin(replace(bob, coder="bob")), code=1)
    append(
        path,
        state.sheet,
        state.sheet.table.astype(object).where(state.sheet.table.notna(), None).iloc[0].to_dict(),
        "",
    )
    with pytest.raises(CodingError, match=r"belongs to bob \(human\)"):
        read_sheet(path, book)


def test_a_file_open_in_a_spreadsheet_or_changed_by_another_is_not_written_over(opened, book):
    f = opened()
    lock = f.saver.path.with_name(f".~lock.{f.saver.path.name}#")
    lock.write_text("ann")
    f.code.value = 1
    assert "journal" in f.status.value and "Close it there" in f.status.value
    lock.unlink()
    f.code.value = 0
    assert (
        codes(read_sheet(f.saver.path, book)) == {("a", "mediation"): 0}
        and not journal_of(f.saver.path).exists()
    )
    other = opened()
    other.code.value = 3
    f.comment.value = "mine"
    f.write.click()
    assert "changed by another" in f.status.value
    read = read_sheet(f.saver.path, book)
    assert (
        codes(read) == {("a", "mediation"): 0, ("a", "truce"): 3}
        and "mine" in read.table["comment"].tolist()
    )


def test_the_journal_of_one_form_outlives_the_writing_of_another(opened, book):
    one, two = opened(), opened()
    one.code.value = 1  # written into the file
    two.forward.click()
    two.code.value = 3  # the file has changed under this one: journal
    one.comment.value = "later"
    assert codes(read_sheet(one.saver.path, book)) == {("a", "mediation"): 1, ("a", "truce"): 3}
    assert "later" in read_sheet(one.saver.path, book).table["comment"].tolist()


def test_two_forms_that_save_at_the_same_time_lose_nothing_they_called_saved(
    blank, book, suffix, monkeypatch
):
    """Each form writes the file or the journal while the other does;
    the write is slowed so that they meet.
    """
    cases = [f"c{i}" for i in range(8)]
    path = blank(suffix, cases)
    written = saving.write_sheet

    def slow(*args):
        time.sleep(0.02)
        found = written(*args)
        time.sleep(0.02)
        return found

    monkeypatch.setattr(saving, "write_sheet", slow)
    saved = {}

    def answer(first):
        seen = saving.stamp(path)
        state = begin(read_sheet(path, book))
        saver = saving.Saver(path, len(state.cells), seen, waiting=int(seen[1] > 0))
        for at in range(first, len(state.cells), 2):
            before = go(state, at)
            state = say(before, code=1)
            assert "Saved in" in saver.save(before, state)
            saved[state.cell] = 1

    forms = [Thread(target=answer, args=(first,)) for first in (0, 1)]
    for thread in forms:
        thread.start()
    for thread in forms:
        thread.join()
    assert len(saved) == 16
    assert codes(read_sheet(path, book)) == saved


def test_a_file_changed_within_the_resolution_of_its_time_counts_as_changed(blank, book):
    path = blank("csv")
    seen, times = saving.stamp(path), (path.stat().st_atime_ns, path.stat().st_mtime_ns)
    data = path.read_bytes()
    path.write_bytes(data.replace(b"Is there mediation", b"Is there Mediation"))
    os.utime(path, ns=times)  # as a clock that went back can leave it
    assert saving.stamp(path) != seen


def test_what_cannot_be_saved_is_told_and_tried_again(large, book, monkeypatch):
    f = large()
    target = journal_of(f.saver.path)
    target.mkdir()  # nothing can be appended
    f.code.value = 1
    f.forward.click()
    f.code.value = 3
    assert "NOT SAVED, 2 answer(s)" in f.status.value
    target.rmdir()
    f.confidence.value = "sure"
    assert "NOT SAVED" not in f.status.value
    assert codes(read_sheet(f.saver.path, book)) == {("a", "mediation"): 1, ("a", "truce"): 3}


def test_a_sheet_written_by_hand_reads_as_the_form_left_it(opened, book, tmp_path):
    f = opened()
    f.code.value = 1
    f.forward.click()
    f.back.click()
    f.code.value = 0
    again = read_sheet(write_sheet(tmp_path / "copy.csv", f.sheet), book)
    assert again.history("a", "mediation")["code"].tolist() == [0, 1][::-1]
