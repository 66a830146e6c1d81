"""The partial likelihood of a proportional hazards model: its
value, score, information and score residuals.

Sources: Cox (1975), Biometrika 62(2); Efron (1977), Journal of the American Statistical Association
72(359), and Breslow (1974), Biometrics 30(1) (ties); Therneau and Grambsch (2000), Modeling
Survival Data, 3.3, 3.7 and 4.5 (residuals).

A *moment* is a time at which events occur within a stratum. A row is at risk at the moments after
its start up to its end: a run of numbers of moments, so that a sum over every risk set is a
difference of two running sums. These are kept in the longest floating point that the machine has,
for the difference can be much smaller than they. Why PHReg of statsmodels is not used: see ``cox``.
"""

from dataclasses import dataclass

import numpy as np

# share of a running sum below which a difference has under six digits
LOST = 1e6 * float(np.finfo(np.longdouble).eps)
# a sum of hazards, relative to the highest, below which its inverse nears the end of the numbers
LEAST = 1e-200


@dataclass(frozen=True, eq=False)
class RiskSets:
    """Who is at risk when.

    Attributes
    ----------
    first, last : the row is at risk at moments ``first`` to ``last - 1``, shape (N,).
    event : 1 where the row ends with the event, at moment ``last - 1``, shape (N,).
    strata : stratum numbers, shape (N,).
    times : times of the M moments.
    moment : moment of each of the E events, ascending.
    share : share of the tied events that is no longer at risk, for Efron's approximation: 0, 1/d,
        2/d, ...; 0 for Breslow's.
    """

    first: np.ndarray
    last: np.ndarray
    event: np.ndarray
    strata: np.ndarray
    times: np.ndarray
    moment: np.ndarray
    share: np.ndarray

    def over(self, x: np.ndarray) -> np.ndarray:
        """Sums over the risk set of every moment, (N,) or (N, K) to (M,) or (M, K)."""
        return _running(-self._gather(x, self.first) + self._gather(x, self.last))

    def not_ended(self, x: np.ndarray) -> np.ndarray:
        """Sums over all that ends at a moment or later, of later strata
        too: what ``over`` takes a difference from.
        """
        return _running(self._gather(x, self.last))

    def of_events(self, x: np.ndarray) -> np.ndarray:
        """Sums over the events of every moment."""
        return self._gather(x * _as(self.event, x), self.last - 1)[:-1]

    def through(self, steps: np.ndarray) -> np.ndarray:
        """Sums over the moments at which a row is at risk, (M,) or (M, K) to (N,) or (N, K)."""
        total = np.zeros((len(steps) + 1, *steps.shape[1:]), dtype=np.longdouble)
        np.cumsum(steps, axis=0, out=total[1:])
        out: np.ndarray = (total[self.last] - total[self.first]).astype(float)
        return out

    def at_end(self, steps: np.ndarray) -> np.ndarray:
        """What stands at the moment of its event for a row that ends with one, 0 for the others."""
        found = steps[np.maximum(self.last - 1, 0)]
        out: np.ndarray = found * _as(self.event, found)
        return out

    def per_moment(self, x: np.ndarray) -> np.ndarray:
        """Sums over the events of a moment of what is given for each
        event, (E,) or (E, K) to (M,) or (M, K).
        """
        return _bins(x, self.moment, len(self.times))

    def _gather(self, x: np.ndarray, at: np.ndarray) -> np.ndarray:
        return _bins(x, np.maximum(at, 0), len(self.times) + 1)


def _as(v: np.ndarray, x: np.ndarray) -> np.ndarray:
    return v if x.ndim == 1 else v[:, None]


def _bins(x: np.ndarray, at: np.ndarray, size: int) -> np.ndarray:
    if x.ndim == 1:
        return np.bincount(at, x, size)
    return np.stack([np.bincount(at, column, size) for column in x.T], axis=1)


def _running(steps: np.ndarray) -> np.ndarray:
    """Sums from each moment's successor to the end, the last bin
    included: shape (M + 1, ...) to (M, ...).
    """
    tail = np.cumsum(steps[::-1].astype(np.longdouble), axis=0)[::-1]
    out: np.ndarray = tail[1:].astype(float)
    return out


def risk_sets(times: np.ndarray, event: np.ndarray, strata: np.ndarray, ties: str) -> RiskSets:
    """The risk sets of a table.

    Parameters
    ----------
    times : start (exclusive; -inf where there is none) and end of the time at risk, shape (N, 2).
    event : 0 or 1, shape (N,).
    strata : numbers from 0, shape (N,).
    ties : ``efron`` or ``breslow``.
    """
    moments = np.unique(np.column_stack([strata, times[:, 1]])[event == 1], axis=0)
    # order of (stratum, time) pairs, by rank of the time: exact, whatever its unit
    known = np.unique(moments[:, 1])
    key = moments[:, 0] * (len(known) + 1) + np.searchsorted(known, moments[:, 1])
    base = strata * (len(known) + 1)
    first = np.searchsorted(key, base + np.searchsorted(known, times[:, 0], side="right"))
    last = np.searchsorted(key, base + np.searchsorted(known, times[:, 1], side="right"))
    moment = np.sort(last[event == 1] - 1)
    tied = np.bincount(moment, minlength=len(moments))
    before = np.arange(len(moment)) - np.searchsorted(moment, moment)
    share = before / tied[moment] if ties == "efron" else np.zeros(len(moment))
    return RiskSets(first, last, event, strata, moments[:, 1], moment, share)


@dataclass(frozen=True, eq=False)
class Partial:
    """The partial likelihood at some coefficients.

    Attributes
    ----------
    loglik : its logarithm.
    w : relative hazards, shape (N,), up to a factor for each stratum.
    mean : mean of the covariates in the risk set of each event, weighted by hazard, shape (E, K).
    rate : 1 / sum of the hazards in the risk set of each event, shape (E,).
    """

    loglik: float
    w: np.ndarray
    mean: np.ndarray
    rate: np.ndarray


def partial(sets: RiskSets, Z: np.ndarray, beta: np.ndarray) -> Partial:
    """The partial likelihood of covariates (N, K) at coefficients (K,).

    Where hazards lie so far apart that the sum over a risk set has lost its digits the value is
    -inf, and nothing else is told: a search turns back there.
    """
    eta = Z @ beta
    highest = np.full(int(sets.strata.max()) + 1, -np.inf)
    np.maximum.at(highest, sets.strata, eta)
    eta = eta - highest[sets.strata]
    w = np.exp(eta)
    wz = w[:, None] * Z
    total = sets.over(w)[sets.moment] - sets.share * sets.of_events(w)[sets.moment]
    if not (total > np.maximum(LOST * sets.not_ended(w)[sets.moment], LEAST)).all():
        return Partial(-np.inf, w, np.zeros((len(total), len(beta))), np.zeros(len(total)))
    mean = sets.over(wz)[sets.moment] - sets.share[:, None] * sets.of_events(wz)[sets.moment]
    loglik = eta[sets.event == 1].sum() - np.log(total).sum()
    return Partial(float(loglik), w, mean / total[:, None], 1 / total)


def score(sets: RiskSets, Z: np.ndarray, at: Partial, g: np.ndarray | None = None) -> np.ndarray:
    """The derivative of the log partial likelihood (K,), or each
    moment's part of it times ``g`` (M,).
    """
    weight = np.ones(len(sets.times)) if g is None else g
    own = sets.of_events(Z) - sets.per_moment(at.mean)
    out: np.ndarray = weight @ own
    return out


def information(
    sets: RiskSets, Z: np.ndarray, at: Partial, g: np.ndarray | None = None
) -> np.ndarray:
    """Minus the second derivative (K, K), each moment's part times ``g`` (M,)."""
    weight = np.ones(len(sets.times)) if g is None else g
    rate = at.rate * weight[sets.moment]
    omega = at.w * (
        sets.through(sets.per_moment(rate)) - sets.at_end(sets.per_moment(sets.share * rate))
    )
    means = at.mean * weight[sets.moment][:, None]
    out: np.ndarray = Z.T @ (omega[:, None] * Z) - at.mean.T @ means
    return np.asarray((out + out.T) / 2)


def score_residuals(sets: RiskSets, Z: np.ndarray, at: Partial) -> np.ndarray:
    """Each row's part of the score (N, K): zero for a row that is at risk at no moment."""
    tied = np.bincount(sets.moment, minlength=len(sets.times))
    own = sets.event[:, None] * Z - sets.at_end(sets.per_moment(at.mean) / tied[:, None])
    rate = sets.through(sets.per_moment(at.rate)) - sets.at_end(
        sets.per_moment(sets.share * at.rate)
    )
    spread = at.rate[:, None] * at.mean
    drift = sets.through(sets.per_moment(spread)) - sets.at_end(
        sets.per_moment(sets.share[:, None] * spread)
    )
    out: np.ndarray = own - at.w[:, None] * (Z * rate[:, None] - drift)
    return out
