"""What the models predict: chances along a pillar, breadth by
constraints, trials on unseen cases, forecasts.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from peacestudy.errors import SpecError
from peacestudy.models import conditional_effects, effects
from peacestudy.models.diagnosis.out_of_sample import OutOfSample, out_of_sample
from peacestudy.study.forecasts import read_forecasts
from peacestudy.study.results.results import Results

GRID = 41  # points of a curve
# model, score: the one that is a lead, and the whole
ALONG = (("pillars", "norms"), ("breadth", "breadth"))
MODERATORS = (
    ("moderation", "executive_constraints"),
    ("moderation_legislative", "legislative_constraints"),
    ("moderation_judicial", "judicial_constraints"),
)


def chance(found: Results) -> pd.DataFrame:
    """Predicted chance of lasting peace along a score: ``model, score, value, probability,
    conf_low, conf_high, inside``.

    At each value every case of the sample is given that value, its other terms as they are, and the
    predictions are averaged (Hanmer and Kalkan 2013, American Journal of Political Science 57(1));
    FLIC intercept; delta method. ``inside``: within the values that the data hold.
    """
    parts = []
    grid = np.linspace(0, 1, GRID)
    for model, score in ALONG:
        fit, data = found.fits[model], found.data_of(model).set_index(found.frame.key)
        seen = data[score].astype(float)
        table = effects(fit, data, "predictions", at={score: grid}, scale="flic").rename(
            columns={"estimate": "probability"}
        )
        inside = (seen.min() <= grid) & (grid <= seen.max())
        parts.append(table.assign(model=model, score=score, value=grid, inside=inside))
    columns = ["model", "score", "value", "probability", "conf_low", "conf_high", "inside"]
    return pd.concat(parts, ignore_index=True)[columns]


def support(found: Results) -> pd.DataFrame:
    """Where the cases lie: ``case_id, label, lasting_peace``, the
    scores of ``chance`` and the moderators.
    """
    columns = [
        "case_id",
        "label",
        found.outcome,
        *(score for _, score in ALONG),
        *(m for _, m in MODERATORS),
    ]
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
        fit, data = found.fits[model], found.data_of(model).set_index(found.frame.key)
        known = data[moderator].astype(float)
        few = known.nunique() <= 10
        grid: Sequence[float] = (
            sorted(known.unique()) if few else list(np.linspace(known.min(), known.max(), 21))
        )
        near = 0.0 if few else (grid[1] - grid[0]) / 2
        sd = fit.design.centres["scale(breadth)"][1]
        table = conditional_effects(
            fit, data, "breadth", sd, moderator, grid, near=near, fewest=1, scale="link"
        )
        parts.append(
            table.rename(
                columns={"n": "n_all", "n_near": "n", "n_events": "n_peace", "estimate": "log_odds"}
            ).assign(model=model)
        )
    columns = [
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
    return pd.concat(parts, ignore_index=True)[columns].astype({"n": int, "n_peace": int})


def trial(found: Results) -> OutOfSample:
    """The trial out of sample that study.toml declares, see
    ``peacestudy.models.diagnosis.out_of_sample``; run once.
    """
    rule = found.study.config.out_of_sample
    if rule is None:
        raise SpecError(f"study.toml of {found.study.config.id} declares no [out_of_sample].")
    if "trial" not in found.kept:
        specs = [found.study.spec(name) for name in rule.specs]
        found.kept["trial"] = out_of_sample(
            found.sample(rule.sample),
            specs,
            groups=rule.groups,
            time=(rule.time, rule.cut),
            draws=rule.draws,
            seed=rule.seed,
        )
    kept: OutOfSample = found.kept["trial"]
    return kept


def scores(found: Results) -> pd.DataFrame:
    """AUC, Brier and log score on unseen cases, beside the same on permuted outcomes; ``p_value``
    counts the data as a deal.
    """
    draws = found.study.config.out_of_sample.draws  # type: ignore[union-attr]  # trial refuses a study without
    table = trial(found).scores
    return table.assign(p_value=(table["share_as_good"] * draws + 1) / (draws + 1))


def calibration(found: Results) -> pd.DataFrame:
    """Predictions on unseen cases: ``case, model, split, probability, outcome``."""
    return trial(found).predictions


def forecasts(found: Results) -> pd.DataFrame:
    """The frozen forecasts."""
    return read_forecasts(found.study)
