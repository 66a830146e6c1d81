"""Linear algebra of a batch of models: either one design (N, K) that all share, or a stack
(B, N, K) with a design for each.

What models share is computed once. With one design the information matrices of B models are one
matrix product, of their weights (B, N) with the products of pairs of columns (N, K(K+1)/2).
"""

from functools import lru_cache
from itertools import combinations_with_replacement

import numpy as np


def design_of(Z: np.ndarray, members: np.ndarray) -> np.ndarray:
    """The designs of some models of a batch: the shared one, or their part of the stack."""
    return Z if Z.ndim == 2 else Z[members]


def repeated(Z: np.ndarray, times: int) -> np.ndarray:
    """The designs with every model of the batch repeated."""
    return Z if Z.ndim == 2 else np.repeat(Z, times, axis=0)


def orthonormal(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Z with orthogonal columns of mean square 1 and T, upper triangular, such that X = Z T.

    GDP in dollars, a share and a calendar year are solved on one scale,
    and no digit is lost to their correlation.
    """
    size = np.sqrt(X.shape[-2])
    Q, R = np.linalg.qr(X)
    return Q * size, R / size


def predictor(Z: np.ndarray, beta: np.ndarray) -> np.ndarray:
    """Linear predictors, designs times coefficients (B, K), shape (B, N)."""
    if Z.ndim == 2:
        return np.asarray(beta @ Z.T)
    out: np.ndarray = (Z @ beta[:, :, None])[:, :, 0]
    return out


def scores(Z: np.ndarray, residual: np.ndarray) -> np.ndarray:
    """Z'r of residuals (B, N), shape (B, K)."""
    if Z.ndim == 2:
        return np.asarray(residual @ Z)
    out: np.ndarray = (Z.transpose(0, 2, 1) @ residual[:, :, None])[:, :, 0]
    return out


def information(Z: np.ndarray, W: np.ndarray) -> np.ndarray:
    """Fisher information Z'WZ with weights (B, N), shape (B, K, K)."""
    if Z.ndim == 2:
        return _powers(Z, W, 2)
    out: np.ndarray = Z.transpose(0, 2, 1) @ (Z * W[:, :, None])
    return out


def third_moments(Z: np.ndarray, W: np.ndarray) -> np.ndarray:
    """Sums over rows of w z_i z_j z_k with weights (B, N), shape (B, K, K, K)."""
    if Z.ndim == 2:
        return _powers(Z, W, 3)
    return np.stack([information(Z, W * Z[:, :, k]) for k in range(Z.shape[2])], axis=1)


def quadratic(Z: np.ndarray, inverse: np.ndarray) -> np.ndarray:
    """Z'Az of every row with symmetric matrices (B, K, K), shape (B, N)."""
    if Z.ndim == 2:
        sets, _ = _index_sets(Z.shape[1], 2)
        first, second = sets.T
        twice = np.where(first == second, 1.0, 2.0)
        return np.asarray((inverse[:, first, second] * twice) @ (Z[:, first] * Z[:, second]).T)
    out: np.ndarray = ((Z @ inverse) * Z).sum(axis=2)
    return out


def squares(Z: np.ndarray, A: np.ndarray) -> np.ndarray:
    """Z'AA'z of every row, matrices (B, K, K), shape (B, N)."""
    if Z.ndim == 2:
        return quadratic(Z, A @ A.transpose(0, 2, 1))
    out: np.ndarray = ((Z @ A) ** 2).sum(axis=2)
    return out


def roots(Z: np.ndarray, T: np.ndarray, W: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A and M, each (B, K, K), such that AA' is the inverse of Z'WZ and MM' that of X'WX, X = ZT.

    With a stack nothing is squared on the way: a robust variance keeps its digits
    where a year stands beside its square. With one design only Z'WZ is, whose columns are
    orthonormal but for the weights.
    """
    if Z.ndim == 2:
        R = np.linalg.cholesky(information(Z, W)).transpose(0, 2, 1)
    else:
        R = np.asarray(np.linalg.qr(np.sqrt(W)[:, :, None] * Z, mode="r"))
    A = np.linalg.solve(R, np.broadcast_to(np.eye(R.shape[2]), R.shape))
    return A, np.linalg.solve(T, A)


def original(T: np.ndarray, gamma: np.ndarray) -> np.ndarray:
    """Coefficients of X = Z T from those of Z, shape (B, K)."""
    if T.ndim == 2:
        return np.asarray(np.linalg.solve(T, gamma.T).T)
    out: np.ndarray = np.linalg.solve(T, gamma[:, :, None])[:, :, 0]
    return out


@lru_cache(maxsize=64)
def _index_sets(K: int, order: int) -> tuple[np.ndarray, np.ndarray]:
    """The sets of ``order`` columns in ascending order (S, order), and for every entry of an array
    (K, ..., K) which of the sets it belongs to, flat.
    """
    sets = np.array(list(combinations_with_replacement(range(K), order)))
    number = np.empty((K,) * order, dtype=np.intp)
    number[tuple(sets.T)] = np.arange(len(sets))
    entries = np.sort(np.indices(number.shape).reshape(order, -1), axis=0)
    return sets, number[tuple(entries)]


def _powers(Z: np.ndarray, W: np.ndarray, order: int) -> np.ndarray:
    """Sums over rows of w times the products of ``order`` columns, shape (B, K, ..., K)."""
    K = Z.shape[1]
    sets, number = _index_sets(K, order)
    products = Z[:, sets[:, 0]]
    for column in sets[:, 1:].T:
        products = products * Z[:, column]
    out: np.ndarray = (W @ products).take(number, axis=1).reshape(len(W), *(K,) * order)
    return out
