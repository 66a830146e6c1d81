"""What an engine makes of a design before it is fitted, and the fit
itself: the one place that knows engines by name.
"""

from collections.abc import Callable

import numpy as np
from scipy.special import expit

from peacestudy.core.problems import Note
from peacestudy.errors import FitError
from peacestudy.models.diagnosis.checks import separation_of, separation_text
from peacestudy.models.diagnosis.proportional import proportional_notes
from peacestudy.models.engines.cox import arrange_cox, check_cox, fit_cox, refuse_monotone, sets_of
from peacestudy.models.engines.discrete_time import arrange_periods
from peacestudy.models.engines.firth import fit_firth, several_maxima
from peacestudy.models.engines.mixed_linear import estimate_mixed_linear
from peacestudy.models.engines.mixed_logit import estimate_mixed_logit
from peacestudy.models.engines.negative_binomial import estimate_negative_binomial
from peacestudy.models.engines.ordered import arrange_ordered, estimate_ordered
from peacestudy.models.engines.parameters import refuse_shared_names
from peacestudy.models.engines.poisson import estimate_poisson
from peacestudy.models.engines.registry import ENGINES, Estimates
from peacestudy.models.engines.ridge import estimate_ridge
from peacestudy.models.engines.separation import SURE
from peacestudy.models.formulas.design import Design
from peacestudy.models.formulas.weights import weights_note, weights_of
from peacestudy.models.spec import ModelSpec

# engines that take the design as a whole, and say what is to be said of it themselves
OWN: dict[str, Callable[[Design, ModelSpec], tuple[Estimates, list[Note]]]] = {
    "ordered": estimate_ordered,
    "poisson": estimate_poisson,
    "negative_binomial": estimate_negative_binomial,
    "ridge": estimate_ridge,
    "mixed_logit": estimate_mixed_logit,
    "mixed_linear": estimate_mixed_linear,
}

# engines that change the design before it is fitted
ARRANGED: dict[str, Callable[[Design, ModelSpec], tuple[Design, list[Note]]]] = {
    "cox": arrange_cox,
    "discrete_time": arrange_periods,
    "ordered": arrange_ordered,
}


def arrange(design: Design, spec: ModelSpec) -> tuple[Design, list[Note]]:
    """The design as the engine takes it, and what is to be said of that.

    Raises
    ------
    SpecError, FitError
        The engine cannot take the design; a column has the name of another term of the fit.
    """
    arranged, notes = (
        ARRANGED[spec.engine](design, spec) if spec.engine in ARRANGED else (design, [])
    )
    refuse_shared_names(arranged, spec)
    return arranged, notes


def kind_of(spec: ModelSpec) -> str:
    """``number``, ``binary``, ``survival``, ``ordered`` or ``count``:
    what the arranged design has as its outcome.
    """
    outcome = ENGINES[spec.engine].outcome
    return "binary" if outcome == "periods" else outcome


def estimate(design: Design, spec: ModelSpec) -> tuple[Estimates, list[Note]]:
    """Estimates of an arranged design as a batch of one, and what makes one distrust them.

    Raises
    ------
    FitError
        Separation, a monotone likelihood, weights that are none, no convergence.
    """
    if spec.engine == "cox":
        return _cox(design, spec)
    if spec.engine in OWN:
        est, notes = OWN[spec.engine](design, spec)
        _converged(est, spec)
        return est, notes
    notes = _separation(design, spec) if kind_of(spec) == "binary" else []
    column = dict(spec.options).get("weights")
    if column is not None:
        notes.append(weights_note(design, str(column), weights_of(design, str(column))))
    est = _kernel(design, spec)
    _converged(est, spec)
    if spec.engine == "firth":
        notes += several_maxima(design.X, design.y, float(est.loglik[0]))
    return est, notes


def estimate_again(design: Design, spec: ModelSpec) -> Estimates:
    """Estimates of a sample of a design, without notes: separation is looked for only where a row
    may be predicted without error.

    Raises
    ------
    FitError
        As ``estimate``.
    """
    if spec.engine not in ("logit", "firth", "discrete_time"):
        return estimate(design, spec)[0]
    try:
        est = _kernel(design, spec)
    except np.linalg.LinAlgError:
        return estimate(design, spec)[0]
    p = expit(design.X @ est.beta[0])
    if bool(est.converged.all()) and (spec.engine == "firth" or (p * (1 - p)).min() > SURE):
        return est
    return estimate(design, spec)[0]


def _kernel(design: Design, spec: ModelSpec) -> Estimates:
    if spec.engine == "firth":
        return fit_firth(design.X[None], design.y[None], search=True)
    column = dict(spec.options).get("weights")
    more = [] if column is None else [weights_of(design, str(column))[None]]
    return ENGINES[spec.engine].load()(design.X[None], design.y[None], *more)


def _cox(design: Design, spec: ModelSpec) -> tuple[Estimates, list[Note]]:
    sets = sets_of(design, spec)
    check_cox(design, sets)
    est = fit_cox(design.X, sets)
    refuse_monotone(design, sets, est, spec.name)
    _converged(est, spec)
    return est, proportional_notes(design, spec, est.beta[0])


def _separation(design: Design, spec: ModelSpec) -> list[Note]:
    found = separation_of(design)
    if found is None:
        return []
    said = separation_text(design, found)
    if spec.engine == "discrete_time":
        raise FitError(
            f"{spec.name}: {said}. Drop the term, or write another baseline or longer periods."
        )
    if spec.engine == "logit":
        raise FitError(
            f"{spec.name}: {said}. Use engine 'firth', whose estimates are finite, or drop the"
            " term."
        )
    text = said[0].upper() + said[1:] + "; Firth's are finite, but rest on the penalty there."
    return [Note("separation", text)]


def _converged(est: Estimates, spec: ModelSpec) -> None:
    if not np.all(est.converged):
        raise FitError(
            f"{spec.name}: no convergence after {est.iterations[0]} steps. Scale the columns, or"
            " use fewer terms."
        )
