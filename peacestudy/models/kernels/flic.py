"""Firth's logit with intercept correction: slopes kept, the intercept such that the mean
probability is the observed share.

Source: Puhr, Heinze, Nold, Lusa and Geroldinger (2017), Statistics in Medicine 36(14), 3.1 (FLIC):
the intercept maximises the likelihood without penalty, with the rest of the linear predictor as
offset. Its error follows from the stacked equations sum x(y - p + h(1/2 - p)) = 0 and sum(y - p of
FLIC) = 0 (Stefanski and Boos 2002, The American Statistician 56(1)).
"""

from dataclasses import replace

import numpy as np
from scipy.special import expit, logit

from peacestudy.models.kernels.estimates import Estimates
from peacestudy.models.kernels.firth import fit_firth

MOST_STEPS = 200
TIGHT = 1e-13  # on the mean probability


def fit_flic(X: np.ndarray, y: np.ndarray, intercept: int | np.ndarray) -> Estimates:
    """Firth's estimates with FLIC's intercept, a batch of designs at once.

    The base rate is estimated, and counts as such: with m the means of the columns weighted by W =
    p(1 - p), the error of the intercept is sum(y - p) / sum(W) less m times the error of the
    slopes. The two parts are uncorrelated where the model holds, so that ``classical`` adds 1 /
    sum(W) to the variance that the slopes bring.

    Parameters
    ----------
    X : designs, shape (B, N, K).
    y : outcomes 0 or 1, shape (B, N).
    intercept : the column of ones; or weights (K,) of the columns whose sum is one in every row.
    """
    est = fit_firth(X, y)
    eta = (X @ est.beta[:, :, None])[:, :, 0]
    constant = np.eye(X.shape[2])[intercept] if isinstance(intercept, int) else intercept
    shift = flic_shift(eta, y.mean(axis=1))
    beta = est.beta + shift[:, None] * constant
    p = expit(eta + shift[:, None])
    W = p * (1 - p)
    total = W.sum(axis=1)
    means = (W[:, None] @ X)[:, 0] / total[:, None]
    # Firth's intercept does not enter
    moves = np.eye(X.shape[2]) - constant[:, None] * means[:, None, :]
    influence = est.influence @ moves.transpose(0, 2, 1)
    influence = influence + ((y - p) / total[:, None])[:, :, None] * constant
    classical = moves @ est.classical @ moves.transpose(0, 2, 1)
    classical = classical + np.outer(constant, constant) / total[:, None, None]
    return replace(est, beta=beta, influence=influence, classical=classical)


def flic_shift(eta: np.ndarray, share: np.ndarray) -> np.ndarray:
    """What is to be added to linear predictors (B, N) so that the mean
    probability is ``share`` (B,), shape (B,).

    The score of the intercept's likelihood is N times the difference of the two, so this is its
    maximum. A share of 0 or 1 has the shift that is infinite.
    """
    target = np.asarray(logit(share))
    # all probabilities below, and above, the share
    low, high = target - eta.max(axis=1), target - eta.min(axis=1)
    ready = ~np.isfinite(target)
    shift = np.where(ready, target, (low + high) / 2)
    low, high = np.where(ready, 0.0, low), np.where(ready, 0.0, high)
    for _ in range(MOST_STEPS):
        p = expit(eta + np.where(ready, 0.0, shift)[:, None])
        excess = p.mean(axis=1) - share
        ready |= np.abs(excess) < TIGHT
        if ready.all():
            break
        low, high = np.where(excess < 0, shift, low), np.where(excess > 0, shift, high)
        slope = (p * (1 - p)).mean(axis=1)
        step = shift - excess / np.where(slope > 0, slope, 1.0)
        inside = (step > low) & (step < high) & (slope > 0)
        shift = np.where(ready, shift, np.where(inside, step, (low + high) / 2))
    return np.asarray(shift)
