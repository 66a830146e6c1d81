"""Ordinary least squares, a batch of designs at once.

A stack of designs is solved by QR, each by itself. One design for many outcomes or many samples of
its rows is made orthonormal once; what samples then need are cross-products of these columns, all
of them one matrix product, and one step of refinement takes the digits back that squaring lost.

Sources: Golub and Van Loan (2013), Matrix Computations, 4th ed., 5.3; Bjorck (1987), Linear Algebra
and its Applications 88/89 (corrected seminormal equations); log-likelihood, AIC (sigma counts) and
R2 (against zero where the columns do not span the constant, as NIST's NoInt1) as in R's ``lm``.
"""

from dataclasses import dataclass

import numpy as np

from peacestudy.models.kernels.designs import (
    basis_of,
    designs,
    influence,
    information,
    inverse_root,
    original,
    predictor,
    restricted,
    scores,
    squares,
    unturned,
)
from peacestudy.models.kernels.estimates import Estimates

ABOUT_ONE = 1e-9  # share of the constant's length outside the columns, below which they span it


@dataclass(frozen=True, eq=False)
class _Solved:
    """Coefficients (B, K), residuals (B, N), cross-products inverted (B, K, K), what each row adds
    to the coefficients (B, N, K), leverages (B, N), and the sum of squares of the constant that the
    columns give (B,).
    """

    beta: np.ndarray
    residual: np.ndarray
    inverse: np.ndarray
    influence: np.ndarray
    leverage: np.ndarray
    constant: np.ndarray


def fit_linear(
    X: np.ndarray,
    y: np.ndarray,
    weights: np.ndarray | None = None,
    columns: np.ndarray | None = None,
    by_row: bool = True,
) -> Estimates:
    """Least squares.

    Parameters
    ----------
    X : one design (N, K) for all models, or a stack (B, N, K), of full column rank.
    y : outcomes, shape (B, N).
    weights : how often each row counts, shape (B, N), with a sum that is the number of rows; None
        weighs all rows alike. A row of weight 0 is left out. With weights that are no counts
        ``loglik`` is a pseudo-likelihood, and ``classical`` takes them for inverse variances.
    columns : with one design, which of its columns each model has, shape (B, K); None gives all.
    by_row : whether the influence of rows is wanted; without it a batch of one design takes half
        the time.
    """
    w = np.ones((len(y) if X.ndim == 3 else 1, y.shape[1])) if weights is None else weights
    solved = _by_cross_products(X, y, w, columns, by_row) if X.ndim == 2 else _by_qr(X, y, w)
    rows = np.rint(w.sum(axis=1))
    rss = (w * solved.residual**2).sum(axis=1)
    constant = solved.constant > rows * (1 - ABOUT_ONE)  # the columns span the constant
    mean = np.where(constant, (w * y).sum(axis=1) / rows, 0.0)
    spread = (w * (y - mean[:, None]) ** 2).sum(axis=1)
    free = rows - (X.shape[-1] if columns is None else columns.sum(axis=1))
    scale = np.where(free > 0, rss / np.where(free > 0, free, 1.0), np.nan)
    with np.errstate(divide="ignore"):
        loglik = -rows / 2 * (np.log(2 * np.pi) + np.log(rss / rows) + 1)
    return Estimates(
        beta=solved.beta,
        influence=solved.influence,
        leverage=solved.leverage,
        classical=solved.inverse * scale[:, None, None],
        loglik=loglik,
        r2=1 - rss / spread,
        scale=scale,
        converged=np.ones(len(y), bool),
        iterations=np.ones(len(y), int),
    )


def _by_qr(X: np.ndarray, y: np.ndarray, w: np.ndarray) -> _Solved:
    B, _, K = X.shape
    root = np.sqrt(w)
    A, b = X * root[:, :, None], y * root  # weighted rows
    # columns to unit length: 1e12-scaled columns keep their digits
    size = np.sqrt((A**2).sum(axis=1, keepdims=True))
    Q, R = np.linalg.qr(A / size)
    Qb = np.einsum("bnk,bn->bk", Q, b)
    scaled = np.linalg.solve(R, Qb[:, :, None])
    # one step of refinement takes the last digits back that the triangular solve lost
    residual = b - np.einsum("bnk,bk->bn", A / size, scaled[:, :, 0])
    scaled = scaled + np.linalg.solve(R, np.einsum("bnk,bn->bk", Q, residual)[:, :, None])
    beta = scaled[:, :, 0] / size[:, 0]
    e = b - np.einsum("bnk,bk->bn", A, beta)
    back = np.linalg.solve(R, np.broadcast_to(np.eye(K), (B, K, K))) / size.transpose(0, 2, 1)
    constant = np.einsum("bnk,bn->bk", Q, root)
    return _Solved(
        beta=beta,
        residual=y - np.einsum("bnk,bk->bn", X, beta),
        inverse=back @ back.transpose(0, 2, 1),
        influence=(Q * e[:, :, None]) @ back.transpose(0, 2, 1),
        leverage=(Q**2).sum(axis=2),
        constant=(constant**2).sum(axis=1),
    )


def _by_cross_products(
    X: np.ndarray, y: np.ndarray, w: np.ndarray, columns: np.ndarray | None, by_row: bool
) -> _Solved:
    """Weights have the shape (1, N) where all rows count alike: there is one matrix of
    cross-products then, of which each model takes the part of its columns.
    """
    basis, T = basis_of(X, columns)
    Z = designs(basis)
    A = inverse_root(restricted(information(Z, w), columns))
    if columns is not None:
        A = A * columns[:, :, None]
    inner = A @ A.transpose(0, 2, 1)
    gamma = np.zeros((len(y), X.shape[1]))
    residual = y
    for _ in range(2):
        gamma = gamma + (inner @ scores(Z, w * residual)[:, :, None])[:, :, 0]
        residual = y - predictor(Z, gamma)
    M = unturned(T, A)
    constant = scores(Z, w)
    each = np.empty((len(y), 0, X.shape[1]))
    if by_row:
        each = influence(Z, w * residual, A @ M.transpose(0, 2, 1))
    return _Solved(
        beta=original(T, gamma),
        residual=residual,
        inverse=M @ M.transpose(0, 2, 1),
        influence=each,
        leverage=w * squares(Z, A) + np.zeros((len(y), 1)),
        constant=(constant[:, None] @ inner @ constant[:, :, None])[:, 0, 0],
    )
