"""Bias-reduced clustered covariance of least squares (CR2), with
degrees of freedom of its own for every contrast.

Sources: Bell and McCaffrey (2002), Survey Methodology 28(2); Pustejovsky and Tipton (2018), Journal
of Business and Economic Statistics 36(4): working covariance of independent rows, pseudo-inverse
where a cluster is fitted exactly (Theorem 1), Satterthwaite's degrees of freedom (eq. 11),
approximate Hotelling test of several contrasts (section 3.2).

With X = QR and S_g = Q_g'Q_g = W diag(s) W', the adjustment (I - Q_g Q_g')^(-1/2) of cluster g acts
on the columns of Q_g as W diag((1 - s)^(-1/2)) W': nothing larger than K by K is ever decomposed,
however large the clusters.
"""

from dataclasses import dataclass

import numpy as np

# share of a direction left to a cluster's residuals, below which the terms fit it exactly
EXACT = 1e-10


@dataclass(frozen=True, eq=False)
class Clusters:
    """What CR2 needs of a design and its clusters; ``a``, ``e``, ``f``
    have the adjustment A once, between, and twice.

    Attributes
    ----------
    Q : orthonormal columns (N, K). back : (K, K), such that beta = back Q'y.
    order, first : rows sorted by cluster, and where each cluster begins.
    a, e, f : W (1-s)^(-1/2) W', W s (1-s)^(-1/2) W' and W s (1-s)^(-1) W', each (G, K, K).
    fitted : clusters with a direction that the terms fit exactly, bool (G,).
    """

    Q: np.ndarray
    back: np.ndarray
    order: np.ndarray
    first: np.ndarray
    a: np.ndarray
    e: np.ndarray
    f: np.ndarray
    fitted: np.ndarray


def orthogonal(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Q (N, K) with orthonormal columns and ``back`` (K, K), such
    that least squares is back Q'y.
    """
    size = np.sqrt((X**2).sum(axis=0))
    Q, R = np.linalg.qr(X / size)
    return Q, np.linalg.solve(R, np.eye(X.shape[1])) / size[:, None]


def sums(values: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Sums of rows (N, ...) over clusters 0..G-1, shape (G, ...)."""
    order = np.argsort(groups, kind="stable")
    out: np.ndarray = np.add.reduceat(
        values[order], np.searchsorted(groups[order], np.arange(groups.max() + 1)), axis=0
    )
    return out


def cluster_products(Q: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Q_g'Q_g of every cluster, shape (G, K, K)."""
    order = np.argsort(groups, kind="stable")
    parts = np.split(Q[order], np.searchsorted(groups[order], np.arange(1, groups.max() + 1)))
    return np.stack([q.T @ q for q in parts])


def clusters_of(X: np.ndarray, groups: np.ndarray) -> Clusters:
    """The adjustments of a design (N, K) with clusters 0..G-1 of its rows (N,)."""
    Q, back = orthogonal(X)
    order = np.argsort(groups, kind="stable")
    s, W = np.linalg.eigh(cluster_products(Q, groups))
    left = 1 - s
    gone = left < EXACT
    root = np.where(gone, 0.0, 1 / np.sqrt(np.where(gone, 1.0, left)))

    def about(values: np.ndarray) -> np.ndarray:
        out: np.ndarray = (W * values[:, None, :]) @ W.transpose(0, 2, 1)
        return out

    first = np.searchsorted(groups[order], np.arange(groups.max() + 1))
    return Clusters(
        Q,
        back,
        order,
        first,
        about(root),
        about(s * root),
        about(s * root**2),
        np.asarray(gone.any(axis=1)),
    )


def cr2_covariance(parts: Clusters, residual: np.ndarray) -> np.ndarray:
    """The covariance of the coefficients from residuals (N,), shape (K, K).

    Examples
    --------
    One mean, each row a cluster: the unbiased variance of a mean.

    >>> y = np.array([1.0, 2.0, 4.0, 9.0])
    >>> V = cr2_covariance(clusters_of(np.ones((4, 1)), np.arange(4)), y - y.mean())
    >>> bool(np.isclose(V[0, 0], y.var(ddof=1) / 4))
    True
    """
    score = np.add.reduceat((parts.Q * residual[:, None])[parts.order], parts.first, axis=0)
    u = (parts.a @ score[:, :, None])[:, :, 0] @ parts.back.T
    out: np.ndarray = u.T @ u
    return out


def satterthwaite(parts: Clusters, contrasts: np.ndarray) -> np.ndarray:
    """Degrees of freedom of contrasts (q, K) of the coefficients, shape
    (q,); NaN where nothing of one is estimated.

    Examples
    --------
    The mean of four rows, each its own cluster, has three.

    >>> bool(
    ...     np.isclose(
    ...         satterthwaite(clusters_of(np.ones((4, 1)), np.arange(4)), np.ones((1, 1)))[0], 3
    ...     )
    ... )
    True
    """
    p = contrasts @ parts.back
    size = np.abs(p).max(axis=1, keepdims=True)
    # degrees of freedom do not change with the unit; squares would overflow
    p = p / np.where(size > 0, size, 1.0)
    out = np.full(len(p), np.nan)
    for c, row in enumerate(p):
        P = _products(parts, row, row)
        spread = (P**2).sum()
        if spread > 0:
            out[c] = np.trace(P) ** 2 / spread
    return out


def hotelling(parts: Clusters, contrasts: np.ndarray) -> float:
    """Degrees of freedom eta of the Wishart distribution that the
    covariance of contrasts (q, K) is compared to.

    With Q the Wald statistic, (eta - q + 1) / (eta q) Q is referred to F
    with q and eta - q + 1 degrees of freedom.
    """
    p = contrasts @ parts.back
    q = len(p)
    root = np.linalg.cholesky(
        p @ p.T
    )  # the contrasts' covariance under the working model, but for the residual variance
    p = np.linalg.solve(root, p)
    cross = {(s, t): _products(parts, p[s], p[t]) for s in range(q) for t in range(q)}
    variance = sum(
        float((cross[s, t] * cross[t, s]).sum() + (cross[s, s] * cross[t, t]).sum())
        for s in range(q)
        for t in range(q)
    )
    return q * (q + 1) / variance


def _products(parts: Clusters, p: np.ndarray, r: np.ndarray) -> np.ndarray:
    """Covariances of cluster g's part of contrast p with cluster h's part
    of contrast r, residual variance 1, (G, G).
    """
    out = -(parts.e @ p) @ (parts.e @ r).T
    out[np.diag_indices(len(out))] += (parts.f @ r) @ p
    return np.asarray(out)
