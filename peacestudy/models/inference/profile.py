"""Penalised likelihood ratio tests and profile intervals of Firth's
logit, all terms and both ends in one batch.

Source: Heinze and Schemper (2002), Statistics in Medicine 21(16), 3.3; R's logistf 1.26 (penalty of
the whole design). With a coefficient held the penalised likelihood can have several maxima, also
where the outcome is not separated, and the ratio is that of the highest. An end on the path of
maxima from the estimate is therefore compared with the maxima that ``highest`` finds there; where
one of them is higher, the ratio has not reached the quantile, and the interval goes on from there.
Programs that follow one path (logistf, firthmodels) stop at the first end.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np
from scipy.stats import chi2

from peacestudy.core.problems import Note
from peacestudy.errors import FitError
from peacestudy.models.formulas.centring import centring_of
from peacestudy.models.kernels.designs import orthonormal
from peacestudy.models.kernels.firth import (
    ROUGH,
    climb_firth,
    curvature,
    highest,
    maxima,
    not_concave,
    penalised_loglik,
)

MOST_DOUBLINGS = 60
MOST_CUTS = 200
FARTHEST = 1e9  # standard errors; an end beyond is infinite
TIGHT = 1e-10  # on the root of the likelihood ratio, whose quantile is 1.96 at 95 %
# relative width of a bracket within which the likelihood ratio jumps over the quantile
SHUT = 1e-13
BELOW = 1e-6  # on the root of the likelihood ratio; a maximum lower by less is the same
MOST_BRANCHES = 50  # times that an interval goes on from a higher maximum
# times the distance of a higher maximum at which the next point of its path is looked for
OUT = 1.25

REMEDY = "Take the log of columns that span many orders of magnitude, or use fewer terms."


@dataclass(frozen=True, eq=False)
class _Profiles:
    """A batch of problems in each of which one coefficient is held: its
    column is the last of an orthonormal design.

    turn (B, K, K) takes coefficients of the original design to those here.

    Z (B, N, K) and y (B, N); peak (B, K), where the maximum is; top (B,), the maximum; unit (B,),
    by which a coefficient of the original design is multiplied to be the last one here.
    """

    Z: np.ndarray
    y: np.ndarray
    peak: np.ndarray
    top: np.ndarray
    unit: np.ndarray
    turn: np.ndarray

    def part(self, which: np.ndarray) -> "_Profiles":
        """Some of the problems."""
        return _Profiles(*(getattr(self, f.name)[which] for f in fields(self)))


@dataclass(frozen=True, eq=False)
class _Points:
    """A point on each profile: ``at`` (B,) standard errors from the estimate, infinite where there
    is no end, the root of the likelihood ratio there less its target (B,), and the coefficients of
    the maximum there (B, K).
    """

    at: np.ndarray
    excess: np.ndarray
    path: np.ndarray

    def part(self, which: np.ndarray) -> "_Points":
        """Some of the points."""
        return _Points(self.at[which], self.excess[which], self.path[which])

    def with_part(self, which: np.ndarray, others: "_Points") -> "_Points":
        """The points with some of them replaced."""
        out = _Points(self.at.copy(), self.excess.copy(), self.path.copy())
        out.at[which], out.excess[which], out.path[which] = others.at, others.excess, others.path
        return out


@dataclass(frozen=True, eq=False)
class _Search:
    """Profiles on which ends are looked for: at the distance ``at`` the
    coefficient is ``centre + at * unit``, each (B,).
    """

    profiles: _Profiles
    centre: np.ndarray
    unit: np.ndarray
    target: float

    def part(self, which: np.ndarray) -> "_Search":
        """The search on some of the profiles."""
        return _Search(self.profiles.part(which), self.centre[which], self.unit[which], self.target)

    def look(self, at: np.ndarray, start: np.ndarray) -> _Points:
        """The points at positions (B,), their maxima looked for from ``start`` (B, K)."""
        root, path = _root(self.profiles, self.centre + at * self.unit, start)
        return _Points(at, root - self.target, path)

    def end_after(self, low: _Points, at: np.ndarray) -> _Points:
        """The ends beyond points whose ratio is below the target; the
        next points looked at are at positions (B,).
        """
        high = self.look(at, _tangent(self.profiles, low.path, self.centre + at * self.unit))
        return _close(self.look, *_widen(self.look, low, high))

    def outside(self, ends: _Points) -> _Points:
        """The maxima of all coefficients together that lie farthest
        beyond the ends; the ends where none does.
        """
        one = self.profiles.part(np.array([0]))
        peaks, value = maxima(one.Z[0], one.y[0])
        root = np.sqrt(np.maximum(2 * (one.top[0] - value), 0.0)) - self.target
        kept = root < -BELOW
        if not kept.any():
            return ends
        beta = np.linalg.solve(one.turn[0], peaks[kept].T).T
        path = np.einsum("bij,mj->bmi", self.profiles.turn, beta)
        at = (path[:, :, -1] / self.profiles.unit[:, None] - self.centre[:, None]) / self.unit[
            :, None
        ]
        farthest = at.argmax(axis=1)
        rows = np.arange(len(at))
        points = _Points(at[rows, farthest], root[kept][farthest], path[rows, farthest])
        return _pick(points.at > ends.at * (1 + SHUT) + BELOW, points, ends)

    def higher(self, points: _Points) -> _Points:
        """The points at the same positions with the highest maxima that are found there."""
        best = highest(self.profiles.Z, self.profiles.y, points.path, points.path.shape[1] - 1)
        root = np.where(best.converged, _ratio_root(self.profiles, best.value), np.inf)
        better = root - self.target < points.excess - BELOW
        return _pick(better, _Points(points.at, root - self.target, best.beta), points)


_Look = Callable[[np.ndarray, np.ndarray], _Points]  # positions and where to start, to points


def likelihood_ratio(
    X: np.ndarray, y: np.ndarray, beta: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Tests of every coefficient against zero.

    Parameters
    ----------
    X, y : one design (N, K) and outcome (N,).
    beta : its Firth estimate (K,).

    Returns
    -------
    statistic, p
        Shape (K,): twice the drop of the penalised log-likelihood, and
        its p value on one degree of freedom.

    Raises
    ------
    FitError
        The maximum under a null cannot be found.
    """
    profiles = _profiles(X, y, beta, sides=1)
    search = _Search(profiles, np.zeros(len(beta)), np.ones(len(beta)), 0.0)
    points = search.look(np.zeros(len(beta)), np.zeros(profiles.peak.shape))
    doubtful = not_concave(profiles.Z, points.path)
    if doubtful.any():
        points = points.with_part(doubtful, search.part(doubtful).higher(points.part(doubtful)))
    drop = points.excess**2
    return drop, chi2.sf(drop, 1)


def joint_likelihood_ratio(
    X: np.ndarray, y: np.ndarray, beta: np.ndarray, at: Sequence[int]
) -> tuple[float, float]:
    """The test that several coefficients are all zero.

    Parameters
    ----------
    X, y : one design (N, K) and outcome (N,).
    beta : its Firth estimate (K,).
    at : positions of the q coefficients that are tested.

    Returns
    -------
    statistic, p
        Twice the drop of the penalised log-likelihood where these coefficients are held at zero,
        with the penalty of the whole design, and its p value on q degrees of freedom.

    Raises
    ------
    FitError
        The maximum under the null cannot be found.
    """
    order = [*(j for j in range(len(beta)) if j not in at), *at]
    moved = centring_of(X)
    # slopes are those of the columns about their means, where no digit is lost
    if moved.constant[list(at)].any():
        columns, peak = X, beta
    else:
        columns, peak = X - moved.centre, moved.at_centre(beta)
    Z, T = orthonormal(columns[:, order])
    many, outcome = Z[None], y[None]
    top = penalised_loglik(many, outcome, (T @ peak[order])[None])[0]
    free = len(beta) - len(at)
    null = climb_firth(many, outcome, np.zeros((1, len(beta))), free, ROUGH)
    if not null.converged[0] or not_concave(many, null.beta)[0]:
        other = highest(many, outcome, np.zeros((1, len(beta))), free)
        if other.converged[0] and (not null.converged[0] or other.value[0] > null.value[0]):
            null = other
    if not null.converged[0]:
        raise FitError(
            "the penalised likelihood has no maximum that can be found with the tested"
            " coefficients held at zero. Use fewer terms."
        )
    statistic = float(max(2 * (top - null.value[0]), 0.0))
    return statistic, float(chi2.sf(statistic, len(at)))


@dataclass(frozen=True, eq=False)
class ProfileEnds:
    """Profile intervals and how they were found.

    Attributes
    ----------
    ends : shape (K, 2).
    moved : where an end lies beyond the first value at which the path of maxima from the estimate
        reaches the quantile, (K, 2).
    gaps : where values between the estimate and an end are rejected, shape (K, 2).
    """

    ends: np.ndarray
    moved: np.ndarray
    gaps: np.ndarray

    def notes(self, names: Sequence[str]) -> list[Note]:
        """What is to be said of intervals of terms with these names."""
        moved = [name for name, ends in zip(names, self.moved, strict=True) if ends.any()]
        gaps = [name for name, ends in zip(names, self.gaps, strict=True) if ends.any()]
        out = []
        if moved:
            text = (
                f"With {', '.join(moved)} held at an end of the interval the penalised likelihood"
                " has several maxima. The ratio is that of the highest; programs that follow one"
                " path of maxima from the estimate print a narrower interval."
            )
            out.append(Note("profile", text))
        if gaps:
            text = (
                f"The values of {', '.join(gaps)} that the penalised likelihood ratio does not"
                " reject do not form one interval: the interval spans them all, and some values in"
                " it are rejected."
            )
            out.append(Note("profile_gap", text))
        return out


def profile_interval(
    X: np.ndarray, y: np.ndarray, beta: np.ndarray, std_error: np.ndarray, conf_level: float
) -> np.ndarray:
    """The ends alone of ``profile_ends``, shape (K, 2)."""
    return profile_ends(X, y, beta, std_error, conf_level).ends


def profile_ends(
    X: np.ndarray, y: np.ndarray, beta: np.ndarray, std_error: np.ndarray, conf_level: float
) -> ProfileEnds:
    """Profile intervals: where twice the drop of the penalised
    log-likelihood is the chi-squared quantile.

    An end that lies beyond ``FARTHEST`` standard errors is infinite. Where the values that are not
    rejected do not form one interval, the ends are the lowest and the highest of them that are
    found.

    Raises
    ------
    FitError
        An end, or the maximum at a point on the way to it, cannot be found.
    """
    K = X.shape[1]
    profiles = _profiles(X, y, beta, sides=2)
    unit = np.tile(std_error, 2) * np.repeat([-1.0, 1.0], K)
    search = _Search(profiles, np.tile(beta, 2), unit, float(np.sqrt(chi2.ppf(conf_level, 1))))
    low = _Points(np.zeros(2 * K), np.full(2 * K, -search.target), profiles.peak)
    first = search.end_after(low, np.ones(2 * K))
    doubtful = _doubtful(search, first)
    found, gaps = first, np.zeros(2 * K, dtype=bool)
    if doubtful.any():
        found = _beyond(search, first, doubtful)
        far = search.outside(found)
        gaps = far.excess < -BELOW
        if gaps.any():
            part = search.part(gaps)
            past = part.end_after(far.part(gaps), OUT * far.at[gaps])
            found = found.with_part(gaps, _beyond(part, past, _doubtful(part, past)))
    moved = (found.at > first.at) & ~gaps
    ends = search.centre + found.at * unit
    return ProfileEnds(ends.reshape(2, K).T, moved.reshape(2, K).T, gaps.reshape(2, K).T)


def _doubtful(search: _Search, ends: _Points) -> np.ndarray:
    """Whether there may be a higher maximum at an end: the path jumped
    over the target, or is not concave there.
    """
    finite = np.isfinite(ends.at)
    out: np.ndarray = finite & (np.abs(ends.excess) > BELOW)
    out[finite] |= not_concave(search.profiles.Z[finite], ends.path[finite])
    return out


def _beyond(search: _Search, ends: _Points, doubtful: np.ndarray) -> _Points:
    """The ends, those that are doubtful moved out as long as a higher
    maximum shows that the ratio is below its target.
    """
    doubtful = doubtful.copy()
    for _ in range(MOST_BRANCHES):
        if not doubtful.any():
            return ends
        part = search.part(doubtful)
        top = part.higher(ends.part(doubtful))
        short = top.excess < -BELOW
        doubtful[doubtful] = short
        if short.any():
            low = top.part(short)
            ends = ends.with_part(doubtful, part.part(short).end_after(low, OUT * low.at))
            doubtful &= np.isfinite(ends.at)
    raise FitError(f"the ends of {int(doubtful.sum())} profile intervals cannot be found. {REMEDY}")


def _widen(look: _Look, low: _Points, high: _Points) -> tuple[_Points, _Points]:
    """The upper points moved out, to twice their distance, until the
    ends lie between, or beyond ``FARTHEST``.
    """
    for _ in range(MOST_DOUBLINGS):
        short = (high.excess < 0) & (high.at < FARTHEST)
        if not short.any():
            break
        at = np.where(short, 2 * high.at, high.at)
        beyond = look(at, _between(low, high, at))
        low, high = _pick(short, high, low), beyond
    return low, high


def _close(look: _Look, low: _Points, high: _Points) -> _Points:
    """Where the excess is zero between the points, by the Illinois
    secant, which keeps no end twice at full weight.
    """
    endless = high.excess < -TIGHT
    low_weight, high_weight, last = (
        np.ones(len(low.at)),
        np.ones(len(low.at)),
        np.zeros(len(low.at)),
    )
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
        low, high, last = (
            _pick(above | done, low, cut),
            _pick(above & ~done, cut, high),
            np.where(above, 1.0, -1.0),
        )
    else:
        raise FitError(
            f"the ends of {int((~done).sum())} profile intervals cannot be found. {REMEDY}"
        )
    nearer = _pick(np.abs(low.excess) < np.abs(high.excess), low, high)
    return _Points(np.where(endless, np.inf, nearer.at), nearer.excess, nearer.path)


def _profiles(X: np.ndarray, y: np.ndarray, beta: np.ndarray, sides: int) -> _Profiles:
    K = X.shape[1]
    order = np.array([[*(i for i in range(K) if i != j), j] for j in range(K)] * sides)
    # slopes are those of the columns about their means, where no digit is lost
    moved = centring_of(X)
    slope = (moved.constant == 0)[order[:, -1]]
    columns = np.where(slope[:, None, None], (X - moved.centre).T[order], X.T[order])
    Z, T = orthonormal(columns.transpose(0, 2, 1))
    many = np.broadcast_to(y, (len(order), len(y)))
    # of the coefficients in the order of the columns given
    places = np.argsort(order, axis=1)[:, None, :]
    centred = np.eye(K) + np.outer(moved.constant, moved.centre)
    turn = np.take_along_axis(T, places, axis=2) @ np.where(
        slope[:, None, None], centred, np.eye(K)
    )
    peak = (T @ np.where(slope[:, None], moved.at_centre(beta)[order], beta[order])[:, :, None])[
        :, :, 0
    ]
    return _Profiles(Z, many, peak, penalised_loglik(Z, many, peak), T[:, -1, -1], turn)


def _root(
    profiles: _Profiles, value: np.ndarray, start: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Roots of the likelihood ratio (B,) with the coefficients held at
    ``value``, and where the maxima then are (B, K).
    """
    held = start.copy()
    held[:, -1] = value * profiles.unit
    climb = climb_firth(profiles.Z, profiles.y, held, free=held.shape[1] - 1, tight=ROUGH)
    if not climb.converged.all():
        raise FitError(
            "the penalised likelihood has no maximum that can be found with a coefficient held. Use"
            " fewer terms."
        )
    return _ratio_root(profiles, climb.value), climb.beta


def _ratio_root(profiles: _Profiles, value: np.ndarray) -> np.ndarray:
    """The root of the likelihood ratio of penalised log-likelihoods (B,)."""
    out: np.ndarray = np.sqrt(np.maximum(2 * (profiles.top - value), 0.0))
    return out


def _tangent(profiles: _Profiles, path: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Where the maxima at ``path`` would move with the coefficients at ``value``, were the
    penalised likelihood quadratic.
    """
    J = curvature(profiles.Z, path)
    far = value * profiles.unit - path[:, -1]
    move = -np.linalg.solve(J[:, :-1, :-1], J[:, :-1, -1:])[:, :, 0] * far[:, None]
    out: np.ndarray = path + np.column_stack([move, far])
    return out


def _between(low: _Points, high: _Points, at: np.ndarray) -> np.ndarray:
    """The maxima lie on a curve: the next is looked for on the line through two of them."""
    width = high.at - low.at
    share = (at - low.at) / np.where(width > 0, width, 1.0)
    out: np.ndarray = low.path + share[:, None] * (high.path - low.path)
    return out


def _pick(first: np.ndarray, a: _Points, b: _Points) -> _Points:
    return _Points(
        np.where(first, a.at, b.at),
        np.where(first, a.excess, b.excess),
        np.where(first[:, None], a.path, b.path),
    )
