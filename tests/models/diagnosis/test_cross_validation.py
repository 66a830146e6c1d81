"""Out-of-sample scores against fits of one fold at a time, permutations dealt by hand, and data
with and without a signal.
"""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

import peacestudy as ps
from peacestudy.models import out_of_sample, predict
from peacestudy.models.diagnosis import brier, log_score, roc_auc

ROUND = 1e-12  # relative; the same arithmetic
SAME = 1e-8  # relative; a fold's climb stops within 1e-8 standard errors
SCORES = {"auc": roc_auc, "brier": brier, "log_score": log_score}


def draw(N=60, groups=12, slope=1.5, seed=3):
    rng = np.random.default_rng(seed)
    d = pd.DataFrame(
        {
            "a": rng.normal(3, 2, N),
            "b": rng.normal(size=N),
            "k": rng.choice(list("xy"), N),
            "year": rng.integers(1990, 2010, N),
        }
    )
    d["g"] = [f"g{i % groups}" for i in range(N)]
    return d.assign(y=(rng.random(N) < expit(slope * (d.a - 3) / 2 - 0.5)) * 1).set_index(
        pd.Index([f"c{i}" for i in range(N)])
    )


def spec(name, right, engine="firth"):
    return ps.ModelSpec(name, f"y ~ {right}", engine, "hc0")


MODELS = [spec("one", "scale(a) + center(b)"), spec("two", "a*C(k)")]


def one_by_one(d, right, test):
    """FLIC probabilities of a fold by ``fit`` and ``predict``."""
    found = ps.fit(d[~test], spec("fold", right))
    return predict(found, d[test], "flic").set_index("case").estimate


def test_every_fold_is_a_fit_without_it():
    d = draw()
    found = out_of_sample(d, MODELS, groups="g", draws=3, seed=1)
    for model, right in (("one", "scale(a) + center(b)"), ("two", "a*C(k)")):
        want = pd.concat([one_by_one(d, right, (d.g == g).to_numpy()) for g in d.g.unique()])
        part = found.predictions[found.predictions.model == model].set_index("case")
        assert sorted(part.index) == sorted(d.index)
        np.testing.assert_allclose(part.probability, want[part.index], rtol=SAME)
        assert (part.outcome == d.y[part.index]).all()
        assert (part.split == "leave one g out").all()
        values = found.scores[found.scores.model == model].set_index("score").value
        for name, score in SCORES.items():
            assert values[name] == pytest.approx(
                score(d.y.to_numpy(), want[d.index].to_numpy()), rel=1e-7
            )


def test_the_permuted_scores_are_those_of_outcomes_dealt_by_hand():
    d, draws = draw(N=40, groups=5), 4
    found = out_of_sample(d, MODELS, groups="g", draws=draws, seed=11)
    deals = np.random.default_rng(11).permuted(np.tile(d.y.to_numpy(float), (draws, 1)), axis=1)
    for model, right in (("one", "scale(a) + center(b)"), ("two", "a*C(k)")):
        by_score = {name: [] for name in SCORES}
        for deal in deals:
            e = d.assign(y=deal)
            p = pd.concat([one_by_one(e, right, (e.g == g).to_numpy()) for g in e.g.unique()])[
                e.index
            ]
            for name, score in SCORES.items():
                by_score[name].append(score(deal, p.to_numpy()))
        t = found.scores[found.scores.model == model].set_index("score")
        for name, dealt in by_score.items():
            assert t.permuted_mean[name] == pytest.approx(np.mean(dealt), rel=1e-7)
            np.testing.assert_allclose(
                t.loc[name, ["permuted_low", "permuted_high"]].astype(float),
                np.percentile(dealt, [5, 95]),
                rtol=1e-7,
            )
            own = t.value[name]
            good = np.array(dealt) >= own if name == "auc" else np.array(dealt) <= own
            assert t.share_as_good[name] == good.mean()


def test_a_split_by_time_learns_from_the_past_alone():
    d = draw()
    found = out_of_sample(d, MODELS[:1], time=("year", 2000), draws=5, seed=1)
    later = (d.year > 2000).to_numpy()
    part = found.predictions.set_index("case")
    assert sorted(part.index) == sorted(d.index[later])
    want = one_by_one(d, "scale(a) + center(b)", later)
    np.testing.assert_allclose(part.probability, want[part.index], rtol=SAME)
    changed = d.assign(y=d.y.where(~later, 1 - d.y))
    other = out_of_sample(changed, MODELS[:1], time=("year", 2000), draws=5, seed=1).predictions
    np.testing.assert_allclose(other.probability, found.predictions.probability, rtol=ROUND)
    assert found.scores.split.unique().tolist() == ["year up to 2000, then after"]


def test_cases_whose_outcome_is_known_after_the_cut_are_not_learned_from():
    d = draw().assign(known=lambda t: t.year + 5)
    found = out_of_sample(
        d, MODELS, groups="g", time=("year", 2000), known_from="known", draws=4, seed=1
    )
    later, early = (d.year > 2000).to_numpy(), (d.year + 5 <= 2000).to_numpy()
    between = len(d) - later.sum() - early.sum()
    assert between > 0
    part = found.predictions[found.predictions.split == "year up to 2000, then after"]
    for model, right in (("one", "scale(a) + center(b)"), ("two", "a*C(k)")):
        trained = ps.fit(d[early], spec("fold", right))
        want = predict(trained, d[later], "flic").set_index("case").estimate
        own = part[part.model == model].set_index("case").probability
        assert sorted(own.index) == sorted(d.index[later])
        np.testing.assert_allclose(own, want[own.index], rtol=SAME)
    rows = found.scores.drop_duplicates("split").set_index("split")
    counts = ["n_train", "n_predicted", "n_not_known"]
    by_time = rows.loc["year up to 2000, then after", counts].tolist()
    assert by_time == [early.sum(), later.sum(), between]
    by_group = rows.loc["leave one g out", counts].tolist()
    assert by_group == [len(d) - d.g.value_counts().max(), len(d), 0]
    said = [str(n) for n in found.notes if n.kind == "not_known"]
    assert len(said) == 1 and f"{between} case(s) up to the cut" in said[0]


def test_an_outcome_that_changes_after_the_cut_changes_no_prediction():
    d = draw().assign(known=lambda t: t.year + 5)
    late = d.known > 2000
    changed = d.assign(y=d.y.where(~late, 1 - d.y))
    one, two = (
        out_of_sample(t, MODELS, time=("year", 2000), known_from="known", draws=2, seed=1)
        for t in (d, changed)
    )
    np.testing.assert_allclose(one.predictions.probability, two.predictions.probability, rtol=ROUND)


def test_dates_from_which_outcomes_are_known_are_compared_with_the_end_of_the_year():
    d = draw()
    days = pd.to_datetime((d.year + 5).astype(str) + "-12-31")
    years, dates = (
        out_of_sample(t, MODELS, time=("year", 2000), known_from="known", draws=2, seed=1)
        for t in (d.assign(known=d.year + 5), d.assign(known=days))
    )
    pd.testing.assert_frame_equal(years.scores, dates.scores)
    next_day = d.assign(known=days + pd.Timedelta(days=1))
    later = out_of_sample(
        next_day, MODELS, time=("year", 2000), known_from="known", draws=2, seed=1
    )
    assert later.scores.n_train[0] == (d.year + 6 <= 2000).sum() < years.scores.n_train[0]


def test_a_split_that_leaves_too_few_known_outcomes_says_so():
    d = draw().assign(known=2020)
    with pytest.raises(
        ps.FitError, match=r"0 training cases \(\d+ left out, because their outcome"
    ):
        out_of_sample(d, MODELS, time=("year", 2000), known_from="known", draws=2, seed=1)
    with pytest.raises(ps.SpecError, match="there is no split by time"):
        out_of_sample(d, MODELS, groups="g", known_from="known", draws=2, seed=1)


def test_scale_knows_nothing_of_the_case_left_out():
    d = draw()
    far = d.assign(a=d.a.where(d.index != "c0", 1e6))
    found = out_of_sample(
        far.assign(g=far.index), [spec("m", "scale(a)")], groups="g", draws=1, seed=1
    ).predictions.set_index("case")
    inside = ps.fit(far.drop(index="c0"), spec("m", "scale(a)"))
    assert found.probability["c0"] == pytest.approx(
        predict(inside, far.loc[["c0"]], "flic").estimate[0], rel=SAME
    )


def test_both_splits_and_all_models_stand_in_one_table():
    found = out_of_sample(draw(), MODELS, groups="g", time=("year", 2000), draws=5, seed=1)
    assert len(found.scores) == 2 * 2 * 3
    assert found.scores.columns.tolist() == [
        "model",
        "split",
        "n_train",
        "n_predicted",
        "n_not_known",
        "score",
        "value",
        "permuted_mean",
        "permuted_low",
        "permuted_high",
        "share_as_good",
    ]
    assert found.predictions.columns.tolist() == [
        "case",
        "model",
        "split",
        "probability",
        "outcome",
    ]
    assert "Out-of-sample scores" in found._repr_html_()
    assert "5 permuted outcomes (seed 1), not with one half" in " ".join(map(str, found.notes))


def test_the_seed_decides():
    one, same, other = (
        out_of_sample(draw(), MODELS[:1], groups="g", draws=20, seed=s).scores for s in (1, 1, 2)
    )
    pd.testing.assert_frame_equal(one, same, check_exact=True)
    assert (one.value == other.value).all()
    assert (one.permuted_mean != other.permuted_mean).all()


@pytest.mark.slow(reason="permutes two trials out of sample, 5 s")
def test_a_signal_is_found_and_noise_is_not():
    strong = out_of_sample(
        draw(N=100, groups=20, slope=3), MODELS[:1], groups="g", draws=100, seed=5
    ).scores.set_index("score")
    assert (strong.share_as_good == 0).all()
    assert strong.value["auc"] > strong.permuted_high["auc"]
    shares = [
        out_of_sample(
            draw(slope=0, groups=5, seed=s), MODELS[:1], groups="g", draws=39, seed=5
        ).scores.share_as_good
        for s in range(60)
    ]
    rejected = (np.array(shares) < 0.05).mean(axis=0)
    assert (rejected < 0.17).all()  # five in a hundred, with the error of sixty tries
    assert 0.35 < np.mean(shares) < 0.65


def test_pooled_auc_of_noise_is_below_one_half_and_so_is_that_of_permutations():
    found = out_of_sample(
        draw(slope=0), [spec("m", "1")], groups="g", draws=100, seed=5
    ).scores.set_index("score")
    assert found.permuted_mean["auc"] < 0.45


def test_a_fold_that_learns_from_one_outcome_predicts_its_share_and_is_counted():
    d = draw(N=30, groups=3).assign(y=lambda t: (t.g == "g0") * (t.b > 0) * 1)
    found = out_of_sample(d, [spec("m", "a")], groups="g", draws=10, seed=1)
    p = found.predictions.set_index("case").probability
    assert (p[d.index[d.g == "g0"]] == 0).all()
    said = next(str(n) for n in found.notes if n.kind == "constant_fold")
    assert "of 33 fits, those to permuted outcomes included, the outcome did not vary" in said
    assert found.scores.set_index("score").value["log_score"] == np.inf
    assert np.isfinite(found.scores.set_index("score").value["brier"])


def test_separation_in_a_fold_is_predicted():
    d = draw(N=40, groups=8).assign(y=lambda t: (t.a > 3) * 1)
    found = out_of_sample(d, MODELS, groups="g", draws=5, seed=1)
    assert found.predictions.probability.between(0, 1).all()
    assert "constant_fold" not in [n.kind for n in found.notes]
    assert found.scores.set_index(["model", "score"]).value["one", "auc"] > 0.95


def test_models_are_given_the_same_rows_and_the_others_are_named():
    d = draw().assign(
        b=lambda t: t.b.mask(t.index == "c4"),
        g=lambda t: t.g.mask(t.index == "c7"),
        a=lambda t: t.a.mask(t.index == "c9"),
    )
    found = out_of_sample(d, MODELS, groups="g", draws=2, seed=1)
    assert found.dropped.values.tolist() == [
        ["c4", "b", "b is missing"],
        ["c7", "g", "g is missing"],
        ["c9", "a", "a is missing"],
    ]
    assert "3 row(s) left out of every model" in " ".join(map(str, found.notes))
    for model in ("one", "two"):
        assert len(found.predictions[found.predictions.model == model]) == 57


def test_a_category_of_the_group_left_out_alone_is_not_predicted_and_counted():
    d = draw().assign(k=lambda t: t.k.where(t.g != "g3", "z"))
    found = out_of_sample(d, [spec("m", "a + C(k)")], groups="g", draws=3, seed=1)
    assert len(found.predictions) == 55
    said = next(str(n) for n in found.notes if n.kind == "not_predicted")
    assert "5 case(s) not predicted: C(k) is z, a category that the fit did not have" in said


def test_a_study_frame_names_its_cases():
    d = draw().rename_axis("case_id").reset_index()
    found = out_of_sample(
        ps.StudyFrame(d, "treaty", "case_id"), MODELS[:1], groups="g", draws=2, seed=1
    )
    assert set(found.predictions.case) == set(d.case_id)


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"groups": None}, ps.SpecError, "state what is left out"),
        ({"specs": []}, ps.SpecError, "no specs"),
        ({"draws": 0}, ps.SpecError, "draws is 0"),
        ({"groups": "gg"}, ps.SpecError, "'gg' is not in the data"),
        (
            {"specs": [spec("m", "a", "logit")]},
            ps.SpecError,
            "engine 'firth', whose estimates exist in every fold, not 'logit'",
        ),
        ({"specs": [spec("m", "a"), spec("m", "b")]}, ps.SpecError, "two specs have one name"),
        (
            {"specs": [spec("m", "a"), ps.ModelSpec("n", "b ~ a", "firth", "hc0")]},
            ps.SpecError,
            "different outcomes",
        ),
        ({"specs": [spec("m", "0 + a")]}, ps.SpecError, "has none"),
        (
            {"specs": [ps.ModelSpec("n", "b ~ a", "firth", "hc0")]},
            ps.FitError,
            "must be 0 or 1, and both must occur",
        ),
        (
            {"groups": None, "time": ("year", 2050)},
            ps.FitError,
            "60 training cases and 0 to predict",
        ),
        (
            {"groups": None, "time": ("year", 1900)},
            ps.FitError,
            "0 training cases and 60 to predict",
        ),
        (
            {
                "frame": draw().assign(only=lambda t: (t.g == "g1") * t.b),
                "specs": [spec("m", "a + only")],
            },
            ps.FitError,
            "without g1 the terms 'only' are exact combinations",
        ),
    ],
)
def test_what_cannot_be_answered_is_refused(change, error, said):
    with pytest.raises(error, match=said):
        out_of_sample(
            **(
                {"frame": draw(), "specs": MODELS[:1], "groups": "g", "draws": 2, "seed": 1}
                | change
            )
        )


def test_one_outcome_alone_to_predict_has_no_curve_and_that_is_said():
    d = draw().assign(y=lambda t: np.where(t.year > 2000, 0, t.y))
    found = out_of_sample(d, MODELS[:1], time=("year", 2000), draws=5, seed=1)
    t = found.scores.set_index("score")
    assert np.isnan(t.value["auc"])
    assert np.isfinite(t.value[["brier", "log_score"]]).all()
    assert "the same in all cases predicted, so there is no ROC curve" in " ".join(
        map(str, found.notes)
    )


def test_no_case_that_can_be_predicted_is_an_error():
    d = draw().assign(k=lambda t: t.k.where(t.year <= 2000, "z"))
    with pytest.raises(ps.FitError, match="no case can be predicted"):
        out_of_sample(d, [spec("m", "C(k)")], time=("year", 2000), draws=2, seed=1)


def test_there_is_no_default_seed():
    with pytest.raises(TypeError, match="seed"):
        out_of_sample(draw(), MODELS, groups="g")
