"""Selection: the probability that a row at risk is selected, and inverse-probability weights.

Source: Robins, Hernan and Brumback (2000), Epidemiology 11(5): stabilised inverse-probability
weights. They balance the attempts and all conflict-years at risk on the covariates of the model,
and on nothing else; ``balance`` reports the balance achieved.
"""

import numpy as np
import pandas as pd

from peacestudy.errors import FitError
from peacestudy.models import Fit
from peacestudy.models.interpretation.predictions import predict


def attempt_weights(at_risk: pd.DataFrame, selection: Fit, case: str) -> pd.DataFrame:
    """Stabilised weights of the selected cases.

    Parameters
    ----------
    at_risk : rows at risk of selection, with ``case_id``.
    selection : logit of the selection of a row.
    case : column with the case that a selected row stands for.

    Returns
    -------
    DataFrame
        ``case_id`` of the case, ``year_case_id`` of its row, ``probability`` fitted for the row,
        and ``weight``: the share of rows that are selected over that probability.

    Raises
    ------
    FitError
        The largest weight is more than a hundred times the smallest.
    """
    outcome = selection.spec.formula.split("~")[0].strip()
    began = at_risk[at_risk[outcome].astype(bool)]
    predicted = predict(selection, began.set_index("case_id"), kind="response")
    probability = predicted.set_index("case")["estimate"]
    table = pd.DataFrame(
        {
            "case_id": began[case].to_numpy(),
            "year_case_id": began["case_id"].to_numpy(),
            "probability": probability.reindex(began["case_id"]).to_numpy(dtype=float),
        }
    )
    table["weight"] = float(np.mean(selection.design.y)) / table["probability"]
    if table["weight"].max() > 100 * table["weight"].min():
        raise FitError(
            "the largest weight of a case is more than a hundred times the smallest. Drop"
            " covariates of the selection model that predict attempts almost perfectly."
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
    used = weights.set_index("case_id").loc[list(outcome.cases)]
    w = used["weight"].to_numpy(dtype=float)
    X, beta = outcome.design.X, outcome.terms["estimate"].to_numpy()
    mu = 1 / (1 + np.exp(-(X @ beta)))
    scores = X * (w * (outcome.design.y - mu))[:, None]
    bread = np.linalg.inv((X * (w * mu * (1 - mu))[:, None]).T @ X)
    Z, gamma = selection.design.X, selection.terms["estimate"].to_numpy()
    p = 1 / (1 + np.exp(-(Z @ gamma)))
    information = (Z * (p * (1 - p))[:, None]).T @ Z
    influence = (Z * (selection.design.y - p)[:, None]) @ np.linalg.inv(information)
    rows = pd.Series(range(len(Z)), index=list(selection.cases))
    at = rows.loc[used["year_case_id"]].to_numpy()
    D = -(scores.T * (1 - p[at])) @ Z[at]
    countries = cases.set_index("case_id")["country"].loc[list(outcome.cases)]
    year_countries = at_risk.set_index("case_id")["country"].loc[list(selection.cases)]
    by_attempt = pd.DataFrame(scores @ bread).assign(country=countries.to_numpy())
    by_year = pd.DataFrame(influence @ D.T @ bread).assign(country=year_countries.to_numpy())
    sums = pd.concat([by_attempt, by_year]).groupby("country").sum().to_numpy()
    out: np.ndarray = sums.T @ sums * len(sums) / (len(sums) - 1)
    return out


def balance(cases: pd.DataFrame, selection: Fit, weights: pd.DataFrame) -> pd.DataFrame:
    """Balance of the weighted attempts of a sample and the conflict-years at risk.

    Returns
    -------
    DataFrame
        ``term, at_risk, attempts, weighted``: mean of every term of the selection model in all
        conflict-years, in those where an attempt of the sample began, and in these weighted;
        ``difference``, weighted less at risk, in standard deviations.
    """
    in_sample = weights["case_id"].isin(cases["case_id"])
    used = weights[in_sample & weights["weight"].notna()]
    w = used["weight"].to_numpy(dtype=float)
    names = selection.design.names
    at_risk = pd.DataFrame(selection.design.X, columns=names, index=list(selection.cases))
    attempts = at_risk.loc[used["year_case_id"]]
    rows = []
    for term in names:
        if term == "Intercept":
            continue
        weighted = float(np.average(attempts[term], weights=w))
        mean, sd = at_risk[term].mean(), at_risk[term].std()
        rows.append((term, mean, attempts[term].mean(), weighted, (weighted - mean) / sd))
    return pd.DataFrame(rows, columns=["term", "at_risk", "attempts", "weighted", "difference"])


def effective_number(weights: np.ndarray) -> float:
    """The number of equally weighted cases that would give the same variance of a mean, by Kish
    (1965), Survey Sampling, 11.7.

    Examples
    --------
    >>> effective_number(np.array([1.0, 1.0, 4.0]))
    2.0
    """
    return float(weights.sum() ** 2 / (weights**2).sum())


__all__ = ["attempt_weights", "balance", "effective_number", "stacked_covariance"]
