"""Newton's method on a batch of likelihoods at once, with the
step halved where it would go down.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

MOST_STEPS = 200
MOST_HALVINGS = 60
# Newton decrement (move times score): the estimate is then within 1e-8 standard errors of the
# maximum
TIGHT = 1e-16

Direction = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
Value = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class Climb:
    """Where the climb ended: beta (B, K), value (B,), converged (B,), steps (B,)."""

    beta: np.ndarray
    value: np.ndarray
    converged: np.ndarray
    steps: np.ndarray


def newton(start: np.ndarray, direction: Direction, value: Value, tight: float = TIGHT) -> Climb:
    """Climb from ``start`` to the maximum of every member of the batch.

    Parameters
    ----------
    start : shape (B, K); a member whose likelihood is not finite there does not converge.
    direction : beta to (move, score), each (B, K).
    value : beta to log-likelihood, (B,).
    tight : Newton decrement below which the step then taken is the last.
    """
    beta, height = start.copy(), value(start)
    # a start without a likelihood leads nowhere, and must not stop the others
    lost = ~np.isfinite(height)
    beta[lost] = 0.0
    converged = np.zeros(len(beta), bool)
    stuck = np.zeros(len(beta), bool)  # no step along the direction goes up, now or later
    steps = np.zeros(len(beta), int)
    for _ in range(MOST_STEPS):
        move, score = direction(beta)
        near = (move * score).sum(axis=1) < tight
        move[converged | lost | stuck] = 0.0
        step = np.ones(len(beta))
        for _ in range(MOST_HALVINGS):
            trial = beta + step[:, None] * move
            tried = value(trial)
            down = ~(tried >= height - 1e-10 * (1 + np.abs(height)))
            if not down.any():
                break
            step[down] /= 2
        beta, height = np.where(down[:, None], beta, trial), np.where(down, height, tried)
        steps += ~converged
        stuck |= down
        converged |= near & ~lost & ~stuck
        if (converged | lost | stuck).all():
            break
    return Climb(beta, height, converged, steps)
