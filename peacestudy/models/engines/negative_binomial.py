"""Negative binomial regression of counts, log link, variance mu + alpha mu^2 (NB2).

Sources: Cameron and Trivedi (2013), Regression Analysis of Count Data, 2nd ed., 3.3.1; Lawless (1987), Canadian Journal of Statistics
15(3). The covariance is the inverse of the observed information of coefficients and alpha together, as in Stata and
statsmodels; R's glm.nb takes the expected one, with alpha known, and its standard errors differ a little.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import gammaln

from peacestudy.core.problems import Note
from peacestudy.errors import FitError
from peacestudy.models.engines.counts import LOST, null_means, offset_of, refuse_endless
from peacestudy.models.engines.newton import Climb, newton
from peacestudy.models.engines.parameters import edge_test, parameter_names
from peacestudy.models.engines.poisson import FLAT, STEEPEST, fit_poisson
from peacestudy.models.engines.registry import Estimates
from peacestudy.models.formulas.design import Design
from peacestudy.models.spec import ModelSpec

NARROWEST = 1e-10  # of alpha; below it is Poisson's law


@dataclass(frozen=True, eq=False)
class At:
    """The score of every row in the linear predictor and in alpha, and minus their second derivatives, each (N,)."""

    eta: np.ndarray
    alpha: np.ndarray
    eta_eta: np.ndarray
    eta_alpha: np.ndarray
    alpha_alpha: np.ndarray


def estimate_negative_binomial(design: Design, spec: ModelSpec) -> tuple[Estimates, list[Note]]:
    """Estimates of a design, ``alpha`` last.

    Raises
    ------
    FitError
        A coefficient runs to infinity, or the counts do not vary more than Poisson's law allows: alpha is zero then.
    """
    offset = offset_of(spec, dict(design.further), design.cases)
    e = np.zeros(len(design.y)) if offset is None else offset
    poisson, left = fit_poisson(design.X, design.y, e)
    if left < LOST:
        refuse_endless(design, spec.name)
    mu = np.exp(design.X @ poisson.beta[0] + e)
    if not ((design.y - mu) ** 2 - design.y).sum() > 0:  # the slope of the likelihood in alpha at zero
        raise FitError(
            f"{spec.name}: the counts do not vary more than Poisson's law allows: alpha is zero. Use engine 'poisson'."
        )
    est = fit_negative_binomial(design.X, design.y, e, poisson.beta[0])
    ratio, p = edge_test(float(est.loglik[0]), float(poisson.loglik[0]))
    text = (
        f"alpha against zero, which is Poisson's law: likelihood ratio {ratio:.2f}, p {p:.3f} (half a chi-squared's); its interval is "
        "Wald's on the log scale."
    )
    return replace(est, names=(*design.names, *parameter_names(design, spec))), [Note("alpha", text)]


def loglik(eta: np.ndarray, alpha: float, y: np.ndarray) -> float:
    """Log-likelihood; sums over all smaller counts stand for differences of log-gammas, which lose digits near Poisson's law."""
    series = np.concatenate([[0.0], np.cumsum(np.log1p(alpha * np.arange(y.max())))])
    return float(
        (series[y.astype(int)] + y * eta - gammaln(y + 1) - (y + 1 / alpha) * np.log1p(alpha * np.exp(eta))).sum()
    )


def at(eta: np.ndarray, alpha: float, y: np.ndarray) -> At:
    """The derivatives at linear predictors (N,) and alpha of counts y (N,)."""
    j, k, mu = np.arange(y.max()), y.astype(int), np.exp(eta)
    first = np.concatenate([[0.0], np.cumsum(j / (1 + alpha * j))])[k]
    second = np.concatenate([[0.0], np.cumsum((j / (1 + alpha * j)) ** 2)])[k]
    one, theta = 1 + alpha * mu, 1 / alpha
    log = np.log1p(alpha * mu)
    return At(
        eta=(y - mu) / one, alpha=first + theta**2 * log - (y + theta) * mu / one, eta_eta=mu * (1 + alpha * y) / one**2,
        eta_alpha=(y - mu) * mu / one**2,
        alpha_alpha=second + 2 * theta**3 * log - 2 * theta**2 * mu / one - (y + theta) * (mu / one) ** 2,
    )  # fmt: skip


def _information(a: At, Z: np.ndarray) -> np.ndarray:
    cross = Z.T @ a.eta_alpha
    return np.block(
        [[Z.T @ (Z * a.eta_eta[:, None]), cross[:, None]], [cross[None], np.array([[a.alpha_alpha.sum()]])]]
    )


def fit_negative_binomial(X: np.ndarray, y: np.ndarray, offset: np.ndarray, start: np.ndarray) -> Estimates:
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
    alpha = float(np.clip(((y - mu) ** 2 - y).sum() / (mu**2).sum(), 1e-4, 1e2))
    climb = _climb(Z, y, offset, np.append(T @ start, np.log(alpha)))
    alpha = float(np.exp(climb.beta[0, K]))
    a = at(Z @ climb.beta[0, :K] + offset, alpha, y)
    A = np.linalg.inv(_information(a, Z))
    M = np.eye(K + 1)
    M[:K, :K] = np.linalg.solve(T, np.eye(K))
    scores = np.column_stack([Z * a.eta[:, None], a.alpha])
    one = np.ones((N, 1))
    null_mu = null_means(y, offset)
    alone = _climb(one, y, offset, np.array([float((np.log(null_mu) - offset).mean()), np.log(alpha)]))
    return Estimates(
        beta=(M @ np.append(climb.beta[0, :K], alpha))[None], influence=(scores @ A @ M.T)[None], leverage=np.zeros((1, N)),
        classical=(M @ A @ M.T)[None], loglik=climb.value, r2=1 - climb.value / alone.value, scale=np.ones(1),
        converged=climb.converged, iterations=climb.steps,
    )  # fmt: skip


def _climb(Z: np.ndarray, y: np.ndarray, offset: np.ndarray, start: np.ndarray) -> Climb:
    K = Z.shape[1]

    def value(phi: np.ndarray) -> np.ndarray:
        eta, alpha = Z @ phi[0, :K] + offset, np.exp(np.clip(phi[0, K], -50, 50))
        if np.abs(eta).max() > STEEPEST + np.abs(offset).max() or not NARROWEST < alpha < 1 / NARROWEST:
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
