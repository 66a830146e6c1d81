"""Problems, notes and the sentences that name the nearest word."""

import pickle

import pytest

import peacestudy as ps
from peacestudy.core.problems import Note, Problem, nearest, one_of, problem_table
from peacestudy.errors import SHOWN, PeacestudyError, SourceError

PROBLEM = Problem("cases.csv", 3, "year", "19x4", "expected an integer", "correct the value")


def test_a_problem_reads_as_file_line_column_value_rule_remedy():
    assert str(PROBLEM) == "cases.csv:3:year: '19x4': expected an integer; correct the value"


def test_a_problem_of_a_whole_row_or_file_leaves_the_place_out():
    assert str(Problem("t.csv", 3, "", "", "r", "do")) == "t.csv:3: '': r; do"
    assert str(Problem("t.csv", 0, "", "", "r", "do")) == "t.csv: '': r; do"


def test_a_long_or_broken_value_is_shown_on_one_short_line():
    shown = str(Problem("t.csv", 1, "x", "a\nb" + "c" * 500, "r", "do"))
    assert "\n" not in shown
    assert len(shown) < 100


def test_the_table_has_a_row_a_problem_and_its_columns_even_without_any():
    assert problem_table([PROBLEM]).to_dict("records") == [
        {
            "file": "cases.csv",
            "line": 3,
            "column": "year",
            "value": "19x4",
            "rule": "expected an integer",
            "remedy": "correct the value",
        },
    ]
    assert list(problem_table([]).columns) == ["file", "line", "column", "value", "rule", "remedy"]


def test_an_error_shows_the_first_problems_and_carries_all():
    err = SourceError(
        "it is broken.", [Problem("t.csv", n, "", "", "r", "do") for n in range(1, 51)]
    )
    lines = str(err).splitlines()
    assert len(err.problems) == 50
    assert len(lines) == SHOWN + 2
    assert lines[-1] == "  ... and 30 more; all are in err.problems"


def test_an_error_without_problems_is_one_sentence():
    assert (str(PeacestudyError("no.")), PeacestudyError("no.").problems) == ("no.", ())


@pytest.mark.parametrize(
    "name", ["CodebookError", "CodingError", "SourceError", "JoinError", "SpecError", "FitError"]
)
def test_every_error_has_the_one_root(name):
    assert issubclass(getattr(ps, name), ps.PeacestudyError)


def test_notes_and_problems_can_be_compared_hashed_and_sent_to_another_process():
    note = Note("separation", "x separates y.")
    assert str(note) == "x separates y."
    assert len({note, Note("separation", "x separates y."), PROBLEM}) == 2
    assert pickle.loads(pickle.dumps(PROBLEM)) == PROBLEM


@pytest.mark.parametrize(
    ("word", "known", "said"),
    [
        ("firt", ["linear", "logit", "firth"], " Did you mean 'firth'?"),
        ("xyz", ["linear", "logit"], ""),
        ("", ["linear"], ""),
        ("linear", [], ""),
        ("logit", ("logit",), " Did you mean 'logit'?"),
    ],
)
def test_the_nearest_word_is_named_only_if_it_is_near(word, known, said):
    assert nearest(word, known) == said


def test_a_word_outside_a_list_names_the_list():
    assert (
        one_of("engine", "probit", ["linear", "logit"])
        == "engine is 'probit'; it must be one of linear, logit."
    )
    assert one_of("engine", None, ["linear"]) == "engine is None; it must be one of linear."
    assert one_of("level", 3, ("nominal",)) == "level is 3; it must be one of nominal."
