"""Settlement attempts against plain loops over days, for both
rules, on generated and on awkward agreements.
"""

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peacestudy.errors import SpecError
from peacestudy.outcomes.attempts import (
    SPAN,
    AttemptRule,
    at_first_agreement,
    attempt_members,
    find_attempts,
    is_substantive,
    largest_text,
    non_overlapping,
)

STAGES = ("Pre", "SubPar", "SubComp", "Imp", "Ren", "Cea", "Oth")
TYPES = ("Intra", "InterIntra", "Inter", "IntraLocal")
CHAIN = AttemptRule("chain", 365, 365, 5)
ANCHOR = AttemptRule("anchor", 365, 365, 5)
DAY = dt.timedelta(days=1)


def table(rows):
    """Agreements from (id, conflict, date, stage, type)."""
    out = pd.DataFrame(rows, columns=["agreement_id", "conflict_id", "date", "stage", "type"])
    return out.assign(date=pd.to_datetime(out["date"]).astype("datetime64[s]"))


def substantive(row):
    return row[3] in ("SubPar", "SubComp") and row[4] in ("Intra", "InterIntra")


def chains(rows, rule):
    """Runs of substantive agreements of one conflict, each within gap_days of the last."""
    runs = []
    for row in sorted(filter(substantive, rows), key=lambda r: (r[2], r[0])):
        if runs and (row[2] - runs[-1][-1][2]).days <= rule.gap_days:
            runs[-1].append(row)
        else:
            runs.append([row])
    return [
        (
            run[0][1],
            run[-1][2].year,
            run[0][2],
            run[-1][2],
            run[0][2] - rule.before_days * DAY,
            run[-1][2],
            len(run),
        )
        for run in runs
    ]


def anchors(rows, fighting, rule):
    """Bundles around a first substantive agreement; the next begins
    after fighting came back, or after the window.
    """
    out, after = [], dt.date.min
    for row in sorted(filter(substantive, rows), key=lambda r: (r[2], r[0])):
        day = row[2]
        if day <= after:
            continue
        begin, end = day - rule.before_days * DAY, day + rule.gap_days * DAY
        own = [r[2] for r in rows if begin <= r[2] <= end and r[3] in ("SubPar", "SubComp")]
        t0 = max(own).year
        back = [y for y in range(t0 + 1, t0 + rule.horizon + 1) if y in fighting]
        after = max(dt.date(back[0], 1, 1), end) if back else dt.date(t0 + rule.horizon, 12, 31)
        out.append((row[1], t0, min(own), max(own), begin, end, len(own)))
    return out


def members(rows, spans):
    """Scored and follow-up texts of every span, in the order of the spans."""
    out = set()
    for i, (conflict, _, _, _, text_from, text_to, _) in enumerate(spans):
        following = [s for s in spans[i + 1 :] if s[0] == conflict]
        until = following[0][4] if following else dt.date.max
        for row in rows:
            if row[1] != conflict or row[3] == "Oth":
                continue
            if text_from <= row[2] <= text_to:
                out.add((i, row[0], "scored", substantive(row)))
            elif text_to < row[2] < until:
                out.add((i, row[0], "follow_up", substantive(row)))
    return out


STEPS = st.sampled_from([0, 0, 1, 29, 30, 31, 200, 364, 365, 366, 367, 800, 2200])
STAGE = st.sampled_from([*STAGES, "SubPar", "SubComp", "SubPar"])


@st.composite
def histories(draw):
    rows, number = [], 100
    for conflict in (1, 2):
        day = dt.date(1990, 1, 1) + draw(st.integers(0, 700)) * DAY
        for step in draw(st.lists(STEPS, max_size=9)):
            day += step * DAY
            rows.append(
                (number, conflict, day, draw(STAGE), draw(st.sampled_from(["Intra", *TYPES])))
            )
            number += draw(st.sampled_from([1, 1, -50, 70]))
    numbers = [r[0] for r in rows]
    rows = [r for i, r in enumerate(rows) if r[0] not in numbers[:i]]
    years = st.sets(st.integers(1989, 2030), max_size=12)
    return draw(st.permutations(rows)), {1: draw(years), 2: draw(years)}


RULE = st.builds(
    AttemptRule,
    st.sampled_from(["chain", "anchor"]),
    st.sampled_from([0, 30, 365]),
    st.sampled_from([0, 30, 365]),
    st.sampled_from([1, 5]),
)


@settings(max_examples=250)
@given(histories(), RULE)
def test_attempts_and_their_texts_equal_the_loops(history, rule):
    rows, fighting = history
    agreements = table(rows)
    found = find_attempts(agreements, fighting, rule)
    expected = []
    for conflict in (1, 2):
        own = [r for r in rows if r[1] == conflict]
        expected += (
            chains(own, rule) if rule.rule == "chain" else anchors(own, fighting[conflict], rule)
        )
    assert list(found.columns) == SPAN
    plain = [
        tuple(v.date() if isinstance(v, pd.Timestamp) else int(v) for v in row)
        for row in found.astype(object).values
    ]
    assert plain == expected
    found.insert(0, "case_id", [f"{i:02}" for i in range(len(found))])
    texts = attempt_members(agreements, found)
    assert {
        (int(r.case_id), r.agreement_id, r.role, r.substantive) for r in texts.itertuples()
    } == members(rows, expected)
    assert not texts.duplicated(["case_id", "agreement_id"]).any()


@pytest.mark.parametrize(("days", "attempts"), [(0, 1), (364, 1), (365, 1), (366, 2)])
def test_a_gap_of_365_days_is_within_and_366_is_not(days, attempts):
    first = dt.date(2001, 3, 1)
    found = find_attempts(
        table([(1, 7, first, "SubPar", "Intra"), (2, 7, first + days * DAY, "SubComp", "Intra")]),
        {},
        CHAIN,
    )
    assert len(found) == attempts
    assert found["n_substantive"].sum() == 2


def test_t0_is_the_year_of_the_last_and_the_text_reaches_back_from_the_first():
    rows = [
        (1, 7, dt.date(1999, 12, 31), "SubPar", "Intra"),
        (2, 7, dt.date(2000, 6, 1), "SubComp", "InterIntra"),
    ]
    (span,) = find_attempts(table(rows), {}, CHAIN).itertuples(index=False)
    assert span.t0 == 2000
    assert [
        str(d.date()) for d in (span.first_date, span.last_date, span.text_from, span.text_to)
    ] == [
        "1999-12-31",
        "2000-06-01",
        "1998-12-31",
        "2000-06-01",
    ]


def test_other_conflicts_and_other_types_do_not_fill_a_gap():
    first, last = dt.date(2000, 1, 1), dt.date(2001, 6, 1)
    between = dt.date(2000, 10, 1)
    for filler in [
        (3, 8, between, "SubPar", "Intra"),
        (3, 7, between, "Imp", "Intra"),
        (3, 7, between, "SubPar", "Inter"),
    ]:
        rows = [(1, 7, first, "SubPar", "Intra"), (2, 7, last, "SubPar", "Intra"), filler]
        assert (find_attempts(table(rows), {}, CHAIN)["conflict_id"] == 7).sum() == 2


def test_agreements_of_one_day_are_one_run_whatever_their_order():
    rows = [(i, 7, dt.date(2000, 1, 1), "SubPar", "Intra") for i in (3, 1, 2)]
    found = find_attempts(table(rows), {}, CHAIN)
    assert found["n_substantive"].tolist() == [3]


def anchored(days, fighting):
    rows = [(i, 7, dt.date(2000, 1, 1) + d * DAY, "SubPar", "Intra") for i, d in enumerate(days)]
    found = find_attempts(table(rows), {7: fighting}, ANCHOR)
    return [(s.t0, s.n_substantive) for s in found.itertuples()]


def test_what_lies_within_365_days_is_in_the_bundle():
    assert anchored([0, 365], set()) == [(2000, 2)]  # 31 December of a leap year


def test_what_lies_beyond_waits_for_the_window_to_end():
    assert anchored([0, 366, 2191], set()) == [(2000, 1)]  # 2191 days on is 31 December 2005
    assert anchored([0, 366, 2192], set()) == [(2000, 1), (2006, 1)]


def test_fighting_that_returns_opens_the_next_attempt():
    assert anchored([0, 800], {2002}) == [(2000, 1), (2002, 1)]
    assert anchored([0, 800], {2003}) == [(2000, 1)]  # 11 March 2002 is before fighting returned
    assert anchored([0, 800], {2006}) == [(2000, 1)]  # after the window, it opens nothing


def test_the_first_of_january_is_not_yet_the_next_attempt():
    assert anchored([0, 731], {2002}) == [(2000, 1)]
    assert anchored([0, 732], {2002}) == [(2000, 1), (2002, 1)]


ATTEMPTS = pd.DataFrame(
    {
        "case_id": ["7-2000", "7-2004", "8-2000"],
        "conflict_id": [7, 7, 8],
        "t0": [2000, 2004, 2000],
        "text_from": pd.to_datetime(["1999-01-01", "2003-01-01", "1999-01-01"]),
        "text_to": pd.to_datetime(["2000-06-01", "2004-06-01", "2000-06-01"]),
    }
)


def role_of(date, stage="Imp", conflict=7):
    found = attempt_members(table([(1, conflict, date, stage, "Intra")]), ATTEMPTS)
    return found[["case_id", "role"]].values.tolist()


@pytest.mark.parametrize(
    ("date", "roles"),
    [
        ("1998-12-31", []),
        ("1999-01-01", [["7-2000", "scored"]]),
        ("2000-06-01", [["7-2000", "scored"]]),
        ("2000-06-02", [["7-2000", "follow_up"]]),
        ("2002-12-31", [["7-2000", "follow_up"]]),
        ("2003-01-01", [["7-2004", "scored"]]),
        ("2004-06-02", [["7-2004", "follow_up"]]),
        ("2025-12-31", [["7-2004", "follow_up"]]),
    ],
)
def test_roles_at_the_edges_of_a_text(date, roles):
    assert role_of(date) == roles


def test_the_stage_oth_is_never_a_member():
    for date in ("1999-06-01", "2001-01-01"):
        assert role_of(date, "Oth") == []


def test_texts_of_other_conflicts_are_no_members():
    assert role_of("2000-01-01", conflict=9) == []
    assert role_of("2010-01-01", conflict=8) == [["8-2000", "follow_up"]]


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("kind", TYPES)
def test_what_is_substantive(stage, kind):
    row = (1, 7, "1999-06-01", stage, kind)
    assert is_substantive(table([row])).tolist() == [substantive(row)]


def test_rows_are_sorted_by_case_scored_first_then_number():
    rows = [
        (i, 7, d, "Imp", "Intra")
        for i, d in ((5, "1999-06-01"), (2, "2001-01-01"), (9, "1999-06-01"), (1, "2003-06-01"))
    ]
    found = attempt_members(table(rows), ATTEMPTS)
    assert found[["case_id", "agreement_id"]].values.tolist() == [
        ["7-2000", 5],
        ["7-2000", 9],
        ["7-2000", 2],
        ["7-2004", 1],
    ]


def test_without_agreements_there_are_no_attempts_and_no_members():
    found = find_attempts(table([]), {}, CHAIN)
    assert (len(found), list(found.columns)) == (0, SPAN)
    assert (
        len(
            attempt_members(table([(1, 7, "2000-01-01", "Imp", "Intra")]), found.assign(case_id=""))
        )
        == 0
    )
    assert len(attempt_members(table([]), ATTEMPTS)) == 0


@pytest.mark.parametrize(
    ("values", "match"),
    [
        (("chains", 1, 1, 1), "Did you mean 'chain'"),
        (("chain", -1, 1, 1), "gap_days is -1"),
        (("chain", 1, -1, 1), "before_days is -1"),
        (("anchor", 1, 1, 0), "horizon is 0; it must be 1 or more"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(values, match):
    with pytest.raises(SpecError, match=match):
        AttemptRule(*values)


def test_the_earliest_is_kept_and_the_next_begins_after_its_window():
    cases = pd.DataFrame(
        {"conflict_id": [7, 7, 7, 7, 8], "t0": [2000, 2005, 2006, 2011, 2001]}, index=list("abcde")
    )
    assert non_overlapping(cases, 5).to_dict() == {
        "a": True,
        "b": False,
        "c": True,
        "d": False,
        "e": True,
    }


@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(1990, 2020)), max_size=12),
    st.integers(0, 6),
    st.randoms(use_true_random=False),
)
def test_it_equals_a_loop_in_any_order_of_rows(rows, horizon, shuffle):
    index = list(range(100, 100 + len(rows)))
    shuffle.shuffle(index)
    cases = pd.DataFrame(rows, columns=["conflict_id", "t0"], index=index)
    kept = {}
    for conflict, t0 in sorted(set(rows)):
        if conflict not in kept or t0 > kept[conflict][-1] + horizon:
            kept.setdefault(conflict, []).append(t0)
    found = cases[non_overlapping(cases, horizon)]
    assert sorted(found.itertuples(index=False, name=None)) == [
        (c, t) for c in sorted(kept) for t in kept[c]
    ]


def test_without_cases_nothing_is_kept():
    assert non_overlapping(pd.DataFrame({"conflict_id": [], "t0": []}), 5).empty


def test_the_clock_stops_at_the_first_agreement():
    rows = table(
        [
            (1, 7, "2000-06-01", "SubPar", "Intra"),
            (2, 7, "2000-06-01", "SubComp", "Intra"),
            (3, 7, "2001-05-01", "SubPar", "Intra"),
            (4, 7, "2000-06-01", "Cea", "Intra"),
            (5, 7, "2005-01-01", "SubPar", "Intra"),
        ]
    )
    spans = find_attempts(rows, {7: set()}, CHAIN)
    first = at_first_agreement(spans, rows)
    assert spans.t0.tolist() == [2001, 2005] and spans.n_substantive.tolist() == [3, 1]
    assert first.t0.tolist() == [2000, 2005]
    assert first.n_substantive.tolist() == [2, 1]
    assert (first.text_to == first.first_date).all() and (first.last_date == first.first_date).all()
    assert (first.text_from == spans.text_from).all()
    members = attempt_members(rows, first.assign(case_id=["a", "b"]))
    assert set(members[members.role == "scored"].agreement_id) == {1, 2, 4, 5}


@pytest.mark.parametrize(
    ("lengths", "dates", "chosen"),
    [
        ([5, 9, 7], ["2000-01-01", "2000-01-02", "2000-01-03"], 2),  # the longest
        ([9, 9, 7], ["2000-01-02", "2000-01-01", "2000-01-03"], 1),  # of one length the latest
        ([9, 9, 7], ["2000-01-01", "2000-01-01", "2000-01-03"], 2),  # of one day the highest id
    ],
)
def test_the_largest_text(lengths, dates, chosen):
    members = pd.DataFrame(
        {
            "case_id": ["a"] * 3 + ["b"],
            "agreement_id": [1, 2, 3, 4],
            "role": "scored",
            "substantive": True,
        }
    )
    length = pd.Series([*lengths, 1], index=[1, 2, 3, 4])
    date = pd.Series(pd.to_datetime([*dates, "1999-01-01"]), index=[1, 2, 3, 4])
    found = largest_text(members.sample(frac=1, random_state=1), length, date)
    assert found.agreement_id.tolist() == [chosen, 4] and list(found.columns) == list(
        members.columns
    )
