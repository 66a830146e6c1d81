"""Separation: whether some combination of the terms predicts the outcome
without error, so that the logit has no maximum.

Source: Konis (2007), Computational algorithms for detecting separation in binary and multinomial
logistic regression, thesis, Oxford, ch. 4: a linear program whose value is above zero exactly when
the data are completely or quasi-completely separated. Its solution need not take every row off the
border that some combination can take off; it is solved again for the rows that are left, until it
finds no more. Junker (2004), QuickXplain, AAAI-04: which of the terms are needed for it.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog
from scipy.special import expit

STEPS = 40  # of Newton; rare events need one step for each unit of the intercept
# linear predictor beyond which nothing is proved: there, rounding is as large as a chance
FAR = 15.0
PROOF = 0.1  # share of the bound on the decrement, below which it excludes separation
CLEAR = 1e-9  # a margin below this, of a row of length 1, is zero up to the solver's tolerance
# p(1-p) above which no row is predicted without error, so that a maximum that was found is one
SURE = 1e-6
EMPTY = 1e-12  # a row shorter than this is zero up to rounding, and on the border always
# the solver's smallest
EXACT = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}


@dataclass(frozen=True)
class Separation:
    """What separates the outcome.

    Attributes
    ----------
    kind : ``complete`` or ``quasi``.
    terms : positions of columns that suffice to separate these rows, none of which can be spared.
    rows : positions of all rows that can lie off the border:
        their outcome is predicted without error.
    """

    kind: str
    terms: tuple[int, ...]
    rows: tuple[int, ...]


def find_separation(X: np.ndarray, y: np.ndarray) -> Separation | None:
    """The separation in one design (N, K) of full column rank and outcome (N,), or None."""
    rows = separated_rows(X, y)
    if not rows:
        return None
    off = np.isin(np.arange(len(y)), rows)
    terms = tuple(sorted(_needed(X, y, off, [], list(range(X.shape[1])))))
    return Separation("complete" if off.all() else "quasi", terms, rows)


def separated_rows(X: np.ndarray, y: np.ndarray) -> tuple[int, ...]:
    """Positions of the rows of a design (N, K) whose outcome is
    predicted without error; none without separation.
    """
    if has_maximum(X, y):
        return ()
    return tuple(int(i) for i in np.flatnonzero(_off_border(X, y)))


def is_separated(X: np.ndarray, y: np.ndarray) -> bool:
    """Whether any row of a design (N, K) is predicted without error."""
    if has_maximum(X, y):
        return False
    return bool(_more_off_border(_signed_rows(X, y), np.zeros(len(y), bool)).any())


def has_maximum(X: np.ndarray, y: np.ndarray) -> bool:
    """Whether a few Newton steps prove that a logit has a maximum, which
    spares the linear program; no proof says nothing.

    Let a direction separate, with margins m >= 0, and let every row have a chance of at least q of
    the outcome that it has not. Along it the score is sum(m q_i) and the information sum(m^2 q_i (1
    - q_i)) <= max(m) sum(m q_i), so the Newton decrement is at least sum(m q_i) / max(m) >= q
    (Cauchy and Schwarz). A decrement below q, anywhere, therefore excludes separation.
    """
    Z = np.linalg.qr(X)[0] * np.sqrt(len(y))
    beta = np.zeros(Z.shape[1])
    for _ in range(STEPS):
        eta = Z @ beta
        far = np.abs(eta).max()
        if not far < FAR:
            return False
        p = expit(eta)
        score = Z.T @ (y - p)
        move = np.linalg.solve(Z.T @ (Z * (p * (1 - p))[:, None]), score)
        if move @ score < PROOF * expit(-far):
            return True
        beta = beta + move
    return False


def _needed(
    X: np.ndarray, y: np.ndarray, off: np.ndarray, given: list[int], more: list[int]
) -> list[int]:
    """The fewest of the columns ``more``, in the sense that none can be
    spared, that with the given ones separate the rows.
    """
    if given and (_off_border(X[:, given], y) == off).all():
        return []
    if len(more) == 1:
        return more
    first, second = more[: len(more) // 2], more[len(more) // 2 :]
    from_second = _needed(X, y, off, given + first, second)
    return _needed(X, y, off, given + from_second, first) + from_second


def _off_border(X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The rows that a separating combination can take off the border,
    shape (N,), bool; none without separation.
    """
    A = _signed_rows(X, y)
    off = np.zeros(len(y), bool)
    while not off.all():
        new = _more_off_border(A, off)
        if not new.any():
            break
        off |= new
    return off


def _signed_rows(X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Rows of length 1 that a separating combination takes above zero, shape (N, K).

    Neither the basis of the columns nor the length of a row matters to separation; both matter to
    a solver.
    """
    A = (2 * y - 1)[:, None] * np.linalg.qr(X)[0]
    length = np.sqrt((A**2).sum(axis=1, keepdims=True))
    return np.asarray(A / np.where(length > EMPTY, length, 1.0))


def _more_off_border(A: np.ndarray, off: np.ndarray) -> np.ndarray:
    """Rows that one linear program takes off the border beside those that are (N,), bool."""
    answer = linprog(
        -A[~off].sum(axis=0), A_ub=-A, b_ub=np.zeros(len(A)), bounds=(-1, 1), options=EXACT
    )
    if not answer.success:
        return np.zeros(len(A), bool)
    return np.asarray(~off & (A @ answer.x > CLEAR))
