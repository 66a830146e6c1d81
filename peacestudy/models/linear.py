"""Ordinary least squares by QR, a batch of designs at once.

Source: Golub and Van Loan (2013), Matrix Computations, 4th ed., 5.3; log-likelihood and AIC as in R's ``lm`` (sigma counts).
"""

import numpy as np

from peacestudy.models.engines import Estimates


def fit_linear(X: np.ndarray, y: np.ndarray) -> Estimates:
    """Least squares.

    Parameters
    ----------
    X : designs, shape (B, N, K), of full column rank.
    y : outcomes, shape (B, N).
    """
    B, N, K = X.shape
    size = np.sqrt((X**2).sum(axis=1, keepdims=True))  # columns to unit length: 1e12-scaled columns keep their digits
    Q, R = np.linalg.qr(X / size)
    Qy = np.einsum("bnk,bn->bk", Q, y)
    scaled = np.linalg.solve(R, Qy[:, :, None])
    # one step of refinement takes the last digits back that the triangular solve lost
    residual = y - np.einsum("bnk,bk->bn", X / size, scaled[:, :, 0])
    scaled = scaled + np.linalg.solve(R, np.einsum("bnk,bn->bk", Q, residual)[:, :, None])
    beta = scaled[:, :, 0] / size[:, 0]
    e = y - np.einsum("bnk,bk->bn", X, beta)
    inverse = np.linalg.solve(R, np.broadcast_to(np.eye(K), (B, K, K))) / size.transpose(0, 2, 1)
    bread = inverse @ inverse.transpose(0, 2, 1)
    rss = (e**2).sum(axis=1)
    spread = ((y - y.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    scale = rss / (N - K) if N > K else np.full(B, np.nan)
    with np.errstate(divide="ignore"):
        loglik, null = (-N / 2 * (np.log(2 * np.pi) + np.log(s / N) + 1) for s in (rss, spread))
    return Estimates(
        beta=beta, bread=bread, scores=X * e[:, :, None], leverage=(Q**2).sum(axis=2), classical=bread * scale[:, None, None],
        loglik=loglik, null_loglik=null, scale=scale, converged=np.ones(B, bool), iterations=np.ones(B, int),
    )  # fmt: skip
