"""Firth's logit with intercept correction: slopes kept, the intercept such that the mean probability is the observed share.

Source: Puhr, Heinze, Nold, Lusa and Geroldinger (2017), Statistics in Medicine 36(14), 3.1 (FLIC): the intercept maximises the
likelihood without penalty, with the rest of the linear predictor as offset.
"""

import numpy as np
from scipy.special import expit, logit

MOST_STEPS = 200
TIGHT = 1e-13  # on the mean probability


def flic_shift(eta: np.ndarray, share: np.ndarray) -> np.ndarray:
    """What is to be added to linear predictors (B, N) so that the mean probability is ``share`` (B,), shape (B,).

    The score of the intercept's likelihood is N times the difference of the two, so this is its maximum. A share of 0 or 1 has
    the shift that is infinite.
    """
    target = np.asarray(logit(share))
    low, high = target - eta.max(axis=1), target - eta.min(axis=1)  # all probabilities below, and above, the share
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
