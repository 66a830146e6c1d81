"""Cox's proportional hazards model: partial likelihood with
right-censoring, left truncation and strata.

Sources: Cox (1972), JRSS B 34(2); Efron (1977) and Breslow (1974) (ties); Lin and Wei (1989),
Journal of the American Statistical Association 84(408) (robust covariance: sums of score residuals
times the inverse information, over clusters).
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from peacestudy.core.problems import Note
from peacestudy.errors import FitError, SpecError
from peacestudy.models.diagnosis.checks import dependence
from peacestudy.models.engines.monotone import monotone_terms
from peacestudy.models.engines.newton import newton
from peacestudy.models.engines.registry import Estimates
from peacestudy.models.engines.risk_sets import (
    RiskSets,
    information,
    partial,
    risk_sets,
    score,
    score_residuals,
)
from peacestudy.models.formulas.design import Design
from peacestudy.models.formulas.factors import Survival
from peacestudy.models.spec import ModelSpec

# curvature an event below which an axis counts as flat; an axis of the covariates has mean square 1
FLAT = 1e-12
ROUNDING = 1e-13  # the same as ``UNSEEN`` where only rounding makes it differ from zero
# information an event, of an axis with mean square 1, below which the risk sets do not vary along
# it
UNSEEN = 1e-9
# share of the information at zero left at the maximum, below which a monotone likelihood is looked
# for
LOST = 1e-2


def arrange_cox(design: Design, spec: ModelSpec) -> tuple[Design, list[Note]]:
    """The design without its intercept, which the baseline hazard
    stands for, and the conventions to be told.

    Raises
    ------
    SpecError
        There is no term beside the intercept.
    """
    keep = [j for j, name in enumerate(design.names) if name != "Intercept"]
    if not keep:
        raise SpecError(
            f"formula {spec.formula!r} leaves no term: a Cox model has no intercept. Name a"
            " covariate."
        )
    design = replace(design, X=design.X[:, keep], names=tuple(design.names[j] for j in keep))
    options = dict(spec.options)
    text = f"Ties by {ties_of(spec).capitalize()}'s approximation"
    text += f"; baseline hazards by {options['strata']}." if "strata" in options else "."
    if "ties" not in options:
        text = text[:-1] + " (no option ties was written, so Efron's)."
    return design, [Note("ties", text)]


def ties_of(spec: ModelSpec) -> str:
    """The approximation for tied events that a specification
    asks for: Efron's where it says nothing.
    """
    return str(dict(spec.options).get("ties", "efron"))


def sets_of(design: Design, spec: ModelSpec) -> RiskSets:
    """The risk sets of a design."""
    assert design.times is not None
    assert isinstance(design.formula.response, Survival)
    times = design.times
    if design.formula.response.start is None:
        times = np.column_stack([np.full(len(times), -np.inf), times[:, 1]])
    column = dict(spec.options).get("strata")
    strata = (
        np.zeros(len(times), int) if column is None else pd.factorize(design.further[column])[0]
    )
    return risk_sets(times, design.y, strata, ties_of(spec))


def basis(X: np.ndarray, strata: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Z with orthogonal columns of mean square 1, centred in every
    stratum, and T such that X less its means is Z T.

    A column that is constant within strata becomes zero exactly.
    """
    C = within(X, strata)
    Q, R = np.linalg.qr(C)
    root = np.sqrt(len(X))
    return Q * root, R / root


def within(X: np.ndarray, strata: np.ndarray) -> np.ndarray:
    """Columns (N, K) less their mean in every stratum; less the first
    value of it before, so that no digit is lost.
    """
    first = np.unique(strata, return_index=True)[1]
    C = X - X[first][strata]
    size = np.bincount(strata)
    means = np.stack([np.bincount(strata, column) / size for column in C.T], axis=1)
    return np.asarray(C - means[strata])


def check_cox(design: Design, sets: RiskSets) -> None:
    """Refuse covariates whose coefficients the risk sets do not determine.

    Raises
    ------
    FitError
        A combination of terms is the same for all who are at risk at
        every event, with the names of the terms.
    """
    found = dependence(within(design.X, sets.strata), np.abs(design.X).max(axis=0))
    bad, exact = (list(found.columns), found.exact) if found else ([], True)
    if not bad:
        Z, T = basis(design.X, sets.strata)
        size, axes = np.linalg.eigh(
            information(sets, Z, partial(sets, Z, np.zeros(Z.shape[1]))) / len(sets.moment)
        )
        flat = np.linalg.solve(T, axes[:, size < UNSEEN]) * np.sqrt((T**2).sum(axis=0))[:, None]
        bad = [
            int(j)
            for j in np.flatnonzero(
                (np.abs(flat) > 1e-6 * np.abs(flat).max(initial=0.0)).any(axis=1)
            )
        ]
        exact = bool(size[0] < ROUNDING)
    if bad and not exact:
        names = ", ".join(repr(design.names[j]) for j in bad)
        raise FitError(
            f"the terms {names} hardly differ, or are nearly combinations of each other, among"
            " those at risk at every event: double precision cannot estimate their coefficients."
            " Drop one of them, or code them in units that differ there."
        )
    if len(bad) == 1:
        raise FitError(
            f"the term {design.names[bad[0]]!r} is the same for all who are at risk at every event:"
            " its coefficient cannot be told. Drop it."
        )
    if bad:
        names = ", ".join(repr(design.names[j]) for j in bad)
        raise FitError(
            f"the terms {names} are exact combinations of each other among those at risk at every"
            " event. Drop one of them."
        )


def fit_cox(X: np.ndarray, sets: RiskSets) -> Estimates:
    """Maximum partial likelihood, as a batch of one.

    Parameters
    ----------
    X : covariates, shape (N, K), determined by the risk sets.
    sets : the risk sets.
    """
    Z, T = basis(X, sets.strata)
    E, K = len(sets.moment), X.shape[1]

    def direction(beta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        at = partial(sets, Z, beta[0])
        u = score(sets, Z, at)
        size, axes = np.linalg.eigh(information(sets, Z, at))
        move = axes @ (axes.T @ u / np.maximum(size, FLAT * E))
        return move[None], u[None]

    climb = newton(
        np.zeros((1, K)), direction, lambda beta: np.array([partial(sets, Z, beta[0]).loglik])
    )
    at = partial(sets, Z, climb.beta[0])
    A = np.linalg.inv(information(sets, Z, at))
    M = np.linalg.solve(T, np.eye(K))
    null = partial(sets, Z, np.zeros(K)).loglik
    return Estimates(
        beta=(M @ climb.beta[0])[None],
        influence=(score_residuals(sets, Z, at) @ A @ M.T)[None],
        leverage=np.zeros((1, len(X))),
        classical=(M @ A @ M.T)[None],
        loglik=climb.value,
        r2=np.array([1 - climb.value[0] / null]) if null else np.zeros(1),
        scale=np.ones(1),
        converged=climb.converged,
        iterations=climb.steps,
    )


def refuse_monotone(design: Design, sets: RiskSets, est: Estimates, name: str) -> None:
    """Refuse a fit whose likelihood has no maximum; asked of the data
    where the estimates give reason for it.

    Raises
    ------
    FitError
        With the terms whose coefficients run to infinity.
    """
    Z, T = basis(design.X, sets.strata)
    zero = np.linalg.cholesky(information(sets, Z, partial(sets, Z, np.zeros(Z.shape[1]))))
    half = np.linalg.solve(zero, information(sets, Z, partial(sets, Z, T @ est.beta[0])))
    left = np.linalg.eigvalsh(np.linalg.solve(zero, half.T))[0] if np.isfinite(half).all() else 0.0
    if est.converged[0] and left > LOST:
        return
    terms = [design.names[j] for j in monotone_terms(sets, design.X)]
    if terms:
        what = "it" if len(terms) == 1 else "a sum of them"
        raise FitError(
            f"{name}: the partial likelihood is monotone in {', '.join(terms)}: at each of the"
            f" {len(sets.moment)} events no one else at risk has a higher value of {what}, or at"
            " each no one a lower one, so the coefficient runs to infinity. Drop the term, or"
            " merge the categories that have no events."
        )
