"""Who gets an agreement: the chance of an attempt in a
conflict-year, and weights that undo what it explains.

Source: Robins, Hernan and Brumback (2000), Epidemiology 11(5): stabilised inverse-probability
weights. They pull the attempts towards all conflict-years at risk in what the model observes, and
in nothing else; ``balance`` says how near they come.
"""

import numpy as np
import pandas as pd

from peacestudy.errors import FitError
from peacestudy.models import Fit
from peacestudy.models.interpretation.predict import predict
from peacestudy.study.asked import WEIGHT


def attempt_weights(at_risk: pd.DataFrame, selection: Fit) -> pd.DataFrame:
    """Stabilised weights of the attempts.

    Parameters
    ----------
    at_risk : conflict-years, with ``case_id`` and, where an attempt began, ``attempt_case_id``.
    selection : logit of an attempt in a conflict-year.

    Returns
    -------
    DataFrame
        ``case_id`` of the attempt, ``year_case_id``, ``probability`` fitted for its conflict-year,
        and ``weight``: the share of conflict-years with an attempt over that probability.

    Raises
    ------
    FitError
        An attempt would count more than a hundred times as much as another: the model cannot weigh.
    """
    began = at_risk[at_risk["attempt_case_id"].notna()]
    chance = predict(selection, began.set_index("case_id"), kind="response").set_index("case")[
        "estimate"
    ]
    table = pd.DataFrame(
        {
            "case_id": began["attempt_case_id"].to_numpy(),
            "year_case_id": began["case_id"].to_numpy(),
            "probability": chance.reindex(began["case_id"]).to_numpy(dtype=float),
        }
    )
    table["weight"] = float(np.mean(selection.design.y)) / table["probability"]
    if table["weight"].max() > 100 * table["weight"].min():
        raise FitError(
            "an attempt would weigh more than a hundred times another. Drop what predicts attempts"
            " too well."
        )
    return table.sort_values("case_id", ignore_index=True)


def stacked_covariance(
    outcome: Fit, selection: Fit, cases: pd.DataFrame, at_risk: pd.DataFrame, weights: pd.DataFrame
) -> np.ndarray:
    """Covariance of a weighted logit that takes the weights as estimated, clustered by country.

    The scores of both models are stacked (Newey and McFadden 1994, Handbook of Econometrics 4,
    6.2): with s the weighted scores, A their derivative, and z, p, g of the selection model, an
    attempt adds A^-1 s and a conflict-year A^-1 D g, where D = -sum s (1 - p) z' over the attempts
    and g is the conflict-year's influence on the selection model.

    Parameters
    ----------
    outcome, selection : the weighted logit, and the logit that the weights come from.
    cases, at_risk : rows of both, with ``case_id`` and ``country``.
    weights : as ``attempt_weights`` gives them.

    Returns
    -------
    Shape (K, K), factor G/(G-1) with G the countries of either model.
    """
    X, beta = outcome.design.X, outcome.terms["estimate"].to_numpy()
    own = weights.set_index("case_id").loc[list(outcome.cases)]
    w = own["weight"].to_numpy(dtype=float)
    mu = 1 / (1 + np.exp(-(X @ beta)))
    scores = X * (w * (outcome.design.y - mu))[:, None]
    bread = np.linalg.inv((X * (w * mu * (1 - mu))[:, None]).T @ X)
    Z, gamma = selection.design.X, selection.terms["estimate"].to_numpy()
    p = 1 / (1 + np.exp(-(Z @ gamma)))
    influence = (Z * (selection.design.y - p)[:, None]) @ np.linalg.inv(
        (Z * (p * (1 - p))[:, None]).T @ Z
    )
    at = pd.Series(range(len(Z)), index=list(selection.cases)).loc[own["year_case_id"]].to_numpy()
    D = -(scores.T * (1 - p[at])) @ Z[at]
    parts = pd.concat(
        [
            pd.DataFrame(scores @ bread).assign(
                country=cases.set_index("case_id")["country"].loc[list(outcome.cases)].to_numpy()
            ),
            pd.DataFrame(influence @ D.T @ bread).assign(
                country=at_risk.set_index("case_id")["country"]
                .loc[list(selection.cases)]
                .to_numpy()
            ),
        ]
    )
    sums = parts.groupby("country").sum().to_numpy()
    out: np.ndarray = sums.T @ sums * len(sums) / (len(sums) - 1)
    return out


def balance(cases: pd.DataFrame, selection: Fit, weights: pd.DataFrame) -> pd.DataFrame:
    """How near the weights bring the attempts of a sample to the conflict-years at risk.

    Returns
    -------
    DataFrame
        ``term, at_risk, attempts, weighted``: mean of every term of the selection model in all
        conflict-years, in those where an attempt of the sample began, and in these weighted;
        ``difference``, weighted less at risk, in standard deviations.
    """
    own = weights[weights["case_id"].isin(cases["case_id"]) & weights["weight"].notna()]
    X = pd.DataFrame(
        selection.design.X, columns=selection.design.names, index=list(selection.cases)
    )
    part = X.loc[own["year_case_id"]]
    w = own["weight"].to_numpy(dtype=float)
    rows = [
        (
            t,
            X[t].mean(),
            part[t].mean(),
            float(np.average(part[t], weights=w)),
            (float(np.average(part[t], weights=w)) - X[t].mean()) / X[t].std(),
        )
        for t in X.columns
        if t != "Intercept"
    ]
    return pd.DataFrame(rows, columns=["term", "at_risk", "attempts", "weighted", "difference"])


__all__ = ["WEIGHT", "attempt_weights", "balance", "stacked_covariance"]
