"""Decisions on data problems: every finding has a row, every row a
finding, and a row that no longer fits is told.
"""

import pytest

from peacestudy.errors import SourceError
from peacestudy.study.builders.decisions import Decision, Finding, decide, read_decisions

HEADER = "place\tproblem\tfound\tdecision\tvalue\twhy"
FOUND = Finding("paid 7", "several conflicts", "1, 2", ("take conflict", "leave out"))
ROW = "paid 7\tseveral conflicts\t1, 2\ttake conflict\t2\tthe text speaks of the second only"


@pytest.fixture
def folder(tmp_path):
    def write(*lines, header=HEADER, end="\n"):
        (tmp_path / "decisions.tsv").write_bytes((end.join([header, *lines]) + end).encode())
        return tmp_path

    return write


def told(call):
    with pytest.raises(SourceError) as caught:
        call()
    return caught.value.problems


def test_a_decided_finding_gives_its_decision(folder):
    table = read_decisions(folder(ROW))
    assert decide([FOUND], table) == {
        ("paid 7", "several conflicts"): Decision(
            "take conflict", "2", "the text speaks of the second only"
        )
    }
    assert table.index.tolist() == [2]


def test_line_ends_of_another_system_and_blank_lines_are_read(folder):
    table = read_decisions(folder("", ROW, end="\r\n"))
    assert table.index.tolist() == [3] and table.why.tolist() == [
        "the text speaks of the second only"
    ]


def test_a_value_may_be_empty_a_reason_may_not(folder):
    ((_, decision),) = decide([FOUND], read_decisions(folder(ROW.replace("\t2\t", "\t\t")))).items()
    assert decision.value == ""
    (problem,) = told(
        lambda: read_decisions(folder(ROW.replace("the text speaks of the second only", "")))
    )
    assert (problem.file, problem.line, problem.column) == ("decisions.tsv", 2, "why")


def test_a_study_without_the_file_has_decided_nothing(tmp_path):
    assert len(read_decisions(tmp_path)) == 0
    (problem,) = told(lambda: decide([FOUND], read_decisions(tmp_path)))
    assert (
        "paid 7 <tab> several conflicts <tab> 1, 2 <tab> take conflict|leave out" in problem.remedy
    )
    assert decide([], read_decisions(tmp_path)) == {}


@pytest.mark.parametrize(
    ("row", "line", "column", "rule"),
    [
        (ROW.replace("paid 7", "paid 8"), 2, "place", "nothing of the kind was found there"),
        (ROW.replace("several conflicts", "several countries"), 2, "place", "nothing of the kind"),
        (ROW.replace("1, 2", "1, 3"), 2, "found", "found there: 1, 2"),
        (ROW.replace("take conflict", "take conflct"), 2, "decision", "take conflict, leave out"),
    ],
    ids=["stranger", "other problem", "source changed", "no word of ours"],
)
def test_a_row_that_does_not_fit_is_told_with_its_line(folder, row, line, column, rule):
    problems = told(lambda: decide([FOUND], read_decisions(folder(row))))
    assert any((p.line, p.column) == (line, column) and rule in p.rule for p in problems)


def test_everything_is_told_at_once(folder):
    others = [Finding(f"paid {n}", "no day", "1999", ("take year",)) for n in (1, 2, 3)]
    stale = "paid 9\tno day\t1999\ttake year\t\tit was so"
    assert len(told(lambda: decide([FOUND, *others], read_decisions(folder(ROW, stale))))) == 4


@pytest.mark.parametrize(
    ("lines", "header", "rule"),
    [
        ([ROW, ROW], HEADER, "the key (place, problem) is already at line 2"),
        ([ROW + "\tmore"], HEADER, "7 cells where the header has 6"),
        ([ROW.replace("\t", ",")], HEADER, "1 cells where"),
        ([ROW], HEADER.replace("why", "place"), "filled and unique"),
        ([ROW], HEADER.replace("why", "reason"), "column 'why' is expected"),
    ],
    ids=["twice", "cell too many", "commas", "column twice", "column renamed"],
)
def test_a_broken_file_is_told(folder, lines, header, rule):
    assert any(rule in p.rule for p in told(lambda: read_decisions(folder(*lines, header=header))))


def test_an_empty_file_is_told(tmp_path):
    (tmp_path / "decisions.tsv").write_text("")
    with pytest.raises(SourceError, match="is empty"):
        read_decisions(tmp_path)


@pytest.mark.parametrize("value", ["", "two\nlines", "a\ttab", " blank"])
def test_a_finding_fits_on_a_line_of_the_file(value):
    with pytest.raises(SourceError, match="one line"):
        Finding("paid 7", "several conflicts", value, ("leave out",))
