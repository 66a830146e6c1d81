"""Logit by maximum likelihood, a batch of designs at once.

Source: McCullagh and Nelder (1989), Generalized Linear Models, 2nd ed., 4.4. Separation is found
before (see ``peacestudy.models.engines.separation``): here the maximum is taken to exist.
"""

import numpy as np
from scipy.special import expit

from peacestudy.models.engines.designs import (
    design_of,
    information,
    original,
    orthonormal,
    predictor,
    roots,
    scores,
    squares,
)
from peacestudy.models.engines.newton import Climb, Direction, Value, newton_in_parts
from peacestudy.models.engines.registry import Estimates


def loglik(eta: np.ndarray, y: np.ndarray, w: np.ndarray | float = 1.0) -> np.ndarray:
    """Log-likelihood of linear predictors, shape (B, N) to (B,),
    without overflow; rows weighted by ``w``.
    """
    # log(1 + exp(eta)), which np.logaddexp computes at half the speed
    softplus = np.maximum(eta, 0.0) + np.log1p(np.exp(-np.abs(eta)))
    out: np.ndarray = (w * (y * eta - softplus)).sum(axis=-1)
    return out


def mcfadden(eta: np.ndarray, y: np.ndarray, w: np.ndarray | float = 1.0) -> np.ndarray:
    """McFadden's pseudo R2, shape (B, N) to (B,): 1 - log-likelihood
    / log-likelihood of the intercept alone.
    """
    total = np.broadcast_to(w, y.shape).sum(axis=-1)
    p = (w * y).sum(axis=-1) / total
    null = total * (p * np.log(p) + (1 - p) * np.log1p(-p))
    out: np.ndarray = 1 - loglik(eta, y, w) / null
    return out


def fit_logit(X: np.ndarray, y: np.ndarray, weights: np.ndarray | None = None) -> Estimates:
    """Maximum likelihood.

    Parameters
    ----------
    X : one design (N, K) for all outcomes, or a stack (B, N, K), of full column rank, not
        separated.
    y : outcomes 0 or 1, shape (B, N), both present.
    weights : how often each row counts, shape (B, N), with a sum that is the number of rows; None
        weighs all rows alike. A row of weight 0 is left out. With weights that are no counts the
        value is that of the pseudo-likelihood, and ``classical`` takes weights for counts.
    """
    Z, T = orthonormal(X)
    w = np.ones(y.shape) if weights is None else weights
    climb = climb_logit(Z, y, w)
    eta = predictor(Z, climb.beta)
    p = expit(eta)
    W = w * p * (1 - p)
    A, M = roots(Z, T, W)
    step = A @ M.transpose(0, 2, 1)
    return Estimates(
        beta=original(T, climb.beta),
        influence=(Z * (w * (y - p))[:, :, None]) @ step,
        leverage=W * squares(Z, A),
        classical=M @ M.transpose(0, 2, 1),
        loglik=climb.value,
        r2=mcfadden(eta, y, w),
        scale=np.ones(len(y)),
        converged=climb.converged,
        iterations=climb.steps,
    )


def climb_logit(Z: np.ndarray, y: np.ndarray, w: np.ndarray) -> Climb:
    """Maximise the log-likelihood from zero, orthonormal designs Z as in ``fit_logit``."""
    K = Z.shape[-1]

    def part(members: np.ndarray) -> tuple[Direction, Value]:
        some, outcome, weight = design_of(Z, members), y[members], w[members]

        def direction(gamma: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            p = expit(predictor(some, gamma))
            score = scores(some, weight * (outcome - p))
            bend = information(some, weight * p * (1 - p))
            return np.linalg.solve(bend, score[:, :, None])[:, :, 0], score

        def value(gamma: np.ndarray) -> np.ndarray:
            return loglik(predictor(some, gamma), outcome, weight)

        return direction, value

    return newton_in_parts(np.zeros((len(y), K)), part)
