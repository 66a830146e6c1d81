"""Who gets an agreement: the chance of an attempt in a conflict-year, and weights that undo what it explains.

Source: Robins, Hernan and Brumback (2000), Epidemiology 11(5): stabilised inverse-probability weights. They make the
attempts resemble all conflict-years at risk in what the model observes, and in nothing else.
"""

import numpy as np
import pandas as pd

from peacestudy.errors import FitError
from peacestudy.models import Fit
from peacestudy.models.predict import predict

WEIGHT = "attempt_weight"  # column that a specification asks for under options.weights


def attempt_weights(at_risk: pd.DataFrame, selection: Fit) -> pd.DataFrame:
    """Stabilised weights of the attempts.

    Parameters
    ----------
    at_risk : conflict-years, with ``case_id`` and, where an attempt began, ``attempt_case_id``.
    selection : logit of an attempt in a conflict-year.

    Returns
    -------
    DataFrame
        ``case_id`` of the attempt, ``year_case_id``, ``probability`` fitted for its conflict-year, and ``weight``: the
        share of conflict-years with an attempt over that probability.

    Raises
    ------
    FitError
        An attempt would count more than a hundred times as much as another: the model cannot weigh.
    """
    began = at_risk[at_risk["attempt_case_id"].notna()]
    chance = predict(selection, began.set_index("case_id"), kind="response").set_index("case")["estimate"]
    table = pd.DataFrame({
        "case_id": began["attempt_case_id"].to_numpy(), "year_case_id": began["case_id"].to_numpy(),
        "probability": chance.reindex(began["case_id"]).to_numpy(dtype=float),
    })  # fmt: skip
    table["weight"] = float(np.mean(selection.design.y)) / table["probability"]
    if table["weight"].max() > 100 * table["weight"].min():
        raise FitError(
            "an attempt would weigh more than a hundred times another. Drop what predicts attempts too well."
        )
    return table.sort_values("case_id", ignore_index=True)
