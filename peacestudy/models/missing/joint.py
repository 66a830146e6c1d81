"""Several terms at once after imputation: the joint test, and draws of what the statistics are
where there is nothing to find.

Sources: Li, Raghunathan and Rubin (1991), Journal of the American Statistical Association 86(416)
(the test known as D1); Reiter (2007), Biometrika 94(2) (its degrees of freedom where those of the
complete data are finite); Hothorn, Bretz and Westfall (2008), Biometrical Journal 50(3) (the
largest of dependent statistics).
"""

import numpy as np
from scipy import stats

from peacestudy.errors import FitError
from peacestudy.models.inference.hypotheses import DEFINITE, JointTest
from peacestudy.models.missing.rubins_rules import pool


def joint(
    estimates: np.ndarray, covs: np.ndarray, terms: tuple[str, ...], complete_df: float
) -> JointTest:
    """The test that q coefficients are all zero, by Li, Raghunathan and
    Rubin; of one coefficient the square of its t.

    Parameters
    ----------
    estimates : of the m tables, shape (m, q). covs : their covariances, shape (m, q, q).
    terms : names.
    complete_df : degrees of freedom without missing values, infinite for z.

    Returns
    -------
    JointTest
        F with q and ``df_denominator`` degrees of freedom; chi-squared
        where the tables do not differ at all.

    Raises
    ------
    FitError
        The covariance is not positive definite; too few tables, or too few
        degrees of freedom, for Reiter's approximation.
    """
    m, q = estimates.shape
    mean, within = estimates.mean(axis=0), covs.mean(axis=0)
    variance = np.diag(within)
    positive = bool(np.isfinite(within).all() and (variance > 0).all())
    if (
        not positive
        or np.linalg.eigvalsh(within / np.sqrt(np.outer(variance, variance)))[0] < DEFINITE
    ):
        raise FitError(
            f"{q} coefficients cannot be tested jointly: their covariance is not positive"
            " definite, for example because a term is named twice, or because there are too few"
            " clusters."
        )
    if q == 1:
        p = pool(estimates[:, 0], covs[:, 0, 0], complete_df)
        return _test(terms, p.estimate**2 / p.total, p.df)
    between = np.cov(estimates, rowvar=False)
    increase = (1 + 1 / m) * float(np.trace(np.linalg.solve(within, between))) / q
    D = float(mean @ np.linalg.solve(within, mean)) / (q * (1 + increase))
    return _test(terms, D, degrees(q, m, increase, complete_df))


def _test(terms: tuple[str, ...], D: float, df: float) -> JointTest:
    q = len(terms)
    if np.isinf(df):
        return JointTest(terms, q * D, q, df, float(stats.chi2.sf(q * D, q)))
    return JointTest(terms, D, q, df, float(stats.f.sf(D, q, df)))


def degrees(q: int, m: int, increase: float, complete_df: float) -> float:
    """Degrees of freedom of the denominator, of q coefficients in m tables with a mean relative
    ``increase`` of variance.

    Examples
    --------
    >>> round(degrees(3, 5, 0.2, np.inf), 2), round(degrees(3, 5, 0.2, 40.0), 2)
    (217.56, 30.62)
    """
    t, r = q * (m - 1), increase
    if not np.isfinite(complete_df):
        if r == 0:
            return float("inf")
        if t > 4:
            return float(4 + (t - 4) * (1 + (1 - 2 / t) / r) ** 2)
        return float(t * (1 + 1 / q) * (1 + 1 / r) ** 2 / 2)
    if t <= 4:
        raise FitError(
            f"{m} tables are too few to test {q} coefficients jointly with {complete_df:g} degrees"
            " of freedom: (tables - 1) * coefficients must be 5 or more. Impute more tables."
        )
    a = r * t / (t - 2)
    star = complete_df * (complete_df + 1) / (complete_df + 3)
    c0, c1, c2 = 1 / (t - 4), star - 2 * (1 + a), star - 4 * (1 + a)
    if c2 <= 0:
        raise FitError(
            f"{complete_df:g} degrees of freedom are too few for a joint test of {q} coefficients"
            f" with so much missing (mean relative increase of variance {r:.2f}). Test the terms"
            " one by one."
        )
    z = (
        1 / c2
        + c0 * (a**2 * c1 / ((1 + a) ** 2 * c2))
        + c0 * (8 * a**2 * c1 / ((1 + a) * c2**2) + 4 * a**2 / ((1 + a) * c2))
        + c0 * (4 * a**2 / (c2 * c1) + 16 * a**2 * c1 / c2**3)
        + c0 * (8 * a**2 / c2**2)
    )
    return 4 + 1 / z


def null_draws(cov: np.ndarray, dfs: np.ndarray, draws: int, seed: int) -> np.ndarray:
    """Statistics of q terms where there is nothing to find, shape (draws, q):
    t each, tied together as their estimates are.

    Parameters
    ----------
    cov : covariance of the q estimates.
    dfs : degrees of freedom of each, shape (q,).
    """
    scale = np.sqrt(np.diag(cov))
    size, axes = np.linalg.eigh(cov / np.outer(scale, scale))
    z = (
        np.random.default_rng(seed).standard_normal((draws, len(size)))
        * np.sqrt(np.maximum(size, 0))
        @ axes.T
    )
    out = [
        x if np.isinf(df) else stats.t.ppf(stats.norm.cdf(x), df)
        for x, df in zip(z.T, dfs, strict=True)
    ]
    return np.column_stack(out)
