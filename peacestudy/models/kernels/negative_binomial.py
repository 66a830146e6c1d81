"""Negative binomial regression of counts, log link, variance mu + alpha mu^2 (NB2).

Sources: Cameron and Trivedi (2013), Regression Analysis of Count Data, 2nd ed., 3.3.1; Lawless
(1987), Canadian Journal of Statistics 15(3). The covariance is the inverse of the observed
information of coefficients and alpha together, as in Stata and statsmodels; R's glm.nb takes the
expected one, with alpha known, and its standard errors differ a little.

Why it is estimated here and not by NegativeBinomial of statsmodels, of which 365 data sets were
fitted on orthonormal columns from the start that is used here. Its Newton's method takes whole
steps in alpha: where a few counts are huge it says that it has converged, without a number, in 38
of 40 data sets. Its BFGS ends more than 1e-4 standard errors from the maximum in 168 data sets and
does not converge in 43, 34 of which are of the 40 with counts around 1e9. The kernel converges in
all, to 1e-12 standard errors; it takes about twice the time, in which it also fits the intercept
alone and gives scores and covariance. Measured by tests/benchmarks/bench_estimators.py (table
estimators.csv).
"""

from dataclasses import dataclass

import numpy as np

from peacestudy.models.kernels.counts import null_means
from peacestudy.models.kernels.estimates import Estimates
from peacestudy.models.kernels.newton import Climb, newton
from peacestudy.models.kernels.poisson import FLAT, STEEPEST
from peacestudy.models.kernels.saddle_point import (
    DIGAMMA,
    LARGE,
    NEAR,
    deviance_part,
    digamma_excess,
    log_series,
    stirling_error,
    trigamma_excess,
)

# of alpha times the mean count, or of alpha where that is below 1; below it is Poisson's law
NARROWEST = 1e-10


WIDEST = 1e10  # of alpha


@dataclass(frozen=True, eq=False)
class At:
    """The score of every row in the linear predictor and in alpha, and
    minus their second derivatives, each (N,).
    """

    eta: np.ndarray
    alpha: np.ndarray
    eta_eta: np.ndarray
    eta_alpha: np.ndarray
    alpha_alpha: np.ndarray


def loglik(eta: np.ndarray, alpha: float, y: np.ndarray) -> float:
    """Log-likelihood of counts y (N,) at linear predictors (N,)
    and alpha, by the saddle-point expansion.
    """
    theta = 1 / alpha
    some = y > 0
    count = np.where(some, y, 1.0)
    smooth = (
        stirling_error(count + theta) - stirling_error(count) - stirling_error(np.asarray(theta))
    )
    smooth = smooth - 0.5 * (np.log(2 * np.pi * count) + np.log1p(alpha * count))
    return float((np.where(some, smooth, 0.0) - half_deviance(np.exp(eta), alpha, y)).sum())


def half_deviance(mu: np.ndarray, alpha: float, y: np.ndarray) -> np.ndarray:
    """The log-likelihood of each count y (N,) at a mean of its own
    less that at mu (N,); alpha 0 is Poisson's.
    """
    if alpha == 0:
        return deviance_part(y, mu, y - mu)
    one, theta = 1 + alpha * mu, 1 / alpha
    shift = (y - mu) / one
    events = deviance_part(y, mu * (1 + alpha * y) / one, shift)
    return np.asarray(events + deviance_part(np.full(len(y), theta), (y + theta) / one, -shift))


def at(eta: np.ndarray, alpha: float, y: np.ndarray) -> At:
    """The derivatives at linear predictors (N,) and alpha of counts y (N,).

    The score in alpha is ``theta^2 (w - log(1 + w) - e(theta + y) + e(theta))`` with ``theta = 1 /
    alpha``, ``1 + w = (1 + alpha y) / (1 + alpha mu)`` and ``e(z) = digamma(z) - log(z)``. Written
    so, nothing cancels as alpha nears 0, where it becomes ``((y - mu)^2 - y) / 2``.
    """
    mu = np.exp(eta)
    one, grown = 1 + alpha * mu, 1 + alpha * y
    shift = (y - mu) / one
    w, theta = alpha * shift, 1 / alpha
    near = np.abs(w) < NEAR
    rest = w - (np.log1p(alpha * y) - np.log1p(alpha * mu))  # w - log(1 + w)
    slope = np.where(near, -(shift**2) * log_series(w, 1), theta**2 * rest)
    close = shift**2 * y / grown - 2 * shift**3 * log_series(w, 2)
    bend = np.where(near, close, theta**3 * (2 * rest - w**2 / grown))
    first, second = _digamma_terms(alpha, y)
    return At(
        eta=shift,
        alpha=slope - first,
        eta_eta=mu * grown / one**2,
        eta_alpha=shift * mu / one,
        alpha_alpha=bend + second,
    )


def _digamma_terms(alpha: float, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """``theta^2 (e(theta + y) - e(theta))``, with e(z) = digamma(z) -
    log(z), and its derivative in alpha, each (N,).
    """
    theta = 1 / alpha
    if theta < LARGE:
        excess = digamma_excess(y + theta) - digamma_excess(np.asarray(theta))
        slope = trigamma_excess(y + theta) - trigamma_excess(np.asarray(theta))
        return theta**2 * excess, -2 * theta**3 * excess - theta**4 * slope
    # term by term of the asymptotic series of e, where the powers of theta cancel
    t = 1 / (1 + alpha * y)
    first, second = np.zeros(len(y)), np.zeros(len(y))
    for m, c in DIGAMMA:
        if m == 1:
            first, second = first - c * y * t, second + c * (y * t) ** 2
        elif m == 2:
            first, second = first - c * alpha * y * t * (1 + t), second - 2 * c * y * t**3
        else:
            first = first + c * alpha ** (m - 2) * (t**m - 1)
            second = second + c * alpha ** (m - 3) * (2 - m - 2 * t**m + m * t ** (m + 1))
    return first, second


def _information(a: At, Z: np.ndarray) -> np.ndarray:
    cross = Z.T @ a.eta_alpha
    return np.block(
        [
            [Z.T @ (Z * a.eta_eta[:, None]), cross[:, None]],
            [cross[None], np.array([[a.alpha_alpha.sum()]])],
        ]
    )


def fit_negative_binomial(
    X: np.ndarray, y: np.ndarray, offset: np.ndarray, start: np.ndarray
) -> Estimates:
    """Maximum likelihood of the coefficients and of log alpha, as a batch of one.

    Parameters
    ----------
    X : design, shape (N, K), of full column rank.
    y : counts, shape (N,), that vary more than Poisson's law allows.
    offset : added to the linear predictor, shape (N,).
    start : coefficients to start from, shape (K,).
    """
    N, K = X.shape
    Q, R = np.linalg.qr(X)
    Z, T = Q * np.sqrt(N), R / np.sqrt(N)
    mu = np.exp(X @ start + offset)
    least = 1e-4 / max(1.0, float(y.mean()))
    alpha = float(np.clip(((y - mu) ** 2 - y).sum() / (mu**2).sum(), least, 1e2))
    climb = _climb(Z, y, offset, np.append(T @ start, np.log(alpha)))
    alpha = float(np.exp(climb.beta[0, K]))
    a = at(Z @ climb.beta[0, :K] + offset, alpha, y)
    A = np.linalg.inv(_information(a, Z))
    M = np.eye(K + 1)
    M[:K, :K] = np.linalg.solve(T, np.eye(K))
    scores = np.column_stack([Z * a.eta[:, None], a.alpha])
    one = np.ones((N, 1))
    null_mu = null_means(y, offset)
    alone = _climb(
        one, y, offset, np.array([float((np.log(null_mu) - offset).mean()), np.log(alpha)])
    )
    return Estimates(
        beta=(M @ np.append(climb.beta[0, :K], alpha))[None],
        influence=(scores @ A @ M.T)[None],
        leverage=np.zeros((1, N)),
        classical=(M @ A @ M.T)[None],
        loglik=climb.value,
        r2=1 - climb.value / alone.value,
        scale=np.ones(1),
        converged=climb.converged,
        iterations=climb.steps,
    )


def _climb(Z: np.ndarray, y: np.ndarray, offset: np.ndarray, start: np.ndarray) -> Climb:
    K, narrowest = Z.shape[1], NARROWEST / max(1.0, float(y.mean()))

    def value(phi: np.ndarray) -> np.ndarray:
        eta, alpha = Z @ phi[0, :K] + offset, np.exp(np.clip(phi[0, K], -50, 50))
        if np.abs(eta).max() > STEEPEST + np.abs(offset).max() or not narrowest < alpha < WIDEST:
            return np.array([-np.inf])
        return np.array([loglik(eta, float(alpha), y)])

    def direction(phi: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        alpha = float(np.exp(phi[0, K]))
        a = at(Z @ phi[0, :K] + offset, alpha, y)
        u = np.append(Z.T @ a.eta, alpha * a.alpha.sum())
        H = _information(a, Z)
        H[K, :] *= alpha
        H[:, K] *= alpha
        H[K, K] -= u[K]
        size, axes = np.linalg.eigh(H)
        # where the likelihood bends the wrong way, a step as long as if it bent the right way
        return (axes @ (axes.T @ u / np.maximum(np.abs(size), FLAT * len(y))))[None], u[None]

    return newton(start[None], direction, value)
