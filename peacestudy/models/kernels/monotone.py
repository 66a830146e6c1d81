"""Monotone partial likelihood: whether some combination of the covariates
is highest among those at risk at every event.

Then a coefficient runs to infinity, as with separation in a logit. Sources: Bryson and Johnson
(1981), Technometrics 23(4) (the condition); Kelley (1960), Journal of the SIAM 8(4) (cutting
planes: of the many comparisons of an event with those at risk beside it only those are written down
that some trial breaks).
"""

import numpy as np
from scipy.optimize import linprog

from peacestudy.errors import FitError
from peacestudy.models.kernels.risk_sets import RiskSets, partial

# a margin below this, of a comparison of length 1, is zero up to the solver's tolerance
CLEAR = 1e-9
# the solver's smallest
EXACT = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
MOST_ROUNDS = 1000
BLOCK = 4_000_000  # comparisons held at once


def monotone_terms(sets: RiskSets, X: np.ndarray) -> list[int]:
    """Positions of columns (N, K) that suffice to make the likelihood
    monotone, none of which can be spared; or none.
    """
    if not is_monotone(sets, X):
        return []
    needed = list(range(X.shape[1]))
    for j in range(X.shape[1]):
        rest = [k for k in needed if k != j]
        if rest and is_monotone(sets, X[:, rest]):
            needed = rest
    return needed


def is_monotone(sets: RiskSets, X: np.ndarray) -> bool:
    """Whether the partial likelihood of covariates (N, K) has no finite maximum.

    Raises
    ------
    FitError
        The question cannot be decided in the number of rounds allowed.
    """
    Z = X - X.mean(axis=0)
    Z = Z / np.maximum(np.sqrt((Z**2).mean(axis=0)), np.finfo(float).tiny)
    own = sets.of_events(Z) - sets.per_moment(partial(sets, Z, np.zeros(Z.shape[1])).mean)
    gain = own.sum(axis=0)
    length = np.sqrt((gain**2).sum())
    if length <= CLEAR:
        return False
    rows = np.empty((0, Z.shape[1]))
    for _ in range(MOST_ROUNDS):
        answer = linprog(
            -gain / length,
            A_ub=-rows if len(rows) else None,
            b_ub=np.zeros(len(rows)) if len(rows) else None,
            bounds=(-1, 1),
            options=EXACT,
        )
        if not answer.success or -answer.fun <= CLEAR:
            return False
        broken = _broken(sets, Z, answer.x)
        if not len(broken):
            return True
        rows = np.vstack([rows, broken])
    raise FitError(
        "whether the partial likelihood has a maximum cannot be decided. Use fewer terms."
    )


def _broken(sets: RiskSets, Z: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """For each moment the comparison of an event with a row at risk that
    the direction breaks most, scaled to length 1.
    """
    eta = Z @ direction
    ends = np.where(sets.event == 1, sets.last - 1, -1)
    out = []
    width = max(1, BLOCK // len(eta))
    for begin in range(0, len(sets.times), width):
        m = np.arange(begin, min(begin + width, len(sets.times)))[:, None]
        high = np.where((sets.first <= m) & (m < sets.last), eta, -np.inf).argmax(axis=1)
        low = np.where(ends == m, eta, np.inf).argmin(axis=1)
        gap = Z[low] - Z[high]
        size = np.sqrt((gap**2).sum(axis=1))
        bad = gap @ direction < -CLEAR * np.maximum(size, CLEAR)
        out.append(gap[bad] / size[bad][:, None])
    found = np.vstack(out)
    return np.unique(found.round(15), axis=0)
