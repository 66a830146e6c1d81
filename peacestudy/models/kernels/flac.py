"""Firth's logit with added covariate: probabilities whose mean is
the observed share, from slopes fitted anew.

Source: Puhr, Heinze, Nold, Lusa and Geroldinger (2017), Statistics in Medicine 36(14), 3.2 (FLAC):
Firth's estimate is that of the rows and of two pseudo-rows for each, one with either outcome,
weighted by half its leverage. A covariate that tells rows from pseudo-rows is added, all are fitted
by maximum likelihood, and probabilities are those of rows.
"""

from dataclasses import replace

import numpy as np
from scipy.special import expit

from peacestudy.models.kernels.designs import orthonormal, roots
from peacestudy.models.kernels.estimates import Estimates
from peacestudy.models.kernels.firth import fit_firth
from peacestudy.models.kernels.logit import fit_logit


def fit_flac(X: np.ndarray, y: np.ndarray) -> Estimates:
    """FLAC's estimates of a batch of designs, without the added covariate.

    ``classical`` is the inverse information of rows and pseudo-rows, as Firth's is of the augmented
    weights; ``influence`` is the score of each row with that of its pseudo-rows, x(y - p + h(1/2 -
    p of pseudo-rows)), times the inverse information of the rows, as Firth's is.

    Parameters
    ----------
    X : designs, shape (B, N, K).
    y : outcomes 0 or 1, shape (B, N).
    """
    B, N, K = X.shape
    firth = fit_firth(X, y, search=True)
    half = firth.leverage / 2
    pseudo = np.broadcast_to(np.repeat([0.0, 1.0], [N, 2 * N])[:, None], (B, 3 * N, 1))
    rows = np.concatenate([np.concatenate([X, X, X], axis=1), pseudo], axis=2)
    outcome = np.concatenate([y, np.ones((B, N)), np.zeros((B, N))], axis=1)
    est = fit_logit(rows, outcome, np.concatenate([np.ones((B, N)), half, half], axis=1))
    beta = est.beta[:, :K]
    eta = (X @ beta[:, :, None])[:, :, 0]
    p, other = expit(eta), expit(eta + est.beta[:, K:])
    Z, T = orthonormal(X)
    A, M = roots(Z, T, p * (1 - p))
    score = Z * (y - p + 2 * half * (0.5 - other))[:, :, None]
    influence = score @ A @ M.transpose(0, 2, 1)
    return replace(firth, beta=beta, influence=influence, classical=est.classical[:, :K, :K])
