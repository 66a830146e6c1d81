"""A sheet of an older codebook: what changed is said, what holds is
taken, and nothing a coder wrote is lost.
"""

from dataclasses import replace

import pytest

from peacestudy.coding.sheets import blank_sheet, read_sheet, write_sheet
from peacestudy.coding.sheets.layout import codes_text, read_codes_text
from peacestudy.coding.sheets.migrate import change_of
from peacestudy.core.codebook import Code


@pytest.fixture
def old(blank, book, fill, suffix):
    """The filled sheet of version 1.0: mediation 1 and 0, truce 3 full and 1 some."""
    return fill(
        blank(suffix),
        {
            (2, "code"): "1 present",
            (3, "code"): "3 full, all",
            (4, "code"): "0",
            (5, "code"): "some",
            (5, "comment"): "c",
        },
    )


def said(sheet):
    return [(n.kind, n.text) for n in sheet.notes]


def codes(sheet):
    return sheet.table[["case_id", "indicator_id", "code"]].values.tolist()


def test_another_version_that_asks_the_same_is_said(old, changed, book):
    same = changed("1.1", *book.indicators.values())
    sheet = read_sheet(old, same)
    assert len(sheet.table) == 4 and sheet.aside is None
    assert said(sheet) == [
        (
            "codebook_version",
            (
                "The sheet was written for version 1.0 of codebook small and is read under version"
                " 1.1; none of its questions has changed."
            ),
        )
    ]
    write_sheet(old, sheet)
    again = read_sheet(old, same)
    assert again.notes == () and again.table.equals(sheet.table)


def test_a_reworded_question_is_taken_and_named(old, changed, book):
    first, second = book.indicators.values()
    sheet = read_sheet(
        old, changed("2.0", replace(first, question="Was there a mediator?"), second)
    )
    assert codes(sheet) == codes(read_sheet(old, book))
    assert [kind for kind, _ in said(sheet)] == ["codebook_version", "reworded"]
    assert said(sheet)[0][1].endswith("1 of its 2 indicators changed.")
    assert (
        said(sheet)[1][1]
        == "mediation: its question was 'Is there mediation?' and is 'Was there a mediator?'. 2"
        " code(s) taken."
    )


def test_a_changed_anchor_is_named(old, changed, book):
    first, second = book.indicators.values()
    anchors = (first.codes[0], replace(first.codes[1], anchor="Something else."))
    sheet = read_sheet(old, changed("2.0", replace(first, codes=anchors), second))
    assert (
        said(sheet)[1][1] == "mediation: its anchors were reworded. 2 code(s) taken."
        and len(sheet.table) == 4
    )


def test_a_change_without_a_new_version_is_told(old, changed, book):
    first, second = book.indicators.values()
    sheet = read_sheet(old, changed("1.0", replace(first, question="?"), second))
    assert "although codebook small is still version 1.0" in said(sheet)[0][1]


def test_codes_follow_their_labels_and_what_has_no_place_is_kept(old, changed, book):
    """Truce: 0 none stays, 1 some becomes 2, 3 full goes, 1 little is
    new; mediation: 1 present is worded anew.
    """
    first, second = book.indicators.values()
    first = replace(first, codes=(first.codes[0], Code(1, "there", "x")))
    second = replace(second, codes=(second.codes[0], Code(1, "little", "x"), Code(2, "some", "x")))
    new = changed("2.0", first, second)
    sheet = read_sheet(old, new)
    assert codes(sheet) == [["a", "mediation", 1], ["b", "mediation", 0], ["b", "truce", 2]]
    assert said(sheet)[1:] == [
        ("reworded", "mediation: its code 1 was 'present' and is 'there'. 2 code(s) taken."),
        (
            "reworded",
            (
                "truce: its code 1 some is now 2; its code 3 full, all was removed; its code 1"
                " little is new. 1 code(s) taken. 1 row(s) set aside."
            ),
        ),
    ]
    assert sheet.open().values.tolist() == [["a", "truce", "ann"]]
    assert sheet.aside[["case_id", "code", "reason"]].values.tolist() == [
        ["a", "3 full, all", "truce: code 3 full, all was removed"]
    ]
    write_sheet(old, sheet)
    again = read_sheet(old, new)
    assert codes(again) == codes(sheet) and again.aside["code"].tolist() == ["3 full, all"]
    assert [kind for kind, _ in said(again)] == ["aside"]


def test_a_removed_indicator_is_set_aside_whole_and_comes_back(old, changed, book):
    before = sorted(codes(read_sheet(old, book)))
    new = changed("2.0", book.indicators["mediation"])
    sheet = read_sheet(old, new)
    assert codes(sheet) == [["a", "mediation", 1], ["b", "mediation", 0]]
    assert sheet.asked["indicator_id"].tolist() == ["mediation", "mediation"]
    assert said(sheet)[1] == ("removed", "truce was removed. 2 row(s) set aside.")
    assert sheet.aside[["indicator_id", "code", "comment"]].values.tolist() == [
        ["truce", "3 full, all", ""],
        ["truce", "some", "c"],
    ]
    write_sheet(old, sheet)
    write_sheet(old, read_sheet(old, new))
    back = read_sheet(old, book)
    assert sorted(codes(back)) == before and back.aside is None


def test_an_added_indicator_is_named(old, changed, book):
    first, second = book.indicators.values()
    sheet = read_sheet(old, changed("2.0", first, second, replace(first, id="amnesty")))
    assert said(sheet)[1][1].startswith("1 indicator(s) of the codebook were added since: amnesty.")
    assert "amnesty" not in set(sheet.asked["indicator_id"])


def test_a_part_of_the_codebook_is_not_called_added(blank, book, suffix, changed):
    path = blank(suffix, indicators=["truce"])
    assert read_sheet(path, book).notes == ()
    first, second = book.indicators.values()
    grown = read_sheet(path, changed("2.0", first, second, replace(first, id="amnesty")))
    assert (
        "2 indicator(s) of the codebook are not in the sheet, because they were added later:"
        " mediation, amnesty." in said(grown)[1][1]
    )


def test_a_code_of_the_old_sheet_is_checked_against_what_it_showed(
    blank, book, fill, changed, suffix
):
    from peacestudy.errors import CodingError

    path = fill(blank(suffix), {(3, "code"): "2"})
    first, second = book.indicators.values()
    more = replace(second, codes=(*second.codes, Code(2, "much", "x")))
    with pytest.raises(CodingError) as caught:
        read_sheet(path, changed("2.0", first, more))
    assert caught.value.problems[0].rule == "the codes of truce are 0 none, 1 some, 3 full, all"


def test_codes_as_shown_are_read_back(book):
    for i in book.indicators.values():
        assert read_codes_text(codes_text(i)) == {c.value: c.label for c in i.codes}
    assert read_codes_text("") == read_codes_text("anything | else") == {}


def test_two_codes_that_change_places_follow_their_labels(book, changed):
    first = book.indicators["mediation"]
    turned = replace(first, codes=(Code(0, "present", "x"), Code(1, "absent", "x")))
    change = change_of(
        "mediation", "other", first.question, "0 absent | 1 present", changed("2.0", turned)
    )
    assert change.codes == {0: 1, 1: 0}


def test_a_blank_sheet_of_the_new_codebook_says_nothing(tmp_path, changed, book, suffix):
    new = changed("2.0", *book.indicators.values())
    assert (
        read_sheet(blank_sheet(new, ["a"], "ann", path=tmp_path / f"n.{suffix}"), new).notes == ()
    )
