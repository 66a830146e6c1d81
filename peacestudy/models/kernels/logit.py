"""Logit by maximum likelihood, a batch of designs at once.

Source: McCullagh and Nelder (1989), Generalized Linear Models, 2nd ed., 4.4. Separation is found
before (see ``peacestudy.models.kernels.separation``): here the maximum is taken to exist.
"""

import numpy as np
from scipy.special import expit

from peacestudy.models.kernels.estimates import Estimates
from peacestudy.models.kernels.newton import newton


def loglik(eta: np.ndarray, y: np.ndarray, w: np.ndarray | float = 1.0) -> np.ndarray:
    """Log-likelihood of linear predictors, shape (B, N) to (B,),
    without overflow; rows weighted by ``w``.
    """
    out: np.ndarray = (w * (y * eta - np.logaddexp(0.0, eta))).sum(axis=-1)
    return out


def mcfadden(eta: np.ndarray, y: np.ndarray, w: np.ndarray | float = 1.0) -> np.ndarray:
    """McFadden's pseudo R2, shape (B, N) to (B,): 1 - log-likelihood
    / log-likelihood of the intercept alone.
    """
    p = (w * y).mean(axis=-1)  # weights have mean 1
    null = y.shape[-1] * (p * np.log(p) + (1 - p) * np.log1p(-p))
    out: np.ndarray = 1 - loglik(eta, y, w) / null
    return out


def orthonormal(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Z with orthogonal columns of mean square 1 and T, upper triangular,
    such that X = Z T, for designs (B, N, K).

    GDP in dollars, a share and a calendar year are solved on one scale,
    and no digit is lost to their correlation.
    """
    size = np.sqrt(X.shape[1])
    Q, R = np.linalg.qr(X)
    return Q * size, R / size


def predictor(Z: np.ndarray, beta: np.ndarray) -> np.ndarray:
    """Linear predictors, designs (B, N, K) times coefficients (B, K), shape (B, N)."""
    out: np.ndarray = (Z @ beta[:, :, None])[:, :, 0]
    return out


def information(Z: np.ndarray, W: np.ndarray) -> np.ndarray:
    """Fisher information Z'WZ, designs (B, N, K) and weights (B, N), shape (B, K, K)."""
    out: np.ndarray = Z.transpose(0, 2, 1) @ (Z * W[:, :, None])
    return out


def roots(Z: np.ndarray, T: np.ndarray, W: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A and M, each (B, K, K), such that AA' is the inverse of Z'WZ and MM' that of X'WX, X = ZT.

    Nothing is squared on the way: a robust variance keeps its digits
    where a year stands beside its square.
    """
    R = np.linalg.qr(np.sqrt(W)[:, :, None] * Z, mode="r")
    A = np.linalg.solve(R, np.broadcast_to(np.eye(T.shape[2]), T.shape))
    return A, np.linalg.solve(T, A)


def original(T: np.ndarray, gamma: np.ndarray) -> np.ndarray:
    """Coefficients of X = Z T from those of Z, shape (B, K)."""
    out: np.ndarray = np.linalg.solve(T, gamma[:, :, None])[:, :, 0]
    return out


def fit_logit(X: np.ndarray, y: np.ndarray, weights: np.ndarray | None = None) -> Estimates:
    """Maximum likelihood.

    Parameters
    ----------
    X : designs, shape (B, N, K), of full column rank, not separated.
    y : outcomes 0 or 1, shape (B, N), both present.
    weights : above zero and of mean 1, shape (B, N); None weighs all rows alike. With weights the
        value is that of the pseudo-likelihood, and ``classical`` takes weights for counts.
    """
    Z, T = orthonormal(X)
    w = np.ones(y.shape) if weights is None else weights

    def direction(gamma: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        p = expit(predictor(Z, gamma))
        score = (Z.transpose(0, 2, 1) @ (w * (y - p))[:, :, None])[:, :, 0]
        return np.linalg.solve(information(Z, w * p * (1 - p)), score[:, :, None])[:, :, 0], score

    climb = newton(
        np.zeros(X.shape[::2]), direction, lambda gamma: loglik(predictor(Z, gamma), y, w)
    )
    eta = predictor(Z, climb.beta)
    p = expit(eta)
    W = w * p * (1 - p)
    A, M = roots(Z, T, W)
    return Estimates(
        beta=original(T, climb.beta),
        influence=(Z * (w * (y - p))[:, :, None]) @ A @ M.transpose(0, 2, 1),
        leverage=W * ((Z @ A) ** 2).sum(axis=2),
        classical=M @ M.transpose(0, 2, 1),
        loglik=climb.value,
        r2=mcfadden(eta, y, w),
        scale=np.ones(len(X)),
        converged=climb.converged,
        iterations=climb.steps,
    )
