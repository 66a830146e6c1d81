"""Cox's model as an engine: arrangement, risk sets, covariates that they do not determine."""

from dataclasses import replace

import numpy as np
import pandas as pd

from peacestudy.core.problems import Note
from peacestudy.errors import FitError, SpecError
from peacestudy.models.engines.engine import (
    COLUMN,
    PROPORTIONAL_HAZARDS,
    Engine,
    Request,
    Residuals,
)
from peacestudy.models.formulas.dependence import dependence
from peacestudy.models.formulas.design import Design
from peacestudy.models.formulas.factors import Survival
from peacestudy.models.kernels.cox import basis, fit_cox, within
from peacestudy.models.kernels.estimates import Estimates
from peacestudy.models.kernels.monotone import monotone_terms
from peacestudy.models.kernels.risk_sets import (
    RiskSets,
    information,
    partial,
    risk_sets,
)

ROUNDING = 1e-13  # the same as ``UNSEEN`` where only rounding makes it differ from zero


# information an event, of an axis with mean square 1, below which the risk sets do not vary along
# it
UNSEEN = 1e-9


# share of the information at zero left at the maximum, below which a monotone likelihood is looked
# for
LOST = 1e-2


def arrange_cox(design: Design, request: Request) -> tuple[Design, list[Note]]:
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
            f"formula {request.formula!r} leaves no term: a Cox model has no intercept. Name a"
            " covariate."
        )
    design = replace(design, X=design.X[:, keep], names=tuple(design.names[j] for j in keep))
    options = dict(request.options)
    text = f"Ties by {ties_of(request).capitalize()}'s approximation"
    text += f"; baseline hazards by {options['strata']}." if "strata" in options else "."
    if "ties" not in options:
        text = text[:-1] + " (no option ties was given, so Efron's)."
    return design, [Note("ties", text)]


def ties_of(request: Request) -> str:
    """The approximation for tied events that a specification
    asks for: Efron's where it says nothing.
    """
    return str(dict(request.options).get("ties", "efron"))


def sets_of(design: Design, request: Request) -> RiskSets:
    """The risk sets of a design."""
    assert design.times is not None
    assert isinstance(design.formula.response, Survival)
    times = design.times
    if design.formula.response.start is None:
        times = np.column_stack([np.full(len(times), -np.inf), times[:, 1]])
    column = dict(request.options).get("strata")
    strata = (
        np.zeros(len(times), int) if column is None else pd.factorize(design.further[column])[0]
    )
    return risk_sets(times, design.y, strata, ties_of(request))


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
            f"the term {design.names[bad[0]]!r} is the same for all cases at risk at every event:"
            " its coefficient cannot be estimated. Drop it."
        )
    if bad:
        names = ", ".join(repr(design.names[j]) for j in bad)
        raise FitError(
            f"the terms {names} are exact combinations of each other among those at risk at every"
            " event. Drop one of them."
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
            " each no one a lower one, so the coefficient tends to infinity. Drop the term, or"
            " merge the categories that have no events."
        )


def estimate_cox(design: Design, request: Request) -> tuple[Estimates, list[Note]]:
    """Estimates of an arranged design.

    Raises
    ------
    FitError
        Covariates that the risk sets do not determine, or a monotone likelihood.
    """
    sets = sets_of(design, request)
    check_cox(design, sets)
    est = fit_cox(design.X, sets)
    refuse_monotone(design, sets, est, request.name)
    return est, []


def cox_residuals(design: Design, request: Request, est: Estimates) -> Residuals:
    """What each row adds to every coefficient; rows have no residuals of their own."""
    return Residuals(pd.DataFrame(index=range(len(design.y))), est.influence[0])


COX = Engine(
    outcome="survival",
    link="",
    effect="hazard ratio",
    arrange=arrange_cox,
    estimate=estimate_cox,
    residuals=cox_residuals,
    vcovs=("classical", "hc0", "cluster"),
    options={"ties": ("efron", "breslow"), "strata": COLUMN},
    cluster_rule="; score residuals summed over clusters; R's coxph leaves the factor out",
    assumption=PROPORTIONAL_HAZARDS,
    scales=("link",),
    scale_required=True,
    scale_help=", or horizon=... for restricted mean survival time",
)
