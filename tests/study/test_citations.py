"""What is owed for a study, a frame, a table, a source: each entry
once, and a word for tables of the reader's own.
"""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import peacestudy as ps
from peacestudy.core.joined import Joined
from peacestudy.core.schema import Field, Schema
from peacestudy.errors import SourceError
from peacestudy.outcomes import SOURCES, OutcomeTable, Source

CASES = pd.DataFrame({"case_id": ["a", "b"]})
OWN = Source(
    id="mine",
    name="My own\nindices",
    version="1",
    citation="",
    landing_page="",
    licence="",
    file="",
    sha256="",
    rows=0,
    schema=Schema((Field("x"),)),
    unit="case",
    key=("x",),
    first_year=2000,
    last_year=2001,
)


def frame(*sources, origin=""):
    joined = tuple(
        Joined(f"join {i}", s, "", (), np.zeros(2, np.int8)) for i, s in enumerate(sources)
    )
    return ps.StudyFrame(CASES, "case", "case_id", joined=joined, origin=origin)


def keys(text):
    return re.findall(r"^@\w+\{(\w+),", text, re.M)


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_is_cited_by_its_id_and_by_its_table(name):
    said = ps.cite(name)
    assert said == ps.cite(OutcomeTable(CASES, SOURCES[name]))
    assert said == SOURCES[name].bibtex.replace("\n\n", "\n") + "\n"


def test_a_frame_owes_each_entry_once_in_the_order_of_its_joins():
    said = ps.cite(frame("ucdp_dyadic_25.1", "wdi", "ucdp_acd_25.1", "wdi"))
    assert keys(said) == ["harbom2008", "davies2025", "worldbank2025", "gleditsch2002"]
    assert "%" not in said


def test_a_join_from_a_table_of_ones_own_is_a_comment_line():
    said = ps.cite(frame("", "wdi", "mine"))
    assert keys(said) == ["worldbank2025"]
    assert said.splitlines()[1:] == [
        "% join 0: from a table of your own; add its citation yourself",
        "% join 2: from mine, a source of your own; add its citation yourself",
    ]


def test_a_name_with_line_breaks_stays_in_its_comment():
    bad = frame("")
    bad = replace(bad, joined=(replace(bad.joined[0], name="join x\n@misc{evil, title = {x}}"),))
    assert keys(ps.cite(bad)) == []
    assert ps.cite(bad).count("\n") == 1
    assert ps.cite(OutcomeTable(CASES, OWN)).splitlines() == [
        "% My own indices: from mine, a source of your own; add its citation yourself"
    ]


def test_a_table_of_ones_own_with_its_bibtex_is_cited_by_it():
    entry = "@misc{me2026, author = {Me}, title = {Mine}, year = {2026}}"
    assert ps.cite(OutcomeTable(CASES, replace(OWN, bibtex=entry))) == entry + "\n"
    assert ps.cite(OutcomeTable(CASES, replace(OWN, bibtex="Ask me."))) == "Ask me.\n"


def test_a_frame_without_joins_owes_nothing():
    assert ps.cite(frame()) == ""


def test_a_frame_of_a_study_owes_what_the_study_owes_and_what_was_joined(our_study):
    study = our_study("peace_agreements")
    own = keys(ps.cite(study))
    assert keys(ps.cite(study.frame("primary"))) == own
    with_more = replace(frame("wdi", "archigos"), origin=str(study.folder))
    assert keys(ps.cite(with_more)) == [*own, "miller2022"]
    assert {"worldbank2025", "goemans2009"} <= set(own)


def test_a_study_is_cited_as_before(our_study):
    study = our_study("onset")
    file = (study.folder / "CITATION.bib").read_text(encoding="utf-8")
    assert ps.cite(study) == ps.cite("onset") == ps.cite(study.folder) == file


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("wdj", r"no study 'wdj'.*Nor is it the id of a source\. Did you mean 'wdi'"),
        ("zzzzzz", r"ps\.outcomes\.sources\(\) lists the known sources"),
        (Path("no_such_folder"), "no study 'no_such_folder'"),
        (7, "not a int"),
        (CASES, "not a DataFrame"),
    ],
)
def test_what_is_none_of_these_is_told(what, said):
    with pytest.raises(SourceError, match=said):
        ps.cite(what)


def test_what_the_reader_wrote_of_their_own_table_is_shown_on_one_line():
    table = pd.DataFrame({"k": [1], "v": [2]})
    mine = ps.outcomes.as_outcome(
        table, name="aid", key="k", unit="state", citation="Doe, J. (2020).\n@misc{evil, title={x}}"
    )
    said = (
        "% aid: from a table of your own; you wrote of it: Doe, J. (2020). @misc{evil, title={x}}\n"
    )
    assert ps.cite(mine) == said
    frame = ps.join(pd.DataFrame({"case_id": ["a"], "k": [1]}), mine, on="k")
    assert ps.cite(frame) == said.replace("% aid", "% join aid")
