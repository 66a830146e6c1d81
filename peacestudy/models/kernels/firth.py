"""Firth's penalised logit, a batch of designs at once: finite under
separation, less biased with few events.

Sources: Firth (1993), Biometrika 80(1), eq. 3.2 and section 3.3; Heinze and Schemper (2002),
Statistics in Medicine 21(16): modified scores, penalised likelihood ratio tests and profile
intervals. Standard errors of ``classical`` come from the augmented weights, as in R's logistf 1.26;
the bread of the robust covariances is the inverse information. The climb takes the whole second
derivative, the penalty's included: steps by the information alone swing round the maximum forever
where a row has a leverage near one, as a dummy of one case has.

The penalised likelihood can have several maxima. By the formula of Cauchy and Binet the determinant
of the information is a sum over all sets of K rows, so that the penalised likelihood is a sum over
these sets of functions whose logarithms are concave, each that of a logit in which the rows of the
set count half an event and half a non-event more. ``highest`` therefore starts at the maxima of
logits in which one row has these half counts, a start for every row, and leaves the highest maximum
that it has found by adding a row to the half counts there, which are the leverages. At a maximum
where no linear predictor has a variance above ``CONCAVE`` the penalised log-likelihood is concave,
and no other maximum is looked for (tests/references/firth_profile: 810 data sets).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from peacestudy.core.problems import Note
from peacestudy.models.kernels.designs import (
    Designs,
    Shared,
    basis_of,
    design_of,
    designs,
    influence,
    information,
    original,
    orthonormal,
    part_of,
    predictor,
    quadratic,
    repeated,
    restricted,
    roots,
    scores,
    third_moments,
)
from peacestudy.models.kernels.estimates import Estimates
from peacestudy.models.kernels.logit import loglik, mcfadden
from peacestudy.models.kernels.newton import TIGHT, Climb, Problem, newton_in_parts

Weights = np.ndarray | float  # of the rows, (B, N) or 1
Columns = np.ndarray | None  # of the models, (B, K), bool

# curvature below which an axis counts as flat; an axis of the columns has mean square 1
FLAT = 1e-12
CONCAVE = (
    # variance of a linear predictor up to which a row bends the penalised log-likelihood down (see
    # ``curvature``)
    2.0
)
OTHERS = 1e-3  # share of the half counts that rows have which are not held
MOST_ROWS = 100  # rows held in turn, those of the largest leverage
MOST_STARTS = 20  # starts of a climb, those with the highest penalised likelihood
MOST_NEAR = 12  # the same of the starts that a maximum is left by
MOST_HOPS = 5  # maxima that are left in search of others
HIGHER = 1e-6  # log-likelihood by which another maximum must be higher
ROUGH = 1e-7  # Newton decrement at which the climbs to other maxima stop
NEAR = 1e-3  # the same of the logits in which a row is held
LARGEST = 1_000_000  # numbers in an array of starts, rows and columns; more are taken in parts


@dataclass(frozen=True, eq=False)
class _At:
    """Everything that follows from a beta: fitted p, weights W, inverse
    information, its quadratic form q, hat diagonal h.
    """

    p: np.ndarray
    W: np.ndarray
    inverse: np.ndarray
    q: np.ndarray
    h: np.ndarray


def _weights(eta: np.ndarray) -> np.ndarray:
    out: np.ndarray = expit(eta) * expit(-eta)
    return out


def _at(Z: Designs, beta: np.ndarray, w: Weights = 1.0, columns: Columns = None) -> _At:
    eta = predictor(Z, beta)
    p = expit(eta)
    W = p * expit(-eta)
    inverse = np.linalg.inv(restricted(information(Z, w * W), columns))
    if columns is not None:
        inverse = inverse * columns[:, :, None]
    q = quadratic(Z, inverse)
    return _At(p, W, inverse, q, W * q)


def curvature(
    Z: Designs,
    beta: np.ndarray,
    a: _At | None = None,
    w: Weights = 1.0,
    columns: Columns = None,
) -> np.ndarray:
    """Minus the second derivative of the penalised log-likelihood, shape (B, K, K).

    With d = w(1 - 2p) the derivative of w: Z'[w - q w(1 - 6w)/2]Z + C/2, C
    = sum over i, j of d_i d_j q_ij^2 z_i z_j'.
    """
    a = a or _at(Z, beta, w, columns)
    B, K = beta.shape
    third = third_moments(Z, w * a.W * (1 - 2 * a.p))
    # C_ij = sum over k, l of U_kil U_ljk, with U = inverse times third: one product a member
    U = (a.inverse @ third.reshape(B, K, K * K)).reshape(B, K, K, K)
    left = U.transpose(0, 2, 1, 3).reshape(B, K, K * K)
    right = U.transpose(0, 3, 1, 2).reshape(B, K * K, K)
    plain = information(Z, w * (a.W - a.h * (1 - 6 * a.W) / 2))
    return restricted(plain + left @ right / 2, columns)


def penalised_loglik(
    Z: Designs, y: np.ndarray, beta: np.ndarray, w: Weights = 1.0, columns: Columns = None
) -> np.ndarray:
    """Log-likelihood plus half the log-determinant of the information,
    shape (B,); -inf where that is singular.
    """
    eta = predictor(Z, beta)
    sign, logdet = np.linalg.slogdet(restricted(information(Z, w * _weights(eta)), columns))
    return np.where(sign > 0, loglik(eta, y, w) + 0.5 * logdet, -np.inf)


def climb_firth(
    Z: Designs,
    y: np.ndarray,
    start: np.ndarray,
    free: int | None = None,
    tight: float = TIGHT,
    w: Weights = 1.0,
    columns: Columns = None,
) -> Climb:
    """Maximise the penalised log-likelihood over the first ``free``
    coefficients; the others stay where they start.

    Parameters
    ----------
    Z : one design or a stack (B, N, K).
    y : outcomes, shape (B, N).
    start : shape (B, K).
    free : None frees all. The penalty is that of the whole design, as in logistf.
    tight : see ``newton``.
    w, columns : weights of rows and columns of models, as in ``fit_firth``.
    """

    def part(members: np.ndarray) -> Problem:
        some, outcome = design_of(Z, members), y[members]
        weight, has = part_of(w, members), part_of(columns, members)

        def direction(beta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            a = _at(some, beta, weight, has)
            score = scores(some, weight * (outcome - a.p + a.h * (0.5 - a.p)))
            if has is not None:
                score = score * has
            move = np.zeros(beta.shape)
            bend = curvature(some, beta, a, weight, has)[:, :free, :free]
            concave = (a.q * (weight > 0)).max(axis=1) <= CONCAVE
            move[:, :free] = _upward(bend, score[:, :free], concave)
            return move, score

        def value(beta: np.ndarray) -> np.ndarray:
            return penalised_loglik(some, outcome, beta, weight, has)

        return Problem(direction, value)

    return newton_in_parts(start, part, tight)


def _upward(bend: np.ndarray, score: np.ndarray, concave: np.ndarray) -> np.ndarray:
    """Newton's steps, shape (B, K); where the likelihood bends the wrong way, steps as long as if
    it bent the right way.

    ``concave`` (B,) are members that are known to bend the right way.
    """
    move = np.empty(score.shape)
    move[concave] = np.linalg.solve(bend[concave], score[concave][:, :, None])[:, :, 0]
    size, axes = np.linalg.eigh(bend[~concave])
    along = (axes.transpose(0, 2, 1) @ score[~concave][:, :, None])[:, :, 0]
    along = along / np.maximum(np.abs(size), FLAT)
    move[~concave] = (axes @ along[:, :, None])[:, :, 0]
    return move


def not_concave(
    Z: Designs, beta: np.ndarray, w: Weights = 1.0, columns: Columns = None
) -> np.ndarray:
    """Whether a linear predictor has a variance above ``CONCAVE``, coefficients (B, K),
    shape (B,).
    """
    return np.asarray((_at(Z, beta, w, columns).q * (w > 0)).max(axis=1) > CONCAVE)


def highest(Z: Designs, y: np.ndarray, start: np.ndarray, free: int) -> Climb:
    """The highest of the maxima that are found from many starts; a
    problem that has none does not converge.

    Parameters
    ----------
    Z : one design; or a stack (B, N, K) of one design, its columns in any order.
    y : outcomes, shape (B, N).
    start : coefficients, shape (B, K), of which the first ``free`` are maximised over.
    free : number of free coefficients.
    """
    B, K = start.shape
    rows = _rows_to_hold(Z.Z if isinstance(Z, Shared) else Z[0])
    size = max(1, LARGEST // (len(rows) * y.shape[1] * K))
    found = []
    for first in range(0, B, size):
        part = np.arange(first, min(first + size, B))
        found.append(_highest(design_of(Z, part), y[part], start[part], free, rows))
    return Climb(
        *(
            np.concatenate([getattr(f, name) for f in found])
            for name in ("beta", "value", "converged", "steps")
        )
    )


def maxima(Z: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The maxima of one design (N, K) and outcome (N,) that are
    found from many starts, the highest first.

    Returns
    -------
    beta, value
        Shapes (M, K) and (M,).
    """
    rows, K = _rows_to_hold(Z), Z.shape[1]
    one = Shared(Z)
    halves = np.full((1, len(Z)), OTHERS)
    beta, value = np.empty((0, K)), np.empty(0)
    for left in range(MOST_HOPS):
        climb = _from_rows(one, y[None], np.zeros((1, K)), K, rows, halves, len(rows))
        beta = np.concatenate([beta, climb.beta[climb.converged]])
        value = np.concatenate([value, climb.value[climb.converged]])
        first = np.unique(np.round(-value, 4), return_index=True)[1]
        beta, value = beta[first], value[first]
        if left == len(beta):
            break
        halves = _at(one, beta[left : left + 1]).h
    return beta, value


def _rows_to_hold(Z: np.ndarray) -> np.ndarray:
    """Positions of the distinct rows of a design (N, K), those of the largest leverage first."""
    first = np.unique(np.round(Z, 9), axis=0, return_index=True)[1]
    order = np.argsort(-(Z[first] ** 2).sum(axis=1), kind="stable")
    return np.asarray(first[order][:MOST_ROWS])


def _highest(Z: Designs, y: np.ndarray, start: np.ndarray, free: int, rows: np.ndarray) -> Climb:
    zero = start.copy()
    zero[:, :free] = 0.0
    best = _best_of_rows(Z, y, zero, free, rows, np.full(y.shape, OTHERS), MOST_STARTS)
    for _ in range(MOST_HOPS):
        known = np.flatnonzero(best.converged)
        some = design_of(Z, known)
        near = _at(some, best.beta[known]).h
        other = _best_of_rows(some, y[known], zero[known], free, rows, near, MOST_NEAR)
        better = other.converged & (other.value > best.value[known] + HIGHER)
        if not better.any():
            break
        at = known[better]
        best.beta[at], best.value[at] = other.beta[better], other.value[better]
    return best


def _best_of_rows(
    Z: Designs,
    y: np.ndarray,
    start: np.ndarray,
    free: int,
    rows: np.ndarray,
    halves: np.ndarray,
    most: int,
) -> Climb:
    """The highest of the maxima ``_from_rows`` of every problem, each (B,)."""
    climb = _from_rows(Z, y, start, free, rows, halves, most)
    height = np.where(climb.converged, climb.value, -np.inf).reshape(len(y), -1)
    top = height.argmax(axis=1) + np.arange(len(y)) * height.shape[1]
    return Climb(climb.beta[top], climb.value[top], climb.converged[top], climb.steps[top])


def _from_rows(
    Z: Designs,
    y: np.ndarray,
    start: np.ndarray,
    free: int,
    rows: np.ndarray,
    halves: np.ndarray,
    most: int,
) -> Climb:
    """The maxima reached from logits in which each of the ``rows`` (R,)
    in turn is held, at most ``most`` a problem.

    ``halves`` (B, N) are the half counts of all rows, to which those of the row that is held are
    added; ``most`` of the starts are climbed from, those with the highest penalised likelihood.
    """
    B, K = start.shape
    R = len(rows)
    many, outcomes = repeated(Z, R), np.repeat(y, R, axis=0)
    counts = np.repeat(halves, R, axis=0)
    counts[np.arange(B * R), np.tile(rows, B)] += 1.0
    held = _with_halves(many, outcomes, counts, np.repeat(start, R, axis=0), free)
    value = penalised_loglik(many, outcomes, held).reshape(B, R)
    best = np.argsort(-value, axis=1, kind="stable")[:, :most]
    S = best.shape[1]
    starts = np.take_along_axis(held.reshape(B, R, K), best[:, :, None], axis=1).reshape(B * S, K)
    return climb_firth(repeated(Z, S), np.repeat(y, S, axis=0), starts, free, ROUGH)


def _with_halves(
    Z: Designs, y: np.ndarray, halves: np.ndarray, start: np.ndarray, free: int
) -> np.ndarray:
    """Maxima, shape (B, K), of logits in which rows count ``halves`` (B, N)
    times half an event and half a non-event more.
    """
    ridge = FLAT * start.shape[1] * np.eye(free)

    def part(members: np.ndarray) -> Problem:
        some, outcome, half = design_of(Z, members), y[members], halves[members]
        halfway = np.full(outcome.shape, 0.5)

        def direction(beta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            p = expit(predictor(some, beta))
            score = scores(some, outcome - p + half * (0.5 - p))
            bend = information(some, p * (1 - p) * (1 + half))[:, :free, :free] + ridge
            move = np.zeros(beta.shape)
            move[:, :free] = np.linalg.solve(bend, score[:, :free, None])[:, :, 0]
            score[:, free:] = 0.0
            return move, score

        def value(beta: np.ndarray) -> np.ndarray:
            eta = predictor(some, beta)
            return np.asarray(loglik(eta, outcome) + loglik(eta, halfway, half))

        return Problem(direction, value)

    return newton_in_parts(start, part, NEAR).beta


def _highest_of_all(Z: Designs, y: np.ndarray, climb: Climb) -> Climb:
    """Climbs with those replaced that ended at a maximum that is not the highest."""
    K = climb.beta.shape[1]
    at = np.flatnonzero(climb.converged)
    at = at[not_concave(design_of(Z, at), climb.beta[at])]
    beta, value, converged = climb.beta.copy(), climb.value.copy(), climb.converged.copy()
    for b in [at] if isinstance(Z, Shared) and len(at) else at[:, None]:
        one = Z if isinstance(Z, Shared) else Shared(Z[b[0]])
        other = highest(one, y[b], np.zeros((len(b), K)), K)
        better = other.converged & (other.value > value[b] + HIGHER)
        if better.any():
            c = b[better]
            found = climb_firth(design_of(Z, c), y[c], other.beta[better])
            beta[c], value[c], converged[c] = found.beta, found.value, found.converged
    return Climb(beta, value, converged, climb.steps)


def several_maxima(X: np.ndarray, y: np.ndarray, loglik: float) -> list[Note]:
    """A note where the highest maximum of one design (N, K) and outcome
    (N,) is not the one that is reached from zero.
    """
    lower = float(fit_firth(X[None], y[None]).loglik[0])
    if not loglik > lower + HIGHER:
        return []
    text = (
        "The penalised likelihood has several maxima, and the estimates are those of the highest."
        " A search that starts at zero, as in other programs, ends at one whose log-likelihood is"
        f" lower by {loglik - lower:.2f}."
    )
    return [Note("several_maxima", text)]


def fit_firth(
    X: np.ndarray,
    y: np.ndarray,
    weights: np.ndarray | None = None,
    columns: np.ndarray | None = None,
    by_row: bool = True,
    search: bool = False,
) -> Estimates:
    """Maximum penalised likelihood.

    Parameters
    ----------
    X : one design (N, K) for all models, or a stack (B, N, K), of full column rank.
    y : outcomes 0 or 1, shape (B, N), both present.
    weights : how often each row counts, whole numbers, shape (B, N); None counts each once.
        ``leverage`` and ``influence`` of a row are those of all its copies together.
    columns : with one design, which of its columns each model has, shape (B, K); None gives all.
    by_row : whether the influence of rows is wanted.
    search : whether a higher maximum is looked for than the one that is reached from zero, where
        there may be one; without weights and columns only. It takes ten times as long or more, so
        that permutations, which compare the data with thousands of fits of the same kind, leave
        it out.
    """
    basis, T = orthonormal(X) if X.ndim == 3 else basis_of(X, columns)
    Z = designs(basis)
    w = 1.0 if weights is None else weights
    climb = climb_firth(Z, y, np.zeros((len(y), X.shape[-1])), w=w, columns=columns)
    if search:
        climb = _highest_of_all(Z, y, climb)
    a = _at(Z, climb.beta, w, columns)
    # log|X'WX| = log|Z'WZ| + 2 log|T|
    sizes = np.log(np.abs(np.diagonal(T, axis1=-2, axis2=-1)))
    shift = sizes.sum(axis=-1) if columns is None else (sizes * columns).sum(axis=-1)
    A, M = roots(Z, T, w * a.W, columns)
    augmented = roots(Z, T, w * a.W * (1 + a.h), columns)[1]
    each = np.empty((len(y), 0, X.shape[-1]))
    if by_row:
        each = influence(Z, w * (y - a.p + a.h * (0.5 - a.p)), A @ M.transpose(0, 2, 1))
    return Estimates(
        beta=original(T, climb.beta),
        influence=each,
        leverage=w * a.h,
        classical=augmented @ augmented.transpose(0, 2, 1),
        loglik=climb.value + shift,
        r2=mcfadden(predictor(Z, climb.beta), y, w),
        scale=np.ones(len(y)),
        converged=climb.converged,
        iterations=climb.steps,
    )
