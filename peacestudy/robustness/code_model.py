"""The true code given the covariates: a continuation-ratio model of successive probits.

P(t = k) = [1 - Phi(z g_k)] times Phi(z g_l) for all l < k, a probit each (a continuation-ratio
model), so that two codes give plain probit and several need no cut points. Draws by data
augmentation: Albert and Chib (1993), JASA 88(422). Priors are N(0, 2.5^2) on standardised
covariates.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats
from scipy.special import ndtr

Array = npt.NDArray[np.float64]
PRIOR_SD = 2.5


@dataclass(frozen=True, eq=False)
class CodeModel:
    """Covariates Z (cases, p), standardised with a constant first, and
    the posterior covariance of a full probit.
    """

    Z: Array

    @classmethod
    def of(cls, covariates: Array) -> "CodeModel":
        """From covariates as they are, shape (cases, p); columns that do not vary are left out."""
        sd = covariates.std(axis=0)
        kept = covariates[:, sd > 0]
        Z = np.column_stack([np.ones(len(covariates)), (kept - kept.mean(axis=0)) / sd[sd > 0]])
        return cls(Z)

    def draw(self, t: npt.NDArray[np.int64], gamma: Array, rng: np.random.Generator) -> Array:
        """New coefficients, shape (codes - 1, p), given true codes and the last coefficients."""
        out = gamma.copy()
        for k in range(len(gamma)):
            here = t >= k
            Z, beyond = self.Z[here], t[here] > k
            if not len(Z):
                out[k] = rng.normal(0, PRIOR_SD, Z.shape[1])
                continue
            mean = Z @ gamma[k]
            u = rng.uniform(1e-12, 1 - 1e-12, len(Z))
            low = ndtr(-mean)  # probability of not going beyond
            p = np.where(beyond, low + u * (1 - low), u * low)
            latent = mean + stats.norm.ppf(np.clip(p, 1e-12, 1 - 1e-12))
            V = np.linalg.inv(Z.T @ Z + np.eye(Z.shape[1]) / PRIOR_SD**2)
            out[k] = V @ (Z.T @ latent) + np.linalg.cholesky(V) @ rng.normal(size=Z.shape[1])
        return out

    def log_probability(self, gamma: Array) -> Array:
        """Log probability of every code, shape (cases, codes)."""
        eta = self.Z @ gamma.T
        on, off = stats.norm.logcdf(eta), stats.norm.logcdf(-eta)
        passed = np.column_stack([np.zeros(len(eta)), np.cumsum(on, axis=1)])
        out: Array = passed + np.column_stack([off, np.zeros(len(eta))])
        return out
