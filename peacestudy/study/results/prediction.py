"""What the models predict: chances along a pillar, breadth by constraints, trials on unseen cases, forecasts."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import expit

from peacestudy.errors import SpecError
from peacestudy.models import Fit
from peacestudy.models.flic import flic_shift
from peacestudy.models.inference import quantile
from peacestudy.models.out_of_sample import OutOfSample, out_of_sample
from peacestudy.study.forecasts import read_forecasts
from peacestudy.study.results.results import Results

GRID = 41  # points of a curve
ALONG = (("pillars", "norms"), ("breadth", "breadth"))  # model, score: the one that is a lead, and the whole
MODERATORS = (
    ("moderation", "executive_constraints"), ("moderation_legislative", "legislative_constraints"),
    ("moderation_judicial", "judicial_constraints"),
)  # fmt: skip


def chance(found: Results) -> pd.DataFrame:
    """Predicted chance of lasting peace along a score: ``model, score, value, probability, conf_low, conf_high, inside``.

    At each value every case of the sample is given that value, its other terms as they are, and the predictions are
    averaged (Hanmer and Kalkan 2013, American Journal of Political Science 57(1)); FLIC intercept; delta method.
    ``inside``: within the values that the data hold.
    """
    parts = []
    for model, score in ALONG:
        fit = found.fits[model]
        seen = found.data_of(model)[score].astype(float)
        for value in np.linspace(0, 1, GRID):
            parts.append(
                (model, score, value, *_average(fit, f"scale({score})", value), seen.min() <= value <= seen.max())
            )
    columns = ["model", "score", "value", "probability", "conf_low", "conf_high", "inside"]
    return pd.DataFrame(parts, columns=columns)


def _average(fit: Fit, term: str, value: float) -> tuple[float, float, float]:
    """Mean predicted probability with one term set for every case, with its 95 % interval on the logit's scale."""
    names = fit.terms["term"].tolist()
    mean, sd = fit.design.centres[term]
    X = fit.design.X.copy()
    X[:, names.index(term)] = (value - mean) / sd
    beta = fit.terms["estimate"].to_numpy(dtype=float)
    shift = flic_shift((fit.design.X @ beta)[None], np.array([fit.design.y.mean()]))[0]
    p = expit(X @ beta + shift)
    middle = float(p.mean())
    gradient = ((X + _shift_gradient(fit, shift)) * (p * (1 - p))[:, None]).mean(axis=0)
    error = float(np.sqrt(gradient @ fit.vcov.to_numpy() @ gradient)) / (middle * (1 - middle))
    eta, half = float(np.log(middle / (1 - middle))), quantile(0.975, np.inf) * error
    return middle, float(expit(eta - half)), float(expit(eta + half))


def _shift_gradient(fit: Fit, shift: float) -> np.ndarray:
    """How FLIC's intercept follows the slopes, so that the mean prediction stays the observed share."""
    q = expit(fit.design.X @ fit.terms["estimate"].to_numpy(dtype=float) + shift)
    W = q * (1 - q)
    out: np.ndarray = -(fit.design.X * W[:, None]).sum(axis=0) / W.sum()
    return out


def support(found: Results) -> pd.DataFrame:
    """Where the cases lie: ``case_id, label, lasting_peace``, the scores of ``chance`` and the moderators."""
    columns = ["case_id", "label", found.outcome, *(score for _, score in ALONG), *(m for _, m in MODERATORS)]
    return found.frame.data[columns].sort_values("case_id", ignore_index=True)


def moderation(found: Results) -> pd.DataFrame:
    """The effect of breadth at every value of a constraint that the cases have.

    Returns
    -------
    DataFrame
        ``model, moderator, value, n, n_peace, log_odds, std_error, conf_low, conf_high``: the log odds ratio of lasting peace
        for a standard deviation more of breadth (Brambor, Clark and Golder 2006, Political Analysis 14(1), eq. 7), and
        how many cases have the value, with how many at peace.
    """
    rows = []
    for model, moderator in MODERATORS:
        fit = found.fits[model]
        data = found.data_of(model)
        known = data[moderator].astype(float)
        grid: Sequence[float] = (
            sorted(known.unique()) if known.nunique() <= 10 else list(np.linspace(known.min(), known.max(), 21))
        )
        mean, sd = fit.design.centres[f"scale({moderator})"]
        for value in grid:
            weights = {"scale(breadth)": 1.0, f"scale(breadth):scale({moderator})": (value - mean) / sd}
            row = fit.contrast(weights).iloc[0]
            near = known == value if known.nunique() <= 10 else (known - value).abs() <= (grid[1] - grid[0]) / 2
            peace = data.loc[near, found.outcome].astype(float)
            rows.append((
                model, moderator, value, int(near.sum()), int(peace.sum()), row["estimate"], row["std_error"], row["conf_low"], row["conf_high"],
            ))  # fmt: skip
    columns = ["model", "moderator", "value", "n", "n_peace", "log_odds", "std_error", "conf_low", "conf_high"]
    return pd.DataFrame(rows, columns=columns)


def trial(found: Results) -> OutOfSample:
    """The trial out of sample that study.toml declares, see ``peacestudy.models.out_of_sample``; run once."""
    rule = found.study.config.out_of_sample
    if rule is None:
        raise SpecError(f"study.toml of {found.study.config.id} declares no [out_of_sample].")
    if "trial" not in found.kept:
        specs = [found.study.spec(name) for name in rule.specs]
        found.kept["trial"] = out_of_sample(
            found.sample(rule.sample), specs, groups=rule.groups, time=(rule.time, rule.cut), draws=rule.draws, seed=rule.seed
        )  # fmt: skip
    kept: OutOfSample = found.kept["trial"]
    return kept


def scores(found: Results) -> pd.DataFrame:
    """AUC, Brier and log score on unseen cases, beside the same on permuted outcomes; ``p_value`` counts the data as a deal."""
    draws = found.study.config.out_of_sample.draws  # type: ignore[union-attr]  # trial refuses a study without
    table = trial(found).scores
    return table.assign(p_value=(table["share_as_good"] * draws + 1) / (draws + 1))


def calibration(found: Results) -> pd.DataFrame:
    """Predictions on unseen cases: ``case, model, split, probability, outcome``."""
    return trial(found).predictions


def forecasts(found: Results) -> pd.DataFrame:
    """The frozen forecasts."""
    return read_forecasts(found.study)
