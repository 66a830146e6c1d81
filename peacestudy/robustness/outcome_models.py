"""The outcome given the design: draws of its parameters, and the likelihood of each outcome under
candidate designs.

Linear models: flat prior, the normal and inverse chi-squared draws of Gelman and others (2013),
Bayesian Data Analysis, 14.2. Logit: Jeffreys' prior, whose mode is Firth's estimate (Firth 1993,
Biometrika 80), by a Metropolis random walk.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from peacestudy.models import ModelSpec
from peacestudy.models.engines.engine import Engine
from peacestudy.models.engines.registry import engine_of, names_where

Array = npt.NDArray[np.float64]
STEPS = 8  # of the random walk between two draws of the true codes


@dataclass(eq=False)
class LinearOutcome:
    """y = X b + e; keeps the last draw."""

    y: Array
    beta: Array
    sigma: float = 1.0

    def draw(self, X: Array, rng: np.random.Generator) -> None:
        """New coefficients and residual standard deviation given a design."""
        n, k = X.shape
        V = np.linalg.pinv(X.T @ X)
        hat = V @ (X.T @ self.y)
        rest = self.y - X @ hat
        self.sigma = float(np.sqrt(rest @ rest / rng.chisquare(n - k)))
        L = np.linalg.cholesky(V + 1e-12 * np.eye(k) * np.trace(V) / k)
        self.beta = hat + self.sigma * L @ rng.normal(size=k)

    def loglik(self, eta: Array) -> Array:
        """Log density of every case's outcome, shape as ``eta`` (cases, candidates)."""
        out: Array = -0.5 * ((self.y[:, None] - eta) / self.sigma) ** 2
        return out


@dataclass(eq=False)
class LogitOutcome:
    """P(y = 1) = 1 / (1 + exp(-X b)); keeps the last draw, and
    counts how many proposals were taken.
    """

    y: Array
    beta: Array
    scale: Array  # Cholesky factor of the proposal's covariance
    taken: int = 0
    tried: int = 0
    tuned: float = field(default=1.0)

    def _log_posterior(self, X: Array, beta: Array) -> float:
        eta = X @ beta
        mu = 1 / (1 + np.exp(-np.clip(eta, -500, 500)))
        sign, logdet = np.linalg.slogdet((X * (mu * (1 - mu))[:, None]).T @ X)
        if sign <= 0:
            return -np.inf
        return float(self.y @ eta - np.logaddexp(0, eta).sum() + 0.5 * logdet)

    def draw(self, X: Array, rng: np.random.Generator) -> None:
        """Some steps of the random walk given a design."""
        now = self._log_posterior(X, self.beta)
        for _ in range(STEPS):
            new = self.beta + self.tuned * (self.scale @ rng.normal(size=len(self.beta)))
            then = self._log_posterior(X, new)
            self.tried += 1
            if np.log(rng.uniform()) < then - now:
                self.beta, now = new, then
                self.taken += 1

    def tune(self) -> None:
        """While burning in: longer steps where most proposals are taken, shorter where few are."""
        rate = self.taken / max(self.tried, 1)
        self.tuned *= 1.25 if rate > 0.35 else 0.8 if rate < 0.2 else 1.0
        self.taken = self.tried = 0

    def loglik(self, eta: Array) -> Array:
        """Log probability of every case's outcome, shape as ``eta`` (cases, candidates)."""
        out: Array = self.y[:, None] * eta - np.logaddexp(0, eta)
        return out


Outcome = LinearOutcome | LogitOutcome


def outcome_model(outcome: str, y: Array, X: Array, beta: Array) -> Outcome:
    """The model of an outcome, ``number`` or ``binary``, started at the estimate."""
    if outcome == "number":
        return LinearOutcome(y, beta.copy(), float((y - X @ beta).std()) or 1.0)
    mu = 1 / (1 + np.exp(-np.clip(X @ beta, -30, 30)))
    W = np.maximum(mu * (1 - mu), 1e-3)
    V = np.linalg.inv((X * W[:, None]).T @ X + 1e-8 * np.eye(X.shape[1]))
    return LogitOutcome(y, beta.copy(), np.linalg.cholesky(V) * 2.38 / np.sqrt(X.shape[1]))


def is_modelled(spec: ModelSpec) -> bool:
    """Whether parameters can be drawn given the outcome of a specification."""
    return _has_model(engine_of(spec))


def modelled_engines() -> list[str]:
    """The names of the engines whose outcomes have a model."""
    return names_where(_has_model)


def _has_model(engine: Engine) -> bool:
    return engine.kernel is not None and engine.outcome in ("number", "binary")
