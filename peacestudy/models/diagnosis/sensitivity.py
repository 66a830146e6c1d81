"""How strong an unmeasured confounder must be to change a coefficient of least squares.

Source: Cinelli and Hazlett (2020), Journal of the Royal Statistical Society B 82(1): robustness
values, partial R2, and bounds by what observed terms explain. For ratios see
``peacestudy.models.diagnosis.ratio_sensitivity``.
"""

from collections.abc import Sequence
from math import isfinite
from numbers import Real

import numpy as np
import pandas as pd

from peacestudy.core.old_names import renamed_arguments
from peacestudy.core.problems import one_of
from peacestudy.errors import FitError, SpecError
from peacestudy.models.engines.estimate import estimate
from peacestudy.models.engines.registry import engine_of, names_where
from peacestudy.models.inference.hypotheses import quantile
from peacestudy.models.kernels.estimates import Estimates
from peacestudy.models.kernels.linear import fit_linear
from peacestudy.models.result import Fit

LEVEL = 0.05  # of the robustness value at which a coefficient is no longer told from zero


def least_squares_engines() -> str:
    """The engines of least squares, as a message names them."""
    names = names_where(lambda engine: engine.least_squares)
    return f"engine {' or '.join(map(repr, names))}"


@renamed_arguments(level="significance")
def robustness_value(statistic: float, df: float, significance: float | None = None) -> float:
    """The robustness value of a coefficient of least squares.

    It is the share of the residual variance of both treatment and outcome that an unmeasured
    confounder must explain to reduce the estimate to zero, or to make it insignificant.

    Parameters
    ----------
    statistic : float
        t of the coefficient, with its classical standard error.
    df : float
        Residual degrees of freedom.
    significance : float, optional
        Level of a two-sided test, such as 0.05: the value is then the share at which the test no
        longer rejects.

    Returns
    -------
    float
        From 0 to 1.

    Raises
    ------
    SpecError
        The statistic or the degrees of freedom are not finite numbers, degrees of freedom are too
        few, or the significance does not lie between 0 and 1.

    Source: Cinelli and Hazlett (2020), Journal of the Royal Statistical Society B 82(1).

    Examples
    --------
    The study of Darfur in Cinelli and Hazlett, section 5:

    >>> import peacestudy as ps
    >>> round(ps.models.diagnosis.robustness_value(4.184, 783), 3)
    0.139
    >>> round(ps.models.diagnosis.robustness_value(4.184, 783, significance=0.05), 3)
    0.076
    """
    fewest = 0 if significance is None else 1
    if not _is_finite(statistic) or not _is_finite(df) or df <= fewest:
        raise SpecError(
            f"statistic is {statistic!r} and df {df!r}; both must be finite numbers, df above"
            f" {fewest}."
        )
    if significance is not None and not (_is_finite(significance) and 0 < significance < 1):
        raise SpecError(f"significance is {significance!r}; it lies between 0 and 1, as 0.05.")
    f = abs(statistic) / np.sqrt(df)
    critical = (
        0.0 if significance is None else quantile(1 - significance / 2, df - 1) / np.sqrt(df - 1)
    )
    g = f - critical
    if g <= 0:
        return 0.0
    if critical > 0 and f > 1 / critical:  # the test then turns on the outcome's share alone
        return float((f**2 - critical**2) / (1 + f**2))
    return float((np.sqrt(g**4 + 4 * g**2) - g**2) / 2)


def _is_finite(value: object) -> bool:
    """Whether a value is a finite number."""
    return isinstance(value, Real) and not isinstance(value, bool) and isfinite(value)


def robustness(fit: Fit) -> pd.DataFrame:
    """Robustness values of every slope of a linear model.

    Returns
    -------
    DataFrame
        ``term, estimate, std_error, statistic`` (classical, whatever the vcov of the fit: the
        algebra is that of least squares), ``partial_r2``, the share of the outcome's rest that the
        term explains, and that a cause which explains all of the treatment's rest must explain of
        the outcome's; ``robustness_value``; ``robustness_value_05``, to lose a test at .05.
    """
    est = _least_squares(fit)
    df = float(np.subtract(*fit.design.X.shape))
    error = np.sqrt(np.diag(est.classical[0]))
    t = est.beta[0] / error
    rows = [
        (
            name,
            est.beta[0, j],
            error[j],
            t[j],
            t[j] ** 2 / (t[j] ** 2 + df),
            robustness_value(t[j], df),
            robustness_value(t[j], df, LEVEL),
        )
        for j, name in enumerate(fit.design.names)
        if name != "Intercept"
    ]
    columns = [
        "term",
        "estimate",
        "std_error",
        "statistic",
        "partial_r2",
        "robustness_value",
        "robustness_value_05",
    ]
    return pd.DataFrame(rows, columns=columns)


def adjusted(
    estimate: float, std_error: float, df: float, r2_treatment: float, r2_outcome: float
) -> tuple[float, float]:
    """The estimate and classical standard error had a cause with these partial R2 been in the
    model, where it speaks against it.

    ``r2_treatment`` is its share of what the other terms leave of the treatment, ``r2_outcome`` of
    what they and the treatment leave of the outcome.
    """
    bias = std_error * np.sqrt(df * r2_outcome * r2_treatment / (1 - r2_treatment))
    error = std_error * np.sqrt((1 - r2_outcome) / (1 - r2_treatment) * df / (df - 1))
    return float(np.sign(estimate) * (abs(estimate) - bias)), float(error)


def benchmarks(
    fit: Fit, focus: str, terms: Sequence[str], strengths: Sequence[float]
) -> pd.DataFrame:
    """What would be left of a coefficient with a cause left out so many
    times as strong as a term that is in the model.

    Parameters
    ----------
    fit : a linear model.
    focus : the term whose coefficient is in doubt.
    terms : observed terms that the cause is compared with.
    strengths : how many times as much of treatment and of outcome it explains.

    Returns
    -------
    DataFrame
        ``focus, benchmark, strength, r2_treatment, r2_outcome``, the bounds of the two partial R2;
        ``estimate, std_error, statistic, conf_low, conf_high`` (95 %) as they would be at these.
        ``r2_outcome`` of one is a bound that says nothing more.

    Raises
    ------
    SpecError
        A term that is not there, or a strength that is not above zero.
    FitError
        No cause can be so many times as strong as the term, which
        explains too much of the treatment.
    """
    known = [n for n in fit.design.names if n != "Intercept"]
    for term in (focus, *terms):
        if term not in known:
            raise SpecError(one_of("term", term, known))
    if focus in terms or not all(s > 0 for s in strengths):
        raise SpecError(
            f"benchmarks are terms other than {focus!r}, and strengths numbers above zero."
        )
    est = _least_squares(fit)
    df = float(np.subtract(*fit.design.X.shape))
    at, error = fit.design.names.index(focus), np.sqrt(np.diag(est.classical[0]))
    treatment = _regressed(fit, at)
    rows = []
    for term in terms:
        j = fit.design.names.index(term)
        t_outcome, t_treatment = est.beta[0, j] / error[j], treatment[j]
        for k in strengths:
            r2 = _bounds(
                t_treatment**2 / (t_treatment**2 + df + 1),
                t_outcome**2 / (t_outcome**2 + df),
                k,
                focus,
                term,
            )
            value, se = adjusted(float(est.beta[0, at]), float(error[at]), df, *r2)
            half = quantile(0.975, df - 1) * se
            rows.append(
                (
                    focus,
                    term,
                    k,
                    *r2,
                    value,
                    se,
                    value / se if se > 0 else np.nan,
                    value - half,
                    value + half,
                )
            )
    columns = [
        "focus",
        "benchmark",
        "strength",
        "r2_treatment",
        "r2_outcome",
        "estimate",
        "std_error",
        "statistic",
        "conf_low",
        "conf_high",
    ]
    return pd.DataFrame(rows, columns=columns)


def _bounds(
    treatment: float, outcome: float, k: float, focus: str, term: str
) -> tuple[float, float]:
    """Bounds of the two partial R2 of a cause k times as strong as a
    term with these, at most one for the outcome.
    """
    r2 = k * treatment / (1 - treatment)
    shared = (
        k * treatment**2 / ((1 - k * treatment) * (1 - treatment)) if k * treatment < 1 else np.inf
    )
    if r2 >= 1 or shared >= 1:
        raise FitError(
            f"a confounder cannot be {k:g} times as strong as {term!r}, which explains"
            f" {treatment:.3f} of the residual variation of {focus!r}. Write a smaller strength."
        )
    eta = (np.sqrt(k) + np.sqrt(shared)) / np.sqrt(1 - shared)
    return float(r2), float(min(eta**2 * outcome / (1 - outcome), 1.0))


def _regressed(fit: Fit, at: int) -> np.ndarray:
    """The focus at that place regressed on the other terms: t of each, NaN in its own place."""
    X = fit.design.X
    others = np.delete(X, at, axis=1)
    est = fit_linear(others[None], X[None, :, at])
    return np.insert(est.beta[0] / np.sqrt(np.diag(est.classical[0])), at, np.nan)


def _least_squares(fit: Fit) -> Estimates:
    if not engine_of(fit.spec).least_squares or "weights" in dict(fit.spec.options):
        raise SpecError(
            f"robustness values are known for {least_squares_engines()} without weights; others"
            " have e_values."
        )
    return estimate(fit.design, fit.spec)[0]
