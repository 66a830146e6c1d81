"""Ordinary least squares by QR, a batch of designs at once.

Source: Golub and Van Loan (2013), Matrix Computations, 4th ed., 5.3; log-likelihood, AIC (sigma
counts) and R2 (against zero where the columns do not span the constant, as NIST's NoInt1) as in R's
``lm``.
"""

import numpy as np

from peacestudy.models.kernels.estimates import Estimates

ABOUT_ONE = 1e-9  # share of the constant's length outside the columns, below which they span it


def fit_linear(X: np.ndarray, y: np.ndarray, weights: np.ndarray | None = None) -> Estimates:
    """Least squares.

    Parameters
    ----------
    X : designs, shape (B, N, K), of full column rank.
    y : outcomes, shape (B, N).
    weights : above zero and of mean 1, shape (B, N); None weighs all rows alike. With weights
        ``loglik`` is a pseudo-likelihood, and ``classical`` takes them for inverse variances.
    """
    B, N, K = X.shape
    root = np.ones(y.shape) if weights is None else np.sqrt(weights)
    X, y = X * root[:, :, None], y * root  # weighted rows
    # columns to unit length: 1e12-scaled columns keep their digits
    size = np.sqrt((X**2).sum(axis=1, keepdims=True))
    Q, R = np.linalg.qr(X / size)
    Qy = np.einsum("bnk,bn->bk", Q, y)
    scaled = np.linalg.solve(R, Qy[:, :, None])
    # one step of refinement takes the last digits back that the triangular solve lost
    residual = y - np.einsum("bnk,bk->bn", X / size, scaled[:, :, 0])
    scaled = scaled + np.linalg.solve(R, np.einsum("bnk,bn->bk", Q, residual)[:, :, None])
    beta = scaled[:, :, 0] / size[:, 0]
    e = y - np.einsum("bnk,bk->bn", X, beta)
    inverse = np.linalg.solve(R, np.broadcast_to(np.eye(K), (B, K, K))) / size.transpose(0, 2, 1)
    rss = (e**2).sum(axis=1)
    one = np.einsum("bnk,bn->bk", Q, root)
    constant = (one**2).sum(axis=1) > N * (1 - ABOUT_ONE)  # the columns span the constant
    mean = np.where(constant, (y * root).mean(axis=1), 0.0)
    spread = ((y - mean[:, None] * root) ** 2).sum(axis=1)
    scale = rss / (N - K) if N > K else np.full(B, np.nan)
    with np.errstate(divide="ignore"):
        loglik = -N / 2 * (np.log(2 * np.pi) + np.log(rss / N) + 1)
    return Estimates(
        beta=beta,
        influence=(Q * e[:, :, None]) @ inverse.transpose(0, 2, 1),
        leverage=(Q**2).sum(axis=2),
        classical=inverse @ inverse.transpose(0, 2, 1) * scale[:, None, None],
        loglik=loglik,
        r2=1 - rss / spread,
        scale=scale,
        converged=np.ones(B, bool),
        iterations=np.ones(B, int),
    )
