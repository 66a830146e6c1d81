"""Scores of forecasts, by hand: matched by conflict and first agreement, by the frozen window."""

import math

import numpy as np
import pandas as pd
import pytest

import peacestudy as ps
from peacestudy.study.forecast_scores import score_forecasts

LAST_YEAR = 2027
# conflict: years with fighting in the later data; 4 has none
FIGHTING = {1: {2021, 2024}, 2: {2019}, "3": {2028}, 5: {2026}}


def forecasts():
    """Six cases, two models; windows of five years."""
    rows = []
    for i, (conflict, t0, known) in enumerate(
        [(1, 2020, True), (2, 2021, False), (3, 2022, False), (4, 2022, False), (5, 2025, False)]
    ):
        for model, p in (("full", 0.2 + 0.1 * i), ("controls", 0.3)):
            rows.append(
                {
                    "file": "forecasts.csv",
                    "case_id": f"{conflict}-{t0}",
                    "label": f"Case {i}",
                    "t0": t0,
                    "window_from": t0 + 1,
                    "window_to": t0 + 5,
                    "model": model,
                    "probability": p,
                    "conflict_id": str(conflict),
                    "first_date": pd.Timestamp(t0, 2, 1),
                    "outcome_known": known,
                    "base_rate": 0.25,
                }
            )
    return pd.DataFrame(rows)


def later(drop=(), moved=None):
    """The cases as later data have them, with other ids where the chain went on."""
    own = forecasts().drop_duplicates("case_id")
    cases = own[["case_id", "conflict_id", "first_date", "t0"]].copy()
    cases["conflict_id"] = cases["conflict_id"].astype(int)
    for case, t0 in (moved or {}).items():
        at = cases.case_id == case
        cases.loc[at, "t0"] = t0
        cases.loc[at, "case_id"] = f"{case.split('-')[0]}-{t0}"
    return cases[~cases.case_id.isin(drop)]


# windows closed by 2027: conflicts 1 (fought), 2, 3 and 4 (peace in 2023 to 2027)
CLOSED = {"1-2020": 0, "2-2021": 1, "3-2022": 1, "4-2022": 1}


def by_hand(table, values, cases):
    pairs = [(v, CLOSED[c]) for c, v in zip(table.case_id, values, strict=True) if c in cases]
    n = len(pairs)
    squares = sum((p - y) ** 2 for p, y in pairs) / n
    logs = -sum(math.log(p if y else 1 - p) for p, y in pairs) / n
    return squares, logs


def test_scores_by_hand_against_base_rate_and_controls():
    table = forecasts()
    found = score_forecasts(table, later(), FIGHTING, LAST_YEAR, controls="controls")
    scores = found.scores.set_index("model")
    for model in ("full", "controls"):
        own = table[table.model == model]
        controls = table[table.model == "controls"].probability
        row = scores.loc[model]
        assert (row.n, row.n_peace, row.open, row.unmatched, row.n_unknown) == (4, 3, 1, 0, 3)
        sources = {"": own.probability, "_base": own.base_rate, "_controls": controls}
        for name, values in sources.items():
            squares, logs = by_hand(own, values, CLOSED)
            assert row[f"brier{name}"] == pytest.approx(squares)
            assert row[f"log_score{name}"] == pytest.approx(logs)
            squares, logs = by_hand(own, values, set(CLOSED) - {"1-2020"})
            assert row[f"brier{name}_unknown"] == pytest.approx(squares)
            assert row[f"log_score{name}_unknown"] == pytest.approx(logs)
    (note,) = found.notes
    assert note.kind == "no_entry" and "(4-2022)" in note.text
    assert "Forecasts scored" in found._repr_html_()


def test_a_chain_that_goes_on_is_scored_by_the_frozen_window():
    """Conflict 2 has a further agreement of 2026: its own window would be open."""
    plain = score_forecasts(forecasts(), later(), FIGHTING, LAST_YEAR, controls="controls")
    moved = later(moved={"2-2021": 2026})
    found = score_forecasts(forecasts(), moved, FIGHTING, LAST_YEAR, controls="controls")
    pd.testing.assert_frame_equal(found.scores, plain.scores)
    row = found.cases[found.cases.case_id == "2-2021"].iloc[0]
    assert (row.status, row.later_case_id, row.later_t0, row.outcome) == (
        "scored",
        "2-2026",
        2026,
        1,
    )
    said = [n.text for n in found.notes if n.kind == "moved"]
    assert len(said) == 1 and "2-2021" in said[0] and "frozen window" in said[0]


def test_a_forecast_without_a_match_is_reported_and_the_others_are_scored():
    found = score_forecasts(forecasts(), later(drop=["3-2022"]), FIGHTING, LAST_YEAR)
    scores = found.scores.set_index("model").loc["full"]
    assert (scores.n, scores.open, scores.unmatched) == (3, 1, 1)
    own = forecasts()[forecasts().model == "full"]
    kept = set(CLOSED) - {"3-2022"}
    assert scores.brier == pytest.approx(by_hand(own, own.probability, kept)[0])
    assert np.isnan(scores.brier_controls)
    lost = found.cases[found.cases.status == "no match"]
    assert set(lost.case_id) == {"3-2022"} and lost.outcome.isna().all()
    assert "3-2022" in found.notes[0].text and found.notes[0].kind == "no_match"


def test_fighting_before_and_after_the_frozen_window_does_not_count():
    one = forecasts().query("case_id == '2-2021'")
    for years, outcome in ((set(), 1), ({2021, 2027}, 1), ({2022}, 0), ({2026}, 0)):
        found = score_forecasts(one, later(), {2: years}, LAST_YEAR)
        assert (found.cases.outcome == outcome).all()


def test_no_window_closed_gives_no_score():
    found = score_forecasts(forecasts(), later(), FIGHTING, 2024, controls="controls").scores
    assert (found.n == 0).all() and (found.open == 5).all()
    assert found.filter(regex="brier|log_score").isna().all().all()


def test_each_file_is_scored_by_itself():
    two = forecasts().assign(file="forecasts_2027-01-01.csv", probability=0.5)
    both = pd.concat([forecasts(), two], ignore_index=True)
    found = score_forecasts(both, later(), FIGHTING, LAST_YEAR, controls="controls").scores
    assert len(found) == 4
    assert found[found.file != "forecasts.csv"].brier.eq(0.25).all()
    assert found[found.file != "forecasts.csv"].brier_controls.eq(0.25).all()


def test_frozen_forecasts_of_a_study_can_be_scored(our_study):
    """The first file too, once the conflict and first agreement of its cases are written down."""
    from peacestudy.study.forecasts import forecast_cases, read_forecasts

    study = our_study("peace_agreements")
    table = read_forecasts(study)
    table = table[table.file == "forecasts.csv"].drop(columns=["conflict_id", "first_date"])
    known = forecast_cases(study)[["case_id", "conflict_id", "first_date"]]
    table = table.merge(known, on="case_id", validate="many_to_one")
    fighting = {conflict: {2025} for conflict in study.cases.conflict_id}
    scores = score_forecasts(table, study.cases, fighting, 2025, controls="controls").scores
    assert (scores.n == 3).all() and (scores.n_peace == 0).all() and (scores.open == 11).all()
    p = table[(table.model == "pillars") & (table.window_to == 2025)].probability.astype(float)
    assert scores.set_index("model").brier["pillars"] == pytest.approx((p**2).mean())


def test_what_cannot_be_scored_is_refused():
    with pytest.raises(ps.SpecError, match="no column first_date"):
        score_forecasts(forecasts(), later().drop(columns="first_date"), FIGHTING, LAST_YEAR)
    twice = pd.concat([later(), later().iloc[:1].assign(case_id="x")])
    with pytest.raises(ps.SpecError, match="two cases have conflict 1 and the first agreement"):
        score_forecasts(forecasts(), twice, FIGHTING, LAST_YEAR)
    with pytest.raises(ps.SpecError, match="controls"):
        score_forecasts(forecasts(), later(), FIGHTING, LAST_YEAR, controls="other")


def test_an_unknown_conflict_or_date_matches_no_case():
    """Two rows that both lack conflict and date are not one case."""
    lost = forecasts().assign(conflict_id=np.nan, first_date=pd.NaT)
    cases = later().assign(conflict_id=np.nan, first_date=pd.NaT)
    found = score_forecasts(lost, cases, FIGHTING, LAST_YEAR)
    assert (found.cases.status == "no match").all() and (found.scores.n == 0).all()
    assert score_forecasts(forecasts(), later().assign(t0=np.nan), FIGHTING, LAST_YEAR).notes


def test_conflicts_read_as_numbers_are_the_same_conflicts():
    """A column of ids with an empty cell is read as floats: 1.0 is conflict 1."""
    plain = score_forecasts(forecasts(), later(), FIGHTING, LAST_YEAR)
    cases = later().astype({"conflict_id": float})
    fighting = {float(conflict): years for conflict, years in FIGHTING.items()}
    found = score_forecasts(forecasts(), cases, fighting, LAST_YEAR)
    pd.testing.assert_frame_equal(found.scores, plain.scores)


@pytest.mark.parametrize(
    "table, cases, message",
    [
        (forecasts().drop(columns="base_rate"), later(), "forecasts has no column base_rate"),
        (forecasts(), later().drop(columns="t0"), "cases has no column t0"),
        (forecasts().iloc[:0], later(), "forecasts has no rows"),
        (forecasts(), later().assign(first_date="2020-13-45"), "first_date holds what is no date"),
        (forecasts(), pd.concat([later(), later()]), "two cases have conflict 1 and the first"),
    ],
)
def test_tables_that_cannot_be_matched_are_refused(table, cases, message):
    with pytest.raises(ps.SpecError, match=message):
        score_forecasts(table, cases, FIGHTING, LAST_YEAR)
