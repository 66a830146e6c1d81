"""Maximum likelihood of five models by the kernels of peacestudy and by statsmodels, for
bench_estimators.py. Every function takes a data set; it returns the estimates and whether the
program says that they converged.

statsmodels is used as it comes and as it does best: with orthonormal columns, a start near the
maximum, tight tolerances, and no covariance where that can be left out.
"""

import warnings
from dataclasses import dataclass

import numpy as np
import statsmodels.api as sm
from statsmodels.duration.hazard_regression import PHReg
from statsmodels.miscmodels.ordinal_model import OrderedModel
from statsmodels.regression.mixed_linear_model import MixedLM
from statsmodels.tools.sm_exceptions import ConvergenceWarning

from peacestudy.models.kernels import cox, negative_binomial, ordered, risk_sets
from peacestudy.models.kernels.designs import orthonormal
from peacestudy.models.kernels.groups import Groups
from peacestudy.models.kernels.mixed_linear import fit_mixed_linear
from peacestudy.models.kernels.poisson import fit_poisson

MOST_STEPS = 1000


@dataclass(frozen=True, eq=False)
class Data:
    """One data set.

    Attributes
    ----------
    X, y : design (N, K) and outcome (N,); of a Cox model the outcome is the event.
    offset : added to the linear predictor of a count, shape (N,).
    times : start and end of the time at risk, shape (N, 2).
    labels : strata of a Cox model, groups of a random intercept, numbers from 0, shape (N,).
    option : ``efron`` or ``breslow``, ``reml`` or ``ml``.
    """

    X: np.ndarray
    y: np.ndarray
    offset: np.ndarray | None = None
    times: np.ndarray | None = None
    labels: np.ndarray | None = None
    option: str = ""


def sets_of(data):
    return risk_sets.risk_sets(data.times, data.y, data.labels, data.option)


def groups_of(data):
    """Of rows that are in the order of their groups."""
    first = np.unique(data.labels, return_index=True)[1]
    size = np.diff(np.append(first, len(data.y)))
    return Groups(np.arange(len(data.y)), first, size, data.labels)


def of_columns(T, params):
    """Coefficients of X = Z T from those of Z; the parameters after them stay."""
    K = len(T)
    return np.append(np.linalg.solve(T, params[:K]), params[K:])


# the kernels


def kernel_poisson(data):
    est = fit_poisson(data.X, data.y, data.offset)[0]
    return est.beta[0], est.converged[0]


def kernel_negative_binomial(data):
    start = fit_poisson(data.X, data.y, data.offset)[0].beta[0]
    est = negative_binomial.fit_negative_binomial(data.X, data.y, data.offset, start)
    return est.beta[0], est.converged[0]


def kernel_ordered(data):
    est = ordered.fit_ordered(data.X, data.y.astype(int))[0]
    return est.beta[0], est.converged[0]


def kernel_cox(data):
    est = cox.fit_cox(data.X, sets_of(data))
    return est.beta[0], est.converged[0]


def kernel_mixed_linear(data):
    """The variance of rows comes last."""
    est = fit_mixed_linear(data.X, data.y, groups_of(data), data.option == "reml")[0]
    return np.append(est.beta[0], est.scale[0]), est.converged[0]


# statsmodels


def glm(data):
    model = sm.GLM(data.y, data.X, family=sm.families.Poisson(), offset=data.offset)
    fit = model.fit()
    return fit.params, fit.converged


def glm_scaled(data):
    Z, T = orthonormal(data.X)
    model = sm.GLM(data.y, Z, family=sm.families.Poisson(), offset=data.offset)
    fit = model.fit(tol=1e-12, tol_criterion="params")
    return of_columns(T, fit.params), fit.converged


def poisson_scaled(data):
    Z, T = orthonormal(data.X)
    model = sm.Poisson(data.y, Z, offset=data.offset)
    fit = model.fit(disp=0, method="newton", maxiter=MOST_STEPS, skip_hessian=True)
    return of_columns(T, fit.params), fit.mle_retvals["converged"]


def negative_binomial_raw(data):
    fit = sm.NegativeBinomial(data.y, data.X, offset=data.offset).fit(disp=0)
    return fit.params, fit.mle_retvals["converged"]


def negative_binomial_bfgs(data):
    return negative_binomial_scaled(data, "bfgs")


def negative_binomial_newton(data):
    return negative_binomial_scaled(data, "newton")


def negative_binomial_scaled(data, method):
    Z, T = orthonormal(data.X)
    start = T @ fit_poisson(data.X, data.y, data.offset)[0].beta[0]
    mu = np.exp(Z @ start + data.offset)
    moments = ((data.y - mu) ** 2 - data.y).sum() / (mu**2).sum()
    start = np.append(start, np.clip(moments, 1e-4 / max(1.0, data.y.mean()), 1e2))
    model = sm.NegativeBinomial(data.y, Z, offset=data.offset)
    fit = model.fit(start, disp=0, method=method, maxiter=MOST_STEPS, skip_hessian=True)
    return of_columns(T, fit.params), fit.mle_retvals["converged"]


def ordered_raw(data):
    model = OrderedModel(data.y.astype(int), data.X, distr="logit")
    return slopes_and_cuts(model, "bfgs")


def ordered_bfgs(data):
    return ordered_scaled(data, "bfgs")


def ordered_newton(data):
    return ordered_scaled(data, "newton")


def ordered_scaled(data, method):
    middle = data.X.mean(axis=0)
    Z, T = orthonormal(data.X - middle)
    model = OrderedModel(data.y.astype(int), Z, distr="logit")
    theta, converged = slopes_and_cuts(model, method, maxiter=MOST_STEPS, skip_hessian=True)
    theta = of_columns(T, theta)
    K = len(T)
    return np.append(theta[:K], theta[K:] + middle @ theta[:K]), converged


def slopes_and_cuts(model, method, **options):
    """statsmodels has the first cut, and the logarithms of the distances of the others."""
    fit = model.fit(disp=0, method=method, **options)
    K = model.exog.shape[1]
    cuts = model.transform_threshold_params(fit.params)[1:-1]
    return np.append(fit.params[:K], cuts), fit.mle_retvals["converged"]


def phreg_raw(data):
    return phreg(data, data.X, data.times[:, 0])


def phreg_scaled(data):
    """Entry a little later, since PHReg takes a row to be at risk at the time of its entry."""
    Z, T = cox.basis(data.X, data.labels)
    params, converged = phreg(data, Z, np.nextafter(data.times[:, 0], np.inf), maxiter=MOST_STEPS)
    return of_columns(T, params), converged


def phreg(data, X, entry, **options):
    """The result does not tell whether it has converged: a warning does."""
    started = np.isfinite(data.times[:, 0]).any()
    model = PHReg(
        data.times[:, 1],
        X,
        status=data.y,
        entry=entry if started else None,
        strata=data.labels if data.labels.any() else None,
        ties=data.option,
    )
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        params = model.fit(**options).params
    return params, not any(issubclass(w.category, ConvergenceWarning) for w in said)


def mixed_raw(data):
    return mixed(data, data.X, data.y)


def mixed_scaled(data):
    """Of the outcome with mean zero and variance one."""
    Z, T = orthonormal(data.X)
    middle, unit = data.y.mean(), data.y.std()
    params, converged = mixed(data, Z, (data.y - middle) / unit, gtol=1e-8)
    params[:-1] *= unit
    params[-1] *= unit**2
    params[:-2] += Z.mean(axis=0) * middle  # the coefficients of a constant
    return of_columns(T, params), converged


def mixed(data, X, y, **options):
    """Coefficients, standard deviation of groups, variance of rows."""
    fit = MixedLM(y, X, data.labels).fit(reml=data.option == "reml", **options)
    spread = np.sqrt(fit.cov_re[0, 0])
    return np.concatenate([fit.fe_params, [spread, fit.scale]]), fit.converged
