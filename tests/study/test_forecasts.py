"""Forecasts: frozen once, made of what was known, each file with its date and definition."""

import datetime
import hashlib
import shutil

import numpy as np
import pandas as pd
import pytest

import peacestudy as ps
from peacestudy.core.tables import read_table
from peacestudy.study.build import update_hashes
from peacestudy.study.forecasts import (
    CASES_SCHEMA,
    FIRST_SCHEMA,
    check_forecasts,
    declared_entry,
    freeze_forecasts,
    make_forecasts,
    model_hash,
    read_forecasts,
)

FIRST_HASH = "5469fe5c589c25959c4d580490bf5f2274b42a83c230143e6c3140a5bc272803"


@pytest.fixture(scope="module")
def study(our_study):
    return our_study("peace_agreements")


@pytest.fixture(scope="module")
def frozen(study):
    return read_forecasts(study)


def test_the_frozen_file_is_what_the_declared_models_say(study, frozen):
    """Of the files frozen under today's declaration; earlier ones keep their hash."""
    declared = frozen[frozen.declaration == study.config.declared.hash]
    for _, own in declared.groupby("file"):
        anew = make_forecasts(study, own.made_on.iloc[0].date())
        assert (anew.model_hash.to_numpy() == own.model_hash.to_numpy()).all()
        for name in ("probability", "conf_low", "conf_high", "base_rate"):
            np.testing.assert_allclose(anew[name].astype(float), own[name].astype(float), atol=1e-4)
    first = (study.folder / "forecasts.csv").read_bytes()
    assert hashlib.sha256(first).hexdigest() == FIRST_HASH


def test_every_file_has_attempts_whose_windows_are_open(study, frozen):
    for file, part in frozen.groupby("file"):
        assert (part.t0 >= 2020).all() and (part.window_to > 2024).all()
        assert part.groupby("model").case_id.nunique().eq(part.case_id.nunique()).all()
        if file != "forecasts.csv":
            assert set(part.case_id).isdisjoint(study.frame("primary").data.case_id)
        assert part.groupby("model").size().eq(14).all() or file != "forecasts.csv"
    assert ((frozen.conf_low < frozen.probability) & (frozen.probability < frozen.conf_high)).all()


def test_flic_probabilities_average_to_the_share_among_the_cases_learned_from(study):
    from peacestudy.models.interpretation.predictions import predict

    train = study.frame("primary")
    fit = ps.fit(train, study.spec("pillars"))
    p = predict(fit, train.data.set_index("case_id"), kind="flic")["estimate"]
    assert p.mean() == pytest.approx(train.data[study.outcome].mean(), abs=1e-9)


def test_fighting_seen_is_what_the_conflict_data_hold(study, frozen):
    outcomes = study.outcomes.set_index("case_id")
    one = frozen.drop_duplicates("case_id")
    assert (
        one.fighting_seen.to_numpy(dtype=bool)
        == outcomes.fighting_years[one.case_id].notna().to_numpy()
    ).all()


@pytest.fixture
def copy(study, tmp_path):
    folder = tmp_path / "peace_agreements"
    shutil.copytree(study.folder, folder)
    today = f"forecasts_{datetime.date.today()}.csv"
    if (folder / today).is_file():  # on the day on which a file was frozen
        pytest.skip("forecasts were frozen today")
    return folder


def test_frozen_means_frozen(copy):
    """New forecasts get a file of their own, once a day, and change none that stands."""
    before = {p.name: p.read_bytes() for p in copy.glob("forecasts*.csv")}
    assert "forecasts.csv" in before
    path = freeze_forecasts(str(copy))
    assert path.name == f"forecasts_{datetime.date.today()}.csv" and path.name not in before
    assert {name: (copy / name).read_bytes() for name in before} == before
    new = path.read_bytes()
    with pytest.raises(ps.SpecError, match="once"):
        freeze_forecasts(str(copy))
    assert path.read_bytes() == new


def test_a_new_file_of_forecasts_is_declared_with_its_hash_and_definition(copy):
    path = freeze_forecasts(str(copy))
    update_hashes(str(copy))
    found = ps.check(copy)
    assert found.file.tolist() == [path.name] and "definition" in found.rule[0]
    toml = copy / "study.toml"
    text = toml.read_text(encoding="utf-8")
    at = text.index("[cases]")
    entry = declared_entry(path).replace('definition = ""', 'definition = "As known."')
    toml.write_text(f"{text[:at]}{entry}\n{text[at:]}", encoding="utf-8")
    assert ps.check(copy).empty
    forecasts = read_forecasts(ps.load_study(copy))
    last = forecasts[forecasts.file == path.name]
    assert (last.definition == "As known.").all()
    changed = path.read_text(encoding="utf-8").replace(",0.", ",0.9", 1)
    path.write_text(changed, encoding="utf-8")
    update_hashes(str(copy))
    rules = ps.check(copy).rule
    assert rules.str.contains("the forecasts of .* have sha256").tolist() == [True]


def test_the_cases_of_the_first_file_are_written_down_when_others_are_frozen(study, copy):
    freeze_forecasts(str(copy))
    cases = study.cases.set_index("case_id")
    written = read_table(copy / "forecast_cases.csv", CASES_SCHEMA)
    first = read_table(copy / "forecasts.csv", FIRST_SCHEMA)
    assert set(written.case_id) == set(first.case_id)
    for row in written.itertuples():
        assert row.conflict_id == str(cases.conflict_id[row.case_id])
        assert row.first_date == cases.first_date[row.case_id]
    forecasts = read_forecasts(ps.load_study(study.folder))
    assert forecasts.base_rate.notna().all() or (forecasts.file == "forecasts.csv").any()


def test_what_was_known_when_the_forecasts_were_frozen(frozen):
    first = frozen[(frozen.file == "forecasts.csv") & (frozen.model == "pillars")]
    assert first.window_closed.sum() == 3 and first.outcome_known.sum() == 7
    table = check_forecasts(frozen)
    own = table[(table.file == "forecasts.csv") & (table.model == "pillars")]
    assert own.mismatched.sum() == 3
    assert (own[own.mismatched].window_from == 2026).all()
    assert own[own.mismatched].assumed.str.contains("stands in").all()


def test_forecasts_of_two_files_are_matched_by_conflict_and_first_agreement(frozen):
    old = frozen[frozen.file == frozen.file.iloc[0]].assign(
        conflict_id=lambda t: t.case_id.str.partition("-")[0],
        first_date=lambda t: pd.to_datetime(t.t0.astype(str) + "-03-01"),
    )
    gone = old.case_id.iloc[0]
    new = old[old.case_id != gone].assign(
        file="forecasts_2027-01-01.csv",
        case_id=lambda t: t.case_id + "x",
        probability=lambda t: t.probability / 2,
    )
    table = check_forecasts(pd.concat([old, new], ignore_index=True))
    own = table[table.file == old.file.iloc[0]]
    matched = own[own.case_id != gone]
    np.testing.assert_allclose(matched.latest_probability, matched.probability.astype(float) / 2)
    assert (matched.latest_file == "forecasts_2027-01-01.csv").all()
    assert own[own.case_id == gone].latest_probability.isna().all()


def test_the_hash_moves_with_cases_and_coefficients(study):
    frame = study.frame("primary")
    whole, less = (
        ps.fit(f, study.spec("breadth"))
        for f in (frame, frame.keep(frame.data.case_id != frame.data.case_id[0], "s", "w", []))
    )
    assert model_hash(whole) != model_hash(less) == model_hash(less)
