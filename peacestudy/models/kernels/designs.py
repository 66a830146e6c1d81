"""Linear algebra of a batch of models: either one design (N, K) that all share, or a stack
(B, N, K) with a design for each.

What models share is computed once. With one design the information matrices of B models are one
matrix product, of their weights (B, N) with the products of pairs of columns (N, K(K+1)/2). A model
may leave out some columns of the shared design: their coefficients are zero, and matrices have
the rows and columns of an identity there.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import combinations_with_replacement
from typing import TypeVar

import numpy as np

Part = TypeVar("Part", np.ndarray | float, np.ndarray | None)


@dataclass(frozen=True, eq=False)
class Shared:
    """One design of many models, with what they share computed once.

    Attributes
    ----------
    Z : columns, shape (N, K).
    pairs, triples : products of two and of three columns, a column for each set of them.
    """

    Z: np.ndarray

    @cached_property
    def pairs(self) -> np.ndarray:
        """Products of two columns, shape (N, K(K+1)/2)."""
        first, second = _index_sets(self.Z.shape[1], 2)[0].T
        return np.asarray(self.Z[:, first] * self.Z[:, second])

    @cached_property
    def triples(self) -> np.ndarray:
        """Products of three columns, shape (N, K(K+1)(K+2)/6)."""
        first, second, third = _index_sets(self.Z.shape[1], 3)[0].T
        return np.asarray(self.Z[:, first] * self.Z[:, second] * self.Z[:, third])


Designs = np.ndarray | Shared


def designs(Z: Designs) -> Designs:
    """A stack (B, N, K) as it is, and one design (N, K) as what all models share."""
    return Shared(Z) if isinstance(Z, np.ndarray) and Z.ndim == 2 else Z


def design_of(Z: Designs, members: np.ndarray) -> Designs:
    """The designs of some models of a batch: the shared one, or their part of the stack."""
    return Z if isinstance(Z, Shared) else Z[members]


def width(Z: Designs) -> int:
    """The number of columns."""
    return int(Z.Z.shape[1] if isinstance(Z, Shared) else Z.shape[2])


def part_of(values: Part, members: np.ndarray) -> Part:
    """Weights or columns of some models of a batch, where each has its own."""
    return values[members] if isinstance(values, np.ndarray) else values


def repeated(Z: Designs, times: int) -> Designs:
    """The designs with every model of the batch repeated."""
    return Z if isinstance(Z, Shared) else np.repeat(Z, times, axis=0)


def orthonormal(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Z with orthogonal columns of mean square 1 and T, upper triangular, such that X = Z T.

    GDP in dollars, a share and a calendar year are solved on one scale,
    and no digit is lost to their correlation.
    """
    size = np.sqrt(X.shape[-2])
    Q, R = np.linalg.qr(X)
    return Q * size, R / size


def basis_of(X: np.ndarray, columns: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Z and T such that X = Z T, for every model of a batch also with the columns it leaves out
    left out on both sides.

    Where models have different columns (B, K), these are scaled, and moved to their mean if all
    models have the constant; otherwise they are made orthonormal.
    """
    if columns is None:
        return orthonormal(X)
    still = np.ptp(X, axis=0) == 0
    constant = np.flatnonzero(still & (X[0] != 0) & columns.all(axis=0))[:1]
    centre = np.where(still, 0.0, X.mean(axis=0)) if len(constant) else np.zeros(X.shape[1])
    Z = X - centre
    size = np.sqrt((Z**2).mean(axis=0))
    size = np.where(size > 0, size, 1.0)
    T = np.diag(size)
    for c in constant:
        T[c] += centre / X[0, c] * size[c]
    return Z / size, T


def influence(Z: Designs, residual: np.ndarray, step: np.ndarray) -> np.ndarray:
    """Rows of Z times their residuals (B, N) times matrices (B, K, K), shape (B, N, K)."""
    if isinstance(Z, Shared):
        out = np.asarray(Z.Z @ step)
        if len(out) < len(residual):
            return np.asarray(out * residual[:, :, None])
        out *= residual[:, :, None]
        return out
    return np.asarray((Z * residual[:, :, None]) @ step)


def restricted(matrices: np.ndarray, columns: np.ndarray | None) -> np.ndarray:
    """Matrices (B, K, K) with an identity in the columns that models leave out."""
    if columns is None:
        return matrices
    both = columns[:, :, None] & columns[:, None, :]
    return np.where(both, matrices, np.eye(columns.shape[1]))


def predictor(Z: Designs, beta: np.ndarray) -> np.ndarray:
    """Linear predictors, designs times coefficients (B, K), shape (B, N)."""
    if isinstance(Z, Shared):
        return np.asarray(beta @ Z.Z.T)
    out: np.ndarray = (Z @ beta[:, :, None])[:, :, 0]
    return out


def scores(Z: Designs, residual: np.ndarray) -> np.ndarray:
    """Z'r of residuals (B, N), shape (B, K)."""
    if isinstance(Z, Shared):
        return np.asarray(residual @ Z.Z)
    out: np.ndarray = (Z.transpose(0, 2, 1) @ residual[:, :, None])[:, :, 0]
    return out


def information(Z: Designs, W: np.ndarray) -> np.ndarray:
    """Fisher information Z'WZ with weights (B, N), shape (B, K, K)."""
    if isinstance(Z, Shared):
        return _sums(Z.pairs, W, width(Z), 2)
    out: np.ndarray = Z.transpose(0, 2, 1) @ (Z * W[:, :, None])
    return out


def third_moments(Z: Designs, W: np.ndarray) -> np.ndarray:
    """Sums over rows of w z_i z_j z_k with weights (B, N), shape (B, K, K, K)."""
    if isinstance(Z, Shared):
        return _sums(Z.triples, W, width(Z), 3)
    return np.stack([information(Z, W * Z[:, :, k]) for k in range(Z.shape[2])], axis=1)


def quadratic(Z: Designs, inverse: np.ndarray) -> np.ndarray:
    """Z'Az of every row with symmetric matrices (B, K, K), shape (B, N)."""
    if isinstance(Z, Shared):
        first, second = _index_sets(width(Z), 2)[0].T
        twice = np.where(first == second, 1.0, 2.0)
        return np.asarray((inverse[:, first, second] * twice) @ Z.pairs.T)
    out: np.ndarray = ((Z @ inverse) * Z).sum(axis=2)
    return out


def squares(Z: Designs, A: np.ndarray) -> np.ndarray:
    """Z'AA'z of every row, matrices (B, K, K), shape (B, N)."""
    if isinstance(Z, Shared):
        return quadratic(Z, A @ A.transpose(0, 2, 1))
    out: np.ndarray = ((Z @ A) ** 2).sum(axis=2)
    return out


def roots(
    Z: Designs, T: np.ndarray, W: np.ndarray, columns: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """A and M, each (B, K, K), such that AA' is the inverse of Z'WZ and MM' that of X'WX, X = ZT;
    with zeros in the columns that a model leaves out.

    With a stack nothing is squared on the way: a robust variance keeps its digits
    where a year stands beside its square. With one design only Z'WZ is, whose columns are
    orthonormal but for the weights.
    """
    if isinstance(Z, Shared):
        A = inverse_root(restricted(information(Z, W), columns))
    else:
        R = np.asarray(np.linalg.qr(np.sqrt(W)[:, :, None] * Z, mode="r"))
        A = np.linalg.solve(R, np.broadcast_to(np.eye(R.shape[2]), R.shape))
    if columns is not None:
        A = A * columns[:, :, None]
    return A, unturned(T, A)


def unturned(T: np.ndarray, A: np.ndarray) -> np.ndarray:
    """The inverse of T, one (K, K) or a stack, times matrices (B, K, K)."""
    return np.asarray(np.linalg.inv(T) @ A if T.ndim == 2 else np.linalg.solve(T, A))


def inverse_root(matrices: np.ndarray) -> np.ndarray:
    """A such that AA' is the inverse, of positive definite matrices (B, K, K)."""
    upper = np.linalg.cholesky(matrices).transpose(0, 2, 1)
    return np.linalg.solve(upper, np.broadcast_to(np.eye(upper.shape[2]), upper.shape))


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


def _sums(products: np.ndarray, W: np.ndarray, K: int, order: int) -> np.ndarray:
    """Sums over rows of w times products of ``order`` columns, shape (B, K, ..., K)."""
    number = _index_sets(K, order)[1]
    out: np.ndarray = (W @ products).take(number, axis=1).reshape(len(W), *(K,) * order)
    return out
