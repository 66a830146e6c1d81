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

# share of the members that still climb, below which those that ended are taken out of the batch
LEAST = 0.75

Direction = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
Value = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Problem:
    """Likelihoods to be maximised.

    Attributes
    ----------
    direction : beta to (move, score), each (B, K); a member whose move is not finite ends there,
        and does not converge.
    value : beta to log-likelihood, (B,).
    sure : move to whether a bound shows that the step goes up, (B,), where there is such a bound:
        it spares the values.
    """

    direction: Direction
    value: Value
    sure: Value | None = None


Part = Callable[[np.ndarray], Problem]


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
    direction, value : as in ``Problem``.
    tight : Newton decrement below which the step then taken is the last.
    """
    return _climb(start, lambda _: Problem(direction, value), tight, 0.0)


def newton_in_parts(start: np.ndarray, part: Part, tight: float = TIGHT) -> Climb:
    """As ``newton``, but members that have ended are taken out of the batch.

    Parameters
    ----------
    start, tight : as for ``newton``.
    part : positions of members to their problem.
    """
    return _climb(start, part, tight, LEAST)


def _climb(start: np.ndarray, part: Part, tight: float, least: float) -> Climb:
    whole = np.arange(len(start))
    members, problem = whole, part(whole)
    beta, height = start.copy(), problem.value(start)
    # a start without a likelihood leads nowhere, and must not stop the others; nor does a member
    # for which no step along the direction goes up, now or later
    ended = ~np.isfinite(height)
    beta[ended] = 0.0
    converged = np.zeros(len(beta), bool)
    steps = np.zeros(len(beta), int)
    for _ in range(MOST_STEPS):
        climbs = ~ended[members]
        if climbs.mean() < least:
            members, climbs = members[climbs], climbs[climbs]
            problem = part(members)
        move, score = problem.direction(beta[members])
        climbs &= np.isfinite(move).all(axis=1)
        move[~climbs] = 0.0
        near = (move * score).sum(axis=1) < tight
        up, trial, tried = _uphill(problem, beta[members], height[members], move)
        beta[members[up]], height[members[up]] = trial[up], tried[up]
        steps[members] += ~converged[members]
        converged[members] |= near & up & climbs
        ended[members] |= converged[members] | ~up | ~climbs
        if ended.all():
            break
    if np.isnan(height).any():
        height = part(whole).value(beta)
    return Climb(beta, height, converged, steps)


def _uphill(
    problem: Problem, beta: np.ndarray, height: np.ndarray, move: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Whether a step along ``move``, halved as often as needed, does not go down (B,), where it
    ends (B, K), and the value there (B,), NaN if it is not computed.
    """
    if problem.sure is not None:
        if problem.sure(move).all():
            return np.ones(len(beta), bool), beta + move, np.full(len(beta), np.nan)
        if np.isnan(height).any():
            height = problem.value(beta)
    step = np.ones(len(beta))
    for _ in range(MOST_HALVINGS):
        trial = beta + step[:, None] * move
        tried = problem.value(trial)
        down = ~(tried >= height - 1e-10 * (1 + np.abs(height)))
        if not down.any():
            break
        step[down] /= 2
    return ~down, trial, tried
