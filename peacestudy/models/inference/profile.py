"""Penalised likelihood ratio tests and profile intervals of Firth's logit, all terms and both ends in one batch.

Source: Heinze and Schemper (2002), Statistics in Medicine 21(16), 3.3; R's logistf 1.26 (penalty of the whole design).
Where the outcome is separated the penalised likelihood can have more than one maximum with a coefficient held: tests climb
from zero, as logistf, and intervals follow the maximum that is continuous with the estimate.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2

from peacestudy.errors import FitError
from peacestudy.models.engines.firth import climb_firth, curvature, penalised_loglik
from peacestudy.models.engines.logit import orthonormal
from peacestudy.models.formulas.centring import centring_of

MOST_DOUBLINGS = 60
MOST_CUTS = 200
FARTHEST = 1e9  # standard errors; an end beyond is infinite
TIGHT = 1e-10  # on the root of the likelihood ratio, whose quantile is 1.96 at 95 %
SHUT = 1e-13  # relative width of a bracket within which the likelihood ratio jumps over the quantile
ROUGH = 1e-7  # Newton decrement of a maximum on the way, before its last step; far out rounding allows no less

REMEDY = "Take the log of columns that span many orders of magnitude, or use fewer terms."


@dataclass(frozen=True, eq=False)
class _Profiles:
    """A batch of problems in each of which one coefficient is held: its column is the last of an orthonormal design.

    Z (B, N, K) and y (B, N); peak (B, K), where the maximum is; top (B,), the maximum; unit (B,), by which a coefficient of
    the original design is multiplied to be the last one here.
    """

    Z: np.ndarray
    y: np.ndarray
    peak: np.ndarray
    top: np.ndarray
    unit: np.ndarray


@dataclass(frozen=True, eq=False)
class _Points:
    """A point on each profile: ``at`` (B,) standard errors from the estimate, the root of the likelihood ratio there less
    its target (B,), and the coefficients of the maximum there (B, K).
    """  # fmt: skip

    at: np.ndarray
    excess: np.ndarray
    path: np.ndarray


_Look = Callable[[np.ndarray, np.ndarray], _Points]  # positions and where to start, to points


def likelihood_ratio(X: np.ndarray, y: np.ndarray, beta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Tests of every coefficient against zero.

    Parameters
    ----------
    X, y : one design (N, K) and outcome (N,).
    beta : its Firth estimate (K,).

    Returns
    -------
    statistic, p
        Shape (K,): twice the drop of the penalised log-likelihood, and its p value on one degree of freedom.

    Raises
    ------
    FitError
        The maximum under a null cannot be found.
    """
    profiles = _profiles(X, y, beta, sides=1)
    drop = _root(profiles, np.zeros(X.shape[1]), np.zeros(profiles.peak.shape))[0] ** 2
    return drop, chi2.sf(drop, 1)


def profile_interval(X: np.ndarray, y: np.ndarray, beta: np.ndarray, std_error: np.ndarray, level: float) -> np.ndarray:
    """Profile intervals, shape (K, 2): where twice the drop of the penalised log-likelihood is the chi-squared quantile.

    An end that lies beyond ``FARTHEST`` standard errors is infinite.

    Raises
    ------
    FitError
        An end, or the maximum at a point on the way to it, cannot be found.
    """
    K = X.shape[1]
    profiles = _profiles(X, y, beta, sides=2)
    centre, unit = np.tile(beta, 2), np.tile(std_error, 2) * np.repeat([-1.0, 1.0], K)
    target = float(np.sqrt(chi2.ppf(level, 1)))

    def look(at: np.ndarray, start: np.ndarray) -> _Points:
        root, path = _root(profiles, centre + at * unit, start)
        return _Points(at, root - target, path)

    low = _Points(np.zeros(2 * K), np.full(2 * K, -target), profiles.peak)
    high = look(np.ones(2 * K), _tangent(profiles, centre + unit))
    ends = centre + _close(look, *_widen(look, low, high)) * unit
    out: np.ndarray = ends.reshape(2, K).T
    return out


def _widen(look: _Look, low: _Points, high: _Points) -> tuple[_Points, _Points]:
    """The upper points moved out, to twice their distance, until the ends lie between, or beyond ``FARTHEST``."""
    for _ in range(MOST_DOUBLINGS):
        short = (high.excess < 0) & (high.at < FARTHEST)
        if not short.any():
            break
        at = np.where(short, 2 * high.at, high.at)
        beyond = look(at, _between(low, high, at))
        low, high = _pick(short, high, low), beyond
    return low, high


def _close(look: _Look, low: _Points, high: _Points) -> np.ndarray:
    """Where the excess is zero between the points (B,), by the Illinois secant, which keeps no end twice at full weight."""
    endless = high.excess < -TIGHT
    low_weight, high_weight, last = np.ones(len(low.at)), np.ones(len(low.at)), np.zeros(len(low.at))
    for _ in range(MOST_CUTS):
        done = endless | (np.abs(high.excess) < TIGHT) | (np.abs(low.excess) < TIGHT)
        done |= high.at - low.at <= SHUT * high.at
        if done.all():
            break
        f_low, f_high = low.excess * low_weight, high.excess * high_weight
        secant = high.at - f_high * (high.at - low.at) / np.where(done, 1.0, f_high - f_low)
        at = np.where(done, high.at, secant)
        cut = look(at, _between(low, high, at))
        above = cut.excess > 0
        low_weight = np.where(above, np.where(last > 0, low_weight / 2, low_weight), 1.0)
        high_weight = np.where(above, 1.0, np.where(last < 0, high_weight / 2, high_weight))
        low, high, last = _pick(above | done, low, cut), _pick(above & ~done, cut, high), np.where(above, 1.0, -1.0)
    else:
        raise FitError(f"the ends of {int((~done).sum())} profile intervals cannot be found. {REMEDY}")
    nearer = np.where(np.abs(low.excess) < np.abs(high.excess), low.at, high.at)
    return np.where(endless, np.inf, nearer)


def _profiles(X: np.ndarray, y: np.ndarray, beta: np.ndarray, sides: int) -> _Profiles:
    K = X.shape[1]
    order = np.array([[*(i for i in range(K) if i != j), j] for j in range(K)] * sides)
    moved = centring_of(X)  # slopes are those of the columns about their means, where no digit is lost
    slope = (moved.constant == 0)[order[:, -1]]
    columns = np.where(slope[:, None, None], (X - moved.centre).T[order], X.T[order])
    Z, T = orthonormal(columns.transpose(0, 2, 1))
    many = np.broadcast_to(y, (len(order), len(y)))
    peak = (T @ np.where(slope[:, None], moved.at_centre(beta)[order], beta[order])[:, :, None])[:, :, 0]
    return _Profiles(Z, many, peak, penalised_loglik(Z, many, peak), T[:, -1, -1])


def _root(profiles: _Profiles, value: np.ndarray, start: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Roots of the likelihood ratio (B,) with the coefficients held at ``value``, and where the maxima then are (B, K)."""
    held = start.copy()
    held[:, -1] = value * profiles.unit
    climb = climb_firth(profiles.Z, profiles.y, held, free=held.shape[1] - 1, tight=ROUGH)
    if not climb.converged.all():
        raise FitError(
            "the penalised likelihood has no maximum that can be found with a coefficient held. Use fewer terms."
        )
    return np.sqrt(np.maximum(2 * (profiles.top - climb.value), 0.0)), climb.beta


def _tangent(profiles: _Profiles, value: np.ndarray) -> np.ndarray:
    """Where the maxima would be with the coefficients at ``value``, were the penalised likelihood quadratic."""
    J = curvature(profiles.Z, profiles.peak)
    far = value * profiles.unit - profiles.peak[:, -1]
    move = -np.linalg.solve(J[:, :-1, :-1], J[:, :-1, -1:])[:, :, 0] * far[:, None]
    out: np.ndarray = profiles.peak + np.column_stack([move, far])
    return out


def _between(low: _Points, high: _Points, at: np.ndarray) -> np.ndarray:
    """The maxima lie on a curve: the next is looked for on the line through two of them."""
    width = high.at - low.at
    share = (at - low.at) / np.where(width > 0, width, 1.0)
    out: np.ndarray = low.path + share[:, None] * (high.path - low.path)
    return out


def _pick(first: np.ndarray, a: _Points, b: _Points) -> _Points:
    return _Points(
        np.where(first, a.at, b.at), np.where(first, a.excess, b.excess), np.where(first[:, None], a.path, b.path)
    )
