"""Links on small material: what is found, what decisions do, and
that nothing is linked by chance.
"""

import datetime as dt

import pytest

from peacestudy.errors import SourceError
from peacestudy.study.builders.decisions import Decision
from peacestudy.study.builders.signing_links import (
    BY_DATE,
    BY_ID,
    Agreement,
    Material,
    Text,
    conflicts_of,
    findings,
    link,
    several_chosen,
)

DAY = dt.date(2000, 6, 15)


def agreement(paid, day=DAY, conflicts=(1,), states=(2,), dyads=(3,)):
    return Agreement(paid, day, conflicts, states, dyads, (2,), 1)


def text(i, days=0, conflict=1, paid=None, stage="SubPar"):
    return Text(i, DAY + dt.timedelta(days=days), stage, 5, conflict, paid)


def material(agreements, texts):
    return Material(tuple(agreements), tuple(texts), frozenset({3}), 31)


def found(m, decisions=None):
    return {(f.place, f.problem): f.found for f in findings(m, decisions or {})}


def linked(m, decisions=None):
    return [(x.paid, x.text.id, x.by) for x in link(m, decisions or {})]


def test_the_id_comes_before_conflict_and_date():
    m = material([agreement(7)], [text(1, days=5, paid=7), text(2)])
    assert found(m) == {}
    assert linked(m) == [(7, 1, BY_ID)]


def test_one_text_about_the_day_is_the_agreement():
    assert linked(material([agreement(7)], [text(1, days=31), text(2, days=32)])) == [
        (7, 1, BY_DATE)
    ]
    assert linked(
        material([agreement(7)], [text(1, days=-31), text(2, conflict=9), text(3, stage="Oth")])
    ) == [(7, 1, BY_DATE)]
    assert linked(material([agreement(7)], [text(1, days=32), text(2, conflict=None)])) == []


def test_two_texts_about_the_day_are_to_be_decided():
    m = material([agreement(7)], [text(1, days=3), text(2, days=-1)])
    key = ("paid 7", "several texts by conflict and date")
    assert found(m) == {key: "AgtId 2 1"}
    assert linked(m, {key: Decision("link none", "", "x")}) == []
    assert linked(m, {key: Decision("link one", "1", "x")}) == [(7, 1, BY_DATE)]
    with pytest.raises(
        SourceError, match="the value of 'link one' on paid 7 is '4'; it must be one of 2, 1"
    ):
        link(m, {key: Decision("link one", "4", "x")})


def test_a_text_about_the_day_of_two_agreements_is_to_be_decided():
    m = material([agreement(7), agreement(8)], [text(1)])
    assert set(found(m)) == {(f"paid {p}", "several texts by conflict and date") for p in (7, 8)}


def test_a_text_whose_id_is_taken_out_can_be_met_by_date():
    m = material([agreement(7, day=dt.date(1990, 1, 1)), agreement(8)], [text(1, paid=7)])
    key = ("AgtId 1", "dates apart")
    assert found(m) == {key: "2000-06-15, paid 7 1990-01-01"}
    assert linked(m, {key: Decision("keep", "", "x")}) == [(7, 1, BY_ID)]
    assert linked(m, {key: Decision("take the id out", "", "x")}) == [(8, 1, BY_DATE)]


def test_the_turn_of_a_year_and_a_month_are_apart():
    m = material([agreement(7, day=dt.date(2000, 12, 31))], [text(1, days=200, paid=7)])
    assert list(found(m)) == [("AgtId 1", "dates apart")]
    assert found(material([agreement(7)], [text(1, days=31, paid=7)])) == {}
    assert len(found(material([agreement(7)], [text(1, days=32, paid=7)]))) == 1


def test_of_several_texts_with_one_id_one_may_be_taken():
    m = material([agreement(7), agreement(8)], [text(1, paid=7), text(2, paid=7)])
    key = ("paid 7", "several texts")
    assert found(m) == {key: "AgtId 1 2"}
    assert linked(m, {key: Decision("link all", "", "x")}) == [(7, 1, BY_ID), (7, 2, BY_ID)]
    one = {key: Decision("link one", "2", "x")}
    assert linked(m, one) == [(7, 2, BY_ID), (8, 1, BY_DATE)]
    assert found(m, one) == {key: "AgtId 1 2"}


@pytest.mark.parametrize(
    ("own", "texts", "place", "problem", "said"),
    [
        (agreement(7), [text(1, paid=99)], "AgtId 1", "agreement id unknown to UCDP", "UcdpAgr 99"),
        (
            agreement(7),
            [text(1, paid=7, conflict=4)],
            "AgtId 1",
            "conflicts differ",
            "UcdpCon 4, paid 7 conflict 1",
        ),
        (
            agreement(7),
            [text(1, paid=7, conflict=None)],
            "AgtId 1",
            "conflicts differ",
            "UcdpCon blank, paid 7 conflict 1",
        ),
        (agreement(7, conflicts=(1, 4)), [], "paid 7", "several conflicts", "1 4"),
        (agreement(7, states=(2, 20)), [], "paid 7", "several countries", "2 20"),
        (agreement(7, dyads=(3, 8, 9)), [], "paid 7", "dyad unknown to UCDP Dyadic", "8 9"),
    ],
)
def test_every_kind_of_problem_is_found(own, texts, place, problem, said):
    assert found(material([own], texts))[place, problem] == said


def test_the_conflicts_of_an_agreement_are_also_those_of_its_texts():
    m = material([agreement(7)], [text(1, paid=7, conflict=4)])
    assert conflicts_of(m.agreements[0], link(m, {})) == (1, 4)


def test_a_decision_may_take_several_numbers_that_were_found():
    assert several_chosen(Decision("same party", "4 6", "x"), "dyad 1", [4, 5, 6]) == (4, 6)
    for value in ("", "4 7", "4, 6", "four"):
        with pytest.raises(SourceError, match="it must be one of 4, 5, 6"):
            several_chosen(Decision("same party", value, "x"), "dyad 1", [4, 5, 6])
