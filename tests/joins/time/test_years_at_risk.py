"""Case-years against a loop over years and days, R's Cox model, the
study's own case-years; bad times told all at once.
"""

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import peacestudy as ps
from peacestudy.core.frame import StudyFrame
from peacestudy.errors import JoinError
from peacestudy.joins import case_years

HOUSE = Path(__file__).resolve().parents[3]
COX = HOUSE / "tests" / "references" / "cox"
SAME = 1e-10  # absolute; the same risk sets, cut into years
# relative; R was told to stop at 1e-14 of the log-likelihood, which leaves half as many digits
R = 1e-7

years = st.integers(1990, 2002)
case = st.tuples(
    st.none() | years, st.none() | st.integers(0, 8), st.booleans(), st.none() | st.integers(0, 5)
)


@settings(max_examples=300)
@given(st.lists(case, max_size=7), st.integers(1994, 2004), st.booleans(), st.booleans())
def test_years_at_risk_are_those_that_a_loop_over_the_calendar_finds(
    cases, until, has_event, has_entry
):
    start = [c[0] for c in cases]
    end = [None if c[1] is None or c[0] is None else c[0] + c[1] for c in cases]
    event = [c[2] and e is not None for c, e in zip(cases, end, strict=True)]
    entry = [None if c[3] is None or c[0] is None else c[0] + c[3] for c in cases]
    ids = [f"c{i}" for i in range(len(cases))]
    table = pd.DataFrame(
        {
            "case_id": pd.Series(ids, dtype=object),
            "s": pd.Series(start, dtype="float64"),
            "e": pd.Series(end, dtype="float64"),
            "died": pd.Series(event, dtype=bool),
            "seen": pd.Series(entry, dtype="Int64"),
            "x": range(len(cases)),
        }
    )
    out = case_years(
        table,
        start="s",
        end="e",
        until=until,
        name="at risk",
        event="died" if has_event else None,
        entry="seen" if has_entry else None,
    )
    rows = []
    for i, s in enumerate(start):
        for y in range(1980, 2020) if s is not None else []:
            after = y > s and (not has_entry or entry[i] is None or y > entry[i])
            if after and y <= until and (end[i] is None or y <= end[i]):
                ends = y == end[i] and (event[i] or not has_event)
                rows.append((f"c{i}-{y}", f"c{i}", i, y, y - s - 1, y - s, ends))
    columns = ["case_year_id", "case_id", "x", "year", "start", "stop", "event"]
    assert [tuple(r) for r in out.data[columns].itertuples(index=False)] == rows
    (step,) = out.ledger.entries
    never = sorted(set(ids) - {r[1] for r in rows})
    assert (step.kind, step.rows_in, step.rows_out, step.left_out) == (
        "spread",
        len(cases),
        len(rows),
        len(never),
    )
    assert sorted(out.excluded["case"]) == never and (out.excluded["reason"] != "").all()
    whole = case_years(
        table,
        start="s",
        end="e",
        until=until,
        name="at risk",
        rows="case",
        event="died" if has_event else None,
        entry="seen" if has_entry else None,
    )
    ends = out.data.groupby("case_id", sort=False).agg(
        start=("start", "min"), stop=("stop", "max"), event=("event", "max")
    )
    assert whole.data[["start", "stop", "event"]].values.tolist() == ends.values.tolist()
    assert whole.key == "case_id" and out.key == "case_year_id" and out.unit == "case-year"


@settings(max_examples=100)
@given(
    st.lists(
        st.tuples(
            st.dates(dt.date(1999, 6, 1), dt.date(2002, 6, 1)), st.none() | st.integers(0, 900)
        ),
        min_size=1,
        max_size=3,
    )
)
def test_a_clock_of_days_is_cut_where_the_year_ends(cases):
    day = dt.timedelta(days=1)
    end = [None if n is None else s + n * day for s, n in cases]
    table = pd.DataFrame(
        {
            "case_id": range(len(cases)),
            "s": [c[0].isoformat() for c in cases],
            "e": pd.Series([e and e.isoformat() for e in end], dtype=object),
        }
    )
    out = case_years(table, start="s", end="e", until=2003, name="at risk", clock="days")
    rows = []
    for i, (s, _) in enumerate(cases):
        stop = end[i] or dt.date(2003, 12, 31)
        stop = min(stop, dt.date(2003, 12, 31))
        at_risk = [s + k * day for k in range(1, (stop - s).days + 1)]
        for y in sorted({d.year for d in at_risk}):
            own = [d for d in at_risk if d.year == y]
            rows.append((i, y, (own[0] - s).days - 1, (own[-1] - s).days, own[-1] == end[i]))
    assert [
        tuple(r)
        for r in out.data[["case_id", "year", "start", "stop", "event"]].itertuples(index=False)
    ] == rows


@pytest.fixture(scope="module")
def r_cases():
    table = pd.read_csv(COX / "cases.csv", dtype={"id": str})
    return table.assign(begin=2000, since=2000 + table["entry"], over=2000 + table["time"])


def fit(frame, left, right, engine="cox", **told):
    return ps.fit(
        frame, ps.ModelSpec("m", f"{left} ~ {right}", engine, **{"vcov": "classical"} | told)
    )


@pytest.mark.parametrize("rows", ["year", "case"])
def test_left_truncated_cases_in_years_give_the_coefficients_of_r(r_cases, rows):
    plain = r_cases.drop(columns=["entry", "time"])
    frame = case_years(
        plain,
        start="begin",
        end="over",
        event="event",
        entry="since",
        until=2100,
        name="risk",
        rows=rows,
        key="id",
        into=("year", "t0", "t1", "died"),
    )
    found = fit(frame, "Surv(t0, t1, died)", "a + b + C(k)").terms.set_index("term")
    expected = pd.read_csv(COX / "expected.csv", keep_default_na=False)
    own = expected[
        (expected["model"] == "entry")
        & (expected["term"].eq(expected["other"]) | expected["other"].eq(""))
    ]
    assert own["quantity"].value_counts()[["estimate", "var"]].tolist() == [4, 4]
    ours = {"a": "a", "b": "b", "factor(k)y": "C(k)[y]", "factor(k)z": "C(k)[z]"}
    for quantity, term, value in zip(own["quantity"], own["term"], own["value"], strict=True):
        if quantity in ("estimate", "var"):
            row = found.loc[ours[term]]
            assert (
                row["estimate"] if quantity == "estimate" else row["std_error"] ** 2
            ) == pytest.approx(float(value), rel=R)


def test_cutting_cases_into_years_changes_no_coefficient(r_cases):
    plain = r_cases.drop(columns=["entry"])
    frame = case_years(
        plain,
        start="begin",
        end="over",
        event="event",
        until=2100,
        name="risk",
        key="id",
        into=("year", "t0", "t1", "died"),
    )
    assert len(frame) == plain["time"].sum()
    for engine, told in (("cox", {}), ("discrete_time", {"options": {"baseline": "log"}})):
        cut = fit(frame, "Surv(t0, t1, died)", "a + b + C(k)", engine, **told)
        one = fit(
            plain.assign(case_id=plain["id"]), "Surv(time, event)", "a + b + C(k)", engine, **told
        )
        np.testing.assert_allclose(cut.terms["estimate"], one.terms["estimate"], rtol=0, atol=SAME)
        np.testing.assert_allclose(
            cut.terms["std_error"], one.terms["std_error"], rtol=0, atol=SAME
        )


def test_a_covariate_that_changes_is_joined_on_unit_and_year_and_the_history_stays():
    cases = StudyFrame(
        pd.DataFrame(
            {"case_id": ["a", "b"], "state": [2, 20], "s": [2000, 2000], "e": [2002, 1999 + 2]}
        ),
        "agreement",
        "case_id",
    )
    first = ps.join(
        cases, pd.DataFrame({"state": [2], "region": ["x"]}), on="state", name="regions"
    )
    frame = case_years(first, start="s", end="e", until=2010, name="years at risk")
    gdp = pd.DataFrame({"state": [2, 2, 20], "year": [2001, 2002, 2001], "gdp": [1.0, 2.0, 3.0]})
    out = ps.join(frame, gdp, on=["state", "year"], name="gdp")
    assert out.data["gdp"].tolist() == [1, 2, 3] and out.data["event"].tolist() == [
        False,
        True,
        True,
    ]
    assert [e.kind for e in out.ledger.entries] == ["join", "spread", "join"]
    assert all(len(j.why) == 3 for j in frame.joined)


def test_uncertain_dates_are_refused_or_resolved_by_the_rule_of_the_author():
    cases = pd.DataFrame({"case_id": ["a"], "s": ["2000-02"], "e": ["2000-04-10/2000-04-12"]})
    told = {"start": "s", "end": "e", "until": "2001", "name": "risk", "clock": "days"}
    with pytest.raises(JoinError, match="uncertain on a clock of days") as err:
        case_years(cases, **told)
    assert [p.column for p in err.value.problems] == ["s", "e"]
    stop = {
        rule: case_years(cases, **told, uncertain=rule) for rule in ("earliest", "latest", "middle")
    }
    assert {rule: f.data["stop"].tolist() for rule, f in stop.items()} == {
        "earliest": [69],
        "latest": [43],
        "middle": [56],
    }
    (note,) = stop["middle"].notes
    assert "2 uncertain date(s) are taken at their middle day" in note.text
    assert case_years(cases, **told | {"clock": "years"}).excluded["reason"].tolist() == [
        "ends with its start or before a unit of time has passed"
    ]


def test_cases_never_at_risk_are_left_out_with_the_reason():
    cases = pd.DataFrame(
        {
            "case_id": list("abcde"),
            "s": [2000, None, 2005, 2000, 2000],
            "e": [2000, 2001, 2009, 2002, 2003],
            "since": [2000, None, 2005, 2002, 2002],
        }
    )
    out = case_years(cases, start="s", end="e", entry="since", until=2004, name="risk")
    assert out.data["case_year_id"].tolist() == ["e-2003"] and out.data["start"].tolist() == [2]
    reasons = dict(zip(out.excluded["case"], out.excluded["reason"], strict=True))
    assert list(reasons) == list("abcd")
    for case_id, word in {
        "a": "ends with",
        "b": "no start",
        "c": "time observed is over",
        "d": "before it comes under",
    }.items():
        assert word in reasons[case_id]
    assert "1 has no start" in out.ledger.entries[0].why


def test_each_case_may_have_its_own_last_year():
    cases = pd.DataFrame(
        {"case_id": ["a", "b"], "s": [2000, 2000], "e": [2003, None], "last": [2001, 2002]}
    )
    out = case_years(cases, start="s", end="e", until="last", name="risk")
    assert out.data["year"].tolist() == [2001, 2001, 2002] and not out.data["event"].any()
    with pytest.raises(JoinError, match="expected the last time observed"):
        case_years(cases.assign(last=[2001, None]), start="s", end="e", until="last", name="risk")
    with pytest.raises(JoinError, match="expected a day"):
        case_years(cases, start="s", end="e", until="the end", name="risk")


def test_all_bad_times_are_told_at_once():
    cases = pd.DataFrame(
        {
            "case_id": list("abcdef"),
            "state": [2, 2, 2, 20, 20, 20],
            "since": [None, None, None, 1999, None, None],
            "s": ["2000", "2002-05-01", "03/02/2001", "2000", "2005", "2006"],
            "e": ["2003", "2001", "2002", "2001.5", None, "2008"],
            "died": [1, 1, 1, 1, 0, 2],
        }
    )
    with pytest.raises(JoinError) as err:
        case_years(
            cases,
            start="s",
            end="e",
            entry="since",
            event="died",
            until=2010,
            unit_id="state",
            name="risk",
        )
    found = [(p.line, p.column, p.rule) for p in err.value.problems]
    for line, column, rule in (
        (3, "s", "day and month cannot be distinguished"),
        (4, "e", "expected a day"),
        (6, "died", "expected true or false"),
        (2, "e", "before 's'"),
        (4, "since", "the start of the clock"),
        (2, "s", "starts before case a of the same state is over"),
        (6, "s", "starts before case e of the same state is over"),
    ):
        assert any((line, column) == at[:2] and rule in at[2] for at in found), (line, column, rule)


@settings(max_examples=200)
@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.integers(0, 9), st.none() | st.integers(0, 5)),
        max_size=6,
    )
)
def test_overlaps_are_those_that_comparing_every_pair_finds(cases):
    table = pd.DataFrame(
        {
            "case_id": range(len(cases)),
            "who": pd.Series([c[0] for c in cases], dtype=object),
            "s": pd.Series([2000 + c[1] for c in cases], dtype="int64"),
            "e": pd.Series(
                [None if c[2] is None else 2000 + c[1] + c[2] for c in cases], dtype="Int64"
            ),
        }
    )
    spans = [(w, s, 99 if n is None else s + n) for w, s, n in cases]
    overlap = any(
        a[0] == b[0] and max(a[1], b[1]) < min(a[2], b[2])
        for i, a in enumerate(spans)
        for b in spans[:i]
    ) or any(a[0] == b[0] and a[1] < b[1] < a[2] for a in spans for b in spans)
    told = {"start": "s", "end": "e", "until": 2020, "name": "risk", "unit_id": "who"}
    if overlap:
        with pytest.raises(JoinError, match="of the same who is over"):
            case_years(table, **told)
    else:
        assert len(case_years(table, **told)) == sum(min(e, 20) - s for _, s, e in spans)


BAD = {
    "clock": ({"clock": "months"}, "must be one of years, days"),
    "rows": ({"rows": "day"}, "must be one of year, case"),
    "no such column": ({"end": "ends"}, "Did you mean 'e'|a column of the cases"),
    "the new columns stand": ({"into": ("year", "s", "stop", "event")}, "are in the cases"),
    "the event without an end": ({"event": "died"}, "the event was seen, and the case has no end"),
    "an event that is missing": ({"event": "unknown"}, "expected true or false"),
    "no last year": ({"until": None}, "argument:until: '': expected the last time observed"),
    "an uncertain rule": ({"uncertain": "first"}, "must be one of earliest"),
}


@pytest.mark.parametrize(("told", "match"), BAD.values(), ids=list(BAD))
def test_bad_input_is_refused_in_words(told, match):
    cases = pd.DataFrame(
        {
            "case_id": ["a"],
            "s": [2000],
            "e": [None],
            "died": [True],
            "unknown": pd.Series([None], dtype="boolean"),
        }
    )
    with pytest.raises(ps.PeacestudyError, match=match):
        case_years(cases, **{"start": "s", "end": "e", "until": 2005, "name": "risk"} | told)


def test_the_case_years_of_the_peace_agreements_are_found_again():
    folder = HOUSE / "datasets" / "peace_agreements"
    text = {"case_id": str, "attempt_id": str}
    cases, outcomes, published = (
        pd.read_csv(folder / f"{n}.csv", dtype=text) for n in ("cases", "outcomes", "case_years")
    )
    kept = cases[(cases["eligible"] == 1) & (cases["one_a_window"] == 1)][
        ["case_id", "conflict_id", "t0"]
    ]
    kept = kept.merge(
        outcomes[["case_id", "peace_years", "event"]], on="case_id", validate="one_to_one"
    )
    kept = kept.assign(over=kept["t0"] + kept["peace_years"]).rename(columns={"event": "fought"})
    frame = case_years(
        kept, start="t0", end="over", event="fought", until=2024, name="years at risk"
    )
    columns = ["case_id", "year", "start", "stop", "event"]
    found = (
        frame.data[columns]
        .astype({"event": int})
        .sort_values(["case_id", "year"], ignore_index=True)
    )
    wanted = published.drop(columns="case_id").rename(columns={"attempt_id": "case_id"})[columns]
    pd.testing.assert_frame_equal(
        found, wanted.astype({"event": int}).sort_values(["case_id", "year"], ignore_index=True)
    )
    assert len(found) > 500
