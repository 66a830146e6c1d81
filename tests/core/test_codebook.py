"""The codebook: each kind of error is told on its line, all at
once, and what is sound reads itself out.
"""

import pytest

from peacestudy.core.codebook import read_codebook
from peacestudy.errors import CodebookError

BOOK = """id = "small"
title = "A <small> book"
version = "1"
score = "share"

[concepts]
lasting_peace = "No *fighting* for five years."

[[scales]]
id = "presence"
level = "nominal"
codes = [
  { value = 0, label = "absent", anchor = "No {topic}." },
  { value = 1, label = "present", anchor = "Some {topic}, and {topic} again." },
]

[[scales]]
id = "depth"
level = "ordinal"
codes = [
  { value = 0, label = "none", anchor = "No {topic}." },
  { value = 3, label = "full", anchor = "All {topic}." },
]

[[entries]]
id = "talks"
name = "Talks"
number = 1
theory = "t"
hypothesis = "h"
source = "s"

[[entries.indicators]]
id = "mediation"
name = "Mediation"
question = "Is there mediation?"
topic = "mediation"
scale = "presence"
columns = ["Med", "Host"]
rule = "above 0"
dimension = "political"
aspect = "promise"
direction = 1
reason = "because"

[[entries.indicators]]
scale = "depth"
id = "truce"
name = "Truce"
question = "Is there a truce?"
topic = "a truce"
columns = ["Ce"]
dimension = "political"
aspect = "implementation"
direction = -1
reason = "because"

[[entries]]
id = "power"
name = "Power"
kind = "rival"
theory = "t"
hypothesis = "h"
source = "s"
measured_by = ["gdp"]
"""


@pytest.fixture
def read(tmp_path):
    def run(text):
        path = tmp_path / "codebook.toml"
        path.write_text(text, encoding="utf-8")
        return read_codebook(path)

    return run


def broken(read, text):
    with pytest.raises(CodebookError) as caught:
        read(text)
    assert f"{len(caught.value.problems)} problem(s)" in str(caught.value)
    return caught.value.problems


def test_indicators_get_the_level_and_codes_of_their_scale_with_their_own_topic(read):
    book = read(BOOK)
    assert [(i.id, i.level, [c.value for c in i.codes]) for i in book.indicators.values()] == [
        ("mediation", "nominal", [0, 1]),
        ("truce", "ordinal", [0, 3]),
    ]
    assert book.indicators["mediation"].codes[1].anchor == "Some mediation, and mediation again."
    assert book.indicators["truce"].codes[1].anchor == "All a truce."


def test_weights_and_the_share_that_must_be_answered_are_read_and_shown(read):
    text = BOOK.replace('score = "share"', 'score = "weighted"\nanswered = 0.8').replace(
        "direction = 1\n", "direction = 1\nweight = 2\n"
    )
    book = read(text.replace("direction = -1\n", "direction = -1\nweight = 0.5\n"))
    assert (book.score, book.answered) == ("weighted", 0.8)
    assert book.table()["weight"].tolist() == [2, 0.5]
    shown = book.to_markdown()
    assert "At least 80% of the indicators of a score have codes." in shown
    assert "direction +1; weight 2." in shown and "direction -1; weight 0.5." in shown


def test_without_them_a_score_needs_every_code_and_nothing_is_said_of_weights(read):
    book = read(BOOK)
    assert book.answered == 1 and book.table()["weight"].isna().all()
    assert "weight" not in book.to_markdown() and "At least" not in book.to_markdown()


def test_pillars_and_alternatives_are_separate(read):
    book = read(BOOK)
    assert ([p.id for p in book.pillars], [p.id for p in book.alternatives]) == (
        ["talks"],
        ["power"],
    )
    assert book.pillar_of("truce").id == "talks"
    with pytest.raises(CodebookError, match="Did you mean 'truce'"):
        book.pillar_of("truc")


@pytest.mark.parametrize(
    ("old", "new", "line", "column", "rule"),
    [
        (
            'score = "share"',
            'score = "mean"',
            4,
            "score",
            "it must be one of share, depth, weighted, weakest",
        ),
        (
            'score = "share"',
            'score = "share"\nanswered = 0',
            5,
            "answered",
            "a share above 0 and at most 1",
        ),
        (
            'score = "share"',
            'score = "share"\nanswered = 1.2',
            5,
            "answered",
            "a share above 0 and at most 1",
        ),
        ('score = "share"', 'score = "weighted"', 33, "weight", "every indicator has a weight"),
        ("direction = -1", "direction = -1\nweight = 0", 56, "weight", "a number above 0"),
        ("direction = -1", "direction = -1\nweight = inf", 56, "weight", "a number above 0"),
        (
            "direction = -1",
            'direction = -1\nweight = "2"',
            56,
            "weight",
            "expected float, found str",
        ),
        ('level = "nominal"', 'level = "nominel"', 11, "level", "Did you mean 'nominal'"),
        ("value = 3", "value = 0", 20, "codes", "distinct"),
        ("value = 3", "value = -3", 20, "codes", "0 is 'absent'"),
        ('value = 0, label = "none"', 'value = 1, label = "none"', 20, "codes", "0 is 'absent'"),
        (
            '  { value = 3, label = "full", anchor = "All {topic}." },\n',
            "",
            20,
            "codes",
            "others are above it",
        ),
        (
            'value = 1, label = "present"',
            'value = "1", label = "present"',
            14,
            "value",
            "expected int, found str",
        ),
        (
            'value = 3, label = "full"',
            'value = 3, name = "full"',
            22,
            "name",
            "unknown key; Code has value, label, anchor",
        ),
        ('kind = "rival"', 'kind = "other"', 61, "kind", "one of pillar, rival"),
        ('scale = "presence"', 'scale = "presense"', 38, "scale", "Did you mean 'presence'"),
        ('scale = "depth"', 'scale = "deep"', 47, "scale", "one of presence, depth"),
        (
            'dimension = "political"\naspect = "promise"',
            'dimension = "politics"\naspect = "promise"',
            41,
            "dimension",
            "Did you mean 'political'",
        ),
        (
            'aspect = "implementation"',
            'aspect = "implemented"',
            54,
            "aspect",
            "one of promise, implementation",
        ),
        ("direction = -1", "direction = 0", 55, "direction", "1 or -1"),
        ("direction = -1", "direction = -1.0", 55, "direction", "expected int, found float"),
        ('id = "truce"', 'id = "mediation"', 48, "id", "unique"),
        ('id = "truce"', 'id = "a truce"', 48, "id", "letters, digits and _"),
        ('id = "truce"', 'id = "depth"', 48, "id", "unique"),
        ('id = "power"', 'id = "talks"', 59, "id", "unique"),
        ('id = "depth"', 'id = "presence"', 18, "id", "unique"),
        ('columns = ["Ce"]', 'columns = ["Ce", "Med"]', 52, "columns", "mediation has it"),
        (
            'measured_by = ["gdp"]',
            "measured_by = []",
            58,
            "indicators",
            "has indicators, or covariates",
        ),
        ('question = "Is there a truce?"\n', "", 46, "question", "Indicator needs 'question'"),
        ("direction = 1\n", "", 33, "direction", "Indicator needs 'direction'"),
        ('name = "Power"\n', "", 58, "name", "Pillar needs 'name'"),
        ('topic = "a truce"', 'topik = "a truce"', 51, "topik", "unknown key"),
        (
            'lasting_peace = "No',
            'lasting_peace = 5 # "No',
            7,
            "lasting_peace",
            "expected str, found int",
        ),
        (
            '[concepts]\nlasting_peace = "No *fighting* for five years."\n',
            "",
            0,
            "concepts",
            "Codebook needs",
        ),
    ],
)
def test_each_kind_of_error_is_told_on_its_line(read, old, new, line, column, rule):
    assert BOOK.count(old) == 1
    problems = broken(read, BOOK.replace(old, new))
    found = [(p.line, p.column) for p in problems]
    assert (line, column) in found
    problem = problems[found.index((line, column))]
    assert rule in problem.rule
    assert problem.remedy
    assert problem.file == "codebook.toml"


def test_errors_of_many_kinds_are_told_at_once(read):
    text = BOOK.replace('level = "ordinal"', 'level = "rank"').replace(
        'kind = "rival"', 'kind = "x"'
    )
    text = (
        text.replace("direction = -1", "direction = 3")
        .replace('"Ce"', '"Med"')
        .replace('score = "share"', 'score = "x"')
    )
    assert [(p.line, p.column) for p in broken(read, text)] == [
        (4, "score"),
        (19, "level"),
        (55, "direction"),
        (52, "columns"),
        (61, "kind"),
    ]


def test_a_syntax_error_is_told_with_its_line(read):
    (problem,) = broken_syntax(read, BOOK.replace('label = "full"', 'label = "full'))
    assert problem.line == 22
    assert "not TOML" in problem.rule


def broken_syntax(read, text):
    with pytest.raises(CodebookError, match="cannot be read") as caught:
        read(text)
    return caught.value.problems


def test_the_table_has_a_row_an_indicator(read):
    table = read(BOOK).table()
    assert table[["pillar", "indicator_id", "codes", "columns", "direction"]].values.tolist() == [
        ["talks", "mediation", "0 absent; 1 present", "Med Host", 1],
        ["talks", "truce", "0 none; 3 full", "Ce", -1],
    ]


def test_the_document_holds_every_question_and_anchor_escaped(read):
    text = read(BOOK).to_markdown()
    assert text.startswith("# A &lt;small&gt; book")
    assert r"No \*fighting\* for five years." in text
    assert "- 3 full: All a truce." in text
    assert "Is there mediation?" in text
    assert "Measured, not coded, by the covariates gdp." in text


def test_the_notebook_view_is_escaped(read):
    shown = read(BOOK.replace('name = "Truce"', 'name = "<script>"'))._repr_html_()
    assert "<script>" not in shown and "&lt;script&gt;" in shown
    assert "A &lt;small&gt; book" in shown


def test_the_projects_own_codebook_is_sound_and_complete(our_study):
    book = our_study("peace_agreements").codebook
    assert len(book.pillars) == 7
    for i in book.indicators.values():
        assert (
            i.codes and i.reason and i.rule and "{topic}" not in "".join(c.anchor for c in i.codes)
        )
