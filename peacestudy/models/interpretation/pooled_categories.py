"""Probabilities of the categories of an ordered outcome after imputation, which are to sum to one.

Source: White, Royston and Wood (2011), Statistics in Medicine 30(4),
section 7 (what is pooled is about normal).
"""

import numpy as np
from scipy.special import log_expit

from peacestudy.models.interpretation.interval_scales import log_sum


def sum_to_one(w: np.ndarray, categories: int) -> np.ndarray:
    """Logits of probabilities that sum to one, from the pooled
    logits of each, shape (n * categories,).

    The means of the logits of each category do not: of a row that was filled with values far apart
    they missed a tenth. Each probability is divided by the sum of all, and its interval on the
    scale of the logit moves with it.

    Parameters
    ----------
    w : pooled logits, the categories of one row after another.
    categories : how many there are.

    Examples
    --------
    >>> sum_to_one(np.array([0.0, 0.0, 0.0]), 3).round(4).tolist()
    [-0.6931, -0.6931, -0.6931]
    """
    logs = log_expit(np.asarray(w).reshape(-1, categories))
    logs = logs - log_sum(logs)[:, None]
    others = [log_sum(np.delete(logs, k, axis=1)) for k in range(categories)]
    out: np.ndarray = (logs - np.column_stack(others)).ravel()
    return out
