"""Columns far from zero, such as a time in seconds, moved to their mean, nearly dependent ones
turned, and estimates moved back.

Source: Higham (2002), Accuracy and Stability of Numerical Algorithms, 2nd ed., 1.7 and 1.9: x - c
is exact where x and c are close, and a sum of squares about zero has lost the digits that a sum
about the mean keeps.
"""

from dataclasses import dataclass

import numpy as np

FAR = 1e3  # distance of the mean from zero, in standard deviations, from which a column is moved
# condition number of columns of unit length, whose square is what variances of sums of coefficients
# lose
NEARLY = 1e4
ROUND = 1e-8  # of a weight, within which it is a whole number


@dataclass(frozen=True, eq=False)
class Centring:
    """What columns are moved by, and turned to, before a model is fitted; and the way back for its
    parameters, of which there are P.

    A model of x has the same fit as one of x - c. Its slopes are the same; the parameters whose
    columns make the constant (the intercept, the dummies of all categories, cut points) take up the
    difference. Columns that are nearly dependent are also turned into orthonormal ones: variances
    of sums of their coefficients are differences of numbers far larger than themselves, and those
    of the turned parameters are not.

    Attributes
    ----------
    centre : c, by which the column of each parameter was moved, shape (P,); 0 where it was not.
    constant : the combination of parameters that stands for the constant, shape (P,).
    turn : T, upper triangular, such that the moved columns are ZT with Z orthonormal, shape (P, P);
        None where they were not turned.
    """

    centre: np.ndarray
    constant: np.ndarray
    turn: np.ndarray | None = None

    @property
    def moves(self) -> bool:
        """Whether any column was moved or turned."""
        return self.turn is not None or bool(self.centre.any())

    def coefficients(self, moved: np.ndarray) -> np.ndarray:
        """Parameters of the columns as they were, from those of the
        moved ones, shape (P,) or (draws, P).
        """
        back = moved if self.turn is None else np.linalg.solve(self.turn, moved.T).T
        return np.asarray(back - np.multiply.outer(back @ self.centre, self.constant))

    def at_centre(self, parameters: np.ndarray) -> np.ndarray:
        """The other way: parameters of the moved columns, shape (P,)."""
        there = parameters + self.constant * (self.centre @ parameters)
        return np.asarray(there if self.turn is None else self.turn @ there)

    def covariance(self, moved: np.ndarray) -> np.ndarray:
        """The covariance (P, P) of the parameters of the columns as they were."""
        W = self.weights(np.eye(len(self.centre)))
        return np.asarray(W @ moved @ W.T)

    def weights(self, weights: np.ndarray) -> np.ndarray:
        """Weights of parameters of the moved columns (q, P), from
        weights of those of the columns as they were.

        A row of a design is such weights: its entries less the centres, each difference exact.
        """
        W = weights - (weights @ self.constant)[:, None] * self.centre
        return np.asarray(W if self.turn is None else np.linalg.solve(self.turn.T, W.T).T)


def no_centring(size: int) -> Centring:
    """The centring that moves none of so many columns."""
    return Centring(np.zeros(size), np.zeros(size))


def centring_of(X: np.ndarray, constant: np.ndarray | None = None) -> Centring:
    """How far each column (N, K) is moved.

    Parameters
    ----------
    X : the columns.
    constant : their combination that is one in every row, shape (K,), or zeros where parameters
        outside stand for the constant, as cut points and baseline hazards do. None looks for it,
        and moves nothing where there is none.

    Examples
    --------
    >>> X = np.array([[1, 1e9 + 1], [1, 1e9 + 2], [1, 1e9 + 3]])
    >>> centring_of(X).centre.tolist(), centring_of(X).constant.tolist()
    ([0.0, 1000000002.0], [1.0, 0.0])
    """
    middle = X.mean(axis=0)
    with np.errstate(under="ignore"):
        spread = (X - middle).std(axis=0)
    far = (np.abs(middle) > FAR * spread) & (np.ptp(X, axis=0) > 0)
    if not far.any():
        return no_centring(X.shape[1])
    if constant is None:
        constant = _constant(X, far)
        if constant is None:
            return no_centring(X.shape[1])
    return Centring(np.where(far & (constant == 0), middle, 0.0), constant)


def _constant(X: np.ndarray, far: np.ndarray) -> np.ndarray | None:
    """Weights of columns whose sum is one in every row: of a column that does not vary, or of
    dummies of all categories.
    """
    out = np.zeros(X.shape[1])
    still = np.flatnonzero((np.ptp(X, axis=0) == 0) & (X[0] != 0))
    if len(still):
        out[still[0]] = 1 / X[0, still[0]]
        return out
    dummies = np.flatnonzero(((X == 0) | (X == 1)).all(axis=0) & ~far)
    if len(dummies):
        found = np.linalg.lstsq(X[:, dummies], np.ones(len(X)), rcond=None)[0]
        whole = np.round(found)
        if (np.abs(found - whole) < ROUND).all() and (X[:, dummies] @ whole == 1).all():
            out[dummies] = whole
            return out
    return None


def turned(X: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Orthonormal columns Z (N, K) and T (K, K) with X = ZT; None where
    the columns are far enough from dependent.
    """
    if not X.shape[1]:
        return None
    size = np.sqrt((X**2).sum(axis=0))
    Q, R = np.linalg.qr(X / size)
    s = np.linalg.svd(R, compute_uv=False)
    return (Q, R * size) if s[0] > NEARLY * s[-1] else None
