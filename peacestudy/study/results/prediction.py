"""Predictions: probabilities along a score, effects by moderator, out-of-sample tests,
forecasts.
"""

import numpy as np
import pandas as pd

from peacestudy.errors import SpecError
from peacestudy.models import conditional_effects, effects
from peacestudy.models.diagnosis.cross_validation import OutOfSample, out_of_sample
from peacestudy.study.forecasts import check_forecasts, read_forecasts
from peacestudy.study.results.results import Results

GRID = 41  # points of a curve
# model and score of each curve
CURVES = (("pillars", "norms"), ("breadth", "breadth"))
MODERATORS = (
    ("moderation", "executive_constraints"),
    ("moderation_legislative", "legislative_constraints"),
    ("moderation_judicial", "judicial_constraints"),
)
MODERATION = [
    "model",
    "moderator",
    "value",
    "n",
    "n_peace",
    "log_odds",
    "std_error",
    "conf_low",
    "conf_high",
]
RENAMED = {"n": "n_all", "n_near": "n", "n_events": "n_peace", "estimate": "log_odds"}


def predicted_probabilities(found: Results) -> pd.DataFrame:
    """Predicted probability of lasting peace along a score.

    At each value every case of the sample is given that value, with its other terms as observed,
    and the predictions are averaged (Hanmer and Kalkan 2013, American Journal of Political Science
    57(1)); FLIC intercept; delta method.

    Returns
    -------
    DataFrame
        ``model, score, value, probability, conf_low, conf_high, inside``; ``inside``: within the
        range of the data.
    """
    parts = []
    grid = np.linspace(0, 1, GRID)
    for model, score in CURVES:
        data = found.data_of(model).set_index(found.frame.key)
        observed = data[score].astype(float)
        table = effects(found.fits[model], data, "predictions", at={score: grid}, scale="flic")
        table = table.rename(columns={"estimate": "probability"})
        inside = (observed.min() <= grid) & (grid <= observed.max())
        parts.append(table.assign(model=model, score=score, value=grid, inside=inside))
    columns = ["model", "score", "value", "probability", "conf_low", "conf_high", "inside"]
    return pd.concat(parts, ignore_index=True)[columns]


def support(found: Results) -> pd.DataFrame:
    """The scores of the curves and the moderators of every case, with
    ``case_id, label, lasting_peace``.
    """
    scores = [score for _, score in CURVES]
    moderators = [moderator for _, moderator in MODERATORS]
    columns = ["case_id", "label", found.outcome, *scores, *moderators]
    return found.frame.data[columns].sort_values("case_id", ignore_index=True)


def moderation(found: Results) -> pd.DataFrame:
    """The effect of breadth at every value of a constraint that the cases have.

    Returns
    -------
    DataFrame
        ``model, moderator, value, n, n_peace, log_odds, std_error, conf_low, conf_high``: the log
        odds ratio of lasting peace for a standard deviation more of breadth (Brambor, Clark and
        Golder 2006, Political Analysis 14(1), eq. 7), and how many cases have the value, with how
        many at peace.
    """
    parts = []
    for model, moderator in MODERATORS:
        made = found.fits[model]
        data = found.data_of(model).set_index(found.frame.key)
        values = data[moderator].astype(float)
        discrete = values.nunique() <= 10
        if discrete:
            grid, near = sorted(values.unique()), 0.0
        else:
            grid = list(np.linspace(values.min(), values.max(), 21))
            near = (grid[1] - grid[0]) / 2
        sd = made.design.centres["scale(breadth)"][1]
        table = conditional_effects(
            made, data, "breadth", sd, moderator, grid, near=near, min_cases=1, scale="link"
        )
        parts.append(table.rename(columns=RENAMED).assign(model=model))
    return pd.concat(parts, ignore_index=True)[MODERATION].astype({"n": int, "n_peace": int})


def out_of_sample_test(found: Results) -> OutOfSample:
    """The declared out-of-sample test, computed once.

    See ``peacestudy.models.diagnosis.cross_validation``.
    """
    rule = found.study.config.out_of_sample
    if rule is None:
        raise SpecError(f"study.toml of {found.study.config.id} declares no [out_of_sample].")
    if "out_of_sample_test" not in found.cache:
        specs = [found.study.spec(name) for name in rule.specs]
        found.cache["out_of_sample_test"] = out_of_sample(
            found.sample(rule.sample),
            specs,
            groups=rule.groups,
            time=(rule.time, rule.cut),
            known_from=rule.known_from or None,
            draws=rule.draws,
            seed=rule.seed,
        )
    out: OutOfSample = found.cache["out_of_sample_test"]
    return out


def scores(found: Results) -> pd.DataFrame:
    """AUC, Brier and log score out of sample, the cases trained on and predicted, and the scores
    on permuted outcomes; ``p_value`` counts the observed outcome as one of the permutations.
    """
    table = out_of_sample_test(found).scores
    rule = found.study.config.out_of_sample
    assert rule is not None  # out_of_sample_test refuses a study without one
    as_good = table["share_as_good"] * rule.draws
    return table.assign(p_value=(as_good + 1) / (rule.draws + 1))


def calibration(found: Results) -> pd.DataFrame:
    """Out-of-sample predictions: ``case, model, split, probability, outcome``."""
    return out_of_sample_test(found).predictions


def forecasts(found: Results) -> pd.DataFrame:
    """Every frozen forecast, the earliest file first."""
    return read_forecasts(found.study)


def forecast_check(found: Results) -> pd.DataFrame:
    """What was known when the forecasts were frozen, see ``check_forecasts``."""
    return check_forecasts(read_forecasts(found.study))
