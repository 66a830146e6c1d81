"""Forecasts: frozen once, made of what was known, scored when the windows close."""

import shutil

import numpy as np
import pandas as pd
import pytest

import peacestudy as ps
from peacestudy.study.forecasts import (
    freeze_forecasts,
    make_forecasts,
    model_hash,
    read_forecasts,
    score_forecasts,
)

# absolute, by which an end of an interval moved when the error of FLIC's intercept was corrected
FROZEN_ENDS = 0.005


@pytest.fixture(scope="module")
def study(our_study):
    return our_study("peace_agreements")


@pytest.fixture(scope="module")
def frozen(study):
    return read_forecasts(study)


def test_the_frozen_file_is_what_the_declared_models_say(study, frozen):
    anew = make_forecasts(study, pd.Timestamp(frozen.made_on.iloc[0]).date())
    assert (anew.model_hash == frozen.model_hash).all()
    np.testing.assert_allclose(
        anew.probability.astype(float), frozen.probability.astype(float), atol=1e-4
    )
    # the frozen intervals have the error of Firth's own intercept; today's have that of the
    # observed share
    ends = ["conf_low", "conf_high"]
    np.testing.assert_allclose(
        anew[ends].astype(float), frozen[ends].astype(float), atol=FROZEN_ENDS
    )


def test_fourteen_attempts_whose_windows_are_open(study, frozen):
    assert (
        frozen.case_id.nunique() == 14
        and (frozen.t0 >= 2020).all()
        and (frozen.window_to > 2024).all()
    )
    assert set(frozen.case_id).isdisjoint(study.frame("primary").data.case_id)
    assert frozen.groupby("model").size().eq(14).all()
    assert ((frozen.conf_low < frozen.probability) & (frozen.probability < frozen.conf_high)).all()


def test_flic_probabilities_average_to_the_share_among_the_cases_learned_from(study):
    from peacestudy.models.interpretation.predictions import predict

    train = study.frame("primary")
    fit = ps.fit(train, study.spec("pillars"))
    p = predict(fit, train.data.set_index("case_id"), kind="flic")["estimate"]
    assert p.mean() == pytest.approx(0.29, abs=1e-9)


def test_fighting_seen_is_what_the_conflict_data_hold(study, frozen):
    outcomes = study.outcomes.set_index("case_id")
    one = frozen.drop_duplicates("case_id")
    assert (
        one.fighting_seen.to_numpy(dtype=bool)
        == outcomes.fighting_years[one.case_id].notna().to_numpy()
    ).all()


def test_frozen_means_frozen(study, tmp_path):
    folder = tmp_path / "peace_agreements"
    shutil.copytree(study.folder, folder)
    before = (folder / "forecasts.csv").read_bytes()
    with pytest.raises(ps.SpecError, match="once"):
        freeze_forecasts(str(folder))
    assert (folder / "forecasts.csv").read_bytes() == before


def test_scores_by_hand(frozen):
    ids = frozen.case_id.unique()
    peace = {c: i % 3 == 0 for i, c in enumerate(ids)}
    closed = {c: i < 9 for i, c in enumerate(ids)}
    outcomes = pd.DataFrame(
        {
            "case_id": ids,
            "window_complete": [closed[c] for c in ids],
            "lasting_peace": [peace[c] if closed[c] else None for c in ids],
        }
    )
    scores = score_forecasts(frozen, outcomes).set_index("model")
    for model, part in frozen.groupby("model"):
        own = [
            (r.probability, float(peace[r.case_id])) for r in part.itertuples() if closed[r.case_id]
        ]
        assert scores.brier[model] == pytest.approx(sum((p - y) ** 2 for p, y in own) / 9)
        assert scores.log_score[model] == pytest.approx(
            -sum(np.log(p if y else 1 - p) for p, y in own) / 9
        )
        assert (scores.n[model], scores.open[model]) == (9, 5)


def test_a_forecast_case_without_outcome_is_told(frozen):
    with pytest.raises(ps.SpecError, match="no row for"):
        score_forecasts(
            frozen,
            pd.DataFrame({"case_id": ["x"], "window_complete": [True], "lasting_peace": [True]}),
        )


def test_no_window_closed_gives_no_score(frozen):
    outcomes = pd.DataFrame(
        {"case_id": frozen.case_id.unique(), "window_complete": False, "lasting_peace": None}
    )
    assert score_forecasts(frozen, outcomes)["brier"].isna().all()


def test_the_hash_moves_with_cases_and_coefficients(study):
    frame = study.frame("primary")
    whole, less = (
        ps.fit(f, study.spec("breadth"))
        for f in (frame, frame.keep(frame.data.case_id != frame.data.case_id[0], "s", "w"))
    )
    assert model_hash(whole) != model_hash(less) == model_hash(less)
