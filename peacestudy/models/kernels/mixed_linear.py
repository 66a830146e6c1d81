"""Linear model with a random intercept for groups, by maximum likelihood, plain or restricted.

Source: Pinheiro and Bates (2000), Mixed-Effects Models in S and S-PLUS, 2.2: with r the ratio of
the variance between groups to that of rows, coefficients and the residual variance have closed
forms, and the likelihood of r alone is climbed. Restricted likelihood with the constant of R's
lme4, so that its values can be compared.

Why it is estimated here and not by MixedLM of statsmodels: on orthonormal columns, an outcome of
variance one and a tight tolerance it does not converge in 19 of 245 data sets, and ends more than
1e-4 standard errors from the maximum in 7, up to .9; in 21 of these 26 the variance between groups
is small or zero. Elsewhere it comes within 1e-5 standard errors; the kernel comes within 1e-11
everywhere. It takes 7 to 13 times the time, and 33 and 62 times where that variance is small or
zero. Measured by tests/benchmarks/bench_estimators.py (table estimators.csv).
"""

import numpy as np
from scipy.optimize import brentq

from peacestudy.errors import FitError
from peacestudy.models.kernels.estimates import Estimates
from peacestudy.models.kernels.groups import Groups

# share of the variance of the outcome left, below which there is none but for rounding
EXACT = 1e-20


# ratios of variances between which a maximum is looked for
GRID = np.concatenate([[0.0], np.logspace(-8, 8, 129)])


class _Profile:
    """The likelihood of the ratio r of variances: everything else follows from sums over groups."""

    def __init__(self, Z: np.ndarray, y: np.ndarray, groups: Groups, restricted: bool) -> None:
        self.size, self.N, self.K = groups.size, *Z.shape
        self.ZZ, self.Zy, self.yy = Z.T @ Z, Z.T @ y, float(y @ y)
        self.sz, self.sy = groups.sums(Z), groups.sums(y)
        self.restricted = restricted
        self.free = self.N - self.K if restricted else self.N

    def solve(self, r: complex) -> tuple[np.ndarray, np.ndarray, complex]:
        """Z'WZ, the coefficients and the weighted sum of squares, W the inverse of the covariance
        over the residual variance.
        """
        w = r / (1 + self.size * r)
        A = self.ZZ - self.sz.T @ (self.sz * w[:, None])
        b = self.Zy - self.sz.T @ (self.sy * w)
        beta = np.linalg.solve(A, b)
        return A, beta, self.yy - (self.sy**2 * w).sum() - b @ beta

    def loglik(self, r: float) -> float:
        A, _, rss = self.solve(r)
        out = (
            self.free * (1 + np.log(2 * np.pi * rss.real / self.free))
            + np.log1p(self.size * r).sum()
        )
        if self.restricted:
            out += np.linalg.slogdet(A)[1]
        return float(-0.5 * out)

    def slope(self, r: complex) -> complex:
        """The derivative of the log-likelihood in r."""
        A, beta, rss = self.solve(r)
        one = 1 + self.size * r
        left = self.sy - self.sz @ beta  # sums of residuals
        out = -self.free * ((left / one) ** 2).sum() / rss + (self.size / one).sum()
        if self.restricted:
            out -= np.trace(np.linalg.solve(A, self.sz.T @ (self.sz / (one**2)[:, None])))
        return complex(-0.5 * out)


def fit_mixed_linear(
    X: np.ndarray, y: np.ndarray, groups: Groups, restricted: bool
) -> tuple[Estimates, float]:
    """The maximum, as a batch of one.

    Parameters
    ----------
    X, y : design (N, K) and outcome (N,), rows in the order of the groups.
    groups : of the rows.
    restricted : REML instead of ML.

    Returns
    -------
    estimates, plain
        Coefficients, ``classical`` their covariance with the variances as estimated, and the
        standard deviation of groups with that from the observed information; the log-likelihood
        without groups.
    """
    N, K = X.shape
    Q, R = np.linalg.qr(X)
    Z, T = Q * np.sqrt(N), R / np.sqrt(N)
    middle, unit = float(y.mean()), float(y.std())
    spans = np.abs(Q @ (Q.T @ np.ones(N)) - 1).max() < 1e-9
    shift = middle if spans else 0.0  # the columns span the constant: the outcome may be centred
    v = (y - shift) / unit
    profile = _Profile(Z, v, groups, restricted)
    if not profile.solve(0.0)[2].real > EXACT * N:
        raise FitError(
            "the terms give the outcome exactly: there is nothing left that could differ between"
            " groups."
        )
    r = _best(profile)
    A, beta, rss = profile.solve(r)
    s2 = float(rss.real) / profile.free
    M = np.linalg.solve(T, np.eye(K))
    V = np.zeros((K + 1, K + 1))
    V[:K, :K] = M @ np.linalg.inv(A) @ M.T * s2 * unit**2
    sd = float(np.sqrt(r * s2)) * unit
    if r > 0:
        V[K, K] = _spread_variance(profile, r, s2) * unit**2
    # likelihood in the units of y; the restricted one also in those of the columns
    change = -profile.free * np.log(unit) - (np.linalg.slogdet(T)[1] if restricted else 0.0)
    coefficients = M @ (beta * unit + np.linalg.lstsq(Z, np.full(N, shift), rcond=None)[0])
    est = Estimates(
        beta=np.append(coefficients, sd)[None],
        influence=np.zeros((1, N, K + 1)),
        leverage=np.zeros((1, N)),
        classical=V[None],
        loglik=np.array([profile.loglik(r) + change]),
        r2=np.full(1, np.nan),
        scale=np.array([s2 * unit**2]),
        converged=np.ones(1, bool),
        iterations=np.ones(1, int),
    )
    return est, profile.loglik(0.0) + change


def _best(profile: _Profile) -> float:
    """The ratio of the highest maximum; zero where the likelihood is highest there."""
    values = np.array([profile.loglik(r) for r in GRID])
    i = int(values.argmax())
    low, high = GRID[max(i - 1, 0)], GRID[min(i + 1, len(GRID) - 1)]
    if i == len(GRID) - 1:
        raise FitError(
            "the rows of a group do not differ but for the terms: the ratio of the variances tends"
            " to infinity."
        )
    if i <= 1 and not profile.slope(low).real > 0 > profile.slope(high).real:
        return 0.0
    found = float(brentq(lambda r: profile.slope(r).real, low, high, xtol=1e-300, rtol=8.9e-16))
    return found if profile.loglik(found) > values[0] else 0.0


def _spread_variance(profile: _Profile, r: float, s2: float) -> float:
    """The variance of the standard deviation of groups: delta method from
    the information in r and the residual variance.
    """
    rss = float(profile.solve(r)[2].real)
    first = float(
        -(((profile.sy - profile.sz @ profile.solve(r)[1]) / (1 + profile.size * r)) ** 2)
        .sum()
        .real
    )
    # the likelihood of r with s2 held: half of it -(rss/s2 + terms of r); slope() has s2 as its
    # best for each r
    step = 1e-20j
    curved = profile.slope(r + step).imag / step.imag  # with s2 at its best
    rs = 0.5 * first / s2**2
    ss = profile.free / (2 * s2**2) - rss / s2**3
    rr = curved + rs**2 / ss  # d2/dr2 with s2 held = profiled + rs^2/ss
    V = np.linalg.inv(-np.array([[rr, rs], [rs, ss]]))
    gradient = 0.5 * np.array([np.sqrt(s2 / r), np.sqrt(r / s2)])
    return float(gradient @ V @ gradient)
