"""Tests of coefficients: reference distributions, adjusted p values, joint tests and detectable
effects.

Sources: Holm (1979), Scandinavian Journal of Statistics 6(2); Romano and Wolf (2016), Statistics
and Probability Letters 113; Benjamini and Hochberg (1995), JRSS B 57(1); Bloom (1995), Evaluation
Review 19(5) (minimum detectable effect = (quantile of alpha + quantile of power) * standard error).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np
import pandas as pd
from scipy import stats

from peacestudy.core.old_names import renamed_arguments
from peacestudy.core.problems import one_of, shortened
from peacestudy.errors import FitError, SpecError

ADJUSTMENTS = ("holm", "bh")
DIRECTIONS = {"greater": 1, "less": -1}
NO_SIDE = (
    "a joint test of several coefficients has no direction, so that it has no one-sided p. Test"
    " one term, by tidy(one_sided=...), or one sum of terms, by contrast(..., one_sided=...)."
)
DETECTABLE = (
    "where the null is not rejected, the smallest effect that a two-sided test at .05 finds in 80 %"
    " of such samples, the standard error taken as known."
)
POWER = 0.8  # of the effect shown beside a null, by the field's convention, as 95 % is of intervals
TIES = 1e-9  # relative; a resampled statistic as large as the data's but for rounding counts
# smallest eigenvalue of a covariance scaled to correlations below which it is zero but for rounding
DEFINITE = 1e-12


def two_sided(statistic: np.ndarray, df: float | np.ndarray) -> np.ndarray:
    """Two-sided p values; ``df``, one or one a statistic,
    infinite means the normal distribution.
    """
    size = np.abs(statistic)
    out: np.ndarray = 2 * (stats.norm.sf(size) if np.isinf(df).all() else stats.t.sf(size, df))
    return out


def one_sided(statistic: np.ndarray, df: float | np.ndarray, direction: str) -> np.ndarray:
    """One-sided p values of signed statistics (q,): of the null that the truth is not ``greater``,
    or not ``less``, than zero.

    Examples
    --------
    >>> one_sided(np.array([1.6449, -1.6449]), np.inf, "greater").round(3).tolist()
    [0.05, 0.95]
    """
    toward = statistic * sign_of(direction)
    out: np.ndarray = stats.norm.sf(toward) if np.isinf(df).all() else stats.t.sf(toward, df)
    return out


def sign_of(direction: str) -> int:
    """1 of ``greater``, -1 of ``less``; anything else is refused."""
    if not isinstance(direction, str) or direction not in DIRECTIONS:
        raise SpecError(one_of("one_sided", direction, list(DIRECTIONS)))
    return DIRECTIONS[direction]


def check_level(conf_level: object) -> None:
    """Refuse a level of intervals that does not lie between 0 and 1.

    Raises
    ------
    SpecError
        With what was written.
    """
    if (
        isinstance(conf_level, bool)
        or not isinstance(conf_level, Real)
        or not 0 < float(conf_level) < 1
    ):
        raise SpecError(f"conf_level is {conf_level!r}; it must lie between 0 and 1, as 0.95.")


def check_seed(seed: object) -> None:
    """Refuse a seed of random numbers that is no whole number from 0 up,
    so that what is drawn can be drawn again.

    Raises
    ------
    SpecError
        With what was written.
    """
    if isinstance(seed, bool) or not isinstance(seed, Integral) or seed < 0:
        raise SpecError(f"seed is {seed!r}; it must be a whole number of 0 or more.")


def named_terms(terms: Sequence[str] | str) -> list[str]:
    """The names of the terms of a test, one or a list of them.

    Raises
    ------
    SpecError
        What is neither.
    """
    if isinstance(terms, str):
        return [terms]
    if isinstance(terms, Mapping) or not isinstance(terms, Iterable):
        raise SpecError(f"the terms to test are {terms!r}; write their names, as ['a', 'b'].")
    return list(terms)


def quantile(probability: float, df: float) -> float:
    """Quantile of t, or of the normal distribution where ``df`` is infinite."""
    return float(stats.norm.ppf(probability) if np.isinf(df) else stats.t.ppf(probability, df))


def critical(probability: float, df: np.ndarray) -> np.ndarray:
    """Quantiles of t, a degree of freedom each, (q,); those that
    are all the same are asked for once.
    """
    if len(df) and (df == df[0]).all():
        return np.full(len(df), quantile(probability, float(df[0])))
    return np.asarray(stats.t.ppf(probability, df))


def adjust(p_values: "pd.Series[float]", method: str) -> "pd.Series[float]":
    """Adjust p values for testing several hypotheses.

    Parameters
    ----------
    p_values : Series or sequence of float
        One p value a hypothesis, each from 0 to 1; none may be missing.
    method : {"holm", "bh"}
        ``holm`` controls the family-wise error, ``bh`` (Benjamini and Hochberg) the false discovery
        rate.

    Returns
    -------
    Series of float
        Adjusted p values, with the index of ``p_values``.

    Raises
    ------
    SpecError
        An unknown method, or something else than numbers from 0 to 1.
    FitError
        A p value is missing.

    Examples
    --------
    >>> import pandas as pd
    >>> import peacestudy as ps
    >>> ps.models.adjust(pd.Series([0.01, 0.04, 0.03]), "holm").tolist()
    [0.03, 0.06, 0.06]
    """
    if method not in ADJUSTMENTS:
        raise SpecError(one_of("method", method, ADJUSTMENTS))
    p_values = _as_p_values(p_values)
    if p_values.isna().any():
        raise FitError(
            f"{int(p_values.isna().sum())} of {len(p_values)} p values are missing; the family is"
            " incomplete."
        )
    p, rank = p_values.to_numpy(dtype=float), np.arange(1, len(p_values) + 1)
    order = np.argsort(p, kind="stable")
    if method == "holm":
        ordered = np.maximum.accumulate(p[order] * (len(p) + 1 - rank))
    else:
        ordered = np.minimum.accumulate((p[order] * len(p) / rank)[::-1])[::-1]
    out = np.empty(len(p))
    out[order] = np.minimum(ordered, 1.0)
    return pd.Series(out, index=p_values.index)


def _as_p_values(p_values: object) -> "pd.Series[float]":
    """P values as a Series of floats."""
    try:
        found = pd.Series(p_values, dtype=float)
    except (TypeError, ValueError) as err:
        raise SpecError(
            f"p_values is {shortened(p_values)}; give numbers from 0 to 1, in a Series or a list."
        ) from err
    outside = found[(found < 0) | (found > 1)]
    if len(outside):
        raise SpecError(f"a p value is {outside.iloc[0]:g}; p values lie between 0 and 1.")
    return found


def step_down(statistic: np.ndarray, resampled: np.ndarray) -> np.ndarray:
    """Adjust p values of several hypotheses by Romano and Wolf's step-down on resampled statistics.

    It controls the family-wise error and uses the dependence between the statistics.

    Parameters
    ----------
    statistic : float array, shape (S,)
        Test statistics of S hypotheses; only their absolute values count.
    resampled : float array, shape (D, S)
        The same statistics in D samples, each centred so that every null hypothesis is true there.

    Returns
    -------
    float array, shape (S,)
        Adjusted p values. In order of size, each statistic is compared with the largest, in every
        sample, of those not yet decided; the data count as one sample.

    Raises
    ------
    SpecError
        The arrays are not numbers of these shapes, or a value is missing.

    Examples
    --------
    >>> import numpy as np
    >>> import peacestudy as ps
    >>> drawn = np.array([[0.5, 2.0], [4.0, 0.1], [1.0, 0.5]])
    >>> ps.models.inference.step_down(np.array([3.0, 1.0]), drawn).tolist()
    [0.5, 0.5]
    """
    try:
        size = np.abs(np.asarray(statistic, dtype=float))
        drawn = np.abs(np.asarray(resampled, dtype=float))
    except (TypeError, ValueError) as err:
        raise SpecError(f"statistics and their samples must be arrays of numbers ({err}).") from err
    if size.ndim != 1 or drawn.ndim != 2 or drawn.shape[1] != len(size):
        raise SpecError(
            f"statistic has shape {size.shape} and resampled {drawn.shape}; they must be (S,) and"
            " (D, S): a column for each hypothesis and a row for each sample."
        )
    if np.isnan(size).any() or np.isnan(drawn).any():
        raise SpecError("a statistic is missing; leave its hypothesis out, or its sample.")
    order = np.argsort(-size, kind="stable")
    largest = np.maximum.accumulate(drawn[:, order[::-1]], axis=1)[:, ::-1]
    p = (1 + (largest >= size[order] * (1 - TIES)).sum(axis=0)) / (1 + len(drawn))
    out = np.empty(len(size))
    out[order] = np.maximum.accumulate(p)
    return out


@renamed_arguments(alpha="significance")
def detectable(std_error: float, power: float, significance: float, df: float = np.inf) -> float:
    """The smallest true coefficient that a two-sided test detects with a given power.

    Parameters
    ----------
    std_error : float
        Standard error of the coefficient, treated as known.
    power : float
        Probability of rejecting the null, such as 0.8.
    significance : float
        Significance level of the test, such as 0.05.
    df : float, optional
        Degrees of freedom of the t distribution; infinite for z.

    Returns
    -------
    float
        (quantile of 1 - significance/2 + quantile of power) standard errors.

    Raises
    ------
    SpecError
        Power or significance is not between 0 and 1, or power is not above significance, which is
        the rejection rate without any effect.

    Source: Bloom (1995), Evaluation Review 19(5).

    Examples
    --------
    >>> import peacestudy as ps
    >>> round(ps.models.inference.detectable(1.0, power=0.8, significance=0.05), 4)
    2.8016
    """
    _check_power(power, significance)
    return (quantile(1 - significance / 2, df) + quantile(power, df)) * std_error


def _check_power(power: float, significance: float) -> None:
    for name, value in (("power", power), ("significance", significance)):
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1:
            raise SpecError(
                f"{name} is {value!r}; it must lie between 0 and 1, as power=0.8,"
                " significance=0.05."
            )
    if power <= significance:
        raise SpecError(
            f"power is {power:g} and significance {significance:g}: a test rejects in"
            f" {significance:.0%} of samples even without an effect, so that no smallest"
            " detectable effect exists. Power must be above significance, as power=0.8,"
            " significance=0.05."
        )


def least_effects(
    terms: pd.DataFrame, dfs: np.ndarray, power: float, significance: float
) -> pd.DataFrame:
    """``term, estimate, std_error, p_value, detectable`` of the terms of a fit, degrees of freedom
    (K,); missing where p is.
    """
    _check_power(power, significance)
    out = terms[["term", "estimate", "std_error", "p_value"]].copy()
    se = out["std_error"].where(out["p_value"].notna())
    out["detectable"] = [
        detectable(s, power, significance, df) for s, df in zip(se, dfs, strict=True)
    ]
    return out


@dataclass(frozen=True)
class JointTest:
    """A test that several coefficients are all zero.

    Attributes
    ----------
    terms : tuple of str
        The terms tested.
    statistic : float
        Chi-squared; F if ``df_denominator`` is finite.
    df : int
        Degrees of freedom; those of the numerator for F.
    df_denominator : float
        Degrees of freedom of the denominator; infinite for chi-squared.
    p_value : float
        Of the null that every coefficient is zero.

    Examples
    --------
    >>> import pandas as pd
    >>> import peacestudy as ps
    >>> d = pd.DataFrame({"a": [1, 2, 3, 4, 5, 6, 7, 8], "b": [1, 0, 0, 1, 1, 0, 1, 0]})
    >>> d["y"] = [1.2, 1.7, 3.1, 3.8, 5.3, 5.9, 7.2, 7.6]
    >>> fit = ps.fit(d, ps.ModelSpec("m", "y ~ a + b", "linear", "classical"))
    >>> test = fit.joint_test(["a", "b"])
    >>> test.terms, test.df, test.df_denominator, bool(test.p_value < 0.001)
    (('a', 'b'), 2, 5.0, True)
    """

    terms: tuple[str, ...]
    statistic: float
    df: int
    df_denominator: float
    p_value: float


def wald(
    estimate: np.ndarray, cov: np.ndarray, terms: tuple[str, ...], df: float, share: float = 1.0
) -> JointTest:
    """The Wald test of coefficients (q,) with covariance (q, q) against zero; ``share`` multiplies
    F, as Hotelling's test does.

    Raises
    ------
    FitError
        The covariance is not positive definite, as with fewer clusters than
        coefficients: then there is no such test.
    """
    q = len(estimate)
    variance = np.diag(cov)
    positive = (variance > 0).all()
    if (
        not positive
        or np.linalg.eigvalsh(cov / np.sqrt(np.outer(variance, variance)))[0] < DEFINITE
    ):
        raise FitError(
            f"{q} coefficients cannot be tested jointly: their covariance is not positive"
            " definite, for example because a term is named twice, or because there are too few"
            " clusters."
        )
    chi2 = float(estimate @ np.linalg.solve(cov, estimate))
    if np.isinf(df):
        return JointTest(terms, chi2, q, df, float(stats.chi2.sf(chi2, q)))
    F = share * chi2 / q
    return JointTest(terms, F, q, df, float(stats.f.sf(F, q, df)))
