"""What is shown: cells as people read them, and labels from outside that cannot become markup."""

import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from peacestudy.core.display import (
    cell,
    escape_latex,
    escape_markdown,
    html_table,
    latex_table,
    markdown_table,
)

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror='alert(1)'>",
    '" onmouseover="x',
    "</td></tr></table><h1>",
    "&lt;b&gt;",
    "<!-- ",
    "]]>",
    "javascript:alert(1)",
    "a & b",
    "\u2028<b>",
]


class Seen(HTMLParser):
    """The tags of a document and its text."""

    def __init__(self, document):
        super().__init__()
        self.tags, self.text = [], []
        self.feed(document)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, tuple(a for a, _ in attrs)))

    def handle_data(self, data):
        self.text.append(data)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (pd.NA, "–"),
        (pd.NaT, "–"),
        (float("nan"), "–"),
        (np.float32("nan"), "–"),
        (True, "yes"),
        (np.False_, "no"),
        (1, "1"),
        (np.int64(7), "7"),
        (0.12345, "0.123"),
        (2.0, "2"),
        (-0.0, "0"),
        (np.float32(0.5), "0.500"),
        (0.0004, "4.0e-04"),
        (-0.0004, "-4.0e-04"),
        (float("inf"), "inf"),
        (1e14, "100000000000000"),
        (pd.Timestamp("0999-01-02 03:04"), "0999-01-02"),
        ("x", "x"),
        ("nan", "nan"),
    ],
)
def test_as_people_read_it(value, shown):
    assert cell(value) == shown


def test_digits_are_chosen():
    assert cell(0.98765, digits=1) == "1.0"


@pytest.mark.parametrize("attack", ATTACKS)
def test_text_from_outside_adds_no_tag_and_is_shown_as_it_stands(attack):
    table = pd.DataFrame({attack: [attack, None], "n": [1, 2]})
    harmless = Seen(html_table(table.rename(columns={attack: "x"}).assign(x="x"), "x", ["x"]))
    seen = Seen(html_table(table, attack, [attack]))
    assert seen.tags == harmless.tags
    assert "".join(seen.text).count(attack) == 4


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_no_text_adds_a_tag(text):
    assert (
        Seen(html_table(pd.DataFrame({"x": [text]}))).tags
        == Seen(html_table(pd.DataFrame({"x": ["x"]}))).tags
    )


def test_rows_that_are_not_shown_are_counted():
    shown = html_table(pd.DataFrame({"x": range(75)}), rows=60)
    assert "15 more rows are not shown" in shown
    assert shown.count("<tr>") == 61
    assert "more rows" not in html_table(pd.DataFrame({"x": range(60)}), rows=60)


def test_a_table_without_rows_or_columns_is_shown():
    assert "<tbody></tbody>" in html_table(pd.DataFrame({"x": []}))
    assert html_table(pd.DataFrame()).startswith("<table>")


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a|b", r"a\|b"),
        ("*b* _i_ `c` ~s~", r"\*b\* \_i\_ \`c\` \~s\~"),
        ("[l](http://x)", r"\[l\](http://x)"),
        ("![i](x)", r"!\[i\](x)"),
        ("<b>", "&lt;b&gt;"),
        ("# h", r"\# h"),
        ("- item", r"\- item"),
        ("+ item", r"\+ item"),
        ("1. item", r"1\. item"),
        ("1) item", r"1\) item"),
        ("> quote", "&gt; quote"),
        ("---", r"\---"),
        ("===", r"\==="),
        ("&lt;b&gt;", "&amp;lt;b&amp;gt;"),
        ("&#60;b", r"&\#60;b"),
        ("R&D", "R&D"),
        ("$x$", r"\$x\$"),
        ("a\\b", r"a\\b"),
        ("two\n\nlines\r\t| x", r"two lines \| x"),
        ("-0.5", "-0.5"),
        ("1.5", "1.5"),
        ("2001-2005", "2001-2005"),
    ],
)
def test_markup_is_escaped_and_figures_are_left_as_they_are(text, escaped):
    assert escape_markdown(text) == escaped


@given(st.lists(st.lists(st.text(max_size=12), min_size=2, max_size=2), max_size=4))
def test_a_table_keeps_its_rows_and_columns_whatever_the_cells_hold(rows):
    lines = markdown_table(pd.DataFrame(rows, columns=["a", "b"])).split("\n")
    assert len(lines) == len(rows) + 3
    assert all(len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) == 3 for line in lines[:-1])


def test_every_special_character_is_escaped():
    assert (
        escape_latex(r"\input{x} 50 % & $ # _") == r"\textbackslash{}input\{x\} 50 \% \& \$ \# \_"
    )
    assert (
        escape_latex("^~<>–") == r"\textasciicircum{}\textasciitilde{}\textless{}\textgreater{}--"
    )


@given(st.text(st.sampled_from("\\{}$&#%_^~ab\n\r"), max_size=30))
def test_nothing_of_a_text_acts_on_the_document(text):
    """Without the escapes that we write, no character is left that LaTeX acts on."""
    known = r"\\text(backslash|asciicircum|asciitilde|less|greater)\{\}|\\[&%$#_{}]"
    assert not re.search(r"[\\{}$&#%_^~\n\r]", re.sub(known, "", escape_latex(text)))


def test_a_row_that_begins_with_a_bracket_or_star_is_no_argument_of_the_line_before():
    lines = latex_table(pd.DataFrame({"a": ["[5pt] x", "*", "y"], "b": [1, 2, 3]}), "c").split("\n")
    assert lines[6:9] == [r"{}[5pt] x & 1 \\", r"{}* & 2 \\", r"y & 3 \\"]


def test_a_table_has_a_column_specification_for_every_column():
    text = latex_table(pd.DataFrame({"a_b": ["x"], "c": [0.5], "d": [None]}), "50 %", ["n & m"])
    assert r"\begin{tabular}{lrr}" in text
    assert r"a\_b & c & d \\" in text
    assert r"x & 0.500 & -- \\" in text
    assert r"\caption{50 \%}" in text
    assert r"n \& m" in text
