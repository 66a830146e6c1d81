"""Logit by maximum likelihood, a batch of designs at once.

Source: McCullagh and Nelder (1989), Generalized Linear Models, 2nd ed., 4.4. Separation is found
before (see ``peacestudy.models.kernels.separation``): here the maximum is taken to exist.
"""

import numpy as np
from scipy.special import expit

from peacestudy.models.kernels.designs import (
    Designs,
    basis_of,
    design_of,
    designs,
    influence,
    information,
    original,
    orthonormal,
    part_of,
    predictor,
    restricted,
    roots,
    scores,
    squares,
    width,
)
from peacestudy.models.kernels.estimates import Estimates
from peacestudy.models.kernels.newton import Climb, Problem, newton_in_parts

# Newton's step goes up if it changes no linear predictor by more than c: the information changes by
# exp(c) at most, so that the gain is at least the decrement times 1 - (exp(c) - 1 - c) / c^2
# (Bach 2010, Electronic Journal of Statistics 4, Proposition 1)
SURE_STEP = 1.7


def loglik(eta: np.ndarray, y: np.ndarray, w: np.ndarray | float = 1.0) -> np.ndarray:
    """Log-likelihood of linear predictors, shape (B, N) to (B,),
    without overflow; rows weighted by ``w``.
    """
    # log(1 + exp(eta)), which np.logaddexp computes at half the speed
    softplus = np.abs(eta)
    np.negative(softplus, out=softplus)
    np.exp(softplus, out=softplus)
    np.log1p(softplus, out=softplus)
    softplus += np.maximum(eta, 0.0)
    each = y * eta
    each -= softplus
    each *= w
    out: np.ndarray = each.sum(axis=-1)
    return out


def mcfadden(eta: np.ndarray, y: np.ndarray, w: np.ndarray | float = 1.0) -> np.ndarray:
    """McFadden's pseudo R2, shape (B, N) to (B,): 1 - log-likelihood
    / log-likelihood of the intercept alone.
    """
    out: np.ndarray = 1 - loglik(eta, y, w) / intercept_loglik(y, w)
    return out


def intercept_loglik(y: np.ndarray, w: np.ndarray | float = 1.0) -> np.ndarray:
    """Log-likelihood of the intercept alone, outcomes (B, N), shape (B,)."""
    total = np.broadcast_to(w, y.shape).sum(axis=-1)
    p = (w * y).sum(axis=-1) / total
    out: np.ndarray = total * (p * np.log(p) + (1 - p) * np.log1p(-p))
    return out


def fit_logit(
    X: np.ndarray,
    y: np.ndarray,
    weights: np.ndarray | None = None,
    columns: np.ndarray | None = None,
    by_row: bool = True,
    farthest: float = np.inf,
) -> Estimates:
    """Maximum likelihood.

    Parameters
    ----------
    X : one design (N, K) for all models, or a stack (B, N, K), of full column rank, not
        separated.
    y : outcomes 0 or 1, shape (B, N), both present.
    weights : how often each row counts, shape (B, N), with a sum that is the number of rows; None
        weighs all rows alike. A row of weight 0 is left out. With weights that are no counts the
        value is that of the pseudo-likelihood, and ``classical`` takes weights for counts.
    columns : with one design, which of its columns each model has, shape (B, K); None gives all.
    by_row : whether the influence of rows is wanted.
    farthest : linear predictor beyond which a model counts as one that does not converge.
    """
    basis, T = orthonormal(X) if X.ndim == 3 else basis_of(X, columns)
    Z = designs(basis)
    w = np.ones(y.shape) if weights is None else weights
    climb = climb_logit(Z, y, w, columns, farthest)
    eta = predictor(Z, climb.beta)
    p = expit(eta)
    W = w * p * (1 - p)
    A, M = roots(Z, T, W, columns)
    each = np.empty((len(y), 0, X.shape[-1]))
    if by_row:
        each = influence(Z, w * (y - p), A @ M.transpose(0, 2, 1))
    return Estimates(
        beta=original(T, climb.beta),
        influence=each,
        leverage=W * squares(Z, A),
        classical=M @ M.transpose(0, 2, 1),
        loglik=climb.value,
        r2=1 - climb.value / intercept_loglik(y, w),
        scale=np.ones(len(y)),
        converged=climb.converged,
        iterations=climb.steps,
    )


def climb_logit(
    Z: Designs,
    y: np.ndarray,
    w: np.ndarray,
    columns: np.ndarray | None = None,
    farthest: float = np.inf,
) -> Climb:
    """Maximise the log-likelihood from zero; columns Z, the others as in ``fit_logit``."""

    def part(members: np.ndarray) -> Problem:
        some, outcome, weight = design_of(Z, members), y[members], w[members]
        has = part_of(columns, members)

        def direction(gamma: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            eta = predictor(some, gamma)
            p = expit(eta)
            score = scores(some, weight * (outcome - p))
            if has is not None:
                score = score * has
            bend = restricted(information(some, weight * p * (1 - p)), has)
            if farthest == np.inf:
                return np.linalg.solve(bend, score[:, :, None])[:, :, 0], score
            away = (np.abs(eta) * (weight > 0)).max(axis=1) > farthest
            bend[away] = np.eye(bend.shape[1])
            move = np.linalg.solve(bend, score[:, :, None])[:, :, 0]
            move[away] = np.nan
            return move, score

        def value(gamma: np.ndarray) -> np.ndarray:
            if not gamma.any():
                return np.asarray(-np.log(2) * weight.sum(axis=1))
            return loglik(predictor(some, gamma), outcome, weight)

        def sure(move: np.ndarray) -> np.ndarray:
            return np.asarray(np.abs(predictor(some, move)).max(axis=1) < SURE_STEP)

        return Problem(direction, value, sure)

    return newton_in_parts(np.zeros((len(y), width(Z))), part)
