"""Logit with a random intercept for groups, by adaptive Gauss-Hermite quadrature.

Sources: Pinheiro and Bates (1995), Journal of Computational and Graphical Statistics 4(1), 2.4
(nodes round the mode of each group's effect, scaled by the curvature there); Louis (1982), JRSS B
44(2) (score and observed information as means over the distribution of a group's effect given its
outcomes).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, ndtr

from peacestudy.models.kernels.estimates import Estimates
from peacestudy.models.kernels.groups import Groups
from peacestudy.models.kernels.logit import fit_logit
from peacestudy.models.kernels.newton import Climb, newton

POINTS = 25  # of the quadrature, for each group


MOST_STEPS = 100  # of the search for the modes


STARTS = (1.0, 0.3, 3.0)  # standard deviations that the climb starts from


NOTHING = 1e-4  # standard deviation of groups below which it is at its edge


# of the nodes of an average: step over the standard deviation, and how far out they go
STEP, REACH = 0.5, 9.0


# standard deviation of groups above which an average is taken over the logistic distribution
WIDE = 20.0


FARTHEST = 40.0  # of that distribution, whose density is below rounding there


NODES, WEIGHTS = np.polynomial.hermite.hermgauss(POINTS)


@dataclass(frozen=True, eq=False)
class Integral:
    """Log-likelihood, score and information in the coefficients
    and the standard deviation of groups.
    """

    value: float
    score: np.ndarray
    info: np.ndarray


def fit_mixed_logit(X: np.ndarray, y: np.ndarray, groups: Groups) -> tuple[Estimates, float]:
    """Maximum likelihood, as a batch of one.

    Parameters
    ----------
    X, y : design (N, K) and outcome 0 or 1 (N,), rows in the order of the groups.
    groups : of the rows.

    Returns
    -------
    estimates, plain
        Coefficients and the standard deviation of groups, ``classical`` the inverse observed
        information; the log-likelihood without groups.
    """
    N, K = X.shape
    Q, R = np.linalg.qr(X)
    Z, T = Q * np.sqrt(N), R / np.sqrt(N)
    logit = fit_logit(X[None], y[None])
    plain = float(logit.loglik[0])
    climb = _climb(Z, y, groups, T @ logit.beta[0])
    null = N * (y.mean() * np.log(y.mean()) + (1 - y.mean()) * np.log1p(-y.mean()))
    if climb is None or climb.value[0] <= plain:
        V = np.full((K + 1, K + 1), 0.0)
        V[:K, :K] = logit.classical[0]
        p = expit(X @ logit.beta[0])
        rises = (
            groups.sums(y - p) ** 2 - groups.sums(p * (1 - p))
        ).sum() > 0  # with the variance between groups, at zero
        beta, value, converged, steps = (
            np.append(logit.beta[0], 0.0),
            logit.loglik,
            np.array([not rises]),
            logit.iterations,
        )
    else:
        phi = climb.beta[0] * np.append(np.ones(K), np.sign(climb.beta[0, K]))
        M = np.eye(K + 1)
        M[:K, :K] = np.linalg.solve(T, np.eye(K))
        V = M @ np.linalg.inv(integral(Z, y, groups, phi).info) @ M.T
        beta, value, converged, steps = M @ phi, climb.value, climb.converged, climb.steps
    est = Estimates(
        beta=beta[None],
        influence=np.zeros((1, N, K + 1)),
        leverage=np.zeros((1, N)),
        classical=V[None],
        loglik=value,
        r2=1 - value / null,
        scale=np.ones(1),
        converged=converged,
        iterations=steps,
    )
    return est, plain


def normal_nodes(sd: float) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights (M,) for means of logistic functions over a standard
    normal, exact but for rounding at any ``sd``.

    Equal steps: their error is about exp(-2 pi^2 / (sd step)), for the logistic function has no
    pole within pi of the real line (Trefethen and Weideman 2014, SIAM Review 56(3)). Gauss-Hermite
    with few points loses digits where ``sd`` is above 2.
    """
    step = STEP / max(abs(sd), 1.0)
    u = step * np.arange(-np.ceil(REACH / step), np.ceil(REACH / step) + 1)
    weight = np.exp(-(u**2) / 2)
    return u, weight / weight.sum()


def average(eta: np.ndarray, sd: float) -> np.ndarray:
    """Probabilities averaged over groups with standard deviation
    ``sd``, linear predictors of any shape.
    """
    if abs(sd) > WIDE:
        at, weight = logistic_nodes()
        return np.asarray(ndtr((eta[..., None] + at) / abs(sd)) @ weight)
    u, weight = normal_nodes(sd)
    return np.asarray(expit(eta[..., None] + sd * u) @ weight)


def logistic_nodes() -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights (M,) for means over a standard logistic variable.

    The logistic function is its distribution function, so the mean of ``expit(eta + sd u)`` over a
    normal u is the mean of the normal distribution function of ``(eta + node) / sd`` over these
    nodes. Their number does not depend on ``sd``, that of ``normal_nodes`` grows with it.
    """
    at = STEP * np.arange(-np.ceil(FARTHEST / STEP), np.ceil(FARTHEST / STEP) + 1)
    weight = expit(at) * expit(-at)
    return at, weight / weight.sum()


def _climb(Z: np.ndarray, y: np.ndarray, groups: Groups, start: np.ndarray) -> Climb | None:
    """The maximum off the edge that is reached from the first start that reaches one, or None."""
    for sd in STARTS:
        climb = newton(
            np.append(start, sd)[None],
            lambda phi: _direction(Z, y, groups, phi[0]),
            lambda phi: np.array([_value(Z, y, groups, phi[0])]),
        )
        if climb.converged[0] and abs(climb.beta[0, -1]) > NOTHING:
            return climb
    return None


def modes(
    eta: np.ndarray, sd: float, y: np.ndarray, groups: Groups
) -> tuple[np.ndarray, np.ndarray]:
    """The most likely effect of each group, in standard
    deviations, and the curvature there, each (G,).
    """
    u = np.zeros(len(groups.size))
    for _ in range(MOST_STEPS):
        p = expit(eta + sd * u[groups.which])
        slope = sd * groups.sums(y - p) - u
        curvature = 1 + sd**2 * groups.sums(p * (1 - p))
        # where the logistic function is flat a whole step would swing across; no step is longer
        # than two
        step = np.clip(slope / curvature, -2, 2)
        u = u + step
        if np.abs(step).max() < 1e-12:
            break
    p = expit(eta + sd * u[groups.which])
    return u, 1 + sd**2 * groups.sums(p * (1 - p))


def _nodes(
    Z: np.ndarray, y: np.ndarray, groups: Groups, phi: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Effects at the nodes (G, points), linear predictors there (N, points) and logs of the
    integrand by node (G, points).
    """
    eta, sd = Z @ phi[:-1], float(phi[-1])
    mode, curvature = modes(eta, sd, y, groups)
    width = np.sqrt(2 / curvature)
    u = mode[:, None] + width[:, None] * NODES
    at = eta[:, None] + sd * u[groups.which]
    rows = y[:, None] * at - np.logaddexp(0.0, at)
    logs = (
        groups.sums(rows)
        - u**2 / 2
        + NODES**2
        + np.log(WEIGHTS)
        + np.log(width)[:, None]
        - 0.5 * np.log(2 * np.pi)
    )
    return u, at, logs


def _value(Z: np.ndarray, y: np.ndarray, groups: Groups, phi: np.ndarray) -> float:
    return float(np.logaddexp.reduce(_nodes(Z, y, groups, phi)[2], axis=1).sum())


def integral(Z: np.ndarray, y: np.ndarray, groups: Groups, phi: np.ndarray) -> Integral:
    """Log-likelihood, score and information at the parameters phi (K
    + 1,), rows in the order of the groups.
    """
    u, at, logs = _nodes(Z, y, groups, phi)
    whole = np.logaddexp.reduce(logs, axis=1)
    share = np.exp(logs - whole[:, None])  # the distribution of a group's effect given its outcomes
    p = expit(at)
    e, w = y[:, None] - p, p * (1 - p)
    each = np.concatenate(
        [groups.sums(Z[:, None, :] * e[:, :, None]), (groups.sums(e) * u)[:, :, None]], axis=2
    )
    mean = np.einsum("gq,gqk->gk", share, each)
    spread = np.einsum("gq,gqk,gql->kl", share, each, each, optimize=True) - mean.T @ mean
    by_row, effect = share[groups.which], u[groups.which]
    K = Z.shape[1]
    curved = np.empty((K + 1, K + 1))
    curved[:K, :K] = Z.T @ (Z * (w * by_row).sum(axis=1)[:, None])
    curved[K, :K] = curved[:K, K] = Z.T @ (w * by_row * effect).sum(axis=1)
    curved[K, K] = (w * by_row * effect**2).sum()
    return Integral(float(whole.sum()), mean.sum(axis=0), curved - spread)


def _direction(
    Z: np.ndarray, y: np.ndarray, groups: Groups, phi: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    at = integral(Z, y, groups, phi)
    size, axes = np.linalg.eigh(at.info)
    # where the likelihood bends the wrong way, a step as long as if it bent the right way
    return (axes @ (axes.T @ at.score / np.maximum(np.abs(size), 1e-8)))[None], at.score[None]
