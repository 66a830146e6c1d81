"""Logit by maximum likelihood, a batch of designs at once.

Source: McCullagh and Nelder (1989), Generalized Linear Models, 2nd ed., 4.4. Separation is found before (see
``peacestudy.models.separation``): here the maximum is taken to exist.
"""

import numpy as np
from scipy.special import expit

from peacestudy.models.engines import Estimates
from peacestudy.models.newton import newton


def loglik(eta: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Log-likelihood of linear predictors, shape (B, N) to (B,), without overflow."""
    out: np.ndarray = (y * eta - np.logaddexp(0.0, eta)).sum(axis=-1)
    return out


def null_loglik(y: np.ndarray) -> np.ndarray:
    """Log-likelihood of the intercept alone, shape (B, N) to (B,)."""
    p = y.mean(axis=-1)
    out: np.ndarray = y.shape[-1] * (p * np.log(p) + (1 - p) * np.log1p(-p))
    return out


def sizes(X: np.ndarray) -> np.ndarray:
    """Root mean square of every column, shape (B, 1, K): GDP in dollars and a share are solved on one scale."""
    out: np.ndarray = np.sqrt((X**2).mean(axis=1, keepdims=True))
    return out


def predictor(Z: np.ndarray, beta: np.ndarray) -> np.ndarray:
    """Linear predictors, designs (B, N, K) times coefficients (B, K), shape (B, N)."""
    out: np.ndarray = (Z @ beta[:, :, None])[:, :, 0]
    return out


def information(Z: np.ndarray, W: np.ndarray) -> np.ndarray:
    """Fisher information Z'WZ, designs (B, N, K) and weights (B, N), shape (B, K, K)."""
    out: np.ndarray = Z.transpose(0, 2, 1) @ (Z * W[:, :, None])
    return out


def fit_logit(X: np.ndarray, y: np.ndarray) -> Estimates:
    """Maximum likelihood.

    Parameters
    ----------
    X : designs, shape (B, N, K), of full column rank, not separated.
    y : outcomes 0 or 1, shape (B, N), both present.
    """
    size = sizes(X)
    Z = X / size

    def direction(beta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        p = expit(predictor(Z, beta))
        score = (Z.transpose(0, 2, 1) @ (y - p)[:, :, None])[:, :, 0]
        return np.linalg.solve(information(Z, p * (1 - p)), score[:, :, None])[:, :, 0], score

    climb = newton(np.zeros(X.shape[::2]), direction, lambda beta: loglik(predictor(Z, beta), y))
    p = expit(predictor(Z, climb.beta))
    W = p * (1 - p)
    inverse = np.linalg.inv(information(Z, W))
    bread = inverse / size / size.transpose(0, 2, 1)
    return Estimates(
        beta=climb.beta / size[:, 0], bread=bread, scores=X * (y - p)[:, :, None], leverage=W * ((Z @ inverse) * Z).sum(axis=2),
        classical=bread, loglik=climb.value, null_loglik=null_loglik(y), scale=np.ones(len(X)), converged=climb.converged,
        iterations=climb.steps,
    )  # fmt: skip
