"""Logit with a ridge penalty: coefficients drawn towards zero,
for three events a term, beside Firth's.

Source: le Cessie and van Houwelingen (1992), Applied Statistics 41(1): the log-likelihood less
penalty/2 times the sum of squared coefficients of columns with standard deviation one; the
intercept is not penalised. Covariance, section 3.3: with the penalty given, B I B for
``classical``, B the inverse of the information plus the penalty and I the information; the robust
ones put the sums of scores, each row with its share of the penalty's, in the place of I.
"""

import numpy as np
from scipy.special import expit

from peacestudy.models.kernels.designs import orthonormal, predictor
from peacestudy.models.kernels.estimates import Estimates
from peacestudy.models.kernels.logit import loglik, mcfadden
from peacestudy.models.kernels.newton import newton


def fit_ridge(
    X: np.ndarray, y: np.ndarray, penalty: float, free: np.ndarray
) -> tuple[Estimates, float]:
    """Maximum of the penalised likelihood, as a batch of one.

    Parameters
    ----------
    X : design, shape (N, K), of full column rank.
    y : outcomes 0 or 1, shape (N,).
    penalty : above zero.
    free : columns that are not penalised, shape (K,), bool.

    Returns
    -------
    estimates, worth
        ``loglik`` is without the penalty. How many free coefficients the penalised ones are worth:
        the trace of B I, less the free ones.
    """
    N, K = X.shape
    Z, T = orthonormal(X[None])
    back = np.linalg.solve(T[0], np.eye(K))
    P = back.T @ np.diag(np.where(free, 0.0, penalty * X.var(axis=0, ddof=1))) @ back
    many = y[None]

    def information(gamma: np.ndarray) -> np.ndarray:
        p = expit(predictor(Z, gamma))[0]
        return np.asarray(Z[0].T @ (Z[0] * (p * (1 - p))[:, None]))

    def direction(gamma: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        score = Z[0].T @ (y - expit(predictor(Z, gamma))[0]) - P @ gamma[0]
        return np.linalg.solve(information(gamma) + P, score)[None], score[None]

    def value(gamma: np.ndarray) -> np.ndarray:
        return np.asarray(
            loglik(predictor(Z, gamma), many) - 0.5 * np.einsum("bi,ij,bj->b", gamma, P, gamma)
        )

    climb = newton(np.zeros((1, K)), direction, value)
    eta, gamma = predictor(Z, climb.beta), climb.beta[0]
    info = information(climb.beta)
    B = np.linalg.inv(info + P)
    rows = Z[0] * (y - expit(eta[0]))[:, None] - P @ gamma / N
    est = Estimates(
        beta=(back @ gamma)[None],
        influence=(rows @ B @ back.T)[None],
        leverage=np.zeros((1, N)),
        classical=(back @ B @ info @ B @ back.T)[None],
        loglik=loglik(eta, many),
        r2=mcfadden(eta, many),
        scale=np.ones(1),
        converged=climb.converged,
        iterations=climb.steps,
    )
    return est, float(np.trace(B @ info)) - float(free.sum())
