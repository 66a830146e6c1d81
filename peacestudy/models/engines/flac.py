"""Firth's logit with added covariate: probabilities whose mean is the observed share, from slopes fitted anew.

Source: Puhr, Heinze, Nold, Lusa and Geroldinger (2017), Statistics in Medicine 36(14), 3.2 (FLAC): Firth's estimate is that of the rows and of
two pseudo-rows for each, one with either outcome, weighted by half its leverage. A covariate that tells rows from
pseudo-rows is added, all are fitted by maximum likelihood, and probabilities are those of rows.
"""

import numpy as np

from peacestudy.models.engines.firth import fit_firth
from peacestudy.models.engines.logit import fit_logit


def flac_coefficients(X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """FLAC's coefficients of a design (N, K) and outcome (N,), without that of the added covariate, shape (K,)."""
    N = len(y)
    half = fit_firth(X[None], y[None]).leverage[0] / 2
    rows = np.vstack([X, X, X])
    pseudo = np.repeat([0.0, 1.0], [N, 2 * N])
    outcome = np.concatenate([y, np.ones(N), np.zeros(N)])
    weights = np.concatenate([np.ones(N), half, half])
    est = fit_logit(np.column_stack([rows, pseudo])[None], outcome[None], weights[None])
    return np.asarray(est.beta[0, :-1])
